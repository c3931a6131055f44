/*
 * column: values in the types of columns, and the keys made of them. Floor 8.
 *
 * The room lib/warehouse says what rows are in a warehouse: columns, keys, tables, dialects,
 * targets.
 */
#ifndef EV_COLUMN_H
#define EV_COLUMN_H

#include "base/hash.h"
#include "model/model.h"
#include "record/event.h"
#include "schema/schema.h"

enum {
	EV_KEY_TEXT = 32,
	EV_KEY_PARTS = 16
}; /* digits of a key; parts of a dimension's key at most */

/* "unknown": the key of a value that is null or absent. */
extern const char ev_unknown_key[EV_KEY_TEXT + 1];

/* A value in its column's type, as a row bears it: JSON text that is not ended by NUL. */
struct ev_value {
	const char *p; /* 32 bytes from its last on can be read, whatever they are */
	uint32_t len;
	bool null;    /* null or absent; the text is then "null" */
	bool present; /* there is a value at all, null or not */
	bool escaped; /* a text with escapes */
};

enum { EV_VALUE_STORE = 96 };

/*
 * The value of node `at` as JSON: what a row bears. Its text lies in the document, or in store,
 * which has EV_VALUE_STORE bytes. Null and absent (EV_NOWHERE) are null. A UUID comes in its
 * canonical spelling, a timestamp in UTC with six decimals (further digits cut), an integer in
 * plain digits; a decimal keeps its text unless that has an exponent; text and json keep their
 * bytes. zone: of naive times, or NULL. NULL, or, if the value does not fit, what is wrong (static
 * text).
 */
const char *ev_column_value(const struct ev_column *c, struct ev_zone *zone, const struct ev_doc *d,
			    uint32_t at, char *store, struct ev_value *v);
/* True if every value with these guarantees fits. */
bool ev_column_is_promised(const struct ev_column *c, const struct ev_promise *p);
/*
 * Whether the paths of all tables that take an event of that type lead through what they ask for.
 * Adds the reasons why not.
 */
bool ev_columns_pass(const struct ev_model *m, const char *type, size_t len, const struct ev_doc *d,
		     struct ev_reasons *why);
/*
 * What is wrong with node `at` in a column of JSON, of which the nodes in skip are no part; NULL if
 * it fits.
 */
const char *ev_column_json_problem(const struct ev_doc *d, uint32_t at, const uint32_t *skip,
				   size_t n);
/* Adds the reason why node `at` does not fit. problem: what ev_column_value said. */
void ev_column_misfit(const struct ev_column *c, const struct ev_doc *d, uint32_t at,
		      const char *problem, struct ev_reasons *why);

/*
 * One part of a key, `type bytes:text`, appended to the preimage. value: as ev_column_value gave
 * it.
 */
void ev_key_part(struct ev_buf *preimage, const char *type, const char *text, size_t len);
void ev_key_column(struct ev_buf *preimage, const struct ev_column *c, const char *value,
		   size_t len);
/* MD5 of the preimage, 32 hex digits and a NUL. */
void ev_key_make(const struct ev_buf *preimage, char key[EV_KEY_TEXT + 1]);
/* Whether EV_KEY_TEXT bytes are lower-case hex digits, as a key is. */
bool ev_key_is(const char *p);
/* The same digits as a UUID in its canonical form, and a NUL. */
enum { EV_KEY_UUID = EV_KEY_TEXT + 4 };
void ev_key_uuid(const char *key, char uuid[EV_KEY_UUID + 1]);

/* The key of a calendar's day. */
void ev_key_day(struct ev_date day, struct ev_buf *scratch, char key[EV_KEY_TEXT + 1]);

#endif

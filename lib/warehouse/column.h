/*
 * column: values in the types of columns, and the keys made of them. Floor 3.
 */
#ifndef EV_COLUMN_H
#define EV_COLUMN_H

#include "model/event.h"
#include "model/model.h"

enum {
	EV_KEY_TEXT = 32,
	EV_KEY_PARTS = 16
}; /* digits of a key; parts of a dimension's key at most */

/* "unknown": the key of a value that is null or absent. */
extern const char ev_unknown_key[EV_KEY_TEXT + 1];

/*
 * Appends the value of node `at` in the column's type as JSON: what a row bears. Null and absent
 * (EV_NOWHERE) are null. A UUID comes in its canonical spelling, a timestamp in UTC with six
 * decimals (further digits cut), an integer in plain digits; a decimal keeps its text unless that
 * has an exponent; text and json keep their octets. False, with a reason, if the value does not
 * fit; out is then as it was. zone: of naive times, or NULL.
 */
bool ev_column_json(const struct ev_column *c, struct ev_zone *zone, const struct ev_doc *d,
		    uint32_t at, struct ev_buf *out, struct ev_reasons *why);

/*
 * One part of a key, `type octets:text`, appended to the preimage. value: as ev_column_json wrote
 * it.
 */
void ev_key_part(struct ev_buf *preimage, const char *type, const char *text, size_t len);
void ev_key_column(struct ev_buf *preimage, const struct ev_column *c, const char *value,
		   size_t len);
/* MD5 of the preimage, 32 hex digits and a NUL. */
void ev_key_make(const struct ev_buf *preimage, char key[EV_KEY_TEXT + 1]);

/* The key of an event: its id. */
void ev_key_event(const struct ev_event *event, struct ev_buf *scratch, char key[EV_KEY_TEXT + 1]);
/* The key of a version: (id, S). content: the canonical form of the record. */
void ev_key_version(const struct ev_event *event, const struct ev_buf *content,
		    struct ev_buf *scratch, char key[EV_KEY_TEXT + 1]);
/* The key of a calendar's day. */
void ev_key_day(struct ev_date day, struct ev_buf *scratch, char key[EV_KEY_TEXT + 1]);

#endif

/*
 * reason: why a record is not fit, as many reasons as there are. Floor 6.
 */
#ifndef EV_REASON_H
#define EV_REASON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"

#include <stdbool.h>

/*
 * Any text but message may be NULL. All lie in the list's arena, or outlive the run. Valid UTF-8.
 */
struct ev_reason {
	const char *rule;    /* the name of the model's rule, or of the type's contract */
	const char *place;   /* file:line:column of that rule; stands in no reject */
	const char *path;    /* JSON Pointer (RFC 6901) to the value */
	const char *keyword; /* of JSON Schema, or a column's type */
	const char *message; /* what was found, for an engineer */
	const char *explain; /* what it means, for a shop manager: the model's or the schema's own
				words */
};

/* Zero-initialise. */
struct ev_reasons {
	const char *code; /* of the reject, static text: "json", "schema", "rule", ... */
	struct ev_reason *list;
	size_t n, cap;
	struct ev_arena arena;
};

/* A hostile line can be wrong in millions of places. */
enum { EV_REASONS_ENOUGH = 100 };

/* Whether no further places need be named. */
static inline bool ev_reasons_enough(const struct ev_reasons *r)
{
	return r->n >= EV_REASONS_ENOUGH;
}

void ev_reasons_clear(struct ev_reasons *r);
/* Drops them all; of most records there are none. */
static inline void ev_reasons_reset(struct ev_reasons *r)
{
	if (r->n > 0 || r->code != NULL)
		ev_reasons_clear(r);
}
void ev_reasons_free(struct ev_reasons *r);
/* Adds a reason with this message and returns it, so that the other texts can be set. */
struct ev_reason *ev_reasons_add(struct ev_reasons *r, const char *fmt, ...) EV_PRINTF(2, 3);
/* Whether one before the i-th says the same. */
bool ev_reason_is_repeated(const struct ev_reasons *r, size_t i);
/* A formatted text in the list's arena. */
const char *ev_reasons_text(struct ev_reasons *r, const char *fmt, ...) EV_PRINTF(2, 3);
/* A copy of a text in the list's arena. */
const char *ev_reasons_copy(struct ev_reasons *r, const char *p, size_t len);
/*
 * Bytes from outside as text for a message: valid UTF-8 cut at 60 code points ("..." behind it),
 * what is not visible as escapes (ev_utf8_show). In the list's arena.
 */
const char *ev_reasons_quote(struct ev_reasons *r, const char *p, size_t len);

#endif

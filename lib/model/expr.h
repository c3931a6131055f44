/*
 * expr: jq predicates over a scanned record. Floor 3.
 *
 * The common forms are compiled natively and work on the record as scanned; where they compare or
 * compute with numbers they do it in exact decimal. Everything else runs in libjq (model/jq.h),
 * which holds numbers as doubles and starts only when such a predicate is first used. An
 * arithmetic that only libjq could do is refused at compile time, unless the author said
 * `floating`.
 *
 * Truth is jq's: a predicate holds if it has at least one output and none is false or null.
 */
#ifndef EV_EXPR_H
#define EV_EXPR_H

#include "base/buf.h"
#include "base/status.h"
#include "json/scan.h"

struct ev_expr;

/* NULL, with what is wrong (no position), if the text is no predicate evkit can run as asked. */
struct ev_expr *ev_expr_compile(const char *text, bool floating, struct ev_error *err);
void ev_expr_free(struct ev_expr **e);
/* Whether it needs no libjq. */
bool ev_expr_is_native(const struct ev_expr *e);

enum ev_truth {
	EV_HOLDS,
	EV_FAILS,
	EV_CANNOT
}; /* the last: an error while it ran, such as "a" * 2 */

/* why: dropped and filled with the error's text for EV_CANNOT. */
enum ev_truth ev_expr_test(struct ev_expr *e, const struct ev_doc *d, uint32_t at,
			   struct ev_buf *why);

#endif

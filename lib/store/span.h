/*
 * span: the commits of a store that a section covers. Floor 3.
 *
 * A program that keeps a state writes the span into the head of its output. A program behind it has
 * a position of its own, and takes only a section that begins no later than that.
 */
#ifndef EV_SPAN_H
#define EV_SPAN_H

#include "store/store.h"

struct ev_span {
	struct ev_point to;  /* its store is "" if the section comes from no state */
	uint64_t from;	     /* 0: everything */
	const char *digests; /* EV_STORE_DIGEST digits of each commit from..to; borrowed */
	char model[EV_STORE_DIGEST + 1]; /* a digest of the model that made it (EV_PART_ALL) */
};

/* The digits of commit n, which must be in the span; no NUL follows. */
const char *ev_span_digest(const struct ev_span *s, uint64_t n);

/*
 * Whether a program at position p, with that model, can take the section: EV_OK, or EV_FATAL with
 * the error and the remedy. A section from 0 can be taken at any position. who: "the database",
 * say.
 */
enum ev_status ev_span_check(const struct ev_span *s, const struct ev_point *p, const char *model,
			     const char *who, struct ev_error *err);

#endif

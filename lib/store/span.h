/*
 * span: what a section shows of a store: from one commit to another. Floor 3.
 *
 * A program that keeps a state says so in the head of what it emits; a program behind it, which
 * stands at a position of its own, takes only what begins no later than it stands.
 */
#ifndef EV_SPAN_H
#define EV_SPAN_H

#include "store/store.h"

struct ev_span {
	struct ev_point to;  /* its store is "" where the section comes out of no state */
	uint64_t from;	     /* 0: everything */
	const char *digests; /* EV_STORE_DIGEST digits of each commit from..to; borrowed */
	char model[EV_STORE_DIGEST + 1]; /* a digest of the model that made it (EV_PART_ALL) */
};

/* The digits of commit n, which are not ended; n lies in the span. */
const char *ev_span_digest(const struct ev_span *s, uint64_t n);

/*
 * Whether one that stands at p, and has that model, can take the section: EV_OK, or EV_FATAL with
 * what is wrong and what to do. What shows everything can be taken at any position. who: "the
 * database", say.
 */
enum ev_status ev_span_check(const struct ev_span *s, const struct ev_point *p, const char *model,
			     const char *who, struct ev_error *err);

#endif

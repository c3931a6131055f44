/*
 * star_state_impl: what the two parts of a star's state share. Floor 9, a part of the star engine.
 *
 * star_state.c follows the sections and compares what events say with what they said before;
 * star_settle.c puts it into the state at the end of a section, and makes the members' rows.
 */
#ifndef EV_STAR_STATE_IMPL_H
#define EV_STAR_STATE_IMPL_H

#include "star/internal.h"

/* What a sorted mention begins with, in front of its value. */
enum {
	EV_STAR_SAID = '+',  /* it is new */
	EV_STAR_OTHER = '=', /* it was there with another value */
	EV_STAR_BACK = '-',  /* it is said no more */
};

/*
 * A mention in an event's list: "DIMENSIONKEY WHAT", and of one that is not bare SPELLED, TIME,
 * what is not the event's own in WHO, and a digest of the value.
 */
struct ev_star_items {
	struct ev_buf text;
	struct ev_star_item {
		size_t at, len, key_len; /* in the text; without the digest */
	} * list;
	size_t n, cap;
};

/* The latest entry of a key, and the place of the next key. */
struct ev_star_old {
	struct ev_store_look *look;
	const struct ev_entry *ahead;
	bool there;
	struct ev_buf key, value;
};

enum { EV_STAR_DIGESTS = 3 };

struct ev_star_state {
	const char *dir;
	char digests[EV_STAR_DIGESTS][33]; /* of the model */
	struct ev_store *store;		   /* NULL until a section begins */
	struct ev_point to;		   /* of the section */
	uint64_t from, at;		   /* where it begins, and where the state stands */
	bool idle;			   /* the state has all of it already */
	bool direct;			   /* what changes now is what goes out */

	/* The event at hand. */
	bool inside;
	struct ev_buf id, who; /* as mentions have it in WHO */
	uint64_t first;
	struct ev_star_items said, before;
	struct ev_buf key, text;

	struct ev_star_old old; /* of the mentions and lists that are there */
	struct ev_sort *sort;	/* of what is to be put, but for rows */
};

/* The first entry whose key begins so. */
enum ev_status ev_star_old_find(struct ev_star_old *o, const char *prefix, size_t len,
				struct ev_error *err);
/* The next of those, and the first of them whose key is not less. */
enum ev_status ev_star_old_next(struct ev_star_old *o, struct ev_error *err);
enum ev_status ev_star_old_onward(struct ev_star_old *o, const char *key, size_t len,
				  struct ev_error *err);

/* Puts what was sorted; where that is what goes out, the rows that change do. */
enum ev_status ev_star_settle(struct ev_star *s, struct ev_error *err);
/* The rows that changed since the section's beginning go out. */
enum ev_status ev_star_emit_rows(struct ev_star *s, struct ev_error *err);

#endif

/*
 * pick: the values at many paths. Floor 3.
 *
 * From the root they are found by their member ids, in documents of one shape always at the same
 * nodes (plan.h). From another value they are found in one pass over its members.
 */
#ifndef EV_PICK_H
#define EV_PICK_H

#include "json/path.h"
#include "json/plan.h"

struct ev_picks {
	uint32_t *at;		/* by slot, after ev_picks_find: the value's node, or EV_NOWHERE */
	uint32_t n;		/* slots */
	uint32_t *member_ids;	/* by slot, of what names alone lead to; EV_NO_MEMBER_ID else */
	struct ev_plans places; /* by shape: the nodes from the root */
	struct ev_scan *scan;
	struct ev_pick_level *levels; /* [0] is where the paths begin */
	uint32_t n_levels;
	struct ev_pick_rest {
		const struct ev_path *path;
		uint32_t step, from, slot;
	} * rests; /* of paths that go on by an index, begin at a computed value, or are filtered */
	uint32_t n_rests;
};

/* scan: the documents' scanner, borrowed. */
struct ev_picks *ev_picks_new(struct ev_scan *scan);
void ev_picks_free(struct ev_picks **p);
/* The slot of a path without [], which is borrowed; the same place has the same slot. */
uint32_t ev_picks_add(struct ev_picks *p, const struct ev_path *path);
/* Finds all of them from value `from`. */
void ev_picks_find(struct ev_picks *p, const struct ev_doc *d, uint32_t from);
/* The same into `at`, which has p->n places. */
void ev_picks_find_to(struct ev_picks *p, const struct ev_doc *d, uint32_t from, uint32_t *at);

/*
 * The objects and arrays that some paths lead through: slots of what was picked, with the kind that
 * must be there, and paths that are followed anew. Zero-initialise.
 */
struct ev_containers {
	struct ev_container {
		uint32_t slot, kind;
	} * list;
	size_t n;
	const struct ev_path **others;
	size_t n_others;
};
/* Adds a path from the values that are picked in; it is borrowed. */
void ev_containers_add(struct ev_containers *w, struct ev_picks *p, const struct ev_path *path);
/* ev_path_is_open of all these paths. at: what was found in a value, by slot. */
static inline bool ev_containers_fit(const struct ev_containers *w, const struct ev_doc *d,
				     const uint32_t *at)
{
	for (size_t i = 0; i < w->n; i++) {
		uint32_t node = at[w->list[i].slot];

		if (node != EV_NOWHERE && d->nodes[node].kind != w->list[i].kind &&
		    d->nodes[node].kind != EV_NULL)
			return false;
	}
	for (size_t i = 0; i < w->n_others; i++)
		if (!ev_path_is_open(w->others[i], d, at[0], NULL, NULL))
			return false;
	return true;
}
void ev_containers_free(struct ev_containers *w);

#endif

/*
 * presence: which of the paths that a model names its events bear. A path that none of them bears
 * is a slip of the pen more often than not, and what is asked of it holds of nothing. Floor 6.
 *
 * A path is asked for where an event came that it is for. What no event bears, though it was asked
 * for, is lacking. The outcome does not depend on the order of the events, nor on how they were
 * split among runs whose states are merged.
 */
#ifndef EV_PRESENCE_H
#define EV_PRESENCE_H

#include "model/model.h"

struct ev_expr;
struct ev_presence;

/* What names a path: "the column total of orders", at that place of the file. Both are copied. */
struct ev_presence_by {
	const char *what, *file;
	struct ev_place place;
};

/*
 * file: the model's, or NULL. scan: that of the events, which have not begun; NULL if none is looked
 * into. Both are borrowed.
 */
struct ev_presence *ev_presence_new(const char *file, struct ev_scan *scan);
void ev_presence_free(struct ev_presence **b);

/* Some of the paths, by number. Zero-initialise. */
struct ev_presence_paths {
	size_t *list;
	size_t n;
	struct ev_presence_filtered {
		size_t path;
		const struct ev_path *when;
		bool taken; /* some event was */
	} * filtered;	    /* that are asked for where a filter takes the event */
	size_t n_filtered;
};
void ev_presence_paths_free(struct ev_presence_paths *p);
/* Notes which filters take an event that all of these are for. */
void ev_presence_filter(struct ev_presence_paths *p, const struct ev_doc *d);
/* Adds a path; the same place has the same number. each: of a list whose elements it is in. */
void ev_presence_add(struct ev_presence *b, const struct ev_path *each, const struct ev_path *path,
		     const struct ev_presence_by *by, struct ev_presence_paths *to);
/* Those of the envelope that an event may lack. */
void ev_presence_add_envelope(struct ev_presence *b, const struct ev_model *m,
			      struct ev_presence_paths *to);
/* Those of all columns of the tables that take events of a type. */
void ev_presence_add_star(struct ev_presence *b, const struct ev_model *m, const char *type,
			  size_t len, struct ev_presence_paths *to);
/* The paths of an expression. */
void ev_presence_add_expr(struct ev_presence *b, const struct ev_expr *e,
			  const struct ev_presence_by *by, struct ev_presence_paths *to);

/* Looks for all of them in an event of one scanner; of those of a shape, once. */
void ev_presence_look(struct ev_presence *b, const struct ev_doc *d);
void ev_presence_ask(struct ev_presence *b, const struct ev_presence_paths *paths);

/* The text of the first of these that is lacking, or NULL. */
const char *ev_presence_absent(const struct ev_presence *b, const struct ev_presence_paths *paths);
/*
 * Appends a line for people on the i-th that is lacking, or returns false behind the last. What
 * lies below another that is lacking is not told of.
 */
bool ev_presence_next_absent(const struct ev_presence *b, size_t i, struct ev_buf *out);
/* Appends those that are lacking as a JSON array, in the order of their texts. */
void ev_presence_write(const struct ev_presence *b, struct ev_buf *out);

/* State: an array; and adding that of another run. False if it is damaged. */
void ev_presence_state(const struct ev_presence *b, struct ev_buf *out);
bool ev_presence_merge(struct ev_presence *b, const struct ev_doc *d, uint32_t list);

#endif

/*
 * borne: which of the paths that a model names its events bear. A path that none of them bears is a
 * slip of the pen more often than not, and what is asked of it holds of nothing. Floor 6.
 *
 * A path is asked for where an event came that it is for. What no event bears, though it was asked
 * for, is lacking. The outcome does not depend on the order of the events, nor on how they were
 * split among runs whose states are merged.
 */
#ifndef EV_BORNE_H
#define EV_BORNE_H

#include "model/model.h"

struct ev_expr;
struct ev_borne;

/* What names a path: "the column total of orders", at that place of the file. Both are copied. */
struct ev_borne_by {
	const char *what, *file;
	struct ev_place place;
};

/* file: the model's, or NULL; borrowed. */
struct ev_borne *ev_borne_new(const char *file);
void ev_borne_free(struct ev_borne **b);

/* Some of the paths, by number. Zero-initialise, and free the list. */
struct ev_borne_paths {
	size_t *list;
	size_t n;
};
/* Adds a path; the same place has the same number. each: of a list whose elements it is in. */
void ev_borne_add(struct ev_borne *b, const struct ev_path *each, const struct ev_path *path,
		  const struct ev_borne_by *by, struct ev_borne_paths *to);
/* Those of the envelope that an event may lack. */
void ev_borne_add_envelope(struct ev_borne *b, const struct ev_model *m, struct ev_borne_paths *to);
/* Those of all columns of the tables that take events of a type. */
void ev_borne_add_star(struct ev_borne *b, const struct ev_model *m, const char *type, size_t len,
		       struct ev_borne_paths *to);
/* The paths of an expression. */
void ev_borne_add_expr(struct ev_borne *b, const struct ev_expr *e, const struct ev_borne_by *by,
		       struct ev_borne_paths *to);

/* Looks for all of them in an event of one scanner; of those of a shape, once. */
void ev_borne_look(struct ev_borne *b, const struct ev_doc *d);
void ev_borne_ask(struct ev_borne *b, const struct ev_borne_paths *paths);

/* The text of the first of these that is lacking, or NULL. */
const char *ev_borne_lacking(const struct ev_borne *b, const struct ev_borne_paths *paths);
/*
 * Appends a line for people on the i-th that is lacking, or returns false behind the last. What
 * lies below another that is lacking is not told of.
 */
bool ev_borne_tell(const struct ev_borne *b, size_t i, struct ev_buf *out);
/* Appends those that are lacking as a JSON array, in the order of their texts. */
void ev_borne_write(const struct ev_borne *b, struct ev_buf *out);

/* State: an array; and adding that of another run. False if it is damaged. */
void ev_borne_state(const struct ev_borne *b, struct ev_buf *out);
bool ev_borne_merge(struct ev_borne *b, const struct ev_doc *d, uint32_t list);

#endif

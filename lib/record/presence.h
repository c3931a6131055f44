/*
 * presence: which of the paths that a model names occur in its events. One that occurs in none is
 * most often misspelled, and its rules and columns check nothing. Floor 6.
 *
 * A path is asked for once an event came that it is meant for; then it is present or absent. The
 * outcome does not depend on the order of the events, nor on how they were split among runs whose
 * states are merged.
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
 * file: the model's, or NULL. scan: that of the events, before the first of them; NULL if none is
 * searched. Both are borrowed.
 */
struct ev_presence *ev_presence_new(const char *file, struct ev_scan *scan);
void ev_presence_free(struct ev_presence **presence);

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

/* Searches an event for all of them; of events of one shape, the first. */
void ev_presence_search(struct ev_presence *b, const struct ev_doc *d);
void ev_presence_ask(struct ev_presence *b, const struct ev_presence_paths *paths);

/* The text of the first of these that is absent, or NULL. */
const char *ev_presence_absent(const struct ev_presence *b, const struct ev_presence_paths *paths);
/*
 * Appends a line for people on the i-th that is absent, or returns false behind the last. One below
 * another that is absent is left out.
 */
bool ev_presence_next_absent(const struct ev_presence *b, size_t i, struct ev_buf *out);
/* Appends those that are absent as a JSON array, in the order of their texts. */
void ev_presence_write(const struct ev_presence *b, struct ev_buf *out);

/* State: an array; and adding that of another run. False if it is damaged. */
void ev_presence_state(const struct ev_presence *b, struct ev_buf *out);
bool ev_presence_merge(struct ev_presence *b, const struct ev_doc *d, uint32_t list);

#endif

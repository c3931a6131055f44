/*
 * computed: a document with values that were computed from it. Floor 3.
 *
 * Their nodes stand behind the document's own, and their text behind its text, so whoever asks for
 * a value by its node needs not know whether it was in the line. They are of no object: only what
 * begins with their number (path.h) finds them.
 *
 * A shape tells of the document's own nodes alone. So documents of one shape in which a value is
 * absent, or of another kind than in the first of that shape, or an array or object, lose their
 * shape (scan.h) here.
 *
 * Memory: a copy of the longest document.
 */
#ifndef EV_COMPUTED_H
#define EV_COMPUTED_H

#include "base/arena.h"
#include "base/buf.h"
#include "json/plan.h"

struct ev_computing {
	struct ev_doc doc; /* with the values, behind ev_computing_end */
	struct ev_buf text, name;
	struct ev_node *nodes;
	size_t n, cap; /* of the nodes */
	struct ev_computed *list;
	size_t n_list, cap_list;
	struct ev_arena whys;
	struct ev_scan *scan;  /* of computed arrays and objects */
	bool varies;	       /* one is of no fixed form */
	struct ev_plans plans; /* a plan: the kinds of the values in documents of a shape */
};

/* Zero-initialise the struct before. */
void ev_computing_init(struct ev_computing *c);
void ev_computing_free(struct ev_computing *c);

/* Begins with a document, which lasts until the next one. */
void ev_computing_begin(struct ev_computing *c, const struct ev_doc *d);
/*
 * Adds a value, in ascending order of number and from: a copy of node `at`; that of a JSON text; or
 * none, with the reason (copied) or NULL. False where the text is no JSON, or the document would
 * grow beyond EV_SCAN_MAX; then nothing was added.
 */
void ev_computing_node(struct ev_computing *c, uint32_t number, uint32_t from, uint32_t at);
bool ev_computing_json(struct ev_computing *c, uint32_t number, uint32_t from, const char *p,
		       size_t len);
void ev_computing_none(struct ev_computing *c, uint32_t number, uint32_t from, const char *why);
/* The document with what was added so far; valid until the next value. */
const struct ev_doc *ev_computing_doc(struct ev_computing *c);
/* The same, when all are there. */
const struct ev_doc *ev_computing_end(struct ev_computing *c);

/* The value of that number for value `from`; NULL if it was not computed. */
const struct ev_computed *ev_computed_find(const struct ev_doc *d, uint32_t number, uint32_t from);

#endif

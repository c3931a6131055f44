/*
 * computed: a document with values that were computed from it. Floor 3.
 *
 * A value is one of the document's own; or its node stands behind these, and its text in the
 * document's text or behind it. So whoever asks for a value by its node needs not know whether it
 * was in the line. Those behind are of no object: only what begins with their number (path.h) finds
 * them.
 *
 * A shape tells of the document's own nodes alone. So documents of one shape whose values stand at
 * other nodes, or are of other kinds, or absent, have a shape of their own here, as long as there
 * are shapes left (scan.h); those with an array or object that is not in the line have none.
 *
 * Memory: a copy of the longest document.
 */
#ifndef EV_COMPUTED_H
#define EV_COMPUTED_H

#include "base/arena.h"
#include "base/buf.h"
#include "json/plan.h"

struct ev_computing {
	struct ev_doc doc;     /* with the values so far; valid until the next one */
	struct ev_scan *of;    /* which reads the documents */
	struct ev_buf text;    /* a copy of the document's, with more behind it; if needed */
	struct ev_node *nodes; /* the same */
	size_t n, cap;	       /* of the nodes */
	struct ev_buf name;
	struct ev_computed *list;
	size_t n_list, cap_list;
	struct ev_arena whys;
	struct ev_scan *scan;  /* of computed arrays and objects */
	bool varies;	       /* one is of no fixed form */
	struct ev_plans plans; /* a plan: the kinds that values in documents of a shape are of */
};

/* Zero-initialise the struct before. of: borrowed. */
void ev_computing_init(struct ev_computing *c, struct ev_scan *of);
void ev_computing_free(struct ev_computing *c);

/* Begins with a document, which lasts until the next one. */
void ev_computing_begin(struct ev_computing *c, const struct ev_doc *d);
/*
 * Adds a value, in ascending order of number and from: that at node `at`; that of a JSON text,
 * which may be a part of the document's; or none, with the reason (copied) or NULL. False where the
 * text is no JSON, or the document would grow beyond EV_SCAN_MAX; then nothing was added.
 */
void ev_computing_node(struct ev_computing *c, uint32_t number, uint32_t from, uint32_t at);
bool ev_computing_json(struct ev_computing *c, uint32_t number, uint32_t from, const char *p,
		       size_t len);
void ev_computing_none(struct ev_computing *c, uint32_t number, uint32_t from, const char *why);
/* The document, when all are there. */
const struct ev_doc *ev_computing_end(struct ev_computing *c);

/* The value of that number for value `from`; NULL if it was not computed. */
const struct ev_computed *ev_computed_find(const struct ev_doc *d, uint32_t number, uint32_t from);

#endif

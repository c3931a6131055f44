/*
 * canon: the canonical form of a value, by which two spellings of the same content are equal.
 * Floor 3.
 *
 * Members sorted by the bytes of their decoded names, strings with the fewest escapes, numbers as
 * exact decimals, no white space.
 */
#ifndef EV_CANON_H
#define EV_CANON_H

#include "base/buf.h"
#include "scan/scan.h"

/*
 * Appends the canonical form of value i. Members whose values are among the n of `skip` are left
 * out. The document has no duplicate names.
 */
void ev_canonical(const struct ev_doc *d, uint32_t i, const uint32_t *skip, size_t n,
		  struct ev_buf *out);

/* Whether two values, of one document or two, are equal as JSON: 1.0 = 1, members in any order. */
bool ev_equal(const struct ev_doc *a, uint32_t i, const struct ev_doc *b, uint32_t k);

/*
 * An outline is all of a document's canonical form but its strings and numbers. It serves all
 * documents of the shape (scan.h) of the one that it was made of; that has one.
 */
struct ev_outline;

/* It is a plan's (plan.h): NULL if those have taken all their room, and never freed. */
struct ev_outline *ev_outline_new(const struct ev_doc *d, const uint32_t *skip, size_t n);
/* Whether it was made with the same members left out. */
bool ev_outline_skips(const struct ev_outline *outline, const uint32_t *skip, size_t n);
/* Appends the canonical form. */
void ev_outline_fill(const struct ev_outline *outline, const struct ev_doc *d, struct ev_buf *out);
/* Appends a line for each string and number (ev_plan_line). */
void ev_outline_print(const struct ev_outline *outline, const struct ev_doc *d, struct ev_buf *out);

#endif

/*
 * excerpt: a record, cut so that the value that matters stays in sight. Floor 3.
 */
#ifndef EV_EXCERPT_H
#define EV_EXCERPT_H

#include "base/buf.h"
#include "scan/scan.h"

#include <stdbool.h>

/*
 * Appends JSON of some `most` bytes, at most twice that: the value at the pointer, all that it is
 * in, and of what stands beside it as much as there is room for. What is left out is the text
 * EV_EXCERPT_GAP, or ends in it. at: the pointer to the value in the excerpt is appended. pointer:
 * NULL for none, then the record's beginning is kept. False, and nothing appended, if there is no
 * room for the names on the way.
 */
bool ev_excerpt(const struct ev_doc *d, const char *pointer, size_t most, struct ev_buf *out,
		struct ev_buf *at);

#define EV_EXCERPT_GAP "\u2026"

#endif

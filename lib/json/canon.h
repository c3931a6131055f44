/*
 * canon: the canonical form of a value, by which two spellings of the same content are equal.
 * Floor 2.
 *
 * Members sorted by the octets of their decoded names, strings with the fewest escapes, numbers as
 * exact decimals, no white space.
 */
#ifndef EV_CANON_H
#define EV_CANON_H

#include "base/buf.h"
#include "json/scan.h"

/*
 * Appends the canonical form of value i. Members whose values are among the n of `skip` are left
 * out. The document has no duplicate names.
 */
void ev_canonical(const struct ev_doc *d, uint32_t i, const uint32_t *skip, size_t n,
		  struct ev_buf *out);

#endif

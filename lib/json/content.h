/*
 * content: the digest of a value, whatever the order of its members and the spelling of its strings
 * and numbers. Floor 3.
 *
 * It is the XXH3, 128 bits, of the canonical form (canon.h).
 *
 * Memory: twice the longest document, and the outlines of shapes (canon.h), which are plans
 * (plan.h).
 */
#ifndef EV_CONTENT_H
#define EV_CONTENT_H

#include "base/buf.h"
#include "base/hash.h"
#include "scan/scan.h"

struct ev_content;

/*
 * All documents are of one scanner. seed: a secret one (ev_hash_seed) where digests decide, and 0
 * where they are written.
 */
struct ev_content *ev_content_new(uint64_t seed);
/*
 * The canonical form of a whole document without duplicate names; members whose values are among
 * the n of `skip` are left out. It is valid until the next call.
 */
const struct ev_buf *ev_content_form(struct ev_content *c, const struct ev_doc *d,
				     const uint32_t *skip, size_t n);
/* The digest of the same. */
struct ev_hash128 ev_content_digest(struct ev_content *c, const struct ev_doc *d,
				    const uint32_t *skip, size_t n);
void ev_content_free(struct ev_content **c);

#endif

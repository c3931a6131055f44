/*
 * merge: JSON Merge Patch (RFC 7396) on bytes. Floor 10, a part of the version engine.
 *
 * Members of the base keep their order and their bytes; new members are appended; null removes,
 * also inside new objects; nulls within arrays stay.
 */
#ifndef EV_VERSION_MERGE_H
#define EV_VERSION_MERGE_H

#include "json/view.h"

/*
 * Appends base (an object) with patch (one, too) applied. Left out are the members of base whose
 * values are among the n_drop nodes `drop`, and those of patch among the n_skip of `skip`.
 */
void ev_version_merge_patch(const struct ev_doc *base, const uint32_t *drop, size_t n_drop,
			    const struct ev_doc *patch, const uint32_t *skip, size_t n_skip,
			    struct ev_buf *out);

#endif

/*
 * look: what the store's own parts need of a look at it. Floor 3, a part of the store.
 */
#ifndef EV_LOOK_H
#define EV_LOOK_H

#include "store/store.h"

struct ev_manifest;

const struct ev_manifest *ev_store_manifest(const struct ev_store *s);
/* At what is being merged into that group alone. */
struct ev_store_cursor *ev_store_cursor_merging(struct ev_store *s, uint64_t group);

#endif

/*
 * get: fixed keys of a store, in any order. Floor 3, a part of the store.
 *
 * Nearly every key that is asked for is in no group or in one. The lines of the groups' filters are
 * far apart in memory, so all of them are fetched together.
 */
#ifndef EV_GET_H
#define EV_GET_H

#include "store/store.h"

struct ev_manifest;
struct ev_getter;

/* The manifest's runs are borrowed. */
struct ev_getter *ev_getter_new(const struct ev_manifest *m);
void ev_getter_free(struct ev_getter **g);
enum ev_status ev_getter_find(struct ev_getter *g, const char key[EV_RUN_KEY],
			      struct ev_store_fixed *f, struct ev_error *err);

#endif

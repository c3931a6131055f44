/*
 * sort: items by key, more than memory holds. Floor 3.
 *
 * Items are kept in memory up to a limit; beyond it sorted runs go to unnamed files in the
 * temporary folder and are merged. Keys compare as octets; items with equal keys come in the order
 * they were added.
 */
#ifndef EV_SORT_H
#define EV_SORT_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

struct ev_sort;

/* limit: octets of items held in memory. folder: for runs. */
struct ev_sort *ev_sort_new(size_t limit, const char *folder);
enum ev_status ev_sort_add(struct ev_sort *s, const void *key, size_t key_len, const void *item,
			   size_t len, struct ev_error *err);
/* After the last add, once. */
enum ev_status ev_sort_finish(struct ev_sort *s, struct ev_error *err);

struct ev_sorted {
	const char *key, *item; /* valid until the next call; EV_IN_SLACK octets behind the item may
				   be read */
	size_t key_len, len;
};

/* EV_OK, EV_EOF or EV_FATAL. */
enum ev_status ev_sort_next(struct ev_sort *s, struct ev_sorted *out, struct ev_error *err);
void ev_sort_free(struct ev_sort **s);

#endif

/*
 * sort: sorts items by key, also more than memory holds. Floor 3.
 *
 * Items are kept in memory up to a limit; beyond it sorted runs go to unnamed files in the
 * temporary folder and are merged. Keys compare as bytes; items with equal keys come in the order
 * they were added. In memory it is a radix sort from the first byte on (P. McIlroy, K. Bostic,
 * M. D. McIlroy, "Engineering radix sort", Computing Systems 6, 1993); eight bytes of each key are
 * kept beside the pointer to its item.
 */
#ifndef EV_SORT_H
#define EV_SORT_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

struct ev_sort;

/* limit: bytes of items held in memory. folder: for runs. */
struct ev_sort *ev_sort_new(size_t limit, const char *folder);
enum ev_status ev_sort_add(struct ev_sort *s, const void *key, size_t key_len, const void *item,
			   size_t len, struct ev_error *err);
/*
 * Adds in place: returns room for a key of key_len bytes and, right behind it, an item of len. When
 * both are written, ev_sort_added must be called.
 */
char *ev_sort_room(struct ev_sort *s, size_t key_len, size_t len);
enum ev_status ev_sort_added(struct ev_sort *s, struct ev_error *err);
/* After the last add, once. */
enum ev_status ev_sort_finish(struct ev_sort *s, struct ev_error *err);

struct ev_sorted {
	const char *key, *item; /* EV_IN_SLACK bytes behind the item may be read */
	size_t key_len, len;
	/* Both are valid until the sort is freed, and ended by a NUL; else until the next call. */
	bool stays;
};

/* EV_OK, EV_EOF or EV_FATAL. */
enum ev_status ev_sort_next(struct ev_sort *s, struct ev_sorted *out, struct ev_error *err);
void ev_sort_free(struct ev_sort **s);

#endif

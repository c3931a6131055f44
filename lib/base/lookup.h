/*
 * lookup: open addressing from a hash to a number, as the index of what the caller has in a list.
 * Floor 0.
 *
 * Zero-initialise with {0}. Several numbers may stand under one hash, whose upper half alone is
 * compared: the caller checks each in its list.
 *
 *     size_t step = 0;
 *     while ((i = ev_lookup_next(&t, hash, &step)) != EV_LOOKUP_NONE)
 *             if (is_it(&list[i]))
 *                     return i;
 *     ev_lookup_add(&t, hash, n);
 */
#ifndef EV_LOOKUP_H
#define EV_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

#define EV_LOOKUP_NONE UINT32_MAX

struct ev_lookup {
	uint64_t *slots; /* the upper half of the hash << 32 | 1 + the number; 0 is empty */
	size_t size;	 /* 0 or a power of two, at least twice n */
	size_t n, cap;
};

/* The next number under the hash, or EV_LOOKUP_NONE. *step: 0 at first. */
static inline uint32_t ev_lookup_next(const struct ev_lookup *t, uint64_t hash, size_t *step)
{
	while (t->size > 0) {
		uint64_t slot = t->slots[((hash >> 32) + (*step)++) & (t->size - 1)];

		if (slot == 0)
			break;
		if (slot >> 32 == hash >> 32)
			return (uint32_t)slot - 1;
	}
	return EV_LOOKUP_NONE;
}

/* number: less than EV_LOOKUP_NONE. */
void ev_lookup_add(struct ev_lookup *t, uint64_t hash, uint32_t number);
/* Empties it, with room for n. */
void ev_lookup_reset(struct ev_lookup *t, size_t n);
void ev_lookup_free(struct ev_lookup *t);

#endif

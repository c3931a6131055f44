/*
 * arena: many small blocks, freed together. Floor 0.
 *
 * Zero-initialise with {0}. Blocks are aligned to 8 bytes and stay where they are until
 * ev_arena_free or ev_arena_reset. EV_ARENA_OVER bytes behind a block may be read.
 */
#ifndef EV_ARENA_H
#define EV_ARENA_H

#include <stddef.h>

enum { EV_ARENA_OVER = 64 };

struct ev_arena_block;

struct ev_arena {
	struct ev_arena_block *blocks;
	char *next;
	size_t left;
	size_t total; /* bytes taken from the system */
};

/* Where a new block is needed. */
void *ev_arena_more(struct ev_arena *a, size_t size);

static inline void *ev_arena_alloc(struct ev_arena *a, size_t size)
{
	size_t whole = size != 0 ? (size + 7) & ~(size_t)7 : 8;
	void *p = a->next;

	if (whole > a->left || whole < size)
		return ev_arena_more(a, size);
	a->next += whole;
	a->left -= whole;
	return p;
}

void *ev_arena_zalloc(struct ev_arena *a, size_t size);
/* A copy of len bytes, with a NUL behind them. */
char *ev_arena_copy(struct ev_arena *a, const void *p, size_t len);
void ev_arena_free(struct ev_arena *a);
/* Frees the same, but keeps one block of the common size, so that the next use needs no malloc. */
void ev_arena_reset(struct ev_arena *a);

#endif

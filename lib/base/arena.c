#include "base/arena.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct ev_arena_block {
	struct ev_arena_block *older;
	size_t size;
	uint64_t data[];
};

/*
 * An arena that has grown large takes memory in huge pages, a quarter of what it has at a time and
 * one at least: memory that is visited in no order would miss the processor's table of pages at
 * every step, and each small page that is new costs a fault.
 */
enum { BLOCK = 256 * 1024, LARGE = 1 << 20, HUGE_PAGE = 2 << 20, MOST_HUGE_PAGES = 32 };

static struct ev_arena_block *new_block(const struct ev_arena *a, size_t size)
{
	const size_t around = sizeof(struct ev_arena_block) + EV_ARENA_OVER;
	struct ev_arena_block *b;
	size_t pages = a->total / 4 / HUGE_PAGE;

	if (a->total < LARGE || size > HUGE_PAGE - around) {
		size = size > BLOCK ? (size + 7) & ~(size_t)7 : BLOCK;
		b = ev_malloc(around + size);
	} else {
		pages = pages > MOST_HUGE_PAGES ? MOST_HUGE_PAGES : pages > 0 ? pages : 1;
		size = pages * HUGE_PAGE - around;
		b = ev_malloc_huge(around + size);
	}
	b->older = a->blocks;
	b->size = size;
	return b;
}

void *ev_arena_more(struct ev_arena *a, size_t size)
{
	if (size > SIZE_MAX / 2)
		ev_oom();
	a->blocks = new_block(a, size);
	a->next = (char *)a->blocks->data;
	a->left = a->blocks->size;
	a->total += a->blocks->size;
	return ev_arena_alloc(a, size);
}

void *ev_arena_zalloc(struct ev_arena *a, size_t size)
{
	return memset(ev_arena_alloc(a, size), 0, size);
}

char *ev_arena_copy(struct ev_arena *a, const void *p, size_t len)
{
	char *q = ev_arena_alloc(a, len + 1);

	if (len != 0)
		memcpy(q, p, len);
	q[len] = '\0';
	return q;
}

void ev_arena_free(struct ev_arena *a)
{
	while (a->blocks != NULL) {
		struct ev_arena_block *older = a->blocks->older;

		free(a->blocks);
		a->blocks = older;
	}
	*a = (struct ev_arena){0};
}

void ev_arena_reset(struct ev_arena *a)
{
	struct ev_arena_block *kept = NULL;

	for (struct ev_arena_block **b = &a->blocks; *b != NULL; b = &(*b)->older) {
		if ((*b)->size == BLOCK) {
			kept = *b;
			*b = kept->older;
			break;
		}
	}
	ev_arena_free(a);
	if (kept == NULL)
		return;
	kept->older = NULL;
	a->blocks = kept;
	a->next = (char *)kept->data;
	a->left = kept->size;
	a->total = kept->size;
}

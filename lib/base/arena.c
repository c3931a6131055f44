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

enum { BLOCK = 256 * 1024 };

void *ev_arena_more(struct ev_arena *a, size_t size)
{
	struct ev_arena_block *b;
	size_t take;

	if (size > SIZE_MAX / 2)
		ev_oom();
	take = size > BLOCK ? (size + 7) & ~(size_t)7 : BLOCK;
	b = ev_malloc(sizeof *b + take + EV_ARENA_OVER);
	b->older = a->blocks;
	b->size = take;
	a->blocks = b;
	a->next = (char *)b->data;
	a->left = take;
	a->total += take;
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

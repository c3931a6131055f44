#include "base/lookup.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void ev_lookup_reset(struct ev_lookup *t, size_t n)
{
	for (t->size = 16; t->size < 2 * n; t->size *= 2)
		;
	ev_grow(&t->slots, &t->cap, t->size, sizeof *t->slots);
	memset(t->slots, 0, t->size * sizeof *t->slots);
	t->n = 0;
}

static void place(struct ev_lookup *t, uint64_t slot)
{
	size_t i = (size_t)(slot >> 32) & (t->size - 1);

	while (t->slots[i] != 0)
		i = (i + 1) & (t->size - 1);
	t->slots[i] = slot;
	t->n++;
}

void ev_lookup_add(struct ev_lookup *t, uint64_t hash, uint32_t number)
{
	if (2 * (t->n + 1) > t->size) {
		struct ev_lookup old = *t;

		*t = (struct ev_lookup){0};
		ev_lookup_reset(t, old.size);
		for (size_t i = 0; i < old.size; i++)
			if (old.slots[i] != 0)
				place(t, old.slots[i]);
		ev_lookup_free(&old);
	}
	place(t, (hash >> 32 << 32) | (number + 1));
}

void ev_lookup_free(struct ev_lookup *t)
{
	free(t->slots);
	*t = (struct ev_lookup){0};
}

/* Tables of names: the members that a schema knows, and the strings of an enum. */
#include "base/hash.h"
#include "schema/internal.h"

#include <string.h>

void ev_schema_names_room(struct ev_schema_set *set, struct ev_schema_names *t, size_t n)
{
	size_t size = 2 * SCHEMA_FEW;

	t->list = ev_arena_alloc(&set->arena, n * sizeof *t->list);
	if (n <= SCHEMA_FEW)
		return;
	while (size < 2 * n)
		size *= 2;
	t->slots = ev_arena_zalloc(&set->arena, size * sizeof *t->slots);
	t->mask = (uint32_t)size - 1;
}

/* The slot of a name, or the free one where it would go. */
static uint32_t *slot_of(const struct ev_schema_names *t, uint32_t hash, const char *p, size_t len)
{
	uint32_t k = hash & t->mask;

	for (; t->slots[k] != 0; k = (k + 1) & t->mask) {
		const struct ev_schema_name *name = &t->list[t->slots[k] - 1];

		if (name->hash == hash && name->len == len && ev_same(name->p, p, len))
			break;
	}
	return &t->slots[k];
}

struct ev_schema_name *ev_schema_names_find(const struct ev_schema_names *t, const char *p,
					    size_t len)
{
	uint32_t i;

	/* most names that are not in a table have a length that none in it has */
	if ((t->lengths >> (len < 63 ? len : 63) & 1) == 0)
		return NULL;
	if (t->slots != NULL) {
		i = *slot_of(t, (uint32_t)ev_hash64(p, len, 0), p, len);
		return i != 0 ? &t->list[i - 1] : NULL;
	}
	for (i = 0; i < t->n; i++)
		if (t->list[i].len == len && ev_same(t->list[i].p, p, len))
			return &t->list[i];
	return NULL;
}

uint32_t ev_schema_names_add(struct ev_schema_names *t, struct ev_schema_slice name)
{
	struct ev_schema_name *found = ev_schema_names_find(t, name.p, name.len), *new;

	if (found != NULL)
		return (uint32_t)(found - t->list);
	new = &t->list[t->n++];
	*new = (struct ev_schema_name){
		.p = name.p, .len = (uint32_t)name.len, .mark = SCHEMA_NO_MARK};
	t->lengths |= 1ULL << (name.len < 63 ? name.len : 63);
	if (t->slots != NULL) {
		new->hash = (uint32_t)ev_hash64(name.p, name.len, 0);
		*slot_of(t, new->hash, name.p, name.len) = t->n;
	}
	return t->n - 1;
}

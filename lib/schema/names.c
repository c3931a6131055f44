/* Tables of names: the members that a schema knows, and the strings of an enum. */
#include "base/hash.h"
#include "schema/internal.h"

#include <string.h>

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

/* Makes room for one more. */
static void grow(struct ev_schema_set *set, struct ev_schema_names *t)
{
	const uint32_t cap = t->n > 0 ? 2 * t->n : 4;
	struct ev_schema_name *list;

	if (t->list != NULL && (t->n < 4 || (t->n & (t->n - 1)) != 0)) /* at 4, 8, 16, ... */
		return;
	list = ev_arena_alloc(&set->arena, cap * sizeof *list);
	if (t->list != NULL)
		memcpy(list, t->list, t->n * sizeof *list);
	t->list = list;
	if (cap <= SCHEMA_FEW)
		return;
	t->mask = 2 * cap - 1;
	t->slots = ev_arena_zalloc(&set->arena, 2UL * cap * sizeof *t->slots);
	for (uint32_t i = 0; i < t->n; i++) {
		t->list[i].hash = (uint32_t)ev_hash64(t->list[i].p, t->list[i].len, 0);
		*slot_of(t, t->list[i].hash, t->list[i].p, t->list[i].len) = i + 1;
	}
}

uint32_t ev_schema_names_add(struct ev_schema_set *set, struct ev_schema_names *t,
			     struct ev_schema_slice name)
{
	struct ev_schema_name *found = ev_schema_names_find(t, name.p, name.len), *new;

	if (found != NULL)
		return (uint32_t)(found - t->list);
	grow(set, t);
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

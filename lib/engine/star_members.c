#include "engine/star_members.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct slot {
	uint64_t hash;
	struct ev_member *member; /* NULL: free */
};

struct ev_members {
	struct ev_md5 *keys;
	size_t n_columns;
	struct slot *table; /* open addressing */
	size_t n, size;
	uint64_t seed;
	struct ev_arena arena;
	struct ev_member **sorted;
};

struct ev_members *ev_members_new(const struct ev_dimension *d, struct ev_md5 *keys)
{
	struct ev_members *m = ev_calloc(1, sizeof *m);

	m->keys = keys;
	m->n_columns = d->columns.n;
	m->size = 256;
	m->table = ev_calloc(m->size, sizeof *m->table);
	m->seed = ev_hash_seed();
	return m;
}

void ev_members_free(struct ev_members **m)
{
	if (*m == NULL)
		return;
	ev_arena_free(&(*m)->arena);
	free((*m)->table);
	free((*m)->sorted);
	free(*m);
	*m = NULL;
}

uint64_t ev_members_hash(const struct ev_members *m, const char *preimage, size_t len)
{
	uint64_t hash = ev_hash64(preimage, len, m->seed);

	__builtin_prefetch(&m->table[hash & (m->size - 1)]);
	return hash;
}

static void grow(struct ev_members *m)
{
	struct slot *old = m->table;
	size_t size = m->size;

	m->size *= 2;
	m->table = ev_calloc(m->size, sizeof *m->table);
	for (size_t i = 0; i < size; i++) {
		size_t k = old[i].hash & (m->size - 1);

		if (old[i].member == NULL)
			continue;
		while (m->table[k].member != NULL)
			k = (k + 1) & (m->size - 1);
		m->table[k] = old[i];
	}
	free(old);
}

static struct ev_member *add(struct ev_members *m, const char *preimage, size_t len)
{
	size_t size = sizeof(struct ev_member) + m->n_columns * sizeof(struct ev_attribute);
	struct ev_member *new = ev_arena_zalloc(&m->arena, size);

	new->preimage = ev_arena_copy(&m->arena, preimage, len);
	new->preimage_len = (uint32_t)len;
	ev_md5_add(m->keys, preimage, len, new->key);
	return new;
}

struct ev_member *ev_members_find(struct ev_members *m, uint64_t hash, const char *preimage,
				  size_t len)
{
	size_t i = hash & (m->size - 1);
	struct slot *slot = &m->table[i];

	while (slot->member != NULL) {
		if (slot->hash == hash && slot->member->preimage_len == len &&
		    memcmp(slot->member->preimage, preimage, len) == 0)
			return slot->member;
		i = (i + 1) & (m->size - 1);
		slot = &m->table[i];
	}
	*slot = (struct slot){hash, add(m, preimage, len)};
	if (++m->n > m->size / 2) {
		struct ev_member *new = slot->member;

		grow(m);
		return new;
	}
	return slot->member;
}

static int compare_stamps(struct ev_members *m, const struct ev_stamp *a, const struct ev_stamp *b)
{
	size_t len = a->version_len < b->version_len ? a->version_len : b->version_len;
	int order;

	if (a == b)
		return 0;
	if ((order = ev_time_compare(a->time, b->time)) != 0 ||
	    (order = memcmp(a->version, b->version, len)) != 0)
		return order;
	if (a->row[0] == '\0' || b->row[0] == '\0')
		ev_md5_settle(m->keys);
	return memcmp(a->row, b->row, EV_KEY_TEXT);
}

static void store(struct ev_members *m, struct ev_attribute *v, const char *json, size_t len)
{
	if (v->p == NULL || v->cap < len) {
		v->p = ev_arena_alloc(&m->arena, len);
		v->cap = (uint32_t)len;
	}
	memcpy(v->p, json, len);
	v->len = (uint32_t)len;
}

/* Whether the JSON is greater, in octets, than the value that is set. */
static bool is_greater(const struct ev_attribute *v, const char *json, size_t len)
{
	int order = memcmp(json, v->p, len < v->len ? len : v->len);

	return order > 0 || (order == 0 && len > v->len);
}

bool ev_members_set(struct ev_members *m, struct ev_member *member, size_t column, const char *json,
		    size_t len, const struct ev_stamp *stamp)
{
	struct ev_attribute *v = &member->attributes[column];
	int order = v->stamp != NULL ? compare_stamps(m, v->stamp, stamp) : -1;

	/*
	 * One version may name a member twice with different words: the greater stands, in any
	 * order.
	 */
	if (order > 0 || (order == 0 && !is_greater(v, json, len)))
		return false;
	if (v->p == NULL || v->len != len || memcmp(v->p, json, len) != 0)
		store(m, v, json, len);
	if (order == 0)
		return false;
	v->stamp = stamp;
	return true;
}

void ev_members_set_key(struct ev_members *m, struct ev_member *member, size_t column,
			const char *json, size_t len)
{
	struct ev_attribute *v = &member->attributes[column];

	/* One key may have several spellings, 19.1 and 19.10: the greater stands, in any order. */
	if (v->p == NULL || is_greater(v, json, len))
		store(m, v, json, len);
}

static int by_key(const void *x, const void *y)
{
	const struct ev_member *const *a = x, *const *b = y;

	return memcmp((*a)->key, (*b)->key, sizeof(*a)->key);
}

struct ev_member **ev_members_sort(struct ev_members *m, size_t *n)
{
	m->sorted = ev_realloc_array(m->sorted, m->n + 1, sizeof(struct ev_member *));
	*n = 0;
	for (size_t i = 0; i < m->size; i++)
		if (m->table[i].member != NULL)
			m->sorted[(*n)++] = m->table[i].member;
	if (*n > 0)
		qsort(m->sorted, *n, sizeof(struct ev_member *), by_key);
	return m->sorted;
}

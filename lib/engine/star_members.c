#include "engine/star_members.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct value {
	char *p; /* NULL: not set */
	uint32_t len, cap;
	const struct ev_stamp *stamp;
};

struct member {
	char key[EV_KEY_TEXT];
	bool described;
	struct value *values; /* one a column */
};

struct ev_members {
	const struct ev_dimension *d;
	struct member *list;
	size_t n, cap;
	size_t *table; /* open addressing: place in the list + 1 */
	size_t size;
	uint64_t seed;
	struct ev_arena arena;
	const struct ev_stamp
		*last; /* the stamp stored last, shared by the values of one contribution */
};

struct ev_members *ev_members_new(const struct ev_dimension *d)
{
	struct ev_members *m = ev_calloc(1, sizeof *m);

	m->d = d;
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
	free((*m)->list);
	free((*m)->table);
	free(*m);
	*m = NULL;
}

static size_t slot_of(const struct ev_members *m, const char *key)
{
	size_t i = ev_hash64(key, EV_KEY_TEXT, m->seed) & (m->size - 1);

	while (m->table[i] != 0 && memcmp(m->list[m->table[i] - 1].key, key, EV_KEY_TEXT) != 0)
		i = (i + 1) & (m->size - 1);
	return i;
}

size_t ev_members_find(struct ev_members *m, const char *key)
{
	size_t slot = slot_of(m, key);
	struct member *new;

	if (m->table[slot] != 0)
		return m->table[slot] - 1;
	ev_grow(&m->list, &m->cap, m->n + 1, sizeof *m->list);
	new = &m->list[m->n++];
	memcpy(new->key, key, EV_KEY_TEXT);
	new->described = false;
	new->values = ev_arena_zalloc(&m->arena, m->d->columns.n * sizeof *new->values);
	m->table[slot] = m->n;
	if (m->n > m->size / 2) {
		m->size *= 2;
		m->table = ev_realloc_array(m->table, m->size, sizeof *m->table);
		memset(m->table, 0, m->size * sizeof *m->table);
		for (size_t i = 0; i < m->n; i++)
			m->table[slot_of(m, m->list[i].key)] = i + 1;
	}
	return m->n - 1;
}

static int compare_stamps(const struct ev_stamp *a, const struct ev_stamp *b)
{
	int order = ev_time_compare(a->time, b->time);

	if (order == 0)
		order = memcmp(a->version, b->version,
			       a->version_len < b->version_len ? a->version_len : b->version_len);
	return order != 0 ? order : memcmp(a->row, b->row, sizeof a->row);
}

static void store(struct ev_members *m, struct value *v, const char *json, size_t len)
{
	if (v->p == NULL || v->cap < len) {
		v->p = ev_arena_alloc(&m->arena, len);
		v->cap = (uint32_t)len;
	}
	memcpy(v->p, json, len);
	v->len = (uint32_t)len;
}

static const struct ev_stamp *kept(struct ev_members *m, const struct ev_stamp *stamp)
{
	struct ev_stamp *copy;

	if (m->last != NULL && compare_stamps(m->last, stamp) == 0)
		return m->last;
	copy = ev_arena_alloc(&m->arena, sizeof *copy);
	*copy = *stamp;
	copy->version = ev_arena_copy(&m->arena, stamp->version, stamp->version_len);
	m->last = copy;
	return copy;
}

/* Whether the JSON is greater, in octets, than the value that is set. */
static bool is_greater(const struct value *v, const char *json, size_t len)
{
	int order = memcmp(json, v->p, len < v->len ? len : v->len);

	return order > 0 || (order == 0 && len > v->len);
}

void ev_members_set(struct ev_members *m, size_t member, size_t column, const char *json,
		    size_t len, const struct ev_stamp *stamp)
{
	struct value *v = &m->list[member].values[column];
	int order = v->stamp != NULL ? compare_stamps(v->stamp, stamp) : -1;

	/*
	 * One version may name a member twice with different words: the greater stands, in any
	 * order.
	 */
	if (order > 0 || (order == 0 && !is_greater(v, json, len)))
		return;
	if (order != 0)
		v->stamp = kept(m, stamp);
	if (v->p == NULL || v->len != len || memcmp(v->p, json, len) != 0)
		store(m, v, json, len);
}

void ev_members_set_key(struct ev_members *m, size_t member, size_t column, const char *json,
			size_t len)
{
	struct value *v = &m->list[member].values[column];

	/* One key may have several spellings, 19.1 and 19.10: the greater stands, in any order. */
	if (v->p == NULL || is_greater(v, json, len))
		store(m, v, json, len);
}

void ev_members_describe(struct ev_members *m, size_t member)
{
	m->list[member].described = true;
}

static int by_key(const void *x, const void *y)
{
	const struct member *a = x, *b = y;

	return memcmp(a->key, b->key, sizeof a->key);
}

void ev_members_sort(struct ev_members *m)
{
	if (m->n > 0)
		qsort(m->list, m->n, sizeof *m->list, by_key);
}

size_t ev_members_count(const struct ev_members *m)
{
	return m->n;
}

const char *ev_members_key(const struct ev_members *m, size_t i)
{
	return m->list[i].key;
}

bool ev_members_inferred(const struct ev_members *m, size_t i)
{
	return !m->list[i].described;
}

const char *ev_members_value(const struct ev_members *m, size_t i, size_t column, size_t *len)
{
	const struct value *v = &m->list[i].values[column];

	*len = v->p != NULL ? v->len : 4;
	return v->p != NULL ? v->p : "null";
}

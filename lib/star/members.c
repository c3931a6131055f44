#include "star/members.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { FEWEST = 256 };

static struct ev_members_slot *new_table(size_t size)
{
	const size_t bytes = size * sizeof(struct ev_members_slot);

	return memset(ev_malloc_huge(bytes), 0, bytes);
}

struct ev_members *ev_members_new(const struct ev_dimension *d)
{
	struct ev_members *m = ev_calloc(1, sizeof *m);

	m->n_parts = d->n_keys;
	m->n_attributes = d->columns.n - d->n_keys;
	m->size = FEWEST;
	m->table = new_table(m->size);
	m->last = &m->first;
	m->seed = ev_hash_seed();
	return m;
}

void ev_members_free(struct ev_members **m)
{
	if (*m == NULL)
		return;
	ev_arena_free(&(*m)->arena);
	free((*m)->table);
	free(*m);
	*m = NULL;
}

void ev_members_clear(struct ev_members *m)
{
	ev_arena_reset(&m->arena);
	free(m->table);
	m->n = 0;
	m->size = FEWEST;
	m->table = new_table(m->size);
	m->first = NULL;
	m->last = &m->first;
}

void ev_members_forget(struct ev_members *m)
{
	for (struct ev_star_member *i = m->first; i != NULL; i = i->next) {
		i->met = i->described = false;
		i->spelled = NULL;
		for (size_t k = 0; k < m->n_attributes; k++)
			i->attributes[k].stamp = NULL;
	}
	m->first = NULL;
	m->last = &m->first;
}

static void put(struct ev_members *m, uint64_t hash, struct ev_star_member *member)
{
	size_t i = hash & (m->size - 1);

	while (m->table[i].member != NULL)
		i = (i + 1) & (m->size - 1);
	m->table[i] = (struct ev_members_slot){hash, member};
}

static void grow(struct ev_members *m)
{
	struct ev_members_slot *old = m->table;
	size_t size = m->size;

	m->size *= 2;
	m->table = new_table(m->size);
	for (size_t i = 0; i < size; i++)
		if (old[i].member != NULL)
			put(m, old[i].hash, old[i].member);
	free(old);
}

struct ev_star_member *ev_members_add(struct ev_members *m, uint64_t hash, const char *identity,
				      size_t len, const struct ev_buf *preimage)
{
	size_t size = sizeof(struct ev_star_member) + m->n_attributes * sizeof(struct ev_attribute);
	struct ev_star_member *new = ev_arena_alloc(&m->arena, size + len);
	char key[EV_KEY_TEXT + 1];

	*new = (struct ev_star_member){.identity_len = (uint32_t)len};
	for (size_t i = 0; i < m->n_attributes; i++)
		new->attributes[i] = (struct ev_attribute){.p = NULL};
	memcpy((char *)new + size, identity, len);
	ev_key_make(preimage, key);
	memcpy(new->key, key, EV_KEY_TEXT);
	if (++m->n > m->size / 2)
		grow(m);
	put(m, hash, new);
	return new;
}

static int compare_stamps(const struct ev_stamp *a, const struct ev_stamp *b)
{
	int order;

	if (a == b)
		return 0;
	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	order = ev_bytes_compare(a->id, a->id_len, b->id, b->id_len);
	return order != 0 ? order : (a->element > b->element) - (a->element < b->element);
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

/* True if the JSON is greater, as bytes, than the value set so far. */
static bool is_greater(const struct ev_attribute *v, const char *json, size_t len)
{
	return ev_bytes_compare(json, len, v->p, v->len) > 0;
}

bool ev_members_set(struct ev_members *m, struct ev_attribute *v, const char *json, size_t len,
		    const struct ev_stamp *stamp)
{
	int order = v->stamp != NULL ? compare_stamps(v->stamp, stamp) : -1;

	/* Without evversion, records of one event may differ: the greater value wins. */
	if (order > 0 || (order == 0 && !is_greater(v, json, len)))
		return false;
	if (v->p == NULL || v->len != len || memcmp(v->p, json, len) != 0)
		store(m, v, json, len);
	return order != 0;
}

/* A part of the key, as the identity spells it. */
static const char *own_part(const struct ev_members *m, const struct ev_star_member *member,
			    size_t part, size_t *len)
{
	const char *p = ev_members_identity(m, member), *end = p + member->identity_len, *stop;

	for (;; part--) {
		if ((stop = memchr(p, '\n', (size_t)(end - p))) == NULL)
			stop = end;
		if (part == 0)
			break;
		p = stop + 1;
	}
	*len = (size_t)(stop - p);
	return p;
}

const char *ev_members_any_part(const struct ev_members *m, const struct ev_star_member *member,
				size_t part, size_t *len)
{
	const struct ev_attribute *v = member->spelled;

	if (v == NULL || v[part].p == NULL)
		return own_part(m, member, part, len);
	*len = v[part].len;
	return v[part].p;
}

void ev_members_spell(struct ev_members *m, struct ev_star_member *member, size_t part,
		      const char *json, size_t len, bool first)
{
	struct ev_attribute had = {.p = NULL};
	size_t had_len;

	had.p = (char *)(uintptr_t)ev_members_part(m, member, part, &had_len);
	had.len = (uint32_t)had_len;
	if (!is_greater(&had, json, len) &&
	    (!first || (had.len == len && memcmp(had.p, json, len) == 0)))
		return;
	if (member->spelled == NULL)
		member->spelled = ev_arena_zalloc(&m->arena, m->n_parts * sizeof *member->spelled);
	store(m, &member->spelled[part], json, len);
}

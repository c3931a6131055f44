#include "engine/star_members.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* How many members ahead are fetched while one is looked at, and how much of each. */
enum { AHEAD = 8, FETCHED = 256 };

static struct ev_members_slot *new_table(size_t size)
{
	const size_t octets = size * sizeof(struct ev_members_slot);

	return memset(ev_malloc_huge(octets), 0, octets);
}

struct ev_members *ev_members_new(const struct ev_dimension *d, struct ev_md5 *keys)
{
	struct ev_members *m = ev_calloc(1, sizeof *m);

	m->keys = keys;
	m->n_parts = d->n_keys;
	m->n_attributes = d->columns.n - d->n_keys;
	m->size = 256;
	m->table = new_table(m->size);
	m->seeds[0] = ev_hash_seed();
	m->seeds[1] = ev_hash_seed();
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

static void put(struct ev_members *m, uint64_t hash, struct ev_member *member)
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

struct ev_member *ev_members_add(struct ev_members *m, uint64_t hash, const char *identity,
				 size_t len, const struct ev_buf *preimage)
{
	size_t size = sizeof(struct ev_member) + m->n_attributes * sizeof(struct ev_attribute);
	struct ev_member *new = ev_arena_alloc(&m->arena, size + len);

	*new = (struct ev_member){.identity_len = (uint32_t)len};
	for (size_t i = 0; i < m->n_attributes; i++)
		new->attributes[i] = (struct ev_attribute){.p = NULL};
	memcpy((char *)new + size, identity, len);
	ev_md5_add(m->keys, preimage->p, preimage->len, new->key);
	if (++m->n > m->size / 2)
		grow(m);
	put(m, hash, new);
	return new;
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
	if (a->row[0] == '\0' || b->row[0] == '\0') {
		if (a->says == b->says)
			return 0; /* a version that was delivered twice */
		ev_md5_settle(m->keys);
	}
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

bool ev_members_set(struct ev_members *m, struct ev_attribute *v, const char *json, size_t len,
		    const struct ev_stamp *stamp)
{
	int order = v->stamp != NULL ? compare_stamps(m, v->stamp, stamp) : -1;

	/*
	 * One version may name a member twice with different words: the greater stands, in any
	 * order.
	 */
	if (order > 0 || (order == 0 && !is_greater(v, json, len)))
		return false;
	if (v->p == NULL || v->len != len || memcmp(v->p, json, len) != 0)
		store(m, v, json, len);
	return order != 0;
}

/* The spelling of a key's part in the identity. */
static const char *own_part(const struct ev_members *m, const struct ev_member *member, size_t part,
			    size_t *len)
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

const char *ev_members_any_part(const struct ev_members *m, const struct ev_member *member,
				size_t part, size_t *len)
{
	const struct ev_attribute *v = member->spelled;

	if (v == NULL || v[part].p == NULL)
		return own_part(m, member, part, len);
	*len = v[part].len;
	return v[part].p;
}

void ev_members_spell(struct ev_members *m, struct ev_member *member, size_t part, const char *json,
		      size_t len, bool added)
{
	struct ev_attribute had = {.p = NULL};
	size_t had_len;

	had.p = (char *)(uintptr_t)ev_members_part(m, member, part, &had_len);
	had.len = (uint32_t)had_len;
	if (!is_greater(&had, json, len) &&
	    (!added || (had.len == len && memcmp(had.p, json, len) == 0)))
		return;
	if (member->spelled == NULL)
		member->spelled = ev_arena_zalloc(&m->arena, m->n_parts * sizeof *member->spelled);
	store(m, &member->spelled[part], json, len);
}

/* Sorting: by the first digits of keys, which are spread evenly, digit by digit from the last. */

struct ev_members_sorted {
	uint32_t first; /* eight digits */
	struct ev_member *member;
};

enum { RADIX_BITS = 11, RADIX = 1 << RADIX_BITS, PASSES = 3 };

/* Eight hex digits as the number they are: a nibble an octet, which are then put together. */
static uint32_t first_digits(const char *key)
{
	uint64_t v;

	memcpy(&v, key, sizeof v);
	v = be64toh(v);
	v = (v & 0x0f0f0f0f0f0f0f0f) + (v >> 6 & 0x0101010101010101) * 9;
	v = (v | v >> 4) & 0x00ff00ff00ff00ff;
	v = (v | v >> 8) & 0x0000ffff0000ffff;
	return (uint32_t)(v | v >> 16);
}

static void pass(const struct ev_members_sorted *from, struct ev_members_sorted *to, size_t n,
		 unsigned shift)
{
	size_t starts[RADIX] = {0}, sum = 0;

	for (size_t i = 0; i < n; i++)
		starts[from[i].first >> shift & (RADIX - 1)]++;
	for (size_t i = 0; i < RADIX; i++) {
		size_t count = starts[i];

		starts[i] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		to[starts[from[i].first >> shift & (RADIX - 1)]++] = from[i];
}

static int by_key(const void *x, const void *y)
{
	const struct ev_members_sorted *a = x, *b = y;

	return memcmp(a->member->key, b->member->key, EV_KEY_TEXT);
}

/* Runs of equal first digits, which chance makes short, are sorted by the whole keys. */
static void sort_runs(struct ev_members_sorted *list, size_t n)
{
	size_t from = 0;

	for (size_t i = 1; i <= n; i++) {
		if (i < n && list[i].first == list[from].first)
			continue;
		if (i - from > 1)
			qsort(list + from, i - from, sizeof *list, by_key);
		from = i;
	}
}

static struct ev_members_sorted *new_list(size_t n)
{
	return ev_malloc_huge(n * sizeof(struct ev_members_sorted));
}

void ev_members_sort(struct ev_members *m)
{
	struct ev_members_sorted *list = new_list(m->n), *other = new_list(m->n);
	size_t n = 0;

	for (size_t i = 0; i < m->size; i++)
		if (m->table[i].member != NULL)
			list[n++].member = m->table[i].member;
	free(m->table); /* no member is looked for any more */
	m->table = NULL;
	for (size_t i = 0; i < n; i++) {
		if (i + AHEAD < n)
			__builtin_prefetch(list[i + AHEAD].member);
		list[i].first = first_digits(list[i].member->key);
	}
	for (unsigned i = 0; i < PASSES; i++) {
		struct ev_members_sorted *swap = list;

		pass(list, other, n, i * RADIX_BITS);
		list = other;
		other = swap;
	}
	free(other);
	sort_runs(list, n);
	m->sorted = list;
}

const struct ev_member *ev_members_at(const struct ev_members *m, size_t i)
{
	if (i + AHEAD < m->n) {
		const char *ahead = (const char *)m->sorted[i + AHEAD].member;

		for (size_t k = 0; k < FETCHED; k += 64)
			__builtin_prefetch(ahead + k);
	}
	return m->sorted[i].member;
}

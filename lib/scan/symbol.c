#include "scan/symbol.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>

enum {
	BITS = 8,	/* of the first table's size */
	MAX_NAME = 256, /* bytes of a learned name */
	TOLD = 16,	/* bytes of a name that head and tail tell */
};

const uint64_t ev_symbols_keep[9] = {
	0,
	0xff,
	0xffff,
	0xffffff,
	0xffffffff,
	0xffffffffff,
	0xffffffffffff,
	0xffffffffffffff,
	0xffffffffffffffff,
};

struct ev_symbols *ev_symbols_new(uint32_t learns)
{
	struct ev_symbols *s = ev_calloc(1, sizeof *s);

	s->mask = (uint32_t)(((1U << BITS) - 1) * sizeof *s->table);
	s->may_learn = learns;
	s->head_key = ev_hash_seed();
	s->tail_key = ev_hash_seed();
	s->table = ev_calloc((size_t)1 << BITS, sizeof *s->table);
	return s;
}

static size_t size_of(const struct ev_symbols *s)
{
	return s->mask / sizeof *s->table + 1;
}

void ev_symbols_free(struct ev_symbols **s)
{
	if (*s == NULL)
		return;
	for (size_t i = 0; i < size_of(*s); i++)
		free((char *)(uintptr_t)(*s)->table[i].name);
	free((*s)->table);
	free((*s)->ranks);
	free(*s);
	*s = NULL;
}

static struct ev_symbol wanted(const struct ev_symbols *s, const char *name, size_t len,
			       uint64_t head, uint64_t tail)
{
	if (len <= TOLD)
		return (struct ev_symbol){head, tail, name, (uint32_t)len, EV_NO_SYMBOL};
	return (struct ev_symbol){ev_hash64(name, len, s->head_key), tail, name,
				  (uint32_t)len | EV_SYMBOL_LONG, EV_NO_SYMBOL};
}

static bool same(const struct ev_symbol *a, const struct ev_symbol *b)
{
	return a->head == b->head && a->tail == b->tail && a->len == b->len &&
	       (a->len < EV_SYMBOL_LONG || memcmp(a->name, b->name, a->len ^ EV_SYMBOL_LONG) == 0);
}

/* The slot of the name, or the free one where it would stand. */
static struct ev_symbol *slot_of(struct ev_symbols *s, const struct ev_symbol *w)
{
	struct ev_symbol *at = ev_symbols_slot(s, w->head, w->tail), *end = s->table + size_of(s);

	while (at->symbol != EV_NO_SYMBOL && !same(at, w))
		if (++at == end)
			at = s->table;
	return at;
}

static void double_table(struct ev_symbols *s)
{
	struct ev_symbol *old = s->table;
	size_t n = size_of(s);

	s->mask = (uint32_t)((2 * n - 1) * sizeof *s->table);
	s->table = ev_calloc(2 * n, sizeof *s->table);
	for (size_t i = 0; i < n; i++)
		if (old[i].symbol != EV_NO_SYMBOL)
			*slot_of(s, &old[i]) = old[i];
	free(old);
}

/* at: the free slot where it would stand. */
static uint32_t fill(struct ev_symbols *s, struct ev_symbol *at, const struct ev_symbol *w)
{
	if (2 * (size_t)s->n >= size_of(s)) {
		double_table(s);
		at = slot_of(s, w);
	}
	*at = *w;
	at->name = ev_strndup(w->name, w->len & ~EV_SYMBOL_LONG);
	at->symbol = ++s->n;
	return at->symbol;
}

uint32_t ev_symbols_seek(struct ev_symbols *s, const char *name, size_t len, uint64_t head,
			 uint64_t tail)
{
	const struct ev_symbol w = wanted(s, name, len, head, tail);
	struct ev_symbol *at = slot_of(s, &w);

	if (at->symbol != EV_NO_SYMBOL || s->may_learn == 0 || len > MAX_NAME)
		return at->symbol;
	s->may_learn--;
	return fill(s, at, &w);
}

uint32_t ev_symbols_add(struct ev_symbols *s, const char *name, size_t len)
{
	size_t in_word = len < 8 ? len : 8;
	struct ev_symbol w, *at;
	uint64_t head = 0, tail = 0;

	for (size_t i = 0; i < in_word; i++) {
		head |= (uint64_t)(unsigned char)name[i] << 8 * i;
		tail |= (uint64_t)(unsigned char)name[len - in_word + i] << 8 * i;
	}
	w = wanted(s, name, len, head, tail);
	at = slot_of(s, &w);
	return at->symbol != EV_NO_SYMBOL ? at->symbol : fill(s, at, &w);
}

static int by_name(const void *x, const void *y)
{
	const struct ev_symbol *a = *(const struct ev_symbol *const *)x,
			       *b = *(const struct ev_symbol *const *)y;
	size_t a_len = a->len & ~EV_SYMBOL_LONG, b_len = b->len & ~EV_SYMBOL_LONG;
	int order = memcmp(a->name, b->name, a_len < b_len ? a_len : b_len);

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

const uint32_t *ev_symbols_rank(struct ev_symbols *s)
{
	const struct ev_symbol **order =
		ev_realloc_array(NULL, (size_t)s->n + 1, sizeof(struct ev_symbol *));
	size_t n = 0;

	for (size_t i = 0; i < size_of(s); i++)
		if (s->table[i].symbol != EV_NO_SYMBOL)
			order[n++] = &s->table[i];
	qsort(order, n, sizeof(struct ev_symbol *), by_name);
	s->ranks = ev_realloc_array(s->ranks, n + 1, sizeof *s->ranks);
	s->ranks[EV_NO_SYMBOL] = 0;
	for (size_t i = 0; i < n; i++)
		s->ranks[order[i]->symbol] = (uint32_t)i;
	s->n_ranked = s->n;
	free(order);
	return s->ranks;
}

/* Maps */

static void place(struct ev_symbol_map *m, uint32_t symbol, uint32_t value)
{
	uint32_t i = symbol & m->mask;

	while (m->slots[i].symbol != EV_NO_SYMBOL && m->slots[i].symbol != symbol)
		i = (i + 1) & m->mask;
	m->n += m->slots[i].symbol == EV_NO_SYMBOL;
	m->slots[i] = (struct ev_symbol_pair){symbol, value};
}

void ev_symbol_map_put(struct ev_symbol_map *m, uint32_t symbol, uint32_t value)
{
	if (m->n == 0 || 2 * (m->n + 1) > m->mask + 1) {
		struct ev_symbol_pair *old = m->slots;
		size_t size = m->n == 0 ? 8 : 2 * ((size_t)m->mask + 1),
		       n = m->n == 0 ? 0 : size / 2;

		m->slots = ev_calloc(size, sizeof *m->slots);
		for (size_t i = 0; i < size; i++)
			m->slots[i].value = UINT32_MAX; /* what EV_NO_SYMBOL finds */
		m->mask = (uint32_t)size - 1;
		m->n = 0;
		for (size_t i = 0; i < n; i++)
			if (old[i].symbol != EV_NO_SYMBOL)
				place(m, old[i].symbol, old[i].value);
		free(old);
	}
	place(m, symbol, value);
}

void ev_symbol_map_free(struct ev_symbol_map *m)
{
	free(m->slots);
	*m = (struct ev_symbol_map){0};
}

#include "scan/symbol.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>

enum { MAX_NAME = 256 /* bytes of a learned name */ };

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

	s->may_learn = learns;
	s->seed = ev_hash_seed();
	return s;
}

void ev_symbols_free(struct ev_symbols **s)
{
	if (*s == NULL)
		return;
	for (size_t i = 0; i < (*s)->n; i++)
		free((*s)->names[i].p);
	free((*s)->names);
	free((*s)->ranks);
	ev_lookup_free(&(*s)->numbers);
	free(*s);
	*s = NULL;
}

/* A name is added if it has fewer bytes than `below`. */
static uint32_t find_or_add(struct ev_symbols *s, const char *name, size_t len, size_t below)
{
	uint64_t hash = ev_hash64(name, len, s->seed);
	size_t step = 0;
	uint32_t i;

	while ((i = ev_lookup_next(&s->numbers, hash, &step)) != EV_LOOKUP_NONE)
		if (s->names[i].len == len && (len == 0 || memcmp(s->names[i].p, name, len) == 0))
			return i + 1;
	if (len >= below)
		return EV_NO_SYMBOL;
	ev_grow(&s->names, &s->cap, s->n + 1UL, sizeof *s->names);
	s->names[s->n] = (struct ev_symbol){ev_strndup(name, len), len};
	ev_lookup_add(&s->numbers, hash, s->n);
	return ++s->n;
}

uint32_t ev_symbols_add(struct ev_symbols *s, const char *name, size_t len)
{
	return find_or_add(s, name, len, SIZE_MAX);
}

uint32_t ev_symbols_of(struct ev_symbols *s, const char *name, size_t len)
{
	uint32_t n = s->n, symbol = find_or_add(s, name, len, s->may_learn > 0 ? MAX_NAME + 1 : 0);

	s->may_learn -= s->n - n;
	return symbol;
}

static int by_name(const void *x, const void *y)
{
	const struct ev_symbol *a = *(const struct ev_symbol *const *)x,
			       *b = *(const struct ev_symbol *const *)y;

	return ev_bytes_compare(a->p, a->len, b->p, b->len);
}

const uint32_t *ev_symbols_rank(struct ev_symbols *s)
{
	const struct ev_symbol **order = ev_calloc(s->n + 1UL, sizeof(struct ev_symbol *));

	for (uint32_t i = 0; i < s->n; i++)
		order[i] = &s->names[i];
	qsort(order, s->n, sizeof(struct ev_symbol *), by_name);
	s->ranks = ev_realloc_array(s->ranks, s->n + 1UL, sizeof *s->ranks);
	s->ranks[EV_NO_SYMBOL] = 0;
	for (uint32_t i = 0; i < s->n; i++)
		s->ranks[order[i] - s->names + 1] = i;
	s->n_ranked = s->n;
	free(order);
	return s->ranks;
}

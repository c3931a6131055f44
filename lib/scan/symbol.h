/*
 * symbol: the names of members as small numbers. Floor 2.
 *
 * A scanner looks each member's name up once; from then on, names are compared as numbers.
 * Names that a program asks for are added before the first text and are always known. Names that
 * only the data have are learned up to a bound; beyond it they are EV_NO_SYMBOL, which equals no
 * name that was added.
 *
 * Memory: some 48 bytes a name and its own, which are 256 at most where it is learned; EV_LEARN
 * names are learned at most.
 */
#ifndef EV_SYMBOL_H
#define EV_SYMBOL_H

#include "base/lookup.h"

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { EV_NO_SYMBOL = 0 };

struct ev_symbol {
	char *p; /* decoded */
	size_t len;
};

struct ev_symbols {
	struct ev_symbol *names; /* by symbol less 1 */
	uint32_t n;
	uint32_t may_learn; /* further names, from the data */
	size_t cap;
	struct ev_lookup numbers;
	uint64_t seed;	 /* secret, so that nobody can craft names that collide */
	uint32_t *ranks; /* by symbol, for n_ranked of them */
	uint32_t n_ranked;
};

/* learns: how many names beside those added; EV_LEARN for a scanner's. */
enum { EV_LEARN = 4096 };
struct ev_symbols *ev_symbols_new(uint32_t learns);
void ev_symbols_free(struct ev_symbols **s);
/* The number of a name, from 1 and in the order of adding. */
uint32_t ev_symbols_add(struct ev_symbols *s, const char *name, size_t len);
/*
 * By symbol, the place of its name among all in the order of their bytes; [EV_NO_SYMBOL] means
 * nothing. Valid until a name is added or learned.
 */
const uint32_t *ev_symbols_rank(struct ev_symbols *s);
static inline const uint32_t *ev_symbols_ranks(struct ev_symbols *s)
{
	return s->n_ranked == s->n ? s->ranks : ev_symbols_rank(s);
}

/* The symbol of a name, decoded. Learns it if there is room. */
uint32_t ev_symbols_of(struct ev_symbols *s, const char *name, size_t len);

/* The lowest bytes that a name of so many has in a word. */
extern const uint64_t ev_symbols_keep[9];

/* A map from symbols to numbers below UINT32_MAX, which stands for none; a symbol is put once. */
static inline void ev_symbol_map_put(struct ev_lookup *m, uint32_t symbol, uint32_t value)
{
	ev_lookup_add(m, (uint64_t)symbol << 32, value);
}

static inline uint32_t ev_symbol_map_get(const struct ev_lookup *m, uint32_t symbol)
{
	size_t step = 0;

	return ev_lookup_next(m, (uint64_t)symbol << 32, &step);
}

#endif

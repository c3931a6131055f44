#include "json/index.h"
#include "base/mem.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

/* A bit for each of 64 octets, of those that are printable ASCII. */
struct masks {
	uint64_t quote, space;
	uint64_t mark; /* { } [ ] : , quotes and spaces; of other octets anything */
	bool odd;      /* there is a backslash, or what is no printable ASCII */
};

/* The same of all octets, for blocks that are odd. */
struct odd {
	uint64_t backslash, control, high;
	uint64_t blank, lf; /* tabs, CR and LF; LF alone */
};

/* What a block is told of the one before it. */
struct state {
	uint64_t in_string;    /* all ones if it ends inside a string */
	uint64_t behind;       /* 1 if a scalar can begin behind it: it does not end in one */
	uint64_t escape_carry; /* 1 if its last octet escapes the next */
	uint64_t high;	       /* which of its last three octets are above 0x7f */
};

/* The line that is being indexed, and how much is written. */
struct writer {
	struct ev_index *ix;
	uint64_t lines; /* all ones if a LF ends a line, else 0 */
	size_t n_escapes;
	struct ev_index_line line;
	bool suspect; /* the block at hand is no UTF-8, or reaches into what is none */
};

enum { EDGED = 3 + 64 };

/*
 * The block of len octets at base, with the three octets before it and white space around what is
 * not the text's.
 */
static const uint8_t *with_edges(const uint8_t *text, size_t base, size_t len, uint8_t edge[EDGED])
{
	size_t before = base > 0 ? 3 : 0;

	memset(edge, ' ', EDGED);
	memcpy(edge + 3 - before, text + base - before, before + len);
	return edge + 3;
}

/*
 * The octets that are escaped. An escape begins at every other backslash of a run (simdjson,
 * find_escaped).
 */
static inline uint64_t resolve_escapes(uint64_t backslash, uint64_t *carry)
{
	const uint64_t even = 0x5555555555555555ULL;
	uint64_t runs = backslash & ~*carry;
	uint64_t follows = runs << 1 | *carry;
	uint64_t odd_starts = runs & ~even & ~follows;
	uint64_t even_runs;

	*carry = __builtin_add_overflow(odd_starts, runs, &even_runs);
	return (even ^ even_runs << 1) & follows;
}

/*
 * The tokens' bits: the quotes, and what stands outside strings and is a mark but no space, or an
 * octet of a scalar behind one of none. behind: 1 if one of none is before the block.
 */
static inline uint64_t tokens_of(const struct masks *m, uint64_t inside, uint64_t behind)
{
	uint64_t no_scalar = m->mark | inside;

	return m->quote | (~(inside | m->space) & (m->mark | no_scalar << 1 | behind));
}

/* Notes the control characters and escapes of a segment that stand in strings. */
static inline void rare(struct writer *w, uint32_t from, const struct odd *odd, uint64_t escaped,
			uint64_t inside)
{
	uint64_t control = odd->control & inside, escapes = odd->backslash & ~escaped & inside;

	if (control != 0 && w->line.control == UINT32_MAX)
		w->line.control = from + (uint32_t)__builtin_ctzll(control);
	for (; escapes != 0; escapes &= escapes - 1)
		w->ix->escapes[w->n_escapes++] = from + (uint32_t)__builtin_ctzll(escapes);
}

static void begin_line(struct writer *w, uint32_t pos, uint32_t first)
{
	w->line = (struct ev_index_line){.pos = pos,
					 .first = first,
					 .escape = (uint32_t)w->n_escapes,
					 .control = UINT32_MAX,
					 .suspect = w->suspect};
}

/* end: the position of its LF, or the text's end; at: behind its tokens. Returns the next one's. */
static uint32_t *end_line(struct writer *w, uint32_t *at, uint32_t end, bool unclosed)
{
	struct ev_index *ix = w->ix;

	w->line.len = end - w->line.pos;
	w->line.n = (uint32_t)(at - ix->at) - w->line.first;
	w->line.n_escapes = (uint32_t)w->n_escapes - w->line.escape;
	w->line.unclosed = unclosed;
	at[0] = at[1] = w->line.len;
	ix->octets[at - ix->at] = ix->octets[at - ix->at + 1] = 0;
	if (ix->n_lines == ix->cap_lines)
		ev_grow(&ix->lines, &ix->cap_lines, ix->n_lines + 1, sizeof *ix->lines);
	ix->lines[ix->n_lines++] = w->line;
	begin_line(w, end + 1, (uint32_t)(at + 2 - ix->at));
	return at + 2;
}

static inline uint64_t prefix_xor_shifts(uint64_t x)
{
	x ^= x << 1;
	x ^= x << 2;
	x ^= x << 4;
	x ^= x << 8;
	x ^= x << 16;
	x ^= x << 32;
	return x;
}

/*
 * The portable way: eight octets in a word, the first lowest. What asks of each of them answers by
 * its highest bit.
 */

#define EIGHT(c) ((c)*0x0101010101010101ULL)

/* Exact: no octet carries into the next. */
static inline uint64_t not_zero(uint64_t x)
{
	return ((x & EIGHT(0x7f)) + EIGHT(0x7f)) | x;
}

static inline uint64_t differ(uint64_t x, uint8_t c)
{
	return not_zero(x ^ EIGHT(c));
}

/* The highest bits side by side: each is moved by another power of two to the top octet. */
static inline uint64_t gather(uint64_t x)
{
	return (x >> 7 & EIGHT(1)) * 0x0102040810204080ULL >> 56;
}

static inline struct masks classify_portable(const uint8_t *p)
{
	struct masks m = {0};
	uint64_t odd = 0;

	for (unsigned i = 0; i < 64; i += 8) {
		uint64_t v, folded, quote, space;

		memcpy(&v, p + i, sizeof v);
		v = le64toh(v);
		folded = v | EIGHT(0x20); /* takes the brackets and the braces together */
		quote = differ(v, '"');
		space = differ(v, ' ');
		m.quote |= gather(~quote) << i;
		m.space |= gather(~space) << i;
		m.mark |= gather(~(differ(folded, '{') & differ(folded, '}') & differ(v, ',') &
				   differ(v, ':') & quote & space))
			  << i;
		odd |= v | ~(not_zero(v & EIGHT(0xe0)) & differ(v, '\\'));
	}
	m.odd = (odd & EIGHT(0x80)) != 0;
	return m;
}

static inline struct odd classify_odd_portable(const uint8_t *p)
{
	struct odd odd = {0};

	for (unsigned i = 0; i < 64; i += 8) {
		uint64_t v, no_lf;

		memcpy(&v, p + i, sizeof v);
		v = le64toh(v);
		no_lf = differ(v, '\n');
		odd.backslash |= gather(~differ(v, '\\')) << i;
		odd.control |= gather(~not_zero(v & EIGHT(0xe0))) << i;
		odd.high |= gather(v) << i;
		odd.blank |= gather(~(differ(v, '\t') & no_lf & differ(v, '\r'))) << i;
		odd.lf |= gather(~no_lf) << i;
	}
	return odd;
}

/* It cannot tell of a whole block: each line with octets above 0x7f is looked at by itself. */
static inline bool utf8_error_portable(const uint8_t *p)
{
	(void)p;
	return true;
}

/* Eight at a time; the lowest bit is of anything, also of 0. */
static inline uint32_t *flatten_portable(const struct ev_index *ix, uint32_t *at, const uint8_t *p,
					 uint32_t from, uint64_t bits)
{
	uint32_t *end = at + __builtin_popcountll(bits);
	uint8_t *octet = ix->octets + (at - ix->at);

	for (; at < end; at += 8, octet += 8)
		for (unsigned k = 0; k < 8; k++, bits &= bits - 1) {
			uint32_t lowest = (uint32_t)__builtin_ctzll(bits | 1ULL << 63);

			at[k] = from + lowest;
			octet[k] = p[lowest];
		}
	return end;
}

#define WAY portable
#define TARGET
#define prefix_xor_portable prefix_xor_shifts
#include "json/index_walk.h"
#undef WAY
#undef TARGET

#if defined __x86_64__
#include "json/index_x86.h"
#elif defined __AARCH64EL__
#include "json/index_neon.h"
#endif

static bool has_portable(void)
{
	return true;
}

typedef void index_fn(struct writer *, const uint8_t *, size_t);

/* The best first. */
static const struct way {
	const char *name;
	bool (*has)(void);
	index_fn *fn;
	bool avx2;
} ways[] = {
#if defined __x86_64__
	{"avx512", has_avx512, index_avx512, true},
	{"avx2", has_avx2, index_avx2, true},
	{"sse42", has_sse42, index_sse42, false},
#elif defined __AARCH64EL__
	{"pmull", has_pmull, index_pmull, false},
	{"neon", has_neon, index_neon, false},
#endif
	{"portable", has_portable, index_portable, false},
};

static const struct way *chosen;

/* The i-th way that this machine has. */
static const struct way *way(unsigned i)
{
	for (size_t k = 0; k < sizeof ways / sizeof ways[0]; k++)
		if (ways[k].has() && i-- == 0)
			return &ways[k];
	return NULL;
}

const char *ev_index_way(unsigned i)
{
	const struct way *w = way(i);

	return w != NULL ? w->name : NULL;
}

void ev_index_use(unsigned i)
{
	chosen = way(i);
}

bool ev_index_has_avx2(void)
{
	return chosen != NULL && chosen->avx2;
}

/* An octet is a token, or a LF that ends a line: that takes two places. */
static void run(struct ev_index *ix, const char *p, size_t len, uint64_t lines)
{
	struct writer w = {.ix = ix, .lines = lines};

	if (chosen == NULL)
		ev_index_use(0);
	if (ix->cap < len + 64) {
		ix->cap = len + len / 2 + 128;
		ix->at = ev_realloc_array(ix->at, ix->cap, 2 * sizeof *ix->at);
		ix->octets = ev_realloc_array(ix->octets, ix->cap, 2 * sizeof *ix->octets);
		ix->escapes = ev_realloc_array(ix->escapes, ix->cap, sizeof *ix->escapes);
	}
	ix->text = p;
	ix->n_lines = 0;
	begin_line(&w, 0, 0);
	chosen->fn(&w, (const uint8_t *)p, len);
}

void ev_index_lines(struct ev_index *ix, const char *p, size_t len)
{
	run(ix, p, len, ~0ULL);
}

void ev_index_text(struct ev_index *ix, const char *p, size_t len)
{
	run(ix, p, len, 0);
}

void ev_index_free(struct ev_index *ix)
{
	free(ix->at);
	free(ix->octets);
	free(ix->escapes);
	free(ix->lines);
	*ix = (struct ev_index){0};
}

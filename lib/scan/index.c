#include "scan/index.h"
#include "base/compiler.h"
#include "base/mem.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

/* A bit for each of 64 bytes, of those that are printable ASCII. */
struct masks {
	uint64_t quote, space, lf;
	uint64_t mark; /* { } [ ] : , quotes and spaces; of other bytes anything */
	bool slow;     /* there is a backslash, or a byte that is no LF and no printable ASCII */
};

/* What the slow path of a block needs besides. */
struct slow_masks {
	uint64_t backslash, control, high;
	uint64_t blank; /* tabs and CR */
};

/* What is carried from one block to the next. */
struct state {
	uint64_t in_string;    /* all ones if it ends inside a string */
	uint64_t behind;       /* 1 if a scalar can begin behind it: it does not end in one */
	uint64_t escape_carry; /* 1 if its last byte escapes the next */
	uint64_t high;	       /* which of its last three bytes are above 0x7f */
};

/* Where tokens, lines and escapes are written. */
struct writer {
	struct ev_index *ix;
	uint64_t lines; /* all ones if a LF ends a line, else 0 */
	size_t n_escapes;
};

enum {
	EDGE = 3, /* bytes before a block that its UTF-8 can be of */
	EDGED = EDGE + 64,
};

/* A copy of a block at an edge of the text, with the EDGE bytes before it and spaces around it. */
static const uint8_t *with_edges(const uint8_t *text, size_t base, size_t len, uint8_t edge[EDGED])
{
	size_t before = base > 0 ? EDGE : 0;

	memset(edge, ' ', EDGED);
	memcpy(edge + EDGE - before, text + base - before, before + len);
	return edge + EDGE;
}

/*
 * The bytes that are escaped. An escape begins at every other backslash of a run (simdjson,
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
 * The tokens' bits: quotes, and outside strings all marks but spaces, and the first byte of each
 * scalar. behind: 1 if the byte before the block is of no scalar.
 */
static inline uint64_t tokens_of(const struct masks *m, uint64_t inside, uint64_t behind)
{
	uint64_t no_scalar = m->mark | inside;

	return m->quote | (~(inside | m->space) & (m->mark | no_scalar << 1 | behind));
}

/* Writes the end of a line, at its token `last`; begin_lines() works out the beginnings. */
static inline void end_line(struct ev_index_line *line, size_t end, size_t last, size_t n_escapes)
{
	line->len = (uint32_t)end;
	line->n = (uint32_t)last;
	line->n_escapes = (uint32_t)n_escapes;
}

/* So that the fast path, which adds at most one line a block, need not ask for room. */
static void grow_lines(struct ev_index *ix, size_t n, size_t bytes_left)
{
	ev_grow(&ix->lines, &ix->cap_lines, ix->n_lines + n + bytes_left / 64 + 2,
		sizeof *ix->lines);
}

static void note(struct ev_index_notes *notes, size_t at)
{
	ev_grow(&notes->at, &notes->cap, notes->n + 1, sizeof *notes->at);
	notes->at[notes->n++] = (uint32_t)at;
}

/* The first note from the i-th on that is not before `at`. */
static size_t pass(const struct ev_index_notes *notes, size_t i, uint32_t at)
{
	while (i < notes->n && notes->at[i] < at)
		i++;
	return i;
}

/* Marks the lines that notes are about; a suspect block concerns the lines around it, too. */
static void tell_lines(struct ev_index *ix)
{
	size_t control = 0, unclosed = 0, suspect = 0;

	for (size_t i = 0; i < ix->n_lines; i++) {
		struct ev_index_line *line = &ix->lines[i];
		uint32_t pos = line->pos, end = pos + line->len;

		if (control < ix->controls.n && ix->controls.at[control] < end) {
			line->control = ix->controls.at[control] - pos;
			control = pass(&ix->controls, control, end);
		}
		if (unclosed < ix->unclosed.n && ix->unclosed.at[unclosed] == end) {
			line->unclosed = true;
			unclosed++;
		}
		suspect = pass(&ix->suspects, suspect, pos > EDGED ? pos - EDGED : 0);
		line->suspect = suspect < ix->suspects.n && ix->suspects.at[suspect] <= end + EDGE;
	}
}

/* Makes positions and counts of the ends that end_line() wrote. */
static void begin_lines(struct ev_index *ix)
{
	uint32_t pos = 0, first = 0, escape = 0;

	for (size_t i = 0; i < ix->n_lines; i++) {
		struct ev_index_line *line = &ix->lines[i];
		uint32_t end = line->len, last = line->n, escapes = line->n_escapes;

		*line = (struct ev_index_line){.pos = pos,
					       .len = end - pos,
					       .first = first,
					       .n = last - first,
					       .escape = escape,
					       .n_escapes = escapes - escape,
					       .control = UINT32_MAX};
		pos = end + 1;
		first = last + 1;
		escape = escapes;
	}
	if ((ix->controls.n | ix->unclosed.n | ix->suspects.n) != 0)
		tell_lines(ix);
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
 * The portable implementation: eight bytes in a word, the first lowest. A predicate of each byte
 * is its highest bit.
 */

#define EIGHT(c) ((c)*0x0101010101010101ULL)

/* Exact: no byte carries into the next. */
static inline uint64_t not_zero(uint64_t x)
{
	return ((x & EIGHT(0x7f)) + EIGHT(0x7f)) | x;
}

static inline uint64_t differ(uint64_t x, uint8_t c)
{
	return not_zero(x ^ EIGHT(c));
}

/* The highest bits side by side: each is moved by another power of two to the top byte. */
static inline uint64_t gather(uint64_t x)
{
	return (x >> 7 & EIGHT(1)) * 0x0102040810204080ULL >> 56;
}

static inline struct masks classify_portable(const uint8_t *p)
{
	struct masks m = {0};
	uint64_t slow = 0;

	for (unsigned i = 0; i < 64; i += 8) {
		uint64_t v, folded, quote, space, lf;

		memcpy(&v, p + i, sizeof v);
		v = le64toh(v);
		folded = v | EIGHT(0x20); /* takes the brackets and the braces together */
		quote = differ(v, '"');
		space = differ(v, ' ');
		m.quote |= gather(~quote) << i;
		lf = differ(v, '\n');
		m.space |= gather(~space) << i;
		m.lf |= gather(~lf) << i;
		m.mark |= gather(~(differ(folded, '{') & differ(folded, '}') & differ(v, ',') &
				   differ(v, ':') & quote & space))
			  << i;
		slow |= v | ~((not_zero(v & EIGHT(0xe0)) | ~lf) & differ(v, '\\'));
	}
	m.slow = (slow & EIGHT(0x80)) != 0;
	return m;
}

static inline struct slow_masks classify_slow_portable(const uint8_t *p)
{
	struct slow_masks slow = {0};

	for (unsigned i = 0; i < 64; i += 8) {
		uint64_t v;

		memcpy(&v, p + i, sizeof v);
		v = le64toh(v);
		slow.backslash |= gather(~differ(v, '\\')) << i;
		slow.control |= gather(~not_zero(v & EIGHT(0xe0))) << i;
		slow.high |= gather(v) << i;
		slow.blank |= gather(~(differ(v, '\t') & differ(v, '\r'))) << i;
	}
	return slow;
}

/* Unknown for a block: each line with bytes above 0x7f is checked by itself. */
static inline bool utf8_error_portable(const uint8_t *p)
{
	(void)p;
	return true;
}

/* Eight at a time; ctz of 0 is undefined, so a bit is always set. */
static inline uint32_t *flatten_portable(const struct ev_index *ix, uint32_t *at, const uint8_t *p,
					 uint32_t from, uint64_t bits)
{
	uint32_t *end = at + __builtin_popcountll(bits);
	uint8_t *byte = ix->bytes + (at - ix->at);

	for (; at < end; at += 8, byte += 8)
		for (unsigned k = 0; k < 8; k++, bits &= bits - 1) {
			uint32_t lowest = (uint32_t)__builtin_ctzll(bits | 1ULL << 63);

			at[k] = from + lowest;
			byte[k] = p[lowest];
		}
	return end;
}

#define ISA portable
#define TARGET
#define prefix_xor_portable prefix_xor_shifts
#include "scan/index_walk.h"

#if defined __x86_64__
#include "scan/index_x86.h"
#elif defined __AARCH64EL__
#include "scan/index_neon.h"
#endif

static bool has_portable(void)
{
	return true;
}

typedef void index_fn(struct writer *, const uint8_t *, size_t);

/* The fastest first. */
static const struct implementation {
	const char *name;
	bool (*has)(void);
	index_fn *fn;
	bool avx2;
} implementations[] = {
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

static const struct implementation *chosen;

/* The i-th implementation that this machine has. */
static const struct implementation *implementation(unsigned i)
{
	for (size_t k = 0; k < sizeof implementations / sizeof implementations[0]; k++)
		if (implementations[k].has() && i-- == 0)
			return &implementations[k];
	return NULL;
}

const char *ev_index_implementation(unsigned i)
{
	const struct implementation *w = implementation(i);

	return w != NULL ? w->name : NULL;
}

void ev_index_use(unsigned i)
{
	chosen = implementation(i);
}

bool ev_index_has_avx2(void)
{
	return chosen != NULL && chosen->avx2;
}

/* Room for a token more than there are bytes, and for what flatten writes too much. */
static void run(struct ev_index *ix, const char *p, size_t len, uint64_t lines)
{
	struct writer w = {.ix = ix, .lines = lines};

	if (chosen == NULL)
		ev_index_use(0);
	if (ix->cap < len + 1) {
		ix->cap = len + len / 4 + 1;
		ix->at = ev_realloc_array(ix->at, ix->cap + 64, sizeof *ix->at);
		ix->bytes = ev_realloc_array(ix->bytes, ix->cap + 64, sizeof *ix->bytes);
		ix->escapes = ev_realloc_array(ix->escapes, ix->cap, sizeof *ix->escapes);
	}
	ix->text = p;
	ix->n_lines = 0;
	ix->controls.n = ix->unclosed.n = ix->suspects.n = 0;
	grow_lines(ix, 0, len);
	chosen->fn(&w, (const uint8_t *)p, len);
	begin_lines(ix);
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
	free(ix->bytes);
	free(ix->escapes);
	free(ix->lines);
	free(ix->controls.at);
	free(ix->unclosed.at);
	free(ix->suspects.at);
	*ix = (struct ev_index){0};
}

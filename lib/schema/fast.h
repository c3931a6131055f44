/*
 * fast: fast checks of scalars: patterns that are rows of characters, and words. Floor 7, for the files of schema
 * alone.
 *
 * ev_schema_fast_*: true only if the value fits. False: unknown, evaluate in full. Texts are strings without escapes as they stand in a document, so no byte is
 * below 0x20, and EV_SCAN_SLACK bytes behind them can be read.
 */
#ifndef EV_SCHEMA_FAST_H
#define EV_SCHEMA_FAST_H

#include "base/compiler.h"
#include "schema/internal.h"

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A layout is a regular expression without choice or repetition in the middle: at each position
 * stands one of a set of ASCII characters, kept as a few ranges. c is in lo..hi if c + (127 - hi) >
 * 126 - (hi - lo) in signed bytes: one addition and one comparison for 16 positions.
 */
enum {
	SCHEMA_LAYOUT_WIDTH = 48,
	SCHEMA_LAYOUT_VECTORS = SCHEMA_LAYOUT_WIDTH / 16,
	SCHEMA_LAYOUT_PAIRS = 3,
};

typedef uint8_t ev_schema_bytes EV_VECTOR(16);
typedef int8_t ev_schema_signed EV_VECTOR(16);

/* Two ranges for each of 16 positions. */
struct ev_schema_ranges {
	ev_schema_bytes add[2];
	ev_schema_signed above[2];
};

struct ev_schema_layout {
	/* 0x20 where letters of both cases count alike */
	ev_schema_bytes fold[SCHEMA_LAYOUT_VECTORS];
	uint32_t least, most; /* bytes of the text; most is UINT32_MAX if it is open */
	uint32_t width;	      /* positions; behind them anything may stand */
	uint32_t pairs;	      /* of ranges in use */
	struct ev_schema_ranges ranges[SCHEMA_LAYOUT_PAIRS][SCHEMA_LAYOUT_VECTORS];
};

/*
 * The layout of a regular expression of ECMA-262, made in the arena: it begins with ^, then
 * characters and classes follow, each with {n} or not, the last one also with another quantifier,
 * and then $ or nothing. NULL if the expression is no such one, or takes more than six ranges.
 */
const struct ev_schema_layout *ev_schema_layout_read(struct ev_arena *arena, const char *pattern,
						     size_t len);

/* Zeros, then 0xff from the middle on: a window of it masks what stands behind a text. */
extern const uint8_t ev_schema_layout_beyond[2 * SCHEMA_LAYOUT_WIDTH];

static inline ev_schema_bytes ev_schema_bytes_at(const void *p)
{
	ev_schema_bytes v;

	memcpy(&v, p, sizeof v);
	return v;
}

/* Gathers one bit from each byte, which is 0xff or 0. */
static inline uint32_t ev_schema_bytes_bits_portable(ev_schema_bytes v)
{
	const uint64_t ones = 0x0101010101010101, gather = 0x0102040810204080;
	uint64_t halves[2];

	memcpy(halves, &v, sizeof halves);
	return (uint32_t)((le64toh(halves[0]) & ones) * gather >> 56 |
			  (le64toh(halves[1]) & ones) * gather >> 56 << 8);
}

/* The same; every x86-64 has an instruction for it. */
static inline uint32_t ev_schema_bytes_bits(ev_schema_bytes v)
{
#ifdef __SSE2__
	typedef char chars EV_VECTOR(16);

	return (uint32_t)__builtin_ia32_pmovmskb128((chars)v);
#else
	return ev_schema_bytes_bits_portable(v);
#endif
}

/*
 * 0xff for each position of vector v that one of its ranges contains. Positions behind the width
 * contain everything.
 */
static inline ev_schema_bytes ev_schema_layout_hit(const struct ev_schema_layout *s, size_t v,
						   const char *p)
{
	ev_schema_bytes text = ev_schema_bytes_at(p + 16 * v) | s->fold[v], hit = {0};

	for (uint32_t k = 0; k < s->pairs; k++) {
		const struct ev_schema_ranges *r = &s->ranges[k][v];

		hit |= (ev_schema_bytes)((ev_schema_signed)(text + r->add[0]) > r->above[0]) |
		       (ev_schema_bytes)((ev_schema_signed)(text + r->add[1]) > r->above[1]);
	}
	return hit;
}

/* Checks the characters; the length (least, most) is the caller's to check. */
static inline bool ev_schema_fast_layout(const struct ev_schema_layout *s, const char *p,
					 size_t len)
{
	ev_schema_bytes hit = ev_schema_layout_hit(s, 0, p);

	if (len < s->width) { /* what stands behind the text counts for nothing */
		const uint8_t *end = ev_schema_layout_beyond + SCHEMA_LAYOUT_WIDTH - len;

		hit |= ev_schema_bytes_at(end);
		if (len > 16)
			hit &= ev_schema_layout_hit(s, 1, p) | ev_schema_bytes_at(end + 16);
		if (len > 32)
			hit &= ev_schema_layout_hit(s, 2, p) | ev_schema_bytes_at(end + 32);
	} else {
		if (s->width > 16)
			hit &= ev_schema_layout_hit(s, 1, p);
		if (s->width > 32)
			hit &= ev_schema_layout_hit(s, 2, p);
	}
	return ev_schema_bytes_bits(hit) == 0xffff;
}

/*
 * A word of an enum, compared by its length, its first and last eight bytes, and what is between.
 */
struct ev_schema_word {
	uint64_t head, tail;
	size_t len; /* SIZE_MAX: there is none */
	const char *text;
};

struct ev_schema_words {
	uint64_t factor; /* of the hash */
	unsigned shift;
	struct ev_schema_word slots[]; /* one of the words that belong there, if any do */
};

enum { SCHEMA_WORD_INLINE = 32 };

/* In the arena; the texts are borrowed. */
const struct ev_schema_words *ev_schema_words_make(struct ev_arena *arena,
						   const struct ev_schema_names *names);

static inline uint32_t ev_schema_word_slot(const struct ev_schema_words *w, uint64_t head,
					   uint64_t tail)
{
	return (uint32_t)((head ^ (tail << 7 | tail >> 57)) * w->factor >> w->shift);
}

static inline bool ev_schema_same_bytes(const char *a, const char *b)
{
	return ev_schema_bytes_bits(
		       (ev_schema_bytes)(ev_schema_bytes_at(a) == ev_schema_bytes_at(b))) == 0xffff;
}

/* For words of up to SCHEMA_WORD_INLINE bytes. */
static inline bool ev_schema_fast_word(const struct ev_schema_words *w, const char *p, size_t len)
{
	size_t in_word = len < 8 ? len : 8;
	uint64_t keep = ev_symbols_keep[in_word], head, tail;
	const struct ev_schema_word *at;

	memcpy(&head, p, 8);
	memcpy(&tail, p + len - in_word, 8);
	head = le64toh(head) & keep;
	tail = le64toh(tail) & keep;
	at = &w->slots[ev_schema_word_slot(w, head, tail)];
	if (((at->head ^ head) | (at->tail ^ tail) | (at->len ^ len)) != 0)
		return false;
	return len <= 16 || (len <= SCHEMA_WORD_INLINE && ev_schema_same_bytes(at->text, p) &&
			     ev_schema_same_bytes(at->text + len - 16, p + len - 16));
}

#endif

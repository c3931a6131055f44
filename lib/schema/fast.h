/*
 * fast: fast checks of scalars: patterns that are rows of characters, and words. Floor 6, for the
 * files of schema alone.
 *
 * ev_schema_fast_*: true only if the value fits. False: unknown, evaluate in full. Texts are
 * strings without escapes as they stand in a document, so no byte is below 0x20, and EV_SCAN_SLACK
 * bytes behind them can be read.
 */
#ifndef EV_SCHEMA_FAST_H
#define EV_SCHEMA_FAST_H

#include "schema/internal.h"

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A layout is a regular expression without choice or repetition in the middle: at each position
 * stands one of a set of ASCII characters.
 */
enum { SCHEMA_LAYOUT_WIDTH = 48 };

struct ev_schema_layout {
	uint32_t least, most;  /* bytes of the text; most is UINT32_MAX if it is open */
	uint32_t width;	       /* positions; behind them anything may stand */
	uint64_t allowed[256]; /* by byte: a bit for each position where it may stand */
};

/*
 * The layout of a regular expression of ECMA-262, made in the arena: it begins with ^, then
 * characters and classes follow, each with {n} or not, the last one also with another quantifier,
 * and then $ or nothing. NULL if the expression is no such one.
 */
const struct ev_schema_layout *ev_schema_layout_read(struct ev_arena *arena, const char *pattern,
						     size_t len);

/* Checks the characters; the length (least, most) is the caller's to check. */
static inline bool ev_schema_fast_layout(const struct ev_schema_layout *s, const char *p,
					 size_t len)
{
	const size_t n = len < s->width ? len : s->width;
	uint64_t allowed = 1;

	for (size_t i = 0; i < n; i++)
		allowed &= s->allowed[(unsigned char)p[i]] >> i;
	return allowed != 0;
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

/* In the arena; the texts are borrowed. */
const struct ev_schema_words *ev_schema_words_make(struct ev_arena *arena,
						   const struct ev_schema_names *names);

static inline uint32_t ev_schema_word_slot(const struct ev_schema_words *w, uint64_t head,
					   uint64_t tail)
{
	return (uint32_t)((head ^ (tail << 7 | tail >> 57)) * w->factor >> w->shift);
}

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
	return len <= 16 || memcmp(at->text + 8, p + 8, len - 16) == 0;
}

#endif

/*
 * jschema_accept: scalars told at a glance: rows of characters, short words, date-times in UTC, IPv4
 * addresses, plain numbers. For jschema*.c alone. Floor 3.
 *
 * Each js_accepts_* says true only if the value fits. False says nothing: then the schema itself is
 * asked. Texts are strings without escapes as they stand in a document, so no octet is below 0x20,
 * and EV_SCAN_SLACK octets behind them can be read.
 */
#ifndef EV_JSCHEMA_ACCEPT_H
#define EV_JSCHEMA_ACCEPT_H

#include "base/arena.h"
#include "json/symbol.h"

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * What texts look like that a regular expression matches: at each position one of a set of ASCII
 * characters, which is a few ranges. A character c is in the range lo..hi if, in eight bits with a
 * sign, c + (127 - hi) > 126 - (hi - lo).
 */
enum { JS_LAYOUT_WIDTH = 48, JS_LAYOUT_VECTORS = JS_LAYOUT_WIDTH / 16 };

typedef uint8_t js_octets __attribute__((vector_size(16)));
typedef int8_t js_signed __attribute__((vector_size(16)));

/* Two ranges for each of 16 positions. */
struct js_ranges {
	js_octets add[2];
	js_signed above[2];
};

struct js_layout {
	js_octets fold[JS_LAYOUT_VECTORS]; /* 0x20 where capital letters count as small ones */
	uint32_t least, most;	   /* octets of the text; most is UINT32_MAX if it is open */
	uint32_t width;		   /* positions; behind them anything may stand */
	uint32_t n;		   /* of ranges, for each vector */
	struct js_ranges ranges[]; /* those of the first vector, then those of the next */
};

/*
 * The layout of a regular expression of ECMA-262, made in the arena: it begins with ^, then
 * characters and classes follow, each with {n} or not, the last one also with another quantifier,
 * and then $ or nothing. NULL if the expression is no such one or is too long.
 */
const struct js_layout *js_layout_read(struct ev_arena *arena, const char *pattern, size_t len);

extern const uint8_t js_layout_keep[2 * JS_LAYOUT_WIDTH];

static inline js_octets js_octets_at(const void *p)
{
	js_octets v;

	memcpy(&v, p, sizeof v);
	return v;
}

static inline bool js_octets_none(js_octets v)
{
	uint64_t halves[2];

	memcpy(halves, &v, sizeof halves);
	return (halves[0] | halves[1]) == 0;
}

/* The characters alone, not least and most. */
static inline bool js_accepts_layout(const struct js_layout *s, const char *p, size_t len)
{
	size_t n = len < s->width ? len : s->width;
	const uint8_t *keep = js_layout_keep + JS_LAYOUT_WIDTH - n;
	const struct js_ranges *r = s->ranges;
	js_octets miss = {0};

	for (size_t v = 0; 16 * v < n; v++) {
		js_octets text = js_octets_at(p + 16 * v) | s->fold[v], hit = {0};
		const struct js_ranges *stop = r + s->n;

		do {
			hit |= (js_octets)((js_signed)(text + r->add[0]) > r->above[0]);
			hit |= (js_octets)((js_signed)(text + r->add[1]) > r->above[1]);
		} while (++r < stop);
		miss |= ~hit & js_octets_at(keep + 16 * v);
	}
	return js_octets_none(miss);
}

/* p: "2026-03-01...", of the right layout. */
static inline bool js_accepts_day(const char *p)
{
	static const uint8_t days[20] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	unsigned month = (p[5] & 1U) * 10 + (p[6] & 15U), day = (p[8] & 3U) * 10 + (p[9] & 15U);

	return day - 1 < days[month];
}

/* The layout of a date-time in UTC with a fraction of up to twelve digits. */
#define JS_TIME_LAYOUT \
	"^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\\.[0-9]{12}$"
enum { JS_TIME_LEAST = 20, JS_TIME_MOST = 33 };

/* len: JS_TIME_LEAST to JS_TIME_MOST. */
static inline bool js_accepts_time(const struct js_layout *s, const char *p, size_t len)
{
	return p[len - 1] == 'Z' && len != JS_TIME_LEAST + 1 && js_accepts_layout(s, p, len - 1) &&
	       (p[11] < '2' || p[12] < '4') && js_accepts_day(p);
}

#define JS_IPV4_LAYOUT "^[0-9.]{7,15}$"

/* One bit an octet that is 0xff, the others are 0. */
static inline uint32_t js_octets_bits(js_octets v)
{
	const uint64_t ones = 0x0101010101010101, gather = 0x0102040810204080;
	uint64_t halves[2];

	memcpy(halves, &v, sizeof halves);
	return (uint32_t)((le64toh(halves[0]) & ones) * gather >> 56 |
			  (le64toh(halves[1]) & ones) * gather >> 56 << 8);
}

/* Whether an address has the number of one octet, without zeros in front, at [from, to). */
static inline bool js_accepts_octet(const char *p, unsigned from, unsigned to)
{
	/* by their length, the texts "0", "10", "100" and "9", "99", "255" as numbers */
	static const uint32_t least[4] = {0, 0x30, 0x3130, 0x313030},
			      most[4] = {0, 0x39, 0x3939, 0x323535};
	unsigned n = to - from;
	uint32_t text;

	memcpy(&text, p + from, sizeof text);
	text = be32toh(text) >> (32 - 8 * n) % 32;
	return n - 1 < 3 && text - least[n] <= most[n] - least[n];
}

/* len: 7 to 15. */
static inline bool js_accepts_ipv4(const struct js_layout *s, const char *p, size_t len)
{
	uint32_t dots = js_octets_bits((js_octets)(js_octets_at(p) == '.'));
	unsigned ends[4];

	/* marks behind the text stand for what is missing */
	dots = (dots & ((1U << len) - 1)) | 0xfU << len;
	for (int k = 0; k < 4; k++, dots &= dots - 1)
		ends[k] = (unsigned)__builtin_ctz(dots);
	return ends[3] == len && js_accepts_layout(s, p, len) && js_accepts_octet(p, 0, ends[0]) &&
	       js_accepts_octet(p, ends[0] + 1, ends[1]) &&
	       js_accepts_octet(p, ends[1] + 1, ends[2]) &&
	       js_accepts_octet(p, ends[2] + 1, ends[3]);
}

/* Words, told by their length, their first and their last eight octets, and what is between. */
struct js_word {
	uint64_t head, tail;
	size_t len; /* SIZE_MAX: the slot is free */
	const char *text;
};

struct js_words {
	unsigned shift;
	uint32_t mask;
	struct js_word slots[]; /* open addressing, at most a quarter full */
};

/* For n words, none twice. */
struct js_words *js_words_new(struct ev_arena *arena, uint32_t n);
/* Once for each; p is borrowed. */
void js_words_add(struct js_words *w, const char *p, size_t len);

static inline uint32_t js_word_slot(const struct js_words *w, uint64_t head, uint64_t tail)
{
	return (uint32_t)((head ^ (tail << 7 | tail >> 57)) * 0x9e3779b97f4a7c15 >> w->shift);
}

static inline bool js_accepts_word(const struct js_words *w, const char *p, size_t len)
{
	size_t in_word = len < 8 ? len : 8;
	uint64_t keep = ev_symbols_keep[in_word], head, tail;

	memcpy(&head, p, 8);
	memcpy(&tail, p + len - in_word, 8);
	head = le64toh(head) & keep;
	tail = le64toh(tail) & keep;
	for (uint32_t k = js_word_slot(w, head, tail);; k = (k + 1) & w->mask) {
		const struct js_word *at = &w->slots[k];

		if (((at->head ^ head) | (at->tail ^ tail) | (at->len ^ len)) == 0)
			return len <= 16 || memcmp(at->text + 8, p + 8, len - 16) == 0;
		if (at->len == SIZE_MAX)
			return false;
	}
}

/* A number within [least, most] that has no exponent; whole: and no fraction either. */
static inline bool js_accepts_number(const char *p, size_t len, int64_t least, int64_t most,
				     bool whole)
{
	const char *end = p + len;
	bool negative = *p == '-';
	int64_t v = 0, part = 0;

	if (len > 18)
		return false;
	for (p += negative; p < end && (uint8_t)(*p - '0') <= 9; p++)
		v = v * 10 + (*p - '0');
	if (p < end) {
		if (whole || *p != '.')
			return false;
		for (p++; p < end; p++)
			if ((uint8_t)(*p - '0') > 9)
				return false;
		part = 1; /* or less */
	}
	return negative ? least <= -v - part && -v <= most : least <= v && v + part <= most;
}

#endif

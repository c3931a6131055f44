/*
 * index_tables: lookup tables of half bytes, for the instruction sets that shuffle bytes. Floor 2.
 */
#ifndef EV_INDEX_TABLES_H
#define EV_INDEX_TABLES_H

#include <stdint.h>

/* In front of a loop of few rounds: without it there is a branch each. */
#if defined __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

/*
 * The faults of two bytes in a row. TOO_SHORT: no continuation where one must be; TOO_LONG: one
 * where none may be; TWO: a second continuation, which the length of the sequence must allow. Of
 * four bytes' first, 0xf4 and more can be too large.
 */
enum {
	TOO_SHORT = 1,
	TOO_LONG = 2,
	OVERLONG_3 = 4,
	TOO_LARGE = 8,
	SURROGATE = 16,
	OVERLONG_2 = 32,
	OVERLONG_4 = 64, /* and, behind 0xf5 and more, too large */
	TWO = 128,
	ANY_LOW = TOO_SHORT | TOO_LONG | TWO,
	ABOVE = ANY_LOW | TOO_LARGE | OVERLONG_4,
};

static const uint8_t utf8_first_high[16] = {
	[0 ... 7] = TOO_LONG,
	[8 ... 11] = TWO,
	[12] = TOO_SHORT | OVERLONG_2,
	[13] = TOO_SHORT,
	[14] = TOO_SHORT | OVERLONG_3 | SURROGATE,
	[15] = TOO_SHORT | TOO_LARGE | OVERLONG_4,
};

static const uint8_t utf8_first_low[16] = {
	[0] = ANY_LOW | OVERLONG_2 | OVERLONG_3 | OVERLONG_4,
	[1] = ANY_LOW | OVERLONG_2,
	[2 ... 3] = ANY_LOW,
	[4] = ANY_LOW | TOO_LARGE,
	[5 ... 12] = ABOVE,
	[13] = ABOVE | SURROGATE,
	[14 ... 15] = ABOVE,
};

static const uint8_t utf8_second_high[16] = {
	[0 ... 7] = TOO_SHORT,
	[8] = TOO_LONG | TWO | OVERLONG_2 | OVERLONG_3 | OVERLONG_4,
	[9] = TOO_LONG | TWO | OVERLONG_2 | OVERLONG_3 | TOO_LARGE,
	[10 ... 11] = TOO_LONG | TWO | OVERLONG_2 | SURROGATE | TOO_LARGE,
	[12 ... 15] = TOO_SHORT,
};

/*
 * The bytes of masks.mark, each at its low four bits; "|0x20" makes brackets of braces. NUL, STX,
 * FF and SUB pass for marks by mistake, which the slow path mends.
 */
static const uint8_t index_marks[16] = {
	' ', 0, '"', 0, 0, 0, 0, 0, 0, 0, ':', '{', ',', '}', 0, 0,
};

#endif

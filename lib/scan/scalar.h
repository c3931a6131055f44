/*
 * scalar: the grammar of numbers and words, RFC 8259, sections 3 and 6. Floor 2.
 */
#ifndef EV_SCALAR_H
#define EV_SCALAR_H

#include "scan/scan.h"

#include <endian.h>
#include <string.h>

static inline bool ev_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * The fast path of numbers: whether [p, p + len) is one of one to eight bytes, digits and at most
 * one point. Bytes behind it are read. Without a branch, which would be mispredicted.
 */
static inline bool ev_is_short_number(const char *p, size_t len)
{
	const uint64_t ones = 0x0101010101010101ULL;
	const unsigned last = 8 * (len - 1) & 63; /* where the last byte begins */
	uint64_t w, others, point, wrong, begin;

	memcpy(&w, p, sizeof w);
	w = le64toh(w) ^ ones * '0';
	others = (((w & ones * 0x7f) + ones * 0x76) | w) & ones * 0x80;
	others &= ~0ULL >> ((56 - last) & 63); /* the highest bit of each byte that is no digit */
	point = others >> 7;
	wrong = (len - 1) >> 3 | (others & (others - 1)) |
		((w & ((others << 1) - point)) ^ point * ('.' ^ '0')) |
		(others & (0x80 | 0x80ULL << last));	     /* neither begins nor ends with it */
	begin = (w & 0xff) | (len == 1) | (others & 0x8000); /* 0 stands before a point, or alone */
	return (wrong == 0) & (begin != 0);
}

/*
 * Where the number or word ends that stands at pos of the text p, with nothing but white space
 * between it and limit; 0 if there is none.
 */
size_t ev_scalar_end(const char *p, size_t pos, size_t limit, enum ev_kind *kind);

#endif

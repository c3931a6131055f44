/*
 * scalar: the grammar of numbers and words, RFC 8259, sections 3 and 6. Floor 2.
 */
#ifndef EV_SCALAR_H
#define EV_SCALAR_H

#include "json/scan.h"

#include <endian.h>
#include <string.h>

static inline bool ev_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Whether [p, p + len) is a plain number, such as most are: one to eight octets, digits and at most
 * one point. Octets behind it are read.
 */
static inline bool ev_plain_number(const char *p, size_t len)
{
	const uint64_t ones = 0x0101010101010101ULL;
	uint64_t w, others, point;

	if (len - 1 > 7)
		return false;
	memcpy(&w, p, sizeof w);
	w = le64toh(w) ^ ones * '0';
	others = (((w & ones * 0x7f) + ones * 0x76) | w) & ones * 0x80;
	others &= ~0ULL >> (64 - 8 * len);
	if (others == 0)
		return p[0] != '0' || len == 1;
	point = (uint64_t)__builtin_ctzll(others) >> 3;
	return (others & (others - 1)) == 0 && p[point] == '.' && point > 0 && point + 1 < len &&
	       (p[0] != '0' || point == 1);
}

/*
 * Where the number or word ends that stands at pos of the text p, with nothing but white space
 * between it and limit; 0 if there is none.
 */
size_t ev_scalar_end(const char *p, size_t pos, size_t limit, enum ev_kind *kind);

#endif

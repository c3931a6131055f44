/*
 * decimal: JSON numbers as the exact decimals they are written as. Floor 2.
 *
 * The room lib/number computes with JSON numbers exactly.
 *
 * Nothing here passes through a binary fraction. Reading, comparing and the canonical form work on
 * the text and take numbers of any length; arithmetic takes numbers of at most EV_DEC_DIGITS
 * digits.
 */
#ifndef EV_DECIMAL_H
#define EV_DECIMAL_H

#include "base/arena.h"
#include "base/buf.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { EV_DEC_DIGITS = 10000 };

/* A number taken apart: 0.d1d2d3... times 10 to the power of point. Points into the text. */
struct ev_number {
	const char *first; /* d1, not zero; a '.' may stand among the digits */
	uint32_t digits;   /* up to the last that is not zero; 0 for zero */
	int64_t point;	   /* that is, the number of digits before the decimal point */
	bool negative;	   /* never set for zero */
	bool huge;	   /* an exponent beyond 10^17: point has only its sign right */
};

/* text: a number that the scanner has checked. */
void ev_number_read(const char *text, size_t len, struct ev_number *n);

/* A number of few digits: coef times 10 to the power of exp, as it was spelled. */
struct ev_small {
	int64_t coef;
	int32_t exp;
};

enum {
	EV_SMALL_DIGITS = 18,  /* of coef, as it is read */
	EV_SMALL_EXP = 200000, /* beyond this, exponents are left to struct ev_number */
};
/* 10 to the power of 0 to EV_SMALL_DIGITS. */
extern const int64_t ev_small_powers[EV_SMALL_DIGITS + 1];

/* text: as the scanner has checked it. False if it is too long, or its exponent too large. */
bool ev_small_read(const char *text, size_t len, struct ev_small *s);
/*
 * The fast path of ev_small_read, of which eight bytes at p can be read: digits and perhaps a point
 * among them, no more than eight, taken all at once. False for any other.
 */
static inline bool ev_small_read_short(const char *p, size_t len, struct ev_small *s)
{
	/* In bytes less '0', this bit is set in what else numbers have: -, +, ., e and E. */
	const uint64_t others = 0x1010101010101010, zeros = 0x3030303030303030,
		       every_fourth = 0x000000ff000000ff;
	uint64_t v, from;
	unsigned place;

	s->exp = 0;
	if (len == 1) {
		s->coef = *p - '0';
		return true;
	}
	if (len > sizeof v)
		return false;
	memcpy(&v, p, sizeof v);
	v = (le64toh(v) ^ zeros) << (8 * (sizeof v - len)); /* the last digit is highest */
	if ((v & others) != 0) {
		place = (unsigned)__builtin_ctzll(v & others) - 4;
		if ((v >> place & 0xff) != ('.' ^ '0'))
			return false;
		from = ~UINT64_C(0) << place;
		v = (v & from << 8) | (v & ~from) << 8;
		s->exp = (int32_t)place / 8 - 7;
		if ((v & others) != 0)
			return false;
	}
	v = v * 10 + (v >> 8); /* pairs of digits, and so on */
	v = (v & every_fourth) * (100 + (UINT64_C(1000000) << 32)) +
	    (v >> 16 & every_fourth) * (1 + (UINT64_C(10000) << 32));
	s->coef = (int64_t)(v >> 32);
	return true;
}

/* ev_small_read, of a text of which eight bytes can be read, as in a document. */
static inline bool ev_small_read_padded(const char *p, size_t len, struct ev_small *s)
{
	return ev_small_read_short(p, len, s) || ev_small_read(p, len, s);
}

/* x += y and x *= y. False, and x is undefined, if the outcome needs more than 64 bits. */
bool ev_small_add(struct ev_small *x, struct ev_small y);
bool ev_small_multiply(struct ev_small *x, struct ev_small y);

/*
 * The fast path of ev_number_fits: whether a number of at most eight bytes, which the scanner has
 * checked, has at most so many digits before its point and behind it. False: unknown.
 */
static inline bool ev_small_fits(const char *p, uint32_t len, uint32_t whole, uint32_t fraction)
{
	uint64_t v, others;
	uint32_t point;

	if (len > sizeof v)
		return false;
	memcpy(&v, p, sizeof v);
	others = (le64toh(v) ^ 0x3030303030303030) &
		 0xf0f0f0f0f0f0f0f0 << 8 * (sizeof v - len) >> 8 * (sizeof v - len);
	if (others == 0)
		return len <= whole;
	point = (uint32_t)__builtin_ctzll(others) / 8;
	return p[point] == '.' && (others >> 8 * point) <= 0xff && point <= whole &&
	       len - point - 1 <= fraction;
}

/* As ev_number_compare, of any coef. */
int ev_small_compare_apart(struct ev_small a, struct ev_small b);
static inline int ev_small_compare(struct ev_small a, struct ev_small b)
{
	return a.exp == b.exp ? (a.coef > b.coef) - (a.coef < b.coef)
			      : ev_small_compare_apart(a, b);
}

/* Less than, equal to, greater than 0 as a is to b. */
int ev_number_compare(const char *a, size_t a_len, const char *b, size_t b_len);

bool ev_number_is_integer(const struct ev_number *n);
/*
 * Whether a is a whole multiple of b. b is not zero, not huge, and of at most EV_DEC_DIGITS digits.
 */
bool ev_number_multiple_of(const struct ev_number *a, const struct ev_number *b);
/* False if it is no integer or does not fit. */
bool ev_number_int64(const struct ev_number *n, int64_t *v);
/* Whether it fits decimal(precision, scale) with no digit lost. */
bool ev_number_fits(const struct ev_number *n, uint32_t precision, uint32_t scale);

/*
 * Appends the canonical spelling: digits without needless zeros, "e" and a power if it is not 0.
 */
void ev_number_canonical(const char *text, size_t len, struct ev_buf *out);
/*
 * Appends it without an exponent, with exactly `scale` digits behind the point (the number must
 * have no more), or as many as it has for scale < 0. At most EV_DEC_DIGITS digits are written:
 * false.
 */
bool ev_number_plain(const struct ev_number *n, int scale, struct ev_buf *out);

/*
 * Arithmetic. Limbs of nine digits, the lowest first, in an arena; the i-th counts
 * 10^(9 (low + i)), so that sums need no shifting.
 */
struct ev_dec {
	const uint32_t *limbs;
	uint32_t n; /* 0 for zero; the highest is not zero */
	int32_t low;
	bool negative;
};

/* False if the number, or the outcome, has more than EV_DEC_DIGITS digits. */
bool ev_dec_read(struct ev_arena *a, const char *text, size_t len, struct ev_dec *d);
bool ev_dec_add(struct ev_arena *a, struct ev_dec x, struct ev_dec y, struct ev_dec *sum);
bool ev_dec_multiply(struct ev_arena *a, struct ev_dec x, struct ev_dec y, struct ev_dec *product);
struct ev_dec ev_dec_negate(struct ev_dec d);
int ev_dec_compare(struct ev_dec x, struct ev_dec y);
/* Appends it as a JSON number, all its limbs and a power of ten. */
void ev_dec_digits(struct ev_dec d, struct ev_buf *out);
/* Writes a number's limbs, of which there are at most digits / 9 + 2, and returns how many. */
uint32_t ev_number_limbs(const struct ev_number *n, uint32_t *limbs, int32_t *low);
/* Appends it as a JSON number without an exponent. */
void ev_dec_write(struct ev_dec d, struct ev_buf *out);

#endif

/*
 * sum: exact sums of JSON numbers and of their squares, and quotients and roots of them. Floor 2.
 *
 * A sum is kept as a row of limbs of nine decimal digits, so that adding never rounds, the order
 * of adding does not matter, and two sums merge into the sum of all. A number is taken whose
 * digits lie within EV_SUM_DIGITS places on both sides of the point (so any finite double, such as
 * 1e308 and 1e-308 together); others are refused, for the caller to count. A sum therefore never
 * takes more than some 2 KiB.
 */
#ifndef EV_SUM_H
#define EV_SUM_H

#include "number/decimal.h"

enum { EV_SUM_DIGITS = 400 };

/* Zero-initialise. */
struct ev_sum {
	int64_t *limbs; /* the lowest first; carried only now and then */
	int32_t low;	/* the first limb counts 10^(9 low) */
	uint32_t n;
	uint64_t pending; /* additions since the last carry */
};

/* text: as the scanner has checked it. False, and nothing added, if it is beyond the limits. */
bool ev_sum_add(struct ev_sum *s, const char *text, size_t len);
bool ev_sum_add_square(struct ev_sum *s, const char *text, size_t len);
/* Adds what ev_sum_write wrote of another sum. False if that is no such text. */
bool ev_sum_merge(struct ev_sum *s, const char *text, size_t len);
/* Appends the exact value as a JSON number, digits and a power of ten. */
void ev_sum_write(const struct ev_sum *s, struct ev_buf *out);
void ev_sum_free(struct ev_sum *s);

/*
 * Append x / y, or the square root of x / y, as a JSON number of at most `digits` significant
 * digits, correctly rounded (half to even). x is not negative for the root; y is greater than 0.
 */
void ev_dec_quotient(struct ev_arena *a, struct ev_dec x, struct ev_dec y, unsigned digits,
		     struct ev_buf *out);
void ev_dec_root(struct ev_arena *a, struct ev_dec x, struct ev_dec y, unsigned digits,
		 struct ev_buf *out);

/* Appends a JSON number as people write it: no exponent where the digits are few. */
void ev_number_show(const char *text, size_t len, struct ev_buf *out);

#endif

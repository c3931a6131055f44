#include "number/sum.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BASE = 1000000000,
	LIMB = 9,
	MERGE_DIGITS = 3 * EV_SUM_DIGITS, /* of a sum of squares of many */
	MAX_LIMBS = 2 * MERGE_DIGITS / LIMB + 3,
	SHOWN_DIGITS = 40,
	MAX_QUOTIENT = 64,
};

static const uint64_t carry_every = UINT64_C(1) << 31; /* far below 2^63 / 10^9 */

/* A number whose digits lie within `limit` places of the point. */
struct summand {
	uint32_t limbs[MAX_LIMBS];
	uint32_t n;
	int32_t low;
	bool negative;
};

static bool read_summand(const char *text, size_t len, int64_t limit, struct summand *a)
{
	struct ev_number n;

	ev_number_read(text, len, &n);
	if (n.huge || n.point > limit || n.point - (int64_t)n.digits < -limit)
		return false;
	a->n = ev_number_limbs(&n, a->limbs, &a->low);
	a->negative = n.negative;
	return true;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Room for limbs low to high. */
static void cover(struct ev_sum *s, int32_t low, int32_t high)
{
	int32_t end = s->low + (int32_t)s->n, before;
	uint32_t n;

	if (s->n > 0 && low >= s->low && high < end)
		return;
	if (s->n > 0) {
		low = low < s->low ? low : s->low;
		high = high >= end ? high : end - 1;
	}
	n = (uint32_t)(high - low + 1);
	before = s->n > 0 ? s->low - low : 0;
	s->limbs = ev_realloc_array(s->limbs, n, sizeof *s->limbs);
	memmove(s->limbs + before, s->limbs, s->n * sizeof *s->limbs);
	memset(s->limbs, 0, (size_t)before * sizeof *s->limbs);
	memset(s->limbs + before + s->n, 0, (n - s->n - (uint32_t)before) * sizeof *s->limbs);
	s->low = low;
	s->n = n;
}

/* Every limb but the highest to 0..BASE-1; the highest has the sign of the whole. */
static void carry(struct ev_sum *s)
{
	int64_t over = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		int64_t v = s->limbs[i] + over;

		over = i + 1 < s->n ? floor_div(v, BASE) : 0;
		s->limbs[i] = v - over * BASE;
	}
	s->pending = 0;
	if (s->n > 0 && (s->limbs[s->n - 1] >= BASE || s->limbs[s->n - 1] <= -BASE)) {
		cover(s, s->low, s->low + (int32_t)s->n);
		carry(s);
	}
}

static void added(struct ev_sum *s, uint64_t times)
{
	s->pending += times;
	if (s->pending >= carry_every)
		carry(s);
}

static bool add(struct ev_sum *s, const char *text, size_t len, int64_t limit)
{
	struct summand a;
	int64_t *to;

	if (!read_summand(text, len, limit, &a))
		return false;
	if (a.n == 0)
		return true;
	cover(s, a.low, a.low + (int32_t)a.n - 1);
	to = s->limbs + (a.low - s->low);
	for (uint32_t i = 0; i < a.n; i++)
		to[i] += a.negative ? -(int64_t)a.limbs[i] : (int64_t)a.limbs[i];
	added(s, 1);
	return true;
}

bool ev_sum_add(struct ev_sum *s, const char *text, size_t len)
{
	return add(s, text, len, EV_SUM_DIGITS);
}

bool ev_sum_merge(struct ev_sum *s, const char *text, size_t len)
{
	return add(s, text, len, MERGE_DIGITS);
}

bool ev_sum_add_square(struct ev_sum *s, const char *text, size_t len)
{
	struct summand a;
	int64_t *to;
	int32_t low;

	if (!read_summand(text, len, EV_SUM_DIGITS, &a))
		return false;
	if (a.n == 0)
		return true;
	low = 2 * a.low;
	cover(s, low, low + 2 * (int32_t)a.n - 1);
	to = s->limbs + (low - s->low);
	for (uint32_t i = 0; i < a.n; i++) {
		for (uint32_t k = 0; k < a.n; k++) {
			uint64_t v = (uint64_t)a.limbs[i] * a.limbs[k];

			to[i + k] += (int64_t)(v % BASE);
			to[i + k + 1] += (int64_t)(v / BASE);
		}
	}
	added(s, 2 * (uint64_t)a.n);
	return true;
}

void ev_sum_write(const struct ev_sum *s, struct ev_buf *out)
{
	struct ev_sum c = {.low = s->low, .n = s->n};
	struct ev_buf text = {0};
	uint32_t *limbs;
	bool negative;

	c.limbs = ev_calloc(s->n + 1UL, sizeof *c.limbs);
	for (uint32_t i = 0; i < s->n; i++)
		c.limbs[i] = s->limbs[i];
	carry(&c);
	negative = c.n > 0 && c.limbs[c.n - 1] < 0;
	for (uint32_t i = 0; negative && i < c.n; i++)
		c.limbs[i] = -c.limbs[i];
	carry(&c);
	while (c.n > 0 && c.limbs[c.n - 1] == 0)
		c.n--;
	limbs = ev_calloc(c.n + 1UL, sizeof *limbs);
	for (uint32_t i = 0; i < c.n; i++)
		limbs[i] = (uint32_t)c.limbs[i];
	ev_dec_digits((struct ev_dec){limbs, c.n, c.low, negative}, &text);
	ev_number_canonical(text.p, text.len, out);
	ev_buf_free(&text);
	free(limbs);
	free(c.limbs);
}

void ev_sum_free(struct ev_sum *s)
{
	free(s->limbs);
	*s = (struct ev_sum){0};
}

/* Quotients and roots, digit by digit: each candidate is compared with the exact outcome. */

struct truth {
	struct ev_arena *a;
	struct ev_dec x, y;
	bool root;
};

/* Less than, equal to, greater than 0 as the candidate, digits times 10^exp, is to the truth. */
static int compare(const struct truth *t, const char *digits, unsigned n, int64_t exp)
{
	char text[MAX_QUOTIENT + 32];
	struct ev_dec c;
	int len = snprintf(text, sizeof text, "%.*se%lld", (int)n, digits, (long long)exp);

	if (!ev_dec_read(t->a, text, (size_t)len, &c))
		return exp < 0 ? -1 : 1;
	if (t->root && !ev_dec_multiply(t->a, c, c, &c))
		return exp < 0 ? -1 : 1;
	if (!ev_dec_multiply(t->a, c, t->y, &c))
		return exp < 0 ? -1 : 1;
	return ev_dec_compare(c, t->x);
}

/* The power of ten of the first digit. */
static int64_t magnitude(const struct truth *t)
{
	int64_t exp = LIMB * ((int64_t)t->x.n + t->x.low - t->y.n + 1 - t->y.low);

	if (t->root)
		exp = exp / 2 + 1;
	while (compare(t, "1", 1, exp) > 0)
		exp--;
	return exp;
}

static void increment(char *digits, unsigned n, int64_t *exp)
{
	while (n > 0 && digits[n - 1] == '9')
		digits[--n] = '0';
	if (n > 0) {
		digits[n - 1]++;
	} else {
		digits[0] = '1';
		++*exp;
	}
}

static void write_digits(const struct truth *t, unsigned n, struct ev_buf *out)
{
	char digits[MAX_QUOTIENT + 1] = "0";
	struct ev_buf text = {0};
	int64_t exp = magnitude(t);
	int order;

	if (n > MAX_QUOTIENT - 1)
		n = MAX_QUOTIENT - 1;
	for (unsigned i = 0; i < n; i++) {
		int low = 0, high = 9;

		while (low < high) {
			int mid = (low + high + 1) / 2;

			digits[i] = (char)('0' + mid);
			if (compare(t, digits, i + 1, exp - (int64_t)i) <= 0)
				low = mid;
			else
				high = mid - 1;
		}
		digits[i] = (char)('0' + low);
	}
	digits[n] = '5';
	order = compare(t, digits, n + 1, exp - (int64_t)n);
	if (order < 0 || (order == 0 && (digits[n - 1] - '0') % 2 == 1))
		increment(digits, n, &exp);
	ev_buf_put(&text, digits, n);
	ev_buf_printf(&text, "e%lld", (long long)exp - n + 1);
	ev_number_show(text.p, text.len, out);
	ev_buf_free(&text);
}

static void solve(struct truth *t, unsigned digits, struct ev_buf *out)
{
	if (t->x.n == 0) {
		ev_buf_putc(out, '0');
		return;
	}
	if (t->x.negative) {
		ev_buf_putc(out, '-');
		t->x = ev_dec_negate(t->x);
	}
	write_digits(t, digits, out);
}

void ev_dec_quotient(struct ev_arena *a, struct ev_dec x, struct ev_dec y, unsigned digits,
		     struct ev_buf *out)
{
	solve(&(struct truth){a, x, y, false}, digits, out);
}

void ev_dec_root(struct ev_arena *a, struct ev_dec x, struct ev_dec y, unsigned digits,
		 struct ev_buf *out)
{
	solve(&(struct truth){a, x, y, true}, digits, out);
}

void ev_number_show(const char *text, size_t len, struct ev_buf *out)
{
	struct ev_number n;

	ev_number_read(text, len, &n);
	if (!n.huge && n.point <= SHOWN_DIGITS && (int64_t)n.digits - n.point <= SHOWN_DIGITS)
		ev_number_plain(&n, -1, out);
	else
		ev_number_canonical(text, len, out);
}

#include "number/decimal.h"


static const int64_t huge_exponent =
	100000000000000000; /* 10^17: sums with lengths stay in 64 bits */

void ev_number_read(const char *text, size_t len, struct ev_number *n)
{
	const char *p = text, *end = text + len, *last = NULL;
	int64_t before = 0, skipped = 0,
		exponent = 0; /* digits before the point; zeros in front of d1 */
	uint32_t seen = 0;
	bool dot = false;

	*n = (struct ev_number){0};
	if (p < end && *p == '-') {
		n->negative = true;
		p++;
	}
	for (; p < end && *p != 'e' && *p != 'E'; p++) {
		if (*p == '.') {
			dot = true;
			continue;
		}
		before += !dot;
		if (n->first == NULL) {
			if (*p == '0') {
				skipped++;
				continue;
			}
			n->first = p;
		}
		seen++;
		if (*p != '0') {
			last = p;
			n->digits = seen;
		}
	}
	if (last == NULL) {
		*n = (struct ev_number){.first = text};
		return;
	}
	if (p < end) {
		bool down = p[1] == '-';

		for (p += 1 + (p[1] == '-' || p[1] == '+'); p < end; p++) {
			exponent = exponent * 10 + (*p - '0');
			if (exponent > huge_exponent) {
				n->huge = true;
				exponent = huge_exponent;
			}
		}
		if (down)
			exponent = -exponent;
	}
	n->point = before - skipped + exponent;
}

/* The next digit, stepping over the point; '0' behind the last. */
static char next_digit(const char **p, uint32_t *left)
{
	if (*left == 0)
		return '0';
	--*left;
	if (**p == '.')
		++*p;
	return *(*p)++;
}

static int compare_magnitude(const struct ev_number *a, const struct ev_number *b)
{
	const char *p = a->first, *q = b->first;
	uint32_t p_left = a->digits, q_left = b->digits;

	if (a->digits == 0 || b->digits == 0)
		return (a->digits != 0) - (b->digits != 0);
	if (a->point != b->point)
		return a->point < b->point ? -1 : 1;
	while (p_left > 0 || q_left > 0) {
		char x = next_digit(&p, &p_left), y = next_digit(&q, &q_left);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

/* Numbers of few digits */

#define E3(power) (power), 10 * (power), 100 * (power)
#define E9(power) E3(power), E3(1000 * (power)), E3(1000000 * (power))
const int64_t ev_small_powers[] = {E9(INT64_C(1)), E9(INT64_C(1000000000)),
				   INT64_C(1000000000000000000)};
#undef E3
#undef E9

bool ev_small_read(const char *p, size_t len, struct ev_small *s)
{
	const char *end = p + len;
	bool negative = *p == '-', down;
	int64_t v = 0, power = 0;
	int32_t e = 0;

	if (len == 1) {
		*s = (struct ev_small){*p - '0', 0};
		return true;
	}
	if (len > EV_SMALL_DIGITS)
		return false;
	p += negative;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		v = v * 10 + (*p - '0');
	if (p < end && *p == '.') {
		const char *point = p;

		for (p++; p < end && *p >= '0' && *p <= '9'; p++)
			v = v * 10 + (*p - '0');
		e = (int32_t)(point + 1 - p);
	}
	if (p < end) {
		down = p[1] == '-';
		for (p += 1 + (p[1] == '-' || p[1] == '+'); p < end; p++)
			power = power * 10 + (*p - '0');
		if (power > EV_SMALL_EXP)
			return false;
		e += (int32_t)(down ? -power : power);
	}
	*s = (struct ev_small){negative ? -v : v, e};
	return true;
}

static int sign(int64_t v)
{
	return (v > 0) - (v < 0);
}

/* At the smaller exponent; what has no room there is the larger one in size. */
int ev_small_compare_apart(struct ev_small a, struct ev_small b)
{
	int32_t apart = a.exp - b.exp;
	int64_t v;

	if (a.coef == 0 || b.coef == 0)
		return sign(a.coef) - sign(b.coef);
	if (apart > 0) {
		if (apart > EV_SMALL_DIGITS ||
		    __builtin_mul_overflow(a.coef, ev_small_powers[apart], &v))
			return sign(a.coef);
		return (v > b.coef) - (v < b.coef);
	}
	if (-apart > EV_SMALL_DIGITS || __builtin_mul_overflow(b.coef, ev_small_powers[-apart], &v))
		return -sign(b.coef);
	return (a.coef > v) - (a.coef < v);
}

int ev_number_compare(const char *a_text, size_t a_len, const char *b_text, size_t b_len)
{
	struct ev_number a, b;
	struct ev_small x, y;
	int order;

	if (ev_small_read(a_text, a_len, &x) && ev_small_read(b_text, b_len, &y))
		return ev_small_compare(x, y);
	ev_number_read(a_text, a_len, &a);
	ev_number_read(b_text, b_len, &b);
	if (a.negative != b.negative)
		return a.negative ? -1 : 1;
	order = compare_magnitude(&a, &b);
	return a.negative ? -order : order;
}

bool ev_number_is_integer(const struct ev_number *n)
{
	return n->digits == 0 || n->point >= (int64_t)n->digits;
}

bool ev_number_int64(const struct ev_number *n, int64_t *v)
{
	const char *p = n->first;
	uint32_t left = n->digits;
	int64_t sum = 0;

	*v = 0;
	if (n->digits == 0)
		return true;
	if (!ev_number_is_integer(n) || n->point > 19)
		return false;
	for (int64_t i = 0; i < n->point; i++) {
		int d = next_digit(&p, &left) - '0';

		if (__builtin_mul_overflow(sum, 10, &sum) ||
		    (n->negative ? __builtin_sub_overflow(sum, d, &sum)
				 : __builtin_add_overflow(sum, d, &sum)))
			return false;
	}
	*v = sum;
	return true;
}

bool ev_number_fits(const struct ev_number *n, uint32_t precision, uint32_t scale)
{
	if (n->digits == 0)
		return true;
	return n->point <= (int64_t)precision - (int64_t)scale &&
	       (int64_t)n->digits - n->point <= (int64_t)scale;
}

static void put_digits(const struct ev_number *n, struct ev_buf *out)
{
	const char *p = n->first;
	uint32_t left = n->digits;

	ev_buf_room(out, n->digits);
	while (left > 0)
		out->p[out->len++] = next_digit(&p, &left);
}

static void put_power(int64_t power, struct ev_buf *out)
{
	if (power == 0)
		return;
	ev_buf_put(out, "e-", power < 0 ? 2 : 1);
	ev_buf_u64(out, (uint64_t)(power < 0 ? -power : power));
}

void ev_number_canonical(const char *text, size_t len, struct ev_buf *out)
{
	struct ev_number n;

	ev_number_read(text, len, &n);
	if (n.digits == 0) {
		ev_buf_putc(out, '0');
		return;
	}
	if (n.huge) {
		ev_buf_put(out, text, len); /* beyond any use: compared by its spelling */
		return;
	}
	if (n.negative)
		ev_buf_putc(out, '-');
	put_digits(&n, out);
	put_power(n.point - (int64_t)n.digits, out);
}

bool ev_number_plain(const struct ev_number *n, int scale, struct ev_buf *out)
{
	const char *p = n->first;
	uint32_t left = n->digits;
	int64_t whole = n->digits == 0 ? 0 : n->point,
		fraction = n->digits == 0 ? 0 : (int64_t)n->digits - n->point;
	int64_t zeros = 0;

	if (n->huge || whole > EV_DEC_DIGITS || fraction > EV_DEC_DIGITS)
		return false;
	if (n->negative)
		ev_buf_putc(out, '-');
	if (whole <= 0) {
		ev_buf_putc(out, '0');
		zeros = -whole;
	}
	for (int64_t i = 0; i < whole; i++)
		ev_buf_putc(out, next_digit(&p, &left));
	if (scale >= 0)
		fraction = scale;
	if (fraction <= 0)
		return true;
	ev_buf_putc(out, '.');
	for (int64_t i = 0; i < fraction; i++)
		ev_buf_putc(out, zeros-- > 0 ? '0' : next_digit(&p, &left));
	return true;
}

bool ev_small_multiply(struct ev_small *x, struct ev_small y)
{
	x->exp += y.exp;
	return !__builtin_mul_overflow(x->coef, y.coef, &x->coef);
}

/* Brings x down to an exponent. */
static bool rescale(struct ev_small *x, int32_t exp)
{
	int32_t by = x->exp - exp;

	x->exp = exp;
	return by <= EV_SMALL_DIGITS &&
	       !__builtin_mul_overflow(x->coef, ev_small_powers[by], &x->coef);
}

bool ev_small_add(struct ev_small *x, struct ev_small y)
{
	if (x->exp > y.exp ? !rescale(x, y.exp) : x->exp < y.exp && !rescale(&y, x->exp))
		return false;
	return !__builtin_add_overflow(x->coef, y.coef, &x->coef);
}

/* Arithmetic */

enum { BASE = 1000000000, BASE_DIGITS = 9 };

/*
 * rest = (rest * 10 + digit) mod by, all of n limbs of nine digits and the lowest first; rest < by.
 */
static void shift_modulo(uint32_t *rest, const uint32_t *by, uint32_t n, uint32_t digit)
{
	uint64_t carry = digit;

	for (uint32_t i = 0; i < n; i++) {
		carry += rest[i] * 10ULL;
		rest[i] = (uint32_t)(carry % BASE);
		carry /= BASE;
	}
	for (;;) { /* at most nine times */
		int64_t borrow = 0;
		uint32_t i = n;

		while (carry == 0 && i > 0 && rest[i - 1] == by[i - 1])
			i--;
		if (carry == 0 && i > 0 && rest[i - 1] < by[i - 1])
			return;
		for (i = 0; i < n; i++) {
			int64_t v = (int64_t)rest[i] - by[i] + borrow;

			borrow = v < 0 ? -1 : 0;
			rest[i] = (uint32_t)(v < 0 ? v + BASE : v);
		}
		carry += (uint64_t)borrow;
	}
}

bool ev_number_multiple_of(const struct ev_number *a, const struct ev_number *b)
{
	uint32_t rest[EV_DEC_DIGITS / BASE_DIGITS + 2] = {0},
						    by[EV_DEC_DIGITS / BASE_DIGITS + 2] = {0};
	uint32_t n = b->digits / BASE_DIGITS + 1, left = b->digits;
	int64_t zeros = (a->point - (int64_t)a->digits) - (b->point - (int64_t)b->digits);
	const char *p = b->first;

	if (a->digits == 0)
		return true;
	if (zeros < 0)
		return false; /* a goes on behind b's last digit */
	if (zeros > 4 * (int64_t)b->digits)
		zeros = 4 * (int64_t)b->digits; /* b has fewer factors 2, and 5, than that */
	for (uint32_t i = b->digits; i > 0; i--)
		by[(i - 1) / BASE_DIGITS] =
			by[(i - 1) / BASE_DIGITS] * 10 + (uint32_t)(next_digit(&p, &left) - '0');
	p = a->first;
	left = a->digits;
	while (left > 0)
		shift_modulo(rest, by, n, (uint32_t)(next_digit(&p, &left) - '0'));
	for (; zeros > 0; zeros--)
		shift_modulo(rest, by, n, 0);
	for (uint32_t i = 0; i < n; i++)
		if (rest[i] != 0)
			return false;
	return true;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

uint32_t ev_number_limbs(const struct ev_number *n, uint32_t *limbs, int32_t *low)
{
	const int64_t high = floor_div(n->point - 1, BASE_DIGITS);
	int64_t room = n->point - high * BASE_DIGITS; /* digits of the highest limb */
	const char *p = n->first;
	uint32_t left = n->digits, count;

	*low = (int32_t)floor_div(n->point - (int64_t)n->digits, BASE_DIGITS);
	count = n->digits == 0 ? 0 : (uint32_t)(high - *low + 1);
	for (uint32_t i = count; i > 0; i--, room = BASE_DIGITS)
		for (limbs[i - 1] = 0; room > 0; room--)
			limbs[i - 1] = limbs[i - 1] * 10 + (uint32_t)(next_digit(&p, &left) - '0');
	return count;
}

static struct ev_dec trimmed(const uint32_t *limbs, uint32_t n, int32_t low, bool negative)
{
	while (n > 0 && limbs[n - 1] == 0)
		n--;
	return (struct ev_dec){limbs, n, n != 0 ? low : 0, n != 0 && negative};
}

bool ev_dec_read(struct ev_arena *a, const char *text, size_t len, struct ev_dec *d)
{
	struct ev_number n;
	uint32_t *limbs, count;
	int32_t low;

	ev_number_read(text, len, &n);
	if (n.digits == 0) {
		*d = (struct ev_dec){0};
		return true;
	}
	if (n.huge || n.digits > EV_DEC_DIGITS || n.point > EV_DEC_DIGITS ||
	    n.point < -EV_DEC_DIGITS)
		return false;
	limbs = ev_arena_alloc(a, (n.digits / BASE_DIGITS + 2) * sizeof *limbs);
	count = ev_number_limbs(&n, limbs, &low);
	*d = trimmed(limbs, count, low, n.negative);
	return true;
}

/* The limb that counts 10^(9 i). */
static uint32_t limb(const struct ev_dec *d, int32_t i)
{
	return i >= d->low && i < d->low + (int32_t)d->n ? d->limbs[i - d->low] : 0;
}

static int32_t top(const struct ev_dec *d)
{
	return d->low + (int32_t)d->n;
}

/* Neither is zero. */
static int compare_limbs(const struct ev_dec *x, const struct ev_dec *y)
{
	int32_t low = x->low < y->low ? x->low : y->low;

	if (top(x) != top(y))
		return top(x) < top(y) ? -1 : 1;
	for (int32_t i = top(x) - 1; i >= low; i--)
		if (limb(x, i) != limb(y, i))
			return limb(x, i) < limb(y, i) ? -1 : 1;
	return 0;
}

bool ev_dec_add(struct ev_arena *a, struct ev_dec x, struct ev_dec y, struct ev_dec *sum)
{
	int64_t carry = 0, sign;
	uint32_t *limbs, n;
	int32_t low;

	if (x.n == 0 || y.n == 0) {
		*sum = x.n == 0 ? y : x;
		return true;
	}
	if (x.negative != y.negative && compare_limbs(&x, &y) < 0) {
		struct ev_dec swap = x;

		x = y;
		y = swap;
	}
	sign = x.negative == y.negative ? 1 : -1;
	low = x.low < y.low ? x.low : y.low;
	n = (uint32_t)((top(&x) > top(&y) ? top(&x) : top(&y)) - low) + 1;
	limbs = ev_arena_alloc(a, n * sizeof *limbs);
	for (uint32_t i = 0; i < n; i++) {
		int64_t v = carry + limb(&x, low + (int32_t)i) + sign * limb(&y, low + (int32_t)i);

		carry = v < 0 ? -1 : v >= BASE;
		limbs[i] = (uint32_t)(v - carry * BASE);
	}
	*sum = trimmed(limbs, n, low, x.negative);
	return sum->n <= 3 * EV_DEC_DIGITS / BASE_DIGITS + 1;
}

bool ev_dec_multiply(struct ev_arena *a, struct ev_dec x, struct ev_dec y, struct ev_dec *product)
{
	uint32_t *limbs;
	int32_t low = x.low + y.low;

	if (x.n == 0 || y.n == 0) {
		*product = (struct ev_dec){0};
		return true;
	}
	if ((x.n + y.n) * BASE_DIGITS > 2 * EV_DEC_DIGITS || low * BASE_DIGITS > EV_DEC_DIGITS ||
	    low * BASE_DIGITS < -2 * EV_DEC_DIGITS)
		return false;
	limbs = ev_arena_zalloc(a, (x.n + y.n) * sizeof *limbs);
	for (uint32_t i = 0; i < x.n; i++) {
		uint64_t carry = 0;

		for (uint32_t k = 0; k < y.n; k++) {
			carry += limbs[i + k] + (uint64_t)x.limbs[i] * y.limbs[k];
			limbs[i + k] = (uint32_t)(carry % BASE);
			carry /= BASE;
		}
		limbs[i + y.n] = (uint32_t)carry;
	}
	*product = trimmed(limbs, x.n + y.n, low, x.negative != y.negative);
	return true;
}

struct ev_dec ev_dec_negate(struct ev_dec d)
{
	d.negative = d.n != 0 && !d.negative;
	return d;
}

int ev_dec_compare(struct ev_dec x, struct ev_dec y)
{
	int sx = x.n == 0 ? 0 : x.negative ? -1 : 1, sy = y.n == 0 ? 0 : y.negative ? -1 : 1;

	if (sx != sy || sx == 0)
		return (sx > sy) - (sx < sy);
	return sx * compare_limbs(&x, &y);
}

void ev_dec_digits(struct ev_dec d, struct ev_buf *out)
{
	if (d.negative)
		ev_buf_putc(out, '-');
	ev_buf_printf(out, "%u", d.n > 0 ? d.limbs[d.n - 1] : 0);
	for (uint32_t i = d.n; i > 1; i--)
		ev_buf_printf(out, "%09u", d.limbs[i - 2]);
	ev_buf_printf(out, "e%d", d.low * BASE_DIGITS);
}

void ev_dec_write(struct ev_dec d, struct ev_buf *out)
{
	struct ev_buf text = {0};
	struct ev_number n;

	ev_dec_digits(d, &text);
	ev_number_read(text.p, text.len, &n);
	if (!ev_number_plain(&n, -1, out))
		ev_buf_put(out, text.p, text.len);
	ev_buf_free(&text);
}

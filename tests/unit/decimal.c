/* Numbers as exact decimals, against long arithmetic on strings of digits and against __int128. */
#include "number/decimal.h"

#include "support.h"
#include "tap.h"

#include <inttypes.h>

/* The slow decimal: digits, the highest first, times 10 to the power of exp; no zeros outside. */
struct slow {
	bool negative;
	uint8_t *digits;
	size_t n; /* 0 for zero */
	long exp;
};

static struct slow trim(struct slow x)
{
	size_t zeros = 0;

	while (zeros < x.n && x.digits[zeros] == 0)
		zeros++;
	x.n -= zeros;
	memmove(x.digits, x.digits + zeros, x.n);
	while (x.n > 0 && x.digits[x.n - 1] == 0) {
		x.n--;
		x.exp++;
	}
	if (x.n == 0) {
		x.exp = 0;
		x.negative = false;
	}
	return x;
}

static struct slow slow_new(size_t n, long exp, bool negative)
{
	struct slow x = {negative, calloc(n + 1, 1), n, exp};

	if (x.digits == NULL)
		abort();
	return x;
}

static struct slow slow_read(const char *text)
{
	struct slow x = slow_new(strlen(text), 0, *text == '-');
	const char *e = strpbrk(text, "eE");
	bool dot = false;

	x.n = 0;
	for (const char *p = text; *p != '\0' && p != e; p++) {
		if (*p == '.')
			dot = true;
		if (*p < '0' || *p > '9')
			continue;
		x.digits[x.n++] = (uint8_t)(*p - '0');
		x.exp -= dot;
	}
	if (e != NULL)
		x.exp += strtol(e + 1, NULL, 10);
	return trim(x);
}

/* The digit that stands for 10 to the power of place. */
static int digit_at(const struct slow *x, long place)
{
	long i = (long)x->n - 1 - (place - x->exp);

	return i >= 0 && i < (long)x->n ? x->digits[i] : 0;
}

static long top(const struct slow *x)
{
	return (long)x->n + x->exp;
}

static int compare_size(const struct slow *x, const struct slow *y)
{
	long high = top(x) > top(y) ? top(x) : top(y), low = x->exp < y->exp ? x->exp : y->exp;

	for (long place = high; place >= low; place--)
		if (digit_at(x, place) != digit_at(y, place))
			return digit_at(x, place) < digit_at(y, place) ? -1 : 1;
	return 0;
}

static int slow_compare(const struct slow *x, const struct slow *y)
{
	if (x->negative != y->negative)
		return x->negative ? -1 : 1;
	return x->negative ? -compare_size(x, y) : compare_size(x, y);
}

static struct slow slow_add(const struct slow *x, const struct slow *y)
{
	long high = (top(x) > top(y) ? top(x) : top(y)) + 1,
	     low = x->exp < y->exp ? x->exp : y->exp;
	struct slow sum = slow_new((size_t)(high - low), low, false);
	const struct slow *big = compare_size(x, y) >= 0 ? x : y, *small = big == x ? y : x;
	int carry = 0;

	sum.negative = big->negative;
	for (long place = low; place < high; place++) {
		int v = carry + digit_at(big, place) +
			(x->negative == y->negative ? 1 : -1) * digit_at(small, place);

		carry = v < 0 ? -1 : v / 10;
		sum.digits[high - 1 - place] = (uint8_t)(v - 10 * carry);
	}
	return trim(sum);
}

static struct slow slow_multiply(const struct slow *x, const struct slow *y)
{
	struct slow product = slow_new(x->n + y->n, x->exp + y->exp, x->negative != y->negative);

	for (size_t i = x->n; i > 0; i--) {
		int carry = 0;

		for (size_t k = y->n; k > 0; k--) {
			int v = product.digits[i + k - 1] + x->digits[i - 1] * y->digits[k - 1] +
				carry;

			product.digits[i + k - 1] = (uint8_t)(v % 10);
			carry = v / 10;
		}
		product.digits[i - 1] = (uint8_t)carry;
	}
	return trim(product);
}

static char *slow_canonical(const struct slow *x)
{
	struct ev_buf b = {0};

	if (x->negative)
		ev_buf_putc(&b, '-');
	for (size_t i = 0; i < x->n; i++)
		ev_buf_putc(&b, (char)('0' + x->digits[i]));
	if (x->n == 0)
		ev_buf_putc(&b, '0');
	else if (x->exp != 0)
		ev_buf_printf(&b, "e%ld", x->exp);
	ev_buf_str(&b);
	return b.p;
}

static char *slow_plain(const struct slow *x, long scale)
{
	struct ev_buf b = {0};
	long low = scale >= 0 ? -scale : x->exp < 0 ? x->exp : 0;

	if (x->negative)
		ev_buf_putc(&b, '-');
	for (long place = top(x) > 0 && x->n > 0 ? top(x) - 1 : 0; place >= low; place--) {
		if (place == -1)
			ev_buf_putc(&b, '.');
		ev_buf_putc(&b, (char)('0' + digit_at(x, place)));
	}
	ev_buf_str(&b);
	return b.p;
}

/* The library, by text */

static char *canonical(const char *text)
{
	struct ev_buf b = {0};

	ev_number_canonical(text, strlen(text), &b);
	ev_buf_str(&b);
	return b.p;
}

/* NULL if it is refused; then nothing may have been written. */
static char *plain(const char *text, int scale)
{
	struct ev_buf b = {0};
	struct ev_number n;

	ev_number_read(text, strlen(text), &n);
	if (!ev_number_plain(&n, scale, &b)) {
		bool clean = b.len == 0;

		ev_buf_free(&b);
		return clean ? NULL : ev_strdup("something was written");
	}
	ev_buf_str(&b);
	return b.p;
}

static int compare(const char *a, const char *b)
{
	return ev_number_compare(a, strlen(a), b, strlen(b));
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

static bool same(char *got, char *want)
{
	bool good = got != NULL && want != NULL ? strcmp(got, want) == 0 : got == want;

	if (!good)
		diag("got %.200s, wanted %.200s", got != NULL ? got : "(none)",
		     want != NULL ? want : "(none)");
	free(got);
	free(want);
	return good;
}

static struct ev_dec dec(struct ev_arena *a, const char *text)
{
	struct ev_dec d = {0};

	if (!ev_dec_read(a, text, strlen(text), &d))
		diag("not read: %.100s", text);
	return d;
}

static char *dec_canonical(struct ev_dec d)
{
	struct ev_buf b = {0};
	char *out;

	ev_dec_write(d, &b);
	out = canonical(ev_buf_str(&b));
	ev_buf_free(&b);
	return out;
}

/* Random numbers as JSON writes them. Many are near each other, or equal in another spelling. */
static void random_number(char *out, size_t most, long exponents)
{
	size_t whole = random_below(most) + 1,
	       fraction = random_below(2) ? random_below(most) + 1 : 0;
	size_t kind = random_below(4);
	char *p = out;

	if (random_below(3) == 0)
		*p++ = '-';
	if (random_below(4) == 0)
		whole = 1;
	for (size_t i = 0; i < whole; i++)
		*p++ = (char)('0' + (kind == 0 ? 0 : kind == 1 ? 9 : random_below(10)));
	if (whole > 1 && p[-(ptrdiff_t)whole] == '0')
		p[-(ptrdiff_t)whole] = '1';
	if (fraction > 0)
		*p++ = '.';
	for (size_t i = 0; i < fraction; i++)
		*p++ = (char)('0' + (kind <= 1 && random_below(4) != 0 ? 0 : random_below(10)));
	if (random_below(3) == 0)
		p += sprintf(p, "%c%ld", random_below(2) ? 'e' : 'E',
			     (long)random_below((size_t)exponents * 2) - exponents);
	*p = '\0';
}

static void test_random(size_t most, long exponents, int rounds)
{
	enum { CHECKS = 11 };
	static const char *const checks[CHECKS] = {
		"canonical forms",
		"orders",
		"plain forms",
		"plain forms with a scale",
		"whole numbers",
		"fits",
		"sums",
		"products",
		"orders by ev_dec_compare",
		"sums in either order",
		"(a + b) - b = a and a (b + c) = ab + ac",
	};
	unsigned wrong[CHECKS] = {0};
	struct ev_arena a = {0};

	for (int round = 0; round < rounds; round++) {
		char x[512], y[544], z[512];
		struct ev_dec p, q, r, s = {0}, t = {0}, u = {0};
		struct slow sx, sy, sum, product;
		struct ev_number n;
		long fraction;
		int order;

		random_number(x, most, exponents);
		random_number(y, most, exponents);
		random_number(z, most, exponents);
		if (random_below(8) == 0)
			snprintf(y, sizeof y, "%s%s", x,
				 strpbrk(x, ".eE") != NULL ? "" : ".000e-0");
		sx = slow_read(x);
		sy = slow_read(y);
		order = slow_compare(&sx, &sy);
		fraction = sx.exp < 0 ? -sx.exp : 0;
		ev_number_read(x, strlen(x), &n);

		wrong[0] += !same(canonical(x), slow_canonical(&sx));
		wrong[1] += sign(compare(x, y)) != order || sign(compare(y, x)) != -order ||
			    compare(x, x) != 0;
		wrong[2] += !same(plain(x, -1), slow_plain(&sx, -1));
		wrong[3] += !same(plain(x, (int)fraction + round % 3),
				  slow_plain(&sx, fraction + round % 3));
		wrong[4] += ev_number_is_integer(&n) != (sx.exp >= 0);
		for (uint32_t precision = 1; precision < 12; precision++)
			for (uint32_t scale = 0; scale <= precision; scale++) {
				bool fits =
					sx.n == 0 || (top(&sx) <= (long)precision - (long)scale &&
						      fraction <= (long)scale);

				wrong[5] += ev_number_fits(&n, precision, scale) != fits;
			}

		p = dec(&a, x);
		q = dec(&a, y);
		r = dec(&a, z);
		sum = slow_add(&sx, &sy);
		product = slow_multiply(&sx, &sy);
		wrong[6] +=
			!ev_dec_add(&a, p, q, &s) || !same(dec_canonical(s), slow_canonical(&sum));
		wrong[7] += !ev_dec_multiply(&a, p, q, &t) ||
			    !same(dec_canonical(t), slow_canonical(&product));
		wrong[8] += sign(ev_dec_compare(p, q)) != order ||
			    sign(ev_dec_compare(q, p)) != -order;
		wrong[9] += !ev_dec_add(&a, q, p, &u) || ev_dec_compare(s, u) != 0 ||
			    !ev_dec_multiply(&a, q, p, &u) || ev_dec_compare(t, u) != 0;
		wrong[10] +=
			!ev_dec_add(&a, s, ev_dec_negate(q), &u) || ev_dec_compare(u, p) != 0;
		wrong[10] += !ev_dec_add(&a, p, ev_dec_negate(p), &u) || u.n != 0 || u.negative;
		if (ev_dec_add(&a, q, r, &s) && ev_dec_multiply(&a, p, s, &s) &&
		    ev_dec_multiply(&a, p, q, &t) && ev_dec_multiply(&a, p, r, &u) &&
		    ev_dec_add(&a, t, u, &t))
			wrong[10] += ev_dec_compare(s, t) != 0;
		else
			wrong[10]++;
		free(sx.digits);
		free(sy.digits);
		free(sum.digits);
		free(product.digits);
		if (a.total > 1 << 22)
			ev_arena_free(&a);
	}
	ev_arena_free(&a);
	for (size_t i = 0; i < CHECKS; i++)
		is_int(wrong[i], 0, "%s of %d random numbers of up to %zu digits", checks[i],
		       rounds, 2 * most);
}

/* What 64 bits hold, and what they do not, at every distance from the edge. */
static void test_int64(void)
{
	unsigned wrong = 0;

	for (int round = 0; round < 200000; round++) {
		__int128 v = (__int128)(int64_t)random_u64() >> random_below(64);
		char digits[64], *p = digits + sizeof digits - 1;
		struct ev_number n;
		__int128 left;
		int64_t got;
		bool fits;

		if (round % 2 == 0)
			v = (random_below(2) ? INT64_MAX : INT64_MIN) + (__int128)random_below(20) -
			    10;
		*p = '\0';
		for (left = v < 0 ? -v : v; left != 0 || *p == '\0'; left /= 10)
			*--p = (char)('0' + (int)(left % 10));
		if (v < 0)
			*--p = '-';
		ev_number_read(p, strlen(p), &n);
		fits = ev_number_int64(&n, &got);
		wrong += fits != (v >= INT64_MIN && v <= INT64_MAX) || (fits && got != v);
	}
	is_int(wrong, 0, "200,000 numbers around 64 bits");
}

/* Numbers of few digits against their texts, which have too many zeros to be small. */
static void test_small(void)
{
	unsigned wrong = 0;

	for (int round = 0; round < 200000; round++) {
		struct ev_small a[2], read;
		char text[2][80], few[40];
		int n = 0;

		for (int i = 0; i < 2; i++) {
			a[i] = (struct ev_small){(int64_t)random_u64() >> random_below(64),
						 (int32_t)random_below(44) - 22};
			if (i == 1 && random_below(2) != 0) { /* the same, or near it */
				a[1] = a[0];
				for (size_t k = random_below(19);
				     k > 0 && !__builtin_mul_overflow(a[1].coef, 10, &a[1].coef);
				     k--)
					a[1].exp--;
				a[1].coef = (int64_t)((uint64_t)a[1].coef + random_below(3) - 1);
			}
			snprintf(text[i], sizeof text[i], "%" PRId64 ".000000000000000000e%d",
				 a[i].coef, a[i].exp);
		}
		wrong += sign(ev_small_compare(a[0], a[1])) != compare(text[0], text[1]);
		n = snprintf(few, sizeof few, "%" PRId64 "e%d", a[0].coef, a[0].exp);
		if (ev_small_read(few, (size_t)n, &read))
			wrong += n > EV_SMALL_DIGITS || read.coef != a[0].coef ||
				 read.exp != a[0].exp;
		else
			wrong += n <= EV_SMALL_DIGITS;
	}
	is_int(wrong, 0, "200,000 numbers of few digits");
}

/* Small numbers of two places, as money is, in 128 bits. */
static void test_money(void)
{
	struct ev_arena a = {0};
	unsigned wrong = 0;

	for (int round = 0; round < 100000; round++) {
		int64_t v = (int64_t)random_u64() >> (16 + random_below(40)),
			w = (int64_t)random_u64() >> (16 + random_below(40));
		struct ev_dec p, q, s, t;
		char x[64], y[64], sum[64];
		__int128 product = (__int128)v * w;
		struct ev_buf b = {0};
		struct ev_number n;
		int64_t cents;

		snprintf(x, sizeof x, "%s%lld.%02d", v < 0 ? "-" : "", llabs(v) / 100,
			 (int)(llabs(v) % 100));
		snprintf(y, sizeof y, "%" PRId64 "e-2", w);
		snprintf(sum, sizeof sum, "%" PRId64 "e-2", v + w);
		p = dec(&a, x);
		q = dec(&a, y);
		wrong += !ev_dec_add(&a, p, q, &s) || ev_dec_compare(s, dec(&a, sum)) != 0;
		wrong += !ev_dec_multiply(&a, p, q, &t);
		ev_dec_write(t, &b);
		ev_buf_puts(&b, "e4");
		ev_number_read(b.p, b.len, &n);
		if (product >= INT64_MIN && product <= INT64_MAX)
			wrong += !ev_number_int64(&n, &cents) || cents != product;
		else
			wrong += ev_number_int64(&n, &cents);
		ev_buf_free(&b);
		if (a.total > 1 << 22)
			ev_arena_free(&a);
	}
	ev_arena_free(&a);
	is_int(wrong, 0, "100,000 sums and products of cents");
}

static bool multiple(const char *a, const char *b)
{
	struct ev_number x, y;

	ev_number_read(a, strlen(a), &x);
	ev_number_read(b, strlen(b), &y);
	return ev_number_multiple_of(&x, &y);
}

static void test_multiples(void)
{
	unsigned wrong = 0, multiples = 0;

	for (int round = 0; round < 200000; round++) {
		int64_t b = (int64_t)(random_u64() >> (1 + random_below(63))) / 2 + 1;
		int64_t a = (int64_t)(random_u64() >> (1 + random_below(63))), factor = 1;
		int zeros = (int)random_below(19);
		bool want;
		char x[64], y[64];

		if (random_below(2) == 0)
			a = a / b * b;
		for (int i = 0; i < zeros; i++)
			factor *= 10;
		want = (__int128)a * factor % b == 0;
		snprintf(x, sizeof x, "%" PRId64 "e%d", a, zeros - 9);
		snprintf(y, sizeof y, "%" PRId64 "e-9", b);
		multiples += want;
		wrong += multiple(x, y) != want;
	}
	is_int(wrong, 0, "200,000 pairs, %u of them multiples", multiples);
}

/* What is asked of the number, as a word of tests/data/cases/decimal.txt; free() the answer. */
static char *answer(const char *asked, const char *text)
{
	unsigned precision, scale;
	struct ev_number n;
	char number[32];
	char *p = NULL;
	int64_t v;

	ev_number_read(text, strlen(text), &n);
	if (strcmp(asked, "canonical") == 0)
		return canonical(text);
	if (strcmp(asked, "plain") == 0)
		p = plain(text, -1);
	else if (sscanf(asked, "places:%u", &scale) == 1)
		p = plain(text, (int)scale);
	else if (sscanf(asked, "decimal(%u,%u)", &precision, &scale) == 2)
		p = ev_strdup(ev_number_fits(&n, precision, scale) ? "yes" : "no");
	else if (strncmp(asked, "multiple:", 9) == 0)
		p = ev_strdup(multiple(text, asked + 9) ? "yes" : "no");
	else if (strcmp(asked, "int64") == 0 && ev_number_int64(&n, &v)) {
		snprintf(number, sizeof number, "%" PRId64, v);
		p = ev_strdup(number);
	}
	return p != NULL ? p : ev_strdup("none");
}

static void test_cases(void)
{
	struct cases cases = cases_open("decimal.txt");
	char *line;

	while (cases_next(&cases, &line, 1)) {
		const char *asked = strtok(line, " "), *text = strtok(NULL, " ");
		const char *want = strtok(NULL, " ");

		ok(same(answer(asked, text), ev_strdup(want)), "%s %s", asked, text);
	}
}

/* Each line is less than the next; those in one line are equal. */
static void test_order(void)
{
	struct cases cases = cases_open("decimal-order.txt");
	struct {
		const char *text;
		int step;
	} numbers[64];
	size_t n = 0;
	unsigned wrong = 0;
	char *line;

	for (int step = 0; cases_next(&cases, &line, 1); step++)
		for (char *p = strtok(line, " "); p != NULL && n < 64; p = strtok(NULL, " ")) {
			numbers[n].text = ev_strdup(p);
			numbers[n++].step = step;
		}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			if (sign(compare(numbers[i].text, numbers[k].text)) !=
			    sign(numbers[i].step - numbers[k].step)) {
				diag("%s against %s", numbers[i].text, numbers[k].text);
				wrong++;
			}
	is_int(wrong, 0, "%zu numbers of all sizes are in order", n);
	while (n > 0)
		free((char *)numbers[--n].text);
}

/* first digit, n - 2 zeros or nines, last digit, tail */
static char *long_number(char first, char between, char last, size_t n, const char *tail)
{
	char *p = malloc(n + strlen(tail) + 1);

	if (p == NULL)
		abort();
	memset(p, between, n);
	p[0] = first;
	p[n - 1] = last;
	memcpy(p + n, tail, strlen(tail) + 1);
	return p;
}

static bool readable(struct ev_arena *a, const char *text)
{
	struct ev_dec d;

	return ev_dec_read(a, text, strlen(text), &d);
}

static void test_limits(void)
{
	enum { N = EV_DEC_DIGITS };
	struct ev_arena a = {0};
	char *most = long_number('9', '9', '9', N, ""),
	     *over = long_number('1', '0', '1', N + 1, "");
	char *small = long_number('9', '9', '9', N, "e-10000"),
	     *tiny = long_number('7', '0', '7', N, "e-20000");
	char *half = long_number('9', '9', '9', N / 2, "e-17"),
	     *far = long_number('7', '0', '7', N, "e-19993");
	char *product;
	struct ev_dec x, y, z;
	struct slow s, t, p;

	ok(readable(&a, most), "10,000 digits are read");
	ok(!readable(&a, over), "10,001 are not");
	ok(readable(&a, "1e9999") && !readable(&a, "1e10000"), "no number above 1e10000 is read");
	ok(readable(&a, "1e-10001") && !readable(&a, "1e-10002"),
	   "no number below 1e-10001 is read");
	ok(readable(&a, small) && readable(&a, tiny), "10,000 digits behind the point are read");
	ok(!readable(&a, "1e99999999999999999999") && !readable(&a, "1e-99999999999999999999"),
	   "nor one beyond all");
	ok(readable(&a, "0e99999999999999999999"), "but zero is zero");
	is_int(sign(compare(over, most)), 1, "10,001 digits are compared");
	is_int(sign(compare(most, small)), 1, "and 10,000 with 10,000");
	product = canonical(over);
	is(product, over, "the canonical form has no limit");
	free(product);

	s = slow_read(half);
	x = dec(&a, half);
	p = slow_multiply(&s, &s);
	ok(ev_dec_multiply(&a, x, x, &z) && same(dec_canonical(z), slow_canonical(&p)),
	   "5,000 times 5,000 digits");
	free(p.digits);
	free(s.digits);
	x = dec(&a, most);
	ok(!ev_dec_multiply(&a, x, x, &z), "10,000 times 10,000 are refused");
	ok(!ev_dec_add(&a, x, dec(&a, tiny), &z), "and a sum of 30,000");

	/* Beyond the promise, but what is not refused is right. */
	s = slow_read(most);
	t = slow_read(far);
	p = slow_add(&s, &t);
	ok(ev_dec_add(&a, x, dec(&a, far), &z) && same(dec_canonical(z), slow_canonical(&p)),
	   "a sum of 29,993 digits");
	is_int(sign(ev_dec_compare(z, x)), 1, "it is compared");
	is_int(sign(ev_dec_compare(ev_dec_negate(z), ev_dec_negate(x))), -1, "and negated");
	y = dec(&a, "9e9999");
	is_int(sign(ev_dec_compare(z, y)), 1, "with one digit of the same size, too");
	is_int(sign(ev_dec_compare(y, z)), -1, "in either order");
	free(p.digits);
	free(s.digits);
	free(t.digits);

	x = dec(&a, "1e9999");
	y = dec(&a, "1e-9999");
	ok(ev_dec_add(&a, x, y, &z), "1e9999 + 1e-9999");
	is_int(sign(ev_dec_compare(z, x)), 1, "is more than 1e9999");
	ok(ev_dec_add(&a, z, ev_dec_negate(x), &z) && ev_dec_compare(z, y) == 0, "by 1e-9999");
	ok(!ev_dec_multiply(&a, x, x, &z), "1e9999 squared is refused");
	ok(ev_dec_negate((struct ev_dec){0}).negative == false, "zero has no sign");
	free(most);
	free(over);
	free(small);
	free(tiny);
	free(half);
	free(far);
	ev_arena_free(&a);
}

/* What can be taken at a glance is, and as the reading byte by byte takes it. */
static void test_glance(void)
{
	static const char *const behind[] = {",\"a\":1", "}", "]}", "\n", "0.5e1", ".9", "-1"};
	unsigned wrong = 0, taken = 0;

	for (unsigned k = 0; k < 300000; k++) {
		char text[64];
		int len = 0;
		struct ev_small quick = {-1, -1}, slow = {-2, -2};
		bool plain;

		len += random_below(8) == 0 ? sprintf(text, "-") : 0;
		len += sprintf(text + len, "%u", (unsigned)random_u64() >> random_below(32));
		if (random_below(2) == 0)
			len += sprintf(text + len, ".%0*u", (int)random_below(4),
				       (unsigned)random_u64() >> random_below(32));
		plain = len <= 8 && text[0] != '-';
		if (random_below(8) == 0) {
			len += sprintf(text + len, "%s%u", random_below(2) ? "e" : "E-",
				       (unsigned)random_below(20));
			plain = false;
		}
		sprintf(text + len, "%s", behind[random_below(sizeof behind / sizeof behind[0])]);
		taken += plain;
		wrong += ev_small_read_short(text, (size_t)len, &quick) != plain;
		wrong += plain && (!ev_small_read(text, (size_t)len, &slow) ||
				   quick.coef != slow.coef || quick.exp != slow.exp);
	}
	ok(taken > 50000, "many numbers can be taken at a glance");
	is_int(wrong, 0, "those are, as they are read, and no others");
}

int main(void)
{
	test_cases();
	test_order();
	test_int64();
	test_small();
	test_glance();
	test_money();
	test_multiples();
	test_random(4, 5, 60000);
	test_random(25, 40, 20000);
	test_random(120, 300, 1000);
	test_limits();
	return done();
}

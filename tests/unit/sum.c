/* Exact sums against decimal arithmetic (number/decimal.h), in any order and split; their roots. */
#include "number/sum.h"

#include "tap.h"

#include <stdlib.h>

enum { NUMBERS = 400, ROUNDS = 50 };

static uint64_t seed = 88172645463325252u;

static unsigned below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed % n);
}

/* Mostly money; sometimes far from 1, and sometimes many digits. */
static void number(char *out, size_t size)
{
	unsigned kind = below(10);
	size_t n = 0;

	if (kind < 6) {
		snprintf(out, size, "%s%u.%02u", below(3) == 0 ? "-" : "", below(100000),
			 below(100));
	} else if (kind < 8) {
		snprintf(out, size, "%s%ue%d", below(2) == 0 ? "-" : "", below(1000),
			 (int)below(600) - 300);
	} else {
		n = 1 + below(80);
		for (size_t i = 0; i < n; i++)
			out[i] = (char)('1' + below(9));
		snprintf(out + n, size - n, ".%u", below(1000000));
	}
}

static void of_sum(const struct ev_sum *s, struct ev_buf *out)
{
	ev_buf_reset(out);
	ev_sum_write(s, out);
	ev_buf_str(out);
}

static void of_dec(struct ev_dec d, struct ev_buf *out)
{
	struct ev_buf plain = {0};

	ev_dec_write(d, &plain);
	ev_buf_reset(out);
	ev_number_canonical(plain.p, plain.len, out);
	ev_buf_str(out);
	ev_buf_free(&plain);
}

static void round_of_sums(void)
{
	static char numbers[NUMBERS][128];
	struct ev_arena arena = {0};
	struct ev_dec sum = {0}, squares = {0}, x, square;
	struct ev_sum one = {0}, parts[3] = {{0}, {0}, {0}}, twice = {0}, merged = {0};
	struct ev_buf a = {0}, b = {0};
	bool taken = true;

	for (size_t i = 0; i < NUMBERS; i++) {
		number(numbers[i], sizeof numbers[i]);
		taken &= ev_dec_read(&arena, numbers[i], strlen(numbers[i]), &x);
		taken &= ev_dec_add(&arena, sum, x, &sum);
		taken &= ev_dec_multiply(&arena, x, x, &square);
		taken &= ev_dec_add(&arena, squares, square, &squares);
	}
	for (size_t i = NUMBERS; i > 0; i--) {
		const char *p = numbers[i - 1];

		taken &= ev_sum_add(&one, p, strlen(p));
		taken &= ev_sum_add(&parts[below(3)], p, strlen(p));
		taken &= ev_sum_add_square(&twice, p, strlen(p));
	}
	ok(taken, "every number is taken");
	of_sum(&one, &a);
	of_dec(sum, &b);
	is(a.p, b.p, "a sum is that of decimal arithmetic");
	for (size_t i = 0; i < 3; i++) {
		of_sum(&parts[i], &a);
		taken &= ev_sum_merge(&merged, a.p, a.len);
	}
	of_sum(&merged, &a);
	is(a.p, b.p, "and that of its parts, merged");
	of_sum(&twice, &a);
	of_dec(squares, &b);
	is(a.p, b.p, "so is a sum of squares");
	ev_sum_free(&one);
	ev_sum_free(&twice);
	ev_sum_free(&merged);
	for (size_t i = 0; i < 3; i++)
		ev_sum_free(&parts[i]);
	ev_buf_free(&a);
	ev_buf_free(&b);
	ev_arena_free(&arena);
}

static void limits(void)
{
	static const struct {
		const char *number;
		bool taken;
	} cases[] = {
		{"1e399", true},
		{"1e400", false},
		{"1e-400", true},
		{"1e-401", false},
		{"0e9999", true},
		{"-0.0", true},
		{"1e99999999999999999999", false},
		{"1.5e399", true},
		{"9e-401", false},
	};
	struct ev_sum s = {0};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ok(ev_sum_add(&s, cases[i].number, strlen(cases[i].number)) == cases[i].taken,
		   "%s is %s", cases[i].number, cases[i].taken ? "taken" : "refused");
	ok(s.n <= 2 * EV_SUM_DIGITS / 9 + 4, "the sum holds no more limbs than its limits need");
	ev_sum_free(&s);
}

static void quotients(void)
{
	static const struct {
		const char *x, *y, *quotient, *root;
		unsigned digits;
	} cases[] = {
		{"1", "3", "0.3333333333", "0.5773502692", 10},
		{"2", "3", "0.6666666667", "0.8164965809", 10},
		{"-1", "8", "-0.125", NULL, 10},
		{"0", "7", "0", "0", 10},
		{"15", "2", "8", "3", 1},	  /* 7.5 to the even digit */
		{"13", "2", "6", "3", 1},	  /* 6.5 to the even digit */
		{"9999", "1000", "10", "3.2", 2}, /* a carry through all digits */
		{"1e300", "1", "1e300", "1e150", 5},
		{"1e-300", "4", "2.5e-301", "5e-151", 5},
		{"123456789012345678901234567890", "1", "123460000000000000000000000000",
		 "351360000000000", 5},
		{"2", "1", "2", "1.4142135623730950488", 20},
	};
	struct ev_arena a = {0};
	struct ev_buf out = {0}, want = {0};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ev_dec x, y;

		ev_dec_read(&a, cases[i].x, strlen(cases[i].x), &x);
		ev_dec_read(&a, cases[i].y, strlen(cases[i].y), &y);
		for (int root = 0; root < 2; root++) {
			const char *text = root ? cases[i].root : cases[i].quotient;

			if (text == NULL)
				continue;
			ev_buf_reset(&out);
			ev_buf_reset(&want);
			ev_number_show(text, strlen(text), &want);
			if (root)
				ev_dec_root(&a, x, y, cases[i].digits, &out);
			else
				ev_dec_quotient(&a, x, y, cases[i].digits, &out);
			is(ev_buf_str(&out), ev_buf_str(&want), "%s%s / %s to %u digits",
			   root ? "the root of " : "", cases[i].x, cases[i].y, cases[i].digits);
		}
	}
	ev_buf_free(&out);
	ev_buf_free(&want);
	ev_arena_free(&a);
}

int main(void)
{
	for (int i = 0; i < ROUNDS; i++)
		round_of_sums();
	limits();
	quotients();
	return done();
}

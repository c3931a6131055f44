/* Quantiles of many numbers: each is counted in the bucket of the double that strtod reads. */
#include "expect/sketch.h"

#include "support.h"
#include "tap.h"

enum { NUMBERS = 40000, TEXT = 48, STEPS = 128, EXPONENTS = 2048, BUCKETS = STEPS * EXPONENTS };

/*
 * Mostly money; the edges of buckets, and numbers next to them; and numbers with as many digits, or
 * as large a power, as one step can still read.
 */
static void number(char *out)
{
	static const char *const edges[] = {
		"9007199254740991",
		"9007199254740992",
		"9007199254740993",
		"-9007199254740993",
		"9007199254740993e1",
		"1e22",
		"1e23",
		"3e-22",
		"3e-23",
		"9007199254740993e9",
		"0.1e-21",
		"123456789012345678",
		"1234567890123456789",
		"0",
		"-0.00",
		"0e22",
		"1e400",
		"-1e-400",
	};
	const char *sign = random_below(4) == 0 ? "-" : "";
	int places;

	switch (random_below(5)) {
	case 0:
		snprintf(out, TEXT, "%s", edges[random_below(sizeof edges / sizeof edges[0])]);
		return;
	case 1:
		snprintf(out, TEXT, "%s%llu", sign,
			 (unsigned long long)random_u64() >> random_below(64));
		return;
	case 2:
		snprintf(out, TEXT, "%s%llue%d", sign,
			 (unsigned long long)random_u64() >> (8 + random_below(56)),
			 (int)random_below(60) - 30);
		return;
	case 3:
		places = (int)random_below(15);
		snprintf(out, TEXT, "%s%.*f", sign, places,
			 (double)(128 + random_below(128)) /
					 (1 << random_below((size_t)places + 1)) -
				 (random_below(4) == 0 ? 1e-14 : 0));
		return;
	default:
		snprintf(out, TEXT, "%s%llu.%02u", sign, (unsigned long long)random_below(100000),
			 (unsigned)random_below(100));
	}
}

/* As ev_quantile_write has them, from strtod alone. */
static void write_counts(const uint64_t *counts, uint64_t zeros, struct ev_buf *out)
{
	const char *comma = "";

	ev_buf_printf(out, "{\"zeros\":%llu,\"buckets\":[", (unsigned long long)zeros);
	for (unsigned i = 0; i < 2 * BUCKETS; i++) {
		if (counts[i] == 0)
			continue;
		ev_buf_printf(out, "%s[%u,%u,%llu]", comma, i / BUCKETS, i % BUCKETS,
			      (unsigned long long)counts[i]);
		comma = ",";
	}
	ev_buf_puts(out, "]}");
}

int main(void)
{
	struct ev_quantile *q = ev_quantile_new();
	uint64_t *counts = calloc(2 * (size_t)BUCKETS, sizeof *counts), zeros = 0, bits;
	struct ev_buf got = {0}, want = {0};

	if (counts == NULL)
		abort();
	for (unsigned i = 0; i < NUMBERS; i++) {
		char text[TEXT];
		double v;

		number(text);
		ev_quantile_add(q, text, strlen(text));
		v = strtod(text, NULL);
		memcpy(&bits, &v, sizeof bits);
		if (v == 0)
			zeros++;
		else
			counts[(v > 0 ? BUCKETS : 0) + (bits << 1 >> 46)]++;
	}
	ok(!ev_quantile_is_exact(q) && ev_quantile_count(q) == NUMBERS,
	   "they are too many to hold");
	ev_quantile_write(q, &got);
	write_counts(counts, zeros, &want);
	is(ev_buf_str(&got), ev_buf_str(&want), "each number is in its bucket");
	ev_buf_free(&got);
	ev_buf_free(&want);
	ev_quantile_free(&q);
	free(counts);
	return done();
}

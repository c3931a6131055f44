/*
 * The verdicts of expectations, and their results as Great Expectations writes them. Numbers are
 * compared as the exact decimals they are.
 */
#include "expect/internal.h"
#include "number/decimal.h"
#include "scan/form.h"
#include "number/sum.h"

#include <stdio.h>
#include <stdlib.h>

enum { PERCENT_DIGITS = 10 };

void ev_expect_settle(struct ev_expect *e, bool good)
{
	e->outcome = good ? EV_EXPECT_PASS : EV_EXPECT_FAIL;
}

/* Compares a bound with a limit. "" is infinite; beyond: with which sign. */
static int bound_compare(const char *bound, int beyond, const struct ev_expect_limit *l)
{
	if (bound[0] == '\0')
		return beyond;
	return ev_number_compare(bound, strlen(bound), l->text, l->len);
}

void ev_expect_judge_range(struct ev_expect *e, const char *low, const char *high)
{
	const struct ev_expect_range *r = &e->range;
	bool sure = true, never = false;
	int order;

	if (r->min.kind != LIMIT_NONE) {
		order = bound_compare(low, -1, &r->min);
		sure &= order > 0 || (order == 0 && !r->strict_min);
		order = bound_compare(high, 1, &r->min);
		never |= order < 0 || (order == 0 && r->strict_min);
	}
	if (r->max.kind != LIMIT_NONE) {
		order = bound_compare(high, 1, &r->max);
		sure &= order < 0 || (order == 0 && !r->strict_max);
		order = bound_compare(low, -1, &r->max);
		never |= order > 0 || (order == 0 && r->strict_max);
	}
	e->outcome = sure ? EV_EXPECT_PASS : never ? EV_EXPECT_FAIL : EV_EXPECT_INCONCLUSIVE;
}

void ev_expect_judge_count(struct ev_expect *e, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)n);
	ev_expect_judge_range(e, text, text);
}

struct ev_dec ev_expect_whole_of(struct ev_arena *a, uint64_t n)
{
	struct ev_dec d = {0};
	char text[24];
	int len = snprintf(text, sizeof text, "%llu", (unsigned long long)n);

	ev_dec_read(a, text, (size_t)len, &d);
	return d;
}

bool ev_expect_share_reached(struct ev_arena *a, uint64_t part, uint64_t whole, const char *share)
{
	struct ev_dec wanted = {0}, least = {0};

	if (share == NULL)
		return part >= whole;
	/* Cannot fail: opening has checked that a share is at most 1, and short. */
	if (!ev_dec_read(a, share, strlen(share), &wanted) ||
	    !ev_dec_multiply(a, wanted, ev_expect_whole_of(a, whole), &least))
		return false;
	return ev_dec_compare(ev_expect_whole_of(a, part), least) >= 0;
}

void ev_expect_put_ratio(uint64_t part, uint64_t whole, unsigned times, struct ev_buf *out)
{
	static const uint64_t scale = 10000000000; /* 10^PERCENT_DIGITS */
	unsigned __int128 v;
	char text[64];
	int len;

	if (whole == 0) {
		ev_buf_puts(out, "null");
		return;
	}
	v = ((unsigned __int128)part * times * scale * 2 + whole) / ((unsigned __int128)whole * 2);
	len = snprintf(text, sizeof text, "%llu.%010llu", (unsigned long long)(v / scale),
		       (unsigned long long)(v % scale));
	while (text[len - 1] == '0')
		len--;
	len -= text[len - 1] == '.';
	ev_buf_put(out, text, (size_t)len);
}

void ev_expect_put_observed(struct ev_buf *out, const char *json)
{
	ev_buf_printf(out, "{\"observed_value\":%s}", json);
}

static int by_text(const void *a, const void *b)
{
	const struct ev_buf *x = *(const struct ev_buf *const *)a,
			    *y = *(const struct ev_buf *const *)b;
	int order = memcmp(x->p, y->p, x->len < y->len ? x->len : y->len);

	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

struct counted {
	const struct ev_buf *value;
	size_t n;
};

static int by_count(const void *a, const void *b)
{
	const struct counted *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return by_text(&x->value, &y->value);
}

static void put_counts(const struct ev_expect_sample *s, struct ev_buf *out)
{
	const struct ev_buf *sorted[EXPECT_SAMPLE] = {NULL};
	struct counted counted[EXPECT_SAMPLE] = {{NULL, 0}};
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		sorted[i] = &s->list[i].value;
	qsort(sorted, s->n, sizeof(const struct ev_buf *), by_text);
	for (size_t i = 0; i < s->n; i++) {
		if (i > 0 && by_text(&sorted[i - 1], &sorted[i]) == 0)
			counted[n - 1].n++;
		else
			counted[n++] = (struct counted){sorted[i], 1};
	}
	qsort(counted, n, sizeof counted[0], by_count);
	for (size_t i = 0; i < n; i++) {
		ev_buf_puts(out, i > 0 ? ",{\"value\":" : "{\"value\":");
		ev_buf_put(out, counted[i].value->p, counted[i].value->len);
		ev_buf_printf(out, ",\"count\":%zu}", counted[i].n);
	}
}

void ev_expect_put_rows_result(struct ev_expect *e, struct ev_buf *out)
{
	uint64_t present = e->elements - e->missing;

	ev_buf_printf(out, "{\"element_count\":%llu,\"unexpected_count\":%llu",
		      (unsigned long long)e->elements, (unsigned long long)e->unexpected);
	ev_buf_puts(out, ",\"unexpected_percent\":");
	ev_expect_put_ratio(e->unexpected, present, 100, out);
	ev_buf_puts(out, ",\"partial_unexpected_list\":[");
	for (size_t i = 0; i < e->sample.n; i++) {
		ev_buf_put(out, ",", i > 0);
		ev_buf_put(out, e->sample.list[i].value.p, e->sample.list[i].value.len);
	}
	ev_buf_printf(out, "],\"missing_count\":%llu,\"missing_percent\":",
		      (unsigned long long)e->missing);
	ev_expect_put_ratio(e->missing, e->elements, 100, out);
	ev_buf_puts(out, ",\"unexpected_percent_total\":");
	ev_expect_put_ratio(e->unexpected, e->elements, 100, out);
	ev_buf_puts(out, ",\"unexpected_percent_nonmissing\":");
	ev_expect_put_ratio(e->unexpected, present, 100, out);
	ev_buf_puts(out, ",\"partial_unexpected_counts\":[");
	put_counts(&e->sample, out);
	ev_buf_puts(out, "],\"partial_unexpected_index_list\":[");
	for (size_t i = 0; i < e->sample.n; i++) {
		ev_buf_put(out, ",", i > 0);
		ev_position_write(&e->sample.list[i].pos, false, out);
	}
	ev_buf_puts(out, "]}");
}

void ev_expect_judge_rows(struct ev_expect *e, struct ev_buf *out)
{
	uint64_t present = e->elements - e->missing;

	ev_expect_settle(e, present == 0 || ev_expect_share_reached(&e->suite->arena,
								    present - e->unexpected,
								    present, e->mostly));
	ev_expect_put_rows_result(e, out);
}

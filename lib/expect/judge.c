/*
 * The verdicts of expectations, and their results as Great Expectations writes them. Numbers are
 * compared as the exact decimals they are.
 */
#include "expect/internal.h"

#include <stdio.h>

enum { PERCENT_DIGITS = 10 };

void ev_expect_settle(struct ev_expect *e, bool good)
{
	e->outcome = good ? EV_EXPECT_PASS : EV_EXPECT_FAIL;
}

/* Whether a number keeps a limit. side: 1 for the least, -1 for the greatest. */
static bool keeps(const char *number, const struct ev_expect_limit *l, bool strict, int side)
{
	int order;

	if (l->kind == LIMIT_NONE)
		return true;
	order = side * ev_number_compare(number, strlen(number), l->text, l->len);
	return order > 0 || (order == 0 && !strict);
}

void ev_expect_judge_range(struct ev_expect *e, const char *low, const char *high)
{
	const struct ev_expect_range *r = &e->range;

	/* An empty bound is infinite. */
	bool low_fits = low[0] == '\0' ? r->min.kind == LIMIT_NONE
				       : keeps(low, &r->min, r->strict_min, 1),
	     high_fits = high[0] == '\0' ? r->max.kind == LIMIT_NONE
					 : keeps(high, &r->max, r->strict_max, -1);

	if (low_fits && high_fits)
		e->outcome = EV_EXPECT_PASS;
	else if ((high[0] != '\0' && !keeps(high, &r->min, r->strict_min, 1)) ||
		 (low[0] != '\0' && !keeps(low, &r->max, r->strict_max, -1)))
		e->outcome = EV_EXPECT_FAIL;
	else
		e->outcome = EV_EXPECT_INCONCLUSIVE;
}

void ev_expect_judge_count(struct ev_expect *e, uint64_t low, uint64_t high)
{
	char text[2][24];

	snprintf(text[0], sizeof text[0], "%llu", (unsigned long long)low);
	snprintf(text[1], sizeof text[1], "%llu", (unsigned long long)high);
	ev_expect_judge_range(e, text[0], high == UINT64_MAX ? "" : text[1]);
}

struct ev_dec ev_expect_whole_of(struct ev_arena *a, uint64_t n)
{
	struct ev_dec d = {0};
	char text[24];
	int len = snprintf(text, sizeof text, "%llu", (unsigned long long)n);

	ev_dec_read(a, text, (size_t)len, &d);
	return d;
}

/* True if part / whole >= share (a JSON number; NULL is 1). */
static bool share_is_reached(struct ev_arena *a, uint64_t part, uint64_t whole, const char *share)
{
	struct ev_dec asked = {0}, least = {0};

	if (share == NULL)
		return part >= whole;
	/* Cannot fail: opening has checked that a share is at most 1, and short. */
	if (!ev_dec_read(a, share, strlen(share), &asked) ||
	    !ev_dec_multiply(a, asked, ev_expect_whole_of(a, whole), &least))
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

void ev_expect_settle_empty(struct ev_expect *e, struct ev_buf *out)
{
	ev_expect_settle(e, true);
	ev_json_text(out, "observed_value", NULL);
}

/* A value of the sample, and how often it is there. */
struct counted {
	const struct ev_buf *value;
	uint64_t n;
};

static int by_value(const void *a, const void *b)
{
	const struct ev_buf *x = ((const struct counted *)a)->value,
			    *y = ((const struct counted *)b)->value;

	return ev_bytes_compare(x->p, x->len, y->p, y->len);
}

static int by_count(const void *a, const void *b)
{
	const struct counted *x = a, *y = b;

	return x->n != y->n ? (x->n > y->n ? -1 : 1) : by_value(a, b);
}

static void put_counts(const struct ev_expect_sample *s, struct ev_buf *out)
{
	struct counted list[EXPECT_SAMPLE] = {{NULL, 0}};
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		list[i] = (struct counted){&s->list[i].value, 1};
	qsort(list, s->n, sizeof list[0], by_value);
	for (size_t i = 0; i < s->n; i++) {
		if (n > 0 && by_value(&list[n - 1], &list[i]) == 0)
			list[n - 1].n++;
		else
			list[n++] = list[i];
	}
	qsort(list, n, sizeof list[0], by_count);
	for (size_t i = 0; i < n; i++) {
		ev_json_open(out, NULL, '{');
		ev_json_raw(out, "value", list[i].value->p, list[i].value->len);
		ev_json_u64(out, "count", list[i].n);
		ev_buf_putc(out, '}');
	}
}

static void put_percent(const char *name, uint64_t part, uint64_t whole, struct ev_buf *out)
{
	ev_json_name(out, name);
	ev_expect_put_ratio(part, whole, 100, out);
}

void ev_expect_judge_rows(struct ev_expect *e, struct ev_buf *out)
{
	const struct ev_expect_counts *n = &e->n;
	uint64_t present = n->elements - n->missing;

	ev_expect_settle(e,
			 present == 0 || share_is_reached(&e->suite->arena, present - n->unexpected,
							  present, e->mostly));
	ev_json_u64(out, "element_count", n->elements);
	ev_json_u64(out, "unexpected_count", n->unexpected);
	put_percent("unexpected_percent", n->unexpected, present, out);
	ev_json_open(out, "partial_unexpected_list", '[');
	for (size_t i = 0; i < e->sample.n; i++)
		ev_json_raw(out, NULL, e->sample.list[i].value.p, e->sample.list[i].value.len);
	ev_buf_putc(out, ']');
	ev_json_u64(out, "missing_count", n->missing);
	put_percent("missing_percent", n->missing, n->elements, out);
	put_percent("unexpected_percent_total", n->unexpected, n->elements, out);
	put_percent("unexpected_percent_nonmissing", n->unexpected, present, out);
	ev_json_open(out, "partial_unexpected_counts", '[');
	put_counts(&e->sample, out);
	ev_buf_putc(out, ']');
	ev_json_open(out, "partial_unexpected_index_list", '[');
	for (size_t i = 0; i < e->sample.n; i++) {
		ev_json_name(out, NULL);
		ev_position_write(&e->sample.list[i].pos, false, out);
	}
	ev_buf_putc(out, ']');
}

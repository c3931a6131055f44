/*
 * Expectations that keep every value while they are few, and a sketch of them beyond.
 */
#include "expect/internal.h"
#include "expect/sketch.h"
#include "number/sum.h"

#include <math.h>

/* How many distinct values, and their share */

static bool open_count(struct ev_expect *e, struct ev_expect_opening *o)
{
	((struct ev_tally *)e->own)->kind = EV_TALLY_DISTINCT;
	return ev_expect_limits_are_numbers(e, o);
}

static void close_tally(struct ev_expect *e)
{
	ev_tally_free(e->own);
}

static bool tally_take(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	size_t len;
	const char *p = ev_expect_canonical_of(f->d, *at, &e->suite->scratch, &len);

	ev_tally_add(e->own, ev_hash128(p, len, 0), 1, NULL, 0);
	return true;
}

static void tally_write(const struct ev_expect *e, struct ev_buf *out)
{
	ev_json_name(out, "tally");
	ev_tally_write(e->own, out);
}

static bool tally_merge(struct ev_expect *e, const struct ev_doc *d)
{
	return ev_tally_merge(e->own, d, ev_member(d, 0, "tally", 5), ev_expect_present_in(d));
}

/*
 * How many distinct values came: the sketch's estimate, clipped to what the counts allow; it lies
 * in [*low, *high].
 */
static uint64_t distinct_of(const struct ev_expect *e, uint64_t *low, uint64_t *high)
{
	uint64_t n = ev_tally_distinct(e->own, low, high), present = ev_expect_present(&e->n);

	*low = *low < present ? *low : present;
	*high = *high < present ? *high : present;
	return n < present ? n : present;
}

static void count_judge(struct ev_expect *e, struct ev_buf *out)
{
	uint64_t low, high, n = distinct_of(e, &low, &high);

	ev_expect_judge_count(e, low, high);
	if (!ev_tally_is_exact(e->own)) {
		e->approximate = true;
		ev_buf_printf(&e->error,
			      "between %llu and %llu, three standard errors of HyperLogLog",
			      (unsigned long long)low, (unsigned long long)high);
	}
	ev_json_u64(out, "observed_value", n);
}

static void share_judge(struct ev_expect *e, struct ev_buf *out)
{
	uint64_t low, high, n = distinct_of(e, &low, &high);
	uint64_t present = ev_expect_present(&e->n);
	struct ev_arena *a = &e->suite->arena;
	struct ev_buf from = {0}, to = {0};

	if (present == 0) {
		ev_expect_settle_empty(e, out);
		return;
	}
	/* The share to 40 digits: a share that differs from a limit by less counts as equal. */
	ev_dec_quotient(a, ev_expect_whole_of(a, low), ev_expect_whole_of(a, present), 40, &from);
	ev_dec_quotient(a, ev_expect_whole_of(a, high), ev_expect_whole_of(a, present), 40, &to);
	ev_expect_judge_range(e, ev_buf_str(&from), ev_buf_str(&to));
	if (!ev_tally_is_exact(e->own)) {
		e->approximate = true;
		ev_buf_puts(&e->error, "between ");
		ev_expect_put_ratio(low, present, 1, &e->error);
		ev_buf_puts(&e->error, " and ");
		ev_expect_put_ratio(high, present, 1, &e->error);
		ev_buf_puts(&e->error, ", three standard errors of HyperLogLog");
	}
	ev_json_name(out, "observed_value");
	ev_expect_put_ratio(n, present, 1, out);
	ev_buf_free(&from);
	ev_buf_free(&to);
}

/* The most common value. Values of the set are counted exactly, the others in a tally. */

struct common {
	struct ev_tally others;
	uint64_t *counts; /* of each value of the set */
	bool ties;
};

static bool open_common(struct ev_expect *e, struct ev_expect_opening *o)
{
	struct common *m = e->own;

	m->others.kind = EV_TALLY_FREQUENT;
	m->counts = ev_calloc(e->set.n + 1, sizeof *m->counts);
	return ev_expect_argument_bool(o, "ties_okay", &m->ties);
}

static void close_common(struct ev_expect *e)
{
	struct common *m = e->own;

	ev_tally_free(&m->others);
	free(m->counts);
}

static void common_other(void *own, const char *form, size_t len, const char *shown,
			 size_t shown_len)
{
	struct common *m = own;

	ev_tally_add(&m->others, ev_hash128(form, len, 0), 1, shown, shown_len);
}

static bool common_take(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	struct common *m = e->own;

	ev_expect_values_count(e, f->d, *at, m->counts, common_other);
	return true;
}

static void common_write(const struct ev_expect *e, struct ev_buf *out)
{
	const struct common *m = e->own;

	ev_expect_counts_write(out, "counts", m->counts, e->set.n);
	ev_json_name(out, "tally");
	ev_tally_write(&m->others, out);
}

static bool common_merge(struct ev_expect *e, const struct ev_doc *d)
{
	struct common *m = e->own;
	uint64_t in_set = 0, present = ev_expect_present_in(d);

	return ev_expect_counts_merge(d, "counts", m->counts, e->set.n, &in_set) &&
	       in_set <= present &&
	       ev_tally_merge(&m->others, d, ev_member(d, 0, "tally", 5), present - in_set);
}

static void common_judge(struct ev_expect *e, struct ev_buf *out)
{
	const struct common *m = e->own;
	uint64_t best = 0, other = 0, most;
	size_t winners = 0, outside = 0, n = 0;
	const char **list;

	for (size_t i = 0; i < e->set.n; i++)
		best = m->counts[i] > best ? m->counts[i] : best;
	for (size_t i = 0; i < m->others.n; i++)
		other = m->others.list[i].count > other ? m->others.list[i].count : other;
	most = best > other ? best : other;
	list = ev_calloc(e->set.n + m->others.n + 1, sizeof *list);
	for (size_t i = 0; most > 0 && i < e->set.n; i++) {
		if (m->counts[i] != most)
			continue;
		winners++;
		list[n++] = e->set.list[i].text;
	}
	for (size_t i = 0; most > 0 && i < m->others.n; i++) {
		if (m->others.list[i].count != most)
			continue;
		outside++;
		list[n++] = m->others.list[i].text;
	}
	if (most == 0)
		ev_expect_settle(e, true);
	else if (ev_tally_is_exact(&m->others))
		ev_expect_settle(e, winners > 0 && (m->ties || winners + outside == 1));
	else if (best > other + m->others.error || (m->ties && best == other + m->others.error))
		ev_expect_settle(e, m->ties || winners == 1);
	else if (best < other || (!m->ties && winners > 1))
		ev_expect_settle(e, false);
	else
		e->outcome = EV_EXPECT_INCONCLUSIVE;
	if (!ev_tally_is_exact(&m->others)) {
		e->approximate = true;
		ev_buf_printf(&e->error,
			      "counts of values outside the set may be %llu too small, as "
			      "Space-Saving tells; which are named depends on the order",
			      (unsigned long long)m->others.error);
	}
	qsort(list, n, sizeof(const char *), ev_expect_by_text);
	ev_json_name(out, "observed_value");
	ev_buf_puts(out, n == 0 ? "null" : "[");
	for (size_t i = 0; i < n && i < EXPECT_LISTED; i++)
		ev_json_raw(out, NULL, list[i], strlen(list[i]));
	ev_buf_put(out, "]", n > 0);
	ev_json_open(out, "details", '{');
	ev_json_u64(out, "count", most);
	ev_buf_putc(out, '}');
	free(list);
}

/* Quantiles */

struct quantiles {
	struct ev_quantile *sketch;
	char **at; /* shares from 0 to 1 */
	struct ev_expect_range *ranges;
	size_t n;
};

static bool read_quantile(struct ev_expect_opening *o, const struct ev_yaml *share,
			  const struct ev_yaml *pair, struct quantiles *q)
{
	struct ev_expect_range *r = &q->ranges[q->n];

	if (!ev_expect_share_of(o, share, "a quantile", &q->at[q->n++]))
		return false;
	if (pair->kind != EV_YAML_LIST || pair->n != 2)
		return ev_expect_opening_fail(o, pair,
					      "a range is a list of two, such as [0, null]");
	return ev_expect_limit_of(o, pair->items[0], "a limit", &r->min) &&
	       ev_expect_limit_of(o, pair->items[1], "a limit", &r->max) &&
	       (ev_expect_range_is_of_numbers(r) ||
		ev_expect_opening_fail(o, pair, "the limits of a quantile must be numbers"));
}

static bool open_quantiles(struct ev_expect *e, struct ev_expect_opening *o)
{
	const struct ev_yaml *y = ev_expect_argument(o, "quantile_ranges"), *shares, *ranges;
	struct quantiles *q = e->own;

	q->sketch = ev_quantile_new();
	e->misfit = "are no numbers";
	shares = y->kind == EV_YAML_MAP ? ev_yaml_get(y, "quantiles") : NULL;
	ranges = y->kind == EV_YAML_MAP ? ev_yaml_get(y, "value_ranges") : NULL;
	if (shares == NULL || ranges == NULL || y->n != 2 || shares->kind != EV_YAML_LIST ||
	    ranges->kind != EV_YAML_LIST || shares->n != ranges->n || shares->n == 0)
		return ev_expect_opening_fail(o, y,
					      "quantile_ranges must be such as {quantiles: [0.5], "
					      "value_ranges: [[1, 2]]}, with lists of one length");
	q->at = ev_calloc(shares->n, sizeof *q->at);
	q->ranges = ev_calloc(shares->n, sizeof *q->ranges);
	for (size_t i = 0; i < shares->n; i++)
		if (!read_quantile(o, shares->items[i], ranges->items[i], q))
			return false;
	return true;
}

static bool open_median(struct ev_expect *e, struct ev_expect_opening *o)
{
	struct quantiles *q = e->own;

	q->sketch = ev_quantile_new();
	e->misfit = "are no numbers";
	return ev_expect_limits_are_numbers(e, o);
}

static void close_quantiles(struct ev_expect *e)
{
	struct quantiles *q = e->own;

	ev_quantile_free(&q->sketch);
	for (size_t i = 0; i < q->n; i++) {
		free(q->at[i]);
		ev_expect_limit_free(&q->ranges[i].min);
		ev_expect_limit_free(&q->ranges[i].max);
	}
	free(q->at);
	free(q->ranges);
}

static bool quantile_take(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	const struct quantiles *q = e->own;
	const char *p;
	size_t len;

	if (ev_kind(f->d, *at) == EV_NUMBER) {
		p = ev_raw(f->d, *at, &len);
		ev_quantile_add(q->sketch, p, len);
	} else {
		e->n.misfits++;
	}
	return true;
}

static void quantile_write(const struct ev_expect *e, struct ev_buf *out)
{
	const struct quantiles *q = e->own;

	ev_json_name(out, "quantile");
	ev_quantile_write(q->sketch, out);
}

static bool quantile_merge(struct ev_expect *e, const struct ev_doc *d)
{
	const struct quantiles *q = e->own;

	return ev_quantile_merge(q->sketch, d, ev_member(d, 0, "quantile", 8),
				 ev_expect_present_in(d));
}

/* Half the sum of two numbers, exactly; "" if either is infinite. */
static void middle(struct ev_arena *a, const struct ev_buf *x, const struct ev_buf *y,
		   struct ev_buf *out)
{
	struct ev_dec p, q;
	struct ev_buf text = {0};

	ev_buf_reset(out);
	if (x->len == 0 || y->len == 0 || !ev_dec_read(a, x->p, x->len, &p) ||
	    !ev_dec_read(a, y->p, y->len, &q) || !ev_dec_add(a, p, q, &p) ||
	    !ev_dec_read(a, "0.5", 3, &q) || !ev_dec_multiply(a, p, q, &p))
		return;
	ev_dec_write(p, &text);
	ev_number_show(text.p, text.len, out);
	ev_buf_free(&text);
}

/* Appends what is shown for a value in [low, high]: its middle. */
static void put_middle(struct ev_expect *e, const struct ev_buf *low, const struct ev_buf *high,
		       struct ev_buf *out)
{
	struct ev_buf text = {0};

	if (low->len == high->len && memcmp(low->p, high->p, low->len) == 0) {
		ev_number_show(low->p, low->len, out);
		return;
	}
	middle(&e->suite->arena, low, high, &text);
	if (text.len > 0)
		ev_buf_printf(out, "%.6g", strtod(ev_buf_str(&text), NULL));
	else
		ev_buf_puts(out, "null");
	ev_buf_free(&text);
}

static void note_sketch(struct ev_expect *e)
{
	const struct quantiles *q = e->own;

	if (ev_quantile_is_exact(q->sketch))
		return;
	e->approximate = true;
	ev_buf_puts(&e->error, "within 0.4% of the value, by buckets as DDSketch has them");
}

static void median_judge(struct ev_expect *e, struct ev_buf *out)
{
	const struct quantiles *q = e->own;
	uint64_t n = ev_quantile_count(q->sketch);
	struct ev_buf a[2] = {{0}, {0}}, b[2] = {{0}, {0}}, low = {0}, high = {0};

	if (n == 0) {
		ev_expect_settle_empty(e, out);
		return;
	}
	ev_quantile_at(q->sketch, (n - 1) / 2, &a[0], &a[1]);
	ev_quantile_at(q->sketch, n / 2, &b[0], &b[1]);
	middle(&e->suite->arena, &a[0], &b[0], &low);
	middle(&e->suite->arena, &a[1], &b[1], &high);
	ev_expect_judge_range(e, ev_buf_str(&low), ev_buf_str(&high));
	note_sketch(e);
	ev_json_name(out, "observed_value");
	put_middle(e, &low, &high, out);
	for (int i = 0; i < 2; i++) {
		ev_buf_free(&a[i]);
		ev_buf_free(&b[i]);
	}
	ev_buf_free(&low);
	ev_buf_free(&high);
}

static void quantile_judge(struct ev_expect *e, struct ev_buf *out)
{
	const struct quantiles *q = e->own;
	uint64_t n = ev_quantile_count(q->sketch);
	struct ev_buf low = {0}, high = {0}, values = {0}, details = {0};
	enum ev_outcome all = EV_EXPECT_PASS;

	for (size_t i = 0; i < q->n; i++) {
		if (n == 0) {
			ev_json_raw(&values, NULL, "null", 4);
			ev_json_bool(&details, NULL, true);
			continue;
		}
		/* The nearest rank; of two the even one. */
		ev_quantile_at(q->sketch,
			       (uint64_t)nearbyint((double)(n - 1) * strtod(q->at[i], NULL)), &low,
			       &high);
		e->range = q->ranges[i];
		ev_expect_judge_range(e, ev_buf_str(&low), ev_buf_str(&high));
		if (e->outcome == EV_EXPECT_FAIL || all == EV_EXPECT_PASS)
			all = e->outcome;
		ev_json_name(&values, NULL);
		put_middle(e, &low, &high, &values);
		ev_json_bool(&details, NULL, e->outcome == EV_EXPECT_PASS);
	}
	e->range = (struct ev_expect_range){.min = {.kind = LIMIT_NONE}};
	e->outcome = all;
	note_sketch(e);
	ev_buf_puts(out, "\"observed_value\":{\"quantiles\":[");
	for (size_t i = 0; i < q->n; i++)
		ev_json_raw(out, NULL, q->at[i], strlen(q->at[i]));
	ev_buf_printf(out, "],\"values\":[%s]},\"details\":{\"success_details\":[%s]}",
		      ev_buf_str(&values), ev_buf_str(&details));
	ev_buf_free(&low);
	ev_buf_free(&high);
	ev_buf_free(&values);
	ev_buf_free(&details);
}

#define TALLY                                                                     \
	.own = sizeof(struct ev_tally), .take = tally_take, .write = tally_write, \
	.merge = tally_merge, .close = close_tally
#define QUANTILE                                                                         \
	.own = sizeof(struct quantiles), .take = quantile_take, .write = quantile_write, \
	.merge = quantile_merge, .close = close_quantiles

static const struct ev_expect_ops count_ops = {.open = open_count, .judge = count_judge, TALLY};
static const struct ev_expect_ops share_ops = {.open = open_count, .judge = share_judge, TALLY};
static const struct ev_expect_ops common_ops = {.own = sizeof(struct common),
						.open = open_common,
						.take = common_take,
						.judge = common_judge,
						.write = common_write,
						.merge = common_merge,
						.close = close_common};
static const struct ev_expect_ops median_ops = {
	.open = open_median, .judge = median_judge, QUANTILE};
static const struct ev_expect_ops quantile_ops = {
	.open = open_quantiles, .judge = quantile_judge, QUANTILE};

#define LIMITS "column* min_value max_value strict_min strict_max"

const struct ev_expect_kind ev_expect_sketch_kinds[] = {
	{"expect_column_unique_value_count_to_be_between", LIMITS, &count_ops},
	{"expect_column_proportion_of_unique_values_to_be_between", LIMITS, &share_ops},
	{"expect_column_most_common_value_to_be_in_set", "column* value_set* ties_okay",
	 &common_ops},
	{"expect_column_median_to_be_between", LIMITS, &median_ops},
	{"expect_column_quantile_values_to_be_between",
	 "column* quantile_ranges* allow_relative_error", &quantile_ops},
	{0},
};

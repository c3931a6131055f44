/*
 * Expectations of exact totals: least, greatest, sum, mean, deviation, share of values.
 */
#include "expect/internal.h"
#include "number/sum.h"
#include "scan/form.h"

#include <stdio.h>

enum { MAX_VALUE = 1000 }; /* bytes of a least or greatest value */

struct total {
	struct ev_sum sum, squares;
	bool found;
	struct ev_expect_limit best; /* least or greatest */
};

static bool open_total(struct ev_expect *e, struct ev_expect_opening *o)
{
	bool extreme = strstr(e->kind->name, "column_min_") != NULL ||
		       strstr(e->kind->name, "column_max_") != NULL;
	const struct ev_expect_limit *given =
		e->range.min.kind != LIMIT_NONE ? &e->range.min : &e->range.max;
	const struct ev_yaml *y =
		ev_expect_argument(o, e->range.min.kind != LIMIT_NONE ? "min_value" : "max_value");

	e->misfit = given->kind == LIMIT_TIME	? "are no times"
		    : given->kind == LIMIT_TEXT ? "are no texts"
						: "are no numbers, or beyond 400 digits";
	if (!extreme && given->kind > LIMIT_NUMBER)
		return ev_expect_opening_fail(o, y, "min_value and max_value must be numbers here");
	return true;
}

static void close_total(struct ev_expect *e)
{
	struct total *t = e->own;

	ev_sum_free(&t->sum);
	ev_sum_free(&t->squares);
	ev_expect_limit_free(&t->best);
}

static bool sum_take(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	struct total *t = e->own;
	const char *p;
	size_t len;

	p = ev_raw(f->d, *at, &len);
	if (ev_kind(f->d, *at) != EV_NUMBER || !ev_sum_add(&t->sum, p, len))
		e->n.misfits++;
	else if (e->strict)
		ev_sum_add_square(&t->squares, p, len);
	return true;
}

static bool open_deviation(struct ev_expect *e, struct ev_expect_opening *o)
{
	e->strict = true; /* squares too */
	return open_total(e, o);
}

static void sum_write(const struct ev_expect *e, struct ev_buf *out)
{
	const struct total *t = e->own;

	ev_json_name(out, "sum");
	ev_sum_write(&t->sum, out);
	ev_json_name(out, "squares");
	ev_sum_write(&t->squares, out);
}

static struct ev_dec exact(struct ev_arena *a, const struct ev_sum *s)
{
	struct ev_buf text = {0};
	struct ev_dec d = {0};

	ev_sum_write(s, &text);
	ev_dec_read(a, text.p, text.len, &d);
	ev_buf_free(&text);
	return d;
}

/* True if the text can be the sum of n numbers with so many digits on either side of the point. */
static bool is_sum_of(uint64_t n, int digits, const char *text, size_t len)
{
	struct ev_number sum;
	char most[32];
	int most_len = snprintf(most, sizeof most, "%llue%d", (unsigned long long)n, digits);

	ev_number_read(text, len, &sum);
	return sum.digits == 0 || (!sum.huge && sum.point - (int64_t)sum.digits >= -digits &&
				   ev_number_compare(text + sum.negative, len - sum.negative, most,
						     (size_t)most_len) < 0);
}

/* n times the sum of squares, less the square of the sum: never negative. */
static struct ev_dec variance(struct ev_arena *a, struct ev_dec sum, struct ev_dec squares,
			      uint64_t n)
{
	ev_dec_multiply(a, squares, ev_expect_whole_of(a, n), &squares);
	ev_dec_multiply(a, sum, sum, &sum);
	ev_dec_add(a, squares, ev_dec_negate(sum), &sum);
	return sum;
}

static bool sum_merge(struct ev_expect *e, const struct ev_doc *d)
{
	uint32_t sum = ev_expect_state_member(d, "sum", EV_NUMBER),
		 squares = ev_expect_state_member(d, "squares", EV_NUMBER);
	struct ev_arena *a = &e->suite->arena;
	uint64_t n = ev_expect_present_in(d);
	struct total *t = e->own;
	struct ev_dec x, y;
	const char *p, *q;
	size_t p_len, q_len;
	bool good;

	if (sum == EV_NOWHERE || squares == EV_NOWHERE)
		return false;
	p = ev_raw(d, sum, &p_len);
	q = ev_raw(d, squares, &q_len);
	if (!is_sum_of(n, EV_SUM_DIGITS, p, p_len) ||
	    !is_sum_of(e->strict ? n : 0, 2 * EV_SUM_DIGITS, q, q_len))
		return false;
	good = !e->strict || (ev_dec_read(a, p, p_len, &x) && ev_dec_read(a, q, q_len, &y) &&
			      !y.negative && !variance(a, x, y, n).negative);
	ev_arena_reset(a);
	return good && ev_sum_merge(&t->sum, p, p_len) && ev_sum_merge(&t->squares, q, q_len);
}

static void sum_judge(struct ev_expect *e, struct ev_buf *out)
{
	const struct total *t = e->own;
	struct ev_buf text = {0};

	ev_sum_write(&t->sum, &text);
	ev_expect_judge_range(e, ev_buf_str(&text), ev_buf_str(&text));
	ev_json_name(out, "observed_value");
	ev_number_show(text.p, text.len, out);
	ev_buf_free(&text);
}

/*
 * Compares sum / n, or the deviation, with the limits by products alone, so that nothing is
 * rounded.
 */
static bool within(struct ev_expect *e, struct ev_dec of, struct ev_dec by, bool root)
{
	struct ev_arena *a = &e->suite->arena;

	for (int side = 0; side < 2; side++) {
		const struct ev_expect_limit *l = side == 0 ? &e->range.min : &e->range.max;
		bool strict = side == 0 ? e->range.strict_min : e->range.strict_max;
		struct ev_dec limit;
		int order;

		if (l->kind == LIMIT_NONE)
			continue;
		if (!ev_dec_read(a, l->text, l->len, &limit))
			return false;
		if (root && limit.negative)
			order = 1;
		else if ((root && !ev_dec_multiply(a, limit, limit, &limit)) ||
			 !ev_dec_multiply(a, limit, by, &limit))
			return false;
		else
			order = ev_dec_compare(of, limit);
		if (side == 1)
			order = -order;
		if (order < 0 || (order == 0 && strict))
			return false;
	}
	return true;
}

static void mean_judge(struct ev_expect *e, struct ev_buf *out)
{
	struct ev_arena *a = &e->suite->arena;
	const struct total *t = e->own;
	const uint64_t n = ev_expect_present(&e->n);
	struct ev_dec sum, by;

	if (n == 0) {
		ev_expect_settle_empty(e, out);
		return;
	}
	sum = exact(a, &t->sum);
	by = ev_expect_whole_of(a, n);
	ev_expect_settle(e, within(e, sum, by, false));
	ev_json_name(out, "observed_value");
	ev_dec_quotient(a, sum, by, EXPECT_DIGITS, out);
}

/* The variance of a sample is (n * sum of squares - square of the sum) / (n * (n - 1)). */
static void deviation_judge(struct ev_expect *e, struct ev_buf *out)
{
	struct ev_arena *a = &e->suite->arena;
	const struct total *t = e->own;
	const uint64_t n = ev_expect_present(&e->n);
	struct ev_dec sum, by;

	if (n < 2) {
		ev_expect_settle_empty(e, out);
		return;
	}
	ev_dec_multiply(a, ev_expect_whole_of(a, n), ev_expect_whole_of(a, n - 1), &by);
	sum = variance(a, exact(a, &t->sum), exact(a, &t->squares), n);
	ev_expect_settle(e, within(e, sum, by, true));
	ev_json_name(out, "observed_value");
	ev_dec_root(a, sum, by, EXPECT_DIGITS, out);
}

/* Least and greatest */

/* The value as one of the kind compared, which is that of the limits. False if it is none. */
static bool read_value(const struct ev_expect *e, const struct ev_doc *d, uint32_t at,
		       struct ev_expect_limit *l, struct ev_buf *scratch)
{
	enum ev_expect_limit_kind kind =
		e->range.min.kind != LIMIT_NONE ? e->range.min.kind : e->range.max.kind;

	return ev_expect_limit_at(kind != LIMIT_NONE ? kind : LIMIT_NUMBER, d, at, scratch, l) &&
	       (l->kind == LIMIT_TIME || l->len <= MAX_VALUE);
}

/*
 * Keeps the value if it is the best so far. Of two spellings of one value the lesser is shown, so
 * that the order of the input makes no difference.
 */
static void keep(struct ev_expect *e, const struct ev_expect_limit *l)
{
	struct total *t = e->own;
	int order = t->found ? ev_expect_limits_compare(l, &t->best) : -1;

	if (t->found && e->negate)
		order = -order;
	if (order == 0)
		order = ev_bytes_compare(l->text, l->len, t->best.text, t->best.len);
	if (order >= 0)
		return;
	ev_expect_limit_free(&t->best);
	t->best = *l;
	t->best.text = ev_strndup(l->text, l->len);
	t->found = true;
}

static bool open_greatest(struct ev_expect *e, struct ev_expect_opening *o)
{
	e->negate = true;
	return open_total(e, o);
}

static bool best_take(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	struct ev_expect_limit l;

	if (read_value(e, f->d, *at, &l, &e->suite->scratch))
		keep(e, &l);
	else
		e->n.misfits++;
	return true;
}

static void put_best(const struct total *t, struct ev_buf *out)
{
	if (!t->found)
		ev_buf_puts(out, "null");
	else if (t->best.kind == LIMIT_NUMBER)
		ev_buf_put(out, t->best.text, t->best.len);
	else
		ev_json_quote(t->best.text, t->best.len, out);
}

static void best_write(const struct ev_expect *e, struct ev_buf *out)
{
	ev_json_name(out, "best");
	put_best(e->own, out);
}

static bool best_merge(struct ev_expect *e, const struct ev_doc *d)
{
	uint32_t at = ev_member(d, 0, "best", 4);
	struct ev_buf scratch = {0};
	struct ev_expect_limit l;
	bool good;

	if (at == EV_NOWHERE || (ev_kind(d, at) == EV_NULL) != (ev_expect_present_in(d) == 0))
		return false;
	if (ev_kind(d, at) == EV_NULL)
		return true;
	good = read_value(e, d, at, &l, &scratch);
	if (good)
		keep(e, &l);
	ev_buf_free(&scratch);
	return good;
}

static void best_judge(struct ev_expect *e, struct ev_buf *out)
{
	const struct total *t = e->own;

	ev_expect_settle(e, !t->found || ev_expect_is_within(&e->range, &t->best));
	ev_json_name(out, "observed_value");
	put_best(t, out);
}

/* Share of values that are not null */

static void share_judge(struct ev_expect *e, struct ev_buf *out)
{
	struct ev_arena *a = &e->suite->arena;
	uint64_t present = ev_expect_present(&e->n);

	if (e->n.elements == 0) {
		ev_expect_settle_empty(e, out);
		return;
	}
	ev_expect_settle(e, within(e, ev_expect_whole_of(a, present),
				   ev_expect_whole_of(a, e->n.elements), false));
	ev_json_name(out, "observed_value");
	ev_expect_put_ratio(present, e->n.elements, 1, out);
}

#define BEST                                                                                      \
	.own = sizeof(struct total), .take = best_take, .judge = best_judge, .write = best_write, \
	.merge = best_merge, .close = close_total
#define SUM                                                                                    \
	.own = sizeof(struct total), .take = sum_take, .write = sum_write, .merge = sum_merge, \
	.close = close_total

static const struct ev_expect_ops least_ops = {.open = open_total, BEST},
				  greatest_ops = {.open = open_greatest, BEST},
				  sum_ops = {.open = open_total, .judge = sum_judge, SUM},
				  mean_ops = {.open = open_total, .judge = mean_judge, SUM},
				  deviation_ops = {.open = open_deviation,
						   .judge = deviation_judge,
						   SUM},
				  share_ops = {.open = open_total, .judge = share_judge};

#define LIMITS "column* min_value max_value strict_min strict_max"

const struct ev_expect_kind ev_expect_total_kinds[] = {
	{"expect_column_min_to_be_between", LIMITS, &least_ops},
	{"expect_column_max_to_be_between", LIMITS, &greatest_ops},
	{"expect_column_sum_to_be_between", LIMITS, &sum_ops},
	{"expect_column_mean_to_be_between", LIMITS, &mean_ops},
	{"expect_column_stdev_to_be_between", LIMITS, &deviation_ops},
	{"expect_column_proportion_of_non_null_values_to_be_between", LIMITS, &share_ops},
	{0},
};

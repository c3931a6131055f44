/* Expectations of rows of several columns. */
#include "expect/internal.h"
#include "json/canon.h"

/*
 * Compares two numbers, two texts, or two times where both texts are. False if they have no order.
 */
static bool compare(const struct ev_doc *d, uint32_t a, uint32_t b, int *order)
{
	struct ev_buf one = {0}, two = {0};
	struct ev_expect_limit x, y;
	enum ev_expect_limit_kind kind;
	bool good;

	if (ev_expect_is_missing(d, a) || ev_expect_is_missing(d, b))
		return false;
	kind = ev_kind(d, a) == EV_NUMBER ? LIMIT_NUMBER : LIMIT_TEXT;
	good = ev_expect_limit_at(kind, d, a, &one, &x) && ev_expect_limit_at(kind, d, b, &two, &y);
	if (good)
		*order = kind == LIMIT_NUMBER
				 ? ev_expect_limits_compare(&x, &y)
				 : ev_expect_texts_compare(x.text, x.len, y.text, y.len);
	ev_buf_free(&one);
	ev_buf_free(&two);
	return good;
}

static bool open_greater(struct ev_expect *e, struct ev_expect_opening *o)
{
	bool or_equal = false;

	if (!ev_expect_argument_bool(o, "or_equal", &or_equal))
		return false;
	e->strict = !or_equal;
	return true;
}

static bool greater(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	int order;

	return compare(f->d, at[0], at[1], &order) && (order > 0 || (order == 0 && !e->strict));
}

/* True if the values are equal; missing equals null. */
static bool same(const struct ev_doc *d, uint32_t a, uint32_t b)
{
	if (ev_expect_is_missing(d, a) || ev_expect_is_missing(d, b))
		return ev_expect_is_missing(d, a) && ev_expect_is_missing(d, b);
	return ev_equal(d, a, d, b);
}

static bool all_equal(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	for (size_t i = 1; i < e->n_columns; i++)
		if (!same(f->d, at[0], at[i]))
			return false;
	return true;
}

static bool all_differ(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	for (size_t i = 1; i < e->n_columns; i++)
		for (size_t k = 0; k < i; k++)
			if (same(f->d, at[k], at[i]))
				return false;
	return true;
}

/* A pair is a value of the set: a list of two. */

static bool open_pairs(struct ev_expect *e, struct ev_expect_opening *o)
{
	const struct ev_yaml *y = ev_expect_argument(o, "value_pairs_set");

	if (y->kind != EV_YAML_LIST || y->n == 0)
		return ev_expect_opening_fail(
			o, y, "value_pairs_set must be a list such as [[A, B], [C, D]]");
	for (size_t i = 0; i < y->n; i++)
		if (y->items[i]->kind != EV_YAML_LIST || y->items[i]->n != 2)
			return ev_expect_opening_fail(o, y->items[i],
						      "a pair is a list of two values");
	return ev_expect_argument_set(o, "value_pairs_set", &e->set);
}

static bool pair_in_set(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	size_t len;
	const char *key = ev_expect_row_key(e, f->d, at, &len);

	return ev_expect_values_find_text(&e->set, key, len) != NOT_A_VALUE;
}

static bool open_sum(struct ev_expect *e, struct ev_expect_opening *o)
{
	char *total = NULL;
	bool good = ev_expect_number_of(o, ev_expect_argument(o, "sum_total"), "sum_total", &total);

	e->own = total;
	return good;
}

/* Missing values count as 0; a row with any other value that is no number fails. */
static bool sums_up(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	struct ev_arena *a = &e->suite->arena;
	const struct ev_doc *d = f->d;
	struct ev_dec sum = {0}, x = {0};
	const char *p;
	size_t len;
	bool good = true;

	ev_arena_reset(a);
	for (size_t i = 0; i < e->n_columns && good; i++) {
		if (ev_expect_is_missing(d, at[i]))
			continue;
		good = ev_kind(d, at[i]) == EV_NUMBER;
		if (!good)
			break;
		p = ev_raw(d, at[i], &len);
		good = ev_dec_read(a, p, len, &x) && ev_dec_add(a, sum, x, &sum);
	}
	return good && ev_dec_read(a, e->own, strlen(e->own), &x) && ev_dec_compare(sum, x) == 0;
}

static const struct ev_expect_ops greater_ops = {.open = open_greater, .take = greater},
				  equal_ops = {.take = all_equal},
				  differ_ops = {.take = all_differ},
				  pair_ops = {.open = open_pairs, .take = pair_in_set},
				  sum_ops = {.open = open_sum, .take = sums_up};

const struct ev_expect_kind ev_expect_multi_kinds[] = {
	{"expect_column_pair_values_a_to_be_greater_than_b",
	 "column_A* column_B* or_equal ignore_row_if mostly", &greater_ops},
	{"expect_column_pair_values_to_be_equal", "column_A* column_B* ignore_row_if mostly",
	 &equal_ops},
	{"expect_column_pair_values_to_be_in_set",
	 "column_A* column_B* value_pairs_set* ignore_row_if mostly", &pair_ops},
	{"expect_multicolumn_sum_to_equal", "column_list* sum_total* ignore_row_if mostly",
	 &sum_ops},
	{"expect_multicolumn_values_to_be_equal", "column_list* ignore_row_if mostly", &equal_ops},
	{"expect_select_column_values_to_be_unique_within_record",
	 "column_list* ignore_row_if mostly", &differ_ops},
	{0},
};

/*
 * Expectations of distributions: observed shares of given bins, or of given values, against
 * expected ones, by the Kullback-Leibler divergence or by Pearson's chi-square test.
 *
 * Counts are exact; what is computed of them is so in doubles, at the end.
 */
#include "expect/internal.h"

#include <math.h>

enum { MAX_PARTS = 1000 };

struct partition {
	char **bins; /* n + 1 numbers; NULL for values, which are the expectation's set */
	double *weights;
	size_t n;
	uint64_t *counts;
	uint64_t below, above; /* of bins; of values, all others are above */
	double tail[2];	       /* expected below and above */
	double tail_holdout, internal_holdout;
	bool has_limit;
	double limit; /* threshold, or p */
	bool test;    /* chi-square */
};

static bool read_double(struct ev_expect_opening *o, const struct ev_yaml *y, const char *what,
			double *out)
{
	char *text = NULL;

	if (!ev_expect_number_of(o, y, what, &text))
		return false;
	*out = strtod(text, NULL);
	free(text);
	return true;
}

static bool read_shares(struct ev_expect_opening *o, const struct ev_yaml *y, const char *what,
			size_t n, double *out)
{
	if (y->kind != EV_YAML_LIST || y->n != n)
		return ev_expect_opening_fail(o, y, "%s must be a list of %zu numbers", what, n);
	for (size_t i = 0; i < n; i++) {
		if (!read_double(o, y->items[i], what, &out[i]))
			return false;
		if (out[i] < 0 || out[i] > 1)
			return ev_expect_opening_fail(o, y->items[i], "%s are shares from 0 to 1",
						      what);
	}
	return true;
}

static bool read_bins(struct ev_expect_opening *o, const struct ev_yaml *y, struct partition *p)
{
	if (y->kind != EV_YAML_LIST || y->n < 2 || y->n > MAX_PARTS)
		return ev_expect_opening_fail(o, y, "bins must be a list of 2 to %d numbers",
					      MAX_PARTS);
	p->n = y->n - 1;
	p->bins = ev_calloc(y->n, sizeof *p->bins);
	for (size_t i = 0; i < y->n; i++) {
		if (!ev_expect_number_of(o, y->items[i], "bins", &p->bins[i]))
			return false;
		if (i > 0 && ev_number_compare(p->bins[i - 1], strlen(p->bins[i - 1]), p->bins[i],
					       strlen(p->bins[i])) >= 0)
			return ev_expect_opening_fail(o, y->items[i], "bins must ascend");
	}
	return true;
}

static bool read_values(struct ev_expect_opening *o, const struct ev_yaml *y, struct ev_expect *e,
			struct partition *p)
{
	if (y->kind != EV_YAML_LIST || y->n == 0 || y->n > MAX_PARTS)
		return ev_expect_opening_fail(o, y, "values must be a list of 1 to %d values",
					      MAX_PARTS);
	ev_expect_values_of(y, &e->set);
	p->n = y->n;
	return e->set.n == y->n || ev_expect_opening_fail(o, y, "a value stands in values twice");
}

static bool share_argument(struct ev_expect_opening *o, const char *name, double *out)
{
	const struct ev_yaml *y = ev_expect_argument(o, name);

	return y == NULL ||
	       (read_double(o, y, name, out) &&
		((*out >= 0 && *out <= 1) ||
		 ev_expect_opening_fail(o, y, "%s must be a share from 0 to 1", name)));
}

static bool read_partition(struct ev_expect_opening *o, struct ev_expect *e, struct partition *p)
{
	static const char *const known[] = {"bins", "values", "weights", "tail_weights", NULL};
	const struct ev_yaml *y = ev_expect_argument(o, "partition_object"), *bins, *values,
			     *weights, *tails;
	double sum;

	if (y->kind != EV_YAML_MAP)
		return ev_expect_opening_fail(o, y, "partition_object must be a mapping");
	for (size_t i = 0; i < y->n; i++)
		if (!ev_expect_is_among(known, y->keys[i]->text))
			return ev_expect_opening_fail(o, y->keys[i],
						      "unknown key '%s' in partition_object",
						      y->keys[i]->text);
	bins = ev_yaml_get(y, "bins");
	values = ev_yaml_get(y, "values");
	weights = ev_yaml_get(y, "weights");
	tails = ev_yaml_get(y, "tail_weights");
	if ((bins == NULL) == (values == NULL) || weights == NULL)
		return ev_expect_opening_fail(
			o, y, "partition_object needs 'weights' and one of 'bins' and 'values'");
	if (!(bins != NULL ? read_bins(o, bins, p) : read_values(o, values, e, p)))
		return false;
	p->weights = ev_calloc(p->n, sizeof *p->weights);
	p->counts = ev_calloc(p->n, sizeof *p->counts);
	if (!read_shares(o, weights, "weights", p->n, p->weights))
		return false;
	if (tails != NULL) {
		if (bins == NULL || p->tail_holdout > 0)
			return ev_expect_opening_fail(o, tails,
						      "tail_weights go with bins, and without "
						      "tail_weight_holdout");
		if (!read_shares(o, tails, "tail_weights", 2, p->tail))
			return false;
	}
	sum = p->tail[0] + p->tail[1];
	for (size_t i = 0; i < p->n; i++)
		sum += p->weights[i];
	return fabs(sum - 1) <= 1e-6 ||
	       ev_expect_opening_fail(o, weights, "the weights must sum to 1");
}

static bool open_partition(struct ev_expect *e, struct ev_expect_opening *o)
{
	struct partition *p = e->own;
	const char *limit;
	const struct ev_yaml *y;
	bool bucketize = true;

	e->misfit = "are no numbers";
	p->test = strstr(e->kind->name, "chisquare") != NULL;
	limit = p->test ? "p" : "threshold";
	if (!share_argument(o, "tail_weight_holdout", &p->tail_holdout) ||
	    !share_argument(o, "internal_weight_holdout", &p->internal_holdout) ||
	    !ev_expect_argument_bool(o, "bucketize_data", &bucketize) || !read_partition(o, e, p))
		return false;
	if ((y = ev_expect_argument(o, "internal_weight_holdout")) != NULL && p->bins == NULL &&
	    p->internal_holdout > 0)
		return ev_expect_opening_fail(o, y, "internal_weight_holdout goes with bins");
	p->limit = 0.05;
	p->has_limit = p->test;
	if ((y = ev_expect_argument(o, limit)) == NULL)
		return true;
	p->has_limit = true;
	if (!read_double(o, y, limit, &p->limit))
		return false;
	return p->limit >= 0 || ev_expect_opening_fail(o, y, "%s must not be negative", limit);
}

static void close_partition(struct ev_expect *e)
{
	struct partition *p = e->own;

	for (size_t i = 0; p->bins != NULL && i <= p->n; i++)
		free(p->bins[i]);
	free(p->bins);
	free(p->weights);
	free(p->counts);
}

/* Bins are half open, the last one closed. */
static void count_number(struct partition *p, const char *text, size_t len)
{
	size_t low = 0, high = p->n;
	int order = ev_number_compare(text, len, p->bins[p->n], strlen(p->bins[p->n]));

	if (ev_number_compare(text, len, p->bins[0], strlen(p->bins[0])) < 0) {
		p->below++;
		return;
	}
	if (order >= 0) {
		if (order > 0)
			p->above++;
		else
			p->counts[p->n - 1]++;
		return;
	}
	while (high - low > 1) {
		size_t mid = (low + high) / 2;

		if (ev_number_compare(text, len, p->bins[mid], strlen(p->bins[mid])) >= 0)
			low = mid;
		else
			high = mid;
	}
	p->counts[low]++;
}

static bool partition_take(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	struct partition *p = e->own;
	const char *text;
	size_t len;
	long which;

	if (p->bins == NULL) {
		which = ev_expect_values_find(&e->set, f->d, *at, &e->suite->scratch);
		if (which == NOT_A_VALUE)
			p->above++;
		else
			p->counts[which]++;
	} else if (ev_kind(f->d, *at) != EV_NUMBER) {
		e->n.misfits++;
	} else {
		text = ev_raw(f->d, *at, &len);
		count_number(p, text, len);
	}
	return true;
}

static void partition_write(const struct ev_expect *e, struct ev_buf *out)
{
	const struct partition *p = e->own;

	ev_json_u64(out, "below", p->below);
	ev_json_u64(out, "above", p->above);
	ev_expect_counts_write(out, "counts", p->counts, p->n);
}

static bool partition_merge(struct ev_expect *e, const struct ev_doc *d)
{
	struct partition *p = e->own;
	uint64_t below, above, all = 0;

	return ev_state_u64(d, 0, "below", &below) && ev_state_u64(d, 0, "above", &above) &&
	       (below == 0 || p->bins != NULL) && ev_count_add(&all, below) &&
	       ev_count_add(&all, above) && ev_count_add(&p->below, below) &&
	       ev_count_add(&p->above, above) &&
	       ev_expect_counts_merge(d, "counts", p->counts, p->n, &all) &&
	       all == ev_expect_present_in(d);
}

/* The expected share of part i of n + 2: what lies below, the n parts, what lies above. */
static double expected(const struct partition *p, size_t i)
{
	double rest = 1 - p->tail_holdout - p->internal_holdout;
	size_t zeros = 0;

	if (i == 0)
		return p->bins != NULL ? p->tail[0] + p->tail_holdout / 2 : 0;
	if (i == p->n + 1) {
		if (p->bins == NULL)
			return p->above > 0 ? p->tail_holdout : 0;
		return p->tail[1] + p->tail_holdout / 2;
	}
	if (p->bins == NULL && p->above == 0)
		rest = 1; /* nothing lies outside, so no share is kept for that */
	if (p->weights[i - 1] > 0 || p->internal_holdout == 0)
		return p->weights[i - 1] * rest;
	for (size_t k = 0; k < p->n; k++)
		zeros += p->weights[k] == 0;
	return p->internal_holdout / (double)zeros;
}

static uint64_t observed(const struct partition *p, size_t i)
{
	return i == 0 ? p->below : i == p->n + 1 ? p->above : p->counts[i - 1];
}

/* The sum of p ln(p / q), p and q scaled to the sum 1; infinite where q is 0 and p is not. */
static double divergence(const struct partition *p, double n)
{
	double sum = 0, all = 0;

	for (size_t i = 0; i < p->n + 2; i++)
		all += expected(p, i);
	for (size_t i = 0; i < p->n + 2; i++) {
		double x = (double)observed(p, i) / n, y = expected(p, i) / all;

		if (x > 0)
			sum += y > 0 ? x * log(x / y) : HUGE_VAL;
	}
	return sum < 0 ? 0 : sum;
}

/*
 * The regularized upper incomplete gamma function Q(a, x): by its power series below a + 1, by its
 * continued fraction above (M. Abramowitz, I. Stegun, 6.5.29 and 6.5.31).
 */
static double upper_gamma(double a, double x)
{
	double front, sum, term, c, d, h;

	if (x <= 0)
		return 1;
	front = exp(a * log(x) - x - lgamma(a));
	if (x < a + 1) {
		sum = term = 1 / a;
		for (int k = 1; k < 10000 && term > sum * 1e-17; k++) {
			term *= x / (a + k);
			sum += term;
		}
		return 1 - front * sum;
	}
	d = 1 / (x + 1 - a);
	c = 1e300;
	h = d;
	for (int k = 1; k < 10000; k++) {
		double an = -k * (k - a), b = x + 2 * k + 1 - a;

		d = 1 / (an * d + b);
		c = b + an / c;
		h *= d * c;
		if (fabs(d * c - 1) < 1e-16)
			break;
	}
	return front * h;
}

static double p_value(const struct partition *p, double n)
{
	double chi = 0;
	size_t parts = 0;

	for (size_t i = 0; i < p->n + 2; i++) {
		double x = (double)observed(p, i), y = expected(p, i) * n;

		if (y > 0) {
			chi += (x - y) * (x - y) / y;
			parts++;
		} else if (x > 0) {
			return 0;
		}
	}
	return parts < 2 ? 1 : upper_gamma(((double)parts - 1) / 2, chi / 2);
}

static void put_share(struct ev_buf *out, double share)
{
	ev_json_name(out, NULL);
	ev_buf_printf(out, "%.10g", share);
}

/* The bins, or the values. */
static void put_parts(const struct ev_expect *e, const char *name, struct ev_buf *out)
{
	const struct partition *p = e->own;

	ev_json_open(out, name, '[');
	for (size_t i = 0; i < p->n + (p->bins != NULL); i++) {
		const char *part = p->bins != NULL ? p->bins[i] : e->set.list[i].shown;

		ev_json_raw(out, NULL, part, strlen(part));
	}
	ev_buf_putc(out, ']');
}

static void put_shares(const struct ev_expect *e, const char *name, bool of_expected, double n,
		       struct ev_buf *out)
{
	const struct partition *p = e->own;

	ev_json_open(out, name, '{');
	put_parts(e, p->bins != NULL ? "bins" : "values", out);
	ev_json_open(out, "weights", '[');
	for (size_t i = 1; i <= p->n; i++)
		put_share(out, of_expected ? expected(p, i) : (double)observed(p, i) / n);
	ev_buf_putc(out, ']');
	ev_json_open(out, "tail_weights", '[');
	put_share(out, of_expected ? expected(p, 0) : (double)p->below / n);
	put_share(out, of_expected ? expected(p, p->n + 1) : (double)p->above / n);
	ev_buf_puts(out, "]}");
}

static void partition_judge(struct ev_expect *e, struct ev_buf *out)
{
	const struct partition *p = e->own;
	double n = (double)ev_expect_present(&e->n), v;

	if (p->bins != NULL) {
		ev_buf_putc(&e->histogram, '{');
		put_parts(e, "edges", &e->histogram);
		ev_expect_counts_write(&e->histogram, "counts", p->counts, p->n);
		ev_buf_putc(&e->histogram, '}');
	}
	if (n == 0) {
		ev_expect_settle_empty(e, out);
		return;
	}
	v = p->test ? p_value(p, n) : divergence(p, n);
	ev_expect_settle(e, !p->has_limit || (p->test ? v > p->limit : v <= p->limit));
	ev_json_name(out, "observed_value");
	if (isfinite(v))
		ev_buf_printf(out, "%.15g", v);
	else
		ev_buf_puts(out, "null");
	ev_json_open(out, "details", '{');
	put_shares(e, "observed_partition", false, n, out);
	put_shares(e, "expected_partition", true, n, out);
	ev_buf_putc(out, '}');
}

static const struct ev_expect_ops partition_ops = {.own = sizeof(struct partition),
						   .open = open_partition,
						   .take = partition_take,
						   .judge = partition_judge,
						   .write = partition_write,
						   .merge = partition_merge,
						   .close = close_partition};

const struct ev_expect_kind ev_expect_partition_kinds[] = {
	{"expect_column_kl_divergence_to_be_less_than",
	 "column* partition_object* threshold tail_weight_holdout internal_weight_holdout "
	 "bucketize_data",
	 &partition_ops},
	{"expect_column_chisquare_test_p_value_to_be_greater_than",
	 "column* partition_object* p tail_weight_holdout", &partition_ops},
	{0},
};

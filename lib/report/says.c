/* Expectations and what came of them as English sentences. */
#include "report/internal.h"
#include "json/canon.h"

#include "number/decimal.h"

#include <ctype.h>

/*
 * How the sentence of an expectation begins, and how many must keep it ("mostly").
 *
 * VALUES   "Every value of total must ..."      "At least 99% of the values of total must ..."
 * ROWS     "In every record, ..."               "In at least 99% of the records, ..."
 * WHOLE    the words alone; what is observed is made of values, or it is a NUMBER or a SHARE
 */
enum opening { VALUES, ROWS, WHOLE, WHOLE_NUMBER, WHOLE_SHARE };

/*
 * {name} is an argument, in words; <name> the same as code; {range} is made of min_value, max_value
 * and their strict_ forms. A part in [ ] is left out where one of its arguments is missing.
 */
struct sentence {
	const char *type; /* without expect_ */
	enum opening opening;
	const char *words;
};

static const struct sentence sentences[] = {
	{"column_values_to_be_between", VALUES, "be {range}"},
	{"column_values_to_be_in_set", VALUES, "be one of {value_set}"},
	{"column_values_to_not_be_in_set", VALUES, "be none of {value_set}"},
	{"column_values_to_be_null", ROWS, "<column> must be empty"},
	{"column_values_to_not_be_null", ROWS, "<column> must be filled in"},
	{"column_values_to_be_of_type", VALUES, "be {kind}"},
	{"column_values_to_be_in_type_list", VALUES, "be of one of the types {type_list}"},
	{"column_values_to_match_regex", VALUES, "match the pattern <regex>"},
	{"column_values_to_not_match_regex", VALUES, "not match the pattern <regex>"},
	{"column_values_to_match_regex_list", VALUES,
	 "match [{match_on} of ]the patterns {regex_list}"},
	{"column_values_to_not_match_regex_list", VALUES,
	 "match none of the patterns {regex_list}"},
	{"column_values_to_match_like_pattern", VALUES, "match the LIKE pattern <like_pattern>"},
	{"column_values_to_not_match_like_pattern", VALUES,
	 "not match the LIKE pattern <like_pattern>"},
	{"column_values_to_match_like_pattern_list", VALUES,
	 "match [{match_on} of ]the LIKE patterns {like_pattern_list}"},
	{"column_values_to_not_match_like_pattern_list", VALUES,
	 "match none of the LIKE patterns {like_pattern_list}"},
	{"column_values_to_be_dateutil_parseable", VALUES, "be a date or a time"},
	{"column_values_to_be_json_parseable", VALUES, "be JSON"},
	{"column_values_to_match_json_schema", VALUES, "fit its JSON Schema"},
	{"column_values_to_match_strftime_format", VALUES,
	 "be a time written as <strftime_format>"},
	{"column_value_lengths_to_be_between", VALUES, "have a length that is {range} characters"},
	{"column_value_lengths_to_equal", VALUES, "have a length of exactly {value} characters"},
	{"column_values_to_be_increasing", VALUES, "be higher than the one before it[{strictly}]"},
	{"column_values_to_be_decreasing", VALUES, "be lower than the one before it[{strictly}]"},
	{"column_values_to_be_unique", VALUES, "occur only once"},
	{"compound_columns_to_be_unique", ROWS,
	 "<column_list> together must be unlike those of any other record"},
	{"select_column_values_to_be_unique_within_record", ROWS,
	 "<column_list> must all differ from each other"},
	{"multicolumn_values_to_be_equal", ROWS, "<column_list> must all be equal"},
	{"multicolumn_sum_to_equal", ROWS, "the sum of <column_list> must be {sum_total}"},
	{"column_pair_values_a_to_be_greater_than_b", ROWS,
	 "<column_A> must be greater than <column_B>[{or_equal}]"},
	{"column_pair_values_to_be_equal", ROWS, "<column_A> must equal <column_B>"},
	{"column_pair_values_to_be_in_set", ROWS,
	 "<column_A> and <column_B> must be one of the pairs {value_pairs_set}"},
	{"table_row_count_to_be_between", WHOLE_NUMBER, "The number of records must be {range}"},
	{"table_row_count_to_equal", WHOLE_NUMBER, "The number of records must be {value}"},
	{"table_row_count_to_equal_other_table", WHOLE_NUMBER,
	 "The number of records must be that of <other_table_name>"},
	{"table_column_count_to_be_between", WHOLE_NUMBER, "The number of fields must be {range}"},
	{"table_column_count_to_equal", WHOLE_NUMBER, "The number of fields must be {value}"},
	{"table_columns_to_match_set", WHOLE, "The fields must be these: {column_set}"},
	{"table_columns_to_match_ordered_list", WHOLE,
	 "The fields must be these, in this order: {column_list}"},
	{"column_to_exist", WHOLE, "The field <column> must exist"},
	{"column_min_to_be_between", WHOLE, "The lowest <column> must be {range}"},
	{"column_max_to_be_between", WHOLE, "The highest <column> must be {range}"},
	{"column_sum_to_be_between", WHOLE, "The sum of all <column> must be {range}"},
	{"column_mean_to_be_between", WHOLE, "The average <column> must be {range}"},
	{"column_median_to_be_between", WHOLE, "The middle <column> (the median) must be {range}"},
	{"column_stdev_to_be_between", WHOLE,
	 "The spread of <column> (its standard deviation) must be {range}"},
	{"column_quantile_values_to_be_between", WHOLE,
	 "The quantiles of <column> must lie in their ranges: {quantile_ranges}"},
	{"column_proportion_of_non_null_values_to_be_between", WHOLE_SHARE,
	 "The share of records in which <column> is filled in must be {range}"},
	{"column_unique_value_count_to_be_between", WHOLE_NUMBER,
	 "The number of different values of <column> must be {range}"},
	{"column_proportion_of_unique_values_to_be_between", WHOLE_SHARE,
	 "The share of different values among those of <column> must be {range}"},
	{"column_most_common_value_to_be_in_set", WHOLE,
	 "The most common value of <column> must be one of {value_set}"},
	{"column_distinct_values_to_be_in_set", WHOLE,
	 "No other values than {value_set} may occur in <column>"},
	{"column_distinct_values_to_contain_set", WHOLE,
	 "Each of {value_set} must occur in <column>"},
	{"column_distinct_values_to_equal_set", WHOLE,
	 "The values that occur in <column> must be exactly these: {value_set}"},
	{"column_kl_divergence_to_be_less_than", WHOLE_SHARE,
	 "The values of <column> must be spread as usual[: their divergence (Kullback-Leibler) "
	 "must be less than {threshold}]"},
	{"column_chisquare_test_p_value_to_be_greater_than", WHOLE_SHARE,
	 "The values of <column> must be spread as usual[: the p-value of the chi-square test must "
	 "be more than {p}]"},
};

static bool cut_prefix(struct ev_report_text *type)
{
	enum { PREFIX = 7 };

	if (type->len < PREFIX || memcmp(type->p, "expect_", PREFIX) != 0)
		return false;
	type->p += PREFIX;
	type->len -= PREFIX;
	return true;
}

static const struct sentence *sentence_of(struct ev_report_text type)
{
	if (!cut_prefix(&type))
		return NULL;
	for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++)
		if (ev_report_is(type, sentences[i].type))
			return &sentences[i];
	return NULL;
}

enum ev_report_subject ev_report_subject(struct ev_report *r, const struct ev_doc *d,
					 const struct ev_report_check *c,
					 struct ev_report_text *column)
{
	uint32_t i = ev_report_at(d, c->kwargs, "column");

	*column = (struct ev_report_text){0};
	if (i != EV_NOWHERE && ev_kind(d, i) == EV_STRING) {
		struct ev_buf scratch = {0};

		column->p = ev_string(d, i, &scratch, &column->len);
		if (d->nodes[i].escaped)
			column->p = ev_arena_copy(&r->arena, column->p, column->len);
		ev_buf_free(&scratch);
		return REPORT_COLUMN;
	}
	if (ev_report_at(d, c->kwargs, "column_A") != EV_NOWHERE ||
	    (ev_report_at(d, c->kwargs, "column_list") != EV_NOWHERE &&
	     !ev_report_is(c->type, "expect_table_columns_to_match_ordered_list")))
		return REPORT_COLUMNS;
	return REPORT_TABLE;
}

/* Sentences show this many elements of a list. */
enum { SHOWN = 12, SHOWN_PAIRS = 6 };

/* What a sentence is made of. */
struct saying {
	struct ev_buf *b;
	const struct ev_doc *d;
	uint32_t kwargs;
	bool counted; /* numbers are counts, so no years: thousands are always set apart */
};

static void put_code(struct ev_buf *b, const struct ev_doc *d, uint32_t i)
{
	struct ev_buf scratch = {0};
	struct ev_report_text t;
	uint32_t n = 0;

	if (ev_kind(d, i) == EV_ARRAY) {
		for (uint32_t e = ev_first(d, i); e < ev_end(d, i); e = ev_next(d, e), n++) {
			if (n > 0)
				ev_buf_puts(b, n + 1 == d->nodes[i].count ? " and " : ", ");
			put_code(b, d, e);
		}
		return;
	}
	t = ev_report_raw(d, i);
	if (ev_kind(d, i) == EV_STRING)
		t.p = ev_string(d, i, &scratch, &t.len);
	ev_report_code(b, t, 200);
	ev_buf_free(&scratch);
}

static bool is_true(const struct saying *s, const char *name)
{
	uint32_t i = ev_report_at(s->d, s->kwargs, name);

	return i != EV_NOWHERE && ev_kind(s->d, i) == EV_TRUE;
}

static void put_value(const struct saying *s, const char *before, uint32_t i, size_t max)
{
	enum { LONGEST = 30, GROUPED = 4 };
	struct ev_report_text raw = ev_report_raw(s->d, i);

	ev_buf_puts(s->b, before);
	if (s->counted && ev_kind(s->d, i) == EV_NUMBER && raw.len <= LONGEST)
		ev_report_number(s->b, raw.p, raw.len, GROUPED);
	else
		ev_report_value(s->b, s->d, i, max);
}

static void put_range(const struct saying *s)
{
	const struct ev_doc *d = s->d;
	uint32_t low = ev_report_at(d, s->kwargs, "min_value"),
		 high = ev_report_at(d, s->kwargs, "max_value");
	bool above = is_true(s, "strict_min"), below = is_true(s, "strict_max");

	if (low == EV_NOWHERE && high == EV_NOWHERE) {
		ev_buf_puts(s->b, "anything, for no limit is given");
	} else if (low != EV_NOWHERE && high != EV_NOWHERE && !above && !below) {
		if (ev_kind(d, low) == EV_NUMBER && ev_equal(d, low, d, high)) {
			put_value(s, "exactly ", low, SHOWN);
			return;
		}
		put_value(s, "between ", low, SHOWN);
		put_value(s, " and ", high, SHOWN);
	} else {
		if (low != EV_NOWHERE)
			put_value(s, above ? "more than " : "at least ", low, SHOWN);
		if (low != EV_NOWHERE && high != EV_NOWHERE)
			ev_buf_puts(s->b, " and ");
		if (high != EV_NOWHERE)
			put_value(s, below ? "less than " : "at most ", high, SHOWN);
	}
}

/* The elements of two lists as long as each other, quantiles and what belongs to each. */
static bool quantiles_of(const struct ev_doc *d, uint32_t object, const char *other, uint32_t *q,
			 uint32_t *v)
{
	*q = ev_report_at(d, object, "quantiles");
	*v = ev_report_at(d, object, other);
	return *q != EV_NOWHERE && *v != EV_NOWHERE && ev_kind(d, *q) == EV_ARRAY &&
	       ev_kind(d, *v) == EV_ARRAY && d->nodes[*q].count == d->nodes[*v].count;
}

static void put_limit(struct ev_buf *b, const struct ev_doc *d, uint32_t i)
{
	if (ev_kind(d, i) != EV_NULL)
		ev_report_value(b, d, i, 1);
	else
		ev_buf_puts(b, "anything");
}

/* {"quantiles":[0.5,...],"value_ranges":[[1,2],...]} as "0.5: 1 to 2; ..." */
static void put_quantile_ranges(struct ev_buf *b, const struct ev_doc *d, uint32_t ranges)
{
	uint32_t q, v;

	if (!quantiles_of(d, ranges, "value_ranges", &q, &v)) {
		ev_report_value(b, d, ranges, SHOWN);
		return;
	}
	for (uint32_t i = ev_first(d, q), k = ev_first(d, v); i < ev_end(d, q);
	     i = ev_next(d, i), k = ev_next(d, k)) {
		PUT(b, "{}{}: ", HTML(i > ev_first(d, q) ? "; " : ""), VALUE(d, i, 1));
		if (ev_kind(d, k) != EV_ARRAY || d->nodes[k].count != 2) {
			ev_report_value(b, d, k, SHOWN);
			continue;
		}
		put_limit(b, d, ev_first(d, k));
		ev_buf_puts(b, " to ");
		put_limit(b, d, ev_next(d, ev_first(d, k)));
	}
}

/* A list is called one. */
static bool put_kind(const struct saying *s)
{
	static const char *const kinds[][2] = {
		{"list", "a list"},	   {"array", "a list"},		{"dict", "an object"},
		{"object", "an object"},   {"str", "a text"},		{"string", "a text"},
		{"bool", "true or false"}, {"boolean", "true or false"}};
	uint32_t i = ev_report_at(s->d, s->kwargs, "type_");

	for (size_t k = 0; i != EV_NOWHERE && k < sizeof kinds / sizeof kinds[0]; k++)
		if (ev_kind(s->d, i) == EV_STRING &&
		    ev_string_is(s->d, i, kinds[k][0], strlen(kinds[k][0]))) {
			ev_buf_puts(s->b, kinds[k][1]);
			return true;
		}
	ev_buf_puts(s->b, "of the type ");
	if (i == EV_NOWHERE)
		return false;
	put_code(s->b, s->d, i);
	return true;
}

/* One argument, by the name between the brackets; false if it is missing. */
static bool put_argument(const struct saying *s, const char *name, size_t len, bool as_code)
{
	const struct ev_doc *d = s->d;
	struct ev_report_text t = {name, len};
	uint32_t i;

	if (ev_report_is(t, "range")) {
		put_range(s);
		return true;
	}
	if (ev_report_is(t, "kind"))
		return put_kind(s);
	if (ev_report_is(t, "or_equal") || ev_report_is(t, "strictly")) {
		bool or_equal = t.p[0] == 'o';

		if (is_true(s, or_equal ? "or_equal" : "strictly") != or_equal)
			return false;
		ev_buf_puts(s->b, or_equal ? " or equal to it" : ", or equal");
		return true;
	}
	i = ev_member(d, s->kwargs, name, len);
	if (i == EV_NOWHERE || ev_kind(d, i) == EV_NULL)
		return false;
	if (as_code)
		put_code(s->b, d, i);
	else if (ev_report_is(t, "quantile_ranges"))
		put_quantile_ranges(s->b, d, i);
	else if (ev_report_is(t, "match_on") && ev_kind(d, i) == EV_STRING)
		ev_buf_puts(s->b, ev_string_is(d, i, "all", 3) ? "all" : "any");
	else
		put_value(s, "", i, ev_report_is(t, "value_pairs_set") ? SHOWN_PAIRS : SHOWN);
	return true;
}

/* Fills the words in; returns behind the closing bracket of an optional part, or at the end. */
static const char *fill_in(const struct saying *s, const char *p, bool *whole)
{
	*whole = true;
	while (*p != '\0' && *p != ']') {
		if (*p == '[') {
			size_t before = s->b->len;
			bool good;

			p = fill_in(s, p + 1, &good) + 1;
			if (!good)
				s->b->len = before;
		} else if (*p == '{' || *p == '<') {
			size_t len = strcspn(p + 1, "}>");

			if (!put_argument(s, p + 1, len, *p == '<')) {
				ev_buf_puts(s->b, "(not given)");
				*whole = false;
			}
			p += len + 2;
		} else {
			ev_buf_putc(s->b, *p++);
		}
	}
	return p;
}

/* Where not all must keep it: how many, as a percentage. */
static bool mostly(struct ev_buf *b, const struct ev_doc *d, uint32_t kwargs)
{
	uint32_t i = ev_report_at(d, kwargs, "mostly");
	struct ev_arena arena = {0};
	struct ev_dec share, percent;
	struct ev_report_text t;
	bool less;

	if (i == EV_NOWHERE || ev_kind(d, i) != EV_NUMBER)
		return false;
	t = ev_report_raw(d, i);
	less = ev_number_compare(t.p, t.len, "1", 1) < 0 && t.len <= 20 &&
	       ev_dec_read(&arena, t.p, t.len, &share) && ev_dec_read(&arena, "100", 3, &percent) &&
	       ev_dec_multiply(&arena, share, percent, &percent);
	if (less) {
		ev_dec_write(percent, b);
		ev_buf_putc(b, '%');
	}
	ev_arena_free(&arena);
	return less;
}

/* An expectation that the table does not have: its name in words, then its arguments. */
static void say_unknown(struct ev_buf *b, const struct ev_doc *d, const struct ev_report_check *c)
{
	struct ev_report_text t = c->type;
	struct ev_buf words = {0};

	if (t.len > strlen("expect_"))
		cut_prefix(&t);
	ev_buf_put(&words, t.p, t.len);
	for (size_t i = 0; i < words.len; i++)
		if (words.p[i] == '_')
			words.p[i] = ' ';
	if (words.len > 0)
		words.p[0] = (char)toupper((unsigned char)words.p[0]);
	ev_report_data(b, (struct ev_report_text){words.p, words.len}, 200);
	for (uint32_t i = ev_first(d, c->kwargs); i < ev_end(d, c->kwargs); i = ev_next(d, i + 1)) {
		ev_buf_puts(b, i == ev_first(d, c->kwargs) ? ": " : ", ");
		put_code(b, d, i);
		PUT(b, " {}", VALUE(d, i + 1, SHOWN));
	}
	ev_buf_free(&words);
}

void ev_report_says(struct ev_buf *b, const struct ev_doc *d, const struct ev_report_check *c)
{
	const struct sentence *s = sentence_of(c->type);
	struct saying filled = {b, d, c->kwargs, false};
	uint32_t condition = ev_report_at(d, c->kwargs, "row_condition");
	struct ev_buf share = {0};
	bool whole;

	if (s == NULL) {
		say_unknown(b, d, c);
		return;
	}
	if (s->opening < WHOLE && mostly(&share, d, c->kwargs))
		PUT(b, "{} {} of the {}", HTML(s->opening == VALUES ? "At least" : "In at least"),
		    HTML(ev_buf_str(&share)),
		    HTML(s->opening == VALUES ? "values of " : "records, "));
	else if (s->opening < WHOLE)
		ev_buf_puts(b, s->opening == VALUES ? "Every value of " : "In every record, ");
	if (s->opening == VALUES) {
		fill_in(&filled, "<column>", &whole);
		ev_buf_puts(b, " must ");
	}
	filled.counted = s->opening == WHOLE_NUMBER;
	fill_in(&filled, s->words, &whole);
	if (condition != EV_NOWHERE) {
		ev_buf_puts(b, ", in the records where ");
		put_code(b, d, condition);
		ev_buf_puts(b, " holds");
	}
	ev_buf_putc(b, '.');
	ev_buf_free(&share);
}

bool ev_report_found_count(const struct ev_doc *d, uint32_t object, const char *name, uint64_t *v)
{
	uint32_t i = ev_report_at(d, object, name);
	struct ev_report_text t;
	struct ev_number n;
	int64_t signed_v = 0;

	if (i == EV_NOWHERE || ev_kind(d, i) != EV_NUMBER)
		return false;
	t = ev_report_raw(d, i);
	ev_number_read(t.p, t.len, &n);
	if (!ev_number_int64(&n, &signed_v) || signed_v < 0)
		return false;
	*v = (uint64_t)signed_v;
	return true;
}

/* Elements, those that were missing and do not count, and those that broke it. */
struct tally {
	uint64_t all, missing, wrong;
};

static bool tally_of(const struct ev_doc *d, const struct ev_report_check *c, struct tally *t)
{
	*t = (struct tally){0};
	if (!ev_report_found_count(d, c->values, "element_count", &t->all) ||
	    !ev_report_found_count(d, c->values, "unexpected_count", &t->wrong))
		return false;
	/* To these the missing ones count. */
	if (!ev_report_is(c->type, "expect_column_values_to_not_be_null") &&
	    !ev_report_is(c->type, "expect_column_values_to_be_null"))
		ev_report_found_count(d, c->values, "missing_count", &t->missing);
	return t->missing <= t->all && t->wrong <= t->all - t->missing;
}

static void say_tally(struct ev_buf *b, const struct ev_report_check *c, const struct tally *t,
		      const char *what)
{
	const char *about = c->approximate ? "~" : "";
	uint64_t held = t->all - t->missing;

	if (held == 0)
		ev_buf_puts(b, "There was nothing to hold to it");
	else if (t->wrong == 0 && held == 1)
		PUT(b, "The one {} kept to it", HTML(what));
	else if (t->wrong == 0)
		PUT(b, "All {} kept to it", PLURAL(held, what));
	else
		PUT(b, "{}{} of {} did not: <strong>{}{}</strong>{}", HTML(about), COUNT(t->wrong),
		    PLURAL(held, what), HTML(about), SHARE(t->wrong, held),
		    HTML(t->missing > 0 ? " of those present" : ""));
	ev_buf_puts(b, ".");
	if (t->missing > 0)
		PUT(b, " {} {} missing and do{} not count.", COUNT(t->missing),
		    HTML(t->missing == 1 ? "was" : "were"), HTML(t->missing == 1 ? "es" : ""));
}

/* Whether what is observed is computed, so that most of its digits say nothing. */
static bool is_average(const struct ev_report_check *c)
{
	static const char *const types[] = {
		"expect_column_mean_to_be_between",
		"expect_column_median_to_be_between",
		"expect_column_stdev_to_be_between",
		"expect_column_quantile_values_to_be_between",
		"expect_column_proportion_of_non_null_values_to_be_between",
		"expect_column_proportion_of_unique_values_to_be_between",
		"expect_column_kl_divergence_to_be_less_than",
		"expect_column_chisquare_test_p_value_to_be_greater_than"};

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (ev_report_is(c->type, types[i]))
			return true;
	return false;
}

/* Digits, a point among them, with so many behind it: half up. */
static void round_to(struct ev_report_text t, size_t decimals, struct ev_buf *out)
{
	size_t point = (size_t)((const char *)memchr(t.p, '.', t.len) - t.p),
	       len = point + 1 + decimals, i;
	bool up = t.p[len] >= '5';

	ev_buf_reset(out);
	ev_buf_put(out, t.p, len);
	for (i = len; up && i-- > 0;) {
		if (out->p[i] == '-')
			break;
		if (out->p[i] == '.')
			continue;
		up = out->p[i] == '9';
		out->p[i] = up ? '0' : (char)(out->p[i] + 1);
	}
	if (!up)
		return;
	/* A new digit in front: behind the sign. */
	ev_buf_putc(out, '0');
	i = out->p[0] == '-';
	memmove(out->p + i + 1, out->p + i, out->len - 1 - i);
	out->p[i] = '1';
}

static bool same_side(const struct ev_doc *d, uint32_t limit, struct ev_report_text exact,
		      const struct ev_buf *rounded)
{
	struct ev_report_text l;

	if (limit == EV_NOWHERE || ev_kind(d, limit) != EV_NUMBER)
		return true;
	l = ev_report_raw(d, limit);
	return ev_number_compare(exact.p, exact.len, l.p, l.len) ==
	       ev_number_compare(rounded->p, rounded->len, l.p, l.len);
}

/*
 * An average with as many digits as say something, and as many more as it takes to show on which
 * side of the limits it lies.
 */
static void put_average(struct ev_buf *b, const struct ev_doc *d, const struct ev_report_check *c,
			uint32_t i)
{
	enum { SIGNIFICANT = 5, LEAST = 2, GROUPED = 5, LONGEST = 100 };
	static const char *const limits[] = {"min_value", "max_value", "threshold", "p"};
	struct ev_report_text t = ev_report_raw(d, i);
	const char *point = t.len <= LONGEST ? memchr(t.p, '.', t.len) : NULL;
	size_t zeros = strspn(t.p, "-0."), whole, decimals;
	struct ev_buf rounded = {0};
	bool same = false;

	if (ev_kind(d, i) != EV_NUMBER || point == NULL || memchr(t.p, 'e', t.len) != NULL ||
	    memchr(t.p, 'E', t.len) != NULL) {
		ev_report_value(b, d, i, SHOWN);
		return;
	}
	/* Zeros that lead do not count as significant. */
	whole = (size_t)(point - t.p);
	decimals = zeros > whole	 ? zeros - whole - 1 + SIGNIFICANT
		   : whole < SIGNIFICANT ? SIGNIFICANT - whole
					 : LEAST;
	decimals = decimals < LEAST ? LEAST : decimals;
	for (; !same && whole + 1 + decimals < t.len; decimals++) {
		round_to(t, decimals, &rounded);
		same = true;
		for (size_t k = 0; k < sizeof limits / sizeof limits[0]; k++)
			same &= same_side(d, ev_report_at(d, c->kwargs, limits[k]), t, &rounded);
	}
	if (same)
		ev_report_number(b, rounded.p, rounded.len, GROUPED);
	else
		ev_report_value(b, d, i, SHOWN);
	ev_buf_free(&rounded);
}

/* {"quantiles":[...],"values":[...]} */
static bool say_quantiles(struct ev_buf *b, const struct ev_doc *d, const struct ev_report_check *c,
			  uint32_t observed)
{
	uint32_t q, v;

	if (!quantiles_of(d, observed, "values", &q, &v))
		return false;
	for (uint32_t i = ev_first(d, q), k = ev_first(d, v); i < ev_end(d, q);
	     i = ev_next(d, i), k = ev_next(d, k)) {
		PUT(b, "{}{}: <strong>{}", HTML(i > ev_first(d, q) ? "; " : ""), VALUE(d, i, 1),
		    HTML(c->approximate ? "~" : ""));
		put_average(b, d, c, k);
		ev_buf_puts(b, "</strong>");
	}
	return true;
}

static void say_observed(struct ev_buf *b, const struct ev_report *r, const struct ev_doc *d,
			 const struct ev_report_check *c, const struct sentence *s,
			 uint32_t observed)
{
	struct saying found = {b, d, c->kwargs, s != NULL && s->opening == WHOLE_NUMBER};

	ev_buf_puts(b, "Found: ");
	if ((s == NULL || s->opening <= WHOLE) && !ev_report_may_show(r, d, c)) {
		ev_buf_puts(b, REPORT_REDACTED);
	} else if (ev_kind(d, observed) != EV_OBJECT || !say_quantiles(b, d, c, observed)) {
		ev_buf_puts(b, c->approximate ? "<strong>~" : "<strong>");
		if (is_average(c))
			put_average(b, d, c, observed);
		else
			put_value(&found, "", observed, SHOWN);
		ev_buf_puts(b, "</strong>");
	}
	ev_buf_puts(b, ".");
}

void ev_report_found(struct ev_buf *b, const struct ev_report *r, const struct ev_doc *d,
		     const struct ev_report_check *c)
{
	const struct sentence *s = sentence_of(c->type);
	uint32_t observed = ev_report_at(d, c->values, "observed_value");
	struct tally t;

	if (c->exception.p != NULL) {
		ev_buf_puts(b, "It could not be checked: ");
		if (ev_report_may_show(r, d, c))
			ev_report_data(b, c->exception, 400);
		else
			ev_buf_puts(b, REPORT_REDACTED);
	} else if (tally_of(d, c, &t)) {
		say_tally(b, c, &t, s != NULL && s->opening == ROWS ? "record" : "value");
	} else if (observed != EV_NOWHERE) {
		say_observed(b, r, d, c, s, observed);
	} else if (!ev_report_is(c->type, "expect_column_to_exist")) {
		ev_buf_puts(b, "No value was found.");
	} else {
		ev_buf_puts(b, c->verdict == REPORT_PASS ? "It does." : "It does not.");
	}
	if (c->error.p != NULL && c->error.len > 0 &&
	    ((s != NULL && s->opening > WHOLE) || ev_report_may_show(r, d, c)))
		PUT(b, " {}: {}.", HTML(c->approximate ? "How exact" : "Why"), DATA(c->error, 200));
}

bool ev_report_found_number(const struct ev_doc *d, const struct ev_report_check *c, double *v)
{
	struct tally t;

	if (c->exception.p != NULL)
		return false;
	if (tally_of(d, c, &t)) {
		if (t.all == t.missing)
			return false;
		*v = (double)t.wrong / (double)(t.all - t.missing) * 100;
		return true;
	}
	return ev_report_double(d, ev_report_at(d, c->values, "observed_value"), v);
}

void ev_report_found_words(struct ev_buf *b, const struct ev_doc *d,
			   const struct ev_report_check *c)
{
	uint32_t observed = ev_report_at(d, c->values, "observed_value");
	struct tally t;

	ev_buf_puts(b, c->approximate ? "~" : "");
	if (tally_of(d, c, &t))
		PUT(b, "{}", SHARE(t.wrong, t.all - t.missing));
	else if (observed != EV_NOWHERE && is_average(c))
		put_average(b, d, c, observed);
	else if (observed != EV_NOWHERE)
		ev_report_value(b, d, observed, 1);
}

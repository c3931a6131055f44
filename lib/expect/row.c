/* Expectations about single values, each of which meets them or not. */
#include "base/utf8.h"
#include "expect/internal.h"
#include "model/nearest.h"
#include "number/decimal.h"
#include "regex/regex.h"
#include "scan/form.h"
#include "schema/schema.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* A text to match: a string's content, or a number or boolean as it is written. */
static const char *text_of(const struct ev_doc *d, uint32_t at, struct ev_buf *scratch, size_t *len)
{
	switch (ev_kind(d, at)) {
	case EV_STRING: return ev_string(d, at, scratch, len);
	case EV_NUMBER:
	case EV_TRUE:
	case EV_FALSE: return ev_raw(d, at, len);
	default: return NULL;
	}
}

static void free_own(struct ev_expect *e)
{
	free(e->own);
}

/* Ranges */

/*
 * The limits of a range times ten to the power of the index: what the digits of a number with so
 * many decimals are compared with.
 */
struct bounds {
	uint32_t whole; /* numbers with at most so many digits before the point lie in it */
	int64_t low[EV_SMALL_DIGITS + 1], high[EV_SMALL_DIGITS + 1];
};

/* x times ten to the power of `by`, rounded down; *exact: nothing was cut. Saturates at 64 bits. */
static int64_t shifted(struct ev_small x, int32_t by, bool *exact)
{
	int32_t exp = x.exp + by;
	int64_t v, power;

	*exact = true;
	if (exp >= 0) {
		if (x.coef == 0)
			return 0;
		if (exp > EV_SMALL_DIGITS ||
		    __builtin_mul_overflow(x.coef, ev_small_powers[exp], &v))
			return x.coef < 0 ? INT64_MIN : INT64_MAX;
		return v;
	}
	if (exp < -EV_SMALL_DIGITS) {
		*exact = x.coef == 0;
		return x.coef < 0 ? -1 : 0;
	}
	power = ev_small_powers[-exp];
	*exact = x.coef % power == 0;
	return x.coef / power - (x.coef % power < 0);
}

static bool read_limit(const struct ev_expect_limit *l, struct ev_small *x)
{
	return l->kind == LIMIT_NONE ||
	       (l->kind == LIMIT_NUMBER && ev_small_read(l->text, l->len, x));
}

/* Opens a range, with bounds for the fast path of short numbers. */
static bool open_between(struct ev_expect *e, struct ev_expect_opening *o)
{
	struct ev_expect_range *r = &e->range;
	struct ev_small min, max;
	struct bounds *b;

	(void)o;
	if (!read_limit(&r->min, &min) || !read_limit(&r->max, &max))
		return true;
	b = e->own = ev_calloc(1, sizeof *b);
	for (int k = 0; k <= EV_SMALL_DIGITS; k++) {
		bool exact;

		b->low[k] = INT64_MIN;
		b->high[k] = INT64_MAX;
		if (r->min.kind != LIMIT_NONE) {
			b->low[k] = shifted(min, k, &exact);
			b->low[k] += (!exact || r->strict_min) && b->low[k] < INT64_MAX;
		}
		if (r->max.kind != LIMIT_NONE) {
			b->high[k] = shifted(max, k, &exact);
			b->high[k] -= exact && r->strict_max && b->high[k] > INT64_MIN;
		}
	}
	while (b->low[0] <= 0 && b->whole < 8 && ev_small_powers[b->whole + 1] <= b->high[0])
		b->whole++;
	return true;
}

static bool in_range(const struct ev_expect_range *r, const struct ev_doc *d, uint32_t at,
		     struct ev_buf *scratch)
{
	int order;

	if (r->min.kind != LIMIT_NONE &&
	    (!ev_expect_limit_compare(&r->min, d, at, scratch, &order) || order < 0 ||
	     (order == 0 && r->strict_min)))
		return false;
	return r->max.kind == LIMIT_NONE ||
	       (ev_expect_limit_compare(&r->max, d, at, scratch, &order) &&
		(order < 0 || (order == 0 && !r->strict_max)));
}

static bool between(struct ev_expect *e, const struct ev_doc *d, uint32_t at)
{
	const struct bounds *b = e->own;
	struct ev_small x;
	const char *p;
	size_t len;

	p = ev_raw(d, at, &len);
	if (b == NULL || ev_kind(d, at) != EV_NUMBER)
		return in_range(&e->range, d, at, &e->suite->scratch);
	if (ev_small_fits(p, (uint32_t)len, b->whole, UINT32_MAX))
		return true;
	if (ev_small_read_padded(p, len, &x) && x.exp <= 0 && x.exp >= -EV_SMALL_DIGITS)
		return b->low[-x.exp] <= x.coef && x.coef <= b->high[-x.exp];
	return in_range(&e->range, d, at, &e->suite->scratch);
}

/* Lengths: code points of a text, elements of a list. */

static bool open_lengths(struct ev_expect *e, struct ev_expect_opening *o)
{
	const struct ev_yaml *y;

	if ((y = ev_expect_argument(o, "value")) != NULL) {
		uint64_t n;

		if (!ev_expect_argument_count(o, "value", &n) ||
		    !ev_expect_limit_of(o, y, "value", &e->range.min))
			return false;
		return ev_expect_limit_of(o, y, "value", &e->range.max);
	}
	y = ev_expect_argument(o, e->range.min.kind != LIMIT_NONE ? "min_value" : "max_value");
	if ((e->range.min.kind != LIMIT_NONE && e->range.min.kind != LIMIT_NUMBER) ||
	    (e->range.max.kind != LIMIT_NONE && e->range.max.kind != LIMIT_NUMBER))
		return ev_expect_opening_fail(o, y, "a length is held against numbers");
	return true;
}

static bool length_good(struct ev_expect *e, const struct ev_doc *d, uint32_t at)
{
	const struct ev_expect_range *r = &e->range;
	char text[24];
	const char *p;
	size_t len;
	int n, order;

	if (ev_kind(d, at) == EV_STRING) {
		p = ev_string(d, at, &e->suite->scratch, &len);
		n = snprintf(text, sizeof text, "%zu", ev_utf8_count(p, len));
	} else if (ev_kind(d, at) == EV_ARRAY) {
		n = snprintf(text, sizeof text, "%u", d->nodes[at].count);
	} else {
		return false;
	}
	if (r->min.kind != LIMIT_NONE) {
		order = ev_number_compare(text, (size_t)n, r->min.text, r->min.len);
		if (order < 0 || (order == 0 && r->strict_min))
			return false;
	}
	if (r->max.kind == LIMIT_NONE)
		return true;
	order = ev_number_compare(text, (size_t)n, r->max.text, r->max.len);
	return order < 0 || (order == 0 && !r->strict_max);
}

/* Sets */

static bool in_set(struct ev_expect *e, const struct ev_doc *d, uint32_t at)
{
	return ev_expect_values_find(&e->set, d, at, &e->suite->scratch) != NOT_A_VALUE;
}

static bool not_in_set(struct ev_expect *e, const struct ev_doc *d, uint32_t at)
{
	return !in_set(e, d, at);
}

/* Null: the only kinds whose share is of all rows. */

static bool open_not(struct ev_expect *e, struct ev_expect_opening *o)
{
	(void)o;
	e->negate = true;
	return true;
}

/* Types */

enum {
	IS_NULL = 1,
	IS_BOOLEAN = 2,
	IS_INTEGER = 4,
	IS_NUMBER = 8,
	IS_STRING = 16,
	IS_ARRAY = 32,
	IS_OBJECT = 64,
	IS_TIMESTAMP = 128,
	IS_DATE = 256,
	IS_UUID = 512,
};

static const struct {
	const char *name;
	unsigned is;
} type_names[] = {
	{"null", IS_NULL},	{"nonetype", IS_NULL},	     {"boolean", IS_BOOLEAN},
	{"bool", IS_BOOLEAN},	{"integer", IS_INTEGER},     {"int", IS_INTEGER},
	{"int64", IS_INTEGER},	{"bigint", IS_INTEGER},	     {"number", IS_NUMBER},
	{"float", IS_NUMBER},	{"float64", IS_NUMBER},	     {"double", IS_NUMBER},
	{"decimal", IS_NUMBER}, {"numeric", IS_NUMBER},	     {"string", IS_STRING},
	{"str", IS_STRING},	{"text", IS_STRING},	     {"varchar", IS_STRING},
	{"array", IS_ARRAY},	{"list", IS_ARRAY},	     {"object", IS_OBJECT},
	{"dict", IS_OBJECT},	{"timestamp", IS_TIMESTAMP}, {"datetime", IS_TIMESTAMP},
	{"date", IS_DATE},	{"uuid", IS_UUID},
};

enum { TYPE_NAMES = sizeof type_names / sizeof type_names[0] };

static bool add_type(struct ev_expect_opening *o, const struct ev_yaml *y, unsigned *mask)
{
	const char *known[TYPE_NAMES + 1] = {0};
	char hint[EV_HINT];

	for (size_t i = 0; i < TYPE_NAMES; i++) {
		known[i] = type_names[i].name;
		if (y->kind == EV_YAML_SCALAR && strcasecmp(known[i], y->text) == 0) {
			*mask |= type_names[i].is;
			return true;
		}
	}
	return ev_expect_opening_fail(
		o, y, "no type '%s': %s", y->kind == EV_YAML_SCALAR ? y->text : "",
		ev_nearest_hint(y->kind == EV_YAML_SCALAR ? y->text : "", known, hint));
}

static bool open_types(struct ev_expect *e, struct ev_expect_opening *o)
{
	const struct ev_yaml *y = ev_expect_argument(o, "type_"),
			     *list = ev_expect_argument(o, "type_list");
	unsigned *mask = e->own = ev_calloc(1, sizeof *mask);

	if (y != NULL && !add_type(o, y, mask))
		return false;
	if (list != NULL && (list->kind != EV_YAML_LIST || list->n == 0))
		return ev_expect_opening_fail(o, list,
					      "type_list must be a list such as [integer, string]");
	for (size_t i = 0; list != NULL && i < list->n; i++)
		if (!add_type(o, list->items[i], mask))
			return false;
	return true;
}

static bool number_is(unsigned mask, const struct ev_doc *d, uint32_t at)
{
	struct ev_number n;
	const char *p;
	size_t len;

	if ((mask & IS_NUMBER) != 0)
		return true;
	if ((mask & IS_INTEGER) == 0)
		return false;
	p = ev_raw(d, at, &len);
	ev_number_read(p, len, &n);
	return ev_number_is_integer(&n);
}

static bool string_is(unsigned mask, const char *p, size_t len)
{
	struct ev_time t;
	struct ev_date date;

	return (mask & IS_STRING) != 0 ||
	       ((mask & IS_TIMESTAMP) != 0 && ev_time_parse(p, len, &t) != EV_TIME_BAD) ||
	       ((mask & IS_DATE) != 0 && ev_date_parse(p, len, &date)) ||
	       ((mask & IS_UUID) != 0 && ev_uuid_valid(p, len));
}

static bool type_good(struct ev_expect *e, const struct ev_doc *d, uint32_t at)
{
	unsigned mask = *(const unsigned *)e->own;
	const char *p;
	size_t len;

	switch (ev_kind(d, at)) {
	case EV_NULL: return (mask & IS_NULL) != 0;
	case EV_FALSE:
	case EV_TRUE: return (mask & IS_BOOLEAN) != 0;
	case EV_NUMBER: return number_is(mask, d, at);
	case EV_STRING:
		p = ev_string(d, at, &e->suite->scratch, &len);
		return string_is(mask, p, len);
	case EV_ARRAY: return (mask & IS_ARRAY) != 0;
	case EV_OBJECT: return (mask & IS_OBJECT) != 0;
	}
	return false;
}

/* Regular expressions and SQL's patterns */

struct patterns {
	struct ev_regex **list;
	size_t n;
	int all; /* true: all must match; else one is enough */
};

static void close_patterns(struct ev_expect *e)
{
	struct patterns *p = e->own;

	for (size_t i = 0; p != NULL && i < p->n; i++)
		ev_regex_free(&p->list[i]);
	if (p != NULL)
		free(p->list);
	free(p);
}

static bool add_pattern(struct ev_expect_opening *o, const struct ev_yaml *y, const char *pattern,
			struct patterns *p)
{
	struct ev_error why;
	struct ev_regex *re = ev_regex_compile(pattern, strlen(pattern), EV_REGEX_PCRE, &why);

	if (re == NULL)
		return ev_expect_opening_fail(o, y, "'%s' is no regular expression: %s", y->text,
					      why.text);
	p->list = ev_realloc_array(p->list, p->n + 1, sizeof(struct ev_regex *));
	p->list[p->n++] = re;
	return true;
}

/* Translates LIKE into a regular expression: % is any text, _ one character. */
static char *of_like(const char *like, char escape)
{
	struct ev_buf re = {0};

	ev_buf_puts(&re, "(?s)\\A");
	for (const char *p = like; *p != '\0'; p++) {
		if (escape != '\0' && *p == escape && p[1] != '\0') {
			p++;
		} else if (*p == '%') {
			ev_buf_puts(&re, ".*");
			continue;
		} else if (*p == '_') {
			ev_buf_putc(&re, '.');
			continue;
		}
		if (isascii((unsigned char)*p) && !isalnum((unsigned char)*p))
			ev_buf_putc(&re, '\\');
		ev_buf_putc(&re, *p);
	}
	ev_buf_puts(&re, "\\z");
	ev_buf_str(&re);
	return re.p;
}

static bool add_like(struct ev_expect_opening *o, const struct ev_yaml *y, char escape,
		     struct patterns *p)
{
	char *re = of_like(y->text, escape);
	bool good = add_pattern(o, y, re, p);

	free(re);
	return good;
}

static bool add_patterns(struct ev_expect_opening *o, const char *name, bool like, char escape,
			 struct patterns *p)
{
	const struct ev_yaml *y = ev_expect_argument(o, name);
	bool list = y != NULL && y->kind == EV_YAML_LIST;

	if (y == NULL)
		return true;
	if (list != (strstr(name, "_list") != NULL) || (list && y->n == 0))
		return ev_expect_opening_fail(
			o, y,
			list || y->kind == EV_YAML_LIST
				? "%s must not be an empty list, nor a list where "
				  "one text is wanted"
				: "%s must be a list of texts",
			name);
	for (size_t i = 0; i < (list ? y->n : 1); i++) {
		const struct ev_yaml *x = list ? y->items[i] : y;

		if (x->kind != EV_YAML_SCALAR)
			return ev_expect_opening_fail(o, x, "a pattern must be a text");
		if (!(like ? add_like(o, x, escape, p) : add_pattern(o, x, x->text, p)))
			return false;
	}
	return true;
}

static bool open_patterns(struct ev_expect *e, struct ev_expect_opening *o)
{
	static const char *const words[] = {"any", "all", NULL};
	struct patterns *p = e->own = ev_calloc(1, sizeof *p);
	const struct ev_yaml *y = ev_expect_argument(o, "escape");
	char escape = '\0';

	if (y != NULL) {
		if (y->kind != EV_YAML_SCALAR || y->len != 1 || !isascii((unsigned char)*y->text))
			return ev_expect_opening_fail(o, y, "escape must be one ASCII character");
		escape = y->text[0];
	}
	e->negate = strstr(e->kind->name, "_not_") != NULL;
	return ev_expect_argument_word(o, "match_on", words, &p->all) &&
	       add_patterns(o, "regex", false, '\0', p) &&
	       add_patterns(o, "regex_list", false, '\0', p) &&
	       add_patterns(o, "like_pattern", true, escape, p) &&
	       add_patterns(o, "like_pattern_list", true, escape, p);
}

static bool pattern_good(struct ev_expect *e, const struct ev_doc *d, uint32_t at)
{
	const struct patterns *p = e->own;
	size_t len, matched = 0;
	const char *text = text_of(d, at, &e->suite->scratch, &len);
	bool spent;

	if (text == NULL)
		return false;
	for (size_t i = 0; i < p->n; i++) {
		matched += ev_regex_match(p->list[i], text, len);
		if (matched > 0 && (e->negate || !p->all))
			break;
	}
	spent = ev_regex_spent(&len) != NULL; /* then it is unknown whether it matches */
	return e->negate ? matched == 0 && !spent : p->all ? matched == p->n : matched > 0;
}

/* Texts of other kinds */

static bool open_format(struct ev_expect *e, struct ev_expect_opening *o)
{
	const struct ev_yaml *y = ev_expect_argument(o, "strftime_format");
	const char *bad;
	char *format = NULL;

	if (!ev_expect_argument_text(o, "strftime_format", &format))
		return false;
	e->own = format;
	return ev_expect_strftime_is_known(format, &bad) ||
	       ev_expect_opening_fail(o, y, "strftime_format: '%.2s' is not among the directives",
				      bad);
}

static bool format_good(struct ev_expect *e, const struct ev_doc *d, uint32_t at)
{
	const char *p;
	size_t len;

	if (ev_kind(d, at) != EV_STRING)
		return false;
	p = ev_string(d, at, &e->suite->scratch, &len);
	return ev_expect_strftime_matches(e->own, p, len);
}

static bool date_good(struct ev_expect *e, const struct ev_doc *d, uint32_t at)
{
	const char *p;
	size_t len;

	if (ev_kind(d, at) != EV_STRING)
		return false;
	p = ev_string(d, at, &e->suite->scratch, &len);
	return ev_expect_dateutil_parses(p, len);
}

static bool json_good(struct ev_expect *e, const struct ev_doc *d, uint32_t at)
{
	struct ev_buf *text = &e->suite->shown;
	struct ev_flaw flaw;
	const char *p;
	size_t len;

	if (ev_kind(d, at) != EV_STRING)
		return false;
	p = ev_string(d, at, &e->suite->scratch, &len);
	ev_buf_reset(text);
	ev_buf_put(text, p, len);
	memset(ev_buf_room(text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	return ev_scan(e->suite->scan, text->p, len, &flaw) != NULL;
}

static bool open_schema(struct ev_expect *e, struct ev_expect_opening *o)
{
	const struct ev_yaml *y = ev_expect_argument(o, "json_schema");
	struct ev_suite *s = o->suite;
	struct ev_buf json = {0}, name = {0};
	struct ev_error why;
	const struct ev_schema *schema;

	if (s->schemas == NULL)
		s->schemas = ev_schema_set_new(s->root);
	ev_yaml_json(y, &json);
	ev_buf_printf(&name, "the schema at %s:%zu", s->file, y->line);
	schema = ev_schema_text(s->schemas, ev_buf_str(&name), json.p, json.len, &why);
	e->own = (void *)(uintptr_t)schema;
	ev_buf_free(&json);
	ev_buf_free(&name);
	return schema != NULL || ev_expect_opening_fail(o, y, "json_schema: %s", why.text);
}

static bool schema_good(struct ev_expect *e, const struct ev_doc *d, uint32_t at)
{
	size_t len;
	const bool valid = ev_schema_valid(e->own, d, at, EV_NOWHERE);

	return ev_regex_spent(&len) == NULL && valid;
}

const struct ev_expect_kind ev_expect_row_kinds[] = {
	{.name = "expect_column_values_to_be_between",
	 .arguments = "column* min_value max_value strict_min strict_max mostly",
	 .open = open_between,
	 .good = between,
	 .close = free_own},
	{.name = "expect_column_value_lengths_to_be_between",
	 .arguments = "column* min_value max_value strict_min strict_max mostly",
	 .open = open_lengths,
	 .good = length_good},
	{.name = "expect_column_value_lengths_to_equal",
	 .arguments = "column* value* mostly",
	 .open = open_lengths,
	 .good = length_good},
	{.name = "expect_column_values_to_be_in_set",
	 .arguments = "column* value_set* mostly",
	 .good = in_set,
	 .remembers = true},
	{.name = "expect_column_values_to_not_be_in_set",
	 .arguments = "column* value_set* mostly",
	 .good = not_in_set,
	 .remembers = true},
	{.name = "expect_column_values_to_be_null",
	 .arguments = "column* mostly",
	 .presence = true},
	{.name = "expect_column_values_to_not_be_null",
	 .arguments = "column* mostly",
	 .open = open_not,
	 .presence = true},
	{.name = "expect_column_values_to_be_of_type",
	 .arguments = "column* type_* mostly",
	 .open = open_types,
	 .good = type_good,
	 .close = free_own},
	{.name = "expect_column_values_to_be_in_type_list",
	 .arguments = "column* type_list* mostly",
	 .open = open_types,
	 .good = type_good,
	 .close = free_own},
	{.name = "expect_column_values_to_match_regex",
	 .arguments = "column* regex* mostly",
	 .open = open_patterns,
	 .good = pattern_good,
	 .remembers = true,
	 .close = close_patterns},
	{.name = "expect_column_values_to_not_match_regex",
	 .arguments = "column* regex* mostly",
	 .open = open_patterns,
	 .good = pattern_good,
	 .remembers = true,
	 .close = close_patterns},
	{.name = "expect_column_values_to_match_regex_list",
	 .arguments = "column* regex_list* match_on mostly",
	 .open = open_patterns,
	 .good = pattern_good,
	 .remembers = true,
	 .close = close_patterns},
	{.name = "expect_column_values_to_not_match_regex_list",
	 .arguments = "column* regex_list* mostly",
	 .open = open_patterns,
	 .good = pattern_good,
	 .remembers = true,
	 .close = close_patterns},
	{.name = "expect_column_values_to_match_like_pattern",
	 .arguments = "column* like_pattern* escape mostly",
	 .open = open_patterns,
	 .good = pattern_good,
	 .remembers = true,
	 .close = close_patterns},
	{.name = "expect_column_values_to_not_match_like_pattern",
	 .arguments = "column* like_pattern* escape mostly",
	 .open = open_patterns,
	 .good = pattern_good,
	 .remembers = true,
	 .close = close_patterns},
	{.name = "expect_column_values_to_match_like_pattern_list",
	 .arguments = "column* like_pattern_list* match_on escape mostly",
	 .open = open_patterns,
	 .good = pattern_good,
	 .remembers = true,
	 .close = close_patterns},
	{.name = "expect_column_values_to_not_match_like_pattern_list",
	 .arguments = "column* like_pattern_list* escape mostly",
	 .open = open_patterns,
	 .good = pattern_good,
	 .remembers = true,
	 .close = close_patterns},
	{.name = "expect_column_values_to_match_strftime_format",
	 .arguments = "column* strftime_format* mostly",
	 .open = open_format,
	 .good = format_good,
	 .remembers = true,
	 .close = free_own},
	{.name = "expect_column_values_to_be_dateutil_parseable",
	 .arguments = "column* mostly",
	 .good = date_good,
	 .remembers = true},
	{.name = "expect_column_values_to_be_json_parseable",
	 .arguments = "column* mostly",
	 .good = json_good,
	 .remembers = true},
	{.name = "expect_column_values_to_match_json_schema",
	 .arguments = "column* json_schema* mostly",
	 .open = open_schema,
	 .good = schema_good,
	 .remembers = true},
	{0},
};

/* Expectations about single values, each of which meets them or not. */
#include "base/utf8.h"
#include "expect/internal.h"
#include "model/nearest.h"
#include "regex/regex.h"
#include "scan/form.h"
#include "schema/schema.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

/* The content of a string; NULL of what is none. */
static const char *string_at(struct ev_expect *e, const struct ev_doc *d, uint32_t at, size_t *len)
{
	return ev_kind(d, at) == EV_STRING ? ev_string(d, at, &e->suite->scratch, len) : NULL;
}

/* Ranges */

/* The limits of a range of short numbers, for the fast path. */
struct bounds {
	bool known;
	struct ev_small min, max;
	uint32_t whole; /* numbers with at most so many digits before the point lie in it */
};

static bool read_limit(const struct ev_expect_limit *l, struct ev_small *x)
{
	return l->kind == LIMIT_NONE ||
	       (l->kind == LIMIT_NUMBER && ev_small_read(l->text, l->len, x));
}

static bool lies_in(const struct ev_expect_range *r, const struct bounds *b, struct ev_small x)
{
	int to_min = r->min.kind != LIMIT_NONE ? ev_small_compare(x, b->min) : 1;
	int to_max = r->max.kind != LIMIT_NONE ? ev_small_compare(x, b->max) : -1;

	return (to_min > 0 || (to_min == 0 && !r->strict_min)) &&
	       (to_max < 0 || (to_max == 0 && !r->strict_max));
}

static bool open_between(struct ev_expect *e, struct ev_expect_opening *o)
{
	const struct ev_expect_range *r = &e->range;
	struct bounds *b = e->own;

	(void)o;
	b->known = read_limit(&r->min, &b->min) && read_limit(&r->max, &b->max);
	/* From 0 to a power of ten; what has fewer digits is less. */
	while (b->known && b->whole < 8 && lies_in(r, b, (struct ev_small){0, 0}) &&
	       lies_in(r, b, (struct ev_small){1, (int32_t)b->whole + 1}))
		b->whole++;
	return true;
}

static bool in_range(struct ev_expect *e, const struct ev_doc *d, uint32_t at)
{
	const struct ev_expect_range *r = &e->range;
	enum ev_expect_limit_kind kind = r->min.kind != LIMIT_NONE ? r->min.kind : r->max.kind;
	struct ev_expect_limit l;

	return kind == LIMIT_NONE || (ev_expect_limit_at(kind, d, at, &e->suite->scratch, &l) &&
				      ev_expect_is_within(r, &l));
}

static bool between(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	const struct bounds *b = e->own;
	const struct ev_doc *d = f->d;
	struct ev_small x;
	const char *p;
	size_t len;

	p = ev_raw(d, *at, &len);
	if (!b->known || ev_kind(d, *at) != EV_NUMBER)
		return in_range(e, d, *at);
	if (ev_small_fits(p, (uint32_t)len, b->whole, UINT32_MAX))
		return true;
	return ev_small_read_padded(p, len, &x) ? lies_in(&e->range, b, x) : in_range(e, d, *at);
}

static const struct ev_expect_ops range_ops = {
	.own = sizeof(struct bounds), .open = open_between, .take = between};

/* Lengths: code points of a text, elements of a list. */

static bool open_lengths(struct ev_expect *e, struct ev_expect_opening *o)
{
	const struct ev_yaml *y = ev_expect_argument(o, "value");
	uint64_t n;

	if (y != NULL)
		return ev_expect_argument_count(o, "value", &n) &&
		       ev_expect_limit_of(o, y, "value", &e->range.min) &&
		       ev_expect_limit_of(o, y, "value", &e->range.max);
	y = ev_expect_argument(o, e->range.min.kind != LIMIT_NONE ? "min_value" : "max_value");
	return ev_expect_range_is_of_numbers(&e->range) ||
	       ev_expect_opening_fail(o, y, "a length is held against numbers");
}

static bool length_good(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	struct ev_expect_limit l = {.kind = LIMIT_NUMBER};
	char text[24];
	const char *p;
	size_t len;

	if ((p = string_at(e, f->d, *at, &len)) != NULL)
		len = ev_utf8_count(p, len);
	else if (ev_kind(f->d, *at) == EV_ARRAY)
		len = f->d->nodes[*at].count;
	else
		return false;
	l.text = text;
	l.len = (size_t)snprintf(text, sizeof text, "%zu", len);
	return ev_expect_is_within(&e->range, &l);
}

static const struct ev_expect_ops length_ops = {.open = open_lengths, .take = length_good};

/* Sets */

static bool in_set(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	return (ev_expect_values_find(&e->set, f->d, *at, &e->suite->scratch) != NOT_A_VALUE) !=
	       e->negate;
}

static bool open_not(struct ev_expect *e, struct ev_expect_opening *o)
{
	(void)o;
	e->negate = true;
	return true;
}

static const struct ev_expect_ops set_ops = {.take = in_set, .remembers = true},
				  not_set_ops = {
					  .open = open_not, .take = in_set, .remembers = true};

/* Null: the only kinds whose share is of all rows. */

static bool never(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	(void)e, (void)f, (void)at;
	return false;
}

static const struct ev_expect_ops null_ops = {.take = never, .presence = true},
				  not_null_ops = {
					  .open = open_not, .take = never, .presence = true};

/* Types */

/* Bits by kind, and of texts and numbers of a form. */
enum {
	IS_NULL = 1 << EV_NULL,
	IS_BOOLEAN = 1 << EV_FALSE | 1 << EV_TRUE,
	IS_NUMBER = 1 << EV_NUMBER,
	IS_STRING = 1 << EV_STRING,
	IS_ARRAY = 1 << EV_ARRAY,
	IS_OBJECT = 1 << EV_OBJECT,
	IS_INTEGER = 1 << 16,
	IS_TIMESTAMP = 1 << 17,
	IS_DATE = 1 << 18,
	IS_UUID = 1 << 19,
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
	const char *text = y->kind == EV_YAML_SCALAR ? y->text : "";
	char hint[EV_HINT];

	for (size_t i = 0; i < TYPE_NAMES; i++) {
		known[i] = type_names[i].name;
		if (strcasecmp(known[i], text) == 0) {
			*mask |= type_names[i].is;
			return true;
		}
	}
	return ev_expect_opening_fail(o, y, "no type '%s': %s", text,
				      ev_nearest_hint(text, known, hint));
}

static bool open_types(struct ev_expect *e, struct ev_expect_opening *o)
{
	const struct ev_yaml *y = ev_expect_argument(o, "type_"),
			     *list = ev_expect_argument(o, "type_list");
	unsigned *mask = e->own;

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

static bool type_good(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	const unsigned mask = *(const unsigned *)e->own;
	const enum ev_kind kind = ev_kind(f->d, *at);
	struct ev_number n;
	struct ev_time t;
	struct ev_date date;
	const char *p;
	size_t len;

	if ((mask >> kind & 1) != 0)
		return true;
	if (kind == EV_NUMBER && (mask & IS_INTEGER) != 0) {
		p = ev_raw(f->d, *at, &len);
		ev_number_read(p, len, &n);
		return ev_number_is_integer(&n);
	}
	if ((p = string_at(e, f->d, *at, &len)) == NULL)
		return false;
	return ((mask & IS_TIMESTAMP) != 0 && ev_time_parse(p, len, &t) != EV_TIME_BAD) ||
	       ((mask & IS_DATE) != 0 && ev_date_parse(p, len, &date)) ||
	       ((mask & IS_UUID) != 0 && ev_uuid_valid(p, len));
}

static const struct ev_expect_ops type_ops = {
	.own = sizeof(unsigned), .open = open_types, .take = type_good};

/* Regular expressions and SQL's patterns */

struct patterns {
	struct ev_regex **list;
	size_t n;
	int all; /* true: all must match; else one is enough */
};

static void close_patterns(struct ev_expect *e)
{
	struct patterns *p = e->own;

	for (size_t i = 0; i < p->n; i++)
		ev_regex_free(&p->list[i]);
	free(p->list);
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

static bool add_pattern(struct ev_expect_opening *o, const struct ev_yaml *y, bool like,
			char escape, struct patterns *p)
{
	struct ev_error why;
	char *pattern;

	if (y->kind != EV_YAML_SCALAR)
		return ev_expect_opening_fail(o, y, "a pattern must be a text");
	pattern = like ? of_like(y->text, escape) : ev_strdup(y->text);
	p->list = ev_realloc_array(p->list, p->n + 1, sizeof(struct ev_regex *));
	p->list[p->n] = ev_regex_compile(pattern, strlen(pattern), EV_REGEX_PCRE, &why);
	free(pattern);
	return p->list[p->n++] != NULL ||
	       ev_expect_opening_fail(o, y, "'%s' is no regular expression: %s", y->text, why.text);
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
			list ? "%s must not be an empty list, nor a list where one text is wanted"
			     : "%s must be a list of texts",
			name);
	for (size_t i = 0; list && i < y->n; i++)
		if (!add_pattern(o, y->items[i], like, escape, p))
			return false;
	return list || add_pattern(o, y, like, escape, p);
}

static bool open_patterns(struct ev_expect *e, struct ev_expect_opening *o)
{
	static const char *const words[] = {"any", "all", NULL};
	struct patterns *p = e->own;
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

/* Matches a string's content, or a number or boolean as it is written. */
static bool pattern_good(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	const struct patterns *p = e->own;
	enum ev_kind kind = ev_kind(f->d, *at);
	size_t len, matched = 0;
	const char *text = string_at(e, f->d, *at, &len);
	bool spent;

	if (kind == EV_NUMBER || kind == EV_TRUE || kind == EV_FALSE)
		text = ev_raw(f->d, *at, &len);
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

static const struct ev_expect_ops pattern_ops = {.own = sizeof(struct patterns),
						 .open = open_patterns,
						 .take = pattern_good,
						 .remembers = true,
						 .close = close_patterns};

/* Texts of other kinds */

static bool open_format(struct ev_expect *e, struct ev_expect_opening *o)
{
	const struct ev_yaml *y = ev_expect_argument(o, "strftime_format");
	const char *bad;

	if (y->kind != EV_YAML_SCALAR)
		return ev_expect_opening_fail(o, y, "strftime_format must be a text");
	e->own = ev_strndup(y->text, y->len);
	return ev_expect_strftime_is_known(e->own, &bad) ||
	       ev_expect_opening_fail(o, y, "strftime_format: '%.2s' is not among the directives",
				      bad);
}

static bool format_good(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	size_t len;
	const char *p = string_at(e, f->d, *at, &len);

	return p != NULL && ev_expect_strftime_matches(e->own, p, len);
}

static bool date_good(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	size_t len;
	const char *p = string_at(e, f->d, *at, &len);

	return p != NULL && ev_expect_dateutil_parses(p, len);
}

static bool json_good(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	struct ev_buf *text = &e->suite->shown;
	struct ev_flaw flaw;
	size_t len;
	const char *p = string_at(e, f->d, *at, &len);

	if (p == NULL)
		return false;
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
	*(const struct ev_schema **)e->own = schema;
	ev_buf_free(&json);
	ev_buf_free(&name);
	return schema != NULL || ev_expect_opening_fail(o, y, "json_schema: %s", why.text);
}

static bool schema_good(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	size_t len;
	const bool valid =
		ev_schema_valid(*(const struct ev_schema **)e->own, f->d, *at, EV_NOWHERE);

	return ev_regex_spent(&len) == NULL && valid;
}

static const struct ev_expect_ops format_ops = {.open = open_format,
						.take = format_good,
						.remembers = true},
				  date_ops = {.take = date_good, .remembers = true},
				  json_ops = {.take = json_good, .remembers = true},
				  schema_ops = {.own = sizeof(struct ev_schema *),
						.open = open_schema,
						.take = schema_good,
						.remembers = true};

#define LIMITS "min_value max_value strict_min strict_max mostly"

const struct ev_expect_kind ev_expect_row_kinds[] = {
	{"expect_column_values_to_be_between", "column* " LIMITS, &range_ops},
	{"expect_column_value_lengths_to_be_between", "column* " LIMITS, &length_ops},
	{"expect_column_value_lengths_to_equal", "column* value* mostly", &length_ops},
	{"expect_column_values_to_be_in_set", "column* value_set* mostly", &set_ops},
	{"expect_column_values_to_not_be_in_set", "column* value_set* mostly", &not_set_ops},
	{"expect_column_values_to_be_null", "column* mostly", &null_ops},
	{"expect_column_values_to_not_be_null", "column* mostly", &not_null_ops},
	{"expect_column_values_to_be_of_type", "column* type_* mostly", &type_ops},
	{"expect_column_values_to_be_in_type_list", "column* type_list* mostly", &type_ops},
	{"expect_column_values_to_match_regex", "column* regex* mostly", &pattern_ops},
	{"expect_column_values_to_not_match_regex", "column* regex* mostly", &pattern_ops},
	{"expect_column_values_to_match_regex_list", "column* regex_list* match_on mostly",
	 &pattern_ops},
	{"expect_column_values_to_not_match_regex_list", "column* regex_list* mostly",
	 &pattern_ops},
	{"expect_column_values_to_match_like_pattern", "column* like_pattern* escape mostly",
	 &pattern_ops},
	{"expect_column_values_to_not_match_like_pattern", "column* like_pattern* escape mostly",
	 &pattern_ops},
	{"expect_column_values_to_match_like_pattern_list",
	 "column* like_pattern_list* match_on escape mostly", &pattern_ops},
	{"expect_column_values_to_not_match_like_pattern_list",
	 "column* like_pattern_list* escape mostly", &pattern_ops},
	{"expect_column_values_to_match_strftime_format", "column* strftime_format* mostly",
	 &format_ops},
	{"expect_column_values_to_be_dateutil_parseable", "column* mostly", &date_ops},
	{"expect_column_values_to_be_json_parseable", "column* mostly", &json_ops},
	{"expect_column_values_to_match_json_schema", "column* json_schema* mostly", &schema_ops},
	{0},
};

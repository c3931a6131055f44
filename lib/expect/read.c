/*
 * Reading expectations: the model's list, or a suite in JSON. Each name and argument is checked,
 * with its place.
 */
#include "base/utf8.h"
#include "expect/internal.h"
#include "io/in.h"
#include "model/nearest.h"
#include "number/decimal.h"
#include "scan/form.h"
#include "schema/schema.h"

#include <stdlib.h>

enum { MAX_FILE = 16 * 1024 * 1024, MAX_EXPECTATIONS = 10000, MAX_NAMES = 128, MAX_NUMBER = 400 };

static const char *const common_arguments[] = {"row_condition", "condition_parser", "result_format",
					       "catch_exceptions", NULL};
static const char *const severities[] = {"critical", "warning", "info", NULL};

bool ev_expect_opening_fail(struct ev_expect_opening *o, const struct ev_yaml *at, const char *fmt,
			    ...)
{
	struct ev_error detail;
	va_list ap;

	va_start(ap, fmt);
	ev_vfail(&detail, fmt, ap);
	va_end(ap);
	ev_fail(o->err, "%s:%zu:%zu: %s", o->file, at->line, at->column, detail.text);
	return false;
}

/* Arguments */

static bool is_null(const struct ev_yaml *y)
{
	return y->kind == EV_YAML_SCALAR && y->plain &&
	       (y->len == 0 || strcmp(y->text, "~") == 0 || strcmp(y->text, "null") == 0);
}

const struct ev_yaml *ev_expect_argument(const struct ev_expect_opening *o, const char *name)
{
	const struct ev_yaml *y = ev_yaml_get(o->kwargs, name);

	return y != NULL && !is_null(y) ? y : NULL;
}

static bool is_number(const char *p)
{
	if (*p == '-')
		p++;
	if (*p == '0')
		p++;
	else if (*p >= '1' && *p <= '9')
		p += strspn(p, "0123456789");
	else
		return false;
	if (*p == '.') {
		if (strspn(++p, "0123456789") == 0)
			return false;
		p += strspn(p, "0123456789");
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '-' || *p == '+';
		if (strspn(p, "0123456789") == 0)
			return false;
		p += strspn(p, "0123456789");
	}
	return *p == '\0';
}

bool ev_expect_number_of(struct ev_expect_opening *o, const struct ev_yaml *y, const char *what,
			 char **out)
{
	if (y->kind != EV_YAML_SCALAR || !y->plain || !is_number(y->text))
		return ev_expect_opening_fail(o, y, "%s must be a number", what);
	if (y->len > MAX_NUMBER)
		return ev_expect_opening_fail(o, y, "%s has more than %d characters", what,
					      MAX_NUMBER);
	*out = ev_strndup(y->text, y->len);
	return true;
}

bool ev_expect_limit_of(struct ev_expect_opening *o, const struct ev_yaml *y, const char *what,
			struct ev_expect_limit *out)
{
	if (is_null(y))
		return true;
	if (y->kind != EV_YAML_SCALAR || y->len == 0 || y->len > MAX_NUMBER)
		return ev_expect_opening_fail(o, y, "%s must be a number, a time or a text", what);
	out->text = ev_strndup(y->text, y->len);
	out->len = y->len;
	if (y->plain && is_number(y->text)) {
		out->kind = LIMIT_NUMBER;
	} else if (ev_expect_read_moment(y->text, y->len, &out->time)) {
		out->kind = LIMIT_TIME;
	} else {
		out->kind = LIMIT_TEXT;
	}
	return true;
}

static bool limit_argument(struct ev_expect_opening *o, const char *name,
			   struct ev_expect_limit *out)
{
	const struct ev_yaml *y = ev_expect_argument(o, name);

	return y == NULL || ev_expect_limit_of(o, y, name, out);
}

bool ev_expect_argument_text(struct ev_expect_opening *o, const char *name, char **out)
{
	const struct ev_yaml *y = ev_expect_argument(o, name);

	if (y == NULL)
		return true;
	if (y->kind != EV_YAML_SCALAR)
		return ev_expect_opening_fail(o, y, "%s must be a text", name);
	*out = ev_strndup(y->text, y->len);
	return true;
}

bool ev_expect_argument_number(struct ev_expect_opening *o, const char *name, char **out)
{
	const struct ev_yaml *y = ev_expect_argument(o, name);

	return y == NULL || ev_expect_number_of(o, y, name, out);
}

bool ev_expect_argument_count(struct ev_expect_opening *o, const char *name, uint64_t *out)
{
	const struct ev_yaml *y = ev_expect_argument(o, name);
	struct ev_number n;
	int64_t v;

	if (y == NULL)
		return true;
	if (y->kind == EV_YAML_SCALAR && y->plain && is_number(y->text)) {
		ev_number_read(y->text, y->len, &n);
		if (ev_number_int64(&n, &v) && v >= 0) {
			*out = (uint64_t)v;
			return true;
		}
	}
	return ev_expect_opening_fail(o, y, "%s must be a whole number, 0 or more", name);
}

bool ev_expect_argument_bool(struct ev_expect_opening *o, const char *name, bool *out)
{
	const struct ev_yaml *y = ev_expect_argument(o, name);

	if (y == NULL)
		return true;
	if (y->kind != EV_YAML_SCALAR ||
	    (strcmp(y->text, "true") != 0 && strcmp(y->text, "false") != 0))
		return ev_expect_opening_fail(o, y, "%s must be true or false", name);
	*out = y->text[0] == 't';
	return true;
}

bool ev_expect_argument_word(struct ev_expect_opening *o, const char *name,
			     const char *const *words, int *out)
{
	const struct ev_yaml *y = ev_expect_argument(o, name);
	char hint[EV_HINT];

	if (y == NULL)
		return true;
	for (int i = 0; y->kind == EV_YAML_SCALAR && words[i] != NULL; i++) {
		if (strcmp(words[i], y->text) == 0) {
			*out = i;
			return true;
		}
	}
	return ev_expect_opening_fail(
		o, y, "%s cannot be '%s': %s", name, y->kind == EV_YAML_SCALAR ? y->text : "",
		ev_nearest_hint(y->kind == EV_YAML_SCALAR ? y->text : "", words, hint));
}

bool ev_expect_argument_set(struct ev_expect_opening *o, const char *name,
			    struct ev_expect_values *out)
{
	const struct ev_yaml *y = ev_expect_argument(o, name);
	struct ev_buf json = {0};

	if (y == NULL)
		return true;
	if (y->kind != EV_YAML_LIST)
		return ev_expect_opening_fail(o, y, "%s must be a list such as [A, B]", name);
	if (y->n > EXPECT_MAX_SET)
		return ev_expect_opening_fail(o, y, "%s has more than %d values", name,
					      EXPECT_MAX_SET);
	for (size_t i = 0; i < y->n; i++) {
		ev_buf_reset(&json);
		ev_yaml_json(y->items[i], &json);
		ev_expect_values_add(out, json.p, json.len);
	}
	ev_buf_free(&json);
	return true;
}

void ev_expect_texts_free(char ***list, size_t n)
{
	while (*list != NULL && n > 0)
		free((*list)[--n]);
	free(*list);
	*list = NULL;
}

bool ev_expect_argument_texts(struct ev_expect_opening *o, const char *name, char ***out, size_t *n)
{
	const struct ev_yaml *y = ev_expect_argument(o, name);

	if (y == NULL)
		return true;
	if (y->kind != EV_YAML_LIST || y->n == 0)
		return ev_expect_opening_fail(o, y, "%s must be a list such as [A, B]", name);
	if (y->n > EXPECT_MAX_SET)
		return ev_expect_opening_fail(o, y, "%s has more than %d values", name,
					      EXPECT_MAX_SET);
	*out = ev_calloc(y->n, sizeof **out);
	for (size_t i = 0; i < y->n; i++) {
		if (y->items[i]->kind != EV_YAML_SCALAR)
			return ev_expect_opening_fail(o, y->items[i], "%s is a list of texts",
						      name);
		(*out)[(*n)++] = ev_strndup(y->items[i]->text, y->items[i]->len);
	}
	return true;
}

/* Columns */

static void split(struct ev_expect_column *c)
{
	size_t last = 0;

	for (size_t i = 0; i < c->path->n; i++)
		if (c->path->steps[i].kind == EV_STEP_EACH)
			last = i + 1;
	c->each = (struct ev_path){.steps = c->path->steps, .n = last, .many = true};
	c->tail = (struct ev_path){
		.root = EV_ROOT_ITEM, .steps = c->path->steps + last, .n = c->path->n - last};
}

static bool add_column(struct ev_expect_opening *o, struct ev_expect *e, const struct ev_yaml *y)
{
	struct ev_suite *s = o->suite;
	struct ev_buf text = {0};
	struct ev_path *path;
	struct ev_error why;
	size_t i = 0;

	if (y->kind != EV_YAML_SCALAR)
		return ev_expect_opening_fail(o, y,
					      "a column must be a path such as metadata.total");
	if (e->n_columns == EXPECT_MAX_COLUMNS)
		return ev_expect_opening_fail(o, y, "an expectation has at most %d columns",
					      EXPECT_MAX_COLUMNS);
	if (y->text[0] != '.')
		ev_buf_putc(&text, '.');
	ev_buf_puts(&text, y->text);
	path = ev_path_parse(ev_buf_str(&text), &why);
	ev_buf_free(&text);
	if (path == NULL)
		return ev_expect_opening_fail(o, y, "'%s' is no path: %s", y->text, why.text);
	while (i < s->n_columns && !ev_path_same(path, s->columns[i].path))
		i++;
	if (i == s->n_columns) {
		s->columns = ev_realloc_array(s->columns, i + 1, sizeof *s->columns);
		s->columns[s->n_columns++] = (struct ev_expect_column){.path = path};
		split(&s->columns[i]);
	} else {
		ev_path_free(&path);
	}
	for (size_t k = 0; k < e->n_columns; k++) {
		const struct ev_expect_column *a = &s->columns[e->columns[k]], *b = &s->columns[i];

		if (a->path->many && b->path->many && !ev_path_same(&a->each, &b->each))
			return ev_expect_opening_fail(
				o, y,
				"the columns of one expectation must go through the "
				"same list, and '%s' and '%s' do not",
				a->path->text, b->path->text);
	}
	e->columns[e->n_columns++] = i;
	return true;
}

static bool read_columns(struct ev_expect_opening *o, struct ev_expect *e)
{
	static const char *const single[] = {"column", "column_A", "column_B"};
	const struct ev_yaml *y;

	if (strncmp(e->kind->name, "expect_table_", 13) == 0)
		return true;
	for (size_t i = 0; i < 3; i++)
		if ((y = ev_expect_argument(o, single[i])) != NULL && !add_column(o, e, y))
			return false;
	if ((y = ev_expect_argument(o, "column_list")) == NULL)
		return true;
	if (y->kind != EV_YAML_LIST || y->n < 2)
		return ev_expect_opening_fail(o, y,
					      "column_list must be a list of two columns at least");
	for (size_t i = 0; i < y->n; i++)
		if (!add_column(o, e, y->items[i]))
			return false;
	return true;
}

/* An expectation */

static bool read_condition(struct ev_expect_opening *o, struct ev_expect *e)
{
	struct ev_suite *s = o->suite;
	const struct ev_yaml *y = ev_expect_argument(o, "condition_parser");
	struct ev_error why;
	struct ev_expr *expr;

	e->condition = SIZE_MAX;
	if (y != NULL && (y->kind != EV_YAML_SCALAR || strcmp(y->text, "jq") != 0))
		return ev_expect_opening_fail(
			o, y,
			"a row_condition is a jq predicate here: rewrite it, and take "
			"condition_parser out");
	if ((y = ev_expect_argument(o, "row_condition")) == NULL)
		return true;
	if (y->kind != EV_YAML_SCALAR)
		return ev_expect_opening_fail(o, y, "row_condition must be a jq predicate");
	for (size_t i = 0; i < s->n_conditions; i++) {
		if (strcmp(s->conditions[i].text, y->text) == 0) {
			e->condition = i;
			return true;
		}
	}
	expr = ev_expr_compile(y->text, false, &why);
	if (expr == NULL) {
		char *hint = strstr(why.text, ", or say floating"); /* rules alone may */

		if (hint != NULL)
			*hint = '\0';
		return ev_expect_opening_fail(o, y, "row_condition: %s", why.text);
	}
	s->conditions = ev_realloc_array(s->conditions, s->n_conditions + 1, sizeof *s->conditions);
	s->conditions[s->n_conditions] =
		(struct ev_expect_condition){.text = ev_strdup(y->text), .expr = expr};
	e->condition = s->n_conditions++;
	return true;
}

static bool read_mostly(struct ev_expect_opening *o, struct ev_expect *e)
{
	const struct ev_yaml *y = ev_expect_argument(o, "mostly");

	if (y == NULL)
		return true;
	if (!ev_expect_number_of(o, y, "mostly", &e->mostly))
		return false;
	if (e->mostly[0] == '-' || ev_number_compare(e->mostly, strlen(e->mostly), "1", 1) > 0)
		return ev_expect_opening_fail(o, y, "mostly must be a share from 0 to 1");
	return true;
}

static bool read_range(struct ev_expect_opening *o, struct ev_expect *e)
{
	struct ev_expect_range *r = &e->range;

	if (!limit_argument(o, "min_value", &r->min) || !limit_argument(o, "max_value", &r->max) ||
	    !ev_expect_argument_bool(o, "strict_min", &r->strict_min) ||
	    !ev_expect_argument_bool(o, "strict_max", &r->strict_max))
		return false;
	return r->min.kind == LIMIT_NONE || r->max.kind == LIMIT_NONE ||
	       r->min.kind == r->max.kind ||
	       ev_expect_opening_fail(
		       o, ev_expect_argument(o, "max_value"),
		       "min_value and max_value must be of one kind: numbers, times or texts");
}

static bool read_ignore(struct ev_expect_opening *o, struct ev_expect *e)
{
	static const char *const pair[] = {"both_values_are_missing", "either_value_is_missing",
					   "neither", NULL};
	static const char *const many[] = {"all_values_are_missing", "any_value_is_missing",
					   "never", NULL};
	int word = 0;

	if (!ev_expect_argument_word(o, "ignore_row_if",
				     strstr(e->kind->name, "column_pair") != NULL ? pair : many,
				     &word))
		return false;
	e->ignore = (enum ev_expect_ignore)word;
	return true;
}

/* The names of a kind's arguments; the list ends with NULL. required: those with a "*". */
static void argument_names(const struct ev_expect_kind *kind, struct ev_arena *arena,
			   const char *names[MAX_NAMES], bool required[MAX_NAMES])
{
	const char *p = kind->arguments;
	size_t n = 0;

	while (*p != '\0') {
		size_t len = strcspn(p, " ");

		required[n] = p[len - 1] == '*';
		names[n] = ev_arena_copy(arena, p, len - required[n]);
		n++;
		p += len + (p[len] == ' ');
	}
	for (size_t i = 0; common_arguments[i] != NULL; i++) {
		required[n] = false;
		names[n++] = common_arguments[i];
	}
	names[n] = NULL;
}

static bool check_arguments(struct ev_expect_opening *o, const struct ev_expect_kind *kind,
			    const char *const *also)
{
	struct ev_arena arena = {0};
	const char *names[MAX_NAMES];
	bool required[MAX_NAMES], good = true;
	char hint[EV_HINT];
	size_t n = 0;

	argument_names(kind, &arena, names, required);
	while (names[n] != NULL)
		n++;
	for (size_t i = 0; also[i] != NULL; i++) {
		required[n] = false;
		names[n++] = also[i];
	}
	names[n] = NULL;
	for (size_t i = 0; i < o->kwargs->n && good; i++) {
		const struct ev_yaml *key = o->kwargs->keys[i];
		size_t k = 0;

		while (k < n && strcmp(names[k], key->text) != 0)
			k++;
		if (k == n)
			good = ev_expect_opening_fail(o, key, "unknown argument '%s' of %s: %s",
						      key->text, kind->name,
						      ev_nearest_hint(key->text, names, hint));
	}
	for (size_t i = 0; i < n && good; i++)
		if (required[i] && ev_expect_argument(o, names[i]) == NULL)
			good = ev_expect_opening_fail(o, o->at, "%s needs the argument '%s'",
						      kind->name, names[i]);
	ev_arena_free(&arena);
	return good;
}

static const struct ev_expect_kind *const tables[] = {
	ev_expect_row_kinds,	ev_expect_multi_kinds,	ev_expect_order_kinds,
	ev_expect_unique_kinds, ev_expect_total_kinds,	ev_expect_table_kinds,
	ev_expect_set_kinds,	ev_expect_sketch_kinds, ev_expect_partition_kinds,
};

enum { TABLES = sizeof tables / sizeof tables[0], MAX_KINDS = 128 };

static bool find_kind(struct ev_expect_opening *o, const char *name,
		      const struct ev_expect_kind **out)
{
	const char *names[MAX_KINDS];
	char hint[EV_HINT];
	size_t n = 0;

	for (size_t i = 0; i < TABLES; i++) {
		for (const struct ev_expect_kind *k = tables[i]; k->name != NULL; k++) {
			if (strcmp(k->name, name) == 0) {
				*out = k;
				return true;
			}
			names[n++] = k->name;
		}
	}
	names[n] = NULL;
	return ev_expect_opening_fail(o, o->at, "unknown expectation '%s': %s", name,
				      ev_nearest_hint(name, names, hint));
}

static char *json_of(const struct ev_yaml *y)
{
	struct ev_buf json = {0};

	ev_yaml_json(y, &json);
	ev_buf_str(&json);
	return json.p;
}

/* The arguments as JSON, without those of `apart`. */
static char *kwargs_json(const struct ev_yaml *map, const char *const *apart)
{
	struct ev_buf json = {0};

	ev_buf_putc(&json, '{');
	for (size_t i = 0; i < map->n; i++) {
		const char *const *k = apart;

		while (*k != NULL && strcmp(*k, map->keys[i]->text) != 0)
			k++;
		if (*k != NULL)
			continue;
		ev_buf_put(&json, ",", json.len > 1);
		ev_json_quote(map->keys[i]->text, map->keys[i]->len, &json);
		ev_buf_putc(&json, ':');
		ev_yaml_json(map->items[i], &json);
	}
	ev_buf_putc(&json, '}');
	ev_buf_str(&json);
	return json.p;
}

static bool read_expectation(struct ev_expect_opening *o, const char *name,
			     const char *const *apart)
{
	struct ev_suite *s = o->suite;
	struct ev_expect *e = &s->list[s->n];

	*e = (struct ev_expect){.suite = s, .place = {o->at->line, o->at->column}};
	if (!find_kind(o, name, &e->kind))
		return false;
	s->n++;
	if (o->kwargs->kind != EV_YAML_MAP)
		return ev_expect_opening_fail(o, o->kwargs, "the arguments of %s must be a mapping",
					      name);
	e->kwargs = kwargs_json(o->kwargs, apart);
	return check_arguments(o, e->kind, apart) && read_columns(o, e) && read_condition(o, e) &&
	       read_mostly(o, e) && read_range(o, e) && read_ignore(o, e) &&
	       ev_expect_argument_set(o, "value_set", &e->set) &&
	       (e->kind->open == NULL || e->kind->open(e, o));
}

static bool read_severity(struct ev_expect_opening *o, const struct ev_yaml *y, struct ev_expect *e)
{
	char hint[EV_HINT];

	if (y == NULL || is_null(y))
		return true;
	for (int i = 0; y->kind == EV_YAML_SCALAR && severities[i] != NULL; i++) {
		if (strcmp(severities[i], y->text) == 0) {
			e->severity = (enum ev_expect_severity)i;
			return true;
		}
	}
	return ev_expect_opening_fail(
		o, y, "severity cannot be '%s': %s", y->kind == EV_YAML_SCALAR ? y->text : "",
		ev_nearest_hint(y->kind == EV_YAML_SCALAR ? y->text : "", severities, hint));
}

static bool make_room(struct ev_expect_opening *o, const struct ev_yaml *list)
{
	if (list->kind != EV_YAML_LIST)
		return ev_expect_opening_fail(o, list, "expectations must be a list");
	if (list->n > MAX_EXPECTATIONS)
		return ev_expect_opening_fail(o, list, "more than %d expectations",
					      MAX_EXPECTATIONS);
	o->suite->list = ev_calloc(list->n + 1, sizeof *o->suite->list);
	return true;
}

static bool read_meta(struct ev_expect_opening *o, const struct ev_yaml *y, struct ev_expect *e)
{
	if (y == NULL || is_null(y))
		return true;
	if (y->kind != EV_YAML_MAP)
		return ev_expect_opening_fail(o, y, "meta must be a mapping");
	e->meta = json_of(y);
	return true;
}

bool ev_suite_read_model(struct ev_suite *s, const struct ev_yaml *list, struct ev_error *err)
{
	static const char *const apart[] = {"severity", "meta", NULL};
	struct ev_expect_opening o = {.suite = s, .file = s->file, .err = err};

	if (!make_room(&o, list))
		return false;
	for (size_t i = 0; i < list->n; i++) {
		const struct ev_yaml *y = list->items[i];

		if (y->kind != EV_YAML_MAP || y->n != 1)
			return ev_expect_opening_fail(
				&o, y,
				"an expectation is one name with its arguments, such "
				"as expect_column_to_exist: {column: id}");
		o.at = y->keys[0];
		o.kwargs = y->items[0];
		if (!read_expectation(&o, o.at->text, apart) ||
		    !read_severity(&o, ev_yaml_get(o.kwargs, "severity"), &s->list[i]) ||
		    !read_meta(&o, ev_yaml_get(o.kwargs, "meta"), &s->list[i]))
			return false;
	}
	return true;
}

static bool known_keys(struct ev_expect_opening *o, const struct ev_yaml *map, const char *what,
		       const char *const *known)
{
	char hint[EV_HINT];

	if (map->kind != EV_YAML_MAP)
		return ev_expect_opening_fail(o, map, "%s must be an object", what);
	for (size_t i = 0; i < map->n; i++) {
		const char *const *k = known;

		while (*k != NULL && strcmp(*k, map->keys[i]->text) != 0)
			k++;
		if (*k == NULL)
			return ev_expect_opening_fail(
				o, map->keys[i], "unknown key '%s' in %s: %s", map->keys[i]->text,
				what, ev_nearest_hint(map->keys[i]->text, known, hint));
	}
	return true;
}

static void keep_json(const struct ev_yaml *map, const char *name, char **out)
{
	const struct ev_yaml *y = ev_yaml_get(map, name);

	if (y != NULL && !is_null(y))
		*out = json_of(y);
}

bool ev_suite_read_file(struct ev_suite *s, const struct ev_yaml *root, struct ev_error *err)
{
	static const char *const keys[] = {"name",  "expectations",	"id", "meta",
					   "notes", "suite_parameters", NULL};
	static const char *const members[] = {"type", "kwargs", "meta",	       "severity",
					      "id",   "notes",	"description", "rendered_content",
					      NULL};
	static const char *const none[] = {NULL};
	struct ev_expect_opening o = {.suite = s, .file = s->file, .err = err};
	const struct ev_yaml *list, *y;

	if (!known_keys(&o, root, "a suite", keys))
		return false;
	if ((list = ev_yaml_get(root, "expectations")) == NULL)
		return ev_expect_opening_fail(&o, root, "a suite needs the key 'expectations'");
	if (!make_room(&o, list))
		return false;
	if ((y = ev_yaml_get(root, "name")) != NULL && y->kind == EV_YAML_SCALAR && y->len > 0) {
		free(s->name);
		s->name = ev_strndup(y->text, y->len);
	}
	for (size_t i = 0; i < list->n; i++) {
		const struct ev_yaml *item = list->items[i], *type, *kwargs;

		if (!known_keys(&o, item, "an expectation", members))
			return false;
		type = ev_yaml_get(item, "type");
		kwargs = ev_yaml_get(item, "kwargs");
		if (type == NULL || type->kind != EV_YAML_SCALAR || kwargs == NULL)
			return ev_expect_opening_fail(
				&o, item, "an expectation needs the keys 'type' and 'kwargs'");
		o.at = type;
		o.kwargs = kwargs;
		if (!read_expectation(&o, type->text, none) ||
		    !read_severity(&o, ev_yaml_get(item, "severity"), &s->list[i]) ||
		    !read_meta(&o, ev_yaml_get(item, "meta"), &s->list[i]))
			return false;
		keep_json(item, "id", &s->list[i].id);
		keep_json(item, "notes", &s->list[i].notes);
		keep_json(item, "description", &s->list[i].description);
	}
	return true;
}

/* Opening */

static struct ev_suite *new_suite(const char *name, const char *file, const char *root,
				  const struct ev_suite_options *o)
{
	struct ev_suite *s = ev_calloc(1, sizeof *s);

	s->name = ev_strdup(name);
	s->file = ev_strdup(file);
	s->root = ev_strdup(root);
	s->options = *o;
	s->scan = ev_scan_new();
	s->locator = ev_locator_new();
	return s;
}

struct ev_suite *ev_suite_of_model(const struct ev_model *m, const struct ev_suite_options *o,
				   struct ev_error *err)
{
	struct ev_suite *s = new_suite(m->name, m->file != NULL ? m->file : "", m->root, o);

	if (m->expectations != NULL && !ev_suite_read_model(s, m->expectations, err))
		ev_suite_free(&s);
	return s;
}

struct ev_suite *ev_suite_of_file(const char *file, const char *root,
				  const struct ev_suite_options *o, struct ev_error *err)
{
	struct ev_suite *s = new_suite(file, file, root, o);
	struct ev_yaml_doc *doc = NULL;
	char *text = NULL;
	size_t len;

	if (ev_in_slurp(file, MAX_FILE, &text, &len, err) != EV_OK ||
	    (doc = ev_yaml_read_json(file, text, len, err)) == NULL ||
	    !ev_suite_read_file(s, ev_yaml_root(doc), err))
		ev_suite_free(&s);
	ev_yaml_free(&doc);
	free(text);
	return s;
}

/*
 * Reading expectations: the model's list, or a suite in JSON. Each name and argument is checked,
 * with its place.
 */
#include "expect/internal.h"
#include "model/nearest.h"
#include "scan/form.h"

enum { MAX_EXPECTATIONS = 10000, MAX_NAMES = 128 };

static const char *const common_arguments[] = {"row_condition", "condition_parser", "result_format",
					       "catch_exceptions", NULL};

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

/* Appends what holds of events of the types that `for` names. False, if that is wrong. */
static bool put_types(struct ev_expect_opening *o, const struct ev_yaml *types, struct ev_buf *out)
{
	const struct ev_model *m = o->m;
	struct ev_arena arena = {0};
	bool good = types->kind == EV_YAML_LIST && types->n > 0;
	const char **known = ev_arena_zalloc(&arena, (m->n_types + 1) * sizeof *known);
	char hint[EV_HINT];

	for (size_t i = 0; i < m->n_types; i++)
		known[i] = m->types[i].name;
	for (size_t i = 0; good && i < types->n; i++)
		good = types->items[i]->kind == EV_YAML_SCALAR;
	if (!good)
		ev_expect_opening_fail(o, types, "for must be a list such as [A, B]");
	ev_buf_printf(out, "(%s | IN(", m->type->text);
	for (size_t i = 0; good && i < types->n; i++) {
		const struct ev_yaml *type = types->items[i];

		if (strcmp(type->text, "*") == 0)
			good = ev_expect_opening_fail(
				o, type, "'*' is no event type: name the types, or leave for out");
		good = good && (m->n_types == 0 || m->others != NULL ||
				ev_expect_is_among(known, type->text) ||
				ev_expect_opening_fail(o, type, "no event type '%s' in types: %s",
						       type->text,
						       ev_nearest_hint(type->text, known, hint)));
		ev_buf_puts(out, i > 0 ? "; " : "");
		ev_json_quote(type->text, type->len, out);
	}
	ev_buf_puts(out, "))");
	ev_arena_free(&arena);
	return good;
}

/* The condition of all that an expectation is asked of; empty: there is none. */
static bool condition_text(struct ev_expect_opening *o, struct ev_buf *out)
{
	const struct ev_yaml *y = ev_expect_argument(o, "condition_parser");
	const struct ev_yaml *types = o->m != NULL ? ev_expect_argument(o, "for") : NULL;

	if (y != NULL && (y->kind != EV_YAML_SCALAR || strcmp(y->text, "jq") != 0))
		return ev_expect_opening_fail(
			o, y,
			"a row_condition is a jq predicate here: rewrite it, and take "
			"condition_parser out");
	y = ev_expect_argument(o, "row_condition");
	if (y != NULL && y->kind != EV_YAML_SCALAR)
		return ev_expect_opening_fail(o, y, "row_condition must be a jq predicate");
	if (types != NULL && !put_types(o, types, out))
		return false;
	if (y != NULL)
		ev_buf_printf(out, types != NULL ? " and (%s)" : "%s", y->text);
	return true;
}

static bool read_condition(struct ev_expect_opening *o, struct ev_expect *e, const char *text)
{
	const struct ev_yaml *y = ev_expect_argument(o, "row_condition");
	struct ev_expect_condition *c = o->suite->conditions;
	struct ev_error why;
	struct ev_expr *expr;

	while (c != NULL && strcmp(c->text, text) != 0)
		c = c->next;
	if (c == NULL) {
		if ((expr = ev_expr_compile(text, false, &why)) == NULL) {
			char *hint = strstr(why.text, ", or say floating"); /* rules alone may */

			if (hint != NULL)
				*hint = '\0';
			return ev_expect_opening_fail(o, y != NULL ? y : o->at, "row_condition: %s",
						      why.text);
		}
		c = ev_malloc(sizeof *c);
		*c = (struct ev_expect_condition){
			.text = ev_strdup(text), .expr = expr, .next = o->suite->conditions};
		o->suite->conditions = c;
	}
	e->condition = c;
	return true;
}

static bool read_mostly(struct ev_expect_opening *o, struct ev_expect *e)
{
	const struct ev_yaml *y = ev_expect_argument(o, "mostly");

	return y == NULL || ev_expect_share_of(o, y, "mostly", &e->mostly);
}

static bool read_range(struct ev_expect_opening *o, struct ev_expect *e)
{
	struct ev_expect_range *r = &e->range;

	if (!ev_expect_argument_limit(o, "min_value", &r->min) ||
	    !ev_expect_argument_limit(o, "max_value", &r->max) ||
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

/* The kind's arguments, the common ones and those of `also`, as a list that ends with NULL. */
static void argument_names(const struct ev_expect_kind *kind, const char *const *also,
			   struct ev_arena *arena, const char *names[MAX_NAMES],
			   bool required[MAX_NAMES])
{
	const char *const *const further[] = {common_arguments, also};
	const char *p = kind->arguments;
	size_t n = 0;

	while (*p != '\0') {
		size_t len = strcspn(p, " ");

		required[n] = p[len - 1] == '*';
		names[n] = ev_arena_copy(arena, p, len - required[n]);
		n++;
		p += len + (p[len] == ' ');
	}
	for (size_t i = 0; i < 2; i++)
		for (const char *const *name = further[i]; *name != NULL; name++)
			names[n++] = *name;
	names[n] = NULL;
}

static bool check_arguments(struct ev_expect_opening *o, const struct ev_expect_kind *kind,
			    const char *const *also)
{
	struct ev_arena arena = {0};
	const char *names[MAX_NAMES];
	bool required[MAX_NAMES] = {false}, good = true;
	char hint[EV_HINT];

	argument_names(kind, also, &arena, names, required);
	for (size_t i = 0; i < o->kwargs->n && good; i++) {
		const struct ev_yaml *key = o->kwargs->keys[i];

		good = ev_expect_is_among(names, key->text) ||
		       ev_expect_opening_fail(o, key, "unknown argument '%s' of %s: %s", key->text,
					      kind->name, ev_nearest_hint(key->text, names, hint));
	}
	for (size_t i = 0; names[i] != NULL && good; i++)
		good = !required[i] || ev_expect_argument(o, names[i]) != NULL ||
		       ev_expect_opening_fail(o, o->at, "%s needs the argument '%s'", kind->name,
					      names[i]);
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

/*
 * The arguments as JSON, without those of `apart`. condition: what stands for a row_condition, and
 * for `for`, which is none of Great Expectations'; or NULL.
 */
static char *kwargs_json(const struct ev_yaml *map, const char *const *apart, const char *condition)
{
	struct ev_buf json = {0};

	ev_buf_putc(&json, '{');
	if (condition != NULL)
		ev_json_text(&json, "row_condition", condition);
	for (size_t i = 0; i < map->n; i++) {
		const char *name = map->keys[i]->text;

		if (ev_expect_is_among(apart, name) ||
		    (condition != NULL && strcmp(name, "row_condition") == 0))
			continue;
		ev_json_name(&json, NULL);
		ev_json_quote(map->keys[i]->text, map->keys[i]->len, &json);
		ev_buf_putc(&json, ':');
		ev_yaml_json(map->items[i], &json);
	}
	ev_buf_putc(&json, '}');
	ev_buf_str(&json);
	return json.p;
}

static bool read_arguments(struct ev_expect_opening *o, struct ev_expect *e,
			   const char *const *apart)
{
	const bool typed = o->m != NULL && ev_expect_argument(o, "for") != NULL;
	struct ev_buf condition = {0};
	bool good = check_arguments(o, e->kind, apart) && read_columns(o, e) &&
		    condition_text(o, &condition) &&
		    (condition.len == 0 || read_condition(o, e, ev_buf_str(&condition)));

	e->kwargs = kwargs_json(o->kwargs, apart, typed && good ? ev_buf_str(&condition) : NULL);
	ev_buf_free(&condition);
	return good && read_mostly(o, e) && read_range(o, e) && read_ignore(o, e) &&
	       ev_expect_argument_set(o, "value_set", &e->set) &&
	       (e->ops->open == NULL || e->ops->open(e, o));
}

static bool read_expectation(struct ev_expect_opening *o, const char *name,
			     const char *const *apart)
{
	struct ev_suite *s = o->suite;
	struct ev_expect *e = &s->list[s->n];

	*e = (struct ev_expect){.suite = s, .place = {o->at->line, o->at->column}};
	if (!find_kind(o, name, &e->kind))
		return false;
	e->ops = e->kind->ops;
	e->own = e->ops->own > 0 ? ev_calloc(1, e->ops->own) : NULL;
	s->n++;
	if (o->kwargs->kind != EV_YAML_MAP)
		return ev_expect_opening_fail(o, o->kwargs, "the arguments of %s must be a mapping",
					      name);
	return read_arguments(o, e, apart);
}

static bool read_severity(struct ev_expect_opening *o, const struct ev_yaml *y, struct ev_expect *e)
{
	int word = SEVERITY_CRITICAL;

	if (y != NULL && !ev_expect_is_null(y) &&
	    !ev_expect_word_of(o, y, "severity", ev_expect_severities, &word))
		return false;
	e->severity = (enum ev_expect_severity)word;
	return true;
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
	if (y == NULL || ev_expect_is_null(y))
		return true;
	if (y->kind != EV_YAML_MAP)
		return ev_expect_opening_fail(o, y, "meta must be a mapping");
	e->meta = json_of(y);
	return true;
}

/* Who must act when it does not hold. */
static bool read_owner(struct ev_expect_opening *o, const struct ev_yaml *y, struct ev_expect *e)
{
	if (y == NULL || ev_expect_is_null(y))
		return true;
	if (y->kind != EV_YAML_SCALAR || y->len == 0)
		return ev_expect_opening_fail(o, y, "owner must be a text");
	e->owner = ev_strndup(y->text, y->len);
	return true;
}

bool ev_suite_read_model(struct ev_suite *s, const struct ev_model *m, struct ev_error *err)
{
	static const char *const apart[] = {"severity", "meta", "for", "owner", NULL};
	struct ev_expect_opening o = {.suite = s, .file = s->file, .m = m, .err = err};
	const struct ev_yaml *list = m->expectations;

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
		    !read_meta(&o, ev_yaml_get(o.kwargs, "meta"), &s->list[i]) ||
		    !read_owner(&o, ev_yaml_get(o.kwargs, "owner"), &s->list[i]))
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
	for (size_t i = 0; i < map->n; i++)
		if (!ev_expect_is_among(known, map->keys[i]->text))
			return ev_expect_opening_fail(
				o, map->keys[i], "unknown key '%s' in %s: %s", map->keys[i]->text,
				what, ev_nearest_hint(map->keys[i]->text, known, hint));
	return true;
}

static void keep_json(const struct ev_yaml *map, const char *name, char **out)
{
	const struct ev_yaml *y = ev_yaml_get(map, name);

	if (y != NULL && !ev_expect_is_null(y))
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

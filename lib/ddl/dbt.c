/*
 * A sources.yml of dbt: tables and columns with their descriptions, and tests of keys, of
 * references, and of the values that the schemas of events allow.
 */
#include "ddl/internal.h"

#include <ctype.h>
#include <stdlib.h>

/* A test of more values tells nobody anything. */
enum { MAX_VALUES = 100 };

/* What evkit's own columns are. */
static const struct {
	const char *name, *description, *of_member; /* of a dimension, if that is another */
} own[] = {
	{"ev_owner", "The id of the event, whose rows are replaced together.", NULL},
	{"ev_version", "The number of the version, from 1.", NULL},
	{"ev_index", "The place of the element in its list, from 0; or 0.", NULL},
	{"ev_valid_from", "From when on the version holds.", "From when on the member was so."},
	{"ev_valid_to", "Until when it holds; null: still.",
	 "Until when it was; null: it is so now."},
	{"ev_current", "Whether it is the newest version, and the event is not deleted.",
	 "Whether the member is so now."},
	{"ev_deleted", "Whether the event is deleted from then on.", NULL},
	{"ev_inferred", "Whether nothing but its key is known of the member.", NULL},
};

/*
 * A text in YAML, as it is: dbt renders texts by Jinja, and PyYAML takes some characters by their
 * number alone.
 */
static void put_yaml(struct ev_buf *out, const char *text)
{
	static const char *const numbered[] = {"\xe2\x80\xa8", "\\u2028", "\xe2\x80\xa9", "\\u2029",
					       "\xef\xbb\xbf", "\\ufeff", "\xef\xbf\xbe", "\\ufffe",
					       "\xef\xbf\xbf", "\\uffff"};
	size_t n = sizeof numbered / sizeof numbered[0], k;

	ev_buf_putc(out, '"');
	for (const char *p = text; *p != '\0'; p++) {
		for (k = 0; k < n && strncmp(p, numbered[k], 3) != 0;)
			k += 2;
		if (k < n) {
			ev_buf_puts(out, numbered[k + 1]);
			p += 2;
		} else if (*p == '"' || *p == '\\') {
			ev_buf_printf(out, "\\%c", *p);
		} else if (*p == '\n') {
			ev_buf_puts(out, "\\n");
		} else if (*p == '\t') {
			ev_buf_puts(out, "\\t");
		} else if (*p == '{' && p[1] != '\0' && strchr("{%#", p[1]) != NULL) {
			ev_buf_puts(out, "{{ '{' }}");
		} else {
			ev_buf_putc(out, *p);
		}
	}
	ev_buf_putc(out, '"');
}

/* A name as it stands in SQL, which dbt pastes there, as text in YAML. */
static void put_sql_name(struct ddl *s, const char *name)
{
	ev_buf_reset(&s->scratch);
	ev_sql_name(s->d, name, &s->scratch);
	put_yaml(&s->text, ev_buf_str(&s->scratch));
}

/* The model's name, of the letters, digits and _ that sources are called by. */
static void put_source(struct ddl *s)
{
	for (const char *p = s->model->name; *p != '\0'; p++)
		ev_buf_putc(&s->text, isalnum((unsigned char)*p) && (unsigned char)*p < 128
					      ? (char)tolower((unsigned char)*p)
					      : '_');
}

/* Values of an enum */

struct values {
	const char **list;
	size_t n;
	bool unfit;
};

/* dbt puts values between quotes without further ado, and takes some for code. */
static void add_value(struct values *v, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || strchr("'\"\\{}()", text[i]) != NULL)
			v->unfit = true;
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->list[i], text) == 0)
			return;
	v->list = ev_realloc_array(v->list, v->n + 1, sizeof *v->list);
	v->list[v->n++] = text;
	v->unfit = v->unfit || v->n > MAX_VALUES;
}

static void add_values(struct values *v, const struct ev_yaml *y)
{
	size_t n = y->kind == EV_YAML_LIST ? y->n : 1;

	for (size_t i = 0; i < n; i++) {
		const struct ev_yaml *one = y->kind == EV_YAML_LIST ? y->items[i] : y;

		if (one->kind == EV_YAML_SCALAR && one->plain && strcmp(one->text, "null") == 0)
			continue;
		if (one->kind != EV_YAML_SCALAR || one->plain)
			v->unfit = true;
		else
			add_value(v, one->text, one->len);
	}
}

/* The values of a column of texts that every type allows of which the fact takes events. */
static void find_values(struct ddl *s, struct ddl_enums *enums, const struct ev_fact *f,
			const struct ev_column *c, struct values *v)
{
	const struct ev_model *m = s->model;
	size_t before = c->from->root == EV_ROOT_ITEM ? f->each->n : 0;
	struct ev_step *steps = ev_calloc(before + c->from->n + 1, sizeof *steps);

	if (before > 0)
		memcpy(steps, f->each->steps, before * sizeof *steps);
	if (c->from->n > 0)
		memcpy(steps + before, c->from->steps, c->from->n * sizeof *steps);
	v->unfit = m->n_types == 0 || m->unknown_types == EV_UNKNOWN_PASS || m->others != NULL ||
		   c->type != EV_TYPE_VARCHAR;
	for (size_t i = 0; i < m->n_types && !v->unfit; i++) {
		const struct ev_event_type *t = &m->types[i];
		const struct ev_yaml *y;

		if (!ev_names_take(&f->types, t->name, strlen(t->name)))
			continue;
		if (ev_path_same(c->from, m->type)) {
			add_value(v, t->name, strlen(t->name));
			continue;
		}
		y = ddl_enums_of(enums, t, steps, before + c->from->n);
		if (y == NULL)
			v->unfit = true;
		else
			add_values(v, y);
	}
	free(steps);
}

/* Columns */

static void begin_column(struct ddl *s, const char *name, const char *description)
{
	struct ev_buf *out = &s->text;

	ev_buf_puts(out, "          - name: ");
	put_yaml(out, name);
	ev_buf_puts(out, "\n            quote: true\n");
	if (description != NULL) {
		ev_buf_puts(out, "            description: ");
		put_yaml(out, description);
		ev_buf_putc(out, '\n');
	}
}

#define TESTS	 "            data_tests:\n"
#define NOT_NULL "              - not_null\n"
#define UNIQUE	 "              - unique\n"

/* The columns that evkit has put in front of the model's. */
static size_t put_own(struct ddl *s, const struct ev_table *t)
{
	size_t n = t->n_keys + (t->versions ? 4 : 0);

	if (t->dimension != NULL)
		n = t->dimension->history ? 5 : 2;

	for (size_t i = 0; i < n; i++) {
		const char *name = t->columns[i].name,
			   *description = "The key of the member: a digest of its parts.";

		for (size_t k = 0; k < sizeof own / sizeof own[0]; k++)
			if (strcmp(own[k].name, name) == 0)
				description = t->dimension != NULL && own[k].of_member != NULL
						      ? own[k].of_member
						      : own[k].description;
		begin_column(s, name, description);
		if (strcmp(name, "ev_valid_to") != 0)
			ev_buf_puts(&s->text, i == 0 && t->n_keys == 1 ? TESTS NOT_NULL UNIQUE
								       : TESTS NOT_NULL);
	}
	return n;
}

static void put_reference(struct ddl *s, const struct ev_column *c)
{
	struct ev_buf *out = &s->text;
	struct ev_buf name = {0};

	ev_buf_printf(&name, "%s_key", c->name);
	begin_column(s, ev_buf_str(&name), "The key of the member that it refers to.");
	ev_buf_puts(out, TESTS NOT_NULL "              - relationships:\n"
					"                  to: source('");
	put_source(s);
	ev_buf_printf(out, "', '%s')\n                  field: ", c->dimension->name);
	ev_buf_reset(&name);
	ev_buf_printf(&name, "%s_key", c->dimension->name);
	put_sql_name(s, ev_buf_str(&name));
	ev_buf_putc(out, '\n');
	ev_buf_free(&name);
}

static void put_column(struct ddl *s, const struct ev_fact *f, const struct ev_column *c,
		       struct ddl_enums *enums)
{
	struct ev_buf *out = &s->text;
	struct values v = {0};

	begin_column(s, c->name, c->description);
	if (f != NULL)
		find_values(s, enums, f, c, &v);
	if (v.n > 0 && !v.unfit) {
		ev_buf_puts(out,
			    TESTS "              - accepted_values:\n                  values: [");
		for (size_t i = 0; i < v.n; i++) {
			ev_buf_puts(out, i > 0 ? ", " : "");
			put_yaml(out, v.list[i]);
		}
		ev_buf_puts(out, "]\n");
	}
	free(v.list);
	if (c->dimension != NULL)
		put_reference(s, c);
}

/* A key of several columns is one text, with a space between them. */
static void put_unique(struct ddl *s, const struct ev_table *t)
{
	struct ev_buf sql = {0};

	ev_sql_name(s->d, t->columns[0].name, &sql);
	for (size_t i = 1; i < t->n_keys; i++) {
		ev_buf_puts(&sql, " || ' ' || CAST(");
		ev_sql_name(s->d, t->columns[i].name, &sql);
		ev_buf_printf(&sql, " AS %s)", s->d->text);
	}
	ev_buf_puts(&s->text, "        data_tests:\n          - unique:\n"
			      "              column_name: ");
	put_yaml(&s->text, ev_buf_str(&sql));
	ev_buf_putc(&s->text, '\n');
	ev_buf_free(&sql);
}

static void put_table(struct ddl *s, const struct ev_table *t, struct ddl_enums *enums)
{
	const char *description =
		t->fact != NULL ? t->fact->description : t->dimension->description;
	const struct ev_columns *columns =
		t->fact != NULL ? &t->fact->columns : &t->dimension->columns;
	size_t n;

	ev_buf_puts(&s->text, "      - name: ");
	put_yaml(&s->text, t->name);
	ev_buf_putc(&s->text, '\n');
	if (description != NULL) {
		ev_buf_puts(&s->text, "        description: ");
		put_yaml(&s->text, description);
		ev_buf_putc(&s->text, '\n');
	}
	if (t->n_keys > 1)
		put_unique(s, t);
	ev_buf_puts(&s->text, "        columns:\n");
	n = put_own(s, t);
	for (size_t i = 0; i < columns->n; i++)
		put_column(s, t->fact, &columns->list[i], enums);
	for (size_t i = n; columns->n == 0 && i < t->n; i++)
		begin_column(s, t->columns[i].name, NULL);
}

static void write_sources(struct ddl *s)
{
	struct ddl_enums *enums = ddl_enums_new(s->model);
	struct ev_buf *out = &s->text;

	ev_buf_puts(out, "version: 2\nsources:\n  - name: ");
	put_source(s);
	ev_buf_puts(out, "\n    schema: ");
	if (s->schema != NULL)
		put_yaml(out, s->schema);
	else
		ev_buf_puts(out, "\"{{ target.schema }}\"");
	ev_buf_puts(out, "\n    quoting: {schema: true, identifier: true}\n    tables:\n");
	for (size_t i = 0; i < s->tables->n; i++)
		put_table(s, &s->tables->list[i], enums);
	ddl_enums_free(&enums);
}

enum ev_status ev_ddl_dbt(const struct ev_ddl *what, struct ev_out *out, struct ev_error *err)
{
	struct ddl s;
	enum ev_status st = ddl_open(&s, what, out, err);

	if (st == EV_OK) {
		write_sources(&s);
		st = ddl_put(&s, err);
	}
	ddl_close(&s);
	return st;
}

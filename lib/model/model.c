#include "model/model.h"
#include "base/mem.h"
#include "expr/expr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const ev_type_names[] = {"uuid",	"varchar", "timestamp", "date", "int",
				     "decimal", "bool",	   "json",	NULL};

void ev_type_write(const struct ev_column *c, char *out, size_t size)
{
	if (c->type == EV_TYPE_VARCHAR)
		snprintf(out, size, "varchar(%u)", c->size);
	else if (c->type == EV_TYPE_DECIMAL)
		snprintf(out, size, "decimal(%u,%u)", c->size, c->scale);
	else
		snprintf(out, size, "%s", ev_type_names[c->type]);
}

static const struct {
	const char *name, *path;
	size_t at;
} envelope[] = {
	{"id", ".event_id", offsetof(struct ev_model, id)},
	{"type", ".event_type", offsetof(struct ev_model, type)},
	{"time", ".event_timestamp", offsetof(struct ev_model, time)},
	{"version", ".version", offsetof(struct ev_model, version)},
	{"modified", ".modified_at", offsetof(struct ev_model, modified)},
	{"op", ".op", offsetof(struct ev_model, op)},
};

enum { ENVELOPE = sizeof envelope / sizeof envelope[0] };

static struct ev_path **envelope_path(struct ev_model *m, size_t i)
{
	return (struct ev_path **)(void *)((char *)m + envelope[i].at);
}

struct ev_model *ev_model_default(void)
{
	struct ev_model *m = ev_calloc(1, sizeof *m);
	struct ev_error none;

	m->root = ev_strdup(".");
	m->name = ev_strdup("default");
	for (size_t i = 0; i < ENVELOPE; i++)
		*envelope_path(m, i) = ev_path_parse(envelope[i].path, &none);
	return m;
}

bool ev_model_is_place(const struct ev_path *path)
{
	return !path->many && path->root == EV_ROOT_EVENT && (path->n > 0 || path->computed != 0);
}

enum ev_status ev_model_set_path(struct ev_model *m, const char *which, const char *text,
				 struct ev_error *err)
{
	for (size_t i = 0; i < ENVELOPE; i++) {
		struct ev_path *path;
		struct ev_error why;

		if (strcmp(envelope[i].name, which) != 0)
			continue;
		path = ev_model_value(m, text, (struct ev_value_place){.envelope = true}, &why);
		if (path == NULL || !ev_model_is_place(path)) {
			ev_fail(err,
				"--%s: '%s' is no path to one place in the event%s%s: write one "
				"such as %s",
				which, text, path == NULL ? ": " : "", path == NULL ? why.text : "",
				envelope[i].path);
			ev_path_free(&path);
			return EV_FATAL;
		}
		ev_path_free(envelope_path(m, i));
		*envelope_path(m, i) = path;
		return EV_OK;
	}
	return ev_fail(err, "no part '%s' of an envelope", which);
}

static void free_names(struct ev_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->list[i]);
	free(names->list);
}

static void free_filter(struct ev_column *when)
{
	if (when != NULL)
		ev_path_free(&when->from);
	free(when);
}

static void free_columns(struct ev_columns *columns)
{
	for (size_t i = 0; i < columns->n; i++) {
		free(columns->list[i].name);
		free(columns->list[i].description);
		ev_path_free(&columns->list[i].from);
	}
	free(columns->list);
}

static void free_dimension(struct ev_dimension *d)
{
	free(d->name);
	free(d->description);
	free(d->keys);
	ev_path_free(&d->each);
	free_filter(d->when);
	free_names(&d->types);
	free_columns(&d->columns);
	if (d->calendar != NULL) {
		ev_zone_free(&d->calendar->zone);
		for (size_t i = 0; i < d->calendar->n_holidays; i++)
			free(d->calendar->holidays[i].name);
		free(d->calendar->holidays);
	}
	free(d->calendar);
}

static void free_contract(struct ev_contract *c)
{
	free(c->file);
	free(c->text);
}

static void free_format(struct ev_line_format *f)
{
	free(f->name);
	free(f->pattern);
	free(f->type);
	free(f->time);
	free(f->time_layout);
	ev_zone_free(&f->zone);
	free(f->null);
	free_names(&f->numbers);
	free_names(&f->json);
}

void ev_model_free(struct ev_model **model)
{
	struct ev_model *m = *model;

	if (m == NULL)
		return;
	for (size_t i = 0; i < ENVELOPE; i++)
		ev_path_free(envelope_path(m, i));
	for (size_t i = 0; i < m->n_ignore; i++)
		ev_path_free(&m->ignore[i]);
	free(m->ignore);
	free(m->ignore_places);
	ev_zone_free(&m->zone);
	for (size_t i = 0; i < m->n_types; i++) {
		free(m->types[i].name);
		free_contract(&m->types[i].put);
		free_contract(&m->types[i].patch);
		free(m->types[i].owner);
	}
	free(m->types);
	for (size_t i = 0; i < m->n_rules; i++) {
		free(m->rules[i].name);
		free_names(&m->rules[i].types);
		free(m->rules[i].jq);
		free(m->rules[i].severity);
		free(m->rules[i].explain);
		free(m->rules[i].owner);
	}
	free(m->rules);
	for (size_t i = 0; i < m->n_facts; i++) {
		free(m->facts[i].name);
		free(m->facts[i].description);
		ev_path_free(&m->facts[i].each);
		free_filter(m->facts[i].when);
		free_names(&m->facts[i].types);
		free_columns(&m->facts[i].columns);
	}
	free(m->facts);
	for (size_t i = 0; i < m->n_dimensions; i++)
		free_dimension(&m->dimensions[i]);
	free(m->dimensions);
	for (size_t i = 0; i < m->n_measures; i++) {
		free(m->measures[i].name);
		free(m->measures[i].by);
		free_names(&m->measures[i].plus);
		free_names(&m->measures[i].minus);
	}
	free(m->measures);
	for (size_t i = 0; i < m->n_environments; i++) {
		free(m->environments[i].name);
		free(m->environments[i].target);
		free(m->environments[i].schema);
	}
	free(m->environments);
	for (size_t i = 0; i < m->n_formats; i++)
		free_format(&m->formats[i]);
	free(m->formats);
	free(m->file);
	for (size_t i = 0; i < m->n_exprs; i++) {
		for (size_t k = 0; k < m->exprs[i].n; k++)
			ev_expr_free(&m->exprs[i].parts[k]);
		free(m->exprs[i].parts);
		free(m->exprs[i].text);
		ev_path_free(&m->exprs[i].of);
	}
	free(m->exprs);
	free(m->root);
	free(m->name);
	ev_yaml_free(&m->yaml);
	free(m);
	*model = NULL;
}

const struct ev_dimension *ev_model_dimension(const struct ev_model *m, const char *name)
{
	for (size_t i = 0; i < m->n_dimensions; i++)
		if (strcmp(m->dimensions[i].name, name) == 0)
			return &m->dimensions[i];
	return NULL;
}

const struct ev_environment *ev_model_environment(const struct ev_model *m, const char *name)
{
	for (size_t i = 0; i < m->n_environments; i++)
		if (strcmp(m->environments[i].name, name) == 0)
			return &m->environments[i];
	return NULL;
}

const struct ev_line_format *ev_model_format(const struct ev_model *m, const char *name)
{
	for (size_t i = 0; i < m->n_formats; i++)
		if (strcmp(m->formats[i].name, name) == 0)
			return &m->formats[i];
	return NULL;
}

/* Whether both give one value wherever there is a row: what filters the rows does not count. */
static bool is_same_value(const struct ev_path *a, const struct ev_path *b)
{
	if (a->computed != 0 && b->computed != 0)
		return a->root == b->root && strcmp(a->text, b->text) == 0;
	return ev_path_same_steps(a, b);
}

const struct ev_column *ev_fact_column(const struct ev_fact *f, const struct ev_path *part,
				       enum ev_type a, enum ev_type b)
{
	for (size_t i = 0; i < f->columns.n; i++) {
		const struct ev_column *c = &f->columns.list[i];

		if ((c->type == a || c->type == b) && is_same_value(c->from, part))
			return c;
	}
	return NULL;
}

void ev_column_key(const struct ev_column *c, struct ev_buf *out)
{
	ev_buf_printf(out, "%d %u %u %d", (int)c->type, (unsigned)c->size, (unsigned)c->scale,
		      (int)c->from->root);
	if (c->from->computed != 0)
		ev_buf_printf(out, "%u ", c->from->computed);
	if (c->from->when != NULL)
		ev_buf_printf(out, "when %u ", c->from->when->computed);
	ev_path_steps(c->from, out);
}

bool ev_names_take(const struct ev_names *types, const char *p, size_t len)
{
	for (size_t i = 0; i < types->n; i++)
		if (strlen(types->list[i]) == len && memcmp(types->list[i], p, len) == 0)
			return true;
	return types->n == 0;
}

#include "warehouse/table.h"
#include "base/mem.h"
#include "warehouse/calendar.h"
#include "warehouse/column.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct ev_table *t, enum ev_type type, uint32_t size, uint32_t scale,
		const char *fmt, ...) EV_PRINTF(5, 6);

static void add(struct ev_table *t, enum ev_type type, uint32_t size, uint32_t scale,
		const char *fmt, ...)
{
	char name[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof name, fmt, ap);
	va_end(ap);
	t->columns = ev_realloc_one(t->columns, t->n, sizeof *t->columns);
	t->columns[t->n++] = (struct ev_column){
		.name = ev_strdup(name), .type = type, .size = size, .scale = scale};
}

static void add_key(struct ev_table *t, const char *prefix, const char *suffix)
{
	add(t, EV_TYPE_VARCHAR, EV_KEY_TEXT, 0, "%s%s", prefix, suffix);
	t->columns[t->n - 1].uuid_key = t->uuid_keys;
}

static void add_columns(struct ev_table *t, const struct ev_columns *columns)
{
	for (size_t i = 0; i < columns->n; i++) {
		const struct ev_column *c = &columns->list[i];

		add(t, c->type, c->size, c->scale, "%s", c->name);
		if (c->dimension != NULL)
			add_key(t, c->name, "_key");
	}
}

static void fact_table(struct ev_table *t, const struct ev_fact *f, const struct ev_path *time)
{
	t->name = f->name;
	t->fact = f;
	t->day = ev_fact_column(f, time, EV_TYPE_TIMESTAMP, EV_TYPE_DATE);
	t->versions = f->keep == EV_KEEP_HISTORY;
	add(t, EV_TYPE_VARCHAR, EV_ID_MAX, 0, "ev_owner");
	if (t->versions)
		add(t, EV_TYPE_INT, 0, 0, "ev_version");
	add(t, EV_TYPE_INT, 0, 0, "ev_index");
	t->n_keys = t->n;
	if (t->versions) {
		add(t, EV_TYPE_TIMESTAMP, 0, 0, "ev_valid_from");
		add(t, EV_TYPE_TIMESTAMP, 0, 0, "ev_valid_to");
		add(t, EV_TYPE_BOOL, 0, 0, "ev_current");
		add(t, EV_TYPE_BOOL, 0, 0, "ev_deleted");
	}
	add_columns(t, &f->columns);
}

static void calendar_table(struct ev_table *t, const struct ev_calendar *c)
{
	for (size_t i = 0; i < ev_day_n(c); i++)
		add(t, ev_day_columns[i].type, ev_day_columns[i].size, 0, "%s",
		    ev_day_columns[i].name);
}

static void dimension_table(struct ev_table *t, const struct ev_dimension *d)
{
	t->name = d->name;
	t->dimension = d;
	add_key(t, d->name, "_key");
	t->n_keys = 1;
	if (d->history) {
		add(t, EV_TYPE_TIMESTAMP, 0, 0, "ev_valid_from");
		t->n_keys = 2;
		add(t, EV_TYPE_TIMESTAMP, 0, 0, "ev_valid_to");
		add(t, EV_TYPE_BOOL, 0, 0, "ev_current");
	}
	add(t, EV_TYPE_BOOL, 0, 0, "ev_inferred");
	if (d->calendar != NULL)
		calendar_table(t, d->calendar);
	else
		add_columns(t, &d->columns);
}

struct ev_tables *ev_tables_new(const struct ev_model *m)
{
	struct ev_tables *t = ev_calloc(1, sizeof *t);

	t->list = ev_calloc(m->n_facts + m->n_dimensions, sizeof *t->list);
	for (size_t i = 0; i < m->n_facts + m->n_dimensions; i++)
		t->list[i].uuid_keys = m->uuid_keys;
	for (size_t i = 0; i < m->n_facts; i++)
		fact_table(&t->list[t->n++], &m->facts[i], m->time);
	for (size_t i = 0; i < m->n_dimensions; i++)
		dimension_table(&t->list[t->n++], &m->dimensions[i]);
	for (size_t i = 0; i < t->n; i++)
		t->list[i].name_len = strlen(t->list[i].name);
	return t;
}

void ev_tables_free(struct ev_tables **tables)
{
	struct ev_tables *t = *tables;

	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n; i++) {
		for (size_t k = 0; k < t->list[i].n; k++)
			free(t->list[i].columns[k].name);
		free(t->list[i].columns);
	}
	free(t->list);
	free(t);
	*tables = NULL;
}

const char *ev_table_unknown(const struct ev_table *t, size_t i)
{
	static const char *const of_type_2[] = {"1900-01-01T00:00:00.000000Z", NULL, "true",
						"true"};

	if (i == 0)
		return ev_unknown_key;
	if (t->dimension->history)
		return i <= sizeof of_type_2 / sizeof of_type_2[0] ? of_type_2[i - 1] : NULL;
	return i == 1 ? "true" : NULL;
}

const struct ev_table *ev_tables_find(const struct ev_tables *t, const char *name, size_t len)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->list[i].name_len == len && memcmp(t->list[i].name, name, len) == 0)
			return &t->list[i];
	return NULL;
}

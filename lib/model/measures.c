/*
 * The section "measures": sums over a fact's rows, and steps from one type of event to another.
 */
#include "base/mem.h"
#include "model/internal.h"

#include <string.h>
#include <strings.h>

/* The column of a measure's fact that a key names; NULL, and true, if the key is not there. */
static bool column_of(struct ev_reader *r, const struct ev_yaml *y, const struct ev_fact *f,
		      const struct ev_column **out)
{
	char hint[EV_HINT];

	for (size_t i = 0; y->kind == EV_YAML_SCALAR && i < f->columns.n; i++)
		if (strcmp(f->columns.list[i].name, y->text) == 0) {
			*out = &f->columns.list[i];
			return true;
		}
	if (y->kind != EV_YAML_SCALAR)
		return wrong(r, ev_read_place(y), "name a column of %s", f->name);
	return wrong(r, ev_read_place(y), "%s has no column '%s': %s", f->name, y->text,
		     ev_read_hint(y->text, f->columns.list, f->columns.n, sizeof *f->columns.list,
				  hint));
}

static bool optional_column(struct ev_reader *r, const struct ev_yaml *map, const char *key,
			    const struct ev_fact *f, const struct ev_column **out)
{
	const struct ev_yaml *v = ev_yaml_get(map, key);

	return v == NULL || column_of(r, v, f, out);
}

static bool measure_fact(struct ev_reader *r, const struct ev_yaml *y, struct ev_measure *m)
{
	const char *name = y->kind == EV_YAML_SCALAR ? y->text : "";
	char hint[EV_HINT];

	for (size_t i = 0; i < r->m->n_facts; i++)
		if (strcmp(r->m->facts[i].name, name) == 0)
			m->fact = &r->m->facts[i];
	if (m->fact == NULL)
		return wrong(
			r, ev_read_place(y), "no fact '%s': %s", name,
			ev_read_hint(name, r->m->facts, r->m->n_facts, sizeof *r->m->facts, hint));
	m->time = ev_fact_column(m->fact, r->m->time, EV_TYPE_TIMESTAMP, EV_TYPE_DATE);
	return m->time != NULL ||
	       wrong(r, ev_read_place(y),
		     "%s has no column of the event's time, %s, of type timestamp or date: give it "
		     "one",
		     m->fact->name, r->m->time->text);
}

/* Types of events, by which rows are told apart. */
static bool measure_types(struct ev_reader *r, const struct ev_yaml *map, const char *key,
			  struct ev_measure *m, struct ev_names *out)
{
	const struct ev_yaml *v = ev_yaml_get(map, key);

	if (v == NULL)
		return true;
	m->type = ev_fact_column(m->fact, r->m->type, EV_TYPE_VARCHAR, EV_TYPE_VARCHAR);
	if (m->type == NULL)
		return wrong(r, ev_read_place(v),
			     "%s has no column of the event's type, %s, of type varchar: give it "
			     "one",
			     m->fact->name, r->m->type->text);
	return ev_read_types_in(r, v, key, out);
}

static bool measure_by(struct ev_reader *r, const struct ev_yaml *map, struct ev_measure *m)
{
	const struct ev_yaml *v = ev_yaml_get(map, "by");

	if (v == NULL)
		return true;
	if (v->kind != EV_YAML_LIST || v->n == 0)
		return wrong(r, ev_read_place(v), "by must be a list of columns such as [a, b]");
	m->by = ev_calloc(v->n, sizeof *m->by);
	for (size_t i = 0; i < v->n; i++) {
		if (!column_of(r, v->items[i], m->fact, &m->by[i]))
			return false;
		if (m->by[i]->type == EV_TYPE_JSON)
			return wrong(r, ev_read_place(v->items[i]), "nothing is grouped by a json");
		for (size_t k = 0; k < m->n_by; k++)
			if (m->by[k] == m->by[i])
				return wrong(r, ev_read_place(v->items[i]),
					     "'%s' stands here twice", m->by[i]->name);
		m->n_by++;
	}
	return true;
}

/* Columns of a measure, beside its own: the view could not tell them apart. */
static bool measure_names_differ(struct ev_reader *r, const struct ev_yaml *y, struct ev_measure *m)
{
	static const char *const own[] = {"hour",    "day",	"week",	    "rows", "total",
					  "started", "reached", "currency", NULL};

	for (size_t i = 0; i < m->n_by; i++)
		for (const char *const *o = own; *o != NULL; o++)
			if (strcasecmp(m->by[i]->name, *o) == 0 && m->by[i] != m->currency)
				return wrong(r, ev_read_place(y),
					     "by cannot name '%s', which the views have for "
					     "themselves: rename the column",
					     m->by[i]->name);
	return true;
}

static bool read_measure(struct ev_reader *r, const struct ev_yaml *key, const struct ev_yaml *y,
			 struct ev_measure *m)
{
	static const char *const sums[] = {"fact",  "column", "currency", "for",
					   "minus", "by",     NULL};
	static const char *const steps[] = {"fact", "of", "from", "to", "by", NULL};
	const struct ev_yaml *v;
	bool is_sum;

	m->place = ev_read_place(key);
	if (!ev_read_name(r, key, "measure", &m->name))
		return false;
	is_sum = y->kind != EV_YAML_MAP || ev_yaml_get(y, "of") == NULL;
	if (!ev_read_is_map(r, y, "a measure", is_sum ? sums : steps) ||
	    !ev_read_required(r, y, "a measure", "fact", &v) || !measure_fact(r, v, m) ||
	    !optional_column(r, y, "column", m->fact, &m->column) ||
	    !optional_column(r, y, "currency", m->fact, &m->currency) ||
	    !optional_column(r, y, "of", m->fact, &m->of) ||
	    !measure_types(r, y, is_sum ? "for" : "from", m, &m->plus) ||
	    !measure_types(r, y, is_sum ? "minus" : "to", m, &m->minus) || !measure_by(r, y, m) ||
	    !measure_names_differ(r, key, m))
		return false;
	if (!is_sum && (m->plus.n == 0 || m->minus.n == 0))
		return wrong(r, ev_read_place(key),
			     "a measure with of needs from and to: types of events");
	if (m->column != NULL && m->column->type != EV_TYPE_INT &&
	    m->column->type != EV_TYPE_DECIMAL)
		return wrong(r, ev_read_place(key),
			     "the column of a measure is an int or a decimal");
	return m->currency == NULL || m->currency->type == EV_TYPE_VARCHAR ||
	       wrong(r, ev_read_place(key), "the currency of a measure is a varchar");
}

bool ev_read_measures(struct ev_reader *r, const struct ev_yaml *y)
{
	if (!ev_read_is_map(r, y, "measures", NULL))
		return false;
	r->m->measures = ev_calloc(y->n, sizeof *r->m->measures);
	for (size_t i = 0; i < y->n; i++)
		if (!read_measure(r, y->keys[i], y->items[i], &r->m->measures[r->m->n_measures++]))
			return false;
	return true;
}

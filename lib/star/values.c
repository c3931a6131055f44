#include "base/compiler.h"
#include "star/internal.h"
#include "warehouse/value.h"

static uint32_t slot_of(struct ev_picks *picks, const struct ev_path *from,
			struct ev_containers *containers)
{
	ev_containers_add(containers, picks, from);
	return ev_picks_add(picks, from);
}

static void want(struct ev_star *s, size_t group, struct ev_star_kind *k,
		 struct ev_star_asked *asked)
{
	for (size_t i = 0; i < asked->n_cells; i++) {
		const struct ev_path *from = asked->cells[i].column->from;
		uint32_t *slot = &asked->cells[i].slot;

		switch (from->root) {
		case EV_ROOT_EVENT:
			*slot = slot_of(ev_events_picks(s->events), from, &k->containers);
			break;
		case EV_ROOT_ITEM:
			*slot = slot_of(s->elements[group].each->picks, from, &k->elements[group]);
			break;
		case EV_ROOT_INDEX: *slot = EV_NO_SLOT; break;
		}
	}
}

void ev_star_want_cells(struct ev_star *s, size_t group)
{
	struct ev_star_elements *e = &s->elements[group];
	const struct ev_star_group *g = &s->plan->groups[group];

	e->group = g;
	if (group > 0) {
		e->each = ev_events_each(s->events, g->each);
	} else {
		e->values = ev_calloc(g->n_cells, sizeof *e->values);
		e->bounds = ev_calloc(g->n_references, sizeof *e->bounds);
		e->stores = ev_calloc(g->n_cells, EV_VALUE_STORE);
		e->n = 1;
	}
	for (size_t i = 0; i < s->plan->n_kinds; i++) {
		struct ev_star_kind *k = &s->plan->kinds[i];

		want(s, group, k, &k->groups[group]);
		if (group == 0)
			continue;
		want(s, 0, k, &k->event[group]);
		if (k->any[group])
			ev_containers_add(&k->containers, ev_events_picks(s->events), g->each);
	}
}

const char *ev_star_format_time(struct ev_star *s, bool modified)
{
	char *text = s->times[modified].text;

	text[0] = text[EV_TIME_TEXT + 1] = '"';
	ev_time_format(modified ? s->event.modified : s->event.time, text + 1);
	s->times[modified].event = s->event.number;
	return text;
}

/* The event itself as a value, without "_ev" and what the model ignores. */
static void leave_out(struct ev_star *s, uint32_t at, const uint32_t *skip, size_t n,
		      struct ev_value *v)
{
	char *text;

	ev_buf_reset(&s->whole);
	ev_event_write_without(s->event.doc, at, skip, n, &s->whole);
	text = ev_arena_alloc(&s->store, s->whole.len + EV_COPY_OVER);
	v->p = memcpy(text, s->whole.p, s->whole.len);
	v->len = (uint32_t)s->whole.len;
	s->stored = true;
}

static const char *problem_of(struct ev_star *s, const struct ev_column *c, uint32_t at,
			      char *store, struct ev_value *v)
{
	const struct ev_doc *d = s->event.doc;
	const char *problem = ev_column_value(c, s->m->zone, d, at, store, v);
	uint32_t skip[EV_MAX_SKIP];
	size_t n;

	if (v->null || c->type != EV_TYPE_JSON || (at != 0 && !c->around))
		return problem;
	n = ev_event_skip(s->events, &s->event, NULL, 0, skip);
	if (n == 0)
		return problem;
	if (problem != NULL && (problem = ev_column_json_problem(d, at, skip, n)) != NULL)
		return problem;
	leave_out(s, at, skip, n, v);
	return NULL;
}

/* False if the value does not fit. */
static bool other_value(struct ev_star *s, const struct ev_column *c, uint32_t at, char *store,
			struct ev_value *v)
{
	return problem_of(s, c, at, store, v) == NULL;
}

static char *new_room(struct ev_star *s)
{
	s->stored = true;
	return s->room = ev_arena_alloc(&s->store, EV_VALUE_STORE);
}

/*
 * Reads an element's cells, whose nodes are in `at`. Stores last as long as the event at hand.
 * False if a value does not fit.
 */
static bool read_cells(struct ev_star *s, const struct ev_star_elements *e,
		       const struct ev_star_asked *asked, const uint32_t *at, size_t index)
{
	struct ev_value *values = e->values + index * e->group->n_cells;
	const struct ev_star_want *c = asked->cells, *end = c + asked->n_cells;
	const struct ev_doc d = *s->event.doc; /* a copy, which no byte stored can alias */
	char *store = s->room;

	for (; c < end; c++) {
		struct ev_value *v = &values[c->cell];

		if (e->stores != NULL)
			store = e->stores + (size_t)c->cell * EV_VALUE_STORE;
		if (c->slot == EV_NO_SLOT) {
			*v = (struct ev_value){.p = store, .present = true};
			v->len = (uint32_t)(ev_star_put_index(store, index) - store);
		} else if (at[c->slot] == EV_NOWHERE) {
			*v = s->absent;
		} else if (!ev_value_fast(c->column, &d, at[c->slot], store, v) &&
			   !other_value(s, c->column, at[c->slot], store, v)) {
			return false;
		}
		if (v->p == s->room)
			store = new_room(s);
	}
	return true;
}

/* The slow path: reads a cell in full. */
static EV_NOINLINE bool take_slowly(struct ev_star *s, const struct ev_check *c, char *store,
				    struct ev_value *v)
{
	if (!ev_value_fast(c->column, s->event.doc, c->node, store, v) &&
	    !other_value(s, c->column, c->node, store, v))
		return false;
	if (v->p == s->room)
		new_room(s);
	return true;
}

/* Reads the cells of a group's elements by the shape at hand. */
static bool take_cells(struct ev_star *s, const struct ev_star_elements *e,
		       const struct ev_star_takes *cells)
{
	const struct ev_doc *d = s->event.doc;
	const char *const text = d->text; /* a copy, as above */
	const struct ev_node *const nodes = d->nodes;
	const struct ev_star_take *t = cells->list, *end = t + cells->n;
	struct ev_value *const values = e->values;

	for (; t < end; t++) {
		struct ev_value *v = &values[t->cell];
		const struct ev_node *n;
		bool fits;

		if (t->how == EV_STAR_FIXED) {
			*v = t->fixed;
			continue;
		}
		n = &nodes[t->check.node];
		*v = (struct ev_value){.p = text + n->pos, .len = n->end - n->pos, .present = true};
		if (t->how == EV_STAR_TIME || t->how == EV_STAR_MODIFIED) {
			v->p = ev_star_time(s, t->how == EV_STAR_MODIFIED);
			v->len = EV_TIME_TEXT + 2;
			continue;
		}
		fits = t->how == EV_STAR_ID ? s->event.is_uuid && s->event.id == v->p + 1
					    : ev_check_passes(&t->check, d, nodes, text);
		if (!fits &&
		    !take_slowly(s, &t->check,
				 e->stores != NULL ? e->stores + (size_t)t->cell * EV_VALUE_STORE
						   : s->room,
				 v))
			return false;
	}
	return true;
}

/* Makes room for the values of n elements. */
static void make_values(struct ev_star_elements *e, size_t n)
{
	e->n = n;
	if (e->cap_values < n * e->group->n_cells + 1)
		ev_grow(&e->values, &e->cap_values, n * e->group->n_cells + 1, sizeof *e->values);
}

static bool take_values(struct ev_star *s, const struct ev_star_shape *groups)
{
	if (groups[0].closed || !take_cells(s, &s->elements[0], &groups[0].cells))
		return false;
	for (size_t i = 1; i < s->plan->n_groups; i++) {
		struct ev_star_elements *e = &s->elements[i];

		make_values(e, groups[i].n);
		if (!take_cells(s, e, &groups[i].cells))
			return false;
	}
	return true;
}

/* Finds the elements of a group, and reads what its tables ask of them and of the event. */
static bool read_elements(struct ev_star *s, size_t group, const struct ev_star_kind *kind)
{
	struct ev_star_elements *e = &s->elements[group];

	make_values(e, ev_each_find(e->each, &s->event));
	for (size_t k = 0; k < e->n; k++) {
		const uint32_t *at = ev_each_at(e->each, k);

		if (!ev_containers_fit(&kind->elements[group], s->event.doc, at) ||
		    !read_cells(s, e, &kind->groups[group], at, k))
			return false;
	}
	return e->n == 0 || kind->event[group].n_cells == 0 ||
	       read_cells(s, &s->elements[0], &kind->event[group], s->event.at, 0);
}

bool ev_star_read_values(struct ev_star *s, const struct ev_star_kind *kind)
{
	const struct ev_star_shape *shape;

	if (s->stored) {
		ev_arena_reset(&s->store);
		new_room(s);
		s->stored = false;
	}
	if ((shape = ev_star_shape_of(s, kind)) != NULL)
		return take_values(s, shape);
	if (!ev_containers_fit(&kind->containers, s->event.doc, s->event.at) ||
	    !read_cells(s, &s->elements[0], &kind->groups[0], s->event.at, 0))
		return false;
	for (size_t i = 1; i < s->plan->n_groups; i++)
		if (kind->any[i] && !read_elements(s, i, kind))
			return false;
	return true;
}

/* Adds a reason for each value that does not fit. */
static void columns_fit(struct ev_star *s, const struct ev_columns *columns, const size_t *which,
			size_t n, uint32_t item)
{
	const struct ev_doc *d = s->event.doc;
	char store[EV_VALUE_STORE];
	struct ev_value v;

	for (size_t i = 0; i < n; i++) {
		const struct ev_column *c = &columns->list[which != NULL ? which[i] : i];
		const char *problem;
		uint32_t at;

		if (c->from->root == EV_ROOT_INDEX)
			continue;
		at = ev_path_get(c->from, d, c->from->root == EV_ROOT_ITEM ? item : 0);
		problem = problem_of(s, c, at, store, &v);
		if (problem != NULL)
			ev_column_misfit(c, d, at, problem, &s->why);
	}
}

/* Checks the keys by which a fact refers to dimensions that do not take such events themselves. */
static void keys_fit(struct ev_star *s, const struct ev_fact *f, const char *type, size_t len,
		     uint32_t item)
{
	for (size_t i = 0; i < f->columns.n; i++) {
		const struct ev_dimension *d = f->columns.list[i].dimension;

		if (d != NULL && d->n_keys > 1 && !ev_names_take(&d->types, type, len))
			columns_fit(s, &d->columns, d->keys, d->n_keys, item);
	}
}

static void each_fits(struct ev_star *s, const struct ev_path *each,
		      const struct ev_columns *columns, const struct ev_fact *f, const char *type,
		      size_t len)
{
	size_t n = 1;

	if (each != NULL) {
		ev_path_all(each, s->event.doc, 0, &s->found);
		n = s->found.n;
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t item = each != NULL ? s->found.at[i] : EV_NOWHERE;

		columns_fit(s, columns, NULL, columns->n, item);
		if (f != NULL)
			keys_fit(s, f, type, len, item);
	}
}

void ev_star_explain(struct ev_star *s, const char *type, size_t len)
{
	const struct ev_model *m = s->m;

	if (!ev_columns_pass(m, type, len, s->event.doc, &s->why))
		return;
	for (size_t i = 0; i < m->n_facts; i++)
		if (ev_names_take(&m->facts[i].types, type, len))
			each_fits(s, m->facts[i].each, &m->facts[i].columns, &m->facts[i], type,
				  len);
	for (size_t i = 0; i < m->n_dimensions; i++)
		if (ev_names_take(&m->dimensions[i].types, type, len))
			each_fits(s, m->dimensions[i].each, &m->dimensions[i].columns, NULL, type,
				  len);
	if (s->why.code == NULL)
		s->why.code = "column";
}

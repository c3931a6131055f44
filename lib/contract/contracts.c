#include "base/mem.h"
#include "contract/internal.h"

#include <stdlib.h>

static void free_columns(struct ev_contract_columns *c)
{
	free(c->list);
	ev_containers_free(&c->containers);
}

static void free_contract(struct ev_contract_type *c)
{
	for (size_t i = 0; i < c->n_elements; i++)
		free_columns(&c->elements[i].columns);
	free(c->elements);
	free_columns(&c->columns);
	free(c->rules);
	ev_presence_paths_free(&c->asks);
}

void ev_contracts_free(struct ev_contracts **contracts)
{
	struct ev_contracts *v = *contracts;

	if (v == NULL)
		return;
	for (size_t i = 0; i < v->n_contracts; i++)
		free_contract(&v->contracts[i]);
	free(v->contracts);
	free_contract(&v->unknown);
	ev_symbols_free(&v->types);
	ev_presence_free(&v->presence);
	ev_presence_paths_free(&v->envelope);
	for (size_t i = 0; v->exprs != NULL && i < v->m->n_rules; i++)
		ev_expr_free(&v->exprs[i]);
	free(v->exprs);
	ev_schema_set_free(&v->schemas);
	ev_buf_free(&v->scratch);
	free(v);
	*contracts = NULL;
}

const char *ev_contracts_lint(struct ev_contracts *v, size_t i)
{
	const char *said;
	size_t n = 0;

	while ((said = ev_schema_set_lint(v->schemas, n)) != NULL)
		if (n++ == i)
			return said;
	for (size_t k = 0; k < v->m->n_rules; k++) {
		const struct ev_rule *rule = &v->m->rules[k];
		struct ev_error line;

		if ((said = ev_expr_lint(v->exprs[k])) == NULL || n++ != i)
			continue;
		ev_fail(&line, "%s:%zu:%zu: rule '%s' %s", v->m->file, rule->place.line,
			rule->place.column, rule->name, said);
		ev_buf_reset(&v->scratch);
		ev_buf_puts(&v->scratch, line.text);
		return ev_buf_str(&v->scratch);
	}
	return NULL;
}

struct ev_presence *ev_contracts_presence(struct ev_contracts *v)
{
	for (size_t i = 0; i < v->n_contracts; i++)
		if (v->contracts[i].came)
			ev_presence_ask(v->presence, &v->contracts[i].asks);
	if (v->passed)
		ev_presence_ask(v->presence, &v->envelope);
	if (v->unknown.came)
		ev_presence_ask(v->presence, &v->unknown.asks);
	return v->presence;
}

static bool compile_contract(struct ev_contracts *v, const char *type, const struct ev_contract *c,
			     const struct ev_schema **out, struct ev_error *err)
{
	struct ev_buf name = {0};
	struct ev_error why;

	if (c->file != NULL) {
		*out = ev_schema_file(v->schemas, c->file, &why);
	} else if (c->text != NULL) {
		ev_buf_printf(&name, "the schema of %s", type);
		*out = ev_schema_text(v->schemas, ev_buf_str(&name), c->text, strlen(c->text),
				      &why);
		ev_buf_free(&name);
	} else {
		return true;
	}
	if (*out == NULL)
		ev_fail(err, "%s:%zu:%zu: %s", v->m->file, c->place.line, c->place.column,
			why.text);
	return *out != NULL;
}

/*
 * True if the column's value is checked already, because another table has it in the same type.
 * Notes it if not. list: what the column is an element's of, or NULL.
 */
static bool is_checked(struct ev_contracts *v, const struct ev_contract_type *c,
		       const struct ev_path *list, const struct ev_column *column)
{
	const uint32_t n = v->checked->n;
	struct ev_buf key = {0};
	bool is;

	ev_column_key(column, &key);
	ev_buf_printf(&key, " %zu ",
		      c == &v->unknown ? v->n_contracts : (size_t)(c - v->contracts));
	if (list != NULL)
		ev_path_steps(list, &key);
	is = ev_symbols_add(v->checked, ev_buf_str(&key), key.len) <= n;
	ev_buf_free(&key);
	return is;
}

static void add_column(struct ev_contract_columns *c, const struct ev_column *column, uint32_t slot)
{
	c->list = ev_realloc_one(c->list, c->n, sizeof *c->list);
	c->list[c->n++] = (struct ev_contract_column){column, slot};
}

/* True if reading the envelope has checked the value: its times are timestamps. */
static bool envelope_checks(const struct ev_model *m, const struct ev_column *column)
{
	return column->type == EV_TYPE_TIMESTAMP &&
	       (ev_path_same(column->from, m->time) ||
		(m->modified != NULL && ev_path_same(column->from, m->modified)));
}

/* Schemas do not see "_ev". */
static bool is_reserved(const struct ev_path *path)
{
	return path->n > 0 && path->steps[0].kind == EV_STEP_NAME &&
	       strcmp(path->steps[0].name, "_ev") == 0;
}

/* A schema knows what stands in the event, and not what is computed from it. */
static bool is_computed(const struct ev_path *path, const struct ev_path *list)
{
	return path->computed != 0 || (list != NULL && list->computed != 0);
}

/* True if every value that the contract's schema allows fits the column. */
static bool schema_checks(const struct ev_contract_type *c, const struct ev_column *column,
			  const struct ev_path *list)
{
	struct ev_promise promise;

	if (c->put == NULL || is_reserved(list != NULL ? list : column->from) ||
	    is_computed(column->from, list))
		return false;
	promise = ev_schema_promise(c->put, list, column->from);
	return ev_column_is_promised(column, &promise);
}

static struct ev_contract_elements *elements_of(struct ev_contracts *v, struct ev_contract_type *c,
						const struct ev_path *path)
{
	struct ev_each *each = ev_events_each(v->events, path);

	for (size_t i = 0; i < c->n_elements; i++)
		if (c->elements[i].each == each)
			return &c->elements[i];
	c->elements = ev_realloc_one(c->elements, c->n_elements, sizeof *c->elements);
	c->elements[c->n_elements] = (struct ev_contract_elements){.each = each};
	return &c->elements[c->n_elements++];
}

/* True if the contract's schema allows no value of the wrong kind on the path. */
static bool schema_opens(const struct ev_contract_type *c, const struct ev_path *path,
			 const struct ev_path *list)
{
	struct ev_path part = *path;

	if (c->put == NULL || is_reserved(list != NULL ? list : path) || is_computed(path, list))
		return false;
	for (part.n = 0; part.n < path->n; part.n++) {
		unsigned kinds = ev_schema_promise(c->put, list, &part).kinds;

		if ((kinds & ~(1U << EV_NULL | 1U << ev_step_asks(&path->steps[part.n]))) != 0)
			return false;
	}
	return true;
}

/* Adds the columns of a table. each: the list that its rows are the elements of, or NULL. */
static void add_columns(struct ev_contracts *v, struct ev_contract_type *c,
			const struct ev_path *each, const struct ev_column *columns, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct ev_column *column = &columns[i];
		struct ev_contract_elements *e;
		bool opens, checks;

		switch (column->from->root) {
		case EV_ROOT_INDEX: break;
		case EV_ROOT_EVENT:
			if (!schema_opens(c, column->from, NULL))
				ev_containers_add(&c->columns.containers,
						  ev_events_picks(v->events), column->from);
			if (!envelope_checks(v->m, column) && !schema_checks(c, column, NULL) &&
			    !is_checked(v, c, NULL, column))
				add_column(&c->columns, column,
					   ev_events_want(v->events, column->from));
			break;
		case EV_ROOT_ITEM:
			opens = schema_opens(c, column->from, each);
			checks = schema_checks(c, column, each);
			if (opens && checks)
				break;
			e = elements_of(v, c, each);
			if (!opens)
				ev_containers_add(&e->columns.containers, e->each->picks,
						  column->from);
			if (!checks && !is_checked(v, c, each, column))
				add_column(&e->columns, column,
					   ev_picks_add(e->each->picks, column->from));
			break;
		}
	}
}

static void add_table(struct ev_contracts *v, struct ev_contract_type *c,
		      const struct ev_path *each, const struct ev_column *when,
		      const struct ev_columns *columns)
{
	if (each != NULL && !schema_opens(c, each, NULL))
		ev_containers_add(&c->columns.containers, ev_events_picks(v->events), each);
	if (when != NULL)
		add_columns(v, c, each, when, 1);
	add_columns(v, c, each, columns->list, columns->n);
}

/* Events of a fact need all parts of its keys, whatever types the dimension is for. */
static void add_keys(struct ev_contracts *v, struct ev_contract_type *c, const struct ev_fact *f)
{
	for (size_t i = 0; i < f->columns.n; i++) {
		const struct ev_dimension *d = f->columns.list[i].dimension;

		for (size_t k = 0; d != NULL && d->n_keys > 1 && k < d->n_keys; k++)
			add_columns(v, c, f->each, &d->columns.list[d->keys[k]], 1);
	}
}

static void take_rule(struct ev_contracts *v, struct ev_contract_type *c, const void *what)
{
	const struct ev_rule *rule = what;
	size_t i = (size_t)(rule - v->m->rules);
	struct ev_buf by = {0};

	if (c->n_rules > 0 && c->rules[c->n_rules - 1] == i)
		return; /* the rule names the type twice */
	c->rules = ev_realloc_one(c->rules, c->n_rules, sizeof *c->rules);
	c->rules[c->n_rules++] = i;
	ev_buf_printf(&by, "the rule '%s'", rule->name);
	ev_presence_add_expr(v->presence, v->exprs[i],
			     &(struct ev_presence_by){ev_buf_str(&by), v->m->file, rule->place},
			     &c->asks);
	ev_buf_free(&by);
}

/* Adds the paths of the tables that take events of the type. */
static void ask_star(struct ev_contracts *v, struct ev_contract_type *c)
{
	ev_presence_add_star(v->presence, v->m, c->type, c->len, &c->asks);
}

static void take_fact(struct ev_contracts *v, struct ev_contract_type *c, const void *what)
{
	const struct ev_fact *f = what;

	add_table(v, c, f->each, f->when, &f->columns);
	add_keys(v, c, f);
}

static void take_dimension(struct ev_contracts *v, struct ev_contract_type *c, const void *what)
{
	const struct ev_dimension *d = what;

	add_table(v, c, d->each, d->when, &d->columns);
}

/* Calls take for the contract of each type named; of all types, if none is. */
static void give(struct ev_contracts *v, const struct ev_names *types, const void *what,
		 void (*take)(struct ev_contracts *, struct ev_contract_type *, const void *))
{
	for (size_t i = 0; types->n == 0 && i < v->n_contracts; i++)
		take(v, &v->contracts[i], what);
	if (types->n == 0)
		take(v, &v->unknown, what);
	for (size_t i = 0; i < types->n; i++) {
		const char *name = types->list[i];

		take(v, &v->contracts[ev_symbols_add(v->types, name, strlen(name)) - 1], what);
	}
}

static void fill_contracts(struct ev_contracts *v)
{
	const struct ev_model *m = v->m;

	v->checked = ev_symbols_new(0);
	for (size_t i = 0; i < m->n_facts; i++)
		give(v, &m->facts[i].types, &m->facts[i], take_fact);
	for (size_t i = 0; i < m->n_dimensions; i++)
		give(v, &m->dimensions[i].types, &m->dimensions[i], take_dimension);
	ev_symbols_free(&v->checked);
	for (size_t i = 0; i < m->n_rules; i++)
		give(v, &m->rules[i].types, &m->rules[i], take_rule);
	for (size_t i = 0; i < v->n_contracts; i++)
		ask_star(v, &v->contracts[i]);
	ask_star(v, &v->unknown);
}

static struct ev_contract_type *add_contract(struct ev_contracts *v, const char *type)
{
	struct ev_contract_type *c;

	ev_grow(&v->contracts, &v->cap_contracts, v->n_contracts + 1, sizeof *v->contracts);
	c = &v->contracts[v->n_contracts++];
	ev_symbols_add(v->types, type, strlen(type));
	*c = (struct ev_contract_type){.type = type, .len = strlen(type)};
	return c;
}

/* Adds the types that a rule or a table names, which a model without types has too. */
static void add_named(struct ev_contracts *v, const struct ev_names *types)
{
	struct ev_contract_type *c;

	for (size_t i = 0; i < types->n; i++)
		if (ev_symbols_add(v->types, types->list[i], strlen(types->list[i])) >
		    v->n_contracts) {
			c = add_contract(v, types->list[i]);
			c->put = v->unknown.put;
			c->patch = v->unknown.patch;
		}
}

static bool compile(struct ev_contracts *v, struct ev_error *err)
{
	const struct ev_model *m = v->m;
	struct ev_error why;

	v->schemas = ev_schema_set_new(m->root);
	ev_schema_set_symbols(v->schemas, ev_scan_symbols(ev_events_scan(v->events)));
	v->unknown.type = m->others != NULL ? "*" : "";
	v->exprs = ev_calloc(m->n_rules, sizeof(struct ev_expr *));
	for (size_t i = 0; i < m->n_rules; i++) {
		v->exprs[i] = ev_expr_compile(m->rules[i].jq, m->rules[i].floating, &why);
		if (v->exprs[i] == NULL) {
			ev_fail(err, "%s:%zu:%zu: rule '%s': %s", m->file, m->rules[i].place.line,
				m->rules[i].place.column, m->rules[i].name, why.text);
			return false;
		}
		ev_expr_bind(v->exprs[i], ev_events_scan(v->events));
	}
	for (size_t i = 0; i < m->n_types; i++) {
		struct ev_contract_type *c = m->others != NULL && &m->types[i] == m->others
						     ? &v->unknown
						     : add_contract(v, m->types[i].name);

		if (!compile_contract(v, c->type, &m->types[i].put, &c->put, err) ||
		    !compile_contract(v, c->type, &m->types[i].patch, &c->patch, err))
			return false;
	}
	for (size_t i = 0; i < m->n_rules; i++)
		add_named(v, &m->rules[i].types);
	for (size_t i = 0; i < m->n_facts; i++)
		add_named(v, &m->facts[i].types);
	for (size_t i = 0; i < m->n_dimensions; i++)
		add_named(v, &m->dimensions[i].types);
	fill_contracts(v);
	for (size_t i = 0; i < v->n_contracts; i++)
		v->contracts[i].plans = EV_PLANS(&ev_contract_columns_kind, &v->contracts[i]);
	v->unknown.plans = EV_PLANS(&ev_contract_columns_kind, &v->unknown);
	return true;
}

struct ev_contracts *ev_contracts_open(const struct ev_model *m, struct ev_events *events,
				       struct ev_error *err)
{
	struct ev_contracts *v = ev_calloc(1, sizeof *v);

	v->m = m;
	v->events = events;
	if (m->n_exprs > 0)
		ev_events_compute_columns(events);
	v->types = ev_symbols_new(0);
	v->presence = ev_presence_new(m->file, ev_events_scan(events));
	ev_presence_add_envelope(v->presence, m, &v->envelope);
	if (!compile(v, err))
		ev_contracts_free(&v);
	return v;
}

void ev_contracts_passed(struct ev_contracts *v, const struct ev_event *event)
{
	v->passed = true;
	ev_presence_search(v->presence, event->doc);
}

void ev_contracts_warn(struct ev_contracts *v, ev_contracts_warned *fn, void *ctx)
{
	v->warned = fn;
	v->ctx = ctx;
}

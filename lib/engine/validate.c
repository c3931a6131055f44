#include "engine/validate.h"
#include "engine/validate_verdict.h"
#include "model/borne.h"
#include "model/event.h"
#include "model/expr.h"
#include "model/jschema.h"
#include "model/regex.h"
#include "warehouse/value.h"
#include "json/pick.h"

#include <stdlib.h>

/* Values that a row will bear, each in the type of its column. */
struct columns {
	struct ev_column_at *list;
	size_t n;
	struct ev_ways ways; /* to them */
};

/* Columns of the elements of a list. */
struct elements {
	struct ev_each *each;
	struct columns columns;
};

/* A value that a row will bear. */
struct cell {
	const struct ev_column_at *column;
	uint32_t node;
	enum usual {
		USUAL_NONE,
		USUAL_TEXT,   /* no longer than the column has it */
		USUAL_NUMBER, /* digits, with a point at most */
		USUAL_JSON,
	} usual; /* how a value of its kind most often fits */
	uint32_t numbers, n_numbers; /* of JSON: the nodes of numbers in it, among the plan's */
};

/* Those of an event of a contract and a shape. */
struct plan {
	bool closed; /* some path leads through what it cannot */
	uint32_t *numbers;
	uint32_t n_numbers;
	size_t n;
	struct cell cells[]; /* values that are there, in the order of the columns */
};

/* What an event type is held against. */
struct contract {
	const char *type;
	size_t len;
	const struct ev_jschema *put, *patch;
	struct columns columns;	   /* at the event */
	struct elements *elements; /* what tables ask of the elements of lists */
	size_t n_elements;
	size_t *rules;
	size_t n_rules;
	struct plan **plans; /* by shape; NULL until there is one */
	struct ev_borne_paths asks; /* what the model asks of such an event */
	bool came;		    /* one of them passed */
};

enum { RECENT_BITS = 6, RECENT = 1 << RECENT_BITS };

struct ev_validate {
	const struct ev_model *m;
	struct ev_port *port;
	struct ev_events *events;
	struct ev_scan *scan; /* for one schema alone */
	struct ev_jschema_set *schemas;
	const struct ev_jschema *schema;
	struct contract *contracts;
	size_t n_contracts, cap_contracts;
	struct contract unknown;  /* what a type that the model does not name is held against */
	struct ev_expr **exprs;	  /* one a rule */
	struct ev_symbols *types; /* contracts[number - 1] */
	struct contract *recent[RECENT]; /* by a hash of the type; or NULL */
	struct ev_reasons why;
	struct ev_buf scratch;
	uint64_t n_out;
	uint64_t n_warned;
	struct ev_count counts[3];
	struct ev_borne *borne;		/* NULL: no model */
	struct ev_symbols *checked;	/* columns, by all that makes them the same; at first */
	struct ev_borne_paths envelope; /* what the envelope asks of every event */
	struct ev_verdict *verdict;	/* of the batch; NULL: there is none to be made */
	const struct ev_event *current; /* of the record in hand, as far as it was read */
	const struct ev_record *record;
};

static struct ev_validate *new_engine(const struct ev_model *m, struct ev_port *port)
{
	struct ev_validate *v = ev_calloc(1, sizeof *v);

	v->m = m;
	v->port = port;
	v->counts[0] = (struct ev_count){"out", &v->n_out, true, false};
	v->counts[1] = (struct ev_count){"warning", &v->n_warned, false, false};
	return v;
}

static void free_columns(struct columns *c)
{
	free(c->list);
	ev_ways_free(&c->ways);
}

static void free_contract(struct contract *c)
{
	for (size_t i = 0; i < c->n_elements; i++)
		free_columns(&c->elements[i].columns);
	free(c->elements);
	free_columns(&c->columns);
	free(c->rules);
	for (size_t i = 0; c->plans != NULL && i <= EV_SHAPES; i++) {
		if (c->plans[i] != NULL)
			free(c->plans[i]->numbers);
		free(c->plans[i]);
	}
	free(c->plans);
	free(c->asks.list);
}

void ev_validate_free(struct ev_validate **validate)
{
	struct ev_validate *v = *validate;

	if (v == NULL)
		return;
	for (size_t i = 0; i < v->n_contracts; i++)
		free_contract(&v->contracts[i]);
	free(v->contracts);
	free_contract(&v->unknown);
	ev_symbols_free(&v->types);
	ev_borne_free(&v->borne);
	free(v->envelope.list);
	for (size_t i = 0; v->m != NULL && v->exprs != NULL && i < v->m->n_rules; i++)
		ev_expr_free(&v->exprs[i]);
	free(v->exprs);
	ev_jschema_set_free(&v->schemas);
	ev_events_free(&v->events);
	ev_scan_free(&v->scan);
	ev_reasons_free(&v->why);
	ev_buf_free(&v->scratch);
	free(v);
	*validate = NULL;
}

const struct ev_count *ev_validate_counts(const struct ev_validate *v)
{
	return v->counts;
}

const char *ev_validate_lint(struct ev_validate *v, size_t i)
{
	const char *said;
	size_t n = 0;

	while ((said = ev_jschema_set_lint(v->schemas, n)) != NULL)
		if (n++ == i)
			return said;
	for (size_t k = 0; v->m != NULL && v->exprs != NULL && k < v->m->n_rules; k++) {
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

/* Opening */

static bool compile_contract(struct ev_validate *v, const char *type, const struct ev_contract *c,
			     const struct ev_jschema **out, struct ev_error *err)
{
	struct ev_buf name = {0};
	struct ev_error why;

	if (c->file != NULL) {
		*out = ev_jschema_file(v->schemas, c->file, &why);
	} else if (c->text != NULL) {
		ev_buf_printf(&name, "the schema of %s", type);
		*out = ev_jschema_text(v->schemas, ev_buf_str(&name), c->text, strlen(c->text),
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
 * A value that several tables take in the same type is checked once. list: of whose elements it is,
 * or NULL.
 */
static bool is_checked(struct ev_validate *v, const struct contract *c, const struct ev_path *list,
		       const struct ev_column *column)
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

static void add_column(struct columns *c, const struct ev_column *column, uint32_t slot)
{
	c->list = ev_realloc_array(c->list, c->n + 1, sizeof *c->list);
	c->list[c->n++] = ev_column_at(column, slot);
}

/* What the envelope asks of its times is what a timestamp must be. */
static bool envelope_checks(const struct ev_model *m, const struct ev_column *column)
{
	return column->type == EV_TYPE_TIMESTAMP &&
	       (ev_path_same(column->from, m->time) ||
		(m->modified != NULL && ev_path_same(column->from, m->modified)));
}

/* "_ev" is kept from schemas. */
static bool is_reserved(const struct ev_path *path)
{
	return path->n > 0 && path->steps[0].kind == EV_STEP_NAME &&
	       strcmp(path->steps[0].name, "_ev") == 0;
}

/* What fits the contract's schema fits the column. list: of its elements, or NULL. */
static bool schema_checks(const struct contract *c, const struct ev_column *column,
			  const struct ev_path *list)
{
	struct ev_promise promise;

	if (c->put == NULL || is_reserved(list != NULL ? list : column->from))
		return false;
	promise = ev_jschema_promise(c->put, list, column->from);
	return ev_column_is_promised(column, &promise);
}

static struct elements *elements_of(struct ev_validate *v, struct contract *c,
				    const struct ev_path *path)
{
	struct ev_each *each = ev_events_each(v->events, path);

	for (size_t i = 0; i < c->n_elements; i++)
		if (c->elements[i].each == each)
			return &c->elements[i];
	c->elements = ev_realloc_array(c->elements, c->n_elements + 1, sizeof *c->elements);
	c->elements[c->n_elements] = (struct elements){.each = each};
	return &c->elements[c->n_elements++];
}

/* What fits the contract's schema has nothing else where the path leads through. */
static bool schema_opens(const struct contract *c, const struct ev_path *path,
			 const struct ev_path *list)
{
	struct ev_path part = *path;

	if (c->put == NULL || is_reserved(list != NULL ? list : path))
		return false;
	for (part.n = 0; part.n < path->n; part.n++) {
		unsigned kinds = ev_jschema_promise(c->put, list, &part).kinds;

		if ((kinds & ~(1U << EV_NULL | 1U << ev_step_asks(&path->steps[part.n]))) != 0)
			return false;
	}
	return true;
}

/* Columns of a table, of which each leads to a list or is NULL. */
static void add_columns(struct ev_validate *v, struct contract *c, const struct ev_path *each,
			const struct ev_column *columns, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct ev_column *column = &columns[i];
		struct elements *e;
		bool opens, checks;

		switch (column->from->root) {
		case EV_ROOT_INDEX: break;
		case EV_ROOT_EVENT:
			if (!schema_opens(c, column->from, NULL))
				ev_ways_add(&c->columns.ways, ev_events_picks(v->events),
					    column->from);
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
				ev_ways_add(&e->columns.ways, e->each->picks, column->from);
			if (!checks && !is_checked(v, c, each, column))
				add_column(&e->columns, column,
					   ev_picks_add(e->each->picks, column->from));
			break;
		}
	}
}

static void add_table(struct ev_validate *v, struct contract *c, const struct ev_path *each,
		      const struct ev_columns *columns)
{
	if (each != NULL && !schema_opens(c, each, NULL))
		ev_ways_add(&c->columns.ways, ev_events_picks(v->events), each);
	add_columns(v, c, each, columns->list, columns->n);
}

/* The parts of keys that a fact refers by are asked of its events, whoever the dimension is for. */
static void add_keys(struct ev_validate *v, struct contract *c, const struct ev_fact *f)
{
	for (size_t i = 0; i < f->columns.n; i++) {
		const struct ev_dimension *d = f->columns.list[i].dimension;

		for (size_t k = 0; d != NULL && d->n_keys > 1 && k < d->n_keys; k++)
			add_columns(v, c, f->each, &d->columns.list[d->keys[k]], 1);
	}
}

static void take_rule(struct ev_validate *v, struct contract *c, const void *what)
{
	const struct ev_rule *rule = what;
	size_t i = (size_t)(rule - v->m->rules);
	struct ev_buf by = {0};

	if (c->n_rules > 0 && c->rules[c->n_rules - 1] == i)
		return; /* the rule names the type twice */
	c->rules = ev_realloc_array(c->rules, c->n_rules + 1, sizeof *c->rules);
	c->rules[c->n_rules++] = i;
	ev_buf_printf(&by, "the rule '%s'", rule->name);
	ev_borne_add_expr(v->borne, v->exprs[i],
			  &(struct ev_borne_by){ev_buf_str(&by), v->m->file, rule->place},
			  &c->asks);
	ev_buf_free(&by);
}

/* The paths of the star's tables are looked for in the events that they are for. */
static void ask_star(struct ev_validate *v, struct contract *c)
{
	ev_borne_add_star(v->borne, v->m, c->type, c->len, &c->asks);
}

static void take_fact(struct ev_validate *v, struct contract *c, const void *what)
{
	const struct ev_fact *f = what;

	add_table(v, c, f->each, &f->columns);
	add_keys(v, c, f);
}

static void take_dimension(struct ev_validate *v, struct contract *c, const void *what)
{
	const struct ev_dimension *d = what;

	add_table(v, c, d->each, &d->columns);
}

/* Hands something to the contracts of the types that it is for; all types, if it names none. */
static void give(struct ev_validate *v, const struct ev_names *types, const void *what,
		 void (*take)(struct ev_validate *, struct contract *, const void *))
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

static void fill_contracts(struct ev_validate *v)
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

static struct contract *add_contract(struct ev_validate *v, const char *type)
{
	struct contract *c;

	ev_grow(&v->contracts, &v->cap_contracts, v->n_contracts + 1, sizeof *v->contracts);
	c = &v->contracts[v->n_contracts++];
	ev_symbols_add(v->types, type, strlen(type));
	*c = (struct contract){.type = type, .len = strlen(type)};
	return c;
}

/* A model without types may yet name some: those that a rule or a table is for. */
static void add_named(struct ev_validate *v, const struct ev_names *types)
{
	for (size_t i = 0; i < types->n; i++)
		if (ev_symbols_add(v->types, types->list[i], strlen(types->list[i])) >
		    v->n_contracts)
			add_contract(v, types->list[i]);
}

static bool compile(struct ev_validate *v, struct ev_error *err)
{
	const struct ev_model *m = v->m;
	struct ev_error why;

	v->schemas = ev_jschema_set_new(m->root);
	ev_jschema_set_symbols(v->schemas, ev_scan_symbols(ev_events_scan(v->events)));
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
		struct contract *c = add_contract(v, m->types[i].name);

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
	v->unknown.type = "";
	fill_contracts(v);
	return true;
}

struct ev_validate *ev_validate_open(const struct ev_model *m, struct ev_port *port,
				     struct ev_error *err)
{
	struct ev_validate *v = new_engine(m, port);

	v->events = ev_events_new(m, EV_CHECK_ALL, EV_TRUST_RAW);
	v->types = ev_symbols_new(0);
	v->borne = ev_borne_new(m->file);
	ev_borne_add_envelope(v->borne, m, &v->envelope);
	if (!compile(v, err))
		ev_validate_free(&v);
	return v;
}

static bool compile_schema(struct ev_validate *v, const struct ev_validate_schema *s,
			   struct ev_error *err)
{
	const char *slash = strrchr(s->file, '/');
	char *root = slash != NULL
			     ? ev_strndup(s->file, slash == s->file ? 1 : (size_t)(slash - s->file))
			     : ev_strdup(".");

	v->schemas = ev_jschema_set_new(root);
	ev_jschema_set_symbols(v->schemas, ev_scan_symbols(v->scan));
	free(root);
	ev_jschema_set_formats(v->schemas, !s->formats_annotate);
	if (s->draft != NULL && !ev_jschema_set_draft(v->schemas, s->draft)) {
		ev_fail(err,
			"there is no draft '%s': name 2020-12, 2019-09, draft-07, draft-06 or "
			"draft-04",
			s->draft);
		return false;
	}
	if (s->folder != NULL && !ev_jschema_set_map(v->schemas, s->folder, s->base, err))
		return false;
	v->schema = ev_jschema_file(v->schemas, slash != NULL ? slash + 1 : s->file, err);
	return v->schema != NULL;
}

struct ev_validate *ev_validate_open_schema(const struct ev_validate_schema *schema,
					    struct ev_port *port, struct ev_error *err)
{
	struct ev_validate *v = new_engine(NULL, port);

	v->scan = ev_scan_new();
	if (!compile_schema(v, schema, err))
		ev_validate_free(&v);
	return v;
}

/* The batch as a whole */

static void note_reject(void *ctx, const struct ev_record *rec, const char *origin,
			size_t origin_len, const struct ev_reasons *why)
{
	struct ev_validate *v = ctx;

	ev_batch_reject(ev_verdict_batch(v->verdict), v->current, rec, origin, origin_len, why);
}

void ev_validate_for(struct ev_validate *v, struct ev_verdict *verdict)
{
	v->verdict = verdict;
	if (verdict != NULL)
		ev_verdict_read_from(verdict, v->events, v->borne);
	if (verdict != NULL && ev_verdict_batch(verdict) != NULL)
		ev_rejects_watch(v->port->rejects, note_reject, v);
}

struct ev_borne *ev_validate_borne(struct ev_validate *v)
{
	if (v->borne == NULL)
		return NULL;
	for (size_t i = 0; i < v->n_contracts; i++)
		if (v->contracts[i].came)
			ev_borne_ask(v->borne, &v->contracts[i].asks);
	if (v->n_out > 0)
		ev_borne_ask(v->borne, &v->envelope);
	if (v->unknown.came)
		ev_borne_ask(v->borne, &v->unknown.asks);
	return v->borne;
}

static void note_warning(struct ev_validate *v, const struct ev_rule *rule)
{
	v->n_warned++;
	if (v->verdict != NULL && ev_verdict_batch(v->verdict) != NULL)
		ev_batch_warn(ev_verdict_batch(v->verdict), v->current, v->record, rule);
}

/* Judging */

static bool reject_code(struct ev_reasons *why, const char *code)
{
	if (why->code == NULL)
		why->code = code;
	return false;
}

static bool schema_passes(struct ev_validate *v, const struct ev_jschema *s, const char *rule,
			  const struct ev_doc *d, uint32_t without)
{
	const char *spent;
	size_t len;
	bool valid;

	if (s == NULL)
		return true;
	valid = ev_jschema_valid(s, d, 0, without);
	spent = ev_regex_spent(&len);
	if (valid && spent == NULL)
		return true;
	if (!valid) {
		ev_jschema_explain(s, d, 0, without, &v->why);
		spent = ev_regex_spent(&len);
	}
	if (spent != NULL)
		ev_reasons_add(&v->why,
			       "whether the pattern %s is found cannot be told: the search takes "
			       "more steps than it may",
			       ev_reasons_quote(&v->why, spent, len))
			->keyword = "pattern";
	for (size_t i = 0; i < v->why.n; i++)
		v->why.list[i].rule = rule;
	return reject_code(&v->why, "schema");
}

static __attribute__((noinline)) bool tell_misfit(struct ev_validate *v, const struct ev_column *c,
						  const struct ev_doc *d, uint32_t node,
						  const char *problem)
{
	uint32_t skip[EV_MAX_SKIP];

	if (c->around)
		problem = ev_json_problem(d, node, skip,
					  ev_event_skip(v->events, v->current, NULL, 0, skip));
	if (problem != NULL)
		ev_column_misfit(c, d, node, problem, &v->why);
	return problem != NULL;
}

static inline bool misfit(struct ev_validate *v, const struct ev_column_at *c,
			  const struct ev_doc *d, uint32_t node)
{
	const char *problem = ev_column_problem(c, v->m->zone, d, node);

	return problem != NULL && tell_misfit(v, c->column, d, node, problem);
}

static bool values_fit(struct ev_validate *v, const struct columns *c, const struct ev_doc *d,
		       const uint32_t *at)
{
	bool good = true;

	for (size_t i = 0; i < c->n; i++)
		good &= !misfit(v, &c->list[i], d, at[c->list[i].slot]);
	return good;
}

static bool columns_are_open(const struct contract *c, const struct ev_event *event)
{
	if (!ev_ways_are_open(&c->columns.ways, event->doc, event->at))
		return false;
	for (size_t i = 0; i < c->n_elements; i++) {
		const struct elements *e = &c->elements[i];

		if (e->columns.ways.n + e->columns.ways.n_others == 0)
			continue;
		for (size_t k = 0, n = ev_each_find(e->each, event); k < n; k++)
			if (!ev_ways_are_open(&e->columns.ways, event->doc,
					      ev_each_at(e->each, k)))
				return false;
	}
	return true;
}

static bool columns_fit(struct ev_validate *v, const struct contract *c,
			const struct ev_event *event)
{
	const struct ev_doc *d = event->doc;
	bool good = values_fit(v, &c->columns, d, event->at);

	for (size_t i = 0; i < c->n_elements; i++) {
		const struct elements *e = &c->elements[i];

		if (e->columns.n == 0)
			continue;
		for (size_t k = 0, n = ev_each_find(e->each, event); k < n; k++)
			good &= values_fit(v, &e->columns, d, ev_each_at(e->each, k));
	}
	return good;
}

/* Columns by shape: which values are there, and of which kind they are, is told by it. */

static enum usual usual_of(const struct ev_column *c, const struct ev_doc *d, uint32_t node)
{
	enum ev_kind kind = ev_kind(d, node);

	if (c->type == EV_TYPE_VARCHAR && kind == EV_STRING)
		return USUAL_TEXT;
	if (c->type == EV_TYPE_DECIMAL && kind == EV_NUMBER)
		return USUAL_NUMBER;
	return c->type == EV_TYPE_JSON && node != 0 ? USUAL_JSON : USUAL_NONE;
}

static void add_numbers(struct plan *p, struct cell *cell, const struct ev_doc *d)
{
	const uint32_t end = d->nodes[cell->node].next;

	cell->numbers = p->n_numbers;
	for (uint32_t i = cell->node; i < end; i++)
		cell->n_numbers += ev_kind(d, i) == EV_NUMBER;
	p->numbers = ev_realloc_array(p->numbers, p->n_numbers + cell->n_numbers + 1,
				      sizeof *p->numbers);
	for (uint32_t i = cell->node; i < end; i++)
		if (ev_kind(d, i) == EV_NUMBER)
			p->numbers[p->n_numbers++] = i;
}

static void add_cells(struct plan *p, const struct columns *c, const struct ev_doc *d,
		      const uint32_t *at)
{
	for (size_t i = 0; i < c->n; i++) {
		uint32_t node = at[c->list[i].slot];

		struct cell *cell = &p->cells[p->n];

		if (node == EV_NOWHERE || ev_kind(d, node) == EV_NULL)
			continue;
		*cell = (struct cell){.column = &c->list[i],
				      .node = node,
				      .usual = usual_of(c->list[i].column, d, node)};
		if (cell->usual == USUAL_JSON)
			add_numbers(p, cell, d);
		p->n++;
	}
}

static void make_plan(struct contract *c, const struct ev_event *event)
{
	const struct ev_doc *d = event->doc;
	size_t n = c->columns.n;
	struct plan *p;

	for (size_t i = 0; i < c->n_elements; i++)
		n += c->elements[i].columns.n * ev_each_find(c->elements[i].each, event);
	p = ev_malloc(sizeof *p + n * sizeof *p->cells);
	*p = (struct plan){.closed = !columns_are_open(c, event)};
	add_cells(p, &c->columns, d, event->at);
	for (size_t i = 0; i < c->n_elements; i++) {
		const struct elements *e = &c->elements[i];

		for (size_t k = 0; e->columns.n > 0 && k < e->each->n; k++)
			add_cells(p, &e->columns, d, ev_each_at(e->each, k));
	}
	if (c->plans == NULL)
		c->plans = ev_calloc(EV_SHAPES + 1, sizeof(struct plan *));
	c->plans[d->shape] = p;
}

static inline bool are_short(const uint32_t *numbers, uint32_t n, const struct ev_doc *d)
{
	for (uint32_t i = 0; i < n; i++)
		if (d->nodes[numbers[i]].end - d->nodes[numbers[i]].pos > EV_VALUE_NUMBER)
			return false;
	return true;
}

static inline bool is_usual(const struct plan *p, const struct cell *cell, const struct ev_doc *d)
{
	const struct ev_node *n = &d->nodes[cell->node];
	const struct ev_column *c = cell->column->column;
	uint32_t len = n->end - n->pos;

	switch (cell->usual) {
	case USUAL_TEXT: return len <= cell->column->longest && !d->nul;
	case USUAL_NUMBER:
		return ev_small_fits(d->text + n->pos, len, c->size - c->scale, c->scale);
	case USUAL_JSON:
		return !d->nul && are_short(p->numbers + cell->numbers, cell->n_numbers, d);
	case USUAL_NONE: break;
	}
	return false;
}

static bool cells_fit(struct ev_validate *v, const struct plan *p, const struct ev_doc *d)
{
	bool good = true;

	for (const struct cell *c = p->cells, *end = c + p->n; c < end; c++)
		if (!is_usual(p, c, d))
			good &= !misfit(v, c->column, d, c->node);
	return good;
}

static bool columns_pass(struct ev_validate *v, struct contract *c, const struct ev_event *event)
{
	const struct ev_doc *d = event->doc;
	const struct plan *p;
	bool good;

	if (d->shape != EV_NO_SHAPE) {
		if (c->plans == NULL || c->plans[d->shape] == NULL)
			make_plan(c, event);
		p = c->plans[d->shape];
		if (p->closed)
			return ev_star_passes(v->m, c->type, c->len, d, &v->why);
		good = cells_fit(v, p, d);
	} else {
		if (!columns_are_open(c, event))
			return ev_star_passes(v->m, c->type, c->len, d, &v->why);
		good = columns_fit(v, c, event);
	}
	return good || reject_code(&v->why, "column");
}

/* With the values of the comparison that failed, where it is known. */
static struct ev_reason *tell_failed(struct ev_validate *v, const struct ev_rule *rule,
				     struct ev_expr *expr, const struct ev_doc *d)
{
	struct ev_buf left = {0}, right = {0};
	const char *sign = ev_expr_compared(expr, d, 0, &left, &right);
	struct ev_reason *reason;

	if (sign == NULL)
		reason = ev_reasons_add(&v->why, "the rule does not hold: %s", rule->jq);
	else
		reason = ev_reasons_add(&v->why, "the rule does not hold: %s: %s %s %s", rule->jq,
					ev_reasons_quote(&v->why, left.p, left.len), sign,
					ev_reasons_quote(&v->why, right.p, right.len));
	ev_buf_free(&left);
	ev_buf_free(&right);
	return reason;
}

/* A rule that is not critical is counted, and the event passes. */
static bool rules_pass(struct ev_validate *v, const struct contract *c, const struct ev_doc *d)
{
	bool good = true;

	for (size_t i = 0; i < c->n_rules; i++) {
		const struct ev_rule *rule = &v->m->rules[c->rules[i]];
		struct ev_reason *reason;
		enum ev_truth truth = ev_expr_test(v->exprs[c->rules[i]], d, 0, &v->scratch);

		if (truth == EV_HOLDS)
			continue;
		if (strcmp(rule->severity, "critical") != 0) {
			note_warning(v, rule);
			continue;
		}
		if (truth == EV_FAILS)
			reason = tell_failed(v, rule, v->exprs[c->rules[i]], d);
		else
			reason = ev_reasons_add(&v->why, "the rule cannot be told: %s",
						ev_buf_str(&v->scratch));
		reason->rule = rule->name;
		reason->place = ev_reasons_text(&v->why, "%s:%zu:%zu", v->m->file,
						rule->place.line, rule->place.column);
		reason->keyword = "jq";
		reason->explain = rule->explain;
		good = false;
	}
	return good || reject_code(&v->why, "rule");
}

static __attribute__((noinline)) struct contract *seek_contract(struct ev_validate *v,
								const struct ev_event *event)
{
	size_t len;
	const char *p = ev_string(event->doc, event->type, &v->scratch, &len);
	uint32_t number;

	if (event->doc->nodes[event->type].escaped) {
		memset(ev_buf_room(&v->scratch, EV_SYMBOL_SLACK), 0, EV_SYMBOL_SLACK);
		p = v->scratch.p;
	}
	number = ev_symbols_of(v->types, p, len);
	return number != EV_NO_SYMBOL ? &v->contracts[number - 1] : NULL;
}

/* The types that come are few, and most are found by their last octets. */
static struct contract *contract_of(struct ev_validate *v, const struct ev_event *event)
{
	const struct ev_node *n = &event->doc->nodes[event->type];
	const char *p = event->doc->text + n->pos + 1;
	uint32_t len = n->end - n->pos - 2;
	struct contract **recent, *c;
	uint64_t last;

	if (len < sizeof last || n->escaped)
		return seek_contract(v, event);
	memcpy(&last, p + len - sizeof last, sizeof last);
	recent = &v->recent[(last + len) * 0x9e3779b97f4a7c15 >> (64 - RECENT_BITS)];
	c = *recent;
	if (c != NULL && c->len == len && memcmp(c->type, p, len) == 0)
		return c;
	c = seek_contract(v, event);
	if (c != NULL)
		*recent = c;
	return c;
}

static bool unknown_type(struct ev_validate *v, const struct ev_event *event)
{
	struct ev_buf pointer = {0};
	struct ev_reason *reason;
	const char *p;
	size_t len;

	p = ev_raw(event->doc, event->type, &len);
	ev_pointer(event->doc, event->type, &pointer);
	reason = ev_reasons_add(&v->why, "the model has no event type %s",
				ev_reasons_quote(&v->why, p, len));
	reason->path = ev_reasons_copy(&v->why, pointer.p, pointer.len);
	ev_buf_free(&pointer);
	return reject_code(&v->why, "unknown-type");
}

static bool judge(struct ev_validate *v, const struct ev_event *event)
{
	struct contract *c = contract_of(v, event);
	bool good;

	if (c == NULL) {
		if (!v->m->pass_unknown && v->m->n_types > 0)
			return unknown_type(v, event);
		c = &v->unknown;
	}
	switch (event->op) {
	case EV_PUT:
		good = schema_passes(v, c->put, c->type, event->doc, event->reserved) &&
		       columns_pass(v, c, event) && rules_pass(v, c, event->doc);
		c->came |= good;
		return good;
	case EV_PATCH: return schema_passes(v, c->patch, c->type, event->doc, event->reserved);
	case EV_DELETE: break;
	}
	return true;
}

static enum ev_status step_schema(struct ev_validate *v, const struct ev_record *rec,
				  struct ev_error *err)
{
	struct ev_flaw flaw;
	const struct ev_doc *d = ev_scan_line(v->scan, rec->index, rec->nth, rec->len, &flaw);

	ev_reasons_reset(&v->why);
	if (d == NULL) {
		ev_flaw_reasons(&flaw, 0, &v->why);
	} else if (d->duplicate != EV_NOWHERE) {
		ev_reasons_add(&v->why, "column %u: the same name stands twice in one object",
			       d->duplicate + 1);
		reject_code(&v->why, "duplicate-name");
	} else if (schema_passes(v, v->schema, NULL, d, EV_NOWHERE)) {
		v->n_out++;
		return ev_port_line(v->port, rec->p, rec->len, err);
	}
	return ev_rejects_put(v->port->rejects, rec, NULL, 0, &v->why, err);
}

enum ev_status ev_validate_step(struct ev_validate *v, const struct ev_record *rec,
				struct ev_error *err)
{
	struct ev_event event;
	enum ev_status st;

	if (v->schema != NULL)
		return step_schema(v, rec, err);
	v->current = &event;
	v->record = rec;
	if (ev_events_read(v->events, rec, &event, &v->why) != EV_OK || !judge(v, &event) ||
	    (v->verdict != NULL && !ev_verdict_passes(v->verdict, &event, &v->why))) {
		st = ev_rejects_put(v->port->rejects, rec, event.origin, event.origin_len, &v->why,
				    err);
		v->current = NULL;
		return st;
	}
	v->current = NULL;
	ev_borne_look(v->borne, event.doc);
	if (v->verdict != NULL && ev_verdict_pass(v->verdict, &event, rec, err) == EV_FATAL)
		return EV_FATAL;
	v->n_out++;
	return ev_port_line(v->port, rec->p, rec->len, err);
}

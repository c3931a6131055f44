#include "base/compiler.h"
#include "base/mem.h"
#include "contract/internal.h"
#include "regex/regex.h"
#include "warehouse/value.h"

#include <stdlib.h>

static bool reject_code(struct ev_reasons *why, const char *code)
{
	if (why->code == NULL)
		why->code = code;
	return false;
}

bool ev_contract_schema(const struct ev_schema *s, const char *rule, const struct ev_doc *d,
			uint32_t without, struct ev_reasons *why)
{
	const char *spent;
	size_t len;
	bool valid;

	if (s == NULL)
		return true;
	valid = ev_schema_valid(s, d, 0, without);
	spent = ev_regex_spent(&len);
	if (valid && spent == NULL)
		return true;
	if (!valid) {
		ev_schema_explain(s, d, 0, without, why);
		spent = ev_regex_spent(&len);
	}
	if (spent != NULL)
		ev_reasons_add(why,
			       "whether the pattern %s is found cannot be told: the search takes "
			       "more steps than it may",
			       ev_reasons_quote(why, spent, len))
			->keyword = "pattern";
	for (size_t i = 0; i < why->n; i++)
		why->list[i].rule = rule;
	return reject_code(why, "schema");
}

static EV_NOINLINE bool tell_misfit(struct ev_contracts *v, const struct ev_column *c,
				    const struct ev_doc *d, uint32_t node, const char *problem)
{
	uint32_t skip[EV_MAX_SKIP];

	if (c->around)
		problem = ev_column_json_problem(d, node, skip,
						 ev_event_skip(v->events, v->event, NULL, 0, skip));
	if (problem != NULL)
		ev_column_misfit(c, d, node, problem, v->why);
	return problem != NULL;
}

static inline bool misfit(struct ev_contracts *v, const struct ev_column_at *c,
			  const struct ev_doc *d, uint32_t node)
{
	const char *problem = ev_column_problem(c, v->m->zone, d, node);

	return problem != NULL && tell_misfit(v, c->column, d, node, problem);
}

static bool values_fit(struct ev_contracts *v, const struct ev_contract_columns *c,
		       const struct ev_doc *d, const uint32_t *at)
{
	bool good = true;

	for (size_t i = 0; i < c->n; i++)
		good &= !misfit(v, &c->list[i], d, at[c->list[i].slot]);
	return good;
}

static bool columns_are_open(const struct ev_contract_type *c, const struct ev_event *event)
{
	if (!ev_containers_fit(&c->columns.ways, event->doc, event->at))
		return false;
	for (size_t i = 0; i < c->n_elements; i++) {
		const struct ev_contract_elements *e = &c->elements[i];

		if (e->columns.ways.n + e->columns.ways.n_others == 0)
			continue;
		for (size_t k = 0, n = ev_each_find(e->each, event); k < n; k++)
			if (!ev_containers_fit(&e->columns.ways, event->doc,
					       ev_each_at(e->each, k)))
				return false;
	}
	return true;
}

static bool columns_fit(struct ev_contracts *v, const struct ev_contract_type *c,
			const struct ev_event *event)
{
	const struct ev_doc *d = event->doc;
	bool good = values_fit(v, &c->columns, d, event->at);

	for (size_t i = 0; i < c->n_elements; i++) {
		const struct ev_contract_elements *e = &c->elements[i];

		if (e->columns.n == 0)
			continue;
		for (size_t k = 0, n = ev_each_find(e->each, event); k < n; k++)
			good &= values_fit(v, &e->columns, d, ev_each_at(e->each, k));
	}
	return good;
}

/* Columns by shape: the shape decides which values are present, and their kinds. */

static enum ev_contract_usual usual_of(const struct ev_column *c, const struct ev_doc *d,
				       uint32_t node)
{
	enum ev_kind kind = ev_kind(d, node);

	if (c->type == EV_TYPE_VARCHAR && kind == EV_STRING)
		return USUAL_TEXT;
	if (c->type == EV_TYPE_DECIMAL && kind == EV_NUMBER)
		return USUAL_NUMBER;
	return c->type == EV_TYPE_JSON && node != 0 ? USUAL_JSON : USUAL_NONE;
}

static void add_numbers(struct ev_contract_plan *p, struct ev_contract_cell *cell,
			const struct ev_doc *d)
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

static void add_cells(struct ev_contract_plan *p, const struct ev_contract_columns *c,
		      const struct ev_doc *d, const uint32_t *at)
{
	for (size_t i = 0; i < c->n; i++) {
		uint32_t node = at[c->list[i].slot];

		struct ev_contract_cell *cell = &p->cells[p->n];

		if (node == EV_NOWHERE || ev_kind(d, node) == EV_NULL)
			continue;
		*cell = (struct ev_contract_cell){.column = &c->list[i],
						  .node = node,
						  .usual = usual_of(c->list[i].column, d, node)};
		if (cell->usual == USUAL_JSON)
			add_numbers(p, cell, d);
		p->n++;
	}
}

static void make_plan(struct ev_contract_type *c, const struct ev_event *event)
{
	const struct ev_doc *d = event->doc;
	size_t n = c->columns.n;
	struct ev_contract_plan *p;

	for (size_t i = 0; i < c->n_elements; i++)
		n += c->elements[i].columns.n * ev_each_find(c->elements[i].each, event);
	p = ev_malloc(sizeof *p + n * sizeof *p->cells);
	*p = (struct ev_contract_plan){.closed = !columns_are_open(c, event)};
	add_cells(p, &c->columns, d, event->at);
	for (size_t i = 0; i < c->n_elements; i++) {
		const struct ev_contract_elements *e = &c->elements[i];

		for (size_t k = 0; e->columns.n > 0 && k < e->each->n; k++)
			add_cells(p, &e->columns, d, ev_each_at(e->each, k));
	}
	if (c->plans == NULL)
		c->plans = ev_calloc(EV_SHAPES + 1, sizeof(struct ev_contract_plan *));
	c->plans[d->shape] = p;
}

static inline bool are_short(const uint32_t *numbers, uint32_t n, const struct ev_doc *d)
{
	for (uint32_t i = 0; i < n; i++)
		if (d->nodes[numbers[i]].end - d->nodes[numbers[i]].pos > EV_VALUE_NUMBER)
			return false;
	return true;
}

static inline bool is_usual(const struct ev_contract_plan *p, const struct ev_contract_cell *cell,
			    const struct ev_doc *d)
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

static bool cells_fit(struct ev_contracts *v, const struct ev_contract_plan *p,
		      const struct ev_doc *d)
{
	bool good = true;

	for (const struct ev_contract_cell *c = p->cells, *end = c + p->n; c < end; c++)
		if (!is_usual(p, c, d))
			good &= !misfit(v, c->column, d, c->node);
	return good;
}

static bool columns_pass(struct ev_contracts *v, struct ev_contract_type *c,
			 const struct ev_event *event)
{
	const struct ev_doc *d = event->doc;
	const struct ev_contract_plan *p;
	bool good;

	if (d->shape != EV_NO_SHAPE) {
		if (c->plans == NULL || c->plans[d->shape] == NULL)
			make_plan(c, event);
		p = c->plans[d->shape];
		if (p->closed)
			return ev_columns_pass(v->m, c->type, c->len, d, v->why);
		good = cells_fit(v, p, d);
	} else {
		if (!columns_are_open(c, event))
			return ev_columns_pass(v->m, c->type, c->len, d, v->why);
		good = columns_fit(v, c, event);
	}
	return good || reject_code(v->why, "column");
}

/* With the values of the comparison that failed, where it is known. */
static struct ev_reason *tell_failed(struct ev_contracts *v, const struct ev_rule *rule,
				     struct ev_expr *expr, const struct ev_doc *d)
{
	struct ev_buf left = {0}, right = {0};
	const char *sign = ev_expr_compared(expr, d, 0, &left, &right);
	struct ev_reason *reason;

	if (sign == NULL)
		reason = ev_reasons_add(v->why, "the rule does not hold: %s", rule->jq);
	else
		reason = ev_reasons_add(v->why, "the rule does not hold: %s: %s %s %s", rule->jq,
					ev_reasons_quote(v->why, left.p, left.len), sign,
					ev_reasons_quote(v->why, right.p, right.len));
	ev_buf_free(&left);
	ev_buf_free(&right);
	return reason;
}

/* A rule that is not critical is counted, and the event passes. */
static bool rules_pass(struct ev_contracts *v, const struct ev_contract_type *c,
		       const struct ev_doc *d)
{
	bool good = true;

	for (size_t i = 0; i < c->n_rules; i++) {
		const struct ev_rule *rule = &v->m->rules[c->rules[i]];
		struct ev_reason *reason;
		enum ev_truth truth = ev_expr_test(v->exprs[c->rules[i]], d, 0, &v->scratch);

		if (truth == EV_HOLDS)
			continue;
		if (strcmp(rule->severity, "critical") != 0) {
			if (v->warned != NULL)
				v->warned(v->ctx, rule);
			continue;
		}
		if (truth == EV_FAILS)
			reason = tell_failed(v, rule, v->exprs[c->rules[i]], d);
		else
			reason = ev_reasons_add(v->why, "the rule cannot be told: %s",
						ev_buf_str(&v->scratch));
		reason->rule = rule->name;
		reason->place = ev_reasons_text(v->why, "%s:%zu:%zu", v->m->file, rule->place.line,
						rule->place.column);
		reason->keyword = "jq";
		reason->explain = rule->explain;
		good = false;
	}
	return good || reject_code(v->why, "rule");
}

static EV_NOINLINE struct ev_contract_type *seek_contract(struct ev_contracts *v,
							  const struct ev_event *event)
{
	size_t len;
	const char *p = ev_string(event->doc, event->type, &v->scratch, &len);
	uint32_t number;

	number = ev_symbols_of(v->types, p, len);
	return number != EV_NO_SYMBOL ? &v->contracts[number - 1] : NULL;
}

/* The types that come are few, and most are found by their last bytes. */
static struct ev_contract_type *contract_of(struct ev_contracts *v, const struct ev_event *event)
{
	const struct ev_node *n = &event->doc->nodes[event->type];
	const char *p = event->doc->text + n->pos + 1;
	uint32_t len = n->end - n->pos - 2;
	struct ev_contract_type **recent, *c;
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

static bool unknown_type(struct ev_contracts *v, const struct ev_event *event)
{
	struct ev_buf pointer = {0};
	struct ev_reason *reason;
	const char *p;
	size_t len;

	p = ev_raw(event->doc, event->type, &len);
	ev_pointer(event->doc, event->type, &pointer);
	reason = ev_reasons_add(v->why, "the model has no event type %s",
				ev_reasons_quote(v->why, p, len));
	reason->path = ev_reasons_copy(v->why, pointer.p, pointer.len);
	ev_buf_free(&pointer);
	return reject_code(v->why, "unknown-type");
}

bool ev_contracts_judge(struct ev_contracts *v, const struct ev_event *event,
			struct ev_reasons *why)
{
	struct ev_contract_type *c = contract_of(v, event);
	bool good;

	v->event = event;
	v->why = why;
	if (c == NULL) {
		if (!v->m->pass_unknown && v->m->n_types > 0)
			return unknown_type(v, event);
		c = &v->unknown;
	}
	switch (event->op) {
	case EV_PUT:
		good = ev_contract_schema(c->put, c->type, event->doc, event->reserved, why) &&
		       columns_pass(v, c, event) && rules_pass(v, c, event->doc);
		c->came |= good;
		return good;
	case EV_PATCH:
		return ev_contract_schema(c->patch, c->type, event->doc, event->reserved, why);
	case EV_DELETE: break;
	}
	return true;
}

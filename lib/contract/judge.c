#include "base/compiler.h"
#include "base/mem.h"
#include "contract/internal.h"
#include "regex/regex.h"
#include "warehouse/value.h"


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

/* Columns */

/* The slow path of fits. If the value does not fit, adds the reason. */
static EV_NOINLINE bool fits_slowly(struct ev_contracts *v, const struct ev_column *c,
				    uint32_t node)
{
	const struct ev_doc *d = v->event->doc;
	const struct ev_node *n = &d->nodes[node];
	uint32_t skip[EV_MAX_SKIP];
	char store[EV_VALUE_STORE];
	struct ev_value value;
	const char *problem;

	/* Escapes only make a text longer, and the column cannot refuse it but for U+0000. */
	if (c->type == EV_TYPE_VARCHAR && n->kind == EV_STRING && !d->nul &&
	    n->end - n->pos - 2 <= c->size)
		return true;
	problem = ev_column_value(c, v->m->zone, d, node, store, &value);
	if (problem != NULL && c->around)
		problem = ev_column_json_problem(d, node, skip,
						 ev_event_skip(v->events, v->event, NULL, 0, skip));
	if (problem != NULL)
		ev_column_misfit(c, d, node, problem, v->why);
	return problem == NULL;
}

static inline bool fits(void *contracts, const struct ev_column *c, uint32_t node)
{
	struct ev_contracts *v = contracts;
	char store[EV_VALUE_STORE];
	struct ev_value value;

	return ev_value_fast(c, v->event->doc, node, store, &value) || fits_slowly(v, c, node);
}

static bool columns_are_open(const struct ev_contract_type *c, const struct ev_event *event)
{
	if (!ev_containers_fit(&c->columns.containers, event->doc, event->at))
		return false;
	for (size_t i = 0; i < c->n_elements; i++)
		if (!ev_each_fits(c->elements[i].each, event, &c->elements[i].columns.containers))
			return false;
	return true;
}

typedef bool take_value(void *ctx, const struct ev_column *c, uint32_t node);

static EV_ALWAYS_INLINE bool each_of(const struct ev_contract_columns *c, const struct ev_doc *d,
				     const uint32_t *at, take_value *take, void *ctx)
{
	bool good = true;

	for (size_t i = 0; i < c->n; i++) {
		uint32_t node = at[c->list[i].slot];

		if (node != EV_NOWHERE && ev_kind(d, node) != EV_NULL)
			good &= take(ctx, c->list[i].column, node);
	}
	return good;
}

/* Calls take for each value that goes into a row; true if it always returned true. */
static EV_ALWAYS_INLINE bool each_value(const struct ev_contract_type *c,
					const struct ev_event *event, take_value *take, void *ctx)
{
	const struct ev_doc *d = event->doc;
	bool good = each_of(&c->columns, d, event->at, take, ctx);

	for (size_t i = 0; i < c->n_elements; i++) {
		const struct ev_contract_elements *e = &c->elements[i];

		if (e->columns.n == 0)
			continue;
		for (size_t k = 0, n = ev_each_find(e->each, event); k < n; k++)
			good &= each_of(&e->columns, d, ev_each_at(e->each, k), take, ctx);
	}
	return good;
}

/* The shape decides which values are present, and their kinds. */
struct plan {
	bool closed; /* some path leads through a value that has no members */
	size_t n;
	struct ev_check checks[];
};

/* A plan in the making. */
struct maker {
	struct plan *plan;
	const struct ev_doc *d;
};

static bool keep_value(void *maker, const struct ev_column *c, uint32_t node)
{
	const struct maker *m = maker;

	m->plan->checks[m->plan->n++] = ev_check_plan(c, m->d, node);
	return true;
}

static void *compile(void *client, const struct ev_doc *d)
{
	const struct ev_contract_type *c = client;
	struct plan *p;
	size_t n = c->columns.n;

	for (size_t i = 0; i < c->n_elements; i++)
		n += c->elements[i].columns.n * ev_each_find(c->elements[i].each, c->event);
	if ((p = ev_plan_alloc(d, sizeof *p + n * sizeof *p->checks)) == NULL)
		return NULL;
	*p = (struct plan){.closed = !columns_are_open(c, c->event)};
	each_value(c, c->event, keep_value, &(struct maker){p, d});
	return p;
}

static void print(const void *client, const void *plan, const struct ev_doc *d, struct ev_buf *out)
{
	const struct ev_contract_type *c = client;
	const struct plan *p = plan;

	ev_plan_line(out, p->closed ? "closed" : "open", d, EV_NOWHERE, c->type);
	for (size_t i = 0; i < p->n; i++)
		ev_plan_line(out, ev_check_name(&p->checks[i]), d, p->checks[i].node,
			     p->checks[i].column->name);
}

const struct ev_plan_kind ev_contract_columns_kind = {"columns", compile, print};

static bool all_fit(struct ev_contracts *v, const struct plan *p, const struct ev_doc *d)
{
	const struct ev_node *nodes = d->nodes;
	const char *text = d->text;
	bool good = true;

	for (const struct ev_check *c = p->checks, *end = c + p->n; c < end; c++)
		if (!ev_check_passes(c, d, nodes, text))
			good &= fits(v, c->column, c->node);
	return good;
}

static bool columns_pass(struct ev_contracts *v, struct ev_contract_type *c,
			 const struct ev_event *event)
{
	const struct plan *p;
	bool good;

	c->event = event;
	p = ev_plan_of(&c->plans, event->doc);
	if (p != NULL ? p->closed : !columns_are_open(c, event))
		return ev_columns_pass(v->m, c->type, c->len, event->doc, v->why);
	if (p != NULL)
		good = all_fit(v, p, event->doc);
	else
		good = each_value(c, event, fits, v);
	return good || reject_code(v->why, "column");
}

/* Names the values of the comparison that failed, where that is known. */
static struct ev_reason *failed_rule(struct ev_contracts *v, const struct ev_rule *rule,
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

/* A rule that is not critical is reported to `warned`, and the event passes. */
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
			reason = failed_rule(v, rule, v->exprs[c->rules[i]], d);
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

static struct ev_contract_type *contract_of(struct ev_contracts *v, const struct ev_event *event)
{
	size_t len;
	const char *p = ev_string(event->doc, event->type, &v->scratch, &len);
	uint32_t number = ev_symbols_of(v->types, p, len);

	return number != EV_NO_SYMBOL ? &v->contracts[number - 1] : NULL;
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

/* c: the contract of its type, or NULL. */
static bool is_unknown(const struct ev_model *m, const struct ev_contract_type *c)
{
	return c == NULL && m->n_types > 0 && m->others == NULL;
}

bool ev_contracts_drop(struct ev_contracts *v, const struct ev_event *event)
{
	return v->m->unknown_types == EV_UNKNOWN_DROP && is_unknown(v->m, contract_of(v, event));
}

bool ev_contracts_judge(struct ev_contracts *v, const struct ev_event *event,
			struct ev_reasons *why)
{
	struct ev_contract_type *c = contract_of(v, event);
	bool good;

	v->event = event;
	v->why = why;
	if (c == NULL) {
		if (is_unknown(v->m, c) && v->m->unknown_types != EV_UNKNOWN_PASS)
			return unknown_type(v, event);
		c = &v->unknown;
	}
	switch (event->op) {
	case EV_PUT:
		good = ev_contract_schema(c->put, c->type, event->doc, event->reserved, why) &&
		       columns_pass(v, c, event) && rules_pass(v, c, event->doc);
		c->came |= good;
		if (good && c->asks.n_filtered > 0)
			ev_presence_filter(&c->asks, event->doc);
		return good;
	case EV_PATCH:
		return ev_contract_schema(c->patch, c->type, event->doc, event->reserved, why);
	case EV_DELETE: break;
	}
	return true;
}

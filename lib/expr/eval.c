#include "base/compiler.h"
#include "expr/internal.h"

#include "json/view.h"

#include <string.h>

/*
 * many() hands the outputs of a part to a sink, one by one, so none is kept that nobody needs. A
 * part with exactly one output, as most have, is evaluated by one() without a sink.
 */

static enum ev_expr_flow one(struct ev_expr_run *x, const struct ev_expr_part *n,
			     const struct ev_expr_value *in, struct ev_expr_value *out);

static enum ev_expr_flow many(struct ev_expr_run *x, const struct ev_expr_part *n,
			      const struct ev_expr_value *in, struct ev_expr_sink *to);

static enum ev_expr_flow truth(struct ev_expr_run *x, const struct ev_expr_part *n,
			       const struct ev_expr_value *in, bool *holds);

/* Paths */

static inline uint32_t member(const struct ev_expr_run *x, uint32_t object,
			      const struct ev_expr_path_step *s)
{
	return x->bound ? ev_member_by_symbol(x->d, object, s->symbol)
			: ev_member(x->d, object, s->name, s->len);
}

static enum ev_expr_flow step(struct ev_expr_run *x, const struct ev_expr_path_step *s,
			      struct ev_expr_value *v)
{
	bool found;

	if (s->name != NULL && v->kind == EV_OBJECT)
		*v = ev_expr_value_member(x, v, s->name, s->len, &found);
	else if (s->name == NULL && v->kind == EV_ARRAY)
		*v = ev_expr_value_element(x, v, s->index);
	else if (v->kind != EV_NULL && s->name != NULL)
		return ev_expr_raise(x, "Cannot index %s with string \"%.*s\"",
				     ev_kind_name((enum ev_kind)v->kind),
				     ev_expr_cut(s->name, s->len, 80), s->name);
	else if (v->kind != EV_NULL)
		return ev_expr_raise(x, "Cannot index %s with number",
				     ev_kind_name((enum ev_kind)v->kind));
	return EV_GO_ON;
}

/* The fast path of one from the record that names alone lead through; else EV_NOWHERE. */
static inline uint32_t place(const struct ev_expr_run *x, const struct ev_expr_part *n,
			     const struct ev_expr_value *from)
{
	const uint32_t member_id = n->steps[n->n_steps - 1].member_id;

	return x->bound && from->form == EV_IN_DOC && from->n == 0 && member_id != EV_NO_MEMBER_ID
		       ? ev_member_by_id(x->d, member_id)
		       : EV_NOWHERE;
}

/* The value at a path. *none: a step with ? failed, so there is no output. */
static enum ev_expr_flow path(struct ev_expr_run *x, const struct ev_expr_part *n,
			      const struct ev_expr_value *from, struct ev_expr_value *out,
			      bool *none)
{
	const uint32_t found = place(x, n, from);
	enum ev_expr_flow flow;

	*none = false;
	if (found != EV_NOWHERE) {
		ev_expr_spend(x, n->n_steps);
		*out = ev_expr_at(x->d, found);
		return EV_GO_ON;
	}
	*out = *from;
	for (const struct ev_expr_path_step *s = n->steps, *end = s + n->n_steps; s < end; s++) {
		if (out->form == EV_IN_DOC && out->kind == EV_OBJECT && s->name != NULL) {
			uint32_t at = member(x, out->n, s);

			ev_expr_spend(x, x->d->nodes[out->n].count);
			*out = at != EV_NOWHERE ? ev_expr_at(x->d, at) : ev_expr_bare(EV_NULL);
			continue;
		}
		flow = step(x, s, out);
		*none = flow == EV_RAISED && s->optional;
		if (flow != EV_GO_ON)
			return *none ? EV_GO_ON : flow;
	}
	return EV_GO_ON;
}

/* Sinks. Each is known by its first member. */

struct first_sink {
	struct ev_expr_sink sink;
	struct ev_expr_value value;
	bool any;
};

static enum ev_expr_flow take_last(struct ev_expr_run *x, struct ev_expr_sink *to,
				   const struct ev_expr_value *v)
{
	struct first_sink *s = (struct first_sink *)to;

	(void)x;
	s->value = *v;
	s->any = true;
	return EV_GO_ON;
}

static enum ev_expr_flow take_first(struct ev_expr_run *x, struct ev_expr_sink *to,
				    const struct ev_expr_value *v)
{
	take_last(x, to, v);
	return EV_STOP;
}

struct list_sink {
	struct ev_expr_sink sink;
	struct ev_expr_list list;
};

static enum ev_expr_flow take_list(struct ev_expr_run *x, struct ev_expr_sink *to,
				   const struct ev_expr_value *v)
{
	struct list_sink *s = (struct list_sink *)to;

	ev_expr_list_add(x, &s->list, v);
	return x->left >= 0 ? EV_GO_ON : ev_expr_spent(x);
}

/* all() and any(): stops at the first that is not, or is, true. */
struct quantifier_sink {
	struct ev_expr_sink sink;
	const struct ev_expr_part *holds; /* the condition on each output; NULL: its own truth */
	bool decides;			  /* the truth at which it stops */
	bool decided;
};

static enum ev_expr_flow take_item(struct ev_expr_run *x, struct ev_expr_sink *to,
				   const struct ev_expr_value *v)
{
	struct quantifier_sink *s = (struct quantifier_sink *)to;
	struct quantifier_sink outputs = {.sink = {take_item}, .decides = s->decides};
	enum ev_expr_flow flow = EV_GO_ON;
	bool holds;

	if (s->holds == NULL) {
		holds = ev_expr_is_true(v);
	} else if (s->holds->single) {
		flow = truth(x, s->holds, v, &holds);
	} else {
		flow = many(x, s->holds, v, &outputs.sink);
		s->decided = outputs.decided;
		return flow;
	}
	s->decided = flow == EV_GO_ON && holds == s->decides;
	return s->decided ? EV_STOP : flow;
}

struct sum_sink {
	struct ev_expr_sink sink;
	struct ev_expr_sum sum;
};

static enum ev_expr_flow take_sum(struct ev_expr_run *x, struct ev_expr_sink *to,
				  const struct ev_expr_value *v)
{
	return ev_expr_sum_add(x, &((struct sum_sink *)to)->sum, v);
}

static enum ev_expr_flow each(struct ev_expr_run *x, const struct ev_expr_part *n,
			      const struct ev_expr_value *v, struct ev_expr_sink *to)
{
	struct ev_expr_value item;
	enum ev_expr_flow flow;

	if (v->kind != EV_ARRAY && v->kind != EV_OBJECT)
		return n->optional ? EV_GO_ON
				   : ev_expr_raise(x, "Cannot iterate over %s",
						   ev_expr_value_describe(x, v));
	for (struct ev_expr_cursor c = ev_expr_cursor(x, v);
	     ev_expr_cursor_next(x, &c, NULL, &item);) {
		if (!ev_expr_spend(x, 1))
			return ev_expr_spent(x);
		flow = to->take(x, to, &item);
		if (flow != EV_GO_ON)
			return flow;
	}
	return EV_GO_ON;
}

/* a[b]. The index first, as jq does; it is a name or a number. */
static enum ev_expr_flow at(struct ev_expr_run *x, const struct ev_expr_part *n,
			    const struct ev_expr_value *in, struct ev_expr_value *out)
{
	struct ev_expr_value key, of, whole;
	enum ev_expr_flow flow;
	const char *name;
	size_t len;
	bool found;

	if ((flow = one(x, n->b, in, &key)) != EV_GO_ON ||
	    (flow = one(x, n->a, in, &of)) != EV_GO_ON)
		return flow;
	if (of.kind == EV_ARRAY && key.kind >= EV_ARRAY)
		return ev_expr_give_up(x, "an index that is an array or an object is not known");
	if (of.kind == EV_OBJECT && key.kind == EV_STRING) {
		name = ev_expr_value_string(x, &key, &len);
		*out = ev_expr_value_member(x, &of, name, len, &found);
	} else if (of.kind == EV_ARRAY && key.kind == EV_NUMBER) {
		whole = ev_expr_whole(ev_expr_value_index(x, &key));
		*out = ev_expr_numbers_compare(x, &key, &whole) == 0
			       ? ev_expr_value_element(x, &of, whole.coef)
			       : ev_expr_bare(EV_NULL);
	} else if (of.kind == EV_NULL && key.kind >= EV_NUMBER && key.kind != EV_ARRAY) {
		*out = of;
	} else {
		return ev_expr_raise(x, "Cannot index %s with %s",
				     ev_kind_name((enum ev_kind)of.kind),
				     ev_expr_value_describe(x, &key));
	}
	return EV_GO_ON;
}

/* Operators, and functions of more than values */

const char *const ev_expr_signs[] = {
	[EV_LESS] = "<",    [EV_LESS | EV_EQUAL] = "<=",    [EV_EQUAL] = "==",
	[EV_GREATER] = ">", [EV_GREATER | EV_EQUAL] = ">=", [EV_LESS | EV_GREATER] = "!=",
};

/* Whether a comparison orders a number and a text or null. */
static inline bool has_no_order(const struct ev_expr_part *n, const struct ev_expr_value *a,
				const struct ev_expr_value *b)
{
	const unsigned others = 1U << EV_NULL | 1U << EV_STRING;

	return n->mask != EV_EQUAL && n->mask != (EV_LESS | EV_GREATER) &&
	       ((a->kind == EV_NUMBER && (others >> b->kind & 1) != 0) ||
		(b->kind == EV_NUMBER && (others >> a->kind & 1) != 0));
}

static EV_NOINLINE enum ev_expr_flow raise_no_order(struct ev_expr_run *x,
						    const struct ev_expr_part *n,
						    const struct ev_expr_value *a,
						    const struct ev_expr_value *b)
{
	return ev_expr_raise(x, "%s and %s have no order for %s", ev_expr_value_describe(x, a),
			     ev_expr_value_describe(x, b), ev_expr_signs[n->mask]);
}

static inline enum ev_expr_flow compared(struct ev_expr_run *x, const struct ev_expr_part *n,
					 const struct ev_expr_value *a,
					 const struct ev_expr_value *b, bool *holds)
{
	if (a->kind == EV_NUMBER && b->kind == EV_NUMBER) {
		*holds = ev_expr_order_holds(n, ev_expr_numbers_compare(x, a, b));
		return EV_GO_ON;
	}
	if (has_no_order(n, a, b))
		return raise_no_order(x, n, a, b);
	*holds = ev_expr_order_holds(n, ev_expr_value_compare(x, a, b));
	return EV_GO_ON;
}

static enum ev_expr_flow operate(struct ev_expr_run *x, const struct ev_expr_part *n,
				 const struct ev_expr_value *a, const struct ev_expr_value *b,
				 struct ev_expr_value *out)
{
	enum ev_expr_flow flow;
	bool holds = false;

	if (n->op == EV_COMPARE) {
		flow = compared(x, n, a, b, &holds);
		*out = ev_expr_truth_value(holds);
		return flow;
	}
	switch (n->sign) {
	case '+': return ev_expr_value_add(x, a, b, out);
	case '-': return ev_expr_value_subtract(x, a, b, out);
	default: return ev_expr_value_multiply(x, a, b, out);
	}
}

static struct ev_expr_value grouped(struct ev_expr_run *x, const struct ev_expr_value *pairs,
				    uint32_t n, bool whole)
{
	struct ev_expr_list all = {0}, group;
	struct ev_expr_value v;

	for (size_t i = 0, k; i < n; i = k) {
		group = (struct ev_expr_list){0};
		for (k = i; k < n &&
			    (k == i || ev_expr_value_compare(x, &pairs[2 * i], &pairs[2 * k]) == 0);
		     k++)
			if (whole)
				ev_expr_list_add(x, &group, &pairs[2 * k + 1]);
		v = whole ? ev_expr_list_value(&group) : pairs[2 * i + 1];
		ev_expr_list_add(x, &all, &v);
	}
	return ev_expr_list_value(&all);
}

static enum ev_expr_flow by(struct ev_expr_run *x, const struct ev_expr_part *n,
			    const struct ev_expr_value *v, struct ev_expr_value *out)
{
	bool extreme = n->function == EV_F_MIN || n->function == EV_F_MAX;
	struct ev_expr_list pairs = {0}, values = {0};
	struct ev_expr_value item, best = {0};
	enum ev_expr_flow flow;

	if (v->kind != EV_ARRAY)
		return extreme ? ev_expr_raise(x, "%s cannot be iterated over",
					       ev_expr_value_describe(x, v))
			       : ev_expr_raise(x, "%s cannot be %s, as it is not an array",
					       ev_expr_value_describe(x, v),
					       n->function == EV_F_GROUP ? "grouped" : "sorted");
	for (struct ev_expr_cursor c = ev_expr_cursor(x, v);
	     ev_expr_cursor_next(x, &c, NULL, &item);) {
		struct list_sink key = {.sink = {take_list}};

		if (n->a == NULL) {
			ev_expr_list_add(x, &pairs, &item);
		} else {
			flow = many(x, n->a, &item, &key.sink);
			if (flow != EV_GO_ON)
				return flow;
			best = ev_expr_list_value(&key.list);
			ev_expr_list_add(x, &pairs, &best);
		}
		ev_expr_list_add(x, &pairs, &item);
		if (x->left < 0)
			return ev_expr_spent(x);
	}
	pairs.n /= 2;
	if (extreme) {
		size_t k = 0;

		for (size_t i = 1; i < pairs.n; i++) {
			int c = ev_expr_value_compare(x, &pairs.items[2 * i], &pairs.items[2 * k]);

			if ((c < 0) == (n->function == EV_F_MIN))
				k = i;
		}
		*out = pairs.n != 0 ? pairs.items[2 * k + 1] : ev_expr_bare(EV_NULL);
		return EV_GO_ON;
	}
	ev_expr_pairs_sort(x, pairs.items, pairs.n);
	if (x->left < 0)
		return ev_expr_spent(x);
	if (n->function != EV_F_SORT) {
		*out = grouped(x, pairs.items, pairs.n, n->function == EV_F_GROUP);
		return EV_GO_ON;
	}
	for (uint32_t i = 0; i < pairs.n; i++)
		ev_expr_list_add(x, &values, &pairs.items[2 * i + 1]);
	*out = ev_expr_list_value(&values);
	return EV_GO_ON;
}

/* A function with one output that libjq does. */
static enum ev_expr_flow foreign(struct ev_expr_run *x, const struct ev_expr_part *n,
				 const struct ev_expr_value *in, struct ev_expr_value *out)
{
	struct ev_expr_list outputs = {0};
	enum ev_expr_flow flow = ev_libjq_call(x, n->slot, in, &outputs);

	if (flow == EV_GO_ON && outputs.n != 1)
		return ev_expr_raise(x, "libjq gave %u values where one was due",
				     (unsigned)outputs.n);
	if (flow == EV_GO_ON)
		*out = outputs.items[0];
	return flow;
}

static enum ev_expr_flow each_foreign(struct ev_expr_run *x, const struct ev_expr_part *n,
				      const struct ev_expr_value *in, struct ev_expr_sink *to)
{
	struct ev_expr_list outputs = {0};
	enum ev_expr_flow flow = ev_libjq_call(x, n->slot, in, &outputs);

	for (uint32_t i = 0; flow == EV_GO_ON && i < outputs.n; i++)
		flow = to->take(x, to, &outputs.items[i]);
	return flow;
}

/* Parts with one output */

static enum ev_expr_flow quantified(struct ev_expr_run *x, const struct ev_expr_part *n,
				    const struct ev_expr_value *in, struct ev_expr_value *out)
{
	const bool any = n->op == EV_ANY_OF;
	struct quantifier_sink s = {{take_item}, n->b, any, false};
	enum ev_expr_flow flow = many(x, n->a, in, &s.sink);

	*out = ev_expr_truth_value(s.decided == any);
	return flow == EV_STOP ? EV_GO_ON : flow;
}

static enum ev_expr_flow picked(struct ev_expr_run *x, const struct ev_expr_part *n,
				const struct ev_expr_value *in, struct ev_expr_value *out)
{
	struct first_sink s = {.sink = {n->op == EV_LAST_OF ? take_last : take_first},
			       .value = ev_expr_bare(EV_NULL)};
	enum ev_expr_flow flow = many(x, n->a, in, &s.sink);

	if (flow != EV_GO_ON && flow != EV_STOP)
		return flow;
	*out = n->op == EV_IS_EMPTY ? ev_expr_truth_value(!s.any) : s.value;
	return EV_GO_ON;
}

struct reduce_sink {
	struct ev_expr_sink sink;
	const struct ev_expr_part *n;
	struct ev_expr_value state;
};

static enum ev_expr_flow take_reduced(struct ev_expr_run *x, struct ev_expr_sink *to,
				      const struct ev_expr_value *v)
{
	struct reduce_sink *s = (struct reduce_sink *)to;
	struct ev_expr_value state = s->state;

	x->vars[s->n->slot] = *v;
	return one(x, s->n->c, &state, &s->state);
}

static enum ev_expr_flow reduced(struct ev_expr_run *x, const struct ev_expr_part *n,
				 const struct ev_expr_value *in, struct ev_expr_value *out)
{
	struct reduce_sink s = {.sink = {take_reduced}, .n = n};
	enum ev_expr_flow flow = one(x, n->b, in, &s.state);

	if (flow == EV_GO_ON)
		flow = many(x, n->a, in, &s.sink);
	*out = s.state;
	return flow;
}

/* An operand where it is, or in *room. */
static inline enum ev_expr_flow operand(struct ev_expr_run *x, const struct ev_expr_part *n,
					const struct ev_expr_value *in, struct ev_expr_value *room,
					const struct ev_expr_value **v)
{
	*v = n->op == EV_CONST ? &n->value : n->op == EV_INPUT ? in : room;
	return *v != room ? EV_GO_ON : one(x, n, in, room);
}

/* Adds the members of an object, of which the last of a name counts, where the first stood. */
static enum ev_expr_flow add_members(struct ev_expr_run *x, const struct ev_expr_part *n,
				     const struct ev_expr_value *in, struct ev_expr_list *list)
{
	enum ev_expr_flow flow = n->a != NULL ? add_members(x, n->a, in, list) : EV_GO_ON;
	struct ev_expr_value name, value;

	if (flow != EV_GO_ON || (flow = one(x, n->b, in, &name)) != EV_GO_ON ||
	    (flow = one(x, n->c, in, &value)) != EV_GO_ON)
		return flow;
	if (name.kind != EV_STRING)
		return ev_expr_raise(x, "the name of a member must be a string, not %s",
				     ev_expr_value_describe(x, &name));
	for (uint32_t i = 0; i < list->n; i += 2)
		if (ev_expr_value_compare(x, &list->items[i], &name) == 0) {
			list->items[i + 1] = value;
			return EV_GO_ON;
		}
	ev_expr_list_add(x, list, &name);
	ev_expr_list_add(x, list, &value);
	return x->left >= 0 ? EV_GO_ON : ev_expr_spent(x);
}

/* Parts that gather all outputs of an operand, or of several. */
static enum ev_expr_flow gathered(struct ev_expr_run *x, const struct ev_expr_part *n,
				  const struct ev_expr_value *in, struct ev_expr_value *out)
{
	struct list_sink list = {.sink = {take_list}};
	struct sum_sink sum = {.sink = {take_sum}, .sum.value = ev_expr_bare(EV_NULL)};
	enum ev_expr_flow flow;

	switch (n->op) {
	case EV_COLLECT:
		flow = many(x, n->a, in, &list.sink);
		*out = ev_expr_list_value(&list.list);
		return flow;
	case EV_MEMBER:
		flow = add_members(x, n, in, &list.list);
		*out = ev_expr_list_value(&list.list);
		out->kind = EV_OBJECT;
		out->n /= 2;
		return flow;
	case EV_SUM:
		flow = many(x, n->a, in, &sum.sink);
		*out = sum.sum.value;
		return flow;
	case EV_REDUCE: return reduced(x, n, in, out);
	case EV_ALL_OF:
	case EV_ANY_OF: return quantified(x, n, in, out);
	default: /* EV_LAST_OF, EV_IS_EMPTY */ return picked(x, n, in, out);
	}
}

static enum ev_expr_flow one(struct ev_expr_run *x, const struct ev_expr_part *n,
			     const struct ev_expr_value *in, struct ev_expr_value *out)
{
	const struct ev_expr_value *left, *right;
	struct ev_expr_value a, b;
	enum ev_expr_flow flow;
	bool none;

	switch (n->op) {
	case EV_INPUT: *out = *in; return EV_GO_ON;
	case EV_CONST: *out = n->value; return EV_GO_ON;
	case EV_VAR: *out = x->vars[n->slot]; return EV_GO_ON;
	case EV_PATH:
		if (n->a->op == EV_INPUT)
			return path(x, n, in, out, &none);
		flow = one(x, n->a, in, &a);
		return flow != EV_GO_ON ? flow : path(x, n, &a, out, &none);
	case EV_AT: return at(x, n, in, out);
	case EV_PIPE:
		flow = one(x, n->a, in, &a);
		return flow != EV_GO_ON ? flow : one(x, n->b, &a, out);
	case EV_AND:
	case EV_OR:
		flow = one(x, n->a, in, &a);
		if (flow != EV_GO_ON)
			return flow;
		if (ev_expr_is_true(&a) == (n->op == EV_AND) &&
		    (flow = one(x, n->b, in, &a)) != EV_GO_ON)
			return flow;
		*out = ev_expr_truth_value(ev_expr_is_true(&a));
		return EV_GO_ON;
	case EV_ALT:
		flow = one(x, n->a, in, out);
		return flow != EV_GO_ON || ev_expr_is_true(out) ? flow : one(x, n->b, in, out);
	case EV_COMPARE:
	case EV_ARITH:
		/* The right side first, as jq does: it decides which of two errors is raised. */
		if ((flow = operand(x, n->b, in, &b, &right)) != EV_GO_ON ||
		    (flow = operand(x, n->a, in, &a, &left)) != EV_GO_ON)
			return flow;
		return operate(x, n, left, right, out);
	case EV_NEGATE:
		flow = one(x, n->a, in, &a);
		return flow != EV_GO_ON ? flow : ev_expr_value_negate(x, &a, out);
	case EV_IF:
		flow = one(x, n->a, in, &a);
		return flow != EV_GO_ON ? flow : one(x, ev_expr_is_true(&a) ? n->b : n->c, in, out);
	case EV_BIND:
		flow = one(x, n->a, in, &a);
		if (flow != EV_GO_ON)
			return flow;
		x->vars[n->slot] = a;
		return one(x, n->b, in, out);
	case EV_ERROR:
		ev_expr_raise(x, "%.*s", ev_expr_cut(n->value.p, n->value.n, 900), n->value.p);
		return EV_RAISED;
	case EV_CALL:
		if (n->a == NULL)
			return ev_expr_call(x, n->function, in, NULL, out);
		flow = one(x, n->a, in, &a);
		return flow != EV_GO_ON ? flow : ev_expr_call(x, n->function, in, &a, out);
	case EV_BY: return by(x, n, in, out);
	case EV_FOREIGN: return foreign(x, n, in, out);
	default: return gathered(x, n, in, out);
	}
}

static enum ev_expr_flow truth(struct ev_expr_run *x, const struct ev_expr_part *n,
			       const struct ev_expr_value *in, bool *holds)
{
	struct ev_expr_value v;
	enum ev_expr_flow flow = one(x, n, in, &v);

	*holds = flow == EV_GO_ON && ev_expr_is_true(&v);
	return flow;
}

/* Parts with any number of outputs */

/* Takes the outputs of an operand, and hands what its part n makes of them to `to`. */
struct operand_sink {
	struct ev_expr_sink sink;
	const struct ev_expr_part *n;
	const struct ev_expr_value *in; /* of n */
	struct ev_expr_sink *to;
	bool flag; /* EV_ALT: an output was true; EV_TRY: the error is not the operand's */
	struct ev_expr_value right; /* operand of two */
};

static enum ev_expr_flow take_left(struct ev_expr_run *x, struct ev_expr_sink *to,
				   const struct ev_expr_value *v)
{
	struct operand_sink *s = (struct operand_sink *)to;
	struct ev_expr_value out;
	enum ev_expr_flow flow = operate(x, s->n, v, &s->right, &out);

	return flow == EV_GO_ON ? s->to->take(x, s->to, &out) : flow;
}

static enum ev_expr_flow take_truth(struct ev_expr_run *x, struct ev_expr_sink *to,
				    const struct ev_expr_value *v)
{
	struct operand_sink *s = (struct operand_sink *)to;
	struct ev_expr_value out = ev_expr_truth_value(ev_expr_is_true(v));

	return s->to->take(x, s->to, &out);
}

static enum ev_expr_flow take_operand(struct ev_expr_run *x, struct ev_expr_sink *to,
				      const struct ev_expr_value *v)
{
	struct operand_sink *s = (struct operand_sink *)to, other = {.n = s->n, .to = s->to};
	const struct ev_expr_part *n = s->n;
	const bool is_true = ev_expr_is_true(v);
	enum ev_expr_flow flow = EV_GO_ON;
	struct ev_expr_value out = *v;
	bool none = false;

	switch (n->op) {
	case EV_PIPE: return many(x, n->b, v, s->to);
	case EV_EACH: return each(x, n, v, s->to);
	case EV_IF: return many(x, is_true ? n->b : n->c, s->in, s->to);
	case EV_BIND: x->vars[n->slot] = *v; return many(x, n->b, s->in, s->to);
	case EV_COMPARE:
	case EV_ARITH:
		other.sink.take = take_left;
		other.right = *v;
		return many(x, n->a, s->in, &other.sink);
	case EV_AND:
	case EV_OR:
		other.sink.take = take_truth;
		if (is_true == (n->op == EV_AND))
			return many(x, n->b, s->in, &other.sink);
		out = ev_expr_truth_value(is_true);
		break;
	case EV_TRY:
		flow = s->to->take(x, s->to, v);
		s->flag = flow == EV_RAISED;
		return flow;
	case EV_ALT:
		none = !is_true;
		s->flag |= is_true;
		break;
	case EV_SELECT:
		none = !is_true;
		out = *s->in;
		break;
	case EV_PATH: flow = path(x, n, v, &out, &none); break;
	case EV_NEGATE: flow = ev_expr_value_negate(x, v, &out); break;
	default: flow = ev_expr_call(x, n->function, s->in, v, &out); break;
	}
	return flow != EV_GO_ON || none ? flow : s->to->take(x, s->to, &out);
}

static enum ev_expr_flow outputs(struct ev_expr_run *x, const struct ev_expr_part *n,
				 const struct ev_expr_value *in, struct ev_expr_sink *to)
{
	struct operand_sink s = {.sink = {take_operand}, .n = n, .in = in, .to = to};
	struct first_sink first = {.sink = {take_first}};
	enum ev_expr_flow flow;

	switch (n->op) {
	case EV_EMPTY: return EV_GO_ON;
	case EV_KINDS: return (n->mask & 1 << in->kind) != 0 ? to->take(x, to, in) : EV_GO_ON;
	case EV_COMMA:
		flow = many(x, n->a, in, to);
		return flow == EV_GO_ON ? many(x, n->b, in, to) : flow;
	case EV_ALT:
		flow = many(x, n->a, in, &s.sink);
		return flow == EV_GO_ON && !s.flag ? many(x, n->b, in, to) : flow;
	case EV_TRY:
		flow = many(x, n->a, in, &s.sink);
		return flow == EV_RAISED && !s.flag ? EV_GO_ON : flow;
	case EV_FIRST_OF:
		flow = many(x, n->a, in, &first.sink);
		if (flow != EV_GO_ON && flow != EV_STOP)
			return flow;
		return first.any ? to->take(x, to, &first.value) : EV_GO_ON;
	case EV_FOREIGN: return each_foreign(x, n, in, to);
	case EV_COMPARE: /* the right side first, as in one() */
	case EV_ARITH: return many(x, n->b, in, &s.sink);
	default: return many(x, n->a, in, &s.sink);
	}
}

static enum ev_expr_flow many(struct ev_expr_run *x, const struct ev_expr_part *n,
			      const struct ev_expr_value *in, struct ev_expr_sink *to)
{
	struct ev_expr_value v;
	enum ev_expr_flow flow;

	if (!ev_expr_spend(x, 1))
		return ev_expr_spent(x);
	if (!n->single)
		return outputs(x, n, in, to);
	flow = one(x, n, in, &v);
	return flow == EV_GO_ON ? to->take(x, to, &v) : flow;
}

struct verdict_sink {
	struct ev_expr_sink sink;
	bool any, none_false;
};

static enum ev_expr_flow take_verdict(struct ev_expr_run *x, struct ev_expr_sink *to,
				      const struct ev_expr_value *v)
{
	struct verdict_sink *s = (struct verdict_sink *)to;

	(void)x;
	s->any = true;
	s->none_false = ev_expr_is_true(v);
	return s->none_false ? EV_GO_ON : EV_STOP;
}

enum ev_expr_flow ev_expr_holds(struct ev_expr_run *x, const struct ev_expr_part *n,
				const struct ev_expr_value *in, bool *holds)
{
	struct verdict_sink s = {.sink = {take_verdict}};
	enum ev_expr_flow flow;

	if (n->single)
		return ev_expr_spend(x, 1) ? truth(x, n, in, holds) : ev_expr_spent(x);
	flow = many(x, n, in, &s.sink);
	*holds = s.any && s.none_false;
	return flow;
}

struct count_sink {
	struct ev_expr_sink sink;
	struct ev_expr_value *last;
	uint32_t *count;
};

static enum ev_expr_flow take_counted(struct ev_expr_run *x, struct ev_expr_sink *to,
				      const struct ev_expr_value *v)
{
	struct count_sink *s = (struct count_sink *)to;

	(void)x;
	*s->last = *v;
	++*s->count;
	return EV_GO_ON;
}

enum ev_expr_flow ev_expr_outputs(struct ev_expr_run *x, const struct ev_expr_part *n,
				  const struct ev_expr_value *in, struct ev_expr_value *last,
				  uint32_t *count)
{
	struct count_sink s = {.sink = {take_counted}, .last = last, .count = count};

	*count = n->single;
	return n->single ? one(x, n, in, last) : many(x, n, in, &s.sink);
}

/*
 * Which comparison failed. It is searched for afterwards, since few rules fail: from the root
 * through the parts whose truth is that of one of their operands.
 */

/* The first element for which n->b does not hold becomes the input. */
static bool first_failing(struct ev_expr_run *x, const struct ev_expr_part *n,
			  struct ev_expr_value *in)
{
	struct ev_expr_value list = {0}, item = {0};
	bool holds = true;

	if (n->a->op != EV_EACH || !n->a->a->single || !n->b->single ||
	    one(x, n->a->a, in, &list) != EV_GO_ON ||
	    (list.kind != EV_ARRAY && list.kind != EV_OBJECT))
		return false;
	for (struct ev_expr_cursor c = ev_expr_cursor(x, &list);
	     holds && x->left >= 0 && ev_expr_cursor_next(x, &c, NULL, &item);)
		if (truth(x, n->b, &item, &holds) != EV_GO_ON)
			return false;
	*in = item;
	return !holds;
}

/* The operand that decided a part's truth; NULL if it is not known which. */
static const struct ev_expr_part *nearer(struct ev_expr_run *x, const struct ev_expr_part *n,
					 struct ev_expr_value *in)
{
	struct ev_expr_value v = *in;
	bool holds;

	switch (n->op) {
	case EV_AND:
		if (truth(x, n->a, in, &holds) != EV_GO_ON)
			return NULL;
		return holds ? n->b : n->a;
	case EV_IF:
		if (truth(x, n->a, in, &holds) != EV_GO_ON)
			return NULL;
		return holds ? n->b : n->c;
	case EV_PIPE: return one(x, n->a, &v, in) == EV_GO_ON ? n->b : NULL;
	case EV_BIND: return one(x, n->a, in, &x->vars[n->slot]) == EV_GO_ON ? n->b : NULL;
	case EV_ALL_OF: return first_failing(x, n, in) ? n->b : NULL;
	default: return NULL;
	}
}

const char *ev_expr_failed(struct ev_expr_run *x, const struct ev_expr_part *n,
			   const struct ev_expr_value *in, struct ev_expr_value *left,
			   struct ev_expr_value *right)
{
	struct ev_expr_value at = *in;

	while (n != NULL && n->single && n->op != EV_COMPARE)
		n = nearer(x, n, &at);
	if (n == NULL || !n->single || one(x, n->b, &at, right) != EV_GO_ON ||
	    one(x, n->a, &at, left) != EV_GO_ON)
		return NULL;
	return ev_expr_signs[n->mask];
}

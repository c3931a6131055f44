#include "base/compiler.h"
#include "expr/internal.h"

#include "number/decimal.h"
#include "json/path.h"
#include "json/view.h"

#include <string.h>

/*
 * Outputs are handed to a sink one by one, so nothing is kept that is not asked for. A part that
 * has one output (most have) is evaluated by one() without a sink.
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
	return x->bound ? ev_member_symbol(x->d, object, s->symbol)
			: ev_member(x->d, object, s->name, s->len);
}

static enum ev_expr_flow step(struct ev_expr_run *x, const struct ev_expr_path_step *s,
			      const struct ev_expr_value *in, struct ev_expr_value *out)
{
	struct ev_expr_value v = *in;
	bool found;

	if (s->name != NULL && v.kind == EV_OBJECT) {
		*out = ev_expr_value_member(x, &v, s->name, s->len, &found);
		return EV_GO_ON;
	}
	if (s->name == NULL && v.kind == EV_ARRAY) {
		*out = ev_expr_value_element(x, &v, s->index);
		return EV_GO_ON;
	}
	if (v.kind == EV_NULL) {
		*out = v;
		return EV_GO_ON;
	}
	if (s->name != NULL)
		return ev_expr_raise(x, "Cannot index %s with string \"%.*s\"",
				     ev_kind_name((enum ev_kind)v.kind),
				     ev_expr_cut(s->name, s->len, 80), s->name);
	return ev_expr_raise(x, "Cannot index %s with number", ev_kind_name((enum ev_kind)v.kind));
}

/* The steps from the i-th on, from *out. *none: one with ? failed, so there is no output. */
static enum ev_expr_flow steps(struct ev_expr_run *x, const struct ev_expr_part *n, uint32_t i,
			       struct ev_expr_value *out, bool *none)
{
	enum ev_expr_flow flow;

	for (; i < n->n_steps; i++) {
		flow = step(x, &n->steps[i], out, out);
		if (flow == EV_RAISED && n->steps[i].quiet) {
			*none = true;
			return EV_GO_ON;
		}
		if (flow != EV_GO_ON)
			return flow;
	}
	return EV_GO_ON;
}

/* Members of members are found without a value for each. */
static inline enum ev_expr_flow path(struct ev_expr_run *x, const struct ev_expr_part *n,
				     const struct ev_expr_value *from, struct ev_expr_value *out,
				     bool *none)
{
	const struct ev_node *nodes = x->d->nodes;
	const struct ev_expr_path_step *s = n->steps, *end = s + n->n_steps;
	uint32_t at = from->n;

	*none = false;
	*out = *from;
	if (from->form == EV_IN_DOC) {
		for (; s < end && s->name != NULL && nodes[at].kind == EV_OBJECT; s++) {
			x->left -= (int64_t)nodes[at].count;
			at = member(x, at, s);
			if (at == EV_NOWHERE) {
				*out = ev_expr_bare(EV_NULL);
				return steps(x, n, (uint32_t)(s + 1 - n->steps), out, none);
			}
		}
		*out = ev_expr_at(x->d, at);
	}
	return s < end ? steps(x, n, (uint32_t)(s - n->steps), out, none) : EV_GO_ON;
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
	const struct ev_expr_part *holds;
	bool wanted; /* the truth that decides */
	bool decided;
	struct ev_expr_sink inner;
};

static enum ev_expr_flow take_truth(struct ev_expr_run *x, struct ev_expr_sink *to,
				    const struct ev_expr_value *v)
{
	struct quantifier_sink *s =
		(struct quantifier_sink *)((char *)to - offsetof(struct quantifier_sink, inner));

	(void)x;
	if (ev_expr_is_true(v) != s->wanted)
		return EV_GO_ON;
	s->decided = true;
	return EV_STOP;
}

static enum ev_expr_flow take_item(struct ev_expr_run *x, struct ev_expr_sink *to,
				   const struct ev_expr_value *v)
{
	struct quantifier_sink *s = (struct quantifier_sink *)to;
	enum ev_expr_flow flow;
	bool holds;

	if (!s->holds->single)
		return many(x, s->holds, v, &s->inner);
	flow = truth(x, s->holds, v, &holds);
	if (flow != EV_GO_ON || holds != s->wanted)
		return flow;
	s->decided = true;
	return EV_STOP;
}

/* The sum of what comes; strings and arrays grow in place. */
struct sum_sink {
	struct ev_expr_sink sink;
	struct ev_expr_value sum;
	char *text;
	size_t cap;	     /* of text */
	struct ev_expr_list list; /* of the array in sum, if its items are */
};

static enum ev_expr_flow add_text(struct ev_expr_run *x, struct sum_sink *s,
				  const struct ev_expr_value *v)
{
	size_t had, len;
	const char *before = ev_expr_value_string(x, &s->sum, &had),
		   *p = ev_expr_value_string(x, v, &len);

	if (!ev_expr_spend(x, 1 + len / 16) || had + len > UINT32_MAX / 2)
		return ev_expr_spent(x);
	if (s->text == NULL || before != s->text || s->cap - had < len) {
		s->cap = 2 * (had + len);
		s->text = ev_arena_alloc(&x->arena, s->cap);
		memcpy(s->text, before, had);
	}
	memcpy(s->text + had, p, len);
	s->sum = ev_expr_text(s->text, had + len);
	return EV_GO_ON;
}

static enum ev_expr_flow add_items(struct ev_expr_run *x, struct sum_sink *s,
				   const struct ev_expr_value *v)
{
	struct ev_expr_value item;

	if (s->list.items == NULL || s->sum.form != EV_ITEMS || s->sum.items != s->list.items) {
		s->list = (struct ev_expr_list){0};
		for (struct ev_expr_cursor c = ev_expr_cursor(x, &s->sum);
		     ev_expr_cursor_next(x, &c, NULL, &item);)
			ev_expr_list_add(x, &s->list, &item);
	}
	for (struct ev_expr_cursor c = ev_expr_cursor(x, v);
	     ev_expr_cursor_next(x, &c, NULL, &item);)
		ev_expr_list_add(x, &s->list, &item);
	s->sum = ev_expr_list_value(&s->list);
	return ev_expr_spend(x, 1) ? EV_GO_ON : ev_expr_spent(x);
}

static enum ev_expr_flow take_sum(struct ev_expr_run *x, struct ev_expr_sink *to,
				  const struct ev_expr_value *v)
{
	struct sum_sink *s = (struct sum_sink *)to;
	struct ev_expr_value sum;
	enum ev_expr_flow flow;

	if (v->kind == EV_STRING && s->sum.kind == EV_STRING)
		return add_text(x, s, v);
	if (v->kind == EV_ARRAY && s->sum.kind == EV_ARRAY)
		return add_items(x, s, v);
	flow = ev_expr_value_add(x, &s->sum, v, &sum);
	if (flow == EV_GO_ON)
		s->sum = sum;
	return flow;
}

/* Hands each output on through another part, with that output or a kept input. */
struct pipe_sink {
	struct ev_expr_sink sink;
	const struct ev_expr_part *n;
	const struct ev_expr_value *in;
	struct ev_expr_sink *to;
	bool flag; /* EV_ALT: an output was true; EV_TRY: what failed is behind the sink */
	struct ev_expr_value got; /* of the outer of two parts */
};

static enum ev_expr_flow take_pipe(struct ev_expr_run *x, struct ev_expr_sink *to,
				   const struct ev_expr_value *v)
{
	struct pipe_sink *s = (struct pipe_sink *)to;

	return many(x, s->n->b, v, s->to);
}

static enum ev_expr_flow take_step(struct ev_expr_run *x, struct ev_expr_sink *to,
				   const struct ev_expr_value *v)
{
	struct pipe_sink *s = (struct pipe_sink *)to;
	struct ev_expr_value out;
	bool none;
	enum ev_expr_flow flow = path(x, s->n, v, &out, &none);

	return flow != EV_GO_ON || none ? flow : s->to->take(x, s->to, &out);
}

static enum ev_expr_flow each(struct ev_expr_run *x, const struct ev_expr_part *n,
			      const struct ev_expr_value *v, struct ev_expr_sink *to)
{
	const struct ev_doc *d = x->d;
	struct ev_expr_value item;
	enum ev_expr_flow flow;

	if (v->kind == EV_ARRAY && v->form == EV_IN_DOC) {
		for (uint32_t i = ev_first(d, v->n), end = ev_end(d, v->n); i < end;
		     i = ev_next(d, i)) {
			item = ev_expr_at(d, i);
			if (!ev_expr_spend(x, 1))
				return ev_expr_spent(x);
			flow = to->take(x, to, &item);
			if (flow != EV_GO_ON)
				return flow;
		}
		return EV_GO_ON;
	}
	if (v->kind != EV_ARRAY && v->kind != EV_OBJECT)
		return n->quiet ? EV_GO_ON
				: ev_expr_raise(x, "Cannot iterate over %s",
						ev_expr_value_say(x, v));
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

static enum ev_expr_flow take_each(struct ev_expr_run *x, struct ev_expr_sink *to,
				   const struct ev_expr_value *v)
{
	struct pipe_sink *s = (struct pipe_sink *)to;

	return each(x, s->n, v, s->to);
}

static enum ev_expr_flow take_alternative(struct ev_expr_run *x, struct ev_expr_sink *to,
					  const struct ev_expr_value *v)
{
	struct pipe_sink *s = (struct pipe_sink *)to;

	if (!ev_expr_is_true(v))
		return EV_GO_ON;
	s->flag = true;
	return s->to->take(x, s->to, v);
}

static enum ev_expr_flow take_tried(struct ev_expr_run *x, struct ev_expr_sink *to,
				    const struct ev_expr_value *v)
{
	struct pipe_sink *s = (struct pipe_sink *)to;
	enum ev_expr_flow flow = s->to->take(x, s->to, v);

	s->flag = flow == EV_RAISED;
	return flow;
}

static enum ev_expr_flow take_selected(struct ev_expr_run *x, struct ev_expr_sink *to,
				       const struct ev_expr_value *v)
{
	struct pipe_sink *s = (struct pipe_sink *)to;

	return ev_expr_is_true(v) ? s->to->take(x, s->to, s->in) : EV_GO_ON;
}

static enum ev_expr_flow take_condition(struct ev_expr_run *x, struct ev_expr_sink *to,
					const struct ev_expr_value *v)
{
	struct pipe_sink *s = (struct pipe_sink *)to;

	return many(x, ev_expr_is_true(v) ? s->n->b : s->n->c, s->in, s->to);
}

static enum ev_expr_flow take_bound(struct ev_expr_run *x, struct ev_expr_sink *to,
				    const struct ev_expr_value *v)
{
	struct pipe_sink *s = (struct pipe_sink *)to;

	x->vars[s->n->slot] = *v;
	return many(x, s->n->b, s->in, s->to);
}

static enum ev_expr_flow take_reduced(struct ev_expr_run *x, struct ev_expr_sink *to,
				      const struct ev_expr_value *v)
{
	struct pipe_sink *s = (struct pipe_sink *)to;
	struct ev_expr_value next;
	enum ev_expr_flow flow;

	x->vars[s->n->slot] = *v;
	flow = one(x, s->n->c, &s->got, &next);
	if (flow == EV_GO_ON)
		s->got = next;
	return flow;
}

/* Operators, and functions of more than values */

/* Whether a comparison asks for the order of a number and a text or null. */
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
	static const char *const signs[] = {
		[EV_LESS] = "<",
		[EV_GREATER] = ">",
		[EV_LESS | EV_EQUAL] = "<=",
		[EV_GREATER | EV_EQUAL] = ">=",
	};

	return ev_expr_raise(x, "%s and %s have no order for %s", ev_expr_value_say(x, a),
			     ev_expr_value_say(x, b), signs[n->mask]);
}

static inline enum ev_expr_flow compared(struct ev_expr_run *x, const struct ev_expr_part *n,
					 const struct ev_expr_value *a,
					 const struct ev_expr_value *b, bool *holds)
{
	if (a->kind == EV_NUMBER && b->kind == EV_NUMBER) {
		*holds = ev_expr_accepts(n, ev_expr_numbers_compare(x, a, b));
		return EV_GO_ON;
	}
	if (has_no_order(n, a, b))
		return raise_no_order(x, n, a, b);
	*holds = ev_expr_accepts(n, ev_expr_value_compare(x, a, b));
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
					       ev_expr_value_say(x, v))
			       : ev_expr_raise(x, "%s cannot be %s, as it is not an array",
					       ev_expr_value_say(x, v),
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

/* An operand where it stands, or in *room. */
static inline enum ev_expr_flow operand(struct ev_expr_run *x, const struct ev_expr_part *n,
					const struct ev_expr_value *in, struct ev_expr_value *room,
					const struct ev_expr_value **v)
{
	bool none;

	*v = room;
	if (n->op == EV_CONST) {
		*v = &n->value;
		return EV_GO_ON;
	}
	if (n->op == EV_INPUT) {
		*v = in;
		return EV_GO_ON;
	}
	if (n->op == EV_PATH && n->a->op == EV_INPUT)
		return path(x, n, in, room, &none);
	return one(x, n, in, room);
}

/* all(list[]; holds) where each has one output: it is taken without a sink. */
static enum ev_expr_flow each_holds(struct ev_expr_run *x, const struct ev_expr_part *n,
				    const struct ev_expr_value *in, struct quantifier_sink *s)
{
	const struct ev_doc *d = x->d;
	struct ev_expr_value item, room;
	const struct ev_expr_value *list;
	enum ev_expr_flow flow;
	bool holds;

	if (!ev_expr_spend(x, 1))
		return ev_expr_spent(x);
	flow = operand(x, n->a->a, in, &room, &list);
	if (flow != EV_GO_ON)
		return flow;
	if (list->kind != EV_ARRAY || list->form != EV_IN_DOC)
		return each(x, n->a, list, &s->sink);
	for (uint32_t i = ev_first(d, list->n), end = ev_end(d, list->n); i < end;
	     i = ev_next(d, i)) {
		item = ev_expr_at(d, i);
		if (!ev_expr_spend(x, 1))
			return ev_expr_spent(x);
		flow = truth(x, n->b, &item, &holds);
		if (flow != EV_GO_ON)
			return flow;
		if (holds == s->wanted) {
			s->decided = true;
			return EV_STOP;
		}
	}
	return EV_GO_ON;
}

static enum ev_expr_flow quantified(struct ev_expr_run *x, const struct ev_expr_part *n,
				    const struct ev_expr_value *in, bool *holds)
{
	bool any = n->op == EV_ANY_OF;
	struct quantifier_sink s = {{take_item}, n->b, any, false, {take_truth}};
	enum ev_expr_flow flow;

	if (n->a->op == EV_EACH && n->a->a->single && n->b->single)
		flow = each_holds(x, n, in, &s);
	else
		flow = many(x, n->a, in, &s.sink);
	*holds = s.decided == any;
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

static enum ev_expr_flow reduced(struct ev_expr_run *x, const struct ev_expr_part *n,
				 const struct ev_expr_value *in, struct ev_expr_value *out)
{
	struct pipe_sink s = {.sink = {take_reduced}, .n = n};
	enum ev_expr_flow flow = one(x, n->b, in, &s.got);

	if (flow != EV_GO_ON || (flow = many(x, n->a, in, &s.sink)) != EV_GO_ON)
		return flow;
	*out = s.got;
	return EV_GO_ON;
}

static enum ev_expr_flow one(struct ev_expr_run *x, const struct ev_expr_part *n,
			     const struct ev_expr_value *in, struct ev_expr_value *out)
{
	const struct ev_expr_value *left, *right;
	struct ev_expr_value a = {0}, b = {0};
	enum ev_expr_flow flow;
	bool none, holds;

	switch (n->op) {
	case EV_INPUT: *out = *in; return EV_GO_ON;
	case EV_CONST: *out = n->value; return EV_GO_ON;
	case EV_VAR: *out = x->vars[n->slot]; return EV_GO_ON;
	case EV_PATH:
		if (n->a->op == EV_INPUT)
			return path(x, n, in, out, &none);
		flow = one(x, n->a, in, &a);
		return flow != EV_GO_ON ? flow : path(x, n, &a, out, &none);
	case EV_COLLECT: {
		struct list_sink s = {.sink = {take_list}};

		flow = many(x, n->a, in, &s.sink);
		*out = ev_expr_list_value(&s.list);
		return flow;
	}
	case EV_SUM: {
		struct sum_sink s = {.sink = {take_sum}, .sum = ev_expr_bare(EV_NULL)};

		flow = many(x, n->a, in, &s.sink);
		*out = s.sum;
		return flow;
	}
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
		/* The right side first, as jq does: it decides which of two errors is told. */
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
	case EV_REDUCE: return reduced(x, n, in, out);
	case EV_ALL_OF:
	case EV_ANY_OF:
		flow = quantified(x, n, in, &holds);
		*out = ev_expr_truth_value(holds);
		return flow;
	case EV_LAST_OF:
	case EV_IS_EMPTY: return picked(x, n, in, out);
	case EV_ERROR:
		return ev_expr_raise(x, "%.*s", ev_expr_cut(n->value.p, n->value.n, 900),
				     n->value.p);
	case EV_CALL:
		if (n->a == NULL)
			return ev_expr_call(x, n->function, in, NULL, out);
		flow = one(x, n->a, in, &a);
		return flow != EV_GO_ON ? flow : ev_expr_call(x, n->function, in, &a, out);
	case EV_BY: return by(x, n, in, out);
	case EV_FOREIGN: return foreign(x, n, in, out);
	case EV_EACH:
	case EV_COMMA:
	case EV_TRY:
	case EV_FIRST_OF:
	case EV_EMPTY:
	case EV_SELECT:
	case EV_KINDS:
		*out = ev_expr_bare(EV_NULL); /* never single */
		break;
	}
	return EV_GO_ON;
}

/*
 * A comparison of a member with a number, both of few digits, as most rules have it. False if it
 * must be told in full.
 */
static inline bool member_compared(struct ev_expr_run *x, const struct ev_expr_part *n,
				   const struct ev_expr_value *in, bool *holds)
{
	struct ev_small a, b = {n->b->value.coef, n->b->value.exp};
	const char *p;
	uint32_t at;
	size_t len;

	if (in->form != EV_IN_DOC || in->kind != EV_OBJECT)
		return false;
	at = member(x, in->n, n->a->steps);
	if (at == EV_NOWHERE || ev_kind(x->d, at) != EV_NUMBER)
		return false;
	p = ev_raw(x->d, at, &len);
	if (!ev_small_glance(p, len, &a) && !ev_small_read(p, len, &a))
		return false;
	x->left -= (int64_t)x->d->nodes[in->n].count;
	*holds = ev_expr_accepts(n, ev_small_compare(a, b));
	return true;
}

/* Whether the output is true; most are of parts that need not make it. */
static enum ev_expr_flow truth(struct ev_expr_run *x, const struct ev_expr_part *n,
			       const struct ev_expr_value *in, bool *holds)
{
	const struct ev_expr_value *left, *right;
	struct ev_expr_value a, b;
	enum ev_expr_flow flow;

	if (n->member && member_compared(x, n, in, holds))
		return EV_GO_ON;
	if (n->op == EV_ALL_OF || n->op == EV_ANY_OF)
		return quantified(x, n, in, holds);
	if (n->op != EV_COMPARE) {
		flow = one(x, n, in, &a);
		*holds = flow == EV_GO_ON && ev_expr_is_true(&a);
		return flow;
	}
	*holds = false;
	if ((flow = operand(x, n->b, in, &b, &right)) != EV_GO_ON ||
	    (flow = operand(x, n->a, in, &a, &left)) != EV_GO_ON)
		return flow;
	return compared(x, n, left, right, holds);
}

/* Parts with any number of outputs */

static enum ev_expr_flow take_left(struct ev_expr_run *x, struct ev_expr_sink *to,
				   const struct ev_expr_value *v)
{
	struct pipe_sink *s = (struct pipe_sink *)to;
	struct ev_expr_value out;
	enum ev_expr_flow flow = operate(x, s->n, v, &s->got, &out);

	return flow == EV_GO_ON ? s->to->take(x, s->to, &out) : flow;
}

static enum ev_expr_flow take_right(struct ev_expr_run *x, struct ev_expr_sink *to,
				    const struct ev_expr_value *v)
{
	struct pipe_sink *s = (struct pipe_sink *)to;
	struct pipe_sink left = {.sink = {take_left}, .n = s->n, .to = s->to, .got = *v};

	return many(x, s->n->a, s->in, &left.sink);
}

static enum ev_expr_flow take_as_truth(struct ev_expr_run *x, struct ev_expr_sink *to,
				       const struct ev_expr_value *v)
{
	struct pipe_sink *s = (struct pipe_sink *)to;
	struct ev_expr_value out = ev_expr_truth_value(ev_expr_is_true(v));

	return s->to->take(x, s->to, &out);
}

static enum ev_expr_flow take_and_or(struct ev_expr_run *x, struct ev_expr_sink *to,
				     const struct ev_expr_value *v)
{
	struct pipe_sink *s = (struct pipe_sink *)to;
	struct pipe_sink right = {.sink = {take_as_truth}, .to = s->to};

	if (ev_expr_is_true(v) != (s->n->op == EV_AND))
		return take_as_truth(x, &right.sink, v);
	return many(x, s->n->b, s->in, &right.sink);
}

static enum ev_expr_flow take_negated(struct ev_expr_run *x, struct ev_expr_sink *to,
				      const struct ev_expr_value *v)
{
	struct pipe_sink *s = (struct pipe_sink *)to;
	struct ev_expr_value out;
	enum ev_expr_flow flow = ev_expr_value_negate(x, v, &out);

	return flow == EV_GO_ON ? s->to->take(x, s->to, &out) : flow;
}

static enum ev_expr_flow take_argument(struct ev_expr_run *x, struct ev_expr_sink *to,
				       const struct ev_expr_value *v)
{
	struct pipe_sink *s = (struct pipe_sink *)to;
	struct ev_expr_value out;
	enum ev_expr_flow flow = ev_expr_call(x, s->n->function, s->in, v, &out);

	return flow == EV_GO_ON ? s->to->take(x, s->to, &out) : flow;
}

/* How the outputs of a part's first (of two operands, the second) are taken. */
static enum ev_expr_flow
through(struct ev_expr_run *x, const struct ev_expr_part *n, const struct ev_expr_part *first,
	const struct ev_expr_value *in, struct ev_expr_sink *to,
	enum ev_expr_flow (*take)(struct ev_expr_run *, struct ev_expr_sink *,
				  const struct ev_expr_value *))
{
	struct pipe_sink s = {.sink = {take}, .n = n, .in = in, .to = to};
	enum ev_expr_flow flow = many(x, first, in, &s.sink);

	if (n->op == EV_ALT && flow == EV_GO_ON && !s.flag)
		return many(x, n->b, in, to);
	if (n->op == EV_TRY && flow == EV_RAISED && !s.flag)
		return EV_GO_ON;
	return flow;
}

static enum ev_expr_flow many(struct ev_expr_run *x, const struct ev_expr_part *n,
			      const struct ev_expr_value *in, struct ev_expr_sink *to)
{
	struct ev_expr_value v = {0};
	enum ev_expr_flow flow;

	if (!ev_expr_spend(x, 1))
		return ev_expr_spent(x);
	if (n->single) {
		flow = one(x, n, in, &v);
		return flow == EV_GO_ON ? to->take(x, to, &v) : flow;
	}
	switch (n->op) {
	case EV_PATH: return through(x, n, n->a, in, to, take_step);
	case EV_EACH:
		if (!n->a->single)
			return through(x, n, n->a, in, to, take_each);
		flow = one(x, n->a, in, &v);
		return flow == EV_GO_ON ? each(x, n, &v, to) : flow;
	case EV_PIPE:
		if (!n->a->single)
			return through(x, n, n->a, in, to, take_pipe);
		flow = one(x, n->a, in, &v);
		return flow == EV_GO_ON ? many(x, n->b, &v, to) : flow;
	case EV_COMMA:
		flow = many(x, n->a, in, to);
		return flow == EV_GO_ON ? many(x, n->b, in, to) : flow;
	case EV_AND:
	case EV_OR: return through(x, n, n->a, in, to, take_and_or);
	case EV_ALT: return through(x, n, n->a, in, to, take_alternative);
	case EV_TRY: return through(x, n, n->a, in, to, take_tried);
	case EV_COMPARE:
	case EV_ARITH: return through(x, n, n->b, in, to, take_right);
	case EV_NEGATE: return through(x, n, n->a, in, to, take_negated);
	case EV_IF: return through(x, n, n->a, in, to, take_condition);
	case EV_BIND: return through(x, n, n->a, in, to, take_bound);
	case EV_SELECT: return through(x, n, n->a, in, to, take_selected);
	case EV_CALL: return through(x, n, n->a, in, to, take_argument);
	case EV_FOREIGN: return each_foreign(x, n, in, to);
	case EV_FIRST_OF: {
		struct first_sink s = {.sink = {take_first}};

		flow = many(x, n->a, in, &s.sink);
		if (flow != EV_GO_ON && flow != EV_STOP)
			return flow;
		return s.any ? to->take(x, to, &s.value) : EV_GO_ON;
	}
	case EV_KINDS: return (n->mask & 1 << in->kind) != 0 ? to->take(x, to, in) : EV_GO_ON;
	default: /* EV_EMPTY, and those that are single */ return EV_GO_ON;
	}
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

/*
 * Which comparison failed. It is found anew, for a rule that does not hold is rare: through what
 * hands its verdict on as it is, to the part that gave it.
 */

static const char *const signs[] = {
	[EV_LESS] = "<",    [EV_LESS | EV_EQUAL] = "<=",    [EV_EQUAL] = "==",
	[EV_GREATER] = ">", [EV_GREATER | EV_EQUAL] = ">=", [EV_LESS | EV_GREATER] = "!=",
};

/* The first element of which n->b does not hold; it is another input. */
static bool first_wrong(struct ev_expr_run *x, const struct ev_expr_part *n,
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

/* One part nearer to the comparison; NULL if it is not known which. */
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
	case EV_ALL_OF: return first_wrong(x, n, in) ? n->b : NULL;
	default: return NULL;
	}
}

const char *ev_expr_wrong(struct ev_expr_run *x, const struct ev_expr_part *n,
			  const struct ev_expr_value *in, struct ev_expr_value *left,
			  struct ev_expr_value *right)
{
	struct ev_expr_value at = *in;

	while (n != NULL && n->single && n->op != EV_COMPARE)
		n = nearer(x, n, &at);
	if (n == NULL || !n->single || one(x, n->b, &at, right) != EV_GO_ON ||
	    one(x, n->a, &at, left) != EV_GO_ON)
		return NULL;
	return signs[n->mask];
}

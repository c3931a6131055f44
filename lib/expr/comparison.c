/*
 * The fast path of rules that hold numbers of a record against each other or against a constant, as
 * most rules do:
 *
 *	all(.items[]; .qty >= 1)
 *	.refund.amount <= .refund.paid
 *	(.items | map(.qty * .price) | add) == .total
 *
 * In documents of one shape these numbers are always the same nodes, which are the plan.
 */
#include "base/compiler.h"
#include "base/mem.h"
#include "expr/internal.h"
#include "number/decimal.h"
#include "json/plan.h"
#include "json/view.h"

#include <stdio.h>
#include <stdlib.h>

/* A number, or the sum over a list of a member of its elements, or of the product of two. */
struct side {
	const struct ev_expr_part *list;       /* the path to the list, or NULL */
	const struct ev_expr_part *factors[2]; /* paths, from the elements of the list if any */
	struct ev_small constant;	       /* without factors */
};

/* The nodes of the numbers of both sides, all factors of an element together. */
struct numbers {
	bool complete; /* each is there, and is a number */
	size_t n[2];
	const uint32_t *at[2];
};

struct ev_expr_comparison {
	const struct ev_expr_part *compare;
	bool each; /* all(): of each number of the left side */
	struct side sides[2];
	uint32_t digits; /* of all(): which numbers of one digit hold, a bit each */
	struct ev_plans plans;
	struct numbers found; /* in a document without a plan, in memory of these two */
	uint32_t *at[2];
	size_t cap[2];
};

static bool is_path(const struct ev_expr_part *n)
{
	return n->op == EV_PATH && n->a->op == EV_INPUT && n->n_steps > 0;
}

static bool is_member(const struct ev_expr_part *n)
{
	return is_path(n) && n->n_steps == 1 && n->steps[0].name != NULL;
}

/* LIST | [.[] | f] | add, and [LIST[] | f] | add. */
static bool read_sum(const struct ev_expr_part *n, struct side *s)
{
	const struct ev_expr_part *sum = n->op == EV_PIPE ? n->b : n, *f;

	if (sum->op != EV_SUM || sum->a->op != EV_PIPE || sum->a->a->op != EV_EACH)
		return false;
	s->list = sum->a->a->a;
	f = sum->a->b;
	if (n->op == EV_PIPE) {
		if (s->list->op != EV_INPUT)
			return false;
		s->list = n->a;
	}
	s->factors[0] = f->op == EV_ARITH ? f->a : f;
	s->factors[1] = f->op == EV_ARITH ? f->b : NULL;
	return is_path(s->list) && (f->op != EV_ARITH || f->sign == '*') &&
	       is_member(s->factors[0]) && (s->factors[1] == NULL || is_member(s->factors[1]));
}

static bool read_side(const struct ev_expr_part *n, struct side *s)
{
	if (n->op == EV_CONST && n->value.kind == EV_NUMBER && n->value.form == EV_SMALL) {
		s->constant = (struct ev_small){n->value.coef, n->value.exp};
		return true;
	}
	if (!is_path(n))
		return read_sum(n, s);
	s->factors[0] = n;
	return true;
}

static bool read_comparison(const struct ev_expr_part *n, struct ev_expr_comparison *c)
{
	c->compare = n;
	if (n->op == EV_COMPARE)
		return read_side(n->a, &c->sides[0]) && read_side(n->b, &c->sides[1]);
	if (n->op != EV_ALL_OF || n->a->op != EV_EACH || !is_path(n->a->a) ||
	    n->b->op != EV_COMPARE || !is_member(n->b->a))
		return false;
	c->each = true;
	c->compare = n->b;
	c->sides[0] = (struct side){.list = n->a->a, .factors = {n->b->a, NULL}};
	return read_side(n->b->b, &c->sides[1]) && c->sides[1].factors[0] == NULL;
}

static const struct ev_plan_kind plan_kind;

struct ev_expr_comparison *ev_expr_comparison_new(const struct ev_expr_part *n)
{
	struct ev_expr_comparison *c = ev_calloc(1, sizeof *c);

	if (!read_comparison(n, c)) {
		free(c);
		return NULL;
	}
	c->plans = EV_PLANS(&plan_kind, c);
	for (int digit = 0; c->each && digit < 10; digit++)
		if (ev_expr_order_holds(c->compare, ev_small_compare((struct ev_small){digit, 0},
								     c->sides[1].constant)))
			c->digits |= 1U << digit;
	return c;
}

void ev_expr_comparison_free(struct ev_expr_comparison **c)
{
	if (*c == NULL)
		return;
	free((*c)->at[0]);
	free((*c)->at[1]);
	free(*c);
	*c = NULL;
}

static uint32_t value_of(const struct ev_doc *d, const struct ev_expr_part *path)
{
	return ev_member_by_id(d, path->steps[path->n_steps - 1].member_id);
}

static bool add_number(struct ev_expr_comparison *c, int k, const struct ev_doc *d, uint32_t at)
{
	size_t *n = &c->found.n[k];

	if (at == EV_NOWHERE || ev_kind(d, at) != EV_NUMBER)
		return false;
	ev_grow(&c->at[k], &c->cap[k], *n + 1, sizeof *c->at[k]);
	c->at[k][(*n)++] = at;
	return true;
}

/* Finds the numbers of a side; false if not all of them are there. */
static bool find_side(struct ev_expr_comparison *c, int k, const struct ev_doc *d)
{
	const struct side *s = &c->sides[k];
	uint32_t at;

	c->found.n[k] = 0;
	if (s->factors[0] == NULL)
		return true;
	if (s->list == NULL)
		return add_number(c, k, d, value_of(d, s->factors[0]));
	at = value_of(d, s->list);
	if (at == EV_NOWHERE || ev_kind(d, at) != EV_ARRAY)
		return false;
	for (uint32_t i = ev_first(d, at), end = ev_end(d, at); i < end; i = ev_next(d, i)) {
		if (ev_kind(d, i) != EV_OBJECT)
			return false;
		for (int f = 0; f < 2 && s->factors[f] != NULL; f++)
			if (!add_number(c, k, d,
					ev_member_by_symbol(d, i, s->factors[f]->steps[0].symbol)))
				return false;
	}
	return c->each || c->found.n[k] > 0; /* the sum of no numbers is null */
}

static EV_NOINLINE const struct numbers *find(struct ev_expr_comparison *c, const struct ev_doc *d)
{
	c->found.complete = find_side(c, 0, d) && find_side(c, 1, d);
	for (int k = 0; k < 2; k++)
		c->found.at[k] = c->at[k];
	return &c->found;
}

static void *compile(void *client, const struct ev_doc *d)
{
	const struct numbers *found = find(client, d);
	size_t n = found->complete ? found->n[0] + found->n[1] : 0;
	struct numbers *plan = ev_plan_alloc(d, sizeof *plan + n * sizeof(uint32_t));
	uint32_t *at;

	if (plan == NULL)
		return NULL;
	at = (uint32_t *)(plan + 1);
	*plan = *found;
	for (int k = 0; k < 2 && found->complete; k++) {
		plan->at[k] = at;
		for (size_t i = 0; i < found->n[k]; i++)
			*at++ = found->at[k][i];
	}
	return plan;
}

static void print(const void *client, const void *plan, const struct ev_doc *d, struct ev_buf *out)
{
	const struct ev_expr_comparison *c = client;
	const struct numbers *numbers = plan;
	char constant[40];

	if (!numbers->complete) {
		ev_plan_line(out, "in full", d, EV_NOWHERE, NULL);
		return;
	}
	ev_plan_line(out, c->each ? "each" : "sums", d, EV_NOWHERE,
		     ev_expr_signs[c->compare->mask]);
	for (int k = 0; k < 2; k++) {
		const struct side *s = &c->sides[k];

		for (size_t i = 0; i < numbers->n[k]; i++)
			ev_plan_line(out, k == 0 ? "left" : "right", d, numbers->at[k][i],
				     s->factors[1] != NULL && i % 2 == 1 ? "*" : NULL);
		snprintf(constant, sizeof constant, "%llde%d", (long long)s->constant.coef,
			 (int)s->constant.exp);
		if (s->factors[0] == NULL)
			ev_plan_line(out, k == 0 ? "left" : "right", d, EV_NOWHERE, constant);
	}
}

static const struct ev_plan_kind plan_kind = {"comparison", compile, print};

static inline bool read_number(const struct ev_doc *d, uint32_t at, struct ev_small *x)
{
	size_t len;
	const char *text = ev_raw(d, at, &len);

	return ev_small_read_padded(text, len, x);
}

/* False if it has too many digits. */
static bool sum_of(const struct side *s, const uint32_t *at, size_t n, const struct ev_doc *d,
		   struct ev_small *sum)
{
	const uint32_t *end = at + n;
	struct ev_small x, y;

	*sum = s->constant; /* 0, where there are numbers */
	for (bool first = true; at < end; first = false) {
		if (!read_number(d, *at++, &x) ||
		    (s->factors[1] != NULL &&
		     (!read_number(d, *at++, &y) || !ev_small_multiply(&x, y))))
			return false;
		if (first)
			*sum = x;
		else if (!ev_small_add(sum, x))
			return false;
	}
	return true;
}

static bool all_hold(const struct ev_expr_comparison *c, const uint32_t *at, size_t n,
		     const struct ev_doc *d)
{
	for (const uint32_t *end = at + n; at < end; at++) {
		size_t len;
		const char *text = ev_raw(d, *at, &len);
		struct ev_small x;

		if (len == 1 && (c->digits >> (*text - '0') & 1) != 0)
			continue;
		if (!ev_small_read_short(text, len, &x) ||
		    !ev_expr_order_holds(c->compare, ev_small_compare(x, c->sides[1].constant)))
			return false;
	}
	return true;
}

bool ev_expr_comparison_holds(struct ev_expr_comparison *c, const struct ev_doc *d)
{
	const struct numbers *numbers = ev_plan_of(&c->plans, d);
	struct ev_small a, b;

	if (numbers == NULL)
		numbers = find(c, d);
	if (!numbers->complete)
		return false;
	if (c->each)
		return all_hold(c, numbers->at[0], numbers->n[0], d);
	return sum_of(&c->sides[0], numbers->at[0], numbers->n[0], d, &a) &&
	       sum_of(&c->sides[1], numbers->at[1], numbers->n[1], d, &b) &&
	       ev_expr_order_holds(c->compare, ev_small_compare(a, b));
}

/*
 * Rules that hold numbers of a record against each other or against a constant, as most rules do:
 *
 *	all(.items[]; .qty >= 1)
 *	.refund.amount <= .refund.paid
 *	(.items | map(.qty * .price) | add) == .total
 *
 * In documents of one shape these numbers are always the same nodes.
 */
#include "base/compiler.h"
#include "base/mem.h"
#include "expr/internal.h"
#include "number/decimal.h"
#include "json/view.h"

#include <stdlib.h>
#include <string.h>

/* A side of a comparison: a number, or the sum over a list. */
struct side {
	const struct ev_expr_part *list; /* the path to it, or NULL */
	/* paths, from its elements if there is one; or NULL */
	const struct ev_expr_part *factors[2];
};

static bool is_path(const struct ev_expr_part *n)
{
	return n->op == EV_PATH && n->a->op == EV_INPUT && n->n_steps > 0;
}

static bool is_member(const struct ev_expr_part *n)
{
	return is_path(n) && n->n_steps == 1 && n->steps[0].name != NULL;
}

static bool is_number(const struct ev_expr_part *n)
{
	return n->op == EV_CONST && n->value.kind == EV_NUMBER && n->value.form == EV_SMALL;
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
	*s = (struct side){0};
	if (!is_path(n))
		return is_number(n) || read_sum(n, s);
	s->factors[0] = n;
	return true;
}

/* all(PATH[]; .name OP number) */
static bool is_all(const struct ev_expr_part *n)
{
	return n->op == EV_ALL_OF && n->a->op == EV_EACH && is_path(n->a->a) &&
	       n->b->op == EV_COMPARE && is_member(n->b->a) && is_number(n->b->b);
}

bool ev_expr_is_plain(const struct ev_expr_part *n)
{
	struct side s;

	return is_all(n) || (n->op == EV_COMPARE && read_side(n->a, &s) && read_side(n->b, &s));
}

void ev_expr_plain_free(struct ev_expr_plain *p)
{
	for (uint32_t i = 0; p->known != NULL && i <= EV_SHAPES; i++)
		for (int k = 0; k < 2; k++)
			free(p->known[i].sides[k].at);
	free(p->known);
	for (int k = 0; k < 2; k++)
		free(p->found.sides[k].at);
	*p = (struct ev_expr_plain){0};
}

static uint32_t value_of(const struct ev_doc *d, const struct ev_expr_part *path)
{
	return ev_doc_seen(d, path->steps[path->n_steps - 1].member_id);
}

static bool add_number(struct ev_expr_terms *t, const struct ev_doc *d, uint32_t at)
{
	if (at == EV_NOWHERE || ev_kind(d, at) != EV_NUMBER)
		return false;
	ev_grow(&t->at, &t->cap, t->n + 1, sizeof *t->at);
	t->at[t->n++] = at;
	return true;
}

/* Finds the numbers of a side; false if not all of them are there. */
static bool find_side(struct ev_expr_terms *t, const struct side *s, const struct ev_doc *d)
{
	uint32_t at;

	t->n = 0;
	t->factors = s->factors[1] != NULL ? 2 : 1;
	if (s->factors[0] == NULL) /* a constant */
		return true;
	if (s->list == NULL)
		return add_number(t, d, value_of(d, s->factors[0]));
	at = value_of(d, s->list);
	if (at == EV_NOWHERE || ev_kind(d, at) != EV_ARRAY)
		return false;
	for (uint32_t i = ev_first(d, at), end = ev_end(d, at); i < end; i = ev_next(d, i)) {
		if (ev_kind(d, i) != EV_OBJECT)
			return false;
		for (size_t k = 0; k < 2 && s->factors[k] != NULL; k++)
			if (!add_number(t, d,
					ev_member_symbol(d, i, s->factors[k]->steps[0].symbol)))
				return false;
	}
	return true;
}

static bool find(struct ev_expr_comparison *c, const struct ev_expr_part *n, const struct ev_doc *d)
{
	struct side a = {0}, b = {0};

	if (n->op == EV_ALL_OF) {
		a = (struct side){.list = n->a->a, .factors = {n->b->a, NULL}};
		return find_side(&c->sides[0], &a, d);
	}
	read_side(n->a, &a);
	read_side(n->b, &b);
	/* the sum of no numbers is null */
	return find_side(&c->sides[0], &a, d) && find_side(&c->sides[1], &b, d) &&
	       (a.list == NULL || c->sides[0].n > 0) && (b.list == NULL || c->sides[1].n > 0);
}

/* Which numbers of one digit hold, one bit each. */
static uint32_t digits_that_hold(const struct ev_expr_part *compare)
{
	struct ev_small digit = {0, 0}, limit = {compare->b->value.coef, compare->b->value.exp};
	uint32_t digits = 0;

	for (; digit.coef < 10; digit.coef++)
		if (ev_expr_accepts(compare, ev_small_compare(digit, limit)))
			digits |= 1U << digit.coef;
	return digits;
}

static EV_NOINLINE const struct ev_expr_comparison *
look(struct ev_expr_plain *p, const struct ev_expr_part *n, const struct ev_doc *d)
{
	struct ev_expr_comparison *c = &p->found;

	c->all = find(c, n, d);
	if (d->shape == EV_NO_SHAPE)
		return c;
	c->seen = true;
	if (p->known == NULL && n->op == EV_ALL_OF)
		p->digits = digits_that_hold(n->b);
	if (p->known == NULL)
		p->known = ev_calloc(EV_SHAPES + 1, sizeof *p->known);
	p->known[d->shape] = *c;
	*c = (struct ev_expr_comparison){.all = false};
	return &p->known[d->shape];
}

static inline bool read_number(const struct ev_doc *d, uint32_t at, struct ev_small *x)
{
	size_t len;
	const char *text = ev_raw(d, at, &len);

	return ev_small_read_padded(text, len, x);
}

/* False if it has too many digits. */
static bool sum_of(const struct ev_expr_terms *t, const struct ev_expr_part *n,
		   const struct ev_doc *d, struct ev_small *sum)
{
	struct ev_small x, y;

	if (t->n == 0) {
		*sum = (struct ev_small){n->value.coef, n->value.exp};
		return true;
	}
	for (size_t i = 0; i < t->n; i += t->factors) {
		if (!read_number(d, t->at[i], &x) ||
		    (t->factors == 2 &&
		     (!read_number(d, t->at[i + 1], &y) || !ev_small_multiply(&x, y))))
			return false;
		if (i == 0)
			*sum = x;
		else if (!ev_small_add(sum, x))
			return false;
	}
	return true;
}

/* digits: as digits_that_hold says, or 0. */
static bool all_hold(const struct ev_expr_terms *t, const struct ev_expr_part *compare,
		     uint32_t digits, const struct ev_doc *d)
{
	const uint32_t *at = t->at, *end = at + t->n;

	for (; at < end; at++) {
		size_t len;
		const char *text = ev_raw(d, *at, &len);
		struct ev_small x;

		if (len == 1 && (digits >> (*text - '0') & 1) != 0)
			continue;
		if (!ev_small_read_short(text, len, &x) ||
		    !ev_expr_accepts(compare, ev_small_compare(x, (struct ev_small){
									  compare->b->value.coef,
									  compare->b->value.exp,
								  })))
			return false;
	}
	return true;
}

bool ev_expr_plainly_holds(struct ev_expr_plain *p, const struct ev_expr_part *n,
			   const struct ev_doc *d)
{
	const struct ev_expr_comparison *c = p->known != NULL ? &p->known[d->shape] : NULL;
	struct ev_small a, b;

	if (c == NULL || !c->seen)
		c = look(p, n, d);
	if (!c->all)
		return false;
	if (n->op == EV_ALL_OF)
		return all_hold(&c->sides[0], n->b, p->digits, d);
	return sum_of(&c->sides[0], n->a, d, &a) && sum_of(&c->sides[1], n->b, d, &b) &&
	       ev_expr_accepts(n, ev_small_compare(a, b));
}

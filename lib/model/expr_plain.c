/*
 * Rules that compare one number of each element of a list with a constant, as
 * all(.items[]; .qty >= 1). In documents of one shape these numbers are always the same nodes.
 */
#include "model/expr_in.h"
#include "base/mem.h"
#include "json/decimal.h"
#include "json/view.h"

#include <stdlib.h>
#include <string.h>

bool ev_expr_is_plain(const struct ev_part *n)
{
	const struct ev_part *list = n->op == EV_ALL_OF && n->a->op == EV_EACH ? n->a->a : NULL;

	return list != NULL && list->op == EV_PATH && list->n_steps > 0 &&
	       list->a->op == EV_INPUT && n->b->member;
}

void ev_plain_free(struct ev_plain *p)
{
	for (uint32_t i = 0; p->known != NULL && i <= EV_SHAPES; i++)
		free(p->known[i].at);
	free(p->known);
	free(p->found.at);
	*p = (struct ev_plain){0};
}

/* Finds them; false if there is no list, or an element in it without a number. */
static bool find(struct ev_found *found, const struct ev_part *n, const struct ev_doc *d)
{
	const struct ev_part *list = n->a->a, *compare = n->b;
	uint32_t at = ev_doc_seen(d, list->steps[list->n_steps - 1].spot);

	found->n = 0;
	if (at == EV_NOWHERE || ev_kind(d, at) != EV_ARRAY)
		return false;
	for (uint32_t i = ev_first(d, at), end = ev_end(d, at); i < end; i = ev_next(d, i)) {
		uint32_t member = EV_NOWHERE;

		if (ev_kind(d, i) == EV_OBJECT)
			member = ev_member_symbol(d, i, compare->a->steps[0].symbol);
		if (member == EV_NOWHERE || ev_kind(d, member) != EV_NUMBER)
			return false;
		ev_grow(&found->at, &found->cap, found->n + 1, sizeof *found->at);
		found->at[found->n++] = member;
	}
	return true;
}

static __attribute__((noinline)) struct ev_compared
look(struct ev_plain *p, const struct ev_part *n, const struct ev_doc *d)
{
	struct ev_compared c = {.all = find(&p->found, n, d)};

	c.n = p->found.n;
	c.at = p->found.at;
	if (d->shape == EV_NO_SHAPE)
		return c;
	c.at = ev_malloc(c.n * sizeof *c.at + 1);
	if (c.n > 0)
		memcpy(c.at, p->found.at, c.n * sizeof *c.at);
	if (p->known == NULL)
		p->known = ev_calloc(EV_SHAPES + 1, sizeof *p->known);
	return p->known[d->shape] = c;
}

bool ev_expr_plainly_holds(struct ev_plain *p, const struct ev_part *n, const struct ev_doc *d)
{
	const struct ev_part *compare = n->b;
	struct ev_small a, b = {compare->b->value.coef, compare->b->value.exp};
	struct ev_compared c;

	if (p->known != NULL && p->known[d->shape].at != NULL)
		c = p->known[d->shape];
	else
		c = look(p, n, d);
	if (!c.all)
		return false;
	for (size_t i = 0; i < c.n; i++) {
		size_t len;
		const char *text = ev_raw(d, c.at[i], &len);

		if (!ev_small_glance(text, len, &a) || !ev_accepts(compare, ev_small_compare(a, b)))
			return false;
	}
	return true;
}

/*
 * Plans: a flat program specialised for documents of one shape. Which member has which cell, what
 * is required or allowed, how many elements there are and the kind of each value are decided once;
 * for each document only the texts of scalars are left to check.
 */
#include "base/mem.h"
#include "schema/flat.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_STEPS = 1 << 18 }; /* for all plans of a set */

struct planner {
	const struct ev_doc *d;
	uint32_t top, without;
	uint32_t applied;
	struct planned {
		enum ev_schema_check what;
		struct ev_schema_step step;
	} * list;
	size_t n, cap;
};

static void add_step(struct planner *p, enum ev_schema_check what, struct ev_schema_step step)
{
	ev_grow(&p->list, &p->cap, p->n + 1, sizeof *p->list);
	p->list[p->n++] = (struct planned){what, step};
}

static bool plan_object(struct planner *p, const struct ev_schema_program *o, uint32_t i);
static bool plan_array(struct planner *p, const struct ev_schema_program *o, uint32_t i);

/* Adds the steps for a value. False if it fits in no document of this shape. */
static bool plan_value(struct planner *p, const struct ev_schema_cell *c, uint32_t i)
{
	enum ev_kind kind = ev_kind(p->d, i);
	enum ev_schema_check what = (enum ev_schema_check)c->checks[kind];

	/* whether it has escapes or not */
	if (kind == EV_STRING && what == SCHEMA_CHECK_PASS)
		what = c->checks[8 | kind] == SCHEMA_CHECK_PASS ? SCHEMA_CHECK_PASS
								: SCHEMA_CHECK_FULL;
	switch (what) {
	case SCHEMA_CHECK_PASS: return true;
	case SCHEMA_CHECK_OBJECT: return plan_object(p, c->cold->object, i);
	case SCHEMA_CHECK_ARRAY: return plan_array(p, c->cold->array, i);
	default: add_step(p, what, (struct ev_schema_step){.node = i, .cell = c}); return true;
	}
}

static bool may_enter(struct planner *p, const struct ev_schema_program *o, uint64_t n)
{
	p->applied++;
	return n - o->least <= o->gap;
}

static bool plan_object(struct planner *p, const struct ev_schema_program *o, uint32_t i)
{
	const struct ev_doc *d = p->d;
	uint64_t bits = 0;

	if (!may_enter(p, o, d->nodes[i].count - (uint64_t)(i == p->top)))
		return false;
	for (uint32_t name = ev_first(d, i); name < ev_end(d, i); name = ev_next(d, name + 1)) {
		const struct ev_schema_cell *c = ev_schema_cell_at(o, d->nodes[name].count);

		if (name + 1 == p->without)
			continue;
		bits |= c->bit;
		if (!plan_value(p, c, name + 1))
			return false;
	}
	if (o->n_rest > 0)
		add_step(p, SCHEMA_CHECK_REST, (struct ev_schema_step){.node = i, .inside = o});
	return (bits & o->needed) == o->needed && ev_schema_rules_fit(o, bits);
}

static bool plan_array(struct planner *p, const struct ev_schema_program *o, uint32_t i)
{
	const struct ev_doc *d = p->d;

	if (!may_enter(p, o, d->nodes[i].count))
		return false;
	for (uint32_t at = ev_first(d, i); at < ev_end(d, i); at = ev_next(d, at))
		if (!plan_value(p, o->cells, at))
			return false;
	return true;
}

/* The finished plan in the arena: its steps, grouped by kind. */
static const struct ev_schema_plan *sorted(struct ev_schema_set *set, const struct planner *p,
					   bool never)
{
	size_t n = never ? 0 : p->n, from[SCHEMA_CHECK_KINDS + 1] = {0};
	struct ev_schema_plan *plan =
		ev_arena_zalloc(&set->arena, sizeof *plan + n * sizeof *plan->steps);

	plan->never = never;
	plan->without = p->without;
	plan->applied = p->applied;
	for (size_t i = 0; i < n; i++)
		plan->n[p->list[i].what]++;
	for (size_t what = 0; what < SCHEMA_CHECK_KINDS; what++)
		from[what + 1] = from[what] + plan->n[what];
	for (size_t i = 0; i < n; i++)
		plan->steps[from[p->list[i].what]++] = p->list[i].step;
	set->n_steps += n;
	return plan;
}

const struct ev_schema_plan *ev_schema_plan_make(const struct ev_schema *s, const struct ev_doc *d,
						 uint32_t without)
{
	struct ev_schema_flat *flat = s->flat;
	struct planner p = {
		.d = d, .top = without != EV_NOWHERE ? 0 : EV_NOWHERE, .without = without};
	const struct ev_schema_program *o;
	bool never;

	while (s->alias != NULL)
		s = s->alias;
	o = s->set->n_dynamic == 0 && ev_kind(d, 0) == EV_OBJECT ? ev_schema_flat_object(s) : NULL;
	if (o == NULL || s->set->n_steps == MAX_STEPS ||
	    (flat->plans != NULL && flat->plans[d->shape] != NULL))
		return NULL;
	p.applied = 1;
	never = !plan_object(&p, o, 0);
	if (never || p.n <= MAX_STEPS - s->set->n_steps) {
		if (flat->plans == NULL)
			flat->plans =
				ev_arena_zalloc(&s->set->arena, (EV_SHAPES + 1) * sizeof(void *));
		flat->plans[d->shape] = sorted(s->set, &p, never);
	} else {
		s->set->n_steps = MAX_STEPS; /* so that no further plan is tried */
	}
	free(p.list);
	return flat->plans != NULL ? flat->plans[d->shape] : NULL;
}

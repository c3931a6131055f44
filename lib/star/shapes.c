#include "star/internal.h"


struct ev_star_shapes {
	struct ev_star *s;
	const struct ev_star_kind *kind;
	struct ev_plans plans;
};

/* Makes a cell a constant of the shape. False: there is no room. */
static bool fix(const struct ev_doc *d, struct ev_star_take *t, const char *text, size_t len)
{
	char *copy = ev_plan_alloc(d, len);

	if (copy == NULL)
		return false;
	memcpy(copy, text, len);
	t->how = EV_STAR_FIXED;
	t->fixed = (struct ev_value){.p = copy, .len = (uint32_t)len, .present = true};
	return true;
}

static enum ev_star_how how(const struct ev_star *s, const struct ev_check *c)
{
	const uint32_t *at = s->event.at;

	if (c->how == EV_CHECK_UUID && c->node == at[s->id])
		return EV_STAR_ID;
	if (c->how == EV_CHECK_TIME && c->node == at[s->time])
		return EV_STAR_TIME;
	if (c->how == EV_CHECK_TIME && s->modified != EV_NO_SLOT && c->node == at[s->modified])
		return EV_STAR_MODIFIED;
	return EV_STAR_VALUE;
}

/* Adds the cells of an element, whose nodes are in `at`. False: there is no room. */
static bool take(struct ev_star *s, const struct ev_star_asked *asked, const uint32_t *at,
		 size_t group, size_t index, struct ev_star_takes *to)
{
	const struct ev_doc *d = s->event.doc;

	for (size_t i = 0; i < asked->n_cells; i++) {
		const struct ev_star_want *c = &asked->cells[i];
		struct ev_star_take *t = &to->list[to->n++];
		char digits[EV_KEY_TEXT];

		t->cell = (uint32_t)(index * s->plan->groups[group].n_cells) + c->cell;
		if (c->slot == EV_NO_SLOT) {
			const char *end = ev_star_put_index(digits, index);

			if (!fix(d, t, digits, (size_t)(end - digits)))
				return false;
		} else if (at[c->slot] == EV_NOWHERE || ev_kind(d, at[c->slot]) == EV_NULL) {
			t->how = EV_STAR_FIXED;
			t->fixed = s->absent;
			t->fixed.present = at[c->slot] != EV_NOWHERE;
		} else {
			t->check = ev_check_plan(c->column, d, at[c->slot]);
			t->how = how(s, &t->check);
		}
	}
	return true;
}

/* Room for n cells. */
static bool new_takes(const struct ev_doc *d, size_t n, struct ev_star_takes *takes)
{
	takes->n = 0;
	takes->list = ev_plan_alloc(d, n * sizeof *takes->list);
	return takes->list != NULL;
}

/* Finds a group's elements. Returns how many cells of the event itself are asked for. */
static size_t own_cells(struct ev_star *s, const struct ev_star_kind *kind, size_t group)
{
	struct ev_star_elements *e = &s->elements[group];

	if (group == 0)
		return kind->groups[0].n_cells;
	e->n = kind->any[group] ? ev_each_find(e->each, &s->event) : 0;
	return e->n > 0 ? kind->event[group].n_cells : 0;
}

/* The elements of group i, and what is asked of the event where there is one. */
static bool take_elements(struct ev_star *s, const struct ev_star_kind *kind, size_t i,
			  struct ev_star_shape *shape)
{
	struct ev_star_elements *e = &s->elements[i];
	const struct ev_doc *d = s->event.doc;

	shape[i].n = e->n;
	if (!new_takes(d, e->n * kind->groups[i].n_cells, &shape[i].cells))
		return false;
	for (size_t k = 0; k < shape[i].n; k++) {
		const uint32_t *at = ev_each_at(e->each, k);

		shape[0].closed |= !ev_containers_fit(&kind->elements[i], d, at);
		if (!take(s, &kind->groups[i], at, i, k, &shape[i].cells))
			return false;
	}
	return shape[i].n == 0 || take(s, &kind->event[i], s->event.at, 0, 0, &shape[0].cells);
}

static void *compile(void *client, const struct ev_doc *d)
{
	const struct ev_star_shapes *shapes = client;
	const struct ev_star_kind *kind = shapes->kind;
	struct ev_star *s = shapes->s;
	size_t n_own = 0;
	struct ev_star_shape *shape = ev_plan_alloc(d, s->plan->n_groups * sizeof *shape);

	for (size_t i = 0; i < s->plan->n_groups; i++)
		n_own += own_cells(s, kind, i);
	if (shape == NULL || !new_takes(d, n_own, &shape[0].cells))
		return NULL;
	shape[0].n = 1;
	shape[0].closed = !ev_containers_fit(&kind->containers, d, s->event.at);
	if (!take(s, &kind->groups[0], s->event.at, 0, 0, &shape[0].cells))
		return NULL;
	for (size_t i = 1; i < s->plan->n_groups; i++)
		if (!take_elements(s, kind, i, shape))
			return NULL;
	return shape;
}

static void print(const void *client, const void *plan, const struct ev_doc *d, struct ev_buf *out)
{
	const struct ev_star_shapes *shapes = client;
	const struct ev_star_shape *shape = plan;

	for (size_t i = 0; i < shapes->s->plan->n_groups; i++)
		for (size_t k = 0; k < shape[i].cells.n; k++) {
			const struct ev_star_take *t = &shape[i].cells.list[k];

			if (t->how == EV_STAR_FIXED)
				ev_plan_line(out, "fixed", d, EV_NOWHERE, NULL);
			else
				ev_plan_line(out, ev_check_name(&t->check), d, t->check.node,
					     t->check.column->name);
		}
}

static const struct ev_plan_kind shapes_kind = {"cells", compile, print};

struct ev_star_shapes *ev_star_shapes_new(struct ev_star *s)
{
	struct ev_star_shapes *shapes = ev_calloc(s->plan->n_kinds, sizeof *shapes);

	for (size_t i = 0; i < s->plan->n_kinds; i++)
		shapes[i] = (struct ev_star_shapes){s, &s->plan->kinds[i],
						    EV_PLANS(&shapes_kind, &shapes[i])};
	return shapes;
}

const struct ev_star_shape *ev_star_shape_of(struct ev_star *s, const struct ev_star_kind *kind)
{
	return ev_plan_of(&s->shapes[kind - s->plan->kinds].plans, s->event.doc);
}

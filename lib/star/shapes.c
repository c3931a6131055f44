#include "star/internal.h"

#include <stdlib.h>

/*
 * Bounds what is kept of all shapes, in cells: lists can be of any length, and each element's cells
 * count.
 */
enum { MOST = 1 << 17 };

struct ev_star_shapes {
	size_t n;				  /* cells kept so far */
	struct ev_star_shape **of[EV_SHAPES + 1]; /* by shape, then by kind */
	struct ev_arena arena;
};

struct ev_star_shapes *ev_star_shapes_new(void)
{
	return ev_calloc(1, sizeof(struct ev_star_shapes));
}

void ev_star_shapes_free(struct ev_star_shapes **shapes)
{
	if (*shapes == NULL)
		return;
	ev_arena_free(&(*shapes)->arena);
	free(*shapes);
	*shapes = NULL;
}

/* Makes a cell a constant of the shape. */
static void fix(struct ev_star_shapes *shapes, struct ev_star_take *t, const char *text, size_t len)
{
	char *copy = ev_arena_zalloc(&shapes->arena, len + EV_COPY_OVER);

	memcpy(copy, text, len);
	t->how = EV_STAR_FIXED;
	t->fixed = (struct ev_value){.p = copy, .len = (uint32_t)len, .present = true};
}

/* Takes a cell of JSON: it fits while its numbers are short. */
static enum ev_star_how json_how(const struct ev_star *s, struct ev_star_take *t)
{
	const struct ev_doc *d = s->event.doc;
	const uint32_t end = d->nodes[t->node].next;
	uint32_t *numbers;

	if (t->node == 0 || t->column->around)
		return EV_STAR_ODD;
	for (uint32_t i = t->node; i < end; i++)
		t->longest += ev_kind(d, i) == EV_NUMBER;
	if (s->shapes->n + t->longest > MOST)
		return EV_STAR_ODD;
	s->shapes->n += t->longest;
	t->numbers = numbers = ev_arena_alloc(&s->shapes->arena, t->longest * sizeof *numbers);
	for (uint32_t i = t->node; i < end; i++)
		if (ev_kind(d, i) == EV_NUMBER)
			*numbers++ = i;
	return EV_STAR_JSON;
}

/* How a text is checked for a column's type. */
static enum ev_star_how text_how(const struct ev_star *s, struct ev_star_take *t)
{
	const uint32_t *at = s->event.at;

	switch (t->column->type) {
	case EV_TYPE_VARCHAR: t->longest = t->column->size + 2; return EV_STAR_TEXT;
	case EV_TYPE_UUID: return t->node == at[s->id] ? EV_STAR_ID : EV_STAR_UUID;
	case EV_TYPE_TIMESTAMP:
		if (t->node == at[s->time])
			return EV_STAR_TIME;
		return s->modified != EV_NO_SLOT && t->node == at[s->modified] ? EV_STAR_MODIFIED
									       : EV_STAR_ODD;
	case EV_TYPE_JSON: return json_how(s, t);
	default: return EV_STAR_ODD;
	}
}

static enum ev_star_how number_how(const struct ev_star *s, struct ev_star_take *t)
{
	const struct ev_column *c = t->column;

	switch (c->type) {
	case EV_TYPE_INT:
		t->longest = sizeof(uint64_t);
		t->fraction = 0;
		return EV_STAR_NUMBER;
	case EV_TYPE_DECIMAL:
		t->longest = c->size - c->scale;
		t->fraction = c->scale;
		return EV_STAR_NUMBER;
	case EV_TYPE_JSON: return json_how(s, t);
	default: return EV_STAR_ODD;
	}
}

static enum ev_star_how how(const struct ev_star *s, struct ev_star_take *t)
{
	const enum ev_type type = t->column->type;

	switch (ev_kind(s->event.doc, t->node)) {
	case EV_STRING: return text_how(s, t);
	case EV_NUMBER: return number_how(s, t);
	case EV_FALSE:
	case EV_TRUE:
		return type == EV_TYPE_BOOL || type == EV_TYPE_JSON ? EV_STAR_RAW : EV_STAR_ODD;
	default: return type == EV_TYPE_JSON ? json_how(s, t) : EV_STAR_ODD;
	}
}

/* Adds the cells of an element, whose nodes are in `at`. */
static void take(struct ev_star *s, const struct ev_star_asked *asked, const uint32_t *at,
		 size_t group, size_t index, struct ev_star_takes *to)
{
	for (size_t i = 0; i < asked->n_cells; i++) {
		const struct ev_star_want *c = &asked->cells[i];
		struct ev_star_take *t = &to->list[to->n++];
		char digits[EV_KEY_TEXT];

		t->column = c->column;
		t->cell = (uint32_t)(index * s->plan->groups[group].n_cells) + c->cell;
		t->node = c->slot != EV_NO_SLOT ? at[c->slot] : 0;
		if (c->slot == EV_NO_SLOT) {
			const char *end = ev_star_put_index(digits, index);

			fix(s->shapes, t, digits, (size_t)(end - digits));
		} else if (t->node == EV_NOWHERE || ev_kind(s->event.doc, t->node) == EV_NULL) {
			t->how = EV_STAR_FIXED;
			t->fixed = s->absent;
			t->fixed.present = t->node != EV_NOWHERE;
			t->node = 0;
		} else {
			t->how = how(s, t);
		}
	}
}

static struct ev_star_takes new_takes(struct ev_star_shapes *shapes, size_t n)
{
	return (struct ev_star_takes){
		.list = ev_arena_zalloc(&shapes->arena, n * sizeof(struct ev_star_take))};
}

/* How many cells a kind asks for: *own of the event, *elements of all the group's elements. */
static void count(struct ev_star *s, const struct ev_star_kind *kind, size_t group, size_t *own,
		  size_t *elements)
{
	struct ev_star_elements *e = &s->elements[group];

	*own = group == 0 ? kind->groups[0].n_cells : 0;
	*elements = 0;
	if (group == 0 || !kind->any[group])
		return;
	ev_event_all(&s->event, &e->list, &e->items);
	if (e->items.n > 0)
		*own = kind->event[group].n_cells;
	*elements = e->items.n * kind->groups[group].n_cells;
}

/* Learns the shape at hand; NULL if too much is kept already. */
static struct ev_star_shape *new_shape(struct ev_star *s, const struct ev_star_kind *kind)
{
	struct ev_star_shapes *shapes = s->shapes;
	size_t own, elements, n_own = 0, n_elements = 0;
	struct ev_star_shape *new;

	for (size_t i = 0; i < s->plan->n_groups; i++) {
		count(s, kind, i, &own, &elements);
		n_own += own;
		n_elements += elements;
	}
	if (n_own + n_elements > MOST - shapes->n)
		return NULL;
	shapes->n += n_own + n_elements;
	new = ev_arena_alloc(&shapes->arena, s->plan->n_groups * sizeof *new);
	new[0] = (struct ev_star_shape){new_takes(shapes, n_own), 1, false};
	new[0].closed = !ev_ways_are_open(&kind->ways, s->event.doc, s->event.at);
	take(s, &kind->groups[0], s->event.at, 0, 0, &new[0].cells);
	for (size_t i = 1; i < s->plan->n_groups; i++) {
		struct ev_star_elements *e = &s->elements[i];

		count(s, kind, i, &own, &elements);
		new[i] = (struct ev_star_shape){new_takes(shapes, elements),
						kind->any[i] ? e->items.n : 0, false};
		for (size_t k = 0; k < new[i].n; k++) {
			ev_picks_find(e->picks, s->event.doc, e->items.at[k]);
			new[0].closed |=
				!ev_ways_are_open(&kind->elements[i], s->event.doc, e->picks->at);
			take(s, &kind->groups[i], e->picks->at, i, k, &new[i].cells);
		}
		if (own > 0)
			take(s, &kind->event[i], s->event.at, 0, 0, &new[0].cells);
	}
	return new;
}

const struct ev_star_shape *ev_star_shape_of(struct ev_star *s, const struct ev_star_kind *kind)
{
	struct ev_star_shape ***of = &s->shapes->of[s->event.doc->shape];
	size_t k = (size_t)(kind - s->plan->kinds);

	if (s->event.doc->shape == EV_NO_SHAPE)
		return NULL;
	if (*of == NULL)
		*of = ev_arena_zalloc(&s->shapes->arena,
				      s->plan->n_kinds * sizeof(struct ev_star_shape *));
	if ((*of)[k] == NULL)
		(*of)[k] = new_shape(s, kind);
	return (*of)[k];
}

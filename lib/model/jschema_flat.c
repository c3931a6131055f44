/*
 * Schemas for the same object, made one. A contract is often a $ref or an allOf of what several
 * have in common, and each would go through all members again.
 *
 * What asks no more than types, required and properties is merged; the rest is applied as it is.
 */
#include "base/mem.h"
#include "model/jschema_impl.h"

#include <string.h>

enum { MAX_PARTS = 32, MAX_BITS = 64 };

struct gather {
	struct ev_jschema_set *set;
	struct js_flat *flat;
	const struct ev_jschema *top;
	unsigned parts; /* of all, merged or not */
	unsigned merged;
	unsigned bits;
	bool failed; /* too much of it */
};

static void *more(struct ev_jschema_set *set, const void *list, uint32_t n, size_t size)
{
	char *longer = ev_arena_alloc(&set->arena, (n + 1) * size);

	if (n > 0)
		memcpy(longer, list, n * size);
	return longer;
}

static void add_rest(struct gather *g, const struct ev_jschema *s)
{
	struct js_flat *f = g->flat;

	if (s == g->top) { /* it would be applied to itself */
		g->failed = true;
		return;
	}
	f->rest = more(g->set, f->rest, f->n_rest, sizeof(struct ev_jschema *));
	f->rest[f->n_rest++] = s;
}

static struct js_flat_member *member_of(struct gather *g, const struct js_name *name)
{
	struct js_flat *f = g->flat;
	uint32_t symbol = ev_symbols_add(g->set->symbols, name->p, name->len);
	uint32_t k = ev_symbol_map_get(&f->members, symbol);

	if (k != UINT32_MAX)
		return &f->list[k];
	f->list = more(g->set, f->list, f->n, sizeof *f->list);
	f->list[f->n] = (struct js_flat_member){.n = 0};
	ev_symbol_map_put(&f->members, symbol, f->n);
	return &f->list[f->n++];
}

static void merge(struct gather *g, const struct js_objects *o)
{
	for (uint32_t i = 0; i < o->names.n; i++) {
		struct js_flat_member *m = member_of(g, &o->names.list[i]);

		if (o->names.list[i].schema == NULL)
			continue;
		m->schemas = more(g->set, m->schemas, m->n, sizeof(struct ev_jschema *));
		m->schemas[m->n++] = o->names.list[i].schema;
	}
	for (uint32_t i = 0; i < o->n_required; i++) {
		struct js_flat_member *m = member_of(g, &o->names.list[o->required[i]]);

		if (m->bit == 0 && g->bits == MAX_BITS) {
			g->failed = true;
			return;
		}
		if (m->bit == 0)
			m->bit = 1ULL << g->bits++;
		g->flat->needed |= m->bit;
	}
}

static bool is_plain_object(const struct js_objects *o)
{
	return o->min == 0 && o->max == UINT64_MAX && o->n_patterns == 0 && o->additional == NULL &&
	       o->property_names == NULL && o->n_dependents == 0;
}

static bool is_plain(const struct ev_jschema *s)
{
	const struct js_applied *a = s->applied;

	return !s->boolean && (s->types >> EV_OBJECT & 1) != 0 && s->constant == NULL &&
	       s->values == NULL && s->unevaluated_items == NULL &&
	       s->unevaluated_properties == NULL &&
	       (s->objects == NULL || is_plain_object(s->objects)) &&
	       (a == NULL || (a->n_any == 0 && a->n_one == 0 && a->no == NULL && a->when == NULL &&
			      a->fallback == NULL && a->dynamic == NULL));
}

static void gather(struct gather *g, const struct ev_jschema *s)
{
	while (s->alias != NULL)
		s = s->alias;
	if (++g->parts > MAX_PARTS)
		g->failed = true;
	if (g->failed)
		return;
	if (!is_plain(s)) {
		add_rest(g, s);
		return;
	}
	g->merged++;
	if (s->objects != NULL)
		merge(g, s->objects);
	for (uint32_t i = 0; s->applied != NULL && i < s->applied->n_all; i++)
		gather(g, s->applied->all[i]);
}

void js_flatten(struct ev_jschema *s)
{
	struct gather g = {.set = s->set, .top = s};

	if (s->set->symbols == NULL || s->set->n_dynamic > 0 || s->applied == NULL ||
	    s->applied->n_all == 0)
		return;
	g.flat = ev_arena_zalloc(&s->set->arena, sizeof *g.flat);
	gather(&g, s);
	js_map_keep(s->set, &g.flat->members);
	if (!g.failed && g.merged > 1)
		s->flat = g.flat;
}

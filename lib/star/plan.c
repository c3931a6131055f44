#include "star/plan.h"
#include "base/buf.h"
#include "base/mem.h"
#include "warehouse/column.h"

#include <stdlib.h>

/* The plan's arrays grow, so they are allocated by themselves; all else lies in its arena. */

static size_t group_of(struct ev_star_plan *p, const struct ev_path *each)
{
	size_t i = 0;

	if (each == NULL)
		return 0;
	for (i = 1; i < p->n_groups; i++)
		if (ev_path_same(p->groups[i].each, each))
			return i;
	p->groups = ev_realloc_array(p->groups, p->n_groups + 1, sizeof *p->groups);
	p->groups[p->n_groups] = (struct ev_star_group){.each = each};
	return p->n_groups++;
}

static struct ev_star_place cell_of(struct ev_star_plan *p, size_t group, const struct ev_column *c)
{
	bool own = c->from->root != EV_ROOT_EVENT;
	struct ev_star_group *g = &p->groups[own ? group : 0];
	struct ev_star_place place = {own, 0};
	struct ev_buf key = {0};

	if (g->keys == NULL)
		g->keys = ev_symbols_new(0);
	ev_column_key(c, &key);
	place.at = ev_symbols_add(g->keys, ev_buf_str(&key), key.len) - 1;
	ev_buf_free(&key);
	if (place.at < g->n_cells)
		return place;
	g->cells = ev_realloc_array(g->cells, g->n_cells + 1, sizeof(const struct ev_column *));
	g->cells[g->n_cells++] = c;
	return place;
}

static struct ev_star_place reference_to(struct ev_star_plan *p, size_t group,
					 const struct ev_dimension *d,
					 const struct ev_star_place *cells, size_t n)
{
	size_t dimension = (size_t)(d - p->m->dimensions);
	struct ev_star_place place = {.own = false};
	struct ev_star_reference *r;
	struct ev_star_group *g;

	for (size_t i = 0; i < n; i++)
		place.own |= cells[i].own;
	g = &p->groups[place.own ? group : 0];
	for (; place.at < g->n_references; place.at++) {
		size_t same = 0;

		r = &g->references[place.at];
		while (r->dimension == dimension && same < n &&
		       r->cells[same].own == cells[same].own && r->cells[same].at == cells[same].at)
			same++;
		if (same == n)
			return place;
	}
	g->references = ev_realloc_array(g->references, g->n_references + 1, sizeof *r);
	r = &g->references[g->n_references++];
	*r = (struct ev_star_reference){.dimension = dimension, .n = n};
	r->cells = ev_arena_alloc(&p->arena, n * sizeof *cells);
	memcpy(r->cells, cells, n * sizeof *cells);
	r->columns = ev_arena_alloc(&p->arena, n * sizeof(const struct ev_column *));
	for (size_t i = 0; i < d->n_keys; i++)
		r->columns[i] = &d->columns.list[d->keys[i]];
	r->alone = d->n_keys == 1 && r->columns[0]->type != EV_TYPE_DECIMAL;
	return place;
}

/* The member that a dimension's own key names. */
static struct ev_star_place own_key(struct ev_star_plan *p, size_t group,
				    const struct ev_dimension *d)
{
	struct ev_star_place cells[EV_KEY_PARTS];

	for (size_t i = 0; i < d->n_keys; i++)
		cells[i] = cell_of(p, group, &d->columns.list[d->keys[i]]);
	return reference_to(p, group, d, cells, d->n_keys);
}

/* Rows */

struct pieces {
	struct ev_star_plan *p;
	struct ev_star_row *row;
	struct ev_buf text;
};

/* Ends the constant text at hand; `what` follows it in each row. */
static struct ev_star_piece *piece(struct pieces *b, enum ev_star_what what)
{
	char *text = ev_arena_zalloc(&b->p->arena, b->text.len + EV_COPY_OVER);
	struct ev_star_row *row = b->row;
	struct ev_star_piece *new;

	memcpy(text, b->text.p, b->text.len);
	row->pieces = ev_realloc_array(row->pieces, row->n + 1, sizeof *new);
	new = &row->pieces[row->n++];
	*new = (struct ev_star_piece){.text = text, .len = (uint32_t)b->text.len, .what = what};
	row->room +=
		b->text.len + (what == EV_STAR_VALIDITY ? EV_STAR_VALIDITY_TEXT : EV_STAR_SHORT);
	ev_buf_reset(&b->text);
	return new;
}

static void column_pieces(struct pieces *b, size_t group, const struct ev_column *c)
{
	struct ev_star_plan *p = b->p;
	struct ev_star_place cell = cell_of(p, group, c), reference;
	const struct ev_dimension *d = c->dimension;
	struct ev_star_piece *key;

	ev_buf_printf(&b->text, ",\"%s\":", c->name);
	piece(b, EV_STAR_CELL)->cell = cell;
	if (d == NULL)
		return;
	reference = d->calendar != NULL || d->n_keys == 1 ? reference_to(p, group, d, &cell, 1)
							  : own_key(p, group, d);
	ev_buf_printf(&b->text, ",\"%s_key\":\"", c->name);
	key = piece(b, EV_STAR_KEY);
	key->cell = cell;
	key->reference = reference;
	ev_buf_putc(&b->text, '"');
}

static void end_pieces(struct pieces *b, const char *table)
{
	ev_buf_printf(&b->text, ",\"_ev\":{\"table\":\"%s\",\"op\":\"insert\",\"owner\":\"", table);
	piece(b, EV_STAR_OWNER);
	ev_buf_puts(&b->text, "\"}}");
	piece(b, EV_STAR_END);
	ev_buf_free(&b->text);
}

static void plan_fact(struct ev_star_plan *p, struct ev_star_fact *f, const struct ev_fact *fact)
{
	struct pieces b = {.p = p, .row = &f->row};

	*f = (struct ev_star_fact){.fact = fact, .group = group_of(p, fact->each)};
	ev_buf_putc(&b.text, '{');
	if (fact->keep == EV_KEEP_HISTORY) {
		ev_buf_puts(&b.text, "\"ev_version\":");
		piece(&b, EV_STAR_VERSION);
		ev_buf_putc(&b.text, ',');
	}
	ev_buf_puts(&b.text, "\"ev_index\":");
	piece(&b, EV_STAR_INDEX);
	if (fact->keep == EV_KEEP_HISTORY) {
		ev_buf_puts(&b.text, ",\"ev_valid_from\":");
		piece(&b, EV_STAR_VALIDITY);
	}
	for (size_t i = 0; i < fact->columns.n; i++)
		column_pieces(&b, f->group, &fact->columns.list[i]);
	end_pieces(&b, fact->name);
}

/* True if a column is a part of the key; *part: which. */
static bool part_of(const struct ev_dimension *d, size_t column, uint32_t *part)
{
	for (*part = 0; *part < d->n_keys; ++*part)
		if (d->keys[*part] == column)
			return true;
	return false;
}

static void plan_dimension(struct ev_star_plan *p, struct ev_star_dimension *s,
			   const struct ev_dimension *d)
{
	struct pieces b = {.p = p, .row = &s->row};

	*s = (struct ev_star_dimension){.dimension = d, .group = group_of(p, d->each)};
	s->reference = own_key(p, s->group, d);
	s->cells = ev_arena_alloc(&p->arena, d->columns.n * sizeof *s->cells);
	ev_buf_printf(&b.text, "{\"%s_key\":\"", d->name);
	piece(&b, EV_STAR_OWNER);
	ev_buf_puts(&b.text, "\",\"ev_inferred\":");
	piece(&b, EV_STAR_INFERRED);
	for (size_t i = 0; i < d->columns.n; i++) {
		struct ev_star_place *cell;

		ev_buf_printf(&b.text, ",\"%s\":", d->columns.list[i].name);
		cell = &piece(&b, EV_STAR_CELL)->cell;
		if ((cell->own = part_of(d, i, &cell->at)))
			continue;
		cell->at = (uint32_t)s->n_attributes;
		s->cells[s->n_attributes++] = cell_of(p, s->group, &d->columns.list[i]);
	}
	end_pieces(&b, d->name);
}

/* Kinds of events */

static bool asks_cell(const struct ev_star_asked *a, uint32_t at)
{
	for (size_t i = 0; i < a->n_cells; i++)
		if (a->cells[i].cell == at)
			return true;
	return false;
}

static bool asks_reference(const struct ev_star_asked *a, uint32_t at)
{
	for (size_t i = 0; i < a->n_references; i++)
		if (a->references[i] == at)
			return true;
	return false;
}

static void ask_cell(const struct ev_star_plan *p, struct ev_star_kind *k, size_t group,
		     struct ev_star_place cell)
{
	struct ev_star_asked *a = cell.own ? &k->groups[group] : &k->event[group];

	if (asks_cell(a, cell.at) || (!cell.own && asks_cell(&k->groups[0], cell.at)))
		return;
	a->cells = ev_realloc_array(a->cells, a->n_cells + 1, sizeof *a->cells);
	a->cells[a->n_cells++] = (struct ev_star_want){
		.column = p->groups[cell.own ? group : 0].cells[cell.at], .cell = cell.at};
}

static void ask_reference(const struct ev_star_plan *p, struct ev_star_kind *k, size_t group,
			  struct ev_star_place reference)
{
	const struct ev_star_reference *r =
		&p->groups[reference.own ? group : 0].references[reference.at];
	struct ev_star_asked *a = reference.own ? &k->groups[group] : &k->event[group];

	if (!asks_reference(a, reference.at) &&
	    (reference.own || !asks_reference(&k->groups[0], reference.at))) {
		a->references =
			ev_realloc_array(a->references, a->n_references + 1, sizeof *a->references);
		a->references[a->n_references++] = reference.at;
	}
	for (size_t i = 0; i < r->n; i++)
		ask_cell(p, k, group, r->cells[i]);
}

static void ask_fact(const struct ev_star_plan *p, struct ev_star_kind *k,
		     const struct ev_star_fact *f)
{
	for (const struct ev_star_piece *i = f->row.pieces; i->what != EV_STAR_END; i++) {
		if (i->what == EV_STAR_CELL || i->what == EV_STAR_KEY)
			ask_cell(p, k, f->group, i->cell);
		if (i->what == EV_STAR_KEY)
			ask_reference(p, k, f->group, i->reference);
	}
}

static void ask_dimension(const struct ev_star_plan *p, struct ev_star_kind *k,
			  const struct ev_star_dimension *d)
{
	for (size_t i = 0; i < d->n_attributes; i++)
		ask_cell(p, k, d->group, d->cells[i]);
	ask_reference(p, k, d->group, d->reference);
}

static bool takes(const struct ev_names *types, const struct ev_star_kind *k)
{
	return k->type != NULL ? ev_names_take(types, k->type, k->len) : types->n == 0;
}

/* What the tables of one group ask for. The event's own group comes first. */
static void ask_group(const struct ev_star_plan *p, struct ev_star_kind *k, size_t group)
{
	for (size_t i = 0; i < k->n_facts; i++) {
		if (p->facts[k->facts[i]].group == group) {
			k->any[group] = true;
			ask_fact(p, k, &p->facts[k->facts[i]]);
		}
	}
	for (size_t i = 0; i < k->n_dimensions; i++) {
		if (p->dimensions[k->dimensions[i]].group == group) {
			k->any[group] = true;
			ask_dimension(p, k, &p->dimensions[k->dimensions[i]]);
		}
	}
	if (group == 0) {
		k->groups[0] = k->event[0];
		k->event[0] = (struct ev_star_asked){.cells = NULL};
	}
}

static void plan_kind(struct ev_star_plan *p, struct ev_star_kind *k, const char *type)
{
	const struct ev_model *m = p->m;

	*k = (struct ev_star_kind){.type = type, .len = type != NULL ? strlen(type) : 0};
	k->facts = ev_arena_alloc(&p->arena, m->n_facts * sizeof *k->facts);
	k->dimensions = ev_arena_alloc(&p->arena, m->n_dimensions * sizeof *k->dimensions);
	k->any = ev_arena_zalloc(&p->arena, p->n_groups * sizeof *k->any);
	k->groups = ev_arena_zalloc(&p->arena, p->n_groups * sizeof *k->groups);
	k->event = ev_arena_zalloc(&p->arena, p->n_groups * sizeof *k->event);
	k->elements = ev_arena_zalloc(&p->arena, p->n_groups * sizeof *k->elements);
	for (size_t i = 0; i < m->n_facts; i++)
		if (takes(&m->facts[i].types, k))
			k->facts[k->n_facts++] = i;
	for (size_t i = 0; i < m->n_dimensions; i++)
		if (m->dimensions[i].calendar == NULL && takes(&m->dimensions[i].types, k))
			k->dimensions[k->n_dimensions++] = i;
	for (size_t i = 0; i < p->n_groups; i++)
		ask_group(p, k, i);
}

static void plan_types(struct ev_star_plan *p, const struct ev_names *types)
{
	for (size_t i = 0; i < types->n; i++) {
		size_t k = 0;

		while (k < p->n_kinds && strcmp(p->kinds[k].type, types->list[i]) != 0)
			k++;
		if (k < p->n_kinds)
			continue;
		p->kinds = ev_realloc_array(p->kinds, p->n_kinds + 1, sizeof *p->kinds);
		plan_kind(p, &p->kinds[p->n_kinds++], types->list[i]);
	}
}

struct ev_star_plan *ev_star_plan_new(const struct ev_model *m)
{
	struct ev_star_plan *p = ev_calloc(1, sizeof *p);

	p->m = m;
	p->groups = ev_calloc(1, sizeof *p->groups);
	p->n_groups = 1;
	p->facts = ev_calloc(m->n_facts, sizeof *p->facts);
	p->dimensions = ev_calloc(m->n_dimensions, sizeof *p->dimensions);
	for (size_t i = 0; i < m->n_facts; i++)
		plan_fact(p, &p->facts[i], &m->facts[i]);
	for (size_t i = 0; i < m->n_dimensions; i++)
		if (m->dimensions[i].calendar == NULL)
			plan_dimension(p, &p->dimensions[i], &m->dimensions[i]);
	for (size_t i = 0; i < m->n_facts; i++)
		plan_types(p, &m->facts[i].types);
	for (size_t i = 0; i < m->n_dimensions; i++)
		plan_types(p, &m->dimensions[i].types);
	p->kinds = ev_realloc_array(p->kinds, p->n_kinds + 1, sizeof *p->kinds);
	plan_kind(p, &p->kinds[p->n_kinds++], NULL);
	return p;
}

static void free_asked(struct ev_star_asked *a)
{
	free(a->cells);
	free(a->references);
}

void ev_star_plan_free(struct ev_star_plan **plan)
{
	struct ev_star_plan *p = *plan;

	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n_groups; i++) {
		ev_symbols_free(&p->groups[i].keys);
		free(p->groups[i].cells);
		free(p->groups[i].references);
	}
	for (size_t i = 0; i < p->n_kinds; i++) {
		for (size_t k = 0; k < p->n_groups; k++) {
			free_asked(&p->kinds[i].groups[k]);
			free_asked(&p->kinds[i].event[k]);
			ev_containers_free(&p->kinds[i].elements[k]);
		}
		ev_containers_free(&p->kinds[i].containers);
	}
	for (size_t i = 0; i < p->m->n_facts; i++)
		free(p->facts[i].row.pieces);
	for (size_t i = 0; i < p->m->n_dimensions; i++)
		free(p->dimensions[i].row.pieces);
	free(p->kinds);
	free(p->facts);
	free(p->dimensions);
	free(p->groups);
	ev_arena_free(&p->arena);
	free(p);
	*plan = NULL;
}

const struct ev_star_kind *ev_star_kind_of(const struct ev_star_plan *p, const char *type,
					   size_t len)
{
	const struct ev_star_kind *k = p->kinds;

	while (k->type != NULL && (k->len != len || memcmp(k->type, type, len) != 0))
		k++;
	return k;
}

/*
 * Compiles schemas into flat programs. A contract is often a $ref or an allOf of parts that several
 * contracts share, and each part would visit all members again. So all schemas that apply to one
 * value are merged.
 *
 * Merged are, of objects, type, the number of members, required, dependentRequired, properties and
 * additionalProperties; of arrays, their length and items. Schemas with other keywords are applied
 * as they are.
 */
#include "schema/flat.h"
#include "base/mem.h"
#include "number/decimal.h"
#include "scan/form.h"
#include "schema/fast.h"

#include <stdlib.h>
#include <string.h>

/*
 * Bounds of what is merged. MAX_CELLS is for a whole set: schemas that refer to themselves could
 * be combined without end.
 */
enum { MAX_PARTS = 32, MAX_BITS = 64, MAX_CELLS = 1 << 18 };

/* The distinct schemas that apply to one value, without aliases and `true`. */
struct group {
	const struct ev_schema *list[MAX_PARTS];
	uint32_t n;
	bool full; /* there are more than MAX_PARTS */
};

/* The schemas of a group and of their $ref and allOf: merged, or applied as they are. */
struct parts {
	struct group merged, rest;
	bool failed; /* too many schemas, or `false` among them */
};

/* A program, compiled or in the queue. */
struct ev_schema_known {
	const struct ev_schema **schemas;
	uint32_t n;
	enum ev_kind kind;
	struct ev_schema_program inside;
	struct ev_schema_known *next;
};

struct maker {
	struct ev_schema_set *set;
	struct ev_schema_known **queue; /* a queue, so that depth costs no stack */
	size_t n, cap;
};

/* A copy of the group's list in the arena. */
static const struct ev_schema **kept(const struct maker *m, const struct group *p)
{
	size_t size = p->n * sizeof(struct ev_schema *);

	return memcpy(ev_arena_alloc(&m->set->arena, size), p->list, size);
}

static void add(struct group *p, const struct ev_schema *s)
{
	while (s->alias != NULL)
		s = s->alias;
	if (s->boolean && s->value)
		return;
	for (uint32_t i = 0; i < p->n; i++)
		if (p->list[i] == s)
			return;
	if (p->n == MAX_PARTS)
		p->full = true;
	else
		p->list[p->n++] = s;
}

/* *n: how many names need a presence bit. False if a schema depends on one. */
static bool counts_names(const struct ev_schema_objects *o, uint64_t *n)
{
	*n = o->n_required;
	for (uint32_t i = 0; i < o->n_dependents; i++) {
		*n += 1ULL + o->dependents[i].n;
		if (o->dependents[i].schema != NULL)
			return false;
	}
	return true;
}

/* True if all keywords of s for values of this kind can be merged; those for scalars always can. */
static bool can_merge(const struct ev_schema *s, enum ev_kind kind)
{
	const struct ev_schema_applied *a = s->applied;
	const struct ev_schema_objects *o = s->objects;
	const struct ev_schema_arrays *t = s->arrays;
	uint64_t n;

	if (a != NULL && (a->n_any > 0 || a->n_one > 0 || a->no != NULL || a->when != NULL ||
			  a->fallback != NULL))
		return false;
	switch (kind) {
	case EV_OBJECT:
		return s->unevaluated_properties == NULL &&
		       (o == NULL ||
			(o->n_patterns == 0 && o->property_names == NULL && counts_names(o, &n)));
	case EV_ARRAY:
		return s->unevaluated_items == NULL &&
		       (t == NULL || (t->n_prefix == 0 && t->contains == NULL && !t->unique));
	default: return true;
	}
}

static void gather(struct parts *g, const struct ev_schema *s, enum ev_kind kind)
{
	uint32_t before = g->merged.n;

	while (s->alias != NULL)
		s = s->alias;
	if (s->boolean && !s->value)
		g->failed = true;
	if (!s->boolean && !can_merge(s, kind))
		add(&g->rest, s);
	else
		add(&g->merged, s);
	g->failed = g->failed || g->merged.full || g->rest.full;
	if (g->merged.n == before || s->applied == NULL)
		return;
	for (uint32_t i = 0; i < s->applied->n_all && !g->failed; i++)
		gather(g, s->applied->all[i], kind);
}

static struct parts parts_of(const struct group *schemas, enum ev_kind kind)
{
	struct parts g = {.failed = schemas->full};

	for (uint32_t i = 0; i < schemas->n && !g.failed; i++)
		gather(&g, schemas->list[i], kind);
	return g;
}

/* Scalars */

static bool has_kind(const struct ev_schema_values *v, enum ev_kind kind)
{
	return v == NULL || (v->kinds >> kind & 1) != 0;
}

static void flatten_constant(struct ev_schema_cell *c, const struct group *parts, enum ev_kind kind)
{
	for (uint32_t i = 0; i < parts->n; i++) {
		const struct ev_schema *s = parts->list[i];

		if ((s->types >> kind & 1) == 0 || !has_kind(s->constant, kind) ||
		    !has_kind(s->values, kind))
			return;
	}
	c->checks[kind] = SCHEMA_CHECK_PASS;
}

/* Whether all strings of a are in b. */
static bool is_subset(const struct ev_schema_values *a, const struct ev_schema_values *b)
{
	for (uint32_t i = 0; i < a->strings.n; i++)
		if (ev_schema_names_find(&b->strings, a->strings.list[i].p,
					 a->strings.list[i].len) == NULL)
			return false;
	return true;
}

/*
 * Intersects *words with v; false if neither contains the other, for only then the result is one of
 * the two.
 */
static bool narrow(const struct ev_schema_values **words, const struct ev_schema_values *v)
{
	if (v == NULL || (*words != NULL && is_subset(*words, v)))
		return true;
	if (*words != NULL && !is_subset(v, *words))
		return false;
	*words = v;
	return true;
}

static void bound_length(struct ev_schema_cell *c, uint64_t least, uint64_t most,
			 enum ev_schema_check then)
{
	most = most < UINT32_MAX ? most : UINT32_MAX;
	if (least > most)
		return;
	c->least = (uint32_t)least;
	c->gap = (uint32_t)(most - least);
	c->checks[EV_STRING] = (uint8_t)then;
}

/* Bounds in bytes that guarantee min to max code points of at most `wide` bytes each. */
static void bound_points(struct ev_schema_cell *c, uint64_t min, uint64_t max, unsigned wide,
			 enum ev_schema_check then)
{
	if (min <= UINT32_MAX / 4)
		bound_length(c, min > 0 ? wide * (min - 1) + 1 : 0, max, then);
}

/* The cell of a string with a pattern or a format, of min to max code points. */
static void flatten_text(struct ev_schema_cell *c, const struct ev_schema_strings *t, uint64_t min,
			 uint64_t max)
{
	const struct ev_schema_layout *l = t->layout;

	if (t->pattern == NULL) {
		const bool uuid = t->format == ev_schema_format_find("uuid", 4) &&
				  min <= EV_UUID_TEXT && max >= EV_UUID_TEXT;

		c->format = t->format;
		bound_points(c, min, max, (t->format->flags & SCHEMA_FORMAT_ASCII) != 0 ? 1 : 4,
			     uuid ? SCHEMA_CHECK_UUID : SCHEMA_CHECK_FORMAT);
	} else if (t->format == NULL && l != NULL &&
		   (l->most < UINT32_MAX || (min == 0 && max == UINT64_MAX))) {
		c->layout = l; /* which has ASCII alone */
		bound_length(c, min > l->least ? min : l->least, max < l->most ? max : l->most,
			     SCHEMA_CHECK_LAYOUT);
	}
}

static void flatten_strings(struct ev_schema_cell *c, const struct group *parts)
{
	const struct ev_schema_strings *laid = NULL;
	const struct ev_schema_values *words = NULL;
	uint64_t min = 0, max = UINT64_MAX;

	for (uint32_t i = 0; i < parts->n; i++) {
		const struct ev_schema *s = parts->list[i];
		const struct ev_schema_strings *t = s->strings;

		if ((s->types >> EV_STRING & 1) == 0 || !narrow(&words, s->constant) ||
		    !narrow(&words, s->values))
			return;
		if (t == NULL)
			continue;
		min = t->min > min ? t->min : min;
		max = t->max < max ? t->max : max;
		if (t->pattern == NULL && t->format == NULL)
			continue;
		if (laid != NULL)
			return;
		laid = t;
	}
	if (words != NULL) {
		if (laid != NULL || min > 0 || max < UINT64_MAX || words->words == NULL)
			return;
		c->words = words->words;
		c->checks[EV_STRING] = SCHEMA_CHECK_WORD;
	} else if (laid != NULL) {
		flatten_text(c, laid, min, max);
	} else if (min == 0 && max == UINT64_MAX) {
		c->checks[EV_STRING] = c->checks[8 | EV_STRING] = SCHEMA_CHECK_PASS;
	} else {
		bound_points(c, min, max, 4, SCHEMA_CHECK_LENGTH);
		if (min <= 1) /* with escapes twelve; but any byte at all is at least one */
			c->checks[8 | EV_STRING] = c->checks[EV_STRING];
	}
}

/*
 * The integer that the limit is rounded down to; *whole: if that is the limit itself. False if it
 * has too many digits, or an exponent that makes it large.
 */
static bool floor_of(struct ev_schema_slice limit, int64_t *v, bool *whole)
{
	struct ev_small n;

	if (!ev_small_read(limit.p, limit.len, &n) || n.exp > 0)
		return false;
	*whole = true;
	for (; n.exp < 0 && n.coef != 0 && n.coef != -1; n.exp++) {
		*whole = *whole && n.coef % 10 == 0;
		n.coef = n.coef / 10 - (n.coef % 10 < 0);
	}
	*whole = *whole && (n.exp == 0 || n.coef == 0);
	*v = n.coef;
	return true;
}

/* The range of integers that the limits allow. False if some limit is no such range. */
static bool narrow_range(const struct ev_schema_numbers *n, int64_t *low, int64_t *high)
{
	for (int bound = 0; bound < SCHEMA_BOUNDS; bound++) {
		bool whole;
		int64_t v;

		if (n->limits[bound].p == NULL)
			continue;
		if (bound == SCHEMA_MULTIPLE_OF || !floor_of(n->limits[bound], &v, &whole))
			return false;
		if (bound == SCHEMA_MAXIMUM || bound == SCHEMA_EXCLUSIVE_MAXIMUM) {
			v -= bound == SCHEMA_EXCLUSIVE_MAXIMUM && whole;
			*high = v < *high ? v : *high;
		} else {
			v += bound == SCHEMA_EXCLUSIVE_MINIMUM || !whole;
			*low = v > *low ? v : *low;
		}
	}
	return true;
}

static void flatten_numbers(struct ev_schema_cell *c, struct ev_schema_cold *b,
			    const struct group *parts)
{
	int64_t low = INT64_MIN, high = INT64_MAX;
	bool whole = false;

	for (uint32_t i = 0; i < parts->n; i++) {
		const struct ev_schema *s = parts->list[i];

		if ((s->types & (1 << EV_NUMBER | SCHEMA_INTEGER)) == 0 || s->constant != NULL ||
		    s->values != NULL ||
		    (s->numbers != NULL && !narrow_range(s->numbers, &low, &high)))
			return;
		whole = whole || (s->types >> EV_NUMBER & 1) == 0;
	}
	b->low = low;
	b->high = high;
	if (whole)
		c->checks[EV_NUMBER] = SCHEMA_CHECK_WHOLE;
	else if (low == INT64_MIN && high == INT64_MAX)
		c->checks[EV_NUMBER] = SCHEMA_CHECK_PASS;
	else
		c->checks[EV_NUMBER] = low <= 0 && high == INT64_MAX ? SCHEMA_CHECK_NOT_NEGATIVE
								     : SCHEMA_CHECK_DECIMAL;
}

/* Objects and arrays */

static uint64_t names_in(const struct group *parts)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < parts->n; i++)
		n += parts->list[i]->objects != NULL ? parts->list[i]->objects->names.n : 0;
	return n;
}

/* The size of a table at most a quarter full, so that most names need one probe. */
static uint64_t slots_for(uint64_t n)
{
	uint64_t size = 1;

	while (size < 4 * n)
		size *= 2;
	return size;
}

/* The program for these schemas, queued if it is new. NULL if there are too many cells. */
static struct ev_schema_known *known_of(struct maker *m, const struct group *schemas,
					enum ev_kind kind, uint64_t cells)
{
	struct ev_schema_flat *flat = schemas->list[0]->flat;
	struct ev_schema_known *k;

	for (k = flat->known; k != NULL; k = k->next)
		if (k->kind == kind && k->n == schemas->n &&
		    memcmp(k->schemas, schemas->list, k->n * sizeof(struct ev_schema *)) == 0)
			return k;
	if (cells > MAX_CELLS - m->set->n_cells)
		return NULL;
	m->set->n_cells += cells;
	k = ev_arena_zalloc(&m->set->arena, sizeof *k);
	k->schemas = kept(m, schemas);
	k->n = schemas->n;
	k->kind = kind;
	k->next = flat->known;
	flat->known = k;
	ev_grow(&m->queue, &m->cap, m->n + 1, sizeof(struct ev_schema_known *));
	m->queue[m->n++] = k;
	return k;
}

/* The program for values of this kind, or NULL; *pass: every value of the kind fits. */
static struct ev_schema_known *inside_of(struct maker *m, const struct group *schemas,
					 enum ev_kind kind, bool *pass)
{
	struct parts g = parts_of(schemas, kind);
	uint64_t bits = 0, names;
	bool some = false;

	*pass = false;
	if (g.failed)
		return NULL;
	for (uint32_t i = 0; i < g.merged.n; i++) {
		const struct ev_schema *s = g.merged.list[i];

		if ((s->types >> kind & 1) == 0 || s->constant != NULL || s->values != NULL)
			return NULL;
		some = some || (kind == EV_OBJECT ? s->objects != NULL : s->arrays != NULL);
		if (kind == EV_OBJECT && s->objects != NULL && counts_names(s->objects, &names))
			bits += names;
	}
	*pass = !some && g.rest.n == 0;
	if (!some || bits > MAX_BITS || (kind == EV_ARRAY && g.rest.n > 0))
		return NULL;
	return known_of(m, schemas, kind, slots_for(kind == EV_OBJECT ? names_in(&g.merged) : 0));
}

static void cold_part(struct maker *m, struct ev_schema_cell *c, struct ev_schema_cold *b,
		      const struct group *schemas)
{
	const struct ev_schema_known *k;
	bool pass;

	b->schemas = kept(m, schemas);
	b->n = schemas->n;
	k = inside_of(m, schemas, EV_OBJECT, &pass);
	b->object = k != NULL ? &k->inside : NULL;
	c->checks[EV_OBJECT] = k != NULL ? SCHEMA_CHECK_OBJECT
			       : pass	 ? SCHEMA_CHECK_PASS
					 : SCHEMA_CHECK_FULL;
	k = inside_of(m, schemas, EV_ARRAY, &pass);
	b->array = k != NULL ? &k->inside : NULL;
	c->checks[EV_ARRAY] = k != NULL ? SCHEMA_CHECK_ARRAY
			      : pass	? SCHEMA_CHECK_PASS
					: SCHEMA_CHECK_FULL;
}

static struct ev_schema_cell cell_of(struct maker *m, const struct group *schemas, uint32_t symbol)
{
	struct ev_schema_cold *b = ev_arena_zalloc(&m->set->arena, sizeof *b);
	struct ev_schema_cell c = {.symbol = symbol, .cold = b};
	struct parts g = parts_of(schemas, EV_STRING);

	if (!g.failed && g.rest.n == 0) {
		flatten_constant(&c, &g.merged, EV_NULL);
		flatten_constant(&c, &g.merged, EV_FALSE);
		flatten_constant(&c, &g.merged, EV_TRUE);
		flatten_strings(&c, &g.merged);
		flatten_numbers(&c, b, &g.merged);
	}
	cold_part(m, &c, b, schemas);
	return c;
}

/*
 * The schemas that all of them apply to the member with that symbol; EV_NO_SYMBOL: to any member
 * that no schema names.
 */
static struct group schemas_of_member(const struct group *parts, uint32_t symbol)
{
	struct group schemas = {.n = 0};

	for (uint32_t i = 0; i < parts->n; i++) {
		const struct ev_schema_objects *o = parts->list[i]->objects;
		const struct ev_schema *s;
		uint32_t k;

		if (o == NULL)
			continue;
		k = symbol != EV_NO_SYMBOL ? ev_symbol_map_get(&o->members, symbol) : UINT32_MAX;
		s = k != UINT32_MAX ? o->names.list[k].schema : NULL;
		s = s != NULL ? s : o->additional;
		if (s != NULL)
			add(&schemas, s);
	}
	return schemas;
}

static uint32_t symbol_of(const struct maker *m, const struct ev_schema_name *name)
{
	return ev_symbols_add(m->set->symbols, name->p, name->len);
}

static struct ev_schema_cell *slot_of(struct ev_schema_program *o, uint32_t symbol)
{
	return &o->cells[ev_schema_cell_at(o, symbol) - o->cells];
}

/*
 * Makes the table for n names. Free slots hold the cell for all other names (of an array, for its
 * elements), so a miss needs no branch.
 */
static void make_cells(struct maker *m, struct ev_schema_program *o, uint64_t n,
		       const struct group *others)
{
	struct ev_schema_cell cell = cell_of(m, others, EV_NO_SYMBOL);
	size_t slots = slots_for(n), size = sizeof cell;
	char *p = ev_arena_alloc(&m->set->arena, (slots + 1) * size);

	o->mask = (uint32_t)slots - 1;
	o->cells = (void *)(p + (size - (uintptr_t)p % size) % size);
	for (size_t k = 0; k < slots; k++)
		o->cells[k] = cell;
}

/* Sets the range of counts; an empty range (most below least) rejects every count. */
static void bound_count(struct ev_schema_program *o, uint64_t least, uint64_t most)
{
	if (least > most)
		least = most = UINT64_MAX;
	o->least = least;
	o->gap = most - least;
}

/* The presence bit of a name of p; the next free one if it has none yet. */
static uint64_t bit_of(const struct maker *m, struct ev_schema_program *o,
		       const struct ev_schema_objects *p, uint32_t name, unsigned *bits)
{
	struct ev_schema_cell *to = slot_of(o, symbol_of(m, &p->names.list[name]));

	if (to->bit == 0)
		to->bit = 1ULL << (*bits)++;
	return to->bit;
}

static void add_rule(const struct maker *m, struct ev_schema_program *o,
		     const struct ev_schema_objects *p, const struct ev_schema_dependent *d,
		     unsigned *bits)
{
	struct ev_schema_rule *rule = &o->rules[o->n_rules++];

	*rule = (struct ev_schema_rule){.trigger = bit_of(m, o, p, d->trigger, bits)};
	for (uint32_t k = 0; k < d->n; k++)
		rule->needed |= bit_of(m, o, p, d->required[k], bits);
}

static void fill_object(struct maker *m, struct ev_schema_program *o, const struct group *schemas)
{
	struct parts g = parts_of(schemas, EV_OBJECT);
	struct group group = schemas_of_member(&g.merged, EV_NO_SYMBOL);
	uint64_t least = 0, most = UINT64_MAX;
	unsigned bits = 0;
	size_t rules = 0;

	make_cells(m, o, names_in(&g.merged), &group);
	for (uint32_t i = 0; i < g.merged.n; i++)
		rules += g.merged.list[i]->objects != NULL ? g.merged.list[i]->objects->n_dependents
							   : 0;
	o->rules = ev_arena_alloc(&m->set->arena, rules * sizeof *o->rules);
	for (uint32_t i = 0; i < g.merged.n; i++) {
		const struct ev_schema_objects *p = g.merged.list[i]->objects;

		if (p == NULL)
			continue;
		least = p->min > least ? p->min : least;
		most = p->max < most ? p->max : most;
		for (uint32_t k = 0; k < p->names.n; k++) {
			uint32_t symbol = symbol_of(m, &p->names.list[k]);
			struct ev_schema_cell *to = slot_of(o, symbol);

			if (to->symbol == symbol)
				continue;
			group = schemas_of_member(&g.merged, symbol);
			*to = cell_of(m, &group, symbol);
		}
		for (uint32_t k = 0; k < p->n_required; k++)
			o->needed |= bit_of(m, o, p, p->required[k], &bits);
		for (uint32_t k = 0; k < p->n_dependents; k++)
			add_rule(m, o, p, &p->dependents[k], &bits);
	}
	bound_count(o, least, most);
	o->n_rest = g.rest.n;
	o->rest = kept(m, &g.rest);
}

static void fill_array(struct maker *m, struct ev_schema_program *o, const struct group *schemas)
{
	struct parts g = parts_of(schemas, EV_ARRAY);
	uint64_t least = 0, most = UINT64_MAX;
	struct group items = {.n = 0};

	for (uint32_t i = 0; i < g.merged.n; i++) {
		const struct ev_schema_arrays *t = g.merged.list[i]->arrays;

		if (t == NULL)
			continue;
		least = t->min > least ? t->min : least;
		most = t->max < most ? t->max : most;
		if (t->items != NULL)
			add(&items, t->items);
	}
	make_cells(m, o, 0, &items);
	bound_count(o, least, most);
}

void ev_schema_flatten(const struct ev_schema *s)
{
	struct maker m = {.set = s->set};
	struct group schemas = {.n = 0};
	const struct ev_schema_known *k;
	bool pass;

	add(&schemas, s);
	k = schemas.n > 0 ? inside_of(&m, &schemas, EV_OBJECT, &pass) : NULL;
	s->flat->made = true;
	s->flat->object = k != NULL ? &k->inside : NULL;
	for (size_t i = 0; i < m.n; i++) {
		struct group group = {.n = m.queue[i]->n};

		memcpy(group.list, m.queue[i]->schemas, group.n * sizeof(struct ev_schema *));
		if (m.queue[i]->kind == EV_OBJECT)
			fill_object(&m, &m.queue[i]->inside, &group);
		else
			fill_array(&m, &m.queue[i]->inside, &group);
	}
	free(m.queue);
}

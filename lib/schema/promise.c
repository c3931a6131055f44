/*
 * What is guaranteed of values that fit a schema. Only unconditional keywords are read: those
 * beside each other, through $ref and allOf, of members by name and of all elements.
 */
#include "base/time.h"
#include "number/decimal.h"
#include "scan/form.h"
#include "schema/internal.h"

#include <string.h>

/* Schemas that all hold for one value. Leaving some out only weakens the promise. */
enum { MAX_HELD = 32 };

struct held {
	const struct ev_schema *list[MAX_HELD];
	uint32_t n;
};

static void hold(struct held *h, const struct ev_schema *s)
{
	while (s->alias != NULL)
		s = s->alias;
	for (uint32_t i = 0; i < h->n; i++)
		if (h->list[i] == s)
			return;
	if (s->boolean || h->n == MAX_HELD)
		return;
	h->list[h->n++] = s;
	for (uint32_t i = 0; s->applied != NULL && i < s->applied->n_all; i++)
		hold(h, s->applied->all[i]);
}

static uint32_t kinds_of(const struct ev_schema_values *v)
{
	return v->kinds | (v->strings.n > 0 ? 1U << EV_STRING : 0) |
	       (v->numbers ? 1U << EV_NUMBER : 0) |
	       (v->composites ? 1U << EV_ARRAY | 1U << EV_OBJECT : 0);
}

static uint32_t kinds(const struct held *h)
{
	uint32_t all = SCHEMA_ANY_TYPE;

	for (uint32_t i = 0; i < h->n; i++) {
		const struct ev_schema *s = h->list[i];

		all &= s->types | ((s->types & SCHEMA_INTEGER) != 0 ? 1U << EV_NUMBER : 0);
		all &= s->constant != NULL ? kinds_of(s->constant) : SCHEMA_ANY_TYPE;
		all &= s->values != NULL ? kinds_of(s->values) : SCHEMA_ANY_TYPE;
	}
	return all;
}

static struct held of_member(const struct held *h, const struct ev_step *step)
{
	struct held inside = {.n = 0};

	for (uint32_t i = 0; i < h->n; i++) {
		const struct ev_schema_objects *o = h->list[i]->objects;
		const struct ev_schema_name *name =
			o != NULL ? ev_schema_names_find(&o->names, step->name, step->len) : NULL;

		if (name != NULL && name->schema != NULL)
			hold(&inside, name->schema);
	}
	return inside;
}

/*
 * The schemas of the elements. jq's [] also takes an object's values, for which nothing is
 * guaranteed.
 */
static struct held of_elements(const struct held *h)
{
	struct held inside = {.n = 0};

	if ((kinds(h) >> EV_OBJECT & 1) != 0)
		return inside;
	for (uint32_t i = 0; i < h->n; i++) {
		const struct ev_schema_arrays *t = h->list[i]->arrays;

		if (t != NULL && t->n_prefix == 0 && t->items != NULL)
			hold(&inside, t->items);
	}
	return inside;
}

static struct held at_path(struct held h, const struct ev_path *path)
{
	for (size_t i = 0; i < path->n; i++)
		h = path->steps[i].kind == EV_STEP_NAME ? of_member(&h, &path->steps[i])
							: of_elements(&h);
	return h;
}

static void promise_length(uint64_t longest, struct ev_promise *p)
{
	p->longest = longest < p->longest ? longest : p->longest;
}

static void promise_words(const struct ev_schema_values *v, struct ev_promise *p)
{
	uint64_t longest = 0;

	if (v == NULL)
		return;
	for (uint32_t i = 0; i < v->strings.n; i++) {
		const struct ev_schema_name *word = &v->strings.list[i];

		longest = word->len > longest ? word->len : longest;
		if (memchr(word->p, '\0', word->len) != NULL)
			return;
	}
	p->no_nul = true;
	promise_length(longest, p);
}

static void promise_text(const struct ev_schema_strings *t, struct ev_promise *p)
{
	if (t == NULL)
		return;
	promise_length(t->max, p);
	if (t->format == NULL)
		return;
	if (t->format == ev_schema_format_find("uuid", 4)) {
		p->uuid = p->no_nul = true;
		promise_length(EV_UUID_TEXT, p);
	} else if (t->format == ev_schema_format_find("date", 4)) {
		p->date = p->no_nul = true;
		promise_length(EV_DATE_TEXT, p);
	}
}

/* Whether the limit is a number of 64 bits, or less far from zero. */
static bool is_near(struct ev_schema_slice limit)
{
	struct ev_small n;

	return limit.p != NULL && ev_small_read(limit.p, limit.len, &n) && n.exp <= 0;
}

static bool has_bound(const struct ev_schema_numbers *n, enum ev_schema_bound a,
		      enum ev_schema_bound b)
{
	return n != NULL && (is_near(n->limits[a]) || is_near(n->limits[b]));
}

struct ev_promise ev_schema_promise(const struct ev_schema *s, const struct ev_path *list,
				    const struct ev_path *path)
{
	struct ev_promise p = {.kinds = SCHEMA_ANY_TYPE, .longest = UINT64_MAX};
	bool whole = false, least = false, most = false;
	struct held h = {.n = 0};

	if (s->set->n_dynamic > 0)
		return p;
	hold(&h, s);
	h = at_path(list != NULL ? at_path(h, list) : h, path);
	p.kinds = kinds(&h);
	for (uint32_t i = 0; i < h.n; i++) {
		s = h.list[i];
		promise_words(s->constant, &p);
		promise_words(s->values, &p);
		promise_text(s->strings, &p);
		whole |= (s->types >> EV_NUMBER & 1) == 0;
		least |= has_bound(s->numbers, SCHEMA_MINIMUM, SCHEMA_EXCLUSIVE_MINIMUM);
		most |= has_bound(s->numbers, SCHEMA_MAXIMUM, SCHEMA_EXCLUSIVE_MAXIMUM);
	}
	p.int64 = whole && least && most;
	return p;
}

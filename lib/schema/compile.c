/*
 * Compiles keywords into the structs of internal.h. Schemas wait in a queue: a schema that refers
 * to itself becomes a loop of pointers, and depth costs no stack.
 */
#include "base/mem.h"
#include "number/decimal.h"
#include "schema/fast.h"
#include "schema/flat.h"
#include "schema/keyword.h"
#include "json/canon.h"

#include <string.h>

/* Keywords */

struct compile {
	struct ev_schema_set *set;
	struct ev_schema *s;
	const struct ev_doc *d;
	struct ev_schema_document *doc;
	struct ev_error *err;
	const struct ev_schema *ref;
	uint32_t asserts; /* how many keywords say something about a value */
};

/* The index of a name whose presence is asked for; gives it a mark. */
static uint32_t name_count(struct compile *c, uint32_t at)
{
	struct ev_schema_objects *o = c->s->objects;
	uint32_t i = ev_schema_names_add(c->set, &o->names, ev_schema_string(c->doc, at));

	if (o->names.list[i].mark == SCHEMA_NO_MARK)
		o->names.list[i].mark = o->n_marks++;
	return i;
}

static enum ev_schema_draft draft(const struct compile *c)
{
	return c->s->resource->dialect.draft;
}

static struct ev_schema *sub(struct compile *c, uint32_t at)
{
	return ev_schema_at(c->s->resource, at);
}

static const struct ev_schema **subs(struct compile *c, uint32_t at, uint32_t *n, uint32_t room)
{
	const struct ev_schema **list =
		ev_arena_alloc(&c->set->arena,
			       (c->d->nodes[at].count + (size_t)room) * sizeof(struct ev_schema *));

	*n = 0;
	for (uint32_t i = ev_first(c->d, at); i < ev_end(c->d, at); i = ev_next(c->d, i))
		list[(*n)++] = sub(c, i);
	return list;
}

/* The parts of a schema, made on first use. */

static struct ev_schema_strings *strings(struct compile *c)
{
	if (c->s->strings == NULL) {
		c->s->strings = ev_arena_zalloc(&c->set->arena, sizeof *c->s->strings);
		c->s->strings->max = UINT64_MAX;
	}
	return c->s->strings;
}

static struct ev_schema_arrays *arrays(struct compile *c)
{
	struct ev_schema_arrays *a = c->s->arrays;

	if (a == NULL) {
		a = c->s->arrays = ev_arena_zalloc(&c->set->arena, sizeof *a);
		a->max = a->max_contains = UINT64_MAX;
		a->min_contains = 1;
	}
	return a;
}

static struct ev_schema_applied *applied(struct compile *c)
{
	if (c->s->applied == NULL)
		c->s->applied = ev_arena_zalloc(&c->set->arena, sizeof *c->s->applied);
	return c->s->applied;
}

static struct ev_schema_objects *objects(struct compile *c)
{
	if (c->s->objects == NULL) {
		c->s->objects = ev_arena_zalloc(&c->set->arena, sizeof *c->s->objects);
		c->s->objects->max = UINT64_MAX;
	}
	return c->s->objects;
}

static uint64_t count(struct compile *c, uint32_t at)
{
	struct ev_number n;
	const char *p;
	size_t len;
	int64_t v;

	p = ev_raw(c->d, at, &len);
	ev_number_read(p, len, &n);
	return ev_number_int64(&n, &v) ? (uint64_t)v : UINT64_MAX - 1; /* more than any value has */
}

static void limit(struct compile *c, enum ev_schema_bound bound, uint32_t at)
{
	struct ev_schema_slice *l;

	if (c->s->numbers == NULL)
		c->s->numbers = ev_arena_zalloc(&c->set->arena, sizeof *c->s->numbers);
	l = &c->s->numbers->limits[bound];
	l->p = ev_raw(c->d, at, &l->len);
}

static void type(struct compile *c, uint32_t at)
{
	uint32_t i = ev_kind(c->d, at) == EV_ARRAY ? ev_first(c->d, at) : at;

	c->s->types = 0;
	for (; i < ev_end(c->d, at); i = ev_next(c->d, i))
		c->s->types |= ev_schema_type_bits(c->d, i);
}

static const struct ev_schema_values *values(struct compile *c, uint32_t first, uint32_t end,
					     uint32_t n)
{
	struct ev_schema_values *v = ev_arena_zalloc(&c->set->arena, sizeof *v);
	struct ev_buf form = {0};

	v->list = ev_arena_zalloc(&c->set->arena, n * sizeof *v->list);
	for (uint32_t i = first; i < end; i = ev_next(c->d, i)) {
		struct ev_schema_constant *k = &v->list[v->n++];

		k->kind = ev_kind(c->d, i);
		k->text.p = ev_raw(c->d, i, &k->text.len);
		if (k->kind <= EV_TRUE) {
			v->kinds |= 1U << k->kind;
			continue;
		}
		if (k->kind == EV_STRING) {
			ev_schema_names_add(c->set, &v->strings, ev_schema_string(c->doc, i));
			continue;
		}
		ev_buf_reset(&form);
		ev_canonical(c->d, i, NULL, 0, &form);
		k->form = (struct ev_schema_slice){ev_arena_copy(&c->set->arena, form.p, form.len),
						   form.len};
		ev_schema_names_add(c->set, &v->forms, k->form);
		v->numbers |= k->kind == EV_NUMBER;
		v->composites |= k->kind != EV_NUMBER;
	}
	ev_buf_free(&form);
	if (v->strings.n > 0)
		v->words = ev_schema_words_make(&c->set->arena, &v->strings);
	return v;
}

static struct ev_regex *regex(struct compile *c, uint32_t at, struct ev_schema_slice *text)
{
	struct ev_regex *re;
	struct ev_error why;

	*text = ev_schema_string(c->doc, at);
	if ((re = ev_regex_compile(text->p, text->len, EV_REGEX_ECMA, &why)) == NULL) {
		ev_schema_fail(c->doc, c->doc->nodes[at].pos, c->err,
			       "the pattern %s is no regular expression: %s", text->p, why.text);
		return NULL;
	}
	ev_grow(&c->set->regexes, &c->set->cap_regexes, c->set->n_regexes + 1,
		sizeof(struct ev_regex *));
	return c->set->regexes[c->set->n_regexes++] = re;
}

static void properties(struct compile *c, uint32_t at)
{
	struct ev_schema_objects *o = objects(c);

	for (uint32_t i = ev_first(c->d, at); i < ev_end(c->d, at); i = ev_next(c->d, i + 1)) {
		uint32_t k = ev_schema_names_add(c->set, &o->names, ev_schema_string(c->doc, i));

		o->names.list[k].schema = sub(c, i + 1);
	}
}

static bool pattern_properties(struct compile *c, uint32_t at)
{
	struct ev_schema_objects *o = objects(c);

	o->patterns = ev_arena_zalloc(&c->set->arena, c->d->nodes[at].count * sizeof *o->patterns);
	for (uint32_t i = ev_first(c->d, at); i < ev_end(c->d, at); i = ev_next(c->d, i + 1)) {
		struct ev_schema_pattern *p = &o->patterns[o->n_patterns++];

		if ((p->regex = regex(c, i, &p->text)) == NULL)
			return false;
		p->schema = sub(c, i + 1);
	}
	return true;
}

static uint32_t *counted_names(struct compile *c, uint32_t at, uint32_t *n)
{
	uint32_t *list = ev_arena_alloc(&c->set->arena, c->d->nodes[at].count * sizeof *list);

	objects(c);
	*n = 0;
	for (uint32_t i = ev_first(c->d, at); i < ev_end(c->d, at); i = ev_next(c->d, i))
		list[(*n)++] = name_count(c, i);
	return list;
}

static void dependents(struct compile *c, uint32_t at)
{
	struct ev_schema_objects *o = objects(c);
	const size_t n = o->n_dependents, more = c->d->nodes[at].count;
	struct ev_schema_dependent *list =
		ev_arena_alloc(&c->set->arena, (n + more) * sizeof *list);

	if (n > 0) /* of another keyword */
		memcpy(list, o->dependents, n * sizeof *list);
	o->dependents = list;
	for (uint32_t i = ev_first(c->d, at); i < ev_end(c->d, at); i = ev_next(c->d, i + 1)) {
		struct ev_schema_dependent *p = &o->dependents[o->n_dependents++];

		*p = (struct ev_schema_dependent){.trigger = name_count(c, i)};
		if (ev_kind(c->d, i + 1) == EV_ARRAY)
			p->required = counted_names(c, i + 1, &p->n);
		else
			p->schema = sub(c, i + 1);
	}
}

static bool ref(struct compile *c, uint32_t at)
{
	const struct ev_schema_anchor *anchor;

	c->ref = ev_schema_refer(c->s, at, &anchor, c->err);
	return c->ref != NULL;
}

/* Has the anchor looked up in the dynamic scope, at run time. */
static void dynamic(struct compile *c, const char *anchor)
{
	struct ev_schema_set *set = c->set;

	applied(c)->dynamic = anchor;
	for (size_t i = 0; i < set->n_dynamic; i++)
		if (strcmp(set->dynamic[i], anchor) == 0)
			return;
	ev_grow(&set->dynamic, &set->cap_dynamic, set->n_dynamic + 1, sizeof(const char *));
	set->dynamic[set->n_dynamic++] = anchor;
}

static bool dynamic_ref(struct compile *c, uint32_t at)
{
	const struct ev_schema_anchor *anchor;
	const struct ev_schema *target = ev_schema_refer(c->s, at, &anchor, c->err);

	if (target == NULL)
		return false;
	applied(c)->fallback = target;
	if (anchor != NULL && anchor->dynamic) /* else it acts like $ref */
		dynamic(c, anchor->name);
	return true;
}

static bool recursive_ref(struct compile *c, uint32_t at)
{
	const struct ev_schema_anchor *anchor, *recursive;
	struct ev_schema *target = ev_schema_refer(c->s, at, &anchor, c->err);

	if (target == NULL)
		return false;
	recursive =
		ev_schema_anchor_find(target->resource, SCHEMA_RECURSIVE, strlen(SCHEMA_RECURSIVE));
	applied(c)->fallback = target;
	if (recursive != NULL && recursive->at == target->at)
		dynamic(c, recursive->name);
	return true;
}

/* items up to 2019-09: one schema for all elements, or a list for the first ones. */
static void items(struct compile *c, uint32_t at)
{
	struct ev_schema_arrays *a = arrays(c);

	if (ev_kind(c->d, at) == EV_ARRAY)
		a->prefix = subs(c, at, &a->n_prefix, 0);
	else
		a->items = sub(c, at);
}

/* additionalItems: the elements behind those that a list in items covers. */
static void additional_items(struct compile *c, uint32_t at)
{
	uint32_t first = ev_member(c->d, c->s->at, "items", 5);

	if (first != EV_NOWHERE && ev_kind(c->d, first) == EV_ARRAY)
		arrays(c)->items = sub(c, at);
}

/* The bound that minimum or maximum sets, which a flag beside it may exclude in draft-04. */
static enum ev_schema_bound bound(const struct compile *c, const char *flag,
				  enum ev_schema_bound with, enum ev_schema_bound without)
{
	uint32_t at = ev_member(c->d, c->s->at, flag, strlen(flag));

	return draft(c) == SCHEMA_DRAFT_4 && at != EV_NOWHERE && ev_kind(c->d, at) == EV_TRUE
		       ? without
		       : with;
}

static bool keyword(struct compile *c, enum ev_schema_keyword k, uint32_t at)
{
	struct ev_schema_slice text;

	if (k != K_NONE && k != K_TITLE && k != K_DESCRIPTION)
		c->asserts++;
	switch (k) {
	case K_ADDITIONAL_ITEMS: additional_items(c, at); break;
	case K_ADDITIONAL_PROPERTIES: objects(c)->additional = sub(c, at); break;
	case K_ALL_OF: applied(c)->all = subs(c, at, &applied(c)->n_all, 1); break;
	case K_ANY_OF: applied(c)->any = subs(c, at, &applied(c)->n_any, 0); break;
	case K_CONST: c->s->constant = values(c, at, at + 1, 1); break;
	case K_CONTAINS:
		arrays(c)->contains = sub(c, at);
		arrays(c)->contains_silent = draft(c) < SCHEMA_DRAFT_2020;
		break;
	case K_DEPENDENCIES:
	case K_DEPENDENT_REQUIRED:
	case K_DEPENDENT_SCHEMAS: dependents(c, at); break;
	case K_DYNAMIC_REF: return dynamic_ref(c, at);
	case K_ELSE: applied(c)->otherwise = sub(c, at); break;
	case K_ENUM:
		c->s->values =
			values(c, ev_first(c->d, at), ev_end(c->d, at), c->d->nodes[at].count);
		break;
	case K_EXCLUSIVE_MAXIMUM: limit(c, SCHEMA_EXCLUSIVE_MAXIMUM, at); break;
	case K_EXCLUSIVE_MINIMUM: limit(c, SCHEMA_EXCLUSIVE_MINIMUM, at); break;
	case K_FORMAT:
		text = ev_schema_string(c->doc, at);
		if (ev_schema_format_find(text.p, text.len) != NULL)
			strings(c)->format = ev_schema_format_find(text.p, text.len);
		break;
	case K_IF: applied(c)->when = sub(c, at); break;
	case K_ITEMS: items(c, at); break;
	case K_MAX_CONTAINS: arrays(c)->max_contains = count(c, at); break;
	case K_MAX_ITEMS: arrays(c)->max = count(c, at); break;
	case K_MAX_LENGTH: strings(c)->max = count(c, at); break;
	case K_MAX_PROPERTIES: objects(c)->max = count(c, at); break;
	case K_MAXIMUM:
		limit(c, bound(c, "exclusiveMaximum", SCHEMA_MAXIMUM, SCHEMA_EXCLUSIVE_MAXIMUM),
		      at);
		break;
	case K_MIN_CONTAINS: arrays(c)->min_contains = count(c, at); break;
	case K_MIN_ITEMS: arrays(c)->min = count(c, at); break;
	case K_MIN_LENGTH: strings(c)->min = count(c, at); break;
	case K_MIN_PROPERTIES: objects(c)->min = count(c, at); break;
	case K_MINIMUM:
		limit(c, bound(c, "exclusiveMinimum", SCHEMA_MINIMUM, SCHEMA_EXCLUSIVE_MINIMUM),
		      at);
		break;
	case K_MULTIPLE_OF: limit(c, SCHEMA_MULTIPLE_OF, at); break;
	case K_NOT: applied(c)->no = sub(c, at); break;
	case K_ONE_OF: applied(c)->one = subs(c, at, &applied(c)->n_one, 0); break;
	case K_PATTERN:
		return (strings(c)->pattern = regex(c, at, &strings(c)->pattern_text)) != NULL;
	case K_PATTERN_PROPERTIES: return pattern_properties(c, at);
	case K_PREFIX_ITEMS: arrays(c)->prefix = subs(c, at, &arrays(c)->n_prefix, 0); break;
	case K_PROPERTIES: properties(c, at); break;
	case K_PROPERTY_NAMES: objects(c)->property_names = sub(c, at); break;
	case K_RECURSIVE_REF: return recursive_ref(c, at);
	case K_REF: return ref(c, at);
	case K_REQUIRED:
		objects(c)->required = counted_names(c, at, &objects(c)->n_required);
		break;
	case K_THEN: applied(c)->then = sub(c, at); break;
	case K_TYPE: type(c, at); break;
	case K_UNEVALUATED_ITEMS: c->s->unevaluated_items = sub(c, at); break;
	case K_UNEVALUATED_PROPERTIES: c->s->unevaluated_properties = sub(c, at); break;
	case K_UNIQUE_ITEMS: arrays(c)->unique = ev_kind(c->d, at) == EV_TRUE; break;
	case K_NONE: break;
	case K_TITLE:
		if (c->s->description != NULL)
			break;
		/* fall through */
	case K_DESCRIPTION: c->s->description = ev_schema_string(c->doc, at).p; break;
	}
	return true;
}

static void map_names(struct ev_schema_set *set, struct ev_schema_objects *o)
{
	for (uint32_t i = 0; i < o->names.n; i++) {
		const struct ev_schema_name *name = &o->names.list[i];

		ev_symbol_map_put(&o->members, ev_symbols_add(set->symbols, name->p, name->len), i);
	}
	ev_grow(&set->maps, &set->cap_maps, set->n_maps + 1, sizeof(struct ev_lookup *));
	set->maps[set->n_maps++] = &o->members;
}

/* Sets what depends on several keywords. */
static void close_schema(struct compile *c)
{
	struct ev_schema_objects *o = c->s->objects;
	struct ev_schema_strings *t = c->s->strings;

	if (c->ref != NULL && c->asserts == 1) {
		c->s->alias = c->ref;
	} else if (c->ref != NULL) {
		struct ev_schema_applied *a = applied(c);

		if (a->all == NULL) /* allOf left room for one more */
			a->all = ev_arena_alloc(&c->set->arena, sizeof(struct ev_schema *));
		a->all[a->n_all++] = c->ref;
	}
	if (t != NULL && t->pattern != NULL)
		t->layout = ev_schema_layout_read(&c->set->arena, t->pattern_text.p,
						  t->pattern_text.len);
	c->s->leaf = c->s->alias == NULL && o == NULL && c->s->arrays == NULL &&
		     c->s->applied == NULL && c->s->unevaluated_items == NULL &&
		     c->s->unevaluated_properties == NULL;
	if (o != NULL && c->set->symbols != NULL)
		map_names(c->set, o);
}

/* Notes a member that is no keyword, but likely a misspelt one. */
static void lint(struct compile *c, uint32_t name)
{
	enum { MOST = 20 };
	struct ev_schema_set *set = c->set;
	struct ev_schema_slice text = ev_schema_string(c->doc, name);
	const char *meant = ev_schema_keyword_meant(text.p);
	struct ev_error line;

	if (meant == NULL || set->n_lints == MOST)
		return;
	ev_schema_fail(c->doc, c->doc->nodes[name].pos, &line,
		       "'%s' is no keyword of JSON Schema and has no effect: did you mean %s?",
		       text.p, meant);
	ev_grow(&set->lints, &set->cap_lints, set->n_lints + 1, sizeof(const char *));
	set->lints[set->n_lints++] = ev_arena_copy(&set->arena, line.text, strlen(line.text));
}

static bool keywords(struct compile *c)
{
	struct ev_schema *s = c->s;
	struct ev_schema_document *doc = s->doc;
	bool alone = ev_schema_ref_alone(c->d, s->at, draft(c));

	for (uint32_t i = ev_first(c->d, s->at); i < ev_end(c->d, s->at);
	     i = ev_next(c->d, i + 1)) {
		const struct ev_schema_keyword_row *row = ev_schema_keyword_find(c->d, i, draft(c));
		const char *need;
		uint32_t bad;

		if (row == NULL)
			lint(c, i);
		if (row == NULL || (s->resource->dialect.vocabularies & row->vocabulary) == 0 ||
		    (alone && row->keyword != K_REF && row->vocabulary != SCHEMA_META_DATA))
			continue;
		bad = ev_schema_misshapen(c->d, i + 1, row->shape, &need);
		if (bad != EV_NOWHERE && row->keyword == K_ITEMS &&
		    row->shape == SCHEMA_SUBSCHEMA && ev_kind(c->d, i + 1) == EV_ARRAY)
			return ev_schema_fail(
				doc, doc->nodes[bad].pos, c->err,
				"items must be one schema: "
				"since draft 2020-12 a list of schemas is prefixItems");
		if (bad != EV_NOWHERE)
			return ev_schema_fail(doc, doc->nodes[bad].pos, c->err,
					      "%s must %s: correct it", row->name, need);
		if (!keyword(c, row->keyword, i + 1))
			return false;
	}
	return true;
}

static bool compile(struct ev_schema *s, struct ev_error *err)
{
	struct compile c = {.set = s->set, .s = s, .d = &s->doc->doc, .doc = s->doc, .err = err};
	enum ev_kind kind = ev_kind(c.d, s->at);
	bool good;

	*s = (struct ev_schema){
		.types = SCHEMA_ANY_TYPE,
		.set = s->set,
		.doc = s->doc,
		.resource = s->resource,
		.at = s->at,
		.state = s->state,
		.flat = ev_arena_zalloc(&s->set->arena, sizeof(struct ev_schema_flat))};
	s->flat->plans = EV_PLANS(&ev_schema_plan_kind, s);
	if (kind == EV_TRUE || kind == EV_FALSE) {
		s->boolean = true;
		s->value = kind == EV_TRUE;
		return true;
	}
	if (kind != EV_OBJECT)
		return ev_schema_fail(s->doc, s->doc->nodes[s->at].pos, err,
				      "a schema must be an object, true or false: it is of type %s",
				      ev_kind_name(kind));
	good = keywords(&c);
	if (good)
		close_schema(&c);
	return good;
}

struct ev_schema *ev_schema_at(struct ev_schema_resource *r, uint32_t at)
{
	struct ev_schema_set *set = r->doc->set;
	struct ev_schema **s = &r->doc->compiled[at];

	if (*s == NULL) {
		*s = ev_arena_zalloc(&set->arena, sizeof **s);
		(*s)->set = set;
		(*s)->doc = r->doc;
		(*s)->resource = r;
		(*s)->at = at;
		if (r->doc->begins[at] != NULL)
			(*s)->resource = r->doc->begins[at];
	}
	if ((*s)->state == SCHEMA_NEW) {
		(*s)->state = SCHEMA_QUEUED;
		ev_grow(&set->queue, &set->cap_queue, set->n_queue + 1, sizeof(struct ev_schema *));
		set->queue[set->n_queue++] = *s;
	}
	return *s;
}

/* Every place that a $dynamicRef may lead to. */
static void queue_dynamic(struct ev_schema_set *set)
{
	for (size_t i = 0; i < set->n_dynamic; i++) {
		for (size_t k = 0; k < set->n_resources; k++) {
			struct ev_schema_resource *r = set->resources[k];
			const struct ev_schema_anchor *a =
				ev_schema_anchor_find(r, set->dynamic[i], strlen(set->dynamic[i]));

			if (a != NULL && a->dynamic)
				ev_schema_at(r, a->at);
		}
	}
}

bool ev_schema_compile_queue(struct ev_schema_set *set, struct ev_error *err)
{
	bool good = true;
	size_t done = 0;

	while (good && done < set->n_queue) {
		good = compile(set->queue[done++], err);
		if (done == set->n_queue)
			queue_dynamic(set);
	}
	/* the whole set: a new dynamic anchor may close a loop among older schemas */
	good = good && ev_schema_loops_none(set, err);
	/* after an error none counts as done, so the next request reports it again */
	for (size_t i = 0; i < set->n_queue; i++)
		set->queue[i]->state = good ? SCHEMA_DONE : SCHEMA_NEW;
	set->n_schemas += set->n_queue;
	set->n_queue = 0;
	return good;
}

/*
 * Compiling: keywords into the structs of jschema_impl.h. Schemas wait in a queue, so that what
 * refers to itself comes out as a loop of pointers, and depth costs no stack.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "model/jschema_impl.h"
#include "json/canon.h"
#include "json/decimal.h"
#include "json/view.h"

#include <stdlib.h>
#include <string.h>

enum keyword {
	K_NONE, /* says nothing about a value */
	K_ADDITIONAL_ITEMS,
	K_ADDITIONAL_PROPERTIES,
	K_ALL_OF,
	K_ANY_OF,
	K_CONST,
	K_CONTAINS,
	K_DEPENDENCIES,
	K_DEPENDENT_REQUIRED,
	K_DEPENDENT_SCHEMAS,
	K_DESCRIPTION,
	K_DYNAMIC_REF,
	K_ELSE,
	K_ENUM,
	K_EXCLUSIVE_MAXIMUM,
	K_EXCLUSIVE_MINIMUM,
	K_FORMAT,
	K_IF,
	K_ITEMS,
	K_MAX_CONTAINS,
	K_MAX_ITEMS,
	K_MAX_LENGTH,
	K_MAX_PROPERTIES,
	K_MAXIMUM,
	K_MIN_CONTAINS,
	K_MIN_ITEMS,
	K_MIN_LENGTH,
	K_MIN_PROPERTIES,
	K_MINIMUM,
	K_MULTIPLE_OF,
	K_NOT,
	K_ONE_OF,
	K_PATTERN,
	K_PATTERN_PROPERTIES,
	K_PREFIX_ITEMS,
	K_PROPERTIES,
	K_PROPERTY_NAMES,
	K_RECURSIVE_REF,
	K_REF,
	K_REQUIRED,
	K_THEN,
	K_TITLE,
	K_TYPE,
	K_UNEVALUATED_ITEMS,
	K_UNEVALUATED_PROPERTIES,
	K_UNIQUE_ITEMS,
};

static const struct {
	const char *name;
	enum keyword keyword;
	enum js_shape shape;
	unsigned vocabulary;
	unsigned drafts; /* 1 << draft of those that have it */
} keywords[] = {
	{"$comment", K_NONE, JS_STRING, JS_CORE, JS_FROM_7},
	{"$defs", K_NONE, JS_SCHEMA_MAP, JS_CORE, JS_FROM_2019},
	{"$dynamicRef", K_DYNAMIC_REF, JS_STRING, JS_CORE, 1 << JS_DRAFT_2020},
	{"$recursiveRef", K_RECURSIVE_REF, JS_STRING, JS_CORE, 1 << JS_DRAFT_2019},
	{"$ref", K_REF, JS_STRING, JS_CORE, JS_ALL_DRAFTS},
	{"additionalItems", K_ADDITIONAL_ITEMS, JS_SCHEMA, JS_APPLICATOR, JS_UP_TO_2019},
	{"additionalProperties", K_ADDITIONAL_PROPERTIES, JS_SCHEMA, JS_APPLICATOR, JS_ALL_DRAFTS},
	{"allOf", K_ALL_OF, JS_SCHEMAS, JS_APPLICATOR, JS_ALL_DRAFTS},
	{"anyOf", K_ANY_OF, JS_SCHEMAS, JS_APPLICATOR, JS_ALL_DRAFTS},
	{"const", K_CONST, JS_ANY, JS_VALIDATION, JS_FROM_6},
	{"contains", K_CONTAINS, JS_SCHEMA, JS_APPLICATOR, JS_FROM_6},
	{"contentSchema", K_NONE, JS_SCHEMA, JS_CONTENT, JS_FROM_2019},
	{"default", K_NONE, JS_ANY, JS_META_DATA, JS_ALL_DRAFTS},
	{"definitions", K_NONE, JS_SCHEMA_MAP, JS_CORE, JS_ALL_DRAFTS},
	{"dependencies", K_DEPENDENCIES, JS_LEGACY_MAP, JS_APPLICATOR, JS_ALL_DRAFTS},
	{"dependentRequired", K_DEPENDENT_REQUIRED, JS_NAMES_MAP, JS_VALIDATION, JS_FROM_2019},
	{"dependentSchemas", K_DEPENDENT_SCHEMAS, JS_SCHEMA_MAP, JS_APPLICATOR, JS_FROM_2019},
	{"description", K_DESCRIPTION, JS_STRING, JS_META_DATA, JS_ALL_DRAFTS},
	{"else", K_ELSE, JS_SCHEMA, JS_APPLICATOR, JS_FROM_7},
	{"enum", K_ENUM, JS_VALUES, JS_VALIDATION, JS_ALL_DRAFTS},
	{"exclusiveMaximum", K_NONE, JS_BOOLEAN, JS_VALIDATION, 1 << JS_DRAFT_4},
	{"exclusiveMaximum", K_EXCLUSIVE_MAXIMUM, JS_NUMBER, JS_VALIDATION, JS_FROM_6},
	{"exclusiveMinimum", K_NONE, JS_BOOLEAN, JS_VALIDATION, 1 << JS_DRAFT_4},
	{"exclusiveMinimum", K_EXCLUSIVE_MINIMUM, JS_NUMBER, JS_VALIDATION, JS_FROM_6},
	{"format", K_FORMAT, JS_STRING, JS_FORMAT, JS_ALL_DRAFTS},
	{"if", K_IF, JS_SCHEMA, JS_APPLICATOR, JS_FROM_7},
	{"items", K_ITEMS, JS_SCHEMA_OR_LIST, JS_APPLICATOR, JS_UP_TO_2019},
	{"items", K_ITEMS, JS_SCHEMA, JS_APPLICATOR, 1 << JS_DRAFT_2020},
	{"maxContains", K_MAX_CONTAINS, JS_COUNT, JS_VALIDATION, JS_FROM_2019},
	{"maxItems", K_MAX_ITEMS, JS_COUNT, JS_VALIDATION, JS_ALL_DRAFTS},
	{"maxLength", K_MAX_LENGTH, JS_COUNT, JS_VALIDATION, JS_ALL_DRAFTS},
	{"maxProperties", K_MAX_PROPERTIES, JS_COUNT, JS_VALIDATION, JS_ALL_DRAFTS},
	{"maximum", K_MAXIMUM, JS_NUMBER, JS_VALIDATION, JS_ALL_DRAFTS},
	{"minContains", K_MIN_CONTAINS, JS_COUNT, JS_VALIDATION, JS_FROM_2019},
	{"minItems", K_MIN_ITEMS, JS_COUNT, JS_VALIDATION, JS_ALL_DRAFTS},
	{"minLength", K_MIN_LENGTH, JS_COUNT, JS_VALIDATION, JS_ALL_DRAFTS},
	{"minProperties", K_MIN_PROPERTIES, JS_COUNT, JS_VALIDATION, JS_ALL_DRAFTS},
	{"minimum", K_MINIMUM, JS_NUMBER, JS_VALIDATION, JS_ALL_DRAFTS},
	{"multipleOf", K_MULTIPLE_OF, JS_POSITIVE, JS_VALIDATION, JS_ALL_DRAFTS},
	{"not", K_NOT, JS_SCHEMA, JS_APPLICATOR, JS_ALL_DRAFTS},
	{"oneOf", K_ONE_OF, JS_SCHEMAS, JS_APPLICATOR, JS_ALL_DRAFTS},
	{"pattern", K_PATTERN, JS_REGEX, JS_VALIDATION, JS_ALL_DRAFTS},
	{"patternProperties", K_PATTERN_PROPERTIES, JS_PATTERN_MAP, JS_APPLICATOR, JS_ALL_DRAFTS},
	{"prefixItems", K_PREFIX_ITEMS, JS_SCHEMAS, JS_APPLICATOR, 1 << JS_DRAFT_2020},
	{"properties", K_PROPERTIES, JS_SCHEMA_MAP, JS_APPLICATOR, JS_ALL_DRAFTS},
	{"propertyNames", K_PROPERTY_NAMES, JS_SCHEMA, JS_APPLICATOR, JS_FROM_6},
	{"required", K_REQUIRED, JS_NAMES, JS_VALIDATION, JS_ALL_DRAFTS},
	{"then", K_THEN, JS_SCHEMA, JS_APPLICATOR, JS_FROM_7},
	{"title", K_TITLE, JS_STRING, JS_META_DATA, JS_ALL_DRAFTS},
	{"type", K_TYPE, JS_TYPES, JS_VALIDATION, JS_ALL_DRAFTS},
	{"unevaluatedItems", K_UNEVALUATED_ITEMS, JS_SCHEMA, JS_UNEVALUATED, JS_FROM_2019},
	{"unevaluatedProperties", K_UNEVALUATED_PROPERTIES, JS_SCHEMA, JS_UNEVALUATED,
	 JS_FROM_2019},
	{"uniqueItems", K_UNIQUE_ITEMS, JS_BOOLEAN, JS_VALIDATION, JS_ALL_DRAFTS},
};

enum { N_KEYWORDS = sizeof keywords / sizeof *keywords };

static const char *const types[] = {
	"null", "boolean", "number", "string", "array", "object", "integer",
};
static const uint8_t type_bits[] = {
	1 << EV_NULL,	1 << EV_FALSE | 1 << EV_TRUE,
	1 << EV_NUMBER, 1 << EV_STRING,
	1 << EV_ARRAY,	1 << EV_OBJECT,
	JS_INTEGER,
};

static size_t keyword_find(const struct ev_doc *d, uint32_t name, enum js_draft draft)
{
	for (size_t k = 0; k < N_KEYWORDS; k++)
		if ((keywords[k].drafts >> draft & 1) != 0 &&
		    ev_string_is(d, name, keywords[k].name, strlen(keywords[k].name)))
			return k;
	return N_KEYWORDS;
}

bool js_keyword_row(size_t k, enum js_draft draft, const char **name, enum js_shape *shape)
{
	if (k == N_KEYWORDS)
		return false;
	*name = (keywords[k].drafts >> draft & 1) != 0 ? keywords[k].name : NULL;
	*shape = keywords[k].shape;
	return true;
}

enum js_holds js_keyword_holds(const struct ev_doc *d, uint32_t name, enum js_draft draft)
{
	size_t k = keyword_find(d, name, draft);

	if (k == N_KEYWORDS)
		return JS_NOTHING;
	switch (keywords[k].shape) {
	case JS_SCHEMA: return JS_ONE;
	case JS_SCHEMAS: return JS_LIST;
	case JS_SCHEMA_OR_LIST: return ev_kind(d, name + 1) == EV_ARRAY ? JS_LIST : JS_ONE;
	case JS_SCHEMA_MAP:
	case JS_PATTERN_MAP:
	case JS_LEGACY_MAP: return JS_MAP;
	default: return JS_NOTHING;
	}
}

/* Shapes */

static bool is_schema(const struct ev_doc *d, uint32_t at)
{
	enum ev_kind kind = ev_kind(d, at);

	return kind == EV_OBJECT || kind == EV_TRUE || kind == EV_FALSE;
}

static bool is_names(const struct ev_doc *d, uint32_t at)
{
	if (ev_kind(d, at) != EV_ARRAY)
		return false;
	for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i)) {
		if (ev_kind(d, i) != EV_STRING)
			return false;
		for (uint32_t k = ev_first(d, at); k < i; k = ev_next(d, k))
			if (ev_equal(d, i, d, k))
				return false;
	}
	return true;
}

static bool is_count(const struct ev_doc *d, uint32_t at)
{
	struct ev_number n;
	const char *p;
	size_t len;

	if (ev_kind(d, at) != EV_NUMBER)
		return false;
	p = ev_raw(d, at, &len);
	ev_number_read(p, len, &n);
	return !n.negative && ev_number_is_integer(&n);
}

static bool is_positive(const struct ev_doc *d, uint32_t at)
{
	struct ev_number n;
	const char *p;
	size_t len;

	if (ev_kind(d, at) != EV_NUMBER)
		return false;
	p = ev_raw(d, at, &len);
	ev_number_read(p, len, &n);
	return !n.negative && !n.huge && n.digits > 0 && n.digits <= EV_DEC_DIGITS;
}

static bool is_type(const struct ev_doc *d, uint32_t at)
{
	for (size_t t = 0; t < sizeof types / sizeof *types; t++)
		if (ev_kind(d, at) == EV_STRING && ev_string_is(d, at, types[t], strlen(types[t])))
			return true;
	return false;
}

/* Where the value of a keyword is not of its shape, and what it has to be. */
static uint32_t misshapen(const struct ev_doc *d, uint32_t at, enum js_shape shape,
			  const char **need)
{
	enum ev_kind kind = ev_kind(d, at);

	switch (shape) {
	case JS_ANY: return EV_NOWHERE;
	case JS_SCHEMA:
		*need = "be a schema: an object, true or false";
		return is_schema(d, at) ? EV_NOWHERE : at;
	case JS_SCHEMA_OR_LIST:
		if (kind != EV_ARRAY) {
			*need = "be a schema (an object, true or false) or an array of schemas";
			return is_schema(d, at) ? EV_NOWHERE : at;
		}
		/* fall through */
	case JS_SCHEMAS:
		*need = "be an array of schemas, at least one";
		if (kind != EV_ARRAY || d->nodes[at].count == 0)
			return at;
		for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i))
			if (!is_schema(d, i))
				return i;
		return EV_NOWHERE;
	case JS_SCHEMA_MAP:
	case JS_PATTERN_MAP:
	case JS_LEGACY_MAP:
	case JS_NAMES_MAP:
		*need = shape == JS_NAMES_MAP
				? "be an object whose values are arrays of different names"
				: "be an object whose values are schemas";
		if (kind != EV_OBJECT)
			return at;
		for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i + 1))
			if (!(shape != JS_NAMES_MAP && is_schema(d, i + 1)) &&
			    !((shape == JS_NAMES_MAP || shape == JS_LEGACY_MAP) &&
			      is_names(d, i + 1)))
				return i + 1;
		return EV_NOWHERE;
	case JS_NUMBER: *need = "be a number"; return kind == EV_NUMBER ? EV_NOWHERE : at;
	case JS_POSITIVE:
		*need = "be a number above 0, of at most 10000 digits";
		return is_positive(d, at) ? EV_NOWHERE : at;
	case JS_COUNT:
		*need = "be a whole number, 0 or more";
		return is_count(d, at) ? EV_NOWHERE : at;
	case JS_STRING:
	case JS_REGEX: *need = "be a string"; return kind == EV_STRING ? EV_NOWHERE : at;
	case JS_BOOLEAN:
		*need = "be true or false";
		return kind == EV_TRUE || kind == EV_FALSE ? EV_NOWHERE : at;
	case JS_NAMES:
		*need = "be an array of different names";
		return is_names(d, at) ? EV_NOWHERE : at;
	case JS_VALUES: *need = "be an array"; return kind == EV_ARRAY ? EV_NOWHERE : at;
	case JS_TYPES:
		*need = "be null, boolean, integer, number, string, array or object, "
			"or an array of different ones";
		if (kind != EV_ARRAY)
			return is_type(d, at) ? EV_NOWHERE : at;
		if (!is_names(d, at) || d->nodes[at].count == 0)
			return at;
		for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i))
			if (!is_type(d, i))
				return i;
		return EV_NOWHERE;
	}
	return EV_NOWHERE;
}

/* Names */

/* The table takes over list; hashes it if it is long. */
static void names_close(struct ev_jschema_set *set, struct js_names *t)
{
	uint32_t size = 16, *slots;

	for (uint32_t i = 0; i < t->n; i++) {
		t->list[i].hash = js_name_hash(t->list[i].p, t->list[i].len);
		t->lengths |= 1ULL << (t->list[i].len < 63 ? t->list[i].len : 63);
	}
	if (t->n <= JS_FEW)
		return;
	while (size < 2 * t->n)
		size *= 2;
	slots = ev_arena_zalloc(&set->arena, size * sizeof *slots);
	t->mask = size - 1;
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t k = t->list[i].hash & t->mask;

		while (slots[k] != 0)
			k = (k + 1) & t->mask;
		slots[k] = i + 1;
	}
	t->slots = slots;
}

/* Finds a name, or adds it to a list with room for it. Only while the schema is compiled. */
static uint32_t name_add(struct js_names *t, struct js_slice name)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (t->list[i].len == name.len && memcmp(t->list[i].p, name.p, name.len) == 0)
			return i;
	t->list[t->n] = (struct js_name){.p = name.p, .len = (uint32_t)name.len, .bit = JS_NO_BIT};
	return t->n++;
}

/* A name whose presence is asked for. */
static uint32_t name_count(struct js_objects *o, struct js_slice name)
{
	uint32_t i = name_add(&o->names, name);

	if (o->names.list[i].bit == JS_NO_BIT)
		o->names.list[i].bit = o->bits++;
	return i;
}

/* Keywords */

struct compile {
	struct ev_jschema_set *set;
	struct ev_jschema *s;
	const struct ev_doc *d;
	struct js_document *doc;
	struct ev_error *err;
	/* made as they are needed */
	struct js_numbers *numbers;
	struct js_strings *strings;
	struct js_arrays *arrays;
	struct js_objects *objects;
	struct js_applied *applied;
	const struct ev_jschema *ref;
	uint32_t says, asserts; /* the latter: keywords that say something about a value */
};

static enum js_draft draft(const struct compile *c)
{
	return c->s->resource->dialect.draft;
}

static struct ev_jschema *sub(struct compile *c, uint32_t at)
{
	return js_at(c->s->resource, at, c->set);
}

static const struct ev_jschema **subs(struct compile *c, uint32_t at, uint32_t *n, uint32_t room)
{
	const struct ev_jschema **list =
		ev_arena_alloc(&c->set->arena, (c->d->nodes[at].count + (size_t)room) *
						       sizeof(struct ev_jschema *));

	*n = 0;
	for (uint32_t i = ev_first(c->d, at); i < ev_end(c->d, at); i = ev_next(c->d, i))
		list[(*n)++] = sub(c, i);
	return list;
}

static struct js_strings *strings(struct compile *c)
{
	if (c->strings == NULL) {
		c->strings = ev_arena_zalloc(&c->set->arena, sizeof *c->strings);
		c->strings->max = UINT64_MAX;
		c->s->strings = c->strings;
	}
	return c->strings;
}

static struct js_arrays *arrays(struct compile *c)
{
	if (c->arrays == NULL) {
		c->arrays = ev_arena_zalloc(&c->set->arena, sizeof *c->arrays);
		c->arrays->max = c->arrays->max_contains = UINT64_MAX;
		c->arrays->min_contains = 1;
		c->s->arrays = c->arrays;
	}
	return c->arrays;
}

static size_t names_in(const struct ev_doc *d, uint32_t schema, const char *keyword)
{
	uint32_t v = ev_member(d, schema, keyword, strlen(keyword));
	size_t n;

	if (v == EV_NOWHERE || ev_kind(d, v) < EV_ARRAY)
		return 0;
	n = d->nodes[v].count;
	if (ev_kind(d, v) == EV_OBJECT && keyword[0] == 'd')
		for (uint32_t i = ev_first(d, v); i < ev_end(d, v); i = ev_next(d, i + 1))
			n += ev_kind(d, i + 1) == EV_ARRAY ? d->nodes[i + 1].count : 0;
	return n;
}

static struct js_objects *objects(struct compile *c)
{
	static const char *const with_names[] = {
		"properties", "required", "dependentRequired", "dependentSchemas", "dependencies",
	};

	if (c->objects == NULL) {
		size_t n = 0, dependents = 0;

		for (size_t i = 0; i < sizeof with_names / sizeof *with_names; i++)
			n += names_in(c->d, c->s->at, with_names[i]);
		for (size_t i = 2; i < sizeof with_names / sizeof *with_names; i++)
			dependents += names_in(c->d, c->s->at, with_names[i]);
		c->objects = ev_arena_zalloc(&c->set->arena, sizeof *c->objects);
		c->objects->max = UINT64_MAX;
		c->objects->names.list =
			ev_arena_alloc(&c->set->arena, n * sizeof *c->objects->names.list);
		c->objects->dependents =
			ev_arena_alloc(&c->set->arena, dependents * sizeof *c->objects->dependents);
		c->s->objects = c->objects;
	}
	return c->objects;
}

static struct js_applied *applied(struct compile *c)
{
	if (c->applied == NULL) {
		c->applied = ev_arena_zalloc(&c->set->arena, sizeof *c->applied);
		c->s->applied = c->applied;
	}
	return c->applied;
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

static void limit(struct compile *c, enum js_bound bound, uint32_t at)
{
	struct js_limit *l;

	if (c->numbers == NULL) {
		c->numbers = ev_arena_zalloc(&c->set->arena, sizeof *c->numbers);
		c->s->numbers = c->numbers;
	}
	l = &c->numbers->limits[bound];
	l->text.p = ev_raw(c->d, at, &l->text.len);
	l->quick = js_quick_read(l->text.p, l->text.len);
}

static bool type(struct compile *c, uint32_t at)
{
	uint32_t i = ev_kind(c->d, at) == EV_ARRAY ? ev_first(c->d, at) : at;

	c->s->types = 0;
	for (; i < ev_end(c->d, at); i = ev_next(c->d, i))
		for (size_t t = 0; t < sizeof types / sizeof *types; t++)
			if (ev_string_is(c->d, i, types[t], strlen(types[t])))
				c->s->types |= type_bits[t];
	return true;
}

static const struct js_values *values(struct compile *c, uint32_t first, uint32_t end, uint32_t n)
{
	struct js_values *v = ev_arena_zalloc(&c->set->arena, sizeof *v);

	v->list = ev_arena_zalloc(&c->set->arena, n * sizeof *v->list);
	v->strings.list = ev_arena_alloc(&c->set->arena, n * sizeof *v->strings.list);
	for (uint32_t i = first; i < end; i = ev_next(c->d, i)) {
		struct js_constant *k = &v->list[v->n++];
		struct ev_buf form = {0};

		k->kind = ev_kind(c->d, i);
		k->text.p = ev_raw(c->d, i, &k->text.len);
		switch (k->kind) {
		case EV_STRING: name_add(&v->strings, js_text(c->doc, c->set, i)); break;
		case EV_NUMBER: v->numbers = true; break;
		case EV_ARRAY:
		case EV_OBJECT:
			v->composites = true;
			ev_canonical(c->d, i, NULL, 0, &form);
			k->form = (struct js_slice){ev_arena_copy(&c->set->arena, form.p, form.len),
						    form.len};
			ev_buf_free(&form);
			break;
		default: v->kinds |= 1U << k->kind;
		}
	}
	names_close(c->set, &v->strings);
	return v;
}

static struct ev_regex *regex(struct compile *c, uint32_t at, struct js_slice *text)
{
	struct ev_regex *re;
	struct ev_error why;

	*text = js_text(c->doc, c->set, at);
	if ((re = ev_regex_compile(text->p, text->len, EV_REGEX_ECMA, &why)) == NULL) {
		js_fail(c->doc, c->doc->nodes[at].pos, c->err,
			"the pattern %s is no regular expression: %s", text->p, why.text);
		return NULL;
	}
	ev_grow(&c->set->regexes, &c->set->cap_regexes, c->set->n_regexes + 1,
		sizeof(struct ev_regex *));
	return c->set->regexes[c->set->n_regexes++] = re;
}

static void properties(struct compile *c, uint32_t at)
{
	struct js_objects *o = objects(c);

	for (uint32_t i = ev_first(c->d, at); i < ev_end(c->d, at); i = ev_next(c->d, i + 1)) {
		uint32_t k = name_add(&o->names, js_text(c->doc, c->set, i));

		o->names.list[k].schema = sub(c, i + 1);
	}
}

static bool pattern_properties(struct compile *c, uint32_t at)
{
	struct js_objects *o = objects(c);

	o->patterns = ev_arena_zalloc(&c->set->arena, c->d->nodes[at].count * sizeof *o->patterns);
	for (uint32_t i = ev_first(c->d, at); i < ev_end(c->d, at); i = ev_next(c->d, i + 1)) {
		struct js_pattern *p = &o->patterns[o->n_patterns++];

		if ((p->regex = regex(c, i, &p->text)) == NULL)
			return false;
		p->schema = sub(c, i + 1);
	}
	return true;
}

static uint32_t *counted_names(struct compile *c, uint32_t at, uint32_t *n)
{
	uint32_t *list = ev_arena_alloc(&c->set->arena, c->d->nodes[at].count * sizeof *list);

	*n = 0;
	for (uint32_t i = ev_first(c->d, at); i < ev_end(c->d, at); i = ev_next(c->d, i))
		list[(*n)++] = name_count(objects(c), js_text(c->doc, c->set, i));
	return list;
}

static void dependents(struct compile *c, uint32_t at)
{
	struct js_objects *o = objects(c);

	for (uint32_t i = ev_first(c->d, at); i < ev_end(c->d, at); i = ev_next(c->d, i + 1)) {
		struct js_dependent *p = &o->dependents[o->n_dependents++];

		*p = (struct js_dependent){.trigger = name_count(o, js_text(c->doc, c->set, i))};
		if (ev_kind(c->d, i + 1) == EV_ARRAY)
			p->required = counted_names(c, i + 1, &p->n);
		else
			p->schema = sub(c, i + 1);
	}
}

static bool ref(struct compile *c, uint32_t at)
{
	const struct js_anchor *anchor;

	c->ref = js_refer(c->s, at, &anchor, c->err);
	return c->ref != NULL;
}

/* The anchor is looked for in the dynamic scope. */
static void dynamic(struct compile *c, const char *anchor)
{
	struct ev_jschema_set *set = c->set;

	applied(c)->dynamic = anchor;
	for (size_t i = 0; i < set->n_dynamic; i++)
		if (strcmp(set->dynamic[i], anchor) == 0)
			return;
	ev_grow(&set->dynamic, &set->cap_dynamic, set->n_dynamic + 1, sizeof(const char *));
	set->dynamic[set->n_dynamic++] = anchor;
}

static bool dynamic_ref(struct compile *c, uint32_t at)
{
	const struct js_anchor *anchor;
	const struct ev_jschema *target = js_refer(c->s, at, &anchor, c->err);

	if (target == NULL)
		return false;
	applied(c)->fallback = target;
	if (anchor != NULL && anchor->dynamic) /* else the same as $ref */
		dynamic(c, anchor->name);
	return true;
}

static bool recursive_ref(struct compile *c, uint32_t at)
{
	const struct js_anchor *anchor, *recursive;
	struct ev_jschema *target = js_refer(c->s, at, &anchor, c->err);

	if (target == NULL)
		return false;
	recursive = js_anchor_find(target->resource, JS_RECURSIVE, strlen(JS_RECURSIVE));
	applied(c)->fallback = target;
	if (recursive != NULL && recursive->at == target->at)
		dynamic(c, recursive->name);
	return true;
}

/* Of 2019-09 and before: one schema for all elements, or a list for the first ones. */
static void items(struct compile *c, uint32_t at)
{
	struct js_arrays *a = arrays(c);

	if (ev_kind(c->d, at) == EV_ARRAY)
		a->prefix = subs(c, at, &a->n_prefix, 0);
	else
		a->items = sub(c, at);
}

/* For the elements behind those that a list in items is for. */
static void additional_items(struct compile *c, uint32_t at)
{
	uint32_t first = ev_member(c->d, c->s->at, "items", 5);

	if (first != EV_NOWHERE && ev_kind(c->d, first) == EV_ARRAY)
		arrays(c)->items = sub(c, at);
}

/* The bound that minimum or maximum sets, which a flag beside it may exclude in draft-04. */
static enum js_bound bound(const struct compile *c, const char *flag, enum js_bound with,
			   enum js_bound without)
{
	uint32_t at = ev_member(c->d, c->s->at, flag, strlen(flag));

	return draft(c) == JS_DRAFT_4 && at != EV_NOWHERE && ev_kind(c->d, at) == EV_TRUE ? without
											  : with;
}

static bool keyword(struct compile *c, enum keyword k, uint32_t at)
{
	struct js_slice text;

	switch (k) {
	case K_NONE: return true;
	case K_TITLE:
		if (c->s->says != NULL)
			return true;
		/* fall through */
	case K_DESCRIPTION: c->s->says = js_text(c->doc, c->set, at).p; return true;
	default: break;
	}
	c->asserts++;
	switch (k) {
	case K_ADDITIONAL_ITEMS: additional_items(c, at); break;
	case K_ADDITIONAL_PROPERTIES: objects(c)->additional = sub(c, at); break;
	case K_ALL_OF: applied(c)->all = subs(c, at, &applied(c)->n_all, 1); break;
	case K_ANY_OF: applied(c)->any = subs(c, at, &applied(c)->n_any, 0); break;
	case K_CONST: c->s->constant = values(c, at, at + 1, 1); break;
	case K_CONTAINS:
		arrays(c)->contains = sub(c, at);
		arrays(c)->contains_silent = draft(c) < JS_DRAFT_2020;
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
	case K_EXCLUSIVE_MAXIMUM: limit(c, JS_EXCLUSIVE_MAXIMUM, at); break;
	case K_EXCLUSIVE_MINIMUM: limit(c, JS_EXCLUSIVE_MINIMUM, at); break;
	case K_FORMAT:
		text = js_text(c->doc, c->set, at);
		if (js_format_find(text.p, text.len) != NULL)
			strings(c)->format = js_format_find(text.p, text.len);
		break;
	case K_IF: applied(c)->when = sub(c, at); break;
	case K_ITEMS: items(c, at); break;
	case K_MAX_CONTAINS: arrays(c)->max_contains = count(c, at); break;
	case K_MAX_ITEMS: arrays(c)->max = count(c, at); break;
	case K_MAX_LENGTH: strings(c)->max = count(c, at); break;
	case K_MAX_PROPERTIES: objects(c)->max = count(c, at); break;
	case K_MAXIMUM:
		limit(c, bound(c, "exclusiveMaximum", JS_MAXIMUM, JS_EXCLUSIVE_MAXIMUM), at);
		break;
	case K_MIN_CONTAINS: arrays(c)->min_contains = count(c, at); break;
	case K_MIN_ITEMS: arrays(c)->min = count(c, at); break;
	case K_MIN_LENGTH: strings(c)->min = count(c, at); break;
	case K_MIN_PROPERTIES: objects(c)->min = count(c, at); break;
	case K_MINIMUM:
		limit(c, bound(c, "exclusiveMinimum", JS_MINIMUM, JS_EXCLUSIVE_MINIMUM), at);
		break;
	case K_MULTIPLE_OF: limit(c, JS_MULTIPLE_OF, at); break;
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
	case K_TYPE: return type(c, at);
	case K_UNEVALUATED_ITEMS: c->s->unevaluated_items = sub(c, at); break;
	case K_UNEVALUATED_PROPERTIES: c->s->unevaluated_properties = sub(c, at); break;
	case K_UNIQUE_ITEMS: arrays(c)->unique = ev_kind(c->d, at) == EV_TRUE; break;
	case K_NONE:
	case K_TITLE:
	case K_DESCRIPTION: break;
	}
	return true;
}

void js_map_keep(struct ev_jschema_set *set, struct ev_symbol_map *map)
{
	ev_grow(&set->maps, &set->cap_maps, set->n_maps + 1, sizeof(struct ev_symbol_map *));
	set->maps[set->n_maps++] = map;
}

static void map_names(struct ev_jschema_set *set, struct js_objects *o)
{
	for (uint32_t i = 0; i < o->names.n; i++) {
		const struct js_name *name = &o->names.list[i];

		ev_symbol_map_put(&o->members, ev_symbols_add(set->symbols, name->p, name->len), i);
	}
	js_map_keep(set, &o->members);
}

static bool is_only_positive(const struct js_numbers *n)
{
	for (int i = 0; i < JS_BOUNDS; i++)
		if ((n->limits[i].text.p != NULL) != (i == JS_MINIMUM))
			return false;
	return n->limits[JS_MINIMUM].quick.fits && n->limits[JS_MINIMUM].quick.mantissa == 0;
}

/* What is known only when all keywords are. */
static void close_schema(struct compile *c)
{
	struct js_objects *o = c->objects;

	if (c->ref != NULL && c->asserts == 1) {
		c->s->alias = c->ref;
	} else if (c->ref != NULL) {
		struct js_applied *a = applied(c);

		if (a->all == NULL) /* allOf left room for one more */
			a->all = ev_arena_alloc(&c->set->arena, sizeof(struct ev_jschema *));
		a->all[a->n_all++] = c->ref;
	}
	if (c->numbers != NULL)
		c->numbers->only_positive = is_only_positive(c->numbers);
	c->s->leaf = c->s->alias == NULL && o == NULL && c->s->arrays == NULL &&
		     c->s->applied == NULL && c->s->unevaluated_items == NULL &&
		     c->s->unevaluated_properties == NULL;
	if (o == NULL)
		return;
	names_close(c->set, &o->names);
	if (c->set->symbols != NULL)
		map_names(c->set, o);
	for (uint32_t i = 0; i < o->n_required; i++) {
		uint32_t bit = o->names.list[o->required[i]].bit;

		if (bit < JS_SEEN)
			o->needed[bit / 64] |= 1ULL << bit % 64;
	}
}

static bool compile(struct ev_jschema *s, struct ev_error *err)
{
	struct compile c = {.set = s->set, .s = s, .d = &s->doc->doc, .doc = s->doc, .err = err};
	enum ev_kind kind = ev_kind(c.d, s->at);
	bool alone = kind == EV_OBJECT && js_ref_alone(c.d, s->at, draft(&c));

	*s = (struct ev_jschema){.types = JS_ANY_TYPE,
				 .set = s->set,
				 .doc = s->doc,
				 .resource = s->resource,
				 .at = s->at,
				 .state = s->state};
	if (kind == EV_TRUE || kind == EV_FALSE) {
		s->boolean = true;
		s->value = kind == EV_TRUE;
		return true;
	}
	if (kind != EV_OBJECT)
		return js_fail(s->doc, s->doc->nodes[s->at].pos, err,
			       "a schema must be an object, true or false: it is of type %s",
			       ev_kind_name(kind));
	for (uint32_t i = ev_first(c.d, s->at); i < ev_end(c.d, s->at); i = ev_next(c.d, i + 1)) {
		size_t k = keyword_find(c.d, i, draft(&c));
		const char *need;
		uint32_t bad;

		if (k == N_KEYWORDS ||
		    (s->resource->dialect.vocabularies & keywords[k].vocabulary) == 0 ||
		    (alone && keywords[k].keyword != K_REF &&
		     keywords[k].vocabulary != JS_META_DATA))
			continue;
		bad = misshapen(c.d, i + 1, keywords[k].shape, &need);
		if (bad != EV_NOWHERE && keywords[k].keyword == K_ITEMS &&
		    ev_kind(c.d, i + 1) == EV_ARRAY)
			return js_fail(s->doc, s->doc->nodes[bad].pos, err,
				       "items must be one schema: "
				       "since draft 2020-12 a list of schemas is prefixItems");
		if (bad != EV_NOWHERE)
			return js_fail(s->doc, s->doc->nodes[bad].pos, err,
				       "%s must %s: correct it", keywords[k].name, need);
		if (!keyword(&c, keywords[k].keyword, i + 1))
			return false;
	}
	close_schema(&c);
	return true;
}

struct ev_jschema *js_at(struct js_resource *r, uint32_t at, struct ev_jschema_set *set)
{
	struct ev_jschema **s = &r->doc->compiled[at];

	if (*s == NULL) {
		*s = ev_arena_zalloc(&set->arena, sizeof **s);
		(*s)->set = set;
		(*s)->doc = r->doc;
		(*s)->resource = r;
		(*s)->at = at;
		for (size_t i = 0; i < set->n_resources; i++)
			if (set->resources[i]->doc == r->doc && set->resources[i]->at == at)
				(*s)->resource = set->resources[i];
	}
	if ((*s)->state == JS_NEW) {
		(*s)->state = JS_QUEUED;
		ev_grow(&set->queue, &set->cap_queue, set->n_queue + 1,
			sizeof(struct ev_jschema *));
		set->queue[set->n_queue++] = *s;
	}
	return *s;
}

/* Loops. A schema that applies itself to the value it is held against would never end. */

struct visit {
	struct ev_jschema *s;
	uint32_t next; /* of its edges */
};

/* The k-th schema that s applies to the same value; *to may be NULL. False behind the last. */
static bool edge(const struct ev_jschema *s, uint32_t k, struct ev_jschema **to)
{
	const struct js_applied *a = s->applied;
	const struct js_objects *o = s->objects;
	const struct ev_jschema *found = NULL;
	const struct js_anchor *anchor;
	struct js_resource *r;

	*to = (struct ev_jschema *)s->alias;
	if (s->alias != NULL)
		return k == 0;
	if (o != NULL && k < o->n_dependents) {
		*to = (struct ev_jschema *)o->dependents[k].schema;
		return true;
	}
	k -= o != NULL ? o->n_dependents : 0;
	if (a == NULL)
		return false;
	if (k < a->n_all) {
		*to = (struct ev_jschema *)a->all[k];
		return true;
	}
	k -= a->n_all;
	if (k < a->n_any) {
		*to = (struct ev_jschema *)a->any[k];
		return true;
	}
	k -= a->n_any;
	if (k < a->n_one) {
		*to = (struct ev_jschema *)a->one[k];
		return true;
	}
	k -= a->n_one;
	switch (k) {
	case 0: found = a->no; break;
	case 1: found = a->when; break;
	case 2: found = a->when != NULL ? a->then : NULL; break;
	case 3: found = a->when != NULL ? a->otherwise : NULL; break;
	case 4: found = a->fallback; break;
	default:
		if (a->dynamic == NULL || k - 5 >= s->set->n_resources)
			return false;
		r = s->set->resources[k - 5];
		anchor = js_anchor_find(r, a->dynamic, strlen(a->dynamic));
		if (anchor != NULL && anchor->dynamic)
			found = r->doc->compiled[anchor->at];
	}
	*to = (struct ev_jschema *)found;
	return true;
}

static bool loops(struct ev_jschema *top, struct ev_error *err)
{
	struct visit *stack = NULL;
	size_t n = 0, cap = 0;
	bool good = true;

	ev_grow(&stack, &cap, 1, sizeof *stack);
	stack[n++] = (struct visit){top, 0};
	top->visit = 1;
	while (n > 0 && good) {
		struct visit *v = &stack[n - 1];
		struct ev_jschema *s = v->s, *to;

		if (!edge(s, v->next++, &to)) {
			s->visit = 2;
			n--;
		} else if (to != NULL && to->visit == 1) {
			good = js_fail(to->doc, to->doc->nodes[to->at].pos, err,
				       "this schema leads back to itself for one and the same "
				       "value, which never ends: take the reference out");
		} else if (to != NULL && to->visit == 0) {
			ev_grow(&stack, &cap, n + 1, sizeof *stack);
			stack[n++] = (struct visit){to, 0};
			to->visit = 1;
		}
	}
	free(stack);
	return good;
}

/* Every place that a $dynamicRef may lead to. */
static void queue_dynamic(struct ev_jschema_set *set)
{
	for (size_t i = 0; i < set->n_dynamic; i++) {
		for (size_t k = 0; k < set->n_resources; k++) {
			struct js_resource *r = set->resources[k];
			const struct js_anchor *a =
				js_anchor_find(r, set->dynamic[i], strlen(set->dynamic[i]));

			if (a != NULL && a->dynamic)
				js_at(r, a->at, set);
		}
	}
}

bool js_compile_queue(struct ev_jschema_set *set, struct ev_error *err)
{
	bool good = true;
	size_t done = 0;

	while (good && done < set->n_queue) {
		good = compile(set->queue[done++], err);
		if (done == set->n_queue)
			queue_dynamic(set);
	}
	/* all of the set: a new dynamic anchor may close a loop in what was there */
	for (size_t i = 0; good && i < set->n_documents; i++)
		for (uint32_t k = 0; k < set->documents[i]->doc.n; k++)
			if (set->documents[i]->compiled[k] != NULL)
				set->documents[i]->compiled[k]->visit = 0;
	for (size_t i = 0; good && i < set->n_documents; i++)
		for (uint32_t k = 0; good && k < set->documents[i]->doc.n; k++)
			if (set->documents[i]->compiled[k] != NULL &&
			    set->documents[i]->compiled[k]->visit == 0)
				good = loops(set->documents[i]->compiled[k], err);
	/* after an error none of them counts as done, so that asking again gives it again */
	for (size_t i = 0; i < set->n_queue; i++)
		set->queue[i]->state = good ? JS_DONE : JS_NEW;
	for (size_t i = 0; good && i < set->n_queue; i++)
		js_flatten(set->queue[i]);
	set->n_schemas += set->n_queue;
	set->n_queue = 0;
	return good;
}

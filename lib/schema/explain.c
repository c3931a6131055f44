/*
 * Why a value does not fit: every reason. Asks ev_schema_fits() first and shares its checks of
 * single keywords, so that both say the same.
 */
#include "base/utf8.h"
#include "schema/internal.h"
#include "json/view.h"

#include <string.h>

enum { SHOWN_VALUES = 8 }; /* of an enum, in a message */

/* Where a value stands, from the inside out. */
struct place {
	const struct place *up; /* NULL at the top */
	uint32_t name;		/* the node of a member's name, or EV_NOWHERE for an element: */
	uint32_t index;
};

static void put_place(struct ev_schema_judge *j, const struct place *p, struct ev_buf *out)
{
	const char *name;
	size_t len;

	if (p->up == NULL)
		return;
	put_place(j, p->up, out);
	ev_buf_putc(out, '/');
	if (p->name == EV_NOWHERE) {
		ev_buf_u64(out, p->index);
		return;
	}
	name = ev_schema_member_name(j, p->name, &len);
	for (size_t i = 0; i < len; i++) {
		if (name[i] == '~' || name[i] == '/')
			ev_buf_puts(out, name[i] == '~' ? "~0" : "~1");
		else if (name[i] == '\0')
			ev_buf_puts(out, "\\u0000"); /* the path is a C string */
		else
			ev_buf_putc(out, name[i]);
	}
}

/* Gives the newest reason its other texts. */
static void finish(struct ev_schema_judge *j, struct ev_reason *reason, const struct place *place,
		   const char *keyword, const char *says)
{
	struct ev_buf path = {0};

	put_place(j, place, &path);
	reason->path = ev_arena_copy(&j->reasons->arena, path.p, path.len);
	reason->keyword = keyword;
	reason->explain =
		says != NULL ? ev_arena_copy(&j->reasons->arena, says, strlen(says)) : NULL;
	ev_buf_free(&path);
}

static const char *quoted(struct ev_schema_judge *j, uint32_t i)
{
	size_t len;
	const char *p = ev_raw(j->d, i, &len);

	return ev_reasons_quote(j->reasons, p, len);
}

static const char *quoted_name(struct ev_schema_judge *j, const struct ev_schema_name *name)
{
	return ev_reasons_quote(j->reasons, name->p, name->len);
}

#define REASON(keyword, ...) \
	finish(j, ev_reasons_add(j->reasons, __VA_ARGS__), place, keyword, says)

static void explain(struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i,
		    const struct place *place, const char *keyword, const char *says);

static void explain_type(struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i,
			 const struct place *place, const char *says)
{
	static const struct {
		uint8_t bits;
		const char *name;
	} types[] = {
		{1 << EV_NULL, "null"},	       {1 << EV_FALSE, "a boolean"},
		{1 << EV_NUMBER, "a number"},  {SCHEMA_INTEGER, "an integer"},
		{1 << EV_STRING, "a string"},  {1 << EV_ARRAY, "an array"},
		{1 << EV_OBJECT, "an object"},
	};
	static const char *const kinds[] = {
		"null", "a boolean", "a boolean", "a number", "a string", "an array", "an object",
	};
	enum ev_kind kind = ev_kind(j->d, i);
	struct ev_buf wanted = {0};

	for (size_t t = 0; t < sizeof types / sizeof *types; t++)
		if ((s->types & types[t].bits) != 0)
			ev_buf_printf(&wanted, "%s%s", wanted.len > 0 ? " or " : "", types[t].name);
	if (kind <= EV_TRUE || (kind == EV_NUMBER && (s->types & SCHEMA_INTEGER) != 0))
		REASON("type", "%s is not %s", quoted(j, i), ev_buf_str(&wanted));
	else
		REASON("type", "%s is %s, not %s", quoted(j, i), kinds[kind], ev_buf_str(&wanted));
	ev_buf_free(&wanted);
}

static void explain_values(struct ev_schema_judge *j, const struct ev_schema_values *v,
			   const char *keyword, uint32_t i, const struct place *place,
			   const char *says)
{
	struct ev_buf list = {0};

	if (ev_schema_is_among(j, v, i))
		return;
	for (uint32_t k = 0; k < v->n && k < SHOWN_VALUES; k++)
		ev_buf_printf(&list, "%s%s", k > 0 ? ", " : "",
			      ev_reasons_quote(j->reasons, v->list[k].text.p, v->list[k].text.len));
	if (v->n > SHOWN_VALUES)
		ev_buf_printf(&list, " and %u more", (unsigned)v->n - SHOWN_VALUES);
	REASON(keyword, v->n == 1 ? "%s is not %s" : "%s is none of %s", quoted(j, i),
	       ev_buf_str(&list));
	ev_buf_free(&list);
}

static void explain_number(struct ev_schema_judge *j, const struct ev_schema_numbers *n, uint32_t i,
			   const struct place *place, const char *says)
{
	static const struct {
		const char *keyword, *text;
	} bounds[SCHEMA_BOUNDS] = {
		[SCHEMA_MINIMUM] = {"minimum", "%s is less than %s"},
		[SCHEMA_EXCLUSIVE_MINIMUM] = {"exclusiveMinimum", "%s is not more than %s"},
		[SCHEMA_MAXIMUM] = {"maximum", "%s is more than %s"},
		[SCHEMA_EXCLUSIVE_MAXIMUM] = {"exclusiveMaximum", "%s is not less than %s"},
		[SCHEMA_MULTIPLE_OF] = {"multipleOf", "%s is no multiple of %s"},
	};
	struct ev_schema_quick q;
	const char *p;
	size_t len;

	p = ev_raw(j->d, i, &len);
	q = ev_schema_quick_read(p, len);
	for (int b = 0; b < SCHEMA_BOUNDS; b++)
		if (!ev_schema_within(p, len, &q, &n->limits[b], (enum ev_schema_bound)b))
			REASON(bounds[b].keyword, bounds[b].text, quoted(j, i),
			       ev_reasons_quote(j->reasons, n->limits[b].text.p,
						n->limits[b].text.len));
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* "%s has 3 characters, at most 2 are allowed" */
static void explain_count(struct ev_schema_judge *j, const char *keyword, const char *what,
			  const char *unit, uint64_t n, uint64_t min, uint64_t max,
			  const struct place *place, const char *says)
{
	bool few = n < min;
	uint64_t bound = few ? min : max;

	REASON(keyword, "%s has %llu %s%s, at %s %llu %s %s", what, (unsigned long long)n, unit,
	       plural(n), few ? "least" : "most", (unsigned long long)bound,
	       bound == 1 ? "is" : "are", few ? "needed" : "allowed");
}

static void explain_string(struct ev_schema_judge *j, const struct ev_schema_strings *t, uint32_t i,
			   const struct place *place, const char *says)
{
	size_t len;
	const char *p = ev_string(j->d, i, &j->set->text, &len);
	bool low = !ev_schema_long_enough(t, p, len), high = !ev_schema_short_enough(t, p, len);
	bool format = t->format == NULL || t->format->check(p, len);
	bool pattern = t->pattern == NULL || ev_regex_match(t->pattern, p, len);
	uint64_t n = low || high ? ev_utf8_count(p, len) : 0;

	if (low)
		explain_count(j, "minLength", quoted(j, i), "character", n, t->min, t->max, place,
			      says);
	if (high)
		explain_count(j, "maxLength", quoted(j, i), "character", n, 0, t->max, place, says);
	if (!pattern && ev_regex_spent(&len) != NULL)
		REASON("pattern",
		       "whether %s matches the pattern %s cannot be told: the search takes more "
		       "steps than it may",
		       quoted(j, i),
		       ev_reasons_quote(j->reasons, t->pattern_text.p, t->pattern_text.len));
	else if (!pattern)
		REASON("pattern", "%s does not match the pattern %s", quoted(j, i),
		       ev_reasons_quote(j->reasons, t->pattern_text.p, t->pattern_text.len));
	if (!format)
		REASON("format", "%s does not have the format %s", quoted(j, i), t->format->name);
}

static void explain_array(struct ev_schema_judge *j, const struct ev_schema_arrays *t, uint32_t i,
			  const struct place *place, const char *says)
{
	const struct ev_doc *d = j->d;
	uint64_t n = d->nodes[i].count, matching = 0;
	uint32_t k = 0, a, b;

	if (n < t->min)
		explain_count(j, "minItems", "the array", "element", n, t->min, t->max, place,
			      says);
	if (n > t->max)
		explain_count(j, "maxItems", "the array", "element", n, 0, t->max, place, says);
	for (uint32_t at = ev_first(d, i); at < ev_end(d, i); at = ev_next(d, at), k++) {
		struct place inside = {place, EV_NOWHERE, k};

		if (k < t->n_prefix)
			explain(j, t->prefix[k], at, &inside, "prefixItems", says);
		else if (t->items != NULL)
			explain(j, t->items, at, &inside, "items", says);
		if (t->contains != NULL)
			matching += ev_schema_fits(j, t->contains, at, SCHEMA_NO_MARKS);
	}
	if (t->contains != NULL && matching < t->min_contains) {
		const char *inner = t->contains->says != NULL ? t->contains->says : says;

		finish(j,
		       ev_reasons_add(
			       j->reasons,
			       "%llu element%s of the array fit%s \"contains\", at least %llu must",
			       (unsigned long long)matching, plural(matching),
			       matching == 1 ? "s" : "", (unsigned long long)t->min_contains),
		       place, t->min_contains == 1 ? "contains" : "minContains", inner);
	}
	if (t->contains != NULL && matching > t->max_contains)
		REASON("maxContains",
		       "%llu element%s of the array fit%s \"contains\", at most %llu may",
		       (unsigned long long)matching, plural(matching), matching == 1 ? "s" : "",
		       (unsigned long long)t->max_contains);
	if (t->unique && ev_schema_equal_elements(j, i, &a, &b)) {
		uint32_t first = 0, second = 0;

		k = 0;
		for (uint32_t at = ev_first(d, i); at < ev_end(d, i); at = ev_next(d, at), k++) {
			first = at == a ? k : first;
			second = at == b ? k : second;
		}
		REASON("uniqueItems", "the elements %u and %u are equal: %s", (unsigned)first,
		       (unsigned)second, quoted(j, b));
	}
}

/* The reasons from `first` on are about a member's name, not about its value. */
static void about_name(struct ev_schema_judge *j, size_t first)
{
	for (size_t k = first; k < j->reasons->n; k++)
		j->reasons->list[k].message =
			ev_reasons_text(j->reasons, "the name %s", j->reasons->list[k].message);
}

static void explain_member(struct ev_schema_judge *j, const struct ev_schema_objects *o, uint32_t i,
			   struct ev_schema_presence *seen, const struct place *place,
			   const char *says)
{
	struct place inside = {place, i, 0};
	bool covered = false;
	size_t len, first = 0;
	const char *p = ev_schema_member_name(j, i, &len);
	const struct ev_schema_name *name = ev_schema_names_find(&o->names, p, len);

	if (name != NULL) {
		ev_schema_see(j, name, seen);
		if (name->schema != NULL) {
			covered = true;
			explain(j, name->schema, i + 1, &inside, "properties", says);
		}
	}
	for (uint32_t k = 0; k < o->n_patterns; k++) {
		p = ev_schema_member_name(j, i, &len);
		if (ev_regex_match(o->patterns[k].regex, p, len)) {
			covered = true;
			explain(j, o->patterns[k].schema, i + 1, &inside, "patternProperties",
				says);
		}
	}
	if (!covered && o->additional != NULL)
		explain(j, o->additional, i + 1, &inside, "additionalProperties", says);
	if (o->property_names != NULL) {
		first = j->reasons->n;
		explain(j, o->property_names, i, &inside, "propertyNames", says);
		if (!o->property_names->boolean)
			about_name(j, first);
	}
}

static void explain_object(struct ev_schema_judge *j, const struct ev_schema_objects *o, uint32_t i,
			   const struct place *place, const char *says)
{
	const struct ev_doc *d = j->d;
	struct ev_schema_presence seen = ev_schema_presence_begin(j, o);
	uint64_t n = ev_schema_members(j, i);

	if (n < o->min)
		explain_count(j, "minProperties", "the object", "member", n, o->min, o->max, place,
			      says);
	if (n > o->max)
		explain_count(j, "maxProperties", "the object", "member", n, 0, o->max, place,
			      says);
	for (uint32_t at = ev_first(d, i); at < ev_end(d, i); at = ev_next(d, at + 1))
		if (at + 1 != j->without)
			explain_member(j, o, at, &seen, place, says);
	for (uint32_t r = 0; r < o->n_required; r++) {
		const struct ev_schema_name *name = &o->names.list[o->required[r]];

		if (!ev_schema_seen(j, name, &seen))
			REASON("required", "the member \"%s\" is missing", quoted_name(j, name));
	}
	for (uint32_t r = 0; r < o->n_dependents; r++) {
		const struct ev_schema_dependent *t = &o->dependents[r];
		const struct ev_schema_name *trigger = &o->names.list[t->trigger];

		if (!ev_schema_seen(j, trigger, &seen))
			continue;
		for (uint32_t m = 0; m < t->n; m++) {
			const struct ev_schema_name *name = &o->names.list[t->required[m]];

			if (!ev_schema_seen(j, name, &seen))
				REASON("dependentRequired",
				       "the member \"%s\" is missing, which must stand "
				       "beside \"%s\"",
				       quoted_name(j, name), quoted_name(j, trigger));
		}
		if (t->schema != NULL)
			explain(j, t->schema, i, place, "dependentSchemas", says);
	}
	ev_schema_presence_end(j, o, &seen);
}

/* Whether one of the reasons from `first` on is that the value as such is of another type. */
static bool other_value(const struct ev_schema_judge *j, size_t first, const char *path)
{
	for (size_t k = first; k < j->reasons->n; k++) {
		const struct ev_reason *r = &j->reasons->list[k];

		if (strcmp(r->path, path) == 0 &&
		    (strcmp(r->keyword, "type") == 0 || strcmp(r->keyword, "false") == 0))
			return true;
	}
	return false;
}

/*
 * None of several schemas fits. Besides saying so, tells why of the nearest, that is, of the one
 * with the fewest reasons among those that take a value of this type.
 */
static void explain_none(struct ev_schema_judge *j, const struct ev_schema *const *list, uint32_t n,
			 const char *keyword, uint32_t i, const struct place *place,
			 const char *says)
{
	struct ev_reasons *r = j->reasons;
	size_t first, best = 0;
	const char *path;

	REASON(keyword,
	       n == 1 ? "%s does not fit the one schema of %s"
		      : "%s fits none of the schemas of %s",
	       quoted(j, i), keyword);
	path = r->list[r->n - 1].path;
	first = r->n;
	for (uint32_t k = 0; k < n; k++) {
		size_t from = r->n, found;

		explain(j, list[k], i, place, "false", says);
		found = r->n - from;
		if (!other_value(j, from, path) && (best == 0 || found < best)) {
			memmove(&r->list[first], &r->list[from], found * sizeof *r->list);
			best = found;
		}
		r->n = first + best;
	}
}

static void explain_applied(struct ev_schema_judge *j, const struct ev_schema_applied *a,
			    uint32_t i, const struct place *place, const char *says)
{
	uint32_t n = 0, which[2] = {0};

	for (uint32_t k = 0; k < a->n_all; k++)
		explain(j, a->all[k], i, place, "allOf", says);
	if (a->fallback != NULL)
		explain(j, ev_schema_dynamic_target(j, a), i, place, "$dynamicRef", says);
	for (uint32_t k = 0; k < a->n_any && n == 0; k++)
		n += ev_schema_fits(j, a->any[k], i, SCHEMA_NO_MARKS);
	if (a->n_any > 0 && n == 0)
		explain_none(j, a->any, a->n_any, "anyOf", i, place, says);
	n = 0;
	for (uint32_t k = 0; k < a->n_one && n < 2; k++)
		if (ev_schema_fits(j, a->one[k], i, SCHEMA_NO_MARKS))
			which[n++] = k + 1;
	if (a->n_one > 0 && n == 0)
		explain_none(j, a->one, a->n_one, "oneOf", i, place, says);
	if (n == 2)
		REASON("oneOf", "%s fits the schemas %u and %u of oneOf, only one may fit",
		       quoted(j, i), (unsigned)which[0], (unsigned)which[1]);
	if (a->no != NULL && ev_schema_fits(j, a->no, i, SCHEMA_NO_MARKS)) {
		if (a->no->says != NULL)
			says = a->no->says;
		REASON("not", "%s fits a schema that it must not fit", quoted(j, i));
	}
	if (a->when != NULL) {
		bool holds = ev_schema_fits(j, a->when, i, SCHEMA_NO_MARKS);
		const struct ev_schema *next = holds ? a->then : a->otherwise;

		if (next != NULL)
			explain(j, next, i, place, holds ? "then" : "else", says);
	}
}

static void explain_unevaluated(struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i,
				const struct place *place, const char *says)
{
	const struct ev_schema *rest = ev_schema_unevaluated(j, s, i);
	bool object = ev_kind(j->d, i) == EV_OBJECT;
	size_t own = ev_schema_marks_push(j, i);
	uint32_t k = 0;

	/* where other keywords fail nothing counts as evaluated, and the reasons are told */
	if (ev_schema_keywords_fit(j, s, i, own)) {
		for (uint32_t at = ev_first(j->d, i); at < ev_end(j->d, i); k++) {
			struct place inside = {place, object ? at : EV_NOWHERE, k};
			uint32_t value = at + object;

			if (value != j->without && j->set->marks[own + k] == 0)
				explain(j, rest, value, &inside,
					object ? "unevaluatedProperties" : "unevaluatedItems",
					says);
			at = ev_next(j->d, value);
		}
	}
	ev_schema_marks_pop(j, own);
}

static void explain_false(struct ev_schema_judge *j, uint32_t i, const struct place *place,
			  const char *keyword, const char *says)
{
	size_t len;
	const char *p;

	if (place->up == NULL) {
		REASON(keyword, "%s is not allowed: nothing is", quoted(j, i));
	} else if (place->name == EV_NOWHERE) {
		REASON(keyword, "the element %u is not allowed", (unsigned)place->index);
	} else {
		p = ev_schema_member_name(j, place->name, &len);
		REASON(keyword, "the member \"%s\" is not allowed",
		       ev_reasons_quote(j->reasons, p, len));
	}
}

static void explain_here(struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i,
			 const struct place *place, const char *keyword, const char *says)
{
	if (s->boolean) {
		explain_false(j, i, place, keyword, says);
		return;
	}
	if (!ev_schema_type_fits(j, s, i))
		explain_type(j, s, i, place, says);
	if (s->constant != NULL)
		explain_values(j, s->constant, "const", i, place, says);
	if (s->values != NULL)
		explain_values(j, s->values, "enum", i, place, says);
	switch (ev_kind(j->d, i)) {
	case EV_NUMBER:
		if (s->numbers != NULL)
			explain_number(j, s->numbers, i, place, says);
		break;
	case EV_STRING:
		if (s->strings != NULL)
			explain_string(j, s->strings, i, place, says);
		break;
	case EV_ARRAY:
		if (s->arrays != NULL)
			explain_array(j, s->arrays, i, place, says);
		break;
	case EV_OBJECT:
		if (s->objects != NULL)
			explain_object(j, s->objects, i, place, says);
		break;
	default: break;
	}
	if (s->applied != NULL)
		explain_applied(j, s->applied, i, place, says);
	if (ev_schema_unevaluated(j, s, i) != NULL)
		explain_unevaluated(j, s, i, place, says);
}

/* keyword: by which the schema came to the value, for one that is just false. */
static void explain(struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i,
		    const struct place *place, const char *keyword, const char *says)
{
	const struct ev_schema_scope *outer = j->scope;
	struct ev_schema_scope scope = {s->resource, outer};
	size_t first = j->reasons->n;

	if (j->left < 0 || ev_reasons_enough(j->reasons) ||
	    ev_schema_fits(j, s, i, SCHEMA_NO_MARKS))
		return;
	if (s->says != NULL)
		says = s->says;
	if (outer == NULL || outer->resource != s->resource)
		j->scope = &scope;
	j->depth++;
	if (s->alias != NULL)
		explain(j, s->alias, i, place, keyword, says);
	else
		explain_here(j, s, i, place, keyword, says);
	if (j->reasons->n == first)
		REASON(keyword, "%s does not fit",
		       quoted(j, i)); /* never a failure without a reason */
	j->depth--;
	j->scope = outer;
}

void ev_schema_explain(const struct ev_schema *s, const struct ev_doc *d, uint32_t at,
		       uint32_t without, struct ev_reasons *reasons)
{
	struct ev_schema_judge j = ev_schema_judge_of(s, d, at, without);
	struct place top = {NULL, EV_NOWHERE, 0};
	size_t first = reasons->n;

	j.reasons = reasons;
	if (ev_schema_fits(&j, s, at, SCHEMA_NO_MARKS) && j.left >= 0)
		return;
	if (j.left >= 0) {
		j.left = ev_schema_work(s->set, d);
		explain(&j, s, at, &top, "false", NULL);
	}
	if (reasons->n > first)
		return;
	finish(&j,
	       j.deep ? ev_reasons_add(reasons,
				       "the value is nested too deep for this schema: more than "
				       "%d schemas stand open at one time",
				       SCHEMA_DEPTH)
		      : ev_reasons_add(reasons,
				       "whether the value fits takes too long to tell: branches of "
				       "the schema lead back to it too often"),
	       &top, NULL, s->says);
}

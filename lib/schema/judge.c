/*
 * Holds values against compiled schemas: one walk through value and schema. It stops at the first
 * failure, or, where it is given a place to report, goes on and adds every reason.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "number/decimal.h"
#include "schema/flat.h"
#include "schema/internal.h"
#include "schema/schema.h"
#include "json/canon.h"

#include <stdlib.h>
#include <string.h>

/* True if the walk goes on: nothing failed yet, or every reason is needed. */
static inline bool goes_on(bool good, const struct ev_schema_place *place)
{
	return good || place != NULL;
}

/* The place of a member (name: its name's node) or element; NULL in a walk without reasons. */
static inline const struct ev_schema_place *inside(struct ev_schema_place *own,
						   const struct ev_schema_place *place,
						   uint32_t name, uint32_t index)
{
	if (place == NULL)
		return NULL;
	*own = (struct ev_schema_place){place, name, index, place->description};
	return own;
}

static inline bool fits_silently(struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i)
{
	return ev_schema_fits(j, s, i, SCHEMA_NO_MARKS, NULL, NULL);
}

/* Marks */

/*
 * The bytes of marks that a value needs. A node's count has 28 bits and may have overflowed: then
 * the number of nodes is a bound.
 */
static size_t marks_size(const struct ev_schema_judge *j, uint32_t i)
{
	uint32_t nodes = j->d->nodes[i].next - i;

	return nodes >> 28 != 0 ? nodes : j->d->nodes[i].count;
}

static size_t marks_push(struct ev_schema_judge *j, size_t n)
{
	struct ev_schema_set *set = j->set;
	size_t at = set->n_marks;

	ev_grow(&set->marks, &set->cap_marks, at + n + 1, 1);
	memset(set->marks + at, 0, n + 1);
	set->n_marks = at + n;
	return at;
}

static void marks_pop(struct ev_schema_judge *j, size_t at)
{
	j->set->n_marks = at;
}

static void mark(struct ev_schema_judge *j, size_t marks, uint32_t k)
{
	if (marks != SCHEMA_NO_MARKS)
		j->set->marks[marks + k] = 1;
}

/* One of several alternatives: its marks count only if it fits. */
static bool branch_fits(struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i,
			size_t marks)
{
	size_t own;
	bool good;

	if (marks == SCHEMA_NO_MARKS)
		return fits_silently(j, s, i);
	own = marks_push(j, marks_size(j, i));
	good = ev_schema_fits(j, s, i, own, NULL, NULL);
	for (size_t k = 0, n = marks_size(j, i); good && k < n; k++)
		j->set->marks[marks + k] |= j->set->marks[own + k];
	marks_pop(j, own);
	return good;
}

/* Numbers */

static bool is_multiple(const char *p, size_t len, const char *of, size_t of_len)
{
	struct ev_number a, b;
	struct ev_small x, y;

	if (ev_small_read(p, len, &x) && ev_small_read(of, of_len, &y) &&
	    abs(x.exp - y.exp) <= EV_SMALL_DIGITS)
		return (__int128)x.coef * ev_small_powers[x.exp > y.exp ? x.exp - y.exp : 0] %
			       ((__int128)y.coef *
				ev_small_powers[x.exp < y.exp ? y.exp - x.exp : 0]) ==
		       0;
	ev_number_read(p, len, &a);
	ev_number_read(of, of_len, &b);
	return ev_number_multiple_of(&a, &b);
}

static bool is_within(const char *p, size_t len, const struct ev_schema_slice *limit,
		      enum ev_schema_bound bound)
{
	int order;

	if (limit->p == NULL)
		return true;
	if (bound == SCHEMA_MULTIPLE_OF)
		return is_multiple(p, len, limit->p, limit->len);
	order = ev_number_compare(p, len, limit->p, limit->len);
	switch (bound) {
	case SCHEMA_MINIMUM: return order >= 0;
	case SCHEMA_EXCLUSIVE_MINIMUM: return order > 0;
	case SCHEMA_MAXIMUM: return order <= 0;
	default: return order < 0;
	}
}

static bool numbers_fit(struct ev_schema_judge *j, const struct ev_schema_numbers *n, uint32_t i,
			const struct ev_schema_place *place)
{
	bool good = true;
	size_t len;
	const char *p = ev_raw(j->d, i, &len);

	for (int b = 0; b < SCHEMA_BOUNDS && goes_on(good, place); b++)
		if (!is_within(p, len, &n->limits[b], (enum ev_schema_bound)b))
			good = ev_schema_report_bound(j, n, (enum ev_schema_bound)b, i, place);
	return good;
}

static bool is_integer(const struct ev_schema_judge *j, uint32_t i)
{
	struct ev_number n;
	size_t len;
	const char *p = ev_raw(j->d, i, &len);

	ev_number_read(p, len, &n);
	return ev_number_is_integer(&n);
}

/* Other scalars */

static inline bool type_fits(const struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i)
{
	uint32_t kind = j->d->nodes[i].kind;

	return (s->types >> kind & 1) != 0 ||
	       (kind == EV_NUMBER && (s->types & SCHEMA_INTEGER) != 0 && is_integer(j, i));
}

static bool strings_fit(struct ev_schema_judge *j, const struct ev_schema_strings *t, uint32_t i,
			const struct ev_schema_place *place)
{
	size_t len;
	const char *p = ev_string(j->d, i, &j->set->text, &len);
	bool good = true;

	/* a code point has one byte to four */
	if (len < t->min || len > t->max || len / 4 < t->min) {
		uint64_t n = ev_utf8_count(p, len);

		if (n < t->min || n > t->max)
			good = ev_schema_report_count(j, "Length",
						      place != NULL ? ev_schema_quoted(j, i) : NULL,
						      "character", n, t->min, t->max, place);
	}
	if (goes_on(good, place) && t->pattern != NULL && !ev_regex_match(t->pattern, p, len))
		good = ev_schema_report_pattern(j, t, i, place);
	if (goes_on(good, place) && t->format != NULL && !ev_schema_format_fits(t->format, p, len))
		good = place != NULL &&
		       SCHEMA_REPORT(j, place, "format", "%s does not have the format %s",
				     ev_schema_quoted(j, i), t->format->name);
	return good;
}

/* The canonical form of a value, in the set's scratch. */
static struct ev_schema_slice form_of(struct ev_schema_judge *j, uint32_t i)
{
	bool skip = i == j->top;

	ev_buf_reset(&j->set->form);
	ev_canonical(j->d, i, skip ? &j->without : NULL, skip, &j->set->form);
	return (struct ev_schema_slice){j->set->form.p, j->set->form.len};
}

static bool is_number_among(const struct ev_schema_values *v, const char *p, size_t len)
{
	for (uint32_t k = 0; k < v->n; k++)
		if (v->list[k].kind == EV_NUMBER &&
		    ev_number_compare(p, len, v->list[k].text.p, v->list[k].text.len) == 0)
			return true;
	return false;
}

static bool is_among(struct ev_schema_judge *j, const struct ev_schema_values *v, uint32_t i)
{
	enum ev_kind kind = ev_kind(j->d, i);
	struct ev_schema_slice form;
	const char *p;
	size_t len;

	if (kind <= EV_TRUE)
		return (v->kinds >> kind & 1) != 0;
	if (kind == EV_STRING) {
		p = ev_string(j->d, i, &j->set->text, &len);
		return ev_schema_names_find(&v->strings, p, len) != NULL;
	}
	if (!(kind == EV_NUMBER ? v->numbers : v->composites))
		return false;
	if (kind == EV_NUMBER && v->forms.slots == NULL) {
		p = ev_raw(j->d, i, &len);
		return is_number_among(v, p, len);
	}
	form = form_of(j, i);
	return ev_schema_names_find(&v->forms, form.p, form.len) != NULL;
}

/* All keywords of a leaf (see struct ev_schema). */
static inline bool leaf_fits(struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i,
			     const struct ev_schema_place *place)
{
	enum ev_kind kind = ev_kind(j->d, i);
	bool good = type_fits(j, s, i) || ev_schema_report_type(j, s, i, place);

	if (goes_on(good, place) && s->constant != NULL && !is_among(j, s->constant, i))
		good = ev_schema_report_values(j, s->constant, "const", i, place);
	if (goes_on(good, place) && s->values != NULL && !is_among(j, s->values, i))
		good = ev_schema_report_values(j, s->values, "enum", i, place);
	if (!goes_on(good, place))
		return false;
	if (kind == EV_NUMBER && s->numbers != NULL)
		return numbers_fit(j, s->numbers, i, place) && good;
	if (kind == EV_STRING && s->strings != NULL)
		return strings_fit(j, s->strings, i, place) && good;
	return good;
}

/* Inlined into loops over members and elements, where most schemas are leaves. */
static inline bool value_fits(struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i,
			      const struct ev_schema_place *place, const char *keyword)
{
	if (place == NULL) {
		while (s->alias != NULL && j->set->n_dynamic == 0)
			s = s->alias;
		if (s->leaf)
			return leaf_fits(j, s, i, NULL);
	}
	return ev_schema_fits(j, s, i, SCHEMA_NO_MARKS, place, keyword);
}

bool ev_schema_all_fit(struct ev_schema_judge *j, const struct ev_schema *const *list, uint32_t n,
		       uint32_t i)
{
	for (uint32_t k = 0; k < n; k++)
		if (!value_fits(j, list[k], i, NULL, NULL))
			return false;
	return true;
}

/* Arrays */

/* True if two elements are equal; *a and *b are the first such pair, *a before *b. */
static bool has_equal_elements(struct ev_schema_judge *j, uint32_t i, uint32_t *a, uint32_t *b)
{
	const struct ev_doc *d = j->d;
	struct ev_lookup *table = &j->set->elements;

	ev_lookup_reset(table, marks_size(j, i));
	for (*b = ev_first(d, i); *b < ev_end(d, i); *b = ev_next(d, *b)) {
		struct ev_schema_slice form = form_of(j, *b);
		uint64_t hash = ev_hash64(form.p, form.len, j->set->seed);
		size_t step = 0;

		while ((*a = ev_lookup_next(table, hash, &step)) != EV_LOOKUP_NONE)
			if (ev_equal(d, *a, d, *b))
				return true;
		ev_lookup_add(table, hash, *b);
	}
	return false;
}

static bool contains_fits(struct ev_schema_judge *j, const struct ev_schema_arrays *t, uint32_t i,
			  size_t marks, const struct ev_schema_place *place)
{
	bool enough = t->max_contains == UINT64_MAX && marks == SCHEMA_NO_MARKS;
	uint64_t n = 0;
	uint32_t k = 0;

	for (uint32_t at = ev_first(j->d, i); at < ev_end(j->d, i); at = ev_next(j->d, at), k++) {
		if (!fits_silently(j, t->contains, at))
			continue;
		n++;
		if (!t->contains_silent)
			mark(j, marks, k);
		if (enough && n >= t->min_contains)
			break;
	}
	return (n >= t->min_contains && n <= t->max_contains) ||
	       ev_schema_report_contains(j, t, n, place);
}

static bool arrays_fit(struct ev_schema_judge *j, const struct ev_schema_arrays *t, uint32_t i,
		       size_t marks, const struct ev_schema_place *place)
{
	const struct ev_doc *d = j->d;
	struct ev_schema_place own;
	uint32_t at = ev_first(d, i), n = d->nodes[i].count, k = 0, a, b;
	bool good = true;

	if (n < t->min || n > t->max)
		good = ev_schema_report_count(j, "Items", "the array", "element", n, t->min, t->max,
					      place);
	for (; goes_on(good, place) && at < ev_end(d, i); at = ev_next(d, at), k++) {
		const struct ev_schema *s = k < t->n_prefix ? t->prefix[k] : t->items;

		if (s == NULL)
			break;
		if (!value_fits(j, s, at, inside(&own, place, EV_NOWHERE, k),
				k < t->n_prefix ? "prefixItems" : "items"))
			good = false;
		mark(j, marks, k);
	}
	if (goes_on(good, place) && t->contains != NULL)
		good = contains_fits(j, t, i, marks, place) && good;
	if (goes_on(good, place) && t->unique && has_equal_elements(j, i, &a, &b))
		good = ev_schema_report_equal(j, i, a, b, place);
	return good;
}

/* Objects */

static inline const struct ev_schema_name *
name_of_member(struct ev_schema_judge *j, const struct ev_schema_objects *o, uint32_t i)
{
	const char *p;
	size_t len;
	uint32_t k;

	if (j->by_symbol) {
		k = ev_symbol_map_get(&o->members, j->d->nodes[i].count);
		return k != UINT32_MAX ? &o->names.list[k] : NULL;
	}
	p = ev_schema_member_name(j, i, &len);
	return ev_schema_names_find(&o->names, p, len);
}

/* One member against properties, patternProperties, additionalProperties and propertyNames. */
static inline bool member_fits(struct ev_schema_judge *j, const struct ev_schema_objects *o,
			       uint32_t i, size_t seen, bool *covered,
			       const struct ev_schema_place *place)
{
	const struct ev_schema_name *name = name_of_member(j, o, i);
	bool good = true;
	size_t len, first;
	const char *p;

	*covered = name != NULL && name->schema != NULL;
	if (name != NULL && name->mark != SCHEMA_NO_MARK)
		j->set->marks[seen + name->mark] = 1;
	if (*covered)
		good = value_fits(j, name->schema, i + 1, place, "properties");
	for (uint32_t k = 0; k < o->n_patterns && goes_on(good, place); k++) {
		p = ev_schema_member_name(j, i, &len); /* its buffer may have been used since */
		if (!ev_regex_match(o->patterns[k].regex, p, len))
			continue;
		*covered = true;
		if (!value_fits(j, o->patterns[k].schema, i + 1, place, "patternProperties"))
			good = false;
	}
	if (!*covered && o->additional != NULL) {
		*covered = true;
		good = value_fits(j, o->additional, i + 1, place, "additionalProperties");
	}
	if (!goes_on(good, place) || o->property_names == NULL)
		return good;
	first = place != NULL ? j->reasons->n : 0;
	if (!value_fits(j, o->property_names, i, place, "propertyNames"))
		good = ev_schema_report_name(j, o->property_names, first, place);
	return good;
}

/* Whether a name was seen: of bit != SCHEMA_NO_MARK. */
static bool is_seen(const struct ev_schema_judge *j, const struct ev_schema_objects *o,
		    uint32_t name, size_t seen)
{
	return j->set->marks[seen + o->names.list[name].mark] != 0;
}

static bool dependents_fit(struct ev_schema_judge *j, const struct ev_schema_objects *o, uint32_t i,
			   size_t marks, size_t seen, const struct ev_schema_place *place)
{
	bool good = true;

	for (uint32_t r = 0; r < o->n_dependents && goes_on(good, place); r++) {
		const struct ev_schema_dependent *t = &o->dependents[r];

		if (!is_seen(j, o, t->trigger, seen))
			continue;
		for (uint32_t m = 0; m < t->n && goes_on(good, place); m++)
			if (!is_seen(j, o, t->required[m], seen))
				good = ev_schema_report_missing(j, &o->names.list[t->required[m]],
								&o->names.list[t->trigger], place);
		if (goes_on(good, place) && t->schema != NULL &&
		    !ev_schema_fits(j, t->schema, i, marks, place, "dependentSchemas"))
			good = false;
	}
	return good;
}

/* seen: the marks of the names whose presence counts. */
static bool members_fit(struct ev_schema_judge *j, const struct ev_schema_objects *o, uint32_t i,
			size_t marks, size_t seen, const struct ev_schema_place *place)
{
	const struct ev_doc *d = j->d;
	struct ev_schema_place own;
	bool good = true, covered;
	uint32_t k = 0;

	for (uint32_t at = ev_first(d, i); at < ev_end(d, i); at = ev_next(d, at + 1), k++) {
		if (at + 1 == j->without)
			continue;
		if (!member_fits(j, o, at, seen, &covered, inside(&own, place, at, 0)))
			good = false;
		if (!goes_on(good, place))
			return false;
		if (covered)
			mark(j, marks, k);
	}
	for (uint32_t r = 0; r < o->n_required && goes_on(good, place); r++)
		if (!is_seen(j, o, o->required[r], seen))
			good = ev_schema_report_missing(j, &o->names.list[o->required[r]], NULL,
							place);
	return goes_on(good, place) && dependents_fit(j, o, i, marks, seen, place) && good;
}

static bool objects_fit(struct ev_schema_judge *j, const struct ev_schema_objects *o, uint32_t i,
			size_t marks, const struct ev_schema_place *place)
{
	uint64_t n = ev_schema_members(j, i);
	bool good = true;
	size_t seen;

	if (n < o->min || n > o->max)
		good = ev_schema_report_count(j, "Properties", "the object", "member", n, o->min,
					      o->max, place);
	if (!goes_on(good, place))
		return false;
	seen = marks_push(j, o->n_marks);
	good = members_fit(j, o, i, marks, seen, place) && good;
	marks_pop(j, seen);
	return good;
}

/* Schemas for the same value */

/* Where a $dynamicRef leads: the anchor in the outermost resource of the scope that has it. */
static const struct ev_schema *dynamic_target(const struct ev_schema_judge *j,
					      const struct ev_schema_applied *a)
{
	const struct ev_schema *found = a->fallback;
	size_t len;

	if (a->dynamic == NULL)
		return found;
	len = strlen(a->dynamic);
	for (const struct ev_schema_scope *s = j->scope; s != NULL; s = s->outer) {
		const struct ev_schema_anchor *anchor =
			ev_schema_anchor_find(s->resource, a->dynamic, len);

		if (anchor != NULL && anchor->dynamic)
			found = s->resource->doc->compiled[anchor->at];
	}
	return found;
}

static bool any_fit(struct ev_schema_judge *j, const struct ev_schema_applied *a, uint32_t i,
		    size_t marks, const struct ev_schema_place *place)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < a->n_any && (n == 0 || marks != SCHEMA_NO_MARKS); k++)
		n += branch_fits(j, a->any[k], i, marks);
	return n > 0 || ev_schema_report_none(j, a->any, a->n_any, "anyOf", i, place);
}

static bool one_fits(struct ev_schema_judge *j, const struct ev_schema_applied *a, uint32_t i,
		     size_t marks, const struct ev_schema_place *place)
{
	uint32_t n = 0, which[2];

	for (uint32_t k = 0; k < a->n_one && n < 2; k++)
		if (branch_fits(j, a->one[k], i, marks))
			which[n++] = k + 1;
	if (n == 0)
		return ev_schema_report_none(j, a->one, a->n_one, "oneOf", i, place);
	return n == 1 ||
	       (place != NULL &&
		SCHEMA_REPORT(j, place, "oneOf",
			      "%s fits the schemas %u and %u of oneOf, only one may fit",
			      ev_schema_quoted(j, i), (unsigned)which[0], (unsigned)which[1]));
}

static bool applied_fit(struct ev_schema_judge *j, const struct ev_schema_applied *a, uint32_t i,
			size_t marks, const struct ev_schema_place *place)
{
	bool good = true;

	for (uint32_t k = 0; k < a->n_all && goes_on(good, place); k++)
		if (!ev_schema_fits(j, a->all[k], i, marks, place, "allOf"))
			good = false;
	if (goes_on(good, place) && a->fallback != NULL &&
	    !ev_schema_fits(j, dynamic_target(j, a), i, marks, place, "$dynamicRef"))
		good = false;
	if (goes_on(good, place) && a->n_any > 0)
		good = any_fit(j, a, i, marks, place) && good;
	if (goes_on(good, place) && a->n_one > 0)
		good = one_fits(j, a, i, marks, place) && good;
	if (goes_on(good, place) && a->no != NULL && fits_silently(j, a->no, i))
		good = ev_schema_report_not(j, a->no, i, place);
	if (goes_on(good, place) && a->when != NULL) {
		bool holds = branch_fits(j, a->when, i, marks);
		const struct ev_schema *next = holds ? a->then : a->otherwise;

		if (next != NULL &&
		    !ev_schema_fits(j, next, i, marks, place, holds ? "then" : "else"))
			good = false;
	}
	return good;
}

/* All keywords but unevaluated*. */
static bool keywords_fit(struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i,
			 size_t marks, const struct ev_schema_place *place)
{
	bool good = leaf_fits(j, s, i, place);

	if (goes_on(good, place) && s->arrays != NULL && ev_kind(j->d, i) == EV_ARRAY)
		good = arrays_fit(j, s->arrays, i, marks, place) && good;
	if (goes_on(good, place) && s->objects != NULL && ev_kind(j->d, i) == EV_OBJECT)
		good = objects_fit(j, s->objects, i, marks, place) && good;
	if (goes_on(good, place) && s->applied != NULL)
		good = applied_fit(j, s->applied, i, marks, place) && good;
	return good;
}

/* rest: unevaluatedItems or unevaluatedProperties. They see only values that fit all else. */
static bool unevaluated_fit(struct ev_schema_judge *j, const struct ev_schema *s,
			    const struct ev_schema *rest, uint32_t i, size_t marks,
			    const struct ev_schema_place *place)
{
	const bool object = ev_kind(j->d, i) == EV_OBJECT;
	const char *keyword = object ? "unevaluatedProperties" : "unevaluatedItems";
	size_t own = marks_push(j, marks_size(j, i));
	bool fits = keywords_fit(j, s, i, own, place), good = fits;
	struct ev_schema_place at_value;
	uint32_t k = 0;

	for (uint32_t at = ev_first(j->d, i); fits && at < ev_end(j->d, i); k++) {
		uint32_t value = at + object;

		if (value != j->without && j->set->marks[own + k] == 0 &&
		    !ev_schema_fits(j, rest, value, SCHEMA_NO_MARKS,
				    inside(&at_value, place, object ? at : EV_NOWHERE, k), keyword))
			good = false;
		fits = goes_on(good, place);
		at = ev_next(j->d, value);
	}
	marks_pop(j, own);
	if (good && marks != SCHEMA_NO_MARKS)
		memset(j->set->marks + marks, 1, marks_size(j, i));
	return good;
}

static bool fits_here(struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i,
		      size_t marks, const struct ev_schema_place *place)
{
	const enum ev_kind kind = ev_kind(j->d, i);
	const struct ev_schema *rest = kind == EV_OBJECT  ? s->unevaluated_properties
				       : kind == EV_ARRAY ? s->unevaluated_items
							  : NULL;

	return rest != NULL ? unevaluated_fit(j, s, rest, i, marks, place)
			    : keywords_fit(j, s, i, marks, place);
}

/* As ev_schema_fits, with reasons. Never a failure without one. */
static EV_NOINLINE bool fits_or_reports(struct ev_schema_judge *j, const struct ev_schema *s,
					uint32_t i, size_t marks,
					const struct ev_schema_place *place, const char *keyword)
{
	struct ev_schema_place own = *place;
	size_t first = j->reasons->n;
	bool good;

	if (s->description != NULL)
		own.description = s->description;
	if (s->alias != NULL)
		good = ev_schema_fits(j, s->alias, i, marks, &own, keyword);
	else if (s->boolean)
		good = s->value || ev_schema_report_false(j, i, &own, keyword);
	else
		good = fits_here(j, s, i, marks, &own);
	if (!good && j->reasons->n == first)
		SCHEMA_REPORT(j, &own, keyword, "%s does not fit", ev_schema_quoted(j, i));
	return good;
}

bool ev_schema_fits(struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i, size_t marks,
		    const struct ev_schema_place *place, const char *keyword)
{
	const struct ev_schema_scope *outer = j->scope;
	struct ev_schema_scope scope = {s->resource, outer};
	const struct ev_schema_program *flat = NULL;
	bool good;

	if (--j->left < 0)
		return false;
	if (j->depth == SCHEMA_DEPTH) {
		j->deep = true;
		j->left = -1;
		return false;
	}
	j->depth++;
	if (place != NULL && ev_reasons_enough(j->reasons))
		place = NULL;
	if (j->set->n_dynamic > 0 && (outer == NULL || outer->resource != s->resource))
		j->scope = &scope;
	while (place == NULL && s->alias != NULL && j->set->n_dynamic == 0)
		s = s->alias;
	if (place != NULL)
		good = fits_or_reports(j, s, i, marks, place, keyword);
	else if (s->alias != NULL)
		good = ev_schema_fits(j, s->alias, i, marks, NULL, NULL);
	else if (s->boolean)
		good = s->value;
	else if (j->by_symbol && j->set->n_dynamic == 0 && marks == SCHEMA_NO_MARKS &&
		 ev_kind(j->d, i) == EV_OBJECT && (flat = ev_schema_flat_object(s)) != NULL)
		good = ev_schema_flat_fits(j, flat, i);
	else
		good = fits_here(j, s, i, marks, NULL);
	j->scope = outer;
	j->depth--;
	return good;
}

bool ev_schema_valid(const struct ev_schema *s, const struct ev_doc *d, uint32_t at,
		     uint32_t without)
{
	struct ev_schema_judge j = ev_schema_judge_of(s, d, at, without);
	const struct ev_schema_plan *plan;

	j.by_symbol = d->symbols == s->set->symbols;
	if (j.by_symbol && at == 0 && (plan = ev_schema_plan_of(s, d, without)) != NULL) {
		j.depth++;
		return ev_schema_plan_fits(&j, plan) && j.left >= 0;
	}
	return fits_silently(&j, s, at) && j.left >= 0;
}

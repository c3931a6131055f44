/*
 * Holds values against compiled schemas. Stops at the first failure and gives no reason; explain.c
 * does.
 */
#include "schema/schema.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "number/decimal.h"
#include "schema/flat.h"
#include "schema/internal.h"
#include "json/canon.h"
#include "json/view.h"

#include <stdlib.h>
#include <string.h>

enum { FEW_ELEMENTS = 8 }; /* so few are compared pair by pair */

/* Names */

uint32_t ev_schema_name_hash(const char *p, size_t len)
{
	uint64_t a = 0, b = 0;

	if (len > 16)
		return (uint32_t)ev_hash64(p, len, 0);
	if (len >= 8) {
		memcpy(&a, p, 8);
		memcpy(&b, p + len - 8, 8);
	} else if (len >= 4) {
		memcpy(&a, p, 4);
		memcpy(&b, p + len - 4, 4);
	} else if (len > 0) {
		a = (uint64_t)(unsigned char)p[0] << 16 | (uint64_t)(unsigned char)p[len / 2] << 8 |
		    (unsigned char)p[len - 1];
	}
	a = (a ^ len) * 0x9e3779b97f4a7c15ULL;
	b = (b ^ a >> 29) * 0xbf58476d1ce4e5b9ULL;
	return (uint32_t)((a ^ b) >> 32);
}

/*
 * Looks at the lengths first: most names that are not in a table have a length that none in it has.
 */
static inline const struct ev_schema_name *names_find(const struct ev_schema_names *t,
						      const char *p, size_t len)
{
	uint32_t hash;

	if ((t->lengths >> (len < 63 ? len : 63) & 1) == 0)
		return NULL;
	if (t->slots == NULL) {
		for (uint32_t i = 0; i < t->n; i++)
			if (t->list[i].len == len && ev_same(t->list[i].p, p, len))
				return &t->list[i];
		return NULL;
	}
	hash = ev_schema_name_hash(p, len);
	for (uint32_t k = hash & t->mask; t->slots[k] != 0; k = (k + 1) & t->mask) {
		const struct ev_schema_name *name = &t->list[t->slots[k] - 1];

		if (name->hash == hash && name->len == len && ev_same(name->p, p, len))
			return name;
	}
	return NULL;
}

const struct ev_schema_name *ev_schema_names_find(const struct ev_schema_names *t, const char *p,
						  size_t len)
{
	return names_find(t, p, len);
}

static inline const char *member_name(struct ev_schema_judge *j, uint32_t i, size_t *len)
{
	const struct ev_node *n = &j->d->nodes[i];

	if (!n->escaped) {
		*len = n->end - n->pos - 2;
		return j->d->text + n->pos + 1;
	}
	return ev_string(j->d, i, &j->set->name, len);
}

const char *ev_schema_member_name(struct ev_schema_judge *j, uint32_t i, size_t *len)
{
	return member_name(j, i, len);
}

/* Marks */

/*
 * The bytes of marks that a value needs. A node's count has 28 bits and may have overflowed: then
 * the number of nodes is a bound.
 */
static size_t marks_size(const struct ev_schema_judge *j, uint32_t i)
{
	uint32_t inside = j->d->nodes[i].next - i;

	return inside >> 28 != 0 ? inside : j->d->nodes[i].count;
}

static size_t push_marks(struct ev_schema_judge *j, size_t n)
{
	struct ev_schema_set *set = j->set;
	size_t at = set->n_marks;

	ev_grow(&set->marks, &set->cap_marks, at + n + 1, 1);
	memset(set->marks + at, 0, n + 1);
	set->n_marks = at + n;
	return at;
}

size_t ev_schema_marks_push(struct ev_schema_judge *j, uint32_t i)
{
	return push_marks(j, marks_size(j, i));
}

void ev_schema_marks_pop(struct ev_schema_judge *j, size_t at)
{
	j->set->n_marks = at;
}

struct ev_schema_presence ev_schema_presence_begin(struct ev_schema_judge *j,
						   const struct ev_schema_objects *o)
{
	struct ev_schema_presence p = {{0}, 0};

	if (o->bits > SCHEMA_SEEN)
		p.more = push_marks(j, o->bits - SCHEMA_SEEN);
	return p;
}

void ev_schema_presence_end(struct ev_schema_judge *j, const struct ev_schema_objects *o,
			    struct ev_schema_presence *p)
{
	if (o->bits > SCHEMA_SEEN)
		ev_schema_marks_pop(j, p->more);
}

/* Merges the marks at `from` into those at `to`, and drops them. */
static void marks_merge(struct ev_schema_judge *j, uint32_t i, size_t to, size_t from)
{
	uint8_t *marks = j->set->marks;

	for (size_t k = 0, n = marks_size(j, i); k < n; k++)
		marks[to + k] |= marks[from + k];
	ev_schema_marks_pop(j, from);
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
		return ev_schema_fits(j, s, i, SCHEMA_NO_MARKS);
	own = ev_schema_marks_push(j, i);
	good = ev_schema_fits(j, s, i, own);
	if (good)
		marks_merge(j, i, marks, own);
	else
		ev_schema_marks_pop(j, own);
	return good;
}

/* Numbers */

struct ev_schema_quick ev_schema_quick_read(const char *p, size_t len)
{
	struct ev_schema_quick q = {0};
	const char *end = p + len;
	bool negative = len > 0 && *p == '-', dot = false;
	int digits = 0;

	for (p += negative; p < end; p++) {
		if (*p == '.') {
			dot = true;
			continue;
		}
		if (*p < '0' || *p > '9' || ++digits > 18)
			return q;
		q.mantissa = q.mantissa * 10 + (*p - '0');
		q.scale += dot;
	}
	q.fits = true;
	if (negative)
		q.mantissa = -q.mantissa;
	return q;
}

static const int64_t powers[19] = {
	1LL,
	10LL,
	100LL,
	1000LL,
	10000LL,
	100000LL,
	1000000LL,
	10000000LL,
	100000000LL,
	1000000000LL,
	10000000000LL,
	100000000000LL,
	1000000000000LL,
	10000000000000LL,
	100000000000000LL,
	1000000000000000LL,
	10000000000000000LL,
	100000000000000000LL,
	1000000000000000000LL,
};

static int compare(const char *p, size_t len, const struct ev_schema_quick *q,
		   const struct ev_schema_limit *l)
{
	__int128 a, b;

	if (!q->fits || !l->quick.fits)
		return ev_number_compare(p, len, l->text.p, l->text.len);
	a = (__int128)q->mantissa * powers[l->quick.scale];
	b = (__int128)l->quick.mantissa * powers[q->scale];
	return (a > b) - (a < b);
}

static bool is_multiple(const char *p, size_t len, const struct ev_schema_quick *q,
			const struct ev_schema_limit *l)
{
	struct ev_number a, b;

	if (q->fits && l->quick.fits)
		return (__int128)q->mantissa * powers[l->quick.scale] %
			       ((__int128)l->quick.mantissa * powers[q->scale]) ==
		       0;
	ev_number_read(p, len, &a);
	ev_number_read(l->text.p, l->text.len, &b);
	return ev_number_multiple_of(&a, &b);
}

bool ev_schema_within(const char *p, size_t len, const struct ev_schema_quick *q,
		      const struct ev_schema_limit *l, enum ev_schema_bound bound)
{
	if (l->text.p == NULL)
		return true;
	switch (bound) {
	case SCHEMA_MINIMUM: return compare(p, len, q, l) >= 0;
	case SCHEMA_EXCLUSIVE_MINIMUM: return compare(p, len, q, l) > 0;
	case SCHEMA_MAXIMUM: return compare(p, len, q, l) <= 0;
	case SCHEMA_EXCLUSIVE_MAXIMUM: return compare(p, len, q, l) < 0;
	case SCHEMA_MULTIPLE_OF: return is_multiple(p, len, q, l);
	case SCHEMA_BOUNDS: break;
	}
	return true;
}

static bool numbers_fit(struct ev_schema_judge *j, const struct ev_schema_numbers *n, uint32_t i)
{
	struct ev_schema_quick q;
	const char *p;
	size_t len;

	p = ev_raw(j->d, i, &len);
	if (n->only_positive && *p != '-')
		return true;
	q = ev_schema_quick_read(p, len);
	for (int bound = 0; bound < SCHEMA_BOUNDS; bound++)
		if (!ev_schema_within(p, len, &q, &n->limits[bound], (enum ev_schema_bound)bound))
			return false;
	return true;
}

static bool is_integer(const struct ev_schema_judge *j, uint32_t i)
{
	struct ev_number n;
	const char *p;
	size_t len;

	p = ev_raw(j->d, i, &len);
	for (size_t k = 0; k < len; k++) {
		if (p[k] == '.' || (p[k] | 0x20) == 'e') {
			ev_number_read(p, len, &n);
			return ev_number_is_integer(&n);
		}
	}
	return true;
}

/* Other scalars */

bool ev_schema_type_fits(const struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i)
{
	uint32_t kind = j->d->nodes[i].kind;

	return (s->types >> kind & 1) != 0 ||
	       (kind == EV_NUMBER && (s->types & SCHEMA_INTEGER) != 0 && is_integer(j, i));
}

bool ev_schema_long_enough(const struct ev_schema_strings *t, const char *p, size_t len)
{
	return len >= t->min && (len / 4 >= t->min || ev_utf8_count(p, len) >= t->min);
}

bool ev_schema_short_enough(const struct ev_schema_strings *t, const char *p, size_t len)
{
	return len <= t->max || (len / 4 <= t->max && ev_utf8_count(p, len) <= t->max);
}

static bool strings_fit(struct ev_schema_judge *j, const struct ev_schema_strings *t, uint32_t i)
{
	size_t len;
	const char *p = ev_string(j->d, i, &j->set->text, &len);

	return ev_schema_long_enough(t, p, len) && ev_schema_short_enough(t, p, len) &&
	       (t->format == NULL || t->format->check(p, len)) &&
	       (t->pattern == NULL || ev_regex_match(t->pattern, p, len));
}

/* The canonical form of a value, in the set's scratch. */
static struct ev_schema_slice form_of(struct ev_schema_judge *j, uint32_t i)
{
	bool skip = i == j->top;

	ev_buf_reset(&j->set->form);
	ev_canonical(j->d, i, skip ? &j->without : NULL, skip, &j->set->form);
	return (struct ev_schema_slice){j->set->form.p, j->set->form.len};
}

bool ev_schema_is_among(struct ev_schema_judge *j, const struct ev_schema_values *v, uint32_t i)
{
	enum ev_kind kind = ev_kind(j->d, i);
	struct ev_schema_slice form;
	const char *p;
	size_t len;

	switch (kind) {
	case EV_NULL:
	case EV_FALSE:
	case EV_TRUE: return (v->kinds >> kind & 1) != 0;
	case EV_STRING:
		if (v->strings.n == 0)
			return false;
		p = ev_string(j->d, i, &j->set->text, &len);
		return names_find(&v->strings, p, len) != NULL;
	case EV_NUMBER:
		if (!v->numbers)
			return false;
		p = ev_raw(j->d, i, &len);
		if (v->forms.slots != NULL) {
			form = form_of(j, i);
			return names_find(&v->forms, form.p, form.len) != NULL;
		}
		for (uint32_t k = 0; k < v->n; k++)
			if (v->list[k].kind == EV_NUMBER &&
			    ((len == v->list[k].text.len &&
			      memcmp(p, v->list[k].text.p, len) == 0) ||
			     ev_number_compare(p, len, v->list[k].text.p, v->list[k].text.len) ==
				     0))
				return true;
		return false;
	case EV_ARRAY:
	case EV_OBJECT:
		if (!v->composites)
			return false;
		form = form_of(j, i);
		return names_find(&v->forms, form.p, form.len) != NULL;
	}
	return false;
}

/* Arrays */

/* True if two elements are equal; *a and *b are the first such pair, *a before *b. */
bool ev_schema_equal_elements(struct ev_schema_judge *j, uint32_t i, uint32_t *a, uint32_t *b)
{
	const struct ev_doc *d = j->d;
	struct ev_lookup *table = &j->set->elements;

	if (d->nodes[i].count <= FEW_ELEMENTS) {
		for (*b = ev_first(d, i); *b < ev_end(d, i); *b = ev_next(d, *b))
			for (*a = ev_first(d, i); *a < *b; *a = ev_next(d, *a))
				if (ev_equal(d, *a, d, *b))
					return true;
		return false;
	}
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

/* All that a leaf asks (see struct ev_schema). */
static inline bool leaf_fits(struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i)
{
	enum ev_kind kind = ev_kind(j->d, i);

	if ((s->types >> kind & 1) == 0 && !ev_schema_type_fits(j, s, i))
		return false;
	if (s->constant != NULL && !ev_schema_is_among(j, s->constant, i))
		return false;
	if (s->values != NULL && !ev_schema_is_among(j, s->values, i))
		return false;
	if (kind == EV_NUMBER)
		return s->numbers == NULL || numbers_fit(j, s->numbers, i);
	return kind != EV_STRING || s->strings == NULL || strings_fit(j, s->strings, i);
}

/* Inlined into loops over members and elements, where most schemas are leaves. */
static inline bool value_fits(struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i)
{
	while (s->alias != NULL && j->set->n_dynamic == 0)
		s = s->alias;
	return s->leaf ? leaf_fits(j, s, i) : ev_schema_fits(j, s, i, SCHEMA_NO_MARKS);
}

bool ev_schema_all_fit(struct ev_schema_judge *j, const struct ev_schema *const *list, uint32_t n,
		       uint32_t i)
{
	for (uint32_t k = 0; k < n; k++)
		if (!value_fits(j, list[k], i))
			return false;
	return true;
}

static bool arrays_fit(struct ev_schema_judge *j, const struct ev_schema_arrays *t, uint32_t i,
		       size_t marks)
{
	const struct ev_doc *d = j->d;
	uint64_t matching = 0;
	uint32_t at = ev_first(d, i), a, b, k;

	if (d->nodes[i].count < t->min || d->nodes[i].count > t->max)
		return false;
	for (k = 0; at < ev_end(d, i) && k < t->n_prefix; at = ev_next(d, at), k++) {
		if (!value_fits(j, t->prefix[k], at))
			return false;
		mark(j, marks, k);
	}
	for (; t->items != NULL && at < ev_end(d, i); at = ev_next(d, at), k++) {
		if (!value_fits(j, t->items, at))
			return false;
		mark(j, marks, k);
	}
	if (t->contains != NULL) {
		for (at = ev_first(d, i), k = 0; at < ev_end(d, i); at = ev_next(d, at), k++) {
			if (!ev_schema_fits(j, t->contains, at, SCHEMA_NO_MARKS))
				continue;
			matching++;
			if (!t->contains_silent)
				mark(j, marks, k);
			if (matching >= t->min_contains && t->max_contains == UINT64_MAX &&
			    marks == SCHEMA_NO_MARKS)
				break;
		}
		if (matching < t->min_contains || matching > t->max_contains)
			return false;
	}
	return !t->unique || !ev_schema_equal_elements(j, i, &a, &b);
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
	p = member_name(j, i, &len);
	return names_find(&o->names, p, len);
}

/* One member against properties, patternProperties, additionalProperties and propertyNames. */
static inline bool member_fits(struct ev_schema_judge *j, const struct ev_schema_objects *o,
			       uint32_t i, struct ev_schema_presence *seen, bool *covered)
{
	const struct ev_schema_name *name = name_of_member(j, o, i);
	size_t len;
	const char *p;

	*covered = false;
	if (name != NULL) {
		ev_schema_see(j, name, seen);
		if (name->schema != NULL) {
			*covered = true;
			if (!value_fits(j, name->schema, i + 1))
				return false;
		}
	}
	for (uint32_t k = 0; k < o->n_patterns; k++) {
		p = member_name(j, i, &len); /* its buffer may have been used since */
		if (ev_regex_match(o->patterns[k].regex, p, len)) {
			*covered = true;
			if (!value_fits(j, o->patterns[k].schema, i + 1))
				return false;
		}
	}
	if (!*covered && o->additional != NULL) {
		*covered = true;
		if (!value_fits(j, o->additional, i + 1))
			return false;
	}
	return o->property_names == NULL || value_fits(j, o->property_names, i);
}

static bool members_fit(struct ev_schema_judge *j, const struct ev_schema_objects *o, uint32_t i,
			size_t marks, struct ev_schema_presence *seen)
{
	const struct ev_doc *d = j->d;
	uint32_t k = 0;
	bool covered;

	for (uint32_t at = ev_first(d, i); at < ev_end(d, i); at = ev_next(d, at + 1), k++) {
		if (at + 1 == j->without)
			continue;
		if (!member_fits(j, o, at, seen, &covered))
			return false;
		if (covered)
			mark(j, marks, k);
	}
	for (size_t w = 0; w < SCHEMA_SEEN / 64; w++)
		if ((seen->bits[w] & o->needed[w]) != o->needed[w])
			return false;
	for (uint32_t r = 0; o->bits > SCHEMA_SEEN && r < o->n_required; r++)
		if (!ev_schema_seen(j, &o->names.list[o->required[r]], seen))
			return false;
	for (uint32_t r = 0; r < o->n_dependents; r++) {
		const struct ev_schema_dependent *t = &o->dependents[r];

		if (!ev_schema_seen(j, &o->names.list[t->trigger], seen))
			continue;
		for (uint32_t m = 0; m < t->n; m++)
			if (!ev_schema_seen(j, &o->names.list[t->required[m]], seen))
				return false;
		if (t->schema != NULL && !ev_schema_fits(j, t->schema, i, marks))
			return false;
	}
	return true;
}

static bool objects_fit(struct ev_schema_judge *j, const struct ev_schema_objects *o, uint32_t i,
			size_t marks)
{
	struct ev_schema_presence seen;
	uint64_t n = ev_schema_members(j, i);
	bool good;

	if (n < o->min || n > o->max)
		return false;
	seen = ev_schema_presence_begin(j, o);
	good = members_fit(j, o, i, marks, &seen);
	ev_schema_presence_end(j, o, &seen);
	return good;
}

/* Schemas for the same value */

/* The dynamic anchor in the outermost resource of the scope that has it. */
const struct ev_schema *ev_schema_dynamic_target(const struct ev_schema_judge *j,
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

static bool applied_fit(struct ev_schema_judge *j, const struct ev_schema_applied *a, uint32_t i,
			size_t marks)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < a->n_all; k++)
		if (!ev_schema_fits(j, a->all[k], i, marks))
			return false;
	if (a->fallback != NULL && !ev_schema_fits(j, ev_schema_dynamic_target(j, a), i, marks))
		return false;
	if (a->n_any > 0) {
		for (uint32_t k = 0; k < a->n_any && (n == 0 || marks != SCHEMA_NO_MARKS); k++)
			n += branch_fits(j, a->any[k], i, marks);
		if (n == 0)
			return false;
	}
	if (a->n_one > 0) {
		n = 0;
		for (uint32_t k = 0; k < a->n_one && n < 2; k++)
			n += branch_fits(j, a->one[k], i, marks);
		if (n != 1)
			return false;
	}
	if (a->no != NULL && ev_schema_fits(j, a->no, i, SCHEMA_NO_MARKS))
		return false;
	if (a->when != NULL) {
		const struct ev_schema *next =
			branch_fits(j, a->when, i, marks) ? a->then : a->otherwise;

		if (next != NULL && !ev_schema_fits(j, next, i, marks))
			return false;
	}
	return true;
}

/* All keywords but unevaluated*. */
bool ev_schema_keywords_fit(struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i,
			    size_t marks)
{
	if (!leaf_fits(j, s, i))
		return false;
	if (s->arrays != NULL && ev_kind(j->d, i) == EV_ARRAY &&
	    !arrays_fit(j, s->arrays, i, marks))
		return false;
	if (s->objects != NULL && ev_kind(j->d, i) == EV_OBJECT &&
	    !objects_fit(j, s->objects, i, marks))
		return false;
	return s->applied == NULL || applied_fit(j, s->applied, i, marks);
}

/* unevaluatedItems or unevaluatedProperties, by the value's kind; or NULL. */
const struct ev_schema *ev_schema_unevaluated(const struct ev_schema_judge *j,
					      const struct ev_schema *s, uint32_t i)
{
	switch (ev_kind(j->d, i)) {
	case EV_ARRAY: return s->unevaluated_items;
	case EV_OBJECT: return s->unevaluated_properties;
	default: return NULL;
	}
}

static bool unevaluated_fit(struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i,
			    size_t marks)
{
	const struct ev_schema *rest = ev_schema_unevaluated(j, s, i);
	size_t own = ev_schema_marks_push(j, i);
	bool object = ev_kind(j->d, i) == EV_OBJECT;
	bool good = ev_schema_keywords_fit(j, s, i, own);
	uint32_t k = 0;

	for (uint32_t at = ev_first(j->d, i); good && at < ev_end(j->d, i); k++) {
		uint32_t value = at + object;

		if (value != j->without && j->set->marks[own + k] == 0)
			good = ev_schema_fits(j, rest, value, SCHEMA_NO_MARKS);
		at = ev_next(j->d, value);
	}
	ev_schema_marks_pop(j, own);
	if (good && marks != SCHEMA_NO_MARKS)
		memset(j->set->marks + marks, 1, marks_size(j, i));
	return good;
}

static bool fits_here(struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i,
		      size_t marks)
{
	if (s->boolean)
		return s->value;
	if (ev_schema_unevaluated(j, s, i) != NULL)
		return unevaluated_fit(j, s, i, marks);
	return ev_schema_keywords_fit(j, s, i, marks);
}

int64_t ev_schema_work(const struct ev_schema_set *set, const struct ev_doc *d)
{
	static const int64_t at_least = 10000000;

	return at_least + 4 * (int64_t)set->n_schemas * (int64_t)d->n;
}

bool ev_schema_fits(struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i, size_t marks)
{
	const struct ev_schema_scope *outer = j->scope;
	const struct ev_schema_inside *flat;
	struct ev_schema_scope scope;
	bool good;

	if (!ev_schema_spend(j))
		return false;
	if (j->depth == SCHEMA_DEPTH) {
		j->deep = true;
		j->left = -1;
		return false;
	}
	j->depth++;
	if (j->set->n_dynamic == 0) {
		while (s->alias != NULL)
			s = s->alias;
		flat = NULL;
		if (j->by_symbol && marks == SCHEMA_NO_MARKS && ev_kind(j->d, i) == EV_OBJECT)
			flat = ev_schema_flat_object(s);
		good = flat != NULL ? ev_schema_flat_fits(j, flat, i) : fits_here(j, s, i, marks);
	} else {
		if (outer == NULL || outer->resource != s->resource) {
			scope = (struct ev_schema_scope){s->resource, outer};
			j->scope = &scope;
		}
		good = s->alias != NULL ? ev_schema_fits(j, s->alias, i, marks)
					: fits_here(j, s, i, marks);
		j->scope = outer;
	}
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
	return ev_schema_fits(&j, s, at, SCHEMA_NO_MARKS) && j.left >= 0;
}

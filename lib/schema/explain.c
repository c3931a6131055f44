/*
 * The reasons why a value does not fit: what the walk of judge.c reports, put into words. Each
 * ev_schema_report_* returns false, and does nothing without a place.
 */
#include "schema/internal.h"

#include <string.h>

enum { SHOWN_VALUES = 8 }; /* of an enum, in a message */

static void put_path(struct ev_schema_judge *j, const struct ev_schema_place *p, struct ev_buf *out)
{
	const char *name;
	size_t len;

	if (p->up == NULL)
		return;
	put_path(j, p->up, out);
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

bool ev_schema_reported(struct ev_schema_judge *j, const struct ev_schema_place *place,
			const char *keyword, struct ev_reason *reason)
{
	struct ev_arena *arena = &j->reasons->arena;
	struct ev_buf path = {0};

	put_path(j, place, &path);
	reason->path = ev_arena_copy(arena, path.p, path.len);
	reason->keyword = keyword;
	if (place->description != NULL)
		reason->explain =
			ev_arena_copy(arena, place->description, strlen(place->description));
	ev_buf_free(&path);
	return false;
}

static const char *quoted_text(struct ev_schema_judge *j, struct ev_schema_slice text)
{
	return ev_reasons_quote(j->reasons, text.p, text.len);
}

const char *ev_schema_quoted(struct ev_schema_judge *j, uint32_t i)
{
	size_t len;
	const char *p = ev_raw(j->d, i, &len);

	return ev_reasons_quote(j->reasons, p, len);
}

bool ev_schema_report_type(struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i,
			   const struct ev_schema_place *place)
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
	struct ev_buf expected = {0};

	if (place == NULL)
		return false;
	for (size_t t = 0; t < sizeof types / sizeof *types; t++)
		if ((s->types & types[t].bits) != 0)
			ev_buf_printf(&expected, "%s%s", expected.len > 0 ? " or " : "",
				      types[t].name);
	if (kind <= EV_TRUE || (kind == EV_NUMBER && (s->types & SCHEMA_INTEGER) != 0))
		SCHEMA_REPORT(j, place, "type", "%s is not %s", ev_schema_quoted(j, i),
			      ev_buf_str(&expected));
	else
		SCHEMA_REPORT(j, place, "type", "%s is %s, not %s", ev_schema_quoted(j, i),
			      kinds[kind], ev_buf_str(&expected));
	ev_buf_free(&expected);
	return false;
}

bool ev_schema_report_values(struct ev_schema_judge *j, const struct ev_schema_values *v,
			     const char *keyword, uint32_t i, const struct ev_schema_place *place)
{
	struct ev_buf list = {0};

	if (place == NULL)
		return false;
	for (uint32_t k = 0; k < v->n && k < SHOWN_VALUES; k++)
		ev_buf_printf(&list, "%s%s", k > 0 ? ", " : "", quoted_text(j, v->list[k].text));
	if (v->n > SHOWN_VALUES)
		ev_buf_printf(&list, " and %u more", (unsigned)v->n - SHOWN_VALUES);
	SCHEMA_REPORT(j, place, keyword, "%s %s %s", ev_schema_quoted(j, i),
		      v->n == 1 ? "is not" : "is none of", ev_buf_str(&list));
	ev_buf_free(&list);
	return false;
}

bool ev_schema_report_bound(struct ev_schema_judge *j, const struct ev_schema_numbers *n,
			    enum ev_schema_bound bound, uint32_t i,
			    const struct ev_schema_place *place)
{
	static const struct {
		const char *keyword, *is;
	} bounds[SCHEMA_BOUNDS] = {
		[SCHEMA_MINIMUM] = {"minimum", "less than"},
		[SCHEMA_EXCLUSIVE_MINIMUM] = {"exclusiveMinimum", "not more than"},
		[SCHEMA_MAXIMUM] = {"maximum", "more than"},
		[SCHEMA_EXCLUSIVE_MAXIMUM] = {"exclusiveMaximum", "not less than"},
		[SCHEMA_MULTIPLE_OF] = {"multipleOf", "no multiple of"},
	};

	return place != NULL &&
	       SCHEMA_REPORT(j, place, bounds[bound].keyword, "%s is %s %s", ev_schema_quoted(j, i),
			     bounds[bound].is, quoted_text(j, n->limits[bound]));
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

bool ev_schema_report_count(struct ev_schema_judge *j, const char *keyword, const char *what,
			    const char *unit, uint64_t n, uint64_t min, uint64_t max,
			    const struct ev_schema_place *place)
{
	for (int most = 0; most < 2; most++) {
		uint64_t bound = most ? max : min;

		if (place == NULL || (most ? n <= max : n >= min))
			continue;
		SCHEMA_REPORT(j, place,
			      ev_reasons_text(j->reasons, "%s%s", most ? "max" : "min", keyword),
			      "%s has %llu %s%s, at %s %llu %s %s", what, (unsigned long long)n,
			      unit, plural(n), most ? "most" : "least", (unsigned long long)bound,
			      bound == 1 ? "is" : "are", most ? "allowed" : "needed");
	}
	return false;
}

bool ev_schema_report_pattern(struct ev_schema_judge *j, const struct ev_schema_strings *t,
			      uint32_t i, const struct ev_schema_place *place)
{
	const char *value;
	size_t len;

	if (place == NULL)
		return false;
	value = ev_schema_quoted(j, i);
	if (ev_regex_spent(&len) == NULL)
		return SCHEMA_REPORT(j, place, "pattern", "%s does not match the pattern %s", value,
				     quoted_text(j, t->pattern_text));
	return SCHEMA_REPORT(j, place, "pattern",
			     "whether %s matches the pattern %s cannot be told: the search "
			     "takes more steps than it may",
			     value, quoted_text(j, t->pattern_text));
}

bool ev_schema_report_contains(struct ev_schema_judge *j, const struct ev_schema_arrays *t,
			       uint64_t n, const struct ev_schema_place *place)
{
	const char *verb = n == 1 ? "s" : "";
	struct ev_schema_place of_contains;

	if (place == NULL)
		return false;
	of_contains = *place;
	if (t->contains->description != NULL)
		of_contains.description = t->contains->description;
	if (n < t->min_contains)
		SCHEMA_REPORT(j, &of_contains, t->min_contains == 1 ? "contains" : "minContains",
			      "%llu element%s of the array fit%s \"contains\", at least %llu "
			      "must",
			      (unsigned long long)n, plural(n), verb,
			      (unsigned long long)t->min_contains);
	if (n > t->max_contains)
		SCHEMA_REPORT(j, place, "maxContains",
			      "%llu element%s of the array fit%s \"contains\", at most %llu may",
			      (unsigned long long)n, plural(n), verb,
			      (unsigned long long)t->max_contains);
	return false;
}

bool ev_schema_report_equal(struct ev_schema_judge *j, uint32_t i, uint32_t a, uint32_t b,
			    const struct ev_schema_place *place)
{
	uint32_t first = 0, second = 0;

	for (uint32_t at = ev_first(j->d, i); at < b; at = ev_next(j->d, at), second++)
		if (at == a)
			first = second;
	return place != NULL &&
	       SCHEMA_REPORT(j, place, "uniqueItems", "the elements %u and %u are equal: %s",
			     (unsigned)first, (unsigned)second, ev_schema_quoted(j, b));
}

bool ev_schema_report_name(struct ev_schema_judge *j, const struct ev_schema *s, size_t first,
			   const struct ev_schema_place *place)
{
	for (size_t k = first; place != NULL && !s->boolean && k < j->reasons->n; k++)
		j->reasons->list[k].message =
			ev_reasons_text(j->reasons, "the name %s", j->reasons->list[k].message);
	return false;
}

bool ev_schema_report_missing(struct ev_schema_judge *j, const struct ev_schema_name *name,
			      const struct ev_schema_name *trigger,
			      const struct ev_schema_place *place)
{
	const char *member;

	if (place == NULL)
		return false;
	member = ev_reasons_quote(j->reasons, name->p, name->len);
	if (trigger == NULL)
		return SCHEMA_REPORT(j, place, "required", "the member \"%s\" is missing", member);
	return SCHEMA_REPORT(j, place, "dependentRequired",
			     "the member \"%s\" is missing, which must stand beside \"%s\"", member,
			     ev_reasons_quote(j->reasons, trigger->p, trigger->len));
}

/* Whether one of the reasons from `first` on is that the value as such is of another type. */
static bool is_of_other_type(const struct ev_reasons *reasons, size_t first, const char *path)
{
	for (size_t k = first; k < reasons->n; k++) {
		const struct ev_reason *r = &reasons->list[k];

		if (strcmp(r->path, path) == 0 &&
		    (strcmp(r->keyword, "type") == 0 || strcmp(r->keyword, "false") == 0))
			return true;
	}
	return false;
}

bool ev_schema_report_none(struct ev_schema_judge *j, const struct ev_schema *const *list,
			   uint32_t n, const char *keyword, uint32_t i,
			   const struct ev_schema_place *place)
{
	struct ev_reasons *r = j->reasons;
	size_t first, best = 0;
	const char *path;

	if (place == NULL)
		return false;
	SCHEMA_REPORT(j, place, keyword, "%s %s of %s", ev_schema_quoted(j, i),
		      n == 1 ? "does not fit the one schema" : "fits none of the schemas", keyword);
	path = r->list[r->n - 1].path;
	first = r->n;
	for (uint32_t k = 0; k < n; k++) {
		size_t from = r->n, found;

		ev_schema_fits(j, list[k], i, SCHEMA_NO_MARKS, place, "false");
		found = r->n - from;
		if (!is_of_other_type(r, from, path) && (best == 0 || found < best)) {
			memmove(&r->list[first], &r->list[from], found * sizeof *r->list);
			best = found;
		}
		r->n = first + best;
	}
	return false;
}

bool ev_schema_report_not(struct ev_schema_judge *j, const struct ev_schema *no, uint32_t i,
			  const struct ev_schema_place *place)
{
	struct ev_schema_place of_not;

	if (place == NULL)
		return false;
	of_not = *place;
	if (no->description != NULL)
		of_not.description = no->description;
	return SCHEMA_REPORT(j, &of_not, "not", "%s fits a schema that it must not fit",
			     ev_schema_quoted(j, i));
}

bool ev_schema_report_false(struct ev_schema_judge *j, uint32_t i,
			    const struct ev_schema_place *place, const char *keyword)
{
	size_t len;
	const char *p;

	if (place->up == NULL)
		return SCHEMA_REPORT(j, place, keyword, "%s is not allowed: nothing is",
				     ev_schema_quoted(j, i));
	if (place->name == EV_NOWHERE)
		return SCHEMA_REPORT(j, place, keyword, "the element %u is not allowed",
				     (unsigned)place->index);
	p = ev_schema_member_name(j, place->name, &len);
	return SCHEMA_REPORT(j, place, keyword, "the member \"%s\" is not allowed",
			     ev_reasons_quote(j->reasons, p, len));
}

void ev_schema_explain(const struct ev_schema *s, const struct ev_doc *d, uint32_t at,
		       uint32_t without, struct ev_reasons *reasons)
{
	struct ev_schema_judge j = ev_schema_judge_of(s, d, at, without);
	struct ev_schema_place top = {NULL, EV_NOWHERE, 0, NULL};
	size_t first = reasons->n;

	j.reasons = reasons;
	if (ev_schema_fits(&j, s, at, SCHEMA_NO_MARKS, NULL, NULL) && j.left >= 0)
		return;
	if (j.left >= 0) {
		j.left = ev_schema_budget(s->set, d);
		ev_schema_fits(&j, s, at, SCHEMA_NO_MARKS, &top, "false");
	}
	if (reasons->n > first)
		return;
	top.description = s->description;
	if (j.deep)
		SCHEMA_REPORT(&j, &top, NULL,
			      "the value is nested too deep for this schema: more than %d "
			      "schemas stand open at one time",
			      SCHEMA_DEPTH);
	else
		SCHEMA_REPORT(&j, &top, NULL,
			      "whether the value fits takes too long to tell: branches of the "
			      "schema lead back to it too often");
}

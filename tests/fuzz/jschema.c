/*
 * Random schemas of all drafts against random values: both judgements of lib/schema, and a third
 * one that reads the schema as it stands, keyword by keyword, slowly. All must agree, and where a
 * value fails there must be a reason.
 */
#include "schema/schema.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/time.h"
#include "base/utf8.h"
#include "number/decimal.h"
#include "scan/scan.h"
#include "json/canon.h"
#include "json/view.h"

#include "fuzz.h"

enum { MARKS = 1100 }; /* members or elements of a value, of which there are 1,026 at most */

enum draft { D4, D6, D7, D2019, D2020, DRAFTS };

static const struct {
	const char *name, *uri, *id, *definitions;
} drafts[DRAFTS] = {
	{"draft-04", "http://json-schema.org/draft-04/schema#", "id", "definitions"},
	{"draft-06", "http://json-schema.org/draft-06/schema#", "$id", "definitions"},
	{"draft-07", "http://json-schema.org/draft-07/schema#", "$id", "definitions"},
	{"2019-09", "https://json-schema.org/draft/2019-09/schema", "$id", "$defs"},
	{"2020-12", "https://json-schema.org/draft/2020-12/schema", "$id", "$defs"},
};

static enum draft draft; /* of the schema at hand */

/* Patterns, and what they mean. */

static bool begins_with_a(const char *p, size_t len)
{
	return len > 0 && (p[0] == 'a' || p[0] == 'b');
}

static bool ends_with_1(const char *p, size_t len)
{
	return len > 0 && p[len - 1] == '1';
}

static bool has_two(const char *p, size_t len)
{
	return ev_utf8_count(p, len) >= 2;
}

static const struct {
	const char *text;
	bool (*match)(const char *p, size_t len);
} patterns[] = {{"^[ab]", begins_with_a}, {"1$", ends_with_1}, {"^..", has_two}};

enum { N_PATTERNS = sizeof patterns / sizeof *patterns };

/* The slow judgement */

/* A schema with a URI of its own: the whole text, and "other" in its definitions. */
struct resource {
	uint32_t at;
	struct resource *outer; /* in the dynamic scope */
};

struct slow {
	const struct ev_doc *s, *v;
	uint32_t whole, other; /* EV_NOWHERE if there is none */
	int depth;
};

static bool slow_fits(struct slow *w, struct resource *r, uint32_t at, uint32_t i, bool *marks);

/* The value of a keyword, if the draft has it. */
static uint32_t keyword(const struct slow *w, uint32_t at, const char *name, enum draft since,
			enum draft until)
{
	return draft < since || draft > until ? EV_NOWHERE
					      : ev_member(w->s, at, name, strlen(name));
}

static struct ev_buf decoded(const struct ev_doc *d, uint32_t i)
{
	struct ev_buf scratch = {0}, copy = {0};
	size_t len;
	const char *p = ev_string(d, i, &scratch, &len);

	ev_buf_put(&copy, p, len);
	ev_buf_str(&copy);
	ev_buf_free(&scratch);
	return copy;
}

static bool same_text(const struct ev_doc *a, uint32_t i, const struct ev_doc *b, uint32_t k)
{
	struct ev_buf x = decoded(a, i), y = decoded(b, k);
	bool good = x.len == y.len && memcmp(x.p, y.p, x.len) == 0;

	ev_buf_free(&x);
	ev_buf_free(&y);
	return good;
}

/* The value of the member of that name, or EV_NOWHERE. */
static uint32_t member_like(const struct slow *w, uint32_t object, uint32_t name)
{
	for (uint32_t k = ev_first(w->v, object); k < ev_end(w->v, object);
	     k = ev_next(w->v, k + 1))
		if (same_text(w->v, k, w->s, name))
			return k + 1;
	return EV_NOWHERE;
}

static size_t count_of(const struct ev_doc *d, uint32_t at)
{
	struct ev_number n;
	int64_t v = 0;
	size_t len;
	const char *p = ev_raw(d, at, &len);

	ev_number_read(p, len, &n);
	ev_number_int64(&n, &v);
	return (size_t)v;
}

static int compare(const struct slow *w, uint32_t i, uint32_t limit)
{
	size_t a, b;
	const char *p = ev_raw(w->v, i, &a), *q = ev_raw(w->s, limit, &b);

	return ev_number_compare(p, a, q, b);
}

static bool is_integer(const struct ev_doc *d, uint32_t i)
{
	struct ev_number n;
	size_t len;
	const char *p = ev_raw(d, i, &len);

	ev_number_read(p, len, &n);
	return ev_number_is_integer(&n);
}

static bool has_type(const struct slow *w, uint32_t type, uint32_t i)
{
	static const char *const kinds[] = {"null",   "boolean", "boolean", "number",
					    "string", "array",	 "object"};
	enum ev_kind kind = ev_kind(w->v, i);

	return ev_string_is(w->s, type, kinds[kind], strlen(kinds[kind])) ||
	       (kind == EV_NUMBER && ev_string_is(w->s, type, "integer", 7) && is_integer(w->v, i));
}

static bool scalars_fit(struct slow *w, uint32_t at, uint32_t i)
{
	const struct ev_doc *s = w->s, *v = w->v;
	uint32_t k;
	bool good = true, any;

	if ((k = keyword(w, at, "type", D4, D2020)) != EV_NOWHERE) {
		any = ev_kind(s, k) == EV_STRING && has_type(w, k, i);
		for (uint32_t t = ev_kind(s, k) == EV_ARRAY ? ev_first(s, k) : ev_end(s, k);
		     t < ev_end(s, k); t = ev_next(s, t))
			any = any || has_type(w, t, i);
		good = good && any;
	}
	if ((k = keyword(w, at, "enum", D4, D2020)) != EV_NOWHERE) {
		any = false;
		for (uint32_t t = ev_first(s, k); t < ev_end(s, k); t = ev_next(s, t))
			any = any || ev_equal(s, t, v, i);
		good = good && any;
	}
	if ((k = keyword(w, at, "const", D6, D2020)) != EV_NOWHERE)
		good = good && ev_equal(s, k, v, i);
	return good;
}

static bool numbers_fit(const struct slow *w, uint32_t at, uint32_t i)
{
	const struct ev_doc *s = w->s, *v = w->v;
	uint32_t low = keyword(w, at, "minimum", D4, D2020),
		 high = keyword(w, at, "maximum", D4, D2020),
		 above = keyword(w, at, "exclusiveMinimum", D4, D2020),
		 below = keyword(w, at, "exclusiveMaximum", D4, D2020),
		 by = keyword(w, at, "multipleOf", D4, D2020);
	struct ev_number a, b;
	size_t len;
	const char *p;

	if (draft == D4) {
		bool out = above != EV_NOWHERE && ev_kind(s, above) == EV_TRUE;

		above = out ? low : EV_NOWHERE;
		out = below != EV_NOWHERE && ev_kind(s, below) == EV_TRUE;
		below = out ? high : EV_NOWHERE;
	}
	if ((low != EV_NOWHERE && compare(w, i, low) < 0) ||
	    (high != EV_NOWHERE && compare(w, i, high) > 0) ||
	    (above != EV_NOWHERE && compare(w, i, above) <= 0) ||
	    (below != EV_NOWHERE && compare(w, i, below) >= 0))
		return false;
	if (by == EV_NOWHERE)
		return true;
	p = ev_raw(v, i, &len);
	ev_number_read(p, len, &a);
	p = ev_raw(s, by, &len);
	ev_number_read(p, len, &b);
	return ev_number_multiple_of(&a, &b);
}

static bool pattern_matches(const struct slow *w, uint32_t pattern, const struct ev_doc *d,
			    uint32_t i)
{
	struct ev_buf text = decoded(d, i);
	bool good = false;

	for (size_t k = 0; k < N_PATTERNS; k++)
		if (ev_string_is(w->s, pattern, patterns[k].text, strlen(patterns[k].text)))
			good = patterns[k].match(text.p, text.len);
	ev_buf_free(&text);
	return good;
}

static bool strings_fit(const struct slow *w, uint32_t at, uint32_t i)
{
	struct ev_buf text = decoded(w->v, i);
	size_t n = ev_utf8_count(text.p, text.len);
	struct ev_date date;
	uint32_t k;
	bool good = true;

	if ((k = keyword(w, at, "minLength", D4, D2020)) != EV_NOWHERE)
		good = good && n >= count_of(w->s, k);
	if ((k = keyword(w, at, "maxLength", D4, D2020)) != EV_NOWHERE)
		good = good && n <= count_of(w->s, k);
	if ((k = keyword(w, at, "pattern", D4, D2020)) != EV_NOWHERE)
		good = good && pattern_matches(w, k, w->v, i);
	if (keyword(w, at, "format", D4, D2020) != EV_NOWHERE) /* it is always date */
		good = good && ev_date_parse(text.p, text.len, &date);
	ev_buf_free(&text);
	return good;
}

static bool arrays_fit(struct slow *w, struct resource *r, uint32_t at, uint32_t i, bool *marks)
{
	const struct ev_doc *s = w->s, *v = w->v;
	uint32_t n = v->nodes[i].count, list, rest, k, e, p;
	size_t matching = 0, least = 1, most = SIZE_MAX;
	bool good = true;

	list = keyword(w, at, "prefixItems", D2020, D2020);
	rest = keyword(w, at, "items", D4, D2020);
	if (draft < D2020 && rest != EV_NOWHERE && ev_kind(s, rest) == EV_ARRAY) {
		list = rest;
		rest = keyword(w, at, "additionalItems", D4, D2019);
	}
	p = list != EV_NOWHERE ? ev_first(s, list) : 0;
	for (e = ev_first(v, i), k = 0; k < n; e = ev_next(v, e), k++) {
		uint32_t schema = rest;

		if (list != EV_NOWHERE && p < ev_end(s, list)) {
			schema = p;
			p = ev_next(s, p);
		}
		if (schema != EV_NOWHERE) {
			good = slow_fits(w, r, schema, e, NULL) && good;
			marks[k] = true;
		}
	}
	if ((k = keyword(w, at, "minItems", D4, D2020)) != EV_NOWHERE)
		good = good && n >= count_of(s, k);
	if ((k = keyword(w, at, "maxItems", D4, D2020)) != EV_NOWHERE)
		good = good && n <= count_of(s, k);
	if ((k = keyword(w, at, "uniqueItems", D4, D2020)) != EV_NOWHERE &&
	    ev_kind(s, k) == EV_TRUE)
		for (e = ev_first(v, i); e < ev_end(v, i); e = ev_next(v, e))
			for (p = ev_first(v, i); p < e; p = ev_next(v, p))
				good = good && !ev_equal(v, e, v, p);
	if ((list = keyword(w, at, "contains", D6, D2020)) == EV_NOWHERE)
		return good;
	if ((k = keyword(w, at, "minContains", D2019, D2020)) != EV_NOWHERE)
		least = count_of(s, k);
	if ((k = keyword(w, at, "maxContains", D2019, D2020)) != EV_NOWHERE)
		most = count_of(s, k);
	for (e = ev_first(v, i), k = 0; k < n; e = ev_next(v, e), k++) {
		if (slow_fits(w, r, list, e, NULL)) {
			matching++;
			marks[k] = marks[k] || draft == D2020;
		}
	}
	return good && matching >= least && matching <= most;
}

static bool names_there(const struct slow *w, uint32_t names, uint32_t i)
{
	for (uint32_t n = ev_first(w->s, names); n < ev_end(w->s, names); n = ev_next(w->s, n))
		if (member_like(w, i, n) == EV_NOWHERE)
			return false;
	return true;
}

/* One member; *covered if properties or patternProperties speak of it. */
static bool member_fits(struct slow *w, struct resource *r, uint32_t at, uint32_t m, bool *covered)
{
	const struct ev_doc *s = w->s;
	uint32_t k, p;
	bool good = true;

	*covered = false;
	if ((k = keyword(w, at, "properties", D4, D2020)) != EV_NOWHERE)
		for (p = ev_first(s, k); p < ev_end(s, k); p = ev_next(s, p + 1))
			if (same_text(s, p, w->v, m)) {
				*covered = true;
				good = slow_fits(w, r, p + 1, m + 1, NULL) && good;
			}
	if ((k = keyword(w, at, "patternProperties", D4, D2020)) != EV_NOWHERE)
		for (p = ev_first(s, k); p < ev_end(s, k); p = ev_next(s, p + 1))
			if (pattern_matches(w, p, w->v, m)) {
				*covered = true;
				good = slow_fits(w, r, p + 1, m + 1, NULL) && good;
			}
	if (!*covered && (k = keyword(w, at, "additionalProperties", D4, D2020)) != EV_NOWHERE) {
		*covered = true;
		good = slow_fits(w, r, k, m + 1, NULL) && good;
	}
	if ((k = keyword(w, at, "propertyNames", D6, D2020)) != EV_NOWHERE)
		good = slow_fits(w, r, k, m, NULL) && good;
	return good;
}

static bool objects_fit(struct slow *w, struct resource *r, uint32_t at, uint32_t i, bool *marks)
{
	static const struct {
		const char *name;
		enum draft since;
	} dependent[] = {
		{"dependencies", D4}, {"dependentRequired", D2019}, {"dependentSchemas", D2019}};
	const struct ev_doc *s = w->s, *v = w->v;
	uint32_t k, m, place = 0;
	size_t n = 0;
	bool good = true, covered;

	for (m = ev_first(v, i); m < ev_end(v, i); m = ev_next(v, m + 1), place++) {
		n++;
		good = member_fits(w, r, at, m, &covered) && good;
		marks[place] = marks[place] || covered;
	}
	if ((k = keyword(w, at, "minProperties", D4, D2020)) != EV_NOWHERE)
		good = good && n >= count_of(s, k);
	if ((k = keyword(w, at, "maxProperties", D4, D2020)) != EV_NOWHERE)
		good = good && n <= count_of(s, k);
	if ((k = keyword(w, at, "required", D4, D2020)) != EV_NOWHERE)
		good = good && names_there(w, k, i);
	for (size_t t = 0; t < sizeof dependent / sizeof *dependent; t++) {
		if ((k = keyword(w, at, dependent[t].name, dependent[t].since, D2020)) ==
		    EV_NOWHERE)
			continue;
		for (m = ev_first(s, k); m < ev_end(s, k); m = ev_next(s, m + 1)) {
			if (member_like(w, i, m) == EV_NOWHERE)
				continue;
			if (ev_kind(s, m + 1) == EV_ARRAY)
				good = good && names_there(w, m + 1, i);
			else
				good = slow_fits(w, r, m + 1, i, marks) && good;
		}
	}
	return good;
}

static bool has_anchor(const struct slow *w, uint32_t resource)
{
	uint32_t k = ev_member(w->s, resource, "$recursiveAnchor", 16);

	if (draft == D2019)
		return k != EV_NOWHERE && ev_kind(w->s, k) == EV_TRUE;
	k = ev_member(w->s, resource, "$defs", 5);
	k = k != EV_NOWHERE ? ev_member(w->s, k, "n", 1) : EV_NOWHERE;
	return k != EV_NOWHERE && ev_member(w->s, k, "$dynamicAnchor", 14) != EV_NOWHERE;
}

/* What is meant by "#", "#n", "#/definitions/NAME" and the URI of the other resource. */
static uint32_t place_of(const struct slow *w, const struct resource *r, uint32_t ref,
			 uint32_t *resource)
{
	struct ev_buf text = decoded(w->s, ref);
	const char *slash = strrchr(ev_buf_str(&text), '/');
	uint32_t found = *resource = r->at;

	if (text.p[0] != '#') {
		found = *resource = w->other;
	} else if (text.len > 1) {
		found = ev_member(w->s, r->at, drafts[draft].definitions,
				  strlen(drafts[draft].definitions));
		slash = slash != NULL ? slash : text.p;
		found = ev_member(w->s, found, slash + 1, strlen(slash + 1));
	}
	ev_buf_free(&text);
	return found;
}

static bool references_fit(struct slow *w, struct resource *r, uint32_t at, uint32_t i, bool *marks)
{
	uint32_t k, to, resource;
	bool good = true;

	if ((k = keyword(w, at, "$ref", D4, D2020)) != EV_NOWHERE) {
		to = place_of(w, r, k, &resource);
		good = resource == r->at
			       ? slow_fits(w, r, to, i, marks)
			       : slow_fits(w, &(struct resource){resource, r}, to, i, marks);
	}
	k = draft == D2019 ? keyword(w, at, "$recursiveRef", D2019, D2019)
			   : keyword(w, at, "$dynamicRef", D2020, D2020);
	if (k != EV_NOWHERE) {
		resource = r->at;
		if (has_anchor(w, r->at))
			for (const struct resource *o = r; o != NULL; o = o->outer)
				if (has_anchor(w, o->at))
					resource = o->at;
		to = place_of(w, &(struct resource){resource, NULL}, k, &resource);
		good = (resource == r->at
				? slow_fits(w, r, to, i, marks)
				: slow_fits(w, &(struct resource){resource, r}, to, i, marks)) &&
		       good;
	}
	return good;
}

static size_t n_marks(const struct ev_doc *d, uint32_t i)
{
	return ev_kind(d, i) >= EV_ARRAY ? d->nodes[i].count : 0;
}

/* What an alternative marks counts only if it fits. */
static bool branch_fits(struct slow *w, struct resource *r, uint32_t at, uint32_t i, bool *marks)
{
	bool own[MARKS] = {false}, good = slow_fits(w, r, at, i, own);

	for (size_t k = 0; good && k < n_marks(w->v, i); k++)
		marks[k] = marks[k] || own[k];
	return good;
}

static bool applied_fit(struct slow *w, struct resource *r, uint32_t at, uint32_t i, bool *marks)
{
	static const char *const lists[] = {"allOf", "anyOf", "oneOf"};
	const struct ev_doc *s = w->s;
	bool good = true, holds;
	uint32_t k;

	for (size_t l = 0; l < 3; l++) {
		size_t n = 0, fit = 0;

		if ((k = keyword(w, at, lists[l], D4, D2020)) == EV_NOWHERE)
			continue;
		for (uint32_t e = ev_first(s, k); e < ev_end(s, k); e = ev_next(s, e), n++)
			fit += branch_fits(w, r, e, i, marks);
		good = good && (l == 0 ? fit == n : l == 1 ? fit > 0 : fit == 1);
	}
	if ((k = keyword(w, at, "not", D4, D2020)) != EV_NOWHERE)
		good = !slow_fits(w, r, k, i, NULL) && good;
	if ((k = keyword(w, at, "if", D7, D2020)) != EV_NOWHERE) {
		holds = branch_fits(w, r, k, i, marks);
		k = keyword(w, at, holds ? "then" : "else", D7, D2020);
		if (k != EV_NOWHERE)
			good = branch_fits(w, r, k, i, marks) && good;
	}
	return good;
}

static bool unevaluated_fit(struct slow *w, struct resource *r, uint32_t at, uint32_t i,
			    bool *marks)
{
	bool object = ev_kind(w->v, i) == EV_OBJECT, good = true;
	uint32_t rest, e, k = 0;

	if (!object && ev_kind(w->v, i) != EV_ARRAY)
		return true;
	rest = keyword(w, at, object ? "unevaluatedProperties" : "unevaluatedItems", D2019, D2020);
	if (rest == EV_NOWHERE)
		return true;
	for (e = ev_first(w->v, i) + object; k < n_marks(w->v, i); k++) {
		if (!marks[k])
			good = slow_fits(w, r, rest, e, NULL) && good;
		marks[k] = true;
		e = ev_next(w->v, e) + object;
	}
	return good;
}

/* marks: of the members or elements that have been evaluated; may be NULL. */
static bool slow_fits(struct slow *w, struct resource *r, uint32_t at, uint32_t i, bool *marks)
{
	bool own[MARKS] = {false}, good;
	struct resource here = {at, r};

	if (ev_kind(w->s, at) != EV_OBJECT)
		return ev_kind(w->s, at) == EV_TRUE;
	if (++w->depth > 500)
		abort(); /* lib/schema must not have compiled it */
	if (at == w->other && r->at != at)
		r = &here;
	good = references_fit(w, r, at, i, own);
	if (draft > D7 || ev_member(w->s, at, "$ref", 4) == EV_NOWHERE) {
		good = scalars_fit(w, at, i) && good;
		switch (ev_kind(w->v, i)) {
		case EV_NUMBER: good = numbers_fit(w, at, i) && good; break;
		case EV_STRING: good = strings_fit(w, at, i) && good; break;
		case EV_ARRAY: good = arrays_fit(w, r, at, i, own) && good; break;
		case EV_OBJECT: good = objects_fit(w, r, at, i, own) && good; break;
		default: break;
		}
		good = applied_fit(w, r, at, i, own) && good;
		good = unevaluated_fit(w, r, at, i, own) && good;
	}
	for (size_t k = 0; good && marks != NULL && k < n_marks(w->v, i); k++)
		marks[k] = marks[k] || own[k];
	w->depth--;
	return good;
}

/* Random texts */

static const char long_name[] = "a name that is longer than sixty-three bytes, which is where the "
				"lengths end";

static const char *name_of(size_t k)
{
	static const char *const names[] = {"a",
					    "b",
					    "c",
					    "d",
					    "",
					    "ab1",
					    "b1",
					    "\xc3\xa9",
					    "n01",
					    "n02",
					    "n03",
					    "n04",
					    "n05",
					    "n06",
					    "n07",
					    "n08",
					    "12345678",
					    "123456789012345",
					    "1234567890123456789",
					    long_name};

	return names[k % (sizeof names / sizeof *names)];
}

enum { NAMES = 20, WIDE = 150 };

/* With an escape now and then. */
static void put_name(struct ev_buf *b, const char *name)
{
	ev_buf_putc(b, '"');
	if (name[0] == 'a' && chance(4)) {
		ev_buf_puts(b, "\\u0061");
		name++;
	}
	ev_buf_puts(b, name);
	ev_buf_putc(b, '"');
}

static void random_value(struct ev_buf *b, int depth);

static bool wide; /* whether the schema speaks of the names that wide objects have */

static void wide_object(struct ev_buf *b)
{
	size_t n = chance(4) ? count_at_bound() : WIDE, missing = random_below(2 * n + 1);

	ev_buf_putc(b, '{');
	for (size_t k = 0; k < n; k++)
		if (k != missing)
			ev_buf_printf(b, "\"w%zu\":%zu,", k, k % 3);
	ev_buf_puts(b, "\"a\":1}");
}

static void random_value(struct ev_buf *b, int depth)
{
	static const char *const scalars[] = {"null",
					      "true",
					      "false",
					      "0",
					      "1",
					      "1.0",
					      "-2",
					      "2.5",
					      "1e1",
					      "100e-2",
					      "0.75",
					      "12345678901234567890123",
					      "\"\"",
					      "\"a\"",
					      "\"\\u0062\"",
					      "\"abc\"",
					      "\"a1\"",
					      "\"\xc3\xa9\"",
					      "\"\\ud83d\\ude00x\"",
					      "\"2026-03-01\"",
					      "\"2026-02-30\""};
	size_t n = chance(12) ? 8 + random_below(6) : random_below(5), from = random_below(NAMES);

	if (depth > 0 && chance(2000)) {
		n = count_at_bound();
		ev_buf_putc(b, '[');
		for (size_t k = 0; k < n; k++) {
			ev_buf_puts(b, k > 0 ? "," : "");
			random_value(b, 0);
		}
		ev_buf_putc(b, ']');
	} else if (depth == 0 || chance(3)) {
		ev_buf_puts(b, PICK(scalars));
	} else if (wide && chance(4)) {
		wide_object(b);
	} else if (chance(2)) {
		ev_buf_putc(b, '[');
		for (size_t k = 0; k < n; k++) {
			ev_buf_puts(b, k > 0 ? "," : "");
			random_value(b, depth - 1);
		}
		ev_buf_putc(b, ']');
	} else {
		from = chance(2) ? 0 : from;
		ev_buf_putc(b, '{');
		for (size_t k = 0; k < n; k++) {
			ev_buf_puts(b, k > 0 ? "," : "");
			put_name(b, name_of(from + k));
			ev_buf_putc(b, ':');
			random_value(b, depth - 1);
		}
		ev_buf_putc(b, '}');
	}
}

static void random_schema(struct ev_buf *b, int depth);

static void random_list(struct ev_buf *b, int depth)
{
	size_t n = 1 + random_below(3);

	for (size_t k = 0; k < n; k++) {
		ev_buf_putc(b, k > 0 ? ',' : '[');
		random_schema(b, depth - 1);
	}
	ev_buf_putc(b, ']');
}

static void random_map(struct ev_buf *b, int depth, bool of_patterns)
{
	size_t n = of_patterns ? 1 + random_below(N_PATTERNS)
		   : chance(6) ? 9 + random_below(6)
			       : 1 + random_below(3),
	       from = chance(2) ? 0 : random_below(NAMES);

	ev_buf_putc(b, '{');
	if (!of_patterns && chance(200)) {
		wide = true;
		for (n = count_at_bound(); n > 0; n--) {
			ev_buf_printf(b, "\"w%zu\":", n);
			random_schema(b, 0);
			ev_buf_puts(b, n > 1 ? "," : "");
		}
	}
	for (size_t k = 0; k < n; k++) {
		ev_buf_puts(b, k > 0 ? "," : "");
		put_name(b, of_patterns ? patterns[k].text : name_of(from + k));
		ev_buf_putc(b, ':');
		random_schema(b, n > 3 && depth > 1 ? 1 : depth - 1);
	}
	ev_buf_putc(b, '}');
}

static void random_names(struct ev_buf *b)
{
	size_t n = 1 + random_below(3), from = chance(2) ? 0 : random_below(NAMES);

	if (chance(20)) {
		wide = true;
		n = chance(2) ? 1 + count_at_bound() : WIDE;
		for (size_t k = 0; k < n; k++)
			ev_buf_printf(b, "%s\"w%zu\"", k > 0 ? "," : "[", k);
	} else {
		for (size_t k = 0; k < n; k++) {
			ev_buf_putc(b, k > 0 ? ',' : '[');
			put_name(b, name_of(from + k));
		}
	}
	ev_buf_putc(b, ']');
}

static void random_names_map(struct ev_buf *b, int depth)
{
	ev_buf_putc(b, '{');
	for (size_t k = 0, n = 1 + random_below(2); k < n; k++) {
		ev_buf_puts(b, k > 0 ? "," : "");
		put_name(b, name_of(k * 2));
		ev_buf_putc(b, ':');
		if (depth > 0 && chance(2))
			random_schema(b, depth - 1);
		else
			random_names(b);
	}
	ev_buf_putc(b, '}');
}

/* What a keyword holds. Those that stand twice below are as likely again. */
enum shape { TEXT, ONE, LIST, MAP, PATTERN_MAP, NAME_LIST, NAME_LISTS, DEPENDENCIES, LIMIT, FLAG };

static const struct {
	const char *name;
	enum shape shape;
	const char *text; /* for TEXT */
	enum draft since, until;
} keywords[] = {
	{"type", TEXT, "\"object\"", D4, D2020},
	{"type", TEXT, "\"integer\"", D4, D2020},
	{"type", TEXT, "[\"string\",\"object\",\"array\"]", D4, D2020},
	{"type", TEXT, "[\"array\",\"integer\",\"boolean\"]", D4, D2020},
	{"enum", TEXT, "[1,\"a\",null,[],{\"b\":1,\"a\":1.0}]", D4, D2020},
	{"enum", TEXT, "[\"a\",\"b\",\"c\",\"d\",\"e\",\"abc\",\"\",\"\\u00e9\",\"x\",\"y\"]", D4,
	 D2020},
	{"const", TEXT, "{}", D6, D2020},
	{"const", TEXT, "1.0", D6, D2020},
	{"minimum", LIMIT, NULL, D4, D2020},
	{"maximum", LIMIT, NULL, D4, D2020},
	{"exclusiveMinimum", FLAG, NULL, D4, D4},
	{"exclusiveMaximum", FLAG, NULL, D4, D4},
	{"exclusiveMinimum", LIMIT, NULL, D6, D2020},
	{"exclusiveMaximum", LIMIT, NULL, D6, D2020},
	{"multipleOf", TEXT, "0.5", D4, D2020},
	{"multipleOf", TEXT, "3", D4, D2020},
	{"minLength", TEXT, "1", D4, D2020},
	{"maxLength", TEXT, "1", D4, D2020},
	{"pattern", TEXT, "\"^[ab]\"", D4, D2020},
	{"pattern", TEXT, "\"^..\"", D4, D2020},
	{"format", TEXT, "\"date\"", D4, D2020},
	{"required", NAME_LIST, NULL, D4, D2020},
	{"minProperties", TEXT, "1", D4, D2020},
	{"maxProperties", TEXT, "2.0", D4, D2020},
	{"minItems", TEXT, "1", D4, D2020},
	{"maxItems", TEXT, "3", D4, D2020},
	{"uniqueItems", FLAG, NULL, D4, D2020},
	{"contains", ONE, NULL, D6, D2020},
	{"minContains", TEXT, "2", D2019, D2020},
	{"minContains", TEXT, "0", D2019, D2020},
	{"maxContains", TEXT, "1", D2019, D2020},
	{"prefixItems", LIST, NULL, D2020, D2020},
	{"items", LIST, NULL, D4, D2019},
	{"items", ONE, NULL, D4, D2020},
	{"additionalItems", ONE, NULL, D4, D2019},
	{"properties", MAP, NULL, D4, D2020},
	{"properties", MAP, NULL, D4, D2020},
	{"patternProperties", PATTERN_MAP, NULL, D4, D2020},
	{"additionalProperties", ONE, NULL, D4, D2020},
	{"propertyNames", ONE, NULL, D6, D2020},
	{"dependencies", DEPENDENCIES, NULL, D4, D2020},
	{"dependentRequired", NAME_LISTS, NULL, D2019, D2020},
	{"dependentSchemas", MAP, NULL, D2019, D2020},
	{"allOf", LIST, NULL, D4, D2020},
	{"anyOf", LIST, NULL, D4, D2020},
	{"oneOf", LIST, NULL, D4, D2020},
	{"not", ONE, NULL, D4, D2020},
	{"if", ONE, NULL, D7, D2020},
	{"then", ONE, NULL, D7, D2020},
	{"else", ONE, NULL, D7, D2020},
	{"unevaluatedItems", ONE, NULL, D2019, D2020},
	{"unevaluatedProperties", ONE, NULL, D2019, D2020},
	{"unevaluatedProperties", ONE, NULL, D2019, D2020},
	{"unevaluatedItems", ONE, NULL, D2019, D2020},
	{"contains", ONE, NULL, D6, D2020},
	{"$recursiveRef", TEXT, "\"#\"", D2019, D2019},
	{"$recursiveRef", TEXT, "\"#\"", D2019, D2019},
	{"$recursiveRef", TEXT, "\"#\"", D2019, D2019},
	{"$dynamicRef", TEXT, "\"#n\"", D2020, D2020},
	{"$dynamicRef", TEXT, "\"#n\"", D2020, D2020},
	{"description", TEXT, "\"words\"", D4, D2020},
	{"unheard of", ONE, NULL, D4, D2020},
};

enum { N_KEYWORDS = sizeof keywords / sizeof *keywords };

static void put_keyword(struct ev_buf *b, size_t k, int depth)
{
	static const char *const limits[] = {
		"0", "1", "1.0", "2.5", "-2", "10e-1", "12345678901234567890122"};

	ev_buf_printf(b, "\"%s\":", keywords[k].name);
	switch (keywords[k].shape) {
	case TEXT: ev_buf_puts(b, keywords[k].text); break;
	case ONE: random_schema(b, depth - 1); break;
	case LIST: random_list(b, depth); break;
	case MAP: random_map(b, depth, false); break;
	case PATTERN_MAP: random_map(b, depth, true); break;
	case NAME_LIST: random_names(b); break;
	case NAME_LISTS: random_names_map(b, 0); break;
	case DEPENDENCIES: random_names_map(b, depth); break;
	case LIMIT: ev_buf_puts(b, PICK(limits)); break;
	case FLAG: ev_buf_puts(b, chance(4) ? "false" : "true"); break;
	}
}

static bool other; /* whether there is a second resource to refer to */

static void put_reference(struct ev_buf *b)
{
	if (other && chance(3))
		ev_buf_puts(b, "\"$ref\":\"https://x.example/other\"");
	else if (chance(3))
		ev_buf_puts(b, "\"$ref\":\"#\"");
	else
		ev_buf_printf(b, "\"$ref\":\"#/%s/%c\"", drafts[draft].definitions,
			      "rsn"[random_below(3)]);
}

/* Schemas with many of these near the top take next to nothing. */
static bool is_assertion(size_t k)
{
	return keywords[k].shape == LIMIT || keywords[k].shape == NAME_LIST ||
	       (keywords[k].shape == TEXT && keywords[k].name[0] != '$');
}

/* The members of a schema; first: nothing stands before them. */
static void put_keywords(struct ev_buf *b, int depth, bool first)
{
	bool used[N_KEYWORDS] = {false};

	for (size_t n = 1 + random_below(6); n > 0; n--) {
		size_t k = random_below(N_KEYWORDS);

		/* one that a draft does not have is ignored by it, now and then */
		if (used[k] || (depth > 1 && is_assertion(k) && !chance(4)) ||
		    ((draft < keywords[k].since || draft > keywords[k].until) && !chance(10)))
			continue;
		if (keywords[k].shape != TEXT && keywords[k].shape != LIMIT &&
		    keywords[k].shape != FLAG && keywords[k].shape != NAME_LIST &&
		    keywords[k].shape != NAME_LISTS && depth == 0)
			continue;
		/* the value of another draft may be an error in this one */
		if ((draft < keywords[k].since || draft > keywords[k].until) &&
		    (strncmp(keywords[k].name, "exclusive", 9) == 0 ||
		     strcmp(keywords[k].name, "items") == 0))
			continue;
		for (size_t o = 0; o < N_KEYWORDS; o++)
			used[o] = used[o] || strcmp(keywords[o].name, keywords[k].name) == 0;
		ev_buf_puts(b, first ? "" : ",");
		put_keyword(b, k, depth);
		first = false;
	}
	if (chance(7)) {
		ev_buf_puts(b, first ? "" : ",");
		put_reference(b);
	}
}

static void random_schema(struct ev_buf *b, int depth)
{
	if (chance(6)) {
		ev_buf_puts(b, chance(3) ? "false" : "true");
		return;
	}
	ev_buf_putc(b, '{');
	put_keywords(b, depth, true);
	ev_buf_putc(b, '}');
}

/* Definitions r, s and n; the last with the dynamic anchor n, or not. */
static void put_definitions(struct ev_buf *b)
{
	ev_buf_printf(b, "\"%s\":{\"r\":", drafts[draft].definitions);
	random_schema(b, 2);
	ev_buf_puts(b, ",\"s\":");
	random_schema(b, 1);
	ev_buf_puts(b, ",\"n\":{");
	if (draft == D2020)
		ev_buf_printf(b, "\"%s\":\"n\"", chance(4) ? "$anchor" : "$dynamicAnchor");
	put_keywords(b, 2, draft != D2020);
	ev_buf_putc(b, '}');
}

/*
 * Behind $id. A $ref beside it would make old drafts ignore it. with: a schema that the value has
 * to fit as well, and a comma, or nothing.
 */
static void put_rest(struct ev_buf *b, int depth, const char *with)
{
	if (draft > D7 && *with == '\0') {
		put_keywords(b, depth, false);
		ev_buf_putc(b, '}');
		return;
	}
	ev_buf_printf(b, ",\"allOf\":[%s{", with);
	put_keywords(b, depth, true);
	ev_buf_puts(b, "}]}");
}

static void random_whole(struct ev_buf *b)
{
	/* so that the scope begins elsewhere than where the reference stands */
	static const char *const dynamic[] = {
		"{\"items\":{\"$recursiveRef\":\"#\"}},",
		"{\"additionalProperties\":{\"$recursiveRef\":\"#\"}},",
		"{\"items\":{\"$dynamicRef\":\"#n\"}},",
		"{\"additionalProperties\":{\"$dynamicRef\":\"#n\"}},",
	};

	draft = (enum draft)random_below(DRAFTS + 3);
	draft = draft >= DRAFTS ? D2020 : draft;
	other = chance(2);
	wide = false;
	ev_buf_reset(b);
	ev_buf_printf(b, "{\"$schema\":\"%s\",\"%s\":\"https://x.example/whole\",",
		      drafts[draft].uri, drafts[draft].id);
	if (draft == D2019)
		ev_buf_printf(b, "\"$recursiveAnchor\":%s,", chance(3) ? "false" : "true");
	put_definitions(b);
	if (other) {
		ev_buf_printf(b, ",\"other\":{\"%s\":\"https://x.example/other\",",
			      drafts[draft].id);
		if (draft == D2019)
			ev_buf_printf(b, "\"$recursiveAnchor\":%s,", chance(3) ? "false" : "true");
		put_definitions(b);
		ev_buf_putc(b, '}');
		put_rest(b, 2,
			 draft > D7 && chance(2)
				 ? dynamic[random_below(2) + (draft == D2020 ? 2 : 0)]
				 : "");
	}
	ev_buf_putc(b, '}');
	put_rest(b, 4, other && chance(3) ? "{\"$ref\":\"https://x.example/other\"}," : "");
}

/* Holding one against the other */

struct scanned {
	struct ev_buf text;
	struct ev_scan *scan;
};

static const struct ev_doc *scan_text(struct scanned *s)
{
	const struct ev_doc *d;
	struct ev_flaw flaw;

	memset(ev_buf_room(&s->text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	d = ev_scan(s->scan, s->text.p, s->text.len, &flaw);
	if (d == NULL || d->duplicate != EV_NOWHERE) {
		diag("%s: %s", ev_buf_str(&s->text), d == NULL ? flaw.what : "twice");
		abort();
	}
	return d;
}

static struct {
	uint64_t schemas, refused, values, valid, wrong;
} total;

static void trouble(uint64_t number, const struct scanned *schema, const struct scanned *value,
		    const char *fmt, ...)
{
	char what[256];
	va_list ap;

	if (total.wrong++ >= 10)
		return;
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	printf("# schema %llu: %s\n#   %.*s\n#   %.*s\n", (unsigned long long)number, what,
	       (int)schema->text.len, schema->text.p, (int)value->text.len, value->text.p);
}

/* Whether a reason is the last resort of one that should have had another. */
static bool is_excuse(const struct ev_reason *r)
{
	size_t len = strlen(r->message);

	return len > 13 && strcmp(r->message + len - 13, " does not fit") == 0;
}

/* The same object with a member more at one of its ends, which then counts as absent. */
static void add_member(const struct scanned *value, struct scanned *more)
{
	const char *rest = value->text.p + 1;
	bool empty = *rest == '}', front = chance(2);

	ev_buf_reset(&more->text);
	ev_buf_putc(&more->text, '{');
	if (!front) {
		ev_buf_put(&more->text, rest, value->text.len - 2);
		ev_buf_puts(&more->text, empty ? "" : ",");
	}
	ev_buf_puts(&more->text, "\"_ev\":");
	random_value(&more->text, 1);
	if (front) {
		ev_buf_puts(&more->text, empty ? "" : ",");
		ev_buf_put(&more->text, rest, value->text.len - 2);
	}
	ev_buf_putc(&more->text, '}');
}

static void hold(uint64_t number, const struct ev_schema *compiled, struct slow *w,
		 const struct scanned *schema, struct scanned *value, struct scanned *more,
		 struct ev_reasons *reasons)
{
	const struct ev_doc *d = scan_text(value);
	uint32_t without = EV_NOWHERE;
	bool fast, slow;

	w->v = d;
	w->depth = 0;
	slow = slow_fits(w, &(struct resource){w->whole, NULL}, w->whole, 0, NULL);
	if (ev_kind(d, 0) == EV_OBJECT && chance(2)) {
		add_member(value, more);
		value = more;
		d = scan_text(more);
		without = ev_member(d, 0, "_ev", 3);
	}
	fast = ev_schema_valid(compiled, d, 0, without);
	ev_reasons_reset(reasons);
	ev_schema_explain(compiled, d, 0, without, reasons);
	total.values++;
	total.valid += fast;
	if (fast != slow)
		trouble(number, schema, value, "jschema says %s, the slow reading %s",
			fast ? "valid" : "invalid", slow ? "valid" : "invalid");
	if (fast != (reasons->n == 0))
		trouble(number, schema, value, "jschema says %s and has %zu reasons",
			fast ? "valid" : "invalid", reasons->n);
	for (size_t k = 0; k < reasons->n; k++)
		if (is_excuse(&reasons->list[k]))
			trouble(number, schema, value, "no reason is given: %s",
				reasons->list[k].message);
}

/* So many names that the scanner will give no number to another one. */
static void learn_enough(struct scanned *s)
{
	ev_buf_reset(&s->text);
	for (int k = 0; k <= EV_LEARN; k++)
		ev_buf_printf(&s->text, "%c\"learned %d\":0", k > 0 ? ',' : '{', k);
	ev_buf_putc(&s->text, '}');
	scan_text(s);
}

static void round_of(uint64_t number, struct scanned *schema, struct scanned *value,
		     struct scanned *more, struct ev_reasons *reasons)
{
	struct ev_schema_set *set;
	const struct ev_schema *compiled;
	struct slow w = {.whole = 0, .other = EV_NOWHERE};
	struct ev_error err;
	uint32_t k;

	random_begin(number);
	set = ev_schema_set_new(".");
	value->scan = more->scan = ev_scan_new();
	if (chance(8))
		learn_enough(value);
	if (!chance(3))
		ev_schema_set_symbols(set, ev_scan_symbols(value->scan));
	random_whole(&schema->text);
	total.schemas++;
	compiled = ev_schema_text(set, "schema", schema->text.p, schema->text.len, &err);
	if (compiled == NULL && strstr(err.text, "which never ends") != NULL) {
		total.refused++;
		ev_schema_set_free(&set);
		ev_scan_free(&value->scan);
		return;
	}
	w.s = scan_text(schema);
	k = ev_member(w.s, 0, drafts[draft].definitions, strlen(drafts[draft].definitions));
	if (other)
		w.other = ev_member(w.s, k, "other", 5);
	ev_buf_reset(&value->text);
	if (compiled == NULL)
		trouble(number, schema, value, "%s", err.text);
	for (int i = 0; compiled != NULL && i < 30; i++) {
		ev_buf_reset(&value->text);
		random_value(&value->text, 4);
		hold(number, compiled, &w, schema, value, more, reasons);
	}
	ev_schema_set_free(&set);
	ev_scan_free(&value->scan);
}

int main(int argc, char **argv)
{
	struct scanned schema = {.scan = ev_scan_new()}, value = {0}, more = {0};
	struct ev_reasons reasons = {0};
	struct rounds rounds = rounds_asked(argc, argv, 1);
	uint64_t number;

	while (rounds_next(&rounds, &number))
		round_of(number, &schema, &value, &more, &reasons);
	ok(total.wrong == 0,
	   "%llu schemas (%llu lead back to themselves) and %llu values, of which %llu are valid",
	   (unsigned long long)total.schemas, (unsigned long long)total.refused,
	   (unsigned long long)total.values, (unsigned long long)total.valid);
	ev_reasons_free(&reasons);
	ev_scan_free(&schema.scan);
	ev_buf_free(&schema.text);
	ev_buf_free(&value.text);
	ev_buf_free(&more.text);
	return done();
}

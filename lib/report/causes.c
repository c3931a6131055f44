/* What was set aside and why: the causes of all results, one card each, with one bad record. */
#include "report/internal.h"

#include <stdlib.h>

enum {
	CARDS = 1000,	   /* as many as evvalidate keeps; further ones are lines */
	MESSAGE = 600,	   /* code points shown */
	LINE = 120,	   /* the same in the list */
	FLAT = 72,	   /* bytes of a value that stays on one line */
	SHOWN_NODES = 4000 /* of a sample */
};

/* The same cause in all results: n of the sorted pointers from `from` on, by result. */
struct group {
	size_t from, n;
	uint64_t records;
	const struct ev_report_cause *latest;
	const struct ev_report_moment *first, *last;
};

static int compare_keys(const struct ev_report_cause *a, const struct ev_report_cause *b)
{
	int order = ev_report_compare(a->type, b->type);

	if (order == 0)
		order = ev_report_compare(a->rule, b->rule);
	if (order == 0)
		order = ev_report_compare(a->path, b->path);
	if (order == 0)
		order = ev_report_compare(a->code, b->code);
	if (order == 0)
		order = ev_report_compare(a->keyword, b->keyword);
	return order != 0 ? order : ev_report_compare(a->severity, b->severity);
}

static int by_key(const void *a, const void *b)
{
	const struct ev_report_cause *x = *(const struct ev_report_cause *const *)a;
	const struct ev_report_cause *y = *(const struct ev_report_cause *const *)b;
	int order = compare_keys(x, y);

	if (order == 0)
		order = ORDER(x->result, y->result);
	return order != 0 ? order : ORDER(x, y);
}

/* Rejects before warnings; most records first. */
static int by_records(const void *a, const void *b)
{
	const struct group *x = a, *y = b;
	int order = ev_report_is(y->latest->severity, "critical") -
		    ev_report_is(x->latest->severity, "critical");

	if (order == 0)
		order = ORDER(y->records, x->records);
	return order != 0 ? order : ORDER(x->from, y->from); /* by key */
}

static size_t gather(const struct ev_report *r, const struct ev_report_cause ***sorted,
		     struct group **groups)
{
	size_t total = 0, n = 0;

	for (size_t i = 0; i < r->n; i++)
		total += r->results[i].n_causes;
	*sorted = ev_malloc((total + 1) * sizeof(struct ev_report_cause *));
	*groups = ev_malloc((total + 1) * sizeof(struct group));
	total = 0;
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->results[i].n_causes; k++)
			(*sorted)[total++] = &r->results[i].causes[k];
	qsort(*sorted, total, sizeof(struct ev_report_cause *), by_key);
	for (size_t i = 0; i < total; i++) {
		const struct ev_report_cause *c = (*sorted)[i];
		struct group *g = &(*groups)[n > 0 ? n - 1 : 0];

		if (n == 0 || compare_keys((*sorted)[g->from], c) != 0) {
			g = &(*groups)[n++];
			*g = (struct group){.from = i, .first = &c->first, .last = &c->last};
		}
		g->n++;
		g->records += c->records;
		g->latest = c;
		if (ev_report_compare_moments(&c->first, g->first) < 0)
			g->first = &c->first;
		if (ev_report_compare_moments(&c->last, g->last) > 0)
			g->last = &c->last;
	}
	qsort(*groups, n, sizeof(struct group), by_records);
	return n;
}

/* Keywords of JSON Schema in the words of people who never heard of it. */
static const char *const faults[][2] = {
	{"required", "a field is missing"},
	{"dependentRequired", "a field is missing that must stand beside another"},
	{"type", "another kind of value than agreed"},
	{"minimum", "a number that is too low"},
	{"exclusiveMinimum", "a number that is too low"},
	{"maximum", "a number that is too high"},
	{"exclusiveMaximum", "a number that is too high"},
	{"multipleOf", "a number with the wrong step"},
	{"enum", "a value that is not on the list"},
	{"const", "another value than agreed"},
	{"pattern", "a text of the wrong form"},
	{"format", "a text of the wrong form"},
	{"minLength", "a text that is too short"},
	{"maxLength", "a text that is too long"},
	{"minItems", "too few elements"},
	{"maxItems", "too many elements"},
	{"uniqueItems", "an element that stands twice"},
	{"contains", "an element is missing"},
	{"minContains", "too few elements of a kind"},
	{"maxContains", "too many elements of a kind"},
	{"minProperties", "too few fields"},
	{"maxProperties", "too many fields"},
	{"additionalProperties", "a field that was not agreed"},
	{"unevaluatedProperties", "a field that was not agreed"},
	{"unevaluatedItems", "an element that was not agreed"},
	{"propertyNames", "a field whose name is not right"},
	{"anyOf", "a value that fits none of the agreed forms"},
	{"oneOf", "a value that does not fit exactly one of the agreed forms"},
	{"not", "a value that is ruled out"},
	{"false", "a value where none may be"},
};

/* The same for the codes of rejects. */
static const char *const codes[][2] = {
	{"json", "The line is no JSON"},
	{"utf8", "The line is not UTF-8 text"},
	{"not-object", "The line is no event"},
	{"duplicate-name", "A field stands twice in the record"},
	{"too-long", "The line is too long"},
	{"too-deep", "The record is nested too deep"},
	{"reserved", "The record has a field that is reserved"},
	{"envelope", "The event lacks what every event must have"},
	{"unknown-type", "The type of the event is not known"},
	{"foreign", "The line is no event"},
};

static const char *look_up(const char *const (*table)[2], size_t n, struct ev_report_text name)
{
	for (size_t i = 0; i < n; i++)
		if (ev_report_is(name, table[i][0]))
			return table[i][1];
	return NULL;
}

#define LOOK_UP(table, name) look_up(table, sizeof(table) / sizeof(table)[0], name)

/* The field; names below a redacted place may be data themselves, and are left out. */
static void put_path(struct ev_buf *b, const struct ev_report *r, struct ev_report_text path)
{
	if (ev_report_reach_pointer(r, path) != REPORT_INSIDE) {
		ev_report_pointer(b, path);
		return;
	}
	for (size_t len = 0; len <= path.len; len++)
		if ((len == path.len || path.p[len] == '/') &&
		    ev_report_reach_pointer(r, (struct ev_report_text){path.p, len}) ==
			    REPORT_INSIDE) {
			ev_report_pointer(b, (struct ev_report_text){path.p, len});
			if (len < path.len)
				ev_buf_puts(b, " \u2026");
			return;
		}
}

/* The cause in one sentence: the model's own words where it has some. */
static void put_title(struct ev_buf *b, const struct ev_report *r, const struct ev_report_cause *c)
{
	const char *words = LOOK_UP(codes, c->code);

	if (c->explain.p != NULL && c->explain.len > 0) {
		ev_report_data(b, c->explain, 300);
		return;
	}
	if (ev_report_is(c->code, "rule") && c->rule.p != NULL) {
		PUT(b, "Broken rule: {}", DATA(c->rule, 200));
		return;
	}
	if (words != NULL) {
		ev_buf_puts(b, words);
		return;
	}
	if (c->path.p != NULL) {
		put_path(b, r, c->path);
		ev_buf_puts(b, ": ");
	}
	words = LOOK_UP(faults, c->keyword);
	if (ev_report_is(c->code, "schema") && words != NULL)
		ev_buf_puts(b, words);
	else if (c->keyword.p == NULL)
		ev_report_data(b, c->code, 60);
	else
		PUT(b, "{}, {}", DATA(c->code, 60), DATA(c->keyword, 60));
}

/* Samples */

struct sample {
	struct ev_buf *b;
	const struct ev_doc *d;
	const bool *hidden;
	uint32_t marked; /* the bad value, or EV_NOWHERE */
};

static bool ascii(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)p[i] >= 0x80)
			return false;
	return true;
}

static void put_raw(struct sample *s, uint32_t i)
{
	size_t len;
	const char *p = ev_raw(s->d, i, &len);

	/* A string of another direction must not reorder what stands around it. */
	if (ascii(p, len))
		ev_report_escape(s->b, p, len, REPORT_ALL);
	else
		ev_report_data(s->b, (struct ev_report_text){p, len}, REPORT_ALL);
}

static void indent(struct sample *s, size_t depth)
{
	ev_buf_putc(s->b, '\n');
	for (size_t i = 0; i < depth && i < 40; i++)
		ev_buf_puts(s->b, "  ");
}

/* Whether the value can stand on one line, as its bytes are. */
static bool fits_a_line(const struct sample *s, uint32_t i)
{
	size_t len;
	const char *p = ev_raw(s->d, i, &len);

	for (uint32_t k = i; k < s->d->nodes[i].next; k++)
		if (s->hidden[k] || k == s->marked)
			return false;
	return len <= FLAT && ascii(p, len);
}

static void put_node(struct sample *s, uint32_t i, size_t depth);

static void put_inside(struct sample *s, uint32_t i, size_t depth)
{
	const struct ev_doc *d = s->d;
	bool object = ev_kind(d, i) == EV_OBJECT;

	ev_buf_putc(s->b, object ? '{' : '[');
	for (uint32_t k = ev_first(d, i); k < ev_end(d, i);) {
		if (k > ev_first(d, i))
			ev_buf_putc(s->b, ',');
		indent(s, depth + 1);
		if (object) {
			put_raw(s, k);
			ev_buf_puts(s->b, ": ");
			k++;
		}
		put_node(s, k, depth + 1);
		k = ev_next(d, k);
	}
	if (ev_first(d, i) < ev_end(d, i))
		indent(s, depth);
	ev_buf_putc(s->b, object ? '}' : ']');
}

/* The record with line breaks and indents; every value as it is spelt. */
static void put_node(struct sample *s, uint32_t i, size_t depth)
{
	ev_buf_puts(s->b, i == s->marked ? "<mark>" : "");
	if (s->hidden[i])
		ev_buf_puts(s->b, REPORT_REDACTED);
	else if (ev_kind(s->d, i) >= EV_ARRAY && !(i > 0 && fits_a_line(s, i)))
		put_inside(s, i, depth);
	else
		put_raw(s, i);
	ev_buf_puts(s->b, i == s->marked ? "</mark>" : "");
}

/* The value at a JSON Pointer. */
static uint32_t resolve(const struct ev_doc *d, struct ev_report_text pointer)
{
	struct ev_buf name = {0};
	uint32_t at = 0;

	while (at != EV_NOWHERE && ev_report_pointer_next(&pointer, &name)) {
		const char *text = ev_buf_str(&name);
		unsigned long index = strtoul(text, NULL, 10);
		uint32_t k = ev_first(d, at);

		if (ev_kind(d, at) != EV_ARRAY) {
			at = ev_member(d, at, text, name.len);
			continue;
		}
		for (; k < ev_end(d, at) && index > 0; index--)
			k = ev_next(d, k);
		at = k < ev_end(d, at) && name.len > 0 ? k : EV_NOWHERE;
	}
	ev_buf_free(&name);
	return at;
}

/* Puts the record of the sample; *say: whether its message may be shown. */
static void put_record(struct ev_buf *b, struct ev_report *r, const struct ev_report_cause *c,
		       bool *say)
{
	const struct ev_report_text raw = c->sample.raw;
	const struct ev_doc *d = NULL;
	bool *hidden = NULL;
	struct ev_flaw flaw;
	char *text = NULL;

	if (raw.p != NULL && !c->sample.cut) {
		text = ev_malloc(raw.len + EV_SCAN_SLACK);
		memcpy(text, raw.p, raw.len);
		memset(text + raw.len, 0, EV_SCAN_SLACK);
		d = ev_scan(r->scan, text, raw.len, &flaw);
	}
	if (d != NULL) {
		hidden = ev_malloc(d->n * sizeof *hidden);
		ev_report_hide(r, d, hidden);
	}
	*say = ev_report_may_say(r, c, d, hidden);
	if (raw.p != NULL && raw.len == 0) {
		ev_buf_puts(b,
			    "<p>The record is too long to be shown here. The rejects file has it "
			    "whole.</p>");
	} else if (raw.p == NULL) {
		ev_buf_puts(b, "<p>The record is not UTF-8 text, so it cannot be shown here. The "
			       "rejects file has it whole.</p>");
	} else if (d == NULL && r->n_redact > 0) {
		ev_buf_puts(b, "<p>The record is " REPORT_REDACTED
			       ": it is not whole JSON, so the fields that must not be shown "
			       "cannot be told from the others.</p>");
	} else {
		struct sample s = {b, d, hidden, EV_NOWHERE};

		if (d != NULL && c->sample.path.p != NULL && c->sample.path.len > 0)
			s.marked = resolve(d, c->sample.path);
		ev_buf_puts(b, "<pre tabindex=\"0\" role=\"region\" aria-label=\"The record\">");
		if (d != NULL && d->n <= SHOWN_NODES)
			put_node(&s, 0, 0);
		else if (r->n_redact == 0)
			ev_report_data(b, raw, 2000);
		else
			ev_buf_puts(b, REPORT_REDACTED);
		PUT(b, "{}</pre>{}", HTML(c->sample.cut ? "\u2026" : ""),
		    HTML(c->sample.cut ? "<p>Only its beginning is shown.</p>" : ""));
	}
	free(hidden);
	free(text);
}

static void put_place(struct ev_buf *b, struct ev_report_text source, uint64_t line)
{
	if (ev_report_is(source, "-"))
		PUT(b, "standard input, line {}", COUNT(line));
	else
		PUT(b, "{}, line {}", CODE(source, 120), COUNT(line));
}

static void put_moment(struct ev_buf *b, const char *what, const struct ev_report_moment *m)
{
	PUT(b, "<div><dt>{}</dt><dd>", HTML(what));
	if (m->time.p != NULL)
		PUT(b, "{}", TIME(m->time));
	else
		put_place(b, m->source, m->line);
	ev_buf_puts(b, "</dd></div>");
}

static void put_term(struct ev_buf *b, const char *what, struct ev_report_text t, const char *none)
{
	PUT(b, "<div><dt>{}</dt><dd>{}</dd></div>", HTML(what), DATA_OR(t, 120, none));
}

/* The cause over the batches. */
static void put_trend(struct ev_buf *b, const struct ev_report *r,
		      const struct ev_report_cause *const *sorted, const struct group *g)
{
	double *v = ev_calloc(r->n, sizeof *v);
	size_t batches = 0;

	for (size_t i = g->from; i < g->from + g->n; i++) {
		batches += v[sorted[i]->result] == 0;
		v[sorted[i]->result] += (double)sorted[i]->records;
	}
	ev_buf_puts(b, "<div class=\"trend\">");
	ev_report_bars(b, v, r->n, NULL, "bars small");
	PUT(b, "<p>In {} of {} batch{}</p></div>", COUNT(batches), COUNT(r->n),
	    HTML(r->n == 1 ? "" : "es"));
	free(v);
}

static void put_card(struct ev_buf *b, struct ev_report *r,
		     const struct ev_report_cause *const *sorted, const struct group *g, bool open)
{
	const struct ev_report_cause *c = g->latest;
	bool aside = ev_report_is(c->severity, "critical"),
	     info = ev_report_is(c->severity, "info"), say;
	uint64_t whole = aside ? r->sum.rejected : r->sum.warning;
	struct ev_buf record = {0};

	ev_buf_puts(b, "<li class=\"cause\"><h3>");
	put_title(b, r, c);
	if (!aside)
		PUT(b, " <span class=\"severity\">passed, with {}</span>",
		    HTML(info ? "a remark" : "a warning"));
	PUT(b, "</h3><p class=\"size\"><strong>{}</strong> ", PLURAL(g->records, "record"));
	if (!info)
		PUT(b, "{} of {}, ", SHARE(g->records, whole),
		    HTML(aside ? "those set aside" : "all warnings"));
	PUT(b, "{} of all", SHARE(g->records, r->sum.in));
	if (r->n == 1 && !info)
		ev_report_meter(b, g->records, whole);
	ev_buf_puts(b, "</p>");
	if (r->n > 1)
		put_trend(b, r, sorted, g);
	ev_buf_puts(b, "<dl>");
	put_term(b, "Type of event", c->type, "not known");
	if (c->path.p != NULL) {
		ev_buf_puts(b, "<div><dt>Field</dt><dd>");
		put_path(b, r, c->path);
		ev_buf_puts(b, "</dd></div>");
	}
	if (c->rule.p != NULL)
		put_term(b, "Rule", c->rule, "");
	put_moment(b, "First seen", g->first);
	put_moment(b, "Last seen", g->last);
	PUT(b, "</dl><details{}><summary>One such record</summary><p>", HTML(open ? " open" : ""));
	put_record(&record, r, c, &say);
	if (say)
		ev_report_data(b, c->sample.message, MESSAGE);
	else
		ev_buf_puts(b, "What was found is " REPORT_REDACTED
			       ", for it may quote a field that must not be shown");
	ev_buf_puts(b, " <span class=\"soft\">(");
	put_place(b, c->sample.source, c->sample.line);
	ev_buf_puts(b, ")</span></p>");
	ev_buf_put(b, record.p, record.len);
	ev_buf_puts(b, "</details></li>\n");
	ev_buf_free(&record);
}

/*
 * A cause as one line of the list: records, type, field, what, last seen. Tabs and line ends in the
 * texts are escapes by then.
 */
static void put_line(struct ev_buf *b, const struct ev_report *r, const struct group *g)
{
	const struct ev_report_cause *c = g->latest;
	struct ev_report_text what = c->rule;
	struct ev_buf path = {0};

	if (c->path.p != NULL && ev_report_reach_pointer(r, c->path) != REPORT_INSIDE)
		ev_report_pointer_text(&path, c->path);
	if (what.p == NULL)
		what = r->n_redact == 0	      ? c->sample.message
		       : c->keyword.p != NULL ? c->keyword
					      : c->code;
	PUT(b, "{}\t{}\t{}\t{}\t{}\n", COUNT(g->records), ESCAPED(c->type, LINE),
	    ESCAPED(((struct ev_report_text){path.p, path.len}), LINE), ESCAPED(what, LINE),
	    ESCAPED(g->last->time, 20));
	ev_buf_free(&path);
}

/* Those that have no card. */
static void put_rarer(struct ev_buf *b, const struct ev_report *r, const struct group *groups,
		      size_t n)
{
	PUT(b,
	    "<details id=\"more-causes\"><summary>The {} rarer causes as a plain list</summary>\n"
	    "<pre tabindex=\"0\" role=\"region\" aria-label=\"Rarer causes\">"
	    "records\ttype\tfield\twhat\tlast seen\n",
	    COUNT(n));
	for (size_t i = 0; i < n; i++)
		put_line(b, r, &groups[i]);
	ev_buf_puts(b, "</pre></details>\n");
}

void ev_report_causes(struct ev_buf *b, struct ev_report *r)
{
	const struct ev_report_cause **sorted;
	struct group *groups;
	size_t n = gather(r, &sorted, &groups), cards = n < CARDS ? n : CARDS;

	ev_buf_puts(b, "<section id=\"causes\" aria-labelledby=\"causes-h\">"
		       "<h2 id=\"causes-h\">Why records were set aside</h2>\n");
	if (n == 0) {
		ev_buf_puts(b, "<p>No record was set aside, and none passed with a warning.</p>");
	} else {
		PUT(b,
		    "<p>{}, the most frequent first. A record can have more than one cause, so the "
		    "shares may add up to more than 100%.",
		    PLURAL(n, "cause"));
		if (r->sum.left_out > 0)
			PUT(b, " The rarest causes are left out, {} in all.",
			    PLURAL(r->sum.left_out, "record"));
		ev_buf_puts(b,
			    "</p>\n<div class=\"tools\" hidden><label>Search the causes "
			    "<input type=\"search\" id=\"causes-search\"></label>"
			    "<button type=\"button\" id=\"causes-open\">Show all records</button>"
			    "<p role=\"status\" id=\"causes-count\"></p></div>\n"
			    "<ol class=\"causes\">\n");
		for (size_t i = 0; i < cards; i++)
			put_card(b, r, sorted, &groups[i], i == 0);
		ev_buf_puts(b, "</ol>\n");
		if (n > cards)
			put_rarer(b, r, groups + cards, n - cards);
	}
	ev_buf_puts(b, "</section>\n");
	free(sorted);
	free(groups);
}

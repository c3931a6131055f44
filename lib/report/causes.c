/* What was set aside and why: the causes of all results, one card each, with one bad record. */
#include "report/internal.h"

#include <stdlib.h>

enum {
	CARDS = 1000,  /* as many as evvalidate keeps; further ones are lines */
	MESSAGE = 600, /* code points shown */
	LINE = 120,    /* the same in the list */
	TYPES = 8,     /* of a cause that are named */
	OWNERS = 4,
	ITEMS = 5, /* causes in the list of what is to be done */
};

/* The same cause in all results: n of the sorted pointers from `from` on, by result. */
struct group {
	size_t from, n;
	uint64_t records;
	const struct ev_report_cause *latest;
	const struct ev_report_moment *first, *last;
};

/* One rule, or one fault of one field, is one cause, whatever types break it. */
static int compare_keys(const struct ev_report_cause *a, const struct ev_report_cause *b)
{
	int order = ev_report_compare(a->stage, b->stage);

	if (order == 0)
		order = ev_report_compare(a->code, b->code);
	if (order == 0 && ev_report_is(a->code, "rule"))
		order = ev_report_compare(a->rule, b->rule);
	if (order == 0)
		order = ev_report_compare(a->path, b->path);
	if (order == 0)
		order = ev_report_compare(a->keyword, b->keyword);
	if (order == 0 && ev_report_is(a->code, "schema"))
		order = ev_report_compare(a->explain, b->explain);
	return order != 0 ? order : ev_report_compare(a->severity, b->severity);
}

static int by_key(const void *a, const void *b)
{
	const struct ev_report_cause *x = *(const struct ev_report_cause *const *)a;
	const struct ev_report_cause *y = *(const struct ev_report_cause *const *)b;
	int order = compare_keys(x, y);

	if (order == 0)
		order = ORDER(x->result, y->result);
	if (order == 0)
		order = ev_report_compare(x->type, y->type);
	return order != 0 ? order : ORDER(x, y);
}

static int weight(const struct group *g)
{
	return ev_report_is(g->latest->severity, "critical") ? 0
	       : ev_report_is(g->latest->severity, "info")   ? 2
							     : 1;
}

/* Rejects before warnings, and these before remarks; most records first. */
static int by_records(const void *a, const void *b)
{
	const struct group *x = a, *y = b;
	int order = weight(x) - weight(y);

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
		if (g->latest == NULL || c->result > g->latest->result ||
		    c->records > g->latest->records)
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
	{"depth", "The record is nested too deep"},
	{"surrogate", "A text in the record has half a character"},
	{"control", "A control character stands in a text"},
	{"cut", "The file ends in the middle of the record"},
	{"columns", "The row has more or fewer fields than the header"},
	{"header", "The header stands among the rows"},
	{"quote", "The quotes in the row are not right"},
	{"reserved", "The record has a field that is reserved"},
	{"envelope", "The event lacks what every event must have"},
	{"unknown-type", "The type of the event is not known"},
	{"foreign", "The line is no event"},
	{"conflict", "Two different records claim to be the same version of an event"},
	{"misfit", "A correction makes an event that is not right"},
	{"orphan", "A correction of an event that did not come"},
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

static int by_type(const void *a, const void *b)
{
	return ev_report_compare((*(const struct ev_report_cause *const *)a)->type,
				 (*(const struct ev_report_cause *const *)b)->type);
}

/* The types of a cause, each with its records where there are several. */
static void put_types(struct ev_buf *b, const struct ev_report_cause *const *sorted,
		      const struct group *g)
{
	const struct ev_report_cause **list = ev_malloc(g->n * sizeof(struct ev_report_cause *));
	size_t n = 0;

	memcpy(list, sorted + g->from, g->n * sizeof(struct ev_report_cause *));
	qsort(list, g->n, sizeof(struct ev_report_cause *), by_type);
	for (size_t i = 0; i < g->n; n++) {
		uint64_t records = 0;
		size_t from = i;

		for (; i < g->n && by_type(&list[from], &list[i]) == 0; i++)
			records += list[i]->records;
		if (n >= TYPES)
			continue;
		PUT(b, "{}{}", HTML(n > 0 ? ", " : ""),
		    DATA_OR(list[from]->type, 120, "not known"));
		if (i - from < g->n)
			PUT(b, " {}", COUNT(records));
	}
	if (n > TYPES)
		PUT(b, " and {} more", COUNT(n - TYPES));
	free(list);
}

/* Who must act; returns how many. */
static size_t owners_of(const struct ev_report_cause *const *sorted, const struct group *g,
			struct ev_report_text owners[OWNERS])
{
	size_t n = 0;

	for (size_t i = g->from; i < g->from + g->n && n < OWNERS; i++) {
		size_t k = 0;

		while (k < n && ev_report_compare(owners[k], sorted[i]->owner) != 0)
			k++;
		if (k == n && sorted[i]->owner.p != NULL && sorted[i]->result == g->latest->result)
			owners[n++] = sorted[i]->owner;
	}
	return n;
}

static bool put_group_amounts(struct ev_buf *b, const struct ev_report *r,
			      const struct ev_report_cause *const *sorted, const struct group *g)
{
	const struct ev_report_amounts **lists = ev_malloc(g->n * sizeof *lists);
	size_t from = b->len;

	for (size_t i = 0; i < g->n; i++)
		lists[i] = &sorted[g->from + i]->amounts;
	ev_report_put_amounts(b, r, lists, g->n);
	free(lists);
	return b->len > from;
}

static bool is_aside(const struct group *g)
{
	return ev_report_is(g->latest->severity, "critical");
}

static void put_size(struct ev_buf *b, const struct ev_report *r, const struct group *g)
{
	const struct ev_report_cause *c = g->latest;
	bool info = ev_report_is(c->severity, "info");
	uint64_t whole = is_aside(g) ? r->sum.rejected : r->sum.warning;

	PUT(b, "<p class=\"size\"><strong>{}</strong> ", PLURAL(g->records, "record"));
	if (c->stage.p != NULL) {
		PUT(b, "set aside by {}</p>", DATA(c->stage, 40));
		return;
	}
	if (!info)
		PUT(b, "{} of {}, ", SHARE(g->records, whole),
		    HTML(is_aside(g) ? "those set aside" : "all warnings"));
	PUT(b, "{} of all", SHARE(g->records, r->sum.in));
	if (r->n == 1 && !info)
		ev_report_meter(b, g->records, whole);
	ev_buf_puts(b, "</p>");
}

/* The terms of a card. */
static void put_terms(struct ev_buf *b, const struct ev_report *r,
		      const struct ev_report_cause *const *sorted, const struct group *g)
{
	const struct ev_report_cause *c = g->latest;
	struct ev_report_text owners[OWNERS];
	struct ev_buf amounts = {0};
	size_t n = owners_of(sorted, g, owners);

	ev_buf_puts(b, "<dl>");
	if (n > 0) {
		ev_buf_puts(b, "<div><dt>Who must act</dt><dd>");
		for (size_t i = 0; i < n; i++)
			PUT(b, "{}{}", HTML(i > 0 ? ", " : ""), DATA(owners[i], 120));
		ev_buf_puts(b, "</dd></div>");
	}
	if (put_group_amounts(&amounts, r, sorted, g))
		PUT(b, "<div><dt>Amount</dt><dd>{}</dd></div>", HTML(ev_buf_str(&amounts)));
	if (c->stage.p == NULL) {
		ev_buf_puts(b, "<div><dt>Type of event</dt><dd>");
		put_types(b, sorted, g);
		ev_buf_puts(b, "</dd></div>");
	}
	if (c->path.p != NULL) {
		ev_buf_puts(b, "<div><dt>Field</dt><dd>");
		put_path(b, r, c->path);
		ev_buf_puts(b, "</dd></div>");
	}
	if (c->rule.p != NULL && !ev_report_is(c->code, "schema"))
		put_term(b, "Rule", c->rule, "");
	put_moment(b, "First seen", g->first);
	put_moment(b, "Last seen", g->last);
	ev_buf_puts(b, "</dl>");
	ev_buf_free(&amounts);
}

static void put_card(struct ev_buf *b, struct ev_report *r,
		     const struct ev_report_cause *const *sorted, const struct group *g,
		     size_t anchor)
{
	const struct ev_report_cause *c = g->latest;
	struct ev_buf record = {0};
	bool say;

	ev_buf_printf(b, "<li class=\"cause\" id=\"cause-%zu\"><h3>", anchor);
	put_title(b, r, c);
	if (!is_aside(g))
		PUT(b, " <span class=\"severity\">passed, with {}</span>",
		    HTML(ev_report_is(c->severity, "info") ? "a remark" : "a warning"));
	ev_buf_puts(b, "</h3>");
	put_size(b, r, g);
	if (r->n > 1)
		put_trend(b, r, sorted, g);
	put_terms(b, r, sorted, g);
	PUT(b, "<details{}><summary>One such record</summary><p>",
	    HTML(anchor == 1 ? " open" : ""));
	ev_report_record(&record, r, c, &say);
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

/* The most frequent causes: who must act, what is wrong, how much it is. */
static void put_todo(struct ev_buf *todo, const struct ev_report *r,
		     const struct ev_report_cause *const *sorted, const struct group *groups,
		     size_t n)
{
	struct ev_report_text owners[OWNERS];
	struct ev_buf amounts = {0};

	/* Remarks, the last of all, ask nothing of anybody. */
	while (n > 0 && ev_report_is(groups[n - 1].latest->severity, "info"))
		n--;
	for (size_t i = 0; i < n && i < ITEMS; i++) {
		const struct group *g = &groups[i];

		ev_report_open_item(todo, owners, owners_of(sorted, g, owners), "cause", i + 1);
		put_title(todo, r, g->latest);
		PUT(todo, "</a> <span class=\"soft\">{} {}", PLURAL(g->records, "record"),
		    HTML(is_aside(g) ? "set aside" : "passed with a warning"));
		ev_buf_reset(&amounts);
		if (put_group_amounts(&amounts, r, sorted, g))
			PUT(todo, ": {}", HTML(ev_buf_str(&amounts)));
		ev_buf_puts(todo, "</span></li>\n");
	}
	if (n > ITEMS)
		PUT(todo, "<li><a href=\"#causes\">{} more</a></li>\n", PLURAL(n - ITEMS, "cause"));
	ev_buf_free(&amounts);
}

/*
 * A cause as one line of the list: records, type, field, what, last seen. Tabs and line ends in the
 * texts are escapes by then.
 */
static void put_line(struct ev_buf *b, const struct ev_report *r,
		     const struct ev_report_cause *const *sorted, const struct group *g)
{
	const struct ev_report_cause *c = g->latest;
	struct ev_report_text what = c->rule, type = c->type;
	struct ev_buf path = {0};

	for (size_t i = g->from; i < g->from + g->n; i++)
		if (ev_report_compare(sorted[i]->type, c->type) != 0)
			type = (struct ev_report_text){"several", 7};
	if (c->path.p != NULL && ev_report_reach_pointer(r, c->path) != REPORT_INSIDE)
		ev_report_pointer_text(&path, c->path);
	if (what.p == NULL)
		what = r->n_redact == 0	      ? c->sample.message
		       : c->keyword.p != NULL ? c->keyword
					      : c->code;
	PUT(b, "{}\t{}\t{}\t{}\t{}\n", COUNT(g->records), ESCAPED(type, LINE),
	    ESCAPED(((struct ev_report_text){path.p, path.len}), LINE), ESCAPED(what, LINE),
	    ESCAPED(g->last->time, 20));
	ev_buf_free(&path);
}

/* Those that have no card. */
static void put_rarer(struct ev_buf *b, const struct ev_report *r,
		      const struct ev_report_cause *const *sorted, const struct group *groups,
		      size_t n)
{
	PUT(b,
	    "<details id=\"more-causes\"><summary>The {} rarer causes as a plain list</summary>\n"
	    "<pre tabindex=\"0\" role=\"region\" aria-label=\"Rarer causes\">"
	    "records\ttype\tfield\twhat\tlast seen\n",
	    COUNT(n));
	for (size_t i = 0; i < n; i++)
		put_line(b, r, sorted, &groups[i]);
	ev_buf_puts(b, "</pre></details>\n");
}

static void put_cards(struct ev_buf *b, struct ev_report *r,
		      const struct ev_report_cause *const *sorted, const struct group *groups,
		      size_t n)
{
	size_t cards = n < CARDS ? n : CARDS;

	PUT(b, "<p>{}{}", PLURAL(n, "cause"),
	    HTML(n == 1 ? "."
			: ", the most frequent first. A record can have more than one cause, so "
			  "the shares may add up to more than 100%."));
	if (r->sum.left_out > 0)
		PUT(b, " The rarest causes are left out, {} in all.",
		    PLURAL(r->sum.left_out, "record"));
	ev_buf_puts(b, "</p>\n<div class=\"tools\" hidden><label>Search the causes "
		       "<input type=\"search\" id=\"causes-search\"></label>"
		       "<button type=\"button\" id=\"causes-open\">Show all records</button>"
		       "<p role=\"status\" id=\"causes-count\"></p></div>\n"
		       "<ol class=\"causes\">\n");
	for (size_t i = 0; i < cards; i++)
		put_card(b, r, sorted, &groups[i], i + 1);
	ev_buf_puts(b, "</ol>\n");
	if (n > cards)
		put_rarer(b, r, sorted, groups + cards, n - cards);
}

void ev_report_causes(struct ev_buf *b, struct ev_buf *todo, struct ev_report *r)
{
	const struct ev_report_cause **sorted;
	struct group *groups;
	size_t n = gather(r, &sorted, &groups);

	if (n > 0) {
		PUT(b,
		    "<section id=\"causes\" aria-labelledby=\"causes-h\">"
		    "<h2 id=\"causes-h\">Why records {}</h2>\n",
		    HTML(is_aside(&groups[0]) ? "were set aside" : "passed with a warning"));
		put_cards(b, r, sorted, groups, n);
		ev_buf_puts(b, "</section>\n");
		put_todo(todo, r, sorted, groups, n);
	}
	free(sorted);
	free(groups);
}

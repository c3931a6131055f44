/* The expectations of all results, by column, each as a sentence with what came of it. */
#include "report/internal.h"

#include <math.h>
#include <stdlib.h>

enum { EXAMPLES = 10, ITEMS = 5 };

/* An expectation in all results: n of the sorted pointers from `from` on, by result. */
struct thread {
	size_t from, n;
	const struct ev_report_check *latest;
	enum ev_report_subject subject;
	struct ev_report_text column;
	size_t section;
};

static int by_key(const void *a, const void *b)
{
	const struct ev_report_check *x = *(const struct ev_report_check *const *)a;
	const struct ev_report_check *y = *(const struct ev_report_check *const *)b;
	int order = ev_report_compare(x->key, y->key);

	if (order == 0)
		order = ORDER(x->twin, y->twin);
	return order != 0 ? order : ORDER(x->result, y->result);
}

static int by_subject(const struct thread *x, const struct thread *y)
{
	int order = ORDER(x->subject, y->subject);

	return order != 0 ? order : ev_report_compare(x->column, y->column);
}

/* The latest results first, and in the order of the suite. */
static int by_suite(const struct thread *x, const struct thread *y)
{
	int order = ORDER(y->latest->result, x->latest->result);

	return order != 0 ? order : ORDER(x->latest->order, y->latest->order);
}

static int by_subject_and_suite(const void *a, const void *b)
{
	int order = by_subject(a, b);

	return order != 0 ? order : by_suite(a, b);
}

static int rank(enum ev_report_verdict v)
{
	return v == REPORT_FAIL ? 0 : v == REPORT_UNSURE ? 1 : 2;
}

/* Sections with failures first, then as the suite has them; the same inside each. */
static int by_place(const void *a, const void *b)
{
	const struct thread *x = a, *y = b;
	int order = ORDER(x->section, y->section);

	if (order == 0)
		order = rank(x->latest->verdict) - rank(y->latest->verdict);
	return order != 0 ? order : by_suite(x, y);
}

struct section {
	size_t from, n;
	int rank;
	size_t first; /* the place in the suite of its first expectation */
};

static int by_rank(const void *a, const void *b)
{
	const struct section *x = a, *y = b;
	int order = x->rank - y->rank;

	if (order == 0)
		order = ORDER(x->first, y->first);
	return order != 0 ? order : ORDER(x->from, y->from);
}

/* Sorts the threads by the sections that they make. */
static void sort_threads(struct thread *threads, size_t n)
{
	struct section *sections = ev_calloc(n + 1, sizeof *sections), *s = sections;
	size_t n_sections = 0;

	qsort(threads, n, sizeof *threads, by_subject_and_suite);
	for (size_t i = 0; i < n; i++) {
		const struct thread *t = &threads[i];

		if (i == 0 || by_subject(t - 1, t) != 0) {
			s = &sections[n_sections++];
			*s = (struct section){i, 0, 2, t->latest->order};
		}
		s->n++;
		if (rank(t->latest->verdict) < s->rank)
			s->rank = rank(t->latest->verdict);
	}
	qsort(sections, n_sections, sizeof *sections, by_rank);
	for (size_t i = 0; i < n_sections; i++)
		for (size_t k = 0; k < sections[i].n; k++)
			threads[sections[i].from + k].section = i;
	qsort(threads, n, sizeof *threads, by_place);
	free(sections);
}

static size_t gather(struct ev_report *r, const struct ev_report_check ***sorted,
		     struct thread **threads)
{
	size_t total = 0, n = 0;
	struct thread *t;

	for (size_t i = 0; i < r->n; i++)
		total += r->results[i].n_checks;
	*sorted = ev_malloc((total + 1) * sizeof(struct ev_report_check *));
	t = *threads = ev_calloc(total + 1, sizeof(struct thread));
	total = 0;
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->results[i].n_checks; k++)
			(*sorted)[total++] = &r->results[i].checks[k];
	qsort(*sorted, total, sizeof(struct ev_report_check *), by_key);
	for (size_t i = 0; i < total; i++) {
		const struct ev_report_check *c = (*sorted)[i];

		if (n == 0 || t->latest->twin != c->twin ||
		    ev_report_compare(t->latest->key, c->key) != 0) {
			t = &(*threads)[n++];
			t->from = i;
		}
		t->n++;
		t->latest = c;
	}
	for (size_t i = 0; i < n; i++) {
		t = &(*threads)[i];
		t->subject = ev_report_subject(r, r->results[t->latest->result].doc, t->latest,
					       &t->column);
	}
	sort_threads(*threads, n);
	return n;
}

/* The array of that name, EV_NOWHERE if there is nothing in it. */
static uint32_t filled_list(const struct ev_doc *d, uint32_t object, const char *name)
{
	uint32_t list = ev_report_at(d, object, name);

	return list != EV_NOWHERE && ev_kind(d, list) == EV_ARRAY && d->nodes[list].count > 0
		       ? list
		       : EV_NOWHERE;
}

/* Whether the counts are of all that broke it: those of the first few are never shown. */
static bool are_all(const struct ev_doc *d, const struct ev_report_check *c, uint32_t counts)
{
	uint64_t sum = 0, all = 0, n;

	for (uint32_t i = ev_first(d, counts); i < ev_end(d, counts); i = ev_next(d, i))
		if (ev_report_found_count(d, i, "count", &n))
			sum += n;
	return ev_report_found_count(d, c->values, "unexpected_count", &all) && sum == all;
}

/* A value among others: a list is called one. */
static void put_example(struct ev_buf *b, const struct ev_doc *d, uint32_t value)
{
	if (value == EV_NOWHERE)
		ev_buf_puts(b, "null");
	else if (ev_kind(d, value) != EV_ARRAY)
		ev_report_value(b, d, value, EXAMPLES);
	else if (d->nodes[value].count == 0)
		ev_buf_puts(b, "an empty list");
	else
		PUT(b, "the list {}", DATA(ev_report_raw(d, value), 120));
}

/* Values that broke it, or those that were counted, each once. */
static void put_examples(struct ev_buf *b, const struct ev_report *r, const struct ev_doc *d,
			 const struct ev_report_check *c)
{
	uint32_t list = filled_list(d, c->values, "partial_unexpected_counts");
	bool counted = list != EV_NOWHERE, all = counted && are_all(d, c, list);
	size_t n = 0;

	if (!counted)
		list = filled_list(d, c->values, "partial_unexpected_list");
	if (list == EV_NOWHERE)
		return;
	ev_buf_puts(b, "<p class=\"examples\">Such as: ");
	if (!ev_report_may_show(r, d, c)) {
		ev_buf_puts(b, REPORT_REDACTED "</p>");
		return;
	}
	for (uint32_t i = ev_first(d, list); i < ev_end(d, list) && n < EXAMPLES;
	     i = ev_next(d, i), n++) {
		uint32_t value = counted ? ev_report_at(d, i, "value") : i;
		uint64_t often = 0;

		ev_buf_puts(b, n > 0 ? ", " : "");
		put_example(b, d, value);
		if (all && ev_report_found_count(d, i, "count", &often) && often > 1)
			PUT(b, " ({} times)", COUNT(often));
	}
	ev_buf_puts(b, "</p>");
}

static const char *const names[] = {"pass", "fail", "unsure"};

static void put_status(struct ev_buf *b, enum ev_report_verdict v)
{
	static const char *const words[] = {"Passed", "Failed", "Cannot tell"};
	static const char *const marks[] = {"\u2713", "\u2715", "?"};

	ev_buf_printf(b, "<span class=\"status %s\"><span aria-hidden=\"true\">%s</span> %s</span>",
		      names[v], marks[v], words[v]);
}

/* The observed value over the batches: drawn, and its lowest and highest in words. */
static void put_line(struct ev_buf *b, const struct ev_report *r,
		     const struct ev_report_check *const *sorted, const struct thread *t)
{
	const struct ev_report_check *c = t->latest, *lowest = NULL, *highest = NULL;
	const struct ev_doc *d = r->results[c->result].doc;
	bool rows = ev_report_at(d, c->values, "unexpected_count") != EV_NOWHERE;
	double *v = ev_malloc(r->n * sizeof *v), low = NAN, high = NAN;
	bool *bad = ev_calloc(r->n, sizeof *bad);
	size_t found = 0;

	for (size_t i = 0; i < r->n; i++)
		v[i] = NAN;
	for (size_t i = t->from; i < t->from + t->n; i++) {
		const struct ev_report_check *k = sorted[i];
		double *at = &v[k->result];

		bad[k->result] = k->verdict == REPORT_FAIL;
		if (!ev_report_found_number(r->results[k->result].doc, k, at))
			continue;
		found++;
		if (lowest == NULL || *at < v[lowest->result])
			lowest = k;
		if (highest == NULL || *at > v[highest->result])
			highest = k;
	}
	if (!rows) {
		ev_report_double(d, ev_report_at(d, c->kwargs, "min_value"), &low);
		ev_report_double(d, ev_report_at(d, c->kwargs, "max_value"), &high);
	}
	if (found > 1) {
		ev_report_line(b, v, bad, r->n, low, high, rows);
		PUT(b, "<p>{}, by batch: from ", HTML(rows ? "Did not keep to it" : "Found"));
		ev_report_found_words(b, r->results[lowest->result].doc, lowest);
		ev_buf_puts(b, " to ");
		ev_report_found_words(b, r->results[highest->result].doc, highest);
		ev_buf_puts(b, ".</p>");
	}
	free(v);
	free(bad);
}

static void put_trend(struct ev_buf *b, const struct ev_report *r,
		      const struct ev_report_check *const *sorted, const struct thread *t)
{
	const struct ev_report_check *c = t->latest;
	size_t failed = 0;

	for (size_t i = t->from; i < t->from + t->n; i++)
		failed += sorted[i]->verdict == REPORT_FAIL;
	ev_buf_puts(b, "<div class=\"trend\">");
	if (ev_report_may_show(r, r->results[c->result].doc, c))
		put_line(b, r, sorted, t);
	if (failed == 0)
		ev_buf_puts(b, "<p>Failed in none");
	else
		PUT(b, "<p>Failed in {}", COUNT(failed));
	PUT(b, " of {} batch{}", COUNT(t->n), HTML(t->n == 1 ? "" : "es"));
	if (c->result != r->n - 1)
		PUT(b, ", the last one {}", DATA(r->results[c->result].batch, 80));
	ev_buf_puts(b, ".</p></div>");
}

static void put_check(struct ev_buf *b, const struct ev_report *r,
		      const struct ev_report_check *const *sorted, const struct thread *t)
{
	const struct ev_report_check *c = t->latest;
	const struct ev_doc *d = r->results[c->result].doc;

	ev_buf_printf(b, "<li class=\"check\" id=\"check-%zu\" data-verdict=\"%s\">", c->anchor,
		      names[c->verdict]);
	put_status(b, c->verdict);
	ev_buf_puts(b, "<div><p class=\"says\">");
	ev_report_says(b, d, c);
	if (c->severity.p != NULL && !ev_report_is(c->severity, "critical"))
		PUT(b, " <span class=\"severity\">{}</span>", DATA(c->severity, 20));
	ev_buf_puts(b, "</p><p class=\"found\">");
	ev_report_found(b, r, d, c);
	ev_buf_puts(b, "</p>");
	if (c->verdict == REPORT_FAIL)
		put_examples(b, r, d, c);
	if (c->owner.p != NULL && c->verdict != REPORT_PASS)
		PUT(b, "<p class=\"owner\">Who must act: {}</p>", DATA(c->owner, 120));
	if (c->counts != EV_NOWHERE && ev_report_may_show(r, d, c))
		ev_report_histogram(b, d, c);
	if (r->n > 1)
		put_trend(b, r, sorted, t);
	ev_buf_puts(b, "</div></li>\n");
}

static void put_heading(struct ev_buf *b, const struct thread *t, const size_t *n)
{
	ev_buf_puts(b, "<section class=\"column\"><h3>");
	if (t->subject == REPORT_COLUMN)
		ev_report_code(b, t->column, 200);
	else
		ev_buf_puts(b, t->subject == REPORT_TABLE ? "The batch as a whole"
							  : "Several fields together");
	PUT(b, "</h3><p class=\"soft\">{}",
	    PLURAL(n[REPORT_PASS] + n[REPORT_FAIL] + n[REPORT_UNSURE], "expectation"));
	if (n[REPORT_FAIL] > 0)
		PUT(b, ", {} failed", COUNT(n[REPORT_FAIL]));
	if (n[REPORT_UNSURE] > 0)
		PUT(b, ", {} cannot be told", COUNT(n[REPORT_UNSURE]));
	ev_buf_puts(b, "</p>\n<ul class=\"checks\">\n");
}

static void put_filter(struct ev_buf *b, const char *value, const char *label, size_t n)
{
	PUT(b,
	    "<label><input type=\"radio\" name=\"verdict\" value=\"{}\"{}>{} <span>{}</span>"
	    "</label>",
	    HTML(value), HTML(value[0] == 'a' ? " checked" : ""), HTML(label), COUNT(n));
}

/* How many passed, and the tools that choose among them. */
static void put_overview(struct ev_buf *b, const struct ev_report *r, size_t n,
			 const size_t *counts)
{
	if (n == 0) {
		ev_buf_puts(b, "<p>The model expects nothing of the batch as a whole.</p>");
		return;
	}
	PUT(b, "<p>{} of {} passed.", COUNT(counts[REPORT_PASS]), PLURAL(n, "expectation"));
	if (counts[REPORT_UNSURE] > 0)
		ev_buf_puts(b,
			    " <em>Cannot tell</em>: the value is known only about, and the limit "
			    "lies where it may be.");
	if (r->n > 1)
		ev_buf_puts(b, " Each is shown as it stood in the latest batch that has it.");
	ev_buf_puts(b, "</p>\n<div class=\"tools\" hidden><fieldset>"
		       "<legend>Show expectations</legend>");
	put_filter(b, "all", "All", n);
	put_filter(b, "fail", "Failed", counts[REPORT_FAIL]);
	put_filter(b, "unsure", "Cannot tell", counts[REPORT_UNSURE]);
	ev_buf_puts(b, "</fieldset><label>Search the expectations "
		       "<input type=\"search\" id=\"checks-search\"></label>"
		       "<p role=\"status\" id=\"checks-count\"></p></div>\n");
}

/* Those that kept the latest batch from being approved, then those that did not. */
static void put_todo(struct ev_buf *todo, const struct ev_report *r, const struct thread *threads,
		     size_t n)
{
	size_t left = 0, shown = 0;

	for (int critical = 1; critical >= 0; critical--)
		for (size_t i = 0; i < n; i++) {
			const struct ev_report_check *c = threads[i].latest;

			if (c->verdict == REPORT_PASS || c->result != r->n - 1 ||
			    ev_report_is(c->severity, "info") ||
			    ev_report_is(c->severity, "warning") == (critical == 1))
				continue;
			if (shown++ >= ITEMS) {
				left++;
				continue;
			}
			ev_report_open_item(todo, &c->owner, 1, "check", c->anchor);
			ev_report_says(todo, r->results[c->result].doc, c);
			PUT(todo, "</a> <span class=\"soft\">{}</span></li>\n",
			    HTML(c->verdict == REPORT_UNSURE ? "cannot be told"
				 : critical == 1	     ? "failed"
							     : "failed, a warning"));
		}
	if (left > 0)
		PUT(todo, "<li><a href=\"#checks\">{} more</a></li>\n",
		    PLURAL(left, "expectation"));
}

void ev_report_checks(struct ev_buf *b, struct ev_buf *todo, struct ev_report *r)
{
	const struct ev_report_check **sorted;
	struct thread *threads;
	size_t n = gather(r, &sorted, &threads), counts[3] = {0};

	ev_buf_puts(b, "<section id=\"checks\" aria-labelledby=\"checks-h\">"
		       "<h2 id=\"checks-h\">What was expected of the whole</h2>\n");
	for (size_t i = 0; i < n; i++) {
		const struct ev_report_check *c = threads[i].latest;

		counts[c->verdict]++;
		r->results[c->result].checks[c->order].anchor = i + 1;
	}
	put_todo(todo, r, threads, n);
	put_overview(b, r, n, counts);
	for (size_t i = 0; i < n;) {
		size_t next = i, of[3] = {0};

		for (; next < n && threads[next].section == threads[i].section; next++)
			of[threads[next].latest->verdict]++;
		put_heading(b, &threads[i], of);
		for (; i < next; i++)
			put_check(b, r, sorted, &threads[i]);
		ev_buf_puts(b, "</ul></section>\n");
	}
	ev_buf_puts(b, "</section>\n");
	free(sorted);
	free(threads);
}

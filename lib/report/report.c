/* The page: its head, what the whole came to, time and types, the batches, and its foot. */
#include "report/internal.h"

#include "base/hash.h"
#include "scan/form.h"

#include <stdlib.h>

struct ev_report *ev_report_new(const char *title)
{
	struct ev_report *r = ev_calloc(1, sizeof *r);

	r->title = title;
	r->scan = ev_scan_new();
	return r;
}

void ev_report_free(struct ev_report **report)
{
	struct ev_report *r = *report;

	if (r == NULL)
		return;
	for (size_t i = 0; i < r->n; i++) {
		ev_scan_free(&r->results[i].scan);
		free(r->results[i].text);
	}
	free(r->results);
	for (size_t i = 0; i < r->n_sheets; i++) {
		ev_scan_free(&r->sheets[i].scan);
		free(r->sheets[i].text);
	}
	free(r->sheets);
	for (size_t i = 0; i < r->n_redact; i++)
		ev_path_free(&r->redact[i]);
	ev_scan_free(&r->scan);
	ev_arena_free(&r->arena);
	free(r);
	*report = NULL;
}

enum ev_status ev_report_redact(struct ev_report *r, const char *path, struct ev_error *err)
{
	struct ev_buf dotted = {0};
	struct ev_error why;
	struct ev_path *p;

	if (r->n_redact == EV_REPORT_REDACTIONS)
		return ev_fail(err, "at most %d paths can be redacted", EV_REPORT_REDACTIONS);
	if (path[0] != '.')
		ev_buf_putc(&dotted, '.');
	ev_buf_puts(&dotted, path);
	p = ev_path_parse(ev_buf_str(&dotted), &why);
	ev_buf_free(&dotted);
	if (p == NULL)
		return ev_fail(err, "'%s' is no path: %s", path, why.text);
	r->redact[r->n_redact++] = p;
	return EV_OK;
}

static enum ev_status no_json(const char *file, const char *text, size_t len,
			      const struct ev_flaw *flaw, const char *what, struct ev_error *err)
{
	size_t line, column;

	ev_report_place(text, flaw->at < len ? flaw->at : len, &line, &column);
	return ev_fail(err, "%s:%zu:%zu: is no JSON: %s: give %s", file, line, column, flaw->what,
		       what);
}

enum ev_status ev_report_add(struct ev_report *r, const char *file, char *text, size_t len,
			     struct ev_error *err)
{
	struct ev_report_result *res;
	struct ev_flaw flaw;

	if (r->n == EV_REPORT_RESULTS) {
		free(text);
		return ev_fail(err, "%s: a report takes at most %d results", file,
			       EV_REPORT_RESULTS);
	}
	ev_grow(&r->results, &r->cap, r->n + 1, sizeof *r->results);
	res = &r->results[r->n++];
	*res = (struct ev_report_result){.text = text, .scan = ev_scan_new()};
	res->doc = ev_scan(res->scan, text, len, &flaw);
	return res->doc != NULL
		       ? ev_report_read(r, file, err)
		       : no_json(file, text, len, &flaw, "a result that evvalidate wrote", err);
}

enum ev_status ev_report_balance(struct ev_report *r, const char *file, char *text, size_t len,
				 struct ev_error *err)
{
	struct ev_report_sheet *sheet;
	const struct ev_doc *d;
	struct ev_flaw flaw;

	ev_grow(&r->sheets, &r->sheets_cap, r->n_sheets + 1, sizeof *r->sheets);
	sheet = &r->sheets[r->n_sheets++];
	*sheet = (struct ev_report_sheet){text, ev_scan_new()};
	d = ev_scan(sheet->scan, text, len, &flaw);
	return d != NULL ? ev_report_read_balance(r, file, d, err)
			 : no_json(file, text, len, &flaw, "a file that --stats FILE wrote", err);
}

/*
 * By the last event, for late ones come in any batch; then by name, then by content, so that the
 * order of the arguments does not matter.
 */
static int by_time(const void *a, const void *b)
{
	const struct ev_report_result *x = a, *y = b;
	struct ev_report_moment s = {.time = x->last}, t = {.time = y->last};
	int order = ev_report_compare_moments(&s, &t);

	if (order == 0)
		order = ev_report_compare(x->batch, y->batch);
	return order != 0 ? order
			  : ev_report_compare((struct ev_report_text){x->text, x->doc->len},
					      (struct ev_report_text){y->text, y->doc->len});
}

static int by_name(const void *a, const void *b)
{
	return ev_report_compare(((const struct ev_report_tally *)a)->name,
				 ((const struct ev_report_tally *)b)->name);
}

static int by_number(const void *a, const void *b)
{
	const struct ev_report_tally *x = a, *y = b;
	int order = ORDER(y->rejected, x->rejected);

	if (order == 0)
		order = ORDER(y->in, x->in);
	return order != 0 ? order : by_name(a, b);
}

/* The types of all results, each once. */
static void add_types(struct ev_report *r)
{
	struct ev_report_result *s = &r->sum;
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->results[i].n_types;
	s->types = ev_arena_zalloc(&r->arena, (n + 1) * sizeof *s->types);
	n = 0;
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->results[i].n_types; k++)
			s->types[n++] = r->results[i].types[k];
	qsort(s->types, n, sizeof *s->types, by_name);
	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && by_name(&s->types[kept - 1], &s->types[i]) == 0) {
			s->types[kept - 1].in += s->types[i].in;
			s->types[kept - 1].rejected += s->types[i].rejected;
		} else {
			s->types[kept++] = s->types[i];
		}
	}
	qsort(s->types, kept, sizeof *s->types, by_number);
	s->n_types = kept;
}

/* Moves the span's ends, p NULL while there is none, to those of a result. */
static void widen(struct ev_report_result *s, const struct ev_report_result *res)
{
	struct ev_report_moment first = {.time = res->first}, earliest = {.time = s->first};
	struct ev_report_moment last = {.time = res->last}, latest = {.time = s->last};

	if (res->first.p != NULL &&
	    (s->first.p == NULL || ev_report_compare_moments(&first, &earliest) < 0))
		s->first = res->first;
	if (res->last.p != NULL &&
	    (s->last.p == NULL || ev_report_compare_moments(&last, &latest) > 0))
		s->last = res->last;
}

static void add_up(struct ev_report *r)
{
	struct ev_report_result *s = &r->sum;

	qsort(r->results, r->n, sizeof *r->results, by_time);
	*s = (struct ev_report_result){.model = r->results[r->n - 1].model,
				       .batch = r->results[r->n - 1].batch};
	for (size_t i = 0; i < r->n; i++) {
		const struct ev_report_result *res = &r->results[i];

		for (size_t k = 0; k < res->n_causes; k++)
			res->causes[k].result = i;
		for (size_t k = 0; k < res->n_checks; k++)
			res->checks[k].result = i;
		s->in += res->in;
		s->out += res->out;
		s->rejected += res->rejected;
		s->warning += res->warning;
		s->blank += res->blank;
		s->dropped += res->dropped;
		s->left_out += res->left_out;
		widen(s, res);
	}
	add_types(r);
}

/* The source of a Content Security Policy that allows this text alone. */
static void put_hash(struct ev_buf *b, const char *text)
{
	uint8_t digest[EV_SHA256];

	ev_sha256(text, strlen(text), digest);
	ev_buf_puts(b, "'sha256-");
	ev_base64(digest, sizeof digest, b);
	ev_buf_putc(b, '\'');
}

static void put_name(struct ev_buf *b, const struct ev_report *r)
{
	const struct ev_report_result *s = &r->sum;

	if (r->title != NULL) {
		ev_report_escape(b, r->title, strlen(r->title), 200);
		return;
	}
	ev_buf_puts(b, "Data quality");
	if (s->model.p != NULL)
		PUT(b, " \u00b7 {}", ESCAPED(s->model, 80));
	if (r->n > 1)
		PUT(b, " \u00b7 {} batches", COUNT(r->n));
	else if (s->batch.p != NULL)
		PUT(b, " \u00b7 {}", ESCAPED(s->batch, 80));
}

static void put_head(struct ev_buf *b, const struct ev_report *r, bool balances, bool causes)
{
	ev_buf_puts(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		       "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		       "style-src ");
	put_hash(b, ev_report_css);
	ev_buf_puts(b, "; script-src ");
	put_hash(b, ev_report_js);
	ev_buf_puts(b, "; base-uri 'none'; form-action 'none'\">\n"
		       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		       "<meta name=\"color-scheme\" content=\"light dark\">\n"
		       "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
	put_name(b, r);
	PUT(b,
	    "</title>\n<style>{}</style>\n</head>\n<body>\n"
	    "<a class=\"skip\" href=\"#main\">Skip to the content</a>\n<header><p><bdi>",
	    HTML(ev_report_css));
	put_name(b, r);
	PUT(b,
	    "</bdi></p><nav aria-label=\"Parts of the report\">{}"
	    "{}<a href=\"#checks\">Expectations</a> {}"
	    "<a href=\"#about\">Words used</a></nav></header>\n"
	    "<main id=\"main\" tabindex=\"-1\">\n",
	    HTML(r->n > 1 ? "<a href=\"#batches\">Batches</a> " : ""),
	    HTML(causes ? "<a href=\"#causes\">Causes</a> " : ""),
	    HTML(balances ? "<a href=\"#balance\">Balance</a> " : ""));
}

/*
 * The height of each bar: a place for each unit of time, also where nothing happened, if all
 * buckets have times that go up; else one for each bucket. v has room for REPORT_BUCKETS. Returns
 * how many.
 */
static size_t timeline_bars(const struct ev_report_result *res, enum ev_report_unit unit, double *v)
{
	int64_t first = 0, last = 0, n = 0;
	bool timed = true;

	for (size_t i = 0; i < res->n_buckets && timed; i++) {
		timed = ev_report_bucket_number(res->buckets[i].name, unit, &n);
		first = i == 0 ? n : first;
		timed = timed && (i == 0 || n > last) && n - first < REPORT_BUCKETS;
		last = n;
	}
	memset(v, 0, REPORT_BUCKETS * sizeof *v);
	for (size_t i = 0; i < res->n_buckets; i++) {
		n = (int64_t)i;
		if (timed && ev_report_bucket_number(res->buckets[i].name, unit, &n))
			n -= first;
		v[n] += (double)res->buckets[i].rejected;
	}
	return timed ? (size_t)(last - first + 1) : res->n_buckets;
}

/* When records were set aside: the bars, and the same as a table. */
static void put_timeline(struct ev_buf *b, const struct ev_report_result *res)
{
	enum ev_report_unit unit = ev_report_unit(res->unit);
	const struct ev_report_tally *most = res->buckets;
	double v[REPORT_BUCKETS];

	for (size_t i = 0; i < res->n_buckets; i++)
		if (res->buckets[i].rejected > most->rejected)
			most = &res->buckets[i];
	if (res->n_buckets < 2 || most->rejected == 0)
		return;
	PUT(b,
	    "<figure class=\"timeline\"><figcaption>Set aside by {}. The most: "
	    "<strong>{}</strong>, on {} ({} of the events then).</figcaption>",
	    ESCAPED(res->unit, REPORT_ALL), COUNT(most->rejected), BUCKET(most->name, unit),
	    SHARE(most->rejected, most->in));
	ev_report_bars(b, v, timeline_bars(res, unit, v), NULL, "bars");
	PUT(b,
	    "<p class=\"axis\" aria-hidden=\"true\"><span>{}</span><span>{}</span></p>"
	    "<details><summary>The same in figures</summary><table>"
	    "<caption>Events and those set aside, by time (UTC)</caption>"
	    "<thead><tr><th scope=\"col\">From</th><th scope=\"col\">Events</th>"
	    "<th scope=\"col\">Set aside</th><th scope=\"col\">Share</th></tr></thead><tbody>\n",
	    BUCKET(res->buckets[0].name, unit),
	    BUCKET(res->buckets[res->n_buckets - 1].name, unit));
	for (size_t i = 0; i < res->n_buckets; i++) {
		const struct ev_report_tally *t = &res->buckets[i];

		PUT(b, "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>\n",
		    BUCKET(t->name, unit), COUNT(t->in), COUNT(t->rejected),
		    SHARE(t->rejected, t->in));
	}
	ev_buf_puts(b, "</tbody></table></details></figure>\n");
}

static const char *load_of(const struct ev_report_result *res)
{
	return res->load == REPORT_LOADED    ? "loaded"
	       : res->load == REPORT_REFUSED ? "refused by evload"
	       : res->approved		     ? "approved"
					     : "not approved";
}

static void put_batch(struct ev_buf *b, const struct ev_report_result *res)
{
	PUT(b,
	    "<tr><th scope=\"row\">{}</th><td><strong class=\"{}\">{}</strong></td><td>{}</td>"
	    "<td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
	    DATA_OR(res->batch, 80, "without a name"), HTML(res->approved ? "good" : "bad"),
	    HTML(load_of(res)), COUNT(res->in), SHARE(res->out, res->in), COUNT(res->rejected),
	    COUNT(res->warning), COUNT(ev_report_count_failed(res)));
}

static void put_batches(struct ev_buf *b, const struct ev_report *r)
{
	double *v = ev_malloc(r->n * sizeof *v);
	bool *refused = ev_malloc(r->n * sizeof *refused);

	ev_buf_puts(b, "<section id=\"batches\" aria-labelledby=\"batches-h\">"
		       "<h2 id=\"batches-h\">Batch by batch</h2>\n<figure class=\"timeline\">"
		       "<figcaption>Share of the events that were set aside, by batch. Red: the "
		       "load was not approved.</figcaption>");
	for (size_t i = 0; i < r->n; i++) {
		const struct ev_report_result *res = &r->results[i];

		v[i] = res->in > 0 ? (double)res->rejected / (double)res->in : 0;
		refused[i] = !res->approved;
	}
	ev_report_bars(b, v, r->n, refused, "bars batches");
	PUT(b,
	    "<p class=\"axis\" aria-hidden=\"true\"><span>{}</span><span>{}</span></p></figure>\n"
	    "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Batches\"><table>"
	    "<caption>The batches, the latest first</caption><thead><tr>"
	    "<th scope=\"col\">Batch</th><th scope=\"col\">Load</th><th scope=\"col\">Events</th>"
	    "<th scope=\"col\">Passed</th>"
	    "<th scope=\"col\">Set aside</th><th scope=\"col\">Warnings</th>"
	    "<th scope=\"col\">Failed expectations</th></tr></thead><tbody>\n",
	    ESCAPED(r->results[0].batch, 40), ESCAPED(r->results[r->n - 1].batch, 40));
	for (size_t i = r->n; i-- > 0;)
		put_batch(b, &r->results[i]);
	ev_buf_puts(b, "</tbody></table></div></section>\n");
	free(v);
	free(refused);
}

static void put_type(struct ev_buf *b, const struct ev_report_tally *t, uint64_t rejected)
{
	PUT(b, "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td class=\"drawn\">",
	    DATA_OR(t->name, 80, "other, or not known"), COUNT(t->in), COUNT(t->rejected),
	    SHARE(t->rejected, t->in));
	ev_report_meter(b, t->rejected, rejected);
	PUT(b, "<span>{}</span></td></tr>\n", SHARE(t->rejected, rejected));
}

static void put_types(struct ev_buf *b, const struct ev_report_result *s)
{
	uint64_t rest = 0;
	size_t n = 0;

	if (s->n_types == 0 || s->rejected == 0)
		return;
	ev_buf_puts(b, "<div class=\"wide\" tabindex=\"0\" role=\"region\" "
		       "aria-label=\"Types of events\"><table class=\"types\">"
		       "<caption>Set aside, by type of event</caption><thead><tr>"
		       "<th scope=\"col\">Type</th><th scope=\"col\">Events</th>"
		       "<th scope=\"col\">Set aside</th><th scope=\"col\">Share of the type</th>"
		       "<th scope=\"col\">Share of all set aside</th></tr></thead><tbody>\n");
	while (n < s->n_types && s->types[n].rejected > 0)
		put_type(b, &s->types[n++], s->rejected);
	for (size_t i = n; i < s->n_types; i++)
		rest += s->types[i].in;
	if (n < s->n_types)
		PUT(b,
		    "<tr><th scope=\"row\">{} without any</th><td>{}</td>"
		    "<td>0</td><td>0%</td><td>0%</td></tr>\n",
		    PLURAL(s->n_types - n, "type"), COUNT(rest));
	ev_buf_puts(b, "</tbody></table></div>\n");
}

static void put_foot(struct ev_buf *b, const struct ev_report *r)
{
	ev_buf_puts(
		b,
		"<section id=\"about\" aria-labelledby=\"about-h\"><h2 id=\"about-h\">Words used"
		"</h2>\n<dl class=\"words\">"
		"<dt>Set aside</dt><dd>The record did not keep to what was agreed. It stands whole "
		"in the rejects file and can be mended and sent again; nothing is lost.</dd>"
		"<dt>Approved</dt><dd>The batch as a whole was good enough to load.</dd>"
		"<dt>Expectation</dt><dd>Something that must hold for a batch as a whole, such as "
		"the number of its events or the range of a value.</dd>"
		"<dt>Cannot tell</dt><dd>The value is known only about, and the limit lies inside "
		"the range in which it may be. It is neither passed nor failed.</dd>"
		"<dt>~</dt><dd>About: counted in a way that needs little memory, with a small "
		"error that is stated beside it.</dd>");
	if (r->n_redact > 0) {
		ev_buf_puts(b,
			    "<dt>" REPORT_REDACTED "</dt><dd>Left out because it may be personal "
			    "data. Redacted are:");
		for (size_t i = 0; i < r->n_redact; i++) {
			const char *text = r->redact[i]->text;

			PUT(b, "{} {}", HTML(i > 0 ? "," : ""),
			    CODE(((struct ev_report_text){text, strlen(text)}), 200));
		}
		ev_buf_puts(b, ".</dd>");
	}
	PUT(b,
	    "</dl></section>\n</main>\n<footer><p>Made by evreport from {} of evvalidate. "
	    "Times are in UTC. This page needs no network.</p></footer>\n"
	    "<script>{}</script>\n</body>\n</html>\n",
	    PLURAL(r->n, "result"), HTML(ev_report_js));
}

enum ev_status ev_report_write(struct ev_report *r, struct ev_out *out, struct ev_error *err)
{
	struct ev_buf b = {0}, todo = {0}, balances = {0}, causes = {0}, checks = {0};
	enum ev_status st;

	add_up(r);
	/* The summary stands before what it links to. */
	ev_report_checks(&checks, &todo, r);
	ev_report_causes(&causes, &todo, r);
	ev_report_balances(&balances, r);
	put_head(&b, r, balances.len > 0, causes.len > 0);
	ev_report_summary(&b, &todo, r);
	if (r->n == 1)
		put_timeline(&b, &r->results[0]);
	put_types(&b, &r->sum);
	ev_buf_puts(&b, "</section>\n");
	if (r->n > 1)
		put_batches(&b, r);
	ev_buf_put(&b, causes.p, causes.len);
	ev_buf_put(&b, checks.p, checks.len);
	ev_buf_put(&b, balances.p, balances.len);
	put_foot(&b, r);
	st = ev_out_status(out, ev_out_put(out, b.p, b.len), err);
	ev_buf_free(&b);
	ev_buf_free(&todo);
	ev_buf_free(&balances);
	ev_buf_free(&causes);
	ev_buf_free(&checks);
	return st;
}

/* The summary: was it loaded, why not, what is lost, who must do what. */
#include "report/internal.h"

#include <stdlib.h>

enum { REASONS = 3, REFUSED = 5 };

/* Which loads were approved, as the end of the sentence. */
static void put_approval(struct ev_buf *b, const struct ev_report *r)
{
	size_t approved = 0;

	for (size_t i = 0; i < r->n; i++)
		approved += r->results[i].approved;
	if (r->n == 1)
		PUT(b, "the load was <strong class=\"{}\">{}</strong>.",
		    HTML(approved ? "good" : "bad"), HTML(approved ? "approved" : "not approved"));
	else if (approved == r->n)
		PUT(b, "<strong class=\"good\">all {} loads</strong> were approved.", COUNT(r->n));
	else
		PUT(b, "<strong class=\"bad\">{} of {} loads</strong> were approved.",
		    COUNT(approved), COUNT(r->n));
}

/* The sentence that a shop manager reads first. */
static void put_sentence(struct ev_buf *b, const struct ev_report *r)
{
	const struct ev_report_result *s = &r->sum;

	ev_buf_puts(b, "<h1>");
	if (s->in == 0)
		ev_buf_puts(b, "No events came in");
	else
		PUT(b, "{} of {} event{} passed", SHARE(s->out, s->in), ROUND(s->in),
		    HTML(s->in == 1 ? "" : "s"));
	PUT(b, "; {} {} set aside; ", ROUND(s->rejected), HTML(s->rejected == 1 ? "was" : "were"));
	put_approval(b, r);
	ev_buf_puts(b, "</h1>\n");
}

uint64_t ev_report_count_failed(const struct ev_report_result *res)
{
	uint64_t failed = 0;

	for (size_t i = 0; i < res->n_checks; i++)
		failed += res->checks[i].verdict == REPORT_FAIL;
	return failed;
}

static void put_span(struct ev_buf *b, const struct ev_report *r)
{
	const struct ev_report_result *s = &r->sum;
	uint64_t failed = ev_report_count_failed(&r->results[0]);

	ev_buf_puts(b, "<p class=\"lead\">");
	if (r->n > 1)
		PUT(b, "{} batches", COUNT(r->n));
	else
		PUT(b, "Batch {}", DATA_OR(s->batch, 120, "without a name"));
	if (s->first.p != NULL && s->last.p != NULL)
		PUT(b, ", events from {} to {} (UTC)", TIME(s->first), TIME(s->last));
	ev_buf_puts(b, ".");
	if (r->n == 1 && failed > 0)
		PUT(b, " {} of {} of the whole failed.", COUNT(failed),
		    PLURAL(r->results[0].n_checks, "expectation"));
	if (s->blank > 0 || s->dropped > 0)
		ev_buf_puts(b, " Not counted: ");
	if (s->dropped > 0)
		PUT(b, "{} of types that are left out{}", PLURAL(s->dropped, "event"),
		    HTML(s->blank > 0 ? ", " : "."));
	if (s->blank > 0)
		PUT(b, "{}.", PLURAL(s->blank, "blank line"));
	ev_buf_puts(b, "</p>\n");
}

/* Expectations that kept a batch from being approved. */
static size_t put_failed(struct ev_buf *b, const struct ev_report *r,
			 const struct ev_report_result *res, size_t n)
{
	size_t more = 0, from = n;

	for (size_t i = 0; i < res->n_checks; i++) {
		const struct ev_report_check *c = &res->checks[i];

		if (c->verdict == REPORT_PASS ||
		    (c->severity.p != NULL && !ev_report_is(c->severity, "critical")))
			continue;
		if (n++ - from >= REASONS) {
			more++;
			continue;
		}
		ev_buf_puts(b, c->verdict == REPORT_FAIL ? " " : " It cannot be told whether: ");
		if (c->anchor > 0)
			ev_buf_printf(b, "<a href=\"#check-%zu\">", c->anchor);
		ev_report_says(b, res->doc, c);
		ev_buf_puts(b, c->anchor > 0 ? "</a> " : " ");
		ev_report_found(b, r, res->doc, c);
	}
	if (more > 0)
		PUT(b, " And {} more failed.", PLURAL(more, "expectation"));
	return n;
}

/* Why a batch was not approved. */
static void put_reasons(struct ev_buf *b, const struct ev_report *r,
			const struct ev_report_result *res)
{
	size_t n = 0;

	if (res->out == 0 && res->rejected > 0) {
		ev_buf_puts(b, " <a href=\"#causes\">Nothing passed.</a>");
		n++;
	} else if (res->too_many) {
		PUT(b, " <a href=\"#causes\">Too many were set aside</a>: {} of {} ({})",
		    COUNT(res->rejected), COUNT(res->in), SHARE(res->rejected, res->in));
		if (res->max_rejects.p != NULL)
			PUT(b, ", and at most {} may be", DATA(res->max_rejects, 30));
		ev_buf_putc(b, '.');
		n++;
	}
	if (put_failed(b, r, res, n) == 0)
		ev_buf_puts(b, " The result does not say why.");
}

/* How many rows evload has taken. */
static uint64_t rows_of(const struct ev_report_result *res)
{
	uint64_t rows = 0;

	for (size_t i = 0; i < res->n_stages; i++)
		if (ev_report_is(res->stages[i].program, "evload"))
			rows = ev_report_stage_count(&res->stages[i], "row");
	return rows;
}

/* What happened to the warehouse, where that is known. */
static void put_load(struct ev_buf *b, const struct ev_report_result *res)
{
	if (res->load == REPORT_LOADED)
		PUT(b, " evload has taken it: {}.", PLURAL(rows_of(res), "row"));
	else if (res->load == REPORT_REFUSED)
		ev_buf_puts(b, " evload has refused it.");
	else if (!res->approved && res->sealed)
		ev_buf_puts(b, " Nothing of it is loaded: its chain is sealed, and evload takes "
			       "no batch that is not approved.");
	else
		ev_buf_puts(b, " Whether it was loaded is not known to this page.");
}

/* The same of several batches; what is not approved has said so. */
static void put_loads(struct ev_buf *b, const struct ev_report *r)
{
	uint64_t loaded = 0, rows = 0, unknown = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct ev_report_result *res = &r->results[i];

		loaded += res->load == REPORT_LOADED;
		rows += res->load == REPORT_LOADED ? rows_of(res) : 0;
		unknown += res->load == REPORT_UNKNOWN && res->approved;
	}
	ev_buf_puts(b, "<p class=\"why\">");
	if (loaded == r->n)
		PUT(b, "evload has taken all {}: {}.", COUNT(loaded), PLURAL(rows, "row"));
	else if (loaded > 0)
		PUT(b, "evload has taken {} of {}: {}.", COUNT(loaded), COUNT(r->n),
		    PLURAL(rows, "row"));
	if (unknown > 0)
		PUT(b, " Whether {} that {} approved {} loaded is not known to this page.",
		    COUNT(unknown), HTML(unknown == 1 ? "was" : "were"),
		    HTML(unknown == 1 ? "was" : "were"));
	ev_buf_puts(b, "</p>\n");
}

static void put_why(struct ev_buf *b, const struct ev_report *r)
{
	size_t refused = 0;

	if (r->n == 1) {
		ev_buf_puts(b, "<p class=\"why\">");
		if (!r->results[0].approved) {
			ev_buf_puts(b, "<strong>Why not:</strong>");
			put_reasons(b, r, &r->results[0]);
		}
		put_load(b, &r->results[0]);
		ev_buf_puts(b, "</p>\n");
		return;
	}
	for (size_t i = r->n; i-- > 0;) {
		const struct ev_report_result *res = &r->results[i];

		if (res->approved || refused++ >= REFUSED)
			continue;
		PUT(b, "<p class=\"why\"><strong>Why not {}:</strong>",
		    DATA_OR(res->batch, 80, "the one without a name"));
		put_reasons(b, r, res);
		put_load(b, res);
		ev_buf_puts(b, "</p>\n");
	}
	if (refused > REFUSED)
		PUT(b, "<p class=\"why\"><a href=\"#batches\">{} more were not approved</a></p>\n",
		    COUNT(refused - REFUSED));
	put_loads(b, r);
}

void ev_report_open_item(struct ev_buf *todo, const struct ev_report_text *owners, size_t n,
			 const char *what, size_t anchor)
{
	size_t named = 0;

	ev_buf_puts(todo, "<li>");
	for (size_t i = 0; i < n; i++)
		if (owners[i].p != NULL)
			PUT(todo, "{}{}", HTML(named++ > 0 ? ", " : "<strong>"),
			    DATA(owners[i], 60));
	ev_buf_puts(todo, named > 0 ? ":</strong> " : "");
	ev_buf_printf(todo, "<a href=\"#%s-%zu\">", what, anchor);
}

static void put_todo(struct ev_buf *b, const struct ev_buf *todo, const struct ev_report *r)
{
	if (todo->len == 0)
		return;
	ev_buf_puts(b, "<h2>What to do, and who</h2>\n<ul class=\"todo\">\n");
	ev_buf_put(b, todo->p, todo->len);
	ev_buf_puts(b, "</ul>\n");
	if (r->sum.rejected > 0)
		ev_buf_puts(b, "<p class=\"soft\">What was set aside stands whole in the rejects "
			       "file. When its cause is mended it can be sent again.</p>\n");
}

static void put_facts(struct ev_buf *b, const struct ev_report *r)
{
	const struct ev_report_result *s = &r->sum;
	const struct ev_report_amounts **lists = ev_malloc(r->n * sizeof *lists);
	struct ev_buf amounts = {0};
	uint64_t elsewhere = 0;

	for (size_t i = 0; i < r->n; i++) {
		lists[i] = &r->results[i].amounts;
		elsewhere += ev_report_set_aside_elsewhere(&r->results[i]);
	}
	PUT(b,
	    "<dl class=\"facts\"><div><dt>Events</dt><dd>{}</dd></div>"
	    "<div><dt>Passed</dt><dd>{}</dd></div><div><dt>Warnings</dt><dd>{}</dd></div>"
	    "<div><dt>Set aside</dt><dd>{}</dd></div>",
	    COUNT(s->in), COUNT(s->out), COUNT(s->warning), COUNT(s->rejected));
	if (elsewhere > 0)
		PUT(b,
		    "<div><dt>Set aside by other steps</dt>"
		    "<dd><a href=\"#balance\">{}</a></dd></div>",
		    COUNT(elsewhere));
	ev_report_put_amounts(&amounts, r, lists, r->n);
	if (amounts.len > 0)
		PUT(b, "<div><dt>Amount set aside</dt><dd>{}</dd></div>",
		    HTML(ev_buf_str(&amounts)));
	ev_buf_puts(b, "</dl>\n");
	ev_buf_free(&amounts);
	free(lists);
}

void ev_report_summary(struct ev_buf *b, const struct ev_buf *todo, const struct ev_report *r)
{
	ev_buf_puts(b, "<section id=\"summary\" aria-label=\"Summary\">\n");
	put_sentence(b, r);
	put_why(b, r);
	put_span(b, r);
	put_facts(b, r);
	put_todo(b, todo, r);
}

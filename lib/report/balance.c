/* The balance sheet: what became of every line, program by program. */
#include "report/internal.h"

/* Counts in words. Those that go on to the next program are no part of the others. */
static const struct term {
	const char *name, *words;
	bool aside; /* they stand in the program's rejects */
} terms[] = {
	{"rejected", "set aside", true},
	{"conflict", "set aside in conflict", true},
	{"misfit", "set aside as misfit", true},
	{"duplicate", "dropped as repeats", false},
	{"no-op", "changed nothing", false},
	{"held", "wait for what they correct", false},
	{"skipped", "not for these tables", false},
	{"blank", "blank", false},
	{"warning", "noted as warnings", false},
};

/* What a program's work is called. */
static const char *const work[][2] = {
	{"evkafka", "Fetched"},
	{"evlake", "Taken from the archive"},
	{"evparse", "Read"},
	{"evvalidate", "Checked"},
	{"evdedupe", "Without repeats"},
	{"evversion", "Put in order"},
	{"evstar", "Made into rows"},
	{"evload", "Loaded"},
};

/* What went on, in what each program calls it. */
static uint64_t went_on(const struct ev_report_stage *s, const char **what)
{
	static const char *const names[][2] = {
		{"row", " rows"}, {"event", " events"}, {"version", " versions"}, {"out", ""}};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		for (size_t k = 0; k < s->n; k++)
			if (ev_report_is(s->counts[k].name, names[i][0])) {
				*what = names[i][1];
				return s->counts[k].n;
			}
	*what = "";
	return 0;
}

static void put_stage(struct ev_buf *b, const struct ev_report_stage *s)
{
	const char *done = NULL, *what;
	uint64_t on = went_on(s, &what);
	size_t n = 0;

	for (size_t i = 0; i < sizeof work / sizeof work[0]; i++)
		if (ev_report_is(s->program, work[i][0]))
			done = work[i][1];
	PUT(b,
	    "<tr><th scope=\"row\">{} <span class=\"soft\">{}</span></th><td>{}</td>"
	    "<td>{}{}</td><td>",
	    HTML(done != NULL ? done : ""), DATA(s->program, 40),
	    COUNT(ev_report_stage_count(s, "in")), COUNT(on), HTML(what));
	for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
		uint64_t v = ev_report_stage_count(s, terms[i].name);

		if (v == 0)
			continue;
		PUT(b, "{}{} {}", HTML(n++ > 0 ? "; " : ""), COUNT(v), HTML(terms[i].words));
	}
	ev_buf_puts(b, n == 0 ? "\u2013</td></tr>\n" : "</td></tr>\n");
}

uint64_t ev_report_set_aside_elsewhere(const struct ev_report_result *res)
{
	uint64_t all = 0;

	for (size_t i = 0; i < res->n_stages; i++)
		for (size_t k = 0; k < sizeof terms / sizeof terms[0]; k++)
			if (terms[k].aside && !ev_report_is(res->stages[i].program, "evvalidate"))
				all += ev_report_stage_count(&res->stages[i], terms[k].name);
	return all;
}

static void put_sheet(struct ev_buf *b, const struct ev_report *r,
		      const struct ev_report_result *res)
{
	if (res->n_stages == 0)
		return;
	PUT(b,
	    "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Balance sheet\">"
	    "<table class=\"stages\"><caption>{}</caption><thead><tr>"
	    "<th scope=\"col\">Step</th><th scope=\"col\">Came in</th>"
	    "<th scope=\"col\">Went on</th><th scope=\"col\">Of the others</th></tr></thead>"
	    "<tbody>\n",
	    r->n > 1 ? (struct ev_report_piece)DATA_OR(res->batch, 80, "without a name")
		     : (struct ev_report_piece)HTML("Every line that came in is in one of these"));
	for (size_t i = 0; i < res->n_stages; i++)
		put_stage(b, &res->stages[i]);
	ev_buf_puts(b, "</tbody></table></div>\n");
}

void ev_report_balances(struct ev_buf *b, const struct ev_report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->results[i].n_stages;
	if (n == 0)
		return;
	ev_buf_puts(b, "<section id=\"balance\" aria-labelledby=\"balance-h\">"
		       "<h2 id=\"balance-h\">What became of every line</h2>\n");
	for (size_t i = r->n; i-- > 0;)
		put_sheet(b, r, &r->results[i]);
	ev_buf_puts(b, "</section>\n");
}

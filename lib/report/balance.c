/* The balance sheet: what became of every line, program by program. */
#include "report/internal.h"

/* Counts in words: first those that, with what went on, are all that came in; then the others. */
static const struct term {
	const char *name, *words;
	bool aside; /* they stand in the program's rejects */
} terms[] =
	{
		{"rejected", "set aside", true},
		{"conflict", "set aside in conflict", true},
		{"misfit", "set aside as misfit", true},
		{"dropped", "of types that are left out", false},
		{"duplicate", "dropped as repeats", false},
		{"no-op", "changed nothing", false},
		{"held", "wait for what they correct", false},
		{"reduced", "made one with others", false},
		{"delete", "take older rows back", false},
		{"skipped", "needed no change", false},
		{"blank", "blank", false},
},
  besides[] = {
	  {"warning", "noted as warnings", false},
	  {"late", "older than what is remembered", false},
	  {"released", "of earlier batches wait no longer", false},
	  {"withheld", "of earlier batches wait again", false},
	  {"taken-back", "of earlier batches set aside", true},
};

enum { TERMS = sizeof terms / sizeof terms[0], BESIDES = sizeof besides / sizeof besides[0] };

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

/* Those that are not 0, with `first` in front; returns how many. */
static size_t put_terms(struct ev_buf *b, const struct ev_report_stage *s, const struct term *list,
			size_t n, const char *first)
{
	size_t put = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t v = ev_report_stage_count(s, list[i].name);

		if (v > 0)
			PUT(b, "{}{} {}", HTML(put++ > 0 ? "; " : first), COUNT(v),
			    HTML(list[i].words));
	}
	return put;
}

static void put_stage(struct ev_buf *b, const struct ev_report_stage *s)
{
	const char *done = NULL, *what;
	uint64_t on = went_on(s, &what);
	size_t n;

	for (size_t i = 0; i < sizeof work / sizeof work[0]; i++)
		if (ev_report_is(s->program, work[i][0]))
			done = work[i][1];
	PUT(b,
	    "<tr><th scope=\"row\">{} <span class=\"soft\">{}</span></th><td>{}</td>"
	    "<td>{}{}</td><td>",
	    HTML(done != NULL ? done : ""), DATA(s->program, 40),
	    COUNT(ev_report_stage_count(s, "in")), COUNT(on), HTML(what));
	n = put_terms(b, s, terms, TERMS, "");
	n += put_terms(b, s, besides, BESIDES, n > 0 ? ". Besides: " : "Besides: ");
	ev_buf_puts(b, n == 0 ? "\u2013</td></tr>\n" : "</td></tr>\n");
}

static uint64_t count_aside(const struct ev_report_stage *s, const struct term *list, size_t n)
{
	uint64_t all = 0;

	for (size_t i = 0; i < n; i++)
		all += list[i].aside ? ev_report_stage_count(s, list[i].name) : 0;
	return all;
}

uint64_t ev_report_set_aside_elsewhere(const struct ev_report_result *res)
{
	uint64_t all = 0;

	for (size_t i = 0; i < res->n_stages; i++)
		if (!ev_report_is(res->stages[i].program, "evvalidate"))
			all += count_aside(&res->stages[i], terms, TERMS) +
			       count_aside(&res->stages[i], besides, BESIDES);
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

/* evreport: results of evvalidate as one HTML page. */
#include "cli/cli.h"
#include "io/in.h"
#include "report/report.h"
#include "scan/scan.h"

static const char *title;
static const char *redact[EV_REPORT_REDACTIONS];
static size_t n_redact;
static char *balance[EV_REPORT_RESULTS];
static size_t n_balance;
static const char *rejects;

enum { BALANCE, REDACT, REJECTS, TITLE };

static const struct cli_option options[] = {
	{"balance", '\0', "FILE",
	 "what --stats FILE wrote, of any program of the chain; may be given more than once"},
	{"redact", '\0', "PATH", "do not show the values at PATH; may be given more than once"},
	{"rejects", '\0', "PATH", "show the rejects of the other programs, in this folder or file"},
	{"title", '\0', "TEXT", "the title of the page"},
	{0},
};

static void take(size_t index, const char *argument)
{
	if (index == TITLE) {
		title = argument;
		return;
	}
	if (index == REJECTS) {
		rejects = argument;
		return;
	}
	if (index == BALANCE) {
		if (n_balance == EV_REPORT_RESULTS)
			cli_usage("--balance can be given %d times", EV_REPORT_RESULTS);
		balance[n_balance++] = (char *)(uintptr_t)argument;
		return;
	}
	if (n_redact == EV_REPORT_REDACTIONS)
		cli_usage("--redact can be given %d times", EV_REPORT_REDACTIONS);
	redact[n_redact++] = argument;
}

static const struct cli_program program = {
	.name = "evreport",
	.usage = "evreport [options] [file ...]",
	.purpose = "Makes one HTML page, which needs no network, of the results of evvalidate.",
	.input = CLI_NO_MODEL,
	.options = options,
	.take = take,
};

typedef enum ev_status add(struct ev_report *r, const char *file, char *text, size_t len,
			   struct ev_error *err);

/* A whole file, which may be gzip. */
static void add_file(struct cli *c, struct ev_report *r, char *name, add *fn)
{
	struct ev_in *in = ev_in_new(&name, 1, EV_SCAN_MAX);
	struct ev_buf text = {0};
	struct ev_in_run run;
	enum ev_status st;

	while ((st = ev_in_next(in, &run, &c->error)) == EV_OK) {
		if (text.len + run.len >= EV_SCAN_MAX)
			cli_fail("%s: is larger than %d bytes: give a smaller result", name,
				 EV_SCAN_MAX);
		ev_buf_put(&text, run.p, run.len);
	}
	cli_must(c, st);
	memset(ev_buf_room(&text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	ev_in_free(&in);
	cli_must(c, fn(r, strcmp(name, "-") == 0 ? "standard input" : name, text.p, text.len,
		       &c->error));
}

int main(int argc, char **argv)
{
	static char standard_input[] = "-";
	struct ev_report *report;
	struct cli cli;

	cli_open(&cli, &program, argc, argv);
	report = ev_report_new(title);
	for (size_t i = 0; i < n_redact; i++)
		if (ev_report_redact(report, redact[i], &cli.error) != EV_OK)
			cli_usage("--redact: %s", cli.error.text);
	if (cli.n_operands == 0)
		add_file(&cli, report, standard_input, ev_report_add);
	for (size_t i = 0; i < cli.n_operands; i++)
		add_file(&cli, report, cli.operands[i], ev_report_add);
	for (size_t i = 0; i < n_balance; i++)
		add_file(&cli, report, balance[i], ev_report_balance);
	if (rejects != NULL)
		cli_must(&cli, ev_report_rejects(report, rejects, &cli.error));
	cli_must(&cli, ev_report_write(report, cli.port.out, &cli.error));
	cli_commit(&cli);
	ev_report_free(&report);
	cli_close(&cli);
	return CLI_OK;
}

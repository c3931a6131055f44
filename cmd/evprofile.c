/* evprofile: a model proposed from events, which are read as evparse reads them. */
#include "cli/run.h"
#include "parse/parse.h"
#include "profile/profile.h"

static struct ev_profile_options profile_options = {.name = "events", .sample = 1};
static struct ev_parse_options parse_options = {.format = "auto"};

static const struct cli_option options[] = {
	{"format", 'f', "FORMAT", "what the lines are (default: auto):"},
	{"zone", '\0', "ZONE", "where times without an offset are local, such as Europe/Amsterdam"},
	{"year", '\0', "YEAR", "that of times without one: 2026, or the day that it begins with"},
	{"header", '\0', "ROW", "csv and tsv: the header of files that have none"},
	{"separator", '\0', "CHAR", "csv: what stands between fields in place of a comma"},
	{"list", '\0', "NAME", "json-array: the events are the elements of NAME in an object"},
	{"name", 'n', "NAME", "what the model is called (events)"},
	{"sample", '\0', "N", "read about one event in N, chosen by its bytes"},
	{0},
};

static void take(size_t index, const char *argument)
{
	switch (index) {
	case 0: parse_options.format = argument; return;
	case 1: parse_options.zone = argument; return;
	case 2: parse_options.year = argument; return;
	case 3: parse_options.header = argument; return;
	case 4: parse_options.separator = argument; return;
	case 5: parse_options.list = argument; return;
	case 6: profile_options.name = argument; return;
	case 7: profile_options.sample = cli_number("sample", argument); return;
	}
}

static void check_options(void)
{
	if (profile_options.name[0] == '\0')
		cli_usage("--name takes a text that is not empty");
	if (profile_options.sample == 0)
		cli_usage("--sample takes a number from 1 on, not '0'");
}

static const struct cli_program program = {
	.name = "evprofile",
	.usage = "evprofile [options] [file ...]",
	.purpose = "Reads events and proposes a model for them.",
	.input = CLI_CONTINUES,
	.options = options,
	.values = ev_parse_formats,
	.take = take,
};

/* The engine: that of evparse, and behind it that of the profile. */
struct profiler {
	struct ev_parse *parse;
	struct ev_port lines; /* what parse makes */
	struct ev_profile *profile;
	const struct ev_record *record; /* what is parsed */
	struct ev_buf line;
	struct ev_count counts[6]; /* two of the profile, what parse has, and the end */
};

/* An event that was made of x->record. */
static enum ev_status take_line(void *ctx, const void *p, size_t len, struct ev_error *err)
{
	struct profiler *x = ctx;
	struct ev_record event = *x->record;

	ev_buf_reset(&x->line);
	ev_buf_put(&x->line, p, len);
	memset(ev_buf_room(&x->line, EV_IN_SLACK), 0, EV_IN_SLACK);
	event.p = x->line.p;
	event.len = len;
	event.before = 0;
	event.index = NULL;
	return ev_profile_step(x->profile, &event, err);
}

static enum ev_status step(void *engine, const struct ev_record *rec, struct ev_error *err)
{
	struct profiler *x = engine;

	x->record = rec;
	return ev_parse_step(x->parse, rec, err);
}

static enum ev_status finish(void *engine, struct ev_error *err)
{
	return ev_profile_finish(((struct profiler *)engine)->profile, err);
}

/* A section of a sealed input is no more than events. */
static enum ev_status end(void *engine, const char *batch, const char *digest, const char *balance,
			  struct ev_error *err)
{
	(void)engine, (void)batch, (void)digest, (void)balance, (void)err;
	return EV_OK;
}

/* The model is read for a format that is not built in. */
static void open_parse(struct profiler *x, struct cli *cli, struct ev_model **model)
{
	if (!ev_parse_has_format(parse_options.format))
		*model = cli_model(cli, false);
	parse_options.model = *model;
	x->lines = (struct ev_port){.line = take_line, .rejects = cli->port.rejects, .ctx = x};
	x->parse = ev_parse_open(&parse_options, &x->lines, &cli->error);
	if (x->parse == NULL)
		cli_usage("%s", cli->error.text);
}

/* Those of the profile, and what parse reads beside events. */
static const struct ev_count *counts_of(struct profiler *x)
{
	const struct ev_count *of_profile = ev_profile_counts(x->profile),
			      *of_parse = ev_parse_counts(x->parse);
	size_t n = 0;

	for (; of_profile[n].name != NULL; n++)
		x->counts[n] = of_profile[n];
	for (; of_parse != NULL && of_parse->name != NULL; of_parse++)
		if (strcmp(of_parse->name, "out") != 0)
			x->counts[n++] = *of_parse;
	return x->counts;
}

int main(int argc, char **argv)
{
	struct cli_engine engine = {.flow = CLI_FLOW_SINK,
				    .no_batch = true,
				    .step = step,
				    .finish = finish,
				    .end = end};
	struct ev_model *model = NULL;
	struct profiler x = {0};
	const char *note;
	struct cli cli;
	int status;

	cli_open(&cli, &program, argc, argv);
	check_options();
	cli.unsealed = true; /* what it makes is no chain's */
	x.profile = ev_profile_open(&profile_options, &cli.port);
	open_parse(&x, &cli, &model);
	engine.engine = &x;
	engine.frames = ev_parse_frames(x.parse);
	engine.counts = counts_of(&x);
	cli.first |= engine.frames != NULL; /* no control line can be read then */
	status = cli_run(&cli, &engine, cli.operands, cli.n_operands);
	for (size_t i = 0; (note = ev_profile_note(x.profile, i)) != NULL; i++)
		cli_note("%s", note);
	ev_parse_free(&x.parse);
	ev_buf_free(&x.line);
	ev_profile_free(&x.profile);
	ev_model_free(&model);
	cli_close(&cli);
	return status;
}

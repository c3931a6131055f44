/* evvalidate: each event against its contract, and all of them against the expectations. */
#include "base/mem.h"
#include "cli/run.h"
#include "validate/validate.h"
#include "validate/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_MEMORY = 256 << 20, MOST_NOTES = 20 };

static struct ev_validate_schema schema;
static const char *only_with_schema;
static bool merge, defer;
static struct ev_verdict_options how = {.spill = {.memory = DEFAULT_MEMORY}};

enum {
	RESULT,
	SUITE,
	STATE_OUT,
	MERGE,
	DEFER,
	BUFFER_SIZE,
	SCHEMA,
	SCHEMA_DIR,
	SCHEMA_BASE,
	DRAFT,
	FORMAT
};

static const struct cli_option options[] = {
	[RESULT] = {"result", '\0', "FILE", "write what became of the batch to FILE, for evreport"},
	[SUITE] = {"suite", '\0', "FILE",
		   "expectations as Great Expectations exports them, in place of the model's"},
	[STATE_OUT] = {"state-out", '\0', "FILE",
		       "write the state of the batch's judgement to FILE"},
	[MERGE] = {"merge", '\0', NULL, "the files are states: judge them together"},
	[DEFER] = {"defer", '\0', NULL,
		   "with --state-out: leave the verdict on the batch to --merge"},
	[BUFFER_SIZE] = {"buffer-size", 'S', "SIZE",
			 "for uniqueness: hold this much in memory, the rest in $TMPDIR (default: "
			 "256M)"},
	[SCHEMA] = {"schema", '\0', "FILE",
		    "hold each line, any JSON value, against this JSON Schema; no model is read"},
	[SCHEMA_DIR] = {"schema-dir", '\0', "DIR", "references of the schema reach files in DIR"},
	[SCHEMA_BASE] = {"schema-base", '\0', "URI", "what lies below URI are the files in DIR"},
	[DRAFT] = {"draft", '\0', "DRAFT",
		   "what a schema without $schema is of: 2020-12 (default), 2019-09, draft-07, "
		   "draft-06 or draft-04"},
	[FORMAT] = {"format", '\0', "HOW", "what format does: assert (default) or annotate"},
	{0},
};

static void take(size_t index, const char *argument)
{
	if (index > SCHEMA)
		only_with_schema = options[index].name;
	switch (index) {
	case RESULT: how.result = argument; return;
	case SUITE: how.suite = argument; return;
	case STATE_OUT: how.state = argument; return;
	case MERGE: merge = true; return;
	case DEFER: defer = true; return;
	case BUFFER_SIZE: how.spill.memory = cli_buffer_size(argument); return;
	case SCHEMA: schema.file = argument; return;
	case SCHEMA_DIR: schema.folder = argument; return;
	case SCHEMA_BASE: schema.base = argument; return;
	case DRAFT: schema.draft = argument; return;
	case FORMAT:
		schema.formats_annotate = strcmp(argument, "annotate") == 0;
		if (!schema.formats_annotate && strcmp(argument, "assert") != 0)
			cli_usage("--format takes assert or annotate, not '%s'", argument);
		return;
	}
}

static const struct cli_program program = {
	.name = "evvalidate",
	.usage = "evvalidate [options] [file ...]",
	.purpose = "Holds each event against its contract; what passes leaves byte by byte as it "
		   "came.",
	.input = CLI_CONTINUES,
	.options = options,
	.take = take,
};

enum { MOST_COUNTS = 6 };

struct engine {
	struct ev_validate *validate;
	struct ev_verdict *verdict;
	struct ev_outs *files;
	/* For the seals: events on which a verdict is put off, and which are judged together. */
	uint64_t n_deferred, n_judged;
	struct ev_count counts[MOST_COUNTS];
	struct cli *cli;
	char *name; /* of merged states, where --batch gives none */
};

static enum ev_status step(void *engine, const struct ev_record *rec, struct ev_error *err)
{
	return ev_validate_step(((struct engine *)engine)->validate, rec, err);
}

static enum ev_status judge(void *engine, const char *batch, const struct cli_sums *sums,
			    bool *approved, struct ev_error *err)
{
	struct engine *e = engine;
	const struct ev_count *counts = ev_validate_counts(e->validate);
	bool alone = *approved;
	struct ev_verdict_counts c = {
		.in = sums->in,
		.out = *counts[0].value,
		.rejected = sums->rejected,
		.warning = *counts[1].value,
		.blank = sums->blank,
		.dropped = counts[2].name != NULL ? *counts[2].value : 0,
	};

	ev_validate_presence(e->validate); /* what passed asks for its paths */
	if (ev_verdict_write(e->verdict, batch[0] != '\0' ? batch : NULL, &c, &alone, e->files,
			     err) != EV_OK)
		return EV_FATAL;
	if (!defer)
		*approved = alone;
	return EV_OK;
}

/* Paths that no event had; then the expectations that do not hold. */
static void note_findings(const struct ev_presence *presence, const struct ev_verdict *v)
{
	struct ev_buf line = {0};

	for (size_t i = 0;
	     presence != NULL && i < MOST_NOTES && ev_presence_next_absent(presence, i, &line);
	     i++) {
		cli_note("%s", ev_buf_str(&line));
		ev_buf_reset(&line);
	}
	for (size_t i = 0; v != NULL && i < MOST_NOTES && ev_verdict_failed(v, i, &line); i++) {
		cli_note("%s", ev_buf_str(&line));
		ev_buf_reset(&line);
	}
	ev_buf_free(&line);
}

static void note_lints(struct ev_validate *v)
{
	const char *line;

	for (size_t i = 0; i < MOST_NOTES && (line = ev_validate_lint(v, i)) != NULL; i++)
		cli_note("%s", line);
}

/* The counts of the engine, and behind them that the verdict is put off, where it is. */
static void take_counts(struct engine *e)
{
	const struct ev_count *counts = ev_validate_counts(e->validate);
	size_t n = 0;

	for (; counts[n].name != NULL; n++)
		e->counts[n] = counts[n];
	if (defer)
		e->counts[n] = (struct ev_count){"deferred", &e->n_deferred, false, false};
}

static enum ev_status finish(void *engine, struct ev_error *err)
{
	struct engine *e = engine;

	(void)err;
	e->n_deferred = *ev_validate_counts(e->validate)[0].value;
	return EV_OK;
}

static int run(struct cli *cli, struct engine *e)
{
	struct cli_engine loop = {.engine = e,
				  .flow = e->verdict != NULL ? CLI_FLOW_GATHER : CLI_FLOW_EACH,
				  .keeps_places = true,
				  .step = step,
				  .finish = finish,
				  .counts = e->counts,
				  .no_batch = schema.file != NULL,
				  .judge = e->verdict != NULL ? judge : NULL};

	take_counts(e);
	ev_validate_for(e->validate, e->verdict);
	return cli_run(cli, &loop, cli->operands, cli->n_operands);
}

/* States alone: no record is read, none goes out, and the seal has the verdict. */

static enum ev_status merge_states(void *engine, struct ev_error *err)
{
	struct engine *e = engine;
	const char *first, *last;
	struct ev_buf name = {0};

	for (size_t i = 0; i < e->cli->n_operands; i++)
		if (ev_verdict_merge(e->verdict, e->cli->operands[i], err) != EV_OK)
			return EV_FATAL;
	e->n_judged = ev_verdict_merged(e->verdict, &first, &last)->out;
	if (e->cli->batch != NULL || first == NULL)
		return EV_OK;
	ev_buf_printf(&name, last != NULL ? "%s..%s" : "%s", first, last);
	e->cli->batch = e->name = ev_strdup(ev_buf_str(&name));
	ev_buf_free(&name);
	return EV_OK;
}

static enum ev_status judge_merged(void *engine, const char *batch, const struct cli_sums *sums,
				   bool *approved, struct ev_error *err)
{
	struct engine *e = engine;
	const char *first, *last;
	const struct ev_verdict_counts *c = ev_verdict_merged(e->verdict, &first, &last);

	(void)sums;
	*approved = !cli_refuses(e->cli, c->rejected, c->in);
	if (c->rejected > 0 && c->out == 0) {
		cli_note_nothing(&program, c->rejected);
		*approved = false;
	} else if (!*approved) {
		cli_note_refusal(c->rejected, c->in);
	}
	return ev_verdict_write(e->verdict, batch[0] != '\0' ? batch : NULL, c, approved, e->files,
				err);
}

static int run_merge(struct cli *cli, struct engine *e)
{
	static char *const nothing[] = {"/dev/null"};
	struct cli_engine loop = {.engine = e,
				  .flow = CLI_FLOW_GATHER,
				  .step = step,
				  .finish = merge_states,
				  .counts = e->counts,
				  .judge = judge_merged};

	if (cli->n_operands == 0)
		cli_usage("--merge takes the files that --state-out wrote");
	e->counts[0] = (struct ev_count){"judged", &e->n_judged, false, false};
	cli->first = true;
	return cli_run(cli, &loop, nothing, 1);
}

/* What --max-rejects says, or NULL. */
static const char *limit_text(const struct cli *cli)
{
	static char text[32];

	if (!cli->max_rejects.set)
		return NULL;
	snprintf(text, sizeof text, "%llu%s", (unsigned long long)cli->max_rejects.value,
		 cli->max_rejects.percent ? "%" : "");
	return text;
}

int main(int argc, char **argv)
{
	struct ev_model *model = NULL;
	const char *folder = getenv("TMPDIR");
	struct cli cli;
	struct engine e = {.files = &cli.files, .cli = &cli};
	int status;

	cli_open(&cli, &program, argc, argv);
	if (schema.file == NULL && only_with_schema != NULL)
		cli_usage("--%s goes with --schema FILE", only_with_schema);
	if (schema.base != NULL && schema.folder == NULL)
		cli_usage("--schema-base goes with --schema-dir DIR, the folder that it names");
	if (schema.file != NULL && (how.suite != NULL || merge))
		cli_usage("--schema goes without --suite and --merge: they need a model");
	if (defer && (merge || how.state == NULL))
		cli_usage("--defer goes with --state-out FILE, which --merge judges later");
	if (merge && how.result == NULL && how.state == NULL)
		cli_usage("--merge needs --result or --state-out, where to write");
	how.spill.folder = folder != NULL && folder[0] != '\0' ? folder : "/tmp";
	if (schema.file == NULL)
		model = cli_model(&cli, true);
	how.max_rejects = limit_text(&cli);
	how.sealed = getenv("EVKIT_SEAL") != NULL && !merge;
	cli_must(&cli, ev_verdict_open(model, &how, &e.verdict, &cli.error));
	if (!merge) {
		e.validate = schema.file != NULL
				     ? ev_validate_open_schema(&schema, &cli.port, &cli.error)
				     : ev_validate_open(model, &cli.port, &cli.error);
		if (e.validate == NULL)
			cli_die(&cli.error);
		note_lints(e.validate);
	}
	status = merge ? run_merge(&cli, &e) : run(&cli, &e);
	if (!defer) /* else it is found out of all parts together */
		note_findings(merge ? ev_verdict_presence(e.verdict)
				    : ev_validate_presence(e.validate),
			      e.verdict);
	free(e.name);
	ev_validate_free(&e.validate);
	ev_verdict_free(&e.verdict);
	ev_model_free(&model);
	cli_close(&cli);
	return status;
}

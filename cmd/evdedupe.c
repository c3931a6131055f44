/* evdedupe: redeliveries out, and nothing else. */
#include "cli/run.h"
#include "dedupe/dedupe.h"

#include <stdlib.h>

enum { MAX_KEYS = 16 };

static struct ev_path *keys[MAX_KEYS];
static size_t n_keys;
static const char *duplicates;
static struct ev_dedupe_options how = {.keys = keys};

static const struct cli_option options[] = {
	{"key", 'k', "PATH[,PATH...]", "these paths alone are the identity; the first record wins"},
	{"duplicates", '\0', "FILE", "keep what is dropped in FILE"},
	{"state", '\0', "DIR", "remember in DIR what other batches brought"},
	{"keep", '\0', "AGE", "remember records of the last 90d, say, or 36h (default: for ever)"},
	CLI_ENVELOPE_OPTIONS,
	{0},
};

static void take_keys(const char *list)
{
	char *copy = ev_strdup(list), *rest = copy, *one;
	struct ev_error why;

	while ((one = strsep(&rest, ",")) != NULL) {
		if (n_keys == MAX_KEYS)
			cli_usage("--key takes at most %d paths", MAX_KEYS);
		keys[n_keys] = ev_path_parse(one, &why);
		if (keys[n_keys] == NULL)
			cli_usage("--key: '%s' is no path: %s", one, why.text);
		if (keys[n_keys]->many || keys[n_keys]->root != EV_ROOT_EVENT)
			cli_usage(
				"--key: '%s' must name one place in the record, such as .event_id",
				one);
		n_keys++;
	}
	free(copy);
}

/* The age counts back from the newest record's time, never from the clock's. */
static void take_keep(const char *text)
{
	enum { MOST = 100000, DAY = 24 };
	char *unit;
	unsigned long n = strtoul(text, &unit, 10);
	bool days = strcmp(unit, "d") == 0;

	if (text[0] < '1' || text[0] > '9' || n > MOST || (!days && strcmp(unit, "h") != 0))
		cli_usage("--keep takes days or hours, such as 90d or 36h, up to %d, not '%s'",
			  MOST, text);
	how.keep = (uint32_t)n * (days ? DAY : 1);
}

static void take(size_t index, const char *argument)
{
	switch (index) {
	case 0: take_keys(argument); return;
	case 1: duplicates = argument; return;
	case 2: how.state = argument; return;
	case 3: take_keep(argument); return;
	default: cli_envelope_take(options[index].name, argument);
	}
}

static const struct cli_program program = {
	.name = "evdedupe",
	.usage = "evdedupe [options] [file ...]",
	.purpose =
		"Drops events that were delivered before with the same content, and nothing else.",
	.input = CLI_CONTINUES,
	.options = options,
	.take = take,
};

static struct ev_out *dropped;

CLI_STEP(step, ev_dedupe_step)

/* What was dropped is on disk before the seal counts it. */
static enum ev_status finish(void *engine, struct ev_error *err)
{
	(void)engine;
	return dropped != NULL ? ev_out_commit(&dropped, err) : EV_OK;
}

/* With a state: called for each section */

static enum ev_status begin(void *engine, const char *batch, const struct ev_span *span,
			    struct ev_error *err)
{
	if (span != NULL)
		return ev_fail(err, "this section comes out of a state, in which no record stands "
				    "twice: put evdedupe in front of evversion, or leave it out");
	if (batch == NULL)
		return ev_fail(err, "--state must know each batch by its name: give --batch ID to "
				    "the program that begins the chain");
	return ev_dedupe_begin(engine, batch, err);
}

static void note_name(const struct ev_dedupe *d, const char *batch)
{
	static bool noted;

	if (!noted && ev_dedupe_renamed(d)) {
		cli_note("the batch %s was here before, but nothing of what it brought then is in "
			 "it now: if it is another one, give it another name, for what a batch "
			 "brought itself is not dropped",
			 batch);
		noted = true;
	}
}

static enum ev_status end_section(void *engine, const char *batch, const char *digest,
				  const char *balance, struct ev_error *err)
{
	(void)balance;
	(void)err;
	note_name(engine, batch);
	ev_dedupe_end(engine, digest);
	return EV_OK;
}

static enum ev_status finish_section(void *engine, struct ev_error *err)
{
	if (dropped != NULL && ev_out_sync(dropped, err) != EV_OK)
		return EV_FATAL;
	return ev_dedupe_prepare(engine, err);
}

CLI_CALL(commit, ev_dedupe_commit)
CLI_CALL(merge, ev_dedupe_merge)

/* With a state, the file of dropped records gets its name after the last section. */
static int name_dropped(int status, struct cli *cli)
{
	if (dropped == NULL || ev_out_commit(&dropped, &cli->error) == EV_OK)
		return status;
	cli_note("the output is whole, but what was to be written beside it is not: %s",
		 cli->error.text);
	return CLI_NO;
}

static void check_state(void)
{
	if (how.state == NULL && how.keep > 0)
		cli_usage("--keep says what a state remembers: give --state DIR, too");
	if (how.state != NULL && getenv("EVKIT_SEAL") == NULL)
		cli_usage("--state needs a sealed chain, for without EVKIT_SEAL a batch that was "
			  "cut looks like a whole one: see evkit(7)");
}

int main(int argc, char **argv)
{
	struct cli_engine engine = {
		.flow = CLI_FLOW_GATHER, .keeps_places = true, .step = step, .finish = finish};
	struct ev_dedupe *dedupe;
	struct ev_model *model;
	struct cli cli;
	int status;

	cli_open(&cli, &program, argc, argv);
	check_state();
	model = cli_model(&cli, false);
	cli_envelope_apply(model);
	if (duplicates != NULL && (dropped = ev_out_file(duplicates, &cli.error)) == NULL)
		cli_die(&cli.error);
	how.n_keys = n_keys;
	how.duplicates = dropped;
	if ((dedupe = ev_dedupe_open(model, &how, &cli.port, &cli.error)) == NULL)
		cli_die(&cli.error);
	engine.engine = dedupe;
	engine.counts = ev_dedupe_counts(dedupe);
	if (how.state != NULL) {
		engine.flow = CLI_FLOW_EACH;
		engine.state = true;
		engine.begin = begin;
		engine.end = end_section;
		engine.finish = finish_section;
		engine.commit = commit;
		engine.merge = merge;
	}
	status = name_dropped(cli_run(&cli, &engine, cli.operands, cli.n_operands), &cli);
	ev_dedupe_free(&dedupe);
	ev_model_free(&model);
	while (n_keys > 0)
		ev_path_free(&keys[--n_keys]);
	cli_close(&cli);
	return status;
}

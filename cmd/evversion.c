/* evversion: the records of each event, ordered and folded into versions. */
#include "cli/cli.h"
#include "cli/envelope.h"
#include "engine/version.h"

#include <stdlib.h>

enum { SMALLEST_MEMORY = 64 << 10, DEFAULT_MEMORY = 1 << 30 };

static struct ev_version_options how = {.emit = EV_EMIT_HISTORY, .memory = DEFAULT_MEMORY};

static const struct cli_option options[] = {
	{"emit", '\0', "WHAT", "history: every version (default); latest: the current ones"},
	{"on-conflict", '\0', "WHAT", "quarantine: the lesser is a reject (default); fail: stop"},
	{"buffer-size", 'S', "SIZE", "hold this much in memory, the rest in $TMPDIR (default: 1G)"},
	CLI_ENVELOPE_OPTIONS,
	{0},
};

static void take(size_t index, const char *argument)
{
	switch (index) {
	case 0:
		if (strcmp(argument, "history") != 0 && strcmp(argument, "latest") != 0)
			cli_usage("--emit takes history or latest, not '%s'", argument);
		how.emit = argument[0] == 'l' ? EV_EMIT_LATEST : EV_EMIT_HISTORY;
		return;
	case 1:
		if (strcmp(argument, "quarantine") != 0 && strcmp(argument, "fail") != 0)
			cli_usage("--on-conflict takes quarantine or fail, not '%s'", argument);
		how.fail_on_conflict = argument[0] == 'f';
		return;
	case 2:
		how.memory = cli_size("buffer-size", argument);
		if (how.memory < SMALLEST_MEMORY)
			cli_usage("--buffer-size must be 64K at least");
		return;
	default: cli_envelope_take(options[index].name, argument);
	}
}

static const struct cli_program program = {
	.name = "evversion",
	.usage = "evversion [options] [file ...]",
	.purpose = "Orders the records of each event, folds updates, patches and deletes, and "
		   "emits the versions.",
	.input = CLI_CONTINUES,
	.options = options,
	.take = take,
};

static enum ev_status step(void *engine, const struct ev_record *rec, struct ev_error *err)
{
	return ev_version_step(engine, rec, err);
}

static enum ev_status finish(void *engine, struct ev_error *err)
{
	return ev_version_finish(engine, err);
}

static void note_retyped(const struct ev_version *version)
{
	uint64_t times;
	const char *id = ev_version_retyped(version, &times);

	if (id != NULL)
		cli_note("events change their type from one version to the next (%llu times), "
			 "first %s: if these are different things whose ids are equal by chance, "
			 "make the ids differ",
			 (unsigned long long)times, id);
}

int main(int argc, char **argv)
{
	struct ev_version *version;
	struct ev_model *model;
	struct cli cli;
	int status;

	cli_open(&cli, &program, argc, argv);
	model = cli_model(&cli, false);
	cli_envelope_apply(model);
	how.folder = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
	version = ev_version_open(model, &how, &cli.port);
	status = cli_run(&cli,
			 &(struct cli_engine){.engine = version,
					      .flow = CLI_FLOW_GATHER,
					      .step = step,
					      .finish = finish,
					      .counts = ev_version_counts(version)},
			 cli.operands, cli.n_operands);
	note_retyped(version);
	ev_version_free(&version);
	ev_model_free(&model);
	cli_close(&cli);
	return status;
}

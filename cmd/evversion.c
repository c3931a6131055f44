/* evversion: the records of each event, ordered and folded into versions. */
#include "cli/run.h"
#include "cli/shard.h"
#include "version/version.h"

#include <stdlib.h>

enum { DEFAULT_MEMORY = 1 << 30 };

static struct ev_version_options how = {.emit = EV_EMIT_HISTORY, .memory = DEFAULT_MEMORY};
static const char *since;

static const struct cli_option options[] = {
	{"emit", '\0', "WHAT", "history: every version (default); latest: the current ones"},
	{"on-conflict", '\0', "WHAT", "quarantine: the lesser is a reject (default); fail: stop"},
	{"buffer-size", 'S', "SIZE", "hold this much in memory, the rest in $TMPDIR (default: 1G)"},
	{"state", '\0', "DIR", "remember every record, and emit what has changed"},
	{"since", '\0', "POSITION", "what has changed since then; 0: everything"},
	{"as-of", '\0', "N", "read nothing, and emit all as it was known at commit N"},
	CLI_ENVELOPE_OPTIONS,
	{0},
};

/* The output of `evload --position`, which is empty if that failed. */
static void take_since(const char *position)
{
	since = position;
	if (position[0] == '\0')
		cli_usage(
			"--since is empty: the command that was to print the position failed, see "
			"its message");
	if (!ev_point_read(position, &how.since))
		cli_usage("--since takes a position as evload --position prints it, or 0, not '%s'",
			  position);
}

static void take_as_of(const char *number)
{
	how.as_of = true;
	how.since = (struct ev_point){.number = cli_number("as-of", number)};
}

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
	case 2: how.memory = cli_buffer_size(argument); return;
	case 3: how.state = argument; return;
	case 4: take_since(argument); return;
	case 5: take_as_of(argument); return;
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

CLI_STEP(step, ev_version_step)
CLI_CALL(finish, ev_version_finish)

static enum ev_status begin(void *engine, const char *batch, const struct ev_span *span,
			    struct ev_error *err)
{
	(void)batch;
	if (span != NULL)
		return ev_fail(err, "the input comes out of a state already: it is for evstar and "
				    "evload");
	return ev_version_begin(engine, err);
}

static enum ev_status end(void *engine, const char *batch, const char *digest, const char *balance,
			  struct ev_error *err)
{
	(void)balance;
	return ev_version_take(engine, batch, digest, err);
}

CLI_CALL(commit, ev_version_commit)
CLI_CALL(merge, ev_version_merge)

/* A history made of current versions alone would lack the others unnoticed. */
static void check_emit(const struct ev_model *m)
{
	for (size_t i = 0; i < m->n_facts && how.emit == EV_EMIT_LATEST && !how.as_of; i++)
		if (m->facts[i].keep == EV_KEEP_HISTORY)
			cli_usage("--emit latest with --state would take versions out of the "
				  "fact %s, which keeps a history: leave it out",
				  m->facts[i].name);
}

static void check_options(const struct cli *c, const struct ev_model *m)
{
	if (how.state == NULL) {
		if (since != NULL || how.as_of)
			cli_usage("--since and --as-of ask what --state DIR remembers: name it");
		return;
	}
	check_emit(m);
	if (how.as_of && (since != NULL || c->n_operands > 0))
		cli_usage("--as-of reads nothing and takes no --since");
	if (!how.as_of && since == NULL)
		cli_usage("--state needs --since POSITION: --since \"$(evload --position URL)\" "
			  "is right for one database, --since 0 for any");
	if (!how.as_of)
		cli_need_seal();
}

static int run(struct cli *c, struct ev_version *version)
{
	static char *const nothing[] = {"/dev/null"};
	struct cli_engine engine = {.engine = version,
				    .flow = CLI_FLOW_GATHER,
				    .step = step,
				    .finish = finish,
				    .counts = ev_version_counts(version)};

	if (how.state == NULL)
		return cli_run(c, &engine, c->operands, c->n_operands);
	engine.flow = CLI_FLOW_EACH;
	engine.state = engine.opens = true;
	engine.begin = begin;
	engine.finish = NULL;
	engine.end = end;
	engine.commit = commit;
	engine.merge = merge;
	return how.as_of ? cli_run(c, &engine, nothing, 1)
			 : cli_run(c, &engine, c->operands, c->n_operands);
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

static void note_missing(const struct ev_version *version)
{
	const char *batch;
	uint64_t n = ev_version_missing(version, &batch);

	if (n > 0)
		cli_note("the batch %s delivered %llu records before that are not in it now, and "
			 "they stay: if they were wrong, evstate retract takes them out",
			 batch, (unsigned long long)n);
}

static void note_erased(const struct ev_version *version)
{
	uint64_t n = ev_version_erased(version);

	if (n > 0)
		cli_note("%llu records were erased before, and stay so: they count as duplicates",
			 (unsigned long long)n);
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
	check_options(&cli, model);
	how.shard = cli_shard();
	how.folder = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
	version = ev_version_open(model, &how, &cli.port);
	status = run(&cli, version);
	note_retyped(version);
	note_missing(version);
	note_erased(version);
	ev_version_free(&version);
	ev_model_free(&model);
	cli_close(&cli);
	return status;
}

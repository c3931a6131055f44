/* evdedupe: redeliveries out, and nothing else. */
#include "cli/cli.h"
#include "cli/envelope.h"
#include "engine/dedupe.h"

#include <stdlib.h>

enum { MAX_KEYS = 16 };

static struct ev_path *keys[MAX_KEYS];
static size_t n_keys;
static const char *duplicates;

static const struct cli_option options[] = {
	{"key", 'k', "PATH[,PATH...]", "these paths alone are the identity; the first record wins"},
	{"duplicates", '\0', "FILE", "keep what is dropped in FILE"},
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

static void take(size_t index, const char *argument)
{
	switch (index) {
	case 0: take_keys(argument); return;
	case 1: duplicates = argument; return;
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

static enum ev_status step(void *engine, const struct ev_record *rec, struct ev_error *err)
{
	return ev_dedupe_step(engine, rec, err);
}

/* What was dropped is safe before the seal says that it was. */
static enum ev_status finish(void *engine, struct ev_error *err)
{
	(void)engine;
	return dropped != NULL ? ev_out_commit(&dropped, err) : EV_OK;
}

int main(int argc, char **argv)
{
	struct ev_dedupe *dedupe;
	struct ev_model *model;
	struct cli cli;
	int status;

	cli_open(&cli, &program, argc, argv);
	model = cli_model(&cli, false);
	cli_envelope_apply(model);
	if (duplicates != NULL && (dropped = ev_out_file(duplicates, &cli.error)) == NULL)
		cli_die(&cli.error);
	dedupe = ev_dedupe_open(model, keys, n_keys, dropped, &cli.port);
	status = cli_run(&cli,
			 &(struct cli_engine){.engine = dedupe,
					      .flow = CLI_FLOW_GATHER,
					      .keeps_places = true,
					      .step = step,
					      .finish = finish,
					      .counts = ev_dedupe_counts(dedupe)},
			 cli.operands, cli.n_operands);
	ev_dedupe_free(&dedupe);
	ev_model_free(&model);
	while (n_keys > 0)
		ev_path_free(&keys[--n_keys]);
	cli_close(&cli);
	return status;
}

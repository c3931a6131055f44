/* evstar: events to rows of facts and dimensions. */
#include "cli/run.h"
#include "cli/shard.h"
#include "star/star.h"

#include <stdlib.h>

enum { MOST_NOTES = 20 };

enum { DEFAULT_MEMORY = 1 << 30 };

static struct ev_star_options how = {.memory = DEFAULT_MEMORY};

static const struct cli_option options[] = {
	{"buffer-size", 'S', "SIZE", "hold this much in memory, the rest in $TMPDIR (default: 1G)"},
	{"state", '\0', "DIR",
	 "remember what events say of members; takes what evversion --state wrote"},
	{"map", '\0', NULL, "facts, and in place of members' rows contributions to them"},
	{"reduce", '\0', NULL, "takes what --map wrote: contributions to members' rows"},
	{0},
};

static void take_half(enum ev_star_half half)
{
	if (how.half != EV_STAR_BOTH && how.half != half)
		cli_usage("--map and --reduce are two halves of the work: leave out both to do all "
			  "of it");
	how.half = half;
}

static void take(size_t index, const char *argument)
{
	switch (index) {
	case 0: how.memory = cli_buffer_size(argument); return;
	case 1: how.state = argument; return;
	default: take_half(index == 2 ? EV_STAR_MAP : EV_STAR_REDUCE);
	}
}

static const struct cli_program program = {
	.name = "evstar",
	.usage = "evstar [options] [file ...]",
	.purpose = "Turns events into the rows of a star schema: facts and dimensions.",
	.input = CLI_CONTINUES,
	.options = options,
	.take = take,
};

static enum ev_status begin(void *engine, const char *batch, const struct ev_span *span,
			    struct ev_error *err)
{
	(void)batch;
	return ev_star_begin(engine, span, err);
}

CLI_STEP(step, ev_star_step)
CLI_CALL(finish, ev_star_finish)
CLI_CALL(commit, ev_star_commit)
CLI_CALL(merge, ev_star_merge)

static void note_lacks(struct ev_star *star)
{
	struct ev_buf line = {0};

	for (size_t i = 0; i < MOST_NOTES && ev_star_lacks(star, i, &line); i++) {
		cli_note("%s", ev_buf_str(&line));
		ev_buf_reset(&line);
	}
	ev_buf_free(&line);
}

int main(int argc, char **argv)
{
	struct ev_model *model;
	struct ev_star *star;
	struct cli cli;
	int status;

	cli_open(&cli, &program, argc, argv);
	model = cli_model(&cli, true);
	if (how.state != NULL && how.half != EV_STAR_BOTH)
		cli_usage("--state does all of the work: leave out --map and --reduce");
	if (how.state != NULL)
		cli_need_seal();
	if (how.half == EV_STAR_REDUCE)
		how.shard = cli_shard();
	how.folder = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
	if ((star = ev_star_open(model, &how, &cli.port, &cli.error)) == NULL)
		cli_die(&cli.error);
	status = cli_run(
		&cli,
		&(struct cli_engine){.engine = star,
				     .flow = how.state != NULL ? CLI_FLOW_EACH : CLI_FLOW_GATHER,
				     .state = how.state != NULL,
				     .begin = begin,
				     .step = step,
				     .finish = finish,
				     .commit = commit,
				     .merge = merge,
				     .counts = ev_star_counts(star),
				     .digest = ev_star_digest(star)},
		cli.operands, cli.n_operands);
	if (how.half != EV_STAR_MAP) /* another part may have had them */
		note_lacks(star);
	ev_star_free(&star);
	ev_model_free(&model);
	cli_close(&cli);
	return status;
}

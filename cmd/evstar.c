/* evstar: events to rows of facts and dimensions. */
#include "cli/cli.h"
#include "engine/star.h"

enum { TOLD = 20 };

static const struct cli_program program = {
	.name = "evstar",
	.usage = "evstar [options] [file ...]",
	.purpose = "Turns events into the rows of a star schema: facts and dimensions.",
	.input = CLI_CONTINUES,
};

static enum ev_status step(void *engine, const struct ev_record *rec, struct ev_error *err)
{
	return ev_star_step(engine, rec, err);
}

static enum ev_status finish(void *engine, struct ev_error *err)
{
	return ev_star_finish(engine, err);
}

static enum ev_status flush(void *engine, struct ev_error *err)
{
	return ev_star_flush(engine, err);
}

static void tell(struct ev_star *star)
{
	struct ev_buf line = {0};

	for (size_t i = 0; i < TOLD && ev_star_lacks(star, i, &line); i++) {
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
	if ((star = ev_star_open(model, &cli.port, &cli.error)) == NULL)
		cli_die(&cli.error);
	status = cli_run(&cli,
			 &(struct cli_engine){.engine = star,
					      .flow = CLI_FLOW_GATHER,
					      .step = step,
					      .finish = finish,
					      .flush = flush,
					      .counts = ev_star_counts(star)},
			 cli.operands, cli.n_operands);
	tell(star);
	ev_star_free(&star);
	ev_model_free(&model);
	cli_close(&cli);
	return status;
}

/* evprofile: a model proposed from events. */
#include "cli/run.h"
#include "profile/profile.h"

static struct ev_profile_options profile_options = {.name = "events", .sample = 1};

static const struct cli_option options[] = {
	{"name", 'n', "NAME", "what the model is called (events)"},
	{"sample", '\0', "N", "read about one event in N, chosen by its bytes"},
	{0},
};

static void take(size_t index, const char *argument)
{
	if (index == 0) {
		if (argument[0] == '\0')
			cli_usage("--name takes a text that is not empty");
		profile_options.name = argument;
		return;
	}
	profile_options.sample = cli_number("sample", argument);
	if (profile_options.sample == 0)
		cli_usage("--sample takes a number from 1 on, not '%s'", argument);
}

static const struct cli_program program = {
	.name = "evprofile",
	.usage = "evprofile [options] [file ...]",
	.purpose = "Reads events and proposes a model for them.",
	.input = CLI_CONTINUES,
	.options = options,
	.take = take,
};

CLI_STEP(step, ev_profile_step)
CLI_CALL(finish, ev_profile_finish)

/* A section of a sealed input is no more than events. */
static enum ev_status end(void *engine, const char *batch, const char *digest, const char *balance,
			  struct ev_error *err)
{
	(void)engine, (void)batch, (void)digest, (void)balance, (void)err;
	return EV_OK;
}

int main(int argc, char **argv)
{
	struct ev_profile *profile;
	const char *note;
	struct cli cli;
	int status;

	cli_open(&cli, &program, argc, argv);
	cli.unsealed = true; /* what it makes is no chain's */
	profile = ev_profile_open(&profile_options, &cli.port);
	status = cli_run(&cli,
			 &(struct cli_engine){.engine = profile,
					      .flow = CLI_FLOW_SINK,
					      .no_batch = true,
					      .step = step,
					      .finish = finish,
					      .end = end,
					      .counts = ev_profile_counts(profile)},
			 cli.operands, cli.n_operands);
	for (size_t i = 0; (note = ev_profile_note(profile, i)) != NULL; i++)
		cli_note("%s", note);
	ev_profile_free(&profile);
	cli_close(&cli);
	return status;
}

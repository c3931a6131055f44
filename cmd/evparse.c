/* evparse: raw logs to events. */
#include "cli/cli.h"
#include "cli/seal.h"
#include "engine/parse.h"

static enum ev_parse_format format;
static bool origin;
static const char *new_seal;

static const struct cli_option options[] = {
	{"format", 'f', "FORMAT", "what the lines are: auto (default), json, text or nginx"},
	{"origin", '\0', NULL, "append to each event where its line stood"},
	{"new-seal", '\0', "FILE", "make a new token for EVKIT_SEAL in FILE, and do no more"},
	{0},
};

static void take_format(const char *name)
{
	int i = 0;

	while (ev_parse_formats[i] != NULL && strcmp(ev_parse_formats[i], name) != 0)
		i++;
	if (ev_parse_formats[i] == NULL)
		cli_usage("--format takes auto, json, text or nginx, not '%s'", name);
	format = (enum ev_parse_format)i;
}

static void take(size_t index, const char *argument)
{
	switch (index) {
	case 0: take_format(argument); return;
	case 1: origin = true; return;
	case 2: new_seal = argument; return;
	}
}

static const struct cli_program program = {
	.name = "evparse",
	.usage = "evparse [options] [file ...]\n       evparse --new-seal file",
	.purpose = "Turns raw log lines into events, one JSON object a line.",
	.input = CLI_BEGINS,
	.options = options,
	.take = take,
};

static enum ev_status step(void *engine, const struct ev_record *rec, struct ev_error *err)
{
	return ev_parse_step(engine, rec, err);
}

int main(int argc, char **argv)
{
	struct ev_parse *parse;
	struct cli cli;
	int status;

	cli_open(&cli, &program, argc, argv);
	if (new_seal != NULL) {
		if (cli_seal_new(new_seal, &cli.error) != EV_OK)
			cli_die(&cli.error);
		cli_close(&cli);
		return CLI_OK;
	}
	parse = ev_parse_open(format, origin, &cli.port, &cli.error);
	if (parse == NULL)
		cli_die(&cli.error);
	status = cli_run(&cli,
			 &(struct cli_engine){.engine = parse,
					      .flow = CLI_FLOW_EACH,
					      .keeps_places = true,
					      .step = step},
			 cli.operands, cli.n_operands);
	ev_parse_free(&parse);
	cli_close(&cli);
	return status;
}

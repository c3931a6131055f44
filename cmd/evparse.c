/* evparse: raw logs to events. */
#include "base/utf8.h"
#include "cli/run.h"
#include "cli/seal.h"
#include "parse/parse.h"

#include <stdlib.h>

static struct ev_parse_options parse_options = {.format = "auto"};
static const char *new_seal;

static struct cli_option options[] = {
	{"format", 'f', "FORMAT", NULL},
	{"origin", '\0', NULL, "append to each event where its line stood"},
	{"add-id", '\0', "NAME", "give an event without the member NAME an id there, of its place"},
	CLI_COMMIT_OPTION,
	{"new-seal", '\0', "FILE", "make a new token for EVKIT_SEAL in FILE, and do no more"},
	{0},
};

static void take_add_id(const char *name)
{
	const size_t len = strlen(name);

	if (len == 0 || name[0] == '.' || strcmp(name, "_ev") == 0 ||
	    ev_utf8_valid(name, len) != len)
		cli_usage("--add-id takes the name of a member, such as event_id, not '%s'", name);
	parse_options.add_id = name;
}

static void take(size_t index, const char *argument)
{
	switch (index) {
	case 0: parse_options.format = argument; return;
	case 1: parse_options.origin = true; return;
	case 2: take_add_id(argument); return;
	case 3: cli_commit_take(argument); return;
	case 4: new_seal = argument; return;
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

/* The formats are a table, whose names the help lists. */
static const char *help_of_format(struct ev_buf *out)
{
	ev_buf_puts(out, "what the lines are (default: auto): ");
	ev_parse_formats(out);
	return ev_buf_str(out);
}

CLI_STEP(step, ev_parse_step)

int main(int argc, char **argv)
{
	struct ev_parse *parse;
	struct ev_buf help = {0};
	struct cli cli;
	int status;

	options[0].help = help_of_format(&help);
	cli_open(&cli, &program, argc, argv);
	if (new_seal != NULL) {
		cli_must(&cli, cli_seal_new(new_seal, &cli.error));
		ev_buf_free(&help);
		cli_close(&cli);
		return CLI_OK;
	}
	cli_commit_apply(&cli);
	parse = ev_parse_open(&parse_options, &cli.port, &cli.error);
	if (parse == NULL)
		cli_usage("%s", cli.error.text);
	status = cli_run(
		&cli,
		&(struct cli_engine){
			.engine = parse, .flow = CLI_FLOW_EACH, .keeps_places = true, .step = step},
		cli.operands, cli.n_operands);
	ev_parse_free(&parse);
	ev_buf_free(&help);
	cli_close(&cli);
	return status;
}

/* evparse: raw logs to events. */
#include "base/utf8.h"
#include "cli/run.h"
#include "cli/seal.h"
#include "parse/parse.h"

static struct ev_parse_options parse_options = {.format = "auto"};
static const char *new_seal;

static const struct cli_option options[] = {
	{"format", 'f', "FORMAT", "what the lines are (default: auto):"},
	{"origin", '\0', NULL, "append to each event where its line stood"},
	{"zone", '\0', "ZONE", "where times without an offset are local, such as Europe/Amsterdam"},
	{"year", '\0', "YEAR", "that of times without one: 2026, or the day that it begins with"},
	{"add-id", '\0', "NAME", "give an event without the member NAME an id there, of its place"},
	{"header", '\0', "ROW", "csv and tsv: the header of files that have none"},
	{"separator", '\0', "CHAR", "csv: what stands between fields in place of a comma"},
	{"list", '\0', "NAME", "json-array: the events are the elements of NAME in an object"},
	{"continued", '\0', NULL, "a line that begins with a blank belongs to the one before"},
	{"begins", '\0', "REGEX", "so does a line in which REGEX is not found"},
	{"stream", '\0', "NAME", "kinesis: of which stream; files are named by their shards"},
	CLI_COMMIT_OPTION,
	{"new-seal", '\0', "FILE", "make a new secret for EVKIT_SEAL in FILE, and do no more"},
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

static void take_stream(const char *name)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-_.";

	if (name[0] == '\0' || name[strspn(name, plain)] != '\0')
		cli_usage("--stream takes the name of a stream of Kinesis, such as orders, not "
			  "'%s'",
			  name);
	parse_options.stream = name;
}

static void take(size_t index, const char *argument)
{
	switch (index) {
	case 0: parse_options.format = argument; return;
	case 1: parse_options.origin = true; return;
	case 2: parse_options.zone = argument; return;
	case 3: parse_options.year = argument; return;
	case 4: take_add_id(argument); return;
	case 5: parse_options.header = argument; return;
	case 6: parse_options.separator = argument; return;
	case 7: parse_options.list = argument; return;
	case 8: parse_options.continued = true; return;
	case 9: parse_options.begins = argument; return;
	case 10: take_stream(argument); return;
	case 11: cli_commit_take(argument); return;
	case 12: new_seal = argument; return;
	}
}

static const struct cli_program program = {
	.name = "evparse",
	.usage = "evparse [options] [file ...]\n       evparse --new-seal file",
	.purpose = "Turns raw log lines into events, one JSON object a line.",
	.input = CLI_BEGINS,
	.options = options,
	.values = ev_parse_formats,
	.take = take,
};

CLI_STEP(step, ev_parse_step)

/* With --stream a file is of the shard that it is named by. */
static void check_shards(const struct cli *c)
{
	if (c->n_operands == 0)
		cli_usage("--stream reads files, each named by the shard whose answers it has");
	for (size_t i = 0; i < c->n_operands; i++)
		if (ev_parse_shard(c->operands[i]) == NULL)
			cli_usage("%s: with --stream a file is named by the shard whose answers it "
				  "has, as in shardId-000000000000",
				  c->operands[i]);
}

/* Opens the engine; the model is read for a format that is not built in. */
static struct ev_parse *open_parse(struct cli *cli, struct ev_model **model)
{
	struct ev_parse *parse;

	if (!ev_parse_has_format(parse_options.format))
		*model = cli_model(cli, false);
	if (parse_options.stream != NULL)
		check_shards(cli);
	parse_options.model = *model;
	parse_options.offsets = &cli->offsets;
	parse = ev_parse_open(&parse_options, &cli->port, &cli->error);
	if (parse == NULL)
		cli_usage("%s", cli->error.text);
	return parse;
}

int main(int argc, char **argv)
{
	struct cli_engine engine = {.flow = CLI_FLOW_EACH, .keeps_places = true, .step = step};
	struct ev_model *model = NULL;
	struct ev_parse *parse;
	struct cli cli;
	int status;

	cli_open(&cli, &program, argc, argv);
	if (new_seal != NULL) {
		cli_must(&cli, cli_seal_new(new_seal, &cli.error));
		cli_close(&cli);
		return CLI_OK;
	}
	cli_commit_apply(&cli);
	parse = open_parse(&cli, &model);
	engine.engine = parse;
	engine.frames = ev_parse_frames(parse);
	engine.counts = ev_parse_counts(parse);
	engine.header = ev_parse_header_lines(parse);
	status = cli_run(&cli, &engine, cli.operands, cli.n_operands);
	ev_parse_free(&parse);
	ev_model_free(&model);
	cli_close(&cli);
	return status;
}

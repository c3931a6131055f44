/* evkafka: what stands in the topics of Kafka, as lines; and how far it was loaded. */
#include "base/mem.h"
#include "cli/run.h"
#include "io/in.h"
#include "kafka/kafka.h"
#include "parse/parse.h"

#include <stdlib.h>

enum { MAX_POSITIONS = 64 << 20 }; /* bytes of a file of positions */

static struct ev_kafka_options kafka_options = {.timeout = 30};
static const char *from_file, *positions, *commit;

static const struct cli_option options[] = {
	{"brokers", 'b', "HOST:PORT", "the brokers to begin with, separated by commas"},
	{"config", '\0', "FILE", "librdkafka's properties: users, passwords, TLS"},
	{"group", '\0', "NAME", "whose committed positions are read, and committed"},
	{"from", '\0', "WHERE", "begin at earliest, latest, or the positions in a file"},
	{"until-end", '\0', NULL, "end where the topics ended when reading began"},
	{"for", '\0', "TIME", "end after a time such as 5s"},
	{"max", '\0', "N", "end after N messages"},
	{"positions", '\0', "FILE", "write how far was read"},
	{"commit", '\0', "FILE", "commit the positions in FILE for the group, and end"},
	{"timeout", '\0', "TIME", "trouble if no broker answers for so long (30s)"},
	CLI_COMMIT_OPTION,
	{0},
};

static void take_from(const char *argument)
{
	from_file = NULL;
	if (strcmp(argument, "earliest") == 0) {
		kafka_options.from = EV_KAFKA_EARLIEST;
	} else if (strcmp(argument, "latest") == 0) {
		kafka_options.from = EV_KAFKA_LATEST;
	} else {
		kafka_options.from = EV_KAFKA_OFFSETS;
		from_file = argument;
	}
}

static double take_time(const char *option, const char *argument)
{
	const char *rest;
	double seconds = cli_time(argument, &rest);

	if (rest == NULL || *rest != '\0' || seconds <= 0)
		cli_usage("--%s takes a time such as 5s, 500ms or 10m, not '%s'", option, argument);
	return seconds;
}

static uint64_t take_max(const char *argument)
{
	uint64_t n = cli_number("max", argument);

	if (n == 0)
		cli_usage("--max takes 1 or more");
	return n;
}

static void take(size_t index, const char *argument)
{
	switch (index) {
	case 0: kafka_options.brokers = argument; return;
	case 1: kafka_options.config = argument; return;
	case 2: kafka_options.group = argument; return;
	case 3: take_from(argument); return;
	case 4: kafka_options.until_end = true; return;
	case 5: kafka_options.seconds = take_time("for", argument); return;
	case 6: kafka_options.max = take_max(argument); return;
	case 7: positions = argument; return;
	case 8: commit = argument; return;
	case 9: kafka_options.timeout = take_time("timeout", argument); return;
	case 10: cli_commit_take(argument); return;
	}
}

static const struct cli_program program = {
	.name = "evkafka",
	.usage = "evkafka [options] topic ...\n       evkafka [options] --group name --commit file",
	.purpose =
		"Reads the messages of Kafka's topics, one JSON object each, and commits nothing.",
	.input = CLI_BEGINS,
	.options = options,
	.take = take,
};

/* What a run reads from, and what it makes of it. */
struct reader {
	struct cli *c;
	struct cli_source source;
	struct ev_kafka *kafka;
	struct ev_parse *parse;
	uint64_t tombstones;
};

/*
 * A message as a line: its offset is its number, too, for that is what finds it again. A tombstone
 * is a line without a byte. What ends a line is taken off its end, as off that of a line.
 */
static enum ev_status next(void *ctx, struct ev_line *line, struct ev_error *err)
{
	struct reader *r = ctx;
	struct ev_kafka_message m;
	enum ev_status st;
	bool got;

	st = ev_kafka_next(r->kafka, &m, &got, err);
	*line = (struct ev_line){.p = NULL};
	if (st != EV_OK || !got)
		return st;
	r->tombstones += m.null;
	r->source.bytes += m.len;
	while (m.len > 0 && (m.p[m.len - 1] == '\n' || m.p[m.len - 1] == '\r'))
		m.len--;
	*line = (struct ev_line){.p = m.p,
				 .len = m.len,
				 .source = m.source,
				 .number = m.offset,
				 .offset = m.offset,
				 .last = true};
	if (m.len > r->c->max_line)
		line->kind = EV_LINE_PART;
	return EV_OK;
}

static enum ev_status step(void *engine, const struct ev_record *rec, struct ev_error *err)
{
	return ev_parse_step(((struct reader *)engine)->parse, rec, err);
}

/* The file gets its name together with the output. */
static enum ev_status write_positions(void *engine, struct ev_error *err)
{
	struct cli *c = ((struct reader *)engine)->c;
	struct ev_buf text = {0};
	struct ev_out *out;

	if (positions == NULL)
		return EV_OK;
	if ((out = ev_out_file(positions, err)) == NULL)
		return EV_FATAL;
	ev_offsets_write(&c->offsets, &text);
	ev_out_line(out, text.p, text.len);
	ev_buf_free(&text);
	return ev_outs_add(&c->files, &out, err);
}

static void read_positions(struct cli *c, const char *file, struct ev_offsets *offsets)
{
	size_t len;
	char *text;

	cli_must(c, ev_in_slurp(file, MAX_POSITIONS, &text, &len, &c->error));
	if (!ev_offsets_parse(text, len, offsets))
		cli_fail("%s: these are no positions, as --positions and evload --positions write "
			 "them: {\"topic\":{\"0\":17}}",
			 file);
	free(text);
}

static void commit_positions(struct cli *c)
{
	struct ev_offsets offsets = {0};

	if (kafka_options.group == NULL)
		cli_usage("--commit needs --group, whose positions they are");
	if (c->n_operands > 0)
		cli_usage("--commit reads no topic: '%s'", c->operands[0]);
	read_positions(c, commit, &offsets);
	cli_must(c, ev_kafka_commit(&kafka_options, &offsets, &c->error));
	ev_offsets_free(&offsets);
	cli_commit(c);
}

static void check_use(const struct cli *c)
{
	bool ends = kafka_options.until_end || kafka_options.seconds > 0 || kafka_options.max > 0;

	if (c->n_operands == 0)
		cli_usage("name the topics");
	if (!ends && c->commit_lines == 0 && getenv("EVKIT_SEAL") != NULL)
		cli_usage(
			"without an end nothing is ever sealed, and so nothing loaded: say --for, "
			"--until-end or --max, or make sections with --commit-every");
	if (!ends && positions != NULL)
		cli_usage("--positions are written at the end, which --for, --until-end or --max "
			  "say");
}

static int read_topics(struct cli *c, struct reader *r)
{
	static const struct ev_parse_options parse_options = {
		.format = "json", .origin = true, .spread = true};
	struct ev_offsets start = {0};
	const struct ev_count counts[] = {{"out", &c->port.out->lines, true, false},
					  {"tombstone", &r->tombstones, false, false},
					  {0}};
	int status;

	*r = (struct reader){.c = c, .source = {.ctx = r, .next = next}};
	if (from_file != NULL)
		read_positions(c, from_file, &start);
	kafka_options.offsets = &start;
	r->parse = ev_parse_open(&parse_options, &c->port, &c->error);
	if (r->parse == NULL)
		cli_die(&c->error);
	r->kafka =
		ev_kafka_open(&kafka_options, c->operands, c->n_operands, &c->offsets, &c->error);
	if (r->kafka == NULL)
		cli_die(&c->error);
	c->source = &r->source;
	status = cli_run(c,
			 &(struct cli_engine){.engine = r,
					      .flow = CLI_FLOW_EACH,
					      .keeps_places = true,
					      .step = step,
					      .finish = write_positions,
					      .counts = counts},
			 NULL, 0);
	ev_kafka_free(&r->kafka);
	ev_parse_free(&r->parse);
	ev_offsets_free(&start);
	return status;
}

int main(int argc, char **argv)
{
	struct reader reader;
	struct cli cli;
	int status = CLI_OK;

	cli_open(&cli, &program, argc, argv);
	cli_commit_apply(&cli);
	if (commit != NULL) {
		commit_positions(&cli);
	} else {
		check_use(&cli);
		status = read_topics(&cli, &reader);
	}
	cli_close(&cli);
	return status;
}

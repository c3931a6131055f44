/* evlake: the raw archive. */
#include "base/time.h"
#include "cli/erase.h"
#include "cli/run.h"
#include "lake/lake.h"

#include <inttypes.h>

static unsigned buckets;
static struct ev_lake_choice choice = {.bucket = -1};

enum { BUCKETS, FROM, TO, BUCKET, BROKEN, VALUE, VALUES, EVENTS };

static const struct cli_option options[] = {
	{"buckets", '\0', "N", "append: a new lake has so many buckets (16)"},
	{"from", '\0', "DATE", "cat: no day before it, such as 2026-03-01"},
	{"to", '\0', "DATE", "cat: no day behind it"},
	{"bucket", '\0', "N", "cat: only this bucket"},
	{"broken", '\0', NULL, "cat: only what has no right id, type and time"},
	CLI_ERASE_OPTIONS,
	CLI_ENVELOPE_OPTIONS,
	{0},
};

static const char *take_day(const char *option, const char *text)
{
	struct ev_date day;

	if (!ev_date_parse(text, strlen(text), &day))
		cli_usage("--%s takes a day such as 2026-03-01, not '%s'", option, text);
	return text;
}

static unsigned take_number(const char *option, const char *text, unsigned least, unsigned most)
{
	uint64_t n = cli_number(option, text);

	if (n < least || n > most)
		cli_usage("--%s takes a number from %u to %u", option, least, most);
	return (unsigned)n;
}

static void take(size_t index, const char *argument)
{
	const char *name = options[index].name;

	switch (index) {
	case BUCKETS: buckets = take_number(name, argument, 1, EV_LAKE_MOST_BUCKETS); return;
	case FROM: choice.from = take_day(name, argument); return;
	case TO: choice.to = take_day(name, argument); return;
	case BUCKET:
		choice.bucket = (int)take_number(name, argument, 0, EV_LAKE_MOST_BUCKETS - 1);
		return;
	case BROKEN: choice.broken = true; return;
	case VALUE:
	case VALUES:
	case EVENTS: cli_erase_take(name, argument); return;
	}
	/* A path for append, a name for cat: which of them is known later. */
	if (strcmp(name, "type") == 0)
		choice.type = argument;
	else
		cli_envelope_take(name, argument);
}

static const struct cli_program program = {
	.name = "evlake",
	.usage = "evlake append [options] dir [file ...]\n"
		 "       evlake cat [options] dir\n"
		 "       evlake verify [options] dir\n"
		 "       evlake compact [options] dir\n"
		 "       evlake erase [options] dir path",
	.purpose = "Archives raw lines in folders by day, type and bucket, reads them back, and "
		   "erases\na person.",
	.input = CLI_CONTINUES,
	.options = options,
	.take = take,
};

static struct ev_lake *open_lake(struct cli *c, enum ev_lake_mode mode)
{
	struct ev_lake *l = ev_lake_open(c->operands[1], mode, buckets, &c->error);

	if (l == NULL)
		cli_die(&c->error);
	return l;
}

/* append */

CLI_STEP(append_step, ev_lake_append_step)
CLI_CALL(append_prepare, ev_lake_append_prepare)
CLI_CALL(append_commit, ev_lake_append_commit)

static enum ev_status append_begin(void *engine, const char *batch, const struct ev_span *span,
				   struct ev_error *err)
{
	if (span != NULL)
		return ev_fail(err, "this section comes out of a state, and a lake keeps what went "
				    "in: put evlake in front of evversion");
	return ev_lake_append_begin(engine, batch, err);
}

/* Nothing is left to do, but to say what was not. */
static enum ev_status append_end(void *engine, struct ev_error *err)
{
	(void)err;
	if (ev_lake_append_is_known(engine))
		cli_note("the batch was in the lake already, and is not added again");
	return EV_OK;
}

static int append(struct cli *c)
{
	struct cli_engine engine = {.flow = CLI_FLOW_EACH,
				    .keeps_places = true,
				    .unchecked = true,
				    .state = true,
				    .no_batch = true,
				    .begin = append_begin,
				    .step = append_step,
				    .finish = append_prepare,
				    .commit = append_commit,
				    .merge = append_end};
	struct ev_model *model = cli_model(c, false);
	struct ev_lake_append *a;
	struct ev_lake *l;
	int status;

	if (choice.type != NULL)
		cli_envelope_take("type", choice.type);
	cli_envelope_apply(model);
	l = open_lake(c, EV_LAKE_WRITE);
	engine.engine = a = ev_lake_append_open(l, model, &c->port);
	status = cli_run(c, &engine, c->operands + 2, c->n_operands - 2);
	ev_lake_append_free(&a);
	ev_lake_free(&l);
	ev_model_free(&model);
	return status;
}

/* cat */

CLI_STEP(cat_step, ev_lake_cat_step)
CLI_CALL(cat_finish, ev_lake_cat_finish)

/* What stands in the lake is raw: where there is a chain, it begins here. */
static int cat(struct cli *c)
{
	static char nothing[] = "/dev/null";
	char *const none[] = {nothing};
	struct cli_engine engine = {.flow = CLI_FLOW_EACH,
				    .keeps_places = true,
				    .unchecked = true,
				    .no_batch = true,
				    .step = cat_step,
				    .finish = cat_finish};
	struct ev_lake *l = open_lake(c, EV_LAKE_READ);
	struct ev_lake_cat *cat = ev_lake_cat_new(l, &c->port);
	size_t n;
	char *const *files = ev_lake_choose(l, &choice, &n);
	int status;

	c->first = true;
	engine.engine = cat;
	status = cli_run(c, &engine, n > 0 ? files : none, n > 0 ? n : 1);
	ev_lake_cat_free(&cat);
	ev_lake_free(&l);
	return status;
}

/* verify, compact */

static void put(struct cli *c, const struct ev_buf *text)
{
	if (ev_out_put(c->port.out, text->p, text->len) != EV_OK)
		cli_die(&c->port.out->error);
}

static void put_sums(const char *what, const struct ev_lake *l, struct ev_buf *out)
{
	struct ev_lake_sums s = ev_lake_sums(l);

	ev_buf_printf(out,
		      "%s: commits %" PRIu64 " batches %" PRIu64 " parts %" PRIu64 " lines %" PRIu64
		      " bytes %" PRIu64 " packed %" PRIu64 "\n",
		      what, s.commits, s.batches, s.parts, s.rows, s.bytes, s.packed);
}

static int verify(struct cli *c)
{
	struct ev_lake *l = open_lake(c, EV_LAKE_READ);
	struct ev_buf out = {0};
	uint64_t bad = ev_lake_verify(l, &out);

	put_sums(bad == 0 ? "whole" : "not whole", l, &out);
	put(c, &out);
	cli_commit(c);
	ev_buf_free(&out);
	ev_lake_free(&l);
	return bad == 0 ? CLI_OK : CLI_NO;
}

static int compact(struct cli *c)
{
	struct ev_lake *l = open_lake(c, EV_LAKE_WRITE);
	struct ev_buf out = {0};
	uint64_t merged;

	cli_must(c, ev_lake_compact(l, &merged, &c->error));
	ev_buf_printf(&out, "merged: %" PRIu64 "\n", merged);
	put_sums("now", l, &out);
	put(c, &out);
	cli_commit(c);
	ev_buf_free(&out);
	ev_lake_free(&l);
	return CLI_OK;
}

/* erase */

static int erase(struct cli *c)
{
	struct ev_erasure *what = cli_erasure(c, c->operands[2]);
	struct ev_erased erased = cli_erased();
	struct ev_model *model = cli_model(c, false);
	struct ev_buf out = {0};
	struct ev_lake *l;

	if (choice.type != NULL)
		cli_envelope_take("type", choice.type);
	cli_envelope_apply(model);
	l = open_lake(c, EV_LAKE_WRITE);
	cli_must(c, ev_lake_erase(l, model, what, &erased, &c->error));
	cli_erased_print(&erased, &out);
	ev_buf_printf(&out, "broken lines: %" PRIu64 "\n", erased.broken);
	put(c, &out);
	cli_commit(c);
	ev_buf_free(&out);
	ev_buf_free(&erased.owners);
	ev_lake_free(&l);
	ev_model_free(&model);
	ev_erasure_free(&what);
	return CLI_OK;
}

static const struct command {
	const char *name;
	int (*run)(struct cli *c);
} commands[] = {{"append", append},
		{"cat", cat},
		{"verify", verify},
		{"compact", compact},
		{"erase", erase}};

static const struct command *find_command(const struct cli *c)
{
	return &commands[cli_command(c, commands, sizeof commands / sizeof commands[0],
				     sizeof commands[0], "append, cat, verify, compact or erase")];
}

int main(int argc, char **argv)
{
	const struct command *command;
	struct cli cli;
	int status;

	cli_open(&cli, &program, argc, argv);
	command = find_command(&cli);
	if (cli.n_operands < 2)
		cli_usage("%s takes the folder of a lake: evlake %s dir", command->name,
			  command->name);
	if (command->run == erase && cli.n_operands != 3)
		cli_usage("erase takes the folder of a lake and a path: evlake erase dir .user_id");
	if (command->run != append && command->run != erase && cli.n_operands > 2)
		cli_usage("%s takes the folder of a lake alone: evlake %s dir", command->name,
			  command->name);
	status = command->run(&cli);
	cli_close(&cli);
	return status;
}

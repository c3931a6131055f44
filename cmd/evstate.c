/* evstate: what a state holds. */
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/erase.h"
#include "model/nearest.h"
#include "scan/form.h"
#include "version/batch.h"
#include "version/erase.h"
#include "version/show.h"

#include <inttypes.h>
#include <stdlib.h>

static bool json;

static const struct cli_option options[] = {
	{"json", '\0', NULL, "show: one JSON object a record"},
	CLI_ERASE_OPTIONS,
	{0},
};

static void take(size_t index, const char *argument)
{
	if (index == 0)
		json = true;
	else
		cli_erase_take(options[index].name, argument);
}

static const struct cli_program program = {
	.name = "evstate",
	.usage = "evstate info [options] dir\n"
		 "       evstate check [options] dir\n"
		 "       evstate show [options] dir id\n"
		 "       evstate retract [options] dir batch\n"
		 "       evstate erase [options] dir path\n"
		 "       evstate compact [options] dir",
	.purpose = "Tells what a state (--state DIR) holds, checks it, shows all that is known of "
		   "one\nevent, takes a batch out, and erases a person.",
	.input = CLI_NO_INPUT,
	.options = options,
	.take = take,
};

static const struct ev_store_kind *kind_of(struct cli *c, const char *dir)
{
	const struct ev_store_kind *kind = ev_store_kind_of(dir, &c->error);

	if (kind == NULL)
		cli_die(&c->error);
	return kind;
}

static struct ev_store *open_state(struct cli *c, const char *dir, enum ev_store_mode mode)
{
	struct ev_store *s = ev_store_open(dir, kind_of(c, dir), mode, &c->error);

	if (s == NULL)
		cli_die(&c->error);
	return s;
}

/* Only evversion's state knows of records and batches. */
static void need_events(struct cli *c, const char *dir)
{
	const struct ev_store_kind *kind = kind_of(c, dir);

	if (kind != &ev_store_events)
		cli_fail("%s: is the state of %s, and records and batches are in that of "
			 "evversion: name its folder",
			 dir, kind->program);
}

static void put(struct cli *c, struct ev_buf *text)
{
	if (text->len > 0 && ev_out_put(c->port.out, text->p, text->len) != EV_OK)
		cli_die(&c->port.out->error);
	ev_buf_reset(text);
}

/* The batch's name as JSON, without anything that steers a terminal. */
static void put_name(const char *name, struct ev_buf *out)
{
	struct ev_buf quoted = {0};

	ev_json_quote(name, strlen(name), &quoted);
	ev_version_print(quoted.p, quoted.len, out);
	ev_buf_free(&quoted);
}

/* info */

/* As in 1-3,7; - for none. */
static void put_commits(const struct ev_version_batch *b, struct ev_buf *out)
{
	if (b->n_commits == 0)
		ev_buf_putc(out, '-');
	for (size_t i = 0, end; i < b->n_commits; i = end) {
		for (end = i + 1; end < b->n_commits; end++)
			if (b->commits[end] != b->commits[end - 1] + 1)
				break;
		ev_buf_printf(out, "%s%" PRIu64, i > 0 ? "," : "", b->commits[i]);
		if (end > i + 1)
			ev_buf_printf(out, "-%" PRIu64, b->commits[end - 1]);
	}
}

static void put_batches(const struct ev_store *s, struct ev_buf *out)
{
	struct ev_version_batches batches = ev_version_batches_read(s);

	for (size_t i = 0; i < batches.n; i++) {
		const struct ev_version_batch *b = &batches.list[i];

		ev_buf_puts(out, "batch: ");
		put_name(b->name, out);
		ev_buf_puts(out, " commits ");
		put_commits(b, out);
		ev_buf_printf(out, " records %" PRIu64, b->records);
		if (b->retracted > 0)
			ev_buf_printf(out, " retracted %" PRIu64, b->retracted);
		ev_buf_putc(out, '\n');
	}
	ev_version_batches_free(&batches);
}

static int info(struct cli *c, char **operands)
{
	const struct ev_store_kind *kind = kind_of(c, operands[0]);
	struct ev_store *s = open_state(c, operands[0], EV_STORE_READ);
	struct ev_point position = ev_store_position(s, ev_store_head(s));
	struct ev_store_sums sums = ev_store_sums(s);
	const char *follows = ev_store_note(s, "follows"), *name, *value;
	char text[EV_STORE_POSITION];
	struct ev_buf out = {0};

	if (follows[0] != '\0') /* its commits are another store's */
		snprintf(position.store, sizeof position.store, "%s", follows);
	ev_point_write(&position, text);
	ev_buf_printf(&out, "kind: %s\nprogram: %s\nid: %s\nposition: %s\n", kind->name,
		      kind->program, ev_store_id(s), text);
	ev_buf_printf(&out, "commits: %" PRIu64 "\nentries: %" PRIu64 "\n", ev_store_head(s),
		      sums.entries);
	ev_buf_printf(&out, "bytes: %" PRIu64 "\nruns: %" PRIu64 "\n", sums.bytes, sums.runs);
	for (size_t i = 0; (name = ev_store_note_at(s, i, &value)) != NULL; i++)
		ev_buf_printf(&out, "%s: %s\n", name, value);
	if (kind == &ev_store_events)
		put_batches(s, &out);
	put(c, &out);
	ev_buf_free(&out);
	ev_store_free(&s);
	return CLI_OK;
}

/* check */

static int check(struct cli *c, char **operands)
{
	struct ev_store *s = open_state(c, operands[0], EV_STORE_READ);
	struct ev_store_sums sums = ev_store_sums(s);
	struct ev_store_rest rest;
	struct ev_buf out = {0};

	if (ev_store_check(s, &c->error) != EV_OK || ev_store_rest(s, &rest, &c->error) != EV_OK)
		cli_die(&c->error);
	if (rest.files > 0 || rest.bytes > 0)
		cli_note("%s: %" PRIu64 " files and %" PRIu64 " bytes of the log do not count: a "
			 "writer was stopped, or is at work, or the manifest is an old one",
			 operands[0], rest.files, rest.bytes);
	ev_buf_printf(&out,
		      "whole: commits %" PRIu64 " entries %" PRIu64 " runs %" PRIu64
		      " bytes %" PRIu64 "\n",
		      ev_store_head(s), sums.entries, sums.runs, sums.bytes);
	put(c, &out);
	ev_buf_free(&out);
	ev_store_free(&s);
	return CLI_OK;
}

/* show */

struct shower {
	struct cli *cli;
	struct ev_buf text, stands;
};

static enum ev_status show_record(void *ctx, const struct ev_version_shown *shown,
				  struct ev_error *err)
{
	struct shower *sh = ctx;

	if (shown->k > 0 && shown->to == NULL)
		ev_version_shown_stands(shown, &sh->stands);
	if (json)
		ev_version_shown_json(shown, &sh->text);
	else
		ev_version_shown_text(shown, &sh->text);
	(void)err;
	put(sh->cli, &sh->text);
	return EV_OK;
}

static int show(struct cli *c, char **operands)
{
	struct ev_version_options how = {.state = operands[0], .as_of = true};
	struct ev_model *model = cli_model(c, false);
	struct ev_version *version = ev_version_open(model, &how, &c->port);
	struct shower sh = {.cli = c};
	const char *id = operands[1];
	enum ev_status st;

	if (id[0] == '\0')
		cli_usage("the id is empty: no event has that");
	need_events(c, operands[0]);
	cli_must(c, ev_version_begin(version, &c->error));
	st = ev_version_show(version, id, strlen(id), show_record, &sh, &c->error);
	if (st == EV_FATAL)
		cli_die(&c->error);
	if (ev_version_erased(version) > 0)
		cli_note("%s: %" PRIu64 " records of the event %s were erased", operands[0],
			 ev_version_erased(version), id);
	if (st == EV_EOF)
		cli_note("%s: there is no record of the event %s", operands[0], id);
	else if (!json && sh.stands.len == 0)
		ev_version_shown_stands(NULL, &sh.stands);
	if (!json)
		put(c, &sh.stands);
	ev_buf_free(&sh.text);
	ev_buf_free(&sh.stands);
	ev_version_free(&version);
	ev_model_free(&model);
	return st == EV_EOF ? CLI_NO : CLI_OK;
}

/* retract */

static void note_unknown(const char *dir, const char *batch,
			 const struct ev_version_batches *batches)
{
	const char **names = ev_malloc((batches->n + 1) * sizeof *names), *near;

	for (size_t i = 0; i < batches->n; i++)
		names[i] = batches->list[i].name;
	names[batches->n] = NULL;
	near = ev_nearest(batch, names);
	if (near != NULL)
		cli_note("%s: there is no batch '%s': did you mean '%s'?", dir, batch, near);
	else
		cli_note("%s: there is no batch '%s': evstate info lists them", dir, batch);
	free(names);
}

/* Whether the batch can be taken out; if not, a note says why. */
static bool is_there(const struct ev_store *s, const char *batch)
{
	struct ev_version_batches batches = ev_version_batches_read(s);
	const struct ev_version_batch *b = ev_version_batches_find(&batches, batch);
	bool there = b != NULL && b->retracted == 0;

	if (b == NULL)
		note_unknown(ev_store_dir(s), batch, &batches);
	else if (!there)
		cli_note("%s: the batch '%s' has been retracted already, by commit %" PRIu64,
			 ev_store_dir(s), batch, b->retracted);
	ev_version_batches_free(&batches);
	return there;
}

static int retract(struct cli *c, char **operands)
{
	const char *dir = operands[0], *batch = operands[1];
	struct ev_version_retracted r;
	struct ev_buf out = {0};
	struct ev_store *s;
	bool there;

	need_events(c, dir);
	s = open_state(c, dir, EV_STORE_WRITE);
	there = is_there(s, batch);
	if (there) {
		cli_must(c, ev_version_retract(s, batch, &r, &c->error));
		ev_buf_printf(&out, "records of the batch: %" PRIu64 "\n", r.records);
		ev_buf_printf(&out, "gone: %" PRIu64 "\n", r.gone);
		ev_buf_printf(&out, "brought by other batches too: %" PRIu64 "\n",
			      r.records - r.gone);
		ev_buf_printf(&out, "commit: %" PRIu64 "\n", ev_store_head(s));
		put(c, &out);
		cli_note("the next run of evversion emits what has changed");
	}
	ev_buf_free(&out);
	ev_store_free(&s);
	return there ? CLI_OK : CLI_NO;
}

/* erase */

static int erase(struct cli *c, char **operands)
{
	struct ev_erasure *what = cli_erasure(c, operands[1]);
	struct ev_erased erased = cli_erased();
	struct ev_buf out = {0};
	struct ev_store *s;

	need_events(c, operands[0]);
	s = open_state(c, operands[0], EV_STORE_WRITE);
	cli_must(c, ev_version_erase(s, what, &erased, &c->error));
	cli_erased_print(&erased, &out);
	ev_buf_printf(&out, "commit: %" PRIu64 "\n", ev_store_head(s));
	put(c, &out);
	if (erased.events > 0)
		cli_note("the next run of evversion has the rows of these events deleted");
	ev_buf_free(&out);
	ev_buf_free(&erased.owners);
	ev_erasure_free(&what);
	ev_store_free(&s);
	return CLI_OK;
}

/* compact */

static int compact(struct cli *c, char **operands)
{
	struct ev_store *s = open_state(c, operands[0], EV_STORE_WRITE);
	struct ev_store_sums before = ev_store_sums(s), after;
	struct ev_buf out = {0};

	cli_must(c, ev_store_compact(s, &c->error));
	after = ev_store_sums(s);
	ev_buf_printf(&out,
		      "entries: %" PRIu64 " of %" PRIu64 "\nbytes: %" PRIu64 " of %" PRIu64 "\n",
		      after.entries, before.entries, after.bytes, before.bytes);
	put(c, &out);
	ev_buf_free(&out);
	ev_store_free(&s);
	return CLI_OK;
}

static const struct command {
	const char *name, *operands;
	size_t n;
	int (*run)(struct cli *c, char **operands);
} commands[] = {
	{"info", "dir", 1, info},	 {"check", "dir", 1, check},
	{"show", "dir id", 2, show},	 {"retract", "dir batch", 2, retract},
	{"erase", "dir path", 2, erase}, {"compact", "dir", 1, compact},
};

static const struct command *find_command(const struct cli *c)
{
	return &commands[cli_command(c, commands, sizeof commands / sizeof commands[0],
				     sizeof commands[0],
				     "info, check, show, retract, erase or compact")];
}

int main(int argc, char **argv)
{
	const struct command *command;
	struct cli cli;
	int status;

	cli_open(&cli, &program, argc, argv);
	command = find_command(&cli);
	if (cli.n_operands != command->n + 1)
		cli_usage("%s takes its operands so: evstate %s %s", command->name, command->name,
			  command->operands);
	status = command->run(&cli, cli.operands + 1);
	cli_commit(&cli);
	cli_close(&cli);
	return status;
}

/* evreject: the records that were set aside, looked at and handed back. */
#include "cli/cli.h"
#include "cli/erase.h"
#include "letters/group.h"
#include "letters/letters.h"

#include <inttypes.h>

/* A letter is longer than its record: six bytes for one at most. */
enum { MAX_LETTER = 512 << 20 };

static bool json;
static struct ev_letters *letters;

static const struct cli_option options[] = {
	{"code", 'c', "CODE", "only records of that code"},
	{"stage", 's', "PROGRAM", "only those that this program set aside"},
	{"rule", '\0', "NAME", "only those that broke this rule, or the schema of this type"},
	{"source", '\0', "FILE", "only those that came from there"},
	{"line", 'l', "N", "only those of that line of their source"},
	{"json", '\0', NULL, "group: one JSON object a group"},
	CLI_ERASE_VALUES,
	{0},
};

/* Made by the first option that chooses, when cli_open has said what happens without memory. */
static struct ev_letters *the_letters(void)
{
	if (letters == NULL)
		letters = ev_letters_new();
	return letters;
}

static void take(size_t index, const char *argument)
{
	if (index < EV_LETTER_CHOICES)
		ev_letters_choose(the_letters(), (enum ev_letter_choice)index, argument);
	else if (index == EV_LETTER_CHOICES)
		json = true;
	else
		cli_erase_take(options[index].name, argument);
}

static const struct cli_program program = {
	.name = "evreject",
	.usage = "evreject group [options] [file ...]\n"
		 "       evreject show [options] [file ...]\n"
		 "       evreject restore [options] [file ...]\n"
		 "       evreject replay [options] [file ...]\n"
		 "       evreject edit [options] program [file ...]\n"
		 "       evreject erase [options] path [file ...]",
	.purpose =
		"Groups, shows, restores, edits, erases and hands back the records that programs "
		"set\naside (-r).",
	.input = CLI_NO_MODEL,
	.options = options,
	.take = take,
};

struct run {
	struct cli *cli;
	struct ev_letter_groups *groups;
	struct ev_letter_edit *edit;
	struct ev_erasure *what;
	uint64_t edited, same, refused, bare, erased;
	struct ev_buf out, why;
	struct ev_error first; /* why the first was refused */
};

static void put(struct run *r)
{
	if (r->out.len > 0 && ev_out_put(r->cli->port.out, r->out.p, r->out.len) != EV_OK)
		cli_die(&r->cli->port.out->error);
	ev_buf_reset(&r->out);
}

static void group(struct run *r, const struct ev_letter *letter)
{
	ev_letter_groups_add(r->groups, letter);
}

static void show(struct run *r, const struct ev_letter *letter)
{
	ev_letter_show(letter, &r->out);
}

static void restore(struct run *r, const struct ev_letter *letter)
{
	ev_buf_put(&r->out, letter->raw, letter->raw_len);
	ev_buf_putc(&r->out, '\n');
}

static void replay(struct run *r, const struct ev_letter *letter)
{
	r->bare += !ev_letters_replay(letters, letter, &r->out);
	ev_buf_putc(&r->out, '\n');
}

static void edit(struct run *r, const struct ev_letter *letter)
{
	struct ev_buf made = {0};

	ev_buf_reset(&r->why);
	switch (ev_letter_edit(r->edit, letter, &made, &r->why)) {
	case EV_OK:
		r->edited++;
		ev_letter_write(letter, made.p, made.len, &r->out);
		break;
	case EV_EOF:
		r->same++;
		ev_letter_copy(letter, &r->out);
		break;
	default:
		if (r->refused++ == 0)
			ev_fail(&r->first, "%s:%" PRIu64 ": %s", letter->source, letter->line,
				ev_buf_str(&r->why));
		ev_letter_copy(letter, &r->out);
	}
	ev_buf_putc(&r->out, '\n');
	ev_buf_free(&made);
}

/* A record that was set aside may lack what is right of one, so more of it is looked at. */
static void erase(struct run *r, const struct ev_letter *letter)
{
	if (ev_erasure_takes_line(r->what, letter->raw, letter->raw_len)) {
		r->erased++;
		return;
	}
	ev_letter_copy(letter, &r->out);
	ev_buf_putc(&r->out, '\n');
}

static const struct command {
	const char *name;
	void (*take)(struct run *r, const struct ev_letter *letter);
} commands[] = {
	{"group", group},   {"show", show}, {"restore", restore},
	{"replay", replay}, {"edit", edit}, {"erase", erase},
};

static const struct command *find_command(const struct cli *c)
{
	return &commands[cli_command(c, commands, sizeof commands / sizeof commands[0],
				     sizeof commands[0],
				     "group, show, restore, replay, edit or erase")];
}

static enum ev_status flush(void *out, int *wait, struct ev_error *err)
{
	(void)wait;
	return ev_out_status(out, ev_out_flush(out), err);
}

static void read_line(struct run *r, const struct command *command, const struct ev_line *l)
{
	struct ev_record rec = {.p = l->p,
				.len = l->len,
				.source = l->source,
				.line = l->number,
				.index = l->index,
				.nth = l->nth};
	struct ev_letter *letter;
	enum ev_status st;

	if (l->kind == EV_LINE_PART)
		cli_fail("%s:%" PRIu64 ": the line is longer than 512M", l->source, l->number);
	if (strspn(l->p, " \t") >= l->len)
		return;
	st = ev_letters_read(letters, &rec, &letter, &r->cli->error);
	cli_must(r->cli, st);
	if (st == EV_OK) {
		command->take(r, letter);
	} else if (command->take == edit || command->take == erase) {
		/* what is not chosen stays as it is */
		ev_letter_copy(letter, &r->out);
		ev_buf_putc(&r->out, '\n');
	}
	put(r);
}

static void read_all(struct run *r, const struct command *command, char **files, size_t n)
{
	struct ev_in *in = ev_in_new(files, n, MAX_LETTER);
	struct ev_lines *lines = ev_lines_new(in, MAX_LETTER);
	struct ev_line l;
	enum ev_status st;

	ev_in_before_block(in, flush, r->cli->port.out);
	while ((st = ev_lines_next(lines, &l, &r->cli->error)) == EV_OK)
		read_line(r, command, &l);
	cli_must(r->cli, st);
	ev_lines_free(&lines);
	ev_in_free(&in);
}

static void note(const struct run *r, const struct command *command)
{
	if (command->take == edit)
		cli_note("%" PRIu64 " edited, %" PRIu64 " without a change, %" PRIu64
			 " refused, which stay as they are%s%s",
			 r->edited, r->same, r->refused, r->refused > 0 ? "; the first: " : "",
			 r->refused > 0 ? r->first.text : "");
	if (command->take == erase)
		cli_note("%" PRIu64 " erased", r->erased);
	if (r->bare > 0)
		cli_note("%" PRIu64 " went without their origin: what is no right JSON object, or "
			 "has a member \"_ev\" from outside, cannot bear it",
			 r->bare);
}

int main(int argc, char **argv)
{
	const struct command *command;
	struct cli cli;
	struct run r = {.cli = &cli};
	size_t first = 1;

	cli_open(&cli, &program, argc, argv);
	the_letters();
	command = find_command(&cli);
	r.groups = ev_letter_groups_new();
	if (command->take == edit) {
		first++;
		if (cli.n_operands < 2)
			cli_usage("edit takes a program of jq: evreject edit program [file ...]");
		r.edit = ev_letter_edit_new(cli.operands[1], &cli.error);
		if (r.edit == NULL)
			cli_fail("%s: %s", cli.operands[1], cli.error.text);
	}
	if (command->take == erase) {
		first++;
		if (cli.n_operands < 2)
			cli_usage("erase takes a path: evreject erase .user_id [file ...]");
		r.what = cli_erasure(&cli, cli.operands[1]);
	}
	read_all(&r, command, cli.operands + first, cli.n_operands - first);
	if (command->take == group)
		ev_letter_groups_write(r.groups, json, &r.out);
	put(&r);
	cli_commit(&cli);
	note(&r, command);
	ev_letter_groups_free(&r.groups);
	ev_letter_edit_free(&r.edit);
	ev_erasure_free(&r.what);
	ev_letters_free(&letters);
	ev_buf_free(&r.out);
	ev_buf_free(&r.why);
	cli_close(&cli);
	return CLI_OK;
}

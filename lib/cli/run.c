/*
 * The record loop: one line after another is a control line of the chain, for section.c, or goes to
 * the engine as a record, with the place that it has in the raw input.
 */
#include "cli/run.h"
#include "base/hash.h"
#include "base/lookup.h"
#include "base/mem.h"
#include "cli/metrics.h"
#include "cli/section.h"
#include "json/write.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROGRESS_LINES = 4096 };

struct run {
	struct cli *c;
	const struct cli_engine *e;
	struct cli_sections s;
	char *const *inputs; /* their names */
	size_t n_inputs;
	struct ev_in *in;
	struct ev_lines *lines;
	struct cli_place file; /* in the file that is read; control lines do not count */
	struct cli_place at;   /* as the last position says, or that in the file */
	char **sources;	       /* the names in positions, each valid to the end */
	size_t n_sources;
	struct ev_lookup by_name; /* the same: a stream goes to and fro between them */
	struct ev_reasons why;
	struct ev_out *stats, *metrics;
	bool show_progress;
	struct timespec started, shown;
	struct timespec quiet_since; /* no bytes have come behind the first quiet_bytes */
	uint64_t quiet_bytes;
};

/* Whether the input is a chain's, of sections. */
static bool is_sealed(const struct run *r)
{
	return r->s.seal != NULL && !r->s.begins;
}

/* Behind a commit what fails is no trouble of status 2 any more. */
static void must_or_note(struct run *r, enum ev_status st)
{
	if (!r->s.committed)
		cli_must(r->c, st);
	if (st != EV_FATAL)
		return;
	r->s.refused = true;
	cli_note("%s, but what was to be written beside it is not: %s",
		 r->e->flow == CLI_FLOW_SINK ? "the load is in" : "the output is whole",
		 r->c->error.text);
}

/* Places: of lines in the raw input, wherever in the chain they are */

/* A new file is read from its first line on. */
static void begin_file(struct run *r, const struct ev_line *l)
{
	if (r->file.source == l->source && l->number > 1)
		return;
	r->file = (struct cli_place){l->source, 1, 0};
	r->at = r->file;
}

/* bytes: of the line, with its LF; a LF alone is of a line whose parts have passed by. */
static void pass_place(struct cli_place *p, uint64_t bytes, bool whole)
{
	p->line += whole;
	if (p->offset != EV_NO_OFFSET)
		p->offset += bytes;
}

static void pass_line(struct run *r, const struct ev_line *l)
{
	bool whole = l->kind == EV_LINE_WHOLE || l->last;

	pass_place(&r->file, l->len + whole, whole);
	pass_place(&r->at, l->len + whole, whole);
}

/* Names are kept, once each, because places are compared by where the names lie. */
static const char *kept_name(struct run *r, const char *name)
{
	uint64_t hash = ev_hash64(name, strlen(name), 0);
	size_t step = 0;
	uint32_t i;

	while ((i = ev_lookup_next(&r->by_name, hash, &step)) != EV_LOOKUP_NONE)
		if (strcmp(r->sources[i], name) == 0)
			return r->sources[i];
	r->sources = ev_realloc_array(r->sources, r->n_sources + 1, sizeof *r->sources);
	ev_lookup_add(&r->by_name, hash, (uint32_t)r->n_sources);
	return r->sources[r->n_sources++] = ev_strdup(name);
}

static void take_place(struct run *r, const struct cli_control *line)
{
	r->at.line = line->at.line;
	r->at.offset = line->at.offset;
	if (r->at.source == NULL || strcmp(r->at.source, line->at.source) != 0)
		r->at.source = kept_name(r, line->at.source);
}

/*
 * Called only where the place is not what the reader expects. Where lines go out that are not as
 * long as those that came in, offsets cannot be counted on, and are left out up to the next source;
 * but not where several records stand in one line, which the offset alone tells apart. Those of a
 * source that is no file do not count bytes.
 */
static void write_place(void *ctx)
{
	struct run *r = ctx;
	struct cli_control line; /* too large to be cleared for each position */
	bool counted = r->s.expected.source == r->at.source &&
		       (r->s.expected.offset == EV_NO_OFFSET || r->s.expected.line == r->at.line) &&
		       r->at.line >= r->s.expected.line;

	line.kind = CLI_AT;
	line.at.source = r->at.source;
	line.at.line = r->at.line;
	line.at.offset = counted || r->c->source != NULL ? EV_NO_OFFSET : r->at.offset;
	cli_section_put(&r->s, &line);
	r->s.expected = (struct cli_place){r->at.source, r->at.line, line.at.offset};
}

static void step(struct run *r, const struct ev_record *rec)
{
	struct cli_place *expected = &r->s.expected;
	struct ev_port *port = &r->c->port;
	uint64_t lines = port->out->lines;

	if (r->s.seal == NULL || !r->e->keeps_places) {
		cli_must(r->c, r->e->step(r->e->engine, rec, &r->c->error));
		return;
	}
	port->jumps = expected->line != r->at.line || expected->source != r->at.source ||
		      (expected->offset != r->at.offset && expected->offset != EV_NO_OFFSET);
	cli_must(r->c, r->e->step(r->e->engine, rec, &r->c->error));
	if (port->out->lines != lines)
		pass_place(expected, port->len + 1, true);
}

/* Lines */

static struct ev_record record_of(const struct run *r, const struct ev_line *l)
{
	return (struct ev_record){l->p, l->len,	  r->at.source, r->at.line, r->at.offset,
				  0,	l->index, l->nth,	l->cut};
}

static void reserved(struct run *r, const struct ev_line *l)
{
	struct ev_record rec = record_of(r, l);

	r->s.n_in++;
	ev_reasons_reset(&r->why);
	r->why.code = "reserved";
	ev_reasons_add(&r->why, "the member \"_ev\" is reserved")->path = "/_ev";
	cli_must(r->c, ev_rejects_put(r->c->port.rejects, &rec, NULL, 0, &r->why, &r->c->error));
}

static void too_long(struct run *r, const struct ev_line *l)
{
	struct ev_record rec = {
		.p = "", .source = r->at.source, .line = r->at.line, .offset = r->at.offset};

	if (r->e->flow == CLI_FLOW_SINK)
		cli_die_at(l, "the row is longer than --max-line: raise that");
	if (!r->s.long_line) {
		r->s.n_in++;
		ev_reasons_reset(&r->why);
		r->why.code = "too-long";
		ev_reasons_add(&r->why, "the line is longer than %zu bytes (--max-line)",
			       r->c->max_line);
		cli_must(r->c, ev_rejects_begin(r->c->port.rejects, &rec, &r->why, &r->c->error));
	}
	cli_must(r->c, ev_rejects_part(r->c->port.rejects, l->p, l->len, &r->c->error));
	r->s.long_line = !l->last;
	if (l->last)
		cli_must(r->c, ev_rejects_end(r->c->port.rejects, &r->c->error));
}

/* A record that is no line is blank if it has no bytes, unless these are what is missing. */
static bool is_blank(const struct run *r, const struct ev_line *l)
{
	if (l->len > 0 && l->p[0] > ' ')
		return false;
	if (r->e->frames != NULL)
		return l->len == 0 && !l->cut;
	return strspn(l->p, " \t\r") >= l->len;
}

static void record(struct run *r, const struct ev_line *l)
{
	struct ev_record rec = record_of(r, l);

	if (l->kind == EV_LINE_PART) {
		too_long(r, l);
		return;
	}
	r->s.n_in++;
	if (is_blank(r, l))
		r->s.n_blank++;
	else
		step(r, &rec);
}

/*
 * Where a chain begins, no line is believed: one from outside that looks like a control line, even
 * if it was copied from a sealed file, is a record of a reserved name. What comes behind can rely
 * on that: a position is not signed by itself.
 */
static void raw_line(struct run *r, const struct ev_line *l, enum cli_kind kind)
{
	if (r->c->commit_lines > 0 && !r->s.opened)
		cli_section_begin_own(&r->s);
	if (kind == CLI_HEAD && l->number == 1 && r->c->source == NULL)
		cli_die_at(
			l,
			"the input is sealed already: leave out --first, or what begins the chain "
			"twice");
	if (kind == CLI_RECORD || r->e->flow == CLI_FLOW_SINK)
		record(r, l);
	else
		reserved(r, l);
}

/* The metrics, which say how long the run took up to here. */
static void put_metrics(struct run *r)
{
	struct timespec now;
	struct ev_buf b = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	cli_metrics_write(&r->s.total, cli_section_batch(&r->s), ev_in_bytes(r->in),
			  cli_seconds(&r->started, &now), &b);
	ev_out_put(r->metrics, b.p, b.len);
	ev_buf_free(&b);
}

/* A stream commits section by section and may never end, so its metrics follow each commit. */
static void follow_metrics(struct run *r)
{
	if (r->metrics == NULL || !r->s.committed)
		return;
	put_metrics(r);
	must_or_note(r, ev_out_commit(&r->metrics, &r->c->error));
	r->metrics = ev_out_file(r->c->metrics, &r->c->error);
	must_or_note(r, r->metrics != NULL ? EV_OK : EV_FATAL);
}

static void chained_line(struct run *r, const struct ev_line *l, const struct cli_control *line)
{
	if (line->kind == CLI_FORGED)
		cli_die_at(l,
			   "this control line is not signed under EVKIT_SEAL as it stands: it was "
			   "altered or sealed under another secret, rerun the batch");
	if (line->kind == CLI_HEAD) {
		cli_section_head(&r->s, l, line);
		r->at = r->file;
		return;
	}
	if (line->kind == CLI_SEAL) {
		cli_section_seal(&r->s, l, line);
		follow_metrics(r);
		return;
	}
	if (!r->s.inside)
		cli_die_at(
			l,
			"EVKIT_SEAL is set and this line stands in no section: the program before "
			"this one did not seal it; if the chain begins here, say --first");
	cli_section_digest(&r->s, l);
	if (line->kind == CLI_OTHER) { /* one that this version does not know is handed on */
		if (r->e->flow != CLI_FLOW_SINK) {
			ev_out_put(r->c->port.out, l->p, l->len);
			ev_out_put(r->c->port.out, "\n", 1);
		}
		return;
	}
	if (line->kind == CLI_AT) {
		take_place(r, line);
		return;
	}
	r->s.section_in += !r->s.long_line;
	record(r, l);
	pass_line(r, l);
}

static void take_line(struct run *r, const struct ev_line *l)
{
	struct cli_control line;

	line.kind = CLI_RECORD;
	line.offsets = r->s.begins ? NULL : &r->c->offsets;
	if (r->s.seal != NULL && l->kind == EV_LINE_WHOLE && r->e->frames == NULL)
		cli_control_read(r->s.seal, l->p, l->len, &line);
	if (is_sealed(r) && r->s.n == 0 && r->c->unsealed && line.kind == CLI_RECORD)
		cli_section_begin_here(&r->s);
	if (is_sealed(r)) {
		begin_file(r, l);
		chained_line(r, l, &line);
		return;
	}
	r->at = (struct cli_place){l->source, l->number, l->offset};
	/* Without a chain a sink's batch is known again by the digest taken here: of lines. */
	if ((r->e->flow == CLI_FLOW_SINK && r->e->frames == NULL) || r->e->state)
		cli_section_digest(&r->s, l);
	raw_line(r, l, line.kind);
	if (r->c->commit_lines > 0)
		cli_section_count(&r->s);
}

static uint64_t bytes_read(const struct run *r)
{
	return r->c->source != NULL ? r->c->source->bytes : ev_in_bytes(r->in);
}

/* Progress */

static void progress(struct run *r, bool last)
{
	double bytes = (double)bytes_read(r);
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!last && cli_seconds(&r->shown, &now) < 1)
		return;
	r->shown = now;
	fprintf(stderr, "\r%s: %llu lines, %.1f MB, %.0f MB/s%s", r->c->program->name,
		(unsigned long long)r->s.n_in, bytes / 1e6,
		bytes / 1e6 / (cli_seconds(&r->started, &now) + 1e-9), last ? "\n" : "");
}

/* The run */

/* Records that are no lines of the inputs. Before a source is waited for, what is made goes out. */
static enum ev_status next_other(struct run *r, struct ev_line *l)
{
	struct cli_source *source = r->c->source;
	struct ev_error *err = &r->c->error;
	enum ev_status st;

	if (r->e->frames != NULL)
		return ev_frames_next(r->e->frames, l, err);
	while ((st = source->next(source->ctx, l, err)) == EV_OK && l->p == NULL)
		cli_must(r->c, cli_section_flush(&r->s, err));
	return st;
}

/*
 * How long a record that waits for the line behind it has to wait still, in milliseconds; -1: none
 * does, or as long as it takes. In a stream with an age that is it, but a second at least, because
 * a program may write a record line by line.
 */
static int held_left(struct run *r)
{
	enum { LEAST = 1 };
	const double age = r->c->commit_seconds;

	if (r->quiet_bytes != bytes_read(r)) {
		r->quiet_bytes = bytes_read(r);
		clock_gettime(CLOCK_MONOTONIC, &r->quiet_since);
	}
	if (r->c->commit_lines == 0 || age < 0 || r->e->frames == NULL ||
	    !ev_frames_hold(r->e->frames))
		return -1;
	return cli_age_left(age > LEAST ? age : LEAST, &r->quiet_since);
}

/*
 * Before the input is waited for: what is made goes out, and in a stream with an age what has it.
 * EV_EOF: a record has waited for long enough.
 */
static enum ev_status before_block(void *ctx, int *wait, struct ev_error *err)
{
	struct run *r = ctx;
	int left;

	if (cli_section_flush(&r->s, err) != EV_OK)
		return EV_FATAL;
	*wait = cli_section_left(&r->s);
	left = held_left(r);
	if (left == 0)
		return EV_EOF;
	if (left > 0 && (*wait < 0 || left < *wait))
		*wait = left;
	return EV_OK;
}

static void read_all(struct run *r)
{
	struct ev_line l;
	enum ev_status st;
	const bool plain = r->e->frames == NULL && r->c->source == NULL;
	uint64_t lines = 0;

	while ((st = plain ? ev_lines_next(r->lines, &l, &r->c->error) : next_other(r, &l)) ==
	       EV_OK) {
		take_line(r, &l);
		if (r->show_progress && ++lines % PROGRESS_LINES == 0)
			progress(r, false);
	}
	cli_must(r->c, st);
	if (r->show_progress)
		progress(r, true);
}

static void begin(struct run *r)
{
	r->s.seal = cli_seal_open();
	r->c->port.seed = r->s.seal != NULL ? cli_seal_seed(r->s.seal) : 0;
	r->s.shards.own = cli_shard();
	r->s.begins = r->s.seal != NULL && (r->c->first || r->c->program->input == CLI_BEGINS);
	if (r->s.seal == NULL || r->s.begins) {
		cli_section_begin_here(&r->s);
		return;
	}
	r->s.digest = ev_digest_keyed(cli_seal_digest_secret(r->s.seal));
	if (r->e->flow == CLI_FLOW_SINK || r->e->state)
		r->s.unkeyed = ev_digest_new();
}

/* Writes and syncs what has no name yet. */
static void prepare_stats(struct run *r)
{
	struct ev_buf b = {0};
	const char *code;
	uint64_t n;

	if (r->stats == NULL)
		return;
	ev_buf_putc(&b, '{');
	ev_json_text(&b, "program", r->c->program->name);
	ev_json_text(&b, "batch", cli_section_batch(&r->s));
	ev_json_bool(&b, "ok", !r->s.refused);
	ev_json_u64(&b, "octets", bytes_read(r));
	ev_buf_puts(&b, ",\"rejects\":{");
	for (size_t i = 0; (code = ev_rejects_code(r->c->port.rejects, i, &n)) != NULL; i++)
		ev_json_u64(&b, code, n);
	ev_buf_puts(&b, "},\"stages\":");
	cli_chain_write(&r->s.total, &b);
	ev_buf_puts(&b, "}\n");
	ev_out_put(r->stats, b.p, b.len);
	must_or_note(r, ev_outs_add(&r->c->files, &r->stats, &r->c->error));
	ev_buf_free(&b);
}

/* The same of the metrics. */
static void prepare_metrics(struct run *r)
{
	if (r->metrics == NULL)
		return;
	put_metrics(r);
	must_or_note(r, ev_outs_add(&r->c->files, &r->metrics, &r->c->error));
}

/*
 * All that is written beside a sink's load, but for the names: status 2 is to mean that nothing was
 * committed, so what can fail does it here. Sections out of a state are in already.
 */
static void prepare(struct run *r)
{
	struct ev_error *err = &r->c->error;

	must_or_note(r, ev_rejects_prepare(r->c->port.rejects, err));
	prepare_stats(r);
	prepare_metrics(r);
	must_or_note(r, cli_prepare(r->c));
}

/* Whether the input is /dev/null, or another device: a pipe from a dead program is none. */
static bool is_null(const struct run *r)
{
	struct stat s;

	if (r->n_inputs == 0 || (r->n_inputs == 1 && strcmp(r->inputs[0], "-") == 0))
		return fstat(STDIN_FILENO, &s) == 0 && S_ISCHR(s.st_mode);
	return r->n_inputs == 1 && stat(r->inputs[0], &s) == 0 && S_ISCHR(s.st_mode);
}

/* The input has ended: checks that it is whole, and ends the sections that are open. */
static void end_sections(struct run *r)
{
	bool sealed, none;

	if (is_sealed(r) && r->s.n == 0 && r->c->unsealed)
		cli_section_begin_here(&r->s);
	sealed = is_sealed(r);
	none = sealed && r->s.n == 0;
	if (none && r->e->opens && is_null(r)) {
		cli_section_begin(&r->s, cli_section_batch(&r->s), NULL);
		none = false;
		cli_section_end(&r->s);
	} else if (!sealed && r->e->state) {
		cli_section_end(&r->s);
	}
	if (r->s.unmerged)
		cli_note("the state is whole, but its runs are not merged, which the next batch "
			 "tries again: %s",
			 r->c->error.text);
	if (sealed && r->s.inside)
		cli_fail("the input ends without its seal: a program before this one "
			 "was stopped, rerun the batch");
	if (none)
		cli_fail("EVKIT_SEAL is set and the input has no head: the program "
			 "before this one did not run; if the chain begins here, say "
			 "--first");
	if (!sealed && r->e->flow == CLI_FLOW_SINK)
		cli_section_end_sink(&r->s, r->c->batch);
	cli_shards_check(&r->s.shards);
	cli_shards_check_counts(&r->s.shards);
}

static void end(struct run *r)
{
	end_sections(r);
	if (r->e->commits)
		prepare(r);
	if (r->e->finish != NULL && !r->e->state)
		cli_must(r->c, r->e->finish(r->e->engine, &r->c->error));
	r->s.committed = r->e->commits;
	/* What was set aside must be safe before the last seal says so. */
	must_or_note(r, ev_rejects_commit(r->c->port.rejects, &r->c->error));
	if (r->s.opened)
		cli_section_close(&r->s);
	cli_section_end_stream(&r->s);
	if (r->s.whole_batch != NULL) /* the counts are of all of it */
		r->c->batch = r->s.whole_batch;
	if (!r->s.committed) {
		prepare_stats(r);
		prepare_metrics(r);
	}
}

static void print_stats(struct run *r)
{
	struct ev_buf b = {0};

	cli_chain_print(&r->s.total, &b);
	fwrite(b.p, 1, b.len, stderr);
	ev_buf_free(&b);
}

/* A file that what is behind could take for good must not have its name after a no. */
static void commit(struct run *r)
{
	if (r->s.committed) {
		must_or_note(r, ev_outs_commit(&r->c->files, &r->c->error));
		return;
	}
	if (r->s.refused && r->c->port.out->temp != NULL) {
		ev_out_discard(&r->c->port.out);
		cli_note("%s: is not made, because the verdict is no", r->c->output);
	}
	cli_commit(r->c);
	r->s.committed = true;
}

static void free_run(struct run *r)
{
	ev_lines_free(&r->lines);
	ev_in_free(&r->in);
	cli_section_free(&r->s);
	ev_reasons_free(&r->why);
	while (r->n_sources > 0)
		free(r->sources[--r->n_sources]);
	free(r->sources);
	ev_lookup_free(&r->by_name);
}

/* As port->open: of an engine that opens the sections of the output itself. */
static void open_section(void *ctx, const struct ev_span *span)
{
	cli_section_open(&((struct run *)ctx)->s, span);
}

int cli_run(struct cli *c, const struct cli_engine *e, char *const *inputs, size_t n)
{
	struct run r = {.c = c,
			.e = e,
			.s = {.c = c, .e = e},
			.inputs = inputs,
			.n_inputs = n,
			.show_progress = c->progress || isatty(STDERR_FILENO)};

	r.in = ev_in_new(inputs, n, c->max_line);
	r.lines = ev_lines_new(r.in, c->max_line);
	if (e->frames != NULL)
		ev_frames_begin(e->frames, r.in, c->max_line);
	ev_in_before_block(r.in, before_block, &r);
	c->port.jump = write_place;
	c->port.open = open_section;
	c->port.ctx = &r;
	clock_gettime(CLOCK_MONOTONIC, &r.started);
	r.shown = r.started;
	/* Opened first: a folder that is not there stops the run, not its report. */
	if (c->stats != NULL && (r.stats = ev_out_file(c->stats, &c->error)) == NULL)
		cli_die(&c->error);
	if (c->metrics != NULL && (r.metrics = ev_out_file(c->metrics, &c->error)) == NULL)
		cli_die(&c->error);
	begin(&r);
	read_all(&r);
	end(&r);
	commit(&r);
	if (c->print_stats)
		print_stats(&r);
	if (r.s.nothing_passed > 0)
		cli_note_nothing(c->program, r.s.nothing_passed);
	else if (cli_refuses(c, ev_rejects_count(c->port.rejects), r.s.n_in))
		cli_note_refusal(ev_rejects_count(c->port.rejects), r.s.n_in);
	free_run(&r);
	return r.s.refused ? CLI_NO : CLI_OK;
}

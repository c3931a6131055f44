/*
 * The record loop. One line after another is a control line of the chain, or goes to the engine; at
 * the end of a section the sums are checked and sealed.
 */
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/seal.h"
#include "scan/lines.h"
#include "json/write.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PROGRESS_LINES = 4096 };

struct sums {
	uint64_t in, blank, rejected, out;
	uint64_t engine[CLI_MAX_COUNTS];
};

/* Of a line: the next one that comes in, or that a reader of the output expects. */
struct place {
	const char *source; /* NULL: of none */
	uint64_t line, offset;
};

struct run {
	struct cli *c;
	const struct cli_engine *e;
	char *const *inputs; /* their names */
	size_t n_inputs;
	struct ev_in *in;
	struct ev_lines *lines;
	struct cli_seal *seal;	   /* NULL: no chain */
	bool begins;		   /* this program begins it */
	bool inside;		   /* of a section of the input */
	bool opened;		   /* a section of the output */
	bool refused;		   /* the verdict is no */
	bool spanned;		   /* the section of the input comes out of a state */
	bool committed;		   /* what fails from now on cannot undo it */
	bool unmerged;		   /* the state could not be tidied up; c->error says why */
	uint64_t nothing_passed;   /* records of sections in which all were rejected */
	bool long_line;		   /* parts of a line that is too long are passing by */
	struct sums before;	   /* at the start of the section of the output */
	uint64_t section_in;	   /* records and blank lines in the section of the input */
	struct ev_digest *digest;  /* of the section of the input */
	struct ev_digest *unkeyed; /* of a sink's: the same under no secret, so that it depends on
				     none; or NULL */
	const char *span;	   /* neighbours among the lines that the digest is to take yet */
	size_t span_len;
	char head[CLI_MAC + 1];	    /* the mac of the head of the section of the input */
	char own_head[CLI_MAC + 1]; /* and of the output */
	struct cli_chain chain;	    /* of the section's producers, or of all sections gathered */
	struct cli_chain total;	    /* of all sections, with this program's own stage */
	size_t sections;
	char *batch, *last_batch; /* of the output; gathered sections may bear several, least to
				     greatest */
	struct place file;	  /* in the file that is read; control lines do not count */
	struct place at;	  /* as the last position says, or that in the file */
	struct place expected;	  /* what a reader of the output expects */
	char **sources;		  /* the names in positions, each valid to the end */
	size_t n_sources;
	uint64_t n_in, n_blank;
	const char *whole_batch; /* what --batch says, where each section has a name of its own */
	struct ev_buf own_batch; /* of the section */
	uint64_t own_sections;
	struct timespec opened_at;
	struct ev_reasons why;
	struct ev_buf line;
	struct ev_out *stats;
	bool show_progress;
	struct timespec started, shown;
};

static _Noreturn void die(struct run *r)
{
	cli_die(&r->c->error);
}

static _Noreturn void die_at(struct run *r, const struct ev_line *l, const char *what)
{
	ev_fail(&r->c->error, "%s:%llu: %s", l->source, (unsigned long long)l->number, what);
	die(r);
}

static void must(struct run *r, enum ev_status st)
{
	if (st == EV_FATAL)
		die(r);
}

/* The same behind a commit, where it is no trouble of status 2 any more. */
static void must_or_note(struct run *r, enum ev_status st)
{
	if (st != EV_FATAL)
		return;
	if (!r->committed)
		die(r);
	r->refused = true;
	cli_note("%s, but what was to be written beside it is not: %s",
		 r->e->flow == CLI_FLOW_SINK ? "the load is in" : "the output is whole",
		 r->c->error.text);
}

/* Counts */

static struct sums sums_now(const struct run *r)
{
	struct sums s = {.in = r->n_in, .blank = r->n_blank, .out = r->c->port.out->lines};

	s.rejected = ev_rejects_count(r->c->port.rejects);
	for (size_t i = 0; r->e->counts != NULL && r->e->counts[i].name != NULL; i++) {
		s.engine[i] = *r->e->counts[i].value;
		if (r->e->counts[i].set_aside)
			s.rejected -= s.engine[i];
	}
	return s;
}

/* This program's row of the balance sheet since `before`; dies if it does not balance. */
static void own_stage(struct run *r, struct cli_stage *stage)
{
	struct sums now = sums_now(r), *b = &r->before;
	uint64_t in = now.in - b->in, blank = now.blank - b->blank,
		 rejected = now.rejected - b->rejected;
	uint64_t sum = blank + rejected;

	*stage = (struct cli_stage){.n = 0};
	snprintf(stage->program, sizeof stage->program, "%s", r->c->program->name);
	cli_stage_add(stage, "in", in);
	if (r->e->counts == NULL) {
		cli_stage_add(stage, "out", now.out - b->out);
		sum += now.out - b->out;
	}
	for (size_t i = 0; r->e->counts != NULL && r->e->counts[i].name != NULL; i++) {
		cli_stage_add(stage, r->e->counts[i].name, now.engine[i] - b->engine[i]);
		if (r->e->counts[i].in_sum)
			sum += now.engine[i] - b->engine[i];
	}
	cli_stage_add(stage, "rejected", rejected);
	cli_stage_add(stage, "blank", blank);
	if (sum == in)
		return;
	ev_fail(&r->c->error,
		"the sums do not balance: %llu came in, %llu are accounted for: report this as a "
		"bug",
		(unsigned long long)in, (unsigned long long)sum);
	die(r);
}

bool cli_refuses(const struct cli *c, uint64_t rejected, uint64_t in)
{
	const struct cli_limit *l = &c->max_rejects;

	if (!l->set)
		return false;
	return l->percent ? (double)rejected * 100 > (double)l->value * (double)in
			  : rejected > l->value;
}

void cli_note_refusal(uint64_t rejected, uint64_t in)
{
	cli_note("%llu of %llu lines were rejected, more than --max-rejects allows",
		 (unsigned long long)rejected, (unsigned long long)in);
}

void cli_note_nothing(const struct cli_program *program, uint64_t rejected)
{
	cli_note("nothing passed, and the batch is not approved: %llu %s rejected: see whether "
		 "they are wrong or the %s is",
		 (unsigned long long)rejected, rejected == 1 ? "record was" : "records were",
		 program->input == CLI_BEGINS ? "format" : "model");
}

static bool too_many_rejects(const struct run *r)
{
	return cli_refuses(r->c, ev_rejects_count(r->c->port.rejects), r->n_in);
}

/* A batch of rejects alone is refused: more likely the model is wrong. */
static void refuse_nothing(struct run *r)
{
	struct sums now = sums_now(r), *b = &r->before;
	uint64_t rejected = now.rejected - b->rejected;

	if (r->e->no_batch || rejected == 0 || now.in - b->in > rejected + now.blank - b->blank)
		return;
	r->nothing_passed += rejected;
	r->refused = true;
}

/* The digest of the input */

static void digest_bytes(struct run *r, const char *p, size_t len)
{
	ev_digest_add(r->digest, p, len);
	if (r->unkeyed != NULL)
		ev_digest_add(r->unkeyed, p, len);
}

static void digest_span(struct run *r)
{
	digest_bytes(r, r->span, r->span_len);
	r->span_len = 0;
}

/* Lines without the CRs before their ends: those that have none are taken together. */
static void digest_line(struct run *r, const struct ev_line *l)
{
	if (r->span_len == 0)
		r->span = l->p;
	if (l->p != r->span + r->span_len) {
		digest_span(r);
		r->span = l->p;
	}
	r->span_len += l->len;
	if (l->kind == EV_LINE_PART && !l->last) {
		digest_span(r);
		return;
	}
	if (l->p[l->len] == '\n') {
		r->span_len++;
	} else {
		digest_span(r);
		digest_bytes(r, "\n", 1);
	}
	/* The bytes go with their run. */
	if (l->kind == EV_LINE_PART || l->nth + 1 == l->index->n_lines)
		digest_span(r);
}

static void digest_value(struct run *r, char digest[33])
{
	digest_span(r);
	ev_hash128_hex(ev_digest_value(r->digest), digest);
}

/* Sections */

static const char *batch_name(struct run *r)
{
	if (r->c->batch != NULL)
		return r->c->batch;
	if (r->batch == NULL)
		return "";
	if (strcmp(r->batch, r->last_batch) == 0)
		return r->batch;
	ev_buf_reset(&r->line);
	ev_buf_printf(&r->line, "%s..%s", r->batch, r->last_batch);
	return ev_buf_str(&r->line);
}

static void note_batch(struct run *r, const char *batch)
{
	if (batch[0] == '\0')
		return;
	if (r->batch == NULL || strcmp(batch, r->batch) < 0) {
		free(r->batch);
		r->batch = ev_strdup(batch);
	}
	if (r->last_batch == NULL || strcmp(batch, r->last_batch) > 0) {
		free(r->last_batch);
		r->last_batch = ev_strdup(batch);
	}
}

static void add_stage(struct run *r, struct cli_chain *chain, const struct cli_stage *own)
{
	if (chain->n == CLI_MAX_STAGES) {
		ev_fail(&r->c->error, "the chain has more than %d stages", CLI_MAX_STAGES);
		die(r);
	}
	chain->list[chain->n++] = *own;
}

/* Sections that went through other stages have no common sum: then the last one is kept. */
static void add_total(struct run *r)
{
	if (r->total.n == 0 || !cli_chain_sum(&r->total, &r->chain))
		r->total = r->chain;
}

static void put_control(struct run *r, struct cli_control *line)
{
	struct ev_buf text = {0};

	cli_control_write(r->seal, line, &text);
	ev_out_put(r->c->port.out, text.p, text.len);
	ev_buf_free(&text);
}

/*
 * The head of gathered sections bears no name but --batch: others may follow the first. span: what
 * it shows of a state, or NULL.
 */
static void open_output(struct run *r, const struct ev_span *span)
{
	const char *batch = r->e->flow == CLI_FLOW_EACH ? batch_name(r) : r->c->batch;
	struct cli_control line = {.kind = CLI_HEAD, .batch = batch, .chain = r->chain};
	struct cli_stage own = {.n = 0};

	r->opened = true;
	if (r->seal == NULL)
		return;
	if (span != NULL)
		line.span = *span;
	r->expected = (struct place){NULL, 0, 0};
	if (batch == NULL)
		line.batch = "";
	snprintf(own.program, sizeof own.program, "%s", r->c->program->name);
	add_stage(r, &line.chain, &own);
	put_control(r, &line);
	memcpy(r->own_head, line.mac, sizeof r->own_head);
	ev_out_digest_start(r->c->port.out, cli_seal_digest_secret(r->seal));
}

/* For an engine that opens its sections itself. */
static void open_late(void *ctx, const struct ev_span *span)
{
	open_output(ctx, span);
}

static void judge(struct run *r)
{
	struct cli_sums sums = {r->n_in, ev_rejects_count(r->c->port.rejects), r->n_blank};
	bool approved = !r->refused;

	if (r->e->judge == NULL)
		return;
	must(r, r->e->judge(r->e->engine, batch_name(r), &sums, &approved, &r->c->error));
	r->refused |= !approved;
}

static enum ev_status flush(const struct run *r, struct ev_error *err)
{
	struct ev_out *out = r->c->port.out;

	if (r->e->flush != NULL && r->e->flush(r->e->engine, err) != EV_OK)
		return EV_FATAL;
	if (ev_out_flush(out) == EV_OK)
		return EV_OK;
	*err = out->error;
	return EV_FATAL;
}

/*
 * What went out is flushed, and what was set aside is safe, before the state counts; and that it
 * does before the seal says so.
 */
static void commit_state(struct run *r)
{
	struct ev_error *err = &r->c->error;

	must(r, flush(r, err));
	must(r, ev_rejects_sync(r->c->port.rejects, err));
	if (!r->refused)
		must(r, r->e->commit(r->e->engine, err));
}

static void close_output(struct run *r)
{
	struct cli_control line = {.kind = CLI_SEAL};
	struct cli_stage own;

	own_stage(r, &own);
	r->refused |= too_many_rejects(r);
	refuse_nothing(r);
	judge(r);
	r->opened = false;
	add_stage(r, &r->chain, &own);
	add_total(r);
	if (r->e->state)
		commit_state(r);
	if (r->seal == NULL)
		return;
	memcpy(line.head, r->own_head, sizeof line.head);
	line.batch = batch_name(r);
	line.ok = !r->refused;
	ev_hash128_hex(ev_out_digest_value(r->c->port.out), line.digest);
	line.chain = r->chain;
	put_control(r, &line);
}

/* Sections that this program makes */

static double seconds(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) * 1e-9;
}

/* The next one: ID.00000001, ID.00000002 ... */
static void name_section(struct run *r)
{
	if (r->c->commit_lines == 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &r->opened_at);
	r->own_sections++;
	r->chain = (struct cli_chain){.n = 0};
	if (r->c->batch == NULL)
		return;
	if (r->whole_batch == NULL)
		r->whole_batch = r->c->batch;
	ev_buf_reset(&r->own_batch);
	ev_buf_printf(&r->own_batch, "%s.%08llu", r->whole_batch,
		      (unsigned long long)r->own_sections);
	r->c->batch = ev_buf_str(&r->own_batch);
}

static bool is_old(const struct run *r)
{
	struct timespec now;

	if (r->c->commit_seconds < 0)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return seconds(&r->opened_at, &now) >= r->c->commit_seconds;
}

/* The seal goes out at once; the next section begins with its first line. */
static void end_own(struct run *r)
{
	must(r, ev_rejects_sync(r->c->port.rejects, &r->c->error));
	close_output(r);
	must(r, flush(r, &r->c->error));
}

/* A line has come. The clock is read once in so many lines. */
static void count_own(struct run *r)
{
	enum { CLOCK_LINES = 256 };
	uint64_t n = r->n_in - r->before.in;

	if (r->opened && !r->long_line &&
	    (n >= r->c->commit_lines || (n % CLOCK_LINES == 0 && is_old(r))))
		end_own(r);
}

/*
 * Before the input is waited for, what is made goes out: in a stream the seal, too, of a section
 * that is whole.
 */
static enum ev_status flush_all(void *ctx, struct ev_error *err)
{
	struct run *r = ctx;

	if (r->begins && r->c->commit_lines > 0) {
		if (r->opened && !r->long_line && r->n_in > r->before.in && is_old(r))
			end_own(r);
	} else if (r->e->flow == CLI_FLOW_EACH && r->opened && !r->inside && !r->begins &&
		   r->seal != NULL) {
		end_own(r);
	}
	return flush(r, err);
}

/* A section of the input begins, whose head shows that span; or the input, which has none. */
static void begin_section(struct run *r, const char *batch, const struct ev_span *span)
{
	if (!r->opened)
		r->before = sums_now(r);
	if (r->e->begin != NULL)
		must(r, r->e->begin(r->e->engine, batch[0] != '\0' ? batch : NULL, span,
				    &r->c->error));
	if (!r->opened && r->e->flow != CLI_FLOW_SINK && !r->e->opens)
		open_output(r, span);
}

/* Of the section of the input, under no secret. */
static void unkeyed_digest(struct run *r, char digest[33])
{
	digest_span(r);
	ev_hash128_hex(ev_digest_value(r->unkeyed != NULL ? r->unkeyed : r->digest), digest);
}

/* With a state: the section is whole. */
static void end_section(struct run *r)
{
	const char *batch = batch_name(r);
	struct ev_error *err = &r->c->error;
	char digest[33];

	unkeyed_digest(r, digest);
	if (r->e->end != NULL)
		must(r,
		     r->e->end(r->e->engine, batch[0] != '\0' ? batch : NULL, digest, NULL, err));
	if (r->e->finish != NULL)
		must(r, r->e->finish(r->e->engine, err));
	close_output(r);
	must(r, flush(r, err));
	/* What was taken is safe and handed on: no trouble, unless there is more to take. */
	r->unmerged = !r->refused && r->e->merge(r->e->engine, err) == EV_FATAL;
}

static void head(struct run *r, const struct ev_line *l, const struct cli_control *line)
{
	const struct ev_span *span = line->span.to.store[0] != '\0' ? &line->span : NULL;

	if (r->inside)
		die_at(r, l,
		       "a section begins before the one before it is sealed: its producer was "
		       "stopped, rerun the batch");
	if (r->unmerged)
		die(r);
	if (span != NULL && r->e->begin == NULL)
		die_at(r, l,
		       "this section comes out of a state, which evstar and evload alone can take");
	if (r->e->state && r->refused)
		die_at(r, l,
		       "the section before this one was not approved, so the state takes no "
		       "more");
	if (r->e->flow == CLI_FLOW_EACH && r->opened)
		close_output(r);
	r->inside = true;
	r->spanned = span != NULL;
	r->at = r->file;
	memcpy(r->head, line->mac, sizeof r->head);
	r->section_in = 0;
	r->sections++;
	ev_digest_reset(r->digest);
	if (r->unkeyed != NULL)
		ev_digest_reset(r->unkeyed);
	r->span_len = 0;
	if (r->e->flow != CLI_FLOW_GATHER) {
		free(r->batch);
		free(r->last_batch);
		r->batch = r->last_batch = NULL;
		r->chain = line->chain;
	} else if (r->sections == 1) {
		r->chain = line->chain;
	}
	note_batch(r, line->batch);
	begin_section(r, r->e->flow == CLI_FLOW_SINK ? line->batch : batch_name(r), span);
}

static void check_seal(struct run *r, const struct ev_line *l, const struct cli_control *line)
{
	const struct cli_stage *last = &line->chain.list[line->chain.n - 1];
	char digest[33];

	if (!r->inside)
		die_at(r, l, "a seal without a section: the input was put together wrongly");
	if (strcmp(line->head, r->head) != 0)
		die_at(r, l,
		       "the seal is that of another section: the input was put together wrongly, "
		       "rerun the batch");
	if (!line->ok)
		die_at(r, l,
		       "the seal says that a stage before this one did not approve the batch: see "
		       "its messages and rejects");
	digest_value(r, digest);
	if (cli_stage_count(last, "out") != r->section_in || strcmp(digest, line->digest) != 0)
		die_at(r, l,
		       "what arrived is not what was sealed: lines were lost, added or changed on "
		       "the way, rerun the batch");
}

/*
 * Keeps the producers' stages; gathered sections are summed, and the first seal has the programs'
 * counts.
 */
static void take_chain(struct run *r, const struct ev_line *l, const struct cli_control *line,
		       size_t sealed)
{
	if (r->e->flow != CLI_FLOW_GATHER || sealed == 1)
		r->chain = line->chain;
	else if (!cli_chain_sum(&r->chain, &line->chain))
		die_at(r, l,
		       "sections went through different stages, so their sums cannot be added: "
		       "load them one by one");
}

static void end_sink(struct run *r, const char *batch)
{
	struct ev_buf balance = {0};
	struct cli_stage own;
	char digest[33];

	unkeyed_digest(r, digest);
	own_stage(r, &own);
	cli_chain_write(&r->chain, &balance);
	must(r, r->e->end(r->e->engine, batch, digest, ev_buf_str(&balance), &r->c->error));
	r->committed = r->spanned;
	ev_buf_free(&balance);
	add_stage(r, &r->chain, &own);
	add_total(r);
}

/*
 * A section that goes out by itself is sealed when the next one begins or the input ends: the last
 * seal must not go before the rejects are safe.
 */
static void seal(struct run *r, const struct ev_line *l, const struct cli_control *line)
{
	check_seal(r, l, line);
	r->inside = false;
	take_chain(r, l, line, r->sections);
	note_batch(r, line->batch);
	if (r->e->flow == CLI_FLOW_SINK)
		end_sink(r, line->batch[0] != '\0' ? line->batch : NULL);
	else if (r->e->state)
		end_section(r);
}

/* Places: of lines in the raw input, wherever in the chain they are */

/* A new file is read from its first line on. */
static void begin_file(struct run *r, const struct ev_line *l)
{
	if (r->file.source == l->source && l->number > 1)
		return;
	r->file = (struct place){l->source, 1, 0};
	r->at = r->file;
}

/* bytes: of the line, with its LF; a LF alone is of a line whose parts have passed by. */
static void pass_place(struct place *p, uint64_t bytes, bool whole)
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

/* Names are kept, because they are known again by where they lie. */
static const char *kept_source(struct run *r, const char *source)
{
	if (r->at.source != NULL && strcmp(r->at.source, source) == 0)
		return r->at.source;
	r->sources = ev_realloc_array(r->sources, r->n_sources + 1, sizeof *r->sources);
	return r->sources[r->n_sources++] = ev_strdup(source);
}

static void take_place(struct run *r, const struct cli_control *line)
{
	r->at = (struct place){kept_source(r, line->at.source), line->at.line, line->at.offset};
}

/*
 * Called only where the place is not what the reader expects. Where lines go out that are not as
 * long as those that came in, offsets cannot be counted on, and are left out up to the next source.
 */
static void write_place(void *ctx)
{
	struct run *r = ctx;
	struct cli_control line; /* too large to be cleared for each position */
	bool counted = r->expected.source == r->at.source &&
		       (r->expected.offset == EV_NO_OFFSET || r->expected.line == r->at.line);

	line.kind = CLI_AT;
	line.at.source = r->at.source;
	line.at.line = r->at.line;
	line.at.offset = counted ? EV_NO_OFFSET : r->at.offset;
	put_control(r, &line);
	r->expected = (struct place){r->at.source, r->at.line, line.at.offset};
}

static bool is_expected(const struct place *expected, const struct place *at)
{
	return expected->line == at->line && expected->source == at->source &&
	       (expected->offset == at->offset || expected->offset == EV_NO_OFFSET);
}

static void step(struct run *r, const struct ev_record *rec)
{
	struct ev_port *port = &r->c->port;
	uint64_t lines = port->out->lines;

	if (r->seal == NULL || !r->e->keeps_places) {
		must(r, r->e->step(r->e->engine, rec, &r->c->error));
		return;
	}
	port->jumps = !is_expected(&r->expected, &r->at);
	must(r, r->e->step(r->e->engine, rec, &r->c->error));
	if (port->out->lines != lines)
		pass_place(&r->expected, port->len + 1, true);
}

/* Lines */

static struct ev_record record_of(const struct run *r, const struct ev_line *l)
{
	return (struct ev_record){l->p, l->len,	  r->at.source, r->at.line, r->at.offset,
				  0,	l->index, l->nth,	l->cut};
}

static void record(struct run *r, const struct ev_line *l)
{
	struct ev_record rec = record_of(r, l);

	r->n_in++;
	if (l->len == 0 || (l->p[0] <= ' ' && strspn(l->p, " \t\r") >= l->len)) {
		r->n_blank++;
		return;
	}
	step(r, &rec);
}

static void reserved(struct run *r, const struct ev_line *l)
{
	struct ev_record rec = record_of(r, l);

	r->n_in++;
	ev_reasons_reset(&r->why);
	r->why.code = "reserved";
	ev_reasons_add(&r->why, "the member \"_ev\" is reserved")->path = "/_ev";
	must(r, ev_rejects_put(r->c->port.rejects, &rec, NULL, 0, &r->why, &r->c->error));
}

static void too_long(struct run *r, const struct ev_line *l)
{
	struct ev_record rec = {
		.p = "", .source = r->at.source, .line = r->at.line, .offset = r->at.offset};

	if (r->e->flow == CLI_FLOW_SINK)
		die_at(r, l, "the row is longer than --max-line: raise that");
	if (!r->long_line) {
		r->n_in++;
		ev_reasons_reset(&r->why);
		r->why.code = "too-long";
		ev_reasons_add(&r->why, "the line is longer than %zu octets (--max-line)",
			       r->c->max_line);
		must(r, ev_rejects_begin(r->c->port.rejects, &rec, &r->why, &r->c->error));
	}
	must(r, ev_rejects_part(r->c->port.rejects, l->p, l->len, &r->c->error));
	r->long_line = !l->last;
	if (l->last)
		must(r, ev_rejects_end(r->c->port.rejects, &r->c->error));
}

static void any_record(struct run *r, const struct ev_line *l)
{
	if (l->kind == EV_LINE_PART)
		too_long(r, l);
	else
		record(r, l);
}

static void begin_own(struct run *r)
{
	name_section(r);
	if (r->c->batch != NULL)
		note_batch(r, r->c->batch);
	begin_section(r, r->c->batch != NULL ? r->c->batch : "", NULL);
}

/*
 * Where a chain begins, no line is believed: one from outside that looks like a control line, even
 * if it was copied from a sealed file, is a record of a reserved name. What comes behind can rely
 * on that: a position is not signed by itself.
 */
static void raw_line(struct run *r, const struct ev_line *l, enum cli_kind kind)
{
	if (r->c->commit_lines > 0 && !r->opened)
		begin_own(r);
	if (kind == CLI_HEAD && l->number == 1)
		die_at(r, l,
		       "the input is sealed already: leave out --first, or what begins the chain "
		       "twice");
	if (kind == CLI_RECORD || r->e->flow == CLI_FLOW_SINK)
		any_record(r, l);
	else
		reserved(r, l);
}

/* The input bears no seal: this program begins the chain, or there is none. */
static void begin_here(struct run *r)
{
	r->begins = r->seal != NULL;
	ev_digest_free(&r->digest);
	r->digest = r->unkeyed != NULL ? r->unkeyed : ev_digest_new();
	r->unkeyed = NULL;
	begin_own(r);
}

static void chained_line(struct run *r, const struct ev_line *l, const struct cli_control *line)
{
	if (line->kind == CLI_FORGED)
		die_at(r, l,
		       "this control line is not signed under EVKIT_SEAL as it stands: it was "
		       "altered or sealed under another secret, rerun the batch");
	if (line->kind == CLI_HEAD) {
		head(r, l, line);
		return;
	}
	if (line->kind == CLI_SEAL) {
		seal(r, l, line);
		return;
	}
	if (!r->inside)
		die_at(r, l,
		       "EVKIT_SEAL is set and this line stands in no section: the program before "
		       "this one did not seal it; "
		       "if the chain begins here, say --first");
	digest_line(r, l);
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
	r->section_in += !r->long_line;
	any_record(r, l);
	pass_line(r, l);
}

static void take_line(struct run *r, const struct ev_line *l)
{
	struct cli_control line;

	line.kind = CLI_RECORD;
	if (r->seal != NULL && l->kind == EV_LINE_WHOLE)
		cli_control_read(r->seal, l->p, l->len, &line);
	if (r->seal != NULL && !r->begins && r->sections == 0 && r->c->unsealed &&
	    line.kind == CLI_RECORD)
		begin_here(r);
	if (r->seal != NULL && !r->begins) {
		begin_file(r, l);
		chained_line(r, l, &line);
		return;
	}
	r->at = (struct place){l->source, l->number, l->offset};
	/* Without a chain a sink's batch is known again by the digest taken here. */
	if (r->e->flow == CLI_FLOW_SINK || r->e->state)
		digest_line(r, l);
	raw_line(r, l, line.kind);
	if (r->c->commit_lines > 0)
		count_own(r);
}

/* Progress */

static void progress(struct run *r, bool last)
{
	double bytes = (double)ev_in_bytes(r->in);
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!last && seconds(&r->shown, &now) < 1)
		return;
	r->shown = now;
	fprintf(stderr, "\r%s: %llu lines, %.1f MB, %.0f MB/s%s", r->c->program->name,
		(unsigned long long)r->n_in, bytes / 1e6,
		bytes / 1e6 / (seconds(&r->started, &now) + 1e-9), last ? "\n" : "");
}

/* The run */

static void read_all(struct run *r)
{
	struct ev_line l;
	enum ev_status st;
	uint64_t lines = 0;

	while ((st = ev_lines_next(r->lines, &l, &r->c->error)) == EV_OK) {
		take_line(r, &l);
		if (r->show_progress && ++lines % PROGRESS_LINES == 0)
			progress(r, false);
	}
	must(r, st);
	if (r->show_progress)
		progress(r, true);
}

static void begin(struct run *r)
{
	r->seal = cli_seal_open();
	r->begins = r->seal != NULL && (r->c->first || r->c->program->input == CLI_BEGINS);
	if (r->seal == NULL || r->begins) {
		begin_here(r);
		return;
	}
	r->digest = ev_digest_keyed(cli_seal_digest_secret(r->seal));
	if (r->e->flow == CLI_FLOW_SINK || r->e->state)
		r->unkeyed = ev_digest_new();
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
	ev_json_text(&b, "batch", batch_name(r));
	ev_json_bool(&b, "ok", !r->refused);
	ev_json_u64(&b, "octets", ev_in_bytes(r->in));
	ev_buf_puts(&b, ",\"rejects\":{");
	for (size_t i = 0; (code = ev_rejects_code(r->c->port.rejects, i, &n)) != NULL; i++)
		ev_json_u64(&b, code, n);
	ev_buf_puts(&b, "},\"stages\":");
	cli_chain_write(&r->total, &b);
	ev_buf_puts(&b, "}\n");
	ev_out_put(r->stats, b.p, b.len);
	must_or_note(r, ev_outs_add(&r->c->files, &r->stats, &r->c->error));
	ev_buf_free(&b);
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

static void end(struct run *r)
{
	bool sealed;

	if (r->seal != NULL && !r->begins && r->sections == 0 && r->c->unsealed)
		begin_here(r);
	sealed = r->seal != NULL && !r->begins;
	if (sealed && r->sections == 0 && r->e->opens && is_null(r)) {
		begin_section(r, batch_name(r), NULL);
		end_section(r);
		sealed = false;
	} else if (!sealed && r->e->state) {
		end_section(r);
	}
	if (r->unmerged)
		cli_note("the state is whole, but its runs are not merged, which the next batch "
			 "tries again: %s",
			 r->c->error.text);
	if (sealed && r->inside) {
		ev_fail(&r->c->error, "the input ends without its seal: a program before this one "
				      "was stopped, rerun the batch");
		die(r);
	}
	if (sealed && r->sections == 0) {
		ev_fail(&r->c->error, "EVKIT_SEAL is set and the input has no head: the program "
				      "before this one did not run; if "
				      "the chain begins here, say --first");
		die(r);
	}
	if (!sealed && r->e->flow == CLI_FLOW_SINK)
		end_sink(r, r->c->batch);
	if (r->e->commits)
		prepare(r);
	if (r->e->finish != NULL && !r->e->state)
		must(r, r->e->finish(r->e->engine, &r->c->error));
	r->committed = r->e->commits;
	/* What was set aside must be safe before the last seal says so. */
	must_or_note(r, ev_rejects_commit(r->c->port.rejects, &r->c->error));
	if (r->opened)
		close_output(r);
	if (r->whole_batch != NULL) /* the counts are of all of it */
		r->c->batch = r->whole_batch;
	if (!r->committed)
		prepare_stats(r);
}

static void print_stats(struct run *r)
{
	struct ev_buf b = {0};

	cli_chain_print(&r->total, &b);
	fwrite(b.p, 1, b.len, stderr);
	ev_buf_free(&b);
}

/* A file that what is behind could take for good must not have its name after a no. */
static void commit(struct run *r)
{
	if (r->refused && r->c->port.out->temp != NULL) {
		ev_out_discard(&r->c->port.out);
		cli_note("%s: is not made, because the verdict is no", r->c->output);
	}
	cli_commit(r->c);
}

int cli_run(struct cli *c, const struct cli_engine *e, char *const *inputs, size_t n)
{
	struct run r = {.c = c,
			.e = e,
			.inputs = inputs,
			.n_inputs = n,
			.show_progress = c->progress || isatty(STDERR_FILENO)};

	r.in = ev_in_new(inputs, n, c->max_line);
	r.lines = ev_lines_new(r.in, c->max_line);
	ev_in_before_block(r.in, flush_all, &r);
	c->port.jump = write_place;
	c->port.open = open_late;
	c->port.ctx = &r;
	clock_gettime(CLOCK_MONOTONIC, &r.started);
	r.shown = r.started;
	/* Opened first: a folder that is not there stops the run, not its report. */
	if (c->stats != NULL && strcmp(c->stats, "-") != 0 &&
	    (r.stats = ev_out_file(c->stats, &c->error)) == NULL)
		die(&r);
	begin(&r);
	read_all(&r);
	end(&r);
	if (r.committed)
		must_or_note(&r, ev_outs_commit(&c->files, &c->error));
	else
		commit(&r);
	r.committed = true;
	if (c->stats != NULL && strcmp(c->stats, "-") == 0)
		print_stats(&r);
	if (r.nothing_passed > 0)
		cli_note_nothing(c->program, r.nothing_passed);
	else if (too_many_rejects(&r))
		cli_note_refusal(ev_rejects_count(c->port.rejects), r.n_in);
	ev_lines_free(&r.lines);
	ev_in_free(&r.in);
	ev_digest_free(&r.digest);
	ev_digest_free(&r.unkeyed);
	cli_seal_free(&r.seal);
	ev_reasons_free(&r.why);
	ev_buf_free(&r.line);
	ev_buf_free(&r.own_batch);
	while (r.n_sources > 0)
		free(r.sources[--r.n_sources]);
	free(r.sources);
	free(r.batch);
	free(r.last_batch);
	return r.refused ? CLI_NO : CLI_OK;
}

/* Sections of the input and of the output: what section.h says. */
#include "cli/section.h"
#include "base/mem.h"

#include <limits.h>
#include <stdlib.h>

_Noreturn void cli_die_at(const struct ev_line *l, const char *what)
{
	cli_fail("%s:%llu: %s", l->source, (unsigned long long)l->number, what);
}

/* Counts */

static struct cli_section_sums sums_now(const struct cli_sections *s)
{
	struct cli_section_sums sums = {
		.in = s->n_in, .blank = s->n_blank, .out = s->c->port.out->lines};

	sums.rejected = ev_rejects_count(s->c->port.rejects);
	sums.header = s->e->header != NULL ? *s->e->header : 0;
	for (size_t i = 0; s->e->counts != NULL && s->e->counts[i].name != NULL; i++) {
		sums.engine[i] = *s->e->counts[i].value;
		if (s->e->counts[i].set_aside)
			sums.rejected -= sums.engine[i];
	}
	return sums;
}

/* Adds a count of the balance sheet; one that is in the sum, to that, too. */
static uint64_t add_count(struct cli_stage *stage, const char *name, uint64_t n, bool in_sum)
{
	cli_stage_add(stage, name, n);
	return in_sum ? n : 0;
}

/* This program's row of the balance sheet since `before`; exits if it does not balance. */
static void own_stage(struct cli_sections *s, struct cli_stage *stage)
{
	struct cli_section_sums now = sums_now(s), *b = &s->before;
	const struct ev_count *count = s->e->counts;
	uint64_t in = now.in - b->in, sum = 0;

	*stage = (struct cli_stage){.n = 0};
	snprintf(stage->program, sizeof stage->program, "%s", s->c->program->name);
	cli_stage_add(stage, "in", in);
	if (count == NULL)
		sum += add_count(stage, "out", now.out - b->out, true);
	for (size_t i = 0; count != NULL && count[i].name != NULL; i++)
		sum += add_count(stage, count[i].name, now.engine[i] - b->engine[i],
				 count[i].in_sum);
	sum += add_count(stage, "rejected", now.rejected - b->rejected, true);
	sum += add_count(stage, "blank", now.blank - b->blank, true);
	if (sum != in)
		cli_fail("the sums do not balance: %llu came in, %llu are accounted for: report "
			 "this as a bug",
			 (unsigned long long)in, (unsigned long long)sum);
	if (s->e->digest != NULL)
		stage->digest = *s->e->digest;
}

/* The records of the section that passed; and those that were rejected. */
static uint64_t passed_in(const struct cli_sections *s, uint64_t *rejected)
{
	const struct cli_section_sums now = sums_now(s), *b = &s->before;
	const uint64_t in = now.in - b->in - (now.blank - b->blank) - (now.header - b->header);

	*rejected = now.rejected - b->rejected;
	return in > *rejected ? in - *rejected : 0;
}

static void refuse_nothing(struct cli_sections *s)
{
	s->nothing_passed = s->in_a_row;
	s->refused = true;
}

/*
 * A batch of rejects alone is refused: more likely the model is wrong. Of a stream a section may
 * be one bad line in a quiet hour, which is no reason to end it; but so many in a row are. Nor is
 * one line a share of a stream.
 */
static void judge_rejects(struct cli_sections *s)
{
	enum { MANY = 1000 };
	uint64_t rejected, passed = passed_in(s, &rejected);

	if (!s->stream || !s->c->max_rejects.percent || s->n_in >= MANY)
		s->refused |= cli_refuses(s->c, ev_rejects_count(s->c->port.rejects), s->n_in);
	if (s->e->no_batch)
		return;
	s->passed |= passed > 0;
	s->in_a_row = passed > 0 ? 0 : (s->stream ? s->in_a_row : 0) + rejected;
	if (s->in_a_row >= (s->stream ? MANY : 1))
		refuse_nothing(s);
}

/* The digest of the input */

static void digest_bytes(struct cli_sections *s, const char *p, size_t len)
{
	ev_digest_add(s->digest, p, len);
	if (s->unkeyed != NULL)
		ev_digest_add(s->unkeyed, p, len);
}

static void digest_span(struct cli_sections *s)
{
	digest_bytes(s, s->span, s->span_len);
	s->span_len = 0;
}

void cli_section_digest(struct cli_sections *s, const struct ev_line *l)
{
	if (s->span_len == 0)
		s->span = l->p;
	if (l->p != s->span + s->span_len) {
		digest_span(s);
		s->span = l->p;
	}
	s->span_len += l->len;
	if (l->kind == EV_LINE_PART && !l->last) {
		digest_span(s);
		return;
	}
	if (l->p[l->len] == '\n') {
		s->span_len++;
	} else {
		digest_span(s);
		digest_bytes(s, "\n", 1);
	}
	/* The bytes go with their run. */
	if (l->kind == EV_LINE_PART || l->nth + 1 == l->index->n_lines)
		digest_span(s);
}

static void digest_value(struct cli_sections *s, char digest[33])
{
	digest_span(s);
	ev_hash128_hex(ev_digest_value(s->digest), digest);
}

/* The output */

const char *cli_section_batch(struct cli_sections *s)
{
	if (s->c->batch != NULL)
		return s->c->batch;
	if (s->batch == NULL)
		return "";
	if (strcmp(s->batch, s->last_batch) == 0)
		return s->batch;
	ev_buf_reset(&s->batches);
	ev_buf_printf(&s->batches, "%s..%s", s->batch, s->last_batch);
	return ev_buf_str(&s->batches);
}

static void note_batch(struct cli_sections *s, const char *batch)
{
	if (batch[0] == '\0')
		return;
	if (s->batch == NULL || strcmp(batch, s->batch) < 0) {
		free(s->batch);
		s->batch = ev_strdup(batch);
	}
	if (s->last_batch == NULL || strcmp(batch, s->last_batch) > 0) {
		free(s->last_batch);
		s->last_batch = ev_strdup(batch);
	}
}

static void add_stage(struct cli_chain *chain, const struct cli_stage *own)
{
	if (chain->n == CLI_MAX_STAGES)
		cli_fail("the chain has more than %d stages", CLI_MAX_STAGES);
	chain->list[chain->n++] = *own;
}

/* Sections that went through other stages have no common sum: then the last one is kept. */
static void add_total(struct cli_sections *s)
{
	if (s->total.n == 0 || !cli_chain_sum(&s->total, &s->chain))
		s->total = s->chain;
}

void cli_section_put(struct cli_sections *s, struct cli_control *line)
{
	struct ev_buf text = {0};

	cli_control_write(s->seal, line, &text);
	ev_out_put(s->c->port.out, text.p, text.len);
	ev_buf_free(&text);
}

/*
 * The head of gathered sections bears no name but --batch: others may follow the first. span: what
 * it shows of a state, or NULL.
 */
static void open_output(struct cli_sections *s, const struct ev_span *span)
{
	const char *batch = s->e->flow == CLI_FLOW_EACH ? cli_section_batch(s) : s->c->batch;
	struct cli_control line = {.kind = CLI_HEAD, .batch = batch, .chain = s->chain};
	struct cli_stage own = {.n = 0};

	s->opened = true;
	if (s->seal == NULL)
		return;
	line.shard = s->shards.own;
	if (span != NULL)
		line.span = *span;
	line.unchecked = s->e->unchecked && (s->begins || s->unchecked);
	line.stream = s->stream;
	s->expected = (struct cli_place){NULL, 0, 0};
	if (batch == NULL)
		line.batch = "";
	snprintf(own.program, sizeof own.program, "%s", s->c->program->name);
	add_stage(&line.chain, &own);
	cli_section_put(s, &line);
	memcpy(s->own_head, line.mac, sizeof s->own_head);
	ev_out_digest_start(s->c->port.out, cli_seal_digest_secret(s->seal));
}

void cli_section_open(void *ctx, const struct ev_span *span)
{
	open_output(ctx, span);
}

static void judge(struct cli_sections *s)
{
	struct cli_sums sums = {s->n_in, ev_rejects_count(s->c->port.rejects), s->n_blank};
	bool approved = !s->refused;

	if (s->e->judge == NULL)
		return;
	cli_must(s->c,
		 s->e->judge(s->e->engine, cli_section_batch(s), &sums, &approved, &s->c->error));
	s->refused |= !approved;
}

static enum ev_status flush(const struct cli_sections *s, struct ev_error *err)
{
	if (s->e->flush != NULL && s->e->flush(s->e->engine, err) != EV_OK)
		return EV_FATAL;
	return ev_out_status(s->c->port.out, ev_out_flush(s->c->port.out), err);
}

/*
 * What went out is flushed, and what was set aside is safe, before the state counts; and that it
 * does before the seal says so.
 */
static void commit_state(struct cli_sections *s)
{
	struct ev_error *err = &s->c->error;

	cli_must(s->c, flush(s, err));
	cli_must(s->c, ev_rejects_keep(s->c->port.rejects, err));
	if (!s->refused)
		cli_must(s->c, s->e->commit(s->e->engine, err));
}

static void put_seal(struct cli_sections *s)
{
	struct cli_control line = {.kind = CLI_SEAL};

	if (s->seal == NULL)
		return;
	memcpy(line.head, s->own_head, sizeof line.head);
	line.batch = cli_section_batch(s);
	line.ok = !s->refused;
	ev_hash128_hex(ev_out_digest_value(s->c->port.out), line.digest);
	line.chain = s->chain;
	line.offsets = &s->c->offsets;
	cli_section_put(s, &line);
}

void cli_section_close(struct cli_sections *s)
{
	struct cli_stage own;

	own_stage(s, &own);
	judge_rejects(s);
	judge(s);
	s->opened = false;
	add_stage(&s->chain, &own);
	add_total(s);
	if (s->e->state)
		commit_state(s);
	put_seal(s);
}

/* Sections that this program makes */

/* The next one: ID.00000001, ID.00000002 ... */
static void name_section(struct cli_sections *s)
{
	if (s->c->commit_lines == 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &s->opened_at);
	s->n_own++;
	s->chain = (struct cli_chain){.n = 0};
	if (s->c->batch == NULL)
		return;
	if (s->whole_batch == NULL)
		s->whole_batch = s->c->batch;
	ev_buf_reset(&s->own_batch);
	ev_buf_printf(&s->own_batch, "%s.%08llu", s->whole_batch, (unsigned long long)s->n_own);
	s->c->batch = ev_buf_str(&s->own_batch);
}

int cli_age_left(double age, const struct timespec *since)
{
	struct timespec now;
	double left;

	clock_gettime(CLOCK_MONOTONIC, &now);
	left = (age - cli_seconds(since, &now)) * 1000;
	if (left <= 0)
		return 0;
	return left < INT_MAX ? (int)left + 1 : INT_MAX;
}

int cli_section_left(const struct cli_sections *s)
{
	const bool ages = s->c->commit_lines > 0 && s->c->commit_seconds >= 0;
	const bool may_end = s->opened && !s->long_line && s->n_in > s->before.in;

	return ages && may_end ? cli_age_left(s->c->commit_seconds, &s->opened_at) : -1;
}

/* The seal goes out at once; the next section begins with its first line. */
static void end_own(struct cli_sections *s)
{
	cli_must(s->c, ev_rejects_keep(s->c->port.rejects, &s->c->error));
	cli_section_close(s);
	cli_must(s->c, flush(s, &s->c->error));
}

/* A line has come. The clock is read once in so many lines. */
void cli_section_count(struct cli_sections *s)
{
	enum { CLOCK_LINES = 256 };
	uint64_t n = s->n_in - s->before.in;

	if (s->opened && !s->long_line &&
	    (n >= s->c->commit_lines || (n % CLOCK_LINES == 0 && cli_section_left(s) == 0)))
		end_own(s);
}

enum ev_status cli_section_flush(struct cli_sections *s, struct ev_error *err)
{
	if (s->begins && s->c->commit_lines > 0) {
		if (cli_section_left(s) == 0)
			end_own(s);
	} else if (s->e->flow == CLI_FLOW_EACH && s->opened && !s->inside && !s->begins &&
		   s->seal != NULL) {
		end_own(s);
	}
	return flush(s, err);
}

void cli_section_begin(struct cli_sections *s, const char *batch, const struct ev_span *span)
{
	if (!s->opened)
		s->before = sums_now(s);
	if (s->e->begin != NULL)
		cli_must(s->c, s->e->begin(s->e->engine, batch[0] != '\0' ? batch : NULL, span,
					   &s->c->error));
	if (!s->opened && s->e->flow != CLI_FLOW_SINK && !s->e->opens)
		open_output(s, span);
}

void cli_section_begin_own(struct cli_sections *s)
{
	name_section(s);
	if (s->c->batch != NULL)
		note_batch(s, s->c->batch);
	cli_section_begin(s, s->c->batch != NULL ? s->c->batch : "", NULL);
}

void cli_section_begin_here(struct cli_sections *s)
{
	s->begins = s->seal != NULL;
	s->stream = s->c->commit_lines > 0;
	ev_digest_free(&s->digest);
	s->digest = s->unkeyed != NULL ? s->unkeyed : ev_digest_new();
	s->unkeyed = NULL;
	cli_section_begin_own(s);
}

/* A section of nothing that is not approved, by which the programs behind learn of it. */
static void hand_on_no(struct cli_sections *s)
{
	struct cli_stage own;

	if (s->seal == NULL || s->e->flow == CLI_FLOW_SINK)
		return;
	if (s->begins)
		name_section(s);
	s->chain = (struct cli_chain){.n = 0};
	s->before = sums_now(s);
	open_output(s, NULL);
	own_stage(s, &own);
	add_stage(&s->chain, &own);
	s->opened = false;
	put_seal(s);
}

void cli_section_end_stream(struct cli_sections *s)
{
	if (!s->stream || s->refused)
		return;
	s->refused = cli_refuses(s->c, ev_rejects_count(s->c->port.rejects), s->n_in);
	if (!s->passed && s->in_a_row > 0)
		refuse_nothing(s);
	if (s->refused)
		hand_on_no(s);
}

/* Sections of the input */

/* The digest of the section of the input under no secret. */
static void unkeyed_digest(struct cli_sections *s, char digest[33])
{
	digest_span(s);
	ev_hash128_hex(ev_digest_value(s->unkeyed != NULL ? s->unkeyed : s->digest), digest);
}

void cli_section_end(struct cli_sections *s)
{
	const char *batch = cli_section_batch(s);
	struct ev_error *err = &s->c->error;
	char digest[33];

	unkeyed_digest(s, digest);
	if (s->e->end != NULL)
		cli_must(s->c, s->e->end(s->e->engine, batch[0] != '\0' ? batch : NULL, digest,
					 NULL, err));
	if (s->e->finish != NULL)
		cli_must(s->c, s->e->finish(s->e->engine, err));
	cli_section_close(s);
	cli_must(s->c, flush(s, err));
	/* The section is safe and handed on: a failure counts only if another section follows. */
	s->unmerged = !s->refused && s->e->merge(s->e->engine, err) == EV_FATAL;
}

void cli_section_head(struct cli_sections *s, const struct ev_line *l,
		      const struct cli_control *line)
{
	const struct ev_span *span = line->span.to.store[0] != '\0' ? &line->span : NULL;
	const char *wrong;

	if (s->inside)
		cli_die_at(l,
			   "a section begins before the one before it is sealed: its producer was "
			   "stopped, rerun the batch");
	if (s->unmerged)
		cli_die(&s->c->error);
	if (span != NULL && s->e->begin == NULL)
		cli_die_at(l,
			   "this section comes out of a state, which evstar and evload alone can "
			   "take");
	if (s->e->state && s->refused)
		cli_die_at(l, "the section before this one was not approved, so the state takes no "
			      "more");
	wrong = cli_shards_begin(&s->shards, &line->shard, span != NULL || s->e->state);
	if (wrong != NULL)
		cli_die_at(l, wrong);
	if (s->e->flow == CLI_FLOW_EACH && s->opened) {
		cli_must(s->c, ev_rejects_keep(s->c->port.rejects, &s->c->error));
		cli_section_close(s);
	}
	if (s->n == 0)
		cli_name_rejects(s->c, line->batch);
	s->inside = true;
	s->shard = line->shard;
	s->spanned = span != NULL;
	s->unchecked = line->unchecked;
	s->stream = line->stream && s->e->flow == CLI_FLOW_EACH;
	memcpy(s->head, line->mac, sizeof s->head);
	s->section_in = 0;
	s->n++;
	ev_digest_reset(s->digest);
	if (s->unkeyed != NULL)
		ev_digest_reset(s->unkeyed);
	s->span_len = 0;
	if (s->e->flow != CLI_FLOW_GATHER) {
		free(s->batch);
		free(s->last_batch);
		s->batch = s->last_batch = NULL;
		s->chain = line->chain;
	} else if (s->n == 1) {
		s->chain = line->chain;
	}
	note_batch(s, line->batch);
	cli_section_begin(s,
			  s->e->flow == CLI_FLOW_SINK
				  ? cli_shards_name(&s->shards, &line->shard, line->batch)
				  : cli_section_batch(s),
			  span);
}

static void check_seal(struct cli_sections *s, const struct ev_line *l,
		       const struct cli_control *line)
{
	const struct cli_stage *last = &line->chain.list[line->chain.n - 1];
	char digest[33];

	if (!s->inside)
		cli_die_at(l, "a seal without a section: the input was put together wrongly");
	if (strcmp(line->head, s->head) != 0)
		cli_die_at(
			l,
			"the seal is that of another section: the input was put together wrongly, "
			"rerun the batch");
	if (!line->ok)
		cli_die_at(
			l,
			"the seal says that a stage before this one did not approve the batch: see "
			"its messages and rejects");
	digest_value(s, digest);
	if (cli_stage_count(last, "out") != s->section_in || strcmp(digest, line->digest) != 0)
		cli_die_at(
			l,
			"what arrived is not what was sealed: lines were lost, added or changed on "
			"the way, rerun the batch");
}

/*
 * Keeps the producers' stages; gathered sections are summed, and the first seal has the programs'
 * counts.
 */
static void take_chain(struct cli_sections *s, const struct ev_line *l,
		       const struct cli_control *line, size_t sealed)
{
	if (s->e->flow != CLI_FLOW_GATHER || sealed == 1)
		s->chain = line->chain;
	else if (!cli_chain_sum(&s->chain, &line->chain))
		cli_die_at(l,
			   "sections went through different stages, so their sums cannot be added: "
			   "load them one by one");
}

void cli_section_end_sink(struct cli_sections *s, const char *batch)
{
	struct ev_buf balance = {0};
	struct cli_stage own;
	char digest[33];

	unkeyed_digest(s, digest);
	own_stage(s, &own);
	cli_shards_count(&s->shards, &s->chain);
	if (s->spanned)
		cli_shards_check_counts(&s->shards);
	cli_chain_write(&s->chain, &balance);
	cli_must(s->c, s->e->end(s->e->engine, batch, digest, ev_buf_str(&balance), &s->c->error));
	s->committed = s->spanned;
	ev_buf_free(&balance);
	add_stage(&s->chain, &own);
	add_total(s);
}

void cli_section_seal(struct cli_sections *s, const struct ev_line *l,
		      const struct cli_control *line)
{
	const char *wrong, *batch;

	check_seal(s, l, line);
	if (s->n == 1)
		cli_name_rejects(s->c, line->batch);
	if ((wrong = cli_shards_take(&s->shards, &s->shard, line->batch)) != NULL)
		cli_die_at(l, wrong);
	s->inside = false;
	take_chain(s, l, line, s->n);
	note_batch(s, line->batch);
	batch = cli_shards_name(&s->shards, &s->shard, line->batch);
	if (s->e->flow == CLI_FLOW_SINK)
		cli_section_end_sink(s, batch[0] != '\0' ? batch : NULL);
	else if (s->e->state)
		cli_section_end(s);
}

void cli_section_free(struct cli_sections *s)
{
	ev_digest_free(&s->digest);
	ev_digest_free(&s->unkeyed);
	cli_seal_free(&s->seal);
	cli_shards_free(&s->shards);
	ev_buf_free(&s->batches);
	ev_buf_free(&s->own_batch);
	free(s->batch);
	free(s->last_batch);
}

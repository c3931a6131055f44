#include "validate/verdict.h"
#include "base/hash.h"
#include "io/out.h"
#include "scan/lines.h"
#include "json/view.h"
#include "json/write.h"

#include <stddef.h>
#include <stdlib.h>

/* The release of Great Expectations whose form the result has, and whose loader it was tried on. */
static const char of_release[] = "1.24.1";

enum { MAX_STATE_LINE = 1 << 29 };

struct ev_verdict {
	const struct ev_model *m;
	struct ev_suite *suite;
	struct ev_batch *batch;	      /* NULL: nothing is written of it */
	struct ev_presence *presence; /* NULL where records are no events */
	struct ev_presence *own;      /* the same, of merged states */
	struct ev_out *result, *state;
	struct ev_verdict_counts merged, head; /* of all states, and of the one that is read */
	char *first, *last;		       /* names of merged batches, least and greatest */
	uint64_t lines;
	struct ev_digest *digest;
};

enum ev_status ev_verdict_open(const struct ev_model *m, const struct ev_verdict_options *o,
			       struct ev_verdict **out, struct ev_error *err)
{
	struct ev_verdict *v;

	*out = NULL;
	if (o->suite == NULL && o->result == NULL && o->state == NULL &&
	    (m == NULL || m->expectations == NULL))
		return EV_OK;
	v = ev_calloc(1, sizeof *v);
	v->m = m;
	if (m != NULL)
		v->suite = o->suite != NULL ? ev_suite_of_file(o->suite, m->root, &o->spill, err)
					    : ev_suite_of_model(m, &o->spill, err);
	if ((m != NULL && v->suite == NULL) ||
	    (o->result != NULL && (v->result = ev_out_file(o->result, err)) == NULL) ||
	    (o->state != NULL && (v->state = ev_out_file(o->state, err)) == NULL)) {
		ev_verdict_free(&v);
		return EV_FATAL;
	}
	if (o->result != NULL || o->state != NULL)
		v->batch = ev_batch_new(m);
	*out = v;
	return EV_OK;
}

void ev_verdict_free(struct ev_verdict **verdict)
{
	struct ev_verdict *v = *verdict;

	if (v == NULL)
		return;
	ev_suite_free(&v->suite);
	ev_batch_free(&v->batch);
	ev_presence_free(&v->own);
	ev_out_discard(&v->result);
	ev_out_discard(&v->state);
	ev_digest_free(&v->digest);
	free(v->first);
	free(v->last);
	free(v);
	*verdict = NULL;
}

void ev_verdict_read_from(struct ev_verdict *v, struct ev_events *events,
			  struct ev_presence *presence)
{
	v->presence = presence;
	if (v->suite == NULL)
		return;
	ev_suite_read_from(v->suite, events);
	ev_suite_ask(v->suite, presence);
}

bool ev_verdict_passes(struct ev_verdict *v, const struct ev_event *event, struct ev_reasons *why)
{
	return v->suite == NULL || ev_suite_passes(v->suite, event, why);
}

enum ev_status ev_verdict_pass(struct ev_verdict *v, const struct ev_event *event,
			       const struct ev_record *rec, struct ev_error *err)
{
	if (v->batch != NULL)
		ev_batch_pass(v->batch, event);
	return v->suite != NULL ? ev_suite_step(v->suite, event, rec, err) : EV_OK;
}

struct ev_batch *ev_verdict_batch(struct ev_verdict *v)
{
	return v->batch;
}

/* State */

static enum ev_status put_line(void *ctx, const char *line, size_t len, struct ev_error *err)
{
	struct ev_verdict *v = ctx;

	v->lines++;
	ev_digest_add(v->digest, line, len);
	ev_digest_add(v->digest, "\n", 1);
	return ev_out_status(v->state, ev_out_line(v->state, line, len), err);
}

static void suite_digest(const struct ev_verdict *v, char out[33])
{
	memcpy(out, "00000000000000000000000000000000", 33);
	if (v->suite != NULL)
		ev_suite_digest(v->suite, out);
}

static const char *model_name(const struct ev_verdict *v)
{
	return v->m != NULL ? v->m->name : NULL;
}

static const struct count_name {
	const char *name;
	size_t offset;
} count_names[] = {
	{"in", offsetof(struct ev_verdict_counts, in)},
	{"out", offsetof(struct ev_verdict_counts, out)},
	{"rejected", offsetof(struct ev_verdict_counts, rejected)},
	{"warning", offsetof(struct ev_verdict_counts, warning)},
	{"blank", offsetof(struct ev_verdict_counts, blank)},
};

enum { COUNTS = sizeof count_names / sizeof count_names[0] };

static uint64_t *count_of(const struct ev_verdict_counts *c, size_t i)
{
	return (uint64_t *)(uintptr_t)((const char *)c + count_names[i].offset);
}

static void put_counts(const struct ev_verdict_counts *c, struct ev_buf *out)
{
	for (size_t i = 0; i < COUNTS; i++)
		ev_json_u64(out, count_names[i].name, *count_of(c, i));
	ev_buf_putc(out, '}');
}

static enum ev_status state_head(struct ev_verdict *v, const char *batch,
				 const struct ev_verdict_counts *c, struct ev_error *err)
{
	struct ev_buf line = {0};
	enum ev_status st;
	char digest[33];

	v->digest = ev_digest_new();
	suite_digest(v, digest);
	ev_buf_printf(&line, "{\"evkit_state\":1,\"suite\":\"%s\"", digest);
	ev_json_text(&line, "model", model_name(v));
	ev_json_text(&line, "first", v->first != NULL ? v->first : batch);
	ev_json_text(&line, "last", v->last != NULL ? v->last : batch);
	put_counts(c, &line);
	for (size_t i = 0; (st = put_line(v, line.p, line.len, err)) == EV_OK; i++) {
		ev_buf_reset(&line);
		if (!ev_batch_state(v->batch, i, v->presence, &line))
			break;
	}
	ev_buf_free(&line);
	return st;
}

static enum ev_status state_end(struct ev_verdict *v, struct ev_error *err)
{
	struct ev_buf line = {0};
	char hex[33];
	enum ev_status st;

	ev_hash128_hex(ev_digest_value(v->digest), hex);
	ev_buf_printf(&line, "{\"end\":%llu,\"digest\":\"%s\"}", (unsigned long long)v->lines, hex);
	st = ev_out_status(v->state, ev_out_line(v->state, line.p, line.len), err);
	ev_buf_free(&line);
	return st;
}

static char *text_member(const struct ev_doc *d, const char *name)
{
	return ev_text_of(d, ev_member(d, 0, name, strlen(name)));
}

/*
 * Batches are named from the least to the greatest, as the seal does; one has both names or none.
 * Takes the names over.
 */
static bool merge_names(struct ev_verdict *v, char *first, char *last)
{
	bool named = first != NULL && last != NULL && first[0] != '\0' && strcmp(first, last) <= 0,
	     good = named || (first == NULL && last == NULL);
	char *free_first = first, *free_last = last;

	if (named && (v->first == NULL || strcmp(first, v->first) < 0)) {
		free_first = v->first;
		v->first = first;
	}
	if (named && (v->last == NULL || strcmp(last, v->last) > 0)) {
		free_last = v->last;
		v->last = last;
	}
	free(free_first);
	free(free_last);
	return good;
}

static enum ev_status merge_head(struct ev_verdict *v, const struct ev_doc *d, const char *file,
				 struct ev_error *err)
{
	struct ev_verdict_counts *c = &v->head;
	char digest[33], *suite;
	uint64_t format;
	bool good = ev_state_u64(d, 0, "evkit_state", &format) && format == 1, same;

	for (size_t i = 0; i < COUNTS; i++)
		good = good && ev_state_u64(d, 0, count_names[i].name, count_of(c, i));
	if (!good)
		return ev_fail(err, "%s: this is no state that evvalidate --state-out wrote", file);
	suite_digest(v, digest);
	suite = text_member(d, "suite");
	same = suite != NULL && strcmp(suite, digest) == 0;
	free(suite);
	if (!same)
		return ev_fail(err,
			       "%s: the state is of other expectations than the model's: use the "
			       "model or suite that it was made with",
			       file);
	for (size_t i = 0; i < COUNTS; i++)
		if (!ev_count_add(count_of(&v->merged, i), *count_of(c, i)))
			return EV_REJECT;
	return c->in == c->out + c->rejected + c->blank &&
			       merge_names(v, text_member(d, "first"), text_member(d, "last"))
		       ? EV_OK
		       : EV_REJECT;
}

static bool is_end(const struct ev_doc *d, const struct ev_digest *digest, uint64_t lines,
		   bool *good)
{
	uint64_t n;
	char hex[33], *said;

	if (!ev_state_u64(d, 0, "end", &n))
		return false;
	said = text_member(d, "digest");
	ev_hash128_hex(ev_digest_value(digest), hex);
	*good = said != NULL && strcmp(said, hex) == 0 && n == lines;
	free(said);
	return true;
}

/* Where the paths of states are gathered. */
static struct ev_presence *merged_paths(struct ev_verdict *v)
{
	if (v->own == NULL) {
		v->own = v->presence = ev_presence_new(v->m != NULL ? v->m->file : NULL, NULL);
		if (v->suite != NULL)
			ev_suite_ask(v->suite, v->own);
	}
	return v->own;
}

/* The head, the batch, its causes, the expectations. */
static enum ev_status merge_line(struct ev_verdict *v, const struct ev_doc *d, const char *file,
				 uint64_t nth, struct ev_error *err)
{
	bool batch = ev_member(d, 0, "batch", 5) != EV_NOWHERE;

	if (nth == 0)
		return merge_head(v, d, file, err);
	if (batch != (nth == 1))
		return EV_REJECT;
	if (batch || ev_member(d, 0, "cause", 5) != EV_NOWHERE)
		return v->batch == NULL || ev_batch_merge(v->batch, d, v->head.out,
							  v->head.rejected, merged_paths(v))
			       ? EV_OK
			       : EV_REJECT;
	return v->suite != NULL ? ev_suite_merge(v->suite, d, v->head.out, err) : EV_REJECT;
}

enum ev_status ev_verdict_merge(struct ev_verdict *v, const char *file, struct ev_error *err)
{
	char *name = ev_strdup(file);
	struct ev_in *in = ev_in_new(&name, 1, MAX_STATE_LINE);
	struct ev_lines *in_lines = ev_lines_new(in, MAX_STATE_LINE);
	struct ev_digest *digest = ev_digest_new();
	struct ev_scan *scan = ev_scan_new();
	struct ev_line line;
	enum ev_status st;
	uint64_t lines = 0;
	bool ended = false, good = false;

	while ((st = ev_lines_next(in_lines, &line, err)) == EV_OK) {
		struct ev_flaw flaw;
		const struct ev_doc *d =
			line.kind == EV_LINE_WHOLE
				? ev_scan_line(scan, line.index, line.nth, line.len, &flaw)
				: NULL;

		st = EV_REJECT;
		if (d == NULL || ev_kind(d, 0) != EV_OBJECT || d->duplicate != EV_NOWHERE || ended)
			break;
		if (is_end(d, digest, lines, &good)) {
			ended = true;
			good = good && lines > 1 && (v->suite == NULL || ev_suite_merged(v->suite));
			continue;
		}
		if ((st = merge_line(v, d, file, lines, err)) != EV_OK)
			break;
		ev_digest_add(digest, line.p, line.len);
		ev_digest_add(digest, "\n", 1);
		lines++;
	}
	if (st == EV_REJECT || (st == EV_EOF && !(ended && good)))
		st = ev_fail(err, "%s: the state is damaged or cut off: make it again", file);
	ev_lines_free(&in_lines);
	ev_in_free(&in);
	ev_digest_free(&digest);
	ev_scan_free(&scan);
	free(name);
	return st == EV_EOF ? EV_OK : st;
}

const struct ev_verdict_counts *ev_verdict_merged(const struct ev_verdict *v, const char **first,
						  const char **last)
{
	*first = v->first;
	*last = v->last != NULL && strcmp(v->first, v->last) != 0 ? v->last : NULL;
	return &v->merged;
}

/* The result */

static size_t count(const struct ev_verdict *v)
{
	return v->suite != NULL ? ev_suite_count(v->suite) : 0;
}

static void put_statistics(const struct ev_verdict *v, struct ev_buf *out)
{
	size_t n = count(v), good = 0;

	for (size_t i = 0; i < n; i++)
		good += ev_suite_outcome(v->suite, i) == EV_EXPECT_PASS;
	ev_json_open(out, "statistics", '{');
	ev_json_u64(out, "evaluated_expectations", n);
	ev_json_u64(out, "successful_expectations", good);
	ev_json_u64(out, "unsuccessful_expectations", n - good);
	ev_json_name(out, "success_percent");
	if (n == 0)
		ev_buf_puts(out, "null}");
	else
		ev_buf_printf(out, "%.10g}", 100.0 * (double)good / (double)n);
}

/* "2026-03-01T00:00:00.037000+00:00", as Python writes an instant. */
static void put_moment(const char *name, const struct ev_batch *b, struct ev_buf *out)
{
	struct ev_time t = {0, 0};
	char text[EV_TIME_TEXT];

	ev_batch_latest(b, &t);
	ev_time_format(t, text);
	ev_json_name(out, name);
	ev_buf_printf(out, "\"%.*s+00:00\"", t.nsec / 1000 == 0 ? 19 : EV_TIME_TEXT - 1, text);
}

static void put_meta(const struct ev_verdict *v, const char *batch,
		     const struct ev_verdict_counts *c, bool approved, struct ev_buf *out)
{
	ev_json_open(out, "meta", '{');
	ev_json_open(out, "run_id", '{');
	ev_json_text(out, "run_name", batch);
	put_moment("run_time", v->batch, out);
	ev_buf_putc(out, '}');
	put_moment("validation_time", v->batch, out);
	ev_json_text(out, "great_expectations_version", of_release);
	ev_json_open(out, "evkit", '{');
	ev_json_u64(out, "format", 1);
	ev_json_text(out, "model", model_name(v));
	ev_json_text(out, "batch", batch);
	ev_json_bool(out, "approved", approved);
	ev_json_open(out, "counts", '{');
	put_counts(c, out);
	ev_batch_write(v->batch, out);
	ev_json_name(out, "paths_not_found");
	if (v->presence != NULL)
		ev_presence_write(v->presence, out);
	else
		ev_buf_puts(out, "[]");
	ev_json_open(out, "expectations", '[');
	for (size_t i = 0; i < count(v); i++) {
		ev_json_name(out, NULL);
		ev_suite_extra(v->suite, i, out);
	}
	ev_buf_puts(out, "]}}");
}

static enum ev_status write_result(struct ev_verdict *v, const char *batch,
				   const struct ev_verdict_counts *counts, bool approved,
				   struct ev_outs *files, struct ev_error *err)
{
	struct ev_buf out = {0};
	bool success = true;

	for (size_t i = 0; i < count(v); i++)
		success &= ev_suite_outcome(v->suite, i) == EV_EXPECT_PASS;
	ev_buf_putc(&out, '{');
	ev_json_bool(&out, "success", success);
	ev_json_text(&out, "suite_name", v->suite != NULL ? ev_suite_name(v->suite) : "none");
	ev_buf_puts(&out, ",\"suite_parameters\":{},\"id\":null");
	put_statistics(v, &out);
	put_meta(v, batch, counts, approved, &out);
	ev_buf_puts(&out, ",\"results\":[");
	for (size_t i = 0; i < count(v); i++) {
		ev_buf_puts(&out, i > 0 ? ",\n" : "\n");
		ev_suite_result(v->suite, i, &out);
	}
	ev_buf_puts(&out, "]}\n");
	ev_out_put(v->result, out.p, out.len);
	ev_buf_free(&out);
	return ev_outs_add(files, &v->result, err);
}

enum ev_status ev_verdict_write(struct ev_verdict *v, const char *batch,
				const struct ev_verdict_counts *counts, bool *approved,
				struct ev_outs *files, struct ev_error *err)
{
	enum ev_status st = EV_OK;

	if (v->suite != NULL && counts->out > 0)
		ev_suite_asked(v->suite);
	if (v->state != NULL)
		st = state_head(v, batch, counts, err);
	if (st == EV_OK && v->suite != NULL)
		st = ev_suite_judge(v->suite, v->state != NULL ? put_line : NULL, v, err);
	if (st == EV_OK && v->state != NULL)
		st = state_end(v, err);
	if (st != EV_OK)
		return st;
	for (size_t i = 0; i < count(v); i++)
		if (ev_suite_outcome(v->suite, i) != EV_EXPECT_PASS &&
		    ev_suite_is_critical(v->suite, i))
			*approved = false;
	if (v->state != NULL && ev_outs_add(files, &v->state, err) != EV_OK)
		return EV_FATAL;
	return v->result != NULL ? write_result(v, batch, counts, *approved, files, err) : EV_OK;
}

const struct ev_presence *ev_verdict_presence(const struct ev_verdict *v)
{
	return v->own;
}

bool ev_verdict_failed(const struct ev_verdict *v, size_t i, struct ev_buf *out)
{
	for (size_t k = 0; k < count(v); k++) {
		if (ev_suite_outcome(v->suite, k) == EV_EXPECT_PASS || i-- > 0)
			continue;
		ev_suite_describe(v->suite, k, out);
		return true;
	}
	return false;
}

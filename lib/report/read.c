/* A result of evvalidate, read and checked: what the page says must be in it, and add up. */
#include "report/internal.h"

#include "number/decimal.h"
#include "json/canon.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	FORMAT = 1,
	PLACE = 200, /* bytes of a place in a message, at most */
};

/* Far above any count, and so low that the sum of all results fits. */
static const int64_t MOST = 1000000000000000;

struct reader {
	struct ev_report *r;
	const char *file;
	const struct ev_doc *d;
	struct ev_buf scratch;
	struct ev_error *err;
	bool failed; /* the first error stays */
};

/* The place in the result that is being read, as a chain of names and indexes. */
struct at {
	const struct at *up;
	const char *name; /* or NULL: an index */
	size_t index;
	uint32_t node;
};

static void place(const struct at *at, const char *name, struct ev_buf *b)
{
	if (at->up != NULL) {
		place(at->up, at->name, b);
		if (at->name == NULL)
			ev_buf_printf(b, "[%zu]", at->index);
	}
	if (name != NULL)
		ev_buf_printf(b, "%s%s", b->len > 0 ? "." : "", name);
}

/* Reports what is wrong with a member, with the position of the node that shows it. */
static void fail(struct reader *rd, const struct at *at, const char *name, uint32_t node,
		 const char *what)
{
	struct ev_buf where = {0};
	size_t line, column;

	if (rd->failed)
		return;
	rd->failed = true;
	ev_report_place(rd->d->text, rd->d->nodes[node].pos, &line, &column);
	place(at, name, &where);
	ev_fail(rd->err, "%s:%zu:%zu: %.*s: %s", rd->file, line, column,
		(int)(where.len < PLACE ? where.len : PLACE), ev_buf_str(&where), what);
	ev_buf_free(&where);
}

/* The member, if it is there and of the kind; null is EV_NOWHERE where it may be. */
static uint32_t member(struct reader *rd, const struct at *at, const char *name, enum ev_kind kind,
		       bool may_be_null)
{
	uint32_t i = ev_member(rd->d, at->node, name, strlen(name));
	char what[80];

	if (i == EV_NOWHERE) {
		fail(rd, at, name, at->node, "is missing: give a result that evvalidate wrote");
		return EV_NOWHERE;
	}
	if (may_be_null && ev_kind(rd->d, i) == EV_NULL)
		return EV_NOWHERE;
	if (ev_kind(rd->d, i) != kind && !(kind == EV_FALSE && ev_kind(rd->d, i) == EV_TRUE)) {
		snprintf(what, sizeof what, "is of the kind %s, not %s",
			 ev_kind_name(ev_kind(rd->d, i)), ev_kind_name(kind));
		fail(rd, at, name, i, what);
		return EV_NOWHERE;
	}
	return i;
}

static struct at inside(struct reader *rd, const struct at *at, const char *name)
{
	return (struct at){at, name, 0, member(rd, at, name, EV_OBJECT, false)};
}

static struct ev_report_text text_of(struct reader *rd, uint32_t i)
{
	struct ev_report_text t;

	t.p = ev_string(rd->d, i, &rd->scratch, &t.len);
	if (rd->d->nodes[i].escaped)
		t.p = ev_arena_copy(&rd->r->arena, t.p, t.len);
	return t;
}

static struct ev_report_text text(struct reader *rd, const struct at *at, const char *name,
				  bool may_be_null)
{
	uint32_t i = member(rd, at, name, EV_STRING, may_be_null);
	struct ev_report_text none = {0};

	return i == EV_NOWHERE ? none : text_of(rd, i);
}

static bool boolean(struct reader *rd, const struct at *at, const char *name)
{
	uint32_t i = member(rd, at, name, EV_FALSE, false);

	return i != EV_NOWHERE && ev_kind(rd->d, i) == EV_TRUE;
}

static uint64_t count(struct reader *rd, const struct at *at, const char *name)
{
	uint32_t i = member(rd, at, name, EV_NUMBER, false);
	struct ev_number n;
	const char *p;
	size_t len;
	int64_t v = 0;

	if (i == EV_NOWHERE)
		return 0;
	p = ev_raw(rd->d, i, &len);
	ev_number_read(p, len, &n);
	if (!ev_number_int64(&n, &v) || v < 0 || v > MOST) {
		fail(rd, at, name, i, "is no count: it must be a whole number from 0 to 10^15");
		return 0;
	}
	return (uint64_t)v;
}

static void must(struct reader *rd, bool holds, const struct at *at, const char *name,
		 const char *what)
{
	if (!holds)
		fail(rd, at, name, at->node, what);
}

/* Reads each element of an array of objects; *n of them, of size bytes. NULL if it failed. */
static void *list(struct reader *rd, const struct at *at, const char *name, size_t size, size_t *n,
		  void (*read)(struct reader *, const struct at *, void *))
{
	uint32_t array = member(rd, at, name, EV_ARRAY, false);
	struct at whole = {at, name, 0, array};
	char *all;
	size_t k = 0;

	*n = 0;
	if (array == EV_NOWHERE)
		return NULL;
	for (uint32_t i = ev_first(rd->d, array); i < ev_end(rd->d, array); i = ev_next(rd->d, i))
		(*n)++;
	all = ev_arena_zalloc(&rd->r->arena, (*n + 1) * size);
	for (uint32_t i = ev_first(rd->d, array); i < ev_end(rd->d, array) && !rd->failed;
	     i = ev_next(rd->d, i), k++) {
		struct at one = {&whole, NULL, k, i};

		if (ev_kind(rd->d, i) != EV_OBJECT)
			fail(rd, &one, NULL, i, "is no object");
		else
			read(rd, &one, all + k * size);
	}
	return all;
}

static void read_tally(struct reader *rd, const struct at *at, struct ev_report_tally *t)
{
	t->in = count(rd, at, "in");
	t->rejected = count(rd, at, "rejected");
	must(rd, t->rejected <= t->in, at, "rejected", "is more than came in");
}

static void read_type(struct reader *rd, const struct at *at, void *tally)
{
	struct ev_report_tally *t = tally;

	t->name = text(rd, at, "type", true);
	read_tally(rd, at, t);
}

static void read_bucket(struct reader *rd, const struct at *at, void *tally)
{
	struct ev_report_tally *t = tally;

	t->name = text(rd, at, "start", false);
	read_tally(rd, at, t);
}

/* Members that results of other making may lack. */
static bool has(const struct reader *rd, const struct at *at, const char *name)
{
	return at->node != EV_NOWHERE &&
	       ev_member(rd->d, at->node, name, strlen(name)) != EV_NOWHERE;
}

static struct ev_report_text text_if_any(struct reader *rd, const struct at *at, const char *name)
{
	struct ev_report_text none = {0};

	return has(rd, at, name) ? text(rd, at, name, true) : none;
}

static void read_amount(struct reader *rd, const struct at *at, void *amount)
{
	struct ev_report_amount *a = amount;
	uint32_t sum = member(rd, at, "sum", EV_NUMBER, false);

	a->doc = rd->d;
	a->measure = text(rd, at, "measure", false);
	a->currency = text(rd, at, "currency", true);
	if (sum != EV_NOWHERE)
		a->sum = ev_report_raw(rd->d, sum);
	a->values = count(rd, at, "values");
	a->unread = count(rd, at, "unread");
	a->columns = member(rd, at, "columns", EV_ARRAY, false);
}

static void read_amounts(struct reader *rd, const struct at *at, struct ev_report_amounts *a)
{
	if (has(rd, at, "amounts"))
		a->list = list(rd, at, "amounts", sizeof *a->list, &a->n, read_amount);
}

static struct ev_report_moment moment(struct reader *rd, const struct at *at, const char *name)
{
	struct at m = inside(rd, at, name);
	struct ev_report_moment t = {0};

	if (m.node == EV_NOWHERE)
		return t;
	t.time = text(rd, &m, "time", true);
	t.source = text(rd, &m, "source", false);
	t.line = count(rd, &m, "line");
	return t;
}

static void known_severity(struct reader *rd, const struct at *at, struct ev_report_text t)
{
	must(rd,
	     ev_report_is(t, "critical") || ev_report_is(t, "warning") || ev_report_is(t, "info"),
	     at, "severity", "must be critical, warning or info");
}

static void read_cause(struct reader *rd, const struct at *at, void *cause)
{
	struct ev_report_cause *c = cause;
	struct at sample;

	c->code = text(rd, at, "code", false);
	c->type = text(rd, at, "type", true);
	c->rule = text(rd, at, "rule", true);
	c->path = text(rd, at, "path", true);
	c->keyword = text(rd, at, "keyword", true);
	c->severity = text(rd, at, "severity", false);
	known_severity(rd, at, c->severity);
	c->explain = text(rd, at, "explain", true);
	c->owner = text_if_any(rd, at, "owner");
	read_amounts(rd, at, &c->amounts);
	c->records = count(rd, at, "records");
	c->first = moment(rd, at, "first");
	c->last = moment(rd, at, "last");
	sample = inside(rd, at, "sample");
	if (sample.node == EV_NOWHERE)
		return;
	c->sample.source = text(rd, &sample, "source", false);
	c->sample.line = count(rd, &sample, "line");
	c->sample.path = text(rd, &sample, "path", true);
	c->sample.message = text(rd, &sample, "message", false);
	if (ev_member(rd->d, sample.node, "raw_base64", 10) == EV_NOWHERE)
		c->sample.raw = text(rd, &sample, "raw", false);
	if (ev_member(rd->d, sample.node, "cut", 3) != EV_NOWHERE)
		c->sample.cut = boolean(rd, &sample, "cut");
	c->sample.raw_path = text_if_any(rd, &sample, "raw_path");
	c->sample.raw_at =
		has(rd, &sample, "raw_at") ? count(rd, &sample, "raw_at") : REPORT_NOWHERE;
}

/* One of `results`: the part of the format that is Great Expectations'. */
static void read_check(struct reader *rd, const struct at *at, void *check)
{
	struct ev_report_check *k = check;
	struct at config, exception;

	k->order = at->index;
	boolean(rd, at, "success");
	config = inside(rd, at, "expectation_config");
	k->values = member(rd, at, "result", EV_OBJECT, false);
	if (config.node == EV_NOWHERE)
		return;
	k->type = text(rd, &config, "type", false);
	k->kwargs = member(rd, &config, "kwargs", EV_OBJECT, false);
	if (ev_member(rd->d, config.node, "severity", 8) != EV_NOWHERE)
		k->severity = text(rd, &config, "severity", true);
	if (k->severity.p != NULL)
		known_severity(rd, &config, k->severity);
	if (ev_member(rd->d, at->node, "exception_info", 14) == EV_NOWHERE)
		return;
	exception = inside(rd, at, "exception_info");
	if (exception.node != EV_NOWHERE && boolean(rd, &exception, "raised_exception"))
		k->exception = text(rd, &exception, "exception_message", true);
}

/* One of meta.evkit.expectations: the part that is evkit's own. */
struct ours {
	enum ev_report_verdict verdict;
	bool approximate;
	struct ev_report_text error, owner;
	uint32_t edges, counts;
};

static bool all_numbers(const struct ev_doc *d, uint32_t array)
{
	double v;

	for (uint32_t i = ev_first(d, array); i < ev_end(d, array); i = ev_next(d, i))
		if (!ev_report_double(d, i, &v))
			return false;
	return true;
}

static void read_histogram(struct reader *rd, const struct at *at, struct ours *o)
{
	struct at h = {at, "histogram", 0, member(rd, at, "histogram", EV_OBJECT, true)};

	o->edges = o->counts = EV_NOWHERE;
	if (h.node == EV_NOWHERE)
		return;
	o->edges = member(rd, &h, "edges", EV_ARRAY, false);
	o->counts = member(rd, &h, "counts", EV_ARRAY, false);
	if (o->edges == EV_NOWHERE || o->counts == EV_NOWHERE)
		return;
	must(rd, all_numbers(rd->d, o->edges), &h, "edges", "must be numbers");
	must(rd, all_numbers(rd->d, o->counts), &h, "counts", "must be numbers");
	must(rd, rd->d->nodes[o->edges].count == rd->d->nodes[o->counts].count + 1, &h, "edges",
	     "must be one more than counts");
}

static void read_ours(struct reader *rd, const struct at *at, void *ours)
{
	static const char *const verdicts[] = {"pass", "fail", "inconclusive"};
	struct ev_report_text verdict = text(rd, at, "verdict", false);
	struct ours *o = ours;
	size_t i = 0;

	while (i < 3 && !ev_report_is(verdict, verdicts[i]))
		i++;
	must(rd, i < 3, at, "verdict", "must be pass, fail or inconclusive");
	o->verdict = (enum ev_report_verdict)i;
	o->approximate = boolean(rd, at, "approximate");
	o->error = text(rd, at, "error", true);
	o->owner = text_if_any(rd, at, "owner");
	read_histogram(rd, at, o);
}

static int by_key(const void *a, const void *b)
{
	const struct ev_report_check *x = *(struct ev_report_check *const *)a,
				     *y = *(struct ev_report_check *const *)b;
	int order = ev_report_compare(x->key, y->key);

	return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}

/* Names each expectation by its type and arguments, and numbers those that are the same. */
static void name_checks(struct reader *rd, struct ev_report_result *res)
{
	struct ev_report_check **sorted =
		ev_malloc((res->n_checks + 1) * sizeof(struct ev_report_check *));
	struct ev_buf key = {0};

	for (size_t i = 0; i < res->n_checks; i++) {
		struct ev_report_check *k = &res->checks[i];

		ev_buf_reset(&key);
		ev_buf_put(&key, k->type.p, k->type.len);
		ev_canonical(rd->d, k->kwargs, NULL, 0, &key);
		k->key = (struct ev_report_text){ev_arena_copy(&rd->r->arena, key.p, key.len),
						 key.len};
		sorted[i] = k;
	}
	qsort(sorted, res->n_checks, sizeof(struct ev_report_check *), by_key);
	for (size_t i = 1; i < res->n_checks; i++)
		if (ev_report_compare(sorted[i - 1]->key, sorted[i]->key) == 0)
			sorted[i]->twin = sorted[i - 1]->twin + 1;
	free(sorted);
	ev_buf_free(&key);
}

static void read_checks(struct reader *rd, const struct at *top, const struct at *evkit,
			struct ev_report_result *res)
{
	struct ours *ours;
	size_t n = 0;

	res->checks = list(rd, top, "results", sizeof *res->checks, &res->n_checks, read_check);
	ours = list(rd, evkit, "expectations", sizeof *ours, &n, read_ours);
	if (rd->failed)
		return;
	must(rd, n == res->n_checks, evkit, "expectations", "are not as many as the results");
	for (size_t i = 0; i < n && !rd->failed; i++) {
		struct ev_report_check *k = &res->checks[i];

		k->verdict = ours[i].verdict;
		k->approximate = ours[i].approximate;
		k->error = ours[i].error;
		k->owner = ours[i].owner;
		k->edges = ours[i].edges;
		k->counts = ours[i].counts;
	}
	if (!rd->failed)
		name_checks(rd, res);
}

static void read_counts(struct reader *rd, const struct at *evkit, struct ev_report_result *res)
{
	struct at at = inside(rd, evkit, "counts");
	uint64_t in;

	if (at.node == EV_NOWHERE)
		return;
	in = count(rd, &at, "in");
	res->out = count(rd, &at, "out");
	res->rejected = count(rd, &at, "rejected");
	res->warning = count(rd, &at, "warning");
	res->blank = count(rd, &at, "blank");
	if (ev_member(rd->d, at.node, "dropped", 7) != EV_NOWHERE)
		res->dropped = count(rd, &at, "dropped");
	must(rd, in == res->out + res->rejected + res->blank + res->dropped, &at, "in",
	     "is not the sum of out, rejected, dropped and blank");
	res->in = in - res->blank - res->dropped;
}

static void read_span(struct reader *rd, const struct at *evkit, struct ev_report_result *res)
{
	struct at at = {evkit, "span", 0, member(rd, evkit, "span", EV_OBJECT, true)};

	if (at.node == EV_NOWHERE)
		return;
	res->first = text(rd, &at, "first", false);
	res->last = text(rd, &at, "last", false);
}

static void read_timeline(struct reader *rd, const struct at *evkit, struct ev_report_result *res)
{
	struct at at = inside(rd, evkit, "timeline");

	if (at.node == EV_NOWHERE)
		return;
	res->unit = text(rd, &at, "unit", false);
	must(rd, ev_report_unit(res->unit) != REPORT_NO_UNIT, &at, "unit",
	     "must be minute, hour, day, month, year or century");
	res->buckets = list(rd, &at, "buckets", sizeof *res->buckets, &res->n_buckets, read_bucket);
	must(rd, res->n_buckets <= REPORT_BUCKETS, &at, "buckets", "are more than 400");
}

static void read_evkit(struct reader *rd, const struct at *evkit, struct ev_report_result *res)
{
	must(rd, count(rd, evkit, "format") == FORMAT, evkit, "format",
	     "is not 1, the one that this version reads");
	res->model = text(rd, evkit, "model", true);
	res->batch = text(rd, evkit, "batch", true);
	res->approved = boolean(rd, evkit, "approved");
	res->sealed = has(rd, evkit, "sealed") && boolean(rd, evkit, "sealed");
	res->too_many =
		has(rd, evkit, "too_many_rejects") && boolean(rd, evkit, "too_many_rejects");
	res->max_rejects = text_if_any(rd, evkit, "max_rejects");
	read_amounts(rd, evkit, &res->amounts);
	read_counts(rd, evkit, res);
	read_span(rd, evkit, res);
	res->types = list(rd, evkit, "types", sizeof *res->types, &res->n_types, read_type);
	read_timeline(rd, evkit, res);
	res->causes = list(rd, evkit, "causes", sizeof *res->causes, &res->n_causes, read_cause);
	for (size_t i = 0; i < res->n_causes && !rd->failed; i++)
		must(rd, res->causes[i].records <= res->in, evkit, "causes",
		     "has one of more records than came in");
	res->left_out = count(rd, evkit, "causes_left_out");
}

enum ev_status ev_report_read(struct ev_report *r, const char *file, struct ev_error *err)
{
	struct ev_report_result *res = &r->results[r->n - 1];
	struct reader rd = {.r = r, .file = file, .d = res->doc, .err = err};
	struct at top = {NULL, NULL, 0, 0}, meta, evkit;

	if (ev_kind(rd.d, 0) != EV_OBJECT)
		fail(&rd, &top, "the result", 0, "is no JSON object");
	else if (rd.d->duplicate != EV_NOWHERE)
		ev_fail(err, "%s: byte %u: the same name stands twice in one object", file,
			rd.d->duplicate + 1),
			rd.failed = true;
	if (!rd.failed) {
		meta = inside(&rd, &top, "meta");
		evkit = meta;
		if (!rd.failed)
			evkit = inside(&rd, &meta, "evkit");
		if (!rd.failed)
			read_evkit(&rd, &evkit, res);
		if (!rd.failed)
			read_checks(&rd, &top, &evkit, res);
	}
	ev_buf_free(&rd.scratch);
	return rd.failed ? EV_FATAL : EV_OK;
}

/* Balance sheets */

uint64_t ev_report_stage_count(const struct ev_report_stage *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (ev_report_is(s->counts[i].name, name))
			return s->counts[i].n;
	return 0;
}

static void read_stage(struct reader *rd, const struct at *at, void *stage)
{
	struct ev_report_stage *s = stage;
	const struct ev_doc *d = rd->d;

	s->program = text(rd, at, "program", false);
	s->counts =
		ev_arena_zalloc(&rd->r->arena, (d->nodes[at->node].count + 1) * sizeof *s->counts);
	for (uint32_t i = ev_first(d, at->node); i < ev_end(d, at->node) && !rd->failed;
	     i = ev_next(d, i + 1)) {
		struct ev_report_text name = text_of(rd, i);

		if (ev_report_is(name, "program") || ev_report_is(name, "digest"))
			continue;
		s->counts[s->n++] = (struct ev_report_count){
			name, count(rd, at, ev_arena_copy(&rd->r->arena, name.p, name.len))};
	}
}

static bool same_stage(const struct ev_report_stage *a, const struct ev_report_stage *b)
{
	if (ev_report_compare(a->program, b->program) != 0 || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (ev_report_compare(a->counts[i].name, b->counts[i].name) != 0 ||
		    a->counts[i].n != b->counts[i].n)
			return false;
	return true;
}

/* A sealed chain has the stages of all programs so far: the longest has them all. */
static void add_stages(struct reader *rd, struct ev_report_result *res,
		       struct ev_report_stage *stages, size_t n)
{
	struct ev_report_stage *all;
	size_t same = 0;

	while (same < n && same < res->n_stages && same_stage(&res->stages[same], &stages[same]))
		same++;
	if (same == n)
		return;
	all = ev_arena_zalloc(&rd->r->arena, (res->n_stages + n) * sizeof *all);
	if (same == res->n_stages)
		res->n_stages = 0;
	for (size_t i = 0; i < res->n_stages; i++)
		all[i] = res->stages[i];
	memcpy(all + res->n_stages, stages, n * sizeof *all);
	res->n_stages += n;
	res->stages = all;
}

/* Whether the balance sheet is of the result, by what evvalidate counted, or else by name. */
static bool is_of(const struct ev_report *r, const struct ev_report_result *res,
		  struct ev_report_text batch, const struct ev_report_stage *stages, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ev_report_is(stages[i].program, "evvalidate"))
			return ev_report_stage_count(&stages[i], "in") ==
				       res->in + res->dropped + res->blank &&
			       ev_report_stage_count(&stages[i], "out") == res->out &&
			       ev_report_stage_count(&stages[i], "rejected") == res->rejected;
	return (batch.len == 0 && r->n == 1) || ev_report_compare(batch, res->batch) == 0;
}

enum ev_status ev_report_read_balance(struct ev_report *r, const char *file,
				      const struct ev_doc *doc, struct ev_error *err)
{
	struct reader rd = {.r = r, .file = file, .d = doc, .err = err};
	struct at top = {NULL, NULL, 0, 0};
	struct ev_report_result *of = NULL;
	struct ev_report_text program, batch;
	struct ev_report_stage *stages;
	size_t n = 0, fits = 0;
	bool ok;

	if (ev_kind(doc, 0) != EV_OBJECT) {
		fail(&rd, &top, "the balance sheet", 0, "is no JSON object");
		return EV_FATAL;
	}
	program = text(&rd, &top, "program", false);
	batch = text(&rd, &top, "batch", false);
	ok = boolean(&rd, &top, "ok");
	stages = list(&rd, &top, "stages", sizeof *stages, &n, read_stage);
	for (size_t i = 0; i < r->n && !rd.failed; i++) {
		struct ev_report_result *res = &r->results[i];
		bool named = batch.len > 0 && ev_report_compare(batch, res->batch) == 0;

		if (!is_of(r, res, batch, stages, n))
			continue;
		/* Days may have equal counts. */
		if (of == NULL || named)
			of = res;
		fits = named ? 1 : fits + 1;
		if (named)
			break;
	}
	if (!rd.failed && fits != 1)
		fail(&rd, &top, "batch", 0,
		     of == NULL
			     ? "is of no batch of these results: give the file that --stats FILE "
			       "wrote in the same run"
			     : "may be of several of these results: name batches by --batch");
	ev_buf_free(&rd.scratch);
	if (rd.failed || of == NULL)
		return EV_FATAL;
	add_stages(&rd, of, stages, n);
	if (ev_report_is(program, "evload"))
		of->load = ok ? REPORT_LOADED : REPORT_REFUSED;
	return EV_OK;
}

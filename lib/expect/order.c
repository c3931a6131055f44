/*
 * Expectations of order: each value against the last one before it that was not missing.
 *
 * Lines of one source are in their order, and sources are ordered by name. Lines that were read of
 * one source in ascending order are a run, of which the first and the last value are kept. At the
 * end runs, also those of other processes, are sorted, and the ends of neighbours compared. Runs
 * that overlap (a source that was dealt out line by line) cannot be judged.
 */
#include "expect/internal.h"
#include "scan/form.h"

enum { MAX_RUNS = 10000, MAX_VALUE = 1000 };

struct run {
	char *source;
	uint64_t first_line, last_line;
	struct ev_expect_sampled first, last;
};

struct ordered {
	struct run *runs;
	size_t n, cap;
	bool too_many;
};

static bool open_ordered(struct ev_expect *e, struct ev_expect_opening *o)
{
	e->negate = strstr(e->kind->name, "decreasing") != NULL;
	e->misfit = "are neither numbers nor texts of 1000 bytes at most";
	return ev_expect_argument_bool(o, "strictly", &e->strict);
}

static void free_run(struct run *r)
{
	free(r->source);
	ev_expect_sampled_free(&r->first);
	ev_expect_sampled_free(&r->last);
}

static void close_ordered(struct ev_expect *e)
{
	struct ordered *o = e->own;

	for (size_t i = 0; i < o->n; i++)
		free_run(&o->runs[i]);
	free(o->runs);
}

/* Values as JSON: numbers, or texts that are compared as times where both are. */
static int compare(const struct ev_buf *a, const char *p, size_t len)
{
	struct ev_buf x = {0}, y = {0};
	struct ev_time s, t;
	int order;

	if (a->p[0] != '"' && p[0] != '"')
		return ev_number_compare(a->p, a->len, p, len);
	if (a->p[0] != '"' || p[0] != '"')
		return a->p[0] != '"' ? -1 : 1; /* numbers before texts */
	if (ev_expect_read_moment(a->p + 1, a->len - 2, &s) &&
	    ev_expect_read_moment(p + 1, len - 2, &t))
		return ev_time_compare(s, t);
	ev_json_unescape(a->p + 1, a->len - 2, &x);
	ev_json_unescape(p + 1, len - 2, &y);
	order = ev_bytes_compare(x.p, x.len, y.p, y.len);
	ev_buf_free(&x);
	ev_buf_free(&y);
	return order;
}

static bool follows(const struct ev_expect *e, const struct ev_buf *before, const char *p,
		    size_t len)
{
	int order = compare(before, p, len);

	if (order == 0)
		return !e->strict;
	return e->negate ? order > 0 : order < 0;
}

/* The run that a line of this source continues, or a new one. */
static struct run *run_of(struct ordered *o, const struct ev_position *pos)
{
	struct run *r = o->n > 0 ? &o->runs[o->n - 1] : NULL;

	if (r != NULL && strcmp(r->source, pos->source) == 0 && pos->line >= r->last_line)
		return r;
	if (o->n == MAX_RUNS) {
		o->too_many = true;
		return NULL;
	}
	ev_grow(&o->runs, &o->cap, o->n + 1, sizeof *o->runs);
	r = &o->runs[o->n++];
	*r = (struct run){.source = ev_strdup(pos->source), .first_line = pos->line};
	return r;
}

static bool order_take(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	enum ev_kind kind = ev_kind(f->d, *at);
	bool good = true;
	struct run *r;
	const char *p;
	size_t len;

	p = ev_raw(f->d, *at, &len);
	if ((kind != EV_NUMBER && kind != EV_STRING) || len > MAX_VALUE) {
		e->n.misfits++;
		return true;
	}
	if ((r = run_of(e->own, ev_expect_position(f))) == NULL)
		return true;
	r->last_line = f->pos.line;
	if (r->first.value.len == 0)
		ev_expect_sampled_set(&r->first, &f->pos, f->element, p, len);
	else
		good = follows(e, &r->last.value, p, len);
	ev_expect_sampled_set(&r->last, &f->pos, f->element, p, len);
	return good;
}

static void write_end(const char *name, const struct ev_expect_sampled *end, struct ev_buf *out)
{
	ev_json_open(out, name, '[');
	ev_expect_sampled_write(end, out);
	ev_buf_putc(out, ']');
}

static void order_write(const struct ev_expect *e, struct ev_buf *out)
{
	const struct ordered *o = e->own;

	ev_json_u64(out, "too_many", o->too_many);
	ev_json_open(out, "runs", '[');
	for (size_t i = 0; i < o->n; i++) {
		const struct run *r = &o->runs[i];

		ev_json_open(out, NULL, '{');
		ev_json_u64(out, "first_line", r->first_line);
		ev_json_u64(out, "last_line", r->last_line);
		write_end("first", &r->first, out);
		write_end("last", &r->last, out);
		ev_buf_putc(out, '}');
	}
	ev_buf_putc(out, ']');
}

static bool read_end(const struct ev_doc *d, uint32_t list, struct ev_expect_sampled *end)
{
	return ev_expect_sampled_read(d, list, 0, end) && end->value.len <= MAX_VALUE &&
	       (end->value.p[0] == '"' || end->value.p[0] == '-' ||
		(end->value.p[0] >= '0' && end->value.p[0] <= '9'));
}

static bool is_run(const struct run *r)
{
	return strcmp(r->first.pos.source, r->last.pos.source) == 0 &&
	       r->first.pos.line == r->first_line && r->last.pos.line == r->last_line &&
	       r->first_line <= r->last_line;
}

static bool read_run(const struct ev_doc *d, uint32_t at, struct run *r)
{
	if (!ev_state_u64(d, at, "first_line", &r->first_line) ||
	    !ev_state_u64(d, at, "last_line", &r->last_line) ||
	    !read_end(d, ev_member(d, at, "first", 5), &r->first) ||
	    !read_end(d, ev_member(d, at, "last", 4), &r->last) || !is_run(r))
		return false;
	r->source = ev_strdup(r->first.pos.source);
	return true;
}

static bool order_merge(struct ev_expect *e, const struct ev_doc *d)
{
	struct ordered *o = e->own;
	uint32_t list = ev_expect_state_member(d, "runs", EV_ARRAY);
	uint64_t too_many, unexpected, values = 0;

	/* The first value of each run was compared with none. */
	if (!ev_state_u64(d, 0, "too_many", &too_many) || list == EV_NOWHERE || too_many > 1 ||
	    !ev_state_u64(d, 0, "unexpected", &unexpected) || !ev_count_add(&values, unexpected) ||
	    !ev_count_add(&values, d->nodes[list].count) || values > ev_expect_present_in(d))
		return false;
	o->too_many |= too_many > 0;
	for (uint32_t i = ev_first(d, list); i < ev_end(d, list); i = ev_next(d, i)) {
		struct run r = {0};
		bool good = read_run(d, i, &r);

		if (!good || o->n == MAX_RUNS) {
			o->too_many = true;
			free_run(&r);
			if (!good)
				return false;
			continue;
		}
		ev_grow(&o->runs, &o->cap, o->n + 1, sizeof *o->runs);
		o->runs[o->n++] = r;
	}
	return true;
}

/* Orders runs that overlap, too: the outcome must not depend on the order of the states. */
static int by_line(const void *a, const void *b)
{
	const struct run *x = a, *y = b;
	int order = strcmp(x->source, y->source);

	if (order != 0)
		return order;
	if (x->first_line != y->first_line)
		return x->first_line < y->first_line ? -1 : 1;
	if (x->last_line != y->last_line)
		return x->last_line < y->last_line ? -1 : 1;
	order = ev_expect_sampled_compare(&x->first, &y->first);
	return order != 0 ? order : ev_expect_sampled_compare(&x->last, &y->last);
}

static void order_judge(struct ev_expect *e, struct ev_buf *out)
{
	struct ordered *o = e->own;
	bool overlap = o->too_many;

	if (o->n > 1)
		qsort(o->runs, o->n, sizeof *o->runs, by_line);
	for (size_t i = 1; i < o->n; i++) {
		const struct run *a = &o->runs[i - 1];
		const struct ev_expect_sampled *m = &o->runs[i].first;

		if (strcmp(a->source, o->runs[i].source) == 0 &&
		    o->runs[i].first_line <= a->last_line) {
			overlap = true;
			continue;
		}
		if (follows(e, &a->last.value, m->value.p, m->value.len))
			continue;
		e->n.unexpected++;
		ev_expect_sample_add(&e->sample, m);
	}
	ev_expect_judge_rows(e, out);
	if (!overlap)
		return;
	e->outcome = EV_EXPECT_INCONCLUSIVE;
	ev_buf_puts(&e->error, "the lines of one source came in pieces that overlap, so their "
			       "order cannot be told");
}

static const struct ev_expect_ops order_ops = {.own = sizeof(struct ordered),
					       .open = open_ordered,
					       .take = order_take,
					       .judge = order_judge,
					       .write = order_write,
					       .merge = order_merge,
					       .close = close_ordered};

const struct ev_expect_kind ev_expect_order_kinds[] = {
	{"expect_column_values_to_be_increasing", "column* strictly mostly", &order_ops},
	{"expect_column_values_to_be_decreasing", "column* strictly mostly", &order_ops},
	{0},
};

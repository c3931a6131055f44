#include "version/batch.h"
#include "base/mem.h"
#include "scan/form.h"
#include "version/internal.h"

#include <stdlib.h>

/* What the log says: "take BATCH", "retract BATCH" of commits, and "delivered N BATCH". */
static const char take[] = "take ", retract[] = "retract ", delivered[] = "delivered ";
static const char no_input[] = "00000000000000000000000000000000";

/* A line of the log about a batch. */
struct line {
	const char *name; /* JSON */
	size_t len, nth;
	const char *what;
	uint64_t number;
};

static bool begins(const char *p, size_t len, const char *text)
{
	return len >= strlen(text) && memcmp(p, text, strlen(text)) == 0;
}

/* Finds the batch's name in the line; false if the line is about no batch. */
static bool find_name(struct line *l, size_t len)
{
	const char *quote = memchr(l->what, '"', len);

	if (quote == NULL || !(begins(l->what, len, take) || begins(l->what, len, retract) ||
			       begins(l->what, len, delivered)))
		return false;
	l->name = quote;
	l->len = len - (size_t)(quote - l->what);
	return l->len >= 2;
}

static int by_name(const void *x, const void *y)
{
	const struct line *a = x, *b = y;
	int order = ev_bytes_compare(a->name, a->len, b->name, b->len);

	return order != 0 ? order : (a->nth > b->nth) - (a->nth < b->nth);
}

static void add_line(struct ev_version_batch *b, const struct line *l)
{
	if (l->what[0] == delivered[0]) {
		b->records = strtoull(l->what + sizeof delivered - 1, NULL, 10);
		b->retracted = 0;
	} else if (l->what[0] == retract[0]) {
		b->records = 0;
		b->retracted = l->number;
	} else {
		ev_grow(&b->commits, &b->cap_commits, b->n_commits + 1, sizeof *b->commits);
		b->commits[b->n_commits++] = l->number;
	}
}

/* The batches by name, and in the order of the lines that name them first. */
struct named {
	struct ev_version_batch batch;
	size_t first;
};

static int by_first(const void *x, const void *y)
{
	const struct named *a = x, *b = y;

	return (a->first > b->first) - (a->first < b->first);
}

static struct ev_version_batches group(const struct line *lines, size_t n)
{
	struct named *named = ev_calloc(n + 1, sizeof *named);
	struct ev_version_batches batches = {.n = 0};

	for (size_t i = 0; i < n; i++) {
		const struct line *l = &lines[i];
		struct ev_buf name = {0};

		if (i == 0 || ev_bytes_compare(l->name, l->len, l[-1].name, l[-1].len) != 0) {
			ev_json_unescape(l->name + 1, l->len - 2, &name);
			ev_buf_str(&name);
			named[batches.n++] = (struct named){.batch.name = name.p, .first = l->nth};
		}
		add_line(&named[batches.n - 1].batch, l);
	}
	qsort(named, batches.n, sizeof *named, by_first);
	batches.list = ev_calloc(batches.n + 1, sizeof *batches.list);
	for (size_t i = 0; i < batches.n; i++)
		batches.list[i] = named[i].batch;
	free(named);
	return batches;
}

struct ev_version_batches ev_version_batches_read(const struct ev_store *s)
{
	struct ev_store_log_line said = {.next = 0};
	struct ev_version_batches batches;
	struct line *lines = NULL;
	size_t n = 0, cap = 0;

	while (ev_store_log_next(s, &said)) {
		struct line l = {.what = said.what, .number = said.number, .nth = n};

		if (!find_name(&l, said.len))
			continue;
		ev_grow(&lines, &cap, n + 1, sizeof *lines);
		lines[n++] = l;
	}
	if (n > 0)
		qsort(lines, n, sizeof *lines, by_name);
	batches = group(lines, n);
	free(lines);
	return batches;
}

const struct ev_version_batch *ev_version_batches_find(const struct ev_version_batches *b,
						       const char *name)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->list[i].name, name) == 0)
			return &b->list[i];
	return NULL;
}

void ev_version_batches_free(struct ev_version_batches *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->list[i].name);
		free(b->list[i].commits);
	}
	free(b->list);
	*b = (struct ev_version_batches){.n = 0};
}

/* The record whose entries are being read. */
struct read {
	const char *batch; /* JSON */
	size_t batch_len;
	uint64_t commit; /* of the retract */
	struct ev_arena arena;
	struct ev_version_delivery *deliveries;
	struct ev_buf key, value; /* value: the entry that takes the batch out of it */
};

static enum ev_status end_record(struct ev_store *s, struct read *r,
				 struct ev_version_retracted *sums, struct ev_error *err)
{
	bool ours = false, others = false;

	for (const struct ev_version_delivery *b = r->deliveries; b != NULL; b = b->next) {
		bool it = ev_bytes_compare(b->batch, b->len, r->batch, r->batch_len) == 0;

		ours |= it && ev_version_delivery_stays(b);
		others |= !it && ev_version_delivery_stays(b);
	}
	ev_arena_reset(&r->arena);
	r->deliveries = NULL;
	if (!ours)
		return EV_OK;
	sums->records++;
	sums->gone += !others;
	return ev_store_put_text(s, r->key.p, r->key.len, r->commit, r->value.p, r->value.len, err);
}

static enum ev_status read_entry(struct ev_store *s, struct read *r, const struct ev_entry *e,
				 struct ev_version_retracted *sums, struct ev_error *err)
{
	const struct ev_version_delivery *b;

	if (r->key.len == 0 || ev_bytes_compare(e->p, e->key_len, r->key.p, r->key.len) != 0) {
		if (end_record(s, r, sums, err) != EV_OK)
			return EV_FATAL;
		ev_buf_reset(&r->key);
		ev_buf_put(&r->key, e->p, e->key_len);
	}
	b = ev_version_add_delivery(&r->arena, &r->deliveries, e);
	if (ev_bytes_compare(b->batch, b->len, r->batch, r->batch_len) == 0) {
		ev_buf_reset(&r->value);
		ev_buf_putc(&r->value, EV_ENTRY_RETRACTED);
		ev_buf_put(&r->value, e->value + 1, ev_version_place(e));
	}
	return EV_OK;
}

static enum ev_status take_out(struct ev_store *s, const struct ev_buf *batch,
			       struct ev_version_retracted *sums, struct ev_error *err)
{
	struct ev_store_cursor *cursor = ev_store_cursor_new(s, 0);
	struct read r = {
		.batch = batch->p, .batch_len = batch->len, .commit = ev_store_head(s) + 1};
	const struct ev_entry *e = NULL;
	enum ev_status st = EV_OK;

	while (st == EV_OK && (st = ev_store_cursor_next(cursor, &e, err)) == EV_OK && e != NULL)
		st = read_entry(s, &r, e, sums, err);
	if (st == EV_OK)
		st = end_record(s, &r, sums, err);
	ev_store_cursor_free(&cursor);
	ev_arena_free(&r.arena);
	ev_buf_free(&r.key);
	ev_buf_free(&r.value);
	return st;
}

enum ev_status ev_version_retract(struct ev_store *s, const char *batch,
				  struct ev_version_retracted *r, struct ev_error *err)
{
	struct ev_buf name = {0}, what = {0};
	enum ev_status st;

	*r = (struct ev_version_retracted){.records = 0};
	ev_json_quote(batch, strlen(batch), &name);
	ev_buf_puts(&what, retract);
	ev_buf_put(&what, name.p, name.len);
	st = take_out(s, &name, r, err);
	if (st == EV_OK)
		st = ev_store_prepare(s, err);
	if (st == EV_OK)
		st = ev_store_commit(s, ev_buf_str(&what), no_input, err);
	ev_buf_free(&name);
	ev_buf_free(&what);
	return st;
}

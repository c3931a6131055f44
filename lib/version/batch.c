#include "version/batch.h"
#include "base/lookup.h"
#include "scan/form.h"
#include "version/internal.h"

#include <stdlib.h>

static const char no_input[] = "00000000000000000000000000000000";

static bool begins(const char *p, size_t len, const char *text)
{
	return len >= strlen(text) && memcmp(p, text, strlen(text)) == 0;
}

/* The batch's name in a line, as JSON; NULL if the line is about no batch. */
static const char *name_in(const struct ev_store_log_line *l)
{
	if (!begins(l->what, l->len, EV_VERSION_TAKE) &&
	    !begins(l->what, l->len, EV_VERSION_RETRACT) &&
	    !begins(l->what, l->len, EV_VERSION_DELIVERED))
		return NULL;
	return memchr(l->what, '"', l->len - 1);
}

/* The batch of that name (JSON), which is added if it is new. */
static struct ev_version_batch *batch_of(struct ev_version_batches *b, struct ev_lookup *names,
					 const char *json, size_t len)
{
	struct ev_buf name = {0};
	size_t step = 0;
	uint64_t hash;
	uint32_t i;

	ev_json_unescape(json + 1, len - 2, &name);
	ev_buf_str(&name);
	hash = ev_hash64(name.p, name.len, 0);
	while (b->list != NULL && (i = ev_lookup_next(names, hash, &step)) != EV_LOOKUP_NONE) {
		if (strcmp(b->list[i].name, name.p) != 0)
			continue;
		ev_buf_free(&name);
		return &b->list[i];
	}
	ev_lookup_add(names, hash, (uint32_t)b->n);
	ev_grow(&b->list, &b->cap, b->n + 1, sizeof *b->list);
	b->list[b->n] = (struct ev_version_batch){.name = name.p};
	return &b->list[b->n++];
}

static void add_line(struct ev_version_batch *b, const struct ev_store_log_line *l)
{
	if (begins(l->what, l->len, EV_VERSION_DELIVERED)) {
		b->records = strtoull(l->what + sizeof EV_VERSION_DELIVERED - 1, NULL, 10);
		b->retracted = 0;
	} else if (begins(l->what, l->len, EV_VERSION_RETRACT)) {
		b->records = 0;
		b->retracted = l->number;
	} else {
		ev_grow(&b->commits, &b->cap_commits, b->n_commits + 1, sizeof *b->commits);
		b->commits[b->n_commits++] = l->number;
	}
}

struct ev_version_batches ev_version_batches_read(const struct ev_store *s)
{
	struct ev_version_batches b = {.n = 0};
	struct ev_store_log_line l;
	struct ev_lookup names = {0};

	for (size_t i = 0; ev_store_log_line(s, i, &l); i++) {
		const char *name = name_in(&l);

		if (name != NULL)
			add_line(batch_of(&b, &names, name, (size_t)(l.what + l.len - name)), &l);
	}
	ev_lookup_free(&names);
	return b;
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

/* The entries of one record. */
struct read {
	const char *batch; /* JSON */
	size_t batch_len;
	uint64_t commit; /* the one that retracts the batch */
	struct ev_arena arena;
	struct ev_version_delivery *deliveries;
	struct ev_buf key, value; /* value: of the entry that retracts it */
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

	if (e->value[0] == EV_ENTRY_ERASED)
		return EV_OK;
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
		ev_buf_put(&r->value, e->value + 1, ev_version_place_len(e));
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
	ev_buf_puts(&what, EV_VERSION_RETRACT);
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

#include "version/erase.h"
#include "base/lookup.h"
#include "base/mem.h"
#include "scan/form.h"
#include "version/batch.h"
#include "version/internal.h"

#include <inttypes.h>
#include <stdlib.h>

/*
 * An entry that marks an erased record has the key "WORD ~MARK" and the value "~FIRST": the commit
 * that first brought the event, so that readers who stood before it have nothing to delete.
 */
enum { HEX = 32 };

/* An entry of the event at hand, in `text`. */
struct held {
	size_t at, len, key_len, value;
	uint64_t commit;
};

/* A mark of the event at hand. */
struct mark {
	char hex[HEX + 1];
	uint64_t commit;
};

/* Records of a batch that stood, and were erased. */
struct loss {
	const char *batch; /* JSON, in the arena */
	size_t len;
	uint64_t records;
};

struct eraser {
	struct ev_store *s;
	struct ev_erasure *what;
	struct ev_erased *erased;
	struct ev_scan *scan;
	struct ev_buf text, key, value;
	struct held *list;
	size_t n, cap;
	size_t word; /* the length of the event's word, with the space */
	struct mark *marks;
	size_t n_marks, cap_marks;
	struct ev_arena deliveries; /* of a record */
	struct ev_arena names;
	struct loss *losses;
	size_t n_losses, cap_losses;
	struct ev_lookup by_batch;
	struct ev_hash128 all; /* of all marks that are made now */
};

bool ev_version_mark_read(const struct ev_entry *e, struct ev_hash128 *mark, uint64_t *first)
{
	size_t word = ev_run_word(EV_RUN_TEXT, e->p, e->key_len);
	char half[HEX / 2 + 1] = "", *end;

	if (e->key_len != word + 1 + HEX || e->p[word] != EV_ENTRY_ERASED || e->value_len < 2)
		return false;
	memcpy(half, e->p + word + 1, HEX / 2);
	mark->hi = strtoull(half, &end, 16);
	if (end != half + HEX / 2)
		return false;
	memcpy(half, e->p + word + 1 + HEX / 2, HEX / 2);
	mark->lo = strtoull(half, &end, 16);
	*first = strtoull(e->value + 1, NULL, 10);
	return end == half + HEX / 2 && *first > 0;
}

static struct ev_entry entry_of(const struct eraser *r, const struct held *h)
{
	const char *p = r->text.p + h->at;

	return (struct ev_entry){.p = p,
				 .len = h->len,
				 .key_len = h->key_len,
				 .value = p + h->value,
				 .value_len = h->len - h->value,
				 .commit = h->commit};
}

static bool is_mark(const struct ev_entry *e)
{
	return e->value[0] == EV_ENTRY_ERASED;
}

/* Whether an entry of the event at hand has a record that bears a value. */
static bool bears(struct eraser *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct ev_entry e = entry_of(r, &r->list[i]);
		const struct ev_doc *d;
		struct ev_flaw flaw;
		size_t place;

		if (e.value[0] != EV_ENTRY_VERBATIM && e.value[0] != EV_ENTRY_REWRITTEN)
			continue;
		place = 1 + ev_version_place_len(&e) + 1;
		d = ev_scan(r->scan, e.value + place, e.value_len - place, &flaw);
		if (d != NULL && ev_erasure_takes(r->what, d))
			return true;
	}
	return false;
}

/* Notes that a batch which delivered a record has lost it. */
static void note_loss(struct eraser *r, const struct ev_version_delivery *b)
{
	uint64_t hash = ev_hash64(b->batch, b->len, 0);
	size_t step = 0;
	uint32_t i;

	while ((i = ev_lookup_next(&r->by_batch, hash, &step)) != EV_LOOKUP_NONE) {
		struct loss *l = &r->losses[i];

		if (ev_bytes_compare(l->batch, l->len, b->batch, b->len) != 0)
			continue;
		l->records++;
		return;
	}
	ev_lookup_add(&r->by_batch, hash, (uint32_t)r->n_losses);
	ev_grow(&r->losses, &r->cap_losses, r->n_losses + 1, sizeof *r->losses);
	r->losses[r->n_losses++] =
		(struct loss){ev_arena_copy(&r->names, b->batch, b->len), b->len, 1};
}

static struct mark *add_mark(struct eraser *r)
{
	ev_grow(&r->marks, &r->cap_marks, r->n_marks + 1, sizeof *r->marks);
	return &r->marks[r->n_marks++];
}

/* Marks a record: the entries of one key, from the i-th on. Returns the first of the next. */
static size_t mark_record(struct eraser *r, size_t i)
{
	const struct ev_entry first = entry_of(r, &r->list[i]);
	const struct ev_hash128 h = ev_version_mark(r->s, first.p, first.key_len);
	struct ev_version_delivery *deliveries = NULL;
	struct mark *m = add_mark(r);

	for (; i < r->n; i++) {
		const struct ev_entry e = entry_of(r, &r->list[i]);

		if (ev_bytes_compare(e.p, e.key_len, first.p, first.key_len) != 0)
			break;
		ev_version_add_delivery(&r->deliveries, &deliveries, &e);
	}
	for (const struct ev_version_delivery *b = deliveries; b != NULL; b = b->next)
		if (ev_version_delivery_stays(b))
			note_loss(r, b);
	ev_arena_reset(&r->deliveries);
	ev_hash128_hex(h, m->hex);
	m->commit = ev_store_head(r->s) + 1;
	r->all = ev_hash128(&(const struct ev_hash128[]){r->all, h}, 2 * sizeof h, 0);
	r->erased->records++;
	return i;
}

/* A mark that is there already. */
static void keep_mark(struct eraser *r, const struct ev_entry *e)
{
	struct mark *m = add_mark(r);

	memcpy(m->hex, e->p + r->word + 1, HEX);
	m->hex[HEX] = '\0';
	m->commit = e->commit;
}

static int compare_marks(const void *x, const void *y)
{
	return memcmp(((const struct mark *)x)->hex, ((const struct mark *)y)->hex, HEX);
}

static enum ev_status put_marks(struct eraser *r, uint64_t first, struct ev_error *err)
{
	enum ev_status st = EV_OK;

	qsort(r->marks, r->n_marks, sizeof *r->marks, compare_marks);
	ev_buf_reset(&r->value);
	ev_buf_printf(&r->value, "%c%" PRIu64, EV_ENTRY_ERASED, first);
	for (size_t i = 0; st == EV_OK && i < r->n_marks; i++) {
		ev_buf_reset(&r->key);
		ev_buf_put(&r->key, r->text.p, r->word);
		ev_buf_putc(&r->key, EV_ENTRY_ERASED);
		ev_buf_put(&r->key, r->marks[i].hex, HEX);
		st = ev_store_put_text(r->s, r->key.p, r->key.len, r->marks[i].commit, r->value.p,
				       r->value.len, err);
	}
	return st;
}

static void note_owner(struct eraser *r)
{
	struct ev_buf id = {0};

	ev_store_unword(r->text.p, r->word - 1, &id);
	ev_json_quote(id.p, id.len, &r->erased->owners);
	ev_buf_putc(&r->erased->owners, '\n');
	ev_buf_free(&id);
}

static enum ev_status erase_event(struct eraser *r, struct ev_error *err)
{
	uint64_t first = UINT64_MAX, commit;
	struct ev_hash128 ignored;

	r->n_marks = 0;
	for (size_t i = 0; i < r->n;) {
		const struct ev_entry e = entry_of(r, &r->list[i]);

		commit = e.commit;
		if (is_mark(&e)) {
			ev_version_mark_read(&e, &ignored, &commit);
			keep_mark(r, &e);
			i++;
		} else {
			i = mark_record(r, i);
		}
		if (commit < first)
			first = commit;
	}
	r->erased->events++;
	note_owner(r);
	return put_marks(r, first, err);
}

/* All entries of an event are held: they are put back, or their marks are. */
static enum ev_status end_event(struct eraser *r, struct ev_error *err)
{
	enum ev_status st = EV_OK;

	memset(ev_buf_room(&r->text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	if (bears(r)) {
		st = erase_event(r, err);
	} else {
		for (size_t i = 0; st == EV_OK && i < r->n; i++) {
			const struct ev_entry e = entry_of(r, &r->list[i]);

			st = ev_store_put(r->s, &e, err);
		}
	}
	ev_buf_reset(&r->text);
	r->n = 0;
	return st;
}

static void hold(struct eraser *r, const struct ev_entry *e)
{
	ev_grow(&r->list, &r->cap, r->n + 1, sizeof *r->list);
	r->list[r->n++] = (struct held){.at = r->text.len,
					.len = e->len,
					.key_len = e->key_len,
					.value = (size_t)(e->value - e->p),
					.commit = e->commit};
	ev_buf_put(&r->text, e->p, e->len);
}

static enum ev_status read_all(struct eraser *r, struct ev_error *err)
{
	struct ev_store_cursor *cursor = ev_store_cursor_new(r->s, 0);
	const struct ev_entry *e = NULL;
	enum ev_status st;

	while ((st = ev_store_cursor_next(cursor, &e, err)) == EV_OK && e != NULL) {
		if (r->n > 0 && (e->key_len < r->word || memcmp(e->p, r->text.p, r->word) != 0) &&
		    (st = end_event(r, err)) != EV_OK)
			break;
		r->word = ev_run_word(EV_RUN_TEXT, e->p, e->key_len);
		hold(r, e);
	}
	if (st == EV_OK && r->n > 0)
		st = end_event(r, err);
	ev_store_cursor_free(&cursor);
	return st;
}

/* So that a rerun of a batch does not miss what it lost. */
static void log_losses(struct eraser *r)
{
	struct ev_version_batches batches = ev_version_batches_read(r->s);
	struct ev_buf name = {0}, line = {0};

	for (size_t i = 0; i < r->n_losses; i++) {
		const struct loss *l = &r->losses[i];
		const struct ev_version_batch *b;

		ev_buf_reset(&name);
		ev_json_unescape(l->batch + 1, l->len - 2, &name);
		b = ev_version_batches_find(&batches, ev_buf_str(&name));
		ev_buf_reset(&line);
		ev_buf_printf(&line, EV_VERSION_DELIVERED "%" PRIu64 " ",
			      b != NULL && b->records > l->records ? b->records - l->records : 0);
		ev_buf_put(&line, l->batch, l->len);
		ev_store_log_add(r->s, ev_buf_str(&line));
	}
	ev_version_batches_free(&batches);
	ev_buf_free(&name);
	ev_buf_free(&line);
}

static void free_all(struct eraser *r)
{
	ev_scan_free(&r->scan);
	ev_buf_free(&r->text);
	ev_buf_free(&r->key);
	ev_buf_free(&r->value);
	free(r->list);
	free(r->marks);
	ev_arena_free(&r->deliveries);
	ev_arena_free(&r->names);
	free(r->losses);
	ev_lookup_free(&r->by_batch);
}

static enum ev_status commit(struct eraser *r, struct ev_error *err)
{
	char taken[HEX + 1];

	log_losses(r);
	ev_hash128_hex(r->all, taken);
	if (ev_store_prepare_whole(r->s, err) != EV_OK)
		return EV_FATAL;
	return ev_store_commit(r->s, "erase", taken, err);
}

enum ev_status ev_version_erase(struct ev_store *s, struct ev_erasure *what,
				struct ev_erased *erased, struct ev_error *err)
{
	struct eraser r = {.s = s, .what = what, .erased = erased, .scan = ev_scan_new()};
	enum ev_status st = read_all(&r, err);

	if (st == EV_OK && erased->known != NULL)
		st = erased->known(erased->ctx, &erased->owners, err);
	if (st == EV_OK && erased->events > 0)
		st = commit(&r, err);
	free_all(&r);
	return st;
}

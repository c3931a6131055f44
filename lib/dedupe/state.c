#include "base/mem.h"
#include "base/time.h"
#include "base/zone.h"
#include "dedupe/internal.h"
#include "scan/form.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * A store of fixed entries: the digest of what makes a record the same one, the number of the
 * commit that first brought it, and the hour of the record, by which it is forgotten. Whether a
 * record was seen depends on what was committed, never on what has been merged.
 */

/* The hour of a record without a readable time, which is remembered for ever. */
#define NO_HOUR UINT32_MAX

/* The identity as text for a note: spaces and controls become %XX. */
static void name_keys(const struct ev_dedupe *d, struct ev_buf *name)
{
	for (size_t i = 0; i < d->options->n_keys; i++) {
		if (i > 0)
			ev_buf_putc(name, ',');
		for (const char *p = d->options->keys[i]->text; *p != '\0'; p++) {
			if (*p <= ' ' || *p == '%' || *p == 0x7f)
				ev_buf_printf(name, "%%%02X", (unsigned char)*p);
			else
				ev_buf_putc(name, *p);
		}
	}
	if (name->len == 0)
		ev_buf_puts(name, "id+content");
	ev_buf_str(name);
}

/* Under another id, or with other members ignored, no record would be recognised. */
static enum ev_status check_notes(struct ev_dedupe *d, struct ev_error *err)
{
	const char *dir = d->options->state, *was;
	struct ev_buf keys = {0};
	enum ev_status st = EV_OK;
	char envelope[33];

	ev_model_digest(d->m, EV_PART_ENVELOPE, envelope);
	name_keys(d, &keys);
	was = ev_store_note(d->store, "identity");
	if (was[0] != '\0' && strcmp(was, keys.p) != 0)
		st = ev_fail(err,
			     "%s: the state is one of %s, and this run is one of %s: give it the "
			     "same -k as the runs before, or another folder",
			     dir, was, keys.p);
	was = ev_store_note(d->store, "envelope");
	if (st == EV_OK && was[0] != '\0' && strcmp(was, envelope) != 0)
		st = ev_fail(err,
			     "%s: the state was made with another envelope (event in the model, or "
			     "options such as --id): use that one, or fill another folder from the "
			     "raw logs",
			     dir);
	ev_store_set_note(d->store, "identity", keys.p);
	ev_store_set_note(d->store, "envelope", envelope);
	ev_buf_free(&keys);
	return st;
}

static uint32_t hour_note(const struct ev_dedupe *d, const char *name)
{
	return (uint32_t)strtoul(ev_store_note(d->store, name), NULL, 10);
}

static void set_hour_note(struct ev_dedupe *d, const char *name, uint32_t hour)
{
	char text[16];

	snprintf(text, sizeof text, "%" PRIu32, hour);
	ev_store_set_note(d->store, name, text);
}

/*
 * The least hour that is remembered. It never goes back. It stays when a batch is run again before
 * the next one, so that the same records go out.
 */
static void set_least(struct ev_dedupe *d)
{
	uint64_t head = ev_store_head(d->store);
	uint32_t keep = d->options->keep;

	d->least = hour_note(d, "least");
	d->newest = hour_note(d, "newest");
	if (d->n_ours > 0 && d->ours[d->n_ours - 1] == head)
		return;
	if (keep > 0 && d->newest > keep && d->newest - keep > d->least)
		d->least = d->newest - keep;
}

/* The commits of the section's batch. */
static void find_ours(struct ev_dedupe *d, const char *batch)
{
	struct ev_store_log_line l;

	ev_buf_reset(&d->what);
	ev_buf_puts(&d->what, "take ");
	ev_json_quote(batch, strlen(batch), &d->what);
	ev_buf_str(&d->what);
	d->n_ours = 0;
	for (size_t i = 0; ev_store_log_line(d->store, i, &l); i++) {
		if (ev_bytes_compare(l.what, l.len, d->what.p, d->what.len) != 0)
			continue;
		ev_grow(&d->ours, &d->cap_ours, d->n_ours + 1, sizeof *d->ours);
		d->ours[d->n_ours++] = l.number;
	}
}

enum ev_status ev_dedupe_begin(struct ev_dedupe *d, const char *batch, struct ev_error *err)
{
	d->goes_on = d->batch != NULL && strcmp(d->batch, batch) == 0;
	if (d->store == NULL) {
		d->store = ev_store_open(d->options->state, &ev_store_keys, EV_STORE_WRITE, err);
		if (d->store == NULL || check_notes(d, err) != EV_OK)
			return EV_FATAL;
		d->seed = ev_store_seed(d->store, 0);
		d->content = ev_content_new(ev_store_seed(d->store, 1));
	} else if (!d->goes_on) { /* the other batch's records are in the state */
		free(d->table);
		ev_dedupe_new_table(d, EV_DEDUPE_LEAST_TABLE);
		d->used = 0;
	}
	free(d->batch);
	d->batch = ev_strdup(batch);
	d->again = 0;
	find_ours(d, batch);
	set_least(d);
	ev_store_forget(d->store, d->least);
	return EV_OK;
}

/* Big-endian. The half that depends on the content comes before the id's. */
static void key_of(struct ev_hash128 h, char key[EV_RUN_KEY])
{
	h.hi = htobe64(h.hi);
	h.lo = htobe64(h.lo);
	memcpy(key, &h.hi, sizeof h.hi);
	memcpy(key + sizeof h.hi, &h.lo, sizeof h.lo);
}

static int compare_numbers(const void *x, const void *y)
{
	const uint64_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

/* Reads a time as evversion does. False: it is missing or wrong, which is not judged here. */
static bool read_time(struct ev_dedupe *d, const struct ev_event *event, uint32_t slot,
		      struct ev_time *t)
{
	uint32_t at = slot != EV_NO_SLOT ? event->at[slot] : EV_NOWHERE;
	enum ev_time_form form;
	const char *p;
	size_t len;

	if (at == EV_NOWHERE || ev_kind(event->doc, at) != EV_STRING)
		return false;
	p = ev_string(event->doc, at, &d->text, &len);
	form = ev_time_parse(p, len, t);
	if (form == EV_TIME_BAD || (form == EV_TIME_NAIVE && d->m->zone == NULL))
		return false;
	if (form == EV_TIME_NAIVE)
		t->sec = ev_zone_to_utc(d->m->zone, t->sec);
	return ev_time_in_range(*t);
}

/* Hours since the year 1. */
static uint32_t hour_of(struct ev_dedupe *d, const struct ev_event *event)
{
	const int64_t year_1 = INT64_C(-62135596800);
	struct ev_time t;

	if (!read_time(d, event, d->modified, &t) && !read_time(d, event, d->time, &t))
		return NO_HOUR;
	return (uint32_t)((t.sec - year_1) / 3600);
}

static void put(struct ev_dedupe *d, const char key[EV_RUN_KEY], uint32_t hour)
{
	if (hour < d->least) {
		d->n_late++;
		return;
	}
	ev_run_put_fixed(ev_buf_room(&d->fresh, EV_RUN_FIXED), key,
			 (uint32_t)(ev_store_head(d->store) + 1), hour);
	d->fresh.len += EV_RUN_FIXED;
	if (hour != NO_HOUR && hour > d->newest)
		d->newest = hour;
}

enum ev_status ev_dedupe_remember(struct ev_dedupe *d, struct ev_hash128 h,
				  const struct ev_event *event, bool *known, struct ev_error *err)
{
	struct ev_store_fixed f;
	char key[EV_RUN_KEY];
	uint64_t commit;

	key_of(h, key);
	if (ev_store_get(d->store, key, &f, err) != EV_OK)
		return EV_FATAL;
	*known = false;
	if (!f.there || f.stamp < d->least) {
		put(d, key, hour_of(d, event));
		return EV_OK;
	}
	commit = f.commit;
	if (d->n_ours > 0 &&
	    bsearch(&commit, d->ours, d->n_ours, sizeof commit, compare_numbers) != NULL)
		d->again++; /* the section's own batch brought it first */
	else
		*known = true;
	return EV_OK;
}

void ev_dedupe_end(struct ev_dedupe *d, const char *taken)
{
	snprintf(d->taken, sizeof d->taken, "%s", taken);
}

/* Sorting, in place: by the first two bytes, which are evenly spread, and then each bucket. */

static int compare_entries(const void *x, const void *y)
{
	return memcmp(x, y, EV_RUN_KEY);
}

static unsigned bucket_of(const char *entry)
{
	return (unsigned)(unsigned char)entry[0] << 8 | (unsigned char)entry[1];
}

static void sort_entries(char *p, size_t n)
{
	enum { BUCKETS = 1 << 16 };
	size_t *ends = ev_calloc((size_t)2 * BUCKETS, sizeof *ends), *next = ends + BUCKETS, at = 0;

	for (size_t i = 0; i < n; i++)
		ends[bucket_of(p + i * EV_RUN_FIXED)]++;
	for (size_t b = 0; b < BUCKETS; b++) {
		next[b] = at;
		at += ends[b];
		ends[b] = at;
	}
	for (size_t b = 0; b < BUCKETS; b++) {
		while (next[b] < ends[b]) {
			char *entry = p + next[b] * EV_RUN_FIXED, swap[EV_RUN_FIXED];
			unsigned to = bucket_of(entry);

			if (to == b) {
				next[b]++;
				continue;
			}
			memcpy(swap, p + next[to] * EV_RUN_FIXED, EV_RUN_FIXED);
			memcpy(p + next[to]++ * EV_RUN_FIXED, entry, EV_RUN_FIXED);
			memcpy(entry, swap, EV_RUN_FIXED);
		}
	}
	for (size_t b = 0, from = 0; b < BUCKETS; from = ends[b++])
		if (ends[b] - from > 1)
			qsort(p + from * EV_RUN_FIXED, ends[b] - from, EV_RUN_FIXED,
			      compare_entries);
	free(ends);
}

enum ev_status ev_dedupe_prepare(struct ev_dedupe *d, struct ev_error *err)
{
	size_t n = d->fresh.len / EV_RUN_FIXED;
	struct ev_entry e = {
		.len = EV_RUN_FIXED, .key_len = EV_RUN_KEY, .commit = ev_store_head(d->store) + 1};

	if (n == 0)
		return EV_OK;
	sort_entries(d->fresh.p, n);
	for (size_t i = 0; i < n; i++) {
		e.p = d->fresh.p + i * EV_RUN_FIXED;
		if (ev_store_put(d->store, &e, err) != EV_OK)
			return EV_FATAL;
	}
	set_hour_note(d, "least", d->least);
	set_hour_note(d, "newest", d->newest);
	return ev_store_prepare(d->store, err);
}

bool ev_dedupe_renamed(const struct ev_dedupe *d)
{
	return !d->goes_on && d->n_ours > 0 && d->again == 0 && d->fresh.len > 0;
}

enum ev_status ev_dedupe_commit(struct ev_dedupe *d, struct ev_error *err)
{
	if (d->fresh.len == 0)
		return EV_OK;
	ev_buf_reset(&d->fresh);
	return ev_store_commit(d->store, ev_buf_str(&d->what), d->taken, err);
}

enum ev_status ev_dedupe_merge(struct ev_dedupe *d, struct ev_error *err)
{
	return ev_store_merge(d->store, err);
}

#include "dedupe/state.h"
#include "base/mem.h"
#include "scan/form.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct ev_dedupe_state {
	const struct ev_dedupe_options *options;
	const struct ev_model *m;
	struct ev_store *store; /* NULL before the first section */
	struct ev_buf what;	/* what the log says of a commit of the section */
	char taken[EV_STORE_DIGEST + 1];
	uint64_t *ours; /* the commits of the section's batch, in order */
	size_t n_ours;
	uint64_t again;	     /* records of the section that its batch had brought before */
	uint32_t least;	     /* earlier hours are forgotten */
	uint32_t newest;     /* of the hours that were put */
	struct ev_buf fresh; /* entries that the section has brought */
};

struct ev_dedupe_state *ev_dedupe_state_new(const struct ev_dedupe_options *options,
					    const struct ev_model *m)
{
	struct ev_dedupe_state *s = ev_calloc(1, sizeof *s);

	s->options = options;
	s->m = m;
	return s;
}

void ev_dedupe_state_free(struct ev_dedupe_state **state)
{
	struct ev_dedupe_state *s = *state;

	if (s == NULL)
		return;
	ev_store_free(&s->store);
	ev_buf_free(&s->what);
	ev_buf_free(&s->fresh);
	free(s->ours);
	free(s);
	*state = NULL;
}

/* What the digests are of. Spaces and what is no letter of a note become %XX. */
static void name_keys(const struct ev_dedupe_state *s, struct ev_buf *name)
{
	for (size_t i = 0; i < s->options->n_keys; i++) {
		if (i > 0)
			ev_buf_putc(name, ',');
		for (const char *p = s->options->keys[i]->text; *p != '\0'; p++) {
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

/* With another id, or other members that do not count, no record would be known again. */
static enum ev_status check_notes(struct ev_dedupe_state *s, struct ev_error *err)
{
	const char *dir = s->options->state, *was;
	struct ev_buf keys = {0};
	enum ev_status st = EV_OK;
	char envelope[33];

	ev_model_digest(s->m, EV_PART_ENVELOPE, envelope);
	name_keys(s, &keys);
	was = ev_store_note(s->store, "identity");
	if (was[0] != '\0' && strcmp(was, keys.p) != 0)
		st = ev_fail(err,
			     "%s: the state is one of %s, and this run is one of %s: give it the "
			     "same -k as the runs before, or another folder",
			     dir, was, keys.p);
	was = ev_store_note(s->store, "envelope");
	if (st == EV_OK && was[0] != '\0' && strcmp(was, envelope) != 0)
		st = ev_fail(err,
			     "%s: the state was made with another envelope (event in the model, or "
			     "options such as --id): use that one, or fill another folder from the "
			     "raw logs",
			     dir);
	ev_store_set_note(s->store, "identity", keys.p);
	ev_store_set_note(s->store, "envelope", envelope);
	ev_buf_free(&keys);
	return st;
}

static uint32_t hour_note(const struct ev_dedupe_state *s, const char *name)
{
	return (uint32_t)strtoul(ev_store_note(s->store, name), NULL, 10);
}

static void set_hour_note(struct ev_dedupe_state *s, const char *name, uint32_t hour)
{
	char text[16];

	snprintf(text, sizeof text, "%" PRIu32, hour);
	ev_store_set_note(s->store, name, text);
}

/*
 * From when on records are remembered. It never goes back, and it does not change for a batch that
 * is run again before the next one is, so that the same goes out once more.
 */
static void set_least(struct ev_dedupe_state *s)
{
	uint64_t head = ev_store_head(s->store);
	uint32_t keep = s->options->keep;

	s->least = hour_note(s, "least");
	s->newest = hour_note(s, "newest");
	if (s->n_ours > 0 && s->ours[s->n_ours - 1] == head)
		return;
	if (keep > 0 && s->newest > keep && s->newest - keep > s->least)
		s->least = s->newest - keep;
}

enum ev_status ev_dedupe_state_begin(struct ev_dedupe_state *s, const char *batch,
				     struct ev_error *err)
{
	if (s->store == NULL) {
		s->store = ev_store_open(s->options->state, &ev_store_keys, EV_STORE_WRITE, err);
		if (s->store == NULL || check_notes(s, err) != EV_OK)
			return EV_FATAL;
	}
	ev_buf_reset(&s->what);
	ev_buf_puts(&s->what, "take ");
	ev_json_quote(batch, strlen(batch), &s->what);
	s->again = 0;
	free(s->ours);
	s->ours = ev_store_commits_of(s->store, ev_buf_str(&s->what), &s->n_ours);
	set_least(s);
	ev_store_forget(s->store, s->least);
	return EV_OK;
}

uint64_t ev_dedupe_state_seed(const struct ev_dedupe_state *s, unsigned which)
{
	return ev_store_seed(s->store, which);
}

static int compare_numbers(const void *x, const void *y)
{
	const uint64_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

/* Greatest byte first, and what is of the content before what is of the id alone. */
static void key_of(struct ev_hash128 h, char key[EV_RUN_KEY])
{
	h.hi = htobe64(h.hi);
	h.lo = htobe64(h.lo);
	memcpy(key, &h.hi, sizeof h.hi);
	memcpy(key + sizeof h.hi, &h.lo, sizeof h.lo);
}

enum ev_status ev_dedupe_state_ask(struct ev_dedupe_state *s, struct ev_hash128 h,
				   enum ev_dedupe_known *known, struct ev_error *err)
{
	struct ev_store_fixed f;
	char key[EV_RUN_KEY];
	uint64_t commit;

	key_of(h, key);
	if (ev_store_get(s->store, key, &f, err) != EV_OK)
		return EV_FATAL;
	*known = EV_DEDUPE_NOT;
	if (!f.there || f.stamp < s->least)
		return EV_OK;
	commit = f.commit;
	*known = EV_DEDUPE_OTHERS;
	if (s->n_ours > 0 &&
	    bsearch(&commit, s->ours, s->n_ours, sizeof commit, compare_numbers) != NULL) {
		*known = EV_DEDUPE_OURS;
		s->again++;
	}
	return EV_OK;
}

bool ev_dedupe_state_is_late(const struct ev_dedupe_state *s, uint32_t hour)
{
	return hour < s->least;
}

void ev_dedupe_state_put(struct ev_dedupe_state *s, struct ev_hash128 h, uint32_t hour)
{
	char key[EV_RUN_KEY];

	key_of(h, key);
	ev_run_put_fixed(ev_buf_room(&s->fresh, EV_RUN_FIXED), key,
			 (uint32_t)(ev_store_head(s->store) + 1), hour);
	s->fresh.len += EV_RUN_FIXED;
	if (hour != EV_NO_HOUR && hour > s->newest)
		s->newest = hour;
}

void ev_dedupe_state_end(struct ev_dedupe_state *s, const char *taken)
{
	snprintf(s->taken, sizeof s->taken, "%s", taken);
}

/* Sorting: in place by the first two bytes, which are evenly spread, and then each lot of them. */

static int compare_entries(const void *x, const void *y)
{
	return memcmp(x, y, EV_RUN_KEY);
}

static unsigned lot_of(const char *entry)
{
	return (unsigned)(unsigned char)entry[0] << 8 | (unsigned char)entry[1];
}

static void sort_entries(char *p, size_t n)
{
	enum { LOTS = 1 << 16 };
	size_t *ends = ev_calloc((size_t)2 * LOTS, sizeof *ends), *next = ends + LOTS, at = 0;

	for (size_t i = 0; i < n; i++)
		ends[lot_of(p + i * EV_RUN_FIXED)]++;
	for (size_t lot = 0; lot < LOTS; lot++) {
		next[lot] = at;
		at += ends[lot];
		ends[lot] = at;
	}
	for (size_t lot = 0; lot < LOTS; lot++) {
		while (next[lot] < ends[lot]) {
			char *entry = p + next[lot] * EV_RUN_FIXED, swap[EV_RUN_FIXED];
			unsigned to = lot_of(entry);

			if (to == lot) {
				next[lot]++;
				continue;
			}
			memcpy(swap, p + next[to] * EV_RUN_FIXED, EV_RUN_FIXED);
			memcpy(p + next[to]++ * EV_RUN_FIXED, entry, EV_RUN_FIXED);
			memcpy(entry, swap, EV_RUN_FIXED);
		}
	}
	for (size_t lot = 0, from = 0; lot < LOTS; from = ends[lot++])
		if (ends[lot] - from > 1)
			qsort(p + from * EV_RUN_FIXED, ends[lot] - from, EV_RUN_FIXED,
			      compare_entries);
	free(ends);
}

enum ev_status ev_dedupe_state_prepare(struct ev_dedupe_state *s, struct ev_error *err)
{
	size_t n = s->fresh.len / EV_RUN_FIXED;
	struct ev_entry e = {
		.len = EV_RUN_FIXED, .key_len = EV_RUN_KEY, .commit = ev_store_head(s->store) + 1};

	if (n == 0)
		return EV_OK;
	sort_entries(s->fresh.p, n);
	for (size_t i = 0; i < n; i++) {
		e.p = s->fresh.p + i * EV_RUN_FIXED;
		if (ev_store_put(s->store, &e, err) != EV_OK)
			return EV_FATAL;
	}
	set_hour_note(s, "least", s->least);
	set_hour_note(s, "newest", s->newest);
	return ev_store_prepare(s->store, err);
}

bool ev_dedupe_state_renamed(const struct ev_dedupe_state *s)
{
	return s->n_ours > 0 && s->again == 0 && s->fresh.len > 0;
}

enum ev_status ev_dedupe_state_commit(struct ev_dedupe_state *s, struct ev_error *err)
{
	if (s->fresh.len == 0)
		return EV_OK;
	ev_buf_reset(&s->fresh);
	return ev_store_commit(s->store, ev_buf_str(&s->what), s->taken, err);
}

enum ev_status ev_dedupe_state_merge(struct ev_dedupe_state *s, struct ev_error *err)
{
	return ev_store_merge(s->store, err);
}

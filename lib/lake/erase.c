/* Erasing: which lines are of a person, and the folders without them. */
#include "base/mem.h"
#include "lake/internal.h"
#include "record/event.h"
#include "scan/form.h"

#include <stdlib.h>

struct id {
	const char *p; /* in the arena */
	size_t len;
};

struct eraser {
	struct ev_lake *lake;
	struct ev_erasure *what;
	struct ev_erased *erased;
	struct ev_events *events;
	struct ev_event event;
	struct ev_reasons why;
	struct ev_arena arena;
	struct id *ids; /* of the events that leave */
	size_t n_ids, cap_ids;
	struct ev_lookup by_id;
	bool buckets[EV_LAKE_MOST_BUCKETS]; /* that have one */
	bool *parts;			    /* that have a line which leaves */
	size_t part;			    /* that is read */
};

/* Whether the line is a right event, into r->event. */
static bool read_event(struct eraser *r, const char *p, size_t len)
{
	const struct ev_record rec = {.p = p, .len = len};

	return ev_events_read(r->events, &rec, &r->event, &r->why) == EV_OK;
}

static bool is_known(const struct eraser *r, uint64_t hash)
{
	const struct ev_event *e = &r->event;
	size_t step = 0;
	uint32_t i;

	while ((i = ev_lookup_next(&r->by_id, hash, &step)) != EV_LOOKUP_NONE)
		if (r->ids[i].len == e->id_len && memcmp(r->ids[i].p, e->id, e->id_len) == 0)
			return true;
	return false;
}

static bool leaves(struct eraser *r, const char *p, size_t len, bool whole)
{
	return whole ? is_known(r, ev_hash64(r->event.id, r->event.id_len, 0))
		     : ev_erasure_takes_line(r->what, p, len);
}

/* First: which events leave, and where they may be. */
static enum ev_status find_event(void *ctx, const char *p, size_t len, struct ev_error *err)
{
	struct eraser *r = ctx;
	const struct ev_event *e = &r->event;
	uint64_t hash;

	(void)err;
	if (!read_event(r, p, len)) {
		r->parts[r->part] |= ev_erasure_takes_line(r->what, p, len);
		return EV_OK;
	}
	if (!ev_erasure_takes(r->what, e->doc))
		return EV_OK;
	hash = ev_hash64(e->id, e->id_len, 0);
	r->buckets[hash % r->lake->buckets] = true;
	if (is_known(r, hash))
		return EV_OK;
	ev_lookup_add(&r->by_id, hash, (uint32_t)r->n_ids);
	ev_grow(&r->ids, &r->cap_ids, r->n_ids + 1, sizeof *r->ids);
	r->ids[r->n_ids++] = (struct id){ev_arena_copy(&r->arena, e->id, e->id_len), e->id_len};
	ev_json_quote(e->id, e->id_len, &r->erased->owners);
	ev_buf_putc(&r->erased->owners, '\n');
	return EV_OK;
}

/* Then: which parts have records of these. */
static enum ev_status find_part(void *ctx, const char *p, size_t len, struct ev_error *err)
{
	struct eraser *r = ctx;

	(void)err;
	if (!r->parts[r->part] && read_event(r, p, len))
		r->parts[r->part] = leaves(r, p, len, true);
	return EV_OK;
}

static bool is_in_buckets(const struct eraser *r, const struct ev_lake_part *part)
{
	const char *bucket = strstr(part->path, "/bucket=");
	unsigned long n = strtoul(bucket + sizeof "/bucket=" - 1, NULL, 10);

	return n < EV_LAKE_MOST_BUCKETS && r->buckets[n];
}

static enum ev_status find_all(struct eraser *r, struct ev_error *err)
{
	const struct ev_lake *l = r->lake;
	enum ev_status st = EV_OK;

	for (r->part = 0; r->part < l->n_parts && st == EV_OK; r->part++)
		st = ev_lake_part_read(l, &l->parts[r->part], find_event, r, err);
	for (r->part = 0; r->part < l->n_parts && st == EV_OK; r->part++)
		if (!r->parts[r->part] && is_in_buckets(r, &l->parts[r->part]))
			st = ev_lake_part_read(l, &l->parts[r->part], find_part, r, err);
	return st;
}

/* Last: these parts without them. */
static bool asks(void *ctx, size_t part)
{
	const struct eraser *r = ctx;

	return r->parts[part];
}

static bool keeps(void *ctx, const char *p, size_t len, const struct ev_time **time)
{
	struct eraser *r = ctx;
	bool whole = read_event(r, p, len);

	*time = whole ? &r->event.time : NULL;
	if (!leaves(r, p, len, whole))
		return true;
	r->erased->records += whole;
	r->erased->broken += !whole;
	return false;
}

static bool any_part(const struct eraser *r)
{
	for (size_t i = 0; i < r->lake->n_parts; i++)
		if (r->parts[i])
			return true;
	return false;
}

enum ev_status ev_lake_erase(struct ev_lake *l, const struct ev_model *m, struct ev_erasure *what,
			     struct ev_erased *erased, struct ev_error *err)
{
	struct eraser r = {.lake = l,
			   .what = what,
			   .erased = erased,
			   .events = ev_events_new(m, EV_READ_ALL, EV_TRUST_PIPE),
			   .parts = ev_calloc(l->n_parts, sizeof *r.parts)};
	const struct ev_lake_filter filter = {asks, keeps, &r};
	enum ev_status st = find_all(&r, err);
	uint64_t gone;

	erased->events = r.n_ids;
	if (st == EV_OK && erased->known != NULL)
		st = erased->known(erased->ctx, &erased->owners, err);
	if (st == EV_OK && any_part(&r))
		st = ev_lake_rewrite(l, &filter, &gone, err);
	ev_events_free(&r.events);
	ev_reasons_free(&r.why);
	ev_arena_free(&r.arena);
	free(r.ids);
	ev_lookup_free(&r.by_id);
	free(r.parts);
	return st;
}

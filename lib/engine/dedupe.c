#include "engine/dedupe.h"
#include "base/hash.h"
#include "model/event.h"
#include "json/canon.h"
#include "json/content.h"

#include <stdlib.h>

struct ev_dedupe {
	uint32_t id;	/* its slot */
	uint32_t *keys; /* slots */
	struct ev_path *const *paths;
	size_t n_keys;
	struct ev_ways ways; /* to the keys */
	struct ev_out *duplicates;
	struct ev_port *port;
	struct ev_events *events;
	struct ev_reasons why;
	struct ev_content *content;
	struct ev_buf key;
	uint64_t seed;		  /* secret, so that nobody can craft two records of one digest */
	struct ev_hash128 *table; /* 0,0 is empty */
	size_t size, used;
	uint64_t n_out, n_duplicate;
	struct ev_count counts[3];
};

/*
 * The table. A digest's lowest 32 bits are of the id alone: they lead to the bucket, a line of
 * cache, which is fetched while the content is still being read. Where the bucket is full, as by
 * records that all have one id, it is looked for from the place that its other half leads to.
 * Nothing is ever taken out.
 */
enum { BUCKET = 4 };

static void new_table(struct ev_dedupe *d, size_t size)
{
	d->size = size;
	d->table = ev_malloc_huge(size * sizeof *d->table);
	memset(d->table, 0, size * sizeof *d->table);
}

static bool is_empty(const struct ev_hash128 *h)
{
	return (h->lo | h->hi) == 0;
}

static struct ev_hash128 *bucket_of(const struct ev_dedupe *d, uint64_t id)
{
	return &d->table[id & (d->size - 1) & ~(size_t)(BUCKET - 1)];
}

/* Where the digest is, or would go. */
static struct ev_hash128 *slot_of(const struct ev_dedupe *d, struct ev_hash128 h)
{
	struct ev_hash128 *at = bucket_of(d, (uint32_t)h.lo);

	for (size_t i = 0; i < BUCKET; i++)
		if (is_empty(&at[i]) || (at[i].lo == h.lo && at[i].hi == h.hi))
			return &at[i];
	for (size_t i = h.hi & (d->size - 1);; i = (i + 1) & (d->size - 1)) {
		at = &d->table[i];
		if (is_empty(at) || (at->lo == h.lo && at->hi == h.hi))
			return at;
	}
}

static void double_table(struct ev_dedupe *d)
{
	struct ev_hash128 *old = d->table;
	size_t n = d->size;

	new_table(d, 2 * n);
	for (size_t i = 0; i < n; i++)
		if (!is_empty(&old[i]))
			*slot_of(d, old[i]) = old[i];
	free(old);
}

/* Whether it was there already; now it is. */
static bool seen(struct ev_dedupe *d, struct ev_hash128 h)
{
	struct ev_hash128 *at;

	if (is_empty(&h))
		h.hi = 1;
	at = slot_of(d, h);
	if (!is_empty(at))
		return true;
	*at = h;
	if (++d->used > d->size / 4 * 3)
		double_table(d);
	return false;
}

struct ev_dedupe *ev_dedupe_open(const struct ev_model *m, struct ev_path *const *keys, size_t n,
				 struct ev_out *duplicates, struct ev_port *port)
{
	struct ev_dedupe *d = ev_calloc(1, sizeof *d);

	d->n_keys = n;
	d->paths = keys;
	d->keys = ev_calloc(n, sizeof *d->keys);
	d->duplicates = duplicates;
	d->port = port;
	d->events = ev_events_new(m, n > 0 ? EV_READ_TEXT : EV_READ_ID, EV_TRUST_PIPE);
	d->id = ev_events_want(d->events, m->id);
	for (size_t i = 0; i < n; i++) {
		d->keys[i] = ev_events_want(d->events, keys[i]);
		ev_ways_add(&d->ways, ev_events_picks(d->events), keys[i]);
	}
	d->seed = ev_hash_seed();
	d->content = ev_content_new(ev_hash_seed());
	new_table(d, 1024);
	d->counts[0] = (struct ev_count){"out", &d->n_out, true, false};
	d->counts[1] = (struct ev_count){"duplicate", &d->n_duplicate, true, false};
	return d;
}

void ev_dedupe_free(struct ev_dedupe **d)
{
	if (*d == NULL)
		return;
	ev_events_free(&(*d)->events);
	free((*d)->keys);
	ev_ways_free(&(*d)->ways);
	ev_reasons_free(&(*d)->why);
	ev_content_free(&(*d)->content);
	ev_buf_free(&(*d)->key);
	free((*d)->table);
	free(*d);
	*d = NULL;
}

const struct ev_count *ev_dedupe_counts(const struct ev_dedupe *d)
{
	return d->counts;
}

/* Of the id in its canonical spelling, and so not in the content, and of all else. */
static struct ev_hash128 whole_digest(struct ev_dedupe *d, const struct ev_event *event)
{
	uint32_t skip[EV_MAX_SKIP];
	size_t n = ev_event_skip(d->events, event, &d->id, 1, skip);
	struct ev_hash128 id = ev_hash128(event->id, event->id_len, d->seed), content;

	__builtin_prefetch(bucket_of(d, (uint32_t)id.lo));
	content = ev_content_digest(d->content, event->doc, skip, n);
	content.lo += id.lo;
	content.hi += id.hi;
	content.lo = (content.lo & ~(uint64_t)UINT32_MAX) | (uint32_t)id.lo;
	return content;
}

static struct ev_hash128 key_digest(struct ev_dedupe *d, const struct ev_event *event)
{
	ev_buf_reset(&d->key);
	for (size_t i = 0; i < d->n_keys; i++) {
		uint32_t at = event->at[d->keys[i]];

		if (at != EV_NOWHERE)
			ev_canonical(event->doc, at, NULL, 0, &d->key);
		ev_buf_putc(&d->key, '\n'); /* in no canonical form */
	}
	return ev_hash128(d->key.p, d->key.len, d->seed);
}

/* A key that lies in something else is not absent. */
static bool keys_pass(struct ev_dedupe *d, const struct ev_event *event)
{
	if (ev_ways_are_open(&d->ways, event->doc, event->at))
		return true;
	for (size_t i = 0; i < d->n_keys; i++)
		ev_path_passes(d->paths[i], event->doc, 0, &d->why);
	return false;
}

enum ev_status ev_dedupe_step(struct ev_dedupe *d, const struct ev_record *rec,
			      struct ev_error *err)
{
	struct ev_event event;

	if (ev_events_read(d->events, rec, &event, &d->why) != EV_OK || !keys_pass(d, &event))
		return ev_rejects_put(d->port->rejects, rec, event.origin, event.origin_len,
				      &d->why, err);
	if (!seen(d, d->n_keys > 0 ? key_digest(d, &event) : whole_digest(d, &event))) {
		d->n_out++;
		return ev_port_line(d->port, rec->p, rec->len, err);
	}
	d->n_duplicate++;
	if (d->duplicates == NULL || ev_out_line(d->duplicates, rec->p, rec->len) == EV_OK)
		return EV_OK;
	*err = d->duplicates->error;
	return EV_FATAL;
}

#include "dedupe/internal.h"
#include "json/canon.h"

#include <stdlib.h>

/*
 * The table. The lowest 32 bits of a digest depend on the id alone. They select the bucket, a cache
 * line, which is fetched while the content is still being hashed. Where the bucket is full, as with
 * many records of one id, probing goes on from the slot that the digest's other half selects.
 * Nothing is ever taken out.
 */
enum { BUCKET = 4 };

void ev_dedupe_new_table(struct ev_dedupe *d, size_t size)
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

/* The digest's slot, or the empty one where it belongs. */
static struct ev_hash128 *slot_of(const struct ev_dedupe *d, struct ev_hash128 h)
{
	struct ev_hash128 *at = bucket_of(d, (uint32_t)h.lo);

	for (size_t i = 0; i < BUCKET; i++)
		if (is_empty(&at[i]) || ev_hash128_equal(at[i], h))
			return &at[i];
	for (size_t i = h.hi & (d->size - 1);; i = (i + 1) & (d->size - 1)) {
		at = &d->table[i];
		if (is_empty(at) || ev_hash128_equal(*at, h))
			return at;
	}
}

static void double_table(struct ev_dedupe *d)
{
	struct ev_hash128 *old = d->table;
	size_t n = d->size;

	ev_dedupe_new_table(d, 2 * n);
	for (size_t i = 0; i < n; i++)
		if (!is_empty(&old[i]))
			*slot_of(d, old[i]) = old[i];
	free(old);
}

/* Adds the digest. True if it was there already. */
static bool add(struct ev_dedupe *d, struct ev_hash128 h)
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

/* By arrival: notes the id's last content. True if it was the same before. */
static bool is_last(struct ev_dedupe *d, struct ev_hash128 id, struct ev_hash128 content)
{
	size_t step = 0;
	uint32_t i;

	while ((i = ev_lookup_next(&d->last_by_id, id.lo, &step)) != EV_LOOKUP_NONE) {
		struct ev_dedupe_last *last = &d->lasts[i];
		bool same = ev_hash128_equal(last->content, content);

		if (!ev_hash128_equal(last->id, id))
			continue;
		last->content = content;
		return same;
	}
	ev_lookup_add(&d->last_by_id, id.lo, (uint32_t)d->n_lasts);
	ev_grow(&d->lasts, &d->cap_lasts, d->n_lasts + 1, sizeof *d->lasts);
	d->lasts[d->n_lasts++] = (struct ev_dedupe_last){id, content};
	return false;
}

struct ev_dedupe *ev_dedupe_open(const struct ev_model *m, const struct ev_dedupe_options *options,
				 struct ev_port *port, struct ev_error *err)
{
	struct ev_dedupe *d;
	size_t n = options->n_keys;

	if (options->state != NULL && m->by_arrival && n == 0) {
		ev_fail(err,
			"--state does not go with order: arrival in the model: there a record is a "
			"duplicate of the one before it alone, and a batch that is run again after "
			"others would not give the same again");
		return NULL;
	}
	d = ev_calloc(1, sizeof *d);
	d->m = m;
	d->options = options;
	d->keys = ev_calloc(n, sizeof *d->keys);
	d->port = port;
	d->events = ev_events_new(m, n > 0 ? EV_READ_TEXT : EV_READ_ID, EV_TRUST_PIPE);
	d->id = ev_events_want(d->events, m->id);
	for (size_t i = 0; i < n; i++) {
		d->keys[i] = ev_events_want(d->events, options->keys[i]);
		ev_containers_add(&d->containers, ev_events_picks(d->events), options->keys[i]);
	}
	if (options->state != NULL) {
		d->time = ev_events_want(d->events, m->time);
		d->modified = ev_events_want(d->events, m->modified);
	} else {
		d->seed = ev_hash_seed();
		d->content = ev_content_new(ev_hash_seed());
	}
	ev_dedupe_new_table(d, EV_DEDUPE_LEAST_TABLE);
	d->counts[0] = (struct ev_count){"out", &d->n_out, true, false};
	d->counts[1] = (struct ev_count){"duplicate", &d->n_duplicate, true, false};
	if (options->keep > 0)
		d->counts[2] = (struct ev_count){"late", &d->n_late, false, false};
	return d;
}

void ev_dedupe_free(struct ev_dedupe **d)
{
	if (*d == NULL)
		return;
	ev_events_free(&(*d)->events);
	free((*d)->keys);
	ev_containers_free(&(*d)->containers);
	ev_reasons_free(&(*d)->why);
	ev_content_free(&(*d)->content);
	ev_buf_free(&(*d)->key);
	ev_buf_free(&(*d)->text);
	ev_store_free(&(*d)->store);
	ev_buf_free(&(*d)->what);
	ev_buf_free(&(*d)->fresh);
	free((*d)->ours);
	free((*d)->batch);
	free((*d)->table);
	free((*d)->lasts);
	ev_lookup_free(&(*d)->last_by_id);
	free(*d);
	*d = NULL;
}

const struct ev_count *ev_dedupe_counts(const struct ev_dedupe *d)
{
	return d->counts;
}

/* The id is hashed in its canonical spelling, and left out of the content. */
static struct ev_hash128 id_digest(const struct ev_dedupe *d, const struct ev_event *event)
{
	return ev_hash128(event->id, event->id_len, d->seed);
}

static struct ev_hash128 content_digest(struct ev_dedupe *d, const struct ev_event *event)
{
	uint32_t skip[EV_MAX_SKIP];
	size_t n = ev_event_skip(d->events, event, &d->id, 1, skip);

	return ev_content_digest(d->content, event->doc, skip, n);
}

static struct ev_hash128 whole_digest(struct ev_dedupe *d, const struct ev_event *event)
{
	struct ev_hash128 id = id_digest(d, event), content;

	__builtin_prefetch(bucket_of(d, (uint32_t)id.lo));
	content = content_digest(d, event);
	content.lo += id.lo;
	content.hi += id.hi;
	content.lo = (content.lo & ~(uint64_t)UINT32_MAX) | (uint32_t)id.lo;
	return content;
}

static struct ev_hash128 key_digest(struct ev_dedupe *d, const struct ev_event *event)
{
	ev_buf_reset(&d->key);
	for (size_t i = 0; i < d->options->n_keys; i++) {
		uint32_t at = event->at[d->keys[i]];

		if (at != EV_NOWHERE)
			ev_canonical(event->doc, at, NULL, 0, &d->key);
		ev_buf_putc(&d->key, '\n'); /* never in a canonical form */
	}
	return ev_hash128(d->key.p, d->key.len, d->seed);
}

/* A key whose path leads through a value of the wrong kind is not merely absent. */
static bool keys_pass(struct ev_dedupe *d, const struct ev_event *event)
{
	if (ev_containers_fit(&d->containers, event->doc, event->at))
		return true;
	for (size_t i = 0; i < d->options->n_keys; i++)
		ev_event_path_passes(d->options->keys[i], event->doc, 0, &d->why);
	return false;
}

static enum ev_status is_duplicate(struct ev_dedupe *d, const struct ev_event *event, bool *known,
				   struct ev_error *err)
{
	struct ev_hash128 h;

	if (d->options->n_keys == 0 && d->m->by_arrival) {
		*known = is_last(d, id_digest(d, event), content_digest(d, event));
		return EV_OK;
	}
	h = d->options->n_keys > 0 ? key_digest(d, event) : whole_digest(d, event);
	*known = add(d, h);
	if (*known || d->store == NULL)
		return EV_OK;
	return ev_dedupe_remember(d, h, event, known, err);
}

enum ev_status ev_dedupe_step(struct ev_dedupe *d, const struct ev_record *rec,
			      struct ev_error *err)
{
	struct ev_event event;
	struct ev_out *dropped;
	bool known;

	if (ev_events_read(d->events, rec, &event, &d->why) != EV_OK || !keys_pass(d, &event))
		return ev_rejects_put(d->port->rejects, rec, event.origin, event.origin_len,
				      &d->why, err);
	if (is_duplicate(d, &event, &known, err) != EV_OK)
		return EV_FATAL;
	if (!known) {
		d->n_out++;
		return ev_port_line(d->port, rec->p, rec->len, err);
	}
	d->n_duplicate++;
	dropped = d->options->duplicates;
	return dropped == NULL
		       ? EV_OK
		       : ev_out_status(dropped, ev_out_line(dropped, rec->p, rec->len), err);
}

#include "engine/dedupe.h"
#include "base/hash.h"
#include "model/event.h"
#include "json/canon.h"
#include "json/content.h"

#include <stdlib.h>

struct ev_dedupe {
	uint32_t id;	/* its slot */
	uint32_t *keys; /* slots */
	size_t n_keys;
	struct ev_out *duplicates;
	struct ev_port *port;
	struct ev_events *events;
	struct ev_reasons why;
	struct ev_buf content;
	uint64_t seed;		  /* secret, so that nobody can craft two records of one digest */
	struct ev_hash128 *table; /* open addressing; 0,0 is empty */
	size_t size, used;
	uint64_t n_out, n_duplicate;
	struct ev_count counts[3];
};

struct ev_dedupe *ev_dedupe_open(const struct ev_model *m, struct ev_path *const *keys, size_t n,
				 struct ev_out *duplicates, struct ev_port *port)
{
	struct ev_dedupe *d = ev_calloc(1, sizeof *d);

	d->n_keys = n;
	d->keys = ev_calloc(n, sizeof *d->keys);
	d->duplicates = duplicates;
	d->port = port;
	d->events = ev_events_new(m, n > 0 ? EV_READ_TEXT : EV_READ_ID, EV_TRUST_PIPE);
	d->id = ev_events_want(d->events, m->id);
	for (size_t i = 0; i < n; i++)
		d->keys[i] = ev_events_want(d->events, keys[i]);
	d->seed = ev_hash_seed();
	d->size = 1024;
	d->table = ev_calloc(d->size, sizeof *d->table);
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
	ev_reasons_free(&(*d)->why);
	ev_buf_free(&(*d)->content);
	free((*d)->table);
	free(*d);
	*d = NULL;
}

const struct ev_count *ev_dedupe_counts(const struct ev_dedupe *d)
{
	return d->counts;
}

static bool empty(struct ev_hash128 h)
{
	return (h.lo | h.hi) == 0;
}

/* Where the digest is, or would go. */
static size_t slot_of(const struct ev_dedupe *d, struct ev_hash128 h)
{
	size_t i = h.lo & (d->size - 1);

	while (!empty(d->table[i]) && (d->table[i].lo != h.lo || d->table[i].hi != h.hi))
		i = (i + 1) & (d->size - 1);
	return i;
}

static void double_table(struct ev_dedupe *d)
{
	struct ev_hash128 *old = d->table;
	size_t n = d->size;

	d->size *= 2;
	d->table = ev_calloc(d->size, sizeof *d->table);
	for (size_t i = 0; i < n; i++)
		if (!empty(old[i]))
			d->table[slot_of(d, old[i])] = old[i];
	free(old);
}

/* Whether it was there already; now it is. */
static bool seen(struct ev_dedupe *d, struct ev_hash128 h)
{
	size_t i;

	if (empty(h))
		h.lo = 1;
	i = slot_of(d, h);
	if (!empty(d->table[i]))
		return true;
	d->table[i] = h;
	if (++d->used > d->size / 4 * 3)
		double_table(d);
	return false;
}

static void whole_content(struct ev_dedupe *d, const struct ev_event *event)
{
	uint32_t skip[EV_MAX_SKIP];
	size_t n = ev_event_skip(d->events, event, &d->id, 1, skip);

	/* The id stands in front in its canonical spelling, and so not in the content. */
	ev_buf_put(&d->content, event->id, event->id_len);
	ev_buf_putc(&d->content, '\n');
	ev_canonical(event->doc, 0, skip, n, &d->content);
}

static void key_content(struct ev_dedupe *d, const struct ev_event *event)
{
	for (size_t i = 0; i < d->n_keys; i++) {
		uint32_t at = event->at[d->keys[i]];

		if (at != EV_NOWHERE)
			ev_canonical(event->doc, at, NULL, 0, &d->content);
		ev_buf_putc(&d->content, '\n'); /* in no canonical form */
	}
}

enum ev_status ev_dedupe_step(struct ev_dedupe *d, const struct ev_record *rec,
			      struct ev_error *err)
{
	struct ev_event event;

	if (ev_events_read(d->events, rec, &event, &d->why) != EV_OK)
		return ev_rejects_put(d->port->rejects, rec, event.origin, event.origin_len,
				      &d->why, err);
	ev_buf_reset(&d->content);
	if (d->n_keys > 0)
		key_content(d, &event);
	else
		whole_content(d, &event);
	if (!seen(d, ev_hash128(d->content.p, d->content.len, d->seed))) {
		d->n_out++;
		return ev_port_line(d->port, rec->p, rec->len, err);
	}
	d->n_duplicate++;
	if (d->duplicates == NULL || ev_out_line(d->duplicates, rec->p, rec->len) == EV_OK)
		return EV_OK;
	*err = d->duplicates->error;
	return EV_FATAL;
}

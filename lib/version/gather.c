#include "scan/form.h"
#include "version/internal.h"

#include <stdlib.h>

/*
 * What the state has of a record (evkit-state.5). Its key is "WORD S DIGEST", and its entries are
 *
 *     +PLACE RECORD   a batch brought it; a version of it is written anew, member by member
 *     *PLACE RECORD   a batch brought it; "_ev" is added to its line, which needs no reading
 *     =PLACE          another batch brought it, too, in the spelling that stood by then
 *     !PLACE          the batch was retracted (first in its commit, and so in order)
 *     ~FIRST          the record was erased; the key is "WORD ~MARK" (erase.c)
 *
 * PLACE is {"batch":"...","source":"...","line":N,"offset":N}. A record is there as long as one
 * batch that brought it was not retracted later.
 */

/* A record, from the entries read so far. */
struct known {
	struct ev_link *link;
	struct ev_version_delivery *deliveries;
	const struct ev_version_delivery *stands; /* has the least spelling of those that stay */
};

const char *ev_version_place_batch(const char *place, size_t *len)
{
	static const char before[] = "{\"batch\":";
	const char *p = place + sizeof before - 1, *q = p + 1;

	while (*q != '"')
		q += *q == '\\' ? 2 : 1;
	*len = (size_t)(q + 1 - p);
	return p;
}

size_t ev_version_place_len(const struct ev_entry *e)
{
	const char *place = e->value + 1, *p = place;

	while (*p != '}') { /* a brace within a string does not count */
		if (*p == '"')
			for (p++; *p != '"'; p++)
				p += *p == '\\';
		p++;
	}
	return (size_t)(p + 1 - place);
}

void ev_version_place_read(struct ev_version *v, const char *place, struct ev_record *rec)
{
	static const char line[] = "\",\"line\":", source[] = ",\"source\":\"",
			  at[] = ",\"offset\":";
	const char *p = strstr(place, source) + sizeof source - 1, *end = strstr(p, line);
	char *digits;

	ev_buf_reset(&v->other);
	ev_json_unescape(p, (size_t)(end - p), &v->other);
	rec->source = ev_arena_copy(&v->chain.arena, ev_buf_str(&v->other), v->other.len);
	rec->line = strtoull(end + sizeof line - 1, &digits, 10);
	rec->offset = strncmp(digits, at, sizeof at - 1) == 0
			      ? strtoull(digits + sizeof at - 1, NULL, 10)
			      : EV_NO_OFFSET;
}

struct ev_version_delivery *ev_version_add_delivery(struct ev_arena *arena,
						    struct ev_version_delivery **list,
						    const struct ev_entry *e)
{
	struct ev_version_delivery *b = *list;
	size_t len;
	const char *batch = ev_version_place_batch(e->value + 1, &len);

	while (b != NULL && ev_bytes_compare(b->batch, b->len, batch, len) != 0)
		b = b->next;
	if (b == NULL) {
		b = ev_arena_zalloc(arena, sizeof *b);
		b->batch = ev_arena_copy(arena, batch, len);
		b->len = len;
		b->next = *list;
		*list = b;
	}
	if (e->value[0] == EV_ENTRY_RETRACTED) {
		b->retracted = e->commit;
		return b;
	}
	if (!ev_version_delivery_stays(
		    b)) /* it comes again after the retract, perhaps in another spelling */
		b->line = NULL;
	b->brought = e->commit;
	return b;
}

/* Sets op and time, from the key "WORD VERSION TIME OP DIGEST" unless it is by arrival. */
static void read_order(struct ev_version *v, struct ev_link *l)
{
	const char *end = l->key + l->key_len - EV_VERSION_DIGEST;

	if (v->m->by_arrival) {
		const struct ev_event *event = ev_version_read(v, l);

		l->op = (uint8_t)event->op;
		ev_time_format(event->modified, l->from);
		v->read = NULL;
		return;
	}
	l->op = (uint8_t)(end[-1] - '0');
	memcpy(l->from, end - 2 - 30, EV_TIME_TEXT - 1); /* the key's nanoseconds are cut */
	l->from[EV_TIME_TEXT - 1] = 'Z';
}

/* Takes an entry that has the record itself. */
static void take_record(struct ev_version *v, struct known *k, struct ev_version_delivery *b,
			const struct ev_entry *e)
{
	const char *place = e->value + 1;
	size_t place_len = ev_version_place_len(e), len = e->value_len - 1 - place_len - 1;
	char *line = ev_arena_alloc(&v->chain.arena, len + EV_IN_SLACK);

	memcpy(line, place + place_len + 1, len);
	memset(line + len, 0, EV_IN_SLACK);
	if (b->line != NULL &&
	    ev_version_compare_spellings(v, line, len, b->line, b->line_len) >= 0)
		return;
	b->line = line;
	b->line_len = len;
	b->verbatim = e->value[0] == EV_ENTRY_VERBATIM;
	b->place = ev_arena_copy(&v->chain.arena, place, place_len);
	if (k->stands == NULL || !ev_version_delivery_stays(k->stands) ||
	    ev_version_compare_spellings(v, line, len, k->stands->line, k->stands->line_len) < 0)
		k->stands = b;
}

/* Takes an entry of a batch that brought the spelling that stands. */
static void take_again(struct ev_version *v, const struct known *k, struct ev_version_delivery *b,
		       const struct ev_entry *e)
{
	if (b->line != NULL)
		return;
	b->line = k->stands->line;
	b->line_len = k->stands->line_len;
	b->verbatim = k->stands->verbatim;
	b->place = ev_arena_copy(&v->chain.arena, e->value + 1, ev_version_place_len(e));
}

/*
 * Chooses the spelling again when the batch that brought it was retracted: the least of those that
 * stay. If none does, the old one stays, and the record will be gone.
 */
static void choose_again(struct ev_version *v, struct known *k)
{
	for (const struct ev_version_delivery *b = k->deliveries; b != NULL; b = b->next)
		if (ev_version_delivery_stays(b) &&
		    (!ev_version_delivery_stays(k->stands) ||
		     ev_version_compare_spellings(v, b->line, b->line_len, k->stands->line,
						  k->stands->line_len) < 0))
			k->stands = b;
}

static void take_entry(struct ev_version *v, struct known *k, const struct ev_entry *e)
{
	struct ev_version_delivery *b = ev_version_add_delivery(&v->chain.arena, &k->deliveries, e);

	switch ((enum ev_version_entry)e->value[0]) {
	case EV_ENTRY_REWRITTEN:
	case EV_ENTRY_VERBATIM: take_record(v, k, b, e); break;
	case EV_ENTRY_AGAIN: take_again(v, k, b, e); break;
	case EV_ENTRY_ERASED: break; /* gather_erased */
	case EV_ENTRY_RETRACTED:
		if (b == k->stands)
			choose_again(v, k);
		break;
	}
	if (v->noting)
		ev_version_note_entry(v, k->link, e, ev_version_place_len(e));
}

static bool is_there(const struct known *k)
{
	for (const struct ev_version_delivery *b = k->deliveries; b != NULL; b = b->next)
		if (ev_version_delivery_stays(b))
			return true;
	return false;
}

/* Completes the link of a record, all of whose entries were taken. */
static void end_known(struct ev_version *v, struct known *k)
{
	struct ev_link *l = k->link;

	if (k->stands == NULL)
		return;
	l->line = k->stands->line;
	l->len = k->stands->line_len;
	l->verbatim = k->stands->verbatim;
	l->place = k->stands->place;
	l->gone = !is_there(k);
	for (const struct ev_version_delivery *b = k->deliveries; b != NULL; b = b->next)
		if (ev_version_delivery_stays(b) && v->batch.len > 0 &&
		    ev_bytes_compare(b->batch, b->len, v->batch.p, v->batch.len) == 0)
			l->ours = true;
	read_order(v, l);
	if (!l->gone)
		v->chain.old = true;
}

static enum ev_status not_ours(const struct ev_version *v, struct ev_error *err)
{
	return ev_fail(err,
		       "%s: an entry is not as evkit writes it: bring the state back from a copy, "
		       "or make it anew from the raw logs",
		       v->options.state);
}

static enum ev_status gather_erased(struct ev_version *v, const struct ev_entry *e,
				    struct ev_error *err)
{
	struct ev_version_chain *c = &v->chain;
	uint64_t first;

	ev_grow(&c->erased, &c->cap_erased, c->n_erased + 1, sizeof *c->erased);
	if (!ev_version_mark_read(e, &c->erased[c->n_erased], &first))
		return not_ours(v, err);
	c->n_erased++;
	if (c->first == 0 || first < c->first)
		c->first = first;
	return EV_OK;
}

static enum ev_status gather_entry(struct ev_version *v, struct known *k, const struct ev_entry *e,
				   struct ev_error *err)
{
	struct ev_version_chain *c = &v->chain;
	const struct ev_link *l = k->link;

	if (v->options.as_of && e->commit > v->options.since.number)
		return EV_OK;
	if (e->value[0] == EV_ENTRY_ERASED)
		return gather_erased(v, e, err);
	if (l == NULL || ev_bytes_compare(l->key, l->key_len, e->p, e->key_len) != 0) {
		end_known(v, k);
		*k = (struct known){.link = ev_version_link(v)};
		k->link->key = ev_arena_copy(&c->arena, e->p, e->key_len);
		k->link->key_len = e->key_len;
	}
	if (c->first == 0 || e->commit < c->first)
		c->first = e->commit;
	if (e->commit > k->link->commit && e->value[0] != EV_ENTRY_RETRACTED)
		k->link->commit = e->commit;
	if (k->stands == NULL && e->value[0] != EV_ENTRY_REWRITTEN &&
	    e->value[0] != EV_ENTRY_VERBATIM)
		return not_ours(v, err);
	take_entry(v, k, e);
	return EV_OK;
}

enum ev_status ev_version_gather(struct ev_version *v, const char *word, size_t len,
				 struct ev_error *err)
{
	struct known k = {.link = NULL};
	const struct ev_entry *e;

	v->chain.first = 0;
	v->chain.n_erased = 0;
	v->chain.dated = false;
	if (ev_store_cursor_find(v->cursor, word, len, &e, err) != EV_OK)
		return EV_FATAL;
	while (e != NULL)
		if (gather_entry(v, &k, e, err) != EV_OK ||
		    ev_store_cursor_find_next(v->cursor, &e, err) != EV_OK)
			return EV_FATAL;
	end_known(v, &k);
	return EV_OK;
}

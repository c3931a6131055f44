#include "version/internal.h"

/*
 * What the state has of a record (evkit-state.5). Its key is "WORD S DIGEST", and its entries are
 *
 *     +PLACE RECORD   a batch brought it; its line is to be read before it can be written again
 *     *PLACE RECORD   the same of a line that is written as it is
 *     =PLACE          another batch brought it, too, in the spelling that stood then
 *     !PLACE          the batch was retracted (first in its commit, and so in order)
 *
 * PLACE is {"batch":"...","source":"...","line":N,"offset":N}. It is there as long as one batch
 * that brought it was not retracted later.
 */

/* The record that is being assembled from its entries. */
struct known {
	struct ev_link *link;
	struct ev_version_delivery *deliveries;
	const struct ev_version_delivery
		*stands; /* whose spelling is the least of the batches that stay */
};

const char *ev_version_batch_in(const char *place, size_t *len)
{
	static const char before[] = "{\"batch\":";
	const char *p = place + sizeof before - 1, *q = p + 1;

	while (*q != '"')
		q += *q == '\\' ? 2 : 1;
	*len = (size_t)(q + 1 - p);
	return p;
}

struct ev_version_delivery *ev_version_add_delivery(struct ev_arena *arena,
						    struct ev_version_delivery **list,
						    const struct ev_entry *e)
{
	struct ev_version_delivery *b = *list;
	size_t len;
	const char *batch = ev_version_batch_in(e->value + 1, &len);

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
		    b)) /* a retracted batch comes again, and may spell it otherwise */
		b->line = NULL;
	b->brought = e->commit;
	return b;
}

/* Sets op and time. They are in the key "WORD VERSION TIME OP DIGEST", but for by arrival. */
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

size_t ev_version_place(const struct ev_entry *e)
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

/* Takes an entry that has the record itself. */
static void take_record(struct ev_version *v, struct known *k, struct ev_version_delivery *b,
			const struct ev_entry *e)
{
	const char *place = e->value + 1;
	size_t place_len = ev_version_place(e), len = e->value_len - 1 - place_len - 1;
	char *line = ev_arena_alloc(&v->chain.arena, len + EV_IN_SLACK);

	memcpy(line, place + place_len + 1, len);
	memset(line + len, 0, EV_IN_SLACK);
	if (b->line != NULL &&
	    ev_version_compare_spellings(v, line, len, b->line, b->line_len) >= 0)
		return;
	b->line = line;
	b->line_len = len;
	b->plain = e->value[0] == EV_ENTRY_AS_IT_IS;
	b->place = ev_arena_copy(&v->chain.arena, place, place_len);
	if (k->stands == NULL || !ev_version_delivery_stays(k->stands) ||
	    ev_version_compare_spellings(v, line, len, k->stands->line, k->stands->line_len) < 0)
		k->stands = b;
}

/* Takes an entry of a batch that brought the spelling known by then. */
static void take_again(struct ev_version *v, const struct known *k, struct ev_version_delivery *b,
		       const struct ev_entry *e)
{
	if (b->line != NULL)
		return;
	b->line = k->stands->line;
	b->line_len = k->stands->line_len;
	b->plain = k->stands->plain;
	b->place = ev_arena_copy(&v->chain.arena, e->value + 1, ev_version_place(e));
}

/*
 * Chooses again when the batch whose spelling stood was retracted: the least of those that stay; if
 * none does, the record is kept as gone.
 */
static void stand_anew(struct ev_version *v, struct known *k)
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
	case EV_ENTRY_READ_FIRST:
	case EV_ENTRY_AS_IT_IS: take_record(v, k, b, e); break;
	case EV_ENTRY_AGAIN: take_again(v, k, b, e); break;
	case EV_ENTRY_RETRACTED:
		if (b == k->stands)
			stand_anew(v, k);
		break;
	}
	if (v->noting)
		ev_version_note_entry(v, k->link, e, ev_version_place(e));
}

static bool is_there(const struct known *k)
{
	for (const struct ev_version_delivery *b = k->deliveries; b != NULL; b = b->next)
		if (ev_version_delivery_stays(b))
			return true;
	return false;
}

/* Ends the record at hand: all its entries have been taken. */
static void end_known(struct ev_version *v, struct known *k)
{
	struct ev_link *l = k->link;

	if (l == NULL)
		return;
	l->line = k->stands->line;
	l->len = k->stands->line_len;
	l->plain = k->stands->plain;
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

/* Gathers the state's records of an event, behind the links that the chain has already. */
enum ev_status ev_version_gather(struct ev_version *v, const char *word, size_t len,
				 struct ev_error *err)
{
	const struct ev_entry *e;
	struct known k = {.link = NULL};

	v->chain.first = 0;
	if (ev_store_cursor_find(v->cursor, word, len, &e, err) != EV_OK)
		return EV_FATAL;
	for (; e != NULL;) {
		struct ev_link *l = k.link;

		if (!v->options.as_of || e->commit <= v->options.since.number) {
			if (l == NULL || l->key_len != e->key_len ||
			    memcmp(l->key, e->p, e->key_len) != 0) {
				end_known(v, &k);
				k = (struct known){.link = ev_version_link(v)};
				k.link->key = ev_arena_copy(&v->chain.arena, e->p, e->key_len);
				k.link->key_len = e->key_len;
			}
			if (v->chain.first == 0 || e->commit < v->chain.first)
				v->chain.first = e->commit;
			if (e->commit > k.link->commit && e->value[0] != EV_ENTRY_RETRACTED)
				k.link->commit = e->commit;
			take_entry(v, &k, e);
		}
		if (ev_store_cursor_find_next(v->cursor, &e, err) != EV_OK)
			return EV_FATAL;
	}
	end_known(v, &k);
	return EV_OK;
}

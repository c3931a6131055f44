#include "base/mem.h"
#include "scan/form.h"
#include "version/internal.h"

#include <stdio.h>
#include <stdlib.h>

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

/*
 * Reads a link's fields out of its key "WORD VERSION TIME OP DIGEST". By arrival the key has
 * nothing but the place in the input.
 */
static void read_key(const struct ev_version *v, struct ev_link *l)
{
	const char *end = l->key + l->key_len - 33;

	l->op = (uint8_t)(end[-1] - '0');
	memcpy(l->from, end - 2 - 30, EV_TIME_TEXT - 1); /* the key's nanoseconds are cut */
	l->from[EV_TIME_TEXT - 1] = 'Z';
	(void)v;
}

static void read_by_arrival(struct ev_version *v, struct ev_link *l)
{
	const struct ev_event *event = ev_version_read(v, l);

	l->op = (uint8_t)event->op;
	ev_time_format(event->modified, l->from);
	v->read = NULL;
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

/* Compares the spellings of one record. */
static int compare_spelt(struct ev_version *v, const char *a, size_t a_len, const char *b,
			 size_t b_len)
{
	struct ev_buf first = {0};
	int order;

	if (ev_bytes_compare(a, a_len, b, b_len) == 0)
		return 0;
	ev_version_spelling(v, a, a_len, &v->scratch);
	ev_buf_put(&first, v->scratch.p, v->scratch.len);
	ev_version_spelling(v, b, b_len, &v->scratch);
	order = ev_bytes_compare(first.p, first.len, v->scratch.p, v->scratch.len);
	ev_buf_free(&first);
	return order;
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
	if (b->line != NULL && compare_spelt(v, line, len, b->line, b->line_len) >= 0)
		return;
	b->line = line;
	b->line_len = len;
	b->plain = e->value[0] == EV_ENTRY_AS_IT_IS;
	b->place = ev_arena_copy(&v->chain.arena, place, place_len);
	if (k->stands == NULL || !ev_version_delivery_stays(k->stands) ||
	    compare_spelt(v, line, len, k->stands->line, k->stands->line_len) < 0)
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
		     compare_spelt(v, b->line, b->line_len, k->stands->line, k->stands->line_len) <
			     0))
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
	if (v->m->by_arrival)
		read_by_arrival(v, l);
	else
		read_key(v, l);
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

/* Writing what is new */

static void put_place(struct ev_version *v, const struct ev_link *l)
{
	const struct ev_record rec = {.source = l->source, .line = l->number, .offset = l->offset};

	ev_buf_puts(&v->value, "{\"batch\":");
	ev_buf_put(&v->value, v->batch.p, v->batch.len);
	ev_record_position(&rec, &v->value);
	ev_buf_putc(&v->value, '}');
}

/* How a link's record is put into the state. */
enum put {
	PUT_NEWS,  /* new, or it changes which spelling stands */
	PUT_OTHER, /* known, in another spelling, which stands */
	PUT_AGAIN, /* known in this spelling */
};

static enum ev_status put_entry(struct ev_version *v, const struct ev_link *l, enum put as,
				struct ev_error *err)
{
	bool news = as == PUT_NEWS;

	ev_buf_reset(&v->value);
	ev_buf_putc(&v->value, as == PUT_AGAIN ? EV_ENTRY_AGAIN
			       : l->plain      ? EV_ENTRY_AS_IT_IS
					       : EV_ENTRY_READ_FIRST);
	put_place(v, l);
	if (as != PUT_AGAIN) {
		ev_buf_putc(&v->value, ' ');
		ev_buf_put(&v->value, l->line, l->len);
	}
	if (news)
		v->news = v->chain.news = true;
	v->wrote = true;
	return ev_store_put_text(v->state, l->key, l->key_len, v->base + news, v->value.p,
				 v->value.len, err);
}

/*
 * Puts a known record that comes again: in a lesser spelling, by another batch, or merely once
 * more.
 */
static enum ev_status redeliver(struct ev_version *v, struct ev_link *known,
				const struct ev_link *item, struct ev_error *err)
{
	int order = compare_spelt(v, item->line, item->len, known->line, known->len);

	v->redelivered += known->ours;
	v->delivered += !known->ours;
	if (order >= 0 && known->ours)
		return EV_OK;
	if (order >= 0)
		return put_entry(v, item, order == 0 ? PUT_AGAIN : PUT_OTHER, err);
	known->line = item->line;
	known->len = item->len;
	known->plain = item->plain;
	known->place = NULL;
	known->source = item->source;
	known->number = item->number;
	known->offset = item->offset;
	return put_entry(v, item, PUT_NEWS, err);
}

static int compare_keys(const struct ev_link *a, const struct ev_link *b)
{
	return ev_bytes_compare(a->key, a->key_len, b->key, b->key_len);
}

/*
 * Of n records with the same content, the one with the least spelling; the others become
 * duplicates.
 */
static struct ev_link *least_of(struct ev_version *v, struct ev_link *links, size_t n)
{
	struct ev_link *least = links;
	struct ev_buf bytes = {0};

	for (size_t i = 1; i < n; i++) {
		v->n_duplicate++;
		if (links[i].len == least->len &&
		    memcmp(links[i].line, least->line, least->len) == 0)
			continue;
		ev_buf_reset(&bytes);
		ev_version_spelling(v, least->line, least->len, &v->scratch);
		ev_buf_put(&bytes, v->scratch.p, v->scratch.len);
		ev_version_spelling(v, links[i].line, links[i].len, &v->scratch);
		if (ev_bytes_compare(v->scratch.p, v->scratch.len, bytes.p, bytes.len) < 0)
			least = &links[i];
	}
	ev_buf_free(&bytes);
	return least;
}

/*
 * Merges the links: the first n are the input's, the rest the state's, both in order. Afterwards
 * they are the chain, and what is new is in the state.
 */
static enum ev_status put_together(struct ev_version *v, size_t n, struct ev_error *err)
{
	struct ev_version_chain *c = &v->chain;
	size_t i = 0, k = n, to = 0, all = c->n_links;

	ev_grow(&v->spare, &v->cap_spare, all, sizeof *v->spare);
	c->news = false;
	while (i < n || k < all) {
		struct ev_link *item = &c->links[i], *known = &c->links[k];
		int order = i == n ? 1 : k == all ? -1 : compare_keys(item, known);
		size_t same = i;

		if (order > 0) {
			if (!known->gone)
				v->spare[to++] = *known;
			k++;
			continue;
		}
		while (same < n && compare_keys(&c->links[same], item) == 0)
			same++;
		item = least_of(v, item, same - i);
		i = same;
		k += order == 0;
		if (order == 0 && !known->gone) {
			v->n_duplicate++;
			if (redeliver(v, known, item, err) != EV_OK)
				return EV_FATAL;
			v->spare[to++] = *known;
			continue;
		}
		v->delivered++;
		if (put_entry(v, item, PUT_NEWS, err) != EV_OK)
			return EV_FATAL;
		v->spare[to++] = *item;
	}
	memcpy(c->links, v->spare, to * sizeof *v->spare);
	c->n_links = to;
	if (c->first == 0)
		c->first = v->base + 1;
	return EV_OK;
}

/* Reads the input's next event, and merges it with the state's records of it. */
static enum ev_status next_group(struct ev_version *v, struct ev_error *err)
{
	struct ev_version_chain *c = &v->chain;
	enum ev_status st = EV_OK;
	size_t n;

	ev_version_reset(v);
	do {
		struct ev_link *l;

		ev_version_read_item(v, &v->item, err);
		l = &c->links[c->n_links - 1];
		if (v->m->by_arrival) {
			size_t rest = l->key_len - c->word_len;
			char *key = ev_arena_alloc(&c->arena, l->key_len + EV_RUN_COMMIT + 2);

			snprintf(key, l->key_len + EV_RUN_COMMIT + 2, "%.*s%0*llu ",
				 (int)c->word_len, l->key, EV_RUN_COMMIT,
				 (unsigned long long)v->began);
			memcpy(key + c->word_len + EV_RUN_COMMIT + 1, l->key + c->word_len, rest);
			l->key = key;
			l->key_len += EV_RUN_COMMIT + 1;
			if (c->n_links == 1)
				c->word = key;
		}
		st = ev_sort_next(v->sort, &v->item, err);
		v->has_item = st == EV_OK;
	} while (v->has_item && v->item.key_len > c->word_len &&
		 memcmp(v->item.key, c->word, c->word_len) == 0);
	if (st == EV_FATAL)
		return EV_FATAL;
	n = c->n_links;
	if (ev_version_gather(v, c->word, c->word_len, err) != EV_OK)
		return EV_FATAL;
	return put_together(v, n, err);
}

/* Finds the next event that a commit after `since` touched: v->word, empty if there is none. */
static enum ev_status next_touched(struct ev_version *v, struct ev_error *err)
{
	const struct ev_entry *e;

	if (v->scan == NULL)
		return EV_OK;
	for (;;) {
		if (ev_store_cursor_next(v->scan, &e, err) != EV_OK)
			return EV_FATAL;
		if (e == NULL) {
			ev_buf_reset(&v->word);
			return EV_OK;
		}
		if (v->options.as_of && e->commit > v->options.since.number)
			continue;
		if (v->word.len > 0 && e->key_len > v->word.len &&
		    memcmp(e->p, v->word.p, v->word.len) == 0)
			continue;
		ev_buf_reset(&v->word);
		ev_buf_put(&v->word, e->p,
			   (size_t)((const char *)memchr(e->p, ' ', e->key_len) - e->p) + 1);
		return EV_OK;
	}
}

/* Emits the state's event at hand, to which the input has nothing new. */
static enum ev_status emit_touched(struct ev_version *v, struct ev_error *err)
{
	struct ev_version_chain *c = &v->chain;

	ev_version_reset(v);
	c->word = ev_arena_copy(&c->arena, v->word.p, v->word.len);
	c->word_len = v->word.len;
	if (ev_version_gather(v, c->word, c->word_len, err) != EV_OK ||
	    put_together(v, 0, err) != EV_OK)
		return EV_FATAL;
	return ev_version_fold(v, err);
}

static void swap_chains(struct ev_version *v)
{
	struct ev_version_chain chain = v->chain;

	v->chain = v->later;
	v->later = chain;
	v->read = NULL;
}

static int compare_words(const struct ev_buf *word, const char *p, size_t len)
{
	return word->len == 0 ? 1 : ev_bytes_compare(word->p, word->len, p, len);
}

/*
 * Emits, in order, the events that changed in the state since the reader's position and those of
 * the input. waiting: the input's first event with news has been merged already.
 */
static enum ev_status emit_all(struct ev_version *v, bool waiting, struct ev_error *err)
{
	if (next_touched(v, err) != EV_OK)
		return EV_FATAL;
	for (;;) {
		struct ev_version_chain *c = waiting ? &v->later : NULL;
		const char *key = c != NULL ? c->word : v->item.key;
		size_t len =
			c != NULL ? c->word_len
			: v->has_item
				? (size_t)((const char *)memchr(key, ' ', v->item.key_len) - key) +
					  1
				: 0;
		int order;

		if (len == 0 && v->word.len == 0)
			return EV_OK;
		order = len == 0 ? -1 : compare_words(&v->word, key, len);
		if (order < 0) {
			if (emit_touched(v, err) != EV_OK || next_touched(v, err) != EV_OK)
				return EV_FATAL;
			continue;
		}
		if (waiting)
			swap_chains(v);
		else if (next_group(v, err) != EV_OK)
			return EV_FATAL;
		waiting = false;
		if ((v->chain.news || order == 0) && ev_version_fold(v, err) != EV_OK)
			return EV_FATAL;
		if (order == 0 && next_touched(v, err) != EV_OK)
			return EV_FATAL;
	}
}

/*
 * Reads the input up to the first event that brings news; redeliveries before it are put into the
 * state.
 */
static enum ev_status seek_news(struct ev_version *v, struct ev_error *err)
{
	enum ev_status st = ev_sort_finish(v->sort, err);

	if (st == EV_OK)
		st = ev_sort_next(v->sort, &v->item, err);
	v->has_item = st == EV_OK;
	while (v->has_item && !v->news)
		if (next_group(v, err) != EV_OK)
			return EV_FATAL;
	return st == EV_FATAL ? st : EV_OK;
}

/* The line of the log that counts a batch's records: "delivered N BATCH". */
static const char delivered[] = "delivered ";

static uint64_t delivered_before(const struct ev_version *v)
{
	struct ev_buf end = {0};
	uint64_t number, n = 0;
	const char *says;

	ev_buf_putc(&end, ' ');
	ev_buf_put(&end, v->batch.p, v->batch.len);
	says = ev_store_said(v->state, ev_buf_str(&end), &number);
	if (says != NULL && strncmp(says, delivered, sizeof delivered - 1) == 0)
		n = strtoull(says + sizeof delivered - 1, NULL, 10);
	ev_buf_free(&end);
	return n;
}

static void set_batch(struct ev_version *v, const char *batch, const char *digest)
{
	struct ev_buf end = {0};
	const char *says;

	ev_buf_reset(&v->batch);
	ev_buf_reset(&v->taken);
	if (batch == NULL)
		return;
	ev_json_quote(batch, strlen(batch), &v->batch);
	ev_buf_puts(&v->taken, digest);
	ev_buf_putc(&end, ' ');
	ev_buf_put(&end, v->batch.p, v->batch.len);
	v->began = v->base + 1;
	says = ev_store_said_first(v->state, ev_buf_str(&end), &v->began);
	if (says == NULL || v->began == 0)
		v->began = v->base + 1;
	ev_buf_free(&end);
}

/* Compares the model with what the state says of the one it was made by. */
static enum ev_status check_model(struct ev_version *v, struct ev_error *err)
{
	static const char *const names[] = {"envelope", "contract"};
	const char *dir = ev_store_dir(v->state);

	v->older = strtoull(ev_store_note(v->state, "older"), NULL, 10);
	for (int i = 0; i < 2; i++) {
		const char *was = ev_store_note(v->state, names[i]);

		ev_model_digest(v->m, i == 0 ? EV_PART_ENVELOPE : EV_PART_CONTRACT, v->model[i]);
		if (was[0] == '\0' || strcmp(was, v->model[i]) == 0)
			continue;
		if (i == 0)
			return ev_fail(
				err,
				"%s: this state was made under another envelope (id, type, time, "
				"version, modified, op, ignore, zone or order): what is one "
				"event has changed, so make a new state from the raw logs",
				dir);
		if (v->options.since.number > 0 || v->options.as_of)
			return ev_fail(
				err,
				"%s: the model's contract or columns have changed since: take "
				"the new model with --since 0",
				dir);
		v->older = ev_store_head(v->state);
		v->other_contract = true;
	}
	return EV_OK;
}

enum ev_status ev_version_begin(struct ev_version *v, struct ev_error *err)
{
	if (v->state != NULL)
		return EV_OK;
	v->state = ev_store_open(v->options.state, &ev_store_events,
				 v->options.as_of ? EV_STORE_READ : EV_STORE_WRITE, err);
	if (v->state == NULL || check_model(v, err) != EV_OK)
		return EV_FATAL;
	ev_content_free(&v->contents);
	v->contents = ev_content_new(ev_store_seed(v->state, 0));
	ev_model_digest(v->m, EV_PART_ALL, v->model[2]);
	if (v->options.as_of && v->options.since.number > ev_store_head(v->state))
		return ev_fail(err, "%s: there is no commit %llu: the last is %llu",
			       v->options.state, (unsigned long long)v->options.since.number,
			       (unsigned long long)ev_store_head(v->state));
	return v->options.as_of ? EV_OK : ev_store_check_position(v->state, &v->options.since, err);
}

/* Opens the output's section: from the reader's position up to the head to come. */
static void open_section(struct ev_version *v)
{
	struct ev_span span = {.from = v->options.since.number, .to = {.number = v->base}};
	struct ev_buf digests = {0};

	if (v->options.as_of) {
		v->port->open(v->port->ctx, NULL);
		return;
	}
	memcpy(span.to.store, ev_store_id(v->state), sizeof span.to.store);
	memcpy(span.model, v->model[2], sizeof span.model);
	ev_store_digests(v->state, span.from, v->base, &digests);
	if (v->commits) {
		ev_store_next_digest(v->state, ev_buf_str(&v->what), ev_buf_str(&v->taken),
				     span.to.digest);
		span.to.number++;
		ev_buf_puts(&digests, span.to.digest);
	}
	span.digests = ev_buf_str(&digests);
	memcpy(span.to.digest, ev_span_digest(&span, span.to.number), EV_STORE_DIGEST);
	v->port->open(v->port->ctx, &span);
	ev_buf_free(&digests);
}

/*
 * Names the commit before it is known how much is new: by the input's digest, or by the contract
 * under which all is judged anew.
 */
static void say_commit(struct ev_version *v)
{
	ev_buf_reset(&v->what);
	if (v->news) {
		ev_buf_puts(&v->what, "take ");
		ev_buf_put(&v->what, v->batch.p, v->batch.len);
		return;
	}
	ev_buf_puts(&v->what, "contract");
	ev_buf_reset(&v->taken);
	ev_buf_puts(&v->taken, v->model[1]);
}

enum ev_status ev_version_take(struct ev_version *v, const char *batch, const char *digest,
			       struct ev_error *err)
{
	struct ev_store *s = v->state;
	enum ev_status st = EV_OK;
	uint64_t before;

	if (batch == NULL && v->sort != NULL)
		return ev_fail(err,
			       "the batch has no name, by which the state could know it again: "
			       "name it, with evparse --batch ID");
	v->base = ev_store_head(s);
	v->news = v->wrote = false;
	v->delivered = v->redelivered = 0;
	set_batch(v, batch, digest);
	v->cursor = ev_store_cursor_new(s, 0);
	if (v->sort != NULL)
		st = seek_news(v, err);
	if (st != EV_OK)
		return st;
	v->commits = v->news || v->other_contract;
	say_commit(v);
	open_section(v);
	if (v->news)
		swap_chains(v);
	if (v->options.as_of || v->options.since.number < v->base)
		v->scan = ev_store_cursor_new(s, v->options.as_of ? 0 : v->options.since.number);
	before = delivered_before(v);
	st = emit_all(v, v->news, err);
	if (before > v->redelivered) {
		v->missing = before - v->redelivered;
		free(v->missing_batch);
		v->missing_batch = ev_strndup(v->batch.p, v->batch.len);
	}
	v->delivered += before;
	ev_store_cursor_free(&v->cursor);
	ev_store_cursor_free(&v->scan);
	ev_sort_free(&v->sort);
	ev_version_reset(v);
	return st;
}

/* Notes the model's digests in the state; true if they have changed. */
static bool note_model(struct ev_version *v)
{
	static const char *const names[] = {"envelope", "contract"};
	bool other = false;
	char older[24];

	snprintf(older, sizeof older, "%llu", (unsigned long long)v->older);
	ev_store_set_note(v->state, "older", older);
	for (int i = 0; i < 2; i++) {
		other |= strcmp(ev_store_note(v->state, names[i]), v->model[i]) != 0;
		ev_store_set_note(v->state, names[i], v->model[i]);
	}
	return other;
}

enum ev_status ev_version_commit(struct ev_version *v, struct ev_error *err)
{
	struct ev_store *s = v->state;
	struct ev_buf said = {0};
	enum ev_status st = EV_OK;
	bool other;

	if (v->options.as_of)
		return EV_OK;
	other = note_model(v);
	if (v->wrote) {
		ev_buf_printf(&said, "%s%llu ", delivered, (unsigned long long)v->delivered);
		ev_buf_put(&said, v->batch.p, v->batch.len);
		ev_store_log_add(s, ev_buf_str(&said));
		ev_buf_free(&said);
	}
	if (v->wrote || other) {
		st = ev_store_prepare(s, err);
		if (st == EV_OK)
			st = ev_store_commit(s, v->commits ? ev_buf_str(&v->what) : NULL,
					     ev_buf_str(&v->taken), err);
	}
	v->other_contract = false;
	if (st == EV_OK)
		v->options.since = ev_store_position(s, ev_store_head(s));
	return st;
}

enum ev_status ev_version_merge(struct ev_version *v, struct ev_error *err)
{
	return ev_store_merge(v->state, err);
}

uint64_t ev_version_missing(const struct ev_version *v, const char **batch)
{
	*batch = v->missing_batch;
	return v->missing;
}

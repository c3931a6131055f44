#include "base/mem.h"
#include "scan/form.h"
#include "version/batch.h"
#include "version/internal.h"

#include <stdio.h>
#include <stdlib.h>

/* Writing what is new */

static void put_place(struct ev_version *v, const struct ev_link *l)
{
	const struct ev_record rec = {.source = l->source, .line = l->number, .offset = l->offset};

	ev_buf_puts(&v->value, "{\"batch\":");
	ev_buf_put(&v->value, v->batch.p, v->batch.len);
	ev_record_position(&rec, &v->value);
	ev_buf_putc(&v->value, '}');
}

/* As what a record is put into the state. */
enum put {
	PUT_NEWS,  /* it is new, or its spelling is the new least one */
	PUT_OTHER, /* it is known in a lesser spelling */
	PUT_AGAIN, /* it is known in this spelling */
};

static enum ev_status put_entry(struct ev_version *v, const struct ev_link *l, enum put as,
				struct ev_error *err)
{
	bool news = as == PUT_NEWS;

	ev_buf_reset(&v->value);
	ev_buf_putc(&v->value, as == PUT_AGAIN ? EV_ENTRY_AGAIN
			       : l->verbatim   ? EV_ENTRY_VERBATIM
					       : EV_ENTRY_REWRITTEN);
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
	int order = ev_version_compare_spellings(v, item->line, item->len, known->line, known->len);

	v->redelivered += known->ours;
	v->delivered += !known->ours;
	if (order >= 0 && known->ours)
		return EV_OK;
	if (order >= 0)
		return put_entry(v, item, order == 0 ? PUT_AGAIN : PUT_OTHER, err);
	known->line = item->line;
	known->len = item->len;
	known->verbatim = item->verbatim;
	known->place = NULL;
	known->source = item->source;
	known->number = item->number;
	known->offset = item->offset;
	return put_entry(v, item, PUT_NEWS, err);
}

static int compare_marks(const void *x, const void *y)
{
	const struct ev_hash128 *a = x, *b = y;

	return a->hi != b->hi ? (a->hi > b->hi) - (a->hi < b->hi)
			      : (a->lo > b->lo) - (a->lo < b->lo);
}

/* Whether a record of the input was erased. The state has its marks in order. */
static bool is_erased(const struct ev_version *v, const struct ev_link *l)
{
	const struct ev_version_chain *c = &v->chain;
	struct ev_hash128 mark;

	if (c->n_erased == 0)
		return false;
	mark = ev_version_mark(v->state, l->key, l->key_len);
	return bsearch(&mark, c->erased, c->n_erased, sizeof mark, compare_marks) != NULL;
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

	for (size_t i = 1; i < n; i++) {
		v->n_duplicate++;
		if (ev_version_compare_spellings(v, links[i].line, links[i].len, least->line,
						 least->len) < 0)
			least = &links[i];
	}
	return least;
}

/*
 * Merges the links: the first n are the input's, the rest the state's, both in order. Afterwards
 * they are the chain, and what is new is in the state.
 */
static enum ev_status merge_links(struct ev_version *v, size_t n, struct ev_error *err)
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
			else if (v->options.since.number > 0)
				ev_version_add_day(v, known); /* some reader may have its rows */
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
		if (is_erased(v, item)) {
			v->n_duplicate++;
			v->n_erased++;
			continue;
		}
		v->delivered++;
		if (put_entry(v, item, PUT_NEWS, err) != EV_OK)
			return EV_FATAL;
		v->spare[to++] = *item;
	}
	if (to > 0) /* all of the event may be erased */
		memcpy(c->links, v->spare, to * sizeof *v->spare);
	c->n_links = to;
	v->read = NULL; /* links have changed places */
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
		struct ev_link *l = ev_version_read_item(v, &v->item);

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
	return merge_links(v, n, err);
}

/* Sets v->word to the next event that a commit after `since` touched; empty if there is none. */
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
		ev_buf_put(&v->word, e->p, ev_run_word(EV_RUN_TEXT, e->p, e->key_len));
		return EV_OK;
	}
}

/* Emits the event v->word, to which the input adds nothing. */
static enum ev_status emit_touched(struct ev_version *v, struct ev_error *err)
{
	struct ev_version_chain *c = &v->chain;

	ev_version_reset(v);
	c->word = ev_arena_copy(&c->arena, v->word.p, v->word.len);
	c->word_len = v->word.len;
	if (ev_version_gather(v, c->word, c->word_len, err) != EV_OK ||
	    merge_links(v, 0, err) != EV_OK)
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
 * Emits, in the order of ids, the events that changed in the state since the reader's position and
 * those of the input. waiting: the input's first event with news is in v->later, merged.
 */
static enum ev_status emit_all(struct ev_version *v, bool waiting, struct ev_error *err)
{
	if (next_touched(v, err) != EV_OK)
		return EV_FATAL;
	for (;;) {
		struct ev_version_chain *c = waiting ? &v->later : NULL;
		const char *key = c != NULL ? c->word : v->item.key;
		size_t len = c != NULL	   ? c->word_len
			     : v->has_item ? ev_run_word(EV_RUN_TEXT, key, v->item.key_len)
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

/* Sets the section's batch, and reads from the log what it delivered before. */
static void set_batch(struct ev_version *v, const char *batch, const char *digest)
{
	struct ev_store_log_line l;
	bool first = true;

	ev_buf_reset(&v->batch);
	ev_buf_reset(&v->taken);
	v->delivered_before = 0;
	v->began = v->base + 1;
	if (batch == NULL)
		return;
	ev_json_quote(batch, strlen(batch), &v->batch);
	ev_buf_puts(&v->taken, digest);
	for (size_t i = 0; ev_store_log_line(v->state, i, &l); i++) {
		const char *name = l.what + l.len - v->batch.len;

		if (l.len <= v->batch.len || name[-1] != ' ' ||
		    memcmp(name, v->batch.p, v->batch.len) != 0)
			continue;
		if (first && l.number > 0)
			v->began = l.number;
		first = false;
		v->delivered_before =
			strncmp(l.what, EV_VERSION_DELIVERED, sizeof EV_VERSION_DELIVERED - 1) == 0
				? strtoull(l.what + sizeof EV_VERSION_DELIVERED - 1, NULL, 10)
				: 0;
	}
}

/* Compares the model with the one that made the state, by their digests. */
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

/* K/N, or empty where there are no shards. */
enum { SHARD_TEXT = 24 };

static const char *shard_text(const struct ev_version *v, char text[SHARD_TEXT])
{
	const struct ev_shard *shard = &v->options.shard;

	text[0] = '\0';
	if (shard->n > 0)
		snprintf(text, SHARD_TEXT, "%u/%u", shard->k, shard->n);
	return text;
}

/* The state's events are of one shard, and what it emits is. */
static enum ev_status check_shard(const struct ev_version *v, struct ev_error *err)
{
	const char *was = ev_store_note(v->state, "shard");
	char own[SHARD_TEXT];

	if (v->options.as_of || ev_store_head(v->state) == 0 ||
	    strcmp(was, shard_text(v, own)) == 0)
		return EV_OK;
	return ev_fail(err,
		       "%s: this state is of %s%s, and EVKIT_SHARD is %s: set it as it was, or "
		       "fill another state from the raw logs",
		       ev_store_dir(v->state), was[0] != '\0' ? "shard " : "all events", was,
		       own[0] != '\0' ? own : "not set");
}

enum ev_status ev_version_begin(struct ev_version *v, struct ev_error *err)
{
	if (v->state != NULL)
		return EV_OK;
	v->state = ev_store_open(v->options.state, &ev_store_events,
				 v->options.as_of ? EV_STORE_READ : EV_STORE_WRITE, err);
	if (v->state == NULL || check_model(v, err) != EV_OK || check_shard(v, err) != EV_OK)
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
 * Sets the text of the commit's line. It is not known yet how much is new, but the digest of the
 * input, or of the contract under which all is judged again, tells commits apart.
 */
static void name_commit(struct ev_version *v)
{
	ev_buf_reset(&v->what);
	if (v->news) {
		ev_buf_puts(&v->what, EV_VERSION_TAKE);
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
	name_commit(v);
	open_section(v);
	if (v->news)
		swap_chains(v);
	if (v->options.as_of || v->options.since.number < v->base)
		v->scan = ev_store_cursor_new(s, v->options.as_of ? 0 : v->options.since.number);
	st = emit_all(v, v->news, err);
	if (v->delivered_before > v->redelivered) {
		v->missing = v->delivered_before - v->redelivered;
		free(v->missing_batch);
		v->missing_batch = ev_strndup(v->batch.p, v->batch.len);
	}
	v->delivered += v->delivered_before;
	ev_store_cursor_free(&v->cursor);
	ev_store_cursor_free(&v->scan);
	ev_sort_free(&v->sort);
	ev_version_reset(v);
	return st;
}

/* Notes the model's digests in the state. True if they have changed. */
static bool note_model(struct ev_version *v)
{
	static const char *const names[] = {"envelope", "contract"};
	bool other = false;
	char older[24], shard[SHARD_TEXT];

	if (v->options.shard.n > 0)
		ev_store_set_note(v->state, "shard", shard_text(v, shard));
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
		ev_buf_printf(&said, EV_VERSION_DELIVERED "%llu ",
			      (unsigned long long)v->delivered);
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

uint64_t ev_version_erased(const struct ev_version *v)
{
	return v->n_erased;
}

uint64_t ev_version_missing(const struct ev_version *v, const char **batch)
{
	*batch = v->missing_batch;
	return v->missing;
}

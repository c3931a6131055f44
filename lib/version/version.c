#include "base/mem.h"
#include "scan/form.h"
#include "version/internal.h"

#include <stdlib.h>

/* Before each line in the sort, behind its key. */
struct item_head {
	uint64_t number, offset; /* where the record came from */
	uint32_t source;	 /* its index in v->sources */
	char from[EV_TIME_TEXT]; /* the modified time; bytes compare as the times do */
	uint8_t op;
	bool verbatim;
};

struct ev_version *ev_version_open(const struct ev_model *m,
				   const struct ev_version_options *options, struct ev_port *port)
{
	struct ev_version *v = ev_calloc(1, sizeof *v);
	const struct ev_path *const paths[BARE] = {
		[BARE_ID] = m->id,
		[BARE_VERSION] = m->version,
		[BARE_MODIFIED] = m->modified,
		[BARE_OP] = m->op,
		[BARE_TIME] = m->modified == NULL ? m->time : NULL,
	};
	const struct ev_count counts[] = {
		{"version", &v->n_version, true, false},
		{"no-op", &v->n_noop, true, false},
		{"duplicate", &v->n_duplicate, true, false},
		{"conflict", &v->n_conflict, true, true},
		{"misfit", &v->n_misfit, true, true},
		{"out", &v->n_out, false, false},
		{"held", &v->n_held, true, false}, /* this one and the rest only with a state */
		{"released", &v->n_released, false, false},
		{"withheld", &v->n_withheld, false, false},
		{"taken-back", &v->n_taken_back, false, true},
	};

	v->m = m;
	v->options = *options;
	v->port = port;
	v->events = ev_events_new(m, EV_READ_ALL, EV_TRUST_PIPE);
	v->others = ev_events_new(m, EV_READ_ALL, EV_TRUST_PIPE);
	for (int i = 0; i < BARE; i++) {
		const struct ev_path *p = paths[i];

		/* of what is computed, the member that says it; an id may be made of others, too */
		if (p != NULL && p->computed != 0)
			p = i != BARE_ID ? m->exprs[p->computed - 1].of : NULL;
		v->bare[i] = ev_events_want(v->events, p);
		ev_events_want(v->others, p);
	}
	v->contents = ev_content_new(0);
	v->bares = ev_content_new(ev_hash_seed());
	memcpy(v->counts, counts, (options->state != NULL ? 10 : 6) * sizeof *counts);
	return v;
}

void ev_version_free(struct ev_version **version)
{
	struct ev_version *v = *version;

	if (v == NULL)
		return;
	ev_store_cursor_free(&v->cursor);
	ev_store_cursor_free(&v->scan);
	ev_store_free(&v->state);
	ev_events_free(&v->events);
	ev_events_free(&v->others);
	ev_contracts_free(&v->contracts);
	ev_events_free(&v->judged);
	ev_reasons_free(&v->why);
	ev_reasons_free(&v->none);
	ev_sort_free(&v->sort);
	ev_content_free(&v->contents);
	ev_content_free(&v->bares);
	ev_buf_free(&v->key);
	ev_buf_free(&v->line);
	ev_buf_free(&v->scratch);
	ev_buf_free(&v->other);
	ev_buf_free(&v->owner);
	ev_buf_free(&v->value);
	ev_buf_free(&v->what);
	ev_buf_free(&v->word);
	ev_buf_free(&v->batch);
	ev_buf_free(&v->taken);
	ev_arena_free(&v->later.arena);
	free(v->later.links);
	free(v->spare);
	ev_buf_free(&v->wholes[0]);
	ev_buf_free(&v->wholes[1]);
	for (size_t i = 0; i < v->n_sources; i++)
		free((char *)(uintptr_t)v->sources[i]);
	free(v->sources);
	free(v->retyped);
	free(v->missing_batch);
	ev_arena_free(&v->chain.arena);
	free(v->chain.links);
	free(v->chain.erased);
	free(v->later.erased);
	free(v);
	*version = NULL;
}

const struct ev_count *ev_version_counts(const struct ev_version *v)
{
	return v->counts;
}

const char *ev_version_retyped(const struct ev_version *v, uint64_t *events)
{
	*events = v->n_retyped;
	return v->retyped;
}

/* Keys */

static void put_word(const struct ev_event *event, struct ev_buf *key)
{
	if (event->is_uuid)
		ev_buf_put(key, event->id, EV_UUID_TEXT);
	else
		ev_store_word(event->id, event->id_len, key);
	ev_buf_putc(key, ' ');
}

/* Appends S, "VERSION TIME OP", with the time to the nanosecond. from: the time as text. */
static void put_order(struct ev_version *v, const struct ev_event *event, const char *from)
{
	struct ev_buf *key = &v->key;
	char *o;
	int32_t nsec = event->modified.nsec % 1000;

	ev_event_version_order(event->doc, event->version, key);
	o = ev_buf_room(key, EV_TIME_TEXT + 8);
	*o++ = ' ';
	o = (char *)memcpy(o, from, EV_TIME_TEXT - 1) + EV_TIME_TEXT - 1;
	for (int i = 2; i >= 0; i--, nsec /= 10)
		o[i] = (char)('0' + nsec % 10);
	o += 3;
	*o++ = 'Z';
	*o++ = ' ';
	*o++ = (char)('0' + event->op);
	key->len = (size_t)(o - key->p);
}

/*
 * By arrival S is the place instead: the commit in which the batch began, the source and the line.
 */
static void put_arrival(struct ev_version *v, const struct ev_record *rec)
{
	if (v->options.state == NULL) {
		ev_buf_printf(&v->key, "%020llu", (unsigned long long)v->arrived++);
		return;
	}
	ev_store_word(rec->source, strlen(rec->source), &v->key);
	ev_buf_printf(&v->key, " %020llu", (unsigned long long)rec->line);
}

static void put_digest(struct ev_version *v, const struct ev_event *event)
{
	uint32_t skip[EV_MAX_SKIP];
	size_t n = ev_event_skip(v->events, event, v->bare, 1, skip);
	struct ev_hash128 h = ev_content_digest(v->contents, event->doc, skip, n);
	char hex[33];

	/*
	 * The second seed is secret too: knowing one digest does not help to forge another like it.
	 */
	h.lo ^= ev_store_seed(v->state, 1);
	ev_hash128_hex(h, hex);
	ev_buf_putc(&v->key, ' ');
	ev_buf_put(&v->key, hex, 32);
}

/* Taking records in */

static uint32_t source_number(struct ev_version *v, const char *source)
{
	if (source == v->source) /* files come one after another */
		return (uint32_t)(v->n_sources - 1);
	v->source = source;
	ev_grow(&v->sources, &v->cap_sources, v->n_sources + 1, sizeof *v->sources);
	v->sources[v->n_sources] = ev_strdup(source);
	return (uint32_t)v->n_sources++;
}

static bool is_verbatim(const struct ev_event *event)
{
	return event->reserved == EV_NOWHERE && event->doc->nodes[0].end == event->doc->len;
}

enum ev_status ev_version_step(struct ev_version *v, const struct ev_record *rec,
			       struct ev_error *err)
{
	struct item_head head = {.number = rec->line, .offset = rec->offset};
	struct ev_event event;
	char *item;

	if (ev_events_read(v->events, rec, &event, &v->why) != EV_OK)
		return ev_rejects_put(v->port->rejects, rec, event.origin, event.origin_len,
				      &v->why, err);
	if (ev_shard_check(&v->options.shard, rec, &event, err) != EV_OK)
		return EV_FATAL;
	if (v->sort == NULL)
		v->sort = ev_sort_new(v->options.memory, v->options.folder);
	ev_time_format(event.modified, head.from);
	ev_buf_reset(&v->key);
	put_word(&event, &v->key);
	if (v->m->by_arrival)
		put_arrival(v, rec);
	else
		put_order(v, &event, head.from);
	if (v->options.state != NULL)
		put_digest(v, &event);
	head.source = source_number(v, rec->source);
	head.op = (uint8_t)event.op;
	head.verbatim = is_verbatim(&event);
	item = ev_sort_room(v->sort, v->key.len, sizeof head + rec->len);
	item = (char *)memcpy(item, v->key.p, v->key.len) + v->key.len;
	memcpy(item, &head, sizeof head);
	memcpy(item + sizeof head, rec->p, rec->len);
	return ev_sort_added(v->sort, err);
}

/* The chain */

struct ev_link *ev_version_link(struct ev_version *v)
{
	ev_grow(&v->chain.links, &v->chain.cap_links, v->chain.n_links + 1, sizeof *v->chain.links);
	v->chain.links[v->chain.n_links] = (struct ev_link){.line = NULL};
	return &v->chain.links[v->chain.n_links++];
}

struct ev_link *ev_version_read_item(struct ev_version *v, const struct ev_sorted *item)
{
	size_t len = item->len - sizeof(struct item_head);
	const char *key = item->key, *line = item->item + sizeof(struct item_head);
	struct item_head head;
	struct ev_link *l;

	memcpy(&head, item->item, sizeof head);
	if (!item->stays) {
		char *copy = ev_arena_alloc(&v->chain.arena, len + EV_IN_SLACK);

		key = ev_arena_copy(&v->chain.arena, key, item->key_len);
		memcpy(copy, line, len);
		memset(copy + len, 0, EV_IN_SLACK);
		line = copy;
	}
	l = ev_version_link(v);
	l->line = line;
	l->len = len;
	l->key = key;
	l->key_len = item->key_len;
	l->source = v->sources[head.source];
	l->number = head.number;
	l->offset = head.offset;
	memcpy(l->from, head.from, sizeof l->from);
	l->op = head.op;
	l->verbatim = head.verbatim;
	l->is_new = true;
	if (v->chain.n_links == 1) {
		v->chain.word = key;
		v->chain.word_len = ev_run_word(EV_RUN_TEXT, key, item->key_len);
	}
	return l;
}

void ev_version_reset(struct ev_version *v)
{
	v->chain.n_links = v->chain.n_erased = 0;
	v->read = NULL;
	v->chain.old = false;
	ev_arena_reset(&v->chain.arena);
}

static bool same_word(const struct ev_version *v, const struct ev_sorted *item)
{
	return item->key_len > v->chain.word_len &&
	       memcmp(item->key, v->chain.word, v->chain.word_len) == 0;
}

enum ev_status ev_version_finish(struct ev_version *v, struct ev_error *err)
{
	struct ev_sorted item;
	enum ev_status st = EV_OK;

	if (v->sort == NULL)
		return EV_OK;
	st = ev_sort_finish(v->sort, err);
	while (st == EV_OK && (st = ev_sort_next(v->sort, &item, err)) == EV_OK) {
		if (v->chain.n_links > 0 && !same_word(v, &item)) {
			if (ev_version_fold(v, err) != EV_OK)
				return EV_FATAL;
			ev_version_reset(v);
		}
		ev_version_read_item(v, &item);
	}
	if (st == EV_FATAL)
		return EV_FATAL;
	return v->chain.n_links > 0 ? ev_version_fold(v, err) : EV_OK;
}

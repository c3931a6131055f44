#include "engine/version.h"
#include "base/md5.h"
#include "engine/version_merge.h"
#include "model/event.h"
#include "model/sort.h"
#include "warehouse/column.h"
#include "json/canon.h"
#include "json/content.h"

#include <stddef.h>
#include <stdlib.h>

/* How a record is written if it is its event's only one: most are, and are not read again. */
enum alone { ALONE_NOT, ALONE_EMPTY, ALONE_WHOLE };

/*
 * In front of each sorted line: where it came from, and what it is if it is alone. `source` indexes
 * the list of names.
 */
struct item_head {
	uint64_t line, offset;
	uint32_t source;
	enum alone alone;
	struct ev_time from;
	char row[EV_KEY_TEXT];
};

/* One record of the chain at hand. */
struct link {
	struct ev_record rec;
	struct item_head head;
	const char *s; /* (version, time, op) so that octets compare */
	size_t s_len;
	const char
		*content; /* canonical; made only where there is another record to compare with */
	size_t content_len;
};

/* Records on their way into the sort, whose rows' keys are computed together. */
enum { PENDING = 64, PENDING_OCTETS = 1 << 20 };
struct pending {
	struct ev_buf key, item;
};

/* What the fold has made so far; the last is what a further record meets. */
struct state {
	const struct link *link; /* the record that made it */
	const char *line;	 /* whole content, in the chain's arena; "_ev" not yet written */
	size_t len;
	struct ev_time from;
	bool deleted;
	char row[EV_KEY_TEXT + 1];
};

/* What may differ in a no-op, by slot: the id, which a chain has in common, and these. */
enum { BARE_ID, BARE_VERSION, BARE_MODIFIED, BARE_OP, BARE_TIME, BARE };

struct ev_version {
	const struct ev_model *m;
	struct ev_version_options options;
	struct ev_port *port;
	struct ev_events *events; /* reads the record at hand */
	struct ev_events *others; /* and what it meets */
	uint32_t bare[BARE];	  /* slots of both */
	struct ev_event event;	  /* of `read`, as long as that is not NULL */
	const struct link *read;
	struct ev_reasons why;
	struct ev_sort *sort;
	struct ev_md5 *keys;
	struct ev_content *digests;
	struct pending pending[PENDING];
	size_t n_pending, pending_octets;
	struct ev_buf key, item, content, line, scratch;
	const char **sources;
	size_t n_sources;
	uint64_t arrived;

	struct ev_arena arena; /* of the chain */
	struct link *links;
	size_t n_links, cap_links;
	struct state *states;
	size_t n_states, cap_states;

	uint64_t n_version, n_noop, n_duplicate, n_conflict, n_out;
	struct ev_count counts[6];
};

struct ev_version *ev_version_open(const struct ev_model *m,
				   const struct ev_version_options *options, struct ev_port *port)
{
	struct ev_version *v = ev_calloc(1, sizeof *v);

	v->m = m;
	v->options = *options;
	v->port = port;
	v->events = ev_events_new(m, EV_READ_ALL, EV_TRUST_PIPE);
	v->others = ev_events_new(m, EV_READ_ALL, EV_TRUST_PIPE);
	for (int i = 0; i < BARE; i++) {
		const struct ev_path *const paths[BARE] = {
			[BARE_ID] = m->id,
			[BARE_VERSION] = m->version,
			[BARE_MODIFIED] = m->modified,
			[BARE_OP] = m->op,
			[BARE_TIME] = m->modified == NULL ? m->time : NULL,
		};

		v->bare[i] = ev_events_want(v->events, paths[i]);
		ev_events_want(v->others, paths[i]);
	}
	v->keys = ev_md5_new();
	v->digests = ev_content_new(0);
	v->sort = ev_sort_new(options->memory, options->folder);
	v->counts[0] = (struct ev_count){"version", &v->n_version, true, false};
	v->counts[1] = (struct ev_count){"no-op", &v->n_noop, true, false};
	v->counts[2] = (struct ev_count){"duplicate", &v->n_duplicate, true, false};
	v->counts[3] = (struct ev_count){"conflict", &v->n_conflict, true, true};
	v->counts[4] = (struct ev_count){"out", &v->n_out, false, false};
	return v;
}

void ev_version_free(struct ev_version **version)
{
	struct ev_version *v = *version;

	if (v == NULL)
		return;
	ev_events_free(&v->events);
	ev_events_free(&v->others);
	ev_reasons_free(&v->why);
	ev_sort_free(&v->sort);
	ev_md5_free(&v->keys);
	ev_content_free(&v->digests);
	for (size_t i = 0; i < PENDING; i++) {
		ev_buf_free(&v->pending[i].key);
		ev_buf_free(&v->pending[i].item);
	}
	ev_buf_free(&v->key);
	ev_buf_free(&v->item);
	ev_buf_free(&v->content);
	ev_buf_free(&v->line);
	ev_buf_free(&v->scratch);
	for (size_t i = 0; i < v->n_sources; i++)
		free((char *)(uintptr_t)v->sources[i]);
	free(v->sources);
	ev_arena_free(&v->arena);
	free(v->links);
	free(v->states);
	free(v);
	*version = NULL;
}

const struct ev_count *ev_version_counts(const struct ev_version *v)
{
	return v->counts;
}

/* Taking records in */

static void put_be64(struct ev_buf *b, uint64_t v)
{
	for (int i = 56; i >= 0; i -= 8)
		ev_buf_putc(b, (char)(v >> i));
}

/*
 * The id, its NULs written as 0,255 and its end as 0,0 so that no id is another's beginning; then
 * version, time and op.
 */
static void write_key(struct ev_version *v, const struct ev_event *event, struct ev_buf *k)
{
	ev_buf_reset(k);
	for (size_t i = 0; i < event->id_len; i++) {
		ev_buf_putc(k, event->id[i]);
		if (event->id[i] == '\0')
			ev_buf_putc(k, '\xff');
	}
	ev_buf_put(k, "\0\0", 2);
	if (v->m->by_arrival) {
		put_be64(k, v->arrived++);
		return;
	}
	ev_version_order(event->doc, event->version, k);
	put_be64(k, (uint64_t)event->modified.sec ^ 1ULL << 63);
	put_be64(k, (uint64_t)event->modified.nsec);
	ev_buf_putc(k, (char)event->op);
}

static uint32_t source_number(struct ev_version *v, const char *source)
{
	if (v->n_sources > 0 && strcmp(v->sources[v->n_sources - 1], source) == 0)
		return (uint32_t)(v->n_sources - 1); /* files come one after another */
	v->sources = ev_realloc_array(v->sources, v->n_sources + 1, sizeof(char *));
	v->sources[v->n_sources] = ev_strdup(source);
	return (uint32_t)v->n_sources++;
}

/*
 * The canonical content: all but the id, which the chain has in common; or without what may differ
 * in a no-op.
 */
static void canonical_content(struct ev_version *v, const struct ev_event *event, bool bare,
			      struct ev_buf *out)
{
	uint32_t skip[EV_MAX_SKIP];
	size_t n = ev_event_skip(v->events, event, v->bare, bare ? BARE : 1, skip);

	ev_buf_reset(out);
	ev_canonical(event->doc, 0, skip, n, out);
}

/* The digest of the same content, in the key of its row. */
static struct ev_hash128 content_digest(struct ev_version *v, const struct ev_event *event)
{
	uint32_t skip[EV_MAX_SKIP];
	size_t n = ev_event_skip(v->events, event, v->bare, 1, skip);

	return ev_content_digest(v->digests, event->doc, skip, n);
}

static enum ev_status settle_pending(struct ev_version *v, struct ev_error *err)
{
	ev_md5_settle(v->keys);
	for (size_t i = 0; i < v->n_pending; i++) {
		struct pending *p = &v->pending[i];

		if (ev_sort_add(v->sort, p->key.p, p->key.len, p->item.p, p->item.len, err) !=
		    EV_OK)
			return EV_FATAL;
		if (p->key.cap + p->item.cap > PENDING_OCTETS) {
			ev_buf_free(&p->key);
			ev_buf_free(&p->item);
		}
	}
	v->n_pending = v->pending_octets = 0;
	return EV_OK;
}

/* Nothing is taken out of the line, and nothing stands behind its object. */
static enum alone alone(const struct ev_event *event)
{
	const struct ev_node *top = &event->doc->nodes[0];

	if (event->op != EV_PUT || event->reserved != EV_NOWHERE || top->end != event->doc->len)
		return ALONE_NOT;
	return top->count > 0 ? ALONE_WHOLE : ALONE_EMPTY;
}

enum ev_status ev_version_step(struct ev_version *v, const struct ev_record *rec,
			       struct ev_error *err)
{
	struct ev_event event;
	struct item_head head = {0};
	struct pending *p;

	if (ev_events_read(v->events, rec, &event, &v->why) != EV_OK)
		return ev_rejects_put(v->port->rejects, rec, event.origin, event.origin_len,
				      &v->why, err);
	if ((v->n_pending == PENDING || v->pending_octets > PENDING_OCTETS) &&
	    settle_pending(v, err) != EV_OK)
		return EV_FATAL;
	p = &v->pending[v->n_pending++];
	head.line = rec->line;
	head.offset = rec->offset;
	head.source = source_number(v, rec->source);
	head.alone = alone(&event);
	head.from = event.modified;
	write_key(v, &event, &p->key);
	ev_buf_reset(&p->item);
	ev_buf_put(&p->item, &head, sizeof head);
	ev_buf_put(&p->item, rec->p, rec->len);
	v->pending_octets += p->key.len + p->item.len;
	if (head.alone != ALONE_NOT) {
		ev_buf_reset(&v->scratch);
		ev_key_version_preimage(&event, content_digest(v, &event), &v->scratch);
		ev_md5_add(v->keys, v->scratch.p, v->scratch.len,
			   p->item.p + offsetof(struct item_head, row));
	}
	return EV_OK;
}

/* The chain */

static size_t id_octets(const char *key)
{
	size_t i = 0;

	while (key[i] != '\0' || key[i + 1] != '\0')
		i += key[i] == '\0' ? 2 : 1;
	return i + 2;
}

static void add_link(struct ev_version *v, const struct ev_sorted *item, size_t id_len)
{
	struct item_head head;
	size_t len = item->len - sizeof head;
	char *line = ev_arena_alloc(&v->arena, len + EV_IN_SLACK);
	struct link *l;

	memcpy(&head, item->item, sizeof head);
	memcpy(line, item->item + sizeof head, len);
	memset(line + len, 0, EV_IN_SLACK);
	ev_grow(&v->links, &v->cap_links, v->n_links + 1, sizeof *v->links);
	l = &v->links[v->n_links++];
	*l = (struct link){.rec = {.p = line,
				   .len = len,
				   .source = v->sources[head.source],
				   .line = head.line,
				   .offset = head.offset},
			   .head = head};
	l->s_len = item->key_len - id_len;
	l->s = ev_arena_copy(&v->arena, item->key + id_len, l->s_len);
}

/* Reads a line that has been read before, so it cannot fail. */
static void read_again(struct ev_version *v, struct ev_events *events, const char *line, size_t len,
		       struct ev_event *event)
{
	struct ev_record rec = {.p = line, .len = len, .source = ""};

	ev_events_read(events, &rec, event, &v->why);
}

/* The event of a record of the chain; valid until another is read. */
static const struct ev_event *read_link(struct ev_version *v, const struct link *l)
{
	if (v->read != l)
		read_again(v, v->events, l->rec.p, l->rec.len, &v->event);
	v->read = l;
	return &v->event;
}

static void fill_content(struct ev_version *v, struct link *l)
{
	canonical_content(v, read_link(v, l), false, &v->content);
	l->content = ev_arena_copy(&v->arena, v->content.p, v->content.len);
	l->content_len = v->content.len;
}

static int compare_octets(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare_content(const struct link *a, const struct link *b)
{
	return compare_octets(a->content, a->content_len, b->content, b->content_len);
}

/*
 * The greatest content first; of equal content the least spelling, so that no order of arrival
 * shows.
 */
static int by_content(const void *x, const void *y)
{
	const struct link *a = x, *b = y;
	int order = compare_content(b, a);

	return order != 0 ? order : compare_octets(a->rec.p, a->rec.len, b->rec.p, b->rec.len);
}

static enum ev_status set_aside(struct ev_version *v, const struct link *l, const char *code,
				const char *message, struct ev_error *err)
{
	const struct ev_event *event = read_link(v, l);

	ev_reasons_reset(&v->why);
	v->why.code = code;
	ev_reasons_add(&v->why, "%s", message);
	return ev_rejects_put(v->port->rejects, &l->rec, event->origin, event->origin_len, &v->why,
			      err);
}

static enum ev_status conflict(struct ev_version *v, const struct link *l, struct ev_error *err)
{
	v->n_conflict++;
	if (v->options.fail_on_conflict)
		return ev_fail(
			err,
			"%s:%llu: another record of the same event has the same version, time and "
			"op but other content: "
			"mend the producer, or set the lesser aside with --on-conflict quarantine",
			l->rec.source, (unsigned long long)l->rec.line);
	return set_aside(v, l, "conflict",
			 "another record of the same event has the same version, time and op, and "
			 "content that is greater",
			 err);
}

/*
 * Records from..to have equal version, time and op. The greatest content stands; equal content is a
 * duplicate; anything else is a conflict's loser. The winner comes to stand at from.
 */
static enum ev_status settle(struct ev_version *v, size_t from, size_t to, struct ev_error *err)
{
	for (size_t i = from; i < to; i++)
		fill_content(v, &v->links[i]);
	qsort(v->links + from, to - from, sizeof *v->links, by_content);
	v->read = NULL; /* the records have changed places */
	for (size_t i = from + 1; i < to; i++) {
		if (compare_content(&v->links[i - 1], &v->links[i]) == 0)
			v->n_duplicate++;
		else if (conflict(v, &v->links[i], err) == EV_FATAL)
			return EV_FATAL;
	}
	return EV_OK;
}

/* The fold */

static void push(struct ev_version *v, const struct link *l, const struct ev_event *event,
		 const char *line, size_t len, bool deleted)
{
	struct state *s;

	ev_grow(&v->states, &v->cap_states, v->n_states + 1, sizeof *v->states);
	s = &v->states[v->n_states++];
	*s = (struct state){
		.link = l, .line = line, .len = len, .from = event->modified, .deleted = deleted};
	if (s > v->states && ev_time_compare(s[-1].from, s->from) > 0)
		s->from = s[-1].from;
	v->n_version++;
}

static void key_row(struct ev_version *v, struct state *s)
{
	const struct ev_event *event = read_link(v, s->link);

	ev_key_version(event, content_digest(v, event), &v->scratch, s->row);
}

/* Whether a line says nothing new to the one before but for version and modified time. */
static bool is_noop(struct ev_version *v, const struct state *before, const struct ev_event *event)
{
	struct ev_event old;
	bool same;

	read_again(v, v->others, before->line, before->len, &old);
	canonical_content(v, &old, true, &v->scratch);
	canonical_content(v, event, true, &v->content);
	same = v->scratch.len == v->content.len &&
	       memcmp(v->scratch.p, v->content.p, v->content.len) == 0;
	return same;
}

static void fold_put(struct ev_version *v, const struct link *l, const struct state *last,
		     const struct ev_event *event)
{
	if (last != NULL && !last->deleted && is_noop(v, last, event))
		v->n_noop++;
	else
		push(v, l, event, l->rec.p, l->rec.len, false);
}

static enum ev_status fold_patch(struct ev_version *v, const struct link *l,
				 const struct state *last, const struct ev_event *event,
				 struct ev_error *err)
{
	uint32_t skip[EV_MAX_SKIP];
	struct ev_event base, merged;
	char *line;
	size_t n;

	if (last == NULL || last->deleted)
		return set_aside(v, l, "orphan", "a patch has no version to stand on", err);
	read_again(v, v->others, last->line, last->len, &base);
	n = ev_event_skip(v->events, event, &v->bare[BARE_OP], 1, skip);
	ev_buf_reset(&v->line);
	ev_merge_patch(base.doc, &base.reserved, base.reserved != EV_NOWHERE, event->doc, skip, n,
		       &v->line);
	if (v->line.len > EV_SCAN_MAX)
		return set_aside(v, l, "too-long", "what the patch makes is longer than 512 MiB",
				 err);
	line = ev_arena_alloc(&v->arena, v->line.len + EV_IN_SLACK);
	memcpy(line, v->line.p, v->line.len);
	memset(line + v->line.len, 0, EV_IN_SLACK);
	n = v->line.len;
	push(v, l, event, line, n, false);
	v->read = NULL;
	read_again(v, v->events, line, n, &merged);
	if (is_noop(v, &v->states[v->n_states - 2], &merged)) {
		v->n_states--;
		v->n_version--;
		v->n_noop++;
	}
	return EV_OK;
}

static enum ev_status fold(struct ev_version *v, const struct link *l, struct ev_error *err)
{
	const struct state *last = v->n_states > 0 ? &v->states[v->n_states - 1] : NULL;
	const struct ev_event *event = read_link(v, l);

	switch (event->op) {
	case EV_PUT: fold_put(v, l, last, event); return EV_OK;
	case EV_PATCH: return fold_patch(v, l, last, event, err);
	case EV_DELETE:
		if (last == NULL || last->deleted)
			v->n_noop++;
		else
			push(v, l, event, last->line, last->len, true);
		return EV_OK;
	}
	return EV_OK;
}

/* Emitting */

static void put_time(struct ev_buf *b, const char *name, const struct ev_time *t)
{
	ev_buf_puts(b, name);
	if (t == NULL) {
		ev_buf_puts(b, "null");
		return;
	}
	ev_buf_putc(b, '"');
	ev_time_format(*t, ev_buf_room(b, EV_TIME_TEXT));
	b->len += EV_TIME_TEXT;
	ev_buf_putc(b, '"');
}

/* What is told of a version, but for an origin. */
static void put_version(struct ev_buf *m, const char row[EV_KEY_TEXT], const struct ev_time *from,
			const struct ev_time *to, bool deleted)
{
	ev_buf_puts(m, "{\"op\":\"insert\",\"row\":\"");
	ev_buf_put(m, row, EV_KEY_TEXT);
	put_time(m, "\",\"valid_from\":", from);
	put_time(m, ",\"valid_to\":", to);
	ev_buf_puts(m, to == NULL && !deleted ? ",\"current\":true" : ",\"current\":false");
	ev_buf_puts(m, deleted ? ",\"deleted\":true" : ",\"deleted\":false");
}

/* The only record of its event. */
static enum ev_status emit_alone(struct ev_version *v, const struct link *l, struct ev_error *err)
{
	struct ev_buf *b = &v->line;

	ev_buf_reset(b);
	ev_buf_put(b, l->rec.p, l->rec.len - 1);
	ev_buf_puts(b, l->head.alone == ALONE_EMPTY ? "\"_ev\":" : ",\"_ev\":");
	put_version(b, l->head.row, &l->head.from, NULL, false);
	ev_buf_put(b, "}}", 2);
	v->n_version++;
	v->n_out++;
	return ev_port_line(v->port, b->p, b->len, err);
}

static enum ev_status emit(struct ev_version *v, size_t i, struct ev_error *err)
{
	struct state *s = &v->states[i];
	bool newest = i + 1 == v->n_states;
	struct ev_buf *m = &v->scratch;
	struct ev_event event;

	key_row(v, s);
	if (s->line == s->link->rec.p)
		event = v->event;
	else
		read_again(v, v->others, s->line, s->len, &event);
	ev_buf_reset(m);
	put_version(m, s->row, &s->from, newest ? NULL : &s[1].from, s->deleted);
	if (event.origin != NULL) {
		ev_buf_puts(m, ",\"origin\":");
		ev_buf_put(m, event.origin, event.origin_len);
	}
	ev_buf_putc(m, '}');
	ev_buf_reset(&v->line);
	ev_event_write(event.doc, event.reserved, m->p, m->len, &v->line);
	v->n_out++;
	return ev_port_line(v->port, v->line.p, v->line.len, err);
}

static enum ev_status emit_chain(struct ev_version *v, struct ev_error *err)
{
	size_t i = 0;

	if (v->options.emit == EV_EMIT_LATEST && v->n_states > 0) {
		if (v->states[v->n_states - 1].deleted)
			return EV_OK;
		i = v->n_states - 1;
	}
	for (; i < v->n_states; i++)
		if (emit(v, i, err) != EV_OK)
			return EV_FATAL;
	return EV_OK;
}

static enum ev_status replay_chain(struct ev_version *v, struct ev_error *err)
{
	size_t from, to;

	if (v->n_links == 1 && v->links[0].head.alone != ALONE_NOT)
		return emit_alone(v, &v->links[0], err);
	v->n_states = 0;
	for (from = 0; from < v->n_links; from = to) {
		const struct link *first = &v->links[from];

		for (to = from + 1; to < v->n_links; to++)
			if (compare_octets(first->s, first->s_len, v->links[to].s,
					   v->links[to].s_len) != 0)
				break;
		if (to - from > 1 && settle(v, from, to, err) != EV_OK)
			return EV_FATAL;
		if (fold(v, &v->links[from], err) == EV_FATAL)
			return EV_FATAL;
	}
	return emit_chain(v, err);
}

enum ev_status ev_version_finish(struct ev_version *v, struct ev_error *err)
{
	enum ev_status st = settle_pending(v, err);
	struct ev_sorted item;
	size_t id_len = 0;

	if (st == EV_OK)
		st = ev_sort_finish(v->sort, err);

	while (st == EV_OK && (st = ev_sort_next(v->sort, &item, err)) == EV_OK) {
		if (v->n_links == 0 || item.key_len < id_len ||
		    memcmp(item.key, v->key.p, id_len) != 0) {
			if (v->n_links > 0 && replay_chain(v, err) != EV_OK)
				return EV_FATAL;
			v->n_links = 0;
			v->read = NULL;
			ev_arena_reset(&v->arena);
			id_len = id_octets(item.key);
			ev_buf_reset(&v->key);
			ev_buf_put(&v->key, item.key, id_len);
		}
		add_link(v, &item, id_len);
	}
	if (st == EV_FATAL)
		return EV_FATAL;
	return v->n_links > 0 ? replay_chain(v, err) : EV_OK;
}

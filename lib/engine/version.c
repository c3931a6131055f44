#include "engine/version.h"
#include "base/md5.h"
#include "engine/version_merge.h"
#include "model/event.h"
#include "store/sort.h"
#include "warehouse/column.h"
#include "json/canon.h"
#include "json/content.h"
#include "json/form.h"

#include <endian.h>
#include <stddef.h>
#include <stdlib.h>

/* In front of each sorted line, behind its key. */
struct item_head {
	uint64_t line, offset; /* where the record came from */
	uint32_t source;       /* index of the list of names */
	uint32_t id_len;       /* octets of the key that are the id's */
	uint32_t bare_len;     /* octets of what decides on a no-op, canonical; 0 if not known */
	char row[EV_KEY_TEXT];
	char from[EV_TIME_TEXT]; /* the modified time; octets compare as the times do */
	uint8_t op;		 /* enum ev_op */
	bool plain; /* nothing is taken out of the line, and nothing stands behind its object */
	uint32_t type, type_len; /* where the type stands in the line, with its quotes */
};

/* One record of the chain at hand. */
struct link {
	struct item_head head;
	const char *line; /* EV_IN_SLACK octets behind it may be read */
	size_t len;
	const char *key; /* the id, then (version, time, op) so that octets compare */
	size_t key_len;
	const char
		*content; /* canonical; made only where there is another record to compare with */
	size_t content_len;
};

/* A whole content: a record's, or what a patch makes. */
struct whole {
	const char *line; /* in the sort or the chain's arena */
	size_t len;
	uint32_t bare_len; /* both as of a record */
	bool plain;
	uint32_t type, type_len; /* 0: it has to be looked for */
};

/* What the fold has made so far; the last is what a further record meets. */
struct state {
	const struct link *link; /* the record that made it */
	struct whole whole;
	bool deleted;
	bool has_bare;
	char from[EV_TIME_TEXT];
	struct ev_hash128 bare; /* digest of what decides on a no-op; made where it is asked for */
};

/* How the versions that were met lately are ordered; most are of few digits. */
enum { ORDERS = 16, ORDER_MAX = 24 };
struct order {
	uint64_t text; /* octets of the value, as the line has it, the first lowest; 0: none yet */
	size_t len;
	char order[ORDER_MAX];
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
	uint32_t around[BARE];	  /* octets of such a member that are not its value's */
	bool apart;		  /* its length is what a content loses by it */
	struct ev_event event;	  /* of `read`, as long as that is not NULL */
	const struct link *read;
	struct ev_reasons why;
	struct ev_sort *sort;
	struct ev_md5 *keys;
	struct ev_content *contents; /* of what `events` reads: all but the id */
	struct ev_content *bares;    /* of the same, without what may differ in a no-op */
	struct order orders[ORDERS];
	struct ev_buf order, line, scratch, other;
	const char **sources;
	size_t n_sources;
	const char *source; /* the last, as it was given */
	uint64_t arrived;

	struct ev_arena arena; /* of the chain */
	struct link *links;
	size_t n_links, cap_links;
	struct state last;	 /* the version that was made last; it may still get an end */
	bool made;		 /* there is one */
	struct ev_buf wholes[2]; /* what patches made, in turn */

	char *retyped; /* the first event whose type changed */
	uint64_t n_version, n_noop, n_duplicate, n_conflict, n_retyped, n_out;
	struct ev_count counts[6];
};

/* A name in its canonical spelling that needs no escape, its quotes, the colon and a comma. */
static bool octets_around(const struct ev_path *path, uint32_t *octets)
{
	const struct ev_step *name = &path->steps[0];

	if (path->n != 1 || name->kind != EV_STEP_NAME || name->len > UINT16_MAX)
		return false;
	for (size_t i = 0; i < name->len; i++)
		if (name->name[i] < ' ' || name->name[i] > '~' || name->name[i] == '"' ||
		    name->name[i] == '\\')
			return false;
	*octets = (uint32_t)name->len + 4;
	return true;
}

/* Whether each of these is a member of its own, which content has if the event does. */
static bool stand_apart(struct ev_version *v, const struct ev_path *const paths[BARE])
{
	if (v->m->n_ignore + BARE + 1 > EV_MAX_SKIP)
		return false;
	for (int i = BARE_ID + 1; i < BARE; i++) {
		if (paths[i] == NULL)
			continue;
		if (!octets_around(paths[i], &v->around[i]))
			return false;
		for (int k = 0; k < i; k++)
			if (v->bare[k] == v->bare[i])
				return false;
		for (size_t k = 0; k < v->m->n_ignore; k++)
			if (ev_events_want(v->events, v->m->ignore[k]) == v->bare[i])
				return false;
	}
	return true;
}

/* Digests are due before their lines leave memory. */
static void settle_keys(void *ctx)
{
	ev_md5_settle(ctx);
}

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

	v->m = m;
	v->options = *options;
	v->port = port;
	v->events = ev_events_new(m, EV_READ_ALL, EV_TRUST_PIPE);
	v->others = ev_events_new(m, EV_READ_ALL, EV_TRUST_PIPE);
	for (int i = 0; i < BARE; i++) {
		v->bare[i] = ev_events_want(v->events, paths[i]);
		ev_events_want(v->others, paths[i]);
	}
	v->apart = stand_apart(v, paths);
	v->keys = ev_md5_new();
	v->contents = ev_content_new(0);
	v->bares = ev_content_new(0);
	v->sort = ev_sort_new(options->memory, options->folder);
	ev_sort_before_spill(v->sort, settle_keys, v->keys);
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
	ev_content_free(&v->contents);
	ev_content_free(&v->bares);
	ev_buf_free(&v->order);
	ev_buf_free(&v->line);
	ev_buf_free(&v->scratch);
	ev_buf_free(&v->other);
	for (size_t i = 0; i < v->n_sources; i++)
		free((char *)(uintptr_t)v->sources[i]);
	free(v->sources);
	ev_arena_free(&v->arena);
	free(v->links);
	ev_buf_free(&v->wholes[0]);
	ev_buf_free(&v->wholes[1]);
	free(v->retyped);
	free(v);
	*version = NULL;
}

const char *ev_version_retyped(const struct ev_version *v, uint64_t *times)
{
	*times = v->n_retyped;
	return v->retyped;
}

const struct ev_count *ev_version_counts(const struct ev_version *v)
{
	return v->counts;
}

/* Taking records in */

static char *put_be64(char *o, uint64_t v)
{
	v = htobe64(v);
	return (char *)memcpy(o, &v, sizeof v) + sizeof v;
}

/* A version of up to eight octets, that of none, or 0 for a longer one. */
static uint64_t version_octets(const struct ev_event *event)
{
	const struct ev_node *n;
	uint64_t text;
	uint32_t len;

	if (event->version == EV_NOWHERE)
		return '0';
	n = &event->doc->nodes[event->version];
	len = n->end - n->pos;
	if (len > sizeof text)
		return 0;
	memcpy(&text, event->doc->text + n->pos, sizeof text);
	return le64toh(text) & UINT64_MAX >> 8 * (sizeof text - len);
}

/* The version so that octets compare; valid until the next. */
static const char *order_of(struct ev_version *v, const struct ev_event *event, size_t *len)
{
	uint64_t text = version_octets(event);
	struct order *order = &v->orders[text % ORDERS];

	if (text != 0 && order->text == text) {
		*len = order->len;
		return order->order;
	}
	ev_buf_reset(&v->order);
	ev_version_order(event->doc, event->version, &v->order);
	*len = v->order.len;
	if (text != 0 && *len <= ORDER_MAX) {
		memcpy(order->order, v->order.p, *len);
		order->text = text;
		order->len = *len;
	}
	return v->order.p;
}

/* Octets of the id in a key. */
static size_t id_octets(const struct ev_event *event)
{
	const char *p = event->id, *end = event->id + event->id_len;
	size_t nuls = 0;

	if (event->is_uuid)
		return EV_UUID_TEXT + 2;
	while ((p = memchr(p, '\0', (size_t)(end - p))) != NULL) {
		nuls++;
		p++;
	}
	return event->id_len + nuls + 2;
}

/* The id, its NULs written as 0,255 and its end as 0,0 so that no id is another's beginning. */
static char *put_id(char *o, const struct ev_event *event, size_t octets)
{
	if (event->is_uuid) {
		o = (char *)memcpy(o, event->id, EV_UUID_TEXT) + EV_UUID_TEXT;
	} else if (octets == event->id_len + 2) {
		o = (char *)memcpy(o, event->id, event->id_len) + event->id_len;
	} else {
		for (size_t i = 0; i < event->id_len; i++) {
			*o++ = event->id[i];
			if (event->id[i] == '\0')
				*o++ = '\xff';
		}
	}
	*o++ = '\0';
	*o++ = '\0';
	return o;
}

/* The key of the record: the id, then version, time and op. Returns where its item goes. */
static char *put_key(struct ev_version *v, const struct ev_event *event, uint32_t *id_len,
		     size_t item_len)
{
	size_t id = id_octets(event), order_len = 0;
	const char *order = NULL;
	char *o;

	*id_len = (uint32_t)id;
	if (v->m->by_arrival)
		return put_be64(put_id(ev_sort_room(v->sort, id + 8, item_len), event, id),
				v->arrived++);
	order = order_of(v, event, &order_len);
	o = ev_sort_room(v->sort, id + order_len + 17, item_len);
	o = put_id(o, event, id);
	o = (char *)memcpy(o, order, order_len) + order_len;
	o = put_be64(o, (uint64_t)event->modified.sec ^ 1ULL << 63);
	o = put_be64(o, (uint64_t)event->modified.nsec);
	*o++ = (char)event->op;
	return o;
}

static uint32_t source_number(struct ev_version *v, const char *source)
{
	if (source == v->source) /* files come one after another */
		return (uint32_t)(v->n_sources - 1);
	v->source = source;
	v->sources = ev_realloc_array(v->sources, v->n_sources + 1, sizeof(char *));
	v->sources[v->n_sources] = ev_strdup(source);
	return (uint32_t)v->n_sources++;
}

/* Of what `events` has read: all but the id, which the chain has in common. */
static const struct ev_buf *canonical_content(struct ev_version *v, const struct ev_event *event)
{
	uint32_t skip[EV_MAX_SKIP];
	size_t n = ev_event_skip(v->events, event, v->bare, 1, skip);

	return ev_content_form(v->contents, event->doc, skip, n);
}

/* Octets of a value in its canonical spelling, if it is spelled as that is; else 0. */
static uint32_t canonical_octets(const struct ev_doc *d, uint32_t at)
{
	uint32_t len = d->nodes[at].end - d->nodes[at].pos;
	const char *p = d->text + d->nodes[at].pos;

	switch (ev_kind(d, at)) {
	case EV_STRING: return d->nodes[at].escaped ? 0 : len;
	case EV_NULL: return len;
	case EV_NUMBER: /* zeros at the end become a power */
		for (uint32_t i = 0; i < len; i++)
			if (p[i] < '0' || p[i] > '9')
				return 0;
		return p[len - 1] != '0' || len == 1 ? len : 0;
	default: return 0;
	}
}

/* What is left of a content's canonical form of len octets when all that is bare is taken out. */
static uint32_t bare_octets(const struct ev_version *v, const struct ev_event *event, size_t len)
{
	if (!v->apart || len > EV_SCAN_MAX)
		return 0;
	for (int i = BARE_ID + 1; i < BARE; i++) {
		uint32_t octets, at;

		if (v->bare[i] == EV_NO_SLOT || (at = event->at[v->bare[i]]) == EV_NOWHERE)
			continue;
		if ((octets = canonical_octets(event->doc, at)) == 0)
			return 0;
		len -= v->around[i] + octets;
	}
	return len > 2 ? (uint32_t)len : 0; /* the last member of an object has no comma */
}

static bool is_plain(const struct ev_event *event)
{
	return event->reserved == EV_NOWHERE && event->doc->nodes[0].end == event->doc->len;
}

enum ev_status ev_version_step(struct ev_version *v, const struct ev_record *rec,
			       struct ev_error *err)
{
	struct ev_event event;
	struct item_head head = {0};
	const struct ev_buf *content;
	const char *from;
	char *item;

	if (ev_events_read(v->events, rec, &event, &v->why) != EV_OK)
		return ev_rejects_put(v->port->rejects, rec, event.origin, event.origin_len,
				      &v->why, err);
	content = canonical_content(v, &event);
	ev_buf_reset(&v->scratch);
	from = ev_key_version_preimage(&event, ev_hash128(content->p, content->len, 0),
				       &v->scratch);
	item = put_key(v, &event, &head.id_len, sizeof head + rec->len);
	head.line = rec->line;
	head.offset = rec->offset;
	head.source = source_number(v, rec->source);
	head.bare_len = bare_octets(v, &event, content->len);
	memcpy(head.from, from, EV_TIME_TEXT);
	head.op = (uint8_t)event.op;
	head.plain = is_plain(&event);
	head.type = event.doc->nodes[event.type].pos;
	head.type_len = event.doc->nodes[event.type].end - head.type;
	memcpy(item, &head, sizeof head);
	memcpy(item + sizeof head, rec->p, rec->len);
	ev_md5_add(v->keys, v->scratch.p, v->scratch.len, item + offsetof(struct item_head, row));
	return ev_sort_added(v->sort, err);
}

/* The chain */

static void add_link(struct ev_version *v, const struct ev_sorted *item)
{
	size_t len = item->len - sizeof(struct item_head);
	const char *key = item->key, *line = item->item + sizeof(struct item_head);
	struct link *l;

	if (!item->stays) {
		char *copy = ev_arena_alloc(&v->arena, len + EV_IN_SLACK);

		key = ev_arena_copy(&v->arena, key, item->key_len);
		memcpy(copy, line, len);
		memset(copy + len, 0, EV_IN_SLACK);
		line = copy;
	}
	if (v->n_links == v->cap_links)
		ev_grow(&v->links, &v->cap_links, v->n_links + 1, sizeof *v->links);
	l = &v->links[v->n_links++];
	memcpy(&l->head, item->item, sizeof l->head);
	l->line = line;
	l->len = len;
	l->key = key;
	l->key_len = item->key_len;
	l->content = NULL;
	l->content_len = 0;
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
		read_again(v, v->events, l->line, l->len, &v->event);
	v->read = l;
	return &v->event;
}

static void fill_content(struct ev_version *v, struct link *l)
{
	const struct ev_buf *content = canonical_content(v, read_link(v, l));

	l->content = ev_arena_copy(&v->arena, content->p, content->len);
	l->content_len = content->len;
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

	return order != 0 ? order : compare_octets(a->line, a->len, b->line, b->len);
}

static enum ev_status set_aside(struct ev_version *v, const struct link *l, const char *code,
				const char *message, struct ev_error *err)
{
	const struct ev_event *event = read_link(v, l);
	const struct ev_record rec = {.p = l->line,
				      .len = l->len,
				      .source = v->sources[l->head.source],
				      .line = l->head.line,
				      .offset = l->head.offset};

	ev_reasons_reset(&v->why);
	v->why.code = code;
	ev_reasons_add(&v->why, "%s", message);
	return ev_rejects_put(v->port->rejects, &rec, event->origin, event->origin_len, &v->why,
			      err);
}

/* l is lesser than other, which stands. */
static enum ev_status conflict(struct ev_version *v, const struct link *l, const struct link *other,
			       struct ev_error *err)
{
	const struct ev_event *event = read_link(v, l);
	size_t number = event->id_len > 0 && event->id[0] == '\0'; /* behind a NUL octet */
	const char *id = ev_reasons_quote(&v->why, event->id + number, event->id_len - number);
	struct ev_buf text = {0};
	enum ev_status st;

	v->n_conflict++;
	ev_buf_printf(&text,
		      "the event %s: the record at %s:%llu has the same version, time and op, and ",
		      id, v->sources[other->head.source], (unsigned long long)other->head.line);
	if (v->options.fail_on_conflict) {
		st = ev_fail(err,
			     "%s:%llu: %sother content: mend the producer, or set the lesser aside "
			     "with --on-conflict quarantine",
			     v->sources[l->head.source], (unsigned long long)l->head.line,
			     ev_buf_str(&text));
	} else {
		ev_buf_puts(&text, "content that is greater");
		st = set_aside(v, l, "conflict", ev_buf_str(&text), err);
	}
	ev_buf_free(&text);
	return st;
}

/*
 * Records from..to have equal version, time and op. The greatest content stands; equal content is a
 * duplicate; anything else is a conflict's loser. The winner comes to stand at from.
 */
static enum ev_status settle(struct ev_version *v, size_t from, size_t to, struct ev_error *err)
{
	size_t same = from + 1;

	while (same < to && compare_octets(v->links[from].line, v->links[from].len,
					   v->links[same].line, v->links[same].len) == 0)
		same++;
	if (same == to) { /* delivered again as they were */
		v->n_duplicate += to - from - 1;
		return EV_OK;
	}
	for (size_t i = from; i < to; i++)
		fill_content(v, &v->links[i]);
	qsort(v->links + from, to - from, sizeof *v->links, by_content);
	v->read = NULL; /* the records have changed places */
	for (size_t i = from + 1; i < to; i++) {
		if (compare_content(&v->links[i - 1], &v->links[i]) == 0)
			v->n_duplicate++;
		else if (conflict(v, &v->links[i], &v->links[from], err) == EV_FATAL)
			return EV_FATAL;
	}
	return EV_OK;
}

/* The fold */

static struct state next_state(const struct ev_version *v, const struct link *l, struct whole whole)
{
	struct state s = {.link = l, .whole = whole};
	const char *before = v->last.from;

	memcpy(s.from,
	       v->made && memcmp(before, l->head.from, EV_TIME_TEXT) > 0 ? before : l->head.from,
	       EV_TIME_TEXT);
	return s;
}

static enum ev_status emit(struct ev_version *v, const struct state *s, const char *to,
			   struct ev_error *err);

/* The version before gets its end, and is let go. */
static enum ev_status push(struct ev_version *v, const struct state *next, struct ev_error *err)
{
	if (v->made && v->options.emit == EV_EMIT_HISTORY &&
	    emit(v, &v->last, next->from, err) != EV_OK)
		return EV_FATAL;
	v->last = *next;
	v->made = true;
	v->n_version++;
	return EV_OK;
}

static struct ev_hash128 bare_digest(struct ev_version *v, const struct whole *whole)
{
	uint32_t skip[EV_MAX_SKIP];
	struct ev_event event;
	size_t n;

	v->read = NULL;
	read_again(v, v->events, whole->line, whole->len, &event);
	n = ev_event_skip(v->events, &event, v->bare, BARE, skip);
	return ev_content_digest(v->bares, event.doc, skip, n);
}

static void bare_content(struct ev_version *v, const struct whole *whole, struct ev_buf *out)
{
	uint32_t skip[EV_MAX_SKIP];
	struct ev_event event;
	size_t n;

	read_again(v, v->others, whole->line, whole->len, &event);
	n = ev_event_skip(v->others, &event, v->bare, BARE, skip);
	ev_buf_reset(out);
	ev_canonical(event.doc, 0, skip, n, out);
}

/*
 * Whether a content says nothing new to the one before but for version and modified time. Lengths
 * tell most apart, and digests most of the others; these are no secret, so that they cannot tell
 * that two are the same. s: of the content; its digest is kept, if it is made.
 */
static bool is_noop(struct ev_version *v, struct state *before, struct state *s)
{
	if (before->whole.bare_len != 0 && s->whole.bare_len != 0 &&
	    before->whole.bare_len != s->whole.bare_len)
		return false;
	if (!before->has_bare)
		before->bare = bare_digest(v, &before->whole);
	s->bare = bare_digest(v, &s->whole);
	before->has_bare = s->has_bare = true;
	if (s->bare.lo != before->bare.lo || s->bare.hi != before->bare.hi)
		return false;
	bare_content(v, &before->whole, &v->scratch);
	bare_content(v, &s->whole, &v->other);
	return v->scratch.len == v->other.len &&
	       memcmp(v->scratch.p, v->other.p, v->other.len) == 0;
}

/* An event that changes its type is most likely two, which share an id by chance. */
static void compare_types(struct ev_version *v, const struct whole *before,
			  const struct whole *after)
{
	struct ev_event a, b;
	const char *p, *q;
	size_t p_len, q_len;

	if (before->type_len != 0 && before->type_len == after->type_len &&
	    memcmp(before->line + before->type, after->line + after->type, after->type_len) == 0)
		return;
	v->read = NULL;
	read_again(v, v->events, before->line, before->len, &a);
	read_again(v, v->others, after->line, after->len, &b);
	p = ev_string(a.doc, a.type, &v->scratch, &p_len);
	q = ev_string(b.doc, b.type, &v->other, &q_len);
	if (compare_octets(p, p_len, q, q_len) == 0)
		return;
	v->n_retyped++;
	if (v->retyped == NULL) {
		/* A number's id stands behind a NUL. */
		size_t skip = b.id[0] == '\0';

		v->retyped = ev_strndup(b.id + skip, b.id_len - skip);
	}
}

static enum ev_status fold_whole(struct ev_version *v, const struct link *l, struct whole whole,
				 struct ev_error *err)
{
	struct state next = next_state(v, l, whole);

	if (v->made && !v->last.deleted) {
		if (is_noop(v, &v->last, &next)) {
			v->n_noop++;
			return EV_OK;
		}
		compare_types(v, &v->last.whole, &next.whole);
	}
	return push(v, &next, err);
}

static enum ev_status fold_patch(struct ev_version *v, const struct link *l, struct ev_error *err)
{
	const struct ev_event *event;
	uint32_t skip[EV_MAX_SKIP];
	struct ev_event base;
	struct ev_buf *whole;
	size_t n;

	if (!v->made || v->last.deleted)
		return set_aside(v, l, "orphan", "a patch has no version to stand on", err);
	event = read_link(v, l);
	read_again(v, v->others, v->last.whole.line, v->last.whole.len, &base);
	n = ev_event_skip(v->events, event, &v->bare[BARE_OP], 1, skip);
	whole = &v->wholes[v->last.whole.line == v->wholes[0].p];
	ev_buf_reset(whole);
	ev_merge_patch(base.doc, &base.reserved, base.reserved != EV_NOWHERE, event->doc, skip, n,
		       whole);
	if (whole->len > EV_SCAN_MAX)
		return set_aside(v, l, "too-long", "what the patch makes is longer than 512 MiB",
				 err);
	memset(ev_buf_room(whole, EV_IN_SLACK), 0, EV_IN_SLACK);
	return fold_whole(v, l, (struct whole){.line = whole->p, .len = whole->len, .plain = true},
			  err);
}

static enum ev_status fold(struct ev_version *v, const struct link *l, struct ev_error *err)
{
	struct state next;

	switch ((enum ev_op)l->head.op) {
	case EV_PUT:
		return fold_whole(v, l,
				  (struct whole){l->line, l->len, l->head.bare_len, l->head.plain,
						 l->head.type, l->head.type_len},
				  err);
	case EV_PATCH: return fold_patch(v, l, err);
	case EV_DELETE:
		if (!v->made || v->last.deleted) {
			v->n_noop++;
			return EV_OK;
		}
		next = next_state(v, l, v->last.whole);
		next.deleted = true;
		return push(v, &next, err);
	}
	return EV_OK;
}

/* Emitting */

#define PUT(o, text) ((char *)memcpy((o), (text), sizeof(text) - 1) + sizeof(text) - 1)

static const char put_in[] = ",\"_ev\":", insert[] = "{\"op\":\"insert\",\"row\":\"",
		  valid_from[] = "\",\"valid_from\":\"", valid_to[] = "\",\"valid_to\":\"",
		  current[] = "\",\"valid_to\":null,\"current\":true,\"deleted\":false",
		  gone[] = "\",\"valid_to\":null,\"current\":false,\"deleted\":true",
		  former[] = "\",\"current\":false,\"deleted\":false",
		  former_gone[] = "\",\"current\":false,\"deleted\":true";

/* Octets that are told of a version at most, and what is put around it. */
enum { MEMBER_MAX = 256 };

/* What is told of a version, but for an origin. to: NULL for the newest. */
static char *put_version(char *o, const char row[EV_KEY_TEXT], const char from[EV_TIME_TEXT],
			 const char *to, bool deleted)
{
	o = PUT(o, insert);
	o = (char *)memcpy(o, row, EV_KEY_TEXT) + EV_KEY_TEXT;
	o = PUT(o, valid_from);
	o = (char *)memcpy(o, from, EV_TIME_TEXT) + EV_TIME_TEXT;
	if (to == NULL)
		return deleted ? PUT(o, gone) : PUT(o, current);
	o = PUT(o, valid_to);
	o = (char *)memcpy(o, to, EV_TIME_TEXT) + EV_TIME_TEXT;
	return deleted ? PUT(o, former_gone) : PUT(o, former);
}

/* A version whose line needs no look: right into the output, if there is room. */
static enum ev_status emit_plain(struct ev_version *v, const char *line, size_t len,
				 const char row[EV_KEY_TEXT], const char from[EV_TIME_TEXT],
				 const char *to, bool deleted, struct ev_error *err)
{
	struct ev_out *out = v->port->out;
	bool room = ev_out_room(out, len + MEMBER_MAX);
	char *begin, *o;

	ev_buf_reset(&v->line);
	begin = room ? out->buf + out->len : ev_buf_room(&v->line, len + MEMBER_MAX);
	o = (char *)memcpy(begin, line, len - 1) + len - 1;
	o = PUT(o, put_in);
	o = put_version(o, row, from, to, deleted);
	*o++ = '}';
	*o++ = '}';
	v->n_out++;
	if (!room)
		return ev_port_line(v->port, begin, (size_t)(o - begin), err);
	ev_out_made(out, (size_t)(o - begin));
	return EV_OK;
}

/* to: when the next version begins; NULL for the newest. */
static enum ev_status emit(struct ev_version *v, const struct state *s, const char *to,
			   struct ev_error *err)
{
	const char *row = s->link->head.row;
	struct ev_buf *m = &v->scratch;
	struct ev_event event;

	if (s->whole.plain)
		return emit_plain(v, s->whole.line, s->whole.len, row, s->from, to, s->deleted,
				  err);
	read_again(v, v->others, s->whole.line, s->whole.len, &event);
	ev_buf_reset(m);
	m->len = (size_t)(put_version(ev_buf_room(m, MEMBER_MAX), row, s->from, to, s->deleted) -
			  m->p);
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

static bool same_order(const struct link *a, const struct link *b)
{
	return compare_octets(a->key + a->head.id_len, a->key_len - a->head.id_len,
			      b->key + b->head.id_len, b->key_len - b->head.id_len) == 0;
}

static enum ev_status replay_chain(struct ev_version *v, struct ev_error *err)
{
	const struct link *only = &v->links[0];
	size_t from, to;

	if (v->n_links == 1 && only->head.op == EV_PUT && only->head.plain) {
		v->n_version++;
		return emit_plain(v, only->line, only->len, only->head.row, only->head.from, NULL,
				  false, err);
	}
	v->made = false;
	for (from = 0; from < v->n_links; from = to) {
		for (to = from + 1; to < v->n_links; to++)
			if (!same_order(&v->links[from], &v->links[to]))
				break;
		if (to - from > 1 && settle(v, from, to, err) != EV_OK)
			return EV_FATAL;
		if (fold(v, &v->links[from], err) == EV_FATAL)
			return EV_FATAL;
	}
	if (!v->made || (v->options.emit == EV_EMIT_LATEST && v->last.deleted))
		return EV_OK;
	return emit(v, &v->last, NULL, err);
}

static bool same_id(const struct link *l, const char *key, size_t id_len)
{
	return l->head.id_len == id_len && memcmp(l->key, key, id_len) == 0;
}

enum ev_status ev_version_finish(struct ev_version *v, struct ev_error *err)
{
	struct ev_sorted item;
	enum ev_status st;

	ev_md5_settle(v->keys);
	st = ev_sort_finish(v->sort, err);
	while (st == EV_OK && (st = ev_sort_next(v->sort, &item, err)) == EV_OK) {
		uint32_t id_len;

		memcpy(&id_len, item.item + offsetof(struct item_head, id_len), sizeof id_len);
		if (v->n_links > 0 && !same_id(&v->links[0], item.key, id_len)) {
			if (replay_chain(v, err) != EV_OK)
				return EV_FATAL;
			v->n_links = 0;
			v->read = NULL;
			ev_arena_reset(&v->arena);
		}
		add_link(v, &item);
	}
	if (st == EV_FATAL)
		return EV_FATAL;
	return v->n_links > 0 ? replay_chain(v, err) : EV_OK;
}

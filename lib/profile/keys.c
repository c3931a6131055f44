#include "profile/keys.h"
#include "base/hash.h"
#include "base/mem.h"
#include "profile/words.h"

#include <stdio.h>
#include <stdlib.h>

enum { DEEPEST = 3, ROOM = 2 * EV_KEYS_ROWS, FOUND = 256, NO_ROLE = 150, DEEPER = 100 };

/* The scalars of the first event, in the order of their documents. */
struct found {
	struct ev_key_column list[FOUND];
	size_t n;
	const struct ev_doc *d;
};

/* How much a name looks like a part of the envelope; the less, the more. */
static int order_of(const char *words, unsigned depth)
{
	static const struct {
		enum ev_word_list list;
		int from;
	} roles[] = {{EV_WORDS_ID, 0},	      {EV_WORDS_TYPE, 10},	{EV_WORDS_VERSION, 30},
		     {EV_WORDS_TIME, 40},     {EV_WORDS_MODIFIED, 60},	{EV_WORDS_OP, 70},
		     {EV_WORDS_ID_LAST, 100}, {EV_WORDS_TIME_LAST, 120}};
	int least = NO_ROLE;

	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
		int rank = ev_words_rank(words, roles[i].list);

		if (rank != EV_NO_WORD && roles[i].from + rank < least)
			least = roles[i].from + rank;
	}
	return least + DEEPER * (int)(depth - 1);
}

/* Where a walk through the first event is. */
struct where {
	const char *path, *other; /* in jq; other: where else the same row may stand, or NULL */
	bool row;		  /* in the row of a change event */
	unsigned depth;
};

static void note_scalar(struct found *f, const struct where *at, const char *name, size_t len)
{
	struct ev_key_column *c;
	char words[EV_WORDS];
	struct ev_error none;

	if (f->n == FOUND)
		return;
	ev_words_of(name, len, words);
	c = &f->list[f->n++];
	*c = (struct ev_key_column){.words = ev_strdup(words),
				    .depth = at->depth,
				    .path = ev_path_parse(at->path, &none),
				    .is_row = at->row,
				    .order = order_of(words, at->depth)};
	if (at->other == NULL) {
		c->jq = ev_strdup(at->path);
		return;
	}
	c->other = ev_path_parse(at->other, &none);
	c->jq = ev_malloc(strlen(at->path) + strlen(at->other) + sizeof " // ");
	sprintf(c->jq, "%s // %s", at->path, at->other);
}

/* Whether a member here, or one level below, says what a change event did to its row. */
static bool has_op(const struct ev_doc *d, uint32_t at, bool below)
{
	char words[EV_WORDS];

	for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i + 1)) {
		const struct ev_node *name = &d->nodes[i], *value = &d->nodes[i + 1];

		if (below && value->kind == EV_OBJECT && has_op(d, i + 1, false))
			return true;
		if (value->kind != EV_STRING)
			continue;
		ev_words_of(d->text + name->pos, name->end - name->pos, words);
		if (ev_words_rank(words, EV_WORDS_OP) == EV_NO_WORD)
			continue;
		ev_words_of(d->text + value->pos, value->end - value->pos, words);
		if (ev_words_rank(words, EV_WORDS_DID) != EV_NO_WORD)
			return true;
	}
	return false;
}

static void find_scalars(struct found *f, uint32_t at, const struct where *where);

static uint32_t object_at(const struct ev_doc *d, uint32_t at, const char *name)
{
	const uint32_t value = ev_member(d, at, name, strlen(name));

	return value != EV_NOWHERE && ev_kind(d, value) == EV_OBJECT ? value : EV_NOWHERE;
}

/* The row of a change event: as it was after the change, or before it where it was deleted. */
static bool find_row(struct found *f, uint32_t at, const struct where *where)
{
	const struct ev_doc *d = f->d;
	const uint32_t after = object_at(d, at, "after"), before = object_at(d, at, "before"),
		       data = object_at(d, at, "data"), row = after != EV_NOWHERE ? after : before;
	struct ev_buf first = {0}, second = {0};
	struct where inner = {.row = true, .depth = where->depth + 1};

	if ((row == EV_NOWHERE && data == EV_NOWHERE) || !has_op(d, at, true))
		return false;
	ev_buf_printf(&first, "%s.%s", where->path, row != EV_NOWHERE ? "after" : "data");
	ev_buf_printf(&second, "%s.before", where->path);
	inner.path = ev_buf_str(&first);
	inner.other = row != EV_NOWHERE ? ev_buf_str(&second) : NULL;
	find_scalars(f, row != EV_NOWHERE ? row : data, &inner);
	ev_buf_free(&first);
	ev_buf_free(&second);
	return true;
}

static bool holds_row(const char *name, size_t len)
{
	return (len == 5 && memcmp(name, "after", 5) == 0) ||
	       (len == 6 && memcmp(name, "before", 6) == 0) ||
	       (len == 4 && memcmp(name, "data", 4) == 0);
}

static void find_scalars(struct found *f, uint32_t at, const struct where *where)
{
	const struct ev_doc *d = f->d;
	const bool row = !where->row && find_row(f, at, where);
	struct ev_buf text = {0}, path = {0}, other = {0};

	for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i + 1)) {
		const enum ev_kind kind = ev_kind(d, i + 1);
		struct where inner = *where;
		size_t len;
		const char *name = ev_string(d, i, &text, &len);

		if ((row && holds_row(name, len)) || memchr(name, '\0', len) != NULL ||
		    len > EV_ID_MAX || (len == 3 && memcmp(name, "_ev", 3) == 0))
			continue;
		ev_buf_reset(&path);
		ev_buf_puts(&path, where->path);
		ev_path_put_name(name, len, &path);
		inner.path = ev_buf_str(&path);
		if (where->other != NULL) {
			ev_buf_reset(&other);
			ev_buf_puts(&other, where->other);
			ev_path_put_name(name, len, &other);
			inner.other = ev_buf_str(&other);
		}
		if (kind < EV_ARRAY) {
			note_scalar(f, &inner, name, len);
		} else if (kind == EV_OBJECT && where->depth < DEEPEST) {
			inner.depth++;
			find_scalars(f, i + 1, &inner);
		}
	}
	ev_buf_free(&text);
	ev_buf_free(&path);
	ev_buf_free(&other);
}

static int by_order(const void *a, const void *b)
{
	const struct ev_key_column *x = a, *y = b;

	return x->order != y->order ? (x->order > y->order) - (x->order < y->order)
				    : strcmp(x->jq, y->jq);
}

static void free_column(struct ev_key_column *c)
{
	free(c->jq);
	free(c->words);
	ev_path_free(&c->path);
	ev_path_free(&c->other);
}

static bool may_identify(const struct ev_key_column *c)
{
	return ev_words_rank(c->words, EV_WORDS_ID) != EV_NO_WORD ||
	       ev_words_rank(c->words, EV_WORDS_ID_LAST) != EV_NO_WORD;
}

/* Its name says nothing of what it is to events. */
static bool is_plain(const struct ev_key_column *c)
{
	return c->order == NO_ROLE + DEEPER * (int)(c->depth - 1);
}

static void add_anchors(struct ev_keys *k, bool named, size_t most)
{
	for (size_t i = 0; i < k->n && k->n_anchors < most; i++)
		if (named ? may_identify(&k->columns[i]) : is_plain(&k->columns[i]))
			k->anchors[k->n_anchors++] = (struct ev_key_anchor){i, named, NULL, 0, 0};
}

/* What the first event may lack. */
static void note_usual(struct found *f, const char *name)
{
	struct ev_buf path = {0};

	ev_path_put_name(name, strlen(name), &path);
	note_scalar(f, &(struct where){.path = ev_buf_str(&path), .depth = 1}, name, strlen(name));
	ev_buf_free(&path);
}

static void ignore(struct ev_keys *k, struct ev_events *events, const char *name, size_t len)
{
	struct ev_buf path = {0};
	struct ev_error none;

	ev_path_put_name(name, len, &path);
	k->ignore[k->n_ignore] = ev_path_parse(ev_buf_str(&path), &none);
	k->ignore_slots[k->n_ignore] = ev_events_want(events, k->ignore[k->n_ignore]);
	k->n_ignore++;
	ev_buf_free(&path);
}

/* What a transport has added to the first event, and what it may have added to others. */
static void note_ignored(struct ev_keys *k, struct ev_events *events, const struct ev_doc *d)
{
	static const char usual[] = "received_at";
	const size_t usual_len = sizeof usual - 1;
	struct ev_buf text = {0};
	char words[EV_WORDS];

	ignore(k, events, usual, usual_len);
	for (uint32_t i = ev_first(d, 0); i < ev_end(d, 0) && k->n_ignore < EV_KEYS_IGNORE;
	     i = ev_next(d, i + 1)) {
		size_t len;
		const char *name = ev_string(d, i, &text, &len);

		ev_words_of(name, len, words);
		if (ev_words_rank(words, EV_WORDS_IGNORE) != EV_NO_WORD &&
		    !ev_string_is(d, i, usual, usual_len))
			ignore(k, events, name, len);
	}
	ev_buf_free(&text);
}

void ev_keys_begin(struct ev_keys *k, struct ev_events *events, const struct ev_event *first)
{
	static const char *const usual[] = {"event_id", "version", "modified_at", "updated_at",
					    "op"};
	struct found *f = ev_calloc(1, sizeof *f);

	f->d = first->doc;
	find_scalars(f, 0, &(struct where){.path = "", .depth = 1});
	for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
		if (ev_member(first->doc, 0, usual[i], strlen(usual[i])) == EV_NOWHERE)
			note_usual(f, usual[i]);
	qsort(f->list, f->n, sizeof f->list[0], by_order);
	for (size_t i = 0; i < f->n; i++) {
		struct ev_key_column *c = &f->list[i];

		if (k->n == EV_KEYS_COLUMNS) {
			free_column(c);
			continue;
		}
		c->slot = ev_events_want(events, c->path);
		c->other_slot = ev_events_want(events, c->other);
		k->columns[k->n++] = *c;
	}
	free(f);
	note_ignored(k, events, first->doc);
	add_anchors(k, true, EV_KEYS_NAMED);
	add_anchors(k, false, EV_KEYS_ANCHORS);
}

size_t ev_keys_skip(const struct ev_keys *k, const struct ev_event *event,
		    uint32_t at[EV_KEYS_SKIP])
{
	size_t n = 0;

	if (event->reserved != EV_NOWHERE)
		at[n++] = event->reserved;
	for (size_t i = 0; i < k->n_ignore; i++)
		if (event->at[k->ignore_slots[i]] != EV_NOWHERE)
			at[n++] = event->at[k->ignore_slots[i]];
	return n;
}

static uint32_t value_at(const struct ev_event *event, uint32_t slot)
{
	const uint32_t at = slot != EV_NO_SLOT ? event->at[slot] : EV_NOWHERE;

	return at != EV_NOWHERE && ev_kind(event->doc, at) == EV_NULL ? EV_NOWHERE : at;
}

uint32_t ev_keys_value(const struct ev_key_column *c, const struct ev_event *event)
{
	const uint32_t at = value_at(event, c->slot);

	return at != EV_NOWHERE ? at : value_at(event, c->other_slot);
}

/* Whether it could be an id: the text or the integer that evkit(7) asks for. */
static bool is_id(const struct ev_doc *d, uint32_t at)
{
	const struct ev_node *n = &d->nodes[at];
	const char *p = d->text + n->pos;

	if (n->kind == EV_STRING)
		return n->end - n->pos > 2 && n->end - n->pos - 2 <= EV_ID_MAX &&
		       !(n->escaped && d->nul);
	for (uint32_t i = p[0] == '-'; i < n->end - n->pos; i++)
		if (p[i] < '0' || p[i] > '9')
			return false;
	return n->kind == EV_NUMBER;
}

static void note_value(struct ev_key_column *c, const struct ev_doc *d, uint32_t at)
{
	if (at == EV_NOWHERE) {
		c->absent++;
		return;
	}
	c->no_id += !is_id(d, at);
	c->no_text += ev_kind(d, at) != EV_STRING || d->nodes[at].end - d->nodes[at].pos == 2;
	if (d->nodes[at].end - d->nodes[at].pos > c->longest)
		c->longest = d->nodes[at].end - d->nodes[at].pos;
}

static uint64_t hash_of(const struct ev_doc *d, uint32_t at)
{
	size_t len;
	const char *p;

	if (at == EV_NOWHERE)
		return 0;
	p = ev_raw(d, at, &len);
	return ev_hash64(p, len, 0);
}

static bool is_in(uint64_t id, uint32_t level)
{
	return level == 0 || id >> (64 - level) == 0;
}

static int by_row(const void *a, const void *b)
{
	const struct ev_key_row *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->content > y->content) - (x->content < y->content);
}

/* Leaves one row for each event that differs, and of these no more than EV_KEYS_ROWS. */
static void compact(struct ev_key_anchor *a)
{
	size_t n = 0;

	qsort(a->rows, a->n, sizeof *a->rows, by_row);
	for (size_t i = 0; i < a->n; i++)
		if (n == 0 || by_row(&a->rows[n - 1], &a->rows[i]) != 0)
			a->rows[n++] = a->rows[i];
	while (n > EV_KEYS_ROWS) { /* by id, so those that go stand at the end */
		a->level++;
		while (n > 0 && !is_in(a->rows[n - 1].id, a->level))
			n--;
	}
	a->n = n;
}

void ev_keys_add(struct ev_keys *k, const struct ev_event *event, uint64_t content)
{
	const struct ev_doc *d = event->doc;
	uint32_t at[EV_KEYS_COLUMNS];
	struct ev_key_row row = {.content = content};
	bool hashed = false;

	for (size_t i = 0; i < k->n; i++) {
		at[i] = ev_keys_value(&k->columns[i], event);
		note_value(&k->columns[i], d, at[i]);
	}
	for (size_t i = 0; i < k->n_anchors; i++) {
		struct ev_key_anchor *a = &k->anchors[i];

		row.id = hash_of(d, at[a->column]);
		if (at[a->column] == EV_NOWHERE || !is_in(row.id, a->level) ||
		    !is_id(d, at[a->column]))
			continue;
		for (size_t c = 0; !hashed && c < k->n; c++)
			row.columns[c] = (uint32_t)hash_of(d, at[c]);
		hashed = true;
		if (a->rows == NULL)
			a->rows = ev_malloc(ROOM * sizeof *a->rows);
		a->rows[a->n++] = row;
		if (a->n == ROOM)
			compact(a);
	}
}

/* A row as a key sees it. */
struct seen {
	uint64_t id, order, content;
};

static int by_seen(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return (x->content > y->content) - (x->content < y->content);
}

static uint64_t mix(uint64_t h, const struct ev_key_row *row, const size_t *columns, size_t n)
{
	uint64_t parts[1 + EV_KEYS_PARTS] = {h};

	for (size_t i = 0; i < n; i++)
		parts[1 + i] = row->columns[columns[i]];
	return ev_hash64(parts, sizeof parts, 0);
}

struct ev_key_verdict ev_keys_judge(struct ev_keys *k, const struct ev_key *key)
{
	struct ev_key_anchor *a = &k->anchors[key->anchor];
	struct ev_key_verdict v = {0};
	struct seen *seen;

	compact(a);
	v.events = a->n;
	v.sampled = a->level > 0;
	seen = ev_calloc(a->n + 1, sizeof *seen);
	for (size_t i = 0; i < a->n; i++) {
		const struct ev_key_row *row = &a->rows[i];
		const uint64_t id = mix(row->id, row, key->parts, key->n_parts);

		seen[i] = (struct seen){id, mix(id, row, key->order, key->n_order), row->content};
	}
	qsort(seen, a->n, sizeof *seen, by_seen);
	for (size_t i = 0, first = 0; i < a->n; i++) {
		bool same_id = i > 0 && seen[i - 1].id == seen[i].id;

		if (!same_id) {
			v.ids++;
			first = i;
		}
		v.several += same_id && i == first + 1;
		v.conflicts += same_id && seen[i - 1].order == seen[i].order;
	}
	free(seen);
	return v;
}

void ev_keys_free(struct ev_keys *k)
{
	for (size_t i = 0; i < k->n; i++)
		free_column(&k->columns[i]);
	for (size_t i = 0; i < k->n_ignore; i++)
		ev_path_free(&k->ignore[i]);
	for (size_t i = 0; i < k->n_anchors; i++)
		free(k->anchors[i].rows);
	*k = (struct ev_keys){0};
}

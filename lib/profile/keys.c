#include "profile/keys.h"
#include "base/hash.h"
#include "base/mem.h"
#include "profile/words.h"

#include <stdlib.h>

enum { DEEPEST = 3, ROOM = 2 * EV_KEYS_ROWS, FOUND = 256 };

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
	int least = 200;

	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
		int rank = ev_words_rank(words, roles[i].list);

		if (rank != EV_NO_WORD && roles[i].from + rank < least)
			least = roles[i].from + rank;
	}
	return least + 100 * (int)(depth - 1);
}

static void note_scalar(struct found *f, const char *jq, const char *other, const char *name,
			size_t len, unsigned depth)
{
	struct ev_key_column *c;
	char words[EV_WORDS];
	struct ev_error none;
	struct ev_path *path = ev_path_parse(jq, &none);
	struct ev_buf both = {0};

	if (path == NULL || f->n == FOUND) {
		ev_path_free(&path);
		return;
	}
	ev_words_of(name, len, words);
	c = &f->list[f->n++];
	*c = (struct ev_key_column){.words = ev_strdup(words),
				    .depth = depth,
				    .path = path,
				    .is_row = other != NULL,
				    .order = order_of(words, depth)};
	ev_buf_puts(&both, jq);
	if (other != NULL) {
		c->other = ev_path_parse(other, &none);
		ev_buf_printf(&both, " // %s", other);
	}
	c->jq = ev_strdup(ev_buf_str(&both));
	ev_buf_free(&both);
}

static bool is_name(const struct ev_doc *d, uint32_t name, const char *word)
{
	return ev_string_is(d, name, word, strlen(word));
}

static void find_scalars(struct found *f, uint32_t at, const char *path, const char *other,
			 unsigned depth);

/* The row of a change event stands behind it, or before it where it was deleted. */
static bool find_row(struct found *f, uint32_t at, const char *path, unsigned depth)
{
	const struct ev_doc *d = f->d;
	uint32_t after = ev_member(d, at, "after", 5), before = ev_member(d, at, "before", 6), row;
	struct ev_buf a = {0}, b = {0};

	if (after == EV_NOWHERE || before == EV_NOWHERE)
		return false;
	row = ev_kind(d, after) == EV_OBJECT ? after : before;
	if (ev_kind(d, row) != EV_OBJECT)
		return false;
	ev_buf_printf(&a, "%s.after", path);
	ev_buf_printf(&b, "%s.before", path);
	find_scalars(f, row, ev_buf_str(&a), ev_buf_str(&b), depth + 1);
	ev_buf_free(&a);
	ev_buf_free(&b);
	return true;
}

static void find_scalars(struct found *f, uint32_t at, const char *path, const char *other,
			 unsigned depth)
{
	const struct ev_doc *d = f->d;
	const bool row = other == NULL && find_row(f, at, path, depth);
	struct ev_buf text = {0}, jq = {0}, second = {0};

	for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i + 1)) {
		const enum ev_kind kind = ev_kind(d, i + 1);
		const char *name;
		size_t len;

		if (row && (is_name(d, i, "after") || is_name(d, i, "before")))
			continue;
		name = ev_string(d, i, &text, &len);
		if ((depth == 1 && len == 3 && memcmp(name, "_ev", 3) == 0) ||
		    memchr(name, '\0', len) != NULL || len > EV_ID_MAX)
			continue;
		ev_buf_reset(&jq);
		ev_buf_puts(&jq, path);
		ev_path_put_name(name, len, &jq);
		ev_buf_reset(&second);
		if (other != NULL) {
			ev_buf_puts(&second, other);
			ev_path_put_name(name, len, &second);
		}
		if (kind == EV_OBJECT && depth < DEEPEST)
			find_scalars(f, i + 1, ev_buf_str(&jq),
				     other != NULL ? ev_buf_str(&second) : NULL, depth + 1);
		else if (kind < EV_ARRAY)
			note_scalar(f, ev_buf_str(&jq), other != NULL ? ev_buf_str(&second) : NULL,
				    name, len, depth);
	}
	ev_buf_free(&text);
	ev_buf_free(&jq);
	ev_buf_free(&second);
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

void ev_keys_begin(struct ev_keys *k, struct ev_events *events, const struct ev_event *first)
{
	struct found *f = ev_calloc(1, sizeof *f);

	f->d = first->doc;
	find_scalars(f, 0, "", NULL, 1);
	qsort(f->list, f->n, sizeof f->list[0], by_order);
	for (size_t i = 0; i < f->n; i++) {
		struct ev_key_column *c = &f->list[i];

		if (k->n == EV_KEYS_COLUMNS) {
			free_column(c);
			continue;
		}
		c->slot = ev_events_want(events, c->path);
		c->other_slot = ev_events_want(events, c->other);
		if (may_identify(c) && k->n_anchors < EV_KEYS_ANCHORS)
			k->anchors[k->n_anchors++] = (struct ev_key_anchor){.column = k->n};
		k->columns[k->n++] = *c;
	}
	free(f);
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
		return n->end - n->pos > 2 && n->end - n->pos - 2 <= EV_ID_MAX && !d->nul;
	for (uint32_t i = p[0] == '-'; i < n->end - n->pos; i++)
		if (p[i] < '0' || p[i] > '9')
			return false;
	return n->kind == EV_NUMBER;
}

static void note_value(struct ev_key_column *c, const struct ev_doc *d, uint32_t at)
{
	if (at == EV_NOWHERE) {
		c->lacking = c->no_text = true;
		return;
	}
	c->lacking |= !is_id(d, at);
	c->no_text |= ev_kind(d, at) != EV_STRING || d->nodes[at].end - d->nodes[at].pos == 2;
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
		if (k->columns[a->column].lacking || !is_in(row.id, a->level))
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
	for (size_t i = 0; i < k->n_anchors; i++)
		free(k->anchors[i].rows);
	*k = (struct ev_keys){0};
}

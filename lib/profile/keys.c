#include "profile/keys.h"
#include "base/hash.h"
#include "base/mem.h"
#include "profile/tree.h"
#include "profile/words.h"

#include <stdlib.h>

enum { DEEPEST = 3, ROOM = 2 * EV_KEYS_ROWS, NO_ROLE = 150, OTHERS = 12, DEEPER = 100 };

/* Whether customer_id is rather the customer's id than the event's. */
static bool is_of_other(const char *words)
{
	char first[EV_WORDS];
	const size_t len = strcspn(words, "_");

	if (words[len] == '\0')
		return false;
	memcpy(first, words, len);
	first[len] = '\0';
	return ev_words_rank(first, EV_WORDS_OTHER) != EV_NO_WORD;
}

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
	if (least < NO_ROLE && is_of_other(words))
		least += OTHERS;
	return least + DEEPER * (int)(depth - 1);
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

/* Anchors */

static void drop_anchor(struct ev_keys *k, size_t which)
{
	free(k->anchors[which].rows);
	k->anchors[which] = k->anchors[--k->n_anchors];
}

/* Makes a column an anchor, if it is one of the best of its kind. */
static void add_anchor(struct ev_keys *k, size_t column)
{
	const struct ev_key_column *c = &k->columns[column];
	const bool named = may_identify(c);
	size_t worst = EV_KEYS_ANCHORS, n = 0;

	if (!named && !is_plain(c))
		return;
	for (size_t i = 0; i < k->n_anchors; i++) {
		if (k->anchors[i].named != named)
			continue;
		n++;
		if (worst == EV_KEYS_ANCHORS || by_order(&k->columns[k->anchors[worst].column],
							 &k->columns[k->anchors[i].column]) < 0)
			worst = i;
	}
	if (n == (named ? EV_KEYS_NAMED : EV_KEYS_PLAIN)) {
		if (by_order(&k->columns[k->anchors[worst].column], c) < 0)
			return;
		drop_anchor(k, worst);
	}
	k->anchors[k->n_anchors++] = (struct ev_key_anchor){column, named, NULL, 0, 0};
}

/* Columns */

/* Takes a column out, of which no sampled event shall know any more. */
static void clear_column(struct ev_keys *k, size_t column)
{
	for (size_t i = k->n_anchors; i-- > 0;) {
		struct ev_key_anchor *a = &k->anchors[i];

		if (a->column == column) {
			drop_anchor(k, i);
			continue;
		}
		for (size_t r = 0; r < a->n; r++)
			a->rows[r].columns[column] = 0;
	}
	free_column(&k->columns[column]);
}

/* Takes over a new column, if there is room or a lesser one. */
static void add_column(struct ev_keys *k, struct ev_key_column *c)
{
	size_t at = k->n;

	if (k->n == EV_KEYS_COLUMNS) {
		at = 0;
		for (size_t i = 1; i < k->n; i++)
			if (by_order(&k->columns[i], &k->columns[at]) > 0)
				at = i;
		if (by_order(c, &k->columns[at]) > 0) {
			free_column(c);
			return;
		}
		clear_column(k, at);
	} else {
		k->n++;
	}
	c->absent = k->events;
	c->serial = ++k->serials;
	k->columns[at] = *c;
	add_anchor(k, at);
}

/* Where a walk through a document is. */
struct where {
	const char *path, *other; /* in jq; other: where else the same row may stand, or NULL */
	bool second;		  /* it is at the other one */
	bool row;		  /* in the row of a change event */
	unsigned depth;
};

static void note_scalar(struct ev_keys *k, const struct where *at, uint32_t id, const char *name,
			size_t len)
{
	struct ev_key_column c = {.depth = at->depth, .is_row = at->row};
	struct ev_buf jq = {0};
	char words[EV_WORDS];
	struct ev_error none;

	ev_buf_puts(&jq, at->path);
	if (at->other != NULL)
		ev_buf_printf(&jq, " // %s", at->other);
	for (size_t i = 0; i < k->n; i++) {
		if (strcmp(k->columns[i].jq, ev_buf_str(&jq)) != 0)
			continue;
		*(at->second ? &k->columns[i].other_id : &k->columns[i].id) = id;
		ev_buf_free(&jq);
		return;
	}
	ev_words_of(name, len, words);
	c.words = ev_strdup(words);
	c.jq = ev_strdup(ev_buf_str(&jq));
	c.order = order_of(words, at->depth);
	c.path = ev_path_parse(at->path, &none);
	c.other = at->other != NULL ? ev_path_parse(at->other, &none) : NULL;
	*(at->second ? &c.other_id : &c.id) = id;
	ev_buf_free(&jq);
	add_column(k, &c);
}

static void note_ignored(struct ev_keys *k, const char *path, uint32_t id)
{
	struct ev_error none;

	if (k->n_ignore == EV_KEYS_IGNORE)
		return;
	k->ignore[k->n_ignore] = ev_path_parse(path, &none);
	k->ignore_ids[k->n_ignore++] = id;
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

static void look(struct ev_keys *k, const struct ev_doc *d, uint32_t at, const struct where *where);

static uint32_t object_at(const struct ev_doc *d, uint32_t at, const char *name)
{
	const uint32_t value = ev_member(d, at, name, strlen(name));

	return value != EV_NOWHERE && ev_kind(d, value) == EV_OBJECT ? value : EV_NOWHERE;
}

/* The row of a change event: as it was after the change, or before it where it was deleted. */
static bool look_at_row(struct ev_keys *k, const struct ev_doc *d, uint32_t at,
			const struct where *where)
{
	const uint32_t after = object_at(d, at, "after"), before = object_at(d, at, "before"),
		       data = object_at(d, at, "data");
	const bool pair = after != EV_NOWHERE || before != EV_NOWHERE;
	struct ev_buf first = {0}, second = {0};
	struct where inner = {.row = true, .depth = where->depth + 1};

	if ((!pair && data == EV_NOWHERE) || !has_op(d, at, true))
		return false;
	ev_buf_printf(&first, "%s.%s", where->path, pair ? "after" : "data");
	ev_buf_printf(&second, "%s.before", where->path);
	inner.path = ev_buf_str(&first);
	inner.other = pair ? ev_buf_str(&second) : NULL;
	if (!pair)
		look(k, d, data, &inner);
	if (after != EV_NOWHERE)
		look(k, d, after, &inner);
	inner.second = true;
	if (before != EV_NOWHERE)
		look(k, d, before, &inner);
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

/* Whether a member is looked at for the first time; not so those that no scanner learns. */
static bool is_new(struct ev_keys *k, uint32_t id)
{
	if (id == EV_NO_MEMBER_ID || (id < k->n_known && k->known[id]))
		return false;
	if (id >= k->n_known) {
		const size_t had = k->n_known;

		ev_grow(&k->known, &k->n_known, id + 1, sizeof *k->known);
		memset(k->known + had, 0, k->n_known - had);
	}
	return k->known[id] = true;
}

static void look_at(struct ev_keys *k, const struct ev_doc *d, uint32_t name_at,
		    const struct where *where)
{
	const enum ev_kind kind = ev_kind(d, name_at + 1);
	const uint32_t id = d->nodes[name_at].member_id;
	struct ev_buf text = {0}, path = {0}, other = {0};
	struct where inner = *where;
	char words[EV_WORDS];
	size_t len;
	const char *name = ev_string(d, name_at, &text, &len);

	if (memchr(name, '\0', len) == NULL && len <= EV_TREE_NAME &&
	    !(len == 3 && memcmp(name, "_ev", 3) == 0) && (kind == EV_OBJECT || is_new(k, id))) {
		ev_buf_puts(&path, where->path);
		ev_path_put_name(name, len, &path);
		inner.path = ev_buf_str(&path);
		if (where->other != NULL) {
			ev_buf_puts(&other, where->other);
			ev_path_put_name(name, len, &other);
			inner.other = ev_buf_str(&other);
		}
		ev_words_of(name, len, words);
		if (kind == EV_OBJECT) {
			inner.depth++;
			look(k, d, name_at + 1, &inner);
		} else if (where->depth == 1 &&
			   ev_words_rank(words, EV_WORDS_IGNORE) != EV_NO_WORD) {
			note_ignored(k, inner.path, id);
		} else {
			note_scalar(k, &inner, id, name, len);
		}
	}
	ev_buf_free(&text);
	ev_buf_free(&path);
	ev_buf_free(&other);
}

/* Whether there is anything in an object that was not looked at. */
static bool has_news(const struct ev_keys *k, const struct ev_doc *d, uint32_t at, unsigned depth)
{
	for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i + 1)) {
		const uint32_t id = d->nodes[i].member_id;
		const enum ev_kind kind = ev_kind(d, i + 1);

		if (kind == EV_OBJECT ? depth < DEEPEST && has_news(k, d, i + 1, depth + 1)
				      : kind < EV_ARRAY && id != EV_NO_MEMBER_ID &&
						(id >= k->n_known || !k->known[id]))
			return true;
	}
	return false;
}

static void look(struct ev_keys *k, const struct ev_doc *d, uint32_t at, const struct where *where)
{
	const bool row = !where->row && look_at_row(k, d, at, where);
	struct ev_buf text = {0};

	for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i + 1)) {
		const enum ev_kind kind = ev_kind(d, i + 1);
		size_t len;
		const char *name = ev_string(d, i, &text, &len);

		if (kind == EV_ARRAY || (kind == EV_OBJECT && where->depth == DEEPEST) ||
		    (row && kind == EV_OBJECT && holds_row(name, len)))
			continue;
		look_at(k, d, i, where);
	}
	ev_buf_free(&text);
}

void ev_keys_look(struct ev_keys *k, const struct ev_doc *d)
{
	if (has_news(k, d, 0, 1))
		look(k, d, 0, &(struct where){.path = "", .depth = 1});
}

const struct ev_key_column *ev_keys_column(const struct ev_keys *k, unsigned serial)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->columns[i].serial == serial)
			return &k->columns[i];
	return NULL;
}

size_t ev_keys_skip(const struct ev_keys *k, const struct ev_doc *d, uint32_t reserved,
		    uint32_t at[EV_KEYS_SKIP])
{
	size_t n = 0;

	if (reserved != EV_NOWHERE)
		at[n++] = reserved;
	for (size_t i = 0; i < k->n_ignore; i++) {
		const uint32_t value = ev_member_by_id(d, k->ignore_ids[i]);

		if (value != EV_NOWHERE)
			at[n++] = value;
	}
	return n;
}

static uint32_t value_at(const struct ev_doc *d, uint32_t id)
{
	const uint32_t at = id != EV_NO_MEMBER_ID ? ev_member_by_id(d, id) : EV_NOWHERE;

	return at != EV_NOWHERE && ev_kind(d, at) == EV_NULL ? EV_NOWHERE : at;
}

uint32_t ev_keys_value(const struct ev_key_column *c, const struct ev_doc *d)
{
	const uint32_t at = value_at(d, c->id);

	return at != EV_NOWHERE ? at : value_at(d, c->other_id);
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
	c->no_text += ev_kind(d, at) != EV_STRING || d->nodes[at].end - d->nodes[at].pos == 2 ||
		      (d->nodes[at].escaped && d->nul);
	if (ev_kind(d, at) < EV_ARRAY && d->nodes[at].end - d->nodes[at].pos > c->longest)
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

void ev_keys_add(struct ev_keys *k, const struct ev_doc *d, uint64_t content)
{
	uint32_t at[EV_KEYS_COLUMNS] = {0};
	struct ev_key_row row = {.content = content};
	bool hashed = false;

	k->events++;
	for (size_t i = 0; i < k->n; i++) {
		at[i] = ev_keys_value(&k->columns[i], d);
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

static int by_column(const void *a, const void *b)
{
	const struct ev_key_anchor *x = a, *y = b;

	return (x->column > y->column) - (x->column < y->column);
}

void ev_keys_settle(struct ev_keys *k)
{
	size_t to[EV_KEYS_COLUMNS] = {0}; /* where the column of an index goes */
	unsigned serials[EV_KEYS_COLUMNS] = {0};

	for (size_t i = 0; i < k->n; i++)
		serials[i] = k->columns[i].serial;
	qsort(k->columns, k->n, sizeof k->columns[0], by_order);
	for (size_t i = 0; i < k->n; i++)
		to[i] = (size_t)(ev_keys_column(k, serials[i]) - k->columns);
	for (size_t i = 0; i < k->n_anchors; i++) {
		struct ev_key_anchor *a = &k->anchors[i];

		a->column = to[a->column];
		for (size_t r = 0; r < a->n; r++) {
			const struct ev_key_row row = a->rows[r];

			for (size_t c = 0; c < k->n; c++)
				a->rows[r].columns[to[c]] = row.columns[c];
		}
	}
	qsort(k->anchors, k->n_anchors, sizeof k->anchors[0], by_column);
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
	free(k->known);
	*k = (struct ev_keys){0};
}

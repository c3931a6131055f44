#include "profile/tree.h"
#include "base/hash.h"
#include "base/mem.h"
#include "warehouse/value.h"
#include "json/view.h"

#include <stdlib.h>

enum { FEW = 12, SEED = 0 };

/* A document on its way into a tree. */
struct walk {
	struct ev_tree_room *room;
	const struct ev_doc *d;
	uint32_t skip;
	bool suspect; /* something in it may be more than a warehouse can store */
	struct ev_buf text;
};

static struct ev_tree_node *new_node(struct ev_tree_node *parent, struct ev_tree_room *room,
				     const char *name, size_t len)
{
	struct ev_tree_node *n = ev_calloc(1, sizeof *n);

	n->parent = parent;
	n->depth = parent != NULL ? parent->depth + 1 : 0;
	n->forms = EV_FORM_ALL;
	if (name != NULL) {
		n->name = ev_strndup(name, len);
		n->len = (uint32_t)len;
	}
	room->nodes++;
	return n;
}

struct ev_tree_node *ev_tree_new(struct ev_tree_room *room)
{
	return new_node(NULL, room, NULL, 0);
}

static void free_members(struct ev_tree_node *n, struct ev_tree_room *room)
{
	for (uint32_t i = 0; i < n->n; i++)
		ev_tree_free(&n->members[i], room);
	free(n->members);
	ev_lookup_free(&n->by_name);
	n->members = NULL;
	n->n = n->hint = 0;
	n->cap = 0;
	ev_tree_free(&n->element, room);
}

void ev_tree_free(struct ev_tree_node **root, struct ev_tree_room *room)
{
	struct ev_tree_node *n = *root;

	if (n == NULL)
		return;
	free_members(n, room);
	ev_sample_free(&n->sample, &room->sample);
	free(n->name);
	free(n);
	room->nodes--;
	*root = NULL;
}

static bool has_name(const struct ev_tree_node *n, const char *name, size_t len)
{
	return n->len == len && memcmp(n->name, name, len) == 0;
}

static void index_names(struct ev_tree_node *n)
{
	ev_lookup_free(&n->by_name);
	for (uint32_t i = 0; n->n > FEW && i < n->n; i++)
		ev_lookup_add(&n->by_name, ev_hash64(n->members[i]->name, n->members[i]->len, SEED),
			      i);
}

/* The number of a member, or that of all where there is none. */
static uint32_t find(const struct ev_tree_node *n, const char *name, size_t len)
{
	size_t step = 0;
	uint32_t i;
	uint64_t hash;

	if (n->n <= FEW) {
		for (i = 0; i < n->n && !has_name(n->members[i], name, len);)
			i++;
		return i;
	}
	hash = ev_hash64(name, len, SEED);
	while ((i = ev_lookup_next(&n->by_name, hash, &step)) != EV_LOOKUP_NONE)
		if (has_name(n->members[i], name, len))
			return i;
	return n->n;
}

struct ev_tree_node *ev_tree_member(const struct ev_tree_node *n, const char *name, size_t len)
{
	const uint32_t i = find(n, name, len);

	return i < n->n ? n->members[i] : NULL;
}

bool ev_tree_path_is(const struct ev_tree_node *a, const struct ev_tree_node *b)
{
	for (; a->parent != NULL && b->parent != NULL; a = a->parent, b = b->parent)
		if (a->name == NULL || b->name == NULL || !has_name(a, b->name, b->len))
			return false;
	return a->parent == b->parent; /* both NULL */
}

uint64_t ev_tree_values(const struct ev_tree_node *n)
{
	uint64_t sum = 0;

	for (int i = 0; i <= EV_OBJECT; i++)
		sum += n->kinds[i];
	return sum;
}

static void put_member(struct ev_tree_node *n, struct ev_tree_node *member)
{
	ev_grow(&n->members, &n->cap, n->n + 1, sizeof(struct ev_tree_node *));
	n->members[n->n++] = member;
	if (n->n == FEW + 1)
		index_names(n);
	else if (n->n > FEW)
		ev_lookup_add(&n->by_name, ev_hash64(member->name, member->len, SEED), n->n - 1);
}

/* Leaves the members that so many objects at least have had. */
static void keep_common(struct ev_tree_node *n, struct ev_tree_room *room, uint64_t objects)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n->n; i++) {
		if (ev_tree_values(n->members[i]) >= objects)
			n->members[kept++] = n->members[i];
		else
			ev_tree_free(&n->members[i], room);
	}
	n->n = kept;
	n->hint = 0;
	n->crowded = true;
	index_names(n);
}

static void cut(struct ev_tree_node *n, struct ev_tree_room *room)
{
	if (n->n > 0 || n->element != NULL)
		n->cut = true;
	free_members(n, room);
}

void ev_tree_trim(struct ev_tree_node *n, struct ev_tree_room *room)
{
	ev_sample_shrink(&n->sample, &room->sample);
	if (n->depth >= room->depth) {
		cut(n, room);
		return;
	}
	for (uint32_t i = 0; i < n->n; i++)
		ev_tree_trim(n->members[i], room);
	if (n->element != NULL)
		ev_tree_trim(n->element, room);
}

/* By where members stand in their objects on the average, whatever the order of the events. */
static int by_place(const void *a, const void *b)
{
	const struct ev_tree_node *x = *(struct ev_tree_node *const *)a,
				  *y = *(struct ev_tree_node *const *)b;
	const double p = (double)x->places / (double)ev_tree_values(x),
		     q = (double)y->places / (double)ev_tree_values(y);

	if (p != q)
		return p < q ? -1 : 1;
	return ev_bytes_compare(x->name, x->len, y->name, y->len);
}

void ev_tree_settle(struct ev_tree_node *n, struct ev_tree_room *room)
{
	if (n->crowded)
		keep_common(n, room, n->kinds[EV_OBJECT]);
	if (n->n > 1)
		qsort(n->members, n->n, sizeof(struct ev_tree_node *), by_place);
	index_names(n);
	for (uint32_t i = 0; i < n->n; i++)
		ev_tree_settle(n->members[i], room);
	if (n->element != NULL)
		ev_tree_settle(n->element, room);
}

/*
 * The member of that name; NULL if it is left out. Members mostly come in the order in which they
 * came the last time.
 */
static struct ev_tree_node *member_of(struct walk *w, struct ev_tree_node *n, const char *name,
				      size_t len)
{
	struct ev_tree_node *member;
	uint32_t i = n->hint;

	if (i >= n->n || !has_name(n->members[i], name, len))
		i = find(n, name, len);
	if (i < n->n) {
		n->hint = i + 1;
		return n->members[i];
	}
	if (n->crowded)
		return NULL;
	if (len > EV_TREE_NAME || memchr(name, '\0', len) != NULL) {
		n->hidden = true;
		return NULL;
	}
	if (n->n == EV_TREE_NAMES) {
		keep_common(n, w->room, n->kinds[EV_OBJECT] - 1);
		return NULL;
	}
	member = new_node(n, w->room, name, len);
	put_member(n, member);
	n->hint = n->n;
	return member;
}

static void add(struct walk *w, struct ev_tree_node *n, uint32_t at);

static void add_object(struct walk *w, struct ev_tree_node *n, uint32_t at)
{
	const struct ev_doc *d = w->d;
	uint64_t place = 0;

	n->hint = 0;
	for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i + 1)) {
		struct ev_tree_node *member;
		const char *name;
		size_t len;

		if (i + 1 == w->skip)
			continue;
		name = ev_string(d, i, &w->text, &len);
		member = member_of(w, n, name, len);
		if (member != NULL) {
			member->places += place;
			add(w, member, i + 1);
		}
		place++;
	}
}

static void add_list(struct walk *w, struct ev_tree_node *n, uint32_t at)
{
	const struct ev_doc *d = w->d;

	if (d->nodes[at].count > n->longest_list)
		n->longest_list = d->nodes[at].count;
	for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i)) {
		if (n->element == NULL)
			n->element = new_node(n, w->room, NULL, 0);
		add(w, n->element, i);
	}
}

static void add_scalar(struct walk *w, struct ev_tree_node *n, uint32_t at)
{
	const struct ev_doc *d = w->d;
	const char *raw, *text = NULL;
	size_t raw_len, len = 0;

	raw = ev_raw(d, at, &raw_len);
	if (ev_kind(d, at) == EV_STRING) {
		text = ev_string(d, at, &w->text, &len);
		ev_tree_string(n, text, len);
	} else if (ev_kind(d, at) == EV_NUMBER) {
		ev_tree_number(&n->numbers, raw, raw_len);
	}
	ev_sample_add(&n->sample, &w->room->sample, ev_hash64(raw, raw_len, SEED), 1, text, len);
}

static void add(struct walk *w, struct ev_tree_node *n, uint32_t at)
{
	const enum ev_kind kind = ev_kind(w->d, at);

	n->kinds[kind]++;
	if (w->suspect && ev_column_json_problem(w->d, at, NULL, 0) != NULL)
		n->unfit = true;
	if (kind == EV_NULL)
		return;
	if (kind < EV_ARRAY)
		add_scalar(w, n, at);
	else if (n->depth >= w->room->depth)
		n->cut |= w->d->nodes[at].count > 0;
	else if (kind == EV_OBJECT)
		add_object(w, n, at);
	else
		add_list(w, n, at);
}

void ev_tree_add(struct ev_tree_node *root, struct ev_tree_room *room, const struct ev_doc *d,
		 uint32_t skip)
{
	struct walk w = {.room = room, .d = d, .skip = skip};

	w.suspect = d->nul || !ev_value_numbers_fit(d, 0);
	add(&w, root, 0);
	ev_buf_free(&w.text);
}

/* Members that a crowded object lacks in the other tree are in no more than some objects. */
static void merge_members(struct ev_tree_node *n, struct ev_tree_room *room, struct ev_tree_node *o)
{
	for (uint32_t i = 0; i < o->n; i++) {
		struct ev_tree_node *member = o->members[i],
				    *had = ev_tree_member(n, member->name, member->len);

		if (had != NULL) {
			ev_tree_merge(had, room, &o->members[i]);
		} else if (n->crowded) {
			ev_tree_free(&o->members[i], room);
		} else {
			member->parent = n;
			put_member(n, member);
		}
	}
	o->n = 0;
	if (n->n > EV_TREE_NAMES)
		keep_common(n, room, n->kinds[EV_OBJECT]);
}

void ev_tree_merge(struct ev_tree_node *n, struct ev_tree_room *room, struct ev_tree_node **other)
{
	struct ev_tree_node *o = *other;

	ev_tree_merge_values(n, o);
	ev_sample_merge(&n->sample, &room->sample, &o->sample);
	merge_members(n, room, o);
	if (o->element != NULL && n->element == NULL) {
		n->element = o->element;
		n->element->parent = n;
		o->element = NULL;
	} else if (o->element != NULL) {
		ev_tree_merge(n->element, room, &o->element);
	}
	ev_tree_free(other, room);
}

/* What cannot be an enumeration is moved. */
static void copy_sample(struct ev_sample *from, struct ev_sample_room *room, struct ev_sample *to)
{
	if (from->no_texts || from->n_texts == 0) {
		*to = *from;
		*from = (struct ev_sample){0};
		return;
	}
	for (uint32_t i = 0; i < from->n_texts; i++)
		ev_sample_add(to, room, from->texts[i].hash, 0, from->texts[i].p,
			      from->texts[i].len);
	for (uint32_t i = 0; i < from->size; i++)
		if (from->hashes[i] != 0)
			ev_sample_add(to, room, from->hashes[i], from->counts[i], NULL, 0);
}

struct ev_tree_node *ev_tree_copy(struct ev_tree_node *n, struct ev_tree_room *room)
{
	struct ev_tree_node *c = new_node(NULL, room, n->name, n->len);

	ev_tree_merge_values(c, n);
	c->depth = n->depth;
	copy_sample(&n->sample, &room->sample, &c->sample);
	for (uint32_t i = 0; i < n->n; i++) {
		struct ev_tree_node *member = ev_tree_copy(n->members[i], room);

		member->parent = c;
		put_member(c, member);
	}
	if (n->element != NULL) {
		c->element = ev_tree_copy(n->element, room);
		c->element->parent = c;
	}
	return c;
}

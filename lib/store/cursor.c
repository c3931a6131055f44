#include "base/mem.h"
#include "store/internal.h"

#include <stdlib.h>

/* Groups */

/* All, or only those that are being merged into that one; *n of them, to be freed. */
static struct ev_store_group *groups_of(const struct ev_store *s, uint64_t into, size_t *n)
{
	const struct ev_manifest *m = &s->m;
	struct ev_store_group *groups = ev_calloc(m->n_parts, sizeof *groups);
	size_t end;

	*n = 0;
	for (size_t i = 0; i < m->n_parts; i = end) {
		for (end = i + 1; end < m->n_parts && m->parts[end].group == m->parts[i].group;)
			end++;
		if (into == 0 || m->parts[i].into == into)
			groups[(*n)++] = (struct ev_store_group){&m->parts[i], end - i};
	}
	return groups;
}

/* The one part that can have the key, or NULL. */
static inline const struct ev_manifest_part *part_of(const struct ev_store_group *g,
						     const char *key, size_t len)
{
	size_t from = 0, to = g->n;
	const struct ev_manifest_part *p;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (ev_bytes_compare(g->parts[mid].last, g->parts[mid].last_len, key, len) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	if (from == g->n)
		return NULL;
	p = &g->parts[from];
	if (p->from.len > 0 && ev_bytes_compare(key, len, p->from.p, p->from.len) < 0)
		return NULL;
	return p;
}

/* All entries of a group, whose parts follow one another. */
struct walk {
	struct ev_store_group group;
	size_t at;
	struct ev_run_cursor cursor;
	bool has; /* cursor.entry is the next entry of the group */
};

struct ev_store_cursor {
	enum ev_run_form form;
	uint64_t since;
	struct walk *walks;
	size_t n;
	size_t *heap; /* of walks that have an entry; the least one's was handed out */
	size_t n_heap;
	struct ev_buf prefix; /* of the entries that are looked up */
	bool begun;
};

static struct ev_store_cursor *new_cursor(struct ev_store *s, uint64_t since, uint64_t into)
{
	struct ev_store_cursor *c = ev_calloc(1, sizeof *c);
	struct ev_store_group *groups = groups_of(s, into, &c->n);

	c->form = s->kind->form;
	c->since = since;
	c->walks = ev_calloc(c->n, sizeof *c->walks);
	c->heap = ev_calloc(c->n, sizeof *c->heap);
	for (size_t i = 0; i < c->n; i++)
		c->walks[i].group = groups[i];
	free(groups);
	return c;
}

struct ev_store_cursor *ev_store_cursor_new(struct ev_store *s, uint64_t since)
{
	return new_cursor(s, since, 0);
}

struct ev_store_cursor *ev_store_cursor_merging(struct ev_store *s, uint64_t group)
{
	return new_cursor(s, 0, group);
}

void ev_store_cursor_free(struct ev_store_cursor **cursor)
{
	struct ev_store_cursor *c = *cursor;

	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++)
		ev_run_cursor_reset(&c->walks[i].cursor);
	free(c->walks);
	free(c->heap);
	ev_buf_free(&c->prefix);
	free(c);
	*cursor = NULL;
}

/* The order of a run, among the entries of several. */
static bool walk_less(const void *walks, size_t a, size_t b)
{
	const struct walk *list = walks;
	const struct ev_entry *x = &list[a].cursor.entry, *y = &list[b].cursor.entry;
	int order = ev_bytes_compare(x->p, x->key_len, y->p, y->key_len);

	if (order != 0)
		return order < 0;
	if (x->commit != y->commit)
		return x->commit < y->commit;
	return ev_bytes_compare(x->p, x->len, y->p, y->len) < 0;
}

static void build_heap(struct ev_store_cursor *c, const struct ev_entry **e)
{
	c->n_heap = 0;
	for (size_t i = 0; i < c->n; i++)
		if (c->walks[i].has)
			c->heap[c->n_heap++] = i;
	ev_heap_build(c->heap, c->n_heap, walk_less, c->walks);
	*e = c->n_heap > 0 ? &c->walks[c->heap[0]].cursor.entry : NULL;
}

/* After the least walk has moved on. */
static void mend_heap(struct ev_store_cursor *c, const struct ev_entry **e)
{
	if (!c->walks[c->heap[0]].has)
		c->heap[0] = c->heap[--c->n_heap];
	ev_heap_down(c->heap, c->n_heap, 0, walk_less, c->walks);
	*e = c->n_heap > 0 ? &c->walks[c->heap[0]].cursor.entry : NULL;
}

static void enter(struct walk *w, size_t part)
{
	if (w->cursor.run == w->group.parts[part].run)
		return;
	ev_run_cursor_reset(&w->cursor);
	w->at = part;
	w->cursor = (struct ev_run_cursor){.run = w->group.parts[part].run};
}

/* All entries in order */

static enum ev_status walk_on(const struct ev_store_cursor *c, struct walk *w, struct ev_error *err)
{
	w->has = false;
	for (;;) {
		const struct ev_manifest_part *p = &w->group.parts[w->at];

		enter(w, w->at);
		if (w->cursor.block == 0 && p->from.len > 0) {
			if (ev_run_seek(&w->cursor, p->from.p, p->from.len, err) != EV_OK)
				return EV_FATAL;
		} else if (ev_run_next_since(&w->cursor, c->since, err) != EV_OK) {
			return EV_FATAL;
		}
		if (!w->cursor.ended) {
			w->has = w->cursor.entry.commit > c->since || c->since == 0;
			if (w->has)
				return EV_OK;
		} else if (w->at + 1 == w->group.n) {
			return EV_OK;
		} else {
			enter(w, w->at + 1);
		}
	}
}

enum ev_status ev_store_cursor_next(struct ev_store_cursor *c, const struct ev_entry **e,
				    struct ev_error *err)
{
	*e = NULL;
	if (c->begun && c->n_heap > 0) {
		if (walk_on(c, &c->walks[c->heap[0]], err) != EV_OK)
			return EV_FATAL;
		mend_heap(c, e);
	} else if (!c->begun) {
		c->begun = true;
		for (size_t i = 0; i < c->n; i++)
			if (walk_on(c, &c->walks[i], err) != EV_OK)
				return EV_FATAL;
		build_heap(c, e);
	}
	return EV_OK;
}

/* Entries whose keys begin with the prefix */

static bool begins(const struct ev_store_cursor *c, const struct walk *w)
{
	const struct ev_entry *e = &w->cursor.entry;

	return !w->cursor.ended && e->key_len >= c->prefix.len &&
	       memcmp(e->p, c->prefix.p, c->prefix.len) == 0;
}

static enum ev_status find_in(const struct ev_store_cursor *c, struct walk *w, uint64_t hash,
			      struct ev_error *err)
{
	const struct ev_manifest_part *p = part_of(&w->group, c->prefix.p, c->prefix.len);

	w->has = false;
	if (p == NULL || !ev_run_may_have(p->run, hash))
		return EV_OK;
	enter(w, (size_t)(p - w->group.parts));
	if (ev_run_seek(&w->cursor, c->prefix.p, c->prefix.len, err) != EV_OK)
		return EV_FATAL;
	w->has = begins(c, w);
	return EV_OK;
}

enum ev_status ev_store_cursor_find(struct ev_store_cursor *c, const char *prefix, size_t len,
				    const struct ev_entry **e, struct ev_error *err)
{
	uint64_t hash = ev_run_hash(c->form, prefix, len);

	ev_buf_reset(&c->prefix);
	ev_buf_put(&c->prefix, prefix, len);
	for (size_t i = 0; i < c->n; i++)
		if (find_in(c, &c->walks[i], hash, err) != EV_OK)
			return EV_FATAL;
	build_heap(c, e);
	return EV_OK;
}

enum ev_status ev_store_cursor_find_next(struct ev_store_cursor *c, const struct ev_entry **e,
					 struct ev_error *err)
{
	struct walk *w;

	*e = NULL;
	if (c->n_heap == 0)
		return EV_OK;
	w = &c->walks[c->heap[0]];
	if (ev_run_next(&w->cursor, err) != EV_OK)
		return EV_FATAL;
	w->has = begins(c, w);
	mend_heap(c, e);
	return EV_OK;
}

enum ev_status ev_store_cursor_skip(struct ev_store_cursor *c, const char *key, size_t len,
				    const struct ev_entry **e, struct ev_error *err)
{
	for (size_t i = 0; i < c->n_heap; i++) {
		struct walk *w = &c->walks[c->heap[i]];
		const struct ev_entry *at = &w->cursor.entry;

		if (ev_bytes_compare(at->p, at->key_len, key, len) < 0 &&
		    ev_run_seek(&w->cursor, key, len, err) != EV_OK)
			return EV_FATAL;
		w->has = begins(c, w);
	}
	build_heap(c, e);
	return EV_OK;
}

/* Fixed keys, in any order */

void ev_store_get_reset(struct ev_store *s)
{
	free(s->groups);
	free(s->candidates);
	s->groups = NULL;
	s->candidates = NULL;
}

/*
 * Nearly every key is in no group or in one. The lines of the groups' filters are far apart in
 * memory, so all of them are fetched together.
 */
enum ev_status ev_store_get(struct ev_store *s, const char key[EV_RUN_KEY],
			    struct ev_store_fixed *f, struct ev_error *err)
{
	uint64_t hash = ev_run_hash(EV_RUN_BINARY, key, EV_RUN_KEY);
	size_t n = 0;

	if (s->groups == NULL) {
		s->groups = groups_of(s, 0, &s->n_groups);
		s->candidates = ev_calloc(s->n_groups, sizeof(struct ev_run_file *));
	}
	f->there = false;
	for (size_t i = 0; i < s->n_groups; i++) {
		const struct ev_manifest_part *p = part_of(&s->groups[i], key, EV_RUN_KEY);

		if (p == NULL)
			continue;
		ev_run_prefetch(p->run, hash);
		s->candidates[n++] = p->run;
	}
	for (size_t i = 0; i < n; i++) {
		const char *entry;
		uint32_t commit;

		if (!ev_run_may_have(s->candidates[i], hash))
			continue;
		if (ev_run_get(s->candidates[i], key, &entry, err) != EV_OK)
			return EV_FATAL;
		if (entry == NULL)
			continue;
		memcpy(&commit, entry + EV_RUN_KEY, sizeof commit);
		commit = be32toh(commit);
		if (!f->there || commit > f->commit)
			*f = (struct ev_store_fixed){true, commit,
						     ev_run_stamp(entry + EV_RUN_KEY)};
	}
	return EV_OK;
}

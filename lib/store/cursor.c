#include "base/mem.h"
#include "store/look.h"
#include "store/manifest.h"

#include <stdlib.h>

/* A walk through a group, whose parts follow one another. */
struct walk {
	const struct ev_manifest_part *parts; /* n of them */
	size_t n, at;
	struct ev_run_cursor cursor;
	bool has; /* cursor.entry is the next entry of the group */
};

struct ev_store_cursor {
	enum ev_run_form form;
	uint64_t since;
	struct walk *walks;
	size_t n;
	size_t *heap; /* of walks that have an entry, the least first */
	size_t n_heap;
	size_t *active; /* walks that have entries of what is looked for */
	size_t n_active;
	struct ev_buf prefix;
	size_t taken; /* the walk whose entry was handed out, +1 */
	bool begun;
};

static struct ev_store_cursor *new_look(struct ev_store *s, enum ev_run_form form, uint64_t since,
					uint64_t into)
{
	const struct ev_manifest *m = ev_store_manifest(s);
	struct ev_store_cursor *l = ev_calloc(1, sizeof *l);
	size_t end;

	l->form = form;
	l->since = since;
	l->walks = ev_calloc(m->n_parts, sizeof *l->walks);
	l->heap = ev_calloc(m->n_parts, sizeof *l->heap);
	l->active = ev_calloc(m->n_parts, sizeof *l->active);
	for (size_t i = 0; i < m->n_parts; i = end) {
		for (end = i + 1; end < m->n_parts && m->parts[end].group == m->parts[i].group;)
			end++;
		if (into == 0 || m->parts[i].into == into)
			l->walks[l->n++] = (struct walk){.parts = &m->parts[i], .n = end - i};
	}
	return l;
}

static enum ev_run_form form_of(const struct ev_store *s)
{
	const struct ev_manifest *m = ev_store_manifest(s);

	return m->n_parts > 0 ? ev_run_form(m->parts[0].run) : EV_RUN_TEXT;
}

struct ev_store_cursor *ev_store_cursor_new(struct ev_store *s, uint64_t since)
{
	return new_look(s, form_of(s), since, 0);
}

struct ev_store_cursor *ev_store_cursor_merging(struct ev_store *s, uint64_t group)
{
	return new_look(s, form_of(s), 0, group);
}

void ev_store_cursor_free(struct ev_store_cursor **cursor)
{
	struct ev_store_cursor *l = *cursor;

	if (l == NULL)
		return;
	for (size_t i = 0; i < l->n; i++)
		if (l->walks[i].cursor.run != NULL)
			ev_run_cursor_reset(&l->walks[i].cursor);
	free(l->walks);
	free(l->heap);
	free(l->active);
	ev_buf_free(&l->prefix);
	free(l);
	*cursor = NULL;
}

static int compare(const struct walk *a, const struct walk *b)
{
	const struct ev_entry *x = &a->cursor.entry, *y = &b->cursor.entry;
	int order = ev_bytes_compare(x->p, x->key_len, y->p, y->key_len);

	if (order == 0)
		order = (x->commit > y->commit) - (x->commit < y->commit);
	return order != 0 ? order : ev_bytes_compare(x->p, x->len, y->p, y->len);
}

static void enter(struct walk *w, size_t part)
{
	if (w->cursor.run == w->parts[part].run && w->at == part)
		return;
	if (w->cursor.run != NULL)
		ev_run_cursor_reset(&w->cursor);
	w->at = part;
	w->cursor = (struct ev_run_cursor){.run = w->parts[part].run};
}

/* Scanning */

static enum ev_status walk_on(const struct ev_store_cursor *l, struct walk *w, struct ev_error *err)
{
	w->has = false;
	for (;;) {
		const struct ev_manifest_part *p;

		if (w->cursor.run == NULL)
			enter(w, 0);
		p = &w->parts[w->at];
		if (w->cursor.block == 0 && p->from.len > 0) {
			if (ev_run_seek(&w->cursor, p->from.p, p->from.len, err) != EV_OK)
				return EV_FATAL;
		} else if (ev_run_next_since(&w->cursor, l->since, err) != EV_OK) {
			return EV_FATAL;
		}
		if (!w->cursor.ended) {
			if (w->cursor.entry.commit <= l->since && l->since > 0)
				continue;
			w->has = true;
			return EV_OK;
		}
		if (w->at + 1 == w->n)
			return EV_OK;
		enter(w, w->at + 1);
	}
}

static void heap_down(struct ev_store_cursor *l, size_t i)
{
	for (;;) {
		size_t least = i, left = 2 * i + 1, swap;

		for (size_t k = left; k <= left + 1 && k < l->n_heap; k++)
			if (compare(&l->walks[l->heap[k]], &l->walks[l->heap[least]]) < 0)
				least = k;
		if (least == i)
			return;
		swap = l->heap[i];
		l->heap[i] = l->heap[least];
		l->heap[least] = swap;
		i = least;
	}
}

static enum ev_status begin(struct ev_store_cursor *l, struct ev_error *err)
{
	l->begun = true;
	for (size_t i = 0; i < l->n; i++) {
		if (walk_on(l, &l->walks[i], err) != EV_OK)
			return EV_FATAL;
		if (l->walks[i].has)
			l->heap[l->n_heap++] = i;
	}
	for (size_t i = l->n_heap; i > 0; i--)
		heap_down(l, i - 1);
	return EV_OK;
}

enum ev_status ev_store_cursor_next(struct ev_store_cursor *l, const struct ev_entry **e,
				    struct ev_error *err)
{
	if (!l->begun) {
		if (begin(l, err) != EV_OK)
			return EV_FATAL;
	} else if (l->n_heap > 0) {
		struct walk *w = &l->walks[l->heap[0]];

		if (walk_on(l, w, err) != EV_OK)
			return EV_FATAL;
		if (!w->has)
			l->heap[0] = l->heap[--l->n_heap];
		heap_down(l, 0);
	}
	*e = l->n_heap > 0 ? &l->walks[l->heap[0]].cursor.entry : NULL;
	return EV_OK;
}

/* Finding */

static bool begins(const struct ev_store_cursor *l, const struct walk *w)
{
	const struct ev_entry *e = &w->cursor.entry;

	return !w->cursor.ended && e->key_len >= l->prefix.len &&
	       memcmp(e->p, l->prefix.p, l->prefix.len) == 0;
}

/* The first part whose last key is not less; n if there is none. */
static size_t part_of(const struct walk *w, const char *key, size_t key_len)
{
	size_t from = 0, to = w->n;

	while (from < to) {
		size_t mid = from + (to - from) / 2, len;
		const char *last = ev_run_last(w->parts[mid].run, &len);

		if (ev_bytes_compare(last, len, key, key_len) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static enum ev_status find_in(const struct ev_store_cursor *l, struct walk *w, uint64_t hash,
			      struct ev_error *err)
{
	const char *key = l->prefix.p;
	size_t len = l->prefix.len, i = part_of(w, key, len);
	const struct ev_manifest_part *p;

	w->has = false;
	if (i == w->n)
		return EV_OK;
	p = &w->parts[i];
	if ((p->from.len > 0 && ev_bytes_compare(key, len, p->from.p, p->from.len) < 0) ||
	    !ev_run_may_have(p->run, hash))
		return EV_OK;
	enter(w, i);
	if (ev_run_seek(&w->cursor, key, len, err) != EV_OK)
		return EV_FATAL;
	w->has = begins(l, w);
	return EV_OK;
}

static void hand_out(struct ev_store_cursor *l, const struct ev_entry **e)
{
	size_t least = 0;

	*e = NULL;
	l->taken = 0;
	if (l->n_active == 0)
		return;
	for (size_t i = 1; i < l->n_active; i++)
		if (compare(&l->walks[l->active[i]], &l->walks[l->active[least]]) < 0)
			least = i;
	l->taken = least + 1;
	*e = &l->walks[l->active[least]].cursor.entry;
}

enum ev_status ev_store_cursor_find(struct ev_store_cursor *l, const char *prefix, size_t len,
				    const struct ev_entry **e, struct ev_error *err)
{
	uint64_t hash = ev_run_hash(l->form, prefix, len);

	ev_buf_reset(&l->prefix);
	ev_buf_put(&l->prefix, prefix, len);
	l->n_active = 0;
	for (size_t i = 0; i < l->n; i++) {
		if (find_in(l, &l->walks[i], hash, err) != EV_OK)
			return EV_FATAL;
		if (l->walks[i].has)
			l->active[l->n_active++] = i;
	}
	hand_out(l, e);
	return EV_OK;
}

enum ev_status ev_store_cursor_find_next(struct ev_store_cursor *l, const struct ev_entry **e,
					 struct ev_error *err)
{
	if (l->taken > 0) {
		struct walk *w = &l->walks[l->active[l->taken - 1]];

		if (ev_run_next(&w->cursor, err) != EV_OK)
			return EV_FATAL;
		w->has = begins(l, w);
		if (!w->has)
			l->active[l->taken - 1] = l->active[--l->n_active];
	}
	hand_out(l, e);
	return EV_OK;
}

enum ev_status ev_store_cursor_skip(struct ev_store_cursor *l, const char *key, size_t len,
				    const struct ev_entry **e, struct ev_error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n_active; i++) {
		struct walk *w = &l->walks[l->active[i]];
		const struct ev_entry *at = &w->cursor.entry;

		if (ev_bytes_compare(at->p, at->key_len, key, len) < 0 &&
		    ev_run_seek(&w->cursor, key, len, err) != EV_OK)
			return EV_FATAL;
		w->has = begins(l, w);
		if (w->has)
			l->active[n++] = l->active[i];
	}
	l->n_active = n;
	hand_out(l, e);
	return EV_OK;
}

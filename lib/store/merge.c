#include "base/mem.h"
#include "store/internal.h"

#include <stdlib.h>

static int by_place(const void *x, const void *y)
{
	const struct ev_manifest_part *a = x, *b = y;

	if (a->level != b->level)
		return a->level < b->level ? 1 : -1;
	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return (a->facts.number > b->facts.number) - (a->facts.number < b->facts.number);
}

enum ev_status ev_store_open_part(const struct ev_store *s, struct ev_manifest_part *part,
				  struct ev_error *err)
{
	part->run = ev_run_open(s->dir, &part->facts, s->kind->form, err);
	if (part->run == NULL)
		return EV_FATAL;
	part->last = ev_run_last(part->run, &part->last_len);
	return EV_OK;
}

enum ev_status ev_store_add_part(struct ev_store *s, const struct ev_run_facts *facts,
				 uint64_t level, uint64_t group, struct ev_error *err)
{
	struct ev_manifest_part part = {.facts = *facts, .level = level, .group = group};

	if (ev_store_open_part(s, &part, err) != EV_OK)
		return EV_FATAL;
	ev_grow(&s->m.parts, &s->m.cap_parts, s->m.n_parts + 1, sizeof *s->m.parts);
	s->m.parts[s->m.n_parts++] = part;
	qsort(s->m.parts, s->m.n_parts, sizeof *s->m.parts, by_place);
	return EV_OK;
}

void ev_store_retire(struct ev_store *s, const struct ev_manifest_part *part)
{
	ev_grow(&s->obsolete, &s->cap_obsolete, s->n_obsolete + 1, sizeof *s->obsolete);
	s->obsolete[s->n_obsolete++] = *part;
}

enum ev_status ev_store_replace_parts(struct ev_store *s, const struct ev_run_facts *facts,
				      struct ev_error *err)
{
	uint64_t level = 0;

	for (size_t i = 0; i < s->m.n_parts; i++) {
		if (s->m.parts[i].level > level)
			level = s->m.parts[i].level;
		ev_store_retire(s, &s->m.parts[i]);
	}
	s->m.n_parts = 0;
	return ev_store_add_part(s, facts, level, s->m.next++, err);
}

/* Merges entries into a run. The last one is held back, for the next may replace it. */
struct merger {
	struct ev_store *s;
	struct ev_run_writer *w;
	struct ev_buf last;
	size_t key_len;
	uint64_t commit;
	bool is_oldest; /* no entry that is not being merged is older */
	uint64_t bytes;
};

static bool is_dead(const struct merger *g)
{
	return g->s->kind->keeps == EV_STORE_LATEST && g->is_oldest &&
	       g->last.len == g->key_len + EV_RUN_COMMIT + 3 && g->last.p[g->last.len - 1] == '-' &&
	       g->last.p[g->last.len - 2] == '\t';
}

static bool is_forgotten(const struct merger *g)
{
	return g->s->kind->form == EV_RUN_BINARY &&
	       ev_run_stamp(g->last.p + EV_RUN_KEY) < g->s->forget;
}

static enum ev_status put_last(struct merger *g, struct ev_error *err)
{
	const struct ev_entry e = {
		.p = g->last.p, .len = g->last.len, .key_len = g->key_len, .commit = g->commit};

	if (g->last.len == 0 || is_dead(g) || is_forgotten(g))
		return EV_OK;
	return ev_run_put(g->w, &e, err);
}

static enum ev_status merge_entry(struct merger *g, const struct ev_entry *e, struct ev_error *err)
{
	bool latest = g->s->kind->keeps == EV_STORE_LATEST;
	bool replaces = g->last.len > 0 && g->key_len == e->key_len &&
			(latest || g->last.len == e->len) &&
			memcmp(g->last.p, e->p, latest ? e->key_len : e->len) == 0;

	if (!replaces && put_last(g, err) != EV_OK)
		return EV_FATAL;
	ev_buf_reset(&g->last);
	ev_buf_put(&g->last, e->p, e->len);
	g->key_len = e->key_len;
	g->commit = e->commit;
	g->bytes += e->len;
	return EV_OK;
}

/* Merges about as much as the budget. `from`: the word with which the rest begins, or empty. */
static enum ev_status merge_entries(struct merger *g, struct ev_store_cursor *cursor,
				    uint64_t budget, struct ev_buf *from, struct ev_error *err)
{
	const enum ev_run_form form = g->s->kind->form;
	const struct ev_entry *e;

	for (;;) {
		if (ev_store_cursor_next(cursor, &e, err) != EV_OK)
			return EV_FATAL;
		if (e == NULL)
			break;
		if (g->bytes >= budget &&
		    !ev_run_same_word(form, g->last.p, g->key_len, e->p, e->key_len)) {
			ev_buf_put(from, e->p, ev_run_word(form, e->p, e->key_len));
			break;
		}
		if (merge_entry(g, e, err) != EV_OK)
			return EV_FATAL;
	}
	return put_last(g, err);
}

/* Everything that is left of the group's inputs begins with `from`, or they are done. */
static void trim(struct ev_store *s, uint64_t into, const struct ev_buf *from)
{
	struct ev_manifest *m = &s->m;
	size_t n = 0;

	for (size_t i = 0; i < m->n_parts; i++) {
		struct ev_manifest_part *p = &m->parts[i];

		if (p->into == into) {
			if (from->len == 0 ||
			    ev_bytes_compare(p->last, p->last_len, from->p, from->len) < 0) {
				ev_store_retire(s, p);
				continue;
			}
			ev_buf_reset(&p->from);
			ev_buf_put(&p->from, from->p, from->len);
		}
		m->parts[n++] = *p;
	}
	m->n_parts = n;
}

/* Merges some of the group's inputs into a run of it. */
static enum ev_status merge_some(struct ev_store *s, uint64_t level, uint64_t into, uint64_t budget,
				 struct ev_error *err)
{
	struct merger g = {.s = s, .is_oldest = true};
	enum ev_status st = EV_FATAL;
	struct ev_store_cursor *cursor;
	struct ev_run_facts facts;
	struct ev_buf from = {0};

	for (size_t i = 0; i < s->m.n_parts; i++)
		if (s->m.parts[i].level > level && s->m.parts[i].group != into)
			g.is_oldest = false;
	g.w = ev_run_create(s->dir, s->m.next, s->kind->form, err);
	if (g.w == NULL)
		return EV_FATAL;
	cursor = ev_store_cursor_merging(s, into);
	if (merge_entries(&g, cursor, budget, &from, err) == EV_OK)
		st = ev_run_close(&g.w, &facts, err);
	ev_store_cursor_free(&cursor);
	ev_run_discard(&g.w);
	if (st == EV_OK) {
		s->m.next++;
		trim(s, into, &from);
		st = ev_store_add_part(s, &facts, level + 1, into, err);
	}
	ev_buf_free(&g.last);
	ev_buf_free(&from);
	return st;
}

/* The group that the level's are being merged into, or a new one if it has too many; or 0. */
static uint64_t merge_of(struct ev_store *s, uint64_t level)
{
	struct ev_manifest *m = &s->m;
	size_t groups = 0;
	uint64_t group = 0;

	for (size_t i = 0; i < m->n_parts; i++) {
		if (m->parts[i].level != level)
			continue;
		if (m->parts[i].into != 0)
			return m->parts[i].into;
		groups += groups == 0 || m->parts[i].group != group;
		group = m->parts[i].group;
	}
	if (groups < EV_STORE_FAN)
		return 0;
	for (size_t i = 0; i < m->n_parts; i++)
		if (m->parts[i].level == level)
			m->parts[i].into = m->next;
	return m->next++;
}

enum ev_status ev_store_merge(struct ev_store *s, struct ev_error *err)
{
	const uint64_t budget = s->added > s->least ? s->added : s->least, next = s->m.next;
	uint64_t levels = 0;

	if (s->added == 0)
		return EV_OK;
	s->added = 0;
	ev_store_get_reset(s);
	for (size_t i = 0; i < s->m.n_parts; i++)
		if (s->m.parts[i].level > levels)
			levels = s->m.parts[i].level;
	for (uint64_t level = 0; level <= levels; level++) {
		uint64_t into = merge_of(s, level);

		if (into != 0 && merge_some(s, level, into, budget, err) != EV_OK)
			return EV_FATAL;
	}
	return s->m.next != next ? ev_store_write_manifest(s, err) : EV_OK;
}

enum ev_status ev_store_compact(struct ev_store *s, struct ev_error *err)
{
	struct merger g = {.s = s, .is_oldest = true};
	struct ev_run_facts facts = {.entries = 0};
	struct ev_store_cursor *cursor;
	enum ev_status st = EV_FATAL;
	struct ev_buf from = {0};

	if (s->m.n_parts == 0)
		return EV_OK;
	g.w = ev_run_create(s->dir, s->m.next, s->kind->form, err);
	if (g.w == NULL)
		return EV_FATAL;
	s->m.next++;
	cursor = ev_store_cursor_new(s, 0);
	if (merge_entries(&g, cursor, UINT64_MAX, &from, err) == EV_OK)
		st = ev_run_close(&g.w, &facts, err);
	ev_store_cursor_free(&cursor);
	ev_run_discard(&g.w);
	ev_buf_free(&g.last);
	if (st == EV_OK)
		st = ev_store_replace_parts(s, &facts, err);
	return st == EV_OK ? ev_store_write_manifest(s, err) : st;
}

void ev_store_merge_least(struct ev_store *s, uint64_t bytes)
{
	s->least = bytes;
}

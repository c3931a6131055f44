#include "json/pick.h"
#include "base/mem.h"
#include "json/view.h"

#include <stdlib.h>
#include <string.h>

enum { NONE = UINT32_MAX };

/* The paths' common steps are a tree; a level is an object in it. */
struct edge {
	uint32_t slot;	/* of the member's value, or NONE */
	uint32_t level; /* of its own members, or NONE */
};

/* A plan: by slot, where the value stands in all documents of the shape. */
struct places {
	uint32_t n;
	uint32_t at[];
};

struct ev_pick_level {
	struct edge *edges; /* by symbol */
	uint32_t n_symbols; /* those behind them lead nowhere */
	uint32_t n;	    /* edges that lead somewhere */
};

static uint32_t new_level(struct ev_picks *p)
{
	p->levels = ev_realloc_one(p->levels, p->n_levels, sizeof *p->levels);
	p->levels[p->n_levels] = (struct ev_pick_level){.n = 0};
	return p->n_levels++;
}

static uint32_t new_slot(struct ev_picks *p, uint32_t member_id)
{
	p->at = ev_realloc_one(p->at, p->n, sizeof *p->at);
	p->member_ids = ev_realloc_one(p->member_ids, p->n, sizeof *p->member_ids);
	p->at[p->n] = EV_NOWHERE;
	p->member_ids[p->n] = member_id;
	return p->n++;
}

static const struct ev_plan_kind places_kind;

/* Slot 0 is the value itself. */
struct ev_picks *ev_picks_new(struct ev_scan *scan)
{
	struct ev_picks *p = ev_calloc(1, sizeof *p);

	p->scan = scan;
	p->places = EV_PLANS(&places_kind, p);
	new_level(p);
	new_slot(p, EV_NO_MEMBER_ID);
	return p;
}

void ev_picks_free(struct ev_picks **picks)
{
	struct ev_picks *p = *picks;

	if (p == NULL)
		return;
	for (uint32_t i = 0; i < p->n_levels; i++)
		free(p->levels[i].edges);
	free(p->levels);
	free(p->rests);
	free(p->at);
	free(p->member_ids);
	free(p);
	*picks = NULL;
}

static struct edge *edge_of(struct ev_picks *p, uint32_t level, uint32_t symbol)
{
	struct ev_pick_level *l = &p->levels[level];

	if (symbol >= l->n_symbols) {
		const size_t n = (size_t)symbol + 1 + l->n_symbols;

		l->edges = ev_realloc_array(l->edges, n, sizeof *l->edges);
		while (l->n_symbols < n)
			l->edges[l->n_symbols++] = (struct edge){NONE, NONE};
	}
	l->n += l->edges[symbol].slot == NONE;
	return &l->edges[symbol];
}

static uint32_t add_rest(struct ev_picks *p, const struct ev_path *path, uint32_t step,
			 uint32_t from)
{
	p->rests = ev_realloc_one(p->rests, p->n_rests, sizeof *p->rests);
	p->rests[p->n_rests++] = (struct ev_pick_rest){
		.path = path, .step = step, .from = from, .slot = new_slot(p, EV_NO_MEMBER_ID)};
	return p->n - 1;
}

uint32_t ev_picks_add(struct ev_picks *p, const struct ev_path *path)
{
	uint32_t level = 0, slot = 0, member_id = EV_ROOT;

	if (path->computed != 0 || path->when != NULL)
		return add_rest(p, path, 0, 0);
	for (uint32_t i = 0; i < path->n; i++) {
		const struct ev_step *step = &path->steps[i];
		struct edge *e;
		uint32_t symbol;

		if (step->kind != EV_STEP_NAME)
			return add_rest(p, path, i, slot);
		symbol = ev_symbols_add(ev_scan_symbols(p->scan), step->name, step->len);
		member_id = ev_member_ids_add(ev_scan_member_ids(p->scan), member_id, symbol,
					      step->name, step->len);
		e = edge_of(p, level, symbol);
		if (e->slot == NONE)
			e->slot = new_slot(p, member_id);
		slot = e->slot;
		if (i + 1 < path->n && path->steps[i + 1].kind == EV_STEP_NAME) {
			if (e->level == NONE) {
				uint32_t below = new_level(p); /* which moves the levels, not e */

				e->level = below;
			}
			level = e->level;
		}
	}
	return slot;
}

static void find(const struct ev_picks *p, const struct ev_pick_level *l, const struct ev_doc *d,
		 uint32_t object, uint32_t *at)
{
	uint32_t left = l->n;

	for (uint32_t i = ev_first(d, object); left > 0 && i < ev_end(d, object);
	     i = ev_next(d, i + 1)) {
		uint32_t symbol = d->nodes[i].count;
		const struct edge *e;

		if (symbol >= l->n_symbols || l->edges[symbol].slot == NONE)
			continue;
		e = &l->edges[symbol];
		left--;
		at[e->slot] = i + 1;
		if (e->level != NONE && ev_kind(d, i + 1) == EV_OBJECT)
			find(p, &p->levels[e->level], d, i + 1, at);
	}
}

static void find_seen(const struct ev_picks *p, const struct ev_doc *d, uint32_t *at)
{
	at[0] = 0;
	for (uint32_t i = 1; i < p->n; i++)
		at[i] = ev_member_by_id(d, p->member_ids[i]);
}

static void find_rests(const struct ev_picks *p, const struct ev_doc *d, uint32_t *at)
{
	for (uint32_t i = 0; i < p->n_rests; i++) {
		const struct ev_pick_rest *r = &p->rests[i];

		if (at[r->from] != EV_NOWHERE)
			at[r->slot] = ev_path_from(r->path, r->step, d, at[r->from]);
	}
}

static void *compile(void *client, const struct ev_doc *d)
{
	const struct ev_picks *p = client;
	struct places *places = ev_plan_alloc(d, sizeof *places + p->n * sizeof *places->at);

	if (places != NULL) {
		places->n = p->n;
		find_seen(p, d, places->at);
		find_rests(p, d, places->at);
	}
	return places;
}

static void print(const void *client, const void *plan, const struct ev_doc *d, struct ev_buf *out)
{
	const struct places *places = plan;

	(void)client;
	for (uint32_t i = 1; i < places->n; i++)
		ev_plan_line(out, "pick", d, places->at[i], NULL);
}

static const struct ev_plan_kind places_kind = {"paths", compile, print};

static void find_from_root(struct ev_picks *p, const struct ev_doc *d, uint32_t *at)
{
	const struct places *places = ev_plan_of(&p->places, d);

	if (places != NULL && places->n == p->n) {
		memcpy(at, places->at, p->n * sizeof *at);
		return;
	}
	/* also where a slot was added after the plan was made */
	find_seen(p, d, at);
	find_rests(p, d, at);
}

void ev_picks_find_to(struct ev_picks *p, const struct ev_doc *d, uint32_t from, uint32_t *at)
{
	at[0] = from;
	if (from == 0) {
		find_from_root(p, d, at);
		return;
	}
	for (uint32_t i = 1; i < p->n; i++)
		at[i] = EV_NOWHERE;
	if (ev_kind(d, from) == EV_OBJECT)
		find(p, &p->levels[0], d, from, at);
	find_rests(p, d, at);
}

void ev_picks_find(struct ev_picks *p, const struct ev_doc *d, uint32_t from)
{
	ev_picks_find_to(p, d, from, p->at);
}

static void add_container(struct ev_containers *w, uint32_t slot, enum ev_kind kind)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->list[i].slot == slot && w->list[i].kind == kind)
			return;
	w->list = ev_realloc_array(w->list, w->n + 1, sizeof *w->list);
	w->list[w->n++] = (struct ev_container){slot, kind};
}

static void add_other(struct ev_containers *w, const struct ev_path *path)
{
	w->others = ev_realloc_array(w->others, w->n_others + 1, sizeof(const struct ev_path *));
	w->others[w->n_others++] = path;
}

void ev_containers_add(struct ev_containers *w, struct ev_picks *p, const struct ev_path *path)
{
	struct ev_path names = *path;

	if (path->computed != 0 || path->when != NULL) {
		add_other(w, path);
		return;
	}
	/* An event is an object. */
	names.n = path->root == EV_ROOT_EVENT && path->n > 0 && path->steps[0].kind == EV_STEP_NAME;
	for (; names.n < path->n; names.n++) {
		const struct ev_step *s = &path->steps[names.n];

		add_container(w, ev_picks_add(p, &names), ev_step_asks(s));
		if (s->kind != EV_STEP_NAME)
			break;
	}
	if (names.n + 1 >= path->n)
		return;
	add_other(w, path);
}

void ev_containers_free(struct ev_containers *w)
{
	free(w->list);
	free(w->others);
	*w = (struct ev_containers){0};
}

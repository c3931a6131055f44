#include "record/compute.h"
#include "expr/expr.h"
#include "scan/form.h"
#include "json/view.h"

#include <stdlib.h>

struct ev_compute {
	const struct ev_model *m;
	bool star; /* those of the star, too */
	struct ev_computing made;
	struct ev_buf json, why, id, text;
	struct ev_expr_item *items;
	size_t n_items, cap_items;
};

struct ev_compute *ev_compute_new(const struct ev_model *m, bool star, struct ev_scan *scan)
{
	struct ev_compute *c;
	bool any = false;

	for (size_t i = 0; i < m->n_exprs; i++) {
		any |= star || m->exprs[i].envelope;
		for (size_t k = 0; k < m->exprs[i].n; k++)
			ev_expr_bind(m->exprs[i].parts[k], scan);
	}
	if (!any)
		return NULL;
	c = ev_calloc(1, sizeof *c);
	c->m = m;
	c->star = star;
	ev_computing_init(&c->made);
	return c;
}

void ev_compute_free(struct ev_compute **c)
{
	if (*c == NULL)
		return;
	ev_computing_free(&(*c)->made);
	ev_buf_free(&(*c)->json);
	ev_buf_free(&(*c)->why);
	ev_buf_free(&(*c)->id);
	ev_buf_free(&(*c)->text);
	free((*c)->items);
	free(*c);
	*c = NULL;
}

/* Computes an expression for value `from` of the document, and adds it. */
static void add_one(struct ev_compute *c, uint32_t number, uint32_t from,
		    const struct ev_expr_item *item)
{
	const struct ev_doc *d = ev_computing_doc(&c->made);
	const struct ev_value_expr *e = &c->m->exprs[number - 1];
	uint32_t node;

	if (e->when != NULL && !ev_path_takes(e->when, d, from)) {
		ev_computing_none(&c->made, number, from, NULL);
		return;
	}
	switch (ev_expr_value(e->parts[0], d, 0, item, &node, &c->json, &c->why)) {
	case EV_OK:
		if (node != EV_NOWHERE)
			ev_computing_node(&c->made, number, from, node);
		else if (!ev_computing_json(&c->made, number, from, c->json.p, c->json.len))
			ev_computing_none(&c->made, number, from, "its outcome is too long");
		return;
	case EV_EOF: ev_computing_none(&c->made, number, from, NULL); return;
	default: ev_computing_none(&c->made, number, from, ev_buf_str(&c->why)); return;
	}
}

/* A part of an id: a text, whose / and \ get a \ in front of them, or a number. */
static bool add_part(struct ev_compute *c, const struct ev_doc *d, uint32_t node)
{
	char uuid[EV_UUID_TEXT];
	const char *p;
	size_t len;

	switch (ev_kind(d, node)) {
	case EV_STRING: p = ev_string(d, node, &c->text, &len); break;
	case EV_NUMBER: p = ev_raw(d, node, &len); break;
	default: return false;
	}
	if (len == 0)
		return false;
	if (ev_uuid_canonical(p, len, uuid)) {
		ev_buf_put(&c->id, uuid, sizeof uuid);
		return true;
	}
	for (; len > 0; p++, len--) {
		if (*p == '/' || *p == '\\')
			ev_buf_putc(&c->id, '\\');
		ev_buf_putc(&c->id, *p);
	}
	return true;
}

/* An id of several parts: their texts, joined by /. */
static void add_joined(struct ev_compute *c, uint32_t number)
{
	const struct ev_value_expr *e = &c->m->exprs[number - 1];
	const struct ev_doc *d = ev_computing_doc(&c->made);
	struct ev_scan *scan = NULL;
	const char *why = NULL;

	ev_buf_reset(&c->id);
	for (size_t i = 0; why == NULL && i < e->n; i++) {
		const struct ev_doc *of = d;
		struct ev_flaw flaw;
		uint32_t node;
		enum ev_status st =
			ev_expr_value(e->parts[i], d, 0, NULL, &node, &c->json, &c->why);

		if (i > 0)
			ev_buf_putc(&c->id, '/');
		if (st == EV_OK && node == EV_NOWHERE) {
			if (scan == NULL)
				scan = ev_scan_new();
			ev_buf_room(&c->json, EV_SCAN_SLACK);
			of = ev_scan(scan, c->json.p, c->json.len, &flaw);
			node = 0;
		}
		if (st == EV_REJECT)
			why = ev_buf_str(&c->why);
		else if (st == EV_EOF || of == NULL || !add_part(c, of, node))
			why = "a part of it is neither a text nor a number";
	}
	ev_buf_reset(&c->json);
	ev_buf_putc(&c->json, '"');
	ev_json_escape(c->id.p, c->id.len, &c->json);
	ev_buf_putc(&c->json, '"');
	if (why != NULL || !ev_computing_json(&c->made, number, 0, c->json.p, c->json.len))
		ev_computing_none(&c->made, number, 0, why != NULL ? why : "it is too long");
	ev_scan_free(&scan);
}

/* Notes the elements that a path leads to from a step on, each with what is around it. */
static void find_items(struct ev_compute *c, const struct ev_path *each, size_t step,
		       const struct ev_doc *d, struct ev_expr_item around)
{
	struct ev_path to_list = *each;
	struct ev_expr_item of = {.parent = around.item, .parent_index = around.index};
	uint32_t list;

	for (to_list.n = step; to_list.n < each->n; to_list.n++)
		if (each->steps[to_list.n].kind == EV_STEP_EACH)
			break;
	list = ev_path_from(&to_list, step, d, around.item != EV_NOWHERE ? around.item : 0);
	if (to_list.n == each->n) { /* behind the last list */
		around.item = list;
		if (list == EV_NOWHERE)
			return;
		if (c->n_items == c->cap_items)
			ev_grow(&c->items, &c->cap_items, c->n_items + 1, sizeof *c->items);
		c->items[c->n_items++] = around;
		return;
	}
	if (list == EV_NOWHERE || ev_kind(d, list) != EV_ARRAY)
		return;
	for (of.item = ev_first(d, list); of.item < ev_end(d, list);
	     of.item = ev_next(d, of.item), of.index++)
		find_items(c, each, to_list.n + 1, d, of);
}

/* For each element of the list. */
static void add_items(struct ev_compute *c, uint32_t number, const struct ev_path *each)
{
	c->n_items = 0;
	find_items(c, each, 0, ev_computing_doc(&c->made),
		   (struct ev_expr_item){.item = EV_NOWHERE, .parent = EV_NOWHERE});
	for (size_t i = 0; i < c->n_items; i++)
		add_one(c, number, c->items[i].item, &c->items[i]);
}

const struct ev_doc *ev_compute(struct ev_compute *c, const struct ev_doc *d)
{
	ev_computing_begin(&c->made, d);
	for (size_t i = 0; i < c->m->n_exprs; i++) {
		const struct ev_value_expr *e = &c->m->exprs[i];

		if (!c->star && !e->envelope)
			continue;
		if (e->each != NULL)
			add_items(c, (uint32_t)i + 1, e->each);
		else if (e->n > 1)
			add_joined(c, (uint32_t)i + 1);
		else
			add_one(c, (uint32_t)i + 1, 0, NULL);
	}
	return ev_computing_end(&c->made);
}

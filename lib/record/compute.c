#include "record/compute.h"
#include "expr/expr.h"
#include "number/decimal.h"
#include "scan/form.h"
#include "json/view.h"

#include <stdlib.h>

/* What the tables that take a type of event need. */
struct needs {
	const char *type; /* NULL: every other */
	size_t len;
	bool *of; /* by expression */
};

struct ev_compute {
	const struct ev_model *m;
	struct needs *needs; /* the last is that of every other type */
	size_t n_needs;
	struct ev_path *type; /* where the type stands, bound; NULL where it is computed */
	struct ev_computing made;
	struct ev_expr_output output;
	struct ev_buf json, why, id, text;
	struct ev_expr_item *items;
	size_t n_items, cap_items;
};

/* What a path begins at, and what decides whether there is such a value. */
static void need(const struct ev_model *m, struct needs *n, const struct ev_path *path)
{
	const struct ev_value_expr *e;

	if (path == NULL)
		return;
	need(m, n, path->when);
	if (path->computed == 0)
		return;
	e = &m->exprs[path->computed - 1];
	n->of[path->computed - 1] = true;
	need(m, n, e->each);
	need(m, n, e->when);
}

static void need_table(const struct ev_model *m, struct needs *n, const struct ev_names *types,
		       const struct ev_path *each, const struct ev_column *when,
		       const struct ev_columns *columns)
{
	if (n->type != NULL ? !ev_names_take(types, n->type, n->len) : types->n > 0)
		return;
	need(m, n, each);
	need(m, n, when != NULL ? when->from : NULL);
	for (size_t i = 0; i < columns->n; i++)
		need(m, n, columns->list[i].from);
}

/* star: of the tables, too. */
static void add_needs(struct ev_compute *c, bool star, const char *type)
{
	const struct ev_model *m = c->m;
	struct needs *n;

	for (size_t i = 0; i < c->n_needs && type != NULL; i++)
		if (strcmp(c->needs[i].type, type) == 0)
			return;
	c->needs = ev_realloc_one(c->needs, c->n_needs, sizeof *c->needs);
	n = &c->needs[c->n_needs++];
	*n = (struct needs){type, type != NULL ? strlen(type) : 0,
			    ev_calloc(m->n_exprs, sizeof *n->of)};
	for (size_t i = 0; i < m->n_exprs; i++)
		n->of[i] = m->exprs[i].envelope;
	for (size_t i = 0; i < m->n_facts && star; i++)
		need_table(m, n, &m->facts[i].types, m->facts[i].each, m->facts[i].when,
			   &m->facts[i].columns);
	for (size_t i = 0; i < m->n_dimensions && star; i++)
		need_table(m, n, &m->dimensions[i].types, m->dimensions[i].each,
			   m->dimensions[i].when, &m->dimensions[i].columns);
}

static void add_types(struct ev_compute *c, const struct ev_names *types)
{
	for (size_t i = 0; i < types->n; i++)
		add_needs(c, true, types->list[i]);
}

struct ev_compute *ev_compute_new(const struct ev_model *m, bool star, struct ev_scan *scan)
{
	struct ev_compute *c;
	struct ev_error none;
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
	for (size_t i = 0; i < m->n_facts && star; i++)
		add_types(c, &m->facts[i].types);
	for (size_t i = 0; i < m->n_dimensions && star; i++)
		add_types(c, &m->dimensions[i].types);
	add_needs(c, star, NULL);
	if (m->type->computed == 0 && (c->type = ev_path_parse(m->type->text, &none)) != NULL)
		ev_path_bind(c->type, ev_scan_symbols(scan));
	ev_computing_init(&c->made, scan);
	return c;
}

void ev_compute_free(struct ev_compute **c)
{
	if (*c == NULL)
		return;
	for (size_t i = 0; i < (*c)->n_needs; i++)
		free((*c)->needs[i].of);
	free((*c)->needs);
	ev_path_free(&(*c)->type);
	ev_computing_free(&(*c)->made);
	ev_buf_free(&(*c)->output.made);
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
	const struct ev_doc *d = &c->made.doc;
	const struct ev_value_expr *e = &c->m->exprs[number - 1];
	struct ev_expr_output *out = &c->output;

	if (e->when != NULL && !ev_path_takes(e->when, d, from)) {
		ev_computing_none(&c->made, number, from, NULL);
		return;
	}
	switch (ev_expr_value(e->parts[0], d, 0, item, out, &c->why)) {
	case EV_OK:
		if (out->node != EV_NOWHERE)
			ev_computing_node(&c->made, number, from, out->node);
		else if (!ev_computing_json(&c->made, number, from, out->json, out->len))
			ev_computing_none(&c->made, number, from, "its outcome is too long");
		return;
	case EV_EOF: ev_computing_none(&c->made, number, from, NULL); return;
	default: ev_computing_none(&c->made, number, from, ev_buf_str(&c->why)); return;
	}
}

/* The text of an output that is a string. */
static const char *text_of(struct ev_compute *c, const struct ev_doc *d,
			   const struct ev_expr_output *out, size_t *len)
{
	if (out->node != EV_NOWHERE)
		return ev_string(d, out->node, &c->text, len);
	ev_buf_reset(&c->text);
	ev_json_unescape(out->json + 1, out->len - 2, &c->text);
	*len = c->text.len;
	return ev_buf_str(&c->text);
}

/*
 * A part of an id: a text, whose / and \ get a \ in front of them, or a number, however it is
 * spelled. Returns what is wrong with it, or NULL.
 */
static const char *add_part(struct ev_compute *c, const struct ev_doc *d,
			    const struct ev_expr_output *out)
{
	char uuid[EV_UUID_TEXT];
	struct ev_number number;
	const char *p = out->json;
	size_t len = out->len;

	if (out->node != EV_NOWHERE)
		p = ev_raw(d, out->node, &len);
	if (p[0] == '-' || (p[0] >= '0' && p[0] <= '9')) {
		ev_number_read(p, len, &number);
		return ev_number_plain(&number, -1, &c->id) ? NULL : "has too many digits";
	}
	if (p[0] != '"')
		return p[0] == 'n' ? "is null" : "is neither a text nor a number";
	p = text_of(c, d, out, &len);
	if (len == 0)
		return "is an empty text";
	if (ev_uuid_canonical(p, len, uuid)) {
		ev_buf_put(&c->id, uuid, sizeof uuid);
		return NULL;
	}
	for (; len > 0; p++, len--) {
		if (*p == '/' || *p == '\\')
			ev_buf_putc(&c->id, '\\');
		ev_buf_putc(&c->id, *p);
	}
	return NULL;
}

/* An id of several parts: their texts, joined by /. */
static void add_joined(struct ev_compute *c, uint32_t number)
{
	const struct ev_value_expr *e = &c->m->exprs[number - 1];
	const struct ev_doc *d = &c->made.doc;
	const char *flaw = NULL;
	struct ev_buf why = {0};

	ev_buf_reset(&c->id);
	for (size_t i = 0; flaw == NULL && i < e->n; i++) {
		if (i > 0)
			ev_buf_putc(&c->id, '/');
		switch (ev_expr_value(e->parts[i], d, 0, NULL, &c->output, &c->why)) {
		case EV_OK: flaw = add_part(c, d, &c->output); break;
		case EV_EOF: flaw = "is null"; break;
		default: flaw = ev_buf_str(&c->why); break;
		}
		if (flaw != NULL)
			ev_buf_printf(&why, "part %zu%s %s", i + 1,
				      flaw == ev_buf_str(&c->why) ? ":" : "", flaw);
	}
	ev_buf_reset(&c->json);
	ev_buf_putc(&c->json, '"');
	ev_json_escape(c->id.p, c->id.len, &c->json);
	ev_buf_putc(&c->json, '"');
	if (flaw != NULL)
		ev_computing_none(&c->made, number, 0, ev_buf_str(&why));
	else if (!ev_computing_json(&c->made, number, 0, c->json.p, c->json.len))
		ev_computing_none(&c->made, number, 0, "it is too long");
	ev_buf_free(&why);
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
	find_items(c, each, 0, &c->made.doc,
		   (struct ev_expr_item){.item = EV_NOWHERE, .parent = EV_NOWHERE});
	for (size_t i = 0; i < c->n_items; i++)
		add_one(c, number, c->items[i].item, &c->items[i]);
}

static void compute(struct ev_compute *c, size_t i)
{
	const struct ev_value_expr *e = &c->m->exprs[i];

	if (e->each != NULL)
		add_items(c, (uint32_t)i + 1, e->each);
	else if (e->n > 1)
		add_joined(c, (uint32_t)i + 1);
	else
		add_one(c, (uint32_t)i + 1, 0, NULL);
}

/* What the event's type needs; the envelope is computed. */
static const bool *needed(struct ev_compute *c)
{
	const struct needs *n = c->needs, *others = &c->needs[c->n_needs - 1];
	const struct ev_doc *d = &c->made.doc;
	uint32_t at;

	if (n == others)
		return n->of;
	at = ev_path_get(c->type != NULL ? c->type : c->m->type, d, 0);
	if (at == EV_NOWHERE || ev_kind(d, at) != EV_STRING)
		return others->of;
	while (n < others && !ev_string_is(d, at, n->type, n->len))
		n++;
	return n->of;
}

const struct ev_doc *ev_compute(struct ev_compute *c, const struct ev_doc *d)
{
	const struct ev_value_expr *exprs = c->m->exprs;
	const bool *of;
	size_t i = 0;

	ev_computing_begin(&c->made, d);
	for (; i < c->m->n_exprs && exprs[i].envelope; i++)
		compute(c, i);
	for (of = needed(c); i < c->m->n_exprs; i++)
		if (of[i])
			compute(c, i);
	return ev_computing_end(&c->made);
}

#include "json/computed.h"
#include "base/mem.h"
#include "scan/scalar.h"
#include "scan/symbol.h"
#include "json/view.h"

#include <stdlib.h>

/* In a plan, of a value that is not there, and of one that could not be computed. */
enum { ABSENT = 7, FAILED };

enum { VARIANTS = 32 }; /* of a shape */

/* One of the kinds that the values of a shape's documents can be of, and the shape of those. */
struct variant {
	struct variant *next;
	uint32_t shape;
	size_t n;
	struct {
		uint32_t number, from, node, kind;
	} list[];
};

static uint32_t kind_of(const struct ev_computing *c, const struct ev_computed *v)
{
	if (v->node == EV_NOWHERE)
		return v->why != NULL ? FAILED : ABSENT;
	return c->doc.nodes[v->node].kind;
}

static struct variant *new_variant(const struct ev_computing *c, uint32_t shape)
{
	struct variant *made = NULL;

	if (shape != EV_NO_SHAPE)
		made = ev_plan_alloc(&c->doc, sizeof *made + c->n_list * sizeof *made->list);
	if (made == NULL)
		return NULL;
	*made = (struct variant){.shape = shape, .n = c->n_list};
	for (size_t i = 0; i < c->n_list; i++) {
		const struct ev_computed *v = &c->list[i];

		made->list[i].number = v->number;
		made->list[i].from = v->from;
		made->list[i].node = v->node;
		made->list[i].kind = kind_of(c, v);
	}
	return made;
}

static bool is_variant(const struct ev_computing *c, const struct variant *t)
{
	bool same = t->n == c->n_list;

	for (size_t i = 0; same && i < c->n_list; i++) {
		const struct ev_computed *v = &c->list[i];

		same = t->list[i].number == v->number && t->list[i].from == v->from &&
		       t->list[i].node == v->node && t->list[i].kind == kind_of(c, v);
	}
	return same;
}

/* The first variant keeps the shape's own number. */
static void *compile(void *client, const struct ev_doc *d)
{
	return new_variant(client, d->shape);
}

static void print(const void *client, const void *plan, const struct ev_doc *d, struct ev_buf *out)
{
	const struct variant *t = plan;

	(void)client;
	for (size_t i = 0; i < t->n; i++)
		ev_plan_line(
			out, "computed", d, t->list[i].node < d->n ? t->list[i].node : EV_NOWHERE,
			t->list[i].kind == ABSENT   ? "absent"
			: t->list[i].kind == FAILED ? "failed"
						    : ev_kind_name((enum ev_kind)t->list[i].kind));
}

static const struct ev_plan_kind variants = {"computed values", compile, print};

void ev_computing_init(struct ev_computing *c, struct ev_scan *of)
{
	c->plans = EV_PLANS(&variants, c);
	c->of = of;
}

void ev_computing_free(struct ev_computing *c)
{
	ev_buf_free(&c->text);
	ev_buf_free(&c->name);
	free(c->nodes);
	free(c->list);
	ev_arena_free(&c->whys);
	ev_scan_free(&c->scan);
}

/* Room for more nodes behind the document's, which are copied first. */
static struct ev_node *room_for(struct ev_computing *c, size_t n)
{
	const bool copied = c->doc.nodes == c->nodes;

	if (c->n + n > c->cap)
		ev_grow(&c->nodes, &c->cap, c->n + n, sizeof *c->nodes);
	if (!copied)
		memcpy(c->nodes, c->doc.nodes, c->n * sizeof *c->nodes);
	c->doc.nodes = c->nodes;
	return c->nodes + c->n;
}

/* Where a text stands in the document's, behind which it is put if it is not in it. */
static uint32_t place_text(struct ev_computing *c, const char *p, size_t len)
{
	const uintptr_t at = (uintptr_t)p - (uintptr_t)c->doc.text;
	uint32_t pos;

	if (at < c->doc.len && len <= c->doc.len - at)
		return (uint32_t)at;
	if (c->doc.text != c->text.p)
		ev_buf_put(&c->text, c->doc.text, c->doc.len);
	pos = (uint32_t)c->text.len;
	ev_buf_put(&c->text, p, len);
	ev_buf_room(&c->text, EV_SCAN_SLACK);
	c->doc.text = c->text.p;
	return pos;
}

void ev_computing_begin(struct ev_computing *c, const struct ev_doc *d)
{
	c->doc = *d;
	c->doc.computed = c->list;
	c->doc.n_computed = 0;
	c->n = d->n;
	c->n_list = 0;
	c->varies = false;
	ev_buf_reset(&c->text);
	ev_arena_reset(&c->whys);
}

static void add(struct ev_computing *c, uint32_t number, uint32_t from, uint32_t node,
		const char *why)
{
	if (c->n_list == c->cap_list)
		ev_grow(&c->list, &c->cap_list, c->n_list + 1, sizeof *c->list);
	c->list[c->n_list++] = (struct ev_computed){number, from, node, why};
	c->doc.computed = c->list;
	c->doc.n_computed = (uint32_t)c->n_list;
}

/* A name: of the document's own symbols, and of no member id, for it stands at no path. */
static void copy_name(struct ev_computing *c, const struct ev_doc *d, uint32_t at, uint32_t moved)
{
	struct ev_node *to = room_for(c, 1);
	const char *p;
	size_t len;

	*to = d->nodes[at];
	to->pos += moved;
	to->end += moved;
	to->member_id = EV_NO_MEMBER_ID;
	c->n++;
	p = ev_string(d, at, &c->name, &len);
	to->count = ev_symbols_of(c->doc.symbols, p, len) & EV_COUNT_MAX;
}

/* Copies a value and what is in it behind the nodes; its text stands `moved` bytes further on. */
static void copy_value(struct ev_computing *c, const struct ev_doc *d, uint32_t at, uint32_t moved)
{
	const struct ev_node *n = &d->nodes[at];
	const uint32_t name = n->kind == EV_OBJECT;
	const size_t i = c->n;
	struct ev_node *to = room_for(c, 1);

	*to = *n;
	to->pos += moved;
	to->end += moved;
	c->n++;
	if (n->kind >= EV_ARRAY) {
		c->varies = true;
		for (uint32_t k = at + 1; k < n->next; k = d->nodes[k + name].next) {
			if (name)
				copy_name(c, d, k, moved);
			copy_value(c, d, k + name, moved);
		}
	}
	c->nodes[i].next = (uint32_t)c->n;
}

void ev_computing_node(struct ev_computing *c, uint32_t number, uint32_t from, uint32_t at)
{
	add(c, number, from, at, NULL);
}

/* Whether it is a scalar that is read without a scan, and of which kind. 8 bytes more are read. */
static bool is_plain_scalar(const char *p, size_t len, enum ev_kind *kind)
{
	*kind = EV_NUMBER;
	if (ev_is_short_number(p, len))
		return true;
	*kind = EV_STRING;
	if (len > 1 && p[0] == '"')
		return p[len - 1] == '"' && memchr(p, '\\', len) == NULL;
	return len > 0 && p[0] != '{' && p[0] != '[' && ev_scalar_end(p, 0, len, kind) == len;
}

bool ev_computing_json(struct ev_computing *c, uint32_t number, uint32_t from, const char *p,
		       size_t len)
{
	const size_t taken = c->text.len > 0 ? c->text.len : c->doc.len;
	const uint32_t node = (uint32_t)c->n;
	const struct ev_doc *d;
	struct ev_flaw flaw;
	enum ev_kind kind;
	uint32_t pos;

	if (len > EV_SCAN_MAX - taken)
		return false;
	pos = place_text(c, p, len);
	if (is_plain_scalar(c->doc.text + pos, len, &kind)) {
		*room_for(c, 1) = (struct ev_node){
			.pos = pos, .end = pos + (uint32_t)len, .next = node + 1, .kind = kind};
		c->n++;
		add(c, number, from, node, NULL);
		return true;
	}
	if (c->scan == NULL)
		c->scan = ev_scan_new();
	d = ev_scan(c->scan, c->doc.text + pos, len, &flaw);
	if (d == NULL || d->duplicate != EV_NOWHERE)
		return false;
	c->doc.nul |= d->nul;
	c->doc.unescaped &= d->unescaped;
	copy_value(c, d, 0, pos);
	add(c, number, from, node, NULL);
	return true;
}

void ev_computing_none(struct ev_computing *c, uint32_t number, uint32_t from, const char *why)
{
	add(c, number, from, EV_NOWHERE,
	    why != NULL ? ev_arena_copy(&c->whys, why, strlen(why)) : NULL);
}

/* The shape of the documents whose values are as these are. */
static uint32_t shape_of(struct ev_computing *c)
{
	struct variant *last = NULL;
	int n = 0;

	if (c->varies)
		return EV_NO_SHAPE;
	for (struct variant *t = ev_plan_of(&c->plans, &c->doc); t != NULL; t = t->next, n++) {
		if (is_variant(c, t))
			return t->shape;
		last = t;
	}
	if (last == NULL || n == VARIANTS)
		return EV_NO_SHAPE;
	last->next = new_variant(c, ev_scan_add_shape(c->of));
	return last->next != NULL ? last->next->shape : EV_NO_SHAPE;
}

const struct ev_doc *ev_computing_end(struct ev_computing *c)
{
	c->doc.shape = shape_of(c);
	return &c->doc;
}

const struct ev_computed *ev_computed_find(const struct ev_doc *d, uint32_t number, uint32_t from)
{
	uint32_t low = 0, high = d->n_computed;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;
		const struct ev_computed *v = &d->computed[middle];

		if (v->number < number || (v->number == number && v->from < from))
			low = middle + 1;
		else
			high = middle;
	}
	return low < d->n_computed && d->computed[low].number == number &&
			       d->computed[low].from == from
		       ? &d->computed[low]
		       : NULL;
}

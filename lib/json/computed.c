#include "json/computed.h"
#include "base/mem.h"
#include "scan/scalar.h"
#include "scan/symbol.h"
#include "json/view.h"

#include <stdlib.h>

/* In a plan, of a value that is not there, and of one that could not be computed. */
enum { ABSENT = 7, FAILED };

struct kinds {
	size_t n;
	uint8_t list[];
};

static uint8_t kind_of(const struct ev_computing *c, const struct ev_computed *v)
{
	if (v->node == EV_NOWHERE)
		return v->why != NULL ? FAILED : ABSENT;
	/* a filter tells true from false, though no check of a column does */
	return (uint8_t)c->nodes[v->node].kind;
}

static void *compile(void *client, const struct ev_doc *d)
{
	const struct ev_computing *c = client;
	struct kinds *kinds = ev_plan_alloc(d, sizeof *kinds + c->n_list);

	if (kinds == NULL)
		return NULL;
	kinds->n = c->n_list;
	for (size_t i = 0; i < c->n_list; i++)
		kinds->list[i] = kind_of(c, &c->list[i]);
	return kinds;
}

static void print(const void *client, const void *plan, const struct ev_doc *d, struct ev_buf *out)
{
	const struct kinds *kinds = plan;

	(void)client;
	for (size_t i = 0; i < kinds->n; i++)
		ev_plan_line(out, "computed", d, EV_NOWHERE,
			     kinds->list[i] == ABSENT ? "absent"
			     : kinds->list[i] == FAILED
				     ? "failed"
				     : ev_kind_name((enum ev_kind)kinds->list[i]));
}

static const struct ev_plan_kind kinds_kind = {"computed values", compile, print};

void ev_computing_init(struct ev_computing *c)
{
	c->plans = EV_PLANS(&kinds_kind, c);
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

static struct ev_node *room_for(struct ev_computing *c, size_t n)
{
	if (c->n + n > c->cap)
		ev_grow(&c->nodes, &c->cap, c->n + n, sizeof *c->nodes);
	return c->nodes + c->n;
}

void ev_computing_begin(struct ev_computing *c, const struct ev_doc *d)
{
	c->doc = *d;
	c->doc.computed = NULL;
	c->doc.n_computed = 0;
	ev_buf_reset(&c->text);
	ev_buf_put(&c->text, d->text, d->len);
	c->n = 0;
	memcpy(room_for(c, d->n), d->nodes, d->n * sizeof *d->nodes);
	c->n = d->n;
	c->n_list = 0;
	c->varies = false;
	ev_arena_reset(&c->whys);
}

static void add(struct ev_computing *c, uint32_t number, uint32_t from, uint32_t node,
		const char *why)
{
	if (c->n_list == c->cap_list)
		ev_grow(&c->list, &c->cap_list, c->n_list + 1, sizeof *c->list);
	c->list[c->n_list++] = (struct ev_computed){number, from, node, why};
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
	if (d->symbols == c->doc.symbols)
		return;
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
	const uint32_t node = (uint32_t)c->n;

	/* Room first: the nodes that are copied must not move meanwhile. */
	room_for(c, c->nodes[at].kind >= EV_ARRAY ? c->nodes[at].next - at : 1);
	c->doc.nodes = c->nodes;
	c->doc.text = c->text.p;
	copy_value(c, &c->doc, at, 0);
	add(c, number, from, node, NULL);
}

/* Whether it is a scalar that is read without a scan, and of which kind. */
static bool is_plain_scalar(const char *p, size_t len, enum ev_kind *kind)
{
	*kind = EV_STRING;
	if (len > 1 && p[0] == '"')
		return p[len - 1] == '"' && memchr(p, '\\', len) == NULL;
	return len > 0 && p[0] != '{' && p[0] != '[' && ev_scalar_end(p, 0, len, kind) == len;
}

bool ev_computing_json(struct ev_computing *c, uint32_t number, uint32_t from, const char *p,
		       size_t len)
{
	const uint32_t node = (uint32_t)c->n, pos = (uint32_t)c->text.len;
	const struct ev_doc *d;
	struct ev_flaw flaw;
	enum ev_kind kind;

	ev_buf_put(&c->text, p, len);
	if (len <= EV_SCAN_MAX - pos && is_plain_scalar(p, len, &kind)) {
		*room_for(c, 1) = (struct ev_node){
			.pos = pos, .end = pos + (uint32_t)len, .next = node + 1, .kind = kind};
		c->n++;
		add(c, number, from, node, NULL);
		return true;
	}
	ev_buf_room(&c->text, EV_SCAN_SLACK);
	if (c->scan == NULL)
		c->scan = ev_scan_new();
	d = len <= EV_SCAN_MAX - pos ? ev_scan(c->scan, c->text.p + pos, len, &flaw) : NULL;
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

const struct ev_doc *ev_computing_doc(struct ev_computing *c)
{
	ev_buf_room(&c->text, EV_SCAN_SLACK);
	c->doc.text = c->text.p;
	c->doc.nodes = c->nodes;
	c->doc.computed = c->list;
	c->doc.n_computed = (uint32_t)c->n_list;
	return &c->doc;
}

const struct ev_doc *ev_computing_end(struct ev_computing *c)
{
	const struct ev_doc *d = ev_computing_doc(c);
	const struct kinds *kinds = c->varies ? NULL : ev_plan_of(&c->plans, d);
	bool same = kinds != NULL && kinds->n == c->n_list;

	for (size_t i = 0; same && i < c->n_list; i++)
		same = kinds->list[i] == kind_of(c, &c->list[i]);
	if (!same)
		c->doc.shape = EV_NO_SHAPE;
	return d;
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

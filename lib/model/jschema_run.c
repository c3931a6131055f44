/*
 * Whether objects and arrays fit the flat program that jschema_flat.c makes of schemas.
 */
#include "model/jschema_accept.h"
#include "model/jschema_flat.h"
#include "json/view.h"

/*
 * Whether a value fits a cell that has this to do with it. Calls of these are cheaper than a switch:
 * the loops that make them need few registers, and most of these none that have to be saved.
 */
typedef bool run(struct js_judge *j, const struct js_cell *c, const struct ev_node *value);

static bool ask(struct js_judge *j, const struct js_cell *c, const struct ev_node *value)
{
	const struct js_behind *b = c->behind;

	return js_all_fit(j, b->schemas, b->n, (uint32_t)(value - j->d->nodes));
}

static bool take(struct js_judge *j, const struct js_cell *c, const struct ev_node *value)
{
	(void)j, (void)c, (void)value;
	return true;
}

/* Scalars. What is not told at once, the schemas have to be asked. */

static inline const char *text_of(const struct js_judge *j, const struct ev_node *value)
{
	return j->d->text + value->pos;
}

/* A string without its quotes; in *len its octets. */
static inline const char *string_of(const struct js_judge *j, const struct ev_node *value,
				    uint32_t *len)
{
	*len = value->end - value->pos - 2;
	return text_of(j, value) + 1;
}

static bool length(struct js_judge *j, const struct js_cell *c, const struct ev_node *value)
{
	uint32_t len = value->end - value->pos - 2;

	return len - c->least <= c->gap || ask(j, c, value);
}

static bool layout(struct js_judge *j, const struct js_cell *c, const struct ev_node *value)
{
	uint32_t len;
	const char *p = string_of(j, value, &len);

	return (len - c->least <= c->gap && js_accepts_layout(c->layout, p, len)) ||
	       ask(j, c, value);
}

static bool date(struct js_judge *j, const struct js_cell *c, const struct ev_node *value)
{
	uint32_t len;
	const char *p = string_of(j, value, &len);

	return (len - c->least <= c->gap && js_accepts_layout(c->layout, p, len) &&
		js_accepts_day(p)) ||
	       ask(j, c, value);
}

static bool time_of(struct js_judge *j, const struct js_cell *c, const struct ev_node *value)
{
	uint32_t len;
	const char *p = string_of(j, value, &len);

	return (len - c->least <= c->gap && js_accepts_time(c->layout, p, len)) || ask(j, c, value);
}

static bool ipv4(struct js_judge *j, const struct js_cell *c, const struct ev_node *value)
{
	uint32_t len;
	const char *p = string_of(j, value, &len);

	return (len - c->least <= c->gap && js_accepts_ipv4(c->layout, p, len)) || ask(j, c, value);
}

static bool word(struct js_judge *j, const struct js_cell *c, const struct ev_node *value)
{
	uint32_t len;
	const char *p = string_of(j, value, &len);

	return js_accepts_word(c->words, p, len) || ask(j, c, value);
}

static bool not_negative(struct js_judge *j, const struct js_cell *c, const struct ev_node *value)
{
	return *text_of(j, value) != '-' || ask(j, c, value);
}

static bool decimal(struct js_judge *j, const struct js_cell *c, const struct ev_node *value)
{
	const struct js_behind *b = c->behind;

	return js_accepts_number(text_of(j, value), value->end - value->pos, b->low, b->high,
				 false) ||
	       ask(j, c, value);
}

static bool whole(struct js_judge *j, const struct js_cell *c, const struct ev_node *value)
{
	const struct js_behind *b = c->behind;

	return js_accepts_number(text_of(j, value), value->end - value->pos, b->low, b->high,
				 true) ||
	       ask(j, c, value);
}

static run object, array;

static run *const runs[] = {
	[JS_DO_ASK] = ask,	   [JS_DO_TAKE] = take,	  [JS_DO_LENGTH] = length,
	[JS_DO_LAYOUT] = layout,   [JS_DO_DATE] = date,	  [JS_DO_TIME] = time_of,
	[JS_DO_IPV4] = ipv4,	   [JS_DO_WORD] = word,	  [JS_DO_NOT_NEGATIVE] = not_negative,
	[JS_DO_DECIMAL] = decimal, [JS_DO_WHOLE] = whole, [JS_DO_OBJECT] = object,
	[JS_DO_ARRAY] = array,
};

static inline bool cell_fits(struct js_judge *j, const struct js_cell *c,
			     const struct ev_node *value)
{
	return runs[c->does[value->word & 15]](j, c, value);
}

/* It counts as a schema that is applied. */
static inline bool may_enter(struct js_judge *j, const struct js_inside *o, uint32_t i)
{
	return js_spend(j) && js_members(j, i) - o->least <= o->gap;
}

bool js_flat_fits(struct js_judge *j, const struct js_inside *o, uint32_t i)
{
	const struct ev_node *nodes = j->d->nodes, *end = nodes + nodes[i].next,
			     *name = nodes + i + 1,
			     *stop = i == j->top ? nodes + j->without - 1 : end;
	uint64_t bits = 0;

	if (!may_enter(j, o, i))
		return false;
	for (;;) { /* up to the absent member, and behind it */
		for (; name < stop; name = nodes + name[1].next) {
			uint32_t symbol = name->count, k = symbol & o->mask;
			const struct js_cell *c = &o->cells[k];

			while (c->symbol != symbol && c->symbol != EV_NO_SYMBOL)
				c = &o->cells[k = (k + 1) & o->mask];
			bits |= c->bit;
			if (!cell_fits(j, c, name + 1))
				return false;
		}
		if (stop == end)
			break;
		name = nodes + stop[1].next;
		stop = end;
	}
	if ((bits & o->needed) != o->needed)
		return false;
	for (uint32_t k = 0; k < o->n_rest; k++)
		if (!js_fits(j, o->rest[k], i, JS_NO_MARKS))
			return false;
	return true;
}

static bool object(struct js_judge *j, const struct js_cell *c, const struct ev_node *value)
{
	return js_flat_fits(j, c->behind->object, (uint32_t)(value - j->d->nodes));
}

static bool array(struct js_judge *j, const struct js_cell *c, const struct ev_node *value)
{
	const struct js_inside *o = c->behind->array;
	const struct ev_node *nodes = j->d->nodes, *end = nodes + value->next;

	if (!may_enter(j, o, (uint32_t)(value - nodes)))
		return false;
	for (const struct ev_node *at = value + 1; at < end; at = nodes + at->next)
		if (!cell_fits(j, o->cells, at))
			return false;
	return true;
}

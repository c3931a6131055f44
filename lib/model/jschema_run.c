/*
 * Whether objects and arrays fit the flat program that jschema_flat.c makes of schemas.
 */
#include "model/jschema_accept.h"
#include "model/jschema_flat.h"
#include "json/view.h"

/*
 * What is said of a scalar at once; p and len are of its text. True if it fits; else its schemas
 * have to be asked. Calls of these are cheaper than a switch, for the loop that calls them has to
 * keep more in registers than there are.
 */
typedef bool accept(const struct js_cell *c, const char *p, uint32_t len);

static bool ask(const struct js_cell *c, const char *p, uint32_t len)
{
	(void)c, (void)p, (void)len;
	return false;
}

static bool take(const struct js_cell *c, const char *p, uint32_t len)
{
	(void)c, (void)p, (void)len;
	return true;
}

/* A string without its quotes. */
static inline bool is_long_enough(const struct js_cell *c, uint32_t len)
{
	return len - 2 - c->least <= c->gap;
}

static bool length(const struct js_cell *c, const char *p, uint32_t len)
{
	(void)p;
	return is_long_enough(c, len);
}

static bool layout(const struct js_cell *c, const char *p, uint32_t len)
{
	return is_long_enough(c, len) && js_accepts_layout(c->layout, p + 1, len - 2);
}

static bool date(const struct js_cell *c, const char *p, uint32_t len)
{
	return layout(c, p, len) && js_accepts_day(p + 1);
}

static bool time_of(const struct js_cell *c, const char *p, uint32_t len)
{
	return is_long_enough(c, len) && js_accepts_time(c->layout, p + 1, len - 2);
}

static bool ipv4(const struct js_cell *c, const char *p, uint32_t len)
{
	return is_long_enough(c, len) && js_accepts_ipv4(c->layout, p + 1, len - 2);
}

static bool word(const struct js_cell *c, const char *p, uint32_t len)
{
	return js_accepts_word(c->words, p + 1, len - 2);
}

static bool not_negative(const struct js_cell *c, const char *p, uint32_t len)
{
	(void)c, (void)len;
	return *p != '-';
}

static bool decimal(const struct js_cell *c, const char *p, uint32_t len)
{
	return js_accepts_number(p, len, c->low, c->high, false);
}

static bool whole(const struct js_cell *c, const char *p, uint32_t len)
{
	return js_accepts_number(p, len, c->low, c->high, true);
}

static accept *const accepts[] = {
	[JS_DO_ASK] = ask,	   [JS_DO_TAKE] = take,	  [JS_DO_LENGTH] = length,
	[JS_DO_LAYOUT] = layout,   [JS_DO_DATE] = date,	  [JS_DO_TIME] = time_of,
	[JS_DO_IPV4] = ipv4,	   [JS_DO_WORD] = word,	  [JS_DO_NOT_NEGATIVE] = not_negative,
	[JS_DO_DECIMAL] = decimal, [JS_DO_WHOLE] = whole,
};

static bool inside_fits(struct js_judge *j, const struct js_inside *o, uint32_t i);

static inline bool cell_fits(struct js_judge *j, const struct js_cell *c,
			     const struct ev_node *value, const char *text)
{
	uint8_t what = c->does[value->word & 15];

	if (what < JS_DO_OBJECT) {
		if (accepts[what](c, text + value->pos, value->end - value->pos))
			return true;
	} else {
		return inside_fits(j, what == JS_DO_OBJECT ? c->object : c->array,
				   (uint32_t)(value - j->d->nodes));
	}
	return js_all_fit(j, c->schemas, c->n, (uint32_t)(value - j->d->nodes));
}

static bool members_fit(struct js_judge *j, const struct js_inside *o, uint32_t i)
{
	const struct ev_node *nodes = j->d->nodes, *end = nodes + nodes[i].next,
			     *absent = nodes + j->without;
	const struct js_member *members = o->members;
	const char *text = j->d->text;
	uint32_t mask = o->mask;
	uint64_t bits = 0;

	for (const struct ev_node *name = nodes + i + 1; name < end; name = nodes + name[1].next) {
		uint32_t symbol = name->count, k = symbol & mask;
		const struct js_member *m = &members[k];

		if (name + 1 == absent)
			continue;
		while (m->symbol != symbol && m->symbol != EV_NO_SYMBOL)
			m = &members[k = (k + 1) & mask];
		bits |= m->bit;
		if (!cell_fits(j, &m->cell, name + 1, text))
			return false;
	}
	return (bits & o->needed) == o->needed;
}

static bool elements_fit(struct js_judge *j, const struct js_cell *c, uint32_t i)
{
	const struct ev_node *nodes = j->d->nodes, *end = nodes + nodes[i].next;

	for (const struct ev_node *at = nodes + i + 1; at < end; at = nodes + at->next)
		if (!cell_fits(j, c, at, j->d->text))
			return false;
	return true;
}

static bool inside_fits(struct js_judge *j, const struct js_inside *o, uint32_t i)
{
	/* it counts as a schema that is applied */
	if (j->exhausted || j->left-- <= 0) {
		j->exhausted = true;
		return false;
	}
	if (js_members(j, i) - o->least > o->gap)
		return false;
	if (ev_kind(j->d, i) == EV_ARRAY)
		return elements_fit(j, &o->members->cell, i);
	if (!members_fit(j, o, i))
		return false;
	for (uint32_t k = 0; k < o->n_rest; k++)
		if (!js_fits(j, o->rest[k], i, JS_NO_MARKS))
			return false;
	return true;
}

bool js_flat_fits(struct js_judge *j, const struct js_inside *o, uint32_t i)
{
	return inside_fits(j, o, i);
}

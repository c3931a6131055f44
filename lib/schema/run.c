/* Runs the flat program that flat.c makes of schemas, over a record or by the plan of its shape. */
#include "base/compiler.h"
#include "number/decimal.h"
#include "scan/form.h"
#include "schema/fast.h"
#include "schema/flat.h"

/*
 * One function for each enum ev_schema_check. Calls through a table are cheaper here than a switch:
 * the loops around them need few registers, and most of these functions save none.
 */
typedef bool run(struct ev_schema_judge *j, const struct ev_schema_cell *c,
		 const struct ev_node *value);

/* A slow path: kept out of line, so that the fast path has no registers to save. */
#define SLOW static EV_NOINLINE bool

SLOW full(struct ev_schema_judge *j, const struct ev_schema_cell *c, const struct ev_node *value)
{
	const struct ev_schema_cold *b = c->cold;

	return ev_schema_all_fit(j, b->schemas, b->n, (uint32_t)(value - j->d->nodes));
}

static bool pass(struct ev_schema_judge *j, const struct ev_schema_cell *c,
		 const struct ev_node *value)
{
	(void)j, (void)c, (void)value;
	return true;
}

/* Scalars. What the fast check cannot decide is evaluated in full. */

static inline const char *text_of(const struct ev_schema_judge *j, const struct ev_node *value)
{
	return j->d->text + value->pos;
}

/* A string's bytes without the quotes; *len: how many. */
static inline const char *string_of(const struct ev_schema_judge *j, const struct ev_node *value,
				    uint32_t *len)
{
	*len = value->end - value->pos - 2;
	return text_of(j, value) + 1;
}

static inline bool length(struct ev_schema_judge *j, const struct ev_schema_cell *c,
			  const struct ev_node *value)
{
	uint32_t len = value->end - value->pos - 2;

	return len - c->least <= c->gap || full(j, c, value);
}

static inline bool layout(struct ev_schema_judge *j, const struct ev_schema_cell *c,
			  const struct ev_node *value)
{
	uint32_t len;
	const char *p = string_of(j, value, &len);

	return (len - c->least <= c->gap && ev_schema_fast_layout(c->layout, p, len)) ||
	       full(j, c, value);
}

/* In lower case; others are left to the schemas. */
static inline bool uuid(struct ev_schema_judge *j, const struct ev_schema_cell *c,
			const struct ev_node *value)
{
	uint32_t len;
	const char *p = string_of(j, value, &len);

	return (len == EV_UUID_TEXT && ev_uuid_is_canonical(p)) || full(j, c, value);
}

static inline bool format(struct ev_schema_judge *j, const struct ev_schema_cell *c,
			  const struct ev_node *value)
{
	uint32_t len;
	const char *p = string_of(j, value, &len);

	return (len - c->least <= c->gap && ev_schema_format_fits(c->format, p, len)) ||
	       full(j, c, value);
}

static inline bool word(struct ev_schema_judge *j, const struct ev_schema_cell *c,
			const struct ev_node *value)
{
	uint32_t len;
	const char *p = string_of(j, value, &len);

	return ev_schema_fast_word(c->words, p, len) || full(j, c, value);
}

static inline bool not_negative(struct ev_schema_judge *j, const struct ev_schema_cell *c,
				const struct ev_node *value)
{
	return *text_of(j, value) != '-' || full(j, c, value);
}

SLOW number(struct ev_schema_judge *j, const struct ev_schema_cell *c, const struct ev_node *value)
{
	const struct ev_small low = {c->cold->low, 0}, high = {c->cold->high, 0};
	struct ev_small v;

	return (ev_small_read(text_of(j, value), value->end - value->pos, &v) &&
		ev_small_compare(low, v) <= 0 && ev_small_compare(v, high) <= 0 &&
		(v.exp >= 0 || c->checks[EV_NUMBER] != SCHEMA_CHECK_WHOLE)) ||
	       full(j, c, value);
}

static inline bool whole(struct ev_schema_judge *j, const struct ev_schema_cell *c,
			 const struct ev_node *value)
{
	struct ev_small v;

	return (ev_small_read_short(text_of(j, value), value->end - value->pos, &v) && v.exp == 0 &&
		c->cold->low <= v.coef && v.coef <= c->cold->high) ||
	       number(j, c, value);
}

static run object, array;

static run *const runs[] = {
	[SCHEMA_CHECK_FULL] = full,	 [SCHEMA_CHECK_PASS] = pass,
	[SCHEMA_CHECK_LENGTH] = length,	 [SCHEMA_CHECK_LAYOUT] = layout,
	[SCHEMA_CHECK_UUID] = uuid,	 [SCHEMA_CHECK_FORMAT] = format,
	[SCHEMA_CHECK_WORD] = word,	 [SCHEMA_CHECK_NOT_NEGATIVE] = not_negative,
	[SCHEMA_CHECK_DECIMAL] = number, [SCHEMA_CHECK_WHOLE] = whole,
	[SCHEMA_CHECK_OBJECT] = object,	 [SCHEMA_CHECK_ARRAY] = array,
};

static inline bool cell_fits(struct ev_schema_judge *j, const struct ev_schema_cell *c,
			     const struct ev_node *value)
{
	return runs[c->checks[value->word & 15]](j, c, value);
}

/* The cell of a name whose first slot is taken by another. */
static EV_NOINLINE const struct ev_schema_cell *seek(const struct ev_schema_program *o,
						     uint32_t symbol)
{
	return ev_schema_cell_at(o, symbol);
}

/* Checks the members from `name` to `stop`; adds the presence bits of those that count to *bits. */
static inline bool members_fit(struct ev_schema_judge *j, const struct ev_schema_program *o,
			       const struct ev_node *name, const struct ev_node *stop,
			       uint64_t *bits)
{
	const struct ev_node *nodes = j->d->nodes;

	for (; name < stop; name = nodes + name[1].next) {
		uint32_t symbol = name->count;
		const struct ev_schema_cell *c = &o->cells[symbol & o->mask];

		if (c->symbol != symbol)
			c = seek(o, symbol);
		*bits |= c->bit;
		if (!cell_fits(j, c, name + 1))
			return false;
	}
	return true;
}

/* Charges one applied schema to the budget, and checks the count n of members or elements. */
static inline bool may_enter(struct ev_schema_judge *j, const struct ev_schema_program *o,
			     uint64_t n)
{
	return --j->left >= 0 && n - o->least <= o->gap;
}

/* What is checked after the members: presence, dependencies, and schemas that were not merged. */
static inline bool rest_fits(struct ev_schema_judge *j, const struct ev_schema_program *o,
			     uint64_t bits, uint32_t i)
{
	return (bits & o->needed) == o->needed &&
	       (o->n_rules == 0 || ev_schema_rules_fit(o, bits)) &&
	       (o->n_rest == 0 || ev_schema_all_fit(j, o->rest, o->n_rest, i));
}

static bool object(struct ev_schema_judge *j, const struct ev_schema_cell *c,
		   const struct ev_node *value)
{
	const struct ev_schema_program *o = c->cold->object;
	const struct ev_node *nodes = j->d->nodes;
	uint64_t bits = 0;

	return may_enter(j, o, value->count) &&
	       members_fit(j, o, value + 1, nodes + value->next, &bits) &&
	       rest_fits(j, o, bits, (uint32_t)(value - nodes));
}

static bool array(struct ev_schema_judge *j, const struct ev_schema_cell *c,
		  const struct ev_node *value)
{
	const struct ev_schema_program *o = c->cold->array;
	const struct ev_node *nodes = j->d->nodes, *end = nodes + value->next;

	if (!may_enter(j, o, value->count))
		return false;
	for (const struct ev_node *at = value + 1; at < end; at = nodes + at->next)
		if (!cell_fits(j, o->cells, at))
			return false;
	return true;
}

bool ev_schema_flat_fits(struct ev_schema_judge *j, const struct ev_schema_program *o, uint32_t i)
{
	const struct ev_node *nodes = j->d->nodes, *first = nodes + i + 1,
			     *end = nodes + nodes[i].next, *absent = nodes + j->without;
	uint64_t bits = 0;

	if (!may_enter(j, o, ev_schema_members(j, i)))
		return false;
	if (i != j->top) {
		if (!members_fit(j, o, first, end, &bits))
			return false;
	} else if (!members_fit(j, o, first, absent - 1, &bits) ||
		   !members_fit(j, o, nodes + absent->next, end, &bits)) {
		return false;
	}
	return rest_fits(j, o, bits, i);
}

/*
 * All steps of one kind in one loop without calls, whose length the processor predicts from the
 * last record. Escapes are no part of a shape, so each string is checked for them.
 */
typedef bool one_fits(struct ev_schema_judge *j, const struct ev_schema_cell *c,
		      const struct ev_node *value);

static EV_ALWAYS_INLINE bool steps_fit(struct ev_schema_judge *j,
				       const struct ev_schema_step **step, uint32_t n,
				       one_fits *fits, bool escapes)
{
	const struct ev_node *nodes = j->d->nodes;
	const struct ev_schema_step *s = *step, *end = s + n;

	for (; s < end; s++) {
		const struct ev_node *value = nodes + s->node;

		if (escapes && value->escaped) {
			if (!cell_fits(j, s->cell, value))
				return false;
		} else if (!fits(j, s->cell, value)) {
			return false;
		}
	}
	*step = s;
	return true;
}

static EV_ALWAYS_INLINE bool scalars_fit(struct ev_schema_judge *j, const struct ev_schema_step **s,
					 const uint32_t *n, bool escapes)
{
	return steps_fit(j, s, n[SCHEMA_CHECK_FULL], full, false) &&
	       steps_fit(j, s, n[SCHEMA_CHECK_LENGTH], length, escapes) &&
	       steps_fit(j, s, n[SCHEMA_CHECK_LAYOUT], layout, escapes) &&
	       steps_fit(j, s, n[SCHEMA_CHECK_UUID], uuid, escapes) &&
	       steps_fit(j, s, n[SCHEMA_CHECK_FORMAT], format, escapes) &&
	       steps_fit(j, s, n[SCHEMA_CHECK_WORD], word, escapes) &&
	       steps_fit(j, s, n[SCHEMA_CHECK_NOT_NEGATIVE], not_negative, false) &&
	       steps_fit(j, s, n[SCHEMA_CHECK_DECIMAL], number, false) &&
	       steps_fit(j, s, n[SCHEMA_CHECK_WHOLE], whole, false);
}

bool ev_schema_plan_fits(struct ev_schema_judge *j, const struct ev_schema_plan *plan)
{
	const struct ev_schema_step *s = plan->steps;

	j->left -= plan->applied;
	if (plan->never)
		return false;
	if (!(j->d->unescaped ? scalars_fit(j, &s, plan->n, false)
			      : scalars_fit(j, &s, plan->n, true)))
		return false;
	for (const struct ev_schema_step *end = s + plan->n[SCHEMA_CHECK_REST]; s < end; s++)
		if (!ev_schema_all_fit(j, s->program->rest, s->program->n_rest, s->node))
			return false;
	return true;
}

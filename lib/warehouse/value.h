/*
 * value: the fast paths of whether a value fits a column, and of what it is there. Floor 8.
 *
 * They are sure of values that are spelled as most are; ev_column_value (column.h) decides about
 * all others. By shape (json/plan.h) the kind of a value is known, and ev_check is what is left.
 */
#ifndef EV_VALUE_H
#define EV_VALUE_H

#include "number/decimal.h"
#include "scan/form.h"
#include "warehouse/column.h"
#include "json/view.h"

/* A text without its quotes in a store, put in quotes. */
static inline void ev_value_quoted(char *store, uint32_t len, struct ev_value *v)
{
	store[0] = store[len + 1] = '"';
	*v = (struct ev_value){.p = store, .len = len + 2, .present = true};
}

/*
 * Of a number in JSON: it takes eight bytes (1e131072, 1e-16384) to have more digits than a
 * warehouse can store.
 */
enum { EV_VALUE_NUMBER = 7 };

/* Whether all numbers in a value are as short. */
static inline bool ev_value_numbers_fit(const struct ev_doc *d, uint32_t at)
{
	const struct ev_node *n = &d->nodes[at], *end = &d->nodes[n->next];
	uint32_t lengths = 0; /* or'ed: the limit is all ones */

	for (; n < end; n++)
		if ((n->word & 7) == EV_NUMBER)
			lengths |= n->end - n->pos;
	return lengths <= EV_VALUE_NUMBER;
}

/*
 * The fast path of ev_column_value, for a value that is present. False: unknown, use the slow path;
 * v is then not set.
 */
static inline bool ev_value_fast(const struct ev_column *c, const struct ev_doc *d, uint32_t at,
				 char *store, struct ev_value *v)
{
	const struct ev_node *n = &d->nodes[at];
	const char *p = d->text + n->pos;
	uint32_t len = n->end - n->pos;
	const bool text = n->kind == EV_STRING && !n->escaped;

	*v = (struct ev_value){.p = p, .len = len, .present = true};
	switch (c->type) {
	case EV_TYPE_VARCHAR: return text && len - 2 <= c->size;
	case EV_TYPE_UUID:
		if (!text || (len == EV_UUID_TEXT + 2 && ev_uuid_is_canonical(p + 1)))
			return text;
		ev_value_quoted(store, EV_UUID_TEXT, v);
		return ev_uuid_canonical(p + 1, len - 2, store + 1);
	case EV_TYPE_TIMESTAMP:
		if (!text)
			return false;
		ev_value_quoted(store, EV_TIME_TEXT, v);
		return ev_time_utc(p + 1, len - 2, store + 1);
	case EV_TYPE_INT: return n->kind == EV_NUMBER && ev_small_fits(p, len, sizeof(uint64_t), 0);
	case EV_TYPE_DECIMAL:
		return n->kind == EV_NUMBER && ev_small_fits(p, len, c->size - c->scale, c->scale);
	case EV_TYPE_BOOL: return n->kind == EV_FALSE || n->kind == EV_TRUE;
	case EV_TYPE_JSON:
		return at != 0 && n->kind != EV_NULL && !c->around && !d->nul &&
		       ev_value_numbers_fit(d, at);
	default: return false;
	}
}

/* The check still needed once the kind of a value is known. */
struct ev_check {
	const struct ev_column *column;
	uint32_t node; /* the value: not null */
	enum ev_check_how {
		EV_CHECK_NONE,	 /* it fits */
		EV_CHECK_TEXT,	 /* at most `longest` bytes with its quotes, without an escape */
		EV_CHECK_UUID,	 /* in its canonical spelling */
		EV_CHECK_TIME,	 /* likewise */
		EV_CHECK_NUMBER, /* at most so many digits before and behind the point */
		EV_CHECK_JSON,
		EV_CHECK_NUMBERS, /* likewise, with the value's numbers listed: longest of them */
		EV_CHECK_FULL,	  /* the slow path alone knows */
	} how;
	uint32_t longest, fraction;
	const uint32_t *numbers;
};
/* node: a value of the document that is not null. */
struct ev_check ev_check_of(const struct ev_column *c, const struct ev_doc *d, uint32_t node);
/* The same for a plan, whose memory the list of numbers is. */
struct ev_check ev_check_plan(const struct ev_column *c, const struct ev_doc *d, uint32_t node);
/* The check's name, for ev_plan_line. */
const char *ev_check_name(const struct ev_check *c);

static inline bool ev_check_numbers_fit(const struct ev_check *c, const struct ev_node *nodes)
{
	uint32_t lengths = 0;

	for (uint32_t i = 0; i < c->longest; i++)
		lengths |= nodes[c->numbers[i]].end - nodes[c->numbers[i]].pos;
	return lengths <= EV_VALUE_NUMBER;
}

/*
 * Whether the value fits and its bytes are what the column has. False: unknown, use the slow path.
 * nodes, text: the document's.
 */
static inline bool ev_check_passes(const struct ev_check *c, const struct ev_doc *d,
				   const struct ev_node *nodes, const char *text)
{
	const struct ev_node *n = &nodes[c->node];
	const char *p = text + n->pos;
	const uint32_t len = n->end - n->pos;

	switch (c->how) {
	case EV_CHECK_NONE: return true;
	case EV_CHECK_TEXT: return len <= c->longest && !n->escaped;
	case EV_CHECK_UUID: return len == EV_UUID_TEXT + 2 && ev_uuid_is_canonical(p + 1);
	case EV_CHECK_TIME: return len == EV_TIME_TEXT + 2 && ev_time_is_canonical(p + 1);
	case EV_CHECK_NUMBER: return ev_small_fits(p, len, c->longest, c->fraction);
	case EV_CHECK_JSON: return !d->nul && ev_value_numbers_fit(d, c->node);
	case EV_CHECK_NUMBERS: return !d->nul && ev_check_numbers_fit(c, nodes);
	case EV_CHECK_FULL: break;
	}
	return false;
}

#endif

/*
 * value: values in the types of columns, read without a call where they are spelled as most are.
 * Floor 7.
 */
#ifndef EV_VALUE_H
#define EV_VALUE_H

#include "warehouse/column.h"
#include "number/decimal.h"
#include "scan/form.h"
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
static inline bool ev_value_usual(const struct ev_column *c, const struct ev_doc *d, uint32_t at,
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

#endif

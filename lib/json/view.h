/*
 * view: looking into a scanned document. Floor 3.
 *
 * The room lib/json reads scanned documents: members, paths, equality, the canonical form.
 *
 * Values are named by the index of their node; EV_NOWHERE is "there is none".
 */
#ifndef EV_VIEW_H
#define EV_VIEW_H

#include "base/buf.h"
#include "scan/scan.h"

/* The bytes of a value as they stand in the text. */
static inline const char *ev_raw(const struct ev_doc *d, uint32_t i, size_t *len)
{
	*len = d->nodes[i].end - d->nodes[i].pos;
	return d->text + d->nodes[i].pos;
}

static inline enum ev_kind ev_kind(const struct ev_doc *d, uint32_t i)
{
	return (enum ev_kind)d->nodes[i].kind;
}

/* "null", "boolean", "number", "string", "array" or "object". */
const char *ev_kind_name(enum ev_kind kind);

/* Where the string has escapes: its content, decoded into scratch, from its start. */
const char *ev_unescaped(const struct ev_doc *d, uint32_t i, struct ev_buf *scratch, size_t *len);

/*
 * The content of a string, decoded. It lies in the text, or, where it has escapes, in scratch (from
 * its start, whatever was there is dropped).
 */
static inline const char *ev_string(const struct ev_doc *d, uint32_t i, struct ev_buf *scratch,
				    size_t *len)
{
	const struct ev_node *n = &d->nodes[i];

	if (n->escaped)
		return ev_unescaped(d, i, scratch, len);
	*len = n->end - n->pos - 2;
	return d->text + n->pos + 1;
}

/* ev_string_is, where the string has escapes. */
bool ev_escaped_string_is(const struct ev_doc *d, uint32_t i, const char *p, size_t len);

/* memcmp(a, b, len) == 0, inline, because names are short and many. */
static inline bool ev_same(const char *a, const char *b, size_t len)
{
	uint64_t v[4];

	if (len > 16)
		return memcmp(a, b, len) == 0;
	if (len >= 8) {
		memcpy(&v[0], a, 8);
		memcpy(&v[1], b, 8);
		memcpy(&v[2], a + len - 8, 8);
		memcpy(&v[3], b + len - 8, 8);
		return ((v[0] ^ v[1]) | (v[2] ^ v[3])) == 0;
	}
	for (size_t i = 0; i < len; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

/* Whether a string's content is these bytes. */
static inline bool ev_string_is(const struct ev_doc *d, uint32_t i, const char *p, size_t len)
{
	const struct ev_node *n = &d->nodes[i];

	if (n->escaped)
		return ev_escaped_string_is(d, i, p, len);
	return n->end - n->pos - 2 == len && ev_same(d->text + n->pos + 1, p, len);
}

/*
 * A member's value is found in three ways; EV_NOWHERE if there is none or the object is no object.
 *
 * By name: of any document, for what is read once.
 */
uint32_t ev_member(const struct ev_doc *d, uint32_t object, const char *name, size_t len);

/* By the symbol of its name: in objects that may stand anywhere, such as the elements of a list. */
static inline uint32_t ev_member_by_symbol(const struct ev_doc *d, uint32_t object, uint32_t symbol)
{
	const struct ev_node *nodes = d->nodes;

	if (nodes[object].kind != EV_OBJECT)
		return EV_NOWHERE;
	for (uint32_t i = object + 1; i < nodes[object].next; i = nodes[i + 1].next)
		if (nodes[i].count == symbol)
			return i + 1;
	return EV_NOWHERE;
}

/*
 * By its member id: the last value there, wherever it is, without a search. Paths of names from the
 * root have one each.
 */
static inline uint32_t ev_member_by_id(const struct ev_doc *d, uint32_t member_id)
{
	uint64_t seen;

	if (d->where != NULL)
		return member_id < d->n_where && d->where[member_id] != 0 ? d->where[member_id]
									  : EV_NOWHERE;
	seen = d->member_ids->all[member_id].seen;
	return seen > d->seen ? (uint32_t)seen : EV_NOWHERE;
}

/* The element of an array at an index, from its end if that is negative; or EV_NOWHERE. */
uint32_t ev_element(const struct ev_doc *d, uint32_t array, int64_t index);

/*
 * for (i = ev_first(d, a); i < ev_end(d, a); i = ev_next(d, i)) over the elements of an array; over
 * an object, i goes over names: its value is i + 1 and the next name ev_next(d, i + 1).
 */
static inline uint32_t ev_first(const struct ev_doc *d, uint32_t i)
{
	(void)d;
	return i + 1;
}

static inline uint32_t ev_end(const struct ev_doc *d, uint32_t i)
{
	return d->nodes[i].next;
}

static inline uint32_t ev_next(const struct ev_doc *d, uint32_t i)
{
	return d->nodes[i].next;
}

#endif

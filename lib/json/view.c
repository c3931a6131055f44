#include "json/view.h"
#include "scan/form.h"

const char *ev_kind_name(enum ev_kind kind)
{
	static const char *const names[] = {"null",   "boolean", "boolean", "number",
					    "string", "array",	 "object"};

	return names[kind];
}

const char *ev_unescaped(const struct ev_doc *d, uint32_t i, struct ev_buf *scratch, size_t *len)
{
	const struct ev_node *n = &d->nodes[i];

	ev_buf_reset(scratch);
	ev_json_unescape(d->text + n->pos + 1, n->end - n->pos - 2, scratch);
	*len = scratch->len;
	return scratch->p;
}

bool ev_escaped_string_is(const struct ev_doc *d, uint32_t i, const char *p, size_t len)
{
	struct ev_buf scratch = {0};
	const char *q;
	size_t q_len;
	bool same;

	q = ev_string(d, i, &scratch, &q_len);
	same = q_len == len && (len == 0 || memcmp(p, q, len) == 0);
	ev_buf_free(&scratch);
	return same;
}

uint32_t ev_member(const struct ev_doc *d, uint32_t object, const char *name, size_t len)
{
	if (d->nodes[object].kind != EV_OBJECT)
		return EV_NOWHERE;
	for (uint32_t i = object + 1; i < d->nodes[object].next; i = d->nodes[i + 1].next)
		if (ev_string_is(d, i, name, len))
			return i + 1;
	return EV_NOWHERE;
}

uint32_t ev_element(const struct ev_doc *d, uint32_t array, int64_t index)
{
	uint32_t i = array + 1;

	if (d->nodes[array].kind != EV_ARRAY)
		return EV_NOWHERE;
	if (index < 0)
		index += d->nodes[array].count;
	if (index < 0 || index >= d->nodes[array].count)
		return EV_NOWHERE;
	while (index-- > 0)
		i = d->nodes[i].next;
	return i;
}

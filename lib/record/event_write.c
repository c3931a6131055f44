/*
 * Events written: a record with another "_ev", a value without some of its members, and the order
 * of versions as text.
 */
#include "number/decimal.h"
#include "record/event.h"

void ev_event_write(const struct ev_doc *d, uint32_t reserved, const char *member, size_t len,
		    struct ev_buf *out)
{
	const struct ev_node *top = &d->nodes[0];
	uint32_t from = 0, left = top->count;

	if (reserved != EV_NOWHERE) {
		uint32_t name = reserved - 1, before = EV_NOWHERE;
		const struct ev_node *cut = &d->nodes[reserved];

		for (uint32_t i = ev_first(d, 0); i < name; i = ev_next(d, i + 1))
			before = i + 1;
		if (before != EV_NOWHERE) {
			ev_buf_put(out, d->text, d->nodes[before].end);
			from = cut->end;
		} else {
			ev_buf_put(out, d->text, d->nodes[name].pos);
			from = cut->next < top->next ? d->nodes[cut->next].pos : cut->end;
		}
		left--;
	}
	ev_buf_put(out, d->text + from, top->end - 1 - from);
	if (member != NULL) {
		ev_buf_puts(out, left > 0 ? ",\"_ev\":" : "\"_ev\":");
		ev_buf_put(out, member, len);
	}
	ev_buf_put(out, d->text + top->end - 1, d->len - (top->end - 1));
}

void ev_event_write_without(const struct ev_doc *d, uint32_t at, const uint32_t *skip, size_t n,
			    struct ev_buf *out)
{
	const struct ev_node *nodes = d->nodes;
	const uint32_t name = ev_kind(d, at) == EV_OBJECT; /* in front of each value */
	uint32_t from = nodes[at].pos + 1, first = from;
	bool any = false, inside = false;

	for (size_t i = 0; i < n; i++)
		inside |= skip[i] > at && skip[i] < nodes[at].next;
	if (!inside) {
		ev_buf_put(out, d->text + nodes[at].pos, nodes[at].end - nodes[at].pos);
		return;
	}
	ev_buf_putc(out, d->text[nodes[at].pos]);
	for (uint32_t i = ev_first(d, at) + name; i < ev_end(d, at); i = ev_next(d, i) + name) {
		const uint32_t begin = nodes[i - name].pos;
		bool skipped = false;

		for (size_t k = 0; k < n; k++)
			skipped |= skip[k] == i;
		if (i == ev_first(d, at) + name)
			first = begin;
		if (!skipped) {
			/* The first has what stood in front of the first, and no comma. */
			if (any)
				ev_buf_put(out, d->text + from, begin - from);
			else
				ev_buf_put(out, d->text + nodes[at].pos + 1,
					   first - nodes[at].pos - 1);
			ev_buf_put(out, d->text + begin, nodes[i].pos - begin);
			ev_event_write_without(d, i, skip, n, out);
			any = true;
		}
		from = nodes[i].end;
	}
	ev_buf_put(out, d->text + from, nodes[at].end - from);
}

/* The number's text; a version may be written as a string. */
static const char *version_text(const struct ev_doc *doc, uint32_t version, struct ev_buf *scratch,
				size_t *len)
{
	*len = 1;
	if (version == EV_NOWHERE)
		return "0";
	return ev_kind(doc, version) == EV_STRING ? ev_string(doc, version, scratch, len)
						  : ev_raw(doc, version, len);
}

void ev_event_version_order(const struct ev_doc *doc, uint32_t version, struct ev_buf *out)
{
	enum { FEW = 10, FIRST = '0', LAST = FIRST + FEW };
	struct ev_buf text = {0};
	struct ev_number n;
	const char *p;
	size_t len, start;
	bool negative;

	p = version_text(doc, version, &text, &len);
	ev_number_read(p, len, &n);
	if (n.digits == 0) {
		ev_buf_putc(out, FIRST);
		ev_buf_free(&text);
		return;
	}
	negative = n.negative;
	if (negative)
		ev_buf_putc(out, '-');
	start = out->len;
	/* How many digits there are, and the digits; of a negative number all turned over. */
	if (n.point < FEW)
		ev_buf_putc(out, (char)(FIRST + n.point));
	else
		ev_buf_printf(out, "%c%020lld", LAST, (long long)n.point);
	for (const char *q = n.first; n.digits > 0; q++) {
		if (*q == '.')
			continue;
		ev_buf_putc(out, *q);
		n.digits--;
	}
	for (size_t i = start; negative && i < out->len; i++)
		out->p[i] = (char)(FIRST + LAST - out->p[i]);
	if (negative)
		ev_buf_putc(out, '~'); /* of -1 and -12 the shorter is the greater */
	ev_buf_free(&text);
}

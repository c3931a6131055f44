#include "json/canon.h"
#include "json/decimal.h"
#include "json/form.h"
#include "json/view.h"

#include <stdlib.h>

enum { FEW = 32 };

struct member {
	const char *name; /* decoded */
	size_t len;
	uint32_t node; /* of the name */
};

static int by_name(const void *x, const void *y)
{
	const struct member *a = x, *b = y;
	size_t n = a->len < b->len ? a->len : b->len;
	int order = n != 0 ? memcmp(a->name, b->name, n) : 0;

	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

/* Few members, as most objects have, are put in order without a call for each comparison. */
static void sort(struct member *m, size_t n)
{
	if (n > FEW) {
		qsort(m, n, sizeof *m, by_name);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct member one = m[i];
		size_t k = i;

		for (; k > 0 && by_name(&one, &m[k - 1]) < 0; k--)
			m[k] = m[k - 1];
		m[k] = one;
	}
}

static void put_string(const struct ev_doc *d, uint32_t i, struct ev_buf *out)
{
	struct ev_buf decoded = {0};
	const char *p;
	size_t len;

	if (!d->nodes[i].escaped) {
		p = ev_raw(d, i, &len);
		ev_buf_put(out, p, len);
		return;
	}
	p = ev_string(d, i, &decoded, &len);
	ev_json_quote(p, len, out);
	ev_buf_free(&decoded);
}

static bool skipped(uint32_t value, const uint32_t *skip, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (skip[i] == value)
			return true;
	return false;
}

static void put_object(const struct ev_doc *d, uint32_t object, const uint32_t *skip, size_t n_skip,
		       struct ev_buf *out)
{
	struct member few[FEW], *members = few;
	size_t n = 0, count = d->nodes[object].count;
	bool sorted = true;

	if (count > sizeof few / sizeof few[0])
		members = ev_realloc_array(NULL, count, sizeof *members);
	for (uint32_t i = ev_first(d, object); i < ev_end(d, object); i = ev_next(d, i + 1)) {
		struct member *m = &members[n];
		struct ev_buf decoded = {0};

		if (skipped(i + 1, skip, n_skip))
			continue;
		m->name = ev_string(d, i, &decoded,
				    &m->len); /* kept, and freed below, where it was decoded */
		m->node = i;
		if (n > 0 && sorted)
			sorted = by_name(m - 1, m) < 0;
		n++;
	}
	if (!sorted)
		sort(members, n);
	ev_buf_putc(out, '{');
	for (size_t k = 0; k < n; k++) {
		if (k > 0)
			ev_buf_putc(out, ',');
		put_string(d, members[k].node, out);
		ev_buf_putc(out, ':');
		ev_canonical(d, members[k].node + 1, skip, n_skip, out);
		if (d->nodes[members[k].node].escaped)
			free((char *)(uintptr_t)members[k].name);
	}
	ev_buf_putc(out, '}');
	if (members != few)
		free(members);
}

void ev_canonical(const struct ev_doc *d, uint32_t i, const uint32_t *skip, size_t n_skip,
		  struct ev_buf *out)
{
	const char *p;
	size_t len;

	switch (ev_kind(d, i)) {
	case EV_NULL:
	case EV_FALSE:
	case EV_TRUE:
		p = ev_raw(d, i, &len);
		ev_buf_put(out, p, len);
		return;
	case EV_NUMBER:
		p = ev_raw(d, i, &len);
		ev_number_canonical(p, len, out);
		return;
	case EV_STRING: put_string(d, i, out); return;
	case EV_ARRAY:
		ev_buf_putc(out, '[');
		for (uint32_t k = ev_first(d, i); k < ev_end(d, i); k = ev_next(d, k)) {
			if (k > i + 1)
				ev_buf_putc(out, ',');
			ev_canonical(d, k, skip, n_skip, out);
		}
		ev_buf_putc(out, ']');
		return;
	case EV_OBJECT: put_object(d, i, skip, n_skip, out); return;
	}
}

#include "version/merge.h"

#include <stdlib.h>

enum { FEW = 16 };

struct name {
	const char *p; /* decoded */
	size_t len;
	uint32_t value;
	bool owned;
};

/* An object's members by name; sorted if they are many, so that no input takes quadratic time. */
struct names {
	struct name *list;
	size_t n;
};

static int by_name(const void *x, const void *y)
{
	const struct name *a = x, *b = y;

	return ev_bytes_compare(a->p, a->len, b->p, b->len);
}

static bool among(uint32_t value, const uint32_t *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == value)
			return true;
	return false;
}

static void names_of(const struct ev_doc *d, uint32_t object, const uint32_t *skip, size_t n_skip,
		     struct names *names)
{
	*names = (struct names){0};
	if (object == EV_NOWHERE || ev_kind(d, object) != EV_OBJECT)
		return;
	names->list = ev_calloc(d->nodes[object].count, sizeof *names->list);
	for (uint32_t i = ev_first(d, object); i < ev_end(d, object); i = ev_next(d, i + 1)) {
		struct name *name = &names->list[names->n];
		struct ev_buf decoded = {0};

		if (among(i + 1, skip, n_skip))
			continue;
		name->p = ev_string(d, i, &decoded, &name->len); /* decoded names are kept */
		name->owned = d->nodes[i].escaped;
		name->value = i + 1;
		names->n++;
	}
	if (names->n > FEW)
		qsort(names->list, names->n, sizeof *names->list, by_name);
}

static void free_names(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		if (names->list[i].owned)
			free((char *)(uintptr_t)names->list[i].p);
	free(names->list);
}

static uint32_t find(const struct names *names, const char *p, size_t len)
{
	struct name key = {p, len, 0, false};
	const struct name *hit;

	if (names->n > FEW) {
		hit = bsearch(&key, names->list, names->n, sizeof key, by_name);
		return hit != NULL ? hit->value : EV_NOWHERE;
	}
	for (size_t i = 0; i < names->n; i++)
		if (ev_bytes_compare(names->list[i].p, names->list[i].len, p, len) == 0)
			return names->list[i].value;
	return EV_NOWHERE;
}

struct merge {
	const struct ev_doc *base, *patch;
	const uint32_t *drop, *skip;
	size_t n_drop, n_skip;
	struct ev_buf *out;
};

static void merge_object(struct merge *m, uint32_t base, uint32_t patch);

static void put_name(struct merge *m, const struct ev_doc *d, uint32_t value, bool *first)
{
	const char *p;
	size_t len;

	if (!*first)
		ev_buf_putc(m->out, ',');
	*first = false;
	p = ev_raw(d, value - 1, &len);
	ev_buf_put(m->out, p, len);
	ev_buf_putc(m->out, ':');
}

static void put_raw(struct merge *m, const struct ev_doc *d, uint32_t value)
{
	const char *p;
	size_t len;

	p = ev_raw(d, value, &len);
	ev_buf_put(m->out, p, len);
}

/* Appends the patch's value, merged with the base's if there is one (else EV_NOWHERE). */
static void put_merged(struct merge *m, uint32_t base, uint32_t patch)
{
	if (ev_kind(m->patch, patch) == EV_OBJECT)
		merge_object(m,
			     base != EV_NOWHERE && ev_kind(m->base, base) == EV_OBJECT ? base
										       : EV_NOWHERE,
			     patch);
	else
		put_raw(m, m->patch, patch);
}

static void merge_object(struct merge *m, uint32_t base, uint32_t patch)
{
	const struct ev_doc *b = m->base, *p = m->patch;
	struct names in_patch, in_base;
	struct ev_buf decoded = {0};
	bool first = true;
	const char *name;
	size_t len;

	names_of(p, patch, m->skip, m->n_skip, &in_patch);
	names_of(b, base, m->drop, m->n_drop, &in_base);
	ev_buf_putc(m->out, '{');
	for (uint32_t i = base != EV_NOWHERE ? ev_first(b, base) : 1;
	     base != EV_NOWHERE && i < ev_end(b, base); i = ev_next(b, i + 1)) {
		uint32_t with;

		if (among(i + 1, m->drop, m->n_drop))
			continue;
		name = ev_string(b, i, &decoded, &len);
		with = find(&in_patch, name, len);
		if (with != EV_NOWHERE && ev_kind(p, with) == EV_NULL)
			continue;
		put_name(m, b, i + 1, &first);
		if (with != EV_NOWHERE)
			put_merged(m, i + 1, with);
		else
			put_raw(m, b, i + 1);
	}
	for (uint32_t i = ev_first(p, patch); i < ev_end(p, patch); i = ev_next(p, i + 1)) {
		if (ev_kind(p, i + 1) == EV_NULL || among(i + 1, m->skip, m->n_skip))
			continue;
		name = ev_string(p, i, &decoded, &len);
		if (find(&in_base, name, len) != EV_NOWHERE)
			continue;
		put_name(m, p, i + 1, &first);
		put_merged(m, EV_NOWHERE, i + 1);
	}
	ev_buf_putc(m->out, '}');
	free_names(&in_patch);
	free_names(&in_base);
	ev_buf_free(&decoded);
}

void ev_version_merge_patch(const struct ev_doc *base, const uint32_t *drop, size_t n_drop,
			    const struct ev_doc *patch, const uint32_t *skip, size_t n_skip,
			    struct ev_buf *out)
{
	struct merge m = {base, patch, drop, skip, n_drop, n_skip, out};

	merge_object(&m, 0, 0);
}

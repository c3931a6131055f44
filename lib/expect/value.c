/* Values and limits: how they are read, compared and looked up. */
#include "expect/internal.h"
#include "json/canon.h"

const char *ev_expect_canonical_of(const struct ev_doc *d, uint32_t at, struct ev_buf *scratch,
				   size_t *len)
{
	const struct ev_node *n = &d->nodes[at];

	if (n->kind == EV_STRING && !n->escaped)
		return ev_raw(d, at, len);
	ev_buf_reset(scratch);
	ev_canonical(d, at, NULL, 0, scratch);
	*len = scratch->len;
	return ev_buf_str(scratch);
}

const char *ev_expect_row_key(struct ev_expect *e, const struct ev_doc *d, const uint32_t *at,
			      size_t *len)
{
	struct ev_buf *key = &e->suite->key;
	const char *p;

	if (e->n_columns == 1)
		return ev_expect_canonical_of(d, at[0], &e->suite->scratch, len);
	ev_buf_reset(key);
	ev_buf_putc(key, '[');
	for (size_t k = 0; k < e->n_columns; k++) {
		if (ev_expect_is_missing(d, at[k])) {
			ev_json_raw(key, NULL, "null", 4);
			continue;
		}
		p = ev_expect_canonical_of(d, at[k], &e->suite->scratch, len);
		ev_json_raw(key, NULL, p, *len);
	}
	ev_buf_putc(key, ']');
	*len = key->len;
	return key->p;
}

long ev_expect_values_find_text(const struct ev_expect_values *v, const char *p, size_t len)
{
	uint64_t hash = ev_hash64(p, len, 0);
	size_t step = 0;
	uint32_t i;

	while ((i = ev_lookup_next(&v->table, hash, &step)) != EV_LOOKUP_NONE)
		if (v->list[i].len == len && memcmp(v->list[i].text, p, len) == 0)
			return i;
	return NOT_A_VALUE;
}

long ev_expect_values_find(const struct ev_expect_values *v, const struct ev_doc *d, uint32_t at,
			   struct ev_buf *scratch)
{
	const char *p;
	size_t len;

	if (v->n == 0)
		return NOT_A_VALUE;
	p = ev_expect_canonical_of(d, at, scratch, &len);
	return ev_expect_values_find_text(v, p, len);
}

void ev_expect_values_add(struct ev_expect_values *v, const char *json, size_t len)
{
	struct ev_scan *scan = ev_scan_new();
	struct ev_buf text = {0}, canonical = {0};
	const struct ev_doc *d;
	struct ev_flaw flaw;

	ev_buf_put(&text, json, len);
	memset(ev_buf_room(&text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	d = ev_scan(scan, text.p, len, &flaw);
	if (d != NULL)
		ev_canonical(d, 0, NULL, 0, &canonical);
	if (ev_expect_values_find_text(v, ev_buf_str(&canonical), canonical.len) == NOT_A_VALUE) {
		v->list = ev_realloc_array(v->list, v->n + 1, sizeof *v->list);
		v->list[v->n] = (struct ev_expect_known){ev_strndup(canonical.p, canonical.len),
							 canonical.len, ev_strndup(json, len)};
		ev_lookup_add(&v->table, ev_hash64(canonical.p, canonical.len, 0),
			      (uint32_t)v->n++);
	}
	ev_buf_free(&text);
	ev_buf_free(&canonical);
	ev_scan_free(&scan);
}

void ev_expect_values_free(struct ev_expect_values *v)
{
	for (size_t i = 0; i < v->n; i++) {
		free(v->list[i].text);
		free(v->list[i].shown);
	}
	free(v->list);
	ev_lookup_free(&v->table);
	*v = (struct ev_expect_values){0};
}

void ev_expect_values_count(struct ev_expect *e, const struct ev_doc *d, uint32_t at,
			    uint64_t *counts, ev_expect_other *other)
{
	struct ev_buf *scratch = &e->suite->scratch, *shown = &e->suite->shown;
	long which = ev_expect_values_find(&e->set, d, at, scratch);
	const char *p;
	size_t len;

	if (which != NOT_A_VALUE) {
		counts[which]++;
		return;
	}
	p = ev_expect_canonical_of(d, at, scratch, &len);
	if (len <= EXPECT_SHOWN) {
		other(e->own, p, len, p, len);
		return;
	}
	ev_buf_reset(shown);
	ev_expect_show_value(d, at, shown);
	other(e->own, p, len, shown->p, shown->len);
}

void ev_expect_counts_write(struct ev_buf *out, const char *name, const uint64_t *counts, size_t n)
{
	ev_json_open(out, name, '[');
	for (size_t i = 0; i < n; i++)
		ev_json_u64(out, NULL, counts[i]);
	ev_buf_putc(out, ']');
}

bool ev_expect_counts_merge(const struct ev_doc *d, const char *name, uint64_t *counts, size_t n,
			    uint64_t *sum)
{
	uint32_t list = ev_expect_state_member(d, name, EV_ARRAY);
	uint64_t v;

	if (list == EV_NOWHERE || d->nodes[list].count != n)
		return false;
	for (uint32_t i = ev_first(d, list); i < ev_end(d, list); i = ev_next(d, i))
		if (!ev_u64_of(d, i, &v) || !ev_count_add(sum, v) || !ev_count_add(counts++, v))
			return false;
	return true;
}

uint64_t ev_expect_present_in(const struct ev_doc *d)
{
	struct ev_expect_counts n;

	ev_state_u64(d, 0, "elements", &n.elements);
	ev_state_u64(d, 0, "missing", &n.missing);
	ev_state_u64(d, 0, "misfits", &n.misfits);
	return ev_expect_present(&n);
}

uint32_t ev_expect_state_member(const struct ev_doc *d, const char *name, enum ev_kind kind)
{
	uint32_t at = ev_member(d, 0, name, strlen(name));

	return at != EV_NOWHERE && ev_kind(d, at) == kind ? at : EV_NOWHERE;
}

void ev_expect_limit_free(struct ev_expect_limit *l)
{
	free(l->text);
	*l = (struct ev_expect_limit){0};
}

bool ev_expect_read_moment(const char *p, size_t len, struct ev_time *t)
{
	struct ev_date date;

	if (ev_time_parse(p, len, t) != EV_TIME_BAD)
		return true;
	if (!ev_date_parse(p, len, &date))
		return false;
	*t = (struct ev_time){ev_date_days(date) * 86400, 0};
	return true;
}

int ev_expect_texts_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	struct ev_time x, y;

	if (ev_expect_read_moment(a, a_len, &x) && ev_expect_read_moment(b, b_len, &y))
		return ev_time_compare(x, y);
	return ev_bytes_compare(a, a_len, b, b_len);
}

int ev_expect_limits_compare(const struct ev_expect_limit *a, const struct ev_expect_limit *b)
{
	if (a->kind == LIMIT_NUMBER)
		return ev_number_compare(a->text, a->len, b->text, b->len);
	if (a->kind == LIMIT_TIME)
		return ev_time_compare(a->time, b->time);
	return ev_bytes_compare(a->text, a->len, b->text, b->len);
}

bool ev_expect_limit_at(enum ev_expect_limit_kind kind, const struct ev_doc *d, uint32_t at,
			struct ev_buf *scratch, struct ev_expect_limit *l)
{
	const char *p;

	if (ev_kind(d, at) != (kind == LIMIT_NUMBER ? EV_NUMBER : EV_STRING))
		return false;
	l->kind = kind;
	p = kind == LIMIT_NUMBER ? ev_raw(d, at, &l->len) : ev_string(d, at, scratch, &l->len);
	l->text = (char *)(uintptr_t)p;
	return kind != LIMIT_TIME || ev_expect_read_moment(p, l->len, &l->time);
}

bool ev_expect_is_within(const struct ev_expect_range *r, const struct ev_expect_limit *l)
{
	int to_min = r->min.kind != LIMIT_NONE ? ev_expect_limits_compare(l, &r->min) : 1;
	int to_max = r->max.kind != LIMIT_NONE ? ev_expect_limits_compare(l, &r->max) : -1;

	return (to_min > 0 || (to_min == 0 && !r->strict_min)) &&
	       (to_max < 0 || (to_max == 0 && !r->strict_max));
}

int ev_expect_by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

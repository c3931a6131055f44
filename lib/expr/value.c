#include "expr/internal.h"

#include "base/utf8.h"
#include "number/decimal.h"
#include "json/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DESCRIBED = 40 }; /* bytes of a value in a message */

static void complain(struct ev_expr_run *x, const char *fmt, va_list ap) EV_PRINTF(2, 0);
static void complain(struct ev_expr_run *x, const char *fmt, va_list ap)
{
	struct ev_error text;

	ev_vfail(&text, fmt, ap);
	ev_buf_reset(x->why);
	ev_buf_puts(x->why, text.text[0] != '\0' ? text.text : "an error without a text");
}

int ev_expr_cut(const char *p, size_t len, size_t most)
{
	size_t n = len < most ? len : most;

	while (n < len && n > 0 && (p[n] & 0xc0) == 0x80)
		n--;
	return (int)n;
}

enum ev_expr_flow ev_expr_raise(struct ev_expr_run *x, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(x, fmt, ap);
	va_end(ap);
	return EV_RAISED;
}

enum ev_expr_flow ev_expr_give_up(struct ev_expr_run *x, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(x, fmt, ap);
	va_end(ap);
	return EV_GIVE_UP;
}

enum ev_expr_flow ev_expr_spent(struct ev_expr_run *x)
{
	return ev_expr_give_up(x, "this takes too much work for a record of its size");
}

/* Numbers */

static inline struct ev_expr_value from_small(struct ev_small s)
{
	return (struct ev_expr_value){
		.kind = EV_NUMBER, .form = EV_SMALL, .exp = s.exp, .coef = s.coef};
}

static inline bool small(const struct ev_expr_run *x, const struct ev_expr_value *v,
			 struct ev_small *s)
{
	const char *p;
	size_t len;

	if (v->form == EV_SMALL) {
		*s = (struct ev_small){v->coef, v->exp};
		return true;
	}
	if (v->form == EV_TEXT)
		return ev_small_read(v->p, v->n, s);
	if (v->form != EV_IN_DOC)
		return false;
	p = ev_raw(x->d, v->n, &len);
	return ev_small_read_padded(p, len, s);
}

struct ev_expr_value ev_expr_number_value(const char *p, size_t len)
{
	struct ev_small s;

	if (ev_small_read(p, len, &s))
		return from_small(s);
	return (struct ev_expr_value){
		.kind = EV_NUMBER, .form = EV_TEXT, .n = (uint32_t)len, .p = p};
}

/* Any number as text. */
static const char *spelled(struct ev_expr_run *x, const struct ev_expr_value *v, size_t *len)
{
	char *p;

	switch (v->form) {
	case EV_IN_DOC: return ev_raw(x->d, v->n, len);
	case EV_SMALL:
		p = ev_arena_alloc(&x->arena, 40);
		*len = (size_t)snprintf(p, 40, "%llde%d", (long long)v->coef, (int)v->exp);
		return p;
	case EV_DEC:
		ev_buf_reset(&x->scratch);
		ev_dec_write(*v->dec, &x->scratch);
		*len = x->scratch.len;
		ev_expr_spend(x, *len);
		return ev_arena_copy(&x->arena, x->scratch.p, *len);
	default: *len = v->n; return v->p;
	}
}

static bool decimal(struct ev_expr_run *x, const struct ev_expr_value *v, struct ev_dec *d)
{
	const char *p;
	size_t len;

	if (v->form == EV_DEC) {
		*d = *v->dec;
		return true;
	}
	p = spelled(x, v, &len);
	ev_expr_spend(x, len / 4);
	return ev_dec_read(&x->arena, p, len, d);
}

static struct ev_expr_value from_decimal(struct ev_expr_run *x, struct ev_dec d)
{
	struct ev_dec *kept = ev_arena_alloc(&x->arena, sizeof *kept);

	*kept = d;
	return (struct ev_expr_value){.kind = EV_NUMBER, .form = EV_DEC, .dec = kept};
}

/* The fast path of one with few digits, of which a point may stand among them. */
static const char *small_digits(struct ev_expr_run *x, const struct ev_expr_value *v, size_t *len)
{
	enum { ROOM = 24 };
	char *end = (char *)ev_arena_alloc(&x->arena, ROOM) + ROOM, *p = end;
	uint64_t left = v->coef < 0 ? -(uint64_t)v->coef : (uint64_t)v->coef;
	int point = -v->exp; /* digits behind it */

	for (; point > 0 && left % 10 == 0; point--)
		left /= 10;
	for (int i = 0; i <= point || left > 0; i++, left /= 10) {
		if (i == point && i > 0)
			*--p = '.';
		*--p = (char)('0' + left % 10);
	}
	if (v->coef < 0)
		*--p = '-';
	*len = (size_t)(end - p);
	return p;
}

const char *ev_expr_value_digits(struct ev_expr_run *x, const struct ev_expr_value *v, size_t *len)
{
	struct ev_number n;
	struct ev_buf plain = {0};
	const char *p;

	if (v->form == EV_SMALL && v->exp <= 0 && v->exp >= -18)
		return small_digits(x, v, len);
	p = spelled(x, v, len);

	ev_number_read(p, *len, &n);
	p = NULL;
	if (ev_number_plain(&n, -1, &plain)) {
		*len = plain.len;
		p = ev_arena_copy(&x->arena, plain.p, plain.len);
	}
	ev_buf_free(&plain);
	return p;
}

const char *ev_expr_value_spelled(struct ev_expr_run *x, const struct ev_expr_value *v, size_t *len)
{
	const struct ev_expr_value w = v->form == EV_TEXT ? ev_expr_number_value(v->p, v->n) : *v;
	const char *p;

	if (w.form == EV_IN_DOC || w.form == EV_TEXT ||
	    (p = ev_expr_value_digits(x, &w, len)) == NULL)
		return spelled(x, &w, len);
	return p;
}

/* Of any number of digits. */
static int compare_spelled(struct ev_expr_run *x, const struct ev_expr_value *a,
			   const struct ev_expr_value *b)
{
	const char *s, *t;
	size_t s_len, t_len;

	s = spelled(x, a, &s_len);
	t = spelled(x, b, &t_len);
	ev_expr_spend(x, (s_len + t_len) / 16);
	return ev_number_compare(s, s_len, t, t_len);
}

int ev_expr_numbers_compare(struct ev_expr_run *x, const struct ev_expr_value *a,
			    const struct ev_expr_value *b)
{
	struct ev_small p, q;

	return small(x, a, &p) && small(x, b, &q) ? ev_small_compare(p, q)
						  : compare_spelled(x, a, b);
}

static enum ev_expr_flow too_large(struct ev_expr_run *x)
{
	if (x->left < 0)
		return ev_expr_spent(x);
	return ev_expr_give_up(x, "a number has too many digits to compute with");
}

static enum ev_expr_flow add_numbers(struct ev_expr_run *x, const struct ev_expr_value *a,
				     const struct ev_expr_value *b, bool minus,
				     struct ev_expr_value *out)
{
	struct ev_dec p, q, sum;
	struct ev_small s, t;

	if (small(x, a, &s) && small(x, b, &t) &&
	    !(minus && __builtin_sub_overflow(0, t.coef, &t.coef)) && ev_small_add(&s, t)) {
		*out = from_small(s);
		return EV_GO_ON;
	}
	if (!decimal(x, a, &p) || !decimal(x, b, &q) ||
	    !ev_dec_add(&x->arena, p, minus ? ev_dec_negate(q) : q, &sum))
		return too_large(x);
	*out = from_decimal(x, sum);
	return ev_expr_spend(x, p.n + q.n + sum.n) ? EV_GO_ON : ev_expr_spent(x);
}

enum ev_expr_flow ev_expr_value_multiply(struct ev_expr_run *x, const struct ev_expr_value *a,
					 const struct ev_expr_value *b, struct ev_expr_value *out)
{
	struct ev_dec p, q, product;
	struct ev_small s, t;

	if (a->kind != EV_NUMBER || b->kind != EV_NUMBER)
		return ev_expr_raise(x, "%s and %s cannot be multiplied",
				     ev_expr_value_describe(x, a), ev_expr_value_describe(x, b));
	if (small(x, a, &s) && small(x, b, &t) && ev_small_multiply(&s, t) &&
	    abs(s.exp) <= EV_SMALL_EXP) {
		*out = from_small(s);
		return EV_GO_ON;
	}
	if (!decimal(x, a, &p) || !decimal(x, b, &q) ||
	    !ev_expr_spend(x, (uint64_t)p.n * q.n / 8) ||
	    !ev_dec_multiply(&x->arena, p, q, &product))
		return too_large(x);
	*out = from_decimal(x, product);
	return EV_GO_ON;
}

enum ev_expr_flow ev_expr_value_negate(struct ev_expr_run *x, const struct ev_expr_value *a,
				       struct ev_expr_value *out)
{
	struct ev_expr_value zero = ev_expr_whole(0);

	if (a->kind != EV_NUMBER)
		return ev_expr_raise(x, "%s cannot be negated", ev_expr_value_describe(x, a));
	return add_numbers(x, &zero, a, true, out);
}

int64_t ev_expr_value_index(struct ev_expr_run *x, const struct ev_expr_value *v)
{
	enum { MOST = 12 }; /* digits that an index can have */
	const int64_t beyond = 1LL << 40;
	struct ev_number n;
	size_t len;
	const char *p = spelled(x, v, &len);
	int64_t i;

	ev_number_read(p, len, &n);
	if (n.point <= 0)
		return 0;
	if (n.point > MOST)
		return n.negative ? -beyond : beyond;
	if (n.digits > n.point)
		n.digits = (uint32_t)n.point;
	ev_number_int64(&n, &i);
	return i;
}

/* Strings */

const char *ev_expr_value_string(struct ev_expr_run *x, const struct ev_expr_value *v, size_t *len)
{
	const char *p;

	if (v->form != EV_IN_DOC) {
		*len = v->n;
		return v->p;
	}
	p = ev_string(x->d, v->n, &x->scratch, len);
	if (!x->d->nodes[v->n].escaped)
		return p;
	ev_expr_spend(x, *len / 8);
	return ev_arena_copy(&x->arena, p, *len);
}

static int compare_bytes(const char *p, size_t p_len, const char *q, size_t q_len)
{
	size_t n = p_len < q_len ? p_len : q_len;
	int c = n != 0 ? memcmp(p, q, n) : 0;

	return c != 0 ? c : (p_len > q_len) - (p_len < q_len);
}

static int compare_strings(struct ev_expr_run *x, const struct ev_expr_value *a,
			   const struct ev_expr_value *b)
{
	size_t p_len, q_len;
	const char *p = ev_expr_value_string(x, a, &p_len), *q = ev_expr_value_string(x, b, &q_len);

	ev_expr_spend(x, (p_len < q_len ? p_len : q_len) / 64);
	return compare_bytes(p, p_len, q, q_len);
}

/* Arrays and objects */

uint32_t ev_expr_value_count(const struct ev_expr_run *x, const struct ev_expr_value *v)
{
	return v->form == EV_IN_DOC ? x->d->nodes[v->n].count : v->n;
}

struct ev_expr_cursor ev_expr_cursor(const struct ev_expr_run *x, const struct ev_expr_value *v)
{
	if (v->form == EV_IN_DOC)
		return (struct ev_expr_cursor){v, ev_first(x->d, v->n), ev_end(x->d, v->n)};
	return (struct ev_expr_cursor){v, 0, v->kind == EV_OBJECT ? 2 * v->n : v->n};
}

bool ev_expr_cursor_next(const struct ev_expr_run *x, struct ev_expr_cursor *c,
			 struct ev_expr_value *name, struct ev_expr_value *value)
{
	bool member = c->v->kind == EV_OBJECT;

	if (c->at >= c->end)
		return false;
	if (c->v->form == EV_IN_DOC) {
		if (member) {
			if (name != NULL)
				*name = ev_expr_at(x->d, c->at);
			c->at++;
		}
		*value = ev_expr_at(x->d, c->at);
		c->at = ev_next(x->d, c->at);
		return true;
	}
	if (member) {
		if (name != NULL)
			*name = c->v->items[c->at];
		c->at++;
	}
	*value = c->v->items[c->at++];
	return true;
}

struct ev_expr_value ev_expr_value_member(struct ev_expr_run *x, const struct ev_expr_value *v,
					  const char *name, size_t len, bool *found)
{
	uint32_t i;

	*found = false;
	if (v->form == EV_IN_DOC) {
		i = ev_member(x->d, v->n, name, len);
		ev_expr_spend(x, x->d->nodes[v->n].count);
		if (i == EV_NOWHERE)
			return ev_expr_bare(EV_NULL);
		*found = true;
		return ev_expr_at(x->d, i);
	}
	ev_expr_spend(x, v->n);
	for (size_t k = 0; k < v->n; k++) {
		size_t n;
		const char *p = ev_expr_value_string(x, &v->items[2 * k], &n);

		if (compare_bytes(p, n, name, len) == 0) {
			*found = true;
			return v->items[2 * k + 1];
		}
	}
	return ev_expr_bare(EV_NULL);
}

struct ev_expr_value ev_expr_value_element(struct ev_expr_run *x, const struct ev_expr_value *v,
					   int64_t index)
{
	const uint32_t count = ev_expr_value_count(x, v);

	if (index < 0)
		index += count;
	if (index < 0 || index >= count)
		return ev_expr_bare(EV_NULL);
	if (v->form != EV_IN_DOC)
		return v->items[index];
	ev_expr_spend(x, (uint64_t)index);
	return ev_expr_at(x->d, ev_element(x->d, v->n, index));
}

void ev_expr_list_add(struct ev_expr_run *x, struct ev_expr_list *l, const struct ev_expr_value *v)
{
	if (l->n == l->cap) {
		uint32_t cap = l->cap != 0 ? 2 * l->cap : 8;
		struct ev_expr_value *items = ev_arena_alloc(&x->arena, cap * sizeof *items);

		if (l->n != 0)
			memcpy(items, l->items, l->n * sizeof *items);
		l->items = items;
		l->cap = cap;
	}
	l->items[l->n++] = *v;
	ev_expr_spend(x, 2);
}

struct ev_expr_value ev_expr_list_value(const struct ev_expr_list *l)
{
	return (struct ev_expr_value){
		.kind = EV_ARRAY, .form = EV_ITEMS, .n = l->n, .items = l->items};
}

/* A merge from below, so that equal keys stay in order. */
void ev_expr_pairs_sort(struct ev_expr_run *x, struct ev_expr_value *pairs, size_t n)
{
	size_t size = 2 * sizeof *pairs;
	struct ev_expr_value *from = pairs, *to, *spare;

	if (n < 2)
		return;
	to = spare = ev_arena_alloc(&x->arena, n * size);
	for (size_t width = 1; width < n; width *= 2) {
		struct ev_expr_value *swap;

		for (size_t low = 0; low < n; low += 2 * width) {
			size_t middle = low + width < n ? low + width : n;
			size_t high = low + 2 * width < n ? low + 2 * width : n;
			size_t a = low, b = middle;

			if (!ev_expr_spend(x, 2 * (high - low)))
				return;
			for (size_t k = low; k < high; k++) {
				bool left = b == high || (a < middle &&
							  ev_expr_value_compare(x, &from[2 * a],
										&from[2 * b]) <= 0);

				memcpy(&to[2 * k], &from[2 * (left ? a : b)], size);
				a += left;
				b += !left;
			}
		}
		swap = from;
		from = to;
		to = swap;
	}
	if (from == spare)
		memcpy(pairs, spare, n * size);
}

static struct ev_expr_value *sorted_members(struct ev_expr_run *x, const struct ev_expr_value *v)
{
	size_t n = ev_expr_value_count(x, v), i = 0;
	struct ev_expr_value *pairs = ev_arena_alloc(&x->arena, 2 * sizeof *pairs * n);
	struct ev_expr_cursor c = ev_expr_cursor(x, v);
	struct ev_expr_value name, value;

	ev_expr_spend(x, n);
	while (i < 2 * n && ev_expr_cursor_next(x, &c, &name, &value)) {
		pairs[i++] = name;
		pairs[i++] = value;
	}
	ev_expr_pairs_sort(x, pairs, n);
	return pairs;
}

/* First the sorted names, as arrays; then the values, in that order. */
static int compare_objects(struct ev_expr_run *x, const struct ev_expr_value *a,
			   const struct ev_expr_value *b)
{
	size_t n = ev_expr_value_count(x, a), m = ev_expr_value_count(x, b);
	const struct ev_expr_value *p = sorted_members(x, a), *q = sorted_members(x, b);
	int c;

	for (size_t i = 0; i < n && i < m; i++)
		if ((c = compare_strings(x, &p[2 * i], &q[2 * i])) != 0)
			return c;
	if (n != m)
		return n < m ? -1 : 1;
	for (size_t i = 0; i < n && x->left >= 0; i++)
		if ((c = ev_expr_value_compare(x, &p[2 * i + 1], &q[2 * i + 1])) != 0)
			return c;
	return 0;
}

static int compare_arrays(struct ev_expr_run *x, const struct ev_expr_value *a,
			  const struct ev_expr_value *b)
{
	struct ev_expr_cursor p = ev_expr_cursor(x, a), q = ev_expr_cursor(x, b);
	struct ev_expr_value v, w;

	for (;;) {
		bool more = ev_expr_cursor_next(x, &p, NULL, &v),
		     other = ev_expr_cursor_next(x, &q, NULL, &w);
		int c;

		if (!more || !other)
			return more - other;
		if (!ev_expr_spend(x, 1))
			return 0;
		if ((c = ev_expr_value_compare(x, &v, &w)) != 0)
			return c;
	}
}

int ev_expr_value_compare(struct ev_expr_run *x, const struct ev_expr_value *a,
			  const struct ev_expr_value *b)
{
	const char *p, *q;
	size_t p_len, q_len;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->kind == EV_NUMBER)
		return ev_expr_numbers_compare(x, a, b);
	if (a->kind == EV_STRING)
		return compare_strings(x, a, b);
	if (a->kind < EV_NUMBER || x->left < 0)
		return 0;
	if (a->form == EV_IN_DOC && b->form == EV_IN_DOC) {
		p = ev_raw(x->d, a->n, &p_len);
		q = ev_raw(x->d, b->n, &q_len);
		ev_expr_spend(x, p_len / 64);
		if (p_len == q_len && memcmp(p, q, p_len) == 0)
			return 0;
	}
	return a->kind == EV_ARRAY ? compare_arrays(x, a, b) : compare_objects(x, a, b);
}

bool ev_expr_value_contains(struct ev_expr_run *x, const struct ev_expr_value *a,
			    const struct ev_expr_value *b)
{
	struct ev_expr_cursor p, q = {0};
	struct ev_expr_value name, v, w;
	const char *s, *t;
	size_t s_len, t_len;
	bool found = true;

	if (!ev_expr_spend(x, 1) || a->kind != b->kind)
		return false;
	switch (a->kind) {
	case EV_STRING:
		s = ev_expr_value_string(x, a, &s_len);
		t = ev_expr_value_string(x, b, &t_len);
		ev_expr_spend(x, (s_len + t_len) / 16);
		return memmem(s, s_len, t, t_len) != NULL;
	case EV_ARRAY:
		for (q = ev_expr_cursor(x, b); found && ev_expr_cursor_next(x, &q, NULL, &w);)
			for (found = false, p = ev_expr_cursor(x, a);
			     !found && ev_expr_cursor_next(x, &p, NULL, &v);)
				found = ev_expr_value_contains(x, &v, &w);
		return found;
	case EV_OBJECT:
		for (q = ev_expr_cursor(x, b); found && ev_expr_cursor_next(x, &q, &name, &w);) {
			t = ev_expr_value_string(x, &name, &t_len);
			v = ev_expr_value_member(x, a, t, t_len, &found);
			found = found && ev_expr_value_contains(x, &v, &w);
		}
		return found;
	default: return ev_expr_value_compare(x, a, b) == 0;
	}
}

/* What + - length do by kind */

static enum ev_expr_flow add_text(struct ev_expr_run *x, struct ev_expr_sum *s,
				  const struct ev_expr_value *v)
{
	size_t had, len;
	const char *before = ev_expr_value_string(x, &s->value, &had),
		   *p = ev_expr_value_string(x, v, &len);

	if (!ev_expr_spend(x, 1 + len / 16) || had + len > UINT32_MAX / 2)
		return ev_expr_spent(x);
	if (s->text == NULL || before != s->text || s->cap - had < len) {
		if (!ev_expr_spend(x, had / 16))
			return ev_expr_spent(x);
		s->cap = 2 * (had + len);
		s->text = ev_arena_alloc(&x->arena, s->cap);
		memcpy(s->text, before, had);
	}
	memcpy(s->text + had, p, len);
	s->value = ev_expr_text(s->text, had + len);
	return EV_GO_ON;
}

static void add_items(struct ev_expr_run *x, struct ev_expr_list *l, const struct ev_expr_value *v)
{
	struct ev_expr_value item;

	for (struct ev_expr_cursor c = ev_expr_cursor(x, v);
	     x->left >= 0 && ev_expr_cursor_next(x, &c, NULL, &item);)
		ev_expr_list_add(x, l, &item);
}

static struct ev_expr_value merged(struct ev_expr_run *x, const struct ev_expr_value *a,
				   const struct ev_expr_value *b)
{
	uint32_t n = ev_expr_value_count(x, a), m = ev_expr_value_count(x, b), k = 0;
	struct ev_expr_value *items =
		ev_arena_alloc(&x->arena, 2 * ((size_t)n + m) * sizeof *items);
	struct ev_expr_value out = {.kind = EV_OBJECT, .form = EV_ITEMS, .n = n, .items = items};
	struct ev_expr_value name, value;
	bool found;

	ev_expr_spend(x, 6 * ((uint64_t)n + m));
	for (struct ev_expr_cursor c = ev_expr_cursor(x, a);
	     ev_expr_cursor_next(x, &c, &name, &value); k += 2) {
		items[k] = name;
		items[k + 1] = value;
	}
	for (struct ev_expr_cursor c = ev_expr_cursor(x, b);
	     ev_expr_cursor_next(x, &c, &name, &value);) {
		size_t len;
		const char *p = ev_expr_value_string(x, &name, &len);

		if (!ev_expr_spend(x, 1))
			break;
		ev_expr_value_member(x, a, p, len, &found);
		for (k = 0; found && compare_strings(x, &items[k], &name) != 0;)
			k += 2;
		if (!found)
			k = 2 * out.n++;
		items[k] = name;
		items[k + 1] = value;
	}
	return out;
}

enum ev_expr_flow ev_expr_sum_add(struct ev_expr_run *x, struct ev_expr_sum *s,
				  const struct ev_expr_value *v)
{
	const struct ev_expr_value had = s->value;

	if (had.kind == EV_NUMBER && v->kind == EV_NUMBER)
		return add_numbers(x, &had, v, false, &s->value);
	if (had.kind == EV_NULL)
		s->value = *v;
	if (had.kind == EV_NULL || v->kind == EV_NULL)
		return EV_GO_ON;
	if (had.kind != v->kind || v->kind < EV_NUMBER)
		return ev_expr_raise(x, "%s and %s cannot be added",
				     ev_expr_value_describe(x, &had), ev_expr_value_describe(x, v));
	if (v->kind == EV_STRING)
		return add_text(x, s, v);
	if (v->kind == EV_OBJECT) {
		s->value = merged(x, &had, v);
	} else {
		if (s->list.items == NULL || had.form != EV_ITEMS || had.items != s->list.items) {
			s->list = (struct ev_expr_list){0};
			add_items(x, &s->list, &had);
		}
		add_items(x, &s->list, v);
		s->value = ev_expr_list_value(&s->list);
	}
	return ev_expr_spend(x, 1) ? EV_GO_ON : ev_expr_spent(x);
}

enum ev_expr_flow ev_expr_value_add(struct ev_expr_run *x, const struct ev_expr_value *a,
				    const struct ev_expr_value *b, struct ev_expr_value *out)
{
	struct ev_expr_sum s = {.value = *a};
	enum ev_expr_flow flow = ev_expr_sum_add(x, &s, b);

	*out = s.value;
	return flow;
}

enum ev_expr_flow ev_expr_value_subtract(struct ev_expr_run *x, const struct ev_expr_value *a,
					 const struct ev_expr_value *b, struct ev_expr_value *out)
{
	struct ev_expr_list l = {0};
	struct ev_expr_value v, w;

	if (a->kind == EV_NUMBER && b->kind == EV_NUMBER)
		return add_numbers(x, a, b, true, out);
	if (a->kind != EV_ARRAY || b->kind != EV_ARRAY)
		return ev_expr_raise(x, "%s and %s cannot be subtracted",
				     ev_expr_value_describe(x, a), ev_expr_value_describe(x, b));
	for (struct ev_expr_cursor c = ev_expr_cursor(x, a);
	     ev_expr_cursor_next(x, &c, NULL, &v);) {
		bool found = false;

		for (struct ev_expr_cursor o = ev_expr_cursor(x, b);
		     !found && ev_expr_cursor_next(x, &o, NULL, &w);) {
			if (!ev_expr_spend(x, 1))
				return ev_expr_spent(x);
			found = ev_expr_value_compare(x, &v, &w) == 0;
		}
		if (!found)
			ev_expr_list_add(x, &l, &v);
	}
	*out = ev_expr_list_value(&l);
	return EV_GO_ON;
}

enum ev_expr_flow ev_expr_value_length(struct ev_expr_run *x, const struct ev_expr_value *a,
				       struct ev_expr_value *out)
{
	const struct ev_expr_value zero = ev_expr_whole(0);
	const char *p;
	size_t len;

	switch (a->kind) {
	case EV_NULL: *out = zero; return EV_GO_ON;
	case EV_NUMBER:
		if (ev_expr_numbers_compare(x, a, &zero) < 0)
			return ev_expr_value_negate(x, a, out);
		*out = *a;
		return EV_GO_ON;
	case EV_STRING:
		p = ev_expr_value_string(x, a, &len);
		ev_expr_spend(x, len / 64);
		*out = ev_expr_whole((int64_t)ev_utf8_count(p, len));
		return EV_GO_ON;
	case EV_ARRAY:
	case EV_OBJECT: *out = ev_expr_whole(ev_expr_value_count(x, a)); return EV_GO_ON;
	default: return ev_expr_raise(x, "%s has no length", ev_expr_value_describe(x, a));
	}
}

const char *ev_expr_value_describe(struct ev_expr_run *x, const struct ev_expr_value *v)
{
	const char *kind = ev_kind_name((enum ev_kind)v->kind), *p;
	const char *quote = v->kind == EV_STRING ? "\"" : "";
	char *text = ev_arena_alloc(&x->arena, DESCRIBED + 40);
	size_t len;
	int cut;

	switch (v->kind) {
	case EV_FALSE:
	case EV_TRUE:
		p = v->kind == EV_TRUE ? "true" : "false";
		len = strlen(p);
		break;
	case EV_NUMBER:
		if (v->form == EV_SMALL) {
			struct ev_expr_value dec;
			struct ev_dec d;

			if (!decimal(x, v, &d))
				return kind;
			dec = from_decimal(x, d);
			p = spelled(x, &dec, &len);
		} else {
			p = spelled(x, v, &len);
		}
		break;
	case EV_STRING: p = ev_expr_value_string(x, v, &len); break;
	default: return kind;
	}
	cut = ev_expr_cut(p, len, DESCRIBED);
	snprintf(text, DESCRIBED + 40, "%s (%s%.*s%s%s)", kind, quote, cut, p,
		 (size_t)cut < len ? "..." : "", quote);
	return text;
}

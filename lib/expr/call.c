#include "expr/internal.h"

#include "scan/scalar.h"
#include "json/view.h"

#include <string.h>

static enum ev_expr_flow has(struct ev_expr_run *x, const struct ev_expr_value *v,
			     const struct ev_expr_value *key, struct ev_expr_value *out)
{
	const char *p;
	size_t len;
	int64_t i;
	bool found = false;

	if (v->kind == EV_OBJECT && key->kind == EV_STRING) {
		p = ev_expr_value_string(x, key, &len);
		ev_expr_value_member(x, v, p, len, &found);
	} else if (v->kind == EV_ARRAY && key->kind == EV_NUMBER) {
		i = ev_expr_value_index(x, key);
		found = i >= 0 && i < ev_expr_value_count(x, v);
	} else if (v->kind != EV_NULL) {
		return ev_expr_raise(x, "Cannot check whether %s has a %s key",
				     ev_kind_name((enum ev_kind)v->kind),
				     ev_kind_name((enum ev_kind)key->kind));
	}
	*out = ev_expr_truth_value(found);
	return EV_GO_ON;
}

static enum ev_expr_flow contains(struct ev_expr_run *x, const struct ev_expr_value *v,
				  const struct ev_expr_value *w, struct ev_expr_value *out)
{
	if (v->kind != w->kind)
		return ev_expr_raise(x, "%s and %s cannot have their containment checked",
				     ev_expr_value_describe(x, v), ev_expr_value_describe(x, w));
	*out = ev_expr_truth_value(ev_expr_value_contains(x, v, w));
	return EV_GO_ON;
}

static enum ev_expr_flow affix(struct ev_expr_run *x, enum ev_expr_function f,
			       const struct ev_expr_value *v, const struct ev_expr_value *part,
			       struct ev_expr_value *out)
{
	bool trim = f == EV_F_LTRIM || f == EV_F_RTRIM,
	     front = f == EV_F_STARTSWITH || f == EV_F_LTRIM;
	const char *p, *q;
	size_t p_len, q_len;
	bool there;

	if (v->kind != EV_STRING || part->kind != EV_STRING) {
		if (!trim)
			return ev_expr_raise(x, "%s() requires string inputs",
					     front ? "startswith" : "endswith");
		*out = *v;
		return EV_GO_ON;
	}
	p = ev_expr_value_string(x, v, &p_len);
	q = ev_expr_value_string(x, part, &q_len);
	there = q_len <= p_len &&
		(q_len == 0 || memcmp(front ? p : p + p_len - q_len, q, q_len) == 0);
	if (!trim)
		*out = ev_expr_truth_value(there);
	else
		*out = there ? ev_expr_text(front ? p + q_len : p, p_len - q_len) : *v;
	return EV_GO_ON;
}

static enum ev_expr_flow recased(struct ev_expr_run *x, const struct ev_expr_value *v, char first,
				 struct ev_expr_value *out)
{
	const char *p;
	char *to;
	size_t len;

	if (v->kind != EV_STRING)
		return ev_expr_raise(x, "%s cannot be changed in case, as it is not a string",
				     ev_expr_value_describe(x, v));
	p = ev_expr_value_string(x, v, &len);
	if (!ev_expr_spend(x, len / 8))
		return ev_expr_spent(x);
	to = ev_arena_copy(&x->arena, p, len);
	for (size_t i = 0; i < len; i++)
		if (to[i] >= first && to[i] <= first + 25)
			to[i] ^= 0x20;
	*out = ev_expr_text(to, len);
	return EV_GO_ON;
}

/* A number of JSON, with white space around it. */
static bool reads_as_number(const char **p, size_t *len)
{
	size_t from = 0, end = 0;
	enum ev_kind kind;

	while (from < *len && strchr(" \t\r\n", (*p)[from]) != NULL && (*p)[from] != '\0')
		from++;
	if (from < *len)
		end = ev_scalar_end(*p, from, *len, &kind);
	*p += from;
	*len = end - from;
	return end > from && kind == EV_NUMBER;
}

static enum ev_expr_flow to_number(struct ev_expr_run *x, const struct ev_expr_value *v,
				   struct ev_expr_value *out)
{
	const char *p;
	size_t len;

	if (v->kind == EV_NUMBER) {
		*out = *v;
		return EV_GO_ON;
	}
	if (v->kind != EV_STRING)
		return ev_expr_raise(x, "%s cannot be parsed as a number",
				     ev_expr_value_describe(x, v));
	p = ev_expr_value_string(x, v, &len);
	ev_expr_spend(x, len / 16);
	if (!reads_as_number(&p, &len))
		return ev_expr_raise(x, "%s cannot be parsed as a number",
				     ev_expr_value_describe(x, v));
	*out = ev_expr_number_value(p, len);
	return EV_GO_ON;
}

static enum ev_expr_flow from_json(struct ev_expr_run *x, const struct ev_expr_value *v,
				   struct ev_expr_value *out)
{
	const char *p;
	size_t len;

	if (v->kind != EV_STRING)
		return ev_expr_raise(x, "%s cannot be parsed as JSON",
				     ev_expr_value_describe(x, v));
	p = ev_expr_value_string(x, v, &len);
	if (!ev_expr_value_parse(x, p, len, out))
		return ev_expr_raise(x, "%s cannot be parsed as JSON",
				     ev_expr_value_describe(x, v));
	return x->left >= 0 ? EV_GO_ON : ev_expr_spent(x);
}

static enum ev_expr_flow to_text(struct ev_expr_run *x, const struct ev_expr_value *v,
				 struct ev_expr_value *out)
{
	struct ev_buf json = {0};

	ev_expr_value_json(x, v, &json);
	*out = ev_expr_text(ev_arena_copy(&x->arena, json.p, json.len), json.len);
	ev_buf_free(&json);
	return ev_expr_spend(x, out->n / 8) ? EV_GO_ON : ev_expr_spent(x);
}

static enum ev_expr_flow keys(struct ev_expr_run *x, const struct ev_expr_value *v, bool sorted,
			      struct ev_expr_value *out)
{
	struct ev_expr_list l = {0};
	struct ev_expr_value pair[2];
	int64_t i = 0;

	if (v->kind != EV_ARRAY && v->kind != EV_OBJECT)
		return ev_expr_raise(x, "%s has no keys", ev_expr_value_describe(x, v));
	for (struct ev_expr_cursor c = ev_expr_cursor(x, v);
	     ev_expr_cursor_next(x, &c, &pair[0], &pair[1]);) {
		if (v->kind == EV_ARRAY)
			pair[0] = ev_expr_whole(i++);
		ev_expr_list_add(x, &l, &pair[0]);
		if (sorted && v->kind == EV_OBJECT)
			ev_expr_list_add(x, &l, &pair[0]);
	}
	if (x->left < 0)
		return ev_expr_spent(x);
	if (sorted && v->kind == EV_OBJECT) {
		ev_expr_pairs_sort(x, l.items, l.n / 2);
		l.n /= 2;
		for (size_t k = 0; k < l.n; k++)
			l.items[k] = l.items[2 * k];
	}
	*out = ev_expr_list_value(&l);
	return EV_GO_ON;
}

enum ev_expr_flow ev_expr_call(struct ev_expr_run *x, enum ev_expr_function f,
			       const struct ev_expr_value *in, const struct ev_expr_value *arg,
			       struct ev_expr_value *out)
{
	const char *p;
	size_t len;

	switch (f) {
	case EV_F_LENGTH: return ev_expr_value_length(x, in, out);
	case EV_F_NOT: *out = ev_expr_truth_value(!ev_expr_is_true(in)); return EV_GO_ON;
	case EV_F_TYPE:
		p = ev_kind_name((enum ev_kind)in->kind);
		*out = ev_expr_text(p, strlen(p));
		return EV_GO_ON;
	case EV_F_KEYS:
	case EV_F_KEYS_UNSORTED: return keys(x, in, f == EV_F_KEYS, out);
	case EV_F_DOWNCASE: return recased(x, in, 'A', out);
	case EV_F_UPCASE: return recased(x, in, 'a', out);
	case EV_F_TONUMBER: return to_number(x, in, out);
	case EV_F_FROMJSON: return from_json(x, in, out);
	case EV_F_TOSTRING:
		if (in->kind != EV_STRING)
			return to_text(x, in, out);
		*out = *in;
		return EV_GO_ON;
	case EV_F_TOJSON: return to_text(x, in, out);
	case EV_F_BYTES:
		if (in->kind != EV_STRING)
			return ev_expr_raise(x, "%s only strings have UTF-8 byte length",
					     ev_expr_value_describe(x, in));
		ev_expr_value_string(x, in, &len);
		*out = ev_expr_whole((int64_t)len);
		return EV_GO_ON;
	case EV_F_HAS: return has(x, in, arg, out);
	case EV_F_IN: return has(x, arg, in, out);
	case EV_F_CONTAINS: return contains(x, in, arg, out);
	case EV_F_INSIDE: return contains(x, arg, in, out);
	default: return affix(x, f, in, arg, out);
	}
}

#include "expr/internal.h"

#include "base/time.h"
#include "scan/scalar.h"
#include "json/part.h"
#include "json/view.h"

#include <stdio.h>
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

/* A number of JSON, with white space around it. padded: 8 bytes behind it can be read. */
static bool reads_as_number(const char **p, size_t *len, bool padded)
{
	size_t from = 0, end = 0;
	enum ev_kind kind = EV_NULL;

	if (padded && ev_is_short_number(*p, *len))
		return true;
	while (from < *len && ev_json_blank((*p)[from]))
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
	if (!reads_as_number(&p, &len, v->form == EV_IN_DOC))
		return ev_expr_raise(x, "%s cannot be parsed as a number",
				     ev_expr_value_describe(x, v));
	*out = (struct ev_expr_value){
		.kind = EV_NUMBER, .form = EV_TEXT, .n = (uint32_t)len, .p = p};
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

static enum ev_expr_flow split(struct ev_expr_run *x, const struct ev_expr_value *v,
			       const struct ev_expr_value *by, struct ev_expr_value *out)
{
	struct ev_expr_list l = {0};
	struct ev_expr_value part;
	const char *p, *q, *end, *next;
	size_t len, by_len;

	if (v->kind != EV_STRING || by->kind != EV_STRING)
		return ev_expr_raise(x, "split input and separator must be strings");
	p = ev_expr_value_string(x, v, &len);
	q = ev_expr_value_string(x, by, &by_len);
	if (!ev_expr_spend(x, len / 8 + 1))
		return ev_expr_spent(x);
	for (end = p + len; p < end || l.n > 0; p = next + by_len) {
		if (by_len > 0)
			next = memmem(p, (size_t)(end - p), q, by_len);
		else /* code point by code point */
			for (next = p + 1; next < end && (*next & 0xc0) == 0x80;)
				next++;
		if (next == NULL || (by_len == 0 && next >= end)) {
			part = ev_expr_text(p, (size_t)(end - p));
			ev_expr_list_add(x, &l, &part);
			break;
		}
		part = ev_expr_text(p, (size_t)(next - p));
		ev_expr_list_add(x, &l, &part);
		if (x->left < 0)
			return ev_expr_spent(x);
	}
	*out = ev_expr_list_value(&l);
	return EV_GO_ON;
}

/* Null is no text, as in jq. */
static enum ev_expr_flow join(struct ev_expr_run *x, const struct ev_expr_value *v,
			      const struct ev_expr_value *by, struct ev_expr_value *out)
{
	struct ev_expr_sum sum = {.value = ev_expr_text("", 0)};
	struct ev_expr_value item;
	enum ev_expr_flow flow = EV_GO_ON;
	bool first = true;

	if (v->kind != EV_ARRAY && v->kind != EV_OBJECT)
		return ev_expr_raise(x, "Cannot iterate over %s", ev_expr_value_describe(x, v));
	for (struct ev_expr_cursor c = ev_expr_cursor(x, v);
	     flow == EV_GO_ON && ev_expr_cursor_next(x, &c, NULL, &item); first = false) {
		if (!first && (flow = ev_expr_sum_add(x, &sum, by)) != EV_GO_ON)
			return flow;
		if (item.kind == EV_NULL)
			continue;
		if ((item.kind == EV_NUMBER || item.kind == EV_FALSE || item.kind == EV_TRUE) &&
		    (flow = to_text(x, &item, &item)) != EV_GO_ON)
			return flow;
		flow = ev_expr_sum_add(x, &sum, &item);
	}
	*out = sum.value;
	return flow;
}

/* Seconds since 1970, to the nanosecond, as RFC 3339 has them in UTC. */
static enum ev_expr_flow to_date(struct ev_expr_run *x, const struct ev_expr_value *v,
				 struct ev_expr_value *out)
{
	enum { MOST_DIGITS = 15 };
	char text[EV_TIME_TEXT + 8];
	struct ev_time t = {0};
	const char *p, *point;
	size_t len, n, fraction;

	if (v->kind != EV_NUMBER)
		return ev_expr_raise(x, "%s is no number of seconds", ev_expr_value_describe(x, v));
	p = ev_expr_value_digits(x, v, &len);
	point = p != NULL ? memchr(p, '.', len) : NULL;
	n = point != NULL ? (size_t)(point - p) : len;
	if (p == NULL || n > MOST_DIGITS)
		return ev_expr_raise(x, "%s lies outside the years 1 to 9999",
				     ev_expr_value_describe(x, v));
	for (size_t i = *p == '-'; i < n; i++)
		t.sec = t.sec * 10 + (p[i] - '0');
	fraction = point != NULL ? len - n - 1 : 0;
	for (size_t i = 0; i < 9; i++)
		t.nsec = t.nsec * 10 + (i < fraction ? point[1 + i] - '0' : 0);
	if (*p == '-') {
		t.sec = -t.sec - (t.nsec > 0);
		t.nsec = t.nsec > 0 ? 1000000000 - t.nsec : 0;
	}
	if (!ev_time_in_range(t))
		return ev_expr_raise(x, "%s lies outside the years 1 to 9999",
				     ev_expr_value_describe(x, v));
	ev_time_format(t, text);
	n = 19; /* behind the seconds; then the digits that are no zeros at the end */
	if (t.nsec > 0) {
		snprintf(text + n, sizeof text - n, ".%09d", (int)t.nsec);
		for (n = strlen(text); text[n - 1] == '0';)
			n--;
	}
	text[n++] = 'Z';
	*out = ev_expr_text(ev_arena_copy(&x->arena, text, n), n);
	return EV_GO_ON;
}

/* Any date-time of RFC 3339 with a zone as seconds since 1970, to the nanosecond. */
static enum ev_expr_flow from_date(struct ev_expr_run *x, const struct ev_expr_value *v,
				   struct ev_expr_value *out)
{
	char text[48];
	struct ev_time t;
	int64_t sec;
	const char *p;
	size_t len;
	bool negative;

	if (v->kind != EV_STRING)
		return ev_expr_raise(x, "%s is no date-time as RFC 3339 has it",
				     ev_expr_value_describe(x, v));
	p = ev_expr_value_string(x, v, &len);
	if (ev_time_parse(p, len, &t) != EV_TIME_ZONED)
		return ev_expr_raise(x, "%s is no date-time with a zone as RFC 3339 has it",
				     ev_expr_value_describe(x, v));
	negative = t.sec < 0;
	sec = t.sec;
	if (negative) { /* -1 s and 0.3 s are -0.7 s */
		sec = -t.sec - (t.nsec > 0);
		t.nsec = t.nsec > 0 ? 1000000000 - t.nsec : 0;
	}
	snprintf(text, sizeof text, "%s%lld.%09d", negative ? "-" : "", (long long)sec,
		 (int)t.nsec);
	len = strlen(text);
	while (text[len - 1] == '0')
		len--;
	len -= text[len - 1] == '.';
	*out = ev_expr_number_value(ev_arena_copy(&x->arena, text, len), len);
	return EV_GO_ON;
}

static enum ev_expr_flow to_entries(struct ev_expr_run *x, const struct ev_expr_value *v,
				    struct ev_expr_value *out)
{
	struct ev_expr_list all = {0};
	struct ev_expr_value key, value, entry;

	if (v->kind != EV_OBJECT && v->kind != EV_ARRAY)
		return ev_expr_raise(x, "%s has no keys", ev_expr_value_describe(x, v));
	for (struct ev_expr_cursor c = ev_expr_cursor(x, v);
	     ev_expr_cursor_next(x, &c, &key, &value);) {
		struct ev_expr_value *pair = ev_arena_alloc(&x->arena, 4 * sizeof *pair);

		if (!ev_expr_spend(x, 4))
			return ev_expr_spent(x);
		if (v->kind == EV_ARRAY)
			key = ev_expr_whole(all.n);
		pair[0] = ev_expr_text("key", 3);
		pair[1] = key;
		pair[2] = ev_expr_text("value", 5);
		pair[3] = value;
		entry = (struct ev_expr_value){
			.kind = EV_OBJECT, .form = EV_ITEMS, .n = 2, .items = pair};
		ev_expr_list_add(x, &all, &entry);
	}
	*out = ev_expr_list_value(&all);
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
	case EV_F_SPLIT: return split(x, in, arg, out);
	case EV_F_JOIN: return join(x, in, arg, out);
	case EV_F_TODATE: return to_date(x, in, out);
	case EV_F_FROMDATE: return from_date(x, in, out);
	case EV_F_TO_ENTRIES: return to_entries(x, in, out);
	case EV_F_HAS: return has(x, in, arg, out);
	case EV_F_IN: return has(x, arg, in, out);
	case EV_F_CONTAINS: return contains(x, in, arg, out);
	case EV_F_INSIDE: return contains(x, arg, in, out);
	default: return affix(x, f, in, arg, out);
	}
}

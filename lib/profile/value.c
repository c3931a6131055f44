/*
 * What is known of scalars at a path: sizes, ranges, and the forms that all of them have.
 */
#include "base/utf8.h"
#include "profile/tree.h"
#include "scan/form.h"
#include "schema/schema.h"

#include <string.h>

enum { DIGITS = 40 }; /* of a number in a text */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* -12.50, and nothing odder: a zero in front, as in 007, makes it a name. */
static bool is_number(const char *p, size_t len)
{
	size_t i = len > 0 && p[0] == '-', from = i;

	if (len > DIGITS || (len - i > 1 && p[i] == '0' && is_digit(p[i + 1])))
		return false;
	while (i < len && is_digit(p[i]))
		i++;
	if (i == from)
		return false;
	if (i < len && p[i] == '.') {
		from = ++i;
		while (i < len && is_digit(p[i]))
			i++;
		if (i == from)
			return false;
	}
	return i == len;
}

static bool is_code(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_digit(p[i]) && !((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'z') &&
		    strchr("_-.:/", p[i]) == NULL)
			return false;
	return len > 0 && memchr(p, '\0', len) == NULL;
}

/* zoned: whether it is as the format date-time has it. */
static bool is_time(const char *p, size_t len, struct ev_time *t, bool *zoned)
{
	enum ev_time_form form;

	if (len <= EV_DATE_TEXT || p[4] != '-')
		return false;
	form = ev_time_parse(p, len, t);
	*zoned = form == EV_TIME_ZONED && p[EV_DATE_TEXT] != ' ';
	return form != EV_TIME_BAD && ev_time_in_range(*t);
}

/* 2026-03-01T10:00:00+0000, which lacks a colon alone. */
static bool is_offset_time(const char *p, size_t len, struct ev_time *t)
{
	char text[48];

	if (len < 24 || len > sizeof text - 2 || (p[len - 5] != '+' && p[len - 5] != '-'))
		return false;
	memcpy(text, p, len - 2);
	text[len - 2] = ':';
	memcpy(text + len - 1, p + len - 2, 2);
	return ev_time_parse(text, len + 1, t) == EV_TIME_ZONED && ev_time_in_range(*t);
}

static bool is_date(const char *p, size_t len, struct ev_time *t)
{
	struct ev_date d;

	if (!ev_date_parse(p, len, &d) || d.year == 0)
		return false;
	*t = (struct ev_time){ev_date_days(d) * 86400, 0};
	return true;
}

static bool has_form(unsigned form, const char *p, size_t len, struct ev_time *t)
{
	switch (form) {
	case EV_FORM_DATE: return is_date(p, len, t);
	case EV_FORM_UUID:
		return len == EV_UUID_TEXT && (ev_uuid_is_canonical(p) || ev_uuid_valid(p, len));
	case EV_FORM_EMAIL: return ev_schema_format_is("email", p, len);
	case EV_FORM_URI: return ev_schema_format_is("uri", p, len);
	case EV_FORM_IPV4: return ev_schema_format_is("ipv4", p, len);
	case EV_FORM_IPV6: return ev_schema_format_is("ipv6", p, len);
	case EV_FORM_NUMBER: return is_number(p, len);
	case EV_FORM_OFFSET: return is_offset_time(p, len, t);
	default: return is_code(p, len);
	}
}

static void widen(struct ev_tree_node *n, struct ev_time first, struct ev_time last)
{
	if (!n->timed || ev_time_compare(first, n->first) < 0)
		n->first = first;
	if (!n->timed || ev_time_compare(last, n->last) > 0)
		n->last = last;
	n->timed = true;
}

static void note_size(struct ev_tree_node *n, const char *p, size_t len)
{
	n->varies |= n->longest > 0 && len != n->bytes;
	n->bytes = (uint32_t)len;
	if (len <= n->longest) /* code points are never more */
		return;
	len = ev_utf8_count(p, len);
	if (len > n->longest)
		n->longest = (uint32_t)len;
}

void ev_tree_string(struct ev_tree_node *n, const char *p, size_t len)
{
	struct ev_time t = {0};
	bool zoned = false;
	unsigned left;

	if (len == 0) {
		n->n_empty++;
		return;
	}
	note_size(n, p, len);
	if (is_time(p, len, &t, &zoned)) {
		n->times++;
		n->zoned += zoned;
		widen(n, t, t);
		n->forms &= EV_FORM_TIME | EV_FORM_CODE | (zoned ? EV_FORM_DATE_TIME : 0);
		return;
	}
	n->forms &= ~(unsigned)(EV_FORM_TIME | EV_FORM_DATE_TIME);
	for (left = n->forms; left != 0; left &= left - 1) {
		const unsigned form = left & -left;

		if (!has_form(form, p, len, &t))
			n->forms &= ~form;
	}
	if ((n->forms & (EV_FORM_DATE | EV_FORM_OFFSET)) != 0)
		widen(n, t, t);
	if ((n->forms & EV_FORM_NUMBER) != 0)
		ev_tree_number(&n->texts, p, len);
}

/* What a number can be as a time since 1970, of those that it can still be. */
static unsigned epochs_of(unsigned left, struct ev_small v)
{
	static const int64_t from = 946684800, to = 4102444800; /* the years 2000 to 2100 */
	static const int places[] = {0, 3, 6, 9};

	for (unsigned i = 0; i < 4; i++) {
		struct ev_small low = {from, places[i]}, high = {to, places[i]};

		if (ev_small_compare(v, low) < 0 || ev_small_compare(v, high) > 0)
			left &= ~(1U << i);
	}
	return left;
}

void ev_tree_number(struct ev_tree_numbers *t, const char *text, size_t len)
{
	struct ev_small v;
	struct ev_number n;
	int64_t fraction;

	if (t->n++ == 0)
		t->epochs = EV_EPOCH_ALL;
	ev_number_read(text, len, &n);
	fraction = n.digits - n.point;
	if (n.digits > 0 && (n.huge || n.point > 1000 || fraction > 1000)) {
		t->far = true;
		t->whole = t->fraction = 1000;
	} else if (n.digits > 0) {
		if (n.point > t->whole)
			t->whole = (uint32_t)n.point;
		if (fraction > t->fraction)
			t->fraction = (uint32_t)fraction;
	}
	t->dotted |= memchr(text, '.', len) != NULL;
	if (!ev_small_read(text, len, &v)) {
		t->far = true;
		t->epochs = 0;
		return;
	}
	t->epochs = t->epochs != 0 ? epochs_of(t->epochs, v) : 0;
	if (t->n == 1 || ev_small_compare(v, t->min) < 0)
		t->min = v;
	if (t->n == 1 || ev_small_compare(v, t->max) > 0)
		t->max = v;
}

static void merge_numbers(struct ev_tree_numbers *t, const struct ev_tree_numbers *o)
{
	if (o->n == 0)
		return;
	if (t->n == 0) {
		*t = *o;
		return;
	}
	t->n += o->n;
	t->whole = o->whole > t->whole ? o->whole : t->whole;
	t->fraction = o->fraction > t->fraction ? o->fraction : t->fraction;
	t->dotted |= o->dotted;
	t->far |= o->far;
	t->epochs &= o->epochs;
	if (ev_small_compare(o->min, t->min) < 0)
		t->min = o->min;
	if (ev_small_compare(o->max, t->max) > 0)
		t->max = o->max;
}

void ev_tree_merge_values(struct ev_tree_node *n, const struct ev_tree_node *o)
{
	for (int i = 0; i <= EV_OBJECT; i++)
		n->kinds[i] += o->kinds[i];
	n->places += o->places;
	n->crowded |= o->crowded;
	n->hidden |= o->hidden;
	n->cut |= o->cut;
	n->unfit |= o->unfit;
	n->n_empty += o->n_empty;
	n->forms &= o->forms;
	if (o->longest_list > n->longest_list)
		n->longest_list = o->longest_list;
	n->times += o->times;
	n->zoned += o->zoned;
	if (o->timed)
		widen(n, o->first, o->last);
	n->varies |= o->varies || (n->longest > 0 && o->longest > 0 && n->bytes != o->bytes);
	n->bytes = o->longest > 0 ? o->bytes : n->bytes;
	n->longest = o->longest > n->longest ? o->longest : n->longest;
	merge_numbers(&n->numbers, &o->numbers);
	merge_numbers(&n->texts, &o->texts);
}

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

/* Passes over digits; false if there are none. */
static bool pass_digits(const char **p, const char *end)
{
	const char *from = *p;

	while (*p < end && is_digit(**p))
		++*p;
	return *p > from;
}

/* What tonumber takes: -12.50, 1e3. A zero in front, as in 007, makes it a name. */
static bool is_number(const char *p, size_t len)
{
	const char *end = p + len;

	p += len > 0 && *p == '-';
	if (len > DIGITS || (end - p > 1 && p[0] == '0' && is_digit(p[1])) || !pass_digits(&p, end))
		return false;
	if (p < end && *p == '.') {
		p++;
		if (!pass_digits(&p, end))
			return false;
	}
	if (p < end && (*p | 0x20) == 'e') {
		p += 1 + (end - p > 1 && (p[1] == '+' || p[1] == '-'));
		if (!pass_digits(&p, end))
			return false;
	}
	return p == end;
}

static bool is_code(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_digit(p[i]) && !((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'z') &&
		    strchr("_-.:/", p[i]) == NULL)
			return false;
	return len > 0 && memchr(p, '\0', len) == NULL;
}

void ev_times_widen(struct ev_times *times, const struct ev_times *by)
{
	if (!by->any)
		return;
	if (!times->any || ev_time_compare(by->first, times->first) < 0)
		times->first = by->first;
	if (!times->any || ev_time_compare(by->last, times->last) > 0)
		times->last = by->last;
	times->any = true;
	times->naive |= by->naive;
}

const struct ev_times *ev_tree_times(const struct ev_tree_node *n)
{
	return (n->forms & (EV_FORM_READ | EV_FORM_CLOCK)) != 0 ? &n->by_reading
								: &n->as_they_stand;
}

static void note_time(struct ev_times *times, struct ev_time t, enum ev_time_form form)
{
	ev_times_widen(times, &(struct ev_times){true, form == EV_TIME_NAIVE, t, t});
}

static bool is_time(struct ev_tree_node *n, const char *p, size_t len)
{
	enum ev_time_form form;
	struct ev_time t;

	if (len <= EV_DATE_TEXT || p[4] != '-')
		return false;
	form = ev_time_parse(p, len, &t);
	if (form == EV_TIME_BAD || !ev_time_in_range(t))
		return false;
	note_time(&n->as_they_stand, t, form);
	if (form == EV_TIME_NAIVE || p[EV_DATE_TEXT] == ' ')
		n->forms &= ~(unsigned)EV_FORM_DATE_TIME;
	return true;
}

static bool is_date(const char *p, size_t len)
{
	struct ev_date d;

	return ev_date_parse(p, len, &d) && d.year > 0;
}

/* Whether it is read as all texts before it were. */
static bool is_read(struct ev_tree_node *n, const char *p, size_t len)
{
	enum ev_time_form form;
	struct ev_reading r;
	struct ev_time t;

	if (!ev_reading_of(p, len, &r) || (n->read && r.steps != n->steps))
		return false;
	form = ev_time_parse(r.text, r.len, &t);
	if (!ev_time_in_range(t))
		return false;
	note_time(&n->by_reading, t, form);
	n->read = true;
	n->steps = r.steps;
	return true;
}

/* 10:00, 10:00:00.5, 10:00:00Z: the time of a day that stands elsewhere. */
static bool is_clock(struct ev_tree_node *n, const char *p, size_t len)
{
	static const char day[] = "2000-01-01T";
	char text[EV_READING_TEXT];

	if (len + sizeof day > sizeof text)
		return false;
	memcpy(text, day, sizeof day);
	memcpy(text + sizeof day - 1, p, len);
	return is_read(n, text, sizeof day - 1 + len);
}

static bool has_form(struct ev_tree_node *n, unsigned form, const char *p, size_t len)
{
	switch (form) {
	case EV_FORM_DATE: return is_date(p, len);
	case EV_FORM_UUID:
		return len == EV_UUID_TEXT && (ev_uuid_is_canonical(p) || ev_uuid_valid(p, len));
	case EV_FORM_EMAIL: return ev_schema_format_is("email", p, len);
	case EV_FORM_URI: return ev_schema_format_is("uri", p, len);
	case EV_FORM_IPV4: return ev_schema_format_is("ipv4", p, len);
	case EV_FORM_IPV6: return ev_schema_format_is("ipv6", p, len);
	case EV_FORM_NUMBER: return is_number(p, len);
	case EV_FORM_READ: return is_read(n, p, len);
	case EV_FORM_CLOCK: return is_clock(n, p, len);
	default: return is_code(p, len);
	}
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
	unsigned left;

	if (len == 0) {
		n->n_empty++;
		return;
	}
	note_size(n, p, len);
	if (is_time(n, p, len)) {
		n->times++;
		n->forms &= EV_FORM_TIME | EV_FORM_CODE | EV_FORM_DATE_TIME;
		return;
	}
	n->forms &= ~(unsigned)(EV_FORM_TIME | EV_FORM_DATE_TIME);
	for (left = n->forms; left != 0; left &= left - 1) {
		const unsigned form = left & -left;

		if (!has_form(n, form, p, len))
			n->forms &= ~form;
	}
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

/* The first digits of a whole number that has too many, such as of nanoseconds since 1970. */
static bool read_cut(const char *text, size_t len, struct ev_small *v)
{
	if (len <= EV_SMALL_DIGITS || !ev_small_read(text, EV_SMALL_DIGITS, v))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_digit(text[i]))
			return false;
	v->exp += (int32_t)(len - EV_SMALL_DIGITS);
	return true;
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
		if (!read_cut(text, len, &v)) {
			t->epochs = 0;
			return;
		}
	}
	t->epochs = t->epochs != 0 ? epochs_of(t->epochs, v) : 0;
	if (t->n == 1 || ev_small_compare(v, t->min) < 0)
		t->min = v;
	if (t->n == 1 || ev_small_compare(v, t->max) > 0)
		t->max = v;
}

void ev_tree_merge_numbers(struct ev_tree_numbers *t, const struct ev_tree_numbers *o)
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
	if (n->read && o->read && n->steps != o->steps)
		n->forms &= ~(unsigned)(EV_FORM_READ | EV_FORM_CLOCK);
	n->read |= o->read;
	n->steps |= o->steps;
	if (o->longest_list > n->longest_list)
		n->longest_list = o->longest_list;
	n->times += o->times;
	ev_times_widen(&n->as_they_stand, &o->as_they_stand);
	ev_times_widen(&n->by_reading, &o->by_reading);
	n->varies |= o->varies || (n->longest > 0 && o->longest > 0 && n->bytes != o->bytes);
	n->bytes = o->longest > 0 ? o->bytes : n->bytes;
	n->longest = o->longest > n->longest ? o->longest : n->longest;
	ev_tree_merge_numbers(&n->numbers, &o->numbers);
	ev_tree_merge_numbers(&n->texts, &o->texts);
}

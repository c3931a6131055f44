/* The forms of texts, numbers and times in the page. None of them depends on a locale. */
#include "report/internal.h"

#include "base/utf8.h"
#include "number/decimal.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int ev_report_compare(struct ev_report_text a, struct ev_report_text b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order;

	if (a.p == NULL || b.p == NULL)
		return (a.p != NULL) - (b.p != NULL);
	order = n == 0 ? 0 : memcmp(a.p, b.p, n);
	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

int ev_report_compare_moments(const struct ev_report_moment *a, const struct ev_report_moment *b)
{
	struct ev_time x, y;
	bool timed_a =
		a->time.p != NULL && ev_time_parse(a->time.p, a->time.len, &x) != EV_TIME_BAD;
	bool timed_b =
		b->time.p != NULL && ev_time_parse(b->time.p, b->time.len, &y) != EV_TIME_BAD;
	int order = timed_b - timed_a;

	if (timed_a && timed_b)
		order = ev_time_compare(x, y);
	if (order == 0)
		order = ev_report_compare(a->source, b->source);
	return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

/*
 * What cannot be seen, or changes how its neighbours are seen: controls of ASCII and Latin-1, of
 * direction (Unicode, UAX #9), of line and word breaks, fillers, annotations and tags. The joiners
 * U+200C and U+200D stay: some scripts cannot be written without them.
 */
static bool unseen(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} table[] = {{0x0, 0x1f},	{0x7f, 0x9f},	  {0xad, 0xad},	      {0x34f, 0x34f},
		     {0x61c, 0x61c},	{0x115f, 0x1160}, {0x17b4, 0x17b5},   {0x180b, 0x180f},
		     {0x200b, 0x200b},	{0x200e, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f},
		     {0x3164, 0x3164},	{0xfe00, 0xfe0e}, {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
		     {0xfff0, 0xfffb},	{0xfffe, 0xffff}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
		     {0xe0000, 0xe0fff}};

	if (c >= 0x20 && c < 0x7f)
		return false;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (c >= table[i].from && c <= table[i].to)
			return true;
	return (c & 0xfffe) == 0xfffe;
}

void ev_report_escape(struct ev_buf *b, const char *p, size_t len, size_t max)
{
	const char *end = p + len;

	for (size_t n = 0; p < end; n++) {
		const char *from = p;
		uint32_t c;

		if (n == max) {
			ev_buf_puts(b, "\u2026");
			return;
		}
		c = ev_utf8_next(&p);
		if (c == '&')
			ev_buf_puts(b, "&amp;");
		else if (c == '<')
			ev_buf_puts(b, "&lt;");
		else if (c == '>')
			ev_buf_puts(b, "&gt;");
		else if (c == '"')
			ev_buf_puts(b, "&quot;");
		else if (unseen(c))
			ev_buf_printf(b, "\\u{%x}", (unsigned)c);
		else
			ev_buf_put(b, from, (size_t)(p - from));
	}
}

void ev_report_data(struct ev_buf *b, struct ev_report_text t, size_t max)
{
	ev_buf_puts(b, "<bdi>");
	ev_report_escape(b, t.p, t.len, max);
	ev_buf_puts(b, "</bdi>");
}

void ev_report_code(struct ev_buf *b, struct ev_report_text t, size_t max)
{
	ev_buf_puts(b, "<code dir=\"auto\">");
	ev_report_escape(b, t.p, t.len, max);
	ev_buf_puts(b, "</code>");
}

static bool plain_name(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)p[i]) && p[i] != '_' && p[i] != '-')
			return false;
	return len > 0;
}

static bool digits(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isdigit((unsigned char)p[i]))
			return false;
	return len > 0;
}

void ev_report_pointer_text(struct ev_buf *b, struct ev_report_text pointer)
{
	size_t start = b->len;

	for (size_t i = 0; i < pointer.len;) {
		size_t from = ++i;

		while (i < pointer.len && pointer.p[i] != '/')
			i++;
		if (i - from == 1 && pointer.p[from] == '*') {
			ev_buf_puts(b, "[]");
		} else if (digits(pointer.p + from, i - from)) {
			ev_buf_putc(b, '[');
			ev_buf_put(b, pointer.p + from, i - from);
			ev_buf_putc(b, ']');
		} else if (plain_name(pointer.p + from, i - from)) {
			if (b->len > start)
				ev_buf_putc(b, '.');
			ev_buf_put(b, pointer.p + from, i - from);
		} else {
			ev_buf_puts(b, "[\"");
			for (size_t k = from; k < i; k++) {
				char c = pointer.p[k];

				if (c == '~' && k + 1 < i)
					c = pointer.p[++k] == '0' ? '~' : '/';
				if (c == '"' || c == '\\')
					ev_buf_putc(b, '\\');
				ev_buf_putc(b, c);
			}
			ev_buf_puts(b, "\"]");
		}
	}
	if (b->len == start)
		ev_buf_puts(b, "the record");
}

void ev_report_pointer(struct ev_buf *b, struct ev_report_text pointer)
{
	struct ev_buf name = {0};

	ev_report_pointer_text(&name, pointer);
	ev_report_code(b, (struct ev_report_text){name.p, name.len}, 200);
	ev_buf_free(&name);
}

/* Digits, in groups of three if there are at least `from`. */
static void group(struct ev_buf *b, const char *p, size_t len, size_t from)
{
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && len >= from && (len - i) % 3 == 0)
			ev_buf_putc(b, ',');
		ev_buf_putc(b, p[i]);
	}
}

void ev_report_count(struct ev_buf *b, uint64_t n)
{
	char text[24];

	group(b, text, (size_t)snprintf(text, sizeof text, "%llu", (unsigned long long)n), 4);
}

void ev_report_round(struct ev_buf *b, uint64_t n)
{
	static const struct {
		uint64_t unit;
		const char *name;
	} units[] = {{1000000000000, "trillion"}, {1000000000, "billion"}, {1000000, "million"}};

	for (size_t i = 0; i < 3; i++) {
		uint64_t tenths = n / (units[i].unit / 10) +
				  (n % (units[i].unit / 10) * 2 >= units[i].unit / 10);

		if (n < units[i].unit)
			continue;
		ev_report_count(b, tenths / 10);
		if (tenths % 10 != 0)
			ev_buf_printf(b, ".%u", (unsigned)(tenths % 10));
		ev_buf_printf(b, " %s", units[i].name);
		return;
	}
	ev_report_count(b, n);
}

void ev_report_share(struct ev_buf *b, uint64_t part, uint64_t whole)
{
	enum { FEW = 100, MOST_DECIMALS = 4 };
	uint64_t scale = whole < FEW ? 100 : 1000; /* what stands for all */
	int decimals = whole < FEW ? 0 : 1;

	if (whole == 0 || part == 0 || part >= whole) {
		ev_buf_puts(b, whole != 0 && part >= whole ? "100%" : "0%");
		return;
	}
	for (; decimals <= MOST_DECIMALS; decimals++, scale *= 10) {
		unsigned __int128 twice = (unsigned __int128)part * scale * 2 + whole;
		uint64_t v = (uint64_t)(twice / ((unsigned __int128)whole * 2));

		if (v == 0 || v == scale)
			continue;
		ev_buf_u64(b, v / (scale / 100));
		if (decimals > 0)
			ev_buf_printf(b, ".%0*llu", decimals,
				      (unsigned long long)(v % (scale / 100)));
		ev_buf_putc(b, '%');
		return;
	}
	ev_buf_puts(b, part < whole / 2 ? "less than 0.0001%" : "more than 99.9999%");
}

void ev_report_plural(struct ev_buf *b, uint64_t n, const char *word)
{
	ev_report_count(b, n);
	ev_buf_printf(b, " %s%s", word, n == 1 ? "" : "s");
}

static const char *const months[] = {"January",	  "February", "March",	  "April",
				     "May",	  "June",     "July",	  "August",
				     "September", "October",  "November", "December"};

/* The parts of a time in UTC; false if it is none. */
static bool parts(struct ev_report_text t, char text[EV_TIME_TEXT])
{
	struct ev_time at;

	if (t.p == NULL || ev_time_parse(t.p, t.len, &at) == EV_TIME_BAD || !ev_time_in_range(at))
		return false;
	ev_time_format(at, text);
	return true;
}

static void put_date(struct ev_buf *b, const char *text, bool day)
{
	if (day)
		ev_buf_printf(b, "%d ", (text[8] - '0') * 10 + text[9] - '0');
	ev_buf_printf(b, "%s %.4s", months[(text[5] - '0') * 10 + text[6] - '0' - 1], text);
}

void ev_report_time(struct ev_buf *b, struct ev_report_text t)
{
	char text[EV_TIME_TEXT];

	if (!parts(t, text)) {
		ev_report_data(b, t, 60);
		return;
	}
	ev_buf_printf(b, "<time datetime=\"%.19sZ\">", text);
	put_date(b, text, true);
	ev_buf_printf(b, ", %.8s", text + 11);
	ev_buf_puts(b, "</time>");
}

enum ev_report_unit ev_report_unit(struct ev_report_text name)
{
	static const char *const names[] = {"minute", "hour", "day", "month", "year", "century"};
	int unit = 0;

	while (unit < REPORT_NO_UNIT && !ev_report_is(name, names[unit]))
		unit++;
	return (enum ev_report_unit)unit;
}

void ev_report_bucket(struct ev_buf *b, struct ev_report_text start, enum ev_report_unit unit)
{
	char text[EV_TIME_TEXT];

	if (!parts(start, text)) {
		ev_report_data(b, start, 60);
		return;
	}
	if (unit >= REPORT_YEAR) {
		ev_buf_put(b, text, 4);
		return;
	}
	put_date(b, text, unit < REPORT_MONTH);
	if (unit <= REPORT_HOUR)
		ev_buf_printf(b, ", %.5s", text + 11);
}

bool ev_report_bucket_number(struct ev_report_text start, enum ev_report_unit unit, int64_t *n)
{
	static const int seconds[] = {60, 3600, 86400};
	char text[EV_TIME_TEXT];
	struct ev_time at;
	int64_t year;

	if (!parts(start, text) || ev_time_parse(start.p, start.len, &at) == EV_TIME_BAD)
		return false;
	year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] -
	       '0';
	if (unit < REPORT_MONTH)
		*n = (at.sec - (at.sec % seconds[unit] + seconds[unit]) % seconds[unit]) /
		     seconds[unit];
	else if (unit == REPORT_MONTH)
		*n = year * 12L + (text[5] - '0') * 10L + text[6] - '0';
	else
		*n = unit == REPORT_YEAR ? year : year / 100;
	return true;
}

void ev_report_number(struct ev_buf *b, const char *p, size_t len, size_t least)
{
	size_t i = 0, from;

	if (p[0] == '-') {
		ev_buf_puts(b, "\u2212");
		i = 1;
	}
	from = i;
	while (i < len && isdigit((unsigned char)p[i]))
		i++;
	group(b, p + from, i - from, least);
	ev_buf_put(b, p + i, len - i);
}

void ev_report_value(struct ev_buf *b, const struct ev_doc *d, uint32_t i, size_t max)
{
	enum { LONGEST = 120, LONGEST_NUMBER = 60, GROUPED = 5 };
	struct ev_buf scratch = {0};
	struct ev_report_text t;
	size_t n = 0;

	t.p = ev_raw(d, i, &t.len);
	switch (ev_kind(d, i)) {
	case EV_NUMBER:
		if (t.len > LONGEST_NUMBER)
			ev_report_data(b, t, LONGEST_NUMBER);
		else
			ev_report_number(b, t.p, t.len, GROUPED);
		break;
	case EV_STRING:
		t.p = ev_string(d, i, &scratch, &t.len);
		ev_buf_puts(b, "\u201c");
		ev_report_data(b, t, LONGEST);
		ev_buf_puts(b, "\u201d");
		break;
	case EV_ARRAY:
		for (uint32_t e = ev_first(d, i); e < ev_end(d, i) && n < max;
		     e = ev_next(d, e), n++) {
			if (n > 0)
				ev_buf_puts(b, n + 1 == d->nodes[i].count ? " and " : ", ");
			/* A list in a list: as JSON. */
			if (ev_kind(d, e) == EV_ARRAY) {
				struct ev_report_text raw;

				raw.p = ev_raw(d, e, &raw.len);
				ev_report_data(b, raw, LONGEST);
			} else {
				ev_report_value(b, d, e, max);
			}
		}
		if (n < d->nodes[i].count) {
			ev_buf_puts(b, " and ");
			ev_report_count(b, d->nodes[i].count - n);
			ev_buf_puts(b, " more");
		}
		if (d->nodes[i].count == 0)
			ev_buf_puts(b, "nothing");
		break;
	case EV_OBJECT: ev_report_data(b, t, LONGEST); break;
	default: ev_buf_put(b, t.p, t.len); break;
	}
	ev_buf_free(&scratch);
}

bool ev_report_double(const struct ev_doc *d, uint32_t i, double *v)
{
	enum { LONGEST = 400 };
	char text[LONGEST + 1];
	const char *p;
	size_t len;

	if (i == EV_NOWHERE || ev_kind(d, i) != EV_NUMBER)
		return false;
	p = ev_raw(d, i, &len);
	if (len > LONGEST)
		return false;
	memcpy(text, p, len);
	text[len] = '\0';
	*v = strtod(text, NULL);
	return isfinite(*v);
}

void ev_report_svg(struct ev_buf *b, double v)
{
	char text[32];
	size_t len = (size_t)snprintf(text, sizeof text, "%.2f", v);

	while (text[len - 1] == '0')
		len--;
	len -= text[len - 1] == '.';
	if (len == 2 && memcmp(text, "-0", 2) == 0)
		ev_buf_putc(b, '0');
	else
		ev_buf_put(b, text, len);
}

/*
 * What the pieces of the page look like: texts, numbers and times. None of them depends on a
 * locale.
 */
#include "report/internal.h"

#include "base/utf8.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { LONGEST = 120 }; /* code points of a value that are shown */

int ev_report_compare(struct ev_report_text a, struct ev_report_text b)
{
	if (a.p == NULL || b.p == NULL)
		return (a.p != NULL) - (b.p != NULL);
	return ev_bytes_compare(a.p, a.len, b.p, b.len);
}

void ev_report_place(const char *text, size_t at, size_t *line, size_t *column)
{
	*line = *column = 1;
	for (size_t i = 0; i < at; i++) {
		*column = text[i] == '\n' ? 1 : *column + 1;
		*line += text[i] == '\n';
	}
}

uint32_t ev_report_at(const struct ev_doc *d, uint32_t object, const char *name)
{
	uint32_t i = ev_member(d, object, name, strlen(name));

	return i != EV_NOWHERE && ev_kind(d, i) == EV_NULL ? EV_NOWHERE : i;
}

struct ev_report_text ev_report_raw(const struct ev_doc *d, uint32_t i)
{
	struct ev_report_text t;

	t.p = ev_raw(d, i, &t.len);
	return t;
}

static bool time_of(struct ev_report_text t, struct ev_time *at)
{
	return t.p != NULL && ev_time_parse(t.p, t.len, at) != EV_TIME_BAD;
}

int ev_report_compare_moments(const struct ev_report_moment *a, const struct ev_report_moment *b)
{
	struct ev_time x, y;
	bool timed_a = time_of(a->time, &x), timed_b = time_of(b->time, &y);
	int order = timed_a && timed_b ? ev_time_compare(x, y) : timed_b - timed_a;

	if (order == 0)
		order = ev_report_compare(a->source, b->source);
	return order != 0 ? order : ORDER(a->line, b->line);
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
		switch (c) {
		case '&': ev_buf_puts(b, "&amp;"); break;
		case '<': ev_buf_puts(b, "&lt;"); break;
		case '>': ev_buf_puts(b, "&gt;"); break;
		case '"': ev_buf_puts(b, "&quot;"); break;
		default:
			if (unseen(c))
				ev_buf_printf(b, "\\u{%x}", (unsigned)c);
			else
				ev_buf_put(b, from, (size_t)(p - from));
		}
	}
}

void ev_report_data(struct ev_buf *b, struct ev_report_text t, size_t max)
{
	PUT(b, "<bdi>{}</bdi>", ESCAPED(t, max));
}

void ev_report_code(struct ev_buf *b, struct ev_report_text t, size_t max)
{
	PUT(b, "<code dir=\"auto\">{}</code>", ESCAPED(t, max));
}

static bool is_name(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)p[i]) && p[i] != '_' && p[i] != '-')
			return false;
	return len > 0;
}

static bool is_index(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isdigit((unsigned char)p[i]))
			return false;
	return len > 0;
}

bool ev_report_pointer_next(struct ev_report_text *pointer, struct ev_buf *name)
{
	const char *p = pointer->p, *end = p + pointer->len;

	ev_buf_reset(name);
	if (pointer->len == 0)
		return false;
	for (p++; p < end && *p != '/'; p++)
		if (*p == '~' && p + 1 < end && p[1] != '/')
			ev_buf_putc(name, *++p == '0' ? '~' : '/');
		else
			ev_buf_putc(name, *p);
	*pointer = (struct ev_report_text){p, (size_t)(end - p)};
	return true;
}

void ev_report_pointer_text(struct ev_buf *b, struct ev_report_text pointer)
{
	struct ev_buf name = {0};
	size_t start = b->len;

	while (ev_report_pointer_next(&pointer, &name)) {
		if (name.len == 1 && name.p[0] == '*') {
			ev_buf_puts(b, "[]");
		} else if (is_index(name.p, name.len)) {
			ev_buf_printf(b, "[%s]", ev_buf_str(&name));
		} else if (is_name(name.p, name.len)) {
			ev_buf_printf(b, "%s%s", b->len > start ? "." : "", ev_buf_str(&name));
		} else {
			ev_buf_puts(b, "[\"");
			for (size_t k = 0; k < name.len; k++) {
				if (name.p[k] == '"' || name.p[k] == '\\')
					ev_buf_putc(b, '\\');
				ev_buf_putc(b, name.p[k]);
			}
			ev_buf_puts(b, "\"]");
		}
	}
	if (b->len == start)
		ev_buf_puts(b, "the record");
	ev_buf_free(&name);
}

void ev_report_pointer(struct ev_buf *b, struct ev_report_text pointer)
{
	struct ev_buf name = {0};

	ev_report_pointer_text(&name, pointer);
	ev_report_code(b, (struct ev_report_text){name.p, name.len}, 200);
	ev_buf_free(&name);
}

/* Digits, in groups of three if there are at least `from`. */
static void put_groups(struct ev_buf *b, const char *p, size_t len, size_t from)
{
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && len >= from && (len - i) % 3 == 0)
			ev_buf_putc(b, ',');
		ev_buf_putc(b, p[i]);
	}
}

static void put_count(struct ev_buf *b, uint64_t n)
{
	if (n < 1000) {
		ev_buf_u64(b, n);
		return;
	}
	put_count(b, n / 1000);
	ev_buf_printf(b, ",%03u", (unsigned)(n % 1000));
}

/* "1.2 million" from a million on. */
static void put_rounded(struct ev_buf *b, uint64_t n)
{
	static const struct {
		uint64_t unit;
		const char *name;
	} units[] = {{1000000000000, "trillion"}, {1000000000, "billion"}, {1000000, "million"}};

	for (size_t i = 0; i < 3; i++) {
		uint64_t tenth = units[i].unit / 10, tenths = n / tenth + (n % tenth * 2 >= tenth);

		if (n < units[i].unit)
			continue;
		put_count(b, tenths / 10);
		if (tenths % 10 != 0)
			ev_buf_printf(b, ".%u", (unsigned)(tenths % 10));
		ev_buf_printf(b, " %s", units[i].name);
		return;
	}
	put_count(b, n);
}

/* "99.2%": never 0% or 100% unless it is. */
static void put_share(struct ev_buf *b, uint64_t part, uint64_t whole)
{
	enum { FEW = 100, MOST_DECIMALS = 4 };
	uint64_t scale = whole < FEW ? 100 : 1000; /* of the whole */
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

/* The parts of a time in UTC; false if it is none. */
static bool parts(struct ev_report_text t, struct ev_time *at, char text[EV_TIME_TEXT])
{
	if (!time_of(t, at) || !ev_time_in_range(*at))
		return false;
	ev_time_format(*at, text);
	return true;
}

static int two_digits(const char *p)
{
	return (p[0] - '0') * 10 + p[1] - '0';
}

static void put_date(struct ev_buf *b, const char *text, bool day)
{
	static const char *const months[] = {"January",	  "February", "March",	  "April",
					     "May",	  "June",     "July",	  "August",
					     "September", "October",  "November", "December"};

	if (day)
		ev_buf_printf(b, "%d ", two_digits(text + 8));
	ev_buf_printf(b, "%s %.4s", months[two_digits(text + 5) - 1], text);
}

static void put_time(struct ev_buf *b, struct ev_report_text t)
{
	char text[EV_TIME_TEXT];
	struct ev_time at;

	if (!parts(t, &at, text)) {
		ev_report_data(b, t, 60);
		return;
	}
	ev_buf_printf(b, "<time datetime=\"%.19sZ\">", text);
	put_date(b, text, true);
	ev_buf_printf(b, ", %.8s</time>", text + 11);
}

enum ev_report_unit ev_report_unit(struct ev_report_text name)
{
	static const char *const names[] = {"minute", "hour", "day", "month", "year", "century"};
	int unit = 0;

	while (unit < REPORT_NO_UNIT && !ev_report_is(name, names[unit]))
		unit++;
	return (enum ev_report_unit)unit;
}

/* As its unit asks: "1 March 2026, 10:00", "1 March 2026", "March 2026". */
static void put_bucket(struct ev_buf *b, struct ev_report_text start, enum ev_report_unit unit)
{
	char text[EV_TIME_TEXT];
	struct ev_time at;

	if (!parts(start, &at, text)) {
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

	if (!parts(start, &at, text))
		return false;
	year = two_digits(text) * 100 + two_digits(text + 2);
	if (unit < REPORT_MONTH)
		*n = (at.sec - (at.sec % seconds[unit] + seconds[unit]) % seconds[unit]) /
		     seconds[unit];
	else if (unit == REPORT_MONTH)
		*n = year * 12 + two_digits(text + 5);
	else
		*n = unit == REPORT_YEAR ? year : year / 100;
	return true;
}

void ev_report_number(struct ev_buf *b, const char *p, size_t len, size_t least)
{
	size_t sign = p[0] == '-', i = sign;

	while (i < len && isdigit((unsigned char)p[i]))
		i++;
	ev_buf_puts(b, sign ? "\u2212" : "");
	put_groups(b, p + sign, i - sign, least);
	ev_buf_put(b, p + i, len - i);
}

static void put_list(struct ev_buf *b, const struct ev_doc *d, uint32_t list, size_t max)
{
	uint32_t count = d->nodes[list].count;
	size_t n = 0;

	for (uint32_t i = ev_first(d, list); i < ev_end(d, list) && n < max; i = ev_next(d, i)) {
		if (n++ > 0)
			ev_buf_puts(b, n == count ? " and " : ", ");
		/* A list in a list: as JSON. */
		if (ev_kind(d, i) == EV_ARRAY)
			ev_report_data(b, ev_report_raw(d, i), LONGEST);
		else
			ev_report_value(b, d, i, max);
	}
	if (n < count)
		PUT(b, " and {} more", COUNT(count - n));
	if (count == 0)
		ev_buf_puts(b, "nothing");
}

void ev_report_value(struct ev_buf *b, const struct ev_doc *d, uint32_t i, size_t max)
{
	enum { LONGEST_NUMBER = 60, GROUPED = 5 };
	struct ev_report_text t = ev_report_raw(d, i);
	struct ev_buf scratch = {0};

	switch (ev_kind(d, i)) {
	case EV_NUMBER:
		if (t.len > LONGEST_NUMBER)
			ev_report_data(b, t, LONGEST_NUMBER);
		else
			ev_report_number(b, t.p, t.len, GROUPED);
		break;
	case EV_STRING:
		t.p = ev_string(d, i, &scratch, &t.len);
		PUT(b, "\u201c{}\u201d", DATA(t, LONGEST));
		break;
	case EV_ARRAY: put_list(b, d, i, max); break;
	case EV_OBJECT: ev_report_data(b, t, LONGEST); break;
	default: ev_buf_put(b, t.p, t.len); break;
	}
	ev_buf_free(&scratch);
}

bool ev_report_double(const struct ev_doc *d, uint32_t i, double *v)
{
	enum { LONGEST_DOUBLE = 400 };
	char text[LONGEST_DOUBLE + 1];
	struct ev_report_text raw;

	if (i == EV_NOWHERE || ev_kind(d, i) != EV_NUMBER)
		return false;
	raw = ev_report_raw(d, i);
	if (raw.len > LONGEST_DOUBLE)
		return false;
	memcpy(text, raw.p, raw.len);
	text[raw.len] = '\0';
	*v = strtod(text, NULL);
	return isfinite(*v);
}

/* A number inside an attribute of SVG, with two decimals at most. */
static void put_svg(struct ev_buf *b, double v)
{
	char text[32];
	size_t len = (size_t)snprintf(text, sizeof text, "%.2f", v);

	while (text[len - 1] == '0')
		len--;
	len -= text[len - 1] == '.';
	text[len] = '\0';
	ev_buf_puts(b, strcmp(text, "-0") == 0 ? "0" : text);
}

static void put_piece(struct ev_buf *b, const struct ev_report_piece *x)
{
	switch (x->kind) {
	case REPORT_PIECE_HTML: ev_buf_puts(b, x->text.p); break;
	case REPORT_PIECE_ESCAPED: ev_report_escape(b, x->text.p, x->text.len, x->max); break;
	case REPORT_PIECE_DATA:
		if (x->text.p == NULL && x->word != NULL)
			ev_buf_puts(b, x->word);
		else
			ev_report_data(b, x->text, x->max);
		break;
	case REPORT_PIECE_CODE: ev_report_code(b, x->text, x->max); break;
	case REPORT_PIECE_TIME: put_time(b, x->text); break;
	case REPORT_PIECE_BUCKET: put_bucket(b, x->text, x->unit); break;
	case REPORT_PIECE_COUNT: put_count(b, x->n); break;
	case REPORT_PIECE_ROUND: put_rounded(b, x->n); break;
	case REPORT_PIECE_SHARE: put_share(b, x->n, x->whole); break;
	case REPORT_PIECE_PLURAL:
		put_count(b, x->n);
		ev_buf_putc(b, ' ');
		ev_buf_puts(b, x->word);
		ev_buf_puts(b, x->n == 1 ? "" : "s");
		break;
	case REPORT_PIECE_VALUE: ev_report_value(b, x->doc, x->node, x->max); break;
	case REPORT_PIECE_SVG: put_svg(b, x->v); break;
	}
}

void ev_report_put(struct ev_buf *b, const char *html, const struct ev_report_piece *pieces)
{
	for (const char *at; (at = strchr(html, '{')) != NULL; html = at + 2) {
		ev_buf_put(b, html, (size_t)(at - html));
		put_piece(b, pieces++);
	}
	ev_buf_puts(b, html);
}

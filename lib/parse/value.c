#include "base/hash.h"
#include "base/utf8.h"
#include "parse/internal.h"
#include "scan/form.h"

/* How a format writes bytes that it does not trust. */
static const struct {
	char mark;
	bool plain;	     /* two hex digits stand right behind the mark */
	bool hex, unicode;   /* \xHH; \uHHHH and \UHHHHHHHH */
	const char *letters; /* pairs: what stands behind the mark, and what it means */
} escapes[] = {
	[EV_ESCAPE_NONE] = {0},
	[EV_ESCAPE_HEX] = {'\\', .hex = true, .letters = ""},
	[EV_ESCAPE_C] = {'\\', .hex = true, .letters = "\"\"\\\\n\nt\tr\rb\bv\vf\f"},
	[EV_ESCAPE_GO] = {'\\', .hex = true, .unicode = true,
			  .letters = "\"\"\\\\n\nt\tr\rb\bv\vf\fa\a''//"},
	[EV_ESCAPE_SYSLOG] = {'\\', .letters = "\"\"\\\\]]"},
	[EV_ESCAPE_HASH] = {'#', .plain = true, .letters = ""},
	[EV_ESCAPE_PERCENT] = {'%', .plain = true, .letters = ""},
};

static int64_t hex_value(const char *p, const char *end, int digits)
{
	int64_t v = 0;

	if (end - p < digits)
		return -1;
	for (int i = 0; i < digits; i++) {
		const char c = p[i] >= 'A' && p[i] <= 'F' ? (char)(p[i] + ('a' - 'A')) : p[i];
		const int digit = ev_hex_digit(c);

		if (digit < 0)
			return -1;
		v = v * 16 + digit;
	}
	return v;
}

/* Appends the character of \u or \U, behind the backslash; returns its end, or NULL. */
static const char *put_character(const char *p, const char *end, struct ev_buf *out)
{
	const int digits = *p == 'u' ? 4 : 8;
	int64_t v = hex_value(p + 1, end, digits), low;
	char utf8[4];

	if (v < 0)
		return NULL;
	p += 1 + digits;
	if (v >= 0xd800 && v <= 0xdbff && end - p >= 6 && p[0] == '\\' && p[1] == 'u' &&
	    (low = hex_value(p + 2, end, 4)) >= 0xdc00 && low <= 0xdfff) {
		v = 0x10000 + (v - 0xd800) * 0x400 + (low - 0xdc00);
		p += 6;
	}
	if (v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return NULL;
	ev_buf_put(out, utf8, ev_utf8_encode((uint32_t)v, utf8));
	return p;
}

/* Appends what the escape behind its mark stands for; returns its end, or NULL if it is none. */
static const char *undo(enum ev_escape how, const char *p, const char *end, struct ev_buf *out)
{
	const bool plain = escapes[how].plain;
	int64_t v;

	if (plain || (escapes[how].hex && p < end && *p == 'x')) {
		v = hex_value(p + !plain, end, 2);
		if (v >= 0)
			ev_buf_putc(out, (char)v);
		return v >= 0 ? p + !plain + 2 : NULL;
	}
	if (escapes[how].unicode && p < end && (*p == 'u' || *p == 'U'))
		return put_character(p, end, out);
	for (const char *l = escapes[how].letters; p < end && *l != '\0'; l += 2)
		if (*l == *p) {
			ev_buf_putc(out, l[1]);
			return p + 1;
		}
	return NULL;
}

/* The bytes that a text with escapes stands for; what is no escape stays. */
static void unescape(enum ev_escape how, const char *p, size_t len, struct ev_buf *out)
{
	const char *end = p + len, *mark, *behind;

	while ((mark = memchr(p, escapes[how].mark, (size_t)(end - p))) != NULL) {
		ev_buf_put(out, p, (size_t)(mark - p));
		behind = undo(how, mark + 1, end, out);
		if (behind == NULL)
			ev_buf_putc(out, *mark);
		p = behind != NULL ? behind : mark + 1;
	}
	ev_buf_put(out, p, (size_t)(end - p));
}

void ev_parse_put_text(struct ev_parse *p, enum ev_escape how, const char *text, size_t len,
		       struct ev_buf *out)
{
	struct ev_buf *bytes = &p->member;

	if (how != EV_ESCAPE_NONE && len > 0 && memchr(text, escapes[how].mark, len) != NULL) {
		ev_buf_reset(bytes);
		unescape(how, text, len, bytes);
		if (ev_utf8_valid(bytes->p, bytes->len) == bytes->len) {
			text = bytes->p;
			len = bytes->len;
		}
	}
	ev_json_quote(text, len, out);
}

size_t ev_parse_number(const char *p, size_t len)
{
	size_t i = len > 0 && (*p == '-' || *p == '+'), first = i;

	while (i < len && p[i] >= '0' && p[i] <= '9')
		i++;
	if (i == first)
		return 0;
	if (i + 1 < len && p[i] == '.' && p[i + 1] >= '0' && p[i + 1] <= '9')
		for (i++; i < len && p[i] >= '0' && p[i] <= '9';)
			i++;
	return i;
}

/* JSON knows neither a plus nor zeros in front, as in nginx's status 000. */
void ev_parse_put_number(const char *p, size_t len, struct ev_buf *out)
{
	if (*p == '-')
		ev_buf_putc(out, '-');
	if (*p == '-' || *p == '+') {
		p++;
		len--;
	}
	while (len > 1 && *p == '0' && p[1] != '.') {
		p++;
		len--;
	}
	ev_buf_put(out, p, len);
}

bool ev_parse_epoch(const char *p, size_t len, unsigned digits, struct ev_layout_time *t)
{
	enum { MOST = 19 };
	uint64_t v = 0;

	t->flaw = "it is no number since 1970";
	if (len == 0 || len > MOST)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(p[i] - '0');
	}
	t->flaw = "it lies beyond the year 9999";
	return v <= INT64_MAX && ev_layout_instant((int64_t)v, digits, t);
}

bool ev_parse_time(const struct ev_layout_place *place, const char *p, size_t len,
		   struct ev_layout_time *t)
{
	static const struct {
		size_t len;
		unsigned digits;
	} units[] = {{11, 0}, {14, 3}, {17, 6}, {SIZE_MAX, 9}};
	size_t n = 0, i = 0;

	while (n < len && p[n] >= '0' && p[n] <= '9')
		n++;
	if (n == len) {
		while (len > units[i].len)
			i++;
		return ev_parse_epoch(p, len, units[i].digits, t);
	}
	if (n > 0 && p[n] == '.') {
		if (ev_layout_read("%s.%f", place, p, len, t) && t->len == len)
			return true;
		t->flaw = "it is no number of seconds since 1970";
		return false;
	}
	if (ev_layout_read(NULL, place, p, len, t) && t->len == len)
		return true;
	if (t->flaw == NULL)
		t->flaw = "something stands behind the time";
	return false;
}

#include "base/utf8.h"
#include "profile/write.h"

#include <string.h>

static bool is_plain_char(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (first ? c == '.' || c == '$' : (c >= '0' && c <= '9') || strchr(".-/$", c) != NULL);
}

/* Words that readers of YAML take for something else than texts. */
static bool is_word_of_yaml(const char *p, size_t len)
{
	static const char *const words[] = {"true", "false", "null", "yes",  "no",   "on",
					    "off",  "y",     "n",    ".inf", ".nan", NULL};

	for (int i = 0; words[i] != NULL; i++)
		if (strlen(words[i]) == len && strncasecmp(words[i], p, len) == 0)
			return true;
	return false;
}

static bool is_plain(const char *p, size_t len)
{
	if (len == 0 || len > 200 || is_word_of_yaml(p, len))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_plain_char(p[i], i == 0))
			return false;
	return len > 1 || p[0] != '.';
}

/* Printable ASCII can stand in single quotes, in which nothing is escaped. */
static bool is_printable(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] < ' ' || p[i] > '~')
			return false;
	return true;
}

static void single_quoted(const char *p, size_t len, struct ev_buf *out)
{
	ev_buf_putc(out, '\'');
	for (size_t i = 0; i < len; i++) {
		if (p[i] == '\'')
			ev_buf_putc(out, '\'');
		ev_buf_putc(out, p[i]);
	}
	ev_buf_putc(out, '\'');
}

void ev_write_quoted(const char *p, size_t len, struct ev_buf *out)
{
	const char *end = p + len;

	ev_buf_putc(out, '"');
	while (p < end) {
		const char *from = p;
		const uint32_t cp = ev_utf8_next(&p);

		if (cp == '"' || cp == '\\')
			ev_buf_printf(out, "\\%c", (char)cp);
		else if (cp >= ' ' && cp != 0x7f && ev_utf8_is_visible(cp))
			ev_buf_put(out, from, (size_t)(p - from));
		else
			ev_buf_printf(out, cp > 0xffff ? "\\U%08x" : "\\u%04x", cp);
	}
	ev_buf_putc(out, '"');
}

void ev_write_scalar(const char *p, size_t len, struct ev_buf *out)
{
	if (is_plain(p, len))
		ev_buf_put(out, p, len);
	else if (is_printable(p, len) && memchr(p, '"', len) != NULL)
		single_quoted(p, len, out);
	else
		ev_write_quoted(p, len, out);
}

void ev_write_text(const char *text, struct ev_buf *out)
{
	ev_write_scalar(text, strlen(text), out);
}

void ev_write_comment(const char *text, struct ev_buf *out)
{
	const char *end = text + strlen(text);
	char shown[EV_UTF8_SHOWN + 1];

	if (text[0] == '\0')
		return;
	ev_buf_puts(out, "  # ");
	while (text < end) {
		size_t len = ev_utf8_show(&text, (size_t)(end - text), shown);

		ev_buf_put(out, shown, len);
	}
}

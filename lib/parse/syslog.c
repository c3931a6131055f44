#include "parse/internal.h"
#include "scan/form.h"

/* A name of RFC 5424: what is printable but for " ] = and blanks. */
static const char *name_end(const char *p, const char *end)
{
	const char *q = p;

	while (q<end && * q> ' ' && *q < 0x7f && *q != '"' && *q != ']' && *q != '=')
		q++;
	return q > p ? q : NULL;
}

/* Behind the quote that ends a value. */
static const char *value_end(const char *p, const char *end)
{
	for (; p < end && *p != '"'; p++)
		if (*p == '\\' && p + 1 < end)
			p++;
	return p < end ? p + 1 : NULL;
}

/* Behind name="value". */
static const char *param_end(const char *p, const char *end)
{
	const char *q = name_end(p, end);

	if (q == NULL || end - q < 2 || q[0] != '=' || q[1] != '"')
		return NULL;
	return value_end(q + 2, end);
}

/* Behind the bracket that closes an element. */
static const char *element_end(const char *p, const char *end)
{
	p = name_end(p + 1, end);
	while (p != NULL && p < end && *p == ' ')
		p = param_end(p + 1, end);
	return p != NULL && p < end && *p == ']' ? p + 1 : NULL;
}

const char *ev_syslog_data_end(const char *p, const char *end)
{
	const char *first = p;

	if (p < end && *p == '-')
		return p + 1;
	while (p != NULL && p < end && *p == '[')
		p = element_end(p, end);
	return p == first ? NULL : p;
}

/* Appends the value in ="value"; returns what is behind it. */
static const char *put_value(struct ev_parse *p, const char *at, const char *end,
			     struct ev_buf *out)
{
	const char *behind = value_end(at + 2, end);

	ev_parse_put_text(p, EV_ESCAPE_SYSLOG, at + 2, (size_t)(behind - at) - 3, out);
	return behind;
}

/* Whether a parameter at p, behind a blank, has that name; *value is then where its = stands. */
static bool is_named(const char *p, const char *end, const char *name, size_t len,
		     const char **value)
{
	if (*p != ' ' || (*value = name_end(p + 1, end)) == NULL)
		return false;
	return (size_t)(*value - p) - 1 == len && memcmp(p + 1, name, len) == 0;
}

/*
 * Appends the parameter behind the blank at p as a member; returns what is behind it. A name may be
 * said again: where it follows itself, it is one member with a list.
 */
static const char *put_param(struct ev_parse *p, const char *at, const char *end,
			     struct ev_buf *out)
{
	const char *name = at + 1, *value = name_end(name, end);
	const size_t len = (size_t)(value - name);
	const char *behind = value_end(value + 2, end);
	const bool list = is_named(behind, end, name, len, &behind);

	ev_json_quote(name, len, out);
	ev_buf_puts(out, list ? ":[" : ":");
	behind = put_value(p, value, end, out);
	while (list && is_named(behind, end, name, len, &value)) {
		ev_buf_putc(out, ',');
		behind = put_value(p, value, end, out);
	}
	if (list)
		ev_buf_putc(out, ']');
	return behind;
}

void ev_syslog_data_put(struct ev_parse *p, const char *data, size_t len, struct ev_buf *out)
{
	const char *end = data + len;

	ev_buf_putc(out, '{');
	for (const char *q = data; q < end && *q == '['; q++) {
		const char *id = q + 1;

		if (q > data)
			ev_buf_putc(out, ',');
		q = name_end(id, end);
		ev_json_quote(id, (size_t)(q - id), out);
		ev_buf_puts(out, ":{");
		for (bool first = true; *q == ' '; first = false) {
			if (!first)
				ev_buf_putc(out, ',');
			q = put_param(p, q, end, out);
		}
		ev_buf_putc(out, '}');
	}
	ev_buf_putc(out, '}');
}

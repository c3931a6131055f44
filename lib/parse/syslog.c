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

/* Appends name="value" as a member; returns what is behind it. */
static const char *put_param(struct ev_parse *p, const char *from, const char *end,
			     struct ev_buf *out)
{
	const char *name = name_end(from, end), *behind = value_end(name + 2, end);

	ev_json_quote(from, (size_t)(name - from), out);
	ev_buf_putc(out, ':');
	ev_parse_put_text(p, EV_ESCAPE_SYSLOG, name + 2, (size_t)(behind - name) - 3, out);
	return behind;
}

void ev_syslog_data_put(struct ev_parse *p, const char *data, size_t len, struct ev_buf *out)
{
	const char *end = data + len;

	ev_buf_putc(out, '{');
	for (const char *q = data; q < end && *q == '['; q++) {
		const char *id = name_end(q + 1, end);

		if (q > data)
			ev_buf_putc(out, ',');
		ev_json_quote(q + 1, (size_t)(id - q) - 1, out);
		ev_buf_puts(out, ":{");
		for (q = id; *q == ' ';) {
			if (q > id)
				ev_buf_putc(out, ',');
			q = put_param(p, q + 1, end, out);
		}
		ev_buf_putc(out, '}');
	}
	ev_buf_putc(out, '}');
}

#include "json/write.h"
#include "scan/form.h"

void ev_json_name(struct ev_buf *out, const char *name)
{
	char last = out->len > 0 ? out->p[out->len - 1] : '{';

	if (last != '{' && last != '[')
		ev_buf_putc(out, ',');
	if (name == NULL)
		return;
	ev_buf_putc(out, '"');
	ev_buf_puts(out, name);
	ev_buf_puts(out, "\":");
}

void ev_json_text(struct ev_buf *out, const char *name, const char *text)
{
	ev_json_name(out, name);
	if (text == NULL)
		ev_buf_puts(out, "null");
	else
		ev_json_quote(text, strlen(text), out);
}

void ev_json_text_if_any(struct ev_buf *out, const char *name, const char *text)
{
	if (text != NULL)
		ev_json_text(out, name, text);
}

void ev_json_u64(struct ev_buf *out, const char *name, uint64_t v)
{
	ev_json_name(out, name);
	ev_buf_u64(out, v);
}

void ev_json_raw(struct ev_buf *out, const char *name, const char *json, size_t len)
{
	ev_json_name(out, name);
	ev_buf_put(out, json, len);
}

void ev_json_open(struct ev_buf *out, const char *name, char bracket)
{
	ev_json_name(out, name);
	ev_buf_putc(out, bracket);
}

void ev_json_bool(struct ev_buf *out, const char *name, bool v)
{
	ev_json_name(out, name);
	ev_buf_puts(out, v ? "true" : "false");
}

void ev_json_flat(const char *p, size_t len, struct ev_buf *out)
{
	bool quoted = false;

	ev_buf_room(out, len);
	for (size_t i = 0; i < len; i++) {
		if (quoted && p[i] == '\\')
			ev_buf_putc(out, p[i++]);
		else if (p[i] == '"')
			quoted = !quoted;
		else if (!quoted && (p[i] == ' ' || p[i] == '\t' || p[i] == '\r' || p[i] == '\n'))
			continue;
		ev_buf_putc(out, p[i]);
	}
}

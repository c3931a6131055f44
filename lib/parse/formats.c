#include "parse/internal.h"

const struct ev_format ev_formats[] = {
	{"auto", ev_parse_auto, NULL},
	{"json", ev_parse_json, NULL},
	{"text", ev_parse_text, NULL},
	{"nginx", ev_parse_by_pattern, &ev_builtin_nginx},
	{0},
};

const struct ev_format *ev_format_find(const char *name)
{
	for (const struct ev_format *f = ev_formats; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

void ev_parse_formats(struct ev_buf *out)
{
	for (const struct ev_format *f = ev_formats; f->name != NULL; f++) {
		if (f != ev_formats)
			ev_buf_puts(out, f[1].name != NULL ? ", " : " or ");
		ev_buf_puts(out, f->name);
	}
}

#include "parse/internal.h"

const struct ev_format ev_formats[] = {
	{.name = "auto", .step = ev_parse_auto},
	{.name = "json", .step = ev_parse_json},
	{.name = "text", .step = ev_parse_text},
	{.name = "nginx", .step = ev_parse_fields, .makes_id = true, .lines = &ev_nginx},
	{.name = "apache", .step = ev_parse_fields, .makes_id = true, .lines = &ev_apache},
	{.name = "apache-vhost",
	 .step = ev_parse_fields,
	 .makes_id = true,
	 .lines = &ev_apache_vhost},
	{.name = "haproxy", .step = ev_parse_fields, .makes_id = true, .lines = &ev_haproxy},
	{.name = "syslog", .step = ev_parse_fields, .makes_id = true, .lines = &ev_syslog},
	{.name = "w3c", .step = ev_parse_w3c, .makes_id = true, .w3c = &ev_w3c_extended},
	{.name = "cloudfront", .step = ev_parse_w3c, .makes_id = true, .w3c = &ev_cloudfront},
	{.name = "logfmt", .step = ev_parse_logfmt, .makes_id = true},
	{.name = "journald", .step = ev_parse_json_log, .makes_id = true, .json_log = &ev_journald},
	{.name = "bunyan", .step = ev_parse_json_log, .makes_id = true, .json_log = &ev_logger},
	{.name = "pino", .step = ev_parse_json_log, .makes_id = true, .json_log = &ev_logger},
	{0},
};

const struct ev_format ev_format_of_model = {
	.name = "pattern", .step = ev_parse_pattern, .makes_id = true};

const struct ev_format *ev_format_find(const char *name)
{
	for (const struct ev_format *f = ev_formats; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

bool ev_parse_has_format(const char *name)
{
	return ev_format_find(name) != NULL;
}

void ev_parse_formats(struct ev_buf *out)
{
	for (const struct ev_format *f = ev_formats; f->name != NULL; f++) {
		if (f != ev_formats)
			ev_buf_puts(out, f[1].name != NULL ? ", " : " or ");
		ev_buf_puts(out, f->name);
	}
}

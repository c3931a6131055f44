#include "parse/internal.h"

static struct ev_frames *json_array(const struct ev_parse_options *o)
{
	return ev_frames_json(o->list);
}

static struct ev_frames *csv(const struct ev_parse_options *o)
{
	return ev_frames_csv(o->separator != NULL ? o->separator[0] : ',', o->header);
}

static struct ev_frames *tsv(const struct ev_parse_options *o)
{
	return ev_frames_csv('\t', o->header);
}

static struct ev_frames *kinesis(const struct ev_parse_options *o)
{
	(void)o;
	return ev_frames_json("Records");
}

static struct ev_frames *sqs(const struct ev_parse_options *o)
{
	(void)o;
	return ev_frames_json("Messages");
}

static struct ev_frames *docker(const struct ev_parse_options *o)
{
	(void)o;
	return ev_frames_halves(EV_HALVES_DOCKER);
}

static struct ev_frames *cri(const struct ev_parse_options *o)
{
	(void)o;
	return ev_frames_halves(EV_HALVES_CRI);
}

static struct ev_frames *counted(const struct ev_parse_options *o)
{
	(void)o;
	return ev_frames_counted();
}

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
	{.name = "syslog-tcp",
	 .step = ev_parse_fields,
	 .makes_id = true,
	 .lines = &ev_syslog,
	 .frames = counted},
	{.name = "w3c", .step = ev_parse_w3c, .makes_id = true, .w3c = &ev_w3c_extended},
	{.name = "cloudfront", .step = ev_parse_w3c, .makes_id = true, .w3c = &ev_cloudfront},
	{.name = "logfmt", .step = ev_parse_logfmt, .makes_id = true},
	{.name = "journald", .step = ev_parse_json_log, .makes_id = true, .json_log = &ev_journald},
	{.name = "bunyan", .step = ev_parse_json_log, .makes_id = true, .json_log = &ev_logger},
	{.name = "pino", .step = ev_parse_json_log, .makes_id = true, .json_log = &ev_logger},
	{.name = "json-array", .step = ev_parse_json, .frames = json_array},
	{.name = "csv", .step = ev_parse_row, .frames = csv},
	{.name = "tsv", .step = ev_parse_row, .frames = tsv},
	{.name = "kinesis", .frames = kinesis, .unwrap = ev_unwrap_kinesis},
	{.name = "sqs", .frames = sqs, .unwrap = ev_unwrap_sqs},
	{.name = "docker", .frames = docker, .unwrap = ev_unwrap_docker},
	{.name = "cri", .frames = cri, .unwrap = ev_unwrap_cri},
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

const char *ev_format_inner(const char *name)
{
	const char *colon = strchr(name, ':');

	return colon != NULL ? colon + 1 : NULL;
}

bool ev_parse_has_format(const char *name)
{
	const char *inner = ev_format_inner(name);

	return ev_format_find(inner != NULL ? inner : name) != NULL;
}

void ev_parse_formats(struct ev_buf *out)
{
	for (const struct ev_format *f = ev_formats; f->name != NULL; f++) {
		if (f != ev_formats)
			ev_buf_puts(out, f[1].name != NULL ? ", " : " or ");
		ev_buf_puts(out, f->name);
	}
}

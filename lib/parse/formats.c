#include "parse/internal.h"

static struct ev_frames *json_array(const struct ev_parse_options *o)
{
	(void)o;
	return ev_frames_json(NULL);
}

static struct ev_frames *csv(const struct ev_parse_options *o)
{
	return ev_frames_csv(',', o->header);
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

const struct ev_format ev_formats[] = {
	{.name = "auto", .step = ev_parse_auto},
	{.name = "json", .step = ev_parse_json},
	{.name = "text", .step = ev_parse_text},
	{.name = "nginx", .step = ev_parse_by_pattern, .builtin = &ev_builtin_nginx},
	{.name = "json-array", .step = ev_parse_json, .frames = json_array},
	{.name = "csv", .step = ev_parse_row, .frames = csv},
	{.name = "tsv", .step = ev_parse_row, .frames = tsv},
	{.name = "kinesis",
	 .step = ev_parse_wrapped,
	 .frames = kinesis,
	 .unwrap = ev_unwrap_kinesis},
	{.name = "sqs", .step = ev_parse_wrapped, .frames = sqs, .unwrap = ev_unwrap_sqs},
	{.name = "docker", .step = ev_parse_wrapped, .frames = docker, .unwrap = ev_unwrap_docker},
	{.name = "cri", .step = ev_parse_wrapped, .frames = cri, .unwrap = ev_unwrap_cri},
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

#include "base/hash.h"
#include "base/utf8.h"
#include "model/nearest.h"
#include "parse/internal.h"
#include "scan/form.h"
#include "json/write.h"

#include <stdio.h>
#include <stdlib.h>

/* Says that no format has that name, and which one may be meant. */
static void fail_unknown(const struct ev_model *m, const char *name, struct ev_error *err)
{
	const size_t n_model = m != NULL ? m->n_formats : 0;
	const char **known;
	char hint[EV_HINT];
	size_t n = 0;

	while (ev_formats[n].name != NULL)
		n++;
	known = ev_calloc(n + n_model + 1, sizeof *known);
	for (size_t i = 0; i < n; i++)
		known[i] = ev_formats[i].name;
	for (size_t i = 0; i < n_model; i++)
		known[n + i] = m->formats[i].name;
	ev_fail(err, "there is no --format '%s', neither built in nor in the model: %s", name,
		ev_nearest_hint(name, known, hint));
	free(known);
}

/* The format of that name: one that is built in, or else one of the model's. */
static const struct ev_format *find_format(const struct ev_parse_options *o, const char *name,
					   const struct ev_line_format **of_model,
					   struct ev_error *err)
{
	const struct ev_format *f = ev_format_find(name);

	*of_model = NULL;
	if (f != NULL)
		return f;
	if (o->model != NULL)
		*of_model = ev_model_format(o->model, name);
	if (*of_model != NULL)
		return &ev_format_of_model;
	fail_unknown(o->model, name, err);
	return NULL;
}

/* Sets p->format, and p->wrapping if the name says one. */
static bool find_formats(struct ev_parse *p, const struct ev_line_format **of_model,
			 struct ev_error *err)
{
	const char *name = p->options.format, *inner = ev_format_inner(name);
	struct ev_buf outer = {0};

	ev_buf_put(&outer, name, inner != NULL ? (size_t)(inner - 1 - name) : strlen(name));
	p->format = find_format(&p->options, ev_buf_str(&outer), of_model, err);
	ev_buf_free(&outer);
	if (p->format == NULL || (p->format->unwrap == NULL && inner == NULL))
		return p->format != NULL;
	p->wrapping = p->format;
	p->format = find_format(&p->options, inner != NULL ? inner : "auto", of_model, err);
	if (p->format == NULL)
		return false;
	if (p->wrapping->unwrap != NULL && p->format->frames == NULL && p->format->w3c == NULL)
		return true;
	ev_fail(err,
		"--format %s: before a colon stands kinesis, sqs, docker or cri, and behind it a "
		"format of lines without a header",
		name);
	return false;
}

/* "2026", "2026-07" or "2026-07-01": the first day of twelve months. */
static bool read_year(const char *text, struct ev_date *from, struct ev_error *err)
{
	static const char first[] = "0000-01-01";
	const size_t len = strlen(text);
	char day[sizeof first];

	if (len == 4 || len == 7 || len == 10) {
		snprintf(day, sizeof day, "%s%s", text, first + len);
		if (ev_date_parse(day, EV_DATE_TEXT, from) && from->year > 0)
			return true;
	}
	ev_fail(err,
		"--year takes a year such as 2026, or the day that it begins with, such as "
		"2026-07-01, not '%s'",
		text);
	return false;
}

/*
 * Where times are that do not say it: by the options, or else by the model. Without a format for
 * their lines they only help to guess one.
 */
static bool read_place(struct ev_parse *p, struct ev_error *err)
{
	const struct ev_parse_options *o = &p->options;
	const bool guess = !p->format->makes_id;
	const char *year = guess ? "2000" : o->year, *zone = guess ? "UTC" : o->zone;
	struct ev_error why;

	if (guess && (o->year != NULL || o->zone != NULL)) {
		ev_fail(err, "%s is for formats whose events get their time from the line, not %s",
			o->year != NULL ? "--year" : "--zone", p->format->name);
		return false;
	}
	if (year != NULL && !read_year(year, &p->place.from, err))
		return false;
	if (zone == NULL) {
		p->place.zone = o->model != NULL ? o->model->zone : NULL;
		return true;
	}
	p->place.zone = p->zone = ev_zone_open(zone, &why);
	if (p->zone == NULL)
		ev_fail(err, "--zone: %s", why.text);
	return p->zone != NULL;
}

static bool is_separator(const char *text)
{
	return strlen(text) == 1 && (text[0] & 0x80) == 0 && strchr("\"\r\n", text[0]) == NULL;
}

/* What is wrong with the options; false. */
static bool options_fit(const struct ev_parse *p, struct ev_error *err)
{
	const struct ev_parse_options *o = &p->options;
	const struct ev_format *cut = p->wrapping != NULL ? p->wrapping : p->format;

	if (o->add_id != NULL && p->format->makes_id && strcmp(o->add_id, "event_id") != 0)
		ev_fail(err,
			"--add-id takes event_id alone with --format %s, whose lines have that id",
			o->format);
	else if (o->stream != NULL && cut->unwrap != ev_unwrap_kinesis)
		ev_fail(err, "--stream is for --format kinesis");
	else if (o->header != NULL && cut->step != ev_parse_row)
		ev_fail(err, "--header is for --format csv and tsv");
	else if (o->separator != NULL && strcmp(cut->name, "csv") != 0)
		ev_fail(err, "--separator is for --format csv");
	else if (o->separator != NULL && !is_separator(o->separator))
		ev_fail(err,
			"--separator takes one ASCII character that is no quote, such as ';', not "
			"'%s'",
			o->separator);
	else if (o->list != NULL && strcmp(cut->name, "json-array") != 0)
		ev_fail(err, "--list is for --format json-array");
	else if ((o->continued || o->begins != NULL) && cut->frames != NULL)
		ev_fail(err, "%s is for formats whose records are lines, not %s",
			o->continued ? "--continued" : "--begins", cut->name);
	else
		return true;
	return false;
}

/* Makes p->frames, if records are no lines. False if an expression is wrong. */
static bool open_frames(struct ev_parse *p, struct ev_error *err)
{
	const struct ev_parse_options *o = &p->options;
	const struct ev_format *cut = p->wrapping != NULL ? p->wrapping : p->format;
	struct ev_regex *begins = NULL;

	if (cut->frames != NULL) {
		p->frames = cut->frames(o);
		return true;
	}
	if (!o->continued && o->begins == NULL)
		return true;
	if (o->begins != NULL) {
		struct ev_error why;

		begins = ev_regex_compile(o->begins, strlen(o->begins), EV_REGEX_BYTES, &why);
		if (begins == NULL) {
			ev_fail(err, "--begins: %s", why.text);
			return false;
		}
	}
	p->frames = ev_frames_joined(begins);
	return true;
}

struct ev_parse *ev_parse_open(const struct ev_parse_options *options, struct ev_port *port,
			       struct ev_error *err)
{
	const struct ev_line_format *of_model;
	struct ev_parse *p = ev_calloc(1, sizeof *p);

	p->options = *options;
	p->port = port;
	if (!find_formats(p, &of_model, err) || !options_fit(p, err) || !open_frames(p, err)) {
		ev_parse_free(&p);
		return NULL;
	}
	p->events = ev_events_new(NULL, EV_READ_TEXT, EV_TRUST_RAW);
	if (p->frames != NULL)
		ev_events_are_framed(p->events);
	p->spread = options->spread || p->frames != NULL;
	p->step = p->wrapping != NULL ? ev_parse_wrapped : p->format->step;
	if (p->wrapping != NULL)
		p->scan = ev_scan_new();
	p->counts[0] = (struct ev_count){"out", &p->n_out, true, false};
	p->counts[1] = (struct ev_count){"header", &p->n_header, true, false};
	if (!read_place(p, err) ||
	    (of_model != NULL && (p->pattern = ev_pattern_new(of_model, err)) == NULL))
		ev_parse_free(&p);
	return p;
}

const struct ev_count *ev_parse_counts(const struct ev_parse *p)
{
	return p->format->w3c != NULL ? p->counts : NULL;
}

const uint64_t *ev_parse_header_lines(const struct ev_parse *p)
{
	return &p->n_header;
}

void ev_parse_free(struct ev_parse **p)
{
	if (*p == NULL)
		return;
	ev_events_free(&(*p)->events);
	ev_reasons_free(&(*p)->why);
	ev_w3c_free(&(*p)->w3c);
	ev_pattern_free(&(*p)->pattern);
	ev_zone_free(&(*p)->zone);
	ev_buf_free(&(*p)->out);
	ev_buf_free(&(*p)->member);
	ev_buf_free(&(*p)->id);
	ev_frames_free(&(*p)->frames);
	ev_buf_free(&(*p)->flat);
	ev_buf_free(&(*p)->names);
	free((*p)->name_ends);
	ev_syslog_params_free(&(*p)->params);
	ev_scan_free(&(*p)->scan);
	ev_buf_free(&(*p)->wrapped);
	ev_buf_free(&(*p)->scratch);
	ev_buf_free(&(*p)->key);
	ev_buf_free(&(*p)->source);
	free(*p);
	*p = NULL;
}

struct ev_frames *ev_parse_frames(const struct ev_parse *p)
{
	return p->frames;
}

enum ev_status ev_parse_reject(struct ev_parse *p, const struct ev_record *rec,
			       struct ev_error *err)
{
	return ev_rejects_put(p->port->rejects, p->whole != NULL ? p->whole : rec, NULL, 0, &p->why,
			      err);
}

enum ev_status ev_parse_refuse(struct ev_parse *p, const struct ev_record *rec, const char *code,
			       const char *what, struct ev_error *err)
{
	ev_reasons_reset(&p->why);
	p->why.code = code;
	ev_reasons_add(&p->why, "%s", what);
	return ev_parse_reject(p, rec, err);
}

enum ev_status ev_parse_cut(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err)
{
	return ev_parse_refuse(
		p, rec, "cut",
		p->frames == NULL
			? "the file ends before the line does, with no line feed: what is "
			  "missing cannot be known, so end the line if it is whole"
		: rec->len == 0 ? "what was opened is not closed: what is missing cannot be known"
				: "the record breaks off, as at the end of a file: what is missing "
				  "cannot be known, so end it if it is whole",
		err);
}

/* Whether an event gets an id. */
static bool lacks_id(const struct ev_parse *p, const struct ev_doc *d)
{
	const char *name = p->options.add_id;

	return name != NULL && ev_member(d, 0, name, strlen(name)) == EV_NOWHERE;
}

/* Puts the id as the last member of what is in p->out; behind: bytes from the closing brace on. */
static void append_id(struct ev_parse *p, const struct ev_record *rec, bool first, size_t behind)
{
	struct ev_buf *m = &p->member;

	ev_buf_reset(m);
	ev_buf_put(m, p->out.p + p->out.len - behind, behind);
	p->out.len -= behind;
	ev_buf_puts(&p->out, first ? "" : ",");
	ev_json_quote(p->options.add_id, strlen(p->options.add_id), &p->out);
	ev_buf_putc(&p->out, ':');
	ev_parse_put_place_id(p, rec, &p->out);
	ev_buf_put(&p->out, m->p, m->len);
}

static void put_with_origin(struct ev_parse *p, const struct ev_record *rec,
			    const struct ev_event *event)
{
	struct ev_buf *m = &p->member;

	ev_buf_reset(m);
	ev_buf_puts(m, "{\"origin\":");
	if (event->origin != NULL) {
		ev_buf_put(m, event->origin, event->origin_len);
	} else {
		ev_buf_putc(m, '{');
		ev_record_position(rec, m);
		ev_buf_putc(m, '}');
	}
	ev_buf_putc(m, '}');
	ev_event_write(event->doc, event->reserved, m->p, m->len, &p->out);
}

/* Passes an event on that is spread over lines. */
static enum ev_status pass_flat(struct ev_parse *p, const struct ev_record *rec,
				const struct ev_doc *d, struct ev_error *err)
{
	struct ev_record flat = *rec;
	struct ev_event event;
	enum ev_status st;

	ev_buf_reset(&p->flat);
	ev_json_flat(d->text, d->len, &p->flat);
	memset(ev_buf_room(&p->flat, EV_IN_SLACK), 0, EV_IN_SLACK);
	flat.p = p->flat.p;
	flat.len = p->flat.len;
	flat.index = NULL;
	flat.before = 0;
	p->whole = p->whole != NULL ? p->whole : rec;
	st = ev_events_read(p->events, &flat, &event, &p->why) == EV_OK
		     ? ev_parse_pass(p, &flat, &event, err)
		     : ev_parse_reject(p, &flat, err);
	p->whole = NULL;
	return st;
}

enum ev_status ev_parse_pass(struct ev_parse *p, const struct ev_record *rec,
			     const struct ev_event *event, struct ev_error *err)
{
	const struct ev_doc *d = event->doc;
	const bool add_id = lacks_id(p, d);

	if (p->spread && memchr(d->text, '\n', d->len) != NULL)
		return pass_flat(p, rec, d, err);
	if (!p->options.origin && !add_id)
		return ev_port_line(p->port, d->text, d->len, err);
	ev_buf_reset(&p->out);
	if (p->options.origin)
		put_with_origin(p, rec, event);
	else
		ev_buf_put(&p->out, d->text, d->len);
	if (add_id)
		append_id(p, rec, d->nodes[0].count == 0 && !p->options.origin,
			  d->len - (d->nodes[0].end - 1));
	return ev_port_line(p->port, p->out.p, p->out.len, err);
}

/* An event that is made of a line */

bool ev_parse_is_text(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err,
		      enum ev_status *st)
{
	size_t valid = rec->len;

	if (rec->cut) {
		*st = ev_parse_cut(p, rec, err);
		return false;
	}
	if (rec->index == NULL || rec->index->lines[rec->nth].suspect)
		valid = ev_utf8_valid(rec->p, rec->len);
	if (valid == rec->len)
		return true;
	ev_reasons_reset(&p->why);
	p->why.code = "utf8";
	ev_reasons_add(&p->why, "column %zu: not UTF-8", valid + 1);
	*st = ev_parse_reject(p, rec, err);
	return false;
}

void ev_head_has(struct ev_head *head, const char *name, size_t len)
{
	head->has_id |= len == 8 && memcmp(name, "event_id", 8) == 0;
	head->has_type |= len == 10 && memcmp(name, "event_type", 10) == 0;
	head->has_time |= len == 15 && memcmp(name, "event_timestamp", 15) == 0;
}

void ev_parse_begin(struct ev_parse *p, const struct ev_record *rec, const struct ev_head *head)
{
	struct ev_buf *o = &p->out;

	ev_buf_reset(o);
	if (!head->has_id) {
		ev_buf_puts(o, ",\"event_id\":");
		/* The line is all that is known of its event, unless --add-id asks for more. */
		if (p->options.add_id != NULL)
			ev_parse_put_place_id(p, rec, o);
		else if (head->key != NULL)
			ev_parse_put_id(head->key, head->key_len, o);
		else
			ev_parse_put_line_id(p, rec, o);
	}
	if (!head->has_type) {
		ev_buf_puts(o, ",\"event_type\":");
		ev_json_quote(head->type, strlen(head->type), o);
	}
	if (!head->has_time) {
		ev_buf_puts(o, ",\"event_timestamp\":\"");
		ev_buf_put(o, head->time->text, head->time->text_len);
		ev_buf_putc(o, '"');
	}
}

/* Passes the event on; what of it is JSON of a record that is no line may be spread over lines. */
static enum ev_status put_event(struct ev_parse *p, struct ev_error *err)
{
	const struct ev_buf *o = &p->out;

	if (p->spread && memchr(o->p, '\n', o->len) != NULL) {
		ev_buf_reset(&p->flat);
		ev_json_flat(o->p, o->len, &p->flat);
		o = &p->flat;
	}
	p->n_out++;
	return ev_port_line(p->port, o->p, o->len, err);
}

enum ev_status ev_parse_end_as_is(struct ev_parse *p, struct ev_error *err)
{
	ev_buf_putc(&p->out, '}');
	p->out.p[0] = '{'; /* in place of the first member's comma */
	return put_event(p, err);
}

static void append_origin(struct ev_parse *p, const struct ev_record *rec)
{
	struct ev_buf *o = &p->out;

	if (!p->options.origin)
		return;
	ev_buf_puts(o, ",\"_ev\":{\"origin\":{");
	ev_record_position(rec, o);
	ev_buf_puts(o, "}}");
}

enum ev_status ev_parse_end(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err)
{
	append_origin(p, rec);
	return ev_parse_end_as_is(p, err);
}

enum ev_status ev_parse_end_checked(struct ev_parse *p, const struct ev_record *rec,
				    struct ev_error *err)
{
	struct ev_record made = *rec;
	struct ev_event event;

	append_origin(p, rec);
	ev_buf_putc(&p->out, '}');
	ev_buf_room(&p->out, EV_IN_SLACK)[0] = '\0';
	p->out.p[0] = '{';
	made.p = p->out.p;
	made.len = p->out.len;
	made.before = 0;
	made.index = NULL;
	if (ev_events_read(p->events, &made, &event, &p->why) == EV_OK)
		return put_event(p, err);
	for (size_t i = 0; i < p->why.n; i++)
		p->why.list[i].message = ev_reasons_text(&p->why, "in the event that it gives, %s",
							 p->why.list[i].message);
	return ev_parse_reject(p, rec, err);
}

enum ev_status ev_parse_step(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err)
{
	return p->step(p, rec, err);
}

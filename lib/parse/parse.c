#include "base/hash.h"
#include "parse/internal.h"
#include "scan/form.h"
#include "json/part.h"

#include <stdlib.h>

/*
 * Finds the formats of the name: the record's, and that of what is wrapped in it. False if there
 * are none such.
 */
static bool find_formats(struct ev_parse *p, struct ev_error *err)
{
	const char *colon = strchr(p->options.format, ':');
	struct ev_buf name = {0};
	bool found;

	ev_buf_put(&name, p->options.format,
		   colon != NULL ? (size_t)(colon - p->options.format) : strlen(p->options.format));
	p->format = ev_format_find(ev_buf_str(&name));
	ev_buf_reset(&name);
	p->inner = ev_format_find(colon != NULL ? colon + 1 : "auto");
	found = p->format != NULL && p->inner != NULL &&
		(colon == NULL || (p->format->unwrap != NULL && p->inner->frames == NULL));
	if (!found) {
		ev_parse_formats(&name);
		ev_fail(err, "--format takes %s, not '%s'", ev_buf_str(&name), p->options.format);
	}
	ev_buf_free(&name);
	return found;
}

/* What is wrong with the options; false. */
static bool options_fit(const struct ev_parse *p, struct ev_error *err)
{
	const struct ev_parse_options *o = &p->options;
	const struct ev_format *f = p->format->unwrap != NULL ? p->inner : p->format;
	const bool by_row = p->format->step == ev_parse_row;

	if (o->add_id != NULL && f->builtin != NULL && strcmp(o->add_id, "event_id") != 0)
		ev_fail(err,
			"--add-id takes event_id alone with --format %s, whose lines have that id",
			f->name);
	else if (o->header != NULL && !by_row)
		ev_fail(err, "--header is for --format csv and tsv");
	else if ((o->continued || o->begins != NULL) && p->format->frames != NULL)
		ev_fail(err, "%s is for formats whose records are lines, not %s",
			o->continued ? "--continued" : "--begins", p->format->name);
	else
		return true;
	return false;
}

/* Makes p->frames, if records are no lines. False if an expression is wrong. */
static bool open_frames(struct ev_parse *p, struct ev_error *err)
{
	const struct ev_parse_options *o = &p->options;
	struct ev_regex *begins = NULL;

	if (p->format->frames != NULL) {
		p->frames = p->format->frames(o);
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
	struct ev_parse *p = ev_calloc(1, sizeof *p);
	const struct ev_builtin *builtin;

	p->options = *options;
	p->port = port;
	if (!find_formats(p, err) || !options_fit(p, err) || !open_frames(p, err)) {
		ev_parse_free(&p);
		return NULL;
	}
	p->events = ev_events_new(NULL, EV_READ_TEXT, EV_TRUST_RAW);
	if (p->frames != NULL)
		ev_events_are_framed(p->events);
	p->scan = ev_scan_new();
	builtin = p->format->unwrap != NULL ? p->inner->builtin : p->format->builtin;
	if (builtin != NULL && (p->pattern = ev_pattern_new(builtin, err)) == NULL)
		ev_parse_free(&p);
	return p;
}

void ev_parse_free(struct ev_parse **p)
{
	if (*p == NULL)
		return;
	ev_events_free(&(*p)->events);
	ev_reasons_free(&(*p)->why);
	ev_pattern_free(&(*p)->pattern);
	ev_buf_free(&(*p)->out);
	ev_buf_free(&(*p)->member);
	ev_buf_free(&(*p)->id);
	ev_frames_free(&(*p)->frames);
	ev_buf_free(&(*p)->flat);
	ev_buf_free(&(*p)->names);
	free((*p)->name_ends);
	ev_scan_free(&(*p)->scan);
	ev_buf_free(&(*p)->wrapped);
	ev_buf_free(&(*p)->scratch);
	ev_buf_free(&(*p)->key);
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
		: rec->len == 0 ? "the file ends before what it opens is closed: what is missing "
				  "cannot be known"
				: "the file ends before the record does: what is missing cannot be "
				  "known, so end it if it is whole",
		err);
}

/* A UUID of RFC 9562, version 8, made of some bytes. */
static void put_uuid(const char *bytes, size_t len, struct ev_buf *out)
{
	char digest[33];

	ev_md5_hex(bytes, len, digest);
	/* The two low bits of the digit at 16 stand beside the variant's. */
	ev_buf_printf(out, "\"%.8s-%.4s-8%.3s-%c%.3s-%.12s\"", digest, digest + 8, digest + 13,
		      "89ab89ab89ab89ab"[ev_hex_digit(digest[16])], digest + 17, digest + 20);
}

/* An id of where the line stood and of the line, so that equal lines are told apart. */
void ev_parse_put_place_id(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out)
{
	if (p->key.len > 0) {
		put_uuid(p->key.p, p->key.len, out);
		return;
	}
	rec = p->whole != NULL ? p->whole : rec;
	ev_buf_reset(&p->id);
	ev_record_position(rec, &p->id);
	ev_buf_putc(&p->id, '\n');
	ev_buf_put(&p->id, rec->p, rec->len);
	put_uuid(p->id.p, p->id.len, out);
}

/* The line is all that is known of its event, so it makes the id, unless --add-id asks for more. */
void ev_parse_put_id(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out)
{
	if (p->options.add_id != NULL)
		ev_parse_put_place_id(p, rec, out);
	else
		put_uuid(rec->p, rec->len, out);
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

void ev_parse_put_origin(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out)
{
	if (!p->options.origin)
		return;
	ev_buf_puts(out, ",\"_ev\":{\"origin\":{");
	ev_record_position(rec, out);
	ev_buf_puts(out, "}}");
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

/* Without the white space between tokens, which may be line ends. */
static void put_flat(const char *p, size_t len, struct ev_buf *out)
{
	bool quoted = false;

	ev_buf_room(out, len);
	for (size_t i = 0; i < len; i++) {
		if (quoted && p[i] == '\\')
			ev_buf_putc(out, p[i++]);
		else if (p[i] == '"')
			quoted = !quoted;
		else if (!quoted && (ev_json_blank(p[i]) || p[i] == '\n'))
			continue;
		ev_buf_putc(out, p[i]);
	}
}

/* Passes an event on that is spread over lines. */
static enum ev_status pass_flat(struct ev_parse *p, const struct ev_record *rec,
				const struct ev_doc *d, struct ev_error *err)
{
	struct ev_record flat = *rec;
	struct ev_event event;
	enum ev_status st;

	ev_buf_reset(&p->flat);
	put_flat(d->text, d->len, &p->flat);
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

	if (p->frames != NULL && memchr(d->text, '\n', d->len) != NULL)
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

enum ev_status ev_parse_step(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err)
{
	return p->format->step(p, rec, err);
}

#include "base/hash.h"
#include "base/utf8.h"
#include "parse/internal.h"
#include "scan/form.h"

#include <stdlib.h>

/* The format of that name: one that is built in, or else one of the model's. */
static const struct ev_format *find_format(const struct ev_parse_options *o,
					   const struct ev_line_format **of_model,
					   struct ev_error *err)
{
	const struct ev_format *f = ev_format_find(o->format);
	struct ev_buf names = {0};

	*of_model = NULL;
	if (f != NULL)
		return f;
	if (o->model != NULL)
		*of_model = ev_model_format(o->model, o->format);
	if (*of_model != NULL)
		return &ev_format_of_model;
	ev_parse_formats(&names);
	ev_fail(err, "--format takes %s, or the name of one of the model's formats, not '%s'",
		ev_buf_str(&names), o->format);
	ev_buf_free(&names);
	return NULL;
}

/* "2026", "2026-07" or "2026-07-01": the first day of twelve months. */
static bool read_year(const char *text, struct ev_date *from, struct ev_error *err)
{
	char day[] = "0000-01-01";
	const size_t len = strlen(text);

	if (len == 4 || len == 7 || len == 10) {
		memcpy(day, text, len);
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

struct ev_parse *ev_parse_open(const struct ev_parse_options *options, struct ev_port *port,
			       struct ev_error *err)
{
	const struct ev_line_format *of_model;
	const struct ev_format *f = find_format(options, &of_model, err);
	struct ev_parse *p;

	if (f == NULL)
		return NULL;
	if (options->add_id != NULL && f->makes_id && strcmp(options->add_id, "event_id") != 0) {
		ev_fail(err,
			"--add-id takes event_id alone with --format %s, whose lines have that id",
			options->format);
		return NULL;
	}
	p = ev_calloc(1, sizeof *p);
	p->options = *options;
	p->format = f;
	p->port = port;
	p->events = ev_events_new(NULL, EV_READ_TEXT, EV_TRUST_RAW);
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
	free(*p);
	*p = NULL;
}

enum ev_status ev_parse_reject(struct ev_parse *p, const struct ev_record *rec,
			       struct ev_error *err)
{
	return ev_rejects_put(p->port->rejects, rec, NULL, 0, &p->why, err);
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
		"the file ends before the line does, with no line feed: what is missing "
		"cannot be known, so end the line if it is whole",
		err);
}

/* Appends a UUID of RFC 9562, version 8, made of some bytes, as JSON. */
static void put_uuid(const char *bytes, size_t len, struct ev_buf *out)
{
	char digest[33], *o = ev_buf_room(out, EV_UUID_TEXT + 2);

	ev_md5_hex(bytes, len, digest);
	memcpy(o, "\"00000000-0000-8000-0000-000000000000\"", EV_UUID_TEXT + 2);
	memcpy(o + 1, digest, 8);
	memcpy(o + 10, digest + 8, 4);
	memcpy(o + 16, digest + 13, 3);
	/* The two low bits of the digit at 16 stand beside the variant's. */
	o[20] = "89ab89ab89ab89ab"[ev_hex_digit(digest[16])];
	memcpy(o + 21, digest + 17, 3);
	memcpy(o + 25, digest + 20, 12);
	out->len += EV_UUID_TEXT + 2;
}

/* An id of where the line stood and of the line, so that equal lines are told apart. */
static void put_place_id(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out)
{
	ev_buf_reset(&p->id);
	ev_record_position(rec, &p->id);
	ev_buf_putc(&p->id, '\n');
	ev_buf_put(&p->id, rec->p, rec->len);
	put_uuid(p->id.p, p->id.len, out);
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
	put_place_id(p, rec, &p->out);
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

/* Between the tokens of a whole object, and nowhere else, a line feed may stand: as any blank. */
static void join_lines(struct ev_buf *b)
{
	char *at = b->p, *end = b->p + b->len;

	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL)
		*at = ' ';
}

enum ev_status ev_parse_pass(struct ev_parse *p, const struct ev_record *rec,
			     const struct ev_event *event, struct ev_error *err)
{
	const struct ev_doc *d = event->doc;
	const bool add_id = lacks_id(p, d);

	if (!p->options.origin && !add_id)
		return ev_port_line(p->port, d->text, d->len, err);
	ev_buf_reset(&p->out);
	if (p->options.origin)
		put_with_origin(p, rec, event);
	else
		ev_buf_put(&p->out, d->text, d->len);
	if (p->options.spread)
		join_lines(&p->out);
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
			put_place_id(p, rec, o);
		else if (head->key != NULL)
			put_uuid(head->key, head->key_len, o);
		else
			put_uuid(rec->p, rec->len, o);
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

enum ev_status ev_parse_end_as_is(struct ev_parse *p, struct ev_error *err)
{
	ev_buf_putc(&p->out, '}');
	p->out.p[0] = '{'; /* in place of the first member's comma */
	p->n_out++;
	return ev_port_line(p->port, p->out.p, p->out.len, err);
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
		return ev_port_line(p->port, p->out.p, p->out.len, err);
	for (size_t i = 0; i < p->why.n; i++)
		p->why.list[i].message = ev_reasons_text(&p->why, "in the event that it gives, %s",
							 p->why.list[i].message);
	return ev_parse_reject(p, rec, err);
}

enum ev_status ev_parse_step(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err)
{
	return p->format->step(p, rec, err);
}

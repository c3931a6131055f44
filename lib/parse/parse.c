#include "base/hash.h"
#include "parse/internal.h"
#include "scan/form.h"

#include <stdlib.h>

/* What is wrong with the options; false. */
static bool options_fit(const struct ev_format *f, const struct ev_parse_options *o,
			struct ev_error *err)
{
	if (f == NULL) {
		struct ev_buf names = {0};

		ev_parse_formats(&names);
		ev_fail(err, "--format takes %s, not '%s'", ev_buf_str(&names), o->format);
		ev_buf_free(&names);
		return false;
	}
	if (o->add_id != NULL && f->builtin != NULL && strcmp(o->add_id, "event_id") != 0) {
		ev_fail(err,
			"--add-id takes event_id alone with --format %s, whose lines have that id",
			f->name);
		return false;
	}
	return true;
}

struct ev_parse *ev_parse_open(const struct ev_parse_options *options, struct ev_port *port,
			       struct ev_error *err)
{
	const struct ev_format *f = ev_format_find(options->format);
	struct ev_parse *p;

	if (!options_fit(f, options, err))
		return NULL;
	p = ev_calloc(1, sizeof *p);
	p->options = *options;
	p->format = f;
	p->port = port;
	p->events = ev_events_new(NULL, EV_READ_TEXT, EV_TRUST_RAW);
	if (f->builtin != NULL && (p->pattern = ev_pattern_new(f->builtin, err)) == NULL)
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
static void put_place_id(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out)
{
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
		put_place_id(p, rec, out);
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
	put_place_id(p, rec, &p->out);
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

enum ev_status ev_parse_step(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err)
{
	return p->format->step(p, rec, err);
}

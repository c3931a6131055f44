#include "parse/parse.h"
#include "base/hash.h"
#include "base/time.h"
#include "base/utf8.h"
#include "record/event.h"
#include "regex/regex.h"
#include "scan/form.h"
#include "json/part.h"

#include <stdlib.h>

enum { TRIES = 16 }; /* braces at which JSON in text may begin */

const char *const ev_parse_formats[] = {"auto", "json", "text", "nginx", NULL};

struct ev_parse {
	struct ev_parse_options options;
	struct ev_port *port;
	struct ev_events *events;
	struct ev_reasons why;
	struct ev_regex *nginx;
	struct ev_buf out, member, id;
};

/*
 * The log_format "combined" that nginx has built in, and "main" of the nginx.conf that it comes
 * with, which has one field more. The names are nginx's variables. Bytes, because a client may
 * send any.
 */
#define QUOTED "[^\"\\\\]*(?:\\\\.[^\"\\\\]*)*"

static const char nginx_pattern[] =
	"^(?<remote_addr>\\S+) - (?<remote_user>.*?) "
	"\\[(?<time_local>\\d\\d/[A-Z][a-z][a-z]/\\d{4}:\\d\\d:\\d\\d:\\d\\d [+-]\\d{4})\\] "
	"\"(?<request>" QUOTED ")\" (?<status>\\d{3}) (?<body_bytes_sent>\\d+) "
	"\"(?<http_referer>" QUOTED ")\" \"(?<http_user_agent>" QUOTED ")\""
	"(?: \"(?<http_x_forwarded_for>" QUOTED ")\")?$";

struct ev_parse *ev_parse_open(const struct ev_parse_options *options, struct ev_port *port,
			       struct ev_error *err)
{
	struct ev_parse *p = ev_calloc(1, sizeof *p);

	p->options = *options;
	p->port = port;
	p->events = ev_events_new(NULL, EV_READ_TEXT, EV_TRUST_RAW);
	if (options->format == EV_PARSE_NGINX) {
		p->nginx = ev_regex_compile(nginx_pattern, sizeof nginx_pattern - 1, EV_REGEX_BYTES,
					    err);
		if (p->nginx == NULL)
			ev_parse_free(&p);
	}
	return p;
}

void ev_parse_free(struct ev_parse **p)
{
	if (*p == NULL)
		return;
	ev_events_free(&(*p)->events);
	ev_reasons_free(&(*p)->why);
	ev_regex_free(&(*p)->nginx);
	ev_buf_free(&(*p)->out);
	ev_buf_free(&(*p)->member);
	ev_buf_free(&(*p)->id);
	free(*p);
	*p = NULL;
}

static enum ev_status reject(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err)
{
	return ev_rejects_put(p->port->rejects, rec, NULL, 0, &p->why, err);
}

/* Sets the record aside for one reason. */
static enum ev_status refuse(struct ev_parse *p, const struct ev_record *rec, const char *code,
			     const char *what, struct ev_error *err)
{
	ev_reasons_reset(&p->why);
	p->why.code = code;
	ev_reasons_add(&p->why, "%s", what);
	return reject(p, rec, err);
}

/* A line that may be the first half of one, which cannot be seen in it. */
static enum ev_status cut(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err)
{
	return refuse(p, rec, "cut",
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
static void put_id(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out)
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
	put_id(p, rec, &p->out);
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

/* Passes an event on: as it is, or with its origin, or with an id. */
static enum ev_status pass(struct ev_parse *p, const struct ev_record *rec,
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

/* Reads the whole line; the reject of an array says what can be done with it. */
static enum ev_status read_line(struct ev_parse *p, const struct ev_record *rec,
				struct ev_event *event)
{
	enum ev_status st = ev_events_read(p->events, rec, event, &p->why);

	if (st == EV_REJECT && strcmp(p->why.code, "not-object") == 0 &&
	    *ev_json_behind_blanks(rec->p, rec->p + rec->len) == '[')
		p->why.list[0].message = ev_reasons_text(
			&p->why, "%s: make a line of each element with: jq -c '.[]'",
			p->why.list[0].message);
	return st;
}

static enum ev_status json(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err)
{
	struct ev_event event;

	if (read_line(p, rec, &event) != EV_OK)
		return reject(p, rec, err);
	return pass(p, rec, &event, err);
}

/* A whole JSON object is an event even if a name in it is reserved or stands twice. */
static bool looks_like_event(const char *code)
{
	return strcmp(code, "json") != 0;
}

/* Why the line, in which JSON begins at `at`, or nowhere (NULL), has no event. */
static void why_none(struct ev_parse *p, const struct ev_record *rec, const char *at)
{
	const char *end = rec->p + rec->len, *first = ev_json_behind_blanks(rec->p, end);
	struct ev_event event;

	if (ev_part_is_spread(rec->p, rec->len)) {
		ev_reasons_add(&p->why, "%s", ev_part_spread);
		return;
	}
	if (first < end && *first == '[' && read_line(p, rec, &event) == EV_REJECT &&
	    strcmp(p->why.code, "not-object") == 0)
		return; /* an array, which is said */
	ev_reasons_reset(&p->why);
	if (at == NULL)
		ev_reasons_add(&p->why, "no JSON object at the end of the line");
	else if (ev_part_is_inner(rec->p, at))
		ev_reasons_add(&p->why,
			       "column %zu: the object here is a part of other JSON, which begins "
			       "before the line: the line is torn",
			       (size_t)(at - rec->p) + 1);
	else
		ev_reasons_add(&p->why,
			       "column %zu: JSON begins here, and from here to the end of the line "
			       "there is not one whole object: the line is torn, or another was "
			       "welded to it",
			       (size_t)(at - rec->p) + 1);
}

static bool all_nul(const struct ev_record *rec)
{
	for (size_t i = 0; i < rec->len; i++)
		if (rec->p[i] != '\0')
			return false;
	return true;
}

/* A line that has no event, or may have a part of one. */
static enum ev_status no_event(struct ev_parse *p, const struct ev_record *rec, const char *at,
			       struct ev_error *err)
{
	ev_reasons_reset(&p->why);
	if (all_nul(rec))
		ev_reasons_add(&p->why, "nothing but U+0000, as a log has that was truncated while "
					"it was written");
	else if (rec->cut)
		return cut(p, rec, err);
	else
		why_none(p, rec, at);
	p->why.code = "foreign";
	ev_events_no_object(p->events, rec);
	return reject(p, rec, err);
}

/*
 * The object from the first brace that begins one to the end of the line. What begins before it, or
 * around it, is never passed over: a part of an event must not pass for the whole.
 */
static enum ev_status text(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err)
{
	const char *end = rec->p + rec->len, *at = rec->p;
	struct ev_record inner = *rec;
	struct ev_event event;

	while (end > rec->p && ev_json_blank(end[-1]))
		end--;
	for (int i = 0; i < TRIES && (at = memchr(at, '{', (size_t)(end - at))) != NULL;
	     i++, at++) {
		const char *inside = ev_json_behind_blanks(at + 1, end);

		/* A member's name, or the end of an object without members. */
		if (inside == end || (*inside != '"' && (*inside != '}' || inside + 1 != end)))
			continue;
		inner.index = NULL;
		inner.p = at;
		inner.before = (size_t)(at - rec->p);
		inner.len = (size_t)(end - at);
		if (end[-1] != '}' || ev_part_is_inner(rec->p, at))
			return no_event(p, rec, at, err);
		if (ev_events_read(p->events, &inner, &event, &p->why) == EV_OK)
			return pass(p, rec, &event, err);
		return looks_like_event(p->why.code) ? reject(p, rec, err)
						     : no_event(p, rec, at, err);
	}
	return no_event(p, rec, NULL, err);
}

/* "01/Mar/2026:10:00:00 +0100" to RFC 3339, the offset as it is. */
static bool nginx_time(const char *t, char out[26])
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct ev_time parsed;
	size_t month = 0;

	while (month < 12 && memcmp(&months[3 * month], t + 3, 3) != 0)
		month++;
	if (month == 12)
		return false;
	memcpy(out, t + 7, 4);
	out[4] = '-';
	out[5] = (char)('0' + (char)((month + 1) / 10));
	out[6] = (char)('0' + (char)((month + 1) % 10));
	out[7] = '-';
	memcpy(out + 8, t, 2);
	out[10] = 'T';
	memcpy(out + 11, t + 12, 8);
	memcpy(out + 19, t + 21, 3);
	out[22] = ':';
	memcpy(out + 23, t + 24, 2);
	return ev_time_parse(out, 25, &parsed) == EV_TIME_ZONED;
}

/*
 * nginx writes bytes it does not trust as \xHH; they come back as what they were, if that is
 * UTF-8.
 */
static void nginx_text(const char *s, size_t len, struct ev_buf *out)
{
	struct ev_buf bytes = {0};

	for (size_t i = 0; i < len; i++) {
		unsigned v;

		if (s[i] == '\\' && len - i >= 4 && s[i + 1] == 'x' &&
		    strspn((const char[]){s[i + 2], s[i + 3], '\0'}, "0123456789ABCDEFabcdef") ==
			    2) {
			v = (unsigned)strtoul((const char[]){s[i + 2], s[i + 3], '\0'}, NULL, 16);
			ev_buf_putc(&bytes, (char)v);
			i += 3;
		} else {
			ev_buf_putc(&bytes, s[i]);
		}
	}
	if (ev_utf8_valid(bytes.p, bytes.len) == bytes.len)
		ev_json_quote(bytes.p, bytes.len, out);
	else
		ev_json_quote(s, len, out);
	ev_buf_free(&bytes);
}

/* nginx writes status 000 for a request that it never answered, which is no number in JSON. */
static void nginx_number(const char *s, size_t len, struct ev_buf *out)
{
	while (len > 1 && *s == '0') {
		s++;
		len--;
	}
	ev_buf_put(out, s, len);
}

static enum ev_status nginx(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err)
{
	static const char type[] = "\"event_type\":\"HttpRequest\"";
	struct ev_buf *o = &p->out;
	char time[26];
	size_t from, to;

	if (rec->cut)
		return cut(p, rec, err);
	if (ev_utf8_valid(rec->p, rec->len) != rec->len) {
		ev_reasons_reset(&p->why);
		p->why.code = "utf8";
		ev_reasons_add(&p->why, "column %zu: not UTF-8",
			       ev_utf8_valid(rec->p, rec->len) + 1);
		return reject(p, rec, err);
	}
	if (!ev_regex_match(p->nginx, rec->p, rec->len) ||
	    !ev_regex_span(p->nginx, 3, &from, &to) || !nginx_time(rec->p + from, time))
		return refuse(p, rec, "foreign", "not a line of nginx's combined or main log", err);
	/* The line is all that an access log knows of a request, so it makes the id. */
	ev_buf_reset(o);
	ev_buf_puts(o, "{\"event_id\":");
	if (p->options.add_id != NULL && strcmp(p->options.add_id, "event_id") == 0)
		put_id(p, rec, o);
	else
		put_uuid(rec->p, rec->len, o);
	ev_buf_printf(o, ",%s,\"event_timestamp\":\"%.25s\"", type, time);
	for (uint32_t g = 1; g <= ev_regex_groups(p->nginx); g++) {
		const char *name = ev_regex_group_name(p->nginx, g);

		if (!ev_regex_span(p->nginx, g, &from, &to))
			continue;
		ev_buf_printf(o, ",\"%s\":", name);
		if (to - from == 1 && rec->p[from] == '-')
			ev_buf_puts(o, "null");
		else if (strcmp(name, "status") == 0 || strcmp(name, "body_bytes_sent") == 0)
			nginx_number(rec->p + from, to - from, o);
		else
			nginx_text(rec->p + from, to - from, o);
	}
	if (p->options.origin) {
		ev_buf_puts(o, ",\"_ev\":{\"origin\":{");
		ev_record_position(rec, o);
		ev_buf_puts(o, "}}");
	}
	ev_buf_putc(o, '}');
	return ev_port_line(p->port, o->p, o->len, err);
}

enum ev_status ev_parse_step(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err)
{
	const char *first;

	switch (p->options.format) {
	case EV_PARSE_NGINX: return nginx(p, rec, err);
	case EV_PARSE_JSON: return json(p, rec, err);
	case EV_PARSE_TEXT: return text(p, rec, err);
	case EV_PARSE_AUTO: break;
	}
	first = ev_json_behind_blanks(rec->p, rec->p + rec->len);
	if (first < rec->p + rec->len && *first == '{')
		return json(p, rec, err);
	return text(p, rec, err);
}

#include "parse/internal.h"
#include "json/part.h"

#include <ctype.h>

enum { TRIES = 16 }; /* braces at which JSON in text may begin */

/* Reads the whole line; the reject of an array says what can be done with it. */
bool ev_parse_read(struct ev_parse *p, const struct ev_record *rec, struct ev_event *event)
{
	enum ev_status st = ev_events_read(p->events, rec, event, &p->why);

	if (st == EV_REJECT && p->frames == NULL && strcmp(p->why.code, "not-object") == 0 &&
	    *ev_json_behind_blanks(rec->p, rec->p + rec->len) == '[')
		p->why.list[0].message =
			ev_reasons_text(&p->why, "%s: read its elements with --format json-array",
					p->why.list[0].message);
	return st == EV_OK;
}

enum ev_status ev_parse_json(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err)
{
	struct ev_event event;

	if (rec->cut && p->format->frames != NULL)
		return ev_parse_cut(p, rec, err);
	if (!ev_parse_read(p, rec, &event))
		return ev_parse_reject(p, rec, err);
	return ev_parse_pass(p, rec, &event, err);
}

/* A whole JSON object is an event even if a name in it is reserved or stands twice. */
static bool looks_like_event(const char *code)
{
	return strcmp(code, "json") != 0;
}

static bool begins_name(char c)
{
	return c == '"' || c == '_' || isalpha((unsigned char)c) || (c & 0x80) != 0;
}

/* Whether the first line of a file may be the header of a table: names, with separators between. */
static bool looks_like_header(const struct ev_record *rec)
{
	const char *p = rec->p, *end = p + rec->len;
	size_t separators = 0;
	bool begins = true;

	if (rec->line != 1)
		return false;
	for (; p < end; p++) {
		if (begins && !begins_name(*p))
			return false;
		begins = *p == ',' || *p == ';' || *p == '\t';
		separators += begins;
	}
	return separators > 0 && !begins;
}

/* What else the line may be, as the end of a message. */
static const char *guess(struct ev_parse *p, const struct ev_record *rec)
{
	static const char fields[] = "#Fields:";
	const char *name = ev_lines_guess(p, rec);

	if (rec->len >= sizeof fields - 1 && memcmp(rec->p, fields, sizeof fields - 1) == 0)
		name = "w3c";
	if (name != NULL)
		return ev_reasons_text(&p->why, ", but it looks like %s: --format %s", name, name);
	return looks_like_header(rec) ? ", but it looks like the header of a table: --format csv"
				      : "";
}

/* Why the line, in which JSON begins at `at`, or nowhere (NULL), has no event. */
static void why_none(struct ev_parse *p, const struct ev_record *rec, const char *at)
{
	const char *end = rec->p + rec->len, *first = ev_json_behind_blanks(rec->p, end);
	struct ev_event event;

	if (p->frames == NULL && ev_part_is_spread(rec->p, rec->len)) {
		ev_reasons_add(&p->why, "%s", ev_part_spread);
		return;
	}
	if (first < end && *first == '[' && !ev_parse_read(p, rec, &event) &&
	    strcmp(p->why.code, "not-object") == 0)
		return; /* an array, which is said */
	ev_reasons_reset(&p->why);
	if (at == NULL)
		ev_reasons_add(&p->why, "no JSON object at the end of the line%s", guess(p, rec));
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
		return ev_parse_cut(p, rec, err);
	else
		why_none(p, rec, at);
	p->why.code = "foreign";
	ev_events_no_object(p->events, rec);
	return ev_parse_reject(p, rec, err);
}

/*
 * The object from the first brace that begins one to the end of the line. What begins before it, or
 * around it, is never passed over: a part of an event must not pass for the whole.
 */
enum ev_status ev_parse_text(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err)
{
	const char *end = rec->p + rec->len, *at = rec->p;
	struct ev_record inner = *rec;
	struct ev_event event;

	while (end > rec->p && (ev_json_blank(end[-1]) || end[-1] == '\n'))
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
			return ev_parse_pass(p, rec, &event, err);
		return looks_like_event(p->why.code) ? ev_parse_reject(p, rec, err)
						     : no_event(p, rec, at, err);
	}
	return no_event(p, rec, NULL, err);
}

enum ev_status ev_parse_auto(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err)
{
	const char *end = rec->p + rec->len, *first = ev_json_behind_blanks(rec->p, end);

	return first < end && *first == '{' ? ev_parse_json(p, rec, err)
					    : ev_parse_text(p, rec, err);
}

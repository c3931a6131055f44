#include "parse/internal.h"
#include "regex/regex.h"
#include "scan/form.h"

#include <stdlib.h>

/* A member of the event: what the groups of one name took. */
struct member {
	const char *name;
	struct ev_buf written; /* ,"name": */
	enum { TEXT, NUMBER, JSON } is;
	bool is_time;
	bool is_envelope; /* of the time: event_timestamp itself, and no member beside it */
	uint32_t first;	  /* of its groups */
	size_t from, len; /* in the line, of the match; len is NONE where no group took part */
};

#define NONE SIZE_MAX

struct ev_pattern {
	const struct ev_line_format *format;
	struct ev_regex *regex;
	struct member *members;
	size_t n;
	uint32_t *same;	     /* by group: the next one of its name, or 0 */
	struct ev_head head; /* what the members have of the envelope */
};

/* Takes a group to the member of its name, which is made where there is none yet. */
static void add_group(struct ev_pattern *t, uint32_t group, const char *name)
{
	const struct ev_line_format *f = t->format;
	const size_t len = strlen(name);
	struct member *m = t->members;
	uint32_t last;

	while (m < t->members + t->n && strcmp(m->name, name) != 0)
		m++;
	if (m < t->members + t->n) {
		for (last = m->first; t->same[last] != 0;)
			last = t->same[last];
		t->same[last] = group;
		return;
	}
	t->n++;
	*m = (struct member){.name = name, .first = group};
	ev_buf_putc(&m->written, ',');
	ev_json_quote(name, len, &m->written);
	ev_buf_putc(&m->written, ':');
	m->is_time = f->time != NULL && strcmp(f->time, name) == 0;
	m->is_envelope = m->is_time && strcmp(name, "event_timestamp") == 0;
	if (f->numbers.n > 0 && ev_names_take(&f->numbers, name, len))
		m->is = NUMBER;
	if (f->json.n > 0 && ev_names_take(&f->json, name, len))
		m->is = JSON;
	if (!m->is_envelope)
		ev_head_has(&t->head, name, len);
}

struct ev_pattern *ev_pattern_new(const struct ev_line_format *f, struct ev_error *err)
{
	struct ev_pattern *t = ev_calloc(1, sizeof *t);
	uint32_t groups;

	t->format = f;
	t->head.type = f->type;
	t->regex = ev_regex_compile(f->pattern, strlen(f->pattern), EV_REGEX_WHOLE, err);
	if (t->regex == NULL) {
		ev_pattern_free(&t);
		return NULL;
	}
	groups = ev_regex_groups(t->regex);
	t->members = ev_calloc(groups + 1UL, sizeof *t->members);
	t->same = ev_calloc(groups + 1UL, sizeof *t->same);
	for (uint32_t g = 1; g <= groups; g++)
		if (ev_regex_group_name(t->regex, g) != NULL)
			add_group(t, g, ev_regex_group_name(t->regex, g));
	t->head.has_time |= f->time == NULL; /* the model's paths find it */
	return t;
}

void ev_pattern_free(struct ev_pattern **pattern)
{
	if (*pattern == NULL)
		return;
	ev_regex_free(&(*pattern)->regex);
	for (size_t i = 0; i < (*pattern)->n; i++)
		ev_buf_free(&(*pattern)->members[i].written);
	free((*pattern)->members);
	free((*pattern)->same);
	free(*pattern);
	*pattern = NULL;
}

static enum ev_status refuse(struct ev_parse *p, const struct ev_record *rec, size_t at,
			     const char *flaw, struct ev_error *err)
{
	p->why.code = "foreign";
	ev_reasons_add(&p->why, "column %zu: %s: no line of %s", at + 1, flaw,
		       p->pattern->format->name);
	return ev_parse_reject(p, rec, err);
}

/* Sets the record aside because the pattern does not take it: where they part. */
static enum ev_status no_match(struct ev_parse *p, const struct ev_record *rec,
			       struct ev_error *err)
{
	const char *item = p->pattern->format->pattern, *flaw;
	size_t at, item_at, len;

	if (ev_regex_spent(&len) != NULL)
		return refuse(p, rec, 0,
			      "whether the pattern takes the line cannot be told: the search takes "
			      "more steps than it may",
			      err);
	ev_regex_furthest(p->pattern->regex, rec->p, rec->len, &at, &item_at);
	ev_regex_spent(&len); /* a search that is cut short got somewhere, too */
	item += item_at;
	flaw = *item == '\0' ? "the line goes on behind the pattern's end"
			     : ev_reasons_text(&p->why, "the pattern goes no further than %s",
					       ev_reasons_quote(&p->why, item, strlen(item)));
	return refuse(p, rec, at, flaw, err);
}

static bool is_null(const struct ev_line_format *f, const char *text, size_t len)
{
	return f->null != NULL && strlen(f->null) == len && memcmp(f->null, text, len) == 0;
}

/* What the groups of a member took. */
static void find_span(const struct ev_pattern *t, struct member *m)
{
	size_t from, to;

	m->len = NONE;
	for (uint32_t g = m->first; g != 0 && m->len == NONE; g = t->same[g])
		if (ev_regex_span(t->regex, g, &from, &to)) {
			m->from = from;
			m->len = to - from;
		}
}

/* Finds the members, and the event's time; what is wrong with one, at *at, or NULL. */
static const char *read_members(struct ev_parse *p, const struct ev_record *rec,
				struct ev_layout_time *time, size_t *at)
{
	struct ev_pattern *t = p->pattern;
	struct ev_layout_place place = p->place;

	if (t->format->zone != NULL)
		place.zone = t->format->zone;
	for (size_t i = 0; i < t->n; i++) {
		struct member *m = &t->members[i];
		const char *text;

		find_span(t, m);
		*at = m->len == NONE ? 0 : m->from;
		if (m->is_time && m->len == NONE)
			return ev_reasons_text(&p->why, "%s, the time, is missing", m->name);
		if (m->len == NONE)
			continue;
		text = rec->p + m->from;
		if (m->is == NUMBER && !is_null(t->format, text, m->len) &&
		    (m->len == 0 || ev_parse_number(text, m->len) != m->len))
			return ev_reasons_text(&p->why, "%s is no number", m->name);
		if (!m->is_time)
			continue;
		if (!ev_layout_read(t->format->time_layout, &place, text, m->len, time)) {
			*at += time->at;
			return ev_reasons_text(&p->why, "%s: %s", m->name, time->flaw);
		}
		*at += time->len;
		if (time->len != m->len)
			return ev_reasons_text(&p->why, "%s: the time ends before here", m->name);
	}
	return NULL;
}

/* Whether each group that is JSON is one value; else the record is set aside. */
static bool is_json(struct ev_parse *p, const struct ev_record *rec, enum ev_status *st,
		    struct ev_error *err)
{
	const struct ev_pattern *t = p->pattern;

	for (size_t i = 0; i < t->n; i++) {
		const struct member *m = &t->members[i];
		const char *text = rec->p + m->from;
		struct ev_flaw flaw;

		if (m->is != JSON || m->len == NONE || is_null(t->format, text, m->len) ||
		    ev_scan(ev_events_scan(p->events), text, m->len, &flaw) != NULL)
			continue;
		ev_reasons_of_flaw(&flaw, m->from, &p->why);
		*st = ev_parse_reject(p, rec, err);
		return false;
	}
	return true;
}

static void put_member(struct ev_parse *p, const struct ev_record *rec, const struct member *m)
{
	const char *text = rec->p + m->from;
	struct ev_buf *o = &p->out;

	ev_buf_put(o, m->written.p, m->written.len);
	if (is_null(p->pattern->format, text, m->len))
		ev_buf_puts(o, "null");
	else if (m->is == NUMBER)
		ev_parse_put_number(text, m->len, o);
	else if (m->is == JSON)
		ev_buf_put(o, text, m->len);
	else
		ev_json_quote(text, m->len, o);
}

enum ev_status ev_parse_pattern(struct ev_parse *p, const struct ev_record *rec,
				struct ev_error *err)
{
	struct ev_pattern *t = p->pattern;
	struct ev_layout_time time;
	struct ev_head head = t->head;
	enum ev_status st;
	const char *flaw;
	size_t at;

	if (!ev_parse_is_text(p, rec, err, &st))
		return st;
	ev_reasons_reset(&p->why);
	if (!ev_regex_match(t->regex, rec->p, rec->len))
		return no_match(p, rec, err);
	if ((flaw = read_members(p, rec, &time, &at)) != NULL)
		return refuse(p, rec, at, flaw, err);
	if (t->format->json.n > 0 && !is_json(p, rec, &st, err))
		return st;
	head.time = &time;
	ev_parse_begin(p, rec, &head);
	for (size_t i = 0; i < t->n; i++)
		if (t->members[i].len != NONE && !t->members[i].is_envelope)
			put_member(p, rec, &t->members[i]);
	return t->format->json.n > 0 ? ev_parse_end_checked(p, rec, err)
				     : ev_parse_end(p, rec, err);
}

#include "parse/internal.h"

enum { MOST_FIELDS = 48 };

/* Where a value stands in the line; p is NULL where it lacks. */
struct slice {
	const char *p;
	size_t len;
};

/*
 * Where a line leaves a form, and how far it was read: to the end of a time that cannot be; what is
 * missing there, if the line does not just go on, and what is wrong with a time.
 */
struct stop {
	const char *at, *reach;
	const struct ev_field *missing;
	const char *flaw;
};

/* A line held against a form. */
struct scan {
	struct ev_parse *parse;
	const char *line, *end;
	struct slice values[MOST_FIELDS]; /* by field, as far as the form was followed */
	struct ev_layout_time time;
	const char *stuck; /* where `until` first sought the next field, and it was none */
	struct stop stop;
};

/* What is expected of each kind, for people. */
static const char *const kinds[] = {
	[EV_FIELD_WORD] = "a word",
	[EV_FIELD_HOST] = "a host's name",
	[EV_FIELD_UPTO] = "a word",
	[EV_FIELD_UNTIL] = "a text",
	[EV_FIELD_ADDRESS] = "an address and a port",
	[EV_FIELD_QUOTED] = "a text in double quotes",
	[EV_FIELD_BRACED] = "a text in braces",
	[EV_FIELD_SQUARE] = "a text in brackets",
	[EV_FIELD_TAG] = "a program's name",
	[EV_FIELD_STATUS] = "a number of three digits",
	[EV_FIELD_NUMBER] = "a number",
	[EV_FIELD_SECONDS] = "seconds such as 0.003",
	[EV_FIELD_TIMES] = "seconds such as 0.003, or -",
	[EV_FIELD_LIST] = "a word",
	[EV_FIELD_TIME] = "a time",
	[EV_FIELD_PRIORITY] = "a number in < >",
	[EV_FIELD_DATA] = "structured data, or -",
	[EV_FIELD_REST] = "a text",
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct slice slice(const char *from, const char *to)
{
	return (struct slice){from, (size_t)(to - from)};
}

/* Where the byte c comes next, or NULL. */
static const char *find(const char *p, const char *end, char c)
{
	return memchr(p, c, (size_t)(end - p));
}

static const char *word_end(const char *p, const char *end)
{
	const char *blank = find(p, end, ' ');

	return blank != NULL ? blank : end;
}

/* Behind the quote that ends a text: one with no backslash of its own before it. */
static const char *quoted(const char *p, const char *end, struct slice *v)
{
	const char *q, *b;

	if (p == end || *p != '"')
		return NULL;
	for (q = ++p; (q = find(q, end, '"')) != NULL; q++) {
		for (b = q; b > p && b[-1] == '\\';)
			b--;
		if ((q - b) % 2 == 0) {
			*v = slice(p, q);
			return q + 1;
		}
	}
	return NULL;
}

static const char *bracketed(const char *p, const char *end, char open, char close, struct slice *v)
{
	const char *q;

	if (p == end || *p != open || (q = find(p, end, close)) == NULL)
		return NULL;
	*v = slice(p + 1, q);
	return q + 1;
}

/* Up to the last colon of a word, for an address of IPv6 has colons itself. */
static const char *address(const char *p, const char *end, struct slice *v)
{
	const char *colon = word_end(p, end);

	while (colon > p && *--colon != ':')
		;
	*v = slice(p, colon);
	return colon > p ? colon : NULL;
}

/* A program's name, as a tag of syslog is. */
static const char *tag(const char *p, const char *end, struct slice *v)
{
	const char *q = p;

	while (q < end && *q != ' ' && *q != ':' && *q != '[')
		q++;
	*v = slice(p, q);
	return q > p ? q : NULL;
}

/* "mail" and "2001:db8::", but not "su:", which is a tag where no host stands. */
static const char *host(const char *p, const char *end)
{
	const char *q = word_end(p, end);

	return q > p && memchr(p, ':', (size_t)(q - p)) == q - 1 ? NULL : q;
}

static const char *digits_end(const char *p, const char *end)
{
	while (p < end && is_digit(*p))
		p++;
	return p;
}

/* As nginx writes a time: "0.003". */
static const char *seconds(const char *p, const char *end)
{
	const char *point = digits_end(p, end), *q;

	if (point == p || point == end || *point != '.')
		return NULL;
	q = digits_end(point + 1, end);
	return q - point == 4 ? q : NULL;
}

/* A time or a dash, or else up to a comma or blank. NULL if there is none. */
static const char *list_item(const char *p, const char *end, bool is_time)
{
	const char *q = p;

	if (is_time && p < end && *p == '-')
		return p + 1;
	if (is_time)
		return seconds(p, end);
	while (q < end && *q != ',' && *q != ' ')
		q++;
	return q > p ? q : NULL;
}

/* What nginx knows of several servers: "a, b" of one group, and " : " before those of another. */
static const char *list(const char *p, const char *end, bool of_times)
{
	while ((p = list_item(p, end, of_times)) != NULL) {
		if (end - p >= 2 && memcmp(p, ", ", 2) == 0)
			p += 2;
		else if (end - p >= 3 && memcmp(p, " : ", 3) == 0)
			p += 3;
		else
			break;
	}
	return p;
}

/* "<34>": 191 at most, without zeros in front. */
static const char *priority(const char *p, const char *end, struct slice *v)
{
	const char *q = p + 1;
	int n = 0;

	if (p == end || *p != '<')
		return NULL;
	for (; q < end && q - p <= 3 && is_digit(*q); q++)
		n = n * 10 + (*q - '0');
	*v = slice(p + 1, q);
	return q > p + 1 && q < end && *q == '>' && n <= 191 && (p[1] != '0' || q - p == 2) ? q + 1
											    : NULL;
}

static const char *take(struct scan *s, const struct ev_field *f, const char *p, struct slice *v);

static bool has_ahead(const struct scan *s, const struct ev_field *f, const char *p)
{
	return (size_t)(s->end - p) >= f->ahead_len && memcmp(p, f->ahead, f->ahead_len) == 0;
}

/* Whether a field can begin at p, by what is ahead of it and its first byte. */
static bool begins(const struct scan *s, const struct ev_field *f, const char *p)
{
	if (!has_ahead(s, f, p))
		return false;
	p += f->ahead_len;
	return f->kind != EV_FIELD_QUOTED || (p < s->end && *p == '"');
}

/*
 * A text that anybody may have chosen, up to where the next field stands and the one behind it
 * begins: the bytes in front of that field may be a part of the text. A dash is no text that goes
 * on: the line is of a format with more words.
 */
static const char *until(struct scan *s, const struct ev_field *f, const char *p, struct slice *v)
{
	const struct ev_field *next = f + 1;
	const char *q = p, *behind;
	struct slice unused;

	if (s->end - p >= 2 && p[0] == '-' && p[1] == ' ' && !begins(s, next, p + 1))
		return NULL;
	while ((q = memmem(q, (size_t)(s->end - q), next->ahead, next->ahead_len)) != NULL) {
		behind = take(s, next, q + next->ahead_len, &unused);
		if (behind != NULL && begins(s, next + 1, behind)) {
			*v = slice(p, q);
			return q;
		}
		if (s->stuck == NULL)
			s->stuck = q + next->ahead_len;
		q++;
	}
	return NULL;
}

/* Whether the text at p is the last time once more, and ends there. */
static bool is_last(const struct ev_last_time *last, const char *layout, const char *p,
		    const char *end)
{
	return last->len > 0 && (size_t)(end - p) > last->len && last->layout == layout &&
	       p[last->len] == last->behind && memcmp(p, last->text, last->len) == 0;
}

static void note_last(struct ev_last_time *last, const struct scan *s, const struct ev_field *f,
		      const char *p)
{
	const size_t len = s->time.len;

	if (len > sizeof last->text || p + len == s->end || (p[len] != ' ' && p[len] != ']'))
		return;
	memcpy(last->text, p, len);
	last->behind = p[len];
	last->len = len;
	last->layout = f->layout;
	last->time = s->time;
}

static const char *time_at(struct scan *s, const struct ev_field *f, const char *p, struct slice *v)
{
	struct ev_last_time *last = &s->parse->last;
	const size_t left = (size_t)(s->end - p);

	if (is_last(last, f->layout, p, s->end)) {
		s->time = last->time;
	} else if (!ev_layout_read(f->layout, &s->parse->place, p, left, &s->time)) {
		return NULL;
	} else {
		note_last(last, s, f, p);
	}
	*v = slice(p, p + s->time.len);
	return p + s->time.len;
}

/* Reads a field at p; returns where it ends, or NULL. */
static const char *take(struct scan *s, const struct ev_field *f, const char *p, struct slice *v)
{
	const char *q = p, *end = s->end;

	switch (f->kind) {
	case EV_FIELD_UNTIL: return until(s, f, p, v);
	case EV_FIELD_ADDRESS: return address(p, end, v);
	case EV_FIELD_QUOTED: return quoted(p, end, v);
	case EV_FIELD_BRACED: return bracketed(p, end, '{', '}', v);
	case EV_FIELD_SQUARE: return bracketed(p, end, '[', ']', v);
	case EV_FIELD_TAG: return tag(p, end, v);
	case EV_FIELD_TIME: return time_at(s, f, p, v);
	case EV_FIELD_PRIORITY: return priority(p, end, v);
	case EV_FIELD_DATA: q = ev_syslog_data_end(p, end); break;
	case EV_FIELD_WORD: q = word_end(p, end); break;
	case EV_FIELD_UPTO: q = find(p, word_end(p, end), f[1].ahead[0]); break;
	case EV_FIELD_NUMBER: q = p + ev_parse_number(p, (size_t)(end - p)); break;
	case EV_FIELD_HOST: q = host(p, end); break;
	case EV_FIELD_SECONDS: q = seconds(p, end); break;
	case EV_FIELD_TIMES:
	case EV_FIELD_LIST: q = list(p, end, f->kind == EV_FIELD_TIMES); break;
	case EV_FIELD_STATUS:
		while (q < end && q - p < 3 && is_digit(*q))
			q++;
		q = q - p == 3 ? q : p;
		break;
	case EV_FIELD_REST: *v = slice(p, end); return end;
	case EV_FIELD_END: return NULL;
	}
	if (q == p && (f->kind == EV_FIELD_NUMBER || f->kind == EV_FIELD_STATUS) && p < end &&
	    *p == '-')
		q++;
	if (q == NULL || q == p)
		return NULL;
	*v = slice(p, q);
	return q;
}

/* Where the line leaves its form at p, where the field f should stand. */
static struct stop stop_at(struct scan *s, const struct ev_field *f, const char *p)
{
	struct stop stop = {.missing = f, .at = p, .reach = p};
	struct slice unused;

	if (f->kind == EV_FIELD_UNTIL && s->stuck != NULL) {
		stop.at = s->stuck;
		stop.missing = ++f;
	} else if (has_ahead(s, f, p)) {
		stop.at += f->ahead_len;
	} else {
		return stop;
	}
	stop.reach = stop.at;
	if (f->kind == EV_FIELD_TIME && time_at(s, f, stop.at, &unused) == NULL) {
		stop.flaw = s->time.flaw;
		stop.reach += s->time.len;
		stop.at += s->time.at;
	}
	return stop;
}

/* Holds the line against a form; false with where it leaves it. */
static bool scan_form(struct scan *s, const struct ev_field *fields)
{
	const char *p = s->line, *behind;

	for (size_t i = 0; fields[i].kind != EV_FIELD_END; i++) {
		const struct ev_field *f = &fields[i];

		s->stuck = NULL;
		behind = has_ahead(s, f, p) ? take(s, f, p + f->ahead_len, &s->values[i]) : NULL;
		if (behind != NULL) {
			p = behind;
		} else if (f->may_lack) {
			s->values[i].p = NULL;
		} else {
			s->stop = stop_at(s, f, p);
			return false;
		}
	}
	s->stop = (struct stop){.at = p, .reach = p};
	return p == s->end;
}

/*
 * Why the line is none of the format: where it leaves the form that it follows furthest. has_more:
 * it follows one to its end, and goes on.
 */
static enum ev_status refuse(struct ev_parse *p, const struct ev_record *rec,
			     const struct stop *stop, bool has_more, struct ev_error *err)
{
	const struct ev_field *f = stop->missing;
	const char *what = "the line goes on behind its last field";
	const int name = f != NULL ? (int)strlen(f->member) - 4 : 0; /* of ,"name": */

	ev_reasons_reset(&p->why);
	p->why.code = "foreign";
	if (f != NULL && stop->flaw != NULL)
		what = ev_reasons_text(&p->why, "%.*s: %s", name, f->member + 2, stop->flaw);
	else if (f != NULL)
		what = ev_reasons_text(&p->why, "%.*s is missing, %s%s%s%s", name, f->member + 2,
				       kinds[f->kind], f->ahead_len > 0 ? " behind '" : "",
				       f->ahead, f->ahead_len > 0 ? "'" : "");
	ev_reasons_add(&p->why, "column %zu: %s: no line of %s%s", (size_t)(stop->at - rec->p) + 1,
		       what, p->format->name,
		       has_more ? "; a pattern in the model can read lines that have more fields"
				: "");
	return ev_parse_reject(p, rec, err);
}

static void put_priority(struct slice v, struct ev_buf *out)
{
	unsigned n = 0;

	for (size_t i = 0; i < v.len; i++)
		n = n * 10 + (unsigned)(v.p[i] - '0');
	ev_buf_printf(out, "%u,\"facility\":%u,\"severity\":%u", n, n / 8, n % 8);
}

static void put_value(struct ev_parse *p, enum ev_field_kind kind, struct slice v,
		      struct ev_buf *out)
{
	static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8, as RFC 5424 has it */
	const bool dash = v.len == 1 && *v.p == '-';

	if (kind == EV_FIELD_REST && v.len >= 3 && memcmp(v.p, mark, 3) == 0)
		v = (struct slice){v.p + 3, v.len - 3};
	if (kind == EV_FIELD_PRIORITY)
		put_priority(v, out);
	else if (dash && kind != EV_FIELD_REST)
		ev_buf_put(out, "null", 4);
	else if (kind == EV_FIELD_NUMBER || kind == EV_FIELD_STATUS || kind == EV_FIELD_SECONDS)
		ev_parse_put_number(v.p, v.len, out);
	else if (kind == EV_FIELD_DATA)
		ev_syslog_data_put(p, v.p, v.len, out);
	else
		ev_parse_put_text(p, p->format->lines->escape, v.p, v.len, out);
}

static enum ev_status put_event(struct ev_parse *p, const struct ev_record *rec,
				const struct ev_line_form *form, const struct scan *s,
				struct ev_error *err)
{
	struct ev_buf *o = &p->out;
	bool checked = true; /* that no name is twice there */

	ev_parse_begin(p, rec, &(struct ev_head){.type = form->type, .time = &s->time});
	for (size_t i = 0; form->fields[i].kind != EV_FIELD_END; i++) {
		const struct ev_field *f = &form->fields[i];

		if (s->values[i].p == NULL || f->member_len == 0)
			continue;
		ev_buf_put(o, f->member, f->member_len);
		put_value(p, f->kind, s->values[i], o);
		checked &= f->kind != EV_FIELD_DATA || s->values[i].len == 1;
	}
	return checked ? ev_parse_end(p, rec, err) : ev_parse_end_checked(p, rec, err);
}

static void begin_scan(struct scan *s, struct ev_parse *p, const struct ev_record *rec)
{
	s->parse = p;
	s->line = rec->p;
	s->end = rec->p + rec->len;
}

enum ev_status ev_parse_fields(struct ev_parse *p, const struct ev_record *rec,
			       struct ev_error *err)
{
	const struct ev_line_form *form = p->format->lines->forms;
	struct stop furthest = {0};
	bool has_more = false;
	enum ev_status st;
	struct scan s;

	if (!ev_parse_is_text(p, rec, err, &st))
		return st;
	begin_scan(&s, p, rec);
	for (; form->type != NULL; form++) {
		if (scan_form(&s, form->fields))
			return put_event(p, rec, form, &s, err);
		has_more |= s.stop.missing == NULL;
		if (furthest.at == NULL || s.stop.reach > furthest.reach)
			furthest = s.stop;
	}
	return refuse(p, rec, &furthest, has_more, err);
}

const char *ev_lines_guess(struct ev_parse *p, const struct ev_record *rec)
{
	struct scan s;

	begin_scan(&s, p, rec);
	for (const struct ev_format *f = ev_formats; f->name != NULL; f++)
		for (const struct ev_line_form *form = f->lines != NULL ? f->lines->forms : NULL;
		     form != NULL && form->type != NULL; form++)
			if (!form->vague && scan_form(&s, form->fields))
				return f->name;
	return NULL;
}

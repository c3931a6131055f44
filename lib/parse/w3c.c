#include "parse/internal.h"
#include "scan/form.h"

#include <stdlib.h>
#include <strings.h>

enum { MOST_COLUMNS = 256, NONE = MOST_COLUMNS };

const struct ev_w3c_kind ev_w3c_extended = {' ', EV_ESCAPE_NONE};
const struct ev_w3c_kind ev_cloudfront = {'\t', EV_ESCAPE_PERCENT};

struct value {
	const char *p;
	size_t len;
};

/* The columns that the last #Fields: of a file names, and the values of a line. */
struct ev_w3c {
	const char *source;
	struct ev_buf names; /* ,"name": of each */
	struct column {
		size_t at, len; /* in names */
		bool number;
	} columns[MOST_COLUMNS];
	struct value values[MOST_COLUMNS];
	size_t n, date, time;
	bool local;	     /* times are not in UTC */
	struct ev_head head; /* what the columns have of the envelope */
};

static bool is_number(const char *name, size_t len)
{
	static const char *const names[] = {
		"sc-status",	   "sc-substatus",
		"sc-win32-status", "sc-bytes",
		"cs-bytes",	   "time-taken",
		"s-port",	   "c-port",
		"bytes",	   "time-to-first-byte",
		"sc-content-len",  "sc-range-start",
		"sc-range-end",	   NULL,
	};

	for (const char *const *n = names; *n != NULL; n++)
		if (strlen(*n) == len && memcmp(*n, name, len) == 0)
			return true;
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is(const char *name, size_t len, const char *what)
{
	return len == strlen(what) && memcmp(name, what, len) == 0;
}

/* Adds a column; what is wrong with it, or NULL. */
static const char *add_column(struct ev_w3c *w, const char *name, size_t len)
{
	struct column *c = &w->columns[w->n];

	if (w->n == MOST_COLUMNS)
		return "it names more than 256 columns";
	if (is(name, len, "_ev"))
		return "the name _ev is reserved";
	c->at = w->names.len;
	c->number = is_number(name, len);
	ev_buf_putc(&w->names, ',');
	ev_json_quote(name, len, &w->names);
	ev_buf_putc(&w->names, ':');
	c->len = w->names.len - c->at;
	for (size_t i = 0; i < w->n; i++)
		if (w->columns[i].len == c->len &&
		    memcmp(w->names.p + w->columns[i].at, w->names.p + c->at, c->len) == 0)
			return "it names a column twice";
	if (is(name, len, "date"))
		w->date = w->n;
	if (is(name, len, "time"))
		w->time = w->n;
	ev_head_has(&w->head, name, len);
	w->n++;
	return NULL;
}

static void forget(struct ev_w3c *w)
{
	ev_buf_reset(&w->names);
	w->n = 0;
	w->date = w->time = NONE;
	w->head = (struct ev_head){.type = "HttpRequest"};
}

/* What is wrong with the names, or NULL. */
static const char *read_names(struct ev_w3c *w, const char *p, const char *end)
{
	const char *flaw = NULL;

	forget(w);
	while (flaw == NULL) {
		const char *name;

		while (p < end && is_blank(*p))
			p++;
		if (p == end)
			break;
		for (name = p; p < end && !is_blank(*p);)
			p++;
		flaw = add_column(w, name, (size_t)(p - name));
	}
	if (flaw == NULL && (w->date == NONE || w->time == NONE))
		flaw = "it does not name both date and time: let the program log both, for a time "
		       "alone does not say its day";
	if (flaw != NULL)
		forget(w);
	return flaw;
}

static enum ev_status refuse(struct ev_parse *p, const struct ev_record *rec, const char *at,
			     const char *flaw, struct ev_error *err)
{
	p->why.code = "foreign";
	ev_reasons_add(&p->why, "column %zu: %s", (size_t)(at - rec->p) + 1, flaw);
	return ev_parse_reject(p, rec, err);
}

/* What stands behind the name of a directive, if the line is that one; else NULL. */
static const char *behind_name(const struct ev_record *rec, const char *name)
{
	const size_t len = strlen(name);

	return rec->len >= len && strncasecmp(rec->p, name, len) == 0 ? rec->p + len : NULL;
}

/* Times are in UTC from the head of a header on, unless it says that they are local. */
static void read_time_format(struct ev_w3c *w, const struct ev_record *rec)
{
	static const char local[] = "Local"; /* as the firewall of Windows says it */
	const char *value = behind_name(rec, "#Time Format:"), *end = rec->p + rec->len;

	if (behind_name(rec, "#Version:") != NULL || behind_name(rec, "#Software:") != NULL)
		w->local = false;
	if (value == NULL)
		return;
	while (value < end && is_blank(*value))
		value++;
	while (end > value && is_blank(end[-1]))
		end--;
	w->local = (size_t)(end - value) == strlen(local) &&
		   strncasecmp(value, local, strlen(local)) == 0;
}

static enum ev_status directive(struct ev_parse *p, const struct ev_record *rec,
				struct ev_error *err)
{
	const char *fields = behind_name(rec, "#Fields:"), *flaw = NULL;

	if (fields != NULL)
		flaw = read_names(p->w3c, fields, rec->p + rec->len);
	if (flaw != NULL)
		return refuse(p, rec, rec->p, flaw, err);
	read_time_format(p->w3c, rec);
	p->n_header++;
	return EV_OK;
}

/* Where the value at v ends: in front of a separator, or at the end of the line. */
static const char *value_end(const struct ev_w3c_kind *kind, const char *v, const char *end)
{
	const char *p = v;

	if (kind->separator != ' ') {
		p = memchr(v, kind->separator, (size_t)(end - v));
		return p != NULL ? p : end;
	}
	if (p < end && *p == '"')
		for (p++; p < end && (*p != '"' || (p + 1 < end && p[1] == '"')); p++)
			p += *p == '"';
	/* Without blanks, or a quote that ends it, a quote in front is a byte like any other. */
	if (p < end && *p == '"' && (p + 1 == end || is_blank(p[1])))
		return p + 1;
	for (p = v; p < end && !is_blank(*p);)
		p++;
	return p;
}

/* A value in quotes, in which a quote is doubled. */
static void put_quoted(struct ev_parse *p, const char *v, size_t len, struct ev_buf *out)
{
	ev_buf_reset(&p->member);
	for (size_t i = 0; i < len; i++) {
		ev_buf_putc(&p->member, v[i]);
		i += v[i] == '"' && i + 1 < len && v[i + 1] == '"';
	}
	ev_json_quote(p->member.p, p->member.len, out);
}

static void put_value(struct ev_parse *p, bool number, const char *v, size_t len)
{
	const struct ev_w3c_kind *kind = p->format->w3c;

	if (len == 1 && *v == '-')
		ev_buf_puts(&p->out, "null");
	else if (number)
		ev_parse_put_number(v, len, &p->out);
	else if (kind->separator == ' ' && len >= 2 && v[0] == '"' && v[len - 1] == '"')
		put_quoted(p, v + 1, len - 2, &p->out);
	else
		ev_parse_put_text(p, kind->escape, v, len, &p->out);
}

static bool is_right(const struct column *c, struct value v)
{
	return !c->number || (v.len == 1 && *v.p == '-') ||
	       (v.len > 0 && ev_parse_number(v.p, v.len) == v.len);
}

/* Where the value behind this one begins: several blanks separate as one does. */
static const char *next_value(const struct ev_w3c_kind *kind, const char *p, const char *end)
{
	p++;
	while (kind->separator == ' ' && p < end && is_blank(*p))
		p++;
	return p;
}

/* The values of the line, one a column; else what is wrong, and where. */
static const char *split(struct ev_parse *p, const struct ev_record *rec, const char **at)
{
	const struct ev_w3c_kind *kind = p->format->w3c;
	const char *behind = rec->p, *end = rec->p + rec->len;
	struct ev_w3c *w = p->w3c;
	size_t n = 0;

	while (kind->separator == ' ' && end > rec->p && is_blank(end[-1]))
		end--;
	for (*at = rec->p; n < w->n; *at = next_value(kind, behind, end)) {
		const struct column *c = &w->columns[n];

		behind = value_end(kind, *at, end);
		w->values[n] = (struct value){*at, (size_t)(behind - *at)};
		if (!is_right(c, w->values[n++]))
			return ev_reasons_text(&p->why, "%.*s is no number", (int)c->len - 4,
					       w->names.p + c->at + 2);
		if (behind == end)
			break;
	}
	if (behind == end && n == w->n)
		return NULL;
	if (behind == end)
		*at = end;
	return behind == end ? "the line has fewer values than #Fields: names"
			     : "the line has more values than #Fields: names";
}

/* In UTC, as the format says, or where the file says that they are local. */
static bool read_time(const struct ev_parse *p, struct ev_layout_time *t)
{
	const struct ev_w3c *w = p->w3c;
	const struct value date = w->values[w->date], time = w->values[w->time];
	char text[48];
	size_t len = date.len + 1 + time.len;

	t->flaw = "date and time are none in UTC";
	if (len + 1 > sizeof text)
		return false;
	memcpy(text, date.p, date.len);
	text[date.len] = 'T';
	memcpy(text + date.len + 1, time.p, time.len);
	if (!w->local)
		text[len++] = 'Z';
	if (ev_layout_read(NULL, &p->place, text, len, t) && t->len == len)
		return true;
	if (!w->local)
		t->flaw = "date and time are none in UTC";
	return false;
}

static enum ev_status put_event(struct ev_parse *p, const struct ev_record *rec,
				const struct ev_layout_time *time, struct ev_error *err)
{
	const struct ev_w3c *w = p->w3c;
	struct ev_head head = w->head;

	head.time = time;
	ev_parse_begin(p, rec, &head);
	for (size_t i = 0; i < w->n; i++) {
		ev_buf_put(&p->out, w->names.p + w->columns[i].at, w->columns[i].len);
		put_value(p, w->columns[i].number, w->values[i].p, w->values[i].len);
	}
	return ev_parse_end(p, rec, err);
}

enum ev_status ev_parse_w3c(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err)
{
	struct ev_layout_time time;
	const char *flaw, *at = rec->p;
	enum ev_status st;
	struct ev_w3c *w;

	if (p->w3c == NULL)
		p->w3c = ev_calloc(1, sizeof *p->w3c);
	w = p->w3c;
	if (rec->source != w->source || rec->line == 1) {
		forget(w);
		w->local = false;
		w->source = rec->source;
	}
	if (!ev_parse_is_text(p, rec, err, &st))
		return st;
	ev_reasons_reset(&p->why);
	if (*rec->p == '#')
		return directive(p, rec, err);
	flaw = w->n == 0 ? "no #Fields: that could be read stands before the line"
			 : split(p, rec, &at);
	if (flaw == NULL && !read_time(p, &time)) {
		at = w->values[w->date].p;
		flaw = time.flaw;
	}
	return flaw != NULL ? refuse(p, rec, at, flaw, err) : put_event(p, rec, &time, err);
}

void ev_w3c_free(struct ev_w3c **w3c)
{
	if (*w3c != NULL)
		ev_buf_free(&(*w3c)->names);
	free(*w3c);
	*w3c = NULL;
}

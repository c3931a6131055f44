#include "parse/internal.h"
#include "scan/form.h"

/* key=value, key="value" or key, a flag. */
struct pair {
	const char *key, *value; /* value: NULL of a flag */
	size_t key_len, value_len;
	bool quoted;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A line, pair by pair. */
struct pairs {
	const char *p, *end;
	const char *flaw; /* at p */
};

static bool is_wrong(struct pairs *l, const char *at, const char *flaw)
{
	l->p = at;
	l->flaw = flaw;
	return false;
}

static bool quoted_value(struct pairs *l, const char *p, struct pair *pair)
{
	const char *q = p + 1;

	while (q < l->end && *q != '"')
		q += *q == '\\' ? 2 : 1;
	if (q >= l->end)
		return is_wrong(l, p, "the quote that opens here is not closed");
	pair->value = p + 1;
	pair->value_len = (size_t)(q - p) - 1;
	pair->quoted = true;
	l->p = q + 1;
	return l->p == l->end || is_blank(*l->p) ||
	       is_wrong(l, l->p, "a blank is missing behind the quote");
}

/* False at the end of the line, or where it is wrong. */
static bool next_pair(struct pairs *l, struct pair *pair)
{
	const char *p = l->p;

	*pair = (struct pair){0};
	while (p < l->end && is_blank(*p))
		p++;
	l->p = pair->key = p;
	while (p < l->end && (unsigned char)*p > ' ' && *p != '=' && *p != '"')
		p++;
	pair->key_len = (size_t)(p - pair->key);
	if (pair->key_len == 0)
		return p < l->end && is_wrong(l, p, "a name should stand here, as in name=value");
	l->p = p;
	if (p == l->end || is_blank(*p))
		return true;
	if (*p++ != '=')
		return is_wrong(l, p - 1, "neither = nor a blank stands behind the name");
	if (p < l->end && *p == '"')
		return quoted_value(l, p, pair);
	pair->value = p;
	while (p < l->end && (unsigned char)*p > ' ' && *p != '"')
		p++;
	pair->value_len = (size_t)(p - pair->value);
	l->p = p;
	return p == l->end || is_blank(*p) ||
	       is_wrong(l, p, "a quote or a control stands in a value");
}

static bool has_time_name(const struct pair *pair)
{
	static const char *const names[] = {"time", "ts", "timestamp", "t", NULL};

	for (const char *const *n = names; *n != NULL; n++)
		if (strlen(*n) == pair->key_len && memcmp(*n, pair->key, pair->key_len) == 0)
			return true;
	return false;
}

/* Reads the time of the pair. A small number is how long something took, and not a day of 1970. */
static bool read_time(const struct ev_parse *p, const struct pair *pair, struct ev_layout_time *t)
{
	enum { SMALL = 9 };
	const char *v = pair->value;
	size_t digits = 0;

	while (digits < pair->value_len && v[digits] >= '0' && v[digits] <= '9')
		digits++;
	t->flaw = "the number is too small for a time since 1970";
	if (digits > 0 && digits < SMALL && (digits == pair->value_len || v[digits] == '.'))
		return false;
	return ev_parse_time(&p->place, v, pair->value_len, t);
}

static enum ev_status refuse(struct ev_parse *p, const struct ev_record *rec, const char *at,
			     const char *flaw, struct ev_error *err)
{
	ev_reasons_reset(&p->why);
	p->why.code = "foreign";
	ev_reasons_add(&p->why, "column %zu: %s: no line of logfmt", (size_t)(at - rec->p) + 1,
		       flaw);
	return ev_parse_reject(p, rec, err);
}

/*
 * All of the line is right, and the envelope is known; else it is set aside. The time is the first
 * that is one; if none is, the first that should be one is at fault.
 */
static bool read_head(struct ev_parse *p, const struct ev_record *rec, struct ev_head *head,
		      struct ev_layout_time *time, enum ev_status *st, struct ev_error *err)
{
	struct pairs l = {rec->p, rec->p + rec->len, NULL};
	struct pair pair, wrong = {0};
	bool known = false;

	while (next_pair(&l, &pair)) {
		ev_head_has(head, pair.key, pair.key_len);
		if (known || pair.value == NULL || !has_time_name(&pair))
			continue;
		known = read_time(p, &pair, time);
		if (!known && wrong.value == NULL)
			wrong = pair;
	}
	if (l.flaw != NULL)
		*st = refuse(p, rec, l.p, l.flaw, err);
	else if (known || head->has_time)
		return true;
	else if (wrong.value == NULL)
		*st = refuse(p, rec, rec->p, "no time, ts, timestamp or t stands in it", err);
	else if (!read_time(p, &wrong, time))
		*st = refuse(p, rec, wrong.value, time->flaw, err);
	return false;
}

enum ev_status ev_parse_logfmt(struct ev_parse *p, const struct ev_record *rec,
			       struct ev_error *err)
{
	struct pairs l = {rec->p, rec->p + rec->len, NULL};
	struct ev_layout_time time;
	struct ev_head head = {.type = "LogRecord", .time = &time};
	struct ev_buf *o = &p->out;
	struct pair pair;
	enum ev_status st;

	if (!ev_parse_is_text(p, rec, err, &st) || !read_head(p, rec, &head, &time, &st, err))
		return st;
	ev_parse_begin(p, rec, &head);
	while (next_pair(&l, &pair)) {
		ev_buf_putc(o, ',');
		ev_json_quote(pair.key, pair.key_len, o);
		ev_buf_putc(o, ':');
		if (pair.value == NULL)
			ev_buf_puts(o, "true");
		else
			ev_parse_put_text(p, pair.quoted ? EV_ESCAPE_GO : EV_ESCAPE_NONE,
					  pair.value, pair.value_len, o);
	}
	return ev_parse_end_checked(p, rec, err);
}

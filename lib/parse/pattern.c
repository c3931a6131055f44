#include "base/time.h"
#include "base/utf8.h"
#include "parse/internal.h"
#include "regex/regex.h"
#include "scan/form.h"

#include <stdlib.h>

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

struct ev_pattern {
	const struct ev_builtin *of;
	struct ev_regex *regex;
	uint32_t time; /* the group */
};

static uint32_t group_of(const struct ev_regex *re, const char *name)
{
	uint32_t g = ev_regex_groups(re);

	while (g > 0 && (ev_regex_group_name(re, g) == NULL ||
			 strcmp(ev_regex_group_name(re, g), name) != 0))
		g--;
	return g;
}

struct ev_pattern *ev_pattern_new(const struct ev_builtin *of, struct ev_error *err)
{
	struct ev_pattern *t = ev_calloc(1, sizeof *t);

	t->of = of;
	/* Bytes, because a client may send any. */
	t->regex = ev_regex_compile(of->pattern, strlen(of->pattern), EV_REGEX_BYTES, err);
	if (t->regex == NULL)
		ev_pattern_free(&t);
	else
		t->time = group_of(t->regex, of->time);
	return t;
}

void ev_pattern_free(struct ev_pattern **pattern)
{
	if (*pattern == NULL)
		return;
	ev_regex_free(&(*pattern)->regex);
	free(*pattern);
	*pattern = NULL;
}

static bool is_number(const struct ev_builtin *of, const char *name)
{
	for (const char *const *n = of->numbers; *n != NULL; n++)
		if (strcmp(*n, name) == 0)
			return true;
	return false;
}

/* Appends the groups as members. */
static void put_groups(const struct ev_pattern *t, const struct ev_record *rec, struct ev_buf *o)
{
	size_t from, to;

	for (uint32_t g = 1; g <= ev_regex_groups(t->regex); g++) {
		const char *name = ev_regex_group_name(t->regex, g);

		if (!ev_regex_span(t->regex, g, &from, &to))
			continue;
		ev_buf_printf(o, ",\"%s\":", name);
		if (to - from == 1 && rec->p[from] == '-')
			ev_buf_puts(o, "null");
		else if (is_number(t->of, name))
			nginx_number(rec->p + from, to - from, o);
		else
			nginx_text(rec->p + from, to - from, o);
	}
}

enum ev_status ev_parse_by_pattern(struct ev_parse *p, const struct ev_record *rec,
				   struct ev_error *err)
{
	const struct ev_pattern *t = p->pattern;
	const size_t valid = ev_utf8_valid(rec->p, rec->len);
	struct ev_buf *o = &p->out;
	char time[26];
	size_t from, to;

	if (rec->cut)
		return ev_parse_cut(p, rec, err);
	if (valid != rec->len) {
		ev_reasons_reset(&p->why);
		p->why.code = "utf8";
		ev_reasons_add(&p->why, "column %zu: not UTF-8", valid + 1);
		return ev_parse_reject(p, rec, err);
	}
	if (!ev_regex_match(t->regex, rec->p, rec->len) ||
	    !ev_regex_span(t->regex, t->time, &from, &to) || !nginx_time(rec->p + from, time))
		return ev_parse_refuse(p, rec, "foreign",
				       "not a line of nginx's combined or main log", err);
	ev_buf_reset(o);
	ev_buf_puts(o, "{\"event_id\":");
	ev_parse_put_id(p, rec, o);
	ev_buf_printf(o, ",\"event_type\":\"%s\",\"event_timestamp\":\"%.25s\"", t->of->type, time);
	put_groups(t, rec, o);
	ev_parse_put_origin(p, rec, o);
	ev_buf_putc(o, '}');
	return ev_port_line(p->port, o->p, o->len, err);
}

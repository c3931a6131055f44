#include "base/utf8.h"
#include "version/show.h"
#include "json/write.h"

#include <inttypes.h>

enum { MOST_DIGITS = 40, LABEL = 13, WIDTH = 80 };

void ev_version_print(const char *p, size_t len, struct ev_buf *out)
{
	const char *end = p + len;

	while (p < end)
		out->len +=
			ev_utf8_show(&p, (size_t)(end - p), ev_buf_room(out, EV_UTF8_SHOWN + 1));
}

static void print_text(const char *text, struct ev_buf *out)
{
	ev_version_print(text, strlen(text), out);
}

/* Begins a line. */
static void label(const char *name, struct ev_buf *out)
{
	ev_buf_printf(out, "  %-*s", LABEL - 2, name);
}

/* Text for people */

static void text_place(const struct ev_version_shown_place *p, struct ev_buf *out)
{
	label(ev_version_how_names[p->how], out);
	if (p->how != EV_VERSION_HOW_AGAIN)
		ev_buf_printf(out, "commit %" PRIu64 ", ", p->commit);
	ev_buf_puts(out, "batch ");
	print_text(p->batch, out);
	ev_buf_putc(out, '\n');
	if (p->how == EV_VERSION_HOW_RETRACTED)
		return;
	label("", out);
	print_text(p->source, out);
	ev_buf_printf(out, " line %" PRIu64, p->line);
	if (p->offset != EV_NO_OFFSET)
		ev_buf_printf(out, ", offset %" PRIu64, p->offset);
	ev_buf_putc(out, '\n');
}

/* Wraps words at the width of a terminal, from column *at on; a longer word has its own line. */
static void put_words(const char *text, size_t *at, struct ev_buf *out)
{
	struct ev_buf word = {0};

	while (*text != '\0') {
		const size_t len = strcspn(text, " ");
		size_t wide;

		ev_buf_reset(&word);
		ev_version_print(text, len, &word);
		wide = ev_utf8_count(word.p, word.len);
		if (*at > LABEL && *at + 1 + wide > WIDTH) {
			ev_buf_printf(out, "\n%*s", LABEL, "");
			*at = LABEL;
		} else if (*at > LABEL) {
			ev_buf_putc(out, ' ');
			++*at;
		}
		ev_buf_put(out, word.p, word.len);
		*at += wide;
		text += len;
		text += strspn(text, " ");
	}
	ev_buf_free(&word);
}

static void text_reason(const struct ev_reason *r, size_t at, struct ev_buf *out)
{
	const char *const before[] = {r->rule, r->path};

	for (int i = 0; i < 2; i++) {
		if (before[i] == NULL || before[i][0] == '\0')
			continue;
		put_words(before[i], &at, out);
		ev_buf_putc(out, ':');
		at++;
	}
	put_words(r->message, &at, out);
	ev_buf_putc(out, '\n');
	if (r->explain == NULL)
		return;
	label("", out);
	at = LABEL;
	put_words(r->explain, &at, out);
	ev_buf_putc(out, '\n');
}

static void text_outcome(const struct ev_version_shown *s, struct ev_buf *out)
{
	label("outcome", out);
	ev_buf_puts(out, s->outcome);
	for (size_t i = 0; i < s->n_reasons; i++) {
		if (i > 0)
			label("", out);
		else
			ev_buf_putc(out, ':');
		text_reason(&s->reasons[i], i > 0 ? LABEL : LABEL + strlen(s->outcome) + 1, out);
	}
	if (s->k == 0) {
		ev_buf_puts(out, s->n_reasons > 0 ? "" : "\n");
		return;
	}
	ev_buf_printf(out, " %" PRIu64 ", %s%s\n", s->k, s->deleted ? "a tombstone, " : "",
		      s->to != NULL ? "superseded"
		      : s->deleted  ? "the event is deleted"
				    : "current");
	label("valid", out);
	ev_buf_printf(out, "from %s", s->from);
	if (s->to != NULL)
		ev_buf_printf(out, " to %s", s->to);
	ev_buf_putc(out, '\n');
}

void ev_version_shown_text(const struct ev_version_shown *s, struct ev_buf *out)
{
	if (s->nth == 1) {
		ev_buf_puts(out, "event ");
		ev_version_print(s->id, s->id_len, out);
		ev_buf_puts(out, "\n\n");
	}
	ev_buf_printf(out, "record %" PRIu64 " of %" PRIu64 ": %s", s->nth, s->of, s->op);
	if (s->version != NULL) {
		ev_buf_puts(out, ", version ");
		ev_version_print(s->version,
				 s->version_len < MOST_DIGITS ? s->version_len : MOST_DIGITS, out);
		ev_buf_puts(out, s->version_len > MOST_DIGITS ? "..." : "");
	}
	ev_buf_printf(out, ", %s\n", s->time);
	for (size_t i = 0; i < s->n_places; i++)
		text_place(&s->places[i], out);
	text_outcome(s, out);
	ev_buf_puts(out, "  ");
	ev_version_print(s->line, s->len, out);
	ev_buf_puts(out, "\n\n");
}

void ev_version_shown_stands(const struct ev_version_shown *newest, struct ev_buf *out)
{
	if (newest == NULL)
		ev_buf_puts(out, "in the tables: nothing, for no record is a version\n");
	else if (newest->deleted)
		ev_buf_printf(out, "in the tables: deleted since %s\n", newest->from);
	else
		ev_buf_printf(out, "in the tables: version %" PRIu64 " is current, since %s\n",
			      newest->k, newest->from);
}

/* JSON */

/* Appends a JSON string in which nothing can steer a terminal. */
static void quote(const char *p, size_t len, struct ev_buf *out)
{
	const char *end = p + len;

	ev_buf_putc(out, '"');
	while (p < end) {
		const char *from = p;
		uint32_t cp = ev_utf8_next(&p);

		if (cp == '"' || cp == '\\') {
			ev_buf_putc(out, '\\');
			ev_buf_putc(out, (char)cp);
		} else if (ev_utf8_is_visible(cp)) {
			ev_buf_put(out, from, (size_t)(p - from));
		} else if (cp < 0x10000) {
			ev_buf_printf(out, "\\u%04" PRIx32, cp);
		} else {
			cp -= 0x10000;
			ev_buf_printf(out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + (cp >> 10),
				      0xdc00 + (cp & 0x3ff));
		}
	}
	ev_buf_putc(out, '"');
}

/* Appends "name":"text" unless text is NULL. */
static void member(const char *name, const char *text, struct ev_buf *out)
{
	if (text == NULL)
		return;
	ev_json_name(out, name);
	quote(text, strlen(text), out);
}

static void json_place(const struct ev_version_shown_place *p, struct ev_buf *out)
{
	ev_buf_putc(out, '{');
	member("how", ev_version_how_names[p->how], out);
	ev_json_u64(out, "commit", p->commit);
	member("batch", p->batch, out);
	member("source", p->source, out);
	ev_json_u64(out, "line", p->line);
	if (p->offset != EV_NO_OFFSET)
		ev_json_u64(out, "offset", p->offset);
	ev_buf_putc(out, '}');
}

static void json_reason(const struct ev_reason *r, struct ev_buf *out)
{
	ev_buf_putc(out, '{');
	member("rule", r->rule, out);
	member("path", r->path, out);
	member("keyword", r->keyword, out);
	member("message", r->message, out);
	member("explain", r->explain, out);
	ev_buf_putc(out, '}');
}

void ev_version_shown_json(const struct ev_version_shown *s, struct ev_buf *out)
{
	ev_buf_puts(out, "{\"owner\":");
	quote(s->id, s->id_len, out);
	ev_json_u64(out, "record", s->nth);
	member("op", s->op, out);
	member("time", s->time, out);
	if (s->version != NULL) {
		ev_buf_puts(out, ",\"number\":");
		quote(s->version, s->version_len, out);
	}
	ev_buf_puts(out, ",\"history\":[");
	for (size_t i = 0; i < s->n_places; i++) {
		ev_json_name(out, NULL);
		json_place(&s->places[i], out);
	}
	ev_buf_putc(out, ']');
	member("outcome", s->outcome, out);
	ev_buf_puts(out, ",\"reasons\":[");
	for (size_t i = 0; i < s->n_reasons; i++) {
		ev_json_name(out, NULL);
		json_reason(&s->reasons[i], out);
	}
	ev_buf_putc(out, ']');
	if (s->k > 0) {
		bool current = s->to == NULL && !s->deleted;

		ev_json_u64(out, "version", s->k);
		member("valid_from", s->from, out);
		if (s->to != NULL)
			member("valid_to", s->to, out);
		else
			ev_buf_puts(out, ",\"valid_to\":null");
		ev_json_bool(out, "current", current);
		ev_json_bool(out, "deleted", s->deleted);
	}
	ev_buf_puts(out, ",\"raw\":");
	quote(s->line, s->len, out);
	ev_buf_puts(out, "}\n");
}

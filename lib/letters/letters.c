#include "letters/letters.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "record/event.h"
#include "record/position.h"
#include "scan/form.h"
#include "json/view.h"
#include "json/write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { RAW_SHOWN = 2000 };

struct choice {
	const char **texts;
	size_t n;
};

struct ev_letters {
	struct ev_scan *scan, *records; /* of letters, and of the records in them */
	struct ev_letter letter;
	struct ev_buf origin, raw, scratch;
	struct choice choices[EV_LETTER_CHOICES];
};

struct ev_letters *ev_letters_new(void)
{
	struct ev_letters *l = ev_calloc(1, sizeof *l);

	l->scan = ev_scan_new();
	l->records = ev_scan_new();
	return l;
}

void ev_letters_free(struct ev_letters **l)
{
	if (*l == NULL)
		return;
	ev_scan_free(&(*l)->scan);
	ev_scan_free(&(*l)->records);
	ev_reasons_free(&(*l)->letter.why);
	ev_buf_free(&(*l)->origin);
	ev_buf_free(&(*l)->raw);
	ev_buf_free(&(*l)->scratch);
	for (size_t i = 0; i < EV_LETTER_CHOICES; i++)
		free((*l)->choices[i].texts);
	free(*l);
	*l = NULL;
}

/* Choices */

void ev_letters_choose(struct ev_letters *l, enum ev_letter_choice kind, const char *text)
{
	struct choice *c = &l->choices[kind];

	c->texts = ev_realloc_array(c->texts, c->n + 1, sizeof *c->texts);
	c->texts[c->n++] = text;
}

/* Whether the text is among them, or none are given. */
static bool fits(const struct choice *c, const char *text)
{
	for (size_t i = 0; i < c->n; i++)
		if (text != NULL && strcmp(c->texts[i], text) == 0)
			return true;
	return c->n == 0;
}

static bool is_chosen(const struct ev_letters *l, const struct ev_letter *letter)
{
	const struct choice *rules = &l->choices[EV_LETTER_RULE];
	bool ruled = rules->n == 0;
	char line[24];

	snprintf(line, sizeof line, "%" PRIu64, letter->line);
	for (size_t i = 0; i < letter->why.n && !ruled; i++)
		ruled = fits(rules, letter->why.list[i].rule);
	return ruled && fits(&l->choices[EV_LETTER_CODE], letter->why.code) &&
	       fits(&l->choices[EV_LETTER_STAGE], letter->stage) &&
	       fits(&l->choices[EV_LETTER_SOURCE], letter->source) &&
	       fits(&l->choices[EV_LETTER_LINE], line);
}

/* Reading */

/* A member's text, in the arena; or NULL. */
static const char *text_of(struct ev_letters *l, const struct ev_doc *d, uint32_t object,
			   const char *name)
{
	uint32_t at = ev_member(d, object, name, strlen(name));
	const char *p;
	size_t len;

	if (at == EV_NOWHERE || ev_kind(d, at) != EV_STRING)
		return NULL;
	p = ev_string(d, at, &l->scratch, &len);
	return ev_reasons_copy(&l->letter.why, p, len);
}

static bool read_reasons(struct ev_letters *l, const struct ev_doc *d, uint32_t reject)
{
	uint32_t list = ev_member(d, reject, "reasons", 7);

	if (list == EV_NOWHERE || ev_kind(d, list) != EV_ARRAY)
		return false;
	for (uint32_t i = ev_first(d, list); i < ev_end(d, list); i = ev_next(d, i)) {
		const char *message = text_of(l, d, i, "message");
		struct ev_reason *reason;

		if (message == NULL)
			return false;
		reason = ev_reasons_add(&l->letter.why, "%s", message);
		reason->rule = text_of(l, d, i, "rule");
		reason->path = text_of(l, d, i, "path");
		reason->keyword = text_of(l, d, i, "keyword");
		reason->explain = text_of(l, d, i, "explain");
	}
	return true;
}

static bool read_origin(struct ev_letters *l, const struct ev_doc *d, uint32_t reject)
{
	static const char *const names[] = {"source", "line", "offset"};
	struct ev_letter *letter = &l->letter;
	struct ev_buf *o = &l->origin;

	letter->source = text_of(l, d, reject, "source");
	if (letter->source == NULL || !ev_state_u64(d, reject, "line", &letter->line))
		return false;
	if (!ev_state_u64(d, reject, "offset", &letter->offset))
		letter->offset = EV_NO_OFFSET;
	ev_buf_reset(o);
	ev_buf_putc(o, '{');
	for (size_t i = 0; i < 2 + (letter->offset != EV_NO_OFFSET); i++) {
		uint32_t at = ev_member(d, reject, names[i], strlen(names[i]));
		const char *p;
		size_t len;

		p = ev_raw(d, at, &len);
		ev_json_raw(o, names[i], p, len);
	}
	ev_buf_putc(o, '}');
	letter->origin = o->p;
	letter->origin_len = o->len;
	return true;
}

/* The record is the second member. */
static bool read_raw(struct ev_letters *l, const struct ev_doc *d, uint32_t reserved)
{
	uint32_t at = ev_member(d, 0, "raw", 3), base64 = ev_member(d, 0, "raw_base64", 10);
	uint32_t any = at != EV_NOWHERE ? at : base64;
	struct ev_letter *letter = &l->letter;
	size_t len;
	const char *p;

	if ((at == EV_NOWHERE) == (base64 == EV_NOWHERE) || ev_kind(d, any) != EV_STRING ||
	    any < reserved)
		return false;
	letter->text = d->text;
	letter->text_len = d->len;
	letter->head_len = d->nodes[any - 1].pos;
	ev_buf_reset(&l->raw);
	if (at != EV_NOWHERE) {
		p = ev_string(d, at, &l->scratch, &len);
		ev_buf_put(&l->raw, p, len);
	} else {
		p = ev_raw(d, base64, &len);
		if (!ev_unbase64(p + 1, len - 2, &l->raw))
			return false;
	}
	memset(ev_buf_room(&l->raw, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	letter->raw = l->raw.p;
	letter->raw_len = l->raw.len;
	return true;
}

static bool read_letter(struct ev_letters *l, const struct ev_doc *d)
{
	struct ev_letter *letter = &l->letter;
	uint32_t reserved, reject;

	if (d == NULL || ev_kind(d, 0) != EV_OBJECT || d->duplicate != EV_NOWHERE)
		return false;
	reserved = ev_member(d, 0, "_ev", 3);
	if (reserved == EV_NOWHERE || ev_kind(d, reserved) != EV_OBJECT)
		return false;
	reject = ev_member(d, reserved, "reject", 6);
	if (reject == EV_NOWHERE || ev_kind(d, reject) != EV_OBJECT)
		return false;
	letter->stage = text_of(l, d, reject, "stage");
	letter->why.code = text_of(l, d, reject, "code");
	return letter->stage != NULL && letter->why.code != NULL && read_origin(l, d, reject) &&
	       read_reasons(l, d, reject) && d->nodes[0].count == 2 && read_raw(l, d, reserved);
}

enum ev_status ev_letters_read(struct ev_letters *l, const struct ev_record *rec,
			       struct ev_letter **letter, struct ev_error *err)
{
	struct ev_flaw flaw;

	ev_reasons_clear(&l->letter.why);
	if (!read_letter(l, ev_scan_line(l->scan, rec->index, rec->nth, rec->len, &flaw)))
		return ev_fail(err,
			       "%s:%" PRIu64 ": is no line of a rejects file: name what a program "
			       "wrote by -r",
			       rec->source, rec->line);
	*letter = &l->letter;
	return is_chosen(l, *letter) ? EV_OK : EV_REJECT;
}

/* Writing */

void ev_letter_print(const char *p, size_t len, struct ev_buf *out)
{
	const char *end = p + len;

	while (p < end)
		out->len +=
			ev_utf8_show(&p, (size_t)(end - p), ev_buf_room(out, EV_UTF8_SHOWN + 1));
}

static void print_text(const char *text, struct ev_buf *out)
{
	ev_letter_print(text, strlen(text), out);
}

void ev_letter_show(const struct ev_letter *letter, struct ev_buf *out)
{
	size_t shown = letter->raw_len < RAW_SHOWN ? letter->raw_len : RAW_SHOWN;

	print_text(letter->source, out);
	ev_buf_printf(out, ":%" PRIu64 ": ", letter->line);
	print_text(letter->stage, out);
	ev_buf_puts(out, ": ");
	print_text(letter->why.code, out);
	ev_buf_putc(out, '\n');
	for (size_t i = 0; i < letter->why.n; i++) {
		const struct ev_reason *r = &letter->why.list[i];
		const char *const before[] = {r->rule, r->path};

		ev_buf_puts(out, "  ");
		for (size_t k = 0; k < 2; k++) {
			if (before[k] == NULL || before[k][0] == '\0')
				continue;
			print_text(before[k], out);
			ev_buf_puts(out, ": ");
		}
		print_text(r->message, out);
		ev_buf_putc(out, '\n');
		if (r->explain == NULL)
			continue;
		ev_buf_puts(out, "    ");
		print_text(r->explain, out);
		ev_buf_putc(out, '\n');
	}
	ev_buf_puts(out, "  ");
	if (shown < letter->raw_len &&
	    ev_utf8_valid(letter->raw, letter->raw_len) == letter->raw_len)
		shown = ev_utf8_cut(letter->raw, letter->raw_len, shown);
	ev_letter_print(letter->raw, shown, out);
	if (shown < letter->raw_len)
		ev_buf_printf(out, "... (%zu bytes in all)", letter->raw_len);
	ev_buf_puts(out, "\n\n");
}

void ev_letter_copy(const struct ev_letter *letter, struct ev_buf *out)
{
	ev_buf_put(out, letter->text, letter->text_len);
}

void ev_letter_write(const struct ev_letter *letter, const char *raw, size_t len,
		     struct ev_buf *out)
{
	ev_buf_put(out, letter->text, letter->head_len);
	ev_buf_puts(out, "\"raw\":");
	ev_json_quote(raw, len, out);
	ev_buf_putc(out, '}');
}

bool ev_letters_replay(struct ev_letters *l, const struct ev_letter *letter, struct ev_buf *out)
{
	struct ev_flaw flaw;
	const struct ev_doc *d = ev_scan(l->records, letter->raw, letter->raw_len, &flaw);

	/* What bore the name from outside does so still. Any other was written by a program. */
	if (strcmp(letter->why.code, "reserved") == 0 || d == NULL || ev_kind(d, 0) != EV_OBJECT ||
	    d->duplicate != EV_NOWHERE) {
		if (d != NULL && memchr(letter->raw, '\n', letter->raw_len) != NULL)
			ev_json_flat(letter->raw, letter->raw_len, out);
		else
			ev_buf_put(out, letter->raw, letter->raw_len);
		return false;
	}
	ev_buf_reset(&l->scratch);
	ev_buf_puts(&l->scratch, "{\"origin\":");
	ev_buf_put(&l->scratch, letter->origin, letter->origin_len);
	ev_buf_putc(&l->scratch, '}');
	ev_event_write(d, ev_member(d, 0, "_ev", 3), l->scratch.p, l->scratch.len, out);
	return true;
}

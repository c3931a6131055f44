/*
 * Editing: libjq makes the new record, and beside it spells the old one anew. Where the two are the
 * same, the bytes of the old record stay; so no digit is lost that the program did not touch.
 */
#include "base/mem.h"
#include "expr/expr.h"
#include "expr/jq.h"
#include "letters/letters.h"
#include "json/view.h"

#include <stdlib.h>

enum { MOST_DIGITS = 15 }; /* that a double holds of any number */

struct ev_letter_edit {
	struct ev_jq *jq;
	struct ev_scan *scan, *made; /* of the record, and of what libjq makes */
	struct ev_buf outputs;
	/* One edit */
	const struct ev_doc *old, *new;
	struct ev_buf *out, *why;
};

struct ev_letter_edit *ev_letter_edit_new(const char *program, struct ev_error *err)
{
	struct ev_letter_edit *e = ev_calloc(1, sizeof *e);
	struct ev_buf text = {0};

	/* The line's end ends a comment. */
	ev_buf_printf(&text, "[., (%s\n)]", program);
	if (ev_expr_is_closed(program, err))
		e->jq = ev_jq_compile(ev_buf_str(&text), err);
	ev_buf_free(&text);
	e->scan = ev_scan_new();
	e->made = ev_scan_new();
	if (e->jq == NULL)
		ev_letter_edit_free(&e);
	return e;
}

void ev_letter_edit_free(struct ev_letter_edit **e)
{
	if (*e == NULL)
		return;
	ev_jq_free(&(*e)->jq);
	ev_scan_free(&(*e)->scan);
	ev_scan_free(&(*e)->made);
	ev_buf_free(&(*e)->outputs);
	free(*e);
	*e = NULL;
}

static bool is_same(const struct ev_doc *d, uint32_t a, uint32_t b)
{
	size_t a_len, b_len;
	const char *p = ev_raw(d, a, &a_len), *q = ev_raw(d, b, &b_len);

	return a_len == b_len && memcmp(p, q, a_len) == 0;
}

/* Whether libjq may have lost digits of it. */
static bool is_long(const char *p, size_t len)
{
	size_t digits = 0, zeros = 0;

	for (size_t i = 0; i < len && (p[i] | 0x20) != 'e'; i++) {
		if (p[i] < '0' || p[i] > '9')
			continue;
		zeros = p[i] == '0' ? zeros + 1 : 0;
		digits += p[i] != '0' || digits > 0;
	}
	return digits > MOST_DIGITS + zeros;
}

/* A value that the program made. */
static bool put_new(struct ev_letter_edit *e, uint32_t at)
{
	const struct ev_doc *d = e->new;
	const char *p;
	size_t len;

	for (uint32_t i = at; i < d->nodes[at].next; i++) {
		p = ev_raw(d, i, &len);
		if (ev_kind(d, i) != EV_NUMBER || !is_long(p, len))
			continue;
		ev_buf_puts(e->why, "the outcome has a number whose digits libjq does not hold: ");
		ev_buf_put(e->why, p, len);
		return false;
	}
	p = ev_raw(d, at, &len);
	ev_buf_put(e->out, p, len);
	return true;
}

/*
 * What stands in value `in` of a document where the k-th value stands in an object or array of the
 * outcome: by its name there, or, without one (EV_NOWHERE), by its place.
 */
static uint32_t counterpart(const struct ev_letter_edit *e, const struct ev_doc *d, uint32_t in,
			    uint32_t name, size_t k)
{
	struct ev_buf scratch = {0};
	uint32_t at;
	size_t len;
	const char *p;

	if (name == EV_NOWHERE)
		return ev_element(d, in, (int64_t)k);
	p = ev_string(e->new, name, &scratch, &len);
	at = ev_member(d, in, p, len);
	ev_buf_free(&scratch);
	return at;
}

/* Appends value `at` of the outcome. old: its counterpart in the record; echo: libjq's spelling. */
static bool put(struct ev_letter_edit *e, uint32_t at, uint32_t old, uint32_t echo)
{
	const struct ev_doc *d = e->new;
	bool object = ev_kind(d, at) == EV_OBJECT;
	uint32_t name = EV_NOWHERE;
	size_t k = 0, len;
	const char *p;

	if (old == EV_NOWHERE || echo == EV_NOWHERE)
		return put_new(e, at);
	if (is_same(d, at, echo)) {
		p = ev_raw(e->old, old, &len);
		ev_buf_put(e->out, p, len);
		return true;
	}
	if ((!object && ev_kind(d, at) != EV_ARRAY) || ev_kind(d, at) != ev_kind(d, echo))
		return put_new(e, at);
	ev_buf_putc(e->out, object ? '{' : '[');
	for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i), k++) {
		if (k > 0)
			ev_buf_putc(e->out, ',');
		if (object) {
			p = ev_raw(d, i, &len);
			ev_buf_put(e->out, p, len);
			ev_buf_putc(e->out, ':');
			name = i++;
		}
		if (!put(e, i, counterpart(e, e->old, old, name, k),
			 counterpart(e, d, echo, name, k)))
			return false;
	}
	ev_buf_putc(e->out, object ? '}' : ']');
	return true;
}

static enum ev_status refuse(struct ev_buf *why, const char *what)
{
	ev_buf_puts(why, what);
	return EV_REJECT;
}

enum ev_status ev_letter_edit(struct ev_letter_edit *e, const struct ev_letter *letter,
			      struct ev_buf *out, struct ev_buf *why)
{
	struct ev_flaw flaw;
	uint32_t echo, made;

	e->old = ev_scan(e->scan, letter->raw, letter->raw_len, &flaw);
	if (e->old == NULL || ev_kind(e->old, 0) != EV_OBJECT)
		return refuse(why, "the record is no JSON object");
	if (e->old->duplicate != EV_NOWHERE)
		return refuse(why, "a name stands twice in the record, of which jq keeps one");
	ev_buf_reset(&e->outputs);
	if (ev_jq_run(e->jq, letter->raw, letter->raw_len, &e->outputs, why) != EV_OK)
		return EV_REJECT;
	memset(ev_buf_room(&e->outputs, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	e->new = ev_scan(e->made, e->outputs.p, e->outputs.len, &flaw);
	if (e->new == NULL || ev_kind(e->new, 0) != EV_ARRAY || e->new->nodes[0].count != 2)
		return refuse(why, "the expression has no output, or several");
	echo = ev_first(e->new, 0);
	made = ev_next(e->new, echo);
	if (is_same(e->new, made, echo))
		return EV_EOF;
	if (ev_kind(e->new, made) != EV_OBJECT)
		return refuse(why, "the outcome is no JSON object");
	e->out = out;
	e->why = why;
	return put(e, made, 0, echo) ? EV_OK : EV_REJECT;
}

/* A bad record as the page shows it: by lines, its bad value marked, without what is hidden. */
#include "report/internal.h"

#include "base/utf8.h"
#include "json/excerpt.h"

#include <stdlib.h>

enum {
	FLAT = 72,   /* bytes of a value that stays on one line */
	LONG = 4000, /* bytes of a record that is shown whole */
};

struct sample {
	struct ev_buf *b;
	const struct ev_doc *d;
	const bool *hidden;
	uint32_t marked; /* the bad value, or EV_NOWHERE */
	bool cut;	 /* it is an excerpt: EV_EXCERPT_GAP stands for what was left out */
};

static bool ascii(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)p[i] >= 0x80)
			return false;
	return true;
}

static bool is_gap(const struct ev_doc *d, uint32_t i)
{
	return ev_kind(d, i) == EV_STRING &&
	       ev_string_is(d, i, EV_EXCERPT_GAP, strlen(EV_EXCERPT_GAP));
}

/* A name, decoded: what cannot be seen is escaped by the page. */
static void put_member(struct sample *s, uint32_t i)
{
	struct ev_buf scratch = {0};
	struct ev_report_text t;

	t.p = ev_string(s->d, i, &scratch, &t.len);
	if (ascii(t.p, t.len))
		PUT(s->b, "&quot;{}&quot;: ", ESCAPED(t, REPORT_ALL));
	else
		PUT(s->b, "&quot;{}&quot;: ", DATA(t, REPORT_ALL));
	ev_buf_free(&scratch);
}

static void put_raw(struct sample *s, uint32_t i)
{
	size_t len;
	const char *p = ev_raw(s->d, i, &len);

	if (s->cut && is_gap(s->d, i)) {
		ev_buf_puts(s->b, EV_EXCERPT_GAP);
		return;
	}
	/* A string of another direction must not reorder what stands around it. */
	if (ascii(p, len))
		ev_report_escape(s->b, p, len, REPORT_ALL);
	else
		ev_report_data(s->b, (struct ev_report_text){p, len}, REPORT_ALL);
}

static void indent(struct sample *s, size_t depth)
{
	ev_buf_putc(s->b, '\n');
	for (size_t i = 0; i < depth && i < 40; i++)
		ev_buf_puts(s->b, "  ");
}

/* Whether the value can stand on one line, as its bytes are. */
static bool fits_a_line(const struct sample *s, uint32_t i)
{
	size_t len;
	const char *p = ev_raw(s->d, i, &len);

	for (uint32_t k = i; k < s->d->nodes[i].next; k++)
		if (s->hidden[k] || k == s->marked || (s->cut && is_gap(s->d, k)))
			return false;
	return len <= FLAT && ascii(p, len);
}

static void put_node(struct sample *s, uint32_t i, size_t depth);

static void put_inside(struct sample *s, uint32_t i, size_t depth)
{
	const struct ev_doc *d = s->d;
	bool object = ev_kind(d, i) == EV_OBJECT;

	ev_buf_putc(s->b, object ? '{' : '[');
	for (uint32_t k = ev_first(d, i); k < ev_end(d, i);) {
		if (k > ev_first(d, i))
			ev_buf_putc(s->b, ',');
		indent(s, depth + 1);
		if (object && !(s->cut && is_gap(d, k)))
			put_member(s, k);
		k += object;
		put_node(s, k, depth + 1);
		k = ev_next(d, k);
	}
	if (ev_first(d, i) < ev_end(d, i))
		indent(s, depth);
	ev_buf_putc(s->b, object ? '}' : ']');
}

/* The record with line breaks and indents; every value as it is spelt. */
static void put_node(struct sample *s, uint32_t i, size_t depth)
{
	ev_buf_puts(s->b, i == s->marked ? "<mark>" : "");
	if (s->hidden[i])
		ev_buf_puts(s->b, REPORT_REDACTED);
	else if (ev_kind(s->d, i) >= EV_ARRAY && !(i > 0 && fits_a_line(s, i)))
		put_inside(s, i, depth);
	else
		put_raw(s, i);
	ev_buf_puts(s->b, i == s->marked ? "</mark>" : "");
}

/* The value at a JSON Pointer. */
static uint32_t resolve(const struct ev_doc *d, struct ev_report_text pointer)
{
	struct ev_buf name = {0};
	uint32_t at = 0;

	while (at != EV_NOWHERE && ev_report_pointer_next(&pointer, &name)) {
		const char *text = ev_buf_str(&name);
		unsigned long index = strtoul(text, NULL, 10);
		uint32_t k = ev_first(d, at);

		if (ev_kind(d, at) != EV_ARRAY) {
			at = ev_member(d, at, text, name.len);
			continue;
		}
		for (; k < ev_end(d, at) && index > 0; index--)
			k = ev_next(d, k);
		at = k < ev_end(d, at) && name.len > 0 ? k : EV_NOWHERE;
	}
	ev_buf_free(&name);
	return at;
}

/* A text that is no JSON, with its fault marked. */
static void put_text(struct ev_buf *b, struct ev_report_text raw, uint64_t at)
{
	struct ev_report_text rest;
	const char *end;

	if (at >= raw.len) {
		ev_report_data(b, raw, REPORT_ALL);
		return;
	}
	while (at > 0 && ((unsigned char)raw.p[at] & 0xc0) == 0x80)
		at--;
	end = raw.p + at;
	ev_utf8_next(&end);
	rest = (struct ev_report_text){end, (size_t)(raw.p + raw.len - end)};
	PUT(b, "{}<mark>{}</mark>{}", DATA(((struct ev_report_text){raw.p, at}), REPORT_ALL),
	    DATA(((struct ev_report_text){raw.p + at, (size_t)(end - raw.p - (ptrdiff_t)at)}),
		 REPORT_ALL),
	    DATA(rest, REPORT_ALL));
}

/* The record of a sample as it is shown: as JSON, cut around the bad value where it is long. */
struct shown {
	struct ev_buf text, path;
	const struct ev_doc *d; /* NULL: it is no JSON */
	uint64_t at;		/* the byte that is none, or REPORT_NOWHERE */
	bool cut;
};

static const struct ev_doc *scan(struct ev_report *r, struct shown *x, struct ev_flaw *flaw)
{
	memset(ev_buf_room(&x->text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	return ev_scan(r->scan, x->text.p, x->text.len, flaw);
}

/* any_text: it was not to be JSON. */
static void show(struct ev_report *r, const struct ev_report_sample *s, bool any_text,
		 struct shown *x)
{
	struct ev_report_text path = s->cut ? s->raw_path : s->path;
	struct ev_buf cut = {0}, at = {0};
	struct ev_flaw flaw;

	*x = (struct shown){.at = s->raw_at, .cut = s->cut};
	if (s->raw.p == NULL || s->raw.len == 0)
		return;
	ev_buf_put(&x->text, s->raw.p, s->raw.len);
	ev_buf_put(&x->path, path.p != NULL ? path.p : "", path.len);
	/* What was cut, but not as an excerpt, is no record. */
	if (!s->cut || s->raw_path.p != NULL)
		x->d = scan(r, x, &flaw);
	if (x->d == NULL && !s->cut && x->at == REPORT_NOWHERE && !any_text)
		x->at = flaw.at;
	if (x->d == NULL || s->raw.len <= LONG || s->cut ||
	    !ev_excerpt(x->d, ev_buf_str(&x->path), LONG, &cut, &at))
		return;
	ev_buf_free(&x->text);
	ev_buf_free(&x->path);
	x->text = cut;
	x->path = at;
	x->cut = true;
	x->d = scan(r, x, &flaw);
}

void ev_report_record(struct ev_buf *b, struct ev_report *r, const struct ev_report_cause *c,
		      bool *say)
{
	const struct ev_report_text raw = c->sample.raw;
	bool *hidden = NULL;
	struct shown x;

	show(r, &c->sample, ev_report_is(c->code, "foreign"), &x);
	if (x.d != NULL) {
		hidden = ev_malloc(x.d->n * sizeof *hidden);
		ev_report_hide(r, x.d, x.cut, hidden);
	}
	*say = ev_report_may_say(r, c, x.d, hidden);
	if (raw.p != NULL && raw.len == 0) {
		ev_buf_puts(b,
			    "<p>The record is too long to be shown here. The rejects file has it "
			    "whole.</p>");
	} else if (raw.p == NULL) {
		ev_buf_puts(b, "<p>The record is not UTF-8 text, so it cannot be shown here. The "
			       "rejects file has it whole.</p>");
	} else if (x.d == NULL && r->n_redact > 0) {
		ev_buf_puts(b, "<p>The record is " REPORT_REDACTED
			       ": it is not whole JSON, so the fields that must not be shown "
			       "cannot be told from the others.</p>");
	} else {
		struct sample s = {b, x.d, hidden, EV_NOWHERE, x.cut};

		if (x.d != NULL && x.path.len > 0)
			s.marked = resolve(x.d, (struct ev_report_text){x.path.p, x.path.len});
		ev_buf_puts(b, "<pre tabindex=\"0\" role=\"region\" aria-label=\"The record\">");
		if (x.d != NULL)
			put_node(&s, 0, 0);
		else
			put_text(b, raw, x.at);
		ev_buf_puts(b, "</pre>");
		if (x.cut)
			ev_buf_puts(b, "<p class=\"soft\">The record is long: \u2026 stands for "
				       "what is left out here. The rejects file has it whole.</p>");
	}
	free(hidden);
	ev_buf_free(&x.text);
	ev_buf_free(&x.path);
}

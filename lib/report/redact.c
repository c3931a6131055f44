/* What must not be shown: the values at the redacted paths, and the texts that might quote them. */
#include "report/internal.h"


#include <ctype.h>
#include <stdlib.h>

/* Whether a step of a redacted path and one of another path can lead to the same value. */
static bool meets(const struct ev_step *a, const struct ev_step *b)
{
	if (a->kind != EV_STEP_NAME && b->kind != EV_STEP_NAME)
		return true; /* elements of a list: an index in a pointer may stand for any */
	return a->kind == b->kind && a->len == b->len && ev_same(a->name, b->name, a->len);
}

static enum ev_report_reach reach(const struct ev_path *redact, const struct ev_step *steps,
				  size_t n)
{
	for (size_t i = 0; i < redact->n && i < n; i++)
		if (!meets(&redact->steps[i], &steps[i]))
			return REPORT_APART;
	return n >= redact->n ? REPORT_INSIDE : REPORT_AROUND;
}

static enum ev_report_reach reach_any(const struct ev_report *r, const struct ev_step *steps,
				      size_t n)
{
	enum ev_report_reach most = REPORT_APART;

	for (size_t i = 0; i < r->n_redact; i++) {
		enum ev_report_reach one = reach(r->redact[i], steps, n);

		if (one > most)
			most = one;
	}
	return most;
}

/* "*", or digits alone: an element of a list, though it could be a name too. */
static bool may_be_index(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isdigit((unsigned char)p[i]))
			return len == 1 && p[0] == '*';
	return len > 0;
}

enum ev_report_reach ev_report_reach_pointer(const struct ev_report *r,
					     struct ev_report_text pointer)
{
	struct ev_arena names = {0};
	struct ev_step *steps = NULL;
	struct ev_buf name = {0};
	size_t n = 0, cap = 0;
	enum ev_report_reach found;

	if (r->n_redact == 0)
		return REPORT_APART;
	while (ev_report_pointer_next(&pointer, &name)) {
		ev_grow(&steps, &cap, n + 1, sizeof *steps);
		steps[n++] = (struct ev_step){.kind = may_be_index(name.p, name.len) ? EV_STEP_EACH
										     : EV_STEP_NAME,
					      .name = ev_arena_copy(&names, name.p, name.len),
					      .len = name.len};
	}
	found = reach_any(r, steps, n);
	free(steps);
	ev_arena_free(&names);
	ev_buf_free(&name);
	return found;
}

/* column: a path of an expectation. */
static enum ev_report_reach reach_column(const struct ev_report *r, struct ev_report_text column)
{
	struct ev_path *path;
	struct ev_step name; /* of a column that is no path */
	struct ev_buf dotted = {0};
	struct ev_error err;
	enum ev_report_reach found;

	if (column.len == 0 || column.p[0] != '.')
		ev_buf_putc(&dotted, '.');
	ev_buf_put(&dotted, column.p, column.len);
	path = ev_path_parse(ev_buf_str(&dotted), &err);
	name = (struct ev_step){.kind = EV_STEP_NAME, .name = dotted.p + 1, .len = dotted.len - 1};
	found = path != NULL ? reach_any(r, path->steps, path->n) : reach_any(r, &name, 1);
	ev_path_free(&path);
	ev_buf_free(&dotted);
	return found;
}

/* Whether a step leads from a list to its element `index`, or from an object to this name. */
static bool leads(const struct ev_step *s, const struct ev_doc *d, uint32_t from, uint32_t at,
		  int64_t index, bool cut)
{
	if (ev_kind(d, from) == EV_OBJECT)
		return s->kind == EV_STEP_NAME && ev_string_is(d, at, s->name, s->len);
	return s->kind == EV_STEP_EACH || (s->kind == EV_STEP_INDEX && cut) ||
	       (s->kind == EV_STEP_INDEX &&
		(s->index == index || s->index + (int64_t)d->nodes[from].count == index));
}

/* open: a bit for each redacted path that leads to the value, by `depth` of its steps. */
static void hide(const struct ev_report *r, const struct ev_doc *d, uint32_t i, size_t depth,
		 uint64_t open, bool cut, bool *hidden)
{
	bool object = ev_kind(d, i) == EV_OBJECT;
	int64_t index = 0;

	for (size_t k = 0; k < r->n_redact; k++)
		if ((open >> k & 1) != 0 && r->redact[k]->n == depth)
			hidden[i] = true;
	/* All members of a name, for a record may have it twice. */
	for (uint32_t at = ev_first(d, i); at < ev_end(d, i); at = ev_next(d, at + object)) {
		uint64_t in = 0;

		for (size_t k = 0; k < r->n_redact; k++)
			if ((open >> k & 1) != 0 && depth < r->redact[k]->n &&
			    leads(&r->redact[k]->steps[depth], d, i, at, index, cut))
				in |= (uint64_t)1 << k;
		if (in != 0)
			hide(r, d, at + object, depth + 1, in, cut, hidden);
		index++;
	}
}

void ev_report_hide(const struct ev_report *r, const struct ev_doc *d, bool cut, bool *hidden)
{
	memset(hidden, 0, d->n * sizeof *hidden);
	if (r->n_redact > 0)
		hide(r, d, 0, 0, UINT64_MAX, cut, hidden);
	for (uint32_t i = 0; i < d->n;) {
		if (!hidden[i]) {
			i++;
			continue;
		}
		for (uint32_t k = i; k < d->nodes[i].next; k++)
			hidden[k] = true;
		i = d->nodes[i].next;
	}
}

/* Whether the text contains the bytes; if they are few, as a word of their own. */
static bool quotes(struct ev_report_text in, const char *p, size_t len)
{
	enum { SHORT = 4 };

	for (size_t i = 0; len > 0 && i + len <= in.len; i++) {
		if (memcmp(in.p + i, p, len) != 0)
			continue;
		if (len >= SHORT)
			return true;
		if ((i == 0 || !isalnum((unsigned char)in.p[i - 1])) &&
		    (i + len == in.len || !isalnum((unsigned char)in.p[i + len])))
			return true;
	}
	return false;
}

/* Whether the message has a scalar of the sample, as it is spelt or decoded, or its beginning. */
static bool quotes_node(struct ev_report_text message, const struct ev_doc *d, uint32_t i)
{
	enum { BEGINNING = 32 }; /* bytes; messages cut at 60 code points */
	bool string = ev_kind(d, i) == EV_STRING, found;
	struct ev_buf scratch = {0};
	const char *p;
	size_t len;

	if (!string && ev_kind(d, i) != EV_NUMBER)
		return false;
	p = ev_raw(d, i, &len) + string;
	len -= string ? 2 : 0;
	found = quotes(message, p, len < BEGINNING ? len : BEGINNING);
	if (!found && string) {
		p = ev_string(d, i, &scratch, &len);
		found = quotes(message, p, len < BEGINNING ? len : BEGINNING);
	}
	ev_buf_free(&scratch);
	return found;
}

/* Messages of these name members and numbers alone, so they may be about what is around. */
static bool quotes_nothing(struct ev_report_text keyword)
{
	static const char *const keywords[] = {
		"required",	 "dependentRequired", "additionalProperties",
		"minProperties", "maxProperties",     "unevaluatedProperties",
		"minItems",	 "maxItems",	      "contains",
		"minContains",	 "maxContains",	      "unevaluatedItems"};

	for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
		if (ev_report_is(keyword, keywords[i]))
			return true;
	return false;
}

bool ev_report_may_say(const struct ev_report *r, const struct ev_report_cause *c,
		       const struct ev_doc *d, const bool *hidden)
{
	enum ev_report_reach at;

	if (r->n_redact == 0)
		return true;
	if (c->sample.path.p == NULL && ev_report_is(c->code, "rule"))
		return false; /* a rule can speak of any field */
	/* The message may quote what the excerpt lacks, or a line of which no field is known. */
	if ((c->sample.cut && !quotes_nothing(c->keyword)) || (c->stage.p != NULL && d == NULL))
		return false;
	at = c->sample.path.p == NULL ? REPORT_APART : ev_report_reach_pointer(r, c->sample.path);
	if (at == REPORT_INSIDE || (at == REPORT_AROUND && !quotes_nothing(c->keyword)))
		return false;
	for (uint32_t i = 0; d != NULL && i < d->n; i++)
		if (hidden[i] && quotes_node(c->sample.message, d, i))
			return false;
	return true;
}

static bool is_shown_column(const struct ev_report *r, const struct ev_doc *d, uint32_t at)
{
	struct ev_buf scratch = {0};
	struct ev_report_text t;
	bool shown;

	if (at == EV_NOWHERE || ev_kind(d, at) != EV_STRING)
		return true;
	t.p = ev_string(d, at, &scratch, &t.len);
	shown = reach_column(r, t) == REPORT_APART;
	ev_buf_free(&scratch);
	return shown;
}

bool ev_report_may_show(const struct ev_report *r, const struct ev_doc *d,
			const struct ev_report_check *c)
{
	static const char *const columns[] = {"column", "column_A", "column_B"};
	uint32_t list = ev_report_at(d, c->kwargs, "column_list");
	bool may = true;

	for (size_t i = 0; i < sizeof columns / sizeof columns[0] && may; i++)
		may = is_shown_column(r, d, ev_report_at(d, c->kwargs, columns[i]));
	if (list != EV_NOWHERE)
		for (uint32_t i = ev_first(d, list); i < ev_end(d, list) && may; i = ev_next(d, i))
			may = is_shown_column(r, d, i);
	return may;
}

bool ev_report_may_add(const struct ev_report *r, const struct ev_report_amount *a)
{
	bool may = true;

	for (uint32_t i = ev_first(a->doc, a->columns); i < ev_end(a->doc, a->columns) && may;
	     i = ev_next(a->doc, i))
		may = is_shown_column(r, a->doc, i);
	return may;
}

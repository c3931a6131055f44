/* What was found, as the result file has it, and in a line for people. */
#include "base/utf8.h"
#include "expect/internal.h"
#include "scan/form.h"

enum { SHOWN = 120 }; /* the most bytes of a value in a line for people */

const char *const ev_expect_severities[] = {"critical", "warning", "info", NULL};

/* What could not be judged. */
static void put_trouble(const struct ev_expect *e, struct ev_buf *out)
{
	if (e->n.undecided > 0)
		ev_buf_printf(out, "row_condition could not be told for %llu events",
			      (unsigned long long)e->n.undecided);
	if (e->n.misfits > 0)
		ev_buf_printf(out, "%s%llu values %s", e->n.undecided > 0 ? "; " : "",
			      (unsigned long long)e->n.misfits, e->misfit);
}

/* Appends a text to a line for people, cut to a readable length. */
static void put_short(const char *p, size_t len, struct ev_buf *out)
{
	size_t cut = ev_utf8_cut(p, len, SHOWN);

	ev_buf_put(out, p, cut);
	ev_buf_puts(out, cut < len ? "..." : "");
}

static void put_expected_limit(const char *strictly, const char *or_equal,
			       const struct ev_expect_limit *l, bool strict, const char *before,
			       struct ev_buf *out)
{
	if (l->kind == LIMIT_NONE)
		return;
	ev_buf_printf(out, "%s%s ", before, strict ? strictly : or_equal);
	put_short(l->text, l->len, out);
}

static void put_expected(const struct ev_expect *e, struct ev_buf *out)
{
	const struct ev_expect_range *r = &e->range;
	bool min = r->min.kind != LIMIT_NONE;

	ev_buf_puts(out, "; wanted: ");
	if (!min && r->max.kind == LIMIT_NONE) {
		put_short(e->kwargs, strlen(e->kwargs), out);
		return;
	}
	if (min && r->min.len == r->max.len && memcmp(r->min.text, r->max.text, r->min.len) == 0) {
		ev_buf_puts(out, "exactly ");
		put_short(r->min.text, r->min.len, out);
		return;
	}
	put_expected_limit("more than", "at least", &r->min, r->strict_min, "", out);
	put_expected_limit("less than", "at most", &r->max, r->strict_max, min ? " and " : "", out);
	if (e->mostly != NULL)
		ev_buf_printf(out, ", in a share of %s", e->mostly);
}

/* Appends the observed value; false if the kind has none. */
static bool put_observed(const struct ev_expect *e, struct ev_buf *out)
{
	struct ev_buf text = {0};
	struct ev_flaw flaw;
	const struct ev_doc *d;
	uint32_t at = EV_NOWHERE;
	const char *p;
	size_t len;

	ev_buf_put(&text, e->result.p, e->result.len);
	memset(ev_buf_room(&text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	d = ev_scan(e->suite->scan, text.p, text.len, &flaw);
	if (d != NULL && ev_kind(d, 0) == EV_OBJECT)
		at = ev_member(d, 0, "observed_value", 14);
	if (at != EV_NOWHERE) {
		p = ev_raw(d, at, &len);
		ev_buf_puts(out, ": found ");
		put_short(p, len, out);
	}
	ev_buf_free(&text);
	return at != EV_NOWHERE;
}

static void put_found(const struct ev_expect *e, struct ev_buf *out)
{
	const struct ev_expect_sampled *first = &e->sample.list[0];

	if (e->n.unexpected > 0) {
		ev_buf_printf(out, ": %llu of %llu values", (unsigned long long)e->n.unexpected,
			      (unsigned long long)e->n.elements);
		if (e->sample.n > 0) {
			ev_buf_puts(out, ", the first ");
			put_short(first->value.p, first->value.len, out);
			ev_buf_printf(out, " at %s:%llu", first->pos.source,
				      (unsigned long long)first->pos.line);
		}
	} else if (e->n.undecided > 0 || e->n.misfits > 0 || !put_observed(e, out)) {
		ev_buf_puts(out, ": ");
		put_trouble(e, out);
		if (e->n.undecided == 0 && e->n.misfits == 0)
			ev_buf_printf(out, "of %llu values", (unsigned long long)e->n.elements);
	}
	put_expected(e, out);
}

void ev_suite_describe(const struct ev_suite *s, size_t i, struct ev_buf *out)
{
	static const char *const severities[] = {"", " (a warning)", " (for information)"};
	const struct ev_expect *e = &s->list[i];

	ev_buf_printf(out, "%s:%zu:%zu: %s", s->file, e->place.line, e->place.column,
		      e->kind->name);
	for (size_t k = 0; k < e->n_columns; k++)
		ev_buf_printf(out, "%s%s", k == 0 ? " of " : ", ",
			      ev_expect_column_of(e, k)->path->text);
	if (e->condition != NULL) {
		ev_buf_puts(out, " where ");
		put_short(e->condition->text, strlen(e->condition->text), out);
	}
	ev_buf_printf(out, " %s%s",
		      e->outcome == EV_EXPECT_FAIL ? "does not hold" : "cannot be told to hold",
		      severities[e->severity]);
	if (e->outcome == EV_EXPECT_FAIL) {
		put_found(e, out);
	} else if (e->error.len > 0) {
		ev_buf_puts(out, ": ");
		ev_buf_put(out, e->error.p, e->error.len);
	}
}

/* A member with JSON, or none for NULL. */
static void put_json_if_any(struct ev_buf *out, const char *name, const char *json)
{
	if (json != NULL)
		ev_json_raw(out, name, json, strlen(json));
}

/* A member with a buffer's JSON; null if it is empty. */
static void put_json(struct ev_buf *out, const char *name, const struct ev_buf *json)
{
	if (json->len > 0)
		ev_json_raw(out, name, json->p, json->len);
	else
		ev_json_text(out, name, NULL);
}

/* The same of a text. */
static void put_text(struct ev_buf *out, const char *name, const struct ev_buf *text)
{
	struct ev_buf json = {0};

	if (text->len > 0)
		ev_json_quote(text->p, text->len, &json);
	put_json(out, name, &json);
	ev_buf_free(&json);
}

void ev_suite_result(const struct ev_suite *s, size_t i, struct ev_buf *out)
{
	const struct ev_expect *e = &s->list[i];
	struct ev_buf trouble = {0};

	ev_buf_putc(out, '{');
	ev_json_bool(out, "success", e->outcome == EV_EXPECT_PASS);
	ev_json_open(out, "expectation_config", '{');
	ev_json_text(out, "type", e->kind->name);
	put_json_if_any(out, "kwargs", e->kwargs);
	put_json_if_any(out, "meta", e->meta != NULL ? e->meta : "{}");
	ev_json_text(out, "severity", ev_expect_severities[e->severity]);
	put_json_if_any(out, "id", e->id);
	put_json_if_any(out, "notes", e->notes);
	put_json_if_any(out, "description", e->description);
	ev_buf_putc(out, '}');
	ev_json_raw(out, "result", e->result.p, e->result.len);
	put_json_if_any(out, "meta", "{}");
	ev_json_open(out, "exception_info", '{');
	put_trouble(e, &trouble);
	ev_json_bool(out, "raised_exception", trouble.len > 0);
	put_text(out, "exception_message", &trouble);
	ev_json_text(out, "exception_traceback", NULL);
	ev_buf_puts(out, "}}");
	ev_buf_free(&trouble);
}

static void put_limit(const char *name, const struct ev_expect_limit *l, bool strict,
		      struct ev_buf *out)
{
	if (l->kind == LIMIT_NONE)
		return;
	ev_json_name(out, name);
	if (l->kind == LIMIT_NUMBER)
		ev_buf_put(out, l->text, l->len);
	else
		ev_json_quote(l->text, l->len, out);
	if (strict)
		ev_buf_printf(out, ",\"strict_%s\":true", name);
}

void ev_suite_extra(const struct ev_suite *s, size_t i, struct ev_buf *out)
{
	static const char *const outcomes[] = {"pass", "fail", "inconclusive"};
	const struct ev_expect *e = &s->list[i];
	const struct ev_expect_range *r = &e->range;

	ev_buf_putc(out, '{');
	ev_json_text(out, "verdict", outcomes[e->outcome]);
	ev_json_bool(out, "approximate", e->approximate);
	put_text(out, "error", &e->error);
	ev_json_text(out, "owner", e->owner);
	if (r->min.kind == LIMIT_NONE && r->max.kind == LIMIT_NONE && e->mostly == NULL) {
		ev_json_text(out, "limits", NULL);
	} else {
		ev_json_open(out, "limits", '{');
		put_limit("min", &r->min, r->strict_min, out);
		put_limit("max", &r->max, r->strict_max, out);
		put_json_if_any(out, "mostly", e->mostly);
		ev_buf_putc(out, '}');
	}
	put_json(out, "histogram", &e->histogram);
	ev_buf_putc(out, '}');
}

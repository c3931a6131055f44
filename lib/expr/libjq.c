/*
 * Values on their way to libjq and back. A number goes there only if a double holds it exactly and
 * libjq spells it as it stands, so that neither comparisons nor texts differ.
 */
#include "base/mem.h"
#include "expr/internal.h"
#include "expr/jq.h"
#include "number/decimal.h"
#include "regex/regex.h"
#include "scan/form.h"
#include "json/view.h"

#include <string.h>

enum {
	MOST_DIGITS = 15, /* that any double gives back */
	MOST_ZEROS = 3,	  /* between the point and the first digit, without an exponent in libjq */
	SHOWN = 40,	  /* bytes of a number in a message */
};

/* Whether a double is that integer, and no number of fewer digits is nearest to the same double. */
static bool whole_kept(int64_t v)
{
	const double held = (double)v;

	if ((int64_t)held != v)
		return false;
	for (int64_t unit = 10; v / unit >= ev_small_powers[MOST_DIGITS - 1]; unit *= 10) {
		int64_t low = v - v % unit;

		if (v != low && ((double)low == held || (double)(low + unit) == held))
			return false;
	}
	/* libjq takes an exponent for so many zeros */
	for (int zeros = 0; v % 10 == 0; v /= 10)
		if (++zeros > MOST_DIGITS)
			return false;
	return true;
}

bool ev_libjq_spells(const char *p, size_t len)
{
	const int64_t most = INT64_C(1) << 53;
	struct ev_small s;
	const char *point = memchr(p, '.', len);
	int64_t coef;

	if (!ev_small_read(p, len, &s) || memchr(p, 'e', len) != NULL ||
	    memchr(p, 'E', len) != NULL)
		return false;
	coef = s.coef < 0 ? -s.coef : s.coef;
	if (point == NULL)
		return s.exp == 0 && (coef <= most || whole_kept(coef));
	if (p[len - 1] == '0' || coef >= ev_small_powers[MOST_DIGITS] || -s.exp > EV_SMALL_DIGITS ||
	    (-s.exp > MOST_ZEROS && coef < ev_small_powers[-s.exp - MOST_ZEROS - 1]))
		return false;
	/* coef / 10^n is a fraction of a power of two if 5^n divides coef */
	for (int32_t n = -s.exp; n > 0; n--, coef /= 5)
		if (coef % 5 != 0)
			return false;
	return true;
}

static void put_lost(const char *p, size_t len, struct ev_buf *why)
{
	ev_buf_puts(why, "libjq, which this needs, would change the digits of ");
	ev_buf_put(why, p, len < SHOWN ? len : SHOWN);
	ev_buf_puts(why, len > SHOWN ? "..." : "");
}

bool ev_libjq_keeps(const struct ev_doc *d, uint32_t at, struct ev_buf *why)
{
	size_t from;

	for (uint32_t i = at; i < d->nodes[at].next; i++) {
		size_t len;
		const char *p;

		if (ev_kind(d, i) != EV_NUMBER)
			continue;
		p = ev_raw(d, i, &len);
		if (ev_libjq_spells(p, len))
			continue;
		put_lost(p, len, why);
		ev_buf_puts(why, " at ");
		from = why->len;
		ev_pointer(d, i, why);
		for (size_t k = from; k < why->len; k++)
			if ((unsigned char)why->p[k] < 0x20)
				why->p[k] = '?';
		return false;
	}
	return true;
}

/* From JSON */

static struct ev_expr_value copied(struct ev_expr_run *x, const struct ev_doc *d, uint32_t at)
{
	enum ev_kind kind = ev_kind(d, at);
	struct ev_expr_value v = {.kind = (uint8_t)kind, .form = EV_ITEMS};
	struct ev_buf scratch = {0};
	struct ev_expr_value *items;
	bool object = kind == EV_OBJECT;
	size_t len, k = 0;
	const char *p;

	switch (kind) {
	case EV_NUMBER:
		p = ev_raw(d, at, &len);
		return ev_expr_number_value(ev_arena_copy(&x->arena, p, len), len);
	case EV_STRING:
		p = ev_string(d, at, &scratch, &len);
		v = ev_expr_text(ev_arena_copy(&x->arena, p, len), len);
		ev_buf_free(&scratch);
		return v;
	case EV_ARRAY:
	case EV_OBJECT:
		v.n = d->nodes[at].count;
		items = ev_arena_alloc(&x->arena, ((size_t)v.n << object) * sizeof *items);
		v.items = items;
		for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i)) {
			if (object)
				items[k++] = copied(x, d, i++);
			items[k++] = copied(x, d, i);
		}
		return v;
	default: return ev_expr_bare(kind);
	}
}

bool ev_expr_value_parse(struct ev_expr_run *x, const char *p, size_t len,
			 struct ev_expr_value *out)
{
	struct ev_buf padded = {0};
	const struct ev_doc *d;
	struct ev_flaw flaw;
	bool good;

	if (x->scan == NULL)
		x->scan = ev_scan_new();
	ev_buf_put(&padded, p, len);
	memset(ev_buf_room(&padded, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	d = ev_scan(x->scan, padded.p, len, &flaw);
	good = d != NULL && d->duplicate == EV_NOWHERE;
	if (good) {
		ev_expr_spend(x, d->n + len / 8);
		*out = copied(x, d, 0);
	}
	ev_buf_free(&padded);
	return good;
}

/* To JSON */

/* A value of the record, as it stands. */
static enum ev_expr_flow put_kept(struct ev_expr_run *x, const struct ev_expr_value *v,
				  struct ev_buf *out)
{
	enum ev_expr_flow flow = EV_GO_ON;
	struct ev_buf why = {0};
	const char *p;
	size_t len;

	if (!x->floating && !ev_libjq_keeps(x->d, v->n, &why))
		flow = ev_expr_give_up(x, "%s", ev_buf_str(&why));
	ev_buf_free(&why);
	p = ev_raw(x->d, v->n, &len);
	ev_buf_put(out, p, len);
	return flow;
}

/*
 * Appends a value as JSON. for_libjq: numbers as libjq may have them, else as they are spelled. A
 * value of the record is for libjq as it stands.
 */
static enum ev_expr_flow put_json(struct ev_expr_run *x, const struct ev_expr_value *v,
				  bool for_libjq, struct ev_buf *out)
{
	const bool object = v->kind == EV_OBJECT;
	struct ev_expr_value name, value;
	enum ev_expr_flow flow = EV_GO_ON;
	const char *p;
	size_t len;
	bool first = true;

	if (for_libjq && v->form == EV_IN_DOC)
		return put_kept(x, v, out);
	switch ((enum ev_kind)v->kind) {
	case EV_NULL: ev_buf_puts(out, "null"); break;
	case EV_FALSE: ev_buf_puts(out, "false"); break;
	case EV_TRUE: ev_buf_puts(out, "true"); break;
	case EV_STRING:
		p = ev_expr_value_string(x, v, &len);
		ev_json_quote(p, len, out);
		break;
	case EV_NUMBER:
		p = for_libjq ? ev_expr_value_digits(x, v, &len)
			      : ev_expr_value_spelled(x, v, &len);
		if (for_libjq && (p == NULL || (!x->floating && !ev_libjq_spells(p, len))))
			return ev_expr_give_up(
				x, "libjq, which this needs, would change the digits of %s",
				ev_expr_value_describe(x, v));
		ev_buf_put(out, p, len);
		break;
	case EV_ARRAY:
	case EV_OBJECT:
		ev_buf_putc(out, object ? '{' : '[');
		for (struct ev_expr_cursor c = ev_expr_cursor(x, v);
		     flow == EV_GO_ON && ev_expr_cursor_next(x, &c, &name, &value); first = false) {
			if (!first)
				ev_buf_putc(out, ',');
			if (object) {
				p = ev_expr_value_string(x, &name, &len);
				ev_json_quote(p, len, out);
				ev_buf_putc(out, ':');
			}
			if (for_libjq || ev_expr_spend(x, 1))
				flow = put_json(x, &value, for_libjq, out);
		}
		ev_buf_putc(out, object ? '}' : ']');
	}
	return flow;
}

void ev_expr_value_json(struct ev_expr_run *x, const struct ev_expr_value *v, struct ev_buf *out)
{
	put_json(x, v, false, out);
	ev_expr_spend(x, 1);
}

/* Runs a test by the regex, if there is one and the text is ASCII; false if libjq must. */
static bool tested(struct ev_expr_run *x, struct ev_regex *re, const struct ev_expr_value *in,
		   bool *holds)
{
	unsigned char all = 0;
	const char *p;
	size_t len;

	if (re == NULL || in->kind != EV_STRING)
		return false;
	p = ev_expr_value_string(x, in, &len);
	for (size_t i = 0; i < len; i++)
		all |= (unsigned char)p[i];
	if (all > 0x7f)
		return false;
	ev_expr_spend(x, 1 + len / 8);
	*holds = ev_regex_match(re, p, len);
	return *holds || ev_regex_spent(&len) == NULL;
}

enum ev_expr_flow ev_libjq_call(struct ev_expr_run *x, uint32_t program,
				const struct ev_expr_value *in, struct ev_expr_list *outputs)
{
	struct ev_buf json = {0}, lines = {0};
	enum ev_expr_flow flow;
	struct ev_expr_value v;
	bool holds;

	if (tested(x, x->tests[program], in, &holds)) {
		v = ev_expr_truth_value(holds);
		ev_expr_list_add(x, outputs, &v);
		return x->left >= 0 ? EV_GO_ON : ev_expr_spent(x);
	}
	flow = put_json(x, in, true, &json);
	if (flow == EV_GO_ON) {
		switch (ev_jq_run(x->foreign[program], json.p, json.len, &lines, x->why)) {
		case EV_OK: break;
		case EV_REJECT: flow = EV_RAISED; break;
		default: flow = EV_GIVE_UP; break;
		}
	}
	for (size_t i = 0, end; flow == EV_GO_ON && i < lines.len; i = end + 1) {
		end = (size_t)((char *)memchr(lines.p + i, '\n', lines.len - i) - lines.p);
		if (!ev_expr_value_parse(x, lines.p + i, end - i, &v))
			flow = ev_expr_raise(x, "libjq gave what is no JSON");
		else
			ev_expr_list_add(x, outputs, &v);
	}
	ev_buf_free(&json);
	ev_buf_free(&lines);
	return flow != EV_GO_ON || x->left >= 0 ? flow : ev_expr_spent(x);
}

/*
 * Values of expressions: the cases of tests/data/cases/value.txt, names of an element, and the
 * native evaluation against libjq, by a grid of forms and values of all kinds.
 */
#include "expr/expr.h"

#include "expr/jq.h"
#include "support.h"
#include "tap.h"
#include "json/canon.h"
#include "json/view.h"

static struct ev_scan *scan, *other;

/* libjq 1.6 leaks in ltrimstr, among others. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libjq.so";
}

/* A record, valid until the scanner's next; the text lasts as long. */
static const struct ev_doc *record(struct ev_scan *by, const char *text, struct ev_buf *padded)
{
	struct ev_flaw flaw;
	size_t len = strlen(text);
	const struct ev_doc *d;

	ev_buf_reset(padded);
	ev_buf_put(padded, text, len);
	memset(ev_buf_room(padded, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	d = ev_scan(by, padded->p, len, &flaw);
	if (d == NULL) {
		printf("Bail out! the test's own record is wrong: %s: %s\n", flaw.what, text);
		exit(1);
	}
	return d;
}

/* The outcome as text: JSON, "nothing" or "error". */
static void outcome(struct ev_expr *e, const struct ev_doc *d, const struct ev_expr_item *item,
		    struct ev_buf *out, struct ev_buf *why)
{
	struct ev_expr_output o = {.made = {0}};

	ev_buf_reset(out);
	switch (ev_expr_value(e, d, 0, item, &o, why)) {
	case EV_OK:
		if (o.node != EV_NOWHERE)
			o.json = ev_raw(d, o.node, &o.len);
		ev_buf_put(out, o.json, o.len);
		break;
	case EV_EOF: ev_buf_puts(out, "nothing"); break;
	default: ev_buf_puts(out, "error");
	}
	ev_buf_free(&o.made);
}

static void check_case(const char *text, const char *on, const char *wanted)
{
	struct ev_buf padded = {0}, got = {0}, why = {0};
	const struct ev_doc *d = record(scan, on, &padded);
	struct ev_error err;
	struct ev_expr *e = ev_expr_compile_value(text, false, &err);

	for (int bound = 0; e != NULL && bound < 2; bound++) {
		outcome(e, d, NULL, &got, &why);
		if (!ev_expr_is_native(e))
			ev_buf_puts(&got, " libjq");
		if (!ok(strcmp(ev_buf_str(&got), wanted) == 0, "%s on %.60s%s", text, on,
			bound ? ", by symbols" : ""))
			diag("got %s: %s", ev_buf_str(&got), ev_buf_str(&why));
		ev_expr_bind(e, scan);
		d = record(scan, on, &padded);
	}
	if (e == NULL)
		ok(false, "%s: %s", text, err.text);
	ev_expr_free(&e);
	ev_buf_free(&padded);
	ev_buf_free(&got);
	ev_buf_free(&why);
}

static void check_item(const char *text, const char *wanted)
{
	static const char on[] = "{\"a\":[{\"n\":1},{\"n\":2}],\"x\":7}";
	struct ev_buf padded = {0}, got = {0}, why = {0};
	const struct ev_doc *d = record(scan, on, &padded);
	uint32_t list = ev_member(d, 0, "a", 1), second = ev_element(d, list, 1);
	struct ev_error err;
	struct ev_expr *e = ev_expr_compile_value(text, true, &err);
	struct ev_expr_item item = {second, EV_NOWHERE, 1, 0}, inner = {second, list, 1, 5};

	if (e == NULL) {
		ok(false, "%s: %s", text, err.text);
	} else {
		outcome(e, d, ev_expr_is_of_item(e) ? &item : NULL, &got, &why);
		ev_buf_putc(&got, ' ');
		ev_buf_str(&got);
		{
			struct ev_buf more = {0};

			outcome(e, d, ev_expr_is_of_item(e) ? &inner : NULL, &more, &why);
			ev_buf_puts(&got, ev_buf_str(&more));
			ev_buf_free(&more);
		}
		is(ev_buf_str(&got), wanted, "%s", text);
	}
	ev_expr_free(&e);
	ev_buf_free(&padded);
	ev_buf_free(&got);
	ev_buf_free(&why);
}

static const char *const forms[] = {
	".a",
	".a.a",
	".a[0]?",
	"[.a, .b]",
	".a // .b",
	".a.a? // \"none\"",
	"if .a then .b else [.a] end",
	".a == .b",
	".a + .b",
	".a - .b",
	"[.a + .b] + [.b]",
	"-.a",
	".a | not",
	".a | tostring",
	".a | tojson",
	".a | tojson | fromjson",
	".a | tonumber",
	".a | type",
	".a | length",
	".a | keys",
	".a | to_entries",
	".a | ascii_upcase",
	".a | ascii_downcase",
	".b as $b | .a | split($b)",
	".b as $b | .a | join($b)",
	".a | join(\"-\")",
	".a | split(\"\")",
	".a | split(\", \")",
	".b as $b | .a | ltrimstr($b)",
	".b as $b | .a | rtrimstr($b)",
	".b as $b | .a | startswith($b)",
	"\"<\\(.a)|\\(.b)>\"",
	"\"\\(.a)\"",
	".a | add",
	".a | min",
	".a | max",
	".a | sort",
	".a | unique",
	".a | map(.)",
	"[.a[]?]",
	".a | first",
	".a | last",
	".a | select(.)",
	".a | values",
	".a | empty",
	".a, .b",
	"[.a, .b] | sort",
	"reduce .a[]? as $x (0; [., $x])",
	".a | has(\"a\")",
	".a | utf8bytelength",
	"(.a | numbers) * 2",
	"(.a | strings) | split(\"a\")",
	"{a: .b, \"c d\": .a, b}",
	"{a: .a, b: {c: .b, d: [.a]}} | tojson",
	"{a: .a, b: .b, a: .b} | tojson",
	"{(.a): .b}",
	"{(.a | tostring): .b, \"<\\(.b)>\": 1}",
	".a as $x | {$x, \"b\", if: -.b | length}",
	"{a: .a | type, b: -1.50, c: (.a // .b)}.c",
	"{a: .b} + .a",
	".b == {a: .a}",
	"{a: 1} | .a",
	"{\"a\": 1, b: 2} | to_entries",
	"{and: 1, b: .a} | has(\"and\")",
	".a[if .b | type == \"array\" then 0 else .b end]",
	"{a: 1, ab: [2, 3]}[.a]",
	"[5, 6][.a | tostring | length]",
	".b as $b | .a | .[$b | tostring]",
	"{\"12\": \"put\"}[.a] // \"patch\"",
	".[\"a\" + \"\"]",
};

static const char *const values[] = {
	"null",	      "false",	      "true",	      "0",	   "1",		"-1.5",
	"2.25",	      "\"\"",	      "\"a\"",	      "\"ab\"",	   "\"12\"",	"\"-0.5\"",
	"\"x, y, \"", "\"\\u00e4\\u20ac\\ud83d\\ude00\"", "\"\\\"\\\\/\\n\\u0001\"",
	"\"[1,2]\"",  "[]",	      "[1]",	      "[1,2]",	   "[\"a\",null,true,2]",
	"[[1],{}]",   "{}",	      "{\"a\":1}",    "{\"b\":[1],\"a\":null}",
	"\"1970-01-01T00:00:01Z\"",
};

enum { FORMS = sizeof forms / sizeof *forms, VALUES = sizeof values / sizeof *values };

/* What libjq makes of form i, among all of them, of a record. */
static void in_libjq(struct ev_jq *q, size_t i, const char *on, struct ev_buf *out)
{
	struct ev_buf in = {0}, why = {0};
	const char *end;

	ev_buf_printf(&in, "[%zu,%s]", i, on);
	if (ev_jq_run(q, in.p, in.len, out, &why) != EV_OK) {
		ev_buf_reset(out);
		ev_buf_puts(out, "error");
	} else if (out->len == 0) {
		ev_buf_puts(out, "nothing");
	} else {
		end = memchr(out->p, '\n', out->len);
		if (end + 1 < out->p + out->len) {
			ev_buf_reset(out);
			ev_buf_puts(out, "error");
		} else {
			out->len--;
		}
	}
	ev_buf_str(out);
	ev_buf_free(&in);
	ev_buf_free(&why);
}

/* Whether both are the same word, or JSON of the same content. */
static bool same(struct ev_buf *a, struct ev_buf *b)
{
	struct ev_buf at = {0}, bt = {0};
	bool words = strcmp(ev_buf_str(a), ev_buf_str(b)) == 0, equal = words;

	if (!words && strchr("en", a->p[0]) == NULL && strchr("en", b->p[0]) == NULL) {
		const struct ev_doc *x = record(scan, a->p, &at), *y = record(other, b->p, &bt);

		equal = ev_equal(x, 0, y, 0);
	}
	ev_buf_free(&at);
	ev_buf_free(&bt);
	return equal;
}

static void check_grid(void)
{
	struct ev_buf program = {0}, on = {0}, padded = {0}, got = {0}, want = {0}, why = {0};
	unsigned wrong = 0, all = 0, values_given = 0;
	struct ev_error err;
	struct ev_jq *q;

	ev_buf_puts(&program, ".[0] as $which | .[1] | ");
	for (size_t i = 0; i < FORMS; i++)
		ev_buf_printf(&program, "if $which == %zu then (%s) else ", i, forms[i]);
	ev_buf_puts(&program, "error");
	for (size_t i = 0; i < FORMS; i++)
		ev_buf_puts(&program, " end");
	q = ev_jq_compile(ev_buf_str(&program), &err);
	if (!ok(q != NULL, "libjq takes all forms"))
		diag("%s", err.text);
	for (size_t i = 0; q != NULL && i < FORMS; i++) {
		struct ev_expr *e = ev_expr_compile_value(forms[i], false, &err);

		if (!ok(e != NULL && ev_expr_is_native(e), "%s is native", forms[i]))
			continue;
		for (size_t k = 0; k < (size_t)VALUES * VALUES; k++) {
			ev_buf_reset(&on);
			ev_buf_printf(&on, "{\"a\":%s,\"b\":%s}", values[k / VALUES],
				      values[k % VALUES]);
			outcome(e, record(scan, ev_buf_str(&on), &padded), NULL, &got, &why);
			in_libjq(q, i, ev_buf_str(&on), &want);
			all++;
			values_given += strchr("en", ev_buf_str(&got)[0]) == NULL;
			if (same(&got, &want) || wrong++ > 10)
				continue;
			diag("%s on %s: %s (%s), libjq %s", forms[i], ev_buf_str(&on),
			     ev_buf_str(&got), ev_buf_str(&why), want.p);
		}
		ev_expr_free(&e);
	}
	ok(wrong == 0, "values, native as libjq: %u comparisons, of which %u give one", all,
	   values_given);
	ev_jq_free(&q);
	ev_buf_free(&program);
	ev_buf_free(&on);
	ev_buf_free(&padded);
	ev_buf_free(&got);
	ev_buf_free(&want);
	ev_buf_free(&why);
}

int main(void)
{
	struct cases cases = cases_open("value.txt");
	char *line[3];

	scan = ev_scan_new();
	other = ev_scan_new();
	while (cases_next(&cases, line, 3))
		check_case(line[0], line[1], line[2]);
	check_item("$item.n", "2 2");
	check_item("[$index, $parent_index]", "[1,null] [1,5]");
	check_item("$parent | length", "0 2");
	check_item(".x + $item.n", "9 9");
	check_item(".x", "7 7");
	check_item("{a: .x} | .a", "7 7");
	check_item("{a: $item.n, i: $index, p: $parent_index} | tojson",
		   "\"{\\\"a\\\":2,\\\"i\\\":1,\\\"p\\\":null}\" "
		   "\"{\\\"a\\\":2,\\\"i\\\":1,\\\"p\\\":5}\"");
	check_item("1 as $item | $item", "1 1");
	check_grid();
	ev_scan_free(&scan);
	ev_scan_free(&other);
	return done();
}

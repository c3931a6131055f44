/*
 * The expressions: cases of tests/data/cases, exact numbers, what is refused, limits, and two tests
 * that hold the native evaluation and libjq together: a grid, and random expressions over random
 * records.
 */
#include "expr/expr.h"
#include "expr/internal.h"

#include "base/mem.h"
#include "expr/jq.h"
#include "regex/regex.h"
#include "support.h"
#include "tap.h"
#include "number/decimal.h"
#include "json/view.h"

#include <sys/stat.h>

static struct ev_scan *scan;

/* libjq 1.6 leaks in ltrimstr and where sort_by(-.) fails, among others. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libjq.so";
}

/* The record, valid until the next. */
static const struct ev_doc *record(const char *text)
{
	static struct ev_buf padded;
	const struct ev_doc *d;
	struct ev_flaw flaw;
	size_t len = strlen(text);

	ev_buf_reset(&padded);
	ev_buf_put(&padded, text, len);
	memset(ev_buf_room(&padded, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	d = ev_scan(scan, padded.p, len, &flaw);
	if (d == NULL) {
		printf("Bail out! the test's own record is wrong: %s: %s\n", flaw.what, text);
		exit(1);
	}
	return d;
}

static char letter_of(enum ev_truth t)
{
	return "tfx"[t];
}

/* The truth of an expression that must compile: t, f, x for "cannot", or ! */
static char outcome(const char *text, bool floating, const char *on, struct ev_buf *why)
{
	struct ev_error err;
	struct ev_expr *e = ev_expr_compile(text, floating, &err);
	char c;

	if (e == NULL) {
		diag("%s: %s", text, err.text);
		return '!';
	}
	c = letter_of(ev_expr_test(e, record(on), 0, why));
	ev_expr_bind(e, scan);
	if (letter_of(ev_expr_test(e, record(on), 0, why)) != c)
		c = '?';
	ev_expr_free(&e);
	return c;
}

static void check_case(const char *text, const char *on, const char *outcome)
{
	static const char *const outcomes[] = {"true", "false", "error"};
	struct ev_error err;
	struct ev_expr *e = ev_expr_compile(text, false, &err);
	struct ev_buf why = {0};
	char got[32] = "refused";

	if (e != NULL) {
		enum ev_truth truth = ev_expr_test(e, record(on), 0, &why);

		snprintf(got, sizeof got, "%s%s", outcomes[truth],
			 ev_expr_is_native(e) ? "" : " libjq");
		/* the same again, over what the first left behind, by symbols */
		ev_expr_bind(e, scan);
		if (ev_expr_test(e, record(on), 0, &why) != truth)
			strcpy(got, "another by symbols");
	}
	if (!ok(strcmp(got, outcome) == 0 &&
			(strncmp(got, "error", 5) == 0) == (why.len != 0),
		"%s on %.60s", text, on))
		diag("got %s: %s", got, e == NULL ? err.text : ev_buf_str(&why));
	ev_expr_free(&e);
	ev_buf_free(&why);
}

static void check_cases(void)
{
	struct cases cases = cases_open("expr.txt");
	char *line[3];

	while (cases_next(&cases, line, 3))
		check_case(line[0], line[1], line[2]);
	check_case("# a comment\n. == 1 # and another", "1", "true");
}

/* On a value inside a record, where the same path leads to something else from its top. */
static void check_inside(void)
{
	const struct ev_doc *d;
	struct ev_buf why = {0};
	struct ev_error err;
	struct ev_expr *e = ev_expr_compile("all(.a[]; .b >= 1)", false, &err);

	ev_expr_bind(e, scan);
	d = record("{\"a\":[{\"b\":1}],\"c\":{\"a\":[{\"b\":0}]}}");
	ok(ev_expr_test(e, d, 0, &why) == EV_HOLDS, "a rule holds of the record");
	ok(ev_expr_test(e, d, ev_member(d, 0, "c", 1), &why) == EV_FAILS,
	   "and fails of a value in it");
	ev_expr_free(&e);
	ev_buf_free(&why);
}

/* Records of which the shapes are known by then, and others, against the general way. */
static void check_by_shape(void)
{
	static const char *const rules[] = {
		"all(.a[]; .q >= 1)",
		".r.x <= .r.y",
		".r.x != 2",
		"1.5 < .r.x",
		".a[0].q > 1",
		"(.a | map(.q * .p) | add) == .t",
		"([.a[] | .q * .p] | add) <= .t",
		"(.a | map(.q) | add) >= 3",
		".t == (.a | map(.p) | add)",
		"(.a | map(.q + .p) | add) == .t",
		"(.a | map(.q * .q) | add) == (.a | map(.p * .p) | add)",
	};
	static const char *const records[] = {
		"{\"a\":[{\"q\":1,\"p\":0.10},{\"q\":2,\"p\":0.1}],"
		"\"t\":0.3,\"r\":{\"x\":1,\"y\":1.0}}",
		"{\"a\":[{\"q\":0,\"p\":0.10},{\"q\":3,\"p\":1.25}],"
		"\"t\":3.75,\"r\":{\"x\":2,\"y\":1.99}}",
		"{\"a\":[{\"q\":-1,\"p\":1},{\"q\":3e0,\"p\":1}],"
		"\"t\":2,\"r\":{\"x\":1e3,\"y\":1e400}}",
		"{\"a\":[{\"q\":999999999999999999,\"p\":999999999999999999},"
		"{\"q\":1,\"p\":1}],\"t\":999999999999999998000000000000000002,"
		"\"r\":{\"x\":9999999999999999999,\"y\":9999999999999999998}}",
		"{\"a\":[{\"q\":1e30,\"p\":1},{\"q\":1,\"p\":1e-30}],"
		"\"t\":0,\"r\":{\"x\":0,\"y\":-0}}",
		"{\"a\":[{\"q\":1,\"p\":0.10}],\"t\":0.1,\"r\":{\"x\":1,\"y\":1.0}}",
		"{\"a\":[],\"t\":0,\"r\":{\"x\":1,\"y\":1.0}}",
		"{\"a\":[{\"q\":1}],\"t\":0,\"r\":{\"x\":1}}",
		"{\"a\":[{\"q\":\"1\",\"p\":1}],\"t\":1,\"r\":{\"x\":\"1\",\"y\":1}}",
		"{\"a\":[{\"q\":1,\"p\":null},7],\"t\":1,\"r\":{}}",
		"{\"a\":{\"b\":{\"q\":1,\"p\":2}},\"t\":2,\"r\":null}",
		"{\"t\":null}",
		"[1]",
	};
	enum { RULES = sizeof rules / sizeof *rules, RECORDS = sizeof records / sizeof *records };
	struct ev_scan *before = scan;
	struct ev_buf why = {0};
	unsigned wrong = 0, shaped = 0;

	for (size_t i = 0; i < RULES; i++) {
		struct ev_error err;
		struct ev_expr *bound = ev_expr_compile(rules[i], false, &err);
		struct ev_expr *free_of = ev_expr_compile(rules[i], false, &err);

		scan = ev_scan_new();
		ev_expr_bind(bound, scan);
		for (size_t k = 0; k < 4UL * RECORDS; k++) {
			const struct ev_doc *d = record(records[k % RECORDS]);

			shaped += d->shape != EV_NO_SHAPE;
			if (ev_expr_test(bound, d, 0, &why) != ev_expr_test(free_of, d, 0, &why)) {
				diag("%s on %s", rules[i], records[k % RECORDS]);
				wrong++;
			}
		}
		ev_expr_free(&bound);
		ev_expr_free(&free_of);
		ev_scan_free(&scan);
	}
	is_int(wrong, 0, "rules on records of known shapes are as on others");
	ok(shaped >= 2 * RULES * (RECORDS - 2), "and most records had one");
	scan = before;
	ev_buf_free(&why);
}

static void refused(const char *text, const char *message)
{
	struct ev_error err = {.text = ""};
	struct ev_expr *e = ev_expr_compile(text, false, &err);

	ok(e == NULL, "refused: %s", text);
	if (!ok(strncmp(err.text, message, strlen(message)) == 0, "and says why"))
		diag("got    %s\nwanted %s", err.text, message);
	ev_expr_free(&e);
}

static void check_refused(void)
{
	static const char *const taken[] = {"(.s + \"x\" | explode) == [1]",
					    "(\"x\" + .s | explode) == [1]",
					    ".[-1:] == [1]",
					    "{now: (1, 1)}.now == 1",
					    "{now, b: (1, 2)} == {}",
					    "1 as $now | {$now, b: (1, 2)} == {}",
					    "def f($now): $now; f(1)",
					    "[.now, .[\"input\"], .add] == [limit(1; -1)]",
					    "[limit(3; .a[])] | all(. > 1)",
					    "@json \"\\(-1)\\(-.a)\" == \"\"",
					    "(.a | strftime(\"%Y\")) > \"2020\"",
					    "(.a | explode | length) - 1 == 2",
					    "[.a[:2] | add] == [1]",
					    "def f: .; f | .a == 0.1",
					    NULL};
	struct cases cases = cases_open("expr-refused.txt");
	char *line[2];
	struct ev_error err;
	struct ev_expr *e;

	while (cases_next(&cases, line, 2))
		refused(line[0], line[1]);
	refused("", "the expression is empty");
	refused(" # nothing\n", "the expression is empty");
	refused(".a == \"\xff\"", "the expression is not valid UTF-8");
	for (size_t i = 0; taken[i] != NULL; i++) {
		e = ev_expr_compile(taken[i], false, &err);
		if (!ok(e != NULL && !ev_expr_is_native(e), "taken by libjq: %s", taken[i]))
			diag("%s", e == NULL ? err.text : "native");
		ev_expr_free(&e);
	}
}

static void check_assignments(void)
{
	static const char *const assigns[] = {
		".a = 1",	       ".a |= 1",	     ".a += 1",
		".a -= 1",	       ".a *= 2",	     ".a /= 2",
		".a %= 2",	       ".a //= 2",	     ".b == 1 and .a = 1",
		"(.a = 1)",	       "(.a = 1) and .b",    "if .a = 1 then true else false end",
		"all(.l[]; .a = 1)",   "any(.l[]; .a |= 1)", "[.l[] | .x] | .[0] = 1",
		"select(.a = 1) | .b", NULL,
	};
	static const char *const compares[] = {
		"(.a |= ascii_downcase) | .a == \"x\"",
		".a |= ascii_downcase | .a == \"x\"",
		".s == \"a = b\"",
		"reduce .l[] as $i (.; .n |= $i) | .n == 1",
		"[.l[] | (.n |= 1)] | length == 1",
		".a == 1 # = 1",
		NULL,
	};
	struct ev_error err;
	struct ev_expr *e;

	for (size_t i = 0; assigns[i] != NULL; i++) {
		e = ev_expr_compile(assigns[i], true, &err);
		ok(e == NULL && strstr(err.text, "assigns") != NULL, "an assignment: %s",
				assigns[i]);
		ev_expr_free(&e);
	}
	for (size_t i = 0; compares[i] != NULL; i++) {
		e = ev_expr_compile(compares[i], true, &err);
		if (!ok(e != NULL, "no assignment: %s", compares[i]))
			diag("%s", err.text);
		ev_expr_free(&e);
	}
}

static void check_lints(void)
{
	static const struct {
		const char *text;
		bool odd;
	} lints[] = {
		{".total", true},
		{".items | length", true},
		{"[.a, .b]", true},
		{".a + .b", true},
		{"\"x\"", true},
		{".a | ascii_downcase", true},
		{"if .a then .b else .c end", true},
		{"map(.qty * .price) | add", true},
		{".a == 1", false},
		{".flag // false", false},
		{".a and .b", false},
		{"has(\"a\")", false},
		{".a | test(\"x\")", false},
		{"if .a then .b == 1 else true end", false},
		{".items | all(.qty > 0)", false},
		{"[.l[] | . > 1] | all", false},
		{".a as $a | .b > $a", false},
		{"isempty(.l[])", false},
	};
	struct ev_error err;

	for (size_t i = 0; i < sizeof lints / sizeof lints[0]; i++) {
		struct ev_expr *e = ev_expr_compile(lints[i].text, false, &err);

		ok(e != NULL && (ev_expr_lint(e) != NULL) == lints[i].odd, "%s: %s",
		   lints[i].odd ? "gives no truth" : "gives one", lints[i].text);
		ev_expr_free(&e);
	}
}

/*
 * What libjq is not asked about. Each comparison that libjq runs agrees with the exact one or
 * cannot be told, and the latter is so just where one of its numbers would be changed: where libjq
 * gives another spelling back, or a double has another value. What has an exponent never goes
 * there.
 */
static void check_digits(size_t rounds)
{
	static const char *const fixed[] = {
		"0",   "-0",  "1",   "-1",   "10",  "100", "0.5", "-0.25", "2.75", "0.0009765625",
		"1.0", "0.1", "1e2", "1E2",  "609.0", "19.99", "0.30", "1.50", "0.0001220703125",
		"0.00048828125", "9007199254740991", "9007199254740992", "9007199254740993",
		"-9007199254740992", "-9007199254740993", "308125194256523266", "1e400", "1e-400",
		"123456789012345", "1234567890123456", "12345678901234567", "100000000000000000",
		"0.00006103515625", "1e15", "123456789.015625", "4503599627370496.5", "1e+22",
		"0.000000000000000000000000000001", "99999999999999999999999999999999999999",
		"562949953421312.125", "0.333333333333333314829616256247390992939472198486328125",
	};
	static const char *const signs[] = {"==", "!=", "<", "<=", ">", ">="};
	enum { FIXED = sizeof fixed / sizeof fixed[0], SIGNS = sizeof signs / sizeof signs[0] };
	struct ev_buf why = {0}, texts[FIXED + 8] = {{0}}, b = {0};
	struct ev_expr *in_libjq[SIGNS], *exact[SIGNS], *pass;
	struct ev_error err;
	struct ev_jq *q = ev_jq_compile(".", &err);
	size_t asked = 0, untold = 0, wrong = 0;

	pass = ev_expr_compile("def f: true; f", false, &err);
	for (size_t i = 0; i < SIGNS; i++) {
		ev_buf_printf(&b, "def f: .a; f %s .b", signs[i]);
		in_libjq[i] = ev_expr_compile(ev_buf_str(&b), false, &err);
		ev_buf_reset(&b);
		ev_buf_printf(&b, ".a %s .b", signs[i]);
		exact[i] = ev_expr_compile(ev_buf_str(&b), false, &err);
		ev_buf_reset(&b);
	}
	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < FIXED + 8; i++) {
			char text[1200];
			bool same, kept;

			ev_buf_reset(&texts[i]);
			if (i < FIXED)
				ev_buf_puts(&texts[i], fixed[i]);
			else if (i % 2 == 0)
				ev_buf_printf(&texts[i], "%llu",
					      (unsigned long long)random() << random() % 30);
			else
				ev_buf_printf(&texts[i], "%.*f", (int)(1 + random() % 10),
					      (double)(random() % 4096) /
						      (double)(1 << random() % 12));
			kept = ev_expr_test(pass, record(ev_buf_str(&texts[i])), 0,
					&why) == EV_HOLDS;
			if (ev_jq_run(q, texts[i].p, texts[i].len, &b, &why) != EV_OK)
				wrong++;
			same = strpbrk(ev_buf_str(&texts[i]), "eE") == NULL &&
			       b.len == texts[i].len + 1 && memcmp(b.p, texts[i].p,
					texts[i].len) == 0;
			snprintf(text, sizeof text, "%.1074f", strtod(ev_buf_str(&texts[i]), NULL));
			if (text[0] == 'i' || ev_number_compare(texts[i].p, texts[i].len, text,
					strlen(text)) != 0)
				same = false;
			if (kept != same)
				diag("%s: kept %d, same %d", ev_buf_str(&texts[i]), kept, same);
			wrong += kept != same;
		}
		for (size_t i = 0; i < FIXED + 8; i++) {
			size_t k = (i + round) % (FIXED + 8), sign = (size_t)random() % SIGNS;
			enum ev_truth got, want;

			ev_buf_reset(&b);
			ev_buf_printf(&b, "{\"a\":%s,\"b\":%s}", ev_buf_str(&texts[i]),
				      ev_buf_str(&texts[k]));
			got = ev_expr_test(in_libjq[sign], record(ev_buf_str(&b)), 0, &why);
			want = ev_expr_test(exact[sign], record(ev_buf_str(&b)), 0, &why);
			asked += got != EV_CANNOT;
			untold += got == EV_CANNOT;
			wrong += got != EV_CANNOT && got != want;
		}
	}
	is_int((long long)wrong, 0, "libjq is asked just about numbers that it does not change");
	ok(asked > 50 && untold > 50, "of both kinds there are some: %zu and %zu", asked, untold);
	for (size_t i = 0; i < SIGNS; i++) {
		ev_expr_free(&in_libjq[i]);
		ev_expr_free(&exact[i]);
	}
	for (size_t i = 0; i < FIXED + 8; i++)
		ev_buf_free(&texts[i]);
	ev_expr_free(&pass);
	ev_jq_free(&q);
	ev_buf_free(&b);
	ev_buf_free(&why);
}

/* Programs without an end and without measure; what comes behind them is evaluated as ever. */
static void check_bounds(void)
{
	static const struct {
		const char *text, *why;
	} wild[] = {
		{"def f: f; f", "libjq came to no end within "},
		{"last(range(1e12)) > 0", "libjq"},
		{"repeat(1)", "libjq came to no end within "},
		{"[range(1e12)] | length > 0", "libjq"},
		{"def f: .; f | [range(1e12)] | length > 0", "libjq"},
		{".s | test(\"(a+)+$\")", "libjq came to no end within "},
		{"def f: .s; reduce range(60) as $i (f; \"\\(.)\\(.)\") | length > 0",
		 "libjq"},
		{"(.s | test(\"(a+)+$\"))? // true", "libjq came to no end within "},
	};
	struct ev_buf why = {0};
	char text[1300];

	strcpy(text, "{\"s\":\"");
	for (int i = 0; i < 50; i++)
		strcat(text, "aaaaaaaaaaaaaaaaaaaaaaa!");
	strcat(text, "\"}");
	for (size_t i = 0; i < sizeof wild / sizeof wild[0]; i++) {
		struct ev_error err;
		struct ev_expr *e = ev_expr_compile(wild[i].text, false, &err);
		enum ev_truth got = e != NULL ? ev_expr_test(e, record(text), 0, &why) : EV_HOLDS;

		if (!ok(got == EV_CANNOT &&
				strstr(ev_buf_str(&why), wild[i].why) != NULL,
			"is ended: %s", wild[i].text))
			diag("%d %s", got, e == NULL ? err.text : ev_buf_str(&why));
		ev_expr_free(&e);
		ok(outcome("(.s | explode | length) == 1200", false, text, &why) == 't',
		   "and the next one is well");
	}
	ok(outcome("env | length == 0", false, "{}", &why) == '!', "no environment by name");
	ok(outcome("[splits(\"x\")] | length == 1", false, "\"a\"", &why) == 't', "still there");
	ev_buf_free(&why);
}

static void check_floating(void)
{
	struct ev_buf why = {0};

	ok(outcome(".a / 2 == 1", true, "{\"a\":2}", &why) == 't', "division, if floating");
	ok(outcome("@text \"\\(3 * .a == 0.3)\" == \"false\"", true, "{\"a\":0.1}", &why) == 't',
	   "libjq's arithmetic is floating");
	ok(outcome("3 * .a == 0.3", true, "{\"a\":0.1}", &why) == 't',
	   "native is exact all the same");
	ev_buf_free(&why);
}

static void check_told(void)
{
	struct cases cases = cases_open("expr-error.txt");
	struct ev_buf why = {0};
	char *line[3];

	while (cases_next(&cases, line, 3)) {
		ok(outcome(line[0], false, line[1], &why) == 'x', "%s cannot run on %s", line[0],
		   line[1]);
		is(ev_buf_str(&why), line[2], "and says why");
	}
	ev_buf_free(&why);
}

/* Text repeated n times between a head and a tail; free() it. */
static char *repeated(const char *head, const char *what, size_t n, const char *tail)
{
	struct ev_buf b = {0};

	ev_buf_puts(&b, head);
	for (size_t i = 0; i < n; i++)
		ev_buf_puts(&b, what);
	ev_buf_puts(&b, tail);
	ev_buf_str(&b);
	return b.p;
}

/* What a hostile model may do to the compiler: an error or a program, in bounded stack. */
static void check_hostile_texts(void)
{
	static const struct {
		const char *head, *what;
		size_t n;
		const char *tail;
		bool taken;
	} texts[] = {
		{"", "(", 10000, "", false},
		{"", "[", 60000, "", false},
		{"", "-", 60000, "1", false},
		{"", "-", 400, "1", true},
		{".", " | .a", 12000, "", false},
		{".", " | .a", 400, "", true},
		{".a == 0", " or .a == 1", 900, "", true},
		{".a == 0", " or .a == 1", 5000, "", false},
		{".a", ".a", 30000, "", true},
		{".", "?", 60000, "", false},
		{".", "?", 900, "", true},
		{"", "if . then ", 6000, "", false},
		{"", ". as $x | ", 6000, ".", false},
		{"", "reduce ", 9000, ".", false},
		{"1", ",1", 30000, "", false},
		{"\"", "\\(\"", 20000, "", false},
		{"", "x", 65537, "", false},
		{"", "def f: ", 200, "", false},
		{"", "1 // ", 20000, "1", false},
		{"[]", " | .[1:2]", 6000, "", false},
		{"[]", " | .[1:2]", 300, "", true},
		{"", "try ", 10000, ".", false},
		{".[1:]", " + .[1:]", 6000, "", false},
		{"", "try ", 300, ".", true},
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		char *text = repeated(texts[i].head, texts[i].what, texts[i].n, texts[i].tail);
		struct ev_buf why = {0};
		struct ev_error err;
		struct ev_expr *e = ev_expr_compile(text, true, &err);

		if (!ok((e != NULL) == texts[i].taken, "%zu times %s is %s", texts[i].n,
			texts[i].what, texts[i].taken ? "taken" : "refused"))
			diag("%.200s", e == NULL ? err.text : "taken");
		if (e != NULL)
			ev_expr_test(e, record("null"), 0, &why);
		ev_buf_free(&why);
		ev_expr_free(&e);
		free(text);
	}
}

/* What a hostile record may do to the evaluation. */
static void check_hostile_records(void)
{
	static const char *const texts[] = {
		"[.[] | .. ] | length > 0",
		"[.[]] == .[0] // true",
		"[range(10)] == .",
		". == . and length > 0",
	};
	struct ev_buf why = {0};
	char *open = repeated("", "[", EV_MAX_DEPTH, "");
	char *both = repeated(open, "]", EV_MAX_DEPTH, "");
	char *many = repeated("[", "1,", 20000, "1]"), *wide;

	ok(outcome(". == (. | map(.)) and (. < [2])", false, both, &why) == 'f',
	   "a record as deep as can be");
	ok(outcome("contains(map(.))", false, both, &why) == 't', "contains of one as deep");
	ok(outcome("[.[0:1][]] == .", false, both, &why) == 'x', "which is too deep for libjq");
	is(ev_buf_str(&why), "Exceeds depth limit for parsing at line 1, column 257",
	   "and says so");
	ok(outcome("[.[] as $a | .[] as $b | select($a > $b)] == []", false, many, &why) == 'x',
	   "a product of a long array with itself is too much work");
	is(ev_buf_str(&why), "this takes too much work for a record of its size", "and says so");
	ok(outcome("([.[] as $a | .[] as $b | $a] | length)? > 0", false, many, &why) == 'x',
	   "which ? does not hide");
	ok(outcome("reduce .[] as $x (\"ab\"; . + .) == 1", false, many, &why) == 'x',
	   "a string that doubles");
	ok(outcome("reduce .[] as $x ([1]; . + .) == 1", false, many, &why) == 'x',
	   "an array that doubles");
	ok(outcome("reduce .[] as $x (3; . * .) == 1", false, many, &why) == 'x',
	   "a number that squares");
	ok(outcome("[.[] | [1,2,3]] | add | length == 60003", false, many, &why) == 't',
	   "sums of arrays are linear");
	ok(outcome("map(\"abcdefghijklmnopqrst\") | add | length == 400020", false, many, &why) ==
		   't',
	   "sums of strings are linear");
	ok(outcome("sort == . and unique == [1] and (group_by(.) | length) == 1", false, many,
		   &why) == 't',
	   "a long array is sorted");
	ok(outcome("all(.[]; . == 1) and add == 20001", false, many, &why) == 't', "and summed");
	ok(outcome("(. - .) == []", false, many, &why) == 't',
	   "and subtracted, if elements are alike");
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		ok(outcome(texts[i], false, many, &why) != '!', "a long array and %s", texts[i]);
	wide = repeated("{\"a\":\"\\u0000\",\"b\":\"", "\\u00e9", 100000, "\"}");
	ok(outcome("(.b | length) == 100000 and .a < .b and (.a | length) == 1", false, wide,
		   &why) == 't',
	   "a long string of escapes");
	free(wide);
	free(many);
	free(both);
	free(open);
	ev_buf_free(&why);
}

/* A .jq in the home folder changes nothing. */
static void check_home(void)
{
	struct ev_buf why = {0}, path = {0};
	char folder[] = "expr-home.XXXXXX";
	char *home = getenv("HOME") != NULL ? ev_strdup(getenv("HOME")) : NULL;
	FILE *f;

	if (!ok(mkdtemp(folder) != NULL, "a folder"))
		return;
	ev_buf_printf(&path, "%s/.jq", folder);
	f = fopen(ev_buf_str(&path), "w");
	fputs("def split($x): \"hostile\"; def test($x): true;", f);
	fclose(f);
	setenv("HOME", folder, 1);
	ok(outcome("(.a | split(\",\")) == [\"1\"]", false, "{\"a\":\"1\"}", &why) == 't',
	   "~/.jq is not read");
	is(getenv("HOME"), folder, "and HOME is as before");
	remove(ev_buf_str(&path));
	remove(folder);
	if (home != NULL)
		setenv("HOME", home, 1);
	free(home);
	ev_buf_free(&why);
	ev_buf_free(&path);
}

/*
 * Native against libjq. As libjq takes its time to compile, many expressions are one program, which
 * takes [number of the expression, record].
 */
enum { BATCH = 50 };

struct tally {
	unsigned all, hold, fail;
};

static bool differs(const char *const *texts, size_t n, bool native, const char *const *records,
		    size_t n_records, struct tally *tally)
{
	struct ev_buf program = {0}, input = {0}, why = {0}, jq_why = {0};
	struct ev_expr *e[BATCH];
	struct ev_error err;
	struct ev_jq *q;
	bool bad = false;

	ev_buf_puts(&program, ".[0] as $which | .[1] | ");
	for (size_t i = 0; i < n; i++)
		ev_buf_printf(&program, "if $which == %zu then (%s) else ", i, texts[i]);
	ev_buf_puts(&program, "error");
	for (size_t i = 0; i < n; i++)
		ev_buf_puts(&program, " end");
	q = ev_jq_compile(ev_buf_str(&program), &err);
	if (q == NULL) {
		diag("libjq: %s", err.text);
		bad = true;
	}
	for (size_t i = 0; i < n; i++) {
		e[i] = ev_expr_compile(texts[i], false, &err);
		if (e[i] == NULL || (native && !ev_expr_is_native(e[i]))) {
			diag("%s: %s", texts[i], e[i] == NULL ? err.text : "is not native");
			bad = true;
		}
		if (e[i] != NULL && i % 2 == 0)
			ev_expr_bind(e[i], scan);
	}
	for (size_t i = 0; i < n && q != NULL; i++) {
		for (size_t k = 0; k < n_records && e[i] != NULL; k++) {
			char got = letter_of(ev_expr_test(e[i], record(records[k]), 0, &why)), want;
			bool holds;

			ev_buf_reset(&input);
			ev_buf_printf(&input, "[%zu,%s]", i, records[k]);
			if (ev_jq_test(q, input.p, input.len, &holds, &jq_why) != EV_OK)
				want = 'x';
			else
				want = holds ? 't' : 'f';
			tally->all++;
			tally->hold += got == 't';
			tally->fail += got == 'f';
			if (got == want)
				continue;
			diag("%s\non %s\nnative %c (%s), libjq %c (%s)", texts[i], records[k], got,
			     ev_buf_str(&why), want, ev_buf_str(&jq_why));
			bad = true;
		}
		ev_expr_free(&e[i]);
	}
	for (size_t i = 0; i < n && q == NULL; i++)
		ev_expr_free(&e[i]);
	ev_jq_free(&q);
	ev_buf_free(&program);
	ev_buf_free(&input);
	ev_buf_free(&why);
	ev_buf_free(&jq_why);
	return bad;
}

static const char *const grid_values[] = {
	"null",	 "false",	"true",	 "0",	      "1",	     "-1.5",
	"2e3",	 "\"\"",	"\"a\"", "\"ab\"",    "[]",	     "[1]",
	"[1,2]", "[\"a\",[1]]", "{}",	 "{\"a\":1}", "{\"b\":[1]}", "{\"a\":\"x\",\"b\":2}"};

static const char *const grid_forms[] = {
	".a == .b",
	".a != .b",
	".a < .b",
	".a <= .b",
	".a > .b",
	".a >= .b",
	".a and .b",
	".a or .b",
	".a // .b",
	"(.a + .b) == .b",
	"(.a - .b) == .a",
	"[.a + .b] == [.b + .a]",
	"[.a, .b] | add == .[0]",
	".a as $a | .b | contains($a)",
	".a as $a | .b | inside($a)",
	".b as $b | .a | has($b)",
	".b as $b | .a | in($b)",
	"[.a, .b] | sort == .",
	"[.a, .b] | unique | length == 2",
	"[.a, .b] | min == .[0]",
	"[.a, .b] | max == .[1]",
	"[.a, .b, .a] | group_by(.) | length == 2",
	".b as $b | .a | startswith($b)",
	".b as $b | .a | ltrimstr($b) == rtrimstr($b)",
	".a | IN([1], 1, \"a\")",
	".a as $a | .b | IN($a, null)",
	"[.a[]?, .b[]?] | length > 1",
	".a | length == 1",
	".a | keys | length > 0",
	".a | .[0]? == 1",
	".a | .a?",
	".a.a",
	".b[0]",
	".a | not",
	".a | type == \"array\"",
	"-.a == 1.5",
	".a | map(. == 1) | any",
	".a | all",
	".a | add",
	".a | [.[]] == []",
	".a | first",
	".a | last == 1",
	".a | tonumber? == 1",
	".a | utf8bytelength > 1",
	".a | [values, nulls, booleans, numbers, strings] | length == 2",
	".a | [arrays, objects, scalars, iterables] | length == 2",
	"if .a then .b else .a end",
	".a | select(. > 0)",
	"isempty(.a[]?)",
	"first(.a, .b)",
	"last(.a, .b)",
	"reduce (.a, .b) as $x (0; [., $x]) | .[1] > .[0]",
	".a | min_by(.a?)",
	".a | ascii_upcase == \"A\"",
	"(.a, .b) == (.b, .a)",
	"[(.a, .b) < (.b, .a)] | length == 4",
	".a | unique_by(.)",
	".a | sort_by(-.)"};

static void check_grid(void)
{
	const size_t sides = sizeof grid_values / sizeof grid_values[0];
	const size_t forms = sizeof grid_forms / sizeof grid_forms[0];
	const size_t n = sides * sides;
	char **records = ev_realloc_array(NULL, n, sizeof *records);
	struct tally tally = {0};
	bool bad = false;

	for (size_t i = 0; i < sides; i++) {
		for (size_t k = 0; k < sides; k++) {
			struct ev_buf b = {0};

			ev_buf_printf(&b, "{\"a\":%s,\"b\":%s}", grid_values[i], grid_values[k]);
			records[i * sides + k] = ev_strdup(ev_buf_str(&b));
			ev_buf_free(&b);
		}
	}
	for (size_t i = 0; i < forms; i += BATCH)
		bad |= differs(grid_forms + i, forms - i < BATCH ? forms - i : BATCH, true,
			       (const char *const *)records, n, &tally);
	ok(!bad, "a grid of forms and values, native as libjq");
	is_int(tally.all, (long long)n * (long long)forms, "all of it was compared");
	for (size_t i = 0; i < n; i++)
		free(records[i]);
	free(records);
}

/* Random expressions. What jq 1.6 does otherwise than its manual says is left out: see expr.h. */
static const char *pick(const char *const *list)
{
	size_t n = 0;

	while (list[n] != NULL)
		n++;
	return list[random_below(n)];
}

static void write_expr(struct ev_buf *b, int depth, int vars);

static void write_path(struct ev_buf *b, int vars)
{
	static const char *const steps[] = {".a", ".b", "[0]", "[-1]", ".a?", "[1]?", ".b.a", NULL};

	if (vars > 0 && random_below(3) == 0)
		ev_buf_printf(b, "$v%zu", random_below((size_t)vars));
	else
		ev_buf_puts(b, random_below(3) != 0 ? ".a" : random_below(2) != 0 ? ".b" : ".");
	while (random_below(3) == 0) {
		const char *s = pick(steps);

		if (b->p[b->len - 1] == '.' && s[0] == '.')
			s++;
		ev_buf_puts(b, s);
	}
}

static void write_wrapped(struct ev_buf *b, const char *head, int depth, int vars, const char *tail)
{
	ev_buf_puts(b, head);
	write_expr(b, depth, vars);
	ev_buf_puts(b, tail);
}

static void write_expr(struct ev_buf *b, int depth, int vars)
{
	static const char *const leaves[] = {"0",      "1",    "-2",	"0.5",	 "\"a\"",
					     "\"ab\"", "null", "true",	"false", "[]",
					     "{}",     ".[]?", "empty", NULL};
	static const char *const binary[] = {" + ",  " - ",   " == ", " != ", " < ", " <= ", " > ",
					     " >= ", " and ", " or ", " // ", ", ",  " | ",  NULL};
	static const char *const calls[] = {"length",
					    "not",
					    "type",
					    "keys",
					    "add",
					    "min",
					    "max",
					    "sort",
					    "unique",
					    "first",
					    "last",
					    "any",
					    "all",
					    "values",
					    "nulls",
					    "booleans",
					    "numbers",
					    "strings",
					    "arrays",
					    "objects",
					    "scalars",
					    "iterables",
					    "ascii_downcase",
					    "ascii_upcase",
					    "utf8bytelength",
					    "keys_unsorted",
					    NULL};
	static const char *const takes[] = {"map(",	  "select(",   "has(",	      "contains(",
					    "inside(",	  "in(",       "startswith(", "endswith(",
					    "ltrimstr(",  "rtrimstr(", "sort_by(",    "group_by(",
					    "unique_by(", "min_by(",   "max_by(",     "first(",
					    "last(",	  "isempty(",  "IN(",	      NULL};

	if (depth <= 0) {
		if (random_below(2) != 0)
			write_path(b, vars);
		else
			ev_buf_puts(b, pick(leaves));
		return;
	}
	switch (random_below(14)) {
	case 0:
	case 1:
	case 2:
		write_wrapped(b, "(", depth - 1, vars, pick(binary));
		write_wrapped(b, "", depth - 1, vars, ")");
		return;
	case 3: /* no brackets: precedence */
		write_path(b, vars);
		ev_buf_puts(b, pick(binary));
		write_path(b, vars);
		if (random_below(2) != 0) {
			ev_buf_puts(b, random_below(2) != 0 ? " + 1" : " and true");
			ev_buf_puts(b, random_below(2) != 0 ? " , 2 " : " | . ");
		}
		return;
	case 4:
		write_wrapped(b, "(", depth - 1, vars, " | ");
		ev_buf_puts(b, pick(calls));
		ev_buf_puts(b, ")");
		return;
	case 5:
	case 6:
		write_wrapped(b, "(", depth - 1, vars, " | ");
		write_wrapped(b, pick(takes), depth - 2, vars, "))");
		return;
	case 7: write_wrapped(b, "[", depth - 1, vars, "]"); return;
	case 8: /* collected, as libjq 1.6 lets `?` catch what is behind it */
		write_wrapped(b, "[(", depth - 1, vars, ")?]");
		return;
	case 9:
		write_wrapped(b, "(if ", depth - 1, vars, " then ");
		write_wrapped(b, "", depth - 2, vars, " else ");
		write_wrapped(b, "", depth - 2, vars, " end)");
		return;
	case 10:
		write_wrapped(b, "((", depth - 1, vars, ")");
		ev_buf_printf(b, " as $v%d | ", vars);
		write_wrapped(b, "", depth - 1, vars + 1, ")");
		return;
	case 11:
		ev_buf_puts(b, random_below(2) != 0 ? "any(" : "all(");
		write_path(b, vars);
		ev_buf_printf(b, "[]; %s == 1)", random_below(2) != 0 ? ".a" : ".");
		return;
	case 12:
		write_wrapped(b, "(reduce (", depth - 1, vars, ")");
		ev_buf_printf(b, " as $v%d (%s; ", vars, pick(leaves + 0));
		write_path(b, vars + 1);
		ev_buf_puts(b, "))");
		return;
	default: write_wrapped(b, "-(", depth - 1, vars, ")"); return;
	}
}

static void write_value(struct ev_buf *b, int depth)
{
	static const char *const leaves[] = {"null",  "false", "true",	 "0",	  "1",
					     "2.5",   "-3",    "1.0",	 "\"a\"", "\"\\u0061b\"",
					     "\"x\"", "\"\"",  "\"12\"", NULL};
	static const char *const names[] = {"\"a\":", "\"b\":", "\"\\u0063\":"};
	size_t n = random_below(4);

	if (depth == 0 || random_below(3) == 0) {
		ev_buf_puts(b, pick(leaves));
		return;
	}
	if (random_below(2) != 0) {
		ev_buf_putc(b, '[');
		for (size_t i = 0; i < n; i++) {
			ev_buf_puts(b, i > 0 ? "," : "");
			write_value(b, depth - 1);
		}
		ev_buf_putc(b, ']');
		return;
	}
	ev_buf_putc(b, '{');
	for (size_t i = 0; i < n && i < 3; i++) {
		ev_buf_puts(b, i > 0 ? "," : "");
		ev_buf_puts(b, names[i]);
		write_value(b, depth - 1);
	}
	ev_buf_putc(b, '}');
}

static void check_random(size_t batches)
{
	enum { RECORDS = 20 };
	char *texts[BATCH], *records[RECORDS];
	struct tally tally = {0};
	bool bad = false;

	for (size_t round = 0; round < batches && !bad; round++) {
		for (size_t i = 0; i < BATCH; i++) {
			struct ev_error err;
			struct ev_buf b = {0};
			struct ev_expr *e = NULL;

			do { /* reduce is native only with single states */
				ev_buf_reset(&b);
				write_expr(&b, 4, 0);
				ev_expr_free(&e);
				e = ev_expr_compile(ev_buf_str(&b), true, &err);
			} while (e == NULL || !ev_expr_is_native(e));
			ev_expr_free(&e);
			texts[i] = ev_strdup(ev_buf_str(&b));
			ev_buf_free(&b);
		}
		for (size_t i = 0; i < RECORDS; i++) {
			struct ev_buf b = {0};

			ev_buf_puts(&b, "{\"a\":");
			write_value(&b, 3);
			ev_buf_puts(&b, ",\"b\":");
			write_value(&b, 3);
			ev_buf_puts(&b, "}");
			records[i] = ev_strdup(ev_buf_str(&b));
			ev_buf_free(&b);
		}
		bad = differs((const char *const *)texts, BATCH, true,
			      (const char *const *)records, RECORDS, &tally);
		for (size_t i = 0; i < BATCH; i++)
			free(texts[i]);
		for (size_t i = 0; i < RECORDS; i++)
			free(records[i]);
	}
	ok(!bad,
	   "random expressions over random records, native as libjq: %u comparisons, of which "
	   "%u hold and %u fail",
	   tally.all, tally.hold, tally.fail);
}

/* Whether test(...) is searched for here where it can be. */
static bool searched_here(const char *text)
{
	struct ev_error err;
	struct ev_expr_token *tokens = ev_expr_lex(text, &err), *end = tokens;
	struct ev_regex *re;
	bool here;

	while (end->kind != EV_T_END)
		end++;
	re = ev_expr_regex(&(struct ev_expr_foreign){tokens, end, false, NULL});
	here = re != NULL;
	ev_regex_free(&re);
	free(tokens);
	return here;
}

/* Random calls of test on random texts, ASCII or not, as libjq has them. */
static void check_searches(size_t batches)
{
	static const char *const pieces[] = {
		"a",	 "b",	   "ab",    "A",     "-",     "_",     "1",	   " ",
		".",	 "\\\\d",  "\\\\w", "\\\\s", "\\\\D", "\\\\W", "\\\\S",	   "\\\\.",
		"\\\\n", "\\n",	   "[a-c]", "[^a]",  "[-a]",  "[a-]",  "[\\\\d.]", "[^\\\\s]",
		"[.$*]", "[^-^b]", "(",	    "(?:",   "(a",    ")",     ")",	   ")+",
		")*",	 ")?",	   "|",	    "*",     "+",     "?",     "{2}",	   "{0,1}",
		"{1,3}", "{2,}",   "*?",    "+?",    "^",     "^",     "$",	   "$",
		"#",	 "\\\"",   NULL};
	static const char *const odd_pieces[] = {
		"{1,2}?", "\\\\b",  "++",    "(?=a)", "[[:alpha:]]", "\u00e9", "{",	 "}", "]",
		"&&",	  "[a&&b]", "\\\\h", "(|a)+", "(a*)*",	     "()",     "{2}{3}", NULL};
	static const char *const characters[] = {"a",	 "a", "a", "b", "c", "A",   "B",
						 "-",	 "_", "1", " ", ".", "\\n", "\\t",
						 "\\\"", "$", "^", "*", NULL};
	static const char *const others[] = {"\u00e9", "\u0130", "\u212a",  "\u017f", "\u0663",
					     "\u00a0", "\u00df", "\\u0000", NULL};
	static const char *const flags[] = {"\")",	  "\")",	 "\"; \"\")",  "\"; \"i\")",
					    "\"; \"x\")", "\"; \"gi\")", "\"; \"s\")", NULL};
	enum { RECORDS = 20 };
	char *texts[BATCH], *records[RECORDS];
	struct tally tally = {0};
	unsigned here = 0;
	bool bad = false;

	for (size_t round = 0; round < batches && !bad; round++) {
		for (size_t i = 0; i < BATCH; i++) {
			struct ev_error err;
			struct ev_buf b = {0};
			struct ev_expr *e = NULL;

			do {
				ev_buf_reset(&b);
				ev_buf_puts(&b, ".a | test(\"");
				for (size_t n = random_below(8) + 1; n > 0; n--)
					ev_buf_puts(&b, pick(random_below(20) == 0 ? odd_pieces
										   : pieces));
				ev_buf_puts(&b, pick(flags));
				e = ev_expr_compile(ev_buf_str(&b), true, &err);
			} while (e == NULL);
			ev_expr_free(&e);
			texts[i] = ev_strdup(ev_buf_str(&b));
			here += searched_here(texts[i] + strlen(".a | "));
			ev_buf_free(&b);
		}
		for (size_t i = 0; i < RECORDS; i++) {
			struct ev_buf b = {0};

			ev_buf_puts(&b, "{\"a\":\"");
			for (size_t n = random_below(10); n > 0; n--)
				ev_buf_puts(&b, pick(random_below(40) == 0 ? others : characters));
			ev_buf_puts(&b, i == 0 ? "\",\"b\":1}" : "\"}");
			records[i] = ev_strdup(i == 1 ? "{\"a\":5}" : ev_buf_str(&b));
			ev_buf_free(&b);
		}
		bad = differs((const char *const *)texts, BATCH, false,
			      (const char *const *)records, RECORDS, &tally);
		for (size_t i = 0; i < BATCH; i++)
			free(texts[i]);
		for (size_t i = 0; i < RECORDS; i++)
			free(records[i]);
	}
	ok(!bad, "random calls of test, as libjq: %u comparisons, of which %u hold and %u fail",
	   tally.all, tally.hold, tally.fail);
	ok(here > batches * BATCH / 4, "of which %u of %zu are searched here", here,
	   batches * BATCH);
}

/* Random bytes and random pieces: an error or a program, never a crash. */
static void check_noise(size_t rounds)
{
	static const char *const pieces[] = {
		".a",	 "[",	 "]",	   "(",	       ")",	   "{",	    "}",
		"\"",	 "\\(",	 "|",	   ",",	       "//",	   "?",	    "?//",
		"as $x", "$x",	 "if ",	   " then ",   " else ",   " end",  "reduce ",
		"map(",	 ";",	 "1",	   "1e9999",   "-",	   "+",	    "*",
		"/",	 "==",	 "<=",	   "..",       ".",	   " and ", " or ",
		"not",	 "#",	 "\n",	   "@base64 ", "\xc3\xa9", "\\u12", "test(\"",
		"IN(",	 "all(", "def f:", "::",       "1.",	   ".5",    "error(\"\\u0000\")",
		NULL};
	unsigned taken = 0;
	struct ev_buf b = {0}, why = {0};

	for (size_t i = 0; i < rounds; i++) {
		struct ev_error err;
		struct ev_expr *e;

		ev_buf_reset(&b);
		for (size_t n = random_below(12) + 1; n > 0; n--)
			if (random_below(20) == 0)
				ev_buf_putc(&b, (char)(random_below(255) + 1));
			else
				ev_buf_puts(&b, pick(pieces));
		e = ev_expr_compile(ev_buf_str(&b), false, &err);
		if (e != NULL) {
			taken++;
			ev_expr_test(e, record("{\"a\":[1,\"b\"]}"), 0, &why);
			ev_expr_free(&e);
		}
	}
	ok(true, "%zu texts of noise, of which %u are expressions", rounds, taken);
	ev_buf_free(&b);
	ev_buf_free(&why);
}

int main(void)
{
	size_t more = 1; /* EXPR_ROUNDS: how much of the random tests */
	const char *rounds = getenv("EXPR_ROUNDS");

	if (rounds != NULL)
		more = strtoul(rounds, NULL, 10);

	scan = ev_scan_new();
	check_cases();
	check_inside();
	check_by_shape();
	check_refused();
	check_assignments();
	check_lints();
	check_digits(6 * more);
	check_bounds();
	check_floating();
	check_told();
	check_hostile_texts();
	check_hostile_records();
	check_home();
	check_grid();
	check_random(10 * more);
	check_searches(more);
	check_noise(200 * more);
	ev_scan_free(&scan);
	return done();
}

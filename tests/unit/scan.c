/* The scanner: what is JSON and what is not, by every way that this machine has to index a text. */
#include "scan/scan.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "scan/form.h"
#include "scan/index.h"
#include "json/canon.h"
#include "json/view.h"

#include "support.h"
#include "tap.h"

#include <dirent.h>

static struct ev_scan *scan;
static struct guarded page;

/* What may stand behind a text and must not matter. */
static const char *const fillers[] = {"\n", "0123456789", ".5e1", "\"", "\\",
				      "}]", "true",	  "\xff", ","};
enum { FILLERS = sizeof fillers / sizeof fillers[0] };

static const char *const code_names[] = {"syntax",  "utf8",  "surrogate",
					 "control", "depth", "length"};

enum { ACCEPT = -1 };

struct verdict {
	int code; /* enum ev_flaw_code, or ACCEPT */
	uint32_t at, duplicate, n;
	bool steady; /* the same by every way and with everything behind the text */
};

static struct verdict look(const char *text, size_t len)
{
	struct ev_flaw flaw;
	const struct ev_doc *d = ev_scan(scan, text, len, &flaw);

	if (d == NULL)
		return (struct verdict){(int)flaw.code, flaw.at, EV_NOWHERE, 0, true};
	return (struct verdict){ACCEPT, 0, d->duplicate, d->n, true};
}

/* The verdict on a text, by all ways. */
static struct verdict judge(const char *text, size_t len)
{
	struct verdict first = {.steady = false};
	bool begun = false;

	for (unsigned way = 0; ev_index_implementation(way) != NULL; way++) {
		ev_index_use(way);
		for (size_t f = 0; f < 2UL * FILLERS; f++) { /* at both ends of what can be read */
			struct verdict v =
				look((f < FILLERS ? guarded_put : guarded_first)(
					     &page, text, len, EV_SCAN_SLACK, fillers[f % FILLERS]),
				     len);

			if (!begun)
				first = v;
			begun = true;
			if (v.code != first.code || v.at != first.at ||
			    v.duplicate != first.duplicate || v.n != first.n) {
				diag("%s with '%s' behind it differs: %d at %u, not %d at %u",
				     ev_index_implementation(way), fillers[f % FILLERS], v.code,
				     v.at, first.code, first.at);
				first.steady = false;
			}
		}
	}
	ev_index_use(0);
	return first;
}

static const char *code_name(int code)
{
	return code == ACCEPT ? "accept" : code_names[code];
}

/* JSONTestSuite */

/*
 * What the suite leaves to the parser. Numbers of any size and precision are right, since they are
 * never converted; what is no Unicode text, escaped or raw, is wrong, and so is a byte order mark.
 */
static const struct {
	const char *name;
	int code;
	uint32_t at;
} decisions[] = {
	{"i_number_double_huge_neg_exp.json", ACCEPT, 0},
	{"i_number_huge_exp.json", ACCEPT, 0},
	{"i_number_neg_int_huge_exp.json", ACCEPT, 0},
	{"i_number_pos_double_huge_exp.json", ACCEPT, 0},
	{"i_number_real_neg_overflow.json", ACCEPT, 0},
	{"i_number_real_pos_overflow.json", ACCEPT, 0},
	{"i_number_real_underflow.json", ACCEPT, 0},
	{"i_number_too_big_neg_int.json", ACCEPT, 0},
	{"i_number_too_big_pos_int.json", ACCEPT, 0},
	{"i_number_very_big_negative_int.json", ACCEPT, 0},
	{"i_object_key_lone_2nd_surrogate.json", EV_FLAW_SURROGATE, 2},
	{"i_string_1st_surrogate_but_2nd_missing.json", EV_FLAW_SURROGATE, 2},
	{"i_string_1st_valid_surrogate_2nd_invalid.json", EV_FLAW_SURROGATE, 2},
	{"i_string_UTF-16LE_with_BOM.json", EV_FLAW_UTF8, 0},
	{"i_string_UTF-8_invalid_sequence.json", EV_FLAW_UTF8, 7},
	{"i_string_UTF8_surrogate_U+D800.json", EV_FLAW_UTF8, 2},
	{"i_string_incomplete_surrogate_and_escape_valid.json", EV_FLAW_SURROGATE, 2},
	{"i_string_incomplete_surrogate_pair.json", EV_FLAW_SURROGATE, 2},
	{"i_string_incomplete_surrogates_escape_valid.json", EV_FLAW_SURROGATE, 2},
	{"i_string_invalid_lonely_surrogate.json", EV_FLAW_SURROGATE, 2},
	{"i_string_invalid_surrogate.json", EV_FLAW_SURROGATE, 2},
	{"i_string_invalid_utf-8.json", EV_FLAW_UTF8, 2},
	{"i_string_inverted_surrogates_U+1D11E.json", EV_FLAW_SURROGATE, 2},
	{"i_string_iso_latin_1.json", EV_FLAW_UTF8, 2},
	{"i_string_lone_second_surrogate.json", EV_FLAW_SURROGATE, 2},
	{"i_string_lone_utf8_continuation_byte.json", EV_FLAW_UTF8, 2},
	{"i_string_not_in_unicode_range.json", EV_FLAW_UTF8, 2},
	{"i_string_overlong_sequence_2_bytes.json", EV_FLAW_UTF8, 2},
	{"i_string_overlong_sequence_6_bytes.json", EV_FLAW_UTF8, 2},
	{"i_string_overlong_sequence_6_bytes_null.json", EV_FLAW_UTF8, 2},
	{"i_string_truncated-utf-8.json", EV_FLAW_UTF8, 2},
	{"i_string_utf16BE_no_BOM.json", EV_FLAW_UTF8, 5},
	{"i_string_utf16LE_no_BOM.json", EV_FLAW_UTF8, 4},
	{"i_structure_500_nested_arrays.json", ACCEPT, 0},
	{"i_structure_UTF-8_BOM_empty_object.json", EV_FLAW_SYNTAX, 0},
};

enum { DECISIONS = sizeof decisions / sizeof decisions[0] };

static void suite_case(const char *name, const char *text, size_t len)
{
	struct verdict v = judge(text, len);
	bool twice = strncmp(name, "y_object_duplicated_key", 23) == 0;

	switch (name[0]) {
	case 'y':
		ok(v.steady && v.code == ACCEPT && (v.duplicate != EV_NOWHERE) == twice,
		   "%s is accepted%s", name, twice ? ", and its equal names are told" : "");
		return;
	case 'n': ok(v.steady && v.code != ACCEPT, "%s is refused", name); return;
	}
	for (size_t i = 0; i < DECISIONS; i++) {
		if (strcmp(decisions[i].name, name) != 0)
			continue;
		if (!ok(v.steady && v.code == decisions[i].code && v.at == decisions[i].at,
			"%s: %s at %u", name, code_name(decisions[i].code), decisions[i].at))
			diag("it is: %s at %u", code_name(v.code), v.at);
		return;
	}
	ok(false, "%s is decided", name);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void test_suite(void)
{
	const char *path = data_path("jsontestsuite/test_parsing");
	struct dirent **files;
	char dir[4096], file[8192];
	int n, seen[256] = {0};

	if (path == NULL) {
		skip("there is no jsontestsuite under EVKIT_DATA", "JSONTestSuite");
		return;
	}
	snprintf(dir, sizeof dir, "%s", path);
	n = scandir(dir, &files, NULL, by_name);
	for (int i = 0; i < n; i++) {
		const char *name = files[i]->d_name;
		size_t len;
		char *text;

		if (name[0] != '\0' && name[1] == '_') {
			snprintf(file, sizeof file, "%s/%s", dir, name);
			if ((text = read_file(file, &len)) != NULL) {
				seen[(unsigned char)name[0]]++;
				suite_case(name, text, len);
			}
			free(text);
		}
		free(files[i]);
	}
	free(files);
	is_int(seen['y'], 95, "all that must be accepted was seen");
	is_int(seen['n'], 188, "all that must be refused was seen");
	is_int(seen['i'], DECISIONS, "all that is left to us was seen");
}

/* Flaws and where they are */

#define T(s) s, sizeof(s) - 1

static const struct {
	const char *text;
	size_t len;
	int code;
	uint32_t at;
} flaws[] = {
	{T(""), EV_FLAW_SYNTAX, 0},
	{T(" \n"), EV_FLAW_SYNTAX, 2},
	{T("["), EV_FLAW_SYNTAX, 1},
	{T("{"), EV_FLAW_SYNTAX, 1},
	{T("]"), EV_FLAW_SYNTAX, 0},
	{T(","), EV_FLAW_SYNTAX, 0},
	{T(" :"), EV_FLAW_SYNTAX, 1},
	{T("[1"), EV_FLAW_SYNTAX, 2},
	{T("[1,"), EV_FLAW_SYNTAX, 3},
	{T("[,1]"), EV_FLAW_SYNTAX, 1},
	{T("[1,]"), EV_FLAW_SYNTAX, 3},
	{T("[1,,2]"), EV_FLAW_SYNTAX, 3},
	{T("[1 2]"), EV_FLAW_SYNTAX, 3},
	{T("[1:2]"), EV_FLAW_SYNTAX, 2},
	{T("[\"a\"\"b\"]"), EV_FLAW_SYNTAX, 4},
	{T("[}"), EV_FLAW_SYNTAX, 1},
	{T("{]"), EV_FLAW_SYNTAX, 1},
	{T("[1}"), EV_FLAW_SYNTAX, 2},
	{T("{\"a\":1]"), EV_FLAW_SYNTAX, 6},
	{T("{\"a\""), EV_FLAW_SYNTAX, 4},
	{T("{\"a\":"), EV_FLAW_SYNTAX, 5},
	{T("{\"a\":}"), EV_FLAW_SYNTAX, 5},
	{T("{\"a\":1"), EV_FLAW_SYNTAX, 6},
	{T("{\"a\":1,"), EV_FLAW_SYNTAX, 7},
	{T("{\"a\":1,}"), EV_FLAW_SYNTAX, 7},
	{T("{\"a\" 1}"), EV_FLAW_SYNTAX, 5},
	{T("{\"a\",1}"), EV_FLAW_SYNTAX, 4},
	{T("{\"a\":1 \"b\":2}"), EV_FLAW_SYNTAX, 7},
	{T("{a:1}"), EV_FLAW_SYNTAX, 1},
	{T("{1:1}"), EV_FLAW_SYNTAX, 1},
	{T("{,}"), EV_FLAW_SYNTAX, 1},
	{T("{}{}"), EV_FLAW_SYNTAX, 2},
	{T("1 2"), EV_FLAW_SYNTAX, 2},
	{T("\"a\"b"), EV_FLAW_SYNTAX, 3},
	{T("{}\""), EV_FLAW_SYNTAX, 2},
	{T("tru"), EV_FLAW_SYNTAX, 0},
	{T("truex"), EV_FLAW_SYNTAX, 0},
	{T("[nul]"), EV_FLAW_SYNTAX, 1},
	{T("True"), EV_FLAW_SYNTAX, 0},
	{T("[NaN]"), EV_FLAW_SYNTAX, 1},
	{T("-"), EV_FLAW_SYNTAX, 0},
	{T("[-]"), EV_FLAW_SYNTAX, 1},
	{T("+1"), EV_FLAW_SYNTAX, 0},
	{T("01"), EV_FLAW_SYNTAX, 0},
	{T("[-01]"), EV_FLAW_SYNTAX, 1},
	{T("1."), EV_FLAW_SYNTAX, 0},
	{T("[1.]"), EV_FLAW_SYNTAX, 1},
	{T(".5"), EV_FLAW_SYNTAX, 0},
	{T("1e"), EV_FLAW_SYNTAX, 0},
	{T("1e+"), EV_FLAW_SYNTAX, 0},
	{T("[1e]"), EV_FLAW_SYNTAX, 1},
	{T("0x1"), EV_FLAW_SYNTAX, 0},
	{T("[1.5.2]"), EV_FLAW_SYNTAX, 1},
	{T("[1\0]"), EV_FLAW_SYNTAX, 1},
	{T("1\\"), EV_FLAW_SYNTAX, 0},
	{T("'a'"), EV_FLAW_SYNTAX, 0},
	{T("\"a"), EV_FLAW_SYNTAX, 0},
	{T("[\"a\", \"b]"), EV_FLAW_SYNTAX, 6},
	{T("\"ab\\\""), EV_FLAW_SYNTAX, 0},
	{T("\"a\\x\""), EV_FLAW_SYNTAX, 2},
	{T("\"\\u12\""), EV_FLAW_SYNTAX, 1},
	{T("\"\\u12g4\""), EV_FLAW_SYNTAX, 1},
	{T("\"\\u\""), EV_FLAW_SYNTAX, 1},
	{T("{\"a\\q\":1}"), EV_FLAW_SYNTAX, 3},
	{T("/**/1"), EV_FLAW_SYNTAX, 0},
	{T("1 // x"), EV_FLAW_SYNTAX, 2},
	{T("\xef\xbb\xbf{}"), EV_FLAW_SYNTAX, 0},
	{T("\xc2\xa0"
	   "1"),
	 EV_FLAW_SYNTAX, 0},
	/* FF, VT, SUB and RS are no white space, nor what they resemble in four bits. */
	{T("\f1"), EV_FLAW_SYNTAX, 0},
	{T("1\f"), EV_FLAW_SYNTAX, 0},
	{T("[1\f2]"), EV_FLAW_SYNTAX, 1},
	{T("[1 \f 2]"), EV_FLAW_SYNTAX, 3},
	{T("{\"a\"\x1a"
	   "1}"),
	 EV_FLAW_SYNTAX, 4},
	{T("{\"a\" \x1a"
	   " 1}"),
	 EV_FLAW_SYNTAX, 5},
	{T("[\x1a]"), EV_FLAW_SYNTAX, 1},
	{T("\v1"), EV_FLAW_SYNTAX, 0},
	{T("\x1e{}"), EV_FLAW_SYNTAX, 0},
	{T("[\0]"), EV_FLAW_SYNTAX, 1},
	{T("\"\\ud800\""), EV_FLAW_SURROGATE, 1},
	{T("\"\\udbff\""), EV_FLAW_SURROGATE, 1},
	{T("\"\\udc00\""), EV_FLAW_SURROGATE, 1},
	{T("\"\\uDFFF\""), EV_FLAW_SURROGATE, 1},
	{T("\"\\ud800\\u0041\""), EV_FLAW_SURROGATE, 1},
	{T("\"\\ud800\\ud800\\udc00\""), EV_FLAW_SURROGATE, 1},
	{T("\"\\ud800\\\\udc00\""), EV_FLAW_SURROGATE, 1},
	{T("\"\\ud800\\ue000\""), EV_FLAW_SURROGATE, 1},
	{T("\"\\ud800udc00\""), EV_FLAW_SURROGATE, 1},
	{T("\"\\ud834\\udd1e\\udd1e\""), EV_FLAW_SURROGATE, 13},
	{T("{\"\\udead\":1}"), EV_FLAW_SURROGATE, 2},
	{T("[1,\"\\ud8"), EV_FLAW_SYNTAX, 3},
	{T("\"a\tb\""), EV_FLAW_CONTROL, 2},
	{T("\"\n\""), EV_FLAW_CONTROL, 1},
	{T("\"\0\""), EV_FLAW_CONTROL, 1},
	{T("{\"\x1f\":1}"), EV_FLAW_CONTROL, 2},
	{T("\"\\\n\""), EV_FLAW_CONTROL, 2},
	{T("[\"\xff\"]"), EV_FLAW_UTF8, 2},
	{T("\xff"), EV_FLAW_UTF8, 0},
	{T("\"\xed\xa0\x80\""), EV_FLAW_UTF8, 1},
	{T("\"a\xc0\x80\""), EV_FLAW_UTF8, 2},
	{T("\"\xf4\x90\x80\x80\""), EV_FLAW_UTF8, 1},
	{T("\"\xe2\x82\""), EV_FLAW_UTF8, 1},
	{T("\"\xe2\x82\xac\x80\""), EV_FLAW_UTF8, 4},
};

/* And what looks odd and is right. */
static const struct {
	const char *text;
	size_t len;
} right[] = {
	{T("0")},
	{T("-0")},
	{T(" 1 ")},
	{T("-0.0e-0")},
	{T("1E+05")},
	{T("1e00000000000000000000000000001")},
	{T("123456789012345678901234567890.123456789012345678901234567890")},
	{T("null")},
	{T("\ttrue\r\n")},
	{T("false")},
	{T("\"\"")},
	{T("\"\x7f\"")},
	{T("\"\xc2\x80\"")},
	{T("\"\xef\xbb\xbf\"")},
	{T("\"\xef\xbf\xbf\xf4\x8f\xbf\xbf\"")},
	{T("\"\\u0000\\uffff\\ud7ff\\ue000\\uD834\\uDd1E\"")},
	{T("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"")},
	{T("\"\\\\\"")},
	{T("\"\\\\\\\\\\\"\"")},
	{T("[]")},
	{T("{}")},
	{T("[ ]")},
	{T("{ }")},
	{T("[[],{}]")},
	{T("[\"//\",\"{[:,\"]")},
	{T("{\"\":\"\"}")},
};

static void test_flaws(void)
{
	for (size_t i = 0; i < sizeof flaws / sizeof flaws[0]; i++) {
		struct verdict v = judge(flaws[i].text, flaws[i].len);

		if (!ok(v.steady && v.code == flaws[i].code && v.at == flaws[i].at, "%s: %s at %u",
			flaws[i].text, code_name(flaws[i].code), flaws[i].at))
			diag("it is: %s at %u", code_name(v.code), v.at);
	}
	for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
		struct verdict v = judge(right[i].text, right[i].len);

		ok(v.steady && v.code == ACCEPT, "%s is right", right[i].text);
	}
}

/* A flaw is found wherever it falls among the blocks of 64 bytes. */
static void test_places(void)
{
	char text[1024];

	for (size_t i = 0; i < sizeof flaws / sizeof flaws[0]; i++) {
		unsigned wrong = 0;

		for (size_t shift = 1; shift <= 130; shift++) {
			struct verdict v;

			memset(text, ' ', shift);
			memcpy(text + shift, flaws[i].text, flaws[i].len);
			v = judge(text, shift + flaws[i].len);
			wrong +=
				!v.steady || v.code != flaws[i].code || v.at != flaws[i].at + shift;
		}
		is_int(wrong, 0, "the same behind 1 to 130 blanks: %s", flaws[i].text);
	}
}

/* A run of backslashes of any length, at any place. */
static void test_backslashes(void)
{
	char text[512];
	unsigned wrong = 0;

	for (size_t before = 0; before < 70; before++)
		for (size_t run = 0; run < 140; run++) {
			size_t len = 0;
			struct verdict v;

			text[len++] = '"';
			memset(text + len, 'a', before);
			len += before;
			memset(text + len, '\\', run);
			len += run;
			text[len++] = '"';
			v = judge(text, len);
			wrong += !v.steady || (v.code == ACCEPT) != (run % 2 == 0);
		}
	is_int(wrong, 0, "a quote behind 0 to 139 backslashes at 70 places");
}

static void test_depth(void)
{
	static const struct {
		const char *open, *close;
	} kinds[] = {{"[", "]"}, {"{\"a\":", "}"}, {"[{\"a\":", "}]"}};
	struct ev_buf b = {0};

	for (size_t k = 0; k < 3; k++) {
		size_t per = k == 2 ? 2 : 1;

		for (size_t depth = EV_MAX_DEPTH; depth <= EV_MAX_DEPTH + per; depth += per) {
			struct verdict v;

			ev_buf_reset(&b);
			for (size_t i = 0; i < depth / per; i++)
				ev_buf_puts(&b, kinds[k].open);
			ev_buf_puts(&b, "1");
			for (size_t i = 0; i < depth / per; i++)
				ev_buf_puts(&b, kinds[k].close);
			v = judge(b.p, b.len);
			ok(v.steady && v.code == (depth <= EV_MAX_DEPTH ? ACCEPT : EV_FLAW_DEPTH) &&
				   v.at == (depth <= EV_MAX_DEPTH
						    ? 0
						    : EV_MAX_DEPTH / per * strlen(kinds[k].open)),
			   "%zu deep in %s", depth, kinds[k].open);
		}
	}
	ev_buf_reset(&b);
	for (size_t i = 0; i <= EV_MAX_DEPTH; i++)
		ev_buf_puts(&b, i < EV_MAX_DEPTH ? "[" : "]");
	is_int(judge(b.p, b.len).code, EV_FLAW_SYNTAX,
	       "512 open brackets are a question of syntax");
	b.p[EV_MAX_DEPTH] = '[';
	is_int(judge(b.p, b.len).code, EV_FLAW_DEPTH, "513 are one of depth");
	ev_buf_free(&b);
}

/* Equal names */

static const struct {
	const char *text;
	uint32_t at;
} names[] = {
	{"{\"a\":1,\"a\":2}", 7},
	{"{\"a\":1,\"b\":2,\"a\":3}", 13},
	{"{\"a\":1,\"b\":2,\"b\":3,\"a\":3}", 13},
	{"{\"a\":1,\"A\":2}", EV_NOWHERE},
	{"{\"\":1,\"\":2}", 6},
	{"{\"\":1,\"\\u0000\":2}", EV_NOWHERE},
	{"{\"a\":1,\"a\\u0000\":2}", EV_NOWHERE},
	{"{\"a\\u0000\":1,\"a\\u0000\":2}", 13},
	{"{\"a\":1,\"\\u0061\":2}", 7},
	{"{\"\\u0061\":1,\"a\":2}", 12},
	{"{\"/\":1,\"\\/\":2}", 7},
	{"{\"\\n\":1,\"\\u000a\":2}", 8},
	{"{\"\\n\":1,\"\\u000A\":2}", 8},
	{"{\"\\n\":1,\"n\":2}", EV_NOWHERE},
	{"{\"\xc3\xa9\":1,\"\\u00e9\":2}", 8},
	{"{\"e\xcc\x81\":1,\"\\u00e9\":2}", EV_NOWHERE}, /* no Unicode normalization */
	{"{\"\xf0\x9d\x84\x9e\":1,\"\\ud834\\udd1e\":2}", 10},
	{"{\"abcdefgh1\":1,\"abcdefgh2\":2}", EV_NOWHERE},
	{"{\"abcdefgh1\":1,\"abcdefgh1\":2}", 15},
	{"{\"abcdefgh\":1,\"abcdefghi\":2}", EV_NOWHERE},
	{"{\"abcdefgh\":1,\"abcdefg\":2}", EV_NOWHERE},
	{"{\"a\":{\"a\":1},\"b\":{\"a\":1}}", EV_NOWHERE},
	{"[{\"a\":1},{\"a\":1}]", EV_NOWHERE},
	{"{\"a\":\"a\",\"b\":\"a\"}", EV_NOWHERE},
	{"[[{\"b\":1,\"b\":2}]]", 9},
	{"{\"a\":{\"b\":1,\"b\":2},\"a\":3}", 12},
};

static void test_names(void)
{
	struct ev_buf b = {0};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct verdict v = judge(names[i].text, strlen(names[i].text));

		if (!ok(v.steady && v.code == ACCEPT && v.duplicate == names[i].at,
			"equal names: %s", names[i].text))
			diag("at %u, not %u", v.duplicate, names[i].at);
	}
	/* n members; the name of the one at k is that of the one at i once more, if k > i. */
	for (size_t n = 2; n <= 1000; n = n < 20 ? n + 1 : n * 3 / 2) {
		unsigned wrong = 0;

		for (int round = 0; round < 60; round++) {
			size_t i = random_below(n), k = random_below(n);
			uint32_t want = EV_NOWHERE;
			struct verdict v;

			ev_buf_reset(&b);
			ev_buf_putc(&b, '{');
			for (size_t m = 0; m < n; m++) {
				if (m > 0)
					ev_buf_putc(&b, ',');
				if (m == k && k > i)
					want = (uint32_t)b.len;
				if (round % 3 == 0 && m == k)
					ev_buf_printf(&b, "\"\\u006eame_%zu\":%zu",
						      m == k && k > i ? i : m, m);
				else
					ev_buf_printf(&b, "\"name_%zu\":%zu",
						      m == k && k > i ? i : m, m);
			}
			ev_buf_putc(&b, '}');
			v = judge(b.p, b.len);
			wrong += !v.steady || v.code != ACCEPT || v.duplicate != want;
		}
		is_int(wrong, 0, "equal names among %zu", n);
	}
	ev_buf_free(&b);
}

/* Nodes */

static const char sample[] =
	" {\"a\":[1, -2.5e3,\"x\\n\"],\"\\u0062\":{\"\":null,\"t\":true},\"f\":false ,"
	"\"e\":[ ],\"o\":{},\"deep\":[[[\"\"]]]} \r\n";

static const struct {
	const char *raw;
	enum ev_kind kind;
	uint32_t next; /* 0 for a name, which has none */
	uint32_t count;
	bool escaped;
} sample_nodes[] = {
	{NULL, EV_OBJECT, 23, 6, false},
	{"\"a\"", EV_STRING, 0, 0, false},
	{"[1, -2.5e3,\"x\\n\"]", EV_ARRAY, 6, 3, false},
	{"1", EV_NUMBER, 4, 0, false},
	{"-2.5e3", EV_NUMBER, 5, 0, false},
	{"\"x\\n\"", EV_STRING, 6, 0, true},
	{"\"\\u0062\"", EV_STRING, 0, 0, true},
	{"{\"\":null,\"t\":true}", EV_OBJECT, 12, 2, false},
	{"\"\"", EV_STRING, 0, 0, false},
	{"null", EV_NULL, 10, 0, false},
	{"\"t\"", EV_STRING, 0, 0, false},
	{"true", EV_TRUE, 12, 0, false},
	{"\"f\"", EV_STRING, 0, 0, false},
	{"false", EV_FALSE, 14, 0, false},
	{"\"e\"", EV_STRING, 0, 0, false},
	{"[ ]", EV_ARRAY, 16, 0, false},
	{"\"o\"", EV_STRING, 0, 0, false},
	{"{}", EV_OBJECT, 18, 0, false},
	{"\"deep\"", EV_STRING, 0, 0, false},
	{"[[[\"\"]]]", EV_ARRAY, 23, 1, false},
	{"[[\"\"]]", EV_ARRAY, 23, 1, false},
	{"[\"\"]", EV_ARRAY, 23, 1, false},
	{"\"\"", EV_STRING, 23, 0, false},
};

enum { SAMPLE_NODES = sizeof sample_nodes / sizeof sample_nodes[0] };

static void test_nodes(void)
{
	for (unsigned way = 0; ev_index_implementation(way) != NULL; way++) {
		const char *p = guarded_put(&page, sample, sizeof sample - 1, EV_SCAN_SLACK, "\n");
		struct ev_flaw flaw;
		const struct ev_doc *d;
		unsigned wrong = 0;

		ev_index_use(way);
		d = ev_scan(scan, p, sizeof sample - 1, &flaw);
		if (!ok(d != NULL && d->n == SAMPLE_NODES && d->text == p &&
				d->len == sizeof sample - 1,
			"the sample by %s", ev_index_implementation(way)) ||
		    d == NULL)
			continue;
		for (uint32_t i = 0; i < d->n; i++) {
			char raw[sizeof sample];
			size_t len;
			const char *q = ev_raw(d, i, &len);

			snprintf(raw, sizeof raw, "%.*s", (int)len, q);
			if (i == 0 ? d->nodes[0].pos == 1 && d->nodes[0].end == sizeof sample - 4
				   : strcmp(raw, sample_nodes[i].raw) == 0)
				if (ev_kind(d, i) == sample_nodes[i].kind &&
				    (sample_nodes[i].next == 0 ||
				     d->nodes[i].next == sample_nodes[i].next) &&
				    (sample_nodes[i].kind == EV_STRING ||
				     d->nodes[i].count == sample_nodes[i].count) &&
				    d->nodes[i].escaped == sample_nodes[i].escaped)
					continue;
			wrong++;
			diag("node %u: %s next %u count %u", i, raw, d->nodes[i].next,
			     d->nodes[i].count);
		}
		is_int(wrong, 0, "the nodes of the sample by %s", ev_index_implementation(way));
	}
	ev_index_use(0);
}

static void test_view(void)
{
	const char *p = guarded_put(&page, sample, sizeof sample - 1, EV_SCAN_SLACK, "\n");
	struct ev_flaw flaw;
	const struct ev_doc *d = ev_scan(scan, p, sizeof sample - 1, &flaw);
	struct ev_buf scratch = {0};
	unsigned n = 0;
	size_t len;

	if (!ok(d != NULL, "the sample is right") || d == NULL)
		return;
	is_int(ev_member(d, 0, "a", 1), 2, "a member is found");
	is_int(ev_member(d, 0, "b", 1), 7, "a member whose name is escaped is found");
	is_int(ev_member(d, 7, "", 0), 9, "a member with an empty name is found");
	is_int(ev_member(d, 0, "t", 1), EV_NOWHERE, "a member of a member is none");
	is_int(ev_member(d, 2, "a", 1), EV_NOWHERE, "an array has no members");
	is_int(ev_member(d, 3, "a", 1), EV_NOWHERE, "a number has no members");
	ev_string(d, 5, &scratch, &len);
	ok(len == 2 && scratch.p != NULL && memcmp(scratch.p, "x\n", 2) == 0,
	   "a string is decoded");
	ok(ev_string(d, 1, &scratch, &len) == p + 3 && len == 1,
	   "a string without escapes lies in the text");
	ok(ev_string_is(d, 6, "b", 1) && !ev_string_is(d, 6, "\\u0062", 6),
	   "a string is compared decoded");
	for (uint32_t i = ev_first(d, 0); i < ev_end(d, 0); i = ev_next(d, i + 1))
		n++;
	is_int(n, 6, "six members are walked over");
	n = 0;
	for (uint32_t i = ev_first(d, 2); i < ev_end(d, 2); i = ev_next(d, i))
		n++;
	is_int(n, 3, "three elements are walked over");
	is(ev_kind_name(EV_NULL), "null", "the name of null");
	is(ev_kind_name(EV_FALSE), "boolean", "the name of false");
	is(ev_kind_name(EV_TRUE), "boolean", "the name of true");
	is(ev_kind_name(EV_NUMBER), "number", "the name of a number");
	is(ev_kind_name(EV_OBJECT), "object", "the name of an object");
	ev_buf_free(&scratch);
}

/* Escapes, and U+0000 among them, which only an odd number of backslashes makes; by shape too. */
static void test_marks(void)
{
	static const struct {
		const char *text;
		bool unescaped, nul;
	} cases[] = {
		{"{\"a\":\"u0000\",\"b\":[]}", true, false},
		{"{\"a\":\"\\\\u0000\",\"b\":[]}", false, false},
		{"{\"a\":\"\\\\\\u0000\",\"b\":[]}", false, true},
		{"{\"a\":\"\\u0001\\ud83d\\ude00\",\"b\":[]}", false, false},
		{"{\"a\":\"\\u0001\\u0000\\n\",\"b\":[]}", false, true},
	};
	struct ev_scan *other = ev_scan_new();
	unsigned wrong = 0;

	for (size_t i = 0; i < 8 * sizeof cases / sizeof *cases; i++) {
		size_t k = i % (sizeof cases / sizeof *cases), len = strlen(cases[k].text);
		const char *p = guarded_put(&page, cases[k].text, len, EV_SCAN_SLACK, "\n");
		struct ev_flaw flaw;
		const struct ev_doc *d = ev_scan(other, p, len, &flaw);

		wrong += d == NULL || d->unescaped != cases[k].unescaped || d->nul != cases[k].nul;
	}
	is_int(wrong, 0, "escapes and U+0000 are told of");
	ev_scan_free(&other);
}

/* What would be other or right with what stands behind it. */
static void test_slack(void)
{
	static const struct {
		const char *text, *filler;
		bool good;
	} cases[] = {
		{"12", "0", true},
		{"12", "9", true},
		{"12", ".5", true},
		{"12", "e5", true},
		{"12", "E+1", true},
		{"0", "1", true},
		{"-0", "0", true},
		{"1.5", "5", true},
		{"1e5", "5", true},
		{"[1]", "1", true},
		{"12 ", "3", true},
		{"\"a\"", "\"", true},
		{"true", "true", true},
		{"null", "x", true},
		{"-", "1", false},
		{"1.", "5", false},
		{"1e", "5", false},
		{"1e-", "5", false},
		{"tru", "e", false},
		{"nul", "l", false},
		{"\"a", "\"", false},
		{"\"a\\", "\"", false},
		{"\"\\u00", "0", false},
		{"[1", "]", false},
		{"[1,", "2]", false},
		{"{\"a\"", ":1}", false},
		{"", "1", false},
		{"\"\xc3", "\xa9\"", false},
		{"\"\\ud834", "\\udd1e\"", false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t len = strlen(cases[i].text), used = len;
		unsigned wrong = 0;

		while (used > 0 && cases[i].text[used - 1] == ' ')
			used--;
		for (unsigned way = 0; ev_index_implementation(way) != NULL; way++) {
			struct ev_flaw flaw;
			const struct ev_doc *d;

			ev_index_use(way);
			d = ev_scan(scan,
				    guarded_put(&page, cases[i].text, len, EV_SCAN_SLACK,
						cases[i].filler),
				    len, &flaw);
			wrong += (d != NULL) != cases[i].good ||
				 (d != NULL && d->nodes[0].end != used);
		}
		is_int(wrong, 0, "'%s' with '%s' behind it is %s", cases[i].text, cases[i].filler,
		       cases[i].good ? "right" : "wrong");
	}
	ev_index_use(0);
}

static void test_sizes(void)
{
	enum { N = 300000 };
	struct ev_buf b = {0};
	struct ev_flaw flaw = {0};
	const struct ev_doc *d;

	ok(ev_scan(scan, "1", EV_SCAN_MAX + (size_t)1, &flaw) == NULL &&
		   flaw.code == EV_FLAW_LENGTH,
	   "a text of more than 512 MiB is refused unread");
	ev_buf_putc(&b, '[');
	for (int i = 0; i < N; i++)
		ev_buf_puts(&b, i > 0 ? ",\"\\\\\"" : "\"\\\\\"");
	ev_buf_putc(&b, ']');
	memset(ev_buf_room(&b, EV_SCAN_SLACK), '\\', EV_SCAN_SLACK);
	for (unsigned way = 0; ev_index_implementation(way) != NULL; way++) {
		ev_index_use(way);
		d = ev_scan(scan, b.p, b.len, &flaw);
		ok(d != NULL && d->n == N + 1 && d->nodes[0].count == N &&
			   d->nodes[0].next == N + 1 && d->nodes[N].escaped,
		   "300,000 elements by %s", ev_index_implementation(way));
	}
	ev_index_use(0);
	d = ev_scan(scan, guarded_put(&page, "{}", 2, EV_SCAN_SLACK, "0"), 2, &flaw);
	ok(d != NULL && d->n == 1, "a small text behind a large one");
	ev_buf_free(&b);
}

/* UTF-8 inside a string: the bytes, but for those that JSON itself does not take raw. */
static bool decided(const char *p, size_t len, bool *valid)
{
	struct ev_buf b = {0};
	size_t good = slow_utf8(p, len);
	struct verdict v;

	ev_buf_putc(&b, '"');
	for (size_t i = 0; i < len; i++)
		ev_buf_putc(&b,
			    (unsigned char)p[i] < 0x20 || p[i] == '"' || p[i] == '\\' ? '.' : p[i]);
	ev_buf_putc(&b, '"');
	v = judge(b.p, b.len);
	ev_buf_free(&b);
	*valid = good == len;
	return v.steady && (*valid ? v.code == ACCEPT : v.code == EV_FLAW_UTF8 && v.at == good + 1);
}

/* Large for what is no digit. */
static unsigned hex_value(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *p = c != '\0' ? strchr(digits, c) : NULL;

	if (p == NULL)
		return 0x1000;
	return (unsigned)(p - digits) < 16 ? (unsigned)(p - digits) : (unsigned)(p - digits) - 6;
}

static size_t unhex(const char *p, char *out)
{
	size_t n = 0;

	while (*p != '\0' && *p != ':' && *p != '\n') {
		unsigned v;

		if (*p == ' ' || *p == '\r') {
			p++;
			continue;
		}
		v = hex_value(p[0]) << 4 | hex_value(p[1]);
		if (v > 0xff)
			break;
		out[n++] = (char)v;
		p += 2;
	}
	return n;
}

/*
 * The lines of the test, and the sequences that lines of chapters 4 and 5 spell in hex, as in
 * "4.1.1 U+002F = c0 af = ...": copies of the file in which something has replaced every malformed
 * sequence are about.
 */
static void test_kuhn(void)
{
	const char *path = data_path("utf8-kuhn/UTF-8-test.txt");
	unsigned lines = 0, spelt = 0, wrong = 0;
	size_t len;
	char *text;

	if (path == NULL) {
		skip("there is no utf8-kuhn under EVKIT_DATA", "UTF-8-test.txt");
		return;
	}
	text = read_file(path, &len);
	for (char *p = text, *end = text + len, *lf; p < end; p = lf + 1) {
		char bytes[256], *hex;
		bool valid;

		if ((lf = memchr(p, '\n', (size_t)(end - p))) == NULL)
			lf = end;
		*lf = '\0';
		lines++;
		if (!decided(p, (size_t)(lf - p), &valid)) {
			diag("line %u is decided wrongly", lines);
			wrong++;
		}
		if ((*p == '4' || *p == '5') && (hex = strstr(p, " = ")) != NULL) {
			spelt++;
			if (!decided(bytes, unhex(hex + 3, bytes), &valid) ||
			    (*p == '4' && valid)) {
				diag("line %u is decided wrongly in hex", lines);
				wrong++;
			}
		}
	}
	free(text);
	ok(lines == 300 && spelt > 30, "M. Kuhn's test has %u lines, %u with hex", lines, spelt);
	is_int(wrong, 0, "all are decided rightly");
}

/* What chapters 2 and 3 of that test are made of. */
static void test_malformed(void)
{
	unsigned wrong = 0, n = 0;
	bool valid;

	/* Each byte alone, and each start with too few, enough and too many continuations. */
	for (int c = 0; c < 256; c++)
		for (size_t more = 0; more < 7; more++)
			for (int next = 0x80; next < 0xc0; next += 0x0f) {
				char bytes[16] = {(char)c};

				memset(bytes + 1, next, more);
				bytes[1 + more] = 'x';
				wrong += !decided(bytes, 1 + more, &valid);
				wrong += !decided(bytes, 2 + more, &valid);
				n += 2;
			}
	is_int(wrong, 0, "%u runs of a start and continuations are decided rightly", n);
}

/*
 * What is UTF-8 is not looked at again: each way but the portable one, which knows nothing of it,
 * vouches for it.
 */
static void test_vouching(void)
{
	static const char *const good[] = {
		"\x7f",		"\xc2\x80",	    "\xdf\xbf",
		"\xe0\xa0\x80", "\xed\x9f\xbf",	    "\xee\x80\x80",
		"\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
	};
	struct ev_index ix = {0};
	char text[200 + EV_INDEX_SLACK] = "";

	for (unsigned way = 0; ev_index_implementation(way) != NULL; way++) {
		bool knows = strcmp(ev_index_implementation(way), "portable") != 0;
		unsigned wrong = 0;

		ev_index_use(way);
		for (size_t g = 0; g < sizeof good / sizeof good[0]; g++)
			for (size_t shift = 0; shift < 130; shift++) {
				for (size_t i = 0; i < 200; i++)
					text[i] = (char)(' ' + (i + shift) % 95);
				memcpy(text + shift, good[g], strlen(good[g]));
				ev_index_text(&ix, text, 200);
				wrong += ix.lines[0].suspect != (!knows && g > 0);
			}
		is_int(wrong, 0, "what is UTF-8 is %sknown to be by %s", knows ? "" : "not ",
		       ev_index_implementation(way));
	}
	ev_index_use(0);
	ev_index_free(&ix);
}

/* Lines "1.0:valid hex:C2 A9", "1.1:valid:abc", "6.0:invalid hex:FF:...:..."; else comment. */
static void test_utf8tests(void)
{
	const char *path = data_path("utf8tests/utf8tests.txt");
	unsigned n[2] = {0}, wrong = 0;
	char line[4096], bytes[4096];
	FILE *f;

	if (path == NULL || (f = fopen(path, "r")) == NULL) {
		skip("there is no utf8tests under EVKIT_DATA", "utf8tests.txt");
		return;
	}
	while (fgets(line, sizeof line, f) != NULL) {
		char *kind = strchr(line, ':'), *body;
		size_t len;
		bool want, valid;

		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] == '#' || kind == NULL || (body = strchr(++kind, ':')) == NULL)
			continue;
		kind += *kind == ' ';
		body++;
		want = strncmp(kind, "valid", 5) == 0;
		if (strncmp(kind, "valid:", 6) == 0) {
			len = strlen(body);
			memcpy(bytes, body, len);
		} else {
			len = unhex(body, bytes);
		}
		n[want]++;
		if (!decided(bytes, len, &valid) || valid != want ||
		    (ev_utf8_valid(bytes, len) == len) != want) {
			diag("decided wrongly: %s", line);
			wrong++;
		}
	}
	fclose(f);
	ok(n[0] > 100 && n[1] > 20, "utf8tests has %u invalid and %u valid cases", n[0], n[1]);
	is_int(wrong, 0, "all are decided rightly");
}

/* Every string, decoded, is written again as a JSON string and read again: the same. */
static void test_blns(void)
{
	const char *path = data_path("blns/blns.json");
	struct ev_scan *again = ev_scan_new();
	struct ev_buf text = {0}, decoded = {0}, quoted = {0};
	const struct ev_doc *d, *e;
	struct ev_flaw flaw;
	unsigned n = 0, wrong = 0;
	size_t len;
	char *p;

	if (path == NULL) {
		skip("there is no blns under EVKIT_DATA", "the big list of naughty strings");
		ev_scan_free(&again);
		return;
	}
	p = read_file(path, &len);
	ev_buf_put(&text, p, len);
	memset(ev_buf_room(&text, EV_SCAN_SLACK), '"', EV_SCAN_SLACK);
	free(p);
	d = ev_scan(scan, text.p, text.len, &flaw);
	if (ok(d != NULL && ev_kind(d, 0) == EV_ARRAY, "the big list is right") && d != NULL)
		for (uint32_t i = ev_first(d, 0); i < ev_end(d, 0); i = ev_next(d, i)) {
			const char *q;
			size_t q_len;

			n++;
			q = ev_string(d, i, &decoded, &q_len);
			ev_buf_reset(&quoted);
			ev_json_quote(q, q_len, &quoted);
			memset(ev_buf_room(&quoted, EV_SCAN_SLACK), '"', EV_SCAN_SLACK);
			e = ev_scan(again, quoted.p, quoted.len, &flaw);
			wrong += e == NULL || slow_utf8(q, q_len) != q_len ||
				 !ev_equal(d, i, e, 0) || !ev_string_is(e, 0, q, q_len);
		}
	is_int(n, 515, "all naughty strings were seen");
	is_int(wrong, 0, "all are the same when written and read again");
	ev_buf_free(&text);
	ev_buf_free(&decoded);
	ev_buf_free(&quoted);
	ev_scan_free(&again);
}

int main(void)
{
	scan = ev_scan_new();
	page = guarded_new(1 << 20);
	ok(ev_index_implementation(0) != NULL, "there is a way to index a text");
	for (unsigned way = 0; ev_index_implementation(way) != NULL; way++)
		diag("way %u: %s", way, ev_index_implementation(way));
	test_flaws();
	test_places();
	test_backslashes();
	test_depth();
	test_names();
	test_nodes();
	test_view();
	test_marks();
	test_slack();
	test_sizes();
	test_kuhn();
	test_malformed();
	test_vouching();
	test_utf8tests();
	test_blns();
	test_suite();
	ev_scan_free(&scan);
	ok(scan == NULL, "the scanner is freed");
	ev_scan_free(&scan);
	return done();
}

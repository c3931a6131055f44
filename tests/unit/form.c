/* Spellings: strings of JSON, UUIDs, base64; the canonical form, and what is equal. */
#include "scan/form.h"
#include "scan/scan.h"
#include "json/canon.h"
#include "json/view.h"

#include "support.h"
#include "tap.h"

#define T(s) s, sizeof(s) - 1

/* A text and its document, which belong together. */
struct read {
	struct ev_scan *scan;
	struct ev_buf text;
	const struct ev_doc *doc;
};

static const struct ev_doc *read_text(struct read *r, const char *text, size_t len)
{
	struct ev_flaw flaw;

	if (r->scan == NULL)
		r->scan = ev_scan_new();
	ev_buf_reset(&r->text);
	ev_buf_put(&r->text, text, len);
	memset(ev_buf_room(&r->text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	r->doc = ev_scan(r->scan, r->text.p, len, &flaw);
	if (r->doc == NULL)
		diag("not read: %.*s: %s", (int)len, text, flaw.what);
	return r->doc;
}

static void read_free(struct read *r)
{
	ev_scan_free(&r->scan);
	ev_buf_free(&r->text);
}

static void test_strings(void)
{
	static const struct {
		const char *inside, *bytes;
		size_t len;
		const char *written; /* NULL: as it was */
	} cases[] = {
		{"", T(""), NULL},
		{"abc", T("abc"), NULL},
		{"\\\"\\\\\\b\\f\\n\\r\\t", T("\"\\\b\f\n\r\t"), NULL},
		{"\\/", T("/"), "/"},
		{"\\u0041\\u004a\\u004A", T("AJJ"), "AJJ"},
		{"\\u0000\\u001f", T("\0\x1f"), NULL},
		{"\\u001F\\u0008\\u000a", T("\x1f\b\n"), "\\u001f\\b\\n"},
		{"\\u007f", T("\x7f"), "\x7f"},
		{"\\u00e9\\u20AC\\uffff", T("\xc3\xa9\xe2\x82\xac\xef\xbf\xbf"),
		 "\xc3\xa9\xe2\x82\xac\xef\xbf\xbf"},
		{"\\ud834\\udd1e", T("\xf0\x9d\x84\x9e"), "\xf0\x9d\x84\x9e"},
		{"\\ud800\\udc00\\uDBFF\\uDFFF", T("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"),
		 "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
		{"a\\\\nb\\\\\\n", T("a\\nb\\\n"), NULL},
		{"\xc3\xa9\\t\xe2\x82\xac", T("\xc3\xa9\t\xe2\x82\xac"), NULL},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ev_buf b = {0}, back = {0};

		ev_json_unescape(cases[i].inside, strlen(cases[i].inside), &b);
		ok(b.len == cases[i].len && (b.len == 0 || memcmp(b.p, cases[i].bytes, b.len) == 0),
		   "'%s' decoded", cases[i].inside);
		ev_buf_puts(&back, "+");
		ev_json_escape(cases[i].bytes, cases[i].len, &back);
		is(ev_buf_str(&back) + 1,
		   cases[i].written != NULL ? cases[i].written : cases[i].inside, "'%s' written",
		   cases[i].inside);
		ev_buf_reset(&back);
		ev_buf_puts(&back, "+");
		ev_json_unescape(cases[i].inside, strlen(cases[i].inside), &back);
		ok(back.len == b.len + 1 && back.p[0] == '+', "'%s' is added to what was there",
		   cases[i].inside);
		ev_buf_reset(&back);
		ev_json_quote("", 0, &back);
		ok(back.len == 2 && memcmp(back.p, "\"\"", 2) == 0, "nothing in quotes");
		ev_buf_free(&b);
		ev_buf_free(&back);
	}
}

/* Random text, with each of its code points spelled in a random way, is decoded to itself. */
static void test_random_strings(void)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	struct ev_buf want = {0}, spelled = {0}, got = {0}, again = {0};
	struct read r = {0};
	unsigned wrong = 0;

	for (int round = 0; round < 50000; round++) {
		ev_buf_reset(&want);
		ev_buf_reset(&spelled);
		ev_buf_reset(&got);
		ev_buf_reset(&again);
		ev_buf_putc(&spelled, '"');
		for (size_t n = random_below(20); n > 0; n--) {
			uint32_t v = (uint32_t)(random_u64() >> (43 + random_below(21)));
			const char *letter;
			char c[8];

			if (v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
				v = '"';
			/* UTF-8 by way of \u, which the table above has checked */
			if (v < 0x10000)
				snprintf(c, sizeof c, random_below(2) ? "\\u%04x" : "\\u%04X", v);
			if (v < 0x10000)
				ev_json_unescape(c, 6, &want);
			else {
				char pair[16];

				snprintf(pair, sizeof pair, "\\u%04x\\u%04x",
					 0xd800 + ((v - 0x10000) >> 10),
					 0xdc00 + ((v - 0x10000) & 0x3ff));
				ev_json_unescape(pair, 12, &want);
				ev_buf_put(&spelled, pair, 12);
				continue;
			}
			letter = v != 0 && v < 0x80 ? strchr(meant, (int)v) : NULL;
			if (letter != NULL && random_below(2) == 0) {
				ev_buf_putc(&spelled, '\\');
				ev_buf_putc(&spelled, letters[letter - meant]);
			} else if (v >= 0x20 && v != '"' && v != '\\' && random_below(2) == 0) {
				ev_json_unescape(c, 6, &spelled);
			} else {
				ev_buf_put(&spelled, c, 6);
			}
		}
		ev_buf_putc(&spelled, '"');
		if (read_text(&r, spelled.p, spelled.len) == NULL) {
			wrong++;
			continue;
		}
		wrong += !ev_string_is(r.doc, 0, want.p, want.len);
		ev_json_quote(want.p, want.len, &got);
		ev_canonical(r.doc, 0, NULL, 0, &again);
		wrong += got.len != again.len || memcmp(got.p, again.p, got.len) != 0;
		if (read_text(&r, got.p, got.len) == NULL ||
		    !ev_string_is(r.doc, 0, want.p, want.len))
			wrong++;
	}
	is_int(wrong, 0,
	       "50,000 strings in random spellings have one canonical form, which is read again");
	ev_buf_free(&want);
	ev_buf_free(&spelled);
	ev_buf_free(&got);
	ev_buf_free(&again);
	read_free(&r);
}

static void test_uuid(void)
{
#define UUID "3f2b8c1e-0d4a-4c55-9a43-2f7f0c9f1a1b"
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{UUID, true},
		{"3F2B8C1E-0D4A-4C55-9A43-2F7F0C9F1A1B", true},
		{"3f2b8c1e-0D4A-4c55-9A43-2f7F0c9F1a1B", true},
		{"{" UUID "}", true},
		{"urn:uuid:" UUID, true},
		{"URN:UUID:" UUID, true},
		{"Urn:Uuid:3F2B8C1E-0D4A-4C55-9A43-2F7F0C9F1A1B", true},
		{"", false},
		{"{" UUID, false},
		{UUID "}", false},
		{"(" UUID ")", false},
		{"{" UUID ")", false},
		{"urn:uuid:{" UUID "}", false},
		{"urn-uuid:" UUID, false},
		{"urm:uuid:" UUID, false},
		{"uuid:" UUID, false},
		{" " UUID, false},
		{UUID " ", false},
		{"3f2b8c1e0d4a4c559a432f7f0c9f1a1b", false},
		{"3f2b8c1e-0d4a-4c55-9a432-f7f0c9f1a1b", false},
		{"3f2b8c1e-0d4a-4c55-9a43-2f7f0c9f1a1g", false},
		{"3f2b8c1e-0d4a-4c55-9a43-2f7f0c9f1a1", false},
		{"3f2b8c1e-0d4a-4c55-9a43-2f7f0c9f1a1bb", false},
		{"3f2b8c1e_0d4a_4c55_9a43_2f7f0c9f1a1b", false},
		{"3f2b8c1e-0d4a-4c55-9a43-2f7f0c9f1a\xc3\xa9", false},
	};

	struct guarded page = guarded_new(4096);
	unsigned wrong = 0;

	/* Every byte at every place. */
	for (size_t at = 0; at < EV_UUID_TEXT; at++)
		for (int c = 0; c < 256; c++) {
			char text[] = UUID, out[EV_UUID_TEXT + 1] = "";
			bool hyphen = at == 8 || at == 13 || at == 18 || at == 23, good;

			text[at] = (char)c;
			good = ev_uuid_canonical(guarded_put(&page, text, EV_UUID_TEXT, 0, "."),
						 EV_UUID_TEXT, out);
			wrong += good != ev_uuid_valid(text, EV_UUID_TEXT);
			if (hyphen ? c != '-'
				   : c == 0 || strchr("0123456789abcdefABCDEF", c) == NULL) {
				wrong += good;
				continue;
			}
			if (c >= 'A' && c <= 'F')
				text[at] = (char)(c + 'a' - 'A');
			wrong += !good || strcmp(out, text) != 0;
		}
	is_int(wrong, 0, "every byte at every place of a UUID");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char out[EV_UUID_TEXT + 1] = "";
		bool good = ev_uuid_canonical(cases[i].text, strlen(cases[i].text), out);

		ok(good == cases[i].good && (!good || strcmp(out, UUID) == 0) &&
			   ev_uuid_valid(cases[i].text, strlen(cases[i].text)) == good,
		   "the UUID '%s'", cases[i].text);
	}
#undef UUID
}

static void test_base64(void)
{
	/* RFC 4648, section 10. */
	static const struct {
		const char *text, *base64;
	} cases[] = {{"", ""},
		     {"f", "Zg=="},
		     {"fo", "Zm8="},
		     {"foo", "Zm9v"},
		     {"foob", "Zm9vYg=="},
		     {"fooba", "Zm9vYmE="},
		     {"foobar", "Zm9vYmFy"},
		     {"\xff\xff\xfe", "///+"},
		     {"\xfb", "+w=="}};
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned wrong = 0;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ev_buf b = {0};

		ev_base64(cases[i].text, strlen(cases[i].text), &b);
		is(ev_buf_str(&b), cases[i].base64, "base64 of case %zu", i);
		ev_buf_free(&b);
	}
	for (size_t len = 0; len < 200; len++) {
		uint8_t data[200], back[204] = {0};
		struct ev_buf b = {0};
		size_t n = 0;

		for (size_t i = 0; i < len; i++)
			data[i] = (uint8_t)random_u64();
		ev_base64(data, len, &b);
		wrong += b.len != (len + 2) / 3 * 4;
		for (size_t i = 0; i + 4 <= b.len; i += 4) {
			uint32_t v = 0;

			for (size_t k = 0; k < 4; k++)
				v = v << 6 |
				    (b.p[i + k] == '='
					     ? 0
					     : (uint32_t)(strchr(alphabet, b.p[i + k]) - alphabet));
			back[n++] = (uint8_t)(v >> 16);
			back[n++] = (uint8_t)(v >> 8);
			back[n++] = (uint8_t)v;
		}
		wrong += memcmp(data, back, len) != 0;
		ev_buf_free(&b);
	}
	is_int(wrong, 0, "random bytes are the same when decoded");
}

static void test_canonical(void)
{
	static const struct {
		const char *text, *canonical;
	} cases[] = {
		{" null ", "null"},
		{"true", "true"},
		{"false", "false"},
		{"1.0", "1"},
		{"-0", "0"},
		{"1E2", "1e2"},
		{"\"\\u0061\\/\"", "\"a/\""},
		{"[ 1 , 2 ]", "[1,2]"},
		{"[]", "[]"},
		{"{ }", "{}"},
		{"[[],[{}]]", "[[],[{}]]"},
		{"{\"b\":1,\"a\":2}", "{\"a\":2,\"b\":1}"},
		{"{\"b\":{\"d\":1,\"c\":[{\"z\":0,\"y\":0}]},\"a\":2}",
		 "{\"a\":2,\"b\":{\"c\":[{\"y\":0,\"z\":0}],\"d\":1}}"},
		{"{\"aa\":1,\"a\":2,\"\":3,\"B\":4,\"ab\":5}",
		 "{\"\":3,\"B\":4,\"a\":2,\"aa\":1,\"ab\":5}"},
		{"{\"\\u0062\":1,\"a\":2}", "{\"a\":2,\"b\":1}"},
		{"{\"\xc3\xa9\":1,\"z\":2,\"\\u0000\":3,\"\\ud834\\udd1e\":4,\"\\uffff\":5}",
		 "{\"\\u0000\":3,\"z\":2,\"\xc3\xa9\":1,"
		 "\"\xef\xbf\xbf\":5,\"\xf0\x9d\x84\x9e\":4}"},
		{"{\"\\\"\":\"\\\"\",\"\\n\":\"\\u000a\"}", "{\"\\n\":\"\\n\",\"\\\"\":\"\\\"\"}"},
	};
	struct ev_buf b = {0}, text = {0};
	struct read r = {0};
	uint32_t skip[2];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		ev_buf_reset(&b);
		if (read_text(&r, cases[i].text, strlen(cases[i].text)) != NULL)
			ev_canonical(r.doc, 0, NULL, 0, &b);
		is(ev_buf_str(&b), cases[i].canonical, "the canonical form of %s", cases[i].text);
	}
	/* More members than stand on the stack, backwards. */
	ev_buf_puts(&text, "{");
	for (int i = 99; i >= 0; i--)
		ev_buf_printf(&text, "%s\"%s%02d\":%d", i < 99 ? "," : "", i % 7 ? "n" : "\\u006e",
			      i, i);
	ev_buf_puts(&text, "}");
	ev_buf_reset(&b);
	read_text(&r, text.p, text.len);
	ev_canonical(r.doc, 0, NULL, 0, &b);
	ev_buf_reset(&text);
	ev_buf_puts(&text, "{");
	for (int i = 0; i < 100; i++) {
		ev_buf_printf(&text, "%s\"n%02d\":", i > 0 ? "," : "", i);
		ev_buf_printf(&text, i % 10 || i == 0 ? "%d" : "%de1",
			      i % 10 || i == 0 ? i : i / 10);
	}
	ev_buf_puts(&text, "}");
	is(ev_buf_str(&b), ev_buf_str(&text), "a hundred members are sorted");

	read_text(&r, T("{\"a\":1,\"\\u0062\":[2,{\"c\":3,\"d\":4}],\"e\":5}"));
	skip[0] = ev_member(r.doc, 0, "b", 1);
	skip[1] = ev_member(r.doc, 0, "e", 1);
	ev_buf_reset(&b);
	ev_canonical(r.doc, 0, skip, 2, &b);
	is(ev_buf_str(&b), "{\"a\":1}", "members are left out");
	skip[0] = ev_member(r.doc, skip[0] + 2, "c", 1);
	ev_buf_reset(&b);
	ev_canonical(r.doc, 0, skip, 1, &b);
	is(ev_buf_str(&b), "{\"a\":1,\"b\":[2,{\"d\":4}],\"e\":5}", "deep ones, too");

	/* As deep as can be. */
	ev_buf_reset(&text);
	for (int i = 0; i < EV_MAX_DEPTH; i++)
		ev_buf_puts(&text, "{\"a\":");
	ev_buf_puts(&text, "1");
	for (int i = 0; i < EV_MAX_DEPTH; i++)
		ev_buf_puts(&text, "}");
	read_text(&r, text.p, text.len);
	ev_buf_reset(&b);
	ev_canonical(r.doc, 0, NULL, 0, &b);
	is(ev_buf_str(&b), ev_buf_str(&text), "512 deep");
	ev_buf_free(&b);
	ev_buf_free(&text);
	read_free(&r);
}

static void test_equal(void)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} cases[] = {
		{"null", "null", true},
		{"null", "false", false},
		{"true", "true", true},
		{"true", "false", false},
		{"0", "false", false},
		{"0", "null", false},
		{"1", "1.0", true},
		{"1", "\"1\"", false},
		{"-0", "0", true},
		{"0e5", "0", true},
		{"100", "1e2", true},
		{"1e400", "10e399", true},
		{"1e400", "1e401", false},
		{"9007199254740993", "9007199254740992", false},
		{"0.1", "0.10", true},
		{"0.1", "0.1000000000000000055", false},
		{"\"a\"", "\"\\u0061\"", true},
		{"\"a\"", "\"A\"", false},
		{"\"\"", "\"\"", true},
		{"\"\"", "\"\\u0000\"", false},
		{"\"\xc3\xa9\"", "\"\\u00e9\"", true},
		{"\"e\\u0301\"", "\"\\u00e9\"", false},
		{"\"/\"", "\"\\/\"", true},
		{"\"\\n\"", "\"\\u000A\"", true},
		{"\"\\n\"", "\"\\r\"", false},
		{"[]", "[]", true},
		{"[]", "{}", false},
		{"[1,2]", "[ 1.0 , 2e0 ]", true},
		{"[1,2]", "[2,1]", false},
		{"[1]", "[1,1]", false},
		{"[[]]", "[]", false},
		{"{}", "{ }", true},
		{"{\"a\":1,\"b\":2}", "{\"b\":2.0,\"\\u0061\":1}", true},
		{"{\"a\":1}", "{\"a\":2}", false},
		{"{\"a\":1}", "{\"b\":1}", false},
		{"{\"a\":1}", "{\"a\":1,\"b\":1}", false},
		{"{\"a\":null}", "{}", false},
		{"{\"a\":[{\"b\":1,\"c\":2}]}", "{\"a\":[{\"c\":2,\"b\":1}]}", true},
		{"{\"a\":[1,2]}", "{\"a\":[2,1]}", false},
		{"{\"ab\":\"c\"}", "{\"a\":\"bc\"}", false},
	};
	struct read x = {0}, y = {0};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		read_text(&x, cases[i].a, strlen(cases[i].a));
		read_text(&y, cases[i].b, strlen(cases[i].b));
		ok(x.doc != NULL && y.doc != NULL &&
			   ev_equal(x.doc, 0, y.doc, 0) == cases[i].equal &&
			   ev_equal(y.doc, 0, x.doc, 0) == cases[i].equal &&
			   ev_equal(x.doc, 0, x.doc, 0),
		   "%s %s %s", cases[i].a, cases[i].equal ? "equals" : "differs from", cases[i].b);
	}
	read_text(&x, T("[1,1.0,{\"a\":1},{\"a\":1e0}]"));
	ok(ev_equal(x.doc, 1, x.doc, 2) && ev_equal(x.doc, 3, x.doc, 6) &&
		   !ev_equal(x.doc, 1, x.doc, 3),
	   "values of one document");
	read_free(&x);
	read_free(&y);
}

int main(void)
{
	test_strings();
	test_random_strings();
	test_uuid();
	test_base64();
	test_canonical();
	test_equal();
	return done();
}

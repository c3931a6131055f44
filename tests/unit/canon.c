/*
 * canon: the canonical form and the digest of content. Fixed cases, and values that are written
 * twice in other words: members shuffled, letters escaped, numbers moved, white space.
 */
#include "json/canon.h"
#include "base/buf.h"
#include "json/content.h"
#include "json/view.h"

#include "support.h"
#include "tap.h"

static struct ev_scan *scan;
static bool steady; /* members stay in order and names as they are, so that forms become shapes */

static const struct {
	const char *text, *form;
} cases[] = {
	{"null", "null"},
	{" [ true , false ] ", "[true,false]"},
	{"{}", "{}"},
	{"[]", "[]"},
	{"{\"b\":1,\"a\":{},\"\":[]}", "{\"\":[],\"a\":{},\"b\":1}"},
	{"{\"ab\":1,\"a\":2,\"B\":3}", "{\"B\":3,\"a\":2,\"ab\":1}"},
	{"{\"\\u0061\" : 1 ,\"\\u00e9\":2}", "{\"a\":1,\"\xc3\xa9\":2}"},
	{"{\"\xf0\x9d\x84\x9e\":1,\"\xef\xbf\xbd\":2}",
	 "{\"\xef\xbf\xbd\":2,\"\xf0\x9d\x84\x9e\":1}"},
	{"\"\\/\\\"\\\\\\b\\f\\n\\r\\t\"", "\"/\\\"\\\\\\b\\f\\n\\r\\t\""},
	{"\"\\u002f\\u0022\\u005C\\u0008\\u000c\\u000A\\u000d\\u0009\"",
	 "\"/\\\"\\\\\\b\\f\\n\\r\\t\""},
	{"\"\\u0000\\u001f\\u007f\"", "\"\\u0000\\u001f\x7f\""},
	{"\"\\ud834\\udd1e\\uD7FF\\uE000\"", "\"\xf0\x9d\x84\x9e\xed\x9f\xbf\xee\x80\x80\""},
	{"[0,-0,0.0,-0.00,0e9]", "[0,0,0,0,0]"},
	{"[1,10,100,1200,10.0,1.0]", "[1,1e1,1e2,12e2,1e1,1]"},
	{"[0.1,0.10,0.010,1.5,19.10,10.010]", "[1e-1,1e-1,1e-2,15e-1,191e-1,1001e-2]"},
	{"[-1.5,1E2,1.5e+3,150e-1,-10]", "[-15e-1,1e2,15e2,15,-1e1]"},
	{"[999999999999999999,100000000000000000,0.0000000000000001,1000000000000000000000]",
	 "[999999999999999999,1e17,1e-16,1e21]"},
	{"[123456789.123456789,9007199254740993,1e400]",
	 "[123456789123456789e-9,9007199254740993,1e400]"},
};

static const struct ev_doc *read_text(const char *p, size_t len)
{
	struct ev_flaw flaw;
	const struct ev_doc *d = ev_scan(scan, p, len, &flaw);

	if (d == NULL) {
		diag("%.*s: %s", (int)len, p, flaw.what);
		abort();
	}
	return d;
}

static void test_cases(void)
{
	struct ev_buf out = {0};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ev_buf text = {0};

		ev_buf_puts(&text, cases[i].text);
		memset(ev_buf_room(&text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
		ev_buf_reset(&out);
		ev_canonical(read_text(text.p, text.len), 0, NULL, 0, &out);
		is(ev_buf_str(&out), cases[i].form, "%s", cases[i].text);
		ev_buf_free(&text);
	}
	ev_buf_free(&out);
}

/* Values: a tree that can be written in many ways. */

enum { MEMBERS = 6, DEPTH = 4 };

struct value {
	int kind; /* 0 object, 1 array, 2 text, 3 number, 4 word */
	size_t n;
	int names[MEMBERS]; /* different ones */
	struct value *inside[MEMBERS];
	uint32_t text[8]; /* code points */
	uint64_t mantissa;
	int exponent;
	bool minus;
};

static struct value *make(unsigned depth)
{
	static const uint32_t points[] = {'a', 'b',  '/',  '"',	   '\\',    '\n',
					  0,   0x1f, 0xe9, 0x20ac, 0x1d11e, 'Z'};
	struct value *v = calloc(1, sizeof *v);

	if (v == NULL)
		abort();
	v->kind = (int)(depth == 0 ? 2 + random_below(3) : random_below(5));
	v->n = random_below(MEMBERS + 1);
	v->mantissa = random_u64() >> random_below(64);
	v->exponent = (int)random_below(24) - 12;
	v->minus = random_below(4) == 0;
	for (size_t i = 0; i < 8; i++)
		v->text[i] = points[random_below(sizeof points / sizeof points[0])];
	for (size_t i = 0; v->kind < 2 && i < v->n; i++) {
		v->names[i] = (int)(i * 40 + random_below(40)); /* beyond 64, and 256, in all */
		v->inside[i] = make(depth - 1);
	}
	return v;
}

/* Other strings and numbers in their places. */
static void renew(struct value *v)
{
	struct value *other = make(0);

	memcpy(v->text, other->text, sizeof v->text);
	v->mantissa = random_below(2) == 0 ? other->mantissa : other->mantissa % 10000000;
	v->exponent = random_below(2) == 0 ? other->exponent : -(int)random_below(4);
	v->minus = other->minus;
	if (v->kind == 2)
		v->n = random_below(MEMBERS + 1);
	for (size_t i = 0; v->kind < 2 && i < v->n; i++)
		renew(v->inside[i]);
	free(other);
}

static void drop(struct value *v)
{
	for (size_t i = 0; v->kind < 2 && i < v->n; i++)
		drop(v->inside[i]);
	free(v);
}

static void blank(struct ev_buf *b)
{
	if (random_below(4) == 0)
		ev_buf_puts(b, random_below(2) == 0 ? " " : "\t\n");
}

static void put_point(struct ev_buf *b, uint32_t cp)
{
	if (cp >= 0x10000 && random_below(2) == 0) {
		ev_buf_printf(b, "\\u%04x\\u%04X", 0xd800 + ((cp - 0x10000) >> 10),
			      0xdc00 + (cp & 0x3ff));
	} else if (cp >= 0x10000) {
		ev_buf_printf(b, "%c%c%c%c", (int)(0xf0 | cp >> 18), (int)(0x80 | (cp >> 12 & 63)),
			      (int)(0x80 | (cp >> 6 & 63)), (int)(0x80 | (cp & 63)));
	} else if (cp < ' ' || cp == '"' || cp == '\\' || random_below(4) == 0) {
		if (cp == '\n' && random_below(2) == 0)
			ev_buf_puts(b, "\\n");
		else if ((cp == '"' || cp == '\\' || cp == '/') && random_below(2) == 0)
			ev_buf_printf(b, "\\%c", (int)cp);
		else
			ev_buf_printf(b, random_below(2) == 0 ? "\\u%04x" : "\\u%04X", cp);
	} else if (cp >= 0x800) {
		ev_buf_printf(b, "%c%c%c", (int)(0xe0 | cp >> 12), (int)(0x80 | (cp >> 6 & 63)),
			      (int)(0x80 | (cp & 63)));
	} else if (cp >= 0x80) {
		ev_buf_printf(b, "%c%c", (int)(0xc0 | cp >> 6), (int)(0x80 | (cp & 63)));
	} else {
		ev_buf_putc(b, (char)cp);
	}
}

/* The number with its point and exponent anywhere. */
static void put_number(struct ev_buf *b, const struct value *v)
{
	char digits[64];
	long n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)v->mantissa);
	long exponent = v->exponent;

	if (v->minus || (v->mantissa == 0 && random_below(2) == 0))
		ev_buf_putc(b, '-');
	if (random_below(2) == 0 && exponent < 0 && -exponent < n) { /* plain decimals */
		ev_buf_put(b, digits, (size_t)(n + exponent));
		ev_buf_putc(b, '.');
		ev_buf_put(b, digits + n + exponent, (size_t)-exponent);
		exponent = 0;
	} else if (random_below(2) == 0 && exponent > 0 && v->mantissa != 0) { /* plain zeros */
		ev_buf_put(b, digits, (size_t)n);
		for (; exponent > 0; exponent--)
			ev_buf_putc(b, '0');
	} else {
		ev_buf_put(b, digits, (size_t)n);
	}
	if (exponent != 0 || random_below(8) == 0)
		ev_buf_printf(b, "%c%s%ld", random_below(2) == 0 ? 'e' : 'E',
			      exponent >= 0 && random_below(2) == 0 ? "+" : "", exponent);
}

static void put(struct ev_buf *b, const struct value *v)
{
	static const char *const words[] = {"true", "false", "null"};
	size_t order[MEMBERS] = {0};

	blank(b);
	for (size_t i = 0; i < v->n; i++) {
		size_t k = v->kind == 0 && !steady ? random_below(i + 1) : i;

		order[i] = order[k];
		order[k] = i;
	}
	if (v->kind < 2) {
		ev_buf_putc(b, v->kind == 0 ? '{' : '[');
		for (size_t i = 0; i < v->n; i++) {
			char name[16];

			snprintf(name, sizeof name, "n%d", v->names[order[i]]);
			if (i > 0)
				ev_buf_putc(b, ',');
			if (v->kind == 0) {
				blank(b);
				ev_buf_putc(b, '"');
				for (const char *p = name; *p != '\0'; p++)
					if (steady)
						ev_buf_putc(b, *p);
					else
						put_point(b, (unsigned char)*p);
				ev_buf_putc(b, '"');
				if (!steady)
					blank(b);
				ev_buf_putc(b, ':');
			}
			put(b, v->inside[order[i]]);
		}
		ev_buf_putc(b, v->kind == 0 ? '}' : ']');
	} else if (v->kind == 2) {
		ev_buf_putc(b, '"');
		for (size_t i = 0; i < v->n; i++)
			put_point(b, v->text[i]);
		ev_buf_putc(b, '"');
	} else if (v->kind == 3) {
		put_number(b, v);
	} else {
		ev_buf_puts(b, words[v->n % 3]);
	}
	blank(b);
}

static void test_spellings(void)
{
	struct ev_content *content = ev_content_new(7);
	unsigned forms = 0, again = 0, digests = 0;

	for (int round = 0; round < 30000; round++) {
		struct value *v = make(DEPTH);
		struct ev_buf text = {0}, form[2] = {{0}, {0}}, twice = {0};
		struct ev_hash128 digest[2];

		if (round % 512 == 0) { /* one that has names to learn */
			ev_scan_free(&scan);
			ev_content_free(&content);
			scan = ev_scan_new();
			content = ev_content_new(7);
		}
		for (int k = 0; k < 2; k++) {
			const struct ev_doc *d;

			ev_buf_reset(&text);
			put(&text, v);
			memset(ev_buf_room(&text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
			d = read_text(text.p, text.len);
			ev_canonical(d, 0, NULL, 0, &form[k]);
			digest[k] = ev_content_digest(content, d, NULL, 0);
		}
		forms += strcmp(ev_buf_str(&form[0]), ev_buf_str(&form[1])) != 0;
		digests += digest[0].lo != digest[1].lo || digest[0].hi != digest[1].hi;
		memset(ev_buf_room(&form[0], EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
		ev_canonical(read_text(form[0].p, form[0].len), 0, NULL, 0, &twice);
		again += strcmp(ev_buf_str(&twice), ev_buf_str(&form[0])) != 0;
		drop(v);
		ev_buf_free(&text);
		ev_buf_free(&form[0]);
		ev_buf_free(&form[1]);
		ev_buf_free(&twice);
	}
	is_int(forms, 0, "two spellings of a value have one form");
	is_int(digests, 0, "and one digest");
	is_int(again, 0, "the form of a form is itself");
	ev_content_free(&content);
}
/* The outline of a shape, filled with other strings and numbers; some members are left out. */
static void test_shapes(void)
{
	struct ev_content *content = ev_content_new(0);
	unsigned wrong = 0, outlines = 0, skips = 0;

	steady = true;
	for (int round = 0; round < 40000; round++) {
		static struct value *v;
		struct ev_buf text = {0}, form = {0};
		const struct ev_buf *filled;
		const struct ev_doc *d;
		uint32_t skip[2];
		size_t n = 0;

		if (round % 4000 == 0) {
			ev_scan_free(&scan);
			ev_content_free(&content);
			scan = ev_scan_new();
			content = ev_content_new(0);
		}
		if (round % 10 == 0) {
			if (round > 0)
				drop(v);
			v = make(DEPTH);
		}
		renew(v);
		put(&text, v);
		memset(ev_buf_room(&text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
		d = read_text(text.p, text.len);
		if (ev_kind(d, 0) == EV_OBJECT && d->nodes[0].count > 2 && round % 7 != 0) {
			skip[n++] = ev_next(d, 2) + 1;
			if (random_below(4) == 0)
				skip[n++] = 2;
		}
		outlines += d->shape != EV_NO_SHAPE;
		skips += d->shape != EV_NO_SHAPE && n > 0;
		ev_canonical(d, 0, skip, n, &form);
		filled = ev_content_form(content, d, skip, n);
		wrong += filled->len != form.len || memcmp(filled->p, form.p, form.len) != 0;
		ev_buf_free(&text);
		ev_buf_free(&form);
		if (round == 39999)
			drop(v);
	}
	steady = false;
	diag("%u documents of known shapes, %u with members left out", outlines, skips);
	ok(outlines > 5000 && skips > 1000, "forms become shapes");
	is_int(wrong, 0, "an outline, filled, is the canonical form");
	ev_content_free(&content);
}

static void test_skip(void)
{
	static const char text[128] = "{\"b\":{\"a\":1,\"c\":2},\"a\":3,\"c\":[{\"a\":4}]}";
	const struct ev_doc *d = read_text(text, strlen(text));
	const uint32_t skip[] = {4, 8}; /* .b.a and .a */
	struct ev_buf out = {0};

	ev_canonical(d, 0, skip, 2, &out);
	is(ev_buf_str(&out), "{\"b\":{\"c\":2},\"c\":[{\"a\":4}]}", "members are left out");
	ev_buf_free(&out);
}

int main(void)
{
	scan = ev_scan_new();
	test_cases();
	test_skip();
	test_spellings();
	test_shapes();
	ev_scan_free(&scan);
	return done();
}

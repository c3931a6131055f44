/* Paths: how they are read, and what they find. */
#include "json/path.h"
#include "json/view.h"

#include "support.h"
#include "tap.h"

static const char document[] =
	"{\"a\":{\"b\":{\"c\":7}},\"odd name\":1,\"\":2,\"\\u00e9\":3,\"q\\\"\":4,\"nul\\u0000\":5,"
	"\"list\":[10,20,[30,31]],"
	"\"items\":[{\"sku\":\"x\",\"tags\":[1,2]},{\"sku\":\"y\"},3,{\"tags\":[]},{\"tags\":[4]}],"
	"\"null\":null,\"_x9\":6,\"of\":{\"p\":{\"v\":1},\"q\":{\"v\":2},\"r\":5}}";

/* What the path finds, as the texts of the values; "-" for nothing. */
static const struct {
	const char *path, *found;
} cases[] = {
	{".a.b.c", "7"},
	{".a.b", "{\"c\":7}"},
	{".\"a\".\"b\".\"c\"", "7"},
	{".[\"a\"][\"b\"].c", "7"},
	{".a[\"b\"]", "{\"c\":7}"},
	{".\"odd name\"", "1"},
	{".[\"odd name\"]", "1"},
	{".\"\"", "2"},
	{".\"\xc3\xa9\"", "3"},
	{".\"\\u00e9\"", "3"},
	{".\"q\\\"\"", "4"},
	{".\"nul\\u0000\"", "5"},
	{".\"nul\"", "-"},
	{"._x9", "6"},
	{".null", "null"},
	{".null.x", "-"},
	{".null[0]", "-"},
	{".null[]", "-"},
	{".none", "-"},
	{".none.x[].y", "-"},
	{".a.c", "-"},
	{".A", "-"},
	{".list[0]", "10"},
	{".list[-1]", "[30,31]"},
	{".list[2][1]", "31"},
	{".list[-3]", "10"},
	{".list[3]", "-"},
	{".list[-4]", "-"},
	{".list[99999999999999999999999]", "-"},
	{".list[-99999999999999999999999]", "-"},
	{".list[000]", "10"},
	{".list[-0]", "10"},
	{".list.a", "-"},
	{".a[0]", "-"},
	{".list[]", "10 20 [30,31]"},
	{".list[][]", "30 31"},
	{".items[].sku", "\"x\" \"y\""},
	{".items[].tags[]", "1 2 4"},
	{".items[].tags[0]", "1 4"},
	{".items[-1].tags[]", "4"},
	{".of[].v", "-"},
	{".a[][].c", "-"},
	{".a[][]", "-"},
	{".a[].c", "-"},
};

static const struct {
	const char *path, *why;
} wrong[] = {
	{"", "a path begins with"},
	{"a", "a path begins with"},
	{"[0]", "a path begins with"},
	{"$x", "a path begins with"},
	{"$items", "a path begins with"},
	{"$item_", "a path begins with"},
	{"$index.a", "$index is a number"},
	{"$index[0]", "$index is a number"},
	{"$index.", "a name is missing"},
	{"$item.", "a name is missing"},
	{"..", "a name is missing"},
	{"..a", "a name is missing"},
	{".a.", "a name is missing"},
	{".a..b", "a name is missing"},
	{".a.[0]", "a name is missing"},
	{".9", "a name is missing"},
	{". ", "a name is missing"},
	{".-a", "a name is missing"},
	{".a b", "is not understood"},
	{".a-b", "is not understood"},
	{".a|.b", "is not understood"},
	{".a?", "is not understood"},
	{".a\xc3\xa9", "is not understood"},
	{".a[", "takes nothing"},
	{".a[-]", "takes nothing"},
	{".a[x]", "takes nothing"},
	{".a[ 0]", "takes nothing"},
	{".a[0", "']' is missing"},
	{".a[0 ]", "']' is missing"},
	{".a[1:2]", "']' is missing"},
	{".a[1.5]", "']' is missing"},
	{".a[\"b\"", "']' is missing"},
	{".\"a", "not closed"},
	{".\"a\\", "not closed"},
	{".\"a\\\"", "not closed"},
	{".\"\\x\"", "no JSON string"},
	{".\"\\(1)\"", "no JSON string"},
	{".\"\\ud800\"", "no JSON string"},
	{".\"\xff\"", "no JSON string"},
	{".\"a\tb\"", "no JSON string"},
};

static void found_text(const struct ev_doc *d, const struct ev_found *found, struct ev_buf *out)
{
	ev_buf_reset(out);
	for (size_t i = 0; i < found->n; i++) {
		size_t len;
		const char *p = ev_raw(d, found->at[i], &len);

		if (i > 0)
			ev_buf_putc(out, ' ');
		ev_buf_put(out, p, len);
	}
	if (found->n == 0)
		ev_buf_putc(out, '-');
}

int main(void)
{
	struct guarded page = guarded_new(4096);
	struct ev_scan *scan = ev_scan_new(), *other = ev_scan_new();
	struct ev_buf text = {0};
	struct ev_found found = {0};
	struct ev_error err;
	struct ev_flaw flaw;
	const struct ev_doc *d =
		ev_scan(scan, guarded_put(&page, document, sizeof document - 1, EV_SCAN_SLACK, "0"),
			sizeof document - 1, &flaw);
	struct ev_path *p, *q;

	if (!ok(d != NULL, "the document is right") || d == NULL)
		return done();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool many = strstr(cases[i].path, "[]") != NULL;

		if (!ok((p = ev_path_parse(cases[i].path, &err)) != NULL && p->many == many &&
				p->root == EV_ROOT_EVENT && strcmp(p->text, cases[i].path) == 0,
			"%s is a path", cases[i].path)) {
			diag("%s", err.text);
			continue;
		}
		ev_path_all(p, d, 0, &found);
		found_text(d, &found, &text);
		is(ev_buf_str(&text), cases[i].found, "%s finds %s", cases[i].path, cases[i].found);
		if (!many)
			ok(ev_path_get(p, d, 0) == (found.n == 1 ? found.at[0] : EV_NOWHERE),
			   "alone, too");
		/* In documents of another scanner it finds the same. */
		ev_path_bind(p, ev_scan_symbols(other));
		ev_path_all(p, d, 0, &found);
		found_text(d, &found, &text);
		is(ev_buf_str(&text), cases[i].found, "%s finds %s by octets", cases[i].path,
		   cases[i].found);
		ev_path_bind(p, ev_scan_symbols(scan));
		ev_scan(scan, d->text, sizeof document - 1, &flaw);
		ev_path_all(p, d, 0, &found);
		found_text(d, &found, &text);
		is(ev_buf_str(&text), cases[i].found, "%s finds %s by symbols", cases[i].path,
		   cases[i].found);
		ev_path_free(&p);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		err.text[0] = '\0';
		p = ev_path_parse(wrong[i].path, &err);
		if (!ok(p == NULL && strstr(err.text, wrong[i].why) != NULL, "'%s' is no path: %s",
			wrong[i].path, wrong[i].why))
			diag("%s", err.text);
		ev_path_free(&p);
	}

	p = ev_path_parse(".", &err);
	ok(p != NULL && p->n == 0 && ev_path_get(p, d, 0) == 0, ". is the whole");
	ev_path_free(&p);
	ok(p == NULL, "a path is freed");
	p = ev_path_parse("$item", &err);
	ok(p != NULL && p->root == EV_ROOT_ITEM && p->n == 0 && ev_path_get(p, d, 5) == 5,
	   "$item is what it is given");
	ev_path_free(&p);
	p = ev_path_parse("$index", &err);
	ok(p != NULL && p->root == EV_ROOT_INDEX && p->n == 0, "$index");
	ev_path_free(&p);
	p = ev_path_parse("$item.b.c", &err);
	ok(p != NULL && p->n == 2 && ev_path_get(p, d, ev_member(d, 0, "a", 1)) != EV_NOWHERE,
	   "$item.b.c of .a");
	ev_path_free(&p);
	p = ev_path_parse("$item[1]", &err);
	ok(p != NULL && p->n == 1 && ev_path_get(p, d, ev_member(d, 0, "list", 4)) != EV_NOWHERE,
	   "$item[1] of .list");
	ev_path_free(&p);

	p = ev_path_parse(".a[\"b\"][0][]", &err);
	q = ev_path_parse(".\"\\u0061\".b[0][]", &err);
	ok(ev_path_same(p, q) && ev_path_same(q, p), "two spellings say the same");
	ev_path_free(&q);
	q = ev_path_parse(".a.b[1][]", &err);
	ok(!ev_path_same(p, q), "another index is another path");
	ev_path_free(&q);
	q = ev_path_parse(".a.b[0]", &err);
	ok(!ev_path_same(p, q), "a shorter path is another path");
	ev_path_free(&q);
	q = ev_path_parse("$item.a.b[0][]", &err);
	ok(!ev_path_same(p, q), "another root is another path");
	ev_path_free(&q);
	q = ev_path_parse(".a.c[0][]", &err);
	ok(!ev_path_same(p, q), "another name is another path");
	ev_path_free(&q);
	ev_path_free(&p);

	free(found.at);
	ev_buf_free(&text);
	ev_scan_free(&scan);
	ev_scan_free(&other);
	return done();
}

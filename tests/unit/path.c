/* Paths: how they are read, and what they find. */
#include "json/path.h"
#include "json/view.h"

#include "support.h"
#include "tap.h"

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

static void no_path(const char *text, const char *why)
{
	struct ev_error err = {.text = ""};
	struct ev_path *p = ev_path_parse(text, &err);

	if (!ok(p == NULL && strstr(err.text, why) != NULL, "'%s' is no path: %s", text, why))
		diag("%s", err.text);
	ev_path_free(&p);
}

int main(void)
{
	struct cases cases = cases_open("path.txt"), wrong = cases_open("path-refused.txt");
	struct guarded page = guarded_new(4096);
	struct ev_scan *scan = ev_scan_new(), *other = ev_scan_new();
	struct ev_buf text = {0};
	struct ev_found found = {0};
	struct ev_error err;
	struct ev_flaw flaw;
	const struct ev_doc *d;
	struct ev_path *p, *q;
	char *line[2];
	size_t len;

	if (!cases_next(&cases, line, 1))
		return 1;
	len = strlen(line[0]);
	d = ev_scan(scan, guarded_put(&page, line[0], len, EV_SCAN_SLACK, "0"), len, &flaw);
	if (!ok(d != NULL, "the document is right") || d == NULL)
		return done();
	while (cases_next(&cases, line, 2)) {
		bool many = strstr(line[0], "[]") != NULL;

		if (!ok((p = ev_path_parse(line[0], &err)) != NULL && p->many == many &&
				p->root == EV_ROOT_EVENT && strcmp(p->text, line[0]) == 0,
			"%s is a path", line[0])) {
			diag("%s", err.text);
			continue;
		}
		ev_path_all(p, d, 0, &found);
		found_text(d, &found, &text);
		is(ev_buf_str(&text), line[1], "%s finds %s", line[0], line[1]);
		if (!many)
			ok(ev_path_get(p, d, 0) == (found.n == 1 ? found.at[0] : EV_NOWHERE),
			   "alone, too");
		/* In documents of another scanner it finds the same. */
		ev_path_bind(p, ev_scan_symbols(other));
		ev_path_all(p, d, 0, &found);
		found_text(d, &found, &text);
		is(ev_buf_str(&text), line[1], "%s finds %s by bytes", line[0], line[1]);
		ev_path_bind(p, ev_scan_symbols(scan));
		ev_scan(scan, d->text, len, &flaw);
		ev_path_all(p, d, 0, &found);
		found_text(d, &found, &text);
		is(ev_buf_str(&text), line[1], "%s finds %s by symbols", line[0], line[1]);
		ev_path_free(&p);
	}
	while (cases_next(&wrong, line, 2))
		no_path(line[0], line[1]);
	no_path("", "a path begins with");
	no_path(". ", "a name is missing");
	no_path(".\"\xff\"", "no JSON string");

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

/*
 * Documents whose numbers of names, members, shapes and elements lie at and around the bounds of
 * tables and bitmaps, against canonical forms that are put together here: members in random order,
 * names that are new or known, some left out.
 */
#include "base/buf.h"
#include "json/canon.h"
#include "json/content.h"
#include "scan/scan.h"
#include "json/view.h"

#include "fuzz.h"

enum { MOST = 65538, STEP = 40 };

static const unsigned bounds[] = {64, 128, 256, 512, 1024, 4096, 65536};
static uint32_t names[MOST]; /* of a document: different ones, by number */
static unsigned long long documents, wrong, known;

/* A bound, or next to it; the large ones seldom, for they take long. */
static unsigned count(void)
{
	size_t which = random_below(40) == 0 ? 5 + random_below(2) : random_below(5);

	return bounds[which] + (unsigned)random_below(5) - 2;
}

static void shuffle(unsigned n)
{
	for (unsigned i = n; i > 1; i--) {
		size_t j = random_below(i);
		uint32_t x = names[j];

		names[j] = names[i - 1];
		names[i - 1] = x;
	}
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The name of a number; longer ones than a word tells, too. In their order. */
static void put_name(struct ev_buf *b, uint32_t number)
{
	ev_buf_printf(b, "\"n%05u%s\":", number, number % 3 == 0 ? "-and-a-long-name" : "");
}

/* An object of these names, whose values are short arrays, texts and numbers; without `out`. */
static void put(struct ev_buf *b, unsigned n, bool canonical, uint32_t out)
{
	bool first = true;

	ev_buf_putc(b, '{');
	for (unsigned i = 0; i < n; i++) {
		uint32_t k = names[i];

		if (k == out)
			continue;
		ev_buf_puts(b, first ? "" : ",");
		first = false;
		put_name(b, k);
		switch (k % 4) {
		case 0: ev_buf_puts(b, canonical ? "5e-1" : "0.50"); break;
		case 1: ev_buf_puts(b, canonical ? "[1,{\"a\":2}]" : "[1.0,{\"a\":2}]"); break;
		case 2: ev_buf_puts(b, "\"text\""); break;
		case 3: ev_buf_printf(b, "%u", k * 10 + 1); break;
		}
	}
	ev_buf_putc(b, '}');
}

static void say(uint64_t number, unsigned n)
{
	if (wrong++ < 20)
		diag("round %llu: %u members", (unsigned long long)number, n);
}

/* One document: n of the names below `of`. */
static void document(uint64_t number, struct ev_scan *scan, struct ev_content *content, unsigned n,
		     unsigned of)
{
	struct ev_buf text = {0}, want = {0}, got = {0};
	unsigned from = of > n ? (unsigned)random_below(of - n + 1) : 0;
	uint32_t out = UINT32_MAX, skip = 0;
	const struct ev_doc *d;
	struct ev_flaw flaw;

	if (random_below(3) == 0)
		out = from + (uint32_t)random_below(n);
	for (unsigned i = 0; i < n; i++)
		names[i] = from + i;
	if (random_below(2) == 0)
		shuffle(n);
	put(&text, n, false, UINT32_MAX);
	memset(ev_buf_room(&text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	d = ev_scan(scan, text.p, text.len, &flaw);
	if (d == NULL || d->duplicate != EV_NOWHERE) {
		say(number, n);
	} else {
		const struct ev_buf *form;

		known += d->shape != EV_NO_SHAPE;
		if (out != UINT32_MAX)
			for (uint32_t i = ev_first(d, 0), k = 0; i < ev_end(d, 0);
			     i = ev_next(d, i + 1), k++)
				if (names[k] == out)
					skip = i + 1;
		qsort(names, n, sizeof *names, by_number);
		put(&want, n, true, out);
		ev_canonical(d, 0, &skip, skip != 0, &got);
		form = ev_content_form(content, d, &skip, skip != 0);
		if (strcmp(ev_buf_str(&got), ev_buf_str(&want)) != 0 || form->len != want.len ||
		    memcmp(form->p, want.p, want.len) != 0)
			say(number, n);
	}
	documents++;
	ev_buf_free(&text);
	ev_buf_free(&want);
	ev_buf_free(&got);
}

/* A scanner that meets so many names in all, by documents of as many, or of a few each. */
static void round_of(uint64_t number)
{
	struct ev_scan *scan = ev_scan_new();
	struct ev_content *content = ev_content_new(0);
	unsigned of;

	random_state = (unsigned __int128)number * 0x9e3779b97f4a7c15 + 0x9e3779b97f4a7c15;
	of = count();
	if (random_below(2) == 0) {
		for (int i = 0; i < 3; i++)
			document(number, scan, content, of, of);
	} else {
		unsigned step = of > 2000 ? of / 8 : (unsigned)random_below(STEP) + 1;

		for (unsigned n = step; n <= of; n += step)
			document(number, scan, content, step, n);
		for (int i = 0; i < 20; i++)
			document(number, scan, content, step, of);
	}
	ev_content_free(&content);
	ev_scan_free(&scan);
}

int main(int argc, char **argv)
{
	struct rounds rounds = rounds_asked(argc, argv, 1);
	uint64_t number;

	while (rounds_next(&rounds, &number))
		round_of(number);
	ok(wrong == 0, "%llu documents, of which %llu had known shapes", documents, known);
	return done();
}

/* Values that are read without a call are what ev_column_value makes of them, or are left to it. */
#include "warehouse/value.h"

#include "columns.h"
#include "support.h"
#include "tap.h"

/* Values, and in which of the columns they are spelled as most are. */
static const struct {
	const char *json, *usual;
} cases[] = {
	{"null", "0000000000"},
	{"true", "0000000011"},
	{"false", "0000000011"},
	{"\"EUR\"", "1100000001"},
	{"\"EURO\"", "0100000001"},
	{"\"\\u0000\"", "0000000000"},
	{"\"a\\nb\"", "0000000001"},
	{"\"2026-03-01\"", "0100000001"},
	{"\"2026-03-01T10:00:00Z\"", "0110000001"},
	{"\"2026-03-01T10:00:00.1234567Z\"", "0110000001"},
	{"\"2026-02-29T10:00:00Z\"", "0100000001"},
	{"\"2026-03-01T10:00:00+01:00\"", "0100000001"},
	{"\"0198A2F4-5b1e-7a10-8f2c-0000a1b2c3d4\"", "0101000001"},
	{"\"{0198a2f4-5b1e-7a10-8f2c-0000a1b2c3d4}\"", "0001000001"},
	{"\"0198a2f4-5b1e-7a10-8f2c-0000a1b2c3dg\"", "0100000001"},
	{"\"0198a2f4-5b1e-7a10-8f2c-0000a1b2c3d4\"", "0101000001"},
	{"\"0198a2f4-5b1e-7a10-8f2c-0000a1b2c3d\"", "0100000001"},
	{"\"0198a2f4-5b1e-7a10-8f2c0-000a1b2c3d4\"", "0100000001"},
	{"[1]", "0000000001"},
	{"{}", "0000000001"},
	{"0", "0000011001"},
	{"-0", "0000000001"},
	{"-1", "0000000001"},
	{"999", "0000011001"},
	{"1000", "0000010001"},
	{"999.99", "0000001001"},
	{"9.999", "0000000001"},
	{"0.25", "0000001001"},
	{"1.0", "0000001001"},
	{"1e2", "0000000001"},
	{"1.5e1", "0000000001"},
	{"12345678", "0000010000"},
	{"123456789", "0000000000"},
	{"123.4567", "0000000000"},
};

struct reader {
	struct ev_scan *scan;
	struct ev_buf text;
};

/* The value as the one element of an array: node 1. */
static const struct ev_doc *read_json(struct reader *r, const char *json, size_t len)
{
	struct ev_flaw flaw;

	ev_buf_reset(&r->text);
	ev_buf_putc(&r->text, '[');
	ev_buf_put(&r->text, json, len);
	ev_buf_putc(&r->text, ']');
	memset(ev_buf_room(&r->text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	return ev_scan(r->scan, r->text.p, r->text.len, &flaw);
}

/* Whether it is read without a call; *alike becomes false if that says anything else. */
static bool usual(const struct ev_column *c, const struct ev_doc *d, bool *alike)
{
	char store[EV_VALUE_STORE], other[EV_VALUE_STORE];
	const struct ev_check check = ev_check_of(c, d, 1);
	struct ev_value v, w;

	/* What passes its check is what the column has, byte for byte. */
	if (d->nodes[1].kind != EV_NULL && ev_check_passes(&check, d, d->nodes, d->text))
		*alike &= ev_value_fast(c, d, 1, store, &v) && v.p == d->text + d->nodes[1].pos;
	if (!ev_value_fast(c, d, 1, store, &v))
		return false;
	*alike &= ev_column_value(c, NULL, d, 1, other, &w) == NULL && v.len == w.len &&
		  memcmp(v.p, w.p, v.len) == 0 && v.null == w.null && v.present == w.present &&
		  v.escaped == w.escaped;
	return true;
}

static bool uuids_alike(struct reader *r)
{
	static const struct ev_column column = {.type = EV_TYPE_UUID};
	static const char uuid[] = "\"0198a2f4-5b1e-7a10-8f2c-0000a1b2c3d4\"";
	bool alike = true;

	for (size_t i = 1; i < sizeof uuid - 2; i++) {
		for (char c = ' '; c < 0x7f; c++) {
			char text[sizeof uuid];
			const struct ev_doc *d;

			memcpy(text, uuid, sizeof uuid);
			text[i] = c;
			if ((d = read_json(r, text, sizeof uuid - 1)) != NULL)
				usual(&column, d, &alike);
		}
	}
	return alike;
}

int main(void)
{
	static const char bytes[] = "0123456789.-+eE";
	struct reader r = {ev_scan_new(), {0}};
	size_t numbers = 0, taken = 0;
	bool alike = true;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct ev_doc *d = read_json(&r, cases[i].json, strlen(cases[i].json));
		char got[COLUMNS + 1] = "";

		for (size_t k = 0; k < COLUMNS; k++)
			got[k] = (char)('0' + usual(&columns[k], d, &alike));
		is(got, cases[i].usual, "columns in which %s is usual", cases[i].json);
	}
	ok(alike, "they are the values that they are in every other way");
	ok(uuids_alike(&r), "so is a UUID in which any byte is another");
	for (int i = 0; i < 1000000; i++) {
		char number[10];
		size_t len = 1 + random_below(sizeof number);
		const struct ev_doc *d;

		/* mostly digits, or hardly any would be a number */
		for (size_t k = 0; k < len; k++)
			number[k] =
				bytes[random_below(random_below(4) > 0 ? 10 : sizeof bytes - 1)];
		if ((d = read_json(&r, number, len)) == NULL)
			continue;
		numbers++;
		for (size_t k = 0; k < COLUMNS - 1 && alike; k++) /* JSON takes all */
			taken += usual(&columns[k], d, &alike);
		if (!alike) {
			diag("%.*s", (int)len, number);
			break;
		}
	}
	ok(alike, "so are numbers of any kind");
	ok(numbers > 100000 && taken > 100000, "of which there were enough, and of usual ones");
	ev_buf_free(&r.text);
	ev_scan_free(&r.scan);
	return done();
}

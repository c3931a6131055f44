/* Columns: a value is taken if it can be written in the column's type, and only then. */
#include "warehouse/column.h"

#include "support.h"
#include "tap.h"

static const struct ev_column columns[] = {
	{.type = EV_TYPE_VARCHAR, .size = 3},
	{.type = EV_TYPE_VARCHAR, .size = 36},
	{.type = EV_TYPE_TIMESTAMP},
	{.type = EV_TYPE_UUID},
	{.type = EV_TYPE_DATE},
	{.type = EV_TYPE_INT},
	{.type = EV_TYPE_DECIMAL, .size = 5, .scale = 2},
	{.type = EV_TYPE_DECIMAL, .size = 2, .scale = 2},
	{.type = EV_TYPE_BOOL},
	{.type = EV_TYPE_JSON},
};

enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* Values, and which of the columns take them. */
static const struct {
	const char *json, *taken;
} cases[] = {
	{"null", "1111111111"},
	{"true", "0000000011"},
	{"\"\"", "1100000001"},
	{"\"EUR\"", "1100000001"},
	{"\"EURO\"", "0100000001"},
	{"\"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\"", "1100000001"},
	{"\"\\u20ac\\u20ac\\u20ac\"", "1100000001"},
	{"\"\\\\\\\\\\\\\\\\\"", "0100000001"},
	{"\"\\u0000\"", "0000000000"},
	{"\"\\\\u0000\"", "0100000001"},
	{"{\"a\":\"\\u0000\"}", "0000000000"},
	{"[1,\"\\n\"]", "0000000001"},
	{"\"2026-03-01\"", "0100100001"},
	{"\"2026-02-29\"", "0100000001"},
	{"\"2026-03-01T10:00:00Z\"", "0110000001"},
	{"\"2026-03-01T10:00:00.5+01:00\"", "0110000001"},
	{"\"2026-03-01T10:00:00\\u005a\"", "0110000001"},
	{"\"2026-03-01T10:00:00\"", "0100000001"},
	{"\"2026-02-29T10:00:00Z\"", "0100000001"},
	{"\"0000-01-01T00:00:00+01:00\"", "0100000001"},
	{"\"0198a2f4-5b1e-7a10-8f2c-0000a1b2c3d4\"", "0101000001"},
	{"\"0198A2F4-5b1e-7a10-8f2c-0000a1b2c3d\\u0034\"", "0101000001"},
	{"\"{0198a2f4-5b1e-7a10-8f2c-0000a1b2c3d4}\"", "0001000001"},
	{"\"0198a2f4-5b1e-7a10-8f2c-0000a1b2c3dg\"", "0100000001"},
	{"0", "0000011101"},
	{"-0", "0000011101"},
	{"1", "0000011001"},
	{"999.99", "0000001001"},
	{"999.999", "0000000001"},
	{"999.990", "0000001001"},
	{"1000", "0000010001"},
	{"0.25", "0000001101"},
	{"25e-2", "0000001101"},
	{"1.0", "0000011001"},
	{"1e3", "0000010001"},
	{"9223372036854775807", "0000010001"},
	{"9223372036854775808", "0000000001"},
	{"-9223372036854775808", "0000010001"},
};

int main(void)
{
	struct ev_scan *scan = ev_scan_new();
	struct ev_buf text = {0};
	unsigned bad = 0;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t len = strlen(cases[i].json);
		char taken[COLUMNS + 1] = "", written[COLUMNS + 1] = "", store[EV_VALUE_STORE];
		const struct ev_doc *d;
		struct ev_flaw flaw;
		struct ev_value v;

		ev_buf_reset(&text);
		ev_buf_put(&text, cases[i].json, len);
		memset(ev_buf_room(&text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
		d = ev_scan(scan, text.p, len, &flaw);
		for (size_t k = 0; d != NULL && k < COLUMNS; k++) {
			const struct ev_column_at column = {&columns[k], k % 2};
			const uint32_t at[] = {0, 0}, nowhere[] = {EV_NOWHERE, EV_NOWHERE};
			const char *said = ev_column_value(&columns[k], NULL, d, 0, store, &v),
				   *problem = NULL;

			written[k] = (char)('0' + (said == NULL));
			taken[k] = (char)('0' +
					  ev_columns_misfit(&column, 0, 1, NULL, d, at, &problem));
			bad += problem != said;
			bad += ev_columns_misfit(&column, 0, 1, NULL, d, nowhere, &problem) != 1;
		}
		is(written, cases[i].taken, "columns that have a form of %s", cases[i].json);
		is(taken, cases[i].taken, "columns that take %s", cases[i].json);
	}
	is_int(bad, 0, "what is wrong is said alike, and what is not there is taken");
	ev_buf_free(&text);
	ev_scan_free(&scan);
	return done();
}

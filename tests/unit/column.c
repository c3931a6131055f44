/* Columns: a value is taken if it can be written in the column's type, and only then. */
#include "warehouse/value.h"
#include "schema/schema.h"

#include "columns.h"
#include "support.h"
#include "tap.h"

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

/* Schemas of "v" in a value, and for which of the columns they promise enough. */
static const struct {
	const char *of, *promised;
} promises[] = {
	{"true", "0000000000"},
	{"false", "0000000000"},
	{"{\"type\":\"string\"}", "0000000000"},
	{"{\"type\":\"string\",\"maxLength\":3}", "0000000000"},
	{"{\"type\":\"string\",\"format\":\"uuid\"}", "0101000000"},
	{"{\"type\":[\"null\",\"string\"],\"format\":\"uuid\"}", "0101000000"},
	{"{\"type\":[\"number\",\"string\"],\"format\":\"uuid\"}", "0000000000"},
	{"{\"format\":\"uuid\"}", "0000000000"},
	{"{\"type\":\"string\",\"format\":\"date\"}", "0100000000"},
	{"{\"type\":\"string\",\"format\":\"date-time\"}", "0000000000"},
	{"{\"type\":\"string\",\"format\":\"uuid\",\"maxLength\":3}", "1101000000"},
	{"{\"enum\":[\"EUR\",\"\",null]}", "1100000000"},
	{"{\"enum\":[\"EUR\",\"EURO\"]}", "0100000000"},
	{"{\"enum\":[\"EUR\",\"\\u0000\"]}", "0000000000"},
	{"{\"enum\":[\"EUR\",1]}", "0000000000"},
	{"{\"enum\":[\"EUR\",[1]]}", "0000000000"},
	{"{\"enum\":[\"EUR\",true]}", "0000000000"},
	{"{\"enum\":[true,false,null]}", "0000000010"},
	{"{\"enum\":[null]}", "1100000010"},
	{"{\"const\":\"EURO\"}", "0100000000"},
	{"{\"enum\":[\"EUR\",\"EURO\"],\"not\":{\"const\":\"EURO\"}}", "0100000000"},
	{"{\"anyOf\":[{\"const\":\"EUR\"},{\"const\":\"EURO\"}]}", "0000000000"},
	{"{\"allOf\":[{\"type\":\"string\"},{\"format\":\"date\"}]}", "0100000000"},
	{"{\"$ref\":\"#/$defs/uuid\"}", "0101000000"},
	{"{\"$ref\":\"#/$defs/uuid\",\"enum\":[\"0198a2f4-5b1e-7a10-8f2c-0000a1b2c3d4\"]}",
	 "0101000000"},
	{"{\"if\":{\"type\":\"string\"},\"then\":{\"format\":\"uuid\"}}", "0000000000"},
	{"{\"type\":\"boolean\"}", "0000000010"},
	{"{\"type\":[\"boolean\",\"null\"]}", "0000000010"},
	{"{\"type\":[\"boolean\",\"integer\"]}", "0000000000"},
	{"{\"type\":\"integer\"}", "0000000000"},
	{"{\"type\":\"integer\",\"minimum\":1}", "0000000000"},
	{"{\"type\":\"integer\",\"minimum\":1,\"maximum\":1e30}", "0000000000"},
	{"{\"type\":\"integer\",\"minimum\":1,\"maximum\":9223372036854775808}", "0000000000"},
	{"{\"type\":\"integer\",\"exclusiveMinimum\":-1,\"maximum\":99}", "0000010000"},
	{"{\"type\":\"integer\",\"minimum\":-0.5,\"exclusiveMaximum\":1000.5}", "0000010000"},
	{"{\"type\":[\"integer\",\"string\"],\"minimum\":1,\"maximum\":99}", "0000000000"},
	{"{\"type\":\"number\",\"minimum\":1,\"maximum\":99}", "0000000000"},
	{"{\"type\":\"integer\",\"multipleOf\":5,\"maximum\":99}", "0000000000"},
};

/* A schema, where "v" of a document is by it, and whether it promises a UUID there. */
static const struct {
	const char *schema, *list, *path;
	bool uuid;
} places[] = {
	{"{\"properties\":{\"v\":{\"$ref\":\"#/$defs/uuid\"}}", NULL, ".v", true},
	{"{\"properties\":{\"v\":{\"$ref\":\"#/$defs/uuid\"}}", NULL, ".w", false},
	{"{\"properties\":{\"v\":{\"$ref\":\"#/$defs/uuid\"}}", NULL, ".v.v", false},
	{"{\"properties\":{\"v\":{\"$ref\":\"#/$defs/uuid\"}}", NULL, ".", false},
	{"{\"required\":[\"v\"]", NULL, ".v", false},
	{"{\"additionalProperties\":{\"$ref\":\"#/$defs/uuid\"}", NULL, ".v", false},
	{"{\"patternProperties\":{\"v\":{\"$ref\":\"#/$defs/uuid\"}}", NULL, ".v", false},
	{"{\"anyOf\":[{\"properties\":{\"v\":{\"$ref\":\"#/$defs/uuid\"}}}]", NULL, ".v", false},
	{"{\"allOf\":[{\"properties\":{\"v\":{\"$ref\":\"#/$defs/uuid\"}}}]", NULL, ".v", true},
	{"{\"properties\":{\"a\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/uuid\"}}}",
	 ".a[]", "$item", true},
	{"{\"properties\":{\"a\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/uuid\"}}}", NULL,
	 ".a[0]", true},
	{"{\"properties\":{\"a\":{\"items\":{\"$ref\":\"#/$defs/uuid\"}}}", ".a[]", "$item", false},
	{"{\"properties\":{\"a\":{\"type\":\"array\",\"prefixItems\":[{}],\"items\":{\"$ref\":"
	 "\"#/$defs/uuid\"}}}",
	 NULL, ".a[0]", false},
	{"{\"properties\":{\"a\":{\"type\":\"array\",\"items\":{\"properties\":{\"v\":{\"$ref\":"
	 "\"#/$defs/uuid\"}}}}}",
	 ".a[]", "$item.v", true},
	{"{\"$dynamicAnchor\":\"d\",\"properties\":{\"v\":{\"$ref\":\"#/$defs/uuid\"},"
	 "\"w\":{\"$dynamicRef\":\"#d\"}}",
	 NULL, ".v", false},
};

static const struct ev_schema *schema_of(struct ev_schema_set *set, const struct ev_buf *text)
{
	struct ev_error err;
	const struct ev_schema *s = ev_schema_text(set, "schema", text->p, text->len, &err);

	if (s == NULL)
		diag("%s", err.text);
	return s;
}

static const char uuid_defined[] =
	",\"$defs\":{\"uuid\":{\"type\":\"string\",\"format\":\"uuid\"}}}";

static struct ev_promise promise_at(const struct ev_schema *s, const char *list, const char *path)
{
	struct ev_error err;
	struct ev_path *a = list != NULL ? ev_path_parse(list, &err) : NULL,
		       *b = ev_path_parse(path, &err);
	struct ev_promise p = ev_schema_promise(s, a, b);

	if (a != NULL)
		ev_path_free(&a);
	ev_path_free(&b);
	return p;
}

/* What a schema promises of a value is so: where it lets one of the cases through, columns do. */
static void test_promise(size_t i, struct ev_scan *scan)
{
	struct ev_schema_set *set = ev_schema_set_new(".");
	char promised[COLUMNS + 1] = "";
	const struct ev_schema *s;
	struct ev_buf text = {0};
	struct ev_promise p;
	unsigned broken = 0;

	ev_buf_printf(&text, "{\"properties\":{\"v\":%s}%s", promises[i].of, uuid_defined);
	s = schema_of(set, &text);
	p = promise_at(s, NULL, ".v");
	for (size_t k = 0; k < COLUMNS; k++)
		promised[k] = (char)('0' + ev_column_is_promised(&columns[k], &p));
	for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
		const struct ev_doc *d;
		struct ev_flaw flaw;

		ev_buf_reset(&text);
		ev_buf_printf(&text, "{\"v\":%s}", cases[n].json);
		memset(ev_buf_room(&text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
		d = ev_scan(scan, text.p, text.len, &flaw);
		for (size_t k = 0; k < COLUMNS && ev_schema_valid(s, d, 0, EV_NOWHERE); k++)
			broken += promised[k] > cases[n].taken[k];
	}
	is(promised, promises[i].promised, "columns that %s is promised for", promises[i].of);
	is_int(broken, 0, "and what it lets through fits them");
	ev_buf_free(&text);
	ev_schema_set_free(&set);
}

static void test_place(size_t i)
{
	struct ev_schema_set *set = ev_schema_set_new(".");
	struct ev_buf text = {0};
	struct ev_promise p;

	ev_buf_printf(&text, "%s%s", places[i].schema, uuid_defined);
	p = promise_at(schema_of(set, &text), places[i].list, places[i].path);
	is_int(p.uuid && p.kinds == 1U << EV_STRING, places[i].uuid, "a UUID at %s by %s",
	       places[i].path, places[i].schema);
	ev_buf_free(&text);
	ev_schema_set_free(&set);
}

int main(void)
{
	struct ev_scan *scan = ev_scan_new();
	struct ev_buf text = {0};
	unsigned bad = 0;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t len = strlen(cases[i].json);
		char written[COLUMNS + 1] = "", store[EV_VALUE_STORE];
		const struct ev_doc *d;
		struct ev_flaw flaw;
		struct ev_value v;

		ev_buf_reset(&text);
		ev_buf_put(&text, cases[i].json, len);
		memset(ev_buf_room(&text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
		d = ev_scan(scan, text.p, len, &flaw);
		for (size_t k = 0; d != NULL && k < COLUMNS; k++) {
			const struct ev_check check = ev_check_of(&columns[k], d, 0);
			const char *said = ev_column_value(&columns[k], NULL, d, 0, store, &v);

			written[k] = (char)('0' + (said == NULL));
			bad += said != NULL && ev_kind(d, 0) != EV_NULL &&
			       ev_check_passes(&check, d, d->nodes, d->text);
		}
		is(written, cases[i].taken, "columns that take %s", cases[i].json);
	}
	is_int(bad, 0, "what does not fit passes no check");
	for (size_t i = 0; i < sizeof promises / sizeof promises[0]; i++)
		test_promise(i, scan);
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		test_place(i);
	ev_buf_free(&text);
	ev_scan_free(&scan);
	return done();
}

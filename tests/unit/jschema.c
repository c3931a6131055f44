#include "base/buf.h"
#include "base/mem.h"
#include "schema/fast.h"
#include "schema/schema.h"
#include "support.h"
#include "tap.h"

#include <sys/stat.h>

static struct ev_scan *scan;
static struct ev_reasons reasons;

/* A scanned text; valid until the next. */
static const struct ev_doc *doc(const char *text)
{
	static struct ev_buf copy;
	const struct ev_doc *d;
	struct ev_flaw flaw;

	ev_buf_reset(&copy);
	ev_buf_puts(&copy, text);
	ev_buf_room(&copy, EV_SCAN_SLACK);
	d = ev_scan(scan, copy.p, copy.len, &flaw);
	if (d == NULL) {
		diag("%s at %u of %s", flaw.what, flaw.at, text);
		abort();
	}
	return d;
}

/* Both judgements, which must agree; -1 if they do not. The reasons are left in `reasons`. */
static int judge(const struct ev_schema *s, const struct ev_doc *d, uint32_t without)
{
	bool valid = ev_schema_valid(s, d, 0, without);

	ev_reasons_reset(&reasons);
	ev_schema_explain(s, d, 0, without, &reasons);
	return valid == (reasons.n == 0) ? valid : -1;
}

static const struct ev_schema *compiled(struct ev_schema_set *set, const char *schema)
{
	struct ev_error err;
	const struct ev_schema *s = ev_schema_text(set, "schema", schema, strlen(schema), &err);

	if (s == NULL)
		diag("%s", err.text);
	return s;
}

static void verdicts(void)
{
	static const struct {
		const char *schema, *value;
		bool valid;
	} cases[] = {
		{"{\"type\":\"integer\"}", "1.0", true},
		{"{\"type\":\"integer\"}", "1e2", true},
		{"{\"type\":\"integer\"}", "1.5", false},
		{"{\"type\":\"integer\"}", "1e-400", false},
		{"{\"enum\":[1,\"a\",[1.0],{\"a\":1,\"b\":2}]}", "1.00", true},
		{"{\"enum\":[1,\"a\",[1.0],{\"a\":1,\"b\":2}]}", "true", false},
		{"{\"enum\":[1,\"a\",[1.0],{\"a\":1,\"b\":2}]}", "[1]", true},
		{"{\"enum\":[1,\"a\",[1.0],{\"a\":1,\"b\":2}]}", "{\"b\":2e0,\"\\u0061\":1}", true},
		{"{\"enum\":[1,\"a\",[1.0],{\"a\":1,\"b\":2}]}", "\"\\u0061\"", true},
		{"{\"uniqueItems\":true}", "[1,true,\"1\",[1],{\"a\":1}]", true},
		{"{\"uniqueItems\":true}", "[1,2,3,4,5,6,7,8,9,10,11,1.0]", false},
		{"{\"uniqueItems\":true}", "[1,2,3,4,5,6,7,8,9,10,11,true]", true},
		{"{\"multipleOf\":0.0001}", "0.00751", false},
		{"{\"multipleOf\":0.0001}", "0.0075", true},
		{"{\"multipleOf\":0.5}", "1e308", true},
		{"{\"multipleOf\":3}", "1e999999999999999999999", false},
		{"{\"multipleOf\":0.8}", "1e999999999999999999999", true},
		{"{\"multipleOf\":1e-999}", "7", true},
		{"{\"multipleOf\":12345678901234567890123}", "24691357802469135780246", true},
		{"{\"multipleOf\":12345678901234567890123}", "24691357802469135780247", false},
		{"{\"multipleOf\":2}", "-0.0", true},
		{"{\"maximum\":0.1}", "0.1000000000000000000000000000000001", false},
		{"{\"minimum\":9223372036854775807}", "9223372036854775806", false},
		{"{\"minimum\":-9223372036854775808}", "-9223372036854775809", false},
		{"{\"exclusiveMinimum\":0}", "1e-9999", true},
		{"{\"exclusiveMinimum\":0}", "-0.0", false},
		{"{\"maxLength\":2}", "\"\xf0\x9f\x98\x80\\ud83d\\ude00\"", true},
		{"{\"minLength\":3}", "\"\xf0\x9f\x98\x80\\ud83d\\ude00\"", false},
		{"{\"maxLength\":2.0}", "\"abc\"", false},
		{"{\"required\":[\"a\\\"b\"]}", "{\"\\u0061\\u0022b\":1}", true},
		{"{\"properties\":{\"x\":{\"$ref\":\"#\"}},\"additionalProperties\":false}",
		 "{\"x\":{\"x\":{}}}", true},
		{"{\"properties\":{\"x\":{\"$ref\":\"#\"}},\"additionalProperties\":false}",
		 "{\"x\":{\"x\":{\"y\":1}}}", false},
		{"{\"$ref\":\"#/$defs/a~1b%25\",\"$defs\":{\"a/b%\":false}}", "1", false},
		{"{\"$defs\":{\"r\":{\"$anchor\":\"here\",\"type\":\"null\"}},\"$ref\":\"#here\"}",
		 "null", true},
		{"{\"allOf\":[{\"properties\":{\"a\":true}}],\"unevaluatedProperties\":false}",
		 "{\"a\":1}", true},
		{"{\"allOf\":[{\"properties\":{\"a\":true}}],\"unevaluatedProperties\":false}",
		 "{\"a\":1,\"b\":2}", false},
		{"{\"format\":\"ipv6\"}", "\"::ffff:1.2.3.4\"", true},
		{"{\"format\":\"hostname\"}", "\"XN--9N2BP8Q.xn--zca\"", true},
		{"{\"format\":\"hostname\"}", "\"xn--\"", false},
		{"{\"format\":\"hostname\"}", "\"xn--a\"", false},
		{"{\"format\":\"email\"}", "\"a@xn--hello-txk\"", false},
		{"{\"format\":\"idn-hostname\"}", "\"m\u00fcnchen.xn--zca.de\"", true},
		{"{\"format\":\"idn-hostname\"}", "\"M\u00fcnchen.de\"", false},
		{"{\"format\":\"idn-hostname\"}", "\"m\u00fc\\u0000nchen\"", false},
		{"{\"format\":\"idn-hostname\"}", "\"0.xn--4dbc5h\"", false},
		{"{\"format\":\"idn-hostname\"}", "\"a.xn--4dbc5h\"", true},
		{"{\"format\":\"idn-email\"}", "\"\u00fc@\u00fc.de\"", true},
		{"{\"format\":\"idn-email\"}", "\"\u00fc@-\u00fc.de\"", false},
		{"{\"format\":\"relative-json-pointer\"}", "\"1+12/a\"", true},
		{"{\"format\":\"relative-json-pointer\"}", "\"1-01\"", false},
		{"{\"format\":\"relative-json-pointer\"}", "\"1+\"", false},
		{"{\"format\":\"iri\"}", "\"a:/\ue000\"", false},
		{"{\"format\":\"iri\"}", "\"a:?\ue000\"", true},
		{"{\"format\":\"iri\"}", "\"a:/\\ufdd0\"", false},
		{"{\"format\":\"uri-template\"}", "\"{?a,b*,c:9999}{\"", false},
		{"{\"format\":\"uri-template\"}", "\"{%6\"", false},
		{"{\"format\":\"uri-template\"}", "\"{a:\"", false},
		{"{\"format\":\"something else\"}", "\"x\"", true},
		{"{\"unheard of\":5}", "1", true},
		{"{\"$ref\":\"https://json-schema.org/draft/2020-12/schema\"}",
		 "{\"type\":\"strin\"}", false},
		{"{\"$ref\":\"https://json-schema.org/draft/2020-12/schema\"}",
		 "{\"items\":{\"minimum\":\"3\"}}", false},
		{"{\"$ref\":\"https://json-schema.org/draft/2020-12/schema\"}",
		 "{\"items\":{\"minimum\":3}}", true},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ev_schema_set *set = ev_schema_set_new(".");
		const struct ev_schema *s = compiled(set, cases[i].schema);

		is_int(s != NULL ? judge(s, doc(cases[i].value), EV_NOWHERE) : -2, cases[i].valid,
		       "%s %s %s", cases[i].value, cases[i].valid ? "fits" : "does not fit",
		       cases[i].schema);
		ev_schema_set_free(&set);
	}
}

/* What older drafts have otherwise. */
static void drafts(void)
{
	static const struct {
		const char *draft, *schema, *value;
		bool valid;
	} cases[] = {
		{"2019-09", "{\"items\":[{\"type\":\"null\"}],\"additionalItems\":false}",
		 "[null,1]", false},
		{"2019-09", "{\"additionalItems\":false}", "[1]", true},
		{"2019-09", "{\"items\":{},\"additionalItems\":false}", "[1]", true},
		{"2019-09", "{\"prefixItems\":[false]}", "[1]", true},
		{"2019-09", "{\"contains\":true,\"unevaluatedItems\":false}", "[1]", false},
		{"2020-12", "{\"contains\":true,\"unevaluatedItems\":false}", "[1]", true},
		{"2019-09", "{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":true},\"type\":\"null\"}",
		 "1", false},
		{"2019-09",
		 "{\"$id\":\"https://x.example/tree\",\"$recursiveAnchor\":true,"
		 "\"type\":\"object\",\"properties\":{\"more\":{\"$recursiveRef\":\"#\"}},"
		 "\"required\":[\"n\"]}",
		 "{\"n\":1,\"more\":{}}", false},
		{"2019-09",
		 "{\"$recursiveAnchor\":true,\"allOf\":[{\"$ref\":\"tree\"}],\"required\":[\"x\"],"
		 "\"$defs\":{\"tree\":{\"$id\":\"tree\",\"$recursiveAnchor\":true,\"properties\":"
		 "{\"more\":{\"$recursiveRef\":\"#\"}}}}}",
		 "{\"x\":1,\"more\":{}}", false},
		{"2019-09",
		 "{\"allOf\":[{\"$ref\":\"tree\"}],\"required\":[\"x\"],"
		 "\"$defs\":{\"tree\":{\"$id\":\"tree\",\"$recursiveAnchor\":true,\"properties\":"
		 "{\"more\":{\"$recursiveRef\":\"#\"}}}}}",
		 "{\"x\":1,\"more\":{}}", true},
		{"2019-09",
		 "{\"$recursiveAnchor\":true,\"allOf\":[{\"$ref\":\"tree\"}],\"required\":[\"x\"],"
		 "\"$defs\":{\"tree\":{\"$id\":\"tree\",\"properties\":"
		 "{\"more\":{\"$recursiveRef\":\"#\"}}}}}",
		 "{\"x\":1,\"more\":{}}", true},
		{"2019-09", "{\"$ref\":\"https://json-schema.org/draft/2019-09/schema\"}",
		 "{\"items\":[{\"items\":3}]}", false},
		{"draft-07",
		 "{\"$ref\":\"#/definitions/a\",\"definitions\":{\"a\":true},\"type\":"
		 "\"null\"}",
		 "1", true},
		{"draft-07", "{\"minContains\":3,\"contains\":true}", "[1]", true},
		{"draft-07", "{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}", true},
		{"draft-07", "{\"unevaluatedProperties\":false}", "{\"a\":1}", true},
		{"draft-07",
		 "{\"$id\":\"#/definitions/x\",\"$ref\":\"#/$defs/n\",\"$defs\":{\"n\":"
		 "false}}",
		 "1", false},
		{"draft-07",
		 "{\"properties\":{\"a\":{\"$id\":\"\",\"$schema\":"
		 "\"https://json-schema.org/draft-07/schema\"}}}",
		 "{}", true},
		{"draft-06", "{\"if\":true,\"then\":false}", "1", true},
		{"draft-06", "{\"const\":1}", "2", false},
		{"draft-06", "{\"exclusiveMaximum\":1}", "1", false},
		{"draft-04", "{\"const\":1}", "2", true},
		{"draft-04", "{\"maximum\":1,\"exclusiveMaximum\":true}", "1.0", false},
		{"draft-04", "{\"exclusiveMaximum\":false,\"maximum\":1}", "1.0", true},
		{"draft-04", "{\"minimum\":1,\"exclusiveMinimum\":true}", "1", false},
		{"draft-04",
		 "{\"id\":\"https://x.example/\",\"allOf\":[{\"$ref\":\"a\"}],"
		 "\"definitions\":{\"x\":{\"id\":\"a\",\"type\":\"null\"}}}",
		 "1", false},
		{"draft-04", "{\"$ref\":\"http://json-schema.org/draft-04/schema#\"}",
		 "{\"required\":[]}", false},
		/* each schema with a URI of its own has a draft of its own */
		{"2020-12",
		 "{\"$defs\":{\"old\":{\"$schema\":\"http://json-schema.org/draft-04/schema#\","
		 "\"id\":\"https://x.example/old\",\"const\":1,\"minimum\":1,\"exclusiveMinimum\":"
		 "true}},\"$ref\":\"https://x.example/old\",\"const\":2}",
		 "2", true},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ev_schema_set *set = ev_schema_set_new(".");
		bool known = ev_schema_set_draft(set, cases[i].draft);
		const struct ev_schema *s = compiled(set, cases[i].schema);

		is_int(known && s != NULL ? judge(s, doc(cases[i].value), EV_NOWHERE) : -2,
		       cases[i].valid, "%s: %s %s %s", cases[i].draft, cases[i].value,
		       cases[i].valid ? "fits" : "does not fit", cases[i].schema);
		ev_schema_set_free(&set);
	}
}

static void errors(void)
{
	static const struct {
		const char *schema, *error;
	} cases[] = {
		{"{\n  \"minimum\": \"3\"\n}", "schema:2:14: minimum must be a number: correct it"},
		{"{\"a\":1,}", "schema:1:8: a member's name in double quotes is missing here: a "
			       "schema is a JSON text, correct it"},
		{"{\"type\":\"int\"}",
		 "schema:1:9: type must be null, boolean, integer, number, string, array or "
		 "object, or an array of different ones: correct it"},
		{"{\"properties\":{\"\xc3\xa9\":{\"type\":[\"null\",\"x\"]}}}",
		 "schema:1:36: type must be null, boolean, integer, number, string, array or "
		 "object, or an array of different ones: correct it"},
		{"{\"required\":[\"a\",\"a\"]}",
		 "schema:1:13: required must be an array of different names: correct it"},
		{"{\"items\":[{}]}", "schema:1:10: items must be one schema: since draft 2020-12 a "
				     "list of schemas is prefixItems"},
		{"{\"multipleOf\":0}", "schema:1:15: multipleOf must be a number above 0, of at "
				       "most 10000 digits: correct it"},
		{"{\"maxLength\":-1}",
		 "schema:1:14: maxLength must be a whole number, 0 or more: correct it"},
		{"{\"allOf\":[]}",
		 "schema:1:10: allOf must be an array of schemas, at least one: correct it"},
		{"{\"not\":3}",
		 "schema:1:8: not must be a schema: an object, true or false: correct it"},
		{"[]",
		 "schema:1:1: a schema must be an object, true or false: it is of type array"},
		{"{\"title\":\"a\",\"title\":\"b\"}",
		 "schema:1:14: the name stands twice in its object: take one out"},
		{"{\"pattern\":\"(\"}", "schema:1:12: the pattern ( is no regular expression: "
					"missing closing parenthesis"},
		{"{\"patternProperties\":{\"\\\\Z\":true}}",
		 "schema:1:23: the pattern \\Z is no regular expression: ECMA-262 has no such "
		 "escape at byte 0"},
		{"{\"$ref\":\"#/$defs/x\"}", "schema:1:9: the reference \"#/$defs/x\" leads to "
					     "nothing: correct it, or define what it names"},
		{"{\"$ref\":\"#x\"}", "schema:1:9: the reference \"#x\" leads to nothing: correct "
				      "it, or define what it names"},
		{"{\"$ref\":\"#/title\",\"title\":\"x\"}",
		 "schema:1:9: the reference \"#/title\" leads to what is no schema: name an "
		 "object, true or false"},
		{"{\"$ref\":\"https://example.org/x.json\"}",
		 "schema:1:9: the reference \"https://example.org/x.json\" is remote, and remote "
		 "references are not fetched: put that schema into a file below the schemas' "
		 "folder and refer to the file"},
		{"{\"$ref\":\"urn:x:y\"}", "schema:1:9: the reference \"urn:x:y\" is the $id of no "
					   "schema here: correct it, or refer to a file"},
		{"{\"$ref\":\"../x.json\"}",
		 "schema:1:9: the reference \"../x.json\" reaches above the schemas' folder: keep "
		 "the files in or below it"},
		{"{\"$ref\":\"#\"}", "schema:1:1: this schema leads back to itself for one and the "
				     "same value, which never ends: take the reference out"},
		{"{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"allOf\":[{\"not\":{\"$ref\":\"#/"
		 "$defs/a\"}}]}}}",
		 "schema:1:34: this schema leads back to itself for one and the same value, which "
		 "never ends: take the reference out"},
		{"{\"$dynamicRef\":\"#n\",\"$dynamicAnchor\":\"n\"}",
		 "schema:1:1: this schema leads back to itself for one and the same value, which "
		 "never ends: take the reference out"},
		{"{\"$id\":\"x#y\"}",
		 "schema:1:8: $id \"x#y\" has a fragment: name the place with $anchor"},
		{"{\"$anchor\":\"1\"}", "schema:1:12: $anchor \"1\" is no name: use letters, "
					"digits, - _ and ., and a letter or _ first"},
		{"{\"$defs\":{\"a\":{\"$anchor\":\"x\"},\"b\":{\"$anchor\":\"x\"}}}",
		 "schema:1:46: the anchor \"x\" stands twice in one schema: rename one"},
		{"{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"items\":[3]}",
		 "schema:1:63: items must be an array of schemas, at least one: correct it"},
		{"{\"$schema\":\"http://json-schema.org/draft-04/schema#\",\"minimum\":1,"
		 "\"exclusiveMinimum\":1}",
		 "schema:1:85: exclusiveMinimum must be true or false: correct it"},
		{"{\"$schema\":\"http://json-schema.org/draft-04/schema#\",\"id\":3}",
		 "schema:1:59: id is no string: give it a URI"},
		{"{\"$schema\":\"https://json-schema.org/draft/2019-09/schema\","
		 "\"$recursiveAnchor\":1}",
		 "schema:1:78: $recursiveAnchor must be true or false: correct it"},
		{"{\"not\":{\"$schema\":\"http://json-schema.org/draft-04/schema#\"}}",
		 "schema:1:19: $schema is not that of the schema around it: take it out, or give "
		 "this schema an $id of its own"},
		{"{\"$schema\":3}", "schema:1:12: $schema is no string: give it "
				    "\"https://json-schema.org/draft/2020-12/schema\""},
		{"{\"$schema\":\"http://json-schema.org/draft-03/schema#\"}",
		 "schema:1:12: $schema names http://json-schema.org/draft-03/schema, which is not "
		 "known here: write the schema for "
		 "\"https://json-schema.org/draft/2020-12/schema\""},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ev_schema_set *set = ev_schema_set_new(".");
		struct ev_error err = {0};

		ok(ev_schema_text(set, "schema", cases[i].schema, strlen(cases[i].schema), &err) ==
			   NULL,
		   "%s is refused", cases[i].schema);
		is(err.text, cases[i].error, "and the error says where and why");
		ev_schema_set_free(&set);
	}
}

/* All reasons as lines "path|keyword|message|explain". */
static void give(const char *schema, const char *value, const char *want)
{
	struct ev_schema_set *set = ev_schema_set_new(".");
	const struct ev_schema *s = compiled(set, schema);
	struct ev_buf got = {0};

	if (s == NULL || judge(s, doc(value), EV_NOWHERE) < 0)
		ev_buf_puts(&got, "(no schema, or no agreement)");
	for (size_t i = 0; s != NULL && i < reasons.n; i++)
		ev_buf_printf(&got, "%s%s|%s|%s|%s", i > 0 ? "\n" : "", reasons.list[i].path,
			      reasons.list[i].keyword, reasons.list[i].message,
			      reasons.list[i].explain != NULL ? reasons.list[i].explain : "");
	is(ev_buf_str(&got), want, "the reasons why %s does not fit %s", value, schema);
	ev_buf_free(&got);
	ev_schema_set_free(&set);
}

static void explanations(void)
{
	give("{\"minimum\":0}", "-3", "|minimum|-3 is less than 0|");
	give("{\"exclusiveMinimum\":0,\"multipleOf\":2,\"maximum\":-2,\"exclusiveMaximum\":-1}",
	     "-1",
	     "|exclusiveMinimum|-1 is not more than 0|\n|maximum|-1 is more than -2|\n"
	     "|exclusiveMaximum|-1 is not less than -1|\n|multipleOf|-1 is no multiple of 2|");
	give("{\"pattern\":\"^x$\",\"minLength\":4,\"format\":\"uuid\"}", "\"abc\"",
	     "|minLength|\"abc\" has 3 characters, at least 4 are needed|\n"
	     "|pattern|\"abc\" does not match the pattern ^x$|\n|format|\"abc\" does not have the "
	     "format uuid|");
	give("{\"required\":[\"total\"],\"properties\":{\"a\":true},\"additionalProperties\":"
	     "false}",
	     "{\"a\":1,\"foo\":2}",
	     "/foo|additionalProperties|the member \"foo\" is not allowed|\n|required|the member "
	     "\"total\" is missing|");
	give("{\"type\":[\"string\",\"null\"]}", "[1]",
	     "|type|[1] is an array, not null or a string|");
	give("{\"type\":\"integer\"}", "1.5", "|type|1.5 is not an integer|");
	give("{\"enum\":[\"a\",1]}", "true", "|enum|true is none of \"a\", 1|");
	give("{\"properties\":{\"a/b\":{\"prefixItems\":[true,{\"const\":1}]}}}",
	     "{\"a\\u002fb\":[0,2]}", "/a~1b/1|const|2 is not 1|");
	give("{\"description\":\"outer\",\"properties\":{\"a\":{\"title\":\"inner\",\"minimum\":1},"
	     "\"b\":{\"minimum\":1}}}",
	     "{\"a\":0,\"b\":0}",
	     "/a|minimum|0 is less than 1|inner\n/b|minimum|0 is less than 1|outer");
	give("{\"description\":\"words\",\"title\":\"heading\",\"type\":\"null\"}", "1",
	     "|type|1 is a number, not null|words");
	give("{\"uniqueItems\":true,\"maxItems\":2,\"contains\":{\"const\":9}}", "[1,2,1.0]",
	     "|maxItems|the array has 3 elements, at most 2 are allowed|\n"
	     "|contains|0 elements of the array fit \"contains\", at least 1 must|\n"
	     "|uniqueItems|the elements 0 and 2 are equal: 1.0|");
	give("{\"propertyNames\":{\"maxLength\":1}}", "{\"ab\":1}",
	     "/ab|maxLength|the name \"ab\" has 2 characters, at most 1 is allowed|");
	give("{\"dependentRequired\":{\"a\":[\"b\"]},\"minProperties\":2}", "{\"a\":1}",
	     "|minProperties|the object has 1 member, at least 2 are needed|\n"
	     "|dependentRequired|the member \"b\" is missing, which must stand beside \"a\"|");
	give("{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"object\",\"required\":[\"x\"]}]}", "{}",
	     "|anyOf|{} fits none of the schemas of anyOf|\n|required|the member \"x\" is "
	     "missing|");
	give("{\"oneOf\":[{\"minimum\":1},{\"minimum\":2},false]}", "3",
	     "|oneOf|3 fits the schemas 1 and 2 of oneOf, only one may fit|");
	give("{\"not\":{\"description\":\"no zero\",\"const\":0}}", "0",
	     "|not|0 fits a schema that it must not fit|no zero");
	give("{\"not\":{\"title\":\"no zero\",\"const\":0},\"if\":true,\"then\":{\"minimum\":1}}",
	     "0", "|not|0 fits a schema that it must not fit|no zero\n|minimum|0 is less than 1|");
	give("{\"if\":{\"type\":\"string\"},\"then\":{\"maxLength\":1},\"else\":{\"minimum\":1}}",
	     "0", "|minimum|0 is less than 1|");
	give("{\"properties\":{\"a\":true},\"unevaluatedProperties\":false}", "{\"a\":1,\"b\":1}",
	     "/b|unevaluatedProperties|the member \"b\" is not allowed|");
	give("{\"prefixItems\":[true],\"items\":false}", "[1,2]",
	     "/1|items|the element 1 is not allowed|");
	give("false", "1", "|false|1 is not allowed: nothing is|");
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static void files(void)
{
	char root[] = "jschema.XXXXXX", path[64];
	struct ev_schema_set *set;
	const struct ev_schema *s, *again;
	struct ev_error err, second;

	if (mkdtemp(root) == NULL)
		abort();
	snprintf(path, sizeof path, "%s/sub", root);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/a.json", root);
	write_file(path, "{\"properties\":{\"x\":{\"$ref\":\"sub/b%20c.json#/$defs/"
			 "n\"},\"me\":{\"$ref\":\"a.json\"}}}");
	snprintf(path, sizeof path, "%s/sub/b c.json", root);
	write_file(path, "{\"$id\":\"https://example.org/b.json\",\"$defs\":{\"n\":{\"$ref\":\"../"
			 "d.json#top\"}}}");
	snprintf(path, sizeof path, "%s/d.json", root);
	write_file(path, "{\"$anchor\":\"top\",\"type\":\"integer\"}");
	snprintf(path, sizeof path, "%s/bad.json", root);
	write_file(path, "{\"properties\":\n{\"a\":{\"$ref\":\"nothing.json\"},\n\"b\":{\"type\":"
			 "\"string\"}}}");

	set = ev_schema_set_new(root);
	s = ev_schema_file(set, "./sub/../a.json", &err);
	if (!ok(s != NULL, "references reach other files, below and beside"))
		diag("%s", err.text);
	again = ev_schema_file(set, "a.json", &err);
	ok(s == again, "a file is compiled once");
	ok(s != NULL && judge(s, doc("{\"x\":1,\"me\":{\"x\":2}}"), EV_NOWHERE) == 1,
	   "and both sides hold: valid");
	ok(s != NULL && judge(s, doc("{\"x\":1,\"me\":{\"x\":\"2\"}}"), EV_NOWHERE) == 0,
	   "and both sides hold: invalid");
	s = compiled(set, "{\"$ref\":\"d.json\"}");
	ok(s != NULL && judge(s, doc("1.5"), EV_NOWHERE) == 0,
	   "a text refers to files below the root");
	s = compiled(set, "{\"$ref\":\"https://example.org/b.json#/$defs/n\"}");
	ok(s != NULL && judge(s, doc("1.5"), EV_NOWHERE) == 0,
	   "a schema of the set is found by its $id");

	ok(ev_schema_file(set, "bad.json", &err) == NULL, "a missing file is an error");
	snprintf(path, sizeof path, "%s/bad.json:2:14: the reference \"nothing.json\"", root);
	ok(strncmp(err.text, path, strlen(path)) == 0 && strstr(err.text, "No such file") != NULL,
	   "which says who asks: %s", err.text);
	ok(ev_schema_file(set, "bad.json", &second) == NULL && strcmp(err.text, second.text) == 0,
	   "and it comes again if asked again");
	ok(ev_schema_file(set, "../x.json", &err) == NULL, "a file above the root is refused");
	is(err.text, "../x.json: lies outside the model's folder: keep schemas in or below it",
	   "with words");
	ok(ev_schema_file(set, "/etc/hostname", &err) == NULL, "so is an absolute path");
	ev_schema_set_free(&set);
	ok(set == NULL, "free sets the pointer to NULL");
}

static void without(void)
{
	static const char record[] = "{\"a\":1,\"_ev\":{\"x\":1},\"b\":2}";
	static const struct {
		const char *schema;
		bool with, without;
	} cases[] = {
		{"{\"properties\":{\"a\":true,\"b\":true},\"additionalProperties\":false}", false,
		 true},
		{"{\"properties\":{\"a\":true,\"b\":true},\"unevaluatedProperties\":false}", false,
		 true},
		{"{\"maxProperties\":2}", false, true},
		{"{\"required\":[\"_ev\"]}", true, false},
		{"{\"propertyNames\":{\"maxLength\":1}}", false, true},
		{"{\"const\":{\"a\":1,\"b\":2}}", false, true},
		{"{\"dependentRequired\":{\"_ev\":[\"c\"]}}", false, true},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ev_schema_set *set = ev_schema_set_new(".");
		const struct ev_schema *s = compiled(set, cases[i].schema);
		const struct ev_doc *d = doc(record);

		is_int(judge(s, d, EV_NOWHERE), cases[i].with, "%s with _ev", cases[i].schema);
		is_int(judge(s, d, 4), cases[i].without, "%s without _ev", cases[i].schema);
		ev_schema_set_free(&set);
	}
}

/* Many of everything. */
static void large(void)
{
	struct ev_schema_set *set = ev_schema_set_new(".");
	struct ev_buf schema = {0}, value = {0};
	const struct ev_schema *s;

	ev_buf_puts(&schema, "{\"additionalProperties\":false,\"required\":[");
	for (int i = 0; i < 300; i++)
		ev_buf_printf(&schema, "%s\"name of a member, number %d\"", i > 0 ? "," : "", i);
	ev_buf_puts(&schema, "],\"properties\":{");
	for (int i = 0; i < 300; i++)
		ev_buf_printf(&schema, "%s\"name of a member, number %d\":{\"const\":%d}",
			      i > 0 ? "," : "", i, i);
	ev_buf_puts(&schema, "}}");
	s = compiled(set, ev_buf_str(&schema));
	for (int missing = 299; missing <= 300; missing++) {
		ev_buf_reset(&value);
		ev_buf_putc(&value, '{');
		for (int i = 0; i < missing; i++)
			ev_buf_printf(&value, "%s\"name of a member, number %d\":%d",
				      i > 0 ? "," : "", i, i);
		ev_buf_putc(&value, '}');
		is_int(judge(s, doc(ev_buf_str(&value)), EV_NOWHERE), missing == 300,
		       "%d of 300 required members", missing);
	}

	s = compiled(set, "{\"uniqueItems\":true}");
	ev_buf_reset(&value);
	for (int i = 0; i < 100000; i++)
		ev_buf_printf(&value, "%c{\"k\":%d}", i > 0 ? ',' : '[', i);
	ev_buf_puts(&value, "]");
	ok(judge(s, doc(ev_buf_str(&value)), EV_NOWHERE) == 1, "100,000 different objects");
	value.len--;
	ev_buf_puts(&value, ",{\"k\":50000.0}]");
	ok(judge(s, doc(ev_buf_str(&value)), EV_NOWHERE) == 0, "and two equal ones among them");

	/* the deepest value, through more and more schemas at each level */
	for (int chain = 4; chain <= 100; chain += 96) {
		ev_buf_reset(&schema);
		ev_buf_puts(&schema, "{\"$defs\":{\"c0\":{\"items\":{\"$ref\":\"#\"},\"type\":["
				     "\"array\",\"null\"]}");
		for (int i = 1; i <= chain; i++)
			ev_buf_printf(&schema, ",\"c%d\":{\"allOf\":[{\"$ref\":\"#/$defs/c%d\"}]}",
				      i, i - 1);
		ev_buf_printf(&schema, "},\"allOf\":[{\"$ref\":\"#/$defs/c%d\"}]}", chain);
		s = compiled(set, ev_buf_str(&schema));
		for (int flaw = 0; flaw < 2; flaw++) {
			ev_buf_reset(&value);
			for (int i = 0; i < EV_MAX_DEPTH; i++)
				ev_buf_putc(&value, '[');
			ev_buf_puts(&value, flaw ? "7" : "null");
			for (int i = 0; i < EV_MAX_DEPTH; i++)
				ev_buf_putc(&value, ']');
			is_int(s != NULL ? judge(s, doc(ev_buf_str(&value)), EV_NOWHERE) : -2,
			       chain == 4 && !flaw, "512 arrays around %s, through %d schemas each",
			       flaw ? "7" : "null", chain);
		}
	}
	is(reasons.n == 1 ? reasons.list[0].message : "",
	   "the value is nested too deep for this schema: more than 6000 schemas stand open at one "
	   "time",
	   "what is too deep says so");

	ev_schema_set_free(&set);
	ev_buf_free(&schema);
	ev_buf_free(&value);
}

/* Random schemas against random values: both judgements agree. */

static void random_value(struct ev_buf *b, int depth)
{
	static const char *const scalars[] = {
		"null", "true", "false", "0",		"1",	   "1.0", "-2",
		"2.5",	"\"\"", "\"a\"", "\"\\u0062\"", "\"abc\"", "1e1", "\"2026-03-01\""};
	size_t k = random_below(depth > 0 ? 18 : 14), n = random_below(4);

	if (k < 14) {
		ev_buf_puts(b, scalars[k]);
		return;
	}
	ev_buf_putc(b, k < 16 ? '[' : '{');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			ev_buf_putc(b, ',');
		if (k >= 16)
			ev_buf_printf(b, "\"%c\":", (int)('a' + i * 2 + random_below(2)));
		random_value(b, depth - 1);
	}
	ev_buf_putc(b, k < 16 ? ']' : '}');
}

static void random_schema(struct ev_buf *b, int depth);

static void random_list(struct ev_buf *b, int depth)
{
	size_t n = 1 + random_below(3);

	for (size_t i = 0; i < n; i++) {
		ev_buf_putc(b, i > 0 ? ',' : '[');
		random_schema(b, depth - 1);
	}
	ev_buf_putc(b, ']');
}

static void random_schema(struct ev_buf *b, int depth)
{
	static const char *const leaves[] = {
		"\"type\":\"object\"",
		"\"type\":[\"array\",\"integer\"]",
		"\"type\":[\"string\",\"object\",\"array\"]",
		"\"enum\":[1,\"a\",null,[]]",
		"\"const\":{}",
		"\"minimum\":1",
		"\"exclusiveMaximum\":2",
		"\"multipleOf\":0.5",
		"\"minLength\":1",
		"\"maxLength\":1",
		"\"pattern\":\"^[ab]\"",
		"\"format\":\"date\"",
		"\"required\":[\"a\"]",
		"\"minProperties\":1",
		"\"maxProperties\":2",
		"\"minItems\":1",
		"\"maxItems\":2",
		"\"uniqueItems\":true",
		"\"dependentRequired\":{\"a\":[\"c\"]}",
		"\"description\":\"words\"",
		"\"$ref\":\"#/$defs/r\"",
	};
	static const char *const one[] = {
		"not", "items", "contains", "additionalProperties", "propertyNames",
		"if",  "then",	"else",	    "unevaluatedItems",	    "unevaluatedProperties"};
	static const char *const many[] = {"allOf", "anyOf", "oneOf", "prefixItems"};
	static const char *const maps[] = {"properties", "patternProperties", "dependentSchemas"};
	unsigned used[4] = {0};
	size_t n = random_below(4);

	if (depth == 0 || random_below(8) == 0) {
		ev_buf_puts(b, random_below(3) == 0 ? "false" : "true");
		return;
	}
	ev_buf_putc(b, '{');
	for (size_t i = 0, put = 0; i < n; i++) {
		size_t group = random_below(4), k = random_below(group == 0   ? 21
								 : group == 1 ? 10
								 : group == 2 ? 4
									      : 3);

		if ((used[group] >> k & 1) != 0 || (group == 0 && k <= 2 && (used[0] & 7) != 0))
			continue;
		used[group] |= 1U << k;
		if (put++ > 0)
			ev_buf_putc(b, ',');
		if (group == 0) {
			ev_buf_puts(b, leaves[k]);
		} else if (group == 1) {
			ev_buf_printf(b, "\"%s\":", one[k]);
			random_schema(b, depth - 1);
		} else if (group == 2) {
			ev_buf_printf(b, "\"%s\":", many[k]);
			random_list(b, depth);
		} else {
			ev_buf_printf(b, "\"%s\":{\"a\":", maps[k]);
			random_schema(b, depth - 1);
			ev_buf_puts(b, ",\"c\":");
			random_schema(b, depth - 1);
			ev_buf_putc(b, '}');
		}
	}
	ev_buf_putc(b, '}');
}

static void agreement(void)
{
	struct ev_buf schema = {0}, value = {0};
	int disagree = 0, valid = 0, held = 0;

	for (int i = 0; i < 3000; i++) {
		struct ev_schema_set *set = ev_schema_set_new(".");
		const struct ev_schema *s;
		struct ev_error err;

		ev_buf_reset(&schema);
		ev_buf_puts(&schema,
			    "{\"$defs\":{\"r\":{\"properties\":{\"a\":true}}},\"allOf\":[");
		random_schema(&schema, 4);
		ev_buf_puts(&schema, "]}");
		s = ev_schema_text(set, "random", schema.p, schema.len, &err);
		if (s == NULL)
			diag("%s: %s", ev_buf_str(&schema), err.text);
		for (int k = 0; k < 20; k++) {
			int got;

			ev_buf_reset(&value);
			random_value(&value, 3);
			got = s != NULL ? judge(s, doc(ev_buf_str(&value)), EV_NOWHERE) : -1;
			held++;
			valid += got == 1;
			if (got < 0 && disagree++ < 5)
				diag("%s against %s", ev_buf_str(&value), ev_buf_str(&schema));
			for (size_t r = 0; got == 0 && r < reasons.n; r++)
				if (strstr(reasons.list[r].message, " does not fit") != NULL &&
				    strstr(reasons.list[r].message, "the one schema of") == NULL &&
				    disagree++ < 5)
					diag("no reason: %s against %s", ev_buf_str(&value),
					     ev_buf_str(&schema));
		}
		ev_schema_set_free(&set);
	}
	is_int(disagree, 0, "both judgements agree on %d random values, of which %d are valid",
	       held, valid);
	ev_buf_free(&schema);
	ev_buf_free(&value);
}

/* multipleOf against the remainder of 64-bit integers, with the numbers written in other kinds. */
static void multiples(void)
{
	int wrong = 0;

	for (int i = 0; i < 20000; i++) {
		struct ev_schema_set *set = ev_schema_set_new(".");
		uint64_t by = 1 + (random_u64() >> (30 + random_below(34))),
			 a = random_u64() >> random_below(60);
		char schema[128], value[128], zeros[24] = {0};
		size_t down = random_below(20);
		int want;

		if (random_below(2) == 0)
			a -= a % by;
		want = a % by == 0;
		memset(zeros, '0', a != 0 ? random_below(20) : 0);
		snprintf(schema, sizeof schema, "{\"multipleOf\":%llue-%zu}",
			 (unsigned long long)by, down);
		snprintf(value, sizeof value, "-%llu%s.0e-%zu", (unsigned long long)a, zeros,
			 down + strlen(zeros));
		if (judge(compiled(set, schema), doc(value), EV_NOWHERE) != want && wrong++ < 5)
			diag("%s against %s must be %d", value, schema, want);
		ev_schema_set_free(&set);
	}
	is_int(wrong, 0, "multipleOf is exact");
}

int main(void)
{
	scan = ev_scan_new();
	verdicts();
	drafts();
	errors();
	explanations();
	files();
	without();
	large();
	agreement();
	multiples();
	ev_reasons_free(&reasons);
	ev_scan_free(&scan);
	return done();
}

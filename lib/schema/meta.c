/*
 * The metaschemas: the form of a schema of each draft, as a schema. They are written
 * from the table of keywords, as one document for each draft, with the rules of all vocabularies;
 * the published ones of the newer drafts refer to a file for each.
 */
#include "schema/keyword.h"

#include <string.h>

#define NAMES "\"type\":\"array\",\"uniqueItems\":true,\"items\":{\"type\":\"string\"}"
#define TYPE \
	"{\"enum\":[\"array\",\"boolean\",\"integer\",\"null\",\"number\",\"object\",\"string\"]}"

/* What a keyword's value is; @ is any schema. In draft-04 some of it is otherwise. */
static const struct {
	const char *text, *in_draft_4;
} shapes[] = {
	[SCHEMA_ANY] = {"true", "{}"},
	[SCHEMA_SUBSCHEMA] = {"@", NULL},
	[SCHEMA_SUBSCHEMAS] = {"{\"type\":\"array\",\"minItems\":1,\"items\":@}", NULL},
	[SCHEMA_SUBSCHEMA_OR_LIST] =
		{"{\"anyOf\":[@,{\"type\":\"array\",\"minItems\":1,\"items\":@}]}", NULL},
	[SCHEMA_SUBSCHEMA_MAP] = {"{\"type\":\"object\",\"additionalProperties\":@}", NULL},
	[SCHEMA_PATTERN_MAP] = {"{\"type\":\"object\",\"additionalProperties\":@,"
				"\"propertyNames\":{\"format\":\"regex\"}}",
				"{\"type\":\"object\",\"additionalProperties\":@}"},
	[SCHEMA_LEGACY_MAP] = {"{\"type\":\"object\",\"additionalProperties\":"
			       "{\"anyOf\":[@,{" NAMES "}]}}",
			       "{\"type\":\"object\",\"additionalProperties\":"
			       "{\"anyOf\":[@,{" NAMES ",\"minItems\":1}]}}"},
	[SCHEMA_NUMBER] = {"{\"type\":\"number\"}", NULL},
	[SCHEMA_POSITIVE] = {"{\"type\":\"number\",\"exclusiveMinimum\":0}",
			     "{\"type\":\"number\",\"minimum\":0,\"exclusiveMinimum\":true}"},
	[SCHEMA_COUNT] = {"{\"type\":\"integer\",\"minimum\":0}", NULL},
	[SCHEMA_STRING] = {"{\"type\":\"string\"}", NULL},
	[SCHEMA_REGEX] = {"{\"type\":\"string\",\"format\":\"regex\"}", NULL},
	[SCHEMA_BOOLEAN] = {"{\"type\":\"boolean\"}", NULL},
	[SCHEMA_NAMES] = {"{" NAMES "}", "{" NAMES ",\"minItems\":1}"},
	[SCHEMA_NAMES_MAP] = {"{\"type\":\"object\",\"additionalProperties\":{" NAMES "}}", NULL},
	[SCHEMA_VALUES] = {"{\"type\":\"array\"}",
			   "{\"type\":\"array\",\"minItems\":1,\"uniqueItems\":true}"},
	[SCHEMA_TYPES] = {"{\"anyOf\":[" TYPE ",{\"type\":\"array\",\"minItems\":1,"
			  "\"uniqueItems\":true,\"items\":" TYPE "}]}",
			  NULL},
};

/* Keywords that judge nothing, and so are in no other table. */
static const struct {
	const char *name, *text;
	unsigned drafts;
} others[] = {
	{"$schema", "{\"type\":\"string\"}", SCHEMA_ALL_DRAFTS},
	{"id", "{\"type\":\"string\"}", 1 << SCHEMA_DRAFT_4},
	{"$id", "{\"type\":\"string\"}", 1 << SCHEMA_DRAFT_6 | 1 << SCHEMA_DRAFT_7},
	{"$id", "{\"type\":\"string\",\"pattern\":\"^[^#]*#?$\"}", SCHEMA_FROM_2019},
	{"$anchor", "{\"type\":\"string\",\"pattern\":\"^[A-Za-z][-A-Za-z0-9.:_]*$\"}",
	 1 << SCHEMA_DRAFT_2019},
	{"$anchor", "{\"type\":\"string\",\"pattern\":\"^[A-Za-z_][-A-Za-z0-9._]*$\"}",
	 1 << SCHEMA_DRAFT_2020},
	{"$dynamicAnchor", "{\"type\":\"string\",\"pattern\":\"^[A-Za-z_][-A-Za-z0-9._]*$\"}",
	 1 << SCHEMA_DRAFT_2020},
	{"$recursiveAnchor", "{\"type\":\"boolean\"}", 1 << SCHEMA_DRAFT_2019},
	{"$vocabulary", "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"boolean\"}}",
	 SCHEMA_FROM_2019},
	{"contentEncoding", "{\"type\":\"string\"}", SCHEMA_FROM_7},
	{"contentMediaType", "{\"type\":\"string\"}", SCHEMA_FROM_7},
	{"deprecated", "{\"type\":\"boolean\"}", SCHEMA_FROM_2019},
	{"examples", "{\"type\":\"array\"}", SCHEMA_FROM_6},
	{"readOnly", "{\"type\":\"boolean\"}", SCHEMA_FROM_7},
	{"writeOnly", "{\"type\":\"boolean\"}", SCHEMA_FROM_7},
};

/* What schemas of others refer to in the published ones. */
static const struct {
	const char *name;
	enum ev_schema_shape shape;
	unsigned drafts;
} definitions[] = {
	{"schemaArray", SCHEMA_SUBSCHEMAS, SCHEMA_UP_TO_7},
	{"positiveInteger", SCHEMA_COUNT, 1 << SCHEMA_DRAFT_4},
	{"positiveIntegerDefault0", SCHEMA_COUNT, 1 << SCHEMA_DRAFT_4},
	{"nonNegativeInteger", SCHEMA_COUNT, SCHEMA_FROM_6},
	{"nonNegativeIntegerDefault0", SCHEMA_COUNT, SCHEMA_FROM_6},
	{"stringArray", SCHEMA_NAMES, SCHEMA_ALL_DRAFTS},
};

const struct ev_schema_metaschema ev_schema_metaschemas[SCHEMA_DRAFTS] = {
	[SCHEMA_DRAFT_4] = {SCHEMA_DRAFT_4, "draft-04", "http://json-schema.org/draft-04/schema"},
	[SCHEMA_DRAFT_6] = {SCHEMA_DRAFT_6, "draft-06", "http://json-schema.org/draft-06/schema"},
	[SCHEMA_DRAFT_7] = {SCHEMA_DRAFT_7, "draft-07", "http://json-schema.org/draft-07/schema"},
	[SCHEMA_DRAFT_2019] = {SCHEMA_DRAFT_2019, "2019-09",
			       "https://json-schema.org/draft/2019-09/schema"},
	[SCHEMA_DRAFT_2020] = {SCHEMA_DRAFT_2020, "2020-12", SCHEMA_URI_2020},
};

/* Appends "name":schema and a comma. */
static void put(struct ev_buf *out, const char *name, const char *text, const char *schema)
{
	ev_buf_printf(out, "\"%s\":", name);
	for (const char *p = text; *p != '\0'; p++)
		if (*p == '@')
			ev_buf_puts(out, schema);
		else
			ev_buf_putc(out, *p);
	ev_buf_putc(out, ',');
}

static const char *shape_text(enum ev_schema_shape shape, enum ev_schema_draft draft)
{
	return draft == SCHEMA_DRAFT_4 && shapes[shape].in_draft_4 != NULL
		       ? shapes[shape].in_draft_4
		       : shapes[shape].text;
}

/* The comma behind the last becomes the end of the object. */
static void end_object(struct ev_buf *out)
{
	out->p[out->len - 1] = '}';
}

void ev_schema_metaschema_write(const struct ev_schema_metaschema *meta, struct ev_buf *out)
{
	enum ev_schema_draft draft = meta->draft;
	const char *schema = draft == SCHEMA_DRAFT_2020	  ? "{\"$dynamicRef\":\"#meta\"}"
			     : draft == SCHEMA_DRAFT_2019 ? "{\"$recursiveRef\":\"#\"}"
							  : "{\"$ref\":\"#\"}";
	const char *fragment = draft <= SCHEMA_DRAFT_7 ? "#" : "";

	ev_buf_printf(out, "{\"$schema\":\"%s%s\",\"%s\":\"%s%s\",", meta->uri, fragment,
		      draft == SCHEMA_DRAFT_4 ? "id" : "$id", meta->uri, fragment);
	if (draft == SCHEMA_DRAFT_2020)
		ev_buf_puts(out, "\"$dynamicAnchor\":\"meta\",");
	if (draft == SCHEMA_DRAFT_2019)
		ev_buf_puts(out, "\"$recursiveAnchor\":true,");
	ev_buf_puts(out, draft == SCHEMA_DRAFT_4 ? "\"type\":\"object\",\"dependencies\":{"
						   "\"exclusiveMaximum\":[\"maximum\"],"
						   "\"exclusiveMinimum\":[\"minimum\"]},"
						 : "\"type\":[\"object\",\"boolean\"],");
	ev_buf_printf(out, "\"%s\":{", draft < SCHEMA_DRAFT_2019 ? "definitions" : "$defs");
	put(out, "simpleTypes", TYPE, schema);
	for (size_t i = 0; i < sizeof definitions / sizeof *definitions; i++)
		if ((definitions[i].drafts >> draft & 1) != 0)
			put(out, definitions[i].name, shape_text(definitions[i].shape, draft),
			    schema);
	end_object(out);
	ev_buf_puts(out, ",\"properties\":{");
	for (const struct ev_schema_keyword_row *k = ev_schema_keywords; k->name != NULL; k++) {
		if ((k->drafts >> draft & 1) == 0)
			continue;
		if (draft == SCHEMA_DRAFT_4 && strncmp(k->name, "additional", 10) == 0)
			put(out, k->name, "{\"anyOf\":[@,{\"type\":\"boolean\"}]}", schema);
		else
			put(out, k->name, shape_text(k->shape, draft), schema);
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if ((others[i].drafts >> draft & 1) != 0)
			put(out, others[i].name, others[i].text, schema);
	end_object(out);
	ev_buf_putc(out, '}');
}

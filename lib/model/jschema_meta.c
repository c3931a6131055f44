/*
 * The metaschema of draft 2020-12: what a schema has to look like, said as a schema. It is one
 * document here, with the rules of all vocabularies; the published one refers to a file for each.
 */
#include "model/jschema_impl.h"

#define SCHEMA "{\"$dynamicRef\":\"#meta\"}"
#define LIST   "{\"type\":\"array\",\"minItems\":1,\"items\":" SCHEMA "}"
#define MAP    "{\"type\":\"object\",\"additionalProperties\":" SCHEMA "}"
#define TEXT   "{\"type\":\"string\"}"
#define FLAG   "{\"type\":\"boolean\"}"
#define NUMBER "{\"type\":\"number\"}"
#define COUNT  "{\"type\":\"integer\",\"minimum\":0}"
#define NAMES  "{\"type\":\"array\",\"uniqueItems\":true,\"items\":{\"type\":\"string\"}}"
#define ANCHOR "{\"type\":\"string\",\"pattern\":\"^[A-Za-z_][-A-Za-z0-9._]*$\"}"
#define TYPE \
	"{\"enum\":[\"array\",\"boolean\",\"integer\",\"null\",\"number\",\"object\",\"string\"]}"

const char js_metaschema[] =
	"{\"$schema\":\"" JS_METASCHEMA "\",\"$id\":\"" JS_METASCHEMA
	"\",\"$dynamicAnchor\":\"meta\","
	"\"title\":\"A JSON Schema of draft 2020-12\",\"type\":[\"object\",\"boolean\"],"
	"\"properties\":{"
	/* core */
	"\"$id\":{\"type\":\"string\",\"pattern\":\"^[^#]*#?$\"},\"$schema\":" TEXT
	",\"$ref\":" TEXT ","
	"\"$anchor\":" ANCHOR ",\"$dynamicRef\":" TEXT ",\"$dynamicAnchor\":" ANCHOR ","
	"\"$vocabulary\":{\"type\":\"object\",\"additionalProperties\":" FLAG "},"
	"\"$comment\":" TEXT ",\"$defs\":" MAP ",\"definitions\":" MAP ","
	/* applicator and unevaluated */
	"\"prefixItems\":" LIST ",\"items\":" SCHEMA ",\"contains\":" SCHEMA ","
	"\"properties\":" MAP ",\"additionalProperties\":" SCHEMA ","
	"\"patternProperties\":{\"$ref\":\"#/properties/properties\","
	"\"propertyNames\":{\"format\":\"regex\"}},"
	"\"dependentSchemas\":" MAP ",\"propertyNames\":" SCHEMA ",\"if\":" SCHEMA
	",\"then\":" SCHEMA ","
	"\"else\":" SCHEMA ",\"allOf\":" LIST ",\"anyOf\":" LIST ",\"oneOf\":" LIST
	",\"not\":" SCHEMA ","
	"\"unevaluatedItems\":" SCHEMA ",\"unevaluatedProperties\":" SCHEMA ","
	"\"dependencies\":{\"type\":\"object\",\"additionalProperties\":{\"anyOf\":[" SCHEMA
	"," NAMES "]}},"
	/* validation */
	"\"type\":{\"anyOf\":[" TYPE
	",{\"type\":\"array\",\"minItems\":1,\"uniqueItems\":true,\"items\":" TYPE "}]},"
	"\"const\":true,\"enum\":{\"type\":\"array\"},"
	"\"multipleOf\":{\"type\":\"number\",\"exclusiveMinimum\":0},\"maximum\":" NUMBER ","
	"\"exclusiveMaximum\":" NUMBER ",\"minimum\":" NUMBER ",\"exclusiveMinimum\":" NUMBER ","
	"\"maxLength\":" COUNT ",\"minLength\":" COUNT
	",\"pattern\":{\"type\":\"string\",\"format\":\"regex\"},"
	"\"maxItems\":" COUNT ",\"minItems\":" COUNT ",\"uniqueItems\":" FLAG
	",\"maxContains\":" COUNT ","
	"\"minContains\":" COUNT ",\"maxProperties\":" COUNT ",\"minProperties\":" COUNT ","
	"\"required\":" NAMES
	",\"dependentRequired\":{\"type\":\"object\",\"additionalProperties\":" NAMES "},"
	/* meta-data, format and content */
	"\"title\":" TEXT ",\"description\":" TEXT ",\"default\":true,\"deprecated\":" FLAG ","
	"\"readOnly\":" FLAG ",\"writeOnly\":" FLAG ",\"examples\":{\"type\":\"array\"},"
	"\"format\":" TEXT ",\"contentEncoding\":" TEXT ",\"contentMediaType\":" TEXT ","
	"\"contentSchema\":" SCHEMA "}}";

const size_t js_metaschema_len = sizeof js_metaschema - 1;

#include "schema/keyword.h"
#include "model/nearest.h"
#include "number/decimal.h"
#include "json/canon.h"
#include "json/view.h"

#include <string.h>

static const struct js_keyword_row keywords[] = {
	{"$comment", K_NONE, JS_STRING, JS_CORE, JS_FROM_7},
	{"$defs", K_NONE, JS_SCHEMA_MAP, JS_CORE, JS_FROM_2019},
	{"$dynamicRef", K_DYNAMIC_REF, JS_STRING, JS_CORE, 1 << JS_DRAFT_2020},
	{"$recursiveRef", K_RECURSIVE_REF, JS_STRING, JS_CORE, 1 << JS_DRAFT_2019},
	{"$ref", K_REF, JS_STRING, JS_CORE, JS_ALL_DRAFTS},
	{"additionalItems", K_ADDITIONAL_ITEMS, JS_SCHEMA, JS_APPLICATOR, JS_UP_TO_2019},
	{"additionalProperties", K_ADDITIONAL_PROPERTIES, JS_SCHEMA, JS_APPLICATOR, JS_ALL_DRAFTS},
	{"allOf", K_ALL_OF, JS_SCHEMAS, JS_APPLICATOR, JS_ALL_DRAFTS},
	{"anyOf", K_ANY_OF, JS_SCHEMAS, JS_APPLICATOR, JS_ALL_DRAFTS},
	{"const", K_CONST, JS_ANY, JS_VALIDATION, JS_FROM_6},
	{"contains", K_CONTAINS, JS_SCHEMA, JS_APPLICATOR, JS_FROM_6},
	{"contentSchema", K_NONE, JS_SCHEMA, JS_CONTENT, JS_FROM_2019},
	{"default", K_NONE, JS_ANY, JS_META_DATA, JS_ALL_DRAFTS},
	{"definitions", K_NONE, JS_SCHEMA_MAP, JS_CORE, JS_ALL_DRAFTS},
	{"dependencies", K_DEPENDENCIES, JS_LEGACY_MAP, JS_APPLICATOR, JS_ALL_DRAFTS},
	{"dependentRequired", K_DEPENDENT_REQUIRED, JS_NAMES_MAP, JS_VALIDATION, JS_FROM_2019},
	{"dependentSchemas", K_DEPENDENT_SCHEMAS, JS_SCHEMA_MAP, JS_APPLICATOR, JS_FROM_2019},
	{"description", K_DESCRIPTION, JS_STRING, JS_META_DATA, JS_ALL_DRAFTS},
	{"else", K_ELSE, JS_SCHEMA, JS_APPLICATOR, JS_FROM_7},
	{"enum", K_ENUM, JS_VALUES, JS_VALIDATION, JS_ALL_DRAFTS},
	{"exclusiveMaximum", K_NONE, JS_BOOLEAN, JS_VALIDATION, 1 << JS_DRAFT_4},
	{"exclusiveMaximum", K_EXCLUSIVE_MAXIMUM, JS_NUMBER, JS_VALIDATION, JS_FROM_6},
	{"exclusiveMinimum", K_NONE, JS_BOOLEAN, JS_VALIDATION, 1 << JS_DRAFT_4},
	{"exclusiveMinimum", K_EXCLUSIVE_MINIMUM, JS_NUMBER, JS_VALIDATION, JS_FROM_6},
	{"format", K_FORMAT, JS_STRING, JS_FORMAT, JS_ALL_DRAFTS},
	{"if", K_IF, JS_SCHEMA, JS_APPLICATOR, JS_FROM_7},
	{"items", K_ITEMS, JS_SCHEMA_OR_LIST, JS_APPLICATOR, JS_UP_TO_2019},
	{"items", K_ITEMS, JS_SCHEMA, JS_APPLICATOR, 1 << JS_DRAFT_2020},
	{"maxContains", K_MAX_CONTAINS, JS_COUNT, JS_VALIDATION, JS_FROM_2019},
	{"maxItems", K_MAX_ITEMS, JS_COUNT, JS_VALIDATION, JS_ALL_DRAFTS},
	{"maxLength", K_MAX_LENGTH, JS_COUNT, JS_VALIDATION, JS_ALL_DRAFTS},
	{"maxProperties", K_MAX_PROPERTIES, JS_COUNT, JS_VALIDATION, JS_ALL_DRAFTS},
	{"maximum", K_MAXIMUM, JS_NUMBER, JS_VALIDATION, JS_ALL_DRAFTS},
	{"minContains", K_MIN_CONTAINS, JS_COUNT, JS_VALIDATION, JS_FROM_2019},
	{"minItems", K_MIN_ITEMS, JS_COUNT, JS_VALIDATION, JS_ALL_DRAFTS},
	{"minLength", K_MIN_LENGTH, JS_COUNT, JS_VALIDATION, JS_ALL_DRAFTS},
	{"minProperties", K_MIN_PROPERTIES, JS_COUNT, JS_VALIDATION, JS_ALL_DRAFTS},
	{"minimum", K_MINIMUM, JS_NUMBER, JS_VALIDATION, JS_ALL_DRAFTS},
	{"multipleOf", K_MULTIPLE_OF, JS_POSITIVE, JS_VALIDATION, JS_ALL_DRAFTS},
	{"not", K_NOT, JS_SCHEMA, JS_APPLICATOR, JS_ALL_DRAFTS},
	{"oneOf", K_ONE_OF, JS_SCHEMAS, JS_APPLICATOR, JS_ALL_DRAFTS},
	{"pattern", K_PATTERN, JS_REGEX, JS_VALIDATION, JS_ALL_DRAFTS},
	{"patternProperties", K_PATTERN_PROPERTIES, JS_PATTERN_MAP, JS_APPLICATOR, JS_ALL_DRAFTS},
	{"prefixItems", K_PREFIX_ITEMS, JS_SCHEMAS, JS_APPLICATOR, 1 << JS_DRAFT_2020},
	{"properties", K_PROPERTIES, JS_SCHEMA_MAP, JS_APPLICATOR, JS_ALL_DRAFTS},
	{"propertyNames", K_PROPERTY_NAMES, JS_SCHEMA, JS_APPLICATOR, JS_FROM_6},
	{"required", K_REQUIRED, JS_NAMES, JS_VALIDATION, JS_ALL_DRAFTS},
	{"then", K_THEN, JS_SCHEMA, JS_APPLICATOR, JS_FROM_7},
	{"title", K_TITLE, JS_STRING, JS_META_DATA, JS_ALL_DRAFTS},
	{"type", K_TYPE, JS_TYPES, JS_VALIDATION, JS_ALL_DRAFTS},
	{"unevaluatedItems", K_UNEVALUATED_ITEMS, JS_SCHEMA, JS_UNEVALUATED, JS_FROM_2019},
	{"unevaluatedProperties", K_UNEVALUATED_PROPERTIES, JS_SCHEMA, JS_UNEVALUATED,
	 JS_FROM_2019},
	{"uniqueItems", K_UNIQUE_ITEMS, JS_BOOLEAN, JS_VALIDATION, JS_ALL_DRAFTS},
};

enum { N_KEYWORDS = sizeof keywords / sizeof *keywords };

static const struct {
	const char *name;
	uint8_t bits;
} types[] = {
	{"null", 1 << EV_NULL},	    {"boolean", 1 << EV_FALSE | 1 << EV_TRUE},
	{"number", 1 << EV_NUMBER}, {"string", 1 << EV_STRING},
	{"array", 1 << EV_ARRAY},   {"object", 1 << EV_OBJECT},
	{"integer", JS_INTEGER},
};

const struct js_keyword_row *js_keyword_find(const struct ev_doc *d, uint32_t name,
					     enum js_draft draft)
{
	for (size_t k = 0; k < N_KEYWORDS; k++)
		if ((keywords[k].drafts >> draft & 1) != 0 &&
		    ev_string_is(d, name, keywords[k].name, strlen(keywords[k].name)))
			return &keywords[k];
	return NULL;
}

/* Keywords of some draft or vocabulary that are not in the table, or that others brought in. */
static const char *const annotations[] = {
	"$schema",	"$id",		    "id",	   "$anchor",	      "$dynamicAnchor",
	"$vocabulary",	"$recursiveAnchor", "$comment",	   "$defs",	      "contentEncoding",
	"contentMediaType", "deprecated",   "examples",	   "example",	      "readOnly",
	"writeOnly",	NULL,
};

/* Words for the same in other languages of types; not close by their letters. */
static const struct {
	const char *name, *meant;
} others[] = {
	{"nullable", "\"type\": [\"...\", \"null\"]"},
	{"requiredProperties", "required"},
	{"optional", "required, which lists what is not"},
	{"min", "minimum"},
	{"max", "maximum"},
	{"length", "minLength and maxLength"},
	{"regex", "pattern"},
	{"values", "enum"},
	{"additionalProps", "additionalProperties"},
	{"fields", "properties"},
};

const char *js_keyword_meant(const char *name)
{
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (strcmp(others[i].name, name) == 0)
			return others[i].meant;
	for (const char *const *a = annotations; *a != NULL; a++)
		if (strcmp(*a, name) == 0)
			return NULL;
	for (size_t k = 0; k < N_KEYWORDS; k++)
		if (strcmp(keywords[k].name, name) == 0)
			return NULL;
	for (size_t k = 0; k < N_KEYWORDS; k++)
		if (ev_is_close(name, keywords[k].name))
			return keywords[k].name;
	return NULL;
}

bool js_keyword_row(size_t k, enum js_draft draft, const char **name, enum js_shape *shape)
{
	if (k == N_KEYWORDS)
		return false;
	*name = (keywords[k].drafts >> draft & 1) != 0 ? keywords[k].name : NULL;
	*shape = keywords[k].shape;
	return true;
}

enum js_holds js_keyword_holds(const struct ev_doc *d, uint32_t name, enum js_draft draft)
{
	const struct js_keyword_row *row = js_keyword_find(d, name, draft);

	if (row == NULL)
		return JS_NOTHING;
	switch (row->shape) {
	case JS_SCHEMA: return JS_ONE;
	case JS_SCHEMAS: return JS_LIST;
	case JS_SCHEMA_OR_LIST: return ev_kind(d, name + 1) == EV_ARRAY ? JS_LIST : JS_ONE;
	case JS_SCHEMA_MAP:
	case JS_PATTERN_MAP:
	case JS_LEGACY_MAP: return JS_MAP;
	default: return JS_NOTHING;
	}
}

/* Shapes */

static bool is_schema(const struct ev_doc *d, uint32_t at)
{
	enum ev_kind kind = ev_kind(d, at);

	return kind == EV_OBJECT || kind == EV_TRUE || kind == EV_FALSE;
}

static bool are_few_names(const struct ev_doc *d, uint32_t at)
{
	for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i)) {
		if (ev_kind(d, i) != EV_STRING)
			return false;
		for (uint32_t k = ev_first(d, at); k < i; k = ev_next(d, k))
			if (ev_equal(d, i, d, k))
				return false;
	}
	return true;
}

static bool is_names(const struct ev_doc *d, uint32_t at)
{
	struct ev_symbols *seen;
	struct ev_buf scratch = {0};
	uint32_t n = 0;
	bool good = true;

	if (ev_kind(d, at) != EV_ARRAY)
		return false;
	if (d->nodes[at].count <= JS_FEW)
		return are_few_names(d, at);
	seen = ev_symbols_new(0);
	for (uint32_t i = ev_first(d, at); good && i < ev_end(d, at); i = ev_next(d, i)) {
		size_t len;
		const char *p;

		good = ev_kind(d, i) == EV_STRING;
		if (!good)
			break;
		p = ev_string(d, i, &scratch, &len);
		good = ev_symbols_add(seen, p, len) == ++n;
	}
	ev_symbols_free(&seen);
	ev_buf_free(&scratch);
	return good;
}

static bool is_count(const struct ev_doc *d, uint32_t at)
{
	struct ev_number n;
	const char *p;
	size_t len;

	if (ev_kind(d, at) != EV_NUMBER)
		return false;
	p = ev_raw(d, at, &len);
	ev_number_read(p, len, &n);
	return !n.negative && ev_number_is_integer(&n);
}

static bool is_positive(const struct ev_doc *d, uint32_t at)
{
	struct ev_number n;
	const char *p;
	size_t len;

	if (ev_kind(d, at) != EV_NUMBER)
		return false;
	p = ev_raw(d, at, &len);
	ev_number_read(p, len, &n);
	return !n.negative && !n.huge && n.digits > 0 && n.digits <= EV_DEC_DIGITS;
}

uint8_t js_type_bits(const struct ev_doc *d, uint32_t at)
{
	for (size_t t = 0; t < sizeof types / sizeof *types; t++)
		if (ev_kind(d, at) == EV_STRING &&
		    ev_string_is(d, at, types[t].name, strlen(types[t].name)))
			return types[t].bits;
	return 0;
}

uint32_t js_misshapen(const struct ev_doc *d, uint32_t at, enum js_shape shape, const char **need)
{
	enum ev_kind kind = ev_kind(d, at);

	switch (shape) {
	case JS_ANY: return EV_NOWHERE;
	case JS_SCHEMA:
		*need = "be a schema: an object, true or false";
		return is_schema(d, at) ? EV_NOWHERE : at;
	case JS_SCHEMA_OR_LIST:
		if (kind != EV_ARRAY) {
			*need = "be a schema (an object, true or false) or an array of schemas";
			return is_schema(d, at) ? EV_NOWHERE : at;
		}
		/* fall through */
	case JS_SCHEMAS:
		*need = "be an array of schemas, at least one";
		if (kind != EV_ARRAY || d->nodes[at].count == 0)
			return at;
		for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i))
			if (!is_schema(d, i))
				return i;
		return EV_NOWHERE;
	case JS_SCHEMA_MAP:
	case JS_PATTERN_MAP:
	case JS_LEGACY_MAP:
	case JS_NAMES_MAP:
		*need = shape == JS_NAMES_MAP
				? "be an object whose values are arrays of different names"
				: "be an object whose values are schemas";
		if (kind != EV_OBJECT)
			return at;
		for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i + 1))
			if (!(shape != JS_NAMES_MAP && is_schema(d, i + 1)) &&
			    !((shape == JS_NAMES_MAP || shape == JS_LEGACY_MAP) &&
			      is_names(d, i + 1)))
				return i + 1;
		return EV_NOWHERE;
	case JS_NUMBER: *need = "be a number"; return kind == EV_NUMBER ? EV_NOWHERE : at;
	case JS_POSITIVE:
		*need = "be a number above 0, of at most 10000 digits";
		return is_positive(d, at) ? EV_NOWHERE : at;
	case JS_COUNT:
		*need = "be a whole number, 0 or more";
		return is_count(d, at) ? EV_NOWHERE : at;
	case JS_STRING:
	case JS_REGEX: *need = "be a string"; return kind == EV_STRING ? EV_NOWHERE : at;
	case JS_BOOLEAN:
		*need = "be true or false";
		return kind == EV_TRUE || kind == EV_FALSE ? EV_NOWHERE : at;
	case JS_NAMES:
		*need = "be an array of different names";
		return is_names(d, at) ? EV_NOWHERE : at;
	case JS_VALUES: *need = "be an array"; return kind == EV_ARRAY ? EV_NOWHERE : at;
	case JS_TYPES:
		*need = "be null, boolean, integer, number, string, array or object, "
			"or an array of different ones";
		if (kind != EV_ARRAY)
			return js_type_bits(d, at) != 0 ? EV_NOWHERE : at;
		if (!is_names(d, at) || d->nodes[at].count == 0)
			return at;
		for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i))
			if (js_type_bits(d, i) == 0)
				return i;
		return EV_NOWHERE;
	}
	return EV_NOWHERE;
}

#include "schema/keyword.h"
#include "base/hash.h"
#include "model/nearest.h"
#include "number/decimal.h"

#include <string.h>

const struct ev_schema_keyword_row ev_schema_keywords[] = {
	{"$comment", K_NONE, SCHEMA_STRING, SCHEMA_CORE, SCHEMA_FROM_7},
	{"$defs", K_NONE, SCHEMA_SUBSCHEMA_MAP, SCHEMA_CORE, SCHEMA_FROM_2019},
	{"$dynamicRef", K_DYNAMIC_REF, SCHEMA_STRING, SCHEMA_CORE, 1 << SCHEMA_DRAFT_2020},
	{"$recursiveRef", K_RECURSIVE_REF, SCHEMA_STRING, SCHEMA_CORE, 1 << SCHEMA_DRAFT_2019},
	{"$ref", K_REF, SCHEMA_STRING, SCHEMA_CORE, SCHEMA_ALL_DRAFTS},
	{"additionalItems", K_ADDITIONAL_ITEMS, SCHEMA_SUBSCHEMA, SCHEMA_APPLICATOR,
	 SCHEMA_UP_TO_2019},
	{"additionalProperties", K_ADDITIONAL_PROPERTIES, SCHEMA_SUBSCHEMA, SCHEMA_APPLICATOR,
	 SCHEMA_ALL_DRAFTS},
	{"allOf", K_ALL_OF, SCHEMA_SUBSCHEMAS, SCHEMA_APPLICATOR, SCHEMA_ALL_DRAFTS},
	{"anyOf", K_ANY_OF, SCHEMA_SUBSCHEMAS, SCHEMA_APPLICATOR, SCHEMA_ALL_DRAFTS},
	{"const", K_CONST, SCHEMA_ANY, SCHEMA_VALIDATION, SCHEMA_FROM_6},
	{"contains", K_CONTAINS, SCHEMA_SUBSCHEMA, SCHEMA_APPLICATOR, SCHEMA_FROM_6},
	{"contentSchema", K_NONE, SCHEMA_SUBSCHEMA, SCHEMA_CONTENT, SCHEMA_FROM_2019},
	{"default", K_NONE, SCHEMA_ANY, SCHEMA_META_DATA, SCHEMA_ALL_DRAFTS},
	{"definitions", K_NONE, SCHEMA_SUBSCHEMA_MAP, SCHEMA_CORE, SCHEMA_ALL_DRAFTS},
	{"dependencies", K_DEPENDENCIES, SCHEMA_LEGACY_MAP, SCHEMA_APPLICATOR, SCHEMA_ALL_DRAFTS},
	{"dependentRequired", K_DEPENDENT_REQUIRED, SCHEMA_NAMES_MAP, SCHEMA_VALIDATION,
	 SCHEMA_FROM_2019},
	{"dependentSchemas", K_DEPENDENT_SCHEMAS, SCHEMA_SUBSCHEMA_MAP, SCHEMA_APPLICATOR,
	 SCHEMA_FROM_2019},
	{"description", K_DESCRIPTION, SCHEMA_STRING, SCHEMA_META_DATA, SCHEMA_ALL_DRAFTS},
	{"else", K_ELSE, SCHEMA_SUBSCHEMA, SCHEMA_APPLICATOR, SCHEMA_FROM_7},
	{"enum", K_ENUM, SCHEMA_VALUES, SCHEMA_VALIDATION, SCHEMA_ALL_DRAFTS},
	{"exclusiveMaximum", K_NONE, SCHEMA_BOOLEAN, SCHEMA_VALIDATION, 1 << SCHEMA_DRAFT_4},
	{"exclusiveMaximum", K_EXCLUSIVE_MAXIMUM, SCHEMA_NUMBER, SCHEMA_VALIDATION, SCHEMA_FROM_6},
	{"exclusiveMinimum", K_NONE, SCHEMA_BOOLEAN, SCHEMA_VALIDATION, 1 << SCHEMA_DRAFT_4},
	{"exclusiveMinimum", K_EXCLUSIVE_MINIMUM, SCHEMA_NUMBER, SCHEMA_VALIDATION, SCHEMA_FROM_6},
	{"format", K_FORMAT, SCHEMA_STRING, SCHEMA_FORMAT, SCHEMA_ALL_DRAFTS},
	{"if", K_IF, SCHEMA_SUBSCHEMA, SCHEMA_APPLICATOR, SCHEMA_FROM_7},
	{"items", K_ITEMS, SCHEMA_SUBSCHEMA_OR_LIST, SCHEMA_APPLICATOR, SCHEMA_UP_TO_2019},
	{"items", K_ITEMS, SCHEMA_SUBSCHEMA, SCHEMA_APPLICATOR, 1 << SCHEMA_DRAFT_2020},
	{"maxContains", K_MAX_CONTAINS, SCHEMA_COUNT, SCHEMA_VALIDATION, SCHEMA_FROM_2019},
	{"maxItems", K_MAX_ITEMS, SCHEMA_COUNT, SCHEMA_VALIDATION, SCHEMA_ALL_DRAFTS},
	{"maxLength", K_MAX_LENGTH, SCHEMA_COUNT, SCHEMA_VALIDATION, SCHEMA_ALL_DRAFTS},
	{"maxProperties", K_MAX_PROPERTIES, SCHEMA_COUNT, SCHEMA_VALIDATION, SCHEMA_ALL_DRAFTS},
	{"maximum", K_MAXIMUM, SCHEMA_NUMBER, SCHEMA_VALIDATION, SCHEMA_ALL_DRAFTS},
	{"minContains", K_MIN_CONTAINS, SCHEMA_COUNT, SCHEMA_VALIDATION, SCHEMA_FROM_2019},
	{"minItems", K_MIN_ITEMS, SCHEMA_COUNT, SCHEMA_VALIDATION, SCHEMA_ALL_DRAFTS},
	{"minLength", K_MIN_LENGTH, SCHEMA_COUNT, SCHEMA_VALIDATION, SCHEMA_ALL_DRAFTS},
	{"minProperties", K_MIN_PROPERTIES, SCHEMA_COUNT, SCHEMA_VALIDATION, SCHEMA_ALL_DRAFTS},
	{"minimum", K_MINIMUM, SCHEMA_NUMBER, SCHEMA_VALIDATION, SCHEMA_ALL_DRAFTS},
	{"multipleOf", K_MULTIPLE_OF, SCHEMA_POSITIVE, SCHEMA_VALIDATION, SCHEMA_ALL_DRAFTS},
	{"not", K_NOT, SCHEMA_SUBSCHEMA, SCHEMA_APPLICATOR, SCHEMA_ALL_DRAFTS},
	{"oneOf", K_ONE_OF, SCHEMA_SUBSCHEMAS, SCHEMA_APPLICATOR, SCHEMA_ALL_DRAFTS},
	{"pattern", K_PATTERN, SCHEMA_REGEX, SCHEMA_VALIDATION, SCHEMA_ALL_DRAFTS},
	{"patternProperties", K_PATTERN_PROPERTIES, SCHEMA_PATTERN_MAP, SCHEMA_APPLICATOR,
	 SCHEMA_ALL_DRAFTS},
	{"prefixItems", K_PREFIX_ITEMS, SCHEMA_SUBSCHEMAS, SCHEMA_APPLICATOR,
	 1 << SCHEMA_DRAFT_2020},
	{"properties", K_PROPERTIES, SCHEMA_SUBSCHEMA_MAP, SCHEMA_APPLICATOR, SCHEMA_ALL_DRAFTS},
	{"propertyNames", K_PROPERTY_NAMES, SCHEMA_SUBSCHEMA, SCHEMA_APPLICATOR, SCHEMA_FROM_6},
	{"required", K_REQUIRED, SCHEMA_NAMES, SCHEMA_VALIDATION, SCHEMA_ALL_DRAFTS},
	{"then", K_THEN, SCHEMA_SUBSCHEMA, SCHEMA_APPLICATOR, SCHEMA_FROM_7},
	{"title", K_TITLE, SCHEMA_STRING, SCHEMA_META_DATA, SCHEMA_ALL_DRAFTS},
	{"type", K_TYPE, SCHEMA_TYPES, SCHEMA_VALIDATION, SCHEMA_ALL_DRAFTS},
	{"unevaluatedItems", K_UNEVALUATED_ITEMS, SCHEMA_SUBSCHEMA, SCHEMA_UNEVALUATED,
	 SCHEMA_FROM_2019},
	{"unevaluatedProperties", K_UNEVALUATED_PROPERTIES, SCHEMA_SUBSCHEMA, SCHEMA_UNEVALUATED,
	 SCHEMA_FROM_2019},
	{"uniqueItems", K_UNIQUE_ITEMS, SCHEMA_BOOLEAN, SCHEMA_VALIDATION, SCHEMA_ALL_DRAFTS},
	{0},
};

static const struct {
	const char *name;
	uint8_t bits;
} types[] = {
	{"null", 1 << EV_NULL},	     {"boolean", 1 << EV_FALSE | 1 << EV_TRUE},
	{"number", 1 << EV_NUMBER},  {"string", 1 << EV_STRING},
	{"array", 1 << EV_ARRAY},    {"object", 1 << EV_OBJECT},
	{"integer", SCHEMA_INTEGER},
};

const struct ev_schema_keyword_row *ev_schema_keyword_find(const struct ev_doc *d, uint32_t name,
							   enum ev_schema_draft draft)
{
	const struct ev_schema_keyword_row *k = ev_schema_keywords;

	for (; k->name != NULL; k++)
		if ((k->drafts >> draft & 1) != 0 &&
		    ev_string_is(d, name, k->name, strlen(k->name)))
			return k;
	return NULL;
}

/*
 * Words for the same in other languages of types, not close by their letters; and annotations that
 * are not in the table, which mean nothing else.
 */
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
	{"$schema", NULL},
	{"$id", NULL},
	{"id", NULL},
	{"$anchor", NULL},
	{"$dynamicAnchor", NULL},
	{"$vocabulary", NULL},
	{"$recursiveAnchor", NULL},
	{"contentEncoding", NULL},
	{"contentMediaType", NULL},
	{"deprecated", NULL},
	{"examples", NULL},
	{"example", NULL},
	{"readOnly", NULL},
	{"writeOnly", NULL},
};

const char *ev_schema_keyword_meant(const char *name)
{
	const struct ev_schema_keyword_row *k;

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (strcmp(others[i].name, name) == 0)
			return others[i].meant;
	for (k = ev_schema_keywords; k->name != NULL; k++)
		if (strcmp(k->name, name) == 0)
			return NULL;
	for (k = ev_schema_keywords; k->name != NULL; k++)
		if (ev_nearest_is_close(name, k->name))
			return k->name;
	return NULL;
}

/* Shapes */

static bool is_schema(const struct ev_doc *d, uint32_t at)
{
	enum ev_kind kind = ev_kind(d, at);

	return kind == EV_OBJECT || kind == EV_TRUE || kind == EV_FALSE;
}

/* An array of different names. */
static bool is_names(const struct ev_doc *d, uint32_t at)
{
	struct ev_lookup seen = {0};
	struct ev_buf scratch = {0};
	bool good = ev_kind(d, at) == EV_ARRAY;

	for (uint32_t i = ev_first(d, at); good && i < ev_end(d, at); i = ev_next(d, i)) {
		uint64_t hash;
		uint32_t other;
		size_t len, step = 0;
		const char *p;

		if (ev_kind(d, i) != EV_STRING) {
			good = false;
			break;
		}
		p = ev_string(d, i, &scratch, &len);
		hash = ev_hash64(p, len, 0);
		while ((other = ev_lookup_next(&seen, hash, &step)) != EV_LOOKUP_NONE)
			good = good && !ev_string_is(d, other, p, len);
		ev_lookup_add(&seen, hash, i);
	}
	ev_lookup_free(&seen);
	ev_buf_free(&scratch);
	return good;
}

static bool read_number(const struct ev_doc *d, uint32_t at, struct ev_number *n)
{
	const char *p;
	size_t len;

	if (ev_kind(d, at) != EV_NUMBER)
		return false;
	p = ev_raw(d, at, &len);
	ev_number_read(p, len, n);
	return !n->negative;
}

static bool is_count(const struct ev_doc *d, uint32_t at)
{
	struct ev_number n;

	return read_number(d, at, &n) && ev_number_is_integer(&n);
}

static bool is_positive(const struct ev_doc *d, uint32_t at)
{
	struct ev_number n;

	return read_number(d, at, &n) && !n.huge && n.digits > 0 && n.digits <= EV_DEC_DIGITS;
}

uint8_t ev_schema_type_bits(const struct ev_doc *d, uint32_t at)
{
	for (size_t t = 0; t < sizeof types / sizeof *types; t++)
		if (ev_kind(d, at) == EV_STRING &&
		    ev_string_is(d, at, types[t].name, strlen(types[t].name)))
			return types[t].bits;
	return 0;
}

uint32_t ev_schema_misshapen(const struct ev_doc *d, uint32_t at, enum ev_schema_shape shape,
			     const char **need)
{
	enum ev_kind kind = ev_kind(d, at);

	switch (shape) {
	case SCHEMA_ANY: return EV_NOWHERE;
	case SCHEMA_SUBSCHEMA:
		*need = "be a schema: an object, true or false";
		return is_schema(d, at) ? EV_NOWHERE : at;
	case SCHEMA_SUBSCHEMA_OR_LIST:
		if (kind != EV_ARRAY) {
			*need = "be a schema (an object, true or false) or an array of schemas";
			return is_schema(d, at) ? EV_NOWHERE : at;
		}
		/* fall through */
	case SCHEMA_SUBSCHEMAS:
		*need = "be an array of schemas, at least one";
		if (kind != EV_ARRAY || d->nodes[at].count == 0)
			return at;
		for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i))
			if (!is_schema(d, i))
				return i;
		return EV_NOWHERE;
	case SCHEMA_SUBSCHEMA_MAP:
	case SCHEMA_PATTERN_MAP:
	case SCHEMA_LEGACY_MAP:
	case SCHEMA_NAMES_MAP:
		*need = shape == SCHEMA_NAMES_MAP
				? "be an object whose values are arrays of different names"
				: "be an object whose values are schemas";
		if (kind != EV_OBJECT)
			return at;
		for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i + 1))
			if (!(shape != SCHEMA_NAMES_MAP && is_schema(d, i + 1)) &&
			    !((shape == SCHEMA_NAMES_MAP || shape == SCHEMA_LEGACY_MAP) &&
			      is_names(d, i + 1)))
				return i + 1;
		return EV_NOWHERE;
	case SCHEMA_NUMBER: *need = "be a number"; return kind == EV_NUMBER ? EV_NOWHERE : at;
	case SCHEMA_POSITIVE:
		*need = "be a number above 0, of at most 10000 digits";
		return is_positive(d, at) ? EV_NOWHERE : at;
	case SCHEMA_COUNT:
		*need = "be a whole number, 0 or more";
		return is_count(d, at) ? EV_NOWHERE : at;
	case SCHEMA_STRING:
	case SCHEMA_REGEX: *need = "be a string"; return kind == EV_STRING ? EV_NOWHERE : at;
	case SCHEMA_BOOLEAN:
		*need = "be true or false";
		return kind == EV_TRUE || kind == EV_FALSE ? EV_NOWHERE : at;
	case SCHEMA_NAMES:
		*need = "be an array of different names";
		return is_names(d, at) ? EV_NOWHERE : at;
	case SCHEMA_VALUES: *need = "be an array"; return kind == EV_ARRAY ? EV_NOWHERE : at;
	case SCHEMA_TYPES:
		*need = "be null, boolean, integer, number, string, array or object, "
			"or an array of different ones";
		if (kind != EV_ARRAY)
			return ev_schema_type_bits(d, at) != 0 ? EV_NOWHERE : at;
		if (!is_names(d, at) || d->nodes[at].count == 0)
			return at;
		for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i))
			if (ev_schema_type_bits(d, i) == 0)
				return i;
		return EV_NOWHERE;
	}
	return EV_NOWHERE;
}

/*
 * keyword: the keywords of JSON Schema, which drafts have them, and what their values must be.
 * Floor 7, for the files of schema alone.
 */
#ifndef EV_SCHEMA_KEYWORD_H
#define EV_SCHEMA_KEYWORD_H

#include "schema/internal.h"

enum ev_schema_keyword {
	K_NONE, /* asserts nothing */
	K_ADDITIONAL_ITEMS,
	K_ADDITIONAL_PROPERTIES,
	K_ALL_OF,
	K_ANY_OF,
	K_CONST,
	K_CONTAINS,
	K_DEPENDENCIES,
	K_DEPENDENT_REQUIRED,
	K_DEPENDENT_SCHEMAS,
	K_DESCRIPTION,
	K_DYNAMIC_REF,
	K_ELSE,
	K_ENUM,
	K_EXCLUSIVE_MAXIMUM,
	K_EXCLUSIVE_MINIMUM,
	K_FORMAT,
	K_IF,
	K_ITEMS,
	K_MAX_CONTAINS,
	K_MAX_ITEMS,
	K_MAX_LENGTH,
	K_MAX_PROPERTIES,
	K_MAXIMUM,
	K_MIN_CONTAINS,
	K_MIN_ITEMS,
	K_MIN_LENGTH,
	K_MIN_PROPERTIES,
	K_MINIMUM,
	K_MULTIPLE_OF,
	K_NOT,
	K_ONE_OF,
	K_PATTERN,
	K_PATTERN_PROPERTIES,
	K_PREFIX_ITEMS,
	K_PROPERTIES,
	K_PROPERTY_NAMES,
	K_RECURSIVE_REF,
	K_REF,
	K_REQUIRED,
	K_THEN,
	K_TITLE,
	K_TYPE,
	K_UNEVALUATED_ITEMS,
	K_UNEVALUATED_PROPERTIES,
	K_UNIQUE_ITEMS,
};

/* What the value of a keyword has to be. */
enum ev_schema_shape {
	SCHEMA_ANY,
	/* with schemas inside */
	SCHEMA_SUBSCHEMA,
	SCHEMA_SUBSCHEMA_OR_LIST,
	SCHEMA_SUBSCHEMAS,
	SCHEMA_SUBSCHEMA_MAP,
	SCHEMA_PATTERN_MAP,
	SCHEMA_LEGACY_MAP, /* name to schema, or to a list of names */
	/* without */
	SCHEMA_NUMBER,
	SCHEMA_POSITIVE,
	SCHEMA_COUNT,
	SCHEMA_STRING,
	SCHEMA_REGEX,
	SCHEMA_BOOLEAN,
	SCHEMA_NAMES,
	SCHEMA_NAMES_MAP,
	SCHEMA_VALUES,
	SCHEMA_TYPES,
};

struct ev_schema_keyword_row {
	const char *name;
	enum ev_schema_keyword keyword;
	enum ev_schema_shape shape;
	unsigned vocabulary;
	unsigned drafts; /* 1 << draft of those that have it */
};

/* The row of the member's name, or NULL if the draft has no such keyword. */
const struct ev_schema_keyword_row *ev_schema_keyword_find(const struct ev_doc *d, uint32_t name,
							   enum ev_schema_draft draft);
/* All keywords; the last has no name. */
extern const struct ev_schema_keyword_row ev_schema_keywords[];

/*
 * What a name that is no keyword of any draft was likely meant to be, or NULL: nothing is known of
 * it. Annotations of one's own are welcome.
 */
const char *ev_schema_keyword_meant(const char *name);

/* Where the value of a keyword is not of its shape, and what it has to do, or EV_NOWHERE. */
uint32_t ev_schema_misshapen(const struct ev_doc *d, uint32_t at, enum ev_schema_shape shape,
			     const char **need);
/* The type that the string at a node names, as in ev_schema.types; 0 if it names none. */
uint8_t ev_schema_type_bits(const struct ev_doc *d, uint32_t at);

#endif

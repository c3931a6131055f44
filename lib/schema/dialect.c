/*
 * What $schema names: a draft, or a metaschema in a file, whose $vocabulary says which keywords
 * count.
 */
#include "schema/internal.h"

#include <string.h>

/* Metaschemas that are a draft with something of their own besides. */
static const struct {
	const char *uri;
	enum ev_schema_draft draft;
} relatives[] = {
	/* Snowplow's Iglu: draft-04; "self" has the name and the version of a schema */
	{"http://iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0",
	 SCHEMA_DRAFT_4},
};

/* What of a URI counts: people write http or https, and an empty fragment or none. */
static struct ev_schema_slice bare(const char *uri)
{
	size_t scheme = strncmp(uri, "https:", 6) == 0 ? 6 : strncmp(uri, "http:", 5) == 0 ? 5 : 0;
	size_t len = strlen(uri) - scheme;

	return (struct ev_schema_slice){uri + scheme,
					len - (len > 0 && uri[scheme + len - 1] == '#')};
}

static bool same(const char *a, const char *b)
{
	struct ev_schema_slice x = bare(a), y = bare(b);

	return x.len == y.len && memcmp(x.p, y.p, x.len) == 0;
}

const struct ev_schema_metaschema *ev_schema_metaschema_find(const char *uri)
{
	for (enum ev_schema_draft d = SCHEMA_DRAFT_4; d < SCHEMA_DRAFTS; d++)
		if (same(uri, ev_schema_metaschemas[d].uri))
			return &ev_schema_metaschemas[d];
	return NULL;
}

static bool draft_find(const char *uri, enum ev_schema_draft *draft)
{
	const struct ev_schema_metaschema *meta = ev_schema_metaschema_find(uri);

	if (meta != NULL) {
		*draft = meta->draft;
		return true;
	}
	for (size_t i = 0; i < sizeof relatives / sizeof *relatives; i++) {
		if (same(uri, relatives[i].uri)) {
			*draft = relatives[i].draft;
			return true;
		}
	}
	return false;
}

/*
 * The vocabularies that the metaschema declares, which is loaded and whose own draft is known.
 * False with the name of one that is needed and not known.
 */
static bool vocabularies(struct ev_schema_set *set, const struct ev_schema_resource *meta,
			 unsigned *out, const char **unknown)
{
	static const struct {
		const char *name;
		unsigned bits;
		bool if_needed; /* only if the metaschema has true for it */
	} known[] = {
		{"2020-12/vocab/core", 0, false},
		{"2020-12/vocab/applicator", SCHEMA_APPLICATOR, false},
		{"2020-12/vocab/unevaluated", SCHEMA_UNEVALUATED, false},
		{"2020-12/vocab/validation", SCHEMA_VALIDATION, false},
		{"2020-12/vocab/meta-data", SCHEMA_META_DATA, false},
		{"2020-12/vocab/content", SCHEMA_CONTENT, false},
		{"2020-12/vocab/format-annotation", 0, false},
		{"2020-12/vocab/format-assertion", SCHEMA_FORMAT, false},
		{"2019-09/vocab/core", 0, false},
		{"2019-09/vocab/applicator", SCHEMA_APPLICATOR | SCHEMA_UNEVALUATED, false},
		{"2019-09/vocab/validation", SCHEMA_VALIDATION, false},
		{"2019-09/vocab/meta-data", SCHEMA_META_DATA, false},
		{"2019-09/vocab/content", SCHEMA_CONTENT, false},
		{"2019-09/vocab/format", SCHEMA_FORMAT, true},
	};
	static const char prefix[] = "https://json-schema.org/draft/";
	const struct ev_doc *d = &meta->doc->doc;
	uint32_t list = ev_member(d, meta->at, "$vocabulary", 11);

	if (meta->dialect.draft < SCHEMA_DRAFT_2019 || list == EV_NOWHERE ||
	    ev_kind(d, list) != EV_OBJECT)
		return true;
	*out = SCHEMA_CORE;
	for (uint32_t i = ev_first(d, list); i < ev_end(d, list); i = ev_next(d, i + 1)) {
		struct ev_schema_slice name = ev_schema_string(meta->doc, i);
		bool needed = ev_kind(d, i + 1) == EV_TRUE, found = false;

		for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
			if (strncmp(name.p, prefix, strlen(prefix)) != 0 ||
			    strcmp(name.p + strlen(prefix), known[k].name) != 0)
				continue;
			found = true;
			*out |= needed || !known[k].if_needed
					? known[k].bits
					: set->dialect.vocabularies & known[k].bits;
		}
		if (!found && needed) {
			*unknown = name.p;
			return false;
		}
	}
	return true;
}

bool ev_schema_dialect_read(struct ev_schema_set *set, struct ev_schema_document *doc, uint32_t at,
			    struct ev_schema_dialect *dialect, struct ev_error *err)
{
	uint32_t pos = doc->nodes[at].pos;
	const char *unknown = NULL;
	struct ev_schema_resource *meta;
	struct ev_schema_slice uri;
	struct ev_error why;

	if (ev_kind(&doc->doc, at) != EV_STRING)
		return ev_schema_fail(doc, pos, err,
				      "$schema is no string: give it \"" SCHEMA_URI_2020 "\"");
	uri = ev_schema_string(doc, at);
	*dialect = set->dialect;
	if (draft_find(uri.p, &dialect->draft))
		return true;
	if (uri.len > 0 && uri.p[uri.len - 1] == '#')
		uri.p = ev_arena_copy(&set->arena, uri.p, uri.len - 1);
	if (!ev_schema_resource_get(set, uri.p, &meta, &why))
		return ev_schema_fail(doc, pos, err, "$schema names %s, which cannot be read: %s",
				      uri.p, why.text);
	if (meta == NULL)
		return ev_schema_fail(doc, pos, err,
				      "$schema names %s, which is not known here: "
				      "write the schema for \"" SCHEMA_URI_2020 "\"",
				      uri.p);
	if (meta->dialect.vocabularies == SCHEMA_UNKNOWN)
		return ev_schema_fail(doc, pos, err,
				      "$schema names %s, whose own $schema leads back here: "
				      "the draft has to be named somewhere",
				      uri.p);
	*dialect = meta->dialect;
	dialect->vocabularies = set->dialect.vocabularies;
	if (!vocabularies(set, meta, &dialect->vocabularies, &unknown))
		return ev_schema_fail(
			doc, pos, err,
			"the metaschema %s needs the vocabulary %s, which is not known "
			"here: write the schema for \"" SCHEMA_URI_2020 "\"",
			uri.p, unknown);
	return true;
}

void ev_schema_set_formats(struct ev_schema_set *set, bool asserted)
{
	if (asserted)
		set->dialect.vocabularies |= SCHEMA_FORMAT;
	else
		set->dialect.vocabularies &= ~(unsigned)SCHEMA_FORMAT;
}

bool ev_schema_set_draft(struct ev_schema_set *set, const char *name)
{
	for (enum ev_schema_draft d = SCHEMA_DRAFT_4; d < SCHEMA_DRAFTS; d++) {
		if (strcmp(name, ev_schema_metaschemas[d].name) == 0) {
			set->dialect.draft = d;
			return true;
		}
	}
	return false;
}

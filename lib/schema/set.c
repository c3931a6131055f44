/* The set of schemas: its documents, and what has a URI or an anchor in them. */
#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "schema/keyword.h"

#include <stdlib.h>
#include <string.h>

struct ev_schema_set *ev_schema_set_new(const char *root)
{
	struct ev_schema_set *set = ev_calloc(1, sizeof *set);
	size_t len = strlen(root);

	while (len > 1 && root[len - 1] == '/')
		len--;
	set->root = ev_strndup(root, len);
	set->dialect = (struct ev_schema_dialect){SCHEMA_DRAFT_2020, SCHEMA_ALL};
	set->scan = ev_scan_new();
	set->seed = ev_hash_seed();
	return set;
}

void ev_schema_set_symbols(struct ev_schema_set *set, struct ev_symbols *symbols)
{
	set->symbols = symbols;
}

static void document_free(struct ev_schema_document *doc)
{
	free(doc->text);
	free(doc->nodes);
	free(doc->compiled);
	free(doc->begins);
	for (size_t i = 0; i < doc->n_indices; i++) {
		ev_lookup_free(&doc->indices[i].names);
		free(doc->indices[i].values);
	}
	free(doc->indices);
	ev_lookup_free(&doc->indexed);
}

static void resource_free(struct ev_schema_resource *r)
{
	free(r->anchors);
	ev_lookup_free(&r->by_name);
}

void ev_schema_set_free(struct ev_schema_set **s)
{
	struct ev_schema_set *set = *s;

	if (set == NULL)
		return;
	for (size_t i = 0; i < set->n_documents; i++)
		document_free(set->documents[i]);
	for (size_t i = 0; i < set->n_resources; i++)
		resource_free(set->resources[i]);
	ev_lookup_free(&set->by_uri);
	for (size_t i = 0; i < set->n_regexes; i++)
		ev_regex_free(&set->regexes[i]);
	for (size_t i = 0; i < set->n_maps; i++)
		ev_lookup_free(set->maps[i]);
	free(set->maps);
	free(set->documents);
	free(set->resources);
	free(set->regexes);
	free(set->queue);
	free(set->dynamic);
	free(set->lints);
	free(set->marks);
	ev_lookup_free(&set->elements);
	ev_buf_free(&set->text);
	ev_buf_free(&set->name);
	ev_buf_free(&set->form);
	ev_scan_free(&set->scan);
	ev_arena_free(&set->arena);
	free(set->root);
	free(set->map);
	free(set->base);
	free(set);
	*s = NULL;
}

bool ev_schema_fail(const struct ev_schema_document *doc, uint32_t pos, struct ev_error *err,
		    const char *fmt, ...)
{
	const char *text = doc->text, *line = text;
	struct ev_error what;
	size_t n = 1;
	va_list ap;

	for (const char *p = text; p < text + pos; p++) {
		if (*p == '\n') {
			n++;
			line = p + 1;
		}
	}
	va_start(ap, fmt);
	ev_vfail(&what, fmt, ap);
	va_end(ap);
	ev_fail(err, "%s:%zu:%zu: %s", doc->name, n,
		ev_utf8_count(line, (size_t)(text + pos - line)) + 1, what.text);
	return false;
}

const char *ev_schema_set_lint(const struct ev_schema_set *set, size_t i)
{
	return i < set->n_lints ? set->lints[i] : NULL;
}

/* Documents */

struct ev_schema_slice ev_schema_string(const struct ev_schema_document *doc, uint32_t at)
{
	size_t len;
	const char *p = ev_string(&doc->doc, at, &doc->set->name, &len);

	return (struct ev_schema_slice){ev_arena_copy(&doc->set->arena, p, len), len};
}

struct ev_schema_resource *ev_schema_resource_find(struct ev_schema_set *set, const char *uri)
{
	uint64_t hash = ev_hash64(uri, strlen(uri), set->seed);
	size_t step = 0;
	uint32_t i;

	while ((i = ev_lookup_next(&set->by_uri, hash, &step)) != EV_LOOKUP_NONE) {
		struct ev_schema_resource *r = i < set->n_resources ? set->resources[i] : NULL;

		/* one that was dropped with its document is none */
		if (r == NULL || strcmp(r->uri, uri) != 0)
			continue;
		/* a file's top with an $id has two URIs; the second has what counts */
		return r->at == r->doc->top->at ? r->doc->top : r;
	}
	return NULL;
}

static struct ev_schema_resource *resource_add(struct ev_schema_set *set,
					       struct ev_schema_document *doc, uint32_t at,
					       const char *uri)
{
	struct ev_schema_resource *r = ev_arena_zalloc(&set->arena, sizeof *r);

	*r = (struct ev_schema_resource){.uri = uri, .doc = doc, .at = at, .dialect = set->dialect};
	ev_lookup_add(&set->by_uri, ev_hash64(uri, strlen(uri), set->seed),
		      (uint32_t)set->n_resources);
	doc->begins[at] = r;
	ev_grow(&set->resources, &set->cap_resources, set->n_resources + 1,
		sizeof(struct ev_schema_resource *));
	set->resources[set->n_resources++] = r;
	return r;
}

bool ev_schema_ref_alone(const struct ev_doc *d, uint32_t schema, enum ev_schema_draft draft)
{
	return draft <= SCHEMA_DRAFT_7 && ev_member(d, schema, "$ref", 4) != EV_NOWHERE;
}

const struct ev_schema_anchor *ev_schema_anchor_find(const struct ev_schema_resource *r,
						     const char *name, size_t len)
{
	uint64_t hash = ev_hash64(name, len, r->doc->set->seed);
	size_t step = 0;
	uint32_t i;

	while ((i = ev_lookup_next(&r->by_name, hash, &step)) != EV_LOOKUP_NONE)
		if (r->anchors[i].len == len && memcmp(r->anchors[i].name, name, len) == 0)
			return &r->anchors[i];
	return NULL;
}

/* RFC 3986 unreserved characters but ~, as the metaschema has it. */
static bool anchor_name(struct ev_schema_slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && c != '_' &&
		    (i == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '.')))
			return false;
	}
	return s.len > 0;
}

static bool anchor_add(struct ev_schema_resource *r, uint32_t schema, struct ev_schema_slice name,
		       uint32_t value, bool dynamic, struct ev_error *err)
{
	const struct ev_schema_anchor *same = ev_schema_anchor_find(r, name.p, name.len);

	if (same != NULL && same->at != schema)
		return ev_schema_fail(r->doc, r->doc->nodes[value].pos, err,
				      "the anchor \"%s\" stands twice in one schema: rename one",
				      name.p);
	if (same != NULL)
		return true;
	ev_lookup_add(&r->by_name, ev_hash64(name.p, name.len, r->doc->set->seed),
		      (uint32_t)r->n_anchors);
	ev_grow(&r->anchors, &r->cap_anchors, r->n_anchors + 1, sizeof *r->anchors);
	r->anchors[r->n_anchors++] = (struct ev_schema_anchor){name.p, name.len, schema, dynamic};
	return true;
}

/* $anchor and $dynamicAnchor. */
static bool named_anchor(struct ev_schema_resource *r, uint32_t schema, uint32_t value,
			 bool dynamic, struct ev_error *err)
{
	const char *keyword = dynamic ? "$dynamicAnchor" : "$anchor";
	struct ev_schema_document *doc = r->doc;
	struct ev_schema_slice name;

	if (ev_kind(&doc->doc, value) != EV_STRING)
		return ev_schema_fail(doc, doc->nodes[value].pos, err,
				      "%s is no string: give it a name", keyword);
	name = ev_schema_string(doc, value);
	if (!anchor_name(name))
		return ev_schema_fail(doc, doc->nodes[value].pos, err,
				      "%s \"%s\" is no name: use letters, digits, - _ and ., "
				      "and a letter or _ first",
				      keyword, name.p);
	return anchor_add(r, schema, name, value, dynamic, err);
}

/* $recursiveAnchor of 2019-09 is a dynamic anchor whose name no other can have. */
static bool recursive_anchor(struct ev_schema_resource *r, uint32_t schema, uint32_t value,
			     struct ev_error *err)
{
	struct ev_schema_slice name = {SCHEMA_RECURSIVE, strlen(SCHEMA_RECURSIVE)};
	enum ev_kind kind = ev_kind(&r->doc->doc, value);

	if (kind != EV_TRUE && kind != EV_FALSE)
		return ev_schema_fail(r->doc, r->doc->nodes[value].pos, err,
				      "$recursiveAnchor must be true or false: correct it");
	return kind == EV_FALSE || r->at != schema || anchor_add(r, schema, name, value, true, err);
}

/* *r becomes the resource that begins here, if the $id (of old, id) makes it one. */
static bool id_add(struct ev_schema_resource **r, uint32_t schema, uint32_t value,
		   enum ev_schema_draft draft, struct ev_error *err)
{
	struct ev_schema_resource *around = *r, *found;
	const char *keyword = draft == SCHEMA_DRAFT_4 ? "id" : "$id", *uri;
	struct ev_schema_document *doc = around->doc;
	struct ev_schema_set *set = doc->set;
	uint32_t pos = doc->nodes[value].pos;
	struct ev_schema_slice id, anchor;
	struct ev_schema_uri u;

	if (ev_kind(&doc->doc, value) != EV_STRING)
		return ev_schema_fail(doc, pos, err, "%s is no string: give it a URI", keyword);
	id = ev_schema_string(doc, value);
	ev_schema_uri_split(id.p, id.len, &u);
	anchor = ev_schema_percent_decoded(set, u.fragment.p, u.fragment.len);
	if (anchor.len != 0 && draft > SCHEMA_DRAFT_7)
		return ev_schema_fail(doc, pos, err,
				      "$id \"%s\" has a fragment: name the place with $anchor",
				      id.p);
	if (draft > SCHEMA_DRAFT_7 || ev_schema_uri_beyond_fragment(&u)) {
		if ((uri = ev_schema_resolve(set, around->uri, &u)) == NULL)
			return ev_schema_fail(
				doc, pos, err,
				"%s \"%s\" reaches above the schemas' folder: take ../ out",
				keyword, id.p);
		found = ev_schema_resource_find(set, uri);
		if (found != NULL && (found->doc != doc || found->at != schema))
			return ev_schema_fail(doc, pos, err,
					      "%s %s is that of another schema in %s: rename one",
					      keyword, uri, found->doc->name);
		if (found == NULL) {
			found = resource_add(set, doc, schema, uri);
			if (u.scheme.len == 0 && !u.has_authority && around->rooted != NULL)
				found->rooted = ev_schema_resolve(set, around->rooted, &u);
		}
		*r = found;
	}
	/* one that is a JSON Pointer names nothing that it is not named already */
	return anchor.len == 0 || anchor.p[0] == '/' ||
	       anchor_add(*r, schema, anchor, value, false, err);
}

/* Takes $schema and $id of the schema at a node; *r becomes the resource that it belongs to. */
static bool enter(struct ev_schema_resource **r, uint32_t at, struct ev_error *err)
{
	struct ev_schema_document *doc = (*r)->doc;
	const struct ev_doc *d = &doc->doc;
	struct ev_schema_dialect dialect = (*r)->dialect;
	uint32_t schema = ev_member(d, at, "$schema", 7), id;

	if (schema != EV_NOWHERE) {
		if (at == 0)
			(*r)->dialect.vocabularies = SCHEMA_UNKNOWN;
		if (!ev_schema_dialect_read(doc->set, doc, schema, &dialect, err))
			return false;
	}
	id = dialect.draft == SCHEMA_DRAFT_4 ? ev_member(d, at, "id", 2)
					     : ev_member(d, at, "$id", 3);
	if (id != EV_NOWHERE && !ev_schema_ref_alone(d, at, dialect.draft) &&
	    !id_add(r, at, id, dialect.draft, err))
		return false;
	if (at == 0) {
		doc->top->dialect = dialect; /* that which the file has by its name */
		doc->top = *r;
	}
	if ((*r)->at == at)
		(*r)->dialect = dialect;
	else if (dialect.draft != (*r)->dialect.draft ||
		 dialect.vocabularies != (*r)->dialect.vocabularies)
		return ev_schema_fail(doc, doc->nodes[schema].pos, err,
				      "$schema is not that of the schema around it: "
				      "take it out, or give this schema an $id of its own");
	return true;
}

/* Finds $id and anchors in a schema and in those inside it. */
static bool walk(struct ev_schema_resource *r, uint32_t at, struct ev_error *err)
{
	struct ev_schema_document *doc = r->doc;
	const struct ev_doc *d = &doc->doc;
	enum ev_schema_draft draft;

	if (ev_kind(d, at) != EV_OBJECT)
		return true;
	if (!enter(&r, at, err))
		return false;
	draft = r->dialect.draft;
	for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i + 1)) {
		const struct ev_schema_keyword_row *row = ev_schema_keyword_find(d, i, draft);
		const enum ev_schema_shape shape = row != NULL ? row->shape : SCHEMA_ANY;
		const uint32_t v = i + 1, map = shape >= SCHEMA_SUBSCHEMA_MAP;
		const bool list = ev_kind(d, v) == (map ? EV_OBJECT : EV_ARRAY);

		if (draft >= SCHEMA_DRAFT_2019 && ev_string_is(d, i, "$anchor", 7) &&
		    !named_anchor(r, at, v, false, err))
			return false;
		if (draft >= SCHEMA_DRAFT_2020 && ev_string_is(d, i, "$dynamicAnchor", 14) &&
		    !named_anchor(r, at, v, true, err))
			return false;
		if (draft == SCHEMA_DRAFT_2019 && ev_string_is(d, i, "$recursiveAnchor", 16) &&
		    !recursive_anchor(r, at, v, err))
			return false;
		if ((shape == SCHEMA_SUBSCHEMA || (shape == SCHEMA_SUBSCHEMA_OR_LIST && !list)) &&
		    !walk(r, v, err))
			return false;
		if (shape <= SCHEMA_SUBSCHEMA || shape > SCHEMA_LEGACY_MAP || !list)
			continue;
		for (uint32_t k = ev_first(d, v); k < ev_end(d, v); k = ev_next(d, k + map))
			if (!walk(r, k + map, err))
				return false;
	}
	return true;
}

struct ev_schema_document *ev_schema_document_add(struct ev_schema_set *set, const char *name,
						  const char *uri, const char *folder, char *text,
						  size_t len, struct ev_error *err)
{
	struct ev_schema_document *doc = ev_arena_zalloc(&set->arena, sizeof *doc);
	const struct ev_doc *scanned;
	struct ev_flaw flaw;
	size_t resources = set->n_resources;
	size_t documents = set->n_documents;

	doc->set = set;
	doc->name = ev_arena_copy(&set->arena, name, strlen(name));
	doc->text = text;
	doc->retrieved = uri;
	if ((scanned = ev_scan(set->scan, text, len, &flaw)) == NULL) {
		ev_schema_fail(doc, flaw.at, err, "%s: a schema is a JSON text, correct it",
			       flaw.what);
		free(text);
		return NULL;
	}
	if (scanned->duplicate != EV_NOWHERE) {
		ev_schema_fail(doc, scanned->duplicate, err,
			       "the name stands twice in its object: take one out");
		free(text);
		return NULL;
	}
	doc->nodes = ev_realloc_array(NULL, scanned->n, sizeof *doc->nodes);
	memcpy(doc->nodes, scanned->nodes, scanned->n * sizeof *doc->nodes);
	doc->doc = *scanned;
	doc->doc.nodes = doc->nodes;
	doc->compiled = ev_calloc(scanned->n, sizeof(struct ev_schema *));
	doc->begins = ev_calloc(scanned->n, sizeof(struct ev_schema_resource *));
	ev_grow(&set->documents, &set->cap_documents, documents + 1,
		sizeof(struct ev_schema_document *));
	set->documents[set->n_documents++] = doc;
	doc->top = resource_add(set, doc, 0, uri);
	doc->top->rooted = folder;
	if (walk(doc->top, 0, err))
		return doc;
	/* as if it had never been, so that asking again gives the same error */
	for (size_t i = resources; i < set->n_resources; i++)
		resource_free(set->resources[i]);
	for (size_t i = documents; i < set->n_documents; i++) /* it may have loaded a metaschema */
		document_free(set->documents[i]);
	set->n_resources = resources;
	set->n_documents = documents;
	return NULL;
}

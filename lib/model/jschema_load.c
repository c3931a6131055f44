/*
 * The set of schemas: documents, what has a URI in them, and where references lead.
 *
 * A file a/b.json below the root has the URI schema:///a/b.json, whatever $id it has besides; a
 * schema given as text has one at the root that no file has.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "io/in.h"
#include "model/jschema_impl.h"
#include "json/view.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 64 * 1024 * 1024 };

static_assert((int)EV_IN_SLACK >= (int)EV_SCAN_SLACK, "a slurped file can be scanned");

struct ev_jschema_set *ev_jschema_set_new(const char *root)
{
	struct ev_jschema_set *set = ev_calloc(1, sizeof *set);
	size_t len = strlen(root);

	while (len > 1 && root[len - 1] == '/')
		len--;
	set->root = ev_strndup(root, len);
	set->scan = ev_scan_new();
	set->seed = ev_hash_seed();
	return set;
}

void ev_jschema_set_free(struct ev_jschema_set **s)
{
	struct ev_jschema_set *set = *s;

	if (set == NULL)
		return;
	for (size_t i = 0; i < set->n_documents; i++) {
		free(set->documents[i]->text);
		free(set->documents[i]->nodes);
		free(set->documents[i]->compiled);
	}
	for (size_t i = 0; i < set->n_resources; i++)
		free(set->resources[i]->anchors);
	for (size_t i = 0; i < set->n_regexes; i++)
		ev_regex_free(&set->regexes[i]);
	free(set->documents);
	free(set->resources);
	free(set->regexes);
	free(set->queue);
	free(set->dynamic);
	free(set->marks);
	free(set->hashes);
	ev_buf_free(&set->text);
	ev_buf_free(&set->name);
	ev_buf_free(&set->form);
	ev_scan_free(&set->scan);
	ev_arena_free(&set->arena);
	free(set->root);
	free(set);
	*s = NULL;
}

bool js_fail(const struct js_document *doc, uint32_t pos, struct ev_error *err, const char *fmt,
	     ...)
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

/* Documents */

struct js_slice js_text(struct js_document *doc, struct ev_jschema_set *set, uint32_t at)
{
	size_t len;
	const char *p = ev_string(&doc->doc, at, &set->name, &len);

	return (struct js_slice){ev_arena_copy(&set->arena, p, len), len};
}

static struct js_resource *resource_find(struct ev_jschema_set *set, const char *uri)
{
	for (size_t i = 0; i < set->n_resources; i++)
		if (strcmp(set->resources[i]->uri, uri) == 0) {
			struct js_resource *r = set->resources[i];

			/* a file's top with an $id has two URIs; the second has what counts */
			return r->at == r->doc->top->at ? r->doc->top : r;
		}
	return NULL;
}

static struct js_resource *resource_add(struct ev_jschema_set *set, struct js_document *doc,
					uint32_t at, const char *uri)
{
	struct js_resource *r = ev_arena_zalloc(&set->arena, sizeof *r);

	*r = (struct js_resource){.uri = uri, .doc = doc, .at = at, .vocabularies = JS_ALL};
	ev_grow(&set->resources, &set->cap_resources, set->n_resources + 1,
		sizeof(struct js_resource *));
	set->resources[set->n_resources++] = r;
	return r;
}

const struct js_anchor *js_anchor_find(const struct js_resource *r, const char *name, size_t len)
{
	for (size_t i = 0; i < r->n_anchors; i++)
		if (r->anchors[i].len == len && memcmp(r->anchors[i].name, name, len) == 0)
			return &r->anchors[i];
	return NULL;
}

/* RFC 3986 unreserved characters but ~, as the metaschema has it. */
static bool anchor_name(struct js_slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && c != '_' &&
		    (i == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '.')))
			return false;
	}
	return s.len > 0;
}

static bool anchor_add(struct ev_jschema_set *set, struct js_resource *r, uint32_t schema,
		       uint32_t value, bool dynamic, struct ev_error *err)
{
	const char *keyword = dynamic ? "$dynamicAnchor" : "$anchor";
	struct js_document *doc = r->doc;
	const struct js_anchor *same;
	struct js_slice name;

	if (ev_kind(&doc->doc, value) != EV_STRING)
		return js_fail(doc, doc->nodes[value].pos, err, "%s is no string: give it a name",
			       keyword);
	name = js_text(doc, set, value);
	if (!anchor_name(name))
		return js_fail(doc, doc->nodes[value].pos, err,
			       "%s \"%s\" is no name: use letters, digits, - _ and ., "
			       "and a letter or _ first",
			       keyword, name.p);
	same = js_anchor_find(r, name.p, name.len);
	if (same != NULL && same->at != schema)
		return js_fail(doc, doc->nodes[value].pos, err,
			       "the anchor \"%s\" stands twice in one schema: rename one", name.p);
	ev_grow(&r->anchors, &r->cap_anchors, r->n_anchors + 1, sizeof *r->anchors);
	r->anchors[r->n_anchors++] = (struct js_anchor){name.p, name.len, schema, dynamic};
	return true;
}

/* The vocabularies that a metaschema loaded before declares. */
static bool vocabularies(struct ev_jschema_set *set, struct js_resource *r, uint32_t value,
			 struct ev_error *err)
{
	static const struct {
		const char *name;
		unsigned bit;
	} known[] = {
		{"core", JS_CORE},
		{"applicator", JS_APPLICATOR},
		{"unevaluated", JS_UNEVALUATED},
		{"validation", JS_VALIDATION},
		{"meta-data", JS_META_DATA},
		{"content", JS_CONTENT},
		{"format-annotation", JS_FORMAT},
		{"format-assertion", JS_FORMAT},
	};
	struct js_document *doc = r->doc;
	struct js_resource *meta;
	struct js_slice uri;
	uint32_t list;

	if (ev_kind(&doc->doc, value) != EV_STRING)
		return js_fail(doc, doc->nodes[value].pos, err,
			       "$schema is no string: give it \"" JS_METASCHEMA "\"");
	uri = js_text(doc, set, value);
	if (uri.len > 0 && uri.p[uri.len - 1] == '#')
		uri.p = ev_arena_copy(&set->arena, uri.p, uri.len - 1);
	if (strcmp(uri.p, JS_METASCHEMA) == 0)
		return true;
	if ((meta = resource_find(set, uri.p)) == NULL)
		return js_fail(doc, doc->nodes[value].pos, err,
			       "$schema names %s, which is not known here: "
			       "write the schema for \"" JS_METASCHEMA "\"",
			       uri.p);
	list = ev_member(&meta->doc->doc, meta->at, "$vocabulary", 11);
	if (list == EV_NOWHERE || ev_kind(&meta->doc->doc, list) != EV_OBJECT)
		return true;
	r->vocabularies = JS_CORE;
	for (uint32_t i = ev_first(&meta->doc->doc, list); i < ev_end(&meta->doc->doc, list);
	     i = ev_next(&meta->doc->doc, i + 1)) {
		struct js_slice name = js_text(meta->doc, set, i);
		bool found = false;

		for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
			if (strncmp(name.p, JS_DRAFT "vocab/", strlen(JS_DRAFT "vocab/")) == 0 &&
			    strcmp(name.p + strlen(JS_DRAFT "vocab/"), known[k].name) == 0) {
				r->vocabularies |= known[k].bit;
				found = true;
			}
		}
		if (!found && ev_kind(&meta->doc->doc, i + 1) == EV_TRUE)
			return js_fail(
				doc, doc->nodes[value].pos, err,
				"the metaschema %s needs the vocabulary %s, which is not known "
				"here: write the schema for \"" JS_METASCHEMA "\"",
				uri.p, name.p);
	}
	return true;
}

static struct js_resource *id_add(struct ev_jschema_set *set, struct js_resource *around,
				  uint32_t schema, uint32_t value, struct ev_error *err)
{
	struct js_document *doc = around->doc;
	uint32_t pos = doc->nodes[value].pos;
	struct js_resource *r;
	struct js_slice id;
	struct js_uri u;
	const char *uri;

	if (ev_kind(&doc->doc, value) != EV_STRING) {
		js_fail(doc, pos, err, "$id is no string: give it a URI");
		return NULL;
	}
	id = js_text(doc, set, value);
	js_uri_split(id.p, id.len, &u);
	if (u.fragment.len != 0) {
		js_fail(doc, pos, err, "$id \"%s\" has a fragment: name the place with $anchor",
			id.p);
		return NULL;
	}
	if ((uri = js_resolve(set, around->uri, &u)) == NULL) {
		js_fail(doc, pos, err, "$id \"%s\" reaches above the model's folder: take ../ out",
			id.p);
		return NULL;
	}
	r = resource_find(set, uri);
	if (r != NULL && (r->doc != doc || (r->at != schema))) {
		js_fail(doc, pos, err, "$id %s is that of another schema in %s: rename one", uri,
			r->doc->name);
		return NULL;
	}
	if (r != NULL)
		return r;
	r = resource_add(set, doc, schema, uri);
	r->vocabularies = around->vocabularies;
	return r;
}

/* Finds $id and anchors in a schema and in those inside it. */
static bool walk(struct ev_jschema_set *set, struct js_resource *r, uint32_t at,
		 struct ev_error *err)
{
	struct js_document *doc = r->doc;
	const struct ev_doc *d = &doc->doc;
	uint32_t v;

	if (ev_kind(d, at) != EV_OBJECT)
		return true;
	if ((v = ev_member(d, at, "$id", 3)) != EV_NOWHERE &&
	    (r = id_add(set, r, at, v, err)) == NULL)
		return false;
	if (doc->top == NULL || doc->top->at == at)
		doc->top = r;
	if ((v = ev_member(d, at, "$schema", 7)) != EV_NOWHERE && !vocabularies(set, r, v, err))
		return false;
	for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i + 1)) {
		bool dynamic = ev_string_is(d, i, "$dynamicAnchor", 14);

		v = i + 1;
		if ((dynamic || ev_string_is(d, i, "$anchor", 7)) &&
		    !anchor_add(set, r, at, v, dynamic, err))
			return false;
		switch (js_keyword_holds(d, i)) {
		case JS_SCHEMA:
			if (!walk(set, r, v, err))
				return false;
			break;
		case JS_SCHEMAS:
			if (ev_kind(d, v) != EV_ARRAY)
				break;
			for (uint32_t k = ev_first(d, v); k < ev_end(d, v); k = ev_next(d, k))
				if (!walk(set, r, k, err))
					return false;
			break;
		case JS_SCHEMA_MAP:
			if (ev_kind(d, v) != EV_OBJECT)
				break;
			for (uint32_t k = ev_first(d, v); k < ev_end(d, v); k = ev_next(d, k + 1))
				if (!walk(set, r, k + 1, err))
					return false;
			break;
		case JS_NOTHING: break;
		}
	}
	return true;
}

/* Takes text (with slack behind it), which becomes the set's, in any case. */
static struct js_document *document_add(struct ev_jschema_set *set, const char *name,
					const char *uri, char *text, size_t len,
					struct ev_error *err)
{
	struct js_document *doc = ev_arena_zalloc(&set->arena, sizeof *doc);
	const struct ev_doc *scanned;
	struct ev_flaw flaw;
	size_t resources = set->n_resources;
	size_t documents = set->n_documents;

	doc->name = ev_arena_copy(&set->arena, name, strlen(name));
	doc->text = text;
	doc->retrieved = uri;
	if ((scanned = ev_scan(set->scan, text, len, &flaw)) == NULL) {
		js_fail(doc, flaw.at, err, "%s: a schema is a JSON text, correct it", flaw.what);
		free(text);
		return NULL;
	}
	if (scanned->duplicate != EV_NOWHERE) {
		js_fail(doc, scanned->duplicate, err,
			"the name stands twice in its object: take one out");
		free(text);
		return NULL;
	}
	doc->nodes = ev_realloc_array(NULL, scanned->n, sizeof *doc->nodes);
	memcpy(doc->nodes, scanned->nodes, scanned->n * sizeof *doc->nodes);
	doc->doc = *scanned;
	doc->doc.nodes = doc->nodes;
	doc->compiled = ev_calloc(scanned->n, sizeof(struct ev_jschema *));
	ev_grow(&set->documents, &set->cap_documents, documents + 1, sizeof(struct js_document *));
	set->documents[set->n_documents++] = doc;
	doc->top = resource_add(set, doc, 0, uri);
	if (walk(set, doc->top, 0, err))
		return doc;
	/* as if it had never been, so that asking again gives the same error */
	for (size_t i = resources; i < set->n_resources; i++)
		free(set->resources[i]->anchors);
	set->n_resources = resources;
	set->n_documents = documents;
	free(doc->text);
	free(doc->nodes);
	free(doc->compiled);
	return NULL;
}

struct js_document *js_load_file(struct ev_jschema_set *set, const char *uri, struct ev_error *err)
{
	struct js_slice path =
		js_percent_decoded(set, uri + strlen(JS_ROOT), strlen(uri + strlen(JS_ROOT)));
	struct js_document *doc = NULL;
	struct ev_buf name = {0};
	size_t len;
	char *text;

	for (size_t i = 0; i < set->n_documents; i++)
		if (strcmp(set->documents[i]->retrieved, uri) == 0)
			return set->documents[i];
	if (memchr(path.p, '\0', path.len) != NULL) {
		ev_fail(err, "%s: is no name of a file", uri);
		return NULL;
	}
	if (*set->root != '\0' && strcmp(set->root, ".") != 0)
		ev_buf_printf(&name, "%s/", set->root);
	ev_buf_puts(&name, path.p);
	if (ev_in_slurp(ev_buf_str(&name), FILE_MAX, &text, &len, err) == EV_OK)
		doc = document_add(set, ev_buf_str(&name), uri, text, len, err);
	ev_buf_free(&name);
	return doc;
}

static struct js_document *load_metaschema(struct ev_jschema_set *set, struct ev_error *err)
{
	char *text = ev_calloc(js_metaschema_len + EV_SCAN_SLACK, 1);

	memcpy(text, js_metaschema, js_metaschema_len);
	return document_add(set, JS_METASCHEMA, JS_METASCHEMA, text, js_metaschema_len, err);
}

/* References */

/* An error about the reference in the string at node `at`. */
static void *ref_failed(const struct js_document *doc, uint32_t at, const char *ref,
			const char *what, struct ev_error *err)
{
	js_fail(doc, doc->nodes[at].pos, err, "the reference \"%s\" %s", ref, what);
	return NULL;
}

static struct js_resource *find_target(struct ev_jschema *from, uint32_t at, const char *ref,
				       const struct js_uri *u, struct ev_error *err)
{
	struct ev_jschema_set *set = from->set;
	struct js_document *doc = from->doc, *other;
	const char *uri = js_resolve(set, from->resource->uri, u), *file = uri;
	struct js_resource *r;
	struct ev_error why;

	if (uri == NULL)
		return ref_failed(doc, at, ref,
				  "reaches above the model's folder: keep the files in or below it",
				  err);
	if ((r = resource_find(set, uri)) != NULL)
		return r;
	/* an $id may be no address: then a file beside this one is what is meant */
	if (u->scheme.len == 0 && !u->has_authority && strncmp(uri, JS_ROOT, strlen(JS_ROOT)) != 0)
		file = js_resolve(set, doc->retrieved, u);
	if (file == NULL)
		return ref_failed(doc, at, ref,
				  "reaches above the model's folder: keep the files in or below it",
				  err);
	if (strncmp(file, JS_ROOT, strlen(JS_ROOT)) == 0) {
		if ((other = js_load_file(set, file, &why)) == NULL) {
			js_fail(doc, doc->nodes[at].pos, err,
				"the reference \"%s\" cannot be followed: %s", ref, why.text);
			return NULL;
		}
		return (r = resource_find(set, uri)) != NULL ? r : other->top;
	}
	if (strcmp(uri, JS_METASCHEMA) == 0)
		return (other = load_metaschema(set, err)) != NULL ? other->top : NULL;
	if (strncmp(uri, "http:", 5) == 0 || strncmp(uri, "https:", 6) == 0)
		return ref_failed(
			doc, at, ref,
			"is remote, and remote references are not fetched: put that schema into a "
			"file below the model's folder and refer to the file",
			err);
	return ref_failed(doc, at, ref,
			  "is the $id of no schema here: correct it, or refer to a file", err);
}

/* Goes down a JSON Pointer (RFC 6901); *r becomes the resource that the place lies in. */
static uint32_t follow(struct ev_jschema_set *set, struct js_resource **r, struct js_slice pointer)
{
	struct js_document *doc = (*r)->doc;
	const struct ev_doc *d = &doc->doc;
	const char *p = pointer.p, *end = p + pointer.len;
	uint32_t at = (*r)->at;
	struct ev_buf token = {0};

	while (p < end && at != EV_NOWHERE) {
		ev_buf_reset(&token);
		for (p++; p < end && *p != '/'; p++) {
			if (*p == '~' && p + 1 < end && (p[1] == '0' || p[1] == '1'))
				ev_buf_putc(&token, *++p == '0' ? '~' : '/');
			else
				ev_buf_putc(&token, *p);
		}
		if (ev_kind(d, at) == EV_ARRAY) {
			char *stop;
			unsigned long k = strtoul(ev_buf_str(&token), &stop, 10);
			bool number = token.len > 0 && *stop == '\0' && token.p[0] >= '0' &&
				      token.p[0] <= '9';
			uint32_t i = ev_first(d, at), last = ev_end(d, at);

			for (; i < last && k > 0; k--)
				i = ev_next(d, i);
			at = number && i < last ? i : EV_NOWHERE;
		} else {
			at = ev_member(d, at, ev_buf_str(&token), token.len);
		}
		for (size_t i = 0; at != EV_NOWHERE && i < set->n_resources; i++)
			if (set->resources[i]->doc == doc && set->resources[i]->at == at)
				*r = set->resources[i];
	}
	ev_buf_free(&token);
	return at;
}

struct ev_jschema *js_refer(struct ev_jschema *from, uint32_t at, const struct js_anchor **anchor,
			    struct ev_error *err)
{
	struct ev_jschema_set *set = from->set;
	struct js_document *doc = from->doc;
	struct js_resource *r = from->resource;
	struct js_slice ref, fragment;
	struct js_uri u;
	uint32_t node;

	*anchor = NULL;
	if (ev_kind(&doc->doc, at) != EV_STRING) {
		js_fail(doc, doc->nodes[at].pos, err,
			"a reference is no string: give it a URI or a place such as \"#/$defs/x\"");
		return NULL;
	}
	ref = js_text(doc, set, at);
	js_uri_split(ref.p, ref.len, &u);
	if ((u.scheme.len != 0 || u.has_authority || u.path.len != 0 || u.has_query) &&
	    (r = find_target(from, at, ref.p, &u, err)) == NULL)
		return NULL;
	fragment = js_percent_decoded(set, u.fragment.p, u.fragment.len);
	node = r->at;
	if (fragment.len > 0 && fragment.p[0] == '/') {
		node = follow(set, &r, fragment);
	} else if (fragment.len > 0) {
		*anchor = js_anchor_find(r, fragment.p, fragment.len);
		node = *anchor != NULL ? (*anchor)->at : EV_NOWHERE;
	}
	if (node == EV_NOWHERE)
		return ref_failed(doc, at, ref.p,
				  "leads to nothing: correct it, or define what it names", err);
	if (ev_kind(&r->doc->doc, node) != EV_OBJECT && ev_kind(&r->doc->doc, node) != EV_TRUE &&
	    ev_kind(&r->doc->doc, node) != EV_FALSE)
		return ref_failed(doc, at, ref.p,
				  "leads to what is no schema: name an object, true or false", err);
	return js_at(r, node, set);
}

/* The doors */

static const struct ev_jschema *compile_top(struct ev_jschema_set *set, struct js_document *doc,
					    struct ev_error *err)
{
	struct ev_jschema *s = js_at(doc->top, 0, set);

	return js_compile_queue(set, err) ? s : NULL;
}

const struct ev_jschema *ev_jschema_file(struct ev_jschema_set *set, const char *path,
					 struct ev_error *err)
{
	struct js_document *doc = NULL;
	struct ev_buf plain = {0};

	if (*path == '/' || !js_plain_path(path, strlen(path), &plain)) {
		ev_fail(err, "%s: lies outside the model's folder: keep schemas in or below it",
			path);
	} else {
		doc = js_load_file(set, js_file_uri(set, JS_ROOT, ev_buf_str(&plain)), err);
	}
	ev_buf_free(&plain);
	return doc != NULL ? compile_top(set, doc, err) : NULL;
}

const struct ev_jschema *ev_jschema_text(struct ev_jschema_set *set, const char *name,
					 const char *text, size_t len, struct ev_error *err)
{
	struct js_document *doc;
	char *copy, uri[64];

	copy = ev_malloc(len + EV_SCAN_SLACK);
	memcpy(copy, text, len);
	memset(copy + len, 0, EV_SCAN_SLACK);
	snprintf(uri, sizeof uri, JS_ROOT "?text=%zu", set->n_documents);
	doc = document_add(set, name, ev_arena_copy(&set->arena, uri, strlen(uri)), copy, len, err);
	return doc != NULL ? compile_top(set, doc, err) : NULL;
}

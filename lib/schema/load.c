/*
 * Files, and where references lead.
 *
 * A file a/b.json below the root has the URI schema:///a/b.json, whatever $id it has besides; a
 * schema given as text has one at the root that no file has.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "io/in.h"
#include "schema/internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FILE_MAX = 16 * 1024 * 1024,
	LARGE = 32, /* members from which on an object is worth an index */
};

static_assert((int)EV_IN_SLACK >= (int)EV_SCAN_SLACK, "a slurped file can be scanned");

/* Files */

/* The folder of the set that a URI lies in, and the path from there on; NULL if in none. */
static const char *folder_of(const struct ev_schema_set *set, const char *uri, const char **path)
{
	if (set->base != NULL && strncmp(uri, set->base, strlen(set->base)) == 0) {
		*path = uri + strlen(set->base);
		return set->map;
	}
	if (strncmp(uri, SCHEMA_ROOT, strlen(SCHEMA_ROOT)) == 0) {
		*path = uri + strlen(SCHEMA_ROOT);
		return set->root;
	}
	return NULL;
}

/* Puts a slash between, if one is needed. */
static void put_file(struct ev_buf *name, const char *folder, const char *path)
{
	if (strcmp(folder, ".") != 0)
		ev_buf_puts(name, folder);
	if (name->len > 0 && name->p[name->len - 1] != '/')
		ev_buf_putc(name, '/');
	ev_buf_puts(name, path);
}

/* The name of the file that a URI stands for. False if it stands for none. */
static bool file_of(struct ev_schema_set *set, const char *uri, struct ev_buf *name)
{
	struct ev_schema_slice path;
	struct ev_buf plain = {0};
	const char *raw, *folder = folder_of(set, uri, &raw);
	size_t slashes = 0;
	bool good;

	if (folder == NULL)
		return false;
	path = ev_schema_percent_decoded(set, raw, strlen(raw));
	/* the escapes hide no path, and no end of it */
	for (const char *p = raw; *p != '\0'; p++)
		slashes += *p == '/';
	for (size_t i = 0; i < path.len; i++)
		slashes -= path.p[i] == '/';
	good = slashes == 0 && path.len > 0 && path.p[0] != '/' && strlen(path.p) == path.len &&
	       ev_schema_plain_path(path.p, path.len, &plain) && plain.len == path.len;
	ev_buf_free(&plain);
	if (good)
		put_file(name, folder, path.p);
	return good;
}

/*
 * The path from the folder to `name`, both without symbolic links, or "" if they are the same; to
 * be freed. NULL if it does not lie there, or is not there at all.
 */
static char *path_inside(const char *folder, const char *name)
{
	char *real = realpath(name, NULL), *top = realpath(*folder != '\0' ? folder : ".", NULL);
	char *rest = NULL;
	size_t len = top != NULL ? strlen(top) : 0;

	if (len == 1)
		len = 0; /* the root of all */
	if (real != NULL && top != NULL && strncmp(real, top, len) == 0) {
		if (real[len] == '/')
			rest = ev_strdup(real + len + 1);
		else if (real[len] == '\0')
			rest = ev_strdup("");
	}
	free(real);
	free(top);
	return rest;
}

/* A file that a reference names: a regular one that no symbolic link takes out of its folder. */
static bool may_follow(const char *folder, const char *name, struct ev_error *err)
{
	char *inside = path_inside(folder, name);
	struct stat st;

	if (stat(name, &st) != 0) {
		free(inside);
		return true; /* reading it gives the error */
	}
	if (inside == NULL)
		ev_fail(err,
			"%s: a symbolic link leads out of the schemas' folder: "
			"put the file itself there",
			name);
	else if (!S_ISREG(st.st_mode))
		ev_fail(err, "%s: is no regular file", name);
	free(inside);
	return inside != NULL && S_ISREG(st.st_mode);
}

/* named: the file's name, if it is the user who named it; else what the URI stands for is read. */
static struct ev_schema_document *load(struct ev_schema_set *set, const char *uri,
				       const char *named, struct ev_error *err)
{
	struct ev_schema_document *doc = NULL;
	struct ev_buf name = {0};
	const char *folder, *path;
	size_t len;
	char *text;

	for (size_t i = 0; i < set->n_documents; i++)
		if (strcmp(set->documents[i]->retrieved, uri) == 0)
			return set->documents[i];
	folder = folder_of(set, uri, &path);
	if (named != NULL)
		ev_buf_puts(&name, named);
	else if (!file_of(set, uri, &name))
		ev_fail(err, "%s: is no name of a file", uri);
	else if (!may_follow(folder, ev_buf_str(&name), err))
		ev_buf_reset(&name);
	if ((named != NULL || name.len > 0) &&
	    ev_in_slurp(ev_buf_str(&name), FILE_MAX, &text, &len, err) == EV_OK)
		doc = ev_schema_document_add(set, ev_buf_str(&name), uri,
					     folder == set->map ? set->base : SCHEMA_ROOT, text,
					     len, err);
	ev_buf_free(&name);
	return doc;
}

/* Whether a URI is that of something loaded, or of a file. */
static bool leads_somewhere(struct ev_schema_set *set, const char *uri)
{
	struct ev_buf name = {0};
	bool found = ev_schema_resource_find(set, uri) != NULL ||
		     (file_of(set, uri, &name) && access(ev_buf_str(&name), F_OK) == 0);

	ev_buf_free(&name);
	return found;
}

bool ev_schema_resource_get(struct ev_schema_set *set, const char *uri,
			    struct ev_schema_resource **r, struct ev_error *err)
{
	struct ev_schema_document *doc;

	if ((*r = ev_schema_resource_find(set, uri)) != NULL || !leads_somewhere(set, uri))
		return true;
	if ((doc = load(set, uri, NULL, err)) == NULL)
		return false;
	if ((*r = ev_schema_resource_find(set, uri)) == NULL)
		*r = doc->top;
	return true;
}

bool ev_schema_set_map(struct ev_schema_set *set, const char *folder, const char *base,
		       struct ev_error *err)
{
	struct ev_buf uri = {0};
	struct ev_schema_uri u;
	struct stat st;

	if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode)) {
		ev_fail(err, "%s: is no folder", folder);
		return false;
	}
	base = base != NULL ? base : SCHEMA_ROOT;
	ev_schema_uri_split(base, strlen(base), &u);
	if (u.scheme.len == 0 || u.path.len + u.authority.len == 0 || u.has_query ||
	    u.fragment.len > 0) {
		ev_fail(err,
			"%s: is no absolute URI of a folder, such as https://example.org/schemas/",
			base);
		return false;
	}
	ev_buf_put(&uri, base, strlen(base) - u.has_fragment);
	if (ev_buf_str(&uri)[uri.len - 1] != '/')
		ev_buf_putc(&uri, '/');
	set->base = ev_strdup(ev_buf_str(&uri));
	set->map = ev_strdup(folder);
	ev_buf_free(&uri);
	return true;
}

/* References */

/* An error about the reference in the string at node `at`. */
static void *ref_failed(const struct ev_schema_document *doc, uint32_t at, const char *ref,
			const char *what, struct ev_error *err)
{
	ev_schema_fail(doc, doc->nodes[at].pos, err, "the reference \"%s\" %s", ref, what);
	return NULL;
}

static struct ev_schema_document *load_metaschema(struct ev_schema_set *set,
						  const struct ev_schema_metaschema *meta,
						  struct ev_error *err)
{
	struct ev_schema_resource *r = ev_schema_resource_find(set, meta->uri);
	struct ev_buf text = {0};
	size_t len;

	if (r != NULL)
		return r->doc;
	ev_schema_metaschema_write(meta, &text);
	len = text.len;
	memset(ev_buf_room(&text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	return ev_schema_document_add(set, meta->uri, meta->uri, NULL, text.p, len, err);
}

/*
 * The URI of the file that a reference means. If what its base makes of a relative one is no
 * address, it is meant from the file that it stands in; or else an $id that is relative itself is
 * meant from the folder at the top, as in sets of schemas that were made to be put together. NULL
 * if the folder has no place for it.
 */
static const char *address(const struct ev_schema *from, const char *uri,
			   const struct ev_schema_uri *u)
{
	struct ev_schema_set *set = from->set;
	const struct ev_schema_resource *r = from->resource;
	const char *tries[3] = {uri}, *first = NULL, *path;

	if (u->scheme.len == 0 && !u->has_authority) {
		tries[1] = ev_schema_resolve(set, from->doc->retrieved, u);
		if (r->rooted != NULL && r->uri != from->doc->retrieved)
			tries[2] = ev_schema_resolve(set, r->rooted, u);
	}
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		if (tries[i] == NULL || folder_of(set, tries[i], &path) == NULL)
			continue;
		if (leads_somewhere(set, tries[i]))
			return tries[i];
		first = first != NULL ? first : tries[i];
	}
	return first;
}

static struct ev_schema_resource *find_target(struct ev_schema *from, uint32_t at, const char *ref,
					      const struct ev_schema_uri *u, struct ev_error *err)
{
	static const char above[] =
		"reaches above the schemas' folder: keep the files in or below it";
	struct ev_schema_set *set = from->set;
	struct ev_schema_document *doc = from->doc, *other;
	const char *uri = ev_schema_resolve(set, from->resource->uri, u), *file;
	const struct ev_schema_metaschema *meta;
	struct ev_schema_resource *r;
	struct ev_error why;

	if (uri == NULL)
		return ref_failed(doc, at, ref, above, err);
	if ((r = ev_schema_resource_find(set, uri)) != NULL)
		return r;
	if ((meta = ev_schema_metaschema_find(uri)) != NULL)
		return (other = load_metaschema(set, meta, err)) != NULL ? other->top : NULL;
	if ((file = address(from, uri, u)) != NULL) {
		if ((r = ev_schema_resource_find(set, file)) != NULL)
			return r;
		if ((other = load(set, file, NULL, &why)) == NULL) {
			ev_schema_fail(doc, doc->nodes[at].pos, err,
				       "the reference \"%s\" cannot be followed: %s", ref,
				       why.text);
			return NULL;
		}
		return (r = ev_schema_resource_find(set, uri)) != NULL ? r : other->top;
	}
	if (u->scheme.len == 0 && !u->has_authority)
		return ref_failed(doc, at, ref, above, err);
	if (strncmp(uri, "http:", 5) == 0 || strncmp(uri, "https:", 6) == 0)
		return ref_failed(
			doc, at, ref,
			"is remote, and remote references are not fetched: put that schema into a "
			"file below the schemas' folder and refer to the file",
			err);
	return ref_failed(doc, at, ref,
			  "is the $id of no schema here: correct it, or refer to a file", err);
}

/* The index of an object or array. */
static const struct ev_schema_index *index_of(struct ev_schema_document *doc, uint32_t at)
{
	const struct ev_doc *d = &doc->doc;
	const bool object = ev_kind(d, at) == EV_OBJECT;
	uint32_t k = ev_symbol_map_get(&doc->indexed, at + 1), n = 0;
	struct ev_schema_index *index;
	struct ev_buf scratch = {0};

	if (k != UINT32_MAX)
		return &doc->indices[k];
	ev_grow(&doc->indices, &doc->cap_indices, doc->n_indices + 1, sizeof *doc->indices);
	ev_symbol_map_put(&doc->indexed, at + 1, (uint32_t)doc->n_indices);
	index = &doc->indices[doc->n_indices++];
	*index = (struct ev_schema_index){
		.values = ev_calloc(d->nodes[at].count, sizeof *index->values)};
	for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i)) {
		if (object) {
			size_t len;
			const char *p = ev_string(d, i++, &scratch, &len);

			ev_lookup_add(&index->names, ev_hash64(p, len, doc->set->seed), n);
		}
		index->values[n++] = i;
	}
	ev_buf_free(&scratch);
	return index;
}

static uint32_t find_member(struct ev_schema_document *doc, uint32_t at, const char *p, size_t len)
{
	const struct ev_schema_index *index;
	size_t step = 0;
	uint32_t i;

	if (doc->doc.nodes[at].count <= LARGE)
		return ev_member(&doc->doc, at, p, len);
	index = index_of(doc, at);
	while ((i = ev_lookup_next(&index->names, ev_hash64(p, len, doc->set->seed), &step)) !=
	       EV_LOOKUP_NONE)
		if (ev_string_is(&doc->doc, index->values[i] - 1, p, len))
			return index->values[i];
	return EV_NOWHERE;
}

/* The value that a step of a JSON Pointer leads to, or EV_NOWHERE. */
static uint32_t step_to(struct ev_schema_document *doc, uint32_t at, struct ev_buf *token)
{
	const struct ev_doc *d = &doc->doc;
	const char *p = ev_buf_str(token);
	char *stop;
	unsigned long k;

	if (ev_kind(d, at) == EV_OBJECT)
		return find_member(doc, at, p, token->len);
	if (ev_kind(d, at) != EV_ARRAY)
		return EV_NOWHERE;
	k = strtoul(p, &stop, 10);
	if (token->len == 0 || *stop != '\0' || *p < '0' || *p > '9' || k >= d->nodes[at].count)
		return EV_NOWHERE;
	return index_of(doc, at)->values[k];
}

/* Goes down a JSON Pointer (RFC 6901); *r becomes the resource that the place lies in. */
static uint32_t follow(struct ev_schema_resource **r, struct ev_schema_slice pointer)
{
	struct ev_schema_document *doc = (*r)->doc;
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
		at = step_to(doc, at, &token);
		if (at != EV_NOWHERE && doc->begins[at] != NULL)
			*r = doc->begins[at];
	}
	ev_buf_free(&token);
	return at;
}

struct ev_schema *ev_schema_refer(struct ev_schema *from, uint32_t at,
				  const struct ev_schema_anchor **anchor, struct ev_error *err)
{
	struct ev_schema_set *set = from->set;
	struct ev_schema_document *doc = from->doc;
	struct ev_schema_resource *r = from->resource;
	struct ev_schema_slice ref, fragment;
	struct ev_schema_uri u;
	uint32_t node;

	*anchor = NULL;
	if (ev_kind(&doc->doc, at) != EV_STRING) {
		ev_schema_fail(
			doc, doc->nodes[at].pos, err,
			"a reference is no string: give it a URI or a place such as \"#/$defs/x\"");
		return NULL;
	}
	ref = ev_schema_string(doc, at);
	ev_schema_uri_split(ref.p, ref.len, &u);
	if (ev_schema_uri_beyond_fragment(&u) &&
	    (r = find_target(from, at, ref.p, &u, err)) == NULL)
		return NULL;
	fragment = ev_schema_percent_decoded(set, u.fragment.p, u.fragment.len);
	node = r->at;
	if (fragment.len > 0 && fragment.p[0] == '/') {
		node = follow(&r, fragment);
	} else if (fragment.len > 0) {
		*anchor = ev_schema_anchor_find(r, fragment.p, fragment.len);
		node = *anchor != NULL ? (*anchor)->at : EV_NOWHERE;
	}
	if (node == EV_NOWHERE)
		return ref_failed(doc, at, ref.p,
				  "leads to nothing: correct it, or define what it names", err);
	if (ev_kind(&r->doc->doc, node) != EV_OBJECT && ev_kind(&r->doc->doc, node) != EV_TRUE &&
	    ev_kind(&r->doc->doc, node) != EV_FALSE)
		return ref_failed(doc, at, ref.p,
				  "leads to what is no schema: name an object, true or false", err);
	return ev_schema_at(r, node);
}

/* The doors */

static const struct ev_schema *compile_top(struct ev_schema_set *set,
					   struct ev_schema_document *doc, struct ev_error *err)
{
	struct ev_schema *s = ev_schema_at(doc->top, 0);

	return ev_schema_compile_queue(set, err) ? s : NULL;
}

/* The URI of a file that the user named; path is its name in the root. */
static const char *named_uri(struct ev_schema_set *set, const char *name, const char *path,
			     struct ev_error *err)
{
	const char *slash = strrchr(name, '/'), *uri = NULL;
	char *folder, *inside;

	if (set->map == NULL)
		return ev_schema_file_uri(set, SCHEMA_ROOT, path);
	folder = slash != NULL ? ev_strndup(name, (size_t)(slash - name) + 1) : ev_strdup(".");
	inside = path_inside(set->map, folder);
	if (inside != NULL) {
		struct ev_buf below = {0};

		put_file(&below, inside, slash != NULL ? slash + 1 : name);
		uri = ev_schema_file_uri(set, set->base, ev_buf_str(&below));
		ev_buf_free(&below);
	} else if (strcmp(set->base, SCHEMA_ROOT) != 0) {
		uri = ev_schema_file_uri(set, SCHEMA_ROOT, path);
	} else {
		ev_fail(err, "%s: lies outside the folder %s: name one that has it", name,
			set->map);
	}
	free(folder);
	free(inside);
	return uri;
}

const struct ev_schema *ev_schema_file(struct ev_schema_set *set, const char *path,
				       struct ev_error *err)
{
	struct ev_schema_document *doc = NULL;
	struct ev_buf plain = {0}, name = {0};
	const char *uri;

	if (*path == '/' || !ev_schema_plain_path(path, strlen(path), &plain)) {
		ev_fail(err, "%s: lies outside the model's folder: keep schemas in or below it",
			path);
		ev_buf_free(&plain);
		return NULL;
	}
	put_file(&name, set->root, ev_buf_str(&plain));
	uri = named_uri(set, ev_buf_str(&name), ev_buf_str(&plain), err);
	if (uri != NULL)
		doc = load(set, uri, ev_buf_str(&name), err);
	ev_buf_free(&plain);
	ev_buf_free(&name);
	return doc != NULL ? compile_top(set, doc, err) : NULL;
}

const struct ev_schema *ev_schema_text(struct ev_schema_set *set, const char *name,
				       const char *text, size_t len, struct ev_error *err)
{
	struct ev_schema_document *doc;
	char *copy, uri[64];

	copy = ev_malloc(len + EV_SCAN_SLACK);
	memcpy(copy, text, len);
	memset(copy + len, 0, EV_SCAN_SLACK);
	snprintf(uri, sizeof uri, SCHEMA_ROOT "?text=%zu", set->n_documents);
	doc = ev_schema_document_add(set, name, ev_arena_copy(&set->arena, uri, strlen(uri)),
				     SCHEMA_ROOT, copy, len, err);
	return doc != NULL ? compile_top(set, doc, err) : NULL;
}

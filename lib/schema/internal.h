/*
 * internal: the compiled form of JSON Schemas, which the files of schema share. Floor 7.
 *
 *   judge.c      whether values fit compiled schemas
 *   explain.c    every reason why they do not
 *   flat.c       schemas for the same object made one flat program
 *   run.c        whether objects fit such a program
 *   fast.c       fast checks of scalars
 *   promise.c    what is guaranteed of values that fit
 *   compile.c    compiles: keywords into the structs here
 *   names.c      tables of names
 *   keyword.c    the keywords, and what their values have to be
 *   loop.c       schemas that lead back to themselves
 *   set.c        the set: documents, $id and $anchor
 *   load.c       files, and what a $ref leads to
 *   uri.c        URIs
 *   format.c     format
 *   dialect.c    $schema: drafts and vocabularies
 *   meta.c       the metaschemas
 *
 * All of it lies in the set's arena, but for the texts and tables of documents.
 */
#ifndef EV_SCHEMA_INTERNAL_H
#define EV_SCHEMA_INTERNAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/lookup.h"
#include "base/status.h"
#include "regex/regex.h"
#include "scan/scan.h"
#include "schema/schema.h"
#include "json/view.h"

struct ev_schema_slice {
	const char *p;
	size_t len;
};

enum ev_schema_draft {
	SCHEMA_DRAFT_4,
	SCHEMA_DRAFT_6,
	SCHEMA_DRAFT_7,
	SCHEMA_DRAFT_2019, /* 2019-09 */
	SCHEMA_DRAFT_2020, /* 2020-12 */
	SCHEMA_DRAFTS
};

/* Sets of them: 1 << draft. */
enum {
	SCHEMA_ALL_DRAFTS = (1 << SCHEMA_DRAFTS) - 1,
	SCHEMA_UP_TO_2019 = (1 << SCHEMA_DRAFT_2020) - 1,
	SCHEMA_UP_TO_7 = (1 << SCHEMA_DRAFT_2019) - 1,
	SCHEMA_FROM_6 = SCHEMA_ALL_DRAFTS & ~((1 << SCHEMA_DRAFT_6) - 1),
	SCHEMA_FROM_7 = SCHEMA_ALL_DRAFTS & ~((1 << SCHEMA_DRAFT_7) - 1),
	SCHEMA_FROM_2019 = SCHEMA_ALL_DRAFTS & ~SCHEMA_UP_TO_7,
};

/*
 * Vocabularies. A keyword counts only if its vocabulary is in force: all are, unless the metaschema
 * says otherwise in $vocabulary. SCHEMA_FORMAT: format is asserted.
 */
enum {
	SCHEMA_UNKNOWN = 0, /* yet */
	SCHEMA_CORE = 1,
	SCHEMA_APPLICATOR = 2,
	SCHEMA_UNEVALUATED = 4,
	SCHEMA_VALIDATION = 8,
	SCHEMA_META_DATA = 16,
	SCHEMA_FORMAT = 32,
	SCHEMA_CONTENT = 64,
	SCHEMA_ALL = 127,
};

struct ev_schema_dialect {
	enum ev_schema_draft draft;
	unsigned vocabularies;
};

/* A name and where it leads. Few names are searched in order, more are hashed. */
struct ev_schema_name {
	const char *p;
	uint32_t len, hash;
	uint32_t mark; /* which one is set if it is present, or SCHEMA_NO_MARK */
	/* of properties; NULL if the name stands in required alone */
	const struct ev_schema *schema;
};

enum { SCHEMA_NO_MARK = UINT32_MAX, SCHEMA_FEW = 8 };

struct ev_schema_names {
	struct ev_schema_name *list;
	uint32_t n;
	uint32_t mask;	  /* of slots */
	uint64_t lengths; /* 1 << length of each name; the last bit is for all from 63 on */
	uint32_t *slots;  /* NULL for few names; index + 1, 0 for none */
};

enum ev_schema_bound {
	SCHEMA_MINIMUM,
	SCHEMA_EXCLUSIVE_MINIMUM,
	SCHEMA_MAXIMUM,
	SCHEMA_EXCLUSIVE_MAXIMUM,
	SCHEMA_MULTIPLE_OF,
	SCHEMA_BOUNDS
};

struct ev_schema_numbers {
	struct ev_schema_slice limits[SCHEMA_BOUNDS]; /* NULL p: no such limit */
};

struct ev_schema_strings {
	uint64_t min, max; /* code points */
	struct ev_regex *pattern;
	struct ev_schema_slice pattern_text;
	const struct ev_schema_format *format;
	const struct ev_schema_layout *layout; /* of the pattern, or NULL */
};

struct ev_schema_constant {
	struct ev_schema_slice text; /* as in the schema */
	struct ev_schema_slice form; /* canonical; of numbers, arrays and objects */
	enum ev_kind kind;
};

/* The values of enum, or the one of const. */
struct ev_schema_values {
	uint32_t kinds; /* 1 << kind for null, false and true */
	struct ev_schema_names strings, forms;
	struct ev_schema_constant *list; /* all, in the schema's order */
	uint32_t n;
	bool numbers, composites;	     /* true if some value is one */
	const struct ev_schema_words *words; /* the strings, if there are some, or NULL */
};

struct ev_schema_arrays {
	uint64_t min, max;
	bool unique;
	const struct ev_schema **prefix;
	uint32_t n_prefix;
	const struct ev_schema *items;
	const struct ev_schema *contains;
	bool contains_silent; /* what fits contains does not count as evaluated, as in 2019-09 */
	uint64_t min_contains, max_contains;
};

struct ev_schema_pattern {
	struct ev_regex *regex;
	struct ev_schema_slice text;
	const struct ev_schema *schema;
};

struct ev_schema_dependent {
	uint32_t trigger; /* index into names */
	uint32_t *required;
	uint32_t n;
	const struct ev_schema *schema;
};

struct ev_schema_objects {
	uint64_t min, max;
	struct ev_schema_names names;
	struct ev_lookup members; /* the same by the set's symbols: indices into names.list */
	uint32_t n_marks;	  /* of names */
	uint32_t *required;	  /* indices into names */
	uint32_t n_required;
	struct ev_schema_pattern *patterns;
	uint32_t n_patterns;
	const struct ev_schema *additional, *property_names;
	struct ev_schema_dependent *dependents;
	uint32_t n_dependents;
};

/* Schemas for the same value. */
struct ev_schema_applied {
	const struct ev_schema **all; /* of $ref and allOf */
	const struct ev_schema **any, **one;
	uint32_t n_all, n_any, n_one;
	const struct ev_schema *no, *when, *then, *otherwise;
	/* the anchor of a $dynamicRef, searched in the dynamic scope */
	const char *dynamic;
	const struct ev_schema *fallback; /* and where it leads by the text alone */
};

enum { SCHEMA_INTEGER = 1 << 7, SCHEMA_ANY_TYPE = 0x7f };

enum ev_schema_state { SCHEMA_NEW, SCHEMA_QUEUED, SCHEMA_DONE };

struct ev_schema {
	const struct ev_schema *alias; /* a lone $ref: where it leads */
	uint8_t types;		       /* 1 << kind, and SCHEMA_INTEGER */
	bool boolean, value;	       /* a boolean schema, and which */
	bool leaf; /* no keywords for members or elements, and no other schema */
	const struct ev_schema_values *constant, *values;
	struct ev_schema_numbers *numbers;
	struct ev_schema_strings *strings;
	struct ev_schema_arrays *arrays;
	struct ev_schema_objects *objects;
	struct ev_schema_applied *applied;
	/* its program for objects, and its plans */
	struct ev_schema_flat *flat;
	const struct ev_schema *unevaluated_items, *unevaluated_properties;
	const char *description; /* or title */

	struct ev_schema_set *set;
	struct ev_schema_document *doc;
	struct ev_schema_resource *resource;
	uint32_t at; /* node of doc */
	enum ev_schema_state state;
	uint32_t visit; /* of the search for loops */
};

struct ev_schema_anchor {
	const char *name;
	size_t len;
	uint32_t at;
	bool dynamic;
};

/* What has a URI of its own: a document's top, or a subschema with $id. */
struct ev_schema_resource {
	const char *uri; /* absolute, without a fragment */
	struct ev_schema_document *doc;
	uint32_t at;
	struct ev_schema_dialect dialect;
	const char *rooted; /* the URI if its $id were meant from the folder at the top, or NULL */
	struct ev_schema_anchor *anchors;
	size_t n_anchors, cap_anchors;
	struct ev_lookup by_name; /* of anchors */
};

/* The members or elements of a large object or array. */
struct ev_schema_index {
	struct ev_lookup names; /* of an object: places in values */
	uint32_t *values;
};

struct ev_schema_document {
	struct ev_schema_set *set;
	const char *name; /* for errors */
	char *text;
	struct ev_doc doc;
	struct ev_node *nodes;
	struct ev_schema **compiled;	    /* one a node, NULL where none is */
	struct ev_schema_resource **begins; /* one a node: what begins there, or NULL */
	struct ev_schema_index *indices;
	size_t n_indices, cap_indices;
	struct ev_lookup indexed; /* by node and one: which of the indices is its own */
	const char *retrieved;	  /* the URI that it was got by: schema:///a/b.json */
	struct ev_schema_resource *top;
};

struct ev_schema_set {
	char *root;	  /* the folder that SCHEMA_ROOT stands for; "" for the current one */
	char *map, *base; /* the folder that base stands for, which ends in a slash; or NULL */
	struct ev_schema_dialect dialect; /* of a schema without $schema */
	struct ev_arena arena;
	struct ev_scan *scan;	    /* of schemas */
	struct ev_symbols *symbols; /* of documents, or NULL */
	struct ev_lookup **maps;
	size_t n_maps, cap_maps;
	struct ev_schema_document **documents;
	size_t n_documents, cap_documents;
	struct ev_schema_resource **resources;
	size_t n_resources, cap_resources;
	struct ev_lookup by_uri; /* of resources, those that were dropped too */
	struct ev_regex **regexes;
	size_t n_regexes, cap_regexes;
	struct ev_schema **queue; /* waiting to be compiled; done ones stay until all are */
	size_t n_queue, cap_queue;
	uint64_t n_schemas;   /* compiled so far */
	uint64_t n_cells;     /* of flat programs for several schemas at once */
	const char **dynamic; /* the anchors of $dynamicRef */
	size_t n_dynamic, cap_dynamic;

	const char **lints; /* in the arena */
	size_t n_lints, cap_lints;

	/* scratch of the judgement, kept from record to record */
	struct ev_buf text, name, form;
	uint8_t *marks;
	size_t n_marks, cap_marks;
	struct ev_lookup elements;
	uint64_t seed;
};

/* uri.c */

/* The URI of the root folder; that of a file a/b.json in it is schema:///a/b.json. */
#define SCHEMA_ROOT "schema:///"

/* RFC 3986, appendix B. */
struct ev_schema_uri {
	struct ev_schema_slice scheme, authority, path, query, fragment;
	bool has_authority, has_query, has_fragment;
};

void ev_schema_uri_split(const char *p, size_t len, struct ev_schema_uri *u);
/* Whether it has more than a fragment. */
bool ev_schema_uri_beyond_fragment(const struct ev_schema_uri *u);
/*
 * Appends a path without its . and .. (RFC 3986, section 5.2.4). False if a .. reaches above the
 * top, which the RFC would drop.
 */
bool ev_schema_plain_path(const char *p, size_t len, struct ev_buf *out);
/*
 * Resolves `ref` against `base` (RFC 3986, section 5.2.2), without the fragment; in the arena. NULL
 * if it leads above the root folder.
 */
const char *ev_schema_resolve(struct ev_schema_set *set, const char *base,
			      const struct ev_schema_uri *ref);
/* Without its percent escapes, in the arena. */
struct ev_schema_slice ev_schema_percent_decoded(struct ev_schema_set *set, const char *p,
						 size_t len);
/* The URI of a file: `folder`, which ends in a slash, and the path below it; in the arena. */
const char *ev_schema_file_uri(struct ev_schema_set *set, const char *folder, const char *path);

/* format.c */

enum {
	SCHEMA_FORMAT_ASCII = 1, /* what has it is ASCII */
	SCHEMA_FORMAT_URI = 2,	 /* every common URI has it */
};

struct ev_schema_format {
	const char *name;
	bool (*check)(const char *p, size_t len); /* or NULL: */
	const char *pattern;
	unsigned flags;
};

/* For a format with a pattern. */
bool ev_schema_format_matches(const struct ev_schema_format *f, const char *p, size_t len);
static inline bool ev_schema_format_fits(const struct ev_schema_format *f, const char *p,
					 size_t len)
{
	return f->check != NULL ? f->check(p, len) : ev_schema_format_matches(f, p, len);
}

/* NULL for one that evkit does not assert. */
const struct ev_schema_format *ev_schema_format_find(const char *name, size_t len);

/* meta.c */

#define SCHEMA_URI_2020 "https://json-schema.org/draft/2020-12/schema"

struct ev_schema_metaschema {
	enum ev_schema_draft draft;
	const char *name, *uri;
};

extern const struct ev_schema_metaschema ev_schema_metaschemas[SCHEMA_DRAFTS];

/* Appends the JSON text. */
void ev_schema_metaschema_write(const struct ev_schema_metaschema *meta, struct ev_buf *out);

/* dialect.c */

/* The metaschema of a draft, or NULL if the URI is that of none. */
const struct ev_schema_metaschema *ev_schema_metaschema_find(const char *uri);
/* Reads the dialect of a schema from its $schema at node `at`. */
bool ev_schema_dialect_read(struct ev_schema_set *set, struct ev_schema_document *doc, uint32_t at,
			    struct ev_schema_dialect *dialect, struct ev_error *err);

/* set.c */

/* An error at byte pos of the document: "file:line:column: ". Returns false. */
bool ev_schema_fail(const struct ev_schema_document *doc, uint32_t pos, struct ev_error *err,
		    const char *fmt, ...) EV_PRINTF(4, 5);
/* One that is in the set, or NULL. */
struct ev_schema_resource *ev_schema_resource_find(struct ev_schema_set *set, const char *uri);
/*
 * Adds a document. folder: the URI that relative ones are meant from besides, or NULL. Takes text,
 * with slack behind it, which becomes the set's in any case. NULL with the error.
 */
struct ev_schema_document *ev_schema_document_add(struct ev_schema_set *set, const char *name,
						  const char *uri, const char *folder, char *text,
						  size_t len, struct ev_error *err);
const struct ev_schema_anchor *ev_schema_anchor_find(const struct ev_schema_resource *r,
						     const char *name, size_t len);
/* True if the schema has a $ref that turns off all its other keywords, as up to draft-07. */
bool ev_schema_ref_alone(const struct ev_doc *d, uint32_t schema, enum ev_schema_draft draft);
/* $recursiveAnchor acts as a dynamic anchor with this name. */
#define SCHEMA_RECURSIVE "#"
/* A decoded string of the document, in the arena. */
struct ev_schema_slice ev_schema_string(const struct ev_schema_document *doc, uint32_t at);

/* load.c */

/*
 * Finds the resource with this absolute URI, and loads its file if it is not loaded yet. *r is NULL
 * if there is none. False, with the error, if the file cannot be read.
 */
bool ev_schema_resource_get(struct ev_schema_set *set, const char *uri,
			    struct ev_schema_resource **r, struct ev_error *err);
/* Resolves the $ref in the string at node `at`; *anchor is set if its fragment is an anchor. */
struct ev_schema *ev_schema_refer(struct ev_schema *from, uint32_t at,
				  const struct ev_schema_anchor **anchor, struct ev_error *err);
/* compile.c */

/* The schema at a node; a new one is queued to be compiled. */
struct ev_schema *ev_schema_at(struct ev_schema_resource *r, uint32_t at);
bool ev_schema_compile_queue(struct ev_schema_set *set, struct ev_error *err);

/* loop.c */

/* True if no schema of the set applies itself to the same value; else false, with the error. */
bool ev_schema_loops_none(struct ev_schema_set *set, struct ev_error *err);

/* names.c */

/* The index of a name, which is added if it is new. The text is borrowed. */
uint32_t ev_schema_names_add(struct ev_schema_set *set, struct ev_schema_names *t,
			     struct ev_schema_slice name);
struct ev_schema_name *ev_schema_names_find(const struct ev_schema_names *t, const char *p,
					    size_t len);

/* judge.c */

/* The dynamic scope: the resources that the evaluation has entered, for $dynamicRef. */
struct ev_schema_scope {
	const struct ev_schema_resource *resource;
	const struct ev_schema_scope *outer;
};

/* Bounds the stack: a level takes some 500 bytes of it, and twice that with the sanitizers. */
enum { SCHEMA_DEPTH = 6000 };

/* One evaluation. */
struct ev_schema_judge {
	const struct ev_doc *d;
	struct ev_schema_set *set;
	bool by_symbol; /* the document's names have the set's symbols */
	const struct ev_schema_scope *scope;
	uint32_t without; /* as given to ev_schema_valid */
	uint32_t top;	  /* the object that it is absent from, or EV_NOWHERE */
	int depth;	  /* schemas applied one inside the other, on values or within values */
	int64_t left;	  /* schemas that may still be applied; below 0 nothing fits any more */
	bool deep;	  /* that is because depth has been above SCHEMA_DEPTH */
	struct ev_reasons *reasons; /* NULL unless it explains */
};

/*
 * Where a value stands in the document, from the inside out, for its reasons. NULL instead of it
 * asks for the verdict alone.
 */
struct ev_schema_place {
	const struct ev_schema_place *up; /* NULL at the top */
	uint32_t name;			  /* the node of a member's name; EV_NOWHERE: an element */
	uint32_t index;			  /* of an element */
	const char *description;	  /* the nearest description around the keyword, or NULL */
};

/*
 * Marks: a byte for each member or element of a value, true once a keyword has evaluated it, for
 * unevaluatedProperties and unevaluatedItems. They lie on a stack in the set and are named by their
 * offset; SCHEMA_NO_MARKS where nobody needs them.
 */
#define SCHEMA_NO_MARKS SIZE_MAX

/*
 * The budget of one judgement, in applied schemas. It only stops schemas that refer to themselves
 * from several branches (of an anyOf, say), whose cost is exponential in the value's depth; all
 * others stay far below it.
 */
static inline int64_t ev_schema_budget(const struct ev_schema_set *set, const struct ev_doc *d)
{
	return 10000000 + 4 * (int64_t)set->n_schemas * (int64_t)d->n;
}

static inline struct ev_schema_judge
ev_schema_judge_of(const struct ev_schema *s, const struct ev_doc *d, uint32_t at, uint32_t without)
{
	return (struct ev_schema_judge){.d = d,
					.set = s->set,
					.without = without,
					.top = without != EV_NOWHERE ? at : EV_NOWHERE,
					.left = ev_schema_budget(s->set, d)};
}

/*
 * True if value i fits. With a place every reason why not is added, else the walk stops at the
 * first; keyword: by which the schema came to the value.
 */
bool ev_schema_fits(struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i, size_t marks,
		    const struct ev_schema_place *place, const char *keyword);
/* True if the value fits all n schemas; without marks and reasons. */
bool ev_schema_all_fit(struct ev_schema_judge *j, const struct ev_schema *const *list, uint32_t n,
		       uint32_t i);

/* A member's name, decoded; valid until the next. */
static inline const char *ev_schema_member_name(struct ev_schema_judge *j, uint32_t i, size_t *len)
{
	return ev_string(j->d, i, &j->set->name, len);
}

/* The number of members, less the one that counts as absent. */
static inline uint64_t ev_schema_members(const struct ev_schema_judge *j, uint32_t i)
{
	return j->d->nodes[i].count - (uint64_t)(i == j->top);
}

/* explain.c: the reasons. Each function returns false, and does nothing if place is NULL. */

/* Adds a reason with this message; place is not NULL. */
#define SCHEMA_REPORT(j, place, keyword, ...) \
	ev_schema_reported(j, place, keyword, ev_reasons_add((j)->reasons, __VA_ARGS__))
bool ev_schema_reported(struct ev_schema_judge *j, const struct ev_schema_place *place,
			const char *keyword, struct ev_reason *reason);
/* The value for a message. */
const char *ev_schema_quoted(struct ev_schema_judge *j, uint32_t i);

bool ev_schema_report_type(struct ev_schema_judge *j, const struct ev_schema *s, uint32_t i,
			   const struct ev_schema_place *place);
bool ev_schema_report_values(struct ev_schema_judge *j, const struct ev_schema_values *v,
			     const char *keyword, uint32_t i, const struct ev_schema_place *place);
bool ev_schema_report_bound(struct ev_schema_judge *j, const struct ev_schema_numbers *n,
			    enum ev_schema_bound bound, uint32_t i,
			    const struct ev_schema_place *place);
/* n is less than min, or more than max. keyword: without "min" or "max" in front. */
bool ev_schema_report_count(struct ev_schema_judge *j, const char *keyword, const char *what,
			    const char *unit, uint64_t n, uint64_t min, uint64_t max,
			    const struct ev_schema_place *place);
bool ev_schema_report_pattern(struct ev_schema_judge *j, const struct ev_schema_strings *t,
			      uint32_t i, const struct ev_schema_place *place);
/* n: how many elements fit contains. */
bool ev_schema_report_contains(struct ev_schema_judge *j, const struct ev_schema_arrays *t,
			       uint64_t n, const struct ev_schema_place *place);
/* Elements a and b of array i are equal. */
bool ev_schema_report_equal(struct ev_schema_judge *j, uint32_t i, uint32_t a, uint32_t b,
			    const struct ev_schema_place *place);
/* The reasons from `first` on are about a member's name, which does not fit s. */
bool ev_schema_report_name(struct ev_schema_judge *j, const struct ev_schema *s, size_t first,
			   const struct ev_schema_place *place);
/* trigger: the member that needs the missing one, or NULL. */
bool ev_schema_report_missing(struct ev_schema_judge *j, const struct ev_schema_name *name,
			      const struct ev_schema_name *trigger,
			      const struct ev_schema_place *place);
/*
 * The value fits none of the schemas. Besides saying so, adds the reasons of the nearest, that is,
 * of the one with the fewest among those that allow a value of this type.
 */
bool ev_schema_report_none(struct ev_schema_judge *j, const struct ev_schema *const *list,
			   uint32_t n, const char *keyword, uint32_t i,
			   const struct ev_schema_place *place);
bool ev_schema_report_not(struct ev_schema_judge *j, const struct ev_schema *no, uint32_t i,
			  const struct ev_schema_place *place);
bool ev_schema_report_false(struct ev_schema_judge *j, uint32_t i,
			    const struct ev_schema_place *place, const char *keyword);

#endif

/*
 * jschema_impl: the compiled form of JSON Schemas, which jschema*.c share and nobody else sees.
 * Floor 6.
 *
 *   jschema.c          whether values fit compiled schemas
 *   jschema_flat.c     schemas for the same object made one flat program
 *   jschema_run.c      whether objects fit such a program
 *   jschema_accept.c   scalars told at a glance
 *   jschema_explain.c  why they do not
 *   jschema_promise.c  what is sure of values that fit
 *   jschema_compile.c  compiles: keywords into the structs here
 *   jschema_keyword.c  the keywords, and what their values have to be
 *   jschema_loop.c     schemas that lead back to themselves
 *   jschema_load.c     the set: files, $id, $anchor and what a $ref leads to
 *   jschema_uri.c      URIs
 *   jschema_format.c   format
 *   jschema_dialect.c  $schema: drafts and vocabularies
 *   jschema_meta.c     the metaschemas
 *
 * All of it lies in the set's arena, but for the texts and tables of documents.
 */
#ifndef EV_JSCHEMA_IMPL_H
#define EV_JSCHEMA_IMPL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/lookup.h"
#include "base/status.h"
#include "schema/schema.h"
#include "regex/regex.h"
#include "scan/scan.h"

struct js_slice {
	const char *p;
	size_t len;
};

enum js_draft {
	JS_DRAFT_4,
	JS_DRAFT_6,
	JS_DRAFT_7,
	JS_DRAFT_2019, /* 2019-09 */
	JS_DRAFT_2020, /* 2020-12 */
	JS_DRAFTS
};

/* Sets of them: 1 << draft. */
enum {
	JS_ALL_DRAFTS = (1 << JS_DRAFTS) - 1,
	JS_UP_TO_2019 = (1 << JS_DRAFT_2020) - 1,
	JS_UP_TO_7 = (1 << JS_DRAFT_2019) - 1,
	JS_FROM_6 = JS_ALL_DRAFTS & ~((1 << JS_DRAFT_6) - 1),
	JS_FROM_7 = JS_ALL_DRAFTS & ~((1 << JS_DRAFT_7) - 1),
	JS_FROM_2019 = JS_ALL_DRAFTS & ~JS_UP_TO_7,
};

/*
 * Vocabularies; a keyword counts only if its own is among them. Those of a schema are all, unless
 * its metaschema says otherwise in $vocabulary. JS_FORMAT: format is asserted.
 */
enum {
	JS_UNKNOWN = 0, /* yet */
	JS_CORE = 1,
	JS_APPLICATOR = 2,
	JS_UNEVALUATED = 4,
	JS_VALIDATION = 8,
	JS_META_DATA = 16,
	JS_FORMAT = 32,
	JS_CONTENT = 64,
	JS_ALL = 127,
};

struct js_dialect {
	enum js_draft draft;
	unsigned vocabularies;
};

/* Names and where they lead, by linear search if they are few, else hashed. */
struct js_name {
	const char *p;
	uint32_t len, hash;
	uint32_t bit; /* its number among those whose presence counts, or JS_NO_BIT */
	const struct ev_jschema
		*schema; /* of properties; NULL if the name stands in required alone */
};

enum { JS_NO_BIT = UINT32_MAX, JS_SEEN = 128, JS_FEW = 8 };

struct js_names {
	struct js_name *list;
	uint32_t n;
	uint32_t mask;	       /* of slots */
	uint64_t lengths;      /* 1 << length of each name; the last bit is for all from 63 on */
	const uint32_t *slots; /* NULL for few names; index + 1, 0 for none */
};

/* A number with at most 18 digits: mantissa / 10^scale. */
struct js_quick {
	int64_t mantissa;
	uint32_t scale;
	bool fits;
};

struct js_limit {
	struct js_slice text; /* NULL p: no such limit */
	struct js_quick quick;
};

enum js_bound {
	JS_MINIMUM,
	JS_EXCLUSIVE_MINIMUM,
	JS_MAXIMUM,
	JS_EXCLUSIVE_MAXIMUM,
	JS_MULTIPLE_OF,
	JS_BOUNDS
};

struct js_numbers {
	struct js_limit limits[JS_BOUNDS];
	bool only_positive; /* nothing more than a minimum of 0 */
};

struct js_strings {
	uint64_t min, max; /* code points */
	struct ev_regex *pattern;
	struct js_slice pattern_text;
	const struct js_format *format;
	const struct js_layout *layout; /* of the pattern or the format, or NULL */
};

struct js_constant {
	struct js_slice text; /* as in the schema */
	struct js_slice form; /* canonical; of numbers, arrays and objects */
	enum ev_kind kind;
};

/* The values of enum, or the one of const. */
struct js_values {
	uint32_t kinds; /* 1 << kind for null, false and true */
	struct js_names strings, forms;
	struct js_constant *list; /* all, in the schema's order */
	uint32_t n;
	bool numbers, composites;     /* there is such a one */
	const struct js_words *words; /* the strings, if there are some, or NULL */
};

struct js_arrays {
	uint64_t min, max;
	bool unique;
	const struct ev_jschema **prefix;
	uint32_t n_prefix;
	const struct ev_jschema *items;
	const struct ev_jschema *contains;
	bool contains_silent; /* what fits contains does not count as evaluated, as in 2019-09 */
	uint64_t min_contains, max_contains;
};

struct js_pattern {
	struct ev_regex *regex;
	struct js_slice text;
	const struct ev_jschema *schema;
};

struct js_dependent {
	uint32_t trigger; /* index into names */
	uint32_t *required;
	uint32_t n;
	const struct ev_jschema *schema;
};

struct js_objects {
	uint64_t min, max;
	struct js_names names;
	struct ev_symbol_map members; /* the same by the set's symbols: indices into names.list */
	uint32_t bits;
	uint64_t needed[JS_SEEN / 64]; /* of required, those below JS_SEEN */
	uint32_t *required;	       /* indices into names */
	uint32_t n_required;
	struct js_pattern *patterns;
	uint32_t n_patterns;
	const struct ev_jschema *additional, *property_names;
	struct js_dependent *dependents;
	uint32_t n_dependents;
};

/* Schemas for the same value. */
struct js_applied {
	const struct ev_jschema **all; /* of $ref and allOf */
	const struct ev_jschema **any, **one;
	uint32_t n_all, n_any, n_one;
	const struct ev_jschema *no, *when, *then, *otherwise;
	const char
		*dynamic; /* the anchor of a $dynamicRef that is looked for in the dynamic scope */
	const struct ev_jschema *fallback; /* and where it leads by the text alone */
};

enum { JS_INTEGER = 1 << 7, JS_ANY_TYPE = 0x7f };

enum js_state { JS_NEW, JS_QUEUED, JS_DONE };

struct ev_jschema {
	const struct ev_jschema *alias; /* a lone $ref: where it leads */
	uint8_t types;			/* 1 << kind, and JS_INTEGER */
	bool boolean, value;		/* a boolean schema, and which */
	bool leaf; /* it asks nothing of what is inside a value, and applies no other schema */
	const struct js_values *constant, *values;
	const struct js_numbers *numbers;
	const struct js_strings *strings;
	const struct js_arrays *arrays;
	const struct js_objects *objects;
	const struct js_applied *applied;
	struct js_flat *flat; /* what it asks of objects, with other schemas, as one program */
	const struct ev_jschema *unevaluated_items, *unevaluated_properties;
	const char *says; /* description, else title */

	struct ev_jschema_set *set;
	struct js_document *doc;
	struct js_resource *resource;
	uint32_t at; /* node of doc */
	enum js_state state;
	uint32_t visit; /* of the search for loops */
};

struct js_anchor {
	const char *name;
	size_t len;
	uint32_t at;
	bool dynamic;
};

/* What has a URI of its own: a document's top, or a subschema with $id. */
struct js_resource {
	const char *uri; /* absolute, without a fragment */
	struct js_document *doc;
	uint32_t at;
	struct js_dialect dialect;
	const char *rooted; /* the URI if its $id were meant from the folder at the top, or NULL */
	struct js_anchor *anchors;
	size_t n_anchors, cap_anchors;
	struct ev_symbols *anchor_names; /* by number less one, once there are more than few */
};

/* The members or elements of a large object or array. */
struct js_inside_index {
	struct ev_symbols *names; /* of an object: the number of a name less one is its place */
	uint32_t *values;
};

struct js_document {
	const char *name; /* for errors */
	char *text;
	struct ev_doc doc;
	struct ev_node *nodes;
	struct ev_jschema **compiled; /* one a node, NULL where none is */
	struct js_resource **begins;  /* one a node: what begins there, or NULL */
	struct js_inside_index *indices;
	size_t n_indices, cap_indices;
	struct ev_symbol_map indexed; /* by node and one: which of the indices is its own */
	const char *retrieved;	      /* the URI that it was got by: schema:///a/b.json */
	struct js_resource *top;
};

struct ev_jschema_set {
	char *root;	  /* the folder that JS_ROOT stands for; "" for the current one */
	char *map, *base; /* the folder that base stands for, which ends in a slash; or NULL */
	struct js_dialect dialect; /* of a schema without $schema */
	struct ev_arena arena;
	struct ev_scan *scan;	    /* of schemas */
	struct ev_symbols *symbols; /* of documents, or NULL */
	struct ev_symbol_map **maps;
	size_t n_maps, cap_maps;
	struct js_document **documents;
	size_t n_documents, cap_documents;
	struct js_resource **resources;
	size_t n_resources, cap_resources;
	struct ev_symbols *uris; /* that were added or asked for */
	uint32_t *by_uri;	 /* by their numbers,
			the place among resources of one that had it */
	size_t cap_by_uri;
	struct ev_regex **regexes;
	size_t n_regexes, cap_regexes;
	struct ev_jschema **queue; /* waiting to be compiled; done ones stay until all are */
	size_t n_queue, cap_queue;
	uint64_t n_schemas;   /* compiled so far */
	uint64_t n_cells;     /* of flat programs for several schemas at once */
	uint64_t n_steps;     /* of plans for documents of known shapes */
	const char **dynamic; /* the anchors of $dynamicRef */
	size_t n_dynamic, cap_dynamic;

	const char **lints; /* in the arena */
	size_t n_lints, cap_lints;

	/* what the evaluators work with, kept from record to record */
	struct ev_buf text, name, form;
	uint8_t *marks;
	size_t n_marks, cap_marks;
	struct ev_lookup elements;
	uint64_t seed;
};

/* jschema_uri.c */

/* The URI of the root folder; that of a file a/b.json in it is schema:///a/b.json. */
#define JS_ROOT "schema:///"

/* RFC 3986, appendix B. */
struct js_uri {
	struct js_slice scheme, authority, path, query, fragment;
	bool has_authority, has_query, has_fragment;
};

void js_uri_split(const char *p, size_t len, struct js_uri *u);
/* Whether it has more than a fragment. */
bool js_uri_beyond_fragment(const struct js_uri *u);
/*
 * Appends a path without its . and .. (RFC 3986, section 5.2.4). False if a .. reaches above the
 * top, which the RFC would drop.
 */
bool js_plain_path(const char *p, size_t len, struct ev_buf *out);
/*
 * The URI that `ref` means beside `base` (RFC 3986, section 5.2.2), without its fragment, in the
 * arena. NULL if it reaches above the root folder.
 */
const char *js_resolve(struct ev_jschema_set *set, const char *base, const struct js_uri *ref);
/* Without its percent escapes, in the arena. */
struct js_slice js_percent_decoded(struct ev_jschema_set *set, const char *p, size_t len);
/* The URI of a file: `folder`, which ends in a slash, and the path below it; in the arena. */
const char *js_file_uri(struct ev_jschema_set *set, const char *folder, const char *path);

/* jschema_format.c */

/* By what most texts of a format are told: by its layout, and what holds beyond, or otherwise. */
enum js_glance {
	JS_BY_LAYOUT,
	JS_BY_DATE,
	JS_BY_TIME,
	JS_BY_IPV4,
	JS_BY_URI,
	JS_BY_EMAIL,
	JS_BY_HOSTNAME,
};

struct js_format {
	const char *name;
	bool (*check)(const char *p, size_t len);
	const char *layout; /* the pattern of what most texts look like, or NULL */
	enum js_glance glance;
};

/* NULL for one that evkit does not assert. */
const struct js_format *js_format_find(const char *name, size_t len);

/* jschema_meta.c */

#define JS_URI_2020 "https://json-schema.org/draft/2020-12/schema"

struct js_metaschema {
	enum js_draft draft;
	const char *name, *uri;
};

extern const struct js_metaschema js_metaschemas[JS_DRAFTS];

/* Appends the JSON text. */
void js_metaschema_write(const struct js_metaschema *meta, struct ev_buf *out);

/* jschema_dialect.c */

/* The metaschema of a draft, or NULL if the URI is that of none. */
const struct js_metaschema *js_metaschema_find(const char *uri);
/* What the $schema at node `at` says of the schema around it. */
bool js_dialect_read(struct ev_jschema_set *set, struct js_document *doc, uint32_t at,
		     struct js_dialect *dialect, struct ev_error *err);

/* jschema_load.c */

/* An error at octet pos of the document: "file:line:column: ". Returns false. */
bool js_fail(const struct js_document *doc, uint32_t pos, struct ev_error *err, const char *fmt,
	     ...) EV_PRINTF(4, 5);
/*
 * What has this absolute URI, loaded if it is that of a file; *r is NULL if there is no such file
 * or the URI stands for none. False with the error of a file that cannot be read.
 */
bool js_resource_get(struct ev_jschema_set *set, const char *uri, struct js_resource **r,
		     struct ev_error *err);
/* Where the string at node `at` leads from a schema; *anchor is set if its fragment is one. */
struct ev_jschema *js_refer(struct ev_jschema *from, uint32_t at, const struct js_anchor **anchor,
			    struct ev_error *err);
const struct js_anchor *js_anchor_find(const struct js_resource *r, const char *name, size_t len);
/* Whether a $ref makes all other keywords of its schema count for nothing, as up to draft-07. */
bool js_ref_alone(const struct ev_doc *d, uint32_t schema, enum js_draft draft);
/* The name of the dynamic anchor that $recursiveAnchor is. */
#define JS_RECURSIVE "#"
/* A decoded string of the document, in the arena. */
struct js_slice js_text(struct js_document *doc, struct ev_jschema_set *set, uint32_t at);

/* jschema_compile.c */

/* The schema at a node, which is compiled with the queue if it is new. */
struct ev_jschema *js_at(struct js_resource *r, uint32_t at, struct ev_jschema_set *set);
bool js_compile_queue(struct ev_jschema_set *set, struct ev_error *err);
/* The map is freed with the set. */
void js_map_keep(struct ev_jschema_set *set, struct ev_symbol_map *map);

/* jschema_loop.c */

/* Whether no schema of the set applies itself to the value it is held against; else the error. */
bool js_loops_none(struct ev_jschema_set *set, struct ev_error *err);

/* jschema.c */

/* The resources that the evaluation has come through, for $dynamicRef. */
struct js_scope {
	const struct js_resource *resource;
	const struct js_scope *outer;
};

/* Bounds the stack: a level takes some 500 octets of it, and twice that with the sanitizers. */
enum { JS_DEPTH = 6000 };

/* One evaluation. */
struct js_judge {
	const struct ev_doc *d;
	struct ev_jschema_set *set;
	bool by_symbol; /* the document's names have the set's symbols */
	const struct js_scope *scope;
	uint32_t without; /* as given to ev_jschema_valid */
	uint32_t top;	  /* the object that it is absent from, or EV_NOWHERE */
	int depth;	  /* schemas applied one inside the other, on values or within values */
	int64_t left;	  /* schemas that may still be applied; below 0 nothing fits any more */
	bool deep;	  /* that is because depth has been above JS_DEPTH */
	struct ev_reasons *reasons; /* NULL unless it explains */
};

/*
 * Marks are one octet for each member or element of a value: whether a keyword has evaluated it,
 * which is what unevaluatedProperties and unevaluatedItems ask. They stand on a stack in the set
 * and are named by their offset; JS_NO_MARKS where nobody asks.
 */
#define JS_NO_MARKS SIZE_MAX

size_t js_marks_push(struct js_judge *j, uint32_t i);
void js_marks_pop(struct js_judge *j, size_t at);

/*
 * Schemas that refer back to themselves from several branches of an anyOf, say, can cost a power of
 * the value's depth; any others are applied to each value a few times at most.
 */
int64_t js_work(const struct ev_jschema_set *set, const struct ev_doc *d);

static inline struct js_judge js_judge_of(const struct ev_jschema *s, const struct ev_doc *d,
					  uint32_t at, uint32_t without)
{
	return (struct js_judge){.d = d,
				 .set = s->set,
				 .without = without,
				 .top = without != EV_NOWHERE ? at : EV_NOWHERE,
				 .left = js_work(s->set, d)};
}

/* One more schema is applied. */
static inline bool js_spend(struct js_judge *j)
{
	return --j->left >= 0;
}

bool js_fits(struct js_judge *j, const struct ev_jschema *s, uint32_t i, size_t marks);
/* All of them, where nobody asks for marks. */
bool js_all_fit(struct js_judge *j, const struct ev_jschema *const *list, uint32_t n, uint32_t i);
/* The same for all keywords but unevaluated*. */
bool js_keywords_fit(struct js_judge *j, const struct ev_jschema *s, uint32_t i, size_t marks);
/* The schema for what nothing else has evaluated in a value of this kind, or NULL. */
const struct ev_jschema *js_unevaluated(const struct js_judge *j, const struct ev_jschema *s,
					uint32_t i);
/* Where a $dynamicRef leads by the scope. */
const struct ev_jschema *js_dynamic_target(const struct js_judge *j, const struct js_applied *a);

/* Single keywords. */
bool js_type_fits(const struct js_judge *j, const struct ev_jschema *s, uint32_t i);
bool js_is_among(struct js_judge *j, const struct js_values *v, uint32_t i);
bool js_within(const char *p, size_t len, const struct js_quick *q, const struct js_limit *l,
	       enum js_bound bound);
bool js_long_enough(const struct js_strings *t, const char *p, size_t len);
bool js_short_enough(const struct js_strings *t, const char *p, size_t len);
/* Whether two elements are equal, and which: *a before *b. */
bool js_equal_elements(struct js_judge *j, uint32_t i, uint32_t *a, uint32_t *b);

/* A member's name, decoded; valid until the next. */
const char *js_member_name(struct js_judge *j, uint32_t i, size_t *len);
/* The number of members, without the one that counts as absent. */
static inline uint64_t js_members(const struct js_judge *j, uint32_t i)
{
	return j->d->nodes[i].count - (uint64_t)(i == j->top);
}
/*
 * Which of the names whose presence counts were seen: a bit each for the first JS_SEEN, and for the
 * others a byte each, which stand among the marks.
 */
struct js_presence {
	uint64_t bits[JS_SEEN / 64];
	size_t more;
};

struct js_presence js_presence_begin(struct js_judge *j, const struct js_objects *o);
void js_presence_end(struct js_judge *j, const struct js_objects *o, struct js_presence *p);

static inline void js_see(const struct js_judge *j, const struct js_name *name,
			  struct js_presence *p)
{
	if (name->bit < JS_SEEN)
		p->bits[name->bit / 64] |= 1ULL << name->bit % 64;
	else if (name->bit != JS_NO_BIT)
		j->set->marks[p->more + name->bit - JS_SEEN] = 1;
}

/* name: of bit != JS_NO_BIT. */
static inline bool js_seen(const struct js_judge *j, const struct js_name *name,
			   const struct js_presence *p)
{
	if (name->bit < JS_SEEN)
		return (p->bits[name->bit / 64] >> name->bit % 64 & 1) != 0;
	return j->set->marks[p->more + name->bit - JS_SEEN] != 0;
}

const struct js_name *js_names_find(const struct js_names *t, const char *p, size_t len);
uint32_t js_name_hash(const char *p, size_t len);
struct js_quick js_quick_read(const char *p, size_t len);

#endif

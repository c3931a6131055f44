/*
 * schema: JSON Schema, compiled once and held against scanned records. Floor 7.
 *
 * The room lib/schema knows JSON Schema and nothing of events or models.
 *
 * Drafts 2020-12, 2019-09, 07, 06 and 04, as $schema says; all of them become the same program.
 *
 * A set owns every schema compiled in it and the files that they name by $ref. References reach
 * files in or below the set's root folder and never the network; a symbolic link that leads out of
 * the folder is not followed. ev_schema_valid stops at the first failure, ev_schema_explain
 * adds every reason; their verdicts agree. A set serves one judgement at a time.
 */
#ifndef EV_SCHEMA_H
#define EV_SCHEMA_H

#include "record/reason.h"
#include "json/path.h"

struct ev_schema_set;
struct ev_schema; /* one compiled schema, owned by its set */

/* root: the folder of the model. */
struct ev_schema_set *ev_schema_set_new(const char *root);
void ev_schema_set_free(struct ev_schema_set **set);

/*
 * Settings of a set, before its first schema.
 *
 * symbols: those of the scanner of the documents that will be held against them; then members are
 * found by their names' numbers. Documents of other scanners are right too, and slower.
 * formats: whether `format` is asserted, as it is by default, where no metaschema decides it by the
 * vocabularies that it declares.
 * draft: what a schema without $schema is of: "2020-12" (the default), "2019-09", "draft-07",
 * "draft-06" or "draft-04". False if it is none of these.
 * map: the URI `base` stands for the folder, and all below it for what is below; the root of the
 * set is the folder itself if base is NULL. False with the error if there is no such folder, or
 * base is no absolute URI.
 */
void ev_schema_set_symbols(struct ev_schema_set *set, struct ev_symbols *symbols);
void ev_schema_set_formats(struct ev_schema_set *set, bool asserted);
bool ev_schema_set_draft(struct ev_schema_set *set, const char *name);
bool ev_schema_set_map(struct ev_schema_set *set, const char *folder, const char *base,
		       struct ev_error *err);

/*
 * A file, its path relative to the root; the same file is compiled once. NULL with the error, which
 * has file:line:column of the place in the schema.
 */
const struct ev_schema *ev_schema_file(struct ev_schema_set *set, const char *path,
				       struct ev_error *err);
/* A schema given as text; name stands for its file in errors and $ref is relative to the root. */
const struct ev_schema *ev_schema_text(struct ev_schema_set *set, const char *name,
				       const char *text, size_t len, struct ev_error *err);

/*
 * Warnings about the schemas that were compiled, one line each, or NULL behind the last: members
 * that are no keywords but likely meant to be. The first 20.
 */
const char *ev_schema_set_lint(const struct ev_schema_set *set, size_t i);

/*
 * Holds value `at` of the document against the schema. If `without` is not EV_NOWHERE it is the
 * node of a member's value at the top of `at`, and that member counts as absent (the reserved
 * "_ev").
 */
bool ev_schema_valid(const struct ev_schema *s, const struct ev_doc *d, uint32_t at,
		     uint32_t without);
/*
 * Adds every reason why it fails: path, keyword, message, and explain from the nearest
 * "description" (or "title") around the failing keyword. Adds nothing if it is valid.
 */
void ev_schema_explain(const struct ev_schema *s, const struct ev_doc *d, uint32_t at,
		       uint32_t without, struct ev_reasons *reasons);

/* Whether a text, decoded, is of a format, by its name in JSON Schema; false if none has it. */
bool ev_schema_format_is(const char *format, const char *p, size_t len);

/* What is guaranteed of a value. */
struct ev_promise {
	unsigned kinds;	  /* 1 << enum ev_kind of those that it may have */
	uint64_t longest; /* a string: code points at most, UINT64_MAX if any, */
	bool no_nul;	  /* no U+0000 in it, */
	bool uuid, date;  /* and it is one, by its format */
	bool int64;	  /* a number: an integer of 64 bits */
};

/*
 * What the schema promises of values at a path in all documents that are valid by it (and in which
 * no member on that path was said to count as absent). list: NULL, or the path of values from which
 * the other one goes on. Only keywords beside each other, $ref and allOf are read; more
 * may hold.
 */
struct ev_promise ev_schema_promise(const struct ev_schema *s, const struct ev_path *list,
				    const struct ev_path *path);

#endif

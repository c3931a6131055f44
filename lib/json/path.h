/*
 * path: places in a document, as plain jq paths. Floor 3.
 *
 *   .  .a.b  ."odd name"  .["a"]  .a[0]  .a[-1]  .items[].price  $item.sku  $index
 *
 * A path finds nothing in null or in a value of another kind; whether it led through another kind,
 * which jq would refuse, ev_path_is_open says. A [] goes through arrays alone.
 */
#ifndef EV_PATH_H
#define EV_PATH_H

#include "base/buf.h"
#include "base/status.h"
#include "scan/scan.h"

enum ev_root { EV_ROOT_EVENT, EV_ROOT_ITEM, EV_ROOT_INDEX };

enum ev_step_kind { EV_STEP_NAME, EV_STEP_INDEX, EV_STEP_EACH };

struct ev_step {
	enum ev_step_kind kind;
	char *name; /* decoded, NUL behind it */
	size_t len;
	int64_t index;
	uint32_t symbol; /* of the name, where the path is bound */
};

struct ev_path {
	char *text; /* as written */
	enum ev_root root;
	uint32_t
		computed; /* the number of an expression whose value it begins at (computed.h); 0 */
	struct ev_step *steps;
	size_t n;
	bool many;		    /* has a [] */
	const struct ev_path *when; /* of a filter: it leads nowhere where that does not take */
	const struct ev_symbols *symbols; /* that it is bound to, or NULL */
};

/* NULL, with what is wrong (no position), if text is no path. computed is then 0. */
struct ev_path *ev_path_parse(const char *text, struct ev_error *err);
void ev_path_free(struct ev_path **path);

/*
 * From then on names are found by their symbols in documents with these, which are borrowed, and by
 * their bytes in others. To be called before the first such document is scanned.
 */
void ev_path_bind(struct ev_path *path, struct ev_symbols *symbols);

/* The value at the path from value `from`, or EV_NOWHERE. Not for paths with []. */
uint32_t ev_path_get(const struct ev_path *path, const struct ev_doc *d, uint32_t from);

/* The same, where the first steps are taken already. */
uint32_t ev_path_from(const struct ev_path *path, size_t step, const struct ev_doc *d,
		      uint32_t from);

struct ev_found {
	uint32_t *at;
	size_t n, cap;
};

/* All values at the path, in the order of the text. Free found->at when done with it. */
void ev_path_all(const struct ev_path *path, const struct ev_doc *d, uint32_t from,
		 struct ev_found *found);

/* The same, where the first steps are taken already. */
void ev_path_all_from(const struct ev_path *path, size_t step, const struct ev_doc *d,
		      uint32_t from, struct ev_found *found);

/* The kind of value in which a step finds something. */
static inline enum ev_kind ev_step_asks(const struct ev_step *s)
{
	return s->kind == EV_STEP_NAME ? EV_OBJECT : EV_ARRAY;
}
/*
 * Whether every value that the path leads through, from value `from` on, is of the kind that the
 * next step asks for, or null or absent. report, if not NULL, is called for each that is not.
 */
typedef void ev_path_report(void *ctx, uint32_t at, const struct ev_step *s);
bool ev_path_is_open(const struct ev_path *path, const struct ev_doc *d, uint32_t from,
		     ev_path_report *report, void *ctx);

/* Appends the JSON Pointer (RFC 6901) to value i, and that of a path without []. */
void ev_pointer(const struct ev_doc *d, uint32_t i, struct ev_buf *out);
void ev_path_pointer(const struct ev_path *path, struct ev_buf *out);

/* Appends a name as a step: .total, or with its quotes where it needs them, ."order id". */
void ev_path_put_name(const char *name, size_t len, struct ev_buf *out);
/* Appends the steps of a path in canonical spelling; nothing for the root itself. */
void ev_path_steps(const struct ev_path *path, struct ev_buf *out);

/*
 * Whether the filter, an expression's value, takes value `from`: null, false and none do not. An
 * event is taken by a filter of elements if it takes one of them.
 */
bool ev_path_takes(const struct ev_path *when, const struct ev_doc *d, uint32_t from);

/* Whether both paths have the same root, steps and filter. */
bool ev_path_same(const struct ev_path *a, const struct ev_path *b);
/* The same, whatever filters them. */
bool ev_path_same_steps(const struct ev_path *a, const struct ev_path *b);

#endif

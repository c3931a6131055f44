/*
 * expr: jq over a scanned record: predicates and values. Floor 4.
 *
 * The room lib/expr compiles and runs the predicates that rules and conditions are written in, and
 * the expressions that stand where a path to a value can.
 *
 * The common forms are compiled natively and work on the record as scanned; where they compare or
 * compute with numbers they do it in exact decimal. Native are:
 *
 *   . .a ."a" .["a"] .[0] .[-1] .[.b] .[] and `?`  |  ,  //  and or  == != < <= > >=  + - *
 *   unary -  literals, "a\(.b)", [ ], { }, if, as $x, reduce with one state at a time
 *   add all any ascii_downcase ascii_upcase contains empty endswith error("text") first fromdate
 *   fromjson group_by has in IN inside isempty join keys keys_unsorted last length ltrimstr map max
 *   max_by min min_by not rtrimstr select sort sort_by split("text") startswith to_entries todate
 *   tojson tonumber tostring type unique unique_by utf8bytelength
 *   arrays booleans iterables nulls numbers objects scalars strings values
 *
 * So is test("re"; "flags") on a text of ASCII, where PCRE2 is known to agree (regex.c).
 *
 * Any other function, a format such as @base64 and a slice such as [0:3] run in libjq on the value
 * that they are given; what stands around them stays native. Every other text runs in libjq as a
 * whole (jq.h). libjq holds numbers as doubles, so it is asked only about those that a double
 * holds exactly and that libjq spells as they stand (integers up to 2^53; 0.5, 2.25): another in
 * the value, or the record, is EV_CANNOT. An arithmetic that only libjq could do, and a constant
 * that it would change, are refused when it is compiled. An author who says `floating` takes
 * doubles. What depends on more than the record is refused in any case: input, now, env ... libjq
 * starts only when the first such text is compiled.
 *
 * An ordering comparison (< <= > >=) of a number with a string or null is an error, in libjq too.
 * A predicate that assigns (=, |=, += ...) is refused.
 *
 * Truth is jq's: a predicate holds if it has at least one output and none is false or null. The
 * first that is false or null ends it.
 *
 * Semantics are those of jq 1.6, but for what its manual says otherwise: `?` catches no error of
 * what stands behind it, all() and any() ask for no further element once they are decided, and
 * tonumber and fromjson read JSON alone, todate keeps fractions, and fromdate reads any date-time
 * of RFC 3339 with a zone. * multiplies numbers alone.
 *
 * A native evaluation ends with EV_CANNOT when it has done far more work than a record of its size
 * gives cause for, or when a number outgrows EV_DEC_DIGITS; `?` does not catch that. It takes no
 * memory from the system once it is warm, unless it needs more than 256 KiB or meets escaped names
 * or very long numbers. The record has no duplicate names.
 */
#ifndef EV_EXPR_H
#define EV_EXPR_H

#include "base/buf.h"
#include "base/status.h"
#include "scan/scan.h"

struct ev_expr;

/* NULL, with the error (no position), if the text is no predicate that evkit can run. */
struct ev_expr *ev_expr_compile(const char *text, bool floating, struct ev_error *err);
/*
 * The same of an expression that stands in the place of a path to one value. item: it may use the
 * names below.
 */
struct ev_expr *ev_expr_compile_value(const char *text, bool item, struct ev_error *err);
void ev_expr_free(struct ev_expr **e);
/*
 * Whether a program for libjq (jq.h) depends on its input alone, and is none that asks for the
 * clock, the environment or other inputs. False, with the error, if not.
 */
bool ev_expr_is_closed(const char *text, struct ev_error *err);
/* Whether it needs no libjq. */
bool ev_expr_is_native(const struct ev_expr *e);
/* Whether a value's expression uses a name of an element. */
bool ev_expr_is_of_item(const struct ev_expr *e);
/* A warning about it as a predicate, to stand behind "the rule"; or NULL. */
const char *ev_expr_lint(const struct ev_expr *e);

/*
 * Calls fn with each path of a native expression that leads from the record: .a, .items[].b ...
 * whole: again, with one whose value goes into the outcome with all that is in it; "" is the
 * record.
 * item: the path that $item stands for, or NULL. None where libjq runs it all.
 */
typedef void ev_expr_path(void *ctx, const char *path, bool whole);
void ev_expr_paths(const struct ev_expr *e, const char *item, ev_expr_path *fn, void *ctx);
/* Whether libjq runs it all. */
bool ev_expr_is_foreign(const struct ev_expr *e);

/*
 * From then on names are found by symbols and member ids in documents of this scanner, which is
 * borrowed. To be called before the first such document is scanned.
 */
void ev_expr_bind(struct ev_expr *e, struct ev_scan *scan);

enum ev_truth {
	EV_HOLDS,
	EV_FAILS,
	EV_CANNOT, /* an error while it ran, such as "a" * 2 */
};

/* On value `at` of the document. why: of EV_CANNOT alone, one line of UTF-8. */
enum ev_truth ev_expr_test(struct ev_expr *e, const struct ev_doc *d, uint32_t at,
			   struct ev_buf *why);

/*
 * For a record that fails: the sign of the comparison that failed, and its sides as JSON. NULL
 * where none is known: libjq runs it all, or something else than a comparison failed.
 */
const char *ev_expr_compared(struct ev_expr *e, const struct ev_doc *d, uint32_t at,
			     struct ev_buf *left, struct ev_buf *right);

/* Where the names $item, $parent, $index and $parent_index of an expression stand. */
struct ev_expr_item {
	uint32_t item, parent;	     /* nodes; parent may be EV_NOWHERE, which is null */
	int64_t index, parent_index; /* the latter null without a parent */
};

/* A value of the document; or EV_NOWHERE, and a JSON text. Zero-initialise it, and free `made`. */
struct ev_expr_output {
	uint32_t node;
	const char *json; /* in the document's text, as a number in a string there, or in `made` */
	size_t len;
	struct ev_buf made;
};

/*
 * The one output of an expression on value `at` of the document; valid until the next call. EV_EOF:
 * it has none. EV_REJECT: an error while it ran, or more than one output; why is one line of UTF-8.
 * item: NULL outside of a list.
 */
enum ev_status ev_expr_value(struct ev_expr *e, const struct ev_doc *d, uint32_t at,
			     const struct ev_expr_item *item, struct ev_expr_output *out,
			     struct ev_buf *why);

#endif

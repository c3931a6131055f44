/*
 * internal: what the files of expect share. Floor 7.
 *
 * Each kind of expectation is a row of a table: its name, its arguments, and its operations. The
 * rest is done for all of them: columns, rows and conditions by step.c, samples by sample.c,
 * results by result.c, the state by state.c.
 *
 * The files stand on floors of their own: sample, value, argument, judge; then one file a family of
 * kinds (row, multi, order, unique, total, table, set, sketched, partition); then read, step,
 * state, result; then expect.
 */
#ifndef EV_EXPECT_INTERNAL_H
#define EV_EXPECT_INTERNAL_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/lookup.h"
#include "expect/expect.h"
#include "expr/expr.h"
#include "model/yaml.h"
#include "number/decimal.h"
#include "record/position.h"
#include "json/path.h"
#include "json/plan.h"
#include "json/view.h"
#include "json/write.h"

#include <stdlib.h>

enum {
	EXPECT_SAMPLE = 20,	 /* the most unexpected values shown */
	EXPECT_SHOWN = 200,	 /* bytes of each */
	EXPECT_MAX_COLUMNS = 64, /* of one expectation */
	EXPECT_MAX_SET = 10000,	 /* values of a set */
	EXPECT_LISTED = 100,	 /* distinct values in a result */
	EXPECT_DIGITS = 20,	 /* significant digits of a mean and a deviation */
	EXPECT_REMEMBERED = 64,	 /* short values whose answer is remembered */
};

/* Values of a path: one in each record, or as many as the list has elements. */
struct ev_expect_column {
	struct ev_path *path;
	struct ev_path each, tail; /* parts of path, where it goes through a list */
	struct ev_each *list;	   /* what it is found in, or NULL where there is one value */
	struct ev_containers
		containers; /* of the first column of a list: from an element, of all of them */
	uint32_t slot;
	/* of the record in hand: n nodes, or EV_NOWHERE, each `stride` behind the last */
	const uint32_t *at;
	size_t n, stride;
};

/* The record in hand. */
struct ev_expect_frame {
	const struct ev_doc *d;
	const struct ev_event *event;
	const struct ev_record *rec;
	uint64_t element;	/* of a list: which of its elements the row in hand is */
	struct ev_position pos; /* source is NULL until it is asked for */
	struct ev_locator *locator;
	enum ev_status status; /* EV_FATAL once something failed */
	struct ev_error *err;
};

enum ev_expect_limit_kind { LIMIT_NONE, LIMIT_NUMBER, LIMIT_TIME, LIMIT_TEXT };

struct ev_expect_limit {
	enum ev_expect_limit_kind kind;
	char *text;
	size_t len;
	struct ev_time time;
};

struct ev_expect_range {
	struct ev_expect_limit min, max;
	bool strict_min, strict_max;
};

/* Values by their canonical form. */
struct ev_expect_values {
	struct ev_expect_known {
		char *text; /* canonical JSON */
		size_t len;
		char *shown; /* JSON as it was given */
	} * list;
	size_t n;
	struct ev_lookup table; /* of the list */
};

/* A value and its place. */
struct ev_expect_sampled {
	struct ev_position pos;
	uint64_t element;    /* of a list in the record */
	struct ev_buf value; /* JSON */
};

/* The earliest of what was unexpected, in order. */
struct ev_expect_sample {
	struct ev_expect_sampled list[EXPECT_SAMPLE];
	size_t n;
};

struct ev_expect;
struct ev_suite;
struct ev_expect_opening;

/*
 * Takes a row: the nodes of its columns, none for a kind of whole records. False if it is not as
 * expected; then it is counted and sampled. Failures go to f->status.
 */
typedef bool ev_expect_take(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at);

/* What a kind does. Any may be NULL. */
struct ev_expect_ops {
	size_t own; /* bytes of e->own, zeros when open is called; it is freed after close */
	bool (*open)(struct ev_expect *e, struct ev_expect_opening *o);
	/* Rows that are missing, by ignore_row_if, are left out. NULL: rows are only counted. */
	ev_expect_take *take;
	bool of_records; /* takes each record once, whatever its columns */
	bool remembers;	 /* the answer depends on the value alone, and is costly */
	bool presence;	 /* takes, of all rows, those that are there; with e->negate the others */
	/* NULL: the share of unexpected rows decides. Appends the members of `result`. */
	void (*judge)(struct ev_expect *e, struct ev_buf *result);
	/* Append members to a line of state; add those of another run. Both or none. */
	void (*write)(const struct ev_expect *e, struct ev_buf *out);
	bool (*merge)(struct ev_expect *e, const struct ev_doc *d);
	/* State of many lines, all or none: completes the counts, and writes the lines to put; */
	enum ev_status (*finish)(struct ev_expect *e, size_t index, ev_suite_put *put, void *ctx,
				 struct ev_error *err);
	/* adds such a line; */
	enum ev_status (*merge_line)(struct ev_expect *e, const struct ev_doc *d,
				     struct ev_error *err);
	/* whether as many values were added as the counts have. */
	bool (*is_whole)(const struct ev_expect *e);
	void (*close)(struct ev_expect *e);
};

struct ev_expect_kind {
	const char *name;
	const char *arguments; /* by name, "*" behind those that must be given */
	const struct ev_expect_ops *ops;
};

enum ev_expect_severity { SEVERITY_CRITICAL, SEVERITY_WARNING, SEVERITY_INFO };
enum ev_expect_ignore { IGNORE_ALL_MISSING, IGNORE_ANY_MISSING, IGNORE_NEVER };

/* The remembered answer for a short value. */
struct ev_expect_remembered {
	uint64_t head, tail; /* its first and its last bytes */
	uint32_t len;	     /* 0: the slot is free */
	bool good;
};

/* What was counted. */
struct ev_expect_counts {
	uint64_t elements, missing, unexpected;
	uint64_t undecided; /* records whose row_condition could not be evaluated */
	uint64_t misfits;   /* values that the kind cannot compute with */
	uint64_t met;	    /* 1: a record came that its condition, if it has one, holds for */
};

struct ev_expect {
	const struct ev_expect_kind *kind;
	const struct ev_expect_ops *ops; /* the kind's */
	ev_expect_take *take;		 /* the kind's, or what asks it only for new values */
	struct ev_suite *suite;
	char *kwargs, *meta;		/* JSON */
	char *id, *notes, *description; /* JSON or NULL */
	enum ev_expect_severity severity;
	struct ev_place place;
	struct ev_expect_condition *condition; /* or NULL */
	size_t columns[EXPECT_MAX_COLUMNS];
	size_t n_columns;
	struct ev_presence_paths asks; /* of its columns */

	/* arguments that many kinds have */
	struct ev_expect_range range;
	struct ev_expect_values set;
	char *mostly; /* a number; NULL for 1 */
	enum ev_expect_ignore ignore;
	bool negate, strict;			 /* by kind */
	struct ev_expect_remembered *remembered; /* EXPECT_REMEMBERED of them, or NULL */
	void *own;				 /* the kind's arguments and state, or NULL */

	struct ev_expect_counts n;
	const char *misfit; /* what misfits are */
	struct ev_expect_sample sample;

	/* the verdict */
	enum ev_outcome outcome;
	bool approximate;
	struct ev_buf error;	 /* why the outcome is uncertain, for people */
	struct ev_buf result;	 /* JSON */
	struct ev_buf histogram; /* JSON, or empty */
};

/* A row_condition. Equal ones are one, and evaluated once a record. */
struct ev_expect_condition {
	char *text;
	struct ev_expr *expr;
	enum ev_truth truth;
	struct ev_presence_paths asks;
	uint64_t record; /* that truth is of */
	struct ev_expect_condition *next;
};

struct ev_suite {
	char *name, *file, *root;
	struct ev_suite_options options;
	struct ev_expect *list;
	size_t n;
	size_t n_sorting; /* expectations that share options.memory */
	struct ev_expect_column *columns;
	size_t n_columns;
	struct ev_containers containers; /* that columns' paths lead through, from the event */
	struct ev_plans plans;		 /* by shape */
	struct ev_expect_plan *made;	 /* all of them; they are the scanner's */
	const struct ev_event *event;	 /* that a plan is made of */
	struct ev_expect_condition *conditions;
	struct ev_schema_set *schemas; /* or NULL */
	struct ev_presence *presence;  /* borrowed; or NULL */
	uint64_t records;
	size_t merged;	       /* lines of the state that is read, one an expectation */
	struct ev_arena arena; /* of one row, or of one judgement */
	struct ev_buf scratch, shown, key;
	struct ev_scan *scan;
	struct ev_locator *locator;
};

static inline const struct ev_expect_column *ev_expect_column_of(const struct ev_expect *e,
								 size_t i)
{
	return &e->suite->columns[e->columns[i]];
}

/* EV_NOWHERE and null are missing. */
static inline bool ev_expect_is_missing(const struct ev_doc *d, uint32_t at)
{
	return at == EV_NOWHERE || ev_kind(d, at) == EV_NULL;
}

/* Values that are neither missing nor misfits. */
static inline uint64_t ev_expect_present(const struct ev_expect_counts *n)
{
	return n->elements - n->missing - n->misfits;
}

/* sample.c */
const struct ev_position *ev_expect_position(struct ev_expect_frame *f);
/* Appends a value for people: its JSON, or the beginning of that, as a text, where it is long. */
void ev_expect_show_value(const struct ev_doc *d, uint32_t at, struct ev_buf *out);
/* By place, then by value: one place may come twice, through its origin or out of two states. */
int ev_expect_sampled_compare(const struct ev_expect_sampled *a, const struct ev_expect_sampled *b);
/* s is zero, or was set; everything is copied. */
void ev_expect_sampled_set(struct ev_expect_sampled *s, const struct ev_position *pos,
			   uint64_t element, const char *value, size_t len);
void ev_expect_sampled_free(struct ev_expect_sampled *s);
/* Writes position, element and value to a list; reads them from one, behind `skip` scalars. */
void ev_expect_sampled_write(const struct ev_expect_sampled *s, struct ev_buf *out);
bool ev_expect_sampled_read(const struct ev_doc *d, uint32_t list, uint32_t skip,
			    struct ev_expect_sampled *s);
void ev_expect_sample_add(struct ev_expect_sample *s, const struct ev_expect_sampled *x);
void ev_expect_sample_write(const struct ev_expect_sample *s, struct ev_buf *out);
bool ev_expect_sample_merge(struct ev_expect_sample *s, const struct ev_doc *d, uint32_t at);
void ev_expect_sample_free(struct ev_expect_sample *s);
/* Counts a row as unexpected, and samples it. */
void ev_expect_count_unexpected(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at);

/* value.c */
enum { NOT_A_VALUE = -1 };
/* The index of a value, as canonical JSON, in the list, or NOT_A_VALUE. */
long ev_expect_values_find_text(const struct ev_expect_values *v, const char *p, size_t len);
/* The same of a node's value. */
long ev_expect_values_find(const struct ev_expect_values *v, const struct ev_doc *d, uint32_t at,
			   struct ev_buf *scratch);
/* Adds a value, in JSON, unless it is there already. */
void ev_expect_values_add(struct ev_expect_values *v, const char *json, size_t len);
void ev_expect_values_free(struct ev_expect_values *v);
/* The canonical form of a node's value; it lies in the document or in scratch. */
const char *ev_expect_canonical_of(const struct ev_doc *d, uint32_t at, struct ev_buf *scratch,
				   size_t *len);
/* What a row is equal by: its value's canonical form, or a list of those of several columns. */
const char *ev_expect_row_key(struct ev_expect *e, const struct ev_doc *d, const uint32_t *at,
			      size_t *len);
/*
 * Counts in counts[i] what is the i-th value of the set, and gives the rest to `other`: its
 * canonical form, and the text by which it is shown.
 */
typedef void ev_expect_other(void *own, const char *form, size_t len, const char *shown,
			     size_t shown_len);
void ev_expect_values_count(struct ev_expect *e, const struct ev_doc *d, uint32_t at,
			    uint64_t *counts, ev_expect_other *other);
/* Appends "name":[...] of counts; adds those of a line of state to counts and to *sum. */
void ev_expect_counts_write(struct ev_buf *out, const char *name, const uint64_t *counts, size_t n);
bool ev_expect_counts_merge(const struct ev_doc *d, const char *name, uint64_t *counts, size_t n,
			    uint64_t *sum);
/* The number of values, neither missing nor misfits, that a line of state is of. */
uint64_t ev_expect_present_in(const struct ev_doc *d);
/* The list or object of that name in a line of state, or EV_NOWHERE. */
uint32_t ev_expect_state_member(const struct ev_doc *d, const char *name, enum ev_kind kind);
void ev_expect_limit_free(struct ev_expect_limit *l);
bool ev_expect_read_moment(const char *p, size_t len, struct ev_time *t);
/* Compares two texts: as times if both are, else by their bytes. */
int ev_expect_texts_compare(const char *a, size_t a_len, const char *b, size_t b_len);
/* Compares two values of one kind that is not LIMIT_NONE. */
int ev_expect_limits_compare(const struct ev_expect_limit *a, const struct ev_expect_limit *b);
/* A node's value as one of that kind, its text borrowed from d or scratch. False if it is none. */
bool ev_expect_limit_at(enum ev_expect_limit_kind kind, const struct ev_doc *d, uint32_t at,
			struct ev_buf *scratch, struct ev_expect_limit *l);
/* True if a value, of the kind of the range's limits, lies in it. */
bool ev_expect_is_within(const struct ev_expect_range *r, const struct ev_expect_limit *l);
/* Orders pointers to texts, for qsort. */
int ev_expect_by_text(const void *a, const void *b);

/* argument.c: opening with its arguments. Errors bear the argument's place. */
struct ev_expect_opening {
	struct ev_suite *suite;
	const char *file;
	const struct ev_yaml *kwargs; /* the map */
	const struct ev_yaml *at;     /* the expectation's name */
	struct ev_error *err;
};

bool ev_expect_opening_fail(struct ev_expect_opening *o, const struct ev_yaml *at, const char *fmt,
			    ...) EV_PRINTF(3, 4);
bool ev_expect_is_null(const struct ev_yaml *y);
/* NULL if it is not given, or null. */
const struct ev_yaml *ev_expect_argument(const struct ev_expect_opening *o, const char *name);
/* Each leaves *out as it was if the argument is not given. */
bool ev_expect_argument_count(struct ev_expect_opening *o, const char *name, uint64_t *out);
bool ev_expect_argument_bool(struct ev_expect_opening *o, const char *name, bool *out);
bool ev_expect_argument_word(struct ev_expect_opening *o, const char *name,
			     const char *const *words, int *out);
bool ev_expect_argument_set(struct ev_expect_opening *o, const char *name,
			    struct ev_expect_values *out);
bool ev_expect_argument_limit(struct ev_expect_opening *o, const char *name,
			      struct ev_expect_limit *out);
/* As the above, of a node that is there; what: its name in messages. */
bool ev_expect_word_of(struct ev_expect_opening *o, const struct ev_yaml *y, const char *what,
		       const char *const *words, int *out);
bool ev_expect_number_of(struct ev_expect_opening *o, const struct ev_yaml *y, const char *what,
			 char **out);
bool ev_expect_limit_of(struct ev_expect_opening *o, const struct ev_yaml *y, const char *what,
			struct ev_expect_limit *out);
/* A number from 0 to 1. */
bool ev_expect_share_of(struct ev_expect_opening *o, const struct ev_yaml *y, const char *what,
			char **out);
/* Adds the elements of a list. */
void ev_expect_values_of(const struct ev_yaml *list, struct ev_expect_values *out);
/* names: ended by NULL. */
bool ev_expect_is_among(const char *const *names, const char *name);
/* True if the limits, where they are given, are numbers. */
bool ev_expect_range_is_of_numbers(const struct ev_expect_range *r);
/* For open: the same, or an error. */
bool ev_expect_limits_are_numbers(struct ev_expect *e, struct ev_expect_opening *o);

/*
 * judge.c, with exact numbers as JSON texts. Judges a value known to lie in [low, high]; sets the
 * outcome.
 */
void ev_expect_judge_range(struct ev_expect *e, const char *low, const char *high);
/* The same of a count; a high of UINT64_MAX has no bound. */
void ev_expect_judge_count(struct ev_expect *e, uint64_t low, uint64_t high);
struct ev_dec ev_expect_whole_of(struct ev_arena *a, uint64_t n);
/* Appends part / whole, times 100 for percent, to ten decimals, or null. */
void ev_expect_put_ratio(uint64_t part, uint64_t whole, unsigned times, struct ev_buf *out);
void ev_expect_judge_rows(struct ev_expect *e, struct ev_buf *out);
void ev_expect_settle(struct ev_expect *e, bool good);
/* Passes, with nothing observed: there is no value to judge. */
void ev_expect_settle_empty(struct ev_expect *e, struct ev_buf *out);

/* The kinds, ended by a NULL name. */
extern const struct ev_expect_kind ev_expect_row_kinds[], ev_expect_multi_kinds[],
	ev_expect_order_kinds[], ev_expect_unique_kinds[], ev_expect_total_kinds[],
	ev_expect_table_kinds[], ev_expect_set_kinds[], ev_expect_sketch_kinds[],
	ev_expect_partition_kinds[];

/* date.c: forms of dates, as Python's strptime and dateutil read them. */
bool ev_expect_strftime_is_known(const char *format, const char **wrong);
bool ev_expect_strftime_matches(const char *format, const char *p, size_t len);
bool ev_expect_dateutil_parses(const char *p, size_t len);

/* step.c */
/* Adds what was counted by shape to elements and missing. */
void ev_expect_add_counted(struct ev_suite *s);

/* state.c: appends the line of state of the i-th. */
void ev_expect_state_write(const struct ev_suite *s, size_t i, struct ev_buf *out);

/* result.c */
extern const char *const ev_expect_severities[]; /* ended by NULL */

/* read.c */
bool ev_suite_read_model(struct ev_suite *s, const struct ev_yaml *list, struct ev_error *err);
bool ev_suite_read_file(struct ev_suite *s, const struct ev_yaml *root, struct ev_error *err);

#endif

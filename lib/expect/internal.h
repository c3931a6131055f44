/*
 * internal: what the files of expect share. Floor 7.
 *
 * Each kind of expectation is a row of a table: its name, its arguments, and what it does when it
 * is opened, steps, is judged, writes its state and takes that of another. One interpreter
 * (expect.c) does the rest: columns, rows, conditions, samples, results.
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
#include "json/view.h"

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
		ways; /* of the first column of a list: from an element, of all of them */
	uint32_t slot;
	struct ev_found found; /* room for those of a list */
};

/* A column's values in this record. */
struct ev_expect_cells {
	const uint32_t *at; /* n nodes; EV_NOWHERE where there is none */
	size_t n;
};

/* The record in hand. */
struct ev_expect_frame {
	const struct ev_doc *d;
	const struct ev_event *event;
	const struct ev_record *rec;
	struct ev_position pos; /* source is NULL until it is asked for */
	struct ev_locator *locator;
};

const struct ev_position *ev_expect_frame_position(struct ev_expect_frame *f);

/* The earliest of what was unexpected. */
struct ev_expect_sampled {
	struct ev_position pos;
	uint64_t element; /* of a list in the record */
	struct ev_buf value;
};

struct ev_expect_sample {
	struct ev_expect_sampled list[EXPECT_SAMPLE]; /* in order */
	size_t n;
};

/* True if a value at this place would be kept in the sample. */
bool ev_expect_sample_wants(const struct ev_expect_sample *s, const struct ev_position *pos,
			    uint64_t element);
void ev_expect_sample_add(struct ev_expect_sample *s, const struct ev_position *pos,
			  uint64_t element, const char *value, size_t len);
void ev_expect_sample_write(const struct ev_expect_sample *s, struct ev_buf *out);
bool ev_expect_sample_merge(struct ev_expect_sample *s, const struct ev_doc *d, uint32_t at);

/* Appends a value for people: its JSON, or the beginning of that, as a text, where it is long. */
void ev_expect_show_value(const struct ev_doc *d, uint32_t at, struct ev_buf *out);

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
	struct {
		char *text; /* canonical JSON */
		size_t len;
		char *shown; /* JSON as it was given */
	} * list;
	size_t n;
	struct ev_lookup table; /* of the list */
};

enum { NOT_A_VALUE = -1 };
/* The index of a value, as canonical JSON, in the list, or NOT_A_VALUE. */
long ev_expect_values_find_text(const struct ev_expect_values *v, const char *p, size_t len);
/* The same of a node's value. */
long ev_expect_values_find(const struct ev_expect_values *v, const struct ev_doc *d, uint32_t at,
			   struct ev_buf *scratch);
/* The canonical form of a node's value; it lies in the document or in scratch. */
const char *ev_expect_canonical_of(const struct ev_doc *d, uint32_t at, struct ev_buf *scratch,
				   size_t *len);

struct ev_expect;
struct ev_suite;
struct ev_expect_opening;

/* Takes a record. EV_OK, or EV_FATAL. */
typedef enum ev_status ev_expect_step(struct ev_expect *e, struct ev_expect_frame *f,
				      struct ev_error *err);

/* What a kind does. Those that are marked may be NULL. */
struct ev_expect_kind {
	const char *name;
	const char *arguments; /* by name, "*" behind those that must be given */
	bool (*open)(struct ev_expect *e, struct ev_expect_opening *o); /* or NULL */
	/*
	 * Either of values: takes one and tells whether it is as expected (missing values are left
	 * out). Where many are equal and telling is dear, it is remembered, and must depend on
	 * nothing else ...
	 */
	bool (*good)(struct ev_expect *e, const struct ev_doc *d, uint32_t at);
	bool remembers;
	/* ... or only of whether there is one, which with e->negate is expected ... */
	bool presence;
	/* ... or of rows of several columns: the nodes of one row ... */
	bool (*row)(struct ev_expect *e, const struct ev_doc *d, const uint32_t *at);
	/* ... or does all by itself, or, if this is NULL as well, counts records. */
	ev_expect_step *step;
	/* NULL where counting unexpected values is all. Appends the object of `result`. */
	void (*judge)(struct ev_expect *e, struct ev_buf *result);
	/* Append members, each with a comma in front; add those of another run. Both or none. */
	void (*write)(const struct ev_expect *e, struct ev_buf *out);
	bool (*merge)(struct ev_expect *e, const struct ev_doc *d, uint32_t at);
	void (*close)(struct ev_expect *e);
};

enum ev_expect_severity { SEVERITY_CRITICAL, SEVERITY_WARNING, SEVERITY_INFO };
enum ev_expect_ignore { IGNORE_ALL_MISSING, IGNORE_ANY_MISSING, IGNORE_NEVER };

/* The remembered answer for a short value. */
struct ev_expect_remembered {
	uint64_t head, tail; /* its first and its last bytes */
	uint32_t len;	     /* 0: the slot is free */
	bool good;
};

struct ev_expect {
	const struct ev_expect_kind *kind;
	ev_expect_step *then; /* the step of its kind and columns */
	ev_expect_step *step; /* `then`, or the step that asks the row_condition first */
	struct ev_suite *suite;
	char *kwargs, *meta;		/* JSON */
	char *id, *notes, *description; /* JSON or NULL */
	enum ev_expect_severity severity;
	struct ev_place place;
	size_t condition; /* of the suite's, or SIZE_MAX */
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
	void *own;				 /* the kind's arguments and state */

	/* what was found */
	uint64_t elements, missing, unexpected;
	bool met;	  /* there was a record that its condition, if it has one, holds for */
	uint64_t untold;  /* records whose row_condition could not be evaluated */
	uint64_t misfits; /* values that the kind cannot compute with */
	const char *misfit;
	struct ev_expect_sample sample;

	/* the verdict */
	enum ev_outcome outcome;
	bool approximate;
	struct ev_buf error;	 /* why the outcome is uncertain, for people */
	struct ev_buf result;	 /* JSON */
	struct ev_buf histogram; /* JSON, or empty */
};

struct ev_expect_condition {
	char *text;
	struct ev_expr *expr;
	enum ev_truth truth;
	struct ev_presence_paths asks;
	uint64_t stamp;
};

struct ev_suite {
	char *name, *file, *root;
	struct ev_suite_options options;
	struct ev_expect *list;
	size_t n;
	struct ev_expect_column *columns;
	size_t n_columns;
	const struct ev_expect_cells *cells; /* of the record in hand, by column */
	struct ev_expect_cells *found;	     /* as they were looked for */
	struct ev_containers ways;	     /* that columns' paths lead through, from the event */
	unsigned char *open; /* by shape, what ev_suite_passes says; NULL before the first */
	struct ev_expect_shape **known; /* by shape; NULL until there is one */
	struct ev_arena shapes;		/* what is known */
	size_t n_kept;			/* in all of them */
	struct ev_expect_condition *conditions;
	size_t n_conditions;
	struct ev_schema_set *schemas; /* or NULL */
	struct ev_presence *presence;  /* borrowed; or NULL */
	uint64_t records;
	size_t merged;	       /* lines of the state that is read, one an expectation */
	struct ev_arena arena; /* of one step, or of one judgement */
	struct ev_buf scratch, shown;
	struct ev_scan *scan;
	struct ev_locator *locator;
};

/* read.c: opening with its arguments. Errors bear the argument's place. */
struct ev_expect_opening {
	struct ev_suite *suite;
	const char *file;
	const struct ev_yaml *kwargs; /* the map */
	const struct ev_yaml *at;     /* the expectation's name */
	struct ev_error *err;
};

bool ev_expect_opening_fail(struct ev_expect_opening *o, const struct ev_yaml *at, const char *fmt,
			    ...) EV_PRINTF(3, 4);
/* NULL if it is not given, or null. */
const struct ev_yaml *ev_expect_argument(const struct ev_expect_opening *o, const char *name);
/* Each leaves *out as it was if the argument is not given. */
bool ev_expect_argument_text(struct ev_expect_opening *o, const char *name, char **out);
bool ev_expect_argument_number(struct ev_expect_opening *o, const char *name,
			       char **out); /* a JSON number */
bool ev_expect_argument_count(struct ev_expect_opening *o, const char *name, uint64_t *out);
bool ev_expect_argument_bool(struct ev_expect_opening *o, const char *name, bool *out);
bool ev_expect_argument_word(struct ev_expect_opening *o, const char *name,
			     const char *const *words, int *out);
bool ev_expect_argument_set(struct ev_expect_opening *o, const char *name,
			    struct ev_expect_values *out);
bool ev_expect_argument_texts(struct ev_expect_opening *o, const char *name, char ***out,
			      size_t *n);
bool ev_expect_number_of(struct ev_expect_opening *o, const struct ev_yaml *y, const char *what,
			 char **out);
bool ev_expect_limit_of(struct ev_expect_opening *o, const struct ev_yaml *y, const char *what,
			struct ev_expect_limit *out);
void ev_expect_texts_free(char ***list, size_t n);
void ev_expect_values_add(struct ev_expect_values *v, const char *json, size_t len);
void ev_expect_values_free(struct ev_expect_values *v);
void ev_expect_limit_free(struct ev_expect_limit *l);

/*
 * A step over column 0: counts in counts[i] what is the i-th value of the set, and tells `other` of
 * the rest: its canonical form, and the text by which it is shown.
 */
typedef void ev_expect_other(void *own, const char *form, size_t len, const char *shown,
			     size_t shown_len);
void ev_expect_values_count(struct ev_expect *e, struct ev_expect_frame *f, uint64_t *counts,
			    ev_expect_other *other);

/* expect.c */
static inline const struct ev_expect_column *ev_expect_column_of(const struct ev_expect *e,
								 size_t i)
{
	return &e->suite->columns[e->columns[i]];
}
static inline const struct ev_expect_cells *ev_expect_cells_of(const struct ev_expect *e, size_t i)
{
	return &e->suite->cells[e->columns[i]];
}
/* The values of a node; EV_NOWHERE and null are missing. */
static inline bool ev_expect_is_missing(const struct ev_doc *d, uint32_t at)
{
	return at == EV_NOWHERE || ev_kind(d, at) == EV_NULL;
}
/* Moves *i on to the next value that is there; those that are not are counted. */
static inline bool ev_expect_next_value(struct ev_expect *e, const struct ev_doc *d,
					const struct ev_expect_cells *c, size_t *i)
{
	for (; *i < c->n && ev_expect_is_missing(d, c->at[*i]); (*i)++)
		e->missing++;
	return *i < c->n;
}
/*
 * Compares a value with a limit: *order is below, equal to or above 0. False if they have no order.
 */
bool ev_expect_limit_compare(const struct ev_expect_limit *l, const struct ev_doc *d, uint32_t at,
			     struct ev_buf *scratch, int *order);
bool ev_expect_read_moment(const char *p, size_t len, struct ev_time *t);
/* True if one of its columns goes through a list. */
bool ev_expect_has_list(const struct ev_expect *e);
void ev_expect_count_unexpected(struct ev_expect *e, struct ev_expect_frame *f, uint64_t element,
				uint32_t at);
/* The number of values in a line of state that are neither missing nor misfits. */
uint64_t ev_expect_present_in(const struct ev_doc *d);

/* Judging, with exact numbers as JSON texts. */
/*
 * Judges a value known to lie in [low, high]; sets the outcome, and the error where that is
 * uncertain.
 */
void ev_expect_judge_range(struct ev_expect *e, const char *low, const char *high);
void ev_expect_judge_count(struct ev_expect *e, uint64_t n);
struct ev_dec ev_expect_whole_of(struct ev_arena *a, uint64_t n);
/* True if part / whole >= share (a JSON number; NULL is 1). */
bool ev_expect_share_reached(struct ev_arena *a, uint64_t part, uint64_t whole, const char *share);
/* Appends part / whole, times 100 for percent, to ten decimals, or null. */
void ev_expect_put_ratio(uint64_t part, uint64_t whole, unsigned times, struct ev_buf *out);
void ev_expect_put_rows_result(struct ev_expect *e, struct ev_buf *out);
void ev_expect_judge_rows(struct ev_expect *e, struct ev_buf *out);
void ev_expect_put_observed(struct ev_buf *out, const char *json);
void ev_expect_settle(struct ev_expect *e, bool good);

/* The kinds, ended by a NULL name. */
extern const struct ev_expect_kind ev_expect_row_kinds[], ev_expect_multi_kinds[],
	ev_expect_order_kinds[], ev_expect_unique_kinds[], ev_expect_total_kinds[],
	ev_expect_table_kinds[], ev_expect_set_kinds[], ev_expect_sketch_kinds[],
	ev_expect_partition_kinds[];

/* date.c: forms of dates, as Python's strptime and dateutil read them. */
bool ev_expect_strftime_is_known(const char *format, const char **wrong);
bool ev_expect_strftime_matches(const char *format, const char *p, size_t len);
bool ev_expect_dateutil_parses(const char *p, size_t len);

/* unique.c: digests go through a sort; at the end groups of equals are judged and written. */
enum ev_status ev_expect_unique_finish(struct ev_expect *e, size_t index, ev_suite_put *put,
				       void *ctx, struct ev_error *err);
enum ev_status ev_expect_unique_merge(struct ev_expect *e, const struct ev_doc *d, uint32_t list,
				      struct ev_error *err);
bool ev_expect_is_unique_kind(const struct ev_expect *e);
/* True if the states had a key for every value that they have counted. */
bool ev_expect_unique_is_whole(const struct ev_expect *e);

/* step.c: adds what was counted by shape to elements and missing. */
void ev_suite_add_counted(struct ev_suite *s);

/* read.c */
bool ev_suite_read_model(struct ev_suite *s, const struct ev_yaml *list, struct ev_error *err);
bool ev_suite_read_file(struct ev_suite *s, const struct ev_yaml *root, struct ev_error *err);

#endif

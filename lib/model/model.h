/*
 * model: what a shop's events mean, read from one YAML file (evkit-model.5). Floor 5.
 *
 * The room lib/model reads the model, and knows nothing of what others make of it.
 *
 * Everything belongs to the model and lives until ev_model_free. Errors have file:line:column, and
 * an unknown key is reported with the nearest known one. Schemas, rules and expectations are
 * kept as they were written: only evvalidate compiles them.
 */
#ifndef EV_MODEL_H
#define EV_MODEL_H

#include "base/time.h"
#include "base/zone.h"
#include "model/yaml.h"
#include "json/path.h"

struct ev_place {
	size_t line, column; /* in the model's file, from 1 */
};

/* The types of columns. */
enum ev_type {
	EV_TYPE_UUID,
	EV_TYPE_VARCHAR, /* size: code points */
	EV_TYPE_TIMESTAMP,
	EV_TYPE_DATE,
	EV_TYPE_INT,	 /* 64 bits */
	EV_TYPE_DECIMAL, /* size: digits in all; scale: of them behind the point */
	EV_TYPE_BOOL,
	EV_TYPE_JSON,
};

struct ev_dimension;

struct ev_column {
	char *name;
	char *description; /* or NULL, here and below */
	struct ev_path *from;
	enum ev_type type;
	uint32_t size, scale;
	const struct ev_dimension *dimension; /* or NULL */
	bool around;			      /* of json: what is ignored may lie in its value */
	bool uuid_key; /* of a table: a key that is stored as UUID where the warehouse has it */
	struct ev_place place;
};

struct ev_columns {
	struct ev_column *list;
	size_t n;
};

struct ev_names {
	char **list;
	size_t n;
};

enum ev_keep { EV_KEEP_HISTORY, EV_KEEP_LATEST };

struct ev_expr;

struct ev_fact {
	char *name;
	char *description;
	enum ev_keep keep;
	struct ev_path *each;	/* one row per element; NULL: one row per event */
	struct ev_column *when; /* of type json: null and false make no row; or NULL */
	struct ev_names types;	/* the event types it takes; none means all */
	struct ev_columns columns;
	struct ev_place place;
};

enum { EV_HOLIDAY_NAME = 100 }; /* code points */
struct ev_holiday {
	int64_t day; /* since 1970 */
	char *name;
};

struct ev_calendar {
	struct ev_date from, to;
	struct ev_zone *zone;
	struct ev_holiday *holidays; /* by day; of a calendar without them NULL */
	size_t n_holidays;
};

/* Reads the holidays of a calendar, one at least. */
enum ev_status ev_holidays_read(const char *file, struct ev_calendar *c, struct ev_error *err);
/* The name of a day's; NULL if it is none. */
const char *ev_holiday_of(const struct ev_calendar *c, int64_t day);

struct ev_dimension {
	char *name;
	char *description;
	struct ev_calendar *calendar; /* then nothing below is set */
	bool history;		      /* type 2: rows for every time; else type 1 */
	size_t *keys; /* indices of the columns that make the key, in the model's order */
	size_t n_keys;
	struct ev_path *each;
	struct ev_column *when; /* as of a fact: of what says nothing of a member */
	struct ev_names types;
	struct ev_columns columns;
	struct ev_place place;
};

/*
 * What the views of evschema add up: a column by the periods of the event's time; or, where `of` is
 * set, how many groups of events that had one of the types `plus` had one of `minus`, too.
 */
struct ev_measure {
	char *name;
	const struct ev_fact *fact;
	/* Columns of the fact, each of them or NULL: without a column, rows are counted. */
	const struct ev_column *column, *currency, *of;
	/* Those that bear the event's time and type; type is NULL where it is not asked for. */
	const struct ev_column *time, *type;
	const struct ev_column **by;
	size_t n_by;
	struct ev_names plus, minus; /* types of events: those that add, none means all others */
	struct ev_place place;
};

/* A schema of a type: a file beside the model, or JSON text; neither if both are NULL. */
struct ev_contract {
	char *file;
	char *text;
	struct ev_place place;
};

struct ev_event_type {
	char *name;
	struct ev_contract put, patch;
	char *owner; /* who must act when it is broken, or NULL */
};

struct ev_rule {
	char *name;
	struct ev_names types; /* none means all */
	char *jq;
	char *severity;
	char *explain; /* or NULL, here and below */
	char *owner;   /* who must act when it is broken */
	bool floating;
	struct ev_place place;
};

struct ev_environment {
	char *name, *target, *schema; /* schema may be NULL */
	struct ev_place place;
};

/*
 * A format of lines of text, for evparse: a pattern of PCRE2 that takes a line as a whole, and what
 * its named groups are.
 */
struct ev_line_format {
	char *name;
	char *pattern;
	char *type;		       /* of the events, where no group says it */
	char *time;		       /* the group that is the event's time, or NULL */
	char *time_layout;	       /* base/layout.h; NULL: RFC 3339 */
	struct ev_zone *zone;	       /* of times without an offset, or NULL */
	char *null;		       /* the text that stands for none, or NULL */
	struct ev_names numbers, json; /* groups that are no texts */
	struct ev_place place;
};

/*
 * An expression in the place of a path, whose value paths begin at (ev_path.computed: its index and
 * 1). What it is computed from comes before it, and those of the envelope before all others.
 */
struct ev_value_expr {
	char *text;
	struct ev_expr **parts; /* several: an id of their texts, joined by / */
	size_t n;
	const struct ev_path *each; /* the list of whose elements it is; NULL: of the event */
	const struct ev_path *when; /* the filter that must take the event or element, or NULL */
	bool envelope;		    /* of the envelope, not of the star */
	struct ev_path *of; /* of the envelope: the only path that it is computed from, or NULL */
};

struct ev_model {
	char *file; /* NULL for the default model */
	char *root; /* the file's folder */
	char *name;
	/* Where the envelope stands; version, modified and op may be NULL. */
	struct ev_path *id, *type, *time, *version, *modified, *op;
	struct ev_place version_place, modified_place, op_place;
	struct ev_path **ignore;
	struct ev_place *ignore_places;
	size_t n_ignore;
	struct ev_zone *zone; /* of naive times; NULL refuses them */
	bool by_arrival;      /* order: arrival */
	struct ev_event_type *types;
	size_t n_types;
	struct ev_event_type
		*others; /* of the types, the contract of all that are not named, or NULL */
	enum ev_unknown { EV_UNKNOWN_REJECT, EV_UNKNOWN_PASS, EV_UNKNOWN_DROP } unknown_types;
	struct ev_rule *rules;
	size_t n_rules;
	const struct ev_yaml *expectations; /* a list, as it was written, or NULL */
	struct ev_yaml_doc *yaml;	    /* all of it as it was written, or NULL */
	struct ev_fact *facts;
	size_t n_facts;
	struct ev_dimension *dimensions;
	size_t n_dimensions;
	bool uuid_keys; /* keys: uuid */
	struct ev_measure *measures;
	size_t n_measures;
	struct ev_environment *environments;
	size_t n_environments;
	struct ev_line_format *formats;
	size_t n_formats;
	struct ev_value_expr *exprs;
	size_t n_exprs;
};

struct ev_model *ev_model_read(const char *file, struct ev_error *err);
/* The default envelope: .event_id .event_type .event_timestamp .version .modified_at .op */
struct ev_model *ev_model_default(void);
/* Sets one path of the envelope by name: "id", "type", "time", "version", "modified" or "op". */
enum ev_status ev_model_set_path(struct ev_model *m, const char *which, const char *text,
				 struct ev_error *err);
void ev_model_free(struct ev_model **m);
/* Where it stands: in the elements of a list, in a table with a filter; or NULL. */
struct ev_value_place {
	const struct ev_path *each, *when;
	bool envelope;
	bool filter; /* it is one, and is computed even if it is a path */
};
/*
 * What stands in the place of a path: a path, or any expression of one value. NULL, with what is
 * wrong (no position).
 */
struct ev_path *ev_model_value(struct ev_model *m, const char *text, struct ev_value_place place,
			       struct ev_error *why);
/* Whether a text is meant as a path, so that what is wrong with it is of a path. */
bool ev_model_means_path(const char *text);
/* Whether a path can stand in the envelope: it names one place in the event, or its value. */
bool ev_model_is_place(const struct ev_path *path);
/* The same as ev_model_value of a list: a path, or an expression with [] at its end. */
struct ev_path *ev_model_list(struct ev_model *m, const char *text, struct ev_error *why);
/* A text that is the same in every event: the type, where there is one alone. */
struct ev_path *ev_model_constant(struct ev_model *m, const char *text);
/* An id made of several expressions. NULL: *bad is the index of the one that is wrong. */
struct ev_path *ev_model_joined(struct ev_model *m, const char *const *texts, size_t n, size_t *bad,
				struct ev_error *why);

/* The parts of the model that a state or a table depends on. */
enum ev_model_part {
	EV_PART_ENVELOPE, /* event: what a record is */
	EV_PART_CONTRACT, /* types with their schema files, rules, and the columns' types */
	EV_PART_STAR,
	EV_PART_ALL, /* that a program reads, but for evvalidate's expectations */
};
/*
 * A digest of that part as it is meant; 32 hex digits. Descriptions, and how keys are stored, are
 * no part of it.
 */
void ev_model_digest(const struct ev_model *m, enum ev_model_part part, char hex[33]);

/* The first column that is filled from a part of the envelope, and of one of two types; or NULL. */
const struct ev_column *ev_fact_column(const struct ev_fact *f, const struct ev_path *part,
				       enum ev_type a, enum ev_type b);
const struct ev_dimension *ev_model_dimension(const struct ev_model *m, const char *name);
const struct ev_environment *ev_model_environment(const struct ev_model *m, const char *name);
const struct ev_line_format *ev_model_format(const struct ev_model *m, const char *name);

/* Whether a list of types takes this one; an empty list takes all. */
bool ev_names_take(const struct ev_names *types, const char *p, size_t len);

/* Appends what all columns have alike that take the same value in the same type. */
void ev_column_key(const struct ev_column *c, struct ev_buf *out);

/* "decimal" and so on, by enum ev_type; NULL behind the last. */
extern const char *const ev_type_names[];
/* "decimal(12,2)" and so on, into out. */
void ev_type_write(const struct ev_column *c, char *out, size_t size);

#endif

/*
 * internal: what the files of parse share. Floor 10.
 *
 *   parse.c    open, step, free; what becomes of a record: passed on, or set aside
 *   formats.c  the table of formats
 *   text.c     JSON, and JSON behind text
 *   row.c      a row of CSV
 *   wrapped.c  what queues and containers put around a record
 *   pattern.c  a line to an event by a pattern
 *   builtin.c  the patterns that are built in
 */
#ifndef EV_PARSE_INTERNAL_H
#define EV_PARSE_INTERNAL_H

#include "base/buf.h"
#include "frame/frame.h"
#include "parse/parse.h"
#include "record/event.h"

struct ev_pattern;

/* A row of the table of formats. */
struct ev_format {
	const char *name;
	/* What becomes of a record. */
	enum ev_status (*step)(struct ev_parse *p, const struct ev_record *rec,
			       struct ev_error *err);
	const struct ev_builtin *builtin; /* or NULL: the pattern of its lines */
	/* Where its records are cut; or NULL: they are lines. */
	struct ev_frames *(*frames)(const struct ev_parse_options *options);
	/* Or NULL: appends what is wrapped in a record. False, with why, if nothing is. */
	bool (*unwrap)(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out);
};

/* The last has no name. */
extern const struct ev_format ev_formats[];
/* NULL if there is none of that name. */
const struct ev_format *ev_format_find(const char *name);

struct ev_parse {
	struct ev_parse_options options;
	const struct ev_format *format;
	struct ev_port *port;
	struct ev_events *events;
	struct ev_reasons why;
	struct ev_pattern *pattern;
	struct ev_buf out, member, id;

	struct ev_frames *frames;      /* or NULL: records are lines */
	const struct ev_record *whole; /* the record as it came, while what is in it is read; or
					  NULL: it is what is read */
	struct ev_buf flat;	       /* a document on one line */

	/* Of CSV: the names as JSON, each with its quotes and colon, for the header of that number */
	struct ev_buf names;
	size_t *name_ends;
	size_t cap_names;
	uint64_t header;

	/* Of what is wrapped */
	const struct ev_format *inner;
	struct ev_scan *scan; /* of the wrapping */
	struct ev_buf wrapped, scratch;
	struct ev_buf key; /* what the queue knows the record by; empty: nothing */
};

/* Steps of formats. */
enum ev_status ev_parse_auto(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err);
enum ev_status ev_parse_json(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err);
enum ev_status ev_parse_text(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err);
enum ev_status ev_parse_by_pattern(struct ev_parse *p, const struct ev_record *rec,
				   struct ev_error *err);

enum ev_status ev_parse_row(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err);
enum ev_status ev_parse_wrapped(struct ev_parse *p, const struct ev_record *rec,
				struct ev_error *err);
/* What formats have wrapped. */
bool ev_unwrap_kinesis(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out);
bool ev_unwrap_sqs(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out);
bool ev_unwrap_docker(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out);
bool ev_unwrap_cri(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out);

/* Passes an event on: as it is, or with its origin, or with an id. */
enum ev_status ev_parse_pass(struct ev_parse *p, const struct ev_record *rec,
			     const struct ev_event *event, struct ev_error *err);
/* Sets the record aside for the reasons in p->why. */
enum ev_status ev_parse_reject(struct ev_parse *p, const struct ev_record *rec,
			       struct ev_error *err);
/* The same for one reason. */
enum ev_status ev_parse_refuse(struct ev_parse *p, const struct ev_record *rec, const char *code,
			       const char *what, struct ev_error *err);
/* The same of a line that may be the first half of one, which cannot be seen in it. */
enum ev_status ev_parse_cut(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err);

/* Appends an id, as JSON: of the line, or of its place and the line, by what the options say. */
void ev_parse_put_id(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out);
/* The same, of the place and the line always, or of what the queue knows the record by. */
void ev_parse_put_place_id(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out);
/* Appends ,"_ev":{...} with the record's origin, if the options ask for it. */
void ev_parse_put_origin(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out);

/* A pattern that is built in. */
struct ev_builtin {
	const char *type; /* event_type */
	const char *pattern;
	const char *time;	    /* the group that is the event's */
	const char *const *numbers; /* groups that are numbers, NULL behind the last */
};

extern const struct ev_builtin ev_builtin_nginx;

struct ev_pattern *ev_pattern_new(const struct ev_builtin *of, struct ev_error *err);
void ev_pattern_free(struct ev_pattern **pattern);

#endif

/*
 * internal: what the files of parse share. Floor 10.
 *
 *   parse.c     open, step, free; what becomes of a record: passed on, or set aside
 *   id.c        the ids of events that have none
 *   formats.c   the table of formats
 *   text.c      JSON, and JSON behind text
 *   row.c       a row of CSV
 *   wrapped.c   what queues and containers put around a record
 *   fields.c    a line of fields in a row, as a server's log format has them
 *   builtin.c   the formats of such lines
 *   syslog.c    the structured data of RFC 5424
 *   logfmt.c    key=value
 *   w3c.c       lines whose columns a header names
 *   json_log.c  JSON that loggers write
 *   pattern.c   a line by a pattern of the model
 *   value.c     values: escapes undone, numbers
 */
#ifndef EV_PARSE_INTERNAL_H
#define EV_PARSE_INTERNAL_H

#include "base/buf.h"
#include "base/hash.h"
#include "base/layout.h"
#include "base/lookup.h"
#include "frame/frame.h"
#include "parse/parse.h"
#include "record/event.h"

/* How a format writes bytes that it does not trust. */
enum ev_escape {
	EV_ESCAPE_NONE,
	EV_ESCAPE_HEX,	   /* \xHH: nginx */
	EV_ESCAPE_C,	   /* \xHH, \", \n: Apache */
	EV_ESCAPE_GO,	   /* \xHH, \uHHHH, \", \n: logfmt */
	EV_ESCAPE_SYSLOG,  /* \", \\, \]: RFC 5424 */
	EV_ESCAPE_HASH,	   /* #HH: haproxy */
	EV_ESCAPE_PERCENT, /* %HH: CloudFront */
};

/* A field of a line, which ends where its kind ends. */
enum ev_field_kind {
	EV_FIELD_WORD,	   /* up to a blank */
	EV_FIELD_HOST,	   /* the same, but no tag: no colon ends it */
	EV_FIELD_UPTO,	   /* of a word, up to what is ahead of the next field */
	EV_FIELD_UNTIL,	   /* of the line, the same; it may be empty */
	EV_FIELD_ADDRESS,  /* of a word, up to its last colon */
	EV_FIELD_QUOTED,   /* "..." */
	EV_FIELD_BRACED,   /* {...} */
	EV_FIELD_SQUARE,   /* [...] */
	EV_FIELD_TAG,	   /* up to a blank, a colon or a bracket */
	EV_FIELD_STATUS,   /* three digits; or - */
	EV_FIELD_NUMBER,   /* a decimal, with a sign or without; or - */
	EV_FIELD_SECONDS,  /* to the millisecond: 0.003 */
	EV_FIELD_TIMES,	   /* a list of these, or of - */
	EV_FIELD_LIST,	   /* words, with ", " or " : " between them */
	EV_FIELD_TIME,	   /* the event's */
	EV_FIELD_PRIORITY, /* <34>: of syslog */
	EV_FIELD_DATA,	   /* structured data of RFC 5424 */
	EV_FIELD_REST,	   /* up to the end of the line; it may be empty */
	EV_FIELD_END,	   /* none: behind the last */
};

struct ev_field {
	const char *ahead; /* bytes in front of it */
	size_t ahead_len;
	const char *member; /* ,"name": as it is written */
	size_t member_len;  /* 0: it is passed over */
	enum ev_field_kind kind;
	bool may_lack;	    /* with what is ahead */
	const char *layout; /* of a time (base/layout.h) */
};

struct ev_line_form {
	const char *type; /* event_type; NULL behind the last form */
	const struct ev_field *fields;
	bool vague; /* lines of others look like it, too */
};

struct ev_lines {
	const struct ev_line_form *forms; /* a line is of the first that takes all of it */
	enum ev_escape escape;
};

extern const struct ev_lines ev_nginx, ev_apache, ev_apache_vhost, ev_haproxy, ev_syslog;

/* JSON that has no envelope of ours, but what one is made of. */
struct ev_json_log {
	const char *type;
	const char *id;	  /* the member that makes the id, or NULL: the line does */
	const char *time; /* the member */
	bool micros;	  /* of which it is the number since 1970; else see ev_parse_time */
};

extern const struct ev_json_log ev_journald, ev_logger;

/* Lines whose columns a header names. */
struct ev_w3c_kind {
	char separator;
	enum ev_escape escape;
};

extern const struct ev_w3c_kind ev_w3c_extended, ev_cloudfront;

/* A row of the table of formats. */
struct ev_format {
	const char *name;
	/* What becomes of a record. */
	enum ev_status (*step)(struct ev_parse *p, const struct ev_record *rec,
			       struct ev_error *err);
	bool makes_id; /* event_id, of the line, where the line has none */
	const struct ev_lines *lines;
	const struct ev_json_log *json_log;
	const struct ev_w3c_kind *w3c;
	/* Where its records are cut; or NULL: they are lines. */
	struct ev_frames *(*frames)(const struct ev_parse_options *options);
	/* Or NULL: appends what is wrapped in a record. False, with why, if nothing is. */
	bool (*unwrap)(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out);
};

/* The last has no name. */
extern const struct ev_format ev_formats[];
/* That of the model's patterns. */
extern const struct ev_format ev_format_of_model;
/* NULL if there is none of that name. */
const struct ev_format *ev_format_find(const char *name);
/* Of "docker:text" what stands behind the colon; NULL of a name without one. */
const char *ev_format_inner(const char *name);

struct ev_w3c;
struct ev_pattern;

/* The last time that was read, and its text: lines come one near another. */
struct ev_last_time {
	char text[48], behind; /* and the byte behind it, which can be no part of one */
	size_t len;	       /* 0: none */
	const char *layout;
	struct ev_layout_time time;
};

/* The MD5 of lines that follow each other, which were digested together. */
struct ev_line_digests {
	const char *source; /* of the first */
	uint64_t line;
	size_t n;
	const char *p[EV_MD5_LANES];
	size_t len[EV_MD5_LANES];
	char hex[EV_MD5_LANES][33];
};

/* The parameters of an element of structured data. */
struct ev_syslog_params {
	struct ev_syslog_param {
		const char *name, *value; /* value: behind its quote */
		size_t len;		  /* of the name */
		bool is_again;		  /* one before it has that name */
		uint32_t next;		  /* the next of that name; 0: none */
		uint32_t last;		  /* of the first of a name: the last */
	} * all;
	size_t n, cap;
	struct ev_lookup by_name; /* the first of each */
};

struct ev_parse {
	struct ev_parse_options options;
	const struct ev_format *wrapping; /* what is around the lines; or NULL */
	const struct ev_format *format;
	enum ev_status (*step)(struct ev_parse *p, const struct ev_record *rec,
			       struct ev_error *err);
	struct ev_port *port;
	struct ev_events *events;
	struct ev_reasons why;
	struct ev_layout_place place; /* of times */
	struct ev_zone *zone;	      /* its own, or NULL */
	struct ev_last_time last;
	struct ev_line_digests ahead;
	struct ev_pattern *pattern;
	struct ev_w3c *w3c;
	uint64_t n_out, n_header;
	struct ev_count counts[3];
	struct ev_buf out, member, id;

	struct ev_frames *frames;      /* or NULL: records are lines */
	bool spread;		       /* a record may hold line feeds */
	const struct ev_record *whole; /* the record as it came, while what is in it is read; or
					  NULL: it is what is read */
	struct ev_buf flat;	       /* a document on one line */

	/* Of CSV: the names as members, and where each ends, for the header of that number */
	struct ev_buf names;
	size_t *name_ends;
	size_t cap_names;
	uint64_t header;

	struct ev_syslog_params params;

	/* Of what is wrapped */
	struct ev_scan *scan; /* of the wrapping */
	struct ev_buf wrapped, scratch;
	struct ev_buf key, source; /* what the queue knows the record by, or nothing; its origin */
};

/* Steps of formats. */
enum ev_status ev_parse_auto(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err);
enum ev_status ev_parse_json(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err);
enum ev_status ev_parse_text(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err);
enum ev_status ev_parse_fields(struct ev_parse *p, const struct ev_record *rec,
			       struct ev_error *err);
enum ev_status ev_parse_logfmt(struct ev_parse *p, const struct ev_record *rec,
			       struct ev_error *err);
enum ev_status ev_parse_w3c(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err);
enum ev_status ev_parse_json_log(struct ev_parse *p, const struct ev_record *rec,
				 struct ev_error *err);
enum ev_status ev_parse_pattern(struct ev_parse *p, const struct ev_record *rec,
				struct ev_error *err);

/* Reads a record that is one JSON object; false with why in p->why. */
bool ev_parse_read(struct ev_parse *p, const struct ev_record *rec, struct ev_event *event);

/* The name of the format that a line looks like, or NULL. */
const char *ev_lines_guess(struct ev_parse *p, const struct ev_record *rec);

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
/* Whether a record is whole and UTF-8; else it is set aside, and *st says so. */
bool ev_parse_is_text(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err,
		      enum ev_status *st);

/* Appends an id, as JSON: of some bytes, */
void ev_parse_put_id(const char *bytes, size_t len, struct ev_buf *out);
/* of a line, */
void ev_parse_put_line_id(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out);
/*
 * of where the record stood and of its bytes, so that equal ones are told apart, or of what a queue
 * knows it by.
 */
void ev_parse_put_place_id(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out);

/* The envelope of an event that is made of a line. */
struct ev_head {
	const char *type;
	const struct ev_layout_time *time;
	const char *key; /* what makes the id; NULL: the line */
	size_t key_len;
	/* Members that the line has itself. */
	bool has_id, has_type, has_time;
};

/* Begins an event in p->out; its members follow, each with a comma in front. */
void ev_parse_begin(struct ev_parse *p, const struct ev_record *rec, const struct ev_head *head);
/* Passes it on. */
enum ev_status ev_parse_end(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err);
/* The same of one whose names, or JSON, are the line's: no name may be reserved or stand twice. */
enum ev_status ev_parse_end_checked(struct ev_parse *p, const struct ev_record *rec,
				    struct ev_error *err);
/* The same of one that bears an origin already. */
enum ev_status ev_parse_end_as_is(struct ev_parse *p, struct ev_error *err);
/* Sets has_id and so on, if the name is one of these. */
void ev_head_has(struct ev_head *head, const char *name, size_t len);

/* Appends a text as JSON, its escapes undone if what they stand for is UTF-8. */
void ev_parse_put_text(struct ev_parse *p, enum ev_escape how, const char *text, size_t len,
		       struct ev_buf *out);
/*
 * A time as loggers write it: RFC 3339, or a number since 1970, whose digits say of what: up to 11
 * of seconds, up to 14 of milliseconds, up to 17 of microseconds, else of nanoseconds; a fraction
 * of seconds may follow.
 */
bool ev_parse_time(const struct ev_layout_place *place, const char *p, size_t len,
		   struct ev_layout_time *t);
/* The digits of a number of units since 1970, of which a second has 10^digits. */
bool ev_parse_epoch(const char *p, size_t len, unsigned digits, struct ev_layout_time *t);
/* The length of the decimal, with a sign or without, that a text begins with; 0: it is none. */
size_t ev_parse_number(const char *p, size_t len);
/* Appends such a one as JSON. */
void ev_parse_put_number(const char *p, size_t len, struct ev_buf *out);

/* Where the structured data at p end, or NULL if there are none. */
const char *ev_syslog_data_end(const char *p, const char *end);
/* Appends them as an object. */
void ev_syslog_data_put(struct ev_parse *p, const char *data, size_t len, struct ev_buf *out);

void ev_syslog_params_free(struct ev_syslog_params *list);

void ev_w3c_free(struct ev_w3c **w3c);

/* A format of the model, borrowed. */
struct ev_pattern *ev_pattern_new(const struct ev_line_format *f, struct ev_error *err);
void ev_pattern_free(struct ev_pattern **pattern);

#endif

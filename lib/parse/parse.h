/*
 * parse: raw log lines to events. Floor 10.
 *
 * The room lib/parse is the engine of evparse.
 *
 * An event that stands in its line as JSON leaves byte by byte as it came. A line that no format
 * takes is a reject: "foreign" if there is no event in it, else with what is wrong with it.
 */
#ifndef EV_PARSE_H
#define EV_PARSE_H

#include "frame/frame.h"
#include "model/model.h"
#include "record/offsets.h"
#include "record/port.h"

/* Appends the names of the formats that are built in, as in "auto, json or text". */
void ev_parse_formats(struct ev_buf *out);
/* Whether it is one of them, or what is wrapped in one of them is. */
bool ev_parse_has_format(const char *name);

struct ev_parse;

struct ev_parse_options {
	/*
	 * The name of one of these, or of one of the model's; where something is wrapped in its
	 * records, that one's format too, if it is not auto: docker:text.
	 */
	const char *format;
	const char *header;    /* of CSV without one; or NULL */
	const char *separator; /* of CSV, one character; NULL: a comma */
	const char *list;   /* or NULL; of an object in JSON that is no lines: see ev_frames_json */
	bool continued;	    /* a line that begins with a blank belongs to the one before */
	const char *begins; /* or NULL; an expression: so does one in which it is not found */
	const struct ev_model *model; /* or NULL */
	/* Of times that lack them, or NULL: a zone's name; the day that their year begins with. */
	const char *zone, *year;
	bool origin; /* append "_ev" with the line's source, number and offset to each event */
	/* Records may hold line feeds, though no format cuts them. */
	bool spread;
	const char *add_id; /* the member that an event without it gets as its id; or NULL */
	/*
	 * Of Kinesis, or NULL: the stream. Each file has answers, in order, of the shard that it is
	 * named by (ev_parse_shard, not NULL). How far these are read is kept in offsets; the
	 * record that was stepped last counts, too.
	 */
	const char *stream;
	struct ev_offsets *offsets;
};

/* The shard that a file is named by, the last part of its path; NULL if that cannot be one. */
const char *ev_parse_shard(const char *file);

/* The options' texts are borrowed. NULL, with the error, if they are wrong. */
struct ev_parse *ev_parse_open(const struct ev_parse_options *options, struct ev_port *port,
			       struct ev_error *err);
/* Where the records are to be cut, for the record loop; NULL: they are lines. */
struct ev_frames *ev_parse_frames(const struct ev_parse *p);
enum ev_status ev_parse_step(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err);
/* Of a format that has lines which are neither events nor wrong; else NULL. */
const struct ev_count *ev_parse_counts(const struct ev_parse *p);
/* How many of these there were so far. */
const uint64_t *ev_parse_header_lines(const struct ev_parse *p);
void ev_parse_free(struct ev_parse **p);

#endif

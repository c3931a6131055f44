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

#include "record/port.h"

/* Appends the names of the formats, as in "auto, json or text". */
void ev_parse_formats(struct ev_buf *out);

struct ev_parse;

struct ev_parse_options {
	const char *format; /* its name */
	bool origin; /* append "_ev" with the line's source, number and offset to each event */
	/* A record may hold line feeds, which go out as blanks. With origin. */
	bool spread;
	const char *add_id; /* the member that an event without it gets as its id; or NULL */
};

/* The options' texts are borrowed. NULL, with the error, if they are wrong. */
struct ev_parse *ev_parse_open(const struct ev_parse_options *options, struct ev_port *port,
			       struct ev_error *err);
enum ev_status ev_parse_step(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err);
void ev_parse_free(struct ev_parse **p);

#endif

/*
 * lines: the lines of the inputs, indexed for the scanner. Floor 2.
 *
 * A line ends at LF or at the end of its file; CRs before that end are no part of it, and one of
 * them does not count for max_line. Memory: that of the input, and of the index of one run.
 *
 * A line longer than max_line is handed out in parts, so that it can be set aside whole without
 * being held: EV_LINE_PART for each part, the last one with `last` set. No CR is taken off it.
 */
#ifndef EV_LINES_H
#define EV_LINES_H

#include "io/in.h"
#include "scan/index.h"

enum ev_line_kind { EV_LINE_WHOLE, EV_LINE_PART };

struct ev_line {
	const char *p; /* valid until the next call; EV_IN_SLACK bytes behind it may be read */
	size_t len;
	const char *source; /* the file's name as given; valid as long as the input */
	uint64_t number;    /* in its file, from 1 */
	uint64_t offset;    /* of its first byte in its file, inflated, from 0 */
	enum ev_line_kind kind;
	bool last;		      /* of a line in parts */
	bool cut;		      /* a whole line that ends with its file, without a LF */
	const struct ev_index *index; /* of a whole line: it is index->lines[nth] */
	size_t nth;
};

struct ev_lines;

/* in: borrowed; max_line: as it was given to it. */
struct ev_lines *ev_lines_new(struct ev_in *in, size_t max_line);
/* EV_OK with a line, EV_EOF, or EV_FATAL. */
enum ev_status ev_lines_next(struct ev_lines *l, struct ev_line *line, struct ev_error *err);
void ev_lines_free(struct ev_lines **l);

#endif

/*
 * in: lines out of files, standard input and gzip. Floor 1.
 *
 * Files are read in order; "-" is standard input. gzip is recognised by its magic octets. A line
 * ends at LF or at the end of its file; CRs before that end are no part of it, and one of them does
 * not count for max_line. Memory: one line at most max_line long, 256 KiB of read-ahead,
 * and for gzip what ahead.h says.
 *
 * A line longer than max_line is handed out in parts, so that it can be set aside whole without
 * being held: EV_LINE_PART for each part, the last one with `last` set. No CR is taken off it.
 */
#ifndef EV_IN_H
#define EV_IN_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EV_IN_SLACK = 64 }; /* octets behind a line that may be read (never trusted) */

enum ev_line_kind { EV_LINE_WHOLE, EV_LINE_PART };

struct ev_line {
	const char *p; /* valid until the next call */
	size_t len;
	const char *source; /* the file's name as given; valid as long as the input */
	uint64_t number;    /* in its file, from 1 */
	uint64_t offset;    /* of its first octet in its file, inflated, from 0 */
	enum ev_line_kind kind;
	bool last; /* of a line in parts */
};

struct ev_in;

/* names: n files, or none for standard input. The strings must outlive the input. */
struct ev_in *ev_in_new(char *const *names, size_t n, size_t max_line);
/*
 * Called before a read that would block, so that output can be flushed first and a live stream
 * sees each record at once.
 */
void ev_in_before_block(struct ev_in *in, enum ev_status (*fn)(void *, struct ev_error *),
			void *ctx);
/* EV_OK with a line, EV_EOF, or EV_FATAL. */
enum ev_status ev_in_next(struct ev_in *in, struct ev_line *line, struct ev_error *err);
/* Octets taken in so far, inflated. */
uint64_t ev_in_octets(const struct ev_in *in);
void ev_in_free(struct ev_in **in);

/* A whole file in memory (not gzip), at most max octets, with EV_IN_SLACK behind; free() it. */
enum ev_status ev_in_slurp(const char *name, size_t max, char **p, size_t *len,
			   struct ev_error *err);

#endif

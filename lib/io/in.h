/*
 * in: runs of lines out of files, standard input and gzip. Floor 1.
 *
 * The room lib/io moves bytes: files, pipes and gzip in, checked output and whole files out.
 *
 * Files are read in order; "-" is standard input. gzip is recognised by its magic bytes; what is
 * no text of lines (foreign.h) is an error; a byte order mark at the head is passed over. Memory:
 * one line at most max_line long, and 256 KiB of read-ahead, and for gzip what ahead.h
 * says.
 */
#ifndef EV_IN_H
#define EV_IN_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EV_IN_SLACK = 64 }; /* bytes behind a run that may be read (never trusted) */

enum ev_in_run_kind {
	EV_IN_LINES, /* whole lines, each with its LF; the last of a file may lack it */
	EV_IN_PART,  /* of a line longer than max_line, which is handed out as it comes */
	EV_IN_LAST,  /* the last part of such a line, with its LF if it has one */
	EV_IN_BYTES, /* of an input that is read by bytes */
	EV_IN_END,   /* none: there a file ends that is read by bytes */
	EV_IN_QUIET, /* none: of such a file more is to be waited for (ev_in_before_block) */
};

struct ev_in_run {
	const char *p; /* valid until the next call; a LF stands behind a run that lacks its own */
	size_t len;
	enum ev_in_run_kind kind;
	const char *source; /* the file's name as given; valid as long as the input */
	bool begins;	    /* the first run of its file */
	size_t mark;	    /* bytes in front of that run: a byte order mark, passed over */
};

struct ev_in;

/* names: n files, or none for standard input. The strings must outlive the input. */
struct ev_in *ev_in_new(char *const *names, size_t n, size_t max_line);
/*
 * From now on runs are whatever bytes are there, and each file has a last one, EV_IN_END. max_line
 * does not count.
 */
void ev_in_by_bytes(struct ev_in *in);
/*
 * Called before a read that would block, so that output can be flushed first and a live stream
 * sees each record at once. See ev_feed_before_block; EV_EOF is for inputs that are read by bytes.
 */
void ev_in_before_block(struct ev_in *in,
			enum ev_status (*fn)(void *ctx, int *wait, struct ev_error *err),
			void *ctx);
/* EV_OK with a run, EV_EOF, or EV_FATAL. A line that is longer than max_line may be in a run. */
enum ev_status ev_in_next(struct ev_in *in, struct ev_in_run *run, struct ev_error *err);
/* Bytes taken in so far, inflated. */
uint64_t ev_in_bytes(const struct ev_in *in);
void ev_in_free(struct ev_in **in);

/*
 * A whole text in memory (not gzip, nor what is foreign) without its byte order mark, at most max
 * bytes, with EV_IN_SLACK behind; free() it.
 */
enum ev_status ev_in_slurp(const char *name, size_t max, char **p, size_t *len,
			   struct ev_error *err);

#endif

/*
 * feed: the bytes of one file or of standard input, inflated where they are gzip. Floor 1.
 *
 * gzip is recognised by its magic bytes, and so is what is no text of lines (foreign.h), as it is
 * or within gzip: that is an error. A thread inflates it, which is started for the first gzip
 * input and runs ahead of the reader as far as its memory (ahead.h) allows; input that is not gzip
 * needs none. The descriptor is read by the caller's thread alone.
 */
#ifndef EV_FEED_H
#define EV_FEED_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

enum { EV_FEED_READ = 256 * 1024 }; /* bytes of one read */

struct ev_feed;

struct ev_feed *ev_feed_new(void);
/*
 * Called before a read that would block, and again when nothing has come for *wait milliseconds,
 * which is -1 if it does not set it: however long it takes. If it returns EV_EOF, the read returns
 * with no bytes; then the feed is quiet, and has not ended. (Of gzip it goes on to wait.)
 */
void ev_feed_before_block(struct ev_feed *f,
			  enum ev_status (*fn)(void *ctx, int *wait, struct ev_error *err),
			  void *ctx);
bool ev_feed_is_quiet(const struct ev_feed *f);
/*
 * Opens a file, or standard input for "-", which is never closed. None must be open. The name must
 * outlive the feed.
 */
enum ev_status ev_feed_open(struct ev_feed *f, const char *name, struct ev_error *err);
/*
 * The next bytes, as many as are there without waiting for more (but for the first line), at most
 * room of them, which must be EV_FOREIGN_HEAD or more for all that is foreign to be recognised, and
 * 2 in any case; *got is 0 at the end alone, and where the feed is quiet.
 */
enum ev_status ev_feed_read(struct ev_feed *f, char *p, size_t room, size_t *got,
			    struct ev_error *err);
/* Closes what is open, if anything is. */
void ev_feed_close(struct ev_feed *f);
void ev_feed_free(struct ev_feed **f);

#endif

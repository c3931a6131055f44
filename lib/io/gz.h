/*
 * gz: gzip members (RFC 1952) inflated as a stream. Floor 1.
 *
 * The members are found here, in the same way whatever library inflates what is in them.
 */
#ifndef EV_GZ_H
#define EV_GZ_H

#include "base/status.h"
#include "io/inflate.h"

#include <stdbool.h>
#include <stddef.h>

struct ev_gz;

/* The inflaters of this build, the fastest first; the last one is followed by NULL. */
extern const struct ev_inflater *const ev_gz_inflaters[];

/* by: one of ev_gz_inflaters. */
struct ev_gz *ev_gz_new(const struct ev_inflater *by);
/* Forgets what was inflated: another stream comes. */
void ev_gz_reset(struct ev_gz *g);
/*
 * Inflates from *in (*in_len bytes) into out (*out_len bytes of room); both are updated to what
 * was used and written. If the room was filled, there may be more to come without further input.
 * Members that follow one another are one stream. EV_OK, or EV_FATAL with *why set to static text
 * if the stream is damaged; what was written then may be what the damage made, and is worth
 * nothing.
 */
enum ev_status ev_gz_inflate(struct ev_gz *g, const char **in, size_t *in_len, char *out,
			     size_t *out_len, const char **why);
/* True between members: here, and only here, may the input end. */
bool ev_gz_complete(const struct ev_gz *g);
void ev_gz_free(struct ev_gz **g);

#endif

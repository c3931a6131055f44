/*
 * gz: gzip members (RFC 1952) inflated as a stream. The door to zlib. Floor 1.
 */
#ifndef EV_GZ_H
#define EV_GZ_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

struct ev_gz;

struct ev_gz *ev_gz_new(void);
/*
 * Inflates from *in (*in_len octets) into out (*out_len octets of room); both are updated to what
 * was used and written. Members that follow one another are one stream. EV_OK, or EV_FATAL with
 * *why set to static text if the stream is damaged.
 */
enum ev_status ev_gz_inflate(struct ev_gz *g, const char **in, size_t *in_len, char *out,
			     size_t *out_len, const char **why);
/* True between members: here, and only here, may the input end. */
bool ev_gz_complete(const struct ev_gz *g);
void ev_gz_free(struct ev_gz **g);

#endif

/*
 * md5: MD5 (RFC 1321) of many short messages at once, a message a lane of a vector. Floor 0.
 *
 * A single MD5 waits for itself at every step, so a processor that computes sixteen side by side
 * needs little longer than for one. Messages are gathered by their number of blocks and computed
 * when a set is whole, or when all are asked for.
 */
#ifndef EV_MD5_H
#define EV_MD5_H

#include <stddef.h>

enum { EV_MD5_HEX = 32 };

struct ev_md5;

struct ev_md5 *ev_md5_new(void);
/*
 * The message is copied. Its digest goes to out as 32 lower-case hex digits, without a NUL, now or
 * in a later call, and in ev_md5_settle at the latest. Until then out must stay where it is.
 */
void ev_md5_add(struct ev_md5 *m, const void *p, size_t len, char *out);
void ev_md5_settle(struct ev_md5 *m);
/* What has not been settled is dropped. */
void ev_md5_free(struct ev_md5 **m);

/*
 * The ways to compute, the best first, that this machine has: the name of the i-th, or NULL; and
 * the choice of one, for tests.
 */
const char *ev_md5_way(unsigned i);
void ev_md5_use(unsigned i);

#endif

/*
 * pack: gzip written by several threads. Floor 1.
 *
 * Blocks of bytes become gzip members, each by itself (deflate.h), so that any number of threads
 * gives the same bytes. The threads do nothing but deflate: they touch no descriptor, take no
 * signal and call nothing of the caller's. Members come back in the order in which their blocks
 * were given, to the caller's thread, in calls of ev_pack_add and ev_pack_drain. All calls are for
 * one thread. Where the system gives no thread, the caller's own does the work.
 *
 * Memory: somewhat more than 2 MiB for each thread and 4 MiB besides.
 */
#ifndef EV_PACK_H
#define EV_PACK_H

#include <stddef.h>

enum { EV_PACK_BLOCK = 1024 * 1024, EV_PACK_THREADS = 8 };

struct ev_pack;

/*
 * threads: 1 to EV_PACK_THREADS, or 0 for one a processor that this process may run on, as far as
 * that.
 */
struct ev_pack *ev_pack_new(unsigned threads);
/* One that is fast rather than small (ev_deflater_fast); bytes then depend on the build. */
struct ev_pack *ev_pack_fast(unsigned threads);
/*
 * Gives a block: the first len bytes of *block, at most EV_PACK_BLOCK, from malloc with room for
 * so many. It is taken, and *block is set to another one, whose bytes mean nothing. When the
 * member is whole, done is called with it; the member is valid during the call.
 */
void ev_pack_add(struct ev_pack *p, char **block, size_t len,
		 void (*done)(void *ctx, const char *member, size_t len), void *ctx);
/* Waits for all members. */
void ev_pack_drain(struct ev_pack *p);
/* Members for this ctx are dropped: done is not called for it again. */
void ev_pack_forget(struct ev_pack *p, const void *ctx);
/* Blocks that are not drained are lost. */
void ev_pack_free(struct ev_pack **p);

#endif

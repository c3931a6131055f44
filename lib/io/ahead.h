/*
 * ahead: gzip inflated by a thread that runs ahead of its reader. Floor 1.
 *
 * The thread does nothing but inflate: it touches no descriptor, takes no signal and calls nothing
 * of the caller's. The caller reads the packed bytes and puts them here; what is inflated comes
 * back in order, and an error behind it. What was inflated in the step that met the error is not
 * handed out, for it may be what the damage made. All calls are for one thread. Where the system
 * gives no thread, the caller's own does the work, with the same outcome.
 *
 * Memory: EV_AHEAD_PACKED + EV_AHEAD_BLOCKS times EV_AHEAD_BLOCK bytes, and the inflater's.
 */
#ifndef EV_AHEAD_H
#define EV_AHEAD_H

#include "base/status.h"
#include "io/gz.h"

#include <stddef.h>

enum { EV_AHEAD_BLOCK = 256 * 1024, EV_AHEAD_PACKED = 2, EV_AHEAD_BLOCKS = 4 };

struct ev_ahead;

/* by: one of ev_gz_inflaters. */
struct ev_ahead *ev_ahead_new(const struct ev_inflater *by);
/* Forgets what was put and not taken: another stream comes. */
void ev_ahead_reset(struct ev_ahead *a);
/*
 * Room for EV_AHEAD_BLOCK packed bytes, which stays the callee's, or NULL if as much waits already
 * as may. After ev_ahead_take has starved there is room.
 */
char *ev_ahead_room(struct ev_ahead *a);
/* The next len packed bytes have been written there; 0 is the end of the stream. */
void ev_ahead_put(struct ev_ahead *a, size_t len);
/*
 * Inflated bytes, at most room of them, as soon as there are any. EV_OK with *got above 0, or with
 * 0: starved, put more first. EV_EOF behind the end, or EV_FATAL with *why set to static text, NULL
 * if the stream ends in the middle of a member.
 */
enum ev_status ev_ahead_take(struct ev_ahead *a, char *p, size_t room, size_t *got,
			     const char **why);
/* Stops the thread, whatever it is doing. */
void ev_ahead_free(struct ev_ahead **a);

#endif

/*
 * zone: local time by the system's time zone database (IANA names, read by libc). Floor 0.
 *
 * libc keeps one zone a process, so a zone is made current when it is asked, and answers are
 * remembered for a quarter of an hour of time each. Not for several threads.
 */
#ifndef EV_ZONE_H
#define EV_ZONE_H

#include "base/status.h"
#include "base/time.h"

struct ev_zone;

/*
 * name as in "Europe/Amsterdam" or "UTC". NULL, with the error, if the database has no such zone.
 */
struct ev_zone *ev_zone_open(const char *name, struct ev_error *err);
/* Seconds to add to UTC for the local reading at that instant. */
int64_t ev_zone_offset(struct ev_zone *z, int64_t utc);
/*
 * The instant of a local reading. Of two (clocks set back) the earlier; a reading that never was
 * (clocks set forward) is taken with the offset before the change.
 */
int64_t ev_zone_to_utc(struct ev_zone *z, int64_t local);
void ev_zone_free(struct ev_zone **z);

#endif

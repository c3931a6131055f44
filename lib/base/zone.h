/*
 * zone: local time by the time zone database: IANA names, files of TZif (RFC 8536). Floor 0.
 *
 * A file is read and checked whole when the zone is opened, by evkit itself: libc would take UTC in
 * silence for one that it cannot read. What is not the zone that was asked for is an error. A zone
 * keeps answers, so it is for one thread at a time.
 */
#ifndef EV_ZONE_H
#define EV_ZONE_H

#include "base/status.h"
#include "base/time.h"

struct ev_zone;

/*
 * name as in "Europe/Amsterdam", of the folder that TZDIR names, else /usr/share/zoneinfo; "UTC"
 * needs no file. NULL, with the error, if the database has no such zone, or its file cannot be read
 * or is not right.
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

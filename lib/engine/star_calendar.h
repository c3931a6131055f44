/*
 * star_calendar: the days of a calendar: the one that a time falls on where its zone is, those
 * outside its span, which get a row all the same, and what a row says of a day. Floor 4, a part of
 * the star engine.
 */
#ifndef EV_STAR_CALENDAR_H
#define EV_STAR_CALENDAR_H

#include "base/buf.h"
#include "warehouse/column.h"

struct ev_star_calendar;

/* The calendar is borrowed. */
struct ev_star_calendar *ev_star_calendar_new(const struct ev_calendar *c);
void ev_star_calendar_free(struct ev_star_calendar **c);

/*
 * The key of the day of a timestamp or a date, as a row bears it and not null: EV_KEY_TEXT octets
 * that are valid until the next call. The day of a time in the year 10000 where the zone is has
 * none: it is unknown.
 */
const char *ev_star_calendar_key(struct ev_star_calendar *c, const struct ev_value *v);

/* After the last key: days since 1970 of its rows, each once. The list is the calendar's. */
const int64_t *ev_star_calendar_days(struct ev_star_calendar *c, size_t *n);
/* The preimage of a day's key, appended. */
void ev_star_calendar_preimage(int64_t day, struct ev_buf *preimage);
/* The columns of a row behind its first two, as members of an object: `,"date":` and so on. */
void ev_star_calendar_put(int64_t day, struct ev_buf *row);
void ev_star_calendar_put_unknown(struct ev_buf *row);

#endif

/*
 * calendar: the days of a calendar: the one that a time falls on where its zone is, and those
 * outside its span, which get a row all the same. Floor 10, a part of the star engine.
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
 * The key of the day of a timestamp or a date, as a row bears it and not null: EV_KEY_TEXT bytes
 * that are valid until the next call. The day of a time in the year 10000 where the zone is has
 * none: it is unknown.
 */
const char *ev_star_calendar_key(struct ev_star_calendar *c, const struct ev_value *v);

/* As if a time of that day (since 1970; of the years 1 to 9999) had been met. */
void ev_star_calendar_add(struct ev_star_calendar *c, int64_t day);
/* The days (since 1970) that lie outside and were met, each once. */
const int64_t *ev_star_calendar_outside(const struct ev_star_calendar *c, size_t *n);
/* As if none had been met. */
void ev_star_calendar_forget(struct ev_star_calendar *c);

#endif

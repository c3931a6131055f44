/*
 * time: instants, the proleptic Gregorian calendar, and RFC 3339. Floor 0.
 */
#ifndef EV_TIME_H
#define EV_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An instant: seconds since 1970-01-01T00:00:00Z without leap seconds, and 0..999,999,999 ns. */
struct ev_time {
	int64_t sec;
	int32_t nsec;
};

struct ev_date {
	int32_t year; /* 0..9999 */
	int32_t month, day;
};

enum ev_time_form {
	EV_TIME_BAD,   /* no date-time of RFC 3339 */
	EV_TIME_ZONED, /* with Z or an offset; the instant is in UTC */
	EV_TIME_NAIVE, /* right, but for the missing offset; the instant is the local reading as if
			  UTC */
};

/*
 * Reads a date-time of RFC 3339, section 5.6; "t" and "z" may be small. Digits behind the ninth of
 * a fraction are read and dropped. A leap second (23:59:60 UTC) counts as the second after it.
 */
enum ev_time_form ev_time_parse(const char *p, size_t len, struct ev_time *t);
/* What is wrong with a text that is EV_TIME_BAD, and is meant to be a date-time; static text. */
const char *ev_time_flaw(const char *p, size_t len);
/* A full-date, and a full-time (with offset), of the same grammar. */
bool ev_date_parse(const char *p, size_t len, struct ev_date *d);
bool ev_clock_valid(const char *p, size_t len);

enum { EV_TIME_TEXT = 27, EV_DATE_TEXT = 10 };

/* "2026-03-01T10:00:00.000000Z": UTC, further digits cut; and "2026-03-01". No NUL. */
void ev_time_format(struct ev_time t, char out[EV_TIME_TEXT]);
void ev_date_format(struct ev_date d, char out[EV_DATE_TEXT]);
/*
 * The same in one step for a date-time that is in UTC by "Z", in range and no leap second, as most
 * are: false for any other text, right or not.
 */
bool ev_time_utc(const char *p, size_t len, char out[EV_TIME_TEXT]);
/* Whether EV_TIME_TEXT bytes are what it would write: a time in its one spelling. */
bool ev_time_is_canonical(const char *p);
/* Whether it lies in the years 1 to 9999, which every warehouse knows. */
bool ev_time_in_range(struct ev_time t);

int ev_time_compare(struct ev_time a, struct ev_time b);

/* Days since 1970-01-01. */
int64_t ev_date_days(struct ev_date d);
struct ev_date ev_date_of_days(int64_t days);
bool ev_date_is_leap(int64_t year);
/* Whether the month has that day. */
bool ev_date_exists(struct ev_date d);
/* ISO 8601: 1 is Monday. */
int ev_date_weekday(int64_t days);
/* ISO 8601 week and the year that it belongs to. */
void ev_date_week(int64_t days, int *year, int *week);

#endif

/*
 * layout: times as a format like that of strptime(3) says that they are written. Floor 0.
 *
 * Names of months and days are English, and neither the clock nor the locale is asked. Numbers have
 * all their digits but where a directive says otherwise; every other byte stands for itself.
 *
 *     %Y  year, four digits          %H  hour, 00 to 23      %s  seconds since 1970
 *     %y  two: 69 to 99 are 19xx     %I  hour, 01 to 12      %Q  milliseconds since 1970
 *     %m  month, 01 to 12            %p  AM or PM            %z  Z, +01:00, +0100 or +01
 *     %b  Jan; %B January            %M  minute              %Z  UTC, GMT or Z
 *     %d  day, 01 to 31              %S  second, 00 to 60    %F  %Y-%m-%d
 *     %e  the same, " 1" or "1"      %f  digits of its       %T  %H:%M:%S
 *     %j  day of the year                fraction, 1 to 9    %a  Mon; %A Monday: passed over
 */
#ifndef EV_LAYOUT_H
#define EV_LAYOUT_H

#include "base/status.h"
#include "base/time.h"
#include "base/zone.h"

enum ev_layout_lack {
	EV_LAYOUT_NO_YEAR = 1,
	EV_LAYOUT_NO_OFFSET = 2,
};

/* Whether a format says all of a time but what it may lack; else what is wrong with it. */
bool ev_layout_check(const char *layout, unsigned *lacks, struct ev_error *err);

/* What the texts leave out, for all of them. */
struct ev_layout_place {
	struct ev_zone *zone; /* of times without an offset; or NULL */
	/* Times without a year lie in the twelve months from this day on. Month 0: not known. */
	struct ev_date from;
};

struct ev_layout_time {
	size_t len;    /* bytes that it takes of the text */
	char text[48]; /* as RFC 3339: with the offset it was written with, else in UTC */
	size_t text_len;
	/* Where there is no such time: */
	size_t at; /* the byte that does not fit */
	const char *flaw;
};

/*
 * Reads the time at the head of a text. A layout that ev_layout_check takes, or NULL for RFC 3339.
 * False, with a flaw, if there is none.
 */
bool ev_layout_read(const char *layout, const struct ev_layout_place *place, const char *p,
		    size_t len, struct ev_layout_time *t);
/*
 * An instant in UTC as RFC 3339: so many units since 1970, of which a second has 10^digits. False
 * if it is out of range.
 */
bool ev_layout_instant(int64_t units, unsigned digits, struct ev_layout_time *t);

#endif

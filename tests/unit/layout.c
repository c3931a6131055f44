/* Times by a layout. */
#include "base/layout.h"

#include "tap.h"

static const struct ev_layout_place nowhere;

static void reads(const char *layout, const char *text, const char *want)
{
	struct ev_layout_time t = {0};
	bool good = ev_layout_read(layout, &nowhere, text, strlen(text), &t);
	char got[64];

	snprintf(got, sizeof got, "%.*s", good ? (int)t.text_len : 0, t.text);
	is(good ? got : t.flaw, want, "%s in %s", text, layout != NULL ? layout : "RFC 3339");
}

static void stops(const char *layout, const char *text, size_t at)
{
	struct ev_layout_time t = {0};

	ok(!ev_layout_read(layout, &nowhere, text, strlen(text), &t), "%s is none in %s", text,
	   layout);
	is_int((long long)t.at, (long long)at, "and its byte is told");
}

static void each_directive(void)
{
	reads("%d/%b/%Y:%H:%M:%S %z", "01/Mar/2026:10:00:05 +0100", "2026-03-01T10:00:05+01:00");
	reads("%d/%b/%Y:%H:%M:%S %z", "01/Mar/2026:10:00:05 -03:30", "2026-03-01T10:00:05-03:30");
	reads("%F %T%z", "2026-03-01 10:00:05Z", "2026-03-01T10:00:05Z");
	reads("%F %T%z", "2026-03-01 10:00:05+01", "2026-03-01T10:00:05+01:00");
	reads("%F %T,%f %Z", "2026-03-01 10:00:05,007 GMT", "2026-03-01T10:00:05.007Z");
	reads("%F %T.%f%z", "2026-03-01 10:00:05.123456789Z", "2026-03-01T10:00:05.123456789Z");
	reads("%a %b %e %T %Z %Y", "Sun Mar  1 10:00:05 UTC 2026", "2026-03-01T10:00:05Z");
	reads("%A %B %e %T %Z %Y", "Sunday March 31 10:00:05 Z 2026", "2026-03-31T10:00:05Z");
	reads("%m/%d/%y %I:%M %p %z", "03/01/68 12:30 AM +0000", "2068-03-01T00:30:00+00:00");
	reads("%m/%d/%y %I:%M %p %z", "03/01/69 12:30 PM +0000", "1969-03-01T12:30:00+00:00");
	reads("%Y%j %H%M %Z", "2024060 2359 GMT", "2024-02-29T23:59:00Z");
	reads("%s", "1761019822", "2025-10-21T04:10:22Z");
	reads("%s.%f", "1761019822.5", "2025-10-21T04:10:22.5Z");
	reads("%Q", "1745532517537", "2025-04-24T22:08:37.537Z");
	reads("%Q", "0", "1970-01-01T00:00:00Z");
	reads("100%% %F %T%z", "100% 2026-03-01 10:00:05Z", "2026-03-01T10:00:05Z");
	reads(NULL, "2026-03-01t10:00:05.1z", "2026-03-01t10:00:05.1z");
	reads("%F %T%z", "2016-12-31 23:59:60Z", "2016-12-31T23:59:60Z");
}

static void flaws(void)
{
	const char *const day = "there is no such day in that month";

	reads("%F %T%z", "2026-02-29 00:00:00Z", day);
	reads("%F %T%z", "2026-04-31 00:00:00Z", day);
	reads("%Y %j %T%z", "2026 366 00:00:00Z", day);
	reads("%F %T%z", "2026-03-01 12:00:60Z",
	      "there is no second 60 but at the end of a day in UTC");
	reads("%F %T", "2026-03-01 00:00:00",
	      "the time has no offset from UTC: say its zone with --zone");
	reads("%b %e %T%z", "Mar  1 00:00:00Z", "the time has no year: say it with --year");
	reads("%F %T %Z", "2026-03-01 00:00:00 CET",
	      "the zone is neither UTC nor GMT, and no other name says for sure which one is "
	      "meant");
	reads("%s", "999999999999999", "it lies beyond the year 9999");
	stops("%d/%b/%Y", "01/Mrz/2026", 3);
	stops("%d/%b/%Y", "1/Mar/2026", 1);
	stops("%d/%b/%Y", "01/Mar/26", 9);
	stops("%F %T%z", "2026-13-01 00:00:00Z", 5);
	stops("%F %T%z", "2026-03-01 24:00:00Z", 11);
	stops("%F %T%z", "2026-03-01T00:00:00Z", 10);
	stops("%F %T%z", "2026-03-01 00:00:00+1", 21);
	stops("%F %T.%f", "2026-03-01 00:00:00.x", 20);
	stops("%F", "", 0);
}

/* Of each day of a year that begins in July. */
static void year_begins_anywhere(void)
{
	struct ev_layout_place place = {.from = {2023, 7, 15}};
	struct ev_layout_time t;

	place.zone = NULL;
	ok(ev_layout_read("%b %e %T%z", &place, "Jul 15 00:00:00Z", 16, &t), "its first day");
	ok(memcmp(t.text, "2023-07-15", 10) == 0, "is of the first year");
	ok(ev_layout_read("%b %e %T%z", &place, "Jul 14 00:00:00Z", 16, &t), "its last day");
	ok(memcmp(t.text, "2024-07-14", 10) == 0, "is of the second");
	ok(ev_layout_read("%b %e %T%z", &place, "Feb 29 00:00:00Z", 16, &t), "29 February");
	ok(memcmp(t.text, "2024-02-29", 10) == 0, "is there in the second");
	place.from = (struct ev_date){2022, 7, 15};
	ok(!ev_layout_read("%b %e %T%z", &place, "Feb 29 00:00:00Z", 16, &t), "and not in 2023");
}

static void in_a_zone(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"2026-07-01 12:00:00", "2026-07-01T10:00:00Z"},
		{"2026-03-29 01:59:59", "2026-03-29T00:59:59Z"},
		{"2026-03-29 02:30:00", "2026-03-29T01:30:00Z"}, /* it never was */
		{"2026-03-29 03:00:00", "2026-03-29T01:00:00Z"},
		{"2026-10-25 02:30:00", "2026-10-25T00:30:00Z"}, /* twice: the earlier */
		{"2026-10-25 03:00:00", "2026-10-25T02:00:00Z"},
	};
	struct ev_error err;
	struct ev_layout_place place = {.zone = ev_zone_open("Europe/Amsterdam", &err)};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ev_layout_time t;
		char got[64] = "";

		if (ev_layout_read("%F %T", &place, cases[i].text, 19, &t))
			snprintf(got, sizeof got, "%.*s", (int)t.text_len, t.text);
		is(got, cases[i].want, "%s in Amsterdam", cases[i].text);
		memset(got, 0, sizeof got);
		if (ev_layout_read(NULL, &place, cases[i].text, 19, &t))
			snprintf(got, sizeof got, "%.*s", (int)t.text_len, t.text);
		is(got, cases[i].want, "the same as RFC 3339 without its offset");
	}
	ev_zone_free(&place.zone);
}

static void checks(void)
{
	static const struct {
		const char *layout, *flaw;
		unsigned lacks;
	} cases[] = {
		{"%d/%b/%Y:%H:%M:%S %z", "", 0},
		{"%s.%f", "", 0},
		{"%Q", "", 0},
		{"%b %e %T", "", EV_LAYOUT_NO_YEAR | EV_LAYOUT_NO_OFFSET},
		{"%Y %j %I%p%M %Z", "", 0},
		{"%F", "it has no time of the day: %T, or %H and %M, or %I, %M and %p", 0},
		{"%F %I:%M", "it has no time of the day: %T, or %H and %M, or %I, %M and %p", 0},
		{"%F %H:%I:%M %p", "it has no time of the day: %T, or %H and %M, or %I, %M and %p",
		 0},
		{"%T", "it has no day: %d and %m, or %F, or %s", 0},
		{"%F %d %T", "%d says once more what stands before it", 0},
		{"%s %Z", "%Z says once more what stands before it", 0},
		{"%F %K", "there is no %K in a time", 0},
		{"%F %T%", "there is no % in a time", 0},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ev_error err = {0};
		unsigned lacks = 0;
		bool good = ev_layout_check(cases[i].layout, &lacks, &err);

		is(good ? "" : err.text, cases[i].flaw, "%s", cases[i].layout);
		if (good)
			is_int(lacks, cases[i].lacks, "what it lacks");
	}
}

static void instants(void)
{
	struct ev_layout_time t;

	ok(ev_layout_instant(1534860261221373, 6, &t) && t.text_len == 27 &&
		   memcmp(t.text, "2018-08-21T14:04:21.221373Z", 27) == 0,
	   "microseconds");
	ok(ev_layout_instant(253402300799, 0, &t), "the last second");
	ok(!ev_layout_instant(253402300800, 0, &t), "and none behind it");
	ok(!ev_layout_instant(-1, 0, &t), "nor before 1970");
}

int main(void)
{
	each_directive();
	flaws();
	year_begins_anywhere();
	in_a_zone();
	checks();
	instants();
	return done();
}

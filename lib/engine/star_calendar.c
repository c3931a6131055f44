#include "engine/star_calendar.h"
#include "base/mem.h"
#include "base/zone.h"

#include <stdlib.h>

enum { RECENT = 64, MINUTE_TEXT = 16 };

struct ev_star_calendar {
	const struct ev_calendar *c;
	int64_t from, to;
	int64_t *outside; /* with repetitions, until all days are asked for */
	size_t n, cap;
	int64_t last;		 /* the one added last */
	char date[EV_DATE_TEXT]; /* the one met last */
	int64_t date_days;
	struct {
		int64_t day;
		char key[EV_KEY_TEXT]; /* begins with a NUL: none yet */
	} recent[RECENT];
	char minute[MINUTE_TEXT]; /* a timestamp's, up to its seconds */
	const char *minute_key;	  /* of all timestamps in it; NULL: it has none */
	struct ev_buf scratch;
};

struct ev_star_calendar *ev_star_calendar_new(const struct ev_calendar *c)
{
	struct ev_star_calendar *new = ev_calloc(1, sizeof *new);

	new->c = c;
	new->from = ev_date_days(c->from);
	new->to = ev_date_days(c->to);
	new->last = INT64_MIN;
	return new;
}

void ev_star_calendar_free(struct ev_star_calendar **c)
{
	if (*c == NULL)
		return;
	free((*c)->outside);
	ev_buf_free(&(*c)->scratch);
	free(*c);
	*c = NULL;
}

/* Days since 1970 of the date that a text begins with; that of the one before is known. */
static int64_t date_of(struct ev_star_calendar *c, const char *text)
{
	struct ev_date date;

	if (memcmp(c->date, text, EV_DATE_TEXT) != 0) {
		ev_date_parse(text, EV_DATE_TEXT, &date);
		memcpy(c->date, text, EV_DATE_TEXT);
		c->date_days = ev_date_days(date);
	}
	return c->date_days;
}

static int64_t two_digits(const char *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

static int64_t floor_days(int64_t sec)
{
	return sec / 86400 - (sec % 86400 < 0);
}

/* The day of a timestamp or a date, in the calendar's zone. */
static int64_t day_of(struct ev_star_calendar *c, const struct ev_value *v)
{
	const char *text = v->p + 1;
	int64_t day = date_of(c, text), sec;

	if (v->len == EV_DATE_TEXT + 2)
		return day;
	sec = day * 86400 + two_digits(text + 11) * 3600 + two_digits(text + 14) * 60 +
	      two_digits(text + 17);
	return floor_days(sec + ev_zone_offset(c->c->zone, sec));
}

static void add_day(struct ev_star_calendar *c, int64_t day)
{
	if ((day >= c->from && day <= c->to) || day == c->last)
		return;
	c->last = day;
	ev_grow(&c->outside, &c->cap, c->n + 1, sizeof *c->outside);
	c->outside[c->n++] = day;
}

/* The key of a day, which is kept until another takes its place. */
static const char *key_of(struct ev_star_calendar *c, int64_t day)
{
	size_t slot = (size_t)((uint64_t)day % RECENT);
	char key[EV_KEY_TEXT + 1];

	if (c->recent[slot].key[0] == '\0' || c->recent[slot].day != day) {
		if (!ev_time_in_range((struct ev_time){.sec = day * 86400}))
			return ev_unknown_key;
		ev_buf_reset(&c->scratch);
		ev_star_calendar_preimage(day, &c->scratch);
		ev_key_make(&c->scratch, key);
		memcpy(c->recent[slot].key, key, EV_KEY_TEXT);
		c->recent[slot].day = day;
	}
	add_day(c, day);
	return c->recent[slot].key;
}

/* Whether the day is that of the whole minute that a timestamp is in. */
static bool is_of_minute(struct ev_star_calendar *c, const struct ev_value *v, int64_t day)
{
	const char *text = v->p + 1;
	int64_t from = date_of(c, text) * 86400 + two_digits(text + 11) * 3600 +
		       two_digits(text + 14) * 60;
	int64_t offset = ev_zone_offset(c->c->zone, from);

	return ev_zone_offset(c->c->zone, from + 59) == offset &&
	       floor_days(from + offset) == day && floor_days(from + 59 + offset) == day;
}

const char *ev_star_calendar_key(struct ev_star_calendar *c, const struct ev_value *v)
{
	const bool timestamp = v->len == EV_TIME_TEXT + 2;
	const char *key;
	int64_t day;

	if (timestamp && c->minute_key != NULL && ev_same(v->p + 1, c->minute, MINUTE_TEXT))
		return c->minute_key;
	day = day_of(c, v);
	key = key_of(c, day);
	c->minute_key = NULL; /* or another day may have taken its place */
	if (timestamp && is_of_minute(c, v, day)) {
		memcpy(c->minute, v->p + 1, MINUTE_TEXT);
		c->minute_key = key;
	}
	return key;
}

void ev_star_calendar_preimage(int64_t day, struct ev_buf *preimage)
{
	char text[EV_DATE_TEXT];

	ev_date_format(ev_date_of_days(day), text);
	ev_key_part(preimage, ev_type_names[EV_TYPE_DATE], text, sizeof text);
}

static int by_number(const void *x, const void *y)
{
	const int64_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

const int64_t *ev_star_calendar_days(struct ev_star_calendar *c, size_t *n)
{
	size_t span = c->from <= c->to ? (size_t)(c->to - c->from + 1) : 0, others = 0;

	if (c->n > 0)
		qsort(c->outside, c->n, sizeof *c->outside, by_number);
	for (size_t i = 0; i < c->n; i++)
		if (i == 0 || c->outside[i] != c->outside[i - 1])
			c->outside[others++] = c->outside[i];
	ev_grow(&c->outside, &c->cap, span + others, sizeof *c->outside);
	if (others > 0)
		memmove(c->outside + span, c->outside, others * sizeof *c->outside);
	for (size_t i = 0; i < span; i++)
		c->outside[i] = c->from + (int64_t)i;
	c->n = *n = span + others;
	return c->outside;
}

static inline void put_number(struct ev_buf *row, const char *name, int value)
{
	ev_buf_puts(row, name);
	if (value < 0)
		ev_buf_putc(row, '-'); /* the week of 0000-01-01 is of the year before */
	ev_buf_u64(row, (uint64_t)abs(value));
}

void ev_star_calendar_put(int64_t day, struct ev_buf *row)
{
	static const char *const months[] = {"January",	  "February", "March",	  "April",
					     "May",	  "June",     "July",	  "August",
					     "September", "October",  "November", "December"};
	static const char *const weekdays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
					       "Friday", "Saturday", "Sunday"};
	struct ev_date date = ev_date_of_days(day);
	int weekday = ev_date_weekday(day), year, week;
	char text[EV_DATE_TEXT];

	ev_date_week(day, &year, &week);
	ev_date_format(date, text);
	ev_buf_puts(row, ",\"date\":\"");
	ev_buf_put(row, text, sizeof text);
	put_number(row, "\",\"year\":", date.year);
	put_number(row, ",\"quarter\":", (date.month + 2) / 3);
	put_number(row, ",\"month\":", date.month);
	put_number(row, ",\"day\":", date.day);
	ev_buf_puts(row, ",\"month_name\":\"");
	ev_buf_puts(row, months[date.month - 1]);
	put_number(row, "\",\"day_of_week\":", weekday);
	ev_buf_puts(row, ",\"day_name\":\"");
	ev_buf_puts(row, weekdays[weekday - 1]);
	put_number(row, "\",\"iso_year\":", year);
	put_number(row, ",\"iso_week\":", week);
	ev_buf_puts(row, weekday > 5 ? ",\"is_weekend\":true" : ",\"is_weekend\":false");
}

void ev_star_calendar_put_unknown(struct ev_buf *row)
{
	ev_buf_puts(row, ",\"date\":null,\"year\":null,\"quarter\":null,\"month\":null,"
			 "\"day\":null,\"month_name\":null,\"day_of_week\":null,"
			 "\"day_name\":null,\"iso_year\":null,\"iso_week\":null,"
			 "\"is_weekend\":null");
}

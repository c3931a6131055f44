#include "star/calendar.h"
#include "base/mem.h"
#include "base/zone.h"

#include <stdlib.h>

/* 0001-01-01 and 9999-12-31. */
enum { FIRST = -719162, LAST = 2932896, DAYS = LAST - FIRST + 1 };
enum { RECENT = 64 };

struct ev_star_calendar {
	const struct ev_calendar *c;
	int64_t from, to;
	int64_t *outside; /* days met outside the span, each once */
	size_t n, cap;
	uint8_t *known;		 /* a bit for each day from FIRST on: it was met; NULL: none was */
	char date[EV_DATE_TEXT]; /* the last date read */
	int64_t date_days;
	struct {
		int64_t day;
		char key[EV_KEY_TEXT]; /* NUL first: empty */
	} recent[RECENT];
	struct ev_buf scratch;
};

struct ev_star_calendar *ev_star_calendar_new(const struct ev_calendar *c)
{
	struct ev_star_calendar *new = ev_calloc(1, sizeof *new);

	new->c = c;
	new->from = ev_date_days(c->from);
	new->to = ev_date_days(c->to);
	return new;
}

void ev_star_calendar_free(struct ev_star_calendar **c)
{
	if (*c == NULL)
		return;
	free((*c)->outside);
	free((*c)->known);
	ev_buf_free(&(*c)->scratch);
	free(*c);
	*c = NULL;
}

/* Days since 1970 of the date that a text begins with; the last one is remembered. */
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

void ev_star_calendar_add(struct ev_star_calendar *c, int64_t day)
{
	const size_t bit = (size_t)(day - FIRST);

	if (day >= c->from && day <= c->to)
		return;
	if (c->known == NULL)
		c->known = ev_calloc(DAYS / 8 + 1, 1);
	if ((c->known[bit / 8] >> bit % 8 & 1) != 0)
		return;
	c->known[bit / 8] |= (uint8_t)(1U << bit % 8);
	ev_grow(&c->outside, &c->cap, c->n + 1, sizeof *c->outside);
	c->outside[c->n++] = day;
}

const int64_t *ev_star_calendar_outside(const struct ev_star_calendar *c, size_t *n)
{
	*n = c->n;
	return c->outside;
}

void ev_star_calendar_forget(struct ev_star_calendar *c)
{
	while (c->n > 0)
		c->known[(c->outside[--c->n] - FIRST) / 8] = 0;
}

/* The key of a day, out of a cache of keys. */
static const char *key_of(struct ev_star_calendar *c, int64_t day)
{
	size_t slot = (size_t)((uint64_t)day % RECENT);
	char key[EV_KEY_TEXT + 1];

	if (c->recent[slot].key[0] == '\0' || c->recent[slot].day != day) {
		if (!ev_time_in_range((struct ev_time){.sec = day * 86400}))
			return ev_unknown_key;
		ev_key_day(ev_date_of_days(day), &c->scratch, key);
		memcpy(c->recent[slot].key, key, EV_KEY_TEXT);
		c->recent[slot].day = day;
	}
	ev_star_calendar_add(c, day);
	return c->recent[slot].key;
}

const char *ev_star_calendar_key(struct ev_star_calendar *c, const struct ev_value *v)
{
	return key_of(c, day_of(c, v));
}

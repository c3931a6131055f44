/*
 * The holidays of a calendar: a file beside the model, a day and its name a line.
 */
#include "base/mem.h"
#include "base/utf8.h"
#include "io/in.h"
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_FILE = 1024 * 1024 };

/* A value of CSV without its quotes, in place; false if they do not close. */
static bool unquote(char **p, size_t *len)
{
	char *to = *p;

	if (*len == 0 || **p != '"')
		return true;
	for (size_t i = 1; i < *len; i++, to++) {
		if ((*p)[i] == '"') {
			if (i + 1 == *len) {
				*len = (size_t)(to - *p);
				return true;
			}
			if ((*p)[++i] != '"')
				return false;
		}
		*to = (*p)[i];
	}
	return false;
}

/* What is wrong with a name, or NULL. */
static const char *flaw_of(const char *p, size_t len)
{
	if (len == 0)
		return "the day has no name: write 2026-12-25, a tab or a comma, and the name";
	if (ev_utf8_valid(p, len) != len)
		return "the name is not UTF-8";
	for (const char *q = p; q < p + len;)
		if (!ev_utf8_is_visible(ev_utf8_next(&q)))
			return "the name has a character that cannot be seen";
	if (ev_utf8_count(p, len) > EV_HOLIDAY_NAME)
		return "the name has more than 100 characters";
	return NULL;
}

/* A line without its end. NULL if it is right, and in the calendar; else what is wrong with it. */
static const char *take(struct ev_calendar *c, size_t *cap, char *p, size_t len)
{
	struct ev_date date;
	const char *flaw;

	if (len > 0 && p[len - 1] == '\r')
		len--;
	if (len == 0 || *p == '#')
		return NULL;
	if (len < EV_DATE_TEXT || !ev_date_parse(p, EV_DATE_TEXT, &date) || date.year == 0)
		return "this begins with no date such as 2026-12-25";
	p += EV_DATE_TEXT;
	len -= EV_DATE_TEXT;
	if (len == 0 || (*p != '\t' && *p != ','))
		return "behind the date comes a tab or a comma, and then the name";
	p++;
	len--;
	if (p[-1] == ',' && !unquote(&p, &len))
		return "the quotes around the name do not close";
	if ((flaw = flaw_of(p, len)) != NULL)
		return flaw;
	ev_grow(&c->holidays, cap, c->n_holidays + 1, sizeof *c->holidays);
	c->holidays[c->n_holidays++] = (struct ev_holiday){ev_date_days(date), ev_strndup(p, len)};
	return NULL;
}

static int by_day(const void *x, const void *y)
{
	const struct ev_holiday *a = x, *b = y;

	return (a->day > b->day) - (a->day < b->day);
}

enum ev_status ev_holidays_read(const char *file, struct ev_calendar *c, struct ev_error *err)
{
	enum ev_status st;
	size_t len, line = 0, cap = 0;
	char *text = NULL;

	st = ev_in_slurp(file, MAX_FILE, &text, &len, err);
	for (char *p = text, *end; st == EV_OK && p < text + len; p = end + 1) {
		const char *flaw;

		line++;
		end = memchr(p, '\n', (size_t)(text + len - p));
		if (end == NULL)
			end = text + len;
		if ((flaw = take(c, &cap, p, (size_t)(end - p))) != NULL)
			st = ev_fail(err, "%s:%zu: %s", file, line, flaw);
	}
	free(text);
	if (st != EV_OK)
		return st;
	if (c->n_holidays == 0)
		return ev_fail(err, "%s: there is no holiday in it", file);
	qsort(c->holidays, c->n_holidays, sizeof *c->holidays, by_day);
	for (size_t i = 1; i < c->n_holidays; i++) {
		char date[EV_DATE_TEXT];

		if (c->holidays[i].day != c->holidays[i - 1].day)
			continue;
		ev_date_format(ev_date_of_days(c->holidays[i].day), date);
		return ev_fail(err, "%s: %.*s stands twice: write its names in one line", file,
			       EV_DATE_TEXT, date);
	}
	return EV_OK;
}

const char *ev_holiday_of(const struct ev_calendar *c, int64_t day)
{
	const struct ev_holiday key = {day, NULL}, *h;

	if (c->n_holidays == 0)
		return NULL;
	h = bsearch(&key, c->holidays, c->n_holidays, sizeof key, by_day);
	return h != NULL ? h->name : NULL;
}

#include "warehouse/calendar.h"
#include "base/time.h"
#include "scan/form.h"

#include <stdio.h>

const struct ev_day_column ev_day_columns[EV_DAY_COLUMNS] = {
	{"date", EV_TYPE_DATE, 0},
	{"year", EV_TYPE_INT, 0},
	{"quarter", EV_TYPE_INT, 0},
	{"month", EV_TYPE_INT, 0},
	{"day", EV_TYPE_INT, 0},
	{"month_name", EV_TYPE_VARCHAR, 9},
	{"day_of_week", EV_TYPE_INT, 0},
	{"day_name", EV_TYPE_VARCHAR, 9},
	{"iso_year", EV_TYPE_INT, 0},
	{"iso_week", EV_TYPE_INT, 0},
	{"is_weekend", EV_TYPE_BOOL, 0},
	{"is_holiday", EV_TYPE_BOOL, 0},
	{"holiday", EV_TYPE_VARCHAR, EV_HOLIDAY_NAME},
};

size_t ev_day_n(const struct ev_calendar *c)
{
	return c->n_holidays > 0 ? EV_DAY_COLUMNS : EV_DAY_IS_HOLIDAY;
}

void ev_day_texts(const struct ev_calendar *c, int64_t day, char texts[EV_DAY_COLUMNS][EV_DAY_TEXT])
{
	static const char *const months[] = {"January",	  "February", "March",	  "April",
					     "May",	  "June",     "July",	  "August",
					     "September", "October",  "November", "December"};
	static const char *const weekdays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
					       "Friday", "Saturday", "Sunday"};
	const char *holiday = ev_holiday_of(c, day);
	struct ev_date date = ev_date_of_days(day);
	int weekday = ev_date_weekday(day), year, week, i = 0;
	char text[EV_DATE_TEXT];

	ev_date_week(day, &year, &week);
	ev_date_format(date, text);
	snprintf(texts[i++], EV_DAY_TEXT, "%.*s", EV_DATE_TEXT, text);
	snprintf(texts[i++], EV_DAY_TEXT, "%d", date.year);
	snprintf(texts[i++], EV_DAY_TEXT, "%d", (date.month + 2) / 3);
	snprintf(texts[i++], EV_DAY_TEXT, "%d", date.month);
	snprintf(texts[i++], EV_DAY_TEXT, "%d", date.day);
	snprintf(texts[i++], EV_DAY_TEXT, "%s", months[date.month - 1]);
	snprintf(texts[i++], EV_DAY_TEXT, "%d", weekday);
	snprintf(texts[i++], EV_DAY_TEXT, "%s", weekdays[weekday - 1]);
	snprintf(texts[i++], EV_DAY_TEXT, "%d", year);
	snprintf(texts[i++], EV_DAY_TEXT, "%d", week);
	snprintf(texts[i++], EV_DAY_TEXT, "%s", weekday > 5 ? "true" : "false");
	snprintf(texts[i++], EV_DAY_TEXT, "%s", holiday != NULL ? "true" : "false");
	snprintf(texts[i], EV_DAY_TEXT, "%s", holiday != NULL ? holiday : "");
}

bool ev_day_is_quoted(enum ev_type type)
{
	return type == EV_TYPE_DATE || type == EV_TYPE_VARCHAR;
}

void ev_day_json(const struct ev_calendar *c, int64_t day, struct ev_buf *row)
{
	char texts[EV_DAY_COLUMNS][EV_DAY_TEXT];

	ev_day_texts(c, day, texts);
	for (size_t i = 0; i < ev_day_n(c); i++) {
		ev_buf_printf(row, ",\"%s\":", ev_day_columns[i].name);
		if (texts[i][0] == '\0')
			ev_buf_puts(row, "null");
		else if (ev_day_is_quoted(ev_day_columns[i].type))
			ev_json_quote(texts[i], strlen(texts[i]), row);
		else
			ev_buf_puts(row, texts[i]);
	}
}

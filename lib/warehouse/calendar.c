#include "warehouse/calendar.h"
#include "base/time.h"

#include <stdio.h>

const struct ev_day_column ev_day_columns[EV_DAY_COLUMNS] = {
	{"date", EV_TYPE_DATE, 0},	 {"year", EV_TYPE_INT, 0},
	{"quarter", EV_TYPE_INT, 0},	 {"month", EV_TYPE_INT, 0},
	{"day", EV_TYPE_INT, 0},	 {"month_name", EV_TYPE_VARCHAR, 9},
	{"day_of_week", EV_TYPE_INT, 0}, {"day_name", EV_TYPE_VARCHAR, 9},
	{"iso_year", EV_TYPE_INT, 0},	 {"iso_week", EV_TYPE_INT, 0},
	{"is_weekend", EV_TYPE_BOOL, 0},
};

void ev_day_texts(int64_t day, char texts[EV_DAY_COLUMNS][EV_DAY_TEXT])
{
	static const char *const months[] = {"January",	  "February", "March",	  "April",
					     "May",	  "June",     "July",	  "August",
					     "September", "October",  "November", "December"};
	static const char *const weekdays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
					       "Friday", "Saturday", "Sunday"};
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
	snprintf(texts[i], EV_DAY_TEXT, "%s", weekday > 5 ? "true" : "false");
}

bool ev_day_is_quoted(enum ev_type type)
{
	return type == EV_TYPE_DATE || type == EV_TYPE_VARCHAR;
}

void ev_day_json(int64_t day, struct ev_buf *row)
{
	char texts[EV_DAY_COLUMNS][EV_DAY_TEXT];

	ev_day_texts(day, texts);
	for (int i = 0; i < EV_DAY_COLUMNS; i++) {
		const char *quote = ev_day_is_quoted(ev_day_columns[i].type) ? "\"" : "";

		ev_buf_printf(row, ",\"%s\":%s%s%s", ev_day_columns[i].name, quote, texts[i],
			      quote);
	}
}

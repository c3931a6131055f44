/*
 * calendar: what the row of a calendar says of a day. Floor 8.
 *
 * The days of a calendar's range, and the unknown member of each dimension, follow from the model
 * alone: evschema makes them, with the tables.
 */
#ifndef EV_CALENDAR_H
#define EV_CALENDAR_H

#include "base/buf.h"
#include "model/model.h"

/* The last two are there in a calendar with holidays alone. */
enum { EV_DAY_COLUMNS = 13, EV_DAY_IS_HOLIDAY = 11, EV_DAY_TEXT = 4 * EV_HOLIDAY_NAME + 1 };

/* The columns behind the first two, which every dimension has; a calendar has ev_day_n of them. */
struct ev_day_column {
	const char *name;
	enum ev_type type;
	uint32_t size; /* of a varchar */
};
extern const struct ev_day_column ev_day_columns[EV_DAY_COLUMNS];
size_t ev_day_n(const struct ev_calendar *c);

/* Their values as strings; an empty one is null. day: since 1970-01-01. */
void ev_day_texts(const struct ev_calendar *c, int64_t day,
		  char texts[EV_DAY_COLUMNS][EV_DAY_TEXT]);
/* Appends them as members of an object: `,"date":"2026-03-01","year":2026` and so on. */
void ev_day_json(const struct ev_calendar *c, int64_t day, struct ev_buf *row);
/* Whether a value of that type stands in quotes, in JSON as in SQL. */
bool ev_day_is_quoted(enum ev_type type);

#endif

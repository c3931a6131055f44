/*
 * Views: of each history fact the current state and that of a moment; of facts that refer to
 * dimensions of type 2 what these were at the event's time; and what the model measures.
 */
#include "ddl/internal.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

/* Of a view's name; digits that an integer of 64 bits holds. */
enum { MAX_NAME = 63, VIEW_NAME = 128, SAFE_DIGITS = 18 };

/*
 * How each spells what views are made of; @ is the value, # the scale of a decimal. hour: of a
 * timestamp, as a timestamp; day: of a timestamp, as a date; week: of a date, its Monday; all of
 * these in UTC, whatever the session says. wide: a number in a type whose sums do not wrap around.
 */
static const struct spelling {
	const char *target;
	const char *hour, *day, *week, *wide;
	bool texts; /* decimals are texts */
	/*
	 * A function of a moment, or NULL where there is none: @N is its name, @C the table's
	 * columns with their types, @S the SELECT; and how the moment is called in that.
	 */
	const char *function, *moment;
} spellings[] = {
	{"sqlite", "substr(@, 1, 13) || ':00:00.000000Z'", "substr(@, 1, 10)",
	 "date(@, '-6 days', 'weekday 1')", "@", true, NULL, "'2026-03-01T00:00:00.000000Z'"},
	{"postgres", "date_trunc('hour', @ AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'",
	 "CAST(@ AT TIME ZONE 'UTC' AS DATE)",
	 "CAST(date_trunc('week', CAST(@ AS TIMESTAMP)) AS DATE)", "@", false,
	 "DROP FUNCTION IF EXISTS @N(TIMESTAMPTZ);\n"
	 "CREATE FUNCTION @N(TIMESTAMPTZ) RETURNS TABLE (@C) LANGUAGE sql STABLE AS "
	 "$ev$\n@S\n$ev$;\n",
	 "$1"},
	{"snowflake", "DATE_TRUNC('HOUR', @)", "TO_DATE(@)", "DATEADD(day, 1 - DAYOFWEEKISO(@), @)",
	 "@", false,
	 "CREATE OR REPLACE FUNCTION @N(\"ev_moment\" TIMESTAMP_TZ) RETURNS TABLE (@C) AS "
	 "$$\n@S\n$$;\n",
	 "\"ev_moment\""},
	{"redshift", "date_trunc('hour', @ AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'",
	 "CAST(@ AT TIME ZONE 'UTC' AS DATE)",
	 "CAST(date_trunc('week', CAST(@ AS TIMESTAMP)) AS DATE)", "@", false, NULL,
	 "TIMESTAMPTZ '2026-03-01 00:00:00+00'"},
	{"bigquery", "TIMESTAMP_TRUNC(@, HOUR)", "DATE(@)", "DATE_TRUNC(@, ISOWEEK)", "@", false,
	 "CREATE OR REPLACE TABLE FUNCTION @N(ev_moment TIMESTAMP) AS (\n@S\n);\n", "ev_moment"},
	{"clickhouse",
	 "fromUnixTimestamp64Micro(toUnixTimestamp64Micro(@) - "
	 "positiveModulo(toUnixTimestamp64Micro(@), 3600000000), 'UTC')",
	 "toDate32(@)", "subtractDays(@, toDayOfWeek(@) - 1)", "toDecimal256(@, #)", false,
	 "CREATE OR REPLACE VIEW @N AS\n@S;\n", "{moment:DateTime64(6, 'UTC')}"},
	{"duckdb", "date_trunc('hour', @ AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'",
	 "CAST(@ AT TIME ZONE 'UTC' AS DATE)",
	 "CAST(date_trunc('week', CAST(@ AS TIMESTAMP)) AS DATE)", "@", false,
	 "CREATE OR REPLACE MACRO @N(ev_moment) AS TABLE\n@S;\n", "ev_moment"},
};

static const struct spelling *spelling_of(const struct ddl *s)
{
	const struct spelling *how = spellings;

	while (strcmp(how->target, s->d->target) != 0)
		how++;
	return how;
}

static void fill(const char *template, const char *value, uint32_t scale, struct ev_buf *out)
{
	for (; *template != '\0'; template ++)
		if (*template == '@')
			ev_buf_puts(out, value);
		else if (*template == '#')
			ev_buf_printf(out, "%u", scale);
		else
			ev_buf_putc(out, *template);
}

/* A name with what is put behind it, which no table may have. */
static enum ev_status view_name(const struct ddl *s, struct ev_place at, const char *name,
				const char *suffix, char out[VIEW_NAME], struct ev_error *err)
{
	const char *file = s->model->file;

	if (strlen(name) + strlen(suffix) > MAX_NAME)
		return ev_fail(err,
			       "%s:%zu:%zu: '%s' is too long: %s%s must have %d characters at most",
			       file, at.line, at.column, name, name, suffix, MAX_NAME);
	snprintf(out, VIEW_NAME, "%s%s", name, suffix);
	for (size_t i = 0; i < s->tables->n; i++)
		if (strcasecmp(s->tables->list[i].name, out) == 0)
			return ev_fail(err,
				       "%s:%zu:%zu: the view of %s would have the name of the "
				       "table %s: rename one",
				       file, at.line, at.column, name, s->tables->list[i].name);
	return EV_OK;
}

static void drop_view(const struct ddl *s, const char *name, struct ev_buf *out)
{
	ev_buf_puts(out, "DROP VIEW IF EXISTS ");
	ev_sql_table(s->d, s->schema, name, out);
	ev_buf_puts(out, ";\n");
}

/* Up to the SELECT. */
static void begin_view(struct ddl *s, const char *name)
{
	struct ev_buf *out = &s->text;

	ev_buf_putc(out, '\n');
	if (s->d->drops_views) {
		drop_view(s, name, out);
		ev_buf_puts(out, "CREATE VIEW ");
	} else {
		ev_buf_puts(out, "CREATE OR REPLACE VIEW ");
	}
	ev_sql_table(s->d, s->schema, name, out);
	ev_buf_puts(out, s->d->templates ? " COPY GRANTS AS\n" : " AS\n");
}

/* Histories */

static bool is_validity(const struct ev_table *t, size_t i)
{
	return i >= t->n_keys && i < t->n_keys + 4;
}

static void select_columns(struct ddl *s, const struct ev_table *t, bool all, struct ev_buf *out)
{
	ev_buf_puts(out, "SELECT ");
	for (size_t i = 0; i < t->n; i++) {
		if (!all && is_validity(t, i))
			continue;
		ev_buf_puts(out, i > 0 ? ", " : "");
		ev_sql_name(s->d, t->columns[i].name, out);
	}
	ev_buf_puts(out, " FROM ");
	ev_sql_table(s->d, s->schema, t->name, out);
	ev_buf_puts(out, " WHERE ");
}

static void select_moment(struct ddl *s, const struct ev_table *t, const char *moment,
			  struct ev_buf *out)
{
	select_columns(s, t, true, out);
	ev_sql_name(s->d, "ev_valid_from", out);
	ev_buf_printf(out, " <= %s AND (", moment);
	ev_sql_name(s->d, "ev_valid_to", out);
	ev_buf_puts(out, " IS NULL OR ");
	ev_sql_name(s->d, "ev_valid_to", out);
	ev_buf_printf(out, " > %s) AND NOT ", moment);
	ev_sql_name(s->d, "ev_deleted", out);
}

static void write_function(struct ddl *s, const struct ev_table *t, const char *name)
{
	const struct spelling *how = spelling_of(s);
	struct ev_buf *out = &s->text;

	ev_buf_putc(out, '\n');
	if (how->function == NULL) {
		ev_buf_puts(out, "-- As of a moment, here that at which March 2026 began:\n-- ");
		select_moment(s, t, how->moment, out);
		ev_buf_puts(out, ";\n");
		return;
	}
	for (const char *p = how->function; *p != '\0'; p++) {
		if (*p != '@') {
			ev_buf_putc(out, *p);
			continue;
		}
		switch (*++p) {
		case 'N': ev_sql_table(s->d, s->schema, name, out); break;
		case 'S': select_moment(s, t, how->moment, out); break;
		default:
			for (size_t i = 0; i < t->n; i++) {
				ev_buf_puts(out, i > 0 ? ", " : "");
				ev_sql_name(s->d, t->columns[i].name, out);
				ev_buf_putc(out, ' ');
				ev_sql_type(s->d, &t->columns[i], out);
			}
		}
	}
}

static enum ev_status write_history(struct ddl *s, const struct ev_table *t, struct ev_error *err)
{
	char name[VIEW_NAME];

	if (view_name(s, t->fact->place, t->name, "_current", name, err) != EV_OK)
		return EV_FATAL;
	begin_view(s, name);
	select_columns(s, t, false, &s->text);
	ev_sql_name(s->d, "ev_current", &s->text);
	ev_buf_puts(&s->text, ";\n");
	if (view_name(s, t->fact->place, t->name, "_as_of", name, err) != EV_OK)
		return EV_FATAL;
	write_function(s, t, name);
	return EV_OK;
}

/* What the members that a fact refers to were at the event's time */

static void put_column(struct ddl *s, const char *of, const char *name, struct ev_buf *out)
{
	ev_buf_printf(out, "%s.", of);
	ev_sql_name(s->d, name, out);
}

static void put_as(struct ddl *s, const char *name)
{
	ev_buf_puts(&s->text, " AS ");
	ev_sql_name(s->d, name, &s->text);
}

static bool refers_to_history(const struct ev_column *c)
{
	return c->dimension != NULL && c->dimension->history;
}

/* The column that has the event's time: the model's own, or the version's beginning; or NULL. */
static const char *time_of(const struct ddl *s, const struct ev_table *t)
{
	for (size_t i = 0; i < t->fact->columns.n; i++) {
		const struct ev_column *c = &t->fact->columns.list[i];

		if (c->type == EV_TYPE_TIMESTAMP && ev_path_same(c->from, s->model->time))
			return c->name;
	}
	return t->versions ? "ev_valid_from" : NULL;
}

static bool has_then(const struct ddl *s, const struct ev_table *t)
{
	for (size_t i = 0; t->fact != NULL && i < t->fact->columns.n; i++)
		if (refers_to_history(&t->fact->columns.list[i]))
			return time_of(s, t) != NULL;
	return false;
}

static bool is_key(const struct ev_dimension *d, size_t column)
{
	for (size_t i = 0; i < d->n_keys; i++)
		if (d->keys[i] == column)
			return true;
	return false;
}

/* The number of a name, to which case makes no difference. */
static size_t add_name(struct ev_symbols *names, const char *name)
{
	struct ev_buf lower = {0};
	size_t number;

	for (; *name != '\0'; name++)
		ev_buf_putc(&lower, (char)tolower((unsigned char)*name));
	number = ev_symbols_add(names, ev_buf_str(&lower), lower.len);
	ev_buf_free(&lower);
	return number;
}

/* The columns of the fact, and C_X for each column X of the member that C refers to. */
static enum ev_status select_then(struct ddl *s, const struct ev_table *t, struct ev_error *err)
{
	struct ev_symbols *names = ev_symbols_new(0);
	const struct ev_columns *columns = &t->fact->columns;
	struct ev_buf *out = &s->text, name = {0};
	enum ev_status st = EV_OK;
	size_t n = 0;

	ev_buf_puts(out, "SELECT ");
	for (size_t i = 0; i < t->n; i++) {
		if (t->versions && is_validity(t, i))
			continue;
		ev_buf_puts(out, n++ > 0 ? ", " : "");
		put_column(s, "f", t->columns[i].name, out);
		put_as(s, t->columns[i].name);
		add_name(names, t->columns[i].name);
	}
	for (size_t i = 0; st == EV_OK && i < columns->n; i++) {
		const struct ev_column *c = &columns->list[i];
		char of[24];

		snprintf(of, sizeof of, "d%zu", i + 1);
		for (size_t k = 0; refers_to_history(c) && k < c->dimension->columns.n; k++) {
			if (is_key(c->dimension, k))
				continue;
			ev_buf_reset(&name);
			ev_buf_printf(&name, "%s_%s", c->name, c->dimension->columns.list[k].name);
			if (add_name(names, ev_buf_str(&name)) <= n || name.len > MAX_NAME) {
				st = ev_fail(err,
					     "%s:%zu:%zu: the view %s_then cannot have the column "
					     "'%s': rename one",
					     s->model->file, c->place.line, c->place.column,
					     t->name, ev_buf_str(&name));
				break;
			}
			n++;
			ev_buf_puts(out, ", ");
			put_column(s, of, c->dimension->columns.list[k].name, out);
			put_as(s, ev_buf_str(&name));
		}
	}
	ev_buf_free(&name);
	ev_symbols_free(&names);
	return st;
}

/* The rows of a member follow one another without a gap, so in ClickHouse ASOF finds the same. */
static void join_then(struct ddl *s, const struct ev_table *t, const struct ev_column *c, size_t i)
{
	const struct ev_dimension *d = c->dimension;
	const char *time = time_of(s, t);
	struct ev_buf *out = &s->text;
	char name[VIEW_NAME], of[24];

	snprintf(of, sizeof of, "d%zu", i + 1);
	ev_buf_puts(out, s->d->by_load ? "\nASOF LEFT JOIN " : "\nLEFT JOIN ");
	ev_sql_table(s->d, s->schema, d->name, out);
	ev_buf_printf(out, " AS %s ON ", of);
	snprintf(name, sizeof name, "%s_key", d->name);
	put_column(s, of, name, out);
	ev_buf_puts(out, " = ");
	snprintf(name, sizeof name, "%s_key", c->name);
	put_column(s, "f", name, out);
	ev_buf_puts(out, " AND ");
	put_column(s, of, "ev_valid_from", out);
	ev_buf_puts(out, " <= ");
	put_column(s, "f", time, out);
	if (s->d->by_load)
		return;
	ev_buf_puts(out, " AND (");
	put_column(s, of, "ev_valid_to", out);
	ev_buf_puts(out, " IS NULL OR ");
	put_column(s, of, "ev_valid_to", out);
	ev_buf_puts(out, " > ");
	put_column(s, "f", time, out);
	ev_buf_putc(out, ')');
}

static enum ev_status write_then(struct ddl *s, const struct ev_table *t, struct ev_error *err)
{
	char name[VIEW_NAME];

	if (view_name(s, t->fact->place, t->name, "_then", name, err) != EV_OK)
		return EV_FATAL;
	begin_view(s, name);
	if (select_then(s, t, err) != EV_OK)
		return EV_FATAL;
	ev_buf_puts(&s->text, "\nFROM ");
	ev_sql_table(s->d, s->schema, t->name, &s->text);
	ev_buf_puts(&s->text, " AS f");
	for (size_t i = 0; i < t->fact->columns.n; i++)
		if (refers_to_history(&t->fact->columns.list[i]))
			join_then(s, t, &t->fact->columns.list[i], i);
	if (t->versions) {
		ev_buf_puts(&s->text, "\nWHERE ");
		put_column(s, "f", "ev_current", &s->text);
	}
	ev_buf_puts(&s->text, ";\n");
	return EV_OK;
}

/* Measures: f is the fact, d the calendar. */

static const struct period {
	const char *suffix, *name;
} periods[] = {{"_hour", "hour"}, {"_day", "day"}, {"_week", "week"}};

enum { HOUR, DAY, WEEK, PERIODS };

static bool has_calendar(const struct ev_measure *m)
{
	return m->time->dimension != NULL && m->time->dimension->calendar != NULL;
}

/* The period that the event's time lies in. */
static void put_period(struct ddl *s, const struct ev_measure *m, int period)
{
	const struct spelling *how = spelling_of(s);
	struct ev_buf time = {0}, day = {0};

	put_column(s, "f", m->time->name, &time);
	if (has_calendar(m) && period != HOUR)
		put_column(s, "d", "date", &day);
	else if (m->time->type == EV_TYPE_DATE)
		ev_buf_puts(&day, ev_buf_str(&time));
	else
		fill(period == HOUR ? how->hour : how->day, ev_buf_str(&time), 0, &day);
	if (period == WEEK)
		fill(how->week, ev_buf_str(&day), 0, &s->text);
	else
		ev_buf_puts(&s->text, ev_buf_str(&day));
	ev_buf_free(&time);
	ev_buf_free(&day);
}

static void put_list(struct ddl *s, const struct ev_names *types, const char **comma)
{
	for (size_t i = 0; i < types->n; i++) {
		ev_buf_puts(&s->text, *comma);
		ev_sql_text(s->d, types->list[i], strlen(types->list[i]), &s->text);
		*comma = ", ";
	}
}

/* Those of a and, unless NULL, of b. */
static void put_types(struct ddl *s, const struct ev_measure *m, const struct ev_names *a,
		      const struct ev_names *b)
{
	const char *comma = "";

	put_column(s, "f", m->type->name, &s->text);
	ev_buf_puts(&s->text, " IN (");
	put_list(s, a, &comma);
	if (b != NULL)
		put_list(s, b, &comma);
	ev_buf_putc(&s->text, ')');
}

static void put_from(struct ddl *s, const struct ev_measure *m, int period)
{
	const char *joint = "\nWHERE ";
	struct ev_buf *out = &s->text;

	ev_buf_puts(out, "\nFROM ");
	ev_sql_table(s->d, s->schema, m->fact->name, out);
	ev_buf_puts(out, " AS f");
	if (has_calendar(m) && period != HOUR) {
		char key[VIEW_NAME];

		ev_buf_puts(out, "\nJOIN ");
		ev_sql_table(s->d, s->schema, m->time->dimension->name, out);
		ev_buf_puts(out, " AS d ON ");
		snprintf(key, sizeof key, "%s_key", m->time->dimension->name);
		put_column(s, "d", key, out);
		snprintf(key, sizeof key, "%s_key", m->time->name);
		ev_buf_puts(out, " = ");
		put_column(s, "f", key, out);
	}
	if (m->fact->keep == EV_KEEP_HISTORY) {
		ev_buf_puts(out, joint);
		put_column(s, "f", "ev_current", out);
		joint = " AND ";
	}
	if (m->plus.n > 0) {
		ev_buf_puts(out, joint);
		put_types(s, m, &m->plus, &m->minus);
		joint = " AND ";
	}
	if (m->of != NULL) {
		ev_buf_puts(out, joint);
		put_column(s, "f", m->of->name, out);
		ev_buf_puts(out, " IS NOT NULL");
	}
}

/* GROUP BY the first n columns. */
static void put_group(struct ddl *s, size_t n)
{
	ev_buf_puts(&s->text, "\nGROUP BY ");
	for (size_t i = 1; i <= n; i++)
		ev_buf_printf(&s->text, i > 1 ? ", %zu" : "%zu", i);
}

/*
 * The number that is summed. A decimal that is a text is summed as an integer of its last digit,
 * and one that has too many digits for that stops the query, as a sum does that has.
 */
static void put_number(struct ddl *s, const struct ev_measure *m)
{
	const struct spelling *how = spelling_of(s);
	bool is_text = how->texts && m->column->type == EV_TYPE_DECIMAL;
	struct ev_buf value = {0};

	put_column(s, "f", m->column->name, &value);
	if (!is_text) {
		fill(how->wide, ev_buf_str(&value), m->column->scale, &s->text);
	} else if (m->column->size <= SAFE_DIGITS) {
		fill("CAST(replace(@, '.', '') AS INTEGER)", ev_buf_str(&value), 0, &s->text);
	} else {
		fill("CASE WHEN length(replace(replace(@, '.', ''), '-', '')) > 18 "
		     "THEN abs(-9223372036854775807 - 1) "
		     "ELSE CAST(replace(@, '.', '') AS INTEGER) END",
		     ev_buf_str(&value), 0, &s->text);
	}
	ev_buf_free(&value);
}

static void put_sum(struct ddl *s, const struct ev_measure *m)
{
	ev_buf_puts(&s->text, "sum(");
	if (m->minus.n > 0) {
		ev_buf_puts(&s->text, "CASE WHEN ");
		put_types(s, m, &m->minus, NULL);
		ev_buf_puts(&s->text, " THEN -");
		put_number(s, m);
		ev_buf_puts(&s->text, " ELSE ");
		put_number(s, m);
		ev_buf_puts(&s->text, " END)");
	} else {
		put_number(s, m);
		ev_buf_putc(&s->text, ')');
	}
}

/* By period, by what the measure says, and by currency; how many columns that makes. */
static size_t put_by(struct ddl *s, const struct ev_measure *m, int period)
{
	size_t n = 1;

	put_period(s, m, period);
	put_as(s, periods[period].name);
	for (size_t i = 0; i < m->n_by; i++) {
		if (m->by[i] == m->currency)
			continue;
		ev_buf_puts(&s->text, ", ");
		put_column(s, "f", m->by[i]->name, &s->text);
		put_as(s, m->by[i]->name);
		n++;
	}
	if (m->currency != NULL) {
		ev_buf_puts(&s->text, ", ");
		put_column(s, "f", m->currency->name, &s->text);
		put_as(s, "currency");
		n++;
	}
	return n;
}

static void put_names_of_by(struct ddl *s, const struct ev_measure *m, int period)
{
	ev_sql_name(s->d, periods[period].name, &s->text);
	for (size_t i = 0; i < m->n_by; i++) {
		if (m->by[i] == m->currency)
			continue;
		ev_buf_puts(&s->text, ", ");
		ev_sql_name(s->d, m->by[i]->name, &s->text);
	}
	if (m->currency != NULL) {
		ev_buf_puts(&s->text, ", ");
		ev_sql_name(s->d, "currency", &s->text);
	}
}

static void write_sum(struct ddl *s, const struct ev_measure *m, int period)
{
	uint32_t scale = m->column != NULL ? m->column->scale : 0;
	bool is_text = scale > 0 && spelling_of(s)->texts;
	struct ev_buf *out = &s->text;
	size_t n;

	if (is_text) { /* the point comes back: 5 is 0.05 */
		ev_buf_puts(out, "SELECT ");
		put_names_of_by(s, m, period);
		ev_buf_puts(out, ", \"rows\", CASE WHEN ev_minor < 0 THEN '-' ELSE '' END || ");
		ev_buf_printf(out,
			      "substr(ev_digits, 1, length(ev_digits) - %u) || '.' || "
			      "substr(ev_digits, -%u) AS \"total\" FROM (SELECT *, "
			      "CASE WHEN ev_minor IS NOT NULL THEN ",
			      scale, scale);
		ev_buf_printf(out, "printf('%%0%ud', abs(ev_minor)) END AS ev_digits FROM (\n",
			      scale + 1);
	}
	ev_buf_puts(out, "SELECT ");
	n = put_by(s, m, period);
	ev_buf_puts(out, ", count(*)");
	put_as(s, "rows");
	if (m->column != NULL) {
		ev_buf_puts(out, ", ");
		put_sum(s, m);
		put_as(s, is_text ? "ev_minor" : "total");
	}
	put_from(s, m, period);
	put_group(s, n);
	ev_buf_puts(out, is_text ? "\n));\n" : ";\n");
}

/* 1 where one of the types is among those of a group. */
static void put_has(struct ddl *s, const struct ev_measure *m, const struct ev_names *types,
		    const char *as)
{
	ev_buf_puts(&s->text, ", max(CASE WHEN ");
	put_types(s, m, types, NULL);
	ev_buf_puts(&s->text, " THEN 1 ELSE 0 END)");
	put_as(s, as);
}

/* Of a group the first period in which it had one of the types that begin it. */
static void write_steps(struct ddl *s, const struct ev_measure *m, int period)
{
	struct ev_buf *out = &s->text;

	ev_buf_puts(out, "SELECT ");
	put_names_of_by(s, m, period);
	ev_buf_puts(out, ", count(*)");
	put_as(s, "started");
	ev_buf_puts(out, ", sum(");
	put_column(s, "g", "ev_reached", out);
	ev_buf_putc(out, ')');
	put_as(s, "reached");
	ev_buf_puts(out, " FROM (\nSELECT ");
	put_column(s, "f", m->of->name, out);
	put_as(s, "ev_of");
	ev_buf_puts(out, ", min(CASE WHEN ");
	put_types(s, m, &m->plus, NULL);
	ev_buf_puts(out, " THEN ");
	put_period(s, m, period);
	ev_buf_puts(out, " END)");
	put_as(s, periods[period].name);
	for (size_t i = 0; i < m->n_by; i++) {
		ev_buf_puts(out, ", min(");
		put_column(s, "f", m->by[i]->name, out);
		ev_buf_putc(out, ')');
		put_as(s, m->by[i]->name);
	}
	put_has(s, m, &m->plus, "ev_started");
	put_has(s, m, &m->minus, "ev_reached");
	put_from(s, m, period);
	put_group(s, 1);
	ev_buf_puts(out, "\n) AS g\nWHERE ");
	put_column(s, "g", "ev_started", out);
	ev_buf_puts(out, " = 1");
	put_group(s, 1 + m->n_by);
	ev_buf_puts(out, ";\n");
}

static enum ev_status write_measure(struct ddl *s, const struct ev_measure *m, struct ev_error *err)
{
	char name[VIEW_NAME];

	for (const struct ev_measure *o = s->model->measures; o < m; o++)
		if (strcasecmp(o->name, m->name) == 0)
			return ev_fail(err,
				       "%s:%zu:%zu: a second measure has the name '%s': rename one",
				       s->model->file, m->place.line, m->place.column, m->name);
	for (int period = m->time->type == EV_TYPE_DATE ? DAY : HOUR; period < PERIODS; period++) {
		if (view_name(s, m->place, m->name, periods[period].suffix, name, err) != EV_OK)
			return EV_FATAL;
		begin_view(s, name);
		if (m->of != NULL)
			write_steps(s, m, period);
		else
			write_sum(s, m, period);
	}
	return EV_OK;
}

void ddl_drop_views(const struct ddl *s, struct ev_buf *out)
{
	char name[VIEW_NAME];

	for (size_t i = 0; i < s->tables->n; i++) {
		const struct ev_table *t = &s->tables->list[i];

		if (has_then(s, t)) {
			snprintf(name, sizeof name, "%s_then", t->name);
			drop_view(s, name, out);
		}
		if (!t->versions)
			continue;
		snprintf(name, sizeof name, "%s_current", t->name);
		drop_view(s, name, out);
		if (spelling_of(s)->function == NULL)
			continue;
		snprintf(name, sizeof name, "%s_as_of", t->name);
		ev_buf_puts(out, "DROP FUNCTION IF EXISTS ");
		ev_sql_table(s->d, s->schema, name, out);
		ev_buf_puts(out, ";\n");
	}
	for (size_t i = 0; i < s->model->n_measures; i++)
		for (int period = 0; period < PERIODS; period++) {
			snprintf(name, sizeof name, "%s%s", s->model->measures[i].name,
				 periods[period].suffix);
			drop_view(s, name, out);
		}
}

enum ev_status ddl_views(struct ddl *s, struct ev_error *err)
{
	for (size_t i = 0; i < s->tables->n; i++) {
		const struct ev_table *t = &s->tables->list[i];

		if ((t->versions && write_history(s, t, err) != EV_OK) ||
		    (has_then(s, t) && write_then(s, t, err) != EV_OK))
			return EV_FATAL;
	}
	for (size_t i = 0; i < s->model->n_measures; i++)
		if (write_measure(s, &s->model->measures[i], err) != EV_OK)
			return EV_FATAL;
	return EV_OK;
}

enum ev_status ev_ddl_views(const struct ev_ddl *what, struct ev_out *out, struct ev_error *err)
{
	struct ddl s;
	enum ev_status st = ddl_open(&s, what, out, err);

	ev_buf_puts(&s.text, s.d->begin);
	if (st == EV_OK)
		st = ddl_views(&s, err);
	if (s.d->commit[0] != '\0')
		ev_buf_printf(&s.text, "\n%s", s.d->commit);
	if (st == EV_OK)
		st = ddl_put(&s, err);
	ddl_close(&s);
	return st;
}

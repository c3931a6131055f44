/*
 * From one model's tables to another's: what is added, widened and taken away, in place where the
 * engine can, else by a new table that takes the place of the old one.
 */
#include "ddl/internal.h"
#include "warehouse/calendar.h"

#include <stdlib.h>

enum change {
	CHANGE_NONE,
	CHANGE_ADD,
	CHANGE_DROP,
	CHANGE_IN_PLACE,
	CHANGE_OUTSIDE, /* in place, but in no transaction */
	CHANGE_COPY,	/* by a new table */
	CHANGE_NEVER,
};

/*
 * What an engine can do to a column that has rows (digits: those before the point), and how it says
 * so.
 */
static const struct widening {
	const char *target;
	enum change varchar, digits, scale, from_int, key;
	const char *alter, *type;
	bool swaps; /* two tables change names in one step, for there is no transaction */
	bool texts; /* a decimal is a text with its digits behind the point */
} widenings[] = {
	{"sqlite", CHANGE_NONE, CHANGE_NONE, CHANGE_COPY, CHANGE_COPY, CHANGE_NONE, "", "", false,
	 true},
	{"postgres", CHANGE_IN_PLACE, CHANGE_IN_PLACE, CHANGE_IN_PLACE, CHANGE_IN_PLACE,
	 CHANGE_IN_PLACE, " ALTER COLUMN ", " TYPE ", false, false},
	{"snowflake", CHANGE_IN_PLACE, CHANGE_IN_PLACE, CHANGE_COPY, CHANGE_COPY, CHANGE_NONE,
	 " ALTER COLUMN ", " SET DATA TYPE ", true, false},
	{"redshift", CHANGE_OUTSIDE, CHANGE_COPY, CHANGE_COPY, CHANGE_COPY, CHANGE_NONE,
	 " ALTER COLUMN ", " TYPE ", false, false},
	{"bigquery", CHANGE_NONE, CHANGE_IN_PLACE, CHANGE_IN_PLACE, CHANGE_IN_PLACE, CHANGE_NONE,
	 " ALTER COLUMN ", " SET DATA TYPE ", false, false},
	/* What was erased bears the text of a key, too. */
	{"clickhouse", CHANGE_NONE, CHANGE_IN_PLACE, CHANGE_IN_PLACE, CHANGE_IN_PLACE, CHANGE_NEVER,
	 " MODIFY COLUMN ", " ", false, false},
	{"duckdb", CHANGE_NONE, CHANGE_IN_PLACE, CHANGE_IN_PLACE, CHANGE_IN_PLACE, CHANGE_COPY,
	 " ALTER COLUMN ", " TYPE ", false, false},
};

/* Digits of the longest integer of 64 bits. */
enum { INT_DIGITS = 19 };

struct step {
	const struct ev_table *old, *new; /* old: NULL for a new table; new: for one that goes */
	enum change *changes;		  /* of the new table's columns */
	bool copied;
};

struct diff {
	struct ddl old, new;
	const struct widening *can;
	struct step *steps;
	size_t n;
};

static size_t find_column(const struct ev_table *t, const char *name)
{
	size_t i = 0;

	while (i < t->n && strcmp(t->columns[i].name, name) != 0)
		i++;
	return i;
}

static enum change change_of(const struct diff *d, const struct ev_column *a,
			     const struct ev_column *b)
{
	const struct widening *can = d->can;

	if (a->type == EV_TYPE_INT && b->type == EV_TYPE_DECIMAL)
		return b->size - b->scale >= INT_DIGITS ? can->from_int : CHANGE_NEVER;
	if (a->type != b->type)
		return CHANGE_NEVER;
	if (a->uuid_key != b->uuid_key)
		return can->key;
	if (a->type == EV_TYPE_VARCHAR && a->size != b->size)
		return b->size > a->size ? can->varchar : CHANGE_NEVER;
	if (a->type != EV_TYPE_DECIMAL || (a->size == b->size && a->scale == b->scale))
		return CHANGE_NONE;
	if (b->scale < a->scale || b->size - b->scale < a->size - a->scale)
		return CHANGE_NEVER;
	return b->scale > a->scale ? can->scale : can->digits;
}

static struct ev_place place_of(const struct ev_table *t)
{
	return t->fact != NULL ? t->fact->place : t->dimension->place;
}

#define ANEW "make the tables anew, with evschema create in another schema or file, and load all"

static enum ev_status refuse(const struct diff *d, const struct ev_table *t, const char *why,
			     struct ev_error *err)
{
	struct ev_place at = place_of(t);

	return ev_fail(err, "%s:%zu:%zu: the table %s %s: " ANEW, d->new.model->file, at.line,
		       at.column, t->name, why);
}

/* Whether a key is made of other things than it was; then none of those there is right. */
static bool other_keys(const struct ev_table *a, const struct ev_table *b)
{
	const struct ev_dimension *x = a->dimension, *y = b->dimension;

	if (x == NULL || x->calendar != NULL || y->calendar != NULL)
		return false;
	if (x->n_keys != y->n_keys)
		return true;
	for (size_t i = 0; i < x->n_keys; i++) {
		const struct ev_column *p = &x->columns.list[x->keys[i]],
				       *q = &y->columns.list[y->keys[i]];

		if (p->type != q->type || !ev_path_same(p->from, q->from))
			return true;
	}
	return false;
}

static enum ev_status plan_columns(struct diff *d, struct step *step, struct ev_error *err)
{
	const struct ev_table *a = step->old, *b = step->new;

	step->changes = ev_calloc(b->n, sizeof *step->changes);
	for (size_t i = 0; i < b->n; i++) {
		size_t k = find_column(a, b->columns[i].name);
		char was[32], is[32];
		struct ev_buf why = {0};
		enum ev_status st;

		step->changes[i] =
			k == a->n ? CHANGE_ADD : change_of(d, &a->columns[k], &b->columns[i]);
		step->copied |= step->changes[i] == CHANGE_COPY;
		if (step->changes[i] != CHANGE_NEVER)
			continue;
		ev_type_write(&a->columns[k], was, sizeof was);
		ev_type_write(&b->columns[i], is, sizeof is);
		if (a->columns[k].uuid_key != b->columns[i].uuid_key)
			ev_buf_printf(&why,
				      "has the key %s, which %s cannot store otherwise in "
				      "place",
				      b->columns[i].name, d->new.d->target);
		else
			ev_buf_printf(&why,
				      "has the column %s, whose values as %s are not all values "
				      "as %s",
				      b->columns[i].name, was, is);
		st = refuse(d, b, ev_buf_str(&why), err);
		ev_buf_free(&why);
		return st;
	}
	return EV_OK;
}

static enum ev_status plan_table(struct diff *d, const struct ev_table *t, struct ev_error *err)
{
	struct step *step = &d->steps[d->n++];

	step->new = t;
	step->old = ev_tables_find(d->old.tables, t->name, t->name_len);
	if (step->old == NULL)
		return EV_OK;
	if ((step->old->fact == NULL) != (t->fact == NULL))
		return refuse(d, t, "was a fact, or is one now", err);
	if (t->fact == NULL &&
	    (step->old->dimension->calendar == NULL) != (t->dimension->calendar == NULL))
		return refuse(d, t, "was a calendar, or is one now", err);
	if (step->old->versions != t->versions)
		return refuse(d, t, "was kept otherwise: history or latest", err);
	if (t->fact == NULL && step->old->dimension->history != t->dimension->history)
		return refuse(d, t, "was kept otherwise: history scd1 or scd2", err);
	if (other_keys(step->old, t))
		return refuse(d, t, "has another key, by which members have other digests", err);
	return plan_columns(d, step, err);
}

static enum ev_status plan(struct diff *d, struct ev_error *err)
{
	d->steps = ev_calloc(d->old.tables->n + d->new.tables->n, sizeof *d->steps);
	for (size_t i = 0; i < d->new.tables->n; i++)
		if (plan_table(d, &d->new.tables->list[i], err) != EV_OK)
			return EV_FATAL;
	for (size_t i = 0; i < d->old.tables->n; i++) {
		const struct ev_table *t = &d->old.tables->list[i];

		if (ev_tables_find(d->new.tables, t->name, t->name_len) == NULL)
			d->steps[d->n++].old = t;
	}
	return EV_OK;
}

/* Writing */

static void alter_table(const struct ddl *s, const struct ev_table *t, struct ev_buf *out)
{
	ev_buf_puts(out, "ALTER TABLE ");
	ev_sql_rows(s->d, s->schema, t, out);
}

void ddl_add_column(const struct ddl *s, const struct ev_table *t, size_t i, struct ev_buf *out)
{
	alter_table(s, t, out);
	ev_buf_puts(out, " ADD COLUMN ");
	ev_sql_name(s->d, t->columns[i].name, out);
	ev_buf_putc(out, ' ');
	ev_sql_column(s->d, t, i, out);
	ev_buf_putc(out, ';');
}

void ddl_drop_column(const struct ddl *s, const struct ev_table *t, const char *name,
		     struct ev_buf *out)
{
	alter_table(s, t, out);
	ev_buf_puts(out, " DROP COLUMN ");
	ev_sql_name(s->d, name, out);
	ev_buf_putc(out, ';');
}

/* The values of a column in its new type. */
static void put_cast(struct diff *d, const struct ev_column *a, const struct ev_column *b)
{
	const struct ev_dialect *dialect = d->new.d;
	struct ev_buf *out = &d->new.text;
	bool respelt = d->can->texts && b->type == EV_TYPE_DECIMAL;

	if (a->uuid_key && !b->uuid_key) {
		ev_buf_puts(out, "replace(CAST(");
		ev_sql_name(dialect, a->name, out);
		ev_buf_printf(out, " AS %s), '-', '')", dialect->text);
		return;
	}
	ev_buf_puts(out, "CAST(");
	ev_sql_name(dialect, a->name, out);
	ev_buf_puts(out, " AS ");
	ev_sql_type(dialect, b, out);
	ev_buf_putc(out, ')');
	if (respelt && b->scale > a->scale) {
		ev_buf_puts(out, a->scale == 0 ? " || '." : " || '");
		for (uint32_t i = a->scale; i < b->scale; i++)
			ev_buf_putc(out, '0');
		ev_buf_putc(out, '\'');
	}
}

static void write_type(struct diff *d, const struct step *step, size_t i)
{
	const struct ev_column *b = &step->new->columns[i];
	const struct ev_column *a = &step->old->columns[find_column(step->old, b->name)];
	const struct ev_dialect *dialect = d->new.d;
	struct ev_buf *out = &d->new.text;

	alter_table(&d->new, step->new, out);
	ev_buf_puts(out, d->can->alter);
	ev_sql_name(dialect, b->name, out);
	ev_buf_puts(out, d->can->type);
	if (dialect->by_load)
		ev_sql_column(dialect, step->new, i, out);
	else
		ev_sql_type(dialect, b, out);
	if (a->uuid_key != b->uuid_key) {
		ev_buf_puts(out, " USING ");
		put_cast(d, a, b);
	}
	ev_buf_puts(out, ";\n");
}

static void write_dropped(struct diff *d, const struct step *step)
{
	for (size_t i = 0; i < step->old->n; i++) {
		const char *name = step->old->columns[i].name;

		if (find_column(step->new, name) < step->new->n)
			continue;
		ddl_drop_column(&d->new, step->new, name, &d->new.text);
		ev_buf_putc(&d->new.text, '\n');
	}
}

/* A new table with the rows of the old one, in its place. */
static void write_copy(struct diff *d, const struct step *step)
{
	const struct ev_dialect *dialect = d->new.d;
	const struct ev_table *a = step->old, *b = step->new;
	struct ev_table made = *b;
	struct ev_buf *out = &d->new.text, name = {0};
	const char *comma = "";

	ev_buf_printf(&name, "ev_new_%s", b->name);
	made.name = ev_buf_str(&name);
	ev_buf_puts(out, "\n-- A new table takes the place of the old one.\nDROP TABLE IF EXISTS ");
	ev_sql_table(dialect, d->new.schema, made.name, out);
	ev_buf_puts(out, ";\n");
	ddl_table(&d->new, &made);
	ev_buf_puts(out, "INSERT INTO ");
	ev_sql_table(dialect, d->new.schema, made.name, out);
	ev_buf_puts(out, " (");
	for (size_t i = 0; i < b->n; i++) {
		if (step->changes[i] == CHANGE_ADD)
			continue;
		ev_buf_puts(out, comma);
		ev_sql_name(dialect, b->columns[i].name, out);
		comma = ", ";
	}
	ev_buf_puts(out, ")\nSELECT ");
	comma = "";
	for (size_t i = 0; i < b->n; i++) {
		size_t k = find_column(a, b->columns[i].name);

		if (k == a->n)
			continue;
		ev_buf_puts(out, comma);
		comma = ", ";
		if (step->changes[i] == CHANGE_NONE)
			ev_sql_name(dialect, b->columns[i].name, out);
		else
			put_cast(d, &a->columns[k], &b->columns[i]);
	}
	ev_buf_puts(out, " FROM ");
	ev_sql_table(dialect, d->new.schema, b->name, out);
	ev_buf_puts(out, ";\n");
	if (d->can->swaps) {
		ev_buf_puts(out, "ALTER TABLE ");
		ev_sql_table(dialect, d->new.schema, b->name, out);
		ev_buf_puts(out, " SWAP WITH ");
		ev_sql_table(dialect, d->new.schema, made.name, out);
		ev_buf_puts(out, ";\n");
	}
	ev_buf_puts(out, "DROP TABLE ");
	ev_sql_table(dialect, d->new.schema, d->can->swaps ? made.name : b->name, out);
	ev_buf_puts(out, ";\n");
	if (!d->can->swaps) {
		ev_buf_puts(out, "ALTER TABLE ");
		ev_sql_table(dialect, d->new.schema, made.name, out);
		ev_buf_puts(out, " RENAME TO ");
		ev_sql_name(dialect, b->name, out);
		ev_buf_puts(out, ";\n");
	}
	ev_buf_free(&name);
}

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static const struct ev_columns *columns_of(const struct ev_table *t)
{
	return t->fact != NULL ? &t->fact->columns : &t->dimension->columns;
}

static bool is_described_otherwise(const struct step *step)
{
	const struct ev_table *a = step->old, *b = step->new;
	const struct ev_columns *x = columns_of(a), *y = columns_of(b);

	if (!same_text(a->fact != NULL ? a->fact->description : a->dimension->description,
		       b->fact != NULL ? b->fact->description : b->dimension->description))
		return true;
	for (size_t i = 0; i < y->n; i++) {
		const char *was = NULL;

		for (size_t k = 0; k < x->n; k++)
			if (strcmp(x->list[k].name, y->list[i].name) == 0)
				was = x->list[k].description;
		if (!same_text(was, y->list[i].description))
			return true;
	}
	return false;
}

static bool is_longer(const struct step *step)
{
	const struct ev_calendar *a, *b;

	if (step->new->dimension == NULL || (b = step->new->dimension->calendar) == NULL)
		return false;
	a = step->old->dimension->calendar;
	return ev_date_days(b->from) < ev_date_days(a->from) ||
	       ev_date_days(b->to) > ev_date_days(a->to);
}

/* Whether days are holidays that were none, or the other way round, or have another name. */
static bool has_other_holidays(const struct step *step)
{
	const struct ev_calendar *a, *b;

	if (step->new->dimension == NULL || (b = step->new->dimension->calendar) == NULL ||
	    b->n_holidays == 0)
		return false;
	a = step->old->dimension->calendar;
	if (a->n_holidays != b->n_holidays)
		return true;
	for (size_t i = 0; i < a->n_holidays; i++)
		if (a->holidays[i].day != b->holidays[i].day ||
		    strcmp(a->holidays[i].name, b->holidays[i].name) != 0)
			return true;
	return false;
}

/* UPDATE of the days that bear a date, or of that one. name: NULL for no holiday. */
static void write_holiday(const struct ddl *s, const struct ev_table *t, const int64_t *day,
			  const char *name, struct ev_buf *out)
{
	const struct ev_column *columns = &t->columns[2]; /* those of a day */
	char date[EV_DATE_TEXT];

	ev_buf_puts(out, s->d->by_load ? "ALTER TABLE " : "UPDATE ");
	ev_sql_rows(s->d, s->schema, t, out);
	ev_buf_puts(out, s->d->by_load ? " UPDATE " : " SET ");
	ev_sql_name(s->d, columns[EV_DAY_IS_HOLIDAY].name, out);
	ev_buf_printf(out, " = %s, ", name != NULL ? s->d->yes : s->d->no);
	ev_sql_name(s->d, columns[EV_DAY_IS_HOLIDAY + 1].name, out);
	ev_buf_puts(out, " = ");
	if (name != NULL)
		ev_sql_text(s->d, name, strlen(name), out);
	else
		ev_buf_puts(out, "NULL");
	ev_buf_puts(out, " WHERE ");
	ev_sql_name(s->d, columns[0].name, out);
	if (day != NULL) {
		ev_date_format(ev_date_of_days(*day), date);
		ev_buf_printf(out, " = '%.*s'", EV_DATE_TEXT, date);
	} else {
		ev_buf_puts(out, " IS NOT NULL");
	}
	ev_buf_puts(out, s->d->by_load ? " SETTINGS mutations_sync = 1;\n" : ";\n");
}

/* The days that are there, those outside of the calendar too. */
static void write_holidays(const struct ddl *s, const struct step *step, struct ev_buf *out)
{
	const struct ev_calendar *a = step->old->dimension->calendar,
				 *b = step->new->dimension->calendar;

	if (a->n_holidays == 0)
		write_holiday(s, step->new, NULL, NULL, out);
	for (size_t i = 0; i < a->n_holidays; i++)
		if (ev_holiday_of(b, a->holidays[i].day) == NULL)
			write_holiday(s, step->new, &a->holidays[i].day, NULL, out);
	for (size_t i = 0; i < b->n_holidays; i++) {
		const char *was = ev_holiday_of(a, b->holidays[i].day);

		if (was == NULL || strcmp(was, b->holidays[i].name) != 0)
			write_holiday(s, step->new, &b->holidays[i].day, b->holidays[i].name, out);
	}
}

static enum ev_status write_step(struct diff *d, const struct step *step, struct ev_error *err)
{
	struct ddl *s = &d->new;

	if (step->new == NULL) {
		ev_buf_puts(&s->text,
			    "\n-- The model has no longer this table, which stays: DROP TABLE ");
		ev_sql_rows(s->d, s->schema, step->old, &s->text);
		ev_buf_puts(&s->text, ";\n");
		return EV_OK;
	}
	if (step->old == NULL) {
		ddl_table(s, step->new);
	} else if (step->copied) {
		write_copy(d, step);
	} else {
		for (size_t i = 0; i < step->new->n; i++)
			if (step->changes[i] == CHANGE_IN_PLACE)
				write_type(d, step, i);
			else if (step->changes[i] == CHANGE_ADD) {
				ddl_add_column(s, step->new, i, &s->text);
				ev_buf_putc(&s->text, '\n');
			}
		write_dropped(d, step);
	}
	if (s->d->by_load)
		ddl_counting(s, step->new);
	if (step->old == NULL || step->copied || is_described_otherwise(step))
		ddl_comments(s, step->new);
	if (step->old != NULL && has_other_holidays(step))
		write_holidays(s, step, &s->text);
	if (step->new->dimension != NULL && (step->old == NULL || is_longer(step)))
		return ddl_rows(s, step->new, err);
	return EV_OK;
}

/* Whether there is something to do to a table's own statements. */
static bool is_idle(const struct step *step)
{
	if (step->new == NULL || step->old == NULL)
		return false;
	for (size_t i = 0; i < step->new->n; i++)
		if (step->changes[i] != CHANGE_NONE && step->changes[i] != CHANGE_OUTSIDE)
			return false;
	for (size_t i = 0; i < step->old->n; i++)
		if (find_column(step->new, step->old->columns[i].name) == step->new->n)
			return false;
	return !is_described_otherwise(step) && !is_longer(step) && !has_other_holidays(step);
}

/* Whether views stand in the way: of a column that goes, or becomes another. */
static bool moves_columns(const struct step *step)
{
	if (step->new == NULL || step->old == NULL)
		return false;
	for (size_t i = 0; i < step->new->n; i++)
		if (step->changes[i] > CHANGE_ADD)
			return true;
	for (size_t i = 0; i < step->old->n; i++)
		if (find_column(step->new, step->old->columns[i].name) == step->new->n)
			return true;
	return false;
}

/* Types that change in place, but in no transaction; whether there are any. */
static bool write_outside(struct diff *d, bool count_only)
{
	bool any = false;

	for (size_t i = 0; i < d->n; i++) {
		const struct step *step = &d->steps[i];

		for (size_t k = 0; step->changes != NULL && k < step->new->n; k++) {
			if (step->copied || step->changes[k] != CHANGE_OUTSIDE)
				continue;
			any = true;
			if (!count_only)
				write_type(d, step, k);
		}
	}
	return any;
}

static enum ev_status write_diff(struct diff *d, struct ev_error *err)
{
	struct ddl *s = &d->new;
	bool idle = true, moves = false, outside = write_outside(d, true);

	for (size_t i = 0; i < d->n; i++) {
		idle = idle && is_idle(&d->steps[i]);
		moves = moves || moves_columns(&d->steps[i]);
	}
	/* Views hold the columns that they show, or would ask for what is gone. */
	if (moves)
		ev_buf_puts(&s->text, "-- Columns change, so the views are made anew.\n");
	if (moves && outside)
		ddl_drop_views(&d->old, &s->text);
	write_outside(d, false);
	if (!idle)
		ev_buf_puts(&s->text, s->d->begin);
	if (moves && !outside)
		ddl_drop_views(&d->old, &s->text);
	for (size_t i = 0; i < d->n; i++)
		if (!is_idle(&d->steps[i]) && write_step(d, &d->steps[i], err) != EV_OK)
			return EV_FATAL;
	if (moves && ddl_views(s, err) != EV_OK)
		return EV_FATAL;
	if (!idle)
		ev_buf_puts(&s->text, s->d->commit);
	return ddl_put(s, err);
}

enum ev_status ev_ddl_diff(const struct ev_model *old, const struct ev_ddl *what,
			   struct ev_out *out, struct ev_error *err)
{
	struct ev_ddl was = *what;
	struct diff d = {.can = widenings};
	enum ev_status st, other;

	was.model = old;
	while (strcmp(d.can->target, what->dialect->target) != 0)
		d.can++;
	st = ddl_open(&d.old, &was, out, err);
	other = ddl_open(&d.new, what, out, err);
	if (st == EV_OK && other == EV_OK)
		st = plan(&d, err);
	else
		st = EV_FATAL;
	if (st == EV_OK)
		st = write_diff(&d, err);
	for (size_t i = 0; i < d.n; i++)
		free(d.steps[i].changes);
	free(d.steps);
	ddl_close(&d.old);
	ddl_close(&d.new);
	return st;
}

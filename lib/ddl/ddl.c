#include "ddl/ddl.h"
#include "warehouse/calendar.h"
#include "warehouse/column.h"
#include "warehouse/table.h"

/* Rows of one INSERT: each client takes as many. */
enum { AT_ONCE = 500 };

struct ddl {
	const struct ev_dialect *d;
	const char *name; /* or NULL */
	struct ev_out *out;
	struct ev_buf text; /* not put yet */
	struct ev_buf scratch;
};

static enum ev_status put(struct ddl *s, struct ev_error *err)
{
	enum ev_status st = ev_out_put(s->out, s->text.p, s->text.len);

	ev_buf_reset(&s->text);
	if (st != EV_OK)
		*err = s->out->error;
	return st;
}

static void write_table(struct ddl *s, const struct ev_table *t)
{
	struct ev_buf *out = &s->text;

	ev_buf_puts(out, "\nCREATE TABLE IF NOT EXISTS ");
	ev_sql_table(s->name, t->name, out);
	ev_buf_puts(out, " (\n");
	for (size_t i = 0; i < t->n; i++) {
		ev_buf_putc(out, '\t');
		ev_sql_name(t->columns[i].name, out);
		ev_buf_putc(out, ' ');
		ev_sql_type(s->d, &t->columns[i], out);
		if (i == 0 && t->fact != NULL)
			ev_buf_puts(out, s->d->by_bytes);
		ev_buf_puts(out, i < t->n_keys ? " NOT NULL,\n" : ",\n");
	}
	ev_buf_puts(out, "\tPRIMARY KEY (");
	for (size_t i = 0; i < t->n_keys; i++) {
		if (i > 0)
			ev_buf_puts(out, ", ");
		ev_sql_name(t->columns[i].name, out);
	}
	ev_buf_puts(out, ")\n);\n");
}

static void begin_insert(struct ddl *s, const struct ev_table *t)
{
	ev_buf_puts(&s->text, "\nINSERT INTO ");
	ev_sql_table(s->name, t->name, &s->text);
	for (size_t i = 0; i < t->n; i++) {
		ev_buf_puts(&s->text, i == 0 ? " (" : ", ");
		ev_sql_name(t->columns[i].name, &s->text);
	}
	ev_buf_puts(&s->text, ") VALUES\n");
}

/* Whoever runs the statements again, or with a longer calendar, gets what is not there yet. */
static void end_insert(struct ddl *s)
{
	ev_buf_puts(&s->text, "\nON CONFLICT DO NOTHING;\n");
}

static void write_unknown(struct ddl *s, const struct ev_table *t)
{
	ev_buf_printf(&s->text, "\t('%s', %s", ev_unknown_key, s->d->yes);
	for (size_t i = 2; i < t->n; i++)
		ev_buf_puts(&s->text, ", NULL");
	ev_buf_putc(&s->text, ')');
}

static void write_day(struct ddl *s, int64_t day)
{
	char texts[EV_DAY_COLUMNS][EV_DAY_TEXT], key[EV_KEY_TEXT + 1];

	ev_key_day(ev_date_of_days(day), &s->scratch, key);
	ev_buf_printf(&s->text, "\t('%s', %s", key, s->d->no);
	ev_day_texts(day, texts);
	for (size_t i = 0; i < EV_DAY_COLUMNS; i++) {
		enum ev_type type = ev_day_columns[i].type;
		const char *text = texts[i];

		if (type == EV_TYPE_BOOL)
			text = text[0] == 't' ? s->d->yes : s->d->no;
		ev_buf_printf(&s->text, ev_day_is_quoted(type) ? ", '%s'" : ", %s", text);
	}
	ev_buf_putc(&s->text, ')');
}

/* The rows that follow from the model alone: those that evload never takes out. */
static enum ev_status write_rows(struct ddl *s, const struct ev_table *t, struct ev_error *err)
{
	const struct ev_calendar *c = t->dimension->calendar;
	int64_t from = c != NULL ? ev_date_days(c->from) : 0,
		to = c != NULL ? ev_date_days(c->to) : -1;

	begin_insert(s, t);
	write_unknown(s, t);
	for (int64_t day = from; day <= to; day++) {
		if ((day - from + 1) % AT_ONCE != 0) {
			ev_buf_puts(&s->text, ",\n");
		} else {
			end_insert(s);
			if (put(s, err) != EV_OK)
				return EV_FATAL;
			begin_insert(s, t);
		}
		write_day(s, day);
	}
	end_insert(s);
	return put(s, err);
}

static enum ev_status write_all(struct ddl *s, const struct ev_tables *tables, struct ev_error *err)
{
	ev_buf_puts(&s->text, s->d->opening);
	ev_buf_puts(&s->text, "BEGIN;\n\n");
	if (s->name != NULL) {
		ev_buf_puts(&s->text, "CREATE SCHEMA IF NOT EXISTS ");
		ev_sql_name(s->name, &s->text);
		ev_buf_puts(&s->text, ";\n\n");
	}
	ev_sql_ledger(s->d, s->name, &s->text);
	for (size_t i = 0; i < tables->n; i++)
		write_table(s, &tables->list[i]);
	for (size_t i = 0; i < tables->n; i++)
		if (tables->list[i].dimension != NULL &&
		    write_rows(s, &tables->list[i], err) != EV_OK)
			return EV_FATAL;
	ev_buf_puts(&s->text, "\nCOMMIT;\n");
	return put(s, err);
}

enum ev_status ev_ddl_write(const struct ev_model *m, const struct ev_dialect *d,
			    const char *schema, struct ev_out *out, struct ev_error *err)
{
	struct ddl s = {.d = d, .name = d->schemas ? schema : NULL, .out = out};
	struct ev_tables *tables = ev_tables_new(m);
	enum ev_status st = ev_dialect_takes(d, tables, m->file, err);

	if (st == EV_OK)
		st = write_all(&s, tables, err);
	ev_buf_free(&s.text);
	ev_buf_free(&s.scratch);
	ev_tables_free(&tables);
	return st;
}

#include "ddl/internal.h"
#include "warehouse/calendar.h"
#include "warehouse/column.h"

/* Rows of one INSERT: each client takes as many, in this spelling and in the other. */
enum { AT_ONCE = 500, AT_ONCE_SELECTED = 100 };

enum ev_status ddl_put(struct ddl *s, struct ev_error *err)
{
	enum ev_status st = s->text.len > 0 ? ev_out_put(s->out, s->text.p, s->text.len) : EV_OK;

	ev_buf_reset(&s->text);
	if (st != EV_OK)
		*err = s->out->error;
	return st;
}

/* Appends the names of the columns of the primary key, between commas. */
static void write_keys(struct ddl *s, const struct ev_table *t)
{
	for (size_t i = 0; i < t->n_keys; i++) {
		ev_buf_puts(&s->text, i > 0 ? ", " : "");
		ev_sql_name(s->d, t->columns[i].name, &s->text);
	}
}

/* DATE("at"), which is the column itself where it is a date. */
static void write_day_of(struct ddl *s, const struct ev_column *c, const char *before,
			 const char *behind)
{
	bool is_date = c->type == EV_TYPE_DATE;

	ev_buf_puts(&s->text, is_date ? "" : before);
	ev_sql_name(s->d, c->name, &s->text);
	ev_buf_puts(&s->text, is_date ? "" : behind);
}

/* How the engine lays the rows of a table out: what a load deletes lies together, by its day. */
static void write_layout(struct ddl *s, const struct ev_table *t)
{
	const struct ev_column *day = t->day;
	struct ev_buf *out = &s->text;

	switch (s->d->layout) {
	case EV_LAYOUT_NONE: break;
	case EV_LAYOUT_CLUSTER: /* what clusters costs; dimensions are small */
		if (t->fact == NULL)
			break;
		ev_buf_puts(out, "\nCLUSTER BY (");
		if (day != NULL) {
			write_day_of(s, day, "TO_DATE(", ")");
			ev_buf_puts(out, ", ");
		}
		ev_sql_name(s->d, t->columns[0].name, out);
		ev_buf_putc(out, ')');
		break;
	case EV_LAYOUT_SORT:
		if (t->fact != NULL) {
			ev_buf_puts(out, "\nDISTSTYLE KEY DISTKEY (");
			ev_sql_name(s->d, t->columns[0].name, out);
			ev_buf_putc(out, ')');
		} else {
			ev_buf_puts(out, "\nDISTSTYLE AUTO");
		}
		ev_buf_puts(out, "\nSORTKEY (");
		if (day != NULL) {
			ev_sql_name(s->d, day->name, out);
			ev_buf_puts(out, ", ");
		}
		ev_sql_name(s->d, t->columns[0].name, out);
		ev_buf_putc(out, ')');
		break;
	case EV_LAYOUT_PARTITION:
		if (day != NULL) {
			ev_buf_puts(out, "\nPARTITION BY ");
			write_day_of(s, day, "DATE(", ")");
		}
		ev_buf_puts(out, "\nCLUSTER BY ");
		ev_sql_name(s->d, t->columns[0].name, out);
		break;
	case EV_LAYOUT_MERGE_TREE:
		ev_buf_puts(out, "\nENGINE = ReplacingMergeTree ORDER BY (");
		write_keys(s, t);
		ev_buf_puts(out, ", ");
		ev_sql_name(s->d, EV_LOAD, out);
		ev_buf_putc(out, ')');
		break;
	}
}

void ddl_table(struct ddl *s, const struct ev_table *t)
{
	struct ev_buf *out = &s->text;

	ev_buf_puts(out, "\nCREATE TABLE IF NOT EXISTS ");
	ev_sql_rows(s->d, s->schema, t, out);
	ev_buf_puts(out, " (\n");
	for (size_t i = 0; i < t->n; i++) {
		ev_buf_putc(out, '\t');
		ev_sql_name(s->d, t->columns[i].name, out);
		ev_buf_putc(out, ' ');
		ev_sql_column(s->d, t, i, out);
		ev_buf_puts(out, ",\n");
	}
	if (s->d->by_load) {
		ev_buf_putc(out, '\t');
		ev_sql_name(s->d, EV_LOAD, out);
		ev_buf_printf(out, " %s\n)", s->d->ledger_int);
	} else {
		ev_buf_puts(out, "\tPRIMARY KEY (");
		write_keys(s, t);
		ev_buf_printf(out, ")%s\n)", s->d->key_note);
	}
	write_layout(s, t);
	ev_buf_puts(out, ";\n");
}

/*
 * The rows that follow from the model alone: those that evload never takes out. Whoever runs the
 * statements again, or with a longer calendar, gets what is not there yet: by ON CONFLICT, or by a
 * SELECT of those whose key is not there, whose columns must bear their names and types.
 */

static void begin_insert(struct ddl *s, const struct ev_table *t, size_t columns)
{
	ev_buf_puts(&s->text, "\nINSERT INTO ");
	ev_sql_rows(s->d, s->schema, t, &s->text);
	for (size_t i = 0; i < columns; i++) {
		ev_buf_puts(&s->text, i == 0 ? " (" : ", ");
		ev_sql_name(s->d, t->columns[i].name, &s->text);
	}
	ev_buf_puts(&s->text, s->d->conflicts ? ") VALUES\n" : ")\nSELECT * FROM (\n");
}

static void end_insert(struct ddl *s, const struct ev_table *t)
{
	if (s->d->conflicts) {
		ev_buf_puts(&s->text, "\nON CONFLICT DO NOTHING;\n");
		return;
	}
	ev_buf_puts(&s->text, "\n) AS new_rows WHERE ");
	ev_sql_name(s->d, t->columns[0].name, &s->text);
	ev_buf_puts(&s->text, " NOT IN (SELECT ");
	ev_sql_name(s->d, t->columns[0].name, &s->text);
	ev_buf_puts(&s->text, " FROM ");
	ev_sql_rows(s->d, s->schema, t, &s->text);
	ev_buf_puts(&s->text, ");\n");
}

static void write_value(struct ddl *s, const struct ev_column *c, bool quoted, const char *value)
{
	struct ev_buf *out = &s->text;
	const char *quote = quoted ? "'" : "";

	if (s->d->conflicts) {
		ev_buf_printf(out, "%s%s%s", quote, value, quote);
		return;
	}
	ev_buf_printf(out, quoted ? "CAST('%s' AS " : "%s", value);
	if (quoted) {
		ev_sql_type(s->d, c, out);
		ev_buf_putc(out, ')');
	}
	ev_buf_puts(out, " AS ");
	ev_sql_name(s->d, c->name, out);
}

/* The columns that every dimension has. */
static void write_member(struct ddl *s, const struct ev_table *t, const char *key, bool inferred)
{
	char uuid[EV_KEY_UUID + 1];

	ev_buf_puts(&s->text, s->d->conflicts ? "\t(" : "\tSELECT ");
	ev_key_uuid(key, uuid);
	write_value(s, &t->columns[0], true, ev_sql_is_uuid_key(s->d, &t->columns[0]) ? uuid : key);
	ev_buf_puts(&s->text, ", ");
	write_value(s, &t->columns[1], false, inferred ? s->d->yes : s->d->no);
}

static void write_unknown(struct ddl *s, const struct ev_table *t)
{
	begin_insert(s, t, s->d->conflicts ? t->n : 2);
	write_member(s, t, ev_unknown_key, true);
	for (size_t i = 2; s->d->conflicts && i < t->n; i++)
		ev_buf_puts(&s->text, ", NULL");
	ev_buf_puts(&s->text, s->d->conflicts ? ")" : "");
}

static void write_day(struct ddl *s, const struct ev_table *t, int64_t day)
{
	char texts[EV_DAY_COLUMNS][EV_DAY_TEXT], key[EV_KEY_TEXT + 1];

	ev_key_day(ev_date_of_days(day), &s->scratch, key);
	write_member(s, t, key, false);
	ev_day_texts(day, texts);
	for (size_t i = 0; i < EV_DAY_COLUMNS; i++) {
		enum ev_type type = ev_day_columns[i].type;
		const char *text = texts[i];

		if (type == EV_TYPE_BOOL)
			text = text[0] == 't' ? s->d->yes : s->d->no;
		ev_buf_puts(&s->text, ", ");
		write_value(s, &t->columns[2 + i], ev_day_is_quoted(type), text);
	}
	ev_buf_puts(&s->text, s->d->conflicts ? ")" : "");
}

enum ev_status ddl_rows(struct ddl *s, const struct ev_table *t, struct ev_error *err)
{
	const struct ev_calendar *c = t->dimension->calendar;
	int64_t from = c != NULL ? ev_date_days(c->from) : 0,
		to = c != NULL ? ev_date_days(c->to) : -1;
	size_t at_once = s->d->conflicts ? AT_ONCE : AT_ONCE_SELECTED, rows = 1;

	write_unknown(s, t);
	for (int64_t day = from; day <= to; day++, rows++) {
		/* The unknown member has a statement of its own where columns bear types. */
		bool anew = rows == at_once || (day == from && !s->d->conflicts);

		if (!anew) {
			ev_buf_puts(&s->text, s->d->conflicts ? ",\n" : "\nUNION ALL\n");
		} else {
			end_insert(s, t);
			if (ddl_put(s, err) != EV_OK)
				return EV_FATAL;
			begin_insert(s, t, t->n);
			rows = 0;
		}
		write_day(s, t, day);
	}
	end_insert(s, t);
	return ddl_put(s, err);
}

static void write_schema(struct ddl *s)
{
	if (s->schema == NULL)
		return;
	ev_buf_printf(&s->text, "CREATE %s IF NOT EXISTS ", s->d->schema);
	ev_sql_name(s->d, s->schema, &s->text);
	ev_buf_puts(&s->text, ";\n\n");
}

static enum ev_status write_all(struct ddl *s, struct ev_error *err)
{
	const struct ev_tables *tables = s->tables;

	ev_buf_printf(&s->text, "%s%s%s", s->d->opening, s->d->begin,
		      s->d->begin[0] != '\0' ? "\n" : "");
	write_schema(s);
	ev_sql_ledger(s->d, s->schema, &s->text);
	if (s->d->by_load)
		ddl_loads(s);
	for (size_t i = 0; i < tables->n; i++)
		ddl_table(s, &tables->list[i]);
	for (size_t i = 0; s->d->by_load && i < tables->n; i++)
		ddl_counting(s, &tables->list[i]);
	for (size_t i = 0; i < tables->n; i++)
		ddl_comments(s, &tables->list[i]);
	for (size_t i = 0; i < tables->n; i++)
		if (tables->list[i].dimension != NULL &&
		    ddl_rows(s, &tables->list[i], err) != EV_OK)
			return EV_FATAL;
	if (s->d->commit[0] != '\0')
		ev_buf_printf(&s->text, "\n%s", s->d->commit);
	return ddl_put(s, err);
}

enum ev_status ddl_open(struct ddl *s, const struct ev_ddl *what, struct ev_out *out,
			struct ev_error *err)
{
	*s = (struct ddl){.model = what->model,
			  .d = what->dialect,
			  .schema = what->dialect->schemas ? what->schema : NULL,
			  .out = out};
	s->tables = ev_tables_new(what->model);
	return ev_dialect_takes(s->d, s->tables, what->model->file, err);
}

void ddl_close(struct ddl *s)
{
	ev_buf_free(&s->text);
	ev_buf_free(&s->scratch);
	ev_tables_free(&s->tables);
}

enum ev_status ev_ddl_create(const struct ev_ddl *what, struct ev_out *out, struct ev_error *err)
{
	struct ddl s;
	enum ev_status st = ddl_open(&s, what, out, err);

	if (st == EV_OK)
		st = write_all(&s, err);
	ddl_close(&s);
	return st;
}

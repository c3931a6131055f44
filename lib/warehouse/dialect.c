#include "warehouse/dialect.h"

#include <stdio.h>

/*
 * SQLite would make REAL of DECIMAL and lose digits, so exact numbers are TEXT there.
 */
static const struct ev_dialect dialects[] = {
	{
		.target = "sqlite",
		.types = {[EV_TYPE_UUID] = "TEXT",
			  [EV_TYPE_VARCHAR] = "TEXT",
			  [EV_TYPE_TIMESTAMP] = "TEXT",
			  [EV_TYPE_DATE] = "TEXT",
			  [EV_TYPE_INT] = "INTEGER",
			  [EV_TYPE_DECIMAL] = "TEXT",
			  [EV_TYPE_BOOL] = "INTEGER",
			  [EV_TYPE_JSON] = "TEXT"},
		.max_columns = 2000, /* SQLITE_MAX_COLUMN, as it is by default */
		.ledger_json = "TEXT",
		.ledger_int = "INTEGER",
		.by_bytes = "",
		.opening = "PRAGMA page_size = 16384;\n\n", /* of a new file alone; faster loads */
		.yes = "1",
		.no = "0",
	},
	{
		.target = "postgres",
		.types = {[EV_TYPE_UUID] = "UUID",
			  [EV_TYPE_VARCHAR] = "VARCHAR(",
			  [EV_TYPE_TIMESTAMP] = "TIMESTAMPTZ",
			  [EV_TYPE_DATE] = "DATE",
			  [EV_TYPE_INT] = "BIGINT",
			  [EV_TYPE_DECIMAL] = "NUMERIC(",
			  [EV_TYPE_BOOL] = "BOOLEAN",
			  [EV_TYPE_JSON] = "JSONB"},
		.max_columns = 1600, /* its manual, appendix K */
		.schemas = true,
		.ledger_json = "JSONB",
		.ledger_int = "BIGINT",
		.by_bytes = " COLLATE \"C\"",
		.opening = "",
		.yes = "true",
		.no = "false",
	},
};

const struct ev_dialect *ev_dialect_find(const char *target)
{
	for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++)
		if (strcmp(dialects[i].target, target) == 0)
			return &dialects[i];
	return NULL;
}

const char *ev_dialect_names(void)
{
	return "sqlite, postgres";
}

enum ev_status ev_dialect_takes(const struct ev_dialect *d, const struct ev_tables *tables,
				const char *model, struct ev_error *err)
{
	for (size_t i = 0; i < tables->n; i++) {
		const struct ev_table *t = &tables->list[i];
		struct ev_place at = t->fact != NULL ? t->fact->place : t->dimension->place;

		if (t->n > d->max_columns)
			return ev_fail(err,
				       "%s:%zu:%zu: the table %s has %zu columns, with those that "
				       "evkit adds, and %s takes %zu at most: put those that are "
				       "seldom asked for into one of type json",
				       model, at.line, at.column, t->name, t->n, d->target,
				       d->max_columns);
	}
	return EV_OK;
}

void ev_sql_name(const char *name, struct ev_buf *out)
{
	ev_buf_putc(out, '"');
	for (; *name != '\0'; name++) {
		if (*name == '"')
			ev_buf_putc(out, '"');
		ev_buf_putc(out, *name);
	}
	ev_buf_putc(out, '"');
}

void ev_sql_table(const char *schema, const char *name, struct ev_buf *out)
{
	if (schema != NULL) {
		ev_sql_name(schema, out);
		ev_buf_putc(out, '.');
	}
	ev_sql_name(name, out);
}

void ev_sql_type(const struct ev_dialect *d, const struct ev_column *c, struct ev_buf *out)
{
	const char *type = d->types[c->type];
	const char *paren = strchr(type, '(');

	ev_buf_put(out, type, paren != NULL ? (size_t)(paren - type) : strlen(type));
	if (paren != NULL && c->type == EV_TYPE_VARCHAR)
		ev_buf_printf(out, "(%u)", c->size);
	if (paren != NULL && c->type == EV_TYPE_DECIMAL)
		ev_buf_printf(out, "(%u,%u)", c->size, c->scale);
}

void ev_sql_ledger(const struct ev_dialect *d, const char *schema, struct ev_buf *out)
{
	ev_buf_puts(out, "CREATE TABLE IF NOT EXISTS ");
	ev_sql_table(schema, "ev_ledger", out);
	ev_buf_printf(
		out,
		" (\n\t\"commit_no\" %s NOT NULL PRIMARY KEY,\n\t\"batch\" TEXT NOT NULL,\n"
		"\t\"digest\" TEXT NOT NULL,\n\t\"mode\" TEXT NOT NULL,\n\t\"rows\" %s NOT NULL,\n"
		"\t\"balance\" %s NOT NULL,\n\t\"position\" TEXT,\n\t\"model\" TEXT\n);\n",
		d->ledger_int, d->ledger_int, d->ledger_json);
}

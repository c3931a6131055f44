#include "warehouse/dialect.h"

#include <stdio.h>

/*
 * SQLite would make REAL of DECIMAL and lose digits, so exact numbers are TEXT there. Redshift's
 * TEXT is a VARCHAR(256), and its VARCHAR counts bytes, of which a code point has four at most.
 */
static const struct ev_dialect dialects[] = {
	{
		.target = "sqlite",
		.beginning = "1900-01-01T00:00:00.000000Z",
		.types = {[EV_TYPE_UUID] = "TEXT",
			  [EV_TYPE_VARCHAR] = "TEXT",
			  [EV_TYPE_TIMESTAMP] = "TEXT",
			  [EV_TYPE_DATE] = "TEXT",
			  [EV_TYPE_INT] = "INTEGER",
			  [EV_TYPE_DECIMAL] = "TEXT",
			  [EV_TYPE_BOOL] = "INTEGER",
			  [EV_TYPE_JSON] = "TEXT"},
		.max_columns = 2000, /* SQLITE_MAX_COLUMN, as it is by default */
		.conflicts = true,
		.drops_views = true,
		.quote = '"',
		.text = "TEXT",
		.ledger_json = "TEXT",
		.ledger_int = "INTEGER",
		.nullable = "",
		.key_note = "",
		.by_bytes = "",
		.opening = "PRAGMA page_size = 16384;\n\n", /* of a new file alone; faster loads */
		.begin = "BEGIN;\n",
		.commit = "COMMIT;\n",
		.yes = "1",
		.no = "0",
	},
	{
		.target = "postgres",
		.beginning = "1900-01-01 00:00:00+00:00",
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
		.conflicts = true,
		.uuid = true,
		.drops_views = true,
		.quote = '"',
		.comments = EV_COMMENTS_ON,
		.text = "TEXT",
		.ledger_json = "JSONB",
		.ledger_int = "BIGINT",
		.nullable = "",
		.key_note = "",
		.by_bytes = " COLLATE \"C\"",
		.schema = "SCHEMA",
		.opening = "",
		.begin = "BEGIN;\n",
		.commit = "COMMIT;\n",
		.yes = "true",
		.no = "false",
	},
	{
		.target = "snowflake",
		.beginning = "1900-01-01 00:00:00+00:00",
		.types = {[EV_TYPE_UUID] = "VARCHAR(36)",
			  [EV_TYPE_VARCHAR] = "VARCHAR(",
			  [EV_TYPE_TIMESTAMP] = "TIMESTAMP_TZ",
			  [EV_TYPE_DATE] = "DATE",
			  [EV_TYPE_INT] = "NUMBER(38,0)",
			  [EV_TYPE_DECIMAL] = "NUMBER(",
			  [EV_TYPE_BOOL] = "BOOLEAN",
			  [EV_TYPE_JSON] = "VARIANT"},
		.max_columns = 2000, /* it names no bound; more are slow */
		.max_scale = 37,
		.schemas = true,
		.quote = '"',
		.backslash = true,
		.templates = true,
		.comments = EV_COMMENTS_ON,
		.layout = EV_LAYOUT_CLUSTER,
		.text = "VARCHAR",
		.ledger_json = "VARIANT",
		.ledger_int = "NUMBER(38,0)",
		.nullable = "",
		.key_note = "",
		.by_bytes = "",
		.schema = "SCHEMA",
		.opening = "",
		.begin = "", /* DDL commits */
		.commit = "",
		.yes = "true",
		.no = "false",
	},
	{
		.target = "redshift",
		.beginning = "1900-01-01 00:00:00+00:00",
		.types = {[EV_TYPE_UUID] = "CHAR(36)",
			  [EV_TYPE_VARCHAR] = "VARCHAR(",
			  [EV_TYPE_TIMESTAMP] = "TIMESTAMPTZ",
			  [EV_TYPE_DATE] = "DATE",
			  [EV_TYPE_INT] = "BIGINT",
			  [EV_TYPE_DECIMAL] = "DECIMAL(",
			  [EV_TYPE_BOOL] = "BOOLEAN",
			  [EV_TYPE_JSON] = "SUPER"},
		.max_columns = 1600,
		.varchar_bytes = 65535,
		.max_scale = 37,
		.schemas = true,
		.drops_views = true,
		.quote = '"',
		.backslash = true,
		.comments = EV_COMMENTS_ON,
		.layout = EV_LAYOUT_SORT,
		.text = "VARCHAR(65535)",
		.ledger_json = "SUPER",
		.ledger_int = "BIGINT",
		.nullable = "",
		.key_note = "",
		.by_bytes = "",
		.schema = "SCHEMA",
		.opening = "",
		.begin = "BEGIN;\n",
		.commit = "COMMIT;\n",
		.yes = "true",
		.no = "false",
	},
	{
		.target = "bigquery",
		.beginning = "1900-01-01 00:00:00+00:00",
		.types = {[EV_TYPE_UUID] = "STRING",
			  [EV_TYPE_VARCHAR] = "STRING",
			  [EV_TYPE_TIMESTAMP] = "TIMESTAMP",
			  [EV_TYPE_DATE] = "DATE",
			  [EV_TYPE_INT] = "INT64",
			  [EV_TYPE_DECIMAL] = "NUMERIC(",
			  [EV_TYPE_BOOL] = "BOOL",
			  [EV_TYPE_JSON] = "JSON"},
		.wide_decimal = "BIGNUMERIC(",
		.max_columns = 10000,
		.schemas = true,
		.quote = '`',
		.backslash = true,
		.backslash_name = true,
		.comments = EV_COMMENTS_OPTIONS,
		.layout = EV_LAYOUT_PARTITION,
		.text = "STRING",
		.ledger_json = "JSON",
		.ledger_int = "INT64",
		.nullable = "",
		.key_note = " NOT ENFORCED",
		.by_bytes = "",
		.schema = "SCHEMA",
		.opening = "",
		.begin = "", /* transactions take no DDL */
		.commit = "",
		.yes = "true",
		.no = "false",
	},
	{
		.target = "clickhouse",
		.beginning = "1900-01-01 00:00:00",
		.types = {[EV_TYPE_UUID] = "UUID",
			  [EV_TYPE_VARCHAR] = "String",
			  [EV_TYPE_TIMESTAMP] = "DateTime64(6,'UTC')",
			  [EV_TYPE_DATE] = "Date32",
			  [EV_TYPE_INT] = "Int64",
			  [EV_TYPE_DECIMAL] = "Decimal(",
			  [EV_TYPE_BOOL] = "Bool",
			  [EV_TYPE_JSON] = "String"},
		.max_columns = 10000, /* it names no bound; more cost a file each */
		.schemas = true,
		.first_year = 1900,
		.last_year = 2299,
		.uuid = true,
		.by_load = true,
		.quote = '"',
		.backslash = true,
		.backslash_name = true,
		.comments = EV_COMMENTS_ALTER,
		.layout = EV_LAYOUT_MERGE_TREE,
		.text = "String",
		.ledger_json = "String",
		.ledger_int = "Int64",
		.nullable = "Nullable(",
		.key_note = "",
		.by_bytes = "",
		.schema = "DATABASE",
		.opening = "",
		.begin = "",
		.commit = "",
		.yes = "true",
		.no = "false",
	},
	{
		.target = "duckdb",
		.beginning = "1900-01-01 00:00:00+00:00",
		.types = {[EV_TYPE_UUID] = "UUID",
			  [EV_TYPE_VARCHAR] = "VARCHAR",
			  [EV_TYPE_TIMESTAMP] = "TIMESTAMPTZ",
			  [EV_TYPE_DATE] = "DATE",
			  [EV_TYPE_INT] = "BIGINT",
			  [EV_TYPE_DECIMAL] = "DECIMAL(",
			  [EV_TYPE_BOOL] = "BOOLEAN",
			  [EV_TYPE_JSON] = "JSON"},
		.max_columns = 10000, /* it names no bound */
		.schemas = true,
		.conflicts = true,
		.uuid = true,
		.quote = '"',
		.comments = EV_COMMENTS_ON,
		.text = "VARCHAR",
		.ledger_json = "JSON",
		.ledger_int = "BIGINT",
		.nullable = "",
		.key_note = "",
		.by_bytes = "",
		.schema = "SCHEMA",
		.opening = "",
		.begin = "BEGIN;\n",
		.commit = "COMMIT;\n",
		.yes = "true",
		.no = "false",
	},
};

/* BigQuery's NUMERIC: digits behind the point, and before it. */
enum { NUMERIC_SCALE = 9, NUMERIC_WHOLE = 29 };

const struct ev_dialect *ev_dialect_find(const char *target)
{
	for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++)
		if (strcmp(dialects[i].target, target) == 0)
			return &dialects[i];
	return NULL;
}

const char *ev_dialect_names(void)
{
	return "sqlite, postgres, snowflake, redshift, bigquery, clickhouse, duckdb";
}

enum ev_status ev_dialect_takes(const struct ev_dialect *d, const struct ev_tables *tables,
				const char *model, struct ev_error *err)
{
	for (size_t i = 0; i < tables->n; i++) {
		const struct ev_table *t = &tables->list[i];
		struct ev_place at = t->fact != NULL ? t->fact->place : t->dimension->place;
		const struct ev_calendar *c = t->dimension != NULL ? t->dimension->calendar : NULL;

		if (t->n > d->max_columns)
			return ev_fail(err,
				       "%s:%zu:%zu: the table %s has %zu columns, with those that "
				       "evkit adds, and %s takes %zu at most: put those that are "
				       "seldom asked for into one of type json",
				       model, at.line, at.column, t->name, t->n, d->target,
				       d->max_columns);
		if (d->first_year > 0 && c != NULL &&
		    (c->from.year < d->first_year || c->to.year > d->last_year))
			return ev_fail(err,
				       "%s:%zu:%zu: the calendar %s leaves the years %d to %d, "
				       "beyond which %s has no dates: make it shorter",
				       model, at.line, at.column, t->name, d->first_year,
				       d->last_year, d->target);
		for (size_t k = 0; d->max_scale > 0 && k < t->n; k++)
			if (t->columns[k].scale > d->max_scale)
				return ev_fail(err,
					       "%s:%zu:%zu: the column %s of %s has %u digits "
					       "behind the point, and %s takes %u at most: make it "
					       "smaller",
					       model, at.line, at.column, t->columns[k].name,
					       t->name, t->columns[k].scale, d->target,
					       d->max_scale);
	}
	return EV_OK;
}

void ev_sql_name(const struct ev_dialect *d, const char *name, struct ev_buf *out)
{
	ev_buf_putc(out, d->quote);
	for (; *name != '\0'; name++) {
		if (d->backslash_name && (*name == d->quote || *name == '\\'))
			ev_buf_putc(out, '\\');
		else if (*name == d->quote)
			ev_buf_putc(out, d->quote);
		ev_buf_putc(out, *name);
	}
	ev_buf_putc(out, d->quote);
}

void ev_sql_table(const struct ev_dialect *d, const char *schema, const char *name,
		  struct ev_buf *out)
{
	if (schema != NULL) {
		ev_sql_name(d, schema, out);
		ev_buf_putc(out, '.');
	}
	ev_sql_name(d, name, out);
}

void ev_sql_rows(const struct ev_dialect *d, const char *schema, const struct ev_table *t,
		 struct ev_buf *out)
{
	char name[128];

	snprintf(name, sizeof name, "%s%s", d->by_load ? EV_ROWS : "", t->name);
	ev_sql_table(d, schema, name, out);
}

bool ev_sql_is_uuid_key(const struct ev_dialect *d, const struct ev_column *c)
{
	return c->uuid_key && d->uuid;
}

static const char *type_name(const struct ev_dialect *d, const struct ev_column *c)
{
	if (ev_sql_is_uuid_key(d, c))
		return d->types[EV_TYPE_UUID];
	if (c->type == EV_TYPE_DECIMAL && d->wide_decimal != NULL &&
	    (c->scale > NUMERIC_SCALE || c->size - c->scale > NUMERIC_WHOLE))
		return d->wide_decimal;
	return d->types[c->type];
}

void ev_sql_type(const struct ev_dialect *d, const struct ev_column *c, struct ev_buf *out)
{
	const char *type = type_name(d, c);
	size_t len = strlen(type);
	uint64_t size = c->size;

	ev_buf_put(out, type, len);
	if (type[len - 1] != '(')
		return;
	if (c->type == EV_TYPE_DECIMAL) {
		ev_buf_printf(out, "%u,%u)", c->size, c->scale);
		return;
	}
	if (d->varchar_bytes > 0)
		size = 4 * size < d->varchar_bytes ? 4 * size : d->varchar_bytes;
	ev_buf_printf(out, "%llu)", (unsigned long long)size);
}

void ev_sql_column(const struct ev_dialect *d, const struct ev_table *t, size_t i,
		   struct ev_buf *out)
{
	bool nullable = i >= t->n_keys && d->nullable[0] != '\0';

	if (nullable)
		ev_buf_puts(out, d->nullable);
	ev_sql_type(d, &t->columns[i], out);
	if (nullable)
		ev_buf_putc(out, ')');
	if (i == 0 && t->fact != NULL)
		ev_buf_puts(out, d->by_bytes);
	if (i < t->n_keys && d->nullable[0] == '\0')
		ev_buf_puts(out, " NOT NULL");
}

/*
 * A quote is doubled, which a client that knows no backslash (psql, before Redshift) understands as
 * well; BigQuery knows the backslash alone, and takes no line end in a text. What clients of
 * templates replace in texts is spelt by its number.
 */
void ev_sql_text(const struct ev_dialect *d, const char *text, size_t len, struct ev_buf *out)
{
	ev_buf_putc(out, '\'');
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '\'')
			ev_buf_putc(out, d->backslash_name ? '\\' : c);
		if (d->backslash && c == '\\')
			ev_buf_putc(out, c);
		if (d->backslash && c == '\n')
			ev_buf_puts(out, "\\n");
		else if (d->backslash && c == '\r')
			ev_buf_puts(out, "\\r");
		else if (d->templates && (c == '&' || c == '<' || c == '{'))
			ev_buf_printf(out, "\\x%02x", (unsigned)c);
		else
			ev_buf_putc(out, c);
	}
	ev_buf_putc(out, '\'');
}

/* One column of the ledger. */
static void ledger_column(const struct ev_dialect *d, const char *name, const char *type, bool null,
			  const char *behind, struct ev_buf *out)
{
	bool wrapped = null && d->nullable[0] != '\0';

	ev_buf_putc(out, '\t');
	ev_sql_name(d, name, out);
	ev_buf_printf(out, " %s%s%s%s%s", wrapped ? d->nullable : "", type, wrapped ? ")" : "",
		      null || d->nullable[0] != '\0' ? "" : " NOT NULL", behind);
}

void ev_sql_ledger(const struct ev_dialect *d, const char *schema, struct ev_buf *out)
{
	ev_buf_puts(out, "CREATE TABLE IF NOT EXISTS ");
	ev_sql_table(d, schema, "ev_ledger", out);
	ev_buf_puts(out, " (\n");
	ledger_column(d, "commit_no", d->ledger_int, false, "", out);
	if (!d->by_load)
		ev_buf_printf(out, " PRIMARY KEY%s", d->key_note);
	ev_buf_puts(out, ",\n");
	ledger_column(d, "batch", d->text, false, ",\n", out);
	ledger_column(d, "digest", d->text, false, ",\n", out);
	ledger_column(d, "mode", d->text, false, ",\n", out);
	ledger_column(d, "rows", d->ledger_int, false, ",\n", out);
	ledger_column(d, "balance", d->ledger_json, false, ",\n", out);
	ledger_column(d, "position", d->text, true, ",\n", out);
	ledger_column(d, "model", d->text, true, ",\n", out);
	ledger_column(d, "offsets", d->text, true, "\n)", out);
	if (d->by_load)
		ev_buf_puts(out, "\nENGINE = ReplacingMergeTree ORDER BY \"commit_no\"");
	ev_buf_puts(out, ";\n");
}

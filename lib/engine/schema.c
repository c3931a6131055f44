#include "engine/schema.h"
#include "warehouse/table.h"

static void write_table(const struct ev_table *t, const struct ev_dialect *d, const char *schema,
			struct ev_buf *out)
{
	ev_buf_puts(out, "\nCREATE TABLE IF NOT EXISTS ");
	ev_sql_table(schema, t->name, out);
	ev_buf_puts(out, " (\n");
	for (size_t i = 0; i < t->n; i++) {
		ev_buf_putc(out, '\t');
		ev_sql_name(t->columns[i].name, out);
		ev_buf_putc(out, ' ');
		ev_sql_type(d, &t->columns[i], out);
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

enum ev_status ev_schema_write(const struct ev_model *m, const struct ev_dialect *d,
			       const char *schema, struct ev_buf *out, struct ev_error *err)
{
	struct ev_tables *tables = ev_tables_new(m);

	if (ev_dialect_takes(d, tables, m->file, err) != EV_OK) {
		ev_tables_free(&tables);
		return EV_FATAL;
	}
	ev_buf_puts(out, "BEGIN;\n\n");
	if (schema != NULL && d->schemas) {
		ev_buf_puts(out, "CREATE SCHEMA IF NOT EXISTS ");
		ev_sql_name(schema, out);
		ev_buf_puts(out, ";\n\n");
	}
	if (!d->schemas)
		schema = NULL;
	ev_sql_ledger(d, schema, out);
	for (size_t i = 0; i < tables->n; i++)
		write_table(&tables->list[i], d, schema, out);
	ev_buf_puts(out, "\nCOMMIT;\n");
	ev_tables_free(&tables);
	return EV_OK;
}

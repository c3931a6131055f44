/*
 * Where loads erase nothing (ClickHouse): a row counts if its load is in the ledger, behind which
 * it was written, and no later one of these has erased it.
 */
#include "ddl/internal.h"

#define ERASED "ev_erased"
#define LOADS  "ev_loads"

void ddl_loads(struct ddl *s)
{
	struct ev_buf *out = &s->text;

	ev_buf_puts(out, "\nCREATE TABLE IF NOT EXISTS ");
	ev_sql_table(s->d, s->schema, ERASED, out);
	ev_buf_printf(out,
		      " (\n\t\"ev_table\" %s,\n\t\"ev_owner\" %s,\n\t\"ev_version\" %s,\n"
		      "\t\"ev_load\" %s\n)\nENGINE = ReplacingMergeTree ORDER BY (\"ev_table\", "
		      "\"ev_owner\", \"ev_version\", \"ev_load\");\n",
		      s->d->text, s->d->text, s->d->ledger_int, s->d->ledger_int);
	ev_buf_puts(out, "\nCREATE OR REPLACE VIEW ");
	ev_sql_table(s->d, s->schema, LOADS, out);
	ev_buf_puts(out, " AS\nSELECT toInt64(0) AS \"ev_load\"\nUNION ALL\nSELECT \"commit_no\" "
			 "AS \"ev_load\" FROM ");
	ev_sql_table(s->d, s->schema, "ev_ledger", out);
	ev_buf_puts(out, "\nWHERE \"commit_no\" >= (SELECT max(\"commit_no\") FROM ");
	ev_sql_table(s->d, s->schema, "ev_ledger", out);
	ev_buf_puts(out, " WHERE \"mode\" IN ('snapshot', 'whole'));\n");
}

void ddl_counting(struct ddl *s, const struct ev_table *t)
{
	struct ev_buf *out = &s->text;

	ev_buf_puts(out, "\nCREATE OR REPLACE VIEW ");
	ev_sql_table(s->d, s->schema, t->name, out);
	ev_buf_puts(out, " AS\nSELECT ");
	for (size_t i = 0; i < t->n; i++) {
		ev_buf_puts(out, i > 0 ? ", r." : "r.");
		ev_sql_name(s->d, t->columns[i].name, out);
		ev_buf_puts(out, " AS ");
		ev_sql_name(s->d, t->columns[i].name, out);
	}
	ev_buf_puts(out, "\nFROM ");
	ev_sql_rows(s->d, s->schema, t, out);
	ev_buf_puts(out, " AS r FINAL\nLEFT JOIN (\n\tSELECT \"ev_owner\", "
			 "groupArray((\"ev_version\", \"ev_load\")) AS \"ev_gone\" FROM ");
	ev_sql_table(s->d, s->schema, ERASED, out);
	ev_buf_puts(out, "\n\tWHERE \"ev_table\" = ");
	ev_sql_text(s->d, t->name, t->name_len, out);
	ev_buf_puts(out, " AND \"ev_load\" IN (SELECT \"ev_load\" FROM ");
	ev_sql_table(s->d, s->schema, LOADS, out);
	ev_buf_puts(out, ")\n\tGROUP BY \"ev_owner\"\n) AS e ON e.\"ev_owner\" = toString(r.");
	ev_sql_name(s->d, t->columns[0].name, out);
	ev_buf_puts(out, ")\nWHERE r.\"ev_load\" IN (SELECT \"ev_load\" FROM ");
	ev_sql_table(s->d, s->schema, LOADS, out);
	ev_buf_printf(out,
		      ")\n\tAND NOT arrayExists(g -> g.1 <= %s AND g.2 > r.\"ev_load\", "
		      "e.\"ev_gone\");\n",
		      t->versions ? "r.\"ev_version\"" : "0");
}

/*
 * What a loader and an analyst may do: the one changes rows and creates nothing, the other reads.
 */
#include "ddl/internal.h"

/*
 * How each engine grants; @S is the schema, @R the role, @T a table. loader and analyst come once,
 * table and ledger are the loader's, of each table and of those that it only adds to. NULL: there
 * are no roles.
 */
static const struct granting {
	const char *target;
	const char *loader, *table, *ledger, *analyst;
	char role; /* the quote around a role: of a name, or of a text */
} grantings[] = {
	{"sqlite", NULL, NULL, NULL, NULL, '"'},
	{"duckdb", NULL, NULL, NULL, NULL, '"'},
	{"postgres",
	 "REVOKE CREATE ON SCHEMA @S FROM PUBLIC, @R;\nGRANT USAGE ON SCHEMA @S TO @R;\n",
	 "GRANT SELECT, INSERT, DELETE ON @T TO @R;\n", "GRANT SELECT, INSERT ON @T TO @R;\n",
	 "GRANT USAGE ON SCHEMA @S TO @R;\nGRANT SELECT ON ALL TABLES IN SCHEMA @S TO @R;\n"
	 "ALTER DEFAULT PRIVILEGES IN SCHEMA @S GRANT SELECT ON TABLES TO @R;\n",
	 '"'},
	{"redshift",
	 "REVOKE CREATE ON SCHEMA @S FROM PUBLIC;\nREVOKE CREATE ON SCHEMA @S FROM ROLE @R;\n"
	 "GRANT USAGE ON SCHEMA @S TO ROLE @R;\n",
	 "GRANT SELECT, INSERT, DELETE ON @T TO ROLE @R;\n",
	 "GRANT SELECT, INSERT ON @T TO ROLE @R;\n",
	 "GRANT USAGE ON SCHEMA @S TO ROLE @R;\n"
	 "GRANT SELECT ON ALL TABLES IN SCHEMA @S TO ROLE @R;\n"
	 "ALTER DEFAULT PRIVILEGES IN SCHEMA @S GRANT SELECT ON TABLES TO ROLE @R;\n",
	 '"'},
	{"snowflake", "GRANT USAGE ON SCHEMA @S TO ROLE @R;\n",
	 "GRANT SELECT, INSERT, DELETE ON TABLE @T TO ROLE @R;\n",
	 "GRANT SELECT, INSERT ON TABLE @T TO ROLE @R;\n",
	 "GRANT USAGE ON SCHEMA @S TO ROLE @R;\n"
	 "GRANT SELECT ON ALL TABLES IN SCHEMA @S TO ROLE @R;\n"
	 "GRANT SELECT ON ALL VIEWS IN SCHEMA @S TO ROLE @R;\n"
	 "GRANT SELECT ON FUTURE TABLES IN SCHEMA @S TO ROLE @R;\n"
	 "GRANT SELECT ON FUTURE VIEWS IN SCHEMA @S TO ROLE @R;\n",
	 '"'},
	{"bigquery", "", "GRANT `roles/bigquery.dataEditor` ON TABLE @T TO @R;\n",
	 "GRANT `roles/bigquery.dataEditor` ON TABLE @T TO @R;\n",
	 "GRANT `roles/bigquery.dataViewer` ON SCHEMA @S TO @R;\n", '\''},
	{"clickhouse", "GRANT CREATE TEMPORARY TABLE ON *.* TO @R;\n",
	 "GRANT SELECT, INSERT, ALTER DELETE ON @T TO @R;\n", "GRANT SELECT, INSERT ON @T TO @R;\n",
	 "GRANT SELECT ON @S.* TO @R;\n", '"'},
};

static void put(struct ddl *s, const struct granting *how, const char *template, const char *role,
		const char *table)
{
	struct ev_buf *out = &s->text;

	for (; *template != '\0'; template ++) {
		if (*template != '@') {
			ev_buf_putc(out, *template);
			continue;
		}
		switch (*++template) {
		case 'S': ev_sql_name(s->d, s->schema, out); break;
		case 'T': ev_buf_puts(out, table); break;
		default:
			if (how->role == '\'')
				ev_sql_text(s->d, role, strlen(role), out);
			else
				ev_sql_name(s->d, role, out);
		}
	}
}

/* A table by its name; t: NULL for one of evkit's own. */
static void put_table(struct ddl *s, const struct granting *how, const char *role,
		      const struct ev_table *t, const char *name)
{
	ev_buf_reset(&s->scratch);
	if (t != NULL)
		ev_sql_rows(s->d, s->schema, t, &s->scratch);
	else
		ev_sql_table(s->d, s->schema, name, &s->scratch);
	put(s, how, t != NULL ? how->table : how->ledger, role, ev_buf_str(&s->scratch));
}

static void write_grants(struct ddl *s, const struct granting *how, const char *loader,
			 const char *analyst)
{
	ev_buf_puts(&s->text, s->d->begin);
	if (loader != NULL) {
		put(s, how, how->loader, loader, "");
		put_table(s, how, loader, NULL, "ev_ledger");
		if (s->d->by_load) {
			put_table(s, how, loader, NULL, "ev_erased");
			put_table(s, how, loader, NULL, "ev_loads");
		}
		for (size_t i = 0; i < s->tables->n; i++)
			put_table(s, how, loader, &s->tables->list[i], NULL);
	}
	if (analyst != NULL)
		put(s, how, how->analyst, analyst, "");
	ev_buf_puts(&s->text, s->d->commit);
}

enum ev_status ev_ddl_grants(const struct ev_ddl *what, const char *loader, const char *analyst,
			     struct ev_out *out, struct ev_error *err)
{
	const struct granting *how = grantings;
	struct ddl s;
	enum ev_status st = ddl_open(&s, what, out, err);

	while (strcmp(how->target, what->dialect->target) != 0)
		how++;
	if (st == EV_OK && how->table == NULL)
		st = ev_fail(err,
			     "%s has no roles: who may read or write its file is for the file's "
			     "owner to say",
			     how->target);
	if (st == EV_OK && s.schema == NULL) {
		if (strcmp(how->target, "postgres") == 0 || strcmp(how->target, "redshift") == 0)
			s.schema = "public";
		else
			st = ev_fail(err, "grants are of a schema: give the environment one");
	}
	if (st == EV_OK) {
		write_grants(&s, how, loader, analyst);
		st = ddl_put(&s, err);
	}
	ddl_close(&s);
	return st;
}

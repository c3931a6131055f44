/*
 * The model against the live tables of PostgreSQL.
 */
#include "warehouse/postgres.h"

#ifdef EV_LIBPQ


#include <stdlib.h>

/* Takes note of a difference, or fails of it. */
static enum ev_status differs(struct ev_postgres *p, const struct ev_table *t, enum ev_lack lack,
			      size_t column, const char *name, const char *what,
			      struct ev_error *err)
{
	const char *environment = p->target.environment;

	if (p->differences == NULL)
		return ev_fail(err,
			       "%s: table %s.%s %s: evschema check -m %s%s%s %s says what mends it",
			       p->name, p->schema, t->name, what, p->model,
			       environment != NULL ? " -e " : "",
			       environment != NULL ? environment : "", p->target.name);
	ev_differences_add(p->differences, t, lack, column, name, what, NULL);
	return EV_OK;
}

/* Something that may keep rows out, or hide them. t: NULL, the ledger. mend: a statement. */
static enum ev_status refuses(struct ev_postgres *p, const struct ev_table *t, const char *what,
			      const char *mend, struct ev_error *err)
{
	if (p->differences == NULL)
		return ev_fail(err, "%s: table %s.%s %s: %s", p->name, p->schema,
			       t != NULL ? t->name : "ev_ledger", what, mend);
	ev_differences_add(p->differences, t, EV_REFUSES, 0, NULL, what, mend);
	return EV_OK;
}

/* A type as the server names it (format_type). */
static void put_type(const struct ev_column *c, struct ev_buf *out)
{
	static const char *const names[] = {[EV_TYPE_UUID] = "uuid",
					    [EV_TYPE_VARCHAR] = "character varying",
					    [EV_TYPE_TIMESTAMP] = "timestamp with time zone",
					    [EV_TYPE_DATE] = "date",
					    [EV_TYPE_INT] = "bigint",
					    [EV_TYPE_DECIMAL] = "numeric",
					    [EV_TYPE_BOOL] = "boolean",
					    [EV_TYPE_JSON] = "jsonb"};

	ev_buf_puts(out, names[c->uuid_key ? EV_TYPE_UUID : c->type]);
	if (c->type == EV_TYPE_VARCHAR && !c->uuid_key)
		ev_buf_printf(out, "(%u)", c->size);
	else if (c->type == EV_TYPE_DECIMAL)
		ev_buf_printf(out, "(%u,%u)", c->size, c->scale);
}

/* Of a row of the query below. */
enum { NAME, TYPE, NOT_NULL, MADE, LOOSE, IN_KEY, KEYS };

static size_t find_column(const struct ev_table *t, const char *name)
{
	size_t i = 0;

	while (i < t->n && strcmp(t->columns[i].name, name) != 0)
		i++;
	return i;
}

/* What is wrong with a live column, into what. */
static void judge_column(const struct ev_table *t, const PGresult *r, int row, struct ev_buf *what)
{
	const char *name = ev_pq.getvalue(r, row, NAME);
	size_t i = find_column(t, name);
	struct ev_buf type = {0};

	if (i == t->n) {
		ev_buf_printf(what, "has the column %s, which the model does not", name);
		return;
	}
	put_type(&t->columns[i], &type);
	if (strcmp(ev_pq.getvalue(r, row, TYPE), ev_buf_str(&type)) != 0)
		ev_buf_printf(what, "has the column %s as %s where the model has %s", name,
			      ev_pq.getvalue(r, row, TYPE), ev_buf_str(&type));
	else if (ev_pq.getvalue(r, row, MADE)[0] == 't')
		ev_buf_printf(what, "makes the values of the column %s by itself", name);
	else if (i >= t->n_keys && ev_pq.getvalue(r, row, NOT_NULL)[0] == 't')
		ev_buf_printf(what, "takes no null in the column %s, and an event may bring one",
			      name);
	else if (i < t->n_keys && ev_pq.getvalue(r, row, LOOSE)[0] == 't')
		ev_buf_printf(what, "takes different texts for equal in the column %s", name);
	else if (ev_pq.getvalue(r, row, KEYS)[0] != '0' &&
		 strtoul(ev_pq.getvalue(r, row, IN_KEY), NULL, 10) != (i < t->n_keys ? i + 1 : 0))
		ev_buf_printf(what, "has another primary key than the model: see the column %s",
			      name);
	ev_buf_free(&type);
}

static enum ev_status check_columns(struct ev_postgres *p, const struct ev_table *t,
				    const char *name, struct ev_error *err)
{
	static const char sql[] =
		"SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, "
		"a.attgenerated <> '' OR a.attidentity <> '', "
		"coalesce(NOT c.collisdeterministic, false), "
		"coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0), "
		"coalesce(i.indnkeyatts, 0) "
		"FROM pg_attribute a LEFT JOIN pg_collation c ON c.oid = a.attcollation "
		"LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary "
		"WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped "
		"ORDER BY a.attnum";
	PGresult *r = ev_pg_ask(p, t->name, sql, 1, &name, err);
	enum ev_status st = r != NULL ? EV_OK : EV_FATAL;
	bool *there = ev_calloc(t->n, sizeof *there);
	struct ev_buf what = {0};

	for (int row = 0; st == EV_OK && row < ev_pq.ntuples(r); row++) {
		const char *live = ev_pq.getvalue(r, row, NAME);
		size_t i = find_column(t, live);

		ev_buf_reset(&what);
		judge_column(t, r, row, &what);
		if (i < t->n)
			there[i] = true;
		if (what.len > 0)
			st = differs(p, t, i < t->n ? EV_DIFFERS : EV_HAS_COLUMN, 0,
				     i < t->n ? NULL : live, ev_buf_str(&what), err);
	}
	for (size_t i = 0; st == EV_OK && i < t->n; i++) {
		if (there[i])
			continue;
		ev_buf_reset(&what);
		ev_buf_printf(&what, "lacks the column %s", t->columns[i].name);
		st = differs(p, t, EV_LACKS_COLUMN, i, NULL, ev_buf_str(&what), err);
	}
	ev_buf_free(&what);
	free(there);
	ev_pq.clear(r);
	return st;
}

/*
 * What evschema makes has a primary key and no other constraint; one of other hands would be told
 * of by a row, or not at all.
 */
static enum ev_status check_constraints(struct ev_postgres *p, const struct ev_table *t,
					const char *name, struct ev_error *err)
{
	static const char sql[] =
		"SELECT 'has the ' || CASE contype WHEN 'c' THEN 'CHECK ' WHEN 'f' THEN 'FOREIGN "
		"KEY ' WHEN 'u' THEN 'UNIQUE constraint ' ELSE 'EXCLUDE constraint ' END || "
		"conname || ', which may refuse rows', "
		"format('ALTER TABLE %s DROP CONSTRAINT %I;', conrelid::regclass, conname) "
		"FROM pg_constraint WHERE conrelid = $1::regclass AND "
		"contype IN ('c', 'f', 'u', 'x') "
		"UNION ALL SELECT format('has rows that the FOREIGN KEY %s of %s may hold back', "
		"conname, conrelid::regclass), "
		"format('ALTER TABLE %s DROP CONSTRAINT %I;', conrelid::regclass, conname) "
		"FROM pg_constraint WHERE confrelid = $1::regclass AND conrelid <> confrelid AND "
		"contype = 'f' "
		"UNION ALL SELECT 'has the UNIQUE index ' || relname || ', which may refuse rows', "
		"format('DROP INDEX %s;', indexrelid::regclass) "
		"FROM pg_index JOIN pg_class c ON c.oid = indexrelid "
		"WHERE indrelid = $1::regclass AND indisunique AND NOT indisprimary AND "
		"NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) ORDER BY 1";
	const char *table = t != NULL ? t->name : "ev_ledger";
	PGresult *r = ev_pg_ask(p, table, sql, 1, &name, err);
	enum ev_status st = r != NULL ? EV_OK : EV_FATAL;

	for (int row = 0; st == EV_OK && row < ev_pq.ntuples(r); row++)
		st = refuses(p, t, ev_pq.getvalue(r, row, 0), ev_pq.getvalue(r, row, 1), err);
	ev_pq.clear(r);
	return st;
}

/* What a view, a trigger or a rule makes of a row is not what was loaded. */
enum ev_status ev_pg_check_is_plain(struct ev_postgres *p, const struct ev_table *t,
				    const char *name, struct ev_error *err)
{
	static const char sql[] =
		"SELECT CASE c.relkind WHEN 'v' THEN 'is a view' WHEN 'm' THEN 'is a view' "
		"WHEN 'r' THEN CASE WHEN EXISTS (SELECT FROM pg_inherits "
		"WHERE inhparent = c.oid) THEN "
		"'has tables that inherit from it' WHEN c.relpersistence = 'u' THEN "
		"'is unlogged, so a crash of the server empties it' ELSE '' END "
		"ELSE 'is no plain table' END, "
		"(SELECT 'has the trigger ' || tgname FROM pg_trigger WHERE tgrelid = c.oid AND "
		"NOT tgisinternal LIMIT 1), "
		"(SELECT 'has the rule ' || rulename FROM pg_rewrite WHERE ev_class = c.oid AND "
		"rulename <> '_RETURN' LIMIT 1) FROM pg_class c WHERE c.oid = $1::regclass";
	const char *table = t != NULL ? t->name : "ev_ledger";
	PGresult *r = ev_pg_ask(p, table, sql, 1, &name, err);
	enum ev_status st = EV_OK;

	if (r == NULL)
		return EV_FATAL;
	for (int i = 0; i < 3 && st == EV_OK; i++)
		if (ev_pq.getvalue(r, 0, i)[0] != '\0' && p->differences != NULL)
			st = differs(p, t, EV_NOT_PLAIN, 0, NULL, ev_pq.getvalue(r, 0, i), err);
		else if (ev_pq.getvalue(r, 0, i)[0] != '\0')
			st = ev_fail(err,
				     "%s: table %s.%s %s, which may change or drop rows unseen: "
				     "load into plain tables, and put views on them under other "
				     "names",
				     p->name, p->schema, table, ev_pq.getvalue(r, 0, i));
	ev_pq.clear(r);
	return st == EV_OK ? check_constraints(p, t, name, err) : st;
}

/* Rows that are hidden from the role would be neither deleted nor told. */
static enum ev_status check_shows_rows(struct ev_postgres *p, const struct ev_table *t,
				       const char *name, bool *hides, struct ev_error *err)
{
	static const char sql[] =
		"SELECT format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY; or ALTER ROLE %I "
		"BYPASSRLS;', to_regclass($1), current_user) "
		"WHERE row_security_active(to_regclass($1)::oid)";
	PGresult *r = ev_pg_ask(p, t != NULL ? t->name : "ev_ledger", sql, 1, &name, err);
	enum ev_status st = r != NULL ? EV_OK : EV_FATAL;

	*hides = st == EV_OK && ev_pq.ntuples(r) > 0;
	if (*hides)
		st = refuses(p, t, "hides rows from this role by its row level security",
			     ev_pq.getvalue(r, 0, 0), err);
	ev_pq.clear(r);
	return st;
}

/* A table of the model that is there, and plain. */
static enum ev_status check_live(struct ev_postgres *p, const struct ev_table *t, const char *name,
				 struct ev_error *err)
{
	bool hides;

	return check_shows_rows(p, t, name, &hides, err) == EV_OK ? check_columns(p, t, name, err)
								  : EV_FATAL;
}

static enum ev_status is_missing(struct ev_postgres *p, const char *what, const char *name,
				 struct ev_error *err)
{
	return ev_fail(err,
		       "%s: there is no %s%s in the schema %s: make the tables first with evschema "
		       "-m %s -t postgres | psql, or -e and an environment that names their schema",
		       p->name, what, name, p->schema, p->model);
}

/*
 * The lock is that of every INSERT, and keeps the table from being altered until the transaction
 * ends.
 */
enum ev_status ev_pg_check_table(struct ev_postgres *p, const struct ev_table *t,
				 struct ev_error *err)
{
	struct ev_buf name = {0}, sql = {0};
	enum ev_status st = EV_OK;
	PGresult *r;

	ev_pg_put_table(p, t, &name);
	ev_buf_printf(&sql, "LOCK TABLE %s IN ROW EXCLUSIVE MODE", ev_buf_str(&name));
	r = ev_pq.exec(p->conn, ev_buf_str(&sql));
	if (ev_pg_is_state(r, "42P01") || ev_pg_is_state(r, "3F000"))
		st = is_missing(p, "table ", t->name, err);
	else if (ev_pq.resultStatus(r) != PGRES_COMMAND_OK)
		st = ev_pg_trouble(p, t->name, r, err);
	ev_pq.clear(r);
	if (st == EV_OK)
		st = ev_pg_check_is_plain(p, t, ev_buf_str(&name), err);
	if (st == EV_OK)
		st = check_live(p, t, ev_buf_str(&name), err);
	ev_buf_free(&name);
	ev_buf_free(&sql);
	return st;
}

/* The column that this version has added to the ledger. */
static enum ev_status find_offsets(struct ev_postgres *p, struct ev_error *err)
{
	static const char sql[] = "SELECT 1 FROM pg_attribute WHERE attrelid = $1::regclass AND "
				  "attname = 'offsets' AND NOT attisdropped";
	const char *ledger = p->ledger;
	PGresult *r = ev_pg_ask(p, "the ledger cannot be read", sql, 1, &ledger, err);
	enum ev_status st = r != NULL ? EV_OK : EV_FATAL;
	struct ev_buf mend = {0};

	if (r != NULL && ev_pq.ntuples(r) == 0) {
		ev_buf_printf(&mend, "ALTER TABLE %s ADD COLUMN \"offsets\" TEXT", ledger);
		st = refuses(p, NULL, "lacks the column offsets", ev_buf_str(&mend), err);
	}
	ev_buf_free(&mend);
	ev_pq.clear(r);
	return st;
}

enum ev_status ev_pg_find_ledger(struct ev_postgres *p, struct ev_error *err)
{
	enum ev_status st;
	PGresult *r;
	bool hides;

	st = check_shows_rows(p, NULL, p->ledger, &hides, err);
	if (st != EV_OK || hides)
		return st;
	ev_buf_reset(&p->scratch);
	ev_buf_printf(&p->scratch,
		      "SELECT commit_no, batch, digest, mode, rows, balance, position, model "
		      "FROM %s LIMIT 0",
		      p->ledger);
	r = ev_pq.exec(p->conn, ev_buf_str(&p->scratch));
	if (ev_pg_is_state(r, "42P01") || ev_pg_is_state(r, "3F000"))
		st = is_missing(p, "ledger", "", err);
	else if (ev_pg_is_state(r, "42703"))
		st = ev_fail(err,
			     "%s: the ledger is that of another version: make the tables in "
			     "another schema with evschema -m %s -t postgres",
			     p->name, p->model);
	else if (ev_pq.resultStatus(r) != PGRES_TUPLES_OK)
		st = ev_pg_trouble(p, "the ledger cannot be read", r, err);
	ev_pq.clear(r);
	return st == EV_OK ? find_offsets(p, err) : st;
}

/* A reader may ask: nothing is locked. */
enum ev_status ev_pg_check(struct ev_target *t, struct ev_differences *out, struct ev_error *err)
{
	static const char sql[] = "SELECT to_regclass($1) IS NULL";
	struct ev_postgres *p = ev_postgres_of(t);
	enum ev_status st;

	if ((p->conn == NULL && ev_pg_connect(p, err) != EV_OK) ||
	    ev_pg_begin(p, "READ ONLY", err) != EV_OK)
		return EV_FATAL;
	p->differences = out;
	st = EV_OK;
	for (size_t i = 0; i <= p->tables->n && st == EV_OK; i++) {
		const struct ev_table *table = i > 0 ? &p->tables->list[i - 1] : NULL;
		struct ev_buf name = {0};
		const char *value;
		PGresult *r;

		if (table != NULL)
			ev_pg_put_table(p, table, &name);
		else
			ev_buf_puts(&name, p->ledger);
		value = ev_buf_str(&name);
		r = ev_pg_ask(p, table != NULL ? table->name : "ev_ledger", sql, 1, &value, err);
		if (r == NULL)
			st = EV_FATAL;
		else if (ev_pq.getvalue(r, 0, 0)[0] == 't')
			st = differs(p, table, EV_LACKS_TABLE, 0, NULL, "is not there", err);
		else if ((st = ev_pg_check_is_plain(p, table, value, err)) == EV_OK)
			st = table == NULL ? ev_pg_find_ledger(p, err)
					   : check_live(p, table, value, err);
		ev_pq.clear(r);
		ev_buf_free(&name);
	}
	return st;
}

#endif

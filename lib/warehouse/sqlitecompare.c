/*
 * The model against the live tables of SQLite.
 */
#include "warehouse/dialect.h"
#include "warehouse/sqlite.h"

#include <stdlib.h>
#include <strings.h>

/* Takes note of a difference, or fails of it. */
static enum ev_status differs(struct ev_sqlite *s, const struct ev_table *t, enum ev_lack lack,
			      size_t column, const char *name, const char *what,
			      struct ev_error *err)
{
	if (s->differences == NULL)
		return ev_fail(err,
			       "%s: table %s %s: run evschema -m %s -t sqlite | sqlite3 %s on a "
			       "new file, or mend the table",
			       s->file, t->name, what, s->model, s->file);
	ev_differences_add(s->differences, t, lack, column, name, what, NULL);
	return EV_OK;
}

/*
 * Something that may keep rows out. t: NULL, the ledger. mend: a statement; NULL where SQLite has
 * none.
 */
static enum ev_status refuses(struct ev_sqlite *s, const struct ev_table *t, const char *what,
			      const char *mend, struct ev_error *err)
{
	struct ev_buf anew = {0};
	enum ev_status st = EV_OK;

	if (mend == NULL)
		ev_buf_printf(&anew,
			      "SQLite cannot take it away: make the tables in a new file with "
			      "evschema -m %s -t sqlite | sqlite3 FILE",
			      s->model);
	if (s->differences == NULL)
		st = ev_fail(err, "%s: table %s %s: %s", s->file, t != NULL ? t->name : "ev_ledger",
			     what, mend != NULL ? mend : ev_buf_str(&anew));
	else
		ev_differences_add(s->differences, t, EV_REFUSES, 0, NULL, what,
				   mend != NULL ? mend : ev_buf_str(&anew));
	ev_buf_free(&anew);
	return st;
}

/* There is a view or a trigger of that name on the table. */
static enum ev_status is_odd(struct ev_sqlite *s, const struct ev_table *t, const char *type,
			     const char *name, struct ev_error *err)
{
	struct ev_buf what = {0};

	if (s->differences == NULL)
		return ev_fail(err,
			       "%s: there is a %s %s on %s, which may change or drop rows unseen: "
			       "load into plain tables, and put views on them under other names",
			       s->file, type, name, t != NULL ? t->name : "ev_ledger");
	ev_buf_printf(&what, "has the %s %s, which may change or drop rows unseen", type, name);
	ev_differences_add(s->differences, t, EV_NOT_PLAIN, 0, NULL, ev_buf_str(&what), NULL);
	ev_buf_free(&what);
	return EV_OK;
}

/* Whether a statement has that word outside of names, texts and comments. */
static bool has_word(const char *sql, const char *word)
{
	while (*sql != '\0') {
		size_t len = strspn(sql, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
					 "0123456789$");
		const char *end = NULL;

		if (len > 0) {
			if (len == strlen(word) && strncasecmp(sql, word, len) == 0)
				return true;
			sql += len;
			continue;
		}
		if (strchr("'\"`[", *sql) != NULL)
			end = strchr(sql + 1, *sql == '[' ? ']' : *sql);
		else if (strncmp(sql, "--", 2) == 0)
			end = strchr(sql, '\n');
		else if (strncmp(sql, "/*", 2) == 0 && (end = strstr(sql + 2, "*/")) != NULL)
			end++;
		else
			end = sql;
		if (end == NULL)
			return false;
		sql = end + 1;
	}
	return false;
}

/* A row of the query below. */
static enum ev_status check_constraint(struct ev_sqlite *s, const struct ev_table *t,
				       sqlite3_stmt *q, struct ev_error *err)
{
	const char *what = ev_sqlite_text(s, q, 0, err);
	const char *sql = what != NULL ? ev_sqlite_text(s, q, 1, err) : NULL;

	if (sql == NULL)
		return EV_FATAL;
	if (what[0] == '\0')
		return has_word(sql, "CHECK")
			       ? refuses(s, t, "has a CHECK, which may refuse rows", NULL, err)
			       : EV_OK;
	return refuses(s, t, what, sql[0] != '\0' ? sql : NULL, err);
}

/*
 * What evschema makes has a primary key and no other constraint; one of other hands would be told
 * of by a row, or not at all.
 */
static enum ev_status check_constraints(struct ev_sqlite *s, const struct ev_table *t,
					struct ev_error *err)
{
	static const char sql[] =
		"SELECT 'has the UNIQUE index ' || name || ', which may refuse rows', "
		"'DROP INDEX \"' || replace(name, '\"', '\"\"') || '\";' "
		"FROM pragma_index_list(?1) WHERE \"unique\" AND origin = 'c' "
		"UNION ALL SELECT 'has a UNIQUE constraint, which may refuse rows', '' "
		"FROM pragma_index_list(?1) WHERE origin = 'u' "
		"UNION ALL SELECT 'has a FOREIGN KEY to ' || \"table\" || ', which may refuse "
		"rows', '' FROM pragma_foreign_key_list(?1) WHERE seq = 0 "
		"UNION ALL SELECT '', sql FROM sqlite_master "
		"WHERE type = 'table' AND name = ?1 COLLATE NOCASE";
	const char *table = t != NULL ? t->name : "ev_ledger";
	enum ev_status st = EV_OK;
	int rc = SQLITE_DONE;
	sqlite3_stmt *q;

	if (ev_sqlite_prepare(s, sql, &q, err) != EV_OK)
		return EV_FATAL;
	if (ev_sqlite_bind(q, 1, table) != SQLITE_OK)
		st = ev_sqlite_trouble(s, table, err);
	while (st == EV_OK && (rc = sqlite3_step(q)) == SQLITE_ROW)
		st = check_constraint(s, t, q, err);
	if (st == EV_OK && rc != SQLITE_DONE)
		st = ev_sqlite_trouble(s, table, err);
	sqlite3_finalize(q);
	return st;
}

enum ev_status ev_sqlite_check_is_plain(struct ev_sqlite *s, const struct ev_table *t,
					struct ev_error *err)
{
	const char *table = t != NULL ? t->name : "ev_ledger";
	enum ev_status st = EV_OK;
	sqlite3_stmt *q;
	int rc;

	if (ev_sqlite_prepare(
		    s,
		    "SELECT type, name FROM sqlite_master WHERE tbl_name = ? COLLATE NOCASE AND "
		    "type IN ('view', 'trigger')",
		    &q, err) != EV_OK)
		return EV_FATAL;
	if (ev_sqlite_bind(q, 1, table) != SQLITE_OK)
		st = ev_sqlite_trouble(s, table, err);
	rc = st == EV_OK ? sqlite3_step(q) : SQLITE_DONE;
	if (rc == SQLITE_ROW) {
		const char *type = ev_sqlite_text(s, q, 0, err);
		const char *name = type != NULL ? ev_sqlite_text(s, q, 1, err) : NULL;

		st = name == NULL ? EV_FATAL : is_odd(s, t, type, name, err);
	} else if (st == EV_OK && rc != SQLITE_DONE) {
		st = ev_sqlite_trouble(s, table, err);
	}
	sqlite3_finalize(q);
	return st == EV_OK ? check_constraints(s, t, err) : st;
}

static size_t find_column(const struct ev_table *t, const char *name)
{
	size_t i = 0;

	while (i < t->n && strcasecmp(t->columns[i].name, name) != 0)
		i++;
	return i;
}

/* A live column. */
static enum ev_status check_column(struct ev_sqlite *s, const struct ev_table *t, sqlite3_stmt *q,
				   bool *there, struct ev_error *err)
{
	const char *name = ev_sqlite_text(s, q, 0, err);
	const char *type = name != NULL ? ev_sqlite_text(s, q, 1, err) : NULL;
	struct ev_buf want = {0}, what = {0};
	enum ev_status st = EV_OK;
	size_t i;

	if (type == NULL)
		return EV_FATAL;
	i = find_column(t, name);
	if (i == t->n) {
		ev_buf_printf(&what, "has the column %s, which the model does not", name);
		st = differs(s, t, EV_HAS_COLUMN, 0, name, ev_buf_str(&what), err);
	} else {
		there[i] = true;
		ev_sql_type(ev_dialect_find("sqlite"), &t->columns[i], &want);
		if (strcasecmp(type, ev_buf_str(&want)) != 0) {
			ev_buf_printf(&what, "has the column %s as %s where the model has %s", name,
				      type, want.p);
			st = differs(s, t, EV_DIFFERS, 0, NULL, ev_buf_str(&what), err);
		} else if (i >= t->n_keys && sqlite3_column_int(q, 2) != 0) {
			ev_buf_printf(&what,
				      "takes no null in the column %s, and an event may bring one",
				      name);
			st = refuses(s, t, ev_buf_str(&what), NULL, err);
		}
	}
	ev_buf_free(&want);
	ev_buf_free(&what);
	return st;
}

/* Columns that the table lacks; all: then it is not there. */
static enum ev_status check_lacks(struct ev_sqlite *s, const struct ev_table *t, bool all,
				  const bool *there, struct ev_error *err)
{
	enum ev_status st = EV_OK;
	struct ev_buf what = {0};

	if (all && s->differences != NULL)
		return differs(s, t, EV_LACKS_TABLE, 0, NULL, "is not there", err);
	if (all)
		return ev_fail(err,
			       "%s: there is no table %s: make it first with evschema -m %s -t "
			       "sqlite | sqlite3 %s",
			       s->file, t->name, s->model, s->file);
	for (size_t i = 0; i < t->n && st == EV_OK; i++) {
		if (there[i])
			continue;
		ev_buf_reset(&what);
		ev_buf_printf(&what, "lacks the column %s", t->columns[i].name);
		st = differs(s, t, EV_LACKS_COLUMN, i, NULL, ev_buf_str(&what), err);
	}
	ev_buf_free(&what);
	return st;
}

/* In whatever order: rows name their columns. */
enum ev_status ev_sqlite_check_table(struct ev_sqlite *s, const struct ev_table *t,
				     struct ev_error *err)
{
	bool *there = ev_calloc(t->n, sizeof *there), none = true;
	enum ev_status st = EV_OK;
	int rc = SQLITE_DONE;
	sqlite3_stmt *q;

	if (ev_sqlite_prepare(
		    s, "SELECT name, type, \"notnull\" FROM pragma_table_info(?) ORDER BY cid", &q,
		    err) != EV_OK) {
		free(there);
		return EV_FATAL;
	}
	if (ev_sqlite_bind(q, 1, t->name) != SQLITE_OK)
		st = ev_sqlite_trouble(s, t->name, err);
	for (; st == EV_OK && (rc = sqlite3_step(q)) == SQLITE_ROW; none = false)
		st = check_column(s, t, q, there, err);
	if (st == EV_OK && rc != SQLITE_DONE)
		st = ev_sqlite_trouble(s, t->name, err);
	sqlite3_finalize(q);
	if (st == EV_OK)
		st = check_lacks(s, t, none, there, err);
	free(there);
	return st;
}

enum ev_status ev_sqlite_lacks_offsets(struct ev_sqlite *s, struct ev_error *err)
{
	return refuses(s, NULL, "lacks the column offsets",
		       "ALTER TABLE ev_ledger ADD COLUMN offsets TEXT", err);
}

enum ev_status ev_sqlite_lacks_ledger(struct ev_sqlite *s, struct ev_error *err)
{
	return differs(s, NULL, EV_LACKS_TABLE, 0, NULL, "is not there", err);
}

/*
 * The door to SQLite. Statements are prepared once a table; values are bound, never pasted.
 */
#include "base/buf.h"
#include "warehouse/dialect.h"
#include "warehouse/target.h"
#include "json/decimal.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <strings.h>

enum { BUSY_MS = 10000 };

struct statements {
	sqlite3_stmt *insert, *erase;
};

struct sqlite {
	struct ev_target target;
	sqlite3 *db;
	char *file;
	const struct ev_tables *tables;
	struct statements *statements; /* a pair a table */
	struct ev_buf scratch;
};

static struct sqlite *of(struct ev_target *t)
{
	return (struct sqlite *)(void *)t;
}

static enum ev_status trouble(struct sqlite *s, const char *doing, struct ev_error *err)
{
	int rc = sqlite3_errcode(s->db);
	const char *advice = rc == SQLITE_BUSY || rc == SQLITE_LOCKED
				     ? ": another program holds it, try again"
			     : rc == SQLITE_FULL     ? ": make room on the disk"
			     : rc == SQLITE_READONLY ? ": make the file and its folder writable"
						     : "";

	if (rc == SQLITE_NOMEM)
		ev_oom();
	return ev_fail(err, "%s: %s: %s%s", s->file, doing, sqlite3_errmsg(s->db), advice);
}

static enum ev_status run(struct sqlite *s, const char *sql, struct ev_error *err)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? EV_OK
								       : trouble(s, sql, err);
}

static enum ev_status prepare(struct sqlite *s, const char *sql, sqlite3_stmt **st,
			      struct ev_error *err)
{
	return sqlite3_prepare_v2(s->db, sql, -1, st, NULL) == SQLITE_OK ? EV_OK
									 : trouble(s, sql, err);
}

static void bind_text(sqlite3_stmt *st, int i, const char *text)
{
	sqlite3_bind_text(st, i, text, -1, SQLITE_STATIC);
}

/* Comparing the model with the live tables */

static enum ev_status differs(struct sqlite *s, const char *model, const char *table,
			      const char *what, struct ev_error *err)
{
	return ev_fail(err,
		       "%s: table %s %s: run evschema -m %s -t sqlite | sqlite3 %s on a new file, "
		       "or mend the table",
		       s->file, table, what, model, s->file);
}

static enum ev_status check_table(struct sqlite *s, const struct ev_table *t, const char *model,
				  struct ev_error *err)
{
	const struct ev_dialect *dialect = ev_dialect_find("sqlite");
	struct ev_buf want = {0}, what = {0};
	enum ev_status st = EV_OK;
	sqlite3_stmt *q;
	size_t i = 0;

	if (prepare(s, "SELECT name, type FROM pragma_table_info(?) ORDER BY cid", &q, err) !=
	    EV_OK)
		return EV_FATAL;
	bind_text(q, 1, t->name);
	for (; st == EV_OK && sqlite3_step(q) == SQLITE_ROW; i++) {
		const char *name = (const char *)sqlite3_column_text(q, 0);
		const char *type = (const char *)sqlite3_column_text(q, 1);

		if (i == t->n) {
			ev_buf_printf(&what, "has the column %s, which the model does not", name);
		} else if (strcasecmp(name, t->columns[i].name) != 0) {
			ev_buf_printf(&what, "has the column %s where the model has %s", name,
				      t->columns[i].name);
		} else {
			ev_buf_reset(&want);
			ev_sql_type(dialect, &t->columns[i], &want);
			if (strcasecmp(type, ev_buf_str(&want)) != 0)
				ev_buf_printf(&what,
					      "has the column %s as %s where the model has %s",
					      name, type, want.p);
		}
		if (what.len > 0)
			st = differs(s, model, t->name, ev_buf_str(&what), err);
	}
	sqlite3_finalize(q);
	if (st == EV_OK && i == 0)
		st = ev_fail(err,
			     "%s: there is no table %s: make it first with evschema -m %s -t "
			     "sqlite | sqlite3 %s",
			     s->file, t->name, model, s->file);
	else if (st == EV_OK && i < t->n) {
		ev_buf_printf(&what, "lacks the column %s", t->columns[i].name);
		st = differs(s, model, t->name, ev_buf_str(&what), err);
	}
	ev_buf_free(&want);
	ev_buf_free(&what);
	return st;
}

static enum ev_status prepare_table(struct sqlite *s, const struct ev_table *t,
				    struct statements *out, struct ev_error *err)
{
	struct ev_buf sql = {0};
	enum ev_status st;

	ev_buf_puts(&sql, "INSERT INTO ");
	ev_sql_name(t->name, &sql);
	ev_buf_puts(&sql, " VALUES (?");
	for (size_t i = 1; i < t->n; i++)
		ev_buf_puts(&sql, ",?");
	ev_buf_putc(&sql, ')');
	st = prepare(s, ev_buf_str(&sql), &out->insert, err);
	ev_buf_reset(&sql);
	ev_buf_puts(&sql, "DELETE FROM ");
	ev_sql_name(t->name, &sql);
	ev_buf_puts(&sql, " WHERE ");
	ev_sql_name(t->columns[0].name, &sql);
	ev_buf_puts(&sql, " = ?");
	if (st == EV_OK)
		st = prepare(s, ev_buf_str(&sql), &out->erase, err);
	ev_buf_free(&sql);
	return st;
}

/* The interface */

static enum ev_status sqlite_known(struct ev_target *t, const char *batch, bool *known,
				   char digest[33], struct ev_error *err)
{
	struct sqlite *s = of(t);
	enum ev_status st = EV_OK;
	sqlite3_stmt *q;
	int rc;

	if (prepare(s,
		    "SELECT digest FROM ev_ledger WHERE batch = ?1 AND commit_no >= "
		    "coalesce((SELECT max(commit_no) FROM ev_ledger WHERE mode = 'snapshot'), 0) "
		    "ORDER BY commit_no DESC LIMIT 1",
		    &q, err) != EV_OK)
		return EV_FATAL;
	bind_text(q, 1, batch);
	rc = sqlite3_step(q);
	*known = rc == SQLITE_ROW;
	if (rc == SQLITE_ROW)
		sqlite3_snprintf(33, digest, "%s", sqlite3_column_text(q, 0));
	else if (rc != SQLITE_DONE)
		st = trouble(s, "the ledger cannot be read", err);
	sqlite3_finalize(q);
	return st;
}

static enum ev_status sqlite_clear(struct ev_target *t, struct ev_error *err)
{
	struct sqlite *s = of(t);

	for (size_t i = 0; i < s->tables->n; i++) {
		ev_buf_reset(&s->scratch);
		ev_buf_puts(&s->scratch, "DELETE FROM ");
		ev_sql_name(s->tables->list[i].name, &s->scratch);
		if (run(s, ev_buf_str(&s->scratch), err) != EV_OK)
			return EV_FATAL;
	}
	return EV_OK;
}

static enum ev_status sqlite_erase(struct ev_target *t, const struct ev_table *table,
				   const char *owner, struct ev_error *err)
{
	struct sqlite *s = of(t);
	sqlite3_stmt *q = s->statements[table - s->tables->list].erase;

	bind_text(q, 1, owner);
	if (sqlite3_step(q) != SQLITE_DONE)
		return trouble(s, table->name, err);
	sqlite3_reset(q);
	return EV_OK;
}

static void bind_cell(struct sqlite *s, sqlite3_stmt *q, int i, const struct ev_column *c,
		      const struct ev_cell *cell)
{
	struct ev_number n;

	if (cell->null) {
		sqlite3_bind_null(q, i);
		return;
	}
	switch (c->type) {
	case EV_TYPE_BOOL: sqlite3_bind_int(q, i, cell->p[0] == 't'); return;
	case EV_TYPE_INT: {
		int64_t v;

		ev_number_read(cell->p, cell->len, &n);
		ev_number_int64(&n, &v);
		sqlite3_bind_int64(q, i, v);
		return;
	}
	case EV_TYPE_DECIMAL:
		/*
		 * Text here, so equal numbers get one spelling, as a NUMERIC column would give
		 * them.
		 */
		ev_number_read(cell->p, cell->len, &n);
		ev_buf_reset(&s->scratch);
		ev_number_plain(&n, (int)c->scale, &s->scratch);
		sqlite3_bind_text64(q, i, s->scratch.p, s->scratch.len, SQLITE_TRANSIENT,
				    SQLITE_UTF8);
		return;
	default: sqlite3_bind_text64(q, i, cell->p, cell->len, SQLITE_STATIC, SQLITE_UTF8);
	}
}

static enum ev_status sqlite_insert(struct ev_target *t, const struct ev_table *table,
				    const struct ev_cell *cells, struct ev_error *err)
{
	struct sqlite *s = of(t);
	sqlite3_stmt *q = s->statements[table - s->tables->list].insert;
	int rc;

	for (size_t i = 0; i < table->n; i++)
		bind_cell(s, q, (int)i + 1, &table->columns[i], &cells[i]);
	rc = sqlite3_step(q);
	if (rc != SQLITE_DONE) {
		trouble(s, table->name, err);
		rc = sqlite3_extended_errcode(s->db);
		sqlite3_reset(q);
		return rc == SQLITE_CONSTRAINT_PRIMARYKEY || rc == SQLITE_CONSTRAINT_UNIQUE
			       ? EV_REJECT
			       : EV_FATAL;
	}
	sqlite3_reset(q);
	return EV_OK;
}

static enum ev_status sqlite_enter(struct ev_target *t, const struct ev_ledger_entry *e,
				   struct ev_error *err)
{
	struct sqlite *s = of(t);
	enum ev_status st = EV_OK;
	sqlite3_stmt *q;

	if (prepare(s,
		    "INSERT INTO ev_ledger (commit_no, batch, digest, mode, rows, balance) "
		    "SELECT coalesce(max(commit_no), 0) + 1, ?, ?, ?, ?, ? FROM ev_ledger",
		    &q, err) != EV_OK)
		return EV_FATAL;
	bind_text(q, 1, e->batch);
	bind_text(q, 2, e->digest);
	bind_text(q, 3, e->mode);
	sqlite3_bind_int64(q, 4, (int64_t)e->rows);
	bind_text(q, 5, e->balance);
	if (sqlite3_step(q) != SQLITE_DONE)
		st = trouble(s, "the ledger cannot be written", err);
	sqlite3_finalize(q);
	return st;
}

static enum ev_status sqlite_newest(struct ev_target *t, const struct ev_ledger_entry *e, size_t n,
				    bool *same, struct ev_error *err)
{
	struct sqlite *s = of(t);
	enum ev_status st = EV_OK;
	sqlite3_stmt *q;
	size_t i = n;
	int rc = SQLITE_DONE;

	if (prepare(s, "SELECT batch, digest, mode FROM ev_ledger ORDER BY commit_no DESC", &q,
		    err) != EV_OK)
		return EV_FATAL;
	*same = true;
	while (*same && i > 0 && (rc = sqlite3_step(q)) == SQLITE_ROW) {
		i--;
		*same = strcmp((const char *)sqlite3_column_text(q, 0), e[i].batch) == 0 &&
			strcmp((const char *)sqlite3_column_text(q, 1), e[i].digest) == 0 &&
			strcmp((const char *)sqlite3_column_text(q, 2), e[i].mode) == 0;
	}
	if (*same && i > 0 && rc != SQLITE_DONE)
		st = trouble(s, "the ledger cannot be read", err);
	*same = *same && i == 0 && n > 0;
	sqlite3_finalize(q);
	return st;
}

static enum ev_status sqlite_commit(struct ev_target *t, struct ev_error *err)
{
	return run(of(t), "COMMIT", err);
}

static void sqlite_free(struct ev_target *t)
{
	struct sqlite *s = of(t);

	for (size_t i = 0; i < s->tables->n; i++) {
		sqlite3_finalize(s->statements[i].insert);
		sqlite3_finalize(s->statements[i].erase);
	}
	if (s->db != NULL && !sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(s->db);
	ev_buf_free(&s->scratch);
	free(s->statements);
	free(s->file);
	free(s);
}

static const struct ev_target_ops ops = {.known = sqlite_known,
					 .clear = sqlite_clear,
					 .erase = sqlite_erase,
					 .insert = sqlite_insert,
					 .enter = sqlite_enter,
					 .newest = sqlite_newest,
					 .commit = sqlite_commit,
					 .free = sqlite_free};

static enum ev_status begin(struct sqlite *s, const char *model, struct ev_error *err)
{
	static const char ledger[] =
		"SELECT commit_no, batch, digest, mode, rows, balance FROM ev_ledger LIMIT 0";
	sqlite3_stmt *q;

	sqlite3_busy_timeout(s->db, BUSY_MS);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/*
	 * IMMEDIATE: what is compared below stays so until the commit. 64 MiB of pages are held in
	 * memory.
	 */
	if (run(s, "PRAGMA cache_size = -65536", err) != EV_OK ||
	    run(s, "BEGIN IMMEDIATE", err) != EV_OK)
		return EV_FATAL;
	if (sqlite3_prepare_v2(s->db, ledger, -1, &q, NULL) != SQLITE_OK)
		return ev_fail(err,
			       "%s: there is no ledger: make the tables first with evschema -m %s "
			       "-t sqlite | sqlite3 %s",
			       s->file, model, s->file);
	sqlite3_finalize(q);
	for (size_t i = 0; i < s->tables->n; i++) {
		if (check_table(s, &s->tables->list[i], model, err) != EV_OK ||
		    prepare_table(s, &s->tables->list[i], &s->statements[i], err) != EV_OK)
			return EV_FATAL;
	}
	return EV_OK;
}

struct ev_target *ev_sqlite_open(const char *file, const struct ev_tables *tables,
				 const char *model, struct ev_error *err)
{
	struct sqlite *s;

	if (ev_dialect_takes(ev_dialect_find("sqlite"), tables, model, err) != EV_OK)
		return NULL;
	s = ev_calloc(1, sizeof *s);
	s->target.ops = &ops;
	s->file = ev_strdup(file);
	s->tables = tables;
	s->statements = ev_calloc(tables->n, sizeof *s->statements);
	if (sqlite3_open_v2(file, &s->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
		ev_fail(err,
			"%s: cannot be opened: %s: make it first with evschema -m %s -t sqlite | "
			"sqlite3 %s",
			file, s->db != NULL ? sqlite3_errmsg(s->db) : "no memory", model, file);
		sqlite_free(&s->target);
		return NULL;
	}
	if (begin(s, model, err) != EV_OK) {
		sqlite_free(&s->target);
		return NULL;
	}
	return &s->target;
}

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
	ev_differences_add(s->differences, t, lack, column, name, what);
	return EV_OK;
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
	ev_differences_add(s->differences, t, EV_NOT_PLAIN, 0, NULL, ev_buf_str(&what));
	ev_buf_free(&what);
	return EV_OK;
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
	return st;
}

static size_t find_column(const struct ev_table *t, const char *name)
{
	size_t i = 0;

	while (i < t->n && strcasecmp(t->columns[i].name, name) != 0)
		i++;
	return i;
}

/* A live column. */
static enum ev_status check_column(struct ev_sqlite *s, const struct ev_table *t, const char *name,
				   const char *type, bool *there, struct ev_error *err)
{
	struct ev_buf want = {0}, what = {0};
	size_t i = find_column(t, name);
	enum ev_status st = EV_OK;

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

	if (ev_sqlite_prepare(s, "SELECT name, type FROM pragma_table_info(?) ORDER BY cid", &q,
			      err) != EV_OK) {
		free(there);
		return EV_FATAL;
	}
	if (ev_sqlite_bind(q, 1, t->name) != SQLITE_OK)
		st = ev_sqlite_trouble(s, t->name, err);
	for (; st == EV_OK && (rc = sqlite3_step(q)) == SQLITE_ROW; none = false) {
		const char *name = ev_sqlite_text(s, q, 0, err);
		const char *type = name != NULL ? ev_sqlite_text(s, q, 1, err) : NULL;

		st = type == NULL ? EV_FATAL : check_column(s, t, name, type, there, err);
	}
	if (st == EV_OK && rc != SQLITE_DONE)
		st = ev_sqlite_trouble(s, t->name, err);
	sqlite3_finalize(q);
	if (st == EV_OK)
		st = check_lacks(s, t, none, there, err);
	free(there);
	return st;
}

enum ev_status ev_sqlite_lacks_ledger(struct ev_sqlite *s, struct ev_error *err)
{
	return differs(s, NULL, EV_LACKS_TABLE, 0, NULL, "is not there", err);
}

/*
 * The door to SQLite. Statements are prepared once a table; values are bound, never pasted.
 */
#include "base/buf.h"
#include "base/time.h"
#include "number/decimal.h"
#include "warehouse/column.h"
#include "warehouse/dialect.h"
#include "warehouse/target.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* Rows of one statement: more gain little. A row of so many bytes does not wait. */
enum { BUSY_MS = 10000, AT_ONCE = 16, LONG = 65536 };

/* A row that waits for its neighbours. */
struct waiting {
	struct ev_row row;
	struct ev_cell *cells;
	struct ev_buf text; /* of the cells */
};

struct statements {
	sqlite3_stmt *insert, *insert_many, *erase;
	size_t many; /* rows that the second takes */
	struct waiting *rows;
	size_t n_rows;
};

struct sqlite {
	struct ev_target target;
	sqlite3 *db;
	char *file;
	const char *model; /* its file's name */
	const struct ev_tables *tables;
	struct statements *statements;	    /* by table */
	struct ev_differences *differences; /* where they are only noted, else NULL */
	bool ready; /* compared with the model, and the statements are prepared */
	/* the newest entry, which the COMMIT brings */
	char *last_batch, *last_position, last_digest[33];
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

/*
 * SQLITE_OK, else why it cannot be bound: then what was bound before would stand there. text may be
 * NULL.
 */
static int bind_text(sqlite3_stmt *st, int i, const char *text)
{
	return sqlite3_bind_text(st, i, text, -1, SQLITE_STATIC);
}

/* The text of a column that is a text; NULL, which is told, where there is no memory for it. */
static const char *text_of(struct sqlite *s, sqlite3_stmt *q, int i, struct ev_error *err)
{
	const char *text = (const char *)sqlite3_column_text(q, i);

	if (text == NULL)
		trouble(s, "a text cannot be read", err);
	return text;
}

/* Comparing the model with the live tables */

/* Takes note of a difference, or fails of it. */
static enum ev_status differs(struct sqlite *s, const struct ev_table *t, enum ev_lack lack,
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
static enum ev_status is_odd(struct sqlite *s, const struct ev_table *t, const char *type,
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

/* What a view or a trigger makes of a row is not what was loaded. t: NULL, the ledger. */
static enum ev_status check_is_plain(struct sqlite *s, const struct ev_table *t,
				     struct ev_error *err)
{
	const char *table = t != NULL ? t->name : "ev_ledger";
	enum ev_status st = EV_OK;
	sqlite3_stmt *q;
	int rc;

	if (prepare(s,
		    "SELECT type, name FROM sqlite_master WHERE tbl_name = ? COLLATE NOCASE AND "
		    "type IN ('view', 'trigger')",
		    &q, err) != EV_OK)
		return EV_FATAL;
	if (bind_text(q, 1, table) != SQLITE_OK)
		st = trouble(s, table, err);
	rc = st == EV_OK ? sqlite3_step(q) : SQLITE_DONE;
	if (rc == SQLITE_ROW) {
		const char *type = text_of(s, q, 0, err);
		const char *name = type != NULL ? text_of(s, q, 1, err) : NULL;

		st = name == NULL ? EV_FATAL : is_odd(s, t, type, name, err);
	} else if (st == EV_OK && rc != SQLITE_DONE) {
		st = trouble(s, table, err);
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
static enum ev_status check_column(struct sqlite *s, const struct ev_table *t, const char *name,
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
static enum ev_status check_lacks(struct sqlite *s, const struct ev_table *t, bool all,
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
static enum ev_status check_table(struct sqlite *s, const struct ev_table *t, struct ev_error *err)
{
	bool *there = ev_calloc(t->n, sizeof *there), none = true;
	enum ev_status st = EV_OK;
	int rc = SQLITE_DONE;
	sqlite3_stmt *q;

	if (prepare(s, "SELECT name, type FROM pragma_table_info(?) ORDER BY cid", &q, err) !=
	    EV_OK) {
		free(there);
		return EV_FATAL;
	}
	if (bind_text(q, 1, t->name) != SQLITE_OK)
		st = trouble(s, t->name, err);
	for (; st == EV_OK && (rc = sqlite3_step(q)) == SQLITE_ROW; none = false) {
		const char *name = text_of(s, q, 0, err);
		const char *type = name != NULL ? text_of(s, q, 1, err) : NULL;

		st = type == NULL ? EV_FATAL : check_column(s, t, name, type, there, err);
	}
	if (st == EV_OK && rc != SQLITE_DONE)
		st = trouble(s, t->name, err);
	sqlite3_finalize(q);
	if (st == EV_OK)
		st = check_lacks(s, t, none, there, err);
	free(there);
	return st;
}

/*
 * A table of other hands may say that a row of a key that is there is to be passed over. FAIL
 * leaves the rows before it in, and so tells which one it is; the load ends there.
 */
static enum ev_status prepare_insert(struct sqlite *s, const struct ev_table *t, size_t rows,
				     sqlite3_stmt **out, struct ev_error *err)
{
	struct ev_buf sql = {0};
	enum ev_status st;

	ev_buf_puts(&sql, "INSERT OR FAIL INTO ");
	ev_sql_name(ev_dialect_find("sqlite"), t->name, &sql);
	for (size_t i = 0; i < t->n; i++) {
		ev_buf_puts(&sql, i == 0 ? " (" : ", ");
		ev_sql_name(ev_dialect_find("sqlite"), t->columns[i].name, &sql);
	}
	ev_buf_puts(&sql, ") VALUES ");
	for (size_t k = 0; k < rows; k++) {
		ev_buf_puts(&sql, k == 0 ? "(?" : ",(?");
		for (size_t i = 1; i < t->n; i++)
			ev_buf_puts(&sql, ",?");
		ev_buf_putc(&sql, ')');
	}
	st = prepare(s, ev_buf_str(&sql), out, err);
	ev_buf_free(&sql);
	return st;
}

static enum ev_status prepare_erase(struct sqlite *s, const struct ev_table *t, sqlite3_stmt **out,
				    struct ev_error *err)
{
	struct ev_buf sql = {0};
	enum ev_status st;

	ev_buf_puts(&sql, "DELETE FROM ");
	ev_sql_name(ev_dialect_find("sqlite"), t->name, &sql);
	ev_buf_puts(&sql, " WHERE ");
	ev_sql_name(ev_dialect_find("sqlite"), t->columns[0].name, &sql);
	ev_buf_puts(&sql, t->versions ? " = ? AND ev_version >= ?" : " = ?");
	st = prepare(s, ev_buf_str(&sql), out, err);
	ev_buf_free(&sql);
	return st;
}

static enum ev_status prepare_table(struct sqlite *s, const struct ev_table *t,
				    struct statements *out, struct ev_error *err)
{
	size_t values = (size_t)sqlite3_limit(s->db, SQLITE_LIMIT_VARIABLE_NUMBER, -1);

	out->many = values / t->n < AT_ONCE ? values / t->n : AT_ONCE;
	if (prepare_insert(s, t, 1, &out->insert, err) != EV_OK ||
	    prepare_insert(s, t, out->many, &out->insert_many, err) != EV_OK)
		return EV_FATAL;
	if (out->rows == NULL) {
		out->rows = ev_calloc(AT_ONCE, sizeof *out->rows);
		for (size_t i = 0; i < AT_ONCE; i++)
			out->rows[i].cells = ev_calloc(t->n, sizeof *out->rows[i].cells);
	}
	return prepare_erase(s, t, &out->erase, err);
}

/* The interface */

/* The entry that took the place of all before it. */
#define SINCE \
	"coalesce((SELECT max(commit_no) FROM ev_ledger WHERE mode IN ('snapshot', 'whole')), 0)"

static enum ev_status sqlite_known(struct ev_target *t, const char *batch, bool *known,
				   char digest[33], struct ev_error *err)
{
	struct sqlite *s = of(t);
	enum ev_status st = EV_OK;
	sqlite3_stmt *q;
	int rc;

	if (prepare(s,
		    "SELECT digest FROM ev_ledger WHERE batch = ?1 AND commit_no >= " SINCE
		    " ORDER BY commit_no DESC LIMIT 1",
		    &q, err) != EV_OK)
		return EV_FATAL;
	rc = bind_text(q, 1, batch);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(q);
	*known = rc == SQLITE_ROW;
	if (rc == SQLITE_ROW) {
		const char *text = text_of(s, q, 0, err);

		if (text != NULL)
			snprintf(digest, 33, "%s", text);
		else
			st = EV_FATAL;
	} else if (rc != SQLITE_DONE) {
		st = trouble(s, "the ledger cannot be read", err);
	}
	sqlite3_finalize(q);
	return st;
}

static enum ev_status sqlite_live(struct ev_target *t, uint64_t *batches, uint64_t *rows,
				  struct ev_error *err)
{
	struct sqlite *s = of(t);
	enum ev_status st = EV_OK;
	sqlite3_stmt *q;

	if (prepare(s,
		    "SELECT count(*), coalesce(sum(rows), 0) FROM ev_ledger "
		    "WHERE commit_no >= " SINCE,
		    &q, err) != EV_OK)
		return EV_FATAL;
	if (sqlite3_step(q) == SQLITE_ROW) {
		*batches = (uint64_t)sqlite3_column_int64(q, 0);
		*rows = (uint64_t)sqlite3_column_int64(q, 1);
	} else {
		st = trouble(s, "the ledger cannot be read", err);
	}
	sqlite3_finalize(q);
	return st;
}

/* SQLITE_OK, else why it cannot be bound. */
static int bind_cell(struct sqlite *s, sqlite3_stmt *q, int i, const struct ev_column *c,
		     const struct ev_cell *cell)
{
	struct ev_number n;

	if (cell->null)
		return sqlite3_bind_null(q, i);
	switch (c->type) {
	case EV_TYPE_BOOL: return sqlite3_bind_int(q, i, cell->p[0] == 't');
	case EV_TYPE_INT: {
		int64_t v;

		ev_number_read(cell->p, cell->len, &n);
		if (!ev_number_int64(&n, &v))
			return SQLITE_MISMATCH;
		return sqlite3_bind_int64(q, i, v);
	}
	case EV_TYPE_DECIMAL:
		/*
		 * Text here, so equal numbers get one spelling, as a NUMERIC column would give
		 * them.
		 */
		ev_number_read(cell->p, cell->len, &n);
		ev_buf_reset(&s->scratch);
		if (!ev_number_plain(&n, (int)c->scale, &s->scratch))
			return SQLITE_MISMATCH;
		return sqlite3_bind_text64(q, i, s->scratch.p, s->scratch.len, SQLITE_TRANSIENT,
					   SQLITE_UTF8);
	default: return sqlite3_bind_text64(q, i, cell->p, cell->len, SQLITE_STATIC, SQLITE_UTF8);
	}
}

static enum ev_status unbound(struct sqlite *s, const struct ev_table *t, const struct ev_column *c,
			      int rc, struct ev_error *err)
{
	if (rc == SQLITE_NOMEM)
		ev_oom();
	return ev_fail(err, "%s: table %s, column %s: the value cannot be taken: %s", s->file,
		       t->name, c->name, sqlite3_errstr(rc));
}

static enum ev_status bind_row(struct sqlite *s, sqlite3_stmt *q, size_t k,
			       const struct ev_table *t, const struct ev_cell *cells,
			       struct ev_error *err)
{
	int rc;

	for (size_t i = 0; i < t->n; i++)
		if ((rc = bind_cell(s, q, (int)(k * t->n + i) + 1, &t->columns[i], &cells[i])) !=
		    SQLITE_OK)
			return unbound(s, t, &t->columns[i], rc, err);
	return EV_OK;
}

/* So many rows of those that wait, by a statement for as many. */
static enum ev_status insert_rows(struct sqlite *s, sqlite3_stmt *q, const struct ev_table *t,
				  const struct waiting *rows, size_t n, struct ev_row *there,
				  struct ev_error *err)
{
	int rc;

	for (size_t k = 0; k < n; k++)
		if (bind_row(s, q, k, t, rows[k].cells, err) != EV_OK)
			return EV_FATAL;
	rc = sqlite3_step(q);
	if (rc != SQLITE_DONE) {
		size_t done = (size_t)sqlite3_changes(s->db);

		trouble(s, t->name, err);
		rc = sqlite3_extended_errcode(s->db);
		sqlite3_reset(q); /* tells the same again */
		if ((rc != SQLITE_CONSTRAINT_PRIMARYKEY && rc != SQLITE_CONSTRAINT_UNIQUE) ||
		    done >= n)
			return EV_FATAL;
		*there = rows[done].row;
		return EV_REJECT;
	}
	return sqlite3_reset(q) == SQLITE_OK ? EV_OK : trouble(s, t->name, err);
}

/* All rows of a table that wait. */
static enum ev_status insert_waiting(struct sqlite *s, const struct ev_table *t,
				     struct ev_row *there, struct ev_error *err)
{
	struct statements *st = &s->statements[t - s->tables->list];
	enum ev_status status = EV_OK;
	size_t n = st->n_rows;

	st->n_rows = 0;
	if (n == st->many)
		return insert_rows(s, st->insert_many, t, st->rows, n, there, err);
	for (size_t k = 0; k < n && status == EV_OK; k++)
		status = insert_rows(s, st->insert, t, &st->rows[k], 1, there, err);
	return status;
}

static void keep_row(struct waiting *w, const struct ev_row *row)
{
	size_t n = row->table->n, room = EV_COPY_OVER;
	char *o;

	for (size_t i = 0; i < n; i++)
		room += row->cells[i].len;
	ev_buf_reset(&w->text);
	o = ev_buf_room(&w->text, room);
	for (size_t i = 0; i < n; i++) {
		w->cells[i] = row->cells[i];
		w->cells[i].p = o;
		o = ev_copy_over(o, row->cells[i].p, row->cells[i].len);
	}
	w->row = *row;
	w->row.cells = w->cells;
}

static enum ev_status sqlite_insert(struct ev_target *t, const struct ev_row *row,
				    struct ev_row *there, struct ev_error *err)
{
	struct sqlite *s = of(t);
	struct statements *st = &s->statements[row->table - s->tables->list];
	struct waiting *w = &st->rows[st->n_rows++];
	enum ev_status status;

	keep_row(w, row);
	if (st->n_rows < st->many && w->text.cap < LONG)
		return EV_OK;
	status = insert_waiting(s, row->table, there, err);
	if (status == EV_OK && w->text.cap >= LONG)
		ev_buf_free(&w->text);
	return status;
}

static enum ev_status sqlite_flush(struct ev_target *t, struct ev_row *there, struct ev_error *err)
{
	struct sqlite *s = of(t);
	enum ev_status st = EV_OK;

	for (size_t i = 0; i < s->tables->n && st == EV_OK; i++)
		st = insert_waiting(s, &s->tables->list[i], there, err);
	return st;
}

/* Its row follows from the model alone. */
static enum ev_status insert_unknown(struct ev_target *target, const struct ev_table *t,
				     struct ev_error *err)
{
	char(*texts)[EV_KEY_TEXT + EV_COPY_OVER] = ev_calloc(t->n, sizeof *texts);
	struct ev_cell *cells = ev_calloc(t->n, sizeof *cells);
	struct ev_row row = {.table = t, .cells = cells}, there;
	enum ev_status st;

	for (size_t i = 0; i < t->n; i++) {
		const char *text = ev_table_unknown(t, i);
		const size_t len = text != NULL ? strlen(text) : 0;

		cells[i] = (struct ev_cell){memcpy(texts[i], text != NULL ? text : "", len),
					    (uint32_t)len, text == NULL, true};
	}
	st = sqlite_insert(target, &row, &there, err);
	free(cells);
	free(texts);
	return st == EV_OK ? EV_OK : EV_FATAL;
}

/* All rows go, which is fast, and the unknown member comes back; the days of a calendar stay. */
static enum ev_status clear_table(struct sqlite *s, const struct ev_table *t, struct ev_error *err)
{
	const struct ev_calendar *c = t->dimension != NULL ? t->dimension->calendar : NULL;
	char from[EV_DATE_TEXT], to[EV_DATE_TEXT];

	ev_buf_reset(&s->scratch);
	ev_buf_puts(&s->scratch, "DELETE FROM ");
	ev_sql_name(ev_dialect_find("sqlite"), t->name, &s->scratch);
	if (c != NULL) {
		ev_date_format(c->from, from);
		ev_date_format(c->to, to);
		ev_buf_puts(&s->scratch, " WHERE ");
		ev_sql_name(ev_dialect_find("sqlite"), t->columns[0].name, &s->scratch);
		ev_buf_printf(&s->scratch,
			      " <> '%s' AND (\"date\" BETWEEN '%.*s' AND '%.*s') IS NOT 1",
			      ev_unknown_key, EV_DATE_TEXT, from, EV_DATE_TEXT, to);
	}
	if (run(s, ev_buf_str(&s->scratch), err) != EV_OK)
		return EV_FATAL;
	return t->dimension == NULL || c != NULL ? EV_OK : insert_unknown(&s->target, t, err);
}

static enum ev_status sqlite_clear(struct ev_target *t, struct ev_error *err)
{
	struct sqlite *s = of(t);

	for (size_t i = 0; i < s->tables->n; i++)
		if (clear_table(s, &s->tables->list[i], err) != EV_OK)
			return EV_FATAL;
	return EV_OK;
}

static enum ev_status sqlite_erase(struct ev_target *t, const struct ev_table *table,
				   const struct ev_cell *owner, uint64_t from, struct ev_row *there,
				   struct ev_error *err)
{
	struct sqlite *s = of(t);
	sqlite3_stmt *q = s->statements[table - s->tables->list].erase;
	enum ev_status st = insert_waiting(s, table, there, err);

	if (st != EV_OK)
		return st;
	if (sqlite3_bind_text64(q, 1, owner->p, owner->len, SQLITE_STATIC, SQLITE_UTF8) !=
		    SQLITE_OK ||
	    (table->versions && sqlite3_bind_int64(q, 2, (int64_t)from) != SQLITE_OK) ||
	    sqlite3_step(q) != SQLITE_DONE || sqlite3_reset(q) != SQLITE_OK)
		return trouble(s, table->name, err);
	return EV_OK;
}

static enum ev_status sqlite_enter(struct ev_target *t, const struct ev_ledger_entry *e,
				   struct ev_error *err)
{
	struct sqlite *s = of(t);
	enum ev_status st = EV_OK;
	sqlite3_stmt *q;

	if (prepare(s,
		    "INSERT INTO ev_ledger "
		    "(commit_no, batch, digest, mode, rows, balance, position, model) "
		    "SELECT coalesce(max(commit_no), 0) + 1, ?, ?, ?, ?, ?, ?, ? FROM ev_ledger",
		    &q, err) != EV_OK)
		return EV_FATAL;
	if (bind_text(q, 1, e->batch) != SQLITE_OK || bind_text(q, 2, e->digest) != SQLITE_OK ||
	    bind_text(q, 3, e->mode) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 4, (int64_t)e->rows) != SQLITE_OK ||
	    bind_text(q, 5, e->balance) != SQLITE_OK || bind_text(q, 6, e->position) != SQLITE_OK ||
	    bind_text(q, 7, e->model) != SQLITE_OK || sqlite3_step(q) != SQLITE_DONE)
		st = trouble(s, "the ledger cannot be written", err);
	sqlite3_finalize(q);
	free(s->last_batch);
	free(s->last_position);
	s->last_batch = ev_strdup(e->batch);
	s->last_position = e->position != NULL ? ev_strdup(e->position) : NULL;
	snprintf(s->last_digest, sizeof s->last_digest, "%s", e->digest);
	return st;
}

/* Whether the row of the ledger that q stands on is this one. */
static enum ev_status is_entry(struct sqlite *s, sqlite3_stmt *q, const struct ev_ledger_entry *e,
			       bool *same, struct ev_error *err)
{
	const char *const want[] = {e->batch, e->digest, e->mode};

	for (int i = 0; i < 3 && *same; i++) {
		const char *text = text_of(s, q, i, err);

		if (text == NULL)
			return EV_FATAL;
		*same = strcmp(text, want[i]) == 0;
	}
	return EV_OK;
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
	while (st == EV_OK && *same && i > 0 && (rc = sqlite3_step(q)) == SQLITE_ROW)
		st = is_entry(s, q, &e[--i], same, err);
	if (st == EV_OK && *same && i > 0 && rc != SQLITE_DONE)
		st = trouble(s, "the ledger cannot be read", err);
	*same = *same && i == 0 && n > 0;
	sqlite3_finalize(q);
	return st;
}

/*
 * Closes the database. What is not committed is rolled back, here or by who opens it next, so an
 * error changes nothing.
 */
static void hang_up(struct sqlite *s)
{
	for (size_t i = 0; i < s->tables->n; i++) {
		struct statements *st = &s->statements[i];

		sqlite3_finalize(st->insert);
		sqlite3_finalize(st->insert_many);
		sqlite3_finalize(st->erase);
		st->insert = st->insert_many = st->erase = NULL;
		st->n_rows = 0;
	}
	if (s->db != NULL && !sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(s->db);
	s->db = NULL;
	s->ready = false;
}

static enum ev_status open_file(struct sqlite *s, struct ev_error *err)
{
	struct ev_buf path = {0};
	int rc;

	/* One thread alone calls SQLite, so it needs no locks. It says no once it has begun. */
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	/* A name that begins with file: or a colon is no more than a name. */
	ev_buf_printf(&path, "%s%s", s->file[0] == '/' ? "" : "./", s->file);
	rc = sqlite3_open_v2(ev_buf_str(&path), &s->db, SQLITE_OPEN_READWRITE, NULL);
	ev_buf_free(&path);
	if (rc != SQLITE_OK)
		return ev_fail(err,
			       "%s: cannot be opened: %s: make it first with evschema -m %s -t "
			       "sqlite | sqlite3 %s",
			       s->file, s->db != NULL ? sqlite3_errmsg(s->db) : "no memory",
			       s->model, s->file);
	if (sqlite3_busy_timeout(s->db, BUSY_MS) != SQLITE_OK ||
	    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK)
		return trouble(s, "cannot be set up", err);
	return EV_OK;
}

/* Whether the newest entry is in the ledger, as any reader of the file sees it from now on. */
static bool is_in(struct sqlite *s)
{
	sqlite3_stmt *q = NULL;
	struct ev_error err;
	bool in;

	hang_up(s);
	in = open_file(s, &err) == EV_OK &&
	     sqlite3_prepare_v2(s->db,
				"SELECT batch = ? AND digest = ? AND position IS ? FROM ev_ledger "
				"ORDER BY commit_no DESC LIMIT 1",
				-1, &q, NULL) == SQLITE_OK &&
	     bind_text(q, 1, s->last_batch) == SQLITE_OK &&
	     bind_text(q, 2, s->last_digest) == SQLITE_OK &&
	     bind_text(q, 3, s->last_position) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW &&
	     sqlite3_column_int(q, 0) == 1;
	sqlite3_finalize(q);
	return in;
}

/*
 * COMMIT can say no though the data is in: once the journal is gone, a folder that cannot be synced
 * takes nothing back. So the ledger is asked.
 */
static enum ev_status sqlite_commit(struct ev_target *t, struct ev_error *err)
{
	struct sqlite *s = of(t);

	if (sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
		return EV_OK;
	ev_fail(err, "%s: COMMIT: %s", s->file, sqlite3_errmsg(s->db));
	return is_in(s) ? EV_OK : EV_FATAL;
}

static void sqlite_abandon(struct ev_target *t)
{
	struct sqlite *s = of(t);

	for (size_t i = 0; i < s->tables->n; i++)
		s->statements[i].n_rows = 0;
	if (sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
		hang_up(s);
}

static void sqlite_free(struct ev_target *t)
{
	struct sqlite *s = of(t);

	hang_up(s);
	for (size_t i = 0; i < s->tables->n; i++) {
		struct waiting *rows = s->statements[i].rows;

		for (size_t k = 0; rows != NULL && k < AT_ONCE; k++) {
			free(rows[k].cells);
			ev_buf_free(&rows[k].text);
		}
		free(rows);
	}
	free(s->last_batch);
	free(s->last_position);
	ev_buf_free(&s->scratch);
	free(s->statements);
	free(s->file);
	free(s);
}

/* The ledger */

static enum ev_status strange(struct sqlite *s, const char *what, const char *which,
			      struct ev_error *err)
{
	return ev_fail(err,
		       "%s: the ledger is not as evload writes it: %s of the row with commit_no "
		       "%.40s: put back ev_ledger as it was, or load a snapshot into a new file",
		       s->file, what, which);
}

/* A ledger that other hands made or changed may hold anything. */
static enum ev_status check_ledger(struct sqlite *s, struct ev_error *err)
{
	static const char rows[] =
		"SELECT CASE WHEN typeof(commit_no) IS NOT 'integer' THEN 'commit_no' "
		"WHEN commit_no NOT BETWEEN 1 AND 1000000000000000 THEN 'commit_no' "
		"WHEN typeof(batch) IS NOT 'text' THEN 'batch' "
		"WHEN typeof(digest) IS NOT 'text' OR length(digest) <> 32 THEN 'digest' "
		"WHEN typeof(mode) IS NOT 'text' OR mode NOT IN ('insert', 'snapshot', 'changes', "
		"'whole') THEN 'mode' "
		"WHEN typeof(rows) IS NOT 'integer' THEN 'rows' "
		"WHEN rows NOT BETWEEN 0 AND 1000000000000000 THEN 'rows' "
		"WHEN typeof(balance) IS NOT 'text' THEN 'balance' "
		"WHEN typeof(position) IS NOT iif(mode IN ('changes', 'whole'), 'text', 'null') "
		"THEN 'position' WHEN typeof(model) IS NOT typeof(position) THEN 'model' END AS c, "
		"quote(commit_no) FROM ev_ledger WHERE c IS NOT NULL UNION ALL "
		"SELECT 'a second', quote(commit_no) FROM ev_ledger GROUP BY commit_no "
		"HAVING count(*) > 1 LIMIT 1";
	enum ev_status st = EV_OK;
	sqlite3_stmt *q;
	int rc;

	if (prepare(s, rows, &q, err) != EV_OK)
		return EV_FATAL;
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW) {
		const char *what = text_of(s, q, 0, err);
		const char *which = what != NULL ? text_of(s, q, 1, err) : NULL;

		st = EV_FATAL;
		if (which != NULL)
			strange(s, what, which, err);
	} else if (rc != SQLITE_DONE) {
		st = trouble(s, "the ledger cannot be read", err);
	}
	sqlite3_finalize(q);
	return st;
}

static enum ev_status find_ledger(struct sqlite *s, struct ev_error *err)
{
	static const char *const sql[] = {"SELECT 1 FROM ev_ledger LIMIT 0",
					  "SELECT commit_no, batch, digest, mode, rows, balance, "
					  "position, model FROM ev_ledger LIMIT 0"};
	static const char *const lacks[] = {
		"there is no ledger: make the tables first",
		"the ledger is that of another version: make the tables in a new file"};
	sqlite3_stmt *q;

	for (int i = 0; i < 2; i++) {
		if (sqlite3_prepare_v2(s->db, sql[i], -1, &q, NULL) == SQLITE_OK) {
			sqlite3_finalize(q);
			continue;
		}
		if (sqlite3_errcode(s->db) != SQLITE_ERROR)
			return trouble(s, "the ledger cannot be read", err);
		return ev_fail(err, "%s: %s with evschema -m %s -t sqlite | sqlite3 %s", s->file,
			       lacks[i], s->model, i == 0 ? s->file : "FILE");
	}
	return check_ledger(s, err);
}

/* What the newest entry says. */
static enum ev_status read_entry(struct sqlite *s, sqlite3_stmt *q, struct ev_standing *standing,
				 struct ev_error *err)
{
	const char *text, *number;

	standing->fresh = false;
	standing->follows = sqlite3_column_type(q, 1) != SQLITE_NULL;
	if (!standing->follows)
		return EV_OK;
	if ((number = text_of(s, q, 0, err)) == NULL || (text = text_of(s, q, 1, err)) == NULL)
		return EV_FATAL;
	if (!ev_point_read(text, &standing->at))
		return strange(s, "position", number, err);
	if ((text = text_of(s, q, 2, err)) == NULL)
		return EV_FATAL;
	snprintf(standing->model, sizeof standing->model, "%s", text);
	return EV_OK;
}

static enum ev_status read_standing(struct sqlite *s, struct ev_standing *standing,
				    struct ev_error *err)
{
	enum ev_status st = EV_OK;
	sqlite3_stmt *q;
	int rc;

	*standing = (struct ev_standing){.fresh = true};
	if (prepare(s,
		    "SELECT commit_no, position, model FROM ev_ledger "
		    "ORDER BY commit_no DESC LIMIT 1",
		    &q, err) != EV_OK)
		return EV_FATAL;
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		st = read_entry(s, q, standing, err);
	else if (rc != SQLITE_DONE)
		st = trouble(s, "the ledger cannot be read", err);
	sqlite3_finalize(q);
	return st;
}

/* Of a transaction: what is compared stays so until the commit. */
static enum ev_status make_ready(struct sqlite *s, struct ev_error *err)
{
	if (s->ready)
		return EV_OK;
	if (find_ledger(s, err) != EV_OK)
		return EV_FATAL;
	if (check_is_plain(s, NULL, err) != EV_OK)
		return EV_FATAL;
	for (size_t i = 0; i < s->tables->n; i++)
		if (check_is_plain(s, &s->tables->list[i], err) != EV_OK ||
		    check_table(s, &s->tables->list[i], err) != EV_OK ||
		    prepare_table(s, &s->tables->list[i], &s->statements[i], err) != EV_OK)
			return EV_FATAL;
	s->ready = true;
	return EV_OK;
}

static enum ev_status sqlite_begin(struct ev_target *t, struct ev_standing *standing,
				   struct ev_error *err)
{
	struct sqlite *s = of(t);

	if (s->db == NULL && open_file(s, err) != EV_OK)
		return EV_FATAL;
	/* 64 MiB of pages are held in memory. */
	if (run(s, "PRAGMA cache_size = -65536", err) != EV_OK ||
	    run(s, "BEGIN IMMEDIATE", err) != EV_OK || make_ready(s, err) != EV_OK)
		return EV_FATAL;
	return read_standing(s, standing, err);
}

static enum ev_status sqlite_check(struct ev_target *t, struct ev_differences *out,
				   struct ev_error *err)
{
	struct sqlite *s = of(t);
	enum ev_status st;
	sqlite3_stmt *q;

	if ((s->db == NULL && open_file(s, err) != EV_OK) || run(s, "BEGIN", err) != EV_OK)
		return EV_FATAL;
	s->differences = out;
	if (sqlite3_prepare_v2(s->db, "SELECT 1 FROM ev_ledger LIMIT 0", -1, &q, NULL) ==
	    SQLITE_OK) {
		sqlite3_finalize(q);
		st = check_is_plain(s, NULL, err);
		if (st == EV_OK)
			st = find_ledger(s, err);
	} else if (sqlite3_errcode(s->db) == SQLITE_ERROR) {
		st = differs(s, NULL, EV_LACKS_TABLE, 0, NULL, "is not there", err);
	} else {
		st = trouble(s, "the ledger cannot be read", err);
	}
	for (size_t i = 0; i < s->tables->n && st == EV_OK; i++) {
		st = check_is_plain(s, &s->tables->list[i], err);
		if (st == EV_OK)
			st = check_table(s, &s->tables->list[i], err);
	}
	return st;
}

static const struct ev_target_ops ops = {.check = sqlite_check,
					 .begin = sqlite_begin,
					 .known = sqlite_known,
					 .live = sqlite_live,
					 .clear = sqlite_clear,
					 .erase = sqlite_erase,
					 .insert = sqlite_insert,
					 .flush = sqlite_flush,
					 .enter = sqlite_enter,
					 .newest = sqlite_newest,
					 .commit = sqlite_commit,
					 .abandon = sqlite_abandon,
					 .free = sqlite_free};

/* url: sqlite:FILE. */
static struct sqlite *new_sqlite(const char *url, const struct ev_tables *tables, const char *model)
{
	struct sqlite *s = ev_calloc(1, sizeof *s);

	s->target.ops = &ops;
	s->target.keeps = true;
	s->target.name = url;
	s->file = ev_strdup(url + strlen("sqlite:"));
	s->model = model;
	s->tables = tables;
	s->statements = ev_calloc(tables->n, sizeof *s->statements);
	return s;
}

static struct ev_target *sqlite_open(const char *url, const char *schema,
				     const struct ev_tables *tables, const char *model,
				     struct ev_error *err)
{
	struct sqlite *s;

	(void)schema;
	if (ev_dialect_takes(ev_dialect_find("sqlite"), tables, model, err) != EV_OK)
		return NULL;
	s = new_sqlite(url, tables, model);
	if (open_file(s, err) == EV_OK)
		return &s->target;
	sqlite_free(&s->target);
	return NULL;
}

static enum ev_status sqlite_position(const char *url, const char *schema, const char *model,
				      char text[EV_STORE_POSITION], struct ev_error *err)
{
	static const struct ev_tables none = {NULL, 0};
	struct sqlite *s = new_sqlite(url, &none, model);
	struct ev_standing standing;
	enum ev_status st = open_file(s, err);

	(void)schema;
	if (st == EV_OK && run(s, "BEGIN", err) == EV_OK)
		st = find_ledger(s, err);
	else
		st = EV_FATAL;
	if (st == EV_OK)
		st = read_standing(s, &standing, err);
	if (st == EV_OK)
		st = ev_standing_write(&standing, s->file, text, err);
	sqlite_free(&s->target);
	return st;
}

const struct ev_engine ev_sqlite = {
	.dialect = "sqlite", .open = sqlite_open, .position = sqlite_position};

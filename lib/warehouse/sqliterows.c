/*
 * Rows for SQLite. Statements are prepared once a table; values are bound, never pasted.
 */
#include "base/time.h"
#include "number/decimal.h"
#include "warehouse/column.h"
#include "warehouse/dialect.h"
#include "warehouse/sqlite.h"

#include <stdlib.h>

/* Rows of one statement: more gain little. A row of so many bytes does not wait. */
enum { AT_ONCE = 16, LONG = 65536 };

/*
 * A table of other hands may say that a row of a key that is there is to be passed over. FAIL
 * leaves the rows before it in, and so tells which one it is; the load ends there.
 */
static enum ev_status prepare_insert(struct ev_sqlite *s, const struct ev_table *t, size_t rows,
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
	st = ev_sqlite_prepare(s, ev_buf_str(&sql), out, err);
	ev_buf_free(&sql);
	return st;
}

static enum ev_status prepare_erase(struct ev_sqlite *s, const struct ev_table *t,
				    sqlite3_stmt **out, struct ev_error *err)
{
	struct ev_buf sql = {0};
	enum ev_status st;

	ev_buf_puts(&sql, "DELETE FROM ");
	ev_sql_name(ev_dialect_find("sqlite"), t->name, &sql);
	ev_buf_puts(&sql, " WHERE ");
	ev_sql_name(ev_dialect_find("sqlite"), t->columns[0].name, &sql);
	ev_buf_puts(&sql, t->versions ? " = ? AND ev_version >= ?" : " = ?");
	st = ev_sqlite_prepare(s, ev_buf_str(&sql), out, err);
	ev_buf_free(&sql);
	return st;
}

enum ev_status ev_sqlite_prepare_table(struct ev_sqlite *s, const struct ev_table *t,
				       struct ev_error *err)
{
	struct ev_sqlite_statements *out = &s->statements[t - s->tables->list];
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

/* SQLITE_OK, else why it cannot be bound. */
static int bind_cell(struct ev_sqlite *s, sqlite3_stmt *q, int i, const struct ev_column *c,
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

static enum ev_status unbound(struct ev_sqlite *s, const struct ev_table *t,
			      const struct ev_column *c, int rc, struct ev_error *err)
{
	if (rc == SQLITE_NOMEM)
		ev_oom();
	return ev_fail(err, "%s: table %s, column %s: the value cannot be taken: %s", s->file,
		       t->name, c->name, sqlite3_errstr(rc));
}

static enum ev_status bind_row(struct ev_sqlite *s, sqlite3_stmt *q, size_t k,
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
static enum ev_status insert_rows(struct ev_sqlite *s, sqlite3_stmt *q, const struct ev_table *t,
				  const struct ev_sqlite_waiting *rows, size_t n,
				  struct ev_row *there, struct ev_error *err)
{
	int rc;

	for (size_t k = 0; k < n; k++)
		if (bind_row(s, q, k, t, rows[k].cells, err) != EV_OK)
			return EV_FATAL;
	rc = sqlite3_step(q);
	if (rc != SQLITE_DONE) {
		size_t done = (size_t)sqlite3_changes(s->db);

		ev_sqlite_trouble(s, t->name, err);
		rc = sqlite3_extended_errcode(s->db);
		sqlite3_reset(q); /* tells the same again */
		if ((rc != SQLITE_CONSTRAINT_PRIMARYKEY && rc != SQLITE_CONSTRAINT_UNIQUE) ||
		    done >= n)
			return EV_FATAL;
		*there = rows[done].row;
		return EV_REJECT;
	}
	return sqlite3_reset(q) == SQLITE_OK ? EV_OK : ev_sqlite_trouble(s, t->name, err);
}

/* All rows of a table that wait. */
static enum ev_status insert_waiting(struct ev_sqlite *s, const struct ev_table *t,
				     struct ev_row *there, struct ev_error *err)
{
	struct ev_sqlite_statements *st = &s->statements[t - s->tables->list];
	enum ev_status status = EV_OK;
	size_t n = st->n_rows;

	st->n_rows = 0;
	if (n == st->many)
		return insert_rows(s, st->insert_many, t, st->rows, n, there, err);
	for (size_t k = 0; k < n && status == EV_OK; k++)
		status = insert_rows(s, st->insert, t, &st->rows[k], 1, there, err);
	return status;
}

static void keep_row(struct ev_sqlite_waiting *w, const struct ev_row *row)
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

enum ev_status ev_sqlite_insert(struct ev_target *t, const struct ev_row *row, struct ev_row *there,
				struct ev_error *err)
{
	struct ev_sqlite *s = ev_sqlite_of(t);
	struct ev_sqlite_statements *st = &s->statements[row->table - s->tables->list];
	struct ev_sqlite_waiting *w = &st->rows[st->n_rows++];
	enum ev_status status;

	keep_row(w, row);
	if (st->n_rows < st->many && w->text.cap < LONG)
		return EV_OK;
	status = insert_waiting(s, row->table, there, err);
	if (status == EV_OK && w->text.cap >= LONG)
		ev_buf_free(&w->text);
	return status;
}

enum ev_status ev_sqlite_flush(struct ev_target *t, struct ev_row *there, struct ev_error *err)
{
	struct ev_sqlite *s = ev_sqlite_of(t);
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
	st = ev_sqlite_insert(target, &row, &there, err);
	free(cells);
	free(texts);
	return st == EV_OK ? EV_OK : EV_FATAL;
}

/* All rows go, which is fast, and the unknown member comes back; the days of a calendar stay. */
static enum ev_status clear_table(struct ev_sqlite *s, const struct ev_table *t,
				  struct ev_error *err)
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
	if (ev_sqlite_run(s, ev_buf_str(&s->scratch), err) != EV_OK)
		return EV_FATAL;
	return t->dimension == NULL || c != NULL ? EV_OK : insert_unknown(&s->target, t, err);
}

enum ev_status ev_sqlite_clear(struct ev_target *t, struct ev_error *err)
{
	struct ev_sqlite *s = ev_sqlite_of(t);

	for (size_t i = 0; i < s->tables->n; i++)
		if (clear_table(s, &s->tables->list[i], err) != EV_OK)
			return EV_FATAL;
	return EV_OK;
}

enum ev_status ev_sqlite_erase(struct ev_target *t, const struct ev_table *table,
			       const struct ev_cell *owner, uint64_t from, struct ev_row *there,
			       struct ev_error *err)
{
	struct ev_sqlite *s = ev_sqlite_of(t);
	sqlite3_stmt *q = s->statements[table - s->tables->list].erase;
	enum ev_status st = insert_waiting(s, table, there, err);

	if (st != EV_OK)
		return st;
	if (sqlite3_bind_text64(q, 1, owner->p, owner->len, SQLITE_STATIC, SQLITE_UTF8) !=
		    SQLITE_OK ||
	    (table->versions && sqlite3_bind_int64(q, 2, (int64_t)from) != SQLITE_OK) ||
	    sqlite3_step(q) != SQLITE_DONE || sqlite3_reset(q) != SQLITE_OK)
		return ev_sqlite_trouble(s, table->name, err);
	return EV_OK;
}

void ev_sqlite_forget(struct ev_sqlite *s)
{
	for (size_t i = 0; i < s->tables->n; i++)
		s->statements[i].n_rows = 0;
}

void ev_sqlite_finalize(struct ev_sqlite *s)
{
	for (size_t i = 0; i < s->tables->n; i++) {
		struct ev_sqlite_statements *st = &s->statements[i];

		sqlite3_finalize(st->insert);
		sqlite3_finalize(st->insert_many);
		sqlite3_finalize(st->erase);
		st->insert = st->insert_many = st->erase = NULL;
		st->n_rows = 0;
	}
}

void ev_sqlite_free_rows(struct ev_sqlite *s)
{
	for (size_t i = 0; i < s->tables->n; i++) {
		struct ev_sqlite_waiting *rows = s->statements[i].rows;

		for (size_t k = 0; rows != NULL && k < AT_ONCE; k++) {
			free(rows[k].cells);
			ev_buf_free(&rows[k].text);
		}
		free(rows);
	}
}

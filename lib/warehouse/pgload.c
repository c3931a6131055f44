/*
 * Rows for PostgreSQL go over as COPY in binary: straight into the tables, up to the first owner
 * whose rows are to be deleted; from then on into temporary tables, from which they are applied as
 * a set.
 *
 * While COPY runs, libpq holds what the server has not taken yet, and rows are made meanwhile. So a
 * COPY's outcome is asked for before the next command alone, by ev_pg_settle().
 */
#include "warehouse/postgres.h"

#ifdef EV_LIBPQ

#include "base/mem.h"
#include "base/time.h"
#include "warehouse/column.h"
#include "warehouse/dialect.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	CHUNK = 1
		<< 22, /* bytes of rows of a table that wait: one COPY more costs the server 1 ms */
	PUMP = 1 << 14, /* after so many more, what the server can take is sent */
	TRIES = 5,	/* to apply a load to the tables */
	LINE_BITS = 40, /* of a place's number */
};

static struct ev_pg_waiting *waiting_of(struct ev_postgres *p, const struct ev_table *t)
{
	return &p->waiting[t - p->tables->list];
}

static const char *source_of(const struct ev_postgres *p, uint64_t number, uint64_t *line)
{
	*line = number & ((UINT64_C(1) << LINE_BITS) - 1);
	return p->runs[number >> LINE_BITS];
}

static void reject(struct ev_postgres *p, const struct ev_table *t, const char *owner, size_t len,
		   uint64_t number)
{
	ev_buf_reset(&p->there_text);
	for (size_t i = 0; i < len; i++) /* of a UUID the digits, as rows bear them */
		if (owner[i] != '-' || !t->columns[0].uuid_key)
			ev_buf_putc(&p->there_text, owner[i]);
	p->there_owner =
		(struct ev_cell){ev_buf_str(&p->there_text), p->there_text.len, false, false};
	p->there = (struct ev_row){.table = t, .cells = &p->there_owner};
	p->there.source = source_of(p, number, &p->there.line);
	p->rejected = true;
}

/*
 * The row of the last COPY that an error is about, from 1 on; 0 if that is not told. Its context is
 * "COPY NAME, line N" and perhaps more, in the language of the server.
 */
static size_t row_of(const struct ev_postgres *p, const PGresult *r)
{
	const char *context = ev_pq.resultErrorField(r, PG_DIAG_CONTEXT), *at;
	unsigned long n;

	if (context == NULL || (at = strstr(context, p->copying_into)) == NULL)
		return 0;
	at += strlen(p->copying_into);
	at += strcspn(at, "0123456789");
	n = strtoul(at, NULL, 10);
	return n <= p->sent.n ? n : 0;
}

/* What became of a COPY that went wrong. */
static enum ev_status copy_failed(struct ev_postgres *p, const PGresult *r, struct ev_error *err)
{
	const struct ev_table *t = p->copying;
	size_t row = row_of(p, r), len;
	const char *owner, *source;
	char key[EV_KEY_TEXT + 1];
	struct ev_error what;
	uint64_t line;

	ev_pg_trouble(p, t->name, r, err);
	if (row == 0)
		return EV_FATAL;
	owner = ev_pg_first(p->sent.text.p + p->sent.places[row - 1].at, &len);
	if (t->columns[0].uuid_key) {
		for (size_t i = 0; i < len; i++)
			snprintf(key + 2 * i, 3, "%02x", (unsigned char)owner[i]);
		owner = key;
		len *= 2;
	}
	if (ev_pg_is_state(r, "23505")) {
		reject(p, t, owner, len, p->sent.places[row - 1].number);
		return EV_OK;
	}
	what = *err;
	source = source_of(p, p->sent.places[row - 1].number, &line);
	return ev_fail(err, "%s:%llu: owner %.*s: %s", source, (unsigned long long)line, (int)len,
		       owner, what.text);
}

/* The outcome of the last COPY. A row that is there already is no error yet: p->rejected. */
enum ev_status ev_pg_settle(struct ev_postgres *p, struct ev_error *err)
{
	enum ev_status st = EV_OK;
	PGresult *r;

	if (p->copying == NULL)
		return EV_OK;
	while ((r = ev_pq.getResult(p->conn)) != NULL) {
		if (ev_pq.resultStatus(r) != PGRES_COMMAND_OK && st == EV_OK && !p->rejected)
			st = copy_failed(p, r, err);
		ev_pq.clear(r);
		if (ev_pq.status(p->conn) == CONNECTION_BAD)
			break;
	}
	if (ev_pq.status(p->conn) == CONNECTION_BAD && st == EV_OK)
		st = ev_pg_trouble(p, p->copying->name, NULL, err);
	p->copying = NULL;
	p->sent.n = 0;
	ev_buf_reset(&p->sent.text);
	return st;
}

/* A temporary table: "stage" of rows, or "owners". */
static void put_temporary(const struct ev_postgres *p, const struct ev_table *t, const char *what,
			  struct ev_buf *sql)
{
	ev_buf_printf(sql, "pg_temp.ev_%s_%zu", what, (size_t)(t - p->tables->list) + 1);
}

static void put_columns(const struct ev_table *t, struct ev_buf *sql)
{
	for (size_t i = 0; i < t->n; i++) {
		ev_buf_puts(sql, i == 0 ? "" : ", ");
		ev_sql_name(ev_dialect_find("postgres"), t->columns[i].name, sql);
	}
}

/* Those of a stage, which need no names of the model: c1, c2 ... */
static void put_numbered(size_t n, struct ev_buf *sql)
{
	for (size_t i = 1; i <= n; i++)
		ev_buf_printf(sql, i == 1 ? "c%zu" : ", c%zu", i);
}

/* In pieces, for libpq counts the bytes of one in an int. */
static bool put_rows(PGconn *conn, const struct ev_buf *rows)
{
	bool good = true;

	for (size_t at = 0; at < rows->len && good; at += CHUNK)
		good = ev_pq.putCopyData(conn, rows->p + at,
					 (int)(rows->len - at < CHUNK ? rows->len - at : CHUNK)) ==
		       1;
	return good;
}

/*
 * One COPY. into: the table's name in SQL, and name as the server's messages have it; t: whose rows
 * or owners they are.
 */
static enum ev_status send(struct ev_postgres *p, const struct ev_table *t, const char *into,
			   const char *name, const struct ev_buf *rows, struct ev_error *err)
{
	struct ev_buf sql = {0};
	enum ev_status st;

	ev_buf_printf(&sql, "COPY %s FROM STDIN (FORMAT binary)", into);
	st = ev_pg_run(p, t->name, ev_buf_str(&sql), err);
	ev_buf_free(&sql);
	if (st != EV_OK)
		return EV_FATAL;
	p->copying = t;
	snprintf(p->copying_into, sizeof p->copying_into, "%s", name);
	p->unsent = 0;
	if (ev_pq.putCopyData(p->conn, ev_pg_head, EV_PG_HEAD) != 1 || !put_rows(p->conn, rows) ||
	    ev_pq.putCopyData(p->conn, ev_pg_tail, EV_PG_TAIL) != 1 ||
	    ev_pq.putCopyEnd(p->conn, NULL) != 1 || ev_pq.flush(p->conn) < 0)
		return ev_pg_trouble(p, t->name, NULL, err);
	return EV_OK;
}

/*
 * Types and collations are the live table's; n is a row's place. It is gone with the transaction.
 */
static enum ev_status make_stage(struct ev_postgres *p, const struct ev_table *t,
				 struct ev_error *err)
{
	struct ev_buf *sql = &p->scratch;

	ev_buf_reset(sql);
	ev_buf_puts(sql, "CREATE TEMPORARY TABLE ");
	put_temporary(p, t, "stage", sql);
	ev_buf_puts(sql, " (");
	put_numbered(t->n, sql);
	ev_buf_puts(sql, ", n) ON COMMIT DROP AS SELECT ");
	put_columns(t, sql);
	ev_buf_puts(sql, ", 0::int8 FROM ");
	ev_pg_put_table(p, t, sql);
	ev_buf_puts(sql, " WITH NO DATA");
	return ev_pg_run(p, t->name, ev_buf_str(sql), err);
}

static enum ev_status send_staged(struct ev_postgres *p, const struct ev_table *t,
				  struct ev_error *err)
{
	struct ev_pg_waiting *w = waiting_of(p, t);
	const struct ev_pg_rows *rows = &p->sent;

	if (!w->staged && make_stage(p, t, err) != EV_OK)
		return EV_FATAL;
	w->staged = true;
	ev_buf_reset(&p->copy);
	for (size_t i = 0; i < rows->n; i++) {
		size_t from = rows->places[i].at,
		       to = i + 1 < rows->n ? rows->places[i + 1].at : rows->text.len;

		ev_pg_row_and(rows->text.p + from, to - from, rows->places[i].number, &p->copy);
	}
	ev_buf_reset(&p->scratch);
	put_temporary(p, t, "stage", &p->scratch);
	return send(p, t, ev_buf_str(&p->scratch), p->scratch.p + strlen("pg_temp."), &p->copy,
		    err);
}

static enum ev_status send_straight(struct ev_postgres *p, const struct ev_table *t,
				    struct ev_error *err)
{
	ev_buf_reset(&p->scratch);
	ev_pg_put_table(p, t, &p->scratch);
	ev_buf_puts(&p->scratch, " (");
	put_columns(t, &p->scratch);
	ev_buf_putc(&p->scratch, ')');
	return send(p, t, ev_buf_str(&p->scratch), t->name, &p->sent.text, err);
}

/* The rows of a table that wait. */
static enum ev_status send_rows(struct ev_postgres *p, const struct ev_table *t,
				struct ev_error *err)
{
	struct ev_pg_waiting *w = waiting_of(p, t);
	struct ev_pg_rows rows = w->rows;

	if (w->rows.n == 0)
		return EV_OK;
	if (ev_pg_settle(p, err) != EV_OK)
		return EV_FATAL;
	if (p->rejected)
		return EV_OK;
	w->rows = p->sent;
	p->sent = rows;
	return p->straight ? send_straight(p, t, err) : send_staged(p, t, err);
}

/* f: the version from which on rows go; n: the place of the last row that came before. */
static enum ev_status send_owners(struct ev_postgres *p, const struct ev_table *t,
				  struct ev_error *err)
{
	struct ev_pg_waiting *w = waiting_of(p, t);
	struct ev_buf *sql = &p->scratch;

	if (w->owners.len == 0)
		return EV_OK;
	if (ev_pg_settle(p, err) != EV_OK)
		return EV_FATAL;
	if (!w->owned) {
		ev_buf_reset(sql);
		ev_buf_puts(sql, "CREATE TEMPORARY TABLE ");
		put_temporary(p, t, "owners", sql);
		ev_buf_puts(sql, " (c1, f, n) ON COMMIT DROP AS SELECT ");
		ev_sql_name(ev_dialect_find("postgres"), t->columns[0].name, sql);
		ev_buf_puts(sql, ", 0::int8, 0::int8 FROM ");
		ev_pg_put_table(p, t, sql);
		ev_buf_puts(sql, " WITH NO DATA");
		if (ev_pg_run(p, t->name, ev_buf_str(sql), err) != EV_OK)
			return EV_FATAL;
		w->owned = true;
	}
	ev_buf_reset(sql);
	put_temporary(p, t, "owners", sql);
	if (send(p, t, ev_buf_str(sql), sql->p + strlen("pg_temp."), &w->owners, err) != EV_OK)
		return EV_FATAL;
	ev_buf_reset(&w->owners);
	return EV_OK;
}

/* A row whose key was there is told once; what comes behind it is not looked at. */
static enum ev_status told(struct ev_postgres *p, enum ev_status st, struct ev_row *there)
{
	if (st != EV_OK || !p->rejected || p->told)
		return st;
	p->told = true;
	*there = p->there;
	return EV_REJECT;
}

static uint64_t number_of(struct ev_postgres *p, const struct ev_row *row)
{
	if (p->n_runs == 0 || p->runs[p->n_runs - 1] != row->source || row->line < p->last_line) {
		ev_grow(&p->runs, &p->runs_cap, p->n_runs + 1, sizeof(const char *));
		p->runs[p->n_runs++] = row->source;
	}
	p->last_line = row->line;
	return (uint64_t)(p->n_runs - 1) << LINE_BITS | row->line;
}

/* The greatest owner that came, byte by byte. */
static bool is_greater(const struct ev_cell *owner, const struct ev_buf *greatest)
{
	size_t n = owner->len < greatest->len ? owner->len : greatest->len;
	int order = n > 0 ? memcmp(owner->p, greatest->p, n) : 0;

	return order > 0 || (order == 0 && owner->len > greatest->len);
}

enum ev_status ev_pg_insert(struct ev_target *t, const struct ev_row *row, struct ev_row *there,
			    struct ev_error *err)
{
	struct ev_postgres *p = ev_postgres_of(t);
	struct ev_pg_waiting *w = waiting_of(p, row->table);
	const struct ev_column *column;
	const char *problem;
	size_t from = w->rows.text.len;

	if (p->rejected)
		return told(p, EV_OK, there);
	column = ev_pg_row(&p->writer, row->table, row->cells, &w->rows.text, &problem);
	if (column != NULL)
		return ev_fail(err, "%s:%llu: table %s, owner %.*s: column %s: %s", row->source,
			       (unsigned long long)row->line, row->table->name,
			       (int)row->cells[0].len, row->cells[0].p, column->name, problem);
	if (w->rows.n == w->rows.cap)
		ev_grow(&w->rows.places, &w->rows.cap, w->rows.n + 1, sizeof *w->rows.places);
	w->rows.places[w->rows.n++] = (struct ev_pg_place){from, number_of(p, row)};
	if (!p->straight && is_greater(&row->cells[0], &w->greatest)) {
		ev_buf_reset(&w->greatest);
		ev_buf_put(&w->greatest, row->cells[0].p, row->cells[0].len);
	}
	if (w->rows.text.len >= CHUNK)
		return told(p, send_rows(p, row->table, err), there);
	p->unsent += w->rows.text.len - from;
	if (p->unsent >= PUMP) {
		p->unsent = 0;
		ev_pq.flush(p->conn); /* what goes wrong, settle is told again */
	}
	return EV_OK;
}

enum ev_status ev_pg_erase(struct ev_target *t, const struct ev_table *table,
			   const struct ev_cell *owner, uint64_t from, struct ev_row *there,
			   struct ev_error *err)
{
	struct ev_postgres *p = ev_postgres_of(t);
	struct ev_pg_waiting *w = waiting_of(p, table);
	enum ev_status st = EV_OK;
	const char *problem;

	if (p->straight) {
		for (size_t i = 0; i < p->tables->n && st == EV_OK; i++)
			st = send_rows(p, &p->tables->list[i], err);
		p->straight = false;
	}
	if (st != EV_OK || p->rejected)
		return told(p, st, there);
	w->mixed = w->mixed || !is_greater(owner, &w->greatest);
	problem = ev_pg_owner(
		&table->columns[0], owner, from,
		p->n_runs == 0 ? 0 : (uint64_t)(p->n_runs - 1) << LINE_BITS | p->last_line,
		&w->owners);
	if (problem != NULL)
		return ev_fail(err, "table %s, owner %.*s: column %s: %s", table->name,
			       (int)owner->len, owner->p, table->columns[0].name, problem);
	return w->owners.len >= CHUNK ? send_owners(p, table, err) : EV_OK;
}

/* " WHERE s.c1 = o.c1", and of a history the versions: s is the stage, or the table. */
static void put_match(const struct ev_table *t, bool staged, struct ev_buf *sql)
{
	ev_buf_puts(sql, " WHERE s.");
	if (staged)
		ev_buf_puts(sql, "c1");
	else
		ev_sql_name(ev_dialect_find("postgres"), t->columns[0].name, sql);
	ev_buf_puts(sql, " = o.c1");
	if (t->versions)
		ev_buf_puts(sql, staged ? " AND s.c2 >= o.f" : " AND s.ev_version >= o.f");
}

static enum ev_status apply_owners(struct ev_postgres *p, const struct ev_table *t,
				   struct ev_error *err)
{
	const struct ev_pg_waiting *w = waiting_of(p, t);
	struct ev_buf *sql = &p->scratch;

	if (w->mixed && w->staged) {
		ev_buf_reset(sql);
		ev_buf_puts(sql, "DELETE FROM ");
		put_temporary(p, t, "stage", sql);
		ev_buf_puts(sql, " s USING ");
		put_temporary(p, t, "owners", sql);
		ev_buf_puts(sql, " o");
		put_match(t, true, sql);
		ev_buf_puts(sql, " AND s.n <= o.n");
		if (ev_pg_run(p, t->name, ev_buf_str(sql), err) != EV_OK)
			return EV_FATAL;
	}
	ev_buf_reset(sql);
	ev_buf_puts(sql, "DELETE FROM ");
	ev_pg_put_table(p, t, sql);
	ev_buf_puts(sql, " s USING ");
	put_temporary(p, t, "owners", sql);
	ev_buf_puts(sql, " o");
	put_match(t, false, sql);
	return ev_pg_run(p, t->name, ev_buf_str(sql), err);
}

/* The first row whose key was there, in the table or in the stage; none if it cannot be told. */
static enum ev_status find_there(struct ev_postgres *p, const struct ev_table *t,
				 struct ev_error *err)
{
	struct ev_buf *sql = &p->scratch;
	enum ev_status st = EV_FATAL;
	PGresult *r;

	ev_buf_reset(sql);
	ev_buf_puts(sql, "SELECT c1, n FROM (SELECT c1, n, row_number() OVER (PARTITION BY ");
	put_numbered(t->n_keys, sql);
	ev_buf_puts(sql, " ORDER BY n) > 1 OR EXISTS (SELECT FROM ");
	ev_pg_put_table(p, t, sql);
	ev_buf_puts(sql, " t WHERE ");
	for (size_t i = 0; i < t->n_keys; i++) {
		ev_buf_puts(sql, i == 0 ? "t." : " AND t.");
		ev_sql_name(ev_dialect_find("postgres"), t->columns[i].name, sql);
		ev_buf_printf(sql, " = s.c%zu", i + 1);
	}
	ev_buf_puts(sql, ") AS there FROM ");
	put_temporary(p, t, "stage", sql);
	ev_buf_puts(sql, " s) x WHERE there ORDER BY n LIMIT 1");
	if (ev_pg_run(p, t->name, "ROLLBACK TO SAVEPOINT ev_insert", err) != EV_OK ||
	    (r = ev_pg_ask(p, t->name, ev_buf_str(sql), 0, NULL, err)) == NULL)
		return EV_FATAL;
	if (ev_pq.ntuples(r) == 1) {
		reject(p, t, ev_pq.getvalue(r, 0, 0), (size_t)ev_pq.getlength(r, 0, 0),
		       strtoull(ev_pq.getvalue(r, 0, 1), NULL, 10));
		st = EV_OK;
	}
	ev_pq.clear(r);
	return st;
}

static enum ev_status apply_rows(struct ev_postgres *p, const struct ev_table *t,
				 struct ev_error *err)
{
	struct ev_buf *sql = &p->scratch;
	struct ev_error unused;
	enum ev_status st;
	PGresult *r;

	ev_buf_reset(sql);
	ev_buf_puts(sql, "INSERT INTO ");
	ev_pg_put_table(p, t, sql);
	ev_buf_puts(sql, " (");
	put_columns(t, sql);
	ev_buf_puts(sql, ") SELECT ");
	put_numbered(t->n, sql);
	ev_buf_puts(sql, " FROM ");
	put_temporary(p, t, "stage", sql);
	if (ev_pg_run(p, t->name, "SAVEPOINT ev_insert", err) != EV_OK)
		return EV_FATAL;
	r = ev_pq.exec(p->conn, ev_buf_str(sql));
	if (ev_pq.resultStatus(r) == PGRES_COMMAND_OK) {
		st = ev_pg_run(p, t->name, "RELEASE SAVEPOINT ev_insert", err);
	} else {
		st = ev_pg_trouble(p, t->name, r, err);
		if (ev_pg_is_state(r, "23505"))
			st = find_there(p, t, &unused);
	}
	ev_pq.clear(r);
	return st;
}

static enum ev_status apply_tables(struct ev_postgres *p, struct ev_error *err)
{
	for (size_t i = 0; i < p->tables->n && !p->rejected; i++) {
		const struct ev_table *t = &p->tables->list[i];

		if ((p->waiting[i].owned && apply_owners(p, t, err) != EV_OK) ||
		    (p->waiting[i].staged && apply_rows(p, t, err) != EV_OK))
			return EV_FATAL;
	}
	return EV_OK;
}

/* What is applied is not applied again by the next section of the same transaction. */
static enum ev_status drop_temporary(struct ev_postgres *p, struct ev_error *err)
{
	struct ev_buf *sql = &p->scratch;

	ev_buf_reset(sql);
	for (size_t i = 0; i < p->tables->n; i++) {
		struct ev_pg_waiting *w = &p->waiting[i];

		for (int owners = 0; owners < 2; owners++) {
			if (!(owners ? w->owned : w->staged))
				continue;
			ev_buf_puts(sql, sql->len == 0 ? "DROP TABLE " : ", ");
			put_temporary(p, &p->tables->list[i], owners ? "owners" : "stage", sql);
		}
		w->staged = w->owned = w->mixed = false;
		ev_buf_reset(&w->greatest);
	}
	return sql->len == 0 ? EV_OK : ev_pg_run(p, "temporary tables", ev_buf_str(sql), err);
}

static bool is_staged(const struct ev_postgres *p)
{
	for (size_t i = 0; i < p->tables->n; i++)
		if (p->waiting[i].staged || p->waiting[i].owned)
			return true;
	return false;
}

/*
 * The stages hold all, so where programs that change the same rows are in the way it is tried again
 * from them.
 */
static enum ev_status apply(struct ev_postgres *p, struct ev_error *err)
{
	struct timespec pause = {.tv_nsec = 50000000};
	struct ev_error unused;
	enum ev_status st;

	for (int tries = 1;; tries++) {
		if (ev_pg_run(p, "SAVEPOINT", "SAVEPOINT ev_apply", err) != EV_OK)
			return EV_FATAL;
		p->again = false;
		st = apply_tables(p, err);
		if (st == EV_OK || !p->again || tries == TRIES ||
		    ev_pg_run(p, "SAVEPOINT", "ROLLBACK TO SAVEPOINT ev_apply", &unused) != EV_OK)
			break;
		nanosleep(&pause, NULL);
		pause.tv_nsec *= 2;
	}
	if (st != EV_OK || p->rejected)
		return st;
	if (ev_pg_run(p, "SAVEPOINT", "RELEASE SAVEPOINT ev_apply", err) != EV_OK)
		return EV_FATAL;
	return drop_temporary(p, err);
}

static enum ev_status send_all(struct ev_postgres *p, struct ev_error *err)
{
	for (size_t i = 0; i < p->tables->n && !p->rejected; i++)
		if (send_owners(p, &p->tables->list[i], err) != EV_OK ||
		    send_rows(p, &p->tables->list[i], err) != EV_OK)
			return EV_FATAL;
	return ev_pg_settle(p, err);
}

enum ev_status ev_pg_flush(struct ev_target *t, struct ev_row *there, struct ev_error *err)
{
	struct ev_postgres *p = ev_postgres_of(t);
	enum ev_status st = p->rejected ? EV_OK : send_all(p, err);

	if (st == EV_OK && !p->rejected && is_staged(p))
		st = apply(p, err);
	return told(p, st, there);
}

/* Nothing waits any more. */
void ev_pg_forget(struct ev_postgres *p)
{
	for (size_t i = 0; i < p->tables->n; i++) {
		struct ev_pg_waiting *w = &p->waiting[i];

		w->rows.n = 0;
		ev_buf_reset(&w->rows.text);
		ev_buf_reset(&w->owners);
		ev_buf_reset(&w->greatest);
		w->staged = w->owned = w->mixed = false;
	}
	p->copying = NULL;
	p->rejected = p->told = false;
}

/*
 * All rows go, and the unknown member comes back; the days of a calendar stay. TRUNCATE would be
 * faster, and keep readers waiting until the commit.
 */
static enum ev_status clear_table(struct ev_postgres *p, const struct ev_table *t,
				  struct ev_error *err)
{
	const struct ev_calendar *c = t->dimension != NULL ? t->dimension->calendar : NULL;
	char from[EV_DATE_TEXT], to[EV_DATE_TEXT];
	struct ev_buf *sql = &p->scratch;

	ev_buf_reset(sql);
	ev_buf_puts(sql, "DELETE FROM ");
	ev_pg_put_table(p, t, sql);
	if (c != NULL) {
		ev_date_format(c->from, from);
		ev_date_format(c->to, to);
		ev_buf_puts(sql, " WHERE ");
		ev_sql_name(ev_dialect_find("postgres"), t->columns[0].name, sql);
		ev_buf_printf(sql, " <> '%s' AND (\"date\" BETWEEN '%.*s' AND '%.*s') IS NOT TRUE",
			      ev_unknown_key, EV_DATE_TEXT, from, EV_DATE_TEXT, to);
	}
	if (ev_pg_run(p, t->name, ev_buf_str(sql), err) != EV_OK)
		return EV_FATAL;
	if (t->dimension == NULL || c != NULL)
		return EV_OK;
	ev_buf_reset(sql);
	ev_buf_puts(sql, "INSERT INTO ");
	ev_pg_put_table(p, t, sql);
	for (size_t i = 0; i < t->n; i++) {
		ev_buf_puts(sql, i > 0 ? ", " : " (");
		ev_sql_name(ev_dialect_find("postgres"), t->columns[i].name, sql);
	}
	ev_buf_puts(sql, ") VALUES (");
	for (size_t i = 0; i < t->n; i++) {
		const char *text = ev_table_unknown(t, i);

		ev_buf_puts(sql, i > 0 ? ", " : "");
		ev_buf_printf(sql, text != NULL ? "'%s'" : "NULL", text);
	}
	ev_buf_putc(sql, ')');
	return ev_pg_run(p, t->name, ev_buf_str(sql), err);
}

enum ev_status ev_pg_clear(struct ev_target *t, struct ev_error *err)
{
	struct ev_postgres *p = ev_postgres_of(t);

	for (size_t i = 0; i < p->tables->n; i++)
		if (clear_table(p, &p->tables->list[i], err) != EV_OK)
			return EV_FATAL;
	p->straight = true;
	return EV_OK;
}

static void rows_free(struct ev_pg_rows *rows)
{
	ev_buf_free(&rows->text);
	free(rows->places);
}

void ev_pg_free_waiting(struct ev_postgres *p)
{
	for (size_t i = 0; i < p->tables->n; i++) {
		rows_free(&p->waiting[i].rows);
		ev_buf_free(&p->waiting[i].owners);
		ev_buf_free(&p->waiting[i].greatest);
	}
	rows_free(&p->sent);
	ev_buf_free(&p->writer.scratch);
	ev_buf_free(&p->copy);
	ev_buf_free(&p->there_text);
	free(p->waiting);
	free(p->runs);
}

#endif

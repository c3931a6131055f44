/*
 * The door to libpq. Rows go over as COPY in binary: straight into the tables where all rows are
 * new, else into temporary tables first, from which they are applied as a set.
 *
 * While COPY runs, libpq holds what the server has not taken yet, and rows are made meanwhile. So a
 * COPY's outcome is asked for before the next command alone, by settle().
 */
#include "base/time.h"
#include "warehouse/column.h"
#include "warehouse/dialect.h"
#include "warehouse/pgbinary.h"
#include "warehouse/target.h"

#ifdef EV_LIBPQ

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	CHUNK = 1 << 20,   /* bytes of rows of a table that wait for each other */
	PUMP = 1 << 14,	   /* after so many more, what the server can take is sent */
	TRIES = 5,	   /* to apply a load to the tables */
	RECONNECTS = 20,   /* half a second apart, after a lost COMMIT */
	LINE_BITS = 40,	   /* of a place's number */
	OLDEST = 120000,   /* PostgreSQL 12 */
	LOCK = 0x65766c64, /* of the two numbers of evload's advisory lock the first: "evld" */
};

/* A row that was written, and its place: the run of its source, and its line. */
struct place {
	size_t at;
	uint64_t number;
};

struct rows {
	struct ev_buf text;
	struct place *places;
	size_t n, cap;
};

/* What waits for a table. */
struct waiting {
	struct rows rows;
	struct ev_buf owners;
	/* The tables for them are made. */
	bool staged, owned;
	/* An owner's rows go that may have come before in the same load. */
	bool mixed;
	struct ev_buf greatest; /* owner of rows that came */
};

struct postgres {
	struct ev_target target;
	PGconn *conn;
	char *name;	   /* in messages: the target's, or postgresql alone */
	const char *where; /* for libpq */
	const char *model;
	char *schema; /* NULL until it is known */
	bool named;   /* an environment of the model names it */
	char *ledger; /* its name in SQL */
	const struct ev_tables *tables;
	struct ev_differences *differences; /* where they are only noted, else NULL */
	struct waiting *waiting;	    /* by table */
	bool straight;			    /* rows go into the tables */
	bool checked;			    /* the ledger is as evload writes it */
	bool again;			    /* the last error is one that another try may mend */
	size_t unsent;			    /* bytes since the last pump */
	struct ev_pg_writer writer;
	struct ev_buf scratch, copy;

	/* The COPY whose outcome is not known. */
	const struct ev_table *copying;
	char copying_into[64]; /* as the server names it */
	struct rows sent;      /* none of owners */

	/* Where rows come from: a run is lines of one source that follow each other. */
	const char **runs;
	size_t n_runs, runs_cap;
	uint64_t last_line;

	/* A row of a key that was there: the transaction is over. */
	bool rejected, told;
	struct ev_row there;
	struct ev_cell there_owner;
	struct ev_buf there_text;

	/* the newest entry, which the COMMIT brings */
	char *last_batch, *last_position, last_digest[33], last_number[24];
};

static struct postgres *of(struct ev_target *t)
{
	return (struct postgres *)(void *)t;
}

static struct waiting *waiting_of(struct postgres *p, const struct ev_table *t)
{
	return &p->waiting[t - p->tables->list];
}

/* Errors */

/* A message of libpq or the server in one line. */
static void put_message(const char *text, struct ev_buf *out)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '\n')
		len--;
	for (size_t i = 0; i < len; i++)
		if (text[i] != '\n' && text[i] != '\t')
			ev_buf_putc(out, text[i]);
		else if (text[i] == '\n')
			ev_buf_puts(out, ": ");
}

static const char *state_of(const PGresult *r)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	return state != NULL ? state : "";
}

static bool is_state(const PGresult *r, const char *state)
{
	return strcmp(state_of(r), state) == 0;
}

/* By the class of an error, or all of its code (PostgreSQL's manual, appendix A). */
static const struct {
	const char *state, *advice;
} advices[] = {
	{"08", "nothing was changed: run the same line again"},
	{"57P0", "nothing was changed: run the same line again"},
	{"40", "other programs change the same rows, and nothing was changed: run the same line "
	       "again"},
	{"55P03", "another program holds it, and nothing was changed: run the same line again"},
	{"53100", "make room on the server's disk"},
	{"25006", "load into the primary server, with a role that may write"},
	{"42501", "evload needs USAGE on the schema, SELECT, INSERT and DELETE on the tables, "
		  "SELECT and INSERT on ev_ledger (evschema grants --loader), and TEMPORARY on "
		  "the database"},
};

static const char *advice_of(const char *state)
{
	for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++)
		if (strncmp(state, advices[i].state, strlen(advices[i].state)) == 0)
			return advices[i].advice;
	return NULL;
}

/* r: what the server says, or NULL where nothing came of it. */
static enum ev_status trouble(struct postgres *p, const char *doing, const PGresult *r,
			      struct ev_error *err)
{
	const char *text = r != NULL ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	/* What libpq says by itself, without the server, is that the connection is no more. */
	bool lost = PQstatus(p->conn) == CONNECTION_BAD || state_of(r)[0] == '\0';
	const char *advice = advice_of(lost ? "08" : state_of(r));
	struct ev_buf what = {0};

	p->again = !lost && strncmp(state_of(r), "40", 2) == 0;
	put_message(text != NULL ? text : PQerrorMessage(p->conn), &what);
	ev_fail(err, "%s: %s: %s%s%s", p->name, doing, ev_buf_str(&what),
		advice != NULL ? ": " : "", advice != NULL ? advice : "");
	ev_buf_free(&what);
	return EV_FATAL;
}

/* Commands */

static const char *source_of(const struct postgres *p, uint64_t number, uint64_t *line)
{
	*line = number & ((UINT64_C(1) << LINE_BITS) - 1);
	return p->runs[number >> LINE_BITS];
}

static void reject(struct postgres *p, const struct ev_table *t, const char *owner, size_t len,
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
static size_t row_of(const struct postgres *p, const PGresult *r)
{
	const char *context = PQresultErrorField(r, PG_DIAG_CONTEXT), *at;
	unsigned long n;

	if (context == NULL || (at = strstr(context, p->copying_into)) == NULL)
		return 0;
	at += strlen(p->copying_into);
	at += strcspn(at, "0123456789");
	n = strtoul(at, NULL, 10);
	return n <= p->sent.n ? n : 0;
}

/* What became of a COPY that went wrong. */
static enum ev_status copy_failed(struct postgres *p, const PGresult *r, struct ev_error *err)
{
	const struct ev_table *t = p->copying;
	size_t row = row_of(p, r), len;
	const char *owner, *source;
	char key[EV_KEY_TEXT + 1];
	struct ev_error what;
	uint64_t line;

	trouble(p, t->name, r, err);
	if (row == 0)
		return EV_FATAL;
	owner = ev_pg_first(p->sent.text.p + p->sent.places[row - 1].at, &len);
	if (t->columns[0].uuid_key) {
		for (size_t i = 0; i < len; i++)
			snprintf(key + 2 * i, 3, "%02x", (unsigned char)owner[i]);
		owner = key;
		len *= 2;
	}
	if (is_state(r, "23505")) {
		reject(p, t, owner, len, p->sent.places[row - 1].number);
		return EV_OK;
	}
	what = *err;
	source = source_of(p, p->sent.places[row - 1].number, &line);
	return ev_fail(err, "%s:%llu: owner %.*s: %s", source, (unsigned long long)line, (int)len,
		       owner, what.text);
}

/* The outcome of the last COPY. A row that is there already is no error yet: p->rejected. */
static enum ev_status settle(struct postgres *p, struct ev_error *err)
{
	enum ev_status st = EV_OK;
	PGresult *r;

	if (p->copying == NULL)
		return EV_OK;
	while ((r = PQgetResult(p->conn)) != NULL) {
		if (PQresultStatus(r) != PGRES_COMMAND_OK && st == EV_OK && !p->rejected)
			st = copy_failed(p, r, err);
		PQclear(r);
		if (PQstatus(p->conn) == CONNECTION_BAD)
			break;
	}
	if (PQstatus(p->conn) == CONNECTION_BAD && st == EV_OK)
		st = trouble(p, p->copying->name, NULL, err);
	p->copying = NULL;
	p->sent.n = 0;
	ev_buf_reset(&p->sent.text);
	return st;
}

/* NULL after an error, which is told. */
static PGresult *ask(struct postgres *p, const char *doing, const char *sql, int n,
		     const char *const *values, struct ev_error *err)
{
	PGresult *r = n > 0 ? PQexecParams(p->conn, sql, n, NULL, values, NULL, NULL, 0)
			    : PQexec(p->conn, sql);
	ExecStatusType st = PQresultStatus(r);

	if (st == PGRES_COMMAND_OK || st == PGRES_TUPLES_OK || st == PGRES_COPY_IN)
		return r;
	trouble(p, doing, r, err);
	PQclear(r);
	return NULL;
}

static enum ev_status run(struct postgres *p, const char *doing, const char *sql,
			  struct ev_error *err)
{
	PGresult *r = ask(p, doing, sql, 0, NULL, err);

	PQclear(r);
	return r != NULL ? EV_OK : EV_FATAL;
}

/* Names in SQL */

static void put_table(const struct postgres *p, const struct ev_table *t, struct ev_buf *sql)
{
	ev_sql_table(ev_dialect_find("postgres"), p->schema, t->name, sql);
}

/* A temporary table: "stage" of rows, or "owners". */
static void put_temporary(const struct postgres *p, const struct ev_table *t, const char *what,
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

/* Sending rows */

/* In pieces, for libpq counts the bytes of one in an int. */
static bool put_rows(PGconn *conn, const struct ev_buf *rows)
{
	bool good = true;

	for (size_t at = 0; at < rows->len && good; at += CHUNK)
		good = PQputCopyData(conn, rows->p + at,
				     (int)(rows->len - at < CHUNK ? rows->len - at : CHUNK)) == 1;
	return good;
}

/*
 * One COPY. into: the table's name in SQL, and name as the server's messages have it; t: whose rows
 * or owners they are.
 */
static enum ev_status send(struct postgres *p, const struct ev_table *t, const char *into,
			   const char *name, const struct ev_buf *rows, struct ev_error *err)
{
	struct ev_buf sql = {0};
	enum ev_status st;

	ev_buf_printf(&sql, "COPY %s FROM STDIN (FORMAT binary)", into);
	st = run(p, t->name, ev_buf_str(&sql), err);
	ev_buf_free(&sql);
	if (st != EV_OK)
		return EV_FATAL;
	p->copying = t;
	snprintf(p->copying_into, sizeof p->copying_into, "%s", name);
	p->unsent = 0;
	if (PQputCopyData(p->conn, ev_pg_head, EV_PG_HEAD) != 1 || !put_rows(p->conn, rows) ||
	    PQputCopyData(p->conn, ev_pg_tail, EV_PG_TAIL) != 1 ||
	    PQputCopyEnd(p->conn, NULL) != 1 || PQflush(p->conn) < 0)
		return trouble(p, t->name, NULL, err);
	return EV_OK;
}

/*
 * Types and collations are the live table's; n is a row's place. It is gone with the transaction.
 */
static enum ev_status make_stage(struct postgres *p, const struct ev_table *t, struct ev_error *err)
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
	put_table(p, t, sql);
	ev_buf_puts(sql, " WITH NO DATA");
	return run(p, t->name, ev_buf_str(sql), err);
}

static enum ev_status send_staged(struct postgres *p, const struct ev_table *t,
				  struct ev_error *err)
{
	struct waiting *w = waiting_of(p, t);
	const struct rows *rows = &p->sent;

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

static enum ev_status send_straight(struct postgres *p, const struct ev_table *t,
				    struct ev_error *err)
{
	ev_buf_reset(&p->scratch);
	put_table(p, t, &p->scratch);
	ev_buf_puts(&p->scratch, " (");
	put_columns(t, &p->scratch);
	ev_buf_putc(&p->scratch, ')');
	return send(p, t, ev_buf_str(&p->scratch), t->name, &p->sent.text, err);
}

/* The rows of a table that wait. */
static enum ev_status send_rows(struct postgres *p, const struct ev_table *t, struct ev_error *err)
{
	struct waiting *w = waiting_of(p, t);
	struct rows rows = w->rows;

	if (w->rows.n == 0)
		return EV_OK;
	if (settle(p, err) != EV_OK)
		return EV_FATAL;
	if (p->rejected)
		return EV_OK;
	w->rows = p->sent;
	p->sent = rows;
	return p->straight ? send_straight(p, t, err) : send_staged(p, t, err);
}

/* f: the version from which on rows go; n: the place of the last row that came before. */
static enum ev_status send_owners(struct postgres *p, const struct ev_table *t,
				  struct ev_error *err)
{
	struct waiting *w = waiting_of(p, t);
	struct ev_buf *sql = &p->scratch;

	if (w->owners.len == 0)
		return EV_OK;
	if (settle(p, err) != EV_OK)
		return EV_FATAL;
	if (!w->owned) {
		ev_buf_reset(sql);
		ev_buf_puts(sql, "CREATE TEMPORARY TABLE ");
		put_temporary(p, t, "owners", sql);
		ev_buf_puts(sql, " (c1, f, n) ON COMMIT DROP AS SELECT ");
		ev_sql_name(ev_dialect_find("postgres"), t->columns[0].name, sql);
		ev_buf_puts(sql, ", 0::int8, 0::int8 FROM ");
		put_table(p, t, sql);
		ev_buf_puts(sql, " WITH NO DATA");
		if (run(p, t->name, ev_buf_str(sql), err) != EV_OK)
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
static enum ev_status told(struct postgres *p, enum ev_status st, struct ev_row *there)
{
	if (st != EV_OK || !p->rejected || p->told)
		return st;
	p->told = true;
	*there = p->there;
	return EV_REJECT;
}

static uint64_t number_of(struct postgres *p, const struct ev_row *row)
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

static enum ev_status postgres_insert(struct ev_target *t, const struct ev_row *row,
				      struct ev_row *there, struct ev_error *err)
{
	struct postgres *p = of(t);
	struct waiting *w = waiting_of(p, row->table);
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
	w->rows.places[w->rows.n++] = (struct place){from, number_of(p, row)};
	if (!p->straight && is_greater(&row->cells[0], &w->greatest)) {
		ev_buf_reset(&w->greatest);
		ev_buf_put(&w->greatest, row->cells[0].p, row->cells[0].len);
	}
	if (w->rows.text.len >= CHUNK)
		return told(p, send_rows(p, row->table, err), there);
	p->unsent += w->rows.text.len - from;
	if (p->unsent >= PUMP) {
		p->unsent = 0;
		PQflush(p->conn); /* what goes wrong, settle is told again */
	}
	return EV_OK;
}

static enum ev_status postgres_erase(struct ev_target *t, const struct ev_table *table,
				     const struct ev_cell *owner, uint64_t from,
				     struct ev_row *there, struct ev_error *err)
{
	struct postgres *p = of(t);
	struct waiting *w = waiting_of(p, table);
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

/* Applying what is staged */

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

static enum ev_status apply_owners(struct postgres *p, const struct ev_table *t,
				   struct ev_error *err)
{
	const struct waiting *w = waiting_of(p, t);
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
		if (run(p, t->name, ev_buf_str(sql), err) != EV_OK)
			return EV_FATAL;
	}
	ev_buf_reset(sql);
	ev_buf_puts(sql, "DELETE FROM ");
	put_table(p, t, sql);
	ev_buf_puts(sql, " s USING ");
	put_temporary(p, t, "owners", sql);
	ev_buf_puts(sql, " o");
	put_match(t, false, sql);
	return run(p, t->name, ev_buf_str(sql), err);
}

/* The first row whose key was there, in the table or in the stage; none if it cannot be told. */
static enum ev_status find_there(struct postgres *p, const struct ev_table *t, struct ev_error *err)
{
	struct ev_buf *sql = &p->scratch;
	enum ev_status st = EV_FATAL;
	PGresult *r;

	ev_buf_reset(sql);
	ev_buf_puts(sql, "SELECT c1, n FROM (SELECT c1, n, row_number() OVER (PARTITION BY ");
	put_numbered(t->n_keys, sql);
	ev_buf_puts(sql, " ORDER BY n) > 1 OR EXISTS (SELECT FROM ");
	put_table(p, t, sql);
	ev_buf_puts(sql, " t WHERE ");
	for (size_t i = 0; i < t->n_keys; i++) {
		ev_buf_puts(sql, i == 0 ? "t." : " AND t.");
		ev_sql_name(ev_dialect_find("postgres"), t->columns[i].name, sql);
		ev_buf_printf(sql, " = s.c%zu", i + 1);
	}
	ev_buf_puts(sql, ") AS there FROM ");
	put_temporary(p, t, "stage", sql);
	ev_buf_puts(sql, " s) x WHERE there ORDER BY n LIMIT 1");
	if (run(p, t->name, "ROLLBACK TO SAVEPOINT ev_insert", err) != EV_OK ||
	    (r = ask(p, t->name, ev_buf_str(sql), 0, NULL, err)) == NULL)
		return EV_FATAL;
	if (PQntuples(r) == 1) {
		reject(p, t, PQgetvalue(r, 0, 0), (size_t)PQgetlength(r, 0, 0),
		       strtoull(PQgetvalue(r, 0, 1), NULL, 10));
		st = EV_OK;
	}
	PQclear(r);
	return st;
}

static enum ev_status apply_rows(struct postgres *p, const struct ev_table *t, struct ev_error *err)
{
	struct ev_buf *sql = &p->scratch;
	struct ev_error unused;
	enum ev_status st;
	PGresult *r;

	ev_buf_reset(sql);
	ev_buf_puts(sql, "INSERT INTO ");
	put_table(p, t, sql);
	ev_buf_puts(sql, " (");
	put_columns(t, sql);
	ev_buf_puts(sql, ") SELECT ");
	put_numbered(t->n, sql);
	ev_buf_puts(sql, " FROM ");
	put_temporary(p, t, "stage", sql);
	if (run(p, t->name, "SAVEPOINT ev_insert", err) != EV_OK)
		return EV_FATAL;
	r = PQexec(p->conn, ev_buf_str(sql));
	if (PQresultStatus(r) == PGRES_COMMAND_OK) {
		st = run(p, t->name, "RELEASE SAVEPOINT ev_insert", err);
	} else {
		st = trouble(p, t->name, r, err);
		if (is_state(r, "23505"))
			st = find_there(p, t, &unused);
	}
	PQclear(r);
	return st;
}

static enum ev_status apply_tables(struct postgres *p, struct ev_error *err)
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
static enum ev_status drop_temporary(struct postgres *p, struct ev_error *err)
{
	struct ev_buf *sql = &p->scratch;

	ev_buf_reset(sql);
	for (size_t i = 0; i < p->tables->n; i++) {
		struct waiting *w = &p->waiting[i];

		for (int owners = 0; owners < 2; owners++) {
			if (!(owners ? w->owned : w->staged))
				continue;
			ev_buf_puts(sql, sql->len == 0 ? "DROP TABLE " : ", ");
			put_temporary(p, &p->tables->list[i], owners ? "owners" : "stage", sql);
		}
		w->staged = w->owned = w->mixed = false;
		ev_buf_reset(&w->greatest);
	}
	return sql->len == 0 ? EV_OK : run(p, "temporary tables", ev_buf_str(sql), err);
}

static bool is_staged(const struct postgres *p)
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
static enum ev_status apply(struct postgres *p, struct ev_error *err)
{
	struct timespec pause = {.tv_nsec = 50000000};
	struct ev_error unused;
	enum ev_status st;

	for (int tries = 1;; tries++) {
		if (run(p, "SAVEPOINT", "SAVEPOINT ev_apply", err) != EV_OK)
			return EV_FATAL;
		p->again = false;
		st = apply_tables(p, err);
		if (st == EV_OK || !p->again || tries == TRIES ||
		    run(p, "SAVEPOINT", "ROLLBACK TO SAVEPOINT ev_apply", &unused) != EV_OK)
			break;
		nanosleep(&pause, NULL);
		pause.tv_nsec *= 2;
	}
	if (st != EV_OK || p->rejected)
		return st;
	if (run(p, "SAVEPOINT", "RELEASE SAVEPOINT ev_apply", err) != EV_OK)
		return EV_FATAL;
	return drop_temporary(p, err);
}

static enum ev_status send_all(struct postgres *p, struct ev_error *err)
{
	for (size_t i = 0; i < p->tables->n && !p->rejected; i++)
		if (send_owners(p, &p->tables->list[i], err) != EV_OK ||
		    send_rows(p, &p->tables->list[i], err) != EV_OK)
			return EV_FATAL;
	return settle(p, err);
}

static enum ev_status postgres_flush(struct ev_target *t, struct ev_row *there,
				     struct ev_error *err)
{
	struct postgres *p = of(t);
	enum ev_status st = p->rejected ? EV_OK : send_all(p, err);

	if (st == EV_OK && !p->rejected && is_staged(p))
		st = apply(p, err);
	return told(p, st, there);
}

/* The ledger */

/* The entry that took the place of all before it. */
#define SINCE "coalesce((SELECT max(commit_no) FROM %s WHERE mode IN ('snapshot', 'whole')), 0)"

static enum ev_status postgres_known(struct ev_target *t, const char *batch, bool *known,
				     char digest[33], struct ev_error *err)
{
	struct postgres *p = of(t);
	PGresult *r;

	*known = false;
	if (settle(p, err) != EV_OK)
		return EV_FATAL;
	if (p->rejected) /* which flush tells */
		return EV_OK;
	ev_buf_reset(&p->scratch);
	ev_buf_printf(&p->scratch,
		      "SELECT digest FROM %s WHERE batch = $1 AND commit_no >= " SINCE
		      " ORDER BY commit_no DESC LIMIT 1",
		      p->ledger, p->ledger);
	r = ask(p, "the ledger cannot be read", ev_buf_str(&p->scratch), 1, &batch, err);
	if (r == NULL)
		return EV_FATAL;
	*known = PQntuples(r) == 1;
	if (*known)
		snprintf(digest, 33, "%s", PQgetvalue(r, 0, 0));
	PQclear(r);
	return EV_OK;
}

static enum ev_status postgres_live(struct ev_target *t, uint64_t *batches, uint64_t *rows,
				    struct ev_error *err)
{
	struct postgres *p = of(t);
	PGresult *r;

	ev_buf_reset(&p->scratch);
	ev_buf_printf(&p->scratch,
		      "SELECT count(*), coalesce(sum(rows), 0) FROM %s WHERE commit_no >= " SINCE,
		      p->ledger, p->ledger);
	r = ask(p, "the ledger cannot be read", ev_buf_str(&p->scratch), 0, NULL, err);
	if (r == NULL)
		return EV_FATAL;
	*batches = strtoull(PQgetvalue(r, 0, 0), NULL, 10);
	*rows = strtoull(PQgetvalue(r, 0, 1), NULL, 10);
	PQclear(r);
	return EV_OK;
}

static enum ev_status postgres_enter(struct ev_target *t, const struct ev_ledger_entry *e,
				     struct ev_error *err)
{
	struct postgres *p = of(t);
	char rows[24];
	const char *const values[] = {e->batch,	  e->digest,   e->mode, rows,
				      e->balance, e->position, e->model};
	PGresult *r;

	snprintf(rows, sizeof rows, "%llu", (unsigned long long)e->rows);
	ev_buf_reset(&p->scratch);
	ev_buf_printf(
		&p->scratch,
		"INSERT INTO %s (commit_no, batch, digest, mode, rows, balance, position, model) "
		"SELECT coalesce(max(commit_no), 0) + 1, $1, $2, $3, $4::int8, $5::jsonb, $6, $7 "
		"FROM %s RETURNING commit_no",
		p->ledger, p->ledger);
	r = ask(p, "the ledger cannot be written", ev_buf_str(&p->scratch), 7, values, err);
	if (r == NULL)
		return EV_FATAL;
	free(p->last_batch);
	free(p->last_position);
	p->last_batch = ev_strdup(e->batch);
	p->last_position = e->position != NULL ? ev_strdup(e->position) : NULL;
	snprintf(p->last_digest, sizeof p->last_digest, "%s", e->digest);
	snprintf(p->last_number, sizeof p->last_number, "%s", PQgetvalue(r, 0, 0));
	PQclear(r);
	return EV_OK;
}

static enum ev_status postgres_newest(struct ev_target *t, const struct ev_ledger_entry *e,
				      size_t n, bool *same, struct ev_error *err)
{
	struct postgres *p = of(t);
	PGresult *r;

	ev_buf_reset(&p->scratch);
	ev_buf_printf(&p->scratch,
		      "SELECT batch, digest, mode FROM %s ORDER BY commit_no DESC LIMIT %zu",
		      p->ledger, n);
	r = ask(p, "the ledger cannot be read", ev_buf_str(&p->scratch), 0, NULL, err);
	if (r == NULL)
		return EV_FATAL;
	*same = n > 0 && (size_t)PQntuples(r) == n;
	for (size_t i = 0; i < n && *same; i++) {
		const struct ev_ledger_entry *one = &e[n - 1 - i];

		*same = strcmp(PQgetvalue(r, (int)i, 0), one->batch) == 0 &&
			strcmp(PQgetvalue(r, (int)i, 1), one->digest) == 0 &&
			strcmp(PQgetvalue(r, (int)i, 2), one->mode) == 0;
	}
	PQclear(r);
	return EV_OK;
}

/* Nothing waits any more. */
static void forget(struct postgres *p)
{
	for (size_t i = 0; i < p->tables->n; i++) {
		struct waiting *w = &p->waiting[i];

		w->rows.n = 0;
		ev_buf_reset(&w->rows.text);
		ev_buf_reset(&w->owners);
		ev_buf_reset(&w->greatest);
		w->staged = w->owned = w->mixed = false;
	}
	p->copying = NULL;
	p->rejected = p->told = false;
}

static void hang_up(struct postgres *p)
{
	PQfinish(p->conn);
	p->conn = NULL;
	forget(p);
}

/* Connecting */

/* The server's notices are for psql. */
static void no_notice(void *arg, const PGresult *r)
{
	(void)arg;
	(void)r;
}

static enum ev_status check_server(struct postgres *p, struct ev_error *err)
{
	const char *encoding = PQparameterStatus(p->conn, "server_encoding");

	if (PQserverVersion(p->conn) < OLDEST)
		return ev_fail(err, "%s: the server is PostgreSQL %d: evload needs 12 or newer",
			       p->name, PQserverVersion(p->conn) / 10000);
	if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
		return ev_fail(err,
			       "%s: the database is in %s, which cannot hold every text that an "
			       "event may bear: make one with CREATE DATABASE ... ENCODING 'UTF8' "
			       "TEMPLATE template0",
			       p->name, encoding != NULL ? encoding : "no known encoding");
	return EV_OK;
}

/* Where no environment of the model names one: that in which evschema's statements made tables. */
static enum ev_status find_schema(struct postgres *p, struct ev_error *err)
{
	PGresult *r;

	if (p->schema != NULL)
		return EV_OK;
	r = ask(p, "the schema", "SELECT pg_catalog.current_schema()", 0, NULL, err);
	if (r == NULL)
		return EV_FATAL;
	if (!PQgetisnull(r, 0, 0))
		p->schema = ev_strdup(PQgetvalue(r, 0, 0));
	PQclear(r);
	return p->schema != NULL
		       ? EV_OK
		       : ev_fail(err,
				 "%s: no schema of the search_path is there: name one in an "
				 "environment of the model, and the environment with -e",
				 p->name);
}

static enum ev_status connect(struct postgres *p, struct ev_error *err)
{
	static const char *const names[] = {"dbname", "client_encoding",
					    "fallback_application_name", NULL};
	const char *const values[] = {p->where, "UTF8", "evload", NULL};
	struct ev_buf what = {0};

	p->conn = PQconnectdbParams(names, values, 1);
	if (p->conn == NULL)
		ev_oom();
	PQsetNoticeReceiver(p->conn, no_notice, NULL);
	if (PQstatus(p->conn) != CONNECTION_OK) {
		put_message(PQerrorMessage(p->conn), &what);
		ev_fail(err, "%s: %s%s", p->name, ev_buf_str(&what),
			PQconnectionNeedsPassword(p->conn)
				? ": put it into the file that PGPASSFILE names, or ~/.pgpass"
				: "");
		ev_buf_free(&what);
		return EV_FATAL;
	}
	if (PQsetnonblocking(p->conn, 1) != 0)
		return trouble(p, "the connection", NULL, err);
	if (check_server(p, err) != EV_OK || find_schema(p, err) != EV_OK)
		return EV_FATAL;
	if (p->ledger == NULL) {
		ev_buf_reset(&p->scratch);
		ev_sql_table(ev_dialect_find("postgres"), p->schema, "ev_ledger", &p->scratch);
		p->ledger = ev_strdup(ev_buf_str(&p->scratch));
	}
	return EV_OK;
}

/*
 * What the role or the database sets shall not matter: names are looked for in PostgreSQL's own
 * schema alone, rules for rows hide none, and a pipe may take its time.
 */
static enum ev_status begin(struct postgres *p, const char *access, struct ev_error *err)
{
	static const char settings[] =
		"SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL row_security = off; "
		"SET LOCAL DateStyle = ISO; SET LOCAL TimeZone = 'UTC'; "
		"SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = "
		"0; SELECT set_config(name, '0', true) FROM pg_settings "
		"WHERE name = 'transaction_timeout'";

	ev_buf_reset(&p->scratch);
	ev_buf_printf(&p->scratch, "BEGIN ISOLATION LEVEL READ COMMITTED %s; %s", access, settings);
	return run(p, "BEGIN", ev_buf_str(&p->scratch), err);
}

/*
 * Two loads into one schema go one after the other. The lock ends with the transaction, and so with
 * the connection.
 */
static enum ev_status lock(struct postgres *p, struct ev_error *err)
{
	const char *ledger = p->ledger;
	PGresult *r;

	ev_buf_reset(&p->scratch);
	ev_buf_printf(&p->scratch, "SELECT pg_advisory_xact_lock(%d, $1::regclass::oid::int4)",
		      LOCK);
	r = ask(p, "the lock of another load", ev_buf_str(&p->scratch), 1, &ledger, err);
	PQclear(r);
	return r != NULL ? EV_OK : EV_FATAL;
}

/* Whether the newest entry is in the ledger, once the transaction of old is over. */
static enum ev_status ask_ledger(struct postgres *p, bool *in, struct ev_error *err)
{
	const struct timespec pause = {.tv_nsec = 500000000};
	const char *const values[] = {p->last_number, p->last_batch, p->last_digest,
				      p->last_position};
	enum ev_status st = EV_FATAL;
	PGresult *r;

	for (int i = 0; i < RECONNECTS && st != EV_OK; i++) {
		hang_up(p);
		if (i > 0)
			nanosleep(&pause, NULL);
		st = connect(p, err);
	}
	if (st != EV_OK || begin(p, "READ WRITE", err) != EV_OK || lock(p, err) != EV_OK)
		return EV_FATAL;
	ev_buf_reset(&p->scratch);
	ev_buf_printf(&p->scratch,
		      "SELECT FROM %s WHERE commit_no = $1::int8 AND batch = $2 AND digest = $3 "
		      "AND position IS NOT DISTINCT FROM $4",
		      p->ledger);
	r = ask(p, "the ledger cannot be read", ev_buf_str(&p->scratch), 4, values, err);
	if (r == NULL)
		return EV_FATAL;
	*in = PQntuples(r) == 1;
	PQclear(r);
	return run(p, "COMMIT", "COMMIT", err);
}

/*
 * A COMMIT of which no word comes back may have been made all the same, so the ledger is asked. One
 * that is answered with ROLLBACK was none.
 */
static enum ev_status postgres_commit(struct ev_target *t, struct ev_error *err)
{
	struct postgres *p = of(t);
	PGresult *r = PQexec(p->conn, "COMMIT");
	bool in = PQresultStatus(r) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(r), "COMMIT") == 0;
	struct ev_error unused;

	if (!in)
		trouble(p, "COMMIT", r, err);
	PQclear(r);
	if (!in && ask_ledger(p, &in, &unused) != EV_OK)
		return ev_fail(err,
			       "%s: the connection was lost at COMMIT, and the server does not "
			       "tell whether the load is in: run the same line again, which loads "
			       "nothing twice",
			       p->name);
	if (!in)
		return EV_FATAL;
	forget(p);
	return EV_OK;
}

static void postgres_abandon(struct ev_target *t)
{
	struct postgres *p = of(t);
	struct ev_error unused;

	if (settle(p, &unused) != EV_OK || run(p, "ROLLBACK", "ROLLBACK", &unused) != EV_OK)
		hang_up(p);
	forget(p);
}

static void rows_free(struct rows *rows)
{
	ev_buf_free(&rows->text);
	free(rows->places);
}

static void postgres_free(struct ev_target *t)
{
	struct postgres *p = of(t);

	hang_up(p);
	for (size_t i = 0; i < p->tables->n; i++) {
		rows_free(&p->waiting[i].rows);
		ev_buf_free(&p->waiting[i].owners);
		ev_buf_free(&p->waiting[i].greatest);
	}
	rows_free(&p->sent);
	ev_buf_free(&p->writer.scratch);
	ev_buf_free(&p->scratch);
	ev_buf_free(&p->copy);
	ev_buf_free(&p->there_text);
	free(p->waiting);
	free(p->runs);
	free(p->last_batch);
	free(p->last_position);
	free(p->schema);
	free(p->ledger);
	free(p->name);
	free(p);
}

/* Comparing the model with the live tables */

/* Takes note of a difference, or fails of it. */
static enum ev_status differs(struct postgres *p, const struct ev_table *t, enum ev_lack lack,
			      size_t column, const char *name, const char *what,
			      struct ev_error *err)
{
	if (p->differences == NULL)
		return ev_fail(err,
			       "%s: table %s.%s %s: evschema check -m %s%s %s says what mends it",
			       p->name, p->schema, t->name, what, p->model,
			       p->named ? " -e ENVIRONMENT" : "", p->target.name);
	ev_differences_add(p->differences, t, lack, column, name, what);
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
	const char *name = PQgetvalue(r, row, NAME);
	size_t i = find_column(t, name);
	struct ev_buf type = {0};

	if (i == t->n) {
		ev_buf_printf(what, "has the column %s, which the model does not", name);
		return;
	}
	put_type(&t->columns[i], &type);
	if (strcmp(PQgetvalue(r, row, TYPE), ev_buf_str(&type)) != 0)
		ev_buf_printf(what, "has the column %s as %s where the model has %s", name,
			      PQgetvalue(r, row, TYPE), ev_buf_str(&type));
	else if (PQgetvalue(r, row, MADE)[0] == 't')
		ev_buf_printf(what, "makes the values of the column %s by itself", name);
	else if (i >= t->n_keys && PQgetvalue(r, row, NOT_NULL)[0] == 't')
		ev_buf_printf(what, "takes no null in the column %s, and an event may bring one",
			      name);
	else if (i < t->n_keys && PQgetvalue(r, row, LOOSE)[0] == 't')
		ev_buf_printf(what, "takes different texts for equal in the column %s", name);
	else if (PQgetvalue(r, row, KEYS)[0] != '0' &&
		 strtoul(PQgetvalue(r, row, IN_KEY), NULL, 10) != (i < t->n_keys ? i + 1 : 0))
		ev_buf_printf(what, "has another primary key than the model: see the column %s",
			      name);
	ev_buf_free(&type);
}

static enum ev_status check_columns(struct postgres *p, const struct ev_table *t, const char *name,
				    struct ev_error *err)
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
	PGresult *r = ask(p, t->name, sql, 1, &name, err);
	enum ev_status st = r != NULL ? EV_OK : EV_FATAL;
	bool *there = ev_calloc(t->n, sizeof *there);
	struct ev_buf what = {0};

	for (int row = 0; st == EV_OK && row < PQntuples(r); row++) {
		const char *live = PQgetvalue(r, row, NAME);
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
	PQclear(r);
	return st;
}

/* What a view, a trigger or a rule makes of a row is not what was loaded. */
static enum ev_status check_is_plain(struct postgres *p, const struct ev_table *t, const char *name,
				     struct ev_error *err)
{
	static const char sql[] =
		"SELECT CASE c.relkind WHEN 'v' THEN 'is a view' WHEN 'm' THEN 'is a view' "
		"WHEN 'r' THEN '' ELSE 'is no plain table' END, "
		"(SELECT 'has the trigger ' || tgname FROM pg_trigger WHERE tgrelid = c.oid AND "
		"NOT tgisinternal LIMIT 1), "
		"(SELECT 'has the rule ' || rulename FROM pg_rewrite WHERE ev_class = c.oid LIMIT "
		"1) FROM pg_class c WHERE c.oid = $1::regclass";
	PGresult *r = ask(p, t->name, sql, 1, &name, err);
	enum ev_status st = EV_OK;

	if (r == NULL)
		return EV_FATAL;
	for (int i = 0; i < 3 && st == EV_OK; i++)
		if (PQgetvalue(r, 0, i)[0] != '\0' && p->differences != NULL)
			st = differs(p, t, EV_DIFFERS, 0, NULL, PQgetvalue(r, 0, i), err);
		else if (PQgetvalue(r, 0, i)[0] != '\0')
			st = ev_fail(err,
				     "%s: table %s.%s %s, which may change or drop rows unseen: "
				     "load into plain tables, and put views on them under other "
				     "names",
				     p->name, p->schema, t->name, PQgetvalue(r, 0, i));
	PQclear(r);
	return st;
}

static enum ev_status is_missing(struct postgres *p, const char *what, const char *name,
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
static enum ev_status check_table(struct postgres *p, const struct ev_table *t,
				  struct ev_error *err)
{
	struct ev_buf name = {0}, sql = {0};
	enum ev_status st = EV_OK;
	PGresult *r;

	put_table(p, t, &name);
	ev_buf_printf(&sql, "LOCK TABLE %s IN ROW EXCLUSIVE MODE", ev_buf_str(&name));
	r = PQexec(p->conn, ev_buf_str(&sql));
	if (is_state(r, "42P01") || is_state(r, "3F000"))
		st = is_missing(p, "table ", t->name, err);
	else if (PQresultStatus(r) != PGRES_COMMAND_OK)
		st = trouble(p, t->name, r, err);
	PQclear(r);
	if (st == EV_OK)
		st = check_is_plain(p, t, ev_buf_str(&name), err);
	if (st == EV_OK)
		st = check_columns(p, t, ev_buf_str(&name), err);
	ev_buf_free(&name);
	ev_buf_free(&sql);
	return st;
}

static enum ev_status strange(struct postgres *p, const char *what, const char *which,
			      struct ev_error *err)
{
	return ev_fail(err,
		       "%s: the ledger is not as evload writes it: %s of the row with commit_no "
		       "%.40s: put back ev_ledger as it was, or load a snapshot into tables made "
		       "anew",
		       p->name, what, which);
}

static enum ev_status find_ledger(struct postgres *p, struct ev_error *err)
{
	enum ev_status st = EV_OK;
	PGresult *r;

	ev_buf_reset(&p->scratch);
	ev_buf_printf(&p->scratch,
		      "SELECT commit_no, batch, digest, mode, rows, balance, position, model "
		      "FROM %s LIMIT 0",
		      p->ledger);
	r = PQexec(p->conn, ev_buf_str(&p->scratch));
	if (is_state(r, "42P01") || is_state(r, "3F000"))
		st = is_missing(p, "ledger", "", err);
	else if (is_state(r, "42703"))
		st = ev_fail(err,
			     "%s: the ledger is that of another version: make the tables in "
			     "another schema with evschema -m %s -t postgres",
			     p->name, p->model);
	else if (PQresultStatus(r) != PGRES_TUPLES_OK)
		st = trouble(p, "the ledger cannot be read", r, err);
	PQclear(r);
	return st;
}

/* A ledger that other hands made or changed may hold anything. */
static enum ev_status check_ledger(struct postgres *p, struct ev_error *err)
{
	enum ev_status st = EV_OK;
	PGresult *r;

	ev_buf_reset(&p->scratch);
	ev_buf_printf(
		&p->scratch,
		"SELECT * FROM (SELECT CASE "
		"WHEN (commit_no BETWEEN 1 AND 1000000000000000) IS NOT TRUE THEN 'commit_no' "
		"WHEN batch IS NULL THEN 'batch' "
		"WHEN (length(digest) = 32) IS NOT TRUE THEN 'digest' "
		"WHEN (mode IN ('insert', 'snapshot', 'changes', 'whole')) IS NOT TRUE THEN 'mode' "
		"WHEN (rows BETWEEN 0 AND 1000000000000000) IS NOT TRUE THEN 'rows' "
		"WHEN balance IS NULL THEN 'balance' "
		"WHEN (position IS NULL) = (mode IN ('changes', 'whole')) THEN 'position' "
		"WHEN (model IS NULL) <> (position IS NULL) THEN 'model' END AS what, "
		"coalesce(commit_no::text, 'NULL') FROM %s UNION ALL "
		"SELECT 'a second', commit_no::text FROM %s GROUP BY commit_no "
		"HAVING count(*) > 1) x WHERE what IS NOT NULL LIMIT 1",
		p->ledger, p->ledger);
	r = ask(p, "the ledger cannot be read", ev_buf_str(&p->scratch), 0, NULL, err);
	if (r == NULL)
		return EV_FATAL;
	if (PQntuples(r) > 0)
		st = strange(p, PQgetvalue(r, 0, 0), PQgetvalue(r, 0, 1), err);
	PQclear(r);
	p->checked = st == EV_OK;
	return st;
}

/* What the newest entry says. */
static enum ev_status read_standing(struct postgres *p, struct ev_standing *standing,
				    struct ev_error *err)
{
	enum ev_status st = EV_OK;
	PGresult *r;

	ev_buf_reset(&p->scratch);
	ev_buf_printf(&p->scratch,
		      "SELECT commit_no, position, model FROM %s ORDER BY commit_no DESC LIMIT 1",
		      p->ledger);
	r = ask(p, "the ledger cannot be read", ev_buf_str(&p->scratch), 0, NULL, err);
	if (r == NULL)
		return EV_FATAL;
	*standing = (struct ev_standing){.fresh = PQntuples(r) == 0};
	standing->follows = !standing->fresh && !PQgetisnull(r, 0, 1);
	if (standing->follows) {
		snprintf(standing->model, sizeof standing->model, "%s", PQgetvalue(r, 0, 2));
		if (!ev_point_read(PQgetvalue(r, 0, 1), &standing->at))
			st = strange(p, "position", PQgetvalue(r, 0, 0), err);
	}
	PQclear(r);
	return st;
}

static enum ev_status postgres_begin(struct ev_target *t, struct ev_standing *standing,
				     struct ev_error *err)
{
	struct postgres *p = of(t);

	if ((p->conn == NULL && connect(p, err) != EV_OK) || begin(p, "READ WRITE", err) != EV_OK ||
	    find_ledger(p, err) != EV_OK || lock(p, err) != EV_OK ||
	    (!p->checked && check_ledger(p, err) != EV_OK))
		return EV_FATAL;
	for (size_t i = 0; i < p->tables->n; i++)
		if (check_table(p, &p->tables->list[i], err) != EV_OK)
			return EV_FATAL;
	if (read_standing(p, standing, err) != EV_OK)
		return EV_FATAL;
	p->straight = standing->fresh;
	return EV_OK;
}

/*
 * All rows go, and the unknown member comes back; the days of a calendar stay. TRUNCATE would be
 * faster, and keep readers waiting until the commit.
 */
static enum ev_status clear_table(struct postgres *p, const struct ev_table *t,
				  struct ev_error *err)
{
	const struct ev_calendar *c = t->dimension != NULL ? t->dimension->calendar : NULL;
	char from[EV_DATE_TEXT], to[EV_DATE_TEXT];
	struct ev_buf *sql = &p->scratch;

	ev_buf_reset(sql);
	ev_buf_puts(sql, "DELETE FROM ");
	put_table(p, t, sql);
	if (c != NULL) {
		ev_date_format(c->from, from);
		ev_date_format(c->to, to);
		ev_buf_puts(sql, " WHERE ");
		ev_sql_name(ev_dialect_find("postgres"), t->columns[0].name, sql);
		ev_buf_printf(sql, " <> '%s' AND (\"date\" BETWEEN '%.*s' AND '%.*s') IS NOT TRUE",
			      ev_unknown_key, EV_DATE_TEXT, from, EV_DATE_TEXT, to);
	}
	if (run(p, t->name, ev_buf_str(sql), err) != EV_OK)
		return EV_FATAL;
	if (t->dimension == NULL || c != NULL)
		return EV_OK;
	ev_buf_reset(sql);
	ev_buf_puts(sql, "INSERT INTO ");
	put_table(p, t, sql);
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
	return run(p, t->name, ev_buf_str(sql), err);
}

static enum ev_status postgres_clear(struct ev_target *t, struct ev_error *err)
{
	struct postgres *p = of(t);

	for (size_t i = 0; i < p->tables->n; i++)
		if (clear_table(p, &p->tables->list[i], err) != EV_OK)
			return EV_FATAL;
	p->straight = true;
	return EV_OK;
}

/* A reader may ask: nothing is locked. */
static enum ev_status postgres_check(struct ev_target *t, struct ev_differences *out,
				     struct ev_error *err)
{
	static const char sql[] = "SELECT to_regclass($1) IS NULL";
	struct postgres *p = of(t);
	enum ev_status st;

	if ((p->conn == NULL && connect(p, err) != EV_OK) || begin(p, "READ ONLY", err) != EV_OK)
		return EV_FATAL;
	p->differences = out;
	st = EV_OK;
	for (size_t i = 0; i <= p->tables->n && st == EV_OK; i++) {
		const struct ev_table *table = i > 0 ? &p->tables->list[i - 1] : NULL;
		struct ev_buf name = {0};
		const char *value;
		PGresult *r;

		if (table != NULL)
			put_table(p, table, &name);
		else
			ev_buf_puts(&name, p->ledger);
		value = ev_buf_str(&name);
		r = ask(p, table != NULL ? table->name : "ev_ledger", sql, 1, &value, err);
		if (r == NULL)
			st = EV_FATAL;
		else if (PQgetvalue(r, 0, 0)[0] == 't')
			st = differs(p, table, EV_LACKS_TABLE, 0, NULL, "is not there", err);
		else if (table == NULL)
			st = find_ledger(p, err);
		else if ((st = check_is_plain(p, table, value, err)) == EV_OK)
			st = check_columns(p, table, value, err);
		PQclear(r);
		ev_buf_free(&name);
	}
	return st;
}

static const struct ev_target_ops ops = {.check = postgres_check,
					 .begin = postgres_begin,
					 .known = postgres_known,
					 .live = postgres_live,
					 .clear = postgres_clear,
					 .erase = postgres_erase,
					 .insert = postgres_insert,
					 .flush = postgres_flush,
					 .enter = postgres_enter,
					 .newest = postgres_newest,
					 .commit = postgres_commit,
					 .abandon = postgres_abandon,
					 .free = postgres_free};

/* What libpq is given of a URL: one with an authority as it is, else what is behind the colon. */
static const char *conninfo_of(const char *url)
{
	const char *colon = strchr(url, ':');

	return strncmp(colon, "://", 3) == 0 ? url : colon + 1;
}

/* What libpq says of a URL may repeat it, and with it a password. */
static enum ev_status check_url(const char *url, struct ev_error *err)
{
	static const char *const secrets[] = {"password", "sslpassword"};
	PQconninfoOption *options = PQconninfoParse(conninfo_of(url), NULL);
	enum ev_status st = EV_OK;

	if (options == NULL)
		return ev_fail(
			err,
			"postgresql: libpq cannot read the target's name: write "
			"postgresql://[USER@]HOST[:PORT]/DATABASE, or postgresql:service=NAME, or "
			"postgresql: alone and PGHOST, PGDATABASE and so on in the environment");
	for (PQconninfoOption *o = options; o->keyword != NULL && st == EV_OK; o++)
		for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
			if (o->val != NULL && o->val[0] != '\0' &&
			    strcmp(o->keyword, secrets[i]) == 0)
				st = ev_fail(
					err,
					"postgresql: a password on the command line is there for "
					"all to see: put it into the file that PGPASSFILE names "
					"(~/.pgpass), or into a service file, and name "
					"postgresql:service=NAME");
	PQconninfoFree(options);
	return st;
}

static struct postgres *new_postgres(const char *url, const char *schema,
				     const struct ev_tables *tables, const char *model)
{
	struct postgres *p = ev_calloc(1, sizeof *p);

	p->target = (struct ev_target){.ops = &ops, .name = url, .keeps = true};
	p->where = conninfo_of(url);
	p->name = ev_strndup(url, p->where[0] == '\0' ? strlen(url) - 1 : strlen(url));
	p->named = schema != NULL;
	p->schema = p->named ? ev_strdup(schema) : NULL;
	p->model = model;
	p->tables = tables;
	p->waiting = ev_calloc(tables->n, sizeof *p->waiting);
	return p;
}

static struct ev_target *postgres_open(const char *url, const char *schema,
				       const struct ev_tables *tables, const char *model,
				       struct ev_error *err)
{
	struct postgres *p;

	if (ev_dialect_takes(ev_dialect_find("postgres"), tables, model, err) != EV_OK ||
	    check_url(url, err) != EV_OK)
		return NULL;
	p = new_postgres(url, schema, tables, model);
	if (connect(p, err) == EV_OK)
		return &p->target;
	postgres_free(&p->target);
	return NULL;
}

static enum ev_status postgres_position(const char *url, const char *schema, const char *model,
					char text[EV_STORE_POSITION], struct ev_error *err)
{
	static const struct ev_tables none = {NULL, 0};
	struct ev_standing standing;
	struct postgres *p;
	enum ev_status st;

	if (check_url(url, err) != EV_OK)
		return EV_FATAL;
	p = new_postgres(url, schema, &none, model);
	st = connect(p, err);
	if (st == EV_OK)
		st = begin(p, "READ ONLY", err);
	if (st == EV_OK)
		st = find_ledger(p, err);
	if (st == EV_OK)
		st = check_ledger(p, err);
	if (st == EV_OK)
		st = read_standing(p, &standing, err);
	if (st == EV_OK)
		st = ev_standing_write(&standing, url, text, err);
	postgres_free(&p->target);
	return st;
}

#else

static enum ev_status absent(struct ev_error *err)
{
	return ev_fail(err, "postgresql: this evload was built without libpq: install libpq-dev, "
			    "and configure and build evkit again");
}

static struct ev_target *postgres_open(const char *url, const char *schema,
				       const struct ev_tables *tables, const char *model,
				       struct ev_error *err)
{
	(void)url;
	(void)schema;
	(void)tables;
	(void)model;
	absent(err);
	return NULL;
}

static enum ev_status postgres_position(const char *url, const char *schema, const char *model,
					char text[EV_STORE_POSITION], struct ev_error *err)
{
	(void)url;
	(void)schema;
	(void)model;
	(void)text;
	return absent(err);
}

#endif

const struct ev_engine ev_postgres = {
	.dialect = "postgres", .open = postgres_open, .position = postgres_position};

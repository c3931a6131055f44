/*
 * postgres: what the files of the PostgreSQL target share, and nobody else may see. Floor 8.
 *
 * The door to libpq, whose types it takes from its header. The library itself is loaded when a
 * database is asked for, for it brings thirty others along, which cost every start of evload more
 * than all else.
 */
#ifndef EV_POSTGRES_H
#define EV_POSTGRES_H

#ifdef EV_LIBPQ

#include "warehouse/pgbinary.h"
#include "warehouse/target.h"

#include <libpq-fe.h>

/* The functions of libpq that are called: ev_pq.exec is PQexec. */
/* clang-format off */
#define EV_PQ_FUNCTIONS(X) \
	X(clear) X(cmdStatus) X(connectdbParams) X(connectionNeedsPassword) \
	X(conninfoFree) X(conninfoParse) X(errorMessage) X(exec) X(execParams) X(finish) \
	X(flush) X(getResult) X(getisnull) X(getlength) X(getvalue) X(ntuples) \
	X(parameterStatus) X(putCopyData) X(putCopyEnd) X(resultErrorField) \
	X(resultStatus) X(serverVersion) X(setNoticeReceiver) X(setnonblocking) X(status)
/* clang-format on */
#define EV_PQ_MEMBER(name) __typeof__(PQ##name) *name;
struct ev_pq {
	EV_PQ_FUNCTIONS(EV_PQ_MEMBER)
};
extern struct ev_pq ev_pq; /* filled by ev_pg_library */

/* A row that was written, and its place: the run of its source, and its line. */
struct ev_pg_place {
	size_t at;
	uint64_t number;
};

struct ev_pg_rows {
	struct ev_buf text;
	struct ev_pg_place *places;
	size_t n, cap;
};

/* What waits for a table. */
struct ev_pg_waiting {
	struct ev_pg_rows rows;
	struct ev_buf owners;
	/* The tables for them are made. */
	bool staged, owned;
	/* An owner's rows go that may have come before in the same load. */
	bool mixed;
	struct ev_buf greatest; /* owner of rows that came */
};

struct ev_postgres {
	struct ev_target target;
	PGconn *conn;
	char *name;	   /* in messages: the target's, or postgresql alone */
	const char *where; /* for libpq */
	const char *model;
	char *schema; /* NULL until it is known */
	char *ledger; /* its name in SQL */
	const struct ev_tables *tables;
	struct ev_differences *differences; /* where they are only noted, else NULL */
	struct ev_pg_waiting *waiting;	    /* by table */
	bool straight;			    /* rows go into the tables */
	bool checked;			    /* the ledger is as evload writes it */
	bool again;			    /* the last error is one that another try may mend */
	size_t unsent;			    /* bytes since the last pump */
	struct ev_pg_writer writer;
	struct ev_buf scratch, copy;

	/* The COPY whose outcome is not known. */
	const struct ev_table *copying;
	char copying_into[64];	/* as the server names it */
	struct ev_pg_rows sent; /* none of owners */

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

static inline struct ev_postgres *ev_postgres_of(struct ev_target *t)
{
	return (struct ev_postgres *)(void *)t;
}

/* The connection: pgclient.c */

/* Loads libpq, once. Before any other call. */
enum ev_status ev_pg_library(struct ev_error *err);
/* Whether libpq can read a target's name, and no password is in it. */
enum ev_status ev_pg_check_url(const char *url, struct ev_error *err);
/* What libpq is given of a URL: one with an authority as it is, else what is behind the colon. */
const char *ev_pg_conninfo(const char *url);
enum ev_status ev_pg_connect(struct ev_postgres *p, struct ev_error *err);
/* access: READ WRITE or READ ONLY. */
enum ev_status ev_pg_begin(struct ev_postgres *p, const char *access, struct ev_error *err);
enum ev_status ev_pg_lock(struct ev_postgres *p, struct ev_error *err);
/* r: what the server says, or NULL where nothing came of it. Always EV_FATAL. */
enum ev_status ev_pg_trouble(struct ev_postgres *p, const char *doing, const PGresult *r,
			     struct ev_error *err);
bool ev_pg_is_state(const PGresult *r, const char *state);
/* NULL after an error, which is told. */
PGresult *ev_pg_ask(struct ev_postgres *p, const char *doing, const char *sql, int n,
		    const char *const *values, struct ev_error *err);
enum ev_status ev_pg_run(struct ev_postgres *p, const char *doing, const char *sql,
			 struct ev_error *err);
void ev_pg_put_table(const struct ev_postgres *p, const struct ev_table *t, struct ev_buf *sql);

/* The live tables: pgcompare.c */

enum ev_status ev_pg_check(struct ev_target *t, struct ev_differences *out, struct ev_error *err);
enum ev_status ev_pg_check_table(struct ev_postgres *p, const struct ev_table *t,
				 struct ev_error *err);
/* That a table, or with NULL the ledger, is plain: no view, no trigger, no rule. name: in SQL. */
enum ev_status ev_pg_check_is_plain(struct ev_postgres *p, const struct ev_table *t,
				    const char *name, struct ev_error *err);
/* That the ledger is there, with all its columns. */
enum ev_status ev_pg_find_ledger(struct ev_postgres *p, struct ev_error *err);

/* Rows: pgload.c */

enum ev_status ev_pg_insert(struct ev_target *t, const struct ev_row *row, struct ev_row *there,
			    struct ev_error *err);
enum ev_status ev_pg_erase(struct ev_target *t, const struct ev_table *table,
			   const struct ev_cell *owner, uint64_t from, struct ev_row *there,
			   struct ev_error *err);
enum ev_status ev_pg_flush(struct ev_target *t, struct ev_row *there, struct ev_error *err);
enum ev_status ev_pg_clear(struct ev_target *t, struct ev_error *err);
/* The outcome of the last COPY. A row that is there already is no error yet: p->rejected. */
enum ev_status ev_pg_settle(struct ev_postgres *p, struct ev_error *err);
/* Nothing waits any more. */
void ev_pg_forget(struct ev_postgres *p);
void ev_pg_free_waiting(struct ev_postgres *p);

#endif
#endif

/*
 * sqlite: what the files of the SQLite target share, and nobody else may see. Floor 8.
 *
 * The door to SQLite.
 */
#ifndef EV_SQLITE_H
#define EV_SQLITE_H

#include "base/buf.h"
#include "warehouse/target.h"

#include <sqlite3.h>

/* A row that waits for its neighbours. */
struct ev_sqlite_waiting {
	struct ev_row row;
	struct ev_cell *cells;
	struct ev_buf text; /* of the cells */
};

struct ev_sqlite_statements {
	sqlite3_stmt *insert, *insert_many, *erase;
	size_t many; /* rows that the second takes */
	struct ev_sqlite_waiting *rows;
	size_t n_rows;
};

struct ev_sqlite {
	struct ev_target target;
	sqlite3 *db;
	char *file;
	const char *model; /* its file's name */
	const struct ev_tables *tables;
	struct ev_sqlite_statements *statements; /* by table */
	struct ev_differences *differences;	 /* where they are only noted, else NULL */
	bool ready; /* compared with the model, and the statements are prepared */
	/* the newest entry, which the COMMIT brings */
	char *last_batch, *last_position, last_digest[33];
	struct ev_buf scratch;
};

static inline struct ev_sqlite *ev_sqlite_of(struct ev_target *t)
{
	return (struct ev_sqlite *)(void *)t;
}

/* The connection: sqlite.c */

/* What SQLite says of its last call. Always EV_FATAL. */
enum ev_status ev_sqlite_trouble(struct ev_sqlite *s, const char *doing, struct ev_error *err);
enum ev_status ev_sqlite_run(struct ev_sqlite *s, const char *sql, struct ev_error *err);
enum ev_status ev_sqlite_prepare(struct ev_sqlite *s, const char *sql, sqlite3_stmt **st,
				 struct ev_error *err);
/*
 * SQLITE_OK, else why it cannot be bound: then what was bound before would stand there. text may be
 * NULL.
 */
int ev_sqlite_bind(sqlite3_stmt *st, int i, const char *text);
/* The text of a column that is a text; NULL, which is told, where there is no memory for it. */
const char *ev_sqlite_text(struct ev_sqlite *s, sqlite3_stmt *q, int i, struct ev_error *err);

/* The live tables: sqlitecompare.c */

/* What a view or a trigger makes of a row is not what was loaded. t: NULL, the ledger. */
enum ev_status ev_sqlite_check_is_plain(struct ev_sqlite *s, const struct ev_table *t,
					struct ev_error *err);
enum ev_status ev_sqlite_check_table(struct ev_sqlite *s, const struct ev_table *t,
				     struct ev_error *err);
/* That the ledger lacks the column that this version has added to it. */
enum ev_status ev_sqlite_lacks_offsets(struct ev_sqlite *s, struct ev_error *err);
/* That the ledger is not there: a difference. */
enum ev_status ev_sqlite_lacks_ledger(struct ev_sqlite *s, struct ev_error *err);

/* Rows: sqliterows.c */

/* Statements for the rows of a table, which must be as the model has it. */
enum ev_status ev_sqlite_prepare_table(struct ev_sqlite *s, const struct ev_table *t,
				       struct ev_error *err);
enum ev_status ev_sqlite_insert(struct ev_target *t, const struct ev_row *row, struct ev_row *there,
				struct ev_error *err);
enum ev_status ev_sqlite_erase(struct ev_target *t, const struct ev_table *table,
			       const struct ev_cell *owner, uint64_t from, struct ev_row *there,
			       struct ev_error *err);
enum ev_status ev_sqlite_flush(struct ev_target *t, struct ev_row *there, struct ev_error *err);
enum ev_status ev_sqlite_clear(struct ev_target *t, struct ev_error *err);
/* Nothing waits any more, and no statement is left. */
void ev_sqlite_finalize(struct ev_sqlite *s);
/* Nothing waits any more. */
void ev_sqlite_forget(struct ev_sqlite *s);
void ev_sqlite_free_rows(struct ev_sqlite *s);

#endif

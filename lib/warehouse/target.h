/*
 * target: what rows are loaded into. Floor 8.
 *
 * One interface for every warehouse: batches of deletes by owner and inserts in a transaction, with
 * a ledger of the batches that it holds, and of the position in a state that it stands at.
 */
#ifndef EV_TARGET_H
#define EV_TARGET_H

#include "base/buf.h"
#include "base/status.h"
#include "io/out.h"
#include "record/offsets.h"
#include "store/span.h"
#include "warehouse/table.h"

/*
 * A value as text: what a JSON string stands for, or the text of a number, true or false. Behind it
 * EV_COPY_OVER bytes can be read.
 */
struct ev_cell {
	const char *p;
	size_t len;
	bool null;
	bool plain; /* holds no control character, no backslash and no double quote */
};

struct ev_row {
	const struct ev_table *table;
	const struct ev_cell *cells; /* one for each column of the table */
	const char *source; /* where it stands in the input; it lasts as long as the target */
	uint64_t line;
};

struct ev_ledger_entry {
	const char *batch;  /* its name */
	const char *digest; /* 32 hex digits, over the bytes of its rows */
	/* "insert" or "snapshot"; of what comes out of a state "changes" or "whole". */
	const char *mode;
	uint64_t rows;
	const char *balance; /* JSON: the stages it went through */
	/* Of what comes out of a state: the position, and the model's digest; else NULL. */
	const char *position, *model;
	const char *offsets; /* how far topics are loaded (offsets.h), as JSON; or NULL */
};

/* What the newest entry of the ledger says. */
struct ev_standing {
	bool fresh;   /* that there is none */
	bool follows; /* that the target follows a state: then it stands at a position */
	struct ev_point at;
	char model[33];
};

/* What a live table is otherwise than the model has it. */
enum ev_lack {
	EV_LACKS_TABLE,	 /* it is not there */
	EV_LACKS_COLUMN, /* one that the model has */
	EV_HAS_COLUMN,	 /* one that the model has not */
	EV_DIFFERS,
	EV_NOT_PLAIN, /* a view, or a trigger may change what is loaded */
	EV_REFUSES,   /* a constraint of other hands may keep rows out */
};
struct ev_difference {
	const struct ev_table *table; /* NULL: the ledger */
	enum ev_lack lack;
	size_t column; /* that it lacks */
	char *name;    /* of a live column that the model has not, else NULL */
	char *what;    /* "lacks the column a" and so on */
	char *mend;    /* of what refuses: what takes it away, else NULL */
};
struct ev_differences {
	struct ev_difference *list;
	size_t n;
};
/* Copies what, name and mend. */
void ev_differences_add(struct ev_differences *d, const struct ev_table *t, enum ev_lack lack,
			size_t column, const char *name, const char *what, const char *mend);
void ev_differences_free(struct ev_differences *d);

/* Of an event whose rows are to be deleted. */
struct ev_gone {
	uint64_t first; /* the commit that first had it */
	uint64_t from;	/* of a history: the version from which on */
	/* The least and the greatest day (UTC) of its rows' event: EV_DATE_TEXT bytes each; NULL:
	 * not known. */
	const char *days[2];
};

struct ev_target;

struct ev_target_ops {
	/*
	 * Adds all in which the live tables differ from the model's, and changes nothing. EV_FATAL
	 * if it cannot look. No other call comes behind it.
	 */
	enum ev_status (*check)(struct ev_target *t, struct ev_differences *out,
				struct ev_error *err);
	/*
	 * Begins a transaction: it takes the lock, and compares the model with the tables. What
	 * stands in the ledger stays so until the transaction ends.
	 */
	enum ev_status (*begin)(struct ev_target *t, struct ev_standing *standing,
				struct ev_error *err);
	/*
	 * Whether the ledger holds a batch of that name, loaded since the last snapshot; fills its
	 * digest.
	 */
	enum ev_status (*known)(struct ev_target *t, const char *batch, bool *known,
				char digest[33], struct ev_error *err);
	/* What the ledger holds since the last snapshot or whole, that one included. */
	enum ev_status (*live)(struct ev_target *t, uint64_t *batches, uint64_t *rows,
			       struct ev_error *err);
	/* Takes every row out but those that evschema made. */
	enum ev_status (*clear)(struct ev_target *t, struct ev_error *err);
	/*
	 * These three are EV_REJECT if a row of the same key as one that was given is there
	 * already: that is then *there, until the next call. It may have been given before, for
	 * rows wait for others; behind flush none does.
	 *
	 * erase, of a table with versions: from that one on; else all rows of the owner.
	 */
	enum ev_status (*erase)(struct ev_target *t, const struct ev_table *table,
				const struct ev_cell *owner, uint64_t from, struct ev_row *there,
				struct ev_error *err);
	enum ev_status (*insert)(struct ev_target *t, const struct ev_row *row,
				 struct ev_row *there, struct ev_error *err);
	enum ev_status (*flush)(struct ev_target *t, struct ev_row *there, struct ev_error *err);
	/* Adds how far topics are loaded, as the newest entry says that says so. NULL: not kept. */
	enum ev_status (*offsets)(struct ev_target *t, struct ev_offsets *all,
				  struct ev_error *err);
	/* Enters a batch in the ledger. */
	enum ev_status (*enter)(struct ev_target *t, const struct ev_ledger_entry *e,
				struct ev_error *err);
	/* Whether the newest n entries of the ledger are these: then there is nothing to do. */
	enum ev_status (*newest)(struct ev_target *t, const struct ev_ledger_entry *e, size_t n,
				 bool *same, struct ev_error *err);
	/* All or nothing: after EV_FATAL nothing is in. The next begin begins anew. */
	enum ev_status (*commit)(struct ev_target *t, struct ev_error *err);
	/*
	 * Both NULL, but for a target that is not at hand, so that it may stand anywhere in a
	 * section out of a state: what the section shows, behind begin; and what is to be deleted,
	 * instead of erase: of all facts where table is NULL.
	 */
	enum ev_status (*show)(struct ev_target *t, const struct ev_span *span,
			       struct ev_error *err);
	enum ev_status (*gone)(struct ev_target *t, const struct ev_table *table,
			       const struct ev_cell *owner, const struct ev_gone *gone,
			       struct ev_error *err);
	/* Ends the transaction as if it had never been. */
	void (*abandon)(struct ev_target *t);
	/* Frees; what is not committed has never been. */
	void (*free)(struct ev_target *t);
};

struct ev_target {
	const struct ev_target_ops *ops;
	const char *name;	 /* as the user gives it: "sqlite:shop.db"; borrowed */
	const char *environment; /* of the model, by which it was named; borrowed, or NULL */
	bool keeps; /* a ledger, and rows from one load to the next: else erase is never asked */
};

/* How TSV is spelled; marked: null is \N, else empty. */
enum ev_tsv { EV_TSV_PGTEXT, EV_TSV_CSVQ, EV_TSV_CSVQ_MARKED };

/* TSV of one table to an output. */

struct ev_target *ev_tsv_table(struct ev_out *out, const char *table, enum ev_tsv dialect);
/*
 * TSV of all tables into files of a folder, with manifest.json, which comes last. gzip: the files
 * are packed, each in its own right, by threads of their own (pack.h).
 */
struct ev_target *ev_tsv_folder(const char *folder, const struct ev_tables *tables,
				enum ev_tsv dialect, bool gzip, struct ev_error *err);
/*
 * A bundle for a target that is not at hand: TSV of the tables and of what is to be deleted, in
 * files of a folder of its own, load.sql, which brings them in there, and manifest.json, which
 * comes last. part: bytes of TSV behind which a file ends; 0: as the target likes it. schema: of
 * the tables, or NULL. model: its file's name, for errors. NULL if the target is not known, or
 * cannot hold the tables.
 */
struct ev_target *ev_bundle_open(const char *folder, const struct ev_tables *tables,
				 const char *target, const char *schema, uint64_t part,
				 const char *model, struct ev_error *err);
/* Whether a folder of that name is there. */
bool ev_bundle_is_there(const char *folder);
/* Where a bundle leads to, as STORE:N:DIGEST. EV_FATAL if it comes out of no state. */
enum ev_status ev_bundle_position(const char *folder, char text[EV_STORE_POSITION],
				  struct ev_error *err);
/*
 * Whether each file of a bundle, or of a folder of TSV, is as its manifest says; EV_REJECT: err
 * says which is not.
 */
enum ev_status ev_bundle_verify(const char *folder, struct ev_error *err);

/* A database that is loaded directly. */
struct ev_engine {
	const char *dialect; /* its name in the model's environments */
	/*
	 * url: as the user gives it; borrowed, as all but the error. schema: where the tables
	 * stand, or NULL; without schemas it says nothing. model: its file's name, for errors.
	 * begin asks whether the database has the model's tables.
	 */
	struct ev_target *(*open)(const char *url, const char *schema,
				  const struct ev_tables *tables, const char *model,
				  struct ev_error *err);
	/* Where it stands, and how far topics are loaded. EV_FATAL if there is no ledger. */
	enum ev_status (*stand)(const char *url, const char *schema, const char *model,
				struct ev_standing *standing, struct ev_offsets *offsets,
				struct ev_error *err);
};

/*
 * Loads into one schema of PostgreSQL go one after the other, those of bundles, too: of the two
 * numbers of their advisory lock the first, "evld"; the other is the ledger's oid.
 */
#define EV_PG_LOCK "1702259812"

extern const struct ev_engine ev_sqlite, ev_postgres;
/* As STORE:N:DIGEST; 0 where nothing was loaded. EV_FATAL if it follows no state. */
enum ev_status ev_standing_write(const struct ev_standing *s, const char *where,
				 char text[EV_STORE_POSITION], struct ev_error *err);
/* That of a URL; NULL if it is none of a database. */
const struct ev_engine *ev_engine_find(const char *url);

#endif

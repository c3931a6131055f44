/*
 * target: what rows are loaded into. Floor 3.
 *
 * One interface for every warehouse: batches of deletes by owner and inserts, all in one
 * transaction, with a ledger of the batches that it holds.
 */
#ifndef EV_TARGET_H
#define EV_TARGET_H

#include "base/buf.h"
#include "base/status.h"
#include "io/out.h"
#include "warehouse/table.h"

/*
 * A value as text: what a JSON string stands for, or the text of a number, true or false. Behind it
 * EV_COPY_OVER octets can be read.
 */
struct ev_cell {
	const char *p;
	size_t len;
	bool null;
	bool plain; /* holds no control character, no backslash and no double quote */
};

struct ev_ledger_entry {
	const char *batch;  /* its name */
	const char *digest; /* 32 hex digits, over the octets of its rows */
	const char *mode;   /* "insert" or "snapshot" */
	uint64_t rows;
	const char *balance; /* JSON: the stages it went through */
};

struct ev_target;

struct ev_target_ops {
	/*
	 * Whether the ledger holds a batch of that name, loaded since the last snapshot; fills its
	 * digest.
	 */
	enum ev_status (*known)(struct ev_target *t, const char *batch, bool *known,
				char digest[33], struct ev_error *err);
	/* What the ledger holds since the last snapshot, that one included. */
	enum ev_status (*live)(struct ev_target *t, uint64_t *batches, uint64_t *rows,
			       struct ev_error *err);
	/* Takes every row of the model's tables out. */
	enum ev_status (*clear)(struct ev_target *t, struct ev_error *err);
	enum ev_status (*erase)(struct ev_target *t, const struct ev_table *table,
				const char *owner, struct ev_error *err);
	/*
	 * cells: one for each column of the table. EV_REJECT if a row of that key is there already.
	 */
	enum ev_status (*insert)(struct ev_target *t, const struct ev_table *table,
				 const struct ev_cell *cells, struct ev_error *err);
	/* Enters a batch in the ledger. */
	enum ev_status (*enter)(struct ev_target *t, const struct ev_ledger_entry *e,
				struct ev_error *err);
	/* Whether the newest n entries of the ledger are these: then there is nothing to do. */
	enum ev_status (*newest)(struct ev_target *t, const struct ev_ledger_entry *e, size_t n,
				 bool *same, struct ev_error *err);
	/* All or nothing: after EV_FATAL nothing is in. */
	enum ev_status (*commit)(struct ev_target *t, struct ev_error *err);
	/* Frees; what is not committed has never been. */
	void (*free)(struct ev_target *t);
};

struct ev_target {
	const struct ev_target_ops *ops;
};

/* TSV of one table to an output: its rows, or the owners whose rows are to be deleted first. */
enum ev_tsv { EV_TSV_PGTEXT, EV_TSV_CSVQ };

struct ev_target *ev_tsv_table(struct ev_out *out, const char *table, bool owners,
			       enum ev_tsv dialect);
/*
 * TSV of all tables into files of a folder, with manifest.json, which comes last. gzip: the files
 * are packed, each in its own right, by threads of their own (pack.h).
 */
struct ev_target *ev_tsv_folder(const char *folder, const struct ev_tables *tables,
				enum ev_tsv dialect, bool gzip, struct ev_error *err);
/* The file must exist and have the model's tables. model: its file's name, for errors. */
struct ev_target *ev_sqlite_open(const char *file, const struct ev_tables *tables,
				 const char *model, struct ev_error *err);

#endif

/*
 * What the files of lib/warehouse share, and nobody else may see: rows as TSV, and what a bundle
 * holds. Floor 8.
 */
#ifndef EV_WAREHOUSE_INTERNAL_H
#define EV_WAREHOUSE_INTERNAL_H

#include "base/time.h"
#include "warehouse/dialect.h"
#include "warehouse/target.h"

/*
 * Writes cells as a row of TSV; *len: its bytes, with the line feed. line is scratch.
 */
enum ev_status ev_tsv_put(struct ev_out *out, enum ev_tsv dialect, const struct ev_cell *cells,
			  size_t n, struct ev_buf *line, size_t *len, struct ev_error *err);

/* Of a target that keeps nothing (struct ev_target_ops). */
enum ev_status ev_tsv_begin(struct ev_target *t, struct ev_standing *standing,
			    struct ev_error *err);
enum ev_status ev_tsv_known(struct ev_target *t, const char *batch, bool *known, char digest[33],
			    struct ev_error *err);
enum ev_status ev_tsv_live(struct ev_target *t, uint64_t *batches, uint64_t *rows,
			   struct ev_error *err);
enum ev_status ev_tsv_nothing(struct ev_target *t, struct ev_error *err);
enum ev_status ev_tsv_flush(struct ev_target *t, struct ev_row *there, struct ev_error *err);
enum ev_status ev_tsv_enter(struct ev_target *t, const struct ev_ledger_entry *e,
			    struct ev_error *err);
enum ev_status ev_tsv_newest(struct ev_target *t, const struct ev_ledger_entry *e, size_t n,
			     bool *same, struct ev_error *err);
void ev_tsv_abandon(struct ev_target *t);

/*
 * The columns of what is to be deleted: of which table, or EV_ALL_FACTS; whose; the commit that
 * first had the owner; the version from which on. No row begins with an empty field, which
 * sqlite3's .import would pass over.
 */
enum { EV_GONE = 4 };
extern const struct ev_column ev_gone_columns[EV_GONE];
#define EV_ALL_FACTS "*"

/* What a target likes in the files of a bundle, and what it cannot take. */
struct ev_bundle_kind {
	const char *target;
	enum ev_tsv dialect;
	bool gzip;
	bool no_marker;	  /* a text that reads \N cannot be told from null */
	bool exact_scale; /* decimals are texts: they bear every digit behind the point */
	bool keyless;	  /* its primary keys are not enforced */
	int first_year, last_year;
	uint64_t part;	 /* bytes of TSV, behind which a file ends; 0: never */
	size_t row_max;	 /* bytes of a row; 0: any */
	size_t text_max; /* bytes of a varchar; 0: any */
};

/* A file of a bundle. */
struct ev_bundle_part {
	struct ev_out *out;
	char *file;
	uint64_t rows, bytes; /* of TSV */
	char digest[33];      /* of TSV, XXH3-128 */
};

/* The files of a table. */
struct ev_bundle_files {
	struct ev_bundle_part *list;
	size_t n;
	uint64_t rows;
	size_t longest; /* bytes of the longest row */
	bool respelt;	/* there are columns that the target wants in another spelling */
};

struct ev_bundle_entry {
	char *batch, *balance, *offsets;
	char digest[33], mode[16];
	uint64_t rows;
};

struct ev_bundle {
	struct ev_target target;
	const struct ev_bundle_kind *kind; /* NULL: files alone */
	const struct ev_dialect *sql;	   /* NULL: files alone */
	const char *schema;		   /* of the tables, or NULL; borrowed */
	enum ev_tsv dialect;
	uint64_t part; /* as in kind */
	bool picky;    /* there are values that the target cannot take */
	char *folder;
	const struct ev_tables *tables;
	struct ev_pack *pack; /* NULL: the files are not gzip */
	struct ev_buf line, text;
	struct ev_cell *cells;
	struct ev_bundle_files *files; /* by table; behind them what is to be deleted */
	/* Out of a state: what it shows, and the digests of its commits. */
	bool by_position;
	struct ev_span span;
	char *digests;
	bool partial; /* something is to be deleted from a later version than the first on */
	/* Between which days (UTC) the events happened whose rows are to be deleted from the facts;
	 * dateless: of some that is not known. Empty where there are none. */
	char days[2][EV_DATE_TEXT + 1];
	bool dateless;
	char model[33];
	struct ev_bundle_entry *entries;
	size_t n_entries;
};

/* What load.sql begins with. */
#define EV_SCRIPT_HEAD "-- What evload put together for "
/* Whether all rows that are there give way. */
bool ev_bundle_is_whole(const struct ev_bundle *b);
/* Appends load.sql. */
void ev_bundle_script(const struct ev_bundle *b, struct ev_buf *out);

#endif

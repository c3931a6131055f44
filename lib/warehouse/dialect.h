/*
 * dialect: how each warehouse spells names and types. Floor 8.
 */
#ifndef EV_DIALECT_H
#define EV_DIALECT_H

#include "base/buf.h"
#include "model/model.h"
#include "warehouse/table.h"

/* How comments on tables and columns are made. */
enum ev_comments {
	EV_COMMENTS_NONE,
	EV_COMMENTS_ON,	     /* COMMENT ON TABLE t IS '...' */
	EV_COMMENTS_OPTIONS, /* ALTER TABLE t SET OPTIONS (description = '...') */
	EV_COMMENTS_ALTER,   /* ALTER TABLE t MODIFY COMMENT '...' */
};

/* How the rows of a table are laid out. */
enum ev_layout {
	EV_LAYOUT_NONE,
	EV_LAYOUT_CLUSTER,    /* CLUSTER BY (day, owner) */
	EV_LAYOUT_SORT,	      /* DISTKEY (owner) SORTKEY (day, owner) */
	EV_LAYOUT_PARTITION,  /* PARTITION BY day CLUSTER BY owner */
	EV_LAYOUT_MERGE_TREE, /* ORDER BY (the primary key) */
};

struct ev_dialect {
	const char *target;		     /* as in the model's environments */
	const char *types[EV_TYPE_JSON + 1]; /* "(" if size, or size and scale, follow */
	const char *wide_decimal; /* of more digits than the other takes; NULL where there is one */
	size_t max_columns;	  /* of a table */
	uint32_t varchar_bytes;	  /* the size of a varchar is in bytes, so many at most; 0: in code
				   points */
	bool schemas;		  /* tables stand in a schema that has a name */
	uint32_t max_scale;	  /* of a decimal; 0 where its digits alone are the bound */
	const char *beginning;	  /* from when on the unknown member is valid, as text */
	int first_year, last_year; /* of times and dates; 0 where those of the model are */
	bool conflicts;		   /* knows ON CONFLICT DO NOTHING */
	bool uuid;		   /* has a type for it, of 16 bytes */
	/*
	 * Loads erase nothing: rows bear the load that brought them, and a view of the table's name
	 * shows those that count (ClickHouse).
	 */
	bool by_load;
	bool drops_views;    /* has no CREATE OR REPLACE VIEW that changes columns */
	char quote;	     /* around an identifier */
	bool backslash;	     /* escapes in a text */
	bool backslash_name; /* escapes in an identifier; else its quote is doubled */
	bool templates;	     /* its client reads {, & and <% in a text, too */
	enum ev_comments comments;
	enum ev_layout layout;
	const char *text, *ledger_json, *ledger_int;
	const char *nullable; /* around the type of what may be null: "" where that is any */
	const char *key_note; /* behind PRIMARY KEY */
	const char *by_bytes; /* of a text column: it is compared byte by byte; "" where all are */
	const char *schema;   /* what a schema is called */
	const char *opening;  /* statements in front of all others */
	const char *begin, *commit; /* around DDL; "" where it knows no transaction */
	const char *yes, *no;	    /* values of a bool */
};

/* NULL if this version has no DDL for the target. */
const struct ev_dialect *ev_dialect_find(const char *target);
/* The names of all, separated by commas. */
const char *ev_dialect_names(void);

/*
 * Whether the target can hold the tables; else the error names the first that it cannot. model: its
 * file's name. Names are never too long for any: the model's are of 63 bytes at most.
 */
enum ev_status ev_dialect_takes(const struct ev_dialect *d, const struct ev_tables *tables,
				const char *model, struct ev_error *err);

/* Appends an identifier, quoted. */
void ev_sql_name(const struct ev_dialect *d, const char *name, struct ev_buf *out);
/* schema may be NULL. */
void ev_sql_table(const struct ev_dialect *d, const char *schema, const char *name,
		  struct ev_buf *out);
/*
 * The table that the rows of a table of the model stand in: of another name, EV_ROWS before it,
 * where the dialect goes by_load.
 */
void ev_sql_rows(const struct ev_dialect *d, const char *schema, const struct ev_table *t,
		 struct ev_buf *out);
/* The type of column i as it stands in CREATE TABLE, with what says whether it may be null. */
void ev_sql_column(const struct ev_dialect *d, const struct ev_table *t, size_t i,
		   struct ev_buf *out);
void ev_sql_type(const struct ev_dialect *d, const struct ev_column *c, struct ev_buf *out);
/* A text as a literal: what stands in it stays in it, in the dialect's client, too. */
void ev_sql_text(const struct ev_dialect *d, const char *text, size_t len, struct ev_buf *out);
/* Whether a key's 32 digits are stored as a UUID, in its canonical form. */
bool ev_sql_is_uuid_key(const struct ev_dialect *d, const struct ev_column *c);

/* The statement that makes the ledger, "ev_ledger". */
void ev_sql_ledger(const struct ev_dialect *d, const char *schema, struct ev_buf *out);

/* Where a dialect goes by_load: of the table of a table's rows, and what each row bears. */
#define EV_ROWS "ev_rows_"
#define EV_LOAD "ev_load"

#endif

/*
 * dialect: how each warehouse spells names and types. Floor 8.
 */
#ifndef EV_DIALECT_H
#define EV_DIALECT_H

#include "base/buf.h"
#include "model/model.h"
#include "warehouse/table.h"

struct ev_dialect {
	const char *target;		     /* as in the model's environments */
	const char *types[EV_TYPE_JSON + 1]; /* "(" if size, or size and scale, follow */
	size_t max_columns;		     /* of a table */
	bool schemas;			     /* tables stand in a schema that has a name */
	const char *ledger_json, *ledger_int;
	const char *by_bytes; /* of a text column: it is compared byte by byte; "" where all are */
	const char *opening;  /* statements in front of all others */
	const char *yes, *no; /* values of a bool */
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

/* Appends an identifier in double quotes, which every dialect here reads (SQL:2016, 5.2). */
void ev_sql_name(const char *name, struct ev_buf *out);
/* schema may be NULL. */
void ev_sql_table(const char *schema, const char *name, struct ev_buf *out);
void ev_sql_type(const struct ev_dialect *d, const struct ev_column *c, struct ev_buf *out);

/* The statement that makes the ledger, "ev_ledger". */
void ev_sql_ledger(const struct ev_dialect *d, const char *schema, struct ev_buf *out);

#endif

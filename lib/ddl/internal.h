/*
 * internal: what the files of lib/ddl share. Floor 9.
 */
#ifndef EV_DDL_INTERNAL_H
#define EV_DDL_INTERNAL_H

#include "ddl/ddl.h"
#include "warehouse/dialect.h"
#include "warehouse/table.h"

struct ddl {
	const struct ev_model *model;
	const struct ev_dialect *d;
	const char *schema; /* or NULL */
	struct ev_tables *tables;
	struct ev_out *out;
	struct ev_buf text; /* not put yet */
	struct ev_buf scratch;
};

/* EV_FATAL if the target cannot hold the tables. ddl_close in any case. */
enum ev_status ddl_open(struct ddl *s, const struct ev_ddl *what, struct ev_out *out,
			struct ev_error *err);
void ddl_close(struct ddl *s);
/* Puts what was written to text. */
enum ev_status ddl_put(struct ddl *s, struct ev_error *err);

/* CREATE TABLE. */
void ddl_table(struct ddl *s, const struct ev_table *t);
/* The comments on a table and its columns, of the model's descriptions. */
void ddl_comments(struct ddl *s, const struct ev_table *t);

/* Where the dialect goes by_load: the erasures, the loads that count; and a table's view. */
void ddl_loads(struct ddl *s);
void ddl_counting(struct ddl *s, const struct ev_table *t);

#endif

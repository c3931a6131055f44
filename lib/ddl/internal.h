/*
 * internal: what the files of lib/ddl share. Floor 10.
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

/* The rows of a dimension that follow from the model alone. */
enum ev_status ddl_rows(struct ddl *s, const struct ev_table *t, struct ev_error *err);
/* Appends what takes all views of the model out that may be there. */
void ddl_drop_views(const struct ddl *s, struct ev_buf *out);
/* Writes what makes them. */
enum ev_status ddl_views(struct ddl *s, struct ev_error *err);

/* ALTER TABLE, without a line end. */
void ddl_add_column(const struct ddl *s, const struct ev_table *t, size_t i, struct ev_buf *out);
void ddl_drop_column(const struct ddl *s, const struct ev_table *t, const char *name,
		     struct ev_buf *out);

/* The schemas of the model's types, read as far as they are asked for. */
struct ddl_enums;
struct ddl_enums *ddl_enums_new(const struct ev_model *m);
void ddl_enums_free(struct ddl_enums **enums);
/*
 * The enum, a list, or the const, a scalar, that the schema of a type's puts has for the value at
 * these steps; NULL if it has none.
 */
const struct ev_yaml *ddl_enums_of(struct ddl_enums *e, const struct ev_event_type *type,
				   const struct ev_step *steps, size_t n);

#endif

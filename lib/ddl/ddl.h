/*
 * ddl: the DDL of a star. Floor 10.
 *
 * The room lib/ddl writes the statements that make a warehouse ready for evload.
 */
#ifndef EV_DDL_H
#define EV_DDL_H

#include "io/out.h"
#include "model/model.h"
#include "warehouse/dialect.h"

/* For what the statements are. */
struct ev_ddl {
	const struct ev_model *model;
	const struct ev_dialect *dialect;
	const char *schema;	 /* of the warehouse, or NULL */
	const char *environment; /* that names it; in messages; or NULL */
};

/* All of these are EV_FATAL if the warehouse cannot hold the tables. */

/*
 * Puts the statements that make every table of the model, and the ledger, where they are not there
 * yet; and the rows that follow from the model alone.
 */
enum ev_status ev_ddl_create(const struct ev_ddl *what, struct ev_out *out, struct ev_error *err);
/*
 * Puts the statements that make the views: of each history fact the current state and that of a
 * moment, and those of the model's measures.
 */
enum ev_status ev_ddl_views(const struct ev_ddl *what, struct ev_out *out, struct ev_error *err);

/*
 * Puts the statements that turn the tables of the old model into those of the new one; nothing
 * where they are the same. EV_FATAL also where rows that are there cannot be kept, with the reason.
 */
enum ev_status ev_ddl_diff(const struct ev_model *old, const struct ev_ddl *what,
			   struct ev_out *out, struct ev_error *err);

/*
 * Puts the grants of two roles, each of which may be NULL: a loader, which may not create, and an
 * analyst, who may only read. EV_FATAL where the warehouse has none.
 */
enum ev_status ev_ddl_grants(const struct ev_ddl *what, const char *loader, const char *analyst,
			     struct ev_out *out, struct ev_error *err);

/* Puts a sources.yml of dbt. */
enum ev_status ev_ddl_dbt(const struct ev_ddl *what, struct ev_out *out, struct ev_error *err);

/*
 * Puts a line for each difference of the live tables from the model's. url: one that a target
 * takes, and what->dialect is its.
 */
enum ev_status ev_ddl_check(const struct ev_ddl *what, const char *url, struct ev_out *out,
			    bool *same, struct ev_error *err);

#endif

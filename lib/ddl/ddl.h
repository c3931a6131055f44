/*
 * ddl: the DDL of a star. Floor 9.
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
	const char *schema; /* of the warehouse, or NULL */
};

/* All of these are EV_FATAL if the warehouse cannot hold the tables. */

/*
 * Puts the statements that make every table of the model, and the ledger, where they are not there
 * yet; and the rows that follow from the model alone.
 */
enum ev_status ev_ddl_create(const struct ev_ddl *what, struct ev_out *out, struct ev_error *err);

#endif

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

/*
 * Puts the statements that make every table of the model, and the ledger, where they are not there
 * yet; and the rows that follow from the model alone. schema: of the warehouse, or NULL. EV_FATAL
 * if it cannot hold them.
 */
enum ev_status ev_ddl_write(const struct ev_model *m, const struct ev_dialect *dialect,
			    const char *schema, struct ev_out *out, struct ev_error *err);

#endif

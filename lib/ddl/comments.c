/*
 * Comments on tables and columns, of the model's descriptions.
 */
#include "ddl/internal.h"

void ddl_comments(struct ddl *s, const struct ev_table *t)
{
	(void)s;
	(void)t;
}

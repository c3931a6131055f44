/*
 * table: the tables of a star as a warehouse has them, with the columns that evkit adds. Floor 7.
 */
#ifndef EV_TABLE_H
#define EV_TABLE_H

#include "model/model.h"

struct ev_table {
	const char *name; /* the model's */
	size_t name_len;
	const struct ev_fact *fact;	      /* or NULL */
	const struct ev_dimension *dimension; /* or NULL */
	struct ev_column *columns;	      /* `from` and `dimension` are not set */
	size_t n;
	size_t n_keys;	/* the first columns are the primary key; the very first is the owner */
	bool uuid_keys; /* keys of members are stored as UUID where the warehouse has it */
	bool versions;	/* a history fact: ev_version is the second column */
	/* a fact's column of the event's time, by which large tables are cut; or NULL */
	const struct ev_column *day;
};

struct ev_tables {
	struct ev_table *list;
	size_t n;
};

/* Facts first, then dimensions, in the model's order. */
struct ev_tables *ev_tables_new(const struct ev_model *m);
void ev_tables_free(struct ev_tables **t);

const struct ev_table *ev_tables_find(const struct ev_tables *t, const char *name, size_t len);

#endif

/*
 * What the files of load share, and nobody else may see. Floor 10.
 */
#ifndef EV_LOAD_INTERNAL_H
#define EV_LOAD_INTERNAL_H

#include "load/load.h"
#include "record/event.h"
#include "warehouse/value.h"
#include "json/plan.h"

/* What `_ev` says of a row. */
enum ev_load_what {
	EV_LOAD_TABLE,
	EV_LOAD_OP,
	EV_LOAD_OWNER,
	EV_LOAD_FIRST,
	EV_LOAD_FROM,
	EV_LOAD_DAYS,
	EV_LOAD_WHATS
};

/* A batch that waits for the end of the input, to be entered in the ledger. */
struct ev_load_entry {
	char *batch, *balance, *offsets;
	char digest[33];
	uint64_t rows;
};

struct ev_load {
	const struct ev_tables *tables;
	struct ev_target *target;
	bool snapshot, may_be_empty, sealed;
	uint64_t n_row, n_delete, n_skipped;
	struct ev_count counts[4];

	/* rows (row.c) */
	struct ev_events *events;
	struct ev_reasons why;
	struct ev_buf value, text, owner;
	uint32_t whats[EV_LOAD_WHATS];	/* the symbols of what "_ev" says */
	struct ev_plans reserved;	/* a plan: the nodes of what "_ev" says */
	struct ev_load_table *by_table; /* how rows of each table are read */
	const struct ev_table *last;	/* the table of the row before */
	/* of the row at hand, where there is no plan */
	uint32_t at[EV_LOAD_WHATS];
	struct ev_check *checks;
	struct ev_cell *cells;
	char *stores; /* EV_VALUE_STORE bytes a cell */

	/* all sections (load.c) */
	bool open; /* a transaction */
	struct ev_standing standing;
	size_t n_begun;
	bool by_position; /* sections out of a state; all are, or none */
	char model[33];	  /* the digest of the model */
	struct ev_loaded did;
	const struct ev_offsets *offsets;
	struct ev_buf loaded; /* offsets, and what the ledger has besides, as JSON; or empty */
	bool further;	      /* than the ledger says */
	struct ev_load_entry *entries;
	size_t n_entries;

	/* the section at hand */
	char *batch;
	struct ev_point to; /* out of a state: the position that it leads to */
	bool whole;	    /* and that it shows all of it */
	bool known;	    /* the ledger has it */
	char known_digest[33];
	struct ev_error conflict; /* the first row that was there already */
	bool conflicting;
	uint64_t lines, rows; /* the latter without those that are to delete */
	bool eventful;	      /* a line has been seen, in any; and only an event brings one */
};

void ev_load_open_rows(struct ev_load *l, const struct ev_model *m);
void ev_load_free_rows(struct ev_load *l);
/*
 * What the target says of a row. The first one that was there already ends the load; those behind
 * it are only counted.
 */
enum ev_status ev_load_judge(struct ev_load *l, enum ev_status st, const struct ev_row *there);

#endif

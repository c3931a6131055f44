/*
 * load: rows into a target, batch by batch, all or nothing. Floor 10.
 *
 * The room lib/load is the engine of evload.
 *
 * A batch that the target's ledger holds with the same digest is skipped; with another digest it is
 * an error. Rows whose key is there already are an error, unless the load is a snapshot, which
 * replaces all rows and must have an event. Nothing is committed before ev_load_commit.
 *
 * A section that comes out of a state (span.h) is applied by position instead: rows are deleted by
 * owner and inserted, or all of them replaced, and the position is kept. Each is committed by
 * itself, in ev_load_end.
 */
#ifndef EV_LOAD_H
#define EV_LOAD_H

#include "model/model.h"
#include "record/port.h"
#include "record/reject.h"
#include "warehouse/target.h"

struct ev_load;

/*
 * All are borrowed. snapshot: the input takes the place of all rows; empty: it may be without an
 * event; sealed: it must have a seal.
 */
struct ev_load *ev_load_open(const struct ev_model *m, const struct ev_tables *tables,
			     struct ev_target *target, bool snapshot, bool empty, bool sealed);
/* Enters what the seals that have come say of topics in the ledger: offsets, which is borrowed. */
void ev_load_keep_offsets(struct ev_load *l, const struct ev_offsets *offsets);
/*
 * A batch begins; NULL if its name is told at its end. span: what it shows of a state, or NULL.
 * With the first one the target is locked.
 */
enum ev_status ev_load_begin(struct ev_load *l, const char *batch, const struct ev_span *span,
			     struct ev_error *err);
enum ev_status ev_load_step(struct ev_load *l, const struct ev_record *rec, struct ev_error *err);
/*
 * The batch is whole. batch: its name, or NULL for the one it began with, or else its digest.
 * digest: 32 hex digits over its bytes; balance: JSON.
 */
enum ev_status ev_load_end(struct ev_load *l, const char *batch, const char *digest,
			   const char *balance, struct ev_error *err);

/* What all commits did. */
struct ev_loaded {
	bool done; /* false: the target holds all of this already, and has not been touched */
	/* what the ledger held that a snapshot, or the whole of a state, took the place of */
	uint64_t replaced_batches, replaced_rows;
	bool whole; /* it was the latter */
};

enum ev_status ev_load_commit(struct ev_load *l, struct ev_loaded *what, struct ev_error *err);
const struct ev_count *ev_load_counts(const struct ev_load *l);
/* Whether a line came; only an event brings one. */
bool ev_load_is_eventful(const struct ev_load *l);
void ev_load_free(struct ev_load **l);

#endif

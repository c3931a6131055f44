/*
 * version: orders the records of each event, and folds them into versions and the intervals in
 * which they were valid. Floor 10.
 *
 * The room lib/version is the engine of evversion.
 *
 * The rules are those of evversion.1: the order S, conflicts, no-ops, patches (RFC 7396),
 * tombstones and half-open intervals. All records of an input are sorted by (id, S), in memory up
 * to a limit and in temporary files beyond it; one event's chain is held at a time. With a state
 * (store.h) a chain has all records of the event that were ever taken, and those of the input.
 */
#ifndef EV_VERSION_H
#define EV_VERSION_H

#include "model/model.h"
#include "record/port.h"
#include "record/shard.h"
#include "store/store.h"

enum ev_emit {
	EV_EMIT_HISTORY, /* every version */
	EV_EMIT_LATEST,	 /* the current one of each event that is not deleted */
};

struct ev_version_options {
	enum ev_emit emit;
	bool fail_on_conflict;
	size_t memory;	       /* bytes of records held before they are spilled */
	const char *folder;    /* for temporary files */
	const char *state;     /* the folder of the state, or NULL */
	struct ev_shard shard; /* events of another are refused */
	struct ev_point since;
	bool as_of; /* take nothing, and emit the state as it was at since.number */
};

struct ev_version;

struct ev_version *ev_version_open(const struct ev_model *m,
				   const struct ev_version_options *options, struct ev_port *port);
enum ev_status ev_version_step(struct ev_version *v, const struct ev_record *rec,
			       struct ev_error *err);
/* After the last record: sorts, folds and emits, in the order of (id, S). */
enum ev_status ev_version_finish(struct ev_version *v, struct ev_error *err);

/*
 * With a state: a section begins. The first opens the state and locks it; EV_FATAL if options.since
 * is not in its chain, or the model is another one.
 */
enum ev_status ev_version_begin(struct ev_version *v, struct ev_error *err);
/*
 * In place of ev_version_finish, at the end of a section: takes what is new into the state, opens
 * the section of the output (port->open), and emits what has changed since options.since. batch:
 * its name, or NULL for no input; digest: of the input.
 */
enum ev_status ev_version_take(struct ev_version *v, const char *batch, const char *digest,
			       struct ev_error *err);
/* Commits what was taken; the next section's output starts from here. */
enum ev_status ev_version_commit(struct ev_version *v, struct ev_error *err);
/* After a commit (ev_store_merge). */
enum ev_status ev_version_merge(struct ev_version *v, struct ev_error *err);

const struct ev_count *ev_version_counts(const struct ev_version *v);
/* The id of the first event whose type changed from one version to the next; or NULL. */
const char *ev_version_retyped(const struct ev_version *v, uint64_t *events);
/*
 * How many records that a batch delivered earlier were not in it now; *batch: its name, as JSON, of
 * the last such section.
 */
uint64_t ev_version_missing(const struct ev_version *v, const char **batch);
/*
 * How many records of the input stay erased (version/erase.h); they count as duplicates. After
 * ev_version_show: how many of the event were erased.
 */
uint64_t ev_version_erased(const struct ev_version *v);
void ev_version_free(struct ev_version **v);

#endif

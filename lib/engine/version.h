/*
 * version: orders the records of each event, folds them into versions, and tells when each was
 * valid. Floor 4.
 *
 * The rules are those of evversion.1: the order S, conflicts, no-ops, patches (RFC 7396),
 * tombstones and half-open intervals. All records are sorted by (id, S), in memory up to a limit
 * and in temporary files beyond it; one event's chain is held at a time.
 */
#ifndef EV_VERSION_H
#define EV_VERSION_H

#include "model/count.h"
#include "model/model.h"
#include "model/port.h"

enum ev_emit {
	EV_EMIT_HISTORY, /* every version */
	EV_EMIT_LATEST,	 /* the current one of each event that is not deleted */
};

struct ev_version_options {
	enum ev_emit emit;
	bool fail_on_conflict;
	size_t memory;	    /* octets of records held before they are spilled */
	const char *folder; /* for temporary files */
};

struct ev_version;

struct ev_version *ev_version_open(const struct ev_model *m,
				   const struct ev_version_options *options, struct ev_port *port);
enum ev_status ev_version_step(struct ev_version *v, const struct ev_record *rec,
			       struct ev_error *err);
/* After the last record: sorts, folds and emits, in the order of (id, S). */
enum ev_status ev_version_finish(struct ev_version *v, struct ev_error *err);
const struct ev_count *ev_version_counts(const struct ev_version *v);
/* The id of the first event whose type changes from one version to the next, or NULL. */
const char *ev_version_retyped(const struct ev_version *v, uint64_t *times);
void ev_version_free(struct ev_version **v);

#endif

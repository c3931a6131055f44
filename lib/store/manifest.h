/*
 * manifest: the file that says what a state consists of. Floor 3, a part of the store.
 *
 * Text, a line a thing, ended by a digest of all before it (evkit-state.5).
 */
#ifndef EV_MANIFEST_H
#define EV_MANIFEST_H

#include "base/buf.h"
#include "store/run.h"
#include "store/store.h"

/* A run, and its place among the others. Those of one group have different keys, in order. */
struct ev_manifest_part {
	struct ev_run_facts facts;
	uint64_t level, group;
	uint64_t into;		 /* the group that it is being merged into, or 0 */
	struct ev_buf from;	 /* what begins with less is merged already; empty: nothing is */
	struct ev_run_file *run; /* the store's; NULL in a manifest */
};

struct ev_manifest_note {
	char *name, *value;
};

struct ev_manifest {
	char id[EV_STORE_ID + 1];
	uint64_t seeds[2];
	struct ev_manifest_note *notes;
	size_t n_notes;
	uint64_t head, log,
		next; /* log: bytes of the commits' file; next: number of a run or group */
	struct ev_hash128 log_sum; /* of as many bytes of the log */
	char digest[EV_STORE_DIGEST + 1];
	struct ev_manifest_part *parts;
	size_t n_parts, cap_parts;
};

/* The kind that a manifest names, damaged or not; false if it names none. */
bool ev_manifest_kind(const char *p, size_t len, char kind[EV_STORE_KIND]);
/* file: for messages. */
enum ev_status ev_manifest_read(const char *file, const char *p, size_t len,
				const struct ev_store_kind *kind, struct ev_manifest *m,
				struct ev_error *err);
void ev_manifest_write(const struct ev_manifest *m, const struct ev_store_kind *kind,
		       struct ev_buf *out);
/* The runs are freed with it. */
void ev_manifest_free(struct ev_manifest *m);
void ev_manifest_part_free(struct ev_manifest_part *part);

#endif

/*
 * dedupe: redeliveries, and nothing else. Floor 10.
 *
 * The room lib/dedupe is the engine of evdedupe.
 *
 * A record is a duplicate if one with the same id and the same content (canonical form, without
 * what the model ignores) has been seen in this run, or was first brought by another batch, if
 * there is a state. By arrival (order in the model) it is one if it equals the last of its id.
 * Memory: 22 to 43 bytes for each distinct record, and 64 while the table is being doubled; with a
 * state 24 more for each record that is new to it.
 */
#ifndef EV_DEDUPE_H
#define EV_DEDUPE_H

#include "model/model.h"
#include "record/port.h"

struct ev_dedupe;

struct ev_dedupe_options {
	/*
	 * Paths that alone are a record's identity, in place of id and content; the first record
	 * wins. None: the rule above.
	 */
	struct ev_path *const *keys;
	size_t n_keys;
	struct ev_out *duplicates; /* where dropped records go, or NULL */
	const char *state;	   /* the folder of the state, or NULL */
	uint32_t keep;		   /* hours that the state remembers, or 0 for all */
};

/* All is borrowed. NULL with the error if the model allows no state. */
struct ev_dedupe *ev_dedupe_open(const struct ev_model *m, const struct ev_dedupe_options *options,
				 struct ev_port *port, struct ev_error *err);
enum ev_status ev_dedupe_step(struct ev_dedupe *d, const struct ev_record *rec,
			      struct ev_error *err);
/*
 * With a state. Each section is a commit: it begins, its records come, it ends (taken: its digest),
 * it is prepared, and committed.
 */
enum ev_status ev_dedupe_begin(struct ev_dedupe *d, const char *batch, struct ev_error *err);
void ev_dedupe_end(struct ev_dedupe *d, const char *taken);
enum ev_status ev_dedupe_prepare(struct ev_dedupe *d, struct ev_error *err);
/*
 * Whether the section, before it is committed, looks like another batch under the name of an old
 * one: it brings records, but none that came under its name before.
 */
bool ev_dedupe_renamed(const struct ev_dedupe *d);
enum ev_status ev_dedupe_commit(struct ev_dedupe *d, struct ev_error *err);
/* After a commit (ev_store_merge). */
enum ev_status ev_dedupe_merge(struct ev_dedupe *d, struct ev_error *err);
const struct ev_count *ev_dedupe_counts(const struct ev_dedupe *d);
void ev_dedupe_free(struct ev_dedupe **d);

#endif

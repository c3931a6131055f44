/*
 * state: what evdedupe remembers from one batch to the next. Floor 9, a part of dedupe.
 *
 * A store (store.h) of fixed entries: the digest of what makes a record the same one, the number of
 * the commit that first brought it, and the hour of the record, by which it is let go again.
 * Whether a record was seen depends on what was committed, never on what has been merged.
 */
#ifndef EV_DEDUPE_STATE_H
#define EV_DEDUPE_STATE_H

#include "dedupe/dedupe.h"
#include "store/store.h"

struct ev_dedupe_state;

/* Of a record without a time that can be read: it is remembered for ever. */
#define EV_NO_HOUR UINT32_MAX

enum ev_dedupe_known {
	EV_DEDUPE_NOT,
	EV_DEDUPE_OURS,	  /* the section's own batch brought it first */
	EV_DEDUPE_OTHERS, /* another one did */
};

/* Nothing is opened yet. All is borrowed. */
struct ev_dedupe_state *ev_dedupe_state_new(const struct ev_dedupe_options *options,
					    const struct ev_model *m);
void ev_dedupe_state_free(struct ev_dedupe_state **s);

/* A section of that batch begins; with the first one the store is opened, and locked. */
enum ev_status ev_dedupe_state_begin(struct ev_dedupe_state *s, const char *batch,
				     struct ev_error *err);
/* Secret, and the same in every run; from the first section on. */
uint64_t ev_dedupe_state_seed(const struct ev_dedupe_state *s, unsigned which);
enum ev_status ev_dedupe_state_ask(struct ev_dedupe_state *s, struct ev_hash128 h,
				   enum ev_dedupe_known *known, struct ev_error *err);
/* Whether records of that hour are remembered no more. */
bool ev_dedupe_state_is_late(const struct ev_dedupe_state *s, uint32_t hour);
/* The record is one that is not known; it is remembered from the next commit on. */
void ev_dedupe_state_put(struct ev_dedupe_state *s, struct ev_hash128 h, uint32_t hour);
/* taken: the digest of the section, for the log. */
void ev_dedupe_state_end(struct ev_dedupe_state *s, const char *taken);
enum ev_status ev_dedupe_state_prepare(struct ev_dedupe_state *s, struct ev_error *err);
bool ev_dedupe_state_renamed(const struct ev_dedupe_state *s);
enum ev_status ev_dedupe_state_commit(struct ev_dedupe_state *s, struct ev_error *err);
enum ev_status ev_dedupe_state_merge(struct ev_dedupe_state *s, struct ev_error *err);

#endif

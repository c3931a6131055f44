/*
 * verdict: the judgement of a batch as a whole. Its expectations, what became of it, and
 * the files that say so: the result, in the shape of Great Expectations (evkit-result.5), and the
 * state, which other runs' states can be added to. Floor 10, of evvalidate.
 */
#ifndef EV_VALIDATE_VERDICT_H
#define EV_VALIDATE_VERDICT_H

#include "expect/expect.h"
#include "record/presence.h"
#include "io/out.h"
#include "validate/batch.h"

struct ev_verdict_options {
	const char *suite;  /* a file of Great Expectations in place of the model's list, or NULL */
	const char *result; /* files to write, or NULL */
	const char *state;
	const char *max_rejects; /* as it was given, or NULL */
	bool sealed;		 /* what comes in is, and goes out */
	struct ev_suite_options spill;
};

/* What the record loop counted. */
struct ev_verdict_counts {
	uint64_t in, out, rejected, warning, blank;
	uint64_t dropped; /* written where it is not 0 */
};

struct ev_verdict;

/*
 * NULL without an error if there is nothing to judge and nothing to write. m is borrowed, and NULL
 * where records are no events. The files are opened here, and written in
 * ev_verdict_write.
 */
enum ev_status ev_verdict_open(const struct ev_model *m, const struct ev_verdict_options *o,
			       struct ev_verdict **out, struct ev_error *err);
void ev_verdict_free(struct ev_verdict **v);

/* As ev_suite_passes; true without expectations. */
bool ev_verdict_passes(struct ev_verdict *v, const struct ev_event *event, struct ev_reasons *why);
/*
 * Prepares the reader of the events for its expectations, and adds their paths to presence. Call
 * before the first event. Both are borrowed.
 */
void ev_verdict_read_from(struct ev_verdict *v, struct ev_events *events,
			  struct ev_presence *presence);
enum ev_status ev_verdict_pass(struct ev_verdict *v, const struct ev_event *event,
			       const struct ev_record *rec, struct ev_error *err);
/* Where rejects and warnings are counted; NULL if nothing is written of them. */
struct ev_batch *ev_verdict_batch(struct ev_verdict *v);

/* The paths of the states that were added, or NULL. */
const struct ev_presence *ev_verdict_presence(const struct ev_verdict *v);
/* Adds a state file. */
enum ev_status ev_verdict_merge(struct ev_verdict *v, const char *file, struct ev_error *err);
/* The counts and the batch's name of the states that were added; last is NULL if there is one. */
const struct ev_verdict_counts *ev_verdict_merged(const struct ev_verdict *v, const char **first,
						  const char **last);

/*
 * Judges, once, and writes the files, which lack their names yet and go to `files`. batch: its
 * name, or NULL. *approved: what others say of it; set to false if a critical expectation does not
 * hold.
 */
enum ev_status ev_verdict_write(struct ev_verdict *v, const char *batch,
				const struct ev_verdict_counts *counts, bool *approved,
				struct ev_outs *files, struct ev_error *err);
/* The i-th expectation that does not hold, as a line for people, or false behind the last. */
bool ev_verdict_failed(const struct ev_verdict *v, size_t i, struct ev_buf *out);

#endif

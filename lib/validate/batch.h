/*
 * batch: what became of a batch: its types, its time, and the causes of its rejects, each
 * with the first and last of its records and a sample. Floor 9, of evvalidate.
 *
 * Memory is bounded: 4096 types, 400 buckets of time and 4096 causes are kept, and
 * what is beyond is counted together. Up to there the outcome does not depend on the order of the
 * records, nor on how they were split among runs whose states are merged.
 */
#ifndef EV_VALIDATE_BATCH_H
#define EV_VALIDATE_BATCH_H

#include "expr/presence.h"
#include "model/model.h"
#include "record/event.h"
#include "record/position.h"

struct ev_batch;

/* m: borrowed, for the paths of the envelope; NULL where records are no events. */
struct ev_batch *ev_batch_new(const struct ev_model *m);
void ev_batch_free(struct ev_batch **b);

void ev_batch_pass(struct ev_batch *b, const struct ev_event *event);
/* event: as far as it was read; NULL if the text was not. */
void ev_batch_reject(struct ev_batch *b, const struct ev_event *event, const struct ev_record *rec,
		     const char *origin, size_t origin_len, const struct ev_reasons *why);
/* A rule that is not critical does not hold: the event passes. */
void ev_batch_warn(struct ev_batch *b, const struct ev_event *event, const struct ev_record *rec,
		   const struct ev_rule *rule);

/* The latest time of an event that passed. False if there is none. */
bool ev_batch_latest(const struct ev_batch *b, struct ev_time *t);
/* Appends the members span, types, timeline, causes and causes_left_out. */
void ev_batch_write(const struct ev_batch *b, struct ev_buf *out);

/*
 * Appends the nth object of state: the batch with its paths (NULL for none), then its causes.
 * False behind the last.
 */
bool ev_batch_state(const struct ev_batch *b, size_t nth, const struct ev_presence *presence,
		    struct ev_buf *out);
/*
 * Merges one state object: the batch, then its causes. Of a run that passed and rejected so many;
 * the paths of the batch go to presence. False if it is damaged.
 */
bool ev_batch_merge(struct ev_batch *b, const struct ev_doc *d, uint64_t passed, uint64_t rejected,
		    struct ev_presence *presence);

#endif

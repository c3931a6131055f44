/*
 * star: events to rows of facts and dimensions. Floor 10.
 *
 * The room lib/star is the engine of evstar.
 *
 * Facts are emitted as events come, with the lines that delete what was there of an event. A member
 * of a dimension is what the current versions say of it: attribute by attribute the latest stamp
 * (valid from, event, element) that bears it wins; of type 2 it is that at every time, by the
 * versions that were valid then. So its rows come at the end, sorted by key. What
 * is said of members is put together in memory up to a limit, and sorted in temporary files beyond;
 * or it goes out as lines, to be put together by another process (enum ev_star_half).
 */
#ifndef EV_STAR_H
#define EV_STAR_H

#include "model/model.h"
#include "record/port.h"
#include "record/shard.h"
#include "store/span.h"

/* Which half of the work is done; what goes from the first to the second are contributions. */
enum ev_star_half {
	EV_STAR_BOTH,
	EV_STAR_MAP,	/* events to rows of facts, and contributions to members */
	EV_STAR_REDUCE, /* contributions to rows of members; rows are handed on */
};

struct ev_star_options {
	enum ev_star_half half;
	size_t memory;	       /* bytes of what is said of members that are held */
	struct ev_shard shard; /* EV_STAR_REDUCE: members of another are refused */
	const char *folder;    /* for temporary files */
	const char *state;     /* the folder of one, or NULL; borrowed */
};

struct ev_star;

/* NULL, with the error, if the model has no star. The model and the port are borrowed. */
struct ev_star *ev_star_open(const struct ev_model *m, const struct ev_star_options *options,
			     struct ev_port *port, struct ev_error *err);
/* A section begins. span: what it shows of a state, or NULL. */
enum ev_status ev_star_begin(struct ev_star *s, const struct ev_span *span, struct ev_error *err);
enum ev_status ev_star_step(struct ev_star *s, const struct ev_record *rec, struct ev_error *err);
/* After the last record, or that of a section: the members of the dimensions. */
enum ev_status ev_star_finish(struct ev_star *s, struct ev_error *err);
/* With a state: what was finished counts from now on. */
enum ev_status ev_star_commit(struct ev_star *s, struct ev_error *err);
/* Tidies up behind a commit (ev_store_merge). */
enum ev_status ev_star_merge(struct ev_star *s, struct ev_error *err);
/*
 * Appends a line for people on the i-th path of a column that no event bore, or returns false
 * behind the last; after the last record.
 */
bool ev_star_lacks(struct ev_star *s, size_t i, struct ev_buf *out);
const struct ev_count *ev_star_counts(const struct ev_star *s);
/* The sum of the hashes of all contributions that went out, or came in. */
const uint64_t *ev_star_digest(const struct ev_star *s);
void ev_star_free(struct ev_star **s);

#endif

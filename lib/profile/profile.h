/*
 * profile: events read once, and a model proposed for them. Floor 10.
 *
 * The room lib/profile is the engine of evprofile.
 *
 * It has three parts. What is seen is gathered in trees of paths, one for each type of event, and
 * in samples that know no order: the same events in any order make the same model (tree.h). Then it
 * is inferred what the envelope, the types and the tables are (infer.h), by functions that read the
 * trees and change nothing. And that is written as YAML, with the reasons as comments (write.h).
 *
 * What is proposed holds for every event that was seen. It asks for no more than the next day is
 * likely to keep: what may change is an expectation with `mostly`, or a comment.
 *
 * Memory: 64 MiB, however many events there are, beside the longest line.
 */
#ifndef EV_PROFILE_H
#define EV_PROFILE_H

#include "record/port.h"

struct ev_profile;

struct ev_profile_options {
	const char *name; /* of the model; borrowed */
	uint64_t sample;  /* about one event in so many, chosen by its bytes; 1: all */
};

struct ev_profile *ev_profile_open(const struct ev_profile_options *options, struct ev_port *port);
enum ev_status ev_profile_step(struct ev_profile *p, const struct ev_record *rec,
			       struct ev_error *err);
/* Writes the model to the port. EV_FATAL if no event was seen. */
enum ev_status ev_profile_finish(struct ev_profile *p, struct ev_error *err);
/* Behind that, what the user must know, a line each, or NULL behind the last. */
const char *ev_profile_note(const struct ev_profile *p, size_t i);
/* Events that were seen, and those that the sample left out. */
const struct ev_count *ev_profile_counts(const struct ev_profile *p);
void ev_profile_free(struct ev_profile **p);

#endif

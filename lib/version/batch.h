/*
 * batch: the batches that a state has taken, and how one is taken out. Floor 9, a part of
 * the version engine.
 */
#ifndef EV_VERSION_BATCH_H
#define EV_VERSION_BATCH_H

#include "store/store.h"

/* A batch, as the state's log records it. */
struct ev_version_batch {
	char *name;
	uint64_t *commits; /* the commits of its records, in order */
	size_t n_commits, cap_commits;
	uint64_t records;   /* delivered, known ones included; 0 once it is retracted */
	uint64_t retracted; /* the last commit that took it out; 0: it was not, or has come again */
};

struct ev_version_batches {
	struct ev_version_batch *list; /* in the order in which they came first */
	size_t n, cap;
};

struct ev_version_batches ev_version_batches_read(const struct ev_store *s);
const struct ev_version_batch *ev_version_batches_find(const struct ev_version_batches *b,
						       const char *name);
void ev_version_batches_free(struct ev_version_batches *b);

struct ev_version_retracted {
	uint64_t records; /* brought by the batch */
	uint64_t gone;	  /* of these, the ones that no other batch brought */
};

/*
 * Takes the batch out, as a commit of its own. Reads all of the state, which is open for writing.
 * The batch is known, and not retracted.
 */
enum ev_status ev_version_retract(struct ev_store *s, const char *batch,
				  struct ev_version_retracted *r, struct ev_error *err);

#endif

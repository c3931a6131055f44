/*
 * batch: the batches that a state has taken, and how one is taken out. Floor 10, a part of
 * the version engine.
 */
#ifndef EV_VERSION_BATCH_H
#define EV_VERSION_BATCH_H

#include "store/store.h"

/* Lines of the log; the batch's name follows as JSON. The first two are of commits. */
#define EV_VERSION_TAKE	     "take "
#define EV_VERSION_RETRACT   "retract "
#define EV_VERSION_DELIVERED "delivered " /* and a number: all records that it delivered */

/* A batch, as the log records it. */
struct ev_version_batch {
	char *name;
	uint64_t *commits; /* the commits of its records, in order */
	size_t n_commits, cap_commits;
	uint64_t records;   /* delivered, with those known already; 0 while it is retracted */
	uint64_t retracted; /* the commit that took it out; 0 if it was not, or has come again */
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
	uint64_t gone;	  /* those that no other batch brought */
};

/*
 * Takes the batch out, as a commit of its own. Reads all of the state, which is open for writing.
 * The batch must be known and not retracted.
 */
enum ev_status ev_version_retract(struct ev_store *s, const char *batch,
				  struct ev_version_retracted *r, struct ev_error *err);

#endif

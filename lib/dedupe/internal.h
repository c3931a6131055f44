/*
 * internal: what the files of dedupe share. Floor 9.
 *
 *   dedupe.c   compares a record with those of this run
 *   state.c    and with those of other batches, in a state
 */
#ifndef EV_DEDUPE_INTERNAL_H
#define EV_DEDUPE_INTERNAL_H

#include "base/lookup.h"
#include "dedupe/dedupe.h"
#include "record/event.h"
#include "store/store.h"
#include "json/content.h"

/* The last record of an id, by arrival. */
struct ev_dedupe_last {
	struct ev_hash128 id, content;
};

struct ev_dedupe {
	const struct ev_model *m;
	const struct ev_dedupe_options *options;
	uint32_t id, time, modified; /* slots */
	uint32_t *keys;
	struct ev_containers containers; /* of the paths to the keys */
	struct ev_port *port;
	struct ev_events *events;
	struct ev_reasons why;
	struct ev_content *content;
	struct ev_buf key, text;
	uint64_t seed;		  /* secret, so that nobody can craft two records of one digest */
	struct ev_hash128 *table; /* 0,0 is empty */
	size_t size, used;
	struct ev_dedupe_last *lasts;
	size_t n_lasts, cap_lasts;
	struct ev_lookup last_by_id; /* in lasts, by the digest of the id */
	uint64_t n_out, n_duplicate, n_late;
	struct ev_count counts[4];

	/* with a state */
	struct ev_store *store; /* NULL before the first section */
	char *batch;		/* of the section */
	bool goes_on;		/* the section before had the same */
	struct ev_buf what;	/* the line of the section's commit in the log */
	char taken[EV_STORE_DIGEST + 1];
	uint64_t *ours; /* the commits of the section's batch, in order */
	size_t n_ours, cap_ours;
	uint64_t again;	     /* records of the section that its batch brought before */
	uint32_t least;	     /* earlier hours are forgotten */
	uint32_t newest;     /* hour of any record */
	struct ev_buf fresh; /* the section's new entries */
};

/* An empty table; size: a power of two. */
void ev_dedupe_new_table(struct ev_dedupe *d, size_t size);
enum { EV_DEDUPE_LEAST_TABLE = 1024 };

/*
 * Sets *known if another batch brought the record. If no batch did, it is remembered from the next
 * commit on.
 */
enum ev_status ev_dedupe_remember(struct ev_dedupe *d, struct ev_hash128 h,
				  const struct ev_event *event, bool *known, struct ev_error *err);

#endif

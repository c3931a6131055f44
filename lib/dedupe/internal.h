/*
 * internal: what the files of dedupe share. Floor 9.
 *
 *   dedupe.c   what was seen in this run
 *   state.c    what other batches brought
 */
#ifndef EV_DEDUPE_INTERNAL_H
#define EV_DEDUPE_INTERNAL_H

#include "dedupe/dedupe.h"
#include "record/event.h"
#include "store/store.h"
#include "json/content.h"

/* The last record of an id, by arrival. */
struct ev_dedupe_last {
	struct ev_hash128 id, content; /* id 0,0: empty */
};

struct ev_dedupe {
	const struct ev_model *m;
	const struct ev_dedupe_options *options;
	uint32_t id, time, modified; /* slots */
	uint32_t *keys;
	struct ev_containers ways; /* to the keys */
	struct ev_port *port;
	struct ev_events *events;
	struct ev_reasons why;
	struct ev_content *content;
	struct ev_buf key, text;
	uint64_t seed;		  /* secret, so that nobody can craft two records of one digest */
	struct ev_hash128 *table; /* 0,0 is empty */
	size_t size, used;
	struct ev_dedupe_last *lasts;
	size_t n_lasts, used_lasts;
	uint64_t n_out, n_duplicate, n_late;
	struct ev_count counts[4];

	/* with a state */
	struct ev_store *store; /* NULL before the first section */
	char *batch;		/* of the section */
	bool goes_on;		/* the section before had the same */
	struct ev_buf what;	/* what the log says of a commit of the section */
	char taken[EV_STORE_DIGEST + 1];
	uint64_t *ours; /* the commits of the section's batch, in order */
	size_t n_ours, cap_ours;
	uint64_t again;	     /* records of the section that its batch had brought before */
	uint32_t least;	     /* earlier hours are forgotten */
	uint32_t newest;     /* of the hours that were put */
	struct ev_buf fresh; /* entries that the section has brought */
};

/* An empty table; size: a power of two. */
void ev_dedupe_new_table(struct ev_dedupe *d, size_t size);
enum { EV_DEDUPE_LEAST_TABLE = 1024 };

/*
 * *known: another batch brought that record. If none did, it is remembered from the next commit on.
 */
enum ev_status ev_dedupe_remember(struct ev_dedupe *d, struct ev_hash128 h,
				  const struct ev_event *event, bool *known, struct ev_error *err);

#endif

/*
 * shard: which of the events, or of the members of dimensions, a chain is for, where several share
 * them. Floor 6.
 *
 * All records of an event belong to one shard, whatever the spelling of its id: the XXH3-64 of the
 * id modulo the number of shards. So are the buckets of evlake cut. All that events say of a member
 * belongs to one shard, too, by its key, so that scripts can reckon it.
 */
#ifndef EV_SHARD_H
#define EV_SHARD_H

#include "record/event.h"

/* The k-th of n, from 0; n is 0 where there are no shards. */
struct ev_shard {
	uint32_t k, n;
};

enum { EV_MOST_SHARDS = 100000 };

/* Reads K/N; false if it is none. */
bool ev_shard_read(const char *text, struct ev_shard *shard);
/* Which of n an id belongs to. */
uint32_t ev_shard_of(const char *id, size_t len, uint32_t n);
/* Which of n a member of a dimension belongs to: the first 8 digits of its key, modulo n. */
uint32_t ev_shard_of_key(const char *key, uint32_t n);
/* EV_FATAL if the event is of another shard. */
enum ev_status ev_shard_check(const struct ev_shard *shard, const struct ev_record *rec,
			      const struct ev_event *event, struct ev_error *err);

#endif

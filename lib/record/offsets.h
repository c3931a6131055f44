/*
 * offsets: how far queues were read. Of a topic of Kafka that is the offset of the next message of
 * each partition; of a stream of Kinesis the sequence number of the last record of each shard, in
 * decimal digits, because it has more than 64 bits. Floor 6.
 *
 * As JSON: {"orders":{"0":17,"1":4},"tickets":{"shardId-000000000000":"4954"}}: a text is a
 * sequence number. It travels in seals and stands in ledgers.
 */
#ifndef EV_OFFSETS_H
#define EV_OFFSETS_H

#include "base/buf.h"
#include "scan/scan.h"

#include <stdbool.h>

struct ev_offset {
	char *topic;	   /* or stream */
	char *shard;	   /* or NULL: it is a partition */
	int32_t partition; /* from 0 */
	int64_t next;	   /* of a partition, from 0 */
	char *last;	   /* of a shard */
};

/* In order of topic, partition and shard. Zero-initialise. */
struct ev_offsets {
	struct ev_offset *list;
	size_t n, cap;
};

/* Adds a partition, or sets it; no order of calls makes another list. */
void ev_offsets_set(struct ev_offsets *o, const char *topic, int32_t partition, int64_t next);
/* The same of a shard. */
void ev_offsets_set_shard(struct ev_offsets *o, const char *stream, const char *shard,
			  const char *last);
/* The same, unless a greater one is there: what was read may come in any order. */
void ev_offsets_pass_shard(struct ev_offsets *o, const char *stream, const char *shard,
			   const char *last);
/* Whether a text is a sequence number, as the API of Kinesis has it: 129 digits at most. */
bool ev_is_sequence_number(const char *text, size_t len);
/* Whether it may be a shard's name: letters, digits, '-' and '_'; a letter first. */
bool ev_is_shard_name(const char *text);
/* A partition, or NULL if there is none. */
const struct ev_offset *ev_offsets_find(const struct ev_offsets *o, const char *topic,
					int32_t partition);
/* Sets all that more has. */
void ev_offsets_add(struct ev_offsets *o, const struct ev_offsets *more);
/* Whether each of some is in o as it is there. */
bool ev_offsets_hold(const struct ev_offsets *o, const struct ev_offsets *some);
void ev_offsets_free(struct ev_offsets *o);

void ev_offsets_write(const struct ev_offsets *o, struct ev_buf *out);
/* Sets what an object says. False if it is not as ev_offsets_write has it. */
bool ev_offsets_read(const struct ev_doc *d, uint32_t object, struct ev_offsets *o);
/* The same of a text. */
bool ev_offsets_parse(const char *text, size_t len, struct ev_offsets *o);

#endif

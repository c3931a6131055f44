/*
 * offsets: how far the topics of a queue were read: the offset of the next message of each
 * partition. Floor 6.
 *
 * As JSON: {"orders":{"0":17,"1":4},"refunds":{"0":2}}. It travels in seals and stands in ledgers.
 */
#ifndef EV_OFFSETS_H
#define EV_OFFSETS_H

#include "base/buf.h"
#include "scan/scan.h"

#include <stdbool.h>

struct ev_offset {
	char *topic;
	int32_t partition; /* from 0 */
	int64_t next;	   /* from 0 */
};

/* In order of topic and partition. Zero-initialise. */
struct ev_offsets {
	struct ev_offset *list;
	size_t n, cap;
};

/* Adds one, or sets it; no order of calls makes another list. */
void ev_offsets_set(struct ev_offsets *o, const char *topic, int32_t partition, int64_t next);
/* NULL if there is none. */
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

/*
 * sample: which values a path has, and how often, in bounded memory. Floor 10, for the files of
 * profile alone.
 *
 * Values are known by a hash of 64 bits. While there are no more different ones than the limit, all
 * are held and every count is exact. Beyond it those alone are held whose hash begins with `level`
 * zero bits (M. Wegman's adaptive sampling; P. Flajolet, "On adaptive sampling", 1990): each value
 * is in or out by itself, so the sample does not depend on the order, and two of them can be
 * merged. There are about held * 2^level values; the standard error is 1.2 / sqrt(limit / 2).
 *
 * Beside that the texts of the values, while there are few of them and they are short: what can be
 * an enumeration. Other values of events are not remembered, and so stand in no model.
 *
 * (The tallies of lib/expect estimate how many values there are, in 16 KiB a column; they hold
 * neither the values nor their counts, and a profile has thousands of paths.)
 */
#ifndef EV_PROFILE_SAMPLE_H
#define EV_PROFILE_SAMPLE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	EV_SAMPLE_LIMIT = 16384,
	EV_SAMPLE_TEXTS = 24,	    /* different values whose texts are held */
	EV_SAMPLE_TEXT = 64,	    /* bytes of one */
	EV_SAMPLE_BYTES = 20 << 20, /* of all samples */
};

/* What all samples of a profile share. */
struct ev_sample_room {
	uint32_t limit; /* values held at most; halved when the memory is spent */
	size_t bytes;
};

struct ev_sample_text {
	uint64_t hash;
	char *p; /* the content of a string, NUL behind it */
	uint32_t len;
};

struct ev_sample {
	uint64_t *hashes; /* by open addressing; 0 is an empty slot */
	uint32_t *counts;
	uint32_t n, size; /* size: a power of two, or 0 */
	uint32_t level;
	struct ev_sample_text *texts;
	uint32_t n_texts;
	bool no_texts; /* there were too many, or one was too long */
};

/* text: NULL for what is no string. */
void ev_sample_add(struct ev_sample *s, struct ev_sample_room *room, uint64_t hash, uint32_t count,
		   const char *text, size_t len);
/* Takes over what is in the other, which is then empty. */
void ev_sample_merge(struct ev_sample *s, struct ev_sample_room *room, struct ev_sample *other);
/* Brings it within the limit of the room, when that was lowered. */
void ev_sample_shrink(struct ev_sample *s, struct ev_sample_room *room);
/* Whether every value is held. */
bool ev_sample_is_exact(const struct ev_sample *s);
/* How many different values there are; about so many, where it is not exact. */
uint64_t ev_sample_distinct(const struct ev_sample *s);
/* How often a value was seen that is held; 0 if it is not. */
uint32_t ev_sample_count(const struct ev_sample *s, uint64_t hash);
void ev_sample_free(struct ev_sample *s, struct ev_sample_room *room);

#endif

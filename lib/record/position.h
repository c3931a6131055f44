/*
 * position: where a record stands, and when it happened: the order in which first, last and
 * samples are chosen, so that the choice does not depend on the order of the input. Floor 6.
 *
 * What happened earlier comes first, what bears no time comes last; then by the source's name, the
 * line, the offset.
 */
#ifndef EV_POSITION_H
#define EV_POSITION_H

#include "base/hash.h"
#include "base/time.h"
#include "record/reject.h"
#include "scan/scan.h"

struct ev_position {
	struct ev_time time;
	bool timed;
	char *source;	       /* UTF-8; a locator's, or that of a copy */
	uint64_t line, offset; /* as those of a record */
};

/* Finds sources without taking memory for each record. */
struct ev_locator;

struct ev_locator *ev_locator_new(void);
/*
 * Sets source, line and offset: those of the origin (raw JSON, or NULL) that the record bears, or
 * else its own. Bytes of a name that are no UTF-8 become %XX. The source is valid until the next
 * call.
 */
void ev_locate(struct ev_locator *l, const struct ev_record *rec, const char *origin, size_t len,
	       struct ev_position *p);
void ev_locator_free(struct ev_locator **l);

int ev_position_compare(const struct ev_position *a, const struct ev_position *b);
/* *to is zero, or a copy. It owns its source. */
void ev_position_copy(struct ev_position *to, const struct ev_position *from);
void ev_position_free(struct ev_position *copy);

/* Appends {"time":...,"source":...,"line":...}, or with full the offset and exact time too. */
void ev_position_write(const struct ev_position *p, bool full, struct ev_buf *out);
/* Reads the full form from an object into a copy. False if it is none. */
bool ev_position_read(const struct ev_doc *d, uint32_t at, struct ev_position *p);

/* Reading numbers and texts out of written state. False if the member is not there. */
bool ev_state_u64(const struct ev_doc *d, uint32_t object, const char *name, uint64_t *v);
bool ev_u64_of(const struct ev_doc *d, uint32_t at, uint64_t *v);
/* The integer that a string has. */
bool ev_i64_of(const struct ev_doc *d, uint32_t at, int64_t *v);
/* The hash that a string has as ev_hash128_hex writes it. */
bool ev_hash_of(const struct ev_doc *d, uint32_t at, struct ev_hash128 *h);
/* A copy of a string; NULL if it is none, or has a NUL in it. */
char *ev_text_of(const struct ev_doc *d, uint32_t at);
/*
 * Adds to a count what a state has of it. False, and nothing added, where that is beyond 2^53: up
 * to there every reader of JSON holds an integer exactly.
 */
bool ev_count_add(uint64_t *count, uint64_t n);

#endif

/*
 * causes: why records of a batch were rejected or warned of, each cause with the first and last of
 * its records and a sample. Floor 9, of validate.
 */
#ifndef EV_VALIDATE_CAUSES_H
#define EV_VALIDATE_CAUSES_H

#include "base/lookup.h"
#include "record/position.h"

/* The texts of a cause: the first EV_CAUSE_PARTS identify it, the rest are of its sample. */
enum ev_cause_text {
	EV_CAUSE_CODE,
	EV_CAUSE_TYPE,
	EV_CAUSE_RULE,
	EV_CAUSE_PATH, /* with * for indexes */
	EV_CAUSE_KEYWORD,
	EV_CAUSE_PARTS,
	EV_CAUSE_SEVERITY = EV_CAUSE_PARTS,
	EV_CAUSE_EXPLAIN,
	EV_CAUSE_SAMPLE_PATH,
	EV_CAUSE_MESSAGE,
	EV_CAUSE_TEXTS
};

/* Zero-initialise. */
struct ev_causes {
	struct ev_cause *list;
	size_t n, cap;
	struct ev_lookup by_key;
	uint64_t left_out; /* causes of records that there was no room for */
	struct ev_buf scratch;
	struct ev_locator *locator; /* given by the caller, freed with the causes */
};

/*
 * Counts a record for a cause, once. record: its number. pos: its source is filled in where it is
 * asked for.
 */
void ev_causes_count(struct ev_causes *b, uint64_t record, const char *const texts[EV_CAUSE_TEXTS],
		     struct ev_position *pos, const struct ev_record *rec, const char *origin,
		     size_t origin_len);
/* Appends the members causes and causes_left_out. */
void ev_causes_write(const struct ev_causes *b, struct ev_buf *out);
/* Appends the i-th as an object of state; false behind the last. */
bool ev_causes_state(const struct ev_causes *b, size_t i, struct ev_buf *out);
/* Adds such a one, of a run of so many events; all: of all runs. False if it is damaged. */
bool ev_causes_merge(struct ev_causes *b, const struct ev_doc *d, uint32_t at, uint64_t events,
		     uint64_t all);
void ev_causes_free(struct ev_causes *b);

#endif

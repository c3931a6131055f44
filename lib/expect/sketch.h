/*
 * sketch: what a column's values are like, in bounded memory. Floor 8.
 *
 * A tally counts values by a digest of 128 bits. It is exact until it holds its limit of distinct
 * values; then it goes on in one of two ways:
 *
 *   EV_TALLY_DISTINCT  HyperLogLog with 2^14 registers (P. Flajolet and others, 2007) and the
 *                      estimator of O. Ertl (2017): the standard error is 0.81%. Registers depend
 *                      on the set of values alone, so merging is exact and knows no order.
 *   EV_TALLY_FREQUENT  Space-Saving in its mergeable form (A. Metwally and others, 2005; P. Agarwal
 *                      and others, "Mergeable summaries", 2012): each count is at most `error` too
 *                      small. Which values are held then depends on the order.
 *
 * Quantiles are exact while at most EV_QUANTILE_EXACT numbers are held; then numbers are counted in
 * buckets of relative width 1/128 at most, as DDSketch does (C. Masson and others, 2019) with the
 * logarithm interpolated linearly: the bucket of a rank is certain, and its middle is at most
 * 1/256 (0.4%) off. Merging is exact and knows no order. Memory: 1 KiB for each power of two that
 * occurs, so 4 MiB at most.
 */
#ifndef EV_SKETCH_H
#define EV_SKETCH_H

#include "base/buf.h"
#include "base/hash.h"
#include "base/lookup.h"
#include "scan/scan.h"

enum {
	EV_TALLY_EXACT = 16384,	   /* distinct values */
	EV_TALLY_HELD = 8192,	   /* values with their texts */
	EV_TALLY_TEXT = 256,	   /* bytes of a text at most */
	EV_QUANTILE_EXACT = 10000, /* numbers */
	EV_QUANTILE_TEXT = 31,	   /* bytes of a number that is held exactly */
};

enum ev_tally_kind { EV_TALLY_DISTINCT, EV_TALLY_FREQUENT };

struct ev_tallied {
	struct ev_hash128 key;
	uint64_t count;
	char *text; /* EV_TALLY_FREQUENT: the value as JSON */
};

struct ev_tally {
	enum ev_tally_kind kind;
	struct ev_tallied *list;
	size_t n, cap;
	struct ev_lookup by_key;
	uint8_t *registers; /* HyperLogLog, once beyond the limit */
	uint64_t error;	    /* by how much a count may be too small */
};

/* text: of EV_TALLY_TEXT bytes at most; NULL for EV_TALLY_DISTINCT. */
void ev_tally_add(struct ev_tally *t, struct ev_hash128 key, uint64_t count, const char *text,
		  size_t len);
bool ev_tally_is_exact(const struct ev_tally *t);
/* How many distinct values; where it is an estimate, *low and *high are three standard errors. */
uint64_t ev_tally_distinct(const struct ev_tally *t, uint64_t *low, uint64_t *high);
/* Appends it as JSON, and adds what was so written, of so many values. False if it is damaged. */
void ev_tally_write(const struct ev_tally *t, struct ev_buf *out);
bool ev_tally_merge(struct ev_tally *t, const struct ev_doc *d, uint32_t at, uint64_t values);
void ev_tally_free(struct ev_tally *t);

struct ev_quantile;

struct ev_quantile *ev_quantile_new(void);
/* text: a JSON number. */
void ev_quantile_add(struct ev_quantile *q, const char *text, size_t len);
uint64_t ev_quantile_count(const struct ev_quantile *q);
bool ev_quantile_is_exact(const struct ev_quantile *q);
/*
 * The number of that rank (from 0) in ascending order, as JSON texts: it lies in [low, high], which
 * are equal where it is exact. rank is less than the count. A bound beyond a double's range is
 * empty.
 */
void ev_quantile_at(struct ev_quantile *q, uint64_t rank, struct ev_buf *low, struct ev_buf *high);
void ev_quantile_write(const struct ev_quantile *q, struct ev_buf *out);
bool ev_quantile_merge(struct ev_quantile *q, const struct ev_doc *d, uint32_t at,
		       uint64_t numbers);
void ev_quantile_free(struct ev_quantile **q);

#endif

/*
 * lake: the raw archive, gzip parts in folders by day, type and bucket (evlake.1). Floor 10.
 *
 * The room lib/lake is the engine of evlake.
 *
 * What counts is what the commits in DIR/_evlake/commits name, one file each. A writer makes parts
 * in _evlake/new, then _evlake/pending, which lists them, then moves them into their folders, and
 * at last gives pending its name among the commits: from that rename on the batch is in. The next
 * writer removes what one that was stopped before that had moved. Readers take no lock.
 *
 * Digests of parts and batches are sums (mod 2^128) of those of their lines, so they do not depend
 * on the order.
 */
#ifndef EV_LAKE_H
#define EV_LAKE_H

#include "model/model.h"
#include "record/erasure.h"
#include "record/port.h"

enum { EV_LAKE_BUCKETS = 16, EV_LAKE_MOST_BUCKETS = 100 };

struct ev_lake;

enum ev_lake_mode { EV_LAKE_READ, EV_LAKE_WRITE };

/*
 * To write: makes the lake if there is none, with so many buckets (0: as many as it has, or
 * EV_LAKE_BUCKETS), takes the lock, and puts right what a crash left.
 */
struct ev_lake *ev_lake_open(const char *dir, enum ev_lake_mode mode, unsigned buckets,
			     struct ev_error *err);
void ev_lake_free(struct ev_lake **l);

struct ev_lake_sums {
	uint64_t commits, batches, parts, rows, bytes, packed;
};

struct ev_lake_sums ev_lake_sums(const struct ev_lake *l);

/* Appending. Each section is a commit: it begins, records come, it is prepared and committed. */
struct ev_lake_append;

/* All is borrowed. What comes in goes to the port as well. */
struct ev_lake_append *ev_lake_append_open(struct ev_lake *l, const struct ev_model *m,
					   struct ev_port *port);
/* batch: NULL is an error. */
enum ev_status ev_lake_append_begin(struct ev_lake_append *a, const char *batch,
				    struct ev_error *err);
enum ev_status ev_lake_append_step(struct ev_lake_append *a, const struct ev_record *rec,
				   struct ev_error *err);
/*
 * A batch that is in the lake with the same lines, in whatever order, is not added again; with
 * others, it is an error.
 */
enum ev_status ev_lake_append_prepare(struct ev_lake_append *a, struct ev_error *err);
enum ev_status ev_lake_append_commit(struct ev_lake_append *a, struct ev_error *err);
/* Whether the last batch was there already. */
bool ev_lake_append_is_known(const struct ev_lake_append *a);
void ev_lake_append_free(struct ev_lake_append **a);

/* What to read; NULL, 0 or negative is no limit. */
struct ev_lake_choice {
	const char *from, *to; /* days as 2026-03-01, both included */
	const char *type;
	int bucket;
	bool broken; /* only what has no day and type */
};

/* The files of the parts, in the order of their names. Both live as long as the lake. */
char *const *ev_lake_choose(struct ev_lake *l, const struct ev_lake_choice *choice, size_t *n);

/* Reading the chosen parts: holds their lines against the sums. */
struct ev_lake_cat;

struct ev_lake_cat *ev_lake_cat_new(struct ev_lake *l, struct ev_port *port);
enum ev_status ev_lake_cat_step(struct ev_lake_cat *c, const struct ev_record *rec,
				struct ev_error *err);
enum ev_status ev_lake_cat_finish(struct ev_lake_cat *c, struct ev_error *err);
void ev_lake_cat_free(struct ev_lake_cat **c);

/*
 * Reads all parts. Appends a line for each that is not as it should be, and for each other file in
 * the folders; returns how many.
 */
uint64_t ev_lake_verify(const struct ev_lake *l, struct ev_buf *out);

/*
 * Makes one part of all that stand in the same folder, and one commit of all commits. *merged: the
 * parts that are gone.
 */
enum ev_status ev_lake_compact(struct ev_lake *l, uint64_t *merged, struct ev_error *err);

/*
 * Erases: the lines of all events leave of which one bears a value, and so do lines that are no
 * right events and mention one (ev_erasure_takes_line). The folders that had them are made anew, as
 * by ev_lake_compact. Batches keep the sums of what was appended, so that one that comes again is
 * known.
 */
enum ev_status ev_lake_erase(struct ev_lake *l, const struct ev_model *m, struct ev_erasure *what,
			     struct ev_erased *erased, struct ev_error *err);

#endif

/*
 * internal: what the files of lake share. Floor 10.
 */
#ifndef EV_LAKE_INTERNAL_H
#define EV_LAKE_INTERNAL_H

#include "base/buf.h"
#include "base/hash.h"
#include "base/lookup.h"
#include "base/time.h"
#include "lake/lake.h"

/* The name that Hive, and so all that read its folders, have for "none". */
#define EV_LAKE_NONE "__HIVE_DEFAULT_PARTITION__"

struct ev_lake_count {
	uint64_t rows, bytes; /* lines, and their bytes with their LFs */
	struct ev_hash128 digest;
};

static inline void ev_lake_count_add(struct ev_lake_count *c, const struct ev_lake_count *more)
{
	c->rows += more->rows;
	c->bytes += more->bytes;
	c->digest.hi += more->digest.hi + (c->digest.lo + more->digest.lo < c->digest.lo);
	c->digest.lo += more->digest.lo;
}

static inline bool ev_lake_count_equal(const struct ev_lake_count *a, const struct ev_lake_count *b)
{
	return a->rows == b->rows && a->bytes == b->bytes && ev_hash128_equal(a->digest, b->digest);
}

/* Adds a line. */
static inline void ev_lake_count_line(struct ev_lake_count *c, const char *p, size_t len)
{
	struct ev_lake_count line = {1, len + 1, ev_hash128(p, len, 0)};

	ev_lake_count_add(c, &line);
}

struct ev_lake_part {
	char *path; /* below the lake: dt=.../type=.../bucket=.../00000001.jsonl.gz */
	struct ev_lake_count count;
	uint64_t packed;				   /* bytes of the file */
	char from[EV_TIME_TEXT + 1], to[EV_TIME_TEXT + 1]; /* "" for none */
};

struct ev_lake_batch {
	char *name;
	struct ev_lake_count count;
};

struct ev_lake {
	char *dir;
	int lock; /* of a writer, else -1 */
	unsigned buckets;
	uint64_t head;	     /* the last commit; 0: none */
	uint64_t checkpoint; /* the last that says everything anew; 0: none */
	uint64_t gap;	     /* the first whose predecessor has no file, behind it; 0: none */
	uint64_t first;	     /* of those that have a file */
	struct ev_lake_part *parts;
	size_t n_parts, cap_parts;
	struct ev_lake_batch *batches;
	size_t n_batches, cap_batches;
	struct ev_lookup by_batch;
	char **removed; /* by the last commit */
	size_t n_removed;
	/* What ev_lake_choose gave. */
	char **files;
	const struct ev_lake_part **chosen;
	size_t n_chosen;
};

/* The folder (lake.c) */

/* Of which nothing has been read. */
struct ev_lake *ev_lake_new(const char *dir);
/* A path below the lake; free() it. */
char *ev_lake_path(const struct ev_lake *l, const char *name);
/*
 * Has all that was written to the lake's file system reach the disk, names included. One such call
 * takes as long as syncing one file, and a batch has hundreds. By the file of the lock, which is
 * open since before anything was written: it tells of each write that has failed since, also of one
 * that another program was told of (Linux 5.8 and newer).
 */
enum ev_status ev_lake_sync(const struct ev_lake *l, struct ev_error *err);
/* Makes a folder, unless it is there. */
enum ev_status ev_lake_make_folder(const char *path, struct ev_error *err);
/* Removes what a writer left that was stopped. */
enum ev_status ev_lake_recover(struct ev_lake *l, struct ev_error *err);

/* The commits (log.c) */

/* Reads them anew. */
enum ev_status ev_lake_read(struct ev_lake *l, struct ev_error *err);
/* What a writer is about to commit, or was when it was stopped; or nothing. To be freed. */
enum ev_status ev_lake_read_pending(const struct ev_lake *l, struct ev_lake **pending,
				    struct ev_error *err);
/* Forgets what they say. */
void ev_lake_forget(struct ev_lake *l);
const struct ev_lake_batch *ev_lake_find(const struct ev_lake *l, const char *batch);
void ev_lake_note_batch(struct ev_lake *l, const char *name, const struct ev_lake_count *count);
/* NULL: no commit names it. */
const struct ev_lake_part *ev_lake_find_part(const struct ev_lake *l, const char *path);
/* By the last commit: the next writer sees to it that it is gone. */
bool ev_lake_is_removed(const struct ev_lake *l, const char *path);

enum { EV_LAKE_NAME = 52 };

/* The path of a commit below the lake. */
void ev_lake_commit_name(uint64_t number, char name[EV_LAKE_NAME]);
/* {"evlake":1,"commit":N,"buckets":16,"checkpoint":false} */
void ev_lake_write_head(const struct ev_lake *l, bool checkpoint, struct ev_buf *out);
void ev_lake_write_batch(const char *name, const struct ev_lake_count *count, struct ev_buf *out);
void ev_lake_write_part(const struct ev_lake_part *part, struct ev_buf *out);
void ev_lake_write_removed(const char *path, struct ev_buf *out);

/* Folders of parts (append.c) */

/* Appends the name of a type's folder, without its type=; other characters become %XX. */
void ev_lake_type_folder(const char *type, size_t len, struct ev_buf *out);

/* Parts that are being written (stage.c) */

struct ev_lake_stage;

enum { EV_LAKE_MOST_SLOTS = 65536 };

struct ev_lake_slot {
	struct ev_lake_stage *stage;
	char *folder; /* below the lake */
	char *temp;   /* where it is written */
	struct ev_buf key;
	char *block;	  /* what waits */
	size_t len, room; /* bytes of it, and for it */
	struct ev_lake_count count;
	uint64_t packed;
	struct ev_time from, to;
	bool timed;
	bool moved;    /* it has its name */
	int temporary; /* ev_out_temporary */
};

struct ev_lake_stage *ev_lake_stage_new(struct ev_lake *l);
void ev_lake_stage_free(struct ev_lake_stage **s);
/* Forgets and removes all. */
void ev_lake_stage_reset(struct ev_lake_stage *s);
/* The slot under a key, or NULL, with the hash of the key. */
struct ev_lake_slot *ev_lake_stage_find(struct ev_lake_stage *s, const struct ev_buf *key,
					uint64_t *hash);
/* A new one. NULL, with the error, if there are too many. */
struct ev_lake_slot *ev_lake_stage_add(struct ev_lake_stage *s, const struct ev_buf *key,
				       uint64_t hash, const char *folder, struct ev_error *err);
/* time: NULL for none. */
enum ev_status ev_lake_stage_line(struct ev_lake_slot *slot, const char *p, size_t len,
				  const struct ev_time *time, struct ev_error *err);
/* Packs what the slot holds in memory, and gives that back. */
void ev_lake_stage_pack(struct ev_lake_slot *slot);
/* Appends the slots' counts. */
struct ev_lake_count ev_lake_stage_count(const struct ev_lake_stage *s);
/*
 * Packs and syncs everything, and writes _evlake/pending: head, then the parts, then the sum.
 */
enum ev_status ev_lake_stage_prepare(struct ev_lake_stage *s, struct ev_buf *head,
				     struct ev_error *err);
/* Moves the parts into their folders, and pending among the commits. The stage is empty then. */
enum ev_status ev_lake_stage_commit(struct ev_lake_stage *s, struct ev_error *err);

/* Making folders anew (compact.c) */

struct ev_lake_filter {
	/* Whether the folder of which that part is one is made anew. */
	bool (*asks)(void *ctx, size_t part);
	/* Whether a line stays; if so *time is that of its event, or NULL. */
	bool (*keeps)(void *ctx, const char *p, size_t len, const struct ev_time **time);
	void *ctx;
};

/*
 * One part of all in each folder that the filter asks for, and one commit of all commits; an error,
 * if these are more than EV_LAKE_MOST_SLOTS. Without a filter, in each folder that has several, or
 * in the first EV_LAKE_MOST_SLOTS of these. *gone: the parts that are no more.
 */
enum ev_status ev_lake_rewrite(struct ev_lake *l, const struct ev_lake_filter *filter,
			       uint64_t *gone, struct ev_error *err);

/* Reading parts (read.c) */

/*
 * Calls fn, which may be NULL, with each line of a file, and counts it. EV_FATAL if it cannot be
 * read, or has other lines than it should.
 */
typedef enum ev_status ev_lake_line(void *ctx, const char *p, size_t len, struct ev_error *err);
enum ev_status ev_lake_part_read(const struct ev_lake *l, const struct ev_lake_part *part,
				 ev_lake_line *fn, void *ctx, struct ev_error *err);

#endif

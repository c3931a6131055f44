/*
 * internal: what the files of store share. Floor 3.
 *
 *   sort.c       items of one run of a program (sort.h)
 *   store.c      opens a state, and puts and commits what is new
 *   log.c        the commits' file: their digests, and positions
 *   merge.c      merges groups of runs
 *   cursor.c     reads entries
 *   manifest.c   the file that says what a state consists of (evkit-state.5)
 *   run.c        reads one sorted file (run.h), and run_write.c writes it
 *   span.c       what a section shows of a state (span.h)
 */
#ifndef EV_STORE_INTERNAL_H
#define EV_STORE_INTERNAL_H

#include "base/compiler.h"
#include "store/store.h"

/* A binary heap of the numbers of some sorted sequences, the one with the least item first. */
typedef bool ev_heap_less(const void *ctx, size_t a, size_t b);

/* Puts the heap's i-th in its place below; all others are in theirs. */
static EV_ALWAYS_INLINE void ev_heap_down(size_t *heap, size_t n, size_t i, ev_heap_less *less,
					  const void *ctx)
{
	for (size_t least = i;; i = least) {
		size_t left = 2 * i + 1, swap = heap[i];

		for (size_t k = left; k <= left + 1 && k < n; k++)
			if (less(ctx, heap[k], heap[least]))
				least = k;
		if (least == i)
			return;
		heap[i] = heap[least];
		heap[least] = swap;
	}
}

static EV_ALWAYS_INLINE void ev_heap_build(size_t *heap, size_t n, ev_heap_less *less,
					   const void *ctx)
{
	for (size_t i = n; i > 0; i--)
		ev_heap_down(heap, n, i - 1, less, ctx);
}

/*
 * The index of a run. The file: the magic bytes and five numbers, the blocks with five numbers
 * each, where the last key begins, the filter's lines, and the texts, of which the last key is the
 * last. Every number is little-endian.
 */
#define EV_RUN_INDEX_MAGIC "evkidx1\n"

enum {
	EV_RUN_INDEX_HEADER = 8 + 5 * 8,
	EV_RUN_INDEX_BLOCK = 5 * 8,
	EV_RUN_FILTER_BITS = 512, /* of a line of the filter */
	EV_RUN_FILTER_LINE = EV_RUN_FILTER_BITS / 8,
	EV_RUN_FILTER_PROBES = 6, /* bits of a key */
	EV_RUN_LONGEST = 1 << 30  /* bytes of an entry, less than */
};

struct ev_run_block {
	uint64_t at;	 /* in the data */
	uint64_t sum;	 /* XXH3 of the block as it lies there, 64 bits */
	uint64_t commit; /* the greatest of an entry in it */
	uint32_t packed, bytes;
	uint64_t text; /* where the text that separates it from the block before begins */
};

/* A key's line in the filter. */
static inline size_t ev_run_filter_line(uint64_t hash, size_t lines)
{
	return (size_t)((unsigned __int128)hash * lines >> 64);
}

/* The i-th of the bits that a key sets in it. */
static inline unsigned ev_run_filter_bit(uint64_t hash, unsigned i)
{
	return (unsigned)(hash * 0x9e3779b97f4a7c15 >> (64 - 9 * (i + 1)) &
			  (EV_RUN_FILTER_BITS - 1));
}

/* A run, and its place among the others. Those of one group have different keys, in order. */
struct ev_manifest_part {
	struct ev_run_facts facts;
	uint64_t level, group;
	uint64_t into;		 /* the group that it is being merged into, or 0 */
	struct ev_buf from;	 /* lesser keys are merged already; empty: none are */
	struct ev_run_file *run; /* the store's; NULL in a manifest */
	const char *last;	 /* its greatest key */
	size_t last_len;
};

struct ev_manifest_note {
	char *name, *value;
};

struct ev_manifest {
	char id[EV_STORE_ID + 1];
	uint64_t seeds[2];
	struct ev_manifest_note *notes;
	size_t n_notes, cap_notes;
	uint64_t head;
	uint64_t log;		   /* bytes of the log that count */
	uint64_t next;		   /* number of the next run or group */
	struct ev_hash128 log_sum; /* of these bytes */
	char digest[EV_STORE_DIGEST + 1];
	struct ev_manifest_part *parts; /* a group's stand together */
	size_t n_parts, cap_parts;
};

/* The kind that a manifest names, damaged or not; false if it names none. */
bool ev_manifest_kind(const char *p, size_t len, char kind[EV_STORE_KIND]);
/* file: for messages. */
enum ev_status ev_manifest_read(const char *file, const char *p, size_t len,
				const struct ev_store_kind *kind, struct ev_manifest *m,
				struct ev_error *err);
void ev_manifest_write(const struct ev_manifest *m, const struct ev_store_kind *kind,
		       struct ev_buf *out);
void ev_manifest_clear_notes(struct ev_manifest *m);
/* The runs are freed with it. */
void ev_manifest_free(struct ev_manifest *m);
void ev_manifest_part_free(struct ev_manifest_part *part);

/* The parts of one group, in the order of their keys. */
struct ev_store_group {
	const struct ev_manifest_part *parts;
	size_t n;
};

/* A line of the log, in offsets; its LF stands at `end`. */
struct ev_store_log_entry {
	uint64_t number; /* of the commit, or 0 for another line */
	size_t at, digest, what, end;
};

struct ev_store {
	char *dir;
	const struct ev_store_kind *kind;
	int lock; /* -1 for a reader */
	struct ev_manifest m;
	struct ev_buf unlogged; /* lines about no commit that are not in the log yet */
	struct ev_buf log;	/* the bytes that count */
	struct ev_store_log_entry *lines;
	size_t n_lines, cap_lines;
	uint64_t log_rest; /* bytes of the file behind those, when it was read */
	struct ev_run_writer *writer;
	struct ev_buf line;
	uint64_t least;			   /* bytes that a commit merges at least */
	uint64_t added;			   /* bytes put since the last merge */
	struct ev_manifest_part *obsolete; /* their files are removed behind the commit */
	size_t n_obsolete, cap_obsolete;
	uint32_t forget; /* entries with a lesser stamp are dropped */
	/* for ev_store_get, until the parts change */
	struct ev_store_group *groups;
	size_t n_groups;
	struct ev_run_file **candidates;
};

extern const char ev_store_no_digest[EV_STORE_DIGEST + 1];

/* store.c */
/* A file of a state, to be freed. */
char *ev_store_path(const char *dir, const char *name);
enum ev_status ev_store_write_manifest(struct ev_store *s, struct ev_error *err);

/* log.c */
enum ev_status ev_store_log_read(struct ev_store *s, struct ev_error *err);
/* Writes what was added to s->log since the last commit, and then s->unlogged. */
enum ev_status ev_store_log_append(struct ev_store *s, struct ev_error *err);
/* Whether the digests follow from one another. */
enum ev_status ev_store_log_check(const struct ev_store *s, struct ev_error *err);

/* merge.c */
enum ev_status ev_store_open_part(const struct ev_store *s, struct ev_manifest_part *part,
				  struct ev_error *err);
enum ev_status ev_store_add_part(struct ev_store *s, const struct ev_run_facts *facts,
				 uint64_t level, uint64_t group, struct ev_error *err);
/* That run is all parts from now on, at the level of the highest. */
enum ev_status ev_store_replace_parts(struct ev_store *s, const struct ev_run_facts *facts,
				      struct ev_error *err);
/* Takes over the part, whose files are removed when no manifest names them any more. */
void ev_store_retire(struct ev_store *s, const struct ev_manifest_part *part);

/* cursor.c */
/* A cursor over what is being merged into that group. */
struct ev_store_cursor *ev_store_cursor_merging(struct ev_store *s, uint64_t group);
void ev_store_get_reset(struct ev_store *s);

#endif

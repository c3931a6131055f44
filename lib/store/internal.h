/*
 * internal: what the files of store share. Floor 3.
 *
 *   store.c      opens a state, and puts and commits what is new
 *   log.c        the commits' file: their digests, and positions
 *   merge.c      merges groups of runs
 *   cursor.c     reads entries
 *   manifest.c   the file that says what a state consists of (evkit-state.5)
 *   run.c        one sorted file (run.h)
 */
#ifndef EV_STORE_INTERNAL_H
#define EV_STORE_INTERNAL_H

#include "store/store.h"

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

/* The parts of one group: each begins behind the end of the one before. */
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
	struct ev_buf log;	/* as many bytes as the manifest says */
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
/* Takes over the part, whose files are removed when no manifest names them any more. */
void ev_store_retire(struct ev_store *s, const struct ev_manifest_part *part);

/* cursor.c */
/* The groups, or only those that are being merged into that one; *n of them, to be freed. */
struct ev_store_group *ev_store_groups(const struct ev_store *s, uint64_t into, size_t *n);
/* A cursor over what is being merged into that group. */
struct ev_store_cursor *ev_store_cursor_merging(struct ev_store *s, uint64_t group);
void ev_store_get_reset(struct ev_store *s);

#endif

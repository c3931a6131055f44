/*
 * store: a folder of sorted runs that stays from one run of a program to the next. Floor 3.
 *
 * The room lib/store keeps what is sorted and larger than memory: sort.h for one run of a program,
 * this header for what stays from one run to the next. Formats: evkit-state.5.
 *
 * A state (evkit-state.5) is a set of entries, each with the number of the commit that brought it.
 * What a writer adds is one new run; the manifest names all runs that count, and a commit is the
 * replacement of the manifest (fsync, rename). One writer at a time holds the lock; readers take
 * none, and see the manifest that they opened. Commits are chained: the digest of one is made of
 * that of the one before and of what the writer says.
 *
 * Runs of one age are groups of a level; when a level has EV_STORE_FAN groups they are merged into
 * one of the next level, bit by bit: behind each commit about as much is merged in every level as
 * it added, so that no commit is far slower than the others (P. O'Neil et al., "The log-structured
 * merge-tree", Acta Informatica 33, 1996). A merge writes a run of the least keys that are left,
 * and the manifest says from which key on its inputs still count.
 */
#ifndef EV_STORE_H
#define EV_STORE_H

#include "base/buf.h"
#include "store/run.h"

enum {
	EV_STORE_FAN = 8,
	EV_STORE_ID = 16,	/* digits of a store's id */
	EV_STORE_DIGEST = 32,	/* of a commit's digest */
	EV_STORE_KIND = 16,	/* bytes of a kind's name, with its NUL */
	EV_STORE_POSITION = 128 /* bytes of a position as text, with its NUL */
};

/* What merging may drop. */
enum ev_store_keeps {
	EV_STORE_SET,	 /* nothing but an entry that stands twice */
	EV_STORE_LATEST, /* of a key all but the latest commit's; and that, if its value is "-" and
			    nothing older is left */
};

/* What a state is, to its folder. */
struct ev_store_kind {
	const char *name;    /* in the manifest: "events", "keys", "members" */
	const char *program; /* that writes it, for messages */
	enum ev_run_form form;
	enum ev_store_keeps keeps;
};

/* Those of evversion, evdedupe and evstar. */
extern const struct ev_store_kind ev_store_events, ev_store_keys, ev_store_members;

struct ev_store;

enum ev_store_mode {
	EV_STORE_READ,
	EV_STORE_WRITE, /* locked, and made if the folder is not there or empty */
};

/*
 * Opens the state in dir. A writer that finds another waits for it. Files that no manifest names
 * are left over from a crash: a writer removes them. NULL with the error.
 */
struct ev_store *ev_store_open(const char *dir, const struct ev_store_kind *kind,
			       enum ev_store_mode mode, struct ev_error *err);
/*
 * An id as a word of a key, printable and in the order of the id's bytes. A byte up to '!' is
 * escaped: '!' and a letter. So the space that ends a word is less than any byte in it, and words
 * sort as the ids do.
 */
void ev_store_word(const char *id, size_t len, struct ev_buf *out);
/* Of which of the three the state in dir is; NULL with the error. */
const struct ev_store_kind *ev_store_kind_of(const char *dir, struct ev_error *err);
/* What was not committed is gone. */
void ev_store_free(struct ev_store **s);

const char *ev_store_dir(const struct ev_store *s);
/* EV_STORE_ID digits. */
const char *ev_store_id(const struct ev_store *s);
/* A secret of the store, the same for ever: what is hashed under it nobody can make collide. */
uint64_t ev_store_seed(const struct ev_store *s, unsigned which);

/* What the store depends on, by name: "envelope", "contract". "" where it was never set. */
const char *ev_store_note(const struct ev_store *s, const char *name);
/* The i-th note's name, and its value; NULL behind the last. */
const char *ev_store_note_at(const struct ev_store *s, size_t i, const char **value);
/* Takes effect with the next commit. name and value have neither white space nor control bytes. */
void ev_store_set_note(struct ev_store *s, const char *name, const char *value);

/* Commits. They are numbered from 1; 0 is the empty store. */

struct ev_store_commit {
	uint64_t number;
	char digest[EV_STORE_DIGEST + 1];
	const char *what; /* what the writer said: one line */
};

uint64_t ev_store_head(const struct ev_store *s);
/* The n-th, 0 up to the head (whose what is ""). */
struct ev_store_commit ev_store_commit_at(const struct ev_store *s, uint64_t n);

/* Appends the digests of the commits from..to, EV_STORE_DIGEST digits each. */
void ev_store_digests(const struct ev_store *s, uint64_t from, uint64_t to, struct ev_buf *out);

/* A position: STORE:N:DIGEST, or 0. */
struct ev_point {
	char store[EV_STORE_ID + 1]; /* "" for 0 */
	uint64_t number;
	char digest[EV_STORE_DIGEST + 1];
};
/* False if the text is none. */
bool ev_point_read(const char *text, struct ev_point *p);
void ev_point_write(const struct ev_point *p, char text[EV_STORE_POSITION]);
struct ev_point ev_store_position(const struct ev_store *s, uint64_t n);
/* EV_FATAL, with what is wrong and what to do, if the position is not in this store's chain. */
enum ev_status ev_store_check_position(const struct ev_store *s, const struct ev_point *p,
				       struct ev_error *err);
/*
 * What was said last in a line that ends with that text, or NULL; valid until the next commit.
 * *number: of the commit that it was said of, or 0.
 */
const char *ev_store_said(const struct ev_store *s, const char *end, uint64_t *number);
/* The same of the first such line. */
const char *ev_store_said_first(const struct ev_store *s, const char *end, uint64_t *number);
/* The numbers of the commits of which just that was said, in order; *n of them. To be freed. */
uint64_t *ev_store_commits_of(const struct ev_store *s, const char *what, size_t *n);
/* All that was said, in order. Zero-initialise. */
struct ev_store_log_line {
	uint64_t number;  /* of the commit that it was said of, or 0 */
	const char *what; /* valid until the next commit */
	size_t len;
	size_t next; /* the store's */
};
/* False behind the last. */
bool ev_store_log_next(const struct ev_store *s, struct ev_store_log_line *said);
/*
 * The digest of the commit behind the head, if `what` is said of it and it takes what has that
 * digest.
 */
void ev_store_next_digest(const struct ev_store *s, const char *what, const char *taken,
			  char digest[EV_STORE_DIGEST + 1]);

/* Writing. Entries are put in order; their commit is the head's or the next one. */
enum ev_status ev_store_put(struct ev_store *s, const struct ev_entry *e, struct ev_error *err);
/* The same of a text that is put together: key, commit, value. */
enum ev_status ev_store_put_text(struct ev_store *s, const char *key, size_t key_len,
				 uint64_t commit, const char *value, size_t value_len,
				 struct ev_error *err);
/* Fixed entries with a lesser stamp leave where they are merged, and runs that have no other. */
void ev_store_forget(struct ev_store *s, uint32_t least);
/* Bytes that a commit merges in a level at least (4 MiB unless this says otherwise). */
void ev_store_merge_least(struct ev_store *s, uint64_t bytes);
/* Names and syncs what was put. Nothing counts yet. */
enum ev_status ev_store_prepare(struct ev_store *s, struct ev_error *err);
/*
 * Replaces the manifest: what was prepared counts. what: the line of a new commit, or NULL for none
 * (then the entries bear the head's number); taken: as of ev_store_next_digest.
 */
enum ev_status ev_store_commit(struct ev_store *s, const char *what, const char *taken,
			       struct ev_error *err);
/*
 * Behind a commit: merges as much as it added. It waits until who comes behind has what was
 * committed, for it takes long. If it fails, or never comes, the state on the disk is as it was;
 * after a failure this one must not be written any more.
 */
enum ev_status ev_store_merge(struct ev_store *s, struct ev_error *err);
/* Says something in the log that is no commit; it is written with the next replacement. */
void ev_store_log_add(struct ev_store *s, const char *what);
/* The commit of another store's chain is taken over (a consumer stands where it stands). */
enum ev_status ev_store_commit_as(struct ev_store *s, const struct ev_point *p,
				  struct ev_error *err);
/* Forgets all entries, commits and notes; the id stays, with the next commit. */
void ev_store_clear(struct ev_store *s);

/* Reading: all entries of the store as one sorted sequence, at a place of its own. */
struct ev_store_cursor;

/* since: entries of that commit or an earlier one are passed over by ev_store_cursor_next. */
struct ev_store_cursor *ev_store_cursor_new(struct ev_store *s, uint64_t since);
void ev_store_cursor_free(struct ev_store_cursor **l);
/* To the first entry whose key begins with those bytes, if there is one: *e NULL otherwise. */
enum ev_status ev_store_cursor_find(struct ev_store_cursor *l, const char *prefix, size_t len,
				    const struct ev_entry **e, struct ev_error *err);
/* The next that begins with what was looked for. */
enum ev_status ev_store_cursor_find_next(struct ev_store_cursor *l, const struct ev_entry **e,
					 struct ev_error *err);
/* Onward to the first that begins with what was looked for and whose key is not less. */
enum ev_status ev_store_cursor_skip(struct ev_store_cursor *l, const char *key, size_t len,
				    const struct ev_entry **e, struct ev_error *err);
/* The next of all entries; *e NULL behind the last. An entry is valid until the next call. */
enum ev_status ev_store_cursor_next(struct ev_store_cursor *l, const struct ev_entry **e,
				    struct ev_error *err);
/* What the latest commit says of a fixed key. For keys in any order. */
struct ev_store_fixed {
	bool there;
	uint32_t commit, stamp;
};
enum ev_status ev_store_get(struct ev_store *s, const char key[EV_RUN_KEY],
			    struct ev_store_fixed *f, struct ev_error *err);

/* For people */
struct ev_store_sums {
	uint64_t entries, bytes, runs, groups;
};
struct ev_store_sums ev_store_sums(const struct ev_store *s);
/* Reads and checks everything. */
enum ev_status ev_store_check(struct ev_store *s, struct ev_error *err);
/*
 * What is there and does not count: files of runs that the manifest does not name, and bytes behind
 * the end of the commits' file. A writer that was stopped leaves them, and so does an old manifest.
 */
struct ev_store_rest {
	uint64_t files, bytes;
};
enum ev_status ev_store_rest(const struct ev_store *s, struct ev_store_rest *rest,
			     struct ev_error *err);

#endif

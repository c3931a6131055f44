/*
 * store: states, folders of sorted runs that stay from one run of a program to the next. Floor 3.
 *
 * The room lib/store keeps what is sorted and larger than memory: sort.h during one run of a
 * program, this header from one run to the next.
 *
 * A state (evkit-state.5) is a set of entries, each with the number of the commit that brought it.
 * A commit adds at most one run. The manifest names all runs that count, and the commit is its
 * replacement (fsync, rename). One writer at a time holds the lock; readers take none, and see the
 * state that the manifest named when they opened it. Commits are chained: the digest of one covers
 * the digest of the one before and the line that the writer logs.
 *
 * Each new run is a group of level 0. When a level has EV_STORE_FAN groups they are merged into one
 * of the next level, bit by bit: behind each commit every level merges about as much as the commit
 * added, so that no commit is far slower than the others (P. O'Neil et al., "The log-structured
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

/* What a merge drops. */
enum ev_store_keeps {
	EV_STORE_SET,	 /* the second of two equal entries */
	EV_STORE_LATEST, /* all entries of a key but the latest commit's; that one too, if its value
			    is "-" and nothing older is left that it must hide */
};

/* A kind of state. */
struct ev_store_kind {
	const char *name;    /* in the manifest: "events", "keys", "members" */
	const char *program; /* the one that writes it, for messages */
	enum ev_run_form form;
	enum ev_store_keeps keeps;
};

/* Those of evversion, evdedupe and evstar. */
extern const struct ev_store_kind ev_store_events, ev_store_keys, ev_store_members;

struct ev_store;

enum ev_store_mode {
	EV_STORE_READ,
	EV_STORE_WRITE, /* locked; made if the folder is missing or empty */
};

/*
 * Opens the state in dir. A writer waits for another to end, and removes files that the manifest
 * does not name: a crash left them. NULL with the error.
 */
struct ev_store *ev_store_open(const char *dir, const struct ev_store_kind *kind,
			       enum ev_store_mode mode, struct ev_error *err);
/*
 * An id as a word of a key, printable and in the order of the id's bytes. A byte up to '!' is
 * escaped: '!' and a letter. So the space that ends a word is less than any byte in it, and words
 * sort as the ids do.
 */
void ev_store_word(const char *id, size_t len, struct ev_buf *out);
/* And back: the word is without the space. */
void ev_store_unword(const char *word, size_t len, struct ev_buf *out);
/* Which of the three kinds the state in dir is; NULL with the error. */
const struct ev_store_kind *ev_store_kind_of(const char *dir, struct ev_error *err);
/* Discards what was not committed. */
void ev_store_free(struct ev_store **s);

const char *ev_store_dir(const struct ev_store *s);
/* EV_STORE_ID digits. */
const char *ev_store_id(const struct ev_store *s);
/* One of the store's two secrets, for hashes that nobody can make collide. They never change. */
uint64_t ev_store_seed(const struct ev_store *s, unsigned which);

/* Notes: what the store depends on, by name ("envelope", "contract"). "" if it was never set. */
const char *ev_store_note(const struct ev_store *s, const char *name);
/* The i-th note's name, and its value; NULL behind the last. */
const char *ev_store_note_at(const struct ev_store *s, size_t i, const char **value);
/* Takes effect with the next commit. name and value have neither white space nor control bytes. */
void ev_store_set_note(struct ev_store *s, const char *name, const char *value);

/* Commits. They are numbered from 1; 0 is the empty store. */

uint64_t ev_store_head(const struct ev_store *s);
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
/* EV_FATAL, with the error and the remedy, if the position is not in this store's chain. */
enum ev_status ev_store_check_position(const struct ev_store *s, const struct ev_point *p,
				       struct ev_error *err);
/* A line of the log: a commit's, or another that a writer added. */
struct ev_store_log_line {
	uint64_t number;  /* of the commit; 0 for another line */
	const char *what; /* the writer's text; valid until the next commit */
	size_t len;
};
/* The i-th line, from 0; false behind the last. */
bool ev_store_log_line(const struct ev_store *s, size_t i, struct ev_store_log_line *line);
/* The digest that ev_store_commit() would give the next commit. */
void ev_store_next_digest(const struct ev_store *s, const char *what, const char *taken,
			  char digest[EV_STORE_DIGEST + 1]);

/* Writing. Entries come in order; their commit is the head or the next one. */
enum ev_status ev_store_put(struct ev_store *s, const struct ev_entry *e, struct ev_error *err);
/* The same for a text entry, from its key, commit and value. */
enum ev_status ev_store_put_text(struct ev_store *s, const char *key, size_t key_len,
				 uint64_t commit, const char *value, size_t value_len,
				 struct ev_error *err);
/* Drops fixed entries with a lesser stamp when they are merged, and runs that have no others. */
void ev_store_forget(struct ev_store *s, uint32_t least);
/* The least number of bytes that ev_store_merge() merges in a level (default: 4 MiB). */
void ev_store_merge_least(struct ev_store *s, uint64_t bytes);
/* Syncs and names the new run. It does not count yet. */
enum ev_status ev_store_prepare(struct ev_store *s, struct ev_error *err);
/* Instead of that: the new run will be all that the state has, and the files of all others go. */
enum ev_status ev_store_prepare_whole(struct ev_store *s, struct ev_error *err);
/*
 * Replaces the manifest: what was prepared counts. what: the text of the new commit's line, or NULL
 * for no new commit (the entries have the head's number); taken: the digest of its input.
 */
enum ev_status ev_store_commit(struct ev_store *s, const char *what, const char *taken,
			       struct ev_error *err);
/*
 * Merges about as much as the last commit added. That takes long, so it is called when the next
 * program has what was committed. If it fails or is never called, the state on disk is as it was;
 * after a failure nothing may be written through s any more.
 */
enum ev_status ev_store_merge(struct ev_store *s, struct ev_error *err);
/*
 * Merges all runs into one, so that what was replaced leaves the files. No commit; as long as it
 * has not ended, the state on disk is as it was.
 */
enum ev_status ev_store_compact(struct ev_store *s, struct ev_error *err);
/* Adds a line about no commit to the log, with the next ev_store_commit(). */
void ev_store_log_add(struct ev_store *s, const char *what);
/* Instead of a commit of its own: takes over the number and digest of another store's commit. */
enum ev_status ev_store_commit_as(struct ev_store *s, const struct ev_point *p,
				  struct ev_error *err);
/* Drops all entries, commits and notes, with the next commit; the id stays. */
void ev_store_clear(struct ev_store *s);

/* Reading: a cursor over all entries of the store, as one sorted sequence. */
struct ev_store_cursor;

/* ev_store_cursor_next passes over the entries up to commit `since`. */
struct ev_store_cursor *ev_store_cursor_new(struct ev_store *s, uint64_t since);
void ev_store_cursor_free(struct ev_store_cursor **cursor);
/* To the first entry whose key begins with the prefix; *e NULL if there is none. */
enum ev_status ev_store_cursor_find(struct ev_store_cursor *c, const char *prefix, size_t len,
				    const struct ev_entry **e, struct ev_error *err);
/* The next entry with that prefix. */
enum ev_status ev_store_cursor_find_next(struct ev_store_cursor *c, const struct ev_entry **e,
					 struct ev_error *err);
/* Onward to the first entry with that prefix whose key is not less than this. */
enum ev_status ev_store_cursor_skip(struct ev_store_cursor *c, const char *key, size_t len,
				    const struct ev_entry **e, struct ev_error *err);
/* The next of all entries; *e NULL behind the last. An entry is valid until the next call. */
enum ev_status ev_store_cursor_next(struct ev_store_cursor *c, const struct ev_entry **e,
				    struct ev_error *err);
/* What the latest commit has of a fixed key; keys may come in any order. */
struct ev_store_fixed {
	bool there;
	uint32_t commit, stamp;
};
enum ev_status ev_store_get(struct ev_store *s, const char key[EV_RUN_KEY],
			    struct ev_store_fixed *f, struct ev_error *err);

/* For evstate */
struct ev_store_sums {
	uint64_t entries, bytes, runs, groups;
};
struct ev_store_sums ev_store_sums(const struct ev_store *s);
/* Reads and checks everything. */
enum ev_status ev_store_check(struct ev_store *s, struct ev_error *err);
/*
 * What is in the folder and does not count: files that the manifest does not name, and bytes behind
 * the end of the log. A writer that was stopped leaves them, and so does an old manifest.
 */
struct ev_store_rest {
	uint64_t files, bytes;
};
enum ev_status ev_store_rest(const struct ev_store *s, struct ev_store_rest *rest,
			     struct ev_error *err);

#endif

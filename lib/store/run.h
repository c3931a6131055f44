/*
 * run: a sorted file of entries that never changes, and the index beside it. Floor 3.
 *
 * Entries are sorted by key, then commit, then value, as bytes. There are two forms. In text each
 * entry is a line "KEY<TAB>COMMIT<TAB>VALUE", commits have 12 digits, and a block of lines is a
 * gzip member: zcat shows the run. Fixed entries have keys of 16 bytes and values of 8 (commit and
 * stamp, big-endian), and are not packed. For each block the index has its place, its checksum, its
 * greatest commit, and a text that separates it from the block before. It has a Bloom filter of the
 * keys' first words, too (B. H. Bloom, CACM 13(7), 1970; in blocks of 64 bytes: F. Putze, P.
 * Sanders, J. Singler, JEA 14, 2009). Where the filter finds a key the run is read to make sure.
 */
#ifndef EV_RUN_H
#define EV_RUN_H

#include "base/buf.h"
#include "base/hash.h"

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
	EV_RUN_KEY = 16,      /* bytes of a fixed entry's key */
	EV_RUN_FIXED = 24,    /* bytes of a fixed entry */
	EV_RUN_COMMIT = 12,   /* digits */
	EV_RUN_KEY_MAX = 4096 /* bytes of a key, at most */
};

enum ev_run_form { EV_RUN_TEXT, EV_RUN_BINARY };

/* An entry, as it lies in its block: the line without its LF, or 24 bytes. */
struct ev_entry {
	const char *p;
	size_t len;
	size_t key_len;	   /* the key is at p */
	const char *value; /* behind the commit */
	size_t value_len;
	uint64_t commit;
};

/* The stamp in a fixed entry's value (ev_store_forget). */
static inline uint32_t ev_run_stamp(const char *value)
{
	uint32_t stamp;

	memcpy(&stamp, value + 4, sizeof stamp);
	return be32toh(stamp);
}

/* Writes a fixed entry. */
static inline void ev_run_put_fixed(char entry[EV_RUN_FIXED], const char key[EV_RUN_KEY],
				    uint32_t commit, uint32_t stamp)
{
	memcpy(entry, key, EV_RUN_KEY);
	commit = htobe32(commit);
	stamp = htobe32(stamp);
	memcpy(entry + EV_RUN_KEY, &commit, sizeof commit);
	memcpy(entry + EV_RUN_KEY + sizeof commit, &stamp, sizeof stamp);
}

/* The length of a key's first word with the space behind it; all of a key that has no space. */
static inline size_t ev_run_word(enum ev_run_form form, const char *key, size_t len)
{
	const char *space = form == EV_RUN_TEXT && len > 0 ? memchr(key, ' ', len) : NULL;

	return space != NULL ? (size_t)(space - key) + 1 : len;
}

/* Whether a key, and one before it in order, have the same first word. */
static inline bool ev_run_same_word(enum ev_run_form form, const char *before, size_t before_len,
				    const char *key, size_t len)
{
	size_t word = ev_run_word(form, key, len);

	return before_len >= word && memcmp(before, key, word) == 0;
}

/* The hash of a key's first word, or of a fixed key, for the filter. */
uint64_t ev_run_hash(enum ev_run_form form, const char *key, size_t len);

/* Writing. The files appear in ev_run_close. */
struct ev_run_writer;

/* What the manifest says of a run. */
struct ev_run_facts {
	uint64_t number; /* of its files */
	uint64_t entries, bytes;
	uint64_t commit, stamp;	       /* the greatest; stamp: of fixed entries, or 0 */
	struct ev_hash128 data, index; /* digests of the files */
};

/* dir is borrowed. */
struct ev_run_writer *ev_run_create(const char *dir, uint64_t number, enum ev_run_form form,
				    struct ev_error *err);
/* The next entry in order; value and value_len need not be set. */
enum ev_status ev_run_put(struct ev_run_writer *w, const struct ev_entry *e, struct ev_error *err);
/* Syncs and names the files; frees the writer, whatever the outcome. */
enum ev_status ev_run_close(struct ev_run_writer **w, struct ev_run_facts *facts,
			    struct ev_error *err);
void ev_run_discard(struct ev_run_writer **w);

/* Reading */
struct ev_run_file;

/* Reads the index. Checks the sizes of both files and the digest of the index. */
struct ev_run_file *ev_run_open(const char *dir, const struct ev_run_facts *facts,
				enum ev_run_form form, struct ev_error *err);
void ev_run_free(struct ev_run_file **r);
/* Reads all of the data, and checks its digest, each block and the order; for evstate check. */
enum ev_status ev_run_check(struct ev_run_file *r, struct ev_error *err);
/* False: no key of the run has the first word with that hash. */
bool ev_run_may_have(const struct ev_run_file *r, uint64_t hash);
/* Fetches into the cache what ev_run_may_have will read. */
void ev_run_prefetch(const struct ev_run_file *r, uint64_t hash);
/* The greatest key. */
const char *ev_run_last(const struct ev_run_file *r, size_t *len);
/*
 * A fixed key's entry with the greatest commit, or NULL; valid until the run is read again.
 */
enum ev_status ev_run_get(struct ev_run_file *r, const char key[EV_RUN_KEY], const char **entry,
			  struct ev_error *err);

/*
 * A cursor in a run, of which EV_RUN_CURSORS may be in use. Zero-initialise all but run. The entry
 * is valid until the cursor moves.
 */
enum { EV_RUN_CURSORS = 3 };
struct ev_run_cursor {
	struct ev_run_file *run;
	struct ev_run_held *held; /* the block at hand, or NULL */
	size_t block;		  /* number of the next */
	const char *next, *end;
	struct ev_entry entry;
	bool ended;
};

/* To the first entry whose key is not less, or to the end. */
enum ev_status ev_run_seek(struct ev_run_cursor *c, const char *key, size_t len,
			   struct ev_error *err);
/* To the next entry; at first, to the first. */
enum ev_status ev_run_next(struct ev_run_cursor *c, struct ev_error *err);
/* The same, but skips blocks that have nothing newer than that commit. */
enum ev_status ev_run_next_since(struct ev_run_cursor *c, uint64_t commit, struct ev_error *err);

/* Back to the beginning. Each cursor must be reset at last. */
void ev_run_cursor_reset(struct ev_run_cursor *c);

/* A file of a run, to be freed. */
char *ev_run_path(const char *dir, uint64_t number, enum ev_run_form form, bool index);

#endif

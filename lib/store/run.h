/*
 * run: a sorted file of entries that never changes, and the index beside it. Floor 3.
 *
 * Entries are sorted by key, then commit, then value, as bytes. There are two forms. In text each
 * entry is a line "KEY<TAB>COMMIT<TAB>VALUE", commits have 12 digits, and a block of lines is a
 * gzip member: zcat shows the run. Fixed entries have keys of 16 bytes and values of 8 (the commit
 * and a stamp, four bytes each, the greatest first), and are not packed. The index holds of each
 * block where it is, its checksum, its greatest commit, and a text that separates it from the block
 * before; and a Bloom filter of the keys' first words (B. H. Bloom, CACM 13(7), 1970; in blocks of
 * 64 bytes: F. Putze, P. Sanders, J. Singler, JEA 14, 2009), which is never the sole truth.
 */
#ifndef EV_RUN_H
#define EV_RUN_H

#include "base/hash.h"
#include "base/status.h"

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
	EV_RUN_KEY = 16,      /* bytes of a fixed entry's key */
	EV_RUN_FIXED = 24,    /* and of all of it */
	EV_RUN_COMMIT = 12,   /* digits */
	EV_RUN_NAME = 24,     /* bytes of a file's name, with its NUL */
	EV_RUN_KEY_MAX = 4096 /* bytes of a key at most */
};

enum ev_run_form { EV_RUN_TEXT, EV_RUN_BINARY };

/* An entry, as it lies in its block: the line without its LF, or 24 bytes. */
struct ev_entry {
	const char *p;
	size_t len;
	size_t key_len;	   /* the key stands at p */
	const char *value; /* behind the commit */
	size_t value_len;
	uint64_t commit;
};

/* Of a fixed entry's value: by it entries are let go (ev_store_forget). */
static inline uint32_t ev_run_stamp(const char *value)
{
	uint32_t stamp;

	memcpy(&stamp, value + 4, sizeof stamp);
	return be32toh(stamp);
}

/* A fixed entry: EV_RUN_FIXED bytes. */
static inline void ev_run_put_fixed(char entry[EV_RUN_FIXED], const char key[EV_RUN_KEY],
				    uint32_t commit, uint32_t stamp)
{
	memcpy(entry, key, EV_RUN_KEY);
	commit = htobe32(commit);
	stamp = htobe32(stamp);
	memcpy(entry + EV_RUN_KEY, &commit, sizeof commit);
	memcpy(entry + EV_RUN_KEY + sizeof commit, &stamp, sizeof stamp);
}

/* The hash of a key's first word, or of a fixed key, for filters. */
uint64_t ev_run_hash(enum ev_run_form form, const char *key, size_t len);

/* Writing. What is written appears under its names in ev_run_close. */
struct ev_run_writer;

/* What the manifest says of a run. */
struct ev_run_facts {
	uint64_t number;		 /* of its files */
	uint64_t entries, bytes, commit; /* commit: the greatest */
	uint64_t stamp;			 /* of fixed entries: the greatest; or 0 */
	struct ev_hash128 data, index;	 /* digests of the files */
};

/* dir is borrowed. */
struct ev_run_writer *ev_run_create(const char *dir, uint64_t number, enum ev_run_form form,
				    struct ev_error *err);
/* The next entry, as it stands in a run: p, len, key_len and commit are looked at. */
enum ev_status ev_run_put(struct ev_run_writer *w, const struct ev_entry *e, struct ev_error *err);
/* Syncs and names the files; frees the writer, whatever the outcome. */
enum ev_status ev_run_close(struct ev_run_writer **w, struct ev_run_facts *facts,
			    struct ev_error *err);
void ev_run_discard(struct ev_run_writer **w);

/* Reading */
struct ev_run_file;

/* Reads the index, and checks both files' sizes and the index's digest. */
struct ev_run_file *ev_run_open(const char *dir, const struct ev_run_facts *facts,
				enum ev_run_form form, struct ev_error *err);
void ev_run_free(struct ev_run_file **r);
/* Reads all of the data and compares its digest, and each block's; for evstate check. */
enum ev_status ev_run_check(struct ev_run_file *r, struct ev_error *err);
enum ev_run_form ev_run_form(const struct ev_run_file *r);
/* False: no key of the run has that first word. */
bool ev_run_may_have(const struct ev_run_file *r, uint64_t hash);
/* Has the processor fetch what ev_run_may_have will look at. */
void ev_run_prefetch(const struct ev_run_file *r, uint64_t hash);
/* The greatest key. */
const char *ev_run_last(const struct ev_run_file *r, size_t *len);
/*
 * Of a fixed key the entry with the greatest commit, or NULL; valid until anything else is read of
 * the run.
 */
enum ev_status ev_run_get(struct ev_run_file *r, const char key[EV_RUN_KEY], const char **entry,
			  struct ev_error *err);

/*
 * A place in a run; EV_RUN_CURSORS of a run at most. Zero-initialise but for run. The entry is
 * valid until the cursor moves.
 */
enum { EV_RUN_CURSORS = 3 };
struct ev_run_cursor {
	struct ev_run_file *run;
	struct ev_run_held *held; /* the block that it stands in, or NULL */
	size_t block;		  /* the one behind that */
	const char *next, *end;
	struct ev_entry entry;
	bool ended;
};

/* To the first entry whose key is not less; or its end. */
enum ev_status ev_run_seek(struct ev_run_cursor *c, const char *key, size_t len,
			   struct ev_error *err);
/* To the next; from the beginning to the first. */
enum ev_status ev_run_next(struct ev_run_cursor *c, struct ev_error *err);
/* The same, past the blocks that have nothing newer than that commit. */
enum ev_status ev_run_next_since(struct ev_run_cursor *c, uint64_t commit, struct ev_error *err);

/* Back to the beginning; the last call for a cursor. */
void ev_run_cursor_reset(struct ev_run_cursor *c);

/* Names of files in a state's folder. */
void ev_run_name(uint64_t number, enum ev_run_form form, bool index, char name[EV_RUN_NAME]);

#endif

/*
 * out: checked output in large blocks, to a descriptor or to a file that appears whole. Floor 1.
 *
 * A file is written under a temporary name in its own folder and takes its name in ev_out_commit,
 * after fsync of the file and before fsync of the folder. Until then, ev_out_discard and
 * ev_out_unlink_temporaries leave nothing behind. The first error is kept: later calls fail again
 * with the same text, so that a caller may check at the end of a batch of calls.
 */
#ifndef EV_OUT_H
#define EV_OUT_H

#include "base/hash.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { EV_OUT_BLOCK = 256 * 1024 };

struct ev_pack;

struct ev_out {
	char *buf;
	size_t len, cap;
	int fd;
	char *name;    /* the final name, or what stands for it in errors */
	char *temp;    /* NULL for a descriptor */
	int slot;      /* in the table of temporaries */
	bool owned;    /* fd is closed here */
	bool named;    /* it was given its name */
	bool replaces; /* ev_out_replaces */
	bool failed;
	bool kept;		  /* ev_out_keep */
	bool prepared;		  /* only its name is still to be given */
	struct ev_pack *pack;	  /* borrowed; NULL: the bytes are written as they are */
	size_t noted;		  /* of buf, with pack: these are in bytes and digest already */
	bool packed;		  /* a member has been given to pack */
	uint64_t bytes;		  /* put so far, before they are packed */
	uint64_t lines;		  /* by ev_out_line */
	struct ev_digest *digest; /* of the bytes put while it was on; NULL if off */
	struct ev_error error;
};

/* An open descriptor, which stays the caller's to close. */
struct ev_out *ev_out_fd(int fd, const char *name);
/* A file that will appear as name; a device, a pipe or /dev/stderr is written as it is. */
struct ev_out *ev_out_file(const char *name, struct ev_error *err);

/*
 * Before anything is put: all that will be is written as gzip members of EV_PACK_BLOCK bytes each,
 * the last one less. Flushing then writes nothing. The pack must outlive the output.
 */
void ev_out_gzip(struct ev_out *o, struct ev_pack *pack);

enum ev_status ev_out_flush(struct ev_out *o);
enum ev_status ev_out_overflow(struct ev_out *o, const void *p, size_t len);

static inline enum ev_status ev_out_put(struct ev_out *o, const void *p, size_t len)
{
	if (o->cap - o->len < len)
		return ev_out_overflow(o, p, len);
	memcpy(o->buf + o->len, p, len);
	o->len += len;
	return EV_OK;
}

/* Passes a status of these functions on, with the text of its error. */
static inline enum ev_status ev_out_status(const struct ev_out *o, enum ev_status st,
					   struct ev_error *err)
{
	if (st != EV_OK)
		*err = o->error;
	return st;
}

/* A line and its LF; counted. */
static inline enum ev_status ev_out_line(struct ev_out *o, const void *p, size_t len)
{
	o->lines++;
	if (o->cap - o->len < len + 1) {
		if (ev_out_overflow(o, p, len) != EV_OK)
			return EV_FATAL;
		return ev_out_put(o, "\n", 1);
	}
	memcpy(o->buf + o->len, p, len);
	o->buf[o->len + len] = '\n';
	o->len += len + 1;
	return EV_OK;
}

/*
 * A line written in place. If true, up to n bytes may be written at buf + len, and the next call is
 * ev_out_made with their number. If false, the line must be put.
 */
bool ev_out_clear(struct ev_out *o, size_t n);

static inline bool ev_out_room(struct ev_out *o, size_t n)
{
	return o->cap - o->len > n || ev_out_clear(o, n);
}

static inline void ev_out_made(struct ev_out *o, size_t len)
{
	o->lines++;
	o->buf[o->len + len] = '\n';
	o->len += len + 1;
}

/*
 * Starts a digest over the bytes that follow, under a secret (ev_digest_keyed) that outlives the
 * output; the value covers all put since then.
 */
void ev_out_digest_start(struct ev_out *o, const uint8_t *secret);
struct ev_hash128 ev_out_digest_value(struct ev_out *o);

/* Flushes and syncs; more may follow. */
enum ev_status ev_out_sync(struct ev_out *o, struct ev_error *err);
/*
 * Does all of a commit but the naming: flushes, syncs and closes a file. Nothing may be put behind
 * it.
 */
enum ev_status ev_out_prepare(struct ev_out *o, struct ev_error *err);
/*
 * The file takes the place of one that must never be missing: it keeps its name, though it could
 * not be made sure that it does.
 */
void ev_out_replaces(struct ev_out *o);
/* The file will take this name, in the same folder; before ev_out_prepare. */
void ev_out_rename(struct ev_out *o, const char *name);
/* From now on a signal, an error and ev_out_discard leave the file under its temporary name. */
void ev_out_keep(struct ev_out *o);
/* Flushes; a file is synced and takes its name. The object is freed whatever the outcome. */
enum ev_status ev_out_commit(struct ev_out **o, struct ev_error *err);

/*
 * Files that get their names together, when the run is known to be a success. ev_outs_add flushes,
 * syncs and closes one, which it takes over whatever the outcome: from then on only the name can
 * fail. ev_outs_commit gives all their names, in the order in which they came; if one cannot have
 * it, those that had theirs already are removed again. Zero-initialise.
 */
struct ev_outs {
	struct ev_out **list;
	size_t n;
};

enum ev_status ev_outs_add(struct ev_outs *s, struct ev_out **o, struct ev_error *err);
enum ev_status ev_outs_commit(struct ev_outs *s, struct ev_error *err);
void ev_outs_free(struct ev_outs *s);

/* Frees; an uncommitted file is removed. */
void ev_out_discard(struct ev_out **o);

/* Removes every uncommitted file of the process. Async-signal-safe. */
void ev_out_unlink_temporaries(void);
/* Registers a further temporary path (it must stay valid): its slot, or -1 if all are taken. */
int ev_out_temporary(const char *path);
void ev_out_temporary_done(int slot);

#endif

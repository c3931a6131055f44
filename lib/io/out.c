#include "io/out.h"
#include "base/mem.h"
#include "io/pack.h"
#include "io/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SLOTS = 256 };

/* Read by a signal handler, hence the atomics; a slot is set after the name is whole. */
static _Atomic(const char *) temporaries[SLOTS];

int ev_out_temporary(const char *path)
{
	for (int i = 0; i < SLOTS; i++) {
		const char *expected = NULL;

		if (atomic_compare_exchange_strong(&temporaries[i], &expected, path))
			return i;
	}
	return -1; /* more at once than are cleaned up after a signal */
}

void ev_out_temporary_done(int slot)
{
	if (slot >= 0)
		atomic_store(&temporaries[slot], NULL);
}

void ev_out_unlink_temporaries(void)
{
	for (int i = 0; i < SLOTS; i++) {
		const char *path = atomic_load(&temporaries[i]);

		if (path != NULL)
			unlink(path);
	}
}

struct ev_out *ev_out_fd(int fd, const char *name)
{
	struct ev_out *o = ev_calloc(1, sizeof *o);

	o->fd = fd;
	ev_pipe_widen(fd);
	o->name = ev_strdup(name);
	o->slot = -1;
	o->cap = EV_OUT_BLOCK;
	o->buf = ev_malloc(o->cap);
	return o;
}

/*
 * A device or a pipe keeps its name; there is nothing to rename. Neither is there for /dev/stderr,
 * a link to whatever the descriptor is: if that is a file, it goes on at its end.
 */
static bool keeps_name(const char *name)
{
	struct stat st;

	if (stat(name, &st) != 0)
		return false;
	if (!S_ISREG(st.st_mode))
		return true;
	return (strncmp(name, "/dev/", 5) == 0 || strncmp(name, "/proc/", 6) == 0) &&
	       lstat(name, &st) == 0 && S_ISLNK(st.st_mode);
}

/* Whether this process is writing the file already: the later of two would replace the other. */
static bool is_ours(const char *temp)
{
	struct stat a, b;

	if (stat(temp, &a) != 0)
		return false;
	for (int i = 0; i < SLOTS; i++) {
		const char *path = atomic_load(&temporaries[i]);

		if (path != NULL && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
		    a.st_ino == b.st_ino)
			return true;
	}
	return false;
}

/* No signal comes between the making of the file and the note that it must be removed. */
static int make_temporary(struct ev_out *o)
{
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	o->fd = open(o->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (o->fd >= 0)
		o->slot = ev_out_temporary(o->temp);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return o->fd;
}

struct ev_out *ev_out_file(const char *name, struct ev_error *err)
{
	const char *base = strrchr(name, '/');
	size_t dir = base != NULL ? (size_t)(base + 1 - name) : 0;
	struct ev_out *o = ev_out_fd(-1, name);
	size_t size = strlen(name) + 32;

	o->owned = true;
	if (keeps_name(name)) {
		if ((o->fd = open(name, O_WRONLY | O_APPEND | O_CLOEXEC)) < 0) {
			ev_fail(err, "%s: cannot be written: %s", name, strerror(errno));
			ev_out_discard(&o);
		}
		return o;
	}
	o->temp = ev_malloc(size);
	for (unsigned i = 0;; i++) {
		snprintf(o->temp, size, "%.*s.%s.%ld.%u~", (int)dir, name, name + dir,
			 (long)getpid(), i);
		if (make_temporary(o) >= 0)
			return o;
		ev_fail(err, "%s: cannot be written: %s", name, strerror(errno));
		if (errno == EEXIST && is_ours(o->temp))
			ev_fail(err, "%s: is named for two outputs: give each a file of its own",
				name);
		else if (errno == EEXIST && i < 1000)
			continue;
		free(o->temp);
		o->temp = NULL;
		ev_out_discard(&o);
		return NULL;
	}
}

static enum ev_status write_all(struct ev_out *o, const char *p, size_t len)
{
	if (o->failed)
		return EV_FATAL;
	while (len > 0) {
		ssize_t n = write(o->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			o->failed = true;
			return ev_fail(&o->error, "%s: cannot be written: %s", o->name,
				       strerror(errno));
		}
		p += n;
		len -= (size_t)n;
	}
	return EV_OK;
}

/* Takes bytes into the counts. */
static void note(struct ev_out *o, const char *p, size_t len)
{
	o->bytes += len;
	if (o->digest != NULL)
		ev_digest_add(o->digest, p, len);
}

static enum ev_status note_and_write(struct ev_out *o, const char *p, size_t len)
{
	if (o->failed)
		return EV_FATAL;
	note(o, p, len);
	return write_all(o, p, len);
}

/* gzip */

void ev_out_gzip(struct ev_out *o, struct ev_pack *pack)
{
	o->pack = pack;
	o->cap = EV_PACK_BLOCK;
	o->buf = ev_realloc(o->buf, o->cap);
}

static void note_block(struct ev_out *o)
{
	note(o, o->buf + o->noted, o->len - o->noted);
	o->noted = o->len;
}

/* An error is kept, and returned by the next call. */
static void write_member(void *ctx, const char *member, size_t len)
{
	struct ev_out *o = ctx;

	if (len > 0) {
		write_all(o, member, len);
	} else if (!o->failed) {
		o->failed = true;
		ev_fail(&o->error, "%s: a block cannot be packed", o->name);
	}
}

static void pack_block(struct ev_out *o)
{
	note_block(o);
	ev_pack_add(o->pack, &o->buf, o->len, write_member, o);
	o->len = o->noted = 0;
	o->packed = true;
}

static enum ev_status pack_all(struct ev_out *o, const char *p, size_t len)
{
	while (len > 0 && !o->failed) {
		size_t n = o->cap - o->len < len ? o->cap - o->len : len;

		memcpy(o->buf + o->len, p, n);
		o->len += n;
		p += n;
		len -= n;
		if (o->len == o->cap)
			pack_block(o);
	}
	return o->failed ? EV_FATAL : EV_OK;
}

/* The last member; without it, an empty file would be no gzip. */
static enum ev_status pack_rest(struct ev_out *o)
{
	if (!o->failed && (o->len > 0 || !o->packed))
		pack_block(o);
	ev_pack_drain(o->pack);
	return o->failed ? EV_FATAL : EV_OK;
}

enum ev_status ev_out_flush(struct ev_out *o)
{
	size_t len = o->len;

	if (o->pack != NULL) {
		note_block(o);
		return o->failed ? EV_FATAL : EV_OK;
	}
	o->len = 0;
	return len == 0 && !o->failed ? EV_OK : note_and_write(o, o->buf, len);
}

bool ev_out_clear(struct ev_out *o, size_t n)
{
	/* an error is returned again where the line is put */
	return o->pack == NULL && n < o->cap && ev_out_flush(o) == EV_OK;
}

enum ev_status ev_out_overflow(struct ev_out *o, const void *p, size_t len)
{
	if (o->pack != NULL)
		return pack_all(o, p, len);
	if (ev_out_flush(o) != EV_OK)
		return EV_FATAL;
	if (len >= o->cap)
		return note_and_write(o, p, len);
	memcpy(o->buf, p, len);
	o->len = len;
	return EV_OK;
}

void ev_out_digest_start(struct ev_out *o, const uint8_t *secret)
{
	ev_out_flush(o); /* an error is kept and returned by the next call */
	if (o->digest == NULL)
		o->digest = ev_digest_keyed(secret);
	ev_digest_reset(o->digest);
}

struct ev_hash128 ev_out_digest_value(struct ev_out *o)
{
	ev_out_flush(o);
	return ev_digest_value(o->digest);
}

/* Takes no memory: another file may have its name already. */
static int open_folder(char *name, struct ev_error *err)
{
	char *slash = strrchr(name, '/');
	bool below = slash != NULL && slash != name;
	const char *folder = below ? name : slash != NULL ? "/" : ".";
	int fd;

	if (below)
		*slash = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		ev_fail(err, "%s: the folder cannot be opened: %s", folder, strerror(errno));
	if (below)
		*slash = '/';
	return fd;
}

static enum ev_status sync_file(struct ev_out *o, struct ev_error *err)
{
	if (o->temp != NULL && fsync(o->fd) != 0 && errno != EINVAL)
		return ev_fail(err, "%s: cannot be synced: %s", o->name, strerror(errno));
	return EV_OK;
}

enum ev_status ev_out_sync(struct ev_out *o, struct ev_error *err)
{
	if (ev_out_status(o, ev_out_flush(o), err) != EV_OK)
		return EV_FATAL;
	return sync_file(o, err);
}

void ev_out_rename(struct ev_out *o, const char *name)
{
	free(o->name);
	o->name = ev_strdup(name);
}

void ev_out_keep(struct ev_out *o)
{
	ev_out_temporary_done(o->slot);
	o->slot = -1;
	o->kept = true;
}

static enum ev_status close_file(struct ev_out *o, struct ev_error *err)
{
	int fd = o->fd;

	if (sync_file(o, err) != EV_OK)
		return EV_FATAL;
	o->fd = -1;
	if (close(fd) != 0)
		return ev_fail(err, "%s: cannot be closed: %s", o->name, strerror(errno));
	return EV_OK;
}

enum ev_status ev_out_prepare(struct ev_out *o, struct ev_error *err)
{
	enum ev_status st;

	if (o->prepared)
		return EV_OK;
	st = ev_out_status(o, o->pack != NULL ? pack_rest(o) : ev_out_flush(o), err);
	if (st == EV_OK && o->owned)
		st = close_file(o, err);
	o->prepared = st == EV_OK;
	return st;
}

void ev_out_replaces(struct ev_out *o)
{
	o->replaces = true;
}

static enum ev_status name_file(struct ev_out *o, struct ev_error *err)
{
	enum ev_status st = EV_OK;
	int folder;

	if (o->temp == NULL)
		return EV_OK;
	folder = open_folder(o->name, err);
	if (folder < 0)
		return EV_FATAL;
	if (rename(o->temp, o->name) != 0) {
		st = ev_fail(err, "%s: cannot be given its name: %s", o->name, strerror(errno));
		close(folder); /* it was only read */
		return st;
	}
	o->named = true;
	ev_out_temporary_done(o->slot);
	free(o->temp);
	o->temp = NULL;
	/* Some file systems cannot sync a folder and say EINVAL: there is nothing to wait for. */
	if (fsync(folder) != 0 && errno != EINVAL) {
		st = ev_fail(err, "%s: its folder cannot be synced: %s", o->name, strerror(errno));
		if (!o->replaces)
			unlink(o->name); /* what the run does not vouch for has no name */
	}
	close(folder);
	return st;
}

enum ev_status ev_out_commit(struct ev_out **out, struct ev_error *err)
{
	struct ev_out *o = *out;
	enum ev_status st = ev_out_prepare(o, err);

	if (st == EV_OK)
		st = name_file(o, err);
	ev_out_discard(out);
	return st;
}

enum ev_status ev_outs_add(struct ev_outs *s, struct ev_out **o, struct ev_error *err)
{
	s->list = ev_realloc_array(s->list, s->n + 1, sizeof(struct ev_out *));
	s->list[s->n++] = *o;
	*o = NULL;
	return ev_out_prepare(s->list[s->n - 1], err);
}

enum ev_status ev_outs_commit(struct ev_outs *s, struct ev_error *err)
{
	for (size_t i = 0; i < s->n; i++) {
		if (name_file(s->list[i], err) == EV_OK)
			continue;
		/* A file that says how the run went must not outlive a run that went wrong. */
		for (size_t k = 0; k <= i; k++)
			if (s->list[k]->named)
				unlink(s->list[k]->name);
		return EV_FATAL;
	}
	return EV_OK;
}

void ev_outs_free(struct ev_outs *s)
{
	for (size_t i = 0; i < s->n; i++)
		ev_out_discard(&s->list[i]);
	free(s->list);
	*s = (struct ev_outs){0};
}

void ev_out_discard(struct ev_out **out)
{
	struct ev_out *o = *out;

	if (o == NULL)
		return;
	if (o->pack != NULL)
		ev_pack_forget(o->pack, o);
	if (o->owned && o->fd >= 0)
		close(o->fd);
	if (o->temp != NULL) {
		if (!o->kept)
			unlink(o->temp);
		ev_out_temporary_done(o->slot);
		free(o->temp);
	}
	ev_digest_free(&o->digest);
	free(o->name);
	free(o->buf);
	free(o);
	*out = NULL;
}

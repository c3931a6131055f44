/* The lake's folder: opening it, the lock, and what a crash left. */
#include "base/mem.h"
#include "lake/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

char *ev_lake_path(const struct ev_lake *l, const char *name)
{
	struct ev_buf path = {0};

	ev_buf_printf(&path, "%s/%s", l->dir, name);
	ev_buf_str(&path);
	return path.p;
}

enum ev_status ev_lake_sync(const struct ev_lake *l, struct ev_error *err)
{
	if (syncfs(l->lock) != 0)
		return ev_fail(err, "%s: the lake cannot be synced: %s", l->dir, strerror(errno));
	return EV_OK;
}

enum ev_status ev_lake_make_folder(const char *path, struct ev_error *err)
{
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		return ev_fail(err, "%s: the folder cannot be made: %s", path, strerror(errno));
	return EV_OK;
}

struct ev_lake *ev_lake_new(const char *dir)
{
	struct ev_lake *l = ev_calloc(1, sizeof *l);
	size_t len = strlen(dir);

	while (len > 1 && dir[len - 1] == '/')
		len--;
	l->dir = ev_strndup(dir, len);
	l->lock = -1;
	return l;
}

/* What a crash left */

static void unlink_below(const struct ev_lake *l, const char *name)
{
	char *path = ev_lake_path(l, name);

	unlink(path);
	free(path);
}

static void empty_stage(const struct ev_lake *l)
{
	char *path = ev_lake_path(l, "_evlake/new");
	DIR *dir = opendir(path);
	struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.')
			unlinkat(dirfd(dir), e->d_name, 0);
	if (dir != NULL)
		closedir(dir);
	free(path);
}

/* The parts of a commit that never was are removed before the list of them is. */
static enum ev_status undo_pending(struct ev_lake *l, struct ev_error *err)
{
	struct ev_lake *pending;
	enum ev_status st = ev_lake_read_pending(l, &pending, err);

	/* A checkpoint lists what is there as well. */
	for (size_t i = 0; st == EV_OK && i < pending->n_parts; i++)
		if (ev_lake_find_part(l, pending->parts[i].path) == NULL)
			unlink_below(l, pending->parts[i].path);
	if (st == EV_OK)
		unlink_below(l, "_evlake/pending");
	ev_lake_free(&pending);
	return st;
}

enum ev_status ev_lake_recover(struct ev_lake *l, struct ev_error *err)
{
	char name[EV_LAKE_NAME];

	if (undo_pending(l, err) != EV_OK)
		return EV_FATAL;
	empty_stage(l);
	for (size_t i = 0; i < l->n_removed; i++)
		unlink_below(l, l->removed[i]);
	for (; l->first < l->checkpoint; l->first++) {
		ev_lake_commit_name(l->first, name);
		unlink_below(l, name);
	}
	return EV_OK;
}

/* Opening */

static enum ev_status make_lake(struct ev_lake *l, struct ev_error *err)
{
	static const char *const folders[] = {"_evlake", "_evlake/commits", "_evlake/new"};
	enum ev_status st = ev_lake_make_folder(l->dir, err);

	for (size_t i = 0; st == EV_OK && i < 3; i++) {
		char *path = ev_lake_path(l, folders[i]);

		st = ev_lake_make_folder(path, err);
		free(path);
	}
	return st;
}

static enum ev_status take_lock(struct ev_lake *l, struct ev_error *err)
{
	char *path = ev_lake_path(l, "_evlake/lock");
	enum ev_status st = EV_OK;

	l->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (l->lock < 0 || flock(l->lock, LOCK_EX | LOCK_NB) != 0) {
		if (l->lock >= 0 && errno == EWOULDBLOCK)
			st = ev_fail(err,
				     "%s: another evlake writes to this lake: try again when it "
				     "has ended",
				     l->dir);
		else
			st = ev_fail(err, "%s: cannot be locked: %s", path, strerror(errno));
	}
	free(path);
	return st;
}

static enum ev_status open_to_write(struct ev_lake *l, unsigned buckets, struct ev_error *err)
{
	if (make_lake(l, err) != EV_OK || take_lock(l, err) != EV_OK ||
	    ev_lake_read(l, err) != EV_OK || ev_lake_recover(l, err) != EV_OK)
		return EV_FATAL;
	if (l->head > 0 && buckets > 0 && buckets != l->buckets)
		return ev_fail(err,
			       "%s: the lake has %u buckets, which cannot be changed: leave out "
			       "--buckets",
			       l->dir, l->buckets);
	if (l->head == 0)
		l->buckets = buckets > 0 ? buckets : EV_LAKE_BUCKETS;
	return EV_OK;
}

struct ev_lake *ev_lake_open(const char *dir, enum ev_lake_mode mode, unsigned buckets,
			     struct ev_error *err)
{
	struct ev_lake *l = ev_lake_new(dir);

	if ((mode == EV_LAKE_WRITE ? open_to_write(l, buckets, err) : ev_lake_read(l, err)) !=
	    EV_OK)
		ev_lake_free(&l);
	return l;
}

void ev_lake_free(struct ev_lake **l)
{
	if (*l == NULL)
		return;
	ev_lake_forget(*l);
	free((*l)->parts);
	free((*l)->batches);
	ev_lookup_free(&(*l)->by_batch);
	for (size_t i = 0; i < (*l)->n_chosen; i++)
		free((*l)->files[i]);
	free((*l)->files);
	free((*l)->chosen);
	if ((*l)->lock >= 0)
		close((*l)->lock);
	free((*l)->dir);
	free(*l);
	*l = NULL;
}

struct ev_lake_sums ev_lake_sums(const struct ev_lake *l)
{
	struct ev_lake_sums sums = {
		.commits = l->head, .batches = l->n_batches, .parts = l->n_parts};

	for (size_t i = 0; i < l->n_parts; i++) {
		sums.rows += l->parts[i].count.rows;
		sums.bytes += l->parts[i].count.bytes;
		sums.packed += l->parts[i].packed;
	}
	return sums;
}

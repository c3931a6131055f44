#include "io/feed.h"
#include "base/mem.h"
#include "io/ahead.h"
#include "io/foreign.h"
#include "io/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct ev_feed {
	int fd;
	const char *name;
	bool sniffed, ended;

	bool packed;		/* it is gzip */
	struct ev_ahead *ahead; /* NULL before the first gzip input */
	bool failed;		/* to read more; the error comes behind what was read before */
	struct ev_error error;

	enum ev_status (*before_block)(void *, int *, struct ev_error *);
	void *before_block_ctx;
	bool quiet;
};

struct ev_feed *ev_feed_new(void)
{
	struct ev_feed *f = ev_calloc(1, sizeof *f);

	f->fd = -1;
	return f;
}

void ev_feed_before_block(struct ev_feed *f,
			  enum ev_status (*fn)(void *ctx, int *wait, struct ev_error *err),
			  void *ctx)
{
	f->before_block = fn;
	f->before_block_ctx = ctx;
}

bool ev_feed_is_quiet(const struct ev_feed *f)
{
	return f->quiet;
}

void ev_feed_close(struct ev_feed *f)
{
	if (f->fd > STDIN_FILENO)
		close(f->fd);
	f->fd = -1;
}

void ev_feed_free(struct ev_feed **f)
{
	if (*f == NULL)
		return;
	ev_feed_close(*f);
	ev_ahead_free(&(*f)->ahead);
	free(*f);
	*f = NULL;
}

enum ev_status ev_feed_open(struct ev_feed *f, const char *name, struct ev_error *err)
{
	struct stat st;

	f->name = name;
	f->sniffed = f->ended = f->packed = f->failed = false;
	f->fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0)
		return ev_fail(err, "%s: cannot be opened: %s", name, strerror(errno));
	if (fstat(f->fd, &st) == 0 && S_ISDIR(st.st_mode))
		return ev_fail(err, "%s: is a folder: name the files in it", name);
	ev_pipe_widen(f->fd);
	return EV_OK;
}

/* Whether a read would still block after so many milliseconds. */
static bool is_dry(const struct ev_feed *f, int wait)
{
	struct pollfd p = {.fd = f->fd, .events = POLLIN};

	return poll(&p, 1, wait) <= 0;
}

/* Tells the caller, as often as it wants, that more is to be waited for. */
static enum ev_status tell_caller(struct ev_feed *f, struct ev_error *err)
{
	enum ev_status st;
	int wait = 0;

	f->quiet = false;
	while (f->before_block != NULL && wait >= 0 && is_dry(f, wait)) {
		wait = -1;
		st = f->before_block(f->before_block_ctx, &wait, err);
		if (st == EV_FATAL)
			return EV_FATAL;
		f->quiet = st == EV_EOF && !f->packed;
		if (f->quiet)
			break;
	}
	return EV_OK;
}

/* One read; *got is 0 if the feed is quiet, and at the end of the file, which is not read again. */
static enum ev_status read_some(struct ev_feed *f, char *p, size_t room, size_t *got,
				struct ev_error *err)
{
	ssize_t n;

	*got = 0;
	if (f->ended)
		return EV_OK;
	if (tell_caller(f, err) != EV_OK)
		return EV_FATAL;
	if (f->quiet)
		return EV_OK;
	do
		n = read(f->fd, p, room);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return ev_fail(err, "%s: cannot be read: %s", f->name, strerror(errno));
	f->ended = n == 0;
	*got = (size_t)n;
	return EV_OK;
}

/* Reads packed bytes while there is room for them; waits for the first of them if it must. */
static void read_ahead(struct ev_feed *f, bool must)
{
	size_t got;
	char *p;

	while (!f->failed && (p = ev_ahead_room(f->ahead)) != NULL && (must || !is_dry(f, 0))) {
		if (read_some(f, p, EV_AHEAD_BLOCK, &got, &f->error) != EV_OK)
			f->failed = true;
		else
			ev_ahead_put(f->ahead, got);
		must = false;
	}
}

static enum ev_status inflate_some(struct ev_feed *f, char *p, size_t room, size_t *got,
				   struct ev_error *err)
{
	bool starved = false;
	const char *why;

	for (;;) {
		read_ahead(f, starved);
		switch (ev_ahead_take(f->ahead, p, room, got, &why)) {
		case EV_OK: break;
		case EV_EOF: return EV_OK;
		default:
			if (why != NULL)
				return ev_fail(err,
					       "%s: the gzip data is damaged (%s): fetch the file "
					       "again, or rescue what is whole with gzip -dc",
					       f->name, why);
			return ev_fail(err,
				       "%s: the gzip data ends in mid-stream: the file was cut, "
				       "fetch it again",
				       f->name);
		}
		if (*got > 0)
			return EV_OK;
		if (f->failed) {
			*err = f->error;
			return EV_FATAL;
		}
		starved = true;
	}
}

static enum ev_status read_either(struct ev_feed *f, char *p, size_t room, size_t *got,
				  struct ev_error *err)
{
	return f->packed ? inflate_some(f, p, room, got, err) : read_some(f, p, room, got, err);
}

/* Reads the first bytes, until it is clear whether they are foreign. */
static enum ev_status read_head(struct ev_feed *f, char *p, size_t room, size_t *got,
				struct ev_error *err)
{
	size_t n;

	*got = 0;
	do {
		if (read_either(f, p + *got, room - *got, &n, err) != EV_OK)
			return EV_FATAL;
		*got += n;
	} while (n > 0 && *got < room && ev_foreign_is_open(p, *got));
	return EV_OK;
}

/* Reads the head of the input; or that of what is in it, if it is gzip. */
static enum ev_status sniff(struct ev_feed *f, char *p, size_t room, size_t *got,
			    struct ev_error *err)
{
	f->sniffed = true;
	if (read_head(f, p, room, got, err) != EV_OK)
		return EV_FATAL;
	if (!ev_gzip_begins(p, *got))
		return ev_foreign_check(f->name, false, p, *got, err);
	f->packed = true;
	if (f->ahead == NULL)
		f->ahead = ev_ahead_new(ev_gz_inflaters[0]);
	ev_ahead_reset(f->ahead);
	memcpy(ev_ahead_room(f->ahead), p, *got);
	ev_ahead_put(f->ahead, *got);
	if (read_head(f, p, room, got, err) != EV_OK)
		return EV_FATAL;
	return ev_foreign_check(f->name, true, p, *got, err);
}

enum ev_status ev_feed_read(struct ev_feed *f, char *p, size_t room, size_t *got,
			    struct ev_error *err)
{
	if (!f->sniffed)
		return sniff(f, p, room < EV_AHEAD_BLOCK ? room : EV_AHEAD_BLOCK, got, err);
	return read_either(f, p, room, got, err);
}

#include "io/feed.h"
#include "base/mem.h"
#include "io/gz.h"
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

	struct ev_gz *gz; /* NULL: the octets are what they are */
	char *packed;	  /* EV_FEED_READ octets; [packed_at, packed_len) waits to be inflated */
	const char *packed_at;
	size_t packed_len;

	enum ev_status (*before_block)(void *, struct ev_error *);
	void *before_block_ctx;
};

struct ev_feed *ev_feed_new(void)
{
	struct ev_feed *f = ev_calloc(1, sizeof *f);

	f->fd = -1;
	return f;
}

void ev_feed_before_block(struct ev_feed *f, enum ev_status (*fn)(void *, struct ev_error *),
			  void *ctx)
{
	f->before_block = fn;
	f->before_block_ctx = ctx;
}

void ev_feed_close(struct ev_feed *f)
{
	if (f->fd > STDIN_FILENO)
		close(f->fd);
	f->fd = -1;
	ev_gz_free(&f->gz);
}

void ev_feed_free(struct ev_feed **f)
{
	if (*f == NULL)
		return;
	ev_feed_close(*f);
	free((*f)->packed);
	free(*f);
	*f = NULL;
}

enum ev_status ev_feed_open(struct ev_feed *f, const char *name, struct ev_error *err)
{
	struct stat st;

	f->name = name;
	f->sniffed = f->ended = false;
	f->fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0)
		return ev_fail(err, "%s: cannot be opened: %s", name, strerror(errno));
	if (fstat(f->fd, &st) == 0 && S_ISDIR(st.st_mode))
		return ev_fail(err, "%s: is a folder: name the files in it", name);
	ev_pipe_widen(f->fd);
	return EV_OK;
}

static enum ev_status flush_if_dry(struct ev_feed *f, struct ev_error *err)
{
	struct pollfd p = {.fd = f->fd, .events = POLLIN};

	if (f->before_block == NULL || poll(&p, 1, 0) > 0)
		return EV_OK;
	return f->before_block(f->before_block_ctx, err);
}

/* One read; *got is 0 at the end of the file, which is not read again. */
static enum ev_status read_some(struct ev_feed *f, char *p, size_t room, size_t *got,
				struct ev_error *err)
{
	ssize_t n;

	*got = 0;
	if (f->ended)
		return EV_OK;
	if (flush_if_dry(f, err) != EV_OK)
		return EV_FATAL;
	do
		n = read(f->fd, p, room);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return ev_fail(err, "%s: cannot be read: %s", f->name, strerror(errno));
	f->ended = n == 0;
	*got = (size_t)n;
	return EV_OK;
}

static enum ev_status inflate_some(struct ev_feed *f, char *p, size_t room, size_t *got,
				   struct ev_error *err)
{
	for (;;) {
		const char *why;

		*got = room;
		if (ev_gz_inflate(f->gz, &f->packed_at, &f->packed_len, p, got, &why) != EV_OK)
			return ev_fail(err,
				       "%s: the gzip data is damaged (%s): fetch the file again, "
				       "or rescue what is whole with gzip -dc",
				       f->name, why);
		if (*got > 0)
			return EV_OK;
		if (f->ended && !ev_gz_complete(f->gz))
			return ev_fail(err,
				       "%s: the gzip data ends in mid-stream: the file was cut, "
				       "fetch it again",
				       f->name);
		if (f->ended)
			return EV_OK;
		f->packed_at = f->packed;
		if (read_some(f, f->packed, EV_FEED_READ, &f->packed_len, err) != EV_OK)
			return EV_FATAL;
	}
}

/* Reads the first octets, two of them at least where the first may begin gzip. */
static enum ev_status sniff(struct ev_feed *f, char *p, size_t room, size_t *got,
			    struct ev_error *err)
{
	size_t n;

	f->sniffed = true;
	*got = 0;
	do {
		if (read_some(f, p + *got, room - *got, &n, err) != EV_OK)
			return EV_FATAL;
		*got += n;
	} while (*got == 1 && p[0] == '\x1f' && !f->ended);
	if (*got < 2 || memcmp(p, "\x1f\x8b", 2) != 0)
		return EV_OK;
	f->gz = ev_gz_new();
	if (f->packed == NULL)
		f->packed = ev_malloc(EV_FEED_READ);
	memcpy(f->packed, p, *got);
	f->packed_at = f->packed;
	f->packed_len = *got;
	return inflate_some(f, p, room, got, err);
}

enum ev_status ev_feed_read(struct ev_feed *f, char *p, size_t room, size_t *got,
			    struct ev_error *err)
{
	if (!f->sniffed)
		return sniff(f, p, room < EV_FEED_READ ? room : EV_FEED_READ, got, err);
	if (f->gz != NULL)
		return inflate_some(f, p, room, got, err);
	return read_some(f, p, room, got, err);
}

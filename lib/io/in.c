#include "io/in.h"
#include "base/mem.h"
#include "io/gz.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ = 256 * 1024 };

struct ev_in {
	char *const *names;
	size_t n_names, at; /* names[at - 1] is open */
	int fd;
	const char *source;
	bool ended, sniffed;

	char *buf; /* cap + EV_IN_SLACK octets; [head, tail) is not handed out yet */
	size_t cap, head, tail, looked; /* no LF in [head, looked) */
	size_t max_line;
	bool in_parts;
	uint64_t number, octets;
	uint64_t offset, line_offset; /* of head, and of the first octet of the line there */

	struct ev_gz *gz;
	char *packed; /* READ octets; [packed_at, packed_len) waits to be inflated */
	const char *packed_at;
	size_t packed_len;

	enum ev_status (*before_block)(void *, struct ev_error *);
	void *before_block_ctx;
};

struct ev_in *ev_in_new(char *const *names, size_t n, size_t max_line)
{
	static char dash[] = "-";
	static char *const standard[] = {dash};
	struct ev_in *in = ev_calloc(1, sizeof *in);

	in->names = n != 0 ? names : standard;
	in->n_names = n != 0 ? n : 1;
	in->fd = -1;
	in->max_line = max_line;
	in->cap = READ;
	in->buf = ev_calloc(1, in->cap + EV_IN_SLACK);
	return in;
}

void ev_in_before_block(struct ev_in *in, enum ev_status (*fn)(void *, struct ev_error *),
			void *ctx)
{
	in->before_block = fn;
	in->before_block_ctx = ctx;
}

static void close_file(struct ev_in *in)
{
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	in->fd = -1;
	ev_gz_free(&in->gz);
}

void ev_in_free(struct ev_in **in)
{
	if (*in == NULL)
		return;
	close_file(*in);
	free((*in)->buf);
	free((*in)->packed);
	free(*in);
	*in = NULL;
}

uint64_t ev_in_octets(const struct ev_in *in)
{
	return in->octets;
}

static enum ev_status open_file(struct ev_in *in, struct ev_error *err)
{
	const char *name = in->names[in->at++];
	struct stat st;

	if (strcmp(name, "-") == 0) {
		in->fd = STDIN_FILENO;
		in->source = "-";
	} else {
		in->fd = open(name, O_RDONLY | O_CLOEXEC);
		in->source = name;
	}
	if (in->fd < 0)
		return ev_fail(err, "%s: cannot be opened: %s", name, strerror(errno));
	if (fstat(in->fd, &st) == 0 && S_ISDIR(st.st_mode))
		return ev_fail(err, "%s: is a folder: name the files in it", name);
	in->ended = in->sniffed = false;
	in->head = in->tail = in->looked = 0;
	in->number = in->offset = 0;
	return EV_OK;
}

static enum ev_status flush_if_dry(struct ev_in *in, struct ev_error *err)
{
	struct pollfd p = {.fd = in->fd, .events = POLLIN};

	if (in->before_block == NULL || poll(&p, 1, 0) > 0)
		return EV_OK;
	return in->before_block(in->before_block_ctx, err);
}

/* One read; *got is 0 at the end of the file. */
static enum ev_status read_some(struct ev_in *in, char *p, size_t room, size_t *got,
				struct ev_error *err)
{
	ssize_t n;

	if (flush_if_dry(in, err) != EV_OK)
		return EV_FATAL;
	do
		n = read(in->fd, p, room);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return ev_fail(err, "%s: cannot be read: %s", in->source, strerror(errno));
	*got = (size_t)n;
	return EV_OK;
}

static enum ev_status inflate_some(struct ev_in *in, char *p, size_t room, size_t *got,
				   struct ev_error *err)
{
	for (;;) {
		const char *why;
		size_t n = 0;

		*got = room;
		if (ev_gz_inflate(in->gz, &in->packed_at, &in->packed_len, p, got, &why) != EV_OK)
			return ev_fail(err,
				       "%s: the gzip data is damaged (%s): fetch the file again, "
				       "or rescue what is whole with gzip -dc",
				       in->source, why);
		if (*got > 0)
			return EV_OK;
		if (read_some(in, in->packed, READ, &n, err) != EV_OK)
			return EV_FATAL;
		in->packed_at = in->packed;
		in->packed_len = n;
		if (n == 0) {
			if (!ev_gz_complete(in->gz))
				return ev_fail(
					err,
					"%s: the gzip data ends in mid-stream: the file was cut, "
					"fetch it again",
					in->source);
			return EV_OK;
		}
	}
}

/*
 * Looks at the first octets of a file; what was read stays in the buffer, or goes to the inflater.
 */
static enum ev_status sniff(struct ev_in *in, struct ev_error *err)
{
	size_t got = 0;

	in->sniffed = true;
	while (in->tail < 2) {
		if (read_some(in, in->buf + in->tail, READ - in->tail, &got, err) != EV_OK)
			return EV_FATAL;
		if (got == 0) {
			in->ended = true;
			break;
		}
		in->tail += got;
		if (in->buf[0] != '\x1f')
			break;
	}
	if (in->tail >= 2 && memcmp(in->buf, "\x1f\x8b", 2) == 0) {
		in->gz = ev_gz_new();
		if (in->packed == NULL)
			in->packed = ev_malloc(READ);
		in->packed_len = in->tail;
		memcpy(in->packed, in->buf, in->packed_len);
		in->packed_at = in->packed;
		in->tail = 0;
		in->ended = false;
		return EV_OK;
	}
	in->octets += in->tail;
	return EV_OK;
}

static enum ev_status fill(struct ev_in *in, struct ev_error *err)
{
	size_t got = 0;
	enum ev_status st;

	if (in->head > 0) {
		memmove(in->buf, in->buf + in->head, in->tail - in->head);
		in->tail -= in->head;
		in->looked -= in->head;
		in->head = 0;
	}
	if (!in->sniffed) {
		if ((st = sniff(in, err)) != EV_OK || in->tail > 0 || in->ended)
			return st;
	}
	if (in->cap - in->tail < READ / 2) {
		size_t cap = in->cap * 2;

		in->buf = ev_realloc(in->buf, cap + EV_IN_SLACK);
		memset(in->buf + in->cap, 0, cap - in->cap + EV_IN_SLACK);
		in->cap = cap;
	}
	st = in->gz != NULL ? inflate_some(in, in->buf + in->tail, in->cap - in->tail, &got, err)
			    : read_some(in, in->buf + in->tail, in->cap - in->tail, &got, err);
	if (st != EV_OK)
		return st;
	in->ended = got == 0;
	in->tail += got;
	in->octets += got;
	return EV_OK;
}

/* Hands out [head, head + len) and steps over it and skip further octets. */
static void hand_out(struct ev_in *in, struct ev_line *line, size_t len, size_t skip)
{
	if (!in->in_parts) {
		in->number++;
		in->line_offset = in->offset;
	}
	*line = (struct ev_line){.p = in->buf + in->head,
				 .len = len,
				 .source = in->source,
				 .number = in->number,
				 .offset = in->line_offset,
				 .kind = EV_LINE_WHOLE};
	in->head += len + skip;
	in->offset += len + skip;
	in->looked = in->head;
}

static void hand_out_part(struct ev_in *in, struct ev_line *line, size_t len, size_t skip,
			  bool last)
{
	hand_out(in, line, len, skip);
	line->kind = EV_LINE_PART;
	line->last = last;
	in->in_parts = !last;
}

enum ev_status ev_in_next(struct ev_in *in, struct ev_line *line, struct ev_error *err)
{
	for (;;) {
		char *lf;
		size_t len;
		bool cr;

		if (in->fd < 0) {
			if (in->at == in->n_names)
				return EV_EOF;
			if (open_file(in, err) != EV_OK)
				return EV_FATAL;
		}
		lf = memchr(in->buf + in->looked, '\n', in->tail - in->looked);
		len = lf != NULL ? (size_t)(lf - (in->buf + in->head)) : in->tail - in->head;
		cr = len > 0 &&
		     in->buf[in->head + len - 1] == '\r'; /* one does not count for max_line */
		if (lf != NULL || (in->ended && (len > 0 || in->in_parts))) {
			size_t skip = lf != NULL;

			if (in->in_parts || len - cr > in->max_line) {
				hand_out_part(in, line, len, skip, true);
			} else {
				size_t whole = len;

				while (len > 0 && in->buf[in->head + len - 1] == '\r')
					len--;
				hand_out(in, line, len, skip + whole - len);
			}
			return EV_OK;
		}
		if (in->ended) {
			close_file(in);
			continue;
		}
		in->looked = in->tail;
		if (len - cr > in->max_line) {
			hand_out_part(in, line, len, 0, false);
			return EV_OK;
		}
		if (fill(in, err) != EV_OK)
			return EV_FATAL;
	}
}

enum ev_status ev_in_slurp(const char *name, size_t max, char **p, size_t *len,
			   struct ev_error *err)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	size_t cap = 0;
	ssize_t n;

	*p = NULL;
	*len = 0;
	if (fd < 0)
		return ev_fail(err, "%s: cannot be opened: %s", name, strerror(errno));
	for (;;) {
		ev_grow(p, &cap, *len + READ / 4 + EV_IN_SLACK, 1);
		n = read(fd, *p + *len, cap - *len - EV_IN_SLACK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		*len += (size_t)n;
		if (*len > max)
			break;
	}
	if (n < 0)
		ev_fail(err, "%s: cannot be read: %s", name, strerror(errno));
	else if (*len > max)
		ev_fail(err, "%s: is larger than %zu octets: give a smaller file", name, max);
	close(fd);
	if (n != 0) {
		free(*p);
		*p = NULL;
		return EV_FATAL;
	}
	memset(*p + *len, 0, EV_IN_SLACK);
	return EV_OK;
}

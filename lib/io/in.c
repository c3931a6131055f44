#include "io/in.h"
#include "base/mem.h"
#include "io/feed.h"
#include "io/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUN = 32 * 1024 }; /* bytes, so that a run stays near the processor */

struct ev_in {
	char *const *names;
	size_t n_names, at; /* names[at - 1] is open */
	const char *source; /* NULL if none is */
	struct ev_feed *feed;
	bool ended;

	char *buf; /* cap + EV_IN_SLACK bytes; [head, tail) is not handed out yet */
	size_t cap, head, tail, searched; /* no LF in [head, searched) */
	size_t max_line;
	bool by_bytes;
	bool in_parts;
	bool begins; /* nothing of the file is handed out yet */
	size_t mark; /* bytes of the byte order mark that heads it */
	uint64_t bytes;
};

struct ev_in *ev_in_new(char *const *names, size_t n, size_t max_line)
{
	static char dash[] = "-";
	static char *const standard[] = {dash};
	struct ev_in *in = ev_calloc(1, sizeof *in);

	in->names = n != 0 ? names : standard;
	in->n_names = n != 0 ? n : 1;
	in->feed = ev_feed_new();
	in->max_line = max_line;
	in->cap = EV_FEED_READ;
	in->buf = ev_calloc(1, in->cap + EV_IN_SLACK);
	return in;
}

void ev_in_before_block(struct ev_in *in,
			enum ev_status (*fn)(void *ctx, int *wait, struct ev_error *err), void *ctx)
{
	ev_feed_before_block(in->feed, fn, ctx);
}

void ev_in_by_bytes(struct ev_in *in)
{
	in->by_bytes = true;
}

void ev_in_free(struct ev_in **in)
{
	if (*in == NULL)
		return;
	ev_feed_free(&(*in)->feed);
	free((*in)->buf);
	free(*in);
	*in = NULL;
}

uint64_t ev_in_bytes(const struct ev_in *in)
{
	return in->bytes;
}

static enum ev_status open_file(struct ev_in *in, struct ev_error *err)
{
	const char *name = in->names[in->at++];

	if (ev_feed_open(in->feed, name, err) != EV_OK)
		return EV_FATAL;
	in->source = name;
	in->ended = false;
	in->head = in->tail = in->searched = 0;
	in->begins = true;
	in->mark = 0;
	return EV_OK;
}

static void close_file(struct ev_in *in)
{
	ev_feed_close(in->feed);
	in->source = NULL;
}

static enum ev_status fill(struct ev_in *in, struct ev_error *err)
{
	size_t got;

	if (in->head > 0) {
		memmove(in->buf, in->buf + in->head, in->tail - in->head);
		in->tail -= in->head;
		in->searched -= in->head;
		in->head = 0;
	}
	if (in->cap - in->tail < EV_FEED_READ / 2) {
		size_t cap = in->cap * 2;

		in->buf = ev_realloc(in->buf, cap + EV_IN_SLACK);
		memset(in->buf + in->cap, 0, cap - in->cap + EV_IN_SLACK);
		in->cap = cap;
	}
	if (ev_feed_read(in->feed, in->buf + in->tail, in->cap - in->tail, &got, err) != EV_OK)
		return EV_FATAL;
	in->ended = got == 0 && !ev_feed_is_quiet(in->feed);
	in->tail += got;
	in->bytes += got;
	return EV_OK;
}

/* A byte order mark at the head of a file is passed over, once. */
static void pass_mark(struct ev_in *in)
{
	const size_t len = sizeof EV_BOM - 1;

	if (in->mark > 0 || in->tail < len || memcmp(in->buf, EV_BOM, len) != 0)
		return;
	in->mark = in->head = len;
	if (in->searched < len)
		in->searched = len;
}

static enum ev_status hand_out(struct ev_in *in, struct ev_in_run *run, enum ev_in_run_kind kind,
			       size_t len)
{
	*run = (struct ev_in_run){in->buf + in->head, len,	  kind,
				  in->source,	      in->begins, in->begins ? in->mark : 0};
	in->head += len;
	in->searched = in->head;
	in->begins = false;
	in->in_parts = kind == EV_IN_PART;
	return EV_OK;
}

/* The end of the last line that is whole, within RUN bytes if one is; or NULL. */
static const char *last_end(const struct ev_in *in)
{
	const char *p = in->buf + in->searched, *lf;
	size_t n = in->tail - in->searched;

	if (n > RUN && (lf = memrchr(p, '\n', RUN)) != NULL)
		return lf;
	return n > RUN ? memchr(p + RUN, '\n', n - RUN) : memrchr(p, '\n', n);
}

static enum ev_status next_bytes(struct ev_in *in, struct ev_in_run *run, struct ev_error *err)
{
	enum ev_in_run_kind kind = EV_IN_BYTES;

	if (in->source == NULL) {
		if (in->at == in->n_names)
			return EV_EOF;
		if (open_file(in, err) != EV_OK)
			return EV_FATAL;
	}
	if (fill(in, err) != EV_OK)
		return EV_FATAL;
	if (in->begins)
		pass_mark(in);
	if (in->ended)
		kind = EV_IN_END;
	else if (ev_feed_is_quiet(in->feed))
		kind = EV_IN_QUIET;
	hand_out(in, run, kind, in->tail - in->head);
	if (in->ended)
		close_file(in);
	return EV_OK;
}

enum ev_status ev_in_next(struct ev_in *in, struct ev_in_run *run, struct ev_error *err)
{
	if (in->by_bytes)
		return next_bytes(in, run, err);
	for (;;) {
		const char *lf;

		if (in->source == NULL) {
			if (in->at == in->n_names)
				return EV_EOF;
			if (open_file(in, err) != EV_OK)
				return EV_FATAL;
		}
		if (in->begins)
			pass_mark(in);
		lf = in->in_parts ? memchr(in->buf + in->head, '\n', in->tail - in->head)
				  : last_end(in);
		if (lf != NULL)
			return hand_out(in, run, in->in_parts ? EV_IN_LAST : EV_IN_LINES,
					(size_t)(lf + 1 - (in->buf + in->head)));
		if (in->ended && (in->head < in->tail || in->in_parts)) {
			in->buf[in->tail] = '\n';
			return hand_out(in, run, in->in_parts ? EV_IN_LAST : EV_IN_LINES,
					in->tail - in->head);
		}
		if (in->ended) {
			close_file(in);
			continue;
		}
		in->searched = in->tail;
		/* A CR before its end would not count. */
		if (in->in_parts ? in->tail > in->head : in->tail - in->head > in->max_line + 1)
			return hand_out(in, run, EV_IN_PART, in->tail - in->head);
		if (fill(in, err) != EV_OK)
			return EV_FATAL;
	}
}

enum ev_status ev_in_slurp(const char *name, size_t max, char **p, size_t *len,
			   struct ev_error *err)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	const size_t mark = sizeof EV_BOM - 1;
	size_t cap = 0;
	ssize_t n;

	*p = NULL;
	*len = 0;
	if (fd < 0)
		return ev_fail(err, "%s: cannot be opened: %s", name, strerror(errno));
	for (;;) {
		ev_grow(p, &cap, *len + EV_FEED_READ / 4 + EV_IN_SLACK, 1);
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
		ev_fail(err, "%s: is larger than %zu bytes: give a smaller file", name, max);
	close(fd);
	if (n != 0) {
		free(*p);
		*p = NULL;
		return EV_FATAL;
	}
	if (ev_foreign_check(name, false, *p, *len, err) != EV_OK) {
		free(*p);
		*p = NULL;
		return EV_FATAL;
	}
	if (*len >= mark && memcmp(*p, EV_BOM, mark) == 0) {
		*len -= mark;
		memmove(*p, *p + mark, *len);
	}
	memset(*p + *len, 0, EV_IN_SLACK);
	return EV_OK;
}

#include "base/mem.h"
#include "io/in.h"
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * The log has a line "N DIGEST TAKEN WHAT" for each commit, and lines "- WHAT" about none. DIGEST
 * and TAKEN have 32 digits. Whoever writes may have been stopped behind the log's end: what stands
 * there does not count, and is written over.
 */

enum { MOST_LOG = 1 << 30 };

const char ev_store_no_digest[EV_STORE_DIGEST + 1] = "00000000000000000000000000000000";

/* Of a commit's line: " DIGEST TAKEN " between its number and what it says. */
static const ptrdiff_t DIGESTS = (ptrdiff_t)2 * (EV_STORE_DIGEST + 1) + 1;

/* The first half of SHA-256, in hex digits. */
static void half_sha256(const struct ev_buf *b, char hex[EV_STORE_DIGEST + 1])
{
	uint8_t digest[EV_SHA256];

	ev_sha256(b->p, b->len, digest);
	ev_hex16(digest, hex);
	hex[EV_STORE_DIGEST] = '\0';
}

/* A commit's digest: of the store, the commit before, its number, and the rest of its line. */
static void chain_digest(const struct ev_store *s, const char *before, uint64_t n, const char *rest,
			 size_t len, char digest[EV_STORE_DIGEST + 1])
{
	struct ev_buf b = {0};

	ev_buf_printf(&b, "%s %s %" PRIu64 " ", s->m.id, before, n);
	ev_buf_put(&b, rest, len);
	half_sha256(&b, digest);
	ev_buf_free(&b);
}

static struct ev_hash128 log_sum(const struct ev_store *s)
{
	return ev_hash128(s->log.p, s->log.len, 0);
}

/* Indexes the lines from there on. One that is not as it should be is about no commit. */
static void index_lines(struct ev_store *s, size_t at)
{
	const char *log = ev_buf_str(&s->log), *end = log + s->log.len;

	for (const char *p = log + at, *lf; p < end; p = lf + 1) {
		struct ev_store_log_entry e = {.at = (size_t)(p - log)};
		char *digits;

		lf = memchr(p, '\n', (size_t)(end - p));
		lf = lf != NULL ? lf : end;
		e.end = (size_t)(lf - log);
		e.what = lf - p > 2 ? (size_t)(p + 2 - log) : e.end;
		if (*p != '-') {
			e.number = strtoull(p, &digits, 10);
			if (lf - digits >= DIGESTS) {
				e.digest = (size_t)(digits + 1 - log);
				e.what = (size_t)(digits + DIGESTS - log);
			} else {
				e.number = 0;
			}
		}
		ev_grow(&s->lines, &s->cap_lines, s->n_lines + 1, sizeof *s->lines);
		s->lines[s->n_lines++] = e;
	}
}

enum ev_status ev_store_log_read(struct ev_store *s, struct ev_error *err)
{
	char *path = ev_store_path(s->dir, "commits"), *text = NULL;
	enum ev_status st = EV_OK;
	size_t len = 0;

	if (s->m.log > 0)
		st = ev_in_slurp(path, MOST_LOG, &text, &len, err);
	if (st == EV_OK && len < s->m.log)
		st = ev_fail(err,
			     "%s: is shorter than the manifest says: bring the state back from a "
			     "copy, or make it anew from the raw logs",
			     path);
	ev_buf_reset(&s->log);
	s->n_lines = 0;
	if (st == EV_OK)
		ev_buf_put(&s->log, text, (size_t)s->m.log);
	s->log_rest = len - s->log.len;
	if (st == EV_OK && s->m.log > 0 && !ev_hash128_equal(log_sum(s), s->m.log_sum))
		st = ev_fail(err,
			     "%s: is not what the manifest names: bring the state back from a "
			     "copy, or make it anew from the raw logs",
			     path);
	if (st == EV_OK)
		index_lines(s, 0);
	free(text);
	free(path);
	return st;
}

enum ev_status ev_store_log_append(struct ev_store *s, struct ev_error *err)
{
	size_t at = (size_t)s->m.log;
	char *path = ev_store_path(s->dir, "commits");
	enum ev_status st = EV_OK;
	int fd;

	ev_buf_put(&s->log, s->unlogged.p, s->unlogged.len);
	ev_buf_reset(&s->unlogged);
	index_lines(s, at);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || ftruncate(fd, (off_t)at) != 0)
		st = EV_FATAL;
	while (st == EV_OK && at < s->log.len) {
		ssize_t n = pwrite(fd, s->log.p + at, s->log.len - at, (off_t)at);

		if (n > 0)
			at += (size_t)n;
		else if (n == 0 || errno != EINTR)
			st = EV_FATAL;
	}
	if (st != EV_OK || fsync(fd) != 0)
		st = ev_fail(err, "%s: cannot be written: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(path);
	s->m.log = s->log.len;
	s->m.log_sum = log_sum(s);
	return st;
}

void ev_store_log_add(struct ev_store *s, const char *what)
{
	ev_buf_printf(&s->unlogged, "- %s\n", what);
}

bool ev_store_log_line(const struct ev_store *s, size_t i, struct ev_store_log_line *line)
{
	const struct ev_store_log_entry *e;

	if (i >= s->n_lines)
		return false;
	e = &s->lines[i];
	*line = (struct ev_store_log_line){e->number, s->log.p + e->what, e->end - e->what};
	return true;
}

enum ev_status ev_store_log_check(const struct ev_store *s, struct ev_error *err)
{
	char digest[EV_STORE_DIGEST + 1], want[EV_STORE_DIGEST + 1];
	uint64_t n = 0;
	bool right = true;

	memcpy(digest, ev_store_no_digest, sizeof digest);
	for (size_t i = 0; right && i < s->n_lines; i++) {
		const struct ev_store_log_entry *e = &s->lines[i];
		size_t taken = e->digest + EV_STORE_DIGEST + 1;

		if (s->log.p[e->at] == '-')
			continue;
		right = e->number == ++n;
		if (!right)
			break;
		chain_digest(s, digest, n, s->log.p + taken, e->end - taken, want);
		memcpy(digest, s->log.p + e->digest, EV_STORE_DIGEST);
		right = memcmp(digest, want, EV_STORE_DIGEST) == 0;
	}
	if (right && s->log.len > 0)
		right = n == s->m.head && strcmp(digest, s->m.digest) == 0;
	return right ? EV_OK
		     : ev_fail(err,
			       "%s/commits: commit %" PRIu64
			       " does not follow from the one before it: the file was changed; "
			       "bring the state back from a copy",
			       s->dir, n);
}

/* Positions */

uint64_t ev_store_head(const struct ev_store *s)
{
	return s->m.head;
}

/* Of the n-th commit, or zeros. Late ones are looked up most. */
static const char *digest_at(const struct ev_store *s, uint64_t n)
{
	if (n == s->m.head && s->log.len == 0)
		return s->m.digest;
	for (size_t i = s->n_lines; n > 0 && i > 0; i--)
		if (s->lines[i - 1].number == n)
			return s->log.p + s->lines[i - 1].digest;
	return ev_store_no_digest;
}

void ev_store_digests(const struct ev_store *s, uint64_t from, uint64_t to, struct ev_buf *out)
{
	if (from == 0)
		ev_buf_puts(out, ev_store_no_digest);
	for (size_t i = 0; i < s->n_lines; i++) {
		uint64_t n = s->lines[i].number;

		if (n >= from && n > 0 && n <= to)
			ev_buf_put(out, s->log.p + s->lines[i].digest, EV_STORE_DIGEST);
	}
}

void ev_store_next_digest(const struct ev_store *s, const char *what, const char *taken,
			  char digest[EV_STORE_DIGEST + 1])
{
	struct ev_buf rest = {0};

	ev_buf_printf(&rest, "%s %s", taken, what);
	chain_digest(s, s->m.digest, s->m.head + 1, rest.p, rest.len, digest);
	ev_buf_free(&rest);
}

bool ev_point_read(const char *text, struct ev_point *p)
{
	const size_t id = EV_STORE_ID;
	char *end;

	*p = (struct ev_point){.number = 0};
	memcpy(p->digest, ev_store_no_digest, sizeof ev_store_no_digest);
	if (strcmp(text, "0") == 0)
		return true;
	if (strspn(text, "0123456789abcdef") != id || text[id] != ':' || text[id + 1] < '0' ||
	    text[id + 1] > '9')
		return false;
	memcpy(p->store, text, id);
	errno = 0;
	p->number = strtoull(text + id + 1, &end, 10);
	if (errno != 0 || *end != ':' || strspn(end + 1, "0123456789abcdef") != EV_STORE_DIGEST ||
	    end[1 + EV_STORE_DIGEST] != '\0')
		return false;
	memcpy(p->digest, end + 1, EV_STORE_DIGEST + 1);
	return true;
}

void ev_point_write(const struct ev_point *p, char text[EV_STORE_POSITION])
{
	if (p->store[0] == '\0')
		memcpy(text, "0", 2);
	else
		snprintf(text, EV_STORE_POSITION, "%s:%" PRIu64 ":%s", p->store, p->number,
			 p->digest);
}

struct ev_point ev_store_position(const struct ev_store *s, uint64_t n)
{
	struct ev_point p = {.number = n};

	memcpy(p.store, s->m.id, sizeof p.store);
	memcpy(p.digest, digest_at(s, n), EV_STORE_DIGEST);
	return p;
}

enum ev_status ev_store_check_position(const struct ev_store *s, const struct ev_point *p,
				       struct ev_error *err)
{
	if (p->store[0] == '\0')
		return EV_OK;
	if (strcmp(p->store, s->m.id) != 0)
		return ev_fail(err,
			       "%s: the position is of the state %s, and this is %s: name the "
			       "state that the warehouse follows, or load the whole with --since 0",
			       s->dir, p->store, s->m.id);
	if (p->number > s->m.head)
		return ev_fail(err,
			       "%s: the position is commit %" PRIu64 ", and the state has %" PRIu64
			       ": it was put back from an old copy; bring the newer one back, or "
			       "load the whole with --since 0",
			       s->dir, p->number, s->m.head);
	if (memcmp(digest_at(s, p->number), p->digest, EV_STORE_DIGEST) != 0)
		return ev_fail(err,
			       "%s: commit %" PRIu64 " is another one than that of the position: "
			       "the state was put back from an old copy and went on otherwise; "
			       "load the whole with --since 0",
			       s->dir, p->number);
	return EV_OK;
}

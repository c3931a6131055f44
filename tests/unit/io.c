/* Lines out of files, pipes and gzip; output that is checked and appears whole. */
#include "base/buf.h"
#include "io/out.h"
#include "io/pipe.h"
#include "scan/lines.h"

#include "support.h"
#include "tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#define T(s) s, sizeof(s) - 1

static void write_file(const char *name, const void *p, size_t len)
{
	FILE *f = fopen(name, "wb");

	if (f == NULL || fwrite(p, 1, len, f) != len || fclose(f) != 0) {
		printf("Bail out! %s cannot be written\n", name);
		exit(1);
	}
}

/* Entries of the current folder whose names have this in them. */
static int entries(const char *part)
{
	DIR *dir = opendir(".");
	struct dirent *d;
	int n = 0;

	while (dir != NULL && (d = readdir(dir)) != NULL)
		n += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0 &&
		     strstr(d->d_name, part) != NULL;
	if (dir != NULL)
		closedir(dir);
	return n;
}

static int open_files(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

static bool file_is(const char *name, const void *p, size_t len)
{
	size_t got_len;
	char *got = read_file(name, &got_len);
	bool good = got != NULL && got_len == len && memcmp(got, p, len) == 0;

	free(got);
	return good;
}

/* Lines in */

/*
 * What was read, as text: "NUMBER@OFFSET LINE;" for each line, with the file in front of its first;
 * the parts of a line that is too long are brought together again, with "!" behind them.
 */
static enum ev_status lines(char *const *names, size_t n, size_t max_line, struct ev_buf *out,
			    struct ev_error *err)
{
	struct ev_in *in = ev_in_new(names, n, max_line);
	struct ev_lines *in_lines = ev_lines_new(in, max_line);
	struct ev_line line;
	bool in_parts = false;
	const char *source = NULL;
	uint64_t number = 0;
	enum ev_status st;

	ev_buf_reset(out);
	err->text[0] = '\0';
	while ((st = ev_lines_next(in_lines, &line, err)) == EV_OK) {
		if (source == NULL || strcmp(source, line.source) != 0)
			ev_buf_printf(out, "[%s]", source = line.source);
		if (!in_parts)
			ev_buf_printf(out, "%llu@%llu ", (unsigned long long)line.number,
				      (unsigned long long)line.offset);
		else if (line.number != number || line.kind != EV_LINE_PART)
			ev_buf_puts(out, "<broken>");
		ev_buf_put(out, line.p, line.len);
		in_parts = line.kind == EV_LINE_PART && !line.last;
		number = line.number;
		if (!in_parts)
			ev_buf_puts(out, line.kind == EV_LINE_PART ? "!;" : ";");
	}
	if (in_parts && st == EV_EOF)
		ev_buf_puts(out, "<no last part>");
	if (st == EV_EOF && ev_lines_next(in_lines, &line, err) != EV_EOF)
		ev_buf_puts(out, "<more behind the end>");
	ev_lines_free(&in_lines);
	ev_in_free(&in);
	return st;
}

/* The same, from the text itself. */
static void expect(const char *name, const char *p, size_t len, size_t max_line, struct ev_buf *out)
{
	const char *begin = p, *end = p + len;

	ev_buf_reset(out);
	if (len > 0)
		ev_buf_printf(out, "[%s]", name);
	for (unsigned number = 1; p < end; number++) {
		const char *lf = memchr(p, '\n', (size_t)(end - p)), *stop = lf != NULL ? lf : end;
		size_t cr = stop > p && stop[-1] == '\r', n = (size_t)(stop - p);

		ev_buf_printf(out, "%u@%zu ", number, (size_t)(p - begin));
		if (n - cr <= max_line)
			while (n > 0 && p[n - 1] == '\r')
				n--;
		ev_buf_put(out, p, n);
		ev_buf_puts(out, (size_t)(stop - p) - cr > max_line ? "!;" : ";");
		p = stop + 1;
	}
}

static char name_f[] = "f";
static char *const only_f[] = {name_f};

static void test_lines(void)
{
	static const struct {
		const char *text;
		size_t len, max_line;
		const char *want;
	} cases[] = {
		{T(""), 100, ""},
		{T("a\nb\n"), 100, "[f]1@0 a;2@2 b;"},
		{T("a\nb"), 100, "[f]1@0 a;2@2 b;"},
		{T("a\r\nbc\r\nd"), 100, "[f]1@0 a;2@3 bc;3@7 d;"},
		{T("\n"), 100, "[f]1@0 ;"},
		{T("\n\na\n\n"), 100, "[f]1@0 ;2@1 ;3@2 a;4@4 ;"},
		{T("\r\n\r\n"), 100, "[f]1@0 ;2@2 ;"},
		{T("a\r\r\n"), 100, "[f]1@0 a;"},
		{T("a\rb\n"), 100, "[f]1@0 a\rb;"},
		{T("a\r"), 100, "[f]1@0 a;"},
		{T("\r"), 100, "[f]1@0 ;"},
		{T("\x1f"), 100, "[f]1@0 \x1f;"},
		{T("\x1f\n\x8b"), 100, "[f]1@0 \x1f;2@2 \x8b;"},
		{T("0123456789\nok"), 10, "[f]1@0 0123456789;2@11 ok;"},
		{T("0123456789"), 10, "[f]1@0 0123456789;"},
		{T("0123456789\r\nok"), 10, "[f]1@0 0123456789;2@12 ok;"},
		{T("0123456789\r"), 10, "[f]1@0 0123456789;"},
		{T("0123456789A\nok\n"), 10, "[f]1@0 0123456789A!;2@12 ok;"},
		{T("0123456789A"), 10, "[f]1@0 0123456789A!;"},
		{T("0123456789A\r\nok"), 10, "[f]1@0 0123456789A\r!;2@13 ok;"},
		{T("0123456789\r\r\nok"), 10, "[f]1@0 0123456789\r\r!;2@13 ok;"},
		{T("ok\n0123456789A\n0123456789A\nok"), 10,
		 "[f]1@0 ok;2@3 0123456789A!;3@15 0123456789A!;4@27 ok;"},
	};
	struct ev_buf out = {0};
	struct ev_error err;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		write_file("f", cases[i].text, cases[i].len);
		is_int(lines(only_f, 1, cases[i].max_line, &out, &err), EV_EOF, "case %zu is read",
		       i);
		is(ev_buf_str(&out), cases[i].want, "the lines of case %zu", i);
	}
	write_file("f", T("a\0b\n\0\n"));
	lines(only_f, 1, 100, &out, &err);
	ok(out.len == 17 && memcmp(out.p, "[f]1@0 a\0b;2@4 \0;", 17) == 0,
	   "NUL is a byte like others");
	ev_buf_free(&out);
}

/* Text with all that matters in it, often. */
static void random_text(struct ev_buf *b, size_t len)
{
	ev_buf_reset(b);
	while (b->len < len) {
		switch (random_below(8)) {
		case 0: ev_buf_puts(b, "\n"); break;
		case 1: ev_buf_puts(b, "\r\n"); break;
		case 2: ev_buf_puts(b, "\r"); break;
		default:
			for (size_t n = random_below(random_below(20) == 0 ? 3000 : 12); n > 0; n--)
				ev_buf_putc(b, (char)('a' + n % 26));
		}
	}
	b->len = len;
}

/* A pipe on standard input, fed a piece at a time whenever a reader would wait. */
struct feed {
	int fd;
	const char *p;
	size_t len, piece; /* the largest piece */
	unsigned calls;
};

static void close_feed(struct feed *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

static enum ev_status feed_some(void *ctx, int *wait, struct ev_error *err)
{
	struct feed *f = ctx;
	size_t n = f->piece > 0 ? 1 + random_below(f->piece) : 0;

	(void)wait;
	f->calls++;
	if (n > f->len)
		n = f->len;
	if (n == 0)
		close_feed(f);
	else if (write(f->fd, f->p, n) != (ssize_t)n)
		return ev_fail(err, "the pipe is broken");
	f->p += n;
	f->len -= n;
	return EV_OK;
}

static void open_feed(struct feed *f, const char *p, size_t len, size_t piece)
{
	int ends[2];

	if (pipe(ends) != 0 || dup2(ends[0], STDIN_FILENO) < 0)
		abort();
	close(ends[0]);
	*f = (struct feed){ends[1], p, len, piece, 0};
}

static void shut_feed(struct feed *f)
{
	int null = open("/dev/null", O_RDONLY);

	close_feed(f);
	dup2(null, STDIN_FILENO);
	close(null);
}

static void test_random(void)
{
	struct ev_buf text = {0}, got = {0}, want = {0};
	unsigned wrong = 0, fed_wrong = 0;
	struct ev_error err;

	for (int round = 0; round < 400; round++) {
		size_t max_line = random_below(3) ? random_below(40) : 1000, number = 0, offset = 0,
		       at = 0;
		struct ev_in *in;
		struct ev_lines *in_lines;
		struct feed feed;
		struct ev_line line;
		enum ev_status st;
		bool more = false;

		random_text(&text, random_below(round % 10 ? 3000 : 700000));
		write_file("f", text.p, text.len);
		expect("f", text.p, text.len, max_line, &want);
		wrong += lines(only_f, 1, max_line, &got, &err) != EV_EOF || got.len != want.len ||
			 (got.len > 0 && memcmp(got.p, want.p, got.len) != 0);

		/* In small pieces, against the text itself. */
		if (text.len > 3000)
			text.len = 3000;
		open_feed(&feed, text.p, text.len, 1 + random_below(50));
		in = ev_in_new(NULL, 0, max_line);
		in_lines = ev_lines_new(in, max_line);
		ev_in_before_block(in, feed_some, &feed);
		while ((st = ev_lines_next(in_lines, &line, &err)) == EV_OK) {
			bool part = line.kind == EV_LINE_PART;

			if (!more) {
				number++;
				offset = at;
			}
			fed_wrong += line.number != number || line.offset != offset ||
				     strcmp(line.source, "-") != 0 ||
				     (line.len > 0 && memcmp(line.p, text.p + at, line.len) != 0);
			at += line.len;
			more = part && !line.last;
			if (more)
				continue;
			while (!part && at < text.len && text.p[at] == '\r')
				at++;
			fed_wrong += at < text.len && text.p[at] != '\n';
			at += at < text.len;
			fed_wrong += part ? at - offset <= max_line : line.len > max_line;
		}
		fed_wrong += st != EV_EOF || at != text.len || more || ev_in_bytes(in) != text.len;
		ev_lines_free(&in_lines);
		ev_in_free(&in);
		shut_feed(&feed);
	}
	is_int(wrong, 0, "400 random files are read as they should be");
	is_int(fed_wrong, 0, "400 random pipes, in pieces, are too");
	ev_buf_free(&text);
	ev_buf_free(&got);
	ev_buf_free(&want);
}

static enum ev_status refuse(void *ctx, int *wait, struct ev_error *err)
{
	(void)ctx;
	(void)wait;
	return ev_fail(err, "the output is gone");
}

static void test_pipe(void)
{
	struct feed feed;
	struct ev_error err;
	struct ev_line line;
	struct ev_in *in;
	struct ev_lines *in_lines;

	open_feed(&feed, T("b\nc\nd"), 0);
	if (write(feed.fd, "a\na2\n", 5) != 5)
		abort();
	in = ev_in_new(NULL, 0, 100);
	in_lines = ev_lines_new(in, 100);
	ev_in_before_block(in, feed_some, &feed);
	ok(ev_lines_next(in_lines, &line, &err) == EV_OK && line.len == 1 && line.p[0] == 'a' &&
		   feed.calls == 0,
	   "what is in the pipe is had without a call");
	ok(ev_lines_next(in_lines, &line, &err) == EV_OK && line.len == 2 && feed.calls == 0,
	   "and what was read ahead");
	feed.piece = 1;
	ok(ev_lines_next(in_lines, &line, &err) == EV_OK && line.len == 1 && line.p[0] == 'b' &&
		   feed.calls == 2,
	   "before a read that would wait there is a call, and before the next");
	ok(ev_lines_next(in_lines, &line, &err) == EV_OK && line.p[0] == 'c' && feed.calls == 4,
	   "each time");
	ok(ev_lines_next(in_lines, &line, &err) == EV_OK && line.len == 1 && line.p[0] == 'd' &&
		   line.number == 5,
	   "the last line needs no line feed");
	ok(ev_lines_next(in_lines, &line, &err) == EV_EOF && feed.calls == 6,
	   "and the end is the end");
	ev_lines_free(&in_lines);
	ev_in_free(&in);
	ok(in == NULL && fcntl(STDIN_FILENO, F_GETFD) != -1, "standard input stays open");
	shut_feed(&feed);

	open_feed(&feed, T(""), 0);
	in = ev_in_new(NULL, 0, 100);
	in_lines = ev_lines_new(in, 100);
	ev_in_before_block(in, refuse, NULL);
	is_int(ev_lines_next(in_lines, &line, &err), EV_FATAL,
	       "a flush that fails ends the reading");
	is(err.text, "the output is gone", "with its own text");
	ev_lines_free(&in_lines);
	ev_in_free(&in);
	shut_feed(&feed);
}

/* Room in pipes, which the system may refuse. */
static void test_room(void)
{
	struct ev_error err;
	struct ev_line line;
	struct ev_in *in;
	struct ev_lines *in_lines;
	struct ev_out *o;
	struct feed feed;
	int ends[2], probe[2], twice = 2 * EV_PIPE_ROOM;
	bool may, more;

	if (pipe(ends) != 0 || pipe(probe) != 0)
		abort();
	may = fcntl(probe[1], F_SETPIPE_SZ, EV_PIPE_ROOM) == EV_PIPE_ROOM;
	more = may && fcntl(ends[1], F_SETPIPE_SZ, twice) == twice;
	o = ev_out_fd(ends[1], "the pipe");
	if (more)
		is_int(fcntl(ends[1], F_GETPIPE_SZ), twice, "a pipe with more room keeps it");
	else
		skip("the system gives no more than 1 MiB", "a pipe with more room");
	ev_out_discard(&o);
	fcntl(ends[1], F_SETPIPE_SZ, 4096);
	o = ev_out_fd(ends[1], "the pipe");
	open_feed(&feed, T("a"), 1);
	in = ev_in_new(NULL, 0, 100);
	in_lines = ev_lines_new(in, 100);
	ev_in_before_block(in, feed_some, &feed);
	ok(ev_lines_next(in_lines, &line, &err) == EV_OK && line.len == 1 && line.p[0] == 'a',
	   "a pipe is read");
	if (may) {
		is_int(fcntl(ends[1], F_GETPIPE_SZ), EV_PIPE_ROOM, "a pipe that is written grows");
		is_int(fcntl(STDIN_FILENO, F_GETPIPE_SZ), EV_PIPE_ROOM,
		       "and one that is read does");
	} else {
		skip("the system gives no more room", "pipes grow");
	}
	ev_out_discard(&o);
	ev_lines_free(&in_lines);
	ev_in_free(&in);
	shut_feed(&feed);
	for (int i = 0; i < 2; i++) {
		close(ends[i]);
		close(probe[i]);
	}
	errno = 7;
	ev_pipe_widen(-1);
	is_int(errno, 7, "what is no pipe is left alone");
}

/* "one\r\ntwo\n", "\nthree" and "", by gzip -n9. */
static const unsigned char member1[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
					0xcb, 0xcf, 0x4b, 0xe5, 0xe5, 0x2a, 0x29, 0xcf, 0xe7, 0x02,
					0x00, 0x07, 0x57, 0x41, 0x38, 0x09, 0x00, 0x00, 0x00};
static const unsigned char member2[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
					0x03, 0xe3, 0x2a, 0xc9, 0x28, 0x4a, 0x4d, 0x05, 0x00,
					0x2d, 0xad, 0xbe, 0x90, 0x06, 0x00, 0x00, 0x00};
static const unsigned char member0[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
					0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};

static void test_gzip(void)
{
	struct ev_buf gz = {0}, out = {0};
	struct ev_error err;
	unsigned wrong = 0, same = 0;
	enum ev_status st;

	write_file("f", member1, sizeof member1);
	is_int(lines(only_f, 1, 100, &out, &err), EV_EOF, "gzip is read");
	is(ev_buf_str(&out), "[f]1@0 one;2@5 two;", "its lines");
	write_file("f", member0, sizeof member0);
	is_int(lines(only_f, 1, 100, &out, &err), EV_EOF, "an empty one is read");
	is(ev_buf_str(&out), "", "it has no lines");

	ev_buf_put(&gz, member0, sizeof member0);
	ev_buf_put(&gz, member1, sizeof member1);
	ev_buf_put(&gz, member0, sizeof member0);
	ev_buf_put(&gz, member2, sizeof member2);
	ev_buf_put(&gz, member0, sizeof member0);
	write_file("f", gz.p, gz.len);
	is_int(lines(only_f, 1, 100, &out, &err), EV_EOF, "five members are read");
	is(ev_buf_str(&out), "[f]1@0 one;2@5 two;3@9 ;4@10 three;", "as one stream");

	/* Cut anywhere. */
	ev_buf_reset(&gz);
	ev_buf_put(&gz, member1, sizeof member1);
	ev_buf_put(&gz, member2, sizeof member2);
	for (size_t len = 2; len < gz.len; len++) {
		bool whole = len == sizeof member1;

		write_file("f", gz.p, len);
		st = lines(only_f, 1, 100, &out, &err);
		wrong += st != (whole ? EV_EOF : EV_FATAL) ||
			 (!whole &&
			  strncmp(err.text, "f: the gzip data ends in mid-stream", 35) != 0) ||
			 (out.len > 0 &&
			  strncmp("[f]1@0 one;2@5 two;3@9 ;", ev_buf_str(&out), out.len) != 0);
	}
	is_int(wrong, 0, "a stream that is cut anywhere is an error, unless between members");

	/* Each bit flipped: nothing but the lines as they were, or an error behind some of them. */
	wrong = 0;
	for (size_t i = 2; i < sizeof member1; i++)
		for (int bit = 0; bit < 8; bit++) {
			unsigned char damaged[sizeof member1];

			memcpy(damaged, member1, sizeof member1);
			damaged[i] = (unsigned char)(damaged[i] ^ 1 << bit);
			write_file("f", damaged, sizeof damaged);
			st = lines(only_f, 1, 100, &out, &err);
			if (st == EV_EOF) {
				same++;
				wrong += strcmp(ev_buf_str(&out), "[f]1@0 one;2@5 two;") != 0;
			} else {
				wrong += st != EV_FATAL ||
					 strncmp(err.text, "f: the gzip data ", 17) != 0;
			}
		}
	is_int(wrong, 0, "no flipped bit changes a line that is passed for whole");
	ok(same >= 48 && same < 60, "%u bits of the header say nothing about the data", same);

	for (int i = 0; i < 3; i++) {
		ev_buf_reset(&gz);
		ev_buf_put(&gz, member1, sizeof member1);
		ev_buf_put(&gz,
			   i == 0   ? "garbage"
			   : i == 1 ? "\0\0\0"
				    : "\x1f\x8b\x07",
			   i == 0 ? 7 : 3);
		write_file("f", gz.p, gz.len);
		is_int(lines(only_f, 1, 100, &out, &err), EV_FATAL,
		       "what is no member behind a member is an error");
		ok(strstr(err.text, "f: the gzip data ") == err.text, "and named: %s", err.text);
	}

	/* One longer than every buffer, in many members. */
	ev_buf_reset(&gz);
	for (int i = 0; i < 40000; i++)
		ev_buf_put(&gz, i % 2 == 0 ? member1 : member2,
			   i % 2 == 0 ? sizeof member1 : sizeof member2);
	write_file("f", gz.p, gz.len);
	{
		struct ev_in *in = ev_in_new(only_f, 1, 100);
		struct ev_lines *in_lines = ev_lines_new(in, 100);
		struct ev_line line;
		uint64_t n = 0;

		wrong = 0;
		while ((st = ev_lines_next(in_lines, &line, &err)) == EV_OK) {
			static const char *const texts[] = {"one", "two", "", "threeone"};
			const char *want = n == 0 ? "one" : texts[(n - 1) % 3 + 1];

			if (n == 60000)
				want = "three";
			wrong += line.len != strlen(want) || memcmp(line.p, want, line.len) != 0 ||
				 line.number != ++n;
		}
		ok(st == EV_EOF && n == 60001 && wrong == 0, "40,000 members");
		is_int((long long)ev_in_bytes(in), 300000, "their bytes are counted inflated");
		ev_lines_free(&in_lines);
		ev_in_free(&in);
	}

	/* And the other way round: 30 MB in 30 KB, with a line that grows the buffer. */
	ev_buf_reset(&gz);
	memset(ev_buf_room(&gz, 30000000), 'x', 30000000);
	gz.len = 30000000;
	for (size_t i = 3000000; i < gz.len; i += 1000)
		gz.p[i] = '\n';
	write_file("big", gz.p, gz.len);
	/* NOLINTNEXTLINE(cert-env33-c): a command of ours */
	if (system("gzip -nc big >f 2>gzip.err") != 0) {
		skip("there is no gzip", "a large file");
	} else {
		struct ev_buf want = {0};

		expect("f", gz.p, gz.len, 5000000, &want);
		ok(lines(only_f, 1, 5000000, &out, &err) == EV_EOF && out.len == want.len &&
			   memcmp(out.p, want.p, out.len) == 0,
		   "30 MB of gzip");
		expect("f", gz.p, gz.len, 999, &want);
		ok(lines(only_f, 1, 999, &out, &err) == EV_EOF && out.len == want.len &&
			   memcmp(out.p, want.p, out.len) == 0,
		   "30 MB of gzip with a line that is too long");
		ev_buf_free(&want);
	}
	unlink("big");
	ev_buf_free(&gz);
	ev_buf_free(&out);
}

static void test_files(void)
{
	static char a[] = "a", none[] = "none", gz[] = "b.gz", c[] = "./c", missing[] = "missing",
		    folder[] = "folder", mem[] = "/proc/self/mem", dash[] = "-";
	char *const names[] = {a, none, gz, dash, c, none};
	char *const to_missing[] = {a, missing}, *const to_folder[] = {folder},
		    *const to_mem[] = {a, mem};
	struct ev_buf out = {0};
	struct ev_error err;
	struct feed feed;
	char *p;
	size_t len;

	write_file("a", T("1\n2"));
	write_file("none", T(""));
	write_file("b.gz", member1, sizeof member1);
	write_file("c", T("\n3\n"));
	mkdir("folder", 0777);
	open_feed(&feed, T(""), 0);
	if (write(feed.fd, "std\nin", 6) != 6)
		abort();
	close_feed(&feed);
	is_int(lines(names, 6, 100, &out, &err), EV_EOF, "several files are read");
	is(ev_buf_str(&out),
	   "[a]1@0 1;2@2 2;[b.gz]1@0 one;2@5 two;[-]1@0 std;2@4 in;[./c]1@0 ;2@1 3;",
	   "each counts its own lines");
	shut_feed(&feed);
	is_int(lines(to_missing, 2, 100, &out, &err), EV_FATAL,
	       "a file that is not there is an error");
	is(err.text, "missing: cannot be opened: No such file or directory", "with its name");
	is(ev_buf_str(&out), "[a]1@0 1;2@2 2;", "behind the lines of the one before");
	is_int(lines(to_folder, 1, 100, &out, &err), EV_FATAL, "a folder is an error");
	ok(strstr(err.text, "folder: is a folder") == err.text, "with its name: %s", err.text);
	if (access("/proc/self/mem", R_OK) == 0) {
		is_int(lines(to_mem, 2, 100, &out, &err), EV_FATAL,
		       "a read that fails is an error");
		is(err.text, "/proc/self/mem: cannot be read: Input/output error",
		   "with its reason");
	} else {
		skip("there is no /proc/self/mem", "a read that fails");
	}

	ok(ev_in_slurp("a", 3, &p, &len, &err) == EV_OK && len == 3 && memcmp(p, "1\n2", 3) == 0,
	   "a whole file");
	for (size_t i = 0; i < EV_IN_SLACK; i++)
		len += p[3 + i] != 0;
	is_int((long long)len, 3, "with zeros behind it");
	free(p);
	ok(ev_in_slurp("a", 2, &p, &len, &err) == EV_FATAL && p == NULL,
	   "a file that is too large");
	is(err.text, "a: is larger than 2 bytes: give a smaller file", "is told so");
	ok(ev_in_slurp("none", 0, &p, &len, &err) == EV_OK && len == 0 && p != NULL,
	   "an empty file");
	free(p);
	ok(ev_in_slurp("missing", 9, &p, &len, &err) == EV_FATAL && p == NULL,
	   "a file that is not there");
	ok(ev_in_slurp("folder", 9, &p, &len, &err) == EV_FATAL && p == NULL, "a folder");
	is(err.text, "folder: cannot be read: Is a directory", "is told so");
	ev_buf_free(&out);
}

/* Output */

static void test_appearing(void)
{
	struct ev_error err;
	struct ev_out *o, *p;
	struct stat st;
	bool absent;

	unlink("out");
	o = ev_out_file("out", &err);
	if (o == NULL) {
		ok(false, "a file is begun: %s", err.text);
		return;
	}
	ok(ev_out_line(o, "hello", 5) == EV_OK && ev_out_flush(o) == EV_OK, "a file is begun");
	absent = access("out", F_OK) != 0;
	ok(absent && entries(".out.") == 1, "under a temporary name in its folder");
	is_int((long long)o->bytes, 6, "its bytes are counted");
	is_int((long long)o->lines, 1, "and its lines");
	ok(ev_out_commit(&o, &err) == EV_OK && o == NULL && file_is("out", T("hello\n")),
	   "commit gives it its name");
	is_int(entries("~"), 0, "and leaves no other");
	ok(stat("out", &st) == 0 && (st.st_mode & 0777) == 0644, "its mode follows the umask");

	o = ev_out_file("out", &err);
	ev_out_put(o, "new", 3);
	ev_out_flush(o);
	ok(file_is("out", T("hello\n")), "the old file stays as it is");
	ev_out_discard(&o);
	ok(o == NULL && file_is("out", T("hello\n")) && entries("~") == 0,
	   "discard leaves nothing");
	ev_out_discard(&o);

	o = ev_out_file("out", &err);
	ok(ev_out_file("./out", &err) == NULL, "one file is not written twice at a time");
	is(err.text, "./out: is named for two outputs: give each a file of its own", "is told");
	ev_out_put(o, "first", 5);
	ok(ev_out_commit(&o, &err) == EV_OK && file_is("out", T("first")), "the first stands");
	o = ev_out_file("out", &err);
	ev_out_put(o, "second", 6);
	ok(ev_out_commit(&o, &err) == EV_OK && file_is("out", T("second")), "and then a second");

	mkdir("sub", 0777);
	o = ev_out_file("sub/empty", &err);
	ok(entries("~") == 0 && ev_out_commit(&o, &err) == EV_OK && file_is("sub/empty", T("")),
	   "an empty file in another folder");

	o = ev_out_file("out", &err);
	p = ev_out_file("sub/x", &err);
	ev_out_unlink_temporaries();
	ok(entries("~") == 0, "what a signal would leave is removed");
	is_int(ev_out_commit(&o, &err), EV_FATAL, "and cannot be committed");
	is(err.text, "out: cannot be given its name: No such file or directory", "which is told");
	ev_out_discard(&p);
	ok(file_is("out", T("second")), "the old file stays");

	ok(ev_out_file("nowhere/out", &err) == NULL, "a folder that is not there");
	is(err.text, "nowhere/out: cannot be written: No such file or directory", "is told");
	ok(ev_out_file("sub", &err) == NULL, "a folder is no file");
	is(err.text, "sub: cannot be written: Is a directory", "which is told");
	o = ev_out_file("late", &err);
	mkdir("late", 0777);
	is_int(ev_out_commit(&o, &err), EV_FATAL, "a folder that came in between");
	ok(strstr(err.text, "late: cannot be given its name") == err.text && entries("~") == 0,
	   "is told: %s", err.text);
}

/* Names that stand for something else than a file. */
static void test_names(void)
{
	struct ev_error err;
	struct ev_out *o;
	struct stat st;
	char name[64];
	int fd, ends[2];

	write_file("target", T("kept"));
	unlink("link");
	ok(symlink("target", "link") == 0 && (o = ev_out_file("link", &err)) != NULL &&
		   ev_out_put(o, "x", 1) == EV_OK && ev_out_commit(&o, &err) == EV_OK,
	   "a file is written where a link was");
	ok(lstat("link", &st) == 0 && S_ISREG(st.st_mode) && file_is("link", T("x")) &&
		   file_is("target", T("kept")),
	   "it takes the link's place, and the link's target stays");

	o = ev_out_file("/dev/null", &err);
	ok(o != NULL && ev_out_line(o, "x", 1) == EV_OK && ev_out_commit(&o, &err) == EV_OK &&
		   stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode),
	   "a device is written as it is");
	if (mkfifo("fifo", 0666) == 0 && (fd = open("fifo", O_RDONLY | O_NONBLOCK)) >= 0) {
		o = ev_out_file("fifo", &err);
		ok(o != NULL && ev_out_line(o, "x", 1) == EV_OK &&
			   ev_out_commit(&o, &err) == EV_OK && read(fd, name, sizeof name) == 2,
		   "so is a pipe");
		close(fd);
	}
	/* What /dev/stderr is in 2>log. */
	write_file("log", T("before\n"));
	fd = open("log", O_WRONLY | O_APPEND);
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	if (lstat(name, &st) != 0) {
		skip("there is no /proc/self/fd", "a descriptor by its name");
	} else {
		o = ev_out_file(name, &err);
		ok(o != NULL && ev_out_line(o, "x", 1) == EV_OK &&
			   ev_out_commit(&o, &err) == EV_OK && write(fd, "after\n", 6) == 6 &&
			   file_is("log", T("before\nx\nafter\n")),
		   "a descriptor by its name is written at the end of its file");
	}
	close(fd);
	if (pipe(ends) != 0)
		abort();
	o = ev_out_fd(ends[1], "the pipe");
	ok(ev_out_put(o, "ab", 2) == EV_OK && ev_out_commit(&o, &err) == EV_OK &&
		   fcntl(ends[1], F_GETFD) != -1 && read(ends[0], name, sizeof name) == 2,
	   "a descriptor stays open");
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	o = ev_out_fd(ends[1], "the pipe");
	ev_out_put(o, "ab", 2);
	ok(ev_out_commit(&o, &err) == EV_FATAL &&
		   strcmp(err.text, "the pipe: cannot be written: Broken pipe") == 0,
	   "a pipe that nobody reads is an error");
	close(ends[1]);
	o = ev_out_fd(ends[1], "closed");
	ev_out_put(o, "ab", 2);
	ok(ev_out_commit(&o, &err) == EV_FATAL &&
		   strcmp(err.text, "closed: cannot be written: Bad file descriptor") == 0,
	   "so is a descriptor that is closed");
}

static void test_full(void)
{
	static char large[EV_OUT_BLOCK * 2];
	struct ev_error err = {""};
	struct ev_out *o;

	if (access("/dev/full", W_OK) != 0) {
		skip("there is no /dev/full", "a full disk");
		return;
	}
	o = ev_out_file("/dev/full", &err);
	is_int(ev_out_put(o, "x", 1), EV_OK, "what fits the block is taken");
	is_int(ev_out_flush(o), EV_FATAL, "a full disk is told by flush");
	is(o->error.text, "/dev/full: cannot be written: No space left on device",
	   "with its reason");
	is_int(ev_out_flush(o), EV_FATAL, "again");
	is_int(ev_out_put(o, large, sizeof large), EV_FATAL, "and by what follows");
	is_int(ev_out_line(o, large, sizeof large), EV_FATAL, "whatever it is");
	is_int(ev_out_commit(&o, &err), EV_FATAL, "and by commit");
	is(err.text, "/dev/full: cannot be written: No space left on device",
	   "which has the first reason");
	ok(o == NULL, "and frees");
	o = ev_out_file("/dev/full", &err);
	ev_out_put(o, "x", 1);
	is_int(ev_out_commit(&o, &err), EV_FATAL, "by commit alone, too");
	o = ev_out_file("/dev/full", &err);
	is_int(ev_out_commit(&o, &err), EV_OK, "nothing fits a full disk");
}

static void test_blocks(void)
{
	const size_t N = EV_OUT_BLOCK;
	const size_t edges[] = {0, 1, N - 2, N - 1, N, N + 1, 2 * N, 2 * N + 1};
	struct ev_buf want = {0};
	struct ev_error err;
	unsigned wrong = 0;

	memset(ev_buf_room(&want, 6 * N), 'x', 6 * N);
	for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++)
		for (size_t k = 0; k < sizeof edges / sizeof edges[0]; k++) {
			struct ev_out *o = ev_out_file("out", &err);
			size_t len = edges[i] + edges[k] + 2;

			ev_out_put(o, want.p, edges[i]);
			ev_out_line(o, want.p, edges[k]);
			ev_out_put(o, "y", 1);
			ev_out_flush(o);
			wrong += o->bytes != len || ev_out_commit(&o, &err) != EV_OK;
			want.p[len - 2] = '\n';
			want.p[len - 1] = 'y';
			wrong += !file_is("out", want.p, len);
			want.p[len - 2] = want.p[len - 1] = 'x';
		}
	is_int(wrong, 0, "puts and lines at the edges of the block");
	ev_buf_free(&want);
}

static void test_digest(void)
{
	struct ev_buf text = {0};
	struct ev_hash128 want, got;
	struct ev_error err;
	unsigned wrong = 0;

	random_text(&text, 1000000);
	for (int round = 0; round < 20; round++) {
		struct ev_out *o = ev_out_file("out", &err);
		size_t from = random_below(text.len), end = from + random_below(text.len - from),
		       at = 0;

		while (at < end) {
			size_t stop = at < from ? from : end,
			       n = random_below(round % 2 ? 2 * EV_OUT_BLOCK : 1000) + 1;

			if (at == from)
				ev_out_digest_start(o, NULL);
			if (n > stop - at)
				n = stop - at;
			ev_out_put(o, text.p + at, n);
			if (random_below(10) == 0)
				ev_out_flush(o);
			at += n;
		}
		if (from == end)
			ev_out_digest_start(o, NULL);
		got = ev_out_digest_value(o);
		want = ev_hash128(text.p + from, end - from, 0);
		wrong += got.lo != want.lo || got.hi != want.hi;
		ev_out_digest_start(o, NULL);
		ev_out_put(o, "abc", 3);
		got = ev_out_digest_value(o);
		want = ev_hash128("abc", 3, 0);
		wrong += got.lo != want.lo || got.hi != want.hi;
		ev_out_discard(&o);
	}
	is_int(wrong, 0, "a digest does not depend on where the blocks end, and can begin anew");
	ev_buf_free(&text);
}

static void test_slots(void)
{
	int slots[300], given = 0;

	for (int i = 0; i < 300; i++) {
		slots[i] = ev_out_temporary("no-such-file");
		given += slots[i] >= 0;
	}
	is_int(given, 256, "256 temporary names are kept for a signal");
	ev_out_unlink_temporaries();
	for (int i = 0; i < 300; i++)
		ev_out_temporary_done(slots[i]);
	slots[0] = ev_out_temporary("again");
	is_int(slots[0], 0, "and given free");
	ev_out_temporary_done(slots[0]);
}

int main(void)
{
	const char *tmp = getenv("TMPDIR");
	char dir[4096], command[4200];
	int files = open_files();

	snprintf(dir, sizeof dir, "%s/unit-io.XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL || chdir(dir) != 0) {
		printf("Bail out! no folder to work in\n");
		return 1;
	}
	umask(022);
	test_lines();
	test_random();
	test_pipe();
	test_room();
	test_gzip();
	test_files();
	test_appearing();
	test_names();
	test_full();
	test_blocks();
	test_digest();
	test_slots();
	is_int(open_files(), files, "no descriptor is left open");
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	/* NOLINTNEXTLINE(cert-env33-c): a command of ours */
	ok(chdir("/") == 0 && system(command) == 0, "the folder is removed");
	return done();
}

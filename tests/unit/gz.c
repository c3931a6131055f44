/* gzip: members inflated by every inflater of the build, ahead of the reader; and packed. */
#include "io/gz.h"
#include "base/buf.h"
#include "base/hash.h"
#include "io/ahead.h"
#include "io/deflate.h"
#include "io/feed.h"
#include "io/out.h"
#include "io/pack.h"

#include "support.h"
#include "tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>

#define T(s) s, sizeof(s) - 1

/* As a size, to reckon with. */
static const size_t AHEAD = EV_AHEAD_BLOCK, PACK = EV_PACK_BLOCK;

static struct ev_deflater *deflater;

/* Text that packs well, as logs do; bytes that do not; or one byte again and again. */
static void random_bytes(struct ev_buf *b, size_t len)
{
	size_t kind = random_below(3);

	for (size_t end = b->len + len; b->len < end;)
		if (kind == 0)
			ev_buf_printf(b, "{\"id\":%u}\n", (unsigned)random_below(1000));
		else
			ev_buf_putc(b, kind == 1 ? (char)random_below(256) : 'x');
}

static void put16(struct ev_buf *b, unsigned v)
{
	ev_buf_putc(b, (char)(v & 0xff));
	ev_buf_putc(b, (char)(v >> 8));
}

/* A header with these flags: FHCRC 2, FEXTRA 4, FNAME 8, FCOMMENT 16, and FTEXT 1. */
static void put_header(struct ev_buf *b, unsigned flags)
{
	size_t from = b->len;

	ev_buf_put(b, "\x1f\x8b\x08", 3);
	ev_buf_putc(b, (char)flags);
	ev_buf_put(b, "time", 4);
	ev_buf_put(b, "\2\3", 2);
	if (flags & 4) {
		size_t n = random_below(3) * random_below(300);

		put16(b, (unsigned)n);
		memset(ev_buf_room(b, n), 'x', n);
		b->len += n;
	}
	if (flags & 8)
		ev_buf_put(b, "name", random_below(5));
	if (flags & 8)
		ev_buf_putc(b, '\0');
	if (flags & 16)
		ev_buf_put(b, T("what it is\0"));
	if (flags & 2)
		put16(b, ev_crc32(0, b->p + from, b->len - from) & 0xffff);
}

/* A member of those bytes; its data as ev_deflate makes it, or stored. */
static void put_member(struct ev_buf *b, const char *p, size_t len, unsigned flags, bool stored)
{
	put_header(b, flags);
	if (stored) {
		uint32_t crc = ev_crc32(0, p, len);

		ev_buf_putc(b, 1);
		put16(b, (unsigned)len);
		put16(b, ~(unsigned)len & 0xffff);
		ev_buf_put(b, p, len);
		put16(b, crc & 0xffff);
		put16(b, crc >> 16);
		put16(b, (unsigned)len & 0xffff);
		put16(b, (unsigned)(len >> 16));
	} else {
		struct ev_buf whole = {0};
		size_t room = ev_deflate_bound(deflater, len);
		size_t n = ev_deflate(deflater, p, len, ev_buf_room(&whole, room), room);

		ev_buf_put(b, whole.p + 10, n - 10);
		ev_buf_free(&whole);
	}
}

/* Members of random bytes with all kinds of headers; the text is what is in them. */
static void random_members(struct ev_buf *packed, struct ev_buf *text, size_t n, size_t most)
{
	ev_buf_reset(packed);
	ev_buf_reset(text);
	for (size_t i = 0; i < n; i++) {
		size_t from = text->len;
		bool stored = random_below(4) == 0;

		random_bytes(text, random_below(stored && most > 60000 ? 60000 : most));
		put_member(packed, text->p + from, text->len - from, (unsigned)random_below(32),
			   stored && text->len - from < 65536);
	}
}

static bool equal(const struct ev_buf *a, const struct ev_buf *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->p, b->p, a->len) == 0);
}

/*
 * All of it inflated in pieces of at most these sizes, 0 for all at once. NULL if it ends between
 * members, "" if in one, else what is wrong.
 */
static const char *inflate_all(const struct ev_inflater *by, const char *p, size_t len,
			       size_t in_piece, size_t out_piece, struct ev_buf *out)
{
	struct ev_gz *g = ev_gz_new(by);
	const char *why = NULL, *end = p + len;
	enum ev_status st = EV_OK;
	bool filled = false;
	size_t left = 0;

	ev_buf_reset(out);
	while (st == EV_OK && (p < end || filled)) {
		size_t room = out_piece > 0 ? 1 + random_below(out_piece) : 1 << 16, had = room;

		if (left == 0 && p < end) {
			left = in_piece > 0 ? 1 + random_below(in_piece) : (size_t)(end - p);
			if (left > (size_t)(end - p))
				left = (size_t)(end - p);
		}
		st = ev_gz_inflate(g, &p, &left, ev_buf_room(out, room), &room, &why);
		if (st == EV_OK)
			out->len += room;
		filled = room == had;
	}
	if (st == EV_OK)
		why = ev_gz_complete(g) ? NULL : "";
	ev_gz_free(&g);
	return why;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void test_members(const struct ev_inflater *by)
{
	struct ev_buf packed = {0}, text = {0}, got = {0};
	unsigned wrong = 0;

	for (int round = 0; round < 300; round++) {
		size_t in_piece = random_below(3) ? random_below(2000) : random_below(4),
		       out_piece = random_below(3) ? random_below(2000) : random_below(4);

		random_members(&packed, &text, random_below(8),
			       1 + random_below(round % 10 ? 3000 : 200000));
		wrong += inflate_all(by, packed.p, packed.len, in_piece, out_piece, &got) != NULL ||
			 !equal(&got, &text);
	}
	is_int(wrong, 0, "%s: members of all kinds, in pieces of all sizes", by->name);

	wrong = 0;
	for (int round = 0; round < 20; round++) {
		size_t first;

		random_members(&packed, &text, 1, 300);
		first = packed.len;
		put_member(&packed, "second", 6, (unsigned)random_below(32), round % 2);
		for (size_t len = 0; len < packed.len; len++) {
			const char *why = inflate_all(by, packed.p, len, random_below(20),
						      random_below(20), &got);

			wrong += len == 0 || len == first ? why != NULL : !same_text(why, "");
			wrong +=
				got.len > text.len + 6 ||
				memcmp(got.p, text.p, got.len < text.len ? got.len : text.len) != 0;
		}
	}
	is_int(wrong, 0, "%s: a stream that is cut anywhere is not whole, but no damage", by->name);
	ev_buf_free(&packed);
	ev_buf_free(&text);
	ev_buf_free(&got);
}

static void test_damage(const struct ev_inflater *by)
{
	static const struct {
		size_t at; /* from the end if it is above 1000 */
		char flip;
		const char *why;
	} cases[] = {
		{0, 1, "no gzip header where a member should begin"},
		{1, 1, "no gzip header where a member should begin"},
		{2, 1, "unknown compression method"},
		{3, 32, "unknown header flags"},
		{3, 64, "unknown header flags"},
		{3, (char)128, "unknown header flags"},
		{4, 1, "the header does not have its checksum"},
		{9, 1, "the header does not have its checksum"},
		{10, 1, "the header does not have its checksum"},
		{11, 1, "the header does not have its checksum"},
		{12, 6, "the data or its checksum is wrong"}, /* no kind of block */
		{13, 1, "the data or its checksum is wrong"}, /* its length */
		{17, 1, "the data or its checksum is wrong"},
		{1008, 1, "the data or its checksum is wrong"},
		{1005, 1, "the data or its checksum is wrong"},
		{1004, 1, "the data or its checksum is wrong"},
		{1001, 1, "the data or its checksum is wrong"},
	};
	static const char *const behind[] = {"garbage", "\x1fgarbage", "\x1f\x8b\x07", "\n"};
	struct ev_buf packed = {0}, got = {0};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t at = cases[i].at;

		ev_buf_reset(&packed);
		put_member(&packed, T("stored"), 2, true);
		if (at > 1000)
			at = packed.len - (at - 1000);
		packed.p[at] = (char)(packed.p[at] ^ cases[i].flip);
		is(inflate_all(by, packed.p, packed.len, random_below(3), 0, &got), cases[i].why,
		   "%s: damage at %zu", by->name, cases[i].at);
	}
	for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
		ev_buf_reset(&packed);
		put_member(&packed, T("one"), 0, false);
		ev_buf_puts(&packed, behind[i]);
		is(inflate_all(by, packed.p, packed.len, random_below(3), 0, &got),
		   i == 2 ? "unknown compression method"
			  : "no gzip header where a member should begin",
		   "%s: what is no member behind one, %zu", by->name, i);
	}
	ev_buf_reset(&packed);
	put_member(&packed, T("one"), 0, false);
	ev_buf_put(&packed, "\0\0\0", 3);
	is(inflate_all(by, packed.p, packed.len, 0, 0, &got),
	   "no gzip header where a member should begin", "%s: padding is no member", by->name);
	ev_buf_free(&packed);
	ev_buf_free(&got);
}

/*
 * Damage anywhere. No inflater passes it, and they say the same, but that one may need more input
 * than another to know. (Of two members, a header without a checksum may grow to swallow one.)
 */
static void test_flips(void)
{
	struct ev_buf packed = {0}, text = {0}, got = {0}, first = {0};
	unsigned passed = 0, differ = 0;

	for (int round = 0; round < 3000; round++) {
		const char *whys[4];

		random_members(&packed, &text, 1, 400);
		for (size_t n = random_below(3) + 1; n > 0; n--) {
			size_t at = random_below(packed.len);

			packed.p[at] = (char)(packed.p[at] ^ 1 << random_below(8));
		}
		for (size_t i = 0; ev_gz_inflaters[i] != NULL; i++) {
			whys[i] = inflate_all(ev_gz_inflaters[i], packed.p, packed.len,
					      random_below(500), 0, i == 0 ? &first : &got);
			passed += whys[i] == NULL && !equal(i == 0 ? &first : &got, &text);
			differ += !same_text(whys[0], whys[i]) &&
				  (whys[0] == NULL || whys[i] == NULL ||
				   (whys[0][0] != '\0' && whys[i][0] != '\0'));
		}
	}
	is_int(passed, 0, "no damage passes for whole");
	is_int(differ, 0, "all inflaters say the same");
	ev_buf_free(&packed);
	ev_buf_free(&text);
	ev_buf_free(&got);
	ev_buf_free(&first);
}

/* Ahead of the reader */

/* Threads of the process besides this one, and those that a sanitizer has. */
static int threads(void)
{
	static int others = -1;
	DIR *dir = opendir("/proc/self/task");
	struct dirent *d;
	int n = 0;

	while (dir != NULL && (d = readdir(dir)) != NULL)
		n += d->d_name[0] != '.';
	if (dir != NULL)
		closedir(dir);
	if (others < 0)
		others = n;
	return n - others;
}

static void *nothing(void *arg)
{
	return arg;
}

/* The first thread may bring a sanitizer's with it. */
static void count_threads(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, nothing, NULL) != 0 || pthread_join(t, NULL) != 0)
		abort();
	usleep(50000);
	threads();
}

/* The same, once they are so many; for one that was joined may be seen a little longer. */
static int threads_once(int want)
{
	for (int i = 0; i < 1000 && threads() != want; i++)
		usleep(5000);
	return threads();
}

/* Makes the system refuse threads, which need a stack, or give them again. */
static void refuse_threads(bool refuse)
{
	static size_t size;
	pthread_attr_t attr;

	pthread_getattr_default_np(&attr);
	if (size == 0)
		pthread_attr_getstacksize(&attr, &size);
	pthread_attr_setstacksize(&attr, refuse ? (size_t)1 << 60 : size);
	pthread_setattr_default_np(&attr);
	pthread_attr_destroy(&attr);
}

/*
 * Puts and takes in pieces of at most those sizes, and stops after `stop` bytes. The status, and
 * what was inflated in out.
 */
static enum ev_status take_all(struct ev_ahead *a, const struct ev_buf *packed, size_t in_piece,
			       size_t out_piece, size_t stop, struct ev_buf *out, const char **why)
{
	size_t at = 0, got;
	enum ev_status st;

	ev_buf_reset(out);
	do {
		size_t room = 1 + random_below(out_piece);
		bool eager = random_below(2) != 0;
		char *p;

		do {
			size_t n = 1 + random_below(in_piece);

			if ((p = ev_ahead_room(a)) == NULL)
				break;
			if (n > packed->len - at)
				n = packed->len - at;
			memcpy(p, packed->p + at, n);
			ev_ahead_put(a, n);
			at += n;
		} while (eager);
		/* What is there comes without starving; starved, there is room. */
		st = ev_ahead_take(a, ev_buf_room(out, room), room, &got, why);
		out->len += got;
		if (st == EV_OK && got == 0 && ev_ahead_room(a) == NULL)
			st = EV_REJECT;
	} while (st == EV_OK && out->len < stop);
	return st;
}

static void test_ahead(const struct ev_inflater *by, bool threaded)
{
	const char *how = threaded ? "with a thread" : "without one", *why;
	struct ev_buf packed = {0}, text = {0}, got = {0};
	unsigned wrong = 0, cut = 0, damaged = 0;
	struct ev_ahead *a;

	refuse_threads(!threaded);
	a = ev_ahead_new(by);
	refuse_threads(false);
	is_int(threads_once(threaded), threaded, "%s: it is %s", by->name, how);
	for (int round = 0; round < 30; round++) {
		size_t most = round % 4 ? 3000 : 600000;

		random_members(&packed, &text, 1 + random_below(6), most);
		wrong += take_all(a, &packed, EV_AHEAD_BLOCK, 2 * AHEAD, SIZE_MAX, &got, &why) !=
				 EV_EOF ||
			 !equal(&got, &text);
		ev_ahead_reset(a);
		random_members(&packed, &text, 1 + random_below(6), 2000);
		wrong += take_all(a, &packed, 1 + random_below(100), 1 + random_below(1000),
				  SIZE_MAX, &got, &why) != EV_EOF ||
			 !equal(&got, &text);
		ev_ahead_reset(a);

		/* Left in the middle. */
		random_members(&packed, &text, 3, most);
		take_all(a, &packed, EV_AHEAD_BLOCK, 100, random_below(3000), &got, &why);
		wrong += got.len > text.len || memcmp(got.p, text.p, got.len) != 0;
		ev_ahead_reset(a);

		packed.p[packed.len - 1] = (char)(packed.p[packed.len - 1] ^ 1);
		damaged += take_all(a, &packed, 1000, 5000, SIZE_MAX, &got, &why) != EV_FATAL ||
			   why == NULL;
		ev_ahead_reset(a);
		packed.len -= 1 + random_below(8);
		cut += take_all(a, &packed, 1000, 5000, SIZE_MAX, &got, &why) != EV_FATAL ||
		       why != NULL;
		ev_ahead_reset(a);
	}
	is_int(wrong, 0, "%s: ahead, %s", by->name, how);
	is_int(cut, 0, "%s: cut, %s", by->name, how);
	is_int(damaged, 0, "%s: damaged, %s", by->name, how);
	ev_ahead_free(&a);
	is_int(threads_once(0), 0, "%s: the thread is gone", by->name);

	wrong = 0;
	for (int round = 0; round < 100; round++) {
		random_members(&packed, &text, 2, 500000);
		refuse_threads(!threaded);
		a = ev_ahead_new(by);
		refuse_threads(false);
		take_all(a, &packed, EV_AHEAD_BLOCK, 5000, 1, &got, &why);
		wrong += got.len > text.len || memcmp(got.p, text.p, got.len) != 0;
		ev_ahead_free(&a);
	}
	ok(wrong == 0 && threads_once(0) == 0, "%s: stopped at any time, %s", by->name, how);
	ev_buf_free(&packed);
	ev_buf_free(&text);
	ev_buf_free(&got);
}

/*
 * A live stream that stops anywhere: all that it has said comes without more of it, even where the
 * inflater has used its input up and was stopped by the end of its room.
 */
static void test_live(const struct ev_inflater *by)
{
	struct ev_buf packed = {0}, text = {0}, got = {0}, want = {0}, part;
	struct ev_ahead *a = ev_ahead_new(by);
	unsigned wrong = 0;
	const char *why;

	memset(ev_buf_room(&text, 2 * AHEAD), 'x', 2 * AHEAD);
	text.len = 5000;
	put_member(&packed, text.p, text.len, 0, false);
	for (size_t len = 10; len < packed.len; len++) {
		inflate_all(by, packed.p, len, 0, 0, &want);
		inflate_all(by, packed.p, len, 1, 1, &got);
		wrong += !equal(&got, &want);
	}
	is_int(wrong, 0, "%s: what a part of a stream says comes at once", by->name);
	ok(equal(&want, &text), "%s: all of it before the trailer is whole", by->name);

	/* Some of these fill a block with the last byte that is there. */
	wrong = 0;
	text.len = 2 * AHEAD;
	packed.len = 0;
	put_member(&packed, text.p, text.len, 0, false);
	for (size_t len = 250; len < 300; len++) {
		inflate_all(by, packed.p, len, 0, 0, &want);
		part = (struct ev_buf){.p = packed.p, .len = len};
		take_all(a, &part, AHEAD, AHEAD, want.len, &got, &why);
		wrong += !equal(&got, &want);
		ev_ahead_reset(a);
	}
	ok(want.len > AHEAD, "%s: a block is filled", by->name);
	is_int(wrong, 0, "%s: ahead, too", by->name);
	ev_ahead_free(&a);
	ev_buf_free(&packed);
	ev_buf_free(&text);
	ev_buf_free(&got);
	ev_buf_free(&want);
}

/* What holds wherever the damage is: blocks before it come first. */
static void test_order(const struct ev_inflater *by)
{
	struct ev_ahead *a = ev_ahead_new(by);
	struct ev_buf packed = {0}, text = {0}, got = {0};
	const char *why;

	memset(ev_buf_room(&text, 3 * AHEAD), 'x', 3 * AHEAD);
	text.len = 3 * AHEAD;
	put_member(&packed, text.p, text.len, 0, false);
	packed.p[packed.len - 5] = (char)(packed.p[packed.len - 5] ^ 1);
	for (int round = 0; round < 20; round++) {
		ok(take_all(a, &packed, EV_AHEAD_BLOCK, EV_AHEAD_BLOCK, SIZE_MAX, &got, &why) ==
				   EV_FATAL &&
			   why != NULL && got.len >= 2 * AHEAD && got.len < text.len + 1 &&
			   memcmp(got.p, text.p, got.len) == 0,
		   "%s: an error comes behind what stood before it, %zu bytes", by->name, got.len);
		ev_ahead_reset(a);
	}
	ev_ahead_free(&a);
	ev_buf_free(&packed);
	ev_buf_free(&text);
	ev_buf_free(&got);
}

/* A feed starts its thread for gzip alone, and once. */
static void test_feed(void)
{
	struct ev_feed *f = ev_feed_new();
	struct ev_buf packed = {0};
	struct ev_error err;
	char room[100];
	size_t got;
	FILE *file;

	put_member(&packed, T("packed"), 0, false);
	for (int round = 0; round < 4; round++) {
		bool gzip = round > 0 && round < 3;

		file = fopen("f", "wb");
		if (file == NULL ||
		    fwrite(gzip ? packed.p : "plain", 1, gzip ? packed.len : 5, file) < 5)
			abort();
		fclose(file);
		ok(ev_feed_open(f, "f", &err) == EV_OK &&
			   ev_feed_read(f, room, sizeof room, &got, &err) == EV_OK &&
			   got == (gzip ? 6 : 5) &&
			   memcmp(room, gzip ? "packed" : "plain", got) == 0 &&
			   ev_feed_read(f, room, sizeof room, &got, &err) == EV_OK && got == 0 &&
			   ev_feed_read(f, room, sizeof room, &got, &err) == EV_OK && got == 0,
		   "a file is fed");
		is_int(threads_once(round > 0), round > 0, "threads after file %d", round);
		ev_feed_close(f);
	}
	ev_feed_free(&f);
	is_int(threads_once(0), 0, "they end with the feed");
	unlink("f");
	ev_buf_free(&packed);
}

static enum ev_status count(void *ctx, int *wait, struct ev_error *err)
{
	(void)wait;
	(void)err;
	++*(int *)ctx;
	return EV_OK;
}

/* An error in reading comes behind what was read before. */
static void test_error(void)
{
	struct ev_buf packed = {0}, text = {0}, got = {0};
	struct ev_error err;

	memset(ev_buf_room(&text, 3 * AHEAD), 'x', 3 * AHEAD);
	text.len = 3 * AHEAD;
	put_member(&packed, text.p, text.len, 0, false);
	for (int round = 0; round < 2; round++) {
		int ends[2], calls = 0, saved = dup(STDIN_FILENO);
		struct ev_feed *f = ev_feed_new();
		enum ev_status st;
		size_t n = 0;

		if (pipe(ends) != 0 || dup2(ends[0], STDIN_FILENO) < 0 ||
		    fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK) != 0 ||
		    write(ends[1], packed.p, packed.len) != (ssize_t)packed.len)
			abort();
		ev_feed_before_block(f, count, &calls);
		ev_buf_reset(&got);
		st = ev_feed_open(f, "-", &err);
		while (st == EV_OK) {
			st = ev_feed_read(f, ev_buf_room(&got, 100000), 100000, &n, &err);
			if (st != EV_OK || n == 0)
				break;
			got.len += n;
			if (round == 1)
				close(STDIN_FILENO);
		}
		ok(st == EV_FATAL && equal(&got, &text), "all that was read comes first");
		is(err.text,
		   round == 0 ? "-: cannot be read: Resource temporarily unavailable"
			      : "-: cannot be read: Bad file descriptor",
		   "then the error");
		is_int(calls, round == 0, "with a call before a read that would wait");
		ev_feed_free(&f);
		dup2(saved, STDIN_FILENO);
		close(saved);
		close(ends[0]);
		close(ends[1]);
	}
	ev_buf_free(&packed);
	ev_buf_free(&text);
	ev_buf_free(&got);
}

/* Packed */

static void gather(void *ctx, const char *member, size_t len)
{
	ev_buf_put(ctx, member, len);
}

/* The same blocks to two streams, by turns, by so many threads. */
static void pack(unsigned n, bool refuse, const struct ev_buf *text, struct ev_buf out[2])
{
	struct ev_pack *p;
	char *block = ev_malloc(EV_PACK_BLOCK);
	size_t at = 0;

	refuse_threads(refuse);
	p = ev_pack_new(n);
	refuse_threads(false);
	if (n > 0)
		is_int(threads_once(refuse ? 0 : (int)n), refuse ? 0 : (int)n, "threads that pack");
	ev_buf_reset(&out[0]);
	ev_buf_reset(&out[1]);
	for (unsigned i = 0; at < text->len; i++) {
		size_t len = (i * 7919 % 97) * 3001 + 1;

		if (i % 9 == 0)
			len = EV_PACK_BLOCK;
		if (len > text->len - at)
			len = text->len - at;
		memcpy(block, text->p + at, len);
		ev_pack_add(p, &block, len, gather, &out[i % 2]);
		at += len;
	}
	ev_pack_drain(p);
	ev_pack_free(&p);
	free(block);
}

static void test_pack(void)
{
	struct ev_buf text = {0}, want[2] = {{0}}, got[2] = {{0}};
	struct ev_buf back = {0};
	struct ev_pack *p;
	char *block = ev_malloc(EV_PACK_BLOCK);

	while (text.len < 6000000)
		random_bytes(&text, random_below(600000));
	pack(1, false, &text, want);
	ok(want[0].len > 0 && want[1].len > 0, "two streams are packed by turns");
	for (unsigned n = 0; n <= EV_PACK_THREADS; n += n < 3 ? 1 : 5) {
		pack(n, false, &text, got);
		ok(equal(&got[0], &want[0]) && equal(&got[1], &want[1]), "the same by %u threads",
		   n);
	}
	pack(2, true, &text, got);
	ok(equal(&got[0], &want[0]) && equal(&got[1], &want[1]), "the same by none");
	is(inflate_all(&ev_inflate_zlib, want[0].p, want[0].len, 0, 0, &back), NULL,
	   "they are gzip");

	/* Members that nobody wants; and a pack that is dropped with work in it. */
	p = ev_pack_new(2);
	ev_buf_reset(&got[0]);
	ev_buf_reset(&got[1]);
	for (int i = 0; i < 7; i++) {
		memset(block, 'a' + i, EV_PACK_BLOCK);
		ev_pack_add(p, &block, 10, gather, &got[i % 2]);
		if (i == 4) {
			ev_buf_reset(&got[1]);
			ev_pack_forget(p, &got[1]);
			ev_buf_reset(&got[0]);
		}
	}
	ev_pack_drain(p);
	inflate_all(&ev_inflate_zlib, got[1].p, got[1].len, 0, 0, &back);
	is(ev_buf_str(&back), "ffffffffff", "what was forgotten does not come");
	for (int i = 0; i < 7; i++)
		ev_pack_add(p, &block, EV_PACK_BLOCK, gather, &got[0]);
	ev_pack_free(&p);
	is_int(threads_once(0), 0, "no thread is left");
	free(block);
	ev_buf_free(&text);
	ev_buf_free(&back);
	for (int i = 0; i < 2; i++) {
		ev_buf_free(&want[i]);
		ev_buf_free(&got[i]);
	}
}

static void read_into(const char *name, struct ev_buf *b)
{
	size_t len;
	char *p = read_file(name, &len);

	ev_buf_reset(b);
	if (p != NULL)
		ev_buf_put(b, p, len);
	free(p);
}

/* Files that are packed: what is in them depends on what was put, not on how. */
static void test_out(void)
{
	struct ev_buf text = {0}, file = {0}, first = {0}, back = {0};
	struct ev_pack *p = ev_pack_new(2);
	struct ev_hash128 want, got;
	struct ev_error err;
	struct ev_out *o, *full;
	unsigned wrong = 0;

	while (text.len < 3 * PACK)
		random_bytes(&text, random_below(600000));
	text.len = 3 * PACK;
	for (int round = 0; round < 12; round++) {
		size_t len = round < 4 ? text.len : round < 8 ? EV_PACK_BLOCK : text.len - 1;

		o = ev_out_file("out.gz", &err);
		ev_out_gzip(o, p);
		ev_out_digest_start(o, NULL);
		for (size_t at = 0, n; at < len; at += n) {
			n = 1 + random_below(round % 4 == 0 ? 2 * PACK : 30000);
			if (n > len - at)
				n = len - at;
			ev_out_put(o, text.p + at, n);
			if (random_below(10) == 0)
				ev_out_flush(o);
		}
		want = ev_hash128(text.p, len, 0);
		got = ev_out_digest_value(o);
		wrong += want.lo != got.lo || want.hi != got.hi || o->bytes != len;
		wrong += ev_out_commit(&o, &err) != EV_OK;
		read_into("out.gz", &file);
		if (round % 4 == 0)
			ev_buf_reset(&first);
		if (round % 4 == 0)
			ev_buf_put(&first, file.p, file.len);
		wrong += !equal(&file, &first);
		wrong += inflate_all(&ev_inflate_zlib, file.p, file.len, 0, 0, &back) != NULL ||
			 back.len != len || memcmp(back.p, text.p, len) != 0;
	}
	is_int(wrong, 0, "files that are packed");

	o = ev_out_file("out.gz", &err);
	ev_out_gzip(o, p);
	ok(ev_out_commit(&o, &err) == EV_OK && (read_into("out.gz", &file), file.len == 20) &&
		   inflate_all(&ev_inflate_zlib, file.p, file.len, 0, 0, &back) == NULL &&
		   back.len == 0,
	   "one that is empty is gzip too");

	/* A disk that is full harms its own file alone. */
	o = ev_out_file("out.gz", &err);
	ev_out_gzip(o, p);
	full = ev_out_file("/dev/full", &err);
	if (full != NULL)
		ev_out_gzip(full, p);
	for (int i = 0; i < 9; i++) {
		if (full != NULL)
			ev_out_put(full, text.p, EV_PACK_BLOCK);
		ev_out_put(o, text.p, PACK / 3);
	}
	if (full == NULL) {
		skip("there is no /dev/full", "a full disk");
	} else {
		is_int(ev_out_flush(full), EV_FATAL, "a full disk is told");
		is(full->error.text, "/dev/full: cannot be written: No space left on device",
		   "with its reason");
		is_int(ev_out_put(full, text.p, 2 * PACK), EV_FATAL, "again");
		is_int(ev_out_commit(&full, &err), EV_FATAL, "and again");
		is(err.text, "/dev/full: cannot be written: No space left on device",
		   "with the same");
		full = ev_out_file("/dev/full", &err);
		ev_out_gzip(full, p);
		is_int(ev_out_commit(&full, &err), EV_FATAL, "by commit alone, too");
		full = ev_out_file("/dev/full", &err);
		ev_out_gzip(full, p);
		ev_out_put(full, text.p, EV_PACK_BLOCK + 1);
		ev_out_put(full, text.p, EV_PACK_BLOCK + 1);
		ev_out_discard(&full);
	}
	is_int(ev_out_commit(&o, &err), EV_OK, "another file is whole");
	read_into("out.gz", &file);
	ok(inflate_all(&ev_inflate_zlib, file.p, file.len, 0, 0, &back) == NULL &&
		   back.len == PACK / 3 * 9,
	   "and has what was put");
	ev_pack_free(&p);
	unlink("out.gz");
	ev_buf_free(&text);
	ev_buf_free(&file);
	ev_buf_free(&first);
	ev_buf_free(&back);
}

int main(void)
{
	count_threads();
	deflater = ev_deflater_new();
	for (size_t i = 0; ev_gz_inflaters[i] != NULL; i++) {
		test_members(ev_gz_inflaters[i]);
		test_damage(ev_gz_inflaters[i]);
		test_ahead(ev_gz_inflaters[i], true);
		test_ahead(ev_gz_inflaters[i], false);
		test_live(ev_gz_inflaters[i]);
		test_order(ev_gz_inflaters[i]);
	}
	test_flips();
	test_feed();
	test_error();
	test_pack();
	test_out();
	ev_deflater_free(&deflater);
	return done();
}

/*
 * Records that are no lines. Random values, rows and lines, damaged or not, come in pieces of random
 * sizes, of which where the records are cut must not depend. Every byte is in one record, or is one
 * that may stand between two; what was not damaged comes back as it was written.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "frame/frame.h"
#include "io/in.h"

#include "fuzz.h"

#include <sys/socket.h>
#include <sys/wait.h>

enum { FORMATS = 8, MOST = 4000 };

static unsigned long long wrong, records;

static struct ev_frames *frames_of(unsigned format)
{
	switch (format) {
	case 0: return ev_frames_json(NULL);
	case 1: return ev_frames_json("Records");
	case 2: return ev_frames_csv(',', NULL);
	case 3: return ev_frames_csv('\t', "a\tb");
	case 4: return ev_frames_joined(NULL);
	case 5: return ev_frames_halves(EV_HALVES_DOCKER);
	case 6: return ev_frames_halves(EV_HALVES_CRI);
	default: return ev_frames_counted();
	}
}

/* Their records are put together. */
static bool are_halves(unsigned format)
{
	return format == 5 || format == 6;
}

/* Text */

static void put_value(struct ev_buf *b, unsigned depth)
{
	static const char *const scalars[] = {"1",    "-2.5e3", "\"x\"",    "\"\\\"}\"", "\"a,b]\"",
					      "null", "true",	"\"\\\\\"", "{}",	 "[]"};
	size_t n = random_below(4);

	if (depth == 0 || chance(3)) {
		ev_buf_puts(b, PICK(scalars));
		return;
	}
	ev_buf_putc(b, chance(2) ? '{' : '[');
	char bracket = b->p[b->len - 1];
	for (size_t i = 0; i < n; i++) {
		ev_buf_puts(b, i > 0 ? "," : "");
		ev_buf_puts(b, chance(3) ? "\n  " : "");
		if (bracket == '{')
			ev_buf_printf(b, "\"n%zu\":", i);
		put_value(b, depth - 1);
	}
	ev_buf_putc(b, bracket == '{' ? '}' : ']');
}

static void put_json(struct ev_buf *b, bool wrapped)
{
	bool list = chance(2);

	ev_buf_puts(b, wrapped ? "{\"x\":[1],\"Records\":[" : list ? "[" : "");
	for (size_t i = 0, n = random_below(8); i < n; i++) {
		ev_buf_puts(b, i == 0 ? "" : wrapped || list ? "," : chance(2) ? "\n" : "");
		ev_buf_puts(b, chance(2) ? "\n" : chance(2) ? " " : "");
		ev_buf_puts(b, "{\"v\":");
		put_value(b, 3);
		ev_buf_putc(b, '}');
	}
	ev_buf_puts(b, wrapped ? "],\"y\":{}}" : list ? "]\n" : "");
}

static void put_rows(struct ev_buf *b, char separator)
{
	static const char *const fields[] = {"1",	 "",	"\"a\"",  "\"a,\"\"b\"\"\"", "\"\"",
					     "\"x\ny\"", "z z", "\"\t\"", "\"\r\n\""};

	ev_buf_printf(b, "a%cb%s", separator, chance(2) ? "\r\n" : "\n");
	for (size_t i = 0, n = random_below(12); i < n; i++)
		ev_buf_printf(b, "%s%c%s%s", PICK(fields), separator, PICK(fields),
			      chance(2) ? "\r\n" : "\n");
}

static void put_lines(struct ev_buf *b)
{
	static const char *const lines[] = {
		"x",
		"  y",
		"",
		"\tz",
		"{\"log\":\"half\",\"stream\":\"stdout\"}",
		"{\"log\":\"whole\\n\",\"stream\":\"stdout\"}",
		"{\"log\":\"other\",\"stream\":\"stderr\"}",
		"{\"log\":\"end\\n\",\"stream\":\"stderr\"}",
		"T stdout P half",
		"T stdout F whole",
		"T stderr P other",
		"T stderr F",
	};

	for (size_t i = 0, n = random_below(20); i < n; i++)
		ev_buf_printf(b, "%s%s", PICK(lines), chance(9) ? "\r\n" : "\n");
}

/* Messages of syslog, some behind their length, or a wrong one. */
static void put_messages(struct ev_buf *b)
{
	static const char *const messages[] = {"<34>1 x", "<1>a\nb c", "<13>7 <x", "<5>y\r\n", "<"};

	for (size_t i = 0, n = random_below(12); i < n; i++) {
		const char *message = PICK(messages);
		size_t len = strlen(message) + (chance(9) ? 0 : random_below(9));

		if (chance(2))
			ev_buf_printf(b, "%zu %s", len, message);
		else
			ev_buf_printf(b, "%s\n", message);
	}
}

static void damage(struct ev_buf *b)
{
	static const char bytes[] = "\"\"{}[],:\n\n\r\\ \tx\x01";

	for (size_t n = 1 + random_below(4); n > 0 && b->len > 0; n--) {
		if (chance(4))
			b->len = random_below(b->len + 1);
		else
			b->p[random_below(b->len)] = bytes[random_below(sizeof bytes - 1)];
	}
}

/* Reading */

/* A child writes the text in pieces; every read takes one. */
static pid_t feed(const struct ev_buf *text, size_t most)
{
	int ends[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0 || (child = fork()) < 0)
		exit(2);
	if (child == 0) {
		close(ends[0]);
		for (size_t at = 0, n; at < text->len; at += n) {
			n = 1 + random_below(most);
			n = n < text->len - at ? n : text->len - at;
			if (send(ends[1], text->p + at, n, MSG_NOSIGNAL) < 0)
				break;
		}
		_exit(0);
	}
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	return child;
}

/* Writes down what comes out; the text of each record behind its place. */
static void read_records(const struct ev_buf *text, unsigned format, size_t max, size_t most,
			 struct ev_buf *out)
{
	struct ev_in *in = ev_in_new(NULL, 0, max);
	struct ev_frames *f = frames_of(format);
	pid_t child = feed(text, most);
	struct ev_error err;
	struct ev_line l;
	enum ev_status st;
	bool in_parts = false;

	ev_frames_begin(f, in, max);
	while ((st = ev_frames_next(f, &l, &err)) == EV_OK) {
		if (!in_parts)
			ev_buf_printf(out, "\n%llu %llu %d %d: ", (unsigned long long)l.number,
				      (unsigned long long)l.offset, l.kind,
				      l.kind == EV_LINE_WHOLE && l.cut);
		ev_buf_put(out, l.p, l.len);
		in_parts = l.kind == EV_LINE_PART && !l.last;
		records += !in_parts;
		if (l.kind == EV_LINE_WHOLE && !are_halves(format) &&
		    (l.offset + l.len > text->len || memcmp(text->p + l.offset, l.p, l.len) != 0))
			ev_buf_puts(out, " is not what stands there");
	}
	ev_buf_puts(out, st == EV_FATAL ? err.text : "\n");
	ev_frames_free(&f);
	ev_in_free(&in);
	waitpid(child, NULL, 0);
}

/* Whether no byte is lost but those that may stand between two records. */
static bool all_there(const struct ev_buf *text, struct ev_buf *left, unsigned format)
{
	static const char *const between[FORMATS] = {" \t\r\n,[]", NULL, NULL, "\r\n\t ",
						     "\r\n \t",	   NULL, NULL, "0123456789 \r\n"};
	struct ev_in *in;
	struct ev_frames *f;
	struct ev_error err;
	struct ev_line l;
	pid_t child;
	bool good = true;

	if (between[format] == NULL)
		return true;
	ev_buf_put(left, text->p, text->len);
	in = ev_in_new(NULL, 0, SIZE_MAX / 2);
	f = frames_of(format);
	child = feed(text, MOST);
	ev_frames_begin(f, in, 1 << 20);
	while (ev_frames_next(f, &l, &err) == EV_OK)
		memset(left->p + l.offset, ' ', l.len);
	for (size_t i = 0; i < left->len && good; i++)
		good = left->p[i] != '\0' && strchr(between[format], left->p[i]) != NULL;
	ev_frames_free(&f);
	ev_in_free(&in);
	waitpid(child, NULL, 0);
	return good;
}

static void round_of(uint64_t number)
{
	static const size_t sizes[] = {1, 2, 3, 7, 64};
	static const size_t maxes[] = {12, 30, 100, 1 << 20};
	struct ev_buf text = {0}, whole = {0}, pieces = {0}, left = {0};
	unsigned format = (unsigned)(number % FORMATS);
	size_t max;

	random_begin(number);
	max = PICK(maxes);
	if (format < 2)
		put_json(&text, format == 1);
	else if (format < 4)
		put_rows(&text, format == 2 ? ',' : '\t');
	else if (format < 7)
		put_lines(&text);
	else
		put_messages(&text);
	if (!chance(4))
		damage(&text);
	read_records(&text, format, max, MOST, &whole);
	read_records(&text, format, max, PICK(sizes), &pieces);
	if (whole.len != pieces.len || memcmp(whole.p, pieces.p, whole.len) != 0 ||
	    memmem(whole.p, whole.len, "is not what", 11) != NULL ||
	    !all_there(&text, &left, format)) {
		wrong++;
		diag("round %llu, format %u, --max-line %zu:\n%s\ncomes as%s\nin pieces as%s",
		     (unsigned long long)number, format, max, ev_buf_str(&text), ev_buf_str(&whole),
		     ev_buf_str(&pieces));
	}
	ev_buf_free(&text);
	ev_buf_free(&whole);
	ev_buf_free(&pieces);
	ev_buf_free(&left);
}

int main(int argc, char **argv)
{
	struct rounds rounds = rounds_asked(argc, argv, 1);
	uint64_t number;

	while (rounds_next(&rounds, &number))
		round_of(number);
	ok(wrong == 0, "%llu records", records);
	return done();
}

/*
 * A container's lines. Docker and containerd cut a long line of a program into halves, of some 16
 * KiB each, and lines of stdout and stderr may come between them; so each stream has what is open
 * of it kept. Once something of a line is lost, the rest of it up to its end is no line: it comes
 * as cut.
 */
#include "base/mem.h"
#include "frame/internal.h"
#include "json/view.h"

#include <stdlib.h>

enum { STDOUT, STDERR, STREAMS, NO_STREAM };

/* What is open of a stream: its lines, joined by LF, and where the first stands. */
struct half {
	struct ev_buf text;
	uint64_t line, offset;
	bool torn; /* something of it is lost */
};

struct halves {
	enum ev_frame_halves kind;
	struct half open[STREAMS];
	struct ev_scan *scan;
	struct ev_buf scratch;
	bool in_long; /* a line that is longer than a record may be */
};

/* What a line says of itself. */
struct tag {
	int stream; /* or NO_STREAM: it stands for itself */
	bool ends;
	bool blank; /* it holds nothing but white space */
};

static bool is_blank(const char *p, size_t len)
{
	size_t i = 0;

	while (i < len && (p[i] == ' ' || p[i] == '\t' || p[i] == '\r' || p[i] == '\n'))
		i++;
	return i == len;
}

static int stream_of(const char *name, size_t len)
{
	if (len != 6 || memcmp(name, "std", 3) != 0)
		return NO_STREAM;
	return memcmp(name + 3, "out", 3) == 0	 ? STDOUT
	       : memcmp(name + 3, "err", 3) == 0 ? STDERR
						 : NO_STREAM;
}

/* {"log":"...\n","stream":"stdout","time":"..."} */
static struct tag read_docker(struct halves *h, const char *p, size_t len)
{
	struct tag tag = {NO_STREAM, true, false};
	struct ev_flaw flaw;
	const struct ev_doc *d = ev_scan(h->scan, p, len, &flaw);
	uint32_t log, stream;
	const char *text;
	size_t n;

	if (d == NULL || ev_kind(d, 0) != EV_OBJECT)
		return tag;
	log = ev_member(d, 0, "log", 3);
	stream = ev_member(d, 0, "stream", 6);
	if (log == EV_NOWHERE || ev_kind(d, log) != EV_STRING || stream == EV_NOWHERE ||
	    ev_kind(d, stream) != EV_STRING)
		return tag;
	text = ev_string(d, stream, &h->scratch, &n);
	tag.stream = stream_of(text, n);
	text = ev_string(d, log, &h->scratch, &n);
	tag.ends = n > 0 && text[n - 1] == '\n';
	tag.blank = is_blank(text, n);
	return tag;
}

bool ev_cri_tag(const char *p, const char *end)
{
	return p < end && (*p == 'P' || *p == 'F') && (p + 1 == end || p[1] == ' ' || p[1] == ':');
}

/* TIME stdout P half, or F in place of P; more tags may follow, behind a colon. */
static struct tag read_cri(const char *p, size_t len)
{
	const struct tag none = {NO_STREAM, true, false};
	const char *end = p + len, *stream = memchr(p, ' ', len), *tags, *text;
	struct tag tag;

	if (stream == NULL)
		return none;
	stream++;
	tags = memchr(stream, ' ', (size_t)(end - stream));
	if (tags == NULL)
		return none;
	tag.stream = stream_of(stream, (size_t)(tags - stream));
	tags++;
	if (!ev_cri_tag(tags, end))
		return none;
	tag.ends = *tags == 'F';
	text = memchr(tags, ' ', (size_t)(end - tags));
	tag.blank = text == NULL || is_blank(text, (size_t)(end - text));
	return tag;
}

static void keep(struct half *open, const struct ev_cut *c, size_t len)
{
	if (open->text.len == 0) {
		open->line = c->line;
		open->offset = c->offset;
	} else {
		ev_buf_putc(&open->text, '\n');
	}
	ev_buf_put(&open->text, c->p, len);
}

/* What is kept of a stream is the record. It is valid until more is kept. */
static enum ev_cut_is end_kept(struct half *open, struct ev_cut *c, size_t taken, bool cut)
{
	memset(ev_buf_room(&open->text, EV_IN_SLACK), 0, EV_IN_SLACK);
	c->record = (struct ev_line){.p = open->text.p,
				     .len = open->text.len,
				     .number = open->line,
				     .offset = open->offset,
				     .cut = cut};
	c->taken = taken;
	ev_buf_reset(&open->text);
	return EV_CUT_RECORD;
}

/* One line, without its end; then `taken` bytes are done with. */
static enum ev_cut_is take_line(struct halves *h, struct ev_cut *c, size_t len, size_t taken)
{
	const bool bare = taken == len; /* the file ends before the line does */
	struct tag tag;
	struct half *open;
	bool torn;

	len = ev_cut_line(c, len);
	tag = h->kind == EV_HALVES_DOCKER ? read_docker(h, c->p, len) : read_cri(c->p, len);
	open = &h->open[tag.stream % STREAMS];
	if (tag.stream == NO_STREAM || (tag.ends && open->text.len == 0 && !open->torn)) {
		ev_cut_record(c, 0, tag.blank ? 0 : len, taken);
		/* JSON shows by itself that it is whole. */
		c->record.cut =
			bare && len > 0 && (h->kind == EV_HALVES_CRI || tag.stream == NO_STREAM);
		return EV_CUT_RECORD;
	}
	keep(open, c, len);
	if (open->text.len > c->max) {
		open->torn = !tag.ends;
		return end_kept(open, c, taken, true);
	}
	if (!tag.ends)
		return ev_cut_pass(c, taken);
	torn = open->torn;
	open->torn = false;
	return end_kept(open, c, taken, torn || (bare && h->kind == EV_HALVES_CRI));
}

/* At the end of the file: what is open, a stream a call. */
static enum ev_cut_is end_open(struct halves *h, struct ev_cut *c)
{
	for (int i = 0; i < STREAMS; i++)
		if (h->open[i].text.len > 0)
			return end_kept(&h->open[i], c, 0, true);
	return EV_CUT_MORE;
}

static enum ev_cut_is cut(void *how, struct ev_cut *c, struct ev_error *err)
{
	struct halves *h = how;
	const char *lf = memchr(c->p + c->at, '\n', c->len - c->at);
	const bool last = lf == NULL && c->ended;
	size_t len = lf != NULL ? (size_t)(lf - c->p) : c->len, taken = len + (lf != NULL);

	(void)err;
	if (c->len == 0)
		return c->ended && !c->in_parts ? end_open(h, c) : ev_cut_none(c);
	if (lf == NULL && !last) {
		c->at = c->len;
		h->in_long |= c->len > c->max + 1;
		return EV_CUT_MORE;
	}
	if (!h->in_long && len <= c->max + 1)
		return take_line(h, c, len, taken);
	h->in_long = false;
	for (int i = 0; i < STREAMS; i++)
		h->open[i].torn = true;
	return ev_cut_record(c, 0, len, taken);
}

static void begin(void *how, const struct ev_cut *c)
{
	struct halves *h = how;

	(void)c;
	h->in_long = false;
	for (int i = 0; i < STREAMS; i++)
		h->open[i].torn = false;
}

static void free_halves(void *how)
{
	struct halves *h = how;

	for (int i = 0; i < STREAMS; i++)
		ev_buf_free(&h->open[i].text);
	ev_scan_free(&h->scan);
	ev_buf_free(&h->scratch);
	free(h);
}

struct ev_frames *ev_frames_halves(enum ev_frame_halves kind)
{
	static const struct ev_cutter cutter = {false, cut, begin, free_halves};
	struct halves *h = ev_calloc(1, sizeof *h);

	h->kind = kind;
	h->scan = ev_scan_new();
	return ev_frames_new(&cutter, h);
}

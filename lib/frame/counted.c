/*
 * Messages of syslog as they come over TCP (RFC 6587): each behind the number of its bytes and a
 * blank, or else up to its line end. Which it is shows in its first bytes, for a message begins
 * with a "<".
 */
#include "base/mem.h"
#include "frame/internal.h"

#include <stdlib.h>

struct counted {
	uint64_t end; /* in the file, of the message whose number was read; or 0 */
};

/*
 * The bytes of "83 <" in front of the "<", and in *len the number; 0 if there is none. *known: the
 * bytes that are there say so.
 */
static size_t read_number(const struct ev_cut *c, size_t *len, bool *known)
{
	enum { MOST_DIGITS = 9 };
	size_t n = 0;

	*len = 0;
	while (n < c->len && n < MOST_DIGITS && c->p[n] >= '0' && c->p[n] <= '9')
		*len = *len * 10 + (size_t)(c->p[n++] - '0');
	*known = c->ended || c->len - n >= 2 || (c->len > n && c->p[n] != ' ');
	return *len > 0 && c->len - n >= 2 && c->p[n] == ' ' && c->p[n + 1] == '<' ? n + 1 : 0;
}

/* Some programs count a line end, too, which is none of the message. */
static size_t without_end(const struct ev_cut *c, size_t len)
{
	size_t n = len;

	if (c->in_parts || len > c->max)
		return len;
	while (n > 0 && (c->p[n - 1] == '\n' || c->p[n - 1] == '\r'))
		n--;
	return n;
}

static enum ev_cut_is message(struct counted *m, struct ev_cut *c)
{
	const uint64_t left = m->end - c->offset;
	const bool whole = c->len >= left;
	const size_t len = whole ? (size_t)left : c->len;

	if (!whole && !c->ended) {
		c->at = c->len;
		return EV_CUT_MORE;
	}
	m->end = 0;
	ev_cut_record(c, 0, without_end(c, len), len);
	c->record.cut = !whole;
	return EV_CUT_RECORD;
}

static enum ev_cut_is line(struct ev_cut *c)
{
	const char *lf = memchr(c->p + c->at, '\n', c->len - c->at);
	const size_t len = lf != NULL ? (size_t)(lf - c->p) : c->len;

	if (lf == NULL && !c->ended) {
		c->at = c->len;
		return EV_CUT_MORE;
	}
	ev_cut_record(c, 0, ev_cut_line(c, len), len + (lf != NULL));
	c->record.cut = lf == NULL && c->record.len > 0;
	return EV_CUT_RECORD;
}

static enum ev_cut_is cut(void *how, struct ev_cut *c, struct ev_error *err)
{
	struct counted *m = how;
	size_t number, len;
	bool known;

	(void)err;
	if (m->end > 0)
		return message(m, c);
	if (c->len == 0)
		return ev_cut_none(c);
	if (c->in_parts || c->at > 0)
		return line(c);
	number = read_number(c, &len, &known);
	if (!known)
		return EV_CUT_MORE;
	if (number == 0)
		return line(c);
	m->end = c->offset + number + len;
	return ev_cut_pass(c, number);
}

static void begin(void *how, const struct ev_cut *c)
{
	struct counted *m = how;

	(void)c;
	m->end = 0;
}

struct ev_frames *ev_frames_counted(void)
{
	static const struct ev_cutter cutter = {false, cut, begin, free};

	return ev_frames_new(&cutter, ev_calloc(1, sizeof(struct counted)));
}

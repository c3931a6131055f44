/*
 * Lines with those that continue them: whether a line continues the one before is seen in itself,
 * so a record ends when the line behind it has come.
 */
#include "base/mem.h"
#include "frame/internal.h"

#include <stdlib.h>

struct joined {
	struct ev_regex *begins; /* or NULL */
};

/* The length of the record in front of its line end; 0 if all of it is blank. */
static size_t length_of(const struct ev_cut *c, size_t len)
{
	const char *p = c->p;
	size_t blank = 0;

	while (blank < len && strchr(" \t\r\n", p[blank]) != NULL && p[blank] != '\0')
		blank++;
	return blank == len && !c->in_parts ? 0 : ev_cut_line(c, len);
}

/* Whether the line from there on continues the one before; *known: its bytes say so already. */
static bool continues(const struct joined *j, const struct ev_cut *c, size_t from, bool *known)
{
	const char *p = c->p + from, *lf;
	size_t len = c->len - from;

	*known = c->ended || c->quiet || len > 0;
	if (len == 0)
		return false;
	if (j->begins == NULL)
		return *p == ' ' || *p == '\t';
	/* Of a line longer than max no more is looked at. */
	len = len < c->max ? len : c->max;
	lf = memchr(p, '\n', len);
	*known = lf != NULL || c->ended || len == c->max;
	if (lf != NULL)
		len = (size_t)(lf - p);
	while (len > 0 && p[len - 1] == '\r')
		len--;
	return *known && !ev_regex_match(j->begins, p, len);
}

static enum ev_cut_is cut(void *how, struct ev_cut *c, struct ev_error *err)
{
	const struct joined *j = how;
	const char *lf;
	bool known;

	(void)err;
	while ((lf = memchr(c->p + c->at, '\n', c->len - c->at)) != NULL) {
		const size_t end = (size_t)(lf - c->p);

		c->at = end;
		if (continues(j, c, end + 1, &known)) {
			c->at = end + 1;
			continue;
		}
		if (!known)
			return EV_CUT_MORE;
		return ev_cut_record(c, 0, length_of(c, end), end + 1);
	}
	c->at = c->len;
	if (!c->ended)
		return EV_CUT_MORE;
	if (c->len == 0)
		return ev_cut_none(c);
	lf = c->p + c->len - 1;
	ev_cut_record(c, 0, length_of(c, c->len - (*lf == '\n')), c->len);
	c->record.cut = *lf != '\n' && c->record.len > 0;
	return EV_CUT_RECORD;
}

static void begin(void *how, const struct ev_cut *c)
{
	(void)how;
	(void)c;
}

static void free_joined(void *how)
{
	struct joined *j = how;

	ev_regex_free(&j->begins);
	free(j);
}

struct ev_frames *ev_frames_joined(struct ev_regex *begins)
{
	static const struct ev_cutter cutter = {true, cut, begin, free_joined};
	struct joined *j = ev_calloc(1, sizeof *j);

	j->begins = begins;
	return ev_frames_new(&cutter, j);
}

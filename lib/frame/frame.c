#include "base/mem.h"
#include "frame/internal.h"
#include "io/feed.h"

#include <stdlib.h>

struct ev_frames *ev_frames_new(const struct ev_cutter *cutter, void *how)
{
	struct ev_frames *f = ev_calloc(1, sizeof *f);

	f->cutter = cutter;
	f->how = how;
	return f;
}

void ev_frames_free(struct ev_frames **f)
{
	if (*f == NULL)
		return;
	(*f)->cutter->free((*f)->how);
	free((*f)->buf);
	free(*f);
	*f = NULL;
}

void ev_frames_begin(struct ev_frames *f, struct ev_in *in, size_t max_line)
{
	f->in = in;
	f->max_line = max_line;
	f->cap = EV_FEED_READ;
	f->buf = ev_calloc(1, f->cap + EV_IN_SLACK);
	ev_in_by_bytes(in);
}

/* Line ends in some bytes. */
static uint64_t lines_in(const char *p, size_t len)
{
	const char *end = p + len;
	uint64_t n = 0;

	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		n++;
		p++;
	}
	return n;
}

enum ev_cut_is ev_cut_record(struct ev_cut *c, size_t from, size_t to, size_t taken)
{
	c->record = (struct ev_line){.p = c->p + from,
				     .len = to - from,
				     .number = c->line + lines_in(c->p, from),
				     .offset = c->offset + from};
	c->taken = taken;
	return EV_CUT_RECORD;
}

enum ev_cut_is ev_cut_pass(struct ev_cut *c, size_t taken)
{
	c->taken = taken;
	return EV_CUT_PASS;
}

enum ev_cut_is ev_cut_none(struct ev_cut *c)
{
	return c->ended && c->in_parts ? ev_cut_record(c, 0, 0, 0) : EV_CUT_MORE;
}

size_t ev_cut_line(const struct ev_cut *c, size_t len)
{
	const bool cr = len > 0 && c->p[len - 1] == '\r';

	if (c->in_parts || len - cr > c->max)
		return len;
	while (len > 0 && c->p[len - 1] == '\r')
		len--;
	return len;
}

static void be_done_with(struct ev_frames *f, size_t len)
{
	struct ev_cut *c = &f->cut;

	c->line += lines_in(f->buf + f->from, len);
	c->offset += len;
	c->at = c->at > len ? c->at - len : 0;
	f->from += len;
}

static void begin_file(struct ev_frames *f, const struct ev_in_run *run)
{
	f->cut = (struct ev_cut){
		.source = run->source, .line = 1, .offset = run->mark, .max = f->max_line};
	f->cutter->begin(f->how, &f->cut);
}

static void add(struct ev_frames *f, const struct ev_in_run *run)
{
	if (f->from > 0) {
		memmove(f->buf, f->buf + f->from, f->to - f->from);
		f->to -= f->from;
		f->from = 0;
	}
	while (f->cap - f->to < run->len) {
		f->cap *= 2;
		f->buf = ev_realloc(f->buf, f->cap + EV_IN_SLACK);
	}
	memcpy(f->buf + f->to, run->p, run->len);
	f->to += run->len;
	memset(f->buf + f->to, 0, EV_IN_SLACK);
}

bool ev_frames_hold(const struct ev_frames *f)
{
	return f->cutter->waits && !f->cut.in_parts && f->to > f->from && f->buf[f->to - 1] == '\n';
}

static enum ev_status read_more(struct ev_frames *f, struct ev_error *err)
{
	struct ev_in_run run;
	enum ev_status st = ev_in_next(f->in, &run, err);

	if (st != EV_OK)
		return st;
	if (run.begins)
		begin_file(f, &run);
	f->cut.ended = run.kind == EV_IN_END;
	f->cut.quiet = run.kind == EV_IN_QUIET;
	add(f, &run);
	return EV_OK;
}

/* Of a record that is too long: what was looked at of it. */
static void hand_out_part(struct ev_frames *f, struct ev_line *line)
{
	struct ev_cut *c = &f->cut;

	if (!c->in_parts)
		f->part = (struct ev_line){.source = c->source,
					   .number = c->line,
					   .offset = c->offset,
					   .kind = EV_LINE_PART};
	c->in_parts = true;
	*line = f->part;
	line->p = f->buf + f->from;
	line->len = c->at;
	be_done_with(f, c->at);
}

static void hand_out(struct ev_frames *f, struct ev_line *line)
{
	struct ev_cut *c = &f->cut;

	*line = c->in_parts ? f->part : c->record;
	line->p = c->record.p;
	line->len = c->record.len;
	line->source = c->source;
	if (c->in_parts || line->len > f->max_line) {
		line->kind = EV_LINE_PART;
		line->last = true;
	}
	c->in_parts = false;
	be_done_with(f, c->taken);
	c->at = 0;
	/* So that a reader of what is whole need not copy it to end it. */
	if (line->p >= f->buf && line->p < f->buf + f->cap) {
		f->behind = f->buf + (line->p - f->buf) + line->len;
		f->saved = *f->behind;
		*f->behind = '\0';
	}
}

enum ev_status ev_frames_next(struct ev_frames *f, struct ev_line *line, struct ev_error *err)
{
	struct ev_cut *c = &f->cut;
	enum ev_status st;

	if (f->behind != NULL)
		*f->behind = f->saved;
	f->behind = NULL;
	for (;;) {
		c->p = f->buf + f->from;
		c->len = f->to - f->from;
		switch (c->source != NULL ? f->cutter->cut(f->how, c, err) : EV_CUT_MORE) {
		case EV_CUT_RECORD: hand_out(f, line); return EV_OK;
		case EV_CUT_PASS: be_done_with(f, c->taken); continue;
		case EV_CUT_FAIL: return EV_FATAL;
		case EV_CUT_MORE: break;
		}
		if (c->at > c->max + 1) {
			hand_out_part(f, line);
			return EV_OK;
		}
		if ((st = read_more(f, err)) != EV_OK)
			return st;
	}
}

#include "scan/lines.h"
#include "base/mem.h"

#include <stdlib.h>

struct ev_lines {
	struct ev_in *in;
	size_t max_line;
	struct ev_in_run run;
	struct ev_index ix; /* of the run */
	size_t next;	    /* of its lines */
	bool in_parts;
	uint64_t number;      /* of the last line handed out */
	uint64_t offset;      /* of the run */
	uint64_t line_offset; /* of the line in parts */
};

struct ev_lines *ev_lines_new(struct ev_in *in, size_t max_line)
{
	struct ev_lines *l = ev_calloc(1, sizeof *l);

	l->in = in;
	l->max_line = max_line;
	return l;
}

void ev_lines_free(struct ev_lines **l)
{
	if (*l == NULL)
		return;
	ev_index_free(&(*l)->ix);
	free(*l);
	*l = NULL;
}

static void part(struct ev_lines *l, struct ev_line *line)
{
	const struct ev_in_run *run = &l->run;
	bool last = run->kind == EV_IN_LAST;

	if (!l->in_parts) {
		l->number++;
		l->line_offset = l->offset;
	}
	l->in_parts = !last;
	*line = (struct ev_line){.p = run->p,
				 .len = run->len,
				 .source = run->source,
				 .number = l->number,
				 .offset = l->line_offset,
				 .kind = EV_LINE_PART,
				 .last = last};
	if (last && run->len > 0 && run->p[run->len - 1] == '\n')
		line->len--;
}

static void whole(struct ev_lines *l, struct ev_line *line)
{
	const struct ev_index_line *at = &l->ix.lines[l->next];
	const char *p = l->run.p + at->pos;
	size_t len = at->len;

	if (len > 0 && p[len - 1] == '\r')
		len--;
	*line = (struct ev_line){.p = p,
				 .len = len,
				 .source = l->run.source,
				 .number = ++l->number,
				 .offset = l->offset + at->pos,
				 .kind = EV_LINE_WHOLE,
				 .index = &l->ix,
				 .nth = l->next++};
	line->cut = l->next == l->ix.n_lines && l->run.p[l->run.len - 1] != '\n';
	if (len > l->max_line) {
		line->kind = EV_LINE_PART;
		line->last = true;
		line->len = at->len;
		return;
	}
	while (line->len > 0 && p[line->len - 1] == '\r')
		line->len--;
}

enum ev_status ev_lines_next(struct ev_lines *l, struct ev_line *line, struct ev_error *err)
{
	while (l->next == l->ix.n_lines) {
		enum ev_status st;

		l->offset += l->run.len;
		l->run.len = 0;
		if ((st = ev_in_next(l->in, &l->run, err)) != EV_OK)
			return st;
		if (l->run.begins) {
			l->number = 0;
			l->offset = l->run.mark;
		}
		if (l->run.kind != EV_IN_LINES) {
			part(l, line);
			return EV_OK;
		}
		ev_index_lines(&l->ix, l->run.p, l->run.len);
		l->next = 0;
	}
	whole(l, line);
	return EV_OK;
}

/*
 * Rows of CSV. Of one without quotes the line end alone is sought. One with quotes is gone through
 * byte by byte. Where its quotes cannot be right it is broken: then its lines are looked at, from
 * its first on, and before one that is a row by itself it ends.
 */
#include "base/mem.h"
#include "base/utf8.h"
#include "frame/csv.h"
#include "frame/internal.h"

#include <inttypes.h>
#include <stdlib.h>

enum state {
	NO_QUOTES, /* as yet */
	AT_FIELD,  /* a field begins here */
	IN_FIELD,  /* of one without quotes */
	IN_QUOTES,
	AT_QUOTE, /* behind one that may close them */
	AT_CR,	  /* behind the CR that follows it */
	BROKEN,
	LONG, /* too long, and not in quotes: it ends with its line */
};

struct rows {
	char separator;
	const char *header; /* where the files have none, or NULL */
	struct ev_frame_columns columns;
	struct ev_buf names;
	bool headed; /* the file's header was read */
	enum state state;
	bool unclosed;	/* it is broken because the file ends in its quotes */
	bool looked_at; /* its first line was, if it is broken */
};

/* Without what ends a line. */
static size_t without_cr(const char *p, size_t len)
{
	while (len > 0 && p[len - 1] == '\r')
		len--;
	return len;
}

static bool is_blank(const struct rows *r, const char *p, size_t len)
{
	size_t i = 0;

	while (i < len && (p[i] == ' ' || p[i] == '\t' || p[i] == '\r') && p[i] != r->separator)
		i++;
	return i == len;
}

/* The header */

static int by_name(const void *a, const void *b)
{
	const struct ev_frame_column *const *x = a, *const *y = b;

	return ev_bytes_compare((*x)->p, (*x)->len, (*y)->p, (*y)->len);
}

/* One of two columns of the same name, or NULL. */
static const struct ev_frame_column *find_twin(const struct ev_frame_columns *all)
{
	const struct ev_frame_column **by = ev_calloc(all->n, sizeof *by), *found = NULL;

	for (size_t i = 0; i < all->n; i++)
		by[i] = &all->list[i];
	qsort(by, all->n, sizeof *by, by_name);
	for (size_t i = 1; i < all->n && found == NULL; i++)
		if (by_name(&by[i - 1], &by[i]) == 0)
			found = by[i];
	free(by);
	return found;
}

/* Reads the names. Returns what is wrong with how they stand there, or NULL. */
static const char *read_names(struct rows *r, const char *p, const char *end)
{
	struct ev_frame_column *list = NULL;
	struct ev_csv_field field;
	size_t cap = 0, n = 0, at = 0;
	const char *wrong = NULL;
	bool more = true;

	ev_buf_reset(&r->names);
	while (more) {
		size_t from = r->names.len;

		more = ev_csv_next(&p, end, r->separator, &field);
		if (field.misplaced || field.unclosed)
			wrong = "has a quote that is not closed, or within a name: put quotes "
				"around the name, and double those within";
		else if (!field.quoted && memchr(field.p, '\r', field.len) != NULL)
			wrong = "has a CR in it: if lines end so, make others with: "
				"tr '\\r' '\\n'";
		ev_csv_put(&field, &r->names);
		ev_grow(&list, &cap, n + 1, sizeof *list);
		list[n++] = (struct ev_frame_column){NULL, r->names.len - from};
	}
	ev_buf_room(&r->names, 1);
	for (size_t i = 0; i < n; i++) {
		list[i].p = r->names.p + at;
		at += list[i].len;
	}
	free((void *)r->columns.list);
	r->columns = (struct ev_frame_columns){list, n, r->separator, r->columns.header + 1};
	return wrong;
}

/*
 * Whether a header of one column is one of several with another separator, which then stands in it.
 * A name in quotes may have any.
 */
static bool has_other_separator(const struct rows *r, const struct ev_cut *c, const char *p,
				size_t len, struct ev_error *err)
{
	static const struct {
		char separator;
		const char *shown, *options;
	} others[] = {
		{';', ";", "csv --separator ';'"},
		{'\t', "\\t", "tsv"},
		{'|', "|", "csv --separator '|'"},
		{',', ",", "csv"},
	};
	struct ev_csv_field field;
	const char *at = p;

	ev_csv_next(&at, p + len, r->separator, &field);
	if (r->columns.n > 1 || (field.quoted && !field.misplaced))
		return false;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		if (others[i].separator == r->separator ||
		    memchr(p, others[i].separator, len) == NULL)
			continue;
		ev_fail(err,
			"%s:%" PRIu64 ": the header is one column, with '%s' in it: read the file "
			"with --format %s, or put quotes around the name if it is one",
			c->source, c->line, others[i].shown, others[i].options);
		return true;
	}
	return false;
}

/* What is wrong with a column, its name as people can read it. */
static enum ev_cut_is fail_of_name(const struct ev_cut *c, const struct ev_frame_column *name,
				   const char *what, struct ev_error *err)
{
	enum { SHOWN = 60 };
	const char *p = name->p, *end = p + name->len;
	struct ev_buf text = {0};

	for (int i = 0; p < end && i < SHOWN; i++)
		text.len +=
			ev_utf8_show(&p, (size_t)(end - p), ev_buf_room(&text, EV_UTF8_SHOWN + 1));
	ev_fail(err, "%s:%" PRIu64 ": the header has the column '%s%s' %s", c->source, c->line,
		ev_buf_str(&text), p < end ? "..." : "", what);
	ev_buf_free(&text);
	return EV_CUT_FAIL;
}

static enum ev_cut_is read_header(struct rows *r, const struct ev_cut *c, const char *p, size_t len,
				  struct ev_error *err)
{
	const struct ev_frame_column *twin;
	const char *wrong = read_names(r, p, p + len);

	if (ev_utf8_valid(p, len) != len || memchr(p, '\0', len) != NULL)
		wrong = "is no UTF-8 text: convert the file with iconv";
	else if (len >= 4 && len <= 5 && memcmp(p, "sep=", 4) == 0)
		wrong = "is none: this line tells a spreadsheet which separator follows: take it "
			"out";
	else if (has_other_separator(r, c, p, len, err))
		return EV_CUT_FAIL;
	if (wrong != NULL) {
		ev_fail(err, "%s:%" PRIu64 ": the header %s", c->source, c->line, wrong);
		return EV_CUT_FAIL;
	}
	if ((twin = find_twin(&r->columns)) != NULL)
		return fail_of_name(c, twin, "twice: give each a name of its own", err);
	for (size_t i = 0; i < r->columns.n; i++)
		if (r->columns.list[i].len == 3 && memcmp(r->columns.list[i].p, "_ev", 3) == 0)
			return fail_of_name(c, &r->columns.list[i], "which is reserved: rename it",
					    err);
	r->headed = true;
	return EV_CUT_PASS;
}

/* The end of a row */

/* It is [0, len) but for CRs, and then `taken` bytes are done with. whole: a line end is there. */
static enum ev_cut_is end_row(struct rows *r, struct ev_cut *c, size_t len, size_t taken,
			      bool whole, struct ev_error *err)
{
	const bool unclosed = r->unclosed && taken == c->len;

	r->state = NO_QUOTES;
	r->unclosed = false;
	if (!c->in_parts)
		len = is_blank(r, c->p, len) ? 0 : ev_cut_line(c, len);
	if (!r->headed && len == 0)
		return ev_cut_pass(c, taken);
	if (!r->headed) {
		if (whole)
			return read_header(r, c, c->p, len, err) == EV_CUT_PASS
				       ? ev_cut_pass(c, taken)
				       : EV_CUT_FAIL;
		ev_fail(err,
			"%s:%" PRIu64 ": the file ends in its header, with no line feed: what is "
			"missing cannot be known, so end the line if it is whole",
			c->source, c->line);
		return EV_CUT_FAIL;
	}
	ev_cut_record(c, 0, len, taken);
	c->record.cut = len > 0 && (unclosed || !whole);
	return EV_CUT_RECORD;
}

/* Rows that are right */

/* The next state, of one byte in a row with quotes; NO_QUOTES: the row ends with it. */
static enum state step(const struct rows *r, char b)
{
	switch (r->state) {
	case AT_FIELD:
		if (b == '"')
			return IN_QUOTES;
		/* fallthrough */
	case IN_FIELD:
		if (b == r->separator)
			return AT_FIELD;
		return b == '\n' ? NO_QUOTES : IN_FIELD;
	case IN_QUOTES: return b == '"' ? AT_QUOTE : IN_QUOTES;
	case AT_QUOTE:
		if (b == '"')
			return IN_QUOTES;
		if (b == r->separator)
			return AT_FIELD;
		/* fallthrough */
	default:
		if (b == '\n')
			return NO_QUOTES;
		return b == '\r' ? AT_CR : BROKEN;
	}
}

/* No more than these bytes are looked at before the row is too long. */
static size_t limit_of(const struct ev_cut *c)
{
	return c->len <= c->max ? c->len : c->max + 1;
}

/* Goes on through a row with quotes. *end: behind its line end, if that is there. */
static bool quoted_row(struct rows *r, struct ev_cut *c, size_t *end)
{
	const size_t limit = limit_of(c);
	size_t i = c->at;

	while (i < limit && r->state != BROKEN) {
		if (r->state == IN_QUOTES) {
			const char *quote = memchr(c->p + i, '"', limit - i);

			i = quote != NULL ? (size_t)(quote - c->p) : limit;
			if (i == limit)
				break;
		}
		r->state = step(r, c->p[i++]);
		if (r->state == NO_QUOTES) {
			*end = i;
			return true;
		}
	}
	c->at = i;
	return false;
}

/* Seeks the line end, in a row in which there was no quote yet. */
static bool plain_row(struct rows *r, struct ev_cut *c, size_t *end)
{
	const size_t limit = limit_of(c);
	const char *lf = memchr(c->p + c->at, '\n', limit - c->at);
	const size_t to = lf != NULL ? (size_t)(lf - c->p) : limit;

	if (memchr(c->p + c->at, '"', to - c->at) != NULL) {
		r->state = AT_FIELD;
		c->at = 0;
		return quoted_row(r, c, end);
	}
	*end = to + 1;
	c->at = to;
	return lf != NULL;
}

/* Seeks the line end, in a row that is too long. */
static bool long_row(struct ev_cut *c, size_t *end)
{
	const char *lf = memchr(c->p + c->at, '\n', c->len - c->at);

	c->at = lf != NULL ? (size_t)(lf - c->p) : c->len;
	*end = c->at + 1;
	return lf != NULL;
}

/* Rows that are broken */

/* What a line is by itself. */
enum line_is { A_ROW, NO_ROW, OPEN };

/* OPEN: it ends in quotes. */
static enum line_is look_at(const struct rows *r, const char *p, size_t len)
{
	struct ev_csv_field field;
	enum line_is is = A_ROW;
	const char *end;
	bool more = true;
	size_t n = 0;

	len = without_cr(p, len);
	end = p + len;
	while (more) {
		more = ev_csv_next(&p, end, r->separator, &field);
		n++;
		if (field.unclosed)
			return OPEN;
		if (field.misplaced)
			is = NO_ROW;
	}
	return n == r->columns.n ? is : NO_ROW;
}

/*
 * *end: behind the line before the next one that is a row, or behind its own, if that closes its
 * quotes. c->at is where the line ends that was looked at last.
 */
static bool broken_row(struct rows *r, struct ev_cut *c, size_t *end)
{
	const char *lf, *next;

	while ((lf = memchr(c->p + c->at, '\n', c->len - c->at)) != NULL) {
		const size_t from = (size_t)(lf + 1 - c->p);

		*end = from;
		if (!r->looked_at && !c->in_parts && from - 1 <= c->max &&
		    look_at(r, c->p, from - 1) != OPEN)
			return true;
		r->looked_at = true;
		next = memchr(lf + 1, '\n', c->len - from);
		if (next == NULL && !c->ended && c->len - from <= c->max) {
			c->at = from - 1;
			return false;
		}
		c->at = next != NULL ? (size_t)(next - c->p) : c->len;
		if (c->at - from <= c->max && !is_blank(r, lf + 1, c->at - from) &&
		    look_at(r, lf + 1, c->at - from) == A_ROW)
			return true;
	}
	c->at = c->len;
	return false;
}

/* Whether the row ends in these bytes. *end: behind its line end. */
static bool find_end(struct rows *r, struct ev_cut *c, size_t *end)
{
	const bool was_broken = r->state == BROKEN;

	if (r->state < BROKEN &&
	    (r->state == NO_QUOTES ? plain_row(r, c, end) : quoted_row(r, c, end)))
		return true;
	if (r->state == IN_QUOTES && (c->at > c->max || c->ended)) {
		r->unclosed = c->at <= c->max;
		r->state = BROKEN;
	}
	if (r->state < BROKEN && c->at > c->max)
		r->state = LONG;
	if (r->state == LONG)
		return long_row(c, end);
	if (r->state != BROKEN)
		return false;
	if (!was_broken) {
		r->looked_at = false;
		c->at = 0;
	}
	return broken_row(r, c, end);
}

static enum ev_cut_is cut(void *how, struct ev_cut *c, struct ev_error *err)
{
	struct rows *r = how;
	size_t end;
	bool found;

	if (!r->headed && r->header != NULL &&
	    read_header(r, c, r->header, strlen(r->header), err) != EV_CUT_PASS)
		return EV_CUT_FAIL;
	if (c->len == 0)
		return ev_cut_none(c);
	found = find_end(r, c, &end);
	if (!r->headed && (found ? end - 1 : c->at) > c->max) {
		ev_fail(err, "%s:%" PRIu64 ": the header is longer than --max-line: raise that",
			c->source, c->line);
		return EV_CUT_FAIL;
	}
	if (found)
		return end_row(r, c, end - 1, end, true, err);
	if (c->ended)
		return end_row(r, c, c->p[c->len - 1] == '\n' ? c->len - 1 : c->len, c->len,
			       c->p[c->len - 1] == '\n', err);
	return EV_CUT_MORE;
}

static void begin(void *how, const struct ev_cut *c)
{
	struct rows *r = how;

	(void)c;
	r->headed = r->unclosed = false;
	r->state = NO_QUOTES;
}

static void free_rows(void *how)
{
	struct rows *r = how;

	free((void *)r->columns.list);
	ev_buf_free(&r->names);
	free(r);
}

static const struct ev_cutter cutter = {false, cut, begin, free_rows};

struct ev_frames *ev_frames_csv(char separator, const char *header)
{
	struct rows *r = ev_calloc(1, sizeof *r);

	r->separator = separator;
	r->header = header;
	return ev_frames_new(&cutter, r);
}

const struct ev_frame_columns *ev_frames_columns(const struct ev_frames *f)
{
	return &((const struct rows *)f->how)->columns;
}

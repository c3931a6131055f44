/*
 * JSON values. While all is well, brackets and quotes say where one ends. Where they do not match,
 * or something stands where no value can, the record is broken, and two things end it: its brackets
 * after all, or a line that begins a value as far to the left as the record's own line begins. A
 * value inside it never does so, if the text is indented; and if it is not, no line ends it.
 *
 * A string ends with its line, because in JSON it must. So one quote too few harms one line.
 */
#include "base/mem.h"
#include "frame/internal.h"

#include <stdlib.h>

enum {
	DEPTH = 1024, /* brackets whose kind is known; what is deeper is no event in any case */
	LOST = -1,    /* of `lead`: no byte of the line was seen yet */
	RS = 0x1e,    /* begins a text in a sequence of RFC 7464 */
	/* What else may stand before a byte */
	NAME = 'n',   /* of a member */
	VALUE = 'v',  /* a string or what was in brackets */
	SCALAR = 's', /* another value, which may go on */
};

struct json {
	const char *list; /* or NULL */

	/* Between records */
	bool in_list;	/* in an array that was opened */
	bool enveloped; /* which is that of `list` */
	uint64_t line;	/* where this line begins, in its file */
	uint64_t brace; /* behind the last } that closed something */
	int64_t lead;	/* the column of what it begins with, or LOST */
	int64_t left;	/* the column where the last right value began; 0 if there is none */

	/* Of a record that has begun; it begins at the first byte that is not done with. */
	bool open;
	bool passed_over; /* no record: what stands around the list */
	bool broken;
	bool flat;		   /* its lines begin as far to the left as itself */
	int64_t column;		   /* of what its line begins with */
	bool scalar, scalar_ended; /* it is no object or array; only white space may follow */
	bool quoted, escaped;	   /* in a string; there, behind a backslash */
	size_t name;		   /* where the last string at depth 1 begins */
	bool named;		   /* that is the name `list` */
	bool disordered;	   /* around the list; its brackets may match for all that */
	char before; /* what stands before: a bracket, a comma, a colon, or as above */
	size_t end;  /* behind the last byte that is no white space */
	size_t depth;
	uint64_t arrays[DEPTH / 64]; /* by depth: the bracket is [ */
};

static bool is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Brackets */

static bool is_array(const struct json *j, size_t depth)
{
	return depth < DEPTH && (j->arrays[depth / 64] >> depth % 64 & 1) != 0;
}

static void push(struct json *j, char bracket)
{
	const uint64_t bit = UINT64_C(1) << j->depth % 64;

	if (j->depth < DEPTH) {
		j->arrays[j->depth / 64] &= ~bit;
		if (bracket == '[')
			j->arrays[j->depth / 64] |= bit;
	}
	j->depth++;
}

/* Whether a value may stand behind what is before it. */
static bool fits(const struct json *j)
{
	if (j->depth == 0)
		return true;
	return is_array(j, j->depth - 1) ? j->before == '[' || j->before == ',' : j->before == ':';
}

/* Whether a string is a member's name there. */
static bool fits_name(const struct json *j)
{
	return j->depth > 0 && !is_array(j, j->depth - 1) && (j->before == '{' || j->before == ',');
}

/* Whether a byte outside strings may stand behind what is before it. */
static bool in_order(const struct json *j, char b, bool adjacent)
{
	const bool behind_value = j->before == VALUE || j->before == SCALAR;

	switch (b) {
	case ':': return j->before == NAME;
	case ',': return behind_value;
	case '}': return behind_value || j->before == '{';
	case ']': return behind_value || j->before == '[';
	case '"': return fits(j) || fits_name(j);
	case '{':
	case '[': return fits(j);
	default: return fits(j) || (adjacent && j->before == SCALAR);
	}
}

/* Closes down to the bracket that matches this one. False if there is none. */
static bool pop(struct json *j, char bracket)
{
	size_t depth = j->depth;

	if (depth > DEPTH) { /* which it may be, for all that is known */
		j->depth--;
		return true;
	}
	while (depth > 0 && is_array(j, depth - 1) != (bracket == ']'))
		depth--;
	if (depth != j->depth)
		j->broken = true;
	if (depth == 0)
		return false;
	j->depth = depth - 1;
	return true;
}

/* Between records */

static void next_line(struct json *j, uint64_t at)
{
	j->line = at;
	j->lead = LOST;
}

static void begin_record(struct json *j, char first)
{
	j->open = true;
	j->passed_over = j->broken = j->flat = j->scalar_ended = j->quoted = j->named = false;
	j->disordered = false;
	j->scalar = first != '{' && first != '[';
	j->column = j->lead;
	j->before = '\0';
	j->end = j->depth = 0;
}

/* What stands around a list goes on behind it, in the object. */
static void pass_over_envelope(struct json *j)
{
	begin_record(j, '{');
	push(j, '{');
	j->before = VALUE;
	j->passed_over = true;
}

/* A record of no bytes at the end of a file that has more to say. */
static enum ev_cut_is end_unclosed(struct json *j, struct ev_cut *c)
{
	j->in_list = j->enveloped = j->open = false;
	ev_cut_record(c, c->len, c->len, c->len);
	c->record.cut = true;
	return EV_CUT_RECORD;
}

static enum ev_cut_is between(struct json *j, struct ev_cut *c)
{
	size_t i;

	for (i = 0; i < c->len; i++) {
		const char b = c->p[i];
		const int64_t column = (int64_t)(c->offset + i - j->line);

		if (b == '\n') {
			next_line(j, c->offset + i + 1);
		} else if (b == ',') {
			j->lead = j->lead == LOST ? column : j->lead;
		} else if (b == '[' && !j->in_list) {
			j->in_list = true;
		} else if (b == ']' && j->in_list) {
			j->in_list = false;
			if (j->enveloped) {
				pass_over_envelope(j);
				return ev_cut_pass(c, i + 1);
			}
		} else if (!is_white(b) && b != RS) {
			j->lead = j->lead == LOST ? column : j->lead;
			begin_record(j, b);
			return ev_cut_pass(c, i);
		}
	}
	if (c->ended && j->in_list)
		return end_unclosed(j, c);
	return c->len > 0 ? ev_cut_pass(c, c->len) : EV_CUT_MORE;
}

/* In a record */

/* What is too long is handed out with the white space behind it, which may have left already. */
static size_t length_of(const struct json *j, const struct ev_cut *c, size_t taken)
{
	return c->in_parts || taken > c->max + 1 ? taken : j->end;
}

/* Whether it is what stands around a list, and nothing is wrong with it. */
static bool passes(const struct json *j, const struct ev_cut *c, size_t taken)
{
	return j->passed_over && !j->broken && !j->disordered && !c->in_parts &&
	       taken <= c->max + 1;
}

/*
 * So many bytes from its start. What goes on behind a list and is not closed is cut, and maybe of
 * no bytes.
 */
static enum ev_cut_is end_record(struct json *j, struct ev_cut *c, size_t taken)
{
	const bool unclosed = j->passed_over && j->depth > 0;

	j->open = false;
	j->broken |= unclosed;
	if (!j->broken && !j->scalar)
		j->left = j->column;
	j->enveloped &= j->in_list;
	if (passes(j, c, taken))
		return ev_cut_pass(c, taken);
	ev_cut_record(c, 0, length_of(j, c, taken), taken);
	c->record.cut = unclosed;
	return EV_CUT_RECORD;
}

/* The file ends in a record. */
static enum ev_cut_is end_cut(struct json *j, struct ev_cut *c)
{
	if (passes(j, c, c->len))
		return end_unclosed(j, c);
	if (j->scalar && j->depth == 0 && !j->quoted && !j->in_list)
		return end_record(j, c, c->len);
	j->in_list = j->enveloped = j->open = false;
	ev_cut_record(c, 0, length_of(j, c, c->len), c->len);
	c->record.cut = true;
	return EV_CUT_RECORD;
}

/* The first byte of the string's inside from i on that is not text alone. */
static size_t pass_text(const struct ev_cut *c, size_t i)
{
	while (i < c->len && c->p[i] != '"' && c->p[i] != '\\' && c->p[i] != '\n')
		i++;
	return i;
}

/* It ends at i, with its quote. */
static void end_string(struct json *j, const struct ev_cut *c, size_t i)
{
	j->quoted = false;
	j->before = fits_name(j) ? NAME : VALUE;
	j->named = j->list != NULL && j->depth == 1 && i - j->name == strlen(j->list) &&
		   memcmp(c->p + j->name, j->list, i - j->name) == 0;
}

/* The string from i on, up to where it ends, if it does. Returns where to go on. */
static size_t pass_string(struct json *j, const struct ev_cut *c, size_t i)
{
	while (j->quoted && i < c->len) {
		if (j->escaped && c->p[i] != '\n') {
			j->escaped = false;
			j->end = ++i;
			continue;
		}
		i = pass_text(c, i);
		j->end = i;
		if (i == c->len)
			break;
		if (c->p[i] == '\n') {
			j->quoted = false;
			j->broken = true;
			return i;
		}
		if (c->p[i] == '"')
			end_string(j, c, i);
		else
			j->escaped = true;
		j->end = ++i;
	}
	return i;
}

static void begin_string(struct json *j, size_t i)
{
	if (j->depth == 0) {
		j->broken |= i > 0;
		j->scalar_ended = true;
	}
	j->quoted = true;
	j->escaped = false;
	j->name = i + 1;
	j->end = i + 1;
}

/*
 * The first byte of a line in the record that is no white space, at i. Whether the record ends
 * before it.
 */
static bool line_ends_record(struct json *j, const struct ev_cut *c, size_t i)
{
	const char b = c->p[i];

	j->lead = (int64_t)(c->offset + i - j->line);
	if (j->lead > (j->scalar ? j->left : j->column))
		return false;
	if (b == '{')
		j->broken |= !fits(j);
	if (j->broken)
		return !j->flat && (b == '{' || b == ',' || (b == ']' && j->in_list));
	j->flat |= b != '{' && b != '}' && b != ']' && b != ',';
	return false;
}

/* A bracket that opens. Whether the record ends before it: values were welded to each other. */
static bool open_bracket(struct json *j, const struct ev_cut *c, size_t i)
{
	const char b = c->p[i];

	if (j->scalar && j->depth == 0)
		j->broken = true;
	if (!fits(j)) {
		j->broken = true;
		if (!j->in_list && b == '{' && j->brace == c->offset + i)
			return true;
	}
	push(j, b);
	j->before = b;
	j->end = i + 1;
	return false;
}

/* The list of an object: its elements are the records, also those of a second list of that name. */
static bool opens_list(const struct json *j, char b)
{
	return j->named && j->before == ':' && j->depth == 1 && b == '[' && !j->in_list &&
	       !j->broken && !j->disordered;
}

/* A bracket that closes. Whether the record ends, *taken bytes from its start. */
static bool close_bracket(struct json *j, const struct ev_cut *c, size_t i, size_t *taken)
{
	const char b = c->p[i];

	*taken = i;
	if (!pop(j, b)) {
		if (b == ']' && j->in_list)
			return true;
		j->broken = true;
		j->end = i + 1;
		return false;
	}
	j->before = VALUE;
	if (b == '}')
		j->brace = c->offset + i + 1;
	j->end = *taken = i + 1;
	return j->depth == 0 && !j->scalar;
}

/* Another byte, which is no white space. Whether the record ends before it. */
static bool plain(struct json *j, size_t i, char b)
{
	if (j->scalar && j->depth == 0 && !j->broken) {
		if (b == ',')
			return true;
		j->broken = j->scalar_ended;
	}
	j->before = b == ',' || b == ':' ? b : SCALAR;
	j->end = i + 1;
	return false;
}

/* White space in a record. Whether it ends before it. */
static bool white(struct json *j, const struct ev_cut *c, size_t i)
{
	if (c->p[i] == '\n') {
		if (j->scalar && j->depth == 0 && !j->broken && !j->in_list)
			return true;
		next_line(j, c->offset + i + 1);
	}
	j->scalar_ended |= j->depth == 0;
	return false;
}

/* One byte outside strings. Whether the record ends, *taken bytes from its start. */
static bool pass_byte(struct json *j, const struct ev_cut *c, size_t i, size_t *taken)
{
	const char b = c->p[i];

	*taken = i;
	if (is_white(b))
		return white(j, c, i);
	if (b == RS)
		return true;
	if (j->lead == LOST && line_ends_record(j, c, i))
		return true;
	if (j->list != NULL && !j->in_list)
		j->disordered |= !in_order(j, b, i == j->end);
	switch (b) {
	case '"': begin_string(j, i); return false;
	case '{':
	case '[': return open_bracket(j, c, i);
	case '}':
	case ']': return close_bracket(j, c, i, taken);
	default: return plain(j, i, b);
	}
}

static enum ev_cut_is within(struct json *j, struct ev_cut *c)
{
	size_t i = c->at, taken;

	while (i < c->len) {
		if (j->quoted) {
			i = pass_string(j, c, i);
			continue;
		}
		if (opens_list(j, c->p[i]) && !c->in_parts && i <= c->max) {
			j->open = false;
			j->in_list = j->enveloped = true;
			return ev_cut_pass(c, i + 1);
		}
		if (pass_byte(j, c, i, &taken))
			return end_record(j, c, taken);
		i++;
	}
	c->at = c->len;
	return c->ended ? end_cut(j, c) : EV_CUT_MORE;
}

static enum ev_cut_is cut(void *how, struct ev_cut *c, struct ev_error *err)
{
	struct json *j = how;

	(void)err;
	return j->open ? within(j, c) : between(j, c);
}

static void begin(void *how, const struct ev_cut *c)
{
	struct json *j = how;

	*j = (struct json){.list = j->list, .line = c->offset, .lead = LOST};
}

struct ev_frames *ev_frames_json(const char *list)
{
	static const struct ev_cutter cutter = {false, cut, begin, free};
	struct json *j = ev_calloc(1, sizeof *j);

	j->list = list;
	return ev_frames_new(&cutter, j);
}

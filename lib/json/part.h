/*
 * part: whether a line seems to be a part of a larger JSON text, one that is spread over several
 * lines or was torn. Floor 3.
 *
 * These are guesses, for messages about lines that are no whole object.
 */
#ifndef EV_PART_H
#define EV_PART_H

#include <stdbool.h>
#include <stddef.h>

/* What JSON calls white space, within a line. */
static inline bool ev_json_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The first byte from p on, before end, that is none; or end. */
static inline const char *ev_json_behind_blanks(const char *p, const char *end)
{
	while (p < end && ev_json_blank(*p))
		p++;
	return p;
}

/* Whether the value at p, in a line from `line` on, stands in an array or is a member's. */
bool ev_part_is_inner(const char *line, const char *p);
/* Whether the line could be one of JSON that is spread over several, as pretty-printed JSON is. */
bool ev_part_is_spread(const char *line, size_t len);

/*
 * Whether the next line belongs to the same JSON: this one opens an array, or ends with the comma
 * behind a value. *p and *len are then the value, which is to be a whole one for that, or empty.
 */
bool ev_part_goes_on(const char *line, size_t line_len, const char **p, size_t *len);

/* What such a line is, and what to do about it. */
extern const char ev_part_spread[];

#endif

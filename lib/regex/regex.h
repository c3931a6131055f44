/*
 * regex: regular expressions over bytes that are UTF-8. The door to PCRE2 (8 bits, with its JIT).
 * Floor 3.
 *
 * The room lib/regex matches texts, and checks internationalised host names.
 *
 * Two languages. EV_REGEX_PCRE is PCRE2's own. EV_REGEX_ECMA is that of JSON Schema's `pattern`:
 * ECMA-262 with the flag u, translated. There \d and \w are ASCII, \s is ECMA's white space, `.`
 * takes all but a line's end, `$` is the very end of the text, \p{Letter} has its long names, and
 * what PCRE2 knows but ECMA-262 does not (\Z, \A, (?i), a++) is an error. More lenient than the
 * flag u: punctuation may be escaped without need, and a lone `{`, `}` or `]` stands for itself.
 *
 * The work of one search is bounded, wherever in the text it tries to begin, by a count of what is
 * tried and passed over, and in memory, never by the clock. A search that reaches a bound found
 * nothing, and ev_regex_spent reports it.
 *
 * A compiled expression remembers its last match, so it serves one search at a time.
 */
#ifndef EV_REGEX_H
#define EV_REGEX_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ev_regex;

enum ev_regex_flags {
	EV_REGEX_PCRE = 0,
	EV_REGEX_ECMA = 1,
	EV_REGEX_BYTES = 2, /* with the first: texts are any bytes, and a character is a byte */
	/*
	 * With the first: the text is matched as a whole, in which line ends are as other
	 * characters. Groups may share a name.
	 */
	EV_REGEX_WHOLE = 4,
};

/* NULL, with what is wrong and at which byte of the pattern ("... at byte 4"), if known. */
struct ev_regex *ev_regex_compile(const char *pattern, size_t len, unsigned flags,
				  struct ev_error *err);
void ev_regex_free(struct ev_regex **re);
/*
 * Whether the language has this expression. One with a lookbehind of variable width counts,
 * though PCRE2 cannot search for it.
 */
bool ev_regex_valid(const char *pattern, size_t len, unsigned flags);

/* Whether the pattern is found anywhere in the text: UTF-8, unless EV_REGEX_BYTES. */
bool ev_regex_match(struct ev_regex *re, const char *p, size_t len);

/*
 * Of an expression with EV_REGEX_WHOLE that does not match the text: the byte of it, and that of
 * the pattern, up to which it does, as far as a moment of work can tell.
 */
void ev_regex_furthest(struct ev_regex *re, const char *p, size_t len, size_t *text_at,
		       size_t *pattern_at);

/*
 * Whether a search, of whichever expression, reached a bound since the last call: the first
 * one's pattern, which lives as long as it; else NULL.
 */
const char *ev_regex_spent(size_t *len);

/* Groups are numbered from 1; 0 is the whole match. */
uint32_t ev_regex_groups(const struct ev_regex *re);
/* NULL for a group without a name. The text is the expression's. */
const char *ev_regex_group_name(const struct ev_regex *re, uint32_t group);
/* The bytes [*from, *to) of the text that the group took in the last match, if it took part. */
bool ev_regex_span(const struct ev_regex *re, uint32_t group, size_t *from, size_t *to);

#endif

/*
 * index: stage one of the scanner. Where lines end and tokens begin, in blocks of 64 bytes.
 * Floor 2.
 *
 * One pass over many lines: quotes and escapes are resolved by bit arithmetic, and UTF-8 is checked
 * in the same pass where the machine has the instructions (J. Keiser, D. Lemire, "Validating UTF-8
 * in less than one instruction per byte", Software: Practice and Experience 51, 2021). The LF that
 * ends a line is a token like others. A flaw ends with its line: behind each LF, no quote is open.
 *
 * Memory: 10 bytes for each byte indexed, 36 a line, and 6 a control character in a string.
 */
#ifndef EV_INDEX_H
#define EV_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EV_INDEX_SLACK = 64 }; /* bytes behind the text that must be readable; they do not count */

struct ev_index_line {
	uint32_t pos, len;	    /* in the text; its LF stands behind it, or the text's end */
	uint32_t first, n;	    /* its tokens; behind them stands one more, which is its end */
	uint32_t escape, n_escapes; /* its first escape */
	uint32_t control; /* of the first control character inside a string, or UINT32_MAX */
	bool unclosed;	  /* it ends inside a string */
	bool suspect;	  /* bytes above 0x7f stand in or near it that are not known to be UTF-8 */
};

/* All positions but a line's control are in the text. */
struct ev_index {
	const char *text;
	uint32_t *at;	   /* of { } [ ] : , and both quotes outside strings, the first byte of
			 scalars, and where lines end */
	uint8_t *bytes;	   /* that stand at those places */
	uint32_t *escapes; /* of the backslashes that begin an escape in a string */
	size_t cap;
	struct ev_index_line *lines;
	size_t n_lines, cap_lines;
	struct ev_index_notes {
		uint32_t *at;
		size_t n, cap;
	} controls, unclosed, suspects; /* rare flaws, noted for begin_lines() */
};

/*
 * A text of lines, at most 1 GiB; what stands behind the last LF is a line if it is not empty, and
 * ends where white space or a NUL begins the slack. The text is borrowed.
 */
void ev_index_lines(struct ev_index *ix, const char *p, size_t len);
/* The same of a text that is one line, whatever it holds: a LF is white space. */
void ev_index_text(struct ev_index *ix, const char *p, size_t len);
void ev_index_free(struct ev_index *ix);

/* The implementations that this machine has, for tests and benchmarks: a name, or NULL. */
const char *ev_index_implementation(unsigned i);
/* Uses that one from now on. */
void ev_index_use(unsigned i);
/* Whether the one in use needs a processor with AVX2. */
bool ev_index_has_avx2(void);

#endif

/*
 * index: stage one of the scanner. Where tokens begin, in blocks of 64 octets. Floor 2.
 */
#ifndef EV_INDEX_H
#define EV_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ev_index {
	uint32_t *at; /* of { } [ ] : , and both quotes outside strings, and the first octet of
			 scalars */
	size_t n;
	uint32_t *escapes; /* of the backslashes that begin an escape in a string */
	size_t n_escapes;
	size_t cap;	  /* of both */
	bool high;	  /* an octet above 0x7f was seen */
	bool unclosed;	  /* the text ends inside a string */
	uint32_t control; /* of the first control character inside a string, or UINT32_MAX */
};

/* Up to EV_SCAN_SLACK octets behind the text are read, and do not count. */
void ev_index(struct ev_index *ix, const char *p, size_t len);
void ev_index_free(struct ev_index *ix);

/*
 * The ways to do it that this machine has, for tests and benchmarks: a name, or NULL behind the
 * last.
 */
const char *ev_index_way(unsigned i);
/* Uses that way from now on. */
void ev_index_use(unsigned i);

#endif

/*
 * reading: what jq makes date-times of RFC 3339 of texts and numbers that are times of other forms.
 * Floor 0.
 */
#ifndef EV_READING_H
#define EV_READING_H

#include "base/buf.h"

#include <stdbool.h>

enum {
	EV_READING_TEXT = 48, /* bytes of a text at most */
	EV_READING_JQ = 320   /* bytes of an expression at most, with the NUL */
};

/* How a text becomes a date-time, with or without a zone. */
struct ev_reading {
	unsigned steps; /* texts of the same steps are read by the same jq; none: it is one */
	char text[2 * EV_READING_TEXT];
	size_t len;
};

/* False if the text is no time of a form that is known. A bare day begins in UTC. */
bool ev_reading_of(const char *p, size_t len, struct ev_reading *r);
/* Appends what stands behind a path: " | split(\",\") | join(\".\")"; nothing for no steps. */
void ev_reading_jq(unsigned steps, struct ev_buf *out);
/*
 * The same for numbers since 1970, by their digits before the point: up to the year 5138 they are
 * seconds; beyond, from 1973 on, parts of seconds. is_text: they stand in texts. Static text.
 */
const char *ev_reading_epoch(size_t digits, bool is_text);

#endif

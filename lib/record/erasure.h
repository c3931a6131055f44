/*
 * erasure: whether a record is one of a person who is to be erased. Floor 6.
 *
 * A record bears one of the values if it stands at the path or anywhere below it: as a text or a
 * name of the same characters (a UUID in any spelling), or as a number that is equal.
 */
#ifndef EV_ERASURE_H
#define EV_ERASURE_H

#include "base/buf.h"
#include "base/status.h"
#include "scan/scan.h"

struct ev_erasure;

/* NULL, with the error, if the path is none of an event. */
struct ev_erasure *ev_erasure_new(const char *path, struct ev_error *err);
/* A value as text. */
void ev_erasure_add(struct ev_erasure *e, const char *value, size_t len);
/* Those of a file, one a line; a line that is a string of JSON is what that says. */
enum ev_status ev_erasure_read(struct ev_erasure *e, const char *file, struct ev_error *err);
void ev_erasure_free(struct ev_erasure **e);

bool ev_erasure_takes(struct ev_erasure *e, const struct ev_doc *d);
/*
 * The same of a line that is no right event, of which more is believed: if it is JSON, a text or a
 * name anywhere in it may be the value; and if not, so may any bytes that no letter or digit
 * adjoins, escaped as in JSON or not. EV_SCAN_SLACK bytes behind it may be read.
 */
bool ev_erasure_takes_line(struct ev_erasure *e, const char *p, size_t len);

/* What is erased, event by event. Zero-initialise what is not given. */
struct ev_erased {
	uint64_t events, records;
	uint64_t broken;      /* lines that are no right events; not among the records */
	struct ev_buf owners; /* the ids of those events, one a line, as strings of JSON */
	/* Or NULL: called before anything leaves, when the owners are known. */
	enum ev_status (*known)(void *ctx, const struct ev_buf *owners, struct ev_error *err);
	void *ctx;
};

#endif

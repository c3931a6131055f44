/*
 * show: all that a state knows of one event, and what became of each of its records.
 * Floor 10, a part of the version engine.
 */
#ifndef EV_VERSION_SHOW_H
#define EV_VERSION_SHOW_H

#include "version/version.h"

enum ev_version_how {
	EV_VERSION_HOW_BROUGHT,	  /* it came; or came back, or in a lesser spelling */
	EV_VERSION_HOW_AGAIN,	  /* it came when it was known */
	EV_VERSION_HOW_RETRACTED, /* its batch was taken out */
};

extern const char *const ev_version_how_names[]; /* "brought", "again", "retracted" */

/* Something that happened to a record. */
struct ev_version_shown_place {
	enum ev_version_how how;
	uint64_t commit; /* of which it is a part; AGAIN: the head at that time */
	const char *batch, *source;
	uint64_t line, offset; /* offset: EV_NO_OFFSET where it is not known */
};

struct ev_version_shown {
	const char *id;
	size_t id_len;
	uint64_t nth, of; /* of the event's records, from 1 */
	const char *line; /* the record */
	size_t len;
	const char *op, *time; /* as in S */
	const char *version;   /* as spelt, without quotes; or NULL */
	size_t version_len;
	const struct ev_version_shown_place *places; /* in the order in which they happened */
	size_t n_places;
	const char *outcome; /* "version", "no-op", "duplicate", "conflict", "held", "misfit",
				"too-long" or "retracted" */
	const struct ev_reason *reasons;
	size_t n_reasons;
	uint64_t k;	       /* the number of its version, or 0 */
	const char *from, *to; /* when that is valid; to: NULL for the newest */
	bool deleted;	       /* it is a tombstone */
};

typedef enum ev_status ev_version_show_fn(void *ctx, const struct ev_version_shown *shown,
					  struct ev_error *err);

/*
 * Calls fn for each record of the event in the order S; among equals in version, time and op the
 * winner comes first. v: opened with options.state and .as_of, and begun. EV_EOF if the state has
 * no such event. id: as typed, a UUID in any spelling.
 */
enum ev_status ev_version_show(struct ev_version *v, const char *id, size_t len,
			       ev_version_show_fn *fn, void *ctx, struct ev_error *err);

/* Appends text for people, in which nothing can steer a terminal (ev_utf8_show). */
void ev_version_print(const char *p, size_t len, struct ev_buf *out);
/*
 * Appends a record's paragraph for people, or its line of JSON. Nothing of either can steer a
 * terminal.
 */
void ev_version_shown_text(const struct ev_version_shown *shown, struct ev_buf *out);
void ev_version_shown_json(const struct ev_version_shown *shown, struct ev_buf *out);
/* What the tables have of the event. newest: the last version's record, or NULL. */
void ev_version_shown_stands(const struct ev_version_shown *newest, struct ev_buf *out);

#endif

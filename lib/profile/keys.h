/*
 * keys: which members tell events apart, and which order those that are of one event. Floor 10, for
 * the files of profile alone.
 *
 * The scalars near the top of the first event are columns, and a few more that others may have.
 * Those whose names say that they identify something are anchors, and others where these are few.
 * Of each anchor a sample of events is held: all that have a sampled value there. So what an id
 * made of the anchor and of other columns would do can be told exactly for these events: how many
 * ids there would be, and whether two events that differ would have the same id, or even the same
 * id and order. While there are no more than EV_KEYS_ROWS different events the sample is all of
 * them.
 */
#ifndef EV_PROFILE_KEYS_H
#define EV_PROFILE_KEYS_H

#include "record/event.h"

enum {
	EV_KEYS_COLUMNS = 20,
	EV_KEYS_ANCHORS = 7,
	EV_KEYS_NAMED = 5,
	EV_KEYS_ROWS = 8192,
	EV_KEYS_PARTS = 4,
	EV_KEYS_IGNORE = 8
};

struct ev_key_column {
	char *jq;		      /* ".a.b", or ".after.id // .before.id" */
	char *words;		      /* of the last name */
	unsigned depth;		      /* names in its path */
	struct ev_path *path, *other; /* other: where the first is null or absent; or NULL */
	uint32_t slot, other_slot;
	int order;	  /* the less, the more it looks like a part of the envelope */
	bool is_row;	  /* it lies in the row of a change event */
	uint64_t absent;  /* events in which it was null, or not there */
	uint64_t no_id;	  /* in which it was neither an integer nor a text that is not empty */
	uint64_t no_text; /* in which it was no text, or an empty one */
	uint32_t longest; /* bytes */
};

struct ev_key_row {
	uint64_t id, content;
	uint32_t columns[EV_KEYS_COLUMNS];
};

struct ev_key_anchor {
	size_t column;
	bool named;		 /* its name says that it identifies something */
	struct ev_key_row *rows; /* in no order */
	size_t n;
	uint32_t level;
};

struct ev_keys {
	struct ev_key_column columns[EV_KEYS_COLUMNS];
	size_t n;
	struct ev_path *ignore[EV_KEYS_IGNORE]; /* members at the top that a transport adds */
	uint32_t ignore_slots[EV_KEYS_IGNORE];
	size_t n_ignore;
	struct ev_key_anchor anchors[EV_KEYS_ANCHORS];
	size_t n_anchors;
};

/* Chooses the columns by the first event; they are wanted of the events from then on. */
void ev_keys_begin(struct ev_keys *k, struct ev_events *events, const struct ev_event *first);
/* The value of a column in an event that was read since; EV_NOWHERE if it is absent or null. */
uint32_t ev_keys_value(const struct ev_key_column *c, const struct ev_event *event);
/* The values in an event that are no content of it, into at; returns how many. */
enum { EV_KEYS_SKIP = EV_KEYS_IGNORE + 1 };
size_t ev_keys_skip(const struct ev_keys *k, const struct ev_event *event,
		    uint32_t at[EV_KEYS_SKIP]);
/* content: a digest of the rest. */
void ev_keys_add(struct ev_keys *k, const struct ev_event *event, uint64_t content);

/* An id of an anchor and other columns, and what orders the events of one id: columns. */
struct ev_key {
	size_t anchor; /* index into anchors */
	size_t parts[EV_KEYS_PARTS];
	size_t n_parts;
	size_t order[EV_KEYS_PARTS];
	size_t n_order;
};

struct ev_key_verdict {
	uint64_t events;    /* different events in the sample */
	uint64_t ids;	    /* different ids of theirs */
	uint64_t several;   /* of them, those of events that differ */
	uint64_t conflicts; /* of them, those of events that differ and are not ordered */
	bool sampled;	    /* other events may be otherwise */
};

struct ev_key_verdict ev_keys_judge(struct ev_keys *k, const struct ev_key *key);
void ev_keys_free(struct ev_keys *k);

#endif

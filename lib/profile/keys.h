/*
 * keys: which members tell events apart, and which order those that are of one event. Floor 10, for
 * the files of profile alone.
 *
 * The scalars near the top of events are columns, as many as there is room for: those whose names
 * look most like a part of the envelope. Those whose names say that they identify something are
 * anchors, and a few others. Of each anchor a sample of events is held: all that have a sampled
 * value there. So what an id made of the anchor and of other columns would do can be told exactly
 * for these events: how many ids there would be, and whether two events that differ would have the
 * same id, or even the same id and order. While there are no more than EV_KEYS_ROWS different
 * events the sample is all of them.
 *
 * A column that comes later was absent in all events before, so the order of events does not
 * matter.
 */
#ifndef EV_PROFILE_KEYS_H
#define EV_PROFILE_KEYS_H

#include "record/event.h"

enum {
	EV_KEYS_COLUMNS = 20,
	EV_KEYS_NAMED = 5, /* anchors by their names */
	EV_KEYS_PLAIN = 2, /* and others */
	EV_KEYS_ANCHORS = EV_KEYS_NAMED + EV_KEYS_PLAIN,
	EV_KEYS_ROWS = 8192,
	EV_KEYS_PARTS = 4,
	EV_KEYS_IGNORE = 8,
	EV_KEYS_SKIP = EV_KEYS_IGNORE + 1
};

struct ev_key_column {
	char *jq;		      /* ".a.b", or ".after.id // .before.id" */
	char *words;		      /* of the last name */
	unsigned depth;		      /* names in its path */
	struct ev_path *path, *other; /* other: where the first is null or absent; or NULL */
	uint32_t id, other_id;	      /* their member ids; EV_NO_MEMBER_ID: not seen yet */
	unsigned serial;	      /* of this column alone */
	int order;		      /* the less, the more it looks like a part of the envelope */
	bool is_row;		      /* it lies in the row of a change event */
	uint64_t absent;	      /* events in which it was null, or not there */
	uint64_t no_id;	  /* in which it was neither an integer nor a text that is not empty */
	uint64_t no_text; /* in which it was no text, or an empty one, or may hold U+0000 */
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
	uint32_t ignore_ids[EV_KEYS_IGNORE];
	size_t n_ignore;
	struct ev_key_anchor anchors[EV_KEYS_ANCHORS];
	size_t n_anchors;
	bool *known; /* by member id: it was looked at */
	size_t n_known;
	unsigned serials;
	uint64_t events;
};

/* Looks at the members of a document that none before it had. Columns may change then. */
void ev_keys_look(struct ev_keys *k, const struct ev_doc *d);
/* The value of a column; EV_NOWHERE if it is absent or null. */
uint32_t ev_keys_value(const struct ev_key_column *c, const struct ev_doc *d);
/* The column of that serial; NULL if it is none any more. */
const struct ev_key_column *ev_keys_column(const struct ev_keys *k, unsigned serial);
/* The values in a document that are no content of it, into at; returns how many. */
size_t ev_keys_skip(const struct ev_keys *k, const struct ev_doc *d, uint32_t reserved,
		    uint32_t at[EV_KEYS_SKIP]);
/* content: a digest of the rest. */
void ev_keys_add(struct ev_keys *k, const struct ev_doc *d, uint64_t content);
/* When all were added: the columns stand in their order, and so the anchors. */
void ev_keys_settle(struct ev_keys *k);

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

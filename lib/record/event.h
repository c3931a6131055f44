/*
 * event: a record as an event. The line scanned, its envelope read and checked. Floor 6.
 *
 * The room lib/record is about one record on its way: read as an event, counted, or set aside.
 */
#ifndef EV_EVENT_H
#define EV_EVENT_H

#include "model/model.h"
#include "record/reject.h"
#include "json/pick.h"
#include "json/plan.h"
#include "json/view.h"

/* In the order S of SEMANTICS: a put before a patch before a delete. */
enum ev_op { EV_PUT, EV_PATCH, EV_DELETE };

extern const char *const ev_op_names[];

enum { EV_ID_MAX = 255 };

/* Valid until the next read. Nodes that are absent are EV_NOWHERE. */
struct ev_event {
	const struct ev_doc *doc;
	uint64_t number;    /* of those that were read, from 1 */
	const uint32_t *at; /* by slot: the values of ev_events_want */
	uint32_t reserved;  /* the value of "_ev" */
	/* the raw object in "_ev" that names where the line came from, or NULL */
	const char *origin;
	size_t origin_len;
	/*
	 * Canonical: a UUID in lower case, an integer without point and exponent; EV_ID_MAX bytes
	 * at most, and none of them NUL.
	 */
	const char *id;
	size_t id_len;
	bool is_uuid;  /* that is what the id is */
	uint32_t type; /* node of the type's string */
	enum ev_op op;
	uint32_t version;    /* node; absent counts as 0 */
	struct ev_time time; /* when it happened */
	/* when this version was made: the modified time, or else the event's */
	struct ev_time modified;
};

enum ev_depth {
	EV_READ_TEXT, /* one JSON object with different names */
	EV_READ_ID,   /* and its id */
	EV_CHECK_ALL, /* the whole envelope; of the id only whether it is right */
	EV_READ_ALL,  /* the whole envelope, and the id */
};

enum ev_trust {
	EV_TRUST_RAW,  /* from outside: "_ev" is reserved, save for an origin */
	EV_TRUST_PIPE, /* from another of the programs */
};

struct ev_events;

/* The model is borrowed. */
struct ev_events *ev_events_new(const struct ev_model *m, enum ev_depth depth, enum ev_trust trust);
/*
 * Records are no lines: what is wrong with one says nothing of the next, and none is a part of JSON
 * that is spread over lines.
 */
void ev_events_are_framed(struct ev_events *e);
/* What the model's columns and lists compute is computed as well, from the next event on. */
void ev_events_compute_columns(struct ev_events *e);
/* The scanner that reads the events. */
struct ev_scan *ev_events_scan(struct ev_events *e);
/* Picks values in the events, from the root. */
struct ev_picks *ev_events_picks(struct ev_events *e);
/*
 * The slot of a path without [], which is found in every event from now on; the path is borrowed.
 * EV_NO_SLOT for NULL.
 */
uint32_t ev_events_want(struct ev_events *e, const struct ev_path *path);
/* Where the values at a path with [] are sought in every event. */
struct ev_list {
	const struct ev_path *path;
	size_t step;   /* the steps up to here are taken */
	uint32_t slot; /* at this place */
};
/*
 * A list in whose elements values are sought: however many ask, they are found once an event.
 */
struct ev_each {
	struct ev_list list;
	struct ev_picks *picks; /* from an element */
	struct ev_found found;
	uint32_t *room; /* for elements of documents without a plan */
	size_t cap;
	const uint32_t *at;	   /* by element and slot: nodes */
	size_t n;		   /* elements */
	uint64_t event;		   /* the number of the one whose elements these are */
	const struct ev_event *of; /* and that one, while they are being found */
	struct ev_plans plans;
};
/* The one for that path with []. It is the events', and does not move. */
struct ev_each *ev_events_each(struct ev_events *e, const struct ev_path *path);
/* Finds the elements, and what is picked in them. */
void ev_each_read(struct ev_each *l, const struct ev_event *event);
/* How many there are. */
static inline size_t ev_each_find(struct ev_each *l, const struct ev_event *event)
{
	if (l->event != event->number)
		ev_each_read(l, event);
	return l->n;
}
/* By slot, the nodes of the i-th. */
static inline const uint32_t *ev_each_at(const struct ev_each *l, size_t i)
{
	return l->at + i * l->picks->n;
}
/* ev_containers_fit of each element. */
bool ev_each_fits(struct ev_each *l, const struct ev_event *event, const struct ev_containers *w);
/* EV_OK, or EV_REJECT with why set (code and reasons). */
enum ev_status ev_events_read(struct ev_events *e, const struct ev_record *rec,
			      struct ev_event *event, struct ev_reasons *why);
/*
 * To be called when the record was rejected as no JSON object. If it opens an array, or ends with
 * the comma behind an element, the next line of its file is an element, and is rejected as such.
 */
void ev_events_no_object(struct ev_events *e, const struct ev_record *rec);
void ev_events_free(struct ev_events **e);

/*
 * Fills why with the code and the text of a scanner's flaw; before: bytes of the line in front of
 * what was scanned.
 */
void ev_reasons_of_flaw(const struct ev_flaw *flaw, size_t before, struct ev_reasons *why);

/*
 * Adds a reason for each value that a path leads through from value `from` and that is of another
 * kind than its steps ask, unless there is one already; the code is "shape". False if there is such
 * a value.
 */
bool ev_event_path_passes(const struct ev_path *path, const struct ev_doc *d, uint32_t from,
			  struct ev_reasons *why);

/*
 * The values that are no content: "_ev", what the model ignores, and those in `also` (slots of
 * ev_events_want; EV_NO_SLOT is passed over). Fills at, which has room for EV_MAX_SKIP; returns how
 * many.
 */
enum { EV_MAX_SKIP = 64, EV_NO_SLOT = UINT32_MAX };
size_t ev_event_skip(const struct ev_events *e, const struct ev_event *event, const uint32_t *also,
		     size_t n_also, uint32_t at[EV_MAX_SKIP]);

/*
 * Appends the record with its "_ev" taken out and, if member is not NULL, `"_ev":` and member put
 * in as the last member. No other byte changes.
 */
void ev_event_write(const struct ev_doc *doc, uint32_t reserved, const char *member, size_t len,
		    struct ev_buf *out);

/*
 * Appends a value as it stands in the text, but for members and elements in it that are in skip.
 */
void ev_event_write_without(const struct ev_doc *d, uint32_t at, const uint32_t *skip, size_t n,
			    struct ev_buf *out);

/*
 * Appends a version as printable text that compares, byte by byte, as the numbers do. node as in
 * struct ev_event; absent is 0.
 */
void ev_event_version_order(const struct ev_doc *doc, uint32_t version, struct ev_buf *out);

#endif

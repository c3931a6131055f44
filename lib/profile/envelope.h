/*
 * envelope: the envelope in the making, for envelope.c and id.c alone. Floor 10.
 */
#ifndef EV_PROFILE_ENVELOPE_H
#define EV_PROFILE_ENVELOPE_H

#include "profile/infer.h"

enum { EV_NO_COLUMN = EV_KEYS_COLUMNS };

struct ev_envelope {
	struct ev_proposal *p;
	struct ev_keys *k;
	size_t type, time, version, modified; /* columns, or EV_NO_COLUMN */
	size_t clock;			      /* of a time that is a day: that of its clock */
};

/* The node of a column, or NULL; of a row's, that behind the change if it is there. */
const struct ev_tree_node *ev_envelope_node(const struct ev_envelope *e, size_t column);
/* Whether the paths of a column lead through objects alone: then they never block a record. */
bool ev_envelope_reaches(const struct ev_envelope *e, size_t column);
/* What was seen of a column, and more behind it, if that is not "". */
char *ev_envelope_seen(const struct ev_envelope *e, size_t column, const char *more);
/* Whether a version or a modified time orders the events of one id. */
bool ev_envelope_is_versioned(const struct ev_envelope *e);

/* event_time.c */
/* Whether a column is a time in nearly all events that have it. */
bool ev_envelope_is_time(const struct ev_envelope *e, size_t column);
/* The time of a column as an expression, which gives nothing where there is none. */
struct ev_said ev_envelope_said_time(struct ev_envelope *e, size_t column);
/* Sets e->time and e->clock, and proposes the time of events. */
void ev_envelope_time(struct ev_envelope *e);

/*
 * id.c: proposes an id. False if no members are one; else with the key that it is made of, and what
 * it does to the events that were sampled.
 */
bool ev_envelope_id(struct ev_envelope *e, struct ev_key *key, struct ev_key_verdict *v);
/* What orders the events of one id: the columns of the key's order. */
void ev_envelope_order(const struct ev_envelope *e, struct ev_key *key);

#endif

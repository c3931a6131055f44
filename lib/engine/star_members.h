/*
 * star_members: the members of one type 1 dimension, each attribute with the contribution that won
 * it. Floor 4, a part of the star engine.
 */
#ifndef EV_STAR_MEMBERS_H
#define EV_STAR_MEMBERS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/time.h"
#include "warehouse/column.h"

/*
 * When a contribution was made, by which the latest wins: time, then version, then the version's
 * row.
 */
struct ev_stamp {
	struct ev_time time;
	const char *version; /* as ev_version_order writes it */
	size_t version_len;
	char row[EV_KEY_TEXT];
};

struct ev_members;

struct ev_members *ev_members_new(const struct ev_dimension *d);
void ev_members_free(struct ev_members **m);

/* The member of that key, made if there is none. */
size_t ev_members_find(struct ev_members *m, const char *key);
/* An attribute's value, as a row's JSON; it stays if its stamp is the latest so far. */
void ev_members_set(struct ev_members *m, size_t member, size_t column, const char *json,
		    size_t len, const struct ev_stamp *stamp);
/* The value of a key column, which is the same in every mention. */
void ev_members_set_key(struct ev_members *m, size_t member, size_t column, const char *json,
			size_t len);
/* An event bore the member with an attribute: it is no longer only inferred. */
void ev_members_describe(struct ev_members *m, size_t member);

/* After the last: sorts by key. Then the i-th of all. */
void ev_members_sort(struct ev_members *m);
size_t ev_members_count(const struct ev_members *m);
const char *ev_members_key(const struct ev_members *m, size_t i);
bool ev_members_inferred(const struct ev_members *m, size_t i);
/* "null" for an attribute that no event bore. */
const char *ev_members_value(const struct ev_members *m, size_t i, size_t column, size_t *len);

#endif

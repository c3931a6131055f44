/*
 * star_members: the members of one type 1 dimension, each attribute with the contribution that won
 * it. Floor 4, a part of the star engine.
 *
 * Members are told apart by the preimages of their keys, so that the keys themselves can be
 * computed later, many at once.
 */
#ifndef EV_STAR_MEMBERS_H
#define EV_STAR_MEMBERS_H

#include "base/arena.h"
#include "base/md5.h"
#include "base/time.h"
#include "warehouse/column.h"

/*
 * When a contribution was made, by which the latest wins: time, then version, then the version's
 * row, whose key may still be to be computed: it then begins with a NUL.
 */
struct ev_stamp {
	struct ev_time time;
	uint32_t version_len;
	const char *version; /* as ev_version_order writes it */
	const char *row;     /* EV_KEY_TEXT octets */
};

/* The value of an attribute, and who set it. */
struct ev_attribute {
	char *p; /* NULL: not set */
	uint32_t len, cap;
	const struct ev_stamp *stamp;
};

struct ev_member {
	char key[EV_KEY_TEXT]; /* begins with a NUL until it has been computed */
	const char *preimage;
	uint32_t preimage_len;
	bool described; /* an event bore it with an attribute: it is not only inferred */
	struct ev_attribute attributes[]; /* one a column of the dimension */
};

struct ev_members;

/* keys computes the members' keys. Both are borrowed. */
struct ev_members *ev_members_new(const struct ev_dimension *d, struct ev_md5 *keys);
void ev_members_free(struct ev_members **m);

/* The hash of a preimage, for ev_members_find. What that will look at is fetched meanwhile. */
uint64_t ev_members_hash(const struct ev_members *m, const char *preimage, size_t len);
/* The member of that key, made if there is none; it stays where it is. */
struct ev_member *ev_members_find(struct ev_members *m, uint64_t hash, const char *preimage,
				  size_t len);
/*
 * An attribute's value, as a row's JSON; it stays if its stamp is the latest so far. True if it
 * does; the stamp must then live as long as the members.
 */
bool ev_members_set(struct ev_members *m, struct ev_member *member, size_t column, const char *json,
		    size_t len, const struct ev_stamp *stamp);
/* The value of a key column, which is the same in every mention. */
void ev_members_set_key(struct ev_members *m, struct ev_member *member, size_t column,
			const char *json, size_t len);

/* After the last, with all keys computed: all members in the order of their keys. */
struct ev_member **ev_members_sort(struct ev_members *m, size_t *n);

#endif

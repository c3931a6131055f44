/*
 * star_members: the members of one type 1 dimension, each attribute with the contribution that won
 * it. Floor 4, a part of the star engine.
 *
 * A member is told apart by its identity: the JSON values of its key columns in their one spelling,
 * with a LF between them, which JSON has nowhere inside. Its key, a digest, is computed later, many
 * at once.
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
	uint32_t identity_len;
	bool described; /* an event bore it with an attribute: it is not only inferred */
	/* One a column of the dimension; behind them stands the identity. */
	struct ev_attribute attributes[];
};

struct ev_members;

/* keys computes the members' keys. Both are borrowed. */
struct ev_members *ev_members_new(const struct ev_dimension *d, struct ev_md5 *keys);
void ev_members_free(struct ev_members **m);

/*
 * The hash of an identity, for ev_members_find. What that will look at is fetched meanwhile: the
 * table, and in ev_members_fetch the member itself.
 */
uint64_t ev_members_hash(const struct ev_members *m, const char *identity, size_t len);
void ev_members_fetch(const struct ev_members *m, uint64_t hash);
/* The member of that identity, or NULL. It stays where it is. */
struct ev_member *ev_members_find(const struct ev_members *m, uint64_t hash, const char *identity,
				  size_t len);
/* Adds a member that there is not yet. preimage: of its key. */
struct ev_member *ev_members_add(struct ev_members *m, uint64_t hash, const char *identity,
				 size_t len, const struct ev_buf *preimage);

/*
 * An attribute's value, as a row's JSON; it stays if its stamp is the latest so far. True if it
 * does; the stamp must then live as long as the members.
 */
bool ev_members_set(struct ev_members *m, struct ev_member *member, size_t column, const char *json,
		    size_t len, const struct ev_stamp *stamp);
/*
 * A key column may be spelled in several ways, 19.1 and 19.10: the greatest spelling stands, in any
 * order. part: which of the key's; added: this mention has made the member.
 */
void ev_members_spell(struct ev_members *m, struct ev_member *member, size_t column, size_t part,
		      const char *json, size_t len, bool added);
/* The spelling of a key's part that its attribute does not tell: the one of the identity. */
const char *ev_members_part(const struct ev_members *m, const struct ev_member *member, size_t part,
			    size_t *len);

/*
 * After the last, with all keys computed: sorts by key. Then the i-th of all; no member is looked
 * for any more.
 */
void ev_members_sort(struct ev_members *m);
size_t ev_members_count(const struct ev_members *m);
const struct ev_member *ev_members_at(const struct ev_members *m, size_t i);

#endif

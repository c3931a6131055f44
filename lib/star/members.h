/*
 * members: the members of one type 1 dimension, each attribute with what won it. Floor 9, a
 * part of the star engine.
 *
 * A member is told apart by its identity: the JSON values of its key columns in their one spelling,
 * with a LF between them, which JSON has nowhere inside. Its key is a digest of that.
 */
#ifndef EV_STAR_MEMBERS_H
#define EV_STAR_MEMBERS_H

#include "base/arena.h"
#include "base/hash.h"
#include "scan/symbol.h"
#include "warehouse/column.h"
#include "json/view.h"

/* When and by what an attribute was set: of two the later wins. */
struct ev_stamp {
	int64_t time;	/* valid_from of the version, as a number in the same order */
	const char *id; /* the event's id */
	uint32_t id_len;
	uint32_t element;
};

/*
 * The value of an attribute and the stamp that set it. EV_ARENA_OVER bytes behind it can be read.
 */
struct ev_attribute {
	char *p;
	uint32_t len, cap;
	const struct ev_stamp *stamp; /* NULL: not set */
};

struct ev_star_member {
	char key[EV_KEY_TEXT];
	uint32_t identity_len;
	bool met;		     /* it is in the list of mentioned members */
	bool described;		     /* an event described it; else inferred by reference */
	struct ev_star_member *next; /* in that list */
	/* The parts of its key as spelled; NULL if that is how the identity spells them. */
	struct ev_attribute *spelled;
	/* One for each column outside the key, in order; the identity follows. */
	struct ev_attribute attributes[];
};

struct ev_members_slot {
	uint64_t hash;
	struct ev_star_member *member; /* NULL: free */
};

struct ev_members {
	size_t n_attributes, n_parts;
	struct ev_members_slot *table; /* open addressing */
	size_t n, size;
	uint64_t seed; /* secret, so that nobody can craft members that lie together */
	struct ev_arena arena;
	struct ev_star_member *first, **last; /* the mentioned members, as they came */
};

struct ev_members *ev_members_new(const struct ev_dimension *d);
void ev_members_free(struct ev_members **m);
/* Removes all members. */
void ev_members_clear(struct ev_members *m);
/* Empties the list of mentioned members. */
void ev_members_forget(struct ev_members *m);
/* Bytes that the members take. */
static inline size_t ev_members_size(const struct ev_members *m)
{
	return m->arena.total - m->arena.left + 2 * m->n * sizeof *m->table;
}

/*
 * The hash of an identity. Prefetches the table's slot; ev_members_fetch then prefetches the
 * member, so that ev_members_find need not wait for memory.
 */
static inline uint64_t ev_members_hash(const struct ev_members *m, const char *identity, size_t len)
{
	uint64_t h = ev_hash64(identity, len, m->seed);

	__builtin_prefetch(&m->table[h & (m->size - 1)]);
	return h;
}

static inline const char *ev_members_identity(const struct ev_members *m,
					      const struct ev_star_member *member)
{
	return (const char *)(member->attributes + m->n_attributes);
}

/* The member with that hash, or NULL. Its identity is not compared, so it may be another's. */
static inline struct ev_star_member *ev_members_fetch(const struct ev_members *m, uint64_t hash)
{
	const struct ev_members_slot *slot = &m->table[hash & (m->size - 1)];

	while (slot->member != NULL && slot->hash != hash)
		if (++slot == m->table + m->size)
			slot = m->table;
	if (slot->member != NULL) {
		__builtin_prefetch(slot->member);
		__builtin_prefetch(ev_members_identity(m, slot->member));
	}
	return slot->member;
}

static inline bool ev_members_is(const struct ev_members *m, const struct ev_star_member *member,
				 const char *identity, size_t len)
{
	return member->identity_len == len &&
	       ev_same(ev_members_identity(m, member), identity, len);
}

/* The member of that identity, or NULL. It stays where it is. */
static inline struct ev_star_member *ev_members_find(const struct ev_members *m, uint64_t hash,
						     const char *identity, size_t len)
{
	const struct ev_members_slot *slot = &m->table[hash & (m->size - 1)];

	while (slot->member != NULL &&
	       (slot->hash != hash || !ev_members_is(m, slot->member, identity, len)))
		if (++slot == m->table + m->size)
			slot = m->table;
	return slot->member;
}

/* Adds a new member. preimage: of its key. */
struct ev_star_member *ev_members_add(struct ev_members *m, uint64_t hash, const char *identity,
				      size_t len, const struct ev_buf *preimage);
/* Adds it to the list of mentioned members; false if it is there already. */
static inline bool ev_members_meet(struct ev_members *m, struct ev_star_member *member)
{
	if (member->met)
		return false;
	member->met = true;
	member->next = NULL;
	*m->last = member;
	m->last = &member->next;
	return true;
}

/*
 * Offers a value (JSON, as in a row) for an attribute; it wins if its stamp is the latest so far.
 * True if it won: the caller then sets the attribute's stamp to a copy that lives as long as the
 * members.
 */
bool ev_members_set(struct ev_members *m, struct ev_attribute *v, const char *json, size_t len,
		    const struct ev_stamp *stamp);
/*
 * Adds a spelling of a part of the key (19.1 and 19.10 are one key): the greatest wins. first: this
 * is the member's first mention.
 */
void ev_members_spell(struct ev_members *m, struct ev_star_member *member, size_t part,
		      const char *json, size_t len, bool first);
/* The slow path of ev_members_part: keys of several parts, or of another spelling. */
const char *ev_members_any_part(const struct ev_members *m, const struct ev_star_member *member,
				size_t part, size_t *len);

/* The spelling of a key's part. EV_ARENA_OVER bytes behind it can be read. */
static inline const char *ev_members_part(const struct ev_members *m,
					  const struct ev_star_member *member, size_t part,
					  size_t *len)
{
	if (m->n_parts > 1 || member->spelled != NULL)
		return ev_members_any_part(m, member, part, len);
	*len = member->identity_len;
	return ev_members_identity(m, member);
}

#endif

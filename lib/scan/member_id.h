/*
 * member id: a path of names from the root of a document, as a small number. Floor 2.
 *
 * A scanner learns the member ids of its documents as they come, up to a bound. They are predicted
 * from a cache, and one comparison with the bytes of the name proves it. All elements of an array
 * have one member id. Member ids that a program asks for are added before the first text and are
 * always known.
 *
 * Memory: 4 KiB, 128 bytes a member id and some 32 in the map; EV_LEARN member ids are learned at
 * most.
 */
#ifndef EV_MEMBER_ID_H
#define EV_MEMBER_ID_H

#include "base/compiler.h"
#include "base/lookup.h"
#include "scan/symbol.h"

enum {
	EV_NO_MEMBER_ID = 0,	/* none is known, nor of anything in the value */
	EV_ROOT = 1,		/* of the whole value */
	EV_MEMBER_ID_NAME = 32, /* bytes that are compared at once, and must be readable */
	EV_MEMBER_IDS_CACHED = 1024,
};

/* The bytes that are compared; where vectors are shorter, in parts. */
typedef uint64_t ev_member_id_bytes EV_VECTOR(EV_MEMBER_ID_NAME) EV_ALIGNED(8);

struct ev_member_id {
	ev_member_id_bytes name; /* `"name":`, as compact JSON has it */
	ev_member_id_bytes keep; /* mask of the bytes that are compared */
	uint64_t seen;	   /* number of the document << 32 | node of the value, the last time */
	uint64_t number;   /* itself | symbol << 36 */
	uint32_t symbol;   /* EV_NO_SYMBOL for elements and the root */
	uint32_t parent;   /* the object's or the array's */
	uint32_t element;  /* that of the elements in it, or EV_NO_MEMBER_ID */
	uint32_t spare[9]; /* to 128 bytes, so that an index is a shift */
};

struct ev_member_ids {
	struct ev_member_id *all; /* by member id; moves only when one is added */
	uint32_t n;
	uint32_t may_learn;
	size_t cap;
	struct ev_lookup members; /* by parent and symbol */
	uint64_t seed;
	uint32_t cached[EV_MEMBER_IDS_CACHED]; /* by a hash of the parent and the name */
};

struct ev_member_ids *ev_member_ids_new(uint32_t learns);
void ev_member_ids_free(struct ev_member_ids **p);
/*
 * The member id of a member of that name in an object at a known member id. symbol: of the name,
 * which is decoded.
 */
uint32_t ev_member_ids_add(struct ev_member_ids *p, uint32_t parent, uint32_t symbol,
			   const char *name, size_t len);
/*
 * The same, learned if there is room; EV_NO_MEMBER_ID if not, or if the parent or the symbol is
 * none.
 */
uint32_t ev_member_ids_member(struct ev_member_ids *p, uint32_t parent, uint32_t symbol,
			      const char *name, size_t len);
/* That of an array's elements, learned if there is room. */
uint32_t ev_member_ids_element(struct ev_member_ids *p, uint32_t parent);

/* Whether the bytes at p are the name of that member id, its quotes and the colon. */
static inline bool ev_member_id_is(const struct ev_member_id *member_id, const char *p)
{
	ev_member_id_bytes at, differ;

	memcpy(&at, p, sizeof at);
	differ = (at ^ member_id->name) & member_id->keep;
	return (differ[0] | differ[1] | differ[2] | differ[3]) == 0;
}

/* The cache entry of a name as it stands in the text; another may have taken it. */
static inline uint32_t *ev_member_ids_cached(struct ev_member_ids *p, uint32_t parent,
					     const char *name, size_t len)
{
	size_t in_word = len < 8 ? len : 8;
	uint64_t head, tail, hash;

	memcpy(&head, name, 8);
	memcpy(&tail, name + len - in_word, 8);
	head = le64toh(head) & ev_symbols_keep[in_word];
	tail = le64toh(tail) & ev_symbols_keep[in_word];
	hash = (head + len + tail * 0xc2b2ae3d27d4eb4fULL + parent) * 0x9e3779b97f4a7c15ULL;
	return &p->cached[(hash >> 32) % EV_MEMBER_IDS_CACHED];
}

#endif

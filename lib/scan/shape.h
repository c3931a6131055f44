/*
 * shape: what documents have in common that differ in the texts of their scalars alone. Floor 2.
 *
 * Most lines of a file differ from an earlier one in the texts of strings and numbers alone: their
 * tokens begin with the same bytes in the same order, and their names are the same. Such a line
 * needs no walk through the grammar. Its names are compared in place, its numbers and words are
 * checked, and its nodes are those of the shape with new positions.
 *
 * A scanner learns a shape when it meets it for the second time; but none with escapes in names,
 * with names that have no member id, with equal names in one object or with white space before a
 * colon. Lines that were made to collide in the hash find their bucket full, and are walked.
 *
 * Memory: 48 KiB, 32 bytes a token, and for each shape 2 a member id that was known by then;
 * EV_SHAPES shapes and EV_SHAPE_TOKENS tokens in all are learned at most.
 */
#ifndef EV_SHAPE_H
#define EV_SHAPE_H

#include "scan/scan.h"

enum { EV_SHAPE_TOKENS = 1 << 18 };

/*
 * A member's name, by offsets in bytes from the first member id, the first token and the first
 * node. Its value is three tokens and one node behind it. string: 1 if the value is one; else 0.
 */
struct ev_shape_member {
	uint32_t member_id, token, node, string;
};

/* An element, or the root. place: twice a node, and 1 more if it is a string. */
struct ev_shape_value {
	uint16_t token, place;
};

struct ev_shape_container {
	uint16_t node, close; /* close: the token that closes it */
};

/* All of it is one allocation. */
struct ev_shape {
	uint32_t number;
	uint32_t n_tokens, n_nodes, n_members, n_values, n_containers, n_scalars, n_escaped;
	uint32_t n_member_ids;
	uint8_t *bytes;	       /* the first of each token, normalized */
	struct ev_node *nodes; /* with the positions of the document at hand */
	struct ev_shape_member *members;
	struct ev_shape_value *values;
	struct ev_shape_container *containers;
	uint16_t *scalars; /* nodes of numbers, true, false and null */
	uint16_t *escaped; /* nodes of the document at hand that have escapes */
	uint16_t *where;   /* by member id, up to n_member_ids: the last value's node, or 0 */
};

struct ev_shapes;

struct ev_shapes *ev_shapes_new(void);
void ev_shapes_free(struct ev_shapes **p);
/*
 * The shape of a line of n tokens; NULL: none is known, scan it in full. Its nodes have their
 * positions and its scalars are checked; no string is marked as escaped, and escapes are unchecked.
 * text: what was indexed, in which the line stands at pos; at, bytes: the line's, of the index.
 */
struct ev_shape *ev_shapes_match(struct ev_shapes *p, const struct ev_member_ids *member_ids,
				 const char *text, uint32_t pos, const uint32_t *at,
				 const uint8_t *bytes, uint32_t n);
/* Marks the string in which a byte stands; returns its node. */
uint32_t ev_shape_escape(struct ev_shape *shape, uint32_t at);
/* The number of one more, which no line has; EV_NO_SHAPE if there are EV_SHAPES. */
uint32_t ev_shapes_add(struct ev_shapes *p);
/*
 * Learns the shape of the line that was not matched just before, when it is due. at: positions of
 * its tokens from its first byte on. No two names in one object are equal.
 */
void ev_shapes_learn(struct ev_shapes *p, const struct ev_member_ids *member_ids, const char *text,
		     const uint32_t *at, uint32_t n, const struct ev_node *nodes, uint32_t n_nodes);

#endif

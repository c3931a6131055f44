/*
 * scan: one JSON text, checked whole, into a flat table of nodes. Floor 2.
 *
 * The room lib/scan turns lines into documents, and is where speed is made.
 *
 * RFC 8259 and nothing more lenient; beyond its grammar these are flaws: invalid UTF-8 (RFC 3629),
 * an escaped lone surrogate, nesting deeper than EV_MAX_DEPTH. Equal names in one object are
 * grammatical; the scanner reports the first and leaves the verdict to its caller. Numbers are
 * never converted: any size and precision is right.
 *
 * Two stages (G. Langdale, D. Lemire, "Parsing gigabytes of JSON per second", VLDB Journal 28,
 * 2019). The index finds, 64 bytes at a time, every place where a token begins or a string ends.
 * The walk goes from token to token through the grammar and writes one node a value. A text of a
 * known shape (shape.h) needs no walk.
 *
 * Memory: at most 40 bytes for each byte of the longest text seen, the symbols, the member ids and
 * the shapes.
 */
#ifndef EV_SCAN_H
#define EV_SCAN_H

#include "base/arena.h"
#include "scan/index.h"
#include "scan/member_id.h"

enum {
	EV_MAX_DEPTH = 512,
	EV_SCAN_SLACK = EV_INDEX_SLACK,
	EV_SCAN_MAX = 1 << 29, /* bytes of the longest text; no more elements than `count` holds */
};

enum ev_kind { EV_NULL, EV_FALSE, EV_TRUE, EV_NUMBER, EV_STRING, EV_ARRAY, EV_OBJECT };

/*
 * A value. Nodes stand in the order of the text: behind an array its elements, behind an object its
 * members as name, value, name, value; `next` leads over all that is inside. A name, which has no
 * count and behind which its value stands, has its symbol and its member id.
 */
struct ev_node {
	uint32_t pos, end; /* bytes [pos, end) of the text; strings with their quotes */
	union {
		uint32_t next;	    /* index of the node behind this value */
		uint32_t member_id; /* a name's, or EV_NO_MEMBER_ID */
	};
	union {
		struct {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
			uint32_t kind : 3;    /* enum ev_kind */
			uint32_t escaped : 1; /* a string with at least one escape */
			uint32_t count : 28;  /* elements, members, or a name's symbol */
#else
			uint32_t count : 28, escaped : 1, kind : 3;
#endif
		};
		uint32_t word; /* count << 4 | escaped << 3 | kind */
	};
};

enum { EV_NOWHERE = UINT32_MAX, EV_NO_SHAPE = 0, EV_SHAPES = 1024 };
#define EV_COUNT_MAX ((1U << 28) - 1)

/*
 * A value that was computed from a document: its node stands behind the document's own. number:
 * of the expression, from 1; from: the value that it was computed for, 0 for the whole document;
 * node: EV_NOWHERE where there is none. why: NULL, or why it could not be computed.
 */
struct ev_computed {
	uint32_t number, from, node;
	const char *why;
};

/*
 * shape: EV_NO_SHAPE, or a number up to EV_SHAPES. Documents of one scanner that have the same
 * have the same nodes, but for `pos`, `end` and `escaped`; no name in them has an escape, and no
 * object equal names. What follows from these nodes alone need not be found out twice.
 */
struct ev_doc {
	const char *text;
	uint32_t len;
	const struct ev_node *nodes; /* nodes[0] is the whole value */
	uint32_t n;
	uint32_t shape;
	bool unescaped;	    /* no string in it has an escape */
	bool nul;	    /* some string in it has U+0000 */
	uint32_t duplicate; /* where the first name is that its object has already, or EV_NOWHERE */
	struct ev_symbols *symbols; /* the scanner's, as the member ids */
	struct ev_member_ids *member_ids;
	struct ev_arena *plans; /* the scanner's, for what is compiled by shape (json/plan.h) */
	/*
	 * For ev_member_by_id: by member id, up to n_where, a node or 0; NULL: see `seen` of the
	 * member ids.
	 */
	const uint16_t *where;
	uint32_t n_where;
	/* Of a document with computed values (json/computed.h), by number and `from`. */
	const struct ev_computed *computed;
	uint32_t n_computed;
	uint64_t seen; /* behind which the member ids' numbers are this document's */
};

enum ev_flaw_code {
	EV_FLAW_SYNTAX,
	EV_FLAW_UTF8,
	EV_FLAW_SURROGATE,
	EV_FLAW_CONTROL,
	EV_FLAW_DEPTH,
	EV_FLAW_LENGTH,
};

struct ev_flaw {
	enum ev_flaw_code code;
	uint32_t at;	  /* byte, from 0 */
	const char *what; /* static text: what was found or missing */
};

struct ev_scan;

struct ev_scan *ev_scan_new(void);
/* The names and the ids of members in its documents; they live as long as the scanner. */
struct ev_symbols *ev_scan_symbols(struct ev_scan *s);
struct ev_member_ids *ev_scan_member_ids(struct ev_scan *s);
/*
 * The document is the scanner's, and valid until its next text; it points into p, or into a copy
 * where other bytes than white space or a NUL follow p. NULL, with the flaw, if the text is not
 * right.
 */
const struct ev_doc *ev_scan(struct ev_scan *s, const char *p, size_t len, struct ev_flaw *flaw);
/*
 * The same of a line that is indexed already. len: how much of it counts; the rest is white space.
 */
const struct ev_doc *ev_scan_line(struct ev_scan *s, const struct ev_index *ix, size_t line,
				  size_t len, struct ev_flaw *flaw);
/*
 * A shape for documents that have a shape already, of those that some more is known of
 * (json/computed.h); EV_NO_SHAPE if there are no more. After the first document.
 */
uint32_t ev_scan_add_shape(struct ev_scan *s);
void ev_scan_free(struct ev_scan **s);

#endif

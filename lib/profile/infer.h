/*
 * infer: what events mean, from what was seen of them. Floor 10, for the files of profile alone.
 *
 * These functions read trees and keys, and make a proposal: what stands in the model, and why. A
 * column is proposed only where every value fits it, and where no path to it leads through a value
 * of another kind.
 */
#ifndef EV_PROFILE_INFER_H
#define EV_PROFILE_INFER_H

#include "profile/keys.h"
#include "profile/tree.h"
#include "profile/words.h"

/* An expression of jq, and the reason for it. */
struct ev_said {
	char *jq, *why;
};

struct ev_proposal_type {
	char *name; /* NULL: the events have no type, and this is the only one */
	struct ev_tree_node *tree;
	uint64_t events;
};

struct ev_proposal_column {
	const char *name; /* of the table's names */
	char *from, *type;
	char *dimension;		 /* the name of one, or NULL */
	const struct ev_tree_node *node; /* or NULL */
};

struct ev_proposal_table {
	char *name;
	char *why;
	char *each; /* of the elements of a list, or NULL */
	char *key;  /* of a dimension: the `from` of one of its columns */
	bool history;
	const struct ev_proposal_type *of; /* the only type that it takes, or NULL */
	struct ev_proposal_column *columns;
	size_t n, cap;
	struct ev_taken names;
};

struct ev_proposal_measure {
	char *name, *fact, *column, *currency; /* currency: or NULL */
};

struct ev_proposal {
	const char *name; /* borrowed */
	uint64_t events;
	uint64_t equal; /* of them, those that are equal to one before; 0 if that is not known */
	struct ev_proposal_type *types;
	size_t n_types;
	struct ev_tree_node
		*all; /* of all types together; that of the type, if there is one alone */
	/* the envelope; a jq that is NULL is left out */
	struct ev_said id[EV_KEYS_PARTS + 1];
	size_t n_id;
	struct ev_said type, time, version, modified, op, order;
	struct ev_said ignore[EV_KEYS_IGNORE];
	size_t n_ignore;
	bool zone;			      /* times without one are read as UTC */
	const char *time_name;		      /* what its column is called; NULL: it has none */
	const struct ev_tree_node *time_node; /* of the one member that it is, or NULL */
	struct ev_times times;		      /* that were seen; no calendar if there are none */
	struct ev_proposal_table *facts, *dimensions;
	size_t n_facts, n_dimensions;
	struct ev_proposal_measure *measures;
	size_t n_measures;
	struct ev_taken tables; /* their names */
	char **notes;
	size_t n_notes;
};

/*
 * types: at least one, taken over. type: the column of keys that tells them apart, or
 * EV_KEYS_COLUMNS.
 */
struct ev_proposal *ev_infer(struct ev_keys *keys, struct ev_proposal_type *types, size_t n,
			     size_t type, struct ev_tree_room *room);
void ev_proposal_free(struct ev_proposal **p, struct ev_tree_room *room);

/* The type of events that name none, where nearly all do. */
#define EV_INFER_NO_TYPE "unknown"
/* Whether so many of all are fewer than nearly all. */
static inline bool ev_infer_is_seldom(uint64_t n, uint64_t all)
{
	return n < all - all / 20;
}

/* The node of a path such as .a."b c" in a tree, or NULL. */
const struct ev_tree_node *ev_infer_node(const struct ev_tree_node *root,
					 const struct ev_path *path);

/* Whether a text says what a change event did to its row: "c", "UPDATE", "delete". */
bool ev_infer_is_op(const char *text);
/* An object whose names are data, or which is not always an object: no path goes into it. */
bool ev_infer_is_open(const struct ev_tree_node *n);
/* A copy of formatted text, for what the proposal owns. */
char *ev_infer_text(const char *fmt, ...) EV_PRINTF(1, 2);

/* The bytes of a buffer as a text, and the buffer is empty. */
char *ev_infer_take(struct ev_buf *b);
/* Appends a number as people read it: 4,675. */
void ev_infer_put_count(uint64_t v, struct ev_buf *out);
/* "1 event", "4,675 events" */
void ev_infer_put_things(uint64_t v, const char *thing, struct ev_buf *out);

/* time.c: how times are read. */
/*
 * Whether all values that are not null or "" are times. Appends what jq makes date-times of them;
 * nothing if they are.
 */
bool ev_infer_time(const struct ev_tree_node *n, const char *words, struct ev_buf *jq);
/* Widens a range by the times that were seen. */
void ev_infer_range(const struct ev_tree_node *n, struct ev_times *range);

/* envelope.c */
void ev_infer_envelope(struct ev_proposal *p, struct ev_keys *keys, size_t type);
/* column.c: the column for values. */
enum { EV_INFER_TYPE = 32 };
struct ev_infer_column {
	char type[EV_INFER_TYPE];
	/* Behind the path, or "": which values are left out, and what is made of the others. */
	const char *filter;
	char jq[EV_READING_JQ];
	bool naive; /* it needs event.zone */
};
/* Whether the values stand in it as they are. */
static inline bool ev_infer_is_plain(const struct ev_infer_column *c)
{
	return c->filter[0] == '\0' && c->jq[0] == '\0';
}
/* The filter where values may be absent, or empty texts, which mean the same. */
const char *ev_infer_filter(const struct ev_tree_node *n, bool optional);
/* optional: null, or absent, in some. False: no column takes them all. */
bool ev_infer_column(const struct ev_tree_node *n, bool optional, struct ev_infer_column *c);
/* Whether the values name things: ids, numbers of orders, SKUs. */
bool ev_infer_is_id(const char *words);

/* star.c */
void ev_infer_star(struct ev_proposal *p);

#endif

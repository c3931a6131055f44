/*
 * plan: what a model's star asks of an event, worked out once. Floor 9, a part of the star
 * engine.
 *
 * Tables share what they ask for. A cell is a value in a column's type; a reference is the member
 * of a dimension that some cells name. Both belong to a group: that of the event itself, or that of
 * the elements of one `each`, where they have a value for each element. A row is a run of pieces:
 * bytes that are always the same, and something of the event behind each.
 */
#ifndef EV_STAR_PLAN_H
#define EV_STAR_PLAN_H

#include "base/arena.h"
#include "model/model.h"
#include "json/pick.h"

/* A cell or a reference: whose group it is in, and its index there. */
struct ev_star_place {
	bool own; /* of the table's own group; else of the event's */
	uint32_t at;
};

struct ev_star_reference {
	size_t dimension;
	struct ev_star_place *cells; /* the parts of the key; of a calendar, the time or the day */
	const struct ev_column **columns; /* of the parts in the dimension; not of a calendar's */
	size_t n;
	bool alone; /* a single part, spelled as its value is unless that has escapes */
};

struct ev_star_group {
	const struct ev_path *each;	/* NULL: the event */
	const struct ev_column **cells; /* the first column of a table that asks for it */
	size_t n_cells;
	struct ev_symbols *keys; /* of the cells, by number from 1 */
	struct ev_star_reference *references;
	size_t n_references;
};

/*
 * The most bytes of a version's validity (two times as JSON, two flags, and their names), and of a
 * short cell.
 */
enum { EV_STAR_VALIDITY_TEXT = 128, EV_STAR_SHORT = 64 };

enum ev_star_what {
	EV_STAR_VERSION,  /* the number of the version */
	EV_STAR_INDEX,	  /* the row's place among those of the event */
	EV_STAR_VALIDITY, /* of a version */
	EV_STAR_INFERRED, /* whether a member is */
	EV_STAR_CELL,
	EV_STAR_KEY,   /* of a reference's member */
	EV_STAR_OWNER, /* the event; or the member */
	EV_STAR_END,
};

struct ev_star_piece {
	const char *text; /* EV_COPY_OVER bytes behind it can be read */
	uint32_t len;
	enum ev_star_what what;	   /* behind the text */
	struct ev_star_place cell; /* or, of a key, what the reference is null with */
	struct ev_star_place reference;
};

struct ev_star_row {
	struct ev_star_piece *pieces; /* up to EV_STAR_END */
	size_t n;
	size_t room; /* bytes of a row whose cells are short, at most */
};

struct ev_star_fact {
	const struct ev_fact *fact;
	size_t group;
	struct ev_star_row row;
};

/* How a dimension takes an event. */
struct ev_star_dimension {
	const struct ev_dimension *dimension;
	size_t group;
	struct ev_star_place reference; /* to the member itself */
	struct ev_star_place *cells;	/* of the columns that are no part of the key */
	size_t n_attributes;
	struct ev_star_row row; /* of a member; own: a part of its key, by its number */
};

/* What one kind of event asks of a group: some of its cells and references. */
struct ev_star_asked {
	struct ev_star_want {
		const struct ev_column *column;
		uint32_t cell;
		uint32_t slot; /* where it is found; EV_NO_SLOT: $index. The engine's to set */
	} * cells;
	uint32_t *references;
	size_t n_cells, n_references;
};

/* A type of event: the tables that take it, and what these ask for. */
struct ev_star_kind {
	const char *type; /* NULL: every other */
	size_t len;
	size_t *facts, *dimensions;
	size_t n_facts, n_dimensions;
	bool *any;		      /* whether some table is of the group */
	struct ev_star_asked *groups; /* what its tables ask of it, one a group */
	struct ev_star_asked *event;  /* and of the event besides, where there is an element */
	/* What the paths to all these lead through; set by the engine. */
	struct ev_containers containers; /* from the event */
	struct ev_containers *elements;	 /* and from an element, one a group */
};

struct ev_star_plan {
	const struct ev_model *m;
	struct ev_star_group *groups; /* the event's first */
	size_t n_groups;
	struct ev_star_fact *facts;	      /* as in the model */
	struct ev_star_dimension *dimensions; /* as in the model; calendars are not set */
	struct ev_star_kind *kinds;	      /* the last is that of every other type */
	size_t n_kinds;
	struct ev_arena arena;
};

/* The model is borrowed. */
struct ev_star_plan *ev_star_plan_new(const struct ev_model *m);
void ev_star_plan_free(struct ev_star_plan **p);

const struct ev_star_kind *ev_star_kind_of(const struct ev_star_plan *p, const char *type,
					   size_t len);

#endif

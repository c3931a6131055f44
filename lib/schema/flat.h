/*
 * flat: all schemas for an object as one flat program over the scanned record. Floor 7, for the
 * files of schema alone.
 *
 * Of each member the symbol of its name gives a cell, and of the cell the kind of the value gives
 * the check. That decides most scalars at once, and objects and arrays go on with programs of
 * their own. What a cell cannot decide is evaluated in full, by the tree of schemas.
 */
#ifndef EV_SCHEMA_FLAT_H
#define EV_SCHEMA_FLAT_H

#include "schema/internal.h"
#include "json/plan.h"

#include <stdalign.h>

/* How a value is checked. */
enum ev_schema_check {
	SCHEMA_CHECK_FULL, /* hold it against the cell's schemas */
	SCHEMA_CHECK_PASS, /* it fits */
	SCHEMA_CHECK_LENGTH,
	SCHEMA_CHECK_LAYOUT,
	SCHEMA_CHECK_UUID,
	SCHEMA_CHECK_FORMAT,
	SCHEMA_CHECK_WORD,
	SCHEMA_CHECK_NOT_NEGATIVE,
	SCHEMA_CHECK_DECIMAL,
	SCHEMA_CHECK_WHOLE,
	SCHEMA_CHECK_OBJECT,
	SCHEMA_CHECK_ARRAY,
	SCHEMA_CHECK_REST, /* in plans: hold it against the schemas that could not be merged */
	SCHEMA_CHECK_KINDS,
};

/* The checks of a member's value, or of each element, by all its schemas. One cache line. */
struct ev_schema_cell {
	alignas(64) uint32_t symbol; /* EV_NO_SYMBOL: of any other member, or of elements */
	uint32_t least, gap;	     /* a string has least to least + gap bytes */
	uint8_t checks[16];	     /* by kind; from 8 on, of strings with escapes */
	uint64_t bit;		     /* among those required, or 0 */
	union {
		const struct ev_schema_layout *layout;
		const struct ev_schema_words *words;
		const struct ev_schema_format *format;
	};
	const struct ev_schema_cold *cold;
};

/* The rarely used part of a cell. */
struct ev_schema_cold {
	int64_t low, high; /* of a number */
	const struct ev_schema_program *object, *array;
	const struct ev_schema **schemas;
	uint32_t n;
};

/* dependentRequired: if the trigger is present, all of `needed` must be. */
struct ev_schema_rule {
	uint64_t trigger, needed; /* bits */
};

/* The checks of an object's members, or of an array's elements. */
struct ev_schema_program {
	struct ev_schema_cell *cells; /* open addressing by symbol; of an array one */
	uint32_t mask;
	uint32_t n_rest;
	uint64_t needed;
	uint64_t least, gap;	       /* there are least to least + gap members or elements */
	const struct ev_schema **rest; /* applied as they are */
	struct ev_schema_rule *rules;
	uint32_t n_rules;
};

/*
 * A step of a plan: a check that the shape leaves open. Members, kinds and counts are the same in
 * all documents of one shape.
 */
struct ev_schema_step {
	uint32_t node;
	union {
		const struct ev_schema_cell *cell;
		const struct ev_schema_program *program; /* of SCHEMA_CHECK_REST */
	};
};

struct ev_schema_plan {
	bool never;			/* no document of this shape fits */
	uint32_t without;		/* as given to ev_schema_valid */
	uint32_t applied;		/* objects and arrays, each charged as one applied schema */
	uint32_t n[SCHEMA_CHECK_KINDS]; /* steps of each kind, which stand together in this order */
	struct ev_schema_step steps[];
};

struct ev_schema_flat {
	bool made; /* the next is known */
	const struct ev_schema_program *object;
	struct ev_plans plans;	       /* struct ev_schema_plan, for whole documents */
	uint32_t without;	       /* as given to ev_schema_valid, for a new plan */
	struct ev_schema_known *known; /* programs for several schemas of which this is the first */
};

/* The cell of a name, or the one for all other names. */
static inline const struct ev_schema_cell *ev_schema_cell_at(const struct ev_schema_program *o,
							     uint32_t symbol)
{
	uint32_t k = symbol & o->mask;

	while (o->cells[k].symbol != symbol && o->cells[k].symbol != EV_NO_SYMBOL)
		k = (k + 1) & o->mask;
	return &o->cells[k];
}

/* True if dependentRequired holds; bits: of the members present. */
static inline bool ev_schema_rules_fit(const struct ev_schema_program *o, uint64_t bits)
{
	for (uint32_t k = 0; k < o->n_rules; k++)
		if ((bits & o->rules[k].trigger) != 0 &&
		    (bits & o->rules[k].needed) != o->rules[k].needed)
			return false;
	return true;
}

/* Finds out what flat->object of a schema is; its set has symbols and no dynamic anchors. */
void ev_schema_flatten(const struct ev_schema *s);

/* The program of a schema, made on first use; NULL if the schema cannot be put so. */
static inline const struct ev_schema_program *ev_schema_flat_object(const struct ev_schema *s)
{
	if (!s->flat->made)
		ev_schema_flatten(s);
	return s->flat->object;
}

/* run.c */

/* An object of a document with the set's symbols. */
bool ev_schema_flat_fits(struct ev_schema_judge *j, const struct ev_schema_program *o, uint32_t i);
bool ev_schema_plan_fits(struct ev_schema_judge *j, const struct ev_schema_plan *plan);

/* plan.c */

extern const struct ev_plan_kind ev_schema_plan_kind; /* its client is a schema */

/* The plan for the document's shape, or NULL. */
static inline const struct ev_schema_plan *
ev_schema_plan_of(const struct ev_schema *s, const struct ev_doc *d, uint32_t without)
{
	const struct ev_schema_plan *plan;

	s->flat->without = without;
	plan = ev_plan_of(&s->flat->plans, d);
	return plan != NULL && plan->without == without ? plan : NULL;
}

#endif

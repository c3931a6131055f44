/*
 * internal: what the files of contract share. Floor 8.
 *
 * contracts.c compiles the contract of each type of event; judge.c checks events.
 */
#ifndef EV_CONTRACT_INTERNAL_H
#define EV_CONTRACT_INTERNAL_H

#include "contract/contracts.h"
#include "expr/expr.h"
#include "schema/schema.h"
#include "warehouse/column.h"
#include "json/pick.h"
#include "json/plan.h"

/* Columns, each with the slot of its value; containers: what their paths lead through. */
struct ev_contract_columns {
	struct ev_contract_column {
		const struct ev_column *column;
		uint32_t slot;
	} * list;
	size_t n;
	struct ev_containers containers;
};

/* Columns of the elements of a list. */
struct ev_contract_elements {
	struct ev_each *each;
	struct ev_contract_columns columns;
};

/* The contract of a type. */
struct ev_contract_type {
	const char *type;
	size_t len;
	const struct ev_schema *put, *patch;
	struct ev_contract_columns columns;    /* at the event */
	struct ev_contract_elements *elements; /* what tables ask of the elements of lists */
	size_t n_elements;
	size_t *rules;
	size_t n_rules;
	struct ev_plans plans;	       /* of its columns */
	const struct ev_event *event;  /* that a plan is made of */
	struct ev_presence_paths asks; /* what the model asks of such an event */
	bool came;		       /* one of them passed */
};

struct ev_contracts {
	const struct ev_model *m;
	struct ev_events *events;
	struct ev_schema_set *schemas;
	struct ev_contract_type *contracts;
	size_t n_contracts, cap_contracts;
	struct ev_contract_type unknown; /* of types that the model does not name */
	struct ev_expr **exprs;		 /* one a rule */
	struct ev_symbols *types;	 /* contracts[number - 1] */
	struct ev_buf scratch;
	struct ev_symbols *checked; /* columns, by all that makes them the same; at first */
	struct ev_presence *presence;
	struct ev_presence_paths envelope; /* what the envelope asks of every event */
	bool passed;			   /* some event did */
	ev_contracts_warned *warned;	   /* or NULL */
	void *ctx;
	const struct ev_event *event; /* that is being judged */
	struct ev_reasons *why;
};

extern const struct ev_plan_kind ev_contract_columns_kind; /* of plans; client: a type */

#endif

/*
 * internal: what the files of contract share. Floor 8.
 *
 * contracts.c works out what each type of event is held against; judge.c holds events against it.
 */
#ifndef EV_CONTRACT_INTERNAL_H
#define EV_CONTRACT_INTERNAL_H

#include "contract/contracts.h"
#include "expr/expr.h"
#include "schema/schema.h"
#include "warehouse/column.h"
#include "json/pick.h"

/* Values that go into rows, each in the type of its column. */
struct ev_contract_columns {
	struct ev_column_at *list;
	size_t n;
	struct ev_containers ways; /* to them */
};

/* Columns of the elements of a list. */
struct ev_contract_elements {
	struct ev_each *each;
	struct ev_contract_columns columns;
};

/* A value that goes into a row. */
struct ev_contract_cell {
	const struct ev_column_at *column;
	uint32_t node;
	enum ev_contract_usual {
		USUAL_NONE,
		USUAL_TEXT,   /* no longer than the column has it */
		USUAL_NUMBER, /* digits, with a point at most */
		USUAL_JSON,
	} usual;		     /* the fast path for a value of its kind */
	uint32_t numbers, n_numbers; /* of JSON: its numbers, as a part of the plan's */
};

/* The values of an event of one contract and shape. */
struct ev_contract_plan {
	bool closed; /* some path leads through a value that has no members */
	uint32_t *numbers;
	uint32_t n_numbers;
	size_t n;
	struct ev_contract_cell cells[]; /* values that are there, in the order of the columns */
};

/* What an event type is held against. */
struct ev_contract_type {
	const char *type;
	size_t len;
	const struct ev_schema *put, *patch;
	struct ev_contract_columns columns;    /* at the event */
	struct ev_contract_elements *elements; /* what tables ask of the elements of lists */
	size_t n_elements;
	size_t *rules;
	size_t n_rules;
	struct ev_contract_plan **plans; /* by shape; NULL until there is one */
	struct ev_presence_paths asks;	 /* what the model asks of such an event */
	bool came;			 /* one of them passed */
};

enum { RECENT_BITS = 6, RECENT = 1 << RECENT_BITS };

struct ev_contracts {
	const struct ev_model *m;
	struct ev_events *events;
	struct ev_schema_set *schemas;
	struct ev_contract_type *contracts;
	size_t n_contracts, cap_contracts;
	/* what a type that the model does not name is held against */
	struct ev_contract_type unknown;
	struct ev_expr **exprs;			 /* one a rule */
	struct ev_symbols *types;		 /* contracts[number - 1] */
	struct ev_contract_type *recent[RECENT]; /* by a hash of the type; or NULL */
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

#endif

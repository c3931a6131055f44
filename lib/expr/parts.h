/*
 * parts: makes the parts of a native program, which parse.c puts together. Floor 4.
 *
 * Each function returns NULL if a part that it is given is NULL, or if the new one would be nested
 * deeper than EV_EXPR_DEPTH; `too_deep` tells the second.
 */
#ifndef EV_EXPR_PARTS_H
#define EV_EXPR_PARTS_H

#include "expr/internal.h"

struct ev_parts {
	struct ev_arena *arena; /* the parts live in it */
	bool too_deep;
};

/* As it is given, but for its depth; its a, b and c may be NULL. */
const struct ev_expr_part *ev_part_make(struct ev_parts *parts, struct ev_expr_part n);

const struct ev_expr_part *ev_part_constant(struct ev_parts *parts, struct ev_expr_value v);
const struct ev_expr_part *ev_part_input(struct ev_parts *parts);
/* b may be NULL. */
const struct ev_expr_part *ev_part_with(struct ev_parts *parts, enum ev_expr_op op, bool single,
					const struct ev_expr_part *a, const struct ev_expr_part *b);
/* The same, with one output if its operands have one. */
const struct ev_expr_part *ev_part_both(struct ev_parts *parts, enum ev_expr_op op,
					const struct ev_expr_part *a, const struct ev_expr_part *b);
/* a sign b, neither of them NULL. */
const struct ev_expr_part *ev_part_arith(struct ev_parts *parts, char sign,
					 const struct ev_expr_part *a,
					 const struct ev_expr_part *b);
/* a | b */
const struct ev_expr_part *ev_part_pipe(struct ev_parts *parts, const struct ev_expr_part *a,
					const struct ev_expr_part *b);
/* A path with one step more; from is not NULL. */
const struct ev_expr_part *ev_part_step(struct ev_parts *parts, const struct ev_expr_part *from,
					struct ev_expr_path_step s);

/* Functions of jq that evkit evaluates (native.c) */

enum { EV_NATIVE_ARITY = 2 }; /* arguments at most */

/* The function of that name with so many arguments, or NULL. */
const struct ev_native *ev_native_find(const struct ev_expr_token *name, unsigned arity);
/* A call of it; arg: as many arguments, and NULL behind them. NULL also for what is libjq's. */
const struct ev_expr_part *ev_native_call(const struct ev_native *f, struct ev_parts *parts,
					  const struct ev_expr_part *arg[EV_NATIVE_ARITY]);

#endif

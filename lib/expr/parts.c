#include "expr/parts.h"

#include <string.h>

const struct ev_expr_part *ev_part_make(struct ev_parts *parts, struct ev_expr_part n)
{
	const struct ev_expr_part *of[] = {n.a, n.b, n.c};
	struct ev_expr_part *kept;

	for (size_t i = 0; i < 3; i++)
		if (of[i] != NULL && of[i]->depth >= n.depth)
			n.depth = of[i]->depth + 1;
	if (n.depth > EV_EXPR_DEPTH) {
		parts->too_deep = true;
		return NULL;
	}
	kept = ev_arena_alloc(parts->arena, sizeof *kept);
	*kept = n;
	return kept;
}

const struct ev_expr_part *ev_part_constant(struct ev_parts *parts, struct ev_expr_value v)
{
	return ev_part_make(parts,
			    (struct ev_expr_part){.op = EV_CONST, .single = true, .value = v});
}

const struct ev_expr_part *ev_part_input(struct ev_parts *parts)
{
	return ev_part_make(parts, (struct ev_expr_part){.op = EV_INPUT, .single = true});
}

const struct ev_expr_part *ev_part_both(struct ev_parts *parts, enum ev_expr_op op,
					const struct ev_expr_part *a, const struct ev_expr_part *b)
{
	if (a == NULL)
		return NULL;
	return ev_part_make(
		parts,
		(struct ev_expr_part){
			.op = op, .single = a->single && (b == NULL || b->single), .a = a, .b = b});
}

const struct ev_expr_part *ev_part_arith(struct ev_parts *parts, char sign,
					 const struct ev_expr_part *a, const struct ev_expr_part *b)
{
	return ev_part_make(parts, (struct ev_expr_part){.op = EV_ARITH,
							 .single = a->single && b->single,
							 .sign = sign,
							 .a = a,
							 .b = b});
}

const struct ev_expr_part *ev_part_with(struct ev_parts *parts, enum ev_expr_op op, bool single,
					const struct ev_expr_part *a, const struct ev_expr_part *b)
{
	if (a == NULL)
		return NULL;
	return ev_part_make(parts,
			    (struct ev_expr_part){.op = op, .single = single, .a = a, .b = b});
}

/* [a] | add needs no array. */
const struct ev_expr_part *ev_part_pipe(struct ev_parts *parts, const struct ev_expr_part *a,
					const struct ev_expr_part *b)
{
	const struct ev_expr_part *sum = NULL, *rest = NULL;

	if (a == NULL || b == NULL)
		return NULL;
	if (b->op == EV_INPUT)
		return a;
	if (a->op == EV_INPUT)
		return b;
	if (b->op == EV_SUM && b->a->op == EV_EACH && !b->a->optional && b->a->a->op == EV_INPUT)
		sum = b;
	else if (b->op == EV_PIPE && b->a->op == EV_SUM && b->a->a->op == EV_EACH &&
		 !b->a->a->optional && b->a->a->a->op == EV_INPUT) {
		sum = b->a;
		rest = b->b;
	}
	if (sum != NULL && a->op == EV_COLLECT && a->a != NULL) {
		a = ev_part_with(parts, EV_SUM, true, a->a, NULL);
		return rest != NULL && a != NULL ? ev_part_both(parts, EV_PIPE, a, rest) : a;
	}
	if (sum != NULL && a->op == EV_PIPE && a->b->op == EV_COLLECT)
		return ev_part_pipe(parts, a->a, ev_part_pipe(parts, a->b, b));
	return ev_part_both(parts, EV_PIPE, a, b);
}

const struct ev_expr_part *ev_part_step(struct ev_parts *parts, const struct ev_expr_part *from,
					struct ev_expr_path_step s)
{
	const struct ev_expr_part *base = from;
	struct ev_expr_part n = {
		.op = EV_PATH, .single = from->single && !s.optional, .n_steps = 1};

	if (from->op == EV_PATH) {
		base = from->a;
		n.n_steps += from->n_steps;
	}
	n.a = base;
	n.steps = from->steps; /* with room up to the next power of two; nobody else reads it */
	if ((n.n_steps & (n.n_steps - 1)) == 0) {
		n.steps = ev_arena_alloc(parts->arena, 2 * sizeof *n.steps * n.n_steps);
		if (n.n_steps > 1)
			memcpy(n.steps, from->steps, from->n_steps * sizeof *n.steps);
	}
	n.steps[n.n_steps - 1] = s;
	return ev_part_make(parts, n);
}

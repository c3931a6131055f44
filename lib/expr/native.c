#include "expr/parts.h"

/*
 * The functions of jq that evkit evaluates: most are one part, some are made of others, as jq
 * defines them.
 */

enum form {
	CONSTANT,
	CALL,	 /* EV_CALL */
	BY,	 /* EV_BY with the argument, or the input itself */
	KINDS,	 /* EV_KINDS */
	ONE_OF,	 /* a part of that op, whose argument is its first; with one output */
	MANY_OF, /* the same with any number */
	GENERAL, /* made by a function of its own */
};

/* .[] */
static const struct ev_expr_part *each(struct ev_parts *parts)
{
	return ev_part_with(parts, EV_EACH, false, ev_part_input(parts), NULL);
}

static const struct ev_expr_part *make_add(struct ev_parts *parts, const struct ev_expr_part **arg)
{
	(void)arg;
	return ev_part_with(parts, EV_SUM, true, each(parts), NULL);
}

static const struct ev_expr_part *make_map(struct ev_parts *parts, const struct ev_expr_part **arg)
{
	return ev_part_with(parts, EV_COLLECT, true, ev_part_pipe(parts, each(parts), arg[0]),
			    NULL);
}

static const struct ev_expr_part *make_error(struct ev_parts *parts,
					     const struct ev_expr_part **arg)
{
	if (arg[0]->op != EV_CONST || arg[0]->value.kind != EV_STRING)
		return NULL;
	return ev_part_make(parts, (struct ev_expr_part){
					   .op = EV_ERROR, .single = true, .value = arg[0]->value});
}

/* all and any, of what and where: all(f) is all(.[]; f), and all is all(.[]; .). */
static const struct ev_expr_part *quantified(struct ev_parts *parts, enum ev_expr_op op,
					     const struct ev_expr_part *of,
					     const struct ev_expr_part *holds)
{
	if (of == NULL)
		of = each(parts);
	if (holds == NULL)
		holds = ev_part_input(parts);
	return ev_part_with(parts, op, true, of, holds);
}

static const struct ev_expr_part *make_all(struct ev_parts *parts, const struct ev_expr_part **arg)
{
	bool both = arg[1] != NULL;

	return quantified(parts, EV_ALL_OF, both ? arg[0] : NULL, arg[both]);
}

static const struct ev_expr_part *make_any(struct ev_parts *parts, const struct ev_expr_part **arg)
{
	bool both = arg[1] != NULL;

	return quantified(parts, EV_ANY_OF, both ? arg[0] : NULL, arg[both]);
}

static const struct ev_expr_part *make_first(struct ev_parts *parts,
					     const struct ev_expr_part **arg)
{
	(void)arg;
	return ev_part_step(parts, ev_part_input(parts), (struct ev_expr_path_step){.index = 0});
}

static const struct ev_expr_part *make_last(struct ev_parts *parts, const struct ev_expr_part **arg)
{
	(void)arg;
	return ev_part_step(parts, ev_part_input(parts), (struct ev_expr_path_step){.index = -1});
}

/* IN(s) is any(s == .; .), and IN(src; s) is any(src | IN(s); .). */
static const struct ev_expr_part *make_in(struct ev_parts *parts, const struct ev_expr_part **arg)
{
	const struct ev_expr_part *set = arg[1] != NULL ? arg[1] : arg[0], *among,
				  *self = ev_part_input(parts);

	if (self == NULL)
		return NULL;
	among = ev_part_make(parts, (struct ev_expr_part){.op = EV_COMPARE,
							  .single = set->single,
							  .mask = EV_EQUAL,
							  .a = set,
							  .b = self});
	if (among != NULL && arg[1] != NULL) {
		among = quantified(parts, EV_ANY_OF, among, NULL);
		among = ev_part_pipe(parts, arg[0], among);
	}
	return among != NULL ? quantified(parts, EV_ANY_OF, among, NULL) : NULL;
}

#define KIND(k) (1 << (k))
enum {
	BOOLEANS = KIND(EV_FALSE) | KIND(EV_TRUE),
	SCALARS = KIND(EV_NULL) | BOOLEANS | KIND(EV_NUMBER) | KIND(EV_STRING),
	ITERABLES = KIND(EV_ARRAY) | KIND(EV_OBJECT),
};

static const struct ev_native {
	const char *name;
	unsigned arity;
	enum form form;
	int of; /* the kind, the function, the kinds, or the op */
	const struct ev_expr_part *(*general)(struct ev_parts *parts,
					      const struct ev_expr_part **arg);
} natives[] = {
	{"null", 0, CONSTANT, EV_NULL, NULL},
	{"true", 0, CONSTANT, EV_TRUE, NULL},
	{"false", 0, CONSTANT, EV_FALSE, NULL},
	{"length", 0, CALL, EV_F_LENGTH, NULL},
	{"not", 0, CALL, EV_F_NOT, NULL},
	{"add", 0, GENERAL, 0, make_add},
	{"map", 1, GENERAL, 0, make_map},
	{"all", 0, GENERAL, 0, make_all},
	{"all", 1, GENERAL, 0, make_all},
	{"all", 2, GENERAL, 0, make_all},
	{"any", 0, GENERAL, 0, make_any},
	{"any", 1, GENERAL, 0, make_any},
	{"any", 2, GENERAL, 0, make_any},
	{"IN", 1, GENERAL, 0, make_in},
	{"IN", 2, GENERAL, 0, make_in},
	{"select", 1, MANY_OF, EV_SELECT, NULL},
	{"empty", 0, MANY_OF, EV_EMPTY, NULL},
	{"error", 1, GENERAL, 0, make_error},
	{"first", 0, GENERAL, 0, make_first},
	{"first", 1, MANY_OF, EV_FIRST_OF, NULL},
	{"last", 0, GENERAL, 0, make_last},
	{"last", 1, ONE_OF, EV_LAST_OF, NULL},
	{"isempty", 1, ONE_OF, EV_IS_EMPTY, NULL},
	{"has", 1, CALL, EV_F_HAS, NULL},
	{"in", 1, CALL, EV_F_IN, NULL},
	{"contains", 1, CALL, EV_F_CONTAINS, NULL},
	{"inside", 1, CALL, EV_F_INSIDE, NULL},
	{"startswith", 1, CALL, EV_F_STARTSWITH, NULL},
	{"endswith", 1, CALL, EV_F_ENDSWITH, NULL},
	{"split", 1, CALL, EV_F_SPLIT, NULL},
	{"join", 1, CALL, EV_F_JOIN, NULL},
	{"todate", 0, CALL, EV_F_TODATE, NULL},
	{"todateiso8601", 0, CALL, EV_F_TODATE, NULL},
	{"fromdate", 0, CALL, EV_F_FROMDATE, NULL},
	{"fromdateiso8601", 0, CALL, EV_F_FROMDATE, NULL},
	{"to_entries", 0, CALL, EV_F_TO_ENTRIES, NULL},
	{"ltrimstr", 1, CALL, EV_F_LTRIM, NULL},
	{"rtrimstr", 1, CALL, EV_F_RTRIM, NULL},
	{"ascii_downcase", 0, CALL, EV_F_DOWNCASE, NULL},
	{"ascii_upcase", 0, CALL, EV_F_UPCASE, NULL},
	{"utf8bytelength", 0, CALL, EV_F_BYTES, NULL},
	{"tonumber", 0, CALL, EV_F_TONUMBER, NULL},
	{"fromjson", 0, CALL, EV_F_FROMJSON, NULL},
	{"tostring", 0, CALL, EV_F_TOSTRING, NULL},
	{"tojson", 0, CALL, EV_F_TOJSON, NULL},
	{"type", 0, CALL, EV_F_TYPE, NULL},
	{"keys", 0, CALL, EV_F_KEYS, NULL},
	{"keys_unsorted", 0, CALL, EV_F_KEYS_UNSORTED, NULL},
	{"min", 0, BY, EV_F_MIN, NULL},
	{"max", 0, BY, EV_F_MAX, NULL},
	{"sort", 0, BY, EV_F_SORT, NULL},
	{"unique", 0, BY, EV_F_UNIQUE, NULL},
	{"min_by", 1, BY, EV_F_MIN, NULL},
	{"max_by", 1, BY, EV_F_MAX, NULL},
	{"sort_by", 1, BY, EV_F_SORT, NULL},
	{"unique_by", 1, BY, EV_F_UNIQUE, NULL},
	{"group_by", 1, BY, EV_F_GROUP, NULL},
	{"nulls", 0, KINDS, KIND(EV_NULL), NULL},
	{"values", 0, KINDS, 127 - KIND(EV_NULL), NULL},
	{"booleans", 0, KINDS, BOOLEANS, NULL},
	{"numbers", 0, KINDS, KIND(EV_NUMBER), NULL},
	{"strings", 0, KINDS, KIND(EV_STRING), NULL},
	{"arrays", 0, KINDS, KIND(EV_ARRAY), NULL},
	{"objects", 0, KINDS, KIND(EV_OBJECT), NULL},
	{"scalars", 0, KINDS, SCALARS, NULL},
	{"iterables", 0, KINDS, ITERABLES, NULL},
};

const struct ev_native *ev_native_find(const struct ev_expr_token *name, unsigned arity)
{
	for (size_t i = 0; i < sizeof natives / sizeof natives[0]; i++)
		if (natives[i].arity == arity && ev_expr_token_is(name, natives[i].name))
			return &natives[i];
	return NULL;
}

const struct ev_expr_part *ev_native_call(const struct ev_native *f, struct ev_parts *parts,
					  const struct ev_expr_part *arg[EV_NATIVE_ARITY])
{
	struct ev_expr_part n = {.single = true, .a = arg[0]};

	switch (f->form) {
	case CONSTANT: return ev_part_constant(parts, ev_expr_bare((enum ev_kind)f->of));
	case GENERAL: return f->general(parts, arg);
	case CALL:
		n.op = EV_CALL;
		n.function = (enum ev_expr_function)f->of;
		n.single = arg[0] == NULL || arg[0]->single;
		break;
	case BY:
		n.op = EV_BY;
		n.function = (enum ev_expr_function)f->of;
		break;
	case KINDS:
		n.op = EV_KINDS;
		n.mask = (uint8_t)f->of;
		n.single = false;
		break;
	case ONE_OF:
	case MANY_OF:
		n.op = (enum ev_expr_op)f->of;
		n.single = f->form == ONE_OF;
		break;
	}
	return ev_part_make(parts, n);
}

#include "expr/internal.h"

#include "scan/form.h"

#include <string.h>

/*
 * The part of jq 1.6's grammar that evkit evaluates. Any other text is "not native" and libjq's to
 * run or refuse, so this parser reports no errors.
 */

enum { MAX_INDEX = 1000000000 };

enum { PIPE = 1, COMMA, ALT, OR, AND, COMPARISON, SUM, PRODUCT };
enum { TO_LEFT, TO_RIGHT, TO_NONE };

const char ev_expr_a_value[] = "a value", ev_expr_a_variable[] = "a variable that is defined";

const char *const ev_expr_names[EV_EXPR_NAMES] = {"item", "parent", "index", "parent_index"};

struct scope {
	const char *name;
	size_t len;
	uint32_t slot;
	const struct scope *outer;
};

struct parser {
	const struct ev_expr_token *t;
	struct ev_arena *arena;
	const struct scope *scope;
	struct ev_expr_program *program;
	uint32_t depth;
	bool too_deep;
};

static const struct ev_expr_part *pipeline(struct parser *p);
static const struct ev_expr_part *binary(struct parser *p, int lowest);

static bool deeper(struct parser *p)
{
	if (++p->depth > EV_EXPR_DEPTH)
		p->too_deep = true;
	return !p->too_deep;
}

static bool next_is(struct parser *p, int kind)
{
	if (p->t->kind != kind)
		return false;
	p->t++;
	return true;
}

static bool next_is_word(struct parser *p, const char *word)
{
	if (!ev_expr_token_is(p->t, word))
		return false;
	p->t++;
	return true;
}

static bool is_keyword(const struct ev_expr_token *t)
{
	static const char *const words[] = {"def",    "try",	 "catch",  "foreach", "label",
					    "import", "include", "module", "if",      "then",
					    "elif",   "else",	 "end",	   "as",      "reduce",
					    "and",    "or",	 "break",  "__loc__"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (ev_expr_token_is(t, words[i]))
			return true;
	return false;
}

static bool must_be_word(struct parser *p, const char *word, const char *expected)
{
	if (next_is_word(p, word))
		return true;
	p->program->expected = expected;
	return false;
}

/* Keeps a part; NULL if it is nested too deep. */
static const struct ev_expr_part *make(struct parser *p, struct ev_expr_part n)
{
	const struct ev_expr_part *parts[] = {n.a, n.b, n.c};
	struct ev_expr_part *kept;

	for (size_t i = 0; i < 3; i++)
		if (parts[i] != NULL && parts[i]->depth >= n.depth)
			n.depth = parts[i]->depth + 1;
	if (n.depth > EV_EXPR_DEPTH) {
		p->too_deep = true;
		return NULL;
	}
	kept = ev_arena_alloc(p->arena, sizeof *kept);
	*kept = n;
	return kept;
}

static const struct ev_expr_part *constant(struct parser *p, struct ev_expr_value v)
{
	return make(p, (struct ev_expr_part){.op = EV_CONST, .single = true, .value = v});
}

static const struct ev_expr_part *input(struct parser *p)
{
	return make(p, (struct ev_expr_part){.op = EV_INPUT, .single = true});
}

/* A part of one or two operands, which has one output if they do. */
static const struct ev_expr_part *both(struct parser *p, enum ev_expr_op op,
				       const struct ev_expr_part *a, const struct ev_expr_part *b)
{
	if (a == NULL)
		return NULL;
	return make(p, (struct ev_expr_part){.op = op,
					     .single = a->single && (b == NULL || b->single),
					     .a = a,
					     .b = b});
}

static const struct ev_expr_part *
with_sign(struct parser *p, char sign, const struct ev_expr_part *a, const struct ev_expr_part *b)
{
	return make(p, (struct ev_expr_part){.op = EV_ARITH,
					     .single = a->single && b->single,
					     .sign = sign,
					     .a = a,
					     .b = b});
}

static const struct ev_expr_part *with(struct parser *p, enum ev_expr_op op, bool single,
				       const struct ev_expr_part *a, const struct ev_expr_part *b)
{
	if (a == NULL)
		return NULL;
	return make(p, (struct ev_expr_part){.op = op, .single = single, .a = a, .b = b});
}

/* [a] | add needs no array. */
static const struct ev_expr_part *pipe(struct parser *p, const struct ev_expr_part *a,
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
		a = with(p, EV_SUM, true, a->a, NULL);
		return rest != NULL && a != NULL ? both(p, EV_PIPE, a, rest) : a;
	}
	if (sum != NULL && a->op == EV_PIPE && a->b->op == EV_COLLECT)
		return pipe(p, a->a, pipe(p, a->b, b));
	return both(p, EV_PIPE, a, b);
}

/* Strings and numbers */

/*
 * Decodes a string; false, for libjq to complain, if its escapes are not those of JSON. Those of
 * surrogates are libjq's, too.
 */
static bool text(struct parser *p, const struct ev_expr_token *t, const char **out, size_t *len)
{
	struct ev_buf decoded = {0};

	for (const char *c = t->p, *end = c + t->len; c < end; c++) {
		if (*c != '\\')
			continue;
		if (strchr("\"\\/bfnrtu", *++c) == NULL)
			return false;
		if (*c == 'u' && (strspn(c + 1, "0123456789abcdefABCDEF") < 4 ||
				  ((c[1] | 0x20) == 'd' && strchr("89abcdefABCDEF", c[2]) != NULL)))
			return false;
	}
	ev_json_unescape(t->p, t->len, &decoded);
	*len = decoded.len;
	*out = ev_arena_copy(p->arena, decoded.p, decoded.len);
	ev_buf_free(&decoded);
	return true;
}

static struct ev_expr_value number(struct parser *p, const struct ev_expr_token *t, bool negative)
{
	char *spelled = ev_arena_alloc(p->arena, t->len + 1);

	spelled[0] = '-';
	memcpy(spelled + 1, t->p, t->len);
	return ev_expr_number_value(spelled + !negative, t->len + negative);
}

/* Terms, and what may stand behind them */

static const struct ev_expr_part *stepped(struct parser *p, const struct ev_expr_part *from,
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
		n.steps = ev_arena_alloc(p->arena, 2 * sizeof *n.steps * n.n_steps);
		if (n.n_steps > 1)
			memcpy(n.steps, from->steps, from->n_steps * sizeof *n.steps);
	}
	n.steps[n.n_steps - 1] = s;
	return make(p, n);
}

static bool whole(const struct ev_expr_token *t, int64_t *v)
{
	*v = 0;
	for (size_t i = 0; i < t->len; i++) {
		if (t->p[i] < '0' || t->p[i] > '9' || *v > MAX_INDEX)
			return false;
		*v = *v * 10 + (t->p[i] - '0');
	}
	return *v <= MAX_INDEX;
}

/* Behind "[": an index or a name, and the "]". */
static bool subscript(struct parser *p, struct ev_expr_path_step *s)
{
	bool negative = next_is(p, '-');

	if (!negative && p->t->kind == EV_T_STRING) {
		if (!text(p, p->t, &s->name, &s->len))
			return false;
	} else if (p->t->kind != EV_T_NUMBER || !whole(p->t, &s->index)) {
		return false;
	}
	if (negative)
		s->index = -s->index;
	p->t++;
	return next_is(p, ']');
}

static const struct ev_expr_part *foreign_slice(struct parser *p, const struct ev_expr_part *of);

static bool is_slice(const struct ev_expr_token *t)
{
	while (t->kind == EV_T_NUMBER || t->kind == '-')
		t++;
	return t->kind == ':';
}

/* Behind "[": whether it is a name or an index that is written out. */
static bool is_step(const struct ev_expr_token *t)
{
	if (t->kind == EV_T_STRING)
		return t[1].kind == ']';
	t += t->kind == '-';
	return t->kind == EV_T_NUMBER && t[1].kind == ']';
}

/* a[b], where b is computed, from the same input as a. Only with one output each, and without ?. */
static const struct ev_expr_part *computed_step(struct parser *p, const struct ev_expr_part *of)
{
	const struct ev_expr_part *key;

	p->t++;
	key = pipeline(p);
	if (key == NULL || !key->single || !of->single || !next_is(p, ']') || p->t->kind == '?')
		return NULL;
	return both(p, EV_AT, of, key);
}

/* Reads another step of a path. */
static bool suffix(struct parser *p, const struct ev_expr_part **n)
{
	struct ev_expr_path_step s = {0};

	if (p->t->kind == EV_T_FIELD) {
		s.name = ev_arena_copy(p->arena, p->t->p, p->t->len);
		s.len = p->t->len;
		p->t++;
	} else if (p->t->kind == '.' && p->t[1].kind == EV_T_STRING) {
		if (!text(p, p->t + 1, &s.name, &s.len))
			return false;
		p->t += 2;
	} else if (p->t->kind == '[' && p->t[1].kind == ']') {
		p->t += 2;
		*n = make(p, (struct ev_expr_part){
				     .op = EV_EACH, .optional = next_is(p, '?'), .a = *n});
		return *n != NULL;
	} else if (p->t->kind == '[' && is_slice(p->t + 1)) {
		*n = foreign_slice(p, *n);
		while (*n != NULL && next_is(p, '?'))
			*n = with(p, EV_TRY, false, *n, NULL);
		return *n != NULL;
	} else if (!is_step(p->t + 1)) {
		*n = computed_step(p, *n);
		return *n != NULL;
	} else if (!next_is(p, '[') || !subscript(p, &s)) {
		return false;
	}
	s.optional = next_is(p, '?');
	*n = stepped(p, *n, s);
	return *n != NULL;
}

static bool suffix_follows(const struct parser *p)
{
	return p->t->kind == EV_T_FIELD || p->t->kind == '[' ||
	       (p->t->kind == '.' && p->t[1].kind == EV_T_STRING);
}

static const struct ev_expr_part *variable(struct parser *p)
{
	const struct ev_expr_token *t = p->t++;

	if (t->kind != EV_T_NAME)
		return NULL;
	for (const struct scope *s = p->scope; s != NULL; s = s->outer)
		if (s->len == t->len && memcmp(s->name, t->p, t->len) == 0)
			return make(p, (struct ev_expr_part){
					       .op = EV_VAR, .single = true, .slot = s->slot});
	if (!ev_expr_token_is(t, "__loc__") && !ev_expr_token_is(t, "ENV")) {
		p->t = t;
		p->program->expected = ev_expr_a_variable;
	}
	return NULL;
}

/* Parses a body in which the variable is in scope. */
static const struct ev_expr_part *scoped(struct parser *p, const struct ev_expr_token *name,
					 uint32_t slot,
					 const struct ev_expr_part *(*body)(struct parser *p))
{
	struct scope s = {name->p, name->len, slot, p->scope};
	const struct ev_expr_part *n;

	p->scope = &s;
	n = body(p);
	p->scope = s.outer;
	return n;
}

static bool binding(struct parser *p, const struct ev_expr_token **name, uint32_t *slot)
{
	if (!next_is_word(p, "as") || !next_is(p, '$') || p->t->kind != EV_T_NAME)
		return false;
	*name = p->t++;
	*slot = p->program->n_vars++;
	return true;
}

static const struct ev_expr_part *bind(struct parser *p, const struct ev_expr_part *of)
{
	const struct ev_expr_token *name;
	const struct ev_expr_part *body;
	uint32_t slot;

	if (!binding(p, &name, &slot) || !next_is(p, '|'))
		return NULL;
	body = scoped(p, name, slot, pipeline);
	if (body == NULL)
		return NULL;
	return make(p, (struct ev_expr_part){.op = EV_BIND,
					     .single = of->single && body->single,
					     .slot = slot,
					     .a = of,
					     .b = body});
}

static const struct ev_expr_part *term(struct parser *p, bool *postfix);
static const struct ev_expr_part *interpolated(struct parser *p);

/* Only with one output each for the start and the next state: beyond, versions of jq differ. */
static const struct ev_expr_part *reduce(struct parser *p)
{
	const struct ev_expr_token *name;
	const struct ev_expr_part *of, *start, *next;
	uint32_t slot;
	bool postfix;

	if ((of = term(p, &postfix)) == NULL || !postfix || !binding(p, &name, &slot) ||
	    !next_is(p, '(') || (start = pipeline(p)) == NULL || !next_is(p, ';') ||
	    (next = scoped(p, name, slot, pipeline)) == NULL || !next_is(p, ')') ||
	    !start->single || !next->single)
		return NULL;
	return make(p, (struct ev_expr_part){.op = EV_REDUCE,
					     .single = true,
					     .slot = slot,
					     .a = of,
					     .b = start,
					     .c = next});
}

static const struct ev_expr_part *conditional(struct parser *p)
{
	const struct ev_expr_part *a, *b, *c = NULL;

	if (!deeper(p) || (a = pipeline(p)) == NULL || !must_be_word(p, "then", "then") ||
	    (b = pipeline(p)) == NULL)
		return NULL;
	if (next_is_word(p, "elif"))
		c = conditional(p);
	else if (must_be_word(p, "else", "else or elif") && (c = pipeline(p)) != NULL &&
		 !must_be_word(p, "end", "end"))
		return NULL;
	p->depth--;
	if (c == NULL)
		return NULL;
	return make(p, (struct ev_expr_part){.op = EV_IF,
					     .single = a->single && b->single && c->single,
					     .a = a,
					     .b = b,
					     .c = c});
}

/* Objects */

/* Of a member's value no operator but | and - is part, without parentheses. */
static const struct ev_expr_part *member_value(struct parser *p)
{
	const struct ev_expr_part *n;
	unsigned minus = 0;
	bool postfix;

	if (!deeper(p))
		return NULL;
	while (next_is(p, '-'))
		minus++;
	for (n = term(p, &postfix); n != NULL && minus > 0; minus--)
		n = both(p, EV_NEGATE, n, NULL);
	if (n != NULL && next_is(p, '|'))
		n = pipe(p, n, member_value(p));
	p->depth--;
	return n;
}

static const struct ev_expr_part *named(struct parser *p, const struct ev_expr_token *name)
{
	return constant(p, ev_expr_text(ev_arena_copy(p->arena, name->p, name->len), name->len));
}

/*
 * The name of a member; *value: what it is without a ":" behind it, or NULL where there must be
 * one.
 */
static const struct ev_expr_part *member_name(struct parser *p, const struct ev_expr_part **value)
{
	const struct ev_expr_token *t = p->t;
	struct ev_expr_path_step s = {0};
	const struct ev_expr_part *n;

	*value = NULL;
	switch (t->kind) {
	case EV_T_NAME:
	case EV_T_STRING:
		p->t++;
		if (t->kind == EV_T_STRING ? !text(p, t, &s.name, &s.len)
					   : memchr(t->p, ':', t->len) != NULL)
			return NULL;
		n = t->kind == EV_T_STRING ? constant(p, ev_expr_text(s.name, s.len)) : named(p, t);
		if (n != NULL && !(t->kind == EV_T_NAME && is_keyword(t)))
			*value = stepped(
				p, input(p),
				(struct ev_expr_path_step){.name = n->value.p, .len = n->value.n});
		return n;
	case '$':
		p->t++;
		*value = variable(p);
		return *value != NULL ? named(p, t + 1) : NULL;
	case EV_T_OPEN: return interpolated(p);
	case '(':
		p->t++;
		n = pipeline(p);
		return n != NULL && next_is(p, ')') ? n : NULL;
	default: p->program->expected = "the name of a member"; return NULL;
	}
}

/* {a: .b, "c": .d, e}, behind the brace; with one output for each name and value. */
static const struct ev_expr_part *object(struct parser *p)
{
	const struct ev_expr_part *n = NULL, *name, *value;

	do {
		name = member_name(p, &value);
		if (name == NULL)
			return NULL;
		if (next_is(p, ':'))
			value = member_value(p);
		else if (value == NULL)
			p->program->expected = "':'";
		if (value == NULL || !name->single || !value->single)
			return NULL;
		n = make(p,
			 (struct ev_expr_part){
				 .op = EV_MEMBER, .single = true, .a = n, .b = name, .c = value});
	} while (n != NULL && next_is(p, ',') && p->t->kind != '}');
	if (n == NULL || next_is(p, '}'))
		return n;
	p->program->expected = "',' or '}' (an operator needs parentheses)";
	return NULL;
}

/* Functions */

enum form {
	CONSTANT,
	CALL,	 /* EV_CALL */
	BY,	 /* EV_BY with the argument, or the input itself */
	KINDS,	 /* EV_KINDS */
	ONE_OF,	 /* a part of that op, whose argument is its first; with one output */
	MANY_OF, /* the same with any number */
	GENERAL, /* made by a function of its own */
};

static const struct ev_expr_part *make_add(struct parser *p, const struct ev_expr_part **arg)
{
	(void)arg;
	return with(p, EV_SUM, true, with(p, EV_EACH, false, input(p), NULL), NULL);
}

static const struct ev_expr_part *make_map(struct parser *p, const struct ev_expr_part **arg)
{
	return with(p, EV_COLLECT, true, pipe(p, with(p, EV_EACH, false, input(p), NULL), arg[0]),
		    NULL);
}

static bool is_string(const struct ev_expr_part *n)
{
	return n->op == EV_CONST && n->value.kind == EV_STRING;
}

static const struct ev_expr_part *make_error(struct parser *p, const struct ev_expr_part **arg)
{
	if (!is_string(arg[0]))
		return NULL;
	return make(p,
		    (struct ev_expr_part){.op = EV_ERROR, .single = true, .value = arg[0]->value});
}

/* all and any, of what and where: all(f) is all(.[]; f), and all is all(.[]; .). */
static const struct ev_expr_part *quantified(struct parser *p, enum ev_expr_op op,
					     const struct ev_expr_part *of,
					     const struct ev_expr_part *holds)
{
	if (of == NULL)
		of = with(p, EV_EACH, false, input(p), NULL);
	if (holds == NULL)
		holds = input(p);
	return with(p, op, true, of, holds);
}

static const struct ev_expr_part *make_all(struct parser *p, const struct ev_expr_part **arg)
{
	bool both = arg[1] != NULL;

	return quantified(p, EV_ALL_OF, both ? arg[0] : NULL, arg[both]);
}

static const struct ev_expr_part *make_any(struct parser *p, const struct ev_expr_part **arg)
{
	bool both = arg[1] != NULL;

	return quantified(p, EV_ANY_OF, both ? arg[0] : NULL, arg[both]);
}

static const struct ev_expr_part *make_first(struct parser *p, const struct ev_expr_part **arg)
{
	(void)arg;
	return stepped(p, input(p), (struct ev_expr_path_step){.index = 0});
}

static const struct ev_expr_part *make_last(struct parser *p, const struct ev_expr_part **arg)
{
	(void)arg;
	return stepped(p, input(p), (struct ev_expr_path_step){.index = -1});
}

/* IN(s) is any(s == .; .), and IN(src; s) is any(src | IN(s); .). */
static const struct ev_expr_part *make_in(struct parser *p, const struct ev_expr_part **arg)
{
	const struct ev_expr_part *set = arg[1] != NULL ? arg[1] : arg[0], *among, *self = input(p);

	if (self == NULL)
		return NULL;
	among = make(p, (struct ev_expr_part){.op = EV_COMPARE,
					      .single = set->single,
					      .mask = EV_EQUAL,
					      .a = set,
					      .b = self});
	if (among != NULL && arg[1] != NULL) {
		among = quantified(p, EV_ANY_OF, among, NULL);
		among = pipe(p, arg[0], among);
	}
	return among != NULL ? quantified(p, EV_ANY_OF, among, NULL) : NULL;
}

#define KIND(k) (1 << (k))
enum {
	BOOLEANS = KIND(EV_FALSE) | KIND(EV_TRUE),
	SCALARS = KIND(EV_NULL) | BOOLEANS | KIND(EV_NUMBER) | KIND(EV_STRING),
	ITERABLES = KIND(EV_ARRAY) | KIND(EV_OBJECT),
};

static const struct word {
	const char *name;
	unsigned arity;
	enum form form;
	int of; /* the kind, the function, the kinds, or the op */
	const struct ev_expr_part *(*general)(struct parser *p, const struct ev_expr_part **arg);
} words[] = {
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

static const struct ev_expr_part *called(struct parser *p, const struct word *w,
					 const struct ev_expr_part **arg)
{
	struct ev_expr_part n = {.single = true, .a = arg[0]};

	switch (w->form) {
	case CONSTANT: return constant(p, ev_expr_bare((enum ev_kind)w->of));
	case GENERAL: return w->general(p, arg);
	case CALL:
		n.op = EV_CALL;
		n.function = (enum ev_expr_function)w->of;
		n.single = arg[0] == NULL || arg[0]->single;
		break;
	case BY:
		n.op = EV_BY;
		n.function = (enum ev_expr_function)w->of;
		break;
	case KINDS:
		n.op = EV_KINDS;
		n.mask = (uint8_t)w->of;
		n.single = false;
		break;
	case ONE_OF:
	case MANY_OF:
		n.op = (enum ev_expr_op)w->of;
		n.single = w->form == ONE_OF;
		break;
	}
	return make(p, n);
}

/* With constant arguments, these have one output for each input. */
static const char *const one_for_one[] = {
	"test",		"split", "reverse", "flatten", "explode",   "implode",
	"from_entries", "index", "rindex",  "indices", "transpose", NULL,
};

/* The tokens from one up to another, for libjq to run on the part before them. */
static const struct ev_expr_part *foreign(struct parser *p, const struct ev_expr_token *from,
					  const struct ev_expr_token *end, bool suffix, bool single)
{
	struct ev_expr_foreign *f;

	if (!ev_expr_may_be_foreign(from, end))
		return NULL;
	f = ev_arena_alloc(p->arena, sizeof *f);
	*f = (struct ev_expr_foreign){from, end, suffix, p->program->foreign};
	p->program->foreign = f;
	return make(p, (struct ev_expr_part){.op = EV_FOREIGN,
					     .single = single,
					     .slot = p->program->n_foreign++});
}

/* From behind an opening bracket to behind what closes it, or the end. */
static const struct ev_expr_token *behind(const struct ev_expr_token *t)
{
	int depth = 1;

	for (; depth > 0 && t->kind != EV_T_END; t++)
		depth += (t->kind == '(' || t->kind == '[' || t->kind == '{') -
			 (t->kind == ')' || t->kind == ']' || t->kind == '}');
	return t;
}

/* A call of a function that is not native. */
static const struct ev_expr_part *foreign_call(struct parser *p, const struct ev_expr_token *name)
{
	const struct ev_expr_token *end = name[1].kind == '(' ? behind(name + 2) : name + 1;
	bool single = false;

	if (is_keyword(name))
		return NULL;
	for (const char *const *s = one_for_one; *s != NULL; s++)
		single = single || ev_expr_token_is(name, *s);
	for (const struct ev_expr_token *t = name + 1; t < end; t++)
		single = single && (t->kind == EV_T_STRING || t->kind == EV_T_NUMBER ||
				    t->kind == '(' || t->kind == ')' || t->kind == ';');
	p->t = end;
	return foreign(p, name, end, false, single);
}

/* A part of an array or a string: [1:2], of numbers. */
static const struct ev_expr_part *foreign_slice(struct parser *p, const struct ev_expr_part *of)
{
	const struct ev_expr_token *from = p->t, *t = from + 1;

	while (t->kind == EV_T_NUMBER || t->kind == '-' || t->kind == ':')
		t++;
	if (t->kind != ']')
		return NULL;
	p->t = t + 1;
	return pipe(p, of, foreign(p, from, p->t, true, true));
}

static const struct ev_expr_part *call(struct parser *p)
{
	const struct ev_expr_token *name = p->t++;
	const struct ev_expr_part *arg[2] = {NULL, NULL};
	struct ev_expr_foreign *before = p->program->foreign;
	uint32_t n_before = p->program->n_foreign;
	bool known = false;
	unsigned n = 0;

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		known = known || ev_expr_token_is(name, words[i].name);
	if (!known)
		return foreign_call(p, name);
	if (next_is(p, '(')) {
		do {
			if (n == 2 || (arg[n++] = pipeline(p)) == NULL)
				return NULL;
		} while (next_is(p, ';'));
		if (!next_is(p, ')'))
			return NULL;
	}
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (words[i].arity == n && ev_expr_token_is(name, words[i].name))
			return called(p, &words[i], arg);
	p->program->foreign = before;
	p->program->n_foreign = n_before;
	return foreign_call(p, name);
}

/* "a\(.b)c" is "a" + (.b | tostring) + "c". */
static const struct ev_expr_part *interpolated(struct parser *p)
{
	const struct ev_expr_part *n = NULL, *inner;
	const char *s;
	size_t len;

	for (;;) {
		const struct ev_expr_token *t = p->t++;
		const struct ev_expr_part *piece;

		if (!text(p, t, &s, &len) || (piece = constant(p, ev_expr_text(s, len))) == NULL)
			return NULL;
		n = n != NULL ? with_sign(p, '+', n, piece) : piece;
		if (n == NULL || t->kind == EV_T_CLOSE)
			return n;
		inner = pipeline(p);
		if (inner == NULL || !inner->single ||
		    (p->t->kind != EV_T_OPEN && p->t->kind != EV_T_CLOSE))
			return NULL;
		inner = pipe(p, inner,
			     make(p, (struct ev_expr_part){.op = EV_CALL,
							   .single = true,
							   .function = EV_F_TOSTRING}));
		n = inner != NULL ? with_sign(p, '+', n, inner) : NULL;
	}
}

/* The beginning of a term. *postfix: steps may follow; not so behind all in jq 1.6. */
static const struct ev_expr_part *head(struct parser *p, bool *postfix)
{
	const struct ev_expr_token *t = p->t;
	const struct ev_expr_part *n;
	const char *s;
	size_t len;

	*postfix = true;
	switch (t->kind) {
	case EV_T_NUMBER: p->t++; return constant(p, number(p, t, false));
	case EV_T_STRING:
		p->t++;
		return text(p, t, &s, &len) ? constant(p, ev_expr_text(s, len)) : NULL;
	case EV_T_OPEN: return interpolated(p);
	case EV_T_FIELD: return input(p);
	case '.':
		if (t[1].kind != EV_T_STRING)
			p->t++;
		return input(p);
	case '(':
		p->t++;
		n = pipeline(p);
		return n != NULL && next_is(p, ')') ? n : NULL;
	case '[':
		p->t++;
		if (next_is(p, ']'))
			return constant(p,
					(struct ev_expr_value){.kind = EV_ARRAY, .form = EV_ITEMS});
		n = with(p, EV_COLLECT, true, pipeline(p), NULL);
		return n != NULL && next_is(p, ']') ? n : NULL;
	case '{':
		p->t++;
		if (!next_is(p, '}'))
			return object(p);
		return constant(p, (struct ev_expr_value){.kind = EV_OBJECT, .form = EV_ITEMS});
	case '$': p->t++; return variable(p);
	case EV_T_NAME:
		*postfix = false;
		if (next_is_word(p, "if"))
			return conditional(p);
		if (next_is_word(p, "reduce"))
			return reduce(p);
		*postfix = true;
		return call(p);
	case EV_T_FORMAT:
		p->t++;
		return p->t->kind == EV_T_STRING || p->t->kind == EV_T_OPEN
			       ? NULL
			       : foreign(p, t, p->t, false, true);
	case EV_T_ALL: return NULL; /* ".." */
	default: p->program->expected = ev_expr_a_value; return NULL;
	}
}

static const struct ev_expr_part *term(struct parser *p, bool *postfix)
{
	const struct ev_expr_part *n;

	if (!deeper(p))
		return NULL;
	n = head(p, postfix);
	while (n != NULL && *postfix && suffix_follows(p))
		if (!suffix(p, &n))
			return NULL;
	p->depth--;
	return n;
}

static const struct ev_expr_part *operand(struct parser *p)
{
	const struct ev_expr_part *n;
	bool postfix;

	if (p->t->kind == '-') {
		if (p->t[1].kind == EV_T_NUMBER && p->t[2].kind != '*' && p->t[2].kind != '/' &&
		    p->t[2].kind != '%' && p->t[2].kind != '?' && p->t[2].kind != '[' &&
		    p->t[2].kind != '.' && p->t[2].kind != EV_T_FIELD &&
		    !ev_expr_token_is(p->t + 2, "as")) {
			p->t += 2;
			return constant(p, number(p, p->t - 1, true));
		}
		if (!deeper(p))
			return NULL;
		p->t++;
		n = both(p, EV_NEGATE, binary(p, PRODUCT), NULL);
		p->depth--;
		return n;
	}
	n = term(p, &postfix);
	if (n != NULL && postfix && ev_expr_token_is(p->t, "as"))
		return bind(p, n);
	while (n != NULL && next_is(p, '?'))
		n = with(p, EV_TRY, false, n, NULL);
	return n;
}

static const struct operator
{
	int token;
	const char *word;
	int rank, side;
	enum ev_expr_op op;
	uint8_t mask;
}
operators[] = {
	{'|', NULL, PIPE, TO_RIGHT, EV_PIPE, 0},
	{',', NULL, COMMA, TO_LEFT, EV_COMMA, 0},
	{EV_T_ALT, NULL, ALT, TO_RIGHT, EV_ALT, 0},
	{EV_T_NAME, "or", OR, TO_LEFT, EV_OR, 0},
	{EV_T_NAME, "and", AND, TO_LEFT, EV_AND, 0},
	{EV_T_EQ, NULL, COMPARISON, TO_NONE, EV_COMPARE, EV_EQUAL},
	{EV_T_NE, NULL, COMPARISON, TO_NONE, EV_COMPARE, EV_LESS | EV_GREATER},
	{'<', NULL, COMPARISON, TO_NONE, EV_COMPARE, EV_LESS},
	{'>', NULL, COMPARISON, TO_NONE, EV_COMPARE, EV_GREATER},
	{EV_T_LE, NULL, COMPARISON, TO_NONE, EV_COMPARE, EV_LESS | EV_EQUAL},
	{EV_T_GE, NULL, COMPARISON, TO_NONE, EV_COMPARE, EV_GREATER | EV_EQUAL},
	{'+', NULL, SUM, TO_LEFT, EV_ARITH, 0},
	{'-', NULL, SUM, TO_LEFT, EV_ARITH, 0},
	{'*', NULL, PRODUCT, TO_LEFT, EV_ARITH, 0},
};

static const struct operator* an_operator(const struct ev_expr_token *t)
{
	for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
		if (operators[i].token == t->kind &&
		    (operators[i].word == NULL || ev_expr_token_is(t, operators[i].word)))
			return &operators[i];
	return NULL;
}

static const struct ev_expr_part *joined(struct parser *p, const struct operator* o,
					 const struct ev_expr_part *a, const struct ev_expr_part *b)
{
	struct ev_expr_part n = {.op = o->op,
				 .single = a->single && b->single,
				 .mask = o->mask,
				 .sign = (char)(o->token < EV_T_NUMBER ? o->token : 0),
				 .a = a,
				 .b = b};

	if (o->op == EV_PIPE)
		return pipe(p, a, b);
	if (o->op == EV_COMMA)
		n.single = false;
	return make(p, n);
}

/* Precedence climbing. */
static const struct ev_expr_part *binary(struct parser *p, int lowest)
{
	const struct operator* o;
	const struct ev_expr_part *a, *b;

	if (!deeper(p))
		return NULL;
	for (a = operand(p); a != NULL && (o = an_operator(p->t)) != NULL && o->rank >= lowest;
	     a = joined(p, o, a, b)) {
		p->t++;
		b = binary(p, o->side == TO_RIGHT ? o->rank : o->rank + 1);
		if (b == NULL)
			return NULL;
		if (o->side == TO_NONE && an_operator(p->t) != NULL &&
		    an_operator(p->t)->rank == o->rank)
			return NULL; /* a == b == c is no jq */
	}
	p->depth--;
	return a;
}

static const struct ev_expr_part *pipeline(struct parser *p)
{
	return binary(p, PIPE);
}

enum ev_expr_parsed ev_expr_parse(const struct ev_expr_token *tokens, bool names,
				  struct ev_arena *a, struct ev_expr_program *program)
{
	struct parser p = {.t = tokens, .arena = a, .program = program};
	struct scope outside[EV_EXPR_NAMES];

	*program = (struct ev_expr_program){0};
	for (uint32_t i = 0; names && i < EV_EXPR_NAMES; i++) {
		outside[i] = (struct scope){ev_expr_names[i], strlen(ev_expr_names[i]), i, p.scope};
		p.scope = &outside[i];
		program->n_vars = i + 1;
	}
	program->root = pipeline(&p);
	if (p.too_deep)
		return EV_TOO_DEEP;
	if (program->root != NULL && p.t->kind == EV_T_END)
		return EV_PARSED;
	program->stop = p.t;
	if (program->root != NULL)
		program->expected = "an operator, or the end,";
	return EV_NOT_NATIVE;
}

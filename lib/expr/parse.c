#include "expr/parts.h"

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
	struct ev_parts *parts;
	const struct scope *scope;
	struct ev_expr_program *program;
	uint32_t depth;
};

static const struct ev_expr_part *pipeline(struct parser *p);
static const struct ev_expr_part *binary(struct parser *p, int lowest);

static bool deeper(struct parser *p)
{
	if (++p->depth > EV_EXPR_DEPTH)
		p->parts->too_deep = true;
	return !p->parts->too_deep;
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
	*out = ev_arena_copy(p->parts->arena, decoded.p, decoded.len);
	ev_buf_free(&decoded);
	return true;
}

static struct ev_expr_value number(struct parser *p, const struct ev_expr_token *t, bool negative)
{
	char *spelled = ev_arena_alloc(p->parts->arena, t->len + 1);

	spelled[0] = '-';
	memcpy(spelled + 1, t->p, t->len);
	return ev_expr_number_value(spelled + !negative, t->len + negative);
}

/* Terms, and what may stand behind them */

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
	return ev_part_both(p->parts, EV_AT, of, key);
}

/* Reads another step of a path. */
static bool suffix(struct parser *p, const struct ev_expr_part **n)
{
	struct ev_expr_path_step s = {0};

	if (p->t->kind == EV_T_FIELD) {
		s.name = ev_arena_copy(p->parts->arena, p->t->p, p->t->len);
		s.len = p->t->len;
		p->t++;
	} else if (p->t->kind == '.' && p->t[1].kind == EV_T_STRING) {
		if (!text(p, p->t + 1, &s.name, &s.len))
			return false;
		p->t += 2;
	} else if (p->t->kind == '[' && p->t[1].kind == ']') {
		p->t += 2;
		*n = ev_part_make(
			p->parts,
			(struct ev_expr_part){.op = EV_EACH, .optional = next_is(p, '?'), .a = *n});
		return *n != NULL;
	} else if (p->t->kind == '[' && is_slice(p->t + 1)) {
		*n = foreign_slice(p, *n);
		while (*n != NULL && next_is(p, '?'))
			*n = ev_part_with(p->parts, EV_TRY, false, *n, NULL);
		return *n != NULL;
	} else if (!is_step(p->t + 1)) {
		*n = computed_step(p, *n);
		return *n != NULL;
	} else if (!next_is(p, '[') || !subscript(p, &s)) {
		return false;
	}
	s.optional = next_is(p, '?');
	*n = ev_part_step(p->parts, *n, s);
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
			return ev_part_make(p->parts, (struct ev_expr_part){.op = EV_VAR,
									    .single = true,
									    .slot = s->slot});
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
	return ev_part_make(p->parts, (struct ev_expr_part){.op = EV_BIND,
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
	return ev_part_make(p->parts, (struct ev_expr_part){.op = EV_REDUCE,
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
	return ev_part_make(p->parts,
			    (struct ev_expr_part){.op = EV_IF,
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
		n = ev_part_both(p->parts, EV_NEGATE, n, NULL);
	if (n != NULL && next_is(p, '|'))
		n = ev_part_pipe(p->parts, n, member_value(p));
	p->depth--;
	return n;
}

static const struct ev_expr_part *named(struct parser *p, const struct ev_expr_token *name)
{
	return ev_part_constant(
		p->parts,
		ev_expr_text(ev_arena_copy(p->parts->arena, name->p, name->len), name->len));
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
		n = t->kind == EV_T_STRING ? ev_part_constant(p->parts, ev_expr_text(s.name, s.len))
					   : named(p, t);
		if (n != NULL && !(t->kind == EV_T_NAME && is_keyword(t)))
			*value = ev_part_step(
				p->parts, ev_part_input(p->parts),
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
		n = ev_part_make(
			p->parts,
			(struct ev_expr_part){
				.op = EV_MEMBER, .single = true, .a = n, .b = name, .c = value});
	} while (n != NULL && next_is(p, ',') && p->t->kind != '}');
	if (n == NULL || next_is(p, '}'))
		return n;
	p->program->expected = "',' or '}' (an operator needs parentheses)";
	return NULL;
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
	f = ev_arena_alloc(p->parts->arena, sizeof *f);
	*f = (struct ev_expr_foreign){from, end, suffix, p->program->foreign};
	p->program->foreign = f;
	return ev_part_make(p->parts, (struct ev_expr_part){.op = EV_FOREIGN,
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
	return ev_part_pipe(p->parts, of, foreign(p, from, p->t, true, true));
}

/* With any number of arguments. */
static bool is_native(const struct ev_expr_token *name)
{
	for (unsigned arity = 0; arity <= EV_NATIVE_ARITY; arity++)
		if (ev_native_find(name, arity) != NULL)
			return true;
	return false;
}

static const struct ev_expr_part *call(struct parser *p)
{
	const struct ev_expr_token *name = p->t++;
	const struct ev_expr_part *arg[EV_NATIVE_ARITY] = {NULL, NULL};
	struct ev_expr_foreign *before = p->program->foreign;
	uint32_t n_before = p->program->n_foreign;
	const struct ev_native *f;
	unsigned n = 0;

	if (!is_native(name))
		return foreign_call(p, name);
	if (next_is(p, '(')) {
		do {
			if (n == EV_NATIVE_ARITY || (arg[n++] = pipeline(p)) == NULL)
				return NULL;
		} while (next_is(p, ';'));
		if (!next_is(p, ')'))
			return NULL;
	}
	if ((f = ev_native_find(name, n)) != NULL)
		return ev_native_call(f, p->parts, arg);
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

		if (!text(p, t, &s, &len) ||
		    (piece = ev_part_constant(p->parts, ev_expr_text(s, len))) == NULL)
			return NULL;
		n = n != NULL ? ev_part_arith(p->parts, '+', n, piece) : piece;
		if (n == NULL || t->kind == EV_T_CLOSE)
			return n;
		inner = pipeline(p);
		if (inner == NULL || !inner->single ||
		    (p->t->kind != EV_T_OPEN && p->t->kind != EV_T_CLOSE))
			return NULL;
		inner = ev_part_pipe(
			p->parts, inner,
			ev_part_make(p->parts, (struct ev_expr_part){.op = EV_CALL,
								     .single = true,
								     .function = EV_F_TOSTRING}));
		n = inner != NULL ? ev_part_arith(p->parts, '+', n, inner) : NULL;
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
	case EV_T_NUMBER: p->t++; return ev_part_constant(p->parts, number(p, t, false));
	case EV_T_STRING:
		p->t++;
		return text(p, t, &s, &len) ? ev_part_constant(p->parts, ev_expr_text(s, len))
					    : NULL;
	case EV_T_OPEN: return interpolated(p);
	case EV_T_FIELD: return ev_part_input(p->parts);
	case '.':
		if (t[1].kind != EV_T_STRING)
			p->t++;
		return ev_part_input(p->parts);
	case '(':
		p->t++;
		n = pipeline(p);
		return n != NULL && next_is(p, ')') ? n : NULL;
	case '[':
		p->t++;
		if (next_is(p, ']'))
			return ev_part_constant(p->parts, (struct ev_expr_value){.kind = EV_ARRAY,
										 .form = EV_ITEMS});
		n = ev_part_with(p->parts, EV_COLLECT, true, pipeline(p), NULL);
		return n != NULL && next_is(p, ']') ? n : NULL;
	case '{':
		p->t++;
		if (!next_is(p, '}'))
			return object(p);
		return ev_part_constant(
			p->parts, (struct ev_expr_value){.kind = EV_OBJECT, .form = EV_ITEMS});
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
			return ev_part_constant(p->parts, number(p, p->t - 1, true));
		}
		if (!deeper(p))
			return NULL;
		p->t++;
		n = ev_part_both(p->parts, EV_NEGATE, binary(p, PRODUCT), NULL);
		p->depth--;
		return n;
	}
	n = term(p, &postfix);
	if (n != NULL && postfix && ev_expr_token_is(p->t, "as"))
		return bind(p, n);
	while (n != NULL && next_is(p, '?'))
		n = ev_part_with(p->parts, EV_TRY, false, n, NULL);
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
		return ev_part_pipe(p->parts, a, b);
	if (o->op == EV_COMMA)
		n.single = false;
	return ev_part_make(p->parts, n);
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
	struct ev_parts parts = {.arena = a};
	struct parser p = {.t = tokens, .parts = &parts, .program = program};
	struct scope outside[EV_EXPR_NAMES];

	*program = (struct ev_expr_program){0};
	for (uint32_t i = 0; names && i < EV_EXPR_NAMES; i++) {
		outside[i] = (struct scope){ev_expr_names[i], strlen(ev_expr_names[i]), i, p.scope};
		p.scope = &outside[i];
		program->n_vars = i + 1;
	}
	program->root = pipeline(&p);
	if (parts.too_deep)
		return EV_TOO_DEEP;
	if (program->root != NULL && p.t->kind == EV_T_END)
		return EV_PARSED;
	program->stop = p.t;
	if (program->root != NULL)
		program->expected = "an operator, or the end,";
	return EV_NOT_NATIVE;
}

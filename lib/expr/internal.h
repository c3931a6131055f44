/*
 * internal: what the files of expr share: tokens, values, the program as a tree. Floor 4.
 */
#ifndef EV_EXPR_INTERNAL_H
#define EV_EXPR_INTERNAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "expr/expr.h"
#include "json/path.h"

#include <stdbool.h>
#include <stdint.h>

/* Tokens (lex.c) */

enum {
	EV_EXPR_TEXT = 64 * 1024, /* bytes of the longest text */
	EV_EXPR_TOKENS = 8192,	  /* of a text for libjq, which takes a second for that many */
	EV_EXPR_DEPTH = 1000,	  /* of a program as a tree */
	EV_EXPR_BRACKETS = 200,
};

/* A token of one character is that character; keywords are names. */
enum ev_expr_token_kind {
	EV_T_END = 0,
	EV_T_NUMBER = 256,
	EV_T_STRING, /* without interpolation; the inside of the quotes */
	EV_T_OPEN,   /* the text in front of an interpolation, whose tokens follow */
	EV_T_CLOSE,  /* the text behind the last one */
	EV_T_NAME,   /* also with "::" inside */
	EV_T_FIELD,  /* .name; without the dot */
	EV_T_FORMAT, /* @base64 */
	EV_T_EQ,
	EV_T_NE,
	EV_T_LE,
	EV_T_GE,
	EV_T_ALT,      /* // */
	EV_T_ALL,      /* .. */
	EV_T_ALTMATCH, /* ?// */
	EV_T_SET,      /* |= and //= */
	EV_T_COMPUTE,  /* += -= *= /= %= */
};

struct ev_expr_token {
	int kind;
	const char *p;
	size_t len;
	int inside; /* the innermost bracket that it stands in: ( [ { or 0 */
};

/* Ended by EV_T_END. NULL, with the error, if the text has no tokens of jq. Free it with free(). */
struct ev_expr_token *ev_expr_lex(const char *text, struct ev_error *err);
bool ev_expr_token_is(const struct ev_expr_token *t, const char *name);

/*
 * Of a text that runs in libjq: false, with the error, if its outcome would depend on more than the
 * record, or, unless floating, if it computes with numbers.
 */
bool ev_expr_vet(const struct ev_expr_token *tokens, bool floating, struct ev_error *err);
/* ev_expr_vet of the tokens up to end, without floating and without an error. */
bool ev_expr_may_be_foreign(const struct ev_expr_token *tokens, const struct ev_expr_token *end);
/* The sign of an assignment where a comparison was meant, or NULL. */
const struct ev_expr_token *ev_expr_assigns(const struct ev_expr_token *tokens);

/* Values (value.c) */

enum ev_expr_value_form {
	EV_IN_DOC, /* node n of the record */
	EV_SMALL,  /* a number: coef times 10 to the power of exp */
	EV_TEXT,   /* a string or a number: n bytes at p */
	EV_DEC,	   /* a number */
	EV_ITEMS,  /* an array of n items; an object of n members, name, value, name, value */
	EV_BARE,   /* null, false, true */
};

struct ev_expr_value {
	uint8_t kind; /* enum ev_kind */
	uint8_t form; /* enum ev_expr_value_form */
	union {
		int32_t exp;
		uint32_t n;
	};
	union {
		int64_t coef;
		const char *p;
		const struct ev_dec *dec;
		const struct ev_expr_value *items;
	};
};

/* One evaluation. */
struct ev_expr_run {
	const struct ev_doc *d;
	bool bound;	       /* d has the symbols that the program is bound to */
	struct ev_arena arena; /* all that it makes */
	int64_t left;	       /* work that it may still do, in nodes, about */
	struct ev_buf *why;
	struct ev_buf scratch;
	struct ev_expr_value *vars;
	struct ev_jq **foreign;	 /* the programs of EV_FOREIGN */
	struct ev_regex **tests; /* of each, its ev_expr_regex */
	bool floating;		 /* numbers may go to libjq as doubles */
	struct ev_scan *scan;	 /* of JSON texts that are no record; made when needed */
};

enum ev_expr_flow {
	EV_GO_ON,
	EV_STOP,    /* the sink needs no further output */
	EV_RAISED,  /* an error, which `?` may catch */
	EV_GIVE_UP, /* an error of evkit's own limits, which nothing catches */
};

/* False, from then on, if the evaluation has done more work than a record of its size may cause. */
static inline bool ev_expr_spend(struct ev_expr_run *x, uint64_t work)
{
	x->left -= (int64_t)work;
	return x->left >= 0;
}

enum ev_expr_flow ev_expr_raise(struct ev_expr_run *x, const char *fmt, ...) EV_PRINTF(2, 3);
enum ev_expr_flow ev_expr_give_up(struct ev_expr_run *x, const char *fmt, ...) EV_PRINTF(2, 3);
enum ev_expr_flow ev_expr_spent(struct ev_expr_run *x);

static inline struct ev_expr_value ev_expr_bare(enum ev_kind kind)
{
	return (struct ev_expr_value){.kind = (uint8_t)kind, .form = EV_BARE};
}

static inline struct ev_expr_value ev_expr_truth_value(bool v)
{
	return ev_expr_bare(v ? EV_TRUE : EV_FALSE);
}

static inline struct ev_expr_value ev_expr_at(const struct ev_doc *d, uint32_t i)
{
	return (struct ev_expr_value){.kind = (uint8_t)d->nodes[i].kind, .form = EV_IN_DOC, .n = i};
}

static inline struct ev_expr_value ev_expr_whole(int64_t v)
{
	return (struct ev_expr_value){.kind = EV_NUMBER, .form = EV_SMALL, .coef = v};
}

static inline struct ev_expr_value ev_expr_text(const char *p, size_t len)
{
	return (struct ev_expr_value){
		.kind = EV_STRING, .form = EV_TEXT, .n = (uint32_t)len, .p = p};
}

static inline bool ev_expr_is_true(const struct ev_expr_value *v)
{
	return v->kind != EV_NULL && v->kind != EV_FALSE;
}

/* A number as JSON or jq spells it; the text must last as long as the value. */
struct ev_expr_value ev_expr_number_value(const char *p, size_t len);
/* The decoded bytes of a string; valid as long as the evaluation. */
const char *ev_expr_value_string(struct ev_expr_run *x, const struct ev_expr_value *v, size_t *len);
/* The number of elements or members. */
uint32_t ev_expr_value_count(const struct ev_expr_run *x, const struct ev_expr_value *v);
/* The value of a member, or an element; null if there is none. */
struct ev_expr_value ev_expr_value_member(struct ev_expr_run *x, const struct ev_expr_value *v,
					  const char *name, size_t len, bool *found);
struct ev_expr_value ev_expr_value_element(struct ev_expr_run *x, const struct ev_expr_value *v,
					   int64_t index);
/* Whole part of a number, cut to what an index can be. */
int64_t ev_expr_value_index(struct ev_expr_run *x, const struct ev_expr_value *v);

/* Walks over the elements of an array or the members of an object. */
struct ev_expr_cursor {
	const struct ev_expr_value *v;
	uint32_t at, end;
};
struct ev_expr_cursor ev_expr_cursor(const struct ev_expr_run *x, const struct ev_expr_value *v);
bool ev_expr_cursor_next(const struct ev_expr_run *x, struct ev_expr_cursor *c,
			 struct ev_expr_value *name, struct ev_expr_value *value);

/* The order of jq; numbers by their exact value. 0 if the work is spent. */
int ev_expr_value_compare(struct ev_expr_run *x, const struct ev_expr_value *a,
			  const struct ev_expr_value *b);
/* The same of two numbers. */
int ev_expr_numbers_compare(struct ev_expr_run *x, const struct ev_expr_value *a,
			    const struct ev_expr_value *b);
bool ev_expr_value_contains(struct ev_expr_run *x, const struct ev_expr_value *a,
			    const struct ev_expr_value *b);

enum ev_expr_flow ev_expr_value_add(struct ev_expr_run *x, const struct ev_expr_value *a,
				    const struct ev_expr_value *b, struct ev_expr_value *out);
enum ev_expr_flow ev_expr_value_subtract(struct ev_expr_run *x, const struct ev_expr_value *a,
					 const struct ev_expr_value *b, struct ev_expr_value *out);
enum ev_expr_flow ev_expr_value_multiply(struct ev_expr_run *x, const struct ev_expr_value *a,
					 const struct ev_expr_value *b, struct ev_expr_value *out);
enum ev_expr_flow ev_expr_value_negate(struct ev_expr_run *x, const struct ev_expr_value *a,
				       struct ev_expr_value *out);
enum ev_expr_flow ev_expr_value_length(struct ev_expr_run *x, const struct ev_expr_value *a,
				       struct ev_expr_value *out);

/* The length to which a text is cut for a message, between two code points. */
int ev_expr_cut(const char *p, size_t len, size_t most);
/* Its kind, and the value of a scalar, for messages: number (5). In the arena. */
const char *ev_expr_value_describe(struct ev_expr_run *x, const struct ev_expr_value *v);

/* A growing array in the arena. */
struct ev_expr_list {
	struct ev_expr_value *items;
	uint32_t n, cap;
};
void ev_expr_list_add(struct ev_expr_run *x, struct ev_expr_list *l, const struct ev_expr_value *v);
struct ev_expr_value ev_expr_list_value(const struct ev_expr_list *l);

/* A sum of any number of values of one kind: strings and arrays grow in place. */
struct ev_expr_sum {
	struct ev_expr_value value;
	char *text; /* of a string */
	size_t cap;
	struct ev_expr_list list; /* of an array */
};
/* As ev_expr_value_add, of the sum so far and v. */
enum ev_expr_flow ev_expr_sum_add(struct ev_expr_run *x, struct ev_expr_sum *s,
				  const struct ev_expr_value *v);

/* Sorts n pairs (key, value) by their keys; equal ones stay in order. */
void ev_expr_pairs_sort(struct ev_expr_run *x, struct ev_expr_value *pairs, size_t n);

/* The program (parse.c) */

enum ev_expr_op {
	EV_INPUT,
	EV_CONST,   /* value */
	EV_VAR,	    /* slot */
	EV_PATH,    /* a, then steps */
	EV_AT,	    /* a[b] */
	EV_EACH,    /* a | .[] */
	EV_COLLECT, /* [a] */
	EV_MEMBER,  /* {a..., b: c}; a is NULL in front of the first */
	EV_PIPE,    /* a | b */
	EV_COMMA,   /* a, b */
	EV_AND,
	EV_OR,
	EV_ALT,	    /* a // b */
	EV_TRY,	    /* a? */
	EV_COMPARE, /* a with b; order: which outcomes hold */
	EV_ARITH,   /* a sign b */
	EV_NEGATE,
	EV_IF,	   /* if a then b else c */
	EV_BIND,   /* a as $slot | b */
	EV_REDUCE, /* reduce a as $slot (b; c) */
	EV_ALL_OF, /* all(a; b) */
	EV_ANY_OF,
	EV_FIRST_OF, /* first(a) */
	EV_LAST_OF,
	EV_IS_EMPTY,
	EV_EMPTY,
	EV_ERROR, /* error("text") */
	EV_SELECT,
	EV_SUM,	    /* the sum of a's outputs; null without any: [a] | add */
	EV_KINDS,   /* select by type; mask */
	EV_CALL,    /* a function of the input, and of a's output where a is not NULL */
	EV_BY,	    /* sort_by(a) and its kin */
	EV_FOREIGN, /* a function that libjq alone knows, of the input; slot */
};

enum { EV_LESS = 1, EV_EQUAL = 2, EV_GREATER = 4 };

enum ev_expr_function {
	EV_F_LENGTH,
	EV_F_NOT,
	EV_F_TYPE,
	EV_F_KEYS,
	EV_F_KEYS_UNSORTED,
	EV_F_MIN,
	EV_F_MAX,
	EV_F_SORT,
	EV_F_UNIQUE,
	EV_F_GROUP,
	EV_F_DOWNCASE,
	EV_F_UPCASE,
	EV_F_TONUMBER,
	EV_F_FROMJSON,
	EV_F_TOSTRING,
	EV_F_TOJSON,
	EV_F_BYTES,
	EV_F_HAS,
	EV_F_IN,
	EV_F_CONTAINS,
	EV_F_INSIDE,
	EV_F_STARTSWITH,
	EV_F_ENDSWITH,
	EV_F_LTRIM,
	EV_F_RTRIM,
	EV_F_SPLIT,
	EV_F_JOIN,
	EV_F_TODATE,
	EV_F_FROMDATE,
	EV_F_TO_ENTRIES,
};

struct ev_expr_path_step {
	const char *name; /* or NULL for index */
	size_t len;
	int64_t index;
	uint32_t symbol;    /* of the name, where the program is bound */
	uint32_t member_id; /* of a path of names from the record, or EV_NO_MEMBER_ID */
	bool optional;	    /* ? */
};

struct ev_expr_part {
	enum ev_expr_op op;
	bool single;   /* has one output or raises an error */
	bool optional; /* EV_EACH: with ? */
	char sign;
	uint8_t mask; /* EV_COMPARE: EV_LESS ...; EV_KINDS: 1 << kind */
	enum ev_expr_function function;
	uint32_t slot;
	uint32_t depth;
	uint32_t n_steps;
	struct ev_expr_path_step *steps;
	const struct ev_expr_part *a, *b, *c;
	struct ev_expr_value value;
};

/* A piece of a native program's text that libjq runs. */
struct ev_expr_foreign {
	const struct ev_expr_token *from, *end;
	bool suffix; /* a step behind a value, such as [1:2] */
	struct ev_expr_foreign *next;
};

struct ev_expr_program {
	const struct ev_expr_part *root;
	uint32_t n_vars;
	struct ev_expr_foreign *foreign; /* the last one first */
	uint32_t n_foreign;
	/* Of what is not native: where, and what may stand there, or NULL if libjq knows. */
	const struct ev_expr_token *stop;
	const char *expected;
};

enum ev_expr_parsed {
	EV_PARSED,
	EV_NOT_NATIVE, /* libjq may know it */
	EV_TOO_DEEP,
};

/* As `expected`: where libjq would expect them, too. */
extern const char ev_expr_a_value[], ev_expr_a_variable[];

/* The names that a value's expression may have from outside: the first variables, in this order. */
enum { EV_EXPR_NAMES = 4 };
extern const char *const ev_expr_names[EV_EXPR_NAMES];

/* Into the arena, which the program lives in. names: whether it may use those. */
enum ev_expr_parsed ev_expr_parse(const struct ev_expr_token *tokens, bool names,
				  struct ev_arena *a, struct ev_expr_program *program);

/* Between evkit and libjq (libjq.c) */

/* Whether a double holds the number exactly, and libjq spells it like this. */
bool ev_libjq_spells(const char *p, size_t len);
/* ev_libjq_spells of every number in value `at`; else false, with the reason. */
bool ev_libjq_keeps(const struct ev_doc *d, uint32_t at, struct ev_buf *why);
/* A regex that does on a text of ASCII what that call of test does, or NULL (regex.c). */
struct ev_regex *ev_expr_regex(const struct ev_expr_foreign *f);
/* A JSON text as a value in the arena; false if it is none. */
bool ev_expr_value_parse(struct ev_expr_run *x, const char *p, size_t len,
			 struct ev_expr_value *out);
/* The outputs of a program of libjq on a value, as a list. */
enum ev_expr_flow ev_libjq_call(struct ev_expr_run *x, uint32_t program,
				const struct ev_expr_value *in, struct ev_expr_list *outputs);
/* Appends the value as JSON, numbers as ev_expr_value_spelled has them. */
void ev_expr_value_json(struct ev_expr_run *x, const struct ev_expr_value *v, struct ev_buf *out);
/* A number without an exponent, as short as possible. In the arena; NULL if it is too long. */
const char *ev_expr_value_digits(struct ev_expr_run *x, const struct ev_expr_value *v, size_t *len);
/* A number as it stands in the record, or, if it was computed, without an exponent. */
const char *ev_expr_value_spelled(struct ev_expr_run *x, const struct ev_expr_value *v,
				  size_t *len);

/* ev_expr_paths of a program (paths.c). */
void ev_expr_part_paths(const struct ev_expr_part *root, const char *item, ev_expr_path *fn,
			void *ctx);

/* Functions of one or two values (call.c); arg is NULL for those of one. */
enum ev_expr_flow ev_expr_call(struct ev_expr_run *x, enum ev_expr_function f,
			       const struct ev_expr_value *in, const struct ev_expr_value *arg,
			       struct ev_expr_value *out);

/* Evaluation (eval.c) */

/* Takes an output and returns EV_GO_ON for more. */
struct ev_expr_sink {
	enum ev_expr_flow (*take)(struct ev_expr_run *x, struct ev_expr_sink *to,
				  const struct ev_expr_value *v);
};

/* How a comparison is written, by its mask. */
extern const char *const ev_expr_signs[];

/* Whether a comparison holds; c: its sides compared, as by strcmp. */
static inline bool ev_expr_order_holds(const struct ev_expr_part *n, int c)
{
	return (n->mask & (c < 0 ? EV_LESS : c > 0 ? EV_GREATER : EV_EQUAL)) != 0;
}

/* The last of its outputs, and how many there are. */
enum ev_expr_flow ev_expr_outputs(struct ev_expr_run *x, const struct ev_expr_part *n,
				  const struct ev_expr_value *in, struct ev_expr_value *last,
				  uint32_t *count);
/* Whether it has an output, and none is false or null. */
enum ev_expr_flow ev_expr_holds(struct ev_expr_run *x, const struct ev_expr_part *n,
				const struct ev_expr_value *in, bool *holds);

/* The sign and the sides of the comparison that failed; NULL: none is known. */
const char *ev_expr_failed(struct ev_expr_run *x, const struct ev_expr_part *n,
			   const struct ev_expr_value *in, struct ev_expr_value *left,
			   struct ev_expr_value *right);

/* Comparisons of numbers (comparison.c) */

struct ev_expr_comparison;

/*
 * The fast path of a part that is all(PATH[]; .name < number), or a comparison of which each side
 * is a number, a path or the sum over a list of a member of its elements, or of the product of two.
 * NULL for any other.
 */
struct ev_expr_comparison *ev_expr_comparison_new(const struct ev_expr_part *n);
void ev_expr_comparison_free(struct ev_expr_comparison **c);
/* On a whole document that the part is bound to. False: unknown, evaluate in full. */
bool ev_expr_comparison_holds(struct ev_expr_comparison *c, const struct ev_doc *d);

#endif

#include "expr/internal.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

struct lexer {
	const char *p;
	struct ev_expr_token *t;
	size_t n, cap;
	char open[EV_EXPR_BRACKETS]; /* ( [ {, and " for the head of an interpolation */
	size_t depth;
	struct ev_error *err;
};

static bool letter(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static void add(struct lexer *x, int kind, const char *p, const char *end)
{
	int inside = x->depth != 0 ? x->open[x->depth - 1] : 0;

	ev_grow(&x->t, &x->cap, x->n + 1, sizeof *x->t);
	x->t[x->n++] =
		(struct ev_expr_token){kind, p, (size_t)(end - p), inside == '"' ? '(' : inside};
}

static bool push(struct lexer *x, char bracket)
{
	if (x->depth == EV_EXPR_BRACKETS) {
		ev_fail(x->err, "the brackets are nested more than %d deep", EV_EXPR_BRACKETS);
		return false;
	}
	x->open[x->depth++] = bracket;
	return true;
}

/* From behind the quote, or behind the end of an interpolation, to the next of either. */
static bool string(struct lexer *x, bool resumed)
{
	const char *from = x->p;

	for (; *x->p != '\0'; x->p++) {
		if (*x->p == '"') {
			if (resumed)
				add(x, EV_T_CLOSE, from, x->p);
			else
				add(x, EV_T_STRING, from, x->p);
			x->p++;
			return true;
		}
		if (*x->p != '\\')
			continue;
		if (x->p[1] == '(') {
			add(x, EV_T_OPEN, from, x->p);
			x->p += 2;
			return push(x, '"');
		}
		if (x->p[1] != '\0')
			x->p++;
	}
	ev_fail(x->err, "a string is not closed");
	return false;
}

static void name(struct lexer *x)
{
	const char *from = x->p;

	do {
		if (*x->p == ':')
			x->p += 2;
		while (letter(*x->p) || digit(*x->p))
			x->p++;
	} while (x->p[0] == ':' && x->p[1] == ':' && letter(x->p[2]));
	add(x, EV_T_NAME, from, x->p);
}

static void number(struct lexer *x)
{
	const char *from = x->p;

	while (digit(*x->p))
		x->p++;
	if (*x->p == '.')
		x->p++;
	while (digit(*x->p))
		x->p++;
	if (*x->p == 'e' || *x->p == 'E') {
		size_t sign = x->p[1] == '-' || x->p[1] == '+';

		if (digit(x->p[1 + sign]))
			for (x->p += 1 + sign; digit(*x->p);)
				x->p++;
	}
	add(x, EV_T_NUMBER, from, x->p);
}

static bool bracket(struct lexer *x)
{
	static const char pairs[] = "()[]{}";
	const char *pair = strchr(pairs, *x->p);
	char open;

	if ((pair - pairs) % 2 == 0) {
		add(x, *x->p, x->p, x->p + 1);
		return push(x, *x->p++);
	}
	open = x->depth != 0 ? x->open[x->depth - 1] : '\0';
	if (open == '"' && *x->p == ')') {
		x->depth--;
		x->p++;
		return string(x, true);
	}
	if (open != pair[-1]) {
		ev_fail(x->err, "'%c' has nothing to close", *x->p);
		return false;
	}
	x->depth--;
	add(x, *x->p, x->p, x->p + 1);
	x->p++;
	return true;
}

/* The longest first, as jq reads them. */
static const struct {
	const char *text;
	int kind;
} marks[] = {
	{"?//", EV_T_ALTMATCH}, {"//=", EV_T_SET},    {"//", EV_T_ALT},	    {"|=", EV_T_SET},
	{"+=", EV_T_COMPUTE},	{"-=", EV_T_COMPUTE}, {"*=", EV_T_COMPUTE}, {"/=", EV_T_COMPUTE},
	{"%=", EV_T_COMPUTE},	{"==", EV_T_EQ},      {"!=", EV_T_NE},	    {"<=", EV_T_LE},
	{">=", EV_T_GE},	{"..", EV_T_ALL},
};

static bool mark(struct lexer *x)
{
	int len = 1;

	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		size_t n = strlen(marks[i].text);

		if (strncmp(x->p, marks[i].text, n) == 0) {
			add(x, marks[i].kind, x->p, x->p + n);
			x->p += n;
			return true;
		}
	}
	if (strchr(".?=;,:|+-*/%$<>", *x->p) != NULL) {
		add(x, *x->p, x->p, x->p + 1);
		x->p++;
		return true;
	}
	while ((x->p[len] & 0xc0) == 0x80)
		len++;
	ev_fail(x->err, "'%.*s' is not understood", len, x->p);
	return false;
}

static bool token(struct lexer *x)
{
	const char *from = x->p;

	if (*x->p == '"') {
		x->p++;
		return string(x, false);
	}
	if (letter(*x->p)) {
		name(x);
		return true;
	}
	if (digit(*x->p) || (*x->p == '.' && digit(x->p[1]))) {
		number(x);
		return true;
	}
	if (*x->p == '.' && letter(x->p[1])) {
		for (x->p++; letter(*x->p) || digit(*x->p);)
			x->p++;
		add(x, EV_T_FIELD, from + 1, x->p);
		return true;
	}
	if (*x->p == '@' && (letter(x->p[1]) || digit(x->p[1]))) {
		for (x->p++; letter(*x->p) || digit(*x->p);)
			x->p++;
		add(x, EV_T_FORMAT, from, x->p);
		return true;
	}
	return strchr("()[]{}", *x->p) != NULL ? bracket(x) : mark(x);
}

struct ev_expr_token *ev_expr_lex(const char *text, struct ev_error *err)
{
	struct lexer x = {.p = text, .err = err};
	size_t len = strlen(text);
	bool good = true;

	if (len > EV_EXPR_TEXT) {
		ev_fail(err, "the expression is longer than %d bytes", EV_EXPR_TEXT);
		return NULL;
	}
	if (ev_utf8_valid(text, len) != len) {
		ev_fail(err, "the expression is not valid UTF-8");
		return NULL;
	}
	while (good) {
		x.p += strspn(x.p, " \t\r\n");
		if (*x.p == '#')
			x.p += strcspn(x.p, "\n");
		else if (*x.p == '\0')
			break;
		else
			good = token(&x);
	}
	if (good && x.depth != 0) {
		ev_fail(err, "'%c' is not closed",
			x.open[x.depth - 1] == '"' ? '(' : x.open[x.depth - 1]);
		good = false;
	}
	if (!good) {
		free(x.t);
		return NULL;
	}
	add(&x, EV_T_END, x.p, x.p);
	return x.t;
}

bool ev_expr_token_is(const struct ev_expr_token *t, const char *word)
{
	return t->kind == EV_T_NAME && strlen(word) == t->len && memcmp(t->p, word, t->len) == 0;
}

static bool listed(const struct ev_expr_token *t, const char *const *words)
{
	for (; *words != NULL; words++)
		if (ev_expr_token_is(t, *words))
			return true;
	return false;
}

/* Whether a value ends here, so that a sign behind it joins it with the next. */
static bool ends_value(const struct ev_expr_token *t)
{
	static const char *const leads[] = {"and",   "or",  "if",     "then",	 "else",
					    "elif",  "as",  "reduce", "foreach", "try",
					    "catch", "def", "label",  NULL};

	switch (t->kind) {
	case EV_T_NUMBER:
	case EV_T_STRING:
	case EV_T_CLOSE:
	case EV_T_FIELD:
	case EV_T_FORMAT:
	case EV_T_ALL:
	case ')':
	case ']':
	case '}':
	case '.':
	case '?': return true;
	case EV_T_NAME: return !listed(t, leads);
	default: return false;
	}
}

/* A name that is no call: a variable, or a member of an object that is made. */
static bool names_only(const struct ev_expr_token *t, const struct ev_expr_token *first)
{
	if (t == first || t->inside != '{')
		return t > first && t[-1].kind == '$';
	if (t[-1].kind == '$')
		return true;
	return (t[-1].kind == '{' || t[-1].kind == ',') &&
	       (t[1].kind == ':' || t[1].kind == ',' || t[1].kind == '}');
}

/* clang-format off */
static const char *const elsewhere[] = {
	"input", "inputs", "debug", "stderr", "env", "halt", "halt_error", "now", "localtime",
	"strflocaltime", "input_filename", "input_line_number", "import", "include", "module",
	"modulemeta", "get_search_list", "get_prog_origin", "get_jq_origin", NULL
};

static const char *const computes[] = {
	"add", "fromjson", "tonumber", "min", "max", "min_by", "max_by", "floor", "ceil",
	"round", "trunc", "rint", "nearbyint", "sqrt", "cbrt", "pow", "pow10", "exp", "exp2",
	"exp10", "expm1", "log", "log2", "log10", "log1p", "logb", "gamma", "lgamma",
	"lgamma_r", "tgamma", "frexp", "modf", "ldexp", "scalb", "scalbln", "significand",
	"drem", "remainder", "fma", "fmin", "fmax", "fmod", "fdim", "fabs", "hypot", "copysign",
	"nextafter", "nexttoward", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh",
	"cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "j0", "j1", "jn", "y0", "y1",
	"yn", NULL
};
/* clang-format on */

static bool is_text(const struct ev_expr_token *t, const struct ev_expr_token *first)
{
	return (t->kind == EV_T_STRING && !(t > first && t[-1].kind == '.')) ||
	       t->kind == EV_T_CLOSE;
}

static bool arithmetic(const struct ev_expr_token *t, const struct ev_expr_token *first)
{
	switch (t->kind) {
	case EV_T_COMPUTE:
	case '*':
	case '/':
	case '%': return true;
	case '+': /* next to a string it joins strings */
		return !(t > first && is_text(t - 1, first)) && t[1].kind != EV_T_STRING &&
		       t[1].kind != EV_T_OPEN;
	case '-': return t > first && ends_value(t - 1);
	case EV_T_NAME: return listed(t, computes) && !names_only(t, first);
	default: return false;
	}
}

/* What depends on more than the record. */
static bool looks_elsewhere(const struct ev_expr_token *t, const struct ev_expr_token *first)
{
	bool named = t->kind == EV_T_NAME && names_only(t, first);

	return (t->kind == EV_T_NAME && !named && listed(t, elsewhere)) ||
	       (named && t[-1].kind == '$' &&
		(ev_expr_token_is(t, "ENV") || ev_expr_token_is(t, "__prog_args")));
}

/* Whether a constant keeps its value as a double in libjq. */
static bool constant_kept(const struct ev_expr_token *t)
{
	size_t digits = 0;

	for (size_t i = 0; i < t->len && (t->p[i] | 0x20) != 'e'; i++)
		digits += t->p[i] >= (digits == 0 ? '1' : '0') && t->p[i] <= '9';
	return digits <= 15 || ev_libjq_spells(t->p, t->len);
}

bool ev_expr_vet(const struct ev_expr_token *tokens, bool floating, struct ev_error *err)
{
	for (const struct ev_expr_token *t = tokens; t->kind != EV_T_END; t++) {
		bool variable = t->kind == EV_T_NAME && t > tokens && t[-1].kind == '$';
		int len = (int)(t->len < 40 ? t->len : 40);

		if (t - tokens == EV_EXPR_TOKENS) {
			ev_fail(err, "the expression has more than %d tokens", EV_EXPR_TOKENS);
			return false;
		}
		if (looks_elsewhere(t, tokens)) {
			ev_fail(err,
				"%s%.*s cannot be used: what a rule says must depend on the record "
				"alone",
				variable ? "$" : "", len, t->p);
			return false;
		}
		if (!floating && arithmetic(t, tokens)) {
			ev_fail(err,
				"this arithmetic (%.*s) cannot run in exact decimal: write it with "
				"+ - * over plain paths, or say floating: true",
				len, t->p);
			return false;
		}
		if (!floating && t->kind == EV_T_NUMBER && !constant_kept(t)) {
			ev_fail(err,
				"libjq, which would run this, cannot hold the digits of %.*s: "
				"write it without functions that are not native, or say floating: "
				"true",
				len, t->p);
			return false;
		}
	}
	return true;
}

bool ev_expr_may_be_foreign(const struct ev_expr_token *tokens, const struct ev_expr_token *end)
{
	for (const struct ev_expr_token *t = tokens; t < end; t++)
		if (t->kind == '$' || looks_elsewhere(t, tokens) || arithmetic(t, tokens) ||
		    (t->kind == EV_T_NUMBER && !constant_kept(t)))
			return false;
	return true;
}

static bool is_assignment(const struct ev_expr_token *t)
{
	return t->kind == '=' || t->kind == EV_T_SET || t->kind == EV_T_COMPUTE;
}

/*
 * Finds assignments in the places of conditions: at the end of the text, in parentheses there, and
 * in the arguments of all, any and select. Before a pipe, an assignment may be meant.
 */
const struct ev_expr_token *ev_expr_assigns(const struct ev_expr_token *tokens)
{
	static const char *const judges[] = {"all", "any", "select", NULL};
	struct {
		const struct ev_expr_token *found;
		bool truth, judged;
	} level[EV_EXPR_BRACKETS + 1] = {{NULL, true, false}};
	size_t depth = 0;

	for (const struct ev_expr_token *t = tokens; t->kind != EV_T_END; t++) {
		switch (t->kind) {
		case '(':
		case '[':
		case '{':
			depth++;
			level[depth].found = NULL;
			level[depth].judged = t->kind == '(' && t > tokens && listed(t - 1, judges);
			level[depth].truth =
				level[depth].judged || (t->kind == '(' && level[depth - 1].truth &&
							(t == tokens || !ends_value(t - 1)));
			break;
		case ')':
		case ']':
		case '}':
			if (level[depth].judged && level[depth].found != NULL)
				return level[depth].found;
			if (level[depth].truth && level[depth].found != NULL && t[1].kind != '|')
				level[depth - 1].found = level[depth].found;
			depth--;
			break;
		case '|':
		case ';': level[depth].found = NULL; break;
		default:
			if (is_assignment(t) && level[depth].truth)
				level[depth].found = t;
		}
	}
	return level[0].found;
}

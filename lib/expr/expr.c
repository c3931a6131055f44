#include "expr/expr.h"

#include "base/mem.h"
#include "expr/internal.h"
#include "expr/jq.h"
#include "regex/regex.h"
#include "scan/scalar.h"
#include "json/view.h"

#include <stdlib.h>
#include <string.h>

/* The bound of an evaluation's work (ev_expr_spend). */
static const int64_t work_at_least = 10000000;
static const int64_t work_per_node = 100;

struct ev_expr {
	struct ev_arena arena; /* the program */
	struct ev_expr_program program;
	struct ev_expr_comparison *comparison; /* the fast path of it all, or NULL */
	struct ev_expr_run run;
	struct ev_jq *whole;		  /* if libjq runs it all */
	const char *lint;		  /* static, or NULL */
	bool of_item;			  /* it uses the names of an element */
	const struct ev_symbols *symbols; /* that it is bound to, or NULL */
	uint32_t number_at; /* of PATH | tonumber: the path's member id; or EV_NO_MEMBER_ID */
};

/* The text of a foreign piece, in the line that it stands in. */
static void put_piece(const char *text, const struct ev_expr_foreign *f, struct ev_buf *out)
{
	const struct ev_expr_token *last = f->end - 1;

	for (const char *p = text; p < f->from->p; p++)
		if (*p == '\n')
			ev_buf_putc(out, '\n');
	if (f->suffix)
		ev_buf_putc(out, '.');
	ev_buf_put(out, f->from->p, (size_t)(last->p + last->len - f->from->p));
}

/* So that a wrong pattern is an error of the model, not of the first record. */
static bool pattern_right(struct ev_jq *q, const struct ev_expr_foreign *f, struct ev_error *err)
{
	static const char *const matchers[] = {"test",	"match",  "capture", "scan",
					       "split", "splits", "sub",     "gsub"};
	struct ev_buf outputs = {0}, why = {0};
	bool matches = false, good = true;

	for (size_t i = 0; i < sizeof matchers / sizeof matchers[0]; i++)
		matches = matches || ev_expr_token_is(f->from, matchers[i]);
	if (matches && ev_jq_run(q, "\"\"", 2, &outputs, &why) != EV_OK) {
		good = strstr(ev_buf_str(&why), "Regex failure") == NULL &&
		       strstr(ev_buf_str(&why), "is not a valid regex") == NULL;
		if (!good)
			ev_fail(err, "%s", ev_buf_str(&why));
	}
	ev_buf_free(&outputs);
	ev_buf_free(&why);
	return good;
}

static bool native(struct ev_expr *e, const char *text, bool floating, struct ev_error *err)
{
	struct ev_buf piece = {0};
	bool good = true;
	uint32_t k = e->program.n_foreign;

	e->run.floating = floating;
	e->run.vars = ev_calloc(e->program.n_vars, sizeof *e->run.vars);
	e->run.foreign = ev_calloc(k, sizeof(struct ev_jq *));
	e->run.tests = ev_calloc(k, sizeof(struct ev_regex *));
	for (const struct ev_expr_foreign *f = e->program.foreign; good && f != NULL; f = f->next) {
		ev_buf_reset(&piece);
		put_piece(text, f, &piece);
		e->run.foreign[--k] = ev_jq_compile(ev_buf_str(&piece), err);
		good = e->run.foreign[k] != NULL && pattern_right(e->run.foreign[k], f, err);
		e->run.tests[k] = ev_expr_regex(f);
	}
	ev_buf_free(&piece);
	e->program.foreign = NULL; /* its tokens go */
	return good;
}

/* The kind of a part's outputs. */
enum gives { A_TRUTH, A_MEMBER, NO_TRUTH, ANYTHING };

static enum gives both_give(enum gives a, enum gives b)
{
	return a == b ? a : a == A_TRUTH ? b : b == A_TRUTH ? a : ANYTHING;
}

static enum gives gives(const struct ev_expr_part *n)
{
	switch (n->op) {
	case EV_PATH: return A_MEMBER;
	case EV_CONST:
		return n->value.kind == EV_TRUE || n->value.kind == EV_FALSE ? A_TRUTH : NO_TRUTH;
	case EV_COLLECT:
	case EV_MEMBER:
	case EV_ARITH:
	case EV_NEGATE:
	case EV_SUM:
	case EV_INPUT: return NO_TRUTH;
	case EV_PIPE:
	case EV_BIND: return gives(n->b);
	case EV_COMMA: return both_give(gives(n->a), gives(n->b));
	case EV_IF: return both_give(gives(n->b), gives(n->c));
	case EV_TRY:
	case EV_FIRST_OF:
	case EV_LAST_OF: return gives(n->a);
	case EV_CALL:
		switch (n->function) {
		case EV_F_NOT:
		case EV_F_HAS:
		case EV_F_IN:
		case EV_F_CONTAINS:
		case EV_F_INSIDE:
		case EV_F_STARTSWITH:
		case EV_F_ENDSWITH: return A_TRUTH;
		case EV_F_FROMJSON: return ANYTHING;
		default: return NO_TRUTH;
		}
	case EV_BY: return n->function == EV_F_MIN || n->function == EV_F_MAX ? ANYTHING : NO_TRUTH;
	case EV_ALT: /* .flag // false */ return gives(n->b) == A_TRUTH ? A_TRUTH : gives(n->b);
	case EV_AND:
	case EV_OR:
	case EV_COMPARE:
	case EV_ALL_OF:
	case EV_ANY_OF:
	case EV_IS_EMPTY:
	case EV_EMPTY:
	case EV_ERROR: return A_TRUTH;
	default: return ANYTHING;
	}
}

static const char *lint_of(const struct ev_expr_part *n)
{
	switch (gives(n)) {
	case NO_TRUTH:
		return "gives no true or false, so it holds unless that is null: compare it with "
		       "what it must be";
	case A_MEMBER:
		return "gives a member as it is, so it holds unless that is null or false: say "
		       "what it must be, such as .a != null or .a == true";
	default: return NULL;
	}
}

bool ev_expr_is_closed(const char *text, struct ev_error *err)
{
	struct ev_expr_token *tokens = ev_expr_lex(text, err);
	bool closed = tokens != NULL && ev_expr_vet(tokens, true, err);

	free(tokens);
	return closed;
}

/* Its tokens; NULL, with the error, if it is no predicate or value. */
static struct ev_expr_token *tokens_of(const char *text, bool predicate, struct ev_error *err)
{
	struct ev_expr_token *tokens = ev_expr_lex(text, err);
	const struct ev_expr_token *sign;

	if (tokens == NULL)
		return NULL;
	if (tokens[0].kind == EV_T_END)
		ev_fail(err, "the expression is empty");
	else if (predicate && (sign = ev_expr_assigns(tokens)) != NULL)
		ev_fail(err,
			"'%.*s' assigns, and what it gives holds of any record: to compare, write "
			"==",
			(int)sign->len, sign->p);
	else
		return tokens;
	free(tokens);
	return NULL;
}

/* All of it by libjq. Where it may use names, its input is an array of them and the record. */
static struct ev_jq *compile_whole(const char *text, bool item, struct ev_error *err)
{
	struct ev_buf program = {0};
	struct ev_jq *q;

	if (!item)
		return ev_jq_compile(text, err);
	ev_buf_puts(&program, ". as [");
	for (int i = 0; i < EV_EXPR_NAMES; i++)
		ev_buf_printf(&program, "$%s,", ev_expr_names[i]);
	ev_buf_printf(&program, "$__event] | $__event | (%s)", text);
	q = ev_jq_compile(ev_buf_str(&program), err);
	ev_buf_free(&program);
	return q;
}

/* Says what may stand where the program is wrong, in place of libjq's words. */
static void say_expected(const char *text, const struct ev_expr_program *program,
			 struct ev_error *err)
{
	const struct ev_expr_token *t = program->stop;
	int len = (int)(t->len < 40 ? t->len : 40);

	/* What begins no value here does not in libjq, and + - * are native wherever they stand. */
	if (program->expected == NULL ||
	    (t->kind != EV_T_END && t->kind != '+' && t->kind != '-' && t->kind != '*' &&
	     program->expected != ev_expr_a_value && program->expected != ev_expr_a_variable &&
	     strstr(err->text, "syntax error") == NULL))
		return;
	if (t->kind == EV_T_END)
		ev_fail(err, "%s is expected where the expression ends", program->expected);
	else
		ev_fail(err, "%s is expected in place of '%.*s', at column %zu of the expression",
			program->expected, len, t->p, (size_t)(t->p - text) + 1);
}

/* Says which name is not defined, and where it stands, in place of libjq's words. */
static void say_undefined(const char *text, const struct ev_expr_token *tokens,
			  struct ev_error *err)
{
	const bool variable = strncmp(err->text, "jq: $", 5) == 0;
	const char *name = err->text + 4 + variable;
	const size_t len = strcspn(name, "/ ");
	const struct ev_expr_token *t = tokens;
	long arguments;

	if (strncmp(err->text, "jq: ", 4) != 0 || strstr(name, " is not defined at ") == NULL)
		return;
	while (t->kind != EV_T_END &&
	       (t->kind != EV_T_NAME || t->len != len || memcmp(t->p, name, len) != 0 ||
		variable != (t > tokens && t[-1].kind == '$')))
		t++;
	if (t->kind == EV_T_END)
		return;
	arguments = name[len] == '/' ? strtol(name + len + 1, NULL, 10) : 0;
	if (variable)
		ev_fail(err, "$%.*s is not defined, at column %zu of the expression", (int)len,
			t->p, (size_t)(t->p - text));
	else
		ev_fail(err,
			"jq has no function %.*s with %ld argument%s, at column %zu of the "
			"expression",
			(int)len, t->p, arguments, arguments == 1 ? "" : "s",
			(size_t)(t->p - text) + 1);
}

static struct ev_expr *compile(const char *text, bool predicate, bool item, bool floating,
			       struct ev_error *err)
{
	struct ev_expr_token *tokens = tokens_of(text, predicate, err);
	struct ev_expr *e;
	bool good = false;

	if (tokens == NULL)
		return NULL;
	e = ev_calloc(1, sizeof *e);
	for (const struct ev_expr_token *t = tokens; item && t->kind != EV_T_END; t++)
		for (int i = 0; i < EV_EXPR_NAMES; i++)
			e->of_item |= t->kind == '$' && ev_expr_token_is(t + 1, ev_expr_names[i]);
	switch (ev_expr_parse(tokens, item, &e->arena, &e->program)) {
	case EV_PARSED:
		if (predicate)
			e->comparison = ev_expr_comparison_new(e->program.root);
		e->lint = lint_of(e->program.root);
		good = native(e, text, floating, err);
		break;
	case EV_TOO_DEEP:
		ev_fail(err, "the expression is nested more than %d deep", EV_EXPR_DEPTH);
		break;
	case EV_NOT_NATIVE:
		e->run.floating = floating;
		good = ev_expr_vet(tokens, floating, err) &&
		       (e->whole = compile_whole(text, e->of_item, err)) != NULL;
		if (!good)
			say_expected(text, &e->program, err);
		ev_arena_free(&e->arena);
		e->program = (struct ev_expr_program){0};
		break;
	}
	if (!good) {
		say_undefined(text, tokens, err);
		ev_expr_free(&e);
	}
	free(tokens);
	return e;
}

struct ev_expr *ev_expr_compile(const char *text, bool floating, struct ev_error *err)
{
	return compile(text, true, false, floating, err);
}

struct ev_expr *ev_expr_compile_value(const char *text, bool item, struct ev_error *err)
{
	return compile(text, false, item, false, err);
}

void ev_expr_free(struct ev_expr **e)
{
	if (*e == NULL)
		return;
	ev_arena_free(&(*e)->arena);
	ev_expr_comparison_free(&(*e)->comparison);
	ev_arena_free(&(*e)->run.arena);
	ev_buf_free(&(*e)->run.scratch);
	free((*e)->run.vars);
	for (uint32_t i = 0; i < (*e)->program.n_foreign; i++)
		if ((*e)->run.foreign != NULL) {
			ev_jq_free(&(*e)->run.foreign[i]);
			ev_regex_free(&(*e)->run.tests[i]);
		}
	free((*e)->run.foreign);
	free((*e)->run.tests);
	ev_scan_free(&(*e)->run.scan);
	ev_jq_free(&(*e)->whole);
	free(*e);
	*e = NULL;
}

static void bind(const struct ev_expr_part *n, struct ev_scan *scan)
{
	uint32_t member_id = EV_ROOT;

	if (n == NULL)
		return;
	for (uint32_t i = 0; i < n->n_steps; i++) {
		struct ev_expr_path_step *s = &n->steps[i];

		if (s->name == NULL)
			member_id = EV_NO_MEMBER_ID;
		else
			s->symbol = ev_symbols_add(ev_scan_symbols(scan), s->name, s->len);
		if (member_id != EV_NO_MEMBER_ID)
			member_id = ev_member_ids_add(ev_scan_member_ids(scan), member_id,
						      s->symbol, s->name, s->len);
		s->member_id = member_id;
	}
	bind(n->a, scan);
	bind(n->b, scan);
	bind(n->c, scan);
}

void ev_expr_bind(struct ev_expr *e, struct ev_scan *scan)
{
	const struct ev_expr_part *root = e->program.root;

	if (e->whole != NULL)
		return;
	e->symbols = ev_scan_symbols(scan);
	bind(root, scan);
	if (root->op == EV_PIPE && root->a->op == EV_PATH && root->a->a->op == EV_INPUT &&
	    root->b->op == EV_CALL && root->b->function == EV_F_TONUMBER)
		e->number_at = root->a->steps[root->a->n_steps - 1].member_id;
}

void ev_expr_paths(const struct ev_expr *e, const char *item, ev_expr_path *fn, void *ctx)
{
	if (e->whole == NULL)
		ev_expr_part_paths(e->program.root, e->of_item ? item : NULL, fn, ctx);
}

bool ev_expr_is_foreign(const struct ev_expr *e)
{
	return e->whole != NULL;
}

bool ev_expr_is_native(const struct ev_expr *e)
{
	return e->whole == NULL && e->program.n_foreign == 0;
}

bool ev_expr_is_of_item(const struct ev_expr *e)
{
	return e->of_item;
}

const char *ev_expr_lint(const struct ev_expr *e)
{
	return e->lint;
}

static enum ev_truth in_libjq(struct ev_expr *e, const struct ev_doc *d, uint32_t at,
			      struct ev_buf *why)
{
	const char *p;
	size_t len;
	bool holds;

	if (!e->run.floating && !ev_libjq_keeps(d, at, why))
		return EV_CANNOT;
	p = ev_raw(d, at, &len);
	if (ev_jq_test(e->whole, p, len, &holds, why) != EV_OK)
		return EV_CANNOT;
	return holds ? EV_HOLDS : EV_FAILS;
}

static struct ev_expr_value begin(struct ev_expr *e, const struct ev_doc *d, uint32_t at,
				  struct ev_buf *why)
{
	ev_arena_reset(&e->run.arena);
	e->run.d = d;
	e->run.bound = d->symbols == e->symbols;
	e->run.why = why;
	e->run.left = work_at_least + work_per_node * d->n;
	return ev_expr_at(d, at);
}

const char *ev_expr_compared(struct ev_expr *e, const struct ev_doc *d, uint32_t at,
			     struct ev_buf *left, struct ev_buf *right)
{
	struct ev_expr_value in, a, b;
	struct ev_buf why = {0};
	const char *sign = NULL;

	if (e->whole == NULL) {
		in = begin(e, d, at, &why);
		sign = ev_expr_failed(&e->run, e->program.root, &in, &a, &b);
	}
	ev_buf_free(&why);
	if (sign == NULL)
		return NULL;
	ev_buf_reset(left);
	ev_buf_reset(right);
	ev_expr_value_json(&e->run, &a, left);
	ev_expr_value_json(&e->run, &b, right);
	return sign;
}

enum ev_truth ev_expr_test(struct ev_expr *e, const struct ev_doc *d, uint32_t at,
			   struct ev_buf *why)
{
	struct ev_expr_value in;
	enum ev_expr_flow flow;
	bool holds;

	if (e->comparison != NULL && at == 0 && d->symbols == e->symbols &&
	    ev_expr_comparison_holds(e->comparison, d))
		return EV_HOLDS;
	ev_buf_reset(why);
	if (e->whole != NULL)
		return in_libjq(e, d, at, why);
	in = begin(e, d, at, why);
	flow = ev_expr_holds(&e->run, e->program.root, &in, &holds);
	if (e->run.left < 0)
		flow = ev_expr_spent(&e->run);
	if (flow == EV_RAISED || flow == EV_GIVE_UP)
		return EV_CANNOT;
	ev_buf_reset(why);
	return holds ? EV_HOLDS : EV_FAILS;
}

/* Values */

static void put_node(const struct ev_doc *d, uint32_t at, struct ev_buf *out)
{
	if (at == EV_NOWHERE)
		ev_buf_puts(out, "null");
	else
		ev_buf_put(out, d->text + d->nodes[at].pos, d->nodes[at].end - d->nodes[at].pos);
}

static void put_index(int64_t index, uint32_t of, struct ev_buf *out)
{
	if (of == EV_NOWHERE)
		ev_buf_puts(out, "null");
	else
		ev_buf_printf(out, "%lld", (long long)index);
}

/* One output of libjq, which writes a line for each. */
static enum ev_status value_in_libjq(struct ev_expr *e, const struct ev_doc *d, uint32_t at,
				     const struct ev_expr_item *item, struct ev_expr_output *out,
				     struct ev_buf *why)
{
	struct ev_buf in = {0}, *json = &out->made;
	enum ev_status st = EV_REJECT;
	const char *end;

	if (ev_libjq_keeps(d, at, why)) {
		if (item != NULL) {
			ev_buf_putc(&in, '[');
			put_node(d, item->item, &in);
			ev_buf_putc(&in, ',');
			put_node(d, item->parent, &in);
			ev_buf_putc(&in, ',');
			put_index(item->index, item->item, &in);
			ev_buf_putc(&in, ',');
			put_index(item->parent_index, item->parent, &in);
			ev_buf_putc(&in, ',');
		}
		put_node(d, at, &in);
		if (item != NULL)
			ev_buf_putc(&in, ']');
		if (ev_jq_run(e->whole, in.p, in.len, json, why) == EV_OK)
			st = json->len > 0 ? EV_OK : EV_EOF;
		out->json = json->p;
		end = st == EV_OK ? memchr(json->p, '\n', json->len) : NULL;
		out->len = end != NULL ? (size_t)(end - json->p) : json->len;
		if (end != NULL && end + 1 < json->p + json->len) {
			ev_buf_reset(why);
			ev_buf_puts(why, "it gives more than one value");
			st = EV_REJECT;
		}
	}
	ev_buf_free(&in);
	return st;
}

static void set_names(struct ev_expr *e, const struct ev_doc *d, const struct ev_expr_item *item)
{
	struct ev_expr_value *v = e->run.vars;

	v[0] = ev_expr_at(d, item->item);
	v[2] = ev_expr_whole(item->index);
	if (item->parent == EV_NOWHERE) {
		v[1] = v[3] = ev_expr_bare(EV_NULL);
	} else {
		v[1] = ev_expr_at(d, item->parent);
		v[3] = ev_expr_whole(item->parent_index);
	}
}

/* The fast path of PATH | tonumber, where a short number stands, or a text that is one. */
static inline bool is_number(const struct ev_expr *e, const struct ev_doc *d, uint32_t at,
			     struct ev_expr_output *out)
{
	const struct ev_node *n;
	uint32_t node;

	if (e->number_at == EV_NO_MEMBER_ID || at != 0 || d->symbols != e->symbols ||
	    (node = ev_member_by_id(d, e->number_at)) == EV_NOWHERE)
		return false;
	n = &d->nodes[node];
	out->node = n->kind == EV_NUMBER ? node : EV_NOWHERE;
	out->json = d->text + n->pos + 1;
	out->len = n->end - n->pos - 2;
	return n->kind == EV_NUMBER ||
	       (n->kind == EV_STRING && ev_is_short_number(out->json, out->len));
}

enum ev_status ev_expr_value(struct ev_expr *e, const struct ev_doc *d, uint32_t at,
			     const struct ev_expr_item *item, struct ev_expr_output *out,
			     struct ev_buf *why)
{
	struct ev_expr_value in, v;
	enum ev_expr_flow flow;
	uint32_t n;

	if (is_number(e, d, at, out))
		return EV_OK;
	out->node = EV_NOWHERE;
	ev_buf_reset(&out->made);
	ev_buf_reset(why);
	if (e->whole != NULL)
		return value_in_libjq(e, d, at, e->of_item ? item : NULL, out, why);
	in = begin(e, d, at, why);
	if (e->of_item)
		set_names(e, d, item);
	flow = ev_expr_outputs(&e->run, e->program.root, &in, &v, &n);
	if (e->run.left < 0)
		flow = ev_expr_spent(&e->run);
	if (flow != EV_GO_ON)
		return EV_REJECT;
	if (n == 0)
		return EV_EOF;
	if (n > 1) {
		ev_buf_puts(why, "it gives more than one value");
		return EV_REJECT;
	}
	if (v.form == EV_IN_DOC) {
		out->node = v.n;
	} else if (v.form == EV_TEXT && v.kind == EV_NUMBER) {
		out->json = v.p;
		out->len = v.n;
	} else {
		ev_expr_value_json(&e->run, &v, &out->made);
		out->json = out->made.p;
		out->len = out->made.len;
	}
	return EV_OK;
}

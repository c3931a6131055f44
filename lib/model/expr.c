#include "model/expr.h"

#include "base/mem.h"
#include "model/expr_in.h"
#include "model/jq.h"
#include "json/form.h"
#include "json/view.h"

#include <stdlib.h>
#include <string.h>

/* What an evaluation may do: this, and so much for each node of the record. */
static const int64_t work_at_least = 10000000;
static const int64_t work_per_node = 100;

struct ev_expr {
	struct ev_arena arena; /* the program */
	struct ev_expr_program program;
	struct ev_plain plain;
	struct ev_run run;
	struct ev_jq *whole;		  /* if libjq runs it all */
	const struct ev_symbols *symbols; /* that it is bound to, or NULL */
};

/* The part of an expression with test() that libjq runs; on [string, pattern, flags]. */
static const char matcher[] = ". as $a | .[0] | test($a[1]; $a[2])";

/* Finds wrong patterns when the model is read, not at the first record. */
static bool patterns_right(struct ev_expr *e, const struct ev_part *n, struct ev_error *err)
{
	struct ev_buf json = {0}, why = {0};
	bool good, holds;

	if (n == NULL)
		return true;
	if (n->op != EV_REGEX)
		return patterns_right(e, n->a, err) && patterns_right(e, n->b, err) &&
		       patterns_right(e, n->c, err);
	ev_buf_puts(&json, "[\"\",");
	ev_json_quote(n->value.p, n->value.n, &json);
	ev_buf_putc(&json, ',');
	if (n->other.kind == EV_STRING)
		ev_json_quote(n->other.p, n->other.n, &json);
	else
		ev_buf_puts(&json, "null");
	ev_buf_putc(&json, ']');
	good = ev_jq_test(e->run.test, json.p, json.len, &holds, &why) == EV_OK;
	if (!good)
		ev_fail(err, "%s", ev_buf_str(&why));
	ev_buf_free(&json);
	ev_buf_free(&why);
	return good;
}

static bool native(struct ev_expr *e, struct ev_error *err)
{
	e->run.vars = ev_calloc(e->program.n_vars, sizeof *e->run.vars);
	if (!e->program.regex)
		return true;
	e->run.test = ev_jq_compile(matcher, err);
	return e->run.test != NULL && patterns_right(e, e->program.root, err);
}

struct ev_expr *ev_expr_compile(const char *text, bool floating, struct ev_error *err)
{
	struct ev_token *tokens = ev_expr_lex(text, err);
	struct ev_expr *e;
	bool good = false;

	if (tokens == NULL)
		return NULL;
	if (tokens[0].kind == EV_T_END) {
		ev_fail(err, "the expression is empty");
		free(tokens);
		return NULL;
	}
	e = ev_calloc(1, sizeof *e);
	switch (ev_expr_parse(tokens, &e->arena, &e->program)) {
	case EV_PARSED:
		e->program.plain = ev_expr_is_plain(e->program.root);
		good = native(e, err);
		break;
	case EV_TOO_DEEP:
		ev_fail(err, "the expression is nested more than %d deep", EV_EXPR_DEPTH);
		break;
	case EV_NOT_NATIVE:
		ev_arena_free(&e->arena);
		good = ev_expr_vet(tokens, floating, err) &&
		       (e->whole = ev_jq_compile(text, err)) != NULL;
		break;
	}
	free(tokens);
	if (!good)
		ev_expr_free(&e);
	return e;
}

void ev_expr_free(struct ev_expr **e)
{
	if (*e == NULL)
		return;
	ev_arena_free(&(*e)->arena);
	ev_plain_free(&(*e)->plain);
	ev_arena_free(&(*e)->run.arena);
	ev_buf_free(&(*e)->run.scratch);
	free((*e)->run.vars);
	ev_jq_free(&(*e)->run.test);
	ev_jq_free(&(*e)->whole);
	free(*e);
	*e = NULL;
}

static void bind(const struct ev_part *n, struct ev_scan *scan)
{
	uint32_t spot = EV_ROOT;

	if (n == NULL)
		return;
	for (uint32_t i = 0; i < n->n_steps; i++) {
		struct ev_path_step *s = &n->steps[i];

		if (s->name == NULL)
			spot = EV_NO_SPOT;
		else
			s->symbol = ev_symbols_add(ev_scan_symbols(scan), s->name, s->len);
		if (spot != EV_NO_SPOT)
			spot = ev_spots_add(ev_scan_spots(scan), spot, s->symbol, s->name, s->len);
		s->spot = spot;
	}
	bind(n->a, scan);
	bind(n->b, scan);
	bind(n->c, scan);
}

void ev_expr_bind(struct ev_expr *e, struct ev_scan *scan)
{
	if (e->whole != NULL)
		return;
	e->symbols = ev_scan_symbols(scan);
	bind(e->program.root, scan);
}

void ev_expr_paths(const struct ev_expr *e, ev_expr_path *fn, void *ctx)
{
	if (e->whole == NULL)
		ev_expr_part_paths(e->program.root, fn, ctx);
}

bool ev_expr_is_native(const struct ev_expr *e)
{
	return e->whole == NULL && e->run.test == NULL;
}

static enum ev_truth in_libjq(struct ev_expr *e, const struct ev_doc *d, uint32_t at,
			      struct ev_buf *why)
{
	const char *p;
	size_t len;
	bool holds;

	p = ev_raw(d, at, &len);
	if (ev_jq_test(e->whole, p, len, &holds, why) != EV_OK)
		return EV_CANNOT;
	return holds ? EV_HOLDS : EV_FAILS;
}

enum ev_truth ev_expr_test(struct ev_expr *e, const struct ev_doc *d, uint32_t at,
			   struct ev_buf *why)
{
	struct ev_value in;
	enum ev_flow flow;
	bool holds;

	if (e->program.plain && at == 0 && d->symbols == e->symbols &&
	    ev_expr_plainly_holds(&e->plain, e->program.root, d))
		return EV_HOLDS;
	ev_buf_reset(why);
	if (e->whole != NULL)
		return in_libjq(e, d, at, why);
	in = ev_at(d, at);
	ev_arena_reset(&e->run.arena);
	e->run.d = d;
	e->run.bound = d->symbols == e->symbols;
	e->run.why = why;
	e->run.left = work_at_least + work_per_node * d->n;
	flow = ev_expr_holds(&e->run, e->program.root, &in, &holds);
	if (e->run.left < 0)
		flow = ev_spent(&e->run);
	if (flow == EV_RAISED || flow == EV_GIVE_UP)
		return EV_CANNOT;
	ev_buf_reset(why);
	return holds ? EV_HOLDS : EV_FAILS;
}

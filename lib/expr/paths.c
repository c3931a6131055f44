/* The paths of an expression that lead from the record. */
#include "expr/expr.h"
#include "expr/internal.h"
#include "json/path.h"

struct walk {
	struct ev_arena arena;
	const char *item; /* what $item is, or NULL */
	ev_expr_path *fn;
	void *ctx;
};

/* A path and one more step. NULL stays NULL: unknown. */
static const char *behind(struct walk *w, const char *path, const struct ev_expr_path_step *s)
{
	struct ev_buf text = {0};
	const char *copy;

	if (path == NULL)
		return NULL;
	ev_buf_puts(&text, path);
	if (s != NULL && s->name != NULL) {
		ev_path_put_name(s->name, s->len, &text);
	} else {
		ev_buf_put(&text, ".", path[0] == '\0');
		if (s != NULL)
			ev_buf_printf(&text, "[%lld]", (long long)s->index);
		else
			ev_buf_puts(&text, "[]");
	}
	copy = ev_arena_copy(&w->arena, text.p, text.len);
	ev_buf_free(&text);
	return copy;
}

static const struct ev_expr_part whole = {.op = EV_INPUT};

static const char *walk(struct walk *w, const struct ev_expr_part *n, const char *in);

/* The same of a part whose output goes into something else. */
static const char *used(struct walk *w, const struct ev_expr_part *n, const char *in)
{
	const char *at = n != NULL ? walk(w, n, in) : NULL;

	if (at != NULL)
		w->fn(w->ctx, at, true);
	return at;
}

/* Reports the paths of a part whose input is at a path; returns that of its output, or NULL. */
static const char *walk(struct walk *w, const struct ev_expr_part *n, const char *in)
{
	const char *at;

	if (n == NULL)
		return in;
	switch (n->op) {
	case EV_INPUT: return in;
	case EV_PATH:
		at = walk(w, n->a, in);
		for (uint32_t i = 0; i < n->n_steps; i++)
			at = behind(w, at, &n->steps[i]);
		if (at != NULL)
			w->fn(w->ctx, at, false);
		return at;
	case EV_EACH: return behind(w, used(w, n->a, in), NULL);
	case EV_VAR: return n->slot == 0 ? w->item : NULL; /* of names, the first */
	case EV_PIPE: return walk(w, n->b, walk(w, n->a, in));
	case EV_SELECT: walk(w, n->a, in); return in;
	case EV_KINDS: return in;
	case EV_TRY:
	case EV_FIRST_OF:
	case EV_LAST_OF: return walk(w, n->a, in);
	case EV_BIND: used(w, n->a, in); return walk(w, n->b, in);
	case EV_IF:
		walk(w, n->a, in);
		used(w, n->b, in);
		used(w, n->c, in);
		return NULL;
	case EV_ALL_OF:
	case EV_ANY_OF: walk(w, n->b, walk(w, n->a, in)); return NULL;
	case EV_BY: walk(w, n->a, behind(w, used(w, &whole, in), NULL)); return NULL;
	case EV_REDUCE: used(w, n->a, in); return NULL;
	case EV_CALL:
	case EV_FOREIGN: used(w, &whole, in); /* fall through */
	default:
		used(w, n->a, in);
		used(w, n->b, in);
		used(w, n->c, in);
		return NULL;
	}
}

void ev_expr_part_paths(const struct ev_expr_part *root, const char *item, ev_expr_path *fn,
			void *ctx)
{
	struct walk w = {.item = item, .fn = fn, .ctx = ctx};

	used(&w, root, "");
	ev_arena_free(&w.arena);
}

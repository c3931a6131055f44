/* What stands in the place of a path: a path, or an expression of one value. */
#include "base/mem.h"
#include "expr/expr.h"
#include "model/model.h"
#include "scan/form.h"

#include <stdlib.h>
#include <string.h>

bool ev_model_means_path(const char *text)
{
	return text[0] != '\0' && strncmp(text, "$parent", 7) != 0 &&
	       strpbrk(text, " \t\n|()+*/?:,;\"'{}<>=!#@") == NULL;
}

static bool same_list(const struct ev_path *a, const struct ev_path *b)
{
	return a == b || (a != NULL && b != NULL && ev_path_same(a, b));
}

static bool same_filter(const struct ev_path *a, const struct ev_path *b)
{
	return (a != NULL ? a->computed : 0) == (b != NULL ? b->computed : 0);
}

static struct ev_path *path_at(uint32_t number, const char *text, enum ev_root root)
{
	struct ev_path *path = ev_calloc(1, sizeof *path);

	path->text = ev_strdup(text);
	path->computed = number;
	path->root = root;
	return path;
}

struct only {
	char *path;
	bool more;
};

static void note_path(void *ctx, const char *path, bool whole)
{
	struct only *o = ctx;

	o->more |= path[0] == '\0' || (o->path != NULL && strcmp(o->path, path) != 0);
	if (o->path == NULL && !whole)
		o->path = ev_strdup(path);
}

/* The one place in an event that a value is computed from, or NULL. */
static struct ev_path *only_path(const struct ev_value_expr *expr)
{
	struct only o = {0};
	struct ev_error none;
	struct ev_path *path = NULL;

	if (expr->n == 1)
		ev_expr_paths(expr->parts[0], NULL, note_path, &o);
	if (o.path != NULL && !o.more)
		path = ev_path_parse(o.path, &none);
	free(o.path);
	if (path != NULL && !ev_model_is_place(path))
		ev_path_free(&path);
	return path;
}

/*
 * The number of the expression in the model, which has one for each that differs. What the envelope
 * needs is computed of every event, so it serves the star, too.
 */
static uint32_t number_of(struct ev_model *m, struct ev_value_expr expr, const char *text)
{
	for (size_t i = 0; i < m->n_exprs; i++) {
		const struct ev_value_expr *had = &m->exprs[i];

		if (strcmp(had->text, text) == 0 && same_list(had->each, expr.each) &&
		    had->envelope >= expr.envelope && same_filter(had->when, expr.when) &&
		    had->n == expr.n) {
			for (size_t k = 0; k < expr.n; k++)
				ev_expr_free(&expr.parts[k]);
			free(expr.parts);
			return (uint32_t)i + 1;
		}
	}
	expr.text = ev_strdup(text);
	expr.of = expr.envelope ? only_path(&expr) : NULL;
	m->exprs = ev_realloc_one(m->exprs, m->n_exprs, sizeof *m->exprs);
	m->exprs[m->n_exprs++] = expr;
	return (uint32_t)m->n_exprs;
}

static struct ev_expr **one_part(struct ev_expr *e)
{
	struct ev_expr **parts = ev_calloc(1, sizeof(struct ev_expr *));

	parts[0] = e;
	return parts;
}

static size_t lists_of(const struct ev_path *each)
{
	size_t n = 0;

	for (size_t i = 0; i < each->n; i++)
		n += each->steps[i].kind == EV_STEP_EACH;
	return n;
}

/* Whether the value at a path is computed all the same. */
static bool is_computed(const struct ev_path *path, const struct ev_value_place *at)
{
	if (path->many || (path->root != EV_ROOT_EVENT && at->each == NULL))
		return false; /* which is an error */
	/* Where lists are in lists, the place among all is not that in its own list. */
	return at->filter || (path->root == EV_ROOT_INDEX && lists_of(at->each) > 1);
}

struct ev_path *ev_model_value(struct ev_model *m, const char *text, struct ev_value_place place,
			       struct ev_error *why)
{
	struct ev_path *path = ev_path_parse(text, why);
	struct ev_value_expr expr = {.n = 1, .when = place.when, .envelope = place.envelope};
	const struct ev_path *each = place.each;
	struct ev_expr *e;

	if (path != NULL && is_computed(path, &place)) {
		ev_path_free(&path);
	} else if (path != NULL) {
		path->when = path->root != EV_ROOT_INDEX ? place.when : NULL;
		return path;
	} else if (ev_model_means_path(text)) {
		return NULL;
	}
	e = ev_expr_compile_value(text, each != NULL, why);
	if (e == NULL)
		return NULL;
	expr.each = ev_expr_is_of_item(e) ? each : NULL;
	expr.parts = one_part(e);
	path = path_at(number_of(m, expr, text), text,
		       expr.each != NULL ? EV_ROOT_ITEM : EV_ROOT_EVENT);
	path->when = place.when;
	return path;
}

struct ev_path *ev_model_list(struct ev_model *m, const char *text, struct ev_error *why)
{
	struct ev_path *path = ev_path_parse(text, why), *of;
	size_t len = strlen(text);
	char *list;

	if (path != NULL || ev_model_means_path(text))
		return path;
	while (len > 0 && strchr(" \t\n", text[len - 1]) != NULL)
		len--;
	if (len < 2 || memcmp(text + len - 2, "[]", 2) != 0) {
		ev_fail(why, "a list's elements are named by [] at the end");
		return NULL;
	}
	list = ev_strndup(text, len - 2);
	of = ev_model_value(m, list, (struct ev_value_place){0}, why);
	free(list);
	if (of == NULL || of->computed == 0)
		return of; /* a path would have been one with its [] */
	path = path_at(of->computed, text, EV_ROOT_EVENT);
	ev_path_free(&of);
	path->many = true;
	path->n = 1;
	path->steps = ev_calloc(1, sizeof *path->steps);
	path->steps[0].kind = EV_STEP_EACH;
	return path;
}

struct ev_path *ev_model_joined(struct ev_model *m, const char *const *texts, size_t n, size_t *bad,
				struct ev_error *why)
{
	struct ev_value_expr expr = {.envelope = true};
	struct ev_buf text = {0};
	struct ev_path *path = NULL;

	expr.parts = ev_calloc(n, sizeof(struct ev_expr *));
	for (; expr.n < n; expr.n++) {
		ev_buf_puts(&text, expr.n > 0 ? ", " : "[");
		ev_buf_puts(&text, texts[expr.n]);
		expr.parts[expr.n] = ev_expr_compile_value(texts[expr.n], false, why);
		if (expr.parts[expr.n] == NULL)
			break;
	}
	ev_buf_putc(&text, ']');
	*bad = expr.n;
	if (expr.n == n) {
		path = path_at(number_of(m, expr, ev_buf_str(&text)), ev_buf_str(&text),
			       EV_ROOT_EVENT);
	} else {
		for (size_t i = 0; i < expr.n; i++)
			ev_expr_free(&expr.parts[i]);
		free(expr.parts);
	}
	ev_buf_free(&text);
	return path;
}

struct ev_path *ev_model_constant(struct ev_model *m, const char *text)
{
	struct ev_buf quoted = {0};
	struct ev_error none;
	struct ev_path *path;

	ev_buf_putc(&quoted, '"');
	ev_json_escape(text, strlen(text), &quoted);
	ev_buf_putc(&quoted, '"');
	path = ev_model_value(m, ev_buf_str(&quoted), (struct ev_value_place){.envelope = true},
			      &none);
	ev_buf_free(&quoted);
	return path;
}

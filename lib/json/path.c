#include "json/path.h"
#include "base/buf.h"
#include "base/mem.h"
#include "scan/form.h"
#include "json/computed.h"
#include "json/view.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	const char *p;
	struct ev_path *path;
	struct ev_error *err;
};

static bool add(struct reader *r, struct ev_step step)
{
	struct ev_path *path = r->path;

	path->steps = ev_realloc_array(path->steps, path->n + 1, sizeof *path->steps);
	path->steps[path->n++] = step;
	path->many |= step.kind == EV_STEP_EACH;
	return true;
}

static bool name_char(char c, bool first)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (!first && c >= '0' && c <= '9');
}

static bool plain_name(struct reader *r)
{
	const char *from = r->p;

	while (name_char(*r->p, r->p == from))
		r->p++;
	return add(r, (struct ev_step){.kind = EV_STEP_NAME,
				       .name = ev_strndup(from, (size_t)(r->p - from)),
				       .len = (size_t)(r->p - from)});
}

void ev_path_put_name(const char *name, size_t len, struct ev_buf *out)
{
	size_t n = 0;

	while (n < len && name_char(name[n], n == 0))
		n++;
	ev_buf_putc(out, '.');
	if (n == len && n > 0)
		ev_buf_put(out, name, len);
	else
		ev_json_quote(name, len, out);
}

/* A JSON string, which a scanner checks; few paths need one. */
static bool quoted_name(struct reader *r)
{
	const char *from = r->p++;
	struct ev_buf padded = {0}, name = {0};
	struct ev_scan *scan;
	const struct ev_doc *d;
	struct ev_flaw flaw;
	const char *p;
	size_t len;

	while (*r->p != '\0' && *r->p != '"')
		r->p += *r->p == '\\' && r->p[1] != '\0' ? 2 : 1;
	if (*r->p != '"') {
		ev_fail(r->err, "a quoted name is not closed");
		return false;
	}
	r->p++;
	len = (size_t)(r->p - from);
	ev_buf_put(&padded, from, len);
	memset(ev_buf_room(&padded, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	scan = ev_scan_new();
	d = ev_scan(scan, padded.p, len, &flaw);
	if (d != NULL) {
		p = ev_string(d, 0, &name, &len);
		add(r,
		    (struct ev_step){.kind = EV_STEP_NAME, .name = ev_strndup(p, len), .len = len});
	} else {
		ev_fail(r->err, "a quoted name is no JSON string: %s", flaw.what);
	}
	ev_scan_free(&scan);
	ev_buf_free(&padded);
	ev_buf_free(&name);
	return d != NULL;
}

static bool bracket(struct reader *r)
{
	char *end;
	long long v;

	r->p++;
	if (*r->p == ']') {
		r->p++;
		return add(r, (struct ev_step){.kind = EV_STEP_EACH});
	}
	if (*r->p == '"') {
		if (!quoted_name(r))
			return false;
	} else if (isdigit((unsigned char)*r->p) ||
		   (*r->p == '-' && isdigit((unsigned char)r->p[1]))) {
		v = strtoll(r->p, &end, 10);
		r->p = end;
		add(r, (struct ev_step){.kind = EV_STEP_INDEX, .index = v});
	} else {
		ev_fail(r->err, "[ ] takes nothing, a number or a quoted name");
		return false;
	}
	if (*r->p != ']') {
		ev_fail(r->err, "']' is missing");
		return false;
	}
	r->p++;
	return true;
}

static bool steps(struct reader *r)
{
	/* The first step may be ".[...]" too and, behind no other root, "." alone. */
	bool first = true;

	while (*r->p != '\0') {
		if (*r->p == '.') {
			r->p++;
			if (*r->p == '"') {
				if (!quoted_name(r))
					return false;
			} else if (name_char(*r->p, true)) {
				plain_name(r);
			} else if (!first || (*r->p != '[' &&
					      (*r->p != '\0' || r->path->root != EV_ROOT_EVENT))) {
				ev_fail(r->err, "a name is missing behind '.'");
				return false;
			}
		} else if (*r->p == '[' && !(first && r->path->root == EV_ROOT_EVENT)) {
			if (!bracket(r))
				return false;
		} else {
			ev_fail(r->err, "'%s' is not understood", r->p);
			return false;
		}
		first = false;
	}
	return true;
}

static bool root(struct reader *r)
{
	static const struct {
		const char *text;
		enum ev_root root;
	} roots[] = {{"$item", EV_ROOT_ITEM}, {"$index", EV_ROOT_INDEX}};

	if (*r->p == '.')
		return true;
	for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
		size_t len = strlen(roots[i].text);

		if (strncmp(r->p, roots[i].text, len) == 0 && !name_char(r->p[len], false)) {
			r->path->root = roots[i].root;
			r->p += len;
			return true;
		}
	}
	ev_fail(r->err, "a path begins with '.', $item or $index");
	return false;
}

struct ev_path *ev_path_parse(const char *text, struct ev_error *err)
{
	struct ev_path *path = ev_calloc(1, sizeof *path);
	struct reader r = {text, path, err};
	bool good;

	path->text = ev_strdup(text);
	good = root(&r) && steps(&r);
	if (good && path->root == EV_ROOT_INDEX && path->n > 0) {
		ev_fail(err, "$index is a number, nothing stands in it");
		good = false;
	}
	if (!good)
		ev_path_free(&path);
	return path;
}

void ev_path_free(struct ev_path **path)
{
	if (*path == NULL)
		return;
	for (size_t i = 0; i < (*path)->n; i++)
		free((*path)->steps[i].name);
	free((*path)->steps);
	free((*path)->text);
	free(*path);
	*path = NULL;
}

void ev_path_bind(struct ev_path *path, struct ev_symbols *symbols)
{
	path->symbols = symbols;
	for (size_t i = 0; i < path->n; i++)
		if (path->steps[i].kind == EV_STEP_NAME)
			path->steps[i].symbol =
				ev_symbols_add(symbols, path->steps[i].name, path->steps[i].len);
}

static uint32_t step_into(const struct ev_path *path, const struct ev_step *s,
			  const struct ev_doc *d, uint32_t at)
{
	if (s->kind != EV_STEP_NAME)
		return ev_element(d, at, s->index);
	return path->symbols == d->symbols ? ev_member_by_symbol(d, at, s->symbol)
					   : ev_member(d, at, s->name, s->len);
}

bool ev_path_takes(const struct ev_path *when, const struct ev_doc *d, uint32_t from)
{
	const bool any = when->root == EV_ROOT_ITEM && from == 0;
	const struct ev_computed *v, *end = d->computed + d->n_computed;

	if (any)
		for (v = d->computed; v < end && v->number < when->computed;)
			v++;
	else
		v = ev_computed_find(d, when->computed, when->root == EV_ROOT_EVENT ? 0 : from);
	for (; v != NULL && v < end && v->number == when->computed; v++) {
		if (v->node != EV_NOWHERE && ev_kind(d, v->node) != EV_NULL &&
		    ev_kind(d, v->node) != EV_FALSE)
			return true;
		if (!any)
			break;
	}
	return false;
}

/* The value at which the path begins. */
static uint32_t start(const struct ev_path *path, size_t step, const struct ev_doc *d,
		      uint32_t from)
{
	const struct ev_computed *v;

	if (step > 0)
		return from;
	if (path->when != NULL && !ev_path_takes(path->when, d, from))
		return EV_NOWHERE;
	if (path->computed == 0)
		return from;
	v = ev_computed_find(d, path->computed, from);
	return v != NULL ? v->node : EV_NOWHERE;
}

uint32_t ev_path_from(const struct ev_path *path, size_t step, const struct ev_doc *d,
		      uint32_t from)
{
	from = start(path, step, d, from);
	for (; step < path->n && from != EV_NOWHERE; step++)
		from = step_into(path, &path->steps[step], d, from);
	return from;
}

uint32_t ev_path_get(const struct ev_path *path, const struct ev_doc *d, uint32_t from)
{
	return ev_path_from(path, 0, d, from);
}

static void add_found(struct ev_found *found, uint32_t at)
{
	if (found->n == found->cap)
		ev_grow(&found->at, &found->cap, found->n + 1, sizeof *found->at);
	found->at[found->n++] = at;
}

static void all(const struct ev_path *path, size_t step, const struct ev_doc *d, uint32_t at,
		struct ev_found *found)
{
	for (; step < path->n && at != EV_NOWHERE; step++) {
		const struct ev_step *s = &path->steps[step];

		if (s->kind != EV_STEP_EACH) {
			at = step_into(path, s, d, at);
			continue;
		}
		if (ev_kind(d, at) != EV_ARRAY)
			return;
		for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i))
			if (step + 1 < path->n)
				all(path, step + 1, d, i, found);
			else
				add_found(found, i);
		return;
	}
	if (at != EV_NOWHERE)
		add_found(found, at);
}

void ev_path_all_from(const struct ev_path *path, size_t step, const struct ev_doc *d,
		      uint32_t from, struct ev_found *found)
{
	found->n = 0;
	all(path, step, d, start(path, step, d, from), found);
}

void ev_path_all(const struct ev_path *path, const struct ev_doc *d, uint32_t from,
		 struct ev_found *found)
{
	ev_path_all_from(path, 0, d, from, found);
}

static bool is_open(const struct ev_path *path, size_t step, const struct ev_doc *d, uint32_t at,
		    ev_path_report *report, void *ctx)
{
	for (; step < path->n; step++) {
		const struct ev_step *s = &path->steps[step];
		bool open = true;

		if (at == EV_NOWHERE || ev_kind(d, at) == EV_NULL)
			return true;
		if (ev_kind(d, at) != ev_step_asks(s)) {
			if (report != NULL)
				report(ctx, at, s);
			return false;
		}
		if (s->kind != EV_STEP_EACH) {
			at = step_into(path, s, d, at);
			continue;
		}
		for (uint32_t i = ev_first(d, at); i < ev_end(d, at) && (open || report != NULL);
		     i = ev_next(d, i))
			open &= is_open(path, step + 1, d, i, report, ctx);
		return open;
	}
	return true;
}

bool ev_path_is_open(const struct ev_path *path, const struct ev_doc *d, uint32_t from,
		     ev_path_report *report, void *ctx)
{
	const struct ev_computed *v;

	if (path->when != NULL && !ev_path_takes(path->when, d, from))
		return true;
	if (path->computed == 0)
		return is_open(path, 0, d, from, report, ctx);
	v = ev_computed_find(d, path->computed, from);
	return v == NULL || (v->why == NULL && is_open(path, 0, d, v->node, report, ctx));
}

bool ev_path_same(const struct ev_path *a, const struct ev_path *b)
{
	return (a->when != NULL ? a->when->computed : 0) ==
		       (b->when != NULL ? b->when->computed : 0) &&
	       ev_path_same_steps(a, b);
}

bool ev_path_same_steps(const struct ev_path *a, const struct ev_path *b)
{
	if (a->root != b->root || a->n != b->n || a->computed != b->computed)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct ev_step *s = &a->steps[i], *t = &b->steps[i];

		if (s->kind != t->kind || s->index != t->index || s->len != t->len ||
		    (s->name != NULL && memcmp(s->name, t->name, s->len) != 0))
			return false;
	}
	return true;
}

void ev_path_steps(const struct ev_path *path, struct ev_buf *out)
{
	if (path->computed != 0) {
		ev_buf_puts(out, path->text);
		return;
	}
	for (size_t i = 0; i < path->n; i++) {
		const struct ev_step *s = &path->steps[i];

		if (s->kind == EV_STEP_NAME) {
			ev_path_put_name(s->name, s->len, out);
			continue;
		}
		if (out->len == 0)
			ev_buf_putc(out, '.');
		if (s->kind == EV_STEP_EACH)
			ev_buf_puts(out, "[]");
		else
			ev_buf_printf(out, "[%lld]", (long long)s->index);
	}
}

static void put_token(const char *p, size_t len, struct ev_buf *out)
{
	ev_buf_putc(out, '/');
	for (size_t i = 0; i < len; i++) {
		if (p[i] == '~')
			ev_buf_put(out, "~0", 2);
		else if (p[i] == '/')
			ev_buf_put(out, "~1", 2);
		else
			ev_buf_putc(out, p[i]);
	}
}

void ev_pointer(const struct ev_doc *d, uint32_t i, struct ev_buf *out)
{
	struct ev_buf name = {0};
	uint32_t at = 0;

	if (i >= d->nodes[0].next) /* a computed value, which is at no place */
		return;
	while (at != i) {
		bool object = ev_kind(d, at) == EV_OBJECT;
		uint32_t child = ev_first(d, at) + object, index = 0;

		for (; ev_next(d, child) <= i; index++)
			child = ev_next(d, child) + object;
		if (object) {
			size_t len;
			const char *p = ev_string(d, child - 1, &name, &len);

			put_token(p, len, out);
		} else {
			ev_buf_printf(out, "/%u", index);
		}
		at = child;
	}
	ev_buf_free(&name);
}

void ev_path_pointer(const struct ev_path *path, struct ev_buf *out)
{
	for (size_t i = 0; i < path->n; i++) {
		const struct ev_step *s = &path->steps[i];

		if (s->kind == EV_STEP_NAME)
			put_token(s->name, s->len, out);
		else
			ev_buf_printf(out, "/%lld", (long long)s->index);
	}
}

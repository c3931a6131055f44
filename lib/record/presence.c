#include "record/presence.h"
#include "base/mem.h"
#include "expr/expr.h"
#include "model/nearest.h"
#include "record/position.h"
#include "json/plan.h"
#include "json/view.h"
#include "json/write.h"

#include <stdlib.h>

enum {
	MAX_NAMES = 32,	  /* of members beside a path, for hints */
	MAX_OBJECTS = 16, /* objects from which they are taken */
};

struct by {
	char *what, *file;
	struct ev_place place;
};

struct sought {
	char *text;
	struct ev_path *path; /* NULL: of a state, and of no model at hand */
	uint32_t *member_ids; /* of its first steps, which are names */
	size_t n_member_ids;
	struct by *by;
	size_t n_by;
	const struct ev_presence_paths *to; /* the list that it was added to last */
	bool asked, present;
	char *names[MAX_NAMES + 1]; /* of the members that are where it should be */
	size_t n_names, objects;
};

struct ev_presence {
	struct sought *list;
	size_t n, cap, left;	  /* left: that are not found yet */
	struct ev_symbols *texts; /* by number, from 1 */
	const char *file;	  /* the model's, which paths of states were named in */
	struct ev_scan *scan;	  /* of the events; NULL: none is searched */
	struct ev_plans searched; /* shapes */
};

static const struct ev_plan_kind plan_kind;

struct ev_presence *ev_presence_new(const char *file, struct ev_scan *scan)
{
	struct ev_presence *b = ev_calloc(1, sizeof *b);

	b->file = file;
	b->scan = scan;
	b->searched = EV_PLANS(&plan_kind, b);
	b->texts = ev_symbols_new(0);
	return b;
}

void ev_presence_free(struct ev_presence **presence)
{
	struct ev_presence *b = *presence;

	if (b == NULL)
		return;
	for (size_t i = 0; i < b->n; i++) {
		struct sought *p = &b->list[i];

		for (size_t k = 0; k < p->n_by; k++) {
			free(p->by[k].what);
			free(p->by[k].file);
		}
		for (size_t k = 0; k < p->n_names; k++)
			free(p->names[k]);
		free(p->by);
		free(p->text);
		free(p->member_ids);
		ev_path_free(&p->path);
	}
	ev_symbols_free(&b->texts);
	free(b->list);
	free(b);
	*presence = NULL;
}

/* Adding */

static struct sought *find(struct ev_presence *b, const char *text)
{
	const size_t i = ev_symbols_add(b->texts, text, strlen(text)) - 1;

	if (i < b->n)
		return &b->list[i];
	ev_grow(&b->list, &b->cap, b->n + 1, sizeof *b->list);
	b->list[b->n++] = (struct sought){.text = ev_strdup(text)};
	return &b->list[i];
}

/* In the order of their texts, so that the order of events does not matter. */
static void add_by(struct sought *p, const struct ev_presence_by *by)
{
	size_t i = 0;

	while (i < p->n_by && strcmp(p->by[i].what, by->what) < 0)
		i++;
	if (i < p->n_by && strcmp(p->by[i].what, by->what) == 0)
		return;
	p->by = ev_realloc_array(p->by, p->n_by + 1, sizeof *p->by);
	memmove(&p->by[i + 1], &p->by[i], (p->n_by - i) * sizeof *p->by);
	p->by[i] = (struct by){ev_strdup(by->what), by->file != NULL ? ev_strdup(by->file) : NULL,
			       by->place};
	p->n_by++;
}

static void bind(struct ev_presence *b, struct sought *p)
{
	uint32_t member_id = EV_ROOT;

	if (b->scan == NULL || p->path == NULL)
		return;
	p->member_ids = ev_calloc(p->path->n + 1, sizeof *p->member_ids);
	for (const struct ev_step *s = p->path->steps, *end = s + p->path->n;
	     s < end && s->kind == EV_STEP_NAME; s++) {
		uint32_t symbol = ev_symbols_add(ev_scan_symbols(b->scan), s->name, s->len);

		member_id = ev_member_ids_add(ev_scan_member_ids(b->scan), member_id, symbol,
					      s->name, s->len);
		p->member_ids[p->n_member_ids++] = member_id;
	}
}

void ev_presence_paths_free(struct ev_presence_paths *p)
{
	free(p->list);
	free(p->filtered);
}

void ev_presence_filter(struct ev_presence_paths *p, const struct ev_doc *d)
{
	for (size_t i = 0; i < p->n_filtered; i++)
		p->filtered[i].taken |=
			!p->filtered[i].taken && ev_path_takes(p->filtered[i].when, d, 0);
}

static void add(struct ev_presence *b, const char *text, const struct ev_path *when,
		const struct ev_presence_by *by, struct ev_presence_paths *to)
{
	struct ev_error err;
	struct sought *p;

	if (text[0] == '\0' || strncmp(text, "._ev", 4) == 0)
		return;
	p = find(b, text);
	if (p->path == NULL) {
		p->path = ev_path_parse(text, &err);
		b->left += p->path != NULL && !p->present;
		bind(b, p);
	}
	add_by(p, by);
	if (when != NULL) {
		to->filtered =
			ev_realloc_array(to->filtered, to->n_filtered + 1, sizeof *to->filtered);
		to->filtered[to->n_filtered++] =
			(struct ev_presence_filtered){(size_t)(p - b->list), when, false};
		return;
	}
	if (p->to == to) /* else it may be there already, which does no harm */
		return;
	p->to = to;
	to->list = ev_realloc_array(to->list, to->n + 1, sizeof *to->list);
	to->list[to->n++] = (size_t)(p - b->list);
}

void ev_presence_add(struct ev_presence *b, const struct ev_path *each, const struct ev_path *path,
		     const struct ev_presence_by *by, struct ev_presence_paths *to)
{
	struct ev_buf text = {0};

	if (path->root == EV_ROOT_INDEX || path->computed != 0 ||
	    (each != NULL && path->root == EV_ROOT_ITEM && each->computed != 0))
		return;
	if (path->root == EV_ROOT_ITEM)
		ev_path_steps(each, &text);
	ev_path_steps(path, &text);
	add(b, ev_buf_str(&text), path->when, by, to);
	ev_buf_free(&text);
}

struct expr_paths {
	struct ev_presence *b;
	const struct ev_path *when;
	const struct ev_presence_by *by;
	struct ev_presence_paths *to;
};

static void add_expr_path(void *ctx, const char *text, bool whole)
{
	const struct expr_paths *x = ctx;

	if (!whole)
		add(x->b, text, x->when, x->by, x->to);
}

void ev_presence_add_expr(struct ev_presence *b, const struct ev_expr *e,
			  const struct ev_presence_by *by, struct ev_presence_paths *to)
{
	ev_expr_paths(e, NULL, add_expr_path, &(struct expr_paths){b, NULL, by, to});
}

/* Adds a path of the model, or those of its expression. */
static void add_value(struct ev_presence *b, const struct ev_model *m, const struct ev_path *each,
		      const struct ev_path *path, const struct ev_presence_by *by,
		      struct ev_presence_paths *to)
{
	const struct ev_value_expr *e;
	struct ev_buf item = {0};

	if (path->computed == 0) {
		ev_presence_add(b, each, path, by, to);
		return;
	}
	e = &m->exprs[path->computed - 1];
	if (e->each != NULL && e->each->computed == 0)
		ev_path_steps(e->each, &item);
	for (size_t i = 0; i < e->n; i++)
		ev_expr_paths(e->parts[i], item.len > 0 ? ev_buf_str(&item) : NULL, add_expr_path,
			      &(struct expr_paths){b, path->when, by, to});
	ev_buf_free(&item);
}

void ev_presence_add_envelope(struct ev_presence *b, const struct ev_model *m,
			      struct ev_presence_paths *to)
{
	const struct {
		const char *what;
		const struct ev_path *path;
		struct ev_place place;
	} parts[] = {
		{"event.version", m->version, m->version_place},
		{"event.modified", m->modified, m->modified_place},
		{"event.op", m->op, m->op_place},
	};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (parts[i].path != NULL)
			add_value(b, m, NULL, parts[i].path,
				  &(struct ev_presence_by){parts[i].what, m->file, parts[i].place},
				  to);
	for (size_t i = 0; i < m->n_ignore; i++)
		ev_presence_add(
			b, NULL, m->ignore[i],
			&(struct ev_presence_by){"event.ignore", m->file, m->ignore_places[i]}, to);
}

static void add_table(struct ev_presence *b, const struct ev_model *m, const char *name,
		      const struct ev_path *each, const struct ev_column *when,
		      const struct ev_columns *columns, struct ev_presence_paths *to)
{
	struct ev_buf what = {0}, list = {0};
	struct ev_presence_by by = {NULL, m->file, {0}};

	if (columns->n == 0)
		return; /* a calendar */
	ev_buf_printf(&what, "the table %s", name);
	by.what = ev_buf_str(&what);
	by.place = columns->list[0].place;
	if (each != NULL && each->computed == 0) {
		ev_path_steps(each, &list);
		if (each->steps[each->n - 1].kind == EV_STEP_EACH)
			list.len -= 2;
		add(b, ev_buf_str(&list), each->when, &by, to);
		ev_buf_free(&list);
	} else if (each != NULL) {
		add_value(b, m, NULL, each, &by, to);
	}
	if (when != NULL)
		add_value(b, m, each, when->from, &by, to);
	for (size_t i = 0; i < columns->n; i++) {
		const struct ev_column *c = &columns->list[i];

		ev_buf_reset(&what);
		ev_buf_printf(&what, "the column %s of %s", c->name, name);
		add_value(b, m, each, c->from,
			  &(struct ev_presence_by){ev_buf_str(&what), m->file, c->place}, to);
	}
	ev_buf_free(&what);
}

void ev_presence_add_star(struct ev_presence *b, const struct ev_model *m, const char *type,
			  size_t len, struct ev_presence_paths *to)
{
	for (size_t i = 0; i < m->n_facts; i++)
		if (ev_names_take(&m->facts[i].types, type, len))
			add_table(b, m, m->facts[i].name, m->facts[i].each, m->facts[i].when,
				  &m->facts[i].columns, to);
	for (size_t i = 0; i < m->n_dimensions; i++)
		if (ev_names_take(&m->dimensions[i].types, type, len))
			add_table(b, m, m->dimensions[i].name, m->dimensions[i].each,
				  m->dimensions[i].when, &m->dimensions[i].columns, to);
}

/* Searching */

/* In the order of their texts, each once. */
static void add_name(struct sought *p, const char *name)
{
	size_t i = 0;

	while (i < p->n_names && strcmp(p->names[i], name) < 0)
		i++;
	if (i < p->n_names && strcmp(p->names[i], name) == 0)
		return;
	memmove(&p->names[i + 1], &p->names[i], (p->n_names - i) * sizeof p->names[0]);
	p->names[i] = ev_strdup(name);
	p->n_names++;
}

/* Keeps the names of an object's members as steps of a path, for hints. */
static void keep_names(struct sought *p, const struct ev_doc *d, uint32_t object)
{
	struct ev_buf scratch = {0}, step = {0};

	if (p->objects++ >= MAX_OBJECTS)
		return;
	for (uint32_t i = ev_first(d, object); i < ev_end(d, object) && p->n_names < MAX_NAMES;
	     i = ev_next(d, i + 1)) {
		size_t len;
		const char *name = ev_string(d, i, &scratch, &len);

		ev_buf_reset(&step);
		ev_path_put_name(name, len, &step);
		if (strcmp(ev_buf_str(&step), "._ev") != 0)
			add_name(p, step.p);
	}
	ev_buf_free(&scratch);
	ev_buf_free(&step);
}

/* Whether the steps of the path from one on lead somewhere from a value. */
static bool leads(struct sought *p, size_t step, const struct ev_doc *d, uint32_t at)
{
	const struct ev_step *s = &p->path->steps[step];
	uint32_t next;

	if (step == p->path->n)
		return true;
	if (s->kind == EV_STEP_NAME) {
		if (ev_kind(d, at) != EV_OBJECT)
			return false;
		next = ev_member(d, at, s->name, s->len);
		if (next == EV_NOWHERE)
			keep_names(p, d, at);
		return next != EV_NOWHERE && leads(p, step + 1, d, next);
	}
	if (s->kind == EV_STEP_INDEX) {
		next = ev_element(d, at, s->index);
		return next != EV_NOWHERE && leads(p, step + 1, d, next);
	}
	if (ev_kind(d, at) != EV_ARRAY)
		return false;
	for (next = ev_first(d, at); next < ev_end(d, at); next = ev_next(d, next))
		if (leads(p, step + 1, d, next))
			return true;
	return false;
}

/*
 * Whether the path leads somewhere in a document. The names that it begins with are found by their
 * member ids, so that many paths take no longer in an object of many members.
 */
static bool is_in(struct sought *p, const struct ev_doc *d)
{
	uint32_t at = 0;

	for (size_t i = 0; i < p->n_member_ids; i++) {
		uint32_t next = ev_member_by_id(d, p->member_ids[i]);

		if (next == EV_NOWHERE) {
			if (ev_kind(d, at) == EV_OBJECT)
				keep_names(p, d, at);
			return false;
		}
		at = next;
	}
	return leads(p, p->n_member_ids, d, at);
}

static void search(struct ev_presence *b, const struct ev_doc *d)
{
	for (size_t i = 0; i < b->n; i++) {
		struct sought *p = &b->list[i];

		if (p->present || p->path == NULL || !is_in(p, d))
			continue;
		p->present = true;
		b->left--;
	}
}

/* The plan is empty: later documents of the shape need no search. */
static void *compile(void *client, const struct ev_doc *d)
{
	void *plan = ev_plan_alloc(d, 0);

	if (plan != NULL)
		search(client, d);
	return plan;
}

static void print(const void *client, const void *plan, const struct ev_doc *d, struct ev_buf *out)
{
	const struct ev_presence *b = client;

	(void)plan;
	for (size_t i = 0; i < b->n; i++)
		ev_plan_line(out, b->list[i].present ? "present" : "absent", d, EV_NOWHERE,
			     b->list[i].text);
}

static const struct ev_plan_kind plan_kind = {"presence", compile, print};

void ev_presence_search(struct ev_presence *b, const struct ev_doc *d)
{
	if (b->left > 0 && ev_plan_of(&b->searched, d) == NULL)
		search(b, d);
}

void ev_presence_ask(struct ev_presence *b, const struct ev_presence_paths *paths)
{
	for (size_t i = 0; i < paths->n; i++)
		b->list[paths->list[i]].asked = true;
	for (size_t i = 0; i < paths->n_filtered; i++)
		b->list[paths->filtered[i].path].asked |= paths->filtered[i].taken;
}

/* What is absent */

static bool is_absent(const struct sought *p)
{
	return p->asked && !p->present;
}

const char *ev_presence_absent(const struct ev_presence *b, const struct ev_presence_paths *paths)
{
	for (size_t i = 0; i < paths->n; i++)
		if (is_absent(&b->list[paths->list[i]]))
			return b->list[paths->list[i]].text;
	return NULL;
}

static bool is_below(const char *text, const char *other)
{
	size_t len = strlen(other);

	return strncmp(text, other, len) == 0 && (text[len] == '.' || text[len] == '[');
}

/* Whether one that it lies below is reported. */
static bool is_reported_above(const struct ev_presence *b, const struct sought *p)
{
	for (size_t i = 0; i < b->n; i++)
		if (is_absent(&b->list[i]) && is_below(p->text, b->list[i].text))
			return true;
	return false;
}

bool ev_presence_next_absent(const struct ev_presence *b, size_t i, struct ev_buf *out)
{
	const struct sought *p;
	char hint[EV_HINT];
	size_t k = 0;

	for (;; k++) {
		if (k == b->n)
			return false;
		if (is_absent(&b->list[k]) && !is_reported_above(b, &b->list[k]) && i-- == 0)
			break;
	}
	p = &b->list[k];
	for (k = 0; k < p->n_by && p->by[k].file == NULL; k++)
		;
	if (k < p->n_by)
		ev_buf_printf(out, "%s:%zu:%zu: ", p->by[k].file, p->by[k].place.line,
			      p->by[k].place.column);
	ev_buf_printf(out, "no event of the batch has %s, which ", p->text);
	for (k = 0; k < p->n_by && k < 3; k++)
		ev_buf_printf(out, "%s%s",
			      k == 0		 ? ""
			      : k + 1 == p->n_by ? " and "
						 : ", ",
			      p->by[k].what);
	if (p->n_by > 3)
		ev_buf_printf(out, " and %zu more", p->n_by - 3);
	ev_buf_printf(out, " ask%s for", p->n_by == 1 ? "s" : "");
	if (p->n_names > 0 && p->path != NULL &&
	    p->path->steps[p->path->n - 1].kind == EV_STEP_NAME) {
		const struct ev_step *last = &p->path->steps[p->path->n - 1];
		struct ev_buf step = {0};

		ev_path_put_name(last->name, last->len, &step);
		ev_buf_printf(
			out, ": %s",
			ev_nearest_hint(ev_buf_str(&step), (const char *const *)p->names, hint));
		ev_buf_free(&step);
	}
	return true;
}

static int by_text(const void *a, const void *b)
{
	return strcmp((*(const struct sought *const *)a)->text,
		      (*(const struct sought *const *)b)->text);
}

static void put_by(const struct sought *p, bool places, struct ev_buf *out)
{
	ev_buf_putc(out, '[');
	for (size_t i = 0; i < p->n_by; i++) {
		ev_json_text(out, NULL, p->by[i].what);
		if (places)
			ev_buf_printf(out, ",%zu,%zu", p->by[i].place.line, p->by[i].place.column);
	}
	ev_buf_putc(out, ']');
}

static void put(const struct ev_presence *b, bool state, struct ev_buf *out)
{
	const struct sought **list = ev_calloc(b->n + 1, sizeof(const struct sought *));

	for (size_t i = 0; i < b->n; i++)
		list[i] = &b->list[i];
	qsort(list, b->n, sizeof(const struct sought *), by_text);
	ev_buf_putc(out, '[');
	for (size_t i = 0; i < b->n; i++) {
		if (!state && !is_absent(list[i]))
			continue;
		ev_json_name(out, NULL);
		ev_buf_putc(out, '{');
		ev_json_text(out, "path", list[i]->text);
		ev_json_name(out, "of");
		put_by(list[i], state, out);
		if (state)
			ev_buf_printf(out, ",\"asked\":%d,\"borne\":%d", list[i]->asked,
				      list[i]->present);
		ev_buf_putc(out, '}');
	}
	ev_buf_putc(out, ']');
	free(list);
}

void ev_presence_write(const struct ev_presence *b, struct ev_buf *out)
{
	put(b, false, out);
}

void ev_presence_state(const struct ev_presence *b, struct ev_buf *out)
{
	put(b, true, out);
}

/* A text without U+0000, or NULL. */
static const char *text_of(const struct ev_doc *d, uint32_t at, struct ev_buf *scratch)
{
	const char *p;
	size_t len;

	if (at == EV_NOWHERE || ev_kind(d, at) != EV_STRING)
		return NULL;
	p = ev_string(d, at, scratch, &len);
	if (memchr(p, '\0', len) != NULL)
		return NULL;
	if (p != scratch->p) {
		ev_buf_reset(scratch);
		ev_buf_put(scratch, p, len);
	}
	return ev_buf_str(scratch);
}

bool ev_presence_merge(struct ev_presence *b, const struct ev_doc *d, uint32_t list)
{
	struct ev_buf scratch = {0};
	bool good = list != EV_NOWHERE && ev_kind(d, list) == EV_ARRAY;

	for (uint32_t i = good ? ev_first(d, list) : 0; good && i < ev_end(d, list);
	     i = ev_next(d, i)) {
		uint32_t of = ev_member(d, i, "of", 2);
		const char *text = text_of(d, ev_member(d, i, "path", 4), &scratch);
		uint64_t asked, present;
		struct sought *p;

		good = text != NULL && text[0] == '.' && of != EV_NOWHERE &&
		       ev_kind(d, of) == EV_ARRAY && ev_state_u64(d, i, "asked", &asked) &&
		       asked <= 1 && ev_state_u64(d, i, "borne", &present) && present <= 1;
		if (!good)
			break;
		p = find(b, text);
		b->left -= p->path != NULL && !p->present && present;
		p->asked |= asked;
		p->present |= present;
		for (uint32_t k = ev_first(d, of); good && k < ev_end(d, of); k += 3) {
			const char *what = text_of(d, k, &scratch);
			uint64_t line, column;

			good = what != NULL && k + 2 < ev_end(d, of) &&
			       ev_u64_of(d, k + 1, &line) && ev_u64_of(d, k + 2, &column);
			if (good)
				add_by(p, &(struct ev_presence_by){
						  what, line > 0 ? b->file : NULL, {line, column}});
		}
	}
	ev_buf_free(&scratch);
	return good;
}

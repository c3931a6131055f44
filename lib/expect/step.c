/*
 * Steps: finds the columns and rows of a record, and gives them to the expectations. In records of
 * one shape a column's values are always the same nodes, of the same kinds. So what is missing is
 * counted by shape, and each record only has the tasks that look at values.
 */
#include "base/compiler.h"
#include "expect/internal.h"

#include <stdlib.h>

enum { MAX_KEPT = 1 << 18 }; /* tasks, counts and cells, of a suite */

/* Finds the values of a column that goes through a list. */
static struct ev_expect_cells find_list(struct ev_expect_column *c, const struct ev_event *event)
{
	size_t n = ev_each_find(c->list, event);

	if (n > c->found.cap)
		ev_grow(&c->found.at, &c->found.cap, n, sizeof *c->found.at);
	for (size_t k = 0; k < n; k++)
		c->found.at[k] = ev_each_at(c->list, k)[c->slot];
	return (struct ev_expect_cells){c->found.at, n};
}

static void find_cells(struct ev_suite *s, const struct ev_event *event)
{
	for (size_t i = 0; i < s->n_columns; i++) {
		struct ev_expect_column *c = &s->columns[i];

		s->found[i] = c->path->many ? find_list(c, event)
					    : (struct ev_expect_cells){&event->at[c->slot], 1};
	}
	s->cells = s->found;
}

void ev_expect_count_unexpected(struct ev_expect *e, struct ev_expect_frame *f, uint64_t element,
				uint32_t at)
{
	struct ev_buf *shown = &e->suite->shown;

	e->unexpected++;
	if (e->sample.n == EXPECT_SAMPLE && f->pos.timed &&
	    ev_time_compare(f->pos.time, e->sample.list[EXPECT_SAMPLE - 1].pos.time) > 0)
		return;
	if (!ev_expect_sample_wants(&e->sample, ev_expect_frame_position(f), element))
		return;
	ev_buf_reset(shown);
	ev_expect_show_value(f->d, at, shown);
	ev_expect_sample_add(&e->sample, &f->pos, element, shown->p, shown->len);
}

static EV_NOINLINE bool ask(struct ev_expect *e, const struct ev_doc *d, uint32_t at,
			    struct ev_expect_remembered *keep, const struct ev_expect_remembered *r)
{
	*keep = *r;
	keep->good = e->kind->good(e, d, at);
	return keep->good;
}

/* good(), with the answers for short values remembered. */
static inline bool still_good(struct ev_expect *e, const struct ev_doc *d, uint32_t at)
{
	struct ev_expect_remembered r, *known;
	const char *p;
	size_t len;

	p = ev_raw(d, at, &len);
	if (len > 16)
		return e->kind->good(e, d, at);
	/* Reads past the value's end: the text has slack. */
	memcpy(&r.head, p, 8);
	memcpy(&r.tail, p + (len > 8 ? len - 8 : 0), 8);
	if (len < 8)
		r.head = r.tail = le64toh(r.head) & ev_symbols_keep[len];
	r.len = (uint32_t)len;
	known = &e->remembered[(r.head * 0x9e3779b97f4a7c15 ^ r.tail * 0xc2b2ae3d27d4eb4f) >> 58];
	if (known->head == r.head && known->tail == r.tail && known->len == r.len)
		return known->good;
	return ask(e, d, at, known, &r);
}

static inline void take_value(struct ev_expect *e, struct ev_expect_frame *f, uint64_t element,
			      uint32_t at)
{
	if (!(e->remembered != NULL ? still_good(e, f->d, at) : e->kind->good(e, f->d, at)))
		ev_expect_count_unexpected(e, f, element, at);
}

static enum ev_status step_values(struct ev_expect *e, struct ev_expect_frame *f,
				  struct ev_error *err)
{
	const struct ev_expect_cells *c = ev_expect_cells_of(e, 0);

	(void)err;
	e->elements += c->n;
	for (size_t i = 0; i < c->n; i++)
		if (ev_expect_is_missing(f->d, c->at[i]))
			e->missing++;
		else
			take_value(e, f, i, c->at[i]);
	return EV_OK;
}

/* A step for kinds that only ask whether values are present. */
static enum ev_status step_presence(struct ev_expect *e, struct ev_expect_frame *f,
				    struct ev_error *err)
{
	const struct ev_expect_cells *c = ev_expect_cells_of(e, 0);

	(void)err;
	e->elements += c->n;
	for (size_t i = 0; i < c->n; i++)
		if (ev_expect_is_missing(f->d, c->at[i]) == e->negate)
			ev_expect_count_unexpected(e, f, i, c->at[i]);
	return EV_OK;
}

static void count_row(struct ev_expect *e, struct ev_expect_frame *f, uint64_t element,
		      const uint32_t *at)
{
	struct ev_buf *shown = &e->suite->shown;

	e->unexpected++;
	if (!ev_expect_sample_wants(&e->sample, ev_expect_frame_position(f), element))
		return;
	ev_buf_reset(shown);
	for (size_t k = 0; k < e->n_columns; k++) {
		ev_buf_putc(shown, k == 0 ? '[' : ',');
		ev_expect_show_value(f->d, at[k], shown);
	}
	ev_buf_putc(shown, ']');
	ev_expect_sample_add(&e->sample, &f->pos, element, shown->p, shown->len);
}

bool ev_expect_has_list(const struct ev_expect *e)
{
	for (size_t i = 0; i < e->n_columns; i++)
		if (ev_expect_column_of(e, i)->path->many)
			return true;
	return false;
}

/* The number of rows. A column that is no list has the same value in each. */
static size_t rows_of(const struct ev_expect *e)
{
	size_t n = 1;

	for (size_t k = 0; k < e->n_columns; k++)
		if (ev_expect_column_of(e, k)->path->many)
			n = ev_expect_cells_of(e, k)->n;
	return n;
}

/* The nodes of row i; false if ignore_row_if leaves it out. */
static bool row_at(const struct ev_expect *e, const struct ev_doc *d, size_t i, uint32_t *at)
{
	size_t missing = 0;

	for (size_t k = 0; k < e->n_columns; k++) {
		at[k] = ev_expect_cells_of(e, k)->at[ev_expect_column_of(e, k)->path->many ? i : 0];
		missing += ev_expect_is_missing(d, at[k]);
	}
	return !(e->ignore == IGNORE_ALL_MISSING && missing == e->n_columns) &&
	       !(e->ignore == IGNORE_ANY_MISSING && missing > 0);
}

static enum ev_status step_rows(struct ev_expect *e, struct ev_expect_frame *f,
				struct ev_error *err)
{
	uint32_t at[EXPECT_MAX_COLUMNS];
	size_t n = rows_of(e);

	(void)err;
	e->elements += n;
	for (size_t i = 0; i < n; i++)
		if (!row_at(e, f->d, i, at))
			e->missing++;
		else if (!e->kind->row(e, f->d, at))
			count_row(e, f, i, at);
	return EV_OK;
}

static enum ev_status step_record(struct ev_expect *e, struct ev_expect_frame *f,
				  struct ev_error *err)
{
	(void)f, (void)err;
	e->elements++;
	return EV_OK;
}

static bool condition_holds(struct ev_expect *e, struct ev_expect_frame *f)
{
	struct ev_suite *s = e->suite;
	struct ev_expect_condition *c = &s->conditions[e->condition];

	if (c->stamp != s->records) {
		c->stamp = s->records;
		c->truth = ev_expr_test(c->expr, f->d, 0, &s->scratch);
	}
	e->untold += c->truth == EV_CANNOT;
	e->met |= c->truth == EV_HOLDS;
	return c->truth == EV_HOLDS;
}

static enum ev_status step_if(struct ev_expect *e, struct ev_expect_frame *f, struct ev_error *err)
{
	return condition_holds(e, f) ? e->then(e, f, err) : EV_OK;
}

static ev_expect_step *step_of(const struct ev_expect *e)
{
	if (e->kind->good != NULL)
		return step_values;
	if (e->kind->row != NULL)
		return step_rows;
	if (e->kind->presence)
		return step_presence;
	return e->kind->step != NULL ? e->kind->step : step_record;
}

static struct ev_expect_column *first_of_list(struct ev_suite *s, const struct ev_each *list)
{
	struct ev_expect_column *c = s->columns;

	while (c->list != list)
		c++;
	return c;
}

void ev_suite_read_from(struct ev_suite *s, struct ev_events *events)
{
	struct ev_symbols *symbols = ev_scan_symbols(ev_events_scan(events));

	s->found = ev_calloc(s->n_columns, sizeof *s->found);
	for (size_t i = 0; i < s->n_columns; i++) {
		struct ev_expect_column *c = &s->columns[i];

		ev_path_bind(c->path, symbols);
		c->each.symbols = c->tail.symbols = symbols;
		if (c->path->many) {
			c->list = ev_events_each(events, &c->each);
			c->slot = ev_picks_add(c->list->picks, &c->tail);
			ev_containers_add(&s->ways, ev_events_picks(events), &c->each);
			ev_containers_add(&first_of_list(s, c->list)->ways, c->list->picks,
					  &c->tail);
		} else {
			c->slot = ev_events_want(events, c->path);
			ev_containers_add(&s->ways, ev_events_picks(events), c->path);
		}
	}
	for (size_t i = 0; i < s->n_conditions; i++)
		ev_expr_bind(s->conditions[i].expr, ev_events_scan(events));
	for (size_t i = 0; i < s->n; i++) {
		struct ev_expect *e = &s->list[i];

		e->then = step_of(e);
		e->step = e->condition != SIZE_MAX ? step_if : e->then;
		if (e->kind->remembers)
			e->remembered = ev_calloc(EXPECT_REMEMBERED, sizeof *e->remembered);
	}
}

static bool are_open(const struct ev_suite *s, const struct ev_event *event)
{
	if (!ev_containers_fit(&s->ways, event->doc, event->at))
		return false;
	for (size_t i = 0; i < s->n_columns; i++) {
		const struct ev_expect_column *c = &s->columns[i];

		if (c->ways.n + c->ways.n_others == 0)
			continue;
		for (size_t k = 0, n = ev_each_find(c->list, event); k < n; k++)
			if (!ev_containers_fit(&c->ways, event->doc, ev_each_at(c->list, k)))
				return false;
	}
	return true;
}

bool ev_suite_passes(struct ev_suite *s, const struct ev_event *event, struct ev_reasons *why)
{
	enum { UNKNOWN, OPEN, CLOSED };
	uint32_t shape = event->doc->shape;

	if (s->open == NULL)
		s->open = ev_calloc(EV_SHAPES + 1, sizeof *s->open);
	if (shape == EV_NO_SHAPE || s->open[shape] == UNKNOWN)
		s->open[shape] = are_open(s, event) ? OPEN : CLOSED;
	if (s->open[shape] == OPEN)
		return true;
	for (size_t i = 0; i < s->n_columns; i++)
		ev_event_path_passes(s->columns[i].path, event->doc, 0, why);
	return false;
}

/* By shape */

struct expect_task;
typedef enum ev_status task_run(const struct expect_task *t, struct ev_expect_frame *f,
				struct ev_error *err);

struct expect_task {
	struct ev_expect *e;
	task_run *run;
	uint64_t element;
	union {
		uint32_t at;
		const uint32_t *row;
	};
};

struct ev_expect_shape {
	const struct ev_expect_cells *cells;
	struct counted {
		uint64_t elements, missing;
	} * counted;	  /* by expectation, in each record */
	uint64_t records; /* records since the counts were last added */
	struct expect_task *tasks;
	size_t n;
};

static enum ev_status run_step(const struct expect_task *t, struct ev_expect_frame *f,
			       struct ev_error *err)
{
	return t->e->step(t->e, f, err);
}

static enum ev_status run_value(const struct expect_task *t, struct ev_expect_frame *f,
				struct ev_error *err)
{
	(void)err;
	if (!t->e->kind->good(t->e, f->d, t->at))
		ev_expect_count_unexpected(t->e, f, t->element, t->at);
	return EV_OK;
}

static enum ev_status run_remembered(const struct expect_task *t, struct ev_expect_frame *f,
				     struct ev_error *err)
{
	(void)err;
	if (!still_good(t->e, f->d, t->at))
		ev_expect_count_unexpected(t->e, f, t->element, t->at);
	return EV_OK;
}

static enum ev_status run_presence(const struct expect_task *t, struct ev_expect_frame *f,
				   struct ev_error *err)
{
	(void)err;
	ev_expect_count_unexpected(t->e, f, t->element, t->at);
	return EV_OK;
}

static enum ev_status run_row(const struct expect_task *t, struct ev_expect_frame *f,
			      struct ev_error *err)
{
	(void)err;
	if (!t->e->kind->row(t->e, f->d, t->row))
		count_row(t->e, f, t->element, t->row);
	return EV_OK;
}

struct planner {
	struct ev_suite *s;
	const struct ev_doc *d;
	struct expect_task *list;
	size_t n, cap;
};

static void add_task(struct planner *p, struct expect_task t)
{
	ev_grow(&p->list, &p->cap, p->n + 1, sizeof *p->list);
	p->list[p->n++] = t;
}

static void plan_values(struct planner *p, struct ev_expect *e, struct counted *c)
{
	const struct ev_expect_cells *cells = ev_expect_cells_of(e, 0);

	c->elements = cells->n;
	for (size_t i = 0; i < cells->n; i++) {
		struct expect_task t = {.e = e, .element = i, .at = cells->at[i]};
		bool missing = ev_expect_is_missing(p->d, t.at);

		if (e->kind->presence)
			t.run = missing == e->negate ? run_presence : NULL;
		else if (!missing)
			t.run = e->remembered != NULL ? run_remembered : run_value;
		if (t.run != NULL)
			add_task(p, t);
		else if (!e->kind->presence)
			c->missing++;
	}
}

static void plan_rows(struct planner *p, struct ev_expect *e, struct counted *c)
{
	size_t size = e->n_columns * sizeof(uint32_t);
	uint32_t at[EXPECT_MAX_COLUMNS];

	c->elements = rows_of(e);
	for (size_t i = 0; i < c->elements; i++) {
		struct expect_task t = {.e = e, .run = run_row, .element = i};

		if (!row_at(e, p->d, i, at)) {
			c->missing++;
			continue;
		}
		t.row = memcpy(ev_arena_alloc(&p->s->shapes, size), at, size);
		add_task(p, t);
	}
}

static void plan(struct planner *p, struct ev_expect *e, struct counted *c)
{
	if (e->step == step_values || e->step == step_presence)
		plan_values(p, e, c);
	else if (e->step == step_rows)
		plan_rows(p, e, c);
	else if (e->step == step_record)
		c->elements = 1;
	else
		add_task(p, (struct expect_task){.e = e, .run = run_step});
}

static const struct ev_expect_cells *kept_cells(struct ev_suite *s)
{
	struct ev_expect_cells *kept = ev_arena_alloc(&s->shapes, s->n_columns * sizeof *kept);

	for (size_t i = 0; i < s->n_columns; i++) {
		size_t size = s->found[i].n * sizeof(uint32_t);
		uint32_t *at = ev_arena_alloc(&s->shapes, size);

		if (size > 0)
			memcpy(at, s->found[i].at, size);
		s->n_kept += 1 + s->found[i].n;
		kept[i] = (struct ev_expect_cells){at, s->found[i].n};
	}
	return kept;
}

/* Learns the shape of a record whose cells have been found. */
static void know_shape(struct ev_suite *s, const struct ev_doc *d)
{
	struct ev_expect_shape *shape = ev_arena_zalloc(&s->shapes, sizeof *shape);
	struct planner p = {.s = s, .d = d};

	shape->counted = ev_arena_zalloc(&s->shapes, s->n * sizeof *shape->counted);
	for (size_t i = 0; i < s->n; i++)
		plan(&p, &s->list[i], &shape->counted[i]);
	s->n_kept += p.n + s->n;
	shape->n = p.n;
	shape->tasks = ev_arena_alloc(&s->shapes, p.n * sizeof *p.list);
	if (p.n > 0)
		memcpy(shape->tasks, p.list, p.n * sizeof *p.list);
	free(p.list);
	shape->cells = kept_cells(s);
	if (s->known == NULL)
		s->known = ev_calloc(EV_SHAPES + 1, sizeof(struct ev_expect_shape *));
	s->known[d->shape] = shape;
}

void ev_suite_add_counted(struct ev_suite *s)
{
	for (size_t k = 0; s->known != NULL && k <= EV_SHAPES; k++) {
		struct ev_expect_shape *shape = s->known[k];

		for (size_t i = 0; shape != NULL && i < s->n; i++) {
			s->list[i].elements += shape->records * shape->counted[i].elements;
			s->list[i].missing += shape->records * shape->counted[i].missing;
		}
		if (shape != NULL)
			shape->records = 0;
	}
}

static EV_NOINLINE enum ev_status step_all(struct ev_suite *s, struct ev_expect_frame *f,
					   struct ev_error *err)
{
	find_cells(s, f->event);
	if (f->d->shape != EV_NO_SHAPE && s->n_kept < MAX_KEPT)
		know_shape(s, f->d);
	for (struct ev_expect *e = s->list, *end = e + s->n; e < end; e++)
		if (e->step(e, f, err) == EV_FATAL)
			return EV_FATAL;
	return EV_OK;
}

enum ev_status ev_suite_step(struct ev_suite *s, const struct ev_event *event,
			     const struct ev_record *rec, struct ev_error *err)
{
	struct ev_expect_frame f = {.d = event->doc,
				    .event = event,
				    .rec = rec,
				    .pos = {.time = event->time, .timed = true},
				    .locator = s->locator};
	struct ev_expect_shape *shape = s->known != NULL ? s->known[f.d->shape] : NULL;

	s->records++;
	if (shape == NULL)
		return step_all(s, &f, err);
	shape->records++;
	s->cells = shape->cells;
	for (const struct expect_task *t = shape->tasks, *end = t + shape->n; t < end; t++)
		if (t->run(t, &f, err) == EV_FATAL)
			return EV_FATAL;
	return EV_OK;
}

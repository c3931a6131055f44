/*
 * Steps: finds the rows that expectations ask for in a record, and has them taken.
 *
 * In records of one shape a column's values are always the same nodes, of the same kinds. So a plan
 * knows what is missing, which is only counted, and which rows are to be taken.
 */
#include "base/compiler.h"
#include "expect/internal.h"
#include "json/plan.h"

/* A row to take; or, without take, a condition that the next tasks depend on. */
struct task {
	struct ev_expect *e;
	ev_expect_take *take;
	uint64_t element; /* of a condition: how many tasks */
	const uint32_t *at;
};

/* What an expectation counts in every record of a shape. */
struct counted {
	uint64_t elements, missing;
};

struct ev_expect_plan {
	bool open;		 /* what ev_suite_passes says; if false, there is nothing else */
	uint64_t records;	 /* for which `counted` has not been added yet */
	struct counted *counted; /* by expectation; with a condition, if that holds */
	struct task *tasks;
	size_t n;
	struct ev_expect_plan *next; /* of the suite's */
};

/* Columns */

static void find_cells(struct ev_suite *s, const struct ev_event *event)
{
	for (size_t i = 0; i < s->n_columns; i++) {
		struct ev_expect_column *c = &s->columns[i];

		c->at = &event->at[c->slot];
		c->n = 1;
		if (c->list == NULL)
			continue;
		c->n = ev_each_find(c->list, event);
		if (c->n > 0)
			c->at = ev_each_at(c->list, 0) + c->slot;
		c->stride = c->list->picks->n;
	}
}

static struct ev_expect_column *first_of_list(struct ev_suite *s, const struct ev_each *list)
{
	struct ev_expect_column *c = s->columns;

	while (c->list != list)
		c++;
	return c;
}

/* Rows */

/* The number of rows. A column that is no list has the same value in each. */
static size_t rows_of(const struct ev_expect *e)
{
	size_t n = 1;

	for (size_t k = 0; k < e->n_columns; k++)
		if (ev_expect_column_of(e, k)->list != NULL)
			n = ev_expect_column_of(e, k)->n;
	return n;
}

/* The nodes of row i; false if it is missing, by ignore_row_if. */
static bool row_at(const struct ev_expect *e, const struct ev_doc *d, size_t i, uint32_t *at)
{
	size_t missing = 0;

	for (size_t k = 0; k < e->n_columns; k++) {
		const struct ev_expect_column *c = ev_expect_column_of(e, k);

		at[k] = c->at[i * c->stride];
		missing += ev_expect_is_missing(d, at[k]);
	}
	return !(e->ignore == IGNORE_ALL_MISSING && missing == e->n_columns) &&
	       !(e->ignore == IGNORE_ANY_MISSING && missing > 0);
}

/* The first node that is there, or EV_NOWHERE. */
static uint32_t first_there(const struct ev_expect_column *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->at[i * c->stride] != EV_NOWHERE)
			return c->at[i * c->stride];
	return EV_NOWHERE;
}

typedef void put_task(void *ctx, const struct task *t);

/* there: the row is not missing. */
static EV_ALWAYS_INLINE void each_of(struct counted *c, const struct task *t, bool there,
				     put_task *put, void *ctx)
{
	c->missing += !there && !t->e->ops->presence;
	if (t->take != NULL && there != (t->e->ops->presence && t->e->negate))
		put(ctx, t);
}

/* Gives each row that is to be taken to `put`; its nodes are valid in there. */
static EV_ALWAYS_INLINE struct counted each_row(struct ev_expect *e, const struct ev_doc *d,
						put_task *put, void *ctx)
{
	uint32_t at[EXPECT_MAX_COLUMNS];
	struct counted c = {1, 0};
	struct task t = {e, e->take, 0, at};

	if (e->n_columns == 0 || e->ops->of_records) {
		if (e->n_columns > 0)
			at[0] = first_there(ev_expect_column_of(e, 0));
		if (e->take != NULL)
			put(ctx, &t);
		return c;
	}
	if (e->n_columns == 1) {
		const struct ev_expect_column *column = ev_expect_column_of(e, 0);

		c.elements = column->n;
		for (t.at = column->at; t.element < c.elements; t.element++, t.at += column->stride)
			each_of(&c, &t, !ev_expect_is_missing(d, *t.at), put, ctx);
		return c;
	}
	c.elements = rows_of(e);
	for (; t.element < c.elements; t.element++)
		each_of(&c, &t, row_at(e, d, t.element, at), put, ctx);
	return c;
}

static inline void run_task(void *frame, const struct task *t)
{
	struct ev_expect_frame *f = frame;

	f->element = t->element;
	if (!t->take(t->e, f, t->at))
		ev_expect_count_unexpected(t->e, f, t->at);
}

/* The kind's take, with the answers for short values remembered. */
static bool take_remembered(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	struct ev_expect_remembered r, *known;
	const char *p;
	size_t len;

	p = ev_raw(f->d, *at, &len);
	if (len > 16)
		return e->ops->take(e, f, at);
	/* Reads past the value's end: the text has slack. */
	memcpy(&r.head, p, 8);
	memcpy(&r.tail, p + (len > 8 ? len - 8 : 0), 8);
	if (len < 8)
		r.head = r.tail = le64toh(r.head) & ev_symbols_keep[len];
	r.len = (uint32_t)len;
	known = &e->remembered[(r.head * 0x9e3779b97f4a7c15 ^ r.tail * 0xc2b2ae3d27d4eb4f) >> 58];
	if (known->head != r.head || known->tail != r.tail || known->len != r.len) {
		r.good = e->ops->take(e, f, at);
		*known = r;
	}
	return known->good;
}

static bool condition_holds(struct ev_expect *e, struct ev_expect_frame *f)
{
	struct ev_suite *s = e->suite;
	struct ev_expect_condition *c = e->condition;

	if (c->record != s->records) {
		c->record = s->records;
		c->truth = ev_expr_test(c->expr, f->d, 0, &s->scratch);
	}
	e->n.undecided += c->truth == EV_CANNOT;
	e->n.met |= c->truth == EV_HOLDS;
	return c->truth == EV_HOLDS;
}

static void add_counted(struct ev_expect *e, const struct counted *c, uint64_t records)
{
	e->n.elements += records * c->elements;
	e->n.missing += records * c->missing;
}

/* Plans */

static bool are_open(const struct ev_suite *s, const struct ev_event *event)
{
	if (!ev_containers_fit(&s->containers, event->doc, event->at))
		return false;
	for (size_t i = 0; i < s->n_columns; i++)
		if (!ev_each_fits(s->columns[i].list, event, &s->columns[i].containers))
			return false;
	return true;
}

/* A plan in the making. */
struct maker {
	const struct ev_doc *d;
	struct task *tasks;
	size_t n, cap;
	bool full;
};

static void keep_task(void *maker, const struct task *t)
{
	struct maker *m = maker;
	size_t size = t->at != NULL ? t->e->n_columns * sizeof *t->at : 0;
	uint32_t *at = ev_plan_alloc(m->d, size);

	ev_grow(&m->tasks, &m->cap, m->n + 1, sizeof *m->tasks);
	m->tasks[m->n] = *t;
	m->tasks[m->n++].at = at;
	m->full |= at == NULL;
	if (at != NULL && size > 0)
		memcpy(at, t->at, size);
}

static bool keep_tasks(struct maker *m, struct ev_expect_plan *p)
{
	p->tasks = ev_plan_alloc(m->d, m->n * sizeof *p->tasks);
	p->n = m->n;
	if (p->tasks != NULL && m->n > 0)
		memcpy(p->tasks, m->tasks, m->n * sizeof *p->tasks);
	free(m->tasks);
	return p->tasks != NULL && !m->full;
}

static void *compile(void *client, const struct ev_doc *d)
{
	struct ev_suite *s = client;
	struct ev_expect_plan *p = ev_plan_alloc(d, sizeof *p);
	struct counted *counted = ev_plan_alloc(d, s->n * sizeof *counted);
	struct maker m = {.d = d};

	if (p == NULL || counted == NULL)
		return NULL;
	*p = (struct ev_expect_plan){.open = are_open(s, s->event), .counted = counted};
	if (!p->open)
		return p;
	find_cells(s, s->event);
	for (size_t i = 0; i < s->n; i++) {
		struct ev_expect *e = &s->list[i];
		size_t first = m.n;

		if (e->condition != NULL)
			keep_task(&m, &(struct task){.e = e});
		counted[i] = each_row(e, d, keep_task, &m);
		if (e->condition != NULL)
			m.tasks[first].element = m.n - first - 1;
	}
	if (!keep_tasks(&m, p))
		return NULL;
	p->next = s->made;
	return s->made = p;
}

static void print(const void *client, const void *plan, const struct ev_doc *d, struct ev_buf *out)
{
	const struct ev_expect_plan *p = plan;

	(void)client;
	if (!p->open)
		ev_plan_line(out, "closed", d, EV_NOWHERE, NULL);
	for (const struct task *t = p->tasks, *end = t + p->n; t < end; t++)
		if (t->take == NULL)
			ev_plan_line(out, "if", d, EV_NOWHERE, t->e->condition->text);
		else
			ev_plan_line(out, "take", d, t->e->n_columns > 0 ? t->at[0] : EV_NOWHERE,
				     t->e->kind->name);
}

static const struct ev_plan_kind rows_kind = {"expectations", compile, print};

static struct ev_expect_plan *plan_of(struct ev_suite *s, const struct ev_event *event)
{
	s->event = event;
	return ev_plan_of(&s->plans, event->doc);
}

/* Running */

void ev_suite_read_from(struct ev_suite *s, struct ev_events *events)
{
	struct ev_symbols *symbols = ev_scan_symbols(ev_events_scan(events));

	s->plans = EV_PLANS(&rows_kind, s);
	for (size_t i = 0; i < s->n_columns; i++) {
		struct ev_expect_column *c = &s->columns[i];

		ev_path_bind(c->path, symbols);
		c->each.symbols = c->tail.symbols = symbols;
		if (c->path->many) {
			c->list = ev_events_each(events, &c->each);
			c->slot = ev_picks_add(c->list->picks, &c->tail);
			ev_containers_add(&s->containers, ev_events_picks(events), &c->each);
			ev_containers_add(&first_of_list(s, c->list)->containers, c->list->picks,
					  &c->tail);
		} else {
			c->slot = ev_events_want(events, c->path);
			ev_containers_add(&s->containers, ev_events_picks(events), c->path);
		}
	}
	for (struct ev_expect_condition *c = s->conditions; c != NULL; c = c->next)
		ev_expr_bind(c->expr, ev_events_scan(events));
	for (size_t i = 0; i < s->n; i++) {
		struct ev_expect *e = &s->list[i];

		e->take = e->ops->remembers ? take_remembered : e->ops->take;
		if (e->ops->remembers)
			e->remembered = ev_calloc(EXPECT_REMEMBERED, sizeof *e->remembered);
	}
}

bool ev_suite_passes(struct ev_suite *s, const struct ev_event *event, struct ev_reasons *why)
{
	const struct ev_expect_plan *p = plan_of(s, event);

	if (p != NULL ? p->open : are_open(s, event))
		return true;
	for (size_t i = 0; i < s->n_columns; i++)
		ev_event_path_passes(s->columns[i].path, event->doc, 0, why);
	return false;
}

static void run_plan(struct ev_suite *s, struct ev_expect_plan *p, struct ev_expect_frame *f)
{
	p->records++;
	for (const struct task *t = p->tasks, *end = t + p->n; t < end; t++)
		if (t->take != NULL)
			run_task(f, t);
		else if (condition_holds(t->e, f))
			add_counted(t->e, &p->counted[t->e - s->list], 1);
		else
			t += t->element;
}

static EV_NOINLINE void run_rows(struct ev_suite *s, struct ev_expect_frame *f)
{
	find_cells(s, f->event);
	for (struct ev_expect *e = s->list, *end = e + s->n; e < end; e++)
		if (e->condition == NULL || condition_holds(e, f)) {
			struct counted c = each_row(e, f->d, run_task, f);

			add_counted(e, &c, 1);
		}
}

enum ev_status ev_suite_step(struct ev_suite *s, const struct ev_event *event,
			     const struct ev_record *rec, struct ev_error *err)
{
	struct ev_expect_frame f = {.d = event->doc,
				    .event = event,
				    .rec = rec,
				    .pos = {.time = event->time, .timed = true},
				    .locator = s->locator,
				    .status = EV_OK,
				    .err = err};
	struct ev_expect_plan *p = plan_of(s, event);

	s->records++;
	if (p != NULL)
		run_plan(s, p, &f);
	else
		run_rows(s, &f);
	return f.status;
}

void ev_expect_add_counted(struct ev_suite *s)
{
	for (struct ev_expect_plan *p = s->made; p != NULL; p = p->next) {
		for (size_t i = 0; i < s->n; i++)
			if (s->list[i].condition == NULL)
				add_counted(&s->list[i], &p->counted[i], p->records);
		p->records = 0;
	}
}

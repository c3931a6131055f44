/*
 * Plans: a flat program specialised for documents of one shape. Which member has which cell, what
 * is required or allowed, how many elements there are and the kind of each value are decided once;
 * for each document only the texts of scalars are left to check.
 */
#include "base/mem.h"
#include "schema/fast.h"
#include "schema/flat.h"

#include <stdlib.h>
#include <string.h>

struct planner {
	const struct ev_doc *d;
	uint32_t top, without;
	uint32_t applied;
	struct planned {
		enum ev_schema_check what;
		struct ev_schema_step step;
	} * list;
	size_t n, cap;
};

static void add_step(struct planner *p, enum ev_schema_check what, struct ev_schema_step step)
{
	ev_grow(&p->list, &p->cap, p->n + 1, sizeof *p->list);
	p->list[p->n++] = (struct planned){what, step};
}

static bool plan_object(struct planner *p, const struct ev_schema_program *o, uint32_t i);
static bool plan_array(struct planner *p, const struct ev_schema_program *o, uint32_t i);

/* Adds the steps for a value. False if it fits in no document of this shape. */
static bool plan_value(struct planner *p, const struct ev_schema_cell *c, uint32_t i)
{
	enum ev_kind kind = ev_kind(p->d, i);
	enum ev_schema_check what = (enum ev_schema_check)c->checks[kind];

	/* whether it has escapes or not */
	if (kind == EV_STRING && what == SCHEMA_CHECK_PASS && c->checks[8 | kind] != what)
		what = SCHEMA_CHECK_FULL;
	switch (what) {
	case SCHEMA_CHECK_PASS: return true;
	case SCHEMA_CHECK_OBJECT: return plan_object(p, c->cold->object, i);
	case SCHEMA_CHECK_ARRAY: return plan_array(p, c->cold->array, i);
	default: add_step(p, what, (struct ev_schema_step){.node = i, .cell = c}); return true;
	}
}

static bool may_enter(struct planner *p, const struct ev_schema_program *o, uint64_t n)
{
	p->applied++;
	return n - o->least <= o->gap;
}

static bool plan_object(struct planner *p, const struct ev_schema_program *o, uint32_t i)
{
	const struct ev_doc *d = p->d;
	uint64_t bits = 0;

	if (!may_enter(p, o, d->nodes[i].count - (uint64_t)(i == p->top)))
		return false;
	for (uint32_t name = ev_first(d, i); name < ev_end(d, i); name = ev_next(d, name + 1)) {
		const struct ev_schema_cell *c = ev_schema_cell_at(o, d->nodes[name].count);

		if (name + 1 == p->without)
			continue;
		bits |= c->bit;
		if (!plan_value(p, c, name + 1))
			return false;
	}
	if (o->n_rest > 0)
		add_step(p, SCHEMA_CHECK_REST, (struct ev_schema_step){.node = i, .program = o});
	return (bits & o->needed) == o->needed && ev_schema_rules_fit(o, bits);
}

static bool plan_array(struct planner *p, const struct ev_schema_program *o, uint32_t i)
{
	const struct ev_doc *d = p->d;

	if (!may_enter(p, o, d->nodes[i].count))
		return false;
	for (uint32_t at = ev_first(d, i); at < ev_end(d, i); at = ev_next(d, at))
		if (!plan_value(p, o->cells, at))
			return false;
	return true;
}

/* The finished plan: its steps, grouped by kind. */
static struct ev_schema_plan *sorted(const struct planner *p, bool never)
{
	size_t n = never ? 0 : p->n, from[SCHEMA_CHECK_KINDS + 1] = {0};
	size_t size = sizeof(struct ev_schema_plan) + n * sizeof(struct ev_schema_step);
	struct ev_schema_plan *plan = ev_plan_alloc(p->d, size);

	if (plan == NULL)
		return NULL;
	*plan = (struct ev_schema_plan){
		.never = never, .without = p->without, .applied = p->applied};
	for (size_t i = 0; i < n; i++)
		plan->n[p->list[i].what]++;
	for (size_t what = 0; what < SCHEMA_CHECK_KINDS; what++)
		from[what + 1] = from[what] + plan->n[what];
	for (size_t i = 0; i < n; i++)
		plan->steps[from[p->list[i].what]++] = p->list[i].step;
	return plan;
}

static void *compile(void *client, const struct ev_doc *d)
{
	const struct ev_schema *s = client;
	struct planner p = {.d = d, .top = EV_NOWHERE, .without = s->flat->without, .applied = 1};
	const struct ev_schema_program *o = NULL;
	struct ev_schema_plan *plan;
	bool never;

	while (s->alias != NULL)
		s = s->alias;
	if (s->set->n_dynamic == 0 && ev_kind(d, 0) == EV_OBJECT)
		o = ev_schema_flat_object(s);
	if (o == NULL)
		return NULL;
	if (p.without != EV_NOWHERE)
		p.top = 0;
	never = !plan_object(&p, o, 0);
	plan = sorted(&p, never);
	free(p.list);
	return plan;
}

/* What a step checks a value with. */
static void put_cell(const struct ev_schema_cell *c, enum ev_schema_check what, struct ev_buf *out)
{
	switch (what) {
	case SCHEMA_CHECK_FULL: ev_buf_printf(out, "%u schemas", (unsigned)c->cold->n); break;
	case SCHEMA_CHECK_FORMAT: ev_buf_puts(out, c->format->name); break;
	case SCHEMA_CHECK_WORD: ev_buf_printf(out, "%u slots", 1U << (64 - c->words->shift)); break;
	case SCHEMA_CHECK_NOT_NEGATIVE:
	case SCHEMA_CHECK_DECIMAL:
	case SCHEMA_CHECK_WHOLE:
		ev_buf_printf(out, "%lld to %lld", (long long)c->cold->low,
			      (long long)c->cold->high);
		break;
	default:
		ev_buf_printf(out, "%u to %llu bytes", (unsigned)c->least,
			      (unsigned long long)c->least + c->gap);
	}
}

static void print(const void *client, const void *compiled, const struct ev_doc *d,
		  struct ev_buf *out)
{
	static const char *const names[SCHEMA_CHECK_KINDS] = {
		[SCHEMA_CHECK_FULL] = "full",	     [SCHEMA_CHECK_LENGTH] = "length",
		[SCHEMA_CHECK_LAYOUT] = "layout",    [SCHEMA_CHECK_UUID] = "uuid",
		[SCHEMA_CHECK_FORMAT] = "format",    [SCHEMA_CHECK_WORD] = "word",
		[SCHEMA_CHECK_NOT_NEGATIVE] = ">=0", [SCHEMA_CHECK_DECIMAL] = "number",
		[SCHEMA_CHECK_WHOLE] = "integer",    [SCHEMA_CHECK_REST] = "rest",
	};
	const struct ev_schema_plan *plan = compiled;
	const struct ev_schema_step *s = plan->steps;
	struct ev_buf with = {0};

	(void)client;
	if (plan->never)
		ev_plan_line(out, "never", d, EV_NOWHERE, NULL);
	for (int what = 0; what < SCHEMA_CHECK_KINDS; what++) {
		for (uint32_t k = 0; k < plan->n[what]; k++, s++) {
			ev_buf_reset(&with);
			if (what == SCHEMA_CHECK_REST)
				ev_buf_printf(&with, "%u schemas", (unsigned)s->program->n_rest);
			else
				put_cell(s->cell, (enum ev_schema_check)what, &with);
			ev_plan_line(out, names[what], d, s->node, ev_buf_str(&with));
		}
	}
	ev_buf_free(&with);
}

const struct ev_plan_kind ev_schema_plan_kind = {"schema", compile, print};

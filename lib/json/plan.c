#include "json/plan.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "json/path.h"

char ev_plan_none;
/* No plan is ever written here: the first that is made gives a client a table of its own. */
void *ev_plan_unmade[EV_SHAPES + 1] = {[EV_NO_SHAPE] = &ev_plan_none};

static bool all_off;
static void (*show_text)(const char *text, size_t len);

void ev_plan_debug(bool off, void (*show)(const char *text, size_t len))
{
	all_off = off;
	show_text = show;
}

void *ev_plan_alloc(const struct ev_doc *d, size_t size)
{
	/* What the arena has taken, but not given out yet, counts. */
	if (size > EV_PLAN_BYTES || d->plans->total > EV_PLAN_BYTES - size)
		return NULL;
	return ev_arena_alloc(d->plans, size);
}

/* Names of members are somebody's: none of them steers a terminal. */
static void show(const struct ev_plans *p, const void *plan, const struct ev_doc *d)
{
	struct ev_buf text = {0}, shown = {0};
	char piece[EV_UTF8_SHOWN + 1];

	ev_buf_printf(&text, "%s of shape %u\n", p->kind->name, d->shape);
	p->kind->print(p->client, plan, d, &text);
	for (const char *at = text.p, *end = at + text.len; at < end;) {
		if (*at == '\n')
			ev_buf_putc(&shown, *at++);
		else
			ev_buf_put(&shown, piece, ev_utf8_show(&at, (size_t)(end - at), piece));
	}
	show_text(shown.p, shown.len);
	ev_buf_free(&text);
	ev_buf_free(&shown);
}

void *ev_plan_make(struct ev_plans *p, const struct ev_doc *d)
{
	void *plan;

	if (all_off)
		return &ev_plan_none;
	if (p->of == ev_plan_unmade) {
		void **of = ev_plan_alloc(d, sizeof ev_plan_unmade);

		if (of == NULL)
			return &ev_plan_none;
		p->of = memcpy(of, ev_plan_unmade, sizeof ev_plan_unmade);
	}
	plan = p->kind->compile(p->client, d);
	if (plan != NULL && show_text != NULL)
		show(p, plan, d);
	return p->of[d->shape] = plan != NULL ? plan : &ev_plan_none;
}

void ev_plan_line(struct ev_buf *out, const char *what, const struct ev_doc *d, uint32_t node,
		  const char *with)
{
	ev_buf_printf(out, "  %-9s ", what);
	if (node != EV_NOWHERE)
		ev_pointer(d, node, out);
	else
		ev_buf_putc(out, '-');
	if (with != NULL)
		ev_buf_printf(out, "  <- %s", with);
	ev_buf_putc(out, '\n');
}

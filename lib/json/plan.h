/*
 * plan: what documents of one shape have in common, compiled once and run for each. Floor 3.
 *
 * A client (a schema, a rule, the columns of a table, a canonical form) has a function that
 * compiles a plan from the first document of a shape: what its loop over the later documents of
 * that shape needs, and nothing that the texts of their scalars could change. What a plan consists
 * of is the client's own affair; steps of one kind best stand together, so that a loop has no
 * branch.
 *
 * Where there is no plan, the client does its work document by document, with the same outcome:
 * the document has no shape, the plans of its scanner have taken all their room, the client says
 * that this shape has none, or plans are off (ev_plan_debug), which tests use to run both ways.
 *
 * Memory: EV_PLAN_BYTES for all plans of a scanner, in an arena that lives as long as the scanner.
 */
#ifndef EV_PLAN_H
#define EV_PLAN_H

#include "base/buf.h"
#include "scan/scan.h"

enum { EV_PLAN_BYTES = 16 << 20 };

struct ev_plan_kind {
	const char *name; /* for the printer: "columns" */
	/*
	 * Returns the plan of the document's shape, all of it from ev_plan_alloc; NULL: there is
	 * none, for good.
	 */
	void *(*compile)(void *client, const struct ev_doc *d);
	/* Appends a line a step (ev_plan_line). d: the document that it was compiled from. */
	void (*print)(const void *client, const void *plan, const struct ev_doc *d,
		      struct ev_buf *out);
};

/* A client's plans, of documents of one scanner; initialised by EV_PLANS, and never freed. */
struct ev_plans {
	const struct ev_plan_kind *kind;
	void *client;
	void **of; /* by shape; NULL: not compiled yet; &ev_plan_none: there is none */
};

extern char ev_plan_none;
extern void *ev_plan_unmade[EV_SHAPES + 1];
#define EV_PLANS(kind, client) ((struct ev_plans){(kind), (client), ev_plan_unmade})

/* The slow path of ev_plan_of. */
void *ev_plan_make(struct ev_plans *p, const struct ev_doc *d);

/* The plan of the document's shape, compiled when it is first asked for; or NULL. */
static inline void *ev_plan_of(struct ev_plans *p, const struct ev_doc *d)
{
	void *plan = p->of[d->shape];

	if (plan == NULL)
		plan = ev_plan_make(p, d);
	return plan != (void *)&ev_plan_none ? plan : NULL;
}

/*
 * For compile: memory that lives as long as the document's scanner; NULL if the plans have taken
 * all their room. EV_COPY_OVER bytes behind it can be read.
 */
void *ev_plan_alloc(const struct ev_doc *d, size_t size);

/*
 * For print: a line "WHAT  POINTER  <- WITH". node: of a value, or EV_NOWHERE. with may be NULL.
 */
void ev_plan_line(struct ev_buf *out, const char *what, const struct ev_doc *d, uint32_t node,
		  const char *with);

/*
 * Before the first document. off: no plan is made from now on. show: is given the text of each plan
 * when it is made, a line a step; or NULL.
 */
void ev_plan_debug(bool off, void (*show)(const char *text, size_t len));

#endif

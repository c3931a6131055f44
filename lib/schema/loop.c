/* Finds schemas that apply themselves to the same value, which would never end. */
#include "base/mem.h"
#include "schema/internal.h"

#include <stdlib.h>
#include <string.h>

struct visit {
	struct ev_schema *s;
	uint32_t next; /* index of the next edge to follow */
};

/*
 * The k-th schema that s applies to the same value, in *to (NULL: none in this place). False behind
 * the last.
 */
static bool edge(const struct ev_schema *s, uint32_t k, struct ev_schema **to)
{
	const struct ev_schema_applied *a = s->applied;
	const struct ev_schema_objects *o = s->objects;
	const struct ev_schema *found = NULL;
	const struct ev_schema_anchor *anchor;
	struct ev_schema_resource *r;

	*to = (struct ev_schema *)s->alias;
	if (s->alias != NULL)
		return k == 0;
	if (o != NULL && k < o->n_dependents) {
		*to = (struct ev_schema *)o->dependents[k].schema;
		return true;
	}
	k -= o != NULL ? o->n_dependents : 0;
	if (a == NULL)
		return false;
	if (k < a->n_all) {
		*to = (struct ev_schema *)a->all[k];
		return true;
	}
	k -= a->n_all;
	if (k < a->n_any) {
		*to = (struct ev_schema *)a->any[k];
		return true;
	}
	k -= a->n_any;
	if (k < a->n_one) {
		*to = (struct ev_schema *)a->one[k];
		return true;
	}
	k -= a->n_one;
	switch (k) {
	case 0: found = a->no; break;
	case 1: found = a->when; break;
	case 2: found = a->when != NULL ? a->then : NULL; break;
	case 3: found = a->when != NULL ? a->otherwise : NULL; break;
	case 4: found = a->fallback; break;
	default:
		if (a->dynamic == NULL || k - 5 >= s->set->n_resources)
			return false;
		r = s->set->resources[k - 5];
		anchor = ev_schema_anchor_find(r, a->dynamic, strlen(a->dynamic));
		if (anchor != NULL && anchor->dynamic)
			found = r->doc->compiled[anchor->at];
	}
	*to = (struct ev_schema *)found;
	return true;
}

static bool loops(struct ev_schema *top, struct ev_error *err)
{
	struct visit *stack = NULL;
	size_t n = 0, cap = 0;
	bool good = true;

	ev_grow(&stack, &cap, 1, sizeof *stack);
	stack[n++] = (struct visit){top, 0};
	top->visit = 1;
	while (n > 0 && good) {
		struct visit *v = &stack[n - 1];
		struct ev_schema *s = v->s, *to;

		if (!edge(s, v->next++, &to)) {
			s->visit = 2;
			n--;
		} else if (to != NULL && to->visit == 1) {
			good = ev_schema_fail(
				to->doc, to->doc->nodes[to->at].pos, err,
				"this schema leads back to itself for one and the same "
				"value, which never ends: take the reference out");
		} else if (to != NULL && to->visit == 0) {
			ev_grow(&stack, &cap, n + 1, sizeof *stack);
			stack[n++] = (struct visit){to, 0};
			to->visit = 1;
		}
	}
	free(stack);
	return good;
}

bool ev_schema_loops_none(struct ev_schema_set *set, struct ev_error *err)
{
	bool good = true;

	/* without dynamic references, older schemas cannot lead to new ones */
	for (size_t i = 0; set->n_dynamic == 0 && good && i < set->n_queue; i++)
		if (set->queue[i]->visit == 0)
			good = loops(set->queue[i], err);
	if (set->n_dynamic == 0)
		return good;
	for (size_t i = 0; i < set->n_documents; i++)
		for (uint32_t k = 0; k < set->documents[i]->doc.n; k++)
			if (set->documents[i]->compiled[k] != NULL)
				set->documents[i]->compiled[k]->visit = 0;
	for (size_t i = 0; good && i < set->n_documents; i++)
		for (uint32_t k = 0; good && k < set->documents[i]->doc.n; k++)
			if (set->documents[i]->compiled[k] != NULL &&
			    set->documents[i]->compiled[k]->visit == 0)
				good = loops(set->documents[i]->compiled[k], err);
	return good;
}

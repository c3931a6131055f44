/* Finds schemas that apply themselves to the same value, which would never end. */
#include "base/mem.h"
#include "schema/internal.h"

#include <stdlib.h>
#include <string.h>

/* A search in depth. */
struct search {
	struct visit {
		struct ev_schema *s;
		bool entered; /* what it applies lies above it */
	} * stack;
	size_t n, cap;
};

static void push(struct search *k, const struct ev_schema *s)
{
	if (s == NULL)
		return;
	ev_grow(&k->stack, &k->cap, k->n + 1, sizeof *k->stack);
	k->stack[k->n++] = (struct visit){(struct ev_schema *)s, false};
}

static void push_list(struct search *k, const struct ev_schema *const *list, uint32_t n)
{
	while (n > 0)
		push(k, list[--n]);
}

static void push_dynamic(struct search *k, const struct ev_schema_set *set, const char *name)
{
	for (size_t i = set->n_resources; i > 0; i--) {
		const struct ev_schema_resource *r = set->resources[i - 1];
		const struct ev_schema_anchor *a = ev_schema_anchor_find(r, name, strlen(name));

		if (a != NULL && a->dynamic)
			push(k, r->doc->compiled[a->at]);
	}
}

/* What s applies to the same value; the last first, as it is popped in order. */
static void push_applied(struct search *k, const struct ev_schema *s)
{
	const struct ev_schema_applied *a = s->applied;
	const struct ev_schema_objects *o = s->objects;

	push(k, s->alias);
	if (a != NULL) {
		if (a->dynamic != NULL)
			push_dynamic(k, s->set, a->dynamic);
		push(k, a->fallback);
		push(k, a->when != NULL ? a->otherwise : NULL);
		push(k, a->when != NULL ? a->then : NULL);
		push(k, a->when);
		push(k, a->no);
		push_list(k, a->one, a->n_one);
		push_list(k, a->any, a->n_any);
		push_list(k, a->all, a->n_all);
	}
	for (uint32_t i = o != NULL ? o->n_dependents : 0; i > 0; i--)
		push(k, o->dependents[i - 1].schema);
}

/* visit: 0 not seen yet, 1 on the path, 2 done. */
static bool loops_none(struct ev_schema *top, struct ev_error *err)
{
	struct search k = {0};
	bool good = true;

	push(&k, top);
	while (k.n > 0 && good) {
		struct visit *v = &k.stack[k.n - 1];
		struct ev_schema *s = v->s;

		if (v->entered || s->visit == 2) {
			s->visit = 2;
			k.n--;
		} else if (s->visit == 1) {
			good = ev_schema_fail(
				s->doc, s->doc->nodes[s->at].pos, err,
				"this schema leads back to itself for one and the same "
				"value, which never ends: take the reference out");
		} else {
			s->visit = 1;
			v->entered = true;
			push_applied(&k, s);
		}
	}
	free(k.stack);
	return good;
}

bool ev_schema_loops_none(struct ev_schema_set *set, struct ev_error *err)
{
	bool good = true;

	/* without dynamic references, older schemas cannot lead to new ones */
	for (size_t i = 0; set->n_dynamic == 0 && good && i < set->n_queue; i++)
		good = loops_none(set->queue[i], err);
	if (set->n_dynamic == 0)
		return good;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < set->n_documents; i++)
			for (uint32_t k = 0; good && k < set->documents[i]->doc.n; k++) {
				struct ev_schema *s = set->documents[i]->compiled[k];

				if (s != NULL && pass == 0)
					s->visit = 0;
				else if (s != NULL)
					good = loops_none(s, err);
			}
	return good;
}

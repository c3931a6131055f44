/* The star: what its tables have in common, the calendar, and what is measured. */
#include "profile/star.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

enum { MEASURES = 3 };

bool ev_infer_is_object(const struct ev_tree_node *n)
{
	return !ev_infer_is_open(n);
}

bool ev_infer_is_list(const struct ev_tree_node *n)
{
	return n->kinds[EV_ARRAY] > 0 && n->element != NULL && !n->cut &&
	       n->kinds[EV_ARRAY] + n->kinds[EV_NULL] == ev_tree_values(n);
}

bool ev_infer_is_scalar(const struct ev_tree_node *n)
{
	return n->kinds[EV_ARRAY] + n->kinds[EV_OBJECT] == 0;
}

/* Objects that are put around others and say nothing. */
bool ev_infer_is_wrapper(const char *words)
{
	static const char *const wrappers[] = {"data",	   "object",	 "payload",
					       "metadata", "after",	 "detail",
					       "body",	   "attributes", NULL};

	for (int i = 0; wrappers[i] != NULL; i++)
		if (strcmp(words, wrappers[i]) == 0)
			return true;
	return false;
}

struct ev_proposal_table *ev_infer_new_table(struct ev_proposal *p, struct ev_proposal_table **list,
					     size_t *n, const char *name, size_t len)
{
	struct ev_proposal_table *t;

	*list = ev_realloc_array(*list, *n + 1, sizeof **list);
	t = &(*list)[(*n)++];
	*t = (struct ev_proposal_table){0};
	t->name = ev_strdup(ev_taken_name(&p->tables, name, len));
	return t;
}

struct ev_proposal_column *ev_infer_column_from(const struct ev_proposal_table *t, const char *from)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->columns[i].from, from) == 0)
			return &t->columns[i];
	return NULL;
}

struct ev_proposal_column *ev_infer_put_column(struct ev_proposal_table *t, const char *name,
					       size_t len, const char *from, const char *type,
					       const struct ev_tree_node *n)
{
	struct ev_proposal_column *c = ev_infer_column_from(t, from);

	if (c != NULL)
		return c;
	ev_grow(&t->columns, &t->cap, t->n + 1, sizeof *t->columns);
	c = &t->columns[t->n++];
	*c = (struct ev_proposal_column){.name = ev_taken_name(&t->names, name, len),
					 .from = ev_strdup(from),
					 .type = ev_strdup(type),
					 .node = n};
	return c;
}

/* Measures */

/* The column beside it that has its currency. */
static const struct ev_proposal_column *currency_of(const struct ev_proposal_table *t,
						    const struct ev_proposal_column *amount)
{
	char words[EV_WORDS];

	for (size_t i = 0; i < t->n; i++) {
		const struct ev_tree_node *n = t->columns[i].node;

		if (n == NULL || n->parent != amount->node->parent ||
		    strncmp(t->columns[i].type, "varchar", 7) != 0)
			continue;
		ev_words_of(n->name, n->len, words);
		if (ev_words_rank(words, EV_WORDS_CURRENCY_LAST) != EV_NO_WORD)
			return &t->columns[i];
	}
	return NULL;
}

/* A name that is free, and so are those of its views. */
static const char *measure_name(struct ev_proposal *p, const char *name)
{
	static const char *const periods[] = {"hour", "day", "week"};
	char view[EV_WORDS];
	const char *taken;
	bool is_free;

	do {
		taken = ev_taken_name(&p->tables, name, strlen(name));
		is_free = true;
		for (size_t i = 0; i < 3; i++) {
			snprintf(view, sizeof view, "%s_%s", taken, periods[i]);
			is_free &= !ev_taken_has(&p->tables, view);
		}
	} while (!is_free);
	return taken;
}

static void measures(struct ev_proposal *p)
{
	const size_t n = p->time_name != NULL ? p->n_facts : 0; /* views go by it */

	for (size_t f = 0; f < n; f++) {
		const struct ev_proposal_table *t = &p->facts[f];

		/* What a type has is in the fact of all events, too. */
		for (size_t i = 0; i < t->n && t->of == NULL && p->n_measures < MEASURES; i++) {
			const struct ev_proposal_column *c = &t->columns[i], *currency;

			if (c->node == NULL || strncmp(c->type, "decimal", 7) != 0 ||
			    (currency = currency_of(t, c)) == NULL)
				continue;
			p->measures = ev_realloc_array(p->measures, p->n_measures + 1,
						       sizeof *p->measures);
			p->measures[p->n_measures++] = (struct ev_proposal_measure){
				ev_strdup(measure_name(p, c->name)), ev_strdup(t->name),
				ev_strdup(c->name), ev_strdup(currency->name)};
		}
	}
}

void ev_infer_star(struct ev_proposal *p)
{
	if (p->times.any)
		ev_taken_name(&p->tables, "dim_date", 8);
	ev_infer_dimensions(p);
	ev_infer_facts(p);
	measures(p);
}

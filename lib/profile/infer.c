#include "profile/infer.h"
#include "base/mem.h"

#include <stdlib.h>

const struct ev_tree_node *ev_infer_node(const struct ev_tree_node *root,
					 const struct ev_path *path)
{
	const struct ev_tree_node *n = root;

	for (size_t i = 0; i < path->n && n != NULL; i++)
		n = ev_tree_member(n, path->steps[i].name, path->steps[i].len);
	return n;
}

/* More members than people give names to, each of them in few of the objects. */
static bool has_data_names(const struct ev_tree_node *n)
{
	enum { MANY = 32, SELDOM = 10 };
	uint64_t values = 0;

	for (uint32_t i = 0; i < n->n; i++)
		values += ev_tree_values(n->members[i]);
	return n->crowded ||
	       (n->n >= MANY && values * SELDOM <= (uint64_t)n->n * n->kinds[EV_OBJECT]);
}

bool ev_infer_is_open(const struct ev_tree_node *n)
{
	if (n->kinds[EV_OBJECT] == 0 ||
	    n->kinds[EV_OBJECT] + n->kinds[EV_NULL] != ev_tree_values(n) || n->cut)
		return true;
	return n->parent != NULL && has_data_names(n);
}

/* Of all types together. */
static struct ev_tree_node *unite(const struct ev_proposal *p, struct ev_tree_room *room)
{
	struct ev_tree_node *all, *copy;

	if (p->n_types == 1)
		return p->types[0].tree;
	all = ev_tree_copy(p->types[0].tree, room);
	for (size_t i = 1; i < p->n_types; i++) {
		copy = ev_tree_copy(p->types[i].tree, room);
		ev_tree_merge(all, room, &copy);
	}
	ev_tree_settle(all, room);
	return all;
}

struct ev_proposal *ev_infer(struct ev_keys *keys, struct ev_proposal_type *types, size_t n,
			     size_t type, struct ev_tree_room *room)
{
	struct ev_proposal *p = ev_calloc(1, sizeof *p);

	p->types = types;
	p->n_types = n;
	p->all = unite(p, room);
	p->events = ev_tree_values(p->all);
	ev_infer_envelope(p, keys, type);
	ev_infer_star(p);
	return p;
}

static void free_said(struct ev_said *s)
{
	free(s->jq);
	free(s->why);
}

static void free_tables(struct ev_proposal_table *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct ev_proposal_table *t = &list[i];

		for (size_t k = 0; k < t->n; k++) {
			free(t->columns[k].from);
			free(t->columns[k].type);
			free(t->columns[k].dimension);
		}
		free(t->columns);
		free(t->name);
		free(t->why);
		free(t->each);
		free(t->key);
		ev_taken_free(&t->names);
	}
	free(list);
}

void ev_proposal_free(struct ev_proposal **proposal, struct ev_tree_room *room)
{
	struct ev_proposal *p = *proposal;
	struct ev_said *said[] = {&p->type, &p->time, &p->version, &p->modified, &p->op, &p->order};

	if (p == NULL)
		return;
	for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
		free_said(said[i]);
	for (size_t i = 0; i < p->n_id; i++)
		free_said(&p->id[i]);
	for (size_t i = 0; i < p->n_ignore; i++)
		free_said(&p->ignore[i]);
	if (p->n_types > 1)
		ev_tree_free(&p->all, room);
	for (size_t i = 0; i < p->n_types; i++) {
		free(p->types[i].name);
		ev_tree_free(&p->types[i].tree, room);
	}
	free(p->types);
	free_tables(p->facts, p->n_facts);
	free_tables(p->dimensions, p->n_dimensions);
	for (size_t i = 0; i < p->n_measures; i++) {
		free(p->measures[i].name);
		free(p->measures[i].fact);
		free(p->measures[i].column);
		free(p->measures[i].currency);
	}
	free(p->measures);
	ev_taken_free(&p->tables);
	for (size_t i = 0; i < p->n_notes; i++)
		free(p->notes[i]);
	free(p->notes);
	free(p);
	*proposal = NULL;
}

/* Facts: a row for each event, for each event of a type, and for each element of a list. */
#include "base/mem.h"
#include "profile/star.h"

#include <string.h>

enum { TYPES = 40, LISTS = 20 };

/* Where a walk through the tree is: the path in jq, and what columns are called there. */
struct place {
	const char *path;   /* "" at the top, "$item" in an element */
	const char *prefix; /* of names, or "" */
	uint64_t rows;	    /* of events, or elements */
	unsigned depth;
};

static void put_path(const struct place *at, const struct ev_tree_node *n, struct ev_buf *out)
{
	ev_buf_puts(out, at->path);
	ev_path_put_name(n->name, n->len, out);
}

/* What is called by its own name, behind that of what it lies in. */
static void put_name(const struct place *at, const struct ev_tree_node *n, struct ev_buf *out)
{
	if (at->prefix[0] != '\0')
		ev_buf_printf(out, "%s_", at->prefix);
	ev_buf_put(out, n->name, n->len);
}

static bool is_optional(const struct ev_tree_node *n, uint64_t rows)
{
	return ev_tree_values(n) - n->kinds[EV_NULL] < rows;
}

/* The dimension whose key stands at that path; its key's type then is the column's. */
static const struct ev_proposal_table *dimension_of(const struct ev_proposal *p, const char *each,
						    const char *from, const char **type)
{
	for (size_t i = 0; i < p->n_dimensions; i++) {
		const struct ev_proposal_table *d = &p->dimensions[i];
		const bool same = d->each == NULL ? from[0] == '.'
						  : each != NULL && strcmp(d->each, each) == 0;

		if (d->key == NULL || !same || strcmp(d->key, from) != 0)
			continue;
		*type = ev_infer_column_from(d, d->key)->type;
		return d;
	}
	return NULL;
}

/* The time, which has its column already; and the type in a fact of one alone. */
static bool is_of_envelope(const struct ev_proposal *p, const struct ev_proposal_table *t,
			   const struct place *at, const struct ev_tree_node *n, const char *from)
{
	if (t->of != NULL && p->type.jq != NULL && strcmp(from, p->type.jq) == 0)
		return true;
	return at->path[0] == '\0' && p->time_node != NULL && ev_tree_path_is(n, p->time_node);
}

/* A column for the values of a node that are no objects or lists. */
static void scalar_column(struct ev_proposal *p, struct ev_proposal_table *t,
			  const struct place *at, const struct ev_tree_node *n)
{
	struct ev_buf from = {0}, name = {0};
	const struct ev_proposal_table *d;
	struct ev_proposal_column *c;
	struct ev_infer_column how;
	const char *type;

	if (t->n >= EV_INFER_COLUMNS || !ev_infer_column(n, is_optional(n, at->rows), &how))
		return;
	put_path(at, n, &from);
	put_name(at, n, &name);
	type = how.type;
	d = dimension_of(p, t->each, ev_buf_str(&from), &type);
	if (d == NULL)
		ev_buf_printf(&from, "%s%s", how.filter, how.jq);
	if (!is_of_envelope(p, t, at, n, ev_buf_str(&from))) {
		c = ev_infer_put_column(t, name.p, name.len, ev_buf_str(&from), type, n);
		if (d != NULL && c->dimension == NULL)
			c->dimension = ev_strdup(d->name);
		p->zone |= how.naive;
	}
	ev_buf_free(&from);
	ev_buf_free(&name);
}

/* A member at the top of events that event.ignore names. */
static bool is_ignored(const struct ev_proposal *p, const struct ev_tree_node *n)
{
	struct ev_buf path = {0};
	bool is = false;

	ev_path_put_name(n->name, n->len, &path);
	for (size_t i = 0; i < p->n_ignore; i++)
		is |= strcmp(p->ignore[i].jq, ev_buf_str(&path)) == 0;
	ev_buf_free(&path);
	return is;
}

/* Columns of the scalars in an object and in those within. True: something is left out. */
static bool object_columns(struct ev_proposal *p, struct ev_proposal_table *t,
			   const struct place *at, const struct ev_tree_node *object)
{
	bool rest = object->hidden || object->crowded;

	for (uint32_t i = 0; i < object->n; i++) {
		const struct ev_tree_node *n = object->members[i];
		struct ev_buf path = {0}, prefix = {0};
		char words[EV_WORDS];

		if (at->path[0] == '\0' && is_ignored(p, n))
			continue;
		if (ev_infer_is_scalar(n)) {
			scalar_column(p, t, at, n);
			continue;
		}
		if (!ev_infer_is_object(n) || at->depth >= EV_INFER_DEEPEST) {
			rest = true;
			continue;
		}
		ev_words_of(n->name, n->len, words);
		put_path(at, n, &path);
		if (ev_infer_is_wrapper(words))
			ev_buf_puts(&prefix, at->prefix);
		else
			put_name(at, n, &prefix);
		rest |= object_columns(p, t,
				       &(struct place){ev_buf_str(&path), ev_buf_str(&prefix),
						       at->rows, at->depth + 1},
				       n);
		ev_buf_free(&path);
		ev_buf_free(&prefix);
	}
	return rest;
}

/* A part of the id, if it is a path. */
static void id_column(struct ev_proposal *p, struct ev_proposal_table *t, const char *jq)
{
	struct ev_error none;
	struct ev_path *path = ev_path_parse(jq, &none);
	const struct ev_tree_node *n = path != NULL ? ev_infer_node(p->all, path) : NULL;
	struct ev_infer_column how;

	if (n != NULL && n != p->time_node &&
	    strcmp(jq, p->type.jq != NULL ? p->type.jq : "") != 0 &&
	    ev_infer_column(n, false, &how) && ev_infer_is_plain(&how))
		ev_infer_put_column(t, n->name, n->len, jq, how.type, n);
	ev_path_free(&path);
}

/* The type and the time, which every fact bears. */
static void envelope_columns(struct ev_proposal *p, struct ev_proposal_table *t, bool type)
{
	struct ev_proposal_column *c;

	for (size_t i = 0; i < p->n_id; i++)
		id_column(p, t, p->id[i].jq);
	if (type && p->type.jq != NULL)
		ev_infer_put_column(t, "event_type", 10, p->type.jq, "varchar(255)", NULL);
	if (p->time_name == NULL)
		return;
	c = ev_infer_put_column(t, p->time_name, strlen(p->time_name), p->time.jq, "timestamp",
				p->time_node);
	if (p->times.any && c->dimension == NULL)
		c->dimension = ev_strdup("dim_date");
}

static void rest_column(struct ev_proposal_table *t, const char *name, const char *from,
			const struct ev_tree_node *n)
{
	if (!n->unfit)
		ev_infer_put_column(t, name, strlen(name), from, "json", NULL);
}

/* A table has a column at least. */
static void event_columns(struct ev_proposal *p, struct ev_proposal_table *t,
			  const struct ev_tree_node *events)
{
	const struct place top = {"", "", ev_tree_values(events), 1};

	envelope_columns(p, t, t->of == NULL);
	if (object_columns(p, t, &top, events) || t->n >= EV_INFER_COLUMNS)
		rest_column(t, "event", ".", events);
	if (t->n == 0)
		ev_infer_put_column(t, "event_time", 10, p->time.jq, "timestamp", NULL);
}

static void event_fact(struct ev_proposal *p)
{
	struct ev_proposal_table *t = ev_infer_new_table(p, &p->facts, &p->n_facts, "events", 6);

	t->why = ev_strdup("a row for each event");
	event_columns(p, t, p->all);
}

static void type_facts(struct ev_proposal *p)
{
	if (p->n_types < 2 || p->n_types > TYPES)
		return;
	for (size_t i = 0; i < p->n_types; i++) {
		const struct ev_proposal_type *type = &p->types[i];
		struct ev_proposal_table *t = ev_infer_new_table(p, &p->facts, &p->n_facts,
								 type->name, strlen(type->name));
		struct ev_buf why = {0};

		ev_buf_puts(&why, "a row for each: ");
		ev_infer_put_things(type->events, "event", &why);
		t->why = ev_infer_take(&why);
		t->of = type;
		event_columns(p, t, type->tree);
	}
}

/* A list's elements, and the columns of each. */
static void list_fact(struct ev_proposal *p, const char *path, const char *name,
		      const struct ev_tree_node *list, bool nested)
{
	const struct ev_tree_node *e = list->element;
	struct ev_proposal_table *t =
		ev_infer_new_table(p, &p->facts, &p->n_facts, name, strlen(name));
	const struct place item = {"$item", "", ev_tree_values(e), 1};
	struct ev_infer_column how;
	struct ev_buf count = {0}, from = {0};

	ev_infer_put_count(ev_tree_values(e), &count);
	t->why = ev_infer_text("a row for each element: %s, at most %u in one list",
			       ev_buf_str(&count), list->longest_list);
	t->each = ev_infer_text("%s[]", path);
	envelope_columns(p, t, p->n_types > 1);
	ev_infer_put_column(t, "pos", 3, "$index", "int", NULL);
	if (nested)
		ev_infer_put_column(t, "parent_pos", 10, "$parent_index", "int", NULL);
	if (ev_infer_is_object(e)) {
		if (object_columns(p, t, &item, e) || t->n >= EV_INFER_COLUMNS)
			rest_column(t, "element", "$item", e);
	} else if (ev_infer_column(e, true, &how)) {
		ev_buf_printf(&from, "$item%s%s", how.filter, how.jq);
		ev_infer_put_column(t, "value", 5, ev_buf_str(&from), how.type, e);
		p->zone |= how.naive;
	}
	ev_buf_free(&count);
	ev_buf_free(&from);
}

/* Goes through all lists that a path leads to, and those in their elements. */
static void list_facts(struct ev_proposal *p, const struct ev_tree_node *object, const char *path,
		       const char *prefix, unsigned depth, unsigned lists)
{
	for (uint32_t i = 0; i < object->n && depth < EV_INFER_DEEPEST; i++) {
		const struct ev_tree_node *n = object->members[i];
		struct ev_buf inner = {0}, name = {0};
		char words[EV_WORDS];

		if (path[0] == '\0' && is_ignored(p, n))
			continue;
		ev_words_of(n->name, n->len, words);
		ev_buf_puts(&inner, path);
		ev_path_put_name(n->name, n->len, &inner);
		if (prefix[0] != '\0' && !ev_infer_is_wrapper(words))
			ev_buf_printf(&name, "%s_", prefix);
		ev_buf_puts(&name,
			    ev_infer_is_wrapper(words) && prefix[0] != '\0' ? prefix : words);
		if (ev_infer_is_list(n) && p->n_facts < TYPES + LISTS) {
			list_fact(p, ev_buf_str(&inner), ev_buf_str(&name), n, lists > 0);
			ev_buf_puts(&inner, "[]");
			if (lists == 0 && ev_infer_is_object(n->element))
				list_facts(p, n->element, ev_buf_str(&inner), ev_buf_str(&name),
					   depth + 1, 1);
		} else if (ev_infer_is_object(n)) {
			list_facts(p, n, ev_buf_str(&inner),
				   ev_infer_is_wrapper(words) ? prefix : ev_buf_str(&name),
				   depth + 1, lists);
		}
		ev_buf_free(&inner);
		ev_buf_free(&name);
	}
}

void ev_infer_facts(struct ev_proposal *p)
{
	event_fact(p);
	list_facts(p, p->all, "", "", 1, 0);
	type_facts(p);
}

/*
 * The tables: a fact of all events, one of each type, one of each list; dimensions of what has an
 * id and comes again; a calendar.
 */
#include "base/mem.h"
#include "profile/infer.h"

#include <string.h>

enum { COLUMNS = 80, TYPES = 40, LISTS = 20, DIMENSIONS = 20, MEASURES = 3, DEEPEST = 6 };

/* Where a walk through the tree is: the path in jq, and what columns are called there. */
struct place {
	const char *path;   /* "" at the top, "$item" in an element */
	const char *prefix; /* of names, or "" */
	uint64_t rows;	    /* of events, or elements */
	unsigned depth;
};

static bool is_object(const struct ev_tree_node *n)
{
	return !ev_infer_is_open(n);
}

static bool is_list(const struct ev_tree_node *n)
{
	return n->kinds[EV_ARRAY] > 0 && n->element != NULL && !n->cut &&
	       n->kinds[EV_ARRAY] + n->kinds[EV_NULL] == ev_tree_values(n);
}

/* Objects that are put around others and say nothing. */
static bool is_wrapper(const char *words)
{
	static const char *const wrappers[] = {"data",	   "object",	 "payload",
					       "metadata", "after",	 "detail",
					       "body",	   "attributes", NULL};

	for (int i = 0; wrappers[i] != NULL; i++)
		if (strcmp(words, wrappers[i]) == 0)
			return true;
	return false;
}

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

static struct ev_proposal_column *column_from(const struct ev_proposal_table *t, const char *from)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->columns[i].from, from) == 0)
			return &t->columns[i];
	return NULL;
}

static struct ev_proposal_column *put_column(struct ev_proposal_table *t, const char *name,
					     size_t len, const char *from, const char *type,
					     const struct ev_tree_node *n)
{
	struct ev_proposal_column *c = column_from(t, from);

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
		*type = column_from(d, d->key)->type;
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

	if (t->n >= COLUMNS || !ev_infer_column(n, is_optional(n, at->rows), &how))
		return;
	put_path(at, n, &from);
	put_name(at, n, &name);
	type = how.type;
	d = dimension_of(p, t->each, ev_buf_str(&from), &type);
	if (d == NULL)
		ev_buf_printf(&from, "%s%s", how.filter, how.jq);
	if (!is_of_envelope(p, t, at, n, ev_buf_str(&from))) {
		c = put_column(t, name.p, name.len, ev_buf_str(&from), type, n);
		if (d != NULL && c->dimension == NULL)
			c->dimension = ev_strdup(d->name);
		p->zone |= how.naive;
	}
	ev_buf_free(&from);
	ev_buf_free(&name);
}

static bool has_scalars(const struct ev_tree_node *n)
{
	return n->kinds[EV_ARRAY] + n->kinds[EV_OBJECT] == 0;
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
		if (has_scalars(n)) {
			scalar_column(p, t, at, n);
			continue;
		}
		if (!is_object(n) || at->depth >= DEEPEST) {
			rest = true;
			continue;
		}
		ev_words_of(n->name, n->len, words);
		put_path(at, n, &path);
		if (is_wrapper(words))
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

static struct ev_proposal_table *new_table(struct ev_proposal *p, struct ev_proposal_table **list,
					   size_t *n, const char *name, size_t len)
{
	struct ev_proposal_table *t;

	*list = ev_realloc_array(*list, *n + 1, sizeof **list);
	t = &(*list)[(*n)++];
	*t = (struct ev_proposal_table){0};
	t->name = ev_strdup(ev_taken_name(&p->tables, name, len));
	return t;
}

/* A table has a column at least. */
static void some_column(const struct ev_proposal *p, struct ev_proposal_table *t)
{
	if (t->n == 0)
		put_column(t, "event_time", 10, p->time.jq, "timestamp", NULL);
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
		put_column(t, n->name, n->len, jq, how.type, n);
	ev_path_free(&path);
}

/* The type and the time, which every fact bears. */
static void envelope_columns(struct ev_proposal *p, struct ev_proposal_table *t, bool type)
{
	struct ev_proposal_column *c;

	for (size_t i = 0; i < p->n_id; i++)
		id_column(p, t, p->id[i].jq);
	if (type && p->type.jq != NULL)
		put_column(t, "event_type", 10, p->type.jq, "varchar(255)", NULL);
	if (p->time_name == NULL)
		return;
	c = put_column(t, p->time_name, strlen(p->time_name), p->time.jq, "timestamp",
		       p->time_node);
	if (p->times.any && c->dimension == NULL)
		c->dimension = ev_strdup("dim_date");
}

static void rest_column(struct ev_proposal_table *t, const char *name, const char *from,
			const struct ev_tree_node *n)
{
	if (!n->unfit)
		put_column(t, name, strlen(name), from, "json", NULL);
}

static void event_fact(struct ev_proposal *p)
{
	struct ev_proposal_table *t = new_table(p, &p->facts, &p->n_facts, "events", 6);
	const struct place top = {"", "", p->events, 1};

	t->why = ev_infer_text("a row for each event");
	envelope_columns(p, t, true);
	if (object_columns(p, t, &top, p->all) || t->n >= COLUMNS)
		rest_column(t, "event", ".", p->all);
	some_column(p, t);
}

static void type_facts(struct ev_proposal *p)
{
	struct ev_buf count = {0};

	if (p->n_types < 2 || p->n_types > TYPES)
		return;
	for (size_t i = 0; i < p->n_types; i++) {
		const struct ev_proposal_type *type = &p->types[i];
		const struct place top = {"", "", type->events, 1};
		struct ev_proposal_table *t =
			new_table(p, &p->facts, &p->n_facts, type->name, strlen(type->name));

		ev_buf_reset(&count);
		ev_infer_put_things(type->events, "event", &count);
		t->why = ev_infer_text("a row for each: %s", ev_buf_str(&count));
		t->of = type;
		envelope_columns(p, t, false);
		if (object_columns(p, t, &top, type->tree) || t->n >= COLUMNS)
			rest_column(t, "event", ".", type->tree);
		some_column(p, t);
	}
	ev_buf_free(&count);
}

/* A list's elements, and the columns of each. */
static void list_fact(struct ev_proposal *p, const char *path, const char *name,
		      const struct ev_tree_node *list, bool nested)
{
	const struct ev_tree_node *e = list->element;
	struct ev_proposal_table *t = new_table(p, &p->facts, &p->n_facts, name, strlen(name));
	const struct place item = {"$item", "", ev_tree_values(e), 1};
	struct ev_infer_column how;
	struct ev_buf count = {0}, from = {0};

	ev_infer_put_count(ev_tree_values(e), &count);
	t->why = ev_infer_text("a row for each element: %s, at most %u in one list",
			       ev_buf_str(&count), list->longest_list);
	t->each = ev_infer_text("%s[]", path);
	envelope_columns(p, t, p->n_types > 1);
	put_column(t, "pos", 3, "$index", "int", NULL);
	if (nested)
		put_column(t, "parent_pos", 10, "$parent_index", "int", NULL);
	if (is_object(e)) {
		if (object_columns(p, t, &item, e) || t->n >= COLUMNS)
			rest_column(t, "element", "$item", e);
	} else if (ev_infer_column(e, true, &how)) {
		ev_buf_printf(&from, "$item%s%s", how.filter, how.jq);
		put_column(t, "value", 5, ev_buf_str(&from), how.type, e);
		p->zone |= how.naive;
	}
	ev_buf_free(&count);
	ev_buf_free(&from);
}

/* Goes through all lists that a path leads to, and those in their elements. */
static void list_facts(struct ev_proposal *p, const struct ev_tree_node *object, const char *path,
		       const char *prefix, unsigned depth, unsigned lists)
{
	for (uint32_t i = 0; i < object->n && depth < DEEPEST; i++) {
		const struct ev_tree_node *n = object->members[i];
		struct ev_buf inner = {0}, name = {0};
		char words[EV_WORDS];

		if (path[0] == '\0' && is_ignored(p, n))
			continue;
		ev_words_of(n->name, n->len, words);
		ev_buf_puts(&inner, path);
		ev_path_put_name(n->name, n->len, &inner);
		if (prefix[0] != '\0' && !is_wrapper(words))
			ev_buf_printf(&name, "%s_", prefix);
		ev_buf_puts(&name, is_wrapper(words) && prefix[0] != '\0' ? prefix : words);
		if (is_list(n) && p->n_facts < TYPES + LISTS) {
			list_fact(p, ev_buf_str(&inner), ev_buf_str(&name), n, lists > 0);
			ev_buf_puts(&inner, "[]");
			if (lists == 0 && is_object(n->element))
				list_facts(p, n->element, ev_buf_str(&inner), ev_buf_str(&name),
					   depth + 1, 1);
		} else if (is_object(n)) {
			list_facts(p, n, ev_buf_str(&inner),
				   is_wrapper(words) ? prefix : ev_buf_str(&name), depth + 1,
				   lists);
		}
		ev_buf_free(&inner);
		ev_buf_free(&name);
	}
}

/* Dimensions */

static bool comes_again(const struct ev_tree_node *n)
{
	return ev_sample_distinct(&n->sample) < ev_tree_values(n) - n->kinds[EV_NULL];
}

/* Whether a column can be a key: a text or an integer as it stands. */
static bool is_key(const struct ev_tree_node *n, struct ev_infer_column *how)
{
	return has_scalars(n) && ev_infer_column(n, true, how) && ev_infer_is_plain(how) &&
	       (strncmp(how->type, "varchar", 7) == 0 || strcmp(how->type, "uuid") == 0 ||
		strcmp(how->type, "int") == 0);
}

/* What can be said of a thing: texts and flags, no more different ones than there are things. */
static bool is_attribute(const struct ev_tree_node *n, const struct ev_tree_node *key)
{
	struct ev_infer_column how;

	return n != key && has_scalars(n) && ev_infer_column(n, true, &how) &&
	       (strncmp(how.type, "varchar", 7) == 0 || strcmp(how.type, "bool") == 0) &&
	       ev_sample_distinct(&n->sample) <= ev_sample_distinct(&key->sample);
}

static void put_member_column(struct ev_proposal_table *d, const char *path,
			      const struct ev_tree_node *n)
{
	struct ev_infer_column how;
	struct ev_buf from = {0};

	ev_infer_column(n, true, &how);
	ev_buf_puts(&from, path);
	ev_path_put_name(n->name, n->len, &from);
	put_column(d, n->name, n->len, ev_buf_str(&from), how.type, n);
	ev_buf_free(&from);
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/*
 * A dimension of what a member identifies. prefix: of attributes, or "" for all beside it. False if
 * it can be none.
 */
static bool dimension(struct ev_proposal *p, const struct ev_tree_node *object, const char *path,
		      const char *each, const struct ev_tree_node *key, const char *name,
		      const char *prefix)
{
	struct ev_proposal_table *d;
	struct ev_infer_column how;
	struct ev_buf text = {0}, count = {0};
	char words[EV_WORDS];

	if (p->n_dimensions >= DIMENSIONS || !is_key(key, &how) || !comes_again(key))
		return false;
	ev_buf_printf(&text, "dim_%s", name);
	d = new_table(p, &p->dimensions, &p->n_dimensions, text.p, text.len);
	/* The key's own column is called after the table. */
	ev_buf_printf(&text, "_key");
	ev_taken_name(&d->names, text.p, text.len);
	ev_infer_put_things(ev_sample_distinct(&key->sample), "different key", &count);
	d->why = ev_infer_text("%s%s", ev_sample_is_exact(&key->sample) ? "" : "about ",
			       ev_buf_str(&count));
	d->each = each != NULL ? ev_strdup(each) : NULL;
	put_member_column(d, path, key);
	d->key = ev_strdup(d->columns[0].from);
	for (uint32_t i = 0; i < object->n && d->n < COLUMNS; i++) {
		ev_words_of(object->members[i]->name, object->members[i]->len, words);
		if (begins(words, prefix) && is_attribute(object->members[i], key))
			put_member_column(d, path, object->members[i]);
	}
	ev_buf_free(&text);
	ev_buf_free(&count);
	return true;
}

static bool is_id_of_event(const struct ev_proposal *p, const char *path,
			   const struct ev_tree_node *n)
{
	struct ev_buf from = {0};
	bool same = false;

	ev_buf_puts(&from, path);
	ev_path_put_name(n->name, n->len, &from);
	for (size_t i = 0; i < p->n_id; i++)
		same |= p->n_id == 1 && strcmp(p->id[i].jq, ev_buf_str(&from)) == 0;
	ev_buf_free(&from);
	return same;
}

/* user_id, customer_id: of each in an object, a dimension of its own. */
static void named_ids(struct ev_proposal *p, const struct ev_tree_node *object, const char *path,
		      const char *each)
{
	char words[EV_WORDS], prefix[EV_WORDS + 1];
	bool first = each != NULL; /* whose attributes are all that is said of an element */

	for (uint32_t i = 0; i < object->n; i++) {
		const struct ev_tree_node *n = object->members[i];
		size_t len;

		ev_words_of(n->name, n->len, words);
		if (first && strcmp(words, "sku") == 0)
			memcpy(words, "product_id", sizeof "product_id");
		len = strlen(words);
		if (len <= 3 || strcmp(words + len - 3, "_id") != 0 || is_id_of_event(p, path, n) ||
		    strcmp(words, "event_id") == 0)
			continue;
		words[len - 3] = '\0';
		memcpy(prefix, words, len - 3);
		memcpy(prefix + len - 3, "_", 2);
		if (dimension(p, object, path, each, n, words, first ? "" : prefix))
			first = false;
	}
}

static void find_dimensions(struct ev_proposal *p, const struct ev_tree_node *object,
			    const char *path, const char *each, const char *name, unsigned depth)
{
	const struct ev_tree_node *id = ev_tree_member(object, "id", 2);
	char words[EV_WORDS];

	if (name != NULL && id != NULL && !is_wrapper(name))
		dimension(p, object, path, each, id, name, "");
	named_ids(p, object, path, each);
	for (uint32_t i = 0; i < object->n && depth < DEEPEST; i++) {
		const struct ev_tree_node *n = object->members[i];
		struct ev_buf inner = {0};

		ev_words_of(n->name, n->len, words);
		ev_buf_puts(&inner, path);
		ev_path_put_name(n->name, n->len, &inner);
		if (is_object(n)) {
			find_dimensions(p, n, ev_buf_str(&inner), each, words, depth + 1);
		} else if (each == NULL && is_list(n) && is_object(n->element)) {
			ev_buf_puts(&inner, "[]");
			find_dimensions(p, n->element, "$item", ev_buf_str(&inner), words,
					depth + 1);
		}
		ev_buf_free(&inner);
	}
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
		    !begins(t->columns[i].type, "varchar"))
			continue;
		ev_words_of(n->name, n->len, words);
		if (ev_words_rank(words, EV_WORDS_CURRENCY_LAST) != EV_NO_WORD)
			return &t->columns[i];
	}
	return NULL;
}

static void measures(struct ev_proposal *p)
{
	const size_t n = p->time_name != NULL ? p->n_facts : 0; /* views go by it */

	for (size_t f = 0; f < n; f++) {
		const struct ev_proposal_table *t = &p->facts[f];

		/* What a type has is in the fact of all events, too. */
		for (size_t i = 0; i < t->n && t->of == NULL && p->n_measures < MEASURES; i++) {
			const struct ev_proposal_column *c = &t->columns[i], *currency;

			if (c->node == NULL || !begins(c->type, "decimal") ||
			    (currency = currency_of(t, c)) == NULL)
				continue;
			p->measures = ev_realloc_array(p->measures, p->n_measures + 1,
						       sizeof *p->measures);
			p->measures[p->n_measures++] = (struct ev_proposal_measure){
				ev_strdup(ev_taken_name(&p->tables, c->name, strlen(c->name))),
				ev_strdup(t->name), ev_strdup(c->name), ev_strdup(currency->name)};
		}
	}
}

void ev_infer_star(struct ev_proposal *p)
{
	if (p->times.any)
		ev_taken_name(&p->tables, "dim_date", 8);
	find_dimensions(p, p->all, "", NULL, NULL, 1);
	event_fact(p);
	list_facts(p, p->all, "", "", 1, 0);
	type_facts(p);
	measures(p);
}

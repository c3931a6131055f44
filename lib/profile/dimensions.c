/* Dimensions: of what a member identifies, in events and in the elements of lists. */
#include "base/mem.h"
#include "profile/star.h"

#include <string.h>

enum { DIMENSIONS = 20 };

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool comes_again(const struct ev_tree_node *n)
{
	return ev_sample_distinct(&n->sample) < ev_tree_values(n) - n->kinds[EV_NULL];
}

/* Whether a column can be a key: a text or an integer as it stands. */
static bool is_key(const struct ev_tree_node *n, struct ev_infer_column *how)
{
	return ev_infer_is_scalar(n) && ev_infer_column(n, true, how) && ev_infer_is_plain(how) &&
	       (strncmp(how->type, "varchar", 7) == 0 || strcmp(how->type, "uuid") == 0 ||
		strcmp(how->type, "int") == 0);
}

/* What can be said of a thing: texts and flags, no more different ones than there are things. */
static bool is_attribute(const struct ev_tree_node *n, const struct ev_tree_node *key)
{
	struct ev_infer_column how;

	return n != key && ev_infer_is_scalar(n) && ev_infer_column(n, true, &how) &&
	       ev_infer_is_plain(&how) &&
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
	ev_infer_put_column(d, n->name, n->len, ev_buf_str(&from), how.type, n);
	ev_buf_free(&from);
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
	d = ev_infer_new_table(p, &p->dimensions, &p->n_dimensions, text.p, text.len);
	/* The key's own column is called after the table. */
	ev_buf_printf(&text, "_key");
	ev_taken_name(&d->names, text.p, text.len);
	ev_infer_put_things(ev_sample_distinct(&key->sample), "different key", &count);
	d->why = ev_infer_text("%s%s", ev_sample_is_exact(&key->sample) ? "" : "about ",
			       ev_buf_str(&count));
	d->each = each != NULL ? ev_strdup(each) : NULL;
	put_member_column(d, path, key);
	d->key = ev_strdup(d->columns[0].from);
	for (uint32_t i = 0; i < object->n && d->n < EV_INFER_COLUMNS; i++) {
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

	if (name != NULL && id != NULL && !ev_infer_is_wrapper(name))
		dimension(p, object, path, each, id, name, "");
	named_ids(p, object, path, each);
	for (uint32_t i = 0; i < object->n && depth < EV_INFER_DEEPEST; i++) {
		const struct ev_tree_node *n = object->members[i];
		struct ev_buf inner = {0};

		ev_words_of(n->name, n->len, words);
		ev_buf_puts(&inner, path);
		ev_path_put_name(n->name, n->len, &inner);
		if (ev_infer_is_object(n)) {
			find_dimensions(p, n, ev_buf_str(&inner), each, words, depth + 1);
		} else if (each == NULL && ev_infer_is_list(n) && ev_infer_is_object(n->element)) {
			ev_buf_puts(&inner, "[]");
			find_dimensions(p, n->element, "$item", ev_buf_str(&inner), words,
					depth + 1);
		}
		ev_buf_free(&inner);
	}
}

void ev_infer_dimensions(struct ev_proposal *p)
{
	find_dimensions(p, p->all, "", NULL, NULL, 1);
}

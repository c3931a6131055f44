/*
 * What is expected of a day as a whole: what most events keep to and one may break. Shares are
 * rounded down, and two hundredths are taken off.
 */
#include "profile/write.h"

#include <stdio.h>

enum { MOST = 60, SURE = 50, DEEPEST = 6 };

struct list {
	const struct ev_proposal *p;
	struct ev_buf *out;
	size_t n;
};

static void put(struct list *l, const char *name, const char *path, const char *arguments)
{
	if (l->n++ >= MOST)
		return;
	ev_buf_printf(l->out, "  - expect_%s:\n      {column: ", name);
	ev_write_text(path, l->out);
	ev_buf_printf(l->out, ", %s, severity: warning}\n", arguments);
}

static void texts(struct list *l, const char *path, const struct ev_tree_node *n)
{
	static const struct {
		enum ev_form form;
		const char *name;
	} formats[] = {{EV_FORM_EMAIL, "email"}, {EV_FORM_URI, "uri"}};
	struct ev_buf set = {0};

	for (size_t i = 0; i < 2; i++)
		if ((n->forms & formats[i].form) != 0 && n->n_empty == 0) {
			ev_buf_printf(&set, "json_schema: {format: %s}, mostly: 0.98",
				      formats[i].name);
			put(l, "column_values_to_match_json_schema", path, ev_buf_str(&set));
			ev_buf_reset(&set);
		}
	if (ev_write_is_set(n) && !ev_write_is_closed(n) && n->sample.n_texts > 1) {
		ev_buf_puts(&set, "value_set: ");
		ev_write_set(n, &set);
		ev_buf_puts(&set, ", mostly: 0.95");
		put(l, "column_values_to_be_in_set", path, ev_buf_str(&set));
	}
	ev_buf_free(&set);
}

static void scalar(struct list *l, const char *path, const struct ev_tree_node *n)
{
	const uint64_t values = ev_tree_values(n) - n->kinds[EV_NULL], events = l->p->events;
	const uint64_t share = n->parent == l->p->all ? 100 * values / events : 0;
	char words[EV_WORDS], arguments[64];

	if (values < SURE)
		return;
	if (share > 50 && values < events) {
		snprintf(arguments, sizeof arguments, "mostly: 0.%02u", (unsigned)share - 2);
		put(l, "column_values_to_not_be_null", path, arguments);
	}
	if (n->kinds[EV_STRING] == values)
		texts(l, path, n);
	ev_words_of(n->name, n->len, words);
	if (n->numbers.n == values && !n->numbers.far && n->numbers.min.coef >= 0 &&
	    ev_words_rank(words, EV_WORDS_AMOUNT_LAST) != EV_NO_WORD)
		put(l, "column_values_to_be_between", path, "min_value: 0, mostly: 0.98");
}

static void object(struct list *l, const struct ev_tree_node *n, const char *path, unsigned depth)
{
	for (uint32_t i = 0; i < n->n && depth < DEEPEST; i++) {
		const struct ev_tree_node *m = n->members[i];
		struct ev_buf inner = {0};

		ev_buf_puts(&inner, path);
		ev_path_put_name(m->name, m->len, &inner);
		if (m->kinds[EV_OBJECT] + m->kinds[EV_ARRAY] == 0) {
			scalar(l, ev_buf_str(&inner), m);
		} else if (!ev_infer_is_open(m)) {
			object(l, m, ev_buf_str(&inner), depth + 1);
		} else if (m->kinds[EV_ARRAY] + m->kinds[EV_NULL] == ev_tree_values(m) &&
			   m->element != NULL && !ev_infer_is_open(m->element)) {
			ev_buf_puts(&inner, "[]");
			object(l, m->element, ev_buf_str(&inner), depth + 1);
		}
		ev_buf_free(&inner);
	}
}

void ev_write_expectations(const struct ev_proposal *p, struct ev_buf *out)
{
	struct list l = {p, out, 0};

	ev_buf_puts(out, "expectations:  # of a batch as a whole; a stream goes without\n"
			 "  - expect_table_row_count_to_be_between: {min_value: 1}\n");
	object(&l, p->all, "", 1);
}

/*
 * Expectations of the table as a whole: how many events, and which members they have at the top.
 */
#include "expect/internal.h"
#include "scan/form.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_NAMES = 4096, MAX_NAME = 256 };

struct table {
	struct ev_expect_values names; /* that were seen, as JSON strings */
	bool too_many;	     /* more than MAX_NAMES, or one too long to keep */
	char **wanted;
	size_t n_wanted;
	struct ev_expect_values wanted_set;
	uint64_t found, out_of_order, elsewhere;
	uint64_t index;
	bool has_index, exact;
};

static void close_table(struct ev_expect *e)
{
	struct table *t = e->own;

	if (t == NULL)
		return;
	ev_expect_values_free(&t->names);
	ev_expect_values_free(&t->wanted_set);
	ev_expect_texts_free(&t->wanted, t->n_wanted);
	free(t);
}

/* Counts */

static bool open_count(struct ev_expect *e, struct ev_expect_opening *o)
{
	const struct ev_yaml *y = ev_expect_argument(o, "value");
	uint64_t n;

	e->own = ev_calloc(1, sizeof(struct table));
	if ((e->range.min.kind != LIMIT_NONE && e->range.min.kind != LIMIT_NUMBER) ||
	    (e->range.max.kind != LIMIT_NONE && e->range.max.kind != LIMIT_NUMBER))
		return ev_expect_opening_fail(o, o->at,
					      "min_value and max_value must be numbers here");
	return y == NULL || (ev_expect_argument_count(o, "value", &n) &&
			     ev_expect_limit_of(o, y, "value", &e->range.min) &&
			     ev_expect_limit_of(o, y, "value", &e->range.max));
}

static void row_judge(struct ev_expect *e, struct ev_buf *out)
{
	ev_expect_judge_count(e, e->elements);
	ev_buf_printf(out, "{\"observed_value\":%llu}", (unsigned long long)e->elements);
}

/* Names */

/* True if the name at a node, as canonical JSON, is among the values; adds it if asked. */
static bool known_name(struct table *t, struct ev_expect_values *v, const struct ev_doc *d,
		       uint32_t at, bool adding, struct ev_buf *scratch)
{
	const char *p;
	size_t len;

	if (ev_expect_values_find(v, d, at, scratch) != NOT_A_VALUE)
		return true;
	if (!adding)
		return false;
	p = ev_expect_canonical_of(d, at, scratch, &len);
	if (v->n >= MAX_NAMES || len > MAX_NAME)
		t->too_many = true;
	else
		ev_expect_values_add(v, p, len);
	return false;
}

/* True if the names come in the order of the wanted list. */
static bool in_order(struct ev_expect *e, const struct ev_expect_frame *f)
{
	struct table *t = e->own;
	long last = -1;

	for (uint32_t i = ev_first(f->d, 0); i < ev_end(f->d, 0); i = ev_next(f->d, i + 1)) {
		long at;

		if (i + 1 == f->event->reserved)
			continue;
		at = ev_expect_values_find(&t->wanted_set, f->d, i, &e->suite->scratch);
		if (at == NOT_A_VALUE || at < last)
			return false;
		last = at;
	}
	return true;
}

static enum ev_status names_step(struct ev_expect *e, struct ev_expect_frame *f,
				 struct ev_error *err)
{
	struct table *t = e->own;

	(void)err;
	e->elements++;
	for (uint32_t i = ev_first(f->d, 0); i < ev_end(f->d, 0); i = ev_next(f->d, i + 1))
		if (i + 1 != f->event->reserved)
			known_name(t, &t->names, f->d, i, true, &e->suite->scratch);
	if (e->strict && !in_order(e, f))
		t->out_of_order++;
	return EV_OK;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char **sorted_names(const struct ev_expect_values *v)
{
	const char **list = ev_calloc(v->n + 1, sizeof *list);

	for (size_t i = 0; i < v->n; i++)
		list[i] = v->list[i].text;
	qsort(list, v->n, sizeof(const char *), by_text);
	return list;
}

static void put_names(const char *const *names, size_t n, struct ev_buf *out)
{
	ev_buf_putc(out, '[');
	for (size_t i = 0; i < n && i < EXPECT_LISTED; i++)
		ev_buf_printf(out, "%s%s", i > 0 ? "," : "", names[i]);
	ev_buf_putc(out, ']');
}

static void names_write(const struct ev_expect *e, struct ev_buf *out)
{
	const struct table *t = e->own;
	const char **names = sorted_names(&t->names);

	ev_buf_printf(out,
		      ",\"found\":%llu,\"out_of_order\":%llu,\"elsewhere\":%llu,\"too_many\":%d,"
		      "\"names\":[",
		      (unsigned long long)t->found, (unsigned long long)t->out_of_order,
		      (unsigned long long)t->elsewhere, t->too_many);
	for (size_t i = 0; i < t->names.n; i++)
		ev_buf_printf(out, "%s%s", i > 0 ? "," : "", names[i]);
	ev_buf_putc(out, ']');
	free(names);
}

static bool names_merge(struct ev_expect *e, const struct ev_doc *d, uint32_t at)
{
	struct table *t = e->own;
	uint32_t list = ev_member(d, at, "names", 5);
	uint64_t v[4], events = ev_expect_present_in(d);

	if (!ev_state_u64(d, at, "found", &v[0]) || !ev_state_u64(d, at, "out_of_order", &v[1]) ||
	    !ev_state_u64(d, at, "elsewhere", &v[2]) || !ev_state_u64(d, at, "too_many", &v[3]) ||
	    list == EV_NOWHERE || ev_kind(d, list) != EV_ARRAY || v[0] > events || v[1] > events ||
	    v[2] > v[0] || v[3] > 1 || (events == 0 && (v[3] > 0 || d->nodes[list].count > 0)) ||
	    !ev_count_add(&t->found, v[0]) || !ev_count_add(&t->out_of_order, v[1]) ||
	    !ev_count_add(&t->elsewhere, v[2]))
		return false;
	t->too_many |= v[3] > 0;
	for (uint32_t i = ev_first(d, list); i < ev_end(d, list); i = ev_next(d, i)) {
		if (ev_kind(d, i) != EV_STRING)
			return false;
		known_name(t, &t->names, d, i, true, &e->suite->scratch);
	}
	return true;
}

static void note_too_many(struct ev_expect *e)
{
	const struct table *t = e->own;

	if (!t->too_many)
		return;
	e->approximate = true;
	ev_buf_printf(&e->error,
		      "at least %zu: no more than %d names of at most %d octets are kept",
		      t->names.n + 1, MAX_NAMES, MAX_NAME);
}

static void column_count_judge(struct ev_expect *e, struct ev_buf *out)
{
	const struct table *t = e->own;
	char low[24];

	snprintf(low, sizeof low, "%zu", t->names.n + t->too_many);
	ev_expect_judge_range(e, low, t->too_many ? "" : low);
	if (e->elements == 0)
		ev_expect_settle(e, true);
	note_too_many(e);
	ev_buf_printf(out, "{\"observed_value\":%s}", low);
}

/* Names that are wanted */

static bool open_names(struct ev_expect *e, struct ev_expect_opening *o)
{
	struct table *t = e->own = ev_calloc(1, sizeof *t);
	struct ev_buf json = {0};
	bool good;

	t->exact = true;
	e->strict = strstr(e->kind->name, "ordered") != NULL;
	good = ev_expect_argument_texts(o, "column_set", &t->wanted, &t->n_wanted) &&
	       ev_expect_argument_texts(o, "column_list", &t->wanted, &t->n_wanted) &&
	       ev_expect_argument_bool(o, "exact_match", &t->exact);
	for (size_t i = 0; good && i < t->n_wanted; i++) {
		ev_buf_reset(&json);
		ev_json_quote(t->wanted[i], strlen(t->wanted[i]), &json);
		ev_expect_values_add(&t->wanted_set, json.p, json.len);
	}
	ev_buf_free(&json);
	return good;
}

/* Names of a that b lacks, in order. */
static size_t without(const struct ev_expect_values *a, const struct ev_expect_values *b,
		      const char **out)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++) {
		size_t k = 0;

		while (k < b->n && strcmp(a->list[i].text, b->list[k].text) != 0)
			k++;
		if (k == b->n)
			out[n++] = a->list[i].text;
	}
	qsort(out, n, sizeof(const char *), by_text);
	return n;
}

static void names_judge(struct ev_expect *e, struct ev_buf *out)
{
	const struct table *t = e->own;
	const char **missing = ev_calloc(t->wanted_set.n + 1, sizeof *missing);
	const char **further = ev_calloc(t->names.n + 1, sizeof *further);
	const char **names = ev_calloc(t->wanted_set.n + t->names.n + 1, sizeof *names);
	size_t n_missing = without(&t->wanted_set, &t->names, missing);
	size_t n_further = without(&t->names, &t->wanted_set, further), n = 0;

	/* Wanted names in the order of the list, then the others. */
	for (size_t i = 0, k; i < t->wanted_set.n; i++) {
		for (k = 0; k < n_missing && missing[k] != t->wanted_set.list[i].text;)
			k++;
		if (k == n_missing)
			names[n++] = t->wanted_set.list[i].text;
	}
	for (size_t i = 0; i < n_further; i++)
		names[n++] = further[i];

	ev_expect_settle(e, e->elements == 0 || (n_missing == 0 && t->out_of_order == 0 &&
						 (!t->exact || (n_further == 0 && !t->too_many))));
	note_too_many(e);
	ev_buf_puts(out, "{\"observed_value\":");
	if (!e->strict)
		qsort(names, n, sizeof(const char *), by_text);
	put_names(names, n, out);
	ev_buf_puts(out, ",\"details\":{\"mismatched\":{\"unexpected\":");
	put_names(further, n_further, out);
	ev_buf_puts(out, ",\"missing\":");
	put_names(missing, n_missing, out);
	if (e->strict)
		ev_buf_printf(out, ",\"out_of_order\":%llu", (unsigned long long)t->out_of_order);
	ev_buf_puts(out, "}}}");
	free(missing);
	free(further);
	free(names);
}

/* One column: it exists somewhere, null or not; and if asked, always at the same place. */

static bool open_exists(struct ev_expect *e, struct ev_expect_opening *o)
{
	struct table *t = e->own = ev_calloc(1, sizeof *t);
	const struct ev_yaml *y = ev_expect_argument(o, "column_index");
	const struct ev_expect_column *c = &o->suite->columns[e->columns[0]];

	t->has_index = y != NULL;
	if (y != NULL && (c->path->n != 1 || c->path->many))
		return ev_expect_opening_fail(o, y, "column_index is for a member at the top");
	return ev_expect_argument_count(o, "column_index", &t->index);
}

static enum ev_status exists_step(struct ev_expect *e, struct ev_expect_frame *f,
				  struct ev_error *err)
{
	const struct ev_expect_cells *c = ev_expect_cells_of(e, 0);
	struct table *t = e->own;
	bool found = false;
	uint64_t place = 0;

	(void)err;
	e->elements++;
	for (size_t i = 0; i < c->n && !found; i++)
		found = c->at[i] != EV_NOWHERE;
	t->found += found;
	if (!found || !t->has_index)
		return EV_OK;
	for (uint32_t i = ev_first(f->d, 0); i + 1 != c->at[0]; i = ev_next(f->d, i + 1))
		place++;
	t->elsewhere += place != t->index;
	return EV_OK;
}

static void exists_judge(struct ev_expect *e, struct ev_buf *out)
{
	const struct table *t = e->own;

	ev_expect_settle(e, e->elements == 0 || (t->found > 0 && t->elsewhere == 0));
	ev_buf_printf(out,
		      "{\"observed_value\":%s,\"details\":{\"events\":%llu,\"found_in\":%llu}}",
		      t->found > 0 ? "true" : "false", (unsigned long long)e->elements,
		      (unsigned long long)t->found);
}

const struct ev_expect_kind ev_expect_table_kinds[] = {
	{.name = "expect_table_row_count_to_be_between",
	 .arguments = "min_value max_value strict_min strict_max",
	 .open = open_count,
	 .judge = row_judge,
	 .close = close_table},
	{.name = "expect_table_row_count_to_equal",
	 .arguments = "value*",
	 .open = open_count,
	 .judge = row_judge,
	 .close = close_table},
	{.name = "expect_table_column_count_to_be_between",
	 .arguments = "min_value max_value",
	 .open = open_count,
	 .step = names_step,
	 .judge = column_count_judge,
	 .write = names_write,
	 .merge = names_merge,
	 .close = close_table},
	{.name = "expect_table_column_count_to_equal",
	 .arguments = "value*",
	 .open = open_count,
	 .step = names_step,
	 .judge = column_count_judge,
	 .write = names_write,
	 .merge = names_merge,
	 .close = close_table},
	{.name = "expect_table_columns_to_match_set",
	 .arguments = "column_set* exact_match",
	 .open = open_names,
	 .step = names_step,
	 .judge = names_judge,
	 .write = names_write,
	 .merge = names_merge,
	 .close = close_table},
	{.name = "expect_table_columns_to_match_ordered_list",
	 .arguments = "column_list*",
	 .open = open_names,
	 .step = names_step,
	 .judge = names_judge,
	 .write = names_write,
	 .merge = names_merge,
	 .close = close_table},
	{.name = "expect_column_to_exist",
	 .arguments = "column* column_index",
	 .open = open_exists,
	 .step = exists_step,
	 .judge = exists_judge,
	 .write = names_write,
	 .merge = names_merge,
	 .close = close_table},
	{0},
};

/*
 * Expectations of the table as a whole: how many events, and which members they have at the top.
 */
#include "expect/internal.h"
#include "scan/form.h"

enum { MAX_NAMES = 4096, MAX_NAME = 256 };

struct table {
	struct ev_expect_values names;	/* that were seen, as JSON strings */
	bool too_many;			/* more than MAX_NAMES, or one too long to keep */
	struct ev_expect_values listed; /* that are asked for, in order */
	uint64_t found, out_of_order, elsewhere;
	uint64_t index;
	bool has_index, exact;
};

static void close_table(struct ev_expect *e)
{
	struct table *t = e->own;

	ev_expect_values_free(&t->names);
	ev_expect_values_free(&t->listed);
}

/* Counts */

static bool open_count(struct ev_expect *e, struct ev_expect_opening *o)
{
	const struct ev_yaml *y = ev_expect_argument(o, "value");
	uint64_t n;

	return ev_expect_limits_are_numbers(e, o) &&
	       (y == NULL || (ev_expect_argument_count(o, "value", &n) &&
			      ev_expect_limit_of(o, y, "value", &e->range.min) &&
			      ev_expect_limit_of(o, y, "value", &e->range.max)));
}

static void row_judge(struct ev_expect *e, struct ev_buf *out)
{
	ev_expect_judge_count(e, e->n.elements, e->n.elements);
	ev_json_u64(out, "observed_value", e->n.elements);
}

/* Names */

/* Adds the name at a node to those that were seen. */
static void add_name(struct ev_expect *e, const struct ev_doc *d, uint32_t at)
{
	struct ev_buf *scratch = &e->suite->scratch;
	struct table *t = e->own;
	const char *p;
	size_t len;

	if (ev_expect_values_find(&t->names, d, at, scratch) != NOT_A_VALUE)
		return;
	p = ev_expect_canonical_of(d, at, scratch, &len);
	if (t->names.n >= MAX_NAMES || len > MAX_NAME)
		t->too_many = true;
	else
		ev_expect_values_add(&t->names, p, len);
}

static bool names_take(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *none)
{
	struct table *t = e->own;
	bool ordered = true;
	long last = -1;

	(void)none;
	for (uint32_t i = ev_first(f->d, 0); i < ev_end(f->d, 0); i = ev_next(f->d, i + 1)) {
		long at;

		if (i + 1 == f->event->reserved)
			continue;
		add_name(e, f->d, i);
		if (!e->strict)
			continue;
		at = ev_expect_values_find(&t->listed, f->d, i, &e->suite->scratch);
		ordered &= at != NOT_A_VALUE && at >= last;
		last = at;
	}
	t->out_of_order += !ordered;
	return true;
}

static void put_names(const char *name, const char *const *names, size_t n, size_t most,
		      struct ev_buf *out)
{
	ev_json_open(out, name, '[');
	for (size_t i = 0; i < n && i < most; i++)
		ev_json_raw(out, NULL, names[i], strlen(names[i]));
	ev_buf_putc(out, ']');
}

static void names_write(const struct ev_expect *e, struct ev_buf *out)
{
	const struct table *t = e->own;
	const char **names = ev_calloc(t->names.n + 1, sizeof *names);

	for (size_t i = 0; i < t->names.n; i++)
		names[i] = t->names.list[i].text;
	qsort(names, t->names.n, sizeof *names, ev_expect_by_text);
	ev_json_u64(out, "found", t->found);
	ev_json_u64(out, "out_of_order", t->out_of_order);
	ev_json_u64(out, "elsewhere", t->elsewhere);
	ev_json_u64(out, "too_many", t->too_many);
	put_names("names", names, t->names.n, SIZE_MAX, out);
	free(names);
}

static bool names_merge(struct ev_expect *e, const struct ev_doc *d)
{
	struct table *t = e->own;
	uint32_t list = ev_expect_state_member(d, "names", EV_ARRAY);
	uint64_t v[4], events = ev_expect_present_in(d);

	if (!ev_state_u64(d, 0, "found", &v[0]) || !ev_state_u64(d, 0, "out_of_order", &v[1]) ||
	    !ev_state_u64(d, 0, "elsewhere", &v[2]) || !ev_state_u64(d, 0, "too_many", &v[3]) ||
	    list == EV_NOWHERE || v[0] > events || v[1] > events || v[2] > v[0] || v[3] > 1 ||
	    (events == 0 && (v[3] > 0 || d->nodes[list].count > 0)) ||
	    !ev_count_add(&t->found, v[0]) || !ev_count_add(&t->out_of_order, v[1]) ||
	    !ev_count_add(&t->elsewhere, v[2]))
		return false;
	t->too_many |= v[3] > 0;
	for (uint32_t i = ev_first(d, list); i < ev_end(d, list); i = ev_next(d, i)) {
		if (ev_kind(d, i) != EV_STRING)
			return false;
		add_name(e, d, i);
	}
	return true;
}

static void note_too_many(struct ev_expect *e)
{
	const struct table *t = e->own;

	if (!t->too_many)
		return;
	e->approximate = true;
	ev_buf_printf(&e->error, "at least %zu: no more than %d names of at most %d bytes are kept",
		      t->names.n + 1, MAX_NAMES, MAX_NAME);
}

static void column_count_judge(struct ev_expect *e, struct ev_buf *out)
{
	const struct table *t = e->own;
	uint64_t n = t->names.n + t->too_many;

	ev_expect_judge_count(e, n, t->too_many ? UINT64_MAX : n);
	if (e->n.elements == 0)
		ev_expect_settle(e, true);
	note_too_many(e);
	ev_json_u64(out, "observed_value", n);
}

/* Names that are listed */

static bool read_names(struct ev_expect_opening *o, const char *name, struct ev_expect_values *out)
{
	const struct ev_yaml *y = ev_expect_argument(o, name);
	struct ev_buf json = {0};

	if (y == NULL)
		return true;
	if (y->kind != EV_YAML_LIST || y->n == 0)
		return ev_expect_opening_fail(o, y, "%s must be a list such as [A, B]", name);
	if (y->n > EXPECT_MAX_SET)
		return ev_expect_opening_fail(o, y, "%s has more than %d values", name,
					      EXPECT_MAX_SET);
	for (size_t i = 0; i < y->n; i++) {
		if (y->items[i]->kind != EV_YAML_SCALAR) {
			ev_buf_free(&json);
			return ev_expect_opening_fail(o, y->items[i], "%s is a list of texts",
						      name);
		}
		ev_buf_reset(&json);
		ev_json_quote(y->items[i]->text, y->items[i]->len, &json);
		ev_expect_values_add(out, json.p, json.len);
	}
	ev_buf_free(&json);
	return true;
}

static bool open_names(struct ev_expect *e, struct ev_expect_opening *o)
{
	struct table *t = e->own;

	t->exact = true;
	e->strict = strstr(e->kind->name, "ordered") != NULL;
	return read_names(o, "column_set", &t->listed) &&
	       read_names(o, "column_list", &t->listed) &&
	       ev_expect_argument_bool(o, "exact_match", &t->exact);
}

/* The names in a that b has too, or, with has false, lacks. */
static size_t names_of(const struct ev_expect_values *a, const struct ev_expect_values *b, bool has,
		       const char **out)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++) {
		const struct ev_expect_known *name = &a->list[i];

		if ((ev_expect_values_find_text(b, name->text, name->len) != NOT_A_VALUE) == has)
			out[n++] = name->text;
	}
	return n;
}

static void names_judge(struct ev_expect *e, struct ev_buf *out)
{
	const struct table *t = e->own;
	const char **missing = ev_calloc(t->listed.n + 1, sizeof *missing);
	/* the listed ones that came, in the order of the list, then the others */
	const char **names = ev_calloc(t->listed.n + t->names.n + 1, sizeof *names);
	size_t n_missing = names_of(&t->listed, &t->names, false, missing);
	size_t n_listed = names_of(&t->listed, &t->names, true, names);
	const char **further = names + n_listed;
	size_t n_further = names_of(&t->names, &t->listed, false, further);
	struct ev_buf unlisted = {0};

	qsort(missing, n_missing, sizeof *missing, ev_expect_by_text);
	qsort(further, n_further, sizeof *further, ev_expect_by_text);
	put_names("unexpected", further, n_further, EXPECT_LISTED, &unlisted);
	ev_expect_settle(e,
			 e->n.elements == 0 || (n_missing == 0 && t->out_of_order == 0 &&
						(!t->exact || (n_further == 0 && !t->too_many))));
	note_too_many(e);
	if (!e->strict)
		qsort(names, n_listed + n_further, sizeof *names, ev_expect_by_text);
	put_names("observed_value", names, n_listed + n_further, EXPECT_LISTED, out);
	ev_buf_puts(out, ",\"details\":{\"mismatched\":{");
	ev_buf_put(out, unlisted.p, unlisted.len);
	put_names("missing", missing, n_missing, EXPECT_LISTED, out);
	if (e->strict)
		ev_json_u64(out, "out_of_order", t->out_of_order);
	ev_buf_puts(out, "}}");
	ev_buf_free(&unlisted);
	free(missing);
	free(names);
}

/* One column: some event has it, null or not, and with column_index always at that place. */

static bool open_exists(struct ev_expect *e, struct ev_expect_opening *o)
{
	struct table *t = e->own;
	const struct ev_yaml *y = ev_expect_argument(o, "column_index");
	const struct ev_expect_column *c = &o->suite->columns[e->columns[0]];

	t->has_index = y != NULL;
	if (y != NULL && (c->path->n != 1 || c->path->many))
		return ev_expect_opening_fail(o, y, "column_index is for a member at the top");
	return ev_expect_argument_count(o, "column_index", &t->index);
}

/* at: the value, or the first in the list that is there. */
static bool exists_take(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	struct table *t = e->own;
	uint64_t place = 0;

	t->found += *at != EV_NOWHERE;
	if (*at == EV_NOWHERE || !t->has_index)
		return true;
	for (uint32_t i = ev_first(f->d, 0); i + 1 != *at; i = ev_next(f->d, i + 1))
		place++;
	t->elsewhere += place != t->index;
	return true;
}

static void exists_judge(struct ev_expect *e, struct ev_buf *out)
{
	const struct table *t = e->own;

	ev_expect_settle(e, e->n.elements == 0 || (t->found > 0 && t->elsewhere == 0));
	ev_json_bool(out, "observed_value", t->found > 0);
	ev_json_open(out, "details", '{');
	ev_json_u64(out, "events", e->n.elements);
	ev_json_u64(out, "found_in", t->found);
	ev_buf_putc(out, '}');
}

static const struct ev_expect_ops row_count_ops = {.open = open_count, .judge = row_judge};
static const struct ev_expect_ops column_count_ops = {.own = sizeof(struct table),
						      .open = open_count,
						      .take = names_take,
						      .judge = column_count_judge,
						      .write = names_write,
						      .merge = names_merge,
						      .close = close_table};
static const struct ev_expect_ops names_ops = {.own = sizeof(struct table),
					       .open = open_names,
					       .take = names_take,
					       .judge = names_judge,
					       .write = names_write,
					       .merge = names_merge,
					       .close = close_table};
static const struct ev_expect_ops exists_ops = {.own = sizeof(struct table),
						.open = open_exists,
						.take = exists_take,
						.of_records = true,
						.judge = exists_judge,
						.write = names_write,
						.merge = names_merge,
						.close = close_table};

const struct ev_expect_kind ev_expect_table_kinds[] = {
	{"expect_table_row_count_to_be_between", "min_value max_value strict_min strict_max",
	 &row_count_ops},
	{"expect_table_row_count_to_equal", "value*", &row_count_ops},
	{"expect_table_column_count_to_be_between", "min_value max_value", &column_count_ops},
	{"expect_table_column_count_to_equal", "value*", &column_count_ops},
	{"expect_table_columns_to_match_set", "column_set* exact_match", &names_ops},
	{"expect_table_columns_to_match_ordered_list", "column_list*", &names_ops},
	{"expect_column_to_exist", "column* column_index", &exists_ops},
	{0},
};

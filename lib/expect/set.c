/*
 * Expectations of the set of distinct values: which of the set came, and what else did.
 */
#include "expect/internal.h"

enum need { NEED_IN, NEED_CONTAIN, NEED_EQUAL };

struct distinct {
	enum need need;
	uint64_t *counts;	    /* of each value of the set */
	uint64_t others;	    /* values that are not in it */
	char *least[EXPECT_SAMPLE]; /* the least of the others, by the text shown */
	size_t n;
};

static bool open_distinct(struct ev_expect *e, struct ev_expect_opening *o)
{
	struct distinct *s = e->own;

	(void)o;
	s->need = strstr(e->kind->name, "_be_in_set") != NULL	 ? NEED_IN
		  : strstr(e->kind->name, "contain_set") != NULL ? NEED_CONTAIN
								 : NEED_EQUAL;
	s->counts = ev_calloc(e->set.n + 1, sizeof *s->counts);
	return true;
}

static void close_distinct(struct ev_expect *e)
{
	struct distinct *s = e->own;

	for (size_t i = 0; i < s->n; i++)
		free(s->least[i]);
	free(s->counts);
}

/* Keeps a value's text if it is among the least. */
static void keep(struct distinct *s, const char *shown, size_t len)
{
	size_t i = 0;
	int order = 1;

	while (i < s->n &&
	       (order = ev_bytes_compare(shown, len, s->least[i], strlen(s->least[i]))) > 0)
		i++;
	if (order == 0 || i == EXPECT_SAMPLE)
		return;
	if (s->n == EXPECT_SAMPLE)
		free(s->least[--s->n]);
	memmove(&s->least[i + 1], &s->least[i], (s->n++ - i) * sizeof s->least[0]);
	s->least[i] = ev_strndup(shown, len);
}

static void distinct_other(void *own, const char *form, size_t len, const char *shown,
			   size_t shown_len)
{
	struct distinct *s = own;

	(void)form, (void)len;
	s->others++;
	keep(s, shown, shown_len);
}

static bool distinct_take(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	struct distinct *s = e->own;

	ev_expect_values_count(e, f->d, *at, s->counts, distinct_other);
	return true;
}

static void put_least(const struct distinct *s, struct ev_buf *out)
{
	for (size_t i = 0; i < s->n; i++)
		ev_json_raw(out, NULL, s->least[i], strlen(s->least[i]));
	ev_buf_putc(out, ']');
}

static void distinct_write(const struct ev_expect *e, struct ev_buf *out)
{
	const struct distinct *s = e->own;

	ev_json_u64(out, "others", s->others);
	ev_expect_counts_write(out, "counts", s->counts, e->set.n);
	ev_json_open(out, "least", '[');
	put_least(s, out);
}

static bool distinct_merge(struct ev_expect *e, const struct ev_doc *d)
{
	struct distinct *s = e->own;
	uint32_t least = ev_expect_state_member(d, "least", EV_ARRAY);
	uint64_t others, all = 0;

	if (!ev_state_u64(d, 0, "others", &others) || least == EV_NOWHERE ||
	    d->nodes[least].count > EXPECT_SAMPLE || d->nodes[least].count > others ||
	    (others > 0 && d->nodes[least].count == 0) || !ev_count_add(&all, others) ||
	    !ev_count_add(&s->others, others) ||
	    !ev_expect_counts_merge(d, "counts", s->counts, e->set.n, &all) ||
	    all != ev_expect_present_in(d))
		return false;
	for (uint32_t i = ev_first(d, least); i < ev_end(d, least); i = ev_next(d, i)) {
		size_t len;
		const char *p = ev_raw(d, i, &len);

		keep(s, p, len);
	}
	return true;
}

/* Appends the values of the set that came. */
static void put_came(const struct ev_expect *e, struct ev_buf *out, bool with_count)
{
	const struct distinct *s = e->own;
	size_t listed = 0;

	for (size_t i = 0; i < e->set.n && listed < EXPECT_LISTED; i++) {
		const char *shown = e->set.list[i].shown;

		if (s->counts[i] == 0)
			continue;
		listed++;
		if (!with_count) {
			ev_json_raw(out, NULL, shown, strlen(shown));
			continue;
		}
		ev_json_open(out, NULL, '{');
		ev_json_raw(out, "value", shown, strlen(shown));
		ev_json_u64(out, "count", s->counts[i]);
		ev_buf_putc(out, '}');
	}
}

static void distinct_judge(struct ev_expect *e, struct ev_buf *out)
{
	const struct distinct *s = e->own;
	size_t came = 0;

	for (size_t i = 0; i < e->set.n; i++)
		came += s->counts[i] > 0;
	ev_expect_settle(e, (s->need == NEED_CONTAIN || s->others == 0) &&
				    (s->need == NEED_IN || came == e->set.n));
	ev_json_open(out, "observed_value", '[');
	put_came(e, out, false);
	put_least(s, out);
	ev_buf_puts(out, ",\"details\":{\"value_counts\":[");
	put_came(e, out, true);
	ev_buf_putc(out, ']');
	ev_json_u64(out, "others_count", s->others);
	ev_buf_putc(out, '}');
}

static const struct ev_expect_ops distinct_ops = {.own = sizeof(struct distinct),
						  .open = open_distinct,
						  .take = distinct_take,
						  .judge = distinct_judge,
						  .write = distinct_write,
						  .merge = distinct_merge,
						  .close = close_distinct};

const struct ev_expect_kind ev_expect_set_kinds[] = {
	{"expect_column_distinct_values_to_be_in_set", "column* value_set*", &distinct_ops},
	{"expect_column_distinct_values_to_contain_set", "column* value_set*", &distinct_ops},
	{"expect_column_distinct_values_to_equal_set", "column* value_set*", &distinct_ops},
	{0},
};

/*
 * Expectations of the set of distinct values: which of the wanted ones came, and what else did.
 */
#include "expect/internal.h"
#include "scan/form.h"

#include <stdlib.h>

enum need { NEED_IN, NEED_CONTAIN, NEED_EQUAL };

struct distinct {
	enum need need;
	uint64_t *counts;	    /* of each wanted value */
	uint64_t others;	    /* values that are not wanted */
	char *least[EXPECT_SAMPLE]; /* the least of the others, by the text shown */
	size_t n;
};

static bool open_distinct(struct ev_expect *e, struct ev_expect_opening *o)
{
	struct distinct *s = e->own = ev_calloc(1, sizeof *s);

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

	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		free(s->least[i]);
	free(s->counts);
	free(s);
}

/* Keeps a value's text if it is among the least. */
static void keep(struct distinct *s, const char *shown, size_t len)
{
	size_t i = 0;
	int order = 1;

	for (; i < s->n; i++) {
		size_t have = strlen(s->least[i]);

		order = memcmp(shown, s->least[i], len < have ? len : have);
		order = order != 0 ? order : (len > have) - (len < have);
		if (order <= 0)
			break;
	}
	if ((i < s->n && order == 0) || i == EXPECT_SAMPLE)
		return;
	if (s->n == EXPECT_SAMPLE)
		free(s->least[--s->n]);
	memmove(&s->least[i + 1], &s->least[i], (s->n - i) * sizeof s->least[0]);
	s->least[i] = ev_strndup(shown, len);
	s->n++;
}

static void distinct_other(void *own, const char *form, size_t len, const char *shown,
			   size_t shown_len)
{
	struct distinct *s = own;

	(void)form, (void)len;
	s->others++;
	keep(s, shown, shown_len);
}

static enum ev_status distinct_step(struct ev_expect *e, struct ev_expect_frame *f,
				    struct ev_error *err)
{
	struct distinct *s = e->own;

	(void)err;
	ev_expect_values_count(e, f, s->counts, distinct_other);
	return EV_OK;
}

static void distinct_write(const struct ev_expect *e, struct ev_buf *out)
{
	const struct distinct *s = e->own;

	ev_buf_printf(out, ",\"others\":%llu,\"counts\":[", (unsigned long long)s->others);
	for (size_t i = 0; i < e->set.n; i++)
		ev_buf_printf(out, "%s%llu", i > 0 ? "," : "", (unsigned long long)s->counts[i]);
	ev_buf_puts(out, "],\"least\":[");
	for (size_t i = 0; i < s->n; i++)
		ev_buf_printf(out, "%s%s", i > 0 ? "," : "", s->least[i]);
	ev_buf_putc(out, ']');
}

static bool distinct_merge(struct ev_expect *e, const struct ev_doc *d, uint32_t at)
{
	struct distinct *s = e->own;
	uint32_t counts = ev_member(d, at, "counts", 6), least = ev_member(d, at, "least", 5);
	uint64_t v, all = 0;
	size_t k = 0;

	if (!ev_state_u64(d, at, "others", &v) || counts == EV_NOWHERE || least == EV_NOWHERE ||
	    ev_kind(d, counts) != EV_ARRAY || ev_kind(d, least) != EV_ARRAY ||
	    d->nodes[counts].count != e->set.n || d->nodes[least].count > EXPECT_SAMPLE ||
	    d->nodes[least].count > v || (v > 0 && d->nodes[least].count == 0) ||
	    !ev_count_add(&all, v) || !ev_count_add(&s->others, v))
		return false;
	for (uint32_t i = ev_first(d, counts); i < ev_end(d, counts); i = ev_next(d, i))
		if (!ev_u64_of(d, i, &v) || !ev_count_add(&all, v) ||
		    !ev_count_add(&s->counts[k++], v))
			return false;
	if (all != ev_expect_present_in(d))
		return false;
	for (uint32_t i = ev_first(d, least); i < ev_end(d, least); i = ev_next(d, i)) {
		size_t len;
		const char *p = ev_raw(d, i, &len);

		keep(s, p, len);
	}
	return true;
}

static void distinct_judge(struct ev_expect *e, struct ev_buf *out)
{
	const struct distinct *s = e->own;
	size_t came = 0, listed = 0;

	for (size_t i = 0; i < e->set.n; i++)
		came += s->counts[i] > 0;
	ev_expect_settle(e, (s->need == NEED_CONTAIN || s->others == 0) &&
				    (s->need == NEED_IN || came == e->set.n));
	ev_buf_puts(out, "{\"observed_value\":[");
	for (size_t i = 0; i < e->set.n && listed < EXPECT_LISTED; i++)
		if (s->counts[i] > 0)
			ev_buf_printf(out, "%s%s", listed++ > 0 ? "," : "", e->set.list[i].shown);
	for (size_t i = 0; i < s->n; i++)
		ev_buf_printf(out, "%s%s", listed++ > 0 ? "," : "", s->least[i]);
	ev_buf_puts(out, "],\"details\":{\"value_counts\":[");
	listed = 0;
	for (size_t i = 0; i < e->set.n && listed < EXPECT_LISTED; i++)
		if (s->counts[i] > 0)
			ev_buf_printf(out, "%s{\"value\":%s,\"count\":%llu}",
				      listed++ > 0 ? "," : "", e->set.list[i].shown,
				      (unsigned long long)s->counts[i]);
	ev_buf_printf(out, "],\"others_count\":%llu}}", (unsigned long long)s->others);
}

#define KIND(n)                                                                                   \
	{                                                                                         \
		.name = "expect_column_distinct_values_to_" n, .arguments = "column* value_set*", \
		.open = open_distinct, .step = distinct_step, .judge = distinct_judge,            \
		.write = distinct_write, .merge = distinct_merge, .close = close_distinct         \
	}

const struct ev_expect_kind ev_expect_set_kinds[] = {
	KIND("be_in_set"),
	KIND("contain_set"),
	KIND("equal_set"),
	{0},
};

/* The state of a suite: a line an expectation, and what of it can be added to another run's. */
#include "expect/internal.h"

/* The counts of a line, by name. */
static const struct count_name {
	const char *name;
	size_t offset;
} count_names[] = {
	{"elements", offsetof(struct ev_expect_counts, elements)},
	{"missing", offsetof(struct ev_expect_counts, missing)},
	{"unexpected", offsetof(struct ev_expect_counts, unexpected)},
	{"untold", offsetof(struct ev_expect_counts, undecided)},
	{"misfits", offsetof(struct ev_expect_counts, misfits)},
	{"met", offsetof(struct ev_expect_counts, met)},
};

enum { COUNTS = sizeof count_names / sizeof count_names[0] };

static uint64_t *count_of(struct ev_expect_counts *n, size_t i)
{
	return (uint64_t *)((char *)n + count_names[i].offset);
}

void ev_expect_state_write(const struct ev_suite *s, size_t i, struct ev_buf *out)
{
	const struct ev_expect *e = &s->list[i];
	struct ev_expect_counts n = e->n;

	ev_buf_putc(out, '{');
	ev_json_u64(out, "expectation", i);
	for (size_t k = 0; k < COUNTS; k++)
		ev_json_u64(out, count_names[k].name, *count_of(&n, k));
	ev_expect_sample_write(&e->sample, out);
	if (e->ops->write != NULL)
		e->ops->write(e, out);
	ev_buf_putc(out, '}');
}

static enum ev_status damaged(struct ev_error *err)
{
	ev_fail(err, "the state is damaged");
	return EV_REJECT;
}

/* True if one of its columns goes through a list. */
static bool has_list(const struct ev_expect *e)
{
	for (size_t i = 0; i < e->n_columns; i++)
		if (ev_expect_column_of(e, i)->path->many)
			return true;
	return false;
}

/* True if such counts are possible for that expectation and number of events. */
static bool counts_fit(const struct ev_expect *e, const struct ev_expect_counts *n, uint64_t events)
{
	uint64_t apart = 0, rows = 0;

	if (!ev_count_add(&apart, n->missing) || !ev_count_add(&apart, n->misfits) ||
	    !ev_count_add(&apart, n->unexpected) || apart > n->elements ||
	    (n->misfits > 0 && e->misfit == NULL) || (n->undecided > 0 && e->condition == NULL) ||
	    (n->unexpected > 0 && e->ops->finish != NULL) || n->undecided > events ||
	    n->met > (e->condition != NULL))
		return false;
	if (has_list(e))
		return true;
	return ev_count_add(&rows, n->elements) && ev_count_add(&rows, n->undecided) &&
	       (e->condition == NULL ? rows == events : rows <= events);
}

static bool merge_counts(struct ev_expect *e, const struct ev_doc *d, uint64_t events)
{
	struct ev_expect_counts n;
	uint32_t sample = ev_expect_state_member(d, "sample", EV_ARRAY);
	uint64_t met = e->n.met;

	for (size_t i = 0; i < COUNTS; i++)
		if (!ev_state_u64(d, 0, count_names[i].name, count_of(&n, i)))
			return false;
	if (!counts_fit(e, &n, events))
		return false;
	for (size_t i = 0; i < COUNTS; i++)
		if (!ev_count_add(count_of(&e->n, i), *count_of(&n, i)))
			return false;
	e->n.met = met | n.met;
	return sample != EV_NOWHERE &&
	       d->nodes[sample].count ==
		       (n.unexpected < EXPECT_SAMPLE ? n.unexpected : EXPECT_SAMPLE) &&
	       ev_expect_sample_merge(&e->sample, d, sample);
}

enum ev_status ev_suite_merge(struct ev_suite *s, const struct ev_doc *d, uint64_t events,
			      struct ev_error *err)
{
	struct ev_expect *e;
	uint64_t index;

	/* Each expectation has one line, in order; the keys of one of uniqueness follow it. */
	if (ev_state_u64(d, 0, "unique", &index)) {
		if (index >= s->n || index + 1 != s->merged || s->list[index].ops->finish == NULL)
			return damaged(err);
		return s->list[index].ops->merge_line(&s->list[index], d, err);
	}
	if (!ev_state_u64(d, 0, "expectation", &index) || index >= s->n || index != s->merged)
		return damaged(err);
	e = &s->list[s->merged++];
	if (!merge_counts(e, d, events) || (e->ops->merge != NULL && !e->ops->merge(e, d)))
		return damaged(err);
	return EV_OK;
}

bool ev_suite_merged(struct ev_suite *s)
{
	bool good = s->merged == s->n;

	for (size_t i = 0; i < s->n && good; i++)
		good = s->list[i].ops->is_whole == NULL || s->list[i].ops->is_whole(&s->list[i]);
	s->merged = 0;
	return good;
}

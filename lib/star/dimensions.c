#include "star/history.h"
#include "star/internal.h"


/* The memory for mentions goes in halves: one for the members' table, one for the sort. */
enum { HALVES = 2 };

/* A copy of the stamp that outlives the version at hand; shared by all attributes that it sets. */
static const struct ev_stamp *lasting_stamp(struct ev_star *s, struct ev_star_version *v,
					    const struct ev_stamp *stamp)
{
	struct ev_stamp *kept = v->kept;

	if (kept != NULL && kept->element == stamp->element)
		return kept;
	if (v->id_kept == NULL)
		v->id_kept = ev_arena_copy(&s->stamps, stamp->id, stamp->id_len);
	kept = v->kept = ev_arena_alloc(&s->stamps, sizeof *kept);
	*kept = *stamp;
	kept->id = v->id_kept;
	return kept;
}

/* Finds the member, and prefetches what contribute() will compare its attributes with. */
static void fetch(struct ev_star *s, const struct ev_star_dimension *d,
		  const struct ev_star_element *e)
{
	struct ev_star_member *member = ev_star_bound_at(s, e, d->reference)->member;

	if (member == NULL)
		return;
	if (d->n_attributes == 0) {
		member->described = true;
		return;
	}
	for (size_t k = 0; k < d->n_attributes; k++) {
		const struct ev_attribute *had = &member->attributes[k];

		if (had->stamp == NULL || !ev_star_value(e, d->cells[k])->present)
			continue;
		__builtin_prefetch(had->p);
		__builtin_prefetch(had->stamp);
	}
}

static void contribute(struct ev_star *s, const struct ev_star_dimension *d,
		       struct ev_star_version *v, const struct ev_star_element *e)
{
	struct ev_members *members = s->members[d->dimension - s->m->dimensions];
	struct ev_star_member *member = ev_star_bound_at(s, e, d->reference)->member;
	const struct ev_stamp stamp = {v->since, s->event.id, (uint32_t)s->event.id_len,
				       (uint32_t)e->index};

	if (member == NULL)
		return;
	for (size_t k = 0; k < d->n_attributes; k++) {
		const struct ev_value *value = ev_star_value(e, d->cells[k]);
		struct ev_attribute *attribute = &member->attributes[k];

		if (!value->present)
			continue;
		member->described = true;
		if (ev_members_set(members, attribute, value->p, value->len, &stamp))
			attribute->stamp = lasting_stamp(s, v, &stamp);
	}
}

void ev_star_find_described(struct ev_star *s, const struct ev_star_kind *kind)
{
	for (size_t i = 0; i < kind->n_dimensions; i++) {
		const struct ev_star_dimension *d = &s->plan->dimensions[kind->dimensions[i]];
		const size_t n = s->elements[d->group].n;
		struct ev_star_element e = ev_star_first(s, d->group);

		for (; e.index < n && !d->dimension->history; ev_star_next(&e))
			if (ev_star_takes(d->dimension->when, d->when, &e))
				fetch(s, d, &e);
	}
}

void ev_star_contribute(struct ev_star *s, const struct ev_star_kind *kind,
			struct ev_star_version *v)
{
	for (size_t i = 0; i < kind->n_dimensions; i++) {
		const struct ev_star_dimension *d = &s->plan->dimensions[kind->dimensions[i]];
		const size_t n = s->elements[d->group].n;
		struct ev_star_element e;

		if (d->n_attributes == 0 || n == 0 || d->dimension->history)
			continue;
		for (e = ev_star_first(s, d->group); e.index < n; ev_star_next(&e))
			if (ev_star_takes(d->dimension->when, d->when, &e))
				contribute(s, d, v, &e);
	}
}

/* Memory */

static bool is_full(const struct ev_star *s)
{
	size_t size = s->stamps.total - s->stamps.left;

	for (size_t i = 0; i < s->m->n_dimensions; i++)
		if (s->members[i] != NULL)
			size += ev_members_size(s->members[i]);
	return size > s->options.memory / HALVES;
}

/* With a state the table only saves making keys anew, so between two events it may be emptied. */
static void forget(struct ev_star *s)
{
	for (size_t i = 0; i < s->m->n_dimensions; i++)
		if (s->members[i] != NULL)
			ev_members_clear(s->members[i]);
}

enum ev_status ev_star_keep_mention(struct ev_star *s, struct ev_error *err)
{
	const struct ev_mentions *l = &s->mentions;

	if (s->options.half == EV_STAR_MAP)
		return ev_star_put_contribution(s, err);
	if (ev_mention_is_of_history(l->key.p))
		return ev_history_sort(s->sort, l->key.p, l->key.len, EV_STAR_MEMBER_LEN,
				       l->value.p, l->value.len, err);
	return ev_sort_add(s->sort, l->key.p, l->key.len, l->value.p, l->value.len, err);
}

static enum ev_status spill_members(struct ev_star *s, size_t dimension, struct ev_error *err)
{
	struct ev_members *members = s->members[dimension];

	for (const struct ev_star_member *m = members->first; m != NULL; m = m->next)
		while (ev_mentions_next(&s->mentions, dimension, members, m, "", 0))
			if (ev_star_keep_mention(s, err) != EV_OK)
				return EV_FATAL;
	ev_members_clear(members);
	return EV_OK;
}

struct ev_sort *ev_star_sort_new(const struct ev_star *s)
{
	return ev_sort_new(s->options.memory / HALVES, s->options.folder);
}

/* Moves all mentions from the members' tables to the sort, or to the output. */
static enum ev_status spill(struct ev_star *s, struct ev_error *err)
{
	if (s->sort == NULL && s->options.half != EV_STAR_MAP)
		s->sort = ev_star_sort_new(s);
	for (size_t i = 0; i < s->m->n_dimensions; i++)
		if (s->members[i] != NULL && spill_members(s, i, err) != EV_OK)
			return EV_FATAL;
	ev_arena_reset(&s->stamps);
	s->spilled = true;
	return EV_OK;
}

enum ev_status ev_star_make_room(struct ev_star *s, struct ev_error *err)
{
	if (!is_full(s))
		return EV_OK;
	if (s->state == NULL)
		return spill(s, err);
	forget(s);
	return EV_OK;
}

/* Rows of dimensions, at the end */

/* Without a state of evstar's own the row may have been sent before: then it is deleted first. */
static enum ev_status put_day(struct ev_star *s, const struct ev_dimension *d, const char *key,
			      int64_t day, struct ev_error *err)
{
	if (s->replaces_days && ev_star_put_gone(s, d, key, err) != EV_OK)
		return EV_FATAL;
	return ev_star_put_day(s, d, key, day, err);
}

/*
 * What was not spilled is sorted by key through pointers: all days, and the members where all
 * fitted into memory.
 */

union held {
	const struct ev_star_member *member;
	int64_t day;
};

static enum ev_status sort_members(struct ev_star *s, size_t dimension, struct ev_sort *sort,
				   struct ev_error *err)
{
	const struct ev_star_member *m = s->members[dimension]->first;

	for (; m != NULL; m = m->next)
		if (ev_sort_add(sort, m->key, EV_KEY_TEXT, &(union held){.member = m},
				sizeof(union held), err) != EV_OK)
			return EV_FATAL;
	return EV_OK;
}

static enum ev_status sort_days(struct ev_star *s, size_t dimension, struct ev_sort *sort,
				struct ev_error *err)
{
	size_t n;
	const int64_t *days = ev_star_calendar_outside(s->calendars[dimension], &n);
	char key[EV_KEY_TEXT + 1];

	for (size_t i = 0; i < n; i++) {
		ev_key_day(ev_date_of_days(days[i]), &s->scratch, key);
		if (ev_sort_add(sort, key, EV_KEY_TEXT, &(union held){.day = days[i]},
				sizeof(union held), err) != EV_OK)
			return EV_FATAL;
	}
	return EV_OK;
}

static enum ev_status put_held(struct ev_star *s, size_t dimension, struct ev_error *err)
{
	struct ev_sort *sort = ev_star_sort_new(s);
	const struct ev_members *members = s->members[dimension];
	enum ev_status st = members != NULL ? sort_members(s, dimension, sort, err)
					    : sort_days(s, dimension, sort, err);
	char key[EV_KEY_TEXT + 1];
	struct ev_sorted next;
	union held held;

	if (st == EV_OK)
		st = ev_sort_finish(sort, err);
	while (st == EV_OK && (st = ev_sort_next(sort, &next, err)) == EV_OK) {
		memcpy(&held, next.item, sizeof held);
		if (members == NULL) {
			ev_key_day(ev_date_of_days(held.day), &s->scratch, key);
			st = put_day(s, &s->m->dimensions[dimension], key, held.day, err);
			continue;
		}
		ev_star_member_texts(members, held.member, s->texts);
		st = ev_star_put_member(s, dimension, held.member->key, held.member->described,
					err);
	}
	ev_sort_free(&sort);
	return st == EV_FATAL ? EV_FATAL : EV_OK;
}

/*
 * Merges a dimension's mentions out of the sort into rows. *next is the first, and *st what reading
 * it gave; both are those of the first mention behind when it returns.
 */
static void put_spilled(struct ev_star *s, size_t dimension, struct ev_sorted *next,
			enum ev_status *st, struct ev_error *err)
{
	char member[EV_STAR_MEMBER_LEN];
	struct ev_star_sum sum;

	ev_star_sum_init(&sum, &s->plan->dimensions[dimension]);
	while (*st == EV_OK && ev_mention_dimension(next->key) == dimension) {
		memcpy(member, next->key, sizeof member);
		ev_star_sum_reset(&sum);
		do {
			if (ev_star_sum_asks(&sum, next->key, next->key_len))
				ev_star_sum_add(&sum, next->key, next->key_len, next->item,
						next->len);
			*st = ev_sort_next(s->sort, next, err);
		} while (*st == EV_OK && memcmp(next->key, member, sizeof member) == 0);
		ev_star_sum_texts(&sum, s->texts);
		if (*st != EV_FATAL && ev_star_put_member(s, dimension, ev_mention_key(member),
							  sum.described, err) != EV_OK)
			*st = EV_FATAL;
	}
	ev_star_sum_free(&sum);
}

/* Contributions to all dimensions, in place of rows. */
static enum ev_status contribute_all(struct ev_star *s, struct ev_error *err)
{
	if (spill(s, err) != EV_OK)
		return EV_FATAL;
	for (size_t i = 0; i < s->m->n_dimensions; i++) {
		const int64_t *days;
		size_t n = 0;

		if (s->calendars[i] == NULL)
			continue;
		days = ev_star_calendar_outside(s->calendars[i], &n);
		for (size_t k = 0; k < n; k++)
			if (ev_star_put_contributed_day(s, i, days[k], err) != EV_OK)
				return EV_FATAL;
	}
	return EV_OK;
}

enum ev_status ev_star_put_dimensions(struct ev_star *s, struct ev_error *err)
{
	enum ev_status st = EV_EOF;
	struct ev_sorted next;

	if (s->options.half == EV_STAR_MAP)
		return contribute_all(s, err);
	if (s->spilled && spill(s, err) != EV_OK)
		return EV_FATAL;
	if (s->sort != NULL) {
		if (ev_sort_finish(s->sort, err) != EV_OK)
			return EV_FATAL;
		st = ev_sort_next(s->sort, &next, err);
	}
	for (size_t i = 0; i < s->m->n_dimensions && st != EV_FATAL; i++) {
		if (s->m->dimensions[i].history)
			ev_star_put_history(s, i, &next, &st, err);
		else if (s->spilled && s->members[i] != NULL)
			put_spilled(s, i, &next, &st, err);
		else if (put_held(s, i, err) != EV_OK)
			return EV_FATAL;
	}
	return st == EV_FATAL ? EV_FATAL : EV_OK;
}

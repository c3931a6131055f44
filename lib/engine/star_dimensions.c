#include "engine/star_impl.h"

/* The stamp of an element of the version at hand, in memory that lasts. */
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

/* Finds the member; what an attribute's value will be compared with comes meanwhile. */
static void fetch(struct ev_star *s, const struct ev_star_dimension *d,
		  const struct ev_star_element *e)
{
	struct ev_member *member = ev_star_bound_at(s, e, d->reference)->member;

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
	struct ev_member *member = ev_star_bound_at(s, e, d->reference)->member;
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
		const size_t n = s->elements[d->group].items.n;
		struct ev_star_element e = ev_star_first(s, d->group);

		for (; e.index < n; ev_star_next(&e))
			fetch(s, d, &e);
	}
}

void ev_star_contribute(struct ev_star *s, const struct ev_star_kind *kind,
			struct ev_star_version *v)
{
	for (size_t i = 0; i < kind->n_dimensions; i++) {
		const struct ev_star_dimension *d = &s->plan->dimensions[kind->dimensions[i]];
		const size_t n = s->elements[d->group].items.n;
		struct ev_star_element e;

		if (d->n_attributes == 0 || n == 0)
			continue;
		for (e = ev_star_first(s, d->group); e.index < n; ev_star_next(&e))
			contribute(s, d, v, &e);
	}
}

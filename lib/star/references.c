#include "number/decimal.h"
#include "scan/form.h"
#include "star/internal.h"

/* A dimension with fewer members fits the cache, and needs no prefetch. */
enum { SMALL = 256 };

/* True if a key column's value is spelled as the identity spells it. */
static inline bool is_identity(const struct ev_column *c, const struct ev_value *v)
{
	if (c->type == EV_TYPE_DECIMAL)
		return v->p[v->len - 1] != '0' || memchr(v->p, '.', v->len) == NULL;
	return !v->escaped;
}

static void put_identity(const struct ev_column *c, const struct ev_value *v, struct ev_buf *out)
{
	struct ev_buf text = {0};
	struct ev_number n;

	if (v->null || is_identity(c, v)) {
		ev_buf_put(out, v->p, v->len);
	} else if (c->type == EV_TYPE_DECIMAL) {
		ev_number_read(v->p, v->len, &n);
		ev_number_plain(&n, -1, out);
	} else {
		ev_json_unescape(v->p + 1, v->len - 2, &text);
		ev_json_quote(text.p, text.len, out);
		ev_buf_free(&text);
	}
}

/*
 * Builds the identity of a key with several parts or another spelling; false if all parts are null.
 */
static bool make_identity(struct ev_star *s, const struct ev_star_element *e,
			  const struct ev_star_reference *r, struct ev_star_bound *b)
{
	bool known = false;

	ev_buf_reset(&s->scratch);
	for (size_t i = 0; i < r->n; i++) {
		const struct ev_value *v = ev_star_value(e, r->cells[i]);

		known |= !v->null;
		b->spelled |= !v->null && !is_identity(r->columns[i], v);
		if (i > 0)
			ev_buf_putc(&s->scratch, '\n');
		put_identity(r->columns[i], v, &s->scratch);
	}
	s->stored = true;
	b->len = (uint32_t)s->scratch.len;
	b->identity =
		memcpy(ev_arena_alloc(&s->store, b->len + EV_COPY_OVER), s->scratch.p, b->len);
	return known;
}

/* The identity of the member that a reference names; false if all parts of its key are null. */
static inline bool read_identity(struct ev_star *s, const struct ev_star_element *e,
				 const struct ev_star_reference *r, struct ev_star_bound *b)
{
	const struct ev_value *v = ev_star_value(e, r->cells[0]);

	b->spelled = false;
	b->identity = v->p;
	b->len = v->len;
	if (!r->alone || v->escaped)
		return make_identity(s, e, r, b);
	return !v->null;
}

/* In a small dimension the member is looked up at once. */
static inline void begin(struct ev_star *s, const struct ev_star_element *e,
			 const struct ev_star_reference *r, struct ev_star_bound *b)
{
	const struct ev_members *members = s->members[r->dimension];

	b->key = NULL;
	b->member = NULL;
	if (members == NULL)
		return;
	if (!read_identity(s, e, r, b)) {
		b->key = ev_unknown_key;
		return;
	}
	b->hash = ev_members_hash(members, b->identity, b->len);
	if (members->n > SMALL) {
		if (s->n_fetched < EV_STAR_FETCHED)
			s->fetched[s->n_fetched++] = (struct ev_star_fetch){members, b};
		return;
	}
	b->member = ev_members_find(members, b->hash, b->identity, b->len);
	if (b->member != NULL && b->member->met && b->member->spelled == NULL && !b->spelled)
		b->key = b->member->key;
}

/* Begins a reference for n elements, by their own cells or by the event's. */
static void begin_all(struct ev_star *s, struct ev_star_element e, size_t n, bool own,
		      const struct ev_star_asked *asked)
{
	for (; e.index < n; ev_star_next(&e)) {
		const struct ev_star_reference *r = e.groups[own]->references;
		struct ev_star_bound *b = e.bounds[own];

		for (const uint32_t *at = asked->references, *end = at + asked->n_references;
		     at < end; at++)
			begin(s, &e, &r[*at], &b[*at]);
	}
}

void ev_star_begin_references(struct ev_star *s, const struct ev_star_kind *kind)
{
	s->n_fetched = 0;
	begin_all(s, ev_star_first(s, 0), 1, false, &kind->groups[0]);
	for (size_t i = 1; i < s->plan->n_groups; i++) {
		struct ev_star_elements *all = &s->elements[i];
		size_t n = kind->any[i] ? all->n : 0;

		if (n == 0)
			continue;
		ev_grow(&all->bounds, &all->cap_bounds, n * all->group->n_references + 1,
			sizeof *all->bounds);
		if (kind->event[i].n_references > 0)
			begin_all(s, ev_star_first(s, i), 1, false, &kind->event[i]);
		begin_all(s, ev_star_first(s, i), n, true, &kind->groups[i]);
	}
}

void ev_star_fetch_members(struct ev_star *s)
{
	for (size_t i = 0; i < s->n_fetched; i++) {
		struct ev_star_bound *b = s->fetched[i].bound;

		b->member = ev_members_fetch(s->fetched[i].members, b->hash);
	}
}

static struct ev_star_member *add_member(struct ev_star *s, const struct ev_star_element *e,
					 const struct ev_star_reference *r,
					 const struct ev_star_bound *b)
{
	ev_buf_reset(&s->scratch);
	for (size_t i = 0; i < r->n; i++) {
		const struct ev_value *v = ev_star_value(e, r->cells[i]);
		const enum ev_type type = r->columns[i]->type;

		if (!v->null && !v->escaped && (type == EV_TYPE_UUID || type == EV_TYPE_VARCHAR))
			ev_key_part(&s->scratch, ev_type_names[type], v->p + 1, v->len - 2);
		else
			ev_key_column(&s->scratch, r->columns[i], v->p, v->len);
	}
	return ev_members_add(s->members[r->dimension], b->hash, b->identity, b->len, &s->scratch);
}

static void find_day(struct ev_star *s, const struct ev_star_element *e,
		     const struct ev_star_reference *r, struct ev_star_bound *b)
{
	const struct ev_value *v = ev_star_value(e, r->cells[0]);

	b->key = ev_unknown_key;
	if (!v->null)
		b->key = memcpy(b->day, ev_star_calendar_key(s->calendars[r->dimension], v),
				EV_KEY_TEXT);
}

void ev_star_find_member(struct ev_star *s, const struct ev_star_element *e,
			 const struct ev_star_reference *r, struct ev_star_bound *b)
{
	struct ev_members *members = s->members[r->dimension];
	bool first;

	if (members == NULL) {
		find_day(s, e, r, b);
		return;
	}
	if (b->member == NULL || !ev_members_is(members, b->member, b->identity, b->len))
		b->member = ev_members_find(members, b->hash, b->identity, b->len);
	if (b->member == NULL)
		b->member = add_member(s, e, r, b);
	first = ev_members_meet(members, b->member);
	b->key = b->member->key;
	if (!b->spelled && b->member->spelled == NULL)
		return;
	for (size_t i = 0; i < r->n; i++) {
		const struct ev_value *v = ev_star_value(e, r->cells[i]);

		if (b->member->spelled != NULL || !is_identity(r->columns[i], v))
			ev_members_spell(members, b->member, i, v->p, v->len, first);
	}
}

/* Dimensions of type 2: what versions say of members, and the rows of all that they ever were. */
#include "star/history.h"
#include "star/internal.h"

enum { MEMBER = EV_STAR_MEMBER_LEN };

/* Mentions, version by version */

static enum ev_status note(struct ev_star *s, struct ev_error *err)
{
	if (s->state == NULL)
		return ev_star_keep_mention(s, err);
	ev_star_state_note(s->state, &s->mentions);
	return EV_OK;
}

/* True if the event at hand has mentioned the member at that moment or earlier; else now it has. */
static bool is_there(const struct ev_star *s, struct ev_star_member *m, int64_t since)
{
	const uint64_t of = s->state != NULL ? s->state->count : 0;

	if (m->of == of && m->since <= since)
		return true;
	m->of = of;
	m->since = since;
	return false;
}

static enum ev_status note_element(struct ev_star *s, const struct ev_star_dimension *d,
				   const struct ev_star_version *v, const struct ev_star_element *e,
				   struct ev_error *err)
{
	const size_t dimension = (size_t)(d->dimension - s->m->dimensions);
	struct ev_star_member *member = ev_star_bound_at(s, e, d->reference)->member;
	const struct ev_stamp stamp = {v->since, s->event.id, (uint32_t)s->event.id_len,
				       (uint32_t)e->index};
	bool says = false;

	if (member == NULL)
		return EV_OK;
	for (size_t k = 0; k < d->n_attributes; k++) {
		const struct ev_value *value = ev_star_value(e, d->cells[k]);

		says |= value->present;
		s->texts[k] = (struct ev_star_text){value->present ? value->p : NULL, value->len};
	}
	if (!says)
		return EV_OK;
	is_there(s, member, v->since);
	ev_mentions_version(&s->mentions, dimension, s->members[dimension], member, s->texts,
			    d->n_attributes, &stamp, v->until);
	return note(s, err);
}

/* A member is there from the first of the version's validity and the event's time on. */
static enum ev_status note_references(struct ev_star *s, const struct ev_star_dimension *d,
				      int64_t since, struct ev_error *err)
{
	const size_t dimension = (size_t)(d->dimension - s->m->dimensions);
	const struct ev_stamp stamp = {since, s->event.id, (uint32_t)s->event.id_len, 0};
	struct ev_members *members = s->members[dimension];

	for (struct ev_star_member *m = members->first; m != NULL; m = m->next) {
		if (is_there(s, m, since))
			continue;
		ev_mentions_version(&s->mentions, dimension, members, m, NULL, d->n_attributes,
				    &stamp, since);
		if (note(s, err) != EV_OK)
			return EV_FATAL;
	}
	ev_members_forget(members);
	return EV_OK;
}

enum ev_status ev_star_note_version(struct ev_star *s, const struct ev_star_kind *kind,
				    const struct ev_star_version *v, struct ev_error *err)
{
	const bool says = !v->deleted && v->since < v->until;
	int64_t since;

	for (size_t i = 0; i < kind->n_dimensions && says; i++) {
		const struct ev_star_dimension *d = &s->plan->dimensions[kind->dimensions[i]];
		const size_t n = s->elements[d->group].n;
		struct ev_star_element e;

		if (!d->dimension->history || n == 0)
			continue;
		for (e = ev_star_first(s, d->group); e.index < n; ev_star_next(&e))
			if (ev_star_takes(d->dimension->when, d->when, &e) &&
			    note_element(s, d, v, &e, err) != EV_OK)
				return EV_FATAL;
	}
	ev_star_moment(ev_star_time(s, false) + 1, &since);
	for (size_t i = 0; i < s->m->n_dimensions; i++)
		if (s->m->dimensions[i].history &&
		    note_references(s, &s->plan->dimensions[i], since < v->since ? since : v->since,
				    err) != EV_OK)
			return EV_FATAL;
	return EV_OK;
}

/* Rows */

static void read_texts(struct ev_star *s, const struct ev_star_dimension *d,
		       const struct ev_buf *parts, const struct ev_buf *row)
{
	const struct ev_buf *const of[] = {parts, row};
	struct ev_star_text *text = s->texts;

	for (size_t i = 0; i < 2; i++) {
		const char *p = of[i]->p + 2 * i, *end = of[i]->p + of[i]->len;

		for (size_t n = i == 0 ? d->dimension->n_keys : d->n_attributes; n > 0; n--, text++)
			text->p = ev_mention_field(&p, end, &text->len);
	}
}

enum ev_status ev_star_put_span(struct ev_star *s, const char *member, struct ev_buf *parts,
				struct ev_star_spanned *row, int64_t until, struct ev_error *err)
{
	const size_t dimension = ev_mention_dimension(member);

	if (row->text.len == 0)
		return EV_OK;
	ev_buf_room(parts, EV_COPY_OVER);
	ev_buf_room(&row->text, EV_COPY_OVER);
	read_texts(s, &s->plan->dimensions[dimension], parts, &row->text);
	ev_star_set_span(s, row->since, until);
	return ev_star_put_member(s, dimension, ev_mention_key(member), row->text.p[0] == '1', err);
}

/* Rows without a state: each goes out when the next begins. */

struct walk {
	struct ev_star *s;
	char member[MEMBER];
	struct ev_history history;
	struct ev_star_spanned row;
};

static enum ev_status take_row(void *ctx, int64_t since, const struct ev_buf *text,
			       struct ev_error *err)
{
	struct walk *w = ctx;

	if (ev_star_put_span(w->s, w->member, &w->history.parts, &w->row, since, err) != EV_OK)
		return EV_FATAL;
	w->row.since = since;
	ev_buf_reset(&w->row.text);
	ev_buf_put(&w->row.text, text->p, text->len);
	return EV_OK;
}

void ev_star_put_history(struct ev_star *s, size_t dimension, struct ev_sorted *next,
			 enum ev_status *st, struct ev_error *err)
{
	struct walk w = {.s = s};

	ev_history_init(&w.history, &s->plan->dimensions[dimension], take_row, &w);
	while (*st == EV_OK && ev_mention_dimension(next->key) == dimension) {
		enum ev_status added = EV_OK;

		memcpy(w.member, next->key, sizeof w.member);
		ev_history_reset(&w.history);
		ev_buf_reset(&w.row.text);
		while (*st == EV_OK && added == EV_OK &&
		       memcmp(next->key, w.member, sizeof w.member) == 0) {
			added = ev_history_add(&w.history, next, MEMBER, err);
			if (added == EV_OK)
				*st = ev_sort_next(s->sort, next, err);
		}
		if (*st == EV_FATAL || added != EV_OK || ev_history_end(&w.history, err) != EV_OK ||
		    ev_star_put_span(s, w.member, &w.history.parts, &w.row, INT64_MAX, err) !=
			    EV_OK)
			*st = EV_FATAL;
	}
	ev_history_free(&w.history);
	ev_buf_free(&w.row.text);
}

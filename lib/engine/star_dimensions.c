#include "engine/star_impl.h"

/* The stamp of the version at hand, in memory that lasts. */
static const struct ev_stamp *lasting_stamp(struct ev_star *s, const struct ev_star_version *v)
{
	struct ev_star_kept *k = v->owners->kept;

	if (k != NULL)
		return &k->stamp;
	if (s->order_kept == NULL) /* most versions have the number of the one before */
		s->order_kept = ev_arena_copy(&s->stamps, s->order.p, s->order.len);
	k = v->owners->kept = ev_arena_alloc(&s->stamps, sizeof *k);
	k->stamp = v->stamp;
	k->stamp.version = s->order_kept;
	return &k->stamp;
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

		if (had->p == NULL || !ev_star_value(e, d->cells[k])->present)
			continue;
		__builtin_prefetch(had->p);
		__builtin_prefetch(had->stamp);
	}
}

static void contribute(struct ev_star *s, const struct ev_star_dimension *d,
		       const struct ev_star_version *v, const struct ev_star_element *e)
{
	struct ev_members *members = s->members[d->dimension - s->m->dimensions];
	struct ev_member *member = ev_star_bound_at(s, e, d->reference)->member;

	if (member == NULL)
		return;
	for (size_t k = 0; k < d->n_attributes; k++) {
		const struct ev_value *value = ev_star_value(e, d->cells[k]);
		const struct ev_star_kept *kept = v->owners->kept;
		struct ev_attribute *attribute = &member->attributes[k];

		if (!value->present)
			continue;
		member->described = true;
		if (ev_members_set(members, attribute, value->p, value->len,
				   kept != NULL ? &kept->stamp : &v->stamp))
			attribute->stamp = lasting_stamp(s, v);
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
			const struct ev_star_version *v)
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

/* Rows, at the end */

/* The row at hand is whole. */
static enum ev_status row_line(struct ev_star *s, struct ev_error *err)
{
	s->n_out++;
	s->port->out->lines++;
	return s->rows.len < EV_STAR_BLOCK ? EV_OK : ev_star_flush(s, err);
}

/* A row that follows from the model alone is put in anew: its owner is emptied first. */
static enum ev_status replace_owner(struct ev_star *s, const struct ev_dimension *d,
				    const char *key, struct ev_error *err)
{
	ev_buf_puts(&s->rows, "{\"owner\":\"");
	ev_buf_put(&s->rows, key, EV_KEY_TEXT);
	ev_buf_puts(&s->rows, "\",\"_ev\":{\"table\":\"");
	ev_buf_puts(&s->rows, d->name);
	ev_buf_puts(&s->rows, "\",\"op\":\"delete\"}}\n");
	return row_line(s, err);
}

static void begin_row(struct ev_star *s, const struct ev_dimension *d, const char *key,
		      bool inferred)
{
	ev_buf_puts(&s->rows, "{\"");
	ev_buf_puts(&s->rows, d->name);
	ev_buf_puts(&s->rows, "_key\":\"");
	ev_buf_put(&s->rows, key, EV_KEY_TEXT);
	ev_buf_puts(&s->rows, inferred ? "\",\"ev_inferred\":true" : "\",\"ev_inferred\":false");
}

static enum ev_status end_row(struct ev_star *s, const struct ev_dimension *d, const char *key,
			      struct ev_error *err)
{
	ev_buf_puts(&s->rows, ",\"_ev\":{\"table\":\"");
	ev_buf_puts(&s->rows, d->name);
	ev_buf_puts(&s->rows, "\",\"op\":\"insert\",\"owner\":\"");
	ev_buf_put(&s->rows, key, EV_KEY_TEXT);
	ev_buf_puts(&s->rows, "\"}}\n");
	return row_line(s, err);
}

static enum ev_status unknown_member(struct ev_star *s, const struct ev_dimension *d,
				     struct ev_error *err)
{
	if (replace_owner(s, d, ev_unknown_key, err) != EV_OK)
		return EV_FATAL;
	begin_row(s, d, ev_unknown_key, true);
	if (d->calendar != NULL)
		ev_star_calendar_put_unknown(&s->rows);
	for (size_t i = 0; i < d->columns.n; i++)
		ev_buf_printf(&s->rows, ",\"%s\":null", d->columns.list[i].name);
	return end_row(s, d, ev_unknown_key, err);
}

/* Keys are computed many at once. */
static enum ev_status calendar_rows(struct ev_star *s, size_t i, struct ev_error *err)
{
	enum { AT_ONCE = 16 };
	const struct ev_dimension *d = &s->m->dimensions[i];
	char keys[AT_ONCE][EV_KEY_TEXT];
	const int64_t *days;
	size_t n;

	days = ev_star_calendar_days(s->calendars[i], &n);
	for (size_t k = 0; k < n; k++) {
		const char *key = keys[k % AT_ONCE];

		if (k % AT_ONCE == 0) {
			for (size_t j = 0; j < AT_ONCE && k + j < n; j++) {
				ev_buf_reset(&s->scratch);
				ev_star_calendar_preimage(days[k + j], &s->scratch);
				ev_md5_add(s->keys, s->scratch.p, s->scratch.len, keys[j]);
			}
			ev_md5_settle(s->keys);
		}
		if (replace_owner(s, d, key, err) != EV_OK)
			return EV_FATAL;
		begin_row(s, d, key, false);
		ev_star_calendar_put(days[k], &s->rows);
		if (end_row(s, d, key, err) != EV_OK)
			return EV_FATAL;
	}
	return EV_OK;
}

static size_t member_size(const struct ev_star_dimension *d, const struct ev_member *m)
{
	size_t size = d->row.room + m->identity_len + EV_COPY_OVER;

	for (size_t i = 0; i < d->n_attributes; i++)
		size += m->attributes[i].len;
	for (size_t i = 0; m->spelled != NULL && i < d->dimension->n_keys; i++)
		size += m->spelled[i].len;
	return size;
}

static char *put_attribute(char *o, const struct ev_attribute *a)
{
	static const char null[EV_COPY_OVER] = "null";

	return a->p != NULL ? ev_copy_over(o, a->p, a->len) : ev_copy_over(o, null, 4);
}

static void member_row(struct ev_star *s, const struct ev_star_dimension *d,
		       const struct ev_members *members, const struct ev_member *m)
{
	static const char described[EV_COPY_OVER] = "false", inferred[EV_COPY_OVER] = "true";
	char *o = ev_buf_room(&s->rows, member_size(d, m));
	const char *text;
	size_t len;

	for (const struct ev_star_piece *p = d->row.pieces;; p++) {
		o = ev_copy_over(o, p->text, p->len);
		switch (p->what) {
		case EV_STAR_CELL:
			if (!p->cell.own) {
				o = put_attribute(o, &m->attributes[p->cell.at]);
				break;
			}
			text = ev_members_part(members, m, p->cell.at, &len);
			o = ev_copy_over(o, text, len);
			break;
		case EV_STAR_OWNER: o = (char *)memcpy(o, m->key, EV_KEY_TEXT) + EV_KEY_TEXT; break;
		case EV_STAR_INFERRED:
			o = ev_copy_over(o, m->described ? described : inferred,
					 m->described ? 5 : 4);
			break;
		case EV_STAR_END:
			s->rows.len = (size_t)(o - s->rows.p);
			s->n_out++;
			s->port->out->lines++;
			return;
		default: break; /* of facts */
		}
	}
}

static enum ev_status member_rows(struct ev_star *s, size_t i, struct ev_error *err)
{
	struct ev_members *members = s->members[i];

	ev_members_sort(members);
	for (size_t k = 0; k < members->n; k++) {
		member_row(s, &s->plan->dimensions[i], members, ev_members_at(members, k));
		if (s->rows.len >= EV_STAR_BLOCK && ev_star_flush(s, err) != EV_OK)
			return EV_FATAL;
	}
	return ev_star_flush(s, err);
}

enum ev_status ev_star_put_dimension(struct ev_star *s, size_t dimension, struct ev_error *err)
{
	if (unknown_member(s, &s->m->dimensions[dimension], err) != EV_OK)
		return EV_FATAL;
	return s->members[dimension] != NULL ? member_rows(s, dimension, err)
					     : calendar_rows(s, dimension, err);
}

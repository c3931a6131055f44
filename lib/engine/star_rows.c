#include "engine/star_impl.h"

/* A key, or a hole for it. The rows have room, and so have the holes. */
static inline char *put_key(struct ev_star *s, char *o, const char *key)
{
	if (key[0] == '\0') {
		s->holes[s->n_holes++] = (struct ev_star_hole){(size_t)(o - s->rows.p), key};
	} else {
		memcpy(o, key, EV_KEY_TEXT);
	}
	return o + EV_KEY_TEXT;
}

/* The event's own key, which the rows of a latest fact belong to. */
static const char *event_key(struct ev_star *s, struct ev_star_owners *o)
{
	if (!o->event_asked) {
		ev_buf_reset(&s->scratch);
		ev_key_event(&s->event, &s->scratch);
		ev_md5_add(s->keys, s->scratch.p, s->scratch.len, o->event);
		o->event_asked = true;
	}
	return o->event;
}

/* A cell; the rows have room for what is left of the row with short cells in it. */
static inline char *put_cell(struct ev_star *s, char *o, const struct ev_value *v, size_t left)
{
	const char *p = v->p;
	size_t len = v->len;

	if (len > EV_STAR_SHORT) {
		s->rows.len = (size_t)(o - s->rows.p);
		o = ev_buf_room(&s->rows, left + len);
	}
	return ev_copy_over(o, p, len);
}

static void put_row(struct ev_star *s, const struct ev_star_row *row,
		    const struct ev_star_version *v, const char *owner,
		    const struct ev_star_element *e)
{
	const size_t room = row->room + EV_COPY_OVER;
	const struct ev_value *const values[] = {e->values[0], e->values[1]};
	char *o = ev_buf_room(&s->rows, room);

	if (s->cap_holes - s->n_holes < row->n)
		ev_grow(&s->holes, &s->cap_holes, s->n_holes + row->n, sizeof *s->holes);
	for (const struct ev_star_piece *p = row->pieces;; p++) {
		o = ev_copy_over(o, p->text, p->len);
		if (p->what == EV_STAR_CELL) { /* as most are */
			o = put_cell(s, o, &values[p->cell.own][p->cell.at], room);
			continue;
		}
		switch (p->what) {
		case EV_STAR_KEY:
			o = put_key(s, o,
				    values[p->cell.own][p->cell.at].null
					    ? ev_unknown_key
					    : ev_star_bound_at(s, e, p->reference)->key);
			break;
		case EV_STAR_VALIDITY:
			o = (char *)memcpy(o, v->validity, sizeof v->validity) + v->validity_len;
			break;
		case EV_STAR_INDEX: o = ev_star_put_index(o, e->index); break;
		case EV_STAR_OWNER: o = put_key(s, o, owner); break;
		default: break; /* of dimensions */
		case EV_STAR_END:
			s->rows.len = (size_t)(o - s->rows.p);
			s->n_out++;
			return;
		}
	}
}

void ev_star_put_fact(struct ev_star *s, const struct ev_star_fact *f,
		      const struct ev_star_version *v)
{
	size_t n = s->elements[f->group].items.n;
	struct ev_star_element e = ev_star_first(s, f->group);
	const char *owner;

	if (n == 0 || (f->fact->keep == EV_KEEP_LATEST && !v->current))
		return;
	owner = f->fact->keep == EV_KEEP_HISTORY ? v->owners->row : event_key(s, v->owners);
	for (; e.index < n; ev_star_next(&e))
		put_row(s, &f->row, v, owner, &e);
}

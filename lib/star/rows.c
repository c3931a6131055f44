#include "base/compiler.h"
#include "star/internal.h"
#include "warehouse/calendar.h"

/* Where a row is written: straight into the output while that has room, else into s->row. */
struct place {
	char *begin;
	size_t room;
	bool beside;
};

static void begin_row(struct ev_star *s, struct place *p, size_t room)
{
	struct ev_out *out = s->port->out;

	if (ev_out_room(out, room)) {
		*p = (struct place){out->buf + out->len, out->cap - out->len, false};
		return;
	}
	s->row.len = 0;
	ev_buf_room(&s->row, room);
	*p = (struct place){s->row.p, s->row.cap, true};
}

/* The slow path: makes room behind o, by moving the row out of the output. */
static EV_NOINLINE char *more_room(struct ev_star *s, struct place *p, char *o, size_t room)
{
	size_t len = (size_t)(o - p->begin);

	if (p->room > len + room)
		return o;
	s->row.len = 0;
	if (!p->beside)
		memcpy(ev_buf_room(&s->row, len), p->begin, len);
	s->row.len = len;
	ev_buf_room(&s->row, room);
	*p = (struct place){s->row.p, s->row.cap, true};
	return p->begin + len;
}

/* Writes a cell. The room was made for short cells; only a longer one needs more. */
static inline char *put_cell(struct ev_star *s, struct place *p, char *o, const char *text,
			     size_t len, size_t left)
{
	if (len > EV_STAR_SHORT)
		o = more_room(s, p, o, left + len);
	return ev_copy_over(o, text, len);
}

static enum ev_status put_row(struct ev_star *s, const struct ev_star_row *row,
			      const struct ev_star_version *v, const struct ev_star_element *e)
{
	const size_t room = row->room + EV_COPY_OVER;
	const struct ev_value *const values[] = {e->values[0], e->values[1]};
	struct place place;
	char *o;

	begin_row(s, &place, room);
	o = place.begin;
	for (const struct ev_star_piece *p = row->pieces;; p++) {
		o = ev_copy_over(o, p->text, p->len);
		if (p->what == EV_STAR_CELL) { /* most pieces */
			const struct ev_value *value = &values[p->cell.own][p->cell.at];

			o = put_cell(s, &place, o, value->p, value->len, room);
			continue;
		}
		switch (p->what) {
		case EV_STAR_KEY:
			o = (char *)memcpy(o,
					   values[p->cell.own][p->cell.at].null
						   ? ev_unknown_key
						   : ev_star_bound_at(s, e, p->reference)->key,
					   EV_KEY_TEXT) +
			    EV_KEY_TEXT;
			break;
		case EV_STAR_VERSION: o = ev_copy_over(o, v->number, v->number_len); break;
		case EV_STAR_VALIDITY:
			o = (char *)memcpy(o, v->validity, sizeof v->validity) + v->validity_len;
			break;
		case EV_STAR_INDEX: o = ev_star_put_index(o, e->index); break;
		case EV_STAR_OWNER:
			o = put_cell(s, &place, o, s->owner.p, s->owner.len, room);
			break;
		default: break; /* of dimensions */
		case EV_STAR_END:
			if (place.beside)
				return ev_out_line(s->port->out, place.begin,
						   (size_t)(o - place.begin));
			ev_out_made(s->port->out, (size_t)(o - place.begin));
			return EV_OK;
		}
	}
}

enum ev_status ev_star_put_fact(struct ev_star *s, const struct ev_star_fact *f,
				const struct ev_star_version *v, struct ev_error *err)
{
	size_t n = s->elements[f->group].n;
	struct ev_star_element e = ev_star_first(s, f->group);

	if (f->fact->keep == EV_KEEP_LATEST && !v->stands)
		return EV_OK;
	for (; e.index < n; ev_star_next(&e))
		if (put_row(s, &f->row, v, &e) != EV_OK)
			return ev_out_status(s->port->out, EV_FATAL, err);
	return EV_OK;
}

/* Rows of members */

/* The most bytes that member_row() writes. */
static size_t member_room(const struct ev_star_dimension *d, const struct ev_star_text *texts)
{
	size_t room = d->row.room + EV_COPY_OVER;

	for (size_t i = 0; i < d->dimension->n_keys + d->n_attributes; i++)
		room += texts[i].len;
	return room;
}

/* Writes the row, without a LF, and returns its end. */
static char *member_row(char *o, const struct ev_star_dimension *d, const char *key, bool described,
			const struct ev_star_text *texts)
{
	static const char no[EV_COPY_OVER] = "false", yes[EV_COPY_OVER] = "true";
	const struct ev_star_text *attributes = texts + d->dimension->n_keys, *text;

	for (const struct ev_star_piece *p = d->row.pieces;; p++) {
		o = ev_copy_over(o, p->text, p->len);
		switch (p->what) {
		case EV_STAR_CELL:
			text = p->cell.own ? &texts[p->cell.at] : &attributes[p->cell.at];
			o = ev_copy_over(o, text->p, text->len);
			break;
		case EV_STAR_OWNER: o = (char *)memcpy(o, key, EV_KEY_TEXT) + EV_KEY_TEXT; break;
		case EV_STAR_INFERRED:
			o = described ? ev_copy_over(o, no, 5) : ev_copy_over(o, yes, 4);
			break;
		case EV_STAR_END: return o;
		default: break; /* of facts */
		}
	}
}

enum ev_status ev_star_put_member(struct ev_star *s, size_t dimension, const char *key,
				  bool described, struct ev_error *err)
{
	const struct ev_star_dimension *d = &s->plan->dimensions[dimension];
	const size_t room = member_room(d, s->texts);
	struct ev_out *out = s->port->out;
	char *o;

	if (ev_out_room(out, room)) {
		o = out->buf + out->len;
		ev_out_made(out, (size_t)(member_row(o, d, key, described, s->texts) - o));
		return EV_OK;
	}
	ev_buf_reset(&s->row);
	o = ev_buf_room(&s->row, room);
	return ev_port_line(s->port, o, (size_t)(member_row(o, d, key, described, s->texts) - o),
			    err);
}

enum ev_status ev_star_put_day(struct ev_star *s, const struct ev_dimension *d, const char *key,
			       int64_t day, struct ev_error *err)
{
	ev_buf_reset(&s->row);
	ev_buf_printf(&s->row, "{\"%s_key\":\"%.*s\",\"ev_inferred\":false", d->name, EV_KEY_TEXT,
		      key);
	ev_day_json(day, &s->row);
	ev_buf_printf(&s->row, ",\"_ev\":{\"table\":\"%s\",\"op\":\"insert\",\"owner\":\"%.*s\"}}",
		      d->name, EV_KEY_TEXT, key);
	return ev_port_line(s->port, s->row.p, s->row.len, err);
}

enum ev_status ev_star_put_gone(struct ev_star *s, const struct ev_dimension *d, const char *key,
				struct ev_error *err)
{
	ev_buf_reset(&s->row);
	ev_buf_printf(&s->row, "{\"_ev\":{\"op\":\"delete\",\"table\":\"%s\",\"owner\":\"%.*s\"}}",
		      d->name, EV_KEY_TEXT, key);
	return ev_port_line(s->port, s->row.p, s->row.len, err);
}

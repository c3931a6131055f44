/*
 * Members of type 2 in the state. What was before the first moment of which something else is said
 * now stands as it is, so only what is valid then, or comes later, is read: of open ends, which
 * come latest first, one more of each WHAT; of the others, which come by their ends, those that end
 * later.
 */
#include "star/history.h"
#include "star/internal.h"

enum { HEAD_LEN = 1 + 4 + EV_KEY_TEXT, ROW_LEN = HEAD_LEN + 1 + EV_STAR_MOMENT };

struct member {
	struct ev_star_walk *w;
	/* What the state has of it: its first and last row, and the parts of its key. */
	uint64_t changed, n;
	int64_t first, last;
	bool differs; /* some row does */
	bool moved;   /* something is said otherwise, from that moment on: */
	int64_t since;
	bool begun; /* its first row is known */
	struct ev_sort *mentions;
	struct ev_history history;
	struct ev_buf parts, base, value;
	char key[ROW_LEN];
};

/* Keys and values */

static const char *row_key(struct member *m, int64_t since)
{
	memcpy(m->key, m->w->member, HEAD_LEN);
	m->key[0] = 'n';
	m->key[HEAD_LEN] = ' ';
	ev_mention_put_moment(m->key + HEAD_LEN + 1, since);
	return m->key;
}

/* CHANGED N; where N is not 0, FIRST LAST and behind SEPARATOR the parts. */
static void read_head(struct member *m, const struct ev_buf *value)
{
	const char *p = value->p, *end = p + value->len;

	m->changed = ev_star_kept_number(&p, end);
	m->n = ev_star_kept_number(&p, end);
	if (m->n == 0 || end - p < 2 * (EV_STAR_MOMENT + 1))
		return;
	m->first = ev_mention_moment(p);
	m->last = ev_mention_moment(p + EV_STAR_MOMENT + 1);
	p += 2 * (EV_STAR_MOMENT + 1);
	ev_buf_put(&m->parts, p, (size_t)(end - p));
}

static void write_head(const struct member *m, struct ev_buf *out)
{
	char *o;

	ev_buf_reset(out);
	ev_buf_u64(out, m->changed);
	ev_buf_putc(out, ' ');
	ev_buf_u64(out, m->n);
	if (m->n == 0)
		return;
	o = ev_buf_room(out, 2 * (EV_STAR_MOMENT + 1) + 1);
	*o = ' ';
	o = ev_mention_put_moment(o + 1, m->first);
	*o = ' ';
	o = ev_mention_put_moment(o + 1, m->last);
	*o++ = EV_STAR_SEPARATOR;
	out->len = (size_t)(o - out->p);
	ev_buf_put(out, m->parts.p, m->parts.len);
}

/* Mentions */

/* Passes over the warnings; they come with the first moment first. */
static enum ev_status read_warnings(struct member *m, struct ev_error *err)
{
	struct ev_star_walk *w = m->w;

	while (ev_star_is_new(w, w->member, sizeof w->member) &&
	       w->next.key[EV_STAR_MEMBER_LEN] == 'b') {
		const char *time = w->next.key + EV_STAR_MEMBER_LEN + 2;
		const int64_t since = ev_mention_moment(time);

		/* That it is there, too, changes something only before its first row. */
		if (!m->moved &&
		    (m->n == 0 || time[EV_STAR_MOMENT + 1] == 'h' || since <= m->first)) {
			m->moved = true;
			m->since = since;
		}
		if (ev_star_walk_next(w, err) != EV_OK)
			return EV_FATAL;
	}
	return EV_OK;
}

static enum ev_status add(struct member *m, const char *key, size_t key_len, const char *value,
			  size_t len, struct ev_error *err)
{
	return ev_history_sort(m->mentions, key, key_len, 0, value, len, err);
}

/* Puts the next new mention into the state. */
static enum ev_status take_new(struct member *m, struct ev_error *err)
{
	struct ev_star_walk *w = m->w;
	const struct ev_sorted *n = &w->next;
	const bool stands = n->item[0] != EV_STAR_BACK;

	if (n->item[0] != EV_STAR_OTHER)
		m->n += stands ? 1 : (uint64_t)-1;
	if (stands && m->moved && add(m, n->key, n->key_len, n->item + 1, n->len - 1, err) != EV_OK)
		return EV_FATAL;
	if (ev_star_walk_put(w, n->key, n->key_len, stands ? n->item + 1 : EV_STAR_DEAD,
			     stands ? n->len - 1 : sizeof EV_STAR_DEAD - 1, err) != EV_OK)
		return EV_FATAL;
	return ev_star_walk_next(w, err);
}

/* Reads an old mention, and moves on to the next that may count. */
static enum ev_status take_old(struct member *m, struct ev_error *err)
{
	struct ev_star_old *o = &m->w->t->old;
	const struct ev_mention mention = ev_mention_read(o->key.p, o->key.len);
	struct ev_buf *key = &m->w->t->key;

	if (mention.until < m->since) { /* and so do all behind it */
		o->there = false;
		return EV_OK;
	}
	if (ev_star_old_is_dead(o))
		return ev_star_old_next(o, err);
	if (add(m, o->key.p, o->key.len, o->value.p, o->value.len, err) != EV_OK)
		return EV_FATAL;
	if (mention.until != INT64_MAX || mention.since >= m->since)
		return ev_star_old_next(o, err);
	ev_buf_reset(key);
	ev_buf_put(key, o->key.p, ev_mention_group(o->key.p, o->key.len));
	ev_buf_putc(key, '\x7f');
	return ev_star_old_onward(o, key->p, key->len, err);
}

static enum ev_status take_mentions(struct member *m, struct ev_error *err)
{
	struct ev_star_walk *w = m->w;
	struct ev_star_old *o = &w->t->old;
	enum ev_status st = EV_OK;

	o->there = false;
	if (m->moved && m->n > 0)
		st = ev_star_old_find(o, w->member, sizeof w->member, err);
	while (st == EV_OK) {
		const bool new = ev_star_is_new(w, w->member, sizeof w->member);
		int order = new ? -1 : 1;

		if (!new && !o->there)
			break;
		if (new && o->there)
			order = ev_bytes_compare(w->next.key, w->next.key_len, o->key.p,
						 o->key.len);
		if (order == 0)
			st = ev_star_old_next(o, err);
		else if (order > 0)
			st = take_old(m, err);
		if (st == EV_OK && order <= 0)
			st = take_new(m, err);
	}
	return st;
}

/* Rows */

static bool is_before(const struct ev_star_old *o, int64_t since)
{
	return o->there && ev_mention_moment(o->key.p + HEAD_LEN + 1) < since;
}

static enum ev_status put_row(struct member *m, int64_t since, const char *p, size_t len,
			      struct ev_error *err)
{
	m->differs = true;
	return ev_sort_add(m->w->sort, row_key(m, since), ROW_LEN, p, len, err);
}

/* Takes back the old rows that begin before that moment and are none of the new. */
static enum ev_status drop_rows(struct member *m, int64_t before, struct ev_error *err)
{
	struct ev_star_old *o = &m->w->rows;
	enum ev_status st = EV_OK;

	for (; st == EV_OK && is_before(o, before); st = ev_star_old_next(o, err))
		if (!ev_star_old_is_dead(o) &&
		    put_row(m, ev_mention_moment(o->key.p + HEAD_LEN + 1), EV_STAR_DEAD,
			    sizeof EV_STAR_DEAD - 1, err) != EV_OK)
			return EV_FATAL;
	return st;
}

static enum ev_status take_row(void *ctx, int64_t since, const struct ev_buf *text,
			       struct ev_error *err)
{
	struct member *m = ctx;
	struct ev_star_old *o = &m->w->rows;
	bool same;

	if (!m->begun)
		m->first = since;
	m->begun = true;
	m->last = since;
	if (drop_rows(m, since, err) != EV_OK)
		return EV_FATAL;
	if (!o->there || ev_mention_moment(o->key.p + HEAD_LEN + 1) != since)
		return put_row(m, since, text->p, text->len, err);
	same = ev_bytes_compare(o->value.p, o->value.len, text->p, text->len) == 0;
	if (!same && put_row(m, since, text->p, text->len, err) != EV_OK)
		return EV_FATAL;
	return ev_star_old_next(o, err);
}

/* Moves to the old rows from m->since on, and takes the history up behind the last before them. */
static enum ev_status resume(struct member *m, struct ev_error *err)
{
	struct ev_star_old *o = &m->w->rows;
	enum ev_status st = EV_OK;

	if (!o->there)
		return EV_OK;
	m->begun = m->n > 0 && m->first < m->since;
	if (m->begun && m->last < m->since)
		st = ev_star_old_onward(o, row_key(m, m->last), ROW_LEN, err);
	else
		st = ev_star_old_next(o, err);
	ev_buf_reset(&m->base);
	for (; st == EV_OK && is_before(o, m->since); st = ev_star_old_next(o, err)) {
		if (ev_star_old_is_dead(o))
			continue;
		m->last = ev_mention_moment(o->key.p + HEAD_LEN + 1);
		ev_buf_reset(&m->base);
		ev_buf_put(&m->base, o->value.p, o->value.len);
	}
	if (m->begun)
		ev_history_resume(&m->history, m->since, m->base.p, m->base.len);
	return st;
}

static enum ev_status make_rows(struct member *m, struct ev_error *err)
{
	enum ev_status st = ev_sort_finish(m->mentions, err);
	struct ev_sorted next;

	while (st == EV_OK && (st = ev_sort_next(m->mentions, &next, err)) == EV_OK)
		st = ev_history_add(&m->history, &next, 0, err);
	if (st == EV_FATAL || ev_history_end(&m->history, err) != EV_OK)
		return EV_FATAL;
	if (m->parts.len == 0)
		ev_buf_put(&m->parts, m->history.parts.p, m->history.parts.len);
	return drop_rows(m, INT64_MAX, err);
}

static enum ev_status settle(struct member *m, struct ev_error *err)
{
	struct ev_star_old *o = &m->w->rows;
	const char *key = row_key(m, 0);

	if (ev_star_old_find(o, key, HEAD_LEN, err) != EV_OK)
		return EV_FATAL;
	if (o->there)
		read_head(m, &o->value);
	if (read_warnings(m, err) != EV_OK || (m->moved && resume(m, err) != EV_OK) ||
	    take_mentions(m, err) != EV_OK || (m->moved && make_rows(m, err) != EV_OK))
		return EV_FATAL;
	if (m->differs)
		m->changed = m->w->t->to.number;
	write_head(m, &m->value);
	return ev_sort_add(m->w->sort, m->key, HEAD_LEN, m->value.p, m->value.len, err);
}

enum ev_status ev_star_settle_history(struct ev_star_walk *w, struct ev_error *err)
{
	enum { PARTS_OF_MEMORY = 4 };
	struct member m = {.w = w};
	enum ev_status st;

	m.mentions = ev_sort_new(w->s->options.memory / PARTS_OF_MEMORY, w->s->options.folder);
	ev_history_init(&m.history, &w->s->plan->dimensions[w->dimension], take_row, &m);
	st = settle(&m, err);
	ev_history_free(&m.history);
	ev_sort_free(&m.mentions);
	ev_buf_free(&m.parts);
	ev_buf_free(&m.base);
	ev_buf_free(&m.value);
	return st;
}

/* Rows that go out: all of a member that has changed since the section's beginning. */

static enum ev_status emit_rows(struct ev_star *s, const char *member, struct ev_buf *parts,
				struct ev_star_old *o, struct ev_error *err)
{
	struct ev_star_spanned row = {.since = 0};
	char prefix[HEAD_LEN + 1];
	enum ev_status st;

	memcpy(prefix, member, HEAD_LEN);
	prefix[HEAD_LEN] = ' ';
	st = ev_star_old_find(o, prefix, sizeof prefix, err);
	for (; st == EV_OK && o->there; st = ev_star_old_next(o, err)) {
		const int64_t since = ev_mention_moment(o->key.p + HEAD_LEN + 1);

		if (ev_star_old_is_dead(o))
			continue;
		if ((st = ev_star_put_span(s, member, parts, &row, since, err)) != EV_OK)
			break;
		row.since = since;
		ev_buf_reset(&row.text);
		ev_buf_put(&row.text, o->value.p, o->value.len);
	}
	if (st == EV_OK)
		st = ev_star_put_span(s, member, parts, &row, INT64_MAX, err);
	ev_buf_free(&row.text);
	return st;
}

bool ev_star_is_head(const struct ev_entry *e)
{
	return e->key_len == HEAD_LEN;
}

enum ev_status ev_star_emit_history(struct ev_star *s, const struct ev_buf *key,
				    const struct ev_buf *value, struct ev_star_old *rows,
				    struct ev_error *err)
{
	const struct ev_dimension *d = &s->m->dimensions[ev_mention_dimension(key->p)];
	struct member m = {.n = 0};
	enum ev_status st = EV_OK;

	read_head(&m, value);
	if (m.changed > s->state->from) {
		if (s->state->from > 0)
			st = ev_star_put_gone(s, d, ev_mention_key(key->p), err);
		if (st == EV_OK && m.n > 0)
			st = emit_rows(s, key->p, &m.parts, rows, err);
	}
	ev_buf_free(&m.parts);
	return st;
}

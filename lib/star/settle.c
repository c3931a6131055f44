#include "base/mem.h"
#include "star/internal.h"

#include <stdlib.h>

enum { ROW_LEN = 1 + 4 + EV_KEY_TEXT };

/* Reading what is there, a key at a time */

enum ev_status ev_star_old_next(struct ev_star_old *o, struct ev_error *err)
{
	o->there = o->ahead != NULL;
	if (!o->there)
		return EV_OK;
	ev_buf_reset(&o->key);
	ev_buf_put(&o->key, o->ahead->p, o->ahead->key_len);
	do {
		ev_buf_reset(&o->value);
		ev_buf_put(&o->value, o->ahead->value, o->ahead->value_len);
		ev_buf_room(&o->value, EV_COPY_OVER);
		if (ev_store_cursor_find_next(o->cursor, &o->ahead, err) != EV_OK)
			return EV_FATAL;
	} while (o->ahead != NULL &&
		 ev_bytes_compare(o->ahead->p, o->ahead->key_len, o->key.p, o->key.len) == 0);
	return EV_OK;
}

enum ev_status ev_star_old_find(struct ev_star_old *o, const char *prefix, size_t len,
				struct ev_error *err)
{
	if (ev_store_cursor_find(o->cursor, prefix, len, &o->ahead, err) != EV_OK)
		return EV_FATAL;
	return ev_star_old_next(o, err);
}

enum ev_status ev_star_old_onward(struct ev_star_old *o, const char *key, size_t len,
				  struct ev_error *err)
{
	if (o->ahead != NULL && ev_bytes_compare(o->ahead->p, o->ahead->key_len, key, len) < 0 &&
	    ev_store_cursor_skip(o->cursor, key, len, &o->ahead, err) != EV_OK)
		return EV_FATAL;
	return ev_star_old_next(o, err);
}

/* Rows as values */

uint64_t ev_star_kept_number(const char **p, const char *end)
{
	uint64_t n = 0;

	while (*p < end && **p >= '0' && **p <= '9')
		n = n * 10 + (uint64_t)(*(*p)++ - '0');
	*p += *p < end && **p == ' ';
	return n;
}

static void read_row(struct ev_star_kept *row, const char *p, size_t len)
{
	row->end = row->identity_end = p + len;
	row->identity = memchr(p, EV_STAR_BEHIND, len);
	if (row->identity != NULL)
		row->end = row->identity++;
	row->fields = memchr(p, EV_STAR_SEPARATOR, (size_t)(row->end - p));
	if (row->fields == NULL)
		row->fields = row->end;
	row->changed = ev_star_kept_number(&p, row->end);
	row->n = ev_star_kept_number(&p, row->end);
	row->described = ev_star_kept_number(&p, row->end);
	row->spelled = ev_star_kept_number(&p, row->end);
	row->won = p;
}

/* The row's fields, as the writer of rows takes them. */
static void read_fields(const struct ev_star_kept *row, struct ev_star_text *texts)
{
	static const char null[EV_COPY_OVER + 1] = "null                            ";

	for (const char *p = row->fields; p < row->end; texts++) {
		const char *from = p + 1;

		p = memchr(from, EV_STAR_SEPARATOR, (size_t)(row->end - from));
		if (p == NULL)
			p = row->end;
		*texts = (struct ev_star_text){from, (size_t)(p - from)};
		if (texts->len == 0)
			*texts = (struct ev_star_text){null, 4};
	}
}

static void write_row(const struct ev_star_kept *row, const struct ev_star_sum *sum,
		      const struct ev_buf *identity, struct ev_buf *out)
{
	ev_buf_reset(out);
	ev_buf_u64(out, row->changed);
	ev_buf_putc(out, ' ');
	ev_buf_u64(out, row->n);
	ev_buf_putc(out, ' ');
	ev_buf_u64(out, row->described);
	ev_buf_putc(out, ' ');
	ev_buf_u64(out, row->spelled);
	if (row->n > 0)
		ev_star_sum_write(sum, out);
	if (row->spelled > 0) {
		ev_buf_putc(out, EV_STAR_BEHIND);
		ev_buf_put(out, identity->p, identity->len);
	}
	ev_buf_room(out, EV_COPY_OVER);
}

/* Rows that go out */

/*
 * Emits the row, and before it the delete of what the reader has. A reader that starts from the
 * beginning has nothing to delete.
 */
static enum ev_status emit(struct ev_star *s, const char *key, const struct ev_star_kept *row,
			   struct ev_error *err)
{
	const size_t dimension = ev_mention_dimension(key);
	const struct ev_dimension *d = &s->m->dimensions[dimension];
	struct ev_date date;

	if (s->state->from > 0 && ev_star_put_gone(s, d, ev_mention_key(key), err) != EV_OK)
		return EV_FATAL;
	if (row->n == 0)
		return EV_OK;
	read_fields(row, s->texts);
	if (d->calendar == NULL)
		return ev_star_put_member(s, dimension, ev_mention_key(key), row->described > 0,
					  err);
	ev_date_parse(s->texts[0].p, EV_DATE_TEXT, &date);
	return ev_star_put_day(s, d, ev_mention_key(key), ev_date_days(date), err);
}

static enum ev_status emit_if_changed(struct ev_star *s, const struct ev_buf *key,
				      const struct ev_buf *value, struct ev_star_old *rows,
				      struct ev_error *err)
{
	struct ev_star_kept row;

	if (s->m->dimensions[ev_mention_dimension(key->p)].history)
		return ev_star_emit_history(s, key, value, rows, err);
	read_row(&row, value->p, value->len);
	return row.changed > s->state->from ? emit(s, key->p, &row, err) : EV_OK;
}

/* Of several entries with one key the last counts. */
enum ev_status ev_star_emit_rows(struct ev_star *s, struct ev_error *err)
{
	struct ev_star_state *t = s->state;
	struct ev_store_cursor *cursor = ev_store_cursor_new(t->store, t->from);
	struct ev_star_old rows = {.cursor = ev_store_cursor_new(t->store, 0)};
	struct ev_buf key = {0}, value = {0};
	const struct ev_entry *e = NULL;
	enum ev_status st;

	while ((st = ev_store_cursor_next(cursor, &e, err)) == EV_OK && e != NULL &&
	       e->p[0] <= 'n') {
		if (e->p[0] != 'n' || !ev_star_is_head(e))
			continue;
		if (key.len > 0 && ev_bytes_compare(key.p, key.len, e->p, e->key_len) != 0 &&
		    (st = emit_if_changed(s, &key, &value, &rows, err)) != EV_OK)
			break;
		ev_buf_reset(&key);
		ev_buf_put(&key, e->p, e->key_len);
		ev_buf_reset(&value);
		ev_buf_put(&value, e->value, e->value_len);
		ev_buf_room(&value, EV_COPY_OVER);
	}
	if (st == EV_OK && key.len > 0)
		st = emit_if_changed(s, &key, &value, &rows, err);
	ev_buf_free(&key);
	ev_buf_free(&value);
	ev_store_cursor_free(&cursor);
	ev_store_cursor_free(&rows.cursor);
	ev_buf_free(&rows.key);
	ev_buf_free(&rows.value);
	return st;
}

/* Mentions */

bool ev_star_is_new(const struct ev_star_walk *w, const char *prefix, size_t len)
{
	return w->st == EV_OK && w->next.key_len >= len && memcmp(w->next.key, prefix, len) == 0;
}

enum ev_status ev_star_walk_next(struct ev_star_walk *w, struct ev_error *err)
{
	w->st = ev_sort_next(w->t->sort, &w->next, err);
	return w->st == EV_FATAL ? EV_FATAL : EV_OK;
}

enum ev_status ev_star_walk_put(struct ev_star_walk *w, const char *key, size_t key_len,
				const char *value, size_t len, struct ev_error *err)
{
	return ev_store_put_text(w->t->store, key, key_len, w->t->to.number, value, len, err);
}

static void count(struct ev_star_kept *row, const char *key, size_t len, int by)
{
	row->n += (uint64_t)by;
	row->described += ev_mention_describes(key) ? (uint64_t)by : 0;
	row->spelled += ev_mention_is_spelled(key, len) ? (uint64_t)by : 0;
}

static const char *parts_end(const char *p, const char *end, size_t n)
{
	for (;; p++) {
		p = memchr(p, EV_STAR_SEPARATOR, (size_t)(end - p));
		if (p == NULL || --n == 0)
			return p != NULL ? p : end;
	}
}

/* Takes the identity out of a mention's value, unless it is known. */
static void know_identity(struct ev_star_walk *w, const char *p, size_t len)
{
	const char *behind = memchr(p, EV_STAR_BEHIND, len), *end = p + len;

	if (w->identity.len > 0)
		return;
	if (behind != NULL)
		p = behind + 1;
	else
		end = parts_end(p, end, w->sum->n_parts);
	ev_buf_put(&w->identity, p, (size_t)(end - p));
}

/* Puts the next new mention into the state. *stands is false if it takes one back. */
static enum ev_status take_new(struct ev_star_walk *w, bool *stands, struct ev_error *err)
{
	const struct ev_sorted *n = &w->next;
	const char how = n->item[0];

	*stands = how != EV_STAR_BACK;
	if (how != EV_STAR_OTHER)
		count(&w->row, n->key, n->key_len, *stands ? 1 : -1);
	if (*stands)
		know_identity(w, n->item + 1, n->len - 1);
	if (ev_mention_is_bare(n->key))
		return ev_star_walk_next(w, err);
	if (*stands && ev_star_sum_asks(w->sum, n->key, n->key_len))
		ev_star_sum_add(w->sum, n->key, n->key_len, n->item + 1, n->len - 1);
	if (ev_star_walk_put(w, n->key, n->key_len, *stands ? n->item + 1 : EV_STAR_DEAD,
			     *stands ? n->len - 1 : sizeof EV_STAR_DEAD - 1, err) != EV_OK)
		return EV_FATAL;
	return ev_star_walk_next(w, err);
}

static bool is_old(const struct ev_star_walk *w, const struct ev_buf *group)
{
	const struct ev_star_old *o = &w->t->old;

	return o->there && o->key.len >= group->len && memcmp(o->key.p, group->p, group->len) == 0;
}

/*
 * Merges the old and new mentions of one WHAT and SPELLED. Only the first that stands can win, so
 * only that one is added to the sum; all new ones are put into the state.
 */
static enum ev_status take_group(struct ev_star_walk *w, const struct ev_buf *group,
				 struct ev_error *err)
{
	struct ev_star_old *o = &w->t->old;
	struct ev_buf *key = &w->t->key;
	bool found = false;

	for (;;) {
		const bool new = ev_star_is_new(w, group->p, group->len);
		const bool old = !found && is_old(w, group);
		int order = new ? -1 : 1;
		bool stands;

		if (!new && !old)
			break;
		if (new &&old)
			order = ev_bytes_compare(w->next.key, w->next.key_len, o->key.p,
						 o->key.len);
		if (order <= 0) {
			if (take_new(w, &stands, err) != EV_OK)
				return EV_FATAL;
			found |= stands;
		} else if (!ev_star_old_is_dead(o)) {
			ev_star_sum_add(w->sum, o->key.p, o->key.len, o->value.p, o->value.len);
			found = true;
		}
		if (order >= 0 && !found && ev_star_old_next(o, err) != EV_OK)
			return EV_FATAL;
	}
	/* Skips the rest of the group's old mentions. */
	if (!is_old(w, group))
		return EV_OK;
	ev_buf_reset(key);
	ev_buf_put(key, group->p, group->len);
	ev_buf_putc(key, '\x7f');
	return ev_star_old_onward(o, key->p, key->len, err);
}

/* Makes the sum anew from all groups of the member. */
static enum ev_status take_groups(struct ev_star_walk *w, struct ev_error *err)
{
	struct ev_star_old *o = &w->t->old;
	struct ev_buf group = {0};
	enum ev_status st;

	ev_star_sum_reset(w->sum);
	st = ev_star_old_find(o, w->member, sizeof w->member, err);
	while (st == EV_OK) {
		const bool new = ev_star_is_new(w, w->member, sizeof w->member);

		if (!new && !o->there)
			break;
		ev_buf_reset(&group);
		if (new && (!o->there || ev_bytes_compare(w->next.key, w->next.key_len, o->key.p,
							  o->key.len) <= 0))
			ev_buf_put(&group, w->next.key,
				   ev_mention_group(w->next.key, w->next.key_len));
		else
			ev_buf_put(&group, o->key.p, ev_mention_group(o->key.p, o->key.len));
		st = take_group(w, &group, err);
	}
	ev_buf_free(&group);
	return st;
}

/* Members */

static enum ev_status read_had(struct ev_star_walk *w, struct ev_error *err)
{
	struct ev_star_old *o = &w->rows;
	char key[ROW_LEN];

	memcpy(key, w->member, sizeof key);
	key[0] = 'n';
	if (ev_star_old_find(o, key, sizeof key, err) != EV_OK)
		return EV_FATAL;
	w->had = (struct ev_star_kept){.n = 0};
	if (o->there)
		read_row(&w->had, o->value.p, o->value.len);
	w->row = w->had;
	ev_star_sum_reset(w->sum);
	ev_buf_reset(&w->identity);
	if (w->had.n == 0)
		return EV_OK;
	ev_star_sum_read(w->sum, w->had.won, (size_t)(w->had.end - w->had.won));
	if (w->had.identity != NULL)
		ev_buf_put(&w->identity, w->had.identity,
			   (size_t)(w->had.identity_end - w->had.identity));
	else
		know_identity(w, w->had.fields + 1, (size_t)(w->had.end - w->had.fields - 1));
	return EV_OK;
}

/*
 * Sets *shaken if the old row and the new mentions are not enough to make the new row: a winner was
 * taken back, or a part of the key is spelled in several ways.
 */
static enum ev_status is_shaken(struct ev_star_walk *w, bool *shaken, struct ev_error *err)
{
	*shaken = false;
	while (ev_star_is_new(w, w->member, sizeof w->member) &&
	       w->next.key[EV_STAR_MEMBER_LEN] == 'b') {
		*shaken |= w->had.spelled > 0 ||
			   ev_mention_is_spelled(w->next.key, w->next.key_len) ||
			   ev_star_sum_is_won(w->sum, w->next.key, w->next.key_len);
		if (ev_star_walk_next(w, err) != EV_OK)
			return EV_FATAL;
	}
	return EV_OK;
}

/* Bare mentions put no parts of the key into the sum: the identity's spelling is added for them. */
static void add_identity(struct ev_star_walk *w)
{
	const char *p = w->identity.p, *end = p + w->identity.len;

	if (w->row.n == w->row.spelled)
		return;
	for (size_t i = 0; i < w->sum->n_parts; i++) {
		const char *stop = parts_end(p, end, 1);

		ev_star_sum_part(w->sum, i, p, (size_t)(stop - p));
		p = stop + (stop < end);
	}
}

/* Puts the row into the state if it differs, and emits it if its visible fields do. */
static enum ev_status settle_row(struct ev_star_walk *w, struct ev_error *err)
{
	const struct ev_star_kept *had = &w->had;
	struct ev_star_kept *row = &w->row, made;
	char key[ROW_LEN];
	bool changed;

	memcpy(key, w->member, sizeof key);
	key[0] = 'n';
	add_identity(w);
	write_row(row, w->sum, &w->identity, &w->value);
	read_row(&made, w->value.p, w->value.len);
	changed = (row->described > 0) != (had->described > 0) || (row->n > 0) != (had->n > 0) ||
		  ev_bytes_compare(made.fields, (size_t)(made.end - made.fields), had->fields,
				   (size_t)(had->end - had->fields)) != 0;
	if (changed) {
		row->changed = w->t->to.number;
		write_row(row, w->sum, &w->identity, &w->value);
		read_row(&made, w->value.p, w->value.len);
	}
	if (w->rows.there &&
	    ev_bytes_compare(w->value.p, w->value.len, w->rows.value.p, w->rows.value.len) == 0)
		return EV_OK;
	if (ev_sort_add(w->sort, key, sizeof key, w->value.p, w->value.len, err) != EV_OK)
		return EV_FATAL;
	return changed && w->t->direct ? emit(w->s, key, &made, err) : EV_OK;
}

/* Settles the next member: puts its new mentions, and makes its row. */
static enum ev_status take_member(struct ev_star_walk *w, struct ev_error *err)
{
	bool shaken, stands;

	memcpy(w->member, w->next.key, sizeof w->member);
	w->dimension = ev_mention_dimension(w->member);
	if (w->s->m->dimensions[w->dimension].history)
		return ev_star_settle_history(w, err);
	w->sum = &w->sums[w->dimension];
	if (read_had(w, err) != EV_OK || is_shaken(w, &shaken, err) != EV_OK)
		return EV_FATAL;
	if (shaken && take_groups(w, err) != EV_OK)
		return EV_FATAL;
	while (ev_star_is_new(w, w->member, sizeof w->member))
		if (take_new(w, &stands, err) != EV_OK)
			return EV_FATAL;
	return settle_row(w, err);
}

static enum ev_status put_rows(struct ev_star_walk *w, struct ev_error *err)
{
	struct ev_sorted row;
	enum ev_status st = ev_sort_finish(w->sort, err);

	while (st == EV_OK && (st = ev_sort_next(w->sort, &row, err)) == EV_OK)
		st = ev_star_walk_put(w, row.key, row.key_len, row.item, row.len, err);
	return st == EV_FATAL ? EV_FATAL : EV_OK;
}

static enum ev_status put_lists(struct ev_star_walk *w, struct ev_error *err)
{
	enum ev_status st = EV_OK;

	while (st == EV_OK && w->st == EV_OK) {
		st = ev_star_walk_put(w, w->next.key, w->next.key_len, w->next.item, w->next.len,
				      err);
		if (st == EV_OK)
			st = ev_star_walk_next(w, err);
	}
	return st;
}

static enum ev_status take_all(struct ev_star_walk *w, struct ev_error *err)
{
	enum ev_status st = ev_sort_finish(w->t->sort, err);

	if (st == EV_OK)
		st = ev_star_walk_next(w, err);
	while (st == EV_OK && w->st == EV_OK && w->next.key[0] == 'm')
		st = take_member(w, err);
	if (st == EV_OK)
		st = put_rows(w, err);
	return st == EV_OK ? put_lists(w, err) : st;
}

enum ev_status ev_star_settle(struct ev_star *s, struct ev_error *err)
{
	enum { PARTS_OF_MEMORY = 4 };
	struct ev_star_walk w = {.s = s, .t = s->state};
	enum ev_status st;

	w.rows.cursor = ev_store_cursor_new(s->state->store, 0);
	w.sort = ev_sort_new(s->options.memory / PARTS_OF_MEMORY, s->options.folder);
	w.sums = ev_calloc(s->m->n_dimensions, sizeof *w.sums);
	for (size_t i = 0; i < s->m->n_dimensions; i++)
		ev_star_sum_init(&w.sums[i],
				 s->members[i] != NULL ? &s->plan->dimensions[i] : NULL);
	st = take_all(&w, err);
	for (size_t i = 0; i < s->m->n_dimensions; i++)
		ev_star_sum_free(&w.sums[i]);
	free(w.sums);
	ev_store_cursor_free(&w.rows.cursor);
	ev_buf_free(&w.rows.key);
	ev_buf_free(&w.rows.value);
	ev_buf_free(&w.value);
	ev_buf_free(&w.identity);
	ev_sort_free(&w.sort);
	return st;
}

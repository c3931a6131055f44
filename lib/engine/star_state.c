#include "engine/star_state.h"
#include "base/hash.h"
#include "base/mem.h"
#include "engine/star_impl.h"

#include <stdlib.h>

enum { DIGEST = 16, ROW_LEN = EV_STAR_MEMBER_LEN + 1 };

static const struct ev_store_kind kind = {"members", "evstar", EV_RUN_TEXT, EV_STORE_LATEST};
static const char dead[] = "-", gone[] = "gone";

/* A mention in an event's list: "DIGEST KEY", the key without what is the event's own in WHO. */
struct item {
	size_t at; /* in a text; the digest stands there */
	size_t len;
};

struct items {
	struct ev_buf text;
	struct item *list;
	size_t n, cap;
};

struct ev_star_state {
	const char *dir;
	struct ev_store *store; /* NULL until a section begins */
	struct ev_point to;	/* of the section */
	uint64_t from, at;	/* where it begins, and where the state stands */
	bool idle;		/* the state has all of it already */
	bool dirty;		/* something was put */

	/* The event at hand. */
	bool inside;
	struct ev_buf id, who; /* as mentions have it at their end */
	uint64_t first;
	struct items said, before;
	struct ev_buf key;

	struct ev_store_look *look;
	struct ev_sort *sort; /* of keys and values */
	/* The entry that the look was taken to: the latest of its key. */
	const struct ev_entry *ahead; /* the first of the next key */
	bool has_old;
	struct ev_buf old_key, old_value;
	struct ev_buf row;
};

struct ev_star_state *ev_star_state_new(const char *dir)
{
	struct ev_star_state *t = ev_calloc(1, sizeof *t);

	t->dir = dir;
	return t;
}

void ev_star_state_free(struct ev_star_state **state)
{
	struct ev_star_state *t = *state;

	if (t == NULL)
		return;
	ev_look_free(&t->look);
	ev_store_free(&t->store);
	ev_sort_free(&t->sort);
	ev_buf_free(&t->id);
	ev_buf_free(&t->who);
	ev_buf_free(&t->said.text);
	ev_buf_free(&t->before.text);
	free(t->said.list);
	free(t->before.list);
	ev_buf_free(&t->key);
	ev_buf_free(&t->old_key);
	ev_buf_free(&t->old_value);
	ev_buf_free(&t->row);
	free(t);
	*state = NULL;
}

/* Where it stands */

static struct ev_point position(const struct ev_store *store)
{
	struct ev_point p = ev_store_position(store, ev_store_head(store));
	const char *follows = ev_store_note(store, "follows");

	memset(p.store, 0, sizeof p.store);
	if (p.number > 0 && strlen(follows) == EV_STORE_ID)
		memcpy(p.store, follows, EV_STORE_ID);
	return p;
}

static bool is_of_chain(const struct ev_span *span, const struct ev_point *p)
{
	return p->number == 0 ||
	       (strcmp(p->store, span->to.store) == 0 && p->number >= span->from &&
		p->number <= span->to.number &&
		memcmp(ev_span_digest(span, p->number), p->digest, EV_STORE_DIGEST) == 0);
}

/* What the members depend on. */
static const struct {
	const char *name;
	enum ev_model_part part;
} notes[] = {{"envelope", EV_PART_ENVELOPE}, {"star", EV_PART_STAR}};

static bool is_of_model(const struct ev_star *s, const struct ev_store *store)
{
	char hex[33];

	for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
		ev_model_digest(s->m, notes[i].part, hex);
		if (ev_store_head(store) > 0 &&
		    strcmp(ev_store_note(store, notes[i].name), hex) != 0)
			return false;
	}
	return true;
}

static enum ev_status check(const struct ev_star *s, const struct ev_span *span,
			    const struct ev_point *p, struct ev_error *err)
{
	struct ev_star_state *t = s->state;
	char hex[33];

	ev_model_digest(s->m, EV_PART_ALL, hex);
	if (ev_span_check(span, p, hex, t->dir, err) != EV_OK)
		return EV_FATAL;
	if (span->from > 0 && !is_of_model(s, t->store))
		return ev_fail(err,
			       "%s: was made by another model: take the new one with evversion "
			       "--since 0",
			       t->dir);
	return EV_OK;
}

enum ev_status ev_star_state_begin(struct ev_star *s, const struct ev_span *span,
				   struct ev_error *err)
{
	struct ev_star_state *t = s->state;
	struct ev_point p;
	char hex[33];

	if (span == NULL)
		return ev_fail(err, "--state takes what evversion --state wrote: give evversion a "
				    "state, or evstar none");
	if (t->store == NULL &&
	    (t->store = ev_store_open(t->dir, &kind, EV_STORE_WRITE, err)) == NULL)
		return EV_FATAL;
	p = position(t->store);
	if (check(s, span, &p, err) != EV_OK)
		return EV_FATAL;
	if (!is_of_chain(span, &p) || !is_of_model(s, t->store)) {
		ev_store_clear(t->store);
		p.number = 0;
	}
	for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
		ev_model_digest(s->m, notes[i].part, hex);
		ev_store_set_note(t->store, notes[i].name, hex);
	}
	t->to = span->to;
	t->from = span->from;
	t->at = p.number;
	t->idle = p.number == span->to.number;
	t->dirty = t->inside = false;
	ev_buf_reset(&t->id);
	t->look = ev_store_look(t->store, 0);
	t->sort = ev_sort_new(s->options.memory / 2, s->options.folder);
	return EV_OK;
}

/* Reading what is there, a key at a time */

/* Keeps the latest entry of the key that the look stands at, and goes on to the next key. */
static enum ev_status take_old(struct ev_star_state *t, struct ev_error *err)
{
	t->has_old = t->ahead != NULL;
	if (!t->has_old)
		return EV_OK;
	ev_buf_reset(&t->old_key);
	ev_buf_put(&t->old_key, t->ahead->p, t->ahead->key_len);
	do {
		ev_buf_reset(&t->old_value);
		ev_buf_put(&t->old_value, t->ahead->value, t->ahead->value_len);
		if (ev_look_more(t->look, &t->ahead, err) != EV_OK)
			return EV_FATAL;
	} while (t->ahead != NULL && ev_bytes_compare(t->ahead->p, t->ahead->key_len, t->old_key.p,
						      t->old_key.len) == 0);
	return EV_OK;
}

/* The first whose key begins so. */
static enum ev_status find_old(struct ev_star_state *t, const char *prefix, size_t len,
			       struct ev_error *err)
{
	if (ev_look_find(t->look, prefix, len, &t->ahead, err) != EV_OK)
		return EV_FATAL;
	return take_old(t, err);
}

/* The first of those that is not less. */
static enum ev_status find_onward(struct ev_star_state *t, const char *key, size_t len,
				  struct ev_error *err)
{
	if (t->ahead != NULL && ev_bytes_compare(t->ahead->p, t->ahead->key_len, key, len) < 0 &&
	    ev_look_onward(t->look, key, len, &t->ahead, err) != EV_OK)
		return EV_FATAL;
	return take_old(t, err);
}

static bool is_dead(const char *value, size_t len)
{
	return len == sizeof dead - 1 && value[0] == dead[0];
}

/* Events */

static void items_reset(struct items *l)
{
	ev_buf_reset(&l->text);
	l->n = 0;
}

static void items_add(struct items *l, size_t at, size_t len)
{
	if (l->n == l->cap)
		ev_grow(&l->list, &l->cap, l->n + 1, sizeof *l->list);
	l->list[l->n++] = (struct item){at, len};
}

/* By what stands behind their digests: the keys. */
static int compare_keys(const struct items *x, const struct item *a, const struct items *y,
			const struct item *b)
{
	const size_t skip = DIGEST + 1;

	return ev_bytes_compare(x->text.p + a->at + skip, a->len - skip, y->text.p + b->at + skip,
				b->len - skip);
}

static int by_key(const void *x, const void *y, void *ctx)
{
	return compare_keys(ctx, x, ctx, y);
}

/* The key of an item, anew. */
static void put_key(struct ev_star_state *t, const struct items *l, const struct item *i)
{
	const char *p = l->text.p + i->at + DIGEST + 1, *end = l->text.p + i->at + i->len;
	const char *own = end;

	while (own[-1] != ' ')
		own--;
	ev_buf_reset(&t->key);
	ev_buf_put(&t->key, p, (size_t)(own - p));
	ev_buf_put(&t->key, t->who.p, t->who.len);
	ev_buf_put(&t->key, own, (size_t)(end - own));
}

static enum ev_status sort_add(struct ev_star_state *t, const char *value, size_t len,
			       struct ev_error *err)
{
	return ev_sort_add(t->sort, t->key.p, t->key.len, value, len, err);
}

/* A mention of the event at hand, whose value waits behind its item. */
static void note_mention(struct ev_star_state *t, const struct ev_mentions *l)
{
	struct ev_buf *text = &t->said.text;
	const char *end = l->key.p + l->key.len, *own = end;
	const size_t at = text->len;
	const uint64_t digest = ev_hash64(l->value.p, l->value.len, ev_store_seed(t->store, 0));

	while (own[-1] != ' ')
		own--;
	ev_buf_printf(text, "%016llx ", (unsigned long long)digest);
	ev_buf_put(text, l->key.p, (size_t)(own - l->key.p));
	own += t->who.len; /* what is left is the element */
	ev_buf_put(text, own, (size_t)(end - own));
	items_add(&t->said, at, text->len - at);
	ev_buf_put(text, &l->value.len, sizeof l->value.len);
	ev_buf_put(text, l->value.p, l->value.len);
}

static void note_mentions(struct ev_star *s, size_t dimension)
{
	struct ev_members *members = s->members[dimension];
	struct ev_star_state *t = s->state;

	for (struct ev_member *m = members->first; m != NULL; m = m->next)
		while (!t->idle &&
		       ev_mentions_next(&s->mentions, dimension, members, m, t->id.p, t->id.len))
			note_mention(t, &s->mentions);
	ev_members_forget(members);
}

static void note_days(struct ev_star *s, size_t dimension)
{
	struct ev_star_calendar *calendar = s->calendars[dimension];
	struct ev_star_state *t = s->state;
	const int64_t *days;
	size_t n;

	days = ev_star_calendar_outside(calendar, &n);
	for (size_t i = 0; i < n && !t->idle; i++) {
		ev_mentions_day(&s->mentions, dimension, days[i], t->id.p, t->id.len);
		note_mention(t, &s->mentions);
	}
	ev_star_calendar_forget(calendar);
}

/* What the event said before, as its list in the state has it. */
static enum ev_status read_before(struct ev_star_state *t, struct ev_error *err)
{
	struct items *l = &t->before;
	const char *p, *end;

	items_reset(l);
	if (t->first > t->at) /* the state has nothing of it */
		return EV_OK;
	if (find_old(t, t->key.p, t->key.len, err) != EV_OK)
		return EV_FATAL;
	if (!t->has_old || t->old_key.len != t->key.len ||
	    is_dead(t->old_value.p, t->old_value.len))
		return EV_OK;
	ev_buf_put(&l->text, t->old_value.p, t->old_value.len);
	p = l->text.p;
	for (end = p + l->text.len; p < end;) {
		const char *tab = memchr(p, '\t', (size_t)(end - p));
		size_t len = (size_t)((tab != NULL ? tab : end) - p);

		items_add(l, (size_t)(p - l->text.p), len);
		p += len + (tab != NULL);
	}
	return EV_OK;
}

static enum ev_status say(struct ev_star_state *t, const struct item *i, struct ev_error *err)
{
	const char *value = t->said.text.p + i->at + i->len;
	size_t len;

	memcpy(&len, value, sizeof len);
	put_key(t, &t->said, i);
	return sort_add(t, value + sizeof len, len, err);
}

static enum ev_status take_back(struct ev_star_state *t, const struct item *i, struct ev_error *err)
{
	put_key(t, &t->before, i);
	return sort_add(t, dead, sizeof dead - 1, err);
}

/* Both lists are sorted by key. */
static enum ev_status compare_lists(struct ev_star_state *t, bool *differ, struct ev_error *err)
{
	const struct items *said = &t->said, *before = &t->before;
	enum ev_status st = EV_OK;
	size_t i = 0, k = 0;

	*differ = false;
	while (st == EV_OK && (i < said->n || k < before->n)) {
		const struct item *a = i < said->n ? &said->list[i] : NULL;
		const struct item *b = k < before->n ? &before->list[k] : NULL;
		int order = a == NULL ? 1 : b == NULL ? -1 : compare_keys(said, a, before, b);

		i += order <= 0;
		k += order >= 0;
		if (order == 0 && memcmp(said->text.p + a->at, before->text.p + b->at, DIGEST) == 0)
			continue;
		*differ = true;
		st = order <= 0 ? say(t, a, err) : take_back(t, b, err);
	}
	return st;
}

static void put_list_key(struct ev_star_state *t)
{
	ev_buf_reset(&t->key);
	ev_buf_putc(&t->key, 'z');
	ev_mention_word(t->id.p, t->id.len, &t->key);
}

static enum ev_status put_list(struct ev_star_state *t, struct ev_error *err)
{
	put_list_key(t);
	ev_buf_reset(&t->row);
	for (size_t i = 0; i < t->said.n; i++) {
		if (i > 0)
			ev_buf_putc(&t->row, '\t');
		ev_buf_put(&t->row, t->said.text.p + t->said.list[i].at, t->said.list[i].len);
	}
	if (t->said.n == 0)
		ev_buf_puts(&t->row, dead);
	return sort_add(t, t->row.p, t->row.len, err);
}

/* The event at hand is whole: what it says takes the place of what it said. */
static enum ev_status end_event(struct ev_star *s, struct ev_error *err)
{
	struct ev_star_state *t = s->state;
	bool differ;

	items_reset(&t->said);
	for (size_t i = 0; i < s->m->n_dimensions; i++) {
		if (s->members[i] != NULL)
			note_mentions(s, i);
		else
			note_days(s, i);
	}
	ev_arena_reset(&s->stamps);
	if (!t->inside || t->idle)
		return EV_OK;
	t->inside = false;
	put_list_key(t);
	if (read_before(t, err) != EV_OK)
		return EV_FATAL;
	if (t->said.n > 1)
		qsort_r(t->said.list, t->said.n, sizeof *t->said.list, by_key, &t->said);
	if (compare_lists(t, &differ, err) != EV_OK)
		return EV_FATAL;
	return differ ? put_list(t, err) : EV_OK;
}

enum ev_status ev_star_state_event(struct ev_star *s, const char *id, size_t len, uint64_t first,
				   struct ev_error *err)
{
	struct ev_star_state *t = s->state;

	if (end_event(s, err) != EV_OK)
		return EV_FATAL;
	if (t->id.len > 0 && ev_bytes_compare(t->id.p, t->id.len, id, len) >= 0)
		return EV_REJECT;
	ev_buf_reset(&t->id);
	ev_buf_put(&t->id, id, len);
	ev_buf_reset(&t->who);
	ev_mention_who(id, len, &t->who);
	t->first = first;
	t->inside = true;
	return EV_OK;
}

bool ev_star_state_is_at(const struct ev_star_state *t, const char *id, size_t len)
{
	return t->inside && ev_bytes_compare(t->id.p, t->id.len, id, len) == 0;
}

/* Members */

/* The mentions that were sorted, and those of the member at hand that were there. */
struct walk {
	struct ev_star *s;
	struct ev_sorted next;
	enum ev_status st; /* of next */
	char member[EV_STAR_MEMBER_LEN];
	struct ev_star_sum *sums; /* one a dimension */
};

static bool is_new(const struct walk *w, const char *prefix, size_t len)
{
	return w->st == EV_OK && w->next.key_len >= len && memcmp(w->next.key, prefix, len) == 0;
}

static bool is_old(const struct ev_star_state *t, const struct ev_buf *group)
{
	return t->has_old && t->old_key.len >= group->len &&
	       memcmp(t->old_key.p, group->p, group->len) == 0;
}

static enum ev_status put(struct ev_star_state *t, const char *key, size_t key_len,
			  const char *value, size_t len, struct ev_error *err)
{
	t->dirty = true;
	return ev_store_put_text(t->store, key, key_len, t->to.number, value, len, err);
}

/* Puts the next that was sorted into the state; *stands: it is no taking back, and was looked at. */
static enum ev_status take_new(struct walk *w, bool look, bool *stands, struct ev_error *err)
{
	const struct ev_sorted *n = &w->next;

	*stands = look && !is_dead(n->item, n->len);
	if (*stands)
		ev_star_sum_add(&w->sums[ev_mention_dimension(n->key)], n->key, n->key_len, n->item,
				n->len);
	if (put(w->s->state, n->key, n->key_len, n->item, n->len, err) != EV_OK)
		return EV_FATAL;
	w->st = ev_sort_next(w->s->state->sort, &w->next, err);
	return w->st == EV_FATAL ? EV_FATAL : EV_OK;
}

/*
 * A group of mentions, of one WHAT and SPELLED: the first that stands is looked at. What is new is
 * put into the state.
 */
static enum ev_status take_group(struct walk *w, const struct ev_buf *group, struct ev_error *err)
{
	struct ev_star_state *t = w->s->state;
	struct ev_star_sum *sum = &w->sums[ev_mention_dimension(w->member)];
	bool found = false;

	for (;;) {
		const bool new = is_new(w, group->p, group->len), old = !found &&is_old(t, group);
		int order = !new ? 1 : -1;
		bool stands;

		if (!new && !old)
			break;
		if (new &&old)
			order = ev_bytes_compare(w->next.key, w->next.key_len, t->old_key.p,
						 t->old_key.len);
		if (order <= 0) {
			if (take_new(w, !found, &stands, err) != EV_OK)
				return EV_FATAL;
			found |= stands;
		} else if (!is_dead(t->old_value.p, t->old_value.len)) {
			ev_star_sum_add(sum, t->old_key.p, t->old_key.len, t->old_value.p,
					t->old_value.len);
			found = true;
		}
		if (order >= 0 && !found && take_old(t, err) != EV_OK)
			return EV_FATAL;
	}
	/* The others need not be read. */
	if (!is_old(t, group))
		return EV_OK;
	ev_buf_reset(&t->key);
	ev_buf_put(&t->key, group->p, group->len);
	ev_buf_putc(&t->key, '\x7f');
	return find_onward(t, t->key.p, t->key.len, err);
}

/* Up to the stamp. */
static void put_group(struct ev_buf *group, const char *key, size_t len)
{
	const char *p = key + EV_STAR_MEMBER_LEN + 2, *end = key + len;

	for (int i = 0; i < 2; i++)
		p = (const char *)memchr(p, ' ', (size_t)(end - p)) + 1;
	ev_buf_reset(group);
	ev_buf_put(group, key, (size_t)(p - key));
}

/* Goes through the groups of a member, in the order of their keys. */
static enum ev_status take_groups(struct walk *w, struct ev_error *err)
{
	struct ev_star_state *t = w->s->state;
	struct ev_buf group = {0};
	enum ev_status st = EV_OK;

	while (st == EV_OK) {
		const bool new = is_new(w, w->member, sizeof w->member);
		const bool old = t->has_old && t->old_key.p[EV_STAR_MEMBER_LEN] == 'c';

		if (!new && !old)
			break;
		if (new && (!old || ev_bytes_compare(w->next.key, w->next.key_len, t->old_key.p,
						     t->old_key.len) <= 0))
			put_group(&group, w->next.key, w->next.key_len);
		else
			put_group(&group, t->old_key.p, t->old_key.len);
		st = take_group(w, &group, err);
	}
	ev_buf_free(&group);
	return st;
}

static void make_row(struct ev_star *s, const char *member, const struct ev_star_sum *sum)
{
	const size_t dimension = ev_mention_dimension(member);
	const struct ev_star_dimension *d = &s->plan->dimensions[dimension];
	struct ev_buf *row = &s->state->row;
	struct ev_date date;

	ev_buf_reset(row);
	ev_star_sum_texts(sum, s->texts);
	if (s->members[dimension] == NULL) {
		ev_date_parse(s->texts[0].p, EV_DATE_TEXT, &date);
		ev_star_day_row(&s->m->dimensions[dimension], ev_mention_key(member),
				ev_date_days(date), row);
		return;
	}
	ev_buf_room(row, ev_star_member_room(d, s->texts));
	row->len = (size_t)(ev_star_member_row(row->p, d, ev_mention_key(member), sum->described,
					       s->texts) -
			    row->p);
}

/* The mentions of the next member: the new ones are put, and its row, if that is another. */
static enum ev_status take_member(struct walk *w, struct ev_error *err)
{
	struct ev_star_state *t = w->s->state;
	struct ev_star_sum *sum = &w->sums[ev_mention_dimension(w->next.key)];

	memcpy(w->member, w->next.key, sizeof w->member);
	ev_star_sum_reset(sum);
	if (find_old(t, w->member, sizeof w->member, err) != EV_OK || take_groups(w, err) != EV_OK)
		return EV_FATAL;
	if (sum->first.len > 0) {
		make_row(w->s, w->member, sum);
	} else {
		ev_buf_reset(&t->row);
		ev_buf_puts(&t->row, gone);
	}
	/* What is left is the row that it had. */
	if (t->has_old
		    ? ev_bytes_compare(t->row.p, t->row.len, t->old_value.p, t->old_value.len) == 0
		    : sum->first.len == 0)
		return EV_OK;
	ev_buf_reset(&t->key);
	ev_buf_put(&t->key, w->member, sizeof w->member);
	ev_buf_putc(&t->key, 'r');
	return put(t, t->key.p, t->key.len, t->row.p, t->row.len, err);
}

static enum ev_status take_all(struct walk *w, struct ev_error *err)
{
	struct ev_star_state *t = w->s->state;
	enum ev_status st = ev_sort_finish(t->sort, err);
	bool stands;

	if (st == EV_OK)
		st = w->st = ev_sort_next(t->sort, &w->next, err);
	while (st != EV_FATAL && w->st == EV_OK)
		st = w->next.key[0] == 'm' ? take_member(w, err) : take_new(w, false, &stands, err);
	return st == EV_FATAL ? EV_FATAL : EV_OK;
}

static enum ev_status take_section(struct ev_star *s, struct ev_error *err)
{
	struct walk w = {.s = s};
	enum ev_status st;

	w.sums = ev_calloc(s->m->n_dimensions, sizeof *w.sums);
	for (size_t i = 0; i < s->m->n_dimensions; i++)
		ev_star_sum_init(&w.sums[i],
				 s->members[i] != NULL ? &s->plan->dimensions[i] : NULL);
	st = take_all(&w, err);
	for (size_t i = 0; i < s->m->n_dimensions; i++)
		ev_star_sum_free(&w.sums[i]);
	free(w.sums);
	return st;
}

/* Rows that changed since the section's beginning */

static enum ev_status put_line(struct ev_star *s, const struct ev_buf *line, struct ev_error *err)
{
	if (ev_out_line(s->port->out, line->p, line->len) == EV_OK)
		return EV_OK;
	*err = s->port->out->error;
	return EV_FATAL;
}

/* From the beginning on nobody has anything that had to go. */
static enum ev_status emit_row(struct ev_star *s, struct ev_error *err)
{
	struct ev_star_state *t = s->state;

	if (t->from > 0) {
		ev_buf_reset(&t->row);
		ev_star_gone_row(&s->m->dimensions[ev_mention_dimension(t->old_key.p)],
				 ev_mention_key(t->old_key.p), &t->row);
		if (put_line(s, &t->row, err) != EV_OK)
			return EV_FATAL;
	}
	if (t->old_value.len == sizeof gone - 1 &&
	    memcmp(t->old_value.p, gone, sizeof gone - 1) == 0)
		return EV_OK;
	return put_line(s, &t->old_value, err);
}

static bool is_row(const struct ev_entry *e)
{
	return e->key_len == ROW_LEN && e->p[0] == 'm' && e->p[ROW_LEN - 1] == 'r';
}

/* Of several entries of a row the last is it. */
static enum ev_status emit_rows(struct ev_star *s, struct ev_error *err)
{
	struct ev_star_state *t = s->state;
	struct ev_store_look *look = ev_store_look(t->store, t->from);
	const struct ev_entry *e = NULL;
	enum ev_status st;

	ev_buf_reset(&t->old_key);
	while ((st = ev_look_next(look, &e, err)) == EV_OK && e != NULL && e->p[0] == 'm') {
		if (!is_row(e))
			continue;
		if (t->old_key.len > 0 && memcmp(t->old_key.p, e->p, ROW_LEN) != 0 &&
		    (st = emit_row(s, err)) != EV_OK)
			break;
		ev_buf_reset(&t->old_key);
		ev_buf_put(&t->old_key, e->p, e->key_len);
		ev_buf_reset(&t->old_value);
		ev_buf_put(&t->old_value, e->value, e->value_len);
	}
	if (st == EV_OK && t->old_key.len > 0)
		st = emit_row(s, err);
	ev_look_free(&look);
	return st;
}

enum ev_status ev_star_state_finish(struct ev_star *s, struct ev_error *err)
{
	struct ev_star_state *t = s->state;

	if (end_event(s, err) != EV_OK || (!t->idle && take_section(s, err) != EV_OK))
		return EV_FATAL;
	t->inside = false;
	ev_look_free(&t->look);
	ev_sort_free(&t->sort);
	if (!t->idle && ev_store_prepare(t->store, err) != EV_OK)
		return EV_FATAL;
	return emit_rows(s, err);
}

enum ev_status ev_star_state_commit(struct ev_star *s, struct ev_error *err)
{
	struct ev_star_state *t = s->state;

	return t->idle ? EV_OK : ev_store_commit_as(t->store, &t->to, err);
}

/* What the event at hand says of members, against what it said before: its list in the state. */
#include "base/hash.h"
#include "base/mem.h"
#include "star/internal.h"

#include <stdlib.h>

enum { DIGEST = 16 };
/* Lengths in an item: up to the member's key; and of a bare mention as a whole. */
enum { ITEM_MEMBER = 4 + EV_KEY_TEXT, ITEM_BARE = ITEM_MEMBER + 2 };

static void items_reset(struct ev_star_items *l)
{
	ev_buf_reset(&l->text);
	l->n = 0;
	if (l->list == NULL)
		ev_grow(&l->list, &l->cap, 1, sizeof *l->list);
}

/* Whether an item, one that is not bare, is of a dimension of type 2. */
static bool is_of_history(const struct ev_star_items *l, size_t at)
{
	return l->text.p[at + ITEM_MEMBER + 1] == 'h';
}

static void items_add(struct ev_star_items *l, size_t at, size_t len)
{
	const bool bare = len <= ITEM_BARE;
	size_t key_len = bare ? len : len - DIGEST - 1;

	if (!bare && is_of_history(l, at))
		key_len -= EV_STAR_MOMENT + 1;
	if (l->n == l->cap)
		ev_grow(&l->list, &l->cap, l->n + 1, sizeof *l->list);
	l->list[l->n++] = (struct ev_star_item){at, len, key_len};
}

static int compare_keys(const struct ev_star_items *x, const struct ev_star_item *a,
			const struct ev_star_items *y, const struct ev_star_item *b)
{
	return ev_bytes_compare(x->text.p + a->at, a->key_len, y->text.p + b->at, b->key_len);
}

static int by_key(const void *x, const void *y, void *ctx)
{
	return compare_keys(ctx, x, ctx, y);
}

/* Rebuilds the state's key of an item. */
static void put_key(struct ev_star_state *t, const struct ev_star_items *l,
		    const struct ev_star_item *i)
{
	const char *p = l->text.p + i->at, *end = p + i->key_len, *own = end;

	ev_buf_reset(&t->key);
	ev_buf_putc(&t->key, 'm');
	ev_buf_put(&t->key, p, ITEM_MEMBER);
	ev_buf_puts(&t->key, " c");
	p += ITEM_MEMBER;
	if (i->len <= ITEM_BARE) {
		ev_buf_put(&t->key, p, (size_t)(end - p));
		ev_buf_puts(&t->key, " - - ");
		ev_buf_put(&t->key, t->who.p, t->who.len);
		ev_buf_putc(&t->key, '~');
		return;
	}
	while (own[-1] != ' ')
		own--;
	if (is_of_history(l, i->at)) {
		ev_buf_put(&t->key, p, 2);
		ev_buf_put(&t->key, end + 1, EV_STAR_MOMENT);
		p += 2;
	}
	ev_buf_put(&t->key, p, (size_t)(own - p));
	ev_buf_put(&t->key, t->who.p, t->who.len);
	ev_buf_put(&t->key, own, (size_t)(end - own));
}

static enum ev_status sort_add(struct ev_star_state *t, const char *value, size_t len,
			       struct ev_error *err)
{
	return ev_sort_add(t->sort, t->key.p, t->key.len, value, len, err);
}

/* An item: the mention's key without what all mentions of the event, or of all events, share. */
static void put_item(struct ev_star_state *t, const struct ev_mentions *l)
{
	struct ev_buf *text = &t->said.text;
	const char *p = l->key.p, *end = p + l->key.len, *own = end, *until = NULL;
	uint64_t digest;

	ev_buf_put(text, p + 1, ITEM_MEMBER);
	p += EV_STAR_MEMBER_LEN + 1;
	if (ev_mention_is_bare(l->key.p)) {
		ev_buf_put(text, p, ITEM_BARE - ITEM_MEMBER);
		return;
	}
	while (own[-1] != ' ')
		own--;
	if (ev_mention_is_of_history(l->key.p)) {
		ev_buf_put(text, p, 2);
		until = p + 2;
		p = until + EV_STAR_MOMENT;
	}
	ev_buf_put(text, p, (size_t)(own - p));
	own += t->who.len; /* the element's number is left */
	ev_buf_put(text, own, (size_t)(end - own));
	ev_buf_putc(text, ' ');
	if (until != NULL) {
		ev_buf_put(text, until, EV_STAR_MOMENT);
		ev_buf_putc(text, ' ');
	}
	digest = ev_hash64(l->value.p, l->value.len, ev_store_seed(t->store, 0));
	ev_mention_hex(ev_buf_room(text, DIGEST), digest, DIGEST);
	text->len += DIGEST;
}

/* Its length and value are kept right behind the item. */
static void note_mention(struct ev_star_state *t, const struct ev_mentions *l)
{
	struct ev_buf *text = &t->said.text;
	const size_t at = text->len;

	put_item(t, l);
	items_add(&t->said, at, text->len - at);
	ev_buf_put(text, &l->value.len, sizeof l->value.len);
	ev_buf_put(text, l->value.p, l->value.len);
}

void ev_star_state_note(struct ev_star_state *t, const struct ev_mentions *l)
{
	if (!t->idle)
		note_mention(t, l);
}

static void note_mentions(struct ev_star *s, size_t dimension)
{
	struct ev_members *members = s->members[dimension];
	struct ev_star_state *t = s->state;

	for (struct ev_star_member *m = members->first; m != NULL; m = m->next)
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

/* Reads what the event said before: its list in the state. */
static enum ev_status read_before(struct ev_star_state *t, struct ev_error *err)
{
	struct ev_star_items *l = &t->before;
	const char *p, *end;

	items_reset(l);
	if (t->first > t->at) /* the event is newer than the state */
		return EV_OK;
	if (ev_star_old_find(&t->old, t->key.p, t->key.len, err) != EV_OK)
		return EV_FATAL;
	if (!t->old.there || t->old.key.len != t->key.len || ev_star_old_is_dead(&t->old))
		return EV_OK;
	ev_buf_put(&l->text, t->old.value.p, t->old.value.len);
	p = l->text.p;
	for (end = p + l->text.len; p < end;) {
		const char *tab = memchr(p, '\t', (size_t)(end - p));
		size_t len = (size_t)((tab != NULL ? tab : end) - p);

		items_add(l, (size_t)(p - l->text.p), len);
		p += len + (tab != NULL);
	}
	return EV_OK;
}

/*
 * Announces a mention that is taken back, replaced, or spells the key in its own way. The key with
 * b sorts before all mentions of the member (c), so that settle.c knows in time whether the old row
 * can still be built upon.
 */
static enum ev_status warn(struct ev_star_state *t, struct ev_error *err)
{
	t->key.p[EV_STAR_MEMBER_LEN] = 'b';
	if (sort_add(t, "", 0, err) != EV_OK)
		return EV_FATAL;
	t->key.p[EV_STAR_MEMBER_LEN] = 'c';
	return EV_OK;
}

static enum ev_status say(struct ev_star_state *t, const struct ev_star_item *i, bool other,
			  struct ev_error *err)
{
	const char *value = t->said.text.p + i->at + i->len;
	size_t len;

	memcpy(&len, value, sizeof len);
	put_key(t, &t->said, i);
	if (!ev_mention_is_of_history(t->key.p) &&
	    (other || ev_mention_is_spelled(t->key.p, t->key.len)) && warn(t, err) != EV_OK)
		return EV_FATAL;
	ev_buf_reset(&t->text);
	ev_buf_putc(&t->text, other ? EV_STAR_OTHER : EV_STAR_SAID);
	ev_buf_put(&t->text, value + sizeof len, len);
	return sort_add(t, t->text.p, t->text.len, err);
}

static enum ev_status take_back(struct ev_star_state *t, const struct ev_star_item *i,
				struct ev_error *err)
{
	static const char back = EV_STAR_BACK;

	put_key(t, &t->before, i);
	if (!ev_mention_is_of_history(t->key.p) && warn(t, err) != EV_OK)
		return EV_FATAL;
	return sort_add(t, &back, 1, err);
}

/*
 * The same of a member of type 2. since: the first moment of which it says something else; the key
 * of a mention that says nothing but that the member is there ends with r.
 */
static enum ev_status warn_since(struct ev_star_state *t, const struct ev_star_items *l,
				 const struct ev_star_item *i, int64_t since, struct ev_error *err)
{
	const char *bits = l->text.p + i->at + ITEM_MEMBER + 2;
	char time[EV_STAR_MOMENT];

	ev_buf_reset(&t->key);
	ev_buf_putc(&t->key, 'm');
	ev_buf_put(&t->key, l->text.p + i->at, ITEM_MEMBER);
	ev_buf_puts(&t->key, " b ");
	ev_mention_put_moment(time, since);
	ev_buf_put(&t->key, time, sizeof time);
	while (*bits == '0')
		bits++;
	ev_buf_puts(&t->key, *bits == ' ' ? " r" : " h");
	return sort_add(t, "", 0, err);
}

/* The times from and up to which an item of type 2 is valid. */
static int64_t item_since(const struct ev_star_items *l, const struct ev_star_item *i)
{
	const char *p = memchr(l->text.p + i->at + ITEM_MEMBER + 1, ' ', i->len);

	return ev_mention_time(p + 3); /* behind the hyphen */
}

static int64_t item_until(const struct ev_star_items *l, const struct ev_star_item *i)
{
	return ev_mention_time(l->text.p + i->at + i->key_len + 1);
}

/* What said[a] and before[b] say of a member of type 2, or one of them, where they differ. */
static enum ev_status change(struct ev_star_state *t, const struct ev_star_item *a,
			     const struct ev_star_item *b, struct ev_error *err)
{
	const struct ev_star_items *l = a != NULL ? &t->said : &t->before;
	const struct ev_star_item *i = a != NULL ? a : b;
	const bool both = a != NULL && b != NULL;
	int64_t since = item_since(l, i);
	bool moved = false;

	if (both) {
		const int64_t until = item_until(&t->said, a), was = item_until(&t->before, b);

		moved = until != was;
		if (moved && memcmp(t->said.text.p + a->at + a->len - DIGEST,
				    t->before.text.p + b->at + b->len - DIGEST, DIGEST) == 0)
			since = until < was ? until : was;
	}
	if (warn_since(t, l, i, since, err) != EV_OK ||
	    ((a == NULL || moved) && take_back(t, b, err) != EV_OK))
		return EV_FATAL;
	return a != NULL ? say(t, a, both && !moved, err) : EV_OK;
}

/* Walks both lists in the order of keys; new items are said, missing ones taken back. */
static enum ev_status compare_lists(struct ev_star_state *t, bool *differ, struct ev_error *err)
{
	const struct ev_star_items *said = &t->said, *before = &t->before;
	enum ev_status st = EV_OK;
	size_t i = 0, k = 0;
	int order;

	*differ = false;
	for (; st == EV_OK && (i < said->n || k < before->n); i += order <= 0, k += order >= 0) {
		const struct ev_star_item *a = &said->list[i], *b = &before->list[k];

		order = i == said->n ? 1 : k == before->n ? -1 : compare_keys(said, a, before, b);
		if (order == 0 && ev_bytes_compare(said->text.p + a->at, a->len,
						   before->text.p + b->at, b->len) == 0)
			continue;
		*differ = true;
		if (is_of_history(order <= 0 ? said : before, order <= 0 ? a->at : b->at))
			st = change(t, order <= 0 ? a : NULL, order >= 0 ? b : NULL, err);
		else
			st = order <= 0 ? say(t, a, order == 0, err) : take_back(t, b, err);
	}
	return st;
}

static void put_list_key(struct ev_star_state *t)
{
	ev_buf_reset(&t->key);
	ev_buf_putc(&t->key, 'z');
	ev_store_word(t->id.p, t->id.len, &t->key);
}

static enum ev_status put_list(struct ev_star_state *t, struct ev_error *err)
{
	put_list_key(t);
	ev_buf_reset(&t->text);
	for (size_t i = 0; i < t->said.n; i++) {
		if (i > 0)
			ev_buf_putc(&t->text, '\t');
		ev_buf_put(&t->text, t->said.text.p + t->said.list[i].at, t->said.list[i].len);
	}
	if (t->said.n == 0)
		ev_buf_puts(&t->text, EV_STAR_DEAD);
	return sort_add(t, t->text.p, t->text.len, err);
}

enum ev_status ev_star_state_end_event(struct ev_star *s, struct ev_error *err)
{
	struct ev_star_state *t = s->state;
	bool differ;

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

	if (ev_star_state_end_event(s, err) != EV_OK)
		return EV_FATAL;
	if (t->id.len > 0 && ev_bytes_compare(t->id.p, t->id.len, id, len) >= 0)
		return EV_REJECT;
	ev_buf_reset(&t->id);
	ev_buf_put(&t->id, id, len);
	ev_buf_reset(&t->who);
	ev_mention_who(id, len, &t->who);
	items_reset(&t->said);
	t->count++;
	t->first = first;
	t->inside = true;
	return EV_OK;
}

bool ev_star_state_is_at(const struct ev_star_state *t, const char *id, size_t len)
{
	return t->inside && ev_bytes_compare(t->id.p, t->id.len, id, len) == 0;
}

#include "star/history.h"
#include "base/mem.h"

#include <stdlib.h>

void ev_history_init(struct ev_history *h, const struct ev_star_dimension *d, ev_history_row *row,
		     void *ctx)
{
	*h = (struct ev_history){.row = row, .ctx = ctx, .n = d->n_attributes};
	h->n_parts = d->dimension->n_keys;
	h->stacks = ev_calloc(h->n, sizeof *h->stacks);
}

void ev_history_free(struct ev_history *h)
{
	for (size_t i = 0; i < h->n; i++) {
		free(h->stacks[i].list);
		ev_buf_free(&h->stacks[i].texts);
	}
	free(h->stacks);
	ev_buf_free(&h->stamp);
	ev_buf_free(&h->parts);
	ev_buf_free(&h->text);
	ev_buf_free(&h->last);
}

void ev_history_reset(struct ev_history *h)
{
	for (size_t i = 0; i < h->n; i++) {
		h->stacks[i].n = 0;
		ev_buf_reset(&h->stacks[i].texts);
	}
	h->begun = false;
	ev_buf_reset(&h->stamp);
	ev_buf_reset(&h->parts);
	ev_buf_reset(&h->last);
}

void ev_history_resume(struct ev_history *h, int64_t at, const char *row, size_t len)
{
	h->begun = true;
	h->at = at;
	ev_buf_put(&h->last, row, len);
}

static void pop(struct ev_history_stack *s)
{
	s->texts.len = s->list[--s->n].at;
}

/* Of equal stamps, which only records have that evversion has not seen, the greater value wins. */
static void push(struct ev_history_stack *s, const char *p, size_t len, int64_t until,
		 uint64_t number)
{
	for (; s->n > 0 && s->list[s->n - 1].until <= until; pop(s)) {
		const struct ev_history_said *top = &s->list[s->n - 1];

		if (top->number == number &&
		    ev_bytes_compare(s->texts.p + top->at, s->texts.len - top->at, p, len) >= 0)
			return;
	}
	if (s->n == s->cap)
		ev_grow(&s->list, &s->cap, s->n + 1, sizeof *s->list);
	s->list[s->n++] = (struct ev_history_said){until, number, s->texts.len};
	ev_buf_put(&s->texts, p, len);
}

static enum ev_status make_row(struct ev_history *h, struct ev_error *err)
{
	static const char null[] = "null";

	ev_buf_reset(&h->text);
	ev_buf_putc(&h->text, '0');
	for (size_t i = 0; i < h->n; i++) {
		const struct ev_history_stack *s = &h->stacks[i];

		ev_buf_putc(&h->text, EV_STAR_SEPARATOR);
		if (s->n == 0) {
			ev_buf_puts(&h->text, null);
			continue;
		}
		h->text.p[0] = '1';
		ev_buf_put(&h->text, s->texts.p + s->list[s->n - 1].at,
			   s->texts.len - s->list[s->n - 1].at);
	}
	if (ev_bytes_compare(h->text.p, h->text.len, h->last.p, h->last.len) == 0)
		return EV_OK;
	ev_buf_reset(&h->last);
	ev_buf_put(&h->last, h->text.p, h->text.len);
	return h->row(h->ctx, h->at, &h->text, err);
}

/* Makes the rows that begin before that moment: all that begins up to h->at is on the stacks. */
static enum ev_status advance(struct ev_history *h, int64_t to, struct ev_error *err)
{
	while (h->at < to) {
		int64_t next = to;

		for (size_t i = 0; i < h->n; i++) {
			struct ev_history_stack *s = &h->stacks[i];

			while (s->n > 0 && s->list[s->n - 1].until <= h->at)
				pop(s);
			if (s->n > 0 && s->list[s->n - 1].until < next)
				next = s->list[s->n - 1].until;
		}
		if (make_row(h, err) != EV_OK)
			return EV_FATAL;
		h->at = next;
	}
	return EV_OK;
}

static void push_all(struct ev_history *h, const char *bits, const char *value, const char *end,
		     int64_t until)
{
	const char *parts = value;
	size_t len;

	for (size_t i = 0; i < h->n_parts; i++)
		ev_mention_field(&value, end, &len);
	if (h->parts.len == 0)
		ev_buf_put(&h->parts, parts,
			   (size_t)(value - parts) -
				   (value > parts && value[-1] == EV_STAR_SEPARATOR));
	for (size_t i = 0; i < h->n; i++) {
		const char *text;

		if ((ev_mention_digit(bits[i / 4]) >> i % 4 & 1) == 0)
			continue;
		text = ev_mention_field(&value, end, &len);
		push(&h->stacks[i], text, len, until, h->number);
	}
}

/*
 * A sorted mention: its key has the stamp with every bit turned over, since TIME and WHO are in
 * descending order; its item the end, the digits of the attributes, a space, and the value.
 */

enum ev_status ev_history_sort(struct ev_sort *sort, const char *key, size_t key_len, size_t before,
			       const char *value, size_t len, struct ev_error *err)
{
	const struct ev_mention m = ev_mention_read(key, key_len);
	const size_t end_len = EV_STAR_MOMENT + m.n_bits;
	char *o = ev_sort_room(sort, before + m.stamp_len, end_len + 1 + len);

	memcpy(o, key, before);
	o += before;
	for (size_t i = 0; i < m.stamp_len; i++)
		*o++ = (char)~m.stamp[i];
	memcpy(o, m.bits - EV_STAR_MOMENT, end_len);
	o[end_len] = ' ';
	memcpy(o + end_len + 1, value, len);
	return ev_sort_added(sort, err);
}

enum ev_status ev_history_add(struct ev_history *h, const struct ev_sorted *mention, size_t before,
			      struct ev_error *err)
{
	const char *stamp = mention->key + before, *item = mention->item;
	const size_t stamp_len = mention->key_len - before;
	char time[EV_STAR_MOMENT];
	int64_t since;

	for (size_t i = 0; i < sizeof time; i++)
		time[i] = (char)~stamp[i];
	since = ev_mention_time(time);
	if (!h->begun) {
		h->begun = true;
		h->at = since;
	} else if (advance(h, since, err) != EV_OK) {
		return EV_FATAL;
	}
	if (ev_bytes_compare(h->stamp.p, h->stamp.len, stamp, stamp_len) != 0) {
		h->number++;
		ev_buf_reset(&h->stamp);
		ev_buf_put(&h->stamp, stamp, stamp_len);
	}
	push_all(h, item + EV_STAR_MOMENT, (const char *)memchr(item, ' ', mention->len) + 1,
		 item + mention->len, ev_mention_time(item));
	return EV_OK;
}

enum ev_status ev_history_end(struct ev_history *h, struct ev_error *err)
{
	return h->begun ? advance(h, INT64_MAX, err) : EV_OK;
}

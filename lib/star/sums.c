#include "star/sums.h"
#include "base/mem.h"

#include <stdlib.h>

void ev_star_sum_init(struct ev_star_sum *sum, const struct ev_star_dimension *d)
{
	*sum = (struct ev_star_sum){.n_parts = d != NULL ? d->dimension->n_keys : 1};
	sum->n = sum->n_parts + (d != NULL ? d->n_attributes : 0);
	sum->won = ev_calloc(sum->n, sizeof *sum->won);
}

void ev_star_sum_free(struct ev_star_sum *sum)
{
	free(sum->won);
	ev_buf_free(&sum->texts);
	ev_buf_free(&sum->first);
}

void ev_star_sum_reset(struct ev_star_sum *sum)
{
	for (size_t i = 0; i < sum->n; i++)
		sum->won[i].set = false;
	sum->described = false;
	ev_buf_reset(&sum->texts);
	ev_buf_reset(&sum->first);
}

bool ev_star_sum_asks(const struct ev_star_sum *sum, const char *key, size_t key_len)
{
	/* Several records of one event may have the same stamp: each of them is read. */
	return sum->first.len == 0 || key_len < sum->first_stamp ||
	       memcmp(key, sum->first.p, sum->first_stamp) != 0 ||
	       (key_len == sum->first.len && memcmp(key, sum->first.p, key_len) == 0);
}

static size_t keep(struct ev_star_sum *sum, const char *p, size_t len)
{
	size_t at = sum->texts.len;

	ev_buf_put(&sum->texts, p, len);
	ev_buf_room(&sum->texts, EV_COPY_OVER);
	return at;
}

static int compare(const struct ev_star_sum *sum, size_t at, size_t at_len, const char *p,
		   size_t len)
{
	return ev_bytes_compare(sum->texts.p + at, at_len, p, len);
}

void ev_star_sum_part(struct ev_star_sum *sum, size_t part, const char *p, size_t len)
{
	struct ev_star_won *w = &sum->won[part];

	if (w->set && compare(sum, w->at, w->len, p, len) >= 0)
		return;
	w->at = keep(sum, p, len);
	w->len = len;
	w->set = true;
}

/*
 * The least stamp wins, because stamps sort in descending order; of equal stamps the greater value.
 */
static void add_attribute(struct ev_star_sum *sum, struct ev_star_won *w, const char *p, size_t len,
			  const struct ev_mention_words *words)
{
	const size_t stamp_len = (size_t)(words->end - words->stamp);
	int order = w->set ? compare(sum, w->stamp_at, w->stamp_len, words->stamp, stamp_len) : 1;

	if (order < 0 || (order == 0 && compare(sum, w->at, w->len, p, len) >= 0))
		return;
	w->at = keep(sum, p, len);
	w->len = len;
	w->stamp_at = keep(sum, words->stamp, stamp_len);
	w->stamp_len = stamp_len;
	w->set = true;
}

void ev_star_sum_add(struct ev_star_sum *sum, const char *key, size_t key_len, const char *value,
		     size_t len)
{
	const struct ev_mention_words w = ev_mention_words(key, key_len);
	const char *behind = memchr(value, EV_STAR_BEHIND, len), *what = w.what;
	const char *end = behind != NULL ? behind : value + len;

	sum->first_stamp = (size_t)(w.stamp - key);
	ev_buf_reset(&sum->first);
	ev_buf_put(&sum->first, key, key_len);
	for (size_t i = 0; i < sum->n_parts; i++) {
		const char *part = ev_mention_field(&value, end, &len);

		ev_star_sum_part(sum, i, part, len);
	}
	if (*what++ == 'r')
		return;
	sum->described = true;
	for (size_t i = 0; what < w.spelled - 1; i += 4, what++) {
		unsigned bits = ev_mention_digit(*what);

		for (size_t k = i; bits != 0; k++, bits >>= 1) {
			const char *text;

			if ((bits & 1) == 0)
				continue;
			text = ev_mention_field(&value, end, &len);
			add_attribute(sum, &sum->won[sum->n_parts + k], text, len, &w);
		}
	}
}

static bool is_same_stamp(const struct ev_star_sum *sum, const struct ev_star_won *a,
			  const struct ev_star_won *b)
{
	return b->set && compare(sum, a->stamp_at, a->stamp_len, sum->texts.p + b->stamp_at,
				 b->stamp_len) == 0;
}

/* WON of the i-th attribute's stamp: all that it has won. Once for each stamp. */
static void write_won(const struct ev_star_sum *sum, size_t i, struct ev_buf *out)
{
	const struct ev_star_won *w = &sum->won[i];

	for (size_t k = sum->n_parts; k < i; k++)
		if (is_same_stamp(sum, w, &sum->won[k]))
			return;
	ev_buf_putc(out, ' ');
	for (size_t from = sum->n_parts; from < sum->n; from += 4) {
		unsigned bits = 0;

		for (size_t k = from; k < from + 4 && k < sum->n; k++)
			if (is_same_stamp(sum, w, &sum->won[k]))
				bits |= 1U << (k - from);
		ev_buf_putc(out, ev_mention_digits[bits]);
	}
	ev_buf_putc(out, ' ');
	ev_buf_put(out, sum->texts.p + w->stamp_at, w->stamp_len);
}

void ev_star_sum_write(const struct ev_star_sum *sum, struct ev_buf *out)
{
	for (size_t i = sum->n_parts; i < sum->n; i++)
		if (sum->won[i].set)
			write_won(sum, i, out);
	for (size_t i = 0; i < sum->n; i++) {
		ev_buf_putc(out, EV_STAR_SEPARATOR);
		if (sum->won[i].set)
			ev_buf_put(out, sum->texts.p + sum->won[i].at, sum->won[i].len);
	}
}

void ev_star_sum_read(struct ev_star_sum *sum, const char *p, size_t len)
{
	const char *end = p + len, *fields = memchr(p, EV_STAR_SEPARATOR, len);

	while (p < fields) { /* WON TIME WHO */
		const char *bits = p + (*p == ' '), *stamp = ev_mention_word_end(bits, fields) + 1;
		const char *stop =
			ev_mention_word_end(ev_mention_word_end(stamp, fields) + 1, fields);
		const size_t at = keep(sum, stamp, (size_t)(stop - stamp));

		for (size_t i = sum->n_parts; i < sum->n; i++) {
			struct ev_star_won *w = &sum->won[i];
			const size_t k = i - sum->n_parts;

			if ((ev_mention_digit(bits[k / 4]) >> k % 4 & 1) == 0)
				continue;
			w->stamp_at = at;
			w->stamp_len = (size_t)(stop - stamp);
		}
		p = stop;
	}
	p = fields + 1;
	for (size_t i = 0; i < sum->n; i++) {
		const char *text = ev_mention_field(&p, end, &len);

		sum->won[i].set = len > 0;
		sum->won[i].at = keep(sum, text, len);
		sum->won[i].len = len;
	}
}

bool ev_star_sum_is_won(const struct ev_star_sum *sum, const char *key, size_t key_len)
{
	const struct ev_mention_words w = ev_mention_words(key, key_len);

	for (size_t i = sum->n_parts; i < sum->n && *w.what == 'd'; i++) {
		const struct ev_star_won *won = &sum->won[i];

		if (won->set && compare(sum, won->stamp_at, won->stamp_len, w.stamp,
					(size_t)(w.end - w.stamp)) == 0)
			return true;
	}
	return false;
}

static const struct ev_star_text null = {"null                            ", 4};

void ev_star_sum_texts(const struct ev_star_sum *sum, struct ev_star_text *texts)
{
	for (size_t i = 0; i < sum->n; i++) {
		const struct ev_star_won *w = &sum->won[i];

		texts[i] = null;
		if (w->set)
			texts[i] = (struct ev_star_text){sum->texts.p + w->at, w->len};
	}
}

void ev_star_member_texts(const struct ev_members *members, const struct ev_star_member *m,
			  struct ev_star_text *texts)
{
	for (size_t i = 0; i < members->n_parts; i++, texts++)
		texts->p = ev_members_part(members, m, i, &texts->len);
	for (size_t i = 0; i < members->n_attributes; i++, texts++) {
		const struct ev_attribute *a = &m->attributes[i];

		*texts = null;
		if (a->stamp != NULL)
			*texts = (struct ev_star_text){a->p, a->len};
	}
}

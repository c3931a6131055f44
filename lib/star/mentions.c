#include "star/mentions.h"
#include "base/mem.h"
#include "warehouse/calendar.h"

#include <stdlib.h>

static const char digits[] = "0123456789abcdef", turned[] = "fedcba9876543210";

static unsigned digit_of(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

static char *put_hex(char *o, const char *as, uint64_t n, int count)
{
	for (int i = count - 1; i >= 0; i--)
		*o++ = as[n >> (4 * i) & 15];
	return o;
}

char *ev_mention_hex(char *o, uint64_t n, int count)
{
	return put_hex(o, digits, n, count);
}

static void put_member(struct ev_buf *out, size_t dimension, const char *key)
{
	char *o = ev_buf_room(out, EV_STAR_MEMBER_LEN);

	*o++ = 'm';
	o = put_hex(o, digits, dimension, 4);
	memcpy(o, key, EV_KEY_TEXT);
	o[EV_KEY_TEXT] = ' ';
	out->len += EV_STAR_MEMBER_LEN;
}

size_t ev_mention_dimension(const char *mention)
{
	size_t n = 0;

	for (int i = 1; i < 5; i++)
		n = n * 16 + digit_of(mention[i]);
	return n;
}

/*
 * An id in descending order: the greater id gives the lesser word, so that the latest stamp sorts
 * first. Printable bytes are mirrored; any other is a byte above or below all of these, and two
 * digits. The word's end sorts behind every byte that could go on with it.
 */
void ev_mention_who(const char *id, size_t len, struct ev_buf *out)
{
	enum { LOW = '$', HIGH = '|', BELOW = '}', ABOVE = '#', END = '~' };
	char *o = ev_buf_room(out, 3 * len + 1), *begin = o;

	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)id[i];

		if (c >= LOW && c <= HIGH) {
			*o++ = (char)(LOW + HIGH - c);
			continue;
		}
		*o++ = c < LOW ? BELOW : ABOVE;
		o = put_hex(o, turned, c, 2);
	}
	*o++ = END;
	out->len += (size_t)(o - begin);
}

/* WHO: the event's id, then the number of the element. The event itself sorts last. */
static void put_who(struct ev_buf *out, const char *id, size_t len, uint32_t element)
{
	char *o;

	ev_mention_who(id, len, out);
	if (element == 0) {
		ev_buf_putc(out, '~');
		return;
	}
	o = ev_buf_room(out, 8);
	out->len += (size_t)(put_hex(o, turned, element, 8) - o);
}

/* SPELLED: a digest of the key's parts, which the value has so far; or a hyphen. */
static void set_spelled(struct ev_mentions *l, bool spelled)
{
	l->spelled[0] = '-';
	l->spelled_len = 1;
	if (!spelled)
		return;
	ev_hash128_hex(ev_hash128(l->value.p, l->value.len, 0), l->spelled);
	l->spelled_len = sizeof l->spelled - 1;
}

/* Appends the parts of the key as the member spells them to the value, and sets SPELLED. */
static void put_parts(struct ev_mentions *l, const struct ev_members *members,
		      const struct ev_star_member *m)
{
	for (size_t i = 0; i < members->n_parts; i++) {
		size_t len;
		const char *part = ev_members_part(members, m, i, &len);

		if (i > 0)
			ev_buf_putc(&l->value, EV_STAR_SEPARATOR);
		ev_buf_put(&l->value, part, len);
	}
	set_spelled(l, m->spelled != NULL);
}

/* Goes last: the identity, only where the key is spelled in another way. */
static void put_identity(struct ev_mentions *l, const struct ev_members *members,
			 const struct ev_star_member *m)
{
	const size_t at = l->value.len + 1;

	if (m->spelled == NULL)
		return;
	ev_buf_putc(&l->value, EV_STAR_BEHIND);
	ev_buf_put(&l->value, ev_members_identity(members, m), m->identity_len);
	for (size_t i = at; i < l->value.len; i++)
		if (l->value.p[i] == '\n')
			l->value.p[i] = EV_STAR_SEPARATOR;
}

/* WHAT: a bit for each attribute that this stamp set; their values are appended. */
static void put_attributes(struct ev_mentions *l, const struct ev_members *members,
			   const struct ev_star_member *m, const struct ev_stamp *stamp)
{
	ev_buf_putc(&l->key, 'd');
	for (size_t i = 0; i < members->n_attributes; i += 4) {
		unsigned bits = 0;

		for (size_t k = i; k < i + 4 && k < members->n_attributes; k++) {
			const struct ev_attribute *a = &m->attributes[k];

			if (a->stamp == NULL || a->stamp != stamp)
				continue;
			bits |= 1U << (k - i);
			ev_buf_putc(&l->value, EV_STAR_SEPARATOR);
			ev_buf_put(&l->value, a->p, a->len);
		}
		ev_buf_putc(&l->key, digits[bits]);
	}
}

static void begin(struct ev_mentions *l, size_t dimension, const char *key)
{
	ev_buf_reset(&l->key);
	ev_buf_reset(&l->value);
	put_member(&l->key, dimension, key);
	ev_buf_put(&l->key, "c ", 2);
}

static void put_spelled(struct ev_mentions *l)
{
	ev_buf_putc(&l->key, ' ');
	ev_buf_put(&l->key, l->spelled, l->spelled_len);
}

static void put_no_stamp(struct ev_mentions *l, const char *who, size_t len)
{
	ev_buf_put(&l->key, " - ", 3);
	put_who(&l->key, who, len, 0);
}

/* A time, turned over. */
static void put_time(struct ev_mentions *l, int64_t time)
{
	char *o = ev_buf_room(&l->key, EV_STAR_MOMENT);

	put_hex(o, turned, (uint64_t)time ^ (uint64_t)1 << 63, EV_STAR_MOMENT);
	l->key.len += EV_STAR_MOMENT;
}

static void put_stamp(struct ev_mentions *l, const struct ev_stamp *stamp)
{
	ev_buf_putc(&l->key, ' ');
	put_time(l, stamp->time);
	ev_buf_putc(&l->key, ' ');
	put_who(&l->key, stamp->id, stamp->id_len, stamp->element);
}

/* A mention without a stamp: it says only that the member exists. */
static void put_bare(struct ev_mentions *l, const struct ev_members *members,
		     const struct ev_star_member *m, const char *who, size_t who_len)
{
	if (m->described)
		put_attributes(l, members, m, NULL);
	else
		ev_buf_putc(&l->key, 'r');
	put_identity(l, members, m);
	put_spelled(l);
	put_no_stamp(l, who, who_len);
}

static bool is_first_of_stamp(const struct ev_star_member *m, size_t i)
{
	const struct ev_stamp *stamp = m->attributes[i].stamp;

	for (size_t k = 0; k < i && stamp != NULL; k++)
		if (m->attributes[k].stamp == stamp)
			return false;
	return stamp != NULL;
}

bool ev_mentions_next(struct ev_mentions *l, size_t dimension, const struct ev_members *members,
		      const struct ev_star_member *m, const char *who, size_t who_len)
{
	const size_t n = members->n_attributes, was = l->next;
	const struct ev_stamp *stamp;

	while (l->next < n && !is_first_of_stamp(m, l->next))
		l->next++;
	if (l->next >= n && (was > 0 || l->next > n)) {
		l->next = 0;
		return false;
	}
	begin(l, dimension, m->key);
	put_parts(l, members, m);
	if (l->next == n) { /* no attribute has a stamp */
		put_bare(l, members, m, who, who_len);
		l->next = n + 1;
		return true;
	}
	stamp = m->attributes[l->next++].stamp;
	put_attributes(l, members, m, stamp);
	put_identity(l, members, m);
	put_spelled(l);
	put_stamp(l, stamp);
	return true;
}

/* A hex digit for each four attributes: those that are borne, whose values are appended. */
static void put_borne(struct ev_mentions *l, const struct ev_star_text *attributes, size_t n)
{
	for (size_t i = 0; i < n; i += 4) {
		unsigned bits = 0;

		for (size_t k = i; k < i + 4 && k < n; k++) {
			if (attributes == NULL || attributes[k].p == NULL)
				continue;
			bits |= 1U << (k - i);
			ev_buf_putc(&l->value, EV_STAR_SEPARATOR);
			ev_buf_put(&l->value, attributes[k].p, attributes[k].len);
		}
		ev_buf_putc(&l->key, digits[bits]);
	}
}

void ev_mentions_version(struct ev_mentions *l, size_t dimension, const struct ev_members *members,
			 const struct ev_star_member *m, const struct ev_star_text *attributes,
			 size_t n, const struct ev_stamp *stamp, int64_t until)
{
	begin(l, dimension, m->key);
	put_parts(l, members, m);
	ev_buf_putc(&l->key, 'h');
	put_time(l, until);
	put_borne(l, attributes, n);
	put_spelled(l);
	put_stamp(l, stamp);
}

void ev_mentions_say(struct ev_mentions *l, const struct ev_saying *what)
{
	begin(l, what->dimension, what->key);
	for (size_t i = 0; i < what->n_parts; i++) {
		if (i > 0)
			ev_buf_putc(&l->value, EV_STAR_SEPARATOR);
		ev_buf_put(&l->value, what->texts[i].p, what->texts[i].len);
	}
	/* Of type 1 it differs where the parts do, which is all that sums ask of it. */
	set_spelled(l, !what->spans);
	ev_buf_putc(&l->key, what->spans ? 'h' : what->described ? 'd' : 'r');
	if (what->spans)
		put_time(l, what->until);
	if (what->spans || what->described)
		put_borne(l, what->texts + what->n_parts, what->n);
	put_spelled(l);
	if (what->stamped)
		put_stamp(l, &what->stamp);
	else
		put_no_stamp(l, "", 0);
}

static const char *word_end(const char *p, const char *end)
{
	const char *space = memchr(p, ' ', (size_t)(end - p));

	return space != NULL ? space : end;
}

/* The words of a mention's key that follow the member. */
struct words {
	const char *what, *spelled, *stamp, *end;
};

static struct words words_of(const char *key, size_t len)
{
	struct words w = {.what = key + EV_STAR_MEMBER_LEN + 2, .end = key + len};

	w.spelled = word_end(w.what, w.end) + 1;
	w.stamp = word_end(w.spelled, w.end) + 1;
	return w;
}

int64_t ev_mention_time(const char *hex)
{
	uint64_t t = 0;

	for (int i = 0; i < EV_STAR_MOMENT; i++)
		t = t << 4 | (15 - digit_of(hex[i]));
	return (int64_t)(t ^ (uint64_t)1 << 63);
}

struct ev_mention ev_mention_read(const char *key, size_t len)
{
	const struct words w = words_of(key, len);
	struct ev_mention m = {.bits = w.what + 1 + EV_STAR_MOMENT, .stamp = w.stamp};

	m.n_bits = (size_t)(w.spelled - 1 - m.bits);
	m.stamp_len = (size_t)(w.end - w.stamp);
	m.since = ev_mention_time(w.stamp);
	m.until = ev_mention_time(w.what + 1);
	return m;
}

void ev_mentions_day(struct ev_mentions *l, size_t dimension, int64_t day, const char *who,
		     size_t who_len)
{
	char key[EV_KEY_TEXT + 1], date[EV_DATE_TEXT];

	ev_key_day(ev_date_of_days(day), &l->value, key);
	begin(l, dimension, key);
	ev_buf_put(&l->key, "r -", 3);
	put_no_stamp(l, who, who_len);
	ev_date_format(ev_date_of_days(day), date);
	ev_buf_put(&l->value, date, sizeof date);
}

void ev_mentions_free(struct ev_mentions *l)
{
	ev_buf_free(&l->key);
	ev_buf_free(&l->value);
}

/* Sums */

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

bool ev_mention_is_spelled(const char *mention, size_t len)
{
	const struct words w = words_of(mention, len);

	return *w.spelled != '-';
}

size_t ev_mention_group(const char *mention, size_t len)
{
	return (size_t)(words_of(mention, len).stamp - mention);
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
			  const struct words *words)
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

/* The text up to the next separator. *p moves past that. */
static const char *field(const char **p, const char *end, size_t *len)
{
	const char *from = *p, *stop = memchr(from, EV_STAR_SEPARATOR, (size_t)(end - from));

	if (stop == NULL)
		stop = end;
	*len = (size_t)(stop - from);
	*p = stop < end ? stop + 1 : end;
	return from;
}

void ev_star_sum_add(struct ev_star_sum *sum, const char *key, size_t key_len, const char *value,
		     size_t len)
{
	const struct words w = words_of(key, key_len);
	const char *behind = memchr(value, EV_STAR_BEHIND, len), *what = w.what;
	const char *end = behind != NULL ? behind : value + len;

	sum->first_stamp = (size_t)(w.stamp - key);
	ev_buf_reset(&sum->first);
	ev_buf_put(&sum->first, key, key_len);
	for (size_t i = 0; i < sum->n_parts; i++) {
		const char *part = field(&value, end, &len);

		ev_star_sum_part(sum, i, part, len);
	}
	if (*what++ == 'r')
		return;
	sum->described = true;
	for (size_t i = 0; what < w.spelled - 1; i += 4, what++) {
		unsigned bits = digit_of(*what);

		for (size_t k = i; bits != 0; k++, bits >>= 1) {
			const char *text;

			if ((bits & 1) == 0)
				continue;
			text = field(&value, end, &len);
			add_attribute(sum, &sum->won[sum->n_parts + k], text, len, &w);
		}
	}
}

/* Taking apart */

/* What ev_mention_who() wrote; returns its end. */
static const char *read_id(const char *p, struct ev_buf *id)
{
	enum { LOW = '$', HIGH = '|', END = '~' };

	ev_buf_reset(id);
	for (; *p != END; p++) {
		unsigned char c = (unsigned char)(LOW + HIGH - *p);

		if (*p < LOW || *p > HIGH) {
			c = (unsigned char)((15 - digit_of(p[1])) << 4 | (15 - digit_of(p[2])));
			p += 2;
		}
		ev_buf_putc(id, (char)c);
	}
	return p + 1;
}

static uint32_t read_element(const char *p, const char *end)
{
	uint32_t n = 0;

	for (; *p != '~' && p < end; p++)
		n = n << 4 | (15 - digit_of(*p));
	return n;
}

static void read_stamp(const struct words *w, struct ev_saying *what, struct ev_buf *id)
{
	const char *element;

	what->stamped = *w->stamp != '-';
	if (!what->stamped)
		return;
	element = read_id(w->stamp + EV_STAR_MOMENT + 1, id);
	what->stamp = (struct ev_stamp){ev_mention_time(w->stamp), id->p, (uint32_t)id->len,
					read_element(element, w->end)};
}

void ev_mention_take_apart(const struct ev_mentions *l, struct ev_saying *what, struct ev_buf *id)
{
	const struct words w = words_of(l->key.p, l->key.len);
	const char *bits = w.what + 1, *value = l->value.p, *end = value + l->value.len;
	const char *behind = memchr(value, EV_STAR_BEHIND, l->value.len);

	what->dimension = ev_mention_dimension(l->key.p);
	what->key = ev_mention_key(l->key.p);
	what->described = *w.what == 'd';
	what->spans = *w.what == 'h';
	if (what->spans) {
		what->until = ev_mention_time(bits);
		bits += EV_STAR_MOMENT;
	}
	if (behind != NULL)
		end = behind;
	read_stamp(&w, what, id);
	for (size_t i = 0; i < what->n_parts; i++)
		what->texts[i].p = field(&value, end, &what->texts[i].len);
	for (size_t i = 0; i < what->n; i++) {
		struct ev_star_text *text = &what->texts[what->n_parts + i];
		const bool borne = *w.what != 'r' && (digit_of(bits[i / 4]) >> i % 4 & 1) != 0;

		*text = (struct ev_star_text){NULL, 0};
		if (borne)
			text->p = field(&value, end, &text->len);
		what->described |= borne;
	}
}

/* Sums as rows of the state */

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
		ev_buf_putc(out, digits[bits]);
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
		const char *bits = p + (*p == ' '), *stamp = word_end(bits, fields) + 1;
		const char *stop = word_end(word_end(stamp, fields) + 1, fields);
		const size_t at = keep(sum, stamp, (size_t)(stop - stamp));

		for (size_t i = sum->n_parts; i < sum->n; i++) {
			struct ev_star_won *w = &sum->won[i];
			const size_t k = i - sum->n_parts;

			if ((digit_of(bits[k / 4]) >> k % 4 & 1) == 0)
				continue;
			w->stamp_at = at;
			w->stamp_len = (size_t)(stop - stamp);
		}
		p = stop;
	}
	p = fields + 1;
	for (size_t i = 0; i < sum->n; i++) {
		const char *text = field(&p, end, &len);

		sum->won[i].set = len > 0;
		sum->won[i].at = keep(sum, text, len);
		sum->won[i].len = len;
	}
}

bool ev_star_sum_is_won(const struct ev_star_sum *sum, const char *key, size_t key_len)
{
	const struct words w = words_of(key, key_len);

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

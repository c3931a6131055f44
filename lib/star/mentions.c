#include "star/mentions.h"
#include "base/mem.h"


const char ev_mention_digits[] = "0123456789abcdef";
static const char turned[] = "fedcba9876543210";

static char *put_hex(char *o, const char *as, uint64_t n, int count)
{
	for (int i = count - 1; i >= 0; i--)
		*o++ = as[n >> (4 * i) & 15];
	return o;
}

char *ev_mention_hex(char *o, uint64_t n, int count)
{
	return put_hex(o, ev_mention_digits, n, count);
}

static void put_member(struct ev_buf *out, size_t dimension, const char *key)
{
	char *o = ev_buf_room(out, EV_STAR_MEMBER_LEN);

	*o++ = 'm';
	o = put_hex(o, ev_mention_digits, dimension, 4);
	memcpy(o, key, EV_KEY_TEXT);
	o[EV_KEY_TEXT] = ' ';
	out->len += EV_STAR_MEMBER_LEN;
}

size_t ev_mention_dimension(const char *mention)
{
	size_t n = 0;

	for (int i = 1; i < 5; i++)
		n = n * 16 + ev_mention_digit(mention[i]);
	return n;
}

/*
 * An id in descending order: the greater id gives the lesser word, so that the latest stamp sorts
 * first. Printable bytes are mirrored; any other is a byte above or below all of these, and two
 * ev_mention_digits. The word's end sorts behind every byte that could go on with it.
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
		ev_buf_putc(&l->key, ev_mention_digits[bits]);
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

/* A time as a number that compares without a sign as the time does; and back. */
static uint64_t unsigned_of(int64_t time)
{
	return (uint64_t)time ^ (uint64_t)1 << 63;
}

static int64_t time_of(uint64_t n)
{
	return (int64_t)(n ^ (uint64_t)1 << 63);
}

/* A time, turned over. */
static void put_time(struct ev_mentions *l, int64_t time)
{
	char *o = ev_buf_room(&l->key, EV_STAR_MOMENT);

	put_hex(o, turned, unsigned_of(time), EV_STAR_MOMENT);
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
		ev_buf_putc(&l->key, ev_mention_digits[bits]);
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

struct ev_mention_words ev_mention_words(const char *key, size_t len)
{
	struct ev_mention_words w = {.what = key + EV_STAR_MEMBER_LEN + 2, .end = key + len};

	w.spelled = ev_mention_word_end(w.what, w.end) + 1;
	w.stamp = ev_mention_word_end(w.spelled, w.end) + 1;
	return w;
}

char *ev_mention_put_moment(char *o, int64_t time)
{
	return put_hex(o, ev_mention_digits, unsigned_of(time), EV_STAR_MOMENT);
}

int64_t ev_mention_moment(const char *hex)
{
	uint64_t n = 0;

	for (int i = 0; i < EV_STAR_MOMENT; i++)
		n = n << 4 | ev_mention_digit(hex[i]);
	return time_of(n);
}

int64_t ev_mention_time(const char *hex)
{
	uint64_t n = 0;

	for (int i = 0; i < EV_STAR_MOMENT; i++)
		n = n << 4 | (15 - ev_mention_digit(hex[i]));
	return time_of(n);
}

struct ev_mention ev_mention_read(const char *key, size_t len)
{
	const struct ev_mention_words w = ev_mention_words(key, len);
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

bool ev_mention_is_spelled(const char *mention, size_t len)
{
	const struct ev_mention_words w = ev_mention_words(mention, len);

	return *w.spelled != '-';
}

size_t ev_mention_group(const char *mention, size_t len)
{
	return (size_t)(ev_mention_words(mention, len).stamp - mention);
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
			c = (unsigned char)((15 - ev_mention_digit(p[1])) << 4 |
					    (15 - ev_mention_digit(p[2])));
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
		n = n << 4 | (15 - ev_mention_digit(*p));
	return n;
}

static void read_stamp(const struct ev_mention_words *w, struct ev_saying *what, struct ev_buf *id)
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
	const struct ev_mention_words w = ev_mention_words(l->key.p, l->key.len);
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
		what->texts[i].p = ev_mention_field(&value, end, &what->texts[i].len);
	for (size_t i = 0; i < what->n; i++) {
		struct ev_star_text *text = &what->texts[what->n_parts + i];
		const bool borne =
			*w.what != 'r' && (ev_mention_digit(bits[i / 4]) >> i % 4 & 1) != 0;

		*text = (struct ev_star_text){NULL, 0};
		if (borne)
			text->p = ev_mention_field(&value, end, &text->len);
		what->described |= borne;
	}
}

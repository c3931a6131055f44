#include "base/compiler.h"
#include "scan/form.h"
#include "star/internal.h"

/* The bytes of a string with exactly that length, or NULL. */
static const char *text_at(const struct ev_doc *d, uint32_t at, size_t want)
{
	if (at == EV_NOWHERE || ev_kind(d, at) != EV_STRING ||
	    d->nodes[at].end - d->nodes[at].pos != want + 2)
		return NULL;
	return d->text + d->nodes[at].pos + 1;
}

/* False if the node is no boolean. */
static bool bool_at(const struct ev_doc *d, uint32_t at, bool *value)
{
	if (at == EV_NOWHERE || (ev_kind(d, at) != EV_TRUE && ev_kind(d, at) != EV_FALSE))
		return false;
	*value = ev_kind(d, at) == EV_TRUE;
	return true;
}

/* Reads a number: plain digits without a leading zero. */
static bool number_at(const struct ev_doc *d, uint32_t at, struct ev_star_version *v)
{
	if (at == EV_NOWHERE || ev_kind(d, at) != EV_NUMBER)
		return false;
	v->number = ev_raw(d, at, &v->number_len);
	for (size_t i = 0; i < v->number_len; i++)
		if (v->number[i] < '0' || v->number[i] > '9')
			return false;
	return v->number_len < EV_STAR_SHORT && v->number[0] != '0';
}

/* from, to: times in quotes; to may be NULL. */
static void put_validity(struct ev_star_version *v, const char *from, const char *to)
{
#define FLAGS(text)                    \
	{                              \
		text, sizeof(text) - 1 \
	}
	static const struct {
		char text[48];
		size_t len;
	} flags[] = {
		FLAGS(",\"ev_current\":false,\"ev_deleted\":false"),
		FLAGS(",\"ev_current\":false,\"ev_deleted\":true"),
		FLAGS(",\"ev_current\":true,\"ev_deleted\":false"),
		FLAGS(",\"ev_current\":true,\"ev_deleted\":true"),
	};
#undef FLAGS
	static const char between[] = ",\"ev_valid_to\":";
	unsigned which = 2U * v->current + v->deleted;
	const size_t len = EV_TIME_TEXT + 2;
	char *o = v->validity;

	o = (char *)memcpy(o, from, len) + len;
	o = (char *)memcpy(o, between, sizeof between - 1) + sizeof between - 1;
	if (to != NULL)
		o = (char *)memcpy(o, to, len) + len;
	else
		o = (char *)memcpy(o, "null", 4) + 4;
	memcpy(o, flags[which].text, sizeof flags[which].text);
	v->validity_len = (size_t)(o - v->validity) + flags[which].len;
}

static inline int64_t two_digits(const char *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

/*
 * Reads EV_TIME_TEXT bytes as a number that compares as the time does. False if they are no time.
 */
static bool moment(const char *text, int64_t *t)
{
	typedef uint8_t bytes EV_VECTOR(16);
	static const char least[2][17] = {"0000-00-00T00:00", "00:00:00.000000Z"},
			  most[2][17] = {"9999-99-99T99:99", "99:99:99.999999Z"};
	bytes fits = {0};
	uint64_t halves[2];
	int64_t day, second;

	fits = ~fits;
	for (size_t i = 0; i < 2; i++) {
		bytes v, low, high;

		memcpy(&v, text + 11 * i, sizeof v); /* the second overlaps the first */
		memcpy(&low, least[i], sizeof low);
		memcpy(&high, most[i], sizeof high);
		fits &= (bytes)(v >= low) & (bytes)(v <= high);
	}
	memcpy(halves, &fits, sizeof halves);
	if ((halves[0] & halves[1]) != UINT64_MAX)
		return false;
	day = ((two_digits(text) * 100 + two_digits(text + 2)) * 13 + two_digits(text + 5)) * 32 +
	      two_digits(text + 8);
	second =
		(two_digits(text + 11) * 100 + two_digits(text + 14)) * 100 + two_digits(text + 17);
	*t = (day * 240000 + second) * 1000000 + /* an hour is less than 24 */
	     (two_digits(text + 20) * 100 + two_digits(text + 22)) * 100 + two_digits(text + 24);
	return true;
}

/* Without evversion an event is its own only version. */
static void only_version(struct ev_star *s, struct ev_star_version *v)
{
	static const char one[EV_COPY_OVER] = "1";

	v->number = one;
	v->number_len = 1;
	moment(ev_star_time(s, true) + 1, &v->since);
	v->deleted = s->event.op == EV_DELETE;
	v->current = !v->deleted;
	put_validity(v, ev_star_time(s, true), NULL);
}

static void read_owner(struct ev_star *s)
{
	ev_buf_reset(&s->owner);
	if (s->event.is_uuid)
		ev_buf_put(&s->owner, s->event.id, EV_UUID_TEXT);
	else
		ev_json_escape(s->event.id, s->event.id_len, &s->owner);
	ev_buf_room(&s->owner, EV_COPY_OVER);
}

bool ev_star_read_version(struct ev_star *s, struct ev_star_version *v)
{
	const struct ev_doc *d = s->event.doc;
	const char *from, *to = NULL;
	uint32_t at[EV_STAR_SAYS], valid_to; /* EV_NOWHERE if "_ev" does not say it */

	v->id_kept = NULL;
	v->kept = NULL;
	read_owner(s);
	for (size_t i = 0; i < EV_STAR_SAYS; i++)
		at[i] = s->event.at[s->says[i]];
	if (at[EV_STAR_NUMBER_OF] == EV_NOWHERE) {
		only_version(s, v);
		v->stands = v->current;
		return true;
	}
	valid_to = at[EV_STAR_VALID_TO];
	if (!number_at(d, at[EV_STAR_NUMBER_OF], v) ||
	    !bool_at(d, at[EV_STAR_CURRENT], &v->current) ||
	    !bool_at(d, at[EV_STAR_DELETED], &v->deleted) || valid_to == EV_NOWHERE)
		return false;
	if (ev_kind(d, valid_to) != EV_NULL) {
		if ((to = text_at(d, valid_to, EV_TIME_TEXT)) == NULL)
			return false;
		to--;
	}
	if ((from = text_at(d, at[EV_STAR_VALID_FROM], EV_TIME_TEXT)) == NULL ||
	    !moment(from, &v->since))
		return false;
	v->stands = v->current && !v->deleted;
	put_validity(v, from - 1, to);
	return true;
}

/* Deletes: an event's rows go, and its versions follow */

const char ev_star_delete_begin[EV_STAR_DELETE_BEGIN + 1] = "{\"_ev\":{\"op\":\"delete\",";

static bool pass_number(const char **p, const char *end, uint64_t *n)
{
	const char *from = *p;
	uint64_t more;

	for (*n = 0; *p < end && **p >= '0' && **p <= '9'; ++*p) {
		if (__builtin_mul_overflow(*n, 10, &more) ||
		    __builtin_add_overflow(more, (unsigned)(**p - '0'), n))
			return false;
	}
	return *p > from;
}

/* Reads `,"days":["DATE","DATE"]`. */
static bool pass_days(const char **p, const char *end)
{
	static const char like[] = ",\"days\":[\"0000-00-00\",\"0000-00-00\"]";
	struct ev_date days[2];

	if ((size_t)(end - *p) < sizeof like - 1)
		return false;
	for (size_t i = 0; i < sizeof like - 1; i++)
		if ((*p)[i] != like[i] && (like[i] != '0' || (*p)[i] < '0' || (*p)[i] > '9'))
			return false;
	if (!ev_date_parse(*p + 10, EV_DATE_TEXT, &days[0]) ||
	    !ev_date_parse(*p + 23, EV_DATE_TEXT, &days[1]))
		return false;
	*p += sizeof like - 1;
	return true;
}

/*
 * Reads `,"first":N,"from":N`, which evversion adds where it keeps a state, and the days, where a
 * reader may have rows.
 */
static bool pass_commits(const char **p, const char *end, struct ev_star_deleted *d)
{
	static const char first[] = ",\"first\":", from[] = ",\"from\":";
	uint64_t version;

	if ((size_t)(end - *p) < sizeof first || memcmp(*p, first, sizeof first - 1) != 0)
		return false;
	*p += sizeof first - 1;
	if (!pass_number(p, end, &d->first) || (size_t)(end - *p) < sizeof from ||
	    memcmp(*p, from, sizeof from - 1) != 0)
		return false;
	*p += sizeof from - 1;
	return pass_number(p, end, &version) && (end - *p == 2 || pass_days(p, end));
}

bool ev_star_read_delete(const char *p, size_t len, struct ev_star_deleted *d)
{
	static const char named[] = "\"owner\":\"";
	const char *end = p + len, *owner;

	p += EV_STAR_DELETE_BEGIN;
	if ((size_t)(end - p) < sizeof named || memcmp(p, named, sizeof named - 1) != 0)
		return false;
	owner = p += sizeof named - 1;
	for (bool escaped = true; escaped; p++) {
		size_t before = 1;

		if ((p = memchr(p, '"', (size_t)(end - p))) == NULL)
			return false;
		while (p[-(ptrdiff_t)before] == '\\')
			before++;
		escaped = before % 2 == 0;
	}
	*d = (struct ev_star_deleted){owner, (size_t)(p - 1 - owner), 0};
	if (d->len == 0)
		return false;
	if (end - p != 2 && !pass_commits(&p, end, d))
		return false;
	return end - p == 2 && p[0] == '}' && p[1] == '}';
}

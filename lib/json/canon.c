#include "json/canon.h"
#include "base/compiler.h"
#include "number/decimal.h"
#include "scan/form.h"
#include "json/plan.h"
#include "json/view.h"

#include <endian.h>
#include <stdlib.h>

enum { WORDS = 4 }; /* of a set of names: up to 256 names are put in order without comparing */

/*
 * Functions write at o and return the end of what they wrote. Room is made once: a canonical form
 * is at most twice as long as the value, because only numbers grow, as 1.5 to 15e-1.
 */
struct canon {
	const struct ev_doc *d;
	const uint32_t *ranks; /* of the names; NULL if they are too many */
	size_t n_words;	       /* of a set of names */
	const uint32_t *skip;
	size_t n_skip;
	struct ev_buf *out;
	size_t room;
	struct outline_maker *outline; /* strings and numbers are noted, not written; or NULL */
};

/* A string or a number, and what stands between the one before and it. */
struct step {
	uint32_t node : 31, number : 1;
	uint32_t before; /* bytes of the outline's text */
};

/* All in one allocation. */
struct ev_outline {
	const char *text; /* all but the strings and numbers */
	const struct step *steps;
	const uint32_t *skip;
	size_t n, len, n_skip; /* of them */
	uint32_t written;      /* bytes of the text that the steps have had */
};

/* One that is being made. */
struct outline_maker {
	struct ev_buf text;
	struct step *steps;
	size_t n, cap;
	uint32_t written;
};

static char *put_value(const struct canon *c, uint32_t i, char *o);

static size_t room_for(const struct ev_node *value)
{
	return 2UL * (value->end - value->pos) + 2UL * EV_COPY_OVER;
}

/* For what is appended to the buffer by another: before it, and behind it. */
static struct ev_buf *leave(const struct canon *c, const char *o)
{
	c->out->len = (size_t)(o - c->out->p);
	return c->out;
}

static char *resume(const struct canon *c)
{
	return ev_buf_room(c->out, c->room);
}

static inline char *put_raw(const struct canon *c, uint32_t i, char *o)
{
	const struct ev_node *n = &c->d->nodes[i];

	return ev_copy_over(o, c->d->text + n->pos, n->end - n->pos);
}

/* \uXXXX, or a pair of them, at p: the character, or the shortest escape that it needs. */
static char *put_code_point(const struct canon *c, const char *p, size_t len, char *o)
{
	char few[16];
	struct ev_buf decoded = {.p = few, .cap = sizeof few};

	ev_json_unescape(p, len, &decoded);
	ev_json_escape(few, decoded.len, leave(c, o));
	return resume(c);
}

static char *put_escaped(const struct canon *c, uint32_t i, char *o)
{
	const struct ev_node *n = &c->d->nodes[i];
	const char *p = c->d->text + n->pos, *end = c->d->text + n->end;

	for (;;) {
		const char *escape = memchr(p, '\\', (size_t)(end - p));
		size_t len = 2;

		if (escape == NULL)
			return ev_copy_over(o, p, (size_t)(end - p));
		o = ev_copy_over(o, p, (size_t)(escape - p));
		p = escape;
		if (p[1] == '/') {
			*o++ = '/';
		} else if (p[1] == 'u') {
			bool pair = (p[2] | 0x20) == 'd' && p[3] >= '8'; /* of surrogates */

			len = pair ? 12 : 6;
			o = put_code_point(c, p, len, o);
		} else {
			*o++ = p[0];
			*o++ = p[1];
		}
		p += len;
	}
}

static inline char *put_string(const struct canon *c, uint32_t i, char *o)
{
	return c->d->nodes[i].escaped ? put_escaped(c, i, o) : put_raw(c, i, o);
}

static char *put_long_number(const struct canon *c, uint32_t i, char *o)
{
	const struct ev_node *n = &c->d->nodes[i];

	ev_number_canonical(c->d->text + n->pos, n->end - n->pos, leave(c, o));
	return resume(c);
}

/* Each byte of a word: its highest bit is set where the condition holds. */
#define EIGHT(c) ((c)*0x0101010101010101ULL)

static inline uint64_t no_digits(uint64_t word)
{
	uint64_t x = word ^ EIGHT('0');

	return (((x & EIGHT(0x7f)) + EIGHT(0x76)) | x) & EIGHT(0x80);
}

/* Powers of ten from -8, as they are written. */
static const struct {
	char text[4];
	size_t len;
} powers[] = {
	{"e-8", 3}, {"e-7", 3}, {"e-6", 3}, {"e-5", 3}, {"e-4", 3}, {"e-3", 3},
	{"e-2", 3}, {"e-1", 3}, {"", 0},    {"e1", 2},	{"e2", 2},  {"e3", 2},
	{"e4", 2},  {"e5", 2},	{"e6", 2},  {"e7", 2},	{"e8", 2},
};

/*
 * At most eight bytes, digits and perhaps a point among them, as amounts mostly are: less the
 * point and the zeros at both ends. NULL, with nothing done, for any other.
 */
static inline char *put_plain_number(const char *p, size_t len, char *o)
{
	uint64_t word, keep, others, before, worth;
	size_t at = len, first, last; /* at: digits before the point */

	if (len > 8)
		return NULL;
	memcpy(&word, p, sizeof word);
	word = le64toh(word);
	keep = ~0ULL >> (64 - 8 * len);
	others = no_digits(word) & keep;
	if (others != 0) {
		at = (size_t)__builtin_ctzll(others) / 8;
		if ((others & (others - 1)) != 0 || p[at] != '.')
			return NULL;
		before = ~(~0ULL << 8 * at);
		word = (word & before) | (word >> 8 & ~before);
		keep >>= 8;
	}
	worth = (word ^ EIGHT('0')) & keep;
	if (worth == 0) {
		*o = '0';
		return o + 1;
	}
	/* [first, last) are the digits that count */
	first = (size_t)__builtin_ctzll(worth) / 8;
	last = 8 - (size_t)__builtin_clzll(worth) / 8;
	word = htole64(word >> 8 * first);
	memcpy(o, &word, sizeof word);
	o += last - first;
	memcpy(o, powers[8 + at - last].text, sizeof powers->text);
	return o + powers[8 + at - last].len;
}

/* Up to 18 digits and no sign: the rest is ev_number_canonical's. */
static EV_NOINLINE char *put_longer_number(const struct canon *c, uint32_t i, char *o)
{
	const struct ev_node *n = &c->d->nodes[i];
	struct ev_buf out = {.p = o, .cap = SIZE_MAX}; /* there is room */
	struct ev_small v;

	if (!ev_small_read(c->d->text + n->pos, n->end - n->pos, &v) || v.coef <= 0)
		return put_long_number(c, i, o);
	for (; v.coef % 10 == 0; v.coef /= 10)
		v.exp++;
	ev_buf_u64(&out, (uint64_t)v.coef);
	if (v.exp != 0) {
		ev_buf_puts(&out, v.exp < 0 ? "e-" : "e");
		ev_buf_u64(&out, (uint64_t)abs(v.exp));
	}
	return o + out.len;
}

static inline char *put_number(const struct canon *c, uint32_t i, char *o)
{
	const struct ev_node *n = &c->d->nodes[i];
	char *end = put_plain_number(c->d->text + n->pos, n->end - n->pos, o);

	return end != NULL ? end : put_longer_number(c, i, o);
}

static inline bool skipped(const struct canon *c, uint32_t value)
{
	for (size_t i = 0; i < c->n_skip; i++)
		if (c->skip[i] == value)
			return true;
	return false;
}

/*
 * i: the name. One that is as it should be, and stands right before its value, is copied with it,
 * and a comma.
 */
static EV_ALWAYS_INLINE char *put_member(const struct canon *c, uint32_t i, char *o)
{
	const struct ev_node *name = &c->d->nodes[i], *value = name + 1;
	const char *p = c->d->text + name->pos;

	if (name->escaped || value->pos != name->end + 1 || c->outline != NULL) {
		o = put_string(c, i, o);
		*o++ = ':';
		o = put_value(c, i + 1, o);
	} else if (value->kind < EV_ARRAY && value->kind != EV_NUMBER && !value->escaped) {
		o = ev_copy_over(o, p, value->end - name->pos);
	} else {
		o = ev_copy_over(o, p, value->pos - name->pos);
		o = value->kind == EV_NUMBER ? put_number(c, i + 1, o) : put_value(c, i + 1, o);
	}
	*o++ = ',';
	return o;
}

struct member {
	const char *name; /* decoded */
	size_t len;
	uint32_t node; /* of the name */
};

static int by_name(const void *x, const void *y)
{
	const struct member *a = x, *b = y;

	return ev_bytes_compare(a->name, a->len, b->name, b->len);
}

/* Members whose names are compared, because they have no number or there are too many of them. */
static char *put_by_name(const struct canon *c, uint32_t object, char *o)
{
	const struct ev_doc *d = c->d;
	struct member *members =
		ev_realloc_array(NULL, (size_t)(d->nodes[object].next - object), sizeof *members);
	size_t n = 0;

	for (uint32_t i = ev_first(d, object); i < ev_end(d, object); i = ev_next(d, i + 1)) {
		struct ev_buf decoded = {0};

		if (skipped(c, i + 1))
			continue;
		/* kept, and freed below, where it was decoded */
		members[n].name = ev_string(d, i, &decoded, &members[n].len);
		members[n++].node = i;
	}
	qsort(members, n, sizeof *members, by_name);
	for (size_t k = 0; k < n; k++) {
		o = put_member(c, members[k].node, o);
		if (d->nodes[members[k].node].escaped)
			free((char *)(uintptr_t)members[k].name);
	}
	free(members);
	return o;
}

/*
 * NULL, with nothing done, if some name has no number. Each member is put down at its name's rank;
 * the ranks that are taken are then gone through from the least.
 */
static char *put_by_rank(const struct canon *c, uint32_t object, char *o)
{
	const struct ev_node *nodes = c->d->nodes;
	const uint32_t *ranks = c->ranks, end = nodes[object].next;
	uint64_t set[WORDS] = {0};
	uint32_t at[WORDS * 64];

	for (uint32_t i = object + 1; i < end; i = nodes[i + 1].next) {
		uint32_t rank = ranks[nodes[i].count];

		if (nodes[i].count == EV_NO_SYMBOL)
			return NULL;
		set[rank / 64] |= 1ULL << rank % 64;
		at[rank] = i;
	}
	for (size_t k = 0; k < c->n_skip; k++) {
		uint32_t i = c->skip[k] - 1, rank;
		uint64_t bit;

		if (i <= object || i >= end)
			continue;
		rank = ranks[nodes[i].count];
		bit = set[rank / 64] & 1ULL << rank % 64;
		if (bit != 0 && at[rank] == i) /* not that of a member's member */
			set[rank / 64] ^= bit;
	}
	for (size_t w = 0; w < c->n_words; w++)
		for (uint64_t left = set[w]; left != 0; left &= left - 1)
			o = put_member(c, at[w * 64 + (size_t)__builtin_ctzll(left)], o);
	return o;
}

/* The last comma becomes the end. */
static char *end_container(const char *begin, char *o, char end)
{
	if (o > begin)
		o--;
	*o = end;
	return o + 1;
}

static char *put_array(const struct canon *c, uint32_t i, char *o)
{
	size_t begin;

	*o++ = '[';
	begin = (size_t)(o - c->out->p);
	for (uint32_t k = ev_first(c->d, i); k < ev_end(c->d, i); k = ev_next(c->d, k)) {
		o = put_value(c, k, o);
		*o++ = ',';
	}
	return end_container(c->out->p + begin, o, ']');
}

static char *put_object(const struct canon *c, uint32_t i, char *o)
{
	size_t begin;
	char *end;

	*o++ = '{';
	begin = (size_t)(o - c->out->p);
	if (c->ranks == NULL || (end = put_by_rank(c, i, o)) == NULL)
		end = put_by_name(c, i, o);
	return end_container(c->out->p + begin, end, '}');
}

static void note(const struct canon *c, uint32_t i, const char *o)
{
	struct outline_maker *outline = c->outline;
	uint32_t at = (uint32_t)(o - c->out->p);

	ev_grow(&outline->steps, &outline->cap, outline->n + 1, sizeof *outline->steps);
	outline->steps[outline->n++] = (struct step){
		.node = i & EV_COUNT_MAX,
		.number = ev_kind(c->d, i) == EV_NUMBER,
		.before = at - outline->written,
	};
	outline->written = at;
}

static char *put_value(const struct canon *c, uint32_t i, char *o)
{
	switch (ev_kind(c->d, i)) {
	case EV_NULL:
	case EV_FALSE:
	case EV_TRUE: return put_raw(c, i, o);
	case EV_NUMBER:
	case EV_STRING:
		if (c->outline != NULL)
			note(c, i, o);
		else
			o = ev_kind(c->d, i) == EV_NUMBER ? put_number(c, i, o)
							  : put_string(c, i, o);
		return o;
	case EV_ARRAY: return put_array(c, i, o);
	case EV_OBJECT: return put_object(c, i, o);
	}
	return o;
}

static void put(const struct ev_doc *d, uint32_t i, const uint32_t *skip, size_t n_skip,
		struct ev_buf *out, struct outline_maker *outline)
{
	bool ranked = d->symbols->n <= WORDS * 64;
	struct canon c = {
		.d = d,
		.ranks = ranked ? ev_symbols_ranks(d->symbols) : NULL,
		.n_words = (d->symbols->n + 63) / 64, /* ranks count from 0 */
		.skip = skip,
		.n_skip = n_skip,
		.out = out,
		.room = room_for(&d->nodes[i]),
		.outline = outline,
	};

	leave(&c, put_value(&c, i, resume(&c)));
}

void ev_canonical(const struct ev_doc *d, uint32_t i, const uint32_t *skip, size_t n_skip,
		  struct ev_buf *out)
{
	put(d, i, skip, n_skip, out, NULL);
}

/* A copy in the memory that p points to, which is moved behind it. */
static const void *pack(char **p, const void *from, size_t size)
{
	char *to = *p;

	if (size > 0)
		memcpy(to, from, size);
	*p += size;
	return to;
}

struct ev_outline *ev_outline_new(const struct ev_doc *d, const uint32_t *skip, size_t n_skip)
{
	struct outline_maker m = {.n = 0};
	struct ev_outline *outline;
	char *p;

	put(d, 0, skip, n_skip, &m.text, &m);
	outline = ev_plan_alloc(d, sizeof *outline + m.n * sizeof *m.steps + n_skip * sizeof *skip +
					   m.text.len);
	if (outline != NULL) {
		*outline = (struct ev_outline){
			.n = m.n, .len = m.text.len, .n_skip = n_skip, .written = m.written};
		p = (char *)(outline + 1);
		outline->steps = pack(&p, m.steps, m.n * sizeof *m.steps);
		outline->skip = pack(&p, skip, n_skip * sizeof *skip);
		outline->text = pack(&p, m.text.p, m.text.len);
	}
	ev_buf_free(&m.text);
	free(m.steps);
	return outline;
}

bool ev_outline_skips(const struct ev_outline *outline, const uint32_t *skip, size_t n_skip)
{
	if (n_skip != outline->n_skip)
		return false;
	for (size_t i = 0; i < n_skip; i++)
		if (skip[i] != outline->skip[i])
			return false;
	return true;
}

void ev_outline_fill(const struct ev_outline *outline, const struct ev_doc *d, struct ev_buf *out)
{
	const struct step *end = outline->steps + outline->n;
	const struct canon c = {.d = d, .out = out, .room = room_for(&d->nodes[0])};
	const char *text = outline->text;
	char *o = resume(&c);

	for (const struct step *s = outline->steps; s < end; s++) {
		o = ev_copy_over(o, text, s->before);
		text += s->before;
		o = s->number ? put_number(&c, s->node, o) : put_string(&c, s->node, o);
	}
	leave(&c, ev_copy_over(o, text, outline->len - outline->written));
}

void ev_outline_print(const struct ev_outline *outline, const struct ev_doc *d, struct ev_buf *out)
{
	for (const struct step *s = outline->steps, *end = s + outline->n; s < end; s++)
		ev_plan_line(out, s->number ? "number" : "string", d, s->node, NULL);
}

bool ev_equal(const struct ev_doc *a, uint32_t i, const struct ev_doc *b, uint32_t k)
{
	struct ev_buf x = {0}, y = {0};
	enum ev_kind kind = ev_kind(a, i);
	size_t a_len, b_len;
	const char *p, *q;
	bool same;

	if (kind != ev_kind(b, k))
		return false;
	p = ev_raw(a, i, &a_len);
	q = ev_raw(b, k, &b_len);
	if (a_len == b_len && memcmp(p, q, a_len) == 0)
		return true;
	if (kind <= EV_TRUE)
		return true;
	if (kind == EV_NUMBER)
		return ev_number_compare(p, a_len, q, b_len) == 0;
	if (kind == EV_STRING && !a->nodes[i].escaped && !b->nodes[k].escaped)
		return false;
	ev_canonical(a, i, NULL, 0, &x);
	ev_canonical(b, k, NULL, 0, &y);
	same = x.len == y.len && memcmp(x.p, y.p, x.len) == 0;
	ev_buf_free(&x);
	ev_buf_free(&y);
	return same;
}

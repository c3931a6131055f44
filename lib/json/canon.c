#include "json/canon.h"
#include "json/decimal.h"
#include "json/form.h"
#include "json/view.h"

#include <stdlib.h>

enum {
	WORDS = 4,  /* of a set of names: up to 256 names are put in order without comparing */
	CHUNK = 32, /* octets copied at once; the slack behind a text is no less */
};

struct canon {
	const struct ev_doc *d;
	const uint32_t *ranks; /* of the names; NULL if they are too many */
	const uint32_t *skip;
	size_t n_skip;
	struct ev_buf *out;
};

static void put_value(const struct canon *c, uint32_t i);

/* Most pieces are short: a call for each would cost more than what is copied too much. */
static inline void put(struct ev_buf *out, const char *p, size_t len)
{
	if (out->cap - out->len < len + CHUNK)
		ev_buf_room(out, len + CHUNK);
	for (size_t i = 0; i < len; i += CHUNK)
		memcpy(out->p + out->len + i, p + i, CHUNK);
	out->len += len;
}

static void put_raw(const struct canon *c, uint32_t i)
{
	const struct ev_node *n = &c->d->nodes[i];

	put(c->out, c->d->text + n->pos, n->end - n->pos);
}

static void put_string(const struct canon *c, uint32_t i)
{
	struct ev_buf decoded = {0};
	const char *p;
	size_t len;

	if (!c->d->nodes[i].escaped) {
		put_raw(c, i);
		return;
	}
	p = ev_string(c->d, i, &decoded, &len);
	ev_json_quote(p, len, c->out);
	ev_buf_free(&decoded);
}

/* Digits and a point alone, as amounts are: the rest is ev_number_canonical's. */
static void put_number(const struct canon *c, uint32_t i)
{
	enum { SHORT = 9 }; /* octets; of the power, one digit is enough */
	const struct ev_node *n = &c->d->nodes[i];
	const char *p = c->d->text + n->pos, *end = c->d->text + n->end;
	char digits[SHORT + 4];
	size_t len = 0;
	int power = 0;
	bool point = false;

	if (end - p > SHORT) {
		ev_number_canonical(p, (size_t)(end - p), c->out);
		return;
	}
	for (const char *q = p; q < end; q++) {
		if (*q == '.' && !point) {
			point = true;
		} else if (*q >= '0' && *q <= '9') {
			if (len > 0 || *q != '0')
				digits[len++] = *q;
			power -= point;
		} else {
			ev_number_canonical(p, (size_t)(end - p), c->out);
			return;
		}
	}
	while (len > 0 && digits[len - 1] == '0') {
		len--;
		power++;
	}
	if (len == 0) {
		digits[len++] = '0';
	} else if (power != 0) {
		digits[len++] = 'e';
		if (power < 0)
			digits[len++] = '-';
		digits[len++] = (char)('0' + (power < 0 ? -power : power));
	}
	ev_buf_put(c->out, digits, len);
}

static bool skipped(const struct canon *c, uint32_t value)
{
	for (size_t i = 0; i < c->n_skip; i++)
		if (c->skip[i] == value)
			return true;
	return false;
}

/* i: the name. One that is as it should be, and stands right before such a value, goes with it. */
static void put_member(const struct canon *c, uint32_t i)
{
	const struct ev_node *name = &c->d->nodes[i], *value = name + 1;

	if (!name->escaped && !value->escaped && value->pos == name->end + 1 &&
	    value->kind != EV_NUMBER && value->kind < EV_ARRAY) {
		put(c->out, c->d->text + name->pos, value->end - name->pos);
		return;
	}
	put_string(c, i);
	ev_buf_putc(c->out, ':');
	put_value(c, i + 1);
}

static void put_comma(const struct canon *c, size_t begin)
{
	if (c->out->len > begin)
		ev_buf_putc(c->out, ',');
}

struct member {
	const char *name; /* decoded */
	size_t len;
	uint32_t node; /* of the name */
};

static int by_name(const void *x, const void *y)
{
	const struct member *a = x, *b = y;
	size_t n = a->len < b->len ? a->len : b->len;
	int order = n != 0 ? memcmp(a->name, b->name, n) : 0;

	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

/* Members whose names are compared, because they have no number or there are too many of them. */
static void put_by_name(const struct canon *c, uint32_t object)
{
	const struct ev_doc *d = c->d;
	struct member *members =
		ev_realloc_array(NULL, (size_t)(d->nodes[object].next - object), sizeof *members);
	size_t n = 0, begin = c->out->len;

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
		put_comma(c, begin);
		put_member(c, members[k].node);
		if (d->nodes[members[k].node].escaped)
			free((char *)(uintptr_t)members[k].name);
	}
	free(members);
}

/* False, with nothing done, if some name has no number. */
static bool put_by_rank(const struct canon *c, uint32_t object)
{
	const struct ev_doc *d = c->d;
	uint64_t set[WORDS] = {0};
	uint32_t nodes[WORDS * 64];
	size_t begin = c->out->len;

	for (uint32_t i = ev_first(d, object); i < ev_end(d, object); i = ev_next(d, i + 1)) {
		uint32_t symbol = d->nodes[i].count, rank = c->ranks[symbol];

		if (symbol == EV_NO_SYMBOL)
			return false;
		if (c->n_skip > 0 && skipped(c, i + 1))
			continue;
		set[rank / 64] |= 1ULL << rank % 64;
		nodes[rank] = i;
	}
	for (size_t w = 0; w < WORDS; w++)
		for (; set[w] != 0; set[w] &= set[w] - 1) {
			put_comma(c, begin);
			put_member(c, nodes[w * 64 + (size_t)__builtin_ctzll(set[w])]);
		}
	return true;
}

static void put_value(const struct canon *c, uint32_t i)
{
	const struct ev_doc *d = c->d;

	switch (ev_kind(d, i)) {
	case EV_NULL:
	case EV_FALSE:
	case EV_TRUE: put_raw(c, i); return;
	case EV_NUMBER: put_number(c, i); return;
	case EV_STRING: put_string(c, i); return;
	case EV_ARRAY:
		ev_buf_putc(c->out, '[');
		for (uint32_t k = ev_first(d, i); k < ev_end(d, i); k = ev_next(d, k)) {
			if (k > i + 1)
				ev_buf_putc(c->out, ',');
			put_value(c, k);
		}
		ev_buf_putc(c->out, ']');
		return;
	case EV_OBJECT:
		ev_buf_putc(c->out, '{');
		if (c->ranks == NULL || !put_by_rank(c, i))
			put_by_name(c, i);
		ev_buf_putc(c->out, '}');
		return;
	}
}

void ev_canonical(const struct ev_doc *d, uint32_t i, const uint32_t *skip, size_t n_skip,
		  struct ev_buf *out)
{
	const struct canon c = {
		.d = d,
		.ranks = d->symbols->n <= WORDS * 64 ? ev_symbols_ranks(d->symbols) : NULL,
		.skip = skip,
		.n_skip = n_skip,
		.out = out,
	};

	put_value(&c, i);
}

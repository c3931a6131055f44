#include "json/excerpt.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "json/view.h"

#include <stdlib.h>
#include <string.h>

enum {
	NEIGHBOURS = 2, /* elements that are kept on each side */
	LONGEST = 120,	/* bytes of what stands beside the way */
	SHORTEST = 40,	/* room that a value has in any case */
};

struct excerpt {
	const struct ev_doc *d;
	struct ev_buf *out, *at;
	size_t share; /* bytes for each value on the way, beside its name */
};

static void put_gap(struct ev_buf *out)
{
	ev_buf_puts(out, "\"" EV_EXCERPT_GAP "\"");
}

static void put_comma(struct ev_buf *out)
{
	char last = out->p[out->len - 1];

	if (last != '{' && last != '[')
		ev_buf_putc(out, ',');
}

/* A gap between members, or elements, that are kept. */
static void put_gap_inside(struct ev_buf *out, bool object)
{
	put_comma(out);
	if (object) {
		put_gap(out);
		ev_buf_putc(out, ':');
	}
	put_gap(out);
}

/* The beginning of a string, no escape cut in two; of a number as a string. */
static void put_beginning(const char *p, size_t len, size_t most, struct ev_buf *out)
{
	size_t from = p[0] == '"', n = from;

	while (n < len && n < most) {
		size_t next = n + 1;

		if (p[n] == '\\')
			next = n + (p[n + 1] == 'u' ? 6 : 2);
		/* A pair of surrogates stays a pair. */
		if (next - n == 6 && (p[n + 2] == 'd' || p[n + 2] == 'D') &&
		    strchr("89abAB", p[n + 3]) != NULL)
			next += 6;
		if (next > most)
			break;
		n = next;
	}
	n = ev_utf8_cut(p, len, n);
	ev_buf_putc(out, '"');
	ev_buf_put(out, p + from, n > from ? n - from : 0);
	ev_buf_puts(out, EV_EXCERPT_GAP "\"");
}

/* A value in some `most` bytes: whole, or its beginning. */
static void put_value(const struct excerpt *x, uint32_t i, size_t most)
{
	const struct ev_doc *d = x->d;
	bool object = ev_kind(d, i) == EV_OBJECT;
	size_t len, end = x->out->len + most;
	const char *p = ev_raw(d, i, &len);

	if (len <= most) {
		ev_buf_put(x->out, p, len);
		return;
	}
	if (ev_kind(d, i) < EV_ARRAY) {
		put_beginning(p, len, most, x->out);
		return;
	}
	ev_buf_putc(x->out, object ? '{' : '[');
	for (uint32_t k = ev_first(d, i); k < ev_end(d, i); k = ev_next(d, k + object)) {
		size_t room = end > x->out->len ? end - x->out->len : 0, name = 0;

		if (object)
			ev_raw(d, k, &name);
		if (name + SHORTEST > room) {
			put_gap_inside(x->out, object);
			break;
		}
		put_comma(x->out);
		if (object) {
			ev_buf_put(x->out, ev_raw(d, k, &name), name);
			ev_buf_putc(x->out, ':');
		}
		put_value(x, k + object, room / 2 < LONGEST ? room / 2 : LONGEST);
	}
	ev_buf_putc(x->out, object ? '}' : ']');
}

static void put_step(const struct excerpt *x, uint32_t name)
{
	struct ev_buf scratch = {0};
	size_t len;
	const char *p = ev_string(x->d, name, &scratch, &len);

	ev_buf_putc(x->at, '/');
	for (size_t i = 0; i < len; i++)
		if (p[i] == '~' || p[i] == '/')
			ev_buf_puts(x->at, p[i] == '~' ? "~0" : "~1");
		else
			ev_buf_putc(x->at, p[i]);
	ev_buf_free(&scratch);
}

static bool is_around(const struct ev_doc *d, uint32_t i, uint32_t inside)
{
	return i <= inside && inside < d->nodes[i].next;
}

/* A container on the way to the value `to`. */
static void put_way(const struct excerpt *x, uint32_t i, uint32_t to)
{
	const struct ev_doc *d = x->d;
	bool object = ev_kind(d, i) == EV_OBJECT, gap = false;
	size_t room = x->share, kept = 0;
	int64_t n = 0, place = 0;

	for (uint32_t k = ev_first(d, i); k < ev_end(d, i) && !is_around(d, k + object, to);
	     k = ev_next(d, k + object))
		place++;
	ev_buf_putc(x->out, object ? '{' : '[');
	for (uint32_t k = ev_first(d, i); k < ev_end(d, i); k = ev_next(d, k + object), n++) {
		size_t len = 0, name = 0, value = 0;
		bool on_way = n == place, near = object || llabs(n - place) <= NEIGHBOURS;

		if (object)
			ev_raw(d, k, &name);
		ev_raw(d, k + object, &value);
		len = name + (value < LONGEST ? value : LONGEST);
		if (!on_way && (!near || name > LONGEST || len > room)) {
			if (!gap) {
				put_gap_inside(x->out, object);
				room -= room > SHORTEST ? SHORTEST / 2 : room;
				kept++;
			}
			gap = true;
			continue;
		}
		gap = false;
		put_comma(x->out);
		if (object) {
			ev_buf_put(x->out, ev_raw(d, k, &name), name);
			ev_buf_putc(x->out, ':');
		}
		if (on_way && object)
			put_step(x, k);
		else if (on_way)
			ev_buf_printf(x->at, "/%zu", kept);
		if (!on_way)
			put_value(x, k + object, LONGEST);
		else if (k + object == to)
			put_value(x, to, x->share);
		else
			put_way(x, k + object, to);
		room -= on_way || len > room ? 0 : len;
		kept++;
	}
	ev_buf_putc(x->out, object ? '}' : ']');
}

/* The value at a pointer; *depth: how many steps lead to it, *names: their bytes. */
static uint32_t resolve(const struct ev_doc *d, const char *pointer, size_t *depth, size_t *names)
{
	struct ev_buf name = {0};
	uint32_t at = 0;

	for (*depth = *names = 0; at != EV_NOWHERE && *pointer == '/'; ++*depth) {
		ev_buf_reset(&name);
		for (pointer++; *pointer != '\0' && *pointer != '/'; pointer++)
			if (*pointer == '~' && pointer[1] != '\0')
				ev_buf_putc(&name, *++pointer == '0' ? '~' : '/');
			else
				ev_buf_putc(&name, *pointer);
		*names += name.len;
		at = ev_kind(d, at) == EV_ARRAY
			     ? ev_element(d, at, strtoll(ev_buf_str(&name), NULL, 10))
			     : ev_member(d, at, ev_buf_str(&name), name.len);
	}
	ev_buf_free(&name);
	return at;
}

bool ev_excerpt(const struct ev_doc *d, const char *pointer, size_t most, struct ev_buf *out,
		struct ev_buf *at)
{
	struct excerpt x = {d, out, at, most};
	size_t depth = 0, names = 0;
	uint32_t to = pointer != NULL ? resolve(d, pointer, &depth, &names) : 0;

	/* What is missing is looked for in what is around it. */
	if (to == EV_NOWHERE)
		to = 0;
	if (to == 0) {
		put_value(&x, 0, most);
		return true;
	}
	x.share = most / (depth + 1);
	if (names > most / 2 || x.share < SHORTEST)
		return false;
	put_way(&x, 0, to);
	return true;
}

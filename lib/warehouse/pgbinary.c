#include "warehouse/pgbinary.h"
#include "base/hash.h"
#include "number/decimal.h"
#include "scan/form.h"
#include "warehouse/column.h"

/* 2000-01-01, from which PostgreSQL counts, in days since 1970-01-01. */
enum { EPOCH = 10957 };
/* Of numeric's sign, and digits of each of its places. */
enum { NEGATIVE = 0x4000, PLACE = 4 };

const char ev_pg_head[EV_PG_HEAD] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";
const char ev_pg_tail[EV_PG_TAIL] = "\377\377";

static const char misfit[] = "it is not of the column's type";

/* A text of n digits as a number. */
static inline uint32_t number(const char *p, int n)
{
	uint32_t v = 0;

	for (int i = 0; i < n; i++)
		v = v * 10 + (uint32_t)(p[i] - '0');
	return v;
}

/* The days since 1970-01-01 of a text that a column of type date, or timestamp, begins with. */
static int64_t days_of(struct ev_pg_writer *w, const char *p)
{
	struct ev_date d = {(int32_t)number(p, 4), (int32_t)number(p + 5, 2),
			    (int32_t)number(p + 8, 2)};

	if (memcmp(w->day, p, EV_DATE_TEXT) != 0) {
		memcpy(w->day, p, EV_DATE_TEXT);
		w->days = ev_date_days(d);
	}
	return w->days;
}

/* "2026-03-01T10:00:00.000000Z" in microseconds since 2000-01-01. */
static int64_t microseconds(struct ev_pg_writer *w, const char *p)
{
	int64_t s = (days_of(w, p) - EPOCH) * 24;

	s = (s + number(p + 11, 2)) * 60;
	s = (s + number(p + 14, 2)) * 60 + number(p + 17, 2);
	return s * 1000000 + number(p + 20, 6);
}

/* The digits of a place, of which fewer than PLACE may be there: zeros stand for the others. */
static uint16_t place(const char *p, size_t n)
{
	uint32_t v = number(p, (int)n);

	for (; n < PLACE; n++)
		v *= 10;
	return (uint16_t)v;
}

/*
 * A number without an exponent, in places of four digits to both sides of the point. The server
 * takes zeros in front and behind.
 */
static char *put_plain(char *o, const char *p, size_t len)
{
	const bool negative = p[0] == '-';
	const char *point, *end = p + len;
	size_t whole, fraction, n, lead;

	p += negative;
	point = memchr(p, '.', (size_t)(end - p));
	whole = (size_t)((point != NULL ? point : end) - p);
	fraction = point != NULL ? (size_t)(end - point) - 1 : 0;
	n = (whole + PLACE - 1) / PLACE + (fraction + PLACE - 1) / PLACE;
	o = ev_pg_put32(o, (uint32_t)(8 + 2 * n));
	o = ev_pg_put16(o, (uint16_t)n);
	o = ev_pg_put16(o, (uint16_t)((whole + PLACE - 1) / PLACE - 1));
	o = ev_pg_put16(o, negative ? NEGATIVE : 0);
	o = ev_pg_put16(o, (uint16_t)fraction);
	lead = whole % PLACE;
	if (lead > 0)
		o = ev_pg_put16(o, (uint16_t)number(p, (int)lead));
	for (p += lead; lead < whole; lead += PLACE, p += PLACE)
		o = ev_pg_put16(o, (uint16_t)number(p, PLACE));
	for (p = point + 1; fraction > 0; p += PLACE) {
		size_t here = fraction < PLACE ? fraction : PLACE;

		o = ev_pg_put16(o, place(p, here));
		fraction -= here;
	}
	return o;
}

static const char *put_decimal(struct ev_pg_writer *w, const struct ev_column *c,
			       const struct ev_cell *cell, struct ev_buf *out)
{
	const char *p = cell->p;
	size_t len = cell->len;
	struct ev_number n;

	if (memchr(p, 'e', len) != NULL || memchr(p, 'E', len) != NULL) {
		ev_number_read(p, len, &n);
		ev_buf_reset(&w->scratch);
		if (!ev_number_fits(&n, c->size, c->scale) ||
		    !ev_number_plain(&n, (int)c->scale, &w->scratch))
			return misfit;
		p = w->scratch.p;
		len = w->scratch.len;
	}
	/* Three numbers in front; and two places may not be full, to either side of the point. */
	out->len = (size_t)(put_plain(ev_buf_room(out, 24 + len / 2), p, len) - out->p);
	return NULL;
}

static const char *put_text(const struct ev_cell *cell, bool json, struct ev_buf *out)
{
	char *o;

	if (!cell->plain && memchr(cell->p, '\0', cell->len) != NULL)
		return "it holds U+0000, which no text of PostgreSQL can";
	if (cell->len > INT32_MAX / 2)
		return "it is longer than a value of PostgreSQL can be";
	o = ev_buf_room(out, 5 + cell->len + EV_COPY_OVER);
	o = ev_pg_put32(o, (uint32_t)(cell->len + json));
	if (json)
		*o++ = 1; /* the version of jsonb's format */
	out->len = (size_t)(ev_copy_over(o, cell->p, cell->len) - out->p);
	return NULL;
}

static const char *put_uuid(const struct ev_cell *cell, char *o)
{
	const char *p = cell->p;

	if (cell->len != EV_UUID_TEXT || !ev_uuid_is_canonical(p))
		return misfit;
	o = ev_pg_put32(o, 16);
	for (int i = 0; i < 16; i++, p += 2) {
		p += *p == '-';
		*o++ = (char)((unsigned)ev_hex_digit(p[0]) << 4 | (unsigned)ev_hex_digit(p[1]));
	}
	return NULL;
}

/* A key, 32 digits. */
static const char *put_key(const struct ev_cell *cell, char *o)
{
	const char *p = cell->p;

	if (cell->len != EV_KEY_TEXT)
		return misfit;
	o = ev_pg_put32(o, EV_KEY_TEXT / 2);
	for (int i = 0; i < EV_KEY_TEXT; i += 2) {
		int high = ev_hex_digit(p[i]), low = ev_hex_digit(p[i + 1]);

		if (high < 0 || low < 0)
			return misfit;
		*o++ = (char)(high << 4 | low);
	}
	return NULL;
}

static const char *put_int(const struct ev_cell *cell, char *o)
{
	struct ev_number n;
	int64_t v;

	ev_number_read(cell->p, cell->len, &n);
	if (!ev_number_int64(&n, &v))
		return misfit;
	ev_pg_put64(ev_pg_put32(o, 8), (uint64_t)v);
	return NULL;
}

/* Appends a field that is not null. */
static const char *put_cell(struct ev_pg_writer *w, const struct ev_column *c,
			    const struct ev_cell *cell, struct ev_buf *out)
{
	const char *problem = NULL;
	char *o;

	switch (c->type) {
	case EV_TYPE_VARCHAR:
		if (!c->uuid_key)
			return put_text(cell, false, out);
		problem = put_key(cell, ev_buf_room(out, 20));
		out->len += 20;
		return problem;
	case EV_TYPE_JSON: return put_text(cell, true, out);
	case EV_TYPE_DECIMAL: return put_decimal(w, c, cell, out);
	case EV_TYPE_UUID:
		problem = put_uuid(cell, ev_buf_room(out, 20));
		out->len += 20;
		return problem;
	case EV_TYPE_INT:
		problem = put_int(cell, ev_buf_room(out, 12));
		out->len += 12;
		return problem;
	case EV_TYPE_TIMESTAMP:
		o = ev_pg_put32(ev_buf_room(out, 12), 8);
		ev_pg_put64(o, (uint64_t)microseconds(w, cell->p));
		out->len += 12;
		return NULL;
	case EV_TYPE_DATE:
		o = ev_pg_put32(ev_buf_room(out, 8), 4);
		ev_pg_put32(o, (uint32_t)(days_of(w, cell->p) - EPOCH));
		out->len += 8;
		return NULL;
	case EV_TYPE_BOOL:
		o = ev_pg_put32(ev_buf_room(out, 5), 1);
		*o = cell->p[0] == 't';
		out->len += 5;
		return NULL;
	}
	return misfit;
}

const struct ev_column *ev_pg_row(struct ev_pg_writer *w, const struct ev_table *t,
				  const struct ev_cell *cells, struct ev_buf *out,
				  const char **problem)
{
	size_t from = out->len;

	ev_pg_put16(ev_buf_room(out, 2), (uint16_t)t->n);
	out->len += 2;
	for (size_t i = 0; i < t->n; i++) {
		if (cells[i].null) {
			ev_pg_put32(ev_buf_room(out, 4), UINT32_MAX);
			out->len += 4;
		} else if ((*problem = put_cell(w, &t->columns[i], &cells[i], out)) != NULL) {
			out->len = from;
			return &t->columns[i];
		}
	}
	return NULL;
}

static void put_number(uint64_t number, struct ev_buf *out)
{
	ev_pg_put64(ev_pg_put32(ev_buf_room(out, 12), 8), number);
	out->len += 12;
}

const char *ev_pg_owner(const struct ev_column *c, const struct ev_cell *owner, uint64_t a,
			uint64_t b, struct ev_buf *out)
{
	const char *problem = NULL;

	ev_pg_put16(ev_buf_room(out, 2), 3);
	out->len += 2;
	if (c->uuid_key) {
		problem = put_key(owner, ev_buf_room(out, 20));
		out->len += 20;
	} else {
		ev_pg_put32(ev_buf_room(out, 4), (uint32_t)owner->len);
		out->len += 4;
		ev_buf_put(out, owner->p, owner->len);
	}
	put_number(a, out);
	put_number(b, out);
	return problem;
}

void ev_pg_row_and(const char *row, size_t len, uint64_t number, struct ev_buf *out)
{
	uint16_t n;

	memcpy(&n, row, sizeof n);
	ev_pg_put16(ev_buf_room(out, sizeof n), (uint16_t)(be16toh(n) + 1));
	out->len += sizeof n;
	ev_buf_put(out, row + sizeof n, len - sizeof n);
	put_number(number, out);
}

const char *ev_pg_first(const char *row, size_t *len)
{
	uint32_t n;

	memcpy(&n, row + 2, sizeof n);
	*len = be32toh(n);
	return row + 2 + sizeof n;
}

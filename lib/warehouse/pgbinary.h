/*
 * pgbinary: rows in the binary format of PostgreSQL's COPY. Floor 8.
 *
 * Its manual, "COPY, Binary Format". Numbers are big-endian; a field is its length and its bytes,
 * and a field of length -1 is null. What the bytes of a type are, the functions *_recv of the
 * server say.
 */
#ifndef EV_PGBINARY_H
#define EV_PGBINARY_H

#include "base/buf.h"
#include "base/time.h"
#include "warehouse/target.h"

#include <endian.h>

/* In front of all rows: the signature, no flags, and no more of a header; and behind them. */
enum { EV_PG_HEAD = 19, EV_PG_TAIL = 2 };
extern const char ev_pg_head[EV_PG_HEAD], ev_pg_tail[EV_PG_TAIL];

/* What one row leaves for the next, for most are of one day. Begins as {0}. */
struct ev_pg_writer {
	char day[EV_DATE_TEXT];
	int64_t days; /* since 1970-01-01 */
	struct ev_buf scratch;
};

/*
 * Appends the fields of a row, behind their count. NULL, or the first column that cannot hold its
 * value, and why not (static text); out is then as it was.
 */
const struct ev_column *ev_pg_row(struct ev_pg_writer *w, const struct ev_table *t,
				  const struct ev_cell *cells, struct ev_buf *out,
				  const char **problem);
/*
 * The fields of the owner of rows that go, in a column such as c, and of two numbers, behind their
 * count. NULL, or why it is no owner.
 */
const char *ev_pg_owner(const struct ev_column *c, const struct ev_cell *owner, uint64_t a,
			uint64_t b, struct ev_buf *out);
/* Appends a row that has been written, and one number more. */
void ev_pg_row_and(const char *row, size_t len, uint64_t number, struct ev_buf *out);
/* The first field of a row that has been written: a text, or the 16 bytes of a key. */
const char *ev_pg_first(const char *row, size_t *len);

static inline char *ev_pg_put16(char *o, uint16_t v)
{
	v = htobe16(v);
	memcpy(o, &v, sizeof v);
	return o + sizeof v;
}

static inline char *ev_pg_put32(char *o, uint32_t v)
{
	v = htobe32(v);
	memcpy(o, &v, sizeof v);
	return o + sizeof v;
}

static inline char *ev_pg_put64(char *o, uint64_t v)
{
	v = htobe64(v);
	memcpy(o, &v, sizeof v);
	return o + sizeof v;
}

#endif

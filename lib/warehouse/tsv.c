#include "base/compiler.h"
#include "warehouse/internal.h"

#include <endian.h>
#include <stdlib.h>

/* One table to an output. */
struct tsv {
	struct ev_target target;
	enum ev_tsv dialect;
	struct ev_buf line;
	const char *table;
	struct ev_out *out;
};

/* Each of the eight bytes of v, lowest first, that is below n: its highest bit. Exact up to the
 * first. */
static inline uint64_t below(uint64_t v, uint64_t n)
{
	const uint64_t ones = 0x0101010101010101;

	return (v - ones * n) & ~v & ones * 0x80;
}

/* How many bytes of a run there are before a backslash or a control character. */
static size_t plain_run(const char *p, size_t len)
{
	const uint64_t backslashes = 0x5c5c5c5c5c5c5c5c;

	for (size_t i = 0; i < len; i += 8) {
		uint64_t v, found;

		memcpy(&v, p + i, sizeof v);
		v = le64toh(v);
		found = below(v, 0x20) | below(v ^ backslashes, 1);
		if (found == 0)
			continue;
		i += (size_t)__builtin_ctzll(found) / 8;
		return i < len ? i : len;
	}
	return len;
}

typedef uint8_t bytes16 EV_VECTOR(16);

/* Marks each of sixteen bytes that is a backslash or a control character. */
static inline bytes16 special16(const char *p)
{
	bytes16 v;

	memcpy(&v, p, sizeof v);
	return (bytes16)(v < 0x20) | (bytes16)(v == '\\');
}

static inline bool is_plain32(const char *p)
{
	bytes16 found = special16(p) | special16(p + 16);
	uint64_t halves[2];

	memcpy(halves, &found, sizeof halves);
	return (halves[0] | halves[1]) == 0;
}

static const char null_marker[EV_COPY_OVER] = "\\N";

/*
 * Both write a cell at o, where twice its bytes and three more have room. pgtext: one that is null
 * or not plain.
 */

static char *pgtext(const struct ev_cell *c, char *o)
{
	const char *p = c->p, *end = c->p + c->len;

	if (c->null)
		return ev_copy_over(o, null_marker, 2);
	while (p < end) {
		size_t run;

		if (end - p >= EV_COPY_OVER && is_plain32(p)) {
			o = ev_copy_over(o, p, EV_COPY_OVER);
			p += EV_COPY_OVER;
			continue;
		}
		run = plain_run(p, (size_t)(end - p));
		o = ev_copy_over(o, p, run);
		if ((p += run) == end)
			break;
		if (*p == '\\' || *p == '\t' || *p == '\n' || *p == '\r') {
			*o++ = '\\';
			*o++ = *p == '\t' ? 't' : *p == '\n' ? 'n' : *p == '\r' ? 'r' : '\\';
		} else {
			*o++ = *p;
		}
		p++;
	}
	return o;
}

/* Every value in quotes; null is unquoted. */
static char *csvq(const struct ev_cell *c, bool marked, char *o)
{
	const char *p = c->p, *end = c->p + c->len;

	if (c->null)
		return marked ? ev_copy_over(o, null_marker, 2) : o;
	*o++ = '"';
	while (p < end) {
		const char *quote = c->plain ? NULL : memchr(p, '"', (size_t)(end - p));
		size_t run = (size_t)((quote != NULL ? quote + 1 : end) - p);

		o = ev_copy_over(o, p, run);
		p += run;
		if (quote != NULL)
			*o++ = '"';
	}
	*o++ = '"';
	return o;
}

/* Both write cells with a tabulator between them. */

static char *pgtext_row(const struct ev_cell *c, const struct ev_cell *end, char *o)
{
	for (; c < end; c++) {
		o = c->plain && !c->null ? ev_copy_over(o, c->p, c->len) : pgtext(c, o);
		*o++ = '\t';
	}
	return o - 1;
}

static char *csvq_row(const struct ev_cell *c, const struct ev_cell *end, bool marked, char *o)
{
	for (; c < end; c++) {
		o = csvq(c, marked, o);
		*o++ = '\t';
	}
	return o - 1;
}

enum ev_status ev_tsv_put(struct ev_out *out, enum ev_tsv dialect, const struct ev_cell *cells,
			  size_t n, struct ev_buf *scratch, size_t *len, struct ev_error *err)
{
	const struct ev_cell *end = cells + n;
	size_t bytes = 0, room;
	bool in_place;
	char *line, *o;

	for (const struct ev_cell *c = cells; c < end; c++)
		bytes += c->len;
	room = 2 * bytes + 4 * n + EV_COPY_OVER;
	ev_buf_reset(scratch);
	in_place = ev_out_room(out, room);
	line = o = in_place ? out->buf + out->len : ev_buf_room(scratch, room);
	if (dialect == EV_TSV_PGTEXT)
		o = pgtext_row(cells, end, o);
	else
		o = csvq_row(cells, end, dialect == EV_TSV_CSVQ_MARKED, o);
	*len = (size_t)(o - line) + 1;
	if (in_place) {
		ev_out_made(out, *len - 1);
		return EV_OK;
	}
	if (ev_out_line(out, line, *len - 1) == EV_OK)
		return EV_OK;
	*err = out->error;
	return EV_FATAL;
}

static struct tsv *of(struct ev_target *t)
{
	return (struct tsv *)(void *)t;
}

enum ev_status ev_tsv_begin(struct ev_target *t, struct ev_standing *standing, struct ev_error *err)
{
	(void)t, (void)err;
	*standing = (struct ev_standing){.fresh = true};
	return EV_OK;
}

enum ev_status ev_tsv_known(struct ev_target *t, const char *batch, bool *known, char digest[33],
			    struct ev_error *err)
{
	(void)t, (void)batch, (void)digest, (void)err;
	*known = false;
	return EV_OK;
}

enum ev_status ev_tsv_live(struct ev_target *t, uint64_t *batches, uint64_t *rows,
			   struct ev_error *err)
{
	(void)t, (void)err;
	*batches = *rows = 0;
	return EV_OK;
}

enum ev_status ev_tsv_nothing(struct ev_target *t, struct ev_error *err)
{
	(void)t, (void)err;
	return EV_OK;
}

enum ev_status ev_tsv_flush(struct ev_target *t, struct ev_row *there, struct ev_error *err)
{
	(void)t, (void)there, (void)err;
	return EV_OK;
}

void ev_tsv_abandon(struct ev_target *t)
{
	(void)t;
}

enum ev_status ev_tsv_enter(struct ev_target *t, const struct ev_ledger_entry *e,
			    struct ev_error *err)
{
	(void)t, (void)e, (void)err;
	return EV_OK;
}

enum ev_status ev_tsv_newest(struct ev_target *t, const struct ev_ledger_entry *e, size_t n,
			     bool *same, struct ev_error *err)
{
	(void)t, (void)e, (void)n, (void)err;
	*same = false;
	return EV_OK;
}

static enum ev_status table_insert(struct ev_target *target, const struct ev_row *row,
				   struct ev_row *there, struct ev_error *err)
{
	struct tsv *t = of(target);
	size_t len;

	(void)there;
	if (strcmp(row->table->name, t->table) != 0)
		return EV_OK;
	return ev_tsv_put(t->out, t->dialect, row->cells, row->table->n, &t->line, &len, err);
}

static void table_free(struct ev_target *target)
{
	ev_buf_free(&of(target)->line);
	free(of(target));
}

static const struct ev_target_ops table_ops = {.begin = ev_tsv_begin,
					       .known = ev_tsv_known,
					       .live = ev_tsv_live,
					       .clear = ev_tsv_nothing,
					       .insert = table_insert,
					       .flush = ev_tsv_flush,
					       .enter = ev_tsv_enter,
					       .newest = ev_tsv_newest,
					       .commit = ev_tsv_nothing,
					       .abandon = ev_tsv_abandon,
					       .free = table_free};

struct ev_target *ev_tsv_table(struct ev_out *out, const char *table, enum ev_tsv dialect)
{
	struct tsv *t = ev_calloc(1, sizeof *t);

	t->target.ops = &table_ops;
	t->dialect = dialect;
	t->table = table;
	t->out = out;
	return &t->target;
}

/*
 * Expectations of uniqueness. Each key goes as a digest of 128 bits, with its place and the
 * beginning of its value, through a sort that spills; at the end equal digests stand together, and
 * every member of a group of two or more is unexpected.
 */
#include "expect/internal.h"
#include "store/sort.h"
#include "scan/form.h"

#include <stdlib.h>

enum { SHOWN = 48, KEYS_A_LINE = 500, SMALLEST_SHARE = 64 * 1024 };

struct unique {
	struct ev_sort *sort; /* made when the first key comes */
	uint64_t merged;      /* keys that came out of states */
	struct ev_buf item;
};

/* The fixed part of an entry in the sort, behind the digest; the source and the value follow. */
struct entry {
	uint64_t count, line, offset, element;
	struct ev_time time;
	uint32_t timed, source, value; /* lengths of source and value */
};

static bool open_unique(struct ev_expect *e, struct ev_expect_opening *o)
{
	(void)o;
	e->own = ev_calloc(1, sizeof(struct unique));
	return true;
}

static void close_unique(struct ev_expect *e)
{
	struct unique *u = e->own;

	if (u == NULL)
		return;
	ev_sort_free(&u->sort);
	ev_buf_free(&u->item);
	free(u);
}

bool ev_expect_is_unique_kind(const struct ev_expect *e)
{
	return e->kind->close == close_unique;
}

bool ev_expect_unique_is_whole(const struct ev_expect *e)
{
	return ((const struct unique *)e->own)->merged == e->elements - e->missing;
}

static void make_sort(struct ev_expect *e)
{
	struct unique *u = e->own;
	const struct ev_suite *s = e->suite;
	size_t sharing = 0, share;

	if (u->sort != NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		sharing += ev_expect_is_unique_kind(&s->list[i]);
	share = s->options.memory / (sharing > 0 ? sharing : 1);
	u->sort = ev_sort_new(share < SMALLEST_SHARE ? SMALLEST_SHARE : share, s->options.folder);
}

static enum ev_status add(struct ev_expect *e, struct ev_hash128 key, uint64_t count,
			  const struct ev_position *pos, uint64_t element, const char *value,
			  size_t len, struct ev_error *err)
{
	struct unique *u = e->own;
	struct entry entry = {count,
			      pos->line,
			      pos->offset,
			      element,
			      pos->time,
			      pos->timed,
			      (uint32_t)strlen(pos->source),
			      (uint32_t)len};

	make_sort(e);
	ev_buf_reset(&u->item);
	ev_buf_put(&u->item, &entry, sizeof entry);
	ev_buf_put(&u->item, pos->source, entry.source);
	ev_buf_put(&u->item, value, len);
	return ev_sort_add(u->sort, &key, sizeof key, u->item.p, u->item.len, err);
}

/* Appends a value for people. Short, for it is kept for each key. */
static void show_short(const struct ev_doc *d, uint32_t at, struct ev_buf *out)
{
	const char *p;
	size_t len, from = out->len, cut;

	if (at == EV_NOWHERE) {
		ev_buf_puts(out, "null");
		return;
	}
	p = ev_raw(d, at, &len);
	if (len <= SHOWN) {
		ev_buf_put(out, p, len);
		return;
	}
	ev_expect_show_value(d, at, out);
	if (out->p[from] != '"' || out->len - from <= SHOWN)
		return;
	/* Moves the cut before an escape or a character that it would tear. */
	cut = from + SHOWN - 4;
	while (cut > from + 1 && ((unsigned char)out->p[cut] & 0xc0) == 0x80)
		cut--;
	for (size_t i = from + 1; i < cut;) {
		size_t n = out->p[i] != '\\' ? 1 : out->p[i + 1] == 'u' ? 6 : 2;

		if (i + n > cut)
			cut = i;
		i += n;
	}
	out->len = cut;
	ev_buf_puts(out, "...\"");
}

static enum ev_status unique_step(struct ev_expect *e, struct ev_expect_frame *f,
				  struct ev_error *err)
{
	const struct ev_expect_cells *c = ev_expect_cells_of(e, 0);
	struct ev_buf *shown = &e->suite->shown;

	e->elements += c->n;
	for (size_t i = 0; ev_expect_next_value(e, f->d, c, &i); i++) {
		const char *p;
		size_t len;

		p = ev_expect_canonical_of(f->d, c->at[i], &e->suite->scratch, &len);
		ev_buf_reset(shown);
		show_short(f->d, c->at[i], shown);
		if (add(e, ev_hash128(p, len, 0), 1, ev_expect_frame_position(f), i, shown->p,
			shown->len, err) == EV_FATAL)
			return EV_FATAL;
	}
	return EV_OK;
}

/* A compound key is a JSON list of its canonical parts. */
static enum ev_status compound_step(struct ev_expect *e, struct ev_expect_frame *f,
				    struct ev_error *err)
{
	const struct ev_expect_column *columns[EXPECT_MAX_COLUMNS] = {NULL};
	struct ev_buf key = {0}, shown = {0};
	enum ev_status st = EV_OK;
	size_t n = 1;

	for (size_t k = 0; k < e->n_columns; k++) {
		columns[k] = ev_expect_column_of(e, k);
		if (columns[k]->path->many)
			n = ev_expect_cells_of(e, k)->n;
	}
	e->elements += n;
	for (size_t i = 0; i < n && st != EV_FATAL; i++) {
		size_t missing = 0;

		ev_buf_reset(&key);
		ev_buf_reset(&shown);
		for (size_t k = 0; k < e->n_columns; k++) {
			uint32_t at = ev_expect_cells_of(e, k)->at[columns[k]->path->many ? i : 0];
			const char *p = "null";
			size_t len = 4;

			missing += ev_expect_is_missing(f->d, at);
			if (!ev_expect_is_missing(f->d, at))
				p = ev_expect_canonical_of(f->d, at, &e->suite->scratch, &len);
			ev_buf_putc(&key, k == 0 ? '[' : ',');
			ev_buf_put(&key, p, len);
			ev_buf_putc(&shown, k == 0 ? '[' : ',');
			show_short(f->d, at, &shown);
		}
		ev_buf_putc(&shown, ']');
		if ((e->ignore == IGNORE_ALL_MISSING && missing == e->n_columns) ||
		    (e->ignore == IGNORE_ANY_MISSING && missing > 0))
			e->missing++;
		else
			st = add(e, ev_hash128(key.p, key.len, 0), 1, ev_expect_frame_position(f),
				 i, shown.p, shown.len, err);
	}
	ev_buf_free(&key);
	ev_buf_free(&shown);
	return st;
}

/* An entry as it stands in the sort, with texts that end in NUL. */
struct member {
	struct entry e;
	struct ev_position pos;
	struct ev_buf source, value;
};

static void take(struct member *m, const struct ev_sorted *item)
{
	memcpy(&m->e, item->item, sizeof m->e);
	ev_buf_reset(&m->source);
	ev_buf_put(&m->source, item->item + sizeof m->e, m->e.source);
	ev_buf_reset(&m->value);
	ev_buf_put(&m->value, item->item + sizeof m->e + m->e.source, m->e.value);
	m->pos = (struct ev_position){m->e.time, m->e.timed,
				      (char *)(uintptr_t)ev_buf_str(&m->source), m->e.line,
				      m->e.offset};
}

static void write_key(const struct ev_hash128 *key, const struct member *m, bool first,
		      struct ev_buf *out)
{
	char hex[33];

	ev_hash128_hex(*key, hex);
	ev_buf_printf(out, "%s[\"%s\",%llu,", first ? "" : ",", hex,
		      (unsigned long long)m->e.count);
	ev_position_write(&m->pos, true, out);
	ev_buf_printf(out, ",%llu,", (unsigned long long)m->e.element);
	ev_buf_put(out, m->value.p, m->value.len);
	ev_buf_putc(out, ']');
}

/*
 * A group of equal digests. Its first member is held back until a second one shows that it is not
 * unique.
 */
struct group {
	struct ev_hash128 key;
	struct member first;
	uint64_t members; /* 0: no group yet */
};

static void unexpected(struct ev_expect *e, const struct member *m)
{
	e->unexpected += m->e.count;
	ev_expect_sample_add(&e->sample, &m->pos, m->e.element, m->value.p, m->value.len);
}

static enum ev_status flush(size_t index, size_t *n, struct ev_buf *line, ev_suite_put *put,
			    void *ctx, struct ev_error *err)
{
	enum ev_status st = EV_OK;

	if (*n > 0) {
		ev_buf_puts(line, "]}");
		st = put(ctx, line->p, line->len, err);
	}
	*n = 0;
	ev_buf_reset(line);
	ev_buf_printf(line, "{\"unique\":%zu,\"keys\":[", index);
	return st;
}

enum ev_status ev_expect_unique_finish(struct ev_expect *e, size_t index, ev_suite_put *put,
				       void *ctx, struct ev_error *err)
{
	struct unique *u = e->own;
	struct group g = {.members = 0};
	struct member m = {.e = {0}};
	struct ev_buf line = {0};
	struct ev_sorted item;
	enum ev_status st;
	size_t n = 0;

	if (u->sort == NULL)
		return EV_OK;
	st = ev_sort_finish(u->sort, err);
	if (st == EV_OK && put != NULL)
		st = flush(index, &n, &line, put, ctx, err);
	while (st == EV_OK && (st = ev_sort_next(u->sort, &item, err)) == EV_OK) {
		struct ev_hash128 key;
		bool again;

		memcpy(&key, item.key, sizeof key);
		take(&m, &item);
		again = g.members > 0 && key.lo == g.key.lo && key.hi == g.key.hi;
		if (put != NULL) {
			write_key(&key, &m, n == 0, &line);
			if (++n == KEYS_A_LINE)
				st = flush(index, &n, &line, put, ctx, err);
		}
		if (again) {
			if (g.members++ == 1)
				unexpected(e, &g.first);
			unexpected(e, &m);
		} else {
			struct member swap = g.first;

			g.first = m;
			m = swap;
			g.key = key;
			g.members = 1;
		}
	}
	if (st == EV_EOF)
		st = put != NULL ? flush(index, &n, &line, put, ctx, err) : EV_OK;
	ev_buf_free(&line);
	ev_buf_free(&m.source);
	ev_buf_free(&m.value);
	ev_buf_free(&g.first.source);
	ev_buf_free(&g.first.value);
	return st;
}

enum ev_status ev_expect_unique_merge(struct ev_expect *e, const struct ev_doc *d, uint32_t list,
				      struct ev_error *err)
{
	struct ev_position pos = {0};
	enum ev_status st = EV_OK;
	bool good = list != EV_NOWHERE && ev_kind(d, list) == EV_ARRAY;

	for (uint32_t i = good ? ev_first(d, list) : 0; good && st == EV_OK && i < ev_end(d, list);
	     i = ev_next(d, i)) {
		uint32_t element, value;
		uint64_t count, which;
		struct ev_hash128 key;
		const char *p;
		size_t len;

		good = ev_kind(d, i) == EV_ARRAY && d->nodes[i].count == 5 &&
		       ev_hash_of(d, i + 1, &key) && ev_u64_of(d, i + 2, &count) && count == 1 &&
		       ev_position_read(d, i + 3, &pos);
		if (!good)
			break;
		element = ev_next(d, i + 3);
		value = ev_next(d, element);
		good = ev_u64_of(d, element, &which);
		p = ev_raw(d, value, &len);
		if (!good)
			break;
		st = add(e, key, count, &pos, which, p, len, err);
		((struct unique *)e->own)->merged++;
	}
	ev_position_free(&pos);
	if (good || st == EV_FATAL)
		return st;
	ev_fail(err, "the state is damaged");
	return EV_REJECT;
}

const struct ev_expect_kind ev_expect_unique_kinds[] = {
	{.name = "expect_column_values_to_be_unique",
	 .arguments = "column* mostly",
	 .open = open_unique,
	 .step = unique_step,
	 .close = close_unique},
	{.name = "expect_compound_columns_to_be_unique",
	 .arguments = "column_list* ignore_row_if mostly",
	 .open = open_unique,
	 .step = compound_step,
	 .close = close_unique},
	{0},
};

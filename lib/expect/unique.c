/*
 * Expectations of uniqueness. Each key goes as a digest of 128 bits, with its place and the
 * beginning of its value, through a sort that spills; at the end equal digests stand together, and
 * every member of a group of two or more is unexpected.
 */
#include "base/utf8.h"
#include "expect/internal.h"
#include "store/sort.h"

enum { SHOWN = 48, KEYS_A_LINE = 500, SMALLEST_SHARE = 64 * 1024 };

struct unique {
	struct ev_sort *sort; /* made when the first key comes */
	uint64_t merged;      /* keys that came out of states */
	struct ev_buf item;
};

/* The fixed part of an entry in the sort, behind the digest; the source and the value follow. */
struct entry {
	uint64_t line, offset, element;
	struct ev_time time;
	uint32_t timed, source, value; /* lengths of source and value */
};

static bool open_unique(struct ev_expect *e, struct ev_expect_opening *o)
{
	(void)e;
	o->suite->n_sorting++;
	return true;
}

static void close_unique(struct ev_expect *e)
{
	struct unique *u = e->own;

	ev_sort_free(&u->sort);
	ev_buf_free(&u->item);
}

static bool unique_is_whole(const struct ev_expect *e)
{
	return ((const struct unique *)e->own)->merged == e->n.elements - e->n.missing;
}

static enum ev_status add(struct ev_expect *e, struct ev_hash128 key, const struct ev_position *pos,
			  uint64_t element, const char *value, size_t len, struct ev_error *err)
{
	const struct ev_suite *s = e->suite;
	const size_t share = s->options.memory / s->n_sorting;
	struct unique *u = e->own;
	struct entry entry = {pos->line,    pos->offset, element,
			      pos->time,    pos->timed,	 (uint32_t)strlen(pos->source),
			      (uint32_t)len};

	if (u->sort == NULL)
		u->sort = ev_sort_new(share < SMALLEST_SHARE ? SMALLEST_SHARE : share,
				      s->options.folder);
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
	cut = from + ev_utf8_cut(out->p + from, out->len - from, SHOWN - 4);
	for (size_t i = from + 1; i < cut;) {
		size_t n = out->p[i] != '\\' ? 1 : out->p[i + 1] == 'u' ? 6 : 2;

		if (i + n > cut)
			cut = i;
		i += n;
	}
	out->len = cut;
	ev_buf_puts(out, "...\"");
}

static bool unique_take(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	struct ev_buf *shown = &e->suite->shown;
	size_t len;
	const char *key = ev_expect_row_key(e, f->d, at, &len);

	len -= e->n_columns > 1; /* states have digests without the bracket at the end */
	ev_buf_reset(shown);
	ev_buf_put(shown, "[", e->n_columns > 1);
	for (size_t k = 0; k < e->n_columns; k++) {
		ev_buf_put(shown, ",", k > 0);
		show_short(f->d, at[k], shown);
	}
	ev_buf_put(shown, "]", e->n_columns > 1);
	if (add(e, ev_hash128(key, len, 0), ev_expect_position(f), f->element, shown->p, shown->len,
		f->err) == EV_FATAL)
		f->status = EV_FATAL;
	return true; /* whether it is unique is only known at the end */
}

/* An entry as it stands in the sort, with texts that end in NUL. */
struct member {
	struct ev_expect_sampled s;
	struct ev_buf source; /* that s points to */
};

static void take(struct member *m, const struct ev_sorted *item)
{
	struct entry e;

	memcpy(&e, item->item, sizeof e);
	ev_buf_reset(&m->source);
	ev_buf_put(&m->source, item->item + sizeof e, e.source);
	ev_buf_reset(&m->s.value);
	ev_buf_put(&m->s.value, item->item + sizeof e + e.source, e.value);
	m->s.pos = (struct ev_position){e.time, e.timed, (char *)(uintptr_t)ev_buf_str(&m->source),
					e.line, e.offset};
	m->s.element = e.element;
}

/* Lines of state, each with so many keys. */
struct keys {
	ev_suite_put *put; /* NULL: nothing is written */
	void *ctx;
	size_t index; /* the expectation's */
	struct ev_buf line;
	size_t n;
};

static enum ev_status put_keys(struct keys *k, struct ev_error *err)
{
	enum ev_status st = EV_OK;

	if (k->n > 0) {
		ev_buf_puts(&k->line, "]}");
		st = k->put(k->ctx, k->line.p, k->line.len, err);
	}
	k->n = 0;
	ev_buf_reset(&k->line);
	return st;
}

/* The count of 1 is of the form. */
static enum ev_status write_key(struct keys *k, const struct ev_hash128 *key,
				const struct ev_expect_sampled *s, struct ev_error *err)
{
	char hex[33];

	if (k->put == NULL)
		return EV_OK;
	if (k->n++ == 0)
		ev_buf_printf(&k->line, "{\"unique\":%zu,\"keys\":[", k->index);
	ev_hash128_hex(*key, hex);
	ev_json_name(&k->line, NULL);
	ev_buf_printf(&k->line, "[\"%s\",1", hex);
	ev_expect_sampled_write(s, &k->line);
	ev_buf_putc(&k->line, ']');
	return k->n == KEYS_A_LINE ? put_keys(k, err) : EV_OK;
}

static void unexpected(struct ev_expect *e, const struct member *m)
{
	e->n.unexpected++;
	ev_expect_sample_add(&e->sample, &m->s);
}

/* Of equal digests the first is held back until a second one shows that it is not unique. */
static enum ev_status unique_finish(struct ev_expect *e, size_t index, ev_suite_put *put, void *ctx,
				    struct ev_error *err)
{
	struct unique *u = e->own;
	struct keys keys = {.put = put, .ctx = ctx, .index = index};
	struct member first = {.source = {0}}, m = {.source = {0}};
	struct ev_hash128 last = {0}, key;
	uint64_t equal = 0; /* members with that digest; 0: none came yet */
	struct ev_sorted item;
	enum ev_status st;

	if (u->sort == NULL)
		return EV_OK;
	st = ev_sort_finish(u->sort, err);
	while (st == EV_OK && (st = ev_sort_next(u->sort, &item, err)) == EV_OK) {
		memcpy(&key, item.key, sizeof key);
		take(&m, &item);
		st = write_key(&keys, &key, &m.s, err);
		if (equal > 0 && key.lo == last.lo && key.hi == last.hi) {
			if (equal++ == 1)
				unexpected(e, &first);
			unexpected(e, &m);
		} else {
			struct member swap = first;

			first = m;
			m = swap;
			last = key;
			equal = 1;
		}
	}
	if (st == EV_EOF)
		st = put_keys(&keys, err);
	ev_buf_free(&keys.line);
	ev_buf_free(&m.source);
	ev_buf_free(&m.s.value);
	ev_buf_free(&first.source);
	ev_buf_free(&first.s.value);
	return st;
}

static enum ev_status unique_merge(struct ev_expect *e, const struct ev_doc *d,
				   struct ev_error *err)
{
	uint32_t list = ev_expect_state_member(d, "keys", EV_ARRAY);
	struct ev_expect_sampled s = {.element = 0};
	enum ev_status st = list != EV_NOWHERE ? EV_OK : EV_REJECT;

	for (uint32_t i = list + 1; st == EV_OK && i < ev_end(d, list); i = ev_next(d, i)) {
		struct ev_hash128 key;
		uint64_t count;

		st = EV_REJECT;
		if (ev_kind(d, i) != EV_ARRAY || d->nodes[i].count != 5 ||
		    !ev_hash_of(d, i + 1, &key) || !ev_u64_of(d, i + 2, &count) || count != 1 ||
		    !ev_expect_sampled_read(d, i, 2, &s))
			break;
		st = add(e, key, &s.pos, s.element, s.value.p, s.value.len, err);
		((struct unique *)e->own)->merged++;
	}
	ev_expect_sampled_free(&s);
	if (st == EV_REJECT)
		ev_fail(err, "the state is damaged");
	return st;
}

static const struct ev_expect_ops unique_ops = {.own = sizeof(struct unique),
						.open = open_unique,
						.take = unique_take,
						.finish = unique_finish,
						.merge_line = unique_merge,
						.is_whole = unique_is_whole,
						.close = close_unique};

const struct ev_expect_kind ev_expect_unique_kinds[] = {
	{"expect_column_values_to_be_unique", "column* mostly", &unique_ops},
	{"expect_compound_columns_to_be_unique", "column_list* ignore_row_if mostly", &unique_ops},
	{0},
};

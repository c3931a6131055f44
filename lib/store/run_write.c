#include "base/mem.h"
#include "io/deflate.h"
#include "io/out.h"
#include "store/internal.h"

#include <stdlib.h>

/*
 * A block of text is so small that reading one entry costs little, and large enough to be packed
 * well; one of fixed entries is a page.
 */
enum { TEXT_BLOCK = 32 * 1024, BINARY_BLOCK = 170 * EV_RUN_FIXED, BITS_A_KEY = 16 };

struct ev_run_writer {
	const char *dir;
	uint64_t number;
	enum ev_run_form form;
	struct ev_out *out;
	struct ev_deflater *deflater;
	struct ev_buf raw, packed, texts, last; /* last: the last key */
	struct ev_run_block *blocks;
	uint64_t *hashes; /* of the keys' first words; equal neighbours once */
	size_t n_blocks, cap_blocks, n_hashes, cap_hashes;
	uint64_t at, entries, commit, stamp, block_commit;
	size_t bounded, room; /* `bounded` bytes never need more than `room` when packed */
};

struct ev_run_writer *ev_run_create(const char *dir, uint64_t number, enum ev_run_form form,
				    struct ev_error *err)
{
	struct ev_run_writer *w = ev_calloc(1, sizeof *w);
	char *path = ev_run_path(dir, number, form, false);

	w->dir = dir;
	w->number = number;
	w->form = form;
	w->out = ev_out_file(path, err);
	free(path);
	if (w->out == NULL) {
		ev_run_discard(&w);
		return NULL;
	}
	ev_out_digest_start(w->out, NULL);
	if (form == EV_RUN_TEXT)
		w->deflater = ev_deflater_fast();
	return w;
}

void ev_run_discard(struct ev_run_writer **writer)
{
	struct ev_run_writer *w = *writer;

	if (w == NULL)
		return;
	if (w->out != NULL)
		ev_out_discard(&w->out);
	ev_deflater_free(&w->deflater);
	ev_buf_free(&w->raw);
	ev_buf_free(&w->packed);
	ev_buf_free(&w->texts);
	ev_buf_free(&w->last);
	free(w->blocks);
	free(w->hashes);
	free(w);
	*writer = NULL;
}

/* The length of the shortest prefix of the key that is greater than the key before. */
static size_t separator(const struct ev_buf *before, const char *key, size_t len)
{
	size_t i = 0, common = before->len < len ? before->len : len;

	while (i < common && before->p[i] == key[i])
		i++;
	return i < len ? i + 1 : len;
}

static void begin_block(struct ev_run_writer *w, const struct ev_entry *e)
{
	struct ev_run_block *b;

	ev_grow(&w->blocks, &w->cap_blocks, w->n_blocks + 1, sizeof *w->blocks);
	b = &w->blocks[w->n_blocks++];
	*b = (struct ev_run_block){.at = w->at, .text = w->texts.len};
	ev_buf_put(&w->texts, e->p, separator(&w->last, e->p, e->key_len));
	w->block_commit = 0;
}

static enum ev_status end_block(struct ev_run_writer *w, struct ev_error *err)
{
	struct ev_run_block *b;
	const char *p = w->raw.p;
	size_t len = w->raw.len;

	if (len == 0)
		return EV_OK;
	b = &w->blocks[w->n_blocks - 1];
	b->bytes = (uint32_t)len;
	if (w->form == EV_RUN_TEXT) {
		if (len > w->bounded) { /* computing it is slow */
			w->room = ev_deflate_bound(w->deflater, len);
			w->bounded = len;
		}
		ev_buf_reset(&w->packed);
		p = ev_buf_room(&w->packed, w->room);
		len = ev_deflate(w->deflater, w->raw.p, w->raw.len, w->packed.p, w->room);
	}
	b->packed = (uint32_t)len;
	b->sum = ev_hash64(p, len, 0);
	b->commit = w->block_commit;
	w->at += len;
	ev_buf_reset(&w->raw);
	return ev_out_status(w->out, ev_out_put(w->out, p, len), err);
}

enum ev_status ev_run_put(struct ev_run_writer *w, const struct ev_entry *e, struct ev_error *err)
{
	const size_t most = w->form == EV_RUN_TEXT ? TEXT_BLOCK : BINARY_BLOCK;

	if (e->len >= EV_RUN_LONGEST)
		return ev_fail(err, "%s: a record is too long for a state", w->out->name);
	if (w->raw.len > 0 && w->raw.len + e->len > most && end_block(w, err) != EV_OK)
		return EV_FATAL;
	if (w->raw.len == 0)
		begin_block(w, e);
	if (w->entries == 0 ||
	    !ev_run_same_word(w->form, w->last.p, w->last.len, e->p, e->key_len)) {
		ev_grow(&w->hashes, &w->cap_hashes, w->n_hashes + 1, sizeof *w->hashes);
		w->hashes[w->n_hashes++] = ev_run_hash(w->form, e->p, e->key_len);
	}
	ev_buf_put(&w->raw, e->p, e->len);
	if (w->form == EV_RUN_TEXT)
		ev_buf_putc(&w->raw, '\n');
	ev_buf_reset(&w->last);
	ev_buf_put(&w->last, e->p, e->key_len);
	w->entries++;
	if (e->commit > w->block_commit)
		w->block_commit = e->commit;
	if (e->commit > w->commit)
		w->commit = e->commit;
	if (w->form == EV_RUN_BINARY && ev_run_stamp(e->p + EV_RUN_KEY) > w->stamp)
		w->stamp = ev_run_stamp(e->p + EV_RUN_KEY);
	return EV_OK;
}

static void put64(struct ev_buf *b, uint64_t v)
{
	v = htole64(v);
	ev_buf_put(b, &v, sizeof v);
}

static void put_filter(const struct ev_run_writer *w, size_t lines, struct ev_buf *file)
{
	char *filter = memset(ev_buf_room(file, lines * EV_RUN_FILTER_LINE), 0,
			      lines * EV_RUN_FILTER_LINE);

	file->len += lines * EV_RUN_FILTER_LINE;
	for (size_t k = 0; k < w->n_hashes; k++) {
		char *line = filter + ev_run_filter_line(w->hashes[k], lines) * EV_RUN_FILTER_LINE;

		for (unsigned i = 0; i < EV_RUN_FILTER_PROBES; i++) {
			unsigned bit = ev_run_filter_bit(w->hashes[k], i);

			line[bit / 8] = (char)(line[bit / 8] | 1 << bit % 8);
		}
	}
}

static void index_file(struct ev_run_writer *w, struct ev_buf *file)
{
	size_t lines = (w->n_hashes * BITS_A_KEY + EV_RUN_FILTER_BITS - 1) / EV_RUN_FILTER_BITS;
	uint64_t texts = w->texts.len;

	lines = lines > 0 ? lines : 1;
	ev_buf_put(&w->texts, w->last.p, w->last.len);
	ev_buf_put(file, EV_RUN_INDEX_MAGIC, sizeof EV_RUN_INDEX_MAGIC - 1);
	put64(file, w->n_blocks);
	put64(file, lines);
	put64(file, w->texts.len);
	put64(file, w->entries);
	put64(file, w->form);
	for (size_t i = 0; i < w->n_blocks; i++) {
		const struct ev_run_block *b = &w->blocks[i];

		put64(file, b->at);
		put64(file, b->sum);
		put64(file, b->commit);
		put64(file, b->packed | (uint64_t)b->bytes << 32);
		put64(file, b->text);
	}
	put64(file, texts); /* of the last key */
	put_filter(w, lines, file);
	ev_buf_put(file, w->texts.p, w->texts.len);
}

static enum ev_status write_index(struct ev_run_writer *w, struct ev_run_facts *facts,
				  struct ev_error *err)
{
	char *path = ev_run_path(w->dir, w->number, w->form, true);
	struct ev_out *out = ev_out_file(path, err);
	struct ev_buf file = {0};

	free(path);
	if (out == NULL)
		return EV_FATAL;
	index_file(w, &file);
	facts->index = ev_hash128(file.p, file.len, 0);
	ev_out_put(out, file.p, file.len);
	ev_buf_free(&file);
	return ev_out_commit(&out, err);
}

enum ev_status ev_run_close(struct ev_run_writer **writer, struct ev_run_facts *facts,
			    struct ev_error *err)
{
	struct ev_run_writer *w = *writer;
	enum ev_status st = end_block(w, err);

	*facts = (struct ev_run_facts){.number = w->number,
				       .entries = w->entries,
				       .bytes = w->at,
				       .commit = w->commit,
				       .stamp = w->stamp};
	if (st == EV_OK) {
		facts->data = ev_out_digest_value(w->out);
		st = write_index(w, facts, err);
	}
	if (st == EV_OK)
		st = ev_out_commit(&w->out, err);
	ev_run_discard(writer);
	return st;
}

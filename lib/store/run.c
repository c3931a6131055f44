#include "base/mem.h"
#include "io/gz.h"
#include "io/in.h"
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Some blocks of a run are held, so that cursors that walk together load each of them once. The
 * block that a cursor is in stays where it is.
 */
enum { HELD = EV_RUN_CURSORS + 1 };

struct ev_run_held {
	size_t block; /* SIZE_MAX: none */
	struct ev_buf bytes;
	uint64_t used;
	unsigned pins; /* cursors that are in it */
};

struct ev_run_file {
	char *name; /* path of the data */
	int fd;
	enum ev_run_form form;
	struct ev_run_facts facts;
	char *file; /* the index, as it was read */
	const char *texts, *filter;
	struct ev_run_block *blocks;
	uint64_t *heads; /* of fixed entries: head_of() each block's text; made on first use */
	size_t n_blocks, n_lines, n_texts;
	struct ev_gz *gz;
	struct ev_buf packed;
	struct ev_run_held held[HELD];
	uint64_t uses;
};

char *ev_run_path(const char *dir, uint64_t number, enum ev_run_form form, bool index)
{
	const char *end = index ? "index" : form == EV_RUN_TEXT ? "gz" : "run";
	struct ev_buf path = {0};

	ev_buf_printf(&path, "%s/%08llu.%s", dir, (unsigned long long)number, end);
	ev_buf_str(&path);
	return path.p;
}

static uint64_t get64(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return le64toh(v);
}

/* The filter */

uint64_t ev_run_hash(enum ev_run_form form, const char *key, size_t len)
{
	const char *space = form == EV_RUN_TEXT && len > 0 ? memchr(key, ' ', len) : NULL;

	return ev_hash64(key, space != NULL ? (size_t)(space - key) : len, 0);
}

void ev_run_prefetch(const struct ev_run_file *r, uint64_t hash)
{
	__builtin_prefetch(r->filter + ev_run_filter_line(hash, r->n_lines) * EV_RUN_FILTER_LINE);
}

bool ev_run_may_have(const struct ev_run_file *r, uint64_t hash)
{
	const char *line = r->filter + ev_run_filter_line(hash, r->n_lines) * EV_RUN_FILTER_LINE;

	for (unsigned i = 0; i < EV_RUN_FILTER_PROBES; i++) {
		unsigned bit = ev_run_filter_bit(hash, i);

		if ((line[bit / 8] >> bit % 8 & 1) == 0)
			return false;
	}
	return true;
}

/* Opening */

static enum ev_status damaged(const char *name, const char *what, struct ev_error *err)
{
	return ev_fail(err,
		       "%s: %s: the file was damaged or put there by other hands: bring the state "
		       "back from a copy, or make it anew from the raw logs",
		       name, what);
}

static enum ev_status cannot_read(const char *name, struct ev_error *err)
{
	return ev_fail(err,
		       "%s: cannot be read: %s: bring the state back from a copy, or make it anew "
		       "from the raw logs",
		       name, strerror(errno));
}

/* Takes an index. False if it does not fit its own header; nothing behind its end is read. */
static bool take_index(struct ev_run_file *r, size_t len)
{
	const char *p = r->file;
	const uint64_t fixed = EV_RUN_INDEX_HEADER + 8; /* with where the last key begins */
	uint64_t blocks, lines, texts;

	if (len < fixed || memcmp(p, EV_RUN_INDEX_MAGIC, sizeof EV_RUN_INDEX_MAGIC - 1) != 0)
		return false;
	blocks = get64(p + 8);
	lines = get64(p + 16);
	texts = get64(p + 24);
	if (blocks > len / EV_RUN_INDEX_BLOCK || lines > len / EV_RUN_FILTER_LINE || lines == 0 ||
	    texts > len ||
	    fixed + blocks * EV_RUN_INDEX_BLOCK + lines * EV_RUN_FILTER_LINE + texts != len ||
	    get64(p + 32) != r->facts.entries || get64(p + 40) != r->form)
		return false;
	r->n_blocks = (size_t)blocks;
	r->n_lines = (size_t)lines;
	r->n_texts = (size_t)texts;
	r->filter = p + fixed + blocks * EV_RUN_INDEX_BLOCK;
	r->texts = r->filter + lines * EV_RUN_FILTER_LINE;
	r->blocks = ev_calloc(r->n_blocks + 1, sizeof *r->blocks);
	p += EV_RUN_INDEX_HEADER;
	for (size_t i = 0; i < r->n_blocks; i++, p += EV_RUN_INDEX_BLOCK) {
		uint64_t sizes = get64(p + 24);

		r->blocks[i] = (struct ev_run_block){get64(p),
						     get64(p + 8),
						     get64(p + 16),
						     (uint32_t)sizes,
						     (uint32_t)(sizes >> 32),
						     get64(p + 32)};
		if (r->blocks[i].text > texts ||
		    (i > 0 && r->blocks[i].text < r->blocks[i - 1].text) ||
		    r->blocks[i].at > r->facts.bytes ||
		    r->blocks[i].packed > r->facts.bytes - r->blocks[i].at ||
		    r->blocks[i].bytes > EV_RUN_LONGEST + EV_RUN_KEY_MAX)
			return false;
	}
	r->blocks[r->n_blocks].text = get64(p);
	if (r->n_blocks == 0)
		return get64(p) <= texts;
	return get64(p) <= texts && get64(p) >= r->blocks[r->n_blocks - 1].text &&
	       (r->form != EV_RUN_BINARY || texts - get64(p) == EV_RUN_KEY);
}

static enum ev_status read_at(int fd, const char *name, uint64_t at, char *p, size_t len,
			      struct ev_error *err)
{
	while (len > 0) {
		ssize_t n = pread(fd, p, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ev_fail(err, "%s: cannot be read: %s", name, strerror(errno));
		if (n == 0)
			return damaged(name, "has become shorter", err);
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return EV_OK;
}

static enum ev_status read_index(struct ev_run_file *r, const char *dir, struct ev_error *err)
{
	char *path = ev_run_path(dir, r->facts.number, r->form, true);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum ev_status st;
	struct stat s;

	if (fd < 0 || fstat(fd, &s) != 0) {
		st = cannot_read(path, err);
	} else {
		size_t len = (size_t)s.st_size;

		r->file = ev_malloc(len);
		st = read_at(fd, path, 0, r->file, len, err);
		if (st == EV_OK &&
		    (!ev_hash128_equal(ev_hash128(r->file, len, 0), r->facts.index) ||
		     !take_index(r, len)))
			st = damaged(path, "is not what the manifest names", err);
	}
	if (fd >= 0)
		close(fd);
	free(path);
	return st;
}

struct ev_run_file *ev_run_open(const char *dir, const struct ev_run_facts *facts,
				enum ev_run_form form, struct ev_error *err)
{
	struct ev_run_file *r = ev_calloc(1, sizeof *r);
	enum ev_status st = EV_OK;
	struct stat s;

	r->facts = *facts;
	r->form = form;
	for (size_t i = 0; i < HELD; i++)
		r->held[i].block = SIZE_MAX;
	r->name = ev_run_path(dir, facts->number, form, false);
	r->fd = open(r->name, O_RDONLY | O_CLOEXEC);
	if (r->fd < 0 || fstat(r->fd, &s) != 0)
		st = cannot_read(r->name, err);
	else if ((uint64_t)s.st_size != facts->bytes)
		st = damaged(r->name, "is not as long as the manifest says", err);
	if (st == EV_OK)
		st = read_index(r, dir, err);
	if (st != EV_OK)
		ev_run_free(&r);
	else if (form == EV_RUN_TEXT)
		r->gz = ev_gz_new(ev_gz_inflaters[0]);
	return r;
}

void ev_run_free(struct ev_run_file **run)
{
	struct ev_run_file *r = *run;

	if (r == NULL)
		return;
	if (r->fd >= 0)
		close(r->fd);
	if (r->gz != NULL)
		ev_gz_free(&r->gz);
	for (size_t i = 0; i < HELD; i++)
		ev_buf_free(&r->held[i].bytes);
	ev_buf_free(&r->packed);
	free(r->blocks);
	free(r->heads);
	free(r->file);
	free(r->name);
	free(r);
	*run = NULL;
}

static enum ev_status unpack(struct ev_run_file *r, const struct ev_run_block *b,
			     struct ev_buf *bytes, struct ev_error *err)
{
	const char *in = r->packed.p, *why;
	size_t in_len = b->packed, len = b->bytes;

	ev_gz_reset(r->gz);
	if (ev_gz_inflate(r->gz, &in, &in_len, bytes->p, &len, &why) != EV_OK)
		return damaged(r->name, why, err);
	if (len != b->bytes)
		return damaged(r->name, "a block is shorter than its index says", err);
	return EV_OK;
}

static enum ev_status load(struct ev_run_file *r, size_t i, struct ev_run_held *h,
			   struct ev_error *err)
{
	const struct ev_run_block *b = &r->blocks[i];
	struct ev_buf *packed = r->form == EV_RUN_TEXT ? &r->packed : &h->bytes;
	enum ev_status st;

	h->block = SIZE_MAX;
	ev_buf_reset(&h->bytes);
	ev_buf_room(&h->bytes, b->bytes + EV_IN_SLACK);
	ev_buf_reset(packed);
	ev_buf_room(packed, b->packed + EV_IN_SLACK);
	if ((st = read_at(r->fd, r->name, b->at, packed->p, b->packed, err)) != EV_OK)
		return st;
	if (ev_hash64(packed->p, b->packed, 0) != b->sum)
		return damaged(r->name, "a block does not have its checksum", err);
	if (r->form == EV_RUN_TEXT && unpack(r, b, &h->bytes, err) != EV_OK)
		return EV_FATAL;
	h->bytes.len = b->bytes;
	h->block = i;
	return EV_OK;
}

/* Loads the block, unless it is held, and pins it. */
static enum ev_status pin_block(struct ev_run_file *r, size_t i, struct ev_run_held **held,
				struct ev_error *err)
{
	struct ev_run_held *h = NULL;

	for (size_t k = 0; k < HELD && (h == NULL || h->block != i); k++) {
		struct ev_run_held *other = &r->held[k];

		if (other->block == i || (other->pins == 0 && (h == NULL || other->used < h->used)))
			h = other;
	}
	if (h->block != i && load(r, i, h, err) != EV_OK)
		return EV_FATAL;
	h->used = ++r->uses;
	h->pins++;
	*held = h;
	return EV_OK;
}

/* Reads the entry at c->next; false if it is malformed. */
static bool take_entry(struct ev_run_cursor *c)
{
	struct ev_entry *e = &c->entry;
	const char *p = c->next, *end, *tab;

	if (c->run->form == EV_RUN_BINARY) {
		uint32_t commit;

		if (c->end - p < EV_RUN_FIXED)
			return false;
		memcpy(&commit, p + EV_RUN_KEY, sizeof commit);
		*e = (struct ev_entry){p, EV_RUN_FIXED,	  EV_RUN_KEY, p + EV_RUN_KEY,
				       8, be32toh(commit)};
		c->next = p + EV_RUN_FIXED;
		return true;
	}
	end = memchr(p, '\n', (size_t)(c->end - p));
	tab = end != NULL ? memchr(p, '\t', (size_t)(end - p)) : NULL;
	if (tab == NULL || end - tab < EV_RUN_COMMIT + 2 || tab[EV_RUN_COMMIT + 1] != '\t')
		return false;
	*e = (struct ev_entry){.p = p,
			       .len = (size_t)(end - p),
			       .key_len = (size_t)(tab - p),
			       .value = tab + EV_RUN_COMMIT + 2};
	e->value_len = (size_t)(end - e->value);
	for (int i = 1; i <= EV_RUN_COMMIT; i++) {
		if (tab[i] < '0' || tab[i] > '9')
			return false;
		e->commit = e->commit * 10 + (uint64_t)(tab[i] - '0');
	}
	c->next = end + 1;
	return true;
}

void ev_run_cursor_reset(struct ev_run_cursor *c)
{
	if (c->held != NULL)
		c->held->pins--;
	*c = (struct ev_run_cursor){.run = c->run};
}

static enum ev_status enter_block(struct ev_run_cursor *c, size_t block, struct ev_error *err)
{
	ev_run_cursor_reset(c);
	if (pin_block(c->run, block, &c->held, err) != EV_OK)
		return EV_FATAL;
	c->block = block + 1;
	c->next = c->held->bytes.p;
	c->end = c->next + c->held->bytes.len;
	return EV_OK;
}

enum ev_status ev_run_next(struct ev_run_cursor *c, struct ev_error *err)
{
	return ev_run_next_since(c, 0, err);
}

enum ev_status ev_run_next_since(struct ev_run_cursor *c, uint64_t commit, struct ev_error *err)
{
	const struct ev_run_file *r = c->run;

	while (c->next == c->end) {
		size_t block = c->block;

		while (commit > 0 && block < r->n_blocks && r->blocks[block].commit <= commit)
			block++;
		if (block >= r->n_blocks) {
			c->ended = true;
			return EV_OK;
		}
		if (enter_block(c, block, err) != EV_OK)
			return EV_FATAL;
	}
	return take_entry(c) ? EV_OK : damaged(r->name, "an entry is not as evkit writes it", err);
}

static int compare_text(const struct ev_run_file *r, size_t block, const char *key, size_t len)
{
	uint64_t from = r->blocks[block].text;

	return ev_bytes_compare(r->texts + from, (size_t)(r->blocks[block + 1].text - from), key,
				len);
}

/*
 * The last block whose separator is less than the key. It is the first that can have the key, whose
 * entries may be in several blocks.
 */
static size_t find_block(const struct ev_run_file *r, const char *key, size_t len)
{
	size_t from = 0, to = r->n_blocks;

	while (to - from > 1) {
		size_t mid = from + (to - from) / 2;

		if (compare_text(r, mid, key, len) < 0)
			from = mid;
		else
			to = mid;
	}
	return from;
}

enum ev_status ev_run_seek(struct ev_run_cursor *c, const char *key, size_t len,
			   struct ev_error *err)
{
	const struct ev_run_file *r = c->run;
	size_t block = find_block(r, key, len);

	c->ended = r->n_blocks == 0;
	if (c->ended)
		return EV_OK;
	/* A cursor that is before the key, in the same block, goes on from there. */
	if ((c->block != block + 1 || c->entry.p == NULL ||
	     ev_bytes_compare(c->entry.p, c->entry.key_len, key, len) >= 0) &&
	    enter_block(c, block, err) != EV_OK)
		return EV_FATAL;
	do {
		if (ev_run_next(c, err) != EV_OK)
			return EV_FATAL;
	} while (!c->ended && ev_bytes_compare(c->entry.p, c->entry.key_len, key, len) < 0);
	return EV_OK;
}

/* Fixed keys one by one */

/* The first eight bytes of a key, as a number that compares as they do; missing ones are 0. */
static uint64_t head_of(const char *key, size_t len)
{
	uint64_t head = 0;

	memcpy(&head, key, len < sizeof head ? len : sizeof head);
	return be64toh(head);
}

static void make_heads(struct ev_run_file *r)
{
	r->heads = ev_calloc(r->n_blocks + 1, sizeof *r->heads);
	for (size_t i = 0; i < r->n_blocks; i++)
		r->heads[i] = head_of(r->texts + r->blocks[i].text,
				      (size_t)(r->blocks[i + 1].text - r->blocks[i].text));
}

/* The last block whose separator is not greater than the key. */
static size_t find_last_block(const struct ev_run_file *r, const char *key)
{
	const uint64_t head = head_of(key, EV_RUN_KEY);
	size_t from = 0, to = r->n_blocks;

	while (to - from > 1) {
		size_t mid = from + (to - from) / 2;

		if (r->heads[mid] <= head)
			from = mid;
		else
			to = mid;
	}
	while (from > 0 && compare_text(r, from, key, EV_RUN_KEY) > 0)
		from--;
	return from;
}

enum ev_status ev_run_get(struct ev_run_file *r, const char key[EV_RUN_KEY], const char **entry,
			  struct ev_error *err)
{
	size_t from = 0, to;
	struct ev_run_held *h;
	const char *p;

	*entry = NULL;
	if (r->n_blocks == 0)
		return EV_OK;
	if (r->heads == NULL)
		make_heads(r);
	if (pin_block(r, find_last_block(r, key), &h, err) != EV_OK)
		return EV_FATAL;
	h->pins--;
	/* Find the first greater entry; the key's last one is before it. */
	to = h->bytes.len / EV_RUN_FIXED;
	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (memcmp(h->bytes.p + mid * EV_RUN_FIXED, key, EV_RUN_KEY) <= 0)
			from = mid + 1;
		else
			to = mid;
	}
	if (from == 0)
		return EV_OK;
	p = h->bytes.p + (from - 1) * EV_RUN_FIXED;
	if (memcmp(p, key, EV_RUN_KEY) == 0)
		*entry = p;
	return EV_OK;
}

const char *ev_run_last(const struct ev_run_file *r, size_t *len)
{
	uint64_t from = r->blocks[r->n_blocks].text;

	*len = (size_t)(r->n_texts - from);
	return r->texts + from;
}

/* Checking */

enum ev_status ev_run_check(struct ev_run_file *r, struct ev_error *err)
{
	struct ev_run_cursor c = {.run = r};
	struct ev_digest *digest = ev_digest_new();
	struct ev_buf before = {0};
	enum ev_status st = EV_OK;
	struct ev_hash128 h;
	uint64_t n = 0;

	for (size_t i = 0; i < r->n_blocks && st == EV_OK; i++) {
		ev_buf_reset(&r->packed);
		ev_buf_room(&r->packed, r->blocks[i].packed);
		st = read_at(r->fd, r->name, r->blocks[i].at, r->packed.p, r->blocks[i].packed,
			     err);
		if (st == EV_OK)
			ev_digest_add(digest, r->packed.p, r->blocks[i].packed);
	}
	h = ev_digest_value(digest);
	if (st == EV_OK && !ev_hash128_equal(h, r->facts.data))
		st = damaged(r->name, "does not have the digest that the manifest names", err);
	while (st == EV_OK && (st = ev_run_next(&c, err)) == EV_OK && !c.ended) {
		n++;
		if (before.len > 0 &&
		    ev_bytes_compare(before.p, before.len, c.entry.p, c.entry.len) >= 0)
			st = damaged(r->name, "its entries are not sorted", err);
		else if (!ev_run_may_have(r, ev_run_hash(r->form, c.entry.p, c.entry.key_len)))
			st = damaged(r->name, "its filter lacks a key", err);
		ev_buf_reset(&before);
		ev_buf_put(&before, c.entry.p, c.entry.len);
	}
	if (st == EV_OK && n != r->facts.entries)
		st = damaged(r->name, "has another number of entries than the manifest says", err);
	ev_run_cursor_reset(&c);
	ev_digest_free(&digest);
	ev_buf_free(&before);
	return st;
}

#include "store/sort.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "io/in.h"
#include "io/out.h"
#include "store/internal.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUN_BLOCK = 256 * 1024, FAN = 32 };
enum { FEW = 24, MAX_DEPTHS = 8 };
/* How many items ahead the header, and all of an item, is fetched into the cache. */
enum { HEADER_AHEAD = 16, ITEM_AHEAD = 4, FETCHED = 1024, CACHE_LINE = 64 };

_Static_assert((int)EV_ARENA_OVER >= (int)EV_IN_SLACK, "items have their slack from the arena");

/* Before each key and its item, in memory and in a run. */
struct header {
	uint32_t key_len, len;
};

struct slot {
	uint64_t prefix; /* eight bytes of the key, so that few comparisons read the key itself */
	const char *at;	 /* of the header */
};

struct run {
	int fd;
	char *buf;
	size_t cap, head, tail;
	bool ended;
	uint64_t order; /* of equal keys, those of the lesser run were added earlier */
	unsigned level; /* how many times its items were merged */
	struct header now;
	const char *key; /* of the item at hand; NULL behind the last */
	uint64_t prefix;
};

struct ev_sort {
	size_t limit, held; /* bytes */
	const char *folder;
	struct ev_arena arena;
	struct slot *slots;
	size_t n, cap, next;
	struct run *runs;
	size_t n_runs, cap_runs, ever;
	size_t *heap; /* of runs, the least first */
	size_t n_heap;
	bool taken; /* the least run's item was handed out */
};

struct ev_sort *ev_sort_new(size_t limit, const char *folder)
{
	struct ev_sort *s = ev_calloc(1, sizeof *s);

	s->limit = limit;
	s->folder = folder;
	return s;
}

static void free_runs(struct ev_sort *s, size_t from)
{
	for (size_t i = from; i < s->n_runs; i++) {
		close(s->runs[i].fd);
		free(s->runs[i].buf);
	}
	s->n_runs = from;
}

void ev_sort_free(struct ev_sort **s)
{
	if (*s == NULL)
		return;
	free_runs(*s, 0);
	ev_arena_free(&(*s)->arena);
	free((*s)->slots);
	free((*s)->runs);
	free((*s)->heap);
	free(*s);
	*s = NULL;
}

static struct header header_of(const char *at)
{
	struct header h;

	memcpy(&h, at, sizeof h);
	return h;
}

/* Eight bytes of a key from `depth` on, then zeros, as a number that compares as they do. */
static uint64_t prefix_of(const char *key, size_t len, size_t depth)
{
	uint64_t v = 0;

	if (len >= depth + 8)
		memcpy(&v, key + depth, 8);
	else if (len > depth)
		memcpy(&v, key + depth, len - depth);
	return be64toh(v);
}

/* Sorting in memory. All keys of a range share `depth` bytes; their prefixes begin there. */

static bool slot_less(const struct slot *a, const struct slot *b, size_t depth)
{
	struct header ha, hb;

	if (a->prefix != b->prefix)
		return a->prefix < b->prefix;
	ha = header_of(a->at);
	hb = header_of(b->at);
	return ev_bytes_compare(a->at + sizeof ha + depth, ha.key_len - depth,
				b->at + sizeof hb + depth, hb.key_len - depth) < 0;
}

static void sort_few(struct slot *slots, size_t n, size_t depth)
{
	for (size_t i = 1; i < n; i++) {
		struct slot slot = slots[i];
		size_t k = i;

		for (; k > 0 && slot_less(&slot, &slots[k - 1], depth); k--)
			slots[k] = slots[k - 1];
		slots[k] = slot;
	}
}

/* A merge sort takes over where hostile keys would make the radix sort recurse too deeply. */
static void sort_by_merging(struct slot *slots, struct slot *spare, size_t n, size_t depth)
{
	size_t half = n / 2, left = 0, right = half;

	if (n <= FEW) {
		sort_few(slots, n, depth);
		return;
	}
	sort_by_merging(slots, spare, half, depth);
	sort_by_merging(slots + half, spare, n - half, depth);
	memcpy(spare, slots, half * sizeof *slots);
	for (size_t i = 0; left < half; i++)
		slots[i] = right < n && slot_less(&slots[right], &spare[left], depth)
				   ? slots[right++]
				   : spare[left++];
}

/*
 * How many bytes all keys of a range share from `depth` on; *equal: the keys are the same.
 */
static size_t common_bytes(const struct slot *slots, size_t n, size_t depth, bool *equal)
{
	struct header first = header_of(slots[0].at);
	const char *key = slots[0].at + sizeof first + depth;
	size_t common = first.key_len - depth;

	*equal = true;
	for (size_t i = 1; i < n; i++) {
		struct header h = header_of(slots[i].at);
		const char *other = slots[i].at + sizeof h + depth;
		size_t k = 0;

		if (i + HEADER_AHEAD < n)
			__builtin_prefetch(slots[i + HEADER_AHEAD].at);
		*equal &= h.key_len == first.key_len;
		if (h.key_len - depth < common)
			common = h.key_len - depth;
		if (memcmp(key, other, common) == 0)
			continue;
		*equal = false;
		while (key[k] == other[k])
			k++;
		common = k;
	}
	return common;
}

static void sort_by_byte(struct slot *slots, struct slot *spare, size_t n, size_t depth,
			 unsigned shift, unsigned depths);

/* Sorts a range whose prefixes are all equal, from where its keys begin to differ. */
static void sort_deeper(struct slot *slots, struct slot *spare, size_t n, size_t depth,
			unsigned depths)
{
	bool equal;

	depth += common_bytes(slots, n, depth, &equal);
	if (equal)
		return;
	for (size_t i = 0; i < n; i++) {
		struct header h = header_of(slots[i].at);

		slots[i].prefix = prefix_of(slots[i].at + sizeof h, h.key_len, depth);
	}
	if (depths == MAX_DEPTHS)
		sort_by_merging(slots, spare, n, depth);
	else
		sort_by_byte(slots, spare, n, depth, 64, depths + 1);
}

/* shift: of the byte of the prefix by which the range was sorted last; 64 at first. */
static void sort_by_byte(struct slot *slots, struct slot *spare, size_t n, size_t depth,
			 unsigned shift, unsigned depths)
{
	size_t ends[256], from = 0;

	do {
		if (n <= FEW) {
			sort_few(slots, n, depth);
			return;
		}
		if (shift == 0) {
			sort_deeper(slots, spare, n, depth, depths);
			return;
		}
		shift -= 8;
		memset(ends, 0, sizeof ends);
		for (size_t i = 0; i < n; i++)
			ends[slots[i].prefix >> shift & 255]++;
	} while (ends[slots[0].prefix >> shift & 255] == n);
	for (size_t i = 0; i < 256; i++) {
		size_t count = ends[i];

		ends[i] = from; /* where the bucket begins, until it is filled */
		from += count;
	}
	for (size_t i = 0; i < n; i++)
		spare[ends[slots[i].prefix >> shift & 255]++] = slots[i];
	memcpy(slots, spare, n * sizeof *slots);
	from = 0;
	for (size_t i = 0; i < 256; i++) {
		if (ends[i] - from > 1)
			sort_by_byte(slots + from, spare, ends[i] - from, depth, shift, depths);
		from = ends[i];
	}
}

static void sort_slots(struct ev_sort *s)
{
	struct slot *spare = ev_malloc(s->n * sizeof *spare);

	sort_by_byte(s->slots, spare, s->n, 0, 64, 0);
	free(spare);
}

static enum ev_status failed(struct ev_sort *s, const char *what, struct ev_error *err)
{
	return ev_fail(err,
		       "%s: temporary files %s: %s: make room, or name another folder in TMPDIR",
		       s->folder, what, strerror(errno));
}

static int unnamed_file(const char *folder)
{
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct ev_buf path = {0};

	if (fd >= 0)
		return fd;
	ev_buf_printf(&path, "%s/evkit-XXXXXX", folder);
	ev_buf_str(&path);
	if ((fd = mkostemp(path.p, O_CLOEXEC)) >= 0)
		unlink(path.p);
	ev_buf_free(&path);
	return fd;
}

/* Begins a run; NULL with the error. */
static struct ev_out *run_begin(struct ev_sort *s, struct ev_error *err)
{
	int fd = unnamed_file(s->folder);

	if (fd < 0) {
		failed(s, "cannot be made", err);
		return NULL;
	}
	return ev_out_fd(fd, s->folder);
}

/* Adds the run to the sort's, unless st or the last write says that it failed. */
static enum ev_status run_end(struct ev_sort *s, struct ev_out **out, uint64_t order,
			      enum ev_status st, struct ev_error *err)
{
	int fd = (*out)->fd;

	if (st == EV_OK)
		st = ev_out_flush(*out);
	if (st == EV_OK && lseek(fd, 0, SEEK_SET) != 0)
		st = EV_FATAL;
	if (st != EV_OK)
		failed(s, "cannot be written", err);
	ev_out_discard(out);
	if (st != EV_OK) {
		close(fd);
		return EV_FATAL;
	}
	ev_grow(&s->runs, &s->cap_runs, s->n_runs + 1, sizeof *s->runs);
	s->runs[s->n_runs++] = (struct run){.fd = fd, .order = order};
	s->ever++;
	return EV_OK;
}

static enum ev_status spill(struct ev_sort *s, struct ev_error *err)
{
	enum ev_status st = EV_OK;
	struct ev_out *out;

	sort_slots(s);
	if ((out = run_begin(s, err)) == NULL)
		return EV_FATAL;
	for (size_t i = 0; i < s->n && st == EV_OK; i++) {
		struct header h = header_of(s->slots[i].at);

		st = ev_out_put(out, s->slots[i].at, sizeof h + h.key_len + h.len);
	}
	if (run_end(s, &out, s->ever, st, err) != EV_OK)
		return EV_FATAL;
	s->n = 0;
	s->held = 0;
	ev_arena_reset(&s->arena);
	return EV_OK;
}

static enum ev_status merge_levels(struct ev_sort *s, struct ev_error *err);

char *ev_sort_room(struct ev_sort *s, size_t key_len, size_t len)
{
	struct header h = {(uint32_t)key_len, (uint32_t)len};
	char *at = ev_arena_alloc(&s->arena, sizeof h + key_len + len + 1);

	memcpy(at, &h, sizeof h);
	at[sizeof h + key_len + len] = '\0';
	if (s->n == s->cap)
		ev_grow(&s->slots, &s->cap, s->n + 1, sizeof *s->slots);
	s->slots[s->n].at = at;
	return at + sizeof h;
}

enum ev_status ev_sort_added(struct ev_sort *s, struct ev_error *err)
{
	struct slot *slot = &s->slots[s->n++];
	struct header h = header_of(slot->at);

	slot->prefix = prefix_of(slot->at + sizeof h, h.key_len, 0);
	s->held +=
		sizeof h + h.key_len + h.len + 2 * sizeof *slot; /* with a spare one for sorting */
	if (s->held < s->limit)
		return EV_OK;
	if (spill(s, err) != EV_OK)
		return EV_FATAL;
	return merge_levels(s, err);
}

enum ev_status ev_sort_add(struct ev_sort *s, const void *key, size_t key_len, const void *item,
			   size_t len, struct ev_error *err)
{
	char *at = ev_sort_room(s, key_len, len);

	memcpy(at, key, key_len);
	memcpy(at + key_len, item, len);
	return ev_sort_added(s, err);
}

/* Reads until the run's buffer holds `need` bytes, or up to the end of the run. */
static enum ev_status run_fill(struct ev_sort *s, struct run *r, size_t need, struct ev_error *err)
{
	if (r->head > 0) {
		memmove(r->buf, r->buf + r->head, r->tail - r->head);
		r->tail -= r->head;
		r->head = 0;
	}
	ev_grow(&r->buf, &r->cap, (need > RUN_BLOCK ? need : RUN_BLOCK) + EV_IN_SLACK, 1);
	while (r->tail < need && !r->ended) {
		ssize_t n = read(r->fd, r->buf + r->tail, r->cap - EV_IN_SLACK - r->tail);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed(s, "cannot be read", err);
		r->ended = n == 0;
		r->tail += (size_t)n;
	}
	return EV_OK;
}

static enum ev_status run_next(struct ev_sort *s, struct run *r, struct ev_error *err)
{
	size_t whole;

	if (r->key != NULL)
		r->head += sizeof r->now + r->now.key_len + r->now.len;
	r->key = NULL;
	if (r->tail - r->head < sizeof r->now && run_fill(s, r, sizeof r->now, err) != EV_OK)
		return EV_FATAL;
	if (r->tail == r->head)
		return EV_OK;
	r->now = header_of(r->buf + r->head);
	whole = sizeof r->now + r->now.key_len + r->now.len;
	if (r->tail - r->head < whole && run_fill(s, r, whole, err) != EV_OK)
		return EV_FATAL;
	if (r->tail - r->head < whole) {
		errno = EIO;
		return failed(s, "are shorter than written", err);
	}
	r->key = r->buf + r->head + sizeof r->now;
	r->prefix = prefix_of(r->key, r->now.key_len, 0);
	return EV_OK;
}

static bool run_less(const void *runs, size_t i, size_t k)
{
	const struct run *list = runs, *a = &list[i], *b = &list[k];
	int order;

	if (a->prefix != b->prefix)
		return a->prefix < b->prefix;
	order = ev_bytes_compare(a->key, a->now.key_len, b->key, b->now.key_len);
	return order != 0 ? order < 0 : a->order < b->order;
}

/* A heap of the runs from that one on. */
static enum ev_status heap_build(struct ev_sort *s, size_t from, struct ev_error *err)
{
	s->heap = ev_realloc_array(s->heap, s->n_runs, sizeof *s->heap);
	s->n_heap = 0;
	for (size_t i = from; i < s->n_runs; i++) {
		if (run_next(s, &s->runs[i], err) != EV_OK)
			return EV_FATAL;
		if (s->runs[i].key != NULL)
			s->heap[s->n_heap++] = i;
	}
	ev_heap_build(s->heap, s->n_heap, run_less, s->runs);
	return EV_OK;
}

/* Moves the least run on to its next item. */
static enum ev_status heap_advance(struct ev_sort *s, struct ev_error *err)
{
	struct run *r = &s->runs[s->heap[0]];

	if (run_next(s, r, err) != EV_OK)
		return EV_FATAL;
	if (r->key == NULL)
		s->heap[0] = s->heap[--s->n_heap];
	ev_heap_down(s->heap, s->n_heap, 0, run_less, s->runs);
	return EV_OK;
}

/* Merges the runs from that one on into one, which takes their place. */
static enum ev_status merge_runs(struct ev_sort *s, size_t from, struct ev_error *err)
{
	uint64_t order = s->runs[from].order;
	unsigned level = s->runs[from].level;
	enum ev_status st = EV_OK;
	struct ev_out *out;
	struct run merged;

	if (heap_build(s, from, err) != EV_OK || (out = run_begin(s, err)) == NULL)
		return EV_FATAL;
	while (s->n_heap > 0 && st == EV_OK) {
		struct run *r = &s->runs[s->heap[0]];

		st = ev_out_put(out, r->buf + r->head, sizeof r->now + r->now.key_len + r->now.len);
		if (st == EV_OK && heap_advance(s, err) != EV_OK) {
			close(out->fd);
			ev_out_discard(&out);
			return EV_FATAL;
		}
	}
	if (run_end(s, &out, order, st, err) != EV_OK)
		return EV_FATAL;
	merged = s->runs[--s->n_runs];
	merged.level = level + 1;
	free_runs(s, from);
	s->runs[s->n_runs++] = merged;
	return EV_OK;
}

/*
 * FAN runs of a level become one of the next, so that few files are open at once and an item is
 * merged as often as there are levels. The runs of a level stand together, the lowest last.
 */
static enum ev_status merge_levels(struct ev_sort *s, struct ev_error *err)
{
	for (;;) {
		size_t from = s->n_runs;

		while (from > 0 && s->runs[from - 1].level == s->runs[s->n_runs - 1].level)
			from--;
		if (s->n_runs - from < FAN)
			return EV_OK;
		if (merge_runs(s, from, err) != EV_OK)
			return EV_FATAL;
	}
}

enum ev_status ev_sort_finish(struct ev_sort *s, struct ev_error *err)
{
	if (s->n_runs == 0) {
		sort_slots(s);
		return EV_OK;
	}
	if (s->n > 0 && spill(s, err) != EV_OK)
		return EV_FATAL;
	return heap_build(s, 0, err);
}

/*
 * Items lie in memory as they came, so the processor cannot predict which is the next. Always
 * inline, because gcc drops a call of it as one without effect.
 */
static EV_ALWAYS_INLINE void fetch_ahead(const struct ev_sort *s)
{
	const char *at;
	size_t len;

	if (s->n - s->next <= HEADER_AHEAD)
		return;
	__builtin_prefetch(s->slots[s->next + HEADER_AHEAD].at);
	at = s->slots[s->next + ITEM_AHEAD].at;
	len = header_of(at).len;
	for (size_t i = CACHE_LINE; i < len && i < FETCHED; i += CACHE_LINE)
		__builtin_prefetch(at + i);
}

enum ev_status ev_sort_next(struct ev_sort *s, struct ev_sorted *out, struct ev_error *err)
{
	const char *at;
	struct header h;

	if (s->n_runs == 0) {
		if (s->next == s->n)
			return EV_EOF;
		fetch_ahead(s);
		at = s->slots[s->next++].at;
	} else {
		if (s->taken && heap_advance(s, err) != EV_OK)
			return EV_FATAL;
		if (s->n_heap == 0)
			return EV_EOF;
		s->taken = true;
		at = s->runs[s->heap[0]].buf + s->runs[s->heap[0]].head;
	}
	h = header_of(at);
	*out = (struct ev_sorted){at + sizeof h, at + sizeof h + h.key_len, h.key_len, h.len,
				  s->n_runs == 0};
	return EV_OK;
}

/* The commits: reading what they name, and writing their lines. */
#include "base/mem.h"
#include "io/in.h"
#include "lake/internal.h"
#include "record/position.h"
#include "scan/form.h"
#include "json/view.h"
#include "json/write.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FORM = 1, LONGEST_COMMIT = 1 << 30 };

void ev_lake_commit_name(uint64_t number, char name[EV_LAKE_NAME])
{
	snprintf(name, EV_LAKE_NAME, "_evlake/commits/%08" PRIu64 ".jsonl", number);
}

void ev_lake_forget(struct ev_lake *l)
{
	for (size_t i = 0; i < l->n_parts; i++)
		free(l->parts[i].path);
	for (size_t i = 0; i < l->n_batches; i++)
		free(l->batches[i].name);
	for (size_t i = 0; i < l->n_removed; i++)
		free(l->removed[i]);
	free(l->removed);
	l->removed = NULL;
	l->n_parts = l->n_batches = l->n_removed = 0;
	ev_lookup_reset(&l->by_batch, 0);
}

const struct ev_lake_batch *ev_lake_find(const struct ev_lake *l, const char *batch)
{
	size_t step = 0;
	uint32_t i;

	while ((i = ev_lookup_next(&l->by_batch, ev_hash64(batch, strlen(batch), 0), &step)) !=
	       EV_LOOKUP_NONE)
		if (strcmp(l->batches[i].name, batch) == 0)
			return &l->batches[i];
	return NULL;
}

static bool read_count(const struct ev_doc *d, struct ev_lake_count *count)
{
	return ev_state_u64(d, 0, "rows", &count->rows) &&
	       ev_state_u64(d, 0, "bytes", &count->bytes) &&
	       ev_hash_of(d, ev_member(d, 0, "digest", 6), &count->digest);
}

static bool read_time(const struct ev_doc *d, const char *name, char out[EV_TIME_TEXT + 1])
{
	uint32_t at = ev_member(d, 0, name, strlen(name));
	const char *p;
	size_t len;

	out[0] = '\0';
	if (at == EV_NOWHERE)
		return true;
	p = ev_raw(d, at, &len);
	if (ev_kind(d, at) != EV_STRING || len != EV_TIME_TEXT + 2 || !ev_time_is_canonical(p + 1))
		return false;
	memcpy(out, p + 1, EV_TIME_TEXT);
	out[EV_TIME_TEXT] = '\0';
	return true;
}

/* A path of a commit leads nowhere but into a folder of three levels below the lake. */
static bool is_part_path(const char *path)
{
	const char *type, *bucket, *name;

	if (path == NULL || strncmp(path, "dt=", 3) != 0)
		return false;
	type = strchr(path, '/');
	if (type == NULL || strncmp(type, "/type=", 6) != 0)
		return false;
	bucket = strchr(type + 1, '/');
	if (bucket == NULL || strncmp(bucket, "/bucket=", 8) != 0)
		return false;
	name = strchr(bucket + 1, '/');
	return name != NULL && name[1] >= '0' && name[1] <= '9' && strchr(name + 1, '/') == NULL;
}

static bool read_part(struct ev_lake *l, const struct ev_doc *d, uint32_t at)
{
	struct ev_lake_part part = {.path = ev_text_of(d, at)};

	if (!is_part_path(part.path) || !read_count(d, &part.count) ||
	    !ev_state_u64(d, 0, "packed", &part.packed) || !read_time(d, "from", part.from) ||
	    !read_time(d, "to", part.to)) {
		free(part.path);
		return false;
	}
	ev_grow(&l->parts, &l->cap_parts, l->n_parts + 1, sizeof *l->parts);
	l->parts[l->n_parts++] = part;
	return true;
}

void ev_lake_note_batch(struct ev_lake *l, const char *name, const struct ev_lake_count *count)
{
	ev_grow(&l->batches, &l->cap_batches, l->n_batches + 1, sizeof *l->batches);
	ev_lookup_add(&l->by_batch, ev_hash64(name, strlen(name), 0), (uint32_t)l->n_batches);
	l->batches[l->n_batches++] = (struct ev_lake_batch){ev_strdup(name), *count};
}

static bool read_batch(struct ev_lake *l, const struct ev_doc *d, uint32_t at)
{
	char *name = ev_text_of(d, at);
	struct ev_lake_count count;
	bool good = name != NULL && read_count(d, &count);

	if (good)
		ev_lake_note_batch(l, name, &count);
	free(name);
	return good;
}

static bool read_removed(struct ev_lake *l, const struct ev_doc *d, uint32_t at)
{
	char *path = ev_text_of(d, at);

	if (!is_part_path(path)) {
		free(path);
		return false;
	}
	l->removed = ev_realloc_array(l->removed, l->n_removed + 1, sizeof *l->removed);
	l->removed[l->n_removed++] = path;
	return true;
}

/* The first line. A checkpoint says everything anew. */
static bool read_head(struct ev_lake *l, const struct ev_doc *d, uint64_t number)
{
	uint64_t form, commit, buckets;
	uint32_t all = ev_member(d, 0, "checkpoint", 10);

	if (!ev_state_u64(d, 0, "evlake", &form) || form != FORM ||
	    !ev_state_u64(d, 0, "commit", &commit) || (number > 0 && commit != number) ||
	    !ev_state_u64(d, 0, "buckets", &buckets) || buckets == 0 ||
	    buckets > EV_LAKE_MOST_BUCKETS || all == EV_NOWHERE)
		return false;
	for (size_t i = 0; i < l->n_removed; i++)
		free(l->removed[i]);
	l->n_removed = 0;
	if (ev_kind(d, all) == EV_TRUE) {
		ev_lake_forget(l);
		l->checkpoint = number;
		l->gap = 0; /* those before it do not count, and may be half removed */
	} else if (number > 1 && l->head != number - 1 && l->gap == 0) {
		l->gap = number;
	}
	l->buckets = (unsigned)buckets;
	l->head = number;
	return true;
}

/* The digest in the last line is that of the lines before it. */
static bool is_whole(const char *p, size_t len)
{
	enum { SUM = sizeof "{\"sum\":\"\"}\n" - 1 + 32 };
	char hex[33];

	if (len < SUM || memcmp(p + len - SUM, "{\"sum\":\"", 8) != 0)
		return false;
	ev_hash128_hex(ev_hash128(p, len - SUM, 0), hex);
	return memcmp(p + len - SUM + 8, hex, 32) == 0;
}

static bool read_line(struct ev_lake *l, const struct ev_doc *d)
{
	uint32_t at;

	if (d == NULL || ev_kind(d, 0) != EV_OBJECT)
		return false;
	if ((at = ev_member(d, 0, "add", 3)) != EV_NOWHERE)
		return read_part(l, d, at);
	if ((at = ev_member(d, 0, "batch", 5)) != EV_NOWHERE)
		return read_batch(l, d, at);
	if ((at = ev_member(d, 0, "remove", 6)) != EV_NOWHERE)
		return read_removed(l, d, at);
	return ev_member(d, 0, "sum", 3) != EV_NOWHERE;
}

/* number: of the commit, or 0 for pending. */
static enum ev_status read_commit(struct ev_lake *l, const char *name, uint64_t number,
				  struct ev_error *err)
{
	struct ev_scan *scan = ev_scan_new();
	char *path = ev_lake_path(l, name), *p = NULL;
	const char *line, *end;
	struct ev_flaw flaw;
	enum ev_status st;
	bool good;
	size_t len;

	st = ev_in_slurp(path, LONGEST_COMMIT, &p, &len, err);
	good = st == EV_OK && is_whole(p, len);
	for (line = p; good && line < p + len; line = end + 1) {
		const struct ev_doc *d;

		end = memchr(line, '\n', (size_t)(p + len - line));
		d = ev_scan(scan, line, (size_t)(end - line), &flaw);
		good = line > p
			       ? read_line(l, d)
			       : d != NULL && ev_kind(d, 0) == EV_OBJECT && read_head(l, d, number);
	}
	if (st == EV_OK && !good)
		st = ev_fail(err, "%s: is damaged: bring it back from a copy of the lake", path);
	free(p);
	free(path);
	ev_scan_free(&scan);
	return st;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The numbers of the commits that have a file, in order; free() them. */
static enum ev_status list_commits(const struct ev_lake *l, uint64_t **list, size_t *n,
				   struct ev_error *err)
{
	char *path = ev_lake_path(l, "_evlake/commits");
	DIR *dir = opendir(path);
	enum ev_status st = EV_OK;
	struct dirent *e;
	size_t cap = 0;

	*list = NULL;
	*n = 0;
	if (dir == NULL)
		st = ev_fail(err, "%s: there is no lake: name the folder that evlake append made",
			     l->dir);
	while (dir != NULL && (e = readdir(dir)) != NULL) {
		uint64_t number = strtoull(e->d_name, NULL, 10);
		char name[EV_LAKE_NAME];

		ev_lake_commit_name(number, name);
		if (number == 0 || strcmp(strrchr(name, '/') + 1, e->d_name) != 0)
			continue;
		ev_grow(list, &cap, *n + 1, sizeof **list);
		(*list)[(*n)++] = number;
	}
	if (dir != NULL)
		closedir(dir);
	if (*n > 0)
		qsort(*list, *n, sizeof **list, by_number);
	free(path);
	return st;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct ev_lake_part *)a)->path,
		      ((const struct ev_lake_part *)b)->path);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_paths(struct ev_lake *l)
{
	if (l->n_parts > 0)
		qsort(l->parts, l->n_parts, sizeof *l->parts, by_path);
	if (l->n_removed > 0)
		qsort(l->removed, l->n_removed, sizeof *l->removed, by_text);
}

bool ev_lake_is_removed(const struct ev_lake *l, const char *path)
{
	return l->n_removed > 0 &&
	       bsearch(&path, l->removed, l->n_removed, sizeof *l->removed, by_text) != NULL;
}

const struct ev_lake_part *ev_lake_find_part(const struct ev_lake *l, const char *path)
{
	const struct ev_lake_part key = {.path = (char *)(uintptr_t)path};

	if (l->n_parts == 0)
		return NULL;
	return bsearch(&key, l->parts, l->n_parts, sizeof key, by_path);
}

enum ev_status ev_lake_read(struct ev_lake *l, struct ev_error *err)
{
	char name[EV_LAKE_NAME];
	enum ev_status st;
	uint64_t *list;
	size_t n;

	ev_lake_forget(l);
	l->head = l->checkpoint = l->gap = 0;
	st = list_commits(l, &list, &n, err);
	l->first = n > 0 ? list[0] : 1;
	for (size_t i = 0; st == EV_OK && i < n; i++) {
		ev_lake_commit_name(list[i], name);
		st = read_commit(l, name, list[i], err);
	}
	if (st == EV_OK && l->gap > 0) {
		ev_lake_commit_name(l->gap, name);
		st = ev_fail(err,
			     "%s/%s: the commit before it is missing: bring that back from a copy "
			     "of the lake",
			     l->dir, name);
	}
	sort_paths(l);
	free(list);
	return st;
}

enum ev_status ev_lake_read_pending(const struct ev_lake *l, struct ev_lake **pending,
				    struct ev_error *err)
{
	static const char name[] = "_evlake/pending";
	char *path = ev_lake_path(l, name);
	enum ev_status st = EV_OK;

	*pending = ev_lake_new(l->dir);
	if (access(path, F_OK) == 0)
		st = read_commit(*pending, name, 0, err);
	sort_paths(*pending);
	free(path);
	return st;
}

/* Lines of a commit */

void ev_lake_write_head(const struct ev_lake *l, bool checkpoint, struct ev_buf *out)
{
	ev_buf_putc(out, '{');
	ev_json_u64(out, "evlake", FORM);
	ev_json_u64(out, "commit", l->head + 1);
	ev_json_u64(out, "buckets", l->buckets);
	ev_json_bool(out, "checkpoint", checkpoint);
	ev_buf_puts(out, "}\n");
}

static void write_count(const struct ev_lake_count *count, struct ev_buf *out)
{
	char hex[33];

	ev_hash128_hex(count->digest, hex);
	ev_json_u64(out, "rows", count->rows);
	ev_json_u64(out, "bytes", count->bytes);
	ev_json_text(out, "digest", hex);
}

void ev_lake_write_batch(const char *name, const struct ev_lake_count *count, struct ev_buf *out)
{
	ev_buf_putc(out, '{');
	ev_json_text(out, "batch", name);
	write_count(count, out);
	ev_buf_puts(out, "}\n");
}

void ev_lake_write_part(const struct ev_lake_part *part, struct ev_buf *out)
{
	ev_buf_putc(out, '{');
	ev_json_text(out, "add", part->path);
	write_count(&part->count, out);
	ev_json_u64(out, "packed", part->packed);
	if (part->from[0] != '\0') {
		ev_json_text(out, "from", part->from);
		ev_json_text(out, "to", part->to);
	}
	ev_buf_puts(out, "}\n");
}

void ev_lake_write_removed(const char *path, struct ev_buf *out)
{
	ev_buf_putc(out, '{');
	ev_json_text(out, "remove", path);
	ev_buf_puts(out, "}\n");
}

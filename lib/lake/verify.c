/* Verifying: every part is as it should be, and nothing else stands in the folders. */
#include "base/mem.h"
#include "lake/internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 8 };

struct paths {
	char **list;
	size_t n, cap;
};

/*
 * Adds the files that no commit names from a path below the lake on ("": all of it). What begins
 * with a point or, as _evlake does, with _ is passed over, as by those who read the folders.
 */
static void find_strangers(const struct ev_lake *l, const char *path, int depth,
			   struct paths *found)
{
	char *full = ev_lake_path(l, path);
	DIR *dir = depth < DEEPEST ? opendir(full) : NULL;
	bool is_file = dir == NULL && (depth == DEEPEST || errno == ENOTDIR);
	struct ev_buf below = {0};
	struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.' || e->d_name[0] == '_')
			continue;
		ev_buf_reset(&below);
		ev_buf_printf(&below, "%s%s%s", path, depth > 0 ? "/" : "", e->d_name);
		find_strangers(l, ev_buf_str(&below), depth + 1, found);
	}
	if (is_file && ev_lake_find_part(l, path) == NULL) {
		ev_grow(&found->list, &found->cap, found->n + 1, sizeof *found->list);
		found->list[found->n++] = ev_strdup(path);
	}
	if (dir != NULL)
		closedir(dir);
	ev_buf_free(&below);
	free(full);
}

/*
 * Whether a writer is about to name or to remove it. now: the lake as it is behind the walk, for
 * what was pending then may be a commit by now.
 */
static bool is_moving(const struct ev_lake *pending, const struct ev_lake *now, const char *path)
{
	return ev_lake_find_part(pending, path) != NULL ||
	       (now != NULL &&
		(ev_lake_find_part(now, path) != NULL || ev_lake_is_removed(now, path)));
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Says of each stranger that it is one; how many. */
static uint64_t put_strangers(const struct ev_lake *l, struct ev_buf *out)
{
	struct ev_lake *pending, *now;
	struct paths found = {0};
	struct ev_error ignored;
	uint64_t n = 0;

	find_strangers(l, "", 0, &found);
	ev_lake_read_pending(l, &pending, &ignored);
	now = ev_lake_open(l->dir, EV_LAKE_READ, 0, &ignored);
	if (found.n > 0)
		qsort(found.list, found.n, sizeof *found.list, by_text);
	for (size_t i = 0; i < found.n; i++) {
		if (!is_moving(pending, now, found.list[i])) {
			ev_buf_printf(out,
				      "%s/%s: no commit names it, so evlake does not read it, and "
				      "others do: a commit is missing, or it is not the lake's\n",
				      l->dir, found.list[i]);
			n++;
		}
		free(found.list[i]);
	}
	free(found.list);
	ev_lake_free(&pending);
	ev_lake_free(&now);
	return n;
}

uint64_t ev_lake_verify(const struct ev_lake *l, struct ev_buf *out)
{
	struct ev_error err;
	uint64_t n = 0;

	for (size_t i = 0; i < l->n_parts; i++) {
		if (ev_lake_part_read(l, &l->parts[i], NULL, NULL, &err) == EV_OK)
			continue;
		n++;
		ev_buf_printf(out, "%s\n", err.text);
	}
	return n + put_strangers(l, out);
}

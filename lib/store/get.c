#include "store/get.h"
#include "base/mem.h"
#include "store/manifest.h"

#include <stdlib.h>

/* A group, whose n parts from `first` on follow one another. */
struct group {
	size_t first, n;
};

struct ev_getter {
	const struct ev_manifest_part *parts;
	struct group *groups;
	size_t n_groups;
	const char **last;	   /* of each part: its greatest key */
	struct ev_run_file **runs; /* of those that may have the key at hand */
	size_t n_runs;
};

struct ev_getter *ev_getter_new(const struct ev_manifest *m)
{
	struct ev_getter *g = ev_calloc(1, sizeof *g);
	size_t len;

	g->parts = m->parts;
	g->groups = ev_calloc(m->n_parts, sizeof *g->groups);
	g->last = ev_calloc(m->n_parts, sizeof *g->last);
	g->runs = ev_calloc(m->n_parts, sizeof(struct ev_run_file *));
	for (size_t i = 0; i < m->n_parts; i++) {
		if (i == 0 || m->parts[i].group != m->parts[i - 1].group)
			g->groups[g->n_groups++] = (struct group){i, 0};
		g->groups[g->n_groups - 1].n++;
		g->last[i] = ev_run_last(m->parts[i].run, &len);
	}
	return g;
}

void ev_getter_free(struct ev_getter **getter)
{
	struct ev_getter *g = *getter;

	if (g == NULL)
		return;
	free(g->groups);
	free(g->last);
	free(g->runs);
	free(g);
	*getter = NULL;
}

/* The one part of the group that can have the key, or NULL. */
static const struct ev_manifest_part *part_of(const struct ev_getter *g, const struct group *group,
					      const char *key)
{
	size_t from = group->first, to = from + group->n;
	const struct ev_manifest_part *p;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (memcmp(g->last[mid], key, EV_RUN_KEY) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	if (from == group->first + group->n)
		return NULL;
	p = &g->parts[from];
	return p->from.len > 0 && memcmp(key, p->from.p, EV_RUN_KEY) < 0 ? NULL : p;
}

enum ev_status ev_getter_find(struct ev_getter *g, const char key[EV_RUN_KEY],
			      struct ev_store_fixed *f, struct ev_error *err)
{
	uint64_t hash = ev_run_hash(EV_RUN_BINARY, key, EV_RUN_KEY);

	f->there = false;
	g->n_runs = 0;
	for (size_t i = 0; i < g->n_groups; i++) {
		const struct ev_manifest_part *p = part_of(g, &g->groups[i], key);

		if (p == NULL)
			continue;
		ev_run_prefetch(p->run, hash);
		g->runs[g->n_runs++] = p->run;
	}
	for (size_t i = 0; i < g->n_runs; i++) {
		const char *entry;
		uint32_t commit;

		if (!ev_run_may_have(g->runs[i], hash))
			continue;
		if (ev_run_get(g->runs[i], key, &entry, err) != EV_OK)
			return EV_FATAL;
		if (entry == NULL)
			continue;
		memcpy(&commit, entry + EV_RUN_KEY, sizeof commit);
		commit = be32toh(commit);
		if (!f->there || commit > f->commit)
			*f = (struct ev_store_fixed){true, commit,
						     ev_run_stamp(entry + EV_RUN_KEY)};
	}
	return EV_OK;
}

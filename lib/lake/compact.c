/* Compaction: one part for all of a folder, and one commit for all commits. */
#include "lake/internal.h"

#include <stdlib.h>
#include <string.h>

static size_t folder_len(const struct ev_lake_part *part)
{
	return (size_t)(strrchr(part->path, '/') - part->path);
}

/* How many parts from the i-th on stand in its folder; they are sorted. */
static size_t in_folder(const struct ev_lake *l, size_t i)
{
	size_t len = folder_len(&l->parts[i]), n = 1;

	while (i + n < l->n_parts && folder_len(&l->parts[i + n]) == len &&
	       strncmp(l->parts[i + n].path, l->parts[i].path, len) == 0)
		n++;
	return n;
}

static enum ev_status add_line(void *slot, const char *p, size_t len, struct ev_error *err)
{
	return ev_lake_stage_line(slot, p, len, NULL, err);
}

static void add_times(struct ev_lake_slot *slot, const struct ev_lake_part *part)
{
	struct ev_time from, to;

	if (part->from[0] == '\0')
		return;
	ev_time_parse(part->from, EV_TIME_TEXT, &from);
	ev_time_parse(part->to, EV_TIME_TEXT, &to);
	if (!slot->timed || ev_time_compare(from, slot->from) < 0)
		slot->from = from;
	if (!slot->timed || ev_time_compare(to, slot->to) > 0)
		slot->to = to;
	slot->timed = true;
}

static enum ev_status merge(struct ev_lake *l, struct ev_lake_stage *stage, size_t from, size_t n,
			    struct ev_error *err)
{
	struct ev_buf folder = {0};
	struct ev_lake_slot *slot;
	enum ev_status st = EV_OK;
	uint64_t hash;

	ev_buf_put(&folder, l->parts[from].path, folder_len(&l->parts[from]));
	ev_buf_str(&folder);
	ev_lake_stage_find(stage, &folder, &hash);
	slot = ev_lake_stage_add(stage, &folder, hash, folder.p, err);
	if (slot == NULL)
		st = EV_FATAL;
	for (size_t i = from; i < from + n && st == EV_OK; i++) {
		add_times(slot, &l->parts[i]);
		st = ev_lake_part_read(l, &l->parts[i], add_line, slot, err);
	}
	if (st == EV_OK)
		ev_lake_stage_pack(slot);
	ev_buf_free(&folder);
	return st;
}

enum ev_status ev_lake_compact(struct ev_lake *l, uint64_t *merged, struct ev_error *err)
{
	struct ev_lake_stage *stage = ev_lake_stage_new(l);
	struct ev_buf head = {0};
	enum ev_status st = EV_OK;

	*merged = 0;
	ev_lake_write_head(l, true, &head);
	for (size_t i = 0; i < l->n_batches; i++)
		ev_lake_write_batch(l->batches[i].name, &l->batches[i].count, &head);
	for (size_t i = 0, n; i < l->n_parts && st == EV_OK; i += n) {
		n = in_folder(l, i);
		if (n == 1) {
			ev_lake_write_part(&l->parts[i], &head);
			continue;
		}
		*merged += n;
		for (size_t k = i; k < i + n; k++)
			ev_lake_write_removed(l->parts[k].path, &head);
		st = merge(l, stage, i, n, err);
	}
	if (st == EV_OK)
		st = ev_lake_stage_prepare(stage, &head, err);
	if (st == EV_OK)
		st = ev_lake_stage_commit(stage, err);
	/* What is merged is removed behind the commit. */
	if (st == EV_OK)
		st = ev_lake_read(l, err);
	if (st == EV_OK)
		st = ev_lake_recover(l, err);
	ev_buf_free(&head);
	ev_lake_stage_free(&stage);
	return st;
}

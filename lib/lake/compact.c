/* One part for all of a folder, and one commit for all commits. */
#include "lake/internal.h"

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

/* A folder that is made anew. Its part is made with the first line that stays. */
struct folder {
	struct ev_lake_stage *stage;
	const struct ev_lake_filter *filter; /* or NULL */
	struct ev_buf name;
	struct ev_lake_slot *slot;
};

static enum ev_status make_slot(struct folder *f, struct ev_error *err)
{
	uint64_t hash;

	if (f->slot != NULL)
		return EV_OK;
	ev_lake_stage_find(f->stage, &f->name, &hash);
	f->slot = ev_lake_stage_add(f->stage, &f->name, hash, f->name.p, err);
	return f->slot != NULL ? EV_OK : EV_FATAL;
}

static enum ev_status add_line(void *folder, const char *p, size_t len, struct ev_error *err)
{
	struct folder *f = folder;
	const struct ev_time *time = NULL;

	if (f->filter != NULL && !f->filter->keeps(f->filter->ctx, p, len, &time))
		return EV_OK;
	if (make_slot(f, err) != EV_OK)
		return EV_FATAL;
	return ev_lake_stage_line(f->slot, p, len, time, err);
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

static enum ev_status merge(struct ev_lake *l, struct folder *f, size_t from, size_t n,
			    struct ev_error *err)
{
	enum ev_status st = EV_OK;

	ev_buf_put(&f->name, l->parts[from].path, folder_len(&l->parts[from]));
	ev_buf_str(&f->name);
	for (size_t i = from; i < from + n && st == EV_OK; i++) {
		st = ev_lake_part_read(l, &l->parts[i], add_line, f, err);
		if (f->slot != NULL && f->filter == NULL)
			add_times(f->slot, &l->parts[i]);
	}
	if (st == EV_OK && f->slot != NULL)
		ev_lake_stage_pack(f->slot);
	ev_buf_free(&f->name);
	return st;
}

/* Whether a folder's parts, n from there on, are made anew. */
static bool asks(const struct ev_lake_filter *filter, size_t from, size_t n)
{
	bool any = filter == NULL && n > 1;

	for (size_t i = from; filter != NULL && i < from + n; i++)
		any |= filter->asks(filter->ctx, i);
	return any;
}

/* How many folders are to be made anew. */
static size_t count_folders(const struct ev_lake *l, const struct ev_lake_filter *filter)
{
	size_t folders = 0;

	for (size_t i = 0, n; i < l->n_parts; i += n) {
		n = in_folder(l, i);
		folders += asks(filter, i, n);
	}
	return folders;
}

enum ev_status ev_lake_rewrite(struct ev_lake *l, const struct ev_lake_filter *filter,
			       uint64_t *gone, struct ev_error *err)
{
	struct ev_lake_stage *stage;
	struct ev_buf head = {0};
	enum ev_status st = EV_OK;
	size_t folders = 0;

	*gone = 0;
	if (filter != NULL && count_folders(l, filter) > EV_LAKE_MOST_SLOTS)
		return ev_fail(err,
			       "%s: lines of more than %d folders leave, which is too much for one "
			       "commit: give fewer values at a time",
			       l->dir, EV_LAKE_MOST_SLOTS);
	stage = ev_lake_stage_new(l);
	ev_lake_write_head(l, true, &head);
	for (size_t i = 0; i < l->n_batches; i++)
		ev_lake_write_batch(l->batches[i].name, &l->batches[i].count, &head);
	for (size_t i = 0, n; i < l->n_parts && st == EV_OK; i += n) {
		struct folder f = {.stage = stage, .filter = filter};
		bool anew;

		n = in_folder(l, i);
		anew = folders < EV_LAKE_MOST_SLOTS && asks(filter, i, n);
		folders += anew;
		*gone += anew ? n : 0;
		for (size_t k = i; k < i + n; k++) {
			if (anew)
				ev_lake_write_removed(l->parts[k].path, &head);
			else
				ev_lake_write_part(&l->parts[k], &head);
		}
		if (anew)
			st = merge(l, &f, i, n, err);
	}
	if (st == EV_OK)
		st = ev_lake_stage_prepare(stage, &head, err);
	if (st == EV_OK)
		st = ev_lake_stage_commit(stage, err);
	/* What is merged is removed behind the commit, and gone for good when that is said. */
	if (st == EV_OK)
		st = ev_lake_read(l, err);
	if (st == EV_OK)
		st = ev_lake_recover(l, err);
	if (st == EV_OK)
		st = ev_lake_sync(l, err);
	ev_buf_free(&head);
	ev_lake_stage_free(&stage);
	return st;
}

/* In as many rounds as it takes, each of which leaves a whole lake. */
enum ev_status ev_lake_compact(struct ev_lake *l, uint64_t *merged, struct ev_error *err)
{
	enum ev_status st;
	uint64_t gone;

	*merged = 0;
	do {
		st = ev_lake_rewrite(l, NULL, &gone, err);
		*merged += gone;
	} while (st == EV_OK && count_folders(l, NULL) > 0);
	return st;
}

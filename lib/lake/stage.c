/*
 * Parts that are being written. Lines wait in memory, by part, until those of a part fill the room
 * that it has; then they are packed and appended to the part's file under a temporary name.
 */
#include "base/mem.h"
#include "io/out.h"
#include "io/pack.h"
#include "lake/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	MOST_ROOM = 64 << 20, /* bytes for what waits in memory, in all */
	LEAST_ROOM = 4096,    /* of a part */
	MOST_CRAMPED = MOST_ROOM / 8,
	NAME = 48,
};

struct ev_lake_stage {
	struct ev_lake *lake;
	struct ev_pack *pack;
	char *block; /* what the pack is given next */
	struct ev_lake_slot **slots;
	size_t n, cap, room;
	size_t cramped; /* bytes that were packed out of less than half of a fair share */
	struct ev_lookup by_key;
	bool failed;
	struct ev_error error; /* the first */
};

struct ev_lake_stage *ev_lake_stage_new(struct ev_lake *l)
{
	struct ev_lake_stage *s = ev_calloc(1, sizeof *s);

	s->lake = l;
	s->pack = ev_pack_fast(0);
	s->block = ev_malloc(EV_PACK_BLOCK);
	return s;
}

void ev_lake_stage_reset(struct ev_lake_stage *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct ev_lake_slot *slot = s->slots[i];

		ev_pack_forget(s->pack, slot);
		if (!slot->moved)
			unlink(slot->temp);
		ev_out_temporary_done(slot->temporary);
		ev_buf_free(&slot->key);
		free(slot->block);
		free(slot->folder);
		free(slot->temp);
		free(slot);
	}
	s->n = s->room = s->cramped = 0;
	ev_lookup_reset(&s->by_key, 0);
}

void ev_lake_stage_free(struct ev_lake_stage **s)
{
	if (*s == NULL)
		return;
	ev_lake_stage_reset(*s);
	ev_pack_free(&(*s)->pack);
	ev_lookup_free(&(*s)->by_key);
	free((*s)->slots);
	free((*s)->block);
	free(*s);
	*s = NULL;
}

struct ev_lake_slot *ev_lake_stage_find(struct ev_lake_stage *s, const struct ev_buf *key,
					uint64_t *hash)
{
	size_t step = 0;
	uint32_t i;

	*hash = ev_hash64(key->p, key->len, 0);
	while ((i = ev_lookup_next(&s->by_key, *hash, &step)) != EV_LOOKUP_NONE) {
		const struct ev_buf *other = &s->slots[i]->key;

		if (other->len == key->len && memcmp(other->p, key->p, key->len) == 0)
			return s->slots[i];
	}
	return NULL;
}

struct ev_lake_slot *ev_lake_stage_add(struct ev_lake_stage *s, const struct ev_buf *key,
				       uint64_t hash, const char *folder, struct ev_error *err)
{
	struct ev_lake_slot *slot;
	char name[NAME];

	if (s->n == EV_LAKE_MOST_SLOTS) {
		ev_fail(err,
			"the batch has events of more than %d days, types and buckets: append it "
			"in smaller batches, or see whether type and time name the right members",
			EV_LAKE_MOST_SLOTS);
		return NULL;
	}
	slot = ev_calloc(1, sizeof *slot);
	snprintf(name, sizeof name, "_evlake/new/%zu.jsonl.gz", s->n);
	slot->stage = s;
	slot->temp = ev_lake_path(s->lake, name);
	slot->temporary = ev_out_temporary(slot->temp);
	slot->folder = ev_strdup(folder);
	ev_buf_put(&slot->key, key->p, key->len);
	ev_lookup_add(&s->by_key, hash, (uint32_t)s->n);
	ev_grow(&s->slots, &s->cap, s->n + 1, sizeof(struct ev_lake_slot *));
	return s->slots[s->n++] = slot;
}

static void fail(struct ev_lake_stage *s, const char *name, const char *what)
{
	if (!s->failed)
		ev_fail(&s->error, "%s: cannot be written: %s", name, what);
	s->failed = true;
}

/* A member is ready. An error is kept, and returned by the next call. */
static void write_member(void *ctx, const char *member, size_t len)
{
	struct ev_lake_slot *slot = ctx;
	struct ev_lake_stage *s = slot->stage;
	int fd = -1;

	if (s->failed)
		return;
	slot->packed += len;
	if (len == 0) {
		fail(s, slot->temp, "a block cannot be packed");
	} else if ((fd = open(slot->temp, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) < 0) {
		fail(s, slot->temp, strerror(errno));
		return;
	}
	while (len > 0 && !s->failed) {
		ssize_t n = write(fd, member, len);

		if (n < 0 && errno != EINTR)
			fail(s, slot->temp, strerror(errno));
		if (n > 0) {
			member += n;
			len -= (size_t)n;
		}
	}
	if (fd >= 0 && close(fd) != 0)
		fail(s, slot->temp, strerror(errno));
}

/* Packs what waits of a part, which keeps its room. */
static void pack(struct ev_lake_slot *slot)
{
	struct ev_lake_stage *s = slot->stage;

	if (slot->len == 0)
		return;
	memcpy(s->block, slot->block, slot->len);
	ev_pack_add(s->pack, &s->block, slot->len, write_member, slot);
	slot->len = 0;
}

void ev_lake_stage_pack(struct ev_lake_slot *slot)
{
	pack(slot);
	slot->stage->room -= slot->room;
	slot->room = 0;
	free(slot->block);
	slot->block = NULL;
}

static void pack_all(struct ev_lake_stage *s)
{
	for (size_t i = 0; i < s->n; i++)
		ev_lake_stage_pack(s->slots[i]);
}

/*
 * A part that has filled its room gets twice as much, as long as there is some left; then it is
 * packed, and fills the same again. Where much is packed out of little room, all give theirs back,
 * for some of them may be of days that are over.
 */
static void make_room(struct ev_lake_slot *slot)
{
	struct ev_lake_stage *s = slot->stage;
	size_t more = slot->room == 0 ? LEAST_ROOM : slot->room;

	if (slot->room < EV_PACK_BLOCK && s->room + more > MOST_ROOM) {
		if (slot->room < MOST_ROOM / s->n / 2)
			s->cramped += slot->len;
		if (slot->room == 0 || s->cramped > MOST_CRAMPED) {
			pack_all(s);
			s->cramped = 0;
			more = LEAST_ROOM;
		}
	}
	if (slot->room == EV_PACK_BLOCK || s->room + more > MOST_ROOM) {
		pack(slot);
		return;
	}
	slot->room += more;
	slot->block = ev_realloc(slot->block, slot->room);
	s->room += more;
}

static void put(struct ev_lake_slot *slot, const char *p, size_t len)
{
	while (len > 0) {
		size_t n;

		if (slot->len == slot->room)
			make_room(slot);
		n = slot->room - slot->len;
		n = len < n ? len : n;
		memcpy(slot->block + slot->len, p, n);
		slot->len += n;
		p += n;
		len -= n;
	}
}

enum ev_status ev_lake_stage_line(struct ev_lake_slot *slot, const char *p, size_t len,
				  const struct ev_time *time, struct ev_error *err)
{
	struct ev_lake_stage *s = slot->stage;

	if (time != NULL) {
		if (!slot->timed || ev_time_compare(*time, slot->from) < 0)
			slot->from = *time;
		if (!slot->timed || ev_time_compare(*time, slot->to) > 0)
			slot->to = *time;
		slot->timed = true;
	}
	ev_lake_count_line(&slot->count, p, len);
	put(slot, p, len);
	put(slot, "\n", 1);
	if (s->failed)
		*err = s->error;
	return s->failed ? EV_FATAL : EV_OK;
}

struct ev_lake_count ev_lake_stage_count(const struct ev_lake_stage *s)
{
	struct ev_lake_count sum = {0};

	for (size_t i = 0; i < s->n; i++)
		ev_lake_count_add(&sum, &s->slots[i]->count);
	return sum;
}

static void part_path(const struct ev_lake_stage *s, const struct ev_lake_slot *slot,
		      struct ev_buf *out)
{
	ev_buf_reset(out);
	ev_buf_printf(out, "%s/%08" PRIu64 ".jsonl.gz", slot->folder, s->lake->head + 1);
	ev_buf_str(out);
}

static void write_slot(const struct ev_lake_stage *s, const struct ev_lake_slot *slot,
		       struct ev_buf *out)
{
	struct ev_lake_part part = {.count = slot->count, .packed = slot->packed};
	struct ev_buf path = {0};

	part_path(s, slot, &path);
	part.path = path.p;
	if (slot->timed) {
		ev_time_format(slot->from, part.from);
		ev_time_format(slot->to, part.to);
	}
	ev_lake_write_part(&part, out);
	ev_buf_free(&path);
}

enum ev_status ev_lake_stage_prepare(struct ev_lake_stage *s, struct ev_buf *head,
				     struct ev_error *err)
{
	char *name = ev_lake_path(s->lake, "_evlake/pending"), hex[33];
	enum ev_status st = EV_OK;
	struct ev_out *out;

	pack_all(s);
	ev_pack_drain(s->pack);
	if (s->failed) {
		*err = s->error;
		st = EV_FATAL;
	}
	for (size_t i = 0; i < s->n; i++)
		write_slot(s, s->slots[i], head);
	ev_hash128_hex(ev_hash128(head->p, head->len, 0), hex);
	ev_buf_printf(head, "{\"sum\":\"%s\"}\n", hex);
	out = st == EV_OK ? ev_out_file(name, err) : NULL;
	if (out != NULL) {
		ev_out_put(out, head->p, head->len);
		st = ev_out_commit(&out, err);
	} else {
		st = EV_FATAL;
	}
	free(name);
	return st == EV_OK ? ev_lake_sync(s->lake, err) : st;
}

/* dt=.../type=.../bucket=..., each below the one before. */
static enum ev_status make_folders(const struct ev_lake *l, const char *folder,
				   struct ev_error *err)
{
	char *path = ev_lake_path(l, folder), *slash = path + strlen(l->dir);
	enum ev_status st = EV_OK;

	while (st == EV_OK && slash != NULL) {
		slash = strchr(slash + 1, '/');
		if (slash != NULL)
			*slash = '\0';
		st = ev_lake_make_folder(path, err);
		if (slash != NULL)
			*slash = '/';
	}
	free(path);
	return st;
}

static enum ev_status move_part(const struct ev_lake_stage *s, struct ev_lake_slot *slot,
				struct ev_error *err)
{
	struct ev_buf name = {0};
	char *path;
	enum ev_status st = make_folders(s->lake, slot->folder, err);

	part_path(s, slot, &name);
	path = ev_lake_path(s->lake, name.p);
	if (st == EV_OK && rename(slot->temp, path) != 0)
		st = ev_fail(err, "%s: cannot be given its name: %s", path, strerror(errno));
	slot->moved = st == EV_OK;
	ev_buf_free(&name);
	free(path);
	return st;
}

/* From the rename on the commit counts; unless it cannot be synced, for then it is taken back. */
static enum ev_status name_commit(struct ev_lake_stage *s, struct ev_error *err)
{
	char name[NAME];
	char *pending = ev_lake_path(s->lake, "_evlake/pending"), *path;
	enum ev_status st = EV_OK;

	snprintf(name, sizeof name, "_evlake/commits/%08" PRIu64 ".jsonl", s->lake->head + 1);
	path = ev_lake_path(s->lake, name);
	if (rename(pending, path) != 0)
		st = ev_fail(err, "%s: cannot be given its name: %s", path, strerror(errno));
	else if ((st = ev_lake_sync(s->lake, err)) != EV_OK)
		rename(path, pending);
	else
		s->lake->head++;
	free(pending);
	free(path);
	return st;
}

enum ev_status ev_lake_stage_commit(struct ev_lake_stage *s, struct ev_error *err)
{
	enum ev_status st = EV_OK;
	struct ev_error ignored;

	for (size_t i = 0; i < s->n && st == EV_OK; i++)
		st = move_part(s, s->slots[i], err);
	if (st == EV_OK)
		st = ev_lake_sync(s->lake, err);
	if (st == EV_OK)
		st = name_commit(s, err);
	/* What was moved is taken back; where that fails too, by the next writer. */
	if (st != EV_OK)
		ev_lake_recover(s->lake, &ignored);
	ev_lake_stage_reset(s);
	return st;
}

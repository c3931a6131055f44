#include "profile/sample.h"
#include "base/mem.h"

#include <stdlib.h>

enum { FIRST_SIZE = 16, SLOT = sizeof(uint64_t) + sizeof(uint32_t), TEXTS = 1024 };

static bool is_in(uint64_t hash, uint32_t level)
{
	return level == 0 || hash >> (64 - level) == 0;
}

static uint32_t find(const struct ev_sample *s, uint64_t hash)
{
	uint32_t i = (uint32_t)hash & (s->size - 1);

	while (s->hashes[i] != 0 && s->hashes[i] != hash)
		i = (i + 1) & (s->size - 1);
	return i;
}

static void free_texts(struct ev_sample *s)
{
	for (uint32_t i = 0; i < s->n_texts; i++)
		free(s->texts[i].p);
	free(s->texts);
	s->texts = NULL;
	s->n_texts = 0;
}

/* Moves what belongs to the level into a table of another size. */
static void move(struct ev_sample *s, struct ev_sample_room *room, uint32_t size)
{
	struct ev_sample old = *s;

	s->hashes = ev_calloc(size, sizeof *s->hashes);
	s->counts = ev_calloc(size, sizeof *s->counts);
	s->size = size;
	s->n = 0;
	for (uint32_t i = 0; i < old.size; i++) {
		uint32_t k;

		if (old.hashes[i] == 0 || !is_in(old.hashes[i], s->level))
			continue;
		k = find(s, old.hashes[i]);
		s->hashes[k] = old.hashes[i];
		s->counts[k] = old.counts[i];
		s->n++;
	}
	room->bytes += (size_t)size * SLOT;
	room->bytes -= (size_t)old.size * SLOT;
	free(old.hashes);
	free(old.counts);
}

void ev_sample_shrink(struct ev_sample *s, struct ev_sample_room *room)
{
	uint32_t size;

	while (s->n > room->limit) {
		s->level++;
		move(s, room, s->size);
	}
	for (size = s->size; size > FIRST_SIZE && size > 2 * room->limit;)
		size /= 2;
	if (size < s->size)
		move(s, room, size);
	if (s->level > 0) {
		free_texts(s);
		s->no_texts = true;
	}
}

static void add_text(struct ev_sample *s, struct ev_sample_room *room, uint64_t hash,
		     const char *text, size_t len)
{
	if (s->no_texts)
		return;
	if (s->n_texts == EV_SAMPLE_TEXTS || len > EV_SAMPLE_TEXT) {
		free_texts(s);
		s->no_texts = true;
		return;
	}
	if (s->texts == NULL) {
		s->texts = ev_malloc(EV_SAMPLE_TEXTS * sizeof *s->texts);
		room->bytes += TEXTS;
	}
	s->texts[s->n_texts++] =
		(struct ev_sample_text){hash, ev_strndup(text, len), (uint32_t)len};
}

void ev_sample_add(struct ev_sample *s, struct ev_sample_room *room, uint64_t hash, uint32_t count,
		   const char *text, size_t len)
{
	uint32_t i;

	hash += hash == 0;
	if (!is_in(hash, s->level))
		return;
	if (s->size == 0)
		move(s, room, FIRST_SIZE);
	i = find(s, hash);
	if (s->hashes[i] != 0) {
		s->counts[i] =
			s->counts[i] > UINT32_MAX - count ? UINT32_MAX : s->counts[i] + count;
		return;
	}
	s->hashes[i] = hash;
	s->counts[i] = count;
	s->n++;
	if (text != NULL)
		add_text(s, room, hash, text, len);
	if (s->n > room->limit)
		ev_sample_shrink(s, room);
	else if (s->n > s->size / 2)
		move(s, room, 2 * s->size);
}

void ev_sample_merge(struct ev_sample *s, struct ev_sample_room *room, struct ev_sample *other)
{
	while (s->level < other->level) {
		s->level++;
		if (s->size > 0)
			move(s, room, s->size);
	}
	for (uint32_t i = 0; i < other->n_texts; i++) {
		const struct ev_sample_text *t = &other->texts[i];

		ev_sample_add(s, room, t->hash, 0, t->p, t->len);
	}
	for (uint32_t i = 0; i < other->size; i++)
		if (other->hashes[i] != 0)
			ev_sample_add(s, room, other->hashes[i], other->counts[i], NULL, 0);
	if (other->no_texts) {
		free_texts(s);
		s->no_texts = true;
	}
	ev_sample_free(other, room);
}

bool ev_sample_is_exact(const struct ev_sample *s)
{
	return s->level == 0;
}

uint64_t ev_sample_distinct(const struct ev_sample *s)
{
	return (uint64_t)s->n << s->level;
}

uint32_t ev_sample_count(const struct ev_sample *s, uint64_t hash)
{
	uint32_t i;

	hash += hash == 0;
	if (s->size == 0)
		return 0;
	i = find(s, hash);
	return s->hashes[i] != 0 ? s->counts[i] : 0;
}

void ev_sample_free(struct ev_sample *s, struct ev_sample_room *room)
{
	room->bytes -= (size_t)s->size * SLOT;
	free_texts(s);
	free(s->hashes);
	free(s->counts);
	*s = (struct ev_sample){0};
}

/* The sample of values: exact while they are few, and later the same whatever the order. */
#include "profile/sample.h"
#include "base/hash.h"

#include "support.h"
#include "tap.h"

enum { VALUES = 100000, LIMIT = 1024 };

static uint64_t hash_of(uint32_t value)
{
	return ev_hash64(&value, sizeof value, 0);
}

/* Adds values [from, to), each as often as its last digit says, and once more. */
static void add(struct ev_sample *s, struct ev_sample_room *room, uint32_t from, uint32_t to,
		bool backwards)
{
	for (uint32_t i = from; i < to; i++) {
		const uint32_t value = backwards ? to - 1 - (i - from) : i;

		for (uint32_t k = 0; k <= value % 10; k++)
			ev_sample_add(s, room, hash_of(value), 1, NULL, 0);
	}
}

static bool same(const struct ev_sample *a, const struct ev_sample *b)
{
	if (a->n != b->n || a->level != b->level)
		return false;
	for (uint32_t i = 0; i < VALUES; i++)
		if (ev_sample_count(a, hash_of(i)) != ev_sample_count(b, hash_of(i)))
			return false;
	return true;
}

static void few(void)
{
	struct ev_sample_room room = {.limit = LIMIT};
	struct ev_sample s = {0};

	add(&s, &room, 0, LIMIT, false);
	ok(ev_sample_is_exact(&s) && ev_sample_distinct(&s) == LIMIT,
	   "up to the limit it is exact");
	ok(ev_sample_count(&s, hash_of(17)) == 8, "and so are the counts");
	ev_sample_add(&s, &room, 0, 3, NULL, 0);
	ok(ev_sample_count(&s, 0) == 3, "a hash of nothing but zeros is one as well");
	ok(!ev_sample_is_exact(&s), "one more, and it is not");
	ev_sample_free(&s, &room);
	ok(room.bytes == 0, "its memory is given back");
}

static void many(void)
{
	struct ev_sample_room room = {.limit = LIMIT};
	struct ev_sample whole = {0}, other = {0}, half = {0}, rest = {0};
	uint64_t distinct;
	bool exact = true;

	add(&whole, &room, 0, VALUES, false);
	add(&other, &room, 0, VALUES, true);
	add(&half, &room, 0, VALUES / 3, false);
	add(&rest, &room, VALUES / 3, VALUES, true);
	distinct = ev_sample_distinct(&whole);
	ok(distinct > VALUES * 85 / 100 && distinct < VALUES * 115 / 100, "many are estimated");
	for (uint32_t i = 0; i < VALUES; i++) {
		const uint32_t count = ev_sample_count(&whole, hash_of(i));

		exact &= count == 0 || count == i % 10 + 1;
	}
	ok(exact, "of those that are held the counts are exact");
	ok(same(&whole, &other), "the order does not matter");
	ev_sample_merge(&half, &room, &rest);
	ok(same(&whole, &half), "nor do parts that are merged");
	room.limit = LIMIT / 4;
	ev_sample_shrink(&whole, &room);
	ev_sample_free(&other, &room);
	add(&other, &room, 0, VALUES, false);
	ok(same(&whole, &other) && whole.n <= LIMIT / 4, "nor when the limit was lowered");
	ev_sample_free(&whole, &room);
	ev_sample_free(&other, &room);
	ev_sample_free(&half, &room);
	ok(room.bytes == 0, "all memory is given back");
}

static void texts(void)
{
	struct ev_sample_room room = {.limit = LIMIT};
	struct ev_sample s = {0};
	char text[EV_SAMPLE_TEXT + 1];

	for (uint32_t i = 0; i < EV_SAMPLE_TEXTS; i++) {
		snprintf(text, sizeof text, "value %u", i);
		ev_sample_add(&s, &room, hash_of(i), 1, text, strlen(text));
	}
	ok(s.n_texts == EV_SAMPLE_TEXTS && strcmp(s.texts[3].p, "value 3") == 0,
	   "the texts of few values are held");
	ev_sample_add(&s, &room, hash_of(VALUES), 1, "one more", 8);
	ok(s.n_texts == 0 && s.no_texts, "and none where there are more");
	ev_sample_free(&s, &room);
	memset(text, 'x', sizeof text);
	ev_sample_add(&s, &room, hash_of(1), 1, text, sizeof text);
	ok(s.no_texts, "or where one is long");
	ev_sample_free(&s, &room);
}

int main(void)
{
	few();
	many();
	texts();
	return done();
}

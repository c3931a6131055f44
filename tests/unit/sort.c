/* Sorting by key, in memory and out of it, against the C library. */
#include "store/sort.h"
#include "base/buf.h"

#include "support.h"
#include "tap.h"

enum { MOST = 4000, KEY_MAX = 300 };

struct entry {
	size_t key_len;
	uint32_t number; /* in the order of adding */
	unsigned char key[KEY_MAX];
};

static struct entry entries[MOST];

static int by_key(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;
	size_t n = a->key_len < b->key_len ? a->key_len : b->key_len;
	int order = memcmp(a->key, b->key, n);

	if (order == 0)
		order = (a->key_len > b->key_len) - (a->key_len < b->key_len);
	return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

/* Ways to make a key, each of which is hard for one step of the sort. */

static size_t random_bytes(unsigned char *key)
{
	for (size_t i = 0; i < 16; i++)
		key[i] = (unsigned char)random_u64();
	return 16;
}

static size_t hex_digits(unsigned char *key)
{
	return (size_t)sprintf((char *)key, "%016llx", (unsigned long long)random_u64());
}

static size_t numbers_behind_words(unsigned char *key)
{
	return (size_t)sprintf((char *)key, "an order of the ticket shop, number %06u",
			       (unsigned)random_below(MOST));
}

/* Two letters: many keys begin alike, at every depth. */
static size_t two_letters(unsigned char *key)
{
	size_t len = random_below(KEY_MAX);

	for (size_t i = 0; i < len; i++)
		key[i] = random_below(8) == 0 ? 'b' : 'a';
	return len;
}

/* The end of a key and a NUL look alike in a prefix. */
static size_t nuls(unsigned char *key)
{
	size_t len = random_below(KEY_MAX);

	memset(key, 0, len);
	if (len > 0 && random_below(4) == 0)
		key[len - 1] = 1;
	return len;
}

static size_t one_key(unsigned char *key)
{
	memset(key, 'k', 40);
	return 40;
}

/* Long steps that are the same in almost all. */
static size_t deep(unsigned char *key)
{
	memset(key, 'd', KEY_MAX);
	if (random_below(4) == 0)
		key[9 * random_below(KEY_MAX / 9)] = 'e';
	return KEY_MAX;
}

static const struct {
	const char *name;
	size_t (*make)(unsigned char *key);
} kinds[] = {
	{"random bytes", random_bytes},
	{"hex digits", hex_digits},
	{"numbers behind words", numbers_behind_words},
	{"two letters", two_letters},
	{"NULs", nuls},
	{"one key", one_key},
	{"keys that differ deep inside", deep},
};

/* An item is its number, at a length of its own; at first in place it has no number yet. */
static size_t item_len(uint32_t number)
{
	return sizeof number + number % 50;
}

static void test_kind(size_t kind, size_t n, size_t limit)
{
	struct ev_sort *s = ev_sort_new(limit, "/tmp");
	const bool spilled = limit < SIZE_MAX;
	enum ev_status st = EV_OK;
	struct ev_sorted item;
	struct ev_error err;
	unsigned wrong = 0;

	for (uint32_t i = 0; i < n && st == EV_OK; i++) {
		struct entry *e = &entries[i];
		char *room;

		e->number = i;
		e->key_len = kinds[kind].make(e->key);
		room = ev_sort_room(s, e->key_len, item_len(i));
		memcpy(room, e->key, e->key_len);
		room += e->key_len;
		memset(room, 'x', item_len(i));
		memcpy(room, &i, sizeof i);
		st = ev_sort_added(s, &err);
	}
	if (st == EV_OK)
		st = ev_sort_finish(s, &err);
	qsort(entries, n, sizeof *entries, by_key);
	for (size_t i = 0; i < n && st == EV_OK; i++) {
		const struct entry *e = &entries[i];
		uint32_t number;

		if ((st = ev_sort_next(s, &item, &err)) != EV_OK)
			break;
		memcpy(&number, item.item, sizeof number);
		wrong += item.key_len != e->key_len || memcmp(item.key, e->key, e->key_len) != 0 ||
			 number != e->number || item.len != item_len(number) ||
			 item.stays == spilled || (item.stays && item.item[item.len] != '\0');
	}
	ok(st == EV_OK && wrong == 0 && ev_sort_next(s, &item, &err) == EV_EOF, "%zu items, %s, %s",
	   n, kinds[kind].name, spilled ? "spilled" : "in memory");
	ev_sort_free(&s);
}

int main(void)
{
	for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
		static const size_t sizes[] = {0, 1, 2, 25, 300, MOST};

		for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
			test_kind(kind, sizes[i], SIZE_MAX);
		test_kind(kind, MOST, 20000);
	}
	return done();
}

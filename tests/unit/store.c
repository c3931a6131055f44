/* A store of sorted runs against a list in memory: random commits, looks, merges and reopenings. */
#include "store/store.h"
#include "base/buf.h"

#include "support.h"
#include "tap.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST = 60000, COMMITS = 120 };

struct item {
	char key[64];
	char value[32];
	uint64_t commit;
};

static struct item items[MOST];
static size_t n_items;
static char dir[] = "/tmp/evkit-store-XXXXXX";
static struct ev_error err;

static const struct ev_store_kind set = {"events", "evversion", EV_RUN_TEXT, EV_STORE_SET};
static const struct ev_store_kind latest = {"members", "evstar", EV_RUN_TEXT, EV_STORE_LATEST};
static const struct ev_store_kind fixed = {"keys", "evdedupe", EV_RUN_BINARY, EV_STORE_SET};

static int by_key(const void *x, const void *y)
{
	const struct item *a = x, *b = y;
	int order = strcmp(a->key, b->key);

	return order != 0 ? order : (a->commit > b->commit) - (a->commit < b->commit);
}

static void add(struct item *batch, size_t *n, uint64_t commit, size_t words)
{
	struct item *i = &batch[(*n)++];

	snprintf(i->key, sizeof i->key, "%05u %u", (unsigned)random_below((uint32_t)words),
		 (unsigned)random_below(3));
	snprintf(i->value, sizeof i->value, "%s", random_below(5) == 0 ? "-" : "+ {\"a\":1}");
	i->commit = commit;
}

/* Each key once. */
static size_t unique(struct item *batch, size_t n)
{
	size_t k = 0;

	qsort(batch, n, sizeof *batch, by_key);
	for (size_t i = 0; i < n; i++)
		if (k == 0 || strcmp(batch[k - 1].key, batch[i].key) != 0)
			batch[k++] = batch[i];
	return k;
}

static bool put_batch(struct ev_store *s, const struct item *batch, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ev_store_put_text(s, batch[i].key, strlen(batch[i].key), batch[i].commit,
				      batch[i].value, strlen(batch[i].value), &err) != EV_OK)
			return false;
	return ev_store_prepare(s, &err) == EV_OK;
}

static bool same(const struct ev_entry *e, const struct item *i)
{
	return e->key_len == strlen(i->key) && memcmp(e->p, i->key, e->key_len) == 0 &&
	       e->commit == i->commit && e->value_len == strlen(i->value) &&
	       memcmp(e->value, i->value, e->value_len) == 0;
}

static bool all_there(struct ev_store *s, uint64_t since)
{
	struct ev_store_look *l = ev_store_look(s, since);
	const struct ev_entry *e = NULL;
	bool good = true;

	for (size_t i = 0; good && i < n_items; i++) {
		if (items[i].commit <= since)
			continue;
		good = ev_look_next(l, &e, &err) == EV_OK && e != NULL && same(e, &items[i]);
		if (!good)
			diag("at %zu: %s, commit %d", i, items[i].key, (int)items[i].commit);
	}
	good = good && ev_look_next(l, &e, &err) == EV_OK && e == NULL;
	ev_look_free(&l);
	return good;
}

/* Of the latest kind: the last entry of each key is what counts. */
static bool latest_there(struct ev_store *s, size_t words)
{
	struct ev_store_look *l = ev_store_look(s, 0);
	bool good = true;

	for (size_t w = 0; good && w < words; w++) {
		char last[64] = "", value[32] = "-", prefix[16];
		const struct ev_entry *e;
		size_t i = 0;

		snprintf(prefix, sizeof prefix, "%05u ", (unsigned)w);
		good = ev_look_find(l, prefix, 6, &e, &err) == EV_OK;
		while (i < n_items && strncmp(items[i].key, prefix, 6) < 0)
			i++;
		for (unsigned k = 0; good && k < 3; k++) {
			char want[32] = "-", key[64];

			snprintf(key, sizeof key, "%s%u", prefix, k);
			for (; i < n_items && strcmp(items[i].key, key) == 0; i++)
				strcpy(want, items[i].value);
			strcpy(value, "-");
			while (good && e != NULL && e->key_len == strlen(key) &&
			       memcmp(e->p, key, e->key_len) == 0) {
				memcpy(value, e->value, e->value_len);
				value[e->value_len] = '\0';
				good = ev_look_more(l, &e, &err) == EV_OK;
			}
			good = good && strcmp(value, want) == 0;
			strcpy(last, key);
		}
		if (!good)
			diag("%s: %s", last, value);
	}
	ev_look_free(&l);
	return good;
}

static bool found(struct ev_store *s, size_t words)
{
	struct ev_store_look *l = ev_store_look(s, 0);
	bool good = true;
	size_t i = 0;

	for (size_t w = 0; good && w < words; w++) {
		const struct ev_entry *e;
		char prefix[16];

		snprintf(prefix, sizeof prefix, "%05u ", (unsigned)w);
		good = ev_look_find(l, prefix, 6, &e, &err) == EV_OK;
		while (i < n_items && strncmp(items[i].key, prefix, 6) < 0)
			i++;
		for (; good && i < n_items && strncmp(items[i].key, prefix, 6) == 0; i++)
			good = e != NULL && same(e, &items[i]) &&
			       ev_look_more(l, &e, &err) == EV_OK;
		good = good && e == NULL;
	}
	ev_look_free(&l);
	return good;
}

static void empty_dir(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", dir);
	if (system(command) != 0)
		exit(2);
	n_items = 0;
}

static void random_commits(const struct ev_store_kind *kind, size_t words, size_t most)
{
	static struct item batch[MOST];
	bool there = true, finds = true, since = true, checked = true, commits = true;
	struct ev_point middle = {.number = 0};
	struct ev_store *s;

	empty_dir();
	for (uint64_t c = 1; c <= COMMITS; c++) {
		size_t n = 0, many = 1 + random_below((uint32_t)most);

		if ((s = ev_store_open(dir, kind, EV_STORE_WRITE, &err)) == NULL) {
			diag("%s", err.text);
			commits = false;
			break;
		}
		ev_store_merge_least(s, c % 2 == 0 ? 1 : 1000);
		while (n < many)
			add(batch, &n, c, words);
		n = unique(batch, n);
		commits &= put_batch(s, batch, n) &&
			   ev_store_commit(s, "take", "00000000000000000000000000000000", &err) ==
				   EV_OK;
		ev_store_free(&s);
		memcpy(items + n_items, batch, n * sizeof *batch);
		n_items += n;
		qsort(items, n_items, sizeof *items, by_key);
		if (c % 7 != 0)
			continue;
		s = ev_store_open(dir, kind, EV_STORE_READ, &err);
		if (s == NULL)
			break;
		if (kind->keeps == EV_STORE_SET) {
			there &= all_there(s, 0);
			since &= all_there(s, c - 1 - random_below((uint32_t)c));
			finds &= found(s, words);
		} else {
			finds &= latest_there(s, words);
		}
		checked &= ev_store_check(s, &err) == EV_OK && ev_store_head(s) == c;
		if (c == 56)
			middle = ev_store_position(s, 50);
		if (c > 56)
			commits &= ev_store_check_position(s, &middle, &err) == EV_OK;
		ev_store_free(&s);
	}
	ok(commits, "%s, %zu words: commits and positions %s", kind->name, words,
	   commits ? "" : err.text);
	ok(there, "%s: every entry is there in order", kind->name);
	ok(since, "%s: entries since a commit", kind->name);
	ok(finds, "%s: entries by their first word", kind->name);
	ok(checked, "%s: check %s", kind->name, checked ? "" : err.text);
	s = ev_store_open(dir, kind, EV_STORE_READ, &err);
	ok(s != NULL && ev_store_sums(s).groups < 40, "%s: runs are merged", kind->name);
	middle.digest[3] ^= 1;
	ok(s != NULL && ev_store_check_position(s, &middle, &err) == EV_FATAL,
	   "%s: a position of another chain", kind->name);
	ev_store_free(&s);
}

static int compare_fixed(const void *x, const void *y)
{
	return memcmp(x, y, EV_RUN_KEY);
}

static void fixed_keys(void)
{
	enum { KEYS = 20000 };
	static unsigned char keys[KEYS][EV_RUN_FIXED], sorted[KEYS][EV_RUN_FIXED];
	struct ev_store *s;
	bool good = true;
	size_t n = 0;

	empty_dir();
	for (size_t i = 0; i < KEYS; i++) {
		uint64_t a = random_u64(), b = random_u64();

		memcpy(keys[i], &a, 8);
		memcpy(keys[i] + 8, &b, 8);
		memset(keys[i] + 16, 0, 8);
		keys[i][19] = (unsigned char)(i / (KEYS / 20) + 1);
	}
	for (int c = 0; c < 20 && good; c++, n += KEYS / 20) {
		memcpy(sorted, keys[n], (KEYS / 20) * EV_RUN_FIXED);
		qsort(sorted, KEYS / 20, EV_RUN_FIXED, compare_fixed);
		s = ev_store_open(dir, &fixed, EV_STORE_WRITE, &err);
		for (size_t i = 0; good && i < KEYS / 20; i++)
			good = ev_store_put(s,
					    &(struct ev_entry){.p = (char *)sorted[i],
							       .len = EV_RUN_FIXED,
							       .key_len = EV_RUN_KEY,
							       .commit = (uint64_t)c + 1},
					    &err) == EV_OK;
		good = good && ev_store_prepare(s, &err) == EV_OK &&
		       ev_store_commit(s, "b", "00000000000000000000000000000000", &err) == EV_OK;
		ev_store_free(&s);
	}
	ok(good, "fixed keys are put %s", good ? "" : err.text);
	s = ev_store_open(dir, &fixed, EV_STORE_READ, &err);
	for (size_t i = 0; good && i < 3 * KEYS; i++) {
		bool there, want = i % 3 == 0;
		char value[8];
		size_t k = random_below(KEYS);
		unsigned char other[EV_RUN_KEY];

		memcpy(other, keys[k], sizeof other);
		other[9] ^= want ? 0 : 1;
		good = ev_store_get(s, (char *)other, &there, value, &err) == EV_OK &&
		       there == want && (!there || memcmp(value, keys[k] + 16, 8) == 0);
	}
	ok(good, "fixed keys are found, and others are not %s", good ? "" : err.text);
	ok(s != NULL && ev_store_check(s, &err) == EV_OK, "fixed keys: check");
	ev_store_free(&s);
}

int main(void)
{
	if (mkdtemp(dir) == NULL)
		return 2;
	random_commits(&set, 1, 40);
	random_commits(&set, 50, 300);
	random_commits(&set, 20000, 400);
	random_commits(&latest, 3000, 400);
	fixed_keys();
	empty_dir();
	return done();
}

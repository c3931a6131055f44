/* A store of sorted runs against a list in memory: random commits, cursors, merges, reopenings. */
#include "store/store.h"
#include "base/buf.h"

#include "support.h"
#include "tap.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST = 60000, COMMITS = 84 };

struct item {
	char key[64];
	char value[32];
	uint64_t commit;
};

static struct item items[MOST];
static size_t n_items;
static char dir[] = "store-XXXXXX";
static struct ev_error err;

static const struct ev_store_kind set = {"events", "evversion", EV_RUN_TEXT, EV_STORE_SET};
static const struct ev_store_kind latest = {"members", "evstar", EV_RUN_TEXT, EV_STORE_LATEST};
static const struct ev_store_kind fixed = {"keys", "evdedupe", EV_RUN_BINARY, EV_STORE_SET};
static const struct ev_store_kind fixed_latest = {"keys", "evdedupe", EV_RUN_BINARY,
						  EV_STORE_LATEST};

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
	struct ev_store_cursor *l = ev_store_cursor_new(s, since);
	const struct ev_entry *e = NULL;
	bool good = true;

	for (size_t i = 0; good && i < n_items; i++) {
		if (items[i].commit <= since)
			continue;
		good = ev_store_cursor_next(l, &e, &err) == EV_OK && e != NULL &&
		       same(e, &items[i]);
		if (!good)
			diag("at %zu: %s, commit %d", i, items[i].key, (int)items[i].commit);
	}
	good = good && ev_store_cursor_next(l, &e, &err) == EV_OK && e == NULL;
	ev_store_cursor_free(&l);
	return good;
}

/* Of the latest kind: the last entry of each key is what counts. */
static bool latest_there(struct ev_store *s, size_t words)
{
	struct ev_store_cursor *l = ev_store_cursor_new(s, 0);
	bool good = true;

	for (size_t w = 0; good && w < words; w++) {
		char last[64] = "", value[32] = "-", prefix[16];
		const struct ev_entry *e;
		size_t i = 0;

		snprintf(prefix, sizeof prefix, "%05u ", (unsigned)w);
		good = ev_store_cursor_find(l, prefix, 6, &e, &err) == EV_OK;
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
				good = ev_store_cursor_find_next(l, &e, &err) == EV_OK;
			}
			good = good && strcmp(value, want) == 0;
			strcpy(last, key);
		}
		if (!good)
			diag("%s: %s", last, value);
	}
	ev_store_cursor_free(&l);
	return good;
}

static bool found(struct ev_store *s, size_t words)
{
	struct ev_store_cursor *l = ev_store_cursor_new(s, 0);
	bool good = true;
	size_t i = 0;

	for (size_t w = 0; good && w < words; w++) {
		const struct ev_entry *e;
		char prefix[16];

		snprintf(prefix, sizeof prefix, "%05u ", (unsigned)w);
		good = ev_store_cursor_find(l, prefix, 6, &e, &err) == EV_OK;
		while (i < n_items && strncmp(items[i].key, prefix, 6) < 0)
			i++;
		for (; good && i < n_items && strncmp(items[i].key, prefix, 6) == 0; i++)
			good = e != NULL && same(e, &items[i]) &&
			       ev_store_cursor_find_next(l, &e, &err) == EV_OK;
		good = good && e == NULL;
	}
	ev_store_cursor_free(&l);
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
				   EV_OK &&
			   ev_store_merge(s, &err) == EV_OK;
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

/* What the latest commit said of each of the keys; some of them differ late. */
enum { KEYS = 4000, PUTS = 800, FIXED_COMMITS = 50, AGE = 20 };
static struct fixed_item {
	char key[EV_RUN_KEY];
	struct ev_store_fixed last;
} fixed_items[KEYS];

static void make_keys(bool far)
{
	memset(fixed_items, 0, sizeof fixed_items);
	for (size_t i = 0; i < KEYS; i++) {
		uint64_t parts[2] = {random_u64(), random_u64()};

		if (!far && i % 2 == 0)
			memset(parts, (int)(i % 3), i % 4 == 0 ? 14 : 8);
		memcpy(fixed_items[i].key, parts, EV_RUN_KEY);
		fixed_items[i].key[14] = (char)(i >> 8);
		fixed_items[i].key[15] = (char)i;
	}
}

static bool put_fixed(struct ev_store *s, uint32_t commit)
{
	static char batch[PUTS][EV_RUN_FIXED];
	bool good = true;

	for (size_t i = 0; i < PUTS; i++) {
		struct fixed_item *item = &fixed_items[random_below(KEYS)];

		if (!item->last.there || item->last.commit != commit)
			item->last = (struct ev_store_fixed){true, commit,
							     commit + (uint32_t)random_below(3)};
		ev_run_put_fixed(batch[i], item->key, commit, item->last.stamp);
	}
	qsort(batch, PUTS, EV_RUN_FIXED, compare_fixed);
	for (size_t i = 0; good && i < PUTS; i++)
		if (i == 0 || compare_fixed(batch[i - 1], batch[i]) != 0)
			good = ev_store_put(s,
					    &(struct ev_entry){.p = batch[i],
							       .len = EV_RUN_FIXED,
							       .key_len = EV_RUN_KEY,
							       .commit = commit},
					    &err) == EV_OK;
	return good;
}

static bool fixed_are_right(struct ev_store *s, uint32_t least)
{
	for (size_t i = 0; i < KEYS; i++) {
		const struct ev_store_fixed *want = &fixed_items[i].last;
		struct ev_store_fixed got;
		char other[EV_RUN_KEY];

		if (ev_store_get(s, fixed_items[i].key, &got, &err) != EV_OK)
			return false;
		/* What is let go may still be there. */
		if (want->there && want->stamp >= least
			    ? !got.there || got.commit != want->commit || got.stamp != want->stamp
			    : got.there && got.stamp >= least)
			return ev_fail(&err, "key %zu is not as it was put", i) == EV_OK;
		memcpy(other, fixed_items[i].key, sizeof other);
		other[i % EV_RUN_KEY] ^= 1;
		if (ev_store_get(s, other, &got, &err) != EV_OK ||
		    (got.there && i % EV_RUN_KEY < 8))
			return ev_fail(&err, "a key that was not put is there") == EV_OK;
	}
	return true;
}

static void fixed_keys(const struct ev_store_kind *kind, bool far, bool forget)
{
	struct ev_store_sums sums = {0};
	uint32_t least = 0;
	struct ev_store *s;
	bool good = true;

	empty_dir();
	make_keys(far);
	for (uint32_t c = 1; c <= FIXED_COMMITS && good; c++) {
		s = ev_store_open(dir, kind, EV_STORE_WRITE, &err);
		good = s != NULL && fixed_are_right(s, least);
		if (forget && c > AGE)
			least = c - AGE;
		ev_store_forget(s, least);
		ev_store_merge_least(s, 30000);
		good = good && put_fixed(s, c) && ev_store_prepare(s, &err) == EV_OK &&
		       ev_store_commit(s, "b", "00000000000000000000000000000000", &err) == EV_OK &&
		       ev_store_merge(s, &err) == EV_OK && fixed_are_right(s, least) &&
		       ev_store_check(s, &err) == EV_OK;
		sums = ev_store_sums(s);
		ev_store_free(&s);
	}
	ok(good, "fixed keys %s, %s: found as they were put last %s", far ? "far" : "near",
	   forget ? "let go" : "kept", good ? "" : err.text);
	ok(sums.groups < 30 && (!forget || sums.entries < (uint64_t)FIXED_COMMITS * PUTS * 2 / 3),
	   "they are merged: %llu groups, %llu entries", (unsigned long long)sums.groups,
	   (unsigned long long)sums.entries);
}

int main(void)
{
	const char *text = getenv("STORE_ROUNDS"); /* how often, each time with other numbers */
	unsigned long rounds = text != NULL ? strtoul(text, NULL, 10) : 1;

	if (mkdtemp(dir) == NULL)
		return 2;
	while (rounds-- > 0) {
		random_commits(&set, 1, 40);
		random_commits(&set, 50, 300);
		random_commits(&set, 20000, 400);
		random_commits(&latest, 3000, 400);
		fixed_keys(&fixed, true, false);
		fixed_keys(&fixed, false, false);
		fixed_keys(&fixed_latest, true, true);
		fixed_keys(&fixed_latest, false, true);
	}
	empty_dir();
	return done();
}

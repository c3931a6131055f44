/*
 * keys: fills a state of evdedupe with random keys, for the benchmark.
 *
 *     keys DIR MILLIONS
 *
 * Each million is a commit of a batch of its own, as if so many days had been through. The keys of
 * a commit are random, but one in each of a million equal parts of all keys, so that they come
 * sorted.
 */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

enum { MILLION = 1000000 };

static const struct ev_store_kind kind = {"keys", "evdedupe", EV_RUN_BINARY, EV_STORE_LATEST};

static uint64_t next_random(void)
{
	static uint64_t state = 42;
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static enum ev_status put_million(struct ev_store *s, uint32_t commit, struct ev_error *err)
{
	const uint64_t share = UINT64_MAX / MILLION;

	for (uint64_t i = 0; i < MILLION; i++) {
		uint64_t key[2] = {htobe64(i * share + next_random() % share), next_random()};
		char entry[EV_RUN_FIXED];
		struct ev_entry e = {entry, sizeof entry, EV_RUN_KEY, NULL, 0, commit};

		ev_run_put_fixed(entry, (char *)key, commit, commit);
		if (ev_store_put(s, &e, err) != EV_OK)
			return EV_FATAL;
	}
	return ev_store_prepare(s, err);
}

int main(int argc, char **argv)
{
	unsigned long millions = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	struct ev_store *s;
	struct ev_error err;

	if (millions == 0) {
		fprintf(stderr, "usage: keys DIR MILLIONS\n");
		return 2;
	}
	s = ev_store_open(argv[1], &kind, EV_STORE_WRITE, &err);
	for (unsigned long i = 1; s != NULL && i <= millions; i++) {
		char what[32];

		snprintf(what, sizeof what, "take \"%lu\"", i);
		if (put_million(s, (uint32_t)i, &err) != EV_OK ||
		    ev_store_commit(s, what, "00000000000000000000000000000000", &err) != EV_OK ||
		    ev_store_merge(s, &err) != EV_OK)
			ev_store_free(&s);
	}
	if (s == NULL) {
		fprintf(stderr, "keys: %s\n", err.text);
		return 2;
	}
	ev_store_free(&s);
	return 0;
}

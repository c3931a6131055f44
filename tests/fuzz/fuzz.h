/*
 * fuzz: what the programs of this folder share: their options, their rounds, and counts at bounds.
 *
 *     tests/fuzz/PROGRAM [-n ROUNDS | -s SECONDS] [FIRST]
 *
 * Each round grows out of its own number, from FIRST on, so that one that made trouble can be had
 * again: -n 1 NUMBER.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "../unit/support.h"
#include "../unit/tap.h"

#include <time.h>

struct rounds {
	unsigned long long n, seconds, first, done;
	time_t end;
};

/* Of a program whose first round is that number, where none is given. Exits on a wrong option. */
static inline struct rounds rounds_asked(int argc, char **argv, uint64_t first)
{
	struct rounds r = {.n = 2000, .first = first};
	int option;

	while ((option = getopt(argc, argv, "n:s:")) != -1) {
		switch (option) {
		case 'n': r.n = strtoull(optarg, NULL, 10); break;
		case 's': r.seconds = strtoull(optarg, NULL, 10); break;
		default: exit(2);
		}
	}
	if (optind < argc)
		r.first = strtoull(argv[optind], NULL, 10);
	r.end = time(NULL) + (time_t)r.seconds;
	return r;
}

/* The number of the next round; false when there is none. */
static inline bool rounds_next(struct rounds *r, uint64_t *number)
{
	*number = r->first + r->done;
	return r->seconds > 0 ? r->done++ == 0 || time(NULL) < r->end : r->done++ < r->n;
}

/* What is random in a round depends on its number alone. */
static inline void random_begin(uint64_t number)
{
	random_state = number * 2 + 0x9e3779b97f4a7c15;
	for (int i = 0; i < 8; i++)
		random_u64();
}

static inline bool chance(size_t one_in)
{
	return random_below(one_in) == 0;
}

#define PICK(list) (list)[random_below(sizeof(list) / sizeof *(list))]

/* How many there are of something: as many as a table, a bitmap or a byte holds, or nearly. */
static inline size_t count_at_bound(void)
{
	static const size_t bounds[] = {0,  1,	 15,  16,  17,	31,  32,  33,	63,   64,
					65, 127, 128, 129, 255, 256, 257, 1023, 1024, 1025};

	return PICK(bounds);
}

#endif

/*
 * count: what an engine counts of its records, for every engine and for libevcli. Floor 5.
 *
 * A row of the balance sheet: each record that came in is counted in just one of the counts whose
 * `in_sum` is set. libevcli adds in, out, rejected and blank, which it counts itself.
 */
#ifndef EV_COUNT_H
#define EV_COUNT_H

#include <stdbool.h>
#include <stdint.h>

struct ev_count {
	const char *name; /* NULL behind the last */
	const uint64_t *value;
	bool in_sum;
	bool set_aside; /* its records stand in the rejects file, but do not count as "rejected" */
};

#endif

#include "model/nearest.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

static size_t min3(size_t a, size_t b, size_t c)
{
	return a < b ? (a < c ? a : c) : (b < c ? b : c);
}

/* Levenshtein's distance; names longer than the row are never near. */
static size_t distance(const char *a, const char *b)
{
	size_t row[64], n = strlen(b);

	if (n >= sizeof row / sizeof row[0])
		return SIZE_MAX;
	for (size_t k = 0; k <= n; k++)
		row[k] = k;
	for (size_t i = 0; a[i] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t k = 0; k < n; k++) {
			size_t up = row[k + 1];

			row[k + 1] = min3(up + 1, row[k] + 1, diagonal + (a[i] != b[k]));
			diagonal = up;
		}
	}
	return row[n];
}

const char *ev_nearest(const char *word, const char *const *known)
{
	const char *best = *known;
	size_t least = SIZE_MAX;

	for (; *known != NULL; known++) {
		size_t d = distance(word, *known);

		if (d < least) {
			least = d;
			best = *known;
		}
	}
	return best;
}

bool ev_is_close(const char *word, const char *other)
{
	size_t len = strlen(word);

	return (len >= 3 && strncasecmp(word, other, len) == 0) ||
	       distance(word, other) <= (len >= 5 ? 2 : 1);
}

#include "model/nearest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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

/* Whether one is the beginning of the other, ignoring case: int, integer; Warn, warning. */
static bool begins(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), len = n < m ? n : m;

	return len >= 3 && strncasecmp(a, b, len) == 0;
}

const char *ev_nearest(const char *word, const char *const *known)
{
	const char *best = NULL;
	size_t len = strlen(word), least = SIZE_MAX;
	size_t most = len < 3 ? 1 : len / 3; /* one slip in three characters */

	for (; *known != NULL; known++) {
		size_t d = strcasecmp(word, *known) == 0 ? 0 : distance(word, *known);

		if (d > most && begins(word, *known))
			d = most;
		if (d < least && d <= most && d < strlen(*known)) {
			least = d;
			best = *known;
		}
	}
	return best;
}

const char *ev_nearest_hint(const char *word, const char *const *known, char out[EV_HINT])
{
	const char *near = ev_nearest(word, known);
	size_t n = 0, all = 0, listed = 0;

	if (near != NULL && strlen(near) < EV_HINT - 32) {
		snprintf(out, EV_HINT, "did you mean '%s'?", near);
		return out;
	}
	while (known[all] != NULL)
		all++;
	n = (size_t)snprintf(out, EV_HINT, "there %s ", all == 1 ? "is" : "are");
	for (; listed < all; listed++) {
		/* Room for the count of those that are left out. */
		if (n + strlen(known[listed]) + 40 > EV_HINT)
			break;
		n += (size_t)snprintf(out + n, EV_HINT - n, "%s'%s'",
				      listed == 0	  ? ""
				      : listed + 1 == all ? " and "
							  : ", ",
				      known[listed]);
	}
	if (listed < all)
		snprintf(out + n, EV_HINT - n, "%s%zu more", listed > 0 ? " and " : "",
			 all - listed);
	return out;
}

bool ev_nearest_is_close(const char *word, const char *other)
{
	size_t len = strlen(word);

	return (len >= 3 && strncasecmp(word, other, len) == 0) ||
	       distance(word, other) <= (len >= 5 ? 2 : 1);
}

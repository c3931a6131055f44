/*
 * nearest: the known word that a mistyped one most likely stands for. Floor 3.
 */
#ifndef EV_NEAREST_H
#define EV_NEAREST_H

#include <stdbool.h>

/* Of a list that ends with NULL and has one word at least, by Levenshtein's distance. */
const char *ev_nearest(const char *word, const char *const *known);
/*
 * Whether a word is likely to be another, mistyped: but for upper and lower case it is the other or
 * its beginning, or one letter (of five or more, two) is another, missing or too much.
 */
bool ev_is_close(const char *word, const char *other);

#endif

/*
 * nearest: what a person may have meant by a word that is not known. Floor 5.
 */
#ifndef EV_NEAREST_H
#define EV_NEAREST_H

#include <stdbool.h>

/*
 * The word of a list (NULL behind the last) that a mistyped one most likely stands for, by
 * Levenshtein's distance; NULL if none is close.
 */
const char *ev_nearest(const char *word, const char *const *known);

enum { EV_HINT = 400 };
/* Says that word, or else what there is: "did you mean 'a'?", "there are 'a', 'b' and 'c'". */
const char *ev_nearest_hint(const char *word, const char *const *known, char out[EV_HINT]);
/*
 * Whether a word is likely to be another, mistyped: but for upper and lower case it is the other or
 * its beginning, or one letter (of five or more, two) is another, missing or too much.
 */
bool ev_nearest_is_close(const char *word, const char *other);

#endif

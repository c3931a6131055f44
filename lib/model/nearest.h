/*
 * nearest: the known word that a mistyped one most likely stands for. Floor 3.
 */
#ifndef EV_NEAREST_H
#define EV_NEAREST_H

/* Of a list that ends with NULL and has one word at least, by Levenshtein's distance. */
const char *ev_nearest(const char *word, const char *const *known);

#endif

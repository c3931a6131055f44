/*
 * group: dead letters counted by what is wrong with them. Floor 10.
 */
#ifndef EV_LETTERS_GROUP_H
#define EV_LETTERS_GROUP_H

#include "letters/letters.h"

struct ev_letter_groups;

struct ev_letter_groups *ev_letter_groups_new(void);
/*
 * Counts a letter in the groups of its reasons: each once, by stage, code, rule and path. An index
 * in a path is written *. Beyond 10,000 groups the others are one.
 */
void ev_letter_groups_add(struct ev_letter_groups *g, const struct ev_letter *letter);
/* Appends the groups, the largest first; as text, or a JSON object a line. */
void ev_letter_groups_write(struct ev_letter_groups *g, bool json, struct ev_buf *out);
void ev_letter_groups_free(struct ev_letter_groups **g);

#endif

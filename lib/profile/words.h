/*
 * words: what the names of members say. Floor 10, for the files of profile alone.
 *
 * Names are compared as words in lower case: eventId, event_id and "Event ID" are event_id.
 */
#ifndef EV_PROFILE_WORDS_H
#define EV_PROFILE_WORDS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum { EV_WORDS = 96 }; /* bytes, with the NUL; longer names are cut */

/* The words of a name, joined by _; nothing for a name without letters and digits. */
void ev_words_of(const char *name, size_t len, char out[EV_WORDS]);

/* What a name says of its values. Tables of names; the first fit best. */
enum ev_word_list {
	EV_WORDS_ID,	  /* whole names: of this event */
	EV_WORDS_ID_LAST, /* last words: of this or another thing */
	EV_WORDS_TYPE,
	EV_WORDS_SCOPE, /* within which an id is unique */
	EV_WORDS_TIME,
	EV_WORDS_TIME_LAST,
	EV_WORDS_MODIFIED,
	EV_WORDS_VERSION,
	EV_WORDS_OP,
	EV_WORDS_DID,	  /* values: what a change event did to its row */
	EV_WORDS_IGNORE,  /* what a transport adds */
	EV_WORDS_DELETED, /* those of them that delete it */
	EV_WORDS_OTHER,	  /* first words: of a thing that events are about, and of none itself */
	EV_WORDS_AMOUNT_LAST,
	EV_WORDS_COUNT_LAST,
	EV_WORDS_CURRENCY_LAST,
	EV_WORDS_CLOSED_LAST, /* states and kinds, of which there are few for good */
};
enum { EV_NO_WORD = 1000 };

/* The place of a name in a list, from 0; EV_NO_WORD if it is not there. words: of ev_words_of. */
int ev_words_rank(const char *words, enum ev_word_list list);

/*
 * Names of tables and columns, all different whatever their case (evkit-model.5). A name is taken
 * together with NAME_key, which a dimension may add.
 */
struct ev_taken {
	char **list;
	size_t n;
};

enum { EV_COLUMN_NAME = 59 };
/* The name for something called so, which is then taken. It is the list's. */
const char *ev_taken_name(struct ev_taken *t, const char *name, size_t len);
bool ev_taken_has(const struct ev_taken *t, const char *name);
void ev_taken_free(struct ev_taken *t);

#endif

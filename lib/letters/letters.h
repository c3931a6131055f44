/*
 * letters: dead letters read back, the records that were set aside (record/reject.h). Floor 10.
 *
 * The room lib/letters is the engine of evreject.
 */
#ifndef EV_LETTERS_H
#define EV_LETTERS_H

#include "base/buf.h"
#include "record/reject.h"

#include <stdbool.h>

/* Valid until the next read. Texts are UTF-8, and as hostile as what was rejected. */
struct ev_letter {
	const char *stage, *source;
	uint64_t line, offset; /* offset: EV_NO_OFFSET where it is not known */
	struct ev_reasons why; /* code and reasons */
	const char *origin;    /* {"source":...,"line":...,"offset":...} */
	size_t origin_len;
	const char *text;	   /* the letter itself */
	size_t text_len, head_len; /* head_len: up to its record, {"_ev":{...}, */
	const char *raw;	   /* the record; EV_IN_SLACK bytes behind it may be read */
	size_t raw_len;
};

/* A letter is chosen if it has one of the texts of each kind that is given. */
enum ev_letter_choice {
	EV_LETTER_CODE,
	EV_LETTER_STAGE,
	EV_LETTER_RULE, /* of any of its reasons */
	EV_LETTER_SOURCE,
	EV_LETTER_LINE,
	EV_LETTER_CHOICES
};

struct ev_letters;

struct ev_letters *ev_letters_new(void);
/* The text is borrowed. */
void ev_letters_choose(struct ev_letters *l, enum ev_letter_choice kind, const char *text);
/* EV_OK, EV_REJECT if it is not chosen, or EV_FATAL: the line is no letter. */
enum ev_status ev_letters_read(struct ev_letters *l, const struct ev_record *rec,
			       struct ev_letter **letter, struct ev_error *err);
void ev_letters_free(struct ev_letters **l);

/* Appends text for people, in which no byte from outside can steer a terminal. */
void ev_letter_show(const struct ev_letter *letter, struct ev_buf *out);
/* Appends bytes in the same way. */
void ev_letter_print(const char *p, size_t len, struct ev_buf *out);

/* Appends the letter as it came. */
void ev_letter_copy(const struct ev_letter *letter, struct ev_buf *out);
/* The same with another record. */
void ev_letter_write(const struct ev_letter *letter, const char *raw, size_t len,
		     struct ev_buf *out);

/*
 * Appends the record as the front of the chain takes it: "_ev" names its origin. JSON that is
 * spread over lines goes on one. False if it cannot bear that, and is appended as it is: it is no
 * JSON object, or has a member of that name, or a name twice.
 */
bool ev_letters_replay(struct ev_letters *l, const struct ev_letter *letter, struct ev_buf *out);

/* Editing by a program of jq. */
struct ev_letter_edit;

struct ev_letter_edit *ev_letter_edit_new(const char *program, struct ev_error *err);
/*
 * Appends what the program makes of the record. What it leaves as it is keeps its bytes. EV_EOF if
 * nothing changes; EV_REJECT, with why, if the record is no JSON object, or the program refuses it,
 * makes something else of it than one object, or would change the digits of a number.
 */
enum ev_status ev_letter_edit(struct ev_letter_edit *e, const struct ev_letter *letter,
			      struct ev_buf *out, struct ev_buf *why);
void ev_letter_edit_free(struct ev_letter_edit **e);

#endif

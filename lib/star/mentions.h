/*
 * mentions: what is said of a member, as sorted lines. Floor 10, a part of the star engine.
 *
 * A mention is what one stamp says of one member. Its key has the words
 *
 *     MEMBER c WHAT SPELLED TIME WHO
 *
 * MEMBER is m, the dimension's number in the model and the member's key. WHAT is r where a row
 * refers to the member and nothing is said of it; or else d and a hex digit for each four
 * attributes, those that the mention bears. SPELLED is a digest of the key's parts, if some are
 * spelled in another way than in the identity; or a hyphen. TIME and WHO, the stamp, are turned
 * over, so that of one WHAT and SPELLED the latest comes first and the others need not be read. The
 * value has the key's parts and then the attributes that it has, as JSON, with SEPARATOR between
 * them, which JSON has nowhere inside; and where SPELLED is no hyphen, behind BEHIND, the parts of
 * the identity. A day outside a calendar is a member whose key is the date.
 *
 * In a dimension of type 2 each version says what it says from TIME on up to another time, and
 * WHAT is h, that time, turned over as well (so the open ends come first, then the latest), and the
 * digits of the attributes; with none of them it says only that the member is there from TIME on.
 * Its value has the key's parts as the identity spells them, and SPELLED is a hyphen.
 */
#ifndef EV_STAR_MENTIONS_H
#define EV_STAR_MENTIONS_H

#include "star/members.h"
#include "star/plan.h"

enum {
	EV_STAR_SEPARATOR = 0x1f,
	EV_STAR_BEHIND = 0x1e,			      /* what is behind all other fields */
	EV_STAR_MEMBER_LEN = 1 + 4 + EV_KEY_TEXT + 1, /* "MEMBER " */
	EV_STAR_MOMENT = 16,			      /* digits of a time in a key */
};

/* JSON; EV_COPY_OVER bytes behind it can be read. */
struct ev_star_text {
	const char *p;
	size_t len;
};

/* Hex digits, and the number of one. */
extern const char ev_mention_digits[];
static inline unsigned ev_mention_digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

/* The text up to the next SEPARATOR. *p moves past that. */
static inline const char *ev_mention_field(const char **p, const char *end, size_t *len)
{
	const char *from = *p, *stop = memchr(from, EV_STAR_SEPARATOR, (size_t)(end - from));

	if (stop == NULL)
		stop = end;
	*len = (size_t)(stop - from);
	*p = stop < end ? stop + 1 : end;
	return from;
}

/* The words of a mention's key that follow the member. */
struct ev_mention_words {
	const char *what, *spelled, *stamp, *end;
};
struct ev_mention_words ev_mention_words(const char *key, size_t len);
static inline const char *ev_mention_word_end(const char *p, const char *end)
{
	const char *space = memchr(p, ' ', (size_t)(end - p));

	return space != NULL ? space : end;
}

/* True if a mention has attributes; and if it spells a part of the key in its own way. */
static inline bool ev_mention_describes(const char *mention)
{
	return mention[EV_STAR_MEMBER_LEN + 2] == 'd';
}
bool ev_mention_is_spelled(const char *mention, size_t len);
/* True if it has no attributes and spells the key as the identity does: the member exists. */
static inline bool ev_mention_is_bare(const char *mention)
{
	const char *what = mention + EV_STAR_MEMBER_LEN + 2;

	return what[1] == ' ' && what[2] == '-';
}
/* The length of a mention's key up to its stamp. */
size_t ev_mention_group(const char *mention, size_t len);
/* Writes the `count` lowest hex digits of a number, and returns their end. */
char *ev_mention_hex(char *o, uint64_t n, int count);
/* An event's id as WHO begins with it, in descending order; the element follows. */
void ev_mention_who(const char *id, size_t len, struct ev_buf *out);
/* The dimension in a mention's key, and the member's key. */
size_t ev_mention_dimension(const char *mention);
static inline const char *ev_mention_key(const char *mention)
{
	return mention + (EV_STAR_MEMBER_LEN - 1 - EV_KEY_TEXT);
}

/* The mentions of a member, one by one. Zero-initialise. */
struct ev_mentions {
	struct ev_buf key, value;
	char spelled[33];
	size_t spelled_len;
	size_t next; /* attribute; behind them all: done */
};
/*
 * The next mention of a member, in l->key and l->value; false behind the last. who: the id of the
 * event that refers to it, for a mention without a stamp; may be empty.
 */
bool ev_mentions_next(struct ev_mentions *l, size_t dimension, const struct ev_members *members,
		      const struct ev_star_member *m, const char *who, size_t who_len);
/*
 * What a version says of a member of a dimension of type 2, in l->key and l->value. attributes: n,
 * one with a NULL is absent; NULL: they all are.
 */
void ev_mentions_version(struct ev_mentions *l, size_t dimension, const struct ev_members *members,
			 const struct ev_star_member *m, const struct ev_star_text *attributes,
			 size_t n, const struct ev_stamp *stamp, int64_t until);
/* The key of such a mention. */
struct ev_mention {
	int64_t since, until;
	const char *bits, *stamp;
	size_t n_bits, stamp_len;
};
struct ev_mention ev_mention_read(const char *key, size_t len);
/* A time that was turned over. */
int64_t ev_mention_time(const char *hex);
/* A time in ascending order, EV_STAR_MOMENT digits; returns their end. And back. */
char *ev_mention_put_moment(char *o, int64_t time);
int64_t ev_mention_moment(const char *hex);
static inline bool ev_mention_is_of_history(const char *mention)
{
	return mention[EV_STAR_MEMBER_LEN + 2] == 'h';
}
/* The one mention of a calendar's day. */
void ev_mentions_day(struct ev_mentions *l, size_t dimension, int64_t day, const char *who,
		     size_t who_len);
void ev_mentions_free(struct ev_mentions *l);

/* A mention taken apart. Texts that are absent have p NULL. */
struct ev_saying {
	size_t dimension;
	const char *key; /* of the member */
	bool described;	 /* else a row refers to it, and nothing is said */
	bool spans;	 /* in a dimension of type 2: it is said up to a time */
	int64_t until;
	bool stamped;
	struct ev_stamp stamp;
	size_t n_parts, n; /* parts of the key, and attributes behind them */
	struct ev_star_text *texts;
};
/* Makes the mention, in l->key and l->value. The stamp of one without is not looked at. */
void ev_mentions_say(struct ev_mentions *l, const struct ev_saying *what);
/*
 * Takes one apart. what: n_parts, n and texts are set, and the texts are filled. id: for that of
 * the stamp's event.
 */
void ev_mention_take_apart(const struct ev_mentions *l, struct ev_saying *what, struct ev_buf *id);

#endif

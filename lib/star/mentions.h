/*
 * mentions: what is said of a member, as sorted lines, and the row that it makes together.
 * Floor 10, a part of the star engine.
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

/* The merge of a member's mentions. */
struct ev_star_sum {
	size_t n_parts, n; /* parts of the key, and attributes behind them */
	bool described;
	struct ev_star_won {
		size_t at, len;		    /* in texts */
		size_t stamp_at, stamp_len; /* the same, of an attribute: TIME and WHO */
		bool set;
	} * won;
	struct ev_buf texts;
	struct ev_buf first; /* the key of the first mention of a WHAT and SPELLED */
	size_t first_stamp;  /* where TIME stands in it */
};

/* d: NULL for a calendar. */
void ev_star_sum_init(struct ev_star_sum *sum, const struct ev_star_dimension *d);
void ev_star_sum_free(struct ev_star_sum *sum);
void ev_star_sum_reset(struct ev_star_sum *sum);
/*
 * False if a mention cannot change the sum and need not be added. Mentions come in the order of
 * their keys: of one WHAT and SPELLED only the first counts.
 */
bool ev_star_sum_asks(const struct ev_star_sum *sum, const char *key, size_t key_len);
void ev_star_sum_add(struct ev_star_sum *sum, const char *key, size_t key_len, const char *value,
		     size_t len);
/*
 * Appends the sum as a row of the state has it: for each winning stamp ` WON TIME WHO`, then for
 * each part and attribute SEPARATOR and its text (empty where there is none).
 */
void ev_star_sum_write(const struct ev_star_sum *sum, struct ev_buf *out);
/* Reads what ev_star_sum_write wrote. */
void ev_star_sum_read(struct ev_star_sum *sum, const char *p, size_t len);
/* True if this mention has won an attribute. */
bool ev_star_sum_is_won(const struct ev_star_sum *sum, const char *key, size_t key_len);
/* Adds a spelling of a part of the key; the greatest wins. */
void ev_star_sum_part(struct ev_star_sum *sum, size_t part, const char *p, size_t len);
/* The sum as the texts of a row; valid until the next call. */
void ev_star_sum_texts(const struct ev_star_sum *sum, struct ev_star_text *texts);

/* A member's texts for its row: the parts of its key, then the attributes. */
void ev_star_member_texts(const struct ev_members *members, const struct ev_star_member *m,
			  struct ev_star_text *texts);
#endif

/*
 * sums: the row that a member's mentions make together, of type 1. Floor 10, a part of the star
 * engine.
 */
#ifndef EV_STAR_SUMS_H
#define EV_STAR_SUMS_H

#include "star/mentions.h"

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

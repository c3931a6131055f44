/*
 * history: what one member of a dimension of type 2 was, from its first mention on. Floor 10. A
 * part of the star engine.
 *
 * A mention is valid from its stamp's time up to another, and of those that are valid the one with
 * the latest stamp sets an attribute. Mentions come in the order of their stamps. So what an
 * attribute may still become is a stack: a mention that comes covers those below it, for as long as
 * it is valid, and those that end before it does are of no account any more.
 */
#ifndef EV_STAR_HISTORY_H
#define EV_STAR_HISTORY_H

#include "star/mentions.h"
#include "store/sort.h"

/* A row begins. text: "1" if something is said, else "0"; then each attribute behind SEPARATOR. */
typedef enum ev_status ev_history_row(void *ctx, int64_t since, const struct ev_buf *text,
				      struct ev_error *err);

struct ev_history_said {
	int64_t until;
	uint64_t number; /* of its stamp */
	size_t at;	 /* of its text, which ends the stack's */
};

struct ev_history {
	ev_history_row *row;
	void *ctx;
	struct ev_history_stack {
		struct ev_history_said *list;
		size_t n, cap;
		struct ev_buf texts;
	} * stacks; /* one an attribute */
	size_t n, n_parts;
	bool begun;
	int64_t at;
	uint64_t number;     /* of the stamp at hand */
	struct ev_buf stamp; /* the last that came */
	struct ev_buf parts; /* of the member's key; empty before a mention came */
	struct ev_buf text, last;
};

void ev_history_init(struct ev_history *h, const struct ev_star_dimension *d, ev_history_row *row,
		     void *ctx);
void ev_history_free(struct ev_history *h);
/* Another member begins. */
void ev_history_reset(struct ev_history *h);
/*
 * What was before that moment stands as it is, and `row` was its last row. The first row that may
 * come is of that moment; mentions that began before it may come as well, where they still count.
 */
void ev_history_resume(struct ev_history *h, int64_t at, const char *row, size_t len);
/* Of a mention that was sorted. */
enum ev_status ev_history_add(struct ev_history *h, const struct ev_sorted *mention, size_t before,
			      struct ev_error *err);
/* Behind the last mention. */
enum ev_status ev_history_end(struct ev_history *h, struct ev_error *err);

/*
 * Adds a mention to a sort that puts it in that order, behind the first `before` bytes of its key.
 */
enum ev_status ev_history_sort(struct ev_sort *sort, const char *key, size_t key_len, size_t before,
			       const char *value, size_t len, struct ev_error *err);

#endif

/* Which values are times, and how jq reads them. */
#include "profile/infer.h"

static bool names_time(const char *words)
{
	return ev_words_rank(words, EV_WORDS_TIME) != EV_NO_WORD ||
	       ev_words_rank(words, EV_WORDS_MODIFIED) != EV_NO_WORD ||
	       ev_words_rank(words, EV_WORDS_TIME_LAST) != EV_NO_WORD;
}

/* The first unit of those that numbers since 1970 can be of. Digits of 2001 and later. */
static bool epoch(unsigned epochs, bool is_text, struct ev_buf *jq)
{
	for (unsigned i = 0; i < 4; i++)
		if ((epochs & 1U << i) != 0) {
			ev_buf_puts(jq, ev_reading_epoch(10 + 3 * i, is_text));
			return true;
		}
	return false;
}

static bool number_time(const struct ev_tree_node *n, const char *words, struct ev_buf *jq)
{
	return names_time(words) && epoch(n->numbers.epochs, false, jq);
}

static bool text_time(const struct ev_tree_node *n, const char *words, struct ev_buf *jq)
{
	if ((n->forms & EV_FORM_TIME) != 0)
		return true;
	if ((n->forms & EV_FORM_READ) != 0) {
		ev_reading_jq(n->steps, jq);
		return true;
	}
	return (n->forms & EV_FORM_NUMBER) != 0 && names_time(words) &&
	       epoch(n->texts.epochs, true, jq);
}

/* Of a member that is a number in some events and a text in others. */
static bool mixed_time(const struct ev_tree_node *n, const char *words, struct ev_buf *jq)
{
	struct ev_buf number = {0}, text = {0};
	bool is = false;

	if ((n->forms & EV_FORM_NUMBER) != 0) /* tonumber takes both */
		return names_time(words) && epoch(n->numbers.epochs & n->texts.epochs, true, jq);
	if (number_time(n, words, &number) && text_time(n, words, &text)) {
		ev_buf_printf(jq, " | if type == \"number\" then .%s else .%s end",
			      ev_buf_str(&number), ev_buf_str(&text));
		is = true;
	}
	ev_buf_free(&number);
	ev_buf_free(&text);
	return is;
}

bool ev_infer_time(const struct ev_tree_node *n, const char *words, struct ev_buf *jq)
{
	const uint64_t texts = n->kinds[EV_STRING] - n->n_empty, numbers = n->kinds[EV_NUMBER];

	if (n->kinds[EV_STRING] + numbers + n->kinds[EV_NULL] != ev_tree_values(n) ||
	    texts + numbers == 0)
		return false;
	if (texts > 0 && numbers > 0)
		return mixed_time(n, words, jq);
	return texts > 0 ? text_time(n, words, jq) : number_time(n, words, jq);
}

/* A number of a unit since 1970 as an instant, to the second. */
static struct ev_time instant(struct ev_small v, unsigned epochs)
{
	int places = 0;
	int64_t sec = v.coef;

	while ((epochs & 1U << places / 3) == 0)
		places += 3;
	for (int exp = v.exp - places; exp != 0; exp += exp < 0 ? 1 : -1)
		sec = exp < 0 ? sec / 10 : sec * 10;
	return (struct ev_time){sec, 0};
}

/* The instants of numbers, if they can be ones. */
static void widen_by_numbers(const struct ev_tree_numbers *t, struct ev_times *range)
{
	if (t->n > 0 && t->epochs != 0)
		ev_times_widen(range, &(struct ev_times){true, false, instant(t->min, t->epochs),
							 instant(t->max, t->epochs)});
}

void ev_infer_range(const struct ev_tree_node *n, struct ev_times *range)
{
	ev_times_widen(range, ev_tree_times(n));
	widen_by_numbers(&n->numbers, range);
	if ((n->forms & EV_FORM_NUMBER) != 0)
		widen_by_numbers(&n->texts, range);
}

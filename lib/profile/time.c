/* Which values are times, and how jq reads them. */
#include "profile/infer.h"

static uint64_t texts_of(const struct ev_tree_node *n)
{
	return n->kinds[EV_STRING];
}

static bool only(const struct ev_tree_node *n, enum ev_kind kind)
{
	return n->kinds[kind] > 0 && n->kinds[kind] + n->kinds[EV_NULL] == ev_tree_values(n);
}

static bool names_time(const char *words)
{
	return ev_words_rank(words, EV_WORDS_TIME) != EV_NO_WORD ||
	       ev_words_rank(words, EV_WORDS_MODIFIED) != EV_NO_WORD ||
	       ev_words_rank(words, EV_WORDS_TIME_LAST) != EV_NO_WORD;
}

/* Of numbers since 1970; the unit is told by how many there are of it. */
static const char *epoch(const struct ev_tree_numbers *t, bool text)
{
	static const char *const numbers[] = {" | todate", " * 0.001 | todate",
					      " * 0.000001 | todate", " * 0.000000001 | todate"};
	static const char *const texts[] = {" | tonumber | todate", " | tonumber * 0.001 | todate",
					    " | tonumber * 0.000001 | todate",
					    " | tonumber * 0.000000001 | todate"};

	if (t->n == 0 || t->far)
		return NULL;
	for (unsigned i = 0; i < 4; i++)
		if ((t->epochs & 1U << i) != 0)
			return text ? texts[i] : numbers[i];
	return NULL;
}

const char *ev_infer_time(const struct ev_tree_node *n, const char *words)
{
	if (only(n, EV_NUMBER))
		return names_time(words) ? epoch(&n->numbers, false) : NULL;
	if (!only(n, EV_STRING) || n->n_empty == texts_of(n) || n->n_empty > 0)
		return NULL;
	if ((n->forms & EV_FORM_TIME) != 0)
		return "";
	if ((n->forms & EV_FORM_DATE) != 0)
		return " + \"T00:00:00Z\"";
	if ((n->forms & EV_FORM_OFFSET) != 0)
		return " | .[:-2] + \":\" + .[-2:]";
	if ((n->forms & EV_FORM_NUMBER) != 0 && names_time(words))
		return epoch(&n->texts, true);
	return NULL;
}

bool ev_infer_is_naive(const struct ev_tree_node *n)
{
	return only(n, EV_STRING) && (n->forms & EV_FORM_TIME) != 0 &&
	       (n->forms & EV_FORM_DATE_TIME) == 0;
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

bool ev_infer_range(const struct ev_tree_node *n, struct ev_time *first, struct ev_time *last)
{
	const struct ev_tree_numbers *t = n->numbers.n > 0 ? &n->numbers : &n->texts;

	if (n->timed) {
		*first = n->first;
		*last = n->last;
		return true;
	}
	if (t->n == 0 || t->far || t->epochs == 0)
		return false;
	*first = instant(t->min, t->epochs);
	*last = instant(t->max, t->epochs);
	return true;
}

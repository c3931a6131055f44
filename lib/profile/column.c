/* The type of the column that takes all values at a path, with room for those of other days. */
#include "profile/infer.h"

#include <stdio.h>

enum { MOST_DIGITS = 38, MOST_INT = 18 };

static unsigned kinds_of(const struct ev_tree_node *n)
{
	unsigned kinds = 0;

	for (int i = EV_FALSE; i <= EV_OBJECT; i++)
		kinds |= n->kinds[i] > 0 ? 1U << i : 0;
	return kinds;
}

bool ev_infer_is_id(const struct ev_tree_node *n, const char *words)
{
	(void)n;
	return ev_words_rank(words, EV_WORDS_ID) != EV_NO_WORD ||
	       ev_words_rank(words, EV_WORDS_ID_LAST) != EV_NO_WORD;
}

static bool is_amount(const char *words)
{
	return ev_words_rank(words, EV_WORDS_AMOUNT_LAST) != EV_NO_WORD;
}

/* Four digits more than were seen, and two more behind the point; what 38 have room for. */
static bool decimal(const struct ev_tree_numbers *t, char type[32])
{
	uint32_t whole = t->whole + 4 > 14 ? t->whole + 4 : 14,
		 scale = t->fraction + 2 > 4 ? t->fraction + 2 : 4;

	if (t->whole + t->fraction > MOST_DIGITS)
		return false;
	if (t->fraction > 8) /* of a binary fraction: there is no end to them */
		scale = t->fraction;
	if (whole + scale > MOST_DIGITS)
		scale = t->fraction;
	if (whole + scale > MOST_DIGITS)
		whole = MOST_DIGITS - scale;
	snprintf(type, 32, "decimal(%u,%u)", whole + scale, scale);
	return true;
}

static bool number(const struct ev_tree_numbers *t, const char *words, char type[32])
{
	const bool integer = t->fraction == 0 && !t->dotted;

	if (integer && t->whole <= MOST_INT && !is_amount(words)) {
		snprintf(type, 32, "int");
		return true;
	}
	return decimal(t, type);
}

static void varchar(uint32_t longest, char type[32])
{
	static const uint32_t sizes[] = {32,   64,   128,  255,	  500,	 1000,
					 2000, 4000, 8000, 16000, 65535, 10485760};
	size_t i = 0;

	while (i + 1 < sizeof sizes / sizeof sizes[0] && sizes[i] < 2 * (uint64_t)longest)
		i++;
	snprintf(type, 32, "varchar(%u)", sizes[i]);
}

/* A text of a number, which is one: 2.55, or 3 where the name says that it counts something. */
static const char *text_number(const struct ev_tree_node *n, bool optional, const char *words,
			       char type[32])
{
	const bool counts =
		is_amount(words) || ev_words_rank(words, EV_WORDS_COUNT_LAST) != EV_NO_WORD;

	if ((n->forms & EV_FORM_NUMBER) == 0 || n->texts.n == 0 || ev_infer_is_id(n, words) ||
	    (!counts && n->texts.fraction == 0) || !number(&n->texts, words, type))
		return NULL;
	if (n->n_empty > 0)
		return " | select(. != null and . != \"\") | tonumber";
	return optional ? " | values | tonumber" : " | tonumber";
}

static void text(const struct ev_tree_node *n, bool optional, const char *words,
		 struct ev_infer_column *c)
{
	const char *jq;

	if (n->n_empty == 0 && (n->forms & EV_FORM_UUID) != 0) {
		snprintf(c->type, sizeof c->type, "uuid");
	} else if (n->n_empty == 0 && (n->forms & EV_FORM_DATE) != 0) {
		snprintf(c->type, sizeof c->type, "date");
	} else if ((jq = ev_infer_time(n, words)) != NULL) {
		snprintf(c->type, sizeof c->type, "timestamp");
		c->jq = jq;
		c->naive = ev_infer_is_naive(n);
	} else if ((jq = text_number(n, optional, words, c->type)) != NULL) {
		c->jq = jq;
	} else {
		varchar(n->longest, c->type);
	}
}

bool ev_infer_column(const struct ev_tree_node *n, bool optional, struct ev_infer_column *c)
{
	const unsigned kinds = kinds_of(n);
	char words[EV_WORDS];

	*c = (struct ev_infer_column){.type = "json", .jq = ""};
	ev_words_of(n->name != NULL ? n->name : "", n->len, words);
	if (kinds == 0 || n->unfit)
		return false;
	if ((kinds & ~(1U << EV_TRUE | 1U << EV_FALSE)) == 0) {
		snprintf(c->type, sizeof c->type, "bool");
	} else if (kinds == 1U << EV_STRING) {
		text(n, optional, words, c);
	} else if (kinds == 1U << EV_NUMBER) {
		if ((c->jq = ev_infer_time(n, words)) != NULL)
			snprintf(c->type, sizeof c->type, "timestamp");
		else if (c->jq = "", !number(&n->numbers, words, c->type))
			snprintf(c->type, sizeof c->type, "json");
	}
	return true;
}

/* The type of the column that takes all values at a path, with room for those of other days. */
#include "profile/infer.h"

#include <stdio.h>

enum { SURE = 20, MOST_DIGITS = 38, MOST_INT = 18, TYPE = EV_INFER_TYPE };

static unsigned kinds_of(const struct ev_tree_node *n)
{
	unsigned kinds = 0;

	for (int i = EV_FALSE; i <= EV_OBJECT; i++)
		kinds |= n->kinds[i] > 0 ? 1U << i : 0;
	return kinds;
}

bool ev_infer_is_id(const char *words)
{
	return ev_words_rank(words, EV_WORDS_ID) != EV_NO_WORD ||
	       ev_words_rank(words, EV_WORDS_ID_LAST) != EV_NO_WORD;
}

static bool is_amount(const char *words)
{
	return ev_words_rank(words, EV_WORDS_AMOUNT_LAST) != EV_NO_WORD;
}

/*
 * Four digits more than were seen, and some behind the point: two for amounts of money, which have
 * a fixed number of them, and more for what was measured or computed.
 */
static bool decimal(const struct ev_tree_numbers *t, bool amount, char type[TYPE])
{
	const bool fixed = amount && t->fraction <= 2;
	uint32_t whole = t->whole + 4 > 14 ? t->whole + 4 : 14, scale = fixed ? 4
									: t->fraction + 4 > 10
										? t->fraction + 4
										: 10;

	if (t->whole + t->fraction > MOST_DIGITS)
		return false;
	if (whole + scale > MOST_DIGITS)
		whole = t->whole + 2;
	if (whole + scale > MOST_DIGITS)
		scale = t->fraction;
	if (whole + scale > MOST_DIGITS)
		whole = MOST_DIGITS - scale;
	snprintf(type, TYPE, "decimal(%u,%u)", whole + scale, scale);
	return true;
}

static bool number(const struct ev_tree_numbers *t, const char *words, char type[TYPE])
{
	const bool integer = t->fraction == 0 && !t->dotted;

	if (integer && t->whole <= MOST_INT && !is_amount(words)) {
		snprintf(type, TYPE, "int");
		return true;
	}
	return decimal(t, is_amount(words), type);
}

/* Twice as long as was seen, and four times what people write. */
static void varchar(const struct ev_tree_node *n, char type[TYPE])
{
	static const uint32_t sizes[] = {64,   128,  255,   500,   1000,    2000,
					 4000, 8000, 16000, 65535, 10485760};
	const bool code = (n->forms & EV_FORM_CODE) != 0;
	size_t i = code ? 0 : 1;

	while (i + 1 < sizeof sizes / sizeof sizes[0] &&
	       sizes[i] < (code ? 2 : 4) * (uint64_t)n->longest)
		i++;
	snprintf(type, TYPE, "varchar(%u)", sizes[i]);
}

/* A text of a number, which is one where its name counts something, or by a point in many. */
static bool is_number(const struct ev_tree_node *n, const char *words, char type[TYPE])
{
	const bool counts =
		is_amount(words) || ev_words_rank(words, EV_WORDS_COUNT_LAST) != EV_NO_WORD;

	return (n->forms & EV_FORM_NUMBER) != 0 && n->texts.n > 0 && !ev_infer_is_id(words) &&
	       (counts || (n->texts.fraction > 0 && n->texts.n >= SURE)) &&
	       number(&n->texts, words, type);
}

static void text(const struct ev_tree_node *n, const char *words, struct ev_infer_column *c)
{
	const char *jq;

	if (n->n_empty == 0 && (n->forms & EV_FORM_UUID) != 0) {
		snprintf(c->type, TYPE, "uuid");
	} else if (n->n_empty == 0 && (n->forms & EV_FORM_DATE) != 0) {
		snprintf(c->type, TYPE, "date");
	} else if ((jq = ev_infer_time(n, words)) != NULL) {
		snprintf(c->type, TYPE, "timestamp");
		c->jq = jq;
		c->naive = ev_infer_is_naive(n);
	} else if (is_number(n, words, c->type)) {
		c->jq = " | tonumber";
		if (n->n_empty > 0)
			c->filter = " | select(. != null and . != \"\")";
	} else {
		varchar(n, c->type);
	}
}

bool ev_infer_column(const struct ev_tree_node *n, bool optional, struct ev_infer_column *c)
{
	const unsigned kinds = kinds_of(n);
	char words[EV_WORDS];

	*c = (struct ev_infer_column){.type = "json", .filter = "", .jq = ""};
	ev_words_of(n->name != NULL ? n->name : "", n->len, words);
	if (kinds == 0 || n->unfit)
		return false;
	if ((kinds & ~(1U << EV_TRUE | 1U << EV_FALSE)) == 0) {
		snprintf(c->type, TYPE, "bool");
	} else if (kinds == 1U << EV_STRING) {
		text(n, words, c);
	} else if (kinds == 1U << EV_NUMBER) {
		if ((c->jq = ev_infer_time(n, words)) != NULL)
			snprintf(c->type, TYPE, "timestamp");
		else if (c->jq = "", !number(&n->numbers, words, c->type))
			snprintf(c->type, TYPE, "json");
	}
	if (optional && c->jq[0] != '\0' && c->filter[0] == '\0')
		c->filter = " | values";
	return true;
}

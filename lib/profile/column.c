/* The type of the column that takes all values at a path, with room for those of other days. */
#include "profile/infer.h"

#include <stdio.h>
#include <string.h>

enum { SURE = 20, MOST_DIGITS = 38, MOST_INT = 18, TYPE = EV_INFER_TYPE };

static unsigned kinds_of(const struct ev_tree_node *n)
{
	unsigned kinds = 0;

	for (int i = EV_FALSE; i <= EV_OBJECT; i++)
		kinds |= n->kinds[i] > 0 ? 1U << i : 0;
	/* Beside numbers an empty text stands for none. */
	if (n->kinds[EV_NUMBER] > 0 && n->n_empty == n->kinds[EV_STRING])
		kinds &= ~(1U << EV_STRING);
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
static void varchar(const struct ev_tree_node *n, uint32_t longest, char type[TYPE])
{
	static const uint32_t sizes[] = {64,   128,  255,   500,   1000,    2000,
					 4000, 8000, 16000, 65535, 10485760};
	const bool code = (n->forms & EV_FORM_CODE) != 0;
	size_t i = code ? 0 : 1;

	while (i + 1 < sizeof sizes / sizeof sizes[0] &&
	       sizes[i] < (code ? 2 : 4) * (uint64_t)longest)
		i++;
	snprintf(type, TYPE, "varchar(%u)", sizes[i]);
}

/*
 * Whether texts are numbers: where the name counts something, by a point in many, or because others
 * stand there as numbers.
 */
static bool are_numbers(const struct ev_tree_node *n, const char *words)
{
	const bool counts =
		is_amount(words) || ev_words_rank(words, EV_WORDS_COUNT_LAST) != EV_NO_WORD;

	return (n->forms & EV_FORM_NUMBER) != 0 && n->texts.n > 0 && !ev_infer_is_id(words) &&
	       (counts || n->numbers.n > 0 || (n->texts.fraction > 0 && n->texts.n >= SURE));
}

static void text(const struct ev_tree_node *n, const char *words, struct ev_infer_column *c)
{
	if (n->longest == 0) {
		varchar(n, 0, c->type);
	} else if ((n->forms & EV_FORM_UUID) != 0) {
		snprintf(c->type, TYPE, "uuid");
	} else if (are_numbers(n, words) && number(&n->texts, words, c->type)) {
		snprintf(c->jq, sizeof c->jq, " | tonumber");
	} else {
		varchar(n, n->longest, c->type);
	}
}

/* Of a member that is a number in some events and a text in others. */
static void number_or_text(const struct ev_tree_node *n, const char *words,
			   struct ev_infer_column *c)
{
	struct ev_tree_numbers both = n->texts;
	const uint32_t digits = n->numbers.whole + n->numbers.fraction + 2; /* a sign, a point */

	ev_tree_merge_numbers(&both, &n->numbers);
	if (are_numbers(n, words) && number(&both, words, c->type)) {
		snprintf(c->jq, sizeof c->jq, " | tonumber");
	} else if (n->numbers.whole + n->numbers.fraction <= MOST_DIGITS) {
		varchar(n, n->longest > digits ? n->longest : digits, c->type);
		snprintf(c->jq, sizeof c->jq, " | tostring");
	}
}

static bool time_column(const struct ev_tree_node *n, const char *words, struct ev_infer_column *c)
{
	struct ev_buf jq = {0};
	const bool is = ev_infer_time(n, words, &jq);

	if (is) {
		snprintf(c->type, TYPE, "timestamp");
		snprintf(c->jq, sizeof c->jq, "%s", ev_buf_str(&jq));
		c->naive = ev_tree_times(n)->naive;
	}
	ev_buf_free(&jq);
	return is;
}

const char *ev_infer_filter(const struct ev_tree_node *n, bool optional)
{
	if (n->n_empty > 0)
		return " | select(. != null and . != \"\")";
	return optional ? " | values" : "";
}

bool ev_infer_column(const struct ev_tree_node *n, bool optional, struct ev_infer_column *c)
{
	enum {
		BOOL = 1 << EV_TRUE | 1 << EV_FALSE,
		TEXT = 1 << EV_STRING,
		NUMBER = 1 << EV_NUMBER
	};
	const unsigned kinds = kinds_of(n);
	char words[EV_WORDS];

	*c = (struct ev_infer_column){.type = "json", .filter = ""};
	ev_words_of(n->name != NULL ? n->name : "", n->len, words);
	if (kinds == 0 || n->unfit)
		return false;
	if ((kinds & ~(unsigned)BOOL) == 0)
		snprintf(c->type, TYPE, "bool");
	else if (kinds == TEXT && (n->forms & EV_FORM_DATE) != 0 && n->longest > 0)
		snprintf(c->type, TYPE, "date");
	else if (time_column(n, words, c))
		;
	else if (kinds == TEXT)
		text(n, words, c);
	else if (kinds == NUMBER)
		number(&n->numbers, words, c->type);
	else if (kinds == (NUMBER | TEXT))
		number_or_text(n, words, c);
	/* An empty text is a text, but no time, number or uuid. */
	if (c->jq[0] != '\0' ||
	    (n->n_empty > 0 && strncmp(c->type, "varchar", 7) != 0 && strcmp(c->type, "json") != 0))
		c->filter = ev_infer_filter(n, optional);
	return true;
}

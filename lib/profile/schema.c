/*
 * The contract of a type: what its events had alike, as far as those of other days are likely to
 * have it.
 */
#include "profile/write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	SURE = 20,   /* objects in all of which a member was, for it to be required */
	MANY = 100,  /* numbers, for them to be of one sign for good */
	OFTEN = 20,  /* times that each value of an enumeration was seen */
	CLOSED = 12, /* values of an enumeration at most */
	SET = 50,    /* values for a set to be expected */
};

static bool only_texts(const struct ev_tree_node *n)
{
	return n->kinds[EV_STRING] > 0 &&
	       n->kinds[EV_STRING] + n->kinds[EV_NULL] == ev_tree_values(n);
}

static bool is_called(const struct ev_tree_node *n, enum ev_word_list list)
{
	char words[EV_WORDS];

	ev_words_of(n->name != NULL ? n->name : "", n->len, words);
	return ev_words_rank(words, list) != EV_NO_WORD;
}

bool ev_write_is_set(const struct ev_tree_node *n)
{
	const struct ev_sample *s = &n->sample;
	char words[EV_WORDS];

	ev_words_of(n->name != NULL ? n->name : "", n->len, words);
	return only_texts(n) && !s->no_texts && s->n_texts > 0 && s->n_texts == s->n &&
	       n->kinds[EV_STRING] >= SET && n->kinds[EV_STRING] >= 5 * (uint64_t)s->n &&
	       (n->forms & (EV_FORM_CODE | EV_FORM_NUMBER)) == EV_FORM_CODE && n->n_empty == 0 &&
	       (n->forms & (EV_FORM_TIME | EV_FORM_DATE | EV_FORM_UUID)) == 0 &&
	       !ev_infer_is_id(words);
}

bool ev_write_is_closed(const struct ev_tree_node *n)
{
	if (!ev_write_is_set(n) || n->sample.n < 2 || n->sample.n > CLOSED ||
	    !is_called(n, EV_WORDS_CLOSED_LAST))
		return false;
	for (uint32_t i = 0; i < n->sample.n_texts; i++)
		if (ev_sample_count(&n->sample, n->sample.texts[i].hash) < OFTEN)
			return false;
	return true;
}

/* The texts in the order of their bytes. */
void ev_write_set(const struct ev_tree_node *n, struct ev_buf *out)
{
	const struct ev_sample_text *texts = n->sample.texts, *last = NULL;

	ev_buf_putc(out, '[');
	for (uint32_t k = 0; k < n->sample.n_texts; k++) {
		const struct ev_sample_text *next = NULL;

		for (uint32_t i = 0; i < n->sample.n_texts; i++)
			if ((last == NULL || strcmp(texts[i].p, last->p) > 0) &&
			    (next == NULL || strcmp(texts[i].p, next->p) < 0))
				next = &texts[i];
		if (next == NULL)
			break;
		ev_buf_puts(out, k > 0 ? ", " : "");
		ev_write_quoted(next->p, next->len, out);
		last = next;
	}
	ev_buf_putc(out, ']');
}

/* Whether a text has a digit; not so if it is known that none has. */
static bool may_have_digits(const struct ev_tree_node *n)
{
	if (n->sample.no_texts)
		return true;
	for (uint32_t i = 0; i < n->sample.n_texts; i++)
		if (strpbrk(n->sample.texts[i].p, "0123456789") != NULL)
			return true;
	return false;
}

/* Texts whose name says that they are numbers, as people write them: "€ 1.234,50". */
static bool is_text_of_amount(const struct ev_tree_node *n)
{
	return n->longest > 0 && may_have_digits(n) && only_texts(n) &&
	       (n->forms & EV_FORM_NUMBER) == 0 &&
	       (is_called(n, EV_WORDS_AMOUNT_LAST) || is_called(n, EV_WORDS_COUNT_LAST));
}

/* The kinds as a type of JSON Schema; nothing where too little was seen. */
static void put_type(const struct ev_tree_node *n, struct ev_buf *out)
{
	static const char *const names[] = {
		[EV_NULL] = "\"null\"", [EV_FALSE] = "boolean", [EV_NUMBER] = "number",
		[EV_STRING] = "string", [EV_ARRAY] = "array",	[EV_OBJECT] = "object"};
	const bool integer = n->numbers.n >= SURE && n->numbers.fraction == 0 &&
			     !n->numbers.dotted && !n->numbers.far &&
			     !is_called(n, EV_WORDS_AMOUNT_LAST);
	struct ev_buf list = {0};
	int count = 0;

	for (int i = EV_NULL; i <= EV_OBJECT; i++) {
		const uint64_t seen = n->kinds[i] + (i == EV_FALSE ? n->kinds[EV_TRUE] : 0);

		if (i == EV_TRUE || seen == 0)
			continue;
		ev_buf_printf(&list, "%s%s", count++ > 0 ? ", " : "",
			      i == EV_NUMBER && integer ? "integer" : names[i]);
	}
	if (n->kinds[EV_NULL] < ev_tree_values(n))
		ev_buf_printf(out, count > 1 ? "type: [%s]" : "type: %s", ev_buf_str(&list));
	ev_buf_free(&list);
}

/* The format that all texts have, if those of other days must have it. */
static const char *format_of(const struct ev_tree_node *n)
{
	if (n->kinds[EV_STRING] == 0 || n->n_empty > 0)
		return NULL;
	if ((n->forms & EV_FORM_DATE_TIME) != 0)
		return "date-time";
	if ((n->forms & EV_FORM_DATE) != 0)
		return "date";
	if ((n->forms & EV_FORM_UUID) != 0)
		return "uuid";
	if (n->kinds[EV_STRING] < SURE)
		return NULL;
	if ((n->forms & EV_FORM_IPV4) != 0)
		return "ipv4";
	if ((n->forms & EV_FORM_IPV6) != 0)
		return "ipv6";
	return NULL;
}

static void put_small(struct ev_small v, struct ev_buf *out)
{
	struct ev_buf plain = {0};
	struct ev_number n;
	char text[64];

	snprintf(text, sizeof text, "%" PRId64 "e%d", v.coef, v.exp);
	ev_number_read(text, strlen(text), &n);
	ev_number_plain(&n, -1, &plain);
	ev_buf_put(out, plain.p, plain.len);
	ev_buf_free(&plain);
}

static void put_size(bool at_most, uint64_t size, const char *of, struct ev_buf *out)
{
	ev_buf_puts(out, out->len > 0 ? ", " : "");
	ev_buf_puts(out, at_most ? "at most " : "");
	ev_infer_put_things(size, of, out);
}

/* "in 12 of 88, 1 to 99, at most 20 characters" */
static void put_remark(const struct ev_tree_node *n, uint64_t objects, struct ev_buf *out)
{
	const uint64_t values = ev_tree_values(n);

	if (n->name != NULL && values < objects) {
		ev_buf_puts(out, "in ");
		ev_infer_put_count(values, out);
		ev_buf_puts(out, " of ");
		ev_infer_put_count(objects, out);
	}
	if (n->numbers.n > 0 && !n->numbers.far) {
		ev_buf_puts(out, out->len > 0 ? ", " : "");
		put_small(n->numbers.min, out);
		if (ev_small_compare(n->numbers.min, n->numbers.max) != 0) {
			ev_buf_puts(out, " to ");
			put_small(n->numbers.max, out);
		}
	}
	if (n->longest > 0 && format_of(n) == NULL)
		put_size(n->varies, n->longest, "character", out);
	if (is_text_of_amount(n))
		ev_buf_printf(out, "%snot all are numbers to tonumber, so it stays a text",
			      out->len > 0 ? ", " : "");
	if (n->kinds[EV_ARRAY] > 0)
		put_size(true, n->longest_list, "element", out);
	if (n->crowded)
		ev_buf_printf(out, "%sits names are data", out->len > 0 ? ", " : "");
	if (n->cut)
		ev_buf_printf(out, "%swhat is in it is left out", out->len > 0 ? ", " : "");
}

static void put_schema(const struct ev_tree_node *n, uint64_t objects, bool top, struct ev_buf *out,
		       int indent);

/* between: two of them; ", " on one line, or an end of line where each has its own. */
static void put_keywords(const struct ev_tree_node *n, const char *between, struct ev_buf *out)
{
	const char *format = format_of(n);

	put_type(n, out);
	if (format != NULL)
		ev_buf_printf(out, "%sformat: %s", between, format);
	if (ev_write_is_closed(n) && n->kinds[EV_NULL] == 0) {
		ev_buf_printf(out, "%senum: ", between);
		ev_write_set(n, out);
	}
	if (n->numbers.n >= MANY && !n->numbers.far && n->numbers.min.coef >= 0 &&
	    is_called(n, EV_WORDS_COUNT_LAST))
		ev_buf_printf(out, "%sminimum: 0", between);
}

static bool is_map(const struct ev_tree_node *n)
{
	return n->n > 0 && (n->parent == NULL || !ev_infer_is_open(n));
}

static void put_required(const struct ev_tree_node *n, struct ev_buf *out, int indent)
{
	bool any = false;

	if (n->kinds[EV_OBJECT] < SURE)
		return;
	for (uint32_t i = 0; i < n->n; i++) {
		if (ev_tree_values(n->members[i]) < n->kinds[EV_OBJECT])
			continue;
		if (!any)
			ev_buf_printf(out, "%*srequired: [", indent, "");
		ev_buf_puts(out, any ? ", " : "");
		ev_write_scalar(n->members[i]->name, n->members[i]->len, out);
		any = true;
	}
	if (any)
		ev_buf_puts(out, "]\n");
}

static void put_members(const struct ev_tree_node *n, struct ev_buf *out, int indent)
{
	ev_buf_printf(out, "%*sproperties:\n", indent, "");
	for (uint32_t i = 0; i < n->n; i++) {
		const struct ev_tree_node *m = n->members[i];

		ev_buf_printf(out, "%*s", indent + 2, "");
		ev_write_scalar(m->name, m->len, out);
		ev_buf_putc(out, ':');
		put_schema(m, n->kinds[EV_OBJECT], false, out, indent + 4);
	}
}

/* Behind "name:", on this line, or, if there is more in it, on those below. */
static void put_schema(const struct ev_tree_node *n, uint64_t objects, bool top, struct ev_buf *out,
		       int indent)
{
	struct ev_buf remark = {0}, between = {0}, keywords = {0};
	const bool element = n->element != NULL && ev_tree_values(n->element) > 0;
	const bool one_line = !top && !is_map(n) && !element;

	put_remark(n, objects, &remark);
	if (one_line)
		ev_buf_puts(&between, ", ");
	else
		ev_buf_printf(&between, "\n%*s", indent, "");
	put_keywords(n, ev_buf_str(&between), &keywords);
	if (one_line) {
		ev_buf_puts(out, " {");
		ev_buf_put(out, keywords.p, keywords.len);
		ev_buf_putc(out, '}');
		ev_write_comment(ev_buf_str(&remark), out);
		ev_buf_putc(out, '\n');
	} else {
		ev_write_comment(ev_buf_str(&remark), out);
		ev_buf_printf(out, "\n%*s%s\n", indent, "", ev_buf_str(&keywords));
		if (is_map(n)) {
			put_required(n, out, indent);
			put_members(n, out, indent);
		}
		if (element) {
			ev_buf_printf(out, "%*sitems:", indent, "");
			put_schema(n->element, 0, false, out, indent + 2);
		}
	}
	ev_buf_free(&remark);
	ev_buf_free(&between);
	ev_buf_free(&keywords);
}

void ev_write_schema(const struct ev_proposal_type *type, struct ev_buf *out, int indent)
{
	put_schema(type->tree, type->events, true, out, indent);
}

/* Where the envelope of the events stands: id, type, time, version, modified, op. */
#include "base/mem.h"
#include "profile/infer.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NO_TIME "\"1970-01-01T00:00:00Z\""

enum { ID_BYTES = 255, NONE = EV_KEYS_COLUMNS, SHORT_PARTS = 6 };

/* The envelope in the making: indices of columns, NONE for none. */
struct envelope {
	struct ev_proposal *p;
	struct ev_keys *k;
	size_t type, time, version, modified, op;
};

const struct ev_tree_node *ev_infer_node(const struct ev_proposal *p, const struct ev_path *path)
{
	const struct ev_tree_node *n = p->all;

	for (size_t i = 0; i < path->n && n != NULL; i++)
		n = ev_tree_member(n, path->steps[i].name, path->steps[i].len);
	return n;
}

static const struct ev_tree_node *node_of(const struct envelope *e, size_t column)
{
	const struct ev_key_column *c = &e->k->columns[column];
	const struct ev_tree_node *n = ev_infer_node(e->p, c->path);

	return n != NULL || c->other == NULL ? n : ev_infer_node(e->p, c->other);
}

/* Whether the path leads through objects alone: then it never blocks a record. */
static bool is_reached(const struct ev_tree_node *n)
{
	while ((n = n->parent) != NULL)
		if (n->kinds[EV_OBJECT] + n->kinds[EV_NULL] != ev_tree_values(n))
			return false;
	return true;
}

static bool is_reachable(const struct envelope *e, size_t column)
{
	const struct ev_key_column *c = &e->k->columns[column];
	const struct ev_tree_node *n = ev_infer_node(e->p, c->path),
				  *o = c->other != NULL ? ev_infer_node(e->p, c->other) : NULL;

	return (n != NULL || o != NULL) && (n == NULL || is_reached(n)) &&
	       (o == NULL || is_reached(o));
}

void ev_infer_put_count(uint64_t v, struct ev_buf *out)
{
	char digits[32];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	while (n-- > 0) {
		ev_buf_putc(out, digits[n]);
		if (n > 0 && n % 3 == 0)
			ev_buf_putc(out, ',');
	}
}

void ev_infer_put_things(uint64_t v, const char *thing, struct ev_buf *out)
{
	ev_infer_put_count(v, out);
	ev_buf_printf(out, " %s%s", thing, v == 1 ? "" : "s");
}

static char *take(struct ev_buf *b)
{
	char *text = ev_strdup(ev_buf_str(b));

	ev_buf_free(b);
	return text;
}

/* "in each of 4,675 events, 4,675 different values" */
static void put_seen(const struct envelope *e, size_t column, struct ev_buf *out)
{
	const struct ev_tree_node *n = node_of(e, column);
	uint64_t values, distinct;

	if (n == NULL)
		return;
	if (e->k->columns[column].is_row) {
		ev_buf_puts(out, "the key of the row that was changed");
		return;
	}
	values = ev_tree_values(n) - n->kinds[EV_NULL];
	ev_buf_puts(out, "in ");
	if (values == e->p->events)
		ev_buf_puts(out, values == 1 ? "the only event" : "each of ");
	if (values != e->p->events || values != 1)
		ev_infer_put_count(values, out);
	if (values != e->p->events) {
		ev_buf_puts(out, " of ");
		ev_infer_put_count(e->p->events, out);
	}
	if (values != e->p->events || values != 1)
		ev_buf_puts(out, " events");
	distinct = ev_sample_distinct(&n->sample);
	if (values > 1) {
		ev_buf_puts(out, ev_sample_is_exact(&n->sample) ? ", " : ", about ");
		ev_infer_put_count(distinct, out);
		ev_buf_puts(out, distinct == 1 ? " value" : " different values");
	}
}

static char *seen_text(const struct envelope *e, size_t column, const char *more)
{
	struct ev_buf b = {0};

	put_seen(e, column, &b);
	if (more[0] != '\0')
		ev_buf_printf(&b, "%s%s", b.len > 0 ? "; " : "", more);
	return take(&b);
}

/* Operations */

static bool is_among(const char *text, enum ev_word_list list)
{
	char words[EV_WORDS];

	ev_words_of(text, strlen(text), words);
	return ev_words_rank(words, list) != EV_NO_WORD;
}

bool ev_infer_is_op(const char *text)
{
	return is_among(text, EV_WORDS_DID);
}

/* Whether all values at the node are operations, and are known. */
static bool holds_ops(const struct ev_tree_node *n)
{
	if (n == NULL || n->sample.no_texts || n->sample.n_texts == 0 || n->n_empty > 0 ||
	    n->kinds[EV_STRING] + n->kinds[EV_NULL] != ev_tree_values(n))
		return false;
	for (uint32_t i = 0; i < n->sample.n_texts; i++)
		if (!ev_infer_is_op(n->sample.texts[i].p))
			return false;
	return true;
}

/* put, patch and delete, as the model has them. */
static bool is_own_op(const struct ev_tree_node *n)
{
	for (uint32_t i = 0; i < n->sample.n_texts; i++)
		if (strcmp(n->sample.texts[i].p, "put") != 0 &&
		    strcmp(n->sample.texts[i].p, "patch") != 0 &&
		    strcmp(n->sample.texts[i].p, "delete") != 0)
			return false;
	return true;
}

/* The word that deletes, in the manner of those that were seen. */
static const char *delete_word(const struct ev_tree_node *n)
{
	const char *any = n->sample.texts[0].p;

	for (uint32_t i = 0; i < n->sample.n_texts; i++)
		if (is_among(n->sample.texts[i].p, EV_WORDS_DELETED))
			return n->sample.texts[i].p;
	if (strlen(any) == 1)
		return isupper((unsigned char)any[0]) ? "D" : "d";
	return isupper((unsigned char)any[0]) ? "DELETE" : "delete";
}

/* Of a change event: one whose id is in a row. */
static void propose_op(struct envelope *e, bool of_row)
{
	struct ev_proposal *p = e->p;

	for (size_t i = 0; i < e->k->n; i++) {
		const struct ev_key_column *c = &e->k->columns[i];
		const struct ev_tree_node *n = node_of(e, i);

		if (i == e->type || c->is_row || !is_reachable(e, i) ||
		    ev_words_rank(c->words, EV_WORDS_OP) == EV_NO_WORD || !holds_ops(n))
			continue;
		if (is_own_op(n) && strcmp(c->words, "op") == 0) {
			p->op.jq = ev_strdup(c->jq);
			p->op.why = seen_text(e, i, "");
		} else if (of_row && !c->no_text) {
			p->op.jq = ev_infer_text("if %s == \"%s\" then \"delete\" else \"put\" end",
						 c->jq, delete_word(n));
			p->op.why = seen_text(e, i, "what was done to the row");
		} else {
			continue;
		}
		e->op = i;
		return;
	}
}

/* Times */

/* As ev_infer_time, of nearly all values: an event with another one is no event. */
static const char *time_of(const struct ev_tree_node *n, const char *words)
{
	const uint64_t values = ev_tree_values(n) - n->kinds[EV_NULL];
	const char *jq = ev_infer_time(n, words);

	return jq == NULL && n->times > 0 && !ev_infer_is_seldom(n->times, values) ? "" : jq;
}

static bool is_time(const struct envelope *e, size_t i)
{
	const struct ev_key_column *c = &e->k->columns[i];
	const struct ev_tree_node *n = node_of(e, i);

	return n != NULL && is_reachable(e, i) &&
	       ev_words_rank(c->words, EV_WORDS_IGNORE) == EV_NO_WORD &&
	       time_of(n, c->words) != NULL;
}

/* The less, the better; NONE is the worst. */
static int time_order(const struct ev_key_column *c)
{
	int rank = ev_words_rank(c->words, EV_WORDS_TIME);

	if (rank == EV_NO_WORD)
		rank = 30 + (ev_words_rank(c->words, EV_WORDS_TIME_LAST) == EV_NO_WORD) * 10;
	if (ev_words_rank(c->words, EV_WORDS_MODIFIED) != EV_NO_WORD)
		rank = 45;
	return rank + 100 * (int)(c->depth - 1) + (c->is_row ? 50 : 0);
}

static const char *unit_of(const char *jq)
{
	static const struct {
		const char *part, *unit;
	} units[] = {
		{"0.000000001", "nanoseconds since 1970"}, {"0.000001", "microseconds since 1970"},
		{"0.001", "milliseconds since 1970"},	   {"todate", "seconds since 1970"},
		{"T00:00:00Z", "days without a time"},	   {"[:-2]", "offsets without a colon"}};

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strstr(jq, units[i].part) != NULL)
			return units[i].unit;
	return "";
}

/* needed: each event must have one. */
static struct ev_said said_time(struct envelope *e, size_t i, bool needed)
{
	const struct ev_key_column *c = &e->k->columns[i];
	const struct ev_tree_node *n = node_of(e, i);
	const char *jq = time_of(n, c->words),
		   *values = c->absent > 0 && jq[0] != '\0' ? " | values" : "";

	const uint64_t others = ev_tree_values(n) - n->kinds[EV_NULL] - n->times;
	const char *more = unit_of(jq);

	e->p->zone |= n->times > n->zoned;
	if (jq[0] == '\0' && others > 0)
		more = "the events in which it is no time are rejected";
	return (struct ev_said){needed && c->absent > 0
					? ev_infer_text("(%s%s%s) // " NO_TIME, c->jq, values, jq)
					: ev_infer_text("%s%s%s", c->jq, values, jq),
				seen_text(e, i, more)};
}

static void choose_time(struct envelope *e)
{
	int best = EV_NO_WORD;

	for (size_t i = 0; i < e->k->n; i++) {
		if (!is_time(e, i) || e->k->columns[i].other != NULL ||
		    ev_infer_is_seldom(e->p->events - e->k->columns[i].absent, e->p->events) ||
		    time_order(&e->k->columns[i]) >= best)
			continue;
		best = time_order(&e->k->columns[i]);
		e->time = i;
	}
}

static void propose_time(struct envelope *e)
{
	struct ev_proposal *p = e->p;

	if (e->time == NONE) {
		p->time.jq = ev_strdup(NO_TIME);
		p->time.why =
			ev_strdup("no member near the top is a time in every event: name one");
		return;
	}
	p->time = said_time(e, e->time, true);
	p->time_node = node_of(e, e->time);
	p->timed = ev_infer_range(p->time_node, &p->first, &p->last);
}

static bool is_version(const struct envelope *e, size_t i)
{
	const struct ev_tree_node *n = node_of(e, i);

	return n != NULL && is_reachable(e, i) && n->numbers.n > 0 &&
	       n->numbers.n + n->kinds[EV_NULL] == ev_tree_values(n) && n->numbers.fraction == 0 &&
	       !n->numbers.far && n->numbers.min.coef >= 0;
}

/* Columns that order the versions of an event, by their names. */
static void choose_order(struct envelope *e)
{
	for (size_t i = 0; i < e->k->n; i++) {
		const struct ev_key_column *c = &e->k->columns[i];

		if (e->version == NONE && !c->is_row && c->depth == 1 && is_version(e, i) &&
		    ev_words_rank(c->words, EV_WORDS_VERSION) != EV_NO_WORD)
			e->version = i;
		if (e->modified == NONE && i != e->time && c->depth == 1 && is_time(e, i) &&
		    ev_words_rank(c->words, EV_WORDS_MODIFIED) != EV_NO_WORD)
			e->modified = i;
	}
}

/* The id */

static bool is_versioned(const struct envelope *e)
{
	return e->version != NONE || e->modified != NONE;
}

static bool is_good_anchor(const struct envelope *e, size_t anchor)
{
	const struct ev_key_anchor *a = &e->k->anchors[anchor];

	const struct ev_key_column *c = &e->k->columns[a->column];

	return a->n > 0 && is_reachable(e, a->column) && a->column != e->type &&
	       !ev_infer_is_seldom(e->p->events - c->absent - c->no_id, e->p->events);
}

static bool is_strong(const struct envelope *e, size_t anchor)
{
	const struct ev_key_column *c = &e->k->columns[e->k->anchors[anchor].column];

	return ev_words_rank(c->words, EV_WORDS_ID) != EV_NO_WORD && (c->depth == 1 || c->is_row);
}

static void put_order(const struct envelope *e, struct ev_key *key)
{
	key->n_order = 0;
	if (e->version != NONE)
		key->order[key->n_order++] = e->version;
	if (e->modified != NONE)
		key->order[key->n_order++] = e->modified;
	else if (e->time != NONE)
		key->order[key->n_order++] = e->time;
}

/*
 * MOSTLY: nearly all ids are of one event, or have their events ordered. FEW: nothing orders them,
 * but an id has few events.
 */
enum quality { UNIQUE, ORDERED, BY_VERSION, MOSTLY, FEW };

static bool is_so_good(const struct ev_key_verdict *v, enum quality quality)
{
	if (v->ids == 0)
		return false;
	if (quality == MOSTLY)
		return v->conflicts <= v->ids / 20;
	if (quality == FEW)
		return 2 * v->ids >= v->events;
	return quality == UNIQUE ? v->several == 0 : v->conflicts == 0;
}

/* The first anchor that is so good an id by itself; false if none is. */
static bool choose_anchor(struct envelope *e, bool strong, enum quality quality, struct ev_key *key,
			  struct ev_key_verdict *v)
{
	for (size_t i = 0; i < e->k->n_anchors; i++) {
		*key = (struct ev_key){.anchor = i};
		if (!is_good_anchor(e, i) || !e->k->anchors[i].named ||
		    (strong && !is_strong(e, i)))
			continue;
		if (quality == BY_VERSION && !is_versioned(e))
			continue;
		put_order(e, key);
		*v = ev_keys_judge(e->k, key);
		if (is_so_good(v, quality))
			return true;
	}
	return false;
}

/* Of change events: the key of the row, and the table's name where there are several. */
static bool choose_row(struct envelope *e, struct ev_key *key, struct ev_key_verdict *v)
{
	for (size_t i = 0; i < e->k->n_anchors; i++) {
		if (!e->k->columns[e->k->anchors[i].column].is_row || !is_good_anchor(e, i) ||
		    !is_strong(e, i))
			continue;
		*key = (struct ev_key){.anchor = i};
		if (e->type != NONE && e->p->n_types > 1)
			key->parts[key->n_parts++] = e->type;
		*v = ev_keys_judge(e->k, key);
		return true;
	}
	return false;
}

/*
 * Adds the column that leaves the fewest ids of several events; false if none helps. scope: of
 * those alone whose names say that ids are unique within them.
 */
static bool add_part(struct envelope *e, bool scope, struct ev_key *key, struct ev_key_verdict *v)
{
	struct ev_key best = *key;
	size_t bytes = e->k->columns[e->k->anchors[key->anchor].column].longest;
	bool found = false;

	for (size_t i = 0; i < key->n_parts; i++)
		bytes += e->k->columns[key->parts[i]].longest;
	for (size_t i = 0; i < e->k->n; i++) {
		struct ev_key longer = *key;
		struct ev_key_verdict with;

		if (e->k->columns[i].no_id > 0 || e->k->columns[i].absent > 0 ||
		    e->k->anchors[key->anchor].column == i || !is_reachable(e, i) ||
		    bytes + e->k->columns[i].longest > ID_BYTES)
			continue;
		if (scope && ev_words_rank(e->k->columns[i].words, EV_WORDS_SCOPE) == EV_NO_WORD)
			continue;
		longer.parts[longer.n_parts++] = i;
		with = ev_keys_judge(e->k, &longer);
		if (with.several >= v->several)
			continue;
		*v = with;
		best = longer;
		found = true;
	}
	*key = best;
	return found;
}

/* An id that is unique for its source, or its type, alone. */
static bool choose_scope(struct envelope *e, struct ev_key *key, struct ev_key_verdict *v)
{
	for (size_t i = 0; i < e->k->n_anchors; i++) {
		if (!is_good_anchor(e, i) || !is_strong(e, i) ||
		    e->k->columns[e->k->anchors[i].column].absent > 0)
			continue;
		*key = (struct ev_key){.anchor = i};
		*v = ev_keys_judge(e->k, key);
		if (add_part(e, true, key, v) && v->several == 0)
			return true;
	}
	return false;
}

/* Of a name that says nothing: codes of which there are many. */
static bool may_be_first(const struct envelope *e, size_t anchor)
{
	const struct ev_tree_node *n = node_of(e, e->k->anchors[anchor].column);
	enum { MANY = 4, SURE = 50 };

	return e->k->anchors[anchor].named ||
	       (e->p->events >= SURE && n->kinds[EV_STRING] == e->p->events &&
		(n->forms & EV_FORM_CODE) != 0 &&
		(n->forms & (EV_FORM_TIME | EV_FORM_DATE | EV_FORM_NUMBER)) == 0 &&
		MANY * ev_sample_distinct(&n->sample) >= e->p->events);
}

/* The anchor and the fewest columns beside it with which no two events have one id. */
static bool choose_several(struct envelope *e, struct ev_key *key, struct ev_key_verdict *v)
{
	struct ev_key best;
	struct ev_key_verdict least = {.several = UINT64_MAX};

	for (size_t i = 0; i < e->k->n_anchors; i++) {
		if (!is_good_anchor(e, i) || !may_be_first(e, i) ||
		    e->k->columns[e->k->anchors[i].column].absent > 0)
			continue;
		*key = (struct ev_key){.anchor = i};
		*v = ev_keys_judge(e->k, key);
		while (v->several > 0 && key->n_parts < EV_KEYS_PARTS && add_part(e, false, key, v))
			;
		if (v->several < least.several ||
		    (v->several == 0 && key->n_parts < best.n_parts)) {
			least = *v;
			best = *key;
		}
		if (v->several == 0 && key->n_parts == 1)
			break;
	}
	if (least.several == UINT64_MAX)
		return false;
	*key = best;
	*v = least;
	return true;
}

static void note(struct ev_proposal *p, char *text)
{
	p->notes = ev_realloc_array(p->notes, p->n_notes + 1, sizeof *p->notes);
	p->notes[p->n_notes++] = text;
}

/*
 * A text of short members, by which events that have no id can be told apart; NULL if there are
 * none. other_than: a column.
 */
static char *text_id(const struct envelope *e, size_t other_than)
{
	struct ev_buf text = {0};
	size_t bytes = 0, n = 0;

	for (size_t i = 0; i < e->k->n && n < SHORT_PARTS; i++) {
		const struct ev_key_column *c = &e->k->columns[i];

		if (i == other_than || c->other != NULL ||
		    ev_words_rank(c->words, EV_WORDS_IGNORE) != EV_NO_WORD || !is_reachable(e, i) ||
		    bytes + c->longest + 5 > ID_BYTES)
			continue;
		bytes += c->longest + 5; /* at least null, and a space */
		ev_buf_printf(&text, "%s\\(%s)", n++ > 0 ? " " : "", c->jq);
	}
	if (n == 0) {
		ev_buf_free(&text);
		return NULL;
	}
	return take(&text);
}

/* No member identifies events: evparse --add-id gives them an id. */
static void propose_no_id(struct envelope *e)
{
	struct ev_proposal *p = e->p;
	char *text = text_id(e, NONE);

	p->n_id = 1;
	if (text != NULL && ev_tree_member(p->all, "event_id", 8) == NULL) {
		p->id[0].jq = ev_infer_text(".event_id // \"%s\"", text);
		p->id[0].why = ev_strdup(
			"no member tells events apart. Those that are alike here count as one, "
			"unless evparse --add-id event_id gave each an id");
	} else {
		p->id[0].jq = ev_strdup(".event_id");
		p->id[0].why = ev_strdup("no member tells events apart: give each an id by "
					 "evparse --add-id event_id");
	}
	note(p, ev_strdup("no member tells events apart: give each an id by evparse --add-id "
			  "event_id"));
	free(text);
}

/* An id that some events lack. */
static void propose_lacking(struct envelope *e, size_t column)
{
	const struct ev_key_column *c = &e->k->columns[column];
	char *text = text_id(e, column);

	e->p->id[e->p->n_id++] = (struct ev_said){
		ev_infer_text(text != NULL ? "%s // \"%s\"" : "%s", c->jq, text),
		seen_text(e, column, "the others are told apart by what stands behind it")};
	free(text);
}

static void propose_id(struct envelope *e, const struct ev_key *key, const struct ev_key_verdict *v)
{
	struct ev_proposal *p = e->p;
	const size_t anchor = e->k->anchors[key->anchor].column;
	const char *more = e->k->columns[anchor].no_id > 0
				   ? "the events in which it is no id are rejected"
			   : v->several == 0 ? ""
			   : v->sampled	     ? "some of several events, which are its versions"
					     : "those of several events are its versions";

	if (e->k->columns[anchor].absent > 0 && !e->k->columns[anchor].is_row) {
		propose_lacking(e, anchor);
		return;
	}
	p->id[p->n_id++] = (struct ev_said){ev_strdup(e->k->columns[anchor].jq),
					    seen_text(e, anchor, key->n_parts == 0 ? more : "")};
	for (size_t i = 0; i < key->n_parts; i++)
		p->id[p->n_id++] = (struct ev_said){
			ev_strdup(e->k->columns[key->parts[i]].jq),
			seen_text(e, key->parts[i],
				  i + 1 < key->n_parts ? ""
				  : v->several == 0    ? "together they tell all events apart"
						       : more)};
}

/* What orders the versions: members by their names where that leaves no conflict, or the time. */
static void propose_order(struct envelope *e, struct ev_key *key, const struct ev_key_verdict *v)
{
	struct ev_proposal *p = e->p;
	struct ev_key_verdict ordered = *v;

	put_order(e, key);
	if (v->several > 0)
		ordered = ev_keys_judge(e->k, key);
	/* A few are mistakes, and evversion sets them aside. */
	if (ordered.conflicts > (key->n_order > 0 && is_versioned(e) ? ordered.ids / 100 : 0)) {
		p->order = (struct ev_said){
			ev_strdup("arrival"),
			ev_strdup("events of one id differ, and no version or time orders them")};
		return;
	}
	if (e->version != NONE)
		p->version = (struct ev_said){ev_strdup(e->k->columns[e->version].jq),
					      seen_text(e, e->version, "")};
	if (e->modified != NONE)
		p->modified = said_time(e, e->modified, false);
	if (!is_versioned(e))
		p->order = (struct ev_said){ev_strdup("time"),
					    ev_strdup("there is neither a version nor a modified "
						      "time")};
}

static void propose_ignore(struct envelope *e)
{
	struct ev_proposal *p = e->p;

	for (size_t i = 0; i < e->k->n_ignore; i++) {
		const struct ev_path *path = e->k->ignore[i];

		if (ev_infer_node(p, path) != NULL)
			p->ignore[p->n_ignore++] = (struct ev_said){
				ev_strdup(path->text), ev_strdup("the transport's, by its name")};
	}
}

void ev_infer_envelope(struct ev_proposal *p, struct ev_keys *k, size_t type)
{
	struct envelope e = {p, k, type, NONE, NONE, NONE, NONE};
	struct ev_key key = {0};
	struct ev_key_verdict v = {0};

	if (type != NONE)
		p->type = (struct ev_said){ev_infer_text(k->columns[type].absent > 0
								 ? "%s // \"" EV_INFER_NO_TYPE "\""
								 : "%s",
							 k->columns[type].jq),
					   seen_text(&e, type, "")};
	propose_ignore(&e);
	choose_time(&e);
	choose_order(&e);
	if (choose_row(&e, &key, &v) || choose_anchor(&e, true, UNIQUE, &key, &v) ||
	    choose_anchor(&e, true, BY_VERSION, &key, &v) ||
	    choose_anchor(&e, false, UNIQUE, &key, &v) ||
	    choose_anchor(&e, true, ORDERED, &key, &v) ||
	    choose_anchor(&e, true, MOSTLY, &key, &v) || choose_scope(&e, &key, &v) ||
	    choose_anchor(&e, true, FEW, &key, &v) || choose_several(&e, &key, &v)) {
		propose_id(&e, &key, &v);
		propose_op(&e, k->columns[k->anchors[key.anchor].column].is_row);
		propose_time(&e);
		propose_order(&e, &key, &v);
	} else {
		propose_no_id(&e);
		propose_time(&e);
		p->order =
			(struct ev_said){ev_strdup("arrival"), ev_strdup("the ids order nothing")};
	}
}

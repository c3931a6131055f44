/* The id: members that tell events apart, alone or together. */
#include "base/mem.h"
#include "profile/envelope.h"

#include <ctype.h>
#include <stdlib.h>

enum { ID_BYTES = 255, SHORT_PARTS = 6 };

static bool is_good_anchor(const struct ev_envelope *e, size_t anchor)
{
	const struct ev_key_anchor *a = &e->k->anchors[anchor];

	const struct ev_key_column *c = &e->k->columns[a->column];

	return a->n > 0 && ev_envelope_reaches(e, a->column) && a->column != e->type &&
	       !ev_infer_is_seldom(e->p->events - c->absent - c->no_id, e->p->events);
}

static bool is_strong(const struct ev_envelope *e, size_t anchor)
{
	const struct ev_key_column *c = &e->k->columns[e->k->anchors[anchor].column];

	return ev_words_rank(c->words, EV_WORDS_ID) != EV_NO_WORD && (c->depth == 1 || c->is_row);
}

void ev_envelope_order(const struct ev_envelope *e, struct ev_key *key)
{
	key->n_order = 0;
	if (e->version != EV_NO_COLUMN)
		key->order[key->n_order++] = e->version;
	if (e->modified != EV_NO_COLUMN)
		key->order[key->n_order++] = e->modified;
	else if (e->time != EV_NO_COLUMN)
		key->order[key->n_order++] = e->time;
	if (e->clock != EV_NO_COLUMN)
		key->order[key->n_order++] = e->clock;
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
static bool choose_anchor(struct ev_envelope *e, bool strong, enum quality quality,
			  struct ev_key *key, struct ev_key_verdict *v)
{
	for (size_t i = 0; i < e->k->n_anchors; i++) {
		*key = (struct ev_key){.anchor = i};
		if (!is_good_anchor(e, i) || !e->k->anchors[i].named ||
		    (strong && !is_strong(e, i)))
			continue;
		if (quality == BY_VERSION && !ev_envelope_is_versioned(e))
			continue;
		ev_envelope_order(e, key);
		*v = ev_keys_judge(e->k, key);
		if (is_so_good(v, quality))
			return true;
	}
	return false;
}

/* Of change events: the key of the row, and the table's name where there are several. */
static bool choose_row(struct ev_envelope *e, struct ev_key *key, struct ev_key_verdict *v)
{
	for (size_t i = 0; i < e->k->n_anchors; i++) {
		if (!e->k->columns[e->k->anchors[i].column].is_row || !is_good_anchor(e, i) ||
		    !is_strong(e, i))
			continue;
		*key = (struct ev_key){.anchor = i};
		if (e->type != EV_NO_COLUMN && e->p->n_types > 1)
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
static bool add_part(struct ev_envelope *e, bool scope, struct ev_key *key,
		     struct ev_key_verdict *v)
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
		    e->k->anchors[key->anchor].column == i || !ev_envelope_reaches(e, i) ||
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
static bool choose_scope(struct ev_envelope *e, struct ev_key *key, struct ev_key_verdict *v)
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
static bool may_be_first(const struct ev_envelope *e, size_t anchor)
{
	const struct ev_tree_node *n = ev_envelope_node(e, e->k->anchors[anchor].column);
	enum { MANY = 4, SURE = 50 };

	return e->k->anchors[anchor].named ||
	       (e->p->events >= SURE && n->kinds[EV_STRING] == e->p->events &&
		(n->forms & EV_FORM_CODE) != 0 &&
		(n->forms & (EV_FORM_TIME | EV_FORM_DATE | EV_FORM_NUMBER)) == 0 &&
		MANY * ev_sample_distinct(&n->sample) >= e->p->events);
}

/* The anchor and the fewest columns beside it with which no two events have one id. */
static bool choose_several(struct ev_envelope *e, struct ev_key *key, struct ev_key_verdict *v)
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

/* Whether each value fits an id: none holds U+0000, or is an object or a list of any length. */
static bool may_be_in_text(const struct ev_envelope *e, size_t column)
{
	const struct ev_tree_node *n = ev_envelope_node(e, column);

	return n != NULL && !n->unfit && n->kinds[EV_ARRAY] + n->kinds[EV_OBJECT] == 0 &&
	       ev_envelope_reaches(e, column);
}

/*
 * A text of short members, by which events that have no id can be told apart; NULL if there are
 * none. other_than: a column.
 */
static char *text_id(const struct ev_envelope *e, size_t other_than)
{
	struct ev_buf text = {0};
	size_t bytes = 0, n = 0;
	bool empty = true;

	for (size_t i = 0; i < e->k->n && n < SHORT_PARTS; i++) {
		const struct ev_key_column *c = &e->k->columns[i];

		if (i == other_than || c->other != NULL ||
		    ev_words_rank(c->words, EV_WORDS_IGNORE) != EV_NO_WORD ||
		    !may_be_in_text(e, i) || bytes + c->longest + 5 > ID_BYTES)
			continue;
		bytes += c->longest + 5; /* at least null, and a space */
		ev_buf_printf(&text, "%s\\(%s)", n++ > 0 ? " " : "", c->jq);
		empty &= ev_envelope_node(e, i)->n_empty > 0;
	}
	if (n == 0) {
		ev_buf_free(&text);
		return NULL;
	}
	if (n == 1 && empty) /* no id is */
		ev_buf_putc(&text, ' ');
	return ev_infer_take(&text);
}

/* Whether its name can be typed as it is. */
static bool is_word(const struct ev_tree_node *n)
{
	for (uint32_t i = 0; i < n->len; i++)
		if (!isalnum((unsigned char)n->name[i]) && n->name[i] != '_')
			return false;
	return n->len > 0;
}

/*
 * The list at the top whose elements are more likely events than what it stands in, as in an answer
 * of a shop's interface; NULL if there is none, or several.
 */
static const struct ev_tree_node *list_of_events(const struct ev_proposal *p)
{
	const struct ev_tree_node *list = NULL;

	for (uint32_t i = 0; i < p->all->n; i++) {
		const struct ev_tree_node *n = p->all->members[i];

		if (n->element == NULL || n->element->kinds[EV_OBJECT] <= p->events || !is_word(n))
			continue;
		if (list != NULL)
			return NULL;
		list = n;
	}
	return list;
}

static void note_no_id(struct ev_proposal *p, const char *name)
{
	const struct ev_tree_node *list = list_of_events(p);

	if (list == NULL)
		note(p, ev_infer_text("no member tells events apart: give each an id by evparse "
				      "--add-id %s",
				      name));
	else
		note(p, ev_infer_text("no member tells events apart: read the elements of the "
				      "list as events by --format json-array --list %.*s, or give "
				      "each an id by evparse --add-id %s",
				      (int)list->len, list->name, name));
}

/* No member identifies events: evparse --add-id gives them an id. */
static void propose_no_id(struct ev_envelope *e)
{
	struct ev_proposal *p = e->p;
	const char *name = ev_tree_member(p->all, "event_id", 8) == NULL ? "event_id" : "line_id";
	char *text = text_id(e, EV_NO_COLUMN);

	p->n_id = 1;
	p->id[0].jq = ev_infer_text(".%s // \"%s\"", name, text != NULL ? text : "none");
	p->id[0].why =
		ev_infer_text("no member tells events apart. Those that are alike here count "
			      "as one, unless evparse --add-id %s gave each an id",
			      name);
	note_no_id(p, name);
	free(text);
}

/* A part of the id. more: what is said of it, unless it costs events. */
static void put_part(struct ev_envelope *e, size_t column, const char *more)
{
	const struct ev_key_column *c = &e->k->columns[column];

	if (c->absent > 0 || c->no_id > 0)
		more = "the events in which it is no id are rejected";
	e->p->id[e->p->n_id++] =
		(struct ev_said){ev_strdup(c->jq), ev_envelope_seen(e, column, more)};
}

/* An id that some events lack. */
static void propose_lacking(struct ev_envelope *e, size_t column)
{
	const struct ev_key_column *c = &e->k->columns[column];
	char *text = text_id(e, column);

	if (text == NULL) {
		put_part(e, column, "");
		return;
	}
	e->p->id[e->p->n_id++] = (struct ev_said){
		ev_infer_text("%s // \"%s\"", c->jq, text),
		ev_envelope_seen(e, column,
				 c->no_id > 0
					 ? "those without are told apart by what stands behind it, "
					   "and those in which it is no id are rejected"
					 : "the others are told apart by what stands behind it")};
	free(text);
}

static void propose_id(struct ev_envelope *e, const struct ev_key *key,
		       const struct ev_key_verdict *v)
{
	const size_t anchor = e->k->anchors[key->anchor].column;
	const struct ev_key_column *c = &e->k->columns[anchor];
	const char *versions = v->several == 0 ? ""
			       : v->sampled    ? "some of several events, which are its versions"
					       : "those of several events are its versions";

	if (c->absent > 0 && !c->is_row) {
		propose_lacking(e, anchor);
		return;
	}
	put_part(e, anchor, key->n_parts == 0 ? versions : "");
	for (size_t i = 0; i < key->n_parts; i++)
		put_part(e, key->parts[i],
			 i + 1 < key->n_parts ? ""
			 : v->several == 0    ? "together they tell all events apart"
					      : versions);
}

static bool choose(struct ev_envelope *e, struct ev_key *key, struct ev_key_verdict *v)
{
	return choose_row(e, key, v) || choose_anchor(e, true, UNIQUE, key, v) ||
	       choose_anchor(e, true, BY_VERSION, key, v) ||
	       choose_anchor(e, false, UNIQUE, key, v) || choose_anchor(e, true, ORDERED, key, v) ||
	       choose_anchor(e, true, MOSTLY, key, v) || choose_scope(e, key, v) ||
	       choose_anchor(e, true, FEW, key, v) || choose_several(e, key, v);
}

bool ev_envelope_id(struct ev_envelope *e, struct ev_key *key, struct ev_key_verdict *v)
{
	if (!choose(e, key, v)) {
		propose_no_id(e);
		return false;
	}
	propose_id(e, key, v);
	return true;
}

/* Where the envelope of the events stands: id, type, time, version, modified, op. */
#include "profile/envelope.h"
#include "base/mem.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

const struct ev_tree_node *ev_envelope_node(const struct ev_envelope *e, size_t column)
{
	const struct ev_key_column *c = &e->k->columns[column];
	const struct ev_tree_node *n = ev_infer_node(e->p->all, c->path);

	return n != NULL || c->other == NULL ? n : ev_infer_node(e->p->all, c->other);
}

/* Whether the path leads through objects alone: then it never blocks a record. */
static bool is_reached(const struct ev_tree_node *n)
{
	while ((n = n->parent) != NULL)
		if (n->kinds[EV_OBJECT] + n->kinds[EV_NULL] != ev_tree_values(n))
			return false;
	return true;
}

bool ev_envelope_reaches(const struct ev_envelope *e, size_t column)
{
	const struct ev_key_column *c = &e->k->columns[column];
	const struct ev_tree_node *n = ev_infer_node(e->p->all, c->path),
				  *o = c->other != NULL ? ev_infer_node(e->p->all, c->other) : NULL;

	return (n != NULL || o != NULL) && (n == NULL || is_reached(n)) &&
	       (o == NULL || is_reached(o));
}

/* "in each of 4,675 events, 4,675 different values" */
static void put_seen(const struct ev_envelope *e, size_t column, struct ev_buf *out)
{
	const struct ev_tree_node *n = ev_envelope_node(e, column);
	uint64_t values, distinct;

	if (n == NULL)
		return;
	if (e->k->columns[column].is_row) {
		ev_buf_puts(out, "the key of the row that was changed");
		return;
	}
	values = ev_tree_values(n) - n->kinds[EV_NULL] - n->n_empty;
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
	distinct = ev_sample_distinct(&n->sample) - (n->n_empty > 0);
	if (values > 1) {
		ev_buf_puts(out, ev_sample_is_exact(&n->sample) ? ", " : ", about ");
		ev_infer_put_count(distinct, out);
		ev_buf_puts(out, distinct == 1 ? " value" : " different values");
	}
}

char *ev_envelope_seen(const struct ev_envelope *e, size_t column, const char *more)
{
	struct ev_buf b = {0};

	put_seen(e, column, &b);
	if (more[0] != '\0')
		ev_buf_printf(&b, "%s%s", b.len > 0 ? "; " : "", more);
	return ev_infer_take(&b);
}

bool ev_envelope_is_versioned(const struct ev_envelope *e)
{
	return e->version != EV_NO_COLUMN || e->modified != EV_NO_COLUMN;
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
static void propose_op(struct ev_envelope *e, bool of_row)
{
	struct ev_proposal *p = e->p;

	for (size_t i = 0; i < e->k->n; i++) {
		const struct ev_key_column *c = &e->k->columns[i];
		const struct ev_tree_node *n = ev_envelope_node(e, i);

		if (i == e->type || c->is_row || !ev_envelope_reaches(e, i) ||
		    ev_words_rank(c->words, EV_WORDS_OP) == EV_NO_WORD || !holds_ops(n))
			continue;
		if (is_own_op(n) && strcmp(c->words, "op") == 0) {
			p->op.jq = ev_strdup(c->jq);
			p->op.why = ev_envelope_seen(e, i, "");
		} else if (of_row && !c->no_text) {
			p->op.jq = ev_infer_text("if %s == \"%s\" then \"delete\" else \"put\" end",
						 c->jq, delete_word(n));
			p->op.why = ev_envelope_seen(e, i, "what was done to the row");
		} else {
			continue;
		}
		return;
	}
}

static bool is_version(const struct ev_envelope *e, size_t i)
{
	const struct ev_tree_node *n = ev_envelope_node(e, i);

	const struct ev_tree_numbers *t;

	if (n == NULL || !ev_envelope_reaches(e, i))
		return false;
	t = n->numbers.n > 0 ? &n->numbers : &n->texts;
	return t->n > 0 && t->n + n->kinds[EV_NULL] == ev_tree_values(n) && t->fraction == 0 &&
	       !t->dotted && !t->far && t->min.coef >= 0;
}

/* Columns that order the versions of an event, by their names. */
static void choose_order(struct ev_envelope *e)
{
	for (size_t i = 0; i < e->k->n; i++) {
		const struct ev_key_column *c = &e->k->columns[i];

		if (e->version == EV_NO_COLUMN && !c->is_row && c->depth == 1 && is_version(e, i) &&
		    ev_words_rank(c->words, EV_WORDS_VERSION) != EV_NO_WORD)
			e->version = i;
		if (e->modified == EV_NO_COLUMN && i != e->time && c->depth == 1 &&
		    ev_envelope_is_time(e, i) &&
		    ev_words_rank(c->words, EV_WORDS_MODIFIED) != EV_NO_WORD)
			e->modified = i;
	}
}

/* What orders the versions: members by their names where that leaves no conflict, or the time. */
static void propose_order(struct ev_envelope *e, struct ev_key *key, const struct ev_key_verdict *v)
{
	struct ev_proposal *p = e->p;
	struct ev_key_verdict ordered = *v;

	ev_envelope_order(e, key);
	if (v->several > 0)
		ordered = ev_keys_judge(e->k, key);
	/* A few are mistakes, and evversion sets them aside. */
	if (ordered.conflicts >
	    (key->n_order > 0 && ev_envelope_is_versioned(e) ? ordered.ids / 100 : 0)) {
		p->order = (struct ev_said){
			ev_strdup("arrival"),
			ev_strdup("events of one id differ, and no version or time orders them")};
		return;
	}
	if (e->version != EV_NO_COLUMN)
		p->version = (struct ev_said){ev_strdup(e->k->columns[e->version].jq),
					      ev_envelope_seen(e, e->version, "")};
	if (e->modified != EV_NO_COLUMN)
		p->modified = ev_envelope_said_time(e, e->modified);
	if (!ev_envelope_is_versioned(e))
		p->order = (struct ev_said){ev_strdup("time"),
					    ev_strdup("there is neither a version nor a modified "
						      "time")};
}

static void propose_ignore(struct ev_envelope *e)
{
	struct ev_proposal *p = e->p;

	for (size_t i = 0; i < e->k->n_ignore; i++) {
		const struct ev_path *path = e->k->ignore[i];

		if (ev_infer_node(p->all, path) != NULL)
			p->ignore[p->n_ignore++] = (struct ev_said){
				ev_strdup(path->text), ev_strdup("the transport's, by its name")};
	}
}

/*
 * A column that was found late counts as absent in the events before, though an object or a list
 * may have stood there, which the tree knows.
 */
static void count_absent(const struct ev_proposal *p, struct ev_keys *k)
{
	for (size_t i = 0; i < k->n; i++) {
		struct ev_key_column *c = &k->columns[i];
		const struct ev_tree_node *n = ev_infer_node(p->all, c->path);
		uint64_t absent;

		if (n == NULL || c->other != NULL)
			continue;
		absent = p->events - (ev_tree_values(n) - n->kinds[EV_NULL]);
		if (absent >= c->absent)
			continue;
		c->no_id += c->absent - absent;
		c->no_text += c->absent - absent;
		c->absent = absent;
	}
}

/* What is said of the events whose type has no place in its column. */
static const char *type_costs(const struct ev_envelope *e)
{
	const struct ev_tree_node *n = ev_envelope_node(e, e->type);

	return n != NULL && n->unfit ? "the events in which it holds U+0000 are rejected" : "";
}

void ev_infer_envelope(struct ev_proposal *p, struct ev_keys *k, size_t type)
{
	struct ev_envelope e = {.p = p,
				.k = k,
				.type = type,
				.time = EV_NO_COLUMN,
				.clock = EV_NO_COLUMN,
				.version = EV_NO_COLUMN,
				.modified = EV_NO_COLUMN};
	struct ev_key key = {0};
	struct ev_key_verdict v = {0};

	count_absent(p, k);
	if (type != EV_NO_COLUMN)
		p->type = (struct ev_said){ev_infer_text(k->columns[type].absent > 0
								 ? "%s // \"" EV_INFER_NO_TYPE "\""
								 : "%s",
							 k->columns[type].jq),
					   ev_envelope_seen(&e, type, type_costs(&e))};
	propose_ignore(&e);
	ev_envelope_time(&e);
	choose_order(&e);
	if (ev_envelope_id(&e, &key, &v)) {
		propose_op(&e, k->columns[k->anchors[key.anchor].column].is_row);
		propose_order(&e, &key, &v);
	} else {
		p->order =
			(struct ev_said){ev_strdup("arrival"), ev_strdup("the ids order nothing")};
	}
}

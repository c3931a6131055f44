#include "profile/profile.h"
#include "base/hash.h"
#include "base/mem.h"
#include "profile/infer.h"
#include "profile/write.h"
#include "json/content.h"

#include <inttypes.h>
#include <stdlib.h>

enum { CANDIDATES = 3, GROUPS = 512 };

/* The events that are alike in all columns that may be the type. */
struct group {
	uint64_t hash;
	char *values[CANDIDATES];
	size_t lens[CANDIDATES];
	struct ev_tree_node *tree;
};

struct ev_profile {
	struct ev_profile_options options;
	struct ev_port *port;
	struct ev_events *events;
	struct ev_reasons why;
	struct ev_content *content;
	struct ev_keys keys;
	unsigned candidates[CANDIDATES]; /* serials of columns that may be the type */
	size_t n_candidates;
	unsigned seen_serial; /* columns up to here were asked whether they are one */
	struct group *groups;
	size_t n, cap;
	struct ev_lookup by_hash;
	struct ev_tree_room room;
	struct ev_sample contents;
	uint64_t seen, passed; /* events */
	struct ev_count counts[3];
	struct ev_proposal *proposal;
};

struct ev_profile *ev_profile_open(const struct ev_profile_options *options, struct ev_port *port)
{
	struct ev_profile *p = ev_calloc(1, sizeof *p);

	p->options = *options;
	p->port = port;
	p->content = ev_content_new(0);
	p->events = ev_events_new(NULL, EV_READ_TEXT, EV_TRUST_RAW);
	p->room =
		(struct ev_tree_room){.depth = EV_TREE_DEPTH, .sample = {.limit = EV_SAMPLE_LIMIT}};
	p->counts[0] = (struct ev_count){.name = "seen", .value = &p->seen, .in_sum = true};
	p->counts[1] =
		(struct ev_count){.name = "passed over", .value = &p->passed, .in_sum = true};
	return p;
}

static void free_group(struct group *g, struct ev_tree_room *room)
{
	for (size_t i = 0; i < CANDIDATES; i++)
		free(g->values[i]);
	ev_tree_free(&g->tree, room);
}

void ev_profile_free(struct ev_profile **profile)
{
	struct ev_profile *p = *profile;

	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n; i++)
		free_group(&p->groups[i], &p->room);
	free(p->groups);
	ev_lookup_free(&p->by_hash);
	ev_proposal_free(&p->proposal, &p->room);
	ev_sample_free(&p->contents, &p->room.sample);
	ev_keys_free(&p->keys);
	ev_events_free(&p->events);
	ev_reasons_free(&p->why);
	ev_content_free(&p->content);
	free(p);
	*profile = NULL;
}

const struct ev_count *ev_profile_counts(const struct ev_profile *p)
{
	return p->counts;
}

const char *ev_profile_note(const struct ev_profile *p, size_t i)
{
	return p->proposal != NULL && i < p->proposal->n_notes ? p->proposal->notes[i] : NULL;
}

/* Groups */

static uint64_t hash_values(const struct group *g, size_t n)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < n; i++)
		hash = ev_hash64(g->values[i], g->lens[i], hash);
	return hash;
}

static bool same_values(const struct group *a, const struct group *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a->lens[i] != b->lens[i] || memcmp(a->values[i], b->values[i], a->lens[i]) != 0)
			return false;
	return true;
}

static struct group *find_group(const struct ev_profile *p, const struct group *g)
{
	size_t step = 0;
	uint32_t i;

	while ((i = ev_lookup_next(&p->by_hash, g->hash, &step)) != EV_LOOKUP_NONE)
		if (same_values(&p->groups[i], g, p->n_candidates))
			return &p->groups[i];
	return NULL;
}

static struct group *add_group(struct ev_profile *p, struct group *g)
{
	ev_grow(&p->groups, &p->cap, p->n + 1, sizeof *p->groups);
	ev_lookup_add(&p->by_hash, g->hash, (uint32_t)p->n);
	p->groups[p->n] = *g;
	return &p->groups[p->n++];
}

/* Groups that differ in that candidate alone become one. */
static void drop_candidate(struct ev_profile *p, size_t which)
{
	struct group *old = p->groups;
	const size_t n = p->n;

	p->n_candidates--;
	for (size_t i = which; i < p->n_candidates; i++)
		p->candidates[i] = p->candidates[i + 1];
	p->groups = NULL;
	p->n = p->cap = 0;
	ev_lookup_free(&p->by_hash);
	for (size_t i = 0; i < n; i++) {
		struct group *g = &old[i], *had;

		free(g->values[which]);
		for (size_t k = which; k < p->n_candidates; k++) {
			g->values[k] = g->values[k + 1];
			g->lens[k] = g->lens[k + 1];
		}
		g->values[p->n_candidates] = NULL;
		g->hash = hash_values(g, p->n_candidates);
		had = find_group(p, g);
		if (had == NULL) {
			add_group(p, g);
			continue;
		}
		ev_tree_merge(had->tree, &p->room, &g->tree);
		free_group(g, &p->room);
	}
	free(old);
}

static const struct ev_key_column *candidate(const struct ev_profile *p, size_t i)
{
	return ev_keys_column(&p->keys, p->candidates[i]);
}

/* The candidate that looks least like the type. */
static size_t worst_candidate(const struct ev_profile *p)
{
	size_t worst = 0;

	for (size_t i = 1; i < p->n_candidates; i++)
		if (candidate(p, i)->order > candidate(p, worst)->order)
			worst = i;
	return worst;
}

/* A column that no event before this one had: they all are of the type of those that name none. */
static void add_candidate(struct ev_profile *p, const struct ev_key_column *c)
{
	if (p->n_candidates == CANDIDATES) {
		const size_t worst = worst_candidate(p);

		if (candidate(p, worst)->order <= c->order)
			return;
		drop_candidate(p, worst);
	}
	ev_lookup_free(&p->by_hash);
	for (size_t i = 0; i < p->n; i++) {
		struct group *g = &p->groups[i];

		g->values[p->n_candidates] = ev_strdup(EV_INFER_NO_TYPE);
		g->lens[p->n_candidates] = sizeof EV_INFER_NO_TYPE - 1;
		g->hash = hash_values(g, p->n_candidates + 1);
		ev_lookup_add(&p->by_hash, g->hash, (uint32_t)i);
	}
	p->candidates[p->n_candidates++] = c->serial;
}

/* What is no short text cannot be the type. */
static void check_candidates(struct ev_profile *p)
{
	for (size_t i = 0; i < p->n_candidates;) {
		const struct ev_key_column *c = candidate(p, i);

		if (c == NULL || c->longest > EV_TREE_NAME)
			drop_candidate(p, i);
		else
			i++;
	}
	for (size_t i = 0; i < p->keys.n; i++) {
		const struct ev_key_column *c = &p->keys.columns[i];

		if (c->serial > p->seen_serial &&
		    ev_words_rank(c->words, EV_WORDS_TYPE) != EV_NO_WORD)
			add_candidate(p, c);
	}
	p->seen_serial = p->keys.serials;
}

static struct ev_tree_node *tree_of(struct ev_profile *p, const struct ev_doc *d)
{
	struct ev_buf texts[CANDIDATES] = {{0}};
	struct group g = {0}, *had;

	for (size_t i = 0; i < p->n_candidates; i++) {
		const uint32_t at = ev_keys_value(candidate(p, i), d);

		g.values[i] = (char *)(uintptr_t)EV_INFER_NO_TYPE;
		g.lens[i] = sizeof EV_INFER_NO_TYPE - 1;
		if (at == EV_NOWHERE || ev_kind(d, at) != EV_STRING ||
		    (d->nul && d->nodes[at].escaped))
			continue;
		g.values[i] = (char *)(uintptr_t)ev_string(d, at, &texts[i], &g.lens[i]);
	}
	g.hash = hash_values(&g, p->n_candidates);
	had = find_group(p, &g);
	if (had == NULL) {
		for (size_t i = 0; i < p->n_candidates; i++)
			g.values[i] = ev_strndup(g.values[i], g.lens[i]);
		g.tree = ev_tree_new(&p->room);
		had = add_group(p, &g);
	}
	for (size_t i = 0; i < CANDIDATES; i++)
		ev_buf_free(&texts[i]);
	return had->tree;
}

static void trim(struct ev_profile *p)
{
	for (size_t i = 0; i < p->n; i++)
		ev_tree_trim(p->groups[i].tree, &p->room);
	ev_sample_shrink(&p->contents, &p->room.sample);
}

/* Keeps what is held within its bounds. */
static void keep_bounds(struct ev_profile *p)
{
	while (p->n > GROUPS && p->n_candidates > 0)
		drop_candidate(p, worst_candidate(p));
	while (p->room.nodes > EV_TREE_NODES) {
		if (p->room.depth > 1)
			p->room.depth--;
		else if (p->n_candidates > 0)
			drop_candidate(p, worst_candidate(p));
		else
			break;
		trim(p);
	}
	while (p->room.sample.bytes > EV_SAMPLE_BYTES && p->room.sample.limit > EV_SAMPLE_TEXTS) {
		p->room.sample.limit /= 2;
		trim(p);
	}
}

/* Events */

enum ev_status ev_profile_step(struct ev_profile *p, const struct ev_record *rec,
			       struct ev_error *err)
{
	struct ev_event event;
	uint32_t skip[EV_KEYS_SKIP];
	uint64_t content;

	if (ev_events_read(p->events, rec, &event, &p->why) != EV_OK)
		return ev_rejects_put(p->port->rejects, rec, event.origin, event.origin_len,
				      &p->why, err);
	ev_keys_look(&p->keys, event.doc);
	content = ev_content_digest(p->content, event.doc, skip,
				    ev_keys_skip(&p->keys, event.doc, event.reserved, skip))
			  .lo;
	if (p->options.sample > 1 && content % p->options.sample != 0) {
		p->passed++;
		return EV_OK;
	}
	p->seen++;
	ev_sample_add(&p->contents, &p->room.sample, content, 1, NULL, 0);
	ev_keys_add(&p->keys, event.doc, content);
	check_candidates(p);
	ev_tree_add(tree_of(p, event.doc), &p->room, event.doc, event.reserved);
	keep_bounds(p);
	return EV_OK;
}

/* The end */

/* How many values a candidate has; ops: whether all of them say what was done to a row. */
static size_t values_of(const struct ev_profile *p, size_t candidate, bool *ops)
{
	size_t differ = 0;

	*ops = true;
	for (size_t g = 0; g < p->n; g++) {
		const char *value = p->groups[g].values[candidate];
		bool is_new = true;

		for (size_t k = 0; k < g && is_new; k++)
			is_new = strcmp(p->groups[k].values[candidate], value) != 0;
		differ += is_new;
		*ops &= ev_infer_is_op(value);
	}
	return differ;
}

/* Whether nearly all values of a candidate are times, which say when something was and not what. */
static bool holds_times(const struct ev_profile *p, size_t i)
{
	const struct ev_key_column *c = candidate(p, i);
	struct ev_buf jq = {0};
	uint64_t times = 0, all = 0;

	for (size_t g = 0; g < p->n; g++) {
		const struct ev_tree_node *n = ev_infer_node(p->groups[g].tree, c->path);
		uint64_t values;

		if (n == NULL)
			continue;
		values = ev_tree_values(n) - n->kinds[EV_NULL] - n->n_empty;
		all += values;
		times += ev_infer_time(n, c->words, &jq) ? values : 0;
	}
	ev_buf_free(&jq);
	return times > 0 && !ev_infer_is_seldom(times, all);
}

/* The candidate that is the type: the best of those that have several values, or else of all. */
static size_t choose_type(const struct ev_profile *p)
{
	size_t best = CANDIDATES;
	bool several = false;

	for (size_t i = 0; i < p->n_candidates; i++) {
		const struct ev_key_column *c = candidate(p, i);
		bool ops;
		const size_t differ = values_of(p, i, &ops);

		if (ops || holds_times(p, i) || (p->seen >= 20 && differ > p->seen / 2) ||
		    (several && differ == 1) ||
		    ev_infer_is_seldom(p->seen - c->absent - c->no_text, p->seen))
			continue;
		if (best == CANDIDATES || (!several && differ > 1) ||
		    c->order < candidate(p, best)->order)
			best = i;
		several |= differ > 1;
	}
	return best;
}

static int by_count(const void *a, const void *b)
{
	const struct group *x = a, *y = b;
	uint64_t n = ev_tree_values(x->tree), m = ev_tree_values(y->tree);

	return n != m ? (n < m) - (n > m) : strcmp(x->values[0], y->values[0]);
}

/* Leaves one group for each type. Returns the type's column, or EV_KEYS_COLUMNS. */
static size_t settle(struct ev_profile *p)
{
	const size_t type = choose_type(p);
	const unsigned serial = type < CANDIDATES ? p->candidates[type] : 0;

	for (size_t i = p->n_candidates; i-- > 0;)
		if (i != type)
			drop_candidate(p, i);
	for (size_t i = 0; i < p->n; i++)
		ev_tree_settle(p->groups[i].tree, &p->room);
	if (p->n > 1)
		qsort(p->groups, p->n, sizeof *p->groups, by_count);
	ev_keys_settle(&p->keys);
	return serial > 0 ? (size_t)(ev_keys_column(&p->keys, serial) - p->keys.columns)
			  : EV_KEYS_COLUMNS;
}

enum ev_status ev_profile_finish(struct ev_profile *p, struct ev_error *err)
{
	struct ev_proposal_type *types;
	struct ev_buf out = {0};
	enum ev_status st;
	size_t type;

	if (p->seen == 0)
		return ev_fail(err, "no event was read: a model is proposed from events that are "
				    "there");
	type = settle(p);
	types = ev_calloc(p->n, sizeof *types);
	for (size_t i = 0; i < p->n; i++) {
		types[i] = (struct ev_proposal_type){p->groups[i].values[0], p->groups[i].tree,
						     ev_tree_values(p->groups[i].tree)};
		p->groups[i] = (struct group){0};
	}
	p->proposal = ev_infer(&p->keys, types, p->n, type, &p->room);
	p->proposal->name = p->options.name;
	if (ev_sample_is_exact(&p->contents))
		p->proposal->equal = p->seen - ev_sample_distinct(&p->contents);
	p->n = 0;
	ev_write_model(p->proposal, &out);
	st = ev_out_status(p->port->out, ev_out_put(p->port->out, out.p, out.len), err);
	ev_buf_free(&out);
	return st;
}

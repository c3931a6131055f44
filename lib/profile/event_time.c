/*
 * The time of events: one member; or several, one of which each type has; or a day and the clock
 * beside it.
 */
#include "base/mem.h"
#include "profile/envelope.h"

#include <string.h>

enum { TIMES = 3 };

#define NO_TIME "\"1970-01-01T00:00:00Z\""
#define OTHERS	"the others count as of 1970"

/* Whether nearly all values are times as they stand: an event with another one is no event. */
static bool is_nearly_time(const struct ev_tree_node *n)
{
	return n->times > 0 &&
	       !ev_infer_is_seldom(n->times, ev_tree_values(n) - n->kinds[EV_NULL] - n->n_empty);
}

bool ev_envelope_is_time(const struct ev_envelope *e, size_t column)
{
	const struct ev_key_column *c = &e->k->columns[column];
	const struct ev_tree_node *n = ev_envelope_node(e, column);
	struct ev_buf jq = {0};
	bool is = false;

	if (n != NULL && ev_envelope_reaches(e, column) &&
	    ev_words_rank(c->words, EV_WORDS_IGNORE) == EV_NO_WORD)
		is = ev_infer_time(n, c->words, &jq) || is_nearly_time(n);
	ev_buf_free(&jq);
	return is;
}

/* How much a column looks like the time of events; the less, the more. */
static int order_of(const struct ev_key_column *c)
{
	int rank = ev_words_rank(c->words, EV_WORDS_TIME);

	if (rank == EV_NO_WORD)
		rank = 30 + (ev_words_rank(c->words, EV_WORDS_TIME_LAST) == EV_NO_WORD) * 10;
	if (ev_words_rank(c->words, EV_WORDS_MODIFIED) != EV_NO_WORD)
		rank = 45;
	return rank + 100 * (int)(c->depth - 1) + (c->is_row ? 50 : 0);
}

/* The events of a tree that have a value at a column. */
static uint64_t events_with(const struct ev_envelope *e, const struct ev_tree_node *tree,
			    size_t column)
{
	const struct ev_tree_node *n = ev_infer_node(tree, e->k->columns[column].path);

	return n != NULL ? ev_tree_values(n) - n->kinds[EV_NULL] - n->n_empty : 0;
}

static bool nearly_all(uint64_t n, uint64_t all)
{
	return !ev_infer_is_seldom(n, all);
}

static bool most(uint64_t n, uint64_t all)
{
	return n > all / 2;
}

/* The column that looks most like the time, of those that enough events of a tree have. */
static size_t best_of(const struct ev_envelope *e, const struct ev_tree_node *tree,
		      bool (*enough)(uint64_t n, uint64_t all))
{
	size_t best = EV_NO_COLUMN;

	for (size_t i = 0; i < e->k->n; i++) {
		const struct ev_key_column *c = &e->k->columns[i];

		if (c->other != NULL || !ev_envelope_is_time(e, i) ||
		    !enough(events_with(e, tree, i), ev_tree_values(tree)))
			continue;
		if (best == EV_NO_COLUMN || order_of(c) < order_of(&e->k->columns[best]))
			best = i;
	}
	return best;
}

/* The columns that are the time, the best first. */
struct choice {
	size_t columns[TIMES];
	size_t n;
	uint64_t events; /* that have one of them, at least */
};

static void add(struct choice *t, size_t column)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->columns[i] == column)
			return;
	if (t->n < TIMES)
		t->columns[t->n++] = column;
}

static void only(const struct ev_envelope *e, size_t column, struct choice *t)
{
	*t = (struct choice){
		.columns = {column}, .n = 1, .events = events_with(e, e->p->all, column)};
}

/* One for each type, in the order of the types. */
static void by_type(const struct ev_envelope *e, struct choice *t)
{
	for (size_t i = 0; i < e->p->n_types; i++) {
		const struct ev_tree_node *tree = e->p->types[i].tree;
		const size_t best = best_of(e, tree, nearly_all);
		uint64_t events = 0;

		if (best != EV_NO_COLUMN)
			add(t, best);
		for (size_t k = 0; k < t->n; k++)
			if (events_with(e, tree, t->columns[k]) > events)
				events = events_with(e, tree, t->columns[k]);
		t->events += events;
	}
}

/* One that nearly all events have, or several together, or else one that most have. */
static void choose(const struct ev_envelope *e, struct choice *t)
{
	size_t best = best_of(e, e->p->all, nearly_all);

	if (best != EV_NO_COLUMN) {
		only(e, best, t);
		return;
	}
	by_type(e, t);
	if (nearly_all(t->events, e->p->events))
		return;
	best = best_of(e, e->p->all, most);
	if (best != EV_NO_COLUMN)
		only(e, best, t);
	else
		t->n = 0;
}

/* Whether the names differ in their last words alone: order_date and order_time. */
static bool are_day_and_clock(const char *day, const char *clock)
{
	const char *d = strrchr(day, '_'), *c = strrchr(clock, '_');

	d = d != NULL ? d + 1 : day;
	c = c != NULL ? c + 1 : clock;
	return d - day == c - clock && memcmp(day, clock, (size_t)(d - day)) == 0 &&
	       (strcmp(d, "date") == 0 || strcmp(d, "day") == 0) && strcmp(c, "time") == 0;
}

/* The column of the clock beside that of a day, where each event has both. */
static size_t clock_of(const struct ev_envelope *e, size_t day)
{
	const struct ev_key_column *d = &e->k->columns[day];
	const struct ev_tree_node *n = ev_envelope_node(e, day), *clock;

	if ((n->forms & EV_FORM_DATE) == 0 || events_with(e, e->p->all, day) < e->p->events)
		return EV_NO_COLUMN;
	for (size_t i = 0; i < e->k->n; i++) {
		clock = ev_envelope_node(e, i);
		if (clock != NULL && clock->parent == n->parent &&
		    are_day_and_clock(d->words, e->k->columns[i].words) &&
		    (clock->forms & EV_FORM_CLOCK) != 0 &&
		    clock->kinds[EV_STRING] == e->p->events && clock->n_empty == 0)
			return i;
	}
	return EV_NO_COLUMN;
}

/* What a column says where its values are no times as they stand. */
static const char *remark(const struct ev_tree_node *n, const char *jq)
{
	static const char *const units[] = {"seconds since 1970", "milliseconds since 1970",
					    "microseconds since 1970", "nanoseconds since 1970"};
	const struct ev_tree_numbers *t = n->numbers.n > 0 ? &n->numbers : &n->texts;

	if (jq[0] == '\0')
		return n->times + n->n_empty < ev_tree_values(n) - n->kinds[EV_NULL]
			       ? "the events in which it is no time are rejected"
			       : "";
	if ((n->forms & EV_FORM_DATE) != 0 && n->kinds[EV_NUMBER] == 0)
		return "days without a time";
	for (unsigned i = 0; i < 4 && strstr(jq, "todate") != NULL; i++)
		if ((t->epochs & 1U << i) != 0)
			return units[i];
	return "no date-times of RFC 3339 as they stand";
}

/* The expression, and a remark on it; optional: it is absent in some events. */
static const char *put_time(struct ev_envelope *e, size_t column, bool optional, struct ev_buf *out)
{
	const struct ev_key_column *c = &e->k->columns[column];
	const struct ev_tree_node *n = ev_envelope_node(e, column);
	struct ev_buf jq = {0};
	const char *said;

	ev_infer_time(n, c->words, &jq);
	said = remark(n, ev_buf_str(&jq));
	ev_buf_puts(out, c->jq);
	if (jq.len > 0 || n->n_empty > 0)
		ev_buf_puts(out, ev_infer_filter(n, optional));
	ev_buf_put(out, jq.p, jq.len);
	e->p->zone |= ev_tree_times(n)->naive;
	ev_buf_free(&jq);
	return said;
}

struct ev_said ev_envelope_said_time(struct ev_envelope *e, size_t column)
{
	struct ev_buf jq = {0};
	const char *said = put_time(e, column, e->k->columns[column].absent > 0, &jq);

	return (struct ev_said){ev_infer_take(&jq), ev_envelope_seen(e, column, said)};
}

static void propose_day_and_clock(struct ev_envelope *e)
{
	const struct ev_tree_node *clock = ev_envelope_node(e, e->clock);
	struct ev_proposal *p = e->p;
	struct ev_buf jq = {0};

	ev_buf_printf(&jq, "%s + \"T\" + %s", e->k->columns[e->time].jq,
		      e->k->columns[e->clock].jq);
	ev_reading_jq(clock->steps, &jq);
	p->time = (struct ev_said){ev_infer_take(&jq),
				   ev_envelope_seen(e, e->time, "a day, and the clock beside it")};
	p->zone |= clock->by_reading.naive;
	p->time_name = "event_time";
	ev_infer_range(ev_envelope_node(e, e->time), &p->times);
	if (!clock->by_reading.naive) { /* in UTC it can be another day */
		p->times.first.sec -= 86400;
		p->times.last.sec += 86400;
	}
}

/* One member, or the first of several that is there. */
static void propose_times(struct ev_envelope *e, const struct choice *t)
{
	struct ev_proposal *p = e->p;
	const bool others = t->n > 1 || t->events < p->events;
	const char *said = "";
	struct ev_buf jq = {0};

	for (size_t i = 0; i < t->n; i++) {
		struct ev_buf one = {0};

		said = put_time(e, t->columns[i], others, &one);
		ev_buf_puts(&jq, i > 0 ? " // " : "");
		ev_buf_printf(&jq, strchr(ev_buf_str(&one), '|') != NULL && others ? "(%s)" : "%s",
			      ev_buf_str(&one));
		ev_buf_free(&one);
		ev_infer_range(ev_envelope_node(e, t->columns[i]), &p->times);
	}
	if (t->events < p->events) {
		ev_buf_puts(&jq, " // " NO_TIME);
		said = said[0] != '\0' ? said : OTHERS;
	}
	p->time.jq = ev_infer_take(&jq);
	if (t->n > 1) {
		p->time.why = ev_infer_text("one in each type of event%s",
					    t->events < p->events ? "; " OTHERS : "");
		p->time_name = "event_time";
		return;
	}
	p->time.why = ev_envelope_seen(e, e->time, said);
	p->time_node = ev_envelope_node(e, e->time);
	p->time_name = p->time_node->name;
}

void ev_envelope_time(struct ev_envelope *e)
{
	struct choice t = {.n = 0};

	choose(e, &t);
	if (t.n == 0) {
		e->p->time = (struct ev_said){
			ev_strdup(NO_TIME),
			ev_strdup("no member near the top is a time in every event: name one")};
		return;
	}
	e->time = t.columns[0];
	if (t.n == 1)
		e->clock = clock_of(e, e->time);
	if (e->clock != EV_NO_COLUMN)
		propose_day_and_clock(e);
	else
		propose_times(e, &t);
}

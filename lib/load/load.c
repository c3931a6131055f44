#include "load/load.h"
#include "base/compiler.h"
#include "number/decimal.h"
#include "record/event.h"
#include "warehouse/column.h"
#include "warehouse/value.h"
#include "json/plan.h"

#include <stdlib.h>

struct entry {
	char *batch, *balance, *offsets;
	char digest[33];
	uint64_t rows;
};

/* What `_ev` says of a row. */
enum what { TABLE, OP, OWNER, FIRST, FROM, DAYS, WHATS };
static const char *const whats[WHATS] = {"table", "op", "owner", "first", "from", "days"};

/* The rows of one table. */
struct rows {
	struct ev_load *l;
	const struct ev_table *table;
	uint32_t *symbols;     /* of its columns' names */
	struct ev_plans plans; /* a plan: a struct ev_check for each column but a fact's owner */
};

struct ev_load {
	const struct ev_model *m;
	const struct ev_tables *tables;
	struct ev_target *target;
	bool snapshot, may_be_empty, sealed;
	bool eventful; /* a line has been seen, and only an event brings one */
	struct ev_events *events;
	struct ev_reasons why;
	struct ev_buf value, text, owner;
	uint32_t whats[WHATS];	     /* the symbols of what "_ev" says */
	struct ev_plans reserved;    /* a plan: the nodes of what "_ev" says */
	struct rows *rows_of;	     /* one a table */
	const struct ev_table *last; /* the table of the row before */
	/* of the row at hand, where there is no plan */
	uint32_t at[WHATS];
	struct ev_check *checks;
	struct ev_cell *cells;
	char *stores; /* EV_VALUE_STORE bytes a cell */

	bool open; /* a transaction */
	struct ev_standing standing;
	size_t n_begun;
	bool by_position; /* sections out of a state; all are, or none */
	char model[33];	  /* the digest of the model */
	struct ev_loaded did;
	const struct ev_offsets *offsets;
	struct ev_buf loaded; /* offsets, and what the ledger has besides, as JSON; or empty */
	bool further;	      /* than the ledger says */

	/* the batch at hand */
	char *batch;
	struct ev_point to; /* out of a state: the position that it leads to */
	bool whole;	    /* and that it shows all of it */
	bool known;	    /* the ledger has it */
	char known_digest[33];
	struct ev_error conflict; /* the first row that was there already */
	bool conflicting;
	uint64_t lines, rows; /* the latter without those that are to delete */

	struct entry *entries;
	size_t n_entries;
	uint64_t n_row, n_delete, n_skipped;
	struct ev_count counts[4];
};

/* Finds what "_ev" says, into l->at. */
static void find_reserved(struct ev_load *l, const struct ev_doc *d)
{
	uint32_t object = ev_member(d, 0, "_ev", 3);

	for (int k = 0; k < WHATS; k++)
		l->at[k] = EV_NOWHERE;
	if (object == EV_NOWHERE || ev_kind(d, object) != EV_OBJECT)
		return;
	for (uint32_t i = ev_first(d, object); i < ev_end(d, object); i = ev_next(d, i + 1))
		for (int k = 0; k < WHATS; k++)
			if (d->nodes[i].count == l->whats[k])
				l->at[k] = i + 1;
}

static void *compile_reserved(void *client, const struct ev_doc *d)
{
	struct ev_load *l = client;
	uint32_t *at = ev_plan_alloc(d, sizeof l->at);

	find_reserved(l, d);
	return at != NULL ? memcpy(at, l->at, sizeof l->at) : NULL;
}

static void print_reserved(const void *client, const void *plan, const struct ev_doc *d,
			   struct ev_buf *out)
{
	const uint32_t *at = plan;

	(void)client;
	for (int k = 0; k < WHATS; k++)
		ev_plan_line(out, whats[k], d, at[k], NULL);
}

static const struct ev_plan_kind reserved_kind = {"_ev", compile_reserved, print_reserved};

/* The member of that name; rows come in the table's order, so `hint` is tried first. */
static uint32_t row_member(const struct ev_doc *d, uint32_t symbol, uint32_t *hint)
{
	uint32_t at = *hint, end = ev_end(d, 0);

	if (at >= end || d->nodes[at].count != symbol) {
		at = ev_first(d, 0);
		while (at < end && d->nodes[at].count != symbol)
			at = ev_next(d, at + 1);
		if (at >= end)
			return EV_NOWHERE;
	}
	*hint = ev_next(d, at + 1);
	return at + 1;
}

/* A fact's owner is read by itself. */
static size_t first_column(const struct ev_table *t)
{
	return t->fact != NULL;
}

/* Finds the columns of a row, into l->checks. */
static void find_columns(const struct rows *r, const struct ev_doc *d)
{
	const struct ev_table *t = r->table;
	struct ev_check *check = r->l->checks;
	uint32_t hint = ev_first(d, 0);

	for (size_t i = first_column(t); i < t->n; i++, check++) {
		uint32_t node = row_member(d, r->symbols[i], &hint);

		if (node != EV_NOWHERE)
			*check = ev_check_of(&t->columns[i], d, node);
		else
			*check = (struct ev_check){.column = &t->columns[i], .node = node};
	}
}

static void *compile_rows(void *client, const struct ev_doc *d)
{
	const struct rows *r = client;
	size_t size = r->table->n * sizeof *r->l->checks;
	struct ev_check *checks = ev_plan_alloc(d, size);

	find_columns(r, d);
	return checks != NULL ? memcpy(checks, r->l->checks, size) : NULL;
}

static void print_rows(const void *client, const void *plan, const struct ev_doc *d,
		       struct ev_buf *out)
{
	const struct rows *r = client;
	const struct ev_check *check = plan;

	for (size_t i = first_column(r->table); i < r->table->n; i++, check++)
		ev_plan_line(out, ev_check_name(check), d, check->node, check->column->name);
}

static const struct ev_plan_kind rows_kind = {"columns", compile_rows, print_rows};

/* Names are found by the numbers that the scanner gives them. */
static void want_names(struct ev_load *l)
{
	struct ev_symbols *names = ev_scan_symbols(ev_events_scan(l->events));

	for (size_t i = 0; i < WHATS; i++)
		l->whats[i] = ev_symbols_add(names, whats[i], strlen(whats[i]));
	l->rows_of = ev_calloc(l->tables->n, sizeof *l->rows_of);
	for (size_t i = 0; i < l->tables->n; i++) {
		struct rows *r = &l->rows_of[i];
		const struct ev_table *t = &l->tables->list[i];

		*r = (struct rows){l, t, ev_calloc(t->n, sizeof *r->symbols),
				   EV_PLANS(&rows_kind, r)};
		for (size_t k = 0; k < t->n; k++)
			r->symbols[k] = ev_symbols_add(names, t->columns[k].name,
						       strlen(t->columns[k].name));
	}
	l->reserved = EV_PLANS(&reserved_kind, l);
}

struct ev_load *ev_load_open(const struct ev_model *m, const struct ev_tables *tables,
			     struct ev_target *target, bool snapshot, bool empty, bool sealed)
{
	struct ev_load *l = ev_calloc(1, sizeof *l);
	size_t most = 0;

	l->m = m;
	l->tables = tables;
	l->target = target;
	l->snapshot = snapshot;
	l->may_be_empty = empty;
	l->sealed = sealed;
	l->events = ev_events_new(m, EV_READ_TEXT, EV_TRUST_PIPE);
	want_names(l);
	for (size_t i = 0; i < tables->n; i++)
		if (tables->list[i].n > most)
			most = tables->list[i].n;
	l->cells = ev_calloc(most, sizeof *l->cells);
	l->checks = ev_calloc(most, sizeof *l->checks);
	l->stores = ev_calloc(most, EV_VALUE_STORE);
	l->counts[0] = (struct ev_count){"row", &l->n_row, true, false};
	l->counts[1] = (struct ev_count){"delete", &l->n_delete, true, false};
	l->counts[2] = (struct ev_count){"skipped", &l->n_skipped, true, false};
	ev_model_digest(m, EV_PART_ALL, l->model);
	return l;
}

void ev_load_free(struct ev_load **load)
{
	struct ev_load *l = *load;

	if (l == NULL)
		return;
	ev_events_free(&l->events);
	ev_reasons_free(&l->why);
	ev_buf_free(&l->value);
	ev_buf_free(&l->text);
	ev_buf_free(&l->owner);
	ev_buf_free(&l->loaded);
	free(l->cells);
	free(l->stores);
	for (size_t i = 0; i < l->tables->n; i++)
		free(l->rows_of[i].symbols);
	free(l->rows_of);
	free(l->checks);
	free(l->batch);
	for (size_t i = 0; i < l->n_entries; i++) {
		free(l->entries[i].batch);
		free(l->entries[i].balance);
		free(l->entries[i].offsets);
	}
	free(l->entries);
	free(l);
	*load = NULL;
}

const struct ev_count *ev_load_counts(const struct ev_load *l)
{
	return l->counts;
}

bool ev_load_is_eventful(const struct ev_load *l)
{
	return l->eventful;
}

/* Sections out of a state */

static enum ev_status check_standing(const struct ev_load *l, const struct ev_span *span,
				     struct ev_error *err)
{
	const struct ev_standing *s = &l->standing;
	const char *name = l->target->name, *environment = l->target->environment;

	if (l->target->ops->show != NULL && l->n_begun > 1)
		return ev_fail(err,
			       "%s: a bundle is of one section, and more come: give each a folder "
			       "of its own, or have evversion --since show all in one",
			       name);
	if (l->target->ops->show == NULL && !l->target->keeps && (span->from > 0 || l->n_begun > 1))
		return ev_fail(
			err,
			"%s keeps no position, so it takes one section alone, which shows all of "
			"a state: evversion --since 0",
			name);
	if (span->from > 0 && !s->fresh && !s->follows)
		return ev_fail(
			err,
			"%s was loaded without a state, so it stands at no position of one: "
			"evversion --since 0 puts all of a state in the place of what is there",
			name);
	if (span->from > s->at.number && (s->fresh || strcmp(s->at.store, span->to.store) == 0))
		return ev_fail(
			err,
			"%s stands at commit %llu, and this shows only what came behind commit "
			"%llu: run the same line with evversion --since \"$(evload "
			"%s%s%s--position %s)\"",
			name, (unsigned long long)s->at.number, (unsigned long long)span->from,
			environment != NULL ? "-e " : "", environment != NULL ? environment : "",
			environment != NULL ? " " : "", name);
	if (ev_span_check(span, &s->at, l->model, name, err) != EV_OK)
		return EV_FATAL;
	if (span->from > 0 && s->follows && strcmp(s->model, l->model) != 0)
		return ev_fail(
			err,
			"%s was loaded by another model: evversion --since 0 takes the new one",
			name);
	return EV_OK;
}

/* Whatever is deleted for one that stands anywhere in the section is deleted for its end. */
static void stand_anywhere(struct ev_load *l, const struct ev_span *span)
{
	l->standing = (struct ev_standing){.follows = true, .at = span->to};
	memcpy(l->standing.model, l->model, sizeof l->model);
}

static enum ev_status begin_span(struct ev_load *l, const struct ev_span *span,
				 struct ev_error *err)
{
	if (l->snapshot)
		return ev_fail(err,
			       "the input comes out of a state, and a snapshot is of input without "
			       "one: leave out --snapshot; evversion --since 0 shows all");
	if (l->target->ops->show != NULL)
		stand_anywhere(l, span);
	if (check_standing(l, span, err) != EV_OK)
		return EV_FATAL;
	l->to = span->to;
	l->whole = span->from == 0;
	if (l->target->ops->show != NULL)
		return l->target->ops->show(l->target, span, err);
	if (l->whole)
		return l->target->ops->clear(l->target, err);
	l->known = l->standing.at.number == l->to.number;
	return EV_OK;
}

/* A batch without a state */

static enum ev_status begin_batch(struct ev_load *l, struct ev_error *err)
{
	if (l->snapshot) /* of all sections */
		return l->n_begun == 1 ? l->target->ops->clear(l->target, err) : EV_OK;
	if (l->may_be_empty)
		return ev_fail(err,
			       "--empty goes with --snapshot, or with what shows all of a state");
	if (l->standing.follows)
		return ev_fail(
			err,
			"%s follows the state %s, and what comes without one cannot be added to "
			"that: load what comes out of it, or a snapshot of all days",
			l->target->name, l->standing.at.store);
	if (l->batch == NULL)
		return EV_OK;
	return l->target->ops->known(l->target, l->batch, &l->known, l->known_digest, err);
}

enum ev_status ev_load_begin(struct ev_load *l, const char *batch, const struct ev_span *span,
			     struct ev_error *err)
{
	free(l->batch);
	l->batch = batch != NULL ? ev_strdup(batch) : NULL;
	l->known = l->conflicting = false;
	l->lines = l->rows = 0;
	if (l->n_begun++ > 0 && l->by_position != (span != NULL))
		return ev_fail(err,
			       "the input has sections that come out of a state and others that do "
			       "not: load them one by one");
	l->by_position = span != NULL;
	if (!l->open && l->target->ops->begin(l->target, &l->standing, err) != EV_OK)
		return EV_FATAL;
	l->open = true;
	return span != NULL ? begin_span(l, span, err) : begin_batch(l, err);
}

static enum ev_status broken(const struct ev_record *rec, struct ev_error *err, const char *fmt,
			     ...) EV_PRINTF(3, 4);

static enum ev_status broken(const struct ev_record *rec, struct ev_error *err, const char *fmt,
			     ...)
{
	struct ev_error what;
	va_list ap;

	va_start(ap, fmt);
	ev_vfail(&what, fmt, ap);
	va_end(ap);
	return ev_fail(err, "%s:%llu: %s: give evload what evstar wrote by the same model",
		       rec->source, (unsigned long long)rec->line, what.text);
}

/* NULL if it is no string. */
static const char *text_at(struct ev_load *l, const struct ev_doc *d, uint32_t at, size_t *len)
{
	if (at == EV_NOWHERE || ev_kind(d, at) != EV_STRING)
		return NULL;
	return ev_string(d, at, &l->value, len);
}

/* A line's owner: of a fact, an event's id; of a dimension, a key. False if it is none. */
static bool owner_at(struct ev_load *l, const struct ev_doc *d, uint32_t at, bool key,
		     struct ev_cell *owner)
{
	size_t len;
	const char *p;

	if (at == EV_NOWHERE || ev_kind(d, at) != EV_STRING)
		return false;
	p = ev_string(d, at, &l->owner, &len);
	*owner = (struct ev_cell){p, len, false, p != l->owner.p};
	if (!owner->plain) {
		ev_buf_room(&l->owner, EV_COPY_OVER);
		owner->p = l->owner.p;
	}
	if (key)
		return len == EV_KEY_TEXT && ev_key_is(owner->p);
	return len > 0 && len <= EV_ID_MAX && (owner->plain || memchr(owner->p, '\0', len) == NULL);
}

/* The table of that name, or NULL; most rows are of the table of the row before. */
static const struct ev_table *table_at(struct ev_load *l, const char *name, size_t len)
{
	const struct ev_table *t = l->last;

	if (t == NULL || t->name_len != len || !ev_same(t->name, name, len)) {
		t = ev_tables_find(l->tables, name, len);
		l->last = t;
	}
	return t;
}

/* The text of a value that is not null. It lies where the value does, or in l->text. */
static inline struct ev_cell cell_of(struct ev_load *l, const struct ev_column *c,
				     const struct ev_value *v)
{
	size_t from = l->text.len;

	if (c->type == EV_TYPE_JSON)
		return (struct ev_cell){v->p, v->len, false, false};
	if (v->p[0] != '"')
		return (struct ev_cell){v->p, v->len, false, true};
	if (!v->escaped)
		return (struct ev_cell){v->p + 1, v->len - 2, false, true};
	ev_json_unescape(v->p + 1, v->len - 2, &l->text);
	return (struct ev_cell){l->text.p + from, l->text.len - from, false, false};
}

/*
 * What the target says of a row. The first one that was there already ends the load; those behind
 * it are only counted.
 */
static enum ev_status judge(struct ev_load *l, enum ev_status st, const struct ev_row *there)
{
	const struct ev_cell *owner;
	unsigned long long line;
	const char *name;
	int len;

	if (st != EV_REJECT)
		return st;
	owner = &there->cells[0];
	line = there->line;
	name = there->table->name;
	len = (int)owner->len;
	l->conflicting = true;
	if (l->snapshot || l->whole)
		ev_fail(&l->conflict,
			"%s:%llu: this row of table %s, owner %.*s, stands in the input before: "
			"versions of one event go through evversion before evstar, and all days "
			"through one evstar",
			there->source, line, name, len, owner->p);
	else if (l->by_position)
		ev_fail(&l->conflict,
			"%s:%llu: table %s holds rows of the owner %.*s that it has not at its "
			"position, so other hands put them there: evversion --since 0 puts all of "
			"the state in the place of what is there",
			there->source, line, name, len, owner->p);
	else
		ev_fail(&l->conflict,
			"%s:%llu: table %s holds rows of the owner %.*s already, and this load "
			"only adds: what changes them is a load with a state, or a snapshot of "
			"all days",
			there->source, line, name, len, owner->p);
	return EV_OK;
}

static enum ev_status insert(struct ev_load *l, const struct ev_record *rec, const struct ev_doc *d,
			     const struct ev_table *t, const struct ev_cell *owner,
			     struct ev_error *err)
{
	struct rows *r = &l->rows_of[t - l->tables->list];
	const struct ev_check *check = ev_plan_of(&r->plans, d);
	struct ev_cell *cell = l->cells, *end = cell + t->n;
	char *store = l->stores;
	struct ev_row row = {t, l->cells, rec->source, rec->line}, there;
	static const char null[1 + EV_COPY_OVER];
	const char *problem;
	size_t len;

	if (d->nodes[0].count != t->n + (t->dimension != NULL))
		return broken(rec, err, "a row of %s has %u members where the model has %zu",
			      t->name, (unsigned)d->nodes[0].count - 1, t->n - (t->fact != NULL));
	ev_buf_reset(&l->text);
	/* No text is longer than its JSON, so cells stay where they are put. */
	ev_buf_room(&l->text, d->len + EV_COPY_OVER);
	if (t->fact != NULL)
		*cell++ = *owner;
	if (check == NULL) {
		find_columns(r, d);
		check = l->checks;
	}
	for (; cell < end; cell++, check++, store += EV_VALUE_STORE) {
		const struct ev_column *c = check->column;
		struct ev_value v;

		if (check->node == EV_NOWHERE)
			return broken(rec, err, "a row of %s lacks %s", t->name, c->name);
		v.p = ev_raw(d, check->node, &len);
		v.len = (uint32_t)len;
		v.escaped = false;
		if (ev_kind(d, check->node) == EV_NULL) {
			*cell = (struct ev_cell){null, 0, true, true};
			continue;
		}
		if (!ev_check_passes(check, d, d->nodes, d->text) &&
		    !ev_value_fast(c, d, check->node, store, &v) &&
		    (problem = ev_column_value(c, NULL, d, check->node, store, &v)) != NULL) {
			ev_reasons_reset(&l->why);
			ev_column_misfit(c, d, check->node, problem, &l->why);
			return broken(rec, err, "table %s, owner %.*s: %s", t->name,
				      (int)owner->len, owner->p, l->why.list[0].message);
		}
		*cell = cell_of(l, c, &v);
	}
	return judge(l, l->target->ops->insert(l->target, &row, &there, err), &there);
}

/* A whole number above zero; false if it is none. */
static bool number_at(const struct ev_doc *d, uint32_t at, uint64_t *out)
{
	struct ev_number n;
	int64_t v;

	if (at == EV_NOWHERE || ev_kind(d, at) != EV_NUMBER)
		return false;
	ev_number_read(d->text + d->nodes[at].pos, d->nodes[at].end - d->nodes[at].pos, &n);
	if (!ev_number_int64(&n, &v) || v < 1)
		return false;
	*out = (uint64_t)v;
	return true;
}

/* A date in quotes, which is one; false if it is none. */
static bool date_at(const struct ev_doc *d, uint32_t at, const char **date)
{
	struct ev_date unused;

	*date = d->text + d->nodes[at].pos + 1;
	return ev_kind(d, at) == EV_STRING &&
	       ev_date_parse(*date, d->nodes[at].end - d->nodes[at].pos - 2, &unused);
}

/* The days between which an owner's rows lie: two dates, the lesser first; or none are said. */
static bool days_at(const struct ev_doc *d, uint32_t at, struct ev_gone *gone)
{
	uint32_t i;

	gone->days[0] = NULL;
	if (at == EV_NOWHERE)
		return true;
	if (ev_kind(d, at) != EV_ARRAY || d->nodes[at].count != 2)
		return false;
	i = ev_first(d, at);
	return date_at(d, i, &gone->days[0]) && date_at(d, ev_next(d, i), &gone->days[1]) &&
	       memcmp(gone->days[0], gone->days[1], EV_DATE_TEXT) <= 0;
}

/* All rows of a member go; or an event's, out of all facts: of a history from a version on. */
static enum ev_status erase(struct ev_load *l, const struct ev_table *t,
			    const struct ev_cell *owner, const struct ev_gone *gone,
			    struct ev_error *err)
{
	const struct ev_target_ops *ops = l->target->ops;
	struct ev_row there;
	enum ev_status st = EV_OK;

	l->n_delete++;
	if (ops->gone != NULL)
		return ops->gone(l->target, t, owner, gone, err);
	if (t != NULL)
		return judge(l, ops->erase(l->target, t, owner, gone->from, &there, err), &there);
	for (size_t i = 0; i < l->tables->n && st == EV_OK; i++)
		if (l->tables->list[i].fact != NULL)
			st = judge(l,
				   ops->erase(l->target, &l->tables->list[i], owner, gone->from,
					      &there, err),
				   &there);
	return st;
}

/* Where nothing of the owner can be there, nothing is looked for. t: a dimension, or NULL. */
static enum ev_status take_delete(struct ev_load *l, const struct ev_record *rec,
				  const struct ev_doc *d, const uint32_t *at,
				  const struct ev_table *t, struct ev_error *err)
{
	struct ev_gone gone = {.first = 1, .from = 1};
	struct ev_cell owner;

	if (!owner_at(l, d, at[OWNER], t != NULL, &owner))
		return broken(rec, err, "the owner is no %s", t != NULL ? "key" : "event's id");
	if (l->by_position && t == NULL &&
	    (!number_at(d, at[FIRST], &gone.first) || !number_at(d, at[FROM], &gone.from)))
		return broken(rec, err,
			      "owner %.*s: what is to be deleted says neither since when nor "
			      "from which version on",
			      (int)owner.len, owner.p);
	if (l->by_position && t == NULL && !days_at(d, at[DAYS], &gone))
		return broken(rec, err,
			      "owner %.*s: the days of what is to be deleted are no two dates, "
			      "the lesser first",
			      (int)owner.len, owner.p);
	if (!l->by_position || l->whole || l->known || l->conflicting ||
	    gone.first > l->standing.at.number) {
		l->n_skipped++;
		return EV_OK;
	}
	return erase(l, t, &owner, &gone, err);
}

static enum ev_status take_row(struct ev_load *l, const struct ev_record *rec,
			       const struct ev_doc *d, const uint32_t *at, const struct ev_table *t,
			       struct ev_error *err)
{
	struct ev_cell owner;

	if (!owner_at(l, d, at[OWNER], t->fact == NULL, &owner))
		return broken(rec, err, "the row's owner is no %s",
			      t->fact == NULL ? "key" : "event's id");
	if (l->known || l->conflicting) {
		l->n_skipped++;
		return EV_OK;
	}
	l->n_row++;
	return insert(l, rec, d, t, &owner, err);
}

/*
 * What evstar --map contributed is no row. Only the counts of the seals say whether all of it came
 * through evstar --reduce.
 */
static enum ev_status take_contribution(struct ev_load *l, const struct ev_record *rec,
					struct ev_error *err)
{
	if (!l->sealed)
		return ev_fail(err,
			       "%s:%llu: this is a contribution to a member, and no row: evstar "
			       "--reduce makes rows of it",
			       rec->source, (unsigned long long)rec->line);
	l->n_skipped++;
	return EV_OK;
}

/* Whether the text is that; NULL is none. */
static bool is_text(const char *p, size_t len, const char *text)
{
	return p != NULL && len == strlen(text) && memcmp(p, text, len) == 0;
}

enum ev_status ev_load_step(struct ev_load *l, const struct ev_record *rec, struct ev_error *err)
{
	const struct ev_table *t = NULL;
	struct ev_event event;
	const uint32_t *at;
	const char *p;
	size_t len;
	bool delete;

	if (ev_events_read(l->events, rec, &event, &l->why) != EV_OK)
		return broken(rec, err, "%s", l->why.list[0].message);
	at = ev_plan_of(&l->reserved, event.doc);
	if (at == NULL) {
		find_reserved(l, event.doc);
		at = l->at;
	}
	p = text_at(l, event.doc, at[OP], &len);
	delete = is_text(p, len, "delete");
	if (is_text(p, len, "contribute"))
		return take_contribution(l, rec, err);
	if (!delete &&!is_text(p, len, "insert"))
		return broken(rec, err, "this is no row: its op is neither insert nor delete");
	if ((p = text_at(l, event.doc, at[TABLE], &len)) == NULL) {
		if (!delete || at[TABLE] != EV_NOWHERE)
			return broken(rec, err, "this is no row: it names no table");
	} else if ((t = table_at(l, p, len)) == NULL) {
		return broken(rec, err, "the model has no table %.*s", (int)(len < 127 ? len : 127),
			      p);
	}
	if (delete &&t != NULL && t->fact != NULL)
		return broken(rec, err,
			      "rows of events are deleted from all facts at once, not from %s",
			      t->name);
	l->lines++;
	l->rows += !delete;
	l->eventful = true;
	return delete ? take_delete(l, rec, event.doc, at, t, err)
		      : take_row(l, rec, event.doc, at, t, err);
}

/*
 * A section that is given twice would double its rows where no primary key is in the way. Empty
 * ones without a name look alike, and do no harm.
 */
static enum ev_status check_once(const struct ev_load *l, struct ev_error *err)
{
	for (size_t i = 0; i < l->n_entries && l->lines > 0; i++)
		if (strcmp(l->entries[i].batch, l->batch) == 0)
			return ev_fail(err,
				       "batch %s stands twice in the input: give each section once",
				       l->batch);
	return EV_OK;
}

static enum ev_status keep_entry(struct ev_load *l, const char *digest, const char *balance)
{
	struct entry *e;

	l->entries = ev_realloc_array(l->entries, l->n_entries + 1, sizeof *l->entries);
	e = &l->entries[l->n_entries++];
	*e = (struct entry){
		.batch = ev_strdup(l->batch), .balance = ev_strdup(balance), .rows = l->rows};
	if (l->loaded.len > 0)
		e->offsets = ev_strdup(ev_buf_str(&l->loaded));
	memcpy(e->digest, digest, sizeof e->digest);
	return EV_OK;
}

static enum ev_status no_event(const char *what, struct ev_error *err)
{
	return ev_fail(
		err,
		"the input has no event, and %s of none would leave no row of what was loaded: "
		"see what the programs before this one said; if it is meant, say --empty",
		what);
}

void ev_load_keep_offsets(struct ev_load *l, const struct ev_offsets *offsets)
{
	l->offsets = offsets;
}

/* How far topics are loaded with this batch. */
static enum ev_status find_offsets(struct ev_load *l, struct ev_error *err)
{
	const struct ev_target_ops *ops = l->target->ops;
	struct ev_offsets all = {0};
	enum ev_status st = EV_OK;

	ev_buf_reset(&l->loaded);
	l->further = false;
	if (l->offsets == NULL || l->offsets->n == 0)
		return EV_OK;
	if (ops->offsets != NULL)
		st = ops->offsets(l->target, &all, err);
	l->further = !ev_offsets_hold(&all, l->offsets);
	ev_offsets_add(&all, l->offsets);
	ev_offsets_write(&all, &l->loaded);
	ev_offsets_free(&all);
	return st;
}

/*
 * What came out of a state is committed there and then; also where it has brought nothing new but
 * that topics were read further.
 */
static enum ev_status end_span(struct ev_load *l, const char *digest, const char *balance,
			       struct ev_error *err)
{
	const struct ev_target_ops *ops = l->target->ops;
	char position[EV_STORE_POSITION];
	uint64_t batches = 0, rows = 0;
	struct ev_ledger_entry e = {.batch = l->batch,
				    .digest = digest,
				    .mode = l->whole ? "whole" : "changes",
				    .rows = l->known ? 0 : l->rows,
				    .balance = balance,
				    .position = position,
				    .model = l->model};

	if (l->loaded.len > 0)
		e.offsets = ev_buf_str(&l->loaded);
	if (l->known && !l->further) {
		ops->abandon(l->target);
		l->open = false;
		return EV_OK;
	}
	ev_point_write(&l->to, position);
	if (l->whole && ops->live(l->target, &batches, &rows, err) != EV_OK)
		return EV_FATAL;
	if (l->rows == 0 && rows > 0 && l->whole && !l->may_be_empty)
		return no_event("all of a state", err);
	if (ops->enter(l->target, &e, err) != EV_OK || ops->commit(l->target, err) != EV_OK)
		return EV_FATAL;
	l->open = false;
	l->did.done = true;
	if (batches > 0)
		l->did = (struct ev_loaded){true, batches, rows, true};
	return EV_OK;
}

enum ev_status ev_load_end(struct ev_load *l, const char *batch, const char *digest,
			   const char *balance, struct ev_error *err)
{
	struct ev_row there;

	if (l->batch == NULL) {
		l->batch = ev_strdup(batch != NULL ? batch : digest);
		if (!l->snapshot && !l->by_position &&
		    l->target->ops->known(l->target, l->batch, &l->known, l->known_digest, err) !=
			    EV_OK)
			return EV_FATAL;
	}
	if (l->known && !l->by_position) {
		if (memcmp(l->known_digest, digest, 32) == 0)
			return EV_OK;
		return ev_fail(err,
			       "batch %s was loaded before with other content: give it another "
			       "name, or load a snapshot of all days",
			       l->batch);
	}
	if (judge(l, l->target->ops->flush(l->target, &there, err), &there) != EV_OK)
		return EV_FATAL;
	if (l->conflicting) {
		*err = l->conflict;
		return EV_FATAL;
	}
	if (find_offsets(l, err) != EV_OK)
		return EV_FATAL;
	if (l->by_position)
		return end_span(l, digest, balance, err);
	return check_once(l, err) == EV_OK ? keep_entry(l, digest, balance) : EV_FATAL;
}

/* The first batch of a snapshot replaces all that was there; those after it are added. */
static struct ev_ledger_entry entry_of(const struct ev_load *l, size_t i)
{
	const struct entry *e = &l->entries[i];

	return (struct ev_ledger_entry){.batch = e->batch,
					.digest = e->digest,
					.mode = l->snapshot && i == 0 ? "snapshot" : "insert",
					.rows = e->rows,
					.balance = e->balance,
					.offsets = e->offsets};
}

static enum ev_status commit_batches(struct ev_load *l, struct ev_loaded *what,
				     struct ev_error *err)
{
	const struct ev_target_ops *ops = l->target->ops;
	struct ev_ledger_entry *all;
	enum ev_status st = EV_OK;
	bool same = false;

	if (l->snapshot && !l->eventful && !l->may_be_empty)
		return no_event("a snapshot", err);
	all = ev_calloc(l->n_entries, sizeof *all);
	for (size_t i = 0; i < l->n_entries; i++)
		all[i] = entry_of(l, i);
	if (l->snapshot)
		st = ops->newest(l->target, all, l->n_entries, &same, err);
	what->done = l->n_entries > 0 && !same;
	if (st == EV_OK && what->done && l->snapshot)
		st = ops->live(l->target, &what->replaced_batches, &what->replaced_rows, err);
	for (size_t i = 0; i < l->n_entries && st == EV_OK && what->done; i++)
		st = ops->enter(l->target, &all[i], err);
	if (st == EV_OK && what->done)
		st = ops->commit(l->target, err);
	free(all);
	return st;
}

enum ev_status ev_load_commit(struct ev_load *l, struct ev_loaded *what, struct ev_error *err)
{
	*what = l->did;
	return l->by_position ? EV_OK : commit_batches(l, what, err);
}

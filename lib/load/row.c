/*
 * Rows, as evstar writes them: what each says, and how it comes into its table.
 */
#include "base/compiler.h"
#include "load/internal.h"
#include "number/decimal.h"
#include "warehouse/column.h"

#include <stdlib.h>

static const char *const whats[EV_LOAD_WHATS] = {"table", "op", "owner", "first", "from", "days"};

/* How rows of one table are read. */
struct ev_load_table {
	struct ev_load *l;
	const struct ev_table *table;
	uint32_t *symbols;     /* of its columns' names */
	struct ev_plans plans; /* a plan: a struct ev_check for each column but a fact's owner */
};

/* Finds what "_ev" says, into l->at. */
static void find_reserved(struct ev_load *l, const struct ev_doc *d)
{
	uint32_t object = ev_member(d, 0, "_ev", 3);

	for (int k = 0; k < EV_LOAD_WHATS; k++)
		l->at[k] = EV_NOWHERE;
	if (object == EV_NOWHERE || ev_kind(d, object) != EV_OBJECT)
		return;
	for (uint32_t i = ev_first(d, object); i < ev_end(d, object); i = ev_next(d, i + 1))
		for (int k = 0; k < EV_LOAD_WHATS; k++)
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
	for (int k = 0; k < EV_LOAD_WHATS; k++)
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
static void find_columns(const struct ev_load_table *r, const struct ev_doc *d)
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
	const struct ev_load_table *r = client;
	size_t size = r->table->n * sizeof *r->l->checks;
	struct ev_check *checks = ev_plan_alloc(d, size);

	find_columns(r, d);
	return checks != NULL ? memcpy(checks, r->l->checks, size) : NULL;
}

static void print_rows(const void *client, const void *plan, const struct ev_doc *d,
		       struct ev_buf *out)
{
	const struct ev_load_table *r = client;
	const struct ev_check *check = plan;

	for (size_t i = first_column(r->table); i < r->table->n; i++, check++)
		ev_plan_line(out, ev_check_name(check), d, check->node, check->column->name);
}

static const struct ev_plan_kind rows_kind = {"columns", compile_rows, print_rows};

/* Names are found by the numbers that the scanner gives them. */
static void want_names(struct ev_load *l)
{
	struct ev_symbols *names = ev_scan_symbols(ev_events_scan(l->events));

	for (size_t i = 0; i < EV_LOAD_WHATS; i++)
		l->whats[i] = ev_symbols_add(names, whats[i], strlen(whats[i]));
	l->by_table = ev_calloc(l->tables->n, sizeof *l->by_table);
	for (size_t i = 0; i < l->tables->n; i++) {
		struct ev_load_table *r = &l->by_table[i];
		const struct ev_table *t = &l->tables->list[i];

		*r = (struct ev_load_table){l, t, ev_calloc(t->n, sizeof *r->symbols),
					    EV_PLANS(&rows_kind, r)};
		for (size_t k = 0; k < t->n; k++)
			r->symbols[k] = ev_symbols_add(names, t->columns[k].name,
						       strlen(t->columns[k].name));
	}
	l->reserved = EV_PLANS(&reserved_kind, l);
}

void ev_load_open_rows(struct ev_load *l, const struct ev_model *m)
{
	size_t most = 0;

	l->events = ev_events_new(m, EV_READ_TEXT, EV_TRUST_PIPE);
	want_names(l);
	for (size_t i = 0; i < l->tables->n; i++)
		if (l->tables->list[i].n > most)
			most = l->tables->list[i].n;
	l->cells = ev_calloc(most, sizeof *l->cells);
	l->checks = ev_calloc(most, sizeof *l->checks);
	l->stores = ev_calloc(most, EV_VALUE_STORE);
}

void ev_load_free_rows(struct ev_load *l)
{
	ev_events_free(&l->events);
	ev_reasons_free(&l->why);
	ev_buf_free(&l->value);
	ev_buf_free(&l->text);
	ev_buf_free(&l->owner);
	for (size_t i = 0; i < l->tables->n; i++)
		free(l->by_table[i].symbols);
	free(l->by_table);
	free(l->checks);
	free(l->cells);
	free(l->stores);
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

enum ev_status ev_load_judge(struct ev_load *l, enum ev_status st, const struct ev_row *there)
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
	struct ev_load_table *r = &l->by_table[t - l->tables->list];
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
	return ev_load_judge(l, l->target->ops->insert(l->target, &row, &there, err), &there);
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
		return ev_load_judge(l, ops->erase(l->target, t, owner, gone->from, &there, err),
				     &there);
	for (size_t i = 0; i < l->tables->n && st == EV_OK; i++)
		if (l->tables->list[i].fact != NULL)
			st = ev_load_judge(l,
					   ops->erase(l->target, &l->tables->list[i], owner,
						      gone->from, &there, err),
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

	if (!owner_at(l, d, at[EV_LOAD_OWNER], t != NULL, &owner))
		return broken(rec, err, "the owner is no %s", t != NULL ? "key" : "event's id");
	if (l->by_position && t == NULL &&
	    (!number_at(d, at[EV_LOAD_FIRST], &gone.first) ||
	     !number_at(d, at[EV_LOAD_FROM], &gone.from)))
		return broken(rec, err,
			      "owner %.*s: what is to be deleted says neither since when nor "
			      "from which version on",
			      (int)owner.len, owner.p);
	if (l->by_position && t == NULL && !days_at(d, at[EV_LOAD_DAYS], &gone))
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

	if (!owner_at(l, d, at[EV_LOAD_OWNER], t->fact == NULL, &owner))
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
	p = text_at(l, event.doc, at[EV_LOAD_OP], &len);
	delete = is_text(p, len, "delete");
	if (is_text(p, len, "contribute"))
		return take_contribution(l, rec, err);
	if (!delete &&!is_text(p, len, "insert"))
		return broken(rec, err, "this is no row: its op is neither insert nor delete");
	if ((p = text_at(l, event.doc, at[EV_LOAD_TABLE], &len)) == NULL) {
		if (!delete || at[EV_LOAD_TABLE] != EV_NOWHERE)
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

#include "engine/star.h"
#include "base/hash.h"
#include "engine/star_members.h"
#include "model/event.h"
#include "json/canon.h"
#include "json/form.h"

#include <stdlib.h>

/* A calendar's days outside its span, which get a row all the same. */
struct days {
	int64_t *list;
	size_t n, cap;
	int64_t from, to, last;
};

enum { RECENT = 4096, RECENT_VALUE = 64 };

/* A member that was met not long ago: events name the same ones again and again. */
struct recent {
	size_t len, member;
	char value[RECENT_VALUE];
	char key[EV_KEY_TEXT + 1];
};

/* What a version is to its rows. */
struct version {
	char row[EV_KEY_TEXT + 1];
	char event[EV_KEY_TEXT + 1];
	char valid_from[EV_TIME_TEXT + 2]; /* as JSON */
	const char *valid_to;		   /* as JSON */
	size_t valid_to_len;
	bool current, deleted;
	struct ev_stamp stamp;
};

struct ev_star {
	const struct ev_model *m;
	struct ev_port *port;
	struct ev_events *events;
	struct ev_reasons why;
	uint32_t reserved;	     /* "_ev" of the event at hand, or EV_NOWHERE */
	struct ev_members **members; /* one a dimension; NULL for a calendar */
	struct recent **recent;	     /* one table a dimension */
	uint64_t seed;
	struct days *days; /* one a dimension; used by calendars */
	struct ev_buf row, value, key, order, rows;
	struct ev_found found;
	bool any;
	uint64_t n_event, n_out;
	struct ev_count counts[3];
};

struct ev_star *ev_star_open(const struct ev_model *m, struct ev_port *port, struct ev_error *err)
{
	struct ev_star *s;

	if (m->n_facts == 0) {
		ev_fail(err, "%s: the model has no star: add star.facts, see evkit-model(5)",
			m->file);
		return NULL;
	}
	s = ev_calloc(1, sizeof *s);
	s->m = m;
	s->port = port;
	s->events = ev_events_new(m, EV_READ_ALL, EV_TRUST_PIPE);
	s->members = ev_calloc(m->n_dimensions, sizeof(struct ev_members *));
	s->recent = ev_calloc(m->n_dimensions, sizeof(struct recent *));
	s->seed = ev_hash_seed();
	s->days = ev_calloc(m->n_dimensions, sizeof *s->days);
	for (size_t i = 0; i < m->n_dimensions; i++) {
		const struct ev_calendar *c = m->dimensions[i].calendar;

		if (c == NULL) {
			s->members[i] = ev_members_new(&m->dimensions[i]);
			continue;
		}
		s->days[i] = (struct days){.from = ev_date_days(c->from),
					   .to = ev_date_days(c->to),
					   .last = INT64_MIN};
	}
	s->counts[0] = (struct ev_count){"event", &s->n_event, true, false};
	s->counts[1] = (struct ev_count){"out", &s->n_out, false, false};
	return s;
}

void ev_star_free(struct ev_star **star)
{
	struct ev_star *s = *star;

	if (s == NULL)
		return;
	for (size_t i = 0; i < s->m->n_dimensions; i++) {
		ev_members_free(&s->members[i]);
		free(s->days[i].list);
		free(s->recent[i]);
	}
	free(s->recent);
	free(s->members);
	free(s->days);
	ev_events_free(&s->events);
	ev_reasons_free(&s->why);
	ev_buf_free(&s->row);
	ev_buf_free(&s->value);
	ev_buf_free(&s->key);
	ev_buf_free(&s->order);
	ev_buf_free(&s->rows);
	free(s->found.at);
	free(s);
	*star = NULL;
}

const struct ev_count *ev_star_counts(const struct ev_star *s)
{
	return s->counts;
}

/* The version at hand */

static bool text_member(const struct ev_doc *d, uint32_t object, const char *name, size_t want,
			const char **p)
{
	uint32_t at = ev_member(d, object, name, strlen(name));

	if (at == EV_NOWHERE || ev_kind(d, at) != EV_STRING ||
	    d->nodes[at].end - d->nodes[at].pos != want + 2)
		return false;
	*p = d->text + d->nodes[at].pos + 1;
	return true;
}

static bool true_member(const struct ev_doc *d, uint32_t object, const char *name)
{
	uint32_t at = ev_member(d, object, name, strlen(name));

	return at != EV_NOWHERE && ev_kind(d, at) == EV_TRUE;
}

/* An event that no evversion has seen is its own only version. */
static void first_version(struct ev_star *s, const struct ev_event *event, struct version *v)
{
	const struct ev_path *also[] = {s->m->id};
	uint32_t skip[EV_MAX_SKIP];
	size_t n = ev_event_skip(s->m, event, also, 1, skip);

	ev_buf_reset(&s->value);
	ev_canonical(event->doc, 0, skip, n, &s->value);
	ev_key_version(event, &s->value, &s->key, v->row);
	v->valid_from[0] = v->valid_from[EV_TIME_TEXT + 1] = '"';
	ev_time_format(event->modified, v->valid_from + 1);
	v->stamp.time = event->modified;
	v->valid_to = "null";
	v->valid_to_len = 4;
	v->deleted = event->op == EV_DELETE;
	v->current = !v->deleted;
}

static bool read_version(struct ev_star *s, const struct ev_event *event, struct version *v)
{
	const struct ev_doc *d = event->doc;
	uint32_t at = event->reserved, to;
	const char *p;

	*v = (struct version){.valid_to = NULL};
	ev_key_event(event, &s->key, v->event);
	if (at == EV_NOWHERE || ev_member(d, at, "row", 3) == EV_NOWHERE) {
		first_version(s, event, v);
	} else {
		if (!text_member(d, at, "row", EV_KEY_TEXT, &p))
			return false;
		memcpy(v->row, p, EV_KEY_TEXT);
		if (!text_member(d, at, "valid_from", EV_TIME_TEXT, &p) ||
		    ev_time_parse(p, EV_TIME_TEXT, &v->stamp.time) != EV_TIME_ZONED)
			return false;
		memcpy(v->valid_from, p - 1, EV_TIME_TEXT + 2);
		to = ev_member(d, at, "valid_to", 8);
		if (to == EV_NOWHERE || (ev_kind(d, to) != EV_NULL &&
					 !text_member(d, at, "valid_to", EV_TIME_TEXT, &p)))
			return false;
		v->valid_to = ev_raw(d, to, &v->valid_to_len);
		v->current = true_member(d, at, "current");
		v->deleted = true_member(d, at, "deleted");
		if (!text_member(d, at, "op", 6, &p) || memcmp(p, "insert", 6) != 0)
			return false;
	}
	ev_buf_reset(&s->order);
	ev_version_order(d, event->version, &s->order);
	v->stamp.version = s->order.p;
	v->stamp.version_len = s->order.len;
	memcpy(v->stamp.row, v->row, EV_KEY_TEXT);
	return true;
}

/* Columns */

/*
 * Appends the column's value. `item` is the element or EV_NOWHERE, index its place. *present:
 * whether the event has the member at all, null or not. False if it does not fit.
 */
static bool column_value(struct ev_star *s, const struct ev_column *c, const struct ev_doc *d,
			 uint32_t item, size_t index, struct ev_buf *out, bool *present)
{
	uint32_t at;

	if (c->from->root == EV_ROOT_INDEX) {
		*present = true;
		ev_buf_u64(out, index);
		return true;
	}
	at = ev_path_get(c->from, d, c->from->root == EV_ROOT_ITEM ? item : 0);
	*present = at != EV_NOWHERE;
	if (at == 0 && c->type == EV_TYPE_JSON && s->reserved != EV_NOWHERE) {
		ev_event_write(d, s->reserved, NULL, 0, out); /* the event as it came */
		return true;
	}
	return ev_column_json(c, s->m->zone, d, at, out, &s->why);
}

static bool is_null(const char *json, size_t len)
{
	return len == 4 && memcmp(json, "null", 4) == 0;
}

static void add_day(struct days *days, int64_t day)
{
	if ((day >= days->from && day <= days->to) || day == days->last)
		return;
	days->last = day;
	ev_grow(&days->list, &days->cap, days->n + 1, sizeof *days->list);
	days->list[days->n++] = day;
}

/*
 * The key of the day in the calendar's zone, if it has one. json: a timestamp or a date of a row.
 */
static void calendar_key(struct ev_star *s, const struct ev_dimension *d, const struct ev_column *c,
			 const char *json, size_t len, char key[EV_KEY_TEXT + 1])
{
	struct ev_date date;
	struct ev_time t;
	int64_t day, local;

	if (c->type == EV_TYPE_DATE) {
		ev_date_parse(json + 1, len - 2, &date);
		day = ev_date_days(date);
	} else {
		ev_time_parse(json + 1, len - 2, &t);
		local = t.sec + ev_zone_offset(d->calendar->zone, t.sec);
		day = local / 86400 - (local % 86400 < 0);
	}
	if (!ev_time_in_range((struct ev_time){.sec = day * 86400}))
		return; /* the year 10000 where the zone is, say: no calendar has that day */
	add_day(&s->days[d - s->m->dimensions], day);
	ev_key_day(ev_date_of_days(day), &s->key, key);
}

/* Where a key's value may be remembered; NULL if it is too long, or one of several parts. */
static struct recent *recent_of(struct ev_star *s, const struct ev_dimension *d)
{
	struct recent **all = &s->recent[d - s->m->dimensions];

	if (d->n_keys > 1 || s->value.len > sizeof(*all)->value)
		return NULL;
	if (*all == NULL)
		*all = ev_calloc(RECENT, sizeof **all);
	return &(*all)[ev_hash64(s->value.p, s->value.len, s->seed) % RECENT];
}

/*
 * The key of the member that the event, or the element, has at the dimension's own key paths; or,
 * for a single key and a fact's column, of the value given. False if it is unknown: null in every
 * part.
 */
static bool member_key(struct ev_star *s, const struct ev_dimension *d, const struct ev_doc *doc,
		       uint32_t item, size_t index, const char *json, size_t len,
		       char key[EV_KEY_TEXT + 1], size_t *member)
{
	struct ev_members *members = s->members[d - s->m->dimensions];
	size_t starts[EV_KEY_PARTS + 1];
	bool known = false, present;
	struct recent *recent;

	ev_buf_reset(&s->value);
	for (size_t i = 0; i < d->n_keys; i++) {
		starts[i] = s->value.len;
		if (json != NULL)
			ev_buf_put(&s->value, json, len);
		else if (!column_value(s, &d->columns.list[d->keys[i]], doc, item, index, &s->value,
				       &present))
			return false;
		known |= !is_null(s->value.p + starts[i], s->value.len - starts[i]);
	}
	starts[d->n_keys] = s->value.len;
	if (!known)
		return false;
	recent = recent_of(s, d);
	if (recent != NULL && recent->len == s->value.len &&
	    memcmp(recent->value, s->value.p, s->value.len) == 0) {
		memcpy(key, recent->key, sizeof recent->key);
		*member = recent->member;
		return true;
	}
	ev_buf_reset(&s->key);
	for (size_t i = 0; i < d->n_keys; i++)
		ev_key_column(&s->key, &d->columns.list[d->keys[i]], s->value.p + starts[i],
			      starts[i + 1] - starts[i]);
	ev_key_make(&s->key, key);
	*member = ev_members_find(members, key);
	for (size_t i = 0; i < d->n_keys; i++)
		ev_members_set_key(members, *member, d->keys[i], s->value.p + starts[i],
				   starts[i + 1] - starts[i]);
	if (recent != NULL) {
		recent->len = s->value.len;
		memcpy(recent->value, s->value.p, s->value.len);
		memcpy(recent->key, key, sizeof recent->key);
		recent->member = *member;
	}
	return true;
}

/* Facts */

/* The key that column C of a fact refers to dimension D by. */
static void put_reference(struct ev_star *s, const struct ev_column *c, const struct ev_doc *doc,
			  uint32_t item, size_t index, size_t value_at, struct ev_buf *row)
{
	const struct ev_dimension *d = c->dimension;
	char key[EV_KEY_TEXT + 1];
	const char *json = row->p + value_at;
	size_t len = row->len - value_at, member;

	memcpy(key, ev_unknown_key, sizeof key);
	if (!is_null(json, len)) {
		if (d->calendar != NULL)
			calendar_key(s, d, c, json, len, key);
		else if (d->n_keys == 1)
			member_key(s, d, doc, item, index, json, len, key, &member);
		else
			member_key(s, d, doc, item, index, NULL, 0, key, &member);
	}
	ev_buf_puts(row, ",\"");
	ev_buf_puts(row, c->name);
	ev_buf_puts(row, "_key\":\"");
	ev_buf_put(row, key, EV_KEY_TEXT);
	ev_buf_putc(row, '"');
}

static void put_end(struct ev_buf *row, const char *table, const char *op, const char *owner)
{
	ev_buf_puts(row, ",\"_ev\":{\"table\":\"");
	ev_buf_puts(row, table);
	ev_buf_puts(row, "\",\"op\":\"");
	ev_buf_puts(row, op);
	ev_buf_puts(row, "\",\"owner\":\"");
	ev_buf_put(row, owner, EV_KEY_TEXT);
	ev_buf_puts(row, "\"}}\n");
}

static bool put_fact(struct ev_star *s, const struct ev_fact *f, const struct ev_doc *d,
		     const struct version *v, uint32_t item, size_t index)
{
	struct ev_buf *row = &s->rows;
	bool present;

	ev_buf_puts(row, "{\"ev_index\":");
	ev_buf_u64(row, index);
	if (f->keep == EV_KEEP_HISTORY) {
		ev_buf_puts(row, ",\"ev_valid_from\":");
		ev_buf_put(row, v->valid_from, sizeof v->valid_from);
		ev_buf_puts(row, ",\"ev_valid_to\":");
		ev_buf_put(row, v->valid_to, v->valid_to_len);
		ev_buf_puts(row, v->current ? ",\"ev_current\":true" : ",\"ev_current\":false");
		ev_buf_puts(row, v->deleted ? ",\"ev_deleted\":true" : ",\"ev_deleted\":false");
	}
	for (size_t i = 0; i < f->columns.n; i++) {
		const struct ev_column *c = &f->columns.list[i];
		size_t at;

		ev_buf_puts(row, ",\"");
		ev_buf_puts(row, c->name);
		ev_buf_puts(row, "\":");
		at = row->len;
		if (!column_value(s, c, d, item, index, row, &present))
			return false;
		if (c->dimension != NULL)
			put_reference(s, c, d, item, index, at, row);
	}
	put_end(row, f->name, "insert", f->keep == EV_KEEP_HISTORY ? v->row : v->event);
	s->n_out++;
	return true;
}

static bool put_facts(struct ev_star *s, const struct ev_fact *f, const struct ev_doc *d,
		      const struct version *v)
{
	if (f->keep == EV_KEEP_LATEST && !v->current)
		return true;
	if (f->each == NULL)
		return put_fact(s, f, d, v, EV_NOWHERE, 0);
	ev_path_all(f->each, d, 0, &s->found);
	for (size_t i = 0; i < s->found.n; i++)
		if (!put_fact(s, f, d, v, s->found.at[i], i))
			return false;
	return true;
}

/* Dimensions */

static bool contribute(struct ev_star *s, size_t i, const struct ev_doc *doc,
		       const struct version *v, uint32_t item, size_t index)
{
	const struct ev_dimension *d = &s->m->dimensions[i];
	struct ev_members *members = s->members[i];
	bool described = d->columns.n == d->n_keys;
	char key[EV_KEY_TEXT + 1];
	size_t member;

	if (!member_key(s, d, doc, item, index, NULL, 0, key, &member))
		return s->why.n == 0;
	for (size_t k = 0; k < d->columns.n; k++) {
		bool present, is_key = false;

		for (size_t j = 0; j < d->n_keys; j++)
			is_key |= d->keys[j] == k;
		if (is_key)
			continue;
		ev_buf_reset(&s->value);
		if (!column_value(s, &d->columns.list[k], doc, item, index, &s->value, &present))
			return false;
		if (!present)
			continue;
		described = true;
		ev_members_set(members, member, k, s->value.p, s->value.len, &v->stamp);
	}
	if (described)
		ev_members_describe(members, member);
	return true;
}

static bool contributions(struct ev_star *s, size_t i, const struct ev_doc *doc,
			  const struct version *v)
{
	const struct ev_dimension *d = &s->m->dimensions[i];

	if (d->each == NULL)
		return contribute(s, i, doc, v, EV_NOWHERE, 0);
	ev_path_all(d->each, doc, 0, &s->found);
	for (size_t k = 0; k < s->found.n; k++)
		if (!contribute(s, i, doc, v, s->found.at[k], k))
			return false;
	return true;
}

/* Whether every value fits its column: asked first, so an event has all its effects or none. */
static bool columns_fit(struct ev_star *s, const struct ev_columns *columns,
			const struct ev_path *each, const struct ev_doc *d)
{
	bool present, good = true;
	size_t n = 1;

	if (each != NULL) {
		ev_path_all(each, d, 0, &s->found);
		n = s->found.n;
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t item = each != NULL ? s->found.at[i] : EV_NOWHERE;

		for (size_t k = 0; k < columns->n; k++) {
			ev_buf_reset(&s->value);
			good &= column_value(s, &columns->list[k], d, item, i, &s->value, &present);
		}
	}
	return good;
}

static bool event_fits(struct ev_star *s, const struct ev_doc *d, const char *type, size_t len)
{
	const struct ev_model *m = s->m;
	bool good = true;

	for (size_t i = 0; i < m->n_facts; i++)
		if (ev_names_take(&m->facts[i].types, type, len))
			good &= columns_fit(s, &m->facts[i].columns, m->facts[i].each, d);
	for (size_t i = 0; i < m->n_dimensions; i++)
		if (ev_names_take(&m->dimensions[i].types, type, len))
			good &= columns_fit(s, &m->dimensions[i].columns, m->dimensions[i].each, d);
	return good;
}

static bool put_event(struct ev_star *s, const struct ev_event *event, const struct version *v)
{
	const struct ev_doc *d = event->doc;
	struct ev_buf scratch = {0};
	const char *type;
	size_t len;
	bool good;

	type = ev_string(d, event->type, &scratch, &len);
	good = event_fits(s, d, type, len);
	for (size_t i = 0; i < s->m->n_facts && good; i++)
		if (ev_names_take(&s->m->facts[i].types, type, len))
			good = put_facts(s, &s->m->facts[i], d, v);
	/* A tombstone says nothing new of anyone. */
	for (size_t i = 0; i < s->m->n_dimensions && good && !v->deleted; i++)
		if (s->members[i] != NULL && ev_names_take(&s->m->dimensions[i].types, type, len))
			good = contributions(s, i, d, v);
	ev_buf_free(&scratch);
	return good;
}

enum ev_status ev_star_step(struct ev_star *s, const struct ev_record *rec, struct ev_error *err)
{
	uint64_t out = s->n_out;
	struct ev_event event;
	struct version v;

	s->any = true;
	if (ev_events_read(s->events, rec, &event, &s->why) != EV_OK)
		return ev_rejects_put(s->port->rejects, rec, event.origin, event.origin_len,
				      &s->why, err);
	if (!read_version(s, &event, &v))
		return ev_fail(err,
			       "%s:%llu: the event's \"_ev\" is not as evversion writes it without "
			       "state: give evstar what "
			       "evversion wrote",
			       rec->source, (unsigned long long)rec->line);
	s->reserved = event.reserved;
	ev_buf_reset(&s->rows);
	if (!put_event(s, &event, &v)) {
		s->n_out = out;
		if (s->why.code == NULL)
			s->why.code = "column";
		return ev_rejects_put(s->port->rejects, rec, event.origin, event.origin_len,
				      &s->why, err);
	}
	s->n_event++;
	if (s->rows.len == 0)
		return EV_OK;
	s->port->out->lines += s->n_out - out;
	if (ev_out_put(s->port->out, s->rows.p, s->rows.len) == EV_OK)
		return EV_OK;
	*err = s->port->out->error;
	return EV_FATAL;
}

/* The end */

static enum ev_status row_line(struct ev_star *s, struct ev_error *err)
{
	s->n_out++;
	return ev_port_line(s->port, s->row.p, s->row.len - 1, err);
}

/* A row that follows from the model alone is put in anew: its owner is emptied first. */
static enum ev_status replace_owner(struct ev_star *s, const struct ev_dimension *d,
				    const char *key, struct ev_error *err)
{
	ev_buf_reset(&s->row);
	ev_buf_puts(&s->row, "{\"owner\":\"");
	ev_buf_put(&s->row, key, EV_KEY_TEXT);
	ev_buf_puts(&s->row, "\",\"_ev\":{\"table\":\"");
	ev_buf_puts(&s->row, d->name);
	ev_buf_puts(&s->row, "\",\"op\":\"delete\"}}\n");
	return row_line(s, err);
}

static void begin_row(struct ev_star *s, const struct ev_dimension *d, const char *key,
		      bool inferred)
{
	ev_buf_reset(&s->row);
	ev_buf_puts(&s->row, "{\"");
	ev_buf_puts(&s->row, d->name);
	ev_buf_puts(&s->row, "_key\":\"");
	ev_buf_put(&s->row, key, EV_KEY_TEXT);
	ev_buf_puts(&s->row, inferred ? "\",\"ev_inferred\":true" : "\",\"ev_inferred\":false");
}

static enum ev_status end_row(struct ev_star *s, const struct ev_dimension *d, const char *key,
			      struct ev_error *err)
{
	put_end(&s->row, d->name, "insert", key);
	return row_line(s, err);
}

static const char *const calendar_columns[] = {"date",	   "year",	 "quarter",	"month",
					       "day",	   "month_name", "day_of_week", "day_name",
					       "iso_year", "iso_week",	 "is_weekend"};

static enum ev_status unknown_member(struct ev_star *s, const struct ev_dimension *d,
				     struct ev_error *err)
{
	size_t n = d->calendar != NULL ? sizeof calendar_columns / sizeof calendar_columns[0]
				       : d->columns.n;

	if (replace_owner(s, d, ev_unknown_key, err) != EV_OK)
		return EV_FATAL;
	begin_row(s, d, ev_unknown_key, true);
	for (size_t i = 0; i < n; i++)
		ev_buf_printf(&s->row, ",\"%s\":null",
			      d->calendar != NULL ? calendar_columns[i] : d->columns.list[i].name);
	return end_row(s, d, ev_unknown_key, err);
}

static enum ev_status day_row(struct ev_star *s, const struct ev_dimension *d, int64_t day,
			      struct ev_error *err)
{
	static const char *const months[] = {"January",	  "February", "March",	  "April",
					     "May",	  "June",     "July",	  "August",
					     "September", "October",  "November", "December"};
	static const char *const weekdays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
					       "Friday", "Saturday", "Sunday"};
	struct ev_date date = ev_date_of_days(day);
	int weekday = ev_date_weekday(day), year, week;
	char key[EV_KEY_TEXT + 1], text[EV_DATE_TEXT];

	ev_date_week(day, &year, &week);
	ev_date_format(date, text);
	ev_key_day(date, &s->key, key);
	if (replace_owner(s, d, key, err) != EV_OK)
		return EV_FATAL;
	begin_row(s, d, key, false);
	ev_buf_printf(&s->row,
		      ",\"date\":\"%.10s\",\"year\":%d,\"quarter\":%d,\"month\":%d,\"day\":%d,"
		      "\"month_name\":\"%s\","
		      "\"day_of_week\":%d,\"day_name\":\"%s\",\"iso_year\":%d,\"iso_week\":%d,\"is_"
		      "weekend\":%s",
		      text, date.year, (date.month + 2) / 3, date.month, date.day,
		      months[date.month - 1], weekday, weekdays[weekday - 1], year, week,
		      weekday > 5 ? "true" : "false");
	return end_row(s, d, key, err);
}

static int by_number(const void *x, const void *y)
{
	const int64_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

static enum ev_status calendar_rows(struct ev_star *s, size_t i, struct ev_error *err)
{
	const struct ev_dimension *d = &s->m->dimensions[i];
	struct days *days = &s->days[i];

	for (int64_t day = days->from; day <= days->to; day++)
		if (day_row(s, d, day, err) != EV_OK)
			return EV_FATAL;
	if (days->n > 0)
		qsort(days->list, days->n, sizeof *days->list, by_number);
	for (size_t k = 0; k < days->n; k++)
		if ((k == 0 || days->list[k] != days->list[k - 1]) &&
		    day_row(s, d, days->list[k], err) != EV_OK)
			return EV_FATAL;
	return EV_OK;
}

static enum ev_status member_rows(struct ev_star *s, size_t i, struct ev_error *err)
{
	const struct ev_dimension *d = &s->m->dimensions[i];
	struct ev_members *members = s->members[i];
	const char *p;
	size_t len;

	ev_members_sort(members);
	for (size_t k = 0; k < ev_members_count(members); k++) {
		const char *key = ev_members_key(members, k);

		begin_row(s, d, key, ev_members_inferred(members, k));
		for (size_t c = 0; c < d->columns.n; c++) {
			p = ev_members_value(members, k, c, &len);
			ev_buf_puts(&s->row, ",\"");
			ev_buf_puts(&s->row, d->columns.list[c].name);
			ev_buf_puts(&s->row, "\":");
			ev_buf_put(&s->row, p, len);
		}
		if (end_row(s, d, key, err) != EV_OK)
			return EV_FATAL;
	}
	return EV_OK;
}

enum ev_status ev_star_finish(struct ev_star *s, struct ev_error *err)
{
	for (size_t i = 0; i < s->m->n_dimensions && s->any; i++)
		if (unknown_member(s, &s->m->dimensions[i], err) != EV_OK ||
		    (s->members[i] != NULL ? member_rows(s, i, err) : calendar_rows(s, i, err)) !=
			    EV_OK)
			return EV_FATAL;
	return EV_OK;
}

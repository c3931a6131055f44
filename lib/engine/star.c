#include "engine/star.h"
#include "base/hash.h"
#include "engine/star_members.h"
#include "engine/star_plan.h"
#include "model/event.h"
#include "json/content.h"
#include "json/decimal.h"
#include "json/form.h"
#include "json/pick.h"

#include <stdlib.h>

/*
 * Rows are held back until there is a block of them, because the keys in them are computed many at
 * once: a hole is left for a key that is not known yet.
 */
enum { BLOCK = EV_OUT_BLOCK, VERSIONS = 512, DAYS = 64, FETCHED = 8 };

struct hole {
	size_t at; /* in the rows */
	const char *key;
};

/* A stamp that attributes bear, with the row's key once the version at hand is no more. */
struct kept {
	struct ev_stamp stamp;
	char row[EV_KEY_TEXT];
};

/* The keys of a version whose rows are held back. They begin with a NUL until they are known. */
struct owners {
	char row[EV_KEY_TEXT];
	char event[EV_KEY_TEXT];
	struct kept *kept; /* or NULL */
	bool event_asked;
};

/* A calendar: its days outside its span, which get a row all the same, and keys met lately. */
struct days {
	int64_t *list;
	size_t n, cap;
	int64_t from, to, last;
	char date[EV_DATE_TEXT]; /* the one met last */
	int64_t date_days;
	struct {
		int64_t day;
		char key[EV_KEY_TEXT];
	} recent[DAYS];
};

/* A reference of an element. */
struct bound {
	const char *key; /* NULL until it is asked for */
	struct ev_member *member;
	uint64_t hash;
	const char *identity; /* NULL: unknown, or a calendar's */
	uint32_t len;
	char day[EV_KEY_TEXT];
};

/* What the elements of a group have at their cells and references, element by element. */
struct elements {
	struct ev_picks *picks; /* of the cells in an element; NULL for the event's */
	uint32_t *slots;	/* of its cells, or EV_NO_SLOT */
	struct ev_found items;
	struct ev_value *values;
	struct bound *bounds;
	size_t cap_values, cap_bounds;
};

/* What a version is to its rows. */
struct version {
	struct owners *owners;
	char validity[EV_STAR_VALIDITY_TEXT]; /* from the first time on, as JSON */
	size_t validity_len;
	bool current, deleted;
	bool keyless; /* nobody has asked for its row's key yet */
	struct ev_stamp stamp;
};

struct ev_star {
	const struct ev_model *m;
	struct ev_port *port;
	struct ev_star_plan *plan;
	struct ev_events *events;
	uint32_t id; /* its slot */
	struct ev_reasons why;
	struct ev_members **members; /* one a dimension; NULL for a calendar */
	struct days *days;	     /* one a dimension; used by calendars */

	/* The event at hand. */
	const struct ev_doc *doc;
	uint32_t reserved;	   /* "_ev", or EV_NOWHERE */
	struct elements *elements; /* one a group of the plan */
	const uint32_t *at;	   /* its values, by slot */
	struct ev_arena store;	   /* of values that do not lie in the document */
	char *room;		   /* in the store, for the next of them; or NULL */
	struct ev_buf whole, identities, preimage, scratch, order;
	struct kept *kept; /* a stamp that no attribute has taken yet */
	struct ev_arena stamps;

	/* What is held back. */
	struct ev_md5 *keys;
	struct ev_content *content;
	struct ev_buf rows;
	struct hole *holes;
	size_t n_holes, cap_holes;
	struct owners *owners;
	size_t n_owners;

	struct ev_found found;
	bool any;
	uint64_t n_event, n_out;
	struct ev_count counts[3];
};

/* Where the cells of a group are found. */
static void want_cells(struct ev_star *s, size_t group)
{
	const struct ev_star_group *g = &s->plan->groups[group];
	struct elements *e = &s->elements[group];

	e->slots = ev_calloc(g->n_cells, sizeof *e->slots);
	if (group > 0)
		e->picks = ev_picks_new(ev_events_scan(s->events));
	for (size_t i = 0; i < g->n_cells; i++) {
		const struct ev_path *from = g->cells[i]->from;

		switch (from->root) {
		case EV_ROOT_EVENT: e->slots[i] = ev_events_want(s->events, from); break;
		case EV_ROOT_ITEM: e->slots[i] = ev_picks_add(e->picks, from); break;
		case EV_ROOT_INDEX: e->slots[i] = EV_NO_SLOT; break;
		}
	}
}

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
	s->plan = ev_star_plan_new(m);
	s->events = ev_events_new(m, EV_READ_ALL, EV_TRUST_PIPE);
	s->keys = ev_md5_new();
	s->content = ev_content_new(0);
	s->owners = ev_calloc(VERSIONS, sizeof *s->owners);
	s->elements = ev_calloc(s->plan->n_groups, sizeof *s->elements);
	for (size_t i = 0; i < s->plan->n_groups; i++)
		want_cells(s, i);
	s->id = ev_events_want(s->events, m->id);
	/* The event is the one element of its own group. */
	s->elements[0].values = ev_calloc(s->plan->groups[0].n_cells, sizeof(struct ev_value));
	s->elements[0].bounds = ev_calloc(s->plan->groups[0].n_references, sizeof(struct bound));
	s->elements[0].items.n = 1;
	s->members = ev_calloc(m->n_dimensions, sizeof(struct ev_members *));
	s->days = ev_calloc(m->n_dimensions, sizeof *s->days);
	for (size_t i = 0; i < m->n_dimensions; i++) {
		const struct ev_calendar *c = m->dimensions[i].calendar;

		if (c == NULL) {
			s->members[i] = ev_members_new(&m->dimensions[i], s->keys);
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
	}
	for (size_t i = 0; i < s->plan->n_groups; i++) {
		ev_picks_free(&s->elements[i].picks);
		free(s->elements[i].slots);
		free(s->elements[i].items.at);
		free(s->elements[i].values);
		free(s->elements[i].bounds);
	}
	free(s->elements);
	free(s->members);
	free(s->days);
	free(s->holes);
	free(s->owners);
	ev_md5_free(&s->keys);
	ev_content_free(&s->content);
	ev_star_plan_free(&s->plan);
	ev_events_free(&s->events);
	ev_reasons_free(&s->why);
	ev_arena_free(&s->store);
	ev_arena_free(&s->stamps);
	ev_buf_free(&s->whole);
	ev_buf_free(&s->identities);
	ev_buf_free(&s->preimage);
	ev_buf_free(&s->scratch);
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

static void put_validity(struct version *v, const char *from, const char *to, size_t to_len)
{
	static const char *const flags[] = {
		",\"ev_current\":false,\"ev_deleted\":false",
		",\"ev_current\":false,\"ev_deleted\":true",
		",\"ev_current\":true,\"ev_deleted\":false",
		",\"ev_current\":true,\"ev_deleted\":true",
	};
	static const char between[] = "\",\"ev_valid_to\":";
	const char *flag = flags[2 * v->current + v->deleted];
	char *o = v->validity;

	*o++ = '"';
	o = (char *)memcpy(o, from, EV_TIME_TEXT) + EV_TIME_TEXT;
	o = (char *)memcpy(o, between, sizeof between - 1) + sizeof between - 1;
	o = (char *)memcpy(o, to, to_len) + to_len;
	o = (char *)memcpy(o, flag, strlen(flag)) + strlen(flag);
	v->validity_len = (size_t)(o - v->validity);
}

/* An event that no evversion has seen is its own only version. Its row's key is asked for later. */
static void first_version(const struct ev_event *event, struct version *v)
{
	char from[EV_TIME_TEXT];

	v->keyless = true;
	v->stamp.time = event->modified;
	v->deleted = event->op == EV_DELETE;
	v->current = !v->deleted;
	ev_time_format(event->modified, from);
	put_validity(v, from, "null", 4);
}

static void ask_row_key(struct ev_star *s, const struct ev_event *event, const struct version *v)
{
	uint32_t skip[EV_MAX_SKIP];
	size_t n = ev_event_skip(s->events, event, &s->id, 1, skip);

	ev_buf_reset(&s->preimage);
	ev_key_version_preimage(event, ev_content_digest(s->content, event->doc, skip, n),
				&s->preimage);
	ev_md5_add(s->keys, s->preimage.p, s->preimage.len, v->owners->row);
}

static bool read_version(struct ev_star *s, const struct ev_event *event, struct version *v)
{
	const struct ev_doc *d = event->doc;
	uint32_t at = event->reserved, to;
	const char *p, *from, *to_text;
	size_t to_len;

	v->owners = &s->owners[s->n_owners++]; /* not used again while a key of it is computed */
	*v->owners = (struct owners){.kept = NULL};
	if (at == EV_NOWHERE || ev_member(d, at, "row", 3) == EV_NOWHERE) {
		first_version(event, v);
	} else {
		v->keyless = false;
		if (!text_member(d, at, "row", EV_KEY_TEXT, &p))
			return false;
		memcpy(v->owners->row, p, EV_KEY_TEXT);
		if (!text_member(d, at, "valid_from", EV_TIME_TEXT, &from) ||
		    ev_time_parse(from, EV_TIME_TEXT, &v->stamp.time) != EV_TIME_ZONED)
			return false;
		to = ev_member(d, at, "valid_to", 8);
		if (to == EV_NOWHERE || (ev_kind(d, to) != EV_NULL &&
					 !text_member(d, at, "valid_to", EV_TIME_TEXT, &p)))
			return false;
		to_text = ev_raw(d, to, &to_len);
		v->current = true_member(d, at, "current");
		v->deleted = true_member(d, at, "deleted");
		if (!text_member(d, at, "op", 6, &p) || memcmp(p, "insert", 6) != 0)
			return false;
		put_validity(v, from, to_text, to_len);
	}
	ev_buf_reset(&s->order);
	ev_version_order(d, event->version, &s->order);
	v->stamp.version = s->order.p;
	v->stamp.version_len = (uint32_t)s->order.len;
	v->stamp.row = v->owners->row;
	return true;
}

/* Values */

/* An element of a group, with the event it is of: [0] is the event's, [1] the group's own. */
struct element {
	const struct ev_star_group *groups[2];
	const struct ev_value *values[2];
	struct bound *bounds[2];
	size_t index;
};

static struct element element_at(const struct ev_star *s, size_t group, size_t index)
{
	const struct ev_star_group *event = &s->plan->groups[0], *own = &s->plan->groups[group];
	const struct elements *e = &s->elements[0], *f = &s->elements[group];

	return (struct element){{event, own},
				{e->values, f->values + index * own->n_cells},
				{e->bounds, f->bounds + index * own->n_references},
				index};
}

static inline const struct ev_value *value_at(const struct element *e, struct ev_star_place cell)
{
	return &e->values[cell.own][cell.at];
}

/* The event as it came, but for what the pipe added. */
static void take_reserved_out(struct ev_star *s, struct ev_value *v)
{
	ev_buf_reset(&s->whole);
	ev_event_write(s->doc, s->reserved, NULL, 0, &s->whole);
	ev_buf_room(&s->whole, EV_COPY_OVER);
	v->p = s->whole.p;
	v->len = (uint32_t)s->whole.len;
}

static char *put_index(char *o, size_t index)
{
	struct ev_buf digits = {.p = o, .cap = EV_KEY_TEXT};

	ev_buf_u64(&digits, index);
	return o + digits.len;
}

/* $index */
static void index_value(struct ev_star *s, size_t index, struct ev_value *v)
{
	char *digits = ev_arena_alloc(&s->store, EV_VALUE_STORE);

	*v = (struct ev_value){.p = digits, .present = true};
	v->len = (uint32_t)(put_index(digits, index) - digits);
}

/* What is wrong with the value, or NULL. */
static const char *read_value(struct ev_star *s, const struct ev_column *c, uint32_t at,
			      struct ev_value *v)
{
	const char *problem;

	if (s->room == NULL)
		s->room = ev_arena_alloc(&s->store, EV_VALUE_STORE);
	problem = ev_column_value(c, s->m->zone, s->doc, at, s->room, v);
	if (v->p == s->room)
		s->room = NULL;
	if (at == 0 && problem == NULL && c->type == EV_TYPE_JSON && s->reserved != EV_NOWHERE)
		take_reserved_out(s, v);
	return problem;
}

/* Reads cells of an element. False if some value does not fit. */
static bool read_cells(struct ev_star *s, size_t group, const struct ev_star_asked *asked,
		       uint32_t item, size_t index, struct ev_value *values)
{
	const struct ev_column **columns = s->plan->groups[group].cells;
	const struct elements *e = &s->elements[group];
	const uint32_t *at = s->at;

	if (e->picks != NULL) {
		ev_picks_find(e->picks, s->doc, item);
		at = e->picks->at;
	}
	for (size_t i = 0; i < asked->n_cells; i++) {
		uint32_t cell = asked->cells[i];

		if (e->slots[cell] == EV_NO_SLOT)
			index_value(s, index, &values[cell]);
		else if (read_value(s, columns[cell], at[e->slots[cell]], &values[cell]) != NULL)
			return false;
	}
	return true;
}

/* Finds the elements of a group, and reads what its tables ask of them and of the event. */
static bool read_elements(struct ev_star *s, size_t group, const struct ev_star_kind *kind)
{
	const struct ev_star_group *g = &s->plan->groups[group];
	struct elements *e = &s->elements[group];

	ev_path_all(g->each, s->doc, 0, &e->items);
	if (e->items.n == 0)
		return true;
	ev_grow(&e->values, &e->cap_values, e->items.n * g->n_cells + 1, sizeof *e->values);
	for (size_t k = 0; k < e->items.n; k++)
		if (!read_cells(s, group, &kind->groups[group], e->items.at[k], k,
				e->values + k * g->n_cells))
			return false;
	return read_cells(s, 0, &kind->event[group], EV_NOWHERE, 0, s->elements[0].values);
}

static bool read_values(struct ev_star *s, const struct ev_star_kind *kind)
{
	if (!read_cells(s, 0, &kind->groups[0], EV_NOWHERE, 0, s->elements[0].values))
		return false;
	for (size_t i = 1; i < s->plan->n_groups; i++)
		if (kind->any[i] && !read_elements(s, i, kind))
			return false;
	return true;
}

/* References */

/* Whether a key column's value is spelled as its identity is. */
static bool is_identity(const struct ev_column *c, const struct ev_value *v)
{
	if (c->type == EV_TYPE_DECIMAL)
		return v->p[v->len - 1] != '0' || memchr(v->p, '.', v->len) == NULL;
	return !v->escaped;
}

static void put_identity(const struct ev_column *c, const struct ev_value *v, struct ev_buf *out)
{
	struct ev_buf text = {0};
	struct ev_number n;

	if (v->null || is_identity(c, v)) {
		ev_buf_put(out, v->p, v->len);
	} else if (c->type == EV_TYPE_DECIMAL) {
		ev_number_read(v->p, v->len, &n);
		ev_number_plain(&n, -1, out);
	} else {
		ev_json_unescape(v->p + 1, v->len - 2, &text);
		ev_json_quote(text.p, text.len, out);
		ev_buf_free(&text);
	}
}

/* The identity of the member that a reference names; false if all parts of its key are null. */
static bool read_identity(struct ev_star *s, const struct element *e,
			  const struct ev_star_reference *r, struct bound *b)
{
	const struct ev_dimension *d = &s->m->dimensions[r->dimension];
	const struct ev_value *v = value_at(e, r->cells[0]);
	size_t from = s->identities.len;
	bool known = false;

	if (r->n == 1 && !v->null && is_identity(&d->columns.list[d->keys[0]], v)) {
		b->identity = v->p;
		b->len = v->len;
		return true;
	}
	for (size_t i = 0; i < r->n; i++) {
		v = value_at(e, r->cells[i]);
		known |= !v->null;
		if (i > 0)
			ev_buf_putc(&s->identities, '\n');
		put_identity(&d->columns.list[d->keys[i]], v, &s->identities);
	}
	b->len = (uint32_t)(s->identities.len - from);
	b->identity = ev_arena_copy(&s->store, s->identities.p + from, b->len);
	return known;
}

/* Begins to look for the members that an element refers to: by its own or by the event's cells. */
static void begin_references(struct ev_star *s, const struct element *e, bool own,
			     const struct ev_star_asked *asked)
{
	for (size_t i = 0; i < asked->n_references; i++) {
		const struct ev_star_reference *r =
			&e->groups[own]->references[asked->references[i]];
		struct bound *b = &e->bounds[own][asked->references[i]];

		b->key = NULL;
		b->member = NULL;
		b->identity = NULL;
		if (s->members[r->dimension] == NULL)
			continue;
		if (read_identity(s, e, r, b))
			b->hash = ev_members_hash(s->members[r->dimension], b->identity, b->len);
		else
			b->identity = NULL;
	}
}

static void begin_group(struct ev_star *s, size_t group, const struct ev_star_kind *kind)
{
	struct elements *all = &s->elements[group];
	struct element e;

	if (all->items.n == 0)
		return;
	ev_grow(&all->bounds, &all->cap_bounds,
		all->items.n * s->plan->groups[group].n_references + 1, sizeof *all->bounds);
	for (size_t k = 0; k < all->items.n; k++) {
		e = element_at(s, group, k);
		begin_references(s, &e, true, &kind->groups[group]);
	}
	e = element_at(s, group, 0);
	begin_references(s, &e, false, &kind->event[group]);
}

/* The table has come meanwhile; now the members of the first elements do. */
static void fetch_members(struct ev_star *s, size_t group, const struct ev_star_asked *asked)
{
	for (size_t k = 0; k < s->elements[group].items.n && k < FETCHED; k++) {
		struct element e = element_at(s, group, k);

		for (size_t i = 0; i < asked->n_references; i++) {
			uint32_t at = asked->references[i];

			if (e.bounds[1][at].identity != NULL)
				ev_members_fetch(s->members[e.groups[1]->references[at].dimension],
						 e.bounds[1][at].hash);
		}
	}
}

static struct ev_member *add_member(struct ev_star *s, const struct element *e,
				    const struct ev_star_reference *r, const struct bound *b)
{
	const struct ev_dimension *d = &s->m->dimensions[r->dimension];

	ev_buf_reset(&s->scratch);
	for (size_t i = 0; i < r->n; i++) {
		const struct ev_value *v = value_at(e, r->cells[i]);

		ev_key_column(&s->scratch, &d->columns.list[d->keys[i]], v->p, v->len);
	}
	return ev_members_add(s->members[r->dimension], b->hash, b->identity, b->len, &s->scratch);
}

static void find_member(struct ev_star *s, const struct element *e,
			const struct ev_star_reference *r, struct bound *b)
{
	const struct ev_dimension *d = &s->m->dimensions[r->dimension];
	struct ev_members *members = s->members[r->dimension];
	bool added = false;

	b->key = ev_unknown_key;
	if (b->identity == NULL)
		return;
	b->member = ev_members_find(members, b->hash, b->identity, b->len);
	if (b->member == NULL) {
		b->member = add_member(s, e, r, b);
		added = true;
	}
	b->key = b->member->key;
	for (size_t i = 0; i < r->n; i++) {
		const struct ev_column *c = &d->columns.list[d->keys[i]];
		const struct ev_value *v = value_at(e, r->cells[i]);

		if (!is_identity(c, v) || b->member->attributes[d->keys[i]].p != NULL)
			ev_members_spell(members, b->member, d->keys[i], i, v->p, v->len, added);
	}
}

static void add_day(struct days *days, int64_t day)
{
	if ((day >= days->from && day <= days->to) || day == days->last)
		return;
	days->last = day;
	ev_grow(&days->list, &days->cap, days->n + 1, sizeof *days->list);
	days->list[days->n++] = day;
}

/* Days since 1970 of the date that a text begins with; that of the one before is known. */
static int64_t date_of(struct days *days, const char *text)
{
	struct ev_date date;

	if (memcmp(days->date, text, EV_DATE_TEXT) != 0) {
		ev_date_parse(text, EV_DATE_TEXT, &date);
		memcpy(days->date, text, EV_DATE_TEXT);
		days->date_days = ev_date_days(date);
	}
	return days->date_days;
}

static int64_t two_digits(const char *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

/* The day of a timestamp or a date, as a row bears them, in the calendar's zone. */
static int64_t day_of(struct days *days, const struct ev_calendar *c, const struct ev_value *v)
{
	const char *text = v->p + 1;
	int64_t day = date_of(days, text), sec;

	if (v->len == EV_DATE_TEXT + 2)
		return day;
	sec = day * 86400 + two_digits(text + 11) * 3600 + two_digits(text + 14) * 60 +
	      two_digits(text + 17);
	sec += ev_zone_offset(c->zone, sec);
	return sec / 86400 - (sec % 86400 < 0);
}

static void find_day(struct ev_star *s, const struct element *e, const struct ev_star_reference *r,
		     struct bound *b)
{
	const struct ev_value *v = value_at(e, r->cells[0]);
	struct days *days = &s->days[r->dimension];
	char key[EV_KEY_TEXT + 1];
	size_t slot;
	int64_t day;

	b->key = ev_unknown_key;
	if (v->null)
		return;
	day = day_of(days, s->m->dimensions[r->dimension].calendar, v);
	slot = (size_t)((uint64_t)day % DAYS);
	if (days->recent[slot].key[0] == '\0' || days->recent[slot].day != day) {
		if (!ev_time_in_range((struct ev_time){.sec = day * 86400}))
			return; /* the year 10000 where the zone is: no calendar has that day */
		ev_key_day(ev_date_of_days(day), &s->scratch, key);
		memcpy(days->recent[slot].key, key, EV_KEY_TEXT);
		days->recent[slot].day = day;
	}
	add_day(days, day);
	b->key = memcpy(b->day, days->recent[slot].key, EV_KEY_TEXT);
}

static const struct bound *bound_at(struct ev_star *s, const struct element *e,
				    struct ev_star_place reference)
{
	const struct ev_star_reference *r = &e->groups[reference.own]->references[reference.at];
	struct bound *b = &e->bounds[reference.own][reference.at];

	if (b->key != NULL)
		return b;
	if (s->members[r->dimension] != NULL)
		find_member(s, e, r, b);
	else
		find_day(s, e, r, b);
	return b;
}

/* Rows */

/* A key, or a hole for it. The rows have room. */
static char *put_key(struct ev_star *s, char *o, const char *key)
{
	if (key[0] == '\0') {
		ev_grow(&s->holes, &s->cap_holes, s->n_holes + 1, sizeof *s->holes);
		s->holes[s->n_holes++] = (struct hole){(size_t)(o - s->rows.p), key};
	} else {
		memcpy(o, key, EV_KEY_TEXT);
	}
	return o + EV_KEY_TEXT;
}

/* The event's own key, which the rows of a latest fact belong to. */
static const char *event_key(struct ev_star *s, const struct ev_event *event, struct owners *o)
{
	if (!o->event_asked) {
		ev_buf_reset(&s->scratch);
		ev_key_event(event, &s->scratch);
		ev_md5_add(s->keys, s->scratch.p, s->scratch.len, o->event);
		o->event_asked = true;
	}
	return o->event;
}

/* A cell; the rows have room for what is left of the row with short cells in it. */
static char *put_cell(struct ev_star *s, char *o, const struct ev_value *v, size_t left)
{
	if (v->len > EV_STAR_SHORT) {
		s->rows.len = (size_t)(o - s->rows.p);
		o = ev_buf_room(&s->rows, left + v->len);
	}
	return ev_copy_over(o, v->p, v->len);
}

static void put_row(struct ev_star *s, const struct ev_star_fact *f, const struct version *v,
		    const char *owner, const struct element *e)
{
	const size_t room = f->row.room + EV_COPY_OVER;
	char *o = ev_buf_room(&s->rows, room);
	const struct ev_value *value;

	for (const struct ev_star_piece *p = f->row.pieces;; p++) {
		o = ev_copy_over(o, p->text, p->len);
		switch (p->what) {
		case EV_STAR_CELL: o = put_cell(s, o, value_at(e, p->cell), room); break;
		case EV_STAR_KEY:
			value = value_at(e, p->cell);
			o = put_key(s, o,
				    value->null ? ev_unknown_key
						: bound_at(s, e, p->reference)->key);
			break;
		case EV_STAR_VALIDITY:
			o = (char *)memcpy(o, v->validity, sizeof v->validity) + v->validity_len;
			break;
		case EV_STAR_INDEX: o = put_index(o, e->index); break;
		case EV_STAR_OWNER: o = put_key(s, o, owner); break;
		case EV_STAR_INFERRED: break; /* of dimensions */
		case EV_STAR_END:
			s->rows.len = (size_t)(o - s->rows.p);
			s->n_out++;
			return;
		}
	}
}

static void put_facts(struct ev_star *s, const struct ev_star_fact *f, const struct ev_event *event,
		      const struct version *v)
{
	size_t n = s->elements[f->group].items.n;
	const char *owner;

	if (n == 0 || (f->fact->keep == EV_KEEP_LATEST && !v->current))
		return;
	owner = f->fact->keep == EV_KEEP_HISTORY ? v->owners->row : event_key(s, event, v->owners);
	for (size_t i = 0; i < n; i++) {
		struct element e = element_at(s, f->group, i);

		put_row(s, f, v, owner, &e);
	}
}

/* Dimensions */

/* The stamp of the version at hand, in memory that lasts. */
static const struct ev_stamp *lasting_stamp(struct ev_star *s, const struct version *v)
{
	struct kept *k = s->kept;

	if (v->owners->kept != NULL)
		return &v->owners->kept->stamp;
	if (k == NULL)
		k = s->kept = ev_arena_zalloc(&s->stamps, sizeof *k);
	/* Most versions have the number of the one before. */
	if (k->stamp.version_len != v->stamp.version_len || k->stamp.version_len == 0 ||
	    memcmp(k->stamp.version, v->stamp.version, v->stamp.version_len) != 0)
		k->stamp.version =
			ev_arena_copy(&s->stamps, v->stamp.version, v->stamp.version_len);
	k->stamp.version_len = v->stamp.version_len;
	k->stamp.time = v->stamp.time;
	k->stamp.row = v->stamp.row;
	return &k->stamp;
}

static void stamp_taken(struct ev_star *s, const struct version *v)
{
	struct kept *next;

	if (v->owners->kept != NULL)
		return;
	v->owners->kept = s->kept;
	next = ev_arena_zalloc(&s->stamps, sizeof *next);
	next->stamp.version = s->kept->stamp.version;
	next->stamp.version_len = s->kept->stamp.version_len;
	s->kept = next;
}

/* What an attribute's value will be compared with comes meanwhile. */
static void fetch_attributes(struct ev_star *s, const struct ev_star_dimension *d,
			     const struct element *e)
{
	const struct bound *b = bound_at(s, e, d->reference);

	for (size_t k = 0; k < d->dimension->columns.n && b->member != NULL; k++) {
		const struct ev_attribute *had = &b->member->attributes[k];

		if (d->is_key[k] || had->p == NULL || !value_at(e, d->cells[k])->present)
			continue;
		__builtin_prefetch(had->p);
		__builtin_prefetch(had->stamp);
	}
}

static void contribute(struct ev_star *s, const struct ev_star_dimension *d,
		       const struct version *v, const struct element *e)
{
	const struct bound *b = bound_at(s, e, d->reference);
	size_t dimension = (size_t)(d->dimension - s->m->dimensions);
	bool described = d->dimension->columns.n == d->dimension->n_keys;

	if (b->member == NULL)
		return;
	for (size_t k = 0; k < d->dimension->columns.n; k++) {
		const struct ev_value *value;

		if (d->is_key[k])
			continue;
		value = value_at(e, d->cells[k]);
		if (!value->present)
			continue;
		described = true;
		if (ev_members_set(s->members[dimension], b->member, k, value->p, value->len,
				   lasting_stamp(s, v)))
			stamp_taken(s, v);
	}
	if (described && !b->member->described)
		b->member->described = true;
}

static void put_contributions(struct ev_star *s, const struct ev_star_kind *kind,
			      const struct version *v)
{
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < kind->n_dimensions; i++) {
			const struct ev_star_dimension *d =
				&s->plan->dimensions[kind->dimensions[i]];

			for (size_t k = 0; k < s->elements[d->group].items.n; k++) {
				struct element e = element_at(s, d->group, k);

				if (pass == 0)
					fetch_attributes(s, d, &e);
				else
					contribute(s, d, v, &e);
			}
		}
	}
}

/* Events */

/* Adds a reason for each value that does not fit. */
static bool columns_fit(struct ev_star *s, const struct ev_columns *columns, const size_t *which,
			size_t n, uint32_t item)
{
	char store[EV_VALUE_STORE];
	struct ev_value v;
	bool good = true;

	for (size_t i = 0; i < n; i++) {
		const struct ev_column *c = &columns->list[which != NULL ? which[i] : i];
		const char *problem;
		uint32_t at;

		if (c->from->root == EV_ROOT_INDEX)
			continue;
		at = ev_path_get(c->from, s->doc, c->from->root == EV_ROOT_ITEM ? item : 0);
		problem = ev_column_value(c, s->m->zone, s->doc, at, store, &v);
		if (problem == NULL)
			continue;
		ev_column_misfit(c, s->doc, at, problem, &s->why);
		good = false;
	}
	return good;
}

/* The parts of keys that a fact refers by, where their dimension does not take such an event. */
static void keys_fit(struct ev_star *s, const struct ev_fact *f, const char *type, size_t len,
		     uint32_t item)
{
	for (size_t i = 0; i < f->columns.n; i++) {
		const struct ev_dimension *d = f->columns.list[i].dimension;

		if (d != NULL && d->n_keys > 1 && !ev_names_take(&d->types, type, len))
			columns_fit(s, &d->columns, d->keys, d->n_keys, item);
	}
}

static void each_fits(struct ev_star *s, const struct ev_path *each,
		      const struct ev_columns *columns, const struct ev_fact *f, const char *type,
		      size_t len)
{
	size_t n = 1;

	if (each != NULL) {
		ev_path_all(each, s->doc, 0, &s->found);
		n = s->found.n;
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t item = each != NULL ? s->found.at[i] : EV_NOWHERE;

		columns_fit(s, columns, NULL, columns->n, item);
		if (f != NULL)
			keys_fit(s, f, type, len, item);
	}
}

/* Fills the reasons why an event does not fit, table by table. */
static void explain(struct ev_star *s, const char *type, size_t len)
{
	const struct ev_model *m = s->m;

	for (size_t i = 0; i < m->n_facts; i++)
		if (ev_names_take(&m->facts[i].types, type, len))
			each_fits(s, m->facts[i].each, &m->facts[i].columns, &m->facts[i], type,
				  len);
	for (size_t i = 0; i < m->n_dimensions; i++)
		if (ev_names_take(&m->dimensions[i].types, type, len))
			each_fits(s, m->dimensions[i].each, &m->dimensions[i].columns, NULL, type,
				  len);
	if (s->why.code == NULL)
		s->why.code = "column";
}

/* All values are read first, so an event has all its effects or none. False if one does not fit. */
static bool put_event(struct ev_star *s, const struct ev_event *event, const struct version *v)
{
	const struct ev_star_kind *kind;
	struct element e;
	const char *type;
	size_t len;

	type = ev_string(s->doc, event->type, &s->scratch, &len);
	kind = ev_star_kind_of(s->plan, type, len);
	ev_arena_reset(&s->store);
	s->room = NULL;
	ev_buf_reset(&s->identities);
	if (!read_values(s, kind)) {
		explain(s, type, len);
		return false;
	}
	e = element_at(s, 0, 0);
	begin_references(s, &e, false, &kind->groups[0]);
	for (size_t i = 1; i < s->plan->n_groups; i++)
		if (kind->any[i])
			begin_group(s, i, kind);
	/* What takes long stands here, because the members' tables are on their way. */
	if (v->keyless)
		ask_row_key(s, event, v);
	for (size_t i = 0; i < s->plan->n_groups; i++)
		if (i == 0 || kind->any[i])
			fetch_members(s, i, &kind->groups[i]);
	for (size_t i = 0; i < kind->n_facts; i++)
		put_facts(s, &s->plan->facts[kind->facts[i]], event, v);
	/* A tombstone says nothing new of anyone. */
	if (!v->deleted)
		put_contributions(s, kind, v);
	return true;
}

/* What is held back goes out: the keys are computed, and put where holes were left for them. */
enum ev_status ev_star_flush(struct ev_star *s, struct ev_error *err)
{
	enum ev_status st = EV_OK;

	ev_md5_settle(s->keys);
	for (size_t i = 0; i < s->n_holes; i++)
		memcpy(s->rows.p + s->holes[i].at, s->holes[i].key, EV_KEY_TEXT);
	for (size_t i = 0; i < s->n_owners; i++) {
		struct kept *kept = s->owners[i].kept;

		if (kept != NULL)
			kept->stamp.row = memcpy(kept->row, s->owners[i].row, EV_KEY_TEXT);
	}
	s->n_holes = s->n_owners = 0;
	if (s->rows.len > 0)
		st = ev_out_put(s->port->out, s->rows.p, s->rows.len);
	ev_buf_reset(&s->rows);
	if (st != EV_OK)
		*err = s->port->out->error;
	return st;
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
	if ((s->n_owners == VERSIONS || s->rows.len >= BLOCK) && ev_star_flush(s, err) != EV_OK)
		return EV_FATAL;
	if (!read_version(s, &event, &v))
		return ev_fail(err,
			       "%s:%llu: the event's \"_ev\" is not as evversion writes it without "
			       "state: give evstar what "
			       "evversion wrote",
			       rec->source, (unsigned long long)rec->line);
	s->doc = event.doc;
	s->at = event.at;
	s->reserved = event.reserved;
	if (!put_event(s, &event, &v))
		return ev_rejects_put(s->port->rejects, rec, event.origin, event.origin_len,
				      &s->why, err);
	s->n_event++;
	s->port->out->lines += s->n_out - out;
	return EV_OK;
}

/* The end */

/* The row at hand is whole. */
static enum ev_status row_line(struct ev_star *s, struct ev_error *err)
{
	s->n_out++;
	s->port->out->lines++;
	return s->rows.len < BLOCK ? EV_OK : ev_star_flush(s, err);
}

/* A row that follows from the model alone is put in anew: its owner is emptied first. */
static enum ev_status replace_owner(struct ev_star *s, const struct ev_dimension *d,
				    const char *key, struct ev_error *err)
{
	ev_buf_puts(&s->rows, "{\"owner\":\"");
	ev_buf_put(&s->rows, key, EV_KEY_TEXT);
	ev_buf_puts(&s->rows, "\",\"_ev\":{\"table\":\"");
	ev_buf_puts(&s->rows, d->name);
	ev_buf_puts(&s->rows, "\",\"op\":\"delete\"}}\n");
	return row_line(s, err);
}

static void put_end(struct ev_buf *row, const char *table, const char *owner)
{
	ev_buf_puts(row, ",\"_ev\":{\"table\":\"");
	ev_buf_puts(row, table);
	ev_buf_puts(row, "\",\"op\":\"insert\",\"owner\":\"");
	ev_buf_put(row, owner, EV_KEY_TEXT);
	ev_buf_puts(row, "\"}}\n");
}

static void begin_row(struct ev_star *s, const struct ev_dimension *d, const char *key,
		      bool inferred)
{
	ev_buf_puts(&s->rows, "{\"");
	ev_buf_puts(&s->rows, d->name);
	ev_buf_puts(&s->rows, "_key\":\"");
	ev_buf_put(&s->rows, key, EV_KEY_TEXT);
	ev_buf_puts(&s->rows, inferred ? "\",\"ev_inferred\":true" : "\",\"ev_inferred\":false");
}

static enum ev_status end_row(struct ev_star *s, const struct ev_dimension *d, const char *key,
			      struct ev_error *err)
{
	put_end(&s->rows, d->name, key);
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
		ev_buf_printf(&s->rows, ",\"%s\":null",
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
	ev_key_day(date, &s->scratch, key);
	if (replace_owner(s, d, key, err) != EV_OK)
		return EV_FATAL;
	begin_row(s, d, key, false);
	ev_buf_printf(&s->rows,
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

static const char described[EV_COPY_OVER] = "false", inferred[EV_COPY_OVER] = "true";

static size_t member_size(const struct ev_star_dimension *d, const struct ev_member *m)
{
	size_t size = d->row.room + m->identity_len + EV_COPY_OVER;

	for (size_t i = 0; i < d->dimension->columns.n; i++)
		size += m->attributes[i].len;
	return size;
}

static const char *member_value(struct ev_star *s, const struct ev_star_dimension *d,
				const struct ev_member *m, size_t column, size_t *len)
{
	const struct ev_attribute *value = &m->attributes[column];

	*len = value->len;
	if (value->p != NULL)
		return value->p;
	for (size_t i = 0; i < d->dimension->n_keys; i++)
		if (d->dimension->keys[i] == column)
			return ev_members_part(s->members[d->dimension - s->m->dimensions], m, i,
					       len);
	*len = 4;
	return "null";
}

static void member_row(struct ev_star *s, const struct ev_star_dimension *d,
		       const struct ev_member *m)
{
	char *o = ev_buf_room(&s->rows, member_size(d, m));
	const char *text;
	size_t len;

	for (const struct ev_star_piece *p = d->row.pieces;; p++) {
		o = ev_copy_over(o, p->text, p->len);
		switch (p->what) {
		case EV_STAR_CELL:
			text = member_value(s, d, m, p->cell.at, &len);
			o = (char *)memcpy(o, text, len) + len;
			break;
		case EV_STAR_OWNER: o = (char *)memcpy(o, m->key, EV_KEY_TEXT) + EV_KEY_TEXT; break;
		case EV_STAR_INFERRED:
			o = ev_copy_over(o, m->described ? described : inferred,
					 m->described ? 5 : 4);
			break;
		case EV_STAR_END:
			s->rows.len = (size_t)(o - s->rows.p);
			s->n_out++;
			s->port->out->lines++;
			return;
		default: break; /* of facts */
		}
	}
}

static enum ev_status member_rows(struct ev_star *s, size_t i, struct ev_error *err)
{
	struct ev_members *members = s->members[i];

	ev_members_sort(members);
	for (size_t k = 0; k < ev_members_count(members); k++) {
		member_row(s, &s->plan->dimensions[i], ev_members_at(members, k));
		if (s->rows.len >= BLOCK && ev_star_flush(s, err) != EV_OK)
			return EV_FATAL;
	}
	return ev_star_flush(s, err);
}

enum ev_status ev_star_finish(struct ev_star *s, struct ev_error *err)
{
	if (ev_star_flush(s, err) != EV_OK)
		return EV_FATAL;
	for (size_t i = 0; i < s->m->n_dimensions && s->any; i++)
		if (unknown_member(s, &s->m->dimensions[i], err) != EV_OK ||
		    (s->members[i] != NULL ? member_rows(s, i, err) : calendar_rows(s, i, err)) !=
			    EV_OK)
			return EV_FATAL;
	return ev_star_flush(s, err);
}

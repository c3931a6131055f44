#include "engine/star_impl.h"

#include "json/form.h"

#include <stdlib.h>

/* What holds mentions: a half of the memory for those that are put together, and one to sort. */
enum { HALVES = 2 };
/* Events from one look at that memory to the next. */
enum { BETWEEN_LOOKS = 32 };

static void want_says(struct ev_star *s)
{
	static const char *const says[] = {
		[EV_STAR_NUMBER_OF] = "._ev.version", [EV_STAR_VALID_FROM] = "._ev.valid_from",
		[EV_STAR_VALID_TO] = "._ev.valid_to", [EV_STAR_CURRENT] = "._ev.current",
		[EV_STAR_DELETED] = "._ev.deleted",
	};
	struct ev_error none;

	for (size_t i = 0; i < EV_STAR_SAYS; i++) {
		s->paths[i] = ev_path_parse(says[i], &none);
		s->says[i] = ev_events_want(s->events, s->paths[i]);
	}
}

/* What the tables ask of events, kind by kind. */
static void want_paths(struct ev_star *s)
{
	const struct ev_star_plan *p = s->plan;

	s->borne = ev_borne_new(s->m->file);
	s->asks = ev_calloc(p->n_kinds, sizeof *s->asks);
	s->came = ev_calloc(p->n_kinds, sizeof *s->came);
	for (size_t i = 0; i < p->n_kinds; i++)
		ev_borne_add_star(s->borne, s->m, p->kinds[i].type != NULL ? p->kinds[i].type : "",
				  p->kinds[i].len, &s->asks[i]);
}

bool ev_star_lacks(struct ev_star *s, size_t i, struct ev_buf *out)
{
	for (size_t k = 0; k < s->plan->n_kinds && i == 0; k++)
		if (s->came[k])
			ev_borne_ask(s->borne, &s->asks[k]);
	return ev_borne_tell(s->borne, i, out);
}

struct ev_star *ev_star_open(const struct ev_model *m, const struct ev_star_options *options,
			     struct ev_port *port, struct ev_error *err)
{
	struct ev_star *s;
	size_t n = 0;

	if (m->n_facts == 0) {
		ev_fail(err, "%s: the model has no star: add star.facts, see evkit-model(5)",
			m->file);
		return NULL;
	}
	s = ev_calloc(1, sizeof *s);
	s->m = m;
	s->options = *options;
	s->port = port;
	s->plan = ev_star_plan_new(m);
	s->shapes = ev_star_shapes_new();
	s->events = ev_events_new(m, EV_READ_ALL, EV_TRUST_PIPE);
	want_paths(s);
	s->stored = true;
	ev_column_value(&m->facts[0].columns.list[0], NULL, NULL, EV_NOWHERE, NULL, &s->absent);
	s->elements = ev_calloc(s->plan->n_groups, sizeof *s->elements);
	for (size_t i = 0; i < s->plan->n_groups; i++)
		ev_star_want_cells(s, i);
	s->id = ev_events_want(s->events, m->id);
	s->time = ev_events_want(s->events, m->time);
	s->modified = ev_events_want(s->events, m->modified);
	want_says(s);
	s->members = ev_calloc(m->n_dimensions, sizeof(struct ev_members *));
	s->calendars = ev_calloc(m->n_dimensions, sizeof(struct ev_star_calendar *));
	for (size_t i = 0; i < m->n_dimensions; i++) {
		const struct ev_dimension *d = &m->dimensions[i];

		if (d->calendar != NULL)
			s->calendars[i] = ev_star_calendar_new(d->calendar);
		else
			s->members[i] = ev_members_new(d);
		if (d->columns.n > n)
			n = d->columns.n;
	}
	s->texts = ev_calloc(n, sizeof *s->texts);
	if (options->state != NULL)
		s->state = ev_star_state_new(options->state);
	s->counts[0] = (struct ev_count){"event", &s->n_event, true, false};
	s->counts[1] = (struct ev_count){"delete", &s->n_delete, true, false};
	s->counts[2] = (struct ev_count){"out", &port->out->lines, false, false};
	return s;
}

void ev_star_free(struct ev_star **star)
{
	struct ev_star *s = *star;

	if (s == NULL)
		return;
	for (size_t i = 0; i < s->m->n_dimensions; i++) {
		ev_members_free(&s->members[i]);
		ev_star_calendar_free(&s->calendars[i]);
	}
	for (size_t i = 0; i < s->plan->n_kinds; i++)
		free(s->asks[i].list);
	free(s->asks);
	free(s->came);
	ev_borne_free(&s->borne);
	for (size_t i = 0; i < s->plan->n_groups; i++) {
		ev_picks_free(&s->elements[i].picks);
		free(s->elements[i].stores);
		free(s->elements[i].items.at);
		free(s->elements[i].values);
		free(s->elements[i].bounds);
	}
	free(s->elements);
	free(s->members);
	free(s->calendars);
	ev_star_plan_free(&s->plan);
	ev_star_shapes_free(&s->shapes);
	ev_events_free(&s->events);
	for (size_t i = 0; i < EV_STAR_SAYS; i++)
		ev_path_free(&s->paths[i]);
	ev_reasons_free(&s->why);
	ev_arena_free(&s->store);
	ev_arena_free(&s->stamps);
	ev_buf_free(&s->whole);
	ev_buf_free(&s->scratch);
	ev_buf_free(&s->owner);
	ev_buf_free(&s->row);
	ev_sort_free(&s->sort);
	ev_mentions_free(&s->mentions);
	free(s->texts);
	ev_star_state_free(&s->state);
	free(s->found.at);
	free(s);
	*star = NULL;
}

const struct ev_count *ev_star_counts(const struct ev_star *s)
{
	return s->counts;
}

/* Sections */

static bool has_members(const struct ev_model *m)
{
	for (size_t i = 0; i < m->n_dimensions; i++)
		if (m->dimensions[i].calendar == NULL)
			return true;
	return false;
}

enum ev_status ev_star_begin(struct ev_star *s, const struct ev_span *span, struct ev_error *err)
{
	if (s->state != NULL)
		return ev_star_state_begin(s, span, err);
	if (span == NULL)
		return EV_OK;
	if (s->spanned)
		return ev_fail(err,
			       "several sections come out of a state: give evstar --state DIR, "
			       "or one at a time");
	s->spanned = true;
	if (span->from > 0 && has_members(s->m))
		return ev_fail(err, "a part of the events cannot say what all of them say of a "
				    "member: give evstar --state DIR, or evversion --since 0");
	s->replaces_days = span->from > 0;
	return EV_OK;
}

/* The version at hand */

/* The octets of a text of that length, or NULL. */
static const char *text_at(const struct ev_doc *d, uint32_t at, size_t want)
{
	if (at == EV_NOWHERE || ev_kind(d, at) != EV_STRING ||
	    d->nodes[at].end - d->nodes[at].pos != want + 2)
		return NULL;
	return d->text + d->nodes[at].pos + 1;
}

/* False if there is neither true nor false. */
static bool bool_at(const struct ev_doc *d, uint32_t at, bool *value)
{
	if (at == EV_NOWHERE || (ev_kind(d, at) != EV_TRUE && ev_kind(d, at) != EV_FALSE))
		return false;
	*value = ev_kind(d, at) == EV_TRUE;
	return true;
}

/* Plain digits, the first of which is no zero. */
static bool number_at(const struct ev_doc *d, uint32_t at, struct ev_star_version *v)
{
	if (at == EV_NOWHERE || ev_kind(d, at) != EV_NUMBER)
		return false;
	v->number = ev_raw(d, at, &v->number_len);
	for (size_t i = 0; i < v->number_len; i++)
		if (v->number[i] < '0' || v->number[i] > '9')
			return false;
	return v->number_len < EV_STAR_SHORT && v->number[0] != '0';
}

/* from, to: times in quotes; to may be NULL. */
static void put_validity(struct ev_star_version *v, const char *from, const char *to)
{
#define FLAGS(text)                    \
	{                              \
		text, sizeof(text) - 1 \
	}
	static const struct {
		char text[48];
		size_t len;
	} flags[] = {
		FLAGS(",\"ev_current\":false,\"ev_deleted\":false"),
		FLAGS(",\"ev_current\":false,\"ev_deleted\":true"),
		FLAGS(",\"ev_current\":true,\"ev_deleted\":false"),
		FLAGS(",\"ev_current\":true,\"ev_deleted\":true"),
	};
#undef FLAGS
	static const char between[] = ",\"ev_valid_to\":";
	unsigned which = 2U * v->current + v->deleted;
	const size_t len = EV_TIME_TEXT + 2;
	char *o = v->validity;

	o = (char *)memcpy(o, from, len) + len;
	o = (char *)memcpy(o, between, sizeof between - 1) + sizeof between - 1;
	if (to != NULL)
		o = (char *)memcpy(o, to, len) + len;
	else
		o = (char *)memcpy(o, "null", 4) + 4;
	memcpy(o, flags[which].text, sizeof flags[which].text);
	v->validity_len = (size_t)(o - v->validity) + flags[which].len;
}

static inline int64_t two_digits(const char *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

/* EV_TIME_TEXT octets as a number: of two times the greater is the later. False if they are none. */
static bool moment(const char *text, int64_t *t)
{
	typedef uint8_t octets __attribute__((vector_size(16)));
	static const char least[2][17] = {"0000-00-00T00:00", "00:00:00.000000Z"},
			  most[2][17] = {"9999-99-99T99:99", "99:99:99.999999Z"};
	octets fits = {0};
	uint64_t halves[2];
	int64_t day, second;

	fits = ~fits;
	for (int i = 0; i < 2; i++) {
		octets v, low, high;

		memcpy(&v, text + 11 * i, sizeof v); /* the second overlaps the first */
		memcpy(&low, least[i], sizeof low);
		memcpy(&high, most[i], sizeof high);
		fits &= (octets)(v >= low) & (octets)(v <= high);
	}
	memcpy(halves, &fits, sizeof halves);
	if ((halves[0] & halves[1]) != UINT64_MAX)
		return false;
	day = ((two_digits(text) * 100 + two_digits(text + 2)) * 13 + two_digits(text + 5)) * 32 +
	      two_digits(text + 8);
	second =
		(two_digits(text + 11) * 100 + two_digits(text + 14)) * 100 + two_digits(text + 17);
	*t = (day * 240000 + second) * 1000000 + /* an hour is less than 24 */
	     (two_digits(text + 20) * 100 + two_digits(text + 22)) * 100 + two_digits(text + 24);
	return true;
}

/* An event that no evversion has seen is its own only version. */
static void only_version(struct ev_star *s, struct ev_star_version *v)
{
	static const char one[EV_COPY_OVER] = "1";

	v->number = one;
	v->number_len = 1;
	moment(ev_star_time(s, true) + 1, &v->since);
	v->deleted = s->event.op == EV_DELETE;
	v->current = !v->deleted;
	put_validity(v, ev_star_time(s, true), NULL);
}

static void read_owner(struct ev_star *s)
{
	ev_buf_reset(&s->owner);
	if (s->event.is_uuid)
		ev_buf_put(&s->owner, s->event.id, EV_UUID_TEXT);
	else
		ev_json_escape(s->event.id, s->event.id_len, &s->owner);
	ev_buf_room(&s->owner, EV_COPY_OVER);
}

static bool read_version(struct ev_star *s, struct ev_star_version *v)
{
	const struct ev_doc *d = s->event.doc;
	const char *from, *to = NULL;
	uint32_t at[EV_STAR_SAYS], valid_to; /* EV_NOWHERE if "_ev" does not say it */

	v->id_kept = NULL;
	v->kept = NULL;
	read_owner(s);
	for (size_t i = 0; i < EV_STAR_SAYS; i++)
		at[i] = s->event.at[s->says[i]];
	if (at[EV_STAR_NUMBER_OF] == EV_NOWHERE) {
		only_version(s, v);
		v->stands = v->current;
		return true;
	}
	valid_to = at[EV_STAR_VALID_TO];
	if (!number_at(d, at[EV_STAR_NUMBER_OF], v) ||
	    !bool_at(d, at[EV_STAR_CURRENT], &v->current) ||
	    !bool_at(d, at[EV_STAR_DELETED], &v->deleted) || valid_to == EV_NOWHERE)
		return false;
	if (ev_kind(d, valid_to) != EV_NULL) {
		if ((to = text_at(d, valid_to, EV_TIME_TEXT)) == NULL)
			return false;
		to--;
	}
	if ((from = text_at(d, at[EV_STAR_VALID_FROM], EV_TIME_TEXT)) == NULL ||
	    !moment(from, &v->since))
		return false;
	v->stands = v->current && !v->deleted;
	put_validity(v, from - 1, to);
	return true;
}

/* Memory */

static bool is_full(const struct ev_star *s)
{
	size_t size = s->stamps.total - s->stamps.left;

	for (size_t i = 0; i < s->m->n_dimensions; i++)
		if (s->members[i] != NULL)
			size += ev_members_size(s->members[i]);
	return size > s->options.memory / HALVES;
}

/* With a state the members are there for their keys alone, between two events. */
static void forget(struct ev_star *s)
{
	for (size_t i = 0; i < s->m->n_dimensions; i++)
		if (s->members[i] != NULL)
			ev_members_clear(s->members[i]);
}

/* Deletes: what was there of an event goes, and its versions follow */

static const char delete_begin[] = "{\"_ev\":{\"op\":\"delete\",";

/* A line that deletes an event. */
struct deleted {
	const char *owner; /* its inside, as JSON has it */
	size_t len;
	uint64_t first; /* 0: it does not say so */
};

static bool pass_number(const char **p, const char *end, uint64_t *n)
{
	const char *from = *p;
	uint64_t more;

	for (*n = 0; *p < end && **p >= '0' && **p <= '9'; ++*p) {
		if (__builtin_mul_overflow(*n, 10, &more) ||
		    __builtin_add_overflow(more, (unsigned)(**p - '0'), n))
			return false;
	}
	return *p > from;
}

/* `,"first":N,"from":N`, which a state adds. */
static bool pass_commits(const char **p, const char *end, struct deleted *d)
{
	static const char first[] = ",\"first\":", from[] = ",\"from\":";
	uint64_t version;

	if ((size_t)(end - *p) < sizeof first || memcmp(*p, first, sizeof first - 1) != 0)
		return false;
	*p += sizeof first - 1;
	if (!pass_number(p, end, &d->first) || (size_t)(end - *p) < sizeof from ||
	    memcmp(*p, from, sizeof from - 1) != 0)
		return false;
	*p += sizeof from - 1;
	return pass_number(p, end, &version);
}

/* As evversion writes it. */
static bool read_delete(const char *p, size_t len, struct deleted *d)
{
	static const char named[] = "\"owner\":\"";
	const char *end = p + len, *owner;

	p += sizeof delete_begin - 1;
	if ((size_t)(end - p) < sizeof named || memcmp(p, named, sizeof named - 1) != 0)
		return false;
	owner = p += sizeof named - 1;
	for (bool escaped = true; escaped; p++) {
		size_t before = 1;

		if ((p = memchr(p, '"', (size_t)(end - p))) == NULL)
			return false;
		while (p[-(ptrdiff_t)before] == '\\')
			before++;
		escaped = before % 2 == 0;
	}
	*d = (struct deleted){owner, (size_t)(p - 1 - owner), 0};
	if (d->len == 0)
		return false;
	if (end - p != 2 && !pass_commits(&p, end, d))
		return false;
	return end - p == 2 && p[0] == '}' && p[1] == '}';
}

static enum ev_status unlike(const struct ev_record *rec, struct ev_error *err)
{
	return ev_fail(err,
		       "%s:%llu: the \"_ev\" is not as evversion writes it: give evstar what "
		       "evversion wrote",
		       rec->source, (unsigned long long)rec->line);
}

/* It is handed on, once for all facts. */
static enum ev_status put_delete(struct ev_star *s, const struct ev_record *rec,
				 struct ev_error *err)
{
	struct deleted d;
	enum ev_status st;

	if (!read_delete(rec->p, rec->len, &d))
		return unlike(rec, err);
	if (s->state != NULL) {
		ev_buf_reset(&s->scratch);
		ev_json_unescape(d.owner, d.len, &s->scratch);
		st = ev_star_state_event(s, s->scratch.p, s->scratch.len, d.first, err);
		if (st != EV_OK)
			return st == EV_REJECT ? unlike(rec, err) : st;
		if (is_full(s))
			forget(s);
	}
	s->n_delete++;
	if (ev_out_line(s->port->out, rec->p, rec->len) == EV_OK)
		return EV_OK;
	*err = s->port->out->error;
	return EV_FATAL;
}

/* Events */

/* All values are read first, so an event has all its effects or none: EV_REJECT if one is bad. */
static enum ev_status put_event(struct ev_star *s, struct ev_star_version *v, struct ev_error *err)
{
	const struct ev_star_kind *kind;
	const char *type;
	size_t len;

	type = ev_string(s->event.doc, s->event.type, &s->scratch, &len);
	kind = ev_star_kind_of(s->plan, type, len);
	s->came[kind - s->plan->kinds] |= !v->deleted;
	ev_borne_look(s->borne, s->event.doc);
	if (!ev_star_read_values(s, kind)) {
		ev_star_explain(s, type, len);
		return EV_REJECT;
	}
	/* The members lie far apart: each step asks the memory for what the next but one needs. */
	ev_star_begin_references(s, kind);
	ev_star_fetch_members(s);
	if (v->stands)
		ev_star_find_described(s, kind);
	for (size_t i = 0; i < kind->n_facts; i++) {
		if (ev_star_put_fact(s, &s->plan->facts[kind->facts[i]], v) != EV_OK) {
			*err = s->port->out->error;
			return EV_FATAL;
		}
	}
	if (v->stands)
		ev_star_contribute(s, kind, v);
	return EV_OK;
}

/* Mentions */

static enum ev_status spill_members(struct ev_star *s, size_t dimension, struct ev_error *err)
{
	struct ev_members *members = s->members[dimension];
	const struct ev_mentions *l = &s->mentions;

	for (const struct ev_member *m = members->first; m != NULL; m = m->next)
		while (ev_mentions_next(&s->mentions, dimension, members, m, "", 0))
			if (ev_sort_add(s->sort, l->key.p, l->key.len, l->value.p, l->value.len,
					err) != EV_OK)
				return EV_FATAL;
	ev_members_clear(members);
	return EV_OK;
}

/* What was put together so far goes to the sort, and begins anew. */
static enum ev_status spill(struct ev_star *s, struct ev_error *err)
{
	if (s->sort == NULL)
		s->sort = ev_sort_new(s->options.memory / HALVES, s->options.folder);
	for (size_t i = 0; i < s->m->n_dimensions; i++)
		if (s->members[i] != NULL && spill_members(s, i, err) != EV_OK)
			return EV_FATAL;
	ev_arena_reset(&s->stamps);
	return EV_OK;
}

enum ev_status ev_star_step(struct ev_star *s, const struct ev_record *rec, struct ev_error *err)
{
	struct ev_event *event = &s->event;
	struct ev_star_version v;
	enum ev_status st;

	if (rec->len >= sizeof delete_begin - 1 &&
	    memcmp(rec->p, delete_begin, sizeof delete_begin - 1) == 0)
		return put_delete(s, rec, err);
	if (ev_events_read(s->events, rec, event, &s->why) != EV_OK)
		return ev_rejects_put(s->port->rejects, rec, event->origin, event->origin_len,
				      &s->why, err);
	if (!read_version(s, &v) ||
	    (s->state != NULL && !ev_star_state_is_at(s->state, event->id, event->id_len)))
		return unlike(rec, err);
	if ((st = put_event(s, &v, err)) == EV_REJECT)
		return ev_rejects_put(s->port->rejects, rec, event->origin, event->origin_len,
				      &s->why, err);
	if (st != EV_OK)
		return st;
	s->n_event++;
	if (s->state != NULL || s->n_event % BETWEEN_LOOKS != 0 || !is_full(s))
		return EV_OK;
	return spill(s, err);
}

/* Rows of dimensions, at the end */

static enum ev_status put_line(struct ev_star *s, const char *line, size_t len,
			       struct ev_error *err)
{
	if (ev_out_line(s->port->out, line, len) == EV_OK)
		return EV_OK;
	*err = s->port->out->error;
	return EV_FATAL;
}

static enum ev_status put_member(struct ev_star *s, size_t dimension, const char *key,
				 bool described, struct ev_error *err)
{
	const struct ev_star_dimension *d = &s->plan->dimensions[dimension];
	const size_t room = ev_star_member_room(d, s->texts);
	struct ev_out *out = s->port->out;
	char *o;

	if (ev_out_room(out, room)) {
		o = out->buf + out->len;
		ev_out_made(out, (size_t)(ev_star_member_row(o, d, key, described, s->texts) - o));
		return EV_OK;
	}
	ev_buf_reset(&s->row);
	o = ev_buf_room(&s->row, room);
	return put_line(s, o, (size_t)(ev_star_member_row(o, d, key, described, s->texts) - o),
			err);
}

/* Without evstar's own state nobody knows whether it is there already. */
static enum ev_status put_day(struct ev_star *s, size_t dimension, const char *key, int64_t day,
			      struct ev_error *err)
{
	const struct ev_dimension *d = &s->m->dimensions[dimension];

	ev_buf_reset(&s->row);
	if (s->replaces_days) {
		ev_star_gone_row(d, key, &s->row);
		if (put_line(s, s->row.p, s->row.len, err) != EV_OK)
			return EV_FATAL;
		ev_buf_reset(&s->row);
	}
	ev_star_day_row(d, key, day, &s->row);
	return put_line(s, s->row.p, s->row.len, err);
}

/* All days are in memory, and so are all members if none was spilled: they are sorted there. */

union held {
	const struct ev_member *member;
	int64_t day;
};

/* Sixteen hex digits as the eight octets that they are: nibbles, which are put together. */
static uint64_t half_key(const char *digits)
{
	uint64_t halves[2];

	memcpy(halves, digits, sizeof halves);
	for (int i = 0; i < 2; i++) {
		uint64_t v = be64toh(halves[i]);

		v = (v & 0x0f0f0f0f0f0f0f0f) + (v >> 6 & 0x0101010101010101) * 9;
		v = (v | v >> 4) & 0x00ff00ff00ff00ff;
		v = (v | v >> 8) & 0x0000ffff0000ffff;
		halves[i] = (v | v >> 16) & 0xffffffff;
	}
	return htobe64(halves[0] << 32 | halves[1]);
}

static enum ev_status sort_held(struct ev_sort *sort, const char *key, union held held,
				struct ev_error *err)
{
	const uint64_t octets[] = {half_key(key), half_key(key + 16)};

	return ev_sort_add(sort, octets, sizeof octets, &held, sizeof held, err);
}

static enum ev_status sort_members(struct ev_star *s, size_t dimension, struct ev_sort *sort,
				   struct ev_error *err)
{
	const struct ev_member *m = s->members[dimension]->first;

	for (; m != NULL; m = m->next)
		if (sort_held(sort, m->key, (union held){.member = m}, err) != EV_OK)
			return EV_FATAL;
	return EV_OK;
}

static enum ev_status sort_days(struct ev_star *s, size_t dimension, struct ev_sort *sort,
				struct ev_error *err)
{
	size_t n;
	const int64_t *days = ev_star_calendar_outside(s->calendars[dimension], &n);
	char key[EV_KEY_TEXT + 1];

	for (size_t i = 0; i < n; i++) {
		ev_key_day(ev_date_of_days(days[i]), &s->scratch, key);
		if (sort_held(sort, key, (union held){.day = days[i]}, err) != EV_OK)
			return EV_FATAL;
	}
	return EV_OK;
}

static enum ev_status put_held(struct ev_star *s, size_t dimension, struct ev_error *err)
{
	struct ev_sort *sort = ev_sort_new(s->options.memory / HALVES, s->options.folder);
	const struct ev_members *members = s->members[dimension];
	enum ev_status st = members != NULL ? sort_members(s, dimension, sort, err)
					    : sort_days(s, dimension, sort, err);
	char key[EV_KEY_TEXT + 1];
	struct ev_sorted next;
	union held held;

	if (st == EV_OK)
		st = ev_sort_finish(sort, err);
	while (st == EV_OK && (st = ev_sort_next(sort, &next, err)) == EV_OK) {
		memcpy(&held, next.item, sizeof held);
		if (members == NULL) {
			ev_key_day(ev_date_of_days(held.day), &s->scratch, key);
			st = put_day(s, dimension, key, held.day, err);
			continue;
		}
		ev_star_member_texts(members, held.member, s->texts);
		st = put_member(s, dimension, held.member->key, held.member->described, err);
	}
	ev_sort_free(&sort);
	return st == EV_FATAL ? EV_FATAL : EV_OK;
}

/* What was spilled of a dimension, from *next on, which *st came of. */
static void put_spilled(struct ev_star *s, size_t dimension, struct ev_sorted *next,
			enum ev_status *st, struct ev_error *err)
{
	char member[EV_STAR_MEMBER_LEN];
	struct ev_star_sum sum;

	ev_star_sum_init(&sum, &s->plan->dimensions[dimension]);
	while (*st == EV_OK && ev_mention_dimension(next->key) == dimension) {
		memcpy(member, next->key, sizeof member);
		ev_star_sum_reset(&sum);
		do {
			if (ev_star_sum_asks(&sum, next->key, next->key_len))
				ev_star_sum_add(&sum, next->key, next->key_len, next->item,
						next->len);
			*st = ev_sort_next(s->sort, next, err);
		} while (*st == EV_OK && memcmp(next->key, member, sizeof member) == 0);
		ev_star_sum_texts(&sum, s->texts);
		if (*st != EV_FATAL &&
		    put_member(s, dimension, ev_mention_key(member), sum.described, err) != EV_OK)
			*st = EV_FATAL;
	}
	ev_star_sum_free(&sum);
}

enum ev_status ev_star_finish(struct ev_star *s, struct ev_error *err)
{
	enum ev_status st = EV_EOF;
	struct ev_sorted next;

	if (s->state != NULL)
		return ev_star_state_finish(s, err);
	if (s->sort != NULL) {
		if (spill(s, err) != EV_OK || ev_sort_finish(s->sort, err) != EV_OK)
			return EV_FATAL;
		st = ev_sort_next(s->sort, &next, err);
	}
	for (size_t i = 0; i < s->m->n_dimensions && st != EV_FATAL; i++) {
		if (s->sort != NULL && s->members[i] != NULL)
			put_spilled(s, i, &next, &st, err);
		else if (put_held(s, i, err) != EV_OK)
			return EV_FATAL;
	}
	return st == EV_FATAL ? EV_FATAL : EV_OK;
}

enum ev_status ev_star_commit(struct ev_star *s, struct ev_error *err)
{
	return ev_star_state_commit(s, err);
}

enum ev_status ev_star_merge(struct ev_star *s, struct ev_error *err)
{
	return ev_star_state_merge(s, err);
}

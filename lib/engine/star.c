#include "engine/star_impl.h"

#include <stdlib.h>

static void want_says(struct ev_star *s)
{
	static const char *const says[] = {
		[EV_STAR_ROW] = "row",		 [EV_STAR_VALID_FROM] = "valid_from",
		[EV_STAR_VALID_TO] = "valid_to", [EV_STAR_CURRENT] = "current",
		[EV_STAR_DELETED] = "deleted",	 [EV_STAR_OP] = "op",
	};
	struct ev_symbols *names = ev_scan_symbols(ev_events_scan(s->events));

	for (size_t i = 0; i < EV_STAR_SAYS; i++)
		s->says[i] = ev_symbols_add(names, says[i], strlen(says[i]));
}

/* What the tables ask of events, kind by kind. */
static void want_paths(struct ev_star *s)
{
	const struct ev_star_plan *p = s->plan;

	s->borne = ev_borne_new(s->m->file);
	s->asks = ev_calloc(p->n_kinds, sizeof *s->asks);
	s->came = ev_calloc(p->n_kinds, sizeof *s->came);
	for (size_t i = 0; i < p->n_kinds; i++)
		ev_borne_add_star(s->borne, s->m,
				  p->kinds[i].type != NULL ? p->kinds[i].type : "",
				  p->kinds[i].len, &s->asks[i]);
}

bool ev_star_lacks(struct ev_star *s, size_t i, struct ev_buf *out)
{
	for (size_t k = 0; k < s->plan->n_kinds && i == 0; k++)
		if (s->came[k])
			ev_borne_ask(s->borne, &s->asks[k]);
	return ev_borne_tell(s->borne, i, out);
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
	s->shapes = ev_star_shapes_new();
	s->events = ev_events_new(m, EV_READ_ALL, EV_TRUST_PIPE);
	want_paths(s);
	s->stored = true;
	s->keys = ev_md5_new();
	s->content = ev_content_new(0);
	s->seeds[0] = ev_hash_seed();
	s->seeds[1] = ev_hash_seed();
	s->owners = ev_calloc(EV_STAR_VERSIONS, sizeof *s->owners);
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
			s->members[i] = ev_members_new(d, s->keys);
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
	free(s->holes);
	free(s->owners);
	ev_md5_free(&s->keys);
	ev_content_free(&s->content);
	ev_star_plan_free(&s->plan);
	ev_star_shapes_free(&s->shapes);
	ev_events_free(&s->events);
	ev_reasons_free(&s->why);
	ev_arena_free(&s->store);
	ev_arena_free(&s->stamps);
	ev_buf_free(&s->whole);
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

/* Where "_ev" says each of the things that it says of a version, or EV_NOWHERE. */
static void read_says(const struct ev_star *s, const struct ev_doc *d, uint32_t object,
		      uint32_t at[EV_STAR_SAYS])
{
	for (size_t k = 0; k < EV_STAR_SAYS; k++)
		at[k] = EV_NOWHERE;
	if (object == EV_NOWHERE || ev_kind(d, object) != EV_OBJECT)
		return;
	for (uint32_t i = ev_first(d, object); i < ev_end(d, object); i = ev_next(d, i + 1))
		for (size_t k = 0; k < EV_STAR_SAYS; k++)
			if (d->nodes[i].count == s->says[k])
				at[k] = i + 1;
}

/* The octets of a text that is so long, or NULL. */
static const char *text_at(const struct ev_doc *d, uint32_t at, size_t want)
{
	if (at == EV_NOWHERE || ev_kind(d, at) != EV_STRING ||
	    d->nodes[at].end - d->nodes[at].pos != want + 2)
		return NULL;
	return d->text + d->nodes[at].pos + 1;
}

static bool true_at(const struct ev_doc *d, uint32_t at)
{
	return at != EV_NOWHERE && ev_kind(d, at) == EV_TRUE;
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

/* An event that no evversion has seen is its own only version. Its row's key is asked for later. */
static void first_version(struct ev_star *s, struct ev_star_version *v)
{
	const struct ev_event *event = &s->event;

	v->keyless = true;
	v->stamp.time = event->modified;
	v->deleted = event->op == EV_DELETE;
	v->current = !v->deleted;
	put_validity(v, ev_star_time(s, true), NULL);
}

static struct ev_hash128 content_digest(struct ev_star *s)
{
	uint32_t skip[EV_MAX_SKIP];
	size_t n = ev_event_skip(s->events, &s->event, &s->id, 1, skip);

	return ev_content_digest(s->content, s->event.doc, skip, n);
}

/* compared: versions are, so what the key is made of is told from others. */
static void ask_row_key(struct ev_star *s, struct ev_star_version *v, struct ev_hash128 content,
			bool compared)
{
	ev_buf_reset(&s->preimage);
	ev_key_version_preimage(&s->event, content, &s->preimage);
	ev_buf_room(&s->preimage, EV_SYMBOL_SLACK);
	ev_md5_add(s->keys, s->preimage.p, s->preimage.len, v->owners->row);
	if (compared)
		v->stamp.says = ev_members_digest(s->seeds, s->preimage.p, s->preimage.len);
}

/* The version as octets that compare; most have the number of the one before. */
static void read_order(struct ev_star *s, struct ev_star_version *v)
{
	const struct ev_doc *d = s->event.doc;
	const char *text = "";
	size_t len = 0;

	if (s->event.version != EV_NOWHERE)
		text = ev_raw(d, s->event.version, &len);
	if (s->order.len == 0 || len != s->ordered_len || !ev_same(text, s->ordered, len)) {
		ev_buf_reset(&s->order);
		ev_version_order(d, s->event.version, &s->order);
		s->order_kept = NULL;
		s->ordered_len = len <= sizeof s->ordered ? len : SIZE_MAX;
		memcpy(s->ordered, text, len <= sizeof s->ordered ? len : 0);
	}
	v->stamp.version = s->order.p;
	v->stamp.version_len = (uint32_t)s->order.len;
}

static bool read_version(struct ev_star *s, struct ev_star_version *v)
{
	const struct ev_event *event = &s->event;
	const struct ev_doc *d = event->doc;
	const char *row, *from, *to = NULL, *op;
	uint32_t at[EV_STAR_SAYS], valid_to;

	v->owners = &s->owners[s->n_owners++]; /* not used again while a key of it is computed */
	v->owners->row[0] = v->owners->event[0] = '\0';
	v->owners->kept = NULL;
	v->owners->event_asked = false;
	v->stamp.row = v->owners->row;
	v->stamp.says = 0;
	read_order(s, v);
	read_says(s, d, event->reserved, at);
	if (at[EV_STAR_ROW] == EV_NOWHERE) {
		first_version(s, v);
		return true;
	}
	v->keyless = false;
	valid_to = at[EV_STAR_VALID_TO];
	if ((row = text_at(d, at[EV_STAR_ROW], EV_KEY_TEXT)) == NULL ||
	    (from = text_at(d, at[EV_STAR_VALID_FROM], EV_TIME_TEXT)) == NULL ||
	    ev_time_parse(from, EV_TIME_TEXT, &v->stamp.time) != EV_TIME_ZONED ||
	    (op = text_at(d, at[EV_STAR_OP], 6)) == NULL || memcmp(op, "insert", 6) != 0 ||
	    valid_to == EV_NOWHERE)
		return false;
	if (ev_kind(d, valid_to) != EV_NULL) {
		if ((to = text_at(d, valid_to, EV_TIME_TEXT)) == NULL)
			return false;
		to--;
	}
	memcpy(v->owners->row, row, EV_KEY_TEXT);
	v->current = true_at(d, at[EV_STAR_CURRENT]);
	v->deleted = true_at(d, at[EV_STAR_DELETED]);
	put_validity(v, from - 1, to);
	return true;
}

/* Events */

/* All values are read first, so an event has all its effects or none. False if one does not fit. */
static bool put_event(struct ev_star *s, struct ev_star_version *v)
{
	const struct ev_star_kind *kind;
	struct ev_hash128 content;
	const char *type;
	size_t len;
	bool asked;

	type = ev_string(s->event.doc, s->event.type, &s->scratch, &len);
	kind = ev_star_kind_of(s->plan, type, len);
	s->came[kind - s->plan->kinds] |= !v->deleted;
	ev_borne_look(s->borne, s->event.doc);
	if (!ev_star_read_values(s, kind)) {
		ev_star_explain(s, type, len);
		return false;
	}
	/* The members lie far apart: each step asks the memory for what the next but one needs. */
	ev_star_begin_references(s, kind);
	asked = v->keyless && (kind->keeps_history || (kind->describes && !v->deleted));
	if (asked)
		content = content_digest(s);
	ev_star_fetch_members(s);
	if (asked)
		ask_row_key(s, v, content, kind->describes);
	/* A tombstone says nothing new of anyone. */
	if (!v->deleted)
		ev_star_find_described(s, kind);
	for (size_t i = 0; i < kind->n_facts; i++)
		ev_star_put_fact(s, &s->plan->facts[kind->facts[i]], v);
	if (!v->deleted && kind->describes)
		ev_star_contribute(s, kind, v);
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
		struct ev_star_kept *kept = s->owners[i].kept;

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
	struct ev_event *event = &s->event;
	struct ev_star_version v;

	s->any = true;
	if (ev_events_read(s->events, rec, event, &s->why) != EV_OK)
		return ev_rejects_put(s->port->rejects, rec, event->origin, event->origin_len,
				      &s->why, err);
	if ((s->n_owners == EV_STAR_VERSIONS || s->rows.len >= EV_STAR_BLOCK) &&
	    ev_star_flush(s, err) != EV_OK)
		return EV_FATAL;
	if (!read_version(s, &v))
		return ev_fail(err,
			       "%s:%llu: the event's \"_ev\" is not as evversion writes it without "
			       "state: give evstar what "
			       "evversion wrote",
			       rec->source, (unsigned long long)rec->line);
	if (!put_event(s, &v))
		return ev_rejects_put(s->port->rejects, rec, event->origin, event->origin_len,
				      &s->why, err);
	s->n_event++;
	s->port->out->lines += s->n_out - out;
	return EV_OK;
}

enum ev_status ev_star_finish(struct ev_star *s, struct ev_error *err)
{
	if (ev_star_flush(s, err) != EV_OK)
		return EV_FATAL;
	for (size_t i = 0; i < s->m->n_dimensions && s->any; i++)
		if (ev_star_put_dimension(s, i, err) != EV_OK)
			return EV_FATAL;
	return ev_star_flush(s, err);
}

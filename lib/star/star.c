#include "star/internal.h"

#include "scan/form.h"

#include <stdlib.h>

/* How many events pass between two checks of the memory used. */
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

/* Registers the paths that tables ask for, kind by kind (presence.h). */
static void want_paths(struct ev_star *s)
{
	const struct ev_star_plan *p = s->plan;

	s->presence = ev_presence_new(s->m->file, ev_events_scan(s->events));
	s->asks = ev_calloc(p->n_kinds, sizeof *s->asks);
	s->came = ev_calloc(p->n_kinds, sizeof *s->came);
	for (size_t i = 0; i < p->n_kinds; i++)
		ev_presence_add_star(s->presence, s->m,
				     p->kinds[i].type != NULL ? p->kinds[i].type : "",
				     p->kinds[i].len, &s->asks[i]);
}

bool ev_star_lacks(struct ev_star *s, size_t i, struct ev_buf *out)
{
	for (size_t k = 0; k < s->plan->n_kinds && i == 0; k++)
		if (s->came[k])
			ev_presence_ask(s->presence, &s->asks[k]);
	return ev_presence_next_absent(s->presence, i, out);
}

static void set_counts(struct ev_star *s)
{
	const bool reduces = s->options.half == EV_STAR_REDUCE;
	struct ev_count *count = s->counts;

	if (reduces) {
		*count++ = (struct ev_count){"reduced", &s->n_reduced, true, false};
		*count++ = (struct ev_count){"row", &s->n_row, true, false};
	} else {
		*count++ = (struct ev_count){"event", &s->n_event, true, false};
	}
	*count++ = (struct ev_count){"delete", &s->n_delete, true, false};
	*count++ = (struct ev_count){"out", &s->port->out->lines, false, false};
	if (s->options.half == EV_STAR_MAP)
		*count++ = (struct ev_count){"mapped", &s->n_mapped, false, false};
}

struct ev_star *ev_star_open(const struct ev_model *m, const struct ev_star_options *options,
			     struct ev_port *port, struct ev_error *err)
{
	const bool reduces = options->half == EV_STAR_REDUCE;
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
	s->shapes = ev_star_shapes_new(s);
	s->events = ev_events_new(m, reduces ? EV_READ_TEXT : EV_READ_ALL, EV_TRUST_PIPE);
	if (!reduces)
		ev_events_compute_columns(s->events);
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
		s->history |= d->history;
	}
	s->texts = ev_calloc(n, sizeof *s->texts);
	if (options->state != NULL)
		s->state = ev_star_state_new(options->state);
	else if (reduces || (s->history && options->half == EV_STAR_BOTH))
		s->sort = ev_star_sort_new(s);
	s->spilled = reduces;
	if (options->half != EV_STAR_BOTH)
		s->named = ev_star_named_new(m);
	set_counts(s);
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
		ev_presence_paths_free(&s->asks[i]);
	free(s->asks);
	free(s->came);
	ev_presence_free(&s->presence);
	for (size_t i = 0; i < s->plan->n_groups; i++) {
		free(s->elements[i].stores);
		free(s->elements[i].values);
		free(s->elements[i].bounds);
	}
	free(s->elements);
	free(s->members);
	free(s->calendars);
	ev_star_plan_free(&s->plan);
	free(s->shapes);
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
	ev_buf_free(&s->span);
	ev_buf_free(&s->event_id);
	ev_star_named_free(&s->named, s->m);
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

const uint64_t *ev_star_digest(const struct ev_star *s)
{
	return &s->digest;
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
	if (span->from > 0 && s->options.half != EV_STAR_BOTH)
		return ev_fail(err, "--map and --reduce take all of a state, or what comes without "
				    "one: evversion --since 0");
	if (span->from > 0 && has_members(s->m))
		return ev_fail(err, "a part of the events cannot say what all of them say of a "
				    "member: give evstar --state DIR, or evversion --since 0");
	s->replaces_days = span->from > 0;
	return EV_OK;
}

/* Lines */

static enum ev_status unlike(const struct ev_record *rec, struct ev_error *err)
{
	return ev_fail(err,
		       "%s:%llu: the \"_ev\" is not as evversion writes it: give evstar what "
		       "evversion wrote",
		       rec->source, (unsigned long long)rec->line);
}

/* A delete is handed on once, for all facts. */
static enum ev_status put_delete(struct ev_star *s, const struct ev_record *rec,
				 struct ev_error *err)
{
	struct ev_star_deleted d;
	enum ev_status st;

	if (!ev_star_read_delete(rec->p, rec->len, &d))
		return unlike(rec, err);
	if (s->state != NULL) {
		ev_buf_reset(&s->scratch);
		ev_json_unescape(d.owner, d.len, &s->scratch);
		st = ev_star_state_event(s, s->scratch.p, s->scratch.len, d.first, err);
		if (st != EV_OK)
			return st == EV_REJECT ? unlike(rec, err) : st;
		if (ev_star_make_room(s, err) != EV_OK)
			return EV_FATAL;
	}
	s->n_delete++;
	return ev_port_line(s->port, rec->p, rec->len, err);
}

/* All values are read first, so an event has all its effects or none: EV_REJECT if one is bad. */
static enum ev_status put_event(struct ev_star *s, struct ev_star_version *v, struct ev_error *err)
{
	const struct ev_star_kind *kind;
	const char *type;
	size_t len;

	type = ev_string(s->event.doc, s->event.type, &s->scratch, &len);
	kind = ev_star_kind_of(s->plan, type, len);
	if (!v->deleted) {
		s->came[kind - s->plan->kinds] = true;
		ev_presence_filter(&s->asks[kind - s->plan->kinds], s->event.doc);
	}
	ev_presence_search(s->presence, s->event.doc);
	if (!ev_star_read_values(s, kind)) {
		ev_star_explain(s, type, len);
		return EV_REJECT;
	}
	/* The members lie far apart in memory: each step prefetches what the next but one needs. */
	ev_star_begin_references(s, kind);
	ev_star_fetch_members(s);
	if (v->stands)
		ev_star_find_described(s, kind);
	for (size_t i = 0; i < kind->n_facts; i++)
		if (ev_star_put_fact(s, &s->plan->facts[kind->facts[i]], v, err) != EV_OK)
			return EV_FATAL;
	if (v->stands)
		ev_star_contribute(s, kind, v);
	return s->history ? ev_star_note_version(s, kind, v, err) : EV_OK;
}

enum ev_status ev_star_step(struct ev_star *s, const struct ev_record *rec, struct ev_error *err)
{
	struct ev_event *event = &s->event;
	struct ev_star_version v;
	enum ev_status st;

	if (s->options.half != EV_STAR_REDUCE && rec->len >= EV_STAR_DELETE_BEGIN &&
	    memcmp(rec->p, ev_star_delete_begin, EV_STAR_DELETE_BEGIN) == 0)
		return put_delete(s, rec, err);
	if (ev_events_read(s->events, rec, event, &s->why) != EV_OK)
		return ev_rejects_put(s->port->rejects, rec, event->origin, event->origin_len,
				      &s->why, err);
	if (s->options.half == EV_STAR_REDUCE)
		return ev_star_reduce(s, rec, err);
	if (!ev_star_read_version(s, &v) ||
	    (s->state != NULL && !ev_star_state_is_at(s->state, event->id, event->id_len)))
		return unlike(rec, err);
	if ((st = put_event(s, &v, err)) == EV_REJECT)
		return ev_rejects_put(s->port->rejects, rec, event->origin, event->origin_len,
				      &s->why, err);
	if (st != EV_OK)
		return st;
	s->n_event++;
	if (s->state != NULL || s->n_event % BETWEEN_LOOKS != 0)
		return EV_OK;
	return ev_star_make_room(s, err);
}

enum ev_status ev_star_finish(struct ev_star *s, struct ev_error *err)
{
	return s->state != NULL ? ev_star_state_finish(s, err) : ev_star_put_dimensions(s, err);
}

#include "record/event.h"
#include "base/reading.h"
#include "number/decimal.h"
#include "record/compute.h"
#include "scan/form.h"
#include "json/part.h"
#include "json/pick.h"

#include <stdlib.h>

const char *const ev_op_names[] = {"put", "patch", "delete"};

struct ev_events {
	const struct ev_model *m;
	enum ev_depth depth;
	enum ev_trust trust;
	struct ev_scan *scan;
	struct ev_compute *compute; /* NULL: nothing is computed */
	struct ev_picks *picks;
	uint32_t reserved, origin, id_at, type, time, modified, version, op; /* slots */
	uint32_t *ignore; /* slots of what the model ignores */
	struct ev_path *reserved_path, *origin_path;
	struct ev_each **each;
	size_t n_each;
	uint64_t number;     /* of events read */
	bool framed;	     /* records are no lines */
	const char *goes_on; /* the source in which the line before begins more JSON; or NULL */
	struct ev_buf id, text;
};

uint32_t ev_events_want(struct ev_events *e, const struct ev_path *path)
{
	return path != NULL ? ev_picks_add(e->picks, path) : EV_NO_SLOT;
}

struct ev_events *ev_events_new(const struct ev_model *m, enum ev_depth depth, enum ev_trust trust)
{
	struct ev_events *e = ev_calloc(1, sizeof *e);
	struct ev_error err;

	e->m = m;
	e->depth = depth;
	e->trust = trust;
	e->scan = ev_scan_new();
	e->picks = ev_picks_new(e->scan);
	e->reserved_path = ev_path_parse("._ev", &err);
	e->reserved = ev_events_want(e, e->reserved_path);
	e->origin_path = ev_path_parse("._ev.origin", &err);
	e->origin = ev_events_want(e, e->origin_path);
	if (m == NULL)
		return e;
	if (depth >= EV_READ_ID)
		e->compute = ev_compute_new(m, false, e->scan);
	e->ignore = ev_calloc(m->n_ignore, sizeof *e->ignore);
	for (size_t i = 0; i < m->n_ignore; i++)
		e->ignore[i] = ev_events_want(e, m->ignore[i]);
	if (depth >= EV_READ_ID)
		e->id_at = ev_events_want(e, m->id);
	if (depth < EV_CHECK_ALL)
		return e;
	e->type = ev_events_want(e, m->type);
	e->time = ev_events_want(e, m->time);
	e->modified = ev_events_want(e, m->modified);
	e->version = ev_events_want(e, m->version);
	e->op = ev_events_want(e, m->op);
	return e;
}

void ev_events_compute_columns(struct ev_events *e)
{
	ev_compute_free(&e->compute);
	e->compute = ev_compute_new(e->m, true, e->scan);
}

struct ev_scan *ev_events_scan(struct ev_events *e)
{
	return e->scan;
}

struct ev_picks *ev_events_picks(struct ev_events *e)
{
	return e->picks;
}

static struct ev_list want_all(struct ev_events *e, const struct ev_path *path)
{
	struct ev_path names = *path;

	if (path->computed != 0 || path->when != NULL)
		return (struct ev_list){path, 0, 0};
	names.n = 0;
	while (names.n < path->n && path->steps[names.n].kind == EV_STEP_NAME)
		names.n++;
	return (struct ev_list){path, names.n, ev_events_want(e, &names)};
}

/* Into l->found, and what is picked in them into l->room. */
static void find_elements(struct ev_each *l, const struct ev_event *event)
{
	const struct ev_doc *d = event->doc;
	uint32_t slots = l->picks->n;

	ev_path_all_from(l->list.path, l->list.step, d, event->at[l->list.slot], &l->found);
	if (l->found.n * slots > l->cap)
		ev_grow(&l->room, &l->cap, l->found.n * slots, sizeof *l->room);
	for (size_t i = 0; i < l->found.n; i++)
		ev_picks_find_to(l->picks, d, l->found.at[i], l->room + i * slots);
	l->at = l->room;
	l->n = l->found.n;
}

/* A plan: the elements of the list in all documents of the shape, and what is picked in them. */
struct elements {
	size_t n;
	uint32_t slots;
	uint32_t at[]; /* by element and slot */
};

static void *compile_elements(void *client, const struct ev_doc *d)
{
	struct ev_each *l = client;
	struct elements *e;
	size_t n;

	find_elements(l, l->of);
	n = l->n * l->picks->n;
	e = ev_plan_alloc(d, sizeof *e + n * sizeof *e->at);
	if (e == NULL)
		return NULL;
	*e = (struct elements){l->n, l->picks->n};
	if (n > 0)
		memcpy(e->at, l->at, n * sizeof *e->at);
	return e;
}

static void print_elements(const void *client, const void *plan, const struct ev_doc *d,
			   struct ev_buf *out)
{
	const struct elements *e = plan;

	(void)client;
	for (size_t i = 0; i < e->n; i++) /* slot 0 is the element itself */
		ev_plan_line(out, "element", d, e->at[i * e->slots], NULL);
}

static const struct ev_plan_kind elements_kind = {"list", compile_elements, print_elements};

struct ev_each *ev_events_each(struct ev_events *e, const struct ev_path *path)
{
	struct ev_each *l;

	for (size_t i = 0; i < e->n_each; i++)
		if (ev_path_same(e->each[i]->list.path, path))
			return e->each[i];
	l = ev_calloc(1, sizeof *l);
	l->list = want_all(e, path);
	l->picks = ev_picks_new(e->scan);
	l->plans = EV_PLANS(&elements_kind, l);
	e->each = ev_realloc_array(e->each, e->n_each + 1, sizeof(struct ev_each *));
	return e->each[e->n_each++] = l;
}

void ev_each_read(struct ev_each *l, const struct ev_event *event)
{
	const struct elements *known;

	l->event = event->number;
	l->of = event;
	known = ev_plan_of(&l->plans, event->doc);
	if (known != NULL && known->slots == l->picks->n) {
		l->at = known->at;
		l->n = known->n;
	} else { /* also where a slot was added after the plan was made */
		find_elements(l, event);
	}
}

bool ev_each_fits(struct ev_each *l, const struct ev_event *event, const struct ev_containers *w)
{
	const size_t n = w->n + w->n_others > 0 ? ev_each_find(l, event) : 0;

	for (size_t i = 0; i < n; i++)
		if (!ev_containers_fit(w, event->doc, ev_each_at(l, i)))
			return false;
	return true;
}

void ev_events_free(struct ev_events **e)
{
	if (*e == NULL)
		return;
	for (size_t i = 0; i < (*e)->n_each; i++) {
		ev_picks_free(&(*e)->each[i]->picks);
		free((*e)->each[i]->found.at);
		free((*e)->each[i]->room);
		free((*e)->each[i]);
	}
	free((*e)->each);
	ev_picks_free(&(*e)->picks);
	ev_path_free(&(*e)->reserved_path);
	ev_path_free(&(*e)->origin_path);
	free((*e)->ignore);
	ev_compute_free(&(*e)->compute);
	ev_scan_free(&(*e)->scan);
	ev_buf_free(&(*e)->id);
	ev_buf_free(&(*e)->text);
	free(*e);
	*e = NULL;
}

void ev_reasons_of_flaw(const struct ev_flaw *flaw, size_t before, struct ev_reasons *why)
{
	static const char *const codes[] = {
		[EV_FLAW_SYNTAX] = "json",	   [EV_FLAW_UTF8] = "utf8",
		[EV_FLAW_SURROGATE] = "surrogate", [EV_FLAW_CONTROL] = "control",
		[EV_FLAW_DEPTH] = "depth",	   [EV_FLAW_LENGTH] = "too-long"};

	why->code = codes[flaw->code];
	ev_reasons_add(why, "column %zu: %s", before + flaw->at + 1, flaw->what);
}

static enum ev_status reject(struct ev_reasons *why, const char *code)
{
	why->code = code;
	return EV_REJECT;
}

/*
 * {"source":text,"line":n,"offset":n}, as evparse writes it; evreject leaves out an offset that is
 * not known.
 */
static bool is_origin(const struct ev_doc *d, uint32_t at)
{
	uint32_t source, line, offset;

	if (at == EV_NOWHERE || ev_kind(d, at) != EV_OBJECT)
		return false;
	source = ev_member(d, at, "source", 6);
	line = ev_member(d, at, "line", 4);
	offset = ev_member(d, at, "offset", 6);
	if (d->nodes[at].count != (offset != EV_NOWHERE ? 3 : 2) || source == EV_NOWHERE ||
	    line == EV_NOWHERE)
		return false;
	return ev_kind(d, source) == EV_STRING && ev_kind(d, line) == EV_NUMBER &&
	       (offset == EV_NOWHERE || ev_kind(d, offset) == EV_NUMBER);
}

static enum ev_status read_reserved(struct ev_events *e, struct ev_event *event,
				    struct ev_reasons *why)
{
	const struct ev_doc *d = event->doc;
	uint32_t origin = event->at[e->origin];

	event->reserved = event->at[e->reserved];
	if (event->reserved == EV_NOWHERE)
		return EV_OK;
	if (is_origin(d, origin))
		event->origin = ev_raw(d, origin, &event->origin_len);
	if (e->trust == EV_TRUST_RAW &&
	    (event->origin == NULL || d->nodes[event->reserved].count != 1)) {
		ev_reasons_add(why, "the member \"_ev\" is reserved")->path = "/_ev";
		return reject(why, "reserved");
	}
	return EV_OK;
}

static struct ev_reason *envelope(struct ev_reasons *why, const struct ev_path *path,
				  const char *what, const char *problem)
{
	struct ev_reason *reason =
		ev_reasons_add(why, "the event's %s (%s) %s", what, path->text, problem);
	struct ev_buf pointer = {0};

	why->code = "envelope";
	ev_path_pointer(path, &pointer);
	reason->path = ev_reasons_copy(why, pointer.p, pointer.len);
	ev_buf_free(&pointer);
	return reason;
}

/* The same for a wrong value, which the message quotes. */
static void wrong_value(struct ev_reasons *why, const struct ev_path *path, const char *what,
			const char *problem, const struct ev_doc *d, uint32_t at)
{
	size_t len;
	const char *p = ev_raw(d, at, &len);

	envelope(why, path, what,
		 ev_reasons_text(why, "%s: %s", problem, ev_reasons_quote(why, p, len)));
}

struct shape_reasons {
	const struct ev_path *path;
	const struct ev_doc *d;
	struct ev_reasons *why;
};

static void add_shape(void *ctx, uint32_t at, const struct ev_step *s)
{
	static const char *const kinds[] = {
		[EV_NULL] = "null",	  [EV_FALSE] = "a boolean", [EV_TRUE] = "a boolean",
		[EV_NUMBER] = "a number", [EV_STRING] = "a text",   [EV_ARRAY] = "an array",
		[EV_OBJECT] = "an object"};
	const struct shape_reasons *t = ctx;
	struct ev_reasons *why = t->why;
	struct ev_buf pointer = {0};
	struct ev_reason *reason;
	const char *p, *path;
	size_t len;

	if (why->code == NULL)
		why->code = "shape";
	ev_pointer(t->d, at, &pointer);
	path = ev_reasons_copy(why, pointer.p, pointer.len);
	ev_buf_free(&pointer);
	for (size_t i = 0; i < why->n; i++)
		if (why->list[i].path != NULL && strcmp(why->list[i].path, path) == 0)
			return;
	if (ev_reasons_enough(why))
		return;
	p = ev_raw(t->d, at, &len);
	reason = ev_reasons_add(why, "the path %s goes through %s, and this is %s: %s",
				t->path->text, kinds[ev_step_asks(s)], kinds[ev_kind(t->d, at)],
				ev_reasons_quote(why, p, len));
	reason->path = path;
}

bool ev_event_path_passes(const struct ev_path *path, const struct ev_doc *d, uint32_t from,
			  struct ev_reasons *why)
{
	struct shape_reasons t = {path, d, why};
	const struct ev_computed *v =
		path->computed != 0 ? ev_computed_find(d, path->computed, from) : NULL;

	if (path->when != NULL && !ev_path_takes(path->when, d, from))
		return true;
	if (v != NULL && v->why != NULL) {
		if (why->code == NULL)
			why->code = "expression";
		ev_reasons_add(why, "%s: %s", path->text, v->why)->keyword = "jq";
		return false;
	}
	return ev_path_is_open(path, d, from, add_shape, &t);
}

/* A part of the envelope was not found: true if it is absent, false if its path is blocked. */
static bool is_absent(const struct ev_event *event, const struct ev_path *path,
		      struct ev_reasons *why)
{
	return path == NULL || path->n == 1 || ev_event_path_passes(path, event->doc, 0, why);
}

/* A UUID in its canonical spelling, or the text as it is. */
static void text_id(struct ev_events *e, struct ev_event *event, const char *p, size_t len)
{
	event->is_uuid = ev_uuid_canonical(p, len, ev_buf_room(&e->id, EV_UUID_TEXT));
	if (event->is_uuid)
		e->id.len = EV_UUID_TEXT;
	else
		ev_buf_put(&e->id, p, len);
}

static void read_id(struct ev_events *e, struct ev_event *event, struct ev_reasons *why)
{
	const struct ev_doc *d = event->doc;
	uint32_t at = event->at[e->id_at];
	struct ev_number number;
	const char *p;
	size_t len;

	/* Fast path: a canonical UUID stays where it is in the line. */
	if (e->depth != EV_CHECK_ALL && at != EV_NOWHERE && ev_kind(d, at) == EV_STRING &&
	    !d->nodes[at].escaped) {
		p = ev_raw(d, at, &len) + 1;
		if (len == EV_UUID_TEXT + 2 && ev_uuid_is_canonical(p)) {
			event->is_uuid = true;
			event->id = p;
			event->id_len = EV_UUID_TEXT;
			return;
		}
	}
	ev_buf_reset(&e->id);
	if (at == EV_NOWHERE || ev_kind(d, at) == EV_NULL) {
		if (is_absent(event, e->m->id, why))
			envelope(why, e->m->id, "id", "is missing");
	} else if (ev_kind(d, at) == EV_STRING) {
		p = ev_string(d, at, &e->text, &len);
		if (len == 0)
			envelope(why, e->m->id, "id", "is empty");
		else if (memchr(p, '\0', len) != NULL)
			envelope(why, e->m->id, "id", "holds U+0000, which no warehouse takes");
		else if (len > EV_ID_MAX)
			envelope(why, e->m->id, "id", "is longer than 255 bytes");
		else if (e->depth != EV_CHECK_ALL)
			text_id(e, event, p, len);
	} else if (ev_kind(d, at) == EV_NUMBER) {
		p = ev_raw(d, at, &len);
		ev_number_read(p, len, &number);
		if (!ev_number_is_integer(&number))
			wrong_value(why, e->m->id, "id", "is a number but no integer", d, at);
		else if (number.huge || number.point + number.negative > EV_ID_MAX)
			envelope(why, e->m->id, "id", "has more than 255 digits");
		else if (e->depth != EV_CHECK_ALL) /* 12 and "12" are one event */
			ev_number_plain(&number, 0, &e->id);
	} else {
		wrong_value(why, e->m->id, "id", "is neither a text nor an integer", d, at);
	}
	event->id = e->id.p;
	event->id_len = e->id.len;
}

/* Appends what jq makes a date-time of the value; nothing where that is not known. */
static void put_reading(const struct ev_doc *d, uint32_t at, const char *p, size_t len,
			struct ev_buf *out)
{
	enum { LEAST = 9, COMPACT = 14 }; /* digits of a text; 20260301100000 is another matter */
	struct ev_reading r;
	size_t digits = 0;

	while (digits < len && p[digits] >= '0' && p[digits] <= '9')
		digits++;
	if (ev_kind(d, at) == EV_NUMBER)
		ev_buf_puts(out, ev_reading_epoch(digits, false));
	else if (digits == len && digits >= LEAST && digits != COMPACT)
		ev_buf_puts(out, ev_reading_epoch(digits, true));
	else if (ev_reading_of(p, len, &r))
		ev_reading_jq(r.steps, out);
}

/* A time that cannot be read, with the expression that reads it, where that is known. */
static void wrong_time(struct ev_reasons *why, const struct ev_path *path, const char *what,
		       const char *problem, const struct ev_doc *d, uint32_t at, const char *p,
		       size_t len)
{
	struct ev_buf how = {0};
	const char *raw;
	size_t raw_len;

	put_reading(d, at, p, len, &how);
	if (how.len == 0) {
		wrong_value(why, path, what, problem, d, at);
		return;
	}
	raw = ev_raw(d, at, &raw_len);
	envelope(why, path, what,
		 ev_reasons_text(why, "%s: %s: to read it, the model says %s%s", problem,
				 ev_reasons_quote(why, raw, raw_len), path->text,
				 ev_buf_str(&how)));
	ev_buf_free(&how);
}

static void read_time(struct ev_events *e, struct ev_event *event, const struct ev_path *path,
		      const char *what, uint32_t at, struct ev_time *t, struct ev_reasons *why)
{
	const char *p;
	size_t len;

	if (ev_kind(event->doc, at) != EV_STRING) {
		p = ev_raw(event->doc, at, &len);
		wrong_time(why, path, what, "is no text such as \"2026-03-01T10:00:00Z\"",
			   event->doc, at, p, len);
		return;
	}
	p = ev_string(event->doc, at, &e->text, &len);
	switch (ev_time_parse(p, len, t)) {
	case EV_TIME_BAD:
		wrong_time(why, path, what,
			   ev_reasons_text(why, "is no date-time as RFC 3339 has it, %s",
					   ev_time_flaw(p, len)),
			   event->doc, at, p, len);
		return;
	case EV_TIME_NAIVE:
		if (e->m->zone == NULL)
			wrong_value(why, path, what,
				    "has no zone (Z or an offset), and the model names none "
				    "(event.zone)",
				    event->doc, at);
		else
			t->sec = ev_zone_to_utc(e->m->zone, t->sec);
		break;
	case EV_TIME_ZONED: break;
	}
	if (!ev_time_in_range(*t))
		wrong_value(why, path, what, "lies outside the years 1 to 9999 in UTC", event->doc,
			    at);
}

/* Present and not null. */
static uint32_t value_at(const struct ev_event *event, uint32_t slot)
{
	uint32_t at = slot != EV_NO_SLOT ? event->at[slot] : EV_NOWHERE;

	return at != EV_NOWHERE && ev_kind(event->doc, at) == EV_NULL ? EV_NOWHERE : at;
}

static bool integer_text(const char *p, size_t len)
{
	size_t i = len > 0 && p[0] == '-';

	if (i == len || (p[i] == '0' && len > i + 1))
		return false;
	for (; i < len; i++)
		if (p[i] < '0' || p[i] > '9')
			return false;
	return true;
}

static void read_version(struct ev_events *e, struct ev_event *event, struct ev_reasons *why)
{
	const struct ev_doc *d = event->doc;
	uint32_t at = value_at(event, e->version);
	struct ev_number n;
	const char *p;
	size_t len;

	event->version = at;
	if (at == EV_NOWHERE) {
		is_absent(event, e->m->version, why);
		return;
	}
	if (ev_kind(d, at) == EV_STRING) {
		p = ev_string(d, at, &e->text, &len);
		if (!integer_text(p, len))
			wrong_value(why, e->m->version, "version", "is a text, but of no integer",
				    d, at);
		return;
	}
	if (ev_kind(d, at) == EV_NUMBER) {
		p = ev_raw(d, at, &len);
		if (ev_small_fits(p, (uint32_t)len, (uint32_t)len, 0))
			return;
		ev_number_read(p, len, &n);
		if (ev_number_is_integer(&n) && !n.huge)
			return;
	}
	wrong_value(why, e->m->version, "version", "is no integer", d, at);
}

static void read_op(struct ev_events *e, struct ev_event *event, struct ev_reasons *why)
{
	uint32_t at = value_at(event, e->op);

	event->op = EV_PUT;
	if (at == EV_NOWHERE) {
		is_absent(event, e->m->op, why);
		return;
	}
	if (ev_kind(event->doc, at) == EV_STRING) {
		for (int op = EV_PUT; op <= EV_DELETE; op++) {
			if (ev_string_is(event->doc, at, ev_op_names[op],
					 strlen(ev_op_names[op]))) {
				event->op = (enum ev_op)op;
				return;
			}
		}
	}
	wrong_value(why, e->m->op, "op", "is none of put, patch and delete", event->doc, at);
}

static void read_envelope(struct ev_events *e, struct ev_event *event, struct ev_reasons *why)
{
	const struct ev_doc *d = event->doc;
	uint32_t at;

	event->type = value_at(event, e->type);
	if (event->type == EV_NOWHERE) {
		if (is_absent(event, e->m->type, why))
			envelope(why, e->m->type, "type", "is missing");
	} else if (ev_kind(d, event->type) != EV_STRING) {
		wrong_value(why, e->m->type, "type", "is no text", d, event->type);
	}
	if ((at = value_at(event, e->time)) != EV_NOWHERE)
		read_time(e, event, e->m->time, "time", at, &event->time, why);
	else if (is_absent(event, e->m->time, why))
		envelope(why, e->m->time, "time", "is missing");
	event->modified = event->time;
	if ((at = value_at(event, e->modified)) != EV_NOWHERE)
		read_time(e, event, e->m->modified, "modified time", at, &event->modified, why);
	else
		is_absent(event, e->m->modified, why);
	read_version(e, event, why);
	read_op(e, event, why);
}

void ev_events_are_framed(struct ev_events *e)
{
	e->framed = true;
}

void ev_events_no_object(struct ev_events *e, const struct ev_record *rec)
{
	struct ev_flaw flaw;
	const char *p;
	size_t len;
	bool goes_on = !e->framed && ev_part_goes_on(rec->p, rec->len, &p, &len) &&
		       (len == 0 || ev_scan(e->scan, p, len, &flaw) != NULL);

	e->goes_on = goes_on ? rec->source : NULL;
}

enum ev_status ev_events_read(struct ev_events *e, const struct ev_record *rec,
			      struct ev_event *event, struct ev_reasons *why)
{
	const char *goes_on = e->goes_on;
	struct ev_flaw flaw;

	e->goes_on = NULL;
	ev_reasons_reset(why);
	*event = (struct ev_event){.number = ++e->number,
				   .reserved = EV_NOWHERE,
				   .type = EV_NOWHERE,
				   .version = EV_NOWHERE};
	event->doc = rec->index != NULL
			     ? ev_scan_line(e->scan, rec->index, rec->nth, rec->len, &flaw)
			     : ev_scan(e->scan, rec->p, rec->len, &flaw);
	if (event->doc == NULL) {
		ev_reasons_of_flaw(&flaw, rec->before, why);
		if (flaw.code == EV_FLAW_SYNTAX && !e->framed &&
		    ev_part_is_spread(rec->p, rec->len))
			why->list[0].message =
				ev_reasons_text(why, "%s: this looks like %s", why->list[0].message,
						ev_part_spread);
		ev_events_no_object(e, rec);
		return EV_REJECT;
	}
	if (ev_kind(event->doc, 0) != EV_OBJECT) {
		ev_reasons_add(why, "a record is one JSON object, and this is a JSON %s",
			       ev_kind_name(ev_kind(event->doc, 0)));
		return reject(why, "not-object");
	}
	if (goes_on != NULL && goes_on == rec->source &&
	    ev_json_behind_blanks(rec->p - rec->before, rec->p) == rec->p) {
		ev_reasons_add(why,
			       "the line before opens an array or ends with a comma, so this is %s",
			       ev_part_spread);
		return reject(why, "json");
	}
	if (event->doc->duplicate != EV_NOWHERE) {
		ev_reasons_add(why, "column %zu: the same name stands twice in one object",
			       rec->before + event->doc->duplicate + 1);
		return reject(why, "duplicate-name");
	}
	if (e->compute != NULL)
		event->doc = ev_compute(e->compute, event->doc);
	ev_picks_find(e->picks, event->doc, 0);
	event->at = e->picks->at;
	if (read_reserved(e, event, why) != EV_OK)
		return EV_REJECT;
	if (e->depth >= EV_READ_ID)
		read_id(e, event, why);
	if (e->depth >= EV_CHECK_ALL)
		read_envelope(e, event, why);
	return why->n == 0 ? EV_OK : EV_REJECT;
}

size_t ev_event_skip(const struct ev_events *e, const struct ev_event *event, const uint32_t *also,
		     size_t n_also, uint32_t at[EV_MAX_SKIP])
{
	size_t n = 0;

	if (event->reserved != EV_NOWHERE)
		at[n++] = event->reserved;
	for (size_t i = 0; i < e->m->n_ignore + n_also && n < EV_MAX_SKIP; i++) {
		uint32_t slot = i < e->m->n_ignore ? e->ignore[i] : also[i - e->m->n_ignore];

		if (slot != EV_NO_SLOT && event->at[slot] != EV_NOWHERE)
			at[n++] = event->at[slot];
	}
	return n;
}

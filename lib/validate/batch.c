#include "validate/batch.h"
#include "base/hash.h"
#include "base/lookup.h"
#include "scan/form.h"
#include "validate/causes.h"
#include "json/view.h"
#include "json/write.h"

#include <stdlib.h>

enum {
	MAX_TYPES = 4096,
	LISTED_TYPES = 256,
	MAX_TYPE = 256, /* bytes of a name */
	MAX_BUCKETS = 400,
};

struct type {
	char *name; /* JSON, or NULL for what has none */
	uint64_t in, rejected;
};

struct bucket {
	int64_t start;
	uint64_t in, rejected;
};

enum unit { UNIT_MINUTE, UNIT_HOUR, UNIT_DAY, UNIT_MONTH, UNIT_YEAR, UNIT_CENTURY };

static const char *const units[] = {"minute", "hour", "day", "month", "year", "century"};

struct ev_batch {
	const struct ev_model *m;
	struct type *types; /* types[0] gathers what has no name */
	size_t n_types, types_cap;
	struct ev_lookup types_by_name;
	struct bucket buckets[MAX_BUCKETS + 1];
	size_t n_buckets, last_bucket;
	enum unit unit;
	struct ev_time first, latest;
	bool timed;
	struct ev_causes causes;
	struct ev_amounts rejected, one; /* of all that were set aside, and of one record */
	uint64_t records;
	struct ev_buf name, scratch, path;
};

struct ev_batch *ev_batch_new(const struct ev_model *m)
{
	struct ev_batch *b = ev_calloc(1, sizeof *b);

	b->m = m;
	b->types = ev_calloc(1, sizeof *b->types);
	b->n_types = b->types_cap = 1;
	b->causes.locator = ev_locator_new();
	return b;
}

void ev_batch_free(struct ev_batch **batch)
{
	struct ev_batch *b = *batch;

	if (b == NULL)
		return;
	for (size_t i = 0; i < b->n_types; i++)
		free(b->types[i].name);
	free(b->types);
	ev_lookup_free(&b->types_by_name);
	ev_causes_free(&b->causes);
	ev_amounts_free(&b->rejected);
	ev_amounts_free(&b->one);
	ev_buf_free(&b->name);
	ev_buf_free(&b->scratch);
	ev_buf_free(&b->path);
	free(b);
	*batch = NULL;
}

/* Types */

/* name: as a JSON string. */
static struct type *find_type(struct ev_batch *b, const char *name, size_t len)
{
	uint64_t hash = ev_hash64(name, len, 0);
	struct type *t;
	size_t step = 0;
	uint32_t i;

	while ((i = ev_lookup_next(&b->types_by_name, hash, &step)) != EV_LOOKUP_NONE) {
		t = &b->types[i];
		if (strncmp(t->name, name, len) == 0 && t->name[len] == '\0')
			return t;
	}
	if (b->n_types > MAX_TYPES || len > MAX_TYPE)
		return &b->types[0];
	ev_grow(&b->types, &b->types_cap, b->n_types + 1, sizeof *b->types);
	ev_lookup_add(&b->types_by_name, hash, (uint32_t)b->n_types);
	t = &b->types[b->n_types++];
	*t = (struct type){.name = ev_strndup(name, len)};
	return t;
}

static struct type *type_of(struct ev_batch *b, const struct ev_doc *d, uint32_t at)
{
	const char *p;
	size_t len;

	if (d == NULL || at == EV_NOWHERE || ev_kind(d, at) != EV_STRING)
		return &b->types[0];
	if (!d->nodes[at].escaped) {
		p = ev_raw(d, at, &len);
		return find_type(b, p, len);
	}
	p = ev_string(d, at, &b->scratch, &len);
	ev_buf_reset(&b->name);
	ev_json_quote(p, len, &b->name);
	return find_type(b, b->name.p, b->name.len);
}

/* Time */

static int64_t floor_to(int64_t v, int64_t by)
{
	return v - (v % by + by) % by;
}

static int64_t start_of(enum unit unit, int64_t sec)
{
	struct ev_date date;

	switch (unit) {
	case UNIT_MINUTE: return floor_to(sec, 60);
	case UNIT_HOUR: return floor_to(sec, 3600);
	case UNIT_DAY: return floor_to(sec, 86400);
	default: break;
	}
	date = ev_date_of_days(floor_to(sec, 86400) / 86400);
	date.day = 1;
	if (unit != UNIT_MONTH)
		date.month = 1;
	if (unit == UNIT_CENTURY)
		date.year -= date.year % 100;
	return ev_date_days(date) * 86400;
}

static void coarsen(struct ev_batch *b)
{
	size_t n = 0;

	b->unit++;
	for (size_t i = 0; i < b->n_buckets; i++) {
		struct bucket x = b->buckets[i];

		x.start = start_of(b->unit, x.start);
		if (n > 0 && b->buckets[n - 1].start == x.start) {
			b->buckets[n - 1].in += x.in;
			b->buckets[n - 1].rejected += x.rejected;
		} else {
			b->buckets[n++] = x;
		}
	}
	b->n_buckets = n;
	b->last_bucket = 0;
}

static void count_time(struct ev_batch *b, struct ev_time t, uint64_t in, uint64_t rejected)
{
	int64_t start;
	size_t low = 0, high = b->n_buckets;

	if (!ev_time_in_range(t))
		return;
	start = start_of(b->unit, t.sec);
	if (b->last_bucket < b->n_buckets && b->buckets[b->last_bucket].start == start) {
		low = b->last_bucket;
	} else {
		while (low < high) {
			size_t mid = (low + high) / 2;

			if (b->buckets[mid].start < start)
				low = mid + 1;
			else
				high = mid;
		}
		if (low == b->n_buckets || b->buckets[low].start != start) {
			memmove(&b->buckets[low + 1], &b->buckets[low],
				(b->n_buckets - low) * sizeof b->buckets[0]);
			b->buckets[low] = (struct bucket){.start = start};
			b->n_buckets++;
		}
		b->last_bucket = low;
	}
	b->buckets[low].in += in;
	b->buckets[low].rejected += rejected;
	while (b->n_buckets > MAX_BUCKETS)
		coarsen(b);
}

static void count_span(struct ev_batch *b, struct ev_time t)
{
	if (!b->timed || ev_time_compare(t, b->first) < 0)
		b->first = t;
	if (!b->timed || ev_time_compare(t, b->latest) > 0)
		b->latest = t;
	b->timed = true;
}

bool ev_batch_latest(const struct ev_batch *b, struct ev_time *t)
{
	*t = b->latest;
	return b->timed;
}

void ev_batch_pass(struct ev_batch *b, const struct ev_event *event)
{
	b->records++;
	type_of(b, event->doc, event->type)->in++;
	count_time(b, event->time, 1, 0);
	count_span(b, event->time);
}

/* Causes */

/* A pointer with * for each index. */
static const char *generalized(struct ev_batch *b, const char *pointer)
{
	ev_buf_reset(&b->path);
	while (*pointer != '\0') {
		size_t len = strcspn(pointer + 1, "/");
		bool index = len > 0 && strspn(pointer + 1, "0123456789") == len;

		ev_buf_putc(&b->path, '/');
		if (index)
			ev_buf_putc(&b->path, '*');
		else
			ev_buf_put(&b->path, pointer + 1, len);
		pointer += len + 1;
	}
	return ev_buf_str(&b->path);
}

static const char *type_name(struct ev_batch *b, const struct ev_doc *d, uint32_t at)
{
	const char *p;
	size_t len;

	if (d == NULL || at == EV_NOWHERE || ev_kind(d, at) != EV_STRING)
		return NULL;
	p = ev_string(d, at, &b->scratch, &len);
	if (len > MAX_TYPE - 2 || memchr(p, '\0', len) != NULL)
		return NULL;
	ev_buf_reset(&b->name);
	ev_buf_put(&b->name, p, len);
	return ev_buf_str(&b->name);
}

/* The time of a record that may have been rejected before its envelope was read. */
static bool time_of(const struct ev_batch *b, const struct ev_doc *d, struct ev_time *t)
{
	uint32_t at = ev_path_get(b->m->time, d, 0);
	struct ev_buf scratch = {0};
	enum ev_time_form form;
	const char *p;
	size_t len;

	if (at == EV_NOWHERE || ev_kind(d, at) != EV_STRING)
		return false;
	p = ev_string(d, at, &scratch, &len);
	form = ev_time_parse(p, len, t);
	ev_buf_free(&scratch);
	if (form == EV_TIME_NAIVE && b->m->zone != NULL)
		t->sec = ev_zone_to_utc(b->m->zone, t->sec);
	return form == EV_TIME_ZONED || (form == EV_TIME_NAIVE && b->m->zone != NULL);
}

void ev_batch_reject(struct ev_batch *b, const struct ev_event *event, const struct ev_record *rec,
		     const char *origin, size_t origin_len, const struct ev_reasons *why)
{
	static const struct ev_reason none = {.message = ""};
	const struct ev_doc *d = event != NULL && b->m != NULL ? event->doc : NULL;
	struct ev_position pos = {.timed = false};
	uint32_t at = EV_NOWHERE;
	struct type *type;
	const char *name;

	b->records++;
	if (d != NULL && ev_kind(d, 0) == EV_OBJECT) {
		at = ev_path_get(b->m->type, d, 0);
		pos.timed = time_of(b, d, &pos.time);
	}
	type = type_of(b, d, at);
	type->in++;
	type->rejected++;
	if (pos.timed)
		count_time(b, pos.time, 1, 1);
	name = type_name(b, d, at);
	ev_amounts_clear(&b->one);
	if (d != NULL && b->m->n_measures > 0)
		ev_amounts_of(b->m, d, name, &b->one);
	ev_amounts_add(&b->rejected, &b->one);
	for (size_t i = 0; i < why->n || i == 0; i++) {
		const struct ev_reason *r = i < why->n ? &why->list[i] : &none;
		const char *const texts[EV_CAUSE_TEXTS] = {
			[EV_CAUSE_CODE] = why->code,
			[EV_CAUSE_TYPE] = name,
			[EV_CAUSE_RULE] = r->rule,
			[EV_CAUSE_PATH] = r->path != NULL ? generalized(b, r->path) : NULL,
			[EV_CAUSE_KEYWORD] = r->keyword,
			[EV_CAUSE_SEVERITY] = "critical",
			[EV_CAUSE_EXPLAIN] = r->explain,
			[EV_CAUSE_SAMPLE_PATH] = r->path,
			[EV_CAUSE_MESSAGE] = r->message};

		ev_causes_count(&b->causes, b->records, texts, &pos, rec, origin, origin_len,
				&b->one);
	}
}

void ev_batch_warn(struct ev_batch *b, const struct ev_event *event, const struct ev_record *rec,
		   const struct ev_rule *rule)
{
	struct ev_position pos = {.time = event->time, .timed = true};
	const char *name = type_name(b, event->doc, event->type);
	struct ev_buf message = {0};

	b->records++; /* so that it is no record that was counted before */
	ev_buf_printf(&message, "the rule does not hold: %s", rule->jq);
	ev_causes_count(
		&b->causes, b->records,
		(const char *const[EV_CAUSE_TEXTS]){[EV_CAUSE_CODE] = "rule",
						    [EV_CAUSE_TYPE] = name,
						    [EV_CAUSE_RULE] = rule->name,
						    [EV_CAUSE_KEYWORD] = "jq",
						    [EV_CAUSE_SEVERITY] = rule->severity,
						    [EV_CAUSE_EXPLAIN] = rule->explain,
						    [EV_CAUSE_MESSAGE] = ev_buf_str(&message)},
		&pos, rec, event->origin, event->origin_len, NULL);
	ev_buf_free(&message);
}

/* Writing */

static void put_time(const char *name, struct ev_time t, struct ev_buf *out)
{
	char text[EV_TIME_TEXT];

	ev_time_format(t, text);
	ev_json_name(out, name);
	ev_json_quote(text, EV_TIME_TEXT, out);
}

static int by_frequency(const void *a, const void *b)
{
	const struct type *x = *(const struct type *const *)a, *y = *(const struct type *const *)b;

	if (x->in != y->in)
		return x->in > y->in ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void put_type(const char *name, uint64_t in, uint64_t rejected, struct ev_buf *out)
{
	ev_json_open(out, NULL, '{');
	ev_json_raw(out, "type", name, strlen(name));
	ev_json_u64(out, "in", in);
	ev_json_u64(out, "rejected", rejected);
	ev_buf_putc(out, '}');
}

static void put_types(const struct ev_batch *b, size_t most, struct ev_buf *out)
{
	const struct type **list = ev_calloc(b->n_types, sizeof(const struct type *));
	uint64_t in = b->types[0].in, rejected = b->types[0].rejected;
	size_t n = b->n_types - 1;

	for (size_t i = 0; i < n; i++)
		list[i] = &b->types[i + 1];
	qsort(list, n, sizeof(const struct type *), by_frequency);
	ev_json_open(out, "types", '[');
	for (size_t i = 0; i < n; i++) {
		if (i < most) {
			put_type(list[i]->name, list[i]->in, list[i]->rejected, out);
		} else {
			in += list[i]->in;
			rejected += list[i]->rejected;
		}
	}
	if (in > 0)
		put_type("null", in, rejected, out);
	ev_buf_putc(out, ']');
	free(list);
}

static void put_timeline(const struct ev_batch *b, struct ev_buf *out)
{
	ev_json_open(out, "timeline", '{');
	ev_json_text(out, "unit", units[b->unit]);
	ev_json_open(out, "buckets", '[');
	for (size_t i = 0; i < b->n_buckets; i++) {
		char text[EV_TIME_TEXT];

		ev_time_format((struct ev_time){b->buckets[i].start, 0}, text);
		text[19] = 'Z'; /* in place of decimals */
		ev_json_open(out, NULL, '{');
		ev_json_name(out, "start");
		ev_json_quote(text, 20, out);
		ev_json_u64(out, "in", b->buckets[i].in);
		ev_json_u64(out, "rejected", b->buckets[i].rejected);
		ev_buf_putc(out, '}');
	}
	ev_buf_puts(out, "]}");
}

void ev_batch_write(struct ev_batch *b, struct ev_buf *out)
{
	if (b->timed) {
		ev_json_open(out, "span", '{');
		put_time("first", b->first, out);
		put_time("last", b->latest, out);
		ev_buf_putc(out, '}');
	} else {
		ev_json_text(out, "span", NULL);
	}
	put_types(b, LISTED_TYPES, out);
	put_timeline(b, out);
	ev_amounts_write(b->m, &b->rejected, false, out);
	ev_causes_write(&b->causes, b->m, out);
}

/* State */

bool ev_batch_state(struct ev_batch *b, size_t nth, const struct ev_presence *presence,
		    struct ev_buf *out)
{
	if (nth > 0)
		return ev_causes_state(&b->causes, b->m, nth - 1, out);
	ev_buf_puts(out, "{\"batch\":{\"span\":[");
	for (int k = 0; b->timed && k < 2; k++) {
		const struct ev_time *t = k == 0 ? &b->first : &b->latest;

		ev_json_name(out, NULL);
		ev_buf_printf(out, "[\"%lld\",%d]", (long long)t->sec, t->nsec);
	}
	ev_buf_putc(out, ']');
	ev_json_u64(out, "unit", b->unit);
	ev_json_u64(out, "left_out", b->causes.left_out);
	ev_json_open(out, "buckets", '[');
	for (size_t i = 0; i < b->n_buckets; i++) {
		ev_json_name(out, NULL);
		ev_buf_printf(out, "[\"%lld\",%llu,%llu]", (long long)b->buckets[i].start,
			      (unsigned long long)b->buckets[i].in,
			      (unsigned long long)b->buckets[i].rejected);
	}
	ev_buf_putc(out, ']');
	put_types(b, MAX_TYPES, out);
	ev_amounts_write(b->m, &b->rejected, true, out);
	ev_json_name(out, "paths");
	if (presence != NULL)
		ev_presence_state(presence, out);
	else
		ev_buf_puts(out, "[]");
	ev_buf_puts(out, "}}");
	return true;
}

/* Sums over the buckets or the types of a state. */
struct sums {
	uint64_t in, rejected;
};

static bool add_sums(struct sums *sums, uint64_t in, uint64_t rejected)
{
	return rejected <= in && ev_count_add(&sums->in, in) &&
	       ev_count_add(&sums->rejected, rejected);
}

static bool merge_times(struct ev_batch *b, const struct ev_doc *d, uint32_t list,
			struct sums *sums)
{
	for (uint32_t i = ev_first(d, list); i < ev_end(d, list); i = ev_next(d, i)) {
		struct ev_time t = {0, 0};
		uint64_t in, rejected;

		if (ev_kind(d, i) != EV_ARRAY || d->nodes[i].count != 3 ||
		    !ev_i64_of(d, i + 1, &t.sec) || !ev_u64_of(d, i + 2, &in) ||
		    !ev_u64_of(d, i + 3, &rejected) || !add_sums(sums, in, rejected) ||
		    !ev_time_in_range(t))
			return false;
		count_time(b, t, in, rejected);
	}
	return true;
}

static bool merge_types(struct ev_batch *b, const struct ev_doc *d, uint32_t list,
			struct sums *sums)
{
	for (uint32_t i = ev_first(d, list); i < ev_end(d, list); i = ev_next(d, i)) {
		uint32_t name = ev_member(d, i, "type", 4);
		uint64_t in, rejected;
		struct type *t;

		if (name == EV_NOWHERE ||
		    (ev_kind(d, name) != EV_STRING && ev_kind(d, name) != EV_NULL) ||
		    !ev_state_u64(d, i, "in", &in) || in == 0 ||
		    !ev_state_u64(d, i, "rejected", &rejected) || !add_sums(sums, in, rejected))
			return false;
		t = type_of(b, d, name);
		t->in += in;
		t->rejected += rejected;
	}
	return true;
}

static bool is_list(const struct ev_doc *d, uint32_t at)
{
	return at != EV_NOWHERE && ev_kind(d, at) == EV_ARRAY;
}

/* The list has the times of the first and the last event that passed, or is empty if none did. */
static bool merge_span(struct ev_batch *b, const struct ev_doc *d, uint32_t list, uint64_t passed)
{
	struct ev_time t[2] = {{0, 0}};
	uint64_t nsec;
	size_t n = 0;

	if (d->nodes[list].count != (passed > 0 ? 2 : 0))
		return false;
	for (uint32_t i = ev_first(d, list); i < ev_end(d, list); i = ev_next(d, i), n++) {
		if (ev_kind(d, i) != EV_ARRAY || d->nodes[i].count != 2 ||
		    !ev_i64_of(d, i + 1, &t[n].sec) || !ev_u64_of(d, i + 2, &nsec) ||
		    nsec > 999999999)
			return false;
		t[n].nsec = (int32_t)nsec;
		if (!ev_time_in_range(t[n]) || ev_time_compare(t[0], t[n]) > 0)
			return false;
		count_span(b, t[n]);
	}
	return true;
}

static bool merge_batch(struct ev_batch *b, const struct ev_doc *d, uint32_t at, uint64_t passed,
			uint64_t rejected)
{
	uint32_t span = ev_member(d, at, "span", 4), buckets = ev_member(d, at, "buckets", 7),
		 types = ev_member(d, at, "types", 5);
	struct sums times = {0, 0}, sums = {0, 0};
	uint64_t unit, left_out;

	if (!is_list(d, span) || !is_list(d, buckets) || !is_list(d, types) ||
	    !ev_state_u64(d, at, "unit", &unit) || unit > UNIT_CENTURY ||
	    !ev_state_u64(d, at, "left_out", &left_out) ||
	    !ev_count_add(&b->causes.left_out, left_out) ||
	    !ev_count_add(&b->records, passed + rejected) || !merge_span(b, d, span, passed) ||
	    !ev_amounts_read(b->m, d, at, &b->rejected))
		return false;
	while (b->unit < (enum unit)unit)
		coarsen(b);
	/* Records without a time are in no bucket. */
	return merge_times(b, d, buckets, &times) && merge_types(b, d, types, &sums) &&
	       sums.in == passed + rejected && sums.rejected == rejected &&
	       times.rejected <= rejected && times.in - times.rejected == passed;
}

bool ev_batch_merge(struct ev_batch *b, const struct ev_doc *d, uint64_t passed, uint64_t rejected,
		    struct ev_presence *presence)
{
	uint32_t at = ev_member(d, 0, "cause", 5);

	if (at != EV_NOWHERE)
		return ev_kind(d, at) == EV_OBJECT &&
		       ev_causes_merge(&b->causes, b->m, d, at, passed + rejected, b->records);
	at = ev_member(d, 0, "batch", 5);
	return at != EV_NOWHERE && ev_kind(d, at) == EV_OBJECT &&
	       merge_batch(b, d, at, passed, rejected) &&
	       ev_presence_merge(presence, d, ev_member(d, at, "paths", 5));
}

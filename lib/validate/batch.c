#include "validate/batch.h"
#include "base/hash.h"
#include "base/lookup.h"
#include "base/utf8.h"
#include "scan/form.h"
#include "json/view.h"
#include "json/write.h"

#include <ctype.h>
#include <stdlib.h>

enum {
	MAX_TYPES = 4096,
	LISTED_TYPES = 256,
	MAX_TYPE = 256, /* bytes of a name */
	MAX_BUCKETS = 400,
	MAX_CAUSES = 4096,
	LISTED_CAUSES = 1000,
	WHOLE_SAMPLES = 100, /* causes whose sample is shown at full length */
	RAW = 2000,
	SHORT_RAW = 200,
	MAX_TEXT = 500, /* bytes of a path, a message, an explanation */
};

struct type {
	char *name; /* JSON, or NULL for what cannot be told */
	uint64_t in, rejected;
};

struct bucket {
	int64_t start;
	uint64_t in, rejected;
};

enum unit { UNIT_MINUTE, UNIT_HOUR, UNIT_DAY, UNIT_MONTH, UNIT_YEAR, UNIT_CENTURY };

static const char *const units[] = {"minute", "hour", "day", "month", "year", "century"};

enum part { PART_CODE, PART_TYPE, PART_RULE, PART_PATH, PART_KEYWORD, PARTS };

struct cause {
	struct ev_hash128 key;
	char *parts[PARTS]; /* NULL for none */
	char *severity, *explain;
	uint64_t records;
	uint64_t stamp; /* the last record that it was counted for */
	struct ev_position first, last;
	char *path, *message; /* of the sample, which is the first, as severity and explain */
	struct ev_buf raw;
	bool base64, cut;
};

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
	struct cause *causes;
	size_t n_causes, causes_cap;
	struct ev_lookup causes_by_key;
	uint64_t left_out;
	uint64_t records;
	struct ev_buf name, scratch, path;
	struct ev_locator *locator;
};

struct ev_batch *ev_batch_new(const struct ev_model *m)
{
	struct ev_batch *b = ev_calloc(1, sizeof *b);

	b->m = m;
	b->types = ev_calloc(1, sizeof *b->types);
	b->n_types = b->types_cap = 1;
	b->locator = ev_locator_new();
	return b;
}

static void free_cause(struct cause *c)
{
	for (size_t i = 0; i < PARTS; i++)
		free(c->parts[i]);
	free(c->severity);
	free(c->explain);
	free(c->path);
	free(c->message);
	ev_position_free(&c->first);
	ev_position_free(&c->last);
	ev_buf_free(&c->raw);
}

void ev_batch_free(struct ev_batch **batch)
{
	struct ev_batch *b = *batch;

	if (b == NULL)
		return;
	for (size_t i = 0; i < b->n_types; i++)
		free(b->types[i].name);
	for (size_t i = 0; i < b->n_causes; i++)
		free_cause(&b->causes[i]);
	free(b->types);
	ev_lookup_free(&b->types_by_name);
	free(b->causes);
	ev_lookup_free(&b->causes_by_key);
	ev_buf_free(&b->name);
	ev_buf_free(&b->scratch);
	ev_buf_free(&b->path);
	ev_locator_free(&b->locator);
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

void ev_batch_pass(struct ev_batch *b, const struct ev_event *event, const struct ev_record *rec)
{
	(void)rec;
	b->records++;
	type_of(b, event->doc, event->type)->in++;
	count_time(b, event->time, 1, 0);
	count_span(b, event->time);
}

/* Causes */

/* Indexes of a pointer stand as *. */
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

/* At most MAX_TEXT bytes, whole characters. */
static char *short_copy(const char *text)
{
	size_t len;

	if (text == NULL)
		return NULL;
	len = strlen(text);
	if (len > MAX_TEXT) {
		len = MAX_TEXT;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	return ev_strndup(text, len);
}

static struct cause *find_cause(struct ev_batch *b, const char *const parts[PARTS])
{
	struct ev_hash128 key;
	struct cause *c;
	size_t step = 0;
	uint32_t at;

	ev_buf_reset(&b->scratch);
	for (size_t i = 0; i < PARTS; i++) {
		ev_buf_putc(&b->scratch, parts[i] != NULL ? '+' : '-');
		if (parts[i] != NULL)
			ev_buf_put(&b->scratch, parts[i], strlen(parts[i]) + 1);
	}
	key = ev_hash128(b->scratch.p, b->scratch.len, 0);
	while ((at = ev_lookup_next(&b->causes_by_key, key.lo, &step)) != EV_LOOKUP_NONE) {
		c = &b->causes[at];
		if (c->key.lo == key.lo && c->key.hi == key.hi)
			return c;
	}
	if (b->n_causes == MAX_CAUSES)
		return NULL;
	ev_grow(&b->causes, &b->causes_cap, b->n_causes + 1, sizeof *b->causes);
	ev_lookup_add(&b->causes_by_key, key.lo, (uint32_t)b->n_causes);
	c = &b->causes[b->n_causes++];
	*c = (struct cause){.key = key};
	for (size_t k = 0; k < PARTS; k++)
		c->parts[k] = parts[k] != NULL ? ev_strdup(parts[k]) : NULL;
	return c;
}

/* The text of a record as JSON, cut on a code point. */
static void put_raw(struct cause *c, const char *p, size_t len)
{
	size_t cut = len < RAW ? len : RAW;

	c->cut = cut < len;
	c->base64 = ev_utf8_valid(p, len) != len;
	ev_buf_reset(&c->raw);
	if (c->base64) {
		ev_buf_put(&c->raw, p, c->cut ? cut / 3 * 3 : cut);
		return;
	}
	while (cut < len && cut > 0 && ((unsigned char)p[cut] & 0xc0) == 0x80)
		cut--;
	ev_buf_put(&c->raw, p, cut);
}

struct found {
	const char *severity, *explain, *path, *message;
};

static void set_text(char **text, char *copy)
{
	free(*text);
	*text = copy;
}

static void set_sample(struct cause *c, const struct found *found, const char *p, size_t len)
{
	set_text(&c->severity, ev_strdup(found->severity));
	set_text(&c->explain, short_copy(found->explain));
	set_text(&c->path, short_copy(found->path));
	set_text(&c->message, short_copy(found->message));
	put_raw(c, p, len);
}

static void count_cause(struct ev_batch *b, const char *const parts[PARTS],
			const struct found *found, struct ev_position *pos,
			const struct ev_record *rec, const char *origin, size_t origin_len)
{
	struct cause *c = find_cause(b, parts);

	if (c == NULL) {
		b->left_out++;
		return;
	}
	if (c->stamp == b->records)
		return;
	c->stamp = b->records;
	if (pos->source == NULL)
		ev_locate(b->locator, rec, origin, origin_len, pos);
	if (c->records++ == 0 || ev_position_compare(pos, &c->last) > 0)
		ev_position_copy(&c->last, pos);
	if (c->records > 1 && ev_position_compare(pos, &c->first) >= 0)
		return;
	ev_position_copy(&c->first, pos);
	set_sample(c, found, rec->p, rec->len);
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

/* The time of a record that was not read to its end. */
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
	const struct ev_doc *d = event != NULL && b->m != NULL ? event->doc : NULL;
	const char *parts[PARTS] = {why->code, NULL, NULL, NULL, NULL};
	struct ev_position pos = {.timed = false};
	uint32_t at = EV_NOWHERE;
	struct type *type;

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
	parts[PART_TYPE] = type_name(b, d, at);
	for (size_t i = 0; i < why->n || i == 0; i++) {
		static const struct ev_reason none = {.message = ""};
		const struct ev_reason *r = i < why->n ? &why->list[i] : &none;

		parts[PART_RULE] = r->rule;
		parts[PART_PATH] = r->path != NULL ? generalized(b, r->path) : NULL;
		parts[PART_KEYWORD] = r->keyword;
		count_cause(b, parts, &(struct found){"critical", r->explain, r->path, r->message},
			    &pos, rec, origin, origin_len);
	}
}

void ev_batch_warn(struct ev_batch *b, const struct ev_event *event, const struct ev_record *rec,
		   const struct ev_rule *rule)
{
	const char *parts[PARTS] = {"rule", type_name(b, event->doc, event->type), rule->name, NULL,
				    "jq"};
	struct ev_position pos = {.time = event->time, .timed = true};
	struct ev_buf message = {0};

	b->records++; /* so that it is no record that was counted before */
	ev_buf_printf(&message, "the rule does not hold: %s", rule->jq);
	count_cause(b, parts,
		    &(struct found){rule->severity, rule->explain, NULL, ev_buf_str(&message)},
		    &pos, rec, event->origin, event->origin_len);
	ev_buf_free(&message);
}

/* Writing */

static void put_time(struct ev_time t, struct ev_buf *out)
{
	char text[EV_TIME_TEXT];

	ev_time_format(t, text);
	ev_buf_printf(out, "\"%.*s\"", EV_TIME_TEXT, text);
}

static int by_frequency(const void *a, const void *b)
{
	const struct type *x = *(const struct type *const *)a, *y = *(const struct type *const *)b;

	if (x->in != y->in)
		return x->in > y->in ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void put_type(const char *name, uint64_t in, uint64_t rejected, bool first,
		     struct ev_buf *out)
{
	ev_buf_printf(out, "%s{\"type\":%s,\"in\":%llu,\"rejected\":%llu}", first ? "" : ",", name,
		      (unsigned long long)in, (unsigned long long)rejected);
}

static void put_types(const struct ev_batch *b, size_t most, struct ev_buf *out)
{
	const struct type **list = ev_calloc(b->n_types, sizeof(const struct type *));
	uint64_t in = b->types[0].in, rejected = b->types[0].rejected;
	size_t n = b->n_types - 1;

	for (size_t i = 0; i < n; i++)
		list[i] = &b->types[i + 1];
	qsort(list, n, sizeof(const struct type *), by_frequency);
	for (size_t i = 0; i < n; i++) {
		if (i < most) {
			put_type(list[i]->name, list[i]->in, list[i]->rejected, i == 0, out);
		} else {
			in += list[i]->in;
			rejected += list[i]->rejected;
		}
	}
	if (in > 0)
		put_type("null", in, rejected, n == 0, out);
	free(list);
}

static void put_timeline(const struct ev_batch *b, struct ev_buf *out)
{
	ev_buf_printf(out, "{\"unit\":\"%s\",\"buckets\":[", units[b->unit]);
	for (size_t i = 0; i < b->n_buckets; i++) {
		char text[EV_TIME_TEXT];

		ev_time_format((struct ev_time){b->buckets[i].start, 0}, text);
		ev_buf_printf(out, "%s{\"start\":\"%.19sZ\",\"in\":%llu,\"rejected\":%llu}",
			      i > 0 ? "," : "", text, (unsigned long long)b->buckets[i].in,
			      (unsigned long long)b->buckets[i].rejected);
	}
	ev_buf_puts(out, "]}");
}

static void put_parts(const struct cause *c, struct ev_buf *out)
{
	static const char *const names[] = {"code", "type", "rule", "path", "keyword"};

	for (size_t i = 0; i < PARTS; i++)
		ev_json_text(out, names[i], c->parts[i]);
	ev_json_text(out, "severity", c->severity);
	ev_json_text(out, "explain", c->explain);
	ev_json_u64(out, "records", c->records);
}

static void put_sample(const struct cause *c, size_t most, struct ev_buf *out)
{
	size_t len = c->raw.len;
	bool cut = c->cut;

	if (len > most) {
		len = c->base64 ? most / 3 * 3 : most;
		while (!c->base64 && len > 0 && ((unsigned char)c->raw.p[len] & 0xc0) == 0x80)
			len--;
		cut = true;
	}
	ev_json_text(out, "path", c->path);
	ev_json_text(out, "message", c->message);
	if (c->base64) {
		ev_buf_puts(out, ",\"raw_base64\":\"");
		ev_base64(c->raw.p, len, out);
		ev_buf_putc(out, '"');
	} else {
		ev_buf_puts(out, ",\"raw\":");
		ev_json_quote(c->raw.p, len, out);
	}
	if (cut)
		ev_buf_puts(out, ",\"cut\":true");
	ev_buf_putc(out, '}');
}

static int part_order(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int by_records(const void *a, const void *b)
{
	const struct cause *x = *(const struct cause *const *)a,
			   *y = *(const struct cause *const *)b;

	if (x->records != y->records)
		return x->records > y->records ? -1 : 1;
	for (size_t i = 0; i < PARTS; i++) {
		int order = part_order(x->parts[i], y->parts[i]);

		if (order != 0)
			return order;
	}
	return 0;
}

static void put_causes(const struct ev_batch *b, struct ev_buf *out)
{
	const struct cause **list = ev_calloc(b->n_causes + 1, sizeof(const struct cause *));
	uint64_t left_out = b->left_out;

	for (size_t i = 0; i < b->n_causes; i++)
		list[i] = &b->causes[i];
	qsort(list, b->n_causes, sizeof(const struct cause *), by_records);
	ev_buf_puts(out, ",\"causes\":[");
	for (size_t i = 0; i < b->n_causes; i++) {
		const struct cause *c = list[i];

		if (i >= LISTED_CAUSES) {
			left_out += c->records;
			continue;
		}
		ev_buf_puts(out, i > 0 ? ",{" : "{");
		put_parts(c, out);
		ev_buf_puts(out, ",\"first\":");
		ev_position_write(&c->first, false, out);
		ev_buf_puts(out, ",\"last\":");
		ev_position_write(&c->last, false, out);
		ev_buf_puts(out, ",\"sample\":{");
		ev_json_text(out, "source", c->first.source);
		ev_json_u64(out, "line", c->first.line);
		if (c->first.offset != EV_NO_OFFSET)
			ev_json_u64(out, "offset", c->first.offset);
		put_sample(c, i < WHOLE_SAMPLES ? RAW : SHORT_RAW, out);
		ev_buf_putc(out, '}');
	}
	ev_buf_putc(out, ']');
	ev_json_u64(out, "causes_left_out", left_out);
	free(list);
}

void ev_batch_write(const struct ev_batch *b, struct ev_buf *out)
{
	ev_json_name(out, "span");
	if (b->timed) {
		ev_buf_puts(out, "{\"first\":");
		put_time(b->first, out);
		ev_buf_puts(out, ",\"last\":");
		put_time(b->latest, out);
		ev_buf_putc(out, '}');
	} else {
		ev_buf_puts(out, "null");
	}
	ev_buf_puts(out, ",\"types\":[");
	put_types(b, LISTED_TYPES, out);
	ev_buf_puts(out, "],\"timeline\":");
	put_timeline(b, out);
	put_causes(b, out);
}

/* State */

void ev_batch_state(const struct ev_batch *b, const struct ev_presence *presence,
		    struct ev_buf *out)
{
	ev_buf_puts(out, "{\"batch\":{\"span\":[");
	for (int i = 0; b->timed && i < 2; i++) {
		const struct ev_time *t = i == 0 ? &b->first : &b->latest;

		ev_buf_printf(out, "%s[\"%lld\",%d]", i > 0 ? "," : "", (long long)t->sec, t->nsec);
	}
	ev_buf_printf(out, "],\"unit\":%d,\"left_out\":%llu,\"buckets\":[", b->unit,
		      (unsigned long long)b->left_out);
	for (size_t i = 0; i < b->n_buckets; i++)
		ev_buf_printf(out, "%s[\"%lld\",%llu,%llu]", i > 0 ? "," : "",
			      (long long)b->buckets[i].start, (unsigned long long)b->buckets[i].in,
			      (unsigned long long)b->buckets[i].rejected);
	ev_buf_puts(out, "],\"types\":[");
	put_types(b, MAX_TYPES, out);
	ev_buf_puts(out, "],\"paths\":");
	if (presence != NULL)
		ev_presence_state(presence, out);
	else
		ev_buf_puts(out, "[]");
	ev_buf_puts(out, "}}");
}

bool ev_batch_cause(const struct ev_batch *b, size_t i, struct ev_buf *out)
{
	const struct cause *c;

	if (i >= b->n_causes)
		return false;
	c = &b->causes[i];
	ev_buf_puts(out, "{\"cause\":{");
	put_parts(c, out);
	ev_buf_puts(out, ",\"first\":");
	ev_position_write(&c->first, true, out);
	ev_buf_puts(out, ",\"last\":");
	ev_position_write(&c->last, true, out);
	/* Bytes that are no UTF-8 go as hexadecimal digits, and come back from there. */
	ev_buf_puts(out, ",\"sample\":{\"octets\":\"");
	for (size_t k = 0; k < c->raw.len; k++)
		ev_buf_printf(out, "%02x", (unsigned char)c->raw.p[k]);
	ev_buf_printf(out, "\",\"base64\":%d,\"was_cut\":%d", c->base64, c->cut);
	put_sample(&(struct cause){.path = c->path, .message = c->message}, RAW, out);
	ev_buf_puts(out, "}}");
	return true;
}

/* Text or null, which is none. */
static bool text_member(const struct ev_doc *d, uint32_t object, const char *name, char **out)
{
	uint32_t at = ev_member(d, object, name, strlen(name));

	if (at != EV_NOWHERE && ev_kind(d, at) == EV_NULL)
		return true;
	*out = ev_text_of(d, at);
	return *out != NULL;
}

static bool short_member(const struct ev_doc *d, uint32_t object, const char *name, char **out)
{
	return text_member(d, object, name, out) && (*out == NULL || strlen(*out) <= MAX_TEXT);
}

static bool read_bytes(struct cause *c, const struct ev_doc *d, uint32_t sample)
{
	char *hex = NULL;
	uint64_t base64, cut;
	bool good = text_member(d, sample, "octets", &hex) && hex != NULL && strlen(hex) % 2 == 0 &&
		    strlen(hex) <= 2 * (size_t)RAW && ev_state_u64(d, sample, "base64", &base64) &&
		    base64 <= 1 && ev_state_u64(d, sample, "was_cut", &cut) && cut <= 1;

	for (size_t i = 0; good && hex[i] != '\0'; i += 2) {
		char pair[3] = {hex[i], hex[i + 1], '\0'};

		good = isxdigit((unsigned char)pair[0]) && isxdigit((unsigned char)pair[1]);
		ev_buf_putc(&c->raw, (char)strtol(pair, NULL, 16));
	}
	free(hex);
	if (!good)
		return false;
	c->base64 = base64 > 0 || ev_utf8_valid(c->raw.p, c->raw.len) != c->raw.len;
	c->cut = cut > 0;
	return true;
}

static void swap_positions(struct ev_position *a, struct ev_position *b)
{
	struct ev_position x = *a;

	*a = *b;
	*b = x;
}

/* Which is the sample: the first, and of two at one place the lesser. */
static int sample_order(const struct cause *a, const struct cause *b)
{
	const char *const texts[][2] = {{a->severity, b->severity},
					{a->explain, b->explain},
					{a->path, b->path},
					{a->message, b->message}};
	size_t len = a->raw.len < b->raw.len ? a->raw.len : b->raw.len;
	int order = ev_position_compare(&a->first, &b->first);

	for (size_t i = 0; i < 4 && order == 0; i++)
		order = part_order(texts[i][0], texts[i][1]);
	if (order == 0 && len > 0)
		order = memcmp(a->raw.p, b->raw.p, len);
	if (order == 0)
		order = (a->raw.len > b->raw.len) - (a->raw.len < b->raw.len);
	if (order == 0)
		order = a->base64 - b->base64;
	return order != 0 ? order : a->cut - b->cut;
}

/* Adds a cause that was read, and leaves in it what is not kept. False if it cannot be. */
static bool add_cause(struct ev_batch *b, struct cause *x)
{
	struct cause *c = find_cause(b, (const char *const *)x->parts);

	if (c == NULL)
		return ev_count_add(&b->left_out, x->records);
	if (c->records == 0 || ev_position_compare(&x->last, &c->last) > 0)
		swap_positions(&c->last, &x->last);
	if (c->records == 0 || sample_order(x, c) < 0) {
		struct ev_buf raw = c->raw;

		swap_positions(&c->first, &x->first);
		set_text(&c->severity, ev_strdup(x->severity));
		set_text(&c->explain, short_copy(x->explain));
		set_text(&c->path, short_copy(x->path));
		set_text(&c->message, short_copy(x->message));
		c->raw = x->raw;
		x->raw = raw;
		c->base64 = x->base64;
		c->cut = x->cut;
	}
	c->records += x->records;
	return c->records <= b->records;
}

static bool is_severity(const char *text)
{
	static const char *const severities[] = {"critical", "warning", "info"};

	for (size_t i = 0; text != NULL && i < 3; i++)
		if (strcmp(text, severities[i]) == 0)
			return true;
	return false;
}

static bool merge_cause(struct ev_batch *b, const struct ev_doc *d, uint32_t at, uint64_t events)
{
	static const char *const names[] = {"code", "type", "rule", "path", "keyword"};
	uint32_t sample = ev_member(d, at, "sample", 6);
	struct cause c = {.records = 0};
	bool good = sample != EV_NOWHERE;
	int order;

	for (size_t i = 0; i < PARTS && good; i++)
		good = text_member(d, at, names[i], &c.parts[i]);
	good = good && c.parts[PART_CODE] != NULL && text_member(d, at, "severity", &c.severity) &&
	       is_severity(c.severity) && short_member(d, at, "explain", &c.explain) &&
	       short_member(d, sample, "path", &c.path) &&
	       short_member(d, sample, "message", &c.message) &&
	       ev_state_u64(d, at, "records", &c.records) && c.records > 0 && c.records <= events &&
	       ev_position_read(d, ev_member(d, at, "first", 5), &c.first) &&
	       ev_position_read(d, ev_member(d, at, "last", 4), &c.last) &&
	       read_bytes(&c, d, sample);
	if (good) {
		order = ev_position_compare(&c.first, &c.last);
		good = (c.records == 1 ? order == 0 : order <= 0) && add_cause(b, &c);
	}
	free_cause(&c);
	return good;
}

/* Times and types tell of records that came in, some of them rejected: of both so many. */
struct told {
	uint64_t in, rejected;
};

static bool tell_of(struct told *told, uint64_t in, uint64_t rejected)
{
	return rejected <= in && ev_count_add(&told->in, in) &&
	       ev_count_add(&told->rejected, rejected);
}

static bool merge_times(struct ev_batch *b, const struct ev_doc *d, uint32_t list,
			struct told *told)
{
	for (uint32_t i = ev_first(d, list); i < ev_end(d, list); i = ev_next(d, i)) {
		struct ev_time t = {0, 0};
		uint64_t in, rejected;

		if (ev_kind(d, i) != EV_ARRAY || d->nodes[i].count != 3 ||
		    !ev_i64_of(d, i + 1, &t.sec) || !ev_u64_of(d, i + 2, &in) ||
		    !ev_u64_of(d, i + 3, &rejected) || !tell_of(told, in, rejected) ||
		    !ev_time_in_range(t))
			return false;
		count_time(b, t, in, rejected);
	}
	return true;
}

static bool merge_types(struct ev_batch *b, const struct ev_doc *d, uint32_t list,
			struct told *told)
{
	for (uint32_t i = ev_first(d, list); i < ev_end(d, list); i = ev_next(d, i)) {
		uint32_t name = ev_member(d, i, "type", 4);
		uint64_t in, rejected;
		struct type *t;

		if (name == EV_NOWHERE ||
		    (ev_kind(d, name) != EV_STRING && ev_kind(d, name) != EV_NULL) ||
		    !ev_state_u64(d, i, "in", &in) || in == 0 ||
		    !ev_state_u64(d, i, "rejected", &rejected) || !tell_of(told, in, rejected))
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

/* The times of the first and the last that passed; nothing where none did. */
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
	struct told times = {0, 0}, sums = {0, 0};
	uint64_t unit, left_out;

	if (!is_list(d, span) || !is_list(d, buckets) || !is_list(d, types) ||
	    !ev_state_u64(d, at, "unit", &unit) || unit > UNIT_CENTURY ||
	    !ev_state_u64(d, at, "left_out", &left_out) || !ev_count_add(&b->left_out, left_out) ||
	    !ev_count_add(&b->records, passed + rejected) || !merge_span(b, d, span, passed))
		return false;
	while (b->unit < (enum unit)unit)
		coarsen(b);
	/* What bears no time is in no bucket. */
	return merge_times(b, d, buckets, &times) && merge_types(b, d, types, &sums) &&
	       sums.in == passed + rejected && sums.rejected == rejected &&
	       times.rejected <= rejected && times.in - times.rejected == passed;
}

bool ev_batch_merge(struct ev_batch *b, const struct ev_doc *d, uint64_t passed, uint64_t rejected,
		    struct ev_presence *presence)
{
	uint32_t at = ev_member(d, 0, "cause", 5);

	if (at != EV_NOWHERE)
		return ev_kind(d, at) == EV_OBJECT && merge_cause(b, d, at, passed + rejected);
	at = ev_member(d, 0, "batch", 5);
	return at != EV_NOWHERE && ev_kind(d, at) == EV_OBJECT &&
	       merge_batch(b, d, at, passed, rejected) &&
	       ev_presence_merge(presence, d, ev_member(d, at, "paths", 5));
}

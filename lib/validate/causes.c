#include "validate/causes.h"
#include "base/utf8.h"
#include "scan/form.h"
#include "json/excerpt.h"
#include "json/view.h"
#include "json/write.h"

#include <stdlib.h>

enum {
	MAX_CAUSES = 4096,
	LISTED_CAUSES = 1000,
	RAW = 2000,	    /* bytes of a sample that are kept */
	MOST_RAW = 2 * RAW, /* the same of an excerpt, at most */
	MAX_TEXT = 500,	    /* bytes of a path, a message, an explanation */
};

struct ev_cause {
	struct ev_hash128 key;
	char *texts[EV_CAUSE_TEXTS]; /* NULL for none */
	uint64_t records;
	uint64_t record; /* the last that it was counted for */
	struct ev_position first, last;
	struct ev_buf raw; /* of the sample, which is the first */
	bool base64, cut;
	char *raw_path;	 /* where the value is in what was cut, or NULL */
	uint64_t raw_at; /* the byte where the text is no JSON, or EV_NO_OFFSET */
	struct ev_amounts amounts;
};

static const char *const names[EV_CAUSE_TEXTS] = {
	"code", "type", "rule", "path", "keyword", "severity", "explain", "path", "message",
};

static void free_cause(struct ev_cause *c)
{
	for (size_t i = 0; i < EV_CAUSE_TEXTS; i++)
		free(c->texts[i]);
	ev_position_free(&c->first);
	ev_position_free(&c->last);
	ev_buf_free(&c->raw);
	free(c->raw_path);
	ev_amounts_free(&c->amounts);
}

void ev_causes_free(struct ev_causes *b)
{
	for (size_t i = 0; i < b->n; i++)
		free_cause(&b->list[i]);
	free(b->list);
	ev_lookup_free(&b->by_key);
	ev_locator_free(&b->locator);
	ev_buf_free(&b->scratch);
	ev_scan_free(&b->scan);
}

/* NULL if there is no room for a new one. */
static struct ev_cause *find_cause(struct ev_causes *b, const char *const texts[EV_CAUSE_PARTS])
{
	struct ev_hash128 key;
	struct ev_cause *c;
	size_t step = 0;
	uint32_t at;

	ev_buf_reset(&b->scratch);
	for (size_t i = 0; i < EV_CAUSE_PARTS; i++) {
		ev_buf_putc(&b->scratch, texts[i] != NULL ? '+' : '-');
		if (texts[i] != NULL)
			ev_buf_put(&b->scratch, texts[i], strlen(texts[i]) + 1);
	}
	key = ev_hash128(b->scratch.p, b->scratch.len, 0);
	while ((at = ev_lookup_next(&b->by_key, key.lo, &step)) != EV_LOOKUP_NONE) {
		c = &b->list[at];
		if (c->key.lo == key.lo && c->key.hi == key.hi)
			return c;
	}
	if (b->n == MAX_CAUSES)
		return NULL;
	ev_grow(&b->list, &b->cap, b->n + 1, sizeof *b->list);
	ev_lookup_add(&b->by_key, key.lo, (uint32_t)b->n);
	c = &b->list[b->n++];
	*c = (struct ev_cause){.key = key, .raw_at = EV_NO_OFFSET};
	for (size_t i = 0; i < EV_CAUSE_PARTS; i++)
		c->texts[i] = texts[i] != NULL ? ev_strdup(texts[i]) : NULL;
	return c;
}

/* Keeps what is around the byte `at`, whole code points of it. */
static void put_around(struct ev_cause *c, const char *p, size_t len, size_t at)
{
	size_t from = at > RAW / 2 && len > RAW ? at - RAW / 2 : 0;

	from = ev_utf8_cut(p, len, from);
	c->cut = len - from > RAW || from > 0;
	c->raw_at = at - from;
	ev_buf_put(&c->raw, p + from, ev_utf8_cut(p + from, len - from, RAW));
}

/* Keeps a record; of a long one what is around the value at this path, or the fault in its text. */
static void put_raw(struct ev_causes *b, struct ev_cause *c, const struct ev_record *rec,
		    const char *path)
{
	struct ev_buf at = {0};
	const struct ev_doc *d;
	struct ev_flaw flaw;

	c->cut = rec->len > RAW;
	c->base64 = ev_utf8_valid(rec->p, rec->len) != rec->len;
	c->raw_at = EV_NO_OFFSET;
	free(c->raw_path);
	c->raw_path = NULL;
	ev_buf_reset(&c->raw);
	if (c->base64) {
		ev_buf_put(&c->raw, rec->p, c->cut ? RAW / 3 * 3 : rec->len);
		return;
	}
	if (b->scan == NULL)
		b->scan = ev_scan_new();
	d = ev_scan(b->scan, rec->p, rec->len, &flaw);
	if (d == NULL && rec->len > 0)
		put_around(c, rec->p, rec->len, flaw.at < rec->len ? flaw.at : rec->len - 1);
	else if (!c->cut || !ev_excerpt(d, path, RAW, &c->raw, &at))
		ev_buf_put(&c->raw, rec->p, ev_utf8_cut(rec->p, rec->len, c->cut ? RAW : rec->len));
	else
		c->raw_path = ev_strdup(ev_buf_str(&at));
	ev_buf_free(&at);
}

static void set_texts(struct ev_cause *c, const char *const texts[EV_CAUSE_TEXTS])
{
	for (size_t i = EV_CAUSE_PARTS; i < EV_CAUSE_TEXTS; i++) {
		const char *text = texts[i];

		free(c->texts[i]);
		c->texts[i] = text != NULL
				      ? ev_strndup(text, ev_utf8_cut(text, strlen(text), MAX_TEXT))
				      : NULL;
	}
}

void ev_causes_count(struct ev_causes *b, uint64_t record, const char *const texts[EV_CAUSE_TEXTS],
		     struct ev_position *pos, const struct ev_record *rec, const char *origin,
		     size_t origin_len, const struct ev_amounts *amounts)
{
	struct ev_cause *c = find_cause(b, texts);

	if (c == NULL) {
		b->left_out++;
		return;
	}
	if (c->record == record)
		return;
	c->record = record;
	if (amounts != NULL)
		ev_amounts_add(&c->amounts, amounts);
	if (pos->source == NULL)
		ev_locate(b->locator, rec, origin, origin_len, pos);
	if (c->records++ == 0 || ev_position_compare(pos, &c->last) > 0)
		ev_position_copy(&c->last, pos);
	if (c->records > 1 && ev_position_compare(pos, &c->first) >= 0)
		return;
	ev_position_copy(&c->first, pos);
	set_texts(c, texts);
	put_raw(b, c, rec, texts[EV_CAUSE_SAMPLE_PATH]);
}

/* Writing */

static void put_texts(const struct ev_cause *c, size_t from, size_t to, struct ev_buf *out)
{
	for (size_t i = from; i < to; i++)
		ev_json_text(out, names[i], c->texts[i]);
}

/* Who must act, by the rule or else by the type: what identifies the cause says it. */
static const char *owner_of(const struct ev_model *m, const struct ev_cause *c)
{
	const char *rule = c->texts[EV_CAUSE_RULE], *type = c->texts[EV_CAUSE_TYPE];
	bool of_rule = rule != NULL && strcmp(c->texts[EV_CAUSE_CODE], "rule") == 0;

	for (size_t i = 0; m != NULL && of_rule && i < m->n_rules; i++)
		if (strcmp(m->rules[i].name, rule) == 0 && m->rules[i].owner != NULL)
			return m->rules[i].owner;
	for (size_t i = 0; m != NULL && type != NULL && i < m->n_types; i++)
		if (strcmp(m->types[i].name, type) == 0)
			return m->types[i].owner;
	return NULL;
}

/* The members that result and state share, up to the beginning of the sample. */
static void put_cause(const struct ev_model *m, struct ev_cause *c, bool full, struct ev_buf *out)
{
	put_texts(c, 0, EV_CAUSE_SAMPLE_PATH, out);
	if (!full)
		ev_json_text(out, "owner", owner_of(m, c));
	ev_amounts_write(m, &c->amounts, full, out);
	ev_json_u64(out, "records", c->records);
	ev_json_name(out, "first");
	ev_position_write(&c->first, full, out);
	ev_json_name(out, "last");
	ev_position_write(&c->last, full, out);
	ev_json_open(out, "sample", '{');
}

/* Where the value, or the fault, is in what is kept. */
static void put_mark(const struct ev_cause *c, struct ev_buf *out)
{
	ev_json_text_if_any(out, "raw_path", c->raw_path);
	if (c->raw_at != EV_NO_OFFSET)
		ev_json_u64(out, "raw_at", c->raw_at);
}

static void put_sample(const struct ev_cause *c, struct ev_buf *out)
{
	ev_json_text(out, "source", c->first.source);
	ev_json_u64(out, "line", c->first.line);
	if (c->first.offset != EV_NO_OFFSET)
		ev_json_u64(out, "offset", c->first.offset);
	put_texts(c, EV_CAUSE_SAMPLE_PATH, EV_CAUSE_TEXTS, out);
	ev_json_name(out, c->base64 ? "raw_base64" : "raw");
	if (c->base64) {
		ev_buf_putc(out, '"');
		ev_base64(c->raw.p, c->raw.len, out);
		ev_buf_putc(out, '"');
	} else {
		ev_json_quote(c->raw.p, c->raw.len, out);
	}
	if (c->cut)
		ev_json_bool(out, "cut", true);
	put_mark(c, out);
}

static int by_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int by_texts(const struct ev_cause *a, const struct ev_cause *b, size_t from, size_t to)
{
	int order = 0;

	for (size_t i = from; i < to && order == 0; i++)
		order = by_text(a->texts[i], b->texts[i]);
	return order;
}

static int by_records(const void *a, const void *b)
{
	const struct ev_cause *x = *(struct ev_cause *const *)a, *y = *(struct ev_cause *const *)b;

	if (x->records != y->records)
		return x->records > y->records ? -1 : 1;
	return by_texts(x, y, 0, EV_CAUSE_PARTS);
}

void ev_causes_write(const struct ev_causes *b, const struct ev_model *m, struct ev_buf *out)
{
	struct ev_cause **list = ev_calloc(b->n + 1, sizeof(struct ev_cause *));
	uint64_t left_out = b->left_out;

	for (size_t i = 0; i < b->n; i++)
		list[i] = &b->list[i];
	qsort(list, b->n, sizeof(struct ev_cause *), by_records);
	ev_json_open(out, "causes", '[');
	for (size_t i = 0; i < b->n; i++) {
		if (i >= LISTED_CAUSES) {
			left_out += list[i]->records;
			continue;
		}
		ev_json_open(out, NULL, '{');
		put_cause(m, list[i], false, out);
		put_sample(list[i], out);
		ev_buf_puts(out, "}}");
	}
	ev_buf_putc(out, ']');
	ev_json_u64(out, "causes_left_out", left_out);
	free(list);
}

/* State */

bool ev_causes_state(const struct ev_causes *b, const struct ev_model *m, size_t i,
		     struct ev_buf *out)
{
	struct ev_cause *c = &b->list[i];

	if (i >= b->n)
		return false;
	ev_buf_puts(out, "{\"cause\":{");
	put_cause(m, c, true, out);
	/* In hexadecimal digits, because it need not be UTF-8. */
	ev_buf_puts(out, "\"octets\":\"");
	for (size_t k = 0; k < c->raw.len; k++)
		ev_buf_printf(out, "%02x", (unsigned char)c->raw.p[k]);
	ev_buf_putc(out, '"');
	ev_json_u64(out, "base64", c->base64);
	ev_json_u64(out, "was_cut", c->cut);
	put_mark(c, out);
	put_texts(c, EV_CAUSE_SAMPLE_PATH, EV_CAUSE_TEXTS, out);
	ev_buf_puts(out, ",\"raw\":\"\"}}}");
	return true;
}

/* A text, or null for NULL. */
static bool read_text(const struct ev_doc *d, uint32_t object, const char *name, char **out)
{
	uint32_t at = ev_member(d, object, name, strlen(name));

	if (at != EV_NOWHERE && ev_kind(d, at) == EV_NULL)
		return true;
	*out = ev_text_of(d, at);
	return *out != NULL;
}

static bool read_bytes(struct ev_cause *c, const struct ev_doc *d, uint32_t sample)
{
	char *hex = NULL;
	uint64_t base64, cut;
	bool good = read_text(d, sample, "octets", &hex) && hex != NULL && strlen(hex) % 2 == 0 &&
		    strlen(hex) <= 2 * (size_t)MOST_RAW &&
		    ev_state_u64(d, sample, "base64", &base64) && base64 <= 1 &&
		    ev_state_u64(d, sample, "was_cut", &cut) && cut <= 1;

	for (size_t i = 0; good && hex[i] != '\0'; i += 2) {
		int high = ev_hex_digit(hex[i]), low = ev_hex_digit(hex[i + 1]);

		good = high >= 0 && low >= 0;
		ev_buf_putc(&c->raw, (char)(high * 16 + low));
	}
	free(hex);
	if (!good)
		return false;
	c->base64 = base64 > 0 || ev_utf8_valid(c->raw.p, c->raw.len) != c->raw.len;
	c->cut = cut > 0;
	if (ev_member(d, sample, "raw_path", 8) != EV_NOWHERE &&
	    (!read_text(d, sample, "raw_path", &c->raw_path) || c->raw_path == NULL ||
	     strlen(c->raw_path) > MOST_RAW))
		return false;
	return ev_member(d, sample, "raw_at", 6) == EV_NOWHERE ||
	       (ev_state_u64(d, sample, "raw_at", &c->raw_at) && c->raw_at < MOST_RAW);
}

static void swap_positions(struct ev_position *a, struct ev_position *b)
{
	struct ev_position x = *a;

	*a = *b;
	*b = x;
}

/* The lesser is the sample: the first, and at one place that of the lesser texts. */
static int by_sample(const struct ev_cause *a, const struct ev_cause *b)
{
	int order = ev_position_compare(&a->first, &b->first);

	if (order == 0)
		order = by_texts(a, b, EV_CAUSE_SEVERITY, EV_CAUSE_TEXTS);
	if (order == 0)
		order = ev_bytes_compare(a->raw.p, a->raw.len, b->raw.p, b->raw.len);
	if (order == 0)
		order = a->base64 - b->base64;
	if (order == 0)
		order = a->cut - b->cut;
	if (order == 0)
		order = (a->raw_at > b->raw_at) - (a->raw_at < b->raw_at);
	if (order != 0 || a->raw_path == NULL || b->raw_path == NULL)
		return order != 0 ? order : (a->raw_path != NULL) - (b->raw_path != NULL);
	return strcmp(a->raw_path, b->raw_path);
}

/* Merges a cause, swapping what is kept out of x. False if there are more records than possible. */
static bool add_cause(struct ev_causes *b, struct ev_cause *x, uint64_t all)
{
	struct ev_cause *c = find_cause(b, (const char *const *)x->texts);

	if (c == NULL)
		return ev_count_add(&b->left_out, x->records);
	if (c->records == 0 || ev_position_compare(&x->last, &c->last) > 0)
		swap_positions(&c->last, &x->last);
	if (c->records == 0 || by_sample(x, c) < 0) {
		struct ev_buf raw = c->raw;
		char *raw_path = c->raw_path;

		swap_positions(&c->first, &x->first);
		set_texts(c, (const char *const *)x->texts);
		c->raw = x->raw;
		x->raw = raw;
		c->raw_path = x->raw_path;
		x->raw_path = raw_path;
		c->raw_at = x->raw_at;
		c->base64 = x->base64;
		c->cut = x->cut;
	}
	c->records += x->records;
	ev_amounts_add(&c->amounts, &x->amounts);
	return c->records <= all;
}

static bool is_severity(const char *text)
{
	return text != NULL && (strcmp(text, "critical") == 0 || strcmp(text, "warning") == 0 ||
				strcmp(text, "info") == 0);
}

bool ev_causes_merge(struct ev_causes *b, const struct ev_model *m, const struct ev_doc *d,
		     uint32_t at, uint64_t events, uint64_t all)
{
	uint32_t sample = ev_member(d, at, "sample", 6);
	struct ev_cause c = {.raw_at = EV_NO_OFFSET};
	bool good = sample != EV_NOWHERE;
	int order;

	for (size_t i = 0; good && i < EV_CAUSE_TEXTS; i++) {
		const size_t most = i < EV_CAUSE_PARTS ? SIZE_MAX : MAX_TEXT;
		const uint32_t in = i < EV_CAUSE_SAMPLE_PATH ? at : sample;

		good = read_text(d, in, names[i], &c.texts[i]) &&
		       (c.texts[i] == NULL || strlen(c.texts[i]) <= most);
	}
	good = good && c.texts[EV_CAUSE_CODE] != NULL && is_severity(c.texts[EV_CAUSE_SEVERITY]) &&
	       ev_state_u64(d, at, "records", &c.records) && c.records > 0 && c.records <= events &&
	       ev_position_read(d, ev_member(d, at, "first", 5), &c.first) &&
	       ev_position_read(d, ev_member(d, at, "last", 4), &c.last) &&
	       ev_amounts_read(m, d, at, &c.amounts) && read_bytes(&c, d, sample);
	if (good) {
		order = ev_position_compare(&c.first, &c.last);
		good = (c.records == 1 ? order == 0 : order <= 0) && add_cause(b, &c, all);
	}
	free_cause(&c);
	return good;
}

#include "warehouse/column.h"
#include "base/compiler.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "number/decimal.h"
#include "scan/form.h"
#include "warehouse/value.h"
#include "json/plan.h"

#include <stdio.h>
#include <stdlib.h>

const char ev_unknown_key[EV_KEY_TEXT + 1] = "00000000000000000000000000000000";

static const char no_date_time[] = "it is no date-time as RFC 3339 has it";
static const char too_long[] =
	"a number in it has more digits than a warehouse can store, 131072 before the point or "
	"16383 behind it";
static const char holds_nul[] = "it holds U+0000, which warehouses cannot store in text";

/* \u0000, which no text of PostgreSQL can hold. */
static bool has_nul(const char *p, size_t len)
{
	const char *end = p + len;

	while ((p = memchr(p, '\\', (size_t)(end - p))) != NULL) {
		if (end - p >= 6 && memcmp(p, "\\u0000", 6) == 0)
			return true;
		p += 2;
	}
	return false;
}

/* What is wrong with a value, or NULL: one function a kind of types. v holds the value's bytes. */

static const char *varchar(const struct ev_column *c, const struct ev_doc *d, uint32_t at,
			   struct ev_value *v)
{
	struct ev_buf scratch = {0};
	size_t count = v->len - 2; /* bytes are never fewer than code points, nor escapes shorter */

	if (ev_kind(d, at) != EV_STRING)
		return "it is no text";
	if (count > c->size) {
		const char *text = ev_string(d, at, &scratch, &count);

		count = ev_utf8_count(text, count);
		ev_buf_free(&scratch);
		if (count > c->size)
			return "it is too long";
	}
	v->escaped = d->nodes[at].escaped;
	return v->escaped && has_nul(v->p, v->len) ? holds_nul : NULL;
}

static const char *timestamp_text(struct ev_zone *zone, const char *p, size_t len, char *out)
{
	enum ev_time_form form;
	struct ev_time t;

	if (ev_time_utc(p, len, out))
		return NULL;
	form = ev_time_parse(p, len, &t);
	if (form == EV_TIME_BAD)
		return no_date_time;
	if (form == EV_TIME_NAIVE) {
		if (zone == NULL)
			return "it has no zone, and the model names none (event.zone)";
		t.sec = ev_zone_to_utc(zone, t.sec);
	}
	if (!ev_time_in_range(t))
		return "it lies outside the years 1 to 9999 in UTC";
	ev_time_format(t, out);
	return NULL;
}

/* The one spelling of a timestamp, a UUID or a date, into out, and how long it is. */
static const char *spell(enum ev_type type, struct ev_zone *zone, const char *p, size_t len,
			 char *out, uint32_t *out_len)
{
	struct ev_date day;

	if (type == EV_TYPE_TIMESTAMP) {
		*out_len = EV_TIME_TEXT;
		return timestamp_text(zone, p, len, out);
	}
	if (type == EV_TYPE_UUID) {
		*out_len = EV_UUID_TEXT;
		return ev_uuid_canonical(p, len, out) ? NULL : "it is no UUID";
	}
	*out_len = EV_DATE_TEXT;
	if (!ev_date_parse(p, len, &day))
		return "it is no date such as 2026-03-01";
	if (day.year == 0)
		return "it lies outside the years 1 to 9999";
	memcpy(out, p, EV_DATE_TEXT);
	return NULL;
}

/* The same in quotes. */
static const char *quoted(const struct ev_column *c, struct ev_zone *zone, const struct ev_doc *d,
			  uint32_t at, char *store, struct ev_value *v)
{
	struct ev_buf scratch = {0};
	const char *problem, *p;
	uint32_t out_len;
	size_t len;

	if (ev_kind(d, at) != EV_STRING)
		return "it is no text";
	if (d->nodes[at].escaped) {
		p = ev_string(d, at, &scratch, &len);
		problem = spell(c->type, zone, p, len, store + 1, &out_len);
		ev_buf_free(&scratch);
	} else {
		problem = spell(c->type, zone, v->p + 1, v->len - 2, store + 1, &out_len);
	}
	store[0] = store[out_len + 1] = '"';
	v->p = store;
	v->len = out_len + 2;
	return problem;
}

/* Whether a number is short and plain: digits and a point, of which so many stand before it. */
static bool plain_digits(const char *p, size_t len, uint32_t whole, uint32_t fraction)
{
	size_t i = 0, point;

	while (i < len && p[i] >= '0' && p[i] <= '9')
		i++;
	if (i == 0 || i > whole || (p[0] == '0' && i > 1))
		return false;
	if (i == len)
		return true;
	point = i;
	if (p[i] != '.' || len - point - 1 > fraction)
		return false;
	for (i++; i < len && p[i] >= '0' && p[i] <= '9';)
		i++;
	return i == len;
}

static const char *number(const struct ev_column *c, const struct ev_doc *d, uint32_t at,
			  char *store, struct ev_value *v)
{
	struct ev_buf plain = {0};
	struct ev_number n;
	int64_t whole;

	if (ev_kind(d, at) != EV_NUMBER)
		return "it is no number";
	if (c->type == EV_TYPE_INT ? plain_digits(v->p, v->len, 18, 0)
				   : plain_digits(v->p, v->len, c->size - c->scale, c->scale))
		return NULL;
	ev_number_read(v->p, v->len, &n);
	if (c->type == EV_TYPE_INT) {
		if (!ev_number_int64(&n, &whole))
			return "it is no integer of 64 bits";
	} else {
		if (!ev_number_fits(&n, c->size, c->scale))
			return "it has too many digits";
		if (memchr(v->p, 'e', v->len) == NULL && memchr(v->p, 'E', v->len) == NULL) {
			if (n.digits == 0 && v->p[0] == '-') {
				v->p++; /* no warehouse knows a negative zero */
				v->len--;
			}
			return NULL;
		}
	}
	ev_number_plain(&n, -1, &plain);
	v->len = (uint32_t)plain.len;
	v->p = memcpy(store, plain.p, plain.len);
	ev_buf_free(&plain);
	return NULL;
}

/* PostgreSQL's numeric, which its jsonb is made of. */
enum { MOST_WHOLE = 131072, MOST_FRACTION = 16383, MOST_EXPONENT = 1000000 };

static bool number_fits(const char *p, size_t len)
{
	const char *end = p + len, *e = p, *point;
	struct ev_number n;
	int64_t exponent = 0, fraction;

	while (e < end && *e != 'e' && *e != 'E')
		e++;
	if (e < end) {
		const char *q = e + 1;
		bool negative = *q == '-';

		for (q += *q == '-' || *q == '+'; q < end && exponent <= MOST_EXPONENT; q++)
			exponent = exponent * 10 + (*q - '0');
		exponent = negative ? -exponent : exponent;
	}
	if (exponent > MOST_EXPONENT || exponent < -MOST_EXPONENT)
		return false;
	point = memchr(p, '.', (size_t)(e - p));
	fraction = point != NULL ? e - point - 1 : 0;
	ev_number_read(p, len, &n);
	return fraction - exponent <= MOST_FRACTION && (n.digits == 0 || n.point <= MOST_WHOLE);
}

static bool is_among(uint32_t at, const uint32_t *nodes, size_t n)
{
	while (n > 0 && nodes[n - 1] != at)
		n--;
	return n > 0;
}

static const char *string_problem(const struct ev_doc *d, uint32_t at)
{
	const struct ev_node *node = &d->nodes[at];

	return node->escaped && has_nul(d->text + node->pos, node->end - node->pos) ? holds_nul
										    : NULL;
}

const char *ev_column_json_problem(const struct ev_doc *d, uint32_t at, const uint32_t *skip,
				   size_t n)
{
	const struct ev_node *node = &d->nodes[at];
	const uint32_t name = node->kind == EV_OBJECT; /* in front of each value */
	const char *problem = NULL;

	if (is_among(at, skip, n))
		return NULL;
	if (node->kind == EV_STRING)
		return string_problem(d, at);
	if (node->kind == EV_NUMBER)
		return number_fits(d->text + node->pos, node->end - node->pos) ? NULL : too_long;
	if (node->kind < EV_ARRAY)
		return NULL;
	for (uint32_t i = at + 1 + name; i < node->next && problem == NULL;
	     i = ev_next(d, i) + name) {
		problem = ev_column_json_problem(d, i, skip, n);
		if (problem == NULL && name && !is_among(i, skip, n))
			problem = string_problem(d, i - 1);
	}
	return problem;
}

const char *ev_column_value(const struct ev_column *c, struct ev_zone *zone, const struct ev_doc *d,
			    uint32_t at, char *store, struct ev_value *v)
{
	static const char null[] = "null                                ";
	const struct ev_node *n;

	if (at == EV_NOWHERE || (n = &d->nodes[at])->kind == EV_NULL) {
		*v = (struct ev_value){
			.p = null, .len = 4, .null = true, .present = at != EV_NOWHERE};
		return NULL;
	}
	*v = (struct ev_value){.p = d->text + n->pos, .len = n->end - n->pos, .present = true};
	switch (c->type) {
	case EV_TYPE_VARCHAR: return varchar(c, d, at, v);
	case EV_TYPE_TIMESTAMP:
	case EV_TYPE_UUID:
	case EV_TYPE_DATE: return quoted(c, zone, d, at, store, v);
	case EV_TYPE_INT:
	case EV_TYPE_DECIMAL: return number(c, d, at, store, v);
	case EV_TYPE_BOOL:
		return n->kind == EV_TRUE || n->kind == EV_FALSE ? NULL
								 : "it is neither true nor false";
	case EV_TYPE_JSON: return ev_column_json_problem(d, at, NULL, 0);
	}
	return NULL;
}

static enum ev_check_how text_how(struct ev_check *check)
{
	switch (check->column->type) {
	case EV_TYPE_VARCHAR: check->longest = check->column->size + 2; return EV_CHECK_TEXT;
	case EV_TYPE_UUID: return EV_CHECK_UUID;
	case EV_TYPE_TIMESTAMP: return EV_CHECK_TIME;
	default: return EV_CHECK_FULL;
	}
}

static enum ev_check_how number_how(struct ev_check *check)
{
	const struct ev_column *c = check->column;

	if (c->type != EV_TYPE_INT && c->type != EV_TYPE_DECIMAL)
		return EV_CHECK_FULL;
	check->longest = c->type == EV_TYPE_INT ? sizeof(uint64_t) : c->size - c->scale;
	check->fraction = c->scale;
	return EV_CHECK_NUMBER;
}

struct ev_check ev_check_of(const struct ev_column *c, const struct ev_doc *d, uint32_t node)
{
	struct ev_check check = {.column = c, .node = node, .how = EV_CHECK_FULL};
	enum ev_kind kind = ev_kind(d, node);

	if (c->type == EV_TYPE_JSON)
		check.how = node != 0 && !c->around ? EV_CHECK_JSON : EV_CHECK_FULL;
	else if (kind == EV_STRING)
		check.how = text_how(&check);
	else if (kind == EV_NUMBER)
		check.how = number_how(&check);
	else if (c->type == EV_TYPE_BOOL && (kind == EV_FALSE || kind == EV_TRUE))
		check.how = EV_CHECK_NONE;
	return check;
}

struct ev_check ev_check_plan(const struct ev_column *c, const struct ev_doc *d, uint32_t node)
{
	struct ev_check check = ev_check_of(c, d, node);
	const uint32_t end = d->nodes[node].next;
	uint32_t *list, n = 0;

	if (check.how != EV_CHECK_JSON)
		return check;
	for (uint32_t i = node; i < end; i++)
		n += ev_kind(d, i) == EV_NUMBER;
	if ((list = ev_plan_alloc(d, n * sizeof *list)) == NULL)
		return check;
	check.how = EV_CHECK_NUMBERS;
	check.numbers = list;
	check.longest = n;
	for (uint32_t i = node; i < end; i++)
		if (ev_kind(d, i) == EV_NUMBER)
			*list++ = i;
	return check;
}

const char *ev_check_name(const struct ev_check *c)
{
	static const char *const names[] = {
		[EV_CHECK_NONE] = "none",    [EV_CHECK_TEXT] = "text",	   [EV_CHECK_UUID] = "uuid",
		[EV_CHECK_TIME] = "time",    [EV_CHECK_NUMBER] = "number", [EV_CHECK_JSON] = "json",
		[EV_CHECK_NUMBERS] = "json", [EV_CHECK_FULL] = "full",
	};

	return names[c->how];
}

bool ev_column_is_promised(const struct ev_column *c, const struct ev_promise *p)
{
	unsigned kinds = p->kinds & ~(1U << EV_NULL);
	bool text = (kinds & ~(1U << EV_STRING)) == 0, number = (kinds & ~(1U << EV_NUMBER)) == 0;

	switch (c->type) {
	case EV_TYPE_VARCHAR: return text && p->no_nul && p->longest <= c->size;
	case EV_TYPE_UUID: return text && p->uuid;
	case EV_TYPE_INT: return number && p->int64;
	case EV_TYPE_BOOL: return (kinds & ~(1U << EV_FALSE | 1U << EV_TRUE)) == 0;
	default: return false;
	}
}

static const char *time_flaw(const struct ev_doc *d, uint32_t at)
{
	struct ev_buf scratch = {0};
	const char *p, *flaw;
	size_t len;

	p = ev_string(d, at, &scratch, &len);
	flaw = ev_time_flaw(p, len);
	ev_buf_free(&scratch);
	return flaw;
}

void ev_column_misfit(const struct ev_column *c, const struct ev_doc *d, uint32_t at,
		      const char *problem, struct ev_reasons *why)
{
	struct ev_buf pointer = {0};
	struct ev_reason *reason;
	char type[32];
	const char *p;
	size_t len;

	if (problem == holds_nul)
		why->code = "nul";
	if (ev_reasons_enough(why))
		return;
	ev_type_write(c, type, sizeof type);
	ev_pointer(d, at, &pointer);
	p = ev_raw(d, at, &len);
	reason = ev_reasons_add(why, "%s does not fit the column %s %s: %s%s%s",
				ev_reasons_quote(why, p, len), c->name, type, problem,
				problem == no_date_time ? ", " : "",
				problem == no_date_time ? time_flaw(d, at) : "");
	if (pointer.len > 0 || at == 0) /* a computed value stands at no place */
		reason->path = ev_reasons_copy(why, pointer.p, pointer.len);
	reason->keyword = ev_reasons_text(why, "%s", type);
	ev_buf_free(&pointer);
}

/* items: of the list that the table's columns go through. */
static bool column_passes(const struct ev_path *from, const struct ev_doc *d,
			  const struct ev_found *items, struct ev_reasons *why)
{
	bool good = true;

	if (from->root == EV_ROOT_EVENT)
		return ev_event_path_passes(from, d, 0, why);
	for (size_t i = 0; from->root == EV_ROOT_ITEM && i < items->n; i++)
		good &= ev_event_path_passes(from, d, items->at[i], why);
	return good;
}

static bool table_passes(const struct ev_path *each, const struct ev_column *when,
			 const struct ev_columns *columns, const struct ev_doc *d,
			 struct ev_reasons *why)
{
	struct ev_found items = {0};
	bool good = true;

	if (each != NULL) {
		good = ev_event_path_passes(each, d, 0, why);
		ev_path_all(each, d, 0, &items);
	}
	good &= when == NULL || column_passes(when->from, d, &items, why);
	for (size_t i = 0; i < columns->n; i++) {
		const struct ev_column *c = &columns->list[i];
		const struct ev_dimension *to = c->dimension;

		good &= column_passes(c->from, d, &items, why);
		for (size_t k = 0; to != NULL && k < to->n_keys; k++)
			good &= to->n_keys == 1 ||
				column_passes(to->columns.list[to->keys[k]].from, d, &items, why);
	}
	free(items.at);
	return good;
}

bool ev_columns_pass(const struct ev_model *m, const char *type, size_t len, const struct ev_doc *d,
		     struct ev_reasons *why)
{
	bool good = true;

	for (size_t i = 0; i < m->n_facts; i++)
		if (ev_names_take(&m->facts[i].types, type, len))
			good &= table_passes(m->facts[i].each, m->facts[i].when,
					     &m->facts[i].columns, d, why);
	for (size_t i = 0; i < m->n_dimensions; i++)
		if (ev_names_take(&m->dimensions[i].types, type, len))
			good &= table_passes(m->dimensions[i].each, m->dimensions[i].when,
					     &m->dimensions[i].columns, d, why);
	return good;
}

/* Keys */

static char *put(char *o, const char *p, size_t len)
{
	return (char *)memcpy(o, p, len) + len;
}

/* `type bytes:text` at o, which has room; returns where it ends. */
static inline char *put_part(char *o, const char *type, size_t type_len, const char *text,
			     size_t len)
{
	o = put(o, type, type_len);
	*o++ = ' ';
	if (len >= 10 && len < 100) {
		*o++ = (char)('0' + len / 10);
		*o++ = (char)('0' + len % 10);
	} else {
		struct ev_buf digits = {.p = o, .cap = 20};

		ev_buf_u64(&digits, len);
		o += digits.len;
	}
	*o++ = ':';
	return put(o, text, len);
}

/* Bytes of a part besides its text, at most. */
enum { PART = 32 };

void ev_key_part(struct ev_buf *preimage, const char *type, const char *text, size_t len)
{
	size_t type_len = strlen(type);
	char *o = ev_buf_room(preimage, PART + type_len + len);

	preimage->len = (size_t)(put_part(o, type, type_len, text, len) - preimage->p);
}

void ev_key_column(struct ev_buf *preimage, const struct ev_column *c, const char *value,
		   size_t len)
{
	/* without its size, because a longer varchar is no other key */
	const char *type = ev_type_names[c->type];
	struct ev_buf text = {0};
	struct ev_number n;

	if (value[0] == '"' && memchr(value, '\\', len) == NULL) {
		ev_key_part(preimage, type, value + 1, len - 2);
		return;
	}
	if (len == 4 && memcmp(value, "null", 4) == 0) {
		ev_key_part(preimage, "null", "", 0);
	} else if (value[0] == '"') {
		ev_json_unescape(value + 1, len - 2, &text);
		ev_key_part(preimage, type, text.p, text.len);
	} else if (c->type == EV_TYPE_DECIMAL) {
		ev_number_read(value, len, &n);
		ev_number_plain(&n, -1, &text);
		ev_key_part(preimage, type, ev_buf_str(&text), text.len);
	} else {
		ev_key_part(preimage, type, value, len);
	}
	ev_buf_free(&text);
}

void ev_key_make(const struct ev_buf *preimage, char key[EV_KEY_TEXT + 1])
{
	ev_md5_hex(preimage->p, preimage->len, key);
}

bool ev_key_is(const char *p)
{
	typedef uint8_t bytes EV_VECTOR(16);
	bytes wrong = {0};
	uint64_t halves[2];

#pragma GCC unroll 2
	for (size_t i = 0; i < EV_KEY_TEXT; i += sizeof wrong) {
		bytes v;

		memcpy(&v, p + i, sizeof v);
		wrong |= ~((bytes)(v - '0' < 10) | (bytes)(v - 'a' < 6));
	}
	memcpy(halves, &wrong, sizeof halves);
	return (halves[0] | halves[1]) == 0;
}

void ev_key_uuid(const char *key, char uuid[EV_KEY_UUID + 1])
{
	snprintf(uuid, EV_KEY_UUID + 1, "%.8s-%.4s-%.4s-%.4s-%.12s", key, key + 8, key + 12,
		 key + 16, key + 20);
}

void ev_key_day(struct ev_date day, struct ev_buf *scratch, char key[EV_KEY_TEXT + 1])
{
	char text[EV_DATE_TEXT];

	ev_date_format(day, text);
	ev_buf_reset(scratch);
	ev_key_part(scratch, "date", text, sizeof text);
	ev_key_make(scratch, key);
}

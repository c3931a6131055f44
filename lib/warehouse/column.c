#include "warehouse/column.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "json/decimal.h"
#include "json/form.h"

const char ev_unknown_key[EV_KEY_TEXT + 1] = "00000000000000000000000000000000";

static bool misfit(const struct ev_column *c, const struct ev_doc *d, uint32_t at,
		   struct ev_reasons *why, const char *problem)
{
	struct ev_buf pointer = {0};
	struct ev_reason *reason;
	char type[32];
	const char *p;
	size_t len;

	if (ev_reasons_enough(why))
		return false;
	ev_type_write(c, type, sizeof type);
	ev_pointer(d, at, &pointer);
	p = ev_raw(d, at, &len);
	reason = ev_reasons_add(why, "%s does not fit the column %s %s: %s",
				ev_reasons_quote(why, p, len), c->name, type, problem);
	reason->path = ev_reasons_copy(why, pointer.p, pointer.len);
	reason->keyword = ev_reasons_text(why, "%s", type);
	ev_buf_free(&pointer);
	return false;
}

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

static bool no_nul(const struct ev_column *c, const struct ev_doc *d, uint32_t at,
		   struct ev_reasons *why)
{
	const char *p;
	size_t len;

	p = ev_raw(d, at, &len);
	if (!has_nul(p, len))
		return true;
	why->code = "nul";
	return misfit(c, d, at, why, "it holds U+0000, which warehouses cannot store in text");
}

static bool varchar(const struct ev_column *c, const struct ev_doc *d, uint32_t at,
		    struct ev_buf *out, struct ev_reasons *why)
{
	struct ev_buf scratch = {0};
	size_t len, count;
	const char *p;

	if (ev_kind(d, at) != EV_STRING)
		return misfit(c, d, at, why, "it is no text");
	p = ev_raw(d, at, &len);
	count = len - 2; /* octets are never fewer than code points, nor escapes shorter */
	if (count > c->size) {
		const char *text = ev_string(d, at, &scratch, &count);

		count = ev_utf8_count(text, count);
		ev_buf_free(&scratch);
		if (count > c->size)
			return misfit(c, d, at, why, "it is too long");
	}
	if (d->nodes[at].escaped && !no_nul(c, d, at, why))
		return false;
	ev_buf_put(out, p, len);
	return true;
}

static bool timestamp(const struct ev_column *c, struct ev_zone *zone, const struct ev_doc *d,
		      uint32_t at, struct ev_buf *out, struct ev_reasons *why)
{
	struct ev_buf scratch = {0};
	enum ev_time_form form;
	struct ev_time t;
	const char *p;
	size_t len;

	if (ev_kind(d, at) != EV_STRING)
		return misfit(c, d, at, why, "it is no text");
	p = ev_string(d, at, &scratch, &len);
	form = ev_time_parse(p, len, &t);
	ev_buf_free(&scratch);
	if (form == EV_TIME_BAD)
		return misfit(c, d, at, why, "it is no date-time as RFC 3339 has it");
	if (form == EV_TIME_NAIVE) {
		if (zone == NULL)
			return misfit(c, d, at, why,
				      "it has no zone, and the model names none (event.zone)");
		t.sec = ev_zone_to_utc(zone, t.sec);
	}
	if (!ev_time_in_range(t))
		return misfit(c, d, at, why, "it lies outside the years 0 to 9999 in UTC");
	ev_buf_putc(out, '"');
	ev_time_format(t, ev_buf_room(out, EV_TIME_TEXT));
	out->len += EV_TIME_TEXT;
	ev_buf_putc(out, '"');
	return true;
}

static bool number(const struct ev_column *c, const struct ev_doc *d, uint32_t at,
		   struct ev_buf *out, struct ev_reasons *why)
{
	struct ev_number n;
	int64_t v;
	const char *p;
	size_t len;

	if (ev_kind(d, at) != EV_NUMBER)
		return misfit(c, d, at, why, "it is no number");
	p = ev_raw(d, at, &len);
	ev_number_read(p, len, &n);
	if (c->type == EV_TYPE_INT) {
		if (!ev_number_int64(&n, &v))
			return misfit(c, d, at, why, "it is no integer of 64 bits");
		return ev_number_plain(&n, -1, out);
	}
	if (!ev_number_fits(&n, c->size, c->scale))
		return misfit(c, d, at, why, "it has too many digits");
	if (memchr(p, 'e', len) != NULL || memchr(p, 'E', len) != NULL)
		return ev_number_plain(&n, -1, out);
	if (n.digits == 0 && p[0] == '-') {
		p++; /* no warehouse knows a negative zero */
		len--;
	}
	ev_buf_put(out, p, len);
	return true;
}

static bool quoted(const struct ev_column *c, const struct ev_doc *d, uint32_t at,
		   struct ev_buf *out, struct ev_reasons *why)
{
	struct ev_buf scratch = {0};
	char uuid[EV_UUID_TEXT];
	struct ev_date day;
	const char *p;
	size_t len;
	bool good;

	if (ev_kind(d, at) != EV_STRING)
		return misfit(c, d, at, why, "it is no text");
	p = ev_string(d, at, &scratch, &len);
	if (c->type == EV_TYPE_UUID) {
		good = ev_uuid_canonical(p, len, uuid);
		p = uuid;
		len = sizeof uuid;
	} else {
		good = ev_date_parse(p, len, &day);
	}
	if (good) {
		ev_buf_putc(out, '"');
		ev_buf_put(out, p, len);
		ev_buf_putc(out, '"');
	}
	ev_buf_free(&scratch);
	return good || misfit(c, d, at, why,
			      c->type == EV_TYPE_UUID ? "it is no UUID"
						      : "it is no date such as 2026-03-01");
}

bool ev_column_json(const struct ev_column *c, struct ev_zone *zone, const struct ev_doc *d,
		    uint32_t at, struct ev_buf *out, struct ev_reasons *why)
{
	const char *p;
	size_t len;

	if (at == EV_NOWHERE || ev_kind(d, at) == EV_NULL) {
		ev_buf_put(out, "null", 4);
		return true;
	}
	switch (c->type) {
	case EV_TYPE_VARCHAR: return varchar(c, d, at, out, why);
	case EV_TYPE_TIMESTAMP: return timestamp(c, zone, d, at, out, why);
	case EV_TYPE_UUID:
	case EV_TYPE_DATE: return quoted(c, d, at, out, why);
	case EV_TYPE_INT:
	case EV_TYPE_DECIMAL: return number(c, d, at, out, why);
	case EV_TYPE_BOOL:
		if (ev_kind(d, at) != EV_TRUE && ev_kind(d, at) != EV_FALSE)
			return misfit(c, d, at, why, "it is neither true nor false");
		break;
	case EV_TYPE_JSON:
		if (!no_nul(c, d, at, why))
			return false;
		break;
	}
	p = ev_raw(d, at, &len);
	ev_buf_put(out, p, len);
	return true;
}

/* Keys */

void ev_key_part(struct ev_buf *preimage, const char *type, const char *text, size_t len)
{
	ev_buf_puts(preimage, type);
	ev_buf_putc(preimage, ' ');
	ev_buf_u64(preimage, len);
	ev_buf_putc(preimage, ':');
	ev_buf_put(preimage, text, len);
}

void ev_key_column(struct ev_buf *preimage, const struct ev_column *c, const char *value,
		   size_t len)
{
	/* without its size, because a longer varchar is no other key */
	const char *type = ev_type_names[c->type];
	struct ev_buf text = {0};

	if (len == 4 && memcmp(value, "null", 4) == 0) {
		ev_key_part(preimage, "null", "", 0);
		return;
	}
	if (value[0] == '"' && memchr(value, '\\', len) == NULL) {
		ev_key_part(preimage, type, value + 1, len - 2);
		return;
	}
	if (value[0] == '"') {
		ev_json_unescape(value + 1, len - 2, &text);
	} else if (c->type == EV_TYPE_DECIMAL) {
		struct ev_number n;

		ev_number_read(value, len, &n);
		ev_number_plain(&n, -1, &text);
	} else {
		ev_buf_put(&text, value, len);
	}
	ev_key_part(preimage, type, text.p, text.len);
	ev_buf_free(&text);
}

void ev_key_make(const struct ev_buf *preimage, char key[EV_KEY_TEXT + 1])
{
	ev_md5_hex(preimage->p, preimage->len, key);
}

/* A number's canonical id stands behind a NUL, so that 12 and "12" are two events. */
static void id_part(const struct ev_event *event, struct ev_buf *preimage)
{
	char uuid[EV_UUID_TEXT];

	if (event->id[0] == '\0')
		ev_key_part(preimage, "int", event->id + 1, event->id_len - 1);
	else if (ev_uuid_canonical(event->id, event->id_len, uuid))
		ev_key_part(preimage, "uuid", event->id, event->id_len);
	else
		ev_key_part(preimage, "varchar", event->id, event->id_len);
}

void ev_key_event(const struct ev_event *event, struct ev_buf *scratch, char key[EV_KEY_TEXT + 1])
{
	ev_buf_reset(scratch);
	id_part(event, scratch);
	ev_key_make(scratch, key);
}

void ev_key_version(const struct ev_event *event, const struct ev_buf *content,
		    struct ev_buf *scratch, char key[EV_KEY_TEXT + 1])
{
	struct ev_buf version = {0};
	char digest[33], time[EV_TIME_TEXT];

	ev_version_canonical(event->doc, event->version, &version);
	ev_buf_reset(scratch);
	id_part(event, scratch);
	ev_key_part(scratch, "int", version.p, version.len);
	ev_time_format(event->modified, time);
	ev_key_part(scratch, "timestamp", time, sizeof time);
	ev_key_part(scratch, "op", ev_op_names[event->op], strlen(ev_op_names[event->op]));
	ev_hash128_hex(ev_hash128(content->p, content->len, 0), digest);
	ev_key_part(scratch, "content", digest, 32);
	ev_key_make(scratch, key);
	ev_buf_free(&version);
}

void ev_key_day(struct ev_date day, struct ev_buf *scratch, char key[EV_KEY_TEXT + 1])
{
	char text[EV_DATE_TEXT];

	ev_date_format(day, text);
	ev_buf_reset(scratch);
	ev_key_part(scratch, "date", text, sizeof text);
	ev_key_make(scratch, key);
}

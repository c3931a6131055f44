#include "record/offsets.h"
#include "base/mem.h"
#include "record/position.h"
#include "scan/form.h"
#include "json/view.h"

#include <stdlib.h>

/* Where one stands, or is to stand. */
static size_t place_of(const struct ev_offsets *o, const char *topic, int32_t partition)
{
	size_t low = 0, high = o->n;

	while (low < high) {
		size_t i = low + (high - low) / 2;
		int order = strcmp(o->list[i].topic, topic);

		if (order < 0 || (order == 0 && o->list[i].partition < partition))
			low = i + 1;
		else
			high = i;
	}
	return low;
}

const struct ev_offset *ev_offsets_find(const struct ev_offsets *o, const char *topic,
					int32_t partition)
{
	size_t i = place_of(o, topic, partition);

	return i < o->n && o->list[i].partition == partition && strcmp(o->list[i].topic, topic) == 0
		       ? &o->list[i]
		       : NULL;
}

void ev_offsets_set(struct ev_offsets *o, const char *topic, int32_t partition, int64_t next)
{
	size_t i = place_of(o, topic, partition);

	if (ev_offsets_find(o, topic, partition) == NULL) {
		if (o->n == o->cap)
			ev_grow(&o->list, &o->cap, o->n + 1, sizeof *o->list);
		memmove(&o->list[i + 1], &o->list[i], (o->n - i) * sizeof *o->list);
		o->n++;
		o->list[i] = (struct ev_offset){ev_strdup(topic), partition, 0};
	}
	o->list[i].next = next;
}

void ev_offsets_add(struct ev_offsets *o, const struct ev_offsets *more)
{
	for (size_t i = 0; i < more->n; i++)
		ev_offsets_set(o, more->list[i].topic, more->list[i].partition, more->list[i].next);
}

bool ev_offsets_hold(const struct ev_offsets *o, const struct ev_offsets *some)
{
	for (size_t i = 0; i < some->n; i++) {
		const struct ev_offset *one = &some->list[i];
		const struct ev_offset *own = ev_offsets_find(o, one->topic, one->partition);

		if (own == NULL || own->next != one->next)
			return false;
	}
	return true;
}

void ev_offsets_free(struct ev_offsets *o)
{
	for (size_t i = 0; i < o->n; i++)
		free(o->list[i].topic);
	free(o->list);
	*o = (struct ev_offsets){0};
}

void ev_offsets_write(const struct ev_offsets *o, struct ev_buf *out)
{
	ev_buf_putc(out, '{');
	for (size_t i = 0; i < o->n; i++) {
		const struct ev_offset *one = &o->list[i];

		if (i == 0 || strcmp(one->topic, one[-1].topic) != 0) {
			ev_buf_puts(out, i > 0 ? "}," : "");
			ev_json_quote(one->topic, strlen(one->topic), out);
			ev_buf_puts(out, ":{");
		}
		ev_buf_printf(out, "%s\"%d\":%lld", out->p[out->len - 1] == '{' ? "" : ",",
			      one->partition, (long long)one->next);
	}
	ev_buf_puts(out, o->n > 0 ? "}}" : "}");
}

/* A partition's number, as a name without zeros in front. */
static bool read_partition(const struct ev_doc *d, uint32_t name, int32_t *partition)
{
	const char *p;
	size_t len;

	p = ev_raw(d, name, &len);
	*partition = 0;
	if (len < 3 || (len > 3 && p[1] == '0'))
		return false;
	for (size_t i = 1; i < len - 1; i++)
		if (p[i] < '0' || p[i] > '9' || __builtin_mul_overflow(*partition, 10, partition) ||
		    __builtin_add_overflow(*partition, p[i] - '0', partition))
			return false;
	return true;
}

static bool read_topic(const struct ev_doc *d, const char *topic, uint32_t object,
		       struct ev_offsets *o)
{
	int32_t partition;
	uint64_t next;

	if (ev_kind(d, object) != EV_OBJECT)
		return false;
	for (uint32_t i = ev_first(d, object); i < ev_end(d, object); i = ev_next(d, i + 1)) {
		if (!read_partition(d, i, &partition) || !ev_u64_of(d, i + 1, &next) ||
		    next > INT64_MAX)
			return false;
		ev_offsets_set(o, topic, partition, (int64_t)next);
	}
	return true;
}

bool ev_offsets_read(const struct ev_doc *d, uint32_t object, struct ev_offsets *o)
{
	if (ev_kind(d, object) != EV_OBJECT)
		return false;
	for (uint32_t i = ev_first(d, object); i < ev_end(d, object); i = ev_next(d, i + 1)) {
		char *topic = ev_text_of(d, i);
		bool good = topic != NULL && read_topic(d, topic, i + 1, o);

		free(topic);
		if (!good)
			return false;
	}
	return true;
}

bool ev_offsets_parse(const char *text, size_t len, struct ev_offsets *o)
{
	struct ev_scan *scan = ev_scan_new();
	struct ev_buf padded = {0};
	const struct ev_doc *d;
	struct ev_flaw flaw;
	bool good;

	ev_buf_put(&padded, text, len);
	memset(ev_buf_room(&padded, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	d = ev_scan(scan, padded.p, len, &flaw);
	good = d != NULL && d->duplicate == EV_NOWHERE && ev_offsets_read(d, 0, o);
	ev_buf_free(&padded);
	ev_scan_free(&scan);
	return good;
}

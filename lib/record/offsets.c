#include "record/offsets.h"
#include "base/mem.h"
#include "record/position.h"
#include "scan/form.h"
#include "json/view.h"

#include <stdlib.h>

enum { SEQUENCE_NUMBER = 129 }; /* digits, at most */

bool ev_is_sequence_number(const char *text, size_t len)
{
	if (len == 0 || len > SEQUENCE_NUMBER || (len > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

bool ev_is_shard_name(const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-_";

	return *text != '\0' && strspn(text, "0123456789-_") == 0 &&
	       text[strspn(text, plain)] == '\0';
}

/* Partitions stand before shards. */
static int compare(const struct ev_offset *a, const char *topic, const char *shard,
		   int32_t partition)
{
	int order = strcmp(a->topic, topic);

	if (order == 0)
		order = (a->shard != NULL) - (shard != NULL);
	if (order == 0 && shard != NULL)
		order = strcmp(a->shard, shard);
	if (order == 0)
		order = (a->partition > partition) - (a->partition < partition);
	return order;
}

/* Where one is there, or is to stand. */
static size_t place_of(const struct ev_offsets *o, const char *topic, const char *shard,
		       int32_t partition, bool *there)
{
	size_t low = 0, high = o->n;

	while (low < high) {
		size_t i = low + (high - low) / 2;

		if (compare(&o->list[i], topic, shard, partition) < 0)
			low = i + 1;
		else
			high = i;
	}
	*there = low < o->n && compare(&o->list[low], topic, shard, partition) == 0;
	return low;
}

const struct ev_offset *ev_offsets_find(const struct ev_offsets *o, const char *topic,
					int32_t partition)
{
	bool there;
	size_t i = place_of(o, topic, NULL, partition, &there);

	return there ? &o->list[i] : NULL;
}

/* The one that is there, or a new one. */
static struct ev_offset *entry(struct ev_offsets *o, const char *topic, const char *shard,
			       int32_t partition)
{
	bool there;
	size_t i = place_of(o, topic, shard, partition, &there);

	if (there)
		return &o->list[i];
	if (o->n == o->cap)
		ev_grow(&o->list, &o->cap, o->n + 1, sizeof *o->list);
	memmove(&o->list[i + 1], &o->list[i], (o->n - i) * sizeof *o->list);
	o->n++;
	o->list[i] = (struct ev_offset){.topic = ev_strdup(topic),
					.shard = shard != NULL ? ev_strdup(shard) : NULL,
					.partition = partition};
	return &o->list[i];
}

void ev_offsets_set(struct ev_offsets *o, const char *topic, int32_t partition, int64_t next)
{
	entry(o, topic, NULL, partition)->next = next;
}

void ev_offsets_set_shard(struct ev_offsets *o, const char *stream, const char *shard,
			  const char *last)
{
	struct ev_offset *one = entry(o, stream, shard, 0);

	free(one->last);
	one->last = ev_strdup(last);
}

/* Of sequence numbers, which have no zeros in front. */
static bool is_greater(const char *a, const char *b)
{
	const size_t len_a = strlen(a), len_b = strlen(b);

	return len_a != len_b ? len_a > len_b : strcmp(a, b) > 0;
}

void ev_offsets_pass_shard(struct ev_offsets *o, const char *stream, const char *shard,
			   const char *last)
{
	const struct ev_offset *one = entry(o, stream, shard, 0);

	if (one->last == NULL || is_greater(last, one->last))
		ev_offsets_set_shard(o, stream, shard, last);
}

void ev_offsets_add(struct ev_offsets *o, const struct ev_offsets *more)
{
	for (size_t i = 0; i < more->n; i++) {
		const struct ev_offset *one = &more->list[i];

		if (one->shard != NULL)
			ev_offsets_set_shard(o, one->topic, one->shard, one->last);
		else
			ev_offsets_set(o, one->topic, one->partition, one->next);
	}
}

bool ev_offsets_hold(const struct ev_offsets *o, const struct ev_offsets *some)
{
	for (size_t i = 0; i < some->n; i++) {
		const struct ev_offset *one = &some->list[i];
		bool there;
		size_t k = place_of(o, one->topic, one->shard, one->partition, &there);

		if (!there || o->list[k].next != one->next ||
		    (one->shard != NULL && strcmp(o->list[k].last, one->last) != 0))
			return false;
	}
	return true;
}

void ev_offsets_free(struct ev_offsets *o)
{
	for (size_t i = 0; i < o->n; i++) {
		free(o->list[i].topic);
		free(o->list[i].shard);
		free(o->list[i].last);
	}
	free(o->list);
	*o = (struct ev_offsets){0};
}

static void write_one(const struct ev_offset *one, struct ev_buf *out)
{
	if (one->shard == NULL) {
		ev_buf_printf(out, "\"%d\":%lld", one->partition, (long long)one->next);
		return;
	}
	ev_json_quote(one->shard, strlen(one->shard), out);
	ev_buf_printf(out, ":\"%s\"", one->last);
}

void ev_offsets_write(const struct ev_offsets *o, struct ev_buf *out)
{
	ev_buf_putc(out, '{');
	for (size_t i = 0; i < o->n; i++) {
		const struct ev_offset *one = &o->list[i];

		if (i > 0 && strcmp(one->topic, one[-1].topic) == 0) {
			ev_buf_putc(out, ',');
		} else {
			ev_buf_puts(out, i > 0 ? "}," : "");
			ev_json_quote(one->topic, strlen(one->topic), out);
			ev_buf_puts(out, ":{");
		}
		write_one(one, out);
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

/* A sequence number, whose name is a shard's. */
static bool read_shard(const struct ev_doc *d, const char *stream, uint32_t name,
		       struct ev_offsets *o)
{
	char *shard = ev_text_of(d, name), *last = ev_text_of(d, name + 1);
	bool good = shard != NULL && ev_is_shard_name(shard) && last != NULL &&
		    ev_is_sequence_number(last, strlen(last));

	if (good)
		ev_offsets_set_shard(o, stream, shard, last);
	free(shard);
	free(last);
	return good;
}

static bool read_topic(const struct ev_doc *d, const char *topic, uint32_t object,
		       struct ev_offsets *o)
{
	int32_t partition;
	uint64_t next;

	if (ev_kind(d, object) != EV_OBJECT)
		return false;
	for (uint32_t i = ev_first(d, object); i < ev_end(d, object); i = ev_next(d, i + 1)) {
		if (ev_kind(d, i + 1) == EV_STRING) {
			if (!read_shard(d, topic, i, o))
				return false;
			continue;
		}
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

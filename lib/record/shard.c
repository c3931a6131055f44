#include "record/shard.h"
#include "base/hash.h"

static bool read_number(const char **p, uint32_t *n)
{
	const char *from = *p;

	for (*n = 0; **p >= '0' && **p <= '9' && *n <= EV_MOST_SHARDS; ++*p)
		*n = *n * 10 + (uint32_t)(**p - '0');
	return *p > from && (*from != '0' || *p == from + 1);
}

bool ev_shard_read(const char *text, struct ev_shard *shard)
{
	const char *p = text;

	return read_number(&p, &shard->k) && *p++ == '/' && read_number(&p, &shard->n) &&
	       *p == '\0' && shard->k < shard->n && shard->n <= EV_MOST_SHARDS;
}

uint32_t ev_shard_of(const char *id, size_t len, uint32_t n)
{
	return (uint32_t)(ev_hash64(id, len, 0) % n);
}

uint32_t ev_shard_of_key(const char *key, uint32_t n)
{
	uint32_t number = 0;

	for (int i = 0; i < 8; i++)
		number = number << 4 | (uint32_t)ev_hex_digit(key[i]);
	return number % n;
}

enum ev_status ev_shard_check(const struct ev_shard *shard, const struct ev_record *rec,
			      const struct ev_event *event, struct ev_error *err)
{
	uint32_t k;

	if (shard->n == 0 || (k = ev_shard_of(event->id, event->id_len, shard->n)) == shard->k)
		return EV_OK;
	return ev_fail(err,
		       "%s:%llu: the event %.*s is of shard %u/%u, and EVKIT_SHARD is %u/%u: cut "
		       "events as evlake cuts its buckets, or unset EVKIT_SHARD",
		       rec->source, (unsigned long long)rec->line, (int)event->id_len, event->id, k,
		       shard->n, shard->k, shard->n);
}

/* Reading topics, and committing how far they were loaded: what kafka.h says. */
#include "kafka/internal.h"

#ifdef EV_RDKAFKA

#include "base/mem.h"
#include "io/in.h"

#include <stdlib.h>

enum {
	BATCH = 1000,
	WAIT_MS = 20, /* for a message, where none is there: ages are looked at so often */
	COMMIT_MS = 100,
};

/* A partition: the offsets of the same index say how far it is read. */
struct partition {
	char *source;
	int64_t low, end; /* as they were when it was opened */
	bool over;	  /* with until_end: it has been read up to there */
};

struct ev_kafka {
	struct ev_kafka_client client;
	const struct ev_kafka_options *options;
	struct ev_offsets *read;
	struct partition *partitions;
	rd_kafka_queue_t *queue;
	rd_kafka_message_t *batch[BATCH];
	size_t at, n; /* in the batch */
	bool dry;     /* nothing was there */
	size_t left;  /* partitions that are not over */
	uint64_t given;
	double began;

	const rd_kafka_topic_t *last_topic; /* of the last message: where its partition stands */
	int32_t last_partition;
	size_t last;
	struct ev_buf text;
};

/* Opening */

static enum ev_status find_topic(struct ev_kafka *k, const char *name, struct ev_error *err)
{
	struct ev_kafka_client *c = &k->client;
	const struct rd_kafka_metadata *metadata;
	rd_kafka_topic_t *topic = rd_kafka_topic_new(c->rk, name, NULL);
	enum ev_status st = EV_OK;
	rd_kafka_resp_err_t code;

	if (topic == NULL)
		return ev_fail(err, "%s: no topic can have the name '%s'", c->name, name);
	ev_kafka_ask(c);
	do {
		code = rd_kafka_metadata(c->rk, 0, topic, &metadata, EV_KAFKA_TRY_MS);
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
			code = metadata->topics[0].err;
			for (int i = 0; code == RD_KAFKA_RESP_ERR_NO_ERROR &&
					i < metadata->topics[0].partition_cnt;
			     i++)
				ev_offsets_set(k->read, name, metadata->topics[0].partitions[i].id,
					       0);
			rd_kafka_metadata_destroy(metadata);
		}
		if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
		    code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
			st = ev_fail(err, "%s: there is no topic '%s': see its name, or create it",
				     c->name, name);
		else if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
			st = ev_kafka_again(c, code, name, err);
	} while (st == EV_OK && code != RD_KAFKA_RESP_ERR_NO_ERROR);
	rd_kafka_topic_destroy(topic);
	return st;
}

static enum ev_status find_ends(struct ev_kafka *k, size_t i, int64_t *low, int64_t *high,
				struct ev_error *err)
{
	const struct ev_offset *o = &k->read->list[i];
	rd_kafka_resp_err_t code;

	ev_kafka_ask(&k->client);
	while ((code = rd_kafka_query_watermark_offsets(k->client.rk, o->topic, o->partition, low,
							high, EV_KAFKA_TRY_MS)) !=
	       RD_KAFKA_RESP_ERR_NO_ERROR)
		if (ev_kafka_again(&k->client, code, k->partitions[i].source, err) != EV_OK)
			return EV_FATAL;
	return EV_OK;
}

/* All but shards, which are of Kinesis. */
static rd_kafka_topic_partition_list_t *list_of(const struct ev_offsets *offsets)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)offsets->n);

	for (size_t i = 0; i < offsets->n; i++)
		if (offsets->list[i].shard == NULL)
			rd_kafka_topic_partition_list_add(list, offsets->list[i].topic,
							  offsets->list[i].partition)
				->offset = offsets->list[i].next;
	return list;
}

/* What the group has committed; a negative offset where that is nothing. */
static enum ev_status find_committed(struct ev_kafka *k, struct ev_error *err)
{
	rd_kafka_topic_partition_list_t *list = list_of(k->read);
	enum ev_status st = EV_OK;
	rd_kafka_resp_err_t code;

	ev_kafka_ask(&k->client);
	do {
		code = rd_kafka_committed(k->client.rk, list, EV_KAFKA_TRY_MS);
		for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
			code = list->elems[i].err;
		if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
			st = ev_kafka_again(&k->client, code, k->options->group, err);
	} while (st == EV_OK && code != RD_KAFKA_RESP_ERR_NO_ERROR);
	for (int i = 0; i < list->cnt; i++)
		k->read->list[i].next = list->elems[i].offset;
	rd_kafka_topic_partition_list_destroy(list);
	return st;
}

/* Messages that were never read and are gone are a loss that somebody must know of. */
static enum ev_status lost(const struct ev_kafka *k, size_t i, int64_t low, struct ev_error *err)
{
	const long long next = k->read->list[i].next;

	return ev_fail(
		err,
		"%s: data is lost: messages %lld to %lld were not read, and the brokers keep "
		"none before %lld: see the topic's retention; --from earliest goes on with "
		"what is left, and loads nothing twice",
		k->partitions[i].source, next, (long long)low - 1, (long long)low);
}

static enum ev_status check_start(const struct ev_kafka *k, size_t i, struct ev_error *err)
{
	const struct partition *p = &k->partitions[i];
	const long long next = k->read->list[i].next;

	if (next < p->low)
		return lost(k, i, p->low, err);
	if (next > p->end)
		return ev_fail(err,
			       "%s: reading is to go on at message %lld, and the partition ends "
			       "before %lld: the topic was made anew or put back from a copy; "
			       "--from earliest begins it again",
			       p->source, next, (long long)p->end);
	return EV_OK;
}

static enum ev_status begin_partition(struct ev_kafka *k, size_t i, struct ev_error *err)
{
	const struct ev_kafka_options *o = k->options;
	struct ev_offset *at = &k->read->list[i];
	struct partition *p = &k->partitions[i];
	const struct ev_offset *given = NULL;

	if (find_ends(k, i, &p->low, &p->end, err) != EV_OK)
		return EV_FATAL;
	if (o->from == EV_KAFKA_OFFSETS)
		given = ev_offsets_find(o->offsets, at->topic, at->partition);
	else if (o->from == EV_KAFKA_COMMITTED && o->group != NULL && at->next >= 0)
		given = at;
	at->next = given != NULL ? given->next : o->from == EV_KAFKA_LATEST ? p->end : p->low;
	p->over = at->next >= p->end;
	k->left += !p->over;
	return check_start(k, i, err);
}

static enum ev_status begin(struct ev_kafka *k, struct ev_error *err)
{
	rd_kafka_topic_partition_list_t *list;
	rd_kafka_resp_err_t code;
	struct ev_buf name = {0};

	k->partitions = ev_calloc(k->read->n, sizeof *k->partitions);
	for (size_t i = 0; i < k->read->n; i++) {
		ev_buf_reset(&name);
		ev_buf_printf(&name, "%s/%d", k->read->list[i].topic, k->read->list[i].partition);
		k->partitions[i].source = ev_strdup(ev_buf_str(&name));
	}
	ev_buf_free(&name);
	if (k->options->from == EV_KAFKA_COMMITTED && k->options->group != NULL &&
	    find_committed(k, err) != EV_OK)
		return EV_FATAL;
	for (size_t i = 0; i < k->read->n; i++)
		if (begin_partition(k, i, err) != EV_OK)
			return EV_FATAL;
	list = list_of(k->read);
	code = rd_kafka_assign(k->client.rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return ev_fail(err, "%s: the partitions: %s", k->client.name,
			       rd_kafka_err2str(code));
	k->queue = rd_kafka_queue_get_consumer(k->client.rk);
	k->began = ev_kafka_clock();
	return EV_OK;
}

struct ev_kafka *ev_kafka_open(const struct ev_kafka_options *options, char *const *topics,
			       size_t n, struct ev_offsets *read, struct ev_error *err)
{
	struct ev_kafka *k = ev_calloc(1, sizeof *k);
	enum ev_status st;

	k->options = options;
	k->read = read;
	st = ev_kafka_connect(&k->client, options, err);
	for (size_t i = 0; i < n && st == EV_OK; i++)
		st = find_topic(k, topics[i], err);
	if (st == EV_OK)
		st = begin(k, err);
	if (st != EV_OK)
		ev_kafka_free(&k);
	return k;
}

static void free_batch(struct ev_kafka *k)
{
	for (size_t i = 0; i < k->n; i++)
		rd_kafka_message_destroy(k->batch[i]);
	k->at = k->n = 0;
}

void ev_kafka_free(struct ev_kafka **k)
{
	if (*k == NULL)
		return;
	free_batch(*k);
	if ((*k)->queue != NULL)
		rd_kafka_queue_destroy((*k)->queue);
	for (size_t i = 0; (*k)->partitions != NULL && i < (*k)->read->n; i++)
		free((*k)->partitions[i].source);
	free((*k)->partitions);
	ev_kafka_close(&(*k)->client);
	ev_buf_free(&(*k)->text);
	free(*k);
	*k = NULL;
}

/* Reading */

/* The index of a message's partition. */
static size_t partition_of(struct ev_kafka *k, const rd_kafka_message_t *m)
{
	const struct ev_offset *at;

	if (m->rkt == k->last_topic && m->partition == k->last_partition)
		return k->last;
	at = ev_offsets_find(k->read, rd_kafka_topic_name(m->rkt), m->partition);
	k->last_topic = m->rkt;
	k->last_partition = m->partition;
	k->last = (size_t)(at - k->read->list);
	return k->last;
}

/* next: the offset up to which the partition is read now. */
static void pass(struct ev_kafka *k, size_t i, int64_t next, bool ends)
{
	struct partition *p = &k->partitions[i];

	k->read->list[i].next = next;
	if (!p->over && (ends || next >= p->end)) {
		p->over = true;
		k->left--;
	}
}

/* The offset that was to be read next is there no more. */
static enum ev_status out_of_range(struct ev_kafka *k, size_t i, struct ev_error *err)
{
	int64_t low, high;

	if (find_ends(k, i, &low, &high, err) != EV_OK)
		return EV_FATAL;
	k->partitions[i].low = low;
	k->partitions[i].end = high;
	if (check_start(k, i, err) != EV_OK)
		return EV_FATAL;
	return ev_fail(err, "%s: message %lld cannot be read: read again", k->partitions[i].source,
		       (long long)k->read->list[i].next);
}

/* What stands in a message's place: an end, or an error. */
static enum ev_status take_event(struct ev_kafka *k, const rd_kafka_message_t *m,
				 struct ev_error *err)
{
	bool placed = m->rkt != NULL &&
		      ev_offsets_find(k->read, rd_kafka_topic_name(m->rkt), m->partition) != NULL;

	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		pass(k, partition_of(k, m), m->offset, true);
		return EV_OK;
	}
	if (m->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET && placed)
		return out_of_range(k, partition_of(k, m), err);
	if (ev_kafka_passes(m->err))
		return EV_OK;
	return ev_fail(err, "%s: %s: %s",
		       placed ? k->partitions[partition_of(k, m)].source : k->client.name,
		       rd_kafka_err2str(m->err), rd_kafka_message_errstr(m));
}

/* The value, with room behind it that can be read. */
static void take_value(struct ev_kafka *k, const rd_kafka_message_t *from,
		       struct ev_kafka_message *m)
{
	ev_buf_reset(&k->text);
	ev_buf_put(&k->text, from->payload, from->len);
	memset(ev_buf_room(&k->text, EV_IN_SLACK), 0, EV_IN_SLACK);
	m->p = k->text.p;
	m->len = from->len;
	m->null = from->payload == NULL;
	m->offset = (uint64_t)from->offset;
}

static bool is_over(const struct ev_kafka *k)
{
	const struct ev_kafka_options *o = k->options;

	return (o->until_end && k->left == 0) || (o->max > 0 && k->given >= o->max);
}

/* From those that were fetched. What came behind the end of its partition stays there. */
static enum ev_status take_next(struct ev_kafka *k, struct ev_kafka_message *m, bool *got,
				struct ev_error *err)
{
	while (k->at < k->n && !is_over(k)) {
		const rd_kafka_message_t *one = k->batch[k->at++];
		size_t i;

		if (one->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
			if (take_event(k, one, err) != EV_OK)
				return EV_FATAL;
			continue;
		}
		i = partition_of(k, one);
		if (k->options->until_end && k->partitions[i].over)
			continue;
		take_value(k, one, m);
		m->source = k->partitions[i].source;
		pass(k, i, one->offset + 1, false);
		k->given++;
		*got = true;
		return EV_OK;
	}
	return EV_OK;
}

/* Waits only where nothing was there the last time, and then for one message. */
static void fetch(struct ev_kafka *k)
{
	ssize_t n;

	free_batch(k);
	if (k->dry) {
		k->batch[0] = rd_kafka_consume_queue(k->queue, WAIT_MS);
		k->n = k->batch[0] != NULL;
	} else {
		n = rd_kafka_consume_batch_queue(k->queue, 0, k->batch, BATCH);
		k->n = n > 0 ? (size_t)n : 0;
	}
	k->dry = k->n == 0;
	rd_kafka_poll(k->client.rk, 0);
}

/* Nothing comes: because there is nothing, or because nobody is there? */
static enum ev_status check_brokers(struct ev_kafka *k, struct ev_error *err)
{
	struct ev_kafka_client *c = &k->client;

	if (c->refused)
		return ev_kafka_again(c, RD_KAFKA_RESP_ERR__AUTHENTICATION, "the brokers", err);
	if (c->down && ev_kafka_clock() - c->asked >= c->timeout)
		return ev_kafka_probe(c, err);
	return EV_OK;
}

enum ev_status ev_kafka_next(struct ev_kafka *k, struct ev_kafka_message *m, bool *got,
			     struct ev_error *err)
{
	*got = false;
	if (k->at == k->n && !is_over(k)) {
		if (k->options->seconds > 0 && ev_kafka_clock() - k->began >= k->options->seconds)
			return EV_EOF;
		fetch(k);
		if (k->dry)
			return check_brokers(k, err);
		k->client.down = false;
	}
	if (take_next(k, m, got, err) != EV_OK)
		return EV_FATAL;
	return !*got && is_over(k) ? EV_EOF : EV_OK;
}

/* Committing */

struct outcome {
	rd_kafka_resp_err_t code;
	bool known;
};

static void on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t code,
		      rd_kafka_topic_partition_list_t *list, void *ctx)
{
	struct outcome *outcome = ctx;

	(void)rk;
	for (int i = 0; list != NULL && i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
		code = list->elems[i].err;
	*outcome = (struct outcome){code, true};
}

static enum ev_status commit(struct ev_kafka_client *c, const struct ev_kafka_options *o,
			     const rd_kafka_topic_partition_list_t *list, struct ev_error *err)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_new(c->rk);
	struct outcome outcome = {RD_KAFKA_RESP_ERR_NO_ERROR, false};
	enum ev_status st = EV_OK;

	ev_kafka_ask(c);
	do {
		outcome = (struct outcome){RD_KAFKA_RESP_ERR__TIMED_OUT, false};
		rd_kafka_commit_queue(c->rk, list, queue, on_commit, &outcome);
		while (st == EV_OK && !outcome.known) {
			rd_kafka_queue_poll_callback(queue, COMMIT_MS);
			st = ev_kafka_again(c, RD_KAFKA_RESP_ERR__TIMED_OUT, o->group, err);
		}
		if (st != EV_OK || outcome.code == RD_KAFKA_RESP_ERR_NO_ERROR)
			break;
		if (outcome.code == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
		    outcome.code == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
		    outcome.code == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS)
			st = ev_fail(err,
				     "%s: other consumers are members of the group '%s': give "
				     "evkafka a group of its own",
				     c->name, o->group);
		else
			st = ev_kafka_again(c, outcome.code, o->group, err);
	} while (st == EV_OK);
	rd_kafka_queue_destroy(queue);
	return st;
}

enum ev_status ev_kafka_commit(const struct ev_kafka_options *options,
			       const struct ev_offsets *offsets, struct ev_error *err)
{
	rd_kafka_topic_partition_list_t *list = list_of(offsets);
	struct ev_kafka_client client = {0};
	enum ev_status st = ev_kafka_connect(&client, options, err);

	if (st == EV_OK) {
		ev_kafka_ask(&client);
		st = ev_kafka_probe(&client, err);
	}
	if (st == EV_OK && list->cnt > 0)
		st = commit(&client, options, list, err);
	rd_kafka_topic_partition_list_destroy(list);
	ev_kafka_close(&client);
	return st;
}

#else

static enum ev_status absent(struct ev_error *err)
{
	return ev_fail(err, "this evkafka was built without librdkafka: build evkit where "
			    "librdkafka-dev is installed");
}

struct ev_kafka *ev_kafka_open(const struct ev_kafka_options *options, char *const *topics,
			       size_t n, struct ev_offsets *read, struct ev_error *err)
{
	(void)options;
	(void)topics;
	(void)n;
	(void)read;
	absent(err);
	return NULL;
}

enum ev_status ev_kafka_next(struct ev_kafka *k, struct ev_kafka_message *m, bool *got,
			     struct ev_error *err)
{
	(void)k;
	(void)m;
	*got = false;
	return absent(err);
}

void ev_kafka_free(struct ev_kafka **k)
{
	*k = NULL;
}

enum ev_status ev_kafka_commit(const struct ev_kafka_options *options,
			       const struct ev_offsets *offsets, struct ev_error *err)
{
	(void)options;
	(void)offsets;
	return absent(err);
}

#endif

/* Reading topics: what kafka.h says. */
#include "kafka/internal.h"

#ifdef EV_RDKAFKA

#include "base/mem.h"
#include "io/in.h"

#include <stdlib.h>

enum {
	BATCH = 1000,
	WAIT_MS = 20,	  /* for a message, where none is there: ages are looked at so often */
	LOOK_SECONDS = 5, /* between two looks at the brokers */
};

/* A partition: the offsets of the same index say how far it is read. */
struct partition {
	char *source;
	int64_t low, end; /* as they were when reading began */
	bool begun;
	bool over; /* with until_end: it has been read up to there */
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
	double began;  /* 0: not yet */
	double looked; /* at the brokers */
	bool unanswered;

	const rd_kafka_topic_t *last_topic; /* of the last message: where its partition stands */
	int32_t last_partition;
	size_t last;
	struct ev_buf text;
};

/* Opening */

/* Where the offsets have it. It has not begun. */
static void add_partition(struct ev_kafka *k, const char *topic, int32_t partition)
{
	struct ev_buf source = {0};
	size_t i, n = k->read->n;

	if (ev_offsets_find(k->read, topic, partition) != NULL)
		return;
	ev_offsets_set(k->read, topic, partition, RD_KAFKA_OFFSET_INVALID);
	i = (size_t)(ev_offsets_find(k->read, topic, partition) - k->read->list);
	k->partitions = ev_realloc_one(k->partitions, n, sizeof *k->partitions);
	memmove(&k->partitions[i + 1], &k->partitions[i], (n - i) * sizeof *k->partitions);
	ev_buf_printf(&source, "%s/%d", topic, partition);
	k->partitions[i] = (struct partition){.source = ev_strdup(ev_buf_str(&source))};
	ev_buf_free(&source);
	k->last_topic = NULL;
}

static void add_partitions(struct ev_kafka *k, const struct rd_kafka_metadata *metadata)
{
	for (int i = 0; i < metadata->topic_cnt; i++) {
		const struct rd_kafka_metadata_topic *t = &metadata->topics[i];

		for (int j = 0; j < t->partition_cnt; j++)
			add_partition(k, t->topic, t->partitions[j].id);
	}
}

static rd_kafka_resp_err_t ask_topic(struct ev_kafka *k, rd_kafka_topic_t *topic)
{
	const struct rd_kafka_metadata *metadata;
	rd_kafka_resp_err_t code;

	code = rd_kafka_metadata(k->client.rk, 0, topic, &metadata, EV_KAFKA_TRY_MS);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return code;
	code = metadata->topics[0].err;
	add_partitions(k, metadata);
	rd_kafka_metadata_destroy(metadata);
	return code;
}

static enum ev_status find_topic(struct ev_kafka *k, const char *name, struct ev_error *err)
{
	struct ev_kafka_client *c = &k->client;
	rd_kafka_topic_t *topic = rd_kafka_topic_new(c->rk, name, NULL);
	enum ev_status st = EV_OK;
	rd_kafka_resp_err_t code;

	if (topic == NULL)
		return ev_fail(err, "%s: no topic can have the name '%s'", c->name, name);
	ev_kafka_ask(c);
	while (st == EV_OK && (code = ask_topic(k, topic)) != RD_KAFKA_RESP_ERR_NO_ERROR)
		if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
		    code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
			st = ev_fail(err, "%s: there is no topic '%s': see its name, or create it",
				     c->name, name);
		else
			st = ev_kafka_again(c, code, name, err);
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

/* What the group has committed; RD_KAFKA_OFFSET_INVALID where that is nothing. */
static enum ev_status find_committed(struct ev_kafka *k, struct ev_error *err)
{
	rd_kafka_topic_partition_list_t *list = ev_kafka_list(k->read);
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
	bool latest = o->from == EV_KAFKA_LATEST && k->began == 0;

	if (find_ends(k, i, &p->low, &p->end, err) != EV_OK)
		return EV_FATAL;
	if (o->from == EV_KAFKA_OFFSETS)
		given = ev_offsets_find(o->offsets, at->topic, at->partition);
	else if (o->from == EV_KAFKA_COMMITTED && at->next >= 0)
		given = at;
	at->next = given != NULL ? given->next : latest ? p->end : p->low;
	p->begun = true;
	p->over = o->until_end && at->next >= p->end;
	k->left += !p->over;
	return check_start(k, i, err);
}

/* Partitions that have not begun: at the start all. */
static enum ev_status begin(struct ev_kafka *k, struct ev_error *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(0);
	enum ev_status st = EV_OK;
	rd_kafka_error_t *error;

	for (size_t i = 0; i < k->read->n && st == EV_OK; i++) {
		const struct ev_offset *at = &k->read->list[i];

		if (k->partitions[i].begun)
			continue;
		st = begin_partition(k, i, err);
		rd_kafka_topic_partition_list_add(list, at->topic, at->partition)->offset =
			at->next;
	}
	if (st == EV_OK && (error = rd_kafka_incremental_assign(k->client.rk, list)) != NULL) {
		st = ev_fail(err, "%s: the partitions: %s", k->client.name,
			     rd_kafka_error_string(error));
		rd_kafka_error_destroy(error);
	}
	rd_kafka_topic_partition_list_destroy(list);
	return st;
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
	if (st == EV_OK && options->from == EV_KAFKA_COMMITTED && options->group != NULL)
		st = find_committed(k, err);
	if (st == EV_OK)
		st = begin(k, err);
	if (st != EV_OK) {
		ev_kafka_free(&k);
		return NULL;
	}
	k->client.answered = true;
	k->queue = rd_kafka_queue_get_consumer(k->client.rk);
	k->began = k->looked = ev_kafka_clock();
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

/*
 * The partition is read up to an offset, and ends there or at its end. What comes behind its end is
 * for the next run.
 */
static void pass(struct ev_kafka *k, size_t i, int64_t next, bool ends)
{
	struct partition *p = &k->partitions[i];

	if (p->over)
		return;
	if (k->options->until_end && next >= p->end) {
		next = p->end;
		ends = true;
	}
	k->read->list[i].next = next;
	p->over = k->options->until_end && ends;
	k->left -= p->over;
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

/* From those that were fetched. */
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
		if (k->options->until_end && one->offset >= k->partitions[i].end) {
			pass(k, i, one->offset, true);
			continue;
		}
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

/*
 * Every few seconds, and then until there is an answer: whether a broker is there, which librdkafka
 * does not tell reliably; and which partitions were added.
 */
static enum ev_status look(struct ev_kafka *k, struct ev_error *err)
{
	struct ev_kafka_client *c = &k->client;
	const struct rd_kafka_metadata *metadata;
	rd_kafka_resp_err_t code;
	size_t n = k->read->n;

	if (!k->unanswered) {
		if (ev_kafka_clock() - k->looked < LOOK_SECONDS)
			return EV_OK;
		ev_kafka_ask(c);
	}
	code = rd_kafka_metadata(c->rk, 0, NULL, &metadata, EV_KAFKA_TRY_MS);
	k->looked = ev_kafka_clock();
	k->unanswered = code != RD_KAFKA_RESP_ERR_NO_ERROR;
	if (k->unanswered)
		return ev_kafka_again(c, code, "the brokers", err);
	if (!k->options->until_end)
		add_partitions(k, metadata);
	rd_kafka_metadata_destroy(metadata);
	return k->read->n > n ? begin(k, err) : EV_OK;
}

enum ev_status ev_kafka_next(struct ev_kafka *k, struct ev_kafka_message *m, bool *got,
			     struct ev_error *err)
{
	*got = false;
	if (k->at == k->n && !is_over(k)) {
		if (k->options->seconds > 0 && ev_kafka_clock() - k->began >= k->options->seconds)
			return EV_EOF;
		if (look(k, err) != EV_OK)
			return EV_FATAL;
		fetch(k);
		if (k->dry)
			return EV_OK;
		k->unanswered = false;
	}
	if (take_next(k, m, got, err) != EV_OK)
		return EV_FATAL;
	return !*got && is_over(k) ? EV_EOF : EV_OK;
}

#else

struct ev_kafka *ev_kafka_open(const struct ev_kafka_options *options, char *const *topics,
			       size_t n, struct ev_offsets *read, struct ev_error *err)
{
	(void)options;
	(void)topics;
	(void)n;
	(void)read;
	ev_kafka_absent(err);
	return NULL;
}

enum ev_status ev_kafka_next(struct ev_kafka *k, struct ev_kafka_message *m, bool *got,
			     struct ev_error *err)
{
	(void)k;
	(void)m;
	*got = false;
	return ev_kafka_absent(err);
}

void ev_kafka_free(struct ev_kafka **k)
{
	*k = NULL;
}

#endif

/* Committing how far topics were loaded: what kafka.h says. */
#include "kafka/internal.h"

#ifdef EV_RDKAFKA

enum { WAIT_MS = 100 }; /* for an answer, before trouble is looked at */

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

/* Asks once. *code: what it came to. */
static enum ev_status try(struct ev_kafka_client *c, const char *group,
			  const rd_kafka_topic_partition_list_t *list, rd_kafka_resp_err_t *code,
			  struct ev_error *err)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_new(c->rk);
	struct outcome outcome = {RD_KAFKA_RESP_ERR__TIMED_OUT, false};
	enum ev_status st = EV_OK;

	rd_kafka_commit_queue(c->rk, list, queue, on_commit, &outcome);
	while (st == EV_OK && !outcome.known) {
		rd_kafka_queue_poll_callback(queue, WAIT_MS);
		st = ev_kafka_again(c, RD_KAFKA_RESP_ERR__TIMED_OUT, group, err);
	}
	rd_kafka_queue_destroy(queue);
	*code = outcome.code;
	return st;
}

static bool has_members(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
	       code == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
	       code == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
}

static enum ev_status commit(struct ev_kafka_client *c, const char *group,
			     const rd_kafka_topic_partition_list_t *list, struct ev_error *err)
{
	rd_kafka_resp_err_t code;
	enum ev_status st;

	ev_kafka_ask(c);
	while ((st = try(c, group, list, &code, err)) == EV_OK &&
	       code != RD_KAFKA_RESP_ERR_NO_ERROR)
		if (has_members(code))
			return ev_fail(err,
				       "%s: other consumers are members of the group '%s': give "
				       "evkafka a group of its own",
				       c->name, group);
		else if (ev_kafka_again(c, code, group, err) != EV_OK)
			return EV_FATAL;
	return st;
}

/* Whether a broker answers: with nothing to commit the user and the password are looked at, too. */
static enum ev_status probe(struct ev_kafka_client *c, struct ev_error *err)
{
	const struct rd_kafka_metadata *metadata;
	rd_kafka_resp_err_t code;

	ev_kafka_ask(c);
	while ((code = rd_kafka_metadata(c->rk, 0, NULL, &metadata, EV_KAFKA_TRY_MS)) !=
	       RD_KAFKA_RESP_ERR_NO_ERROR)
		if (ev_kafka_again(c, code, "the brokers", err) != EV_OK)
			return EV_FATAL;
	rd_kafka_metadata_destroy(metadata);
	return EV_OK;
}

enum ev_status ev_kafka_commit(const struct ev_kafka_options *options,
			       const struct ev_offsets *offsets, struct ev_error *err)
{
	rd_kafka_topic_partition_list_t *list = ev_kafka_list(offsets);
	struct ev_kafka_client client = {0};
	enum ev_status st = ev_kafka_connect(&client, options, err);

	if (st == EV_OK)
		st = probe(&client, err);
	if (st == EV_OK && list->cnt > 0)
		st = commit(&client, options->group, list, err);
	rd_kafka_topic_partition_list_destroy(list);
	ev_kafka_close(&client);
	return st;
}

#else

enum ev_status ev_kafka_commit(const struct ev_kafka_options *options,
			       const struct ev_offsets *offsets, struct ev_error *err)
{
	(void)options;
	(void)offsets;
	return ev_kafka_absent(err);
}

#endif

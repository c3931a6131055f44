/*
 * kafka: what the tests of evkafka need of brokers, by librdkafka.
 *
 *	kafka brokers
 *		Brokers within this process (librdkafka's mock cluster). Prints their address, and then
 *		"ok" behind each line of standard input, at whose end it ends:
 *			topic NAME PARTITIONS
 *			put NAME PARTITION VALUE	\n in the value is a LF
 *			null NAME PARTITION		a message without a value
 *			fail API CODE N			the next N requests of that API come to CODE
 *			refuse NAME CODE		requests for the topic come to CODE; 0: no more
 *			down, up			the first broker
 *	kafka topic ADDRESS NAME PARTITIONS [PROPERTY=VALUE]...
 *		Makes a topic at real brokers.
 *	kafka partitions ADDRESS NAME N
 *		Makes N of them, some of which are there.
 *	kafka put ADDRESS NAME [keys | commit | abort | leave]
 *		A message of each line of standard input, over all partitions in turn. keys: the line is
 *		KEY=VALUE, or KEY for a message without a value. The others make a transaction of them
 *		all, and what is done at its end.
 *
 * Without librdkafka it ends with status 77.
 */
#ifndef EV_RDKAFKA

int main(void)
{
	return 77;
}

#else

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 60000 };

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "kafka: %s: %s\n", what, why);
	exit(2);
}

static void must(const char *what, rd_kafka_resp_err_t code)
{
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		die(what, rd_kafka_err2str(code));
}

static void must_not(const char *what, rd_kafka_error_t *error)
{
	if (error != NULL)
		die(what, rd_kafka_error_string(error));
}

static rd_kafka_t *producer(const char *brokers, const char *name, const char *value)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[512];
	rd_kafka_t *rk;

	rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why, sizeof why);
	rd_kafka_conf_set(conf, "log_level", "2", why, sizeof why);
	rd_kafka_conf_set(conf, "linger.ms", "1", why, sizeof why);
	rd_kafka_conf_set(conf, "queue.buffering.max.messages", "1000000", why, sizeof why);
	if (name != NULL)
		rd_kafka_conf_set(conf, name, value, why, sizeof why);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
	if (rk == NULL)
		die("producer", why);
	return rk;
}

/* key: or NULL. */
static void put(rd_kafka_t *rk, const char *topic, int32_t partition, const char *key, void *value,
		size_t len)
{
	size_t key_len = key != NULL ? strlen(key) : 0;
	rd_kafka_resp_err_t code;

	while ((code = rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic),
					 RD_KAFKA_V_PARTITION(partition),
					 RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
					 RD_KAFKA_V_VALUE(value, len), RD_KAFKA_V_KEY(key, key_len),
					 RD_KAFKA_V_END)) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
		rd_kafka_poll(rk, 10);
	must("put", code);
	rd_kafka_poll(rk, 0);
}

/* Brokers within this process */

/* \n to a LF, in place; the length. */
static size_t unescape(char *s)
{
	char *to = s;

	for (const char *p = s; *p != '\0'; p++)
		if (p[0] == '\\' && p[1] == 'n') {
			*to++ = '\n';
			p++;
		} else {
			*to++ = *p;
		}
	return (size_t)(to - s);
}

static void command(rd_kafka_mock_cluster_t *cluster, rd_kafka_t *rk, char *line)
{
	char topic[64];
	int n, behind, api, code;

	if (sscanf(line, "topic %63s %d", topic, &n) == 2) {
		must("topic", rd_kafka_mock_topic_create(cluster, topic, n, 1));
	} else if (sscanf(line, "put %63s %d %n", topic, &n, &behind) == 2) {
		put(rk, topic, n, NULL, line + behind, unescape(line + behind));
		must("put", rd_kafka_flush(rk, PATIENCE_MS));
	} else if (sscanf(line, "null %63s %d", topic, &n) == 2) {
		put(rk, topic, n, NULL, NULL, 0);
		must("null", rd_kafka_flush(rk, PATIENCE_MS));
	} else if (sscanf(line, "fail %d %d %d", &api, &code, &n) == 3) {
		while (n-- > 0)
			rd_kafka_mock_push_request_errors(cluster, (int16_t)api, 1, code);
	} else if (sscanf(line, "refuse %63s %d", topic, &code) == 2) {
		rd_kafka_mock_topic_set_error(cluster, topic, code);
	} else if (strcmp(line, "down") == 0) {
		must(line, rd_kafka_mock_broker_set_down(cluster, 1));
	} else if (strcmp(line, "up") == 0) {
		must(line, rd_kafka_mock_broker_set_up(cluster, 1));
	} else {
		die("no such command", line);
	}
	printf("ok\n");
	fflush(stdout);
}

static int brokers(void)
{
	rd_kafka_t *handle = producer("none", NULL, NULL), *rk;
	rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(handle, 1);
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	if (cluster == NULL)
		die("brokers", "cannot be made");
	rk = producer(rd_kafka_mock_cluster_bootstraps(cluster), NULL, NULL);
	printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
	fflush(stdout);
	while ((len = getline(&line, &cap, stdin)) > 0) {
		line[strcspn(line, "\n")] = '\0';
		command(cluster, rk, line);
	}
	free(line);
	rd_kafka_destroy(rk);
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(handle);
	return 0;
}

/* Real brokers */

static int topic(char **argv, int argc)
{
	rd_kafka_t *rk = producer(argv[0], NULL, NULL);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	char why[512], *value;
	rd_kafka_NewTopic_t *t = rd_kafka_NewTopic_new(argv[1], atoi(argv[2]), 1, why, sizeof why);
	const rd_kafka_topic_result_t **results;
	rd_kafka_event_t *event;
	size_t n;

	if (t == NULL)
		die(argv[1], why);
	for (int i = 3; i < argc; i++) {
		if ((value = strchr(argv[i], '=')) == NULL)
			die(argv[i], "is no property");
		*value++ = '\0';
		must(argv[i], rd_kafka_NewTopic_set_config(t, argv[i], value));
	}
	rd_kafka_CreateTopics(rk, &t, 1, NULL, queue);
	event = rd_kafka_queue_poll(queue, PATIENCE_MS);
	if (event == NULL)
		die(argv[1], "no answer");
	must(argv[1], rd_kafka_event_error(event));
	results =
		rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &n);
	must(argv[1], rd_kafka_topic_result_error(results[0]));
	rd_kafka_event_destroy(event);
	rd_kafka_NewTopic_destroy(t);
	rd_kafka_queue_destroy(queue);
	rd_kafka_destroy(rk);
	return 0;
}

static int count_partitions(rd_kafka_t *rk, const char *name)
{
	rd_kafka_topic_t *t = rd_kafka_topic_new(rk, name, NULL);
	const struct rd_kafka_metadata *metadata;
	int n;

	/* A topic that was just made has none for a moment. */
	do {
		must(name, rd_kafka_metadata(rk, 0, t, &metadata, PATIENCE_MS));
		n = metadata->topics[0].partition_cnt;
		rd_kafka_metadata_destroy(metadata);
	} while (n == 0);
	rd_kafka_topic_destroy(t);
	return n;
}

static int partitions(char **argv)
{
	rd_kafka_t *rk = producer(argv[0], NULL, NULL);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	char why[512];
	rd_kafka_NewPartitions_t *p =
		rd_kafka_NewPartitions_new(argv[1], (size_t)atoi(argv[2]), why, sizeof why);
	const rd_kafka_topic_result_t **results;
	rd_kafka_event_t *event;
	size_t n;

	if (p == NULL)
		die(argv[1], why);
	rd_kafka_CreatePartitions(rk, &p, 1, NULL, queue);
	event = rd_kafka_queue_poll(queue, PATIENCE_MS);
	if (event == NULL)
		die(argv[1], "no answer");
	must(argv[1], rd_kafka_event_error(event));
	results = rd_kafka_CreatePartitions_result_topics(
		rd_kafka_event_CreatePartitions_result(event), &n);
	must(argv[1], rd_kafka_topic_result_error(results[0]));
	rd_kafka_event_destroy(event);
	rd_kafka_NewPartitions_destroy(p);
	/* It takes the brokers a moment. */
	while (count_partitions(rk, argv[1]) != atoi(argv[2]))
		rd_kafka_poll(rk, 10);
	rd_kafka_queue_destroy(queue);
	rd_kafka_destroy(rk);
	return 0;
}

static void put_line(rd_kafka_t *rk, const char *name, int partition, char *line, bool keys)
{
	char *value = line, *key = NULL;

	line[strcspn(line, "\n")] = '\0';
	if (keys)
		key = strsep(&value, "=");
	put(rk, name, partition, key, value, value == NULL ? 0 : strlen(value));
}

static int put_lines(const char *address, const char *name, const char *how)
{
	bool keys = strcmp(how, "keys") == 0, transaction = how[0] != '\0' && !keys;
	rd_kafka_t *rk = producer(address, transaction ? "transactional.id" : NULL, "evkit-test");
	int n = count_partitions(rk, name);
	char *line = NULL;
	size_t cap = 0;

	if (transaction) {
		must_not("transactions", rd_kafka_init_transactions(rk, PATIENCE_MS));
		must_not("transaction", rd_kafka_begin_transaction(rk));
	}
	for (int i = 0; getline(&line, &cap, stdin) > 0; i++)
		put_line(rk, name, i % n, line, keys);
	must("flush", rd_kafka_flush(rk, PATIENCE_MS));
	if (strcmp(how, "commit") == 0)
		must_not(how, rd_kafka_commit_transaction(rk, PATIENCE_MS));
	if (strcmp(how, "abort") == 0)
		must_not(how, rd_kafka_abort_transaction(rk, PATIENCE_MS));
	free(line);
	if (strcmp(how, "leave") != 0)
		rd_kafka_destroy(rk);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "brokers") == 0)
		return brokers();
	if (argc >= 5 && strcmp(argv[1], "topic") == 0)
		return topic(argv + 2, argc - 2);
	if (argc == 5 && strcmp(argv[1], "partitions") == 0)
		return partitions(argv + 2);
	if (argc >= 4 && strcmp(argv[1], "put") == 0)
		return put_lines(argv[2], argv[3], argc > 4 ? argv[4] : "");
	die("usage", "see the head of tests/kafka.c");
}

#endif

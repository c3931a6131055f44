/* The client of the brokers: its configuration, what it is told, and how long it waits. */
#include "kafka/internal.h"

#ifdef EV_RDKAFKA

#include "base/mem.h"
#include "io/in.h"

#include <stdlib.h>
#include <time.h>

enum { MAX_CONFIG = 1 << 20 };

double ev_kafka_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The configuration */

/* What the promises of evkafka stand on, which no file may change. */
static const char *const fixed[][2] = {
	{"enable.auto.commit", "false"},
	{"enable.auto.offset.store", "false"},
	{"auto.offset.reset", "error"},
	{"enable.partition.eof", "true"},
	{"isolation.level", "read_committed"},
	{"allow.auto.create.topics", "false"},
	{"check.crcs", "true"},
};

static enum ev_status set(rd_kafka_conf_t *conf, const char *name, const char *value,
			  struct ev_error *err)
{
	char why[512];

	if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK)
		return ev_fail(err, "%s", why);
	return EV_OK;
}

static enum ev_status check_name(const char *name, struct ev_error *err)
{
	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
		if (strcmp(name, fixed[i][0]) == 0)
			return ev_fail(err, "evkafka sets %s itself, to %s: leave it out", name,
				       fixed[i][1]);
	if (strcmp(name, "group.id") == 0)
		return ev_fail(err, "--group names the group: leave out group.id");
	return EV_OK;
}

static char *trimmed(char *p)
{
	size_t len;

	p += strspn(p, " \t\r");
	len = strlen(p);
	while (len > 0 && strchr(" \t\r", p[len - 1]) != NULL)
		p[--len] = '\0';
	return p;
}

/* name=value, or a comment. */
static enum ev_status take_line(rd_kafka_conf_t *conf, char *line, struct ev_error *err)
{
	char *name = trimmed(line), *equals = strchr(name, '=');

	if (name[0] == '\0' || name[0] == '#')
		return EV_OK;
	if (equals == NULL)
		return ev_fail(err, "a line is name=value, as librdkafka has its properties");
	*equals = '\0';
	name = trimmed(name);
	return check_name(name, err) == EV_OK ? set(conf, name, trimmed(equals + 1), err)
					      : EV_FATAL;
}

static enum ev_status take_file(rd_kafka_conf_t *conf, const char *file, struct ev_error *err)
{
	enum ev_status st = EV_OK;
	struct ev_error why;
	size_t len, n = 0;
	char *text, *at, *line;

	if (ev_in_slurp(file, MAX_CONFIG, &text, &len, err) != EV_OK)
		return EV_FATAL;
	if (memchr(text, '\0', len) != NULL)
		st = ev_fail(err, "%s: is no text: it holds U+0000", file);
	text[len] = '\0';
	for (at = text; st == EV_OK && at != NULL && (line = strsep(&at, "\n")) != NULL;) {
		n++;
		st = take_line(conf, line, &why);
		if (st != EV_OK)
			ev_fail(err, "%s:%zu: %s", file, n, why.text);
	}
	free(text);
	return st;
}

/* Whether any broker is named; keeps their names, for messages. */
static bool find_brokers(struct ev_kafka_client *c, const rd_kafka_conf_t *conf)
{
	static const char *const names[] = {"bootstrap.servers", "test.mock.num.brokers"};
	char text[512];
	size_t len = sizeof text;

	if (rd_kafka_conf_get(conf, names[0], text, &len) == RD_KAFKA_CONF_OK && text[0] != '\0') {
		c->name = ev_strdup(text);
		return true;
	}
	len = sizeof text;
	c->name = ev_strdup("kafka");
	return rd_kafka_conf_get(conf, names[1], text, &len) == RD_KAFKA_CONF_OK &&
	       strcmp(text, "0") != 0;
}

/* What librdkafka tells */

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *ctx)
{
	struct ev_kafka_client *c = ctx;
	const char *behind;

	(void)rk;
	if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) /* each was told by itself */
		return;
	/* Later it may pass: a broker that is being restarted ends handshakes, too. */
	c->refused |= !c->answered &&
		      (code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL);
	ev_buf_reset(&c->trouble);
	ev_buf_puts(&c->trouble, reason);
	/* Behind that it counts milliseconds. */
	if ((behind = strstr(reason, " (after ")) != NULL)
		c->trouble.len = (size_t)(behind - reason);
}

/* What matters is told to on_error, too. */
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	(void)level;
	(void)facility;
	(void)text;
}

static enum ev_status configure(struct ev_kafka_client *c, rd_kafka_conf_t *conf,
				const struct ev_kafka_options *o, struct ev_error *err)
{
	if (set(conf, "client.id", "evkafka", err) != EV_OK ||
	    (o->config != NULL && take_file(conf, o->config, err) != EV_OK))
		return EV_FATAL;
	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
		if (set(conf, fixed[i][0], fixed[i][1], err) != EV_OK)
			return EV_FATAL;
	/* librdkafka assigns no partitions without a group, and asks for none of it by itself. */
	if (set(conf, "group.id", o->group != NULL ? o->group : "evkafka", err) != EV_OK ||
	    (o->brokers != NULL && set(conf, "bootstrap.servers", o->brokers, err) != EV_OK))
		return EV_FATAL;
	if (!find_brokers(c, conf))
		return ev_fail(err,
			       "no broker is named: say -b HOST:PORT, or bootstrap.servers=... "
			       "in the file of --config");
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_log_cb(conf, on_log);
	rd_kafka_conf_set_opaque(conf, c);
	return EV_OK;
}

enum ev_status ev_kafka_connect(struct ev_kafka_client *c, const struct ev_kafka_options *options,
				struct ev_error *err)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[512];

	c->timeout = options->timeout;
	if (configure(c, conf, options, err) != EV_OK) {
		rd_kafka_conf_destroy(conf);
		return EV_FATAL;
	}
	c->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
	if (c->rk != NULL)
		return EV_OK;
	rd_kafka_conf_destroy(conf);
	return ev_fail(err, "%s: %s", options->config != NULL ? options->config : c->name, why);
}

void ev_kafka_close(struct ev_kafka_client *c)
{
	if (c->rk != NULL)
		rd_kafka_destroy_flags(c->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	c->rk = NULL;
	free(c->name);
	c->name = NULL;
	ev_buf_free(&c->trouble);
}

/* Waiting */

bool ev_kafka_passes(rd_kafka_resp_err_t code)
{
	static const rd_kafka_resp_err_t passing[] = {
		RD_KAFKA_RESP_ERR__TRANSPORT,
		RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
		RD_KAFKA_RESP_ERR__RESOLVE,
		RD_KAFKA_RESP_ERR__TIMED_OUT,
		RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE,
		RD_KAFKA_RESP_ERR__WAIT_COORD,
		RD_KAFKA_RESP_ERR__WAIT_CACHE,
		RD_KAFKA_RESP_ERR__RETRY,
		RD_KAFKA_RESP_ERR__NODE_UPDATE,
		RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
		RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
		RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
		RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE,
		RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
		RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
		RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
		RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
		RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
		RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
		RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
		RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH,
		RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
		RD_KAFKA_RESP_ERR_PREFERRED_LEADER_NOT_AVAILABLE,
	};

	for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
		if (passing[i] == code)
			return true;
	return false;
}

void ev_kafka_ask(struct ev_kafka_client *c)
{
	c->asked = ev_kafka_clock();
	ev_buf_reset(&c->trouble);
}

enum ev_status ev_kafka_again(struct ev_kafka_client *c, rd_kafka_resp_err_t code, const char *what,
			      struct ev_error *err)
{
	double waited = ev_kafka_clock() - c->asked;
	const char *why;

	if (ev_kafka_passes(code))
		rd_kafka_poll(c->rk, 10);
	why = c->trouble.len > 0 ? ev_buf_str(&c->trouble) : rd_kafka_err2str(code);
	if (c->refused)
		return ev_fail(err,
			       "%s: %s: see the user, the password and the certificates in the "
			       "file of --config",
			       c->name, why);
	if (!ev_kafka_passes(code))
		return ev_fail(err, "%s: %s: %s", c->name, what, rd_kafka_err2str(code));
	if (waited < c->timeout)
		return EV_OK;
	return ev_fail(err,
		       "%s: no broker has answered for %.3gs: %s: see whether it runs and -b "
		       "names it; what was read is read again by the next run",
		       c->name, c->timeout, why);
}

rd_kafka_topic_partition_list_t *ev_kafka_list(const struct ev_offsets *offsets)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)offsets->n);

	for (size_t i = 0; i < offsets->n; i++) {
		const struct ev_offset *o = &offsets->list[i];

		if (o->shard == NULL)
			rd_kafka_topic_partition_list_add(list, o->topic, o->partition)->offset =
				o->next;
	}
	return list;
}

#else

enum ev_status ev_kafka_absent(struct ev_error *err)
{
	return ev_fail(err, "this evkafka was built without librdkafka: build evkit where "
			    "librdkafka-dev is installed");
}

#endif

/*
 * The client of the brokers, which reading and committing share; the door to librdkafka. Floor 10.
 */
#ifndef EV_KAFKA_INTERNAL_H
#define EV_KAFKA_INTERNAL_H

#include "kafka/kafka.h"

#ifdef EV_RDKAFKA

#include "base/buf.h"

#include <librdkafka/rdkafka.h>

struct ev_kafka_client {
	rd_kafka_t *rk;
	char *name; /* the brokers, for messages */
	double timeout;
	double asked; /* when what is asked now was asked first */
	/* What librdkafka told last of the connections; "" where all is well. */
	struct ev_buf trouble;
	bool answered; /* one has: what goes wrong now may pass */
	bool refused;  /* by the first one that could be reached: no use in waiting */
};

/* Seconds on a clock that nobody sets. */
double ev_kafka_clock(void);

/* Reads the configuration. No broker is asked as yet. */
enum ev_status ev_kafka_connect(struct ev_kafka_client *c, const struct ev_kafka_options *options,
				struct ev_error *err);
void ev_kafka_close(struct ev_kafka_client *c);

/* For calls that may be in vain for a while: ahead of the first one, and with what each came to. */
enum { EV_KAFKA_TRY_MS = 500 }; /* the longest that one of them may take */
void ev_kafka_ask(struct ev_kafka_client *c);
/* EV_OK: ask again. what: what was asked, for the error. */
enum ev_status ev_kafka_again(struct ev_kafka_client *c, rd_kafka_resp_err_t code, const char *what,
			      struct ev_error *err);
/* Whether an error passes by itself. */
bool ev_kafka_passes(rd_kafka_resp_err_t code);
/*
 * As librdkafka has them, without shards, which are of Kinesis. For
 * rd_kafka_topic_partition_list_destroy().
 */
rd_kafka_topic_partition_list_t *ev_kafka_list(const struct ev_offsets *offsets);

#else

/* What every function comes to without librdkafka. */
enum ev_status ev_kafka_absent(struct ev_error *err);

#endif
#endif

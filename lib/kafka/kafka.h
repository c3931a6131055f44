/*
 * kafka: the messages of topics, from where they were read last to wherever one likes. Floor 10.
 *
 * The room lib/kafka is the engine of evkafka, on librdkafka.
 *
 * All partitions of the topics are assigned: those that are found when it is opened and, unless it
 * reads to their ends, those that are added meanwhile. No group is joined: nobody waits for a
 * rebalance, no other member takes a partition away in the middle of a batch, and what was read is
 * committed only when somebody says so. A group is a name under which the brokers keep offsets.
 *
 * Messages of transactions that were aborted are not seen. Memory: what librdkafka reads ahead
 * (queued.max.messages.kbytes, 64 MiB), and one message.
 */
#ifndef EV_KAFKA_H
#define EV_KAFKA_H

#include "base/status.h"
#include "record/offsets.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ev_kafka_from {
	EV_KAFKA_COMMITTED, /* the group's offsets; where it has none, from the first message */
	EV_KAFKA_EARLIEST,
	EV_KAFKA_LATEST,
	EV_KAFKA_OFFSETS, /* those given; where there is none, from the first message */
};

/* All is borrowed for as long as the client lives. */
struct ev_kafka_options {
	const char *brokers; /* HOST:PORT,...; or NULL: the configuration names them */
	const char *config;  /* librdkafka's properties, a file; or NULL */
	const char *group;   /* or NULL */
	double timeout;	     /* seconds: trouble where no broker answers for so long */
	enum ev_kafka_from from;
	const struct ev_offsets *offsets; /* to begin at */
	/* Where it ends: whichever comes first. */
	bool until_end; /* where the partitions end when it is opened */
	uint64_t max;	/* messages; 0: any number */
	double seconds; /* after that time; 0: never */
};

struct ev_kafka_message {
	const char *p; /* valid until the next call; EV_IN_SLACK bytes can be read behind it */
	size_t len;
	bool null;	    /* it has no value: a tombstone */
	const char *source; /* "topic/partition"; valid as long as the client */
	uint64_t offset;
};

struct ev_kafka;

/*
 * Finds the partitions of the topics. read: empty; how far they are read, kept up to date: what it
 * says counts the message that was handed out last, too. NULL on trouble; data that was not read
 * and is there no more is trouble.
 */
struct ev_kafka *ev_kafka_open(const struct ev_kafka_options *options, char *const *topics,
			       size_t n, struct ev_offsets *read, struct ev_error *err);
/*
 * EV_OK, with *got where there is a message: else none has come for a moment, and the next call
 * will wait for a moment. EV_EOF at the end.
 */
enum ev_status ev_kafka_next(struct ev_kafka *k, struct ev_kafka_message *m, bool *got,
			     struct ev_error *err);
void ev_kafka_free(struct ev_kafka **k);

/* Has the brokers keep these offsets for the group. */
enum ev_status ev_kafka_commit(const struct ev_kafka_options *options,
			       const struct ev_offsets *offsets, struct ev_error *err);

#endif

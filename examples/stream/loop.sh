#!/bin/sh
# loop.sh TOPIC...: loads what comes into topics of Kafka, a few seconds at a time, exactly once.
#
# A batch is read, loaded, and only then committed. Whatever is killed, and wherever: the next round
# reads again what was not committed, and the state knows what it has seen.
#
#	BROKERS		the brokers, as localhost:9092
#	CONFIG		librdkafka's properties: users, passwords, TLS (none)
#	GROUP		the name under which the brokers keep how far was loaded (tickets)
#	DB		the database: sqlite:FILE or postgresql:... (sqlite:tickets.db), which has the tables
#	FOR, MAX	how long a batch is read (5s), and of how many messages at most (100000)
#	STATE		the folder of the states, the rejects and the seal (state)
set -u
: "${BROKERS:?names the brokers, as localhost:9092}"
. "$(dirname "$0")/common.sh"

kafka()
{
	evkafka -b "$BROKERS" ${CONFIG:+--config "$CONFIG"} --group "${GROUP-tickets}" "$@"
}

while :; do
	tidy
	new_batch
	kafka --for "${FOR-5s}" --max "${MAX-100000}" --positions "$STATE/next.json" --batch "$batch" \
		-r "$(rejects evkafka)" "$@" | load &&
		kafka --commit "$STATE/next.json" || sleep 1
done

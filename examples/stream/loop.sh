#!/bin/sh
# loop.sh TOPIC...: loads what comes into topics of Kafka, a few seconds at a time, exactly once.
#
# A batch is read, loaded, and only then committed. Whatever is killed, and wherever: the next round
# reads again what was not committed, and the state knows what it has seen.
#
#	BROKERS		the brokers, as localhost:9092
#	GROUP		the name under which they keep how far was loaded (tickets)
#	DB		the database: sqlite:FILE or postgresql:... (sqlite:tickets.db), which has the tables
#	FOR, MAX	how long a batch is read (5s), and of how many messages at most (100000)
#	STATE		the folder of the states, the rejects and the seal (state)
set -u
: "${BROKERS:?names the brokers, as localhost:9092}"
STATE=${STATE-state} DB=${DB-sqlite:tickets.db} GROUP=${GROUP-tickets}
mkdir -p "$STATE/rejects" || exit
[ -e "$STATE/seal" ] || evparse --new-seal "$STATE/seal" || exit
EVKIT_SEAL=$(cat "$STATE/seal") || exit
export EVKIT_SEAL

while :; do
	evkafka -b "$BROKERS" ${CONFIG:+--config "$CONFIG"} --group "$GROUP" --for "${FOR-5s}" --max "${MAX-100000}" \
		--positions "$STATE/next.json" --batch "$(date -u +%Y%m%dT%H%M%S.%NZ)" -r "$STATE/rejects/" "$@" |
		evvalidate -r "$STATE/rejects/" |
		evdedupe |
		evversion -r "$STATE/rejects/" --state "$STATE/events" --since "$(evload --position "$DB")" |
		evstar --state "$STATE/members" |
		evload "$DB" &&
		evkafka -b "$BROKERS" ${CONFIG:+--config "$CONFIG"} --group "$GROUP" --commit "$STATE/next.json" ||
		sleep 1
done

#!/bin/sh
# stream.sh TOPIC...: the same without an end. What is sold is in the database a moment later.
#
# Every section, of a tenth of a second or 10,000 messages, is loaded by itself. The database keeps how
# far the topics were loaded in the transaction of the rows, and the next start goes on from there.
# The environment is that of loop.sh, without GROUP, FOR and MAX.
set -u
: "${BROKERS:?names the brokers, as localhost:9092}"
STATE=${STATE-state} DB=${DB-sqlite:tickets.db}
mkdir -p "$STATE/rejects" || exit
[ -e "$STATE/seal" ] || evparse --new-seal "$STATE/seal" || exit
EVKIT_SEAL=$(cat "$STATE/seal") || exit
export EVKIT_SEAL

while :; do
	evload --positions "$DB" >"$STATE/next.json" &&
		evkafka -b "$BROKERS" ${CONFIG:+--config "$CONFIG"} --from "$STATE/next.json" \
			--commit-every 10000,100ms --batch "$(date -u +%Y%m%dT%H%M%S.%NZ)" -r "$STATE/rejects/" "$@" |
		evvalidate -r "$STATE/rejects/" |
			evdedupe |
			evversion -r "$STATE/rejects/" --state "$STATE/events" --since "$(evload --position "$DB")" |
			evstar --state "$STATE/members" |
			evload "$DB"
	sleep 1
done

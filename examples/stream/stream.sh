#!/bin/sh
# stream.sh TOPIC...: the same without an end. What is sold is in the database a moment later.
#
# Every section, of a tenth of a second or 10,000 messages, is loaded by itself. The database keeps how
# far the topics were loaded, in the transaction of the rows, and the next start goes on from there.
# The environment is that of loop.sh, without GROUP, FOR and MAX.
set -u
: "${BROKERS:?names the brokers, as localhost:9092}"
. "$(dirname "$0")/common.sh"

while :; do
	tidy
	new_batch
	evload --positions "$DB" >"$STATE/next.json" &&
		evkafka -b "$BROKERS" ${CONFIG:+--config "$CONFIG"} --from "$STATE/next.json" --commit-every 10000,100ms \
			--batch "$batch" -r "$(rejects evkafka)" "$@" | load
	sleep 1
done

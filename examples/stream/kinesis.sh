#!/bin/sh
# kinesis.sh STREAM: the same from Kinesis, by the AWS CLI. A batch is what the shards have behind the last
# records that were loaded. The database keeps their sequence numbers, in the transaction of the rows.
#
#	LIMIT		records of a shard in a batch, at most (10000)
#	PAUSE		seconds between two batches (1)
#	what the AWS CLI reads: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL and so on
# and DB and STATE as in loop.sh.
set -u
[ $# -eq 1 ] || { echo 'usage: kinesis.sh STREAM' >&2; exit 2; }
. "$(dirname "$0")/common.sh"
stream=$1

# iterator SHARD: where to read on; at the oldest record of a shard of which none was loaded.
iterator()
{
	last=$(jq -r --arg stream "$stream" --arg shard "$1" '.[$stream][$shard] // empty' "$STATE/loaded.json") || return
	set -- "$1" TRIM_HORIZON
	[ -z "$last" ] || set -- "$1" AFTER_SEQUENCE_NUMBER --starting-sequence-number "$last"
	shard=$1
	shift
	aws kinesis get-shard-iterator --stream-name "$stream" --shard-id "$shard" --query ShardIterator --output text \
		--shard-iterator-type "$@"
}

# get ITERATOR FILE: an answer with records, past stretches without any; or the last one of the shard.
get()
{
	at=$1
	while [ -n "$at" ]; do
		aws kinesis get-records --shard-iterator "$at" --limit "${LIMIT-10000}" --output json >"$2" || return
		at=$(jq -r 'select(.Records == [] and .MillisBehindLatest > 0).NextShardIterator // empty' "$2") || return
	done
}

# fetch: what is new, a file a shard.
fetch()
{
	rm -rf "$STATE/fetched" && mkdir "$STATE/fetched" && evload --positions "$DB" >"$STATE/loaded.json" || return
	shards=$(aws kinesis list-shards --stream-name "$stream" --query 'Shards[].ShardId' --output text) || return
	for shard in $shards; do
		at=$(iterator "$shard") && get "$at" "$STATE/fetched/$shard" || return
	done
}

while :; do
	tidy
	new_batch
	fetch && evparse --format kinesis --stream "$stream" --origin --batch "$batch" -r "$(rejects evparse)" \
		"$STATE"/fetched/* | load
	sleep "${PAUSE-1}"
done

#!/bin/sh
# kinesis.sh STREAM: the same from Kinesis, by the AWS CLI. A batch is what every shard has behind the last
# sequence number that was loaded; the numbers are kept when the load is in, so each record is loaded once.
#
#	LIMIT		records of a shard in a batch, at most (10000)
#	PAUSE		seconds between two batches (1)
#	what the AWS CLI reads: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL and so on
# and DB and STATE as in loop.sh. The state has a file a shard, with its last sequence number.
set -u
[ $# -eq 1 ] || { echo 'usage: kinesis.sh STREAM' >&2; exit 2; }
. "$(dirname "$0")/common.sh"
places=$STATE/kinesis.$1
mkdir -p "$places" || exit

# iterator SHARD: where to read on.
iterator()
{
	if [ -s "$places/$2" ]; then
		set -- "$1" "$2" AFTER_SEQUENCE_NUMBER --starting-sequence-number "$(cat "$places/$2")"
	else
		set -- "$1" "$2" TRIM_HORIZON
	fi
	stream=$1 shard=$2 type=$3
	shift 3
	aws kinesis get-shard-iterator --stream-name "$stream" --shard-id "$shard" --shard-iterator-type "$type" "$@" \
		--query ShardIterator --output text
}

# get ITERATOR FILE: records, past stretches without any, of which a shard may have long ones.
get()
{
	at=$1
	while :; do
		aws kinesis get-records --shard-iterator "$at" --limit "${LIMIT-10000}" --output json >"$2" || return
		at=$(jq -r 'select(.Records == [] and .MillisBehindLatest > 0).NextShardIterator // empty' "$2")
		[ -n "$at" ] || return 0
	done
}

# fetch STREAM: what is new, a file a shard.
fetch()
{
	rm -rf "$STATE/fetched" && mkdir "$STATE/fetched" || return
	shards=$(aws kinesis list-shards --stream-name "$1" --query 'Shards[].ShardId' --output text) || return
	for shard in $shards; do
		at=$(iterator "$1" "$shard") && get "$at" "$STATE/fetched/$shard" || return
	done
}

while :; do
	tidy
	new_batch
	if fetch "$1" && evparse --format kinesis --origin --batch "$batch" -r "$(rejects evparse)" "$STATE"/fetched/* | load; then
		for file in "$STATE"/fetched/*; do
			last=$(jq -r '.Records[-1].SequenceNumber // empty' "$file")
			[ -z "$last" ] || { echo "$last" >"$places/.new" && mv "$places/.new" "$places/${file##*/}"; }
		done
	fi
	sleep "${PAUSE-1}"
done

#!/bin/sh
# bucket.sh: for each line K/N of the input, the K-th of N buckets of the lake (from 0) goes through the chain.
#
#	$OUT/mapped.K	the rows of facts, and contributions to members, as one sealed section
#	$OUT/state.K	what evvalidate --merge needs to judge all of them
#	$OUT/rejects/	what was set aside
#
# Prints the contributions, each behind the key of its member and a tab, for the shuffle. A file has its name
# when it is whole, and is the same whenever it is made, so a task may be tried again.
set -eu
while read -r EVKIT_SHARD; do
	export EVKIT_SHARD
	k=${EVKIT_SHARD%/*}
	mkdir -p "$OUT/rejects"
	evlake cat --bucket "$k" --batch "$BATCH" "$LAKE" </dev/null |
		evvalidate --defer --state-out "$OUT/state.$k" -r "$OUT/rejects/evvalidate.$k.jsonl" |
		evdedupe |
		evversion -r "$OUT/rejects/evversion.$k.jsonl" |
		evstar --map -o "$OUT/mapped.$k"
	sed -n 's/^{"_ev":{"op":"contribute","owner":"\(.\{32\}\)/\1	&/p' "$OUT/mapped.$k"
done

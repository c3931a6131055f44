#!/bin/sh
# bucket.sh: for each line K/N of the input, the K-th of N buckets of the lake (from 0) goes through the chain.
#
#	$OUT/mapped.K	the rows of facts, and contributions to members, as one sealed section
#	$OUT/state.K	what evvalidate --merge needs to judge all of them
#	$OUT/rejects/	what was set aside
#
# Prints the contributions for the shuffle, each behind its shard of $MEMBERS and a tab; and first each shard with
# nothing, so that there is none that nobody reduces. A file has its name when it is whole, and is the same
# whenever it is made, so a task may be tried again.
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
	LC_ALL=C awk -v n="$MEMBERS" '
		BEGIN {
			opening = "{\"_ev\":{\"op\":\"contribute\",\"owner\":\""
			for (k = 0; k < n; k++)
				print k "/" n "\t"
			for (i = 0; i < 256; i++)
				byte[sprintf("%02x", i)] = i
		}
		# The shard of a member: the first 8 digits of its key, modulo N.
		substr($0, 1, 35) == opening {
			key = 0
			for (i = 36; i < 44; i += 2)
				key = key * 256 + byte[substr($0, i, 2)]
			print key % n "/" n "\t" $0
		}' "$OUT/mapped.$k"
done

#!/bin/sh
# members.sh: the first line of the input, K/N, says which of N buckets of members this is, from 0; behind it
# come all contributions to those, in any order. Their rows go to $OUT/reduced.K, as one sealed section.
set -eu
read -r EVKIT_SHARD
export EVKIT_SHARD
exec evstar --reduce --first --batch "$BATCH-members" -o "$OUT/reduced.${EVKIT_SHARD%/*}"

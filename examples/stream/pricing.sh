#!/bin/sh
# pricing.sh FILE: the same chain without Kafka: a till appends its sales to FILE, and each is in the
# database a moment later. It runs until it is stopped; the environment is that of stream.sh. A start
# reads the file from its first line, which costs time and changes nothing.
set -u
. "$(dirname "$0")/common.sh"
[ $# -eq 1 ] || { echo 'usage: pricing.sh FILE' >&2; exit 2; }

tidy
new_batch
tail -n +1 -F "$1" | evparse --format json --batch "$batch" --commit-every 10000,0s -r "$(rejects evparse)" | load

#!/bin/sh
# sort.sh BUCKETS MEMBERS: the same as spark.py on one machine, with sort(1) as the shuffle.
set -eu
here=$(dirname "$0")
export MEMBERS="$2"

seq 0 $(($1 - 1)) | xargs -P "$(nproc)" -I '{}' \
	sh -euc 'echo "$1/$2" | sh "$3/bucket.sh" >"$OUT/contributions.$1"' sh '{}' "$1" "$here"
LC_ALL=C sort "$OUT"/contributions.* >"$OUT/shuffled"
sh "$here/members.sh" <"$OUT/shuffled"
rm "$OUT"/contributions.* "$OUT/shuffled"

#!/bin/sh
# sort.sh BUCKETS MEMBERS: the same as spark.py on one machine, with sort(1) as the shuffle.
set -eu
here=$(dirname "$0")
buckets=$1 members=$2

seq 0 $((buckets - 1)) | xargs -P "$(nproc)" -I '{}' \
	sh -euc 'echo "$1/$2" | sh "$3/bucket.sh" >"$OUT/contributions.$1"' sh '{}' "$buckets" "$here"
k=0
while [ $k -lt "$members" ]; do
	echo "$k/$members" >"$OUT/members.$k"
	k=$((k + 1))
done
LC_ALL=C sort "$OUT"/contributions.* | awk -F '\t' -v n="$members" -v out="$OUT/members." '
	function digit(i) { return index("0123456789abcdef", substr($1, i, 1)) - 1 }
	{ print $2 >>(out (digit(1) * 4096 + digit(2) * 256 + digit(3) * 16 + digit(4)) % n) }'
seq 0 $((members - 1)) | xargs -P "$(nproc)" -I '{}' sh -euc 'sh "$2/members.sh" <"$OUT/members.$1"' sh '{}' "$here"
rm "$OUT"/contributions.* "$OUT"/members.*

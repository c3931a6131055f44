#!/bin/sh
# sizes.sh TABLES: what a run left in LAKE and OUT, the folder TABLES that load.sh tsv:TABLES made of it, and what
# states of the same events would take: lines and bytes for each record of the lake, as they are and by gzip -1.
set -eu
tables=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
records=$(env -u EVKIT_SEAL evlake cat "$LAKE" | wc -l)

# row NAME COMMAND...: of what the command prints.
row()
{
	name=$1
	shift
	"$@" >"$work/bytes"
	gzip -1 <"$work/bytes" >"$work/packed"
	echo "$(wc -lc <"$work/bytes") $(wc -c <"$work/packed") $name" |
		awk -v n="$records" '{ printf "%8.2f %8.0f %8.0f  %s\n", $1 / n, $2 / n, $3 / n, substr($0, index($0, $4)) }'
}

echo "   lines    bytes   packed  of $records records"
row 'raw log' env -u EVKIT_SEAL evlake cat "$LAKE"
row 'lake' find "$LAKE" -name '*.gz' -exec cat {} +
row 'mapped.K' cat "$OUT"/mapped.*
row 'contributions among them' grep -ah '^{"_ev":{"op":"contribute"' "$OUT"/mapped.*
row 'reduced.K' cat "$OUT"/reduced.*
row 'tables' cat "$tables"/*.tsv
evlake cat --batch "$BATCH" "$LAKE" | evvalidate -r "$work/rejects" |
	evversion --state "$work/events" --since 0 -r "$work/orphans" | evstar --state "$work/members" -o /dev/null
row 'state of evversion' find "$work/events" -type f -exec cat {} +
row 'state of evstar' find "$work/members" -type f -exec cat {} +

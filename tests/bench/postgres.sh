#!/bin/bash
#
# postgres.sh: evload into PostgreSQL, beside psql's \copy of the same rows as text into the same
# tables, with their keys and without, in a server of its own.
#
#     tests/bench/postgres.sh [-n SIZE] [-r RUNS] BUILDDIR SRCDIR
#
# -n  bytes of events (default 300M), of examples/checkout; and again without the columns of type
#     json, which the server parses in either form
# -r  runs of each, in turn (default 5)
#
# It prints Markdown: seconds by the clock, and those of CPU that the client and the server's backend
# took, medians; the ratio is the median of those of each pair. evload reads evstar's rows, \copy the
# TSV that evload makes of them, so evload's time has the reading of JSON in it, and the ledger.
set -eu

size=300M
runs=5
while getopts n:r: option; do
	case $option in
	n) size=$OPTARG ;;
	r) runs=$OPTARG ;;
	*) sed -n 's/^# \{0,1\}//p' "$0" | head -n 13 >&2 && exit 2 ;;
	esac
done
shift $((OPTIND - 1))
bin=$(cd "$1/cmd" && pwd)
events=$(cd "$1/tests/bench" && pwd)/events
src=$(cd "$2" && pwd)
PATH=$bin:$PATH
export LC_ALL=C
unset EVKIT_SEAL

work=$(mktemp -d)
chmod 755 "$work"
cd "$work"
tap=$work/said
mkdir "$tap"
. "$src/tests/postgres.sh"
if ! postgres_is_there; then
	echo 'PostgreSQL: not installed'
	rm -rf "$work"
	exit 0
fi
postgres_make 'shared_buffers = 256MB' 'max_wal_size = 8GB' 'checkpoint_timeout = 1h' 'autovacuum = off' ||
	{ cat "$tap"/*; exit 2; }
# shellcheck disable=SC2154 # the other file's
trap 'postgres_down immediate; rm -rf "$work"' EXIT
postmaster=$(head -n 1 pg/data/postmaster.pid)

# input MODEL: its rows, their TSV, and the tables.
input()
{
	export EVKIT_MODEL=$1
	evversion -r rejects events.jsonl 2>"$tap/evversion" | evstar 2>"$tap/evstar" >rows.jsonl
	rm -rf tsv
	evload tsv:tsv rows.jsonl
	evschema -e prod >keys.sql
	sql -f keys.sql
	tables=$(sql -c "SELECT tablename FROM pg_tables WHERE schemaname = 'checkout' AND tablename <> 'ev_ledger'")
	echo "$2: $(wc -l <rows.jsonl) rows, $(du -sm rows.jsonl | cut -f 1) MB as JSON Lines, $(du -sm tsv | cut -f 1) MB as TSV"
}

# Seconds of CPU of the backends that have ended.
server()
{
	awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); printf "%.2f", ($14 + $15) / hz }' "/proc/$postmaster/stat"
}

# empty KEYS: the tables anew, without a row.
empty()
{
	sql -c 'DROP SCHEMA checkout CASCADE' -f keys.sql
	for table in $tables; do
		sql -c "DELETE FROM checkout.$table"
		[ "$1" = keys ] || sql -c "ALTER TABLE checkout.$table DROP CONSTRAINT ${table}_pkey"
	done
	sql -c 'VACUUM' -c 'CHECKPOINT'
}

# timed COMMAND...: appends seconds, the client's CPU and the server's to the file $to.
timed()
{
	local before TIMEFORMAT='%R %U %S'

	before=$(server)
	{ time "$@" >"$tap/out" 2>&1 || { cat "$tap/out" >&2; exit 2; }; } 2>"$tap/time"
	sleep 0.2 # until the backend has ended
	awk -v before="$before" -v after="$(server)" '{ printf "%.2f %.2f %.2f\n", $1, $2 + $3, after - before }' "$tap/time" >>"$to"
}

copy()
{
	for table in $tables; do
		printf "\\\\copy checkout.%s FROM 'tsv/%s.tsv'\n" "$table" "$table"
	done | { echo 'BEGIN;'; cat; echo 'COMMIT;'; } | sql -f -
}

load()
{
	evload --unsealed --batch b -e prod postgresql: rows.jsonl
}

# median FILE COLUMN
median()
{
	awk -v c="$2" '{ print $c }' "$1" | sort -n | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2 }'
}

# compare WHAT: a line of the table for each kind of tables.
compare()
{
	for keys in none keys; do
		rm -f load copy
		for _ in $(seq "$runs"); do
			for how in load copy; do
				empty $keys
				to=$how
				timed $how
			done
		done
		paste load copy | awk '{ print $4 / $1, ($5 + $6) / ($2 + $3) }' >ratio
		printf '| %s, %s | %s | %s | %s | %s | %s | %s | %.2f | %.2f | %s |\n' "$1" \
			"$([ $keys = keys ] && echo 'with keys' || echo 'without')" \
			"$(median load 1)" "$(median load 2)" "$(median load 3)" \
			"$(median copy 1)" "$(median copy 2)" "$(median copy 3)" \
			"$(median ratio 1)" "$(median ratio 2)" "$([ $keys = keys ] && echo 'ahead' || echo '2.5 x')"
	done
}

"$events" "$size" >events.jsonl
psql --version
input "$src/examples/checkout/evkit.yaml" checkout
cat <<'END'

| tables | evload, s | its CPU | server CPU | \copy, s | its CPU | server CPU | evload is faster by | by CPU of all | aimed at |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
END
compare checkout
mkdir plain
cp -r "$src/examples/checkout/schemas" plain
sed '/type: json}/d' "$src/examples/checkout/evkit.yaml" >plain/evkit.yaml
sql -c 'DROP SCHEMA checkout CASCADE'
input plain/evkit.yaml 'no json' >"$tap/plain"
compare 'no json'
echo
cat "$tap/plain"

#!/bin/bash
#
# kafka.sh: evkafka beside kcat, which copies the same messages of the same topic, from a broker of
# its own on this machine.
#
#     EVKIT_KAFKA=JARS tests/bench/kafka.sh [-n SIZE] [-r RUNS] BUILDDIR SRCDIR
#
# -n  bytes of events, a message each (default 520M: a million)
# -r  runs of each, in turn (default 7)
#
# It prints Markdown: messages a second by the clock, from start to end, and seconds of CPU, medians
# (least..greatest); the ratio is the median of those of each pair. evkafka checks every message's CRC
# and JSON and appends its origin, in the bytes that it writes; kcat does none of these.
set -eu

size=520M
runs=7
while getopts n:r: option; do
	case $option in
	n) size=$OPTARG ;;
	r) runs=$OPTARG ;;
	*) sed -n 's/^# \{0,1\}//p' "$0" | head -n 13 >&2 && exit 2 ;;
	esac
done
shift $((OPTIND - 1))
top_builddir=$(cd "$1" && pwd)
src=$(cd "$2" && pwd)
PATH=$top_builddir/cmd:$PATH
export LC_ALL=C
unset EVKIT_SEAL

for program in java python3 kcat; do
	command -v $program >/dev/null || { echo "$program: not installed" && exit 0; }
done
[ -n "${EVKIT_KAFKA-}" ] || { echo 'Kafka: EVKIT_KAFKA names no folder with the jars of a broker' && exit 0; }

work=$(mktemp -d)
cd "$work"
tap=$work/said
mkdir "$tap"
. "$src/tests/kafka.sh"
kafka_make || { cat kafka/log; exit 2; }
# shellcheck disable=SC2154 # the other file's
trap 'kafka_end KILL || true; rm -rf "$work"' EXIT

evkafka_reads()
{
	evkafka -b "$kafka" --until-end events
}

kcat_reads()
{
	kcat -C -b "$kafka" -t events -o beginning -e -q
}

# timed READER: appends messages a second and seconds of CPU to the file READER.
timed()
{
	local TIMEFORMAT='%R %U %S'

	{ time "$1" >/dev/null 2>"$tap/$1" || { cat "$tap/$1" >&2; exit 2; }; } 2>"$tap/time"
	awk -v n="$messages" '{ printf "%.0f %.2f\n", n / $1, $2 + $3 }' "$tap/time" >>"$1"
}

# median FORMAT COLUMN FILE: with the least and the greatest.
median()
{
	sort -n -k "$2,$2" "$3" | awk -v f="$1" -v c="$2" '{ v[NR] = $c } END {
		printf f " (" f ".." f ")", (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2, v[1], v[NR] }'
}

"$top_builddir/tests/bench/events" "$size" >events.jsonl
messages=$(wc -l <events.jsonl)
kafka topic "$kafka" events 4
kafka put "$kafka" events <events.jsonl
for reader in evkafka_reads kcat_reads; do
	[ "$($reader | wc -l)" -eq "$messages" ] || { echo "$reader: not all $messages messages came" && exit 2; }
done
for _ in $(seq "$runs"); do
	timed evkafka_reads
	timed kcat_reads
done
paste evkafka_reads kcat_reads | awk '{ print $1 / $3, $4 / $2 }' >ratio

kcat -V | sed -n 's/^Version \([^ ]*\).*librdkafka \([^ ]*\).*/kcat \1, librdkafka \2/p'
cat <<END
$messages messages of $(($(wc -c <events.jsonl) / messages)) bytes in 4 partitions

| evkafka, messages a second | its CPU, s | kcat, messages a second | its CPU, s | evkafka is faster by | by CPU | aimed at | reached |
| --- | --- | --- | --- | --- | --- | --- | --- |
END
printf '| %s | %s | %s | %s | %s | %s | 500000, or as kcat | %s |\n' \
	"$(median %.0f 1 evkafka_reads)" "$(median %.2f 2 evkafka_reads)" \
	"$(median %.0f 1 kcat_reads)" "$(median %.2f 2 kcat_reads)" "$(median %.2f 1 ratio)" "$(median %.2f 2 ratio)" \
	"$(echo "$(median %.0f 1 evkafka_reads) $(median %.2f 1 ratio)" | awk '{ print $1 >= 500000 || $3 >= 1 ? "yes" : "no" }')"

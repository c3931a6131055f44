#!/bin/sh
# The benchmark's events are the example's, and the benchmark runs. How fast anything is does not
# matter here.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

bench=$top_builddir/tests/bench
EVKIT_MODEL=$srcdir/examples/checkout/evkit.yaml
export EVKIT_MODEL

need jq || {
	done_testing
}

# events NAME ARGUMENT...: into NAME.jsonl, and what they are into NAME.json.
events()
{
	name=$1
	shift
	"$bench/events" --census "$@" >"$name.jsonl" 2>"$name.json"
}

of()
{
	jq -r "$2" "$1.json"
}

# The events

ok 'events are made' events plain 3M
ok 'they are as many bytes as were asked for, and no line more' \
	[ "$(wc -c <plain.jsonl)" -ge 3000000 -a "$(sed '$d' plain.jsonl | wc -c)" -lt 3000000 ]
is 'which the census knows' "$(of plain '"\(.bytes) \(.lines)"')" \
	"$(wc -c <plain.jsonl | tr -d ' ') $(wc -l <plain.jsonl | tr -d ' ')"
is 'a line has some 519 bytes' "$(of plain '(.bytes / .lines - 519 | fabs) < 10')" true
is 'they are the same bytes on every machine' "$(cksum <plain.jsonl)" "288924283 3000379"
events less 1M
cmp -n "$(wc -c <less.jsonl)" less.jsonl plain.jsonl
is 'fewer are the head of more' $? 0
events other --seed=2 1M
is 'another seed makes other events' "$(jq -r .event_id less.jsonl other.jsonl | sort -u | wc -l)" \
	"$(($(of less .events) + $(of other .events)))"

# They have but what every shop has.
there="there are '.event_id', '.event_timestamp', '.event_type', '.metadata', '.related_id', '.user_id' and '.version'"
lacks="evvalidate: $EVKIT_MODEL:13:13: no event of the batch has .modified_at, which event.modified and the column modified_at of events ask for: $there
evvalidate: $EVKIT_MODEL:14:7: no event of the batch has .op, which event.op asks for: $there
evvalidate: $EVKIT_MODEL:15:12: no event of the batch has .received_at, which event.ignore asks for: $there"
run evvalidate plain.jsonl
check 'examples/checkout accepts each of them, as it is' 0 @plain.jsonl "$lacks"
jq -r .event_type plain.jsonl | sort -u >got
grep -o '"[A-Z][A-Za-z]*":\|^  [A-Z][A-Za-z]*:' "$EVKIT_MODEL" | tr -d ' :' | sort -u >want
same 'they are of every type that the example has' got want
ok 'names have escapes' grep -q 'name":"[^"]*\\[un/"]' plain.jsonl
ok 'and letters of two, three and four bytes' [ "$(LC_ALL=C.UTF-8 grep -cE 'ü|Ł' plain.jsonl)" -gt 0 \
	-a "$(grep -c '大' plain.jsonl)" -gt 0 -a "$(grep -c '🎆' plain.jsonl)" -gt 0 ]
is 'one of twenty is a redelivery' "$(of plain '(.redelivered / .lines * 1000 - 50 | fabs) < 10')" true
is 'one of twelve an update' "$(of plain '(.updates / .lines * 1000 - 80 | fabs) < 12')" true
run evdedupe --stats - -o once.jsonl plain.jsonl
is 'evdedupe finds just these redeliveries' "$(sed 's/.*duplicate \([0-9]*\).*/\1/' "$err")" \
	"$(of plain .redelivered)"
run evversion --emit latest --stats - -o latest.jsonl once.jsonl
is 'and evversion just these updates' \
	"$(sed 's/.*version \([0-9]*\)  no-op \([0-9]*\).*conflict \([0-9]*\)  misfit \([0-9]*\)  out \([0-9]*\).*/\1 \2 \3 \4 \5/' "$err")" \
	"$(of plain '"\(.events + .updates) 0 0 0 \(2 * .events)"')"
is 'a delete line and a version of each event' \
	"$(grep -c '^{"_ev":{"op":"delete",' latest.jsonl) $(grep -cv '^{"_ev":{"op":"delete",' latest.jsonl)" \
	"$(of plain '"\(.events) \(.events)"')"
is 'some come late' "$(of plain '.late > .lines / 20')" true
ok 'by up to ten minutes' [ "$(jq -r .event_timestamp plain.jsonl | sort -c 2>&1 | wc -l)" -gt 0 ]

events shuffled --shuffle 3M
run evvalidate shuffled.jsonl
check 'shuffled events are accepted too' 0 @shuffled.jsonl "$lacks"
jq -cS . plain.jsonl >want
jq -cS . shuffled.jsonl >got
same 'and are the same but for the order of members' got want
is 'any member of an event may come first' "$(jq -r 'keys_unsorted[0]' shuffled.jsonl | sort -u | wc -l)" 7
ok 'any of what lies in it' [ "$(jq -r '.metadata | keys_unsorted[0]' shuffled.jsonl | sort -u | wc -l)" -gt 10 ]
is 'any of an item' "$(jq -r '.metadata.items[]? | keys_unsorted[0]' shuffled.jsonl | sort -u | wc -l)" 4

events broken --spoil=200 3M
run evvalidate -r rejects.jsonl broken.jsonl
check 'without the broken lines they are the same events' 0 @plain.jsonl "$lacks"
is 'each broken line is rejected for what was broken' \
	"$(jq -r ._ev.reject.code rejects.jsonl | sort | uniq -c | awk '{ print $2, $1 }')" \
	"$(of broken '.broken | to_entries | sort_by(.key)[] | "\(.key) \(.value)"')"
is 'every code that a line can earn is there' "$(of broken '.broken | keys | join(" ")')" \
	'column control depth duplicate-name envelope json not-object reserved rule schema surrogate unknown-type utf8'
events broken --spoil 3M
is 'one of a hundred unless it is said' "$(of broken '([.broken[]] | add) / .lines * 1000 | . > 7 and . < 13')" true

# Days that follow one another.
events first --past=0 2M
events second --past=4000 2M
is 'in front of the first day nothing is' "$(of first '"\(.updates) \(.events == .lines)"')" '0 true'
is 'of a later one a hundredth are updates' "$(of second '(.updates / .lines * 1000 - 10 | fabs) < 5')" true
jq -r .event_id first.jsonl | head -n 4000 | sort >known
jq -r 'select(.version == 4001).event_id' second.jsonl | sort >updated
ok 'of events of the days before' [ "$(wc -l <updated)" -gt 0 -a "$(comm -13 known updated | wc -l)" -lt \
	"$(wc -l <updated)" ]
is 'and all others are new' "$(jq -r 'select(.version == 1).event_id' second.jsonl | sort | comm -12 known - | wc -l)" 0

run "$bench/events" --spoil=1001 1M
check 'more than all cannot be broken' 2 '' '~^usage: events '
run "$bench/events" 1T
check 'a size that is none' 2 '' '~^usage: events '
run "$bench/events 1M >/dev/full"
check 'a full disk is noticed' 2 '' '~No space left on device'

# The smaller model

run "evstar -m '$srcdir/tests/bench/evkit.yaml' once.jsonl | evload -m '$srcdir/tests/bench/evkit.yaml' tsv:tsv"
check 'the model with one fact and three dimensions takes them' 0
is 'a row each' "$(wc -l <tsv/events.tsv) $(wc -l <tsv/dim_event_type.tsv)" "$(wc -l <once.jsonl) 13"

# The benchmark

mkdir temporary
run "TMPDIR=$PWD/temporary '$bench/run' -a -n 200k -r 2 '$top_builddir' '$srcdir'"
check 'the benchmark runs' 0 any
for part in 'In memory' 'Whole programs' 'Start'; do
	ok "it has the part: $part" grep -qx "### $part" "$out"
done
for work in 'scan+6 portable' 'index portable' schema digest time uuid decimal json-escape tsv-escape; do
	is "in memory: $work" "$(grep -cE "^\| $(echo "$work" | sed 's/+/[+]/') \| [0-9]+\.[0-9]+ \([0-9.]+\) \|" "$out")" 1
done
for work in evparse evvalidate evdedupe 'evversion --emit latest' 'evstar, fact and 3 dimensions' \
	'evvalidate, evdedupe, evstar in a pipe, by wall'; do
	ok "on all three inputs: $work" grep -qE "^\| $work( \| [0-9.]+ \([0-9.]+\)){4} \|" "$out"
done
for work in 'evload to TSV of these rows' 'evparse of gzip, by wall' "evparse of nginx's log" "evparse of syslog's" \
	'evparse of logfmt' 'evparse of CSV' 'evparse of a JSON array'; do
	ok "on an input of its own: $work" \
		grep -qE "^\| $work \| [0-9.]+ \([0-9.]+\) \| - \| - \| [0-9.]+ \([0-9.]+\) \| [0-9]+ \|" "$out"
done
for program in "$srcdir"/cmd/ev*.c; do
	program=$(basename "$program" .c)
	ok "the start of $program" grep -qE "^\| $program \| [0-9.]+ \([0-9.]+\) \| [0-9.]+ \| 5 \| 2 \|" "$out"
done
is 'it leaves nothing behind' "$(ls temporary)" ''
TMPDIR=$PWD/temporary timeout -s TERM 0.5 "$bench/run" -a -n 50M "$top_builddir" "$srcdir" >/dev/null 2>&1
is 'nor when it is stopped' "$? $(ls temporary)" '124 '
run "TMPDIR=$PWD/temporary '$bench/run' -a -n 100k -r 1 /nonexistent '$srcdir'"
check 'a folder that is not there' 2 '' '~^run: '

# The benchmark of states

run "TMPDIR=$PWD/temporary '$bench/state' -k 1 -n 1000 -r 1 '$top_builddir'"
check 'that of states runs' 0 any
ok 'it has a row for each number of keys' grep -qE '^\| 1 \| [0-9.]+ s, [0-9.]+ s CPU, [0-9]+ MB \| [0-9.]+ s' "$out"
is 'it leaves nothing behind, either' "$(ls temporary)" ''
run "$bench/state -k 0 '$top_builddir'"
check 'a state without keys' 2 '' '~^usage: state '
run "TMPDIR=$PWD/temporary '$bench/history' -k 1,2 -n 2000 -r 1 '$top_builddir' '$srcdir'"
check 'that of a history runs' 0 any
for size in 0.002 0.004; do
	ok "it has a row for $size million events" grep -qE \
		"^\| $size( \| [0-9.]+){5} \| 2 \| (yes|no)( \| [0-9.]+){3} \|$" "$out"
done
is 'it leaves nothing behind, either' "$(ls temporary)" ''
run "$bench/history -k 2,2 '$top_builddir' '$srcdir'"
check 'states that do not grow' 2 '' '~^usage: history '

# The benchmark of the chain. What was loaded is compared there.

run "DUCKDB=/nonexistent TMPDIR=$PWD/temporary '$bench/chain' -n 300k -r 1 '$top_builddir' '$srcdir'"
check 'that of the chain runs, without DuckDB too' 0 any
for work in 'gzip logs into SQLite' "evload of evstar's rows into SQLite"; do
	is "it has the row: $work" \
		"$(grep -cE "^\| $work \| [0-9.]+ \| [0-9.]+ \| sqlite3 .import[^|]*( \| [0-9.]+){4} \|" "$out")" 1
done
is 'it leaves nothing behind, either' "$(ls temporary)" ''
run "$bench/chain -r 0 '$top_builddir' '$srcdir'"
check 'no round' 2 '' '~^usage: chain '

# The benchmark of topics, for which EVKIT_KAFKA names the jars of a broker.

run "EVKIT_KAFKA= '$srcdir/tests/bench/kafka.sh' '$top_builddir' '$srcdir'"
check 'that of topics says what is not there' 0 '~^(java|python3|kcat): not installed$|^Kafka: EVKIT_KAFKA names no folder'
if [ -n "${EVKIT_KAFKA-}" ] && need kcat java; then
	run "TMPDIR=$PWD/temporary '$srcdir/tests/bench/kafka.sh' -n 200k -r 1 '$top_builddir' '$srcdir'"
	check 'where it is, it runs' 0 '~^\| [0-9]+ \([0-9.]+\) \| .* \| 500000, or as kcat \| (yes|no) \|$'
	is 'it leaves nothing behind, either' "$(ls temporary)" ''
fi

mkdir cmd
run "PATH=/usr/bin:/bin TMPDIR=$PWD/temporary '$bench/run' -a . '$srcdir'"
check 'a folder without the programs' 2 '' '~^bench: .*make'
done_testing

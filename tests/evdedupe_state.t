#!/bin/sh
# evdedupe --state: what another batch brought is dropped, whatever happened between.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

EVKIT_SEAL=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
export EVKIT_SEAL
need jq perl || {
	done_testing
}
cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .at, version: .v, modified: .changed, ignore: [.got]}
END

# lines NUMBER...: a record each.
lines()
{
	for n; do
		printf '{"id":"%s","at":"2026-03-01T10:00:00Z"}\n' "$n"
	done
}

# sealed BATCH: standard input as that batch.
sealed()
{
	cat >".raw.$1"
	evparse --batch "$1" ".raw.$1"
}

# through DIR OPTION...: the records that come through it, and the counts on standard error.
through()
{
	dir=$1
	shift
	evdedupe --state "$dir" --stats - "$@" >"$tap/through" 2>"$tap/told"
	ended=$?
	grep -v '^{"_ev"' "$tap/through"
	sed -n 's/^evdedupe    //p; /^evdedupe: /p' "$tap/told" >&2
	return $ended
}

# ids FILE
ids()
{
	jq -r .id "$1" | tr '\n' ' '
}

sed 's/, version: .v, modified: .changed/, order: arrival/' evkit.yaml >by-arrival.yaml
lines 1 2 3 2 | sealed d1 >d1
lines 3 4 1 | sealed d2 >d2
lines 5 2 4 5 | sealed d3 >d3

# Batches

run through st d1
check 'the first batch' 0 "$(lines 1 2 3)" 'in 4  out 3  duplicate 1  rejected 0  blank 0'
run through st d2
check 'another batch: what the first brought is dropped' 0 "$(lines 4)" 'in 3  out 1  duplicate 2  rejected 0  blank 0'
run through st d1
check 'the first again: the same again' 0 "$(lines 1 2 3)" 'in 4  out 3  duplicate 1  rejected 0  blank 0'
run through st d3
check 'a third' 0 "$(lines 5)" 'in 4  out 1  duplicate 3  rejected 0  blank 0'
run through st d2
check 'the second again' 0 "$(lines 4)" 'in 3  out 1  duplicate 2  rejected 0  blank 0'
is 'a commit for each batch that brought something' "$(wc -l <st/commits | tr -d ' ')" 3
is 'in its log, in the order in which they came' "$(sed 's/.* take //' st/commits | tr '\n' ' ')" '"d1" "d2" "d3" '
for order in 'd1 d3 d2' 'd2 d1 d3' 'd2 d3 d1' 'd3 d1 d2' 'd3 d2 d1'; do
	rm -rf any all
	for batch in $order; do
		through any $batch >>all 2>>"$tap/err2"
	done
	is "in the order $order each record comes through once" "$(sort all)" "$(lines 1 2 3 4 5)"
done
{
	printf '{"at":"2026-03-01T10:00:00.0Z","got":1,"id":"\\u0031"}\n'
	printf '{"id":"1","at":"2026-03-01T10:00:00Z","got":2}\n{"id":"1","at":"2026-03-01T10:00:00Z","n":1}\n'
} | sealed other >other
run through st other
check 'content is compared as within a batch' 0 '{"at":"2026-03-01T10:00:00.0Z","got":1,"id":"\u0031"}
{"id":"1","at":"2026-03-01T10:00:00Z","n":1}' 'in 3  out 2  duplicate 1  rejected 0  blank 0'
: | sealed none >none
run through st none
check 'a batch without records' 0 '' 'in 0  out 0  duplicate 0  rejected 0  blank 0'
is 'and one that brings none that is new, are no commits' "$(wc -l <st/commits | tr -d ' ')" 4
lines 1 2 3 | sealed 'a "b" \ ü' >odd
run through st odd
check 'a batch of any name' 0 '' 'in 3  out 0  duplicate 3  rejected 0  blank 0'
lines 77 | sealed 'a "b" \ ü' >odd
run through st odd
check 'which brings something' 0 "$(lines 77)" 'in 1  out 1  duplicate 0  rejected 0  blank 0'
run through st odd
check 'and is known again' 0 "$(lines 77)" 'in 1  out 1  duplicate 0  rejected 0  blank 0'
lines 77 | sealed '"' >odd
run through st odd
check 'one whose name is the end of that of another is another' 0 '' 'in 1  out 0  duplicate 1  rejected 0  blank 0'

run through st d2
lines 3 91 | sealed d2 >again
run "evdedupe --state st again | grep -v '^{\"_ev\"'"
check 'other records under the name of an old batch' 0 "$(lines 91)" \
	'evdedupe: the batch d2 was here before, but nothing of what it brought then is in it now: if it is another one, give it another name, for what a batch brought itself is not dropped'
run "evdedupe --state st again d2 | grep -v '^{\"_ev\"'"
check 'but not if some of them are the same' 0 "$(lines 91 4)"

# A batch that was cut, and one that was refused

lines 1 2 | sealed long >half
lines 1 2 3 4 | sealed long >whole
lines 3 9 | sealed between >between
through cut half >got 2>"$tap/err2"
through cut between >>got 2>"$tap/err2"
run through cut whole
check 'a batch that was cut, run again when it is whole' 0 "$(lines 1 2 4)" 'in 4  out 3  duplicate 1  rejected 0  blank 0'
run through cut whole
check 'and once more' 0 "$(lines 1 2 4)" 'in 4  out 3  duplicate 1  rejected 0  blank 0'
{
	lines 11 12
	echo '{"id":[]}'
} | sealed bad >bad
run through no --max-rejects 0 -r rejects bad
check 'a batch that is not approved' 1 "$(lines 11 12)" any
ok 'is not remembered' [ ! -e no/commits ]
through no d1 >"$tap/out2" 2>"$tap/err2"
run through no --max-rejects 0 -r rejects bad
check 'nor where there is a state' 1 "$(lines 11 12)" any
is 'so there is one commit' "$(wc -l <no/commits | tr -d ' ')" 1
lines 12 | sealed after >after
run "cat bad after | evdedupe --state no --max-rejects 0 -r rejects >'$tap/out2'"
check 'nor does the next section count' 2 '' \
	'~^evdedupe: -:[0-9]+: the section before this one was not approved, so the state takes no more$'
is 'so there still is one commit' "$(wc -l <no/commits | tr -d ' ')" 1
head -n 3 d2 >torn
run through no torn
check 'a batch without its seal' 2 '' 'evdedupe: the input ends without its seal: a program before this one was stopped, rerun the batch'
sed 's/"4"/"5"/' d2 >changed
run through no changed
check 'a batch that was changed' 2 any '~^evdedupe: changed:[0-9]+: what arrived is not what was sealed'
is 'still one commit' "$(wc -l <no/commits | tr -d ' ')" 1
run "evdedupe --state no d2 >/dev/full"
check 'corner 25: a full disk' 2 '' 'evdedupe: standard output: cannot be written: No space left on device'
awk 'BEGIN { for (i = 0; i < 200000; i++) printf "{\"id\":\"n%d\"}\n", i }' | sealed many >many
run "evdedupe --state no many | head -n 1 >'$tap/out2'"
check 'a reader that goes' 0
is 'have nothing remembered' "$(wc -l <no/commits | tr -d ' ')" 1
run "evdedupe --state no many | grep -vc '^{\"_ev\"'"
check 'so that the same line brings all of it' 0 200000
lines n199999 n200000 n0 | sed 's/,"at".*Z"//' | sealed few >few
run through no few
check 'and the next batch only what is new' 0 '{"id":"n200000"}' any

# Corner cases that other systems have

cat >uuid.1 <<'END'
{"id":"0189f7ea-ae2f-7a1b-8c3d-0123456789ab","at":"2026-03-01T10:00:00Z","v":"10"}
{"id":9007199254740993,"at":"2026-03-01T10:00:00Z","v":9}
END
cat >uuid.2 <<'END'
{"v":"10","at":"2026-03-01T10:00:00Z","id":"{0189F7EA-AE2F-7A1B-8C3D-0123456789AB}"}
{"id":9007199254740992,"at":"2026-03-01T10:00:00Z","v":9}
{"id":"9007199254740993","at":"2026-03-01T10:00:00Z","v":9.0}
{"id":9007199254740993,"at":"2026-03-01T10:00:00Z","v":10}
END
sealed u1 <uuid.1 >u1
sealed u2 <uuid.2 >u2
through corner u1 >"$tap/out2" 2>"$tap/err2"
run through corner u2
check 'corner 23: spellings of ids and numbers, and the order of keys, are no other record in another batch either' 0 \
	'{"id":9007199254740992,"at":"2026-03-01T10:00:00Z","v":9}
{"id":9007199254740993,"at":"2026-03-01T10:00:00Z","v":10}' 'in 4  out 2  duplicate 2  rejected 0  blank 0'
through lost d1 >"$tap/out2" 2>"$tap/err2"
through lost d2 >after 2>"$tap/err2"
through lost d1 >>after 2>"$tap/err2"
is 'corner 20: the state was committed and the output lost; the next batch is run before the lost one is again' \
	"$(ids after)" '4 1 2 3 '
printf '%s\n' '{"id":"1","n":1}' '{"id":"1","op":"delete"}' '{"id":"1","n":1}' >arrived
try 'corner 6: a put after a delete with the content of the first' 0 \
	"unset EVKIT_SEAL; evdedupe --id .id -m '$PWD/by-arrival.yaml' arrived" <<'END'
{"id":"1","n":1}
{"id":"1","op":"delete"}
{"id":"1","n":1}
END
lines 1 2 3 3 4 5 2 6 7 8 >all.raw
for cuts in '10' '5 5' '1 1 1 1 1 1 1 1 1 1' '3 4 3'; do
	rm -rf split split.out
	from=1
	for n in $cuts; do
		sed -n "$from,$((from + n - 1))p" all.raw | sealed "s$from" >s
		through split s >>split.out 2>"$tap/err2"
		through split s >"$tap/out2" 2>"$tap/err2"
		from=$((from + n))
	done
	is "corner 24: batches of $cuts, each twice" "$(ids split.out)" '1 2 3 4 5 6 7 8 '
done

# Sections

run "cat d1 d2 d3 | evdedupe --state sections --stats -"
check 'sections stay sections' 0 any \
	'evparse     in 11  out 11  rejected 0  blank 0
evdedupe    in 11  out 5  duplicate 6  rejected 0  blank 0'
jq -rc 'if ._ev.head then "head \(._ev.head.batch)" elif ._ev.seal then "seal \(._ev.seal.batch) \(._ev.seal.ok) \(._ev.seal.stages[1].out)" elif ._ev.at then empty else .id end' "$out" >got
same 'each with its name, its records and its seal' got - <<'END'
head d1
1
2
3
seal d1 true 3
head d2
4
seal d2 true 1
head d3
5
seal d3 true 1
END
is 'and each a commit' "$(sed 's/.* take //' sections/commits | tr '\n' ' ')" '"d1" "d2" "d3" '
run "evdedupe --state sections d1 d2 d3 | evversion --type .id | grep -v '^{\"_ev\"' | cut -c 1-9"
check 'what is behind takes the seals' 0 '{"id":"1"
{"id":"2"
{"id":"3"
{"id":"4"
{"id":"5"'
run "evdedupe --state twice d1 d1 | grep -vc '^{\"_ev\"'"
check 'the same section twice in one run: once' 0 3
run "cat d1 d2 | evdedupe --batch both --state named | grep -v '^{\"_ev\"'"
check '--batch names all sections' 0 "$(lines 1 2 3 4)"
run "cat d2 d1 | evdedupe --batch both --state named | grep -v '^{\"_ev\"'"
check 'so that all of it comes again' 0 "$(lines 3 4 1 2)"
run evdedupe --state pieces --duplicates dropped --stats stats.json d1 d2 d3
check '--duplicates of sections' 0 any
same 'are in one file' dropped - <<END
$(lines 2 3 1 2 4 5)
END
is '--stats of sections are those of all of them' \
	"$(jq -c '[.stages[1] | .in, .out, .duplicate]' stats.json)" '[11,5,6]'
mkfifo fifo
evdedupe --state live <fifo >live.out 2>"$tap/live" &
live=$!
exec 9>fifo
cat d1 >&9
until_true grep -q '^{"_ev":{"seal"' live.out
is 'a section is sealed and committed before the next one comes' \
	"$(grep -c '^{"_ev":{"seal"' live.out) $(wc -l <live/commits | tr -d ' ')" '1 1'

# Two at once

lines 8 1 | sealed d8 >d8
evdedupe --state live d8 >second.out 2>"$tap/second" 9>&- &
second=$!
sleep 0.3
ok 'a second writer waits for the first' kill -0 $second
is 'and writes nothing' "$(cat second.out)" ''
cat d2 >&9
exec 9>&-
wait $live
is 'the first ends well' $? 0
wait $second
is 'and then the second, too' $? 0
is 'which knows what the first brought' "$(grep -v '^{"_ev"' second.out | jq -r .id)" 8

# What is refused

usage="Try 'evdedupe --help'."
run 'unset EVKIT_SEAL; evdedupe --state st d1'
check 'without a seal' 2 '' "evdedupe: --state needs a sealed chain, for without EVKIT_SEAL a batch that was cut looks like a whole one: see evkit(7)
$usage"
run 'evparse .raw.d1 | evdedupe --state st'
check 'a batch without a name' 2 '' 'evdedupe: --state must know each batch by its name: give --batch ID to the program that begins the chain'
run evdedupe --state st --first .raw.d1
check 'the same at the head of a chain' 2 '' 'evdedupe: --state must know each batch by its name: give --batch ID to the program that begins the chain'
run "evdedupe --state first --first --batch d1 .raw.d1 | grep -v '^{\"_ev\"'"
check 'which evdedupe may begin' 0 "$(lines 1 2 3)"
is 'and it commits' "$(sed 's/.* take //' first/commits)" '"d1"'
run 'evdedupe --state st </dev/null'
check 'an input without a head, from /dev/null' 2 '' '~^evdedupe: EVKIT_SEAL is set and the input has no head'
run evdedupe --keep 90d d1
check '--keep without --state' 2 '' "evdedupe: --keep says what a state remembers: give --state DIR, too
$usage"
for keep in 90 0d d 90x 9dd -1d 1.5d 100001d ' 1d' 99999999999999999999d; do
	run evdedupe --state st --keep "$keep" d1
	check "--keep '$keep'" 2 '' "evdedupe: --keep takes days or hours, such as 90d or 36h, up to 100000, not '$keep'
$usage"
done
run evdedupe --state st -k .id d1
check 'the state of another identity' 2 any \
	'evdedupe: st: the state is one of id+content, and this run is one of .id: give it the same -k as the runs before, or another folder'
run evdedupe --state st --id .at d1
check 'another id' 2 any \
	'evdedupe: st: the state was made with another envelope (event in the model, or options such as --id): use that one, or fill another folder from the raw logs'
sed 's/ignore: \[.got\]/ignore: [.got, .n]/' evkit.yaml >ignore.yaml
run evdedupe -m ignore.yaml --state st d1
check 'other members that are ignored' 2 any '~^evdedupe: st: the state was made with another envelope '
sed 's/name: shop/name: shop2   # a comment/' evkit.yaml >same.yaml
run evdedupe -m same.yaml --state st d1
check 'another name is no other envelope' 0 any
sed 's/, version: .v, modified: .changed/, order: arrival/' evkit.yaml >arrival.yaml
run evdedupe -m arrival.yaml --state arrival d1
check 'order: arrival' 2 '' \
	'evdedupe: --state does not go with order: arrival in the model: there a record is a duplicate of the one before it alone, and a batch that is run again after others would not give the same again'
run "evdedupe -m arrival.yaml -k .id --state arrival d1 | grep -vc '^{\"_ev\"'"
check 'but with -k it does' 0 3
mkdir full && echo mine >full/notes
run evdedupe --state full d1
check 'a folder of other things' 2 '' 'evdedupe: full: is no state, and not empty: name a folder for the state alone'
is 'is left as it is' "$(cat full/notes)" mine
run evdedupe --state nowhere/st d1
check 'a folder that cannot be made' 2 '' '~^evdedupe: nowhere/st: the folder cannot be made: No such file or directory$'
echo file >file
run evdedupe --state file d1
check 'a file' 2 '' '~^evdedupe: file/lock: cannot be locked: Not a directory$'

# -k

printf '%s\n' '{"id":"1","n":1}' '{"id":"1","n":2}' '{"n":3}' | sealed k1 >k1
printf '%s\n' '{"id":"1","n":4}' '{"n":3}' '{"n":3,"id":null}' '{"id":"2"}' | sealed k2 >k2
run through keys -k .id k1
check '-k with a state' 0 '{"id":"1","n":1}
{"n":3}' 'in 3  out 2  duplicate 1  rejected 0  blank 0'
run through keys -k .id k2
check '-k: the first record of all batches wins' 0 '{"n":3,"id":null}
{"id":"2"}' 'in 4  out 2  duplicate 2  rejected 0  blank 0'
run through keys -k .id k1
check '-k: a batch that is run again' 0 '{"id":"1","n":1}
{"n":3}' any
run through keys k1
check '-k: without it' 2 any 'evdedupe: keys: the state is one of .id, and this run is one of id+content: give it the same -k as the runs before, or another folder'
run through spaced -k '."a b",.c' k1
check '-k: a path with a space in it' 0 any any
run through spaced -k '."a b",.d' k1
check '-k: which is told apart' 2 any '~^evdedupe: spaced: the state is one of \."a%20b",\.c, and this run is one of \."a%20b",\.d: '

# By arrival, without a state

try 'order: arrival: a record is held against the last of its id' 0 \
	"unset EVKIT_SEAL; printf '%s\n' '{\"id\":\"1\",\"n\":1}' '{\"n\":1.0,\"id\":\"1\"}' '{\"id\":\"2\",\"n\":1}' '{\"id\":\"1\",\"n\":2}' '{\"id\":\"2\",\"n\":1,\"got\":5}' '{\"id\":\"1\",\"n\":1}' '{\"id\":\"1\",\"n\":1}' '{\"id\":\"1\",\"n\":2}' | evdedupe -m arrival.yaml --stats -" <<'END'
{"id":"1","n":1}
{"id":"2","n":1}
{"id":"1","n":2}
{"id":"1","n":1}
{"id":"1","n":2}
! evdedupe    in 8  out 5  duplicate 3  rejected 0  blank 0
END
awk 'BEGIN { for (k = 0; k < 3; k++) for (i = 0; i < 5000; i++) printf "{\"id\":%d,\"n\":%d}\n", i, k % 2 }' >arrivals
run 'unset EVKIT_SEAL; cat arrivals arrivals | evdedupe -m arrival.yaml | cmp - arrivals.want'
awk 'BEGIN { for (k = 0; k < 6; k++) for (i = 0; i < 5000; i++) if (k != 3) printf "{\"id\":%d,\"n\":%d}\n", i, k % 3 % 2 }' >arrivals.want
run 'unset EVKIT_SEAL; cat arrivals arrivals | evdedupe -m arrival.yaml | cmp - arrivals.want'
check 'order: arrival, of many ids' 0

# --keep

# at ID DAY: a record of that day of the year 2026.
at()
{
	printf '{"id":"%s","at":"%s"}\n' "$1" "$(date -u -d "2026-01-01 +$2 days" +%Y-%m-%dT00:00:00Z)"
}
{
	at old 0
	at new 50
} | sealed k-1 >k-1
{
	at old 0
	at new 50
	at later 89
} | sealed k-2 >k-2
{
	at old 0
	at new 50
	at latest 91
} | sealed k-3 >k-3
{
	at old 0
	at old 0
	at new 50
	at later 89
	at latest 91
	at other 0
} | sealed k-4 >k-4
run through kept --keep 90d k-1
check '--keep' 0 "$(at old 0; at new 50)" 'in 2  out 2  duplicate 0  late 0  rejected 0  blank 0'
run through kept --keep 90d k-2
check '--keep: all of it is remembered' 0 "$(at later 89)" 'in 3  out 1  duplicate 2  late 0  rejected 0  blank 0'
run through kept --keep 90d k-3
check '--keep: age is reckoned from the newest record that was remembered before' 0 "$(at latest 91)" \
	'in 3  out 1  duplicate 2  late 0  rejected 0  blank 0'
run through kept --keep 90d k-3
check '--keep: the batch that came last gives the same again' 0 "$(at latest 91)" \
	'in 3  out 1  duplicate 2  late 0  rejected 0  blank 0'
run through kept --keep 90d k-4
check 'corner 21: what is too old comes through once a batch, and is counted' 0 "$(at old 0; at other 0)" \
	'in 6  out 2  duplicate 4  late 2  rejected 0  blank 0'
run through kept --keep 90d k-4
check '--keep: again and again, because it is not remembered' 0 "$(at old 0; at other 0)" \
	'in 6  out 2  duplicate 4  late 2  rejected 0  blank 0'
run through kept k-2
check 'without --keep nothing more is let go' 0 "$(at later 89)" 'in 3  out 1  duplicate 2  rejected 0  blank 0'
at x 92 | sealed k-5 >k-5
through kept --keep 90d k-5 >"$tap/out2" 2>"$tap/err2"
run through kept --keep 300d k-4
check 'what was let go does not come back with a longer --keep' 0 "$(at old 0; at other 0)" any
printf '%s\n' '{"id":"1"}' '{"id":"2","at":"yesterday"}' '{"id":"3","at":5}' '{"id":"4","at":"2026-01-01T00:00:00"}' | sealed t-1 >t-1
printf '%s\n' '{"id":"5","at":"2027-01-01T00:00:00Z"}' | sealed t-2 >t-2
printf '%s\n' '{"id":"6","at":"2025-01-01T00:00:00Z","changed":"2027-01-01T00:00:00Z"}' | sealed t-3 >t-3
{
	cat .raw.t-1 .raw.t-2 .raw.t-3
	printf '%s\n' '{"id":"7","at":"2027-01-01T00:00:00Z","changed":"2026-01-01T00:00:00Z"}'
} | sealed t-4 >t-4
for batch in t-1 t-2 t-3; do
	through timeless --keep 1h $batch >"$tap/out2" 2>"$tap/err2"
done
run through timeless --keep 1h t-4
check 'records without a time are kept for ever; the modified time goes before the event'\''s' 0 \
	'{"id":"7","at":"2027-01-01T00:00:00Z","changed":"2026-01-01T00:00:00Z"}' \
	'in 7  out 1  duplicate 6  late 1  rejected 0  blank 0'
rm -rf kept
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
	at "r$n" "$n" | sealed "day$n" >day
	through kept --keep 48h day >"$tap/out2" 2>"$tap/err2"
done
ok 'the files of what was let go are removed' [ "$(find kept -name '*.run' | wc -l)" -lt 12 ]
is 'and with them most entries' "$(($(cat kept/*.run | wc -c) / 24 < 12))" 1

# Any history

sed 's/time: .at/time: .t/' evkit.yaml >random.yaml
run "EVKIT_MODEL=random.yaml perl '$srcdir/tests/evdedupe_random.pl' 1 ${DEDUPE_HISTORIES-12}"
check 'random histories' 0 "~^[0-9]+ runs\$"

# Damage

# A state of eight batches: the next one merges.
rm -rf eight
for n in 1 2 3 4 5 6 7; do
	lines "$n" "a$n" | sealed "e$n" >e
	through eight e >"$tap/out2" 2>"$tap/err2"
done
lines 8 3 a8 8 | sealed e8 >e8
lines 8 9 1 a3 | sealed e9 >e9
cp -r eight work && through work e8 >want8 2>"$tap/err2" && through work e9 >want9 2>"$tap/err2"
is 'what e8 and e9 bring' "$(ids want8) $(ids want9)" '8 a8  9 '
ok 'e8 merges' [ ! -e work/00000001.run ]

# flip FILE OFFSET
flip()
{
	perl -e 'open F, "+<", $ARGV[0] or die; seek F, $ARGV[1], 0; read F, $c, 1; seek F, $ARGV[1], 0;
		print F chr(ord($c) ^ 1 << $ARGV[1] % 8)' "$1" "$2"
}

: >bad.flips
flips=0
for file in eight/*; do
	size=$(wc -c <"$file")
	step=$((size / 9 + 1))
	offset=0
	while [ $offset -lt "$size" ]; do
		rm -rf work
		cp -r eight work
		flip "work/${file#*/}" $offset
		through work e8 >got 2>"$tap/flipped"
		st=$?
		if [ $st = 2 ] && grep -q '^evdedupe: work/[0-9a-z.]*: ' "$tap/flipped"; then
			:
		elif [ $st = 0 ] && cmp -s got want8; then
			through work e9 >got 2>"$tap/flipped"
			st=$?
			{ [ $st = 0 ] && cmp -s got want9; } ||
				{ [ $st = 2 ] && grep -q '^evdedupe: work/[0-9a-z.]*: ' "$tap/flipped"; } ||
				echo "$file at $offset, e9: $st $(cat "$tap/flipped")" >>bad.flips
		else
			echo "$file at $offset: $st $(cat "$tap/flipped")" >>bad.flips
		fi
		flips=$((flips + 1))
		offset=$((offset + step))
	done
done
ok "a flipped bit in any file of the state is told, or does no harm ($flips)" [ ! -s bad.flips ]
[ ! -s bad.flips ] || diag "$(head -n 8 bad.flips)"
: >bad.cuts
for file in eight/*; do
	for how in cut remove longer; do
		rm -rf work
		cp -r eight work
		case $how in
		cut) head -c "$(($(wc -c <"$file") / 2))" "$file" >"work/${file#*/}" ;;
		remove) rm "work/${file#*/}" ;;
		longer) printf 'x' >>"work/${file#*/}" ;;
		esac
		through work e8 >got 2>"$tap/cut"
		case $?${file#*/}$how in
		0lock*|0commitslonger) cmp -s got want8 || echo "$file $how: other records" ;;
		2*) grep -q '^evdedupe: work[/:]' "$tap/cut" || cat "$tap/cut" ;;
		*) echo "$file $how: $? $(cat "$tap/cut")" ;;
		esac >>bad.cuts
	done
done
ok 'so is a file that is cut, missing or longer' [ ! -s bad.cuts ]
[ ! -s bad.cuts ] || diag "$(head -n 8 bad.cuts)"
rm -rf work
cp -r eight work
sed -i '1s/ 1$/ 2/' work/manifest
run through work e8
check 'a manifest of another version' 2 '' 'evdedupe: work/manifest: is of another format than evkit-state 1: use the version of evkit that made it, or make the state anew from the raw logs'
sed -i '1s/.*/hello/' work/manifest
run through work e8
check 'a manifest that is none' 2 '' 'evdedupe: work/manifest: is damaged, or no manifest of a state: bring the state back from a copy, or make it anew from the raw logs'
rm -rf work
cp -r eight work
cp -r eight old
through work e8 >"$tap/out2" 2>"$tap/err2"
cp eight/manifest work/manifest
run through work e8
check 'an old manifest among newer files' 2 '' '~^evdedupe: work/[0-9]*\.(run|index): cannot be read: No such file or directory: '
run through old e9
check 'a state put back from an old copy knows what it knew: nothing is dropped that was not seen' 0 \
	"$(lines 8 9)" any
run through eight e8
check 'what lies beside the state is removed' 0 any any
echo x >eight/00009999.run
echo x >eight/.manifest.1.0~
run through eight e9
check 'also what a crash left' 0 "$(lines 9)" any
ok 'all of it' [ ! -e eight/00009999.run -a ! -e eight/.manifest.1.0~ ]

# Faults: each call fails, falls short, or is the last, at any of its numbers

fault=$top_builddir/tests/fault.so
if [ -e "$fault" ] && [ -z "$(LD_PRELOAD=$fault EVKIT_FAULT=open:0 evdedupe --version 2>&1 >"$tap/out2")" ]; then
	rm -rf eight
	for n in 1 2 3 4 5 6 7; do
		lines "$n" "a$n" | sealed "e$n" >e
		through eight e >"$tap/out2" 2>"$tap/err2"
	done
	tries=${FAULT_TRIES-12}
	for call in write write:short write:kill pwrite pwrite:short pwrite:kill fsync fsync:kill fsync:done \
		rename rename:kill rename:done open read ftruncate close unlink unlink:kill flock; do
		how=${call#"${call%%:*}"}
		name=${call%%:*}
		rm -rf work
		cp -r eight work
		LD_PRELOAD=$fault EVKIT_FAULT=$name:0 EVKIT_FAULT_COUNT=$PWD/count \
			evdedupe --state work e8 >got 2>"$tap/err2"
		n=$(cat count)
		i=1
		: >bad.faults
		while [ "$i" -le "$n" ]; do
			rm -rf work
			cp -r eight work
			LD_PRELOAD=$fault EVKIT_FAULT=$name:$i$how evdedupe --state work e8 >got 2>"$tap/faulted"
			st=$?
			why=
			case $st in
			0) grep -q '^{"_ev":{"seal"' got || why='no seal'
				grep '^evdedupe: the state is whole, but its runs are not merged' "$tap/faulted" >>unmerged ;;
			2) grep -q '^evdedupe: ' "$tap/faulted" || why='no message'
				! grep -q '^{"_ev":{"seal"' got || [ "$name" = close ] || [ "$name" = read ] || why='sealed' ;;
			137) [ -n "$how" ] || why='killed' ;;
			*) why="status $st" ;;
			esac
			# Whatever happened: the same line, and the next batch.
			through work e8 >got 2>"$tap/again" && cmp -s got want8 || why="$why, then e8: $(cat "$tap/again" got)"
			through work e9 >got 2>"$tap/again" && cmp -s got want9 || why="$why, then e9: $(cat "$tap/again" got)"
			find work -name '.*' -type f | grep -q . && why="$why, and a file is left"
			[ -z "$why" ] || echo "$name:$i$how: $why: $(cat "$tap/faulted")" >>bad.faults
			i=$((i + (n + tries - 1) / tries))
		done
		ok "$call at any of $n: the same line again gives the same" [ ! -s bad.faults ]
		[ ! -s bad.faults ] || diag "$(head -n 8 bad.faults)"
	done
	ok 'merging that fails behind the seal is told, and is no trouble' [ -s unmerged ]
else
	skip 'faults' 'nothing can be preloaded here'
fi
done_testing

#!/bin/sh
# A stream in sections: evparse --commit-every, and the programs behind it.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

EVKIT_SEAL=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
export EVKIT_SEAL
need jq || {
	done_testing
}
cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .at, version: .v}
types: {Order: {type: object, properties: {n: {type: integer}}}}
END

# orders FIRST LAST
orders()
{
	awk -v i="$1" -v last="$2" 'BEGIN { for (; i <= last; i++)
		printf "{\"id\":\"o%d\",\"type\":\"Order\",\"at\":\"2026-03-01T10:00:00Z\",\"v\":1,\"n\":%d}\n", i, i }'
}

# shape [FILE]: the sections of a stream: names, ids, balance of the last stage.
shape()
{
	jq -r 'if ._ev.head then "head \(._ev.head.batch)"
		elif ._ev.seal then "seal \(._ev.seal.batch) \(._ev.seal.ok) \(._ev.seal.stages | length) " +
			(._ev.seal.stages[-1] | "\(.in) \(.out) \(.duplicate) \(.rejected) \(.blank)")
		elif ._ev.at then "at \(._ev.at.line)" else .id end' "$@"
}

# seals N FILE
seals()
{
	[ "$(grep -c '^{"_ev":{"seal"' "$2")" = "$1" ]
}

# Sections

{
	orders 1 3
	printf 'no order\n\n'
	orders 4 5
} >in.log
run evparse --batch s --commit-every 2 -r rejects --stats stats.json in.log
shape "$out" >got
same 'a section every two lines, rejects and blank ones among them' got - <<'END'
head s.00000001
at 1
o1
o2
seal s.00000001 true 1 2 2 null 0 0
head s.00000002
at 3
o3
seal s.00000002 true 1 2 1 null 1 0
head s.00000003
at 6
o4
seal s.00000003 true 1 2 1 null 0 1
head s.00000004
at 7
o5
seal s.00000004 true 1 1 1 null 0 0
END
is 'the counts of all of them' "$(jq -c '[.batch, (.stages[0] | .in, .out, .rejected, .blank)]' stats.json)" '["s",7,5,1,1]'
is 'what was set aside is in one file' "$(jq -r ._ev.reject.line rejects)" 4
run 'evparse --commit-every 7 -r rejects in.log'
is 'just as many lines as there are: one section, without a name if there is none' \
	"$(shape "$out" | grep -c seal) $(shape "$out" | head -n 1)" '1 head '
run 'evparse --commit-every 6 -r rejects in.log'
is 'one more: two' "$(shape "$out" | grep -c seal)" 2
run evparse --batch s --commit-every 2 /dev/null
shape "$out" >got
same 'nothing comes: one section' got - <<'END'
head s.00000001
seal s.00000001 true 1 0 0 null 0 0
END
head -c 300 /dev/zero | tr '\0' x >long
{
	orders 1 1
	cat long
	echo
	orders 2 2
} >long.log
run evparse --batch s --commit-every 2 --max-line 200 -r rejects long.log
shape "$out" >got
same 'a line that is too long is in one section' got - <<'END'
head s.00000001
at 1
o1
seal s.00000001 true 1 2 1 null 1 0
head s.00000002
at 3
o2
seal s.00000002 true 1 1 1 null 0 0
END
run 'evparse --batch s --commit-every 2 -r rejects in.log | evvalidate | evdedupe --state st --stats -'
check 'through a chain' 0 any 'evparse     in 7  out 5  rejected 1  blank 1
evvalidate  in 5  out 5  warning 0  rejected 0  blank 0
evdedupe    in 5  out 5  duplicate 0  rejected 0  blank 0'
shape "$out" | grep seal >got
same 'sections stay sections, each sealed by all' got - <<'END'
seal s.00000001 true 3 2 2 0 0 0
seal s.00000002 true 3 1 1 0 0 0
seal s.00000003 true 3 1 1 0 0 0
seal s.00000004 true 3 1 1 0 0 0
END
is 'and each a commit' "$(sed 's/.* take //' st/commits | tr '\n' ' ')" '"s.00000001" "s.00000002" "s.00000003" "s.00000004" '
run 'evparse --batch s --commit-every 2 -r rejects in.log | evvalidate | evdedupe | evversion'
is 'what gathers makes one of them' "$(shape "$out" | grep -c seal)" 1
for bad in 0 '' x -1 1.5 '5,' 5,x 5,3 5,3d 5,-3s 5,3ss 99999999999999999999 5,9999999s; do
	run evparse --commit-every "$bad" in.log
	check "--commit-every '$bad'" 2 '' "evparse: --commit-every takes a number of lines, and an age if you like, such as 10000 or 10000,30s, not '$bad'
Try 'evparse --help'."
done
run 'unset EVKIT_SEAL; evparse --commit-every 5 in.log'
check 'without a seal' 2 '' "evparse: --commit-every makes sections of a sealed chain: set EVKIT_SEAL, see evkit(7)
Try 'evparse --help'."

run evparse --batch s --commit-every 2 --max-rejects 0 -r rejects in.log
is 'a verdict that is no, from the section on in which it is' \
	"$status $(shape "$out" | grep seal | cut -d ' ' -f 3 | tr '\n' ' ')" '1 true false false false '
run 'evparse --batch s --commit-every 2 --max-rejects 0 -r rejects in.log | evdedupe --state no'
check 'what is behind stops there' 2 any \
	'~^evdedupe: -:[0-9]+: the seal says that a stage before this one did not approve the batch'
is 'and has taken what was approved' "$(sed 's/.* take //' no/commits)" '"s.00000001"'
run 'evparse --commit-every 2 -r rejects in.log >/dev/full'
check 'a full disk' 2 '' 'evparse: standard output: cannot be written: No space left on device'
run 'evparse --commit-every 2 -r /dev/full in.log'
check 'a full disk of rejects' 2 any 'evparse: /dev/full: cannot be written: No space left on device'
is 'is told before the seal of that section' "$(shape "$out" | grep -c seal)" 1
run 'evparse --batch s --commit-every 2 -r rejects -o whole in.log'
check 'into a file' 0
evparse --batch s --commit-every 2 -r rejects in.log >piped
same 'it is the same' whole piped
run 'evdedupe --state files --stats - whole'
check 'a file of sections is as good as a pipe of them' 0 any 'evparse     in 7  out 5  rejected 1  blank 1
evdedupe    in 5  out 5  duplicate 0  rejected 0  blank 0'

# Sections of rejects alone

{
	orders 1 1
	echo 'no order'
	orders 2 2 | sed 's/"n":2/"n":"two"/'
	orders 3 3
} >dirty.log
run 'evparse --batch d --commit-every 1 -r rejects dirty.log | evvalidate -r judged | evdedupe --state dirty --stats -'
check 'one bad line is no reason to end a stream, whoever rejects it' 0 any 'evparse     in 4  out 3  rejected 1  blank 0
evvalidate  in 3  out 2  warning 0  rejected 1  blank 0
evdedupe    in 2  out 2  duplicate 0  rejected 0  blank 0'
shape "$out" >got
same 'its section is empty, and approved' got - <<'END'
head d.00000001
at 1
o1
seal d.00000001 true 3 1 1 0 0 0
head d.00000002
seal d.00000002 true 3 0 0 0 0 0
head d.00000003
seal d.00000003 true 3 0 0 0 0 0
head d.00000004
at 4
o3
seal d.00000004 true 3 1 1 0 0 0
END
is 'the head says that it is a piece of a stream' \
	"$(evparse --commit-every 1 -r rejects dirty.log | grep -c '"stages":\["evparse"\],"stream":true,"checked":true}}}$')" 4
ok 'and that of a batch does not' sh -c '! evparse -r rejects dirty.log | grep "\"stream\""'
sed -n 3p dirty.log >wrong.log
run 'evparse wrong.log | evvalidate -r judged'
check 'as a batch it is a no' 1 any '~nothing passed.* 1 record was'
is 'which its seal says' "$(shape "$out" | grep seal)" 'seal  false 2 1 0 null 1 0'
run 'evparse --batch w --commit-every 9 wrong.log | evvalidate -r judged'
check 'of a stream, of which nothing else came, too' 1 any '~nothing passed.* 1 record was'
is 'by a section behind it, whose seal was out by then' "$(shape "$out" | grep seal)" 'seal w.00000001 true 2 1 0 null 1 0
seal w.00000001 false 1 0 0 null 0 0'
run 'evparse --batch w --commit-every 9 wrong.log | evvalidate -r judged | evdedupe'
check 'so that the programs behind it know' 2 any '~evdedupe: .*did not approve the batch'
{
	{ head -n 1 in.log; cat wrong.log; } | evparse --batch s --commit-every 1
	evparse --batch d2 /dev/null
	head -n 1 in.log | evparse --batch d3
} >mixed.jsonl
run 'evvalidate -r judged mixed.jsonl'
check 'a stream says nothing of batches behind it' 0 any
is 'which are right' "$(shape "$out" | grep seal | cut -d ' ' -f 2-3)" 's.00000001 true
s.00000002 true
d2 true
d3 true'
awk '{ for (i = 0; i < 1400; i++) print }' wrong.log >wrongs.log
cat in.log wrongs.log >later.log
for every in 1 300 5000; do
	run "evparse --batch w --commit-every $every -r rejects later.log | evvalidate -r judged"
	[ $every = 5000 ] || check "a thousand in a row are one: --commit-every $every" 1 any '~nothing passed.* 1[0-9]* records were'
	is "from there on: --commit-every $every" "$(shape "$out" | grep seal | cut -d ' ' -f 3 | uniq -c | tr -s ' \n' ' ')" \
		"$(case $every in 1) echo ' 1006 true 401 false ' ;; 300) echo ' 4 true 1 false ' ;; *) echo ' 1 true ' ;; esac)"
done

run 'evparse --batch d --commit-every 1 --max-rejects 30% -r rejects dirty.log | evvalidate -r judged --max-rejects 50%'
check 'nor is it too large a share' 0 any
run 'evparse --batch d --commit-every 1 --max-rejects 20% -r rejects dirty.log'
check 'but of all of it that is told' 1 any 'evparse: 1 of 4 lines were rejected, more than --max-rejects allows'
is 'by one more seal' "$(shape "$out" | grep seal | cut -d ' ' -f 2-3 | tr '\n' ' ')" \
	'd.00000001 true d.00000002 true d.00000003 true d.00000004 true d.00000005 false '
for i in 1 2 3 4 5 6 7 8 9 10; do
	head -n 120 wrongs.log
	orders "$i" "$i"
done >shared.log
run 'evparse --batch d --commit-every 700 shared.log | evvalidate --max-rejects 98% -r judged'
check 'a thousand records are a share' 1 any 'evvalidate: 1200 of 1210 lines were rejected, more than --max-rejects allows'
is 'from there on' "$(shape "$out" | grep seal | cut -d ' ' -f 3 | tr '\n' ' ')" 'true false '

# As it comes

mkfifo fifo
evparse --batch live --commit-every 2 -r live.rejects <fifo 2>"$tap/live" |
	evvalidate 2>"$tap/live2" | evdedupe --state live >live.out 2>"$tap/live3" &
live=$!
exec 9>fifo
{
	echo 'no order'
	orders 1 1
} >&9
ok 'a section is sealed by all programs while the stream goes on' until_true grep -q '"seal"' live.out
is 'and remembered' "$(sed 's/.* take //' live/commits)" '"live.00000001"'
is 'what it set aside is written, if under a name of its own' "$(jq -r ._ev.reject.line .live.rejects.*~)" 1
{
	orders 2 2
	orders 1 1
} >&9
ok 'so is the next' until_true seals 2 live.out
is 'of which each record went through once' "$(grep -v '^{"_ev"' live.out | jq -r .id | tr '\n' ' ')" 'o1 o2 '
orders 3 3 >&9
exec 9>&-
wait $live
is 'the last one is what is left' "$(shape live.out | tail -n 2 | tr '\n' ' ')" 'o3 seal live.00000003 true 3 1 1 0 0 0 '
is 'and what was set aside has its name' "$(jq -r ._ev.reject.line live.rejects)" 1
evparse --batch timed --commit-every 1000000,0s <fifo >timed.out 2>"$tap/timed" &
live=$!
exec 9>fifo
orders 1 3 >&9
ok 'a section that is old enough is sealed when more has to be waited for' until_true grep -q '"seal"' timed.out
sleep 0.3
is 'and no other begins before there is a line' "$(shape timed.out | grep -c head)" 1
orders 4 4 >&9
ok 'the next is one of its own' until_true seals 2 timed.out
exec 9>&-
wait $live
is 'which were all' "$(shape timed.out | grep -c seal)" 2
evparse --batch quiet --commit-every 1000000,0s -r quiet.rejects <fifo 2>"$tap/quiet" |
	evvalidate -r quiet.judged 2>"$tap/quiet2" >quiet.out &
live=$!
exec 9>fifo
echo 'no order' >&9
ok 'a bad line in a quiet hour is sealed in its time' until_true seals 1 quiet.out
cat wrong.log >&9
ok 'so is one that evvalidate alone rejects' until_true seals 2 quiet.out
orders 1 1 >&9
ok 'and the stream goes on' until_true seals 3 quiet.out
exec 9>&-
wait $live
is 'with the verdict yes' "$? $(shape quiet.out | grep seal | cut -d ' ' -f 3 | tr '\n' ' ')" '0 true true true '
evparse --batch idle --commit-every 1000000,300ms <fifo >idle.out 2>"$tap/idle" &
live=$!
exec 9>fifo
orders 1 3 >&9
until_true grep -q o3 idle.out
is 'a section that is young' "$(shape idle.out | grep -c seal)" 0
ok 'is sealed at its age, though nothing comes' until_true seals 1 idle.out
exec 9>&-
wait $live
is 'and no other is made of nothing' "$(shape idle.out | grep -c head)" 1
# joined AGE: what comes of a record that is followed by none, while the stream goes on.
joined()
{
	evparse --continued --batch held --commit-every "9$1" -r held.rejects <fifo >held.out 2>"$tap/held" &
	live=$!
	exec 9>fifo
	{
		orders 1 1
		printf '{"id":"o2","type":"Order","at":"2026-03-01T10:00:00Z",\n  "v":1}\n'
	} >&9
}
joined ,100ms
ok 'a record that the next line could continue does not wait for ever' until_true grep -q o2 held.out
ok 'nor does its section' until_true eval 'shape held.out | tail -n 1 | grep -q "^seal"'
{
	printf '{"id":"o3","type":"Order",'
	sleep 1.5
	printf '\n "at":"2026-03-01T10:00:00Z","v":1}\n'
} >&9
ok 'one of which a line is not whole waits for that' until_true grep -q o3 held.out
exec 9>&-
wait $live
is 'they are whole, and nothing is rejected' "$(grep -v '^{"_ev"' held.out | jq -c '[.id, .v]' | tr '\n' ' ')$(cat held.rejects)" \
	'["o1",1] ["o2",1] ["o3",1] '
joined ''
until_true grep -q o1 held.out
sleep 1.2
is 'without an age it waits' "$(grep -c o2 held.out)" 0
exec 9>&-
wait $live
is 'up to the end' "$(grep -c o2 held.out)" 1
{
	orders 1 1
	printf '{"id":"o2","type":"Order","at":"2026-03-01T10:00:00Z",\n  "v":1}\n'
} >joined.log
run 'evparse --continued --batch f --commit-every 9,0s joined.log | shape'
check 'a file has no clock' 0 'head f.00000001
at 1
o1
o2
seal f.00000001 true 1 2 2 null 0 0'
evparse --batch slow --commit-every 1000000,1h <fifo >slow.out 2>"$tap/slow" &
live=$!
exec 9>fifo
orders 1 3 >&9
until_true grep -q o3 slow.out
sleep 0.3
is 'one that is young goes on' "$(shape slow.out | grep -c seal)" 0
exec 9>&-
wait $live
is 'up to the end' "$(shape slow.out | grep -c seal)" 1

# What was set aside is safe when its section is sealed, whoever is stopped then

for how in TERM KILL; do
	rm -rf aside
	mkdir aside
	evparse --batch aside --commit-every 2 --format json -r aside/parsed <fifo 2>"$tap/aside" |
		evvalidate -r aside/judged >aside.out 2>"$tap/aside2" &
	exec 9>fifo
	{
		orders 1 1
		echo 'no order'
		orders 2 2 | sed 's/"n":2/"n":"two"/'
		orders 3 3
		orders 4 4
	} >&9
	until_true seals 2 aside.out
	for name in parsed judged; do
		pid=$(ls -A aside | sed -n "s/^\\.$name\.\([0-9]*\)\..*~\$/\1/p")
		kill -$how "$pid"
	done
	exec 9>&-
	wait
	is "$how: what was sealed of the rejects is left" "$(cat aside/.parsed.*~ | jq -c '._ev.reject | [.line, .code]') $(jq -c '._ev.reject | [.line, .code]' aside/.judged.*~)" \
		'[2,"json"] [3,"schema"]'
done

# A stop in the middle, and the same line again

orders 1 3000 >many.log
grep -v x many.log >want
# pieces: what came out whole, section by section.
pieces()
{
	awk '/^\{"_ev":\{"head"/ { n = 0; next } /^\{"_ev":\{"seal"/ { for (i = 0; i < n; i++) print line[i]; n = 0; next }
		/^\{"_ev"/ { next } { line[n++] = $0 }' "$1"
}
run "evparse --batch m --commit-every 10 many.log | evdedupe --state stop | head -n 400 >first"
check 'the reader stops' 0
done=$(wc -l <stop/commits)
ok "some sections were through ($done)" [ "$done" -ge 30 ]
run 'evparse --batch m --commit-every 10 many.log | evdedupe --state stop >second'
check 'the same line again' 0
pieces second >got
same 'all of it comes again, for the sections are the same' got want
is 'and each is a commit once' "$(sed 's/.* take //' stop/commits | sort | uniq -d | wc -l | tr -d ' ') $(wc -l <stop/commits | tr -d ' ')" '0 300'
fault=$top_builddir/tests/fault.so
if [ -e "$fault" ] && [ -z "$(LD_PRELOAD=$fault EVKIT_FAULT=open:0 evdedupe --version 2>&1 >"$tap/out2")" ]; then
	: >bad
	orders 1 60 >few.log
	for call in fsync:7 fsync:40 rename:9 rename:33 write:5 write:21 pwrite:3 unlink:5; do
		for at in $call $call:kill; do
			rm -rf stop
			(evparse --batch m --commit-every 5 few.log |
				LD_PRELOAD=$fault EVKIT_FAULT=$at evdedupe --state stop >first) 2>"$tap/told"
			evparse --batch m --commit-every 5 few.log | evdedupe --state stop >second 2>"$tap/told2"
			pieces second >got
			cmp -s got few.log || echo "$at: $(wc -l <got) lines: $(cat "$tap/told2")" >>bad
			orders 50 70 >next.log
			evparse --batch n --commit-every 5 next.log | evdedupe --state stop >second 2>"$tap/told2"
			pieces second >got
			orders 61 70 >wanted
			cmp -s got wanted || echo "$at, the next: $(wc -l <got) lines: $(cat "$tap/told2")" >>bad
		done
	done
	ok 'wherever evdedupe stops: the same line again, and then the next' [ ! -s bad ]
	[ ! -s bad ] || diag "$(head -n 8 bad)"
else
	skip 'faults' 'nothing can be preloaded here'
fi
done_testing

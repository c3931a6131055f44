#!/bin/sh
# evstate: what a state holds, what is known of one event, whether every byte is right, and batches
# that are taken out.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

EVKIT_SEAL=a-secret-of-the-test
export EVKIT_SEAL
cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .time, version: .v, op: .op, ignore: [.got]}
types: {T: {type: object, properties: {x: {type: integer, maximum: 99}}}}
END

# take STATE BATCH FILE [OPTION...]: what is emitted since 0 stands in $out.
take()
{
	state=$1 batch=$2 file=$3
	shift 3
	run "evparse -r bad --batch '$batch' '$file' | evversion -r rejects --state '$state' --since 0 $*"
}

# What a state holds, but for what tells when it came.
holds()
{
	evversion --state "$1" --since 0 -r again </dev/null |
		sed '/^{"_ev":{"[hs]ea/d; s/,"first":[0-9]*,"from":[0-9]*\(,"days":\["[0-9-]*","[0-9-]*"\]\)\{0,1\}}}$/}}/'
}

#
# What it prints
#
cat >day1 <<'END'
{"id":"o-1","type":"T","time":"2026-03-01T10:00:00Z","v":1,"x":1}
{"id":"o-1","type":"T","time":"2026-03-01T11:00:00Z","v":2,"op":"patch","x":2}
{"id":"o-2","type":"T","time":"2026-03-01T11:00:00Z","v":2,"op":"patch","x":2}
END
cat >day2 <<'END'
{"id":"o-1","type":"T","time":"2026-03-01T11:00:00Z","v":2,"op":"patch","x":3}

{"id":"o-1","type":"T","time":"2026-03-01T10:00:00Z","v":1,"x":1}
{"id":"o-3","type":"T","time":"2026-03-01T10:00:00Z","v":1,"x":1}
END
cat >day3 <<'END'
{"id":"o-1","type":"T","time":"2026-03-01T12:00:00Z","v":3,"op":"patch","x":100}
{"id":"o-1","type":"T","time":"2026-03-01T13:00:00Z","v":4,"x":3}
{"id":"o-1","type":"T","time":"2026-03-01T14:00:00Z","v":5,"op":"delete"}
{"id":"o-1","type":"T","time":"2026-03-01T15:00:00Z","v":6,"op":"delete"}
END
for day in 1 2 3; do
	take st "day $day" "day$day"
done

cat >ids.sed <<'END'
s/^\(id: \)[0-9a-f]\{16\}$/\1ID/
s/^\(position: \)[0-9a-f]\{16\}:\([0-9]*\):[0-9a-f]\{32\}$/\1ID:\2:DIGEST/
s/^\(envelope: \|contract: \)[0-9a-f]\{32\}$/\1DIGEST/
s/^bytes: [0-9]*$/bytes: N/
s/ bytes [0-9]*$/ bytes N/
END
run 'evstate info st | sed -f ids.sed'
check 'info' 0 'kind: events
program: evversion
id: ID
position: ID:3:DIGEST
commits: 3
entries: 10
bytes: N
runs: 3
older: 0
envelope: DIGEST
contract: DIGEST
batch: "day 1" commits 1 records 3
batch: "day 2" commits 2 records 3
batch: "day 3" commits 3 records 4'
is 'its position is that of the output' "$(evstate info st | sed -n 's/^position: //p')" \
	"$(evversion --state st --since 0 </dev/null | sed -n '1s/.*"store":"\([0-9a-f]*\)".*"to":\([0-9]*\),.*"digests":"[0-9a-f]*\([0-9a-f]\{32\}\)".*/\1:\2:\3/p')"
run 'evstate check st | sed -f ids.sed'
check 'check' 0 'whole: commits 3 entries 10 runs 3 bytes N'

cat >want <<'END'
event o-1

record 1 of 7: put, version 1, 2026-03-01T10:00:00.000000Z
  brought    commit 1, batch day 1
             day1 line 1, offset 0
  again      batch day 2
             day2 line 3, offset 80
  outcome    version 1, superseded
  valid      from 2026-03-01T10:00:00.000000Z to 2026-03-01T11:00:00.000000Z
  {"id":"o-1","type":"T","time":"2026-03-01T10:00:00Z","v":1,"x":1}

record 2 of 7: patch, version 2, 2026-03-01T11:00:00.000000Z
  brought    commit 2, batch day 2
             day2 line 1, offset 0
  outcome    version 2, superseded
  valid      from 2026-03-01T11:00:00.000000Z to 2026-03-01T14:00:00.000000Z
  {"id":"o-1","type":"T","time":"2026-03-01T11:00:00Z","v":2,"op":"patch","x":3}

record 3 of 7: patch, version 2, 2026-03-01T11:00:00.000000Z
  brought    commit 1, batch day 1
             day1 line 2, offset 66
  outcome    conflict: the event o-1: the record at day2:1 has the same version,
             time and op, and content that is greater
  {"id":"o-1","type":"T","time":"2026-03-01T11:00:00Z","v":2,"op":"patch","x":2}

record 4 of 7: patch, version 3, 2026-03-01T12:00:00.000000Z
  brought    commit 3, batch day 3
             day3 line 1, offset 0
  outcome    misfit: T: /x: 100 is more than 99
  {"id":"o-1","type":"T","time":"2026-03-01T12:00:00Z","v":3,"op":"patch","x":100}

record 5 of 7: put, version 4, 2026-03-01T13:00:00.000000Z
  brought    commit 3, batch day 3
             day3 line 2, offset 81
  outcome    no-op: it changes nothing but its version and time
  {"id":"o-1","type":"T","time":"2026-03-01T13:00:00Z","v":4,"x":3}

record 6 of 7: delete, version 5, 2026-03-01T14:00:00.000000Z
  brought    commit 3, batch day 3
             day3 line 3, offset 147
  outcome    version 3, a tombstone, the event is deleted
  valid      from 2026-03-01T14:00:00.000000Z
  {"id":"o-1","type":"T","time":"2026-03-01T14:00:00Z","v":5,"op":"delete"}

record 7 of 7: delete, version 6, 2026-03-01T15:00:00.000000Z
  brought    commit 3, batch day 3
             day3 line 4, offset 221
  outcome    no-op: there was nothing to delete
  {"id":"o-1","type":"T","time":"2026-03-01T15:00:00Z","v":6,"op":"delete"}

in the tables: deleted since 2026-03-01T14:00:00.000000Z
END
run evstate show st o-1
check 'show: every record, where it came from, what became of it and why' 0 @want
is 'no line is wider than a terminal, but for the records' "$(grep -v '^  {' want | grep -c '.\{81\}')" 0
run evstate show st o-2
check 'show: a patch that waits' 0 'event o-2

record 1 of 1: patch, version 2, 2026-03-01T11:00:00.000000Z
  brought    commit 1, batch day 1
             day1 line 3, offset 145
  outcome    held: the patch has no version to stand on, and waits for one
  {"id":"o-2","type":"T","time":"2026-03-01T11:00:00Z","v":2,"op":"patch","x":2}

in the tables: nothing, for no record is a version'
run 'evstate show st o-3 | tail -n 1'
check 'show: what is current' 0 'in the tables: version 1 is current, since 2026-03-01T10:00:00.000000Z'
run 'evstate show --json st o-1 | sed -n "3p; 6p"'
check 'show --json' 0 '{"owner":"o-1","record":3,"op":"patch","time":"2026-03-01T11:00:00.000000Z","number":"2","history":[{"how":"brought","commit":1,"batch":"day 1","source":"day1","line":2,"offset":66}],"outcome":"conflict","reasons":[{"message":"the event o-1: the record at day2:1 has the same version, time and op, and content that is greater"}],"raw":"{\"id\":\"o-1\",\"type\":\"T\",\"time\":\"2026-03-01T11:00:00Z\",\"v\":2,\"op\":\"patch\",\"x\":2}"}
{"owner":"o-1","record":6,"op":"delete","time":"2026-03-01T14:00:00.000000Z","number":"5","history":[{"how":"brought","commit":3,"batch":"day 3","source":"day3","line":3,"offset":147}],"outcome":"version","reasons":[],"version":3,"valid_from":"2026-03-01T14:00:00.000000Z","valid_to":null,"current":false,"deleted":true,"raw":"{\"id\":\"o-1\",\"type\":\"T\",\"time\":\"2026-03-01T14:00:00Z\",\"v\":5,\"op\":\"delete\"}"}'
is 'each record says what it does in the text' \
	"$(evstate show --json st o-1 | jq -r '[.record, .outcome, .version, .valid_from, .valid_to, .current, .deleted] | map(tostring) | join(" ")')" \
	'1 version 1 2026-03-01T10:00:00.000000Z 2026-03-01T11:00:00.000000Z false false
2 version 2 2026-03-01T11:00:00.000000Z 2026-03-01T14:00:00.000000Z false false
3 conflict null null null null null
4 misfit null null null null null
5 no-op null null null null null
6 version 3 2026-03-01T14:00:00.000000Z null false true
7 no-op null null null null null'
is 'and the records as they came' "$(evstate show --json st o-1 | jq -r .raw | sort)" \
	"$(cat day1 day2 day3 | grep o-1 | sort -u)"
holds st | grep '"version"' | sed 's/.*"_ev"://; s/}$//' | grep -n . >got
evstate show --json st o-1 >one
evstate show --json st o-2 >>one
evstate show --json st o-3 >>one
jq -c 'select(.version) | {version,valid_from,valid_to,current,deleted}' one | grep -n . >want
same 'what is shown of versions is what evversion emits' got want

run evstate show st o-9
check 'an event that is not there' 1 '' 'evstate: st: there is no record of the event o-9'
run evstate show st o
check 'the beginning of an id is none' 1 '' 'evstate: st: there is no record of the event o'
run "evstate show st ''"
check 'an empty id' 2 '' "~^evstate: the id is empty"

cat >wide.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .time, version: .v, op: .op, ignore: [.got]}
types: {T: {type: object, properties: {x: {type: integer, maximum: 999}}}}
END
sed 's/version: .v/version: .w/' evkit.yaml >other.yaml
for model in wide other; do
	evversion -m $model.yaml --state st --since "$(evstate info st | sed -n 's/^position: //p')" </dev/null 2>want
	run evstate show -m $model.yaml st o-1
	check "another model ($model): the same trouble as evversion's" 2 '' "$(sed 's/^evversion/evstate/' want)"
done
run evstate info -m nosuch.yaml st
check 'the others need no model' 0 any
run "env -u EVKIT_SEAL evstate show -o shown st o-1 && tail -n 1 shown"
check 'nor any of them a seal; -o' 0 'in the tables: deleted since 2026-03-01T14:00:00.000000Z'

#
# Operands
#
try 'no command' 2 evstate <<'END'
! evstate: a command is missing: info, check, show, retract, erase or compact
! Try 'evstate --help'.
END
run evstate inof st
check 'a mistyped one' 2 '' "~^evstate: no command 'inof': .*'info'"
for command in info check 'show st' 'info st st' 'show st a b' retract 'retract st' 'retract st a b'; do
	run evstate $command
	check "operands: $command" 2 '' "~^evstate: ${command%% *} takes its operands so: evstate ${command%% *} dir"
done
mkdir empty
for command in info check 'show -m evkit.yaml' retract; do
	case $command in show* | retract) more=x ;; *) more= ;; esac
	run evstate $command nosuch $more
	check "$command: no folder" 2 '' 'evstate: nosuch: there is no state: name the folder that was given to --state'
	run evstate $command empty $more
	check "$command: no state" 2 '' 'evstate: empty: there is no state: name the folder that was given to --state'
	run evstate $command day1 $more
	check "$command: a file" 2 '' 'evstate: day1: there is no state: name the folder that was given to --state'
done
is 'and none is made' "$(ls empty)$([ -e nosuch ] && echo nosuch)" ''

evversion --state new --since 0 -o /dev/null </dev/null
run 'evstate info new | sed -n "s/^commits: //p"; evstate check new | sed -f ids.sed'
check 'a state of nothing' 0 '0
whole: commits 0 entries 0 runs 0 bytes N'
run evstate show new x
check 'which knows no event' 1 '' 'evstate: new: there is no record of the event x'
run evstate retract new x
check 'and no batch' 1 '' "evstate: new: there is no batch 'x': evstate info lists them"

#
# Ids and names in any spelling
#
esc=$(printf '\033')
cat >ids <<END
{"id":"0B6CDA1E-6BD8-4F27-A61F-0C9CF9D3B2F5","type":"T","time":"2026-03-01T10:00:00Z","v":1,"x":1}
{"id":12,"type":"T","time":"2026-03-01T10:00:00Z","v":1,"x":1}
{"id":"12","type":"T","time":"2026-03-01T10:00:00Z","v":2,"x":2}
{"id":"a b! \"q\" é\\n\\\\","type":"T","time":"2026-03-01T10:00:00Z","v":1,"x":1}
{"id":"a b","type":"T","time":"2026-03-01T10:00:00Z","v":"10","x":1}
{"id":"-x","type":"T","time":"2026-03-01T10:00:00Z","v":12345678901234567890123456789012345678901234567890,"x":1}
{"id":"\\u001b[31mred\\u202e","type":"T","time":"2026-03-01T10:00:00Z","v":1,"x":1,"y":"‮\\u009b⁦","z":"󠀁"}
END
cp ids "a ${esc}[31m b"
rm -rf ids.st
take ids.st 'ids "é" \ {' "a ${esc}[31m b"
check 'ids of all sorts' 0 any
for id in 0B6CDA1E-6BD8-4F27-A61F-0C9CF9D3B2F5 0b6cda1e-6bd8-4f27-a61f-0c9cf9d3b2f5 \
	urn:uuid:0b6cda1e-6bd8-4f27-a61f-0c9cf9d3b2f5 '{0b6cda1e-6bd8-4f27-a61f-0c9cf9d3b2f5}'; do
	run "evstate show ids.st '$id' | head -n 1"
	check "a UUID as $id" 0 'event 0b6cda1e-6bd8-4f27-a61f-0c9cf9d3b2f5'
done
run 'evstate show ids.st 12 | grep -c ^record'
check 'a number and its text are one' 0 2
id='a b! "q" é
\'
run evstate show ids.st "$id"
sed -n '1p' "$out" >got
same 'spaces, quotes, a backslash, a line feed' got - <<'END'
event a b! "q" é\u000a\
END
run "evstate show ids.st 'a b' | sed -n '3p'"
check 'a text as version' 0 'record 1 of 1: put, version 10, 2026-03-01T10:00:00.000000Z'
run 'evstate show ids.st -- -x | sed -n 3p'
check 'a hyphen, and a long version' 0 \
	'record 1 of 1: put, version 1234567890123456789012345678901234567890..., 2026-03-01T10:00:00.000000Z'
red=$(printf '\033[31mred\342\200\256')
run evstate show ids.st "$red"
same 'nothing steers a terminal' "$out" - <<'END'
event \u001b[31mred\u202e

record 1 of 1: put, version 1, 2026-03-01T10:00:00.000000Z
  brought    commit 1, batch ids "é" \ {
             a \u001b[31m b line 7, offset 490
  outcome    version 1, current
  valid      from 2026-03-01T10:00:00.000000Z
  {"id":"\u001b[31mred\u202e","type":"T","time":"2026-03-01T10:00:00Z","v":1,"x":1,"y":"\u202e\u009b\u2066","z":"\U000e0001"}

in the tables: version 1 is current, since 2026-03-01T10:00:00.000000Z
END
evstate show --json ids.st "$red" >json
is 'nor does it in JSON' "$(LC_ALL=C tr -d '\n' <json | LC_ALL=C grep -c '[^ -~"é]')" 0
is 'which says the same as the data' "$(jq -r '.raw, .history[0].source' json)" "$(sed -n 7p ids)
a ${esc}[31m b"
is 'and has the owner' "$(jq -r .owner json)" "$red"
run evstate show ids.st "nosuch$red"
check 'nor in a message' 1 '' 'evstate: ids.st: there is no record of the event nosuch\u001b[31mred\u202e'
run 'evstate info ids.st | tail -n 1'
check 'a batch is named in JSON' 0 'batch: "ids \"é\" \\ {" commits 1 records 7'
run "evstate retract ids.st 'ids \"é\" \\ {'"
check 'and taken out by its name' 0 'records of the batch: 7
gone: 7
brought by other batches too: 0
commit: 2' 'evstate: the next run of evversion emits what has changed'
run evstate retract ids.st "a
b$esc"
check 'a name that cannot be' 1 '' "evstate: ids.st: there is no batch 'a\\u000ab\\u001b': evstate info lists them"
is 'then nothing is there' "$(holds ids.st | grep -vc '"op":"delete"')" 0

#
# Batches that are taken out
#
run evstate retract st 'dayy 2'
check 'a mistyped batch' 1 '' "evstate: st: there is no batch 'dayy 2': did you mean 'day 2'?"
run evstate retract st 'none of it'
check 'an unknown one' 1 '' "evstate: st: there is no batch 'none of it': evstate info lists them"
position=$(evstate info st | sed -n 's/^position: //p')
run evstate retract st 'day 2'
check 'retract' 0 'records of the batch: 3
gone: 2
brought by other batches too: 1
commit: 4' 'evstate: the next run of evversion emits what has changed'
run "evversion --state st --since '$position' -r again </dev/null"
is 'the next run emits the events of the batch, and no other' \
	"$(jq -r '._ev | select(.op) | .owner' "$out" | tr '\n' ' ')" 'o-1 o-3 '
take never 'day 1' day1
take never 'day 3' day3
holds st >got
holds never | sed '$!b; p; s/.*/{"_ev":{"op":"delete","owner":"o-3"}}/' >want
same 'it is as if it had never been taken' got want
run evstate retract st 'day 2'
check 'twice' 1 '' "evstate: st: the batch 'day 2' has been retracted already, by commit 4"
run 'evstate info st | tail -n 2'
check 'info says so' 0 'batch: "day 2" commits 2 records 0 retracted 4
batch: "day 3" commits 3 records 4'
run 'evstate show st o-1 | sed -n "/^record 3/q; p"'
same 'show says so, and the loser of the conflict stands' "$out" - <<'END'
event o-1

record 1 of 7: put, version 1, 2026-03-01T10:00:00.000000Z
  brought    commit 1, batch day 1
             day1 line 1, offset 0
  again      batch day 2
             day2 line 3, offset 80
  retracted  commit 4, batch day 2
  outcome    version 1, superseded
  valid      from 2026-03-01T10:00:00.000000Z to 2026-03-01T11:00:00.000000Z
  {"id":"o-1","type":"T","time":"2026-03-01T10:00:00Z","v":1,"x":1}

record 2 of 7: patch, version 2, 2026-03-01T11:00:00.000000Z
  brought    commit 2, batch day 2
             day2 line 1, offset 0
  retracted  commit 4, batch day 2
  outcome    retracted: every batch that brought it was retracted
  {"id":"o-1","type":"T","time":"2026-03-01T11:00:00Z","v":2,"op":"patch","x":3}

END
run 'evstate show --json st o-1 | sed -n 3p | jq -r ".outcome, .version"'
check 'the loser is a version' 0 'version
2'
run 'evstate show st o-3 | tail -n 1'
check 'an event that left' 0 'in the tables: nothing, for no record is a version'
run "evversion --state st --as-of 3 -r again | grep -c '\"x\":3'"
check 'as of the commit before it is there' 0 2
run evstate check st
check 'the state is right' 0 any

# Mended: under its old name, and under a new one
sed 's/"x":3/"x":33/; $d' day2 >mended
cp -r st other
take st 'day 2' mended
check 'mended under its old name: no record is missing' 0 any
take other 'day 2b' mended
check 'mended under a new name' 0 any
take never 'day 2' mended
holds never >want
holds st | grep -v o-3 >got
same 'under the old name: as if only that had come' got want
holds other | grep -v o-3 >got
same 'under a new name, too' got want
run 'evstate info st | grep day.2'
check 'info: it has come back' 0 'batch: "day 2" commits 2,5 records 2'
take st 'day 2' day2
check 'what was taken out comes back when it is delivered' 0 any '~batch "day 2" delivered 1 records'
take other 'day 2' day2
holds st >got
holds other >want
same 'whatever came before' got want
run "evstate show --json st o-3 | jq -c '[.outcome, (.history | map(.how))]'"
check 'show tells its life' 0 '["version",["brought","retracted","brought"]]'
sed -n 1p day2 >less
take st 'day 2' less
check 'a batch that lacks what it brought behind the retract says so' 0 any \
	'evversion: the batch "day 2" delivered 3 records before that are not in it now, and they stay: if they were wrong, evstate retract takes them out'

# A batch that brings only what is known; while its retract is the head it comes again.
rm -rf st
take st a day1
take st b day1
run 'evstate info st | tail -n 1'
check 'a batch without a commit' 0 'batch: "b" commits - records 3'
evstate retract st a >"$out" 2>&1
is 'nothing leaves' "$(grep ^gone "$out")" 'gone: 0'
take st a day1
is 'and none is made when it comes again' "$(evstate info st | sed -n 's/^commits: //p')" 2
evstate retract st b >"$out" 2>&1
is 'so nothing leaves when the other is taken out' "$(grep ^gone "$out")" 'gone: 0'
holds st >got
env -u EVKIT_SEAL evversion -r alone day1 >want
same 'all of it is there' got want
evstate retract st a >"$out" 2>&1
is 'and leaves with the last batch that brought it' "$(grep ^gone "$out")" 'gone: 3'

# Of equal records the least spelling of those that are left stands.
printf '%s\n' '{"id":"s","type":"T","time":"2026-03-01T10:00:00Z","v":1,"x":1,"got":5}' >s1
printf '%s\n' '{"id":"s","type":"T","time":"2026-03-01T10:00:00Z","v":1,"x":1.0,"got":1}' >s2
printf '%s\n' '{"id":"s", "type":"T","time":"2026-03-01T10:00:00Z","v":1,"x":1}' >s3
for order in 's1 s2 s3' 's3 s2 s1' 's2 s1 s3' 's1 s3 s2'; do
	for gone in s1 s2 s3; do
		rm -rf st never
		for batch in $order; do
			take st $batch $batch
			[ $batch = $gone ] || take never $batch $batch
		done
		take st again $gone
		evstate retract st again >"$out" 2>&1
		evstate retract st $gone >>"$out" 2>&1
		holds st >got
		holds never >want
		same "$gone of $order taken out: the spelling of the others" got want
		take st $gone $gone
		take never $gone $gone
		holds st >got
		holds never >want
		same "$gone of $order, again" got want
	done
done

# A put that was judged under an older contract stays a misfit when a batch that brought it leaves.
rm -rf st
printf '%s\n' '{"id":"m","type":"T","time":"2026-03-01T10:00:00Z","v":1,"x":500}' >big
run 'for batch in a b; do evparse --batch $batch big | evversion -m wide.yaml --state st --since 0 -o /dev/null; done'
take st c day1
evstate retract st b >"$out" 2>&1
run "evstate show st m | grep -c 'outcome    misfit: T: /x: 500 is more than 99'"
check 'a misfit of a new contract stays one' 0 1

# Random histories: whatever was taken out, and however often, the state holds the rest.
cat >history.awk <<'END'
BEGIN {
	srand(seed)
	for (i = 0; i < 60; i++) {
		op = rand() < 0.3 ? "\"op\":\"patch\"," : rand() < 0.15 ? "\"op\":\"delete\"," : ""
		line = sprintf("{\"id\":\"r%d\",\"type\":\"T\",\"time\":\"2026-03-01T10:00:0%dZ\",\"v\":%d,%s\"x\":%d%s}",
			rand() * 12, rand() * 4, rand() * 4, op, rand() * 3, rand() < 0.2 ? ".0" : "")
		for (times = 1 + int(rand() * 3); times > 0; times--)
			print line >("r" int(rand() * 12))
	}
}
END
for seed in 1 2 3 4 5 6; do
	rm -rf st never r[0-9]*
	awk -v seed=$seed -f history.awk
	ls r[0-9]* | sort -R --random-source=history.awk >order
	while read -r batch; do
		take st $batch $batch
	done <order
	sed -n "1p; 3p; $((seed + 3))p" order | sort -u >gone
	while read -r batch; do
		evstate retract st $batch >>retracts 2>&1
		[ $seed -gt 3 ] || evversion --state st --since 0 -o /dev/null -r again </dev/null
	done <gone
	head -n 1 gone >back
	take st "$(cat back)" "$(cat back)"
	sort -r order | while read -r batch; do
		grep -qx $batch gone && ! grep -qx $batch back || take never $batch $batch
	done
	holds never >want
	holds st >all
	# What is left of an event whose records have all left is its delete.
	awk 'NR == FNR { if (/"op":"delete","owner"/) there[$0] = 1; next } !/"op":"delete","owner"/ || $0 in there' want all >got
	same "random history $seed: $(grep -c . gone) of $(grep -c . order) batches taken out" got want
	run evstate check st
	check "random history $seed: the state is right" 0 any
done

#
# Damage
#
rm -rf st never
for day in 1 2 3; do
	take st "day $day" "day$day"
done
[ "$(ls st | wc -l)" = 9 ] || diag "$(ls st)"
flip()
{
	perl -e 'open(F, "+<", $ARGV[0]) or die; binmode F; seek(F, $ARGV[1], 0); read(F, my $c, 1);
		seek(F, $ARGV[1], 0); print F chr(ord($c) ^ (1 << $ARGV[2]))' "$1" "$2" "$3"
}
for file in st/*; do
	name=${file#st/}
	[ "$name" != lock ] || continue
	size=$(wc -c <"st/$name")
	: >missed
	for at in 0 1 $((size / 3)) $((size / 2)) $((size * 2 / 3)) $((size - 2)) $((size - 1)); do
		rm -rf hurt
		cp -r st hurt
		flip "hurt/$name" $at $((at % 8))
		run evstate check hurt
		[ "$status" = 2 ] && grep -q "^evstate: hurt/$name" "$err" && [ ! -s "$out" ] ||
			echo "bit $((at % 8)) of $at of $size: $status $(cat "$err")" >>missed
		for command in info 'show hurt o-1' "retract hurt day"; do
			[ "$command" != info ] || command='info hurt'
			run evstate $command
			[ "$status" -le 2 ] || echo "$command: $status" >>missed
		done
	done
	same "check finds a flipped bit in $(echo "$name" | sed 's/0*[0-9]\././')" missed /dev/null
	for size in 0 $((size / 2)) $((size - 1)); do
		rm -rf hurt
		cp -r st hurt
		head -c $size "st/$name" >"hurt/$name"
		run evstate check hurt
		check "check finds $name cut to $size" 2 '' "~^evstate: hurt/$name"
	done
	rm -rf hurt
	cp -r st hurt
	rm "hurt/$name"
	run evstate check hurt
	check "check finds that $name is missing" 2 '' "~^evstate: hurt"
done
rm -rf hurt
cp -r st hurt
cp st/manifest old
take hurt 'day 4' ids
cp old hurt/manifest
run evstate check hurt
check 'an older manifest, whose files are there: what it lacks is told' 0 any \
	"~^evstate: hurt: 2 files and [1-9][0-9]* bytes of the log do not count: a writer was stopped, or is at work, or the manifest is an old one"
for i in 1 2 3 4 5 6 7 8 9; do
	awk -v i=$i 'BEGIN { printf "{\"id\":\"n%d\",\"type\":\"T\",\"time\":\"2026-03-01T10:00:00Z\",\"v\":1,\"x\":1}\n", i }' >next
	take st "more $i" next
done
cp old st/manifest
run evstate check st
check 'one whose files were merged away' 2 '' '~^evstate: st/0000000[0-9].gz: cannot be read: No such file or directory: bring the state back'
sed 's/^evkit-state 1/evkit-state 2/' old >hurt/manifest
run evstate check hurt
check 'another format' 2 '' '~^evstate: hurt/manifest: is damaged, of another format, or no manifest'

#
# Two at once
#
rm -rf st
take st a day1
take st b day2
mkfifo slow
evparse --batch c day3 >sealed
evversion --state st --since 0 -r again -o /dev/null <slow 3>&- &
exec 3>slow
head -n 1 sealed >&3
# It has the lock when the head has come.
until_true eval '! flock -n st/lock true'
evstate retract st a >first 2>&1 3>&- &
one=$!
evstate retract st a >second 2>&1 3>&- &
two=$!
sleep 0.3
is 'a retract waits for who writes' "$(cat first second)" ''
run 'evstate info st | sed -n "s/^commits: //p"'
check 'and a reader does not' 0 2
tail -n +2 sealed >&3
exec 3>&-
wait $one
first=$?
wait $two
second=$?
wait
is 'of two retracts one is done, and the other says so' "$((first + second)) $(cat first second | sed -n 's/^evstate: st: //p')" \
	"1 the batch 'a' has been retracted already, by commit 4"
run 'evstate info st | grep batch'
check 'all of it is there' 0 'batch: "a" commits 1 records 0 retracted 4
batch: "b" commits 2 records 3
batch: "c" commits 3 records 4'

# Stopped at any call, and run again
fault=$top_builddir/tests/fault.so tries=${FAULT_TRIES-6}
if [ -e "$fault" ] && LD_PRELOAD=$fault EVKIT_FAULT=open:0 evstate --version >/dev/null 2>&1; then
	cp -r st whole
	evstate retract whole b >/dev/null 2>&1
	holds whole >want
	for call in open read write write:short fsync rename pwrite close malloc open:kill write:kill fsync:kill rename:kill pwrite:kill; do
		how=${call#"${call%%:*}"}
		rm -rf hurt
		cp -r st hurt
		env LD_PRELOAD="$fault" EVKIT_FAULT="${call%%:*}:0" EVKIT_FAULT_COUNT="$PWD/count" evstate retract hurt b >got 2>&1
		count=$(cat count)
		: >wrong
		n=1
		while [ "$n" -le "$count" ]; do
			rm -rf hurt
			cp -r st hurt
			env LD_PRELOAD="$fault" EVKIT_FAULT="${call%%:*}:$n$how" evstate retract hurt b >got 2>&1
			ended=$?
			case $ended in 0 | 2 | 137) ;; *) echo "status $ended" >>wrong ;; esac
			evstate check hurt >>got 2>&1 || cat got >>wrong
			evstate retract hurt b >got 2>&1
			[ $? -le 1 ] || cat got >>wrong
			holds hurt >got
			cmp -s got want || echo "$call: $n of $count, status $ended" >>wrong
			n=$((n + (count + tries - 1) / tries))
		done
		is "retract has such a call: $call" "$((count > 0))" 1
		same "retract that ends at any $call, and then again" wrong /dev/null
	done
else
	skip 'retract that ends in mid-work' 'nothing can be preloaded here'
fi

#
# Other kinds of state
#
evparse --batch a day1 | evdedupe --state keys -o /dev/null
run 'evstate info keys | sed -f ids.sed | grep -v "^least\|^newest"'
check "evdedupe's: info" 0 '~^kind: keys$'
run 'evstate check keys | sed -f ids.sed'
check "evdedupe's: check" 0 'whole: commits 1 entries 3 runs 1 bytes N'
run evstate show keys o-1
check "evdedupe's knows no records" 2 '' 'evstate: keys: is the state of evdedupe, and records and batches are in that of evversion: name its folder'
run evstate retract keys a
check 'and no batches' 2 '' 'evstate: keys: is the state of evdedupe, and records and batches are in that of evversion: name its folder'
cat >star.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .time, version: .v, op: .op}
star:
  facts:
    f: {keep: latest, columns: {x: {from: .x, type: int}, u: {from: .type, type: varchar(9), dimension: d}}}
  dimensions:
    d: {key: .type, columns: {u: {from: .type, type: varchar(9)}}}
END
for batch in a b; do
	evparse --batch $batch day2 | evversion -m star.yaml --state ev -r again --since 0 |
		evstar -m star.yaml --state members -o /dev/null
done
run 'evstate info members | sed -n "1,2p; 4p"'
check "evstar's: info, with the position in the chain of the events" 0 "kind: members
program: evstar
$(evstate info ev | grep ^position)"
run 'evstate check members'
check "evstar's: check" 0 '~^whole: commits 1 entries [0-9]+ runs 1 bytes [0-9]+$'
run evstate show members o-1
check "evstar's knows no records" 2 '' 'evstate: members: is the state of evstar, and records and batches are in that of evversion: name its folder'
flip keys/manifest 25 0
run evstate check keys
check 'a kind that is none' 2 '' '~^evstate: keys/manifest: '

done_testing

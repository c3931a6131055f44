#!/bin/sh
# evdedupe: redeliveries are dropped, and nothing else.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .time, version: .v, ignore: [.got, .meta.got]}
END

# drops NAME LINE LINE...: the first line goes on, the others are its redeliveries.
drops()
{
	name=$1
	shift
	printf '%s\n' "$@" >in.jsonl
	head -n 1 in.jsonl >want
	run evdedupe --stats - in.jsonl
	check "dropped: $name" 0 @want "evdedupe    in $#  out 1  duplicate $(($# - 1))  rejected 0  blank 0"
}

# keeps NAME LINE LINE...: all lines go on.
keeps()
{
	name=$1
	shift
	printf '%s\n' "$@" >in.jsonl
	run evdedupe --stats - in.jsonl
	check "kept: $name" 0 @in.jsonl "evdedupe    in $#  out $#  duplicate 0  rejected 0  blank 0"
}

drops 'the same bytes' '{"id":"1","a":1}' '{"id":"1","a":1}' '{"id":"1","a":1}'
drops 'members in another order' '{"id":"1","a":1,"b":{"c":2,"d":[3]}}' '{"b":{"d":[3],"c":2},"a":1,"id":"1"}'
drops 'spaces' '{"id":"1","a":[1,{}]}' ' { "id" : "1" , "a" : [ 1 , { } ] }	'
drops 'numbers in other spellings' '{"id":"1","a":1,"b":0,"c":100,"d":19.10}' \
	'{"id":"1","a":1.0,"b":-0,"c":1e2,"d":19.1}' '{"id":"1","a":10e-1,"b":0.0e5,"c":100.000,"d":1910E-2}'
drops 'numbers beyond every range' '{"id":"1","a":1e400}' '{"id":"1","a":10E399}' '{"id":"1","a":0.1e401}'
drops 'texts in other spellings' '{"id":"1","a":"ä/\n","😀":1}' '{"id":"\u0031","\u0061":"\u00e4\/\u000A","\ud83d\uDE00":1}'
drops 'UUIDs as ids in other spellings' \
	'{"id":"0189f7ea-ae2f-7a1b-8c3d-0123456789ab","a":1}' \
	'{"id":"0189F7EA-AE2F-7A1B-8C3D-0123456789AB","a":1}' \
	'{"id":"{0189f7ea-ae2f-7a1b-8c3d-0123456789ab}","a":1}' \
	'{"id":"urn:uuid:0189f7ea-ae2f-7a1b-8c3d-0123456789ab","a":1}'
drops 'ids that are numbers, in other spellings' '{"id":12,"a":1}' '{"id":12.0,"a":1}' '{"id":1.2e1,"a":1}'
drops 'another value of an ignored member' '{"id":"1","a":1,"got":5}' '{"id":"1","a":1,"got":[6]}' '{"id":"1","a":1}'
drops 'another value of an ignored member inside' '{"id":"1","meta":{"a":1,"got":5}}' '{"id":"1","meta":{"got":6,"a":1}}'
drops 'another origin' '{"id":"1","a":1}' '{"id":"1","a":1,"_ev":{"origin":{"source":"x","line":1,"offset":0}}}'

keeps 'another id' '{"id":"1","a":1}' '{"id":"2","a":1}'
keeps 'other content' '{"id":"1","a":1}' '{"id":"1","a":2}' '{"id":"1"}' '{"id":"1","a":null}' '{"id":"1","a":"1"}'
keeps 'an update and back again' '{"id":"1","a":1,"v":1}' '{"id":"1","a":2,"v":2}' '{"id":"1","a":1,"v":3}'
keeps 'equal versions with other content: whose word counts is for evversion' '{"id":"1","v":1,"a":1}' '{"id":"1","v":1,"a":2}'
keeps 'integers that a double would make one' '{"id":"1","a":9007199254740992}' '{"id":"1","a":9007199254740993}'
keeps 'fractions that a double would make one' '{"id":"1","a":0.1}' '{"id":"1","a":0.1000000000000000055511151231257827}'
keeps 'ids that a double would make one' '{"id":9007199254740992}' '{"id":9007199254740993}'
drops 'the number 12 and the text 12' '{"id":12}' '{"id":"12"}'
keeps 'lists in another order' '{"id":"1","a":[1,2]}' '{"id":"1","a":[2,1]}'
keeps 'a null, an empty text, an empty object, an empty list' '{"id":"1","a":null}' '{"id":"1","a":""}' '{"id":"1","a":{}}' '{"id":"1","a":[]}'
keeps 'UUIDs in other members' '{"id":"1","u":"0189f7ea-ae2f-7a1b-8c3d-0123456789ab"}' '{"id":"1","u":"0189F7EA-AE2F-7A1B-8C3D-0123456789AB"}'
keeps 'letters composed and decomposed' '{"id":"1","a":"\u00e4"}' '{"id":"1","a":"a\u0308"}'
keeps 'the ignored name elsewhere' '{"id":"1","b":{"got":5}}' '{"id":"1","b":{"got":6}}'
keeps 'a member whose value is what another nests' '{"id":"1","a":{"b":1}}' '{"id":"1","a":"{\"b\":1}"}'
keeps 'content that the next id begins with' '{"id":"a\n{}","x":1}' '{"id":"a","x":1}'
keeps 'nothing but ids' '{"id":"1"}' '{"id":"11"}' '{"id":"1 "}'

# Rejects and the balance

{
	printf '{"id":"1","a":1}\n\n{"id":"1","a":1}\n{"a":1}\n{"id":""}\n{"id":1.5}\n{"id":{}}\n{"id":null}\n'
	printf 'no json\n[]\n{"id":"1","id":"1"}\n   \n{"id":"\\u0000x"}\n{"id":"1","a":2}\n'
} >mixed.jsonl
run evdedupe -r rejects --stats - mixed.jsonl
check 'in = out + duplicate + rejected + blank' 0 '{"id":"1","a":1}
{"id":"1","a":2}' 'evdedupe    in 14  out 2  duplicate 1  rejected 9  blank 2'
jq -r '._ev.reject | "\(.stage) \(.line) \(.code) \(.reasons[0].message)"' rejects >got
same 'what has no id is rejected' got - <<'END'
evdedupe 4 envelope the event's id (.id) is missing
evdedupe 5 envelope the event's id (.id) is empty
evdedupe 6 envelope the event's id (.id) is a number but no integer: 1.5
evdedupe 7 envelope the event's id (.id) is neither a text nor an integer: {}
evdedupe 8 envelope the event's id (.id) is missing
evdedupe 9 json column 1: not a JSON value
evdedupe 10 not-object a record is one JSON object, and this is a JSON array
evdedupe 11 duplicate-name column 11: the same name stands twice in one object
evdedupe 13 envelope the event's id (.id) holds U+0000, which no warehouse takes
END
run evdedupe --stats stats.json -r rejects mixed.jsonl
is 'the balance as JSON' "$(jq -c '[.. | objects | select(has("duplicate")) | {in, out, duplicate, rejected, blank}][0]' stats.json)" \
	'{"in":14,"out":2,"duplicate":1,"rejected":9,"blank":2}'
run 'evdedupe mixed.jsonl'
check 'without -r the first bad record stops the run' 2 any \
	"evdedupe: mixed.jsonl:4: /id: the event's id (.id) is missing: mend it, or set bad records aside with -r FILE"
try 'type, time and version are not its business' 0 "printf '{\"id\":1,\"v\":\"x\"}\n' | evdedupe" <<'END'
{"id":1,"v":"x"}
END

# Where the duplicates go, and what goes on

printf '%s\n' '{"id":"1","a":1.0,"got":1}' '{"id":"2"}' '{"id":"1","got":2,"a":1}' '{"id":"2" }' '{"id":"3"}' >in.jsonl
run evdedupe --duplicates dropped.jsonl in.jsonl
check 'the first delivery goes on as it came, in the order of arrival' 0 '{"id":"1","a":1.0,"got":1}
{"id":"2"}
{"id":"3"}'
same '--duplicates keeps what is dropped as it came' dropped.jsonl - <<'END'
{"id":"1","got":2,"a":1}
{"id":"2" }
END
run evdedupe --duplicates dropped.jsonl /dev/null
check '--duplicates, and there are none' 0
ok 'the file is there and empty' test -f dropped.jsonl -a ! -s dropped.jsonl
run evdedupe --duplicates nowhere/dropped.jsonl in.jsonl
check '--duplicates where nothing can be written' 2 '' \
	'evdedupe: nowhere/dropped.jsonl: cannot be written: No such file or directory'
run 'evdedupe --duplicates /dev/full in.jsonl'
check '--duplicates on a full disk' 2 any '~^evdedupe: /dev/full: cannot be written: No space left on device$'
printf 'kept\n' >dropped.jsonl
printf '{"id":"1"}\n{"id":"1"}\n{\n' >broken.jsonl
run evdedupe --duplicates dropped.jsonl broken.jsonl
check 'a run that fails' 2 any any
same 'leaves the old file of duplicates as it was' dropped.jsonl - <<'END'
kept
END
run evdedupe in.jsonl in.jsonl
check 'several files are one input' 0 '{"id":"1","a":1.0,"got":1}
{"id":"2"}
{"id":"3"}'
run 'evdedupe in.jsonl >once; evdedupe once >twice; cmp once twice'
check 'what it wrote has no duplicates' 0

# -k

printf '%s\n' '{"id":"1","c":{"a":1},"d":1}' '{"id":"2","c":{"a":1.0},"d":1}' '{"id":"1","c":{"a":2},"d":1}' \
	'{"c":{"a":1},"d":2}' '{"c":{}}' '{"c":{"a":null}}' '{"d":3}' >keys.jsonl
try '-k: the paths alone are the identity, and the first record wins' 0 'evdedupe -k .c.a --stats - keys.jsonl' <<'END'
{"id":"1","c":{"a":1},"d":1}
{"id":"1","c":{"a":2},"d":1}
{"c":{}}
{"c":{"a":null}}
! evdedupe    in 7  out 4  duplicate 3  rejected 0  blank 0
END
try '-k with several paths' 0 'evdedupe -k .c.a,.d keys.jsonl' <<'END'
{"id":"1","c":{"a":1},"d":1}
{"id":"1","c":{"a":2},"d":1}
{"c":{"a":1},"d":2}
{"c":{}}
{"c":{"a":null}}
{"d":3}
END
try '-k: parts do not run into each other' 0 \
	"printf '{\"a\":\"x\",\"b\":\"yz\"}\n{\"a\":\"xy\",\"b\":\"z\"}\n{\"a\":\"x\\\\ny\",\"b\":\"\"}\n' | evdedupe -k .a,.b" <<'END'
{"a":"x","b":"yz"}
{"a":"xy","b":"z"}
{"a":"x\ny","b":""}
END
try '-k of the whole record' 0 "printf '{\"a\":1,\"b\":2}\n{\"b\":2.0,\"a\":1}\n{\"a\":1}\n' | evdedupe -k ." <<'END'
{"a":1,"b":2}
{"a":1}
END
for bad in 'a:.no' '.a[]:many' '$item.a:item' '.a,:empty' ':nothing'; do
	run evdedupe -k "${bad%:*}" keys.jsonl
	check "-k: a wrong path ($(printf '%s' "${bad##*:}"))" 2 '' "~^evdedupe: --key: '.*' (is no path: .+|must name one place in the record, such as \.event_id)\$"
done

# Without a model

mkdir none && cd none || exit 2
printf '%s\n' '{"event_id":"1","got":1}' '{"event_id":"1","got":1.0}' '{"event_id":"1","got":2}' >in.jsonl
run evdedupe in.jsonl
check 'no model: the id is .event_id, and nothing is ignored' 0 '{"event_id":"1","got":1}
{"event_id":"1","got":2}'
printf '%s\n' '{"n":{"id":"1"},"a":1}' '{"n":{"id":"1"},"a":1}' '{"n":{"id":"1"},"a":2}' >in.jsonl
run evdedupe --id .n.id in.jsonl
check '--id' 0 '{"n":{"id":"1"},"a":1}
{"n":{"id":"1"},"a":2}'
run evdedupe --id n in.jsonl
check '--id that is no path' 2 '' \
	"~^evdedupe: --id: 'n' is no path to one place in the event: .*: write one such as .event_id"
cd ..

# Many

awk 'BEGIN { for (i = 0; i < 30000; i++) printf "{\"id\":%d,\"a\":\"%d\"}\n", i % 10000, i % 20000 }' >many.jsonl
run evdedupe --stats - many.jsonl
sort -u many.jsonl >want
sort "$out" >got
same 'many: each once' got want
is 'many: the sum' "$(cat "$err")" 'evdedupe    in 30000  out 20000  duplicate 10000  rejected 0  blank 0'

done_testing

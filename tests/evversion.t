#!/bin/sh
# evversion: the records of each event, ordered and folded into versions, in whatever order they came.
#
# Of the corner cases that have bitten users of other systems, those that need no state and no
# warehouse are here by number; 14, 30 and 31 stand in evstar.t, 24 in laws.t. Left out, because they
# are about state across batches or about loading: 7 (across runs), 11, 13, 20, 21, 25, 26, 29.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .time, version: .v, modified: .mod, op: .op, ignore: [.got]}
END
sed 's/, modified: .mod//' evkit.yaml >version.yaml
sed 's/version: .v, //' evkit.yaml >modified.yaml
sed 's/version: .v, modified: .mod/order: arrival/' evkit.yaml >arrival.yaml
sed 's/ignore: /zone: Europe\/Amsterdam, ignore: /' evkit.yaml >zone.yaml

# records <TABLE: each line "OP ID VERSION HOUR MEMBERS" as an event. VERSION is JSON; HOUR, of
# 2026-03-01, is the modified time (or minutes with it: 10:30); - stands for none.
records()
{
	awk '
	function quoted(s) { return s ~ /^[0-9]+$/ ? s : "\"" s "\"" }
	{
		members = $0
		for (i = 0; i < 4; i++)
			sub(/^[^ ]+ ?/, "", members)
		printf "{\"id\":%s,\"type\":\"T\",\"time\":\"2026-03-01T08:00:00Z\"", quoted($2)
		if ($3 != "-")
			printf ",\"v\":%s", $3
		if ($4 != "-")
			printf ",\"mod\":\"2026-03-01T%sZ\"", $4 ~ /:/ ? $4 ":00" : $4 ":00:00"
		if ($1 != "put")
			printf ",\"op\":\"%s\"", $1
		if (members != "")
			printf ",%s", members
		print "}"
	}'
}

# What is left of an event without its envelope, and its interval:  a {"x":1} [10:00,12:00) current
show='def at: if . == null then "" else .[11:16] end;
	select(._ev.op != "delete")
	| "\(.id) \(del(.id, .type, .time, .v, .mod, .op, .got, ._ev) | tojson) [\(._ev.valid_from | at),\(._ev.valid_to | at))"
	+ (if ._ev.current then " current" else "" end) + (if ._ev.deleted then " deleted" else "" end)'

# The versions alone, without what deletes the rows that an event had.
versions()
{
	evversion "$@" | grep -v '^{"_ev":{"op":"delete"'
}

# fold NAME SUMS [OPTION...] <<END: of the here-document, lines "> RECORD" come in (see records), and
# the others are what comes out (see $show), with "! CODE CONTENT" for the rejects. SUMS are the
# versions, no-ops, duplicates, conflicts and other rejects. The same must come out, to the byte, when the
# records come in backwards, and with the first half last.
fold()
{
	name=$1
	sums=$2
	shift 2
	cat >table
	sed -n 's/^> //p' table | records >in.jsonl
	sed -n '/^[^>]/p' table >want
	run evversion -r rejects --stats - "$@" in.jsonl
	cp "$out" given
	{
		jq -r "$show" given
		[ ! -s rejects ] || jq -r '"! \(._ev.reject.code) \(.raw | fromjson | del(.id, .type, .time, .v, .mod, .op) | tojson)"' rejects | sort
	} >got
	is "$name: the sums" "$(sed 's/^evversion *in [0-9]*  version \([0-9]*\)  no-op \([0-9]*\)  duplicate \([0-9]*\)  conflict \([0-9]*\)  misfit 0  out [0-9]*  rejected \([0-9]*\)  blank 0$/\1 \2 \3 \4 \5/; /: nothing passed, /d' "$err")" "$sums"
	same "$name" got want
	sed 's/.*"raw"://' rejects | sort >raw
	tac in.jsonl >back.jsonl
	n=$(wc -l <in.jsonl)
	{ tail -n "+$((n / 2 + 1))" in.jsonl; head -n "$((n / 2))" in.jsonl; } >turned.jsonl
	for order in back turned; do
		evversion -r rejects "$@" $order.jsonl >$order 2>/dev/null
		sed 's/.*"raw"://' rejects | sort >raw.$order
		if [ "$order" = back ]; then how=backwards; else how='with the first half last'; fi
		if cmp -s raw raw.$order; then
			same "$name, $how" $order given
		else
			same "$name, the rejects $how" raw.$order raw
		fi
	done
}

# The order

fold 'versions' '3 0 0 0 0' <<'END'
> put a 1 10 "x":1
> put a 2 11 "x":2
> put a 3 12 "x":3
a {"x":1} [10:00,11:00)
a {"x":2} [11:00,12:00)
a {"x":3} [12:00,) current
END
fold 'the version "10" is not below 9' '4 0 0 0 0' <<'END'
> put a 9 10 "x":1
> put a "10" 11 "x":2
> put a "11" 12 "x":3
> put a 100 13 "x":4
a {"x":1} [10:00,11:00)
a {"x":2} [11:00,12:00)
a {"x":3} [12:00,13:00)
a {"x":4} [13:00,) current
END
fold 'versions beyond 2^53 and 2^64' '6 0 0 0 0' <<'END'
> put a 9007199254740992 10 "x":1
> put a 9007199254740993 11 "x":2
> put a 18446744073709551615 12 "x":3
> put a 18446744073709551616 13 "x":4
> put a 99999999999999999999999999999999999999999 14 "x":5
> put a 1e41 15 "x":6
a {"x":1} [10:00,11:00)
a {"x":2} [11:00,12:00)
a {"x":3} [12:00,13:00)
a {"x":4} [13:00,14:00)
a {"x":5} [14:00,15:00)
a {"x":6} [15:00,) current
END
fold 'versions below zero, and zero' '7 0 0 0 0' <<'END'
> put a -100 10 "x":1
> put a -99 11 "x":2
> put a "-10" 12 "x":3
> put a -9 13 "x":4
> put a -1 14 "x":5
> put a 0 15 "x":6
> put a 1 16 "x":7
a {"x":1} [10:00,11:00)
a {"x":2} [11:00,12:00)
a {"x":3} [12:00,13:00)
a {"x":4} [13:00,14:00)
a {"x":5} [14:00,15:00)
a {"x":6} [15:00,16:00)
a {"x":7} [16:00,) current
END
fold 'no version is version 0: so is null' '4 0 0 0 0' <<'END'
> put a -1 10 "x":1
> put a - 11 "x":2
> put a null 12 "x":3
> put a 0 13 "x":4
a {"x":1} [10:00,11:00)
a {"x":2} [11:00,12:00)
a {"x":3} [12:00,13:00)
a {"x":4} [13:00,) current
END
fold 'one version in several spellings is one' '1 0 2 1 0' <<'END'
> put a 10 10 "x":2
> put a 1e1 10 "x":2
> put a 10.0 10 "x":2
> put a "10" 10 "x":1
a {"x":2} [10:00,) current
! conflict {"x":1}
END
fold 'of equal versions the time decides' '3 0 0 0 0' <<'END'
> put a 1 10 "x":1
> put a 1 11 "x":2
> put a 1 10:30 "x":3
a {"x":1} [10:00,10:30)
a {"x":3} [10:30,11:00)
a {"x":2} [11:00,) current
END
fold 'without a modified time the event time stands in' '2 0 0 0 0' <<'END'
> put a 1 - "x":1
> put a 1 07 "x":2
a {"x":2} [07:00,08:00)
a {"x":1} [08:00,) current
END
fold 'of equal times the op decides: put, patch, delete' '3 0 0 0 0' <<'END'
> delete a 1 10
> patch a 1 10 "y":2
> put a 1 10 "x":1
a {"x":1} [10:00,10:00)
a {"x":1,"y":2} [10:00,10:00)
a {"x":1,"y":2} [10:00,) deleted
END
printf '%s\n' '{"id":"a","type":"T","time":"2026-03-01T10:00:00.000000002+01:00","x":2}' \
	'{"id":"a","type":"T","time":"2026-03-01T09:00:00.000000001Z","x":1}' \
	'{"id":"a","type":"T","time":"2026-03-01t08:00:00.000000003-01:00","x":3}' >ns.jsonl
try 'times count to the nanosecond, in any offset' 0 'versions -m modified.yaml ns.jsonl | jq -c "[.x, ._ev.valid_from]"' <<'END'
[1,"2026-03-01T09:00:00.000000Z"]
[2,"2026-03-01T09:00:00.000000Z"]
[3,"2026-03-01T09:00:00.000000Z"]
END
printf '%s\n' '{"id":"a","type":"T","time":"2026-07-01T10:00:00","x":1}' \
	'{"id":"a","type":"T","time":"2026-07-01T08:30:00Z","x":2}' >naive.jsonl
try 'a naive time is one of the zone of the model' 0 'versions -m zone.yaml naive.jsonl | jq -c "[.x, ._ev.valid_from]"' <<'END'
[1,"2026-07-01T08:00:00.000000Z"]
[2,"2026-07-01T08:30:00.000000Z"]
END
run evversion -r rejects naive.jsonl
is 'without a zone it is a reject' "$(jq -r '._ev.reject.code' rejects)" envelope

# Events: who is one

printf '%s\n' '{"id":"0189F7EA-AE2F-7A1B-8C3D-0123456789AB","type":"T","time":"2026-03-01T10:00:00Z","v":2,"x":2}' \
	'{"id":"urn:uuid:0189f7ea-ae2f-7a1b-8c3d-0123456789ab","type":"T","time":"2026-03-01T09:00:00Z","v":1,"x":1}' \
	'{"id":12.0,"type":"T","time":"2026-03-01T09:00:00Z","v":2,"x":4}' \
	'{"id":12,"type":"T","time":"2026-03-01T09:00:00Z","v":1,"x":3}' \
	'{"id":"12","type":"T","time":"2026-03-01T09:00:00Z","v":3,"x":5}' >ids.jsonl
try 'corner 23: an id in several spellings is one event; a number and its text, too' 0 \
	'versions ids.jsonl | jq -c "[.id, .x, ._ev.current]"' <<'END'
["urn:uuid:0189f7ea-ae2f-7a1b-8c3d-0123456789ab",1,false]
["0189F7EA-AE2F-7A1B-8C3D-0123456789AB",2,true]
[12,3,false]
[12,4,false]
["12",5,true]
END
printf '{"id":"a%s","type":"T","time":"2026-03-01T10:00:00Z","v":1}\n' b '' '\u0001' '!' ' ' '\n' ä >ids.jsonl
try 'ids come out in the order of their bytes, and none is the beginning of another' 0 \
	'versions ids.jsonl | jq -ac "[.id, ._ev.current]"' <<'END'
["a",true]
["a\u0001",true]
["a\n",true]
["a ",true]
["a!",true]
["ab",true]
["a\u00e4",true]
END

# Conflicts and duplicates

fold 'conflict: the greater content wins, whatever came first' '1 0 0 1 0' <<'END'
> put a 1 10 "x":"A"
> put a 1 10 "x":"B"
a {"x":"B"} [10:00,) current
! conflict {"x":"A"}
END
fold 'conflict: of three, and in the middle of a chain' '3 0 0 2 0' <<'END'
> put a 1 10 "x":"Z"
> put a 2 11 "x":"B"
> put a 2 11 "x":"C"
> put a 2 11 "x":"A"
> put a 3 12 "x":"D"
a {"x":"Z"} [10:00,11:00)
a {"x":"C"} [11:00,12:00)
a {"x":"D"} [12:00,) current
! conflict {"x":"A"}
! conflict {"x":"B"}
END
fold 'conflict: of patches' '2 0 0 1 0' <<'END'
> put a 1 10 "x":1
> patch a 2 11 "y":1
> patch a 2 11 "z":1
a {"x":1} [10:00,11:00)
a {"x":1,"z":1} [11:00,) current
! conflict {"y":1}
END
fold 'conflict: of deletes that differ in their content' '2 0 0 1 0' <<'END'
> put a 1 10 "x":1
> delete a 2 11 "by":"B"
> delete a 2 11 "by":"A"
a {"x":1} [10:00,11:00)
a {"x":1} [11:00,) deleted
! conflict {"by":"A"}
END
fold 'conflict: a loser that comes twice is told once' '1 0 1 1 0' <<'END'
> put a 1 10 "x":"A"
> put a 1 10 "x":"B"
> put a 1 10 "x":"A"
a {"x":"B"} [10:00,) current
! conflict {"x":"A"}
END
fold 'duplicates of equal content in other spellings' '2 0 4 0 0' <<'END'
> put a 1 10 "x":1,"s":"\u0041"
> put a 1 10 "s":"A","x":1.0
> put a 1 10 "x":1,"s":"A"
> put a 2 11 "x":2
> put a 2 11 "x":2e0,"got":5
> put a 2 11 "x":2,"got":4
a {"s":"A","x":1} [10:00,11:00)
a {"x":2} [11:00,) current
END
printf '%s\n' '{"id":"a","type":"T","time":"2026-03-01T10:00:00Z","v":1,"x":1,"s":"\u0041"}' \
	'{"id":"a","type":"T","time":"2026-03-01T10:00:00Z","v":1,"s":"A","x":1.0}' >spelled.jsonl
try 'of equal content the least spelling goes on, and its number as written' 0 \
	'for order in cat tac; do $order spelled.jsonl | versions | sed "s/,\"_ev.*//"; done' <<'END'
{"id":"a","type":"T","time":"2026-03-01T10:00:00Z","v":1,"s":"A","x":1.0
{"id":"a","type":"T","time":"2026-03-01T10:00:00Z","v":1,"s":"A","x":1.0
END
fold 'an integer beyond 2^53 is no other'\''s duplicate' '1 0 0 1 0' <<'END'
> put a 1 10 "x":"9007199254740993"
> put a 1 10 "x":"9007199254740992"
a {"x":"9007199254740993"} [10:00,) current
! conflict {"x":"9007199254740992"}
END
records <<'END' >in.jsonl
put a 1 10 "x":1
put b 1 10 "x":1
put b 1 10 "x":2
put c 1 10 "x":1
END
run evversion --on-conflict fail -o latest.jsonl in.jsonl
check '--on-conflict fail' 2 '' \
	'evversion: in.jsonl:2: the event b: the record at in.jsonl:3 has the same version, time and op, and other content: mend the producer, or set the lesser aside with --on-conflict quarantine'
ok '--on-conflict fail: no output appears' test ! -e latest.jsonl
run evversion in.jsonl
check 'a conflict without -r' 2 any \
	'evversion: in.jsonl:2: the event b: the record at in.jsonl:3 has the same version, time and op, and content that is greater: mend it, or set bad records aside with -r FILE'
run evversion -r rejects in.jsonl
sed 's/"raw".*/"raw"/' rejects >got
same 'the reject of a conflict' got - <<'END'
{"_ev":{"reject":{"stage":"evversion","source":"in.jsonl","line":2,"offset":93,"code":"conflict","reasons":[{"message":"the event b: the record at in.jsonl:3 has the same version, time and op, and content that is greater"}]}},"raw"
END
sed 's/}$/,"_ev":{"origin":{"source":"o.log","line":77,"offset":1234}}}/' in.jsonl >o.jsonl
run evversion -r rejects o.jsonl
is 'the reject of a conflict names the origin' "$(jq -c '._ev.reject | [.source, .line, .offset]' rejects)" '["o.log",77,1234]'

# The fold

fold 'a put replaces' '2 0 0 0 0' <<'END'
> put a 1 10 "x":1,"y":{"z":1}
> put a 2 11 "y":{"w":1}
a {"x":1,"y":{"z":1}} [10:00,11:00)
a {"y":{"w":1}} [11:00,) current
END
fold 'a patch merges: absent keeps, null removes, nulls within lists stay' '2 0 0 0 0' <<'END'
> put a 1 10 "x":1,"y":{"z":1,"w":2},"l":[1]
> patch a 2 11 "y":{"z":null,"n":{"m":null}},"l":[null,{"a":null}]
a {"x":1,"y":{"z":1,"w":2},"l":[1]} [10:00,11:00)
a {"x":1,"y":{"w":2,"n":{}},"l":[null,{"a":null}]} [11:00,) current
END
fold 'patches are folded one by one: a removal is not lost' '3 0 0 0 0' <<'END'
> put a 1 10 "y":{"a":1,"b":2}
> patch a 2 11 "y":null
> patch a 3 12 "y":{"b":3}
a {"y":{"a":1,"b":2}} [10:00,11:00)
a {} [11:00,12:00)
a {"y":{"b":3}} [12:00,) current
END
fold 'a put in between makes what came before it forgotten' '4 0 0 0 0' <<'END'
> put a 1 10 "x":1
> patch a 2 11 "y":1
> put a 3 12 "z":1
> patch a 4 13 "w":1
a {"x":1} [10:00,11:00)
a {"x":1,"y":1} [11:00,12:00)
a {"z":1} [12:00,13:00)
a {"z":1,"w":1} [13:00,) current
END
printf '%s\n' '{"z":1,"id":"{0189f7ea-ae2f-7a1b-8c3d-0123456789ab}","type":"T","time":"2026-03-01T08:00:00Z","op":"put","v":1,"got":1,"y":1,"n":1.0}' \
	'{"new":{"b":1,"a":null},"op":"patch","id":"0189f7ea-ae2f-7a1b-8c3d-0123456789ab","type":"T","time":"2026-03-01T08:00:00Z","v":"2","mod":"2026-03-01T11:00:00+01:00","got":9,"y":null,"_ev":{"origin":{"source":"p","line":1,"offset":0}}}' >order.jsonl
try 'the members of the base keep their order, new ones follow; op and what is ignored are not merged' 0 \
	'evversion order.jsonl | tail -n 1 | sed "s/,\"_ev.*//"' <<'END'
{"z":1,"id":"0189f7ea-ae2f-7a1b-8c3d-0123456789ab","type":"T","time":"2026-03-01T08:00:00Z","op":"put","v":"2","got":1,"n":1.0,"new":{"b":1},"mod":"2026-03-01T11:00:00+01:00"
END
awk 'BEGIN {
	printf "{\"id\":\"a\",\"type\":\"T\",\"time\":\"2026-03-01T08:00:00Z\",\"v\":1"
	for (i = 0; i < 100; i++) printf ",\"m%d\":%d", i, i
	printf "}\n{\"id\":\"a\",\"type\":\"T\",\"time\":\"2026-03-01T08:00:00Z\",\"v\":2,\"op\":\"patch\""
	for (i = 0; i < 200; i += 3) printf ",\"m%d\":%s", i, i % 2 ? "null" : "\"p" i "\""
	print "}"
}' >wide.jsonl
awk 'BEGIN {
	for (i = 0; i < 200; i++) {
		if (i % 3 == 0 && i % 2) continue
		if (i % 3 == 0) printf "m%d p%d\n", i, i
		else if (i < 100) printf "m%d %d\n", i, i
	}
}' >want
run 'versions --emit latest wide.jsonl | jq -r "to_entries[] | select(.key | test(\"^m[0-9]\")) | \"\(.key) \(.value)\""'
same 'a patch of many members' "$out" want
printf '%s\n' '{"id":"a","type":"T","time":"2026-03-01T08:00:00Z","v":1,"\u0061b":1,"cd":{"e\n":1}}' \
	'{"id":"a","type":"T","time":"2026-03-01T09:00:00Z","v":2,"op":"patch","ab":2,"c\u0064":{"e\u000a":null}}' >esc.jsonl
try 'names are the same in any spelling' 0 'versions --emit latest esc.jsonl | sed "s/.*,\"v\":2,//; s/,\"_ev.*//"' <<'END'
"\u0061b":2,"cd":{}
END

# RFC 7396, Appendix A. Each line: ORIGINAL PATCH RESULT, as values of one member. A null there
# removes the member, as it does in every object.
n=0
while read -r original patch result; do
	n=$((n + 1))
	records >a.jsonl <<END
put a 1 10 "doc":$original
patch a 2 11 "doc":$patch
END
	run 'versions --emit latest a.jsonl | jq -c "if has(\"doc\") then .doc else \"nothing\" end"'
	check "corner 19: RFC 7396, Appendix A, row $n" 0 "$result"
done <<'END'
{"a":"b"} {"a":"c"} {"a":"c"}
{"a":"b"} {"b":"c"} {"a":"b","b":"c"}
{"a":"b"} {"a":null} {}
{"a":"b","b":"c"} {"a":null} {"b":"c"}
{"a":["b"]} {"a":"c"} {"a":"c"}
{"a":"c"} {"a":["b"]} {"a":["b"]}
{"a":{"b":"c"}} {"a":{"b":"d","c":null}} {"a":{"b":"d"}}
{"a":[{"b":"c"}]} {"a":[1]} {"a":[1]}
["a","b"] ["c","d"] ["c","d"]
{"a":"b"} ["c"] ["c"]
{"a":"foo"} null "nothing"
{"a":"foo"} "bar" "bar"
{"e":null} {"a":1} {"e":null,"a":1}
[1,2] {"a":"b","c":null} {"a":"b"}
{} {"a":{"bb":{"ccc":null}}} {"a":{"bb":{}}}
END
fold 'corner 19: {} removes nothing, null does, and an explicit null of a put stays' '4 1 0 0 0' <<'END'
> put a 1 10 "x":{"y":1},"z":null
> patch a 2 11 "x":{}
> patch a 3 12 "x":{"y":null}
> patch a 4 13 "x":null
> patch a 5 14 "z":null
a {"x":{"y":1},"z":null} [10:00,12:00)
a {"x":{},"z":null} [12:00,13:00)
a {"z":null} [13:00,14:00)
a {} [14:00,) current
END

# No-ops

fold 'a put that says nothing new' '2 2 0 0 0' <<'END'
> put a 1 10 "x":1,"y":2
> put a 2 11 "y":2.0,"x":1
> put a 3 12 "x":1,"y":2,"got":7
> put a 4 13 "x":1
a {"x":1,"y":2} [10:00,13:00)
a {"x":1} [13:00,) current
END
fold 'a patch that says nothing new' '2 2 0 0 0' <<'END'
> put a 1 10 "x":1
> patch a 2 11 "x":1.0
> patch a 3 12 "y":null
> patch a 4 13 "y":1
a {"x":1} [10:00,13:00)
a {"x":1,"y":1} [13:00,) current
END
fold 'back to what was is something new' '3 0 0 0 0' <<'END'
> put a 1 10 "x":1
> put a 2 11 "x":2
> put a 3 12 "x":1
a {"x":1} [10:00,11:00)
a {"x":2} [11:00,12:00)
a {"x":1} [12:00,) current
END
fold 'a put that says what a patch made is none' '2 1 0 0 0' <<'END'
> put a 1 10 "x":1
> patch a 2 11 "y":1
> put a 3 12 "y":1,"x":1
a {"x":1} [10:00,11:00)
a {"x":1,"y":1} [11:00,) current
END
printf '%s\n' '{"id":"a","type":"T","time":"2026-03-01T08:00:00Z","v":1,"mod":"2026-03-01T10:00:00Z"}' \
	'{"id":"a","type":"T","time":"2026-03-01T07:00:00Z","v":2,"mod":"2026-03-01T11:00:00Z"}' >time.jsonl
try 'corner 32: a version that corrects only the event time is one, where the model names a modified time' 0 \
	'versions time.jsonl | jq -c "[.time, ._ev.valid_from]"' <<'END'
["2026-03-01T08:00:00Z","2026-03-01T10:00:00.000000Z"]
["2026-03-01T07:00:00Z","2026-03-01T11:00:00.000000Z"]
END
try 'corner 32: where it names none, the event time alone makes no version' 0 \
	'sed "s/,\"mod.*/}/" time.jsonl | versions -m version.yaml --stats - | jq -c "[.v, .time, ._ev.valid_from]"' <<'END'
[1,"2026-03-01T08:00:00Z","2026-03-01T08:00:00.000000Z"]
! evversion   in 2  version 1  no-op 1  duplicate 0  conflict 0  misfit 0  out 2  rejected 0  blank 0
END
printf '%s\n' '{"id":"a","type":"T","time":"2026-03-01T08:00:00Z","v":1}' \
	'{"id":"a","type":"U","time":"2026-03-01T08:00:00Z","v":2}' >type.jsonl
try 'another type is something new' 0 'versions type.jsonl | jq -r .type' <<'END'
T
U
! evversion: events change their type from one version to the next (1 times), first a: if these are different things whose ids are equal by chance, make the ids differ
END
printf '%s\n' '{"id":7,"type":"T","time":"2026-03-01T08:00:00Z","v":1}' '{"id":7,"type":"U","time":"2026-03-01T09:00:00Z","v":2}' \
	'{"id":7,"type":"T","time":"2026-03-01T10:00:00Z","v":3}' '{"id":8,"type":"T","time":"2026-03-01T08:00:00Z","v":1}' \
	'{"id":8,"type":"\u0054","time":"2026-03-01T08:00:00Z","v":2,"x":1}' >types.jsonl
try 'types that change back and forth are counted, equal spellings are not' 0 'versions --emit latest types.jsonl | jq -r .id' <<'END'
7
8
! evversion: events change their type from one version to the next (2 times), first 7: if these are different things whose ids are equal by chance, make the ids differ
END
printf '%s\n' '{"id":"a","type":"T","time":"2026-03-01T08:00:00Z","v":1}' '{"id":"a","op":"delete","type":"T","time":"2026-03-01T09:00:00Z","v":2}' \
	'{"id":"a","type":"U","time":"2026-03-01T10:00:00Z","v":3}' >anew.jsonl
try 'an event that was deleted may come back as another' 0 'versions --emit latest anew.jsonl | jq -r .type' <<'END'
U
END

# Orphans

fold 'a patch with nothing to stand on' '0 0 0 0 1' <<'END'
> patch a 1 10 "x":1
! orphan {"x":1}
END
fold 'a patch before its put, in the order of the chain' '1 0 0 0 1' <<'END'
> patch a 1 10 "x":1
> put a 2 11 "y":1
a {"y":1} [11:00,) current
! orphan {"x":1}
END
fold 'a patch right after a delete; the next put stands, and a patch on it' '4 0 0 0 1' <<'END'
> put a 1 10 "x":1
> delete a 2 11
> patch a 3 12 "x":2
> put a 4 13 "x":3
> patch a 5 14 "y":4
a {"x":1} [10:00,11:00)
a {"x":1} [11:00,13:00) deleted
a {"x":3} [13:00,14:00)
a {"x":3,"y":4} [14:00,) current
! orphan {"x":2}
END
records <<'END' >in.jsonl
put a 1 10 "x":1
patch b 1 10 "x":1
put c 1 10 "x":1
END
run evversion -r rejects in.jsonl
sed 's/"raw".*/"raw"/' rejects >got
same 'the reject of an orphan' got - <<'END'
{"_ev":{"reject":{"stage":"evversion","source":"in.jsonl","line":2,"offset":93,"code":"orphan","reasons":[{"message":"the event b: the patch has no version to stand on"}]}},"raw"
END
run evversion in.jsonl
check 'an orphan without -r' 2 any \
	'evversion: in.jsonl:2: the event b: the patch has no version to stand on: mend it, or set bad records aside with -r FILE'

# Deletes

fold 'a delete closes the interval, and its row bears the content that was' '2 0 0 0 0' <<'END'
> put a 1 10 "x":1
> delete a 2 11 "why":"gone"
a {"x":1} [10:00,11:00)
a {"x":1} [11:00,) deleted
END
fold 'a repeated delete is a no-op' '2 2 0 0 0' <<'END'
> put a 1 10 "x":1
> delete a 2 11
> delete a 3 12
> delete a 4 13 "why":"still gone"
a {"x":1} [10:00,11:00)
a {"x":1} [11:00,) deleted
END
fold 'a delete with nothing before it' '0 1 0 0 0' <<'END'
> delete a 1 10
END
fold 'a leading delete, and the put that stands above it' '1 1 0 0 0' <<'END'
> delete a 1 10
> put a 2 11 "x":1
a {"x":1} [11:00,) current
END
fold 'an undelete, and a second delete' '5 0 0 0 0' <<'END'
> put a 1 10 "x":1
> delete a 2 11
> put a 3 12 "x":2
> delete a 4 13
> put a 5 14 "x":3
a {"x":1} [10:00,11:00)
a {"x":1} [11:00,12:00) deleted
a {"x":2} [12:00,13:00)
a {"x":2} [13:00,14:00) deleted
a {"x":3} [14:00,) current
END

# Validity

fold 'version order beats clocks: no version begins before its predecessor' '4 0 0 0 0' <<'END'
> put a 1 12 "x":1
> put a 2 10 "x":2
> put a 3 11 "x":3
> put a 4 13 "x":4
a {"x":1} [12:00,12:00)
a {"x":2} [12:00,12:00)
a {"x":3} [12:00,13:00)
a {"x":4} [13:00,) current
END
fold 'a delete whose clock went back' '2 0 0 0 0' <<'END'
> put a 1 12 "x":1
> delete a 2 10
a {"x":1} [12:00,12:00)
a {"x":1} [12:00,) deleted
END
records <<'END' | sed 's/2026-03-01T10/2026-03-01T10:00:00+05:30/;s/+05:30:00:00Z/+05:30/' >offset.jsonl
put a 1 10 "x":1
END
try 'intervals are in UTC' 0 'versions offset.jsonl | jq -r ._ev.valid_from' <<'END'
2026-03-01T04:30:00.000000Z
END

# The corner cases, by number

fold 'corner 1: insert and delete with the same time' '2 0 0 0 0' <<'END'
> put a - 10 "x":1
> delete a - 10 "x":1
a {"x":1} [10:00,10:00)
a {"x":1} [10:00,) deleted
END
fold 'corner 2: a delete, then a stale put' '2 0 0 0 0' <<'END'
> delete a 5 11
> put a 4 10 "x":1
a {"x":1} [10:00,11:00)
a {"x":1} [11:00,) deleted
END
fold 'corner 3: a stale record and a patch beside the base' '3 0 0 0 0' <<'END'
> put a 2 11 "x":"base"
> patch a 3 12 "y":"patch"
> put a 1 10 "x":"stale","y":"stale"
a {"x":"stale","y":"stale"} [10:00,11:00)
a {"x":"base"} [11:00,12:00)
a {"x":"base","y":"patch"} [12:00,) current
END
fold 'corner 4: an absent member against a null' '3 0 0 0 0' <<'END'
> put a 1 10 "x":1,"y":1
> put a 2 11 "x":1,"y":null
> put a 3 12 "x":1
a {"x":1,"y":1} [10:00,11:00)
a {"x":1,"y":null} [11:00,12:00)
a {"x":1} [12:00,) current
END
fold 'corner 5: no lower version survives a tombstone' '3 0 0 0 0' <<'END'
> delete a 9 12
> put a 8 11 "x":8
> put a 7 10 "x":7
a {"x":7} [10:00,11:00)
a {"x":8} [11:00,12:00)
a {"x":8} [12:00,) deleted
END
fold 'corner 6: a put after a delete, with the same content' '3 0 0 0 0' <<'END'
> put a 1 10 "x":1
> delete a 2 11
> put a 3 12 "x":1
a {"x":1} [10:00,11:00)
a {"x":1} [11:00,12:00) deleted
a {"x":1} [12:00,) current
END
fold 'corner 7 (within one run): a delete that comes again' '2 1 1 0 0' <<'END'
> put a 1 10 "x":1
> delete a 2 11
> delete a 2 11
> delete a 3 12
a {"x":1} [10:00,11:00)
a {"x":1} [11:00,) deleted
END
records <<'END' >in.jsonl
put a 1 10 "x":1,"y":{"z":[1]}
delete a 2 11 "x":null,"y":null
END
try 'corner 8: the deleted row is not all null' 0 'evversion in.jsonl | tail -n 1 | jq -c "[.v, .x, .y, ._ev.deleted]"' <<'END'
[1,1,{"z":[1]},true]
END
fold 'corner 9: a late arrival inside a run of no-ops' '3 1 0 0 0' <<'END'
> put a - 05 "x":"A"
> put a - 10 "x":"A"
> put a - 15 "x":"A"
> put a - 12 "x":"B"
a {"x":"A"} [05:00,12:00)
a {"x":"B"} [12:00,15:00)
a {"x":"A"} [15:00,) current
END
fold 'corner 10: a late arrival before the first, and between closed ones' '4 0 0 0 0' <<'END'
> put a - 10 "x":2
> put a - 14 "x":4
> put a - 12 "x":3
> put a - 08 "x":1
a {"x":1} [08:00,10:00)
a {"x":2} [10:00,12:00)
a {"x":3} [12:00,14:00)
a {"x":4} [14:00,) current
END
fold 'corner 12: the current row is not lost to an equal time' '3 0 0 0 0' <<'END'
> put a 1 10 "x":1
> put a 2 10 "x":2
> put a 3 10 "x":3
a {"x":1} [10:00,10:00)
a {"x":2} [10:00,10:00)
a {"x":3} [10:00,) current
END
fold 'corner 15: the producer sends all anew in mid-stream' '2 1 0 0 0' <<'END'
> put a 1 10 "x":1
> put a 2 11 "x":2
> put a 3 12 "x":2
a {"x":1} [10:00,11:00)
a {"x":2} [11:00,) current
END
fold 'corner 16: a tie of times is ordered by version' '2 0 0 0 0' <<'END'
> put a 2 10 "x":2
> put a 1 10 "x":1
a {"x":1} [10:00,10:00)
a {"x":2} [10:00,) current
END
fold 'corner 16: and without versions it is a conflict, not a guess' '1 0 0 1 0' <<'END'
> put a - 10 "x":2
> put a - 10 "x":1
a {"x":2} [10:00,) current
! conflict {"x":1}
END
fold 'corner 17: a second, bare delete is the same delete' '2 1 0 0 0' <<'END'
> put a 1 10 "x":1
> delete a 2 11 "x":1
> delete a 2 11:30
a {"x":1} [10:00,11:00)
a {"x":1} [11:00,) deleted
END
fold 'corner 18: a partial record that comes before its base is merged all the same' '2 0 0 0 0' <<'END'
> patch a 2 11 "y":2
> put a 1 10 "x":1
a {"x":1} [10:00,11:00)
a {"x":1,"y":2} [11:00,) current
END
fold 'corner 22: many copies in one input' '1 0 3 0 0' <<'END'
> put a 1 10 "x":1
> put a 1 10 "x":1
> put a 1 10 "x":1
> put a 1 10 "x":1
a {"x":1} [10:00,) current
END
fold 'corner 23: a change of key order alone is none' '1 1 0 0 0' <<'END'
> put a 1 10 "x":1,"y":{"a":1,"b":2}
> put a 2 11 "y":{"b":2,"a":1},"x":1
a {"x":1,"y":{"a":1,"b":2}} [10:00,) current
END
{
	echo put a 1 10 '"x":1' | records
	echo '{"id":"b",'
	printf '{"id":"c","type":"T","time":"2026-03-01T10:00:00Z","x":"\377"}\n'
	echo '{"id":"d","type":"T"}'
	echo '{"id":"e","type":"T","time":"2026-03-01T10:00:00Z","v":"two"}'
	echo '{"id":"f","type":"T","time":"2026-03-01T10:00:00Z","op":"r"}'
	echo
	echo put z 1 10 '"x":1' | records
} >bad.jsonl
run evversion -r rejects --stats - bad.jsonl
is 'corner 27: bad records cost themselves alone' "$(jq -r '.id // empty' "$out" | tr '\n' ' ')$(cat "$err")" \
	'a z evversion   in 8  version 2  no-op 0  duplicate 0  conflict 0  misfit 0  out 4  rejected 5  blank 1'
is 'corner 27: each with its code' "$(jq -r '._ev.reject | "\(.line) \(.code)"' rejects | tr '\n' ' ')" \
	'2 json 3 utf8 4 envelope 5 envelope 6 envelope '
printf '{"id":"a","type":"T","time":"2026-03-01T08:00:00Z","v":1,"n":[9007199254740993,1.10,1e400,-0,100000000000000000000000.0,1E-7]}\n' >n.jsonl
printf '{"id":"a","type":"T","time":"2026-03-01T08:00:00Z","v":2,"op":"patch","m":0.10}\n' >>n.jsonl
try 'corner 28: no number is changed, by a patch neither' 0 'versions n.jsonl | sed "s/.*\"n\"/\"n\"/; s/,\"_ev.*//"' <<'END'
"n":[9007199254740993,1.10,1e400,-0,100000000000000000000000.0,1E-7]
"n":[9007199254740993,1.10,1e400,-0,100000000000000000000000.0,1E-7],"m":0.10
END

# What is written

cat >ev.jsonl <<'END'
{"id":"b","type":"T","time":"2026-03-01T08:00:00Z","v":1,"x":1,"_ev":{"origin":{"source":"b.log","line":3,"offset":44}}}
{"_ev":{"origin":{"source":"b.log","line":9,"offset":99}},"id":"b","type":"T","time":"2026-03-01T09:00:00.123456789Z","v":2,"x":2}
 {"id":"b", "_ev":{"origin":{"source":"b.log","line":10,"offset":300}} ,"type":"T","time":"2026-03-01T10:00:00Z","v":3,"op":"delete"}
{"id":"a","type":"T","time":"2026-03-01T08:00:00Z", "x":[ 1 ] }
END
run evversion ev.jsonl
check '_ev: the delete; number, interval, flags and the origin; all else as it came' 0 @"$srcdir/tests/data/evversion.jsonl"
run 'tac ev.jsonl | evversion'
check '_ev: the same backwards' 0 @"$srcdir/tests/data/evversion.jsonl"
records <<'END' >in.jsonl
put c 1 10 "x":1
put b 1 10 "x":1
delete b 2 11
put a 1 10 "x":1
patch a 2 11 "y":1
put a 3 12 "x":1,"y":1
put d 1 10 "x":1
delete d 2 11
put d 3 12 "x":1
END
run evversion --emit latest --stats - in.jsonl
is '--emit latest: what is current' "$(jq -r "$show" "$out")" 'a {"x":1,"y":1} [11:00,) current
c {"x":1} [10:00,) current
d {"x":1} [12:00,) current'
is '--emit latest: the sums are of all' "$(cat "$err")" \
	'evversion   in 9  version 8  no-op 1  duplicate 0  conflict 0  misfit 0  out 7  rejected 0  blank 0'
evversion in.jsonl | grep -e '"current":true' -e '"op":"delete","owner"' >want
same '--emit latest: the same lines as in the history' "$out" want
run 'evversion --emit current in.jsonl'
check '--emit of something else' 2 '' "evversion: --emit takes history or latest, not 'current'
Try 'evversion --help'."
run 'evversion --on-conflict ignore in.jsonl'
check '--on-conflict of something else' 2 '' "evversion: --on-conflict takes quarantine or fail, not 'ignore'
Try 'evversion --help'."
run evversion /dev/null
check 'nothing comes of nothing' 0

# An event without members

sed -e 's/^event: .*/event: {id: ".id \/\/ \\"none\\"", type: ".type \/\/ \\"T\\"", time: ".time \/\/ \\"2026-03-01T10:00:00Z\\"", order: time}/' evkit.yaml >lacking.yaml
for object in '{}' ' { }' "$(printf '{\r}')" "$(printf '\r{\t\r }')"; do
	printf '%s\n' "$object" >lacking.jsonl
	run 'evversion -m lacking.yaml lacking.jsonl | tail -n 1 | jq -c keys'
	check "an event without members: $(printf %s "$object" | tr '\r\t' 'rt')" 0 '["_ev"]'
done

# order: arrival

cat >arrival.jsonl <<'END'
{"id":"a","type":"T","time":"2026-03-01T12:00:00Z","x":1}
{"id":"a","type":"T","time":"2026-03-01T10:00:00Z","x":2}
{"id":"a","type":"T","time":"2026-03-01T11:00:00Z","op":"patch","y":3}
{"id":"a","type":"T","time":"2026-03-01T11:00:00Z","op":"patch","y":4}
END
try 'order: arrival takes updates as they come' 0 'evversion -m arrival.yaml arrival.jsonl | jq -r "$show"' <<'END'
a {"x":1} [12:00,12:00)
a {"x":2} [12:00,12:00)
a {"x":2,"y":3} [12:00,12:00)
a {"x":2,"y":4} [12:00,) current
END

# Without a model

mkdir none
run 'cd none && echo "{\"event_id\":\"a\",\"event_type\":\"T\",\"event_timestamp\":\"2026-03-01T08:00:00Z\",\"version\":2,\"op\":\"delete\"}
{\"event_id\":\"a\",\"event_type\":\"T\",\"event_timestamp\":\"2026-03-01T07:00:00Z\",\"modified_at\":\"2026-03-01T07:30:00Z\",\"version\":1}" | versions | jq -c "select(._ev.version) | [._ev.valid_from, ._ev.deleted]"'
check 'no model: the default paths' 0 '["2026-03-01T07:30:00.000000Z",false]
["2026-03-01T08:00:00.000000Z",true]'
run 'cd none && evversion --id .id --type .type --time .time --version-path .v --modified .mod --op .op ../in.jsonl'
evversion in.jsonl >want
check 'no model: the paths as options' 0 @want

# Beyond the memory

awk 'BEGIN {
	srand(7)
	for (i = 0; i < 20000; i++)
		printf "{\"id\":\"e%d\",\"type\":\"T\",\"time\":\"2026-03-01T%02d:00:00Z\",\"v\":%d,%s\"x\":%d,\"filler\":\"%0440d\"}\n",
			rand() * 3000, rand() * 6, rand() * 4,
			(k = rand()) < 0.1 ? "\"op\":\"delete\"," : k < 0.4 ? "\"op\":\"patch\"," : "", rand() * 3, rand() * 2
}' >many.jsonl
run evversion -r rejects --stats - many.jsonl
check 'many records' 0 any '~^evversion +in 20000 .* blank 0$'
cp "$out" want
cp "$err" want.sums
cp rejects want.rejects
ok 'many records: of all kinds' awk '{ exit !($5 > 9000 && $7 > 90 && $9 > 90 && $11 > 90 && $15 > 90) }' want.sums
ok 'they come out in order' sh -c 'sed -n "s/^{\"id\":\"\([^\"]*\)\".*/\1/p" want | sort -c'
run evversion -S 64K -r rejects --stats - many.jsonl
check 'spilled to the disk in more than 128 runs: the same bytes' 0 @want @want.sums
same 'spilled: the same rejects' rejects want.rejects
run evversion -S 1M -r rejects many.jsonl
check 'spilled in a few runs: the same bytes' 0 @want
run 'shuf --random-source=want many.jsonl | evversion -S 100K -r rejects --stats -'
check 'spilled and shuffled: the same bytes' 0 @want @want.sums
mkdir spill
run 'TMPDIR=$PWD/spill evversion -S 64K -r rejects many.jsonl >/dev/null; ls -A spill'
check 'nor in that of this run' 0
# In the output's own memory where they fit, and beside it where they do not.
awk 'BEGIN {
	for (zeros = "0"; length(zeros) < 600000; )
		zeros = zeros zeros
	for (i = 0; i < 12; i++)
		print sprintf("{\"id\":\"l%02d\",\"type\":\"T\",\"time\":\"2026-03-01T08:00:00Z\",\"long\":\"", i) \
			substr(zeros, 1, 30000 * i + i % 2 * 262000) "\"}"
}' >long.jsonl
is 'twelve records are made' "$(wc -l <long.jsonl)" 12
run 'versions long.jsonl | sed "s/,\"_ev\":{\"version\":1,\"valid_from\":\"2026-03-01T08:00:00.000000Z\",\"valid_to\":null,\"current\":true,\"deleted\":false}}$/}/"'
check 'lines longer than a block of the output' 0 @long.jsonl
records <<'END' >second.jsonl
put l11 - 09
put c 1 10 "x":1
put c 1 10 "x":2
END
run evversion -r rejects long.jsonl second.jsonl
is 'a record of the second file is told with its place there' "$(jq -c '._ev.reject | [.code, .source, .line]' rejects)" \
	'["conflict","second.jsonl",2]'

run 'TMPDIR=/nonexistent evversion -S 64K -r rejects many.jsonl'
check 'no folder to spill to' 2 '' '~^evversion: /nonexistent.*No such file or directory'
run 'evversion -m arrival.yaml -S 64K -r rejects many.jsonl >spilled; evversion -m arrival.yaml -r rejects many.jsonl | cmp - spilled'
check 'spilled, in the order of arrival' 0
run evversion -S 63K many.jsonl
check 'less memory than it takes' 2 '' "evversion: --buffer-size must be 64K at least
Try 'evversion --help'."

# Whether an update is a no-op is told by lengths where these are known, which takes the model of
# evkit.yaml; of that with .op among what is ignored they are not, and all content is compared.
sed 's/\[.got\]/[.got, .op]/' evkit.yaml >slow.yaml
awk 'function any(list, a) { return a[int(rand() * split(list, a, "|")) + 1] }
BEGIN {
	srand(11)
	for (i = 0; i < 6000; i++) {
		op = rand() < 0.9 ? any("||\"op\":\"put\",|\"op\":null,|\"op\":\"p\\u0075t\",") : any("\"op\":\"patch\",|\"op\":\"delete\",")
		x = "\"x\":" any("1|1.0|10e-1|12.30|12.3|\"a\"|\"\\u0061\"|[]")
		v = any("|\"v\":1,|\"v\":2,|\"v\":10,|\"v\":\"10\",|\"v\":1e1,|\"v\":0,|\"v\":-3,|\"v\":null,|\"\\u0076\":100,|\"v\":101.0,")
		mod = sprintf("\"mod\":\"2026-03-01T%02d:%02d:%02dZ\",", i / 3600, i / 60 % 60, i % 60)
		if (rand() < 0.1)
			sub(/Z/, "+00:00", mod)
		if (rand() < 0.1)
			sub(/T/, "\\u0054", mod)
		if (rand() < 0.2)
			mod = mod "\"got\":" i ","
		if (rand() < 0.5)
			v = v x ","
		else
			op = op x ","
		printf "{\"id\":\"%d\",\"type\":\"T\",%s%s%s\"time\":\"2026-03-01T00:00:00Z\"}\n", rand() * 300, v, mod, op
	}
}' >noops.jsonl
run 'evversion -m slow.yaml -r rejects --stats - noops.jsonl'
cp "$out" want
cp "$err" want.sums
ok 'random updates: many are no-ops' awk '{ exit !($5 > 1000 && $7 > 1000) }' want.sums
run 'evversion -r rejects --stats - noops.jsonl'
check 'random updates: a no-op is one, however it is told' 0 @want @want.sums

done_testing

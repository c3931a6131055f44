#!/bin/sh
# evstar --map and --reduce: the work of evstar in two halves, over any buckets of events and of members.
# RANDOM_HALVES (100) is how many random histories are tried.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

cat >evkit.yaml <<'EOF'
evkit: 1
name: halves
event: {id: .id, type: .type, time: .time, version: .v, modified: .m, op: .op}
star:
  facts:
    events:
      keep: history
      columns:
        time: {from: .time, type: timestamp, dimension: dim_day}
        user: {from: .user, type: varchar(20), dimension: dim_user}
        person: {from: .user, type: varchar(20), dimension: dim_person}
        rate: {from: .rate, type: "decimal(8,2)", dimension: dim_rate}
        price: {from: .rate, type: "decimal(8,2)", dimension: dim_price}
    lines:
      keep: latest
      for: [Order]
      each: ".lines[]"
      columns:
        time: {from: .time, type: timestamp, dimension: dim_day}
        ware: {from: $item.sku, type: varchar(20), dimension: dim_ware}
        kind: {from: .type, type: varchar(20), dimension: dim_kind}
  dimensions:
    dim_day: {calendar: {from: 2026-03-27, to: 2026-03-28, zone: Europe/Amsterdam}}
    dim_user: {key: .user, columns: {name: {from: .name, type: varchar(20)}, user: {from: .user, type: varchar(20)}, note: {from: .note, type: json}, rate: {from: .rate, type: "decimal(8,2)"}, v: {from: .v, type: int}}}
    dim_person: {key: .user, history: scd2, columns: {name: {from: .name, type: varchar(20)}, note: {from: .note, type: json}, user: {from: .user, type: varchar(20)}, v: {from: .v, type: int}}}
    dim_rate: {key: [.rate, .type], columns: {type: {from: .type, type: varchar(9)}, rate: {from: .rate, type: "decimal(8,2)"}, name: {from: .name, type: varchar(20)}}}
    dim_ware: {key: $item.sku, history: scd2, for: [Order], each: ".lines[]", columns: {sku: {from: $item.sku, type: varchar(20)}, title: {from: $item.title, type: varchar(20)}}}
    dim_price: {key: .rate, when: .v > 2, columns: {rate: {from: .rate, type: "decimal(8,2)"}, name: {from: .name, type: varchar(20)}}}
    dim_at: {key: [.time, .v], history: scd2, columns: {time: {from: .time, type: timestamp}, v: {from: .v, type: int}, name: {from: .name, type: varchar(20)}}}
    dim_kind: {key: .type, columns: {type: {from: .type, type: varchar(20)}}}
EOF

# key TYPE TEXT ...: the key over these parts.
key()
{
	while [ $# -gt 0 ]; do
		printf '%s %d:%s' "$1" "${#2}" "$2"
		shift 2
	done | md5sum | cut -c 1-32
}

# A whole output

cat >in.jsonl <<'EOF'
{"id":"o1","type":"Order","time":"2026-03-26T10:00:00Z","v":1,"user":"u1","name":"Ann","lines":[{"sku":"x","title":null}]}
{"id":"o1","type":"Order","time":"2026-03-26T10:00:00Z","v":2,"m":"2026-03-27T10:00:00Z","user":"u1","note":[1, 2],"rate":19.10,"lines":[]}
{"id":"o2","type":"Visit","time":"2026-03-27T12:00:00Z","v":1,"user":"u2"}
EOF
run 'evversion in.jsonl >versions; evstar versions >whole; evstar --map --stats - -o mapped versions; grep contribute mapped'
u1=$(key varchar u1)
u2=$(key varchar u2)
x=$(key varchar x)
rate=$(key decimal 19.1 varchar Order)
price=$(key decimal 19.1)
at1=$(key timestamp 2026-03-26T10:00:00.000000Z int 1)
at2=$(key timestamp 2026-03-26T10:00:00.000000Z int 2)
at3=$(key timestamp 2026-03-27T12:00:00.000000Z int 1)
visit=$(jq -r 'select(.type == "Visit") | .dim_rate_key // empty' whole)
v26='"valid_from":"2026-03-26T10:00:00.000000Z"'
v27='"valid_from":"2026-03-27T10:00:00.000000Z"'
cat >want <<EOF
{"_ev":{"op":"contribute","owner":"$u1","table":"dim_person","inferred":false,$v26,"valid_to":"2026-03-27T10:00:00.000000Z","event":"o1","element":0},"user":"u1","name":"Ann","v":1}
{"_ev":{"op":"contribute","owner":"$x","table":"dim_ware","inferred":false,$v26,"valid_to":"2026-03-27T10:00:00.000000Z","event":"o1","element":0},"sku":"x","title":null}
{"_ev":{"op":"contribute","owner":"$at1","table":"dim_at","inferred":false,$v26,"valid_to":"2026-03-27T10:00:00.000000Z","event":"o1","element":0},"time":"2026-03-26T10:00:00.000000Z","v":1,"name":"Ann"}
{"_ev":{"op":"contribute","owner":"$u1","table":"dim_person","inferred":false,$v27,"valid_to":null,"event":"o1","element":0},"user":"u1","note":[1, 2],"v":2}
{"_ev":{"op":"contribute","owner":"$at2","table":"dim_at","inferred":true,$v26,"valid_to":"2026-03-26T10:00:00.000000Z","event":"o1","element":0},"time":"2026-03-26T10:00:00.000000Z","v":2}
{"_ev":{"op":"contribute","owner":"$u2","table":"dim_person","inferred":false,"valid_from":"2026-03-27T12:00:00.000000Z","valid_to":null,"event":"o2","element":0},"user":"u2","v":1}
{"_ev":{"op":"contribute","owner":"$at3","table":"dim_at","inferred":true,"valid_from":"2026-03-27T12:00:00.000000Z","valid_to":"2026-03-27T12:00:00.000000Z","event":"o2","element":0},"time":"2026-03-27T12:00:00.000000Z","v":1}
{"_ev":{"op":"contribute","owner":"$u1","table":"dim_user","inferred":false,$v27,"event":"o1","element":0},"user":"u1","note":[1, 2],"rate":19.10,"v":2}
{"_ev":{"op":"contribute","owner":"$u2","table":"dim_user","inferred":false,"valid_from":"2026-03-27T12:00:00.000000Z","event":"o2","element":0},"user":"u2","v":1}
{"_ev":{"op":"contribute","owner":"$rate","table":"dim_rate","inferred":true},"rate":19.10,"type":"Order"}
{"_ev":{"op":"contribute","owner":"$visit","table":"dim_rate","inferred":true},"rate":null,"type":"Visit"}
{"_ev":{"op":"contribute","owner":"$price","table":"dim_price","inferred":true},"rate":19.10}
{"_ev":{"op":"contribute","owner":"$(key varchar Order)","table":"dim_kind","inferred":false},"type":"Order"}
{"_ev":{"op":"contribute","owner":"$(key varchar Visit)","table":"dim_kind","inferred":false},"type":"Visit"}
{"_ev":{"op":"contribute","owner":"$(key date 2026-03-26)","table":"dim_day","inferred":false},"date":"2026-03-26"}
EOF
check 'contributions of both types, with and without a stamp, and of a day' 0 @want \
	'evstar      in 5  event 3  delete 2  out 20  mapped 15  rejected 0  blank 0'
is 'the key stands at one place' "$(grep contribute mapped | cut -c 36-67 | sort -u)" "$(grep dim_ whole | jq -r ._ev.owner | grep -v '^o' | sort -u)"
run 'grep -v contribute mapped'
check 'the rows of facts are those of evstar' 0 "~\"events\""
run 'evstar --reduce --stats - mapped'
check 'both halves are evstar' 0 @whole 'evstar      in 20  reduced 15  row 3  delete 2  out 22  rejected 0  blank 0'
run 'evstar --map versions | evstar --reduce'
check 'through a pipe' 0 @whole
run 'evstar --reduce /dev/null; evstar --map /dev/null'
check 'nothing comes of nothing' 0
grep contribute mapped | sort -r | sed 'p' >twice
run 'evstar --reduce twice'
grep -v '"owner":"o' whole >want
check 'what comes twice, and in another order, is the same' 0 @want

# What is no contribution

line=$(grep '"dim_user".*"o1"' mapped)
# broken NAME SED: the line, after the sed script, is refused.
broken()
{
	echo "$line" | sed "$2" >line
	ok "$1: is another line" sh -c '[ "$(cat line)" != "$1" ]' - "$line"
	run 'evstar --reduce line'
	check "$1" 2 '' 'evstar: line:1: this is no contribution to a dimension of the model: give evstar --reduce what evstar --map wrote by the same model'
}
broken 'a key of other digits' "s/$u1/$(echo "$u1" | tr a-f A-F)/"
broken 'a key that is too short' "s/$u1/${u1%?}/"
broken 'a table that is no dimension' 's/dim_user/events/'
broken 'no table' 's/"table":"dim_user",//'
broken 'of type 2 without an end' 's/dim_user/dim_person/'
broken 'an end in type 1' 's/,"event"/,"valid_to":null&/'
broken 'no word on what refers to it' 's/"inferred":false,//'
broken 'which is no boolean' 's/"inferred":false/"inferred":0/'
broken 'inferred, though it says something' 's/"inferred":false/"inferred":true/'
broken 'a time that is none' 's/27T10/27 10/'
broken 'a time of another length' 's/00000Z/0000Z/'
broken 'no event' 's/"event":"o1",//'
broken 'an event that is no text' 's/"event":"o1"/"event":1/'
broken 'an event with too long an id' "s/o1/$(printf '%256s' '' | tr ' ' o)/"
broken 'no element' 's/,"element":0//'
broken 'an element that is no number' 's/"element":0/"element":-1/'
broken 'an element that is too large' 's/"element":0/"element":4294967296/'
broken 'more in _ev' 's/"element":0/&,"more":1/'
broken 'no stamp' 's/,"valid_from".*"element":0//'
broken 'a stamp, and nothing said' 's/,"note".*/}/'
broken 'no key' 's/"user":"u1",//'
broken 'a column that is not there' 's/"v":2/"w":2/'
broken 'columns in another order' 's/\("note":.*\),\("rate.*\)}/\2,\1}/'
broken 'a column more' 's/}$/,"more":1}/'
broken '_ev behind the columns' 's/^{\("_ev":.*}\),\("user":"u1"\)/{\2,\1/'
line=$(grep dim_day mapped)
broken 'a day that is none' 's/03-26/02-30/'
broken 'a day that is no text' 's/"2026-03-26"/20260326/'
broken 'a day with a stamp' "s/\"inferred\":false/&,$v26,\"event\":\"o1\",\"element\":0/"
broken 'a day and more' 's/}$/,"year":2026}/'
for it in '{"id":"o1"}' '{"_ev":5}' '{"_ev":["op","contribute"]}' '{"_ev":{"op":7}}' '{"_ev":{"op":"update"}}' '{"_ev":{}}'; do
	echo "$it" >line
	run 'evstar --reduce line'
	check "neither a row nor a contribution: $it" 2 '' 'evstar: line:1: this is neither a row nor a contribution: give evstar --reduce what evstar --map wrote by the same model'
done
echo '{' >line
run 'evstar --reduce -r rejects mapped line'
check 'a line that is no JSON is set aside' 0 any
is 'with its code' "$(jq -r ._ev.reject.code rejects)" json

# Options that do not go together

try 'both halves are no option' 2 'evstar --map --reduce' <<'EOF'
! evstar: --map and --reduce are two halves of the work: leave out both to do all of it
! Try 'evstar --help'.
EOF
for half in map reduce; do
	try "--$half keeps no state" 2 "EVKIT_SEAL=s evstar --$half --state members" <<'EOF'
! evstar: --state does all of the work: leave out --map and --reduce
! Try 'evstar --help'.
EOF
done
EVKIT_SEAL=a-secret
export EVKIT_SEAL
run 'evparse --batch 1 in.jsonl | evversion --state events --since 0 | tee all | evstar --map >mapped.1; evstar --reduce mapped.1 | grep -v "^.........\(head\|seal\)"'
check 'all of a state is mapped' 0 any
sed 's/,"first":1,"from":1//' "$out" >reduced
same 'as what comes without one' reduced whole
point=$(sed -n '1s/.*"store":"\([^"]*\)".*"digests":".\{32\}\([^"]*\)".*/\1:1:\2/p' all)
echo '{"id":"o3","type":"Visit","time":"2026-03-27T12:00:00Z","v":1}' >third
for half in map reduce; do
	run "evparse --batch 2 third | evversion --state events --since $point | evstar --$half"
	check "--$half: a part of one is not" 2 '' '~^evstar: --map and --reduce take all of a state, or what comes without one: evversion --since 0$'
	rm -rf events
	evparse --batch 1 in.jsonl | evversion --state events --since 0 >all || exit 2
	point=$(sed -n '1s/.*"store":"\([^"]*\)".*"digests":".\{32\}\([^"]*\)".*/\1:1:\2/p' all)
done
unset EVKIT_SEAL

# Any history, in any buckets

if need perl; then
	rounds=${RANDOM_HALVES:-100}
	is "$rounds random histories in buckets" "$(perl "$srcdir/tests/evstar_halves.pl" "$rounds" 1 2>&1)" ''
fi
done_testing

#!/bin/sh
# evkafka: messages as lines, where it begins and ends, positions, and what goes wrong: with brokers
# within a process (tests/kafka.c). tests/evkafka_broker.t has real ones.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

kafka=$top_builddir/tests/kafka
unset EVKIT_SEAL
need jq || {
	done_testing
}
"$kafka" 2>/dev/null
[ $? -ne 77 ] || skip_all 'evkit was built without librdkafka'

# Usage

try 'no topic' 2 'evkafka -b x:1' <<'END'
! evkafka: name the topics
! Try 'evkafka --help'.
END
try 'no broker' 2 'evkafka orders' <<'END'
! evkafka: no broker is named: say -b HOST:PORT, or bootstrap.servers=... in the file of --config
END
try 'no such file of positions' 2 'evkafka -b x:1 --from earlist orders' <<'END'
! evkafka: earlist: cannot be opened: No such file or directory
END
for option in '--for 5' '--for 5x' '--for 0s' '--for -1s' '--for s' '--timeout x' '--for 5s5'; do
	run "evkafka -b x:1 $option orders"
	check "$option" 2 '' "~^evkafka: ${option% *} takes a time such as 5s, 500ms or 10m, not '${option#* }'\$"
done
run 'evkafka -b x:1 --max 0 orders'
check '--max 0' 2 '' '~^evkafka: --max takes 1 or more$'
run 'evkafka -b x:1 --positions p orders'
check '--positions of what never ends' 2 '' '~^evkafka: --positions are written at the end, which --for, --until-end or --max say$'
run 'EVKIT_SEAL=s evkafka -b x:1 orders'
check 'a chain that nobody ever seals' 2 '' '~^evkafka: without an end nothing is ever sealed, and so nothing loaded: '
run 'evkafka -b x:1 --commit-every 5 orders'
check 'sections without a secret' 2 '' '~^evkafka: --commit-every makes sections of a sealed chain: set EVKIT_SEAL'
run 'evkafka -b x:1 --commit p'
check 'a commit without a group' 2 '' '~^evkafka: --commit needs --group, whose positions they are$'
run 'evkafka -b x:1 --group g --commit p orders'
check 'a commit of a topic' 2 '' "~^evkafka: --commit reads no topic: 'orders'\$"
for text in '' '[]' '{"t":[]}' '{"t":{"0":-1}}' '{"t":{"0":1.5}}' '{"t":{"0":"1"}}' '{"t":{"x":1}}' '{"t":{"":1}}' \
	'{"t":{"00":1}}' '{"t":{"shardId-0":1}}' '{"t":{"shardId-0":"x"}}' '{"t":{"-1":1}}' '{"t":{"2147483648":1}}' '{"t":{"0":9223372036854775808}}' '{"t\u0000":{"0":1}}' \
	'{"t":{"0":1}' '{"t":{"0":1},"t":{"0":1}}'; do
	printf '%s' "$text" >positions
	run 'evkafka -b x:1 --from positions orders; evkafka -b x:1 --group g --commit positions'
	check "no positions: $text" 2 '' 'evkafka: positions: these are no positions, as --positions and evload --positions write them: {"topic":{"0":17}}
evkafka: positions: these are no positions, as --positions and evload --positions write them: {"topic":{"0":17}}'
done

# config LINE SAID
config()
{
	printf '# a comment\n\n  client.id = x \n%s\n' "$1" >properties
	run 'evkafka -b x:1 --config properties --timeout 100ms orders'
	check "a file of properties: $1" 2 '' "$2"
}

for name in enable.auto.commit enable.auto.offset.store auto.offset.reset enable.partition.eof isolation.level \
	allow.auto.create.topics check.crcs; do
	config "$name=x" "~^evkafka: properties:4: evkafka sets $name itself, to [a-z_]+: leave it out\$"
done
config group.id=x 'evkafka: properties:4: --group names the group: leave out group.id'
config nonsense 'evkafka: properties:4: a line is name=value, as librdkafka has its properties'
config no.such=1 'evkafka: properties:4: No such configuration property: "no.such"'
config 'security.protocol=quick' '~^evkafka: properties:4: Invalid value "quick" for configuration property "security.protocol"$'
config security.protocol=sasl_plaintext '~^evkafka: properties: .*sasl'
config "$(printf 'a\000b')" any

# Nobody is there

run 'evkafka -b 127.0.0.1:1 --timeout 300ms --until-end orders'
check 'a broker that is away' 2 '' 'evkafka: 127.0.0.1:1: no broker has answered for 0.3s: 127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused: see whether it runs and -b names it; what was read is read again by the next run'
echo '{"orders":{"0":1}}' >positions
run 'evkafka -b 127.0.0.1:1 --timeout 300ms --group g --commit positions'
check 'nor for a commit' 2 '' '~^evkafka: 127.0.0.1:1: no broker has answered for 0.3s: .*Connection refused'
run 'evkafka -b no-such-host.invalid:1 --timeout 300ms --until-end orders'
check 'a name that is none' 2 '' '~^evkafka: no-such-host.invalid:1: no broker has answered for 0.3s: .*resolve'

# Brokers

mkfifo commands
"$kafka" brokers <commands >answers 2>"$tap/brokers" &
exec 3>commands
told=1

answered()
{
	[ "$(wc -l <answers)" -ge "$1" ]
}

# tell COMMAND: to the brokers, and until_true until it is done.
tell()
{
	printf '%s\n' "$1" >&3
	told=$((told + 1))
	until_true answered $told || exit 2
}

until_true answered 1 || exit 2
at=$(head -n 1 answers)
# The mock makes a topic that is asked for, so its partitions are those that it is made with.
tell 'topic orders 2'
tell 'put orders 0 {"a":1.10}'
tell 'put orders 0 {"b":9007199254740993}\n'
tell 'put orders 1 {"c":\n\n[1,\n2]}'
tell 'put orders 1 no JSON'
tell 'null orders 0'
tell 'put orders 0 '
tell 'put orders 0 [{"d":1}]'
tell 'put orders 1 {"_ev":{"head":{"mac":"0"}}}'
tell 'put orders 1 {"e":"a\nb"}'
tell "put orders 1 {\"f\":\"$(printf %0300d 0)\"}"
tell 'put orders 0 {"_ev":{"origin":{"source":"old.log","line":7,"offset":99}},"g":1}'
tell 'put orders 0 {}'
tell 'put orders 1 {"h":1} {"i":2}'

run evkafka -b "$at" --group g --until-end --max-line 200 -r rejects --positions next.json --stats - orders
LC_ALL=C sort "$out" >got
same 'a message is a line with its origin' got - <<'END'
{"_ev":{"origin":{"source":"orders/0","line":6,"offset":6}}}
{"a":1.10,"_ev":{"origin":{"source":"orders/0","line":0,"offset":0}}}
{"b":9007199254740993,"_ev":{"origin":{"source":"orders/0","line":1,"offset":1}}}
{"c":[1,2],"_ev":{"origin":{"source":"orders/1","line":0,"offset":0}}}
{"g":1,"_ev":{"origin":{"source":"old.log","line":7,"offset":99}}}
END
is 'the balance' "$status $(cat "$err")" '0 evkafka     in 13  out 5  tombstone 1  rejected 6  blank 2'
is 'the positions are behind the last message' "$(cat next.json)" '{"orders":{"0":7,"1":6}}'
LC_ALL=C sort rejects | jq -c '._ev.reject | [.source, .line, .offset, .code, .reasons[0].message[:40]]' >got
same 'what is no JSON object is set aside' got - <<'END'
["orders/0",4,4,"not-object","a record is one JSON object, and this is"]
["orders/1",1,1,"json","column 1: not a JSON value"]
["orders/1",2,2,"reserved","the member \"_ev\" is reserved"]
["orders/1",3,3,"control","column 8: a raw control character in a s"]
["orders/1",4,4,"too-long","the line is longer than 200 bytes (--max"]
["orders/1",5,5,"json","column 9: the text goes on behind its va"]
END
evreject restore rejects | LC_ALL=C sort >got
printf '[{"d":1}]\nno JSON\n{"_ev":{"head":{"mac":"0"}}}\n{"e":"a\nb"}\n{"f":"%0300d"}\n{"h":1} {"i":2}\n' 0 | LC_ALL=C sort >want
same 'byte for byte' got want
run evkafka -b "$at" --until-end orders
check 'without -r the first one ends it' 2 any '~^evkafka: orders/[01]:[0-9]+: .*: mend it, or set bad records aside with -r FILE$'
run "printf '%s' \"\$(evkafka -b $at --until-end -r rejects orders)\" | wc -l; evkafka -b $at --until-end -r rejects -o all.jsonl orders; wc -l <all.jsonl"
check 'a pipe, and a file' 0 '5
6'
run "evkafka -b $at --until-end -r rejects orders >/dev/full"
check 'a full disk' 2 '' 'evkafka: standard output: cannot be written: No space left on device'
run evkafka -b "$at" --until-end -r rejects --positions no/such orders
check 'a file of positions that cannot be written' 2 any '~^evkafka: no/such: .*: No such file or directory'
run "evkafka -b $at --until-end -r rejects --max-rejects 4 orders -o refused.jsonl"
check 'too many rejects' 1 '' 'evkafka: refused.jsonl: is not made, because the verdict is no
evkafka: 5 of 13 lines were rejected, more than --max-rejects allows'

# Where it begins and ends

tell 'topic sales 2'
for i in 0 1 2 3; do
	tell "put sales 0 {\"n\":$i}"
done
tell 'put sales 1 {"n":10}'

# sales OPTION...: the numbers that come, in order.
sales()
{
	evkafka -b "$at" --positions next.json "$@" sales | sed 's/^{"n":\([0-9]*\).*/\1/' | sort -n | tr '\n' ' '
	cat next.json
}

is 'without a group: the first' "$(sales --until-end)" '0 1 2 3 10 {"sales":{"0":4,"1":1}}'
is 'a group that has committed nothing: the first' "$(sales --until-end --group shop)" '0 1 2 3 10 {"sales":{"0":4,"1":1}}'
is 'which reading does not change' "$(sales --until-end --group shop)" '0 1 2 3 10 {"sales":{"0":4,"1":1}}'
echo '{"sales":{"0":3}}' >at3
run evkafka -b "$at" --group shop --commit at3
check 'positions are committed' 0
is 'and it goes on there' "$(sales --until-end --group shop)" '3 10 {"sales":{"0":4,"1":1}}'
is 'another group is another' "$(sales --until-end --group other)" '0 1 2 3 10 {"sales":{"0":4,"1":1}}'
is 'from a file, and the first where it names none' "$(sales --until-end --group shop --from at3)" '3 10 {"sales":{"0":4,"1":1}}'
echo '{"sales":{"0":1,"1":1,"7":5,"shardId-0":"4954"},"orders":{"0":3}}' >at1
is 'what it names besides does not matter' "$(sales --until-end --from at1)" '1 2 3 {"sales":{"0":4,"1":1}}'
echo '{}' >none
is 'and it may name nothing' "$(sales --until-end --from none)" '0 1 2 3 10 {"sales":{"0":4,"1":1}}'
is 'earliest' "$(sales --until-end --group shop --from earliest)" '0 1 2 3 10 {"sales":{"0":4,"1":1}}'
is 'latest' "$(sales --until-end --group shop --from latest)" '{"sales":{"0":4,"1":1}}'
is 'a pipe can say it' "$(echo '{"sales":{"0":2,"1":1}}' | sales --until-end --from /dev/stdin)" '2 3 {"sales":{"0":4,"1":1}}'
is '--max' "$(sales --from at1 --max 2)" '1 2 {"sales":{"0":3,"1":1}}'
is '--max of more than there is ends at the end' "$(sales --from at1 --max 9 --until-end)" '1 2 3 {"sales":{"0":4,"1":1}}'
is '--for' "$(sales --for 3s)" '0 1 2 3 10 {"sales":{"0":4,"1":1}}'
evkafka -b "$at" --until-end --positions end.json sales >"$tap/end"
run evkafka -b "$at" --group shop --commit end.json
echo '{"sales":{"shardId-0":"4954"}}' >shards
ok 'of shards of Kinesis there is nothing to commit' evkafka -b "$at" --group shop --commit shards
is 'nothing is left' "$(sales --group shop --until-end)" '{"sales":{"0":4,"1":1}}'
run "evkafka -b $at --until-end -r rejects sales orders sales | wc -l"
check 'two topics, and one twice' 0 11

# An end stands still, whatever comes behind it while the rest is read. What holds the reader is a pipe
# that nobody reads.
tell 'topic busy 2'
tell 'put busy 0 {"n":0}'
big=$(head -c 50000 /dev/zero | tr '\0' x)
for i in $(seq 40); do
	tell "put busy 1 {\"n\":$i,\"x\":\"$big\"}"
done
printf 'fetch.message.max.bytes=60000\nqueued.min.messages=1\nqueued.max.messages.kbytes=60\n' >small
mkfifo held
evkafka -b "$at" --config small --until-end --positions held.json busy >held &
reader=$!
exec 4<held
sleep 1
for i in 1 2 3; do
	tell "put busy 0 {\"late\":$i}"
done
cut -c 1-20 <&4 | sed 's/,.*//' | LC_ALL=C sort >got
exec 4<&-
wait $reader
is 'what comes behind an end while others are read is left, and counted as not read' \
	"$? $(wc -l <got) $(head -n 1 got) $(cat held.json)" '0 41 {"n":0 {"busy":{"0":1,"1":40}}'
is 'for the next run' "$(evkafka -b "$at" --from held.json --until-end busy | wc -l)" 3
timeout 60 evkafka -b "$at" --timeout 1s busy >held 2>said &
reader=$!
exec 4<held
sleep 1
tell down
sleep 1
cat <&4 >"$tap/held"
exec 4<&-
wait $reader
is 'a broker that goes is missed, though what was fetched before comes behind' \
	"$? $(sed 's/ [0-9.]*:[0-9]*: / AT: /; s/1s: .*: see/1s: see/' said)" \
	'2 evkafka: AT: no broker has answered for 1s: see whether it runs and -b names it; what was read is read again by the next run'
tell up

# Loss

echo '{"sales":{"0":5}}' >beyond
run evkafka -b "$at" --until-end --from beyond sales
check 'a position behind the end' 2 '' 'evkafka: sales/0: reading is to go on at message 5, and the partition ends before 4: the topic was made anew or put back from a copy; --from earliest begins it again'
# The mock keeps 5 MiB of a partition.
tell 'topic large 1'
big=$(head -c 800000 /dev/zero | tr '\0' x)
for i in 1 2 3 4 5 6 7 8 9; do
	tell "put large 0 {\"n\":$i,\"x\":\"$big\"}"
done
echo '{"large":{"0":1}}' >lost
run evkafka -b "$at" --until-end --from lost large
check 'what the brokers keep no more is a loss, with its numbers' 2 '' \
	'~^evkafka: large/0: data is lost: messages 1 to [2-8] were not read, and the brokers keep none before [3-9]: see the topic'"'"'s retention; --from earliest goes on with what is left, and loads nothing twice$'
run evkafka -b "$at" --group late --commit lost
run evkafka -b "$at" --until-end --group late large
check "the group's, too" 2 '' '~^evkafka: large/0: data is lost: '
run "evkafka -b $at --until-end --group late --from earliest large | wc -l | grep -c '^[1-8]\$'"
check 'what is left can be read' 0 1

# Refusals and failures of the brokers

# APIs: 1 fetch, 2 offsets, 3 metadata, 8 commit, 9 committed.
tell 'refuse sales 29'
run evkafka -b "$at" --until-end sales
check 'a topic that may not be seen' 2 '' "~^evkafka: $at: sales: .*[Aa]uthorization failed"
tell 'refuse sales 0'
tell 'fail 9 30 1'
run evkafka -b "$at" --until-end --group shop sales
check 'a group that may not be read' 2 '' "~^evkafka: $at: shop: .*[Aa]uthorization failed"
tell 'fail 8 30 1'
run evkafka -b "$at" --group shop --commit end.json
check 'a group that may not be committed' 2 '' "~^evkafka: $at: shop: .*[Aa]uthorization failed"
tell 'fail 8 25 1'
run evkafka -b "$at" --group shop --commit end.json
check 'a group that others consume in' 2 '' "evkafka: $at: other consumers are members of the group 'shop': give evkafka a group of its own"
tell 'fail 1 29 1'
run evkafka -b "$at" --until-end sales
check 'a topic that may not be read' 2 '' '~^evkafka: sales/[01]: .*[Aa]uthorization failed'
tell 'fail 2 6 2'
tell 'fail 1 6 2'
is 'leaders that move are found again' "$(sales --until-end)" '0 1 2 3 10 {"sales":{"0":4,"1":1}}'
tell down
run "evkafka -b $at --until-end --timeout 300ms sales"
check 'a broker that is down' 2 '' "~^evkafka: $at: no broker has answered for 0.3s: "
sales --until-end >late &
reader=$!
sleep 0.5
tell up
wait $reader
is 'and comes back' "$(cat late)" '0 1 2 3 10 {"sales":{"0":4,"1":1}}'
evkafka -b "$at" --timeout 1s sales >"$tap/ends" 2>said &
reader=$!
until_true grep -q '"n":10' "$tap/ends"
tell down
wait $reader
is 'or never does, while it is read' "$? $(sed 's/[0-9.]*:[0-9]*: /AT: /; s/1s: .*: see/1s: see/' said)" '2 evkafka: AT: no broker has answered for 1s: see whether it runs and -b names it; what was read is read again by the next run'
tell up
evkafka -b "$at" --timeout 20s --for 4s sales >long 2>said &
reader=$!
until_true grep -q '"n":10' long
tell down
sleep 1
tell up
tell 'put sales 1 {"n":11}'
wait $reader
is 'and what came behind it is read, nothing twice' "$? $(sed 's/^{"n":\([0-9]*\).*/\1/' long | sort -n | tr '\n' ' ')$(cat said)" '0 0 1 2 3 10 11 '

# A sealed chain

EVKIT_SEAL=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
export EVKIT_SEAL
cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: '.n | tostring', type: '"Sale"', time: '"2026-03-01T10:00:00Z"', version: .n}
star:
  facts:
    sales: {keep: latest, columns: {n: {from: .n, type: int}}}
END

# shape: of the lines of a stream.
shape()
{
	jq -rc 'if ._ev.head then "head \(._ev.head.batch)" elif ._ev.at then "at \(._ev.at | "\(.source):\(.line)")"
		elif ._ev.seal then "seal \(._ev.seal.positions)" else .n end' "$@"
}

echo '{"sales":{"0":2,"1":2}}' >at2
run evkafka -b "$at" --from at2 --until-end --batch b sales
shape "$out" >got
same 'places are offsets, and the seal has the positions' got - <<'END'
head b
at sales/0:2
2
3
seal {"sales":{"0":4,"1":2}}
END
run "evkafka -b $at --until-end --batch b sales | evvalidate -r rejects | evdedupe | sed '\$!d' | jq -c ._ev.seal.positions"
check 'each program hands them on' 0 '{"sales":{"0":4,"1":2}}'
run "evkafka -b $at --until-end --batch b sales | evversion | evstar | sed '\$!d' | jq -c ._ev.seal.positions"
check 'those that gather, too' 0 '{"sales":{"0":4,"1":2}}'
run "evkafka -b $at --until-end sales | sed '\$s/\"0\":4/\"0\":5/' | evvalidate"
check 'nobody can change them' 2 any '~^evvalidate: -:[0-9]+: this control line is not signed under EVKIT_SEAL as it stands'
run "evkafka -b $at --until-end orders -r rejects | evvalidate -r rejects2 | evreject restore rejects2 | wc -l"
run "evkafka -b $at --from at2 --max 2 --commit-every 1 --batch s sales"
shape "$out" | sed 's/:[0-9]*$/:N/; s/^[0-9]*$/N/' | head -n 4 >got
same 'sections' got - <<'END'
head s.00000001
at sales/0:N
N
seal {"sales":{"0":3,"1":2}}
END

tell 'topic live 1'
evkafka -b "$at" --from earliest --commit-every 1000,100ms --batch live live >stream &
stream=$!
tell 'put live 0 {"n":1}'
until_true grep -q '"positions":{"live":{"0":1}}' stream
is 'a section that is old is sealed though nothing comes' "$?" 0
tell 'put live 0 {"n":2}'
tell 'put live 0 {"n":3}'
until_true grep -q '"positions":{"live":{"0":3}}' stream
is 'and so is the next one' "$?" 0
kill $stream
wait $stream 2>/dev/null
is 'which a signal ends' "$?" 143

# How far topics are loaded

evschema -t sqlite | sqlite3 shop.db
evschema -t sqlite | sqlite3 plain.db

# load BATCH ARGUMENT...: what the brokers have, into shop.db, which follows a state.
load()
{
	name=$1
	shift
	evkafka -b "$at" --until-end --batch "$name" "$@" | evvalidate | evdedupe |
		evversion --state events --since "$(evload --position sqlite:shop.db)" | evstar --state members | evload sqlite:shop.db
}

run evload --positions sqlite:shop.db
check 'nothing is loaded yet' 0 '{}'
run load b1 sales
check 'a topic is loaded' 0
is 'and the ledger says how far' "$(evload --positions sqlite:shop.db; sqlite3 shop.db 'SELECT commit_no, rows, offsets FROM ev_ledger')" \
	'{"sales":{"0":4,"1":2}}
1|6|{"sales":{"0":4,"1":2}}'
run load b2 sales
check 'the same again changes nothing' 0 '' 'evload: the target holds this input already: nothing was changed'
run load b3 live
check 'another topic, all of which is known' 0
is 'and yet was read' "$(evload --positions sqlite:shop.db; sqlite3 shop.db 'SELECT commit_no, mode, rows, offsets FROM ev_ledger WHERE commit_no > 1')" \
	'{"live":{"0":3},"sales":{"0":4,"1":2}}
2|changes|0|{"live":{"0":3},"sales":{"0":4,"1":2}}'
tell 'put live 0 {"n":77}'
evload --positions sqlite:shop.db >next.json
run load b4 --from next.json live sales
check 'it goes on from there' 0
is 'with what is new' "$(evload --positions sqlite:shop.db; sqlite3 shop.db 'SELECT rows FROM ev_ledger WHERE commit_no = 3; SELECT n FROM sales ORDER BY n')" \
	'{"live":{"0":4},"sales":{"0":4,"1":2}}
1
0
1
2
3
10
11
77'
echo '{"n":5}' | evparse --batch b5 | evversion --state events --since "$(evload --position sqlite:shop.db)" |
	evstar --state members | evload sqlite:shop.db
is 'a batch from elsewhere does not change that' "$(evload --positions sqlite:shop.db; sqlite3 shop.db 'SELECT offsets IS NULL FROM ev_ledger WHERE commit_no = 4')" \
	'{"live":{"0":4},"sales":{"0":4,"1":2}}
1'
run "evkafka -b $at --until-end --batch b sales | evversion | evstar | evload sqlite:plain.db"
check 'without a state' 0
is 'it is the same' "$(evload --positions sqlite:plain.db)" '{"sales":{"0":4,"1":2}}'
run "evkafka -b $at --until-end --batch all sales | evversion | evstar | evload --snapshot sqlite:plain.db"
check 'as a snapshot' 0 any any
is 'it is the same again' "$(evload --positions sqlite:plain.db)" '{"sales":{"0":4,"1":2}}'
run "evkafka -b $at --until-end --batch bundle sales | evversion | evstar | evload -o bundle --for sqlite"
check 'as a bundle' 0
evschema -t sqlite | sqlite3 bundle.db
(cd bundle && sqlite3 ../bundle.db <load.sql)
is 'it comes with that' "$(evload --positions sqlite:bundle.db)" '{"sales":{"0":4,"1":2}}'
sqlite3 plain.db "UPDATE ev_ledger SET offsets = '{}}'"
run evload --positions sqlite:plain.db
check 'a ledger of other hands' 2 '' '~^evload: plain.db: the ledger is not as evload writes it: offsets of the row with commit_no 2: '
run "evkafka -b $at --until-end --batch more live | evversion | evstar | evload --snapshot sqlite:plain.db"
check 'takes nothing more' 2 any '~^evload: plain.db: the ledger is not as evload writes it: offsets of the row with commit_no 2: '

exec 3>&-
done_testing

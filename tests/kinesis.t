#!/bin/sh
# Kinesis: sequence numbers in seals and in the ledger; and examples/stream against moto's server: each record
# is loaded once, whoever is killed.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

need jq sqlite3 || {
	done_testing
}
stream=$srcdir/examples/stream
export EVKIT_MODEL="$stream/evkit.yaml"

#
# How far shards were read
#
first=49590338271490256608559692538361571095921575989136588898

# sale ID: one in base64.
sale()
{
	printf '{"order_id":"%s","op":"put","type":"TicketsSold","sold_at":"2026-03-01T10:00:00Z",' "$1" >one
	printf '"version":1,"concert":"rock","channel":"web","qty":2,"price":40}' >>one
	base64 -w 0 one
}

# record NUMBER ID: one of an answer.
record()
{
	printf '{"SequenceNumber":"%s","Data":"%s"}' "$1" "$(sale "$2")"
}

mkdir answers
printf '{"Records":[%s,%s],"MillisBehindLatest":0}' "$(record $first a)" "$(record "${first%?}9" b)" >answers/shardId-000000000000
printf '{"Records":[%s,{"SequenceNumber":"10","Data":"bm8gc2FsZQ=="}]}{"Records":[]}' "$(record 9 c)" >answers/shardId-000000000001
echo '{"Records":[]}' >answers/shardId-000000000002
export EVKIT_SEAL=secret-of-this-job

# parse [OPTION...]: what the answers give.
parse()
{
	evparse -f kinesis --stream tickets -r set-aside "$@" answers/*
}

parse --batch b1 --origin >lines
is 'the seal has the last number of each shard, of rejects too' "$(jq -c '._ev.seal.positions // empty' lines)" \
	"{\"tickets\":{\"shardId-000000000000\":\"${first%?}9\",\"shardId-000000000001\":\"10\"}}"
is 'an origin is shard and number' "$(jq -r '._ev.origin.source // empty' lines)" "tickets/shardId-000000000000/$first
tickets/shardId-000000000000/${first%?}9
tickets/shardId-000000000001/9"
is 'and so is the place of a reject' "$(jq -r ._ev.reject.source set-aside)" tickets/shardId-000000000001/10
is 'a section has those up to its end' "$(parse --batch b --commit-every 2 | jq -c '._ev.seal.positions // empty')" \
	"{\"tickets\":{\"shardId-000000000000\":\"${first%?}9\"}}
{\"tickets\":{\"shardId-000000000000\":\"${first%?}9\",\"shardId-000000000001\":\"10\"}}"
is 'without --stream there are none' "$(evparse -f kinesis -r set-aside answers/* | jq -c '._ev.seal.positions // empty')" ''

# A shard's answers in files of several folders, in the wrong order. Longer is greater.
mkdir later
printf '{"Records":[%s]}' "$(record 100 d)" >later/shardId-000000000001
is 'the position is the greatest number, whatever came last' \
	"$(evparse -f kinesis --stream tickets -r set-aside later/* answers/* | jq -r '._ev.seal.positions.tickets["shardId-000000000001"] // empty')" 100
printf '{"Records":[%s,%s]}' "$(record 19 d)" "$(record 18 e)" >later/shardId-000000000001
is 'nor does it go back within a file' \
	"$(evparse -f kinesis --stream tickets -r set-aside later/* | jq -r '._ev.seal.positions.tickets["shardId-000000000001"] // empty')" 19
is 'nor from section to section' \
	"$(evparse -f kinesis --stream tickets --commit-every 1 later/* | jq -r '._ev.seal.positions.tickets["shardId-000000000001"] // empty')" '19
19'

cp answers/shardId-000000000001 whole
for number in null 5 '""' '"01"' '"-1"' '"1e3"' '"1\u0000"' '"--help"' "\"1$(printf %0129d 0)\""; do
	printf '{"Records":[%s,{"SequenceNumber":%s,"Data":"e30="}]}' "$(record 9 c)" "$number" >answers/shardId-000000000001
	parse >lines
	is "no number: $number" "$(jq -r '._ev.reject.reasons[0].message' set-aside; jq -r '._ev.seal.positions.tickets["shardId-000000000001"] // empty' lines)" \
		"the record has no 'SequenceNumber' of up to 129 digits
9"
done
printf '{"Records":[{"SequenceNumber":"1%0128d"}]}' 0 >answers/shardId-000000000001
is 'the largest, of a record without data' "$(parse | jq -r '._ev.seal.positions.tickets["shardId-000000000001"] // empty')" "1$(printf %0128d 0)"
printf '{"Records":[%s,{"SequenceNumber":"10","Da' "$(record 9 c)" >answers/shardId-000000000001
is 'a record that is cut is not read' "$(parse | jq -r '._ev.seal.positions.tickets["shardId-000000000001"] // empty')" 9
mv whole answers/shardId-000000000001

for name in '' 'a b' "a'b" a/b; do
	run evparse -f kinesis --stream "$name" answers/shardId-000000000000
	check "--stream '$name'" 2 '' "~^evparse: --stream takes the name of a stream of Kinesis, such as orders, not '$name'"
done
run evparse -f kinesis --stream tickets
check 'standard input has no name' 2 '' '~^evparse: --stream reads files, each named by the shard whose answers it has'
for name in - 7 shardId-0.gz 'shardId 0' answers/ ./.shardId-0; do
	run evparse -f kinesis --stream tickets answers/shardId-000000000000 "$name"
	check "no shard: $name" 2 '' "~^evparse: $name: with --stream a file is named by the shard whose answers it has, as in shardId-000000000000"
done
for format in sqs json-array auto; do
	run evparse -f $format --stream tickets answers/shardId-000000000000
	check "--stream with $format" 2 '' '~^evparse: --stream is for --format kinesis$'
done
run 'unset EVKIT_SEAL; evparse -f kinesis:json --stream tickets answers/shardId-000000000000 | jq -r .order_id'
check 'a format within, and no seal' 0 'a
b'

#
# In the ledger
#
# load BATCH: what the answers give, into the database.
load()
{
	run "parse --batch $1 | evvalidate | evversion --state events --since \"\$(evload --position sqlite:kept.db)\" |
		evstar --state members | evload sqlite:kept.db"
	check "loads $1" 0 '' "${2-}"
}

evschema -t sqlite | sqlite3 kept.db
load b1
at="{\"tickets\":{\"shardId-000000000000\":\"${first%?}9\",\"shardId-000000000001\":\"10\"}}"
is 'the ledger has the numbers' "$(evload --positions sqlite:kept.db; sqlite3 kept.db 'SELECT count(*) FROM sales')" "$at
3"
load b2 'evload: the target holds this input already: nothing was changed'
printf '{"Records":[%s]}' "$(record "${first}0" b)" >answers/shardId-000000000000
echo '{"Records":[]}' >answers/shardId-000000000001
load b3
at="{\"tickets\":{\"shardId-000000000000\":\"${first}0\",\"shardId-000000000001\":\"10\"}}"
is 'a shard goes on, though nothing is new, and the other stays' "$(evload --positions sqlite:kept.db)" "$at"
# As a ledger had it before there were shards in it.
sqlite3 kept.db "UPDATE ev_ledger SET offsets = '{\"tickets\":{\"0\":17,\"11\":4}}'"
load b4
is 'beside the offsets of Kafka' "$(evload --positions sqlite:kept.db)" '{"tickets":{"0":17,"11":4,"shardId-000000000000":"'"${first}0"'"}}'
for text in '{"t":{"shardId-0":"x"}}' '{"t":{"shardId-0":""}}' '{"t":{"shardId-0":"01"}}' '{"t":{"shardId-0":7}}' \
	'{"t":{"":"7"}}' '{"t":{"a b":"7"}}' '{"t":{"0":"7"}}' '{"t":{"shardId-0":"7","shardId-0":"8"}}'; do
	sqlite3 kept.db "UPDATE ev_ledger SET offsets = '$text'"
	run evload --positions sqlite:kept.db
	check "no numbers: $text" 2 '' '~^evload: kept.db: the ledger is not as evload writes it: offsets of the row with commit_no '
done
unset EVKIT_SEAL

#
# The example
#
python=${EVKIT_PYTHON-}
[ -n "$python" ] && "$python" -c 'import moto.server, boto3, awscli' 2>"$tap/python" || {
	skip 'the example' 'EVKIT_PYTHON names no Python that has moto[server] and awscli'
	done_testing
}
need setsid || {
	done_testing
}
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_DEFAULT_REGION=eu-west-1 AWS_ENDPOINT_URL="http://127.0.0.1:$port"
PATH=$PATH:$(dirname "$python")
"$python" -m moto.server -p "$port" >moto.log 2>&1 &
moto=$!
session=
trap 'kill $moto; [ -z "$session" ] || kill -KILL "-$session" 2>"$tap/kill"' EXIT
trap 'exit 1' TERM INT

# What the example calls: each program as it is, but the session is killed when STEP steps are done, one before
# each program and one behind it; and answers of Kinesis that moto does not give, where a file asks for them.
mkdir bin
cat >bin/shim <<'END'
#!/bin/sh
PATH=${PATH#*:} name=${0##*/}

step()
{
	echo >>steps
	[ "$(wc -l <steps)" -lt "${STEP-1000000}" ] || kill -KILL 0
}

step
if [ "$name ${2-}" = 'aws get-records' ] && [ -e expired ]; then
	rm expired
	echo 'An error occurred (ExpiredIteratorException) when calling the GetRecords operation: Iterator expired.' >&2
	exit 254
elif [ "$name ${2-}" = 'aws get-records' ] && [ -e stretch ]; then
	rm stretch
	printf '{"Records":[],"NextShardIterator":"%s","MillisBehindLatest":5000}\n' "$4"
elif [ "$name ${2-}" = 'aws get-records' ] && [ -e closed ]; then
	aws "$@" | jq 'del(.NextShardIterator) | .MillisBehindLatest = 5000'
else
	"$name" "$@"
fi
status=$?
step
exit $status
END
chmod +x bin/shim
for name in aws evparse evvalidate evversion evstar evload; do
	ln -s shim "bin/$name"
done

# waits COMMAND...: until it succeeds, some minutes at most.
waits()
{
	tries=0
	while ! "$@" >"$tap/waits" 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || return 1
		sleep 0.2
	done
}

# sold FIRST LAST: sales as records, each tenth of which is none. The file `sold` has shard, number and order of each.
sold()
{
	"$python" - "$1" "$2" >>sold <<-'END'
		import boto3, json, sys
		kinesis = boto3.client("kinesis")
		for i in range(int(sys.argv[1]), int(sys.argv[2]) + 1):
		    sale = {"order_id": f"o{i}", "op": "put", "type": "TicketsSold", "sold_at": "2026-03-01T10:00:00Z",
		            "version": 1, "concert": "rock", "channel": "web", "qty": 2, "price": 40}
		    data = "no sale" if i % 10 == 0 else json.dumps(sale)
		    at = kinesis.put_record(StreamName="tickets", PartitionKey=f"k{i}", Data=data)
		    print(at["ShardId"], at["SequenceNumber"], "-" if i % 10 == 0 else f"o{i}")
	END
}

# example: begins it. STEP, if it is set, ends it.
example()
{
	: >steps
	PATH=$PWD/bin:$PATH PAUSE=0.1 setsid "$stream/kinesis.sh" tickets >>log 2>&1 &
	session=$!
}

stop()
{
	kill -KILL "-$session"
	wait "$session" 2>"$tap/kill"
	session=
}

loaded()
{
	sqlite3 tickets.db 'SELECT ev_owner FROM sales' | sort
}

# are_loaded: all that were sold, each once.
are_loaded()
{
	[ "$(loaded)" = "$(sed -n 's/.* o/o/p' sold | sort)" ]
}

# The orders up to the numbers in the ledger.
promised()
{
	evload --positions sqlite:tickets.db | jq -r '.tickets // {} | to_entries[] | "\(.key) \(.value)"' >numbers
	awk 'NR == FNR { last[$1] = $2; next } $3 != "-" && $2 <= last[$1] { print $3 }' numbers sold | sort
}

# has_numbers N: of so many shards.
has_numbers()
{
	[ "$(evload --positions sqlite:tickets.db | jq -r '.tickets | keys | length')" = "$1" ]
}

ok 'a stream of two shards' waits aws kinesis create-stream --stream-name tickets --shard-count 2
evschema -t sqlite | sqlite3 tickets.db
sold 1 100
# A round has 24 steps. The first 12 read and change nothing, and the next 6 begin what runs at once: some stand for all.
wrong=
export LIMIT=5
for STEP in 8 13 15 17 19 20 21 22 23 24; do
	export STEP
	example
	wait "$session" 2>"$tap/kill"
	[ "$(promised)" = "$(loaded)" ] || wrong="$wrong $STEP"
done
unset STEP LIMIT
session=
is 'killed at any step, the ledger has the numbers of what is loaded, no more and no less' "$wrong" ''
ok 'some of it was loaded, not all' [ "$(loaded | awk 'END { print (NR > 0 && NR < 90) }')" = 1 ]
touch expired stretch
example
ok 'then all is loaded, each once' waits are_loaded
is 'an iterator that expired is asked for again, and a stretch without records is passed' "$(find . -name expired -o -name stretch)" ''
ok 'as the example says' grep -q ExpiredIteratorException log
is 'the database has the numbers' "$(promised)" "$(loaded)"
ok 'of two shards' has_numbers 2
jq -r ._ev.reject.source state/rejects/evparse.*.jsonl | sort -u >got
sed -n 's,^\([^ ]*\) \([^ ]*\) -$,tickets/\1/\2,p' sold | sort >want
same 'what is no sale is set aside, by shard and number' got want

# moto puts new records into a shard that is closed, too, and copies those of two that are merged into their child.
touch closed
aws kinesis split-shard --stream-name tickets --shard-to-split shardId-000000000000 --new-starting-hash-key 10000000000000000000000000
sold 101 109
ok 'a shard that is closed is read to its end, which has no iterator behind it' waits are_loaded
aws kinesis merge-shards --stream-name tickets --shard-to-merge shardId-000000000000 --adjacent-shard-to-merge shardId-000000000001
sold 111 119
ok 'and shards that are merged' waits are_loaded
waits has_numbers 3
ok 'their child is read from its beginning, and what it brings again is loaded once' are_loaded
stop
ok 'it has a number of its own' has_numbers 3
rm -rf closed state/loaded.json state/fetched
sold 121 129
example
ok 'nothing of it stands in a file' waits are_loaded
stop
done_testing

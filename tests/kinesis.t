#!/bin/sh
# The Kinesis of examples/stream, against moto's server: each record is loaded once, whoever is killed.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

stream=$srcdir/examples/stream
python=${EVKIT_PYTHON-}
[ -n "$python" ] && "$python" -c 'import moto.server, boto3, awscli' 2>"$tap/python" ||
	skip_all 'EVKIT_PYTHON names no Python that has moto[server] and awscli'
need jq sqlite3 setsid || {
	done_testing
}
PATH=$PATH:$(dirname "$python")
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export EVKIT_MODEL="$stream/evkit.yaml" AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_DEFAULT_REGION=eu-west-1 \
	AWS_ENDPOINT_URL="http://127.0.0.1:$port"
"$python" -m moto.server -p "$port" >moto.log 2>&1 &
moto=$!
session=
trap 'kill $moto; [ -z "$session" ] || kill -KILL "-$session" 2>"$tap/kill"' EXIT
trap 'exit 1' TERM INT

# waits COMMAND...: until it succeeds, a minute at most.
waits()
{
	tries=0
	while ! "$@" >"$tap/waits" 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || return 1
		sleep 0.2
	done
}

ok 'a stream of two shards' waits aws kinesis create-stream --stream-name tickets --shard-count 2

# sold FIRST LAST: sales as records, and one that is none.
sold()
{
	"$python" - "$1" "$2" <<-'END'
		import boto3, json, sys
		kinesis = boto3.client("kinesis")
		for i in range(int(sys.argv[1]), int(sys.argv[2]) + 1):
		    sale = {"order_id": f"o{i}", "op": "put", "type": "TicketsSold", "sold_at": "2026-03-01T10:00:00Z",
		            "version": 1, "concert": "rock", "channel": "web", "qty": 2, "price": 40}
		    kinesis.put_record(StreamName="tickets", PartitionKey=f"k{i}", Data=json.dumps(sale))
		kinesis.put_record(StreamName="tickets", PartitionKey="k", Data="no sale")
	END
}

begin()
{
	PAUSE=0.1 LIMIT=7 setsid "$stream/kinesis.sh" tickets >>log 2>&1 &
	session=$!
}

end()
{
	kill -KILL "-$session"
	wait "$session" 2>"$tap/kill"
}

is_loaded()
{
	[ "$(sqlite3 tickets.db 'SELECT count(*), count(DISTINCT ev_owner) FROM sales')" = "$1|$1" ]
}

evschema -t sqlite | sqlite3 tickets.db
sold 1 30
begin
ok 'what is there is loaded' waits is_loaded 30
for round in 1 2 3; do
	sold $((round * 10 + 21)) $((round * 10 + 30))
	sleep "1.$round"
	end
	begin
done
ok 'and what comes, once, though the loop is killed' waits is_loaded 60
sold 61 61
ok 'and the last' waits is_loaded 61
end
is 'a shard has its own sequence number' "$(find state/kinesis.tickets -type f -name 'shardId-*' | wc -l)" 2
is 'what is no sale is set aside' "$(cat state/rejects/evparse.*.jsonl | grep -c 'bm8gc2FsZQ==' | awk '{ print $1 >= 5 }')" 1
done_testing

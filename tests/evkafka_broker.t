#!/bin/sh
# evkafka and a real broker: a topic is loaded once, whoever is killed and whatever restarts; by the
# loop of examples/stream and by its stream.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$srcdir/tests/kafka.sh"
. "$srcdir/tests/postgres.sh"

messages=${KAFKA_MESSAGES-20000}
kills=${KAFKA_KILLS-6}
stream=$srcdir/examples/stream
unset EVKIT_SEAL
need jq sqlite3 java python3 setsid || {
	done_testing
}
kafka_start || {
	done_testing
}
session=
# A session of its own outlives this one, unless it is ended.
leave()
{
	[ -z "$session" ] || kill -KILL "-$session" 2>"$tap/kill"
	kafka_end KILL
}
trap leave EXIT
trap 'exit 1' TERM INT
export EVKIT_MODEL="$stream/evkit.yaml" BROKERS="$kafka"

# sales FIRST LAST: their messages; one in seven is a correction of one before, one in fifty comes twice,
# some are cancelled, one in a thousand is no event, and one in a thousand breaks the contract.
sales()
{
	awk -v i="$1" -v last="$2" 'BEGIN { for (; i <= last; i++) {
		n = i % 7 == 6 ? i - 5 : i
		line = sprintf("{\"order_id\":\"o%d\",\"op\":\"%s\",\"type\":\"TicketsSold\",\"sold_at\":\"2026-03-%02dT%02d:%02d:%02dZ\"," \
			"\"version\":%d,\"concert\":\"c%d\",\"channel\":\"%s\",\"qty\":%d,\"price\":%d.50}", n,
			i % 700 == 6 ? "delete" : "put", n / 86400 % 28 + 1,
			n / 3600 % 24, n / 60 % 60, n % 60, i % 7 == 6 ? 2 : 1, n % 40, n % 3 ? "web" : "till", i % 1000 == 500 ? 0 : i % 9 + 1, n % 90 + 10)
		if (i % 1000 == 999)
			print i % 2000 == 999 ? "no event " i : substr(line, 1, 60)
		else
			print line
		if (i % 50 == 49)
			print line
	} }'
}

# tables DB: the rows, in order.
tables()
{
	sqlite3 -bail -readonly "$1" 'SELECT * FROM sales ORDER BY ev_owner, ev_index'
}

# batch LINES DB: the same without Kafka, in one run.
batch()
{
	EVKIT_SEAL=batch-secret
	export EVKIT_SEAL
	evschema -t sqlite | sqlite3 "$2"
	evparse --format json --batch all -r batch.rejects "$1" | evvalidate -r batch.rejects2 | evdedupe |
		evversion -r batch.rejects3 --state batch.events --since 0 | evstar --state batch.members | evload "sqlite:$2"
	unset EVKIT_SEAL
}

# what is set aside, once each, without the origin.
set_aside()
{
	for tap_name; do
		evreject restore "$tap_name" || echo "cannot be read: $tap_name"
	done | sed 's/,"_ev":{"origin":.*}}}$/}/' | LC_ALL=C sort -u
}

# kill_one SESSION: a program of the chain, at random, at a random moment.
kill_one()
{
	sleep "0.$(awk -v seed="$1$2" 'BEGIN { srand(seed + PROCINFO["pid"]); printf "%03d", rand() * 1000 }')"
	victim=$(ps -o pid=,comm= -s "$1" | awk -v seed="$2" '$2 ~ /^ev/ { pid[++n] = $1 }
		END { srand(seed); if (n > 0) print pid[int(rand() * n) + 1] }')
	[ -z "$victim" ] || kill -KILL "$victim" 2>"$tap/kill"
}

sales 1 "$messages" >lines
batch lines batch.db
tables batch.db >want
is 'a batch to compare with' "$(wc -l <want)" "$(jq -rR 'fromjson? | select(.op == "put" and .qty > 0) | .order_id' lines | sort -u >put
	jq -rR 'fromjson? | select(.op == "delete") | .order_id' lines | sort -u | comm -13 - put | wc -l)"

# What a broker says

run evkafka -b "$kafka" --until-end nosuch
check 'no such topic' 2 '' "evkafka: $kafka: there is no topic 'nosuch': see its name, or create it"
ok 'a topic with four partitions' kafka topic "$kafka" tickets 4
ok 'its messages' kafka put "$kafka" tickets <lines
kafka put "$kafka" tickets abort <lines
run "evkafka -b $kafka --until-end -r rejects --positions next.json --stats - tickets | jq -c 'del(._ev)' | LC_ALL=C sort | cksum"
sed -n 's/.* in \([0-9]*\) .*/\1/p' "$err" >got
is 'all that was committed comes, and nothing of an aborted transaction' "$(cat got) $(cat "$out")" \
	"$(wc -l <lines) $(jq -cR 'fromjson? // empty' lines | LC_ALL=C sort | cksum)"
run "evkafka -b $kafka --until-end --from next.json tickets | wc -l"
check 'positions are behind what an aborted transaction left' 0 0
is 'and the next message is there' "$(echo '{"order_id":"last"}' | kafka put "$kafka" tickets
	evkafka -b "$kafka" --until-end --from next.json tickets | jq -r .order_id)" last

# numbers ARGUMENT...: the members .n of the messages of the topic that are read with them, and the positions
# behind these, from which the next one goes on.
numbers()
{
	evkafka -b "$kafka" --positions next.json "$@" >messages && jq -r .n messages | sort -n | tr '\n' ' '
	cat next.json
}

# put TOPIC NUMBER...: at its end; HOW is that of kafka put.
put()
{
	put_topic=$1
	shift
	printf '{"n":%d}\n' "$@" | kafka put "$kafka" "$put_topic" ${HOW-}
}

# Transactions

# The brokers end a transaction a moment after they have said so.
reads()
{
	[ "$(numbers --until-end "$1")" = "$2" ]
}

ok 'a topic with one partition' kafka topic "$kafka" paid 1
HOW=commit put paid 1 2
ok 'a transaction: its end counts, and is no message' until_true reads paid '1 2 {"paid":{"0":3}}'
is 'behind it is nothing' "$(numbers --from next.json --until-end paid)" '{"paid":{"0":3}}'
HOW=abort put paid 3 4
ok 'so is an aborted one' until_true reads paid '1 2 {"paid":{"0":6}}'
HOW=leave put paid 5 6
put paid 7
is 'up to one that is open it is read' "$(numbers --until-end paid)" '1 2 {"paid":{"0":6}}'
is 'by --for, too' "$(numbers --for 2s paid)" '1 2 {"paid":{"0":6}}'
HOW=commit put paid 8
ok 'and on, when it is over' until_true reads paid '1 2 7 8 {"paid":{"0":12}}'

# Compaction, and what was removed by age

ok 'a compacted topic' kafka topic "$kafka" prices 1 cleanup.policy=compact segment.ms=200 min.cleanable.dirty.ratio=0.001 \
	delete.retention.ms=0 max.compaction.lag.ms=200
for i in 1 2 3 4 5; do
	printf 'a={"n":1%d}\nb={"n":2%d}\n' $i $i
done | kafka put "$kafka" prices keys
echo a | kafka put "$kafka" prices keys
is 'its end, behind a tombstone' "$(numbers --until-end prices | sed 's/.* //')" '{"prices":{"0":11}}'
cp next.json tombstone.json
run evkafka -b "$kafka" --group compact --commit next.json
echo '{"prices":{"0":10}}' >before.json
echo '{"prices":{"0":3}}' >between.json
sleep 0.5
echo 'c={"n":31}' | kafka put "$kafka" prices keys
ok 'what is left of it is read to its end' until_true reads prices '25 31 {"prices":{"0":12}}'
for i in 1 2 3; do
	echo 'c'
	echo "d={\"n\":4$i}"
done | kafka put "$kafka" prices keys
sleep 0.5
echo 'e={"n":51}' | kafka put "$kafka" prices keys
ok 'again' until_true reads prices '25 43 51 {"prices":{"0":19}}'
is 'positions within a gap are no loss' "$(for from in between before tombstone; do
	numbers --from $from.json --until-end prices
done)" '25 43 51 {"prices":{"0":19}}
43 51 {"prices":{"0":19}}
43 51 {"prices":{"0":19}}'
is "nor are a group's" "$(numbers --group compact --until-end prices)" '43 51 {"prices":{"0":19}}'
ok 'a topic of which nothing is kept for long' kafka topic "$kafka" brief 1 retention.ms=1 segment.ms=200
put brief 1 2 3
ok 'when all of it is gone it ends where it ended' until_true reads brief '{"brief":{"0":3}}'
is 'and the next run goes on there' "$(numbers --from next.json --until-end brief)" '{"brief":{"0":3}}'

# Partitions

ok 'a topic without a message' kafka topic "$kafka" grows 1
is 'ends at once' "$(numbers --until-end grows)" '{"grows":{"0":0}}'
cp next.json start.json
run evkafka -b "$kafka" --group grows --commit start.json
ok 'it gets a second partition' kafka partitions "$kafka" grows 2
put grows 1 2
is 'which the next run reads' "$(numbers --from start.json --until-end grows)" '1 2 {"grows":{"0":1,"1":1}}'
is 'of a group, too' "$(numbers --group grows --until-end grows)" '1 2 {"grows":{"0":1,"1":1}}'
EVKIT_SEAL=secret evkafka -b "$kafka" --from latest --commit-every 1000,100ms --batch b grows >sections &
reader=$!
ok 'a stream begins at the end' until_true grep -q '"head"' sections
kafka partitions "$kafka" grows 5
put grows 3 4 5 6 7
ok 'and reads what is added, from its first message' \
	until_true grep -q '"positions":{"grows":{"0":2,"1":2,"2":1,"3":1,"4":1}}' sections
kill $reader
wait $reader 2>"$tap/wait"
is 'each message once, with its place' \
	"$(jq -r 'select(.n != null) | ._ev.origin | "\(.source):\(.offset)"' sections | sort | tr '\n' ' ')" \
	'grows/0:1 grows/1:1 grows/2:0 grows/3:0 grows/4:0 '

# Exactly once

# begin SCRIPT NAME: it reads the topic into NAME.db, in a session of its own.
begin()
{
	[ -e "$2.db" ] || evschema -t sqlite | sqlite3 "$2.db"
	STATE=$2.state DB=sqlite:$2.db GROUP=$2 FOR=2s MAX=$((messages / 20 + 500)) \
		setsid "$stream/$1" "$2" >>"$2.log" 2>&1 &
	session=$!
}

end()
{
	kill -KILL "-$session" 2>"$tap/kill"
	wait "$session" 2>"$tap/kill"
	while ps -o pid= -s "$session" >"$tap/ps"; do
		sleep 0.1
	done
}

# is_loaded NAME
is_loaded()
{
	tables "$1.db" >"$1.got" && cmp -s "$1.got" want
}

# until_loaded NAME: half an hour at most.
until_loaded()
{
	tries=0
	until is_loaded "$1"; do
		tries=$((tries + 1))
		[ $tries -lt 1800 ] || return 1
		sleep 1
	done
}

# produce TOPIC: the lines, the second half of them into one partition more.
produce()
{
	half=$(($(wc -l <lines) / 2))
	head -n $half lines | kafka put "$kafka" "$1"
	kafka partitions "$kafka" "$1" 4
	tail -n +$((half + 1)) lines | kafka put "$kafka" "$1"
}

# once SCRIPT NAME: from an empty topic on, while its programs are killed, and twice the broker.
once()
{
	kafka topic "$kafka" "$2" 3 || return
	begin "$1" "$2"
	sleep 2
	produce "$2" &
	producer=$!
	round=0
	while [ $round -lt "$kills" ]; do
		round=$((round + 1))
		kill_one "$session" $round
		if [ $((round % (kills / 2))) -eq 0 ]; then
			kafka_crash
			sleep 1
			kafka_up
		fi
		if [ $((round % 5)) -eq 0 ]; then
			end
			begin "$1" "$2"
		fi
	done
	wait $producer
	ok "$2: all of it is loaded, and nothing twice, though $kills programs were killed" until_loaded "$2"
	end
	: >>"$2.state/rejects/.none.jsonl.1~"
	(export STATE="$2.state" && . "$stream/common.sh" && tidy)
	diag "$(tail -n 3 "$2.log")"
	is "$2: all partitions are known" "$(evload --positions "sqlite:$2.db" | jq -c ".\"$2\" | keys")" '["0","1","2","3"]'
	diag "$(sqlite3 "$2.db" 'SELECT count(*) || " loads, " || sum(rows) || " rows" FROM ev_ledger')"
	set_aside "$2".state/rejects/* >got
	set_aside batch.rejects batch.rejects2 batch.rejects3 >rejects.want
	same "$2: what was set aside is there, too" got rejects.want
}

[ "${KAFKA_MESSAGES-}" = 0 ] || {
	once loop.sh loop
	once stream.sh stream
}

# From a message to its row in PostgreSQL

# latency SCRIPT N: how many milliseconds N sales take, one after the other.
latency()
{
	kafka topic "$kafka" "pg-$1" 1 || return
	mkfifo "$1.fifo"
	kafka put "$kafka" "pg-$1" <"$1.fifo" &
	exec 4>"$1.fifo"
	STATE=$1.pg DB='postgresql:' GROUP=pg-$1 FOR=1s setsid "$stream/$1" "pg-$1" >"$1.pg.log" 2>&1 &
	session=$!
	i=0
	while [ $i -le "$2" ]; do
		sleep 0.3
		began=$(date +%s%N)
		sales 1 1 | sed "s/\"o1\"/\"$1-$i\"/" >&4
		sql -c "DO \$\$ BEGIN FOR i IN 1..6000 LOOP EXIT WHEN EXISTS (SELECT FROM sales WHERE ev_owner = '$1-$i');
			PERFORM pg_sleep(0.005); COMMIT; END LOOP; END \$\$"
		[ $i -eq 0 ] || echo $((($(date +%s%N) - began) / 1000000)) # the first until_true for the start
		i=$((i + 1))
	done
	exec 4>&-
	end
}

if postgres_start; then
	trap 'postgres_down immediate; leave' EXIT
	for script in loop.sh stream.sh; do
		sql -d postgres -c "CREATE DATABASE \"$script\""
		export PGDATABASE="$script"
		evschema -t postgres | sql -f -
		latency $script 11 | sort -n >took
		diag "$script: milliseconds from a message to its row in PostgreSQL: $(tr '\n' ' ' <took)"
		ok "$script: sales are in PostgreSQL in some seconds at most" \
			[ "$(wc -l <took) $(awk 'NR == 6 { print $1 < 10000 }' took)" = '11 1' ]
		is "$script: all of them, once" "$(sql -c 'SELECT count(*), count(DISTINCT ev_owner) FROM sales')" '12|12'
	done
	ok 'the prices of PostgreSQL' sql -f "$stream/pricing.postgres.sql"
	sql -c "TRUNCATE sales; INSERT INTO tariff VALUES ('rock', 40, 10), ('opera', 90, 5)"
	sql -c "INSERT INTO sales (ev_owner, ev_index, sold_at, concert, channel, qty, price) VALUES
		('a', 0, '2026-03-01 10:00Z', 'rock', 'web', 8, 40), ('b', 0, '2026-03-01 10:30Z', 'rock', 'app', 34, 40),
		('c', 0, '2026-03-01 10:30Z', 'opera', 'till', 50, 40)"
	is 'are those of SQLite' "$(sql -c 'SELECT * FROM prices ORDER BY 1')" 'opera|50|180.00
rock|42|56.00'
fi
done_testing

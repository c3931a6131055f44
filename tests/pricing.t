#!/bin/sh
# The dynamic pricing of examples/stream, without Kafka: what a till writes moves the price's input.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

stream=$srcdir/examples/stream
unset EVKIT_SEAL
export EVKIT_MODEL="$stream/evkit.yaml"
need sqlite3 setsid || {
	done_testing
}

evschema -t sqlite | sqlite3 tickets.db
sqlite3 tickets.db <"$stream/pricing.sqlite.sql"
sqlite3 tickets.db "INSERT INTO tariff VALUES ('rock', 40, 10), ('opera', 90, 5)"
: >till
setsid "$stream/pricing.sh" till 2>said &
session=$!
trap 'kill -TERM "-$session" 2>"$tap/kill"' EXIT
trap 'exit 1' TERM INT

# sale ID OP TIME VERSION CONCERT CHANNEL QTY
sale()
{
	printf '{"order_id":"%s","op":"%s","type":"TicketsSold","sold_at":"2026-03-01T%sZ","version":%d,"concert":"%s","channel":"%s","qty":%d,"price":40}\n' \
		"$@" >>till
}

now()
{
	sqlite3 tickets.db 'SELECT * FROM last_hour; SELECT * FROM prices'
}

# shows NAME WANT: the last hour and the prices, as soon as they stand there.
shows()
{
	want=$2
	until_true eval '[ "$(now)" = "$want" ]'
	is "$1" "$(now)" "$want"
}

shows 'nothing is sold: the base' 'opera|0|90.0
rock|0|40.0'
sale o1 put 10:00:00 1 rock web 8
shows 'less than usual' 'rock|web|8|1
opera|0|90.0
rock|8|40.0'
sale o2 put 10:30:00 1 rock app 34
shows 'four times the usual' 'rock|app|34|1
rock|web|8|1
opera|0|90.0
rock|42|56.0'
sale o2 put 10:30:00 2 rock app 14
sale o2 put 10:30:00 2 rock app 14
shows 'a correction, twice' 'rock|app|14|1
rock|web|8|1
opera|0|90.0
rock|22|48.0'
sale o1 delete 10:00:00 2 rock web 8
shows 'one that is cancelled' 'rock|app|14|1
opera|0|90.0
rock|14|44.0'
sale o3 put 11:29:59 1 opera till 40
shows 'twice the base at most' 'opera|till|40|1
rock|app|14|1
opera|40|162.0
rock|14|44.0'
echo 'no sale' >>till
sale o4 put 11:30:00 1 opera till 20
shows 'an hour later' 'opera|till|60|2
opera|60|180.0
rock|0|40.0'
kill -KILL "-$session"
wait "$session" 2>"$tap/kill"
sale o5 put 11:31:00 1 rock web 20
setsid "$stream/pricing.sh" till 2>>said &
session=$!
shows 'after a stop' 'opera|till|60|2
rock|web|20|1
opera|60|180.0
rock|20|48.0'
is 'what was set aside is there' "$(cat state/rejects/*.jsonl state/rejects/.*~ 2>"$tap/none" | grep -c '"raw":"no sale"')" 2
is 'and nothing went wrong' "$(cat said)" ''
done_testing

#!/bin/sh
# evprofile: the model that it proposes is valid, and what it was made of passes the whole chain.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

unset EVKIT_SEAL
kilobytes=65536
every=${PROFILE_EVERY-8} # of the many small files of change events, one in so many

# chain FILE: the events of a file by the model in evkit.yaml into shop.db; told: what was refused.
chain()
{
	rm -f shop.db set-aside-1 set-aside-2
	{ evschema -t sqlite && evschema views -t sqlite; } >schema.sql 2>told &&
		sqlite3 -bail shop.db <schema.sql >>told 2>&1 &&
		evvalidate -r set-aside-1 "$1" 2>>told | evdedupe 2>>told |
		evversion -r set-aside-2 2>>told | evstar 2>>told |
			evload --unsealed sqlite:shop.db 2>>told || return 1
	cat set-aside-1 set-aside-2 >set-aside
	[ ! -s set-aside ] || { head -n 2 set-aside; cat told; return 1; }
}

# passes NAME FILE: the file's own model takes all of it.
passes()
{
	evprofile -r rejects -o evkit.yaml "$2" 2>said || diag "$(cat said)"
	evparse -r rejects "$2" >parsed 2>>said
	if [ -s parsed ]; then ok "$1" chain parsed; else ok "$1: there is no event" false; fi
}

# envelope: the lines of the model's envelope, without comments.
envelope()
{
	sed -n '/^event:/,/^types:/p' | sed '1d;$d;s/  *#.*//'
}

#
# What it is made of
#
if need sqlite3; then
	for file in kibana-ecommerce/ecommerce pizza-orders/pizza_orders \
		pizza-orders/pizza_orders_cancelled pizza-orders/pizza_orders_completed \
		hudi-stock/batch_1 hudi-stock/batch_2 stripe-webhooks/events uci-retail-2010-12/orders \
		uci-retail-2010-12/versions uci-retail-2010-12/rows5k octokit-webhooks/events \
		gharchive-small/gh1000_2015 gharchive-small/gharchive50; do
		data $file.ndjson && passes "$file" "$data"
	done
	for file in cloudflare ecs_log invalid_json journald mixed_json2 nested_json; do
		data logs-small/$file.json && passes "$file" "$data"
	done
	for folder in cdc-flink cdc-paimon; do
		data $folder || continue
		find "$data" -name '*data*.txt' -o -name 'event-*.txt' | LC_ALL=C sort |
			awk -v n="$every" '/flink-json/ || NR % n == 0' >files
		while read -r file; do
			grep -aq '^ *{.*} *$' "$file" || continue
			passes "${file##*/resources/}" "$file"
		done <files
	done
	"$top_builddir/tests/bench/events" 4M >bench.jsonl 2>/dev/null
	passes 'the events of the benchmark' bench.jsonl
	evparse -r rejects "$srcdir/examples/checkout/raw/2026-03-03.log.gz" >day 2>said
	evprofile -o evkit.yaml day
	evvalidate -r set-aside day >valid 2>told
	is 'a day of the example, with its dirt' "$(wc -l <set-aside)" 0
	envelope <evkit.yaml >got
	same 'its envelope is that of its model' got - <<'END'
  id: '.event_id // "\(.id) \(.event_type) \(.version) \(.event_timestamp) \(.modified_at) \(.op)"'
  type: .event_type
  time: .event_timestamp
  version: .version
  modified: .modified_at
  ignore:
    - .received_at
  zone: UTC
END
fi

#
# A newcomer's three questions
#
# answers NAME SQL JQ: the query on what is in shop.db says what the program of jq says of the events
# in parsed.
answers()
{
	sqlite3 shop.db "$2" >got
	jq -rs "$3 | map(tostring) | join(\"|\")" parsed >want
	[ -s want ] || echo 'no answer' >want
	same "$1" got want
}

# asks NAME TYPE TIME JQ-TYPE JQ-DAY: how many a day of each type, by the calendar; the columns are
# called TYPE and TIME.
asks()
{
	answers "$1: how many a day of each type" \
		"SELECT $2, d.date, COUNT(*) FROM events JOIN dim_date d ON d.dim_date_key = $3_key GROUP BY 1, 2 ORDER BY 1, 2" \
		"group_by([$4, $5]) | map([(.[0] | $4, $5), length]) | sort[]"
}

if need sqlite3 jq; then
	# What is summed is in cents, so that jq's doubles are exact.
	if data kibana-ecommerce/ecommerce.ndjson; then
		passes 'kibana-ecommerce' "$data"
		asks kibana-ecommerce event_type order_date .type '.order_date[:10]'
		answers 'what each customer paid' \
			'SELECT c.customer_id, CAST(ROUND(100 * SUM(taxful_total_price)) AS INT) FROM events e
			JOIN dim_customer c ON c.dim_customer_key = e.customer_id_key GROUP BY 1 ORDER BY 1' \
			'group_by(.customer_id)[] | [.[0].customer_id, (map(.taxful_total_price) | add * 100 | round)]'
		answers 'what sold best' \
			'SELECT sku, SUM(quantity) FROM products GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10' \
			'map(.products[]) | group_by(.sku) | map([.[0].sku, (map(.quantity) | add)]) | sort_by(-.[1], .[0])[:10][]'
	fi
	if data pizza-orders/pizza_orders.ndjson; then
		passes 'pizza-orders' "$data"
		asks pizza-orders status business_date .status .businessDate
		answers 'what each category came to' \
			'SELECT category, CAST(ROUND(100 * SUM(net_price)) AS INT) FROM order_lines GROUP BY 1 ORDER BY 1' \
			'map(.orderLines[]) | group_by(.category)[] | [.[0].category, (map(.net_price) | add * 100 | round)]'
		answers 'what was ordered most' \
			'SELECT product_id, SUM(quantity) FROM order_lines GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10' \
			'map(.orderLines[]) | group_by(.product_id) | map([.[0].product_id, (map(.quantity) | add)]) | sort_by(-.[1], .[0])[:10][]'
	fi
	if data uci-retail-2010-12/orders.ndjson; then
		passes 'uci-retail-2010-12' "$data"
		asks uci-retail-2010-12 event_type occurred_at .event_type '.occurred_at[:10]'
		answers 'what each country ordered' \
			'SELECT e.country, SUM(i.quantity) FROM items i JOIN events e ON e.ev_owner = i.ev_owner GROUP BY 1 ORDER BY 1' \
			'group_by(.country)[] | [.[0].country, (map(.items[].quantity) | add)]'
		answers 'what was ordered most' \
			'SELECT p.sku, SUM(quantity) FROM items i JOIN dim_product p ON p.dim_product_key = i.sku_key
			GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10' \
			'map(.items[]) | group_by(.sku) | map([.[0].sku, (map(.quantity) | add)]) | sort_by(-.[1], .[0])[:10][]'
	fi
	passes 'the events of the benchmark' bench.jsonl
	# Of several versions the last counts, and some times have an offset.
	evvalidate parsed 2>said | evdedupe 2>said | evversion --emit latest 2>said >latest
	jq -c 'select(.event_id) | .day = (.event_timestamp | if endswith("Z") then .[:10] else
		(.[:19] + "Z" | fromdate) - (if .[-6:-5] == "-" then -60 else 60 end) *
		((.[-5:-3] | tonumber) * 60 + (.[-2:] | tonumber)) | todate[:10] end)' latest >parsed
	asks 'the benchmark' event_type event_timestamp .event_type .day
	answers 'what was taken in each currency' \
		'SELECT currency, CAST(ROUND(100 * SUM(total)) AS INT) FROM amount_day WHERE total IS NOT NULL GROUP BY 1 ORDER BY 1' \
		'map(.metadata | select(.amount != null)) | group_by(.currency)[] | [.[0].currency, (map(.amount) | add * 100 | round)]'
	answers 'what was in most carts' \
		'SELECT p.sku, COUNT(*) FROM items i JOIN dim_product p ON p.dim_product_key = i.sku_key
		GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10' \
		'map(.metadata.items[]?) | group_by(.sku) | map([.[0].sku, length]) | sort_by(-.[1], .[0])[:10][]'
fi

#
# The model, in full
#
cat >day.jsonl <<'END'
{"event_id":"a","event_type":"Order","event_timestamp":"2026-03-01T10:00:00Z","user_id":"u1","user_name":"Ann","total":"12.50","currency":"EUR","created":1772359200,"items":[{"sku":"s1","name":"Mug","qty":2,"price":6.25,"discounts":[{"code":"x"}]}],"note":null}
{"event_id":"b","event_type":"Order","event_timestamp":"2026-03-02T10:00:00Z","user_id":"u1","user_name":"Ann","total":"-3","currency":"EUR","created":1772445600,"items":[{"sku":"s1","name":"Mug","qty":1,"price":3}]}
{"event_id":"c","event_type":"Login","event_timestamp":"2026-03-02T11:00:00Z","user_id":"u2","user_name":"Bo","ip":"203.0.113.7","tags":["x","y"]}
END
run evprofile -n shop day.jsonl
check 'a model' 0 @"$srcdir/tests/data/profile/day.yaml"
run 'LC_ALL=C sort -r day.jsonl | evprofile -n shop | cmp - "$srcdir/tests/data/profile/day.yaml"'
check 'in another order the same' 0
run 'gzip -c day.jsonl | evprofile -n shop | cmp - "$srcdir/tests/data/profile/day.yaml"'
check 'out of gzip the same' 0
head -n 2 day.jsonl >first
tail -n 1 day.jsonl >second
run 'evprofile -n shop first second | cmp - "$srcdir/tests/data/profile/day.yaml"'
check 'out of two files the same' 0
run 'EVKIT_SEAL=s evparse day.jsonl | EVKIT_SEAL=s evprofile -n shop | cmp - "$srcdir/tests/data/profile/day.yaml"'
check 'out of a sealed pipe the same' 0
run 'EVKIT_SEAL=s evprofile -n shop day.jsonl | cmp - "$srcdir/tests/data/profile/day.yaml"'
check 'with a seal, and none in the input' 0
if need sqlite3; then
	cp "$srcdir/tests/data/profile/day.yaml" evkit.yaml
	ok 'and it takes them' chain day.jsonl
	run "sqlite3 shop.db 'SELECT event_id, total, created FROM \"order\"; SELECT pos, sku, qty FROM items; SELECT code, parent_pos FROM items_discounts; SELECT user_id, user_name FROM dim_user WHERE NOT ev_inferred ORDER BY 1'"
	check 'with what it means' 0 'a|12.5000|2026-03-01T10:00:00.000000Z
b|-3.0000|2026-03-02T10:00:00.000000Z
0|s1|2
0|s1|1
x|0
u1|Ann
u2|Bo'
fi

# half FILE: what of its second half is refused by the model of the first.
half()
{
	lines=$(wc -l <"$1")
	head -n $((lines / 2)) "$1" | evprofile -o evkit.yaml 2>said
	tail -n $((lines / 2)) "$1" | evvalidate -r set-aside 2>>said >other
	wc -l <set-aside
}
is 'the model takes the events that come next' "$(half bench.jsonl)" 0
for file in kibana-ecommerce/ecommerce pizza-orders/pizza_orders uci-retail-2010-12/orders \
	uci-retail-2010-12/rows5k hudi-stock/batch_1; do
	data $file.ndjson && is "those of $file, too" "$(half "$data")" 0
done

# shaken FILE: its model is the same in any order.
shaken()
{
	evprofile "$1" >straight 2>/dev/null
	for order in tac shuf; do
		if [ $order = tac ]; then tac "$1"; else shuf "$1"; fi >other
		evprofile other 2>/dev/null | cmp straight - || return 1
	done
}
ok 'the order of many events does not matter' shaken bench.jsonl
[ ! -e day ] || ok 'nor does that of the example, where members come late' shaken day
{ echo '{"event_id":{"a":1},"event_type":7,"event_timestamp":"x"}'; head -n 500 bench.jsonl; } >dirty
ok 'nor where the dirt is' shaken dirty
{
	seq -f '{"id":%g,"at":"2026-03-01T10:00:00Z"}' 40
	echo '{"id":41,"at":"2020/01/01 10:00"}'
} >dirty
ok 'nor where a time is of another form' shaken dirty
for file in kibana-ecommerce/ecommerce gharchive-small/gh1000_2015 stripe-webhooks/events; do
	data $file.ndjson && ok "nor does that of $file" shaken "$data"
done

#
# Envelopes
#
# says WHAT LINES <<END: the envelope of what is on standard input
says()
{
	cat >want
	printf '%s\n' "$2" >in.jsonl
	evprofile in.jsonl 2>said | envelope >got
	same "$1" got want
}

says 'the id of the order, not of whose it is, though both differ' '{"customer_id":7,"order_no":"A-1","at":"2026-03-01T10:00:00Z"}
{"customer_id":8,"order_no":"A-2","at":"2026-03-01T11:00:00Z"}' <<'END'
  id: .order_no
  time: .at
  order: time
END
says 'unless nothing else is one' '{"customer_id":7,"at":"2026-03-01T10:00:00Z"}
{"customer_id":8,"at":"2026-03-01T11:00:00Z"}' <<'END'
  id: .customer_id
  time: .at
  order: time
END
says 'a CloudEvent' '{"specversion":"1.0","id":"1","source":"/shop","type":"paid","time":"2026-03-01T10:00:00Z","data":{"total":1}}' <<'END'
  id: .id
  type: .type
  time: .time
  order: time
END
says 'ids that are unique for their source alone' '{"id":"1","source":"/a","type":"t","time":"2026-03-01T10:00:00Z"}
{"id":"1","source":"/b","type":"t","time":"2026-03-01T10:00:00Z"}' <<'END'
  id:
    - .id
    - .source
  type: .type
  time: .time
  order: time
END
says 'a change captured by Debezium' '{"payload":{"before":null,"after":{"id":7,"n":1},"source":{"table":"stock"},"op":"c","ts_ms":1772359200000}}
{"payload":{"before":{"id":7,"n":1},"after":null,"source":{"table":"stock"},"op":"d","ts_ms":1772359200001}}' <<'END'
  id: ".payload.after.id // .payload.before.id"
  type: .payload.source.table
  time: ".payload.ts_ms * 0.001 | todate"
  op: 'if .payload.op == "d" then "delete" else "put" end'
  order: time
END
says 'and by Maxwell' '{"database":"d","table":"p","type":"insert","ts":1596684883,"data":{"id":1,"n":"a"}}
{"database":"d","table":"p","type":"delete","ts":1596684884,"data":{"id":1,"n":"a"}}' <<'END'
  id: .data.id
  type: .table
  time: ".ts | todate"
  op: 'if .type == "delete" then "delete" else "put" end'
  order: time
END
says 'versions by a number' '{"id":1,"at":"2026-03-01T10:00:00Z","version":1,"x":1}
{"id":1,"at":"2026-03-01T10:00:00Z","version":2,"x":2}' <<'END'
  id: .id
  time: .at
  version: .version
END
says 'and by the time of the change' '{"id":1,"at":"2026-03-01T10:00:00Z","updated_at":"2026-03-01T10:00:00Z","x":1}
{"id":1,"at":"2026-03-01T10:00:00Z","updated_at":"2026-03-01T11:00:00Z","x":2}' <<'END'
  id: .id
  time: .at
  modified: .updated_at
END
says 'by nothing' '{"id":1,"at":"2026-03-01T10:00:00Z","x":1}
{"id":1,"at":"2026-03-01T10:00:00Z","x":2}' <<'END'
  id: .id
  time: .at
  order: arrival
END
says 'a redelivery is no version' '{"id":1,"at":"2026-03-01T10:00:00Z","x":1}
{"x":1.0,"at":"2026-03-01T10:00:00Z","id":1}' <<'END'
  id: .id
  time: .at
  order: time
END
ok 'which is told in a comment' [ "$(evprofile in.jsonl | grep -c '^# 1 event came again ')" -eq 1 ]
says 'a version in a text' '{"id":1,"at":"2026-03-01T10:00:00Z","version":"1"}
{"id":1,"at":"2026-03-01T10:00:00Z","version":"2"}' <<'END'
  id: .id
  time: .at
  version: .version
END
says 'times in texts of microseconds' '{"__CURSOR":"a","__REALTIME_TIMESTAMP":"1534860261221373"}' <<'END'
  id: .__CURSOR
  time: ".__REALTIME_TIMESTAMP | tonumber * 0.000001 | todate"
  order: time
END
says 'times without a zone' '{"id":1,"at":"2026-03-01 10:00:00"}' <<'END'
  id: .id
  time: .at
  order: time
  zone: UTC
END
says 'days' '{"id":1,"at":"2026-03-01"}' <<'END'
  id: .id
  time: '.at + "T00:00:00Z"'
  order: time
END
says 'offsets without a colon' '{"id":1,"at":"2026-03-01T10:00:00+0100"}' <<'END'
  id: .id
  time: '.at | .[:-2] + ":" + .[-2:]'
  order: time
END
# Every form of a time is the same instant in SQL, by the day and by the hour.
if need sqlite3; then
	while IFS='|' read -r value want; do
		printf '{"id":1,"at":%s,"total":1.5,"currency":"EUR"}\n' "$value" >in.jsonl
		evprofile -o evkit.yaml in.jsonl
		chain in.jsonl
		is "the time $value" "$(sqlite3 shop.db 'SELECT at FROM events; SELECT day, total FROM total_day')" \
			"$want
$(echo "$want" | cut -c 1-10)|1.5000"
	done <<'END'
1772359200|2026-03-01T10:00:00.000000Z
1772359200.25|2026-03-01T10:00:00.250000Z
1.7723592e9|2026-03-01T10:00:00.000000Z
1772359200123|2026-03-01T10:00:00.123000Z
1772359200123456|2026-03-01T10:00:00.123456Z
1772359200123456789|2026-03-01T10:00:00.123456Z
"1772359200"|2026-03-01T10:00:00.000000Z
"1772359200.5"|2026-03-01T10:00:00.500000Z
"1772359200123"|2026-03-01T10:00:00.123000Z
"1772359200123456"|2026-03-01T10:00:00.123456Z
"1772359200123456789"|2026-03-01T10:00:00.123456Z
"2026-03-01T10:00:00+05:30"|2026-03-01T04:30:00.000000Z
"2026-03-01 10:00:00"|2026-03-01T10:00:00.000000Z
"2026-03-01T10:00:00.123456789"|2026-03-01T10:00:00.123456Z
"2026-03-01 10:00:00,5"|2026-03-01T10:00:00.500000Z
"2026-03-01 10:00:00 UTC"|2026-03-01T10:00:00.000000Z
"2026-03-01 10:00:00.5 GMT"|2026-03-01T10:00:00.500000Z
"2026-03-01 10:00:00 Z"|2026-03-01T10:00:00.000000Z
"2026-03-01 10:00:00 -08:00"|2026-03-01T18:00:00.000000Z
"2026-03-01 10:00:00 -0800"|2026-03-01T18:00:00.000000Z
"2026-03-01T10:00:00.5+0100"|2026-03-01T09:00:00.500000Z
"2026-03-01T10:00Z"|2026-03-01T10:00:00.000000Z
"2026-03-01 10:00"|2026-03-01T10:00:00.000000Z
"2026-03-01T10:00+01:00"|2026-03-01T09:00:00.000000Z
"2026-03-01T10:00+0100"|2026-03-01T09:00:00.000000Z
"2026-03-01"|2026-03-01T00:00:00.000000Z
"2026/03/01"|2026-03-01T00:00:00.000000Z
"2026/03/01 10:00:00"|2026-03-01T10:00:00.000000Z
"2026/12/31 22:00:00 -0800"|2027-01-01T06:00:00.000000Z
"01.03.2026 10:00"|2026-03-01T10:00:00.000000Z
"01/Mar/2026:10:00:00 +0100"|2026-03-01T09:00:00.000000Z
"Sun, 01 Mar 2026 10:00:00 GMT"|2026-03-01T10:00:00.000000Z
"Sun, 31 Dec 2026 23:00:00 -0500"|2027-01-01T04:00:00.000000Z
"20260301T100000Z"|2026-03-01T10:00:00.000000Z
END
fi
says 'a time that no one can know' '{"id":1,"at":"12/1/2010 8:26"}' <<'END'
  id: .id
  time: '"1970-01-01T00:00:00Z"'
  order: time
END
says 'a number in one and a text in another' '{"id":1,"at":1772359200}
{"id":2,"at":"2026-03-01T10:00:00Z"}' <<'END'
  id: .id
  time: '.at | if type == "number" then . | todate else . end'
  order: time
END
says 'seconds in both' '{"id":1,"at":1772359200}
{"id":2,"at":"1772359201.5"}' <<'END'
  id: .id
  time: ".at | tonumber | todate"
  order: time
END
says 'a member that is called like a type and holds times' '{"id":1,"event":"2026-03-01T10:00:00Z"}
{"id":2,"event":"2026-03-01T10:00:00Z"}
{"id":3,"event":"2026-03-02T10:00:00Z"}' <<'END'
  id: .id
  time: .event
  order: time
END
! need sqlite3 || passes 'which every program takes' in.jsonl
says 'and so with days, and a type beside them' '{"id":1,"event":"2026/03/01","kind":"a"}
{"id":2,"event":"2026/03/01","kind":"b"}' <<'END'
  id: .id
  type: .kind
  time: '.event | split("/") | join("-") + "T00:00:00Z"'
  order: time
END
! need sqlite3 || passes 'which every program takes, too' in.jsonl
says 'a day and the clock beside it' '{"id":1,"o":{"order_date":"2026-03-01","order_time":"10:00"}}
{"id":2,"o":{"order_date":"2026-03-02","order_time":"11:30"}}' <<'END'
  id: .id
  time: '.o.order_date + "T" + .o.order_time + ":00"'
  order: time
  zone: UTC
END
says 'the best name of two' '{"id":1,"paid_at":"2026-03-01T10:00:00Z","created_at":"2026-03-01T11:00:00Z"}' <<'END'
  id: .id
  time: .created_at
  order: time
END
says 'one in each type' '{"id":1,"type":"a","created_at":"2026-03-02T10:00:00Z"}
{"id":2,"type":"b","ts":1772359200}
{"id":3,"type":"b","ts":1772359201}' <<'END'
  id: .id
  type: .type
  time: "(.ts | values | todate) // .created_at"
  order: time
END
if need sqlite3; then
	evprofile -o evkit.yaml in.jsonl
	ok 'they pass' chain in.jsonl
	is 'as they say' "$(sqlite3 shop.db 'SELECT event_time FROM events ORDER BY id')" '2026-03-02T10:00:00.000000Z
2026-03-01T10:00:00.000000Z
2026-03-01T10:00:01.000000Z'
	printf '%s\n' '{"id":1,"date":"2026-12-31","time":"23:00:00.5-05:00"}' >in.jsonl
	evprofile -o evkit.yaml in.jsonl
	ok 'a clock with a zone' chain in.jsonl
	is 'which is another day' "$(sqlite3 shop.db "SELECT d.date FROM events JOIN dim_date d ON d.dim_date_key = event_time_key")" 2027-01-01
fi
{
	seq -f '{"id":%g,"at":"2026-03-01T10:00:00Z"}' 40
	echo '{"id":41,"at":""}'
} >in.jsonl
says 'an empty text is no time' "$(cat in.jsonl)" <<'END'
  id: .id
  time: '(.at | select(. != null and . != "")) // "1970-01-01T00:00:00Z"'
  order: time
END
says 'no time' '{"id":1,"x":2}' <<'END'
  id: .id
  time: '"1970-01-01T00:00:00Z"'
  order: time
END
says 'no id' '{"at":"2026-03-01T10:00:00Z","message":"started"}' <<'END'
  id: '.event_id // "\(.at) \(.message)"'
  time: .at
  order: arrival
END
is 'which is told' "$(cat said)" 'evprofile: no member tells events apart: give each an id by evparse --add-id event_id'
if need sqlite3; then
	evprofile -o evkit.yaml in.jsonl 2>said
	cat in.jsonl in.jsonl >twice
	ok 'without an id, equal events are one' chain twice
	is 'in the tables' "$(sqlite3 shop.db 'SELECT COUNT(*) FROM events')" 1
	evparse --add-id event_id twice >parsed
	ok 'with one they are two' chain parsed
	is 'in the tables, too' "$(sqlite3 shop.db 'SELECT COUNT(*) FROM events')" 2
fi

says 'an id that is none' '{"event_id":{"a":1},"at":"2026-03-01T10:00:00Z"}' <<'END'
  id: '.line_id // "\(.at) \(.event_id.a)"'
  time: .at
  order: arrival
END
says 'nor is a member in its place that no id may hold' '{"x":"a","y":1,"z":1,"l":1,"n":"a","o":{"p":"\u0000","q":4}}
{"x":"a","y":1,"z":{"a":"'"$(printf '%300s' '')"'"},"l":["'"$(printf '%300s' '')"'"],"n":"a","o":{"p":"a","q":4}}
{"x":"\u0000","y":1,"z":1,"l":1,"n":"b","o":{"p":"a","q":5}}' <<'END'
  id: '.event_id // "\(.n) \(.y) \(.o.q)"'
  time: '"1970-01-01T00:00:00Z"'
  order: arrival
END
! need sqlite3 || passes 'and all pass' in.jsonl

printf '%s\n' '{"id":1,"phone":31612345678,"name":"Ann","at":"2026-03-01T10:00:00Z"}' >in.jsonl
evprofile in.jsonl >evkit.yaml
is 'texts do not stand in the model' "$(grep -c 'Ann\|2026-03' evkit.yaml)" 0
is 'and numbers in comments alone' "$(grep 31612345678 evkit.yaml)" '      phone: {type: number}  # 31612345678'

# costs WHAT N LINES <<END: the id with its comments, of what is on standard input; by it N events are
# rejected.
costs()
{
	cat >want
	printf '%s\n' "$3" >in.jsonl
	evprofile -o evkit.yaml in.jsonl 2>said
	sed -n '/^  id:/,/^  t[iy][mp]e:/p' evkit.yaml | sed '$d' >got
	same "$1" got want
	evvalidate -r set-aside in.jsonl >valid 2>told
	is "$1: what is rejected" "$(wc -l <set-aside)" "$2"
}

costs 'an event that lacks the id, and has nothing in its place' 1 "$(seq -f '{"event_id":"o%g"}' 40)
{}" <<'END'
  id: .event_id  # in 40 of 41 events, 40 different values; the events in which it is no id are rejected
END
costs 'or has something' 0 "$(seq -f '{"event_id":"o%g","n":1}' 40)
"'{"n":1}' <<'END'
  id: '.event_id // "\(.n)"'  # in 40 of 41 events, 40 different values; the others are told apart by what stands behind it
END
costs 'or is empty in another' 1 "$(seq -f '{"event_id":"o%g","n":1}' 40)
"'{"n":1}
{"event_id":"","n":1}' <<'END'
  id: '.event_id // "\(.n)"'  # in 40 of 42 events, 40 different values; those without are told apart by what stands behind it, and those in which it is no id are rejected
END
costs 'an id that is empty in one event' 1 "$(seq -f '{"event_id":"o%g","n":1}' 40)
"'{"event_id":"","n":1}' <<'END'
  id: .event_id  # in 40 of 41 events, 40 different values; the events in which it is no id are rejected
END
costs 'an id of several parts, of which the first is empty in one event' 1 "$(seq -f '{"id":"%g","source":"a"}' 30)
$(seq -f '{"id":"%g","source":"b"}' 30)
"'{"id":"","source":"a"}' <<'END'
  id:
    - .id  # in 60 of 61 events, 30 different values; the events in which it is no id are rejected
    - .source  # in each of 61 events, 2 different values; together they tell all events apart
END
costs 'a row without its key, and a change without its table' 2 "$(seq -f '{"op":"c","table":"t","after":{"id":%g}}' 25)
$(seq -f '{"op":"c","table":"u","after":{"id":%g}}' 25)
"'{"op":"c","after":{"id":70}}
{"op":"c","table":"t","after":{"id":null}}' <<'END'
  id:
    - ".after.id // .before.id"  # the key of the row that was changed; the events in which it is no id are rejected
    - .table  # in 51 of 52 events, 2 different values; the events in which it is no id are rejected
END
says 'nor is it an empty text' '{"x":""}
{"x":"a"}' <<'END'
  id: '.event_id // "\(.x) "'
  time: '"1970-01-01T00:00:00Z"'
  order: arrival
END
! need sqlite3 || passes 'and both pass' in.jsonl
says 'nor is what holds U+0000 a type' '{"id":1,"type":"a","kind":"b"}
{"id":2,"type":"\u0000","kind":"b"}' <<'END'
  id: .id
  type: .kind
  time: '"1970-01-01T00:00:00Z"'
  order: time
END
! need sqlite3 || passes 'and both pass, too' in.jsonl
{
	seq -f '{"id":%g,"type":"a"}' 40
	echo '{"id":41,"type":"\u0000"}'
} >in.jsonl
is 'but for a few, of which it is told' "$(evprofile in.jsonl | grep '^  type:')" \
	'  type: .type  # in each of 41 events, 2 different values; the events in which it holds U+0000 are rejected'

#
# Hostile input
#
run 'evprofile </dev/null'
check 'nothing' 2 '' 'evprofile: no event was read: a model is proposed from events that are there'
printf '{"id":1,\n[]\n{"id":1,"at":"2026-03-01T10:00:00Z"}\n{"id":1,"id":2}\nx\n' >bad
run 'evprofile bad'
check 'a bad line' 2 '' '~^evprofile: bad:1: column 9: '
run 'evprofile -r rejects --stats - bad >evkit.yaml; grep -o "\"code\":\"[a-z-]*\"" rejects'
check 'is set aside, as evparse does' 0 '"code":"json"
"code":"foreign"
"code":"duplicate-name"
"code":"foreign"' 'evprofile   in 5  seen 1  passed over 0  rejected 4  blank 0'
run 'evprofile --sample 0 day.jsonl'
check 'a sample of none' 2 '' "evprofile: --sample takes a number from 1 on, not '0'
Try 'evprofile --help'."
run 'evprofile -n "" day.jsonl'
check 'a model without a name' 2 '' "evprofile: --name takes a text that is not empty
Try 'evprofile --help'."
run 'evprofile --sample 4 bench.jsonl >evkit.yaml; sed -n "s/.*from \([0-9,]*\) events.*/\1/p" evkit.yaml | tr -d ,'
is 'a sample is about so many' "$((($(cat "$out") * 4 / 1000 + 1) / 2))" "$((($(wc -l <bench.jsonl) / 1000 + 1) / 2))"

if need sqlite3 jq; then
	if data blns/blns.json; then
		# Each naughty string as a name, a type, an id and a value.
		jq -c '. as $all | to_entries[] | select(.value != "" and (.value | utf8bytelength) < 120) |
			.value as $s | {event_id: "\(.key) \($s)", event_type: $s, event_timestamp:
			"2026-03-01T10:00:00Z", value: $s, ($s): [{($s): $s}, {($s + "x"): 1}]}' \
			"$data" >naughty
		passes 'naughty strings' naughty
		jq -c '. as $all | range(30) as $i | [$all[] | select(. != "") | {(.): $i}] | add +
			{event_id: $i, event_timestamp: "2026-03-01T10:00:00Z"}' "$data" >naughty
		passes 'and all of them as names of columns' naughty
	fi
	jq -cn '["select", "TABLE", "Table", "table", "a key", "a_key", "A", "a", "user_id", "user_id_key",
		"USER_ID", "ctid", "xmin", "ev_owner", "EV_x", "sqlite_x", "pg_x", "1a", "true", "null", "~", "*",
		"<<", "schema", "patch", "type", "properties", "$ref", "#x", "- a", "? b", ": c", "\u0027", "\"",
		"\\", "{", "[", "a,b", "a: b", "%x", "@y", "`z", "!t", "&a", "|", "\n", "\t", "\u2028", "\u202e",
		"\ufeff", "😀", "é", "dim_date", "dim_user", "events", ("a" * 200), ("A" * 200)] as $names |
		range(40) as $i | [$names[] | {(.): ($i % 7)}] | add + {event_id: $i, event_type:
		$names[$i], event_timestamp: "2026-03-01T10:00:00Z", items: [[$names[] | {(.): 1}] | add]}' >words
	passes 'words of SQL, YAML and JSON Schema' words
	jq -cn 'range(20) as $i | ("\u0001" * 160) as $n | {event_id: $i, event_type: $n, event_timestamp:
		"2026-03-01T10:00:00Z", ($n): 1, ($n + "x"): {($n): [{($n): "x"}]}}' >long
	passes 'long names, of which each character takes six' long
	for type in '"*"' '"a","*"'; do
		jq -cn "$type"' as $t | range(20) as $i | {event_id: "\($t)\($i)", event_type: $t,
			event_timestamp: "2026-03-01T10:00:00Z"}' >star
		passes "a type called $type" star
	done
	jq -cn 'range(60) as $i | {data: {id: ($i / 2 | floor), ts: (1772359200000 + $i), amount: "\($i).50",
		currency: "EUR", status: ["new", "paid"][$i % 2], customer: {id: ($i % 7), name: "N\($i % 7)"},
		lines: [{sku: "s\($i % 5)", parts: [{n: $i}]}], map: {"k\($i)": 1}}}' >computed
	passes 'an amount with its currency at a time that is computed' computed
	jq -cn '{event_id: 1, event_timestamp: "2026-03-01T10:00:00Z", d: (reduce range(240) as $i (1;
		if $i % 2 == 0 then {a: .} else [.] end))}' >deep
	passes 'deep nesting' deep
	printf '%s\n' '{}' '{ }' ' {	}' '{"a":null}' >empty
	passes 'events without a member' empty
	is 'are one' "$(sqlite3 shop.db 'SELECT COUNT(*) FROM events')" 1
	passes 'an event without members worth a column' "$(echo '{"event_id":1,"x":{"y":[[1]]}}' >in.jsonl; echo in.jsonl)"
	jq -cn 'range(60) as $i | ("\u001b[31m\n- x: {#\u202e\u0085\($i % 3)") as $text | {id: $i, at:
		"2026-03-01T10:00:00Z", type: $text, status: $text, currency: $text, customer_id: $text,
		customer_name: $text, total: 1.5, ($text): $text, lines: [{sku: $text, ($text): 1}]}' >terminal
	passes 'escapes of a terminal, ends of lines and comments in values and names' terminal
	is 'of which none stands in the model' "$(LC_ALL=C grep -c '[^ -~]' evkit.yaml)" 0
	jq -cn 'range(3000) as $i | {id: $i, type: "T\($i % 1000)", at: "2026-03-01T10:00:00Z",
		"m\($i % 1000)": $i}' >types
	passes '1,000 types' types
	jq -cn 'range(4) as $i | reduce range(10000) as $k ({id: $i, at: "2026-03-01T10:00:00Z"};
		.["m\($k)"] = $k)' >wide
	passes '10,000 members in each' wide
	jq -cn 'range(10000) as $i | {id: $i, at: "2026-03-01T10:00:00Z", "m\($i)": 1, map: {"k\($i)": {n: 1}}}' >names
	passes '10,000 members, one in each' names
	cat >kinds <<'END'
{"id":1,"at":"2026-03-01T10:00:00Z","a":null,"b":{"c":null},"l":[null,[]],"m":[[1,2],[3]],"n":[[[1]]],"e":[],"o":[{"p":[{"q":[{"r":[1]}]}]}],"u":7,"v":true,"w":1.5,"x":"","y":"true","qty":5,"total":"1e2"}
{"id":2,"at":"2026-03-01T10:00:00Z","a":null,"b":null,"l":null,"m":[],"n":{},"e":[{}],"o":[],"u":"7","v":"true","w":"x","x":null,"y":"false","qty":"6","total":3}
{"id":"3","at":"2026-03-01T10:00:00Z","u":1e2,"v":0,"w":-1e300,"ID":4,"X":5,"Ab":5,"AB":"6","":7," ":8,".":9,"qty":"","total":null}
END
	passes 'members that are null, empty, lists in lists, and now a number and now a text' kinds
	is 'which are one or the other' "$(sqlite3 shop.db 'SELECT id, u, qty, total FROM events ORDER BY id')" '1|7|5|100.0000
2|7|6|3.0000
3|100||'
	jq -cn 'range(120) as $i | {id: $i, at: "2026-03-01T10:00:00Z", due: "2026-03-05", qty: $i,
		by: {day: "2026-03-05"}} | if $i == 7 then .due = [.due] | .qty = [1] | .by.day = {n: 1}
		else . end' >lists
	passes 'what is a list, or an object, in one event and a day or a number in the others' lists
	is 'has each keyword on a line of its own' "$(sed -n '/^      due:/,/^      by:/p' evkit.yaml)" \
		'      due:  # at most 1 element
        type: [string, array]
        format: date
        items: {type: string, format: date}
      qty:  # 0 to 119, at most 1 element
        type: [integer, array]
        minimum: 0
        items: {type: number}  # 1
      by:'
	jq -cn 'range(40) as $i | {id: $i, at: "2026-03-01T10:00:00Z", customer_id: "c\($i % 7)",
		customer_zip: (if $i % 2 == 0 then "0123" else 1234 end),
		lines: [{sku: "s\($i % 3)", size: (if $i % 2 == 0 then "XL" else 42 end)}]}' >sizes
	passes 'what is said of a customer now as a number and now as a text' sizes
	jq -cn 'range(6) as $i | {id: $i, type: ["TotalDay", "total hour", "total_week", "total",
		"events_current", "dim_date"][$i], at: "2026-03-01T10:00:00Z", total: 1.5, currency: "EUR",
		total_2_day: [1]}' >views
	passes 'types that are called like views' views
	is 'whose measure has another name' "$(sqlite3 shop.db 'SELECT total FROM total_3_day')" 9.0000
	cat >prices <<'END'
{"id":1,"at":"2026-03-01T10:00:00Z","price":"12,50","cost":"$12.50","total":"12.50","fee":"007.50","status":"paid","paid":"true"}
END
	passes 'amounts in other forms' prices
	is 'are texts, with a comment' "$(grep -c ', not all are numbers to tonumber, so it stays a text$' evkit.yaml)" 3
	is 'but for those that tonumber takes' "$(sqlite3 shop.db 'SELECT price, cost, total, fee FROM events')" \
		'12,50|$12.50|12.5000|007.50'
	cat >numbers <<'END'
{"event_id":1,"event_timestamp":"2026-03-01T10:00:00Z","a":1e400,"b":-0.0,"c":1e-9,"d":123456789012345678901234567890.123456789012345,"price":"","n":9007199254740993,"z":"007","t":"a\u0000b","l":[1,"x",null,{"y":1}],"o":{"x":1}}
{"event_id":2,"event_timestamp":"2026-03-01T10:00:00Z","a":1,"b":12.345678901234567,"c":3,"d":1,"price":"9007199254740993.19","n":null,"z":"12","t":"x","l":{},"o":"text"}
END
	passes 'odd numbers and values of several kinds' numbers
fi

#
# Other formats
#
# reads FORMAT [OPTION...]: the file raw in that format gives the model of what evparse makes of it,
# and passes.
reads()
{
	evprofile -f "$@" -o evkit.yaml raw 2>said || diag "$(cat said)"
	evparse -f "$@" -o parsed raw 2>said || diag "$(cat said)"
	evprofile parsed 2>said >straight
	same "--format $*" evkit.yaml straight
	[ "$sqlite3" = no ] || ok "--format $* passes" chain parsed
}

sqlite3=no
! need sqlite3 || sqlite3=yes
cat >raw <<'END'
id,at,total,qty,paid,note
1,2026-03-01 10:00:00,12.50,3,true,
2,2026-03-01 11:00:00,,4,false,"a, b
and c"
3,,7,1,,x
END
reads csv
if [ $sqlite3 = yes ]; then
	is 'whose texts are numbers and times in SQL' "$(sqlite3 shop.db 'SELECT SUM(total), SUM(qty), MAX(at) FROM events')" '19.5|8|2026-03-01T11:00:00.000000Z'
fi
printf 'id\tat\tprice\n1\t01/Mar/2026:10:00:00 +0100\t1e2\n' >raw
reads tsv
echo '1,2026-03-01,2' >raw
reads csv --header id,day,qty
printf '[{"id":1,\n"at":"2026-03-01T10:00:00Z"}, {"id":2,"at":"2026-03-01T11:00:00Z"}]\n' >raw
reads json-array
printf '{"id":1,"at":"2026-03-01T10:00:00Z"}{"id":2,"at":"2026-03-01T10:00:00Z"}' >raw
reads json-array
printf 'id;at\n1;2026-03-01T10:00:00Z\n2;2026-03-01T10:00:00Z\n' >raw
reads csv --separator ';'
printf '{"orders":[{"id":1,"at":"2026-03-01T10:00:00Z"},{"id":2,"at":"2026-03-01T10:00:00Z"}],"next":"x"}' >raw
reads json-array --list orders
run 'evprofile -f json-array raw | sed -n 2p'
check 'events that are the elements of a list' 0 'evkit: 1' \
	'evprofile: no member tells events apart: read the elements of the list as events by --format json-array --list orders, or give each an id by evparse --add-id event_id'
for other in '{"orders":[{"a":1},{"a":2}],"lines":[{"a":1},{"a":2}]}' '{"or ders":[{"a":1},{"a":2}]}' '{"orders":[1,2]}' '{"orders":[{"a":1}]}'; do
	run "echo '$other' | evprofile | sed -n 2p"
	check "no such list: $other" 0 'evkit: 1' 'evprofile: no member tells events apart: give each an id by evparse --add-id event_id'
done
echo '10:00 sold {"id":1,"at":"2026-03-01T10:00:00Z"}' >raw
reads auto
echo '192.0.2.1 - - [01/Mar/2026:10:00:00 +0100] "GET /t HTTP/1.1" 200 12 "-" "curl"' >raw
reads nginx
printf '#Fields: date time cs-method sc-status\n2026-03-01 10:00:00 GET 200\n#Remark: x\n' >raw
reads w3c
echo '<34>Oct 11 22:14:15 shop app: sold 3' >raw
reads syslog --zone Europe/Paris --year 2026
echo 'ts=1761019822.315 level=info total=19.10' >raw
reads logfmt
run "printf 'id\\n1\\n' | EVKIT_SEAL=s evprofile -f csv | grep '  id: .id'"
check 'with a seal, too' 0 '  id: .id  # in the only event'
run 'evprofile -f nginxx day.jsonl'
check 'a format that is none' 2 '' "evprofile: there is no --format 'nginxx', neither built in nor in the model: did you mean 'nginx'?
Try 'evprofile --help'."
run 'evprofile --header a,b day.jsonl'
check 'a header of lines' 2 '' "~^evprofile: --header is for --format csv and tsv"
for file in shop_access.log:nginx w3c_big.0:w3c haproxy.0:haproxy:--zone:UTC:--year:2017 bunyan.0:bunyan \
	pino.0:pino laravel.1:text caddy_log.0:auto; do
	[ $sqlite3 = yes ] && data "logs-small/${file%%:*}" || continue
	IFS=:
	set -- ${file#*:}
	unset IFS
	evprofile -r rejects -f "$@" -o evkit.yaml "$data" 2>said || diag "$(cat said)"
	evparse -r rejects -f "$@" "$data" >parsed 2>said
	ok "$file" chain parsed
done

#
# Memory
#
# peak FILE: the most memory that evprofile takes, in kilobytes.
peak()
{
	/usr/bin/time -f %M evprofile "$1" 2>&1 >/dev/null | tail -n 1
}

if need /usr/bin/time && ! nm "$top_builddir/cmd/evprofile" | grep -q __asan_init; then
	awk 'BEGIN {
		for (i = 0; i < 4000; i++) {
			printf "{\"event_id\":%d,\"event_type\":\"T%d\",\"event_timestamp\":\"2026-03-01T10:00:00Z\"", i, i % 400
			for (k = 0; k < 100; k++)
				printf ",\"n%d\":{\"m%d\":\"value %d %d\"}", (i * 100 + k) % 65536, (i * k) % 65536, i, k
			print "}"
		}
	}' >names
	ok '65,536 different names stay within the bound' [ "$(peak names)" -lt "$kilobytes" ]
	awk 'BEGIN {
		for (i = 0; i < 60000; i++) {
			printf "{\"event_id\":%d", i
			for (k = 0; k < 60; k++)
				printf ",\"member%d\":\"%d different value %d\"", k, i, k
			print ",\"at\":\"2026-03-01T10:00:00Z\"}"
		}
	}' >values
	ok 'and so do 60 members of ever other values' [ "$(peak values)" -lt "$kilobytes" ]
fi
done_testing

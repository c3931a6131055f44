#!/bin/sh
# The examples, run as their Makefiles run them, against what their data must become.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$srcdir/tests/postgres.sh"

# A real history has events whose type changes, which evversion tells.
retyped()
{
	sed -i '/^evversion: events change their type from one version to the next/d' "$err"
}

need make bash jq sqlite3 || {
	done_testing
}

shop=$srcdir/examples/checkout
expected=$shop/raw/expected.json
before=$(cd "$srcdir/examples" && find . -type f | sort | xargs cksum)

# shop OUT [ARGUMENT...]: the nightly job into OUT.
shop()
{
	into=$1
	shift
	run make -s -C "$shop" OUT="$PWD/$into" "$@"
}

# The sample logs

ok 'the sample logs are made' make -s -C "$shop" samples OUT="$PWD/made" RAW="$PWD/made/raw"
for file in "$shop"/raw/*.log.gz; do
	day=$(basename "$file" .log.gz)
	gzip -dc "$file" >given
	gzip -dc "made/raw/$day.log.gz" >made.log
	same "the log of $day is what generate.c makes" made.log given
done
same 'and so is what must become of them' made/raw/expected.json "$expected"
is 'they have the lines that are told' "$(for file in "$shop"/raw/*.log.gz; do gzip -dc "$file" | awk 'END { print NR }'; done | awk '{ n += $1 } END { print n }')" "$(jq .all.evparse.in "$expected")"
ok 'which are 50,000 at least' [ "$(jq .all.evparse.in "$expected")" -ge 50000 ]

# The demo

shop out demo
check 'make demo' 0 any
cp "$out" demo
cp out/shop.db first.db

# The tables of a database, without the ledger.
tables()
{
	sqlite3 -bail -readonly "$1" .dump | grep -v '^INSERT INTO ev_ledger' | LC_ALL=C sort
}

tables first.db >first.tables
sum='"\(.in) in, \(.out) out, \(.rejected) rejected, \(.blank) blank"'
for program in evparse evvalidate; do
	for day in 2026-03-01 2026-03-02 2026-03-03 2026-03-04 2026-03-05; do
		is "the balance of $program, $day" \
			"$(sed -n "s/^$program *in \([0-9]*\)  out \([0-9]*\).*  rejected \([0-9]*\)  blank \([0-9]*\)\$/\1 in, \2 out, \3 rejected, \4 blank/p" "out/loaded/$day")" \
			"$(jq -r ".days[\"$day\"].$program | $sum" "$expected")"
	done
done

# counts PROGRAM NAME [FOLDER]: over all days.
counts()
{
	sed -n "s/^$1 .*  $2 \([0-9]*\)  .*/\1/p" "${3-out}"/loaded/* | awk '{ n += $1 } END { print n + 0 }'
}

is 'redeliveries: of a day, and of days before' "$(($(counts evdedupe duplicate) + $(counts evversion duplicate)))" \
	"$(jq .evdedupe.duplicate "$expected")"
is 'conflicts: of a day, and those that take something back' "$(($(counts evversion conflict) + $(counts evversion taken-back)))" \
	"$(jq .evversion.conflict "$expected")"
is 'patches that still wait for their puts' "$(($(counts evversion held) - $(counts evversion released) + $(counts evversion withheld)))" \
	"$(jq .evversion.orphan "$expected")"
for day in out/loaded/*; do
	is "what evversion wrote was read, ${day##*/}" "$(sed -n 's/^evstar *in \([0-9]*\) .*/\1/p' "$day")" \
		"$(sed -n 's/^evversion .*  out \([0-9]*\) .*/\1/p' "$day")"
	is "and what evstar wrote, ${day##*/}" "$(sed -n 's/^evload *in \([0-9]*\) .*/\1/p' "$day")" \
		"$(sed -n 's/^evstar .*  out \([0-9]*\) .*/\1/p' "$day")"
done
is 'the demo tells how the books of the first day change' "$(sed -n 's/^2026-03-0\([1-5]\) is in\. .*say \([0-9]*\)\.[0-9][0-9]$/\1/p' demo | tr -d '\n')" 12345
ok 'and they do' [ "$(sed -n 's/.* in\. //p' demo | sort -u | wc -l)" -gt 2 ]
is 'the demo shows the balance of the last day' "$(sed -n 8,13p demo)" "$(cat out/loaded/2026-03-05)"
ok 'and the answers' [ "$(grep -c '^[0-9]\. ' demo)" -ge 4 ]
sqlite3 -box -readonly out/shop.db <"$shop/analysis.sql" >answers
same 'the answers are those of analysis.sql' answers - <<END
$(sed 1,14d demo)
END
is 'the demo names the page' "$(sed -n 14p demo)" "For people: $PWD/out/report.html, with what was set aside, why, and who must act"
is 'which says what was loaded' "$(grep -c '<strong class="good">all 5 loads</strong> were approved' out/report.html)$(grep -c '^<p class="why">evload has taken all 5: ' out/report.html)" 11
is 'and who must act' "$(grep -c '<dt>Who must act</dt><dd><bdi>Finance' out/report.html)" 2

cat out/rejects/*.jsonl | jq -r '._ev.reject | "\(.stage) \(.code)"' | sort | uniq -c | awk '{ print $2, $3, $1 }' >got
jq -r 'del(.rejects.evversion.orphan) | .rejects | to_entries[] | .key as $stage | .value | to_entries[] | "\($stage) \(.key) \(.value)"' "$expected" | sort >want
same 'the rejects, by program and code' got want
cat out/rejects/evparse.*.rejects.jsonl >parsed
is 'every reject of evparse names a log, its line and its offset' \
	"$(jq -r '._ev.reject | select((.source | endswith(".log.gz")) and .line > 0 and .offset >= 0) | 1' parsed | wc -l)" "$(wc -l <parsed)"
jq -r 'select(.raw) | "\(._ev.reject.source) \(._ev.reject.line) \(.raw)"' parsed | sed -n '1~60p' >some
bad=0
while read -r source line raw; do
	gzip -dc "$source" | sed -n "${line}p" | grep -qF -- "$raw" || bad=$((bad + 1))
done <some
ok 'there are some' [ "$(wc -l <some)" -ge 10 ]
is 'and that line is the one' $bad 0

# The tables, against sums that the generator reckoned

lite()
{
	sqlite3 -bail -readonly out/shop.db "$1"
}

jq -r '.revenue[] | [.day, .event_type, .currency, .events, .amount] | join("|")' "$expected" >want
lite "SELECT d.date, e.event_type, e.currency, count(*), printf('%d.%02d',
		sum(CAST(replace(e.amount, '.', '') AS INTEGER)) / 100, sum(CAST(replace(e.amount, '.', '') AS INTEGER)) % 100)
	FROM events e JOIN dim_date d ON d.dim_date_key = e.event_timestamp_key
	WHERE e.ev_current AND e.event_type IN ('OrderCompleted', 'OrderModified', 'OrderCancelled', 'TicketRefunded')
	GROUP BY 1, 2, 3 ORDER BY 1, 2, 3" >got
same 'revenue by day, type and currency, to the cent' got want
jq -r '.as_of[] | [.at[0:10], .currency, .events, .amount] | join("|")' "$expected" >want
: >got
for at in $(jq -r '[.as_of[].at] | unique[]' "$expected"); do
	lite "SELECT '${at%T*}', currency, count(*), printf('%d.%02d',
			sum(CAST(replace(amount, '.', '') AS INTEGER)) / 100, sum(CAST(replace(amount, '.', '') AS INTEGER)) % 100)
		FROM events WHERE event_type = 'OrderCompleted' AND NOT ev_deleted AND
			ev_valid_from <= '${at%Z}000Z' AND (ev_valid_to IS NULL OR ev_valid_to > '${at%Z}000Z')
		GROUP BY currency ORDER BY currency"
done >>got
same 'the orders as they stood at the end of each day, to the cent' got want
ok 'in them is an amount that no double holds' grep -qF '|130604389193744471|' <<END
$(jq -r '.as_of[] | "|\(.amount | sub("\\."; ""))|"' "$expected")
END
for table in events order_items payments refunds; do
	is "the rows of $table" "$(lite "SELECT count(*) FROM $table")" "$(jq ".rows.$table" "$expected")"
done
for table in dim_user dim_product dim_event_type dim_channel dim_date; do
	is "the members of $table" "$(lite "SELECT count(*) FROM $table WHERE ${table}_key <> '00000000000000000000000000000000'")" \
		"$(jq ".members.$table" "$expected")"
	is "the unknown of $table" "$(lite "SELECT count(*) FROM $table WHERE ${table}_key = '00000000000000000000000000000000' AND ev_inferred")" 1
done
is 'the current events, all versions, and tombstones' "$(lite 'SELECT sum(ev_current), count(*), sum(ev_deleted) FROM events')" \
	"$(jq -r '.events | "\(.current)|\(.history_rows)|\(.tombstones)"' "$expected")"
is 'the current events by type' "$(lite 'SELECT event_type, count(*) FROM events WHERE ev_current GROUP BY 1 ORDER BY 1' | tr '\n' ' ')" \
	"$(jq -r '.current_by_type | to_entries | sort_by(.key)[] | "\(.key)|\(.value)"' "$expected" | tr '\n' ' ')"
is 'an amount is a text of two decimals, or null' \
	"$(lite "SELECT count(*) FROM events WHERE amount IS NOT NULL AND (typeof(amount) <> 'text' OR amount NOT GLOB '*[0-9].[0-9][0-9]')")" 0
is 'an event has one current version, or none' "$(lite 'SELECT count(*) FROM (SELECT 1 FROM events WHERE ev_current GROUP BY event_id HAVING count(*) > 1)')" 0
is 'the intervals of an event join, one after the other' \
	"$(lite "SELECT count(*) FROM (SELECT ev_valid_to AS ends, lead(ev_valid_from) OVER (PARTITION BY event_id ORDER BY ev_valid_from, ev_valid_to IS NULL, ev_valid_to) AS next FROM events) WHERE ends IS NOT next")" 0
for ref in events:user_id:dim_user events:channel:dim_channel events:event_timestamp:dim_date events:event_type:dim_event_type \
	order_items:sku:dim_product payments:user_id:dim_user refunds:event_timestamp:dim_date; do
	IFS=: read -r fact column table <<END
$ref
END
	is "every $column of $fact is known to $table" \
		"$(lite "SELECT count(*) FROM $fact WHERE ${column}_key NOT IN (SELECT ${table}_key FROM $table)")" 0
done

# The same amounts through TSV

export EVKIT_MODEL="$shop/evkit.yaml"
# shellcheck disable=SC2016 # for the inner shell
run 'export EVKIT_SEAL="$(cat out/seal)"; evversion --state out/state/events --since 0 </dev/null | evstar | evload -t payments'
check 'the payments as TSV' 0 any
cp "$out" payments.tsv
column=$(evschema -t sqlite | awk '/"payments"/ { on = 1; next } on { n++ } on && /"amount"/ { print n; exit }')
# SQLite has each amount in one spelling, TSV as the log has it.
cut -f "1,$column" payments.tsv | sed 's/\(	[0-9]*\)$/\1./; s/\.$/.00/; s/\(\.[0-9]\)$/\10/' | sort >got
lite "SELECT ev_owner || char(9) || coalesce(amount, '\\N') FROM payments" | sort >want
same 'bear the amounts of the database' got want
ok 'and among them one that no double holds' grep -q '	90071992547409\.93$' got

# Type 2: what an order is joined with is what the last event before it said of the customer.
sqlite3 -bail -readonly out/shop.db >got <<'END'
CREATE TEMP TABLE said AS SELECT user_id, event_id, ev_valid_from, ev_valid_to, json_extract(metadata, '$.is_guest') AS is_guest
	FROM events WHERE json_type(metadata, '$.is_guest') IS NOT NULL AND NOT ev_deleted;
CREATE INDEX said_of ON said (user_id);
SELECT sum(account_is_guest IS NOT NULL) > 1000, sum(account_is_guest IS NOT (
	SELECT is_guest FROM said s WHERE s.user_id = t.user_id AND s.ev_valid_from <= t.event_timestamp
		AND (s.ev_valid_to IS NULL OR s.ev_valid_to > t.event_timestamp)
	ORDER BY s.ev_valid_from DESC, s.event_id DESC LIMIT 1)) FROM order_items_then t;
END
is 'orders know whether their customer was a guest then' "$(cat got)" '1|0'

# Again, elsewhere, in another order, after a crash

shop out demo
is 'make demo again: the books stand' "$(grep -c 'is in' "$out")" 0
same 'which changes no byte of the database' out/shop.db first.db
rm out/loaded/2026-03-03
shop out
check 'a day again' 0
same 'which changes no byte either' out/shop.db first.db
shop out rebuild
check 'make rebuild' 0
tables out/shop.db >got
same 'makes the same tables out of the state' got first.tables

# PostgreSQL, prod and test: what SQLite has.
amounts='SELECT ev_owner, ev_version, currency, amount FROM'
if postgres_start; then
	for pg in prod test prod; do
		shop out postgres PG=$pg
		check "make postgres PG=$pg" 0 '' any
	done
	sqlite3 out/shop.db "$amounts events" | LC_ALL=C sort >want
	for schema in checkout checkout_test; do
		sql -c "$amounts $schema.events" | LC_ALL=C sort >got
		same "$schema: the events of SQLite" got want
		is "$schema: it has the views" "$(sql -c "SELECT count(*) > 0 FROM information_schema.views WHERE table_schema = '$schema'")" t
	done
fi

# A bundle, and nothing new for a second one.
shop out bundles TARGETS=sqlite
check 'make bundles' 0
shop out bundles TARGETS=sqlite
check 'make bundles again' 0
is 'makes none' "$(ls out/bundles)" sqlite.1
evschema -m "$shop/evkit.yaml" -t sqlite | sqlite3 bundle.db
run 'cd out/bundles/sqlite.1 && sqlite3 ../../../bundle.db <load.sql'
check 'the bundle' 0
tables bundle.db | grep '^INSERT' >got
grep '^INSERT' first.tables >want
same 'has the same rows' got want

shop turned -j2
check 'make -j2, under another secret' 0
tables turned/shop.db >got
same 'fills the same tables' got first.tables
ok 'the seals differ' sh -c '! cmp -s out/seal turned/seal'
run make -s -C "$shop" OUT="$PWD/turned" clean
for day in 5 2 4 1 3; do
	shop turned "$PWD/turned/loaded/2026-03-0$day"
	[ "$status" -eq 0 ] || diag "$(cat "$err")"
done
tables turned/shop.db >got
same 'the days in another order: the same tables' got first.tables
ok 'though patches came before their puts' [ "$(counts evversion released turned)" -gt 9 ]

mkdir raw
cp "$shop"/raw/2026-03-0[1-4].log.gz raw/
shop grown RAW="$PWD/raw"
check 'four days' 0
cp grown/shop.db four.db
cp "$shop"/raw/2026-03-05.log.gz raw/
if [ -e "$top_builddir/tests/fault.so" ]; then
	for fault in evversion:rename:1 evstar:fsync:1 evload:pwrite:9; do
		call=${fault#*:}
		LD_PRELOAD=$top_builddir/tests/fault.so EVKIT_FAULT="$call:kill" EVKIT_FAULT_PROGRAM=${fault%%:*} shop grown RAW="$PWD/raw"
		check "the fifth day: a crash of ${fault%%:*}" 2 any any
	done
fi
shop grown RAW="$PWD/raw"
check 'make again' 0
tables grown/shop.db >got
same 'and all is there' got first.tables
sqlite3 -bail grown/shop.db .dump >dump.before
printf 'no log at all\n%.0s' 1 2 3 4 5 6 7 8 9 | gzip >raw/2026-03-06.log.gz
echo '{"event_id":"1"}' | gzip >>raw/2026-03-06.log.gz
shop grown RAW="$PWD/raw"
check 'a day with too many rejects fails' 2 any any
sqlite3 -bail grown/shop.db .dump >dump
same 'and leaves the database as it was' dump dump.before
is 'the page says why' "$(sed -n 's/<[^>]*>//g; /^Why not 2026-03-06/p; /^evload has taken/p' grown/report.html | sed 's/: [0-9,]* rows//')" \
	'Why not 2026-03-06: Nothing passed. The number of records must be at least 1. Found: 0. Nothing of it is loaded: its chain is sealed, and evload takes no batch that is not approved.
evload has taken 5 of 6.'
gzip -dc "$shop"/raw/2026-03-05.log.gz | tail -n 50 | gzip >raw/2026-03-06.log.gz
shop grown RAW="$PWD/raw"
check 'it is mended' 0
tables grown/shop.db >got
same 'lines of a day before are nothing new' got first.tables
is 'the source tree is as it was' "$(cd "$srcdir/examples" && find . -type f | sort | xargs cksum)" "$before"
mv turned parallel
run make -s -C "$shop" OUT="$PWD/parallel" clean
check 'make clean' 0
ok 'leaves nothing' test ! -e parallel

# A person who is erased. The logs still have all, and are taken once more.
sqlite3 -readonly out/shop.db "SELECT user_id FROM events WHERE user_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1" >person
mentions()
{
	find out -type f ! -path '*/rejects/*' | while read -r file; do
		case $file in
		*.gz) gzip -dc "$file" ;;
		*) cat "$file" ;;
		esac | grep -qaFf person && echo "$file"
	done
}
ok 'the person is in states and tables' test "$(mentions | grep -c -e events/ -e members/ -e shop.db)" -gt 2
shop out erase PEOPLE="$PWD/person"
check 'make erase' 0 any any
is 'nobody knows the person' "$(mentions; cat out/rejects/*.jsonl | grep -cFf person)" 0
rm -r out/loaded
mkdir out/loaded
shop out
check 'the days again' 0
is 'bring nothing back' "$(mentions)" ''
is 'the evversion of each day says so' "$(cat out/loaded/* | grep -c '^evversion: .* were erased before')" \
	"$(for day in "$shop"/raw/*.log.gz; do gzip -dc "$day" | grep -cFf person; done | grep -vc '^0$')"

# The UK shop

if data uci-retail-2010-12; then
	uci=$data
	retail=$srcdir/examples/uci-retail
	export EVKIT_MODEL="$retail/evkit.yaml"
	head -n 100 "$uci/versions.ndjson" >hundred
	run 'evvalidate <hundred'
	check 'a hundred orders leave evvalidate byte for byte' 0 @hundred
	run evvalidate "$uci/versions.ndjson"
	check 'and so do all' 0 "@$uci/versions.ndjson"
	run make -s -C "$retail" OUT="$PWD/uci" EVKIT_DATA="$EVKIT_DATA" demo
	retyped
	check 'the UK shop: make demo' 0 any
	jq -r '.final_versions_amount_by_country | to_entries | sort_by(.key)[] | "\(.key)|\(.value)"' "$uci/expected.json" >want

	# by_country DATABASE
	by_country()
	{
		sqlite3 -bail -readonly "$1" "SELECT country, printf('%s%d.%02d', CASE WHEN s < 0 THEN '-' ELSE '' END, abs(s) / 100, abs(s) % 100)
			FROM (SELECT country, sum(quantity * CAST(replace(unit_price, '.', '') AS INTEGER)) AS s FROM order_lines GROUP BY country)
			ORDER BY country"
	}

	by_country uci/retail.db >got
	same 'the sums by country, to the cent' got want
	ok 'of 23 countries' [ "$(wc -l <got)" -eq 23 ]
	is 'current orders, versions, and orders with more than one' \
		"$(sqlite3 uci/retail.db 'SELECT sum(ev_current), count(*), (SELECT count(*) FROM (SELECT 1 FROM orders GROUP BY order_id HAVING count(*) > 1)) FROM orders')" \
		"1699|$(jq -r '"\(.versions_ndjson_lines)|\(.orders_with_more_than_one_version)"' "$uci/expected.json")"
	is 'versions and events' "$(jq -r .versions_ndjson_lines "$uci/expected.json")" 1855
	ok 'the demo shows them' grep -q 1032.85 "$out"
	sqlite3 -bail uci/retail.db .dump >want.dump

	mkdir -p shuffled/uci-retail-2010-12
	shuf --random-source=first.db "$uci/versions.ndjson" >shuffled/uci-retail-2010-12/versions.ndjson
	ok 'the lines are in another order' sh -c '! cmp -s "$0" shuffled/uci-retail-2010-12/versions.ndjson' "$uci/versions.ndjson"
	run make -s -C "$retail" OUT="$PWD/uci2" EVKIT_DATA="$PWD/shuffled"
	retyped
	check 'shuffled: make' 0
	by_country uci2/retail.db >got
	same 'shuffled: the sums by country' got want
	sqlite3 -bail uci2/retail.db .dump >dump
	same 'shuffled: the same tables, and the same digest in the ledger' dump want.dump
	run make -s -C "$retail" OUT="$PWD/uci3" EVKIT_DATA="$PWD/nowhere"
	check 'no data' 2 '' '~no data: .*/nowhere/uci-retail-2010-12/versions.ndjson is missing; EVKIT_DATA names the folder to look in'
fi

# Amounts beyond a double, from the log to both targets

cat >exact.yaml <<'END'
evkit: 1
name: exact
event: {id: .id, type: .type, time: .time, version: .v}
rules: [{name: the sum, jq: ".a + .b == .c"}]
star: {facts: {f: {keep: latest, columns: {n: {from: .n, type: int}, a: {from: .a, type: "decimal(20,2)"}, w: {from: .w, type: "decimal(38,6)"}, m: {from: .m, type: json}}}}}
END
export EVKIT_MODEL=exact.yaml
cat >exact.log <<'END'
2026-03-01 INFO {"id":"1","type":"T","time":"2026-03-01T10:00:00Z","v":1,"n":9007199254740993,"a":90071992547409.93,"b":0.01,"c":90071992547409.94,"w":12345678901234567890123456789012.345678,"m":{"x":9007199254740993.10}}
2026-03-01 INFO {"id":"2","type":"T","time":"2026-03-01T10:00:00Z","v":1,"n":-9223372036854775808,"a":19.10,"b":0,"c":19.1,"w":1e-6,"m":[1.0,1e2]}
2026-03-01 INFO {"id":"3","type":"T","time":"2026-03-01T10:00:00Z","v":1,"a":90071992547409.93,"b":0.01,"c":90071992547409.93}
END
run 'evparse exact.log | evvalidate -r rejects | evdedupe | evversion | evstar >exact.rows'
check 'through all programs' 0
is 'the sum that is a cent off is found' "$(jq -r '._ev.reject.code + " " + (.raw | fromjson | .id)' rejects)" 'rule 3'
evschema -t sqlite | sqlite3 -bail exact.db
run evload --unsealed sqlite:exact.db exact.rows
check 'into SQLite' 0
is 'SQLite: every digit' "$(sqlite3 exact.db 'SELECT n, a, w, m, typeof(n), typeof(a), typeof(w) FROM f ORDER BY n DESC')" \
	'9007199254740993|90071992547409.93|12345678901234567890123456789012.345678|{"x":9007199254740993.10}|integer|text|text
-9223372036854775808|19.10|0.000001|[1.0,1e2]|integer|text|text'
is 'SQLite: summed in cents' "$(sqlite3 exact.db "SELECT sum(CAST(replace(a, '.', '') AS INTEGER)) FROM f")" 9007199254742903
run 'evload -t f exact.rows | cut -f 3- | sort -r'
check 'TSV: every digit, as written' 0 "9007199254740993	90071992547409.93	12345678901234567890123456789012.345678	{\"x\":9007199254740993.10}
-9223372036854775808	19.10	0.000001	[1.0,1e2]"

done_testing

#!/bin/sh
# evschema views: the numbers that the views show, in SQLite and in PostgreSQL.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$srcdir/tests/postgres.sh"

command -v sqlite3 >"$tap/which" || skip_all 'sqlite3 is not installed'
unset EVKIT_SEAL

cat >evkit.yaml <<'END'
evkit: 1
name: views
event: {id: .id, type: .type, time: .at, version: .v, op: .op}
types: {Cart: true, Order: true, Refund: true}
star:
  facts:
    order:
      keep: history
      columns:
        select: {from: .type, type: varchar(20)}
        at: {from: .at, type: timestamp, dimension: days}
        cart: {from: .cart, type: varchar(10)}
        from: {from: .channel, type: varchar(10)}
        money: {from: .money, type: "decimal(12,2)"}
        much: {from: .much, type: "decimal(30,2)"}
        cur: {from: .cur, type: varchar(3)}
    lines:
      keep: latest
      for: [Order]
      each: ".lines[]"
      columns:
        at: {from: .at, type: timestamp}
        sku: {from: $item.sku, type: varchar(10)}
        n: {from: $item.n, type: int}
  dimensions:
    days: {calendar: {from: 2026-03-01, to: 2026-03-10, zone: Europe/Amsterdam}}
measures:
  revenue: {fact: order, column: money, currency: cur, for: [Order], minus: [Refund]}
  net: {fact: order, column: money, minus: [Refund], by: [from]}
  carts: {fact: order, for: [Cart]}
  much: {fact: order, column: much, by: [select]}
  group: {fact: order, of: cart, from: [Cart], to: [Order], by: [from]}
  demand: {fact: lines, column: n, by: [sku]}
environments:
  prod: {target: postgres, schema: Select}
END

# event ID TYPE TIME REST
event()
{
	printf '{"id":"%s","type":"%s","at":"%s","op":"put"%s}\n' "$1" "$2" "$3" "${4:+,$4}"
}

{
	# Sunday night in Amsterdam is Sunday in UTC, but 23:30 UTC is Monday there.
	event c1 Cart 2026-03-01T22:30:00Z '"v":1,"cart":"a","channel":"web"'
	event o1 Order 2026-03-01T23:30:00Z '"v":1,"cart":"a","channel":"web","money":19.10,"cur":"EUR","lines":[{"sku":"x","n":2},{"sku":"y","n":1}]'
	event c2 Cart 2026-03-02T10:00:00Z '"v":1,"cart":"b","channel":"web"'
	event c3 Cart 2026-03-02T10:59:59Z '"v":1,"cart":"c","channel":"app"'
	event o3 Order 2026-03-02T11:00:00Z '"v":1,"cart":"c","channel":"app","money":0.04,"cur":"EUR","lines":[{"sku":"x","n":5}]'
	event o4 Order 2026-03-02T11:10:00Z '"v":1,"cart":"d","channel":"app","money":7,"cur":"USD","much":90071992547409.93'
	event r1 Refund 2026-03-02T12:00:00Z '"v":1,"cart":"a","channel":"web","money":19.15,"cur":"EUR","much":-0.07'
	# Corrected, and taken back.
	event o5 Order 2026-03-08T12:00:00Z '"v":1,"cart":"e","channel":"web","money":1,"cur":"EUR","lines":[{"sku":"z","n":1}]'
	event o5 Order 2026-03-08T13:00:00Z '"v":2,"cart":"e","channel":"web","money":2,"cur":"EUR","lines":[{"sku":"z","n":3}]'
	event o6 Order 2026-03-08T12:00:00Z '"v":1,"cart":"f","channel":"web","money":500,"cur":"EUR","lines":[{"sku":"z","n":9}]'
	printf '{"id":"o6","type":"Order","at":"2026-03-08T14:00:00Z","op":"delete","v":2}\n'
	# Nothing to add up.
	event o7 Order 2026-03-09T00:00:00Z '"v":1,"cart":null,"channel":null,"money":null,"cur":"SEK"'
} >events
evversion events | evstar -o rows - || exit 2

evschema -t sqlite | sqlite3 -bail shop.db
run 'evschema views -t sqlite | sqlite3 -bail shop.db'
check 'SQLite takes the views' 0
run 'evschema views -t sqlite | sqlite3 -bail shop.db'
check 'and takes them again' 0
run evload --unsealed sqlite:shop.db rows
check 'evload does not mind them' 0

postgres=no
if postgres_start; then
	postgres=yes
	evschema -e prod | sql
	run 'evschema views -e prod | PGOPTIONS="-c client_min_messages=warning" sql'
	check 'PostgreSQL takes the views' 0
	run 'evschema views -e prod | sql'
	check 'and takes them again' 0
	run evload -e prod --unsealed postgresql: rows
	check 'evload does not mind them either' 0
fi

# view NAME SQL <<ROWS: in both, whatever time zone a session has.
view()
{
	cat >want
	sqlite3 shop.db "$2" >got
	same "SQLite: $1" got want
	[ $postgres = yes ] || return 0
	for zone in UTC Asia/Kolkata America/St_Johns; do
		PGTZ=$zone sql -c 'SET search_path = "Select"' -c "$2" >got.zone
		same "PostgreSQL, $zone: $1" got.zone want
	done
}

view 'by day, in the zone of the calendar' 'SELECT day, currency, rows, total FROM revenue_day ORDER BY 1, 2' <<'END'
2026-03-02|EUR|3|-0.01
2026-03-02|USD|1|7.00
2026-03-08|EUR|1|2.00
2026-03-09|SEK|1|
END
view 'by week' 'SELECT week, currency, rows, total FROM revenue_week ORDER BY 1, 2' <<'END'
2026-03-02|EUR|4|1.99
2026-03-02|USD|1|7.00
2026-03-09|SEK|1|
END
view 'by hour, which has no zone' 'SELECT count(*), sum(rows) FROM revenue_hour' <<'END'
6|6
END
view 'others count as they are, where a measure says what is taken off' 'SELECT day, "from", rows, total FROM net_day ORDER BY 1, 2' <<'END'
2026-03-01|web|1|
2026-03-02|app|3|7.04
2026-03-02|web|3|-0.05
2026-03-08|web|1|2.00
2026-03-09||1|
END
view 'rows are counted without a column' 'SELECT * FROM carts_day ORDER BY 1' <<'END'
2026-03-01|1
2026-03-02|2
END
view 'more digits than a double has' 'SELECT day, "select", rows, total FROM much_day WHERE total IS NOT NULL ORDER BY 1, 2' <<'END'
2026-03-02|Order|3|90071992547409.93
2026-03-02|Refund|1|-0.07
END
view 'how many go on' 'SELECT day, "from", started, reached FROM group_day ORDER BY 1, 2' <<'END'
2026-03-01|web|1|1
2026-03-02|app|1|1
2026-03-02|web|1|0
END
view 'and in a week' 'SELECT week, "from", started, reached FROM group_week ORDER BY 1, 2' <<'END'
2026-02-23|web|1|1
2026-03-02|app|1|1
2026-03-02|web|1|0
END
view 'demand, without a calendar: in UTC' 'SELECT * FROM demand_week ORDER BY 1, 2' <<'END'
2026-02-23|x|1|2
2026-02-23|y|1|1
2026-03-02|x|1|5
2026-03-02|z|1|3
END
view 'what is current' 'SELECT ev_owner, ev_version, money FROM order_current WHERE "select" = '"'Order'"' ORDER BY 1' <<'END'
o1|1|19.10
o3|1|0.04
o4|1|7.00
o5|2|2.00
o7|1|
END
try 'hours are UTC' 0 "sqlite3 shop.db 'SELECT hour, currency, total FROM revenue_hour ORDER BY 1, 2'" <<'END'
2026-03-01T23:00:00.000000Z|EUR|19.10
2026-03-02T11:00:00.000000Z|EUR|0.04
2026-03-02T11:00:00.000000Z|USD|7.00
2026-03-02T12:00:00.000000Z|EUR|-19.15
2026-03-08T13:00:00.000000Z|EUR|2.00
2026-03-09T00:00:00.000000Z|SEK|
END
evschema views -t sqlite | sed -n '/^-- As of a moment/{n;s/^-- //p}' | sed 's/2026-03-01T00:00:00/2026-03-08T12:30:00/g' >moment.sql
is 'SQLite: as of a moment, by the statement in the comment' "$(sqlite3 shop.db "SELECT ev_owner, ev_version, money FROM ($(sed 's/;$//' moment.sql)) WHERE ev_owner IN ('o5', 'o6') ORDER BY 1")" 'o5|1|1.00
o6|1|500.00'
if [ $postgres = yes ]; then
	PGTZ=Asia/Kolkata sql -c "SELECT to_char(hour AT TIME ZONE 'UTC', 'HH24:MI'), currency, total FROM \"Select\".revenue_hour ORDER BY hour, 2" >got
	same 'PostgreSQL: hours are UTC in a zone of half hours' got - <<'END'
23:00|EUR|19.10
11:00|EUR|0.04
11:00|USD|7.00
12:00|EUR|-19.15
13:00|EUR|2.00
00:00|SEK|
END
	is 'PostgreSQL: as of a moment' "$(sql -c "SELECT ev_owner, ev_version, money FROM \"Select\".order_as_of('2026-03-08T12:30:00Z') WHERE ev_owner IN ('o5', 'o6') ORDER BY 1")" 'o5|1|1.00
o6|1|500.00'
	is 'PostgreSQL: and as of a later one' "$(sql -c "SELECT ev_owner, ev_version, money FROM \"Select\".order_as_of('2026-03-09T12:30:00Z') WHERE ev_owner IN ('o5', 'o6') ORDER BY 1")" 'o5|2|2.00'
fi

# SQLite has integers of 64 bits: a sum that does not fit stops the query, and so does a value.
sqlite3 shop.db "UPDATE \"order\" SET much = '9999999999999999999.00' WHERE ev_owner = 'o4'"
run "sqlite3 shop.db 'SELECT * FROM much_day'"
is 'a value of too many digits is no wrong sum' "$status $(grep -c 'integer overflow' "$err")" '1 1'

#
# Models
#
# wrong NAME LINE:COLUMN MESSAGE SED
wrong()
{
	sed "$4" evkit.yaml >wrong.yaml
	run evschema views -m wrong.yaml -t sqlite
	check "$1" 2 '' "evschema: wrong.yaml:$2: $3"
}

wrong 'a measure of no fact' 28:19 "no fact 'ordr': did you mean 'order'?" 's/revenue: {fact: order/revenue: {fact: ordr/'
wrong 'of no column' 28:34 "order has no column 'mony': did you mean 'money'?" 's/column: money, currency/column: mony, currency/'
wrong 'of a text' 28:3 'the column of a measure is an int or a decimal' 's/column: money, currency/column: cur, currency/'
wrong 'in a number' 28:3 'the currency of a measure is a varchar' 's/currency: cur/currency: money/'
wrong 'of a type that is not there' 28:62 "no event type 'Ordr' in types: did you mean 'Order'?" 's/for: \[Order\], minus/for: [Ordr], minus/'
wrong 'of a fact that bears no time' 32:18 'lines has no column of the event'"'"'s time, .at, of type timestamp or date: give it one' '/^ *at: {from: .at, type: timestamp}/d'
wrong 'steps that lead nowhere' 32:3 'a measure with of needs from and to: types of events' 's/, to: \[Order\]//'
wrong 'two measures of one name' 29:3 "a second measure has the name 'Revenue': rename one" 's/^  net:/  Revenue:/'
wrong 'the name of a table' 28:3 'the view of lines would have the name of the table lines_day: rename one' 's/^    lines:/    lines_day:/; s/^  revenue:/  lines:/; s/fact: lines/fact: lines_day/'
wrong 'a name that is too long' 28:3 "'a12345678901234567890123456789012345678901234567890123456789' is too long: a12345678901234567890123456789012345678901234567890123456789_hour must have 63 characters at most" 's/^  revenue:/  a12345678901234567890123456789012345678901234567890123456789:/'
wrong 'grouped twice' 29:65 "'from' stands here twice" 's/by: \[from\]}$/by: [from, from]}/'
wrong 'an unknown key' 28:26 "unknown key 'fct' in a measure: did you mean 'fact'?" 's/revenue: {fact/revenue: {fact: order, fct/'

#
# Times and types that are computed, and rows that a filter takes
#
cat >evkit.yaml <<'END'
evkit: 1
name: computed
event: {id: .id, type: '.kind // "unknown"', time: .created * 0.001 | todate, order: time}
types: {sale: true, return: true}
star:
  facts:
    sales:
      keep: latest
      when: .total > 0
      columns:
        kind: {from: '.kind // "unknown"', type: varchar(20)}
        at: {from: .created * 0.001 | todate, type: timestamp, dimension: days}
        total: {from: .total, type: "decimal(12,2)"}
  dimensions:
    days: {calendar: {from: 2026-03-01, to: 2026-03-02}}
measures:
  taken: {fact: sales, column: total, for: [sale], minus: [return]}
END
cat >events <<'END'
{"id":1,"kind":"sale","created":1772359200000,"total":12.5}
{"id":2,"kind":"sale","created":1772445600000,"total":3}
{"id":3,"kind":"return","created":1772445601000,"total":0.5}
{"id":4,"kind":"sale","created":1772445602000,"total":-7}
{"id":5,"created":1772445603000,"total":9}
END
rm shop.db
{ evschema -t sqlite; evschema views -t sqlite; } | sqlite3 -bail shop.db
evversion events | evstar | evload --unsealed sqlite:shop.db
run "sqlite3 shop.db 'SELECT * FROM taken_day ORDER BY 1; SELECT * FROM taken_hour ORDER BY 1'"
check 'a measure goes by a time and a type that are computed, in a table with a filter' 0 '2026-03-01|1|12.50
2026-03-02|2|2.50
2026-03-01T10:00:00.000000Z|1|12.50
2026-03-02T10:00:00.000000Z|2|2.50'
done_testing

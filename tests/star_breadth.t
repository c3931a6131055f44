#!/bin/sh
# What a star can be made of: several facts from one type, one dimension in several roles, dimensions
# that are columns alone, flags that are one dimension, bridges, currencies, calendars with holidays.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

command -v sqlite3 >"$tap/which" || skip_all 'sqlite3 is not installed'
unset EVKIT_SEAL

cat >evkit.yaml <<'END'
evkit: 1
name: breadth
event: {id: .id, type: .type, time: .at, version: .v}
star:
  facts:
    carts:
      keep: latest
      for: [CartCheckedOut]
      columns:
        at: {from: .at, type: timestamp, dimension: dim_day}
    orders:
      keep: latest
      for: [OrderCompleted]
      columns:
        ordered:  {from: .at, type: timestamp, dimension: dim_day}
        visit:    {from: .visit, type: date, dimension: dim_day}
        buyer:    {from: .user, type: varchar(20), dimension: dim_user}
        visitor:  {from: .visitor, type: varchar(20), dimension: dim_user}
        number:   {from: .number, type: varchar(20)}
        device:   {from: .device, type: varchar(10), dimension: dim_flags}
        amount:   {from: .total, type: "decimal(12,2)"}
        currency: {from: .currency, type: varchar(3)}
        fee:      {from: .fee, type: "decimal(12,2)"}
        fee_currency: {from: .fee_currency, type: varchar(3)}
    revenue:
      keep: history
      for: [OrderCompleted]
      columns:
        at:       {from: .at, type: timestamp}
        amount:   {from: .total, type: "decimal(12,2)"}
    order_lines:
      keep: latest
      for: [OrderCompleted]
      each: ".items[]"
      columns:
        number: {from: .number, type: varchar(20), dimension: dim_order}
        sku:    {from: $item.sku, type: varchar(20), dimension: dim_product}
  dimensions:
    dim_user:
      key: .user
      columns: {user: {from: .user, type: varchar(20)}, name: {from: .name, type: varchar(40)}}
    dim_order:
      key: .number
      columns: {number: {from: .number, type: varchar(20)}, device: {from: .device, type: varchar(10)}}
    dim_product:
      key: $item.sku
      each: ".items[]"
      columns: {sku: {from: $item.sku, type: varchar(20)}, title: {from: $item.title, type: varchar(40)}}
    dim_flags:
      key: [.device, .gift, .member]
      for: [OrderCompleted]
      columns:
        device: {from: .device, type: varchar(10)}
        gift:   {from: .gift, type: bool}
        member: {from: .member, type: bool}
    dim_day: {calendar: {from: 2026-12-24, to: 2026-12-26, zone: Europe/Amsterdam, holidays: holidays.tsv}}
measures:
  sales: {fact: orders, column: amount, currency: currency}
  fees:  {fact: orders, column: fee, currency: fee_currency}
END
printf '# The Netherlands\n\n2026-12-25\tChristmas Day\n2026-12-26,"Boxing Day, or ""second"""\r\n2027-01-01\tNew Year'"'"'s Day' >holidays.tsv
cat >in.jsonl <<'END'
{"id":"c1","type":"CartCheckedOut","at":"2026-12-24T23:30:00Z","v":1,"user":"u1","name":"Ann"}
{"id":"o1","type":"OrderCompleted","at":"2026-12-24T10:00:00Z","v":1,"user":"u1","name":"Ann","visitor":"u2","visit":"2026-12-26","number":"A-1","device":"web","gift":false,"member":true,"total":12.5,"currency":"EUR","fee":1,"fee_currency":"USD","items":[{"sku":"a","title":"Adult"},{"sku":"c","title":"Child"}]}
{"id":"o2","type":"OrderCompleted","at":"2026-12-31T23:30:00Z","v":1,"user":"u2","name":"Bo","visitor":"u2","visit":"2027-01-01","number":"A-2","device":"web","gift":false,"member":true,"total":10,"currency":"EUR","fee":2,"fee_currency":"EUR","items":[{"sku":"a","title":"Adult"}]}
{"id":"o3","type":"OrderCompleted","at":"2026-12-25T10:00:00Z","v":1,"user":"u1","name":"Ann","visitor":"u3","number":"A-3","device":"app","gift":true,"total":7,"currency":"GBP","fee":0.5,"fee_currency":"EUR","items":[]}
{"id":"o3","type":"OrderCompleted","at":"2026-12-25T10:00:00Z","v":2,"user":"u1","name":"Ann","visitor":"u3","number":"A-3","device":"app","gift":true,"total":8,"currency":"GBP","fee":0.5,"fee_currency":"EUR","items":[]}
END
for what in create views; do evschema $what -t sqlite; done | sqlite3 -bail shop.db
run 'evvalidate in.jsonl | evversion | evstar | evload --unsealed sqlite:shop.db'
check 'it is loaded' 0

# view NAME SQL, with what comes of it on standard input.
view()
{
	sqlite3 shop.db "$2" >"$out" 2>&1
	same "$1" "$out" -
}

view 'several facts from one type: what stands, and what stood' \
	"SELECT ev_owner, amount FROM orders UNION ALL SELECT ev_owner || '.' || ev_version, amount FROM revenue ORDER BY 1" <<'END'
o1|12.50
o1.1|12.50
o2|10.00
o2.1|10.00
o3|8.00
o3.1|7.00
o3.2|8.00
END
view 'one calendar in two roles' "SELECT number, o.date, v.date, v.holiday FROM orders
	LEFT JOIN dim_day o ON o.dim_day_key = ordered_key LEFT JOIN dim_day v ON v.dim_day_key = visit_key ORDER BY 1" <<'END'
A-1|2026-12-24|2026-12-26|Boxing Day, or "second"
A-2|2027-01-01|2027-01-01|New Year's Day
A-3|2026-12-25||
END
view 'two users in one dimension, one of whom nothing is known' "SELECT number, b.name, v.user, v.name, v.ev_inferred FROM orders
	JOIN dim_user b ON b.dim_user_key = buyer_key JOIN dim_user v ON v.dim_user_key = visitor_key ORDER BY 1" <<'END'
A-1|Ann|u2|Bo|0
A-2|Bo|u2|Bo|0
A-3|Ann|u3||1
END
view 'a number that is a dimension by itself' "SELECT number FROM orders WHERE number = 'A-2'" <<'END'
A-2
END
view 'flags in one dimension: a member for each combination that occurs' "SELECT d.device, d.gift, d.member, count(number)
	FROM dim_flags d LEFT JOIN orders ON device_key = dim_flags_key WHERE NOT ev_inferred GROUP BY 1, 2, 3 ORDER BY 1" <<'END'
app|1||1
web|0|1|2
END
view 'a bridge from orders to products' "SELECT o.number, o.device, title FROM order_lines
	JOIN dim_order o ON dim_order_key = number_key JOIN dim_product ON dim_product_key = sku_key ORDER BY 1, 3" <<'END'
A-1|web|Adult
A-1|web|Child
A-2|web|Adult
END
view 'each amount by its own currency' "SELECT day, currency, total FROM sales_day ORDER BY 1, 2" <<'END'
2026-12-24|EUR|12.50
2026-12-25|GBP|8.00
2027-01-01|EUR|10.00
END
view 'and the other by its own' "SELECT currency, sum(total) FROM fees_day GROUP BY 1 ORDER BY 1" <<'END'
EUR|2.5
USD|1.0
END

#
# Holidays
#

view 'days of the calendar, and one outside: ISO weeks, and holidays' \
	'SELECT date, day_name, iso_year, iso_week, is_weekend, is_holiday, holiday FROM dim_day ORDER BY date' <<'END'
||||||
2026-12-24|Thursday|2026|52|0|0|
2026-12-25|Friday|2026|52|0|1|Christmas Day
2026-12-26|Saturday|2026|52|1|1|Boxing Day, or "second"
2027-01-01|Friday|2026|53|0|1|New Year's Day
END
run 'evversion in.jsonl | evstar | grep -o "\"is_weekend.*holiday\":[^,]*"'
check 'as evstar has it' 0 "\"is_weekend\":false,\"is_holiday\":true,\"holiday\":\"New Year's Day\""

# wrong NAME LINE MESSAGE: holidays.tsv with LINE as its third line.
wrong()
{
	printf '2026-12-25\tChristmas Day\n\n%b\n' "$2" >holidays.tsv
	run evschema -t sqlite
	check "$1" 2 '' "evschema: holidays.tsv:3: $3"
}

cp holidays.tsv right.tsv
wrong 'no date' 'date,name' 'this begins with no date such as 2026-12-25'
wrong 'a day that is none' '2026-02-30\tx' 'this begins with no date such as 2026-12-25'
wrong 'the year 0' '0000-01-01\tx' 'this begins with no date such as 2026-12-25'
wrong 'no name' '2026-01-01' 'behind the date comes a tab or a comma, and then the name'
wrong 'an empty name' '2026-01-01\t' 'the day has no name: write 2026-12-25, a tab or a comma, and the name'
wrong 'an empty name in quotes' '2026-01-01,""' 'the day has no name: write 2026-12-25, a tab or a comma, and the name'
wrong 'another separator' '2026-01-01;x' 'behind the date comes a tab or a comma, and then the name'
wrong 'quotes that do not close' '2026-01-01,"x' 'the quotes around the name do not close'
wrong 'text behind the quotes' '2026-01-01,"x"y' 'the quotes around the name do not close'
wrong 'no UTF-8' '2026-01-01\t\0377' 'the name is not UTF-8'
wrong 'what steers a terminal' '2026-01-01\t\0033[2J' 'the name has a character that cannot be seen'
wrong 'a NUL' '2026-01-01\ta\0000b' 'the name has a character that cannot be seen'
wrong 'a long name' "2026-01-01\\t$(printf '%0101d' 0)" 'the name has more than 100 characters'
printf '2026-12-25\ta\n2026-12-25\tb\n' >holidays.tsv
run evschema -t sqlite
check 'a day that stands twice' 2 '' 'evschema: holidays.tsv: 2026-12-25 stands twice: write its names in one line'
echo '# none' >holidays.tsv
run evschema -t sqlite
check 'no holiday' 2 '' 'evschema: holidays.tsv: there is no holiday in it'
rm holidays.tsv
run evschema -t sqlite
check 'no file' 2 '' '~^evschema: holidays.tsv: '
for outside in /etc/passwd ../holidays.tsv a/../../b; do
	sed "s|holidays.tsv|$outside|" evkit.yaml >outside.yaml
	run evschema -m outside.yaml -t sqlite
	check "a file outside: $outside" 2 '' "~^evschema: outside.yaml:[0-9]+:[0-9]+: $outside: lies outside the model's folder: keep holidays in or below it\$"
done
awk 'BEGIN { printf "2026-12-25\t"; for (i = 0; i < 100; i++) printf "é"; print "" }' >holidays.tsv
run evschema -t sqlite
check 'a name of 100 characters' 0 any

# A bad file beside a model in another folder is named as it is found.
mkdir sub
cp evkit.yaml sub
echo x >sub/holidays.tsv
run evschema -m sub/evkit.yaml -t sqlite
check 'it lies beside the model' 2 '' 'evschema: sub/holidays.tsv:1: this begins with no date such as 2026-12-25'

# A model with other holidays is another model, and a comment makes no difference.
cp right.tsv holidays.tsv
EVKIT_SEAL=secret
export EVKIT_SEAL
digest_of()
{
	rm -rf st
	evparse --batch 1 in.jsonl | evversion --state st --since 0 | sed -n '1s/.*"model":"\([0-9a-f]*\)".*/\1/p'
}
was=$(digest_of)
printf '\n# a comment\n' >>holidays.tsv
sed -i 's/^# The Neth.*//' holidays.tsv
is 'comments say nothing' "$(digest_of)" "$was"
sed 's/Christmas/X-mas/' right.tsv >holidays.tsv
ok 'another name makes another model' test "$(digest_of)" != "$was"
unset EVKIT_SEAL

# evschema diff: the days that are there, within the calendar and outside.
cp right.tsv holidays.tsv
mkdir old
cp evkit.yaml holidays.tsv old
sed '/Boxing/d; s/Christmas/X-mas/; s/New Year/Nieuwjaar/' right.tsv >holidays.tsv
printf '\n2026-12-24,Christmas Eve\n' >>holidays.tsv
run 'evschema diff old/evkit.yaml evkit.yaml --for sqlite'
check 'diff of other holidays' 0 'BEGIN;
UPDATE "dim_day" SET "is_holiday" = 0, "holiday" = NULL WHERE "date" = '"'2026-12-26'"';
UPDATE "dim_day" SET "is_holiday" = 1, "holiday" = '"'Christmas Eve'"' WHERE "date" = '"'2026-12-24'"';
UPDATE "dim_day" SET "is_holiday" = 1, "holiday" = '"'X-mas Day'"' WHERE "date" = '"'2026-12-25'"';
UPDATE "dim_day" SET "is_holiday" = 1, "holiday" = '"'Nieuwjaar''s Day'"' WHERE "date" = '"'2027-01-01'"';
COMMIT;'
sqlite3 -bail shop.db <"$out"
view 'what comes of it' 'SELECT date, is_holiday, holiday FROM dim_day ORDER BY date' <<'END'
||
2026-12-24|1|Christmas Eve
2026-12-25|1|X-mas Day
2026-12-26|0|
2027-01-01|1|Nieuwjaar's Day
END
run 'evschema diff evkit.yaml evkit.yaml --for sqlite'
check 'the same file is no difference' 0 ''
sed 's/, holidays: holidays.tsv//' old/evkit.yaml >none.yaml
run 'evschema diff evkit.yaml none.yaml --for sqlite'
check 'a calendar without' 0 any
sqlite3 -bail shop.db <"$out"
run 'evschema check -m none.yaml sqlite:shop.db'
check 'the columns go' 0
run 'evschema diff none.yaml evkit.yaml --for sqlite'
check 'and with them again' 0 any
sqlite3 -bail shop.db <"$out"
view 'all days are told' 'SELECT date, is_holiday, holiday FROM dim_day ORDER BY date' <<'END'
||
2026-12-24|1|Christmas Eve
2026-12-25|1|X-mas Day
2026-12-26|0|
2027-01-01|1|Nieuwjaar's Day
END

done_testing

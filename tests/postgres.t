#!/bin/sh
# evload into PostgreSQL, a server of this test's own: the same tables as in SQLite, whatever happens.
# POSTGRES_KILLS (10) is how often a load, or the server, is killed.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$srcdir/tests/postgres.sh"

for program in sqlite3 jq; do
	command -v $program >"$tap/which" || skip_all "$program is not installed"
done
if evload --unsealed postgresql: /dev/null 2>&1 | grep -q 'built without libpq'; then
	skip_all 'this evload was built without libpq'
fi
kills=${POSTGRES_KILLS-10}
postgres_start || {
	done_testing
}

cat >evkit.yaml <<'END'
evkit: 1
name: every
event: {id: .id, type: .type, time: .at, version: .v, op: .op}
environments:
  dev: {target: sqlite}
  prod: {target: postgres, schema: Group}
  twin: {target: postgres, schema: twin}
  second: {target: postgres, schema: second}
  nowhere: {target: postgres, schema: nowhere}
star:
  facts:
    order:
      keep: history
      columns:
        select: {from: .text, type: varchar(1000), dimension: user}
        Table: {from: .amount, type: "decimal(38,10)"}
        where: {from: .n, type: int}
        cents: {from: .cents, type: "decimal(12,2)"}
        whole: {from: .whole, type: "decimal(38,0)"}
        fine: {from: .fine, type: "decimal(38,38)"}
        b: {from: .b, type: bool}
        at: {from: .at, type: timestamp, dimension: days}
        day: {from: .day, type: date}
        u: {from: .u, type: uuid}
        j: {from: .j, type: json}
    lines:
      keep: latest
      each: ".lines[]"
      columns:
        n: {from: $index, type: int}
        sku: {from: $item.sku, type: varchar(20)}
        price: {from: $item.price, type: "decimal(12,2)"}
  dimensions:
    user: {key: .text, columns: {text: {from: .text, type: varchar(1000)}, name: {from: .name, type: varchar(20)}}}
    days: {calendar: {from: 2026-03-01, to: 2026-03-03, zone: UTC}}
END
evschema -t sqlite >sqlite.sql || exit 2
sqlite3 -bail fresh.db <sqlite.sql
for schema in prod twin second; do
	evschema -e $schema | sql || exit 2
done
unset EVKIT_SEAL

# tables SCHEMA: its tables as text, without the ledger.
tables()
{
	sql -c "SELECT format('SELECT %L; COPY (SELECT * FROM %I.%I ORDER BY 1, 2, 3) TO STDOUT;', table_name, table_schema, table_name)
		FROM information_schema.tables WHERE table_schema = '$1' AND table_name <> 'ev_ledger' ORDER BY table_name" |
		sql -f -
}

# twin DATABASE: the same of one of SQLite: PostgreSQL reads it.
twin()
{
	sqlite3 -readonly "$1" "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'ev_ledger'" |
		while read -r table; do
			sql -c "TRUNCATE twin.\"$table\""
			sqlite3 -readonly -csv "$1" "SELECT * FROM \"$table\"" | sql -c "COPY twin.\"$table\" FROM STDIN (FORMAT csv)"
		done
	tables twin
}

# afresh: empty tables in PostgreSQL and SQLite.
afresh()
{
	sql -c 'DROP SCHEMA "Group" CASCADE'
	evschema -e prod | sql
	cp fresh.db shop.db
}

#
# Values of every type
#

# every SEED N: N events.
every()
{
	awk -v seed="$1" -v n="$2" '
	function digits(most,  s, k) {
		s = substr("123456789", 1 + int(rand() * 9), 1)
		for (k = int(rand() * most); k > 0; k--)
			s = s int(rand() * 10)
		return s
	}
	function fraction(most,  s, k) {
		for (k = 1 + int(rand() * most); k > 0; k--)
			s = s int(rand() * 10)
		return s
	}
	function maybe(name, text) { if (rand() < 0.9) printf ",\"%s\":%s", name, rand() < 0.1 ? "null" : text }
	function sign() { return rand() < 0.5 ? "-" : "" }
	BEGIN {
		srand(seed)
		m = split("|\"|\\|/|\\N|\\.|\\\\n|\\t|'"'"'|'"''"'; DROP TABLE \"Group\".\"order\"; --|$1|%s|{}|,|;|\\u0001|\\u007f|\\ud83d\\ude00|\\u202e|\\ufffd|\\ufeff|\\r\\n|\\n|e|\303\251|e\314\201|\360\237\230\200| |null|NULL|true", piece, "|")
		for (i = 0; i < n; i++) {
			t = ""
			for (k = int(rand() * 4); k > 0; k--) {
				p = piece[1 + int(rand() * m)]
				if (p == "\"" || p == "\\" || p == "\\N" || p == "\\." || p ~ /DROP/)
					gsub(/["\\]/, "\\\\&", p)
				t = t p
			}
			printf "{\"id\":\"%d%s\",\"type\":\"Order\",\"v\":%d", rand() * n, rand() < 0.1 ? "\\\"\\\\;" : "", rand() * 5
			printf ",\"at\":\"%s-%02d-%02dT%02d:%02d:%02d.%sZ\"", substr("0001199920262026202720269999", 1 + 4 * int(rand() * 7), 4), 1 + rand() * 12, 1 + rand() * 28, rand() * 24, rand() * 60, rand() * 60, fraction(9)
			maybe("text", "\"" t "\"")
			maybe("name", "\"" int(rand() * 5) "\"")
			maybe("amount", sign() (rand() < 0.3 ? "0" : digits(28)) (rand() < 0.7 ? "." fraction(10) : ""))
			maybe("cents", sign() (rand() < 0.3 ? "0" : digits(10)) (rand() < 0.7 ? "." fraction(2) : ""))
			maybe("whole", rand() < 0.2 ? "1e" int(rand() * 38) : sign() digits(38))
			maybe("fine", sign() (rand() < 0.2 ? "1e-" 1 + int(rand() * 38) : "0." fraction(38)))
			maybe("n", rand() < 0.2 ? "-9223372036854775808" : rand() < 0.2 ? "9223372036854775807" : sign() int(rand() * 1000000))
			maybe("b", rand() < 0.5 ? "true" : "false")
			maybe("day", sprintf("\"%s-%02d-%02d\"", substr("000119999999", 1 + 4 * int(rand() * 3), 4), 1 + rand() * 12, 1 + rand() * 28))
			maybe("u", sprintf("\"%08x-%04X-%04x-%04x-0123456789AB\"", rand() * 2147483647, rand() * 65535, rand() * 65535, rand() * 65535))
			maybe("j", rand() < 0.2 ? "\"" t "\"" : "{\"" t "\":[" digits(60) "." fraction(20) ",null,\"\"]}")
			printf ",\"lines\":["
			for (k = int(rand() * 4); k > 0; k--)
				printf "{\"sku\":\"%d\",\"price\":%d.%02d}%s", rand() * 20, rand() * 1000, rand() * 100, (k > 1) ? "," : ""
			print "]}"
		}
	}'
}

# Ids are told apart by evversion; what is left in one run without a state.
every 1 2000 >events
evversion -r rej events | evstar >rows || exit 2
cp fresh.db shop.db
evload --unsealed --batch b sqlite:shop.db rows || exit 2
run 'evload --unsealed --batch b -e prod postgresql: rows'
check 'values of all types' 0
twin shop.db >want
tables Group >got
same 'are those that SQLite has' got want
ok 'and many' [ "$(wc -l <got)" -gt 5000 ]
is 'of the years 1 and 9999' "$(sql -c "SELECT count(*) > 50 FROM \"Group\".\"order\" WHERE extract(year FROM at) = 1" -c "SELECT count(*) > 50 FROM \"Group\".\"order\" WHERE extract(year FROM at) = 9999")" 't
t'
is 'of 38 digits' "$(sql -c "SELECT max(length(abs(whole)::text)), max(scale(fine)), max(length(abs(\"Table\")::text)) FROM \"Group\".\"order\"")" '38|38|39'
is 'null is not empty' "$(sql -c "SELECT count(*) FILTER (WHERE \"select\" = '') > 100, count(*) FILTER (WHERE \"select\" IS NULL) > 100 FROM \"Group\".\"order\"")" 't|t'
is 'the ledger has the batch' "$(sql -c 'SELECT commit_no, batch, mode, rows, balance, position, model FROM "Group".ev_ledger')" "1|b|insert|$(grep -c '"op":"insert"' rows)|[]||"
is 'by the digest that SQLite has' "$(sql -c 'SELECT digest FROM "Group".ev_ledger')" "$(sqlite3 shop.db 'SELECT digest FROM ev_ledger')"
run 'evload --unsealed --batch b -e prod postgresql: rows'
check 'the same again' 0 '' 'evload: the target holds this input already: nothing was changed'
tables Group >got
same 'changes nothing' got want
run 'evload --unsealed --batch c -e prod postgresql: rows'
owner=$(jq -rn 'first(inputs | select(._ev.op == "insert") | ._ev.owner)' rows)
check 'under another name' 2 '' "~^evload: rows:[0-9]*: table order holds rows of the owner $owner already, and this load only adds: what changes them is a load with a state, or a snapshot of all days\$"
run 'sed \$d rows | evload --unsealed --batch b -e prod postgresql:'
check 'other rows under its name' 2 '' 'evload: batch b was loaded before with other content: give it another name, or load a snapshot of all days'
tables Group >got
same 'change nothing' got want
every 2 1000 | evversion -r rej | evstar >rows2
evload --unsealed --batch s --snapshot sqlite:shop.db rows2 2>told || exit 2
run 'evload --unsealed --batch s --snapshot -e prod postgresql: rows2'
check 'a snapshot' 0 '' @told
twin shop.db >want
tables Group >got
same 'replaces all' got want
run 'evload --unsealed --batch s --snapshot -e prod postgresql: rows2'
check 'the same snapshot' 0 '' 'evload: the target holds this input already: nothing was changed'
run 'cat rows2 rows2 | evload --unsealed --batch t --snapshot -e prod postgresql:'
check 'a row that is given twice' 2 '' "~^evload: -:$(($(wc -l <rows2) + $(grep -nm1 '"op":"insert"' rows2 | cut -d : -f 1))): this row of table order, owner .*, stands in the input before"
run 'evload --unsealed --batch s --snapshot -e prod postgresql: /dev/null'
check 'a snapshot of nothing' 2 '' '~^evload: the input has no event'
tables Group >got
same 'nothing is changed' got want

# More rows than wait for each other: what is given twice is found in the second COPY, and in a stage.
seq 40000 | awk '{ printf "{\"ev_index\":0,\"n\":0,\"sku\":\"x\",\"price\":1,\"_ev\":{\"table\":\"lines\",\"op\":\"insert\",\"owner\":\"w%d\"}}\n", $1 == 39990 ? 7 : $1 }' >many
run 'evload --unsealed --batch t --snapshot -e prod postgresql: many'
check 'far behind, straight' 2 '' '~^evload: many:39990: this row of table lines, owner w7, stands in the input before'
run 'evload --unsealed --batch t -e prod postgresql: many'
check 'and staged' 2 '' '~^evload: many:39990: table lines holds rows of the owner w7 already'
run 'sed 39990d many | evload --unsealed --batch t -e prod postgresql:'
check 'all others' 0
is 'are there' "$(sql -c "SELECT count(*), count(DISTINCT ev_owner) FROM \"Group\".lines WHERE ev_owner LIKE 'w%'")" '39999|39999'

if data blns; then
	jq -c 'to_entries[] | {id: "b\(.key)", type: "Order", at: "2026-03-01T10:00:00Z", v: 1, text: .value[0:1000], j: {(.value): .value}, lines: []}' "$data/blns.json" |
		grep -v 'u0000' | evstar 2>told >blns.rows
	afresh
	evload --unsealed --batch b sqlite:shop.db blns.rows
	run 'evload --unsealed --batch b -e prod postgresql: blns.rows'
	check 'the big list of naughty strings' 0
	twin shop.db >want
	tables Group >got
	same 'as SQLite has it' got want
fi

# Rows that evstar did not write
row()
{
	printf '{"ev_version":1,"ev_index":0,"ev_valid_from":"2026-03-01T10:00:00.000000Z","ev_valid_to":null,"ev_current":true,"ev_deleted":false,"select":%s,"select_key":"%032d","Table":1,"where":1,"cents":%s,"whole":1,"fine":0,"b":true,"at":"2026-03-01T10:00:00.000000Z","at_key":"e7518986b1a5bec0088df11cf94b53b1","day":"2026-03-01","u":null,"j":%s,"_ev":{"table":"order","op":"insert","owner":"o"}}\n' "$1" 7 "$2" "$3"
}
while read -r what text cents json column why; do
	row "$text" "$cents" "$json" >one
	run 'evload --unsealed -e prod postgresql: one'
	check "what no column takes: $what" 2 '' "~^evload: one:1: table order, owner o: .* does not fit the column $column .*$why.*: give evload what evstar wrote by the same model"
done <<'END'
NUL "a\u0000b" 1 null select U\+0000
NUL-in-JSON "a" 1 {"a":"\u0000"} j U\+0000
a-great-number "a" 1 [1e200000] j digits
a-small-number "a" 1 {"a":1e-20000} j digits
digits "a" 1.001 null cents digits
END

#
# The days of the shop, with late corrections, by position
#

checkout=$srcdir/examples/checkout
mkdir day
cd day || exit 2
EVKIT_SEAL=a-secret-of-the-test
EVKIT_MODEL=$checkout/evkit.yaml
export EVKIT_SEAL EVKIT_MODEL
evschema -e dev | sqlite3 -bail shop.db
evschema -e prod | sql
evschema -e prod | sed 's/"checkout"/"twin"/g' >"$tap/twin.sql"
sql -c 'DROP SCHEMA twin CASCADE' && sql -f "$tap/twin.sql"
is 'nothing is loaded yet' "$(evload -e prod --position postgresql:)" 0

# catch_up TARGET [OPTION...]: what it lacks.
catch_up()
{
	evversion -r rej3 --state st/events --since "$(evload --position "$@")" </dev/null |
		evstar --state st/members | evload "$@"
}
mkdir st
for log in "$checkout"/raw/*.log.gz; do
	name=$(basename "$log" .log.gz)
	evparse --batch "$name" -r rej "$log" | evvalidate -r rej2 2>told | evdedupe |
		evversion -r rej3 --state st/events --since "$(evload --position sqlite:shop.db)" |
		evstar --state st/members | evload sqlite:shop.db
	run 'catch_up postgresql: -e prod'
	check "$name" 0
	twin shop.db >want
	tables checkout >got
	same "$name: the same tables as in SQLite" got want
	is "$name: the same position" "$(evload -e prod --position postgresql:)" "$(evload --position sqlite:shop.db)"
done
ok 'the days are there' [ "$(wc -l <got)" -gt 5000 ]
ok 'and days changed days before' [ "$(sql -c "SELECT count(*) FROM checkout.ev_ledger WHERE mode = 'changes'")" -ge 4 ]
run 'catch_up postgresql: -e prod'
check 'once more' 0 '' 'evload: the target holds this input already: nothing was changed'
run 'evversion -r rej3 --state st/events --since 0 </dev/null | evstar --state st/members | evload -e prod postgresql:'
check 'all of it again' 0 '' '~^evload: the whole of the state took the place of all that was loaded before: '
tables checkout >got
same 'is the same' got want
cd ..
unset EVKIT_SEAL EVKIT_MODEL
sql -c 'DROP SCHEMA twin CASCADE' && evschema -e twin | sql

# A section for each commit of a stream
EVKIT_SEAL=a-secret-of-the-test
export EVKIT_SEAL
afresh
every 5 400 >events
mkdir st
evparse --batch s --commit-every 50 -r rej events | evvalidate -r rej2 |
	evversion -r rej3 --state st/events --since 0 | evstar --state st/members >stream
run 'evload -e prod postgresql: stream'
check 'a stream of sections' 0
evload sqlite:shop.db stream
twin shop.db >want
tables Group >got
same 'the tables are those of SQLite' got want
is 'each section was a commit' "$(sql -c 'SELECT count(*) FROM "Group".ev_ledger')" 8

#!/bin/sh
# evschema diff and check: tables with data, made by one model, become another's, and then are as tables
# made anew. In SQLite and PostgreSQL; what each engine is told stands at the end.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$srcdir/tests/postgres.sh"

command -v sqlite3 >"$tap/which" || skip_all 'sqlite3 is not installed'
unset EVKIT_SEAL

cat >base.yaml <<'END'
evkit: 1
name: base
event: {id: .id, type: .type, time: .at, version: .v}
star:
  facts:
    orders:
      keep: history
      columns:
        user: {from: .user, type: varchar(20), dimension: dim_user}
        at: {from: .at, type: timestamp, dimension: days}
        n: {from: .n, type: int}
        amount: {from: .amount, type: "decimal(12,2)"}
        whole: {from: .whole, type: "decimal(20,0)"}
        j: {from: .j, type: json}
    lines:
      keep: latest
      each: ".lines[]"
      columns:
        sku: {from: $item.sku, type: varchar(8)}
        price: {from: $item.price, type: "decimal(10,3)"}
        pieces: {from: $item.n, type: int}
  dimensions:
    dim_user:
      key: .user
      columns:
        user: {from: .user, type: varchar(20)}
        name: {from: .name, type: varchar(30)}
    days: {calendar: {from: 2026-03-01, to: 2026-03-03}}
measures:
  revenue: {fact: orders, column: amount, by: [user]}
environments:
  live: {target: postgres, schema: live}
  anew: {target: postgres, schema: anew}
END

awk 'BEGIN {
	for (i = 1; i <= 40; i++) {
		printf "{\"id\":\"e%02d\",\"type\":\"T\",\"at\":\"2026-03-%02dT10:%02d:00Z\",\"v\":%d,\"user\":%s,\"name\":\"n%d\"", \
			i % 30, 1 + i % 5, i, i, i % 7 == 0 ? "null" : "\"u" i % 9 "\"", i % 9
		if (i % 5 != 0)
			printf ",\"n\":%d,\"amount\":%s%d.%02d,\"whole\":%d", i * i * i - 20000, i % 2 ? "-" : "", i * 37, i, i
		printf ",\"more\":\"m%d\",\"j\":{\"a\":[%d,\"x\"]},\"lines\":[{\"sku\":\"s%d\",\"price\":%d.5,\"n\":%d},{\"sku\":\"t\",\"price\":0.125,\"n\":1}]}\n", i, i, i, i, i
	}
}' >events

rows_of()
{
	evversion -m "$1" events | evstar -m "$1" - >"$2"
}

# selects MODEL: a SELECT of each table, of the columns that the model has, in its order.
selects()
{
	evschema -m "$1" -t sqlite | awk '
		/^CREATE TABLE/ && !/ev_ledger/ { split($0, part, "\""); table = part[2]; columns = ""; next }
		/PRIMARY KEY \(/ && table != "" { print "SELECT '"'"'" table "'"'"'" columns " FROM \"" table "\";"; table = "" }
		table != "" { split($0, part, "\""); columns = columns ", \"" part[2] "\"" }'
}

# What must still be there before anything is loaded. kept SCHEMA. TYPE: numbers as that type.
kept()
{
	echo "SELECT ev_owner, ev_version, at, CAST(n AS $2), CAST(amount AS $2) FROM ${1}orders ORDER BY 1, 2;
		SELECT ev_owner, ev_index, sku, CAST(price AS $2), CAST(pieces AS $2) FROM ${1}lines ORDER BY 1, 2"
}

postgres=no
postgres_start && postgres=yes
rows_of base.yaml base.rows

# pair NAME SED: the base, and what the edit makes of it.
pair()
{
	sed "$2" base.yaml >new.yaml
	ok "$1: another model" sh -c '! cmp -s base.yaml new.yaml'
	rows_of new.yaml new.rows

	rm -f live.db anew.db
	for what in create views; do evschema $what -m base.yaml -t sqlite; done | sqlite3 -bail live.db
	evload -m base.yaml --unsealed sqlite:live.db base.rows
	sqlite3 live.db "$(kept '' REAL)" >before
	run "evschema diff --for sqlite base.yaml new.yaml | sqlite3 -bail live.db"
	check "$1: SQLite takes it" 0
	run evschema check -m new.yaml sqlite:live.db
	check "$1: SQLite is as the model has it" 0
	sqlite3 live.db "$(kept '' REAL)" >after
	same "$1: SQLite keeps what was there" after before
	evload -m new.yaml --unsealed --snapshot sqlite:live.db new.rows 2>>notes
	evschema -m new.yaml -t sqlite | sqlite3 -bail anew.db
	evload -m new.yaml --unsealed sqlite:anew.db new.rows
	selects new.yaml >dump.sql
	sqlite3 live.db <dump.sql | LC_ALL=C sort >live.dump
	sqlite3 anew.db <dump.sql | LC_ALL=C sort >anew.dump
	same "$1: SQLite, loaded, as made anew" live.dump anew.dump

	[ $postgres = yes ] || return 0
	{
		echo 'SET client_min_messages = warning; DROP SCHEMA IF EXISTS live CASCADE; DROP SCHEMA IF EXISTS anew CASCADE;'
		evschema -m base.yaml -e live
		evschema views -m base.yaml -e live
		evschema -m new.yaml -e anew
	} | sql
	evload -m base.yaml -e live --unsealed postgresql: base.rows
	sql -c "$(kept live. 'DECIMAL(60,10)')" >before
	run "evschema diff -e live base.yaml new.yaml | PGOPTIONS='-c client_min_messages=warning' sql"
	check "$1: PostgreSQL takes it" 0
	run evschema check -m new.yaml -e live postgresql:
	check "$1: PostgreSQL is as the model has it" 0
	sql -c "$(kept live. 'DECIMAL(60,10)')" >after
	same "$1: PostgreSQL keeps what was there" after before
	run "evschema views -m new.yaml -e live | sql"
	check "$1: PostgreSQL makes the views again" 0
	sql -c "SELECT to_jsonb(f) FROM live.orders_as_of('2100-01-01T00:00:00Z') AS f ORDER BY 1" \
		-c "SELECT to_jsonb(t) FROM live.orders AS t WHERE ev_current ORDER BY 1" >after
	is "$1: whose columns bear their values" "$(sort after | uniq -c | grep -cv '^ *2 ')" 0
	evload -m new.yaml -e live --unsealed --snapshot postgresql: new.rows 2>>notes
	evload -m new.yaml -e anew --unsealed postgresql: new.rows
	sql -c 'SET search_path = live' -f dump.sql | LC_ALL=C sort >live.dump
	sql -c 'SET search_path = anew' -f dump.sql | LC_ALL=C sort >anew.dump
	same "$1: PostgreSQL, loaded, as made anew" live.dump anew.dump
}

pair 'a column at the end' 's/^\( *\)j: {from: .j, type: json}/&\n\1more: {from: .more, type: varchar(10)}/'
pair 'a column in the middle' 's/^\( *\)n: {from: .n, type: int}/\1more: {from: .more, type: json}\n&/'
pair 'a column with a dimension' 's/^\( *\)n: {from: .n, type: int}/\1again: {from: .user, type: varchar(20), dimension: dim_user}\n&/'
pair 'a dimension of its own' 's/^\( *\)sku: {from: $item.sku, type: varchar(8)/&, dimension: dim_sku/; s/^  dimensions:/&\n    dim_sku: {key: $item.sku, each: ".lines[]", columns: {sku: {from: $item.sku, type: varchar(8)}}}/'
pair 'a fact' 's/^    lines:/    users: {keep: latest, columns: {user: {from: .user, type: varchar(20), dimension: dim_user}}}\n&/'
pair 'a longer text' 's/varchar(8)/varchar(80)/; s/varchar(30)/varchar(31)/'
pair 'a longer text that is a key' 's/varchar(20)/varchar(40)/'
pair 'more digits' 's/decimal(12,2)/decimal(38,2)/'
pair 'more digits behind the point' 's/decimal(12,2)/decimal(16,5)/'
pair 'the first digits behind the point' 's/decimal(20,0)/decimal(24,4)/'
pair 'an integer becomes a decimal' 's/n: {from: .n, type: int}/n: {from: .n, type: "decimal(24,5)"}/'
pair 'an integer becomes a decimal without a point' 's/pieces: {from: $item.n, type: int}/pieces: {from: $item.n, type: "decimal(19,0)"}/'
pair 'a column goes' '/^ *whole:/d'
pair 'a column goes with its dimension' 's/, dimension: days//'
pair 'a dimension goes, and stays' '/^ *days:/d; s/, dimension: days//'
pair 'a longer calendar' 's/2026-03-03/2026-04-03/'
printf '2026-03-02,"The second, a holiday"\n2026-03-05\tIt'"'"'s outside\n' >holidays.csv
pair 'a calendar with holidays' 's/2026-03-03/&, holidays: holidays.csv/'
pair 'a calendar that begins before' 's/2026-03-01/2025-12-30/'
pair 'a shorter calendar' 's/2026-03-03/2026-03-02/'
pair 'keys as UUID' 's/^star:/&\n  keys: uuid/'
pair 'another order of columns' '/^ *n: {from: .n, type: int}$/{h;d}; /^ *amount:/{G}'
pair 'descriptions' "s/^\( *\)keep: history/&\n\1description: \"it's \\\\\\\\ a 'text'\"/"
pair 'all of it' 's/^star:/&\n  keys: uuid/; s/decimal(10,3)/decimal(38,6)/; s/varchar(8)/varchar(9)/; s/int}/"decimal(30,3)"}/; /^ *whole:/d; s/2026-03-03/2026-03-05/; s/^\( *\)name: {.*/&\n\1more: {from: .more, type: varchar(9)}/'

#
# What cannot be
#
# refused NAME LINE SED WHY
refused()
{
	sed "$3" base.yaml >new.yaml
	run evschema diff -t postgres base.yaml new.yaml
	check "$1" 2 '' "evschema: new.yaml:$2: the table $4: make the tables anew, with evschema create in another schema or file, and load all"
}

refused 'a shorter text' 15:5 's/varchar(8)/varchar(7)/' 'lines has the column sku, whose values as varchar(8) are not all values as varchar(7)'
refused 'fewer digits' 6:5 's/decimal(12,2)/decimal(12,3)/' 'orders has the column amount, whose values as decimal(12,2) are not all values as decimal(12,3)'
refused 'fewer digits behind the point' 6:5 's/decimal(12,2)/decimal(13,1)/' 'orders has the column amount, whose values as decimal(12,2) are not all values as decimal(13,1)'
refused 'a decimal that holds no integer of 64 bits' 6:5 's/.n, type: int/.n, type: "decimal(20,2)"/' 'orders has the column n, whose values as int are not all values as decimal(20,2)'
refused 'another type' 6:5 's/.n, type: int/.n, type: bool/' 'orders has the column n, whose values as int are not all values as bool'
refused 'a text of an integer' 6:5 's/.n, type: int/.n, type: varchar(20)/' 'orders has the column n, whose values as int are not all values as varchar(20)'
refused 'a history no more' 6:5 's/keep: history/keep: latest/' 'orders was kept otherwise: history or latest'
refused 'a history from now on' 15:5 's/keep: latest/keep: history/' 'lines was kept otherwise: history or latest'
refused 'another key' 23:5 's/key: .user/key: .name/; s/user: {from: .user, type: varchar(20), dimension: dim_user}/user: {from: .name, type: varchar(30), dimension: dim_user}/' 'dim_user has another key, by which members have other digests'
refused 'a calendar that was none' 22:5 '/^    dim_user:/,/^        name/d; s/^  dimensions:/&\n    dim_user: {calendar: {from: 2026-01-01, to: 2026-01-02}}/; s/dimension: dim_user/dimension: days2/; /^ *user:/d; s/, by: .user.//' 'dim_user was a calendar, or is one now'
refused 'a fact that was a dimension' 15:5 's/^    dim_user:/    other:/; s/dimension: dim_user/dimension: other/; s/^    lines:/    dim_user:/' 'dim_user was a fact, or is one now'
sed 's/^star:/&\n  keys: uuid/' base.yaml >new.yaml
try 'ClickHouse keeps its keys' 2 'evschema diff -t clickhouse base.yaml new.yaml' <<'END'
! evschema: new.yaml:7:5: the table orders has the key user_key, which clickhouse cannot store otherwise in place: make the tables anew, with evschema create in another schema or file, and load all
END
try 'one model' 2 'evschema diff -t sqlite base.yaml' <<'END'
! evschema: diff takes two models: the old, the new
! Try 'evschema --help'.
END
try 'check of nothing' 2 'evschema check -m base.yaml' <<'END'
! evschema: check takes the URL of one database
! Try 'evschema --help'.
END
try 'a URL with a password, misspelt' 2 'evschema check -m base.yaml pg://u:secret@host/db' <<'END'
! evschema: 'pg' is no URL of a database: write sqlite:FILE, or postgresql: with what libpq takes behind it
! Try 'evschema --help'.
END
try 'a model that is none' 2 'evschema diff -t sqlite events base.yaml' <<'END'
! evschema: events:2:1: no YAML: did not find expected <document start>: check the indentation and the quotes
END

#
# What each is told
#
cp base.yaml same.yaml
for target in sqlite postgres snowflake redshift bigquery clickhouse duckdb; do
	try "$target: the same model" 0 "evschema diff -t $target base.yaml same.yaml" <<'END'
END
done
# A view that shows a column that goes must be out before, and is made again without it.
sed '/^ *whole:/d; s/^  revenue:/  turnover:/' base.yaml >new.yaml
for target in sqlite postgres snowflake redshift bigquery clickhouse duckdb; do
	evschema diff -t $target base.yaml new.yaml >plan
	grep -oE '(DROP|CREATE|CREATE OR REPLACE) VIEW (IF EXISTS )?.(orders_current|revenue_day|turnover_day).' plan | tr -d '"`' |
		sed 's/ IF EXISTS//; s/ OR REPLACE//' | uniq >views
	sort -u views >got
	printf '%s VIEW %s\n' CREATE orders_current CREATE turnover_day DROP orders_current DROP revenue_day | sort >want
	grep -q '^DROP VIEW IF EXISTS .turnover' plan && printf 'DROP VIEW turnover_day\n' >>want
	same "$target: the views are made anew" got want
	ok "$target: the drops come first" [ "$(grep -n 'DROP VIEW.*orders_current' plan | head -n 1 | cut -d : -f 1)" -lt "$(grep -nE 'DROP COLUMN|DROP TABLE' plan | head -n 1 | cut -d : -f 1)" ]
	ok "$target: and they behind all else" [ "$(grep -n 'CREATE.* VIEW.*orders_current' plan | cut -d : -f 1)" -gt "$(grep -nE 'DROP COLUMN|DROP TABLE|RENAME TO' plan | tail -n 1 | cut -d : -f 1)" ]
done
done_testing

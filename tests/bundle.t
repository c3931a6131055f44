#!/bin/sh
# Load bundles: what evload -o DIR --for WAREHOUSE puts together, read by readers of the documented
# dialects, and applied: to SQLite and PostgreSQL always, to DuckDB, ClickHouse (chDB) and Snowflake's
# SQL (fakesnow) where EVKIT_PYTHON names a Python that has them.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$srcdir/tests/postgres.sh"

for program in sqlite3 python3 jq; do
	command -v $program >"$tap/which" || skip_all "$program is not installed"
done
PATH=$PATH:$top_builddir/tests
bundle_py=$srcdir/tests/bundle.py
all='sqlite postgres snowflake redshift bigquery clickhouse duckdb'

# bundle COMMAND...: tests/bundle.py; of an engine that Python itself has not, that of EVKIT_PYTHON.
bundle()
{
	python3 "$bundle_py" "$@"
}

# engine NAME PACKAGE: whether EVKIT_PYTHON has it; else a skip.
engine()
{
	[ -n "${EVKIT_PYTHON-}" ] && "$EVKIT_PYTHON" -c "import $2" >"$tap/import" 2>&1 && return 0
	skip "$1" "EVKIT_PYTHON names no Python that has $2"
	return 1
}

# load DIR [DATABASE]: its load.sql into SQLite. psql_load DIR: into PostgreSQL.
load()
{
	(cd "$1" && sqlite3 "$OLDPWD/${2:-shop.db}" <load.sql)
}

psql_load()
{
	(cd "$1" && psql -X -q -A -t -f load.sql)
}

cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .at, version: .v, op: .op}
environments:
  dev: {target: sqlite}
  prod: {target: postgres, schema: Group}
star:
  facts:
    select:
      keep: history
      columns:
        user:  {from: .user, type: varchar(200), dimension: order}
        table: {from: .note, type: varchar(200)}
        group: {from: .total, type: "decimal(12,2)"}
        where: {from: .at, type: timestamp, dimension: days}
        end:   {from: .doc, type: json}
    rows:
      keep: latest
      each: ".lines[]"
      columns: {of: {from: $item, type: int}}
  dimensions:
    order: {key: .user, columns: {user: {from: .user, type: varchar(200)}, name: {from: .name, type: varchar(20)}}}
    days: {calendar: {from: 2026-03-01, to: 2026-03-03, zone: UTC}}
END
cat >day1.jsonl <<'END'
{"id":"o1","type":"Order","at":"2026-03-01T10:00:00Z","v":1,"user":"u1","note":"tab\t \"x\" \\","total":19.1,"doc":{"a":"\\b'"},"lines":[1,2]}
{"id":"o2","type":"Order","at":"2026-03-01T10:00:00Z","v":1,"user":"u2","note":"\\x","total":19.1,"lines":[7]}
{"id":"o3","type":"Order","at":"2026-03-01T10:00:00Z","v":1,"user":null,"note":"","total":null,"lines":[8]}
END
cat >day2.jsonl <<'END'
{"id":"o1","type":"Order","at":"2026-03-02T10:00:00Z","v":2,"user":"u3","note":"line\r\nend\\","total":19.10,"doc":[1],"lines":[3]}
{"id":"o4","type":"Order","at":"2026-03-04T10:00:00Z","v":1,"user":"u3","name":"n","note":"","total":5,"lines":[3,4]}
END
cat >day3.jsonl <<'END'
{"id":"o2","type":"Order","at":"2026-03-03T10:00:00Z","v":2,"op":"delete"}
{"id":"o1","type":"Order","at":"2026-03-01T09:00:00Z","v":0,"user":"u4","lines":[]}
END
evparse --new-seal seal
EVKIT_SEAL=$(cat seal)
export EVKIT_SEAL
evschema -t postgres >types.sql
evschema -t sqlite >sqlite.sql
sqlite3 -bail fresh.db <sqlite.sql

# out_of STATE SINCE: what has changed, as rows.
out_of()
{
	evversion --state "$1/events" --batch "${3-again}" --since "$2" </dev/null | evstar --state "$1/members"
}

# day FILE: into the state st.
day()
{
	evparse --batch "$1's" "$1.jsonl" | evvalidate | evdedupe |
		evversion --state st/events --since "$(evload --position sqlite:live.db)" | evstar --state st/members |
		evload sqlite:live.db
}

#
# Every day into a live database; what the bundles of each target are to lead to
#

mkdir st
cp fresh.db live.db
bundle dump sqlite live.db >want.0
for n in 1 2 3; do
	day "day$n" || exit 2
	bundle dump sqlite live.db >want.$n
	for target in $all; do
		since=0
		[ $n -eq 1 ] || since=$(evload --position "$target.$((n - 1))")
		out_of st "$since" "day$n's" | evload -o "$target.$n" --for $target || exit 2
	done
done
is 'each day changes the tables' "$(cat want.? | sort | uniq -c | awk '$1 == 4' | wc -l | tr -d ' ')" '3'
is 'a bundle leads to where a database stands' "$(evload --position duckdb.3)" "$(evload --position sqlite:live.db)"
for target in $all; do
	try "$target: the bundles are whole" 0 "evload --verify $target.1 && evload --verify $target.2 && evload --verify $target.3"
done
out_of st "$(evload --position sqlite.2)" "day3's" >day3.rows
for target in $all; do
	evload -o again --for $target day3.rows
	ok "$target: the same bytes for the same input, into a folder that has others" diff -r again $target.3
done
ls again >"$out"
same 'what a bundle is' "$out" - <<'END'
ev_delete.tsv
load.sql
manifest.json
order.tsv
select.tsv
END
for n in 1 2 3; do
	bundle read sqlite.$n >read
	for target in $all; do
		bundle read $target.$n | cmp -s - read || echo "$target.$n"
	done
done >"$out"
same 'all targets get the same values' "$out" /dev/null
jq -c '[.evkit, .target, .dialect, .null, .compression, (.from | split(":")[1]), (.to | split(":")[1]), .batches[0].batch, .batches[0].mode]' \
	./*.2/manifest.json >"$out"
same 'the manifests' "$out" - <<'END'
[1,"bigquery","csvq","\\N","gzip","1","2","day2's","changes"]
[1,"clickhouse","pgtext",null,"gzip","1","2","day2's","changes"]
[1,"duckdb","csvq","\\N",null,"1","2","day2's","changes"]
[1,"postgres","pgtext",null,null,"1","2","day2's","changes"]
[1,"redshift","csvq","\\N","gzip","1","2","day2's","changes"]
[1,"snowflake","csvq",null,"gzip","1","2","day2's","changes"]
[1,"sqlite","pgtext",null,null,"1","2","day2's","changes"]
END

#
# SQLite
#

# stands N [DATABASE]: the tables are those after day N.
stands()
{
	bundle dump sqlite "${2:-shop.db}" | cmp -s - "want.$1"
}

cp fresh.db shop.db
run load sqlite.2
check 'SQLite: what changed, before anything was loaded' 1 \
	'nothing was loaded here yet, and this bundle brings what changed since commit 1: begin with one of evversion --since 0' \
	'~CHECK constraint failed: the load is refused, for the reason above'
ok 'nothing has changed' stands 0
for n in 1 2 3; do
	run load sqlite.$n
	check "SQLite: day $n" 0
	ok "day $n is in" stands $n
	sqlite3 shop.db .dump >dump
	run load sqlite.$n
	check "day $n again" 0
	sqlite3 shop.db .dump | cmp -s - dump
	is "day $n again changes nothing" $? 0
done
sqlite3 shop.db 'SELECT * FROM ev_ledger' >got
sqlite3 live.db 'SELECT * FROM ev_ledger' | cut -d '|' -f 1-4 >want
cut -d '|' -f 1-4 got >"$out"
same 'the ledger has the batches' "$out" - <<END
$(sed "1s/.*/$(sed -n 1p "$out")/; 2s/.*/$(sed -n 2p "$out")/" want)
END
is 'and the position' "$(evload --position sqlite:shop.db)" "$(evload --position sqlite:live.db)"
run load sqlite.2
check 'one from before' 1 "~^the ledger stands at .*:3:.*, and this bundle leads from commit 1 to .*:2:.*: apply those between first, or make one with evversion --since and the position of the ledger$" any
ok 'nothing has changed' stands 3
run load sqlite.1
check 'the whole at any position' 0
ok 'day 1 is in' stands 1
run load sqlite.3
check 'one missing between two' 1 "~^the ledger stands at .*:1:.*, and this bundle leads from commit 2 to .*:3:" any
ok 'nothing has changed' stands 1
day1=$(evload --position sqlite.1)
out_of st "$day1" wide | evload -o wide --for sqlite
for n in 1 2; do
	cp fresh.db shop.db
	for k in $(seq $n); do load sqlite.$k; done
	run load wide
	check "one of two days, from day $n" 0
	ok 'day 3 is in' stands 3
done
is 'one of two days, put to what it leads to' "$(load wide; echo $?)" 0

# Another model; another state; a database without a state.
cp shop.db other.db
sqlite3 other.db "UPDATE ev_ledger SET model = replace(model, substr(model, 1, 1), 'z')"
cp other.db shop.db
run load wide
check 'another model' 1 'what is here was loaded by another model: evversion --since 0 takes the new one' any
cp fresh.db shop.db
load sqlite.1
sqlite3 shop.db "UPDATE ev_ledger SET position = '0123456789abcdef' || substr(position, 17)"
run load sqlite.2
check 'another state' 1 '~^the ledger stands at 0123456789abcdef:1:' any
sqlite3 shop.db 'UPDATE ev_ledger SET position = NULL, model = NULL'
run load sqlite.2
check 'loaded without a state' 1 '~^what is here was loaded without a state: evversion --since 0' any

# Cut at every statement, and run in pieces.
cp fresh.db one.db
load sqlite.1 one.db
awk '{ print > FILENAME ".lines" }' sqlite.2/load.sql
total=$(wc -l <sqlite.2/load.sql)
cp -r sqlite.2 cut
for k in $(seq 1 "$total"); do
	head -n "$k" sqlite.2/load.sql >cut/load.sql
	cp one.db shop.db
	load cut >"$tap/cut" 2>&1
	stands 1 || { [ "$k" -ge "$((total - 1))" ] && stands 2; } || echo "line $k"
done >"$out"
same 'SQLite: cut at every line: nothing or all' "$out" /dev/null
ok 'the last of them is whole' stands 2
mkdir pieces
bundle statements sqlite.2/load.sql pieces
cp one.db shop.db
for k in $(seq "$(ls pieces | wc -l)"); do
	(cd sqlite.2 && sqlite3 ../shop.db <../pieces/"$k") >"$tap/pieces" 2>&1
done
ok 'SQLite: each statement in a session of its own changes nothing' stands 1
sed '/^\.bail/d; s/^INSERT INTO ev_refusal.*//' sqlite.3/load.sql >cut/load.sql
cp sqlite.3/*.tsv cut
cp one.db shop.db
load cut >"$tap/cut" 2>&1
ok 'a script that goes on behind what refused it changes nothing' stands 1

# Half copied.
damage()
{
	rm -rf half
	cp -r "$1.2" half
	case $2 in
	byte) truncate -s -1 half/rows.tsv* ;;
	two) truncate -s -2 half/rows.tsv* ;;
	row) sed -i '$d' half/rows.tsv ;;
	empty) : >half/rows.tsv ;;
	missing) rm half/rows.tsv* ;;
	gone) rm half/ev_delete.tsv* ;;
	esac
}
for what in byte two row empty missing gone; do
	damage sqlite $what
	cp one.db shop.db
	run load half
	[ "$status" -eq 1 ] && stands 1 || echo "$what: $status"
done >"$tap/half"
same 'SQLite: a half-copied bundle is refused' "$tap/half" /dev/null
for what in byte row empty missing gone; do
	damage sqlite $what
	evload --verify half 2>&1
	echo $?
done >"$out"
same 'and --verify says what is missing' "$out" - <<'END'
evload: half/rows.tsv: has 14 octets, and the manifest says 15: copy the bundle again
1
evload: half/rows.tsv: has 10 octets, and the manifest says 15: copy the bundle again
1
evload: half/rows.tsv: has 0 octets, and the manifest says 15: copy the bundle again
1
evload: half/rows.tsv: is missing: copy the bundle again
1
evload: half/ev_delete.tsv: is missing: copy the bundle again
1
END

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

# undashed: keys in the one spelling of their digits.
undashed()
{
	sed -E 's/"([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})"/"\1\2\3\4\5"/g'
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
    union: {key: .user, history: scd2, columns: {user: {from: .user, type: varchar(200)}, all: {from: .name, type: varchar(20)}}}
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
	evversion --state "$1/events" --batch "${3-again}" --since "$2" </dev/null |
		evstar --state "$1/members" 2>>"$tap/notes"
}

# day FILE: into the state st.
day()
{
	{
		evparse --batch "$1" "$1.jsonl" | evvalidate | evdedupe |
			evversion --state st/events --since "$(evload --position sqlite:live.db)" |
			evstar --state st/members | evload sqlite:live.db
	} 2>>"$tap/notes"
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
		out_of st "$since" "it's $n" | evload -o "$target.$n" --for $target || exit 2
	done
done
is 'each day changes the tables' "$(cksum want.? | cut -d ' ' -f 1 | sort -u | wc -l | tr -d ' ')" 4
is 'a bundle leads to where a database stands' "$(evload --position duckdb.3)" "$(evload --position sqlite:live.db)"
for target in $all; do
	try "$target: the bundles are whole" 0 "evload --verify $target.1 && evload --verify $target.2 && evload --verify $target.3"
done
out_of st "$(evload --position sqlite.2)" "it's 3" >day3.rows
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
rows.tsv
select.tsv
union.tsv
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
[1,"bigquery","csvq","\\N","gzip","1","2","it's 2","changes"]
[1,"clickhouse","pgtext",null,"gzip","1","2","it's 2","changes"]
[1,"duckdb","csvq","\\N",null,"1","2","it's 2","changes"]
[1,"postgres","pgtext",null,null,"1","2","it's 2","changes"]
[1,"redshift","csvq","\\N","gzip","1","2","it's 2","changes"]
[1,"snowflake","csvq",null,"gzip","1","2","it's 2","changes"]
[1,"sqlite","pgtext",null,null,"1","2","it's 2","changes"]
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
sqlite3 shop.db "SELECT commit_no, batch, mode, rows, json_array_length(balance), position = '$(evload --position sqlite:live.db)'
	FROM ev_ledger" >"$out"
same 'the ledger has the loads' "$out" - <<'END'
1|it's 1|whole|11|2|0
2|it's 2|changes|10|2|0
3|it's 3|changes|8|2|1
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
cp -r sqlite.2 cut
sqlite3 one.db .dump >one.dump
# ends FILE: the lines that end a statement.
ends()
{
	grep -nE '(;|^[.\\].*)$' "$1" | cut -d : -f 1
}
for k in $(ends sqlite.2/load.sql); do
	head -n "$k" sqlite.2/load.sql >cut/load.sql
	cp one.db shop.db
	load cut >"$tap/cut" 2>&1
	[ "$k" -eq "$(wc -l <sqlite.2/load.sql)" ] || sqlite3 shop.db .dump | cmp -s - one.dump || echo "line $k"
done >"$out"
same 'SQLite: cut behind every statement: nothing or all' "$out" /dev/null
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
evload: half/rows.tsv: has 20 bytes, and the manifest says 21: copy the bundle again
1
evload: half/rows.tsv: has 14 bytes, and the manifest says 21: copy the bundle again
1
evload: half/rows.tsv: has 0 bytes, and the manifest says 21: copy the bundle again
1
evload: half/rows.tsv: is missing: copy the bundle again
1
evload: half/ev_delete.tsv: is missing: copy the bundle again
1
END

evload -o packed --for bigquery day3.rows
rm packed/manifest.json
try '--verify without a manifest' 2 'evload --verify packed' <<'END'
! evload: packed/manifest.json: there is none, so this is no whole bundle
END
evload -o packed --for bigquery day3.rows
truncate -s -9 packed/select.tsv.gz
run evload --verify packed
check '--verify of gzip that was cut' 1 '' '~^evload: packed/select.tsv.gz: '
evload -o packed --for bigquery day3.rows
gzip -dc packed/select.tsv.gz | sed 's/u4/u5/' | gzip -n >cut.gz && mv cut.gz packed/select.tsv.gz
run evload --verify packed
check '--verify of other bytes' 1 '' '~^evload: packed/select.tsv.gz: its digest is [0-9a-f]{32}, and the manifest says [0-9a-f]{32}: copy the bundle again$'
evload -o packed --for bigquery day3.rows
echo '-- nothing' >packed/load.sql
run evload --verify packed
check '--verify of another script' 1 '' '~^evload: packed/load.sql: has 11 bytes'
sed 's/"file":"/&..\/packed\//' packed/manifest.json >cut.json && mv cut.json packed/manifest.json
run evload --verify packed
check 'a manifest that names files elsewhere' 2 '' 'evload: packed/manifest.json: this is no manifest of evload: make the bundle again'
evload -o packed --for sqlite day3.rows
ls packed >"$out"
same 'what another bundle left is taken out' "$out" - <<'END'
ev_delete.tsv
load.sql
manifest.json
order.tsv
rows.tsv
select.tsv
union.tsv
END

#
# The days of what is deleted
#

# Where rows are laid out by the event's time, a DELETE names the range: day 3 changes o2, which
# happened on the first, and o1, which was corrected to the second.
for target in snowflake redshift bigquery; do
	sed -n '/^DELETE FROM .select/,/;$/p' $target.3/load.sql | tr '"' '`' >"$out"
	case $target in
	snowflake) type=TIMESTAMP_TZ ;;
	redshift) type=TIMESTAMPTZ ;;
	bigquery) type=TIMESTAMP ;;
	esac
	same "$target: rows are deleted by day and owner" "$out" - <<END
DELETE FROM \`select\` WHERE (SELECT verdict FROM ev_guard) = 'apply'
	AND \`ev_owner\` IN (SELECT d.owner FROM ev_delete AS d WHERE d.of_table = '*')
	AND \`where\` >= CAST('2026-03-01 00:00:00+00:00' AS $type) AND \`where\` <= CAST('2026-03-03 23:59:59.999999+00:00' AS $type);
END
	is "$target: and by owner alone out of a table without the time" \
		"$(sed -n '/^DELETE FROM .rows/,/;$/p' $target.3/load.sql | grep -c CAST)" 0
	grep -v '^{"_ev":{"[hs]ea' day3.rows | sed 's/,"days":\["[^]]*"\]//' |
		section evkit.yaml 0123456789abcdef 2 3 >dateless.rows
	evload -o dateless --for $target dateless.rows
	is "$target: nor where an event's days are not known" "$(grep -c ' AND .where. >= ' dateless/load.sql)" 0
done
for target in sqlite postgres duckdb; do
	is "$target: has no such layout" "$(grep -c ' >= CAST' $target.3/load.sql)" 0
done

#
# Parts
#

evload -o parts --for redshift --part 300 day3.rows
evload -o parts2 --for sqlite --part 300 day3.rows
jq -r '.files[] | .file, .rows' parts/manifest.json | paste -sd ' ' >"$out"
same 'files end behind so many bytes' "$out" - <<'END'
select.tsv.gz 2 select.2.tsv.gz 2 select.3.tsv.gz 1 rows.tsv.gz 1 order.tsv.gz 1 union.tsv.gz 1 ev_delete.tsv.gz 4
END
bundle read parts >read
bundle read redshift.3 >want
same 'and the rows are the same' read want
cp fresh.db shop.db
load sqlite.1
load sqlite.2
run load parts2
check 'parts are loaded' 0
ok 'day 3 is in' stands 3

#
# Without a state
#

first()
{
	printf '{"ev_version":1,"ev_index":0,"ev_valid_from":"2026-03-01T10:00:00.000000Z","ev_valid_to":null,"ev_current":true,"ev_deleted":false,'
	printf '"user":"%s","user_key":"00000000000000000000000000000000","table":null,"group":1,"where":null,"where_key":"00000000000000000000000000000000",' "$2"
	printf '"end":null,"_ev":{"table":"select","op":"insert","owner":"%s"}}\n' "$1"
}

# batch NAME: standard input as a sealed section without a state.
batch()
{
	section evkit.yaml - 0 0 a "$1"
}

first a 1 | batch one >one.rows
first b 2 | batch two >two.rows
first b 3 | batch two >other.rows
first a 9 | batch third >third.rows
cat one.rows two.rows >both.rows
for target in sqlite postgres; do
	for name in one two other third both; do
		evload -o $target-$name --for $target $name.rows
	done
	evload -o $target-snapshot --snapshot --for $target both.rows
done

# try_batches LOADER TARGET ASK: applies them in an order of which each step says what came of it.
try_batches()
{
	for name in one one both two both other third snapshot snapshot one; do
		"$1" "$2-$name" >"$tap/batch" 2>&1
		said=$?
		printf '%s %s %s %s\n' "$name" "$said" "$("$3" 'SELECT count(*) FROM "select"')" "$("$3" 'SELECT count(*) FROM ev_ledger')"
		grep -ohE '(some of the batches|UNIQUE constraint|duplicate key value|what is here follows)' "$tap/batch" | head -n 1
	done
	"$1" "$2.1" >"$tap/batch" 2>&1
	"$1" "$2-one" 2>&1 | grep -oE 'what is here follows a state' | head -n 1
	"$1" "$2-snapshot" 2>&1
	"$3" 'SELECT batch, mode FROM ev_ledger ORDER BY commit_no DESC LIMIT 3'
}

ask_sqlite()
{
	sqlite3 shop.db "$1"
}

cp fresh.db shop.db
try_batches load sqlite ask_sqlite >"$out"
same 'SQLite: batches without a state' "$out" - <<'END'
one 0 1 1
one 0 1 1
both 1 1 1
some of the batches
two 0 2 2
both 0 2 2
other 1 2 2
some of the batches
third 1 2 2
UNIQUE constraint
snapshot 0 2 4
snapshot 0 2 4
one 0 2 4
what is here follows a state
two|insert
one|snapshot
it's 1|whole
END
try 'a bundle without a state leads nowhere' 2 'evload --position sqlite-one' <<'END'
! evload: sqlite-one: the bundle leads to no position of a state: evversion --since 0 shows all of one
END
section evkit.yaml 0123456789abcdef 0 1 </dev/null >empty.rows
run evload -o nothing --for sqlite empty.rows
check 'all of a state, and no row' 2 '' '~^evload: the input has no event, and all of a state of none'
ok 'which makes no bundle' test ! -e nothing/manifest.json
run evload -o nothing --for sqlite --empty empty.rows
check 'unless that is meant' 0
cat empty.rows day3.rows >stream.rows
run evload -o stream --for sqlite --empty stream.rows
check 'two sections' 2 '' 'evload: stream: a bundle is of one section, and more come: give each a folder of its own, or have evversion --since show all in one'

#
# What is wrong with the command
#

mkdir foreign
echo >foreign/notes.txt
try 'a folder of other things' 2 'evload -o foreign --for sqlite day3.rows' <<'END'
! evload: foreign: holds notes.txt, which is no bundle's: a bundle has a folder of its own, so name a new one
END
mkdir mine
echo 'my own' >mine/rows.tsv
try 'a folder with a file that a bundle might have, but no bundle' 2 'evload -o mine --for sqlite day3.rows' <<'END'
! evload: mine: holds rows.tsv, which is no bundle's: a bundle has a folder of its own, so name a new one
END
echo '{"name":"a page"}' >mine/manifest.json
run evload -o mine --for sqlite day3.rows
check 'nor with the manifest of something else' 2 '' '~^evload: mine: holds '
is 'and it stays' "$(cat mine/rows.tsv)" 'my own'
try 'no such warehouse' 2 'evload -o x --for oracle day3.rows' <<'END'
! evload: there are no bundles for 'oracle', only for sqlite, postgres, snowflake, redshift, bigquery, clickhouse, duckdb
END
try 'no folder' 2 'evload --for sqlite day3.rows' <<'END'
! evload: --for needs -o DIR, the folder that the bundle is put together in
! Try 'evload --help'.
END
try '--gzip' 2 'evload --gzip -o x --for sqlite day3.rows' <<'END'
! evload: --for says how the files are written: leave out --gzip
! Try 'evload --help'.
END
try '--part alone' 2 'evload --part 1M tsv:x day3.rows' <<'END'
! evload: --part goes with --for
! Try 'evload --help'.
END
try '--verify and rows' 2 'evload --verify packed day3.rows' <<'END'
! evload: --verify reads no rows: 'day3.rows'
! Try 'evload --help'.
END
grep -v '^{"_ev":{"op":"\(head\|seal\)"' day3.rows >plain.rows
run 'env -u EVKIT_SEAL evload -o x --for sqlite plain.rows'
check 'without a seal' 2 '' '~^evload: the input has no seal, which a database needs'
run 'sed "3d" day3.rows | evload -o broken --for sqlite'
check 'lines were lost' 2 '' '~what arrived is not what was sealed'
ok 'which makes no bundle' test ! -e broken/manifest.json
is 'and leaves no file' "$(ls -A broken)" ''
run 'evload -o x -e prod --for sqlite day3.rows'
check 'an environment of another target' 2 '' "~^evload: the environment 'prod' is one of postgres, and the target is not"

#
# Values
#

cat >random.yaml <<'END'
evkit: 1
name: every
event: {id: .id, type: .type, time: .at, version: .v}
star:
  facts:
    every:
      keep: history
      columns:
        t: {from: .t, type: varchar(65000)}
        big: {from: .big, type: "decimal(38,10)"}
        cents: {from: .cents, type: "decimal(12,2)"}
        n: {from: .n, type: int}
        b: {from: .b, type: bool}
        at: {from: .at, type: timestamp}
        day: {from: .day, type: date}
        u: {from: .u, type: uuid}
        j: {from: .j, type: json}
        last: {from: .last, type: varchar(65000)}
END
evschema -m random.yaml -t postgres >random.types.sql
for target in $all; do
	case $target in
	redshift | bigquery) kinds= ;;
	clickhouse) kinds='narrow \N' ;;
	*) kinds='\N' ;;
	esac
	# shellcheck disable=SC2086
	bundle random 7 2000 $kinds >random.rows
	run evload -m random.yaml --unsealed --first -o "random.$target" --for $target --batch random random.rows
	check "$target: random values" 0
	TYPES=random.types.sql bundle rows random.rows >want
	TYPES=random.types.sql bundle read "random.$target" >read
	same "$target: are read back" read want
done
TYPES=random.types.sql bundle read random.sqlite >want
evschema -m random.yaml -t sqlite | sqlite3 random.db
run load random.sqlite random.db
check 'SQLite loads them' 0
TYPES=random.types.sql bundle dump sqlite random.db >read
same 'and has them' read want

# value COLUMN JSON TARGET: one row with that value.
value()
{
	bundle random 1 1 narrow | jq -c --argjson v "$2" ".$1 = \$v" |
		evload -m random.yaml --unsealed --first -o value --for "$3" --batch value
}
run value t '"\\N"' redshift
check 'Redshift and the text \N' 2 '' '~^evload: -:1: table every, owner .*, column t: the text reads .N, as null does in the file, which redshift cannot take'
run value last '"\\N"' bigquery
check 'BigQuery and the text \N' 2 '' '~column last: the text reads .N, as null does in the file, which bigquery cannot take'
run value at '"1899-12-31T23:59:59Z"' clickhouse
check 'ClickHouse and a year before its times' 2 '' '~column at: the year lies beyond its times, which clickhouse cannot take'
run value day '"2300-01-01"' clickhouse
check 'ClickHouse and a year behind them' 2 '' '~column day: the year lies beyond its times, which clickhouse cannot take'
long=$(printf '%032767d' 0 | sed 's/0/é/g')
run value t "\"$long\"" redshift
check 'Redshift and 65534 bytes' 0
run value t "\"${long}éé\"" redshift
check 'Redshift and 65538 bytes' 2 '' '~column t: the text has too many bytes, which redshift cannot take'
printf '"%04200000d"' 0 >big.json
bundle random 1 1 | jq -c --slurpfile v big.json '.j = $v[0]' >big.rows
run evload -m random.yaml --unsealed --first -o value --for redshift --batch big big.rows
check 'Redshift and a row of more than 4 MiB' 2 '' '~owner [^:]*: the row has too many bytes, which redshift cannot take'
run evload -m random.yaml --unsealed --first -o value --for duckdb --batch big big.rows
check 'DuckDB and the same' 0

#
# Hostile names of batches
#

if data blns/blns.json; then
	jq -c '[.[] | select(. != "")] | unique[]' "$data" >names
	n=0
	while read -r json; do
		n=$((n + 1))
		first a$n 1 | batch "$(printf %s "$json" | jq -r .)"
	done <names >hostile.rows
	for target in $all; do
		run evload -o hostile.$target --for "$target" --snapshot hostile.rows
		check "$target: hostile names of batches" 0
	done
	cp fresh.db shop.db
	run load hostile.sqlite
	check 'SQLite loads them' 0
	sqlite3 shop.db 'SELECT json_quote(batch) FROM ev_ledger ORDER BY commit_no' | jq -c . >"$out"
	jq -c 'rtrimstr("\n")' names >want
	same 'and they stay names' "$out" want
	is 'and the tables stay' "$(sqlite3 shop.db 'SELECT count(*) FROM "select"')" "$n"
fi

#
# PostgreSQL
#

ask_postgres()
{
	sql -c "$1"
}

empty_postgres()
{
	sql -c 'DROP SCHEMA public CASCADE; CREATE SCHEMA public'
	evschema -t postgres | sql
}

stands_postgres()
{
	bundle dump postgres "${2:-public}" | cmp -s - "want.$1"
}

postgres_tests()
{
	empty_postgres
	run psql_load postgres.2
	check 'PostgreSQL: what changed, before anything was loaded' 3 '' '~ERROR:  nothing was loaded here yet, and this bundle brings what changed since commit 1'
	for n in 1 2 3; do
		run psql_load postgres.$n
		check "PostgreSQL: day $n" 0
		ok "day $n is in" stands_postgres $n
		run psql_load postgres.$n
		check "day $n again" 0
		ok "day $n is in" stands_postgres $n
	done
	is 'the ledger has each once' "$(ask_postgres 'SELECT count(*), (array_agg(position ORDER BY commit_no DESC))[1] FROM ev_ledger')" "3|$(evload --position sqlite:live.db)"
	run psql_load postgres.2
	check 'one from before' 3 '' '~ERROR:  the ledger stands at .*:3:.*, and this bundle leads from commit 1 to'
	run psql_load postgres.1
	check 'the whole at any position' 0
	ok 'day 1 is in' stands_postgres 1
	run psql_load postgres.3
	check 'one missing between two' 3 '' '~ERROR:  the ledger stands at .*:1:.*, and this bundle leads from commit 2 to'
	lock="SELECT pg_advisory_xact_lock(1702259812, '\"public\".ev_ledger'::regclass::oid::int4)"
	sql -c "BEGIN; $lock; SELECT pg_sleep(5)" >"$tap/lock" 2>&1 &
	until [ "$(ask_postgres "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")" = 1 ]; do :; done
	run "cd postgres.2 && PGOPTIONS='-c lock_timeout=100ms' psql -X -q -f load.sql"
	check 'another load, which evload locks out as well, is waited for' 3 '' '~ERROR:  canceling statement due to lock timeout'
	ask_postgres "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'" >"$tap/lock"
	wait $!
	ok 'day 1 is in' stands_postgres 1
	rm -rf cut
	cp -r postgres.2 cut
	for k in $(ends postgres.2/load.sql); do
		head -n "$k" postgres.2/load.sql >cut/load.sql
		psql_load cut >"$tap/cut" 2>&1
		[ "$k" -eq "$(wc -l <postgres.2/load.sql)" ] ||
			[ "$(ask_postgres 'SELECT max(commit_no), (SELECT count(*) FROM "select") FROM ev_ledger')" = '4|3' ] ||
			echo "line $k"
	done >"$tap/lines"
	same 'PostgreSQL: cut behind every statement: nothing or all' "$tap/lines" /dev/null
	ok 'the last of them is whole' stands_postgres 2
	psql_load postgres.1 >"$tap/cut" 2>&1
	rm -rf pieces
	mkdir pieces
	bundle statements postgres.2/load.sql pieces
	for k in $(seq "$(ls pieces | wc -l)"); do
		(cd postgres.2 && psql -X -q -f ../pieces/"$k") >"$tap/pieces" 2>&1
	done
	ok 'PostgreSQL: each statement in a session of its own changes nothing' stands_postgres 1
	for what in byte two row empty missing gone; do
		damage postgres $what
		psql_load half >"$tap/psql" 2>&1
		said=$?
		[ $said -eq 3 ] && stands_postgres 1 || echo "$what: $said"
	done >"$tap/half"
	same 'PostgreSQL: a half-copied bundle is refused' "$tap/half" /dev/null
	if [ -e hostile.postgres ]; then
		run psql_load hostile.postgres
		check 'PostgreSQL loads hostile names of batches' 0
		ask_postgres 'SELECT to_json(batch) FROM ev_ledger WHERE position IS NULL ORDER BY commit_no' | jq -c . >"$out"
		jq -c 'rtrimstr("\n")' names >want
		same 'and they stay names' "$out" want
	fi
	empty_postgres
	try_batches psql_load postgres ask_postgres >"$out"
	same 'PostgreSQL: batches without a state' "$out" - <<'END'
one 0 1 1
one 0 1 1
both 3 1 1
some of the batches
two 0 2 2
both 0 2 2
other 3 2 2
some of the batches
third 3 2 2
duplicate key value
snapshot 0 2 4
snapshot 0 2 4
one 0 2 4
what is here follows a state
two|insert
one|snapshot
it's 1|whole
END
	sql -c 'DROP SCHEMA public CASCADE; CREATE SCHEMA public'
	sql -f random.types.sql
	run psql_load random.postgres
	check 'PostgreSQL loads random values' 0
	TYPES=random.types.sql bundle dump postgres public >read
	TYPES=random.types.sql bundle read random.postgres >want
	same 'and has them' read want
	evschema -e prod | sql
	for n in 1 2 3; do (cd postgres.$n && psql -X -q -v schema=Group -f load.sql); done
	ok 'a schema that is named to psql' stands_postgres 3 Group
	sql -c 'DROP SCHEMA "Group" CASCADE'
	evschema -e prod | sql
	evload -e prod -o environment --for postgres day3.rows
	for n in 1 2; do (cd postgres.$n && psql -X -q -v schema=Group -f load.sql); done
	run psql_load environment
	check 'a schema that the environment names' 0
	ok 'day 3 is in' stands_postgres 3 Group
}

# try_engine NAME PACKAGE: each day, twice and out of order; random values; all of the ticket shop.
try_engine()
{
	rm -rf "$1.db" "$1.random"
	"$EVKIT_PYTHON" "$bundle_py" apply "$1" "$1.db" "$1.sql" "$1.2" =got.0 "$1.1" =got.1 "$1.1" =got.1.again "$1.2" =got.2 \
		"$1.2" =got.2.again "$1.3" =got.3 "$1.2" =got.3.again "$1.1" =got.4 "$1.3" =got.5 >"$tap/told" 2>"$tap/warned"
	for n in 0 1 2 3; do
		same "$1: day $n" got.$n want.$n
	done
	for n in 1 2 3; do
		same "$1: day $n, and a bundle that was applied before" got.$n.again want.$n
	done
	same "$1: the whole at any position" got.4 want.1
	same "$1: one missing between two" got.5 want.1
	is "$1: what was refused is told" "$(grep -cE '^[a-z]*\.[23]: .*(nothing was loaded here yet|the ledger stands at)' "$tap/told")" 3
	TYPES=random.types.sql bundle read "random.$1" >want.random
	evschema -m random.yaml -t "$1" >"$1.random.sql"
	if [ "$1" != snowflake ]; then
		TYPES=random.types.sql "$EVKIT_PYTHON" "$bundle_py" apply "$1" "$1.random" "$1.random.sql" "random.$1" =got.random \
			>"$tap/told" 2>"$tap/warned"
		same "$1: random values" got.random want.random
		same "$1: and nothing is refused" "$tap/told" /dev/null
	fi
}

if postgres_start; then
	postgres_tests
fi

#
# DuckDB, ClickHouse and Snowflake's SQL
#

engines=
for name in duckdb:duckdb clickhouse:chdb snowflake:fakesnow; do
	if engine "${name%:*}" "${name#*:}"; then
		engines="$engines ${name%:*}"
		evschema -t "${name%:*}" >"${name%:*}.sql"
		try_engine "${name%:*}"
	fi
done
if engine 'every script through the parser of its dialect' sqlglot; then
	for target in $all; do
		for name in "$target.1" "$target.3" "hostile.$target" "random.$target"; do
			[ -d "$name" ] || continue
			run "$EVKIT_PYTHON" "$bundle_py" parse "$target" "$name/load.sql"
			check "$name: its statements are of the dialect" 0 '' any
		done
	done
fi

#
# Ids with escapes of the dialects and line ends, whose events are replaced and deleted; and keys as
# UUID
#

mkdir odd
sed 's/^star:/&\n  keys: uuid/' evkit.yaml >odd/evkit.yaml
# odd_day TIME VERSION MORE: an event of each id.
odd_day()
{
	for id in '\\r' '\\r\\n' '\\n' '\\t' 'a\\\\b' '\\\\' '\\\\N' '\\\\.' '\\\\t' "'" '\\"' ' '; do
		printf '{"id":"%b","type":"Order","at":"2026-03-0%sT10:00:00Z","v":%s,%s}\n' "$id" "$1" "$1" "$2"
	done
}
odd_day 1 '"user":"\r","lines":[1,2]' >odd/day1.jsonl
odd_day 2 '"user":"u\r\n","lines":[3]' | sed 5q >odd/day2.jsonl
odd_day 2 '"op":"delete"' | sed 1,5d >>odd/day2.jsonl
is 'odd ids' "$(jq -s 'map(.id) | unique | length' odd/day2.jsonl)" 12
EVKIT_MODEL=$PWD/odd/evkit.yaml
export EVKIT_MODEL
evschema -t postgres >odd/types.sql
evschema -t sqlite | sqlite3 odd/live.db
cp odd/live.db odd/bundle.db
for n in 1 2; do
	evparse --batch "$n" odd/day$n.jsonl | evvalidate | evdedupe |
		evversion --state odd/events --since "$(evload --position sqlite:odd/live.db)" |
		evstar --state odd/members | evload sqlite:odd/live.db
	TYPES=odd/types.sql bundle dump sqlite odd/live.db >odd/want.$n
	for target in sqlite postgres $engines; do
		since=0
		[ $n -eq 1 ] || since=$(evload --position "odd/$target.$((n - 1))")
		out_of odd "$since" "$n" | evload -o "odd/$target.$n" --for $target
	done
	run load odd/sqlite.$n odd/bundle.db
	check "odd ids in SQLite: day $n" 0
	TYPES=odd/types.sql bundle dump sqlite odd/bundle.db >got
	same "is that of the live load" got odd/want.$n
done
if [ -d pg ]; then
	sql -c 'DROP SCHEMA public CASCADE; CREATE SCHEMA public'
	evschema -t postgres | sql
	for n in 1 2; do
		run psql_load odd/postgres.$n
		check "odd ids in PostgreSQL: day $n" 0
		TYPES=odd/types.sql bundle dump postgres public | undashed >got
		same "is that of the live load" got odd/want.$n
	done
fi
for target in $engines; do
	evschema -t "$target" >odd/$target.sql
	TYPES=odd/types.sql "$EVKIT_PYTHON" "$bundle_py" apply $target odd/$target.db odd/$target.sql odd/$target.1 =odd/got.1 \
		odd/$target.2 =odd/got.2 >"$tap/told" 2>"$tap/warned"
	same "odd ids in $target: nothing is refused" "$tap/told" /dev/null
	for n in 1 2; do
		undashed <odd/got.$n >got
		same "$target: day $n" got odd/want.$n
	done
done
unset EVKIT_MODEL

#
# Three days of the ticket shop, each of which corrects those before: all engines alike
#

shop=$srcdir/examples/checkout
EVKIT_MODEL=$shop/evkit.yaml
export EVKIT_MODEL
mkdir shop
evschema -t postgres >shop.types.sql
evschema -t sqlite | sqlite3 -bail shop.live.db
cp shop.live.db shop.bundle.db
TYPES=shop.types.sql
export TYPES
for n in 1 2 3; do
	gzip -dc "$shop/raw/2026-03-0$n.log.gz" | grep -E '"event_id": ?"[^"]*[01]"' >shop.log
	{
		evparse --batch "$n" -r shop.rejects shop.log | evvalidate -r shop.rejects2 | evdedupe |
			evversion --state shop/events -r shop.rejects3 --since "$(evload --position sqlite:shop.live.db)" |
			evstar --state shop/members | evload sqlite:shop.live.db
	} 2>>"$tap/notes"
	bundle dump sqlite shop.live.db >shop.want.$n
	for target in sqlite postgres $engines; do
		since=0
		[ $n -eq 1 ] || since=$(evload --position "shop.$target.$((n - 1))")
		out_of shop "$since" "$n" | evload -o "shop.$target.$n" --for $target
	done
	run load shop.sqlite.$n shop.bundle.db
	check "the ticket shop in SQLite: day $n" 0
	bundle dump sqlite shop.bundle.db >got
	same "is that of the live load" got shop.want.$n
done
is 'which has corrections of days before' "$(sqlite3 shop.live.db 'SELECT count(*) > 100 FROM events WHERE NOT ev_current')" 1
if [ -d pg ]; then
	sql -c 'DROP SCHEMA public CASCADE; CREATE SCHEMA public'
	sql -f shop.types.sql
	for n in 1 2 3; do
		run psql_load shop.postgres.$n
		check "the ticket shop in PostgreSQL: day $n" 0
		bundle dump postgres public >got
		same 'is that of the live load' got shop.want.$n
	done
fi
for target in $engines; do
	evschema -t "$target" >"$target.sql"
	rm -rf "$target.db"
	"$EVKIT_PYTHON" "$bundle_py" apply "$target" "$target.db" "$target.sql" "shop.$target.1" =got.1 "shop.$target.2" =got.2 \
		"shop.$target.3" =got.3 >"$tap/told" 2>"$tap/warned"
	same "the ticket shop in $target" "$tap/told" /dev/null
	for n in 1 2 3; do
		# fakesnow holds numbers in JSON as doubles.
		[ "$target" != snowflake ] || bundle doubles got.$n shop.want.$n
		same "the ticket shop in $target: day $n" got.$n shop.want.$n
	done
done
done_testing

#!/bin/sh
# evschema dbt: dbt reads the sources, whatever the descriptions say, and its tests find what is wrong,
# in DuckDB. EVKIT_PYTHON names a Python that has dbt-core and dbt-duckdb.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

cat >evkit.yaml <<'END'
evkit: 1
name: The Shop, No. 1
event: {id: .id, type: .type, time: .at, version: .v}
types:
  Order: {schema: order.json, patch: {type: object}}
  Refund:
    properties: {channel: {enum: [web, app, desk]}, why: {const: ill}, way: {enum: [card, "it's"]}}
star:
  facts:
    order:
      keep: history
      description: "{{ 1 / 0 }} {% raw %} it's \"all\"\n{# that #} \\ there: is"
      columns:
        type: {from: .type, type: varchar(10), dimension: kind}
        channel: {from: .channel, type: varchar(10), description: "{{ env_var('HOME') }} \u2028"}
        way: {from: .way, type: varchar(10)}
        free: {from: .free, type: varchar(10)}
        n: {from: .n, type: int}
    lines:
      keep: latest
      for: [Order]
      each: ".lines[]"
      columns:
        size: {from: $item.size, type: varchar(2)}
        day: {from: .at, type: timestamp, dimension: days}
  dimensions:
    kind: {key: .type, columns: {type: {from: .type, type: varchar(10)}}}
    days: {calendar: {from: 2026-03-01, to: 2026-03-02}}
environments: {dev: {target: duckdb, schema: Select}}
END
cat >order.json <<'END'
{"allOf": [{"$ref": "#/$defs/envelope"}], "properties": {"lines": {"items": {"$ref": "sub/line.json#/$defs/line"}}},
 "$defs": {"envelope": {"properties": {"channel": {"$ref": "#/$defs/channel"}, "way": {"enum": ["cash"]}}},
	"channel": {"enum": ["web", "app", null]}}}
END
mkdir sub
cat >sub/line.json <<'END'
{"$defs": {"line": {"properties": {"size": {"$ref": "#/$defs/size"}}}, "size": {"enum": ["S", "M", "L"]}}}
END
run evschema dbt -e dev -o sources.yml
check 'the sources' 0

# A schema that refers to itself, and more than once.
cat >again.yaml <<'END'
evkit: 1
name: again
event: {id: .id, type: .type, time: .at, version: .v}
types: {T: {schema: again.json}}
star: {facts: {f: {keep: latest, columns: {a: {from: .a.b, type: varchar(9)}, c: {from: .c, type: varchar(9)}}}}}
END
echo '{"allOf": [{"$ref": "#"}, {"$ref": "#"}, {"$ref": "again.json#"}], "properties": {"c": {"enum": ["x"]}}}' >again.json
run 'timeout 20 evschema dbt -m again.yaml -t duckdb | grep "^ *values:"'
check 'a schema that refers to itself twice' 0 '                  values: ["x"]'
try 'values of what every type says' 0 'grep "^ *values:" sources.yml' <<'END'
                  values: ["Order", "Refund"]
                  values: ["web", "app", "desk"]
                  values: ["S", "M", "L"]
END
try 'a reference' 0 'grep -A6 "name: .day_key" sources.yml' <<'END'
          - name: "day_key"
            quote: true
            description: "The key of the member that it refers to."
            data_tests:
              - not_null
              - relationships:
                  to: source('the_shop__no__1', 'days')
END
try 'a description' 0 'grep "1 / 0" sources.yml' <<'END'
        description: "{{ '{' }}{ 1 / 0 }} {{ '{' }}% raw %} it's \"all\"\n{{ '{' }}# that #} \\ there: is"
END
sed 's/const: ill/$ref: order.json/; s/"#\/$defs\/envelope"/"order.json"/' evkit.yaml >loop.yaml
sed 's/"#\/$defs\/envelope"/"order.json"/' order.json >loop.json
sed 's/schema: order.json/schema: loop.json/' evkit.yaml >loop.yaml
run evschema dbt -m loop.yaml -e dev
check 'schemas that go in circles' 0 '~accepted_values'

dbt=$(dirname "${EVKIT_PYTHON:-/}")/dbt
if [ ! -x "$dbt" ] || ! "$EVKIT_PYTHON" -c 'import duckdb, dbt.adapters.duckdb' >"$tap/import" 2>&1; then
	skip 'dbt' 'EVKIT_PYTHON names no Python that has dbt-core and dbt-duckdb'
	done_testing
fi

{
	echo '{"id":"1","type":"Order","at":"2026-03-01T10:00:00Z","v":1,"channel":"web","way":"cash","n":1,"lines":[{"size":"S"},{"size":"L"}]}'
	echo '{"id":"1","type":"Order","at":"2026-03-02T10:00:00Z","v":2,"channel":"app","lines":[{"size":"M"}]}'
	echo '{"id":"2","type":"Refund","at":"2026-03-02T10:00:00Z","v":1,"channel":null,"way":"card"}'
} >events
evversion events | evstar -o rows - 2>notes || exit 2
evschema -e dev >shop.sql
for table in order lines kind days; do
	evload -t $table --dialect csvq rows -o $table.tsv
done
mkdir project project/models
cat >project/dbt_project.yml <<'END'
name: shop
version: "1.0"
config-version: 2
profile: shop
model-paths: [models]
flags: {send_anonymous_usage_stats: false}
END
cat >project/profiles.yml <<END
shop: {target: dev, outputs: {dev: {type: duckdb, path: "$PWD/shop.db", schema: main}}}
END
cp sources.yml project/models/

# duck SQL...: into shop.db.
duck()
{
	"$EVKIT_PYTHON" -c '
import sys, duckdb
db = duckdb.connect("shop.db")
for sql in sys.argv[1:]:
    db.execute(sql)' "$@"
}

run_dbt()
{
	(cd project && HOME=$PWD DO_NOT_TRACK=1 "$dbt" --no-use-colors "$@" --profiles-dir . >../dbt.log 2>&1)
	echo $?
}

run duck "$(cat shop.sql)"
check 'DuckDB takes the tables' 0
for table in order lines kind days; do
	[ -s $table.tsv ] || continue
	run duck "INSERT INTO \"Select\".\"$table\" SELECT * FROM read_csv('$table.tsv', delim='\t', quote='\"', escape='\"', nullstr='',
		allow_quoted_nulls=false, auto_detect=false, header=false, columns=$(
		"$EVKIT_PYTHON" -c "
import duckdb
print({n: t for n, t in duckdb.connect('shop.db').execute('''SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'Select' AND table_name = '$table' ORDER BY column_index''').fetchall()})"
	))"
	check "and the rows: $table" 0
done
is 'dbt parses the sources' "$(run_dbt parse)" 0
grep -v '^$' dbt.log | tail -n 5 | sed 's/^/# /'
is 'and its tests pass' "$(run_dbt test)" 0
is 'all of them' "$(sed -n 's/.*PASS=\([0-9]*\) WARN=0 ERROR=0.*/\1/p' dbt.log)" 23
# broken NAME SQL TESTS: so many fail.
broken()
{
	cp shop.db keep.db
	duck "$2"
	run_dbt test >"$tap/status"
	is "$1" "$(cat "$tap/status") $(sed -n 's/.*ERROR=\([0-9]*\).*/\1/p' dbt.log | tail -n 1)" "1 $3"
	cp keep.db shop.db
}
broken 'a value that no schema has' "UPDATE \"Select\".\"order\" SET channel = 'post' WHERE ev_owner = '2'" 1
broken 'a member that is not there' 'DELETE FROM "Select".kind WHERE type IS NOT NULL' 1
broken 'a key that is null' "UPDATE \"Select\".lines SET day_key = NULL" 1
done_testing

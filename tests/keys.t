#!/bin/sh
# keys: uuid, the keys of members as UUID where the warehouse has that type: the same digits.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$srcdir/tests/postgres.sh"

cat >text.yaml <<'END'
evkit: 1
name: keys
event: {id: .id, type: .type, time: .at, version: .v}
star:
  facts:
    f: {keep: latest, columns: {who: {from: .who, type: varchar(9), dimension: d}, at: {from: .at, type: timestamp, dimension: days}}}
  dimensions:
    d: {key: .who, columns: {who: {from: .who, type: varchar(9)}, name: {from: .name, type: varchar(9)}}}
    days: {calendar: {from: 2026-03-01, to: 2026-03-01}}
END
sed 's/^star:/&\n  keys: uuid/' text.yaml >uuid.yaml
sed 's/^star:/&\n  keys: hex/' text.yaml >wrong.yaml
try 'another word' 2 'evschema -m wrong.yaml -t sqlite' <<'END'
! evschema: wrong.yaml:5:9: keys cannot be 'hex': there are 'text' and 'uuid'
END
for target in sqlite snowflake redshift bigquery; do
	evschema -m text.yaml -t $target >want
	evschema -m uuid.yaml -t $target >got
	same "$target has no such type, and the digits stay" got want
done
for target in postgres clickhouse duckdb; do
	is "$target: the columns" "$(evschema -m uuid.yaml -t $target | sed -n 's/^	"\([a-z_]*_key\)" \(.*\),$/\1 \2/p' | sort | tr '\n' ' ' | sed 's/Nullable(UUID)/UUID/g; s/ NOT NULL//g')" \
		'at_key UUID d_key UUID days_key UUID who_key UUID '
	ok "$target: the unknown member is as a UUID is spelt" sh -c "evschema -m uuid.yaml -t $target | grep -q \"'00000000-0000-0000-0000-000000000000'\""
done

cat >events <<'END'
{"id":"1","type":"T","at":"2026-03-01T10:00:00Z","v":1,"who":"a","name":"A"}
{"id":"2","type":"T","at":"2026-03-02T10:00:00Z","v":1,"who":"b"}
{"id":"3","type":"T","at":"2026-03-02T10:00:00Z","v":1,"who":null}
END
evversion -m text.yaml events | evstar -m text.yaml -o text.rows - || exit 2
evversion -m uuid.yaml events | evstar -m uuid.yaml -o uuid.rows - || exit 2
same 'rows bear the digits either way' uuid.rows text.rows

postgres_start || {
	done_testing
}
evschema -m uuid.yaml -t postgres | sql
run evload -m uuid.yaml --unsealed postgresql: uuid.rows
check 'evload' 0
is 'facts find their members and days' "$(sql -c "SELECT f.who, d.name, days.date FROM f JOIN d ON d.d_key = who_key JOIN days ON days_key = at_key ORDER BY 1")" 'a|A|2026-03-01
b||2026-03-02
||2026-03-02'
is 'the digits are MD5, as the manual has it' "$(sql -c "SELECT d_key = md5('varchar 1:a')::uuid FROM d WHERE who = 'a'")" t
a=$(printf 'varchar 1:a' | md5sum | cut -c 1-32)
echo "{\"d_key\":\"$a\",\"ev_inferred\":false,\"who\":\"a\",\"name\":\"new\",\"_ev\":{\"table\":\"d\",\"op\":\"insert\",\"owner\":\"$a\"}}" >twice
run evload -m uuid.yaml --unsealed --batch 3 postgresql: twice
check 'a key that is there' 2 '' "evload: twice:1: table d holds rows of the owner $a already, and this load only adds: what changes them is a load with a state, or a snapshot of all days"

# By a state: members that change, come and go.
sql -c 'DROP TABLE f, d, days, ev_ledger'
evschema -m uuid.yaml -t postgres | sql
evschema -m uuid.yaml -t sqlite | sqlite3 -bail shop.db
evparse --new-seal seal
EVKIT_SEAL=$(cat seal)
export EVKIT_SEAL
cat >1 <<'END'
{"id":"1","type":"T","at":"2026-03-01T10:00:00Z","v":1,"who":"a","name":"A"}
{"id":"2","type":"T","at":"2026-03-02T10:00:00Z","v":1,"who":"b","name":"B"}
END
cat >2 <<'END'
{"id":"3","type":"T","at":"2026-03-03T10:00:00Z","v":1,"who":"a","name":"new"}
{"id":"2","type":"T","at":"2026-03-02T10:00:00Z","v":2,"who":"c"}
END
for batch in 1 2; do
	for target in postgresql: sqlite:shop.db; do
		run "evparse --batch $batch $batch | evversion -m uuid.yaml --state st-$target --batch $batch --since \"\$(evload -m uuid.yaml --position $target)\" |
			evstar -m uuid.yaml --state members-$target | evload -m uuid.yaml $target"
		check "batch $batch into $target" 0 '' any
	done
	sql -c "SELECT replace(d_key::text, '-', ''), who, name FROM d ORDER BY 1" >got
	sqlite3 shop.db 'SELECT d_key, who, name FROM d ORDER BY 1' >want
	same "batch $batch: the members are those of SQLite" got want
	sql -c "SELECT ev_owner, replace(who_key::text, '-', ''), replace(at_key::text, '-', '') FROM f ORDER BY 1" >got
	sqlite3 shop.db 'SELECT ev_owner, who_key, at_key FROM f ORDER BY 1' >want
	same "batch $batch: and so are the facts" got want
done
is 'a member has changed, another has gone' "$(cut -d '|' -f 2- <<END | sort | tr '\n' ' '
$(sql -c 'SELECT d_key, who, name FROM d')
END
)" 'a|new c| | '
run evschema check -m uuid.yaml postgresql:
check 'the tables are as the model has them' 0
run evschema check -m text.yaml postgresql:
check 'and not as another has them' 1 'f has the column who_key as uuid where the model has character varying(32): evschema diff OLD text.yaml -t postgres, with the model that it was made by, says how
f has the column at_key as uuid where the model has character varying(32): evschema diff OLD text.yaml -t postgres, with the model that it was made by, says how
d has the column d_key as uuid where the model has character varying(32): evschema diff OLD text.yaml -t postgres, with the model that it was made by, says how
days has the column days_key as uuid where the model has character varying(32): evschema diff OLD text.yaml -t postgres, with the model that it was made by, says how'
done_testing

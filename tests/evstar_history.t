#!/bin/sh
# Dimensions of type 2 (history: scd2): every row against the rule itself, spelled out in SQL over all
# versions; with and without a state, in any batches; and the cases that one can think of.
# RANDOM_HISTORIES (12) is how many random ones are tried.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$srcdir/tests/postgres.sh"

need sqlite3 jq || {
	done_testing
}
EVKIT_SEAL=a-secret-of-the-test
export EVKIT_SEAL
cat >evkit.yaml <<'END'
evkit: 1
name: type2
event: {id: .id, type: .type, time: .time, version: .v, modified: .m, op: .op}
star:
  facts:
    events:
      keep: history
      columns:
        time: {from: .time, type: timestamp}
        user: {from: .user, type: varchar(20), dimension: dim_user}
        person: {from: .user, type: varchar(20), dimension: dim_person}
    lines:
      keep: latest
      for: [Order]
      each: ".lines[]"
      columns:
        time: {from: .time, type: timestamp}
        ware: {from: $item.sku, type: varchar(20), dimension: dim_ware}
  dimensions:
    dim_user: {key: .user, columns: {user: {from: .user, type: varchar(20)}, name: {from: .name, type: varchar(20)}, email: {from: .email, type: varchar(40)}, a: {from: .a, type: int}, b: {from: .b, type: int}, c: {from: .c, type: int}}}
    dim_person: {key: .user, history: scd2, columns: {user: {from: .user, type: varchar(20)}, name: {from: .name, type: varchar(20)}, email: {from: .email, type: varchar(40)}, a: {from: .a, type: int}, b: {from: .b, type: int}, c: {from: .c, type: int}}}
    dim_ware: {key: $item.sku, history: scd2, for: [Order], each: ".lines[]", columns: {sku: {from: $item.sku, type: varchar(20)}, title: {from: $item.title, type: varchar(20)}}}
END
evschema -t sqlite >schema.sql || exit 2
sqlite3 -bail fresh.db <schema.sql

# history SEED N IDS: N records, of few moments, so that many fall together.
history()
{
	awk -v seed="$1" -v n="$2" -v ids="$3" '
	function any(list, a) { return a[int(rand() * split(list, a, "|")) + 1] }
	function moment() { return sprintf("2026-03-0%dT%02d:00:00Z", 1 + rand() * 5, rand() * 8) }
	BEGIN {
		srand(seed)
		for (i = 0; i < n; i++) {
			k = rand()
			id = int(rand() * ids)
			printf "{\"id\":\"e%d\",\"type\":\"%s\",\"time\":\"%s\",\"v\":%d,", id, id % 3 ? "Order" : "Visit", moment(), rand() * 8
			if (rand() < 0.5)
				printf "\"m\":\"%s\",", moment()
			if (k < 0.4)
				printf "\"op\":\"%s\",", k < 0.15 ? "delete" : "patch"
			if (rand() < 0.8)
				printf "\"user\":%s,", any("\"u1\"|\"u2\"|\"u3\"|\"u" int(rand() * 20) "\"|null")
			if (rand() < 0.4)
				printf "\"name\":\"%s\",", any("Ann|Bob|Cyd")
			if (rand() < 0.3)
				printf "\"email\":%s,", any("\"a@example.org\"|\"b@example.org\"|null")
			for (j = 1; j <= 3; j++)
				if (rand() < 0.1)
					printf "\"%s\":%s,", substr("abc", j, 1), any("1|2|null")
			m = int(rand() * 4)
			printf "\"lines\":["
			for (j = 0; j < m; j++)
				printf "%s{\"sku\":\"%s\"%s}", j ? "," : "", any("x|y|w" int(rand() * 9)), rand() < 0.5 ? ",\"title\":" any("\"X\"|\"Y\"|null") : ""
			print "]}"
		}
	}'
}

# What versions say (said), and since when a member is there (there).
cat >oracle.sql <<'END'
CREATE TABLE raw (j TEXT);
.mode ascii
.separator "\037" "\n"
.import versions raw
DELETE FROM raw WHERE json_type(j, '$._ev.valid_from') IS NULL;
CREATE TABLE v AS SELECT j, j ->> '$.id' AS id, j ->> '$.type' AS type, j ->> '$._ev.valid_from' AS since,
	j ->> '$._ev.valid_to' AS until, substr(j ->> '$.time', 1, 19) || '.000000Z' AS time,
	j ->> '$._ev.deleted' AS deleted FROM raw;
CREATE TABLE speaks AS SELECT * FROM v WHERE NOT deleted AND (until IS NULL OR since < until);
CREATE TABLE attribute (of, name);
INSERT INTO attribute VALUES ('person', 'name'), ('person', 'email'), ('person', 'a'), ('person', 'b'), ('person', 'c'), ('ware', 'title');
CREATE TABLE said AS
	SELECT 'person' AS of, j ->> '$.user' AS member, a.name AS name, since, until, id, 0 AS element, j ->> ('$.' || a.name) AS value
		FROM speaks, attribute AS a WHERE a.of = 'person' AND j ->> '$.user' IS NOT NULL AND json_type(j, '$.' || a.name) IS NOT NULL
	UNION ALL
	SELECT 'ware', e.value ->> '$.sku', 'title', since, until, speaks.id, e.key, e.value ->> '$.title'
		FROM speaks, json_each(speaks.j, '$.lines') AS e WHERE speaks.type = 'Order' AND json_type(e.value, '$.title') IS NOT NULL;
CREATE TABLE there AS
	SELECT 'person' AS of, j ->> '$.user' AS member, min(min(since, time)) AS first FROM v WHERE j ->> '$.user' IS NOT NULL GROUP BY 2
	UNION ALL
	SELECT 'ware', e.value ->> '$.sku', min(min(since, time)) FROM speaks, json_each(speaks.j, '$.lines') AS e WHERE speaks.type = 'Order' GROUP BY 2;
CREATE INDEX by_member ON said (of, member, name, since DESC, id DESC, element DESC);
CREATE TABLE moment AS SELECT of, member, first AS t FROM there UNION SELECT of, member, since FROM said UNION
	SELECT of, member, until FROM said WHERE until IS NOT NULL;
-- Attribute by attribute the one with the latest valid_from that bears it, ties by (event id, element).
CREATE TABLE cell AS SELECT m.of, m.member, m.t, a.name AS name, (
	SELECT json_array(s.value) FROM said AS s WHERE s.of = m.of AND s.member = m.member AND s.name = a.name
		AND s.since <= m.t AND (s.until IS NULL OR s.until > m.t) ORDER BY s.since DESC, s.id DESC, s.element DESC LIMIT 1) AS value
	FROM moment AS m JOIN attribute AS a ON a.of = m.of;
CREATE TABLE state AS SELECT of, member, t, count(value) = 0 AS inferred,
	json_group_array(value ->> '$[0]') AS value FROM (SELECT * FROM cell ORDER BY of, member, t, name) GROUP BY of, member, t;
CREATE TABLE step AS SELECT *, lag(inferred || value) OVER (PARTITION BY of, member ORDER BY t) AS before FROM state;
.mode list
.separator "|" "\n"
.output want
SELECT of, member, t, coalesce(lead(t) OVER w, ''), lead(t) OVER w IS NULL, inferred, value FROM step
	WHERE before IS NULL OR before <> inferred || value WINDOW w AS (PARTITION BY of, member ORDER BY t) ORDER BY 1, 2, 3;
END

# rows DATABASE: the same of its tables.
rows()
{
	sqlite3 -readonly "$1" "SELECT 'person', user, ev_valid_from, coalesce(ev_valid_to, ''), ev_current, ev_inferred, json_array(a, b, c, email, name)
		FROM dim_person WHERE user IS NOT NULL UNION ALL SELECT 'ware', sku, ev_valid_from, coalesce(ev_valid_to, ''), ev_current, ev_inferred,
		json_array(title) FROM dim_ware WHERE sku IS NOT NULL ORDER BY 1, 2, 3"
}

# Each fact finds one row of each member, at its time and from its version's beginning on; and what
# a member is now is what type 1 has.
joins="SELECT count(*) FROM events AS e WHERE (SELECT count(*) FROM dim_person AS d WHERE d.dim_person_key = e.person_key AND
		d.ev_valid_from <= e.time AND (d.ev_valid_to IS NULL OR d.ev_valid_to > e.time)) <> 1
	OR (SELECT count(*) FROM dim_person AS d WHERE d.dim_person_key = e.person_key AND
		d.ev_valid_from <= e.ev_valid_from AND (d.ev_valid_to IS NULL OR d.ev_valid_to > e.ev_valid_from)) <> 1
	UNION ALL SELECT count(*) FROM lines AS l WHERE (SELECT count(*) FROM dim_ware AS d WHERE d.dim_ware_key = l.ware_key AND
		d.ev_valid_from <= l.time AND (d.ev_valid_to IS NULL OR d.ev_valid_to > l.time)) <> 1
	UNION ALL SELECT count(*) FROM (SELECT dim_user_key, ev_inferred, name, email, a, b, c FROM dim_user
		EXCEPT SELECT dim_person_key, ev_inferred, name, email, a, b, c FROM dim_person WHERE ev_current)"

# day BATCH FILE: the line that is always right.
day()
{
	evparse --batch "$1" -r rej "$2" | evversion -r rej2 --state st/events --since "$(evload --position sqlite:shop.db)" |
		evstar --state st/members | evload sqlite:shop.db
}

# once FILE OPTIONS: all in one run.
once()
{
	file=$1
	shift
	cp fresh.db one.db
	evparse --batch all -r rej "$file" | evversion -r rej2 | tee versions | evstar "$@" | evload sqlite:one.db 2>told || cat told >&2
}

histories=${RANDOM_HISTORIES-12}
n=0
wrong=
for seed in $(seq 1 "$histories"); do
	history "$seed" $((seed % 4 * 120 + 15)) $((seed % 3 * 40 + 4)) >all
	once all
	rm -f oracle.db
	sqlite3 -bail oracle.db <oracle.sql || wrong="$wrong $seed:oracle"
	rows one.db >got
	cmp -s want got || wrong="$wrong $seed"
	[ "$(sqlite3 -readonly one.db "$joins" | tr '\n' ' ')" = '0 0 0 ' ] || wrong="$wrong $seed:joins"
	n=$((n + $(wc -l <want)))
	once all -S 64K
	rows one.db | cmp -s want - || wrong="$wrong $seed:spilled"
	rm -rf st
	mkdir st
	cp fresh.db shop.db
	rm -f b.*
	awk -v seed="$seed" 'BEGIN { srand(seed) } { print >("b." 1 + int(rand() * 7)); if (rand() < 0.1) print >("b." 1 + int(rand() * 7)) }' all
	for b in $(ls b.* | shuf --random-source=oracle.sql) $(ls b.* | head -n $((seed % 3))); do
		day "$b" "$b" 2>told || wrong="$wrong $seed:$b:$(tail -n 1 told)"
	done
	rows shop.db | cmp -s want - || wrong="$wrong $seed:state"
	cp fresh.db shop.db
	day none /dev/null 2>told || wrong="$wrong $seed:none:$(tail -n 1 told)"
	rows shop.db | cmp -s want - || wrong="$wrong $seed:anew"
done
is "$histories random histories are what the rule says of them" "$wrong" ''
ok "of which something came ($n rows)" test "$n" -gt $((histories * 60))

# Corner cases, by hand

cat >cases.yaml <<'END'
evkit: 1
name: cases
event: {id: .id, type: .type, time: .at, version: .v, modified: .m, op: .op}
star:
  facts:
    orders:
      keep: latest
      columns:
        at:   {from: .at, type: timestamp}
        user: {from: .user, type: varchar(9), dimension: dim_user}
        size: {from: .size, type: "decimal(6,2)", dimension: dim_size}
  dimensions:
    dim_user: {key: .user, history: scd2, columns: {user: {from: .user, type: varchar(9)}, city: {from: .city, type: varchar(9)}, mail: {from: .mail, type: varchar(9)}}}
    dim_size: {key: .size, history: scd2, columns: {size: {from: .size, type: "decimal(6,2)"}, name: {from: .name, type: varchar(9)}}}
END

# of DAY...: one batch after another; what is there of members then, and the same without a state.
of()
{
	cp evkit.yaml law.yaml
	cp cases.yaml evkit.yaml
	rm -rf st shop.db one.db
	mkdir st
	evschema -t sqlite | sqlite3 -bail shop.db
	sqlite3 shop.db '.clone one.db' >"$tap/clone" 2>&1
	for b; do
		day "$b" "$b" 2>told || cat told
	done
	cat "$@" >all
	{ evparse --batch all all | evversion -r rej2 | evstar | evload sqlite:one.db; } 2>told || cat told
	for db in shop.db one.db; do
		sqlite3 -readonly $db "SELECT user, substr(ev_valid_from, 6, 8), coalesce(substr(ev_valid_to, 6, 8), ''), ev_inferred, coalesce(city, ''),
				coalesce(mail, '') FROM dim_user WHERE user IS NOT NULL ORDER BY 1, 2" >of.$db
	done
	cat of.shop.db
	cmp of.shop.db of.one.db
	cp law.yaml evkit.yaml
}

# event ID AT V REST
event()
{
	printf '{"id":"%s","type":"O","at":"2026-%sT10:00:00Z","v":%s%s}\n' "$1" "$2" "$3" "${4:+,$4}"
}

event o1 03-01 1 '"user":"u1","city":"A"' >d1
event o2 03-05 1 '"user":"u1","city":"B"' >d2
event o3 03-03 1 '"user":"u1","city":"C"' >d3
run of d1 d2 d3
check 'a late event comes between two' 0 'u1|03-01T10|03-03T10|0|A|
u1|03-03T10|03-05T10|0|C|
u1|03-05T10||0|B|'
event o3 03-02 1 '"user":"u1","city":"A"' >d3
run of d1 d2 d3
check 'one that says what was so already makes no row' 0 'u1|03-01T10|03-05T10|0|A|
u1|03-05T10||0|B|'
event o0 02-01 1 '"user":"u1","mail":"m"' >d3
run of d1 d2 d3
check 'corner 31: an older event brings the only e-mail' 0 'u1|02-01T10|03-01T10|0||m
u1|03-01T10|03-05T10|0|A|m
u1|03-05T10||0|B|m'
event o2 03-05 2 '"m":"2026-03-07T10:00:00Z","user":"u2","city":"D"' >d3
event o2 03-05 3 '"m":"2026-03-08T10:00:00Z","op":"delete"' >d4
event o2 03-05 4 '"m":"2026-03-09T10:00:00Z","user":"u1","city":"E"' >d5
run of d1 d2 d3 d4 d5
check 'corner 30: its customer changes, it is deleted and comes back' 0 'u1|03-01T10|03-05T10|0|A|
u1|03-05T10|03-07T10|0|B|
u1|03-07T10|03-09T10|0|A|
u1|03-09T10||0|E|
u2|03-05T10|03-07T10|1||
u2|03-07T10|03-08T10|0|D|
u2|03-08T10||1||'
run of d5 d1 d4 d3 d2
check 'in any order' 0 'u1|03-01T10|03-05T10|0|A|
u1|03-05T10|03-07T10|0|B|
u1|03-07T10|03-09T10|0|A|
u1|03-09T10||0|E|
u2|03-05T10|03-07T10|1||
u2|03-07T10|03-08T10|0|D|
u2|03-08T10||1||'
event o2 03-05 1 '"user":"u9","city":"Z"' >d3
run of d1 d2 d3
check 'corner 29: what a conflict lost is taken back' 0 'u1|03-01T10||0|A|
u9|03-05T10||0|Z|'
run of d2 d1
check 'a first mention before the first' 0 'u1|03-01T10|03-05T10|0|A|
u1|03-05T10||0|B|'
event o2 03-05 1 '"user":"u1","city":null' >d2
event o3 03-06 1 '"user":"u1"' >d3
run of d1 d2 d3
check 'null is said, what is absent is not' 0 'u1|03-01T10|03-05T10|0|A|
u1|03-05T10||0||'
event o1 03-01 2 '"m":"2026-03-01T10:00:00Z","user":"u1","city":"F"' >d2
run of d1 d2
check 'a version that no time saw says nothing' 0 'u1|03-01T10||0|F|'
event o4 03-04 1 '"m":"2026-03-06T10:00:00Z","user":"u4","city":"G"' >d1
run of d1
check 'at the time of its event a member is there, if nothing is said of it yet' 0 'u4|03-04T10|03-06T10|1||
u4|03-06T10||0|G|'
{
	event s1 03-01 1 '"size":19.10,"name":"S"'
	event s2 03-02 1 '"size":19.1,"name":"S"'
} >d1
run of d1
is 'a key in two spellings is one member' "$(sqlite3 shop.db 'SELECT size, name, count(*) FROM dim_size WHERE size IS NOT NULL')$(sqlite3 shop.db 'SELECT size FROM orders ORDER BY 1' | tr '\n' ' ')" '19.10|S|119.10 19.10 '

# Views

cp cases.yaml evkit.yaml
event o1 03-01 1 '"user":"u1","city":"A"' >d1
{
	event o2 03-05 1 '"user":"u1","city":"B"'
	event o3 03-03 1 '"user":"u1"'
	event o4 03-03 1 '"user":null'
} >d2
run of d1 d2
cp cases.yaml evkit.yaml
run 'evschema views -t sqlite | sqlite3 -bail shop.db'
check 'SQLite takes the view' 0
run sqlite3 shop.db 'SELECT ev_owner, user_city, user_mail IS NULL FROM orders_then ORDER BY 1'
check 'it shows what they were then' 0 'o1|A|1
o2|B|1
o3|A|1
o4||1'
if postgres_start; then
	evschema -t postgres | sql
	run 'evschema views -t postgres | PGOPTIONS="-c client_min_messages=warning" sql'
	check 'PostgreSQL takes the view' 0
	rm -rf st
	mkdir st
	for b in d1 d2; do
		{
			evparse --batch $b $b | evversion --state st/events --since "$(evload --position postgresql:)" |
				evstar --state st/members | evload postgresql:
		} 2>told || diag "$(cat told)"
	done
	run sql -c 'SELECT ev_owner, user_city, user_mail IS NULL FROM orders_then ORDER BY 1'
	check 'and shows the same' 0 'o1|A|t
o2|B|t
o3|A|t
o4||t'
	run 'evschema check -t postgres postgresql:'
	check 'the tables are those of the model' 0 any any
	run 'evparse --batch d1 d1 | evversion --state st/events --since 0 | evstar --state st/members | evload postgresql:'
	check 'all of it again' 0 '' any
	run sql -c "SELECT ev_valid_from AT TIME ZONE 'UTC', ev_valid_to, ev_current, ev_inferred FROM dim_user WHERE \"user\" IS NULL"
	check 'and the unknown member is there again' 0 '1900-01-01 00:00:00||t|t'
fi
sed 's/columns: {user: {from: .user, type: varchar(9)}, city/columns: {user_key: {from: .k, type: int}, user: {from: .user, type: varchar(9)}, key: {from: .k, type: int}, city/; s/user_key: {from: .k, type: int}, //' cases.yaml >evkit.yaml
run evschema views -t sqlite
check 'a column that the view cannot have' 2 '' "evschema: evkit.yaml:10:9: the view orders_then cannot have the column 'user_key': rename one"

# The model

sed 's/, city: .*/}}/' cases.yaml >evkit.yaml
run evschema -t sqlite
check 'a dimension of a key alone has no history' 2 '' 'evschema: evkit.yaml:13:37: dim_user has no column beside its key, and so no history: use scd1'
cp cases.yaml evkit.yaml
sed 's/history: scd2, //' cases.yaml >old.yaml
run evschema diff -t sqlite old.yaml evkit.yaml
check 'type 1 does not become type 2 in place' 2 '' '~was kept otherwise: history scd1 or scd2'
run 'evversion --state st/events --since "$(evload --position sqlite:shop.db)" --batch e </dev/null | evstar -m old.yaml --state st/members'
check 'nor does the state, but from the beginning' 2 any any

done_testing

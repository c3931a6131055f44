#!/bin/sh
# evschema: the DDL, and what real databases make of it and of evload's TSV.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

cat >evkit.yaml <<'END'
evkit: 1
name: reserved
event: {id: .id, type: .type, time: .at, version: .v}
star:
  facts:
    order:
      keep: history
      columns:
        from: {from: .t, type: varchar(1000), dimension: user}
        group: {from: .n, type: int}
        Table: {from: .d, type: "decimal(38,4)"}
        where: {from: .b, type: bool}
        at: {from: .at, type: timestamp, dimension: days}
        day: {from: .day, type: date}
        u: {from: .u, type: uuid}
        j: {from: .j, type: json}
    Select:
      keep: latest
      each: ".items[]"
      columns: {limit: {from: $item, type: int}}
  dimensions:
    user: {key: .t, columns: {t: {from: .t, type: varchar(1000)}}}
    days: {calendar: {from: 2026-03-01, to: 2026-03-02, zone: UTC}}
environments:
  dev: {target: sqlite, schema: nothing}
  prod: {target: postgres, schema: Group}
  cloud: {target: snowflake}
END

#
# The statements
#
try 'SQLite' 0 'evschema -t sqlite' <<'END'
PRAGMA page_size = 16384;

BEGIN;

CREATE TABLE IF NOT EXISTS "ev_ledger" (
	"commit_no" INTEGER NOT NULL PRIMARY KEY,
	"batch" TEXT NOT NULL,
	"digest" TEXT NOT NULL,
	"mode" TEXT NOT NULL,
	"rows" INTEGER NOT NULL,
	"balance" TEXT NOT NULL,
	"position" TEXT,
	"model" TEXT,
	"offsets" TEXT
);

CREATE TABLE IF NOT EXISTS "order" (
	"ev_owner" TEXT NOT NULL,
	"ev_version" INTEGER NOT NULL,
	"ev_index" INTEGER NOT NULL,
	"ev_valid_from" TEXT,
	"ev_valid_to" TEXT,
	"ev_current" INTEGER,
	"ev_deleted" INTEGER,
	"from" TEXT,
	"from_key" TEXT,
	"group" INTEGER,
	"Table" TEXT,
	"where" INTEGER,
	"at" TEXT,
	"at_key" TEXT,
	"day" TEXT,
	"u" TEXT,
	"j" TEXT,
	PRIMARY KEY ("ev_owner", "ev_version", "ev_index")
);

CREATE TABLE IF NOT EXISTS "Select" (
	"ev_owner" TEXT NOT NULL,
	"ev_index" INTEGER NOT NULL,
	"limit" INTEGER,
	PRIMARY KEY ("ev_owner", "ev_index")
);

CREATE TABLE IF NOT EXISTS "user" (
	"user_key" TEXT NOT NULL,
	"ev_inferred" INTEGER,
	"t" TEXT,
	PRIMARY KEY ("user_key")
);

CREATE TABLE IF NOT EXISTS "days" (
	"days_key" TEXT NOT NULL,
	"ev_inferred" INTEGER,
	"date" TEXT,
	"year" INTEGER,
	"quarter" INTEGER,
	"month" INTEGER,
	"day" INTEGER,
	"month_name" TEXT,
	"day_of_week" INTEGER,
	"day_name" TEXT,
	"iso_year" INTEGER,
	"iso_week" INTEGER,
	"is_weekend" INTEGER,
	PRIMARY KEY ("days_key")
);

INSERT INTO "user" ("user_key", "ev_inferred", "t") VALUES
	('00000000000000000000000000000000', 1, NULL)
ON CONFLICT DO NOTHING;

INSERT INTO "days" ("days_key", "ev_inferred", "date", "year", "quarter", "month", "day", "month_name", "day_of_week", "day_name", "iso_year", "iso_week", "is_weekend") VALUES
	('00000000000000000000000000000000', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('e7518986b1a5bec0088df11cf94b53b1', 0, '2026-03-01', 2026, 1, 3, 1, 'March', 7, 'Sunday', 2026, 9, 1),
	('694ad0062767727eeafb0f850500f15d', 0, '2026-03-02', 2026, 1, 3, 2, 'March', 1, 'Monday', 2026, 10, 0)
ON CONFLICT DO NOTHING;

COMMIT;
END
cp "$out" sqlite.sql
try 'PostgreSQL' 0 'evschema -t postgres' <<'END'
BEGIN;

CREATE TABLE IF NOT EXISTS "ev_ledger" (
	"commit_no" BIGINT NOT NULL PRIMARY KEY,
	"batch" TEXT NOT NULL,
	"digest" TEXT NOT NULL,
	"mode" TEXT NOT NULL,
	"rows" BIGINT NOT NULL,
	"balance" JSONB NOT NULL,
	"position" TEXT,
	"model" TEXT,
	"offsets" TEXT
);

CREATE TABLE IF NOT EXISTS "order" (
	"ev_owner" VARCHAR(255) COLLATE "C" NOT NULL,
	"ev_version" BIGINT NOT NULL,
	"ev_index" BIGINT NOT NULL,
	"ev_valid_from" TIMESTAMPTZ,
	"ev_valid_to" TIMESTAMPTZ,
	"ev_current" BOOLEAN,
	"ev_deleted" BOOLEAN,
	"from" VARCHAR(1000),
	"from_key" VARCHAR(32),
	"group" BIGINT,
	"Table" NUMERIC(38,4),
	"where" BOOLEAN,
	"at" TIMESTAMPTZ,
	"at_key" VARCHAR(32),
	"day" DATE,
	"u" UUID,
	"j" JSONB,
	PRIMARY KEY ("ev_owner", "ev_version", "ev_index")
);

CREATE TABLE IF NOT EXISTS "Select" (
	"ev_owner" VARCHAR(255) COLLATE "C" NOT NULL,
	"ev_index" BIGINT NOT NULL,
	"limit" BIGINT,
	PRIMARY KEY ("ev_owner", "ev_index")
);

CREATE TABLE IF NOT EXISTS "user" (
	"user_key" VARCHAR(32) NOT NULL,
	"ev_inferred" BOOLEAN,
	"t" VARCHAR(1000),
	PRIMARY KEY ("user_key")
);

CREATE TABLE IF NOT EXISTS "days" (
	"days_key" VARCHAR(32) NOT NULL,
	"ev_inferred" BOOLEAN,
	"date" DATE,
	"year" BIGINT,
	"quarter" BIGINT,
	"month" BIGINT,
	"day" BIGINT,
	"month_name" VARCHAR(9),
	"day_of_week" BIGINT,
	"day_name" VARCHAR(9),
	"iso_year" BIGINT,
	"iso_week" BIGINT,
	"is_weekend" BOOLEAN,
	PRIMARY KEY ("days_key")
);

INSERT INTO "user" ("user_key", "ev_inferred", "t") VALUES
	('00000000000000000000000000000000', true, NULL)
ON CONFLICT DO NOTHING;

INSERT INTO "days" ("days_key", "ev_inferred", "date", "year", "quarter", "month", "day", "month_name", "day_of_week", "day_name", "iso_year", "iso_week", "is_weekend") VALUES
	('00000000000000000000000000000000', true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('e7518986b1a5bec0088df11cf94b53b1', false, '2026-03-01', 2026, 1, 3, 1, 'March', 7, 'Sunday', 2026, 9, true),
	('694ad0062767727eeafb0f850500f15d', false, '2026-03-02', 2026, 1, 3, 2, 'March', 1, 'Monday', 2026, 10, false)
ON CONFLICT DO NOTHING;

COMMIT;
END
sed -e 's/^CREATE TABLE IF NOT EXISTS /&"Group"./' -e 's/^INSERT INTO /&"Group"./' \
	-e '1s/$/\n\nCREATE SCHEMA IF NOT EXISTS "Group";/' "$out" >prod.sql
run 'evschema -e prod'
check 'an environment has its target and its schema' 0 @prod.sql
run 'evschema -e dev'
check 'SQLite has no schemas' 0 @sqlite.sql
run 'evschema -e prod -t sqlite'
check '-t goes over the environment' 0 @sqlite.sql
run 'evschema -e prod --target postgres --environment prod'
check 'the long names' 0 @prod.sql

try 'neither -e nor -t' 2 evschema <<'END'
! evschema: name an environment with -e or a target with -t
! Try 'evschema --help'.
END
try 'an environment that is not there' 2 'evschema -e test' <<'END'
! evschema: the model has no environment 'test'
! Try 'evschema --help'.
END
try 'a target that is not there' 2 'evschema -t db2' <<'END'
! evschema: this version has no DDL for 'db2', only for sqlite, postgres, snowflake, redshift, bigquery, clickhouse, duckdb
! Try 'evschema --help'.
END
try 'an operand' 2 'evschema -t sqlite rows' <<'END'
! evschema: no command 'rows': there are 'create', 'views', 'diff', 'check', 'grants' and 'dbt'
! Try 'evschema --help'.
END

#
# What no table can be made of
#
# wrong NAME MESSAGE <<MODEL: the message is that of the line and column that it begins with.
wrong()
{
	{
		printf 'evkit: 1\nname: wrong\n'
		cat
	} >wrong.yaml
	run evschema -m wrong.yaml -t sqlite
	check "$1" 2 '' "evschema: wrong.yaml:$2"
}
ignoring='event: {id: .id, type: .type, time: .at, version: .v, ignore: [.r, .meta.got, ".l[0].x"]}'
for name in _ev _EV xmin Ctid tableoid cmax; do
	case $name in _*) whose=evkit ;; *) whose=PostgreSQL ;; esac
	wrong "a column cannot be called $name" "4:70: '$name' cannot name a column: $whose has that name for itself" <<END
$ignoring
star: {facts: {f: {keep: latest, columns: {a: {from: .a, type: int}, $name: {from: .b, type: int}}}}}
END
done
wrong 'nor a fact' "4:16: '_ev' cannot name a fact: evkit has that name for itself" <<END
$ignoring
star: {facts: {_ev: {keep: latest, columns: {a: {from: .a, type: int}}}}}
END
wrong 'nor a dimension' "4:21: '_Ev' cannot name a dimension: evkit has that name for itself" <<END
$ignoring
star: {dimensions: {_Ev: {key: .a, columns: {a: {from: .a, type: int}}}}, facts: {f: {keep: latest, columns: {a: {from: .a, type: int}}}}}
END
wrong 'nor a schema' "4:46: 'pg_shop' cannot name a schema: names that begin with pg_ are PostgreSQL's own" <<END
$ignoring
environments: {dev: {target: sqlite, schema: pg_shop}}
END
for name in pg_class PG_x; do
	wrong "nor a table $name" "4:16: '$name' cannot name a fact: names that begin with pg_ are PostgreSQL's own" <<END
$ignoring
star: {facts: {$name: {keep: latest, columns: {pg_class: {from: .a, type: int}}}}}
END
done
wrong 'nor a dimension' "4:21: 'pg_type' cannot name a dimension: names that begin with pg_ are PostgreSQL's own" <<END
$ignoring
star: {dimensions: {pg_type: {key: .a, columns: {a: {from: .a, type: int}}}}, facts: {f: {keep: latest, columns: {a: {from: .a, type: int}}}}}
END
wrong 'nor a measure' "5:12: 'pg_stats' cannot name a measure: names that begin with pg_ are PostgreSQL's own" <<END
$ignoring
star: {facts: {f: {keep: latest, columns: {at: {from: .at, type: timestamp}}}}}
measures: {pg_stats: {fact: f}}
END
while read -r target schema whose; do
	wrong "$target has a schema $schema" "4:$((40 + ${#target})): '$schema' cannot name a schema: $whose has that name for itself" <<END
$ignoring
environments: {dev: {target: $target, schema: $schema}}
END
done <<'END'
postgres information_schema SQL
snowflake INFORMATION_SCHEMA SQL
clickhouse System ClickHouse
duckdb temp DuckDB
END
wrong 'a calendar has no year 0' '4:42: from must lie in the years 1 to 9999' <<END
$ignoring
star: {dimensions: {d: {calendar: {from: 0000-12-31, to: 0001-12-31}}}, facts: {f: {keep: latest, columns: {a: {from: .a, type: int}}}}}
END
for path in .r .r.x '".r[0].y"' .meta.got.at '".l[0].x"' '".l[1].x"' '".l[-1].x.y"'; do
	text=${path#?}
	case $path in '"'*) text=${text%?} ;; *) text=$path ;; esac
	wrong "a column from below an ignored member: $text" "4:54: '$text' is ignored by event.ignore and cannot be a column" <<END
$ignoring
star: {facts: {f: {keep: latest, columns: {a: {from: $path, type: json}}}}}
END
done
wrong 'nor one of elements' "4:68: '\$item.x.y' is ignored by event.ignore and cannot be a column" <<END
$ignoring
star: {facts: {f: {keep: latest, each: ".l[]", columns: {a: {from: \$item.x.y, type: int}}}}}
END
wrong 'nor of a dimension, whose key it would be' "4:54: '.meta.got.id' is ignored by event.ignore and cannot be a column" <<END
$ignoring
star: {dimensions: {d: {key: .a, columns: {a: {from: .meta.got.id, type: int}}}}, facts: {f: {keep: latest, columns: {a: {from: .a, type: int}}}}}
END
wrong 'nor are there rows of what lies in one' "4:40: '.r.rows[]' is ignored by event.ignore and cannot be a list of rows" <<END
$ignoring
star: {facts: {f: {keep: latest, each: ".r.rows[]", columns: {a: {from: .a, type: int}}}}}
END
cat >beside.yaml <<END
evkit: 1
name: beside
$ignoring
star: {facts: {f: {keep: latest, each: ".l[]", columns: {a: {from: .meta, type: json}, b: {from: .meta.gotten, type: int}, c: {from: \$item.y, type: int}, d: {from: ., type: json}, e: {from: .rr, type: int}}}}}
END
try 'what is beside one can be a column' 0 "evschema -t sqlite -m beside.yaml | grep -c '\"[a-e]\"'" <<'END'
5
END

# wide COLUMNS KEEP: a model whose fact has so many, the last of which adds one.
wide()
{
	awk -v n="$1" -v keep="$2" 'BEGIN {
		print "evkit: 1\nname: wide\nevent: {id: .id, type: .type, time: .at, version: .v}\nstar:"
		print "  dimensions:\n    d: {key: .k, columns: {k: {from: .k, type: int}}}"
		print "  facts:\n    narrow: {keep: latest, columns: {a: {from: .a, type: int}}}\n    f:\n      keep: " keep "\n      columns:"
		for (i = 1; i < n; i++)
			print "        c" i ": {from: .c" i ", type: int}"
		print "        last: {from: .k, type: int, dimension: d}"
	}' >wide.yaml
}
while read -r target columns keep takes has; do
	wide "$columns" "$keep"
	run "evschema -m wide.yaml -t $target | tail -n 1"
	if [ "$takes" = yes ]; then
		check "$target takes a $keep fact of $columns columns" 0 'COMMIT;'
	else
		check "$target does not take a $keep fact of $columns columns" 0 '' "evschema: wide.yaml:9:5: the table f has $has columns, with those that evkit adds, and $target takes ${has%?}0 at most: put those that are seldom asked for into one of type json"
	fi
done <<'END'
sqlite 1997 latest yes
sqlite 1998 latest no 2001
sqlite 1993 history no 2001
postgres 1597 latest yes
postgres 1598 latest no 1601
postgres 1592 history yes
postgres 1593 history no 1601
END
wide 1997 latest
run 'evschema -m wide.yaml -t sqlite | sqlite3 -bail wide.db'
check 'SQLite does take what it is said to' 0
wide 1998 latest
run evload -m wide.yaml --unsealed sqlite:wide.db /dev/null
check 'evload looks first, too' 2 '' "evload: wide.yaml:9:5: the table f has 2001 columns, with those that evkit adds, and sqlite takes 2000 at most: put those that are seldom asked for into one of type json"

#
# Rows of "order", with all that is hard in a text
#
# event N T REST: an event with that text, and other members.
event()
{
	printf '{"id":"%s","type":"T","at":"2026-03-01T10:00:%02dZ","t":%s%s}\n' "$1" "$1" "$2" "${3:+,$3}"
}

{
	event 1 '"plain"' '"n":42,"d":19.10,"b":true,"day":"2026-02-28","u":"6BA7B810-9DAD-11D1-80B4-00C04FD430C8","j":{"b": 19.10, "a": "é\\\n"},"items":[1,2]'
	event 2 '""' '"b":false,"j":"te\"xt\t"'
	event 3 '"a\tb\nc\rd\\e\"f"' '"j":[1e3,null,"\u00e9\ud83d\ude00"]'
	event 4 '"\\N"'
	event 5 '"\\."'
	event 6 '"\n"'
	event 7 '"NULL"' '"j":null'
	event 8 '" \u00e9😀\u2028\u0001\u007f "'
	event 9 '"\b\f\u000b"'
	event 10 '"\\\\N\\t\r\n"' '"n":9223372036854775807,"d":9999999999999999999999999999999999.9999'
	event 11 '"\"\"\""' '"n":-9223372036854775808,"d":-0.0001'
	event 12 null '"n":0,"d":9007199254740993'
	event 13 '"'"'"'; DROP TABLE \"user\"; --"'
} >events
run 'evversion events | evstar -o rows'
check 'events to rows' 0

if need sqlite3; then
	run 'sqlite3 shop.db <sqlite.sql'
	check 'SQLite takes the statements' 0
	run 'evload --unsealed sqlite:shop.db rows'
	check 'and evload the tables' 0
	run 'sqlite3 -bail shop.db <sqlite.sql'
	check 'SQLite takes them again' 0
	is 'and nothing is lost' "$(sqlite3 shop.db 'SELECT count(*) FROM "order"' 'SELECT count(*) FROM "Select"' \
		'SELECT count(*) FROM "user"' 'SELECT count(*) FROM days' 'SELECT count(*) FROM ev_ledger')" '13
2
13
3
1'
	is 'the primary keys are' "$(
		sqlite3 shop.db "SELECT m.name, group_concat(c.name) FROM sqlite_schema m, pragma_table_info(m.name) c
			WHERE m.type = 'table' AND c.pk GROUP BY 1 ORDER BY 1"
	)" 'Select|ev_owner,ev_index
days|days_key
ev_ledger|commit_no
order|ev_owner,ev_version,ev_index
user|user_key'
	# What follows from the model alone.
	sed 's/2026-03-01, to: 2026-03-02/2020-01-01, to: 2035-12-31/' evkit.yaml >long.yaml
	evschema -m long.yaml -t sqlite | sqlite3 -bail long.db
	is 'a calendar has all its days, and a member for none' "$(
		sqlite3 long.db "SELECT count(*), min(date), max(date), sum(date IS NULL), count(DISTINCT days_key) FROM days"
	)" '5845|2020-01-01|2035-12-31|1|5845'
	is 'so has any dimension' "$(sqlite3 long.db 'SELECT * FROM user')" '00000000000000000000000000000000|1|'
	is 'pages are large ones' "$(sqlite3 long.db 'PRAGMA page_size')" 16384
	evschema -t sqlite | sqlite3 -bail short.db
	sqlite3 short.db "INSERT INTO user VALUES ('k', 0, 'kept'); UPDATE days SET month_name = 'mine' WHERE day = 1"
	run 'evschema -m long.yaml -t sqlite | sqlite3 -bail short.db'
	check 'the statements of a longer calendar' 0
	is 'add the days that are new, and leave what is there' "$(
		sqlite3 short.db "SELECT count(*) FROM days" "SELECT month_name FROM days WHERE date LIKE '2026-03-0_' LIMIT 2" 'SELECT t FROM user'
	)" '5845
mine
March

kept'
	cat >edge.yaml <<'END'
evkit: 1
name: edge
event: {id: .id, type: .type, time: .at, version: .v}
star:
  facts: {f: {keep: latest, columns: {at: {from: .at, type: date, dimension: a}}}}
  dimensions:
    a: {calendar: {from: 0001-01-01, to: 0001-01-02}}
    z: {calendar: {from: 9999-12-30, to: 9999-12-31, zone: Asia/Tokyo}}
END
	run 'evschema -m edge.yaml -t sqlite | sqlite3 -bail edge.db'
	check 'the first and the last of all days' 0
	is 'are as any other' "$(sqlite3 edge.db 'SELECT date, year, day_name, iso_year, iso_week, is_weekend FROM a
		UNION ALL SELECT date, year, day_name, iso_year, iso_week, is_weekend FROM z')" '|||||
0001-01-01|1|Monday|1|1|0
0001-01-02|1|Tuesday|1|1|0
|||||
9999-12-30|9999|Thursday|9999|52|0
9999-12-31|9999|Friday|9999|52|0'
	# 500 days fill a statement.
	for last in 2021-05-13 2021-05-14 2021-05-15; do
		sed "s/2026-03-01, to: 2026-03-02/2020-01-01, to: $last/" evkit.yaml >cut.yaml
		rm -f cut.db
		evschema -m cut.yaml -t sqlite | sqlite3 -bail cut.db
		is "no day is lost between two statements: $last" "$(
			sqlite3 cut.db "SELECT count(date) - (julianday('$last') - julianday('2020-01-01') + 1), max(date) FROM days"
		)" "0.0|$last"
	done
	for model in "$srcdir"/examples/*/evkit.yaml; do
		run "evschema -m '$model' -t sqlite | sqlite3 -bail :memory:"
		check "SQLite: $(basename "$(dirname "$model")")" 0
	done
fi

#
# PostgreSQL, a server of this test's own
#
. "$srcdir/tests/postgres.sh"
postgres_start || {
	done_testing
}

evschema -t postgres >postgres.sql
run 'sql -f postgres.sql'
check 'PostgreSQL takes the statements' 0
run 'sql -f prod.sql'
check 'and those with a schema' 0
is 'the columns of "order"' "$(
	sql -c "SELECT string_agg(column_name || ' ' || data_type || coalesce('(' || character_maximum_length || ')', '') ||
			CASE WHEN data_type = 'numeric' THEN '(' || numeric_precision || ',' || numeric_scale || ')' ELSE '' END ||
			CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END, E'\n' ORDER BY ordinal_position)
		FROM information_schema.columns WHERE table_schema = 'Group' AND table_name = 'order'"
)" 'ev_owner character varying(255) not null
ev_version bigint not null
ev_index bigint not null
ev_valid_from timestamp with time zone
ev_valid_to timestamp with time zone
ev_current boolean
ev_deleted boolean
from character varying(1000)
from_key character varying(32)
group bigint
Table numeric(38,4)
where boolean
at timestamp with time zone
at_key character varying(32)
day date
u uuid
j jsonb'

# The server knows calendars, and MD5, too.
sed 's/2026-03-01, to: 2026-03-02/1995-01-01, to: 2035-12-31/; s/Group/Calendar/' evkit.yaml >long.yaml
run 'evschema -m long.yaml -e prod | sql'
check 'PostgreSQL takes a long calendar' 0
is 'each day is as PostgreSQL says' "$(
	sql -c "SELECT count(*), count(*) FILTER (WHERE ev_inferred) FROM \"Calendar\".days" \
		-c "SELECT * FROM \"Calendar\".days d FULL JOIN generate_series(timestamp '1995-01-01', '2035-12-31', '1 day') t ON d.date = t
		WHERE (d.days_key, ev_inferred, year, quarter, month, day, day_of_week, iso_year, iso_week, is_weekend, month_name, day_name)
			IS DISTINCT FROM (md5('date 10:' || t::date), false, extract(year FROM t), extract(quarter FROM t), extract(month FROM t),
			extract(day FROM t), extract(isodow FROM t), extract(isoyear FROM t), extract(week FROM t), extract(isodow FROM t) > 5,
			to_char(t, 'FMMonth'), to_char(t, 'FMDay')) AND d.days_key <> repeat('0', 32)"
)" '14976|1'
is 'and there is a member for none' "$(sql -P null=null -c "SELECT * FROM \"Calendar\".days WHERE date IS NULL" -c 'SELECT * FROM "Calendar"."user"')" \
	'00000000000000000000000000000000|t|null|null|null|null|null|null|null|null|null|null|null
00000000000000000000000000000000|t|null'

# TSV by both dialects: pgtext into "public", csvq into "Group".
for table in order Select user days; do
	evload -t $table rows -o "$table.pgtext" && evload -t $table --dialect csvq rows -o "$table.csvq" || exit 2
	run sql -c "\\copy \"$table\" FROM '$table.pgtext'"
	check "PostgreSQL reads pgtext: $table" 0
	run sql -c "\\copy \"Group\".\"$table\" FROM '$table.csvq' (FORMAT csv, DELIMITER E'\\t', QUOTE '\"', ESCAPE '\"', NULL '')"
	check "PostgreSQL reads csvq: $table" 0
	is "both say the same: $table" "$(
		sql -c "(TABLE \"$table\" EXCEPT ALL TABLE \"Group\".\"$table\") UNION ALL
			(TABLE \"Group\".\"$table\" EXCEPT ALL TABLE \"$table\")"
	)" ''
	case $table in user) made=1 ;; days) made=3 ;; *) made=0 ;; esac # by evschema
	is "each row is there: $table" "$(sql -c "SELECT count(*) - $made FROM \"$table\"")" \
		"$(grep -c "\"table\":\"$table\",\"op\":\"insert\"" rows)"
done
is 'the values are those of the events' "$(
	sql -c "SELECT extract(second FROM \"at\")::int, encode(convert_to(\"from\", 'UTF8'), 'hex'), \"group\", \"Table\",
			\"where\", \"at\", \"day\", u, j FROM \"order\" ORDER BY 1" -P null=null
)" "$(
	cat <<'END'
1|706c61696e|42|19.1000|t|2026-03-01 10:00:01+00|2026-02-28|6ba7b810-9dad-11d1-80b4-00c04fd430c8|{"a": "é\\\n", "b": 19.10}
2||null|null|f|2026-03-01 10:00:02+00|null|null|"te\"xt\t"
3|6109620a630d645c652266|null|null|null|2026-03-01 10:00:03+00|null|null|[1000, null, "é😀"]
4|5c4e|null|null|null|2026-03-01 10:00:04+00|null|null|null
5|5c2e|null|null|null|2026-03-01 10:00:05+00|null|null|null
6|0a|null|null|null|2026-03-01 10:00:06+00|null|null|null
7|4e554c4c|null|null|null|2026-03-01 10:00:07+00|null|null|null
8|20c3a9f09f9880e280a8017f20|null|null|null|2026-03-01 10:00:08+00|null|null|null
9|080c0b|null|null|null|2026-03-01 10:00:09+00|null|null|null
10|5c5c4e5c740d0a|9223372036854775807|9999999999999999999999999999999999.9999|null|2026-03-01 10:00:10+00|null|null|null
11|222222|-9223372036854775808|-0.0001|null|2026-03-01 10:00:11+00|null|null|null
12|null|0|9007199254740993.0000|null|2026-03-01 10:00:12+00|null|null|null
13|273b2044524f50205441424c45202275736572223b202d2d|null|null|null|2026-03-01 10:00:13+00|null|null|null
END
)"
is 'each fact finds its member' "$(
	sql -c 'SELECT count(*) FROM "order" o JOIN "user" u ON o."from_key" = u.user_key AND o."from" IS NOT DISTINCT FROM u.t'
)" 13
is 'and its day' "$(sql -c 'SELECT count(*), min(date), max(day_name) FROM "order" o JOIN days d ON o.at_key = d.days_key')" \
	'13|2026-03-01|Sunday'
is 'the elements are there' "$(sql -c 'SELECT ev_index, "limit" FROM "Select" ORDER BY 1')" '0|1
1|2'
is 'owners are compared byte by byte, whatever the database does' "$(
	sql -c "SELECT string_agg(table_name || '.' || column_name || ' ' || collation_name, ' ' ORDER BY table_name)
		FROM information_schema.columns WHERE table_schema = 'public' AND collation_name IS NOT NULL"
)" 'Select.ev_owner C order.ev_owner C'
run 'sql -f postgres.sql'
is 'PostgreSQL takes the statements again' $status 0
is 'and nothing is lost' "$(sql -c 'SELECT count(*) FROM "order"')" 13
for model in "$srcdir"/examples/*/evkit.yaml; do
	name=$(basename "$(dirname "$model")")
	sql -c 'CREATE DATABASE example'
	run "evschema -m '$model' -t postgres | PGDATABASE=example sql"
	check "PostgreSQL: $name" 0
	sql -c 'DROP DATABASE example'
done

done_testing

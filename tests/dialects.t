#!/bin/sh
# evschema's statements for every warehouse: sqlglot's parser for each, and the engines that there are.
# Names are reserved words, and descriptions try to break out of their quotes.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$srcdir/tests/postgres.sh"

need python3 || done_testing
blns=
data blns/blns.json && blns=$data
dialects="$srcdir/tests/dialects.py"

# has PACKAGE: whether EVKIT_PYTHON has it; else a skip.
has()
{
	[ -n "${EVKIT_PYTHON-}" ] && "$EVKIT_PYTHON" -c "import $1" >"$tap/import" 2>&1 && return 0
	skip "$1" "EVKIT_PYTHON names no Python that has $1"
	return 1
}

python3 "$dialects" model $blns >evkit.yaml || exit 2
sed 's/varchar(4)/varchar(5)/; s/decimal(38,4)/decimal(38,6)/; s/decimal(38,6)/decimal(38,4)/; s/^    days:.*/&\n    more: {key: .m, columns: {m: {from: .m, type: int}}}/; s/ j: {from: .j, type: json}/&\n        added: {from: .a, type: bool}/; s/2026-06-30/2026-07-02/' evkit.yaml >new.yaml
python3 "$dialects" said evkit.yaml >said
ok 'there is much to say' [ "$(wc -l <said)" -gt 40 ]
targets='sqlite postgres snowflake redshift bigquery clickhouse duckdb'
for target in $targets; do
	for command in create views dbt; do
		run evschema $command -e $target -o $target.$command
		check "$target: $command" 0
	done
	run evschema diff -e $target -o $target.diff evkit.yaml new.yaml
	check "$target: diff" 0
	case $target in
	sqlite | duckdb)
		try "$target has no roles" 2 "evschema grants -e $target --loader l" <<END
! evschema: $target has no roles: who may read or write its file is for the file's owner to say
END
		;;
	*)
		run evschema grants -e $target --loader "l'\"\`\\;" --analyst 'a; DROP TABLE x' -o $target.grants
		check "$target: grants" 0
		;;
	esac
done

: >nothing
if has sqlglot; then
	for target in $targets; do
		for file in create views diff grants; do
			[ -e $target.$file ] || continue
			run "$EVKIT_PYTHON" "$dialects" parse $target $target.$file
			case $target.$file in
			sqlite.*) check "sqlglot: $target, $file" 0 ;;
			*.create) check "sqlglot: $target, $file" 0 @said ;;
			*) check "sqlglot: $target, $file" 0 ;;
			esac
		done
	done
fi
if need sqlite3; then
	run 'cat sqlite.create sqlite.views sqlite.diff | sqlite3 -bail odd.db'
	check 'SQLite' 0
	evschema views -e sqlite -m new.yaml >sqlite.again
	run 'sqlite3 -bail odd.db <sqlite.again'
	check 'SQLite: the views of the new model' 0
	is 'SQLite can read every view' "$(
		for view in $(sqlite3 odd.db "SELECT name FROM sqlite_schema WHERE type = 'view'"); do
			sqlite3 -bail odd.db "SELECT count(*) FROM \"$view\"" || echo "$view"
		done | sort -u
	)" 0
fi
if has duckdb; then
	run "$EVKIT_PYTHON" "$dialects" duckdb duckdb.create duckdb.views
	check 'DuckDB: the comments are those of the model' 0 @said
	run "$EVKIT_PYTHON" "$dialects" duckdb duckdb.create duckdb.create duckdb.views duckdb.diff
	check 'DuckDB: again, and the new model, whose views can be read' 0 @said
fi
if has chdb && has sqlglot; then
	run "$EVKIT_PYTHON" "$dialects" chdb clickhouse.create clickhouse.views
	check 'ClickHouse: the comments are those of the model' 0 @said
	run "$EVKIT_PYTHON" "$dialects" chdb clickhouse.create clickhouse.create clickhouse.views clickhouse.diff
	check 'ClickHouse: again, and the new model, whose views can be read' 0 @said
fi
if has fakesnow && has sqlglot; then
	run "$EVKIT_PYTHON" "$dialects" fakesnow snowflake.create snowflake.create
	check 'fakesnow' 0 any any
fi
if postgres_start; then
	sql -c 'CREATE ROLE "l'\''""`\;" LOGIN' -c 'CREATE ROLE "a; DROP TABLE x" LOGIN'
	for file in create create views grants; do
		run "PGOPTIONS='-c client_min_messages=warning' sql -f postgres.$file"
		check "PostgreSQL: $file" 0
	done
	sql -c "SELECT encode(convert_to(description, 'UTF8'), 'hex') FROM pg_description WHERE description LIKE 'd: %' ORDER BY 1" >comments
	same 'PostgreSQL: the comments are those of the model' comments said
	# What the two roles may do.
	run 'PGUSER="a; DROP TABLE x" sql -c "SELECT count(*) FROM \"Group\".days" -c "SELECT count(*) FROM \"Group\".order_current" -c "SELECT count(*) FROM \"Group\".order_as_of(now())"'
	check 'an analyst reads tables, views and functions' 0 '123
0
0'
	for statement in 'DELETE FROM "Group".days' 'INSERT INTO "Group".ev_ledger VALUES (1)' 'CREATE TABLE "Group".x ()' 'CREATE TABLE public.x ()'; do
		run "PGUSER='a; DROP TABLE x' sql -c '$statement'"
		is "an analyst may not: $statement" "$status $(grep -c 'permission denied' "$err")" '1 1'
	done
	role="l'\"\`\\;"
	run "echo | PGUSER=\"\$role\" evload -e postgres --unsealed --snapshot --empty postgresql: /dev/null"
	check 'a loader loads' 0 '' any
	for statement in 'CREATE TABLE "Group".x ()' 'DROP TABLE "Group".days' 'TRUNCATE "Group".days' 'DELETE FROM "Group".ev_ledger' 'UPDATE "Group".ev_ledger SET commit_no = 2'; do
		PGUSER=$role run sql -c "$statement"
		is "a loader may not: $statement" "$status $(grep -cE 'permission denied|must be owner' "$err")" '1 1'
	done
	run "PGOPTIONS='-c client_min_messages=warning' sql -f postgres.diff"
	check 'PostgreSQL: the new model' 0
	run evschema check -e postgres -m new.yaml postgresql:
	check 'PostgreSQL is as the new model has it' 0
fi
done_testing

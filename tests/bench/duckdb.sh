#!/bin/sh
#
# duckdb.sh: the work that DuckDB is timed on, on one thread.
#
#     duckdb.sh version               says which one it is
#     duckdb.sh nothing               starts and ends
#     duckdb.sh validate FILE         a filter on two columns
#     duckdb.sh dedupe FILE           one line an id and version
#     duckdb.sh latest FILE           the last version of each id
#     duckdb.sh star FILE FOLDER      a fact and three dimensions as TSV
#
# DUCKDB is the program, or a python that has the module; without it, duckdb or python3 of PATH.
set -eu

if [ -z "${DUCKDB-}" ]; then
	DUCKDB=duckdb
	command -v duckdb >/dev/null || DUCKDB=python3
fi

# The results of statements go to standard output.
duckdb_run()
{
	case ${DUCKDB##*/} in
	python*) exec "$DUCKDB" -c 'import sys, duckdb; print(duckdb.execute(sys.argv[1]).fetchall())' "$1" ;;
	*) exec "$DUCKDB" -c "$1" :memory: ;;
	esac
}

# Any member that is asked for becomes a column; all else stays text.
events="read_json('${2-}', format = 'newline_delimited', columns = {event_id: 'VARCHAR',
	event_type: 'VARCHAR', event_timestamp: 'VARCHAR', user_id: 'VARCHAR',
	related_id: 'VARCHAR', version: 'INTEGER', metadata: 'JSON'})"

# json QUERY: its rows, as JSON Lines, to nowhere.
json()
{
	duckdb_run "SET threads = 1; COPY ($1) TO '/dev/null' (FORMAT JSON)"
}

# tsv NAME QUERY
tsv()
{
	printf "COPY (%s) TO '%s' (FORMAT CSV, DELIMITER '\\\\t', HEADER false);\n" "$2" "$folder/$1.tsv"
}

case ${1-} in
version)
	case ${DUCKDB##*/} in
	python*) exec "$DUCKDB" -c 'import duckdb; print("DuckDB", duckdb.__version__)' ;;
	*) said=$("$DUCKDB" --version) && echo "DuckDB $said" ;;
	esac
	;;
nothing)
	duckdb_run 'SET threads = 1; SELECT 1'
	;;
validate)
	json "SELECT * FROM $events
		WHERE version >= 1 AND regexp_full_match(event_id, '[0-9a-f-]{36}')"
	;;
dedupe)
	json "SELECT DISTINCT ON (event_id, version) * FROM $events"
	;;
latest)
	json "SELECT * EXCLUDE n FROM (SELECT *, row_number() OVER (PARTITION BY event_id
		ORDER BY version DESC, event_timestamp DESC) AS n FROM $events) WHERE n = 1"
	;;
star)
	folder=$3
	mkdir -p "$folder"
	duckdb_run "SET threads = 1;
		CREATE TEMP TABLE event AS
			SELECT *, CAST(event_timestamp AS TIMESTAMP) AS ts FROM $events;
		$(tsv events "SELECT event_id, event_type, event_timestamp, user_id, related_id,
			version, metadata->>'currency', metadata->>'amount',
			metadata->>'channel', metadata->'items' FROM event")
		$(tsv dim_event_type 'SELECT DISTINCT event_type FROM event')
		$(tsv dim_user 'SELECT DISTINCT user_id FROM event')
		$(tsv dim_date "SELECT DISTINCT strftime(ts, '%Y-%m-%d') FROM event")
		SELECT 1"
	;;
*)
	echo 'usage: duckdb.sh version|nothing|validate FILE|dedupe FILE|latest FILE|star FILE FOLDER' >&2
	exit 2
	;;
esac

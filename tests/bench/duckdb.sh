#!/bin/sh
#
# duckdb.sh: the work that DuckDB is timed on, on one thread but for the chain.
#
#     duckdb.sh version               says which one it is
#     duckdb.sh nothing               starts and ends
#     duckdb.sh describe FILE         the columns and types of all of it
#     duckdb.sh validate FILE         a filter on two columns
#     duckdb.sh dedupe FILE           one line an id and version
#     duckdb.sh latest FILE           the last version of each id
#     duckdb.sh star FILE FOLDER      a fact and three dimensions as TSV
#     duckdb.sh chain FILES FOLDER    all tables of examples/checkout as TSV, on all threads
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
	printf "COPY (%s) TO '%s' (FORMAT CSV, DELIMITER '\\\\t', HEADER false, NULLSTR '\\\\N');\n" \
		"$2" "$folder/$1.tsv"
}

# Columns as evkit writes them: the key of a member, of a day in Amsterdam, a time, a sum.
key()
{
	echo "if($2 IS NULL, repeat('0', 32), md5('$1 ' || strlen($2) || ':' || $2))"
}

day="md5('date 10:' || strftime(timezone('Europe/Amsterdam', timezone('UTC', ts)), '%Y-%m-%d'))"

stamp()
{
	echo "strftime($1, '%Y-%m-%dT%H:%M:%S.%fZ')"
}

money()
{
	echo "CAST(metadata->>'$1' AS DECIMAL(20, 2))"
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
describe)
	duckdb_run "SET threads = 1; DESCRIBE SELECT * FROM read_json_auto('$2',
		format = 'newline_delimited', sample_size = -1)"
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
chain)
	folder=$3
	mkdir -p "$folder"
	user="user_id, $(key uuid user_id)"
	happened="$(stamp ts), $day"
	last='(valid_from, event_id)'
	duckdb_run "
		CREATE TEMP TABLE version AS
			SELECT *, metadata->>'channel' AS channel, metadata->>'currency' AS currency,
				row_number() OVER chain AS n, lead(ts) OVER chain AS next,
				max(ts) OVER (chain ROWS UNBOUNDED PRECEDING) AS valid_from
			FROM (SELECT DISTINCT * EXCLUDE event_timestamp,
					CAST(event_timestamp AS TIMESTAMP) AS ts
				FROM $events
				WHERE version >= 1 AND regexp_full_match(event_id, '[0-9a-f-]{36}'))
			WINDOW chain AS (PARTITION BY event_id ORDER BY version, ts);
		CREATE TEMP VIEW present AS SELECT * FROM version WHERE next IS NULL;
		CREATE TEMP TABLE item AS
			SELECT * EXCLUDE (metadata, items, line), line->>'sku' AS sku,
				line->>'name' AS name, line->>'qty' AS qty,
				CAST(line->>'price' AS DECIMAL(12, 2)) AS price
			FROM (SELECT *, unnest(items) AS line, generate_subscripts(items, 1) - 1 AS pos
				FROM (SELECT *, CAST(metadata->'items' AS JSON[]) AS items FROM present));
		$(tsv events "SELECT event_id, n, 0, $(stamp valid_from),
			if(next IS NULL, NULL, $(stamp 'greatest(valid_from, next)')), next IS NULL, false,
			event_id, event_type, $(key varchar event_type), $happened, NULL, $user,
			related_id, version, channel, $(key varchar channel), currency,
			$(money amount), metadata FROM version")
		$(tsv order_items "SELECT event_id, pos, event_id, $happened, $user, pos, sku,
			$(key varchar sku), qty, price, currency, $user FROM item
			WHERE event_type IN ('OrderCompleted', 'OrderModified')")
		$(tsv payments "SELECT event_id, 0, event_id, event_type, $(key varchar event_type),
			$happened, $user, channel, $(key varchar channel), metadata->>'method', currency,
			$(money amount) FROM present
			WHERE event_type IN ('PaymentAuthorized', 'PaymentFailed')")
		$(tsv refunds "SELECT event_id, 0, event_id, $happened, $user, related_id,
			metadata->>'reason', metadata->>'\$.refund.method', currency,
			$(money '$.refund.amount'), $(money '$.refund.paid') FROM present
			WHERE event_type = 'RefundCompleted'")
		$(tsv dim_user "SELECT $(key uuid user_id),
				name IS NULL AND email IS NULL AND is_guest IS NULL, *
			FROM (SELECT user_id,
				arg_max(metadata->>'\$.customer.name', $last) AS name,
				arg_max(metadata->>'\$.customer.email', $last) AS email,
				arg_max(metadata->>'is_guest', $last) AS is_guest
				FROM present GROUP BY user_id)")
		$(tsv dim_product "SELECT $(key varchar sku), false, sku,
			arg_max(name, (valid_from, event_id, pos)) FROM item GROUP BY sku")
		$(tsv dim_event_type "SELECT $(key varchar event_type), false, event_type
			FROM version GROUP BY event_type")
		$(tsv dim_channel "SELECT $(key varchar channel), false, channel
			FROM version WHERE channel IS NOT NULL GROUP BY channel")
		SELECT 1"
	;;
*)
	echo 'usage: duckdb.sh version|nothing|validate FILE|dedupe FILE|latest FILE|star FILE FOLDER|chain FILES FOLDER' >&2
	exit 2
	;;
esac

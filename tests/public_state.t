#!/bin/sh
# Public data in batches, through the whole chain with its states: the same tables whatever the order
# of the batches, and the sums that are known.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

need sqlite3 jq || {
	done_testing
}
EVKIT_SEAL=a-secret-of-the-test
export EVKIT_SEAL

# The tables of a database, without the ledger.
tables()
{
	sqlite3 -bail -readonly "$1" .dump | grep -v '^INSERT INTO ev_ledger' | LC_ALL=C sort
}

afresh()
{
	rm -rf st shop.db
	mkdir st
	evschema -t sqlite | sqlite3 -bail shop.db
}

# day BATCH FILE: takes it.
day()
{
	evparse --format json --batch "$1" "$2" | evvalidate | evdedupe |
		evversion -r rej --state st/events --since "$(evload --position sqlite:shop.db)" |
		evstar --state st/members | evload sqlite:shop.db
}

# once FILE...: in one run, without a state.
once()
{
	rm -f once.db
	evschema -t sqlite | sqlite3 -bail once.db
	evparse --format json --batch all "$@" | evvalidate | evdedupe | evversion -r rej | evstar |
		evload sqlite:once.db
}

# The stock quotes of a well-known demonstration: the second batch brings later quotes of half of the
# hours.

if data hudi-stock; then
	stock=$data
	cat >evkit.yaml <<'END'
evkit: 1
name: stock
event: {id: .key, type: .symbol, time: .at, order: time}
star:
  facts:
    quotes:
      keep: latest
      columns:
        key:    {from: .key, type: varchar(40)}
        symbol: {from: .symbol, type: varchar(8), dimension: dim_symbol}
        ts:     {from: .ts, type: varchar(20)}
        volume: {from: .volume, type: int}
        close:  {from: .close, type: "decimal(12,4)"}
  dimensions:
    dim_symbol: {key: .symbol, columns: {symbol: {from: .symbol, type: varchar(8)}, last: {from: .ts, type: varchar(20)}}}
END
	for n in 1 2; do
		jq -c '.at = (.ts | sub(" "; "T")) + "Z"' "$stock/batch_$n.ndjson" >"$n.jsonl"
	done
	run once 1.jsonl 2.jsonl
	check 'both batches in one run' 0 any any
	tables once.db >want
	cat 1.jsonl 2.jsonl | jq -s -r 'group_by(.key)[] | max_by(.ts) | [.key, .symbol, .ts, .volume, .close] | @tsv' | LC_ALL=C sort >known
	sqlite3 -separator "$(printf '\t')" once.db 'SELECT key, symbol, ts, volume, close + 0.0 FROM quotes' | LC_ALL=C sort >got
	awk -F'\t' '{ printf "%s\t%s\t%s\t%d\t%.4f\n", $1, $2, $3, $4, $5 }' known >known.f
	awk -F'\t' '{ printf "%s\t%s\t%s\t%d\t%.4f\n", $1, $2, $3, $4, $5 }' got >got.f
	same 'of each hour the last quote stands' got.f known.f
	ok 'of which there are some' [ "$(wc -l <known)" -gt 190 ]
	for order in '1 2' '2 1' '2 1 2'; do
		afresh
		for n in $order; do
			day $n $n.jsonl 2>told || diag "$(cat told)"
		done
		tables shop.db >got
		same "the batches $order" got want
	done
fi

# A month of a shop in twenty days, in any order

if data uci-retail-2010-12; then
	uci=$data
	EVKIT_MODEL=$srcdir/examples/uci-retail/evkit.yaml
	export EVKIT_MODEL
	jq -r '.final_versions_amount_by_country | to_entries | sort_by(.key)[] | "\(.key)|\(.value)"' "$uci/expected.json" >countries
	by_country()
	{
		sqlite3 -bail -readonly shop.db "SELECT country, printf('%s%d.%02d', CASE WHEN s < 0 THEN '-' ELSE '' END, abs(s) / 100, abs(s) % 100)
			FROM (SELECT country, sum(quantity * CAST(replace(unit_price, '.', '') AS INTEGER)) AS s FROM order_lines GROUP BY country)
			ORDER BY country"
	}
	once "$uci/versions.ndjson" 2>told
	tables once.db >want
	split -n l/20 -d "$uci/versions.ndjson" part.
	for order in 'sort' 'sort -r' 'shuf --random-source=countries'; do
		afresh
		for part in $(printf '%s\n' part.* | $order); do
			day "$part" "$part" 2>told || diag "$(cat told)"
		done
		tables shop.db >got
		same "twenty days, $order: the same tables" got want
		by_country >got
		same "twenty days, $order: the sums by country, to the cent" got countries
	done
	# Each record on a day at random, so that amendments come before their orders.
	rm -f part.*
	awk 'BEGIN { srand(9) } { print >("part." int(rand() * 20)) }' "$uci/versions.ndjson"
	afresh
	for part in part.*; do
		day "$part" "$part" 2>told || diag "$(cat told)"
	done
	tables shop.db >got
	same 'each record on some day: the same tables' got want
	by_country >got
	same 'each record on some day: the sums by country' got countries
fi

done_testing

# shellcheck shell=sh
# evreport_batches.sh: four batches from raw lines to their pages, for the tests that source it: clean,
# critical (a failed expectation and one harmless reject), rejected (all of it), warnings.
cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .at, modified: .at}
types:
  OrderCompleted: {owner: Checkout team, schema: {type: object, required: [total], properties: {total: {type: number, minimum: 0, description: A total must not be negative.}}}}
  OrderModified: {owner: Checkout team, schema: {type: object, properties: {total: {type: number, minimum: 0, description: A total must not be negative.}}}}
  TicketRefunded: {owner: Finance, schema: {type: object}}
rules:
  - {name: a currency is known, jq: '.currency == "EUR" or .currency == "USD"', explain: The currency is one that the shop does not take., owner: Payments}
  - {name: has a channel, jq: '.channel != null', severity: warning, explain: Nobody knows where this was sold., owner: Tracking}
expectations:
  - expect_column_mean_to_be_between: {column: total, max_value: 50, owner: Pricing}
  - expect_column_values_to_be_in_set: {column: currency, value_set: [EUR, USD]}
  - expect_column_values_to_not_be_null: {column: channel, mostly: 0.9, severity: warning, owner: Tracking}
  - expect_table_row_count_to_be_between: {min_value: 1}
star:
  facts:
    orders:
      keep: latest
      columns:
        at: {from: .at, type: timestamp}
        type: {from: .type, type: varchar(30)}
        total: {from: .total, type: "decimal(12,2)"}
        currency: {from: .currency, type: varchar(8)}
measures:
  revenue: {fact: orders, column: total, currency: currency, for: [OrderCompleted, OrderModified], minus: [TicketRefunded]}
END
# events N: of three types, over a day
events()
{
	awk -v n="$1" 'BEGIN { split("OrderCompleted OrderModified TicketRefunded", type, " ")
		for (i = 0; i < n; i++)
			printf "{\"id\":\"o-%d\",\"type\":\"%s\",\"at\":\"2026-03-01T%02d:%02d:00Z\",\"total\":%d.%02d,\"currency\":\"%s\",\"channel\":\"web\"}\n",
				i, type[i % 3 + 1], i % 24, i % 60, i % 67, i % 100, i % 5 ? "EUR" : "USD" }'
}
# The five batches
{ events 500; echo 'no event'; } >clean.jsonl
events 500 | sed 's/"total":\([0-9]\)/"total":7\1/; 17s/"total":[0-9.]*/"total":-3.10/' >critical.jsonl
{ events 300; } | sed 's/"currency":"[A-Z]*"/"currency":"XXX"/' >rejected.jsonl
events 500 | sed '1~7s/,"channel":"web"//' >warnings.jsonl

export EVKIT_SEAL=secret
mkdir -p rejects
for batch in clean critical rejected warnings; do
	evparse --batch $batch -r rejects/ $batch.jsonl |
		evvalidate --batch $batch -r rejects/ --max-rejects 10% --result $batch.json --stats $batch.stats 2>/dev/null |
		evdedupe >$batch.out 2>/dev/null
	evreport -o $batch.html $batch.json --balance $batch.stats --rejects rejects
done
unset EVKIT_SEAL
